"""Gradients as a function: nothing is written to the graph, and what comes out can be differentiated again."""

from __future__ import annotations

from contextlib import nullcontext
from math import isfinite

from micrograd.context import no_grad
from micrograd.engine import Value
from micrograd.errors import by_hand_error
from micrograd.graph import topological
from micrograd.node import ByHand, verify
from micrograd.operations import VALUES
from micrograd.primitives import ADD, MUL

TYPE_CHECKING = False  # see context.py
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


def gradients(y: Value, xs: Iterable[Value], create_graph: bool = False) -> list[Value]:
    """The derivative of y by each of xs.

    Unlike `y.backward()` it neither reads nor writes any `.grad`, so that calls nest and threads may share a graph.

    Args:
        y: the result to differentiate.
        xs: leaves, or any other nodes; one that y does not depend on has the derivative 0.
        create_graph: make the derivatives nodes of a graph of their own, to be differentiated, drawn or recomputed.

    Returns:
        One Value for each of xs, in order.

    Raises:
        StaleGraphError: numbers were changed after the graph was built from them.
        GraphError: an operation on the way was defined by hand, so its derivative is not known.

    >>> x = Value(2.0)
    >>> (dx,) = gradients(x**3, [x], create_graph=True)
    >>> (ddx,) = gradients(dx, [x])
    >>> dx.data, ddx.data
    (12.0, 12.0)
    """
    xs = _targets(y, xs)
    order = topological([y])
    verify([v for v in order if v._prev], ADD, MUL)
    with nullcontext() if create_graph else no_grad():
        adjoints = _sweep(y, order, _leading_to(xs, order))
    return [adjoints[id(x)][0] if id(x) in adjoints else Value(0.0) for x in xs]


def _targets(y: Any, xs: Any) -> list[Value]:
    if isinstance(xs, Value):
        raise TypeError('gradients() takes a list of Values. Wrong: gradients(y, x). Right: gradients(y, [x])')
    targets: list[Value] = list(xs)
    for v in (y, *targets):
        if not isinstance(v, Value):
            raise TypeError(f'gradients() differentiates a Value by Values, not {type(v).__name__}: {v!r:.60}')
    return targets


def _leading_to(xs: list[Value], order: list[Value]) -> set[int]:
    """The ids of the nodes through which y depends on xs."""
    leading = {id(x) for x in xs}
    for v in order:
        if any(id(p) in leading for p in v._prev):
            leading.add(id(v))
    return leading


def _sweep(y: Value, order: list[Value], leading: set[int]) -> dict[int, tuple[Value, Any]]:
    """For each node that the sweep comes to: its adjoint, and the condition that it is reached at all (None: always).

    Behind a gate the adjoint is 0 where the gate is shut, but 0 * inf must not arise further on: so each product behind
    one is selected by the condition. The conditions are nodes too, and recompute decides them anew.
    """
    adjoints: dict[int, tuple[Value, Any]] = {id(y): (Value(1.0), None)} if id(y) in leading else {}
    for v in reversed(order):
        if id(v) not in adjoints or not any(id(p) in leading for p in v._prev):
            continue
        if type(v._row) is ByHand:
            raise by_hand_error(v, 'gradients()')
        adjoint, reached = adjoints[id(v)]
        for p, (factor, blocked) in zip(v._prev, v._row.edges(VALUES, v, *v._prev), strict=True):
            if id(p) not in leading or blocked is True:
                continue
            passes = reached if blocked is False else VALUES.where(blocked, 0.0, 1.0 if reached is None else reached)
            arriving = (_product(adjoint, factor, passes, behind=reached), passes)
            adjoints[id(p)] = _both(adjoints[id(p)], arriving) if id(p) in adjoints else arriving
    return adjoints


def _product(adjoint: Value, factor: Any, passes: Any, *, behind: Any) -> Value:
    product = adjoint if type(factor) is float and factor == 1.0 else adjoint * factor
    if passes is None or (passes is behind and type(factor) is float and isfinite(factor)):
        return product
    selected: Value = VALUES.where(passes, product, 0.0)
    return selected


def _both(first: tuple[Value, Any], second: tuple[Value, Any]) -> tuple[Value, Any]:
    """What arrives at a node along two edges."""
    if first[1] is None or second[1] is None:
        return first[0] + second[0], None
    return first[0] + second[0], VALUES.where(first[1], 1.0, second[1])
