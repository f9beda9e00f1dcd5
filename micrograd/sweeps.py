"""The chain rule along a graph in both directions, kept in dictionaries of its own: nothing is written to the nodes.

Nodes are told apart by their ids: a class of a program's own may compare its Values by their numbers. Each direction
exists twice. With numbers it is fast, and gives numbers. With Values it makes the derivatives nodes of
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
        seen = {id(NONE), *map(id, variables)}
        before = len(seen)
        order: list[Any] = []
        for root in roots:
            if id(root) not in seen:
                _walk(root, seen, order)
        self.order = [v for v in order if v._a is not NONE]
        self.has_others = len(seen) - before > len(self.order)

    def verify(self) -> None:
        """Raise a StaleGraphError where numbers were changed after the graph was built."""
        verify(self.order, ADD, MUL)


def _walk(root: Any, seen: set[int], order: list[Any]) -> None:
    """Add the nodes under root that have a row, parents first; and to `seen`, besides, the leaves but for constants."""
    path: list[Any] = []
    see, go_into, leave, done = seen.add, path.append, path.pop, order.append
    see(id(root))
    if root._row is None:
        return
    v = root
    while True:
        go_into(v)
        p = v._a
        if (p._row is not None or p._a != 'constant') and id(p) not in seen:
            see(id(p))
            if p._row is not None:
                v = p
                continue
        while True:
            p = v._b
            if (p._row is not None or p._a != 'constant') and id(p) not in seen:
                see(id(p))
                if p._row is not None:
                    v = p
                    break
            done(leave())
            if not path:
                return
            v = path[-1]


def pull_floats(graph: Graph, seeds: dict[int, float], xs: Iterable[Value]) -> dict[int, float]:
    """Reverse mode: from the adjoints of results to those of what they were computed from.

    Args:
        graph: what is between.
        seeds: the adjoints of the results, by their ids.
        xs: what the derivatives are wanted by.

    Returns:
        The adjoints of xs, among others, by id. What is not there was not reached: its derivative is 0.

    Raises:
        GraphError: an operation on the way was defined by hand.
    """
    adjoints: defaultdict[int, float] = defaultdict(float, seeds)
    interior = {id(v): 0.0 for v in xs if v._row is not None}
    take = adjoints.pop
    for v in reversed(graph.order):
        g = take(id(v), None)
        if g is None:  # only blocked edges led here: 0 * inf shall not arise
            continue
        if interior and id(v) in interior:
            interior[id(v)] = g
        row = v._row
        if row is ADD:
            adjoints[id(v._a)] += g
            adjoints[id(v._b)] += g
        elif row is MUL:
            a, b = v._a, v._b
            adjoints[id(a)] += g * b.data
            adjoints[id(b)] += g * a.data
        elif row.slope is not None:
            a = v._a
            adjoints[id(a)] += g * row.slope(FLOATS, v.data, a.data)
        elif row.slopes is not None:
            a, b = v._a, v._b
            da, db = row.slopes(FLOATS, v.data, a.data, b.data)
            adjoints[id(a)] += g * da
            adjoints[id(b)] += g * db
        elif row.forward:
            ps = parents(v)
            for p, (factor, blocked) in zip(ps, row.edges(FLOATS, v.data, *[p.data for p in ps]), strict=True):
                if not blocked:
                    adjoints[id(p)] += g * factor
        elif _is_on_the_way(graph, v, xs):
            raise by_hand_error(v, _REVERSE)
    adjoints.update(interior)
    return adjoints


def push_floats(graph: Graph, tangents: dict[int, float]) -> dict[int, float]:
    """Forward mode: from the tangents of the variables to those of everything computed from them.

    Args:
        graph: what is between.
        tangents: those of the variables, by their ids; what has none does not move. The dictionary receives the others.

    Raises:
        GraphError: an operation on the way was defined by hand.
    """
    get = tangents.get
    for v in graph.order:
        row = v._row
        if row is ADD:
            ta, tb = get(id(v._a)), get(id(v._b))
            if ta is not None:
                tangents[id(v)] = ta if tb is None else ta + tb
            elif tb is not None:
                tangents[id(v)] = tb
        elif row is MUL:
            a, b = v._a, v._b
            ta, tb = get(id(a)), get(id(b))
            if ta is not None:
                tangents[id(v)] = ta * b.data if tb is None else ta * b.data + tb * a.data
            elif tb is not None:
                tangents[id(v)] = tb * a.data
        elif row.slope is not None:
            a = v._a
            if (ta := get(id(a))) is not None:
                tangents[id(v)] = ta * row.slope(FLOATS, v.data, a.data)
        elif row.slopes is not None:
            a, b = v._a, v._b
            ta, tb = get(id(a)), get(id(b))
            if ta is not None or tb is not None:
                da, db = row.slopes(FLOATS, v.data, a.data, b.data)
                tangents[id(v)] = tb * db if ta is None else ta * da if tb is None else ta * da + tb * db
        elif row is not CHAIN:
            _push_any(v, row, tangents)
    return tangents


def _push_any(v: Any, row: Any, tangents: dict[int, float]) -> None:
    ps = parents(v)
    if not any(id(p) in tangents for p in ps):
        return
    if type(row) is ByHand:
        raise by_hand_error(v, _FORWARD)
    edges = zip(ps, row.edges(FLOATS, v.data, *[p.data for p in ps]), strict=True)
    arriving = [tangents[id(p)] * factor for p, (factor, blocked) in edges if id(p) in tangents and not blocked]
    if arriving:
        total = arriving[0]
        for tangent in arriving[1:]:  # not sum(), which is compensated from Python 3.12 on
            total += tangent
        tangents[id(v)] = total


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
