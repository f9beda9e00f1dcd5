"""A graph as plain boxes and edges: what every picture of it is made from, whoever draws it."""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, repeat
from typing import Any

from micrograd import graph, groups
from micrograd.engine import Value
from micrograd.errors import GraphError
from micrograd.letters import SUBSCRIPTS
from micrograd.primitives import WHERE
from micrograd.render.parts import AUTO, LEVELS, Cover, chosen, cover, is_broken, total_grad

SHADES = 5  # strengths of colour that a gradient can have, on either side of 0
_LISTED = 12  # outputs of a part that its description names

_LETTERS = {'input': 'x', 'parameter': 'w'}  # of leaves without a name
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

    @property
    def numbers(self) -> str:
        """Its numbers, in a sentence."""
        return f'data {number(self.data)}, grad {number(self.grad)}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A group of values, collapsed to one box.

    Args:
        id: g1, g2, …: its position among the groups of the graph.
        name: 'layer 1', 'attention'.
        kind: one of groups.KINDS.
        size: how many values are in it; parameters that calls of one module share count in each of them.
        outputs: the names and numbers of the values that it returned.
        total_grad: the sum of |grad| over its values.
        root: what was to be drawn is in it.
        shade: 0, or None where something is wrong in it: see Box.
    """

    id: str
    name: str
    kind: str
    size: int
    outputs: tuple[tuple[str, float], ...]
    total_grad: float
    root: bool
    shade: int | None

    @property
    def role(self) -> str:
        """Beside the roles of values."""
        return 'part'

    @property
    def heading(self) -> str:
        """Its name and its size."""
        return f'{self.name} · {self.extent}'

    @property
    def extent(self) -> str:
        """Its size, in words."""
        return plural(self.size, 'value')

    @property
    def known_as(self) -> str:
        """What a sentence calls it."""
        return self.name

    @property
    def written_outputs(self) -> str:
        """The outputs on one line, of many only the first ones.

        >>> Part(id='g1', name='layer 1', kind='layer', size=9, outputs=(('', 0.5), ('', -1.0), ('', 0.0), ('', 2.0)),
        ...     total_grad=1.0, root=False, shade=0).written_outputs
        '0.5000, −1.0000, … 4 outputs'
        """
        numbers = [number(data) for _, data in self.outputs]
        return ', '.join(numbers if len(numbers) <= 3 else [*numbers[:2], f'… {len(numbers):,} outputs'])

    @property
    def numbers(self) -> str:
        """Its numbers, in a sentence."""
        named = [f'{name} {number(data)}'.lstrip() for name, data in self.outputs[:_LISTED]]
        more = f' and {len(self.outputs) - _LISTED:,} more' if len(self.outputs) > _LISTED else ''
        return f'outputs {"; ".join(named)}{more}; total |grad| {number(self.total_grad)}'


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One use of a value by an operation; a value used twice has two edges.

    Args:
        parent: the id of the operand's box.
        child: the id of the result's box.
        position: which operand it is, from 0.
        factor: the local derivative; None where it is not known, for an operation defined by hand.
        decides: it is the condition of a `where`, to which no gradient flows.
        uses: into a part: how many operands in there it stands for; else 0.
    """

    parent: str
    child: str
    position: int
    factor: float | None
    decides: bool
    uses: int = 0


@dataclass(frozen=True, slots=True)
class View:
    """The boxes, and the edges in the order of the boxes and operands that they lead to.

    Args:
        boxes: of values, parents first; a part stands where its first output does.
        edges: one for each operand of a value; one from each box to each part that uses it.
        values: how many values the graph has, those inside parts too.
    """

    boxes: tuple[Box | Part, ...]
    edges: tuple[Edge, ...]
    values: int

    @property
    def size(self) -> str:
        """How large it is, in words."""
        parts = sum(isinstance(box, Part) for box in self.boxes)
        sizes = [plural(parts, 'part')] if parts else []
        if len(self.boxes) > parts or not parts:
            sizes.append(plural(len(self.boxes) - parts, 'value'))
        return f'{", ".join(sizes)} and {plural(len(self.edges), "edge")}'


def view(roots: Sequence[Value], max_nodes: int, collapse: Any = None, depth: int | None = None) -> View:
    """The plain data of a picture, as the graph is now.

    Args:
        roots: what is to be drawn, with everything below.
        max_nodes: the largest number of boxes that the picture may have.
        collapse: which groups are one box each, see `parts.chosen`; 'auto': none, or as many as it takes.
        depth: see `parts.chosen`.

    Raises:
        GraphError: there are more boxes.
        ValueError: collapse names what is not there, or depth is negative.

    >>> a = Value(3.0, label='a')
    >>> picture = view([a * a], max_nodes=500)
    >>> [box.heading for box in picture.boxes]
    ['a', '×']
    >>> [edge.factor for edge in picture.edges]
    [3.0, 3.0]
    """
    nodes = graph.topological(roots)
    nothing_collapsed = depth is None and (collapse is None or (collapse == AUTO and len(nodes) <= max_nodes))
    found = [] if nothing_collapsed else groups.find(nodes)
    if not found and collapse in (None, AUTO) and len(nodes) > max_nodes:  # nothing can be collapsed
        raise _too_large(len(nodes), len(nodes), max_nodes)
    index = {id(v): i for i, v in enumerate(nodes)}
    below = [[index[id(p)] for p in v._prev] for v in nodes]
    shown = _cover(nodes, below, found, max_nodes, collapse, depth)
    if shown.size > max_nodes:
        raise _too_large(len(nodes), shown.size, max_nodes)
    drawn = {index[id(root)] for root in roots}
    ids = _ids(shown)
    return View(tuple(_boxes(nodes, drawn, shown, ids)), tuple(_edges(nodes, below, shown, ids)), len(nodes))


def _cover(
    nodes: Sequence[Value],
    below: Sequence[Sequence[int]],
    found: Sequence[groups.Group],
    max_nodes: int,
    collapse: Any,
    depth: int | None,
) -> Cover:
    """What is drawn; on the finest level that is small enough, if that is left to us."""
    levels: Sequence[Any] = (None, *LEVELS) if collapse == AUTO else (collapse,)
    for level in levels:
        positions = chosen(found, level, depth)
        shown = cover(nodes, below, {i: found[i] for i in sorted(positions)})
        if shown.size <= max_nodes:
            break
    return shown


def _ids(shown: Cover) -> list[str]:
    """For each value the id of the box that it is seen in; of a shared leaf that is not drawn, of the first one."""
    return [f'g{shown.inside[i][0] + 1}' if hidden else f'v{i + 1}' for i, hidden in enumerate(shown.hidden)]


def _boxes(nodes: Sequence[Value], drawn: set[int], shown: Cover, ids: Sequence[str]) -> Iterator[Box | Part]:
    largest = max((abs(v.grad) for v in nodes if math.isfinite(v.grad)), default=0.0)
    names = names_of(nodes)
    parts = defaultdict(list)
    for k, group in shown.collapsed.items():
        parts[group.outputs[0]].append(_part(f'g{k + 1}', group, nodes, names, drawn))
    for i, v in enumerate(nodes):
        yield from parts.get(i, ())
        if not shown.hidden[i]:
            yield Box(
                id=ids[i],
                name=names[i],
                operation=operation_of(v),
                data=v.data,
                grad=v.grad,
                role=v.role,
                root=i in drawn,
                shade=_shade(v, largest),
            )


def _part(key: str, group: groups.Group, nodes: Sequence[Value], names: Sequence[str], drawn: set[int]) -> Part:
    members = [nodes[i] for i in group.members]
    return Part(
        id=key,
        name=legible(group.name),
        kind=group.kind,
        size=len(members),
        outputs=tuple((names[i], nodes[i].data) for i in group.outputs),
        total_grad=total_grad(members),
        root=not drawn.isdisjoint(group.members),
        shade=None if is_broken(members) else 0,
    )


def _edges(nodes: Sequence[Value], below: Sequence[Sequence[int]], shown: Cover, ids: Sequence[str]) -> Iterator[Edge]:
    into = _uses(below, shown, ids)
    starts = defaultdict(list)
    for k, group in shown.collapsed.items():
        starts[group.outputs[0]].append(f'g{k + 1}')
    for i, v in enumerate(nodes):
        for child in starts.get(i, ()):
            for position, (parent, times) in enumerate(into[child].items()):
                yield Edge(parent=parent, child=child, position=position, factor=None, decides=False, uses=times)
        if not shown.hidden[i]:
            yield from _edges_to(v, ids[i], [ids[p] for p in below[i]])


def _uses(below: Sequence[Sequence[int]], shown: Cover, ids: Sequence[str]) -> dict[str, dict[str, int]]:
    """For each part, and each box outside of it, how many operands in the part that box is."""
    into: dict[str, dict[str, int]] = defaultdict(dict)
    for i, parents in enumerate(below):
        if not shown.hidden[i]:
            continue
        for p in parents:
            if not (shown.hidden[p] and set(shown.inside[i]) <= set(shown.inside[p])):
                into[ids[i]][ids[p]] = into[ids[i]].get(ids[p], 0) + 1
    return into


def _edges_to(v: Value, child: str, operands: Sequence[str]) -> Iterator[Edge]:
    for i, (parent, factor) in enumerate(zip(operands, graph.rate_factors(v), strict=True)):
        decides = v._row is WHERE and i == 0
        yield Edge(
            parent=parent,
            child=child,
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


def _too_large(values: int, boxes: int, max_nodes: int) -> GraphError:
    collapsed = '' if boxes == values else f', {boxes:,} boxes even when collapsed'
    return GraphError(
        f'this graph has {values:,} values{collapsed}; a picture of more than {max_nodes:,} takes long to lay out and '
        'cannot be read. Draw a smaller part, from any Value on the way, as in draw(h): one neuron, or the loss of one '
        "example. Or collapse what belongs together: draw(loss, collapse='layer'), and your own functions under "
        f"@micrograd.group('cost'). Or insist: draw(loss, max_nodes={boxes})"
    )


# Names and numbers as text -----------------------------------------------------------------------------------------


def operation_of(v: Value) -> str:
    """The symbol of the operation that made a value, as pictures show it; '' for a leaf."""
    return legible(_SYMBOLS.get(v._op, v._op))


def names_of(nodes: Sequence[Value]) -> list[str]:
    """The user's names; for other leaves x₁, x₂, … if they are inputs, w₁, w₂, … if they are parameters."""
    labels = [legible(v.label) if v.label else '' for v in nodes]
    unused = {role: _numbered(letter, set(labels)) for role, letter in _LETTERS.items()}
    return [label or next(unused.get(v.role, repeat(''))) for label, v in zip(labels, nodes, strict=True)]


def _numbered(letter: str, taken: set[str]) -> Iterator[str]:
    for i in count(1):
        name = f'{letter}{i}'
        if name not in taken and name.translate(SUBSCRIPTS) not in taken:
            yield name.translate(SUBSCRIPTS)


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


def plural(n: int, noun: str) -> str:
    """A number of things, in words.

    >>> plural(1, 'value'), plural(1000, 'edge')
    ('1 value', '1,000 edges')
    """
    return f'{n:,} {noun}{"" if n == 1 else "s"}'
