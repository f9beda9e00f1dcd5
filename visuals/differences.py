"""What finite differences take, as `benchmarks/finite_differences.py --save` has measured it on one machine."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from micrograd.files import replace_file
from micrograd.render.plots.figures import COLOURS, GREY, INK, new_figure, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

KEPT = Path(__file__).with_name('finite_differences.csv')


class Point(NamedTuple):
    """What a gradient of one network takes, in one way.

    Args:
        way: how the network is computed.
        network: its layers.
        parameters: how many weights and biases it has.
        backpropagation: seconds of a forward and a backward pass.
        differences: seconds of finite differences.
        measured: how many parameters were changed for that; if not all, the time is scaled.
    """

    way: str
    network: str
    parameters: int
    backpropagation: float
    differences: float
    measured: int


PANELS = {'NumPy': 'In NumPy', 'eager': 'On Values', 'compiled': 'Compiled'}
WITH_GRADCHECK = 'eager'  # beside it, as its passes are of the same kind
LOOK: dict[str, Any] = {'linewidth': 1.4, 'markersize': 6.5}
SMALLEST = 10  # parameters, where the lines with slopes begin
HEIGHT = 0.38  # of the ratio, between the curves: where it touches neither


def read(path: Path = KEPT) -> list[Point]:
    """The points that were kept."""
    with path.open(encoding='utf-8', newline='') as file:
        return [
            Point(row[0], row[1], int(row[2]), float(row[3]), float(row[4]), int(row[5]))
            for row in list(csv.reader(file))[1:]
        ]


def write(points: Sequence[Point], path: Path = KEPT) -> None:
    """Keep the points."""
    text = io.StringIO()
    rows = [[*p[:3], f'{p.backpropagation:.4g}', f'{p.differences:.4g}', p.measured] for p in points]
    csv.writer(text, lineterminator='\n').writerows([Point._fields, *rows])
    replace_file(path, text.getvalue().encode())


def figure(points: Sequence[Point]) -> 'Figure':
    """Draw seconds against parameters, both on logarithmic scales: a panel for each way to compute a network."""
    with styled():
        drawn: Figure = new_figure(10.0, 4.6)
        panels: Any = drawn.subplots(1, len(PANELS), sharex=True, sharey=True)
        for axes, (way, title) in zip(panels, PANELS.items(), strict=True):
            _draw_panel(axes, points, way)
            axes.set_title(title)
            axes.set_xlabel('weights and biases')
        panels[0].set_ylabel('seconds for a gradient')
        _draw_legend(drawn, panels[[*PANELS].index(WITH_GRADCHECK)])
    return drawn


def _draw_legend(drawn: 'Figure', axes: 'Axes') -> None:
    """What the curves of a panel are, and what hollow marks mean, below all panels."""
    label = 'hollow: scaled, from some of the weights'
    axes.plot([], [], color=GREY, marker='s', markerfacecolor='white', linestyle='', label=label)
    drawn.legend(*axes.get_legend_handles_labels(), loc='outside lower center', ncols=3)


def _draw_panel(axes: 'Axes', points: Sequence[Point], way: str) -> None:
    """Both curves, what they would be if they had the slopes of theory, and how far they are apart at the end."""
    own = [point for point in points if point.way == way]
    checked = [point for point in points if point.way == 'gradcheck'] if way == WITH_GRADCHECK else []
    axes.set(xscale='log', yscale='log')
    axes.grid(color='#d3d8de', linewidth=0.6)
    if checked:
        _draw_differences(axes, checked, 'gradcheck: many passes a weight', COLOURS[3], 'D')
    _draw_differences(axes, own, 'finite differences: a pass a weight', COLOURS[1], 's')
    sizes, seconds = [point.parameters for point in own], [point.backpropagation for point in own]
    axes.plot(sizes, seconds, color=COLOURS[0], marker='o', label='backpropagation: two passes', **LOOK)
    _draw_slopes(axes, own[-1])
    _draw_ratio(axes, own[-1])


def _draw_differences(axes: 'Axes', points: Sequence[Point], label: str, colour: str, marker: str) -> None:
    """A curve whose marks are hollow where the time is scaled."""
    sizes, seconds = [point.parameters for point in points], [point.differences for point in points]
    axes.plot(sizes, seconds, color=colour, marker=marker, label=label, **LOOK)
    scaled = [(point.parameters, point.differences) for point in points if point.measured < point.parameters]
    if scaled:
        look = {**LOOK, 'color': colour, 'marker': marker, 'markerfacecolor': 'white', 'linestyle': ''}
        axes.plot(*zip(*scaled, strict=True), **look)


def _draw_slopes(axes: 'Axes', last: Point) -> None:
    """Through the last point of each curve."""
    look = {'color': GREY, 'linewidth': 1, 'linestyle': ':', 'zorder': 1}
    ends = (SMALLEST, last.parameters)
    axes.plot(ends, [last.backpropagation * end / last.parameters for end in ends], label='slopes 1 and 2', **look)
    axes.plot(ends, [last.differences * (end / last.parameters) ** 2 for end in ends], **look)


def _draw_ratio(axes: 'Axes', last: Point) -> None:
    """How many times as long finite differences take, of the largest network."""
    size, near, far = last.parameters, last.backpropagation, last.differences
    arrow = {'arrowstyle': '<->', 'color': INK, 'shrinkA': 7, 'shrinkB': 7}
    axes.annotate('', (size, near), (size, far), arrowprops=arrow)
    text = f'{float(f"{far / near:.2g}"):,.0f}×'
    place = (size, near * (far / near) ** HEIGHT)
    axes.annotate(text, place, (-8, 0), textcoords='offset points', ha='right', va='center')
