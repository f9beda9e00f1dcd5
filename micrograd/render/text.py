"""A graph in the terminal: as a tree, and as the paths through it."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from micrograd.checks import count
from micrograd.columns import aligned, points_aligned
from micrograd.engine import Value
from micrograd.graph import rate_factors, topological
from micrograd.node import ByHand, parents
from micrograd.paths import Edge, Path, Paths
from micrograd.primitives import WHERE
from micrograd.render.notation import UNICODE
from micrograd.render.view import legible, names_of, number, operation_of, plural, short_number

DEPTH, LINES = 8, 40  # of a tree, unless told otherwise
WHOLE, ENDS = 8, 2  # a path of more values than that shows those at its ends
LONGEST_NAME = 24  # characters of a name in a tree or on a path
LISTED = 10  # paths
LONGEST_COUNT = 24  # digits

UNLIMITED = 10**9  # characters in a line whose parts are short already

T = TypeVar('T')


class Names:
    """What the values of a graph are called, as its picture calls them.

    Args:
        roots: the values at the ends of the graph.

    Attributes:
        size: how many values it has.
        taken: all names that there are.
    """

    def __init__(self, *roots: Value):
        nodes = topological(roots)
        self.size = len(nodes)
        self._names = {id(v): name for v, name in zip(nodes, names_of(nodes), strict=True) if name}
        self.taken = frozenset(self._names.values())

    def name(self, v: Value) -> str:
        """The user's name or an automatic one; '' where a picture shows none."""
        return self._names.get(id(v), '')

    def known_as(self, v: Value) -> str:
        """What a sentence calls it: by its name, its operation or, a constant, its number."""
        return legible(self.name(v) or operation_of(v) or short_number(v.data), LONGEST_NAME)

    def heading(self, v: Value) -> str:
        """Name and operation, as far as there are any; of a constant the number."""
        texts = [text for text in (self.name(v), operation_of(v)) if text]
        return ' = '.join(legible(text, LONGEST_NAME) for text in texts) or short_number(v.data)


# Trees ----------------------------------------------------------------------------------------------------------------


class Tree(str):
    """The text of a tree, which an interactive session shows as it is."""

    __slots__ = ()

    def __repr__(self) -> str:
        return str(self)


def tree(v: Value, depth: int = DEPTH, lines: int = LINES) -> Tree:
    """The graph under a value as an indented text: the value first, under each result its operands.

    Beside each value stand its number, its gradient and, on the edge to the result above it, the rate factor. A value
    that several operations use is shown in full where it is met first. Of a large graph the part next to the value is
    shown; `…` stands where more follows.

    Args:
        v: the value at the top.
        depth: how many operations deep.
        lines: how many lines of values; a single operation takes no more than a quarter of them for its operands.

    Raises:
        DataError: depth or lines is below 1.
        TypeError: v is no Value, depth or lines no integer.

    >>> w, x = Value(-3.0, label='w'), Value(2.0, label='x')
    >>> z = w * x
    >>> z.label = 'z'
    >>> z.backward()
    >>> print(tree(z))
             value     grad  rate factor
    z = ×  −6.0000   1.0000
    ├─ w   −3.0000   2.0000   2
    └─ x    2.0000  −3.0000  −3
    """
    if not isinstance(v, Value):
        raise TypeError(
            f'tree() shows the graph under one Value, not {type(v).__name__}: {v!r:.60}. Wrong: tree([a, b]). '
            'Right: tree(a)'
        )
    depth, lines = count(depth, 'depth'), count(lines, 'lines')
    names = Names(v)
    shown = list(_lines(v, depth, _operands_shown(v, depth, lines)))
    hidden = names.size - len({id(line.value) for line in shown if line.value is not None})
    text = _table(shown, names)
    if hidden:
        more = f'micrograd.tree(v, depth={2 * depth}, lines={4 * lines})'
        text += f'\n\n{hidden:,} of {names.size:,} values not shown; to see more of them:\n{more}'
    return Tree(text)


@dataclass(slots=True)
class _Line:
    """One line of a tree.

    Args:
        indent: the lines that lead down to it.
        value: which; None for the line that stands for the operands that are left out.
        factor: the text of the rate factor.
        ending: what is to be said about it.
    """

    indent: str
    value: Value | None
    factor: str
    ending: str = ''


def _operands_shown(root: Value, depth: int, lines: int) -> dict[int, int]:
    """Under which values operands are shown, and how many: those next to the root first."""
    shown: dict[int, int] = {}
    room, widest = lines - 1, max(4, lines // 4)
    waiting, met = deque([(root, 0)]), {id(root)}
    while waiting and room > 0:
        v, level = waiting.popleft()
        operands = parents(v) if level < depth else []
        limit = min(room, widest)
        take = len(operands) if len(operands) <= limit else limit - 1
        if take <= 0:
            continue
        shown[id(v)] = take
        room -= min(len(operands), take + 1)
        fresh = {id(p): p for p in operands[:take] if id(p) not in met}
        met |= fresh.keys()
        waiting.extend((p, level + 1) for p in fresh.values())
    return shown


def _lines(root: Value, depth: int, operands_shown: dict[int, int]) -> Iterator[_Line]:
    met: set[int] = set()
    whole: set[int] = set()
    waiting = [(_Line('', root, ''), '', 0)]
    while waiting:
        line, indent, level = waiting.pop()
        yield line
        v = line.value
        if v is None:
            continue
        if level < depth and id(v) in operands_shown and id(v) not in whole:
            whole.add(id(v))
            below = _below(v, indent, operands_shown[id(v)])
            waiting.extend((line, deeper, level + 1) for line, deeper in reversed(below))
        elif id(v) in met:
            line.ending = ' ↑ above'
        elif parents(v):
            line.ending = ' …'
        met.add(id(v))


def _below(v: Value, indent: str, take: int) -> list[tuple[_Line, str]]:
    """The lines of the operands, and the indents of what stands under each."""
    operands: list[Value | None] = parents(v)
    left_out = len(operands) - take
    factors = _factor_texts(v)[:take]
    if left_out:
        operands, factors = [*operands[:take], None], [*factors, '']
    *_, last = range(len(operands))
    return [
        (
            _Line(
                f'{indent}{"└─ " if i == last else "├─ "}',
                p,
                factor,
                f'… {plural(left_out, "operand")} more' if p is None else '',
            ),
            f'{indent}{"   " if i == last else "│  "}',
        )
        for i, (p, factor) in enumerate(zip(operands, factors, strict=True))
    ]


def _factor_texts(v: Value) -> list[str]:
    texts = ['?' if factor is None else short_number(factor) for factor in rate_factors(v)]
    return ['(decides)', *texts[1:]] if v._row is WHERE else texts


def _table(lines: Sequence[_Line], names: Names) -> str:
    headings = [line.indent + ('' if line.value is None else names.heading(line.value)) + line.ending for line in lines]
    return aligned(
        zip(
            ['', *headings],
            _column('value', ['' if line.value is None else number(line.value.data) for line in lines]),
            _column('grad', ['' if line.value is None else number(line.value.grad) for line in lines]),
            ['rate factor', *points_aligned([line.factor for line in lines])],
            strict=True,
        ),
        UNLIMITED,
    )


def _column(heading: str, numbers: Sequence[str]) -> list[str]:
    """Numbers under a heading that ends where they do."""
    texts = points_aligned(numbers)
    width = max(map(len, texts))
    return [f'{heading:>{width}}', *texts]


# Paths ----------------------------------------------------------------------------------------------------------------


def path_line(path: Path) -> str:
    """A path in one line: its values, its rate factors, their product."""
    trail, factors, product = _cells(path, Names(path.nodes[-1]))
    return f'{trail}: {factors} = {product}' if factors else f'{trail}: {product}'


def paths_heading(paths: Paths) -> str:
    """How many paths from where to where."""
    return _heading(paths, Names(paths.end, paths.start))


def paths_listing(paths: Paths) -> str:
    """The largest paths, how many more there are, and the sum over all."""
    names = Names(paths.end, paths.start)
    heading = _heading(paths, names)
    if not paths:
        return f'{heading}: {names.known_as(paths.end)} does not depend on it, so the derivative is 0'
    known = all(type(v._row) is not ByHand for v in paths.nodes[1:])
    listed = paths.largest(LISTED) if known else list(islice(paths, LISTED))
    products = 'the product of its rate factors' if paths.count == 1 else 'the products of their rate factors'
    lines = [f'{heading}, and {products}:', '', *_indented(listed, names)]
    if paths.count > len(listed):
        lines.append(f'  … and {_written(paths.count - len(listed))} more')
    return '\n'.join([*lines, '', _sum(paths, names) if known else UNKNOWN])


UNKNOWN = 'the sum over all paths is not known: a rate factor marked ? belongs to an operation defined by hand'


def _sum(paths: Paths, names: Names) -> str:
    derivative = UNICODE.rate(names.known_as(paths.end), names.known_as(paths.start))
    line = f'the sum over all paths: {derivative} = {short_number(paths.total)}'
    remark = grad_remark(paths.start, names.known_as(paths.start), paths.total)
    return f'{line}\n{remark}' if remark and paths.start.grad != 0.0 else line


def grad_remark(v: Value, name: str, total: float) -> str:
    """Where the gradient of a value is not the derivative: why that may be so; else nothing."""
    if math.isclose(v.grad, total, rel_tol=1e-9, abs_tol=1e-12) or math.isnan(total):
        return ''
    if v.grad == 0.0:
        return f'{name}.grad is 0: backward() has not been called on this result yet.'
    why = 'calls of backward() add up on a leaf' if not parents(v) else 'backward() was called on another result'
    return f'{name}.grad is {short_number(v.grad)}: {why}.'


def _heading(paths: Paths, names: Names) -> str:
    number_of = 'no path' if not paths else '1 path' if paths.count == 1 else f'{_written(paths.count)} paths'
    return f'{number_of} from {names.known_as(paths.start)} to {names.known_as(paths.end)}'


def _written(n: int) -> str:
    """A number in full, unless nobody would read it."""
    digits = math.log10(n)
    if digits < LONGEST_COUNT:
        return f'{n:,}'
    return f'about {10 ** (digits % 1):.3f} · 10^{int(digits)}'


def _indented(paths: Sequence[Path], names: Names) -> list[str]:
    trails, factors, products = zip(*(_cells(path, names) for path in paths), strict=True)
    results = (f'= {product}' for product in points_aligned(products))
    table = aligned(zip(trails, factors, results, strict=True), UNLIMITED)
    return [f'  {line}' for line in table.splitlines()]


def _cells(path: Path, names: Names) -> tuple[str, str, str]:
    """The values of a path, its rate factors and their product."""
    unknown = any(edge.factor is None for edge in path.edges)
    return (
        ' → '.join(_abridged(path.nodes, names.known_as)),
        ' · '.join(_abridged(path.edges, _factor)),
        '?' if unknown else short_number(path.product),
    )


def _factor(edge: Edge) -> str:
    return '0' if edge.shut else '?' if edge.factor is None else short_number(edge.factor)


def _abridged(things: Sequence[T], write: Callable[[T], str]) -> list[str]:
    """Each of the things as text; of many, those at the ends."""
    if len(things) <= WHOLE:
        return [write(thing) for thing in things]
    return [*map(write, things[:ENDS]), f'… {len(things) - 2 * ENDS:,} more …', *map(write, things[-ENDS:])]
