"""A small change of one number, followed to the cost: what the demon in the machine does."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from micrograd.chapter.differences import ForwardPass, check_depends, nonzero
from micrograd.graph import paths

if TYPE_CHECKING:
    from collections.abc import Iterable

    from micrograd.engine import Value

__all__ = ['Nudge', 'demon', 'nudges']


@dataclass(frozen=True, slots=True, kw_only=True)
class Nudge:
    """What came of a change: see `demon`.

    Args:
        value: what was changed.
        cost: what changed with it.
        change: by how much the value was changed, Delta z.
        slope: dC/dz; where z is the weighted input of a neuron, its error delta.
        actual: by how much the cost changed, Delta C.
    """

    value: Value = field(repr=False)
    cost: Value = field(repr=False)
    change: float
    slope: float
    actual: float

    @property
    def predicted(self) -> float:
        """By how much the cost was to change: dC/dz times Delta z."""
        return self.slope * self.change

    @property
    def error(self) -> float:
        """How far the prediction is off: it shrinks with the square of the change, until rounding is all there is."""
        return self.actual - self.predicted

    def __str__(self) -> str:
        from micrograd.render.view import short_number as number  # loaded when it is first printed

        z, C = self.value.label or self.value._op or 'v', self.cost.label or 'C'
        return (
            f'Δ{z} = {number(self.change)}: ∂{C}/∂{z} · Δ{z} = {number(self.slope)} · {number(self.change)} '
            f'= {number(self.predicted)}, and Δ{C} = {number(self.actual)}'
        )


def demon(value: Value, cost: Value, change: float = 1e-3) -> Nudge:
    """Add a little to any number on the way to a cost, and compare what happens with what its slope says.

    The demon of the chapter sits at a neuron, and adds Delta z to its weighted input z: the cost then changes by about
    delta Delta z. The number may as well be a weight, an activation or any other node, and the cost any Value that
    depends on it. Nothing is changed in the graph.

    Args:
        value: what is changed; its parents are not asked.
        cost: what changes with it.
        change: by how much.

    Raises:
        DataError: the change is 0, nan or infinite.
        GraphError: the cost does not depend on the value, or an operation was defined by hand.

    >>> from micrograd import Value
    >>> x = Value(2.0, label='x')
    >>> z = 3.0 * x + 1.0
    >>> C = z**2
    >>> z.label, C.label = 'z', 'C'
    >>> print(demon(z, C, 0.01))
    Δz = 0.01: ∂C/∂z · Δz = 14 · 0.01 = 0.14, and ΔC = 0.1401

    Source: Nielsen, Neural Networks and Deep Learning, chapter 2, "The four fundamental equations behind
    backpropagation", on the demon; equation (47) for weights.
    """
    (nudge,) = nudges(value, cost, [change])
    return nudge


def nudges(value: Value, cost: Value, changes: Iterable[float]) -> list[Nudge]:
    """The same for several changes, each by itself: see `demon`."""
    forward = ForwardPass(cost)
    check_depends(cost, [value])
    slope = paths(value, cost).total  # which knows the slopes of a compiled cost, too
    before = forward({})
    return [
        Nudge(
            value=value,
            cost=cost,
            change=step,
            slope=slope,
            actual=forward({value: value.data + step}) - before,
        )
        for step in (nonzero(change, 'change') for change in changes)
    ]
