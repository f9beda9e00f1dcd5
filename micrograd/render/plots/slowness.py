"""A network as people draw it, each line in the look of the reason why its weight learns slowly."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from micrograd import saturation
from micrograd.passes import neurons_of
from micrograd.render.plots.circles import NARROWEST, brief, draw_disc, draw_label, draw_outline, framed
from micrograd.render.plots.figures import COLOURS, GREY, INK, styled, tint
from micrograd.render.plots.network import columns_of, heading, most_circles
from micrograd.saturation import (
    BOTH,
    FAULTS,
    FIRST,
    LEARNS,
    NO_PART,
    NOT_FINITE,
    OFTEN,
    REASONS,
    SATURATED,
    SMALL,
    SMALL_INPUT,
    SPREADS,
    SlowWeights,
    share_text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import SupportsIndex

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from micrograd.render.plots.circles import Column, Line, Node, Places

__all__ = ['slow_weights']


@dataclass(frozen=True, slots=True)
class Look:
    """That of a line.

    Args:
        colour: of it.
        width: in points.
        dashes: a linestyle of matplotlib, which tells it from the others without the colour.
        says: what it means, in the legend.
    """

    colour: str
    width: float
    dashes: Any
    says: str


LOOKS = {  # those further down are drawn on top
    NO_PART: Look('#9aa3ad', 0.8, (0, (4, 3)), 'took no part'),
    LEARNS: Look('#bcc3cc', 1.2, '-', 'not slow'),
    SMALL_INPUT: Look(COLOURS[0], 1.8, (0, (1.1, 1.3)), 'small input'),
    SATURATED: Look(COLOURS[1], 1.8, '-', 'saturated neuron'),
    BOTH: Look('#6a2c70', 2.2, (0, (5, 1.5, 1.1, 1.5)), 'both'),
    NOT_FINITE: Look(INK, 1.8, (0, (1.1, 2.4)), 'nan or infinite'),
}
HEIGHTS = (0.8, 0.5, 0.24)  # inches, of the rows of the legend
HEIGHTS_WITH_FAULTS = (0.92, 0.69, 0.46, 0.22)  # where there is one more
AT = (1.0, 2.35, 4.05, 5.05)  # where its lines begin
KEY = (
    f'in a circle, above: mean |a| over the examples, blue below {SMALL}, where it is a small input',
    f'below: examples for which σ′(z) is near 0; above {OFTEN:.0%} the neuron is saturated   ·   outline: bias',
)


def slow_weights(model: Any, data: Any, *, title: str | None = None, widest: SupportsIndex = 16) -> Figure:
    """Draw a network with the reason why each of its weights learns slowly, if it does.

    The reasons are those of `saturation.slow_weights`. A blue, dotted line has a small input; an orange, solid one
    leads to a saturated neuron; a violet one of dashes and dots is both. Where there are nans or infinities, lines and
    circles are dark; neurons that took no part have pale dashes. Each circle shows the mean size of the activation over
    the examples, and below it for how many of them the neuron is saturated; its outline is the bias.

    The activation is what came into the next layer. A layer of a program's own may pass on fewer Values than it has
    neurons, or more: then it is what the neurons computed, and no lines lead on, since none says what came from which.

    Args:
        model: an MLP, a Layer or a Neuron.
        data: examples in any form that `fit` takes; the targets are not used.
        title: what to write above, instead of the model.
        widest: circles in a column; of a layer with more neurons the first and the last are drawn, the others counted.

    Returns:
        A figure, which a notebook shows; `save_figure` writes it to a file.

    Raises:
        DataError: there are no examples, or widest is below 3.
        ShapeError: an example does not fit the model.
        TypeError: the model is no network of neurons.
        MissingDependencyError: matplotlib is not installed.

    >>> from micrograd import nn
    >>> model = nn.MLP(2, [3, 1], activation='sigmoid', generator=0)
    >>> figure = slow_weights(model, [([1.0, 0.01], 1), ([-1.0, 0.0], 0)])
    >>> [text.get_text() for text in figure.texts]
    ['MLP(2, [3, 1])', '3 of 13 parameters learn slowly, over 2 examples']

    Source: Nielsen, Neural Networks and Deep Learning, chapter 2, "The four fundamental equations behind
    backpropagation".
    """
    most = most_circles(widest)
    found = saturation.slow_weights(model, data)
    layers = neurons_of(model)
    columns = columns_of(layers, [[[] for _ in layer] for layer in layers], most, went_back=False)
    with styled():
        figure, axes, places = framed(columns, heading(model, title), found.headline)
        _draw_lines(axes, columns, places, found)
        for number, node, centre in places.centres(columns):
            _draw_node(axes, node, centre, number, found)
        _draw_warning(axes, places.height - 0.79, columns, found)
        _draw_legend(axes, (places.width - NARROWEST) / 2 + 0.3, found)
    return figure


def _draw_lines(axes: Axes, columns: Sequence[Column], places: Places, found: SlowWeights) -> None:
    """The weights, a collection for each reason: those that are slow on top of the others."""
    from matplotlib.collections import LineCollection

    reasons = {(weight.layer, weight.j, weight.k): weight.reason for weight in found}
    by_reason: dict[str, list[Line]] = {reason: [] for reason in LOOKS}
    for ends, number, node, k in places.lines(columns):
        if len(node.weights) == columns[number - 1].size:  # else it is not known what comes from which circle
            by_reason[reasons[number - 1 + FIRST, node.index + 1, k + 1]].append(ends)
    for order, (reason, look) in enumerate(LOOKS.items()):
        style = {'colors': look.colour, 'linewidths': look.width, 'linestyles': [look.dashes]}
        axes.add_collection(LineCollection(by_reason[reason], capstyle='butt', zorder=1 + order / 10, **style))


def _draw_node(axes: Axes, node: Node, centre: tuple[float, float], number: int, found: SlowWeights) -> None:
    """A disc: the mean size of the activation, and below it, for a neuron, how often that is saturated."""
    coming = _coming_in(number, found)
    size = coming[node.index] if coming else _own_size(node, number, found)
    parts = [_half(size, tint(1.0) if coming and coming[node.index] < SMALL else 'white', brief)]
    outline = LOOKS[LEARNS]
    if number > 0:
        neuron = found.layers[number - 1][node.index]
        share = neuron.saturated if neuron.a else None
        fill = 'white' if share is None else tint(-share * share)  # squared, so that the strength is that of the share
        parts.append(_half(share, fill, share_text))
        outline = LOOKS[neuron.fault or (SATURATED if neuron.saturated > OFTEN else LEARNS)]
    draw_disc(axes, centre, parts)
    draw_outline(axes, centre, outline.width, edgecolor=outline.colour, linestyle=outline.dashes)
    draw_label(axes, node, centre)


def _half(number: float | None, fill: Any, text: Callable[[float], str]) -> tuple[Any, str]:
    """The fill and the text of a part of a disc."""
    if number is None:
        return 'white', ''
    return fill if math.isfinite(number) else INK, text(number)


def _coming_in(number: int, found: SlowWeights) -> tuple[float, ...]:
    """The mean |a| over the examples, as the first neuron of the next layer met what comes from a column.

    Empty after the last layer, and where the layer passes on another number of Values than it has neurons.
    """
    after = found.layers[number] if number < len(found.layers) else []
    inputs = next((neuron.inputs for neuron in after if neuron.a), ())
    return inputs if number == 0 or len(inputs) == len(found.layers[number - 1]) else ()


def _own_size(node: Node, number: int, found: SlowWeights) -> float | None:
    """The same from what the neuron itself computed; None if it took no part, and of an input that none used."""
    a = found.layers[number - 1][node.index].a if number > 0 else ()
    return sum(map(abs, a)) / len(a) if a else None


def _draw_warning(axes: Axes, height: float, columns: Sequence[Column], found: SlowWeights) -> None:
    """What else slows or stops weights, below the headline."""
    if not found.warning:
        return
    text, look = found.warning, LOOKS[NOT_FINITE]
    if text != SPREADS and found.shut is not None:
        name = columns[found.shut - 1].name
        where = 'the output layer' if name == 'output' else name
        text = f'every neuron of {where} is saturated: little error reaches the layers before it'
        look = LOOKS[SATURATED]
    axes.text(0.3, height, text, size=9.5, color=look.colour)


def _draw_legend(axes: Axes, x: float, found: SlowWeights) -> None:
    """Rows at the foot: what the lines mean, and what the circles do."""
    faults = [fault for fault in FAULTS if any(weight.fault == fault for weight in found)]
    heights = HEIGHTS_WITH_FAULTS if faults else HEIGHTS
    axes.text(x, heights[0], 'slow weights:', va='center', size=8.5, color=GREY)
    _draw_keys(axes, x, heights[0], [*REASONS, LEARNS])
    if faults:
        axes.text(x, heights[1], 'not at all:', va='center', size=8.5, color=GREY)
        _draw_keys(axes, x, heights[1], faults)
    for y, text in zip(heights[-2:], KEY, strict=True):
        axes.text(x, y, text, va='center', size=8.5, color=GREY)


def _draw_keys(axes: Axes, x: float, y: float, reasons: Sequence[str]) -> None:
    """A row of lines with what they mean."""
    for at, look in zip(AT, [LOOKS[reason] for reason in reasons], strict=False):
        axes.plot([x + at, x + at + 0.45], [y] * 2, color=look.colour, linewidth=look.width, linestyle=look.dashes)
        axes.text(x + at + 0.52, y, look.says, va='center', size=8.5)
