"""The chain rule along a graph in both directions, kept in dictionaries of its own: nothing is written to the nodes.

Each direction exists twice. With numbers it is fast, and gives numbers. With Values it makes the derivatives nodes of
a graph, which can be differentiated again. All four read the same partials, those of the rows.
"""

from __future__ import annotations

from itertools import repeat
from math import isfinite

from micrograd.context import noting
from micrograd.errors import by_hand_error
from micrograd.identity import by_identity
from micrograd.node import CHAIN, CONSTANT, NONE, ByHand, parents, verify
from micrograd.operations import VALUES
from micrograd.primitives import ADD, FLOATS, MUL

TYPE_CHECKING = False  # see context.py
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from micrograd.engine import Value

    Reached = tuple[Value, Any]  # a derivative, and the condition that it is reached at all (None: always)

_REVERSE = 'reverse mode, as in gradients()'
_FORWARD = 'forward mode, as in jvp()'


class Graph:
    """The nodes under some results, down to where derivatives are wanted.

    Args:
        roots: the results.
        variables: what to differentiate by; what is under these is not looked at.

    Attributes:
        order: the nodes that are not leaves, or have a step of their own, each after its parents.
        has_others: whether there are leaves beside the variables and the constants, which someone may differentiate by.
    """

    def __init__(self, roots: Iterable[Value], variables: Iterable[Value] = ()):
        self.order: list[Any] = []
        self.has_others = False
        seen = by_identity(zip((NONE, *variables), repeat(True)))
        for root in roots:
            if root in seen:
                continue
            if root._row is None:
                self.has_others |= root._a is not CONSTANT
            else:
                self._walk(root, seen)

    def verify(self) -> None:
        """Raise a StaleGraphError where numbers were changed after the graph was built."""
        verify(self.order, ADD, MUL)

    def _walk(self, root: Any, seen: dict[Any, Any]) -> None:
        """Add the nodes under root that have a row: down the first parents, then over to the second ones."""
        path: list[Any] = []
        go_into, leave, done = path.append, path.pop, self.order.append
        seen[root] = True
        v = root
        while True:
            go_into(v)
            p = v._a
            if p not in seen:
                if p._row is not None:
                    seen[p] = True
                    v = p
                    continue
                if p._a is not CONSTANT:
                    self.has_others = True
            elif p is NONE:  # a leaf that has a step of its own
                self.has_others = True
            while True:
                p = v._b
                if p not in seen:
                    if p._row is not None:
                        seen[p] = True
                        v = p
                        break
                    if p._a is not CONSTANT:
                        self.has_others = True
                done(leave())
                if not path:
                    return
                v = path[-1]


def pull_floats(graph: Graph, adjoints: dict[Value, float], xs: Iterable[Value]) -> dict[Value, float]:
    """Reverse mode: from the adjoints of results to those of what they were computed from.

    Args:
        graph: what is between.
        adjoints: those of the results, in a dictionary `by_identity`, which receives the others.
        xs: what the derivatives are wanted by.

    Returns:
        The adjoints of xs, among others. What is not there was not reached: its derivative is 0.

    Raises:
        GraphError: an operation on the way was defined by hand.
    """
    interior = by_identity((v, 0.0) for v in xs if v._row is not None)
    take = adjoints.pop
    for v in reversed(graph.order):
        g = take(v, None)
        if g is None:  # only blocked edges led here: 0 * inf shall not arise
            continue
        if interior and v in interior:
            interior[v] = g
        row = v._row
        if row is ADD:
            adjoints[v._a] += g
            adjoints[v._b] += g
        elif row is MUL:
            a, b = v._a, v._b
            adjoints[a] += g * b.data
            adjoints[b] += g * a.data
        elif row.slope is not None:
            a = v._a
            adjoints[a] += g * row.slope(FLOATS, v.data, a.data)
        elif row.slopes is not None:
            a, b = v._a, v._b
            da, db = row.slopes(FLOATS, v.data, a.data, b.data)
            adjoints[a] += g * da
            adjoints[b] += g * db
        elif row.forward:
            ps = parents(v)
            for p, (factor, blocked) in zip(ps, row.edges(FLOATS, v.data, *[p.data for p in ps]), strict=True):
                if not blocked:
                    adjoints[p] += g * factor
        elif _is_on_the_way(graph, v, xs):
            raise by_hand_error(v, _REVERSE)
    for v in xs if interior else ():
        if v in interior:
            adjoints[v] = interior[v]
    return adjoints


def push_floats(graph: Graph, tangents: dict[Value, float]) -> dict[Value, float]:
    """Forward mode: from the tangents of the variables to those of everything computed from them.

    Args:
        graph: what is between.
        tangents: those of the variables, likewise; what has none does not move.

    Raises:
        GraphError: an operation on the way was defined by hand.
    """
    get = tangents.get
    for v in graph.order:
        row = v._row
        if row is ADD:
            ta, tb = get(v._a), get(v._b)
            if ta is not None:
                tangents[v] = ta if tb is None else ta + tb
            elif tb is not None:
                tangents[v] = tb
        elif row is MUL:
            a, b = v._a, v._b
            ta, tb = get(a), get(b)
            if ta is not None:
                tangents[v] = ta * b.data if tb is None else ta * b.data + tb * a.data
            elif tb is not None:
                tangents[v] = tb * a.data
        elif row.slope is not None:
            a = v._a
            if (ta := get(a)) is not None:
                tangents[v] = ta * row.slope(FLOATS, v.data, a.data)
        elif row.slopes is not None:
            a, b = v._a, v._b
            ta, tb = get(a), get(b)
            if ta is not None or tb is not None:
                da, db = row.slopes(FLOATS, v.data, a.data, b.data)
                tangents[v] = tb * db if ta is None else ta * da if tb is None else ta * da + tb * db
        elif row is not CHAIN:
            _push_any(v, row, tangents)
    return tangents


def _push_any(v: Any, row: Any, tangents: dict[Value, float]) -> None:
    ps = parents(v)
    if not any(p in tangents for p in ps):
        return
    if type(row) is ByHand:
        raise by_hand_error(v, _FORWARD)
    edges = zip(ps, row.edges(FLOATS, v.data, *[p.data for p in ps]), strict=True)
    arriving = [tangents[p] * factor for p, (factor, blocked) in edges if p in tangents and not blocked]
    if arriving:
        total = arriving[0]
        for tangent in arriving[1:]:  # not sum(), which is compensated from Python 3.12 on
            total += tangent
        tangents[v] = total


def pull_values(graph: Graph, seeds: dict[int, Value], xs: Iterable[Value]) -> dict[int, Value]:
    """Reverse mode whose adjoints are nodes.

    Behind a gate the adjoint is 0 where the gate is shut, but 0 * inf must not arise further on: so each product behind
    one is selected by the condition. The conditions are nodes too, and recompute decides them anew.

    Args:
        graph: what is between.
        seeds: the adjoints of the results, by their ids.
        xs: what the derivatives are wanted by; the sweep does not leave the ways to these.

    Raises:
        GraphError: an operation on the way was defined by hand.
    """
    leading = leading_to(graph, xs)
    adjoints: dict[int, Reached] = {i: (seed, None) for i, seed in seeds.items() if i in leading}
    with noting():
        for v in reversed(graph.order):
            if id(v) not in adjoints or not (id(v._a) in leading or id(v._b) in leading):
                continue
            if type(v._row) is ByHand:
                raise by_hand_error(v, _REVERSE)
            ps = parents(v)
            for p, (factor, blocked) in zip(ps, v._row.edges(VALUES, v, *ps), strict=True):
                if id(p) in leading and blocked is not True:
                    _arrive(adjoints, p, _along(adjoints[id(v)], factor, blocked))
    return {i: adjoint for i, (adjoint, _) in adjoints.items()}


def push_values(graph: Graph, seeds: dict[int, Value]) -> dict[int, Value]:
    """Forward mode whose tangents are nodes; gates are as in `pull_values`.

    Raises:
        GraphError: an operation on the way was defined by hand.
    """
    tangents: dict[int, Reached] = {i: (seed, None) for i, seed in seeds.items()}
    moving = _leading_from(graph, set(seeds))
    with noting():
        for v in graph.order:
            if id(v) not in moving or v._row is CHAIN:
                continue
            if type(v._row) is ByHand:
                raise by_hand_error(v, _FORWARD)
            ps = parents(v)
            for p, (factor, blocked) in zip(ps, v._row.edges(VALUES, v, *ps), strict=True):
                if id(p) in tangents and blocked is not True:
                    _arrive(tangents, v, _along(tangents[id(p)], factor, blocked))
    return {i: tangent for i, (tangent, _) in tangents.items()}


def leading_to(graph: Graph, xs: Iterable[Value]) -> set[int]:
    """The ids of the nodes through which the results depend on xs, and of xs themselves."""
    return _leading_from(graph, set(map(id, xs)))


def _leading_from(graph: Graph, leading: set[int]) -> set[int]:
    for v in graph.order:
        if id(v._a) in leading or id(v._b) in leading:
            leading.add(id(v))
    return leading


def _is_on_the_way(graph: Graph, v: Any, xs: Iterable[Value]) -> bool:
    leading = leading_to(graph, xs)
    return any(id(p) in leading for p in parents(v))


def _along(derivative: Reached, factor: Any, blocked: Any) -> Reached:
    """What arrives at the other end of an edge."""
    number, reached = derivative
    passes = reached if blocked is False else VALUES.where(blocked, 0.0, 1.0 if reached is None else reached)
    product = number if type(factor) is float and factor == 1.0 else number * factor
    if passes is None or (passes is reached and type(factor) is float and isfinite(factor)):
        return product, passes
    return VALUES.where(passes, product, 0.0), passes


def _arrive(derivatives: dict[int, Reached], v: Any, arriving: Reached) -> None:
    """Add what arrives at a node along one more edge."""
    if id(v) not in derivatives:
        derivatives[id(v)] = arriving
        return
    (first, reached), (second, passes) = derivatives[id(v)], arriving
    either = None if reached is None or passes is None else VALUES.where(reached, 1.0, passes)
    derivatives[id(v)] = first + second, either
