"""The third pass: only what is needed, and that in simple operations.

What is dead is dropped, what has only constants is computed, and rows with any number of arguments are written out as
operations on two. Nothing is rewritten that could turn a nan or an infinity into something else: x * 0, x - x and x / x
stay as they are.

Invariant: for all inputs the outputs are bit for bit those of the graph before, as far as the value formulas of the
rows are those of their float versions. Only a third power may differ in its last place.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import copysign, frexp
from typing import Any

from micrograd.compiler.graph import CONSTANT, INPUT, MEAN, Graph
from micrograd.compiler.trace import TRACES, Symbol, Tracer
from micrograd.engine import Value
from micrograd.primitives import ADD, DIV, MUL, NEG, POW, SELECT, STOP_GRADIENT, SUB, WHERE, Row, power
from micrograd.scalars import Condition


def simplify(graph: Graph, outputs: Sequence[int]) -> tuple[Graph, list[int]]:
    """A new graph that computes the same outputs.

    >>> from micrograd.primitives import MUL
    >>> graph = Graph()
    >>> x, two = graph.input(0), graph.constant(2.0)
    >>> y = graph.apply(MUL, x, graph.apply(MUL, two, two))
    >>> simplified, (y,) = simplify(graph, [y])
    >>> [simplified.nodes[x] for x in simplified.nodes[y][1:]]
    [('input', 0), ('constant', 4.0)]
    """
    writer = _Writer(Graph())
    new = writer.graph
    new.sources = graph.sources
    places = [-1] * len(graph.nodes)
    nodes, origins, constants = graph.nodes, graph.origins, writer.constants
    apply, mean = new.apply, new.mean
    for i, is_needed in enumerate(graph.needed(outputs)):
        if not is_needed:
            continue
        node = nodes[i]
        kind = node[0]
        new.origin = origins[i]
        if kind is ADD or kind is MUL:  # most of the nodes
            x, y = places[node[1]], places[node[2]]
            if x in constants or y in constants:
                places[i] = writer.written(kind, (x, y))
            else:
                places[i] = apply(kind, x, y)
        elif kind is MEAN:
            places[i] = mean(places[node[1]])
        elif isinstance(kind, str):
            places[i] = writer.leaf(node)
        else:
            places[i] = writer.written(kind, [places[x] for x in node[1:]])
    return new.compacted([places[i] for i in outputs])


class _Writer(Tracer):
    """Writes operations as simple as they can be."""

    def __init__(self, graph: Graph):
        super().__init__(graph)
        self.constants: set[int] = set()

    def leaf(self, node: Any) -> int:
        """The node of a leaf."""
        kind, what = node
        if kind is CONSTANT:
            return self.constant(what)
        return self.graph.input(what) if kind is INPUT else self.graph.shared(what)

    def constant(self, number: float) -> int:
        """The node of a constant."""
        node = self.graph.constant(number)
        self.constants.add(node)
        return node

    def node(self, x: Any) -> int | None:
        return super().node(x) if isinstance(x, Value | Condition) else self.constant(float(x))

    def apply(self, row: Row, *nodes: int) -> Symbol:
        return self.symbol(self.written(row, nodes))

    def written(self, row: Row, xs: Sequence[int]) -> int:
        """The node of an operation on nodes."""
        graph = self.graph
        if xs and self.constants.issuperset(xs):
            return self.constant(float(row.forward(*[graph.nodes[x][1] for x in xs])))
        if row in RULES:
            shorter = RULES[row](self, xs)
            if shorter is not None:
                return shorter
        elif self._is_written_out(row, xs):
            return self._expanded(row, xs)
        return graph.apply(row, *xs)

    def constant_of(self, x: int) -> float | None:
        """The number of a node that is a constant."""
        kind, number = self.graph.nodes[x][:2]
        return number if kind is CONSTANT else None

    def _is_written_out(self, row: Row, xs: Sequence[int]) -> bool:
        """Whether a row stands for operations on fewer arguments."""
        if row.name == power.name:
            return True
        if row is SELECT:
            return self.graph.nodes[xs[0]][0] is not INPUT or any(self.graph.varying[x] for x in xs[1:])
        return row.lists > 0

    def _expanded(self, row: Row, xs: Sequence[int]) -> int:
        if row.value is None:
            raise TypeError(
                f'{row.name} has no formula for its value, only a function on floats, so it does not compile'
            )
        node = self.node(row.value(TRACES, *map(self.symbol, xs)))
        if node is None:
            raise TypeError(f'the value of {row.name} is no number')
        return node


# What can be shorter --------------------------------------------------------------------------------------------------

Rule = Callable[[_Writer, Sequence[int]], 'int | None']


def _is(number: float | None, what: float) -> bool:
    """Whether it is that very number, its sign included."""
    return number == what and copysign(1.0, number) == copysign(1.0, what)


def _sum(writer: _Writer, xs: Sequence[int]) -> int | None:
    x, y = xs
    if _is(writer.constant_of(y), -0.0):
        return x
    return y if _is(writer.constant_of(x), -0.0) else None


def _difference(writer: _Writer, xs: Sequence[int]) -> int | None:
    return xs[0] if _is(writer.constant_of(xs[1]), 0.0) else None


def _product(writer: _Writer, xs: Sequence[int]) -> int | None:
    for x, y in (xs, xs[::-1]):
        number = writer.constant_of(x)
        if number == 1.0:
            return y
        if number == -1.0:
            return writer.written(NEG, [y])
    return None


def _quotient(writer: _Writer, xs: Sequence[int]) -> int | None:
    """A division by a power of two is a product, exactly."""
    number = writer.constant_of(xs[1])
    if number == 1.0:
        return xs[0]
    if number and 2.0**-500 < abs(number) < 2.0**500 and abs(frexp(number)[0]) == 0.5:
        return writer.written(MUL, [writer.constant(1.0 / number), xs[0]])
    return None


def _negative(writer: _Writer, xs: Sequence[int]) -> int | None:
    node = writer.graph.nodes[xs[0]]
    return node[1] if node[0] is NEG else None


def _choice(writer: _Writer, xs: Sequence[int]) -> int | None:
    condition, x, y = xs
    number = writer.constant_of(condition)
    if number is not None:
        return x if number else y
    if x == y:
        return x
    inner = writer.graph.nodes[condition]
    if inner[0] is WHERE:  # a choice between constants only says which way the other one goes
        chosen = [writer.constant_of(branch) for branch in inner[2:]]
        if None not in chosen:
            return writer.written(WHERE, [inner[1], *(x if number else y for number in chosen)])
    return None


def _power(writer: _Writer, xs: Sequence[int]) -> int | None:
    """Small whole exponents are products, which are not less exact, and much faster."""
    x, number = xs[0], writer.constant_of(xs[1])
    if number == 0.0:
        return writer.constant(1.0)
    if number == 1.0:
        return x
    if number == 2.0:
        return writer.written(MUL, [x, x])
    if number == 3.0:
        return writer.written(MUL, [writer.written(MUL, [x, x]), x])
    if number == -1.0:
        return writer.written(DIV, [writer.constant(1.0), x])
    return None


RULES: dict[Row, Rule] = {
    ADD: _sum,
    SUB: _difference,
    MUL: _product,
    DIV: _quotient,
    NEG: _negative,
    WHERE: _choice,
    POW: _power,
    STOP_GRADIENT: lambda writer, xs: xs[0],
}
