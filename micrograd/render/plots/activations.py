"""What the neurons of each layer answer over the data, and how many of the answers lie where learning is slow."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from micrograd.render.plots.figures import COLOURS, INK, new_figure, styled
from micrograd.saturation import Activity, activities

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ['activation_histograms']

BINS = 30
LINES = 6  # of reasons
FEW = 10  # neurons that fit beside each other with their numbers
NAMES = 8  # of neurons in a line
LEARNING, FLAT_PART = COLOURS[0], COLOURS[4]
BACKGROUND = '#eceff3'


def activation_histograms(model: Any, data: Any) -> 'Figure':
    """Plot the activations of each layer over the data, and for how many examples each neuron is saturated.

    A neuron is saturated where the slope of its activation function is at most 5 % of the largest slope that the
    function has: there its error is near 0, and its weights hardly learn. The neurons that learn slowly are named, with
    the reason, below; `saturation.slow` gives all of them.

    Args:
        model: an MLP, a Layer or a Neuron.
        data: examples in any form that `fit` takes; the targets are not used.

    Returns:
        A figure, which a notebook shows; `save_figure` writes it to a file.

    Raises:
        DataError: there are no examples.
        ShapeError: an example does not fit the model.
        TypeError: the model is no network of neurons.
        MissingDependencyError: matplotlib is not installed.

    >>> from micrograd.nn import MLP
    >>> figure = activation_histograms(MLP(2, [4, 1], activation='tanh', generator=0), [([1.0, 2.0], 1)])
    >>> [axes.get_title(loc='left') for axes in figure.axes[::2]]
    ['layer 1: 4 × tanh', 'layer 2: 1 × linear']

    Source: Nielsen, Neural Networks and Deep Learning, chapter 2, "The four fundamental equations behind
    backpropagation", and chapter 3, "The cross-entropy cost function".
    """
    layers = activities(model, data)
    reasons = _reasons([neuron for layer in layers for neuron in layer])
    with styled():
        figure: Figure = new_figure(8.4, 1.4 + 1.9 * len(layers) + 0.2 * len(reasons))
        grid: Any = figure.subplots(len(layers), 2, squeeze=False, width_ratios=(3, 2))
        for (left, right), layer in zip(grid, layers, strict=True):
            _draw_histogram(left, layer)
            _draw_shares(right, layer)
        grid[-1][0].set_xlabel('activation a')
        grid[-1][1].set_xlabel('neuron')
        examples = max(len(neuron.a) for layer in layers for neuron in layer)
        title = f'Activations over {examples:,} example{"s" * (examples != 1)}'
        figure.legend(
            *_key(), loc='outside upper left', ncols=3, title=title, alignment='left',
            title_fontproperties={'size': 12, 'weight': 'bold'},
        )  # fmt: skip
        figure.supxlabel('\n'.join(reasons), x=0.01, ha='left', size=9, color=INK, linespacing=1.5, parse_math=False)
    return figure


def _draw_histogram(axes: 'Axes', layer: Sequence[Activity]) -> None:
    """The activations of a layer, those at a flat place of the function on top of the others."""
    pairs = [(a, neuron.is_flat(slope)) for neuron in layer for a, slope in zip(neuron.a, neuron.slopes, strict=True)]
    finite = [(a, flat) for a, flat in pairs if math.isfinite(a)]
    parts = [[a for a, flat in finite if not flat], [a for a, flat in finite if flat]]
    if finite:
        weights = [[100 / len(pairs)] * len(part) for part in parts]
        span = _reach([a for a, _ in finite])
        axes.hist(
            parts, bins=BINS, range=span, weights=weights, stacked=True, color=[LEARNING, FLAT_PART]
        )  # fmt: skip
    kinds = {neuron.activation for neuron in layer}
    what = kinds.pop() if len(kinds) == 1 else 'mixed'
    axes.set_title(f'layer {layer[0].layer}: {len(layer):,} × {what}', parse_math=False)
    axes.set_ylabel('% of activations')
    if len(finite) < len(pairs):
        axes.text(
            0.99, 0.95, f'{len(pairs) - len(finite):,} of {len(pairs):,} are nan or infinite', ha='right', va='top',
            transform=axes.transAxes, size=9,
        )  # fmt: skip


def _reach(numbers: Sequence[float]) -> tuple[float, float]:
    """From the least to the largest, with some room where they are one."""
    least, most = min(numbers), max(numbers)
    room = 0.0 if most - least > 1e-9 * max(abs(least), abs(most)) else 0.5 * (abs(most) or 1.0)
    return least - room, most + room


def _draw_shares(axes: 'Axes', layer: Sequence[Activity]) -> None:
    """For each neuron how often it is saturated; those that always are, with a slope of 0, dark."""
    places = range(1, len(layer) + 1)
    colours = [INK if neuron.dead else FLAT_PART for neuron in layer]
    axes.bar(places, 100, 0.8, color=BACKGROUND)
    axes.bar(places, [100 * neuron.saturated for neuron in layer], 0.8, color=colours)
    axes.set(ylim=(0, 100), xlim=(0.4, max(len(layer), FEW) + 0.6), ylabel='% of examples')
    axes.set_xticks(places[:: math.ceil(len(layer) / FEW)])
    axes.set_title('saturated', weight='normal')


def _key() -> tuple[list[Any], list[str]]:
    from matplotlib.patches import Patch

    meanings = {
        'learning': LEARNING,
        'saturated: slope ≤ 5 % of the largest': FLAT_PART,
        'dead: slope 0 for every example': INK,
    }
    return [Patch(color=colour) for colour in meanings.values()], list(meanings)


def _reasons(neurons: Sequence[Activity]) -> list[str]:
    """Who learns slowly and why, a line for each reason; those first that concern most neurons."""
    by_reason: dict[str, list[str]] = {}
    for neuron in neurons:
        if neuron.why:
            by_reason.setdefault(neuron.why, []).append(neuron.name.removeprefix('neuron '))
    if not by_reason:
        return ['No neuron is dead, saturated for most examples, or without input.']
    lines = [_line(names, why) for why, names in sorted(by_reason.items(), key=lambda item: -len(item[1]))]
    rest = [f'… and {len(lines) - LINES + 1} reasons more: saturation.slow(model, data)'] if len(lines) > LINES else []
    return ['Neurons that learn slowly:', *lines[: LINES - len(rest)], *rest]


def _line(names: Sequence[str], why: str) -> str:
    shown = ', '.join(names[:NAMES]) + f' and {len(names) - NAMES} more' * (len(names) > NAMES)
    return f'{shown}: {why}'
