"""A graph as plain boxes and edges: what every picture of it is made from, whoever draws it."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, repeat

from micrograd import graph
from micrograd.engine import Value
from micrograd.errors import GraphError
from micrograd.primitives import WHERE

SHADES = 5  # strengths of colour that a gradient can have, on either side of 0

_LETTERS = {'input': 'x', 'parameter': 'w'}  # of leaves without a name
_SUBSCRIPTS = str.maketrans('0123456789', '₀₁₂₃₄₅₆₇₈₉')
_SYMBOLS = {'*': '×', '-': '−', '<=': '≤'}  # where the field writes another sign than Python does
_JOINER = '\u200d'  # within emoji: an invisible character that does no harm


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """One value.

    Args:
        id: v1, v2, …: its position in topological order.
        name: the user's label, or an automatic name; '' for an operation or a constant without a label.
        operation: the symbol of the operation that made it; '' for a leaf.
        data: the number.
        grad: its gradient.
        role: 'input', 'parameter', 'constant' or 'operation'.
        root: it is what was to be drawn, not something below it.
        shade: the gradient's sign and strength, from -SHADES to SHADES; None where something is wrong: a gradient that
            is nan or infinite, or data that are nan.
    """

    id: str
    name: str
    operation: str
    data: float
    grad: float
    role: str
    root: bool
    shade: int | None

    @property
    def heading(self) -> str:
        """Name and operation, as far as there are any: 'x₁', 'tanh', 'z = +'."""
        return ' = '.join(text for text in (self.name, self.operation) if text)

    @property
    def known_as(self) -> str:
        """What a sentence calls it; a constant by its number."""
        return self.name or self.operation or short_number(self.data)


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One use of a value by an operation; a value used twice has two edges.

    Args:
        parent: the id of the operand's box.
        child: the id of the result's box.
        position: which operand it is, from 0.
        factor: the local derivative; None where it is not known, for an operation defined by hand.
        decides: it is the condition of a `where`, to which no gradient flows.
    """

    parent: str
    child: str
    position: int
    factor: float | None
    decides: bool


@dataclass(frozen=True, slots=True)
class View:
    """The boxes, parents first, and the edges in the order of the boxes and operands that they lead to."""

    boxes: tuple[Box, ...]
    edges: tuple[Edge, ...]

    @property
    def size(self) -> str:
        """How large it is, in words."""
        return f'{_plural(len(self.boxes), "value")} and {_plural(len(self.edges), "edge")}'


def view(roots: Sequence[Value], max_nodes: int) -> View:
    """The plain data of a picture, as the graph is now.

    Args:
        roots: what is to be drawn, with everything below.
        max_nodes: the largest number of values that the picture may have.

    Raises:
        GraphError: there are more.

    >>> a = Value(3.0, label='a')
    >>> picture = view([a * a], max_nodes=500)
    >>> [box.heading for box in picture.boxes]
    ['a', '×']
    >>> [edge.factor for edge in picture.edges]
    [3.0, 3.0]
    """
    nodes = graph.topological(roots)
    if len(nodes) > max_nodes:
        raise _too_large(len(nodes), max_nodes)
    ids = {id(v): f'v{i}' for i, v in enumerate(nodes, 1)}
    return View(tuple(_boxes(nodes, roots, ids)), tuple(edge for v in nodes for edge in _edges_to(v, ids)))


def _boxes(nodes: Sequence[Value], roots: Sequence[Value], ids: dict[int, str]) -> Iterator[Box]:
    drawn = {id(root) for root in roots}
    largest = max((abs(v.grad) for v in nodes if math.isfinite(v.grad)), default=0.0)
    for v, name in zip(nodes, _names(nodes), strict=True):
        yield Box(
            id=ids[id(v)],
            name=name,
            operation=legible(_SYMBOLS.get(v._op, v._op)),
            data=v.data,
            grad=v.grad,
            role=v.role,
            root=id(v) in drawn,
            shade=_shade(v, largest),
        )


def _edges_to(v: Value, ids: dict[int, str]) -> Iterator[Edge]:
    for i, (parent, factor) in enumerate(zip(v._prev, graph.rate_factors(v), strict=True)):
        decides = v._row is WHERE and i == 0
        yield Edge(
            parent=ids[id(parent)],
            child=ids[id(v)],
            position=i,
            factor=None if decides else factor,
            decides=decides,
        )


def _shade(v: Value, largest: float) -> int | None:
    """The gradient against the largest in the picture, by the square root: a hundredth of it still differs from 0."""
    if math.isnan(v.data) or not math.isfinite(v.grad):
        return None
    if v.grad == 0.0:
        return 0
    strength = round(SHADES * math.sqrt(abs(v.grad) / largest))
    return int(math.copysign(max(1, strength), v.grad))


def _too_large(size: int, max_nodes: int) -> GraphError:
    return GraphError(
        f'this graph has {size:,} values; a picture of more than {max_nodes:,} takes long to lay out and cannot be '
        'read. Draw a smaller part, from any Value on the way, as in draw(h): one neuron, or the loss of one '
        f'example. Or insist: draw(loss, max_nodes={size})'
    )


# Names and numbers as text -----------------------------------------------------------------------------------------


def _names(nodes: Sequence[Value]) -> list[str]:
    """The user's names; for other leaves x₁, x₂, … if they are inputs, w₁, w₂, … if they are parameters."""
    labels = [legible(v.label) if v.label else '' for v in nodes]
    unused = {role: _numbered(letter, set(labels)) for role, letter in _LETTERS.items()}
    return [label or next(unused.get(v.role, repeat(''))) for label, v in zip(labels, nodes, strict=True)]


def _numbered(letter: str, taken: set[str]) -> Iterator[str]:
    for i in count(1):
        name = f'{letter}{i}'
        if name not in taken and name.translate(_SUBSCRIPTS) not in taken:
            yield name.translate(_SUBSCRIPTS)


def legible(text: object, longest: int = 40) -> str:
    r"""Text that hides nothing, as a label shows it.

    What does not print, or changes how its neighbours print, is written as an escape; blanks at the ends go. Of long
    text the middle is left out, since the ends of names tell them apart.

    Args:
        text: a name, or whatever stands in its place.
        longest: a number of characters.

    >>> print(legible('a\n\x00b'))
    a\n\x00b
    >>> legible('layers.' * 10)
    'layers.layers.layers…yers.layers.layers.'
    """
    shown = ''.join(map(_shown, str(text).strip(' ')))
    half = longest // 2
    return shown if len(shown) <= longest else f'{shown[:half]}…{shown[1 - half :]}'


def _shown(character: str) -> str:
    if character.isprintable() or character == _JOINER:
        return character
    return character.encode('unicode_escape').decode()


def number(x: float) -> str:
    """Four decimals, in scientific notation where they would not do.

    >>> number(0.88137), number(-6.0), number(1.5e-7)
    ('0.8814', '−6.0000', '1.5000e−07')
    """
    plain = x == 0.0 or 1e-3 <= abs(x) < 1e5
    return (f'{x + 0.0:.4f}' if plain else f'{x:.4e}').replace('-', '−')


def short_number(x: float) -> str:
    """Up to four digits, for a local derivative.

    >>> short_number(2.0), short_number(-1 / 3)
    ('2', '−0.3333')
    """
    return f'{x + 0.0:.4g}'.replace('-', '−')


def _plural(n: int, noun: str) -> str:
    return f'{n:,} {noun}{"" if n == 1 else "s"}'
