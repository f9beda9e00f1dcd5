"""The second pass: the derivatives of a node, as further nodes of the same graph.

Reverse mode, from the result to the leaves, through the partials of the rows, as `transforms.gradients` goes through
Values. Two things are different here.

A number that all examples share feeds every one of them, so what comes back to it is a sum over the examples. The cost
is a mean over the examples; so that no node has to be divided by their number, the adjoint of a varying node is taken
for one example alone, and what flows from a varying node to a shared one is the MEAN over the examples.

Behind a gate that is shut the adjoint is 0, and 0 * inf must not arise further on. `careful` carries, as `gradients`
does, the condition under which a node is reached at all, and selects each product by it. That makes a matrix product of
nothing, so `fast` selects at the gate itself only: where it gives no nan it is right, since a nan never vanishes on its
way down; where it gives one, `careful` has to be asked.

Invariant: no node that was there before is changed.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite
from typing import Any

from micrograd.compiler.graph import MEAN, Graph
from micrograd.compiler.trace import TRACES, Tracer
from micrograd.primitives import ADD, MUL, NEG, SUB, Row


def gradient(graph: Graph, y: int, wrt: Sequence[int], *, careful: bool) -> list[int]:
    """The derivatives of a node.

    Args:
        graph: it grows by the nodes of the derivatives.
        y: what is differentiated; a varying node is, for each example, differentiated by what varies, and on the
            average over the examples by what they share.
        wrt: by what: leaves, or any other nodes.
        careful: whether to select each product behind a gate.

    Returns:
        For each of `wrt` the node of the derivative: the constant 0.0 where y does not depend on it.

    >>> from micrograd.primitives import MUL
    >>> graph = Graph()
    >>> w, x = graph.shared(0), graph.input(0)
    >>> y = graph.mean(graph.apply(MUL, w, x))
    >>> dw, = gradient(graph, y, [w], careful=False)
    >>> dw == graph.mean(x)
    True

    Source: Nielsen, Neural Networks and Deep Learning, chapter 2: the equations (BP1) to (BP4), for any graph.
    """
    sweep = (_Careful if careful else _Fast)(graph, y, wrt)
    origin = graph.origin
    try:
        sweep.run()
        return [sweep.adjoint(x) for x in wrt]
    finally:
        graph.origin = origin


class _Fast:
    """A sweep from a node to those that it was made from, which selects at gates only."""

    def __init__(self, graph: Graph, y: int, wrt: Sequence[int]):
        self.graph = graph
        self._tracer = Tracer(graph)
        self._y = y
        self._leading = self._leading_to(wrt)
        self._from_same: list[int | None] = [None] * (y + 1)  # what arrived at a node from nodes of its own kind …
        self._from_varying: list[int | None] = [None] * (y + 1)  # … and at a shared one from varying ones
        self._backwards: dict[int, int] = {}
        self._one = graph.constant(1.0)

    def adjoint(self, i: int) -> int:
        """The derivative by a node."""
        found = self._arrived(i) if i <= self._y else None
        return self.graph.constant(0.0) if found is None else found

    def run(self) -> None:
        """Go through all the nodes, the last one first: an adjoint is complete before it is passed on."""
        self._from_same[self._y] = self._one
        nodes, leading = self.graph.nodes, self._leading
        for i in range(self._y, -1, -1):
            if not leading[i] or (isinstance(nodes[i][0], str) and nodes[i][0] is not MEAN):
                continue
            adjoint = self._arrived(i)
            if adjoint is not None:
                self._pass_on(i, nodes[i], adjoint)

    def _leading_to(self, wrt: Sequence[int]) -> bytearray:
        """For each node whether y's derivative by one of `wrt` passes through it."""
        leading = bytearray(self._y + 1)
        for x in wrt:
            if x <= self._y:
                leading[x] = 1
        for i, node in enumerate(self.graph.nodes[: self._y + 1]):
            if not leading[i] and (node[0] is MEAN or not isinstance(node[0], str)):
                for p in node[1:]:
                    if leading[p]:
                        leading[i] = 1
                        break
        return leading

    def _arrived(self, i: int) -> int | None:
        same, varying = self._from_same[i], self._from_varying[i]
        if varying is None:
            return same
        self.graph.origin = self._source(self.graph.origins[i])
        mean = self.graph.mean(varying)
        total = mean if same is None else self.graph.apply(ADD, same, mean)
        self._from_same[i], self._from_varying[i] = total, None
        return total

    def _pass_on(self, i: int, node: Any, adjoint: int) -> None:
        graph, row = self.graph, node[0]
        graph.origin = self._source(graph.origins[i])
        varies = graph.varying[i]
        if row is ADD:
            self._add(node[1], adjoint, varies)
            self._add(node[2], adjoint, varies)
        elif row is MUL:
            self._multiply(node[1], node[2], adjoint, i)
            self._multiply(node[2], node[1], adjoint, i)
        elif row is SUB:
            self._add(node[1], adjoint, varies)
            if self._leading[node[2]]:
                self._add(node[2], graph.apply(NEG, adjoint), varies)
        elif row is MEAN:
            self._add(node[1], adjoint, 1)  # a mean over examples, each of which has this very adjoint
        else:
            self._pull(i, node, adjoint)

    def _multiply(self, p: int, factor: int, adjoint: int, i: int) -> None:
        if self._leading[p]:
            product = factor if adjoint == self._one else self.graph.apply(MUL, factor, adjoint)
            self._add(p, product, self.graph.varying[i])

    def _pull(self, i: int, node: Any, adjoint: int) -> None:
        """A step of the chain rule through the formulas of a row."""
        row: Row = node[0]
        symbols = [self._tracer.symbol(p) for p in (i, *node[1:])]
        varies = self.graph.varying[i]
        for p, (factor, blocked) in zip(node[1:], row.edges(TRACES, *symbols), strict=True):
            if self._leading[p] and blocked is not True:
                self._add(p, self._edge(adjoint, factor, blocked), varies)

    def _edge(self, adjoint: int, factor: Any, blocked: Any) -> int:
        product = self._product(adjoint, factor)
        if blocked is False:
            return product
        return self._node(TRACES.where(blocked, 0.0, self._tracer.symbol(product)))

    def _product(self, adjoint: int, factor: Any) -> int:
        if type(factor) is float and factor == 1.0:
            return adjoint
        if type(factor) is float and factor == -1.0:
            return self.graph.apply(NEG, adjoint)
        if adjoint == self._one:
            return self._node(factor)
        return self.graph.apply(MUL, self._node(factor), adjoint)

    def _node(self, x: Any) -> int:
        node = self._tracer.node(x)
        if node is None:
            raise TypeError(f'a partial of a row is a number, not {type(x).__name__}: {x!r:.60}')
        return node

    def _add(self, p: int, product: int, varies: int) -> None:
        """What arrives at p, from a node that varies or not."""
        if not self._leading[p]:
            return
        arrived = self._from_varying if varies and not self.graph.varying[p] else self._from_same
        before = arrived[p]
        arrived[p] = product if before is None else self.graph.apply(ADD, before, product)

    def _source(self, origin: int) -> int:
        found = self._backwards.get(origin)
        if found is None:
            text = self.graph.sources[origin]
            suffix = ', backwards'
            found = self.graph.source(text if text.endswith(suffix) else f'{text or "the rest"}{suffix}')
            self._backwards[origin] = found
        return found


class _Careful(_Fast):
    """The same with, for each node, the condition under which it is reached; None where it always is."""

    def __init__(self, graph: Graph, y: int, wrt: Sequence[int]):
        super().__init__(graph, y, wrt)
        self._reached: dict[int, Any] = {y: None}

    def _pass_on(self, i: int, node: Any, adjoint: int) -> None:
        self.graph.origin = self._source(self.graph.origins[i])
        if node[0] is MEAN:
            self._reach(node[1], self._reached[i])
            self._add(node[1], adjoint, 1)
            return
        row: Row = node[0]
        reached = self._reached[i]
        symbols = [self._tracer.symbol(p) for p in (i, *node[1:])]
        for p, (factor, blocked) in zip(node[1:], row.edges(TRACES, *symbols), strict=True):
            if self._leading[p] and blocked is not True:
                passes = (
                    reached if blocked is False else TRACES.where(blocked, 0.0, 1.0 if reached is None else reached)
                )
                self._reach(p, self._in_any_example(p, passes))
                self._add(p, self._selected(adjoint, factor, passes, reached), self.graph.varying[i])

    def _selected(self, adjoint: int, factor: Any, passes: Any, behind: Any) -> int:
        product = self._product(adjoint, factor)
        if passes is None or (passes is behind and type(factor) is float and isfinite(factor)):
            return product
        return self._node(TRACES.where(passes, self._tracer.symbol(product), 0.0))

    def _in_any_example(self, p: int, passes: Any) -> Any:
        """What all examples share is reached if it is reached in one of them."""
        if passes is None or self.graph.varying[p] or not self.graph.varying[self._node(passes)]:
            return passes
        return self._tracer.symbol(self.graph.mean(self._node(passes))) > 0.0

    def _reach(self, p: int, passes: Any) -> None:
        if p not in self._reached:
            self._reached[p] = passes
        elif self._reached[p] is not None:
            before = self._reached[p]
            self._reached[p] = None if passes is None else TRACES.where(before, 1.0, passes)
