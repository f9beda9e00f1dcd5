"""Which neurons and weights learn slowly, and why: the activation is flat where the data are, or nothing comes in."""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from micrograd.columns import aligned
from micrograd.context import no_grad
from micrograd.engine import Value
from micrograd.examples import pairs
from micrograd.nn import MLP, Layer, Neuron
from micrograd.passes import activation_name, activation_of, listed, neurons_of, own_parts, passes, slope

__all__ = ['FLAT', 'REASONS', 'Activity', 'SlowWeights', 'WeightActivity', 'activities', 'slow', 'slow_weights']

FLAT = 0.05  # of the largest slope: below that a neuron is saturated
OFTEN = 0.8  # of the examples: a neuron that is saturated on more learns slowly
SMALL = 0.05  # mean |input| below which weights learn slowly
REACH = 8.0  # within which of 0 the largest slope of an activation is looked for
STEPS = 161
FIRST = 2  # the book's number of the first layer of neurons: it counts the inputs as layer 1
LINES = 20  # of a table
SPREADS = 'where nan or infinity reaches the cost, the gradients of other weights can be nan too'

LEARNS, SMALL_INPUT, SATURATED, BOTH = '', 'small input', 'saturated', 'small input, saturated'
NOT_FINITE, NO_PART = 'nan or infinite', 'took no part'
REASONS = (SMALL_INPUT, SATURATED, BOTH)  # why a weight learns slowly
FAULTS = (NOT_FINITE, NO_PART)  # why it does not learn at all


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """What one neuron did over the data.

    Args:
        name: 'neuron 1.3' is the third of the first layer.
        layer: from 1.
        activation: its name: 'tanh'.
        a: its activation for each example; empty if it took no part in the output.
        slopes: that of its activation function at z for each example, d a / d z.
        steepest: the largest slope that the function has; 1 if that is larger, as for exp, which has none.
        inputs: for each of its inputs the mean of |x| over the examples; nan if it took no part.
    """

    name: str
    layer: int
    activation: str
    a: tuple[float, ...]
    slopes: tuple[float, ...]
    steepest: float
    inputs: tuple[float, ...]

    @property
    def input(self) -> float:
        """The mean of |x| over its inputs and the examples."""
        return _mean(self.inputs)

    def is_flat(self, slope: float) -> bool:
        """Whether a slope is near 0."""
        return abs(slope) <= FLAT * self.steepest

    @property
    def saturated(self) -> float:
        """The share of the examples for which the slope is at most FLAT times the largest one.

        Examples for which the activation or the slope is nan are not counted; nan if there are no others.
        """
        known = [s for a, s in zip(self.a, self.slopes, strict=True) if not math.isnan(a) and not math.isnan(s)]
        return sum(map(self.is_flat, known)) / len(known) if known else math.nan

    @property
    def fault(self) -> str:
        """Why it does not learn at all: NO_PART, or NOT_FINITE for some example; else ''. A dead neuron has none."""
        if not self.a:
            return NO_PART
        return LEARNS if all(map(math.isfinite, (*self.a, *self.slopes))) else NOT_FINITE

    @property
    def dead(self) -> bool:
        """Whether its slope is 0 for every example, so that it learns nothing at all."""
        return bool(self.slopes) and all(slope == 0.0 for slope in self.slopes)

    @property
    def why(self) -> str:
        """Why its weights learn slowly, if they do; else ''.

        Source: Nielsen, Neural Networks and Deep Learning, chapter 2, on the consequences of BP2 and BP4.
        """
        if self.fault:
            return 'it took no part in the output' if self.fault == NO_PART else self._where_not_finite()
        if self.dead:
            return 'dead: the slope is 0 for every example'
        if self.saturated > OFTEN:
            return f'saturated for {self.saturated:.0%} of the examples: the slope is near 0'
        if self.input < SMALL:
            return f'its inputs are near 0: {self.input:.2g} on average'
        return ''

    def _where_not_finite(self) -> str:
        what, numbers = ('slope', self.slopes) if all(map(math.isfinite, self.a)) else ('activation', self.a)
        return f'its {what} is {"nan" if any(map(math.isnan, numbers)) else "infinite"}'


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightActivity:
    """What decides how fast one weight or bias learns: dC/dw = a_in delta_out, and delta has the factor sigma'(z).

    Args:
        layer: l of w^l_jk, as the book counts: the inputs are layer 1, so the first layer of neurons is 2, which is
            layer 1 in `Activity` and in pictures.
        j: which neuron of layer l it belongs to, from 1.
        k: which neuron of layer l - 1, or which input, its line comes from, from 1; None for a bias.
        parameter: the weight or the bias itself, a Value.
        input: the mean of |a_in| over the examples; 1 for a bias; nan if the neuron took no part.
        saturated: the share of the examples for which the neuron that it leads to is saturated, see Activity.
        fault: why it does not learn at all, one of FAULTS; '' if it does.
    """

    layer: int
    j: int
    k: int | None
    parameter: Value
    input: float
    saturated: float
    fault: str = LEARNS

    @property
    def label(self) -> str:
        """Its name in the book's notation: 'w²₁₃', 'b²₁'."""
        from micrograd.chapter.labels import neuron_label, weight_label  # when it is asked for: much comes with it

        return neuron_label('b', self.layer, self.j) if self.k is None else weight_label(self.layer, self.j, self.k)

    @property
    def reason(self) -> str:
        """Why it learns slowly, one of REASONS, or not at all, one of FAULTS; '' if it learns.

        A dead neuron is saturated for every example.
        """
        if self.fault:
            return self.fault
        small, saturated = self.input < SMALL, self.saturated > OFTEN
        if small and saturated:
            return BOTH
        return SMALL_INPUT if small else SATURATED if saturated else LEARNS


@dataclass(frozen=True, slots=True, repr=False)
class SlowWeights:
    """Every weight and bias of a network, and for those that learn slowly the reason. Printed, it is a table.

    Args:
        layers: what each neuron did, layer by layer.
        weights: one entry for each weight and bias: layer by layer, neuron by neuron, its weights and then its bias.
        examples: how many there were.
    """

    layers: Sequence[Sequence[Activity]]
    weights: tuple[WeightActivity, ...]
    examples: int

    def __len__(self) -> int:
        return len(self.weights)

    def __iter__(self) -> Iterator[WeightActivity]:
        return iter(self.weights)

    @property
    def slow(self) -> list[WeightActivity]:
        """Those that learn slowly, or not at all."""
        return [weight for weight in self.weights if weight.reason]

    @property
    def shut(self) -> int | None:
        """The last layer, as the book counts, all of whose neurons are saturated, if there are layers before it.

        The error of the layers before passes its slopes (BP2), so it is small too, unless the weights make up for it.
        """
        biases = [weight for weight in self.weights if weight.k is None and weight.fault != NO_PART]
        layers, learning = {b.layer for b in biases}, {b.layer for b in biases if b.reason != SATURATED}
        return max(layers - learning - {min(layers, default=FIRST)}, default=None)

    @property
    def headline(self) -> str:
        """What there is in a line."""
        from micrograd.render.view import plural  # when it is asked for

        parameters, examples = plural(len(self), 'parameter'), plural(self.examples, 'example')
        at_all = ' or not at all' * any(weight.fault for weight in self.weights)
        return f'{len(self.slow):,} of {parameters} learn slowly{at_all}, over {examples}'

    @property
    def warning(self) -> str:
        """What else slows or stops weights without a reason of their own, in a line; '' if there is nothing."""
        if any(weight.fault == NOT_FINITE for weight in self.weights):
            return SPREADS
        if self.shut is None:
            return ''
        where = f'layer l = {self.shut} (the inputs are l = 1)'
        return f'every neuron of {where} is saturated: little error reaches the layers before it'

    def __repr__(self) -> str:
        return f'SlowWeights({self.headline})'

    def __str__(self) -> str:
        slow = self.slow
        rows = [(w.label, *_numbers_of(w), w.reason) for w in slow[:LINES]]
        table = [aligned([('', 'mean |a_in|', 'saturated', 'reason'), *rows])] if rows else []
        rest = [f'… and {len(slow) - LINES:,} more: the rest of .slow'] if len(slow) > LINES else []
        return '\n'.join([self.headline, *table, *rest, *filter(None, [self.warning])])


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
    return _observed(model, data)[0]


def _observed(model: Any, data: Any) -> tuple[list[list[Activity]], int]:
    """The activities, and over how many examples."""
    layers = neurons_of(model)
    seen, plain = [[_Seen(neuron) for neuron in layer] for layer in layers], not own_parts(model)
    examples = 0
    for x, _ in pairs(data, 'data'):
        examples += 1
        numbers = _numbers(x) if plain else None
        calls_of = _traced(model, x) if numbers is None else _forward(model, numbers)
        for layer, calls in zip(seen, calls_of, strict=True):
            for neuron, one in zip(layer, calls, strict=True):
                neuron.add(one)
    steepest: dict[int, float] = {}  # by the id of the activation function, which the neurons keep alive
    acts = [
        [_activity(neuron, number, place, steepest) for place, neuron in enumerate(layer, 1)]
        for number, layer in enumerate(seen, 1)
    ]
    return acts, examples


def slow(model: Any, data: Any) -> dict[str, str]:
    """The neurons whose weights learn slowly, and why.

    A weight learns slowly if what comes into it is near 0, or if the neuron that it leads to is saturated: if the
    slope of the activation is at most 5 % of its largest one, for more than 80 % of the examples. One that learns
    nothing is named too: its activation or slope is nan or infinite for some example, or it took no part in the output,
    as a layer of a program's own may have it.

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


def slow_weights(model: Any, data: Any) -> SlowWeights:
    """For each weight and bias of a network whether it learns slowly, and why.

    The gradient of a weight is dC/dw = a_in delta_out, what comes in times the error of the neuron that it leads to,
    and delta has the slope sigma'(z) as a factor. So there are two reasons: the mean of |a_in| is below 0.05; or that
    neuron is saturated, as `slow` has it. A bias has only the second. Other weights need not have a large gradient:
    the rest of delta is small too where the answer is right.

    Two more have no gradient to speak of: 'nan or infinite', where what comes in, the activation or its slope is that
    for some example; and 'took no part', of neurons that the output does not depend on, as a layer of a program's own
    may have it.

    Args:
        model: an MLP, a Layer or a Neuron.
        data: examples in any form that `fit` takes; the targets are not used.

    Returns:
        The weights, in a table that can be printed; `render.plots.slow_weights` draws it.

    Raises:
        DataError: there are no examples.
        TypeError: the model is no network of neurons.

    >>> from micrograd.nn import Neuron
    >>> model = Neuron(2, activation='sigmoid', initialisation=lambda nin, nout, generator: ([9.0, 1.0], 0.0))
    >>> found = slow_weights(model, ([[1.0, 0.01], [-1.0, 0.03]], [1, 0]))
    >>> print(found)
    3 of 3 parameters learn slowly, over 2 examples
          mean |a_in|  saturated  reason
    w²₁₁  1            100%       saturated
    w²₁₂  0.02         100%       small input, saturated
    b²₁   1            100%       saturated
    >>> [(w.layer, w.j, w.k, w.parameter.data) for w in found.slow]
    [(2, 1, 1, 9.0), (2, 1, 2, 1.0), (2, 1, None, 0.0)]

    Source: Nielsen, Neural Networks and Deep Learning, chapter 2, "The four fundamental equations behind
    backpropagation": equation (32), and the insights from BP1, BP2 and BP4.
    """
    layers, examples = _observed(model, data)
    weights = [
        weight
        for number, (neurons, acts) in enumerate(zip(neurons_of(model), layers, strict=True), FIRST)
        for j, (neuron, act) in enumerate(zip(neurons, acts, strict=True), 1)
        for weight in _weights(neuron, act, number, j)
    ]
    return SlowWeights(layers, tuple(weights), examples)


def _weights(neuron: Neuron, act: Activity, layer: int, j: int) -> Iterator[WeightActivity]:
    share, fault = act.saturated, act.fault
    for k, (w, size) in enumerate(zip(neuron.w, act.inputs, strict=True), 1):
        of_weight = fault or (LEARNS if math.isfinite(size) else NOT_FINITE)
        yield WeightActivity(layer=layer, j=j, k=k, parameter=w, input=size, saturated=share, fault=of_weight)
    size = math.nan if fault == NO_PART else 1.0
    yield WeightActivity(layer=layer, j=j, k=None, parameter=neuron.b, input=size, saturated=share, fault=fault)


def _numbers_of(weight: WeightActivity) -> tuple[str, str]:
    """The cells of a table: none for a neuron that took no part."""
    if weight.fault == NO_PART:
        return '', ''
    return f'{weight.input:.2g}', share_text(weight.saturated)


def share_text(share: float) -> str:
    """A share of the examples in per cent; nan has none.

    >>> share_text(0.25), share_text(math.nan)
    ('25%', 'nan')
    """
    return 'nan' if math.isnan(share) else f'{share:.0%}'


class _Call(NamedTuple):
    """The numbers of one call of a neuron."""

    inputs: Sequence[float]
    z: float
    a: float


def _traced(model: Any, x: Any) -> list[list[list[_Call]]]:
    """What each neuron computed, read off the graph, however a class of the program's own puts them together."""
    calls = passes(model, listed(model(x)))
    return [
        [[_Call([v.data for v in one.inputs], one.z.data, one.a.data) for one in n] for n in layer] for layer in calls
    ]


def _numbers(x: Any) -> list[float] | None:
    """An example as plain numbers; None where it holds anything else, such as Values."""
    listed = x.tolist() if hasattr(x, 'tolist') else x
    if not isinstance(listed, list | tuple) or not all(type(number) in (float, int) for number in listed):
        return None
    return [Value(number).data for number in listed]


def _forward(model: Any, x: list[float]) -> list[list[list[_Call]]]:
    """The same as `_traced` for plain networks, without a graph, so many times as fast."""
    layers = []
    for layer in model.layers if isinstance(model, MLP) else [model]:
        with no_grad():
            answers = listed(layer(x))
        neurons = layer.neurons if isinstance(layer, Layer) else [layer]
        layers.append([[_Call(x, _weighted_input(n, x), a.data)] for n, a in zip(neurons, answers, strict=True)])
        x = [a.data for a in answers]
    return layers


def _weighted_input(neuron: Neuron, x: Sequence[float]) -> float:
    z = neuron.b.data
    for w, number in zip(neuron.w, x, strict=True):
        z += w.data * number
    return z


class _Seen:
    """What one neuron met so far: of its inputs only the sums of |x|, since there may be many."""

    def __init__(self, neuron: Neuron):
        self.neuron = neuron
        self.z: list[float] = []
        self.a: list[float] = []
        self.sums = [0.0] * len(neuron.w)

    def add(self, calls: Sequence[_Call]) -> None:
        """What it did for one more example."""
        for call in calls:
            self.z.append(call.z)
            self.a.append(call.a)
            self.sums = [total + abs(x) for total, x in zip(self.sums, call.inputs, strict=True)]


def _mean(numbers: Iterable[float]) -> float:
    total, number = 0.0, 0
    for x in numbers:  # not the built-in sum, whose rounding depends on Python's version
        total, number = total + x, number + 1
    return total / number if number else math.nan


def _activity(seen: _Seen, number: int, place: int, steepest: dict[int, float]) -> Activity:
    f = activation_of(seen.neuron)
    slopes = tuple(slope(f, z) for z in seen.z)
    if id(f) not in steepest:
        steepest[id(f)] = _steepest(f)
    return Activity(
        name=f'neuron {number}.{place}',
        layer=number,
        activation=activation_name(seen.neuron),
        a=tuple(seen.a),
        slopes=slopes,
        steepest=min(1.0, max([steepest[id(f)], *(abs(s) for s in slopes if math.isfinite(s))])),
        inputs=tuple(total / len(seen.z) if seen.z else math.nan for total in seen.sums),
    )


def _steepest(f: Callable[[Value], Value]) -> float:
    """The largest slope near 0."""
    slopes = [abs(slope(f, -REACH + 2 * REACH * i / (STEPS - 1))) for i in range(STEPS)]
    return max((s for s in slopes if math.isfinite(s)), default=1.0)
