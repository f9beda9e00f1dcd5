"""Central differences against the graph's own gradients: the slow alternative, which needs no calculus at all."""

from __future__ import annotations

from collections import namedtuple
from math import isfinite
from sys import float_info

from micrograd.engine import Value
from micrograd.transforms import gradients

TYPE_CHECKING = False  # see context.py
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

STEP = float_info.epsilon ** (1 / 3)  # where the error of the formula and that of rounding are about equal


class Entry(namedtuple('Entry', 'analytic numeric tolerance')):
    """One derivative, seen twice.

    Args:
        analytic: by the chain rule.
        numeric: by central differences.
        tolerance: how far apart they may be, from the errors of the differences.
    """

    __slots__ = ()

    @property
    def agrees(self) -> bool:
        """Whether the two are as close as they should be; nan agrees with nothing."""
        return bool(abs(self.analytic - self.numeric) <= self.tolerance)


class GradCheck:
    """What gradcheck found: true where every derivative agrees.

    Args:
        entries: one for each input, in order.
    """

    def __init__(self, entries: tuple[Entry, ...]):
        self.entries = entries

    def __bool__(self) -> bool:
        return all(entry.agrees for entry in self.entries)

    def __str__(self) -> str:
        lines = [f'{"input":>5}  {"analytic":>23}  {"numeric":>23}  {"tolerance":>9}']
        for i, entry in enumerate(self.entries):
            verdict = '' if entry.agrees else '  differs'
            lines.append(f'{i:>5}  {entry.analytic:>23.16g}  {entry.numeric:>23.16g}  {entry.tolerance:>9.1e}{verdict}')
        return '\n'.join(lines)


def gradcheck(f: Callable[..., Value], inputs: Sequence[Any]) -> GradCheck:
    """Compare the gradient of f with central differences, (f(x + h) - f(x - h)) / 2h, input by input.

    Args:
        f: takes as many Values as there are inputs, and gives one.
        inputs: numbers or Values, where f is smooth: at a kink the two need not agree.

    Returns:
        A GradCheck, which is true or false.

    Raises:
        ValueError: an input is nan or infinite, or there is none.

    Source: Nielsen, Neural Networks and Deep Learning, chapter 2, equation (14), made central.

    >>> bool(gradcheck(lambda x, y: (x * y).tanh(), [0.5, -1.25]))
    True
    >>> bool(gradcheck(lambda x: x * x.data, [3.0]))
    False
    """
    numbers = [x.data if isinstance(x, Value) else Value(x).data for x in inputs]
    if not numbers or not all(map(isfinite, numbers)):
        raise ValueError(f'gradcheck needs finite inputs to step from, not {numbers}')
    leaves = [Value(x) for x in numbers]
    slopes = gradients(_result(f(*leaves)), leaves)
    return GradCheck(tuple(_compare(f, numbers, i, slope.data) for i, slope in enumerate(slopes)))


def _result(y: Any) -> Value:
    if not isinstance(y, Value):
        raise TypeError(f'gradcheck needs a function that gives one Value, not {type(y).__name__}: {y!r:.60}')
    return y


def _compare(f: Callable[..., Value], numbers: list[float], i: int, analytic: float) -> Entry:
    h = STEP * max(1.0, abs(numbers[i]))
    near, size = _difference(f, numbers, i, h)
    far, _ = _difference(f, numbers, i, 2.0 * h)
    rounding = 16.0 * float_info.epsilon * size / h
    return Entry(analytic, near, 2.0 * abs(far - near) + rounding + 1e-7 * abs(near))


def _difference(f: Callable[..., Value], numbers: list[float], i: int, h: float) -> tuple[float, float]:
    """The central difference, and the size of the numbers that were subtracted."""
    above, below = numbers[i] + h, numbers[i] - h
    ys = [f(*[Value(x) for x in (*numbers[:i], moved, *numbers[i + 1 :])]).data for moved in (above, below)]
    return (ys[0] - ys[1]) / (above - below), max(map(abs, ys))
