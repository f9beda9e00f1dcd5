"""The two assumptions that backpropagation makes about the cost, as checks that explain themselves."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Any

from micrograd.chapter.labels import layer_label, names_of_parameters, neuron_label
from micrograd.engine import Value
from micrograd.errors import DataError
from micrograd.examples import pairs
from micrograd.node import parents
from micrograd.passes import listed, passes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Cost = Callable[[list[list[Value]], list[Any]], Value]

__all__ = ['Assumption', 'Assumptions', 'assumptions']

EXAMPLES = 16  # that are looked at
TOLERANCE = 1e-9  # of the size of the terms of two sums that are to be equal


@dataclass(frozen=True, slots=True)
class Assumption:
    """One assumption: whether it holds, and why it does not."""

    statement: str
    holds: bool
    why: str = ''

    def __bool__(self) -> bool:
        return self.holds

    def __str__(self) -> str:
        return f'{"holds" if self.holds else "BROKEN"}: {self.statement}{f": {self.why}" if self.why else ""}'


@dataclass(frozen=True, slots=True)
class Assumptions:
    """Both of them, see `assumptions`; true if both hold.

    Args:
        is_average: the first, C is the average of the costs of the examples.
        is_of_outputs: the second, the cost of an example is a function of the outputs.
    """

    is_average: Assumption
    is_of_outputs: Assumption

    def __bool__(self) -> bool:
        return bool(self.is_average and self.is_of_outputs)

    def __str__(self) -> str:
        return f'1 {self.is_average}\n2 {self.is_of_outputs}'


def assumptions(cost: Cost, model: Any, data: Any) -> Assumptions:
    """Check what backpropagation assumes of a cost: that it is an average, and that it is a function of the outputs.

    `fit` and the compiler take the first for granted: they compute the cost of each example by itself, and average. The
    second is what BP1 begins with; the engine does not need it, since it follows every path.

    Args:
        cost: a function of the outputs of several examples, a list of lists of Values, one an example, and of as many
            lists of targets, as the losses are. A target that is no list, beside several outputs, comes as it is.
        model: an MLP, a Layer or a Neuron.
        data: examples in any form that `fit` takes; the first 16 are looked at.

    Returns:
        Two answers, which print themselves.

    Raises:
        DataError: there are no examples, or the cost is no Value.
        TypeError: the model is no network of neurons, or the cost cannot be computed of lists.

    >>> from micrograd import losses, nn
    >>> model = nn.MLP(2, [2, 1], activation='tanh', generator=0)
    >>> data = [([0.0, 1.0], 1.0), ([1.0, 0.5], 0.0)]
    >>> bool(assumptions(losses.quadratic, model, data))
    True
    >>> penalised = lambda outputs, targets: losses.mse(outputs, targets) + 0.1 * model.layers[0].neurons[0].w[1] ** 2
    >>> print(assumptions(penalised, model, data).is_of_outputs)
    BROKEN: C is a function of the outputs a³: it depends on w²₁₂ past the outputs, too. backward() is right, since it \
follows every path; BP1 to BP4 lack that term, which has to be added by hand

    Source: Nielsen, Neural Networks and Deep Learning, chapter 2, "The two assumptions we need about the cost
    function".
    """
    examples = list(islice(pairs(data, 'data'), EXAMPLES))
    if len(examples) == 1:
        examples *= 2  # of one example alone every cost is the average
    outputs = [listed(model(x)) for x, _ in examples]
    targets = [_target(y, output) for (_, y), output in zip(examples, outputs, strict=True)]
    return Assumptions(_average(cost, outputs, targets), _of_outputs(cost, model, outputs, targets))


def _target(y: Any, output: list[Value]) -> Any:
    is_vector = hasattr(y, '__len__') and getattr(y, 'shape', None) != ()
    return y if is_vector or len(output) > 1 else [y]


def _computed(cost: Cost, outputs: list[list[Value]], targets: list[Any]) -> Value:
    try:
        found = cost(outputs, targets)
    except (TypeError, AttributeError) as error:
        raise TypeError(
            f'the cost could not be computed: {error}. It is called with the outputs of several examples, a list of '
            'lists of Values, and as many lists of targets. Wrong: lambda a, y: (a - y) ** 2. '
            'Right: losses.quadratic, or lambda outputs, targets: mean([(a[0] - y[0]) ** 2 for a, y in zip(…)])'
        ) from error
    if isinstance(found, Value):
        return found
    raise DataError(
        f'the cost should be a Value, not {type(found).__name__}: {found!r:.60}. It is called with a list of lists of '
        'outputs, one an example. Wrong: lambda outputs, targets: (outputs[0][0] - targets[0][0]).data ** 2. '
        'Right: lambda outputs, targets: (outputs[0][0] - targets[0][0]) ** 2'
    )


# The first ------------------------------------------------------------------------------------------------------------


def _average(cost: Cost, outputs: list[list[Value]], targets: list[Any]) -> Assumption:
    statement = 'C is the average of the costs C_x of the examples'
    costs = [_computed(cost, [a], [y]).data for a, y in zip(outputs, targets, strict=True)]
    wrong = next((i for i, c in enumerate(costs) if not math.isfinite(c)), None)
    if wrong is not None:
        return Assumption(statement, False, f'the cost of example {wrong} is {costs[wrong]}, which no average survives')
    for n in range(2, len(outputs) + 1):
        together = _computed(cost, outputs[:n], targets[:n]).data
        scale = math.fsum(map(abs, costs[:n])) / n
        if not _equal(together, math.fsum(costs[:n]) / n, scale):
            return Assumption(statement, False, _how_it_differs(together, costs[:n]))
    return Assumption(statement, True)


def _equal(a: float, b: float, scale: float) -> bool:
    """Whether two sums are the same, of terms of that size, which may cancel."""
    return abs(a - b) <= TOLERANCE * scale


def _how_it_differs(together: float, costs: Sequence[float]) -> str:
    n, mean = len(costs), math.fsum(costs) / len(costs)
    numbers = f'of {n} examples it is {together:.4g}, and the average of their costs, one by one, {mean:.4g}'
    return (
        f'{numbers}. {_kind_of(together, costs)} So ∂C/∂w is not the average of the ∂C_x/∂w, which is what '
        'backpropagation, mini-batches and fit compute'
    )


def _kind_of(together: float, costs: Sequence[float]) -> str:
    n, largest = len(costs), max(map(abs, costs))
    if _equal(together, math.fsum(costs), n * largest):
        return f'It is the sum: divide it by the number of examples, or steps grow {n} times as long.'
    if _equal(together * together, math.fsum(c * c for c in costs) / n, largest * largest):
        return 'It is the root of the mean of the squares: use their mean, which has its minimum there too.'
    if _equal(together, max(costs), largest):
        return 'It is the cost of the worst example alone.'
    return 'The examples depend on each other in it.'


# The second -----------------------------------------------------------------------------------------------------------


def _of_outputs(cost: Cost, model: Any, outputs: list[list[Value]], targets: list[Any]) -> Assumption:
    together = _computed(cost, outputs, targets)
    ends = {id(a) for output in outputs for a in output}
    layers = passes(model, [a for output in outputs for a in output])
    statement = f'C is a function of the outputs {layer_label("a", len(layers) + 1)}'
    names = names_of_parameters(model)
    for l, layer in enumerate(layers, 2):
        for j, seen in enumerate(layer, 1):
            names |= {id(v): neuron_label(letter, l, j) for one in seen for letter, v in (('z', one.z), ('a', one.a))}
    met = _directly(together, ends | names.keys())
    if met.isdisjoint(ends):
        return Assumption(
            statement, False, 'it does not depend on them at all. Does a number (.data) stand where a Value should?'
        )
    directly = [name for i, name in names.items() if i in met - ends]
    if not directly:
        return Assumption(statement, True)
    more = f' and {len(directly) - 1:,} others' if len(directly) > 1 else ''
    return Assumption(
        statement,
        False,
        f'it depends on {directly[0]}{more} past the outputs, too. backward() is right, since it follows every path; '
        'BP1 to BP4 lack that term, which has to be added by hand',
    )


def _directly(cost: Value, stops: set[int]) -> set[int]:
    """Those of the stops, ids of nodes, that the cost depends on without another of them between."""
    waiting, met = [cost], {id(cost)}
    while waiting:
        v = waiting.pop()
        if id(v) in stops:
            continue
        for p in parents(v):
            if id(p) not in met:
                met.add(id(p))
                waiting.append(p)
    return met & stops
