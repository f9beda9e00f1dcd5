"""How large the gradients of each layer were, step by step."""

import math
from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import TYPE_CHECKING, Any

from micrograd.errors import DataError
from micrograd.history import History
from micrograd.render.plots.figures import COLOURS, GREY, INK, colour, new_figure, styled, written
from micrograd.render.view import legible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ['gradient_flow']

DASHES = ('-', '--', '-.')  # where the colours begin again
WINDOWS = 15  # a training is this many windows of the running mean long


def gradient_flow(history: History) -> 'Figure':
    """Plot the mean |gradient| of each layer's weights over the steps of a training, on a logarithmic scale.

    Where the curves of the first layers lie far below those of the last, gradients vanish on their way back; where they
    lie far above, they explode. Each step is a faint line, the strong one their running mean on that scale. A gradient
    of 0, which has no place on the scale, is a gap in the lines and a mark at the foot; nan and infinity are marks at
    the top.

    Args:
        history: what `fit` returned.

    Returns:
        A figure, which a notebook shows; `save_figure` writes it to a file.

    Raises:
        DataError: no step was completed, or the History was not made by `fit`.
        MissingDependencyError: matplotlib is not installed.

    >>> history = History(gradients={'layers.0': [0.01, 0.02], 'layers.1': [0.1, 0.3]}, steps=2)
    >>> [text.get_text() for text in gradient_flow(history).legends[0].get_texts()]
    ['layers.0: 0.02', 'layers.1: 0.3']

    Source: Nielsen, Neural Networks and Deep Learning, chapter 5, "The vanishing gradient problem".
    """
    flows = {name: numbers for name, numbers in history.gradients.items() if numbers}
    if not flows:
        raise DataError('there is nothing to plot: no step was completed, or the gradients were not recorded by fit()')
    with styled():
        figure: Figure = new_figure(7.2, 4.2)
        axes: Any = figure.subplots()
        axes.set_yscale('log')
        for number, (name, sizes) in enumerate(flows.items()):
            _draw_flow(axes, number, name, sizes)
        _draw_marks(axes, flows.values())
        axes.set(xlabel='step', ylabel='mean |∂C/∂w|')
        axes.set_title('Gradient flow: the weights of each layer')
        axes.grid(color='#e3e6ea', linewidth=0.8)
        room = 0.02 * history.steps + 0.1
        axes.set_xlim(1 - room, history.steps + room)
        axes.xaxis.get_major_locator().set_params(integer=True)
        figure.legend(loc='outside right center', title='running mean at the end', alignment='left')
    return figure


def _draw_flow(axes: 'Axes', number: int, name: str, sizes: Sequence[float]) -> None:
    """The sizes as a faint line, their running mean as a strong one with a dot at the end, and where it is a point."""
    look: dict[str, Any] = {'color': colour(number), 'linestyle': DASHES[number // len(COLOURS) % len(DASHES)]}
    steps = range(1, len(sizes) + 1)
    seen = [size if _edge(size) == '' else math.nan for size in sizes]
    smooth = _running_mean(seen)
    label = f'{legible(name, 24)}: {written(sizes[-1] if math.isnan(smooth[-1]) else smooth[-1])}'.replace('$', r'\$')
    axes.plot(steps, seen, linewidth=0.8, alpha=0.35, **look)
    axes.plot(
        steps, smooth, linewidth=2.0, label=label, marker='o', markersize=4.5, markevery=_dots(seen), zorder=3, **look
    )


def _running_mean(sizes: Sequence[float]) -> list[float]:
    """The geometric mean of those around each place; a gap stays one."""
    half = max(1, len(sizes) // WINDOWS) // 2
    logarithms = [math.log(size) for size in sizes]
    return [
        math.nan if math.isnan(size) else math.exp(_mean(logarithms[max(0, i - half) : i + half + 1]))
        for i, size in enumerate(sizes)
    ]


def _mean(numbers: Sequence[float]) -> float:
    return fmean(number for number in numbers if not math.isnan(number))


def _dots(sizes: Sequence[float]) -> list[int]:
    """The last step, and those between two gaps, where no line would be seen."""
    gaps = [True, *map(math.isnan, sizes), True]
    return [i for i in range(len(sizes)) if i == len(sizes) - 1 or (gaps[i] and gaps[i + 2])]


def _draw_marks(axes: 'Axes', flows: Iterable[Sequence[float]]) -> None:
    """What has no place on the scale: below it the zeros, above it nan and infinity."""
    flows = list(flows)
    if not any(0.0 < size < math.inf for sizes in flows for size in sizes):
        axes.set_ylim(0.1, 1.0)  # an empty logarithmic scale has no limits of its own, and these mean nothing
        axes.tick_params(axis='y', which='both', left=False, labelleft=False)
    edges = ((0.02, 'v', 'gradient 0'), (0.98, '^', 'nan or infinite'))
    for height, marker, label in edges:
        labelled = False
        for number, sizes in enumerate(flows):
            steps = [i for i, size in enumerate(sizes, 1) if _edge(size) == marker]
            if steps:
                axes.scatter(
                    steps, [height] * len(steps), 22, transform=axes.get_xaxis_transform(), marker=marker,
                    color=colour(number), edgecolors=INK, linewidths=0.5, clip_on=False, zorder=4,
                )  # fmt: skip
                labelled = True
        if labelled:
            axes.scatter([], [], 22, marker=marker, color=GREY, edgecolors=INK, linewidths=0.5, label=label)


def _edge(size: float) -> str:
    """The mark of what is off the scale; '' for what is on it."""
    if size == 0.0:
        return 'v'
    return '' if size < math.inf else '^'
