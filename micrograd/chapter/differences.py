"""Derivatives by finite differences, the slow alternative: one forward pass a weight."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from micrograd.checks import finite
from micrograd.engine import Value
from micrograd.errors import DataError, GraphError, by_hand_error
from micrograd.graph import topological
from micrograd.node import ByHand, parents

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ['EPSILON', 'ForwardPass', 'finite_differences']

EPSILON = 1e-6  # the change, unless it is said


class ForwardPass:
    """The forward pass of a graph as a function of the numbers of some of its nodes. The graph is left as it is.

    Args:
        root: what is computed.

    Raises:
        GraphError: an operation was defined by hand, so its forward pass is not known.

    >>> x = Value(3.0)
    >>> y = x * x
    >>> ForwardPass(y)({x: 5.0}), y.data
    (25.0, 9.0)
    """

    def __init__(self, root: Value):
        self.root = root
        self._steps = [(v, parents(v)) for v in topological([root])]
        for v, operands in self._steps:
            if operands and type(v._row) is ByHand:
                raise by_hand_error(v, 'a forward pass with other numbers')

    def __call__(self, numbers: Mapping[Value, float]) -> float:
        """The root's number, were these nodes other numbers; interior ones too, whatever their parents say."""
        held = {id(v): float(number) for v, number in numbers.items()}
        found: dict[int, float] = {}
        for v, operands in self._steps:
            key = id(v)
            if key in held:
                found[key] = held[key]
            elif operands:
                found[key] = v._row.forward(*[found[id(p)] for p in operands])
            else:
                found[key] = v.data
        return found[id(self.root)]


def finite_differences(cost: Value, parameters: Iterable[Value], epsilon: float = EPSILON) -> list[float]:
    """The derivative of a cost by each parameter, from one more forward pass for each.

    It is (C(w + epsilon) - C(w)) / epsilon: how one would do without backpropagation. It takes as many passes as there
    are parameters, and half of the digits are lost; `gradcheck` compares with better differences.

    Args:
        cost: the cost C, with its graph, which is left as it is.
        parameters: leaves, or any other nodes of the graph.
        epsilon: the change of each, in turn.

    Returns:
        A number for each parameter, in order.

    Raises:
        DataError: epsilon is 0, nan or infinite, or too small to change a parameter.
        GraphError: an operation was defined by hand, or the cost depends on none of the parameters.

    >>> w, x = Value(3.0), Value(2.0)
    >>> C = (w * x - 1.0) ** 2
    >>> [round(slope, 3) for slope in finite_differences(C, [w, x])]
    [20.0, 30.0]

    Source: Nielsen, Neural Networks and Deep Learning, chapter 2, "In what sense is backpropagation a fast algorithm?",
    equation (46).
    """
    step, leaves = nonzero(epsilon, 'epsilon'), list(parameters)
    forward = ForwardPass(cost)
    check_depends(cost, leaves)
    before = forward({})
    differences = []
    for w in leaves:
        changed, moved = moved_by(w.data, step)
        differences.append((forward({w: changed}) - before) / moved)
    return differences


def check_depends(cost: Value, leaves: list[Value]) -> None:
    """That the cost has a graph with at least one of them in it."""
    ids = {id(v) for v in topological([cost])}
    if leaves and ids.isdisjoint(map(id, leaves)):
        raise GraphError(
            'the cost does not depend on what is to be changed, or was computed without a graph. '
            'Wrong: C = cost(model(x).data), with no_grad(): C = … Right: C = cost(model(x))'
        )


def moved_by(number: float, step: float) -> tuple[float, float]:
    """A number after a change, and by how much it has really changed: floats are apart.

    Raises:
        DataError: it has not changed at all.

    >>> moved_by(1.0, 0.5)
    (1.5, 0.5)
    """
    changed = number + step
    if changed == number:
        raise DataError(f'{number} + {step} is {changed}: the change is lost in rounding. Right: a larger epsilon')
    return changed, changed - number


def nonzero(change: Any, name: str) -> float:
    """Check that a change is one."""
    checked = finite(change, name)
    if checked == 0.0:
        raise DataError(f'{name} is 0, so nothing would change. Right: {name}=1e-6')
    return checked
