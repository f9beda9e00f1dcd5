"""Every path along which one value depends on another, and the sum over the paths of the products of rate factors.

That sum is the gradient. Backpropagation computes it without going along each path, of which there may be more than
atoms in the universe; so does everything here. Source: Nielsen, Neural Networks and Deep Learning, chapter 2, "The
backpropagation algorithm: the big picture", on the sum over paths.
"""

from __future__ import annotations

import heapq
import sys
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, repeat
from math import isnan, prod
from typing import TYPE_CHECKING, Any, NamedTuple

from micrograd.checks import count as at_least_one
from micrograd.engine import Value
from micrograd.errors import by_hand_error
from micrograd.graph import topological
from micrograd.node import ByHand, parents, verify
from micrograd.primitives import ADD, FLOATS, MUL

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

SHUT = -1.0  # the size of a path through a shut gate: below every other, that of a product of 0 too


class Edge(NamedTuple):
    """One use of a value by an operation, on the way from a to b.

    Args:
        parent: the place of the operand among the nodes on the way.
        child: the place of the result.
        position: which operand of the result it is, from 0.
        factor: the rate factor; None where only a closure knows it.
        shut: a gate, which passes nothing.
    """

    parent: int
    child: int
    position: int
    factor: Any
    shut: bool


@dataclass(frozen=True, slots=True, eq=False)
class Path:
    """One way from a value to another that depends on it.

    Args:
        nodes: the Values on the way, both ends too.
        edges: what leads from each to the next.
    """

    nodes: tuple[Value, ...]
    edges: tuple[Edge, ...]

    @property
    def factors(self) -> tuple[float, ...]:
        """The rate factors along the way, one for each edge; 0 where a gate is shut.

        Raises:
            GraphError: an operation on the way was defined by hand.
        """
        for v, edge in zip(self.nodes[1:], self.edges, strict=True):
            if edge.factor is None:
                raise by_hand_error(v, 'a product of rate factors')
        return tuple(0.0 if edge.shut else edge.factor for edge in self.edges)

    @property
    def product(self) -> float:
        """The product of the rate factors, multiplied as backward() does: from the end to the start.

        Exactly 0 through a shut gate, even where another factor is infinite or nan.

        Raises:
            GraphError: an operation on the way was defined by hand.
        """
        factors = self.factors
        if any(edge.shut for edge in self.edges):
            return 0.0
        product = 1.0
        for factor in reversed(factors):
            product *= factor
        return product

    def __repr__(self) -> str:
        from micrograd.render.text import path_line  # which stands on this module

        return path_line(self)


class Paths:
    """The paths from one value to another; see `graph.paths`. A snapshot: it shows the graph as it was.

    Iterating gives each `Path` in turn, in an order that depends on the graph alone: along the edges out of a node in
    the order in which they are met on the way to the end.

    Attributes:
        nodes: the Values on any of the paths, each after its parents.
        start: where the paths begin.
        end: where they end.
    """

    def __init__(self, start: Value, end: Value):
        _check(start, end)
        self.start, self.end = start, end
        order = topological([end])
        verify([v for v in order if parents(v)], ADD, MUL)
        self.nodes = _between(start, order)
        self._uses = _uses(self.nodes)

    def __bool__(self) -> bool:
        return bool(self.nodes)

    @cached_property
    def count(self) -> int:
        """How many paths there are, exactly; they are not enumerated for it."""
        if not self:
            return 0
        factors = []  # where all paths go through one node: to go on from 1 there keeps the numbers short
        reaching = {0: 1}  # what is no longer needed goes, since these numbers grow long
        for i, uses in enumerate(self._uses[:-1]):
            ways = reaching.pop(i)
            if ways > 1 and not reaching:
                factors.append(ways)
                ways = 1
            for edge in uses:
                reaching[edge.child] = reaching.get(edge.child, 0) + ways
        return _product([*factors, *reaching.values()])

    def __len__(self) -> int:
        if self.count > sys.maxsize:
            raise OverflowError(
                'there are more paths than len() can say, or than fit into a list. Wrong: len(paths), list(paths). '
                'Right: paths.count, paths.largest(10), itertools.islice(paths, 10)'
            )
        return self.count

    def __iter__(self) -> Iterator[Path]:
        last = len(self.nodes) - 1
        if last <= 0:
            yield from (Path((v,), ()) for v in self.nodes)
            return
        trail: list[Edge] = []
        ways = [iter(self._uses[0])]
        while ways:
            edge = next(ways[-1], None)
            if edge is None:
                ways.pop()
                del trail[-1:]
            elif edge.child == last:
                yield self._path([*trail, edge])
            else:
                trail.append(edge)
                ways.append(iter(self._uses[edge.child]))

    def _path(self, trail: Iterable[Edge]) -> Path:
        edges = tuple(trail)
        return Path((self.start, *(self.nodes[edge.child] for edge in edges)), edges)

    @property
    def total(self) -> float:
        """The sum over all paths of their products: d end / d start. 0 where there is no path.

        Raises:
            GraphError: an operation on the way was defined by hand, so its rate factors are not known.
        """
        return (self.adjoints[0] or 0.0) if self else 0.0

    @cached_property
    def adjoints(self) -> list[float | None]:
        """For each of the nodes d end / d node: one sweep from the end. None where shut gates are on every path.

        Raises:
            GraphError: an operation on the way was defined by hand, so its rate factors are not known.
        """
        self._check_factors()
        adjoints: list[float | None] = [None] * len(self.nodes)
        adjoints[-1:] = [1.0]
        for i in range(len(self.nodes) - 2, -1, -1):
            for edge in self._uses[i]:
                arriving = adjoints[edge.child]
                if arriving is not None and not edge.shut:
                    adjoints[i] = (adjoints[i] or 0.0) + arriving * edge.factor
        return adjoints

    def consumers(self) -> list[tuple[Value, Edge, float | None]]:
        """For each use of the start on the way to the end: the result, the edge to it, and d end / d result.

        Raises:
            GraphError: an operation on the way was defined by hand, so its rate factors are not known.
        """
        uses = self._uses[0] if self else []
        return [(self.nodes[edge.child], edge, self.adjoints[edge.child]) for edge in uses]

    def largest(self, k: int = 10) -> list[Path]:
        """The paths with the largest products by absolute value, the largest first.

        Paths whose product is nan or infinite come first, since they are what makes the sum so; those through a shut
        gate come last, after other products of 0. Among equals the order is that of iteration, where rounding allows.

        Args:
            k: how many; fewer where there are not so many.

        Raises:
            DataError: k is below 1.
            GraphError: an operation on the way was defined by hand, so its rate factors are not known.

        >>> from micrograd import Value, graph
        >>> x = Value(3.0, label='x')
        >>> y = x * x + x
        >>> [path.product for path in graph.paths(x, y).largest(2)]
        [3.0, 3.0]
        """
        k = at_least_one(k, 'k')
        self._check_factors()
        return [self._path(ranked.edges()) for ranked in self._ranked(k)]

    def _ranked(self, k: int) -> list[_Ranked]:
        """The k largest from the start, found from the end on: those from a node continue the k largest from others.

        That is enough since a factor never turns the larger of two sizes into the smaller one, nan counting as inf.
        """
        if not self:
            return []
        last = len(self.nodes) - 1
        best = {last: [_Ranked(1.0, 1.0, None, None)]}
        waiting = self._numbers_of_parents()
        for i in range(last - 1, -1, -1):
            longer = [[ranked.after(edge) for ranked in best[edge.child]] for edge in self._uses[i]]
            best[i] = longer[0] if len(longer) == 1 else list(islice(heapq.merge(*longer, key=_smallness), k))
            for edge in self._uses[i]:
                waiting[edge.child] -= 1
                if not waiting[edge.child]:
                    del best[edge.child]
        return best[0]

    def _numbers_of_parents(self) -> list[int]:
        numbers = [0] * len(self.nodes)
        for uses in self._uses:
            for edge in uses:
                numbers[edge.child] += 1
        return numbers

    def _check_factors(self) -> None:
        for uses in self._uses:
            for edge in uses:
                if edge.factor is None:
                    raise by_hand_error(self.nodes[edge.child], 'a sum over paths')

    def __repr__(self) -> str:
        from micrograd.render.text import paths_heading  # which stands on this module

        return f'<{paths_heading(self)}>'

    def __str__(self) -> str:
        from micrograd.render.text import paths_listing  # which stands on this module

        return paths_listing(self)


def _product(factors: list[int]) -> int:
    """The product, of neighbours first: long numbers are best multiplied by others as long."""
    while len(factors) > 1:
        factors = [prod(factors[i : i + 2]) for i in range(0, len(factors), 2)]
    return factors[0]


def _check(start: Any, end: Any) -> None:
    for v in (start, end):
        if isinstance(v, list | tuple):
            raise TypeError(
                'paths() goes from one Value to one other. Wrong: paths([w1, w2], C). '
                'Right: [paths(w, C) for w in (w1, w2)]'
            )
        if not isinstance(v, Value):
            raise TypeError(f'paths() goes from a Value to another, not {type(v).__name__}: {v!r:.60}')


def _between(start: Value, order: list[Value]) -> list[Value]:
    """Of the nodes under the end, those that depend on the start, which is the first of them."""
    reached = {id(start)}
    found = []
    for v in order:
        if v is start or not reached.isdisjoint(map(id, parents(v))):
            reached.add(id(v))
            found.append(v)
    return found


def _uses(nodes: list[Value]) -> list[list[Edge]]:
    """For each node the edges out of it."""
    places = {id(v): i for i, v in enumerate(nodes)}
    uses: list[list[Edge]] = [[] for _ in nodes]
    for child, v in enumerate(nodes[1:], 1):
        for position, (p, (factor, shut)) in enumerate(zip(parents(v), local_derivatives(v), strict=True)):
            parent = places.get(id(p))
            if parent is not None:
                uses[parent].append(Edge(parent, child, position, factor, bool(shut)))
    return uses


def local_derivatives(v: Value) -> Iterable[tuple[Any, Any]]:
    """For each edge to v its rate factor, None where only a closure knows it, and whether a gate is shut there."""
    if type(v._row) is ByHand:
        return repeat((None, False), len(parents(v)))
    if v._row is None:
        return ()
    edges: Iterable[tuple[Any, Any]] = v._row.edges(FLOATS, v.data, *[p.data for p in parents(v)])
    return edges


class _Ranked(NamedTuple):
    """The rest of a path, from some node to the end.

    Args:
        size: by which it is ranked.
        product: of its rate factors.
        edge: the first one; None at the end.
        rest: what follows the edge.
    """

    size: float
    product: float
    edge: Edge | None
    rest: _Ranked | None

    def after(self, edge: Edge) -> _Ranked:
        """The same with an edge before it."""
        if edge.shut or self.size == SHUT:
            return _Ranked(SHUT, 0.0, edge, self)
        product = self.product * edge.factor
        return _Ranked(float('inf') if isnan(product) else abs(product), product, edge, self)

    def edges(self) -> Iterator[Edge]:
        ranked: _Ranked | None = self
        while ranked is not None and ranked.edge is not None:
            yield ranked.edge
            ranked = ranked.rest


def _smallness(ranked: _Ranked) -> float:
    return -ranked.size
