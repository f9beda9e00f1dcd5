"""A network as people draw it, each line in the look of the reason why its weight learns slowly."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from micrograd import saturation
from micrograd.passes import neurons_of
from micrograd.render.plots.circles import NARROWEST, brief, draw_disc, draw_label, draw_outline, framed
from micrograd.render.plots.figures import COLOURS, GREY, styled, tint
from micrograd.render.plots.network import columns_of, heading, most_circles
from micrograd.saturation import BOTH, FIRST, LEARNS, OFTEN, REASONS, SATURATED, SMALL, SMALL_INPUT, SlowWeights

if TYPE_CHECKING:
    from collections.abc import Sequence
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
    LEARNS: Look('#bcc3cc', 1.2, '-', 'not slow'),
    SMALL_INPUT: Look(COLOURS[0], 1.8, (0, (1.1, 1.3)), 'small input'),
    SATURATED: Look(COLOURS[1], 1.8, '-', 'saturated neuron'),
    BOTH: Look('#6a2c70', 2.2, (0, (5, 1.5, 1.1, 1.5)), 'both'),
}
HEIGHTS = (0.8, 0.5, 0.24)  # inches, of the rows of the legend
AT = (1.0, 2.35, 4.05, 5.05)  # where its lines begin
KEY = (
    f'in a circle, above: mean |a| over the examples, blue below {SMALL}, where it is a small input',
    f'below: examples for which σ′(z) is near 0; above {OFTEN:.0%} the neuron is saturated   ·   outline: bias',
)


def slow_weights(model: Any, data: Any, *, title: str | None = None, widest: SupportsIndex = 16) -> Figure:
    """Draw a network with the reason why each of its weights learns slowly, if it does.

    The reasons are those of `saturation.slow_weights`. A blue, dotted line has a small input; an orange, solid one
    leads to a saturated neuron; a violet one of dashes and dots is both. Each circle shows the mean size of the
    activation over the examples, and below it for how many of them the neuron is saturated; its outline is the bias.

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
        if found.shut is not None:
            name = columns[found.shut - 1].name
            where = 'the output layer' if name == 'output' else name
            text = f'every neuron of {where} is saturated: little error reaches the layers before it'
            axes.text(0.3, places.height - 0.79, text, size=9.5, color=LOOKS[SATURATED].colour)
        _draw_legend(axes, (places.width - NARROWEST) / 2 + 0.3)
    return figure


def _draw_lines(axes: Axes, columns: Sequence[Column], places: Places, found: SlowWeights) -> None:
    """The weights, a collection for each reason: those that are slow on top of the others."""
    from matplotlib.collections import LineCollection

    reasons = {(weight.layer, weight.j, weight.k): weight.reason for weight in found}
    by_reason: dict[str, list[Line]] = {reason: [] for reason in LOOKS}
    for ends, number, node, k in places.lines(columns):
        by_reason[reasons[number - 1 + FIRST, node.index + 1, k + 1]].append(ends)
    for order, (reason, look) in enumerate(LOOKS.items()):
        style = {'colors': look.colour, 'linewidths': look.width, 'linestyles': [look.dashes]}
        axes.add_collection(LineCollection(by_reason[reason], capstyle='butt', zorder=1 + order / 10, **style))


def _draw_node(axes: Axes, node: Node, centre: tuple[float, float], number: int, found: SlowWeights) -> None:
    """A disc: the mean size of the activation, and below it, for a neuron, how often that is saturated."""
    size, feeds = _size(node, number, found), number < len(found.layers)
    parts: list[tuple[Any, str]] = [(tint(1.0) if feeds and size < SMALL else 'white', brief(size))]
    outline = LOOKS[LEARNS]
    if number > 0:
        share = found.layers[number - 1][node.index].saturated
        parts.append((tint(-share * share), f'{share:.0%}'))  # squared, so that the strength is that of the share
        outline = LOOKS[SATURATED if share > OFTEN else LEARNS]
    draw_disc(axes, centre, parts)
    draw_outline(axes, centre, outline.width, edgecolor=outline.colour)
    draw_label(axes, node, centre)


def _size(node: Node, number: int, found: SlowWeights) -> float:
    """The mean |a| over the examples: what comes into the next layer, as each of its neurons has met it."""
    if number < len(found.layers):
        return found.layers[number][0].inputs[node.index]
    a = found.layers[-1][node.index].a
    return sum(map(abs, a)) / len(a)


def _draw_legend(axes: Axes, x: float) -> None:
    """Three rows at the foot: what the lines mean, and what the circles do."""
    axes.text(x, HEIGHTS[0], 'slow weights:', va='center', size=8.5, color=GREY)
    for at, look in zip(AT, [LOOKS[reason] for reason in (*REASONS, LEARNS)], strict=True):
        ends = [x + at, x + at + 0.45]
        axes.plot(ends, [HEIGHTS[0]] * 2, color=look.colour, linewidth=look.width, linestyle=look.dashes)
        axes.text(x + at + 0.52, HEIGHTS[0], look.says, va='center', size=8.5)
    for y, text in zip(HEIGHTS[1:], KEY, strict=True):
        axes.text(x, y, text, va='center', size=8.5, color=GREY)
