"""A network as people draw it, with what it computed: which numbers the picture shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from micrograd import checks
from micrograd.engine import Value
from micrograd.errors import DataError
from micrograd.letters import SUBSCRIPTS
from micrograd.passes import activation_name, neurons_of, passes
from micrograd.render.plots.circles import Column, Node, draw_columns
from micrograd.render.plots.figures import written
from micrograd.render.view import legible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import SupportsIndex

    from matplotlib.figure import Figure

    from micrograd.nn import Neuron
    from micrograd.passes import Pass

__all__ = ['network']

FEWEST = 3  # circles in a column: the first, the last, and the gap between them
LONGEST_TITLE, LONGEST_ACTIVATION = 60, 16


def network(
    model: Any, v: Value | Sequence[Value] | None = None, *, title: str | None = None, widest: SupportsIndex = 16
) -> Figure:
    """Draw a network as people do: a circle for each neuron, a line for each weight.

    A line is as wide as its weight is large, blue where it is positive, orange where it is negative; the outline of a
    circle is its bias, in the same way. Given what the network computed, each circle shows its activation, and below
    it, after `backward()`, the error of the neuron, delta = dC/dz; that of an input is dC/dx.

    Args:
        model: an MLP, a Layer or a Neuron.
        v: an output of the model, or a loss computed from it; or a list of such Values. Of several examples in one loss
            the mean activations are shown, and the errors summed, which is the gradient of the bias.
        title: what to write above, instead of the model.
        widest: circles in a column; of a layer with more neurons the first and the last are drawn, the others counted.

    Returns:
        A figure, which a notebook shows; `save_figure` writes it to a file.

    Raises:
        GraphError: the model took no part in `v`.
        TypeError: the model is no network of neurons, or `v` no Value.
        DataError: widest is below 3.
        MissingDependencyError: matplotlib is not installed.

    >>> from micrograd import nn
    >>> model = nn.MLP(2, [3, 1], activation='tanh', generator=0)
    >>> loss = (model([1.0, -2.0]) - 1.0) ** 2
    >>> loss.backward()
    >>> [text.get_text() for text in network(model, loss).texts]
    ['MLP(2, [3, 1])', 'one example, C = 2.15']

    Source: Nielsen, Neural Networks and Deep Learning, chapter 1, "The architecture of neural networks", for the
    picture; chapter 2, "The four fundamental equations behind backpropagation", for the error.
    """
    most = most_circles(widest)
    layers = neurons_of(model)
    roots = _roots(v)
    calls = passes(model, roots) if roots else [[[] for _ in layer] for layer in layers]
    went_back = any(root.grad != 0.0 for root in roots)
    columns = columns_of(layers, calls, most, went_back)
    return draw_columns(columns, heading(model, title), _subtitle(model, roots, calls, went_back))


def most_circles(widest: SupportsIndex) -> int:
    """The number of circles in a column, checked."""
    most = checks.count(widest, 'widest')
    if most < FEWEST:
        raise DataError(f'widest should be at least {FEWEST}, for the first, a gap and the last, not {most}')
    return most


def heading(model: Any, title: str | None) -> str:
    """The line above the picture."""
    return legible(model.brief() if title is None else title, LONGEST_TITLE)


def columns_of(
    layers: Sequence[Sequence[Neuron]], calls: list[list[list[Pass]]], most: int, went_back: bool
) -> list[Column]:
    """The circles: those of the inputs, then those of each layer."""
    columns = [_inputs(layers[0], calls[0], most, went_back)]
    for number, (layer, seen) in enumerate(zip(layers, calls, strict=True), 1):
        name = 'output' if number == len(layers) else f'layer {number}'
        columns.append(_layer(name, layer, seen, most, went_back))
    return columns


def _roots(v: Any) -> list[Value]:
    roots = [] if v is None else list(v) if isinstance(v, list | tuple) else [v]
    if (v is not None and not roots) or not all(isinstance(root, Value) for root in roots):
        raise TypeError(
            f'what the network computed is a Value, or a list of them, not {type(v).__name__}: {v!r:.60}. '
            'Wrong: network(model, [0.5, 1.0]). Right: network(model, model([0.5, 1.0])), or network(model, loss)'
        )
    return roots


def _subtitle(model: Any, roots: list[Value], calls: list[list[list[Pass]]], went_back: bool) -> str:
    """What the numbers are of."""
    if not roots:
        parameters = len(model.parameters())
        return f'{parameters:,} parameter{"s" * (parameters != 1)}'
    examples = max(len(seen) for layer in calls for seen in layer)
    number = 'one example' if examples == 1 else f'{examples:,} examples'
    means = '' if examples == 1 else ': mean activations' + ', errors summed' * went_back
    cost = f', C = {written(roots[0].data)}' if went_back and len(roots) == 1 else ''
    return number + means + cost


def _inputs(layer: Sequence[Neuron], calls: list[list[Pass]], most: int, went_back: bool) -> Column:
    """The inputs, as the first neuron of the first layer that was called met them."""
    number = len(layer[0].w)
    seen = next((seen for seen in calls if seen), [])
    nodes = []
    for i, place in _shown(number, most):
        xs = [one.inputs[i] for one in seen]
        named = {legible(x.label) for x in xs if x.label}
        label = named.pop() if len(named) == 1 else f'x{i + 1}'.translate(SUBSCRIPTS)
        nodes.append(
            Node(
                index=i,
                place=place,
                label=label,
                a=_mean(x.data for x in xs),
                delta=_sum(x.grad for x in xs) if went_back else None,
            )
        )
    return Column(name='input', what='', nodes=nodes, size=number)


def _layer(name: str, layer: Sequence[Neuron], calls: list[list[Pass]], most: int, went_back: bool) -> Column:
    nodes = []
    for i, place in _shown(len(layer), most):
        neuron, seen = layer[i], calls[i]
        nodes.append(
            Node(
                index=i,
                place=place,
                bias=neuron.b.data,
                weights=tuple(w.data for w in neuron.w),
                a=_mean(one.a.data for one in seen),
                delta=_sum(one.z.grad for one in seen) if went_back else None,
            )
        )
    kinds = {activation_name(neuron) for neuron in layer}
    what = legible(kinds.pop(), LONGEST_ACTIVATION) if len(kinds) == 1 else 'mixed'
    return Column(name=name, what=what, nodes=nodes, size=len(layer))


def _shown(number: int, most: int) -> list[tuple[int, int]]:
    """Which of so many are drawn, and at which place from the top; one place is left free where some are missing."""
    if number <= most:
        return [(i, i) for i in range(number)]
    first, last = most // 2, (most - 1) // 2
    return [(i, i) for i in range(first)] + [(number - last + i, first + 1 + i) for i in range(last)]


def _sum(numbers: Iterable[float]) -> float | None:
    total = None
    for number in numbers:
        total = number if total is None else total + number
    return total


def _mean(numbers: Iterable[float]) -> float | None:
    listed = list(numbers)
    total = _sum(listed)
    return None if total is None else total / len(listed)
