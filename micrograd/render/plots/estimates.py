"""How good the estimate ΔC ≈ ∂C/∂w Δw is, for changes of every size."""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any

from micrograd.chapter.nudges import nudges
from micrograd.context import enable_grad
from micrograd.errors import DataError
from micrograd.graph import paths
from micrograd.render.plots.figures import COLOURS, GREY, INK, new_figure, styled, written
from micrograd.render.view import legible
from micrograd.transforms import gradients

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from micrograd.chapter.nudges import Nudge
    from micrograd.engine import Value

__all__ = ['linear_estimate']

CHANGES = tuple(sign * 10 ** (-halves / 2) for halves in range(17) for sign in (1.0, -1.0))  # from 1 down to 1e-8
LONGEST_NAME = 12
LOOKS: dict[float, dict[str, Any]] = {  # of the points, by the sign of the change
    1.0: {'s': 34, 'color': COLOURS[0], 'marker': 'o', 'linewidths': 0},
    -1.0: {'s': 34, 'color': COLOURS[1], 'marker': 'x', 'linewidths': 1.6},
}
BAND = '#e3e6ea'
FURTHEST = 1e200  # of what is shown: beyond it, matplotlib's scales overflow


def linear_estimate(w: Value, cost: Value, changes: Iterable[float] = CHANGES) -> Figure:
    """Plot how far the estimate ΔC ≈ ∂C/∂w Δw is off, against Δw, both on logarithmic scales.

    The line is no fit: it is what Taylor's theorem says of the error, half of the second derivative times Δw². It rises
    two decades for each decade of Δw. Small changes leave it, since a difference of two costs has no more digits than
    the costs have: in the grey band all that is seen is rounding. The band reaches as high as the rounding of every
    number between w and C can move the difference after a small change. An error of exactly 0, which has no place on
    the scale, is a mark at the foot; one that is nan or beyond 1e200 is a mark at the top.

    Args:
        w: what is changed: a weight, or any other Value on which C depends.
        cost: C, with its graph, which is left as it is.
        changes: each Δw, positive or negative.

    Returns:
        A figure, which a notebook shows; `save_figure` writes it to a file.

    Raises:
        DataError: there are no changes, or one is 0, nan or infinite.
        GraphError: the cost does not depend on w, or an operation was defined by hand.
        MissingDependencyError: matplotlib is not installed.

    >>> from micrograd import Value
    >>> w = Value(0.5, label='w')
    >>> figure = linear_estimate(w, (3.0 * w - 1.0) ** 2, changes=[0.1, 0.01, -0.01])
    >>> [text.get_text() for text in figure.legends[0].get_texts()]
    ['Δw > 0', 'Δw < 0', 'half the second derivative: 9 (Δw)²', 'rounding']

    Source: Nielsen, Neural Networks and Deep Learning, chapter 2, equation (47).
    """
    found = nudges(w, cost, changes)
    if not found:
        raise DataError('there are no changes to plot. Right: linear_estimate(w, C, changes=[0.1, 0.01, 0.001])')
    x, y = (legible(label, LONGEST_NAME).replace('$', r'\$') for label in (w.label or 'w', cost.label or 'C'))
    rounding = _rounding(w, cost)
    with styled():
        figure: Figure = new_figure(6.6, 4.4)
        axes: Any = figure.subplots()
        axes.set(xscale='log', yscale='log')
        _set_limits(axes, found, rounding)
        _draw_errors(axes, found, x)
        _draw_parabola(axes, found, _curvature(w, cost) / 2, x)
        if 0.0 < rounding < math.inf:
            axes.axhspan(0.0, rounding, color=BAND, zorder=0, label='rounding')
        _draw_marks(axes, found)
        axes.set(xlabel=f'|Δ{x}|', ylabel=f'|Δ{y} − ∂{y}/∂{x} Δ{x}|')
        axes.set_title(f'Δ{y} ≈ ∂{y}/∂{x} Δ{x}: how far the estimate is off')
        axes.grid(color='#d3d8de', linewidth=0.6)
        figure.legend(loc='outside lower center', ncols=2)
    return figure


def _curvature(w: Value, cost: Value) -> float:
    """The size of the second derivative."""
    with enable_grad():
        (slope,) = gradients(cost, [w], create_graph=True)
    return abs(gradients(slope, [w])[0].data)


def _rounding(w: Value, cost: Value) -> float:
    """How much rounding can move the difference of two costs, to first order.

    Each number between w and C may be off by half a unit in its last place, in both of the forward passes; what that
    does to C its derivative says.
    """
    way, most = paths(w, cost), 0.0
    for v, slope in zip(way.nodes, way.adjoints, strict=True):
        most += abs(slope * v.data) if slope else 0.0
    return sys.float_info.epsilon * most


def _draw_errors(axes: Axes, found: Sequence[Nudge], name: str) -> None:
    """A disc for each change upwards, a cross for each one downwards."""
    for sign, look in LOOKS.items():
        seen = [n for n in found if n.change * sign > 0]
        shown = [n for n in seen if _edge(n) is None]
        if seen:
            sizes, errors = [abs(n.change) for n in shown], [abs(n.error) for n in shown]
            axes.scatter(sizes, errors, label=f'Δ{name} {"<>"[sign > 0]} 0', zorder=3, **look)


def _draw_parabola(axes: Axes, found: Sequence[Nudge], half: float, name: str) -> None:
    """The error that Taylor's theorem expects, which is a straight line here."""
    if not 0.0 < half < math.inf:
        return
    ends = [pick(abs(n.change) for n in found) for pick in (min, max)]
    label = f'half the second derivative: {written(half)} (Δ{name})²'
    axes.plot(ends, [half * end * end for end in ends], color=INK, linewidth=1.2, label=label, zorder=2)


def _set_limits(axes: Axes, found: Sequence[Nudge], rounding: float) -> None:
    """From below what is drawn to above it: the line ends far below the band, which says nothing."""
    shown = [abs(n.error) for n in found if _edge(n) is None]
    levels = [*shown, rounding] if 0.0 < rounding < math.inf else shown
    sizes = [abs(n.change) for n in found]
    axes.set_xlim(_widened(sizes, 2))
    if levels:
        axes.set_ylim(_widened(levels, 30))
        return
    axes.set_ylim(0.1, 1.0)  # an empty logarithmic scale has no limits of its own, and these mean nothing
    axes.tick_params(axis='y', which='both', left=False, labelleft=False)


def _widened(numbers: Sequence[float], room: float) -> tuple[float, float]:
    """Limits that a logarithmic scale can have."""
    low = min(max(min(numbers) / room, 1 / FURTHEST), FURTHEST)
    return low, max(low, min(max(numbers), FURTHEST)) * room


def _draw_marks(axes: Axes, found: Sequence[Nudge]) -> None:
    """What has no place on the scale: below it the zeros, above it nan, infinity and what is nearly so."""
    for foot, rise, marker, label in ((0.03, 0.04, 'v', 'error 0'), (0.97, -0.04, '^', 'nan, or too large')):
        seen = [n for n in found if _edge(n) == marker]
        if seen:
            sizes, heights = [abs(n.change) for n in seen], [foot + rise * (n.change < 0) for n in seen]
            colours = [LOOKS[math.copysign(1.0, n.change)]['color'] for n in seen]
            where = axes.get_xaxis_transform()
            axes.scatter(sizes, heights, 30, marker=marker, transform=where, color=colours, zorder=4)
            axes.scatter([], [], 30, marker=marker, color=GREY, label=label)


def _edge(nudge: Nudge) -> str | None:
    """The mark of an error that is off the scale."""
    if nudge.error == 0.0:
        return 'v'
    return None if abs(nudge.error) <= FURTHEST else '^'
