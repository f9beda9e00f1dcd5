"""Central differences against the graph's own gradients: the slow alternative, which needs no calculus at all.

A difference of two results is off for two reasons. It is a chord, not a tangent: that error shrinks with the step. And
both results were rounded: that error grows as the step shrinks. So the step is sought, from wide to narrow, where the
two together are least, and that least error is how far the difference may be from the gradient.
"""

from __future__ import annotations

from collections import namedtuple
from functools import partial
from math import inf, isfinite, nan, ulp

from micrograd.context import enable_grad, watched_by
from micrograd.engine import Value
from micrograd.graph import topological
from micrograd.transforms import gradients

TYPE_CHECKING = False  # see context.py
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import Any

WIDEST = 0.125  # the first step, for a number of size 1
NARROWER = 8.0  # how many times as narrow each step is as the one before
STEPS = 16
FINEST = 8.0**-6  # part of the number itself that the narrowest step is at most, however many steps that takes
WORSE = 3  # steps without progress, after which no narrower one is tried …
ENOUGH = 1e-6  # … if the error is below that part of the derivative
VAGUE = 0.1  # part of the derivative: an error above that says nothing of how good the estimate is
MARGIN = 8.0  # times the rounding to first order, which later operations may add to


class Entry(namedtuple('Entry', 'node label analytic numeric tolerance left right')):
    """One derivative, seen twice.

    Args:
        node: the Value that was changed: a leaf with the number of the input, or the parameter itself.
        label: its label, or where it stands: 'input 0', 'layers.0.neurons.1.w.2'.
        analytic: by the chain rule.
        numeric: by differences.
        tolerance: how far apart they may be, from the errors of the differences.
        left: at a kink, the slope below it; nan where there is none.
        right: the slope above it.
    """

    __slots__ = ()

    @property
    def kink(self) -> bool:
        """Whether the slope jumps there, so that any number between the two is one."""
        return bool(self.left == self.left)

    @property
    def agrees(self) -> bool:
        """Whether the two are as close as they should be, at a kink to any slope there; nan agrees with nothing."""
        if self.kink:
            low, high = sorted((self.left, self.right))
            return bool(low - self.tolerance <= self.analytic <= high + self.tolerance)
        return bool(abs(self.analytic - self.numeric) <= self.tolerance)

    @property
    def ulps(self) -> float:
        """How far apart they are, in units of the last place of the numeric one; inf where one is nan."""
        apart = abs(self.analytic - self.numeric)
        return apart / ulp(self.numeric) if isfinite(apart) else inf

    @property
    def verdict(self) -> str:
        """What there is to say about it, if anything."""
        if self.tolerance == inf:
            return 'has no differences: the function is not finite on both sides, however near'
        kink = f'at a kink: the slope is {self.left:.4g} below, {self.right:.4g} above' if self.kink else ''
        if self.agrees:
            return kink
        if not kink and self.tolerance > VAGUE * max(abs(self.numeric), abs(self.analytic)):
            return 'differs, and no difference is like another: the function may jump here'
        return f'differs, {kink}' if kink else 'differs'

    @property
    def badness(self) -> float:
        """How many times the tolerance they are apart: above 1 they differ. At a kink from the nearest slope there."""
        if self.kink and self.agrees:
            return 0.0
        apart = abs(self.analytic - self.numeric)
        return inf if apart != apart else apart / self.tolerance if self.tolerance else inf if apart else 0.0


class GradCheck:
    """What gradcheck found: true where every derivative agrees.

    Args:
        entries: one for each input or parameter, in order.
    """

    def __init__(self, entries: tuple[Entry, ...]):
        self.entries = entries

    def __bool__(self) -> bool:
        return all(entry.agrees for entry in self.entries)

    @property
    def worst(self) -> Entry:
        """The entry whose two derivatives are the most tolerances apart."""
        return max(self.entries, key=lambda entry: entry.badness)

    @property
    def kinks(self) -> list[Entry]:
        """The entries at which the slope jumps."""
        return [entry for entry in self.entries if entry.kink]

    def __str__(self) -> str:
        width = max(5, *(len(entry.label) for entry in self.entries))
        lines = [f'{"":>{width}}  {"analytic":>23}  {"numeric":>23}  {"tolerance":>9}  {"ulps":>8}']
        for entry in self.entries:
            numbers = f'{entry.analytic:>23.16g}  {entry.numeric:>23.16g}  {entry.tolerance:>9.1e}  {entry.ulps:>8.1e}'
            lines.append(f'{entry.label:>{width}}  {numbers}  {entry.verdict}'.rstrip())
        if not self:
            lines.append(f'the worst is {self.worst.label}: {self.worst.badness:.1e} times the tolerance apart')
        return '\n'.join(lines)


def gradcheck(f: Any, inputs: Any, example: Any = None) -> GradCheck:
    """Compare the gradient of a function, or of a model's loss, with central differences.

    `gradcheck(f, inputs)` is by the inputs of a function. `gradcheck(model, loss, example)` is by the parameters of a
    model, for the loss of one example; they are changed one at a time, and put back.

    The step is chosen for each input, and the tolerance follows from the errors of the difference: of the chord, from
    differences with two steps; of rounding, from the derivatives by every number on the way. Where the slope jumps, as
    that of relu at 0, the entry says so, and agrees with any slope between the two; an input very close to a kink may
    be taken for one on it.

    Args:
        f: takes as many Values as there are inputs, and gives one; or a Module.
        inputs: numbers or Values; with an example the loss, a name in `losses` or a function (output, target) -> Value.
        example: a pair (x, y).

    Returns:
        A GradCheck, which is true or false, and prints itself.

    Raises:
        TypeError: what f or the loss gives is no Value.
        ValueError: an input or a parameter is nan or infinite, or there is none.

    Source: Nielsen, Neural Networks and Deep Learning, chapter 2, equation (46), made central; the extrapolation is
    Ridders, Accurate computation of F'(x) and F'(x) F''(x) (1982).

    >>> bool(gradcheck(lambda x, y: (x * y).tanh(), [0.5, -1.25]))
    True
    >>> bool(gradcheck(lambda x: x * x.data, [3.0]))
    False
    >>> print(gradcheck(lambda x: x.relu(), [0.0]).entries[0].verdict)
    at a kink: the slope is 0 below, 1 above
    """
    with enable_grad(), watched_by(None):  # differences may step to where f is nan
        return _of_function(f, inputs) if example is None else _of_model(f, inputs, example)


def gradgradcheck(f: Callable[..., Value], inputs: Sequence[Any]) -> GradCheck:
    """Compare the second derivatives of a function with central differences of its gradient.

    Args:
        f: takes as many Values as there are inputs, and gives one.
        inputs: numbers or Values.

    Returns:
        A GradCheck with an entry for each pair of inputs: the derivative by the first, differentiated by the second.

    Raises:
        TypeError: what f gives is no Value.
        ValueError: an input is nan or infinite, or there is none.

    >>> bool(gradgradcheck(lambda x, y: x**2 * y, [0.5, -1.25]))
    True
    """
    inputs = _listed(inputs)

    def slope(i: int, *xs: Value) -> Value:
        return gradients(_result(f(*xs)), xs, create_graph=True)[i]

    entries: list[Entry] = []
    for i in range(len(inputs)):
        found = gradcheck(lambda *xs, i=i: slope(i, *xs), inputs)
        entries += (entry._replace(label=f'{found.entries[i].label}, {entry.label}') for entry in found.entries)
    if not entries:
        raise ValueError('gradgradcheck needs finite inputs to step from, not []')
    return GradCheck(tuple(entries))


# Functions and models ------------------------------------------------------------------------------------------------


def _of_function(f: Callable[..., Value], inputs: Any) -> GradCheck:
    given = _listed(inputs)
    leaves = [Value(x.data if isinstance(x, Value) else x) for x in given]
    labels = [(isinstance(x, Value) and x.label) or f'input {i}' for i, x in enumerate(given)]
    _check_finite([leaf.data for leaf in leaves])

    def result(i: int, number: float) -> float:
        changed = [Value(number if j == i else leaf.data) for j, leaf in enumerate(leaves)]
        return _result(f(*changed)).data

    return _compared(_result(f(*leaves)), leaves, labels, result)


def _of_model(model: Any, loss: Any, example: Any) -> GradCheck:
    from micrograd import losses  # which stands on much that a function does not need

    function = losses.by_name(loss)
    x, y = example
    named = list(model.named_parameters())
    parameters = [p for _, p in named]
    _check_finite([p.data for p in parameters])

    def result(i: int, number: float) -> float:
        before = parameters[i].data
        parameters[i].data = number
        try:
            return _result(function(model(x), y)).data
        finally:
            parameters[i].data = before

    names = [p.label or name for name, p in named]
    return _compared(_result(function(model(x), y)), parameters, names, result)


def _listed(inputs: Any) -> list[Any]:
    if isinstance(inputs, str) or not hasattr(inputs, '__iter__'):
        raise TypeError(
            f'gradcheck takes a list of inputs, not {inputs!r:.60}. Wrong: gradcheck(f, 2.0), gradcheck(model, loss). '
            'Right: gradcheck(f, [2.0]), gradcheck(model, loss, (x, y))'
        )
    return list(inputs)


def _check_finite(numbers: list[float]) -> None:
    if not numbers or not all(map(isfinite, numbers)):
        raise ValueError(f'gradcheck needs finite inputs to step from, not {numbers}')


def _result(y: Any) -> Value:
    if not isinstance(y, Value):
        raise TypeError(f'gradcheck needs a function that gives one Value, not {type(y).__name__}: {y!r:.60}')
    return y


def _compared(
    y: Value, leaves: Sequence[Value], labels: Sequence[str], result: Callable[[int, float], float]
) -> GradCheck:
    slopes, rounding = gradients(y, leaves), _rounding(y)
    return GradCheck(
        tuple(
            Entry(leaf, label, slope.data, *_differentiated(partial(result, i), leaf.data, rounding))
            for i, (leaf, label, slope) in enumerate(zip(leaves, labels, slopes, strict=True))
        )
    )


def _rounding(y: Value) -> float:
    """How far off y may be since every number on the way was rounded, to first order, with a margin.

    An operation's result is off by half a unit in its last place, or a little more; what that does to y, its derivative
    says.
    """
    made = [v for v in topological([y]) if v._prev]
    total = ulp(y.data)
    for v, slope in zip(made, gradients(y, made), strict=True):
        moved = ulp(v.data) * abs(slope.data)
        total += moved if isfinite(moved) else 0.0
    return MARGIN * total


# Differences ---------------------------------------------------------------------------------------------------------


def _differentiated(f: Callable[[float], float], x: float, rounding: float) -> tuple[float, float, float, float]:
    """The derivative by differences, how far it may be off, and at a kink the slopes on both sides, else nan."""
    here, best = f(x), (nan, inf, nan, nan)
    since = 0  # the best step
    chord, jump = nan, nan  # with the step before
    for h, below, above in _steps(f, x):
        slope, sides = (above - below) / (2 * h), ((here - below) / h, (above - here) / h)
        error = (rounding + MARGIN * ulp(max(abs(below), abs(above)))) / h
        if isfinite(chord):
            numeric = slope + (slope - chord) / (NARROWER**2 - 1)  # the error of a chord is that of h**2
            left, right = sides if _is_kink(sides, jump, error) else (nan, nan)
            found = (numeric, abs(slope - chord) + error, left, right)
            best, since = (found, 0) if _doubt(found) < _doubt(best) else (best, since + 1)
        chord, jump = slope, abs(sides[1] - sides[0])
        if since >= WORSE and best[1] <= ENOUGH * abs(best[0]):
            break
    return best


def _doubt(found: tuple[float, ...]) -> tuple[float, float]:
    """What the best estimate has least of: the error compared to the number, or by itself where that says nothing.

    A step that is much too wide may have a small error by itself, as chords of a steep wave are nearly level.
    """
    numeric, error, *_ = found
    is_telling = error <= VAGUE * abs(numeric)
    return (error / abs(numeric) if is_telling and numeric else 0.0 if is_telling else VAGUE), error


def _steps(f: Callable[[float], float], x: float) -> Iterator[tuple[float, float, float]]:
    """Steps from wide to narrow, as the floats beside x allow, with f on both sides; none where f leaves the reals."""
    h = WIDEST * max(1.0, abs(x))
    narrowest = h / NARROWER**STEPS
    if x:
        narrowest = min(narrowest, FINEST * abs(x))
    while h > narrowest:
        above = x + h
        step = above - x
        below = x - step
        if 0.0 < step < inf and x - below == step:
            low, high = f(below), f(above)
            if isfinite(low) and isfinite(high):
                yield step, low, high
        h /= NARROWER


def _is_kink(sides: tuple[float, float], jump: float, error: float) -> bool:
    """Whether the slopes below and above stay as far apart as the step shrinks.

    Those of a smooth function meet; those at a jump part.
    """
    apart = abs(sides[1] - sides[0])
    return 0.5 * jump < apart < 2.0 * jump and apart > MARGIN * error
