"""Which neurons learn slowly, and why: their activation is flat where the data are, or nothing comes in."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from micrograd.activations import named
from micrograd.engine import Value
from micrograd.examples import pairs
from micrograd.nn import Neuron
from micrograd.passes import activation_name, neurons_of, passes
from micrograd.transforms import gradients

__all__ = ['FLAT', 'Activity', 'activities', 'slow']

FLAT = 0.05  # of the largest slope: below that a neuron is saturated
OFTEN = 0.8  # of the examples: a neuron that is saturated on more learns slowly
SMALL = 0.05  # mean |input| below which weights learn slowly
REACH = 8.0  # within which of 0 the largest slope of an activation is looked for
STEPS = 161


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What one neuron did over the data.

    Args:
        name: 'neuron 1.3' is the third of the first layer.
        layer: from 1.
        activation: its name: 'tanh'.
        a: its activation for each example.
        slopes: that of its activation function at z for each example, d a / d z.
        steepest: the largest slope that the function has; 1 if that is larger, as for exp, which has none.
        input: the mean of |x| over its inputs and the examples.
    """

    name: str
    layer: int
    activation: str
    a: tuple[float, ...]
    slopes: tuple[float, ...]
    steepest: float
    input: float

    def is_flat(self, slope: float) -> bool:
        """Whether a slope is near 0."""
        return abs(slope) <= FLAT * self.steepest

    @property
    def saturated(self) -> float:
        """The share of the examples for which the slope is at most FLAT times the largest one."""
        return sum(map(self.is_flat, self.slopes)) / len(self.slopes)

    @property
    def dead(self) -> bool:
        """Whether its slope is 0 for every example, so that it learns nothing at all."""
        return all(slope == 0.0 for slope in self.slopes)

    @property
    def why(self) -> str:
        """Why its weights learn slowly, if they do; else ''.

        Source: Nielsen, Neural Networks and Deep Learning, chapter 2, on the consequences of BP2 and BP4.
        """
        if any(math.isnan(a) for a in self.a):
            return 'its activation is nan'
        if self.dead:
            return 'dead: the slope is 0 for every example'
        if self.saturated > OFTEN:
            return f'saturated for {self.saturated:.0%} of the examples: the slope is near 0'
        if self.input < SMALL:
            return f'its inputs are near 0: {self.input:.2g} on average'
        return ''


def activities(model: Any, data: Any) -> list[list[Activity]]:
    """What each neuron of a network does over the data, layer by layer.

    Args:
        model: an MLP, a Layer or a Neuron.
        data: examples in any form that `fit` takes; the targets are not used.

    Raises:
        DataError: there are no examples.
        TypeError: the model is no network of neurons.

    >>> from micrograd.nn import Neuron
    >>> model = Neuron(1, activation='relu', initialisation=lambda nin, nout, generator: ([1.0], -5.0))
    >>> [[neuron]] = activities(model, ([[0.0], [1.0]], [0, 1]))
    >>> neuron.a, neuron.saturated, neuron.why
    ((0.0, 0.0), 1.0, 'dead: the slope is 0 for every example')
    """
    layers = neurons_of(model)
    seen: list[list[list[Any]]] = [[[] for _ in layer] for layer in layers]
    for x, _ in pairs(data, 'data'):
        for layer, calls in zip(seen, passes(model, _listed(model(x))), strict=True):
            for neuron, one in zip(layer, calls, strict=True):
                neuron += [(call.z.data, call.a.data, _mean(abs(x.data) for x in call.inputs)) for call in one]
    steepest: dict[int, float] = {}  # by the id of the activation function, which the neurons keep alive
    return [
        [
            _activity(neuron, number, place, seen[number - 1][place - 1], steepest)
            for place, neuron in enumerate(layer, 1)
        ]
        for number, layer in enumerate(layers, 1)
    ]


def slow(model: Any, data: Any) -> dict[str, str]:
    """The neurons whose weights learn slowly, and why.

    A weight learns slowly if what comes into it is near 0, or if the neuron that it leads to is saturated: if the
    slope of the activation is at most 5 % of its largest one, for more than 80 % of the examples.

    Args:
        model: an MLP, a Layer or a Neuron.
        data: examples in any form that `fit` takes; the targets are not used.

    >>> from micrograd.nn import Neuron
    >>> model = Neuron(1, activation='tanh', initialisation=lambda nin, nout, generator: ([9.0], 0.0))
    >>> slow(model, ([[1.0], [-1.0]], [1, -1]))
    {'neuron 1.1': 'saturated for 100% of the examples: the slope is near 0'}

    Source: Nielsen, Neural Networks and Deep Learning, chapter 2, "The four fundamental equations behind
    backpropagation", and chapter 3, "The cross-entropy cost function".
    """
    return {neuron.name: neuron.why for layer in activities(model, data) for neuron in layer if neuron.why}


def _listed(output: Any) -> list[Value]:
    return list(output) if isinstance(output, list | tuple) else [output]


def _mean(numbers: Iterable[float]) -> float:
    total, number = 0.0, 0
    for x in numbers:  # not the built-in sum, whose rounding depends on Python's version
        total, number = total + x, number + 1
    return total / number


def _activity(
    neuron: Neuron, number: int, place: int, seen: list[tuple[float, float, float]], steepest: dict[int, float]
) -> Activity:
    f = _function(neuron)
    slopes = tuple(slope(f, z) for z, _, _ in seen)
    if id(f) not in steepest:
        steepest[id(f)] = _steepest(f)
    return Activity(
        name=f'neuron {number}.{place}',
        layer=number,
        activation=activation_name(neuron),
        a=tuple(a for _, a, _ in seen),
        slopes=slopes,
        steepest=min(1.0, max([steepest[id(f)], *(abs(s) for s in slopes if math.isfinite(s))])),
        input=_mean(size for _, _, size in seen),
    )


def _function(neuron: Neuron) -> Callable[[Value], Value]:
    if not neuron.nonlin:
        return named('linear')
    return named(neuron.activation) if isinstance(neuron.activation, str) else neuron.activation


def slope(f: Callable[[Value], Value], z: float) -> float:
    """The derivative of an activation function.

    >>> slope(lambda z: z.tanh(), 0.0)
    1.0
    """
    x = Value(z)
    return gradients(f(x), [x])[0].data


def _steepest(f: Callable[[Value], Value]) -> float:
    """The largest slope near 0."""
    slopes = [abs(slope(f, -REACH + 2 * REACH * i / (STEPS - 1))) for i in range(STEPS)]
    return max((s for s in slopes if math.isfinite(s)), default=1.0)
