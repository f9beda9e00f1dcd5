"""Columns of circles with lines between them: how the picture of a network is laid out and drawn.

Everything is placed in inches, so that nothing overlaps, whatever the size of the network.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from micrograd.render.plots.figures import GREY, INK, NEGATIVE, POSITIVE, bare_figure, styled, tint

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RADIUS = 0.27  # inches, as everything here; widths of lines are in points
PITCH = 0.68  # from circle to circle
LEFT, RIGHT, TOP, BOTTOM = 1.0, 0.7, 1.35, 1.05
NARROWEST = 6.6  # what the legend needs
WIDEST_LINE = 5.0
FAINTEST, STRONGEST = 0.2, 0.9  # opacity of lines
OUTLINE = '#8a9099'
BESIDE = 7  # characters of a label beside a circle

Line = list[tuple[float, float]]  # its two ends


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One circle.

    Args:
        index: which of the neurons of its layer it is, from 0.
        place: where in its column it stands, from the top, from 0.
        label: what is written beside it.
        bias: its bias; None for an input.
        weights: those that lead to it, from all the neurons of the layer before.
        a: the activation; None if there is none.
        delta: the error dC/dz, for an input dC/dx; None if there is none.
    """

    index: int
    place: int
    label: str = ''
    bias: float | None = None
    weights: tuple[float, ...] = ()
    a: float | None = None
    delta: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """The circles of one layer.

    Args:
        name: 'input', 'layer 1', 'output'.
        what: its activation.
        nodes: those that are drawn, from the top.
        size: how many neurons there are.
    """

    name: str
    what: str
    nodes: Sequence[Node]
    size: int

    @property
    def places(self) -> int:
        """How many circles high it is, the gap included."""
        return self.nodes[-1].place + 1


class _Scales:
    """The largest finite numbers in the picture, to which the others are compared."""

    def __init__(self, columns: Sequence[Column]):
        nodes = [node for column in columns for node in column.nodes]
        self.weight = _largest(number for node in nodes for number in (*node.weights, node.bias))
        self.a = _largest(node.a for node in nodes)
        self.delta = _largest(node.delta for node in nodes)
        self.has_passes = any(node.a is not None for node in nodes)
        self.has_errors = any(node.delta is not None for node in nodes)
        self.has_input_errors = any(node.delta is not None for node in columns[0].nodes)
        shown = [number for node in nodes for number in (*node.weights, node.bias, node.a, node.delta)]
        rows = max(column.places for column in columns)
        self.widest = WIDEST_LINE * min(1.0, math.sqrt(6 / rows))  # many lines would hide each other
        self.all_finite = all(number is None or math.isfinite(number) for number in shown)

    def width(self, weight: float) -> float:
        """Of a line, in points."""
        return 0.4 + (self.widest - 0.4) * self._strength(weight)

    def ink(self, weight: float) -> tuple[float, float, float, float]:
        """The colour of a line: its sign, and fainter where the weight is small."""
        from matplotlib.colors import to_rgba

        if not math.isfinite(weight):
            return to_rgba(INK)
        if weight == 0.0:
            return to_rgba(OUTLINE, FAINTEST)
        opacity = FAINTEST + (STRONGEST - FAINTEST) * self._strength(weight) ** 0.7
        return to_rgba(POSITIVE if weight > 0 else NEGATIVE, opacity)

    def _strength(self, weight: float) -> float:
        return abs(weight) / self.weight if math.isfinite(weight) else 0.3


def _largest(numbers: Iterable[float | None]) -> float:
    return max((abs(number) for number in numbers if number is not None and math.isfinite(number)), default=0.0) or 1.0


class Places:
    """Where the circles are."""

    def __init__(self, columns: Sequence[Column]):
        self.rows = max(column.places for column in columns)
        self.gap = 1.5 + 0.11 * self.rows  # steep lines of high columns could not be told apart
        across = LEFT + (len(columns) - 1) * self.gap + RIGHT
        self.width = max(across, NARROWEST)
        self.height = BOTTOM + self.rows * PITCH + TOP
        self.left = LEFT + (self.width - across) / 2

    def x(self, column: int) -> float:
        """Of a column."""
        return self.left + column * self.gap

    def y(self, place: float, column: Column) -> float:
        """Of a place in a column, which is centred."""
        return BOTTOM + PITCH * (self.rows / 2 + (column.places - 1) / 2 - place)

    def centres(self, columns: Sequence[Column]) -> Iterator[tuple[int, Node, tuple[float, float]]]:
        """Each circle: the number of its column, the circle, and where its centre is."""
        for number, column in enumerate(columns):
            for node in column.nodes:
                yield number, node, (self.x(number), self.y(node.place, column))

    def lines(self, columns: Sequence[Column]) -> Iterator[tuple[Line, int, Node, int]]:
        """Each weight: the ends of its line, the column and the circle that it leads to, and which of its weights."""
        for number, (before, after) in enumerate(pairwise(columns), 1):
            for node in after.nodes:
                if len(node.weights) != before.size:  # a layer of a program's own: what came from which, none can say
                    continue
                for other in before.nodes:
                    start = (self.x(number - 1), self.y(other.place, before))
                    yield [start, (self.x(number), self.y(node.place, after))], number, node, other.index


def draw_columns(columns: Sequence[Column], title: str, subtitle: str) -> Figure:
    """The picture.

    Args:
        columns: the inputs, then each layer.
        title: the line above.
        subtitle: the smaller line below it.
    """
    scales = _Scales(columns)
    with styled():
        figure, axes, places = framed(columns, title, subtitle)
        _draw_lines(axes, columns, places, scales)
        for _, node, centre in places.centres(columns):
            _draw_node(axes, node, centre, scales)
        _draw_legend(axes, places, scales)
    return figure


def framed(columns: Sequence[Column], title: str, subtitle: str) -> tuple[Figure, Axes, Places]:
    """A figure with the texts above, and the places for circles and lines, which are still to be drawn."""
    places = Places(columns)
    figure, axes = bare_figure(places.width, places.height)
    figure.text(0.3 / places.width, 1 - 0.36 / places.height, title, size=14, weight='bold', parse_math=False)
    figure.text(0.3 / places.width, 1 - 0.62 / places.height, subtitle, size=9.5, color=GREY, parse_math=False)
    for number, column in enumerate(columns):
        _draw_heading(axes, column, places.x(number), places)
        if column.size > len(column.nodes):
            _draw_gap(axes, column, places.x(number), places)
    return figure, axes, places


# Lines -----------------------------------------------------------------------------------------------------------


def _draw_lines(axes: Axes, columns: Sequence[Column], places: Places, scales: _Scales) -> None:
    """The weights, the strongest on top; zero is drawn too, as the faintest."""
    from matplotlib.collections import LineCollection

    found = [(ends, node.weights[k]) for ends, _, node, k in places.lines(columns)]
    lines = sorted(found, key=lambda line: abs(line[1]) if math.isfinite(line[1]) else math.inf)
    axes.add_collection(
        LineCollection(
            [ends for ends, _ in lines],
            linewidths=[scales.width(w) for _, w in lines],
            colors=[scales.ink(w) for _, w in lines],
            linestyles=['-' if math.isfinite(w) else ':' for _, w in lines],
            capstyle='butt',
            zorder=1,
        )
    )


# Circles ---------------------------------------------------------------------------------------------------------


def _draw_node(axes: Axes, node: Node, centre: tuple[float, float], scales: _Scales) -> None:
    """A disc of two halves, activation above and error below; one of a single colour where there is no error."""
    parts = [(node.a, scales.a)] if node.delta is None else [(node.a, scales.a), (node.delta, scales.delta)]
    draw_disc(axes, centre, [(_fill(x, most), '' if x is None else brief(x)) for x, most in parts])
    _outline(axes, centre, node.bias, scales)
    draw_label(axes, node, centre)


def _fill(number: float | None, most: float) -> Any:
    return 'white' if number is None else tint(number / most) if math.isfinite(number) else INK


def draw_disc(axes: Axes, centre: tuple[float, float], parts: Sequence[tuple[Any, str]]) -> None:
    """A disc of one colour with a text in it, or two halves, the first of them above."""
    x, y = centre
    whole = len(parts) == 1
    looks = [((0, 360), y, 8.0)] if whole else [((0, 180), y + 0.105, 7.5), ((180, 360), y - 0.105, 7.5)]
    if not whole:
        axes.plot([x - RADIUS, x + RADIUS], [y, y], color='white', linewidth=1, zorder=3)
    for (fill, text), (angles, height, size) in zip(parts, looks, strict=True):
        _half(axes, centre, angles, fill)
        colour = 'white' if fill == INK else INK
        axes.text(x, height, text, ha='center', va='center', size=size, color=colour, zorder=5)


def draw_label(axes: Axes, node: Node, centre: tuple[float, float]) -> None:
    """What is written beside a circle, shortened."""
    if node.label:
        text = node.label if len(node.label) <= BESIDE else f'{node.label[: BESIDE - 1]}…'
        x, y = centre[0] - RADIUS - 0.1, centre[1]
        axes.text(x, y, text, ha='right', va='center', size=10, style='italic', parse_math=False)


def _half(axes: Axes, centre: tuple[float, float], angles: tuple[int, int], fill: Any) -> None:
    from matplotlib.patches import Wedge

    axes.add_patch(Wedge(centre, RADIUS, *angles, facecolor=fill, edgecolor='none', zorder=2))


def _outline(axes: Axes, centre: tuple[float, float], bias: float | None, scales: _Scales) -> None:
    """The bias as a line around the disc."""
    if bias is None or bias == 0.0:
        draw_outline(axes, centre, 1.0, edgecolor=OUTLINE)
        return
    *colour, opacity = scales.ink(bias)
    width = 1.0 + scales.width(bias) * (1 - 1 / WIDEST_LINE)
    look = '-' if math.isfinite(bias) else ':'
    draw_outline(axes, centre, width, edgecolor=(*colour, max(opacity, 0.55)), linestyle=look)


def draw_outline(axes: Axes, centre: tuple[float, float], width: float, **look: Any) -> None:
    """A line around a disc, on white, so that the lines below do not shine through."""
    from matplotlib.patches import Circle

    axes.add_patch(Circle(centre, RADIUS, fill=False, edgecolor='white', linewidth=width + 1.5, zorder=2.5))
    axes.add_patch(Circle(centre, RADIUS, fill=False, linewidth=width, zorder=4, **look))


def brief(number: float) -> str:
    """A number that fits into a circle: at most five characters and a sign.

    >>> [brief(x) for x in (0.0, 1.0, -0.0312, 12.345, -1234.5, 3.2e-7, math.inf)]
    ['0', '1.00', '−0.03', '12.3', '−1e3', '3e−7', '∞']
    """
    if math.isnan(number) or math.isinf(number):
        text = 'nan' if math.isnan(number) else '∞' if number > 0 else '-∞'
    elif number == 0.0:
        text = '0'
    elif 0.01 <= abs(number) < 999.5:
        text = f'{number:.{2 if abs(number) < 9.995 else 1 if abs(number) < 99.95 else 0}f}'
    else:
        mantissa, exponent = f'{number:.0e}'.split('e')
        text = f'{mantissa}e{int(exponent)}'
    return text.replace('-', '−')


# Texts -----------------------------------------------------------------------------------------------------------


def _draw_heading(axes: Axes, column: Column, x: float, places: Places) -> None:
    y = BOTTOM + places.rows * PITCH + 0.32
    axes.text(x, y, column.name, ha='center', va='bottom', size=10.5, weight='bold')
    what = f'{column.size:,}' + f' × {column.what}' * bool(column.what)
    axes.text(x, y - 0.04, what, ha='center', va='top', size=8.5, color=GREY, parse_math=False)


def _draw_gap(axes: Axes, column: Column, x: float, places: Places) -> None:
    """Three dots in the place that was left free, and how many neurons they stand for, on a label above the lines."""
    free = next(i for i, node in enumerate(column.nodes) if node.place != i)
    y = places.y(free, column)
    text = axes.text(x, y - 0.13, f'{column.size - len(column.nodes):,} more', ha='center', va='center', size=8.5)
    text.set(color=GREY, zorder=5)
    text.set_bbox({'boxstyle': 'round,pad=0.3', 'facecolor': 'white', 'edgecolor': OUTLINE, 'linewidth': 0.6})
    axes.scatter([x] * 3, [y + 0.1, y + 0.19, y + 0.28], s=8, color=GREY, zorder=5)


def _draw_legend(axes: Axes, places: Places, scales: _Scales) -> None:
    """Two rows at the foot: what the lines mean, and what the circles do."""
    x, y = (places.width - NARROWEST) / 2 + 0.3, 0.62
    axes.text(x, y, 'weight', va='center', size=8.5, color=GREY)
    for number, share in enumerate((1.0, 0.25, -0.25, -1.0)):
        w, at = share * scales.weight, x + 0.75 + 1.3 * number
        axes.plot(
            [at, at + 0.45], [y, y], color=scales.ink(w), linewidth=scales.width(w), solid_capstyle='butt'
        )  # fmt: skip
        axes.text(at + 0.55, y, f'{w:.2g}'.replace('-', '−'), va='center', size=8.5)
    _draw_key(axes, (x, 0.27), scales)


def _draw_key(axes: Axes, at: tuple[float, float], scales: _Scales) -> None:
    meanings = ['outline: bias']
    if scales.has_errors:
        of_inputs = ' (of an input ∂C/∂x)' * scales.has_input_errors
        meanings = ['above: activation a', f'below: error δ = ∂C/∂z{of_inputs}', *meanings]
    elif scales.has_passes:
        meanings = ['in a circle: activation a', *meanings]
    if not scales.all_finite:
        meanings.append('dark, dotted: nan, ∞')
    axes.text(*at, '   ·   '.join(meanings), va='center', size=8.5, color=GREY)
