"""The Value that a compiled cost is: one node, whose parents are the parameters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from micrograd import context
from micrograd.engine import Value
from micrograd.errors import GraphError
from micrograd.node import blank, link
from micrograd.operators import settle
from micrograd.primitives import FLOATS

Solve = Callable[[Sequence[float]], tuple[float, list[float]]]


class CostRow:
    """The operation of a cost that is computed natively: what `Row` is for the operations of the table.

    Args:
        parameters: the leaves that it depends on.
        solve: computes the cost and its derivative by each of them, for numbers of theirs.
    """

    # What backward() and pictures ask of a row, besides its name: it has no formula, and any number of arguments.
    name = symbol = 'cost'
    latex = 'C'
    arity = slope = slopes = blocked = value = None
    lists = 1
    condition = False

    def __init__(self, parameters: Sequence[Value], solve: Solve):
        self._solve = solve
        numbers = [p.data for p in parameters]
        self._numbers = _bits(numbers)
        self._value, self._slopes = solve(numbers)

    def forward(self, *numbers: float) -> float:
        """The cost; computed again, with its derivatives, if the numbers of the parameters have changed."""
        if _bits(numbers) != self._numbers:
            self._numbers = _bits(numbers)
            self._value, self._slopes = self._solve(numbers)
        return self._value

    def edges(self, o: Any, z: Any, *xs: Any) -> Iterator[tuple[float, bool]]:
        """For each parameter the derivative by it."""
        if o is not FLOATS:
            raise GraphError(
                'the derivatives of a compiled cost are numbers, not part of a graph, so they cannot be differentiated '
                'again. Right: gradients of the cost written in Values, or compile(f).hessian(X) by the inputs'
            )
        return iter([(slope, False) for slope in self._slopes])


def _bits(numbers: Sequence[float]) -> bytes:
    """What tells numbers apart, 0.0 and -0.0 too, and leaves nan what it is."""
    return np.array(numbers, dtype=np.float64).tobytes()


def cost_value(parameters: Sequence[Value], solve: Solve) -> Value:
    """The node of a compiled cost: see `CostRow` for the arguments."""
    row = CostRow(parameters, solve)
    v: Value = blank(Value, row.forward(*[p.data for p in parameters]))
    link(v, row, tuple(parameters))
    if context.open_contexts:
        settle(v)
    return v
