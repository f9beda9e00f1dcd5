"""The chain rule along a graph in both directions, kept in dictionaries of its own: nothing is written to the nodes.

Each direction exists twice. With numbers it is fast, and gives numbers. With Values it makes the derivatives nodes of
a graph, which can be differentiated again. All four read the same partials, those of the rows.
"""

from __future__ import annotations

from collections import defaultdict
from math import isfinite

from micrograd.errors import by_hand_error
from micrograd.node import CHAIN, NONE, ByHand, parents, verify
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
        order: the nodes that an operation made, each after its parents.
        has_others: whether there are leaves beside the variables and the constants, which someone may differentiate by.
    """

    def __init__(self, roots: Iterable[Value], variables: Iterable[Value] = ()):
        seen: set[Any] = {NONE, *variables}
        before = len(seen)
        order: list[Any] = []
        for root in roots:
            if root not in seen:
                _walk(root, seen, order)
        self.order = [v for v in order if v._a is not NONE]
        self.has_others = len(seen) - before > len(self.order)

    def verify(self) -> None:
        """Raise a StaleGraphError where numbers were changed after the graph was built."""
        verify(self.order, ADD, MUL)


def _walk(root: Any, seen: set[Any], order: list[Any]) -> None:
    """Add the nodes under root that have a row, parents first; and to `seen`, besides, the leaves but for constants."""
    path: list[Any] = []
    see, go_into, leave, done = seen.add, path.append, path.pop, order.append
    see(root)
    if root._row is None:
        return
    v = root
    while True:
        go_into(v)
        p = v._a
        if (p._row is not None or p._a != 'constant') and p not in seen:
            see(p)
            if p._row is not None:
                v = p
                continue
        while True:
            p = v._b
            if (p._row is not None or p._a != 'constant') and p not in seen:
                see(p)
                if p._row is not None:
                    v = p
                    break
            done(leave())
            if not path:
                return
            v = path[-1]


def pull_floats(graph: Graph, seeds: dict[Value, float], xs: Iterable[Value]) -> dict[Value, float]:
    """Reverse mode: from the adjoints of results to those of what they were computed from.

    Args:
        graph: what is between.
        seeds: the adjoints of the results.
        xs: what the derivatives are wanted by.

    Returns:
        The adjoints of xs, among others. What is not there was not reached: its derivative is 0.

    Raises:
        GraphError: an operation on the way was defined by hand.
    """
    adjoints: defaultdict[Any, float] = defaultdict(float, seeds)
    interior = {v: 0.0 for v in xs if v._row is not None}
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
    adjoints.update(interior)
    return adjoints


def push_floats(graph: Graph, tangents: dict[Value, float]) -> dict[Value, float]:
    """Forward mode: from the tangents of the variables to those of everything computed from them.

    Args:
        graph: what is between.
        tangents: those of the variables; what has none does not move. The dictionary receives the others.

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


def _push_any(v: Any, row: Any, tangents: dict[Any, float]) -> None:
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


def pull_values(graph: Graph, seeds: dict[Value, Value], xs: Iterable[Value]) -> dict[Value, Value]:
    """Reverse mode whose adjoints are nodes.

    Behind a gate the adjoint is 0 where the gate is shut, but 0 * inf must not arise further on: so each product behind
    one is selected by the condition. The conditions are nodes too, and recompute decides them anew.

    Args:
        graph: what is between.
        seeds: the adjoints of the results.
        xs: what the derivatives are wanted by; the sweep does not leave the ways to these.

    Raises:
        GraphError: an operation on the way was defined by hand.
    """
    leading = leading_to(graph, xs)
    adjoints: dict[Any, Reached] = {v: (seed, None) for v, seed in seeds.items() if v in leading}
    for v in reversed(graph.order):
        if v not in adjoints or not (v._a in leading or v._b in leading):
            continue
        if type(v._row) is ByHand:
            raise by_hand_error(v, _REVERSE)
        ps = parents(v)
        for p, (factor, blocked) in zip(ps, v._row.edges(VALUES, v, *ps), strict=True):
            if p in leading and blocked is not True:
                _arrive(adjoints, p, _along(adjoints[v], factor, blocked))
    return {v: adjoint for v, (adjoint, _) in adjoints.items()}


def push_values(graph: Graph, seeds: dict[Value, Value]) -> dict[Value, Value]:
    """Forward mode whose tangents are nodes; gates are as in `pull_values`.

    Raises:
        GraphError: an operation on the way was defined by hand.
    """
    tangents: dict[Any, Reached] = {v: (seed, None) for v, seed in seeds.items()}
    moving = leading_to(graph, seeds)
    for v in graph.order:
        if v not in moving or v._row is CHAIN:
            continue
        if type(v._row) is ByHand:
            raise by_hand_error(v, _FORWARD)
        ps = parents(v)
        for p, (factor, blocked) in zip(ps, v._row.edges(VALUES, v, *ps), strict=True):
            if p in tangents and blocked is not True:
                _arrive(tangents, v, _along(tangents[p], factor, blocked))
    return {v: tangent for v, (tangent, _) in tangents.items()}


def leading_to(graph: Graph, xs: Iterable[Value]) -> set[Any]:
    """The nodes through which the results depend on xs, and xs themselves."""
    leading: set[Any] = set(xs)
    for v in graph.order:
        if v._a in leading or v._b in leading:
            leading.add(v)
    return leading


def _is_on_the_way(graph: Graph, v: Any, xs: Iterable[Value]) -> bool:
    leading = leading_to(graph, xs)
    return any(p in leading for p in parents(v))


def _along(derivative: Reached, factor: Any, blocked: Any) -> Reached:
    """What arrives at the other end of an edge."""
    number, reached = derivative
    passes = reached if blocked is False else VALUES.where(blocked, 0.0, 1.0 if reached is None else reached)
    product = number if type(factor) is float and factor == 1.0 else number * factor
    if passes is None or (passes is reached and type(factor) is float and isfinite(factor)):
        return product, passes
    return VALUES.where(passes, product, 0.0), passes


def _arrive(derivatives: dict[Any, Reached], v: Any, arriving: Reached) -> None:
    """Add what arrives at a node along one more edge."""
    if v not in derivatives:
        derivatives[v] = arriving
        return
    (first, reached), (second, passes) = derivatives[v], arriving
    either = None if reached is None or passes is None else VALUES.where(reached, 1.0, passes)
    derivatives[v] = first + second, either
