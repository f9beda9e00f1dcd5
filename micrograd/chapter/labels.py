"""Names in the chapter's notation: w²₁₃, b²₁, z²₁, a²₁."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from micrograd.engine import Value
from micrograd.letters import SUBSCRIPTS, SUPERSCRIPTS
from micrograd.passes import neurons_of, passes

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ['label', 'layer_label', 'names_of_parameters', 'neuron_label', 'weight_label']


def neuron_label(letter: str, layer: int, j: int, example: int | None = None) -> str:
    """The name of what belongs to a neuron, such as its bias b, its weighted input z, its activation a or its error δ.

    Args:
        letter: which of them.
        layer: from 2, as in the book; of inputs 1.
        j: the neuron, from 1.
        example: which of several examples it is of, from 1.

    >>> neuron_label('z', 2, 1), neuron_label('a', 3, 12, example=5)
    ('z²₁', 'a³₁₂ x₅')
    """
    name = layer_label(letter, layer) + _lowered(j)
    return name if example is None else f'{name} x{_lowered(example)}'


def layer_label(letter: str, layer: int) -> str:
    """The name of all of a layer, a vector or a matrix.

    >>> layer_label('δ', 3)
    'δ³'
    """
    return f'{letter}{_raised(layer)}'


def weight_label(layer: int, j: int, k: int) -> str:
    """The name of the weight from neuron k of the layer before to neuron j of a layer.

    Args:
        layer: from 2, as in the book.
        j: the neuron that it leads to, from 1.
        k: the neuron, or the input, that it comes from, from 1.

    >>> weight_label(2, 1, 3), weight_label(2, 10, 3)
    ('w²₁₃', 'w²₁₀,₃')
    """
    between = '' if j < 10 and k < 10 else ','
    return f'w{_raised(layer)}{_lowered(j)}{between}{_lowered(k)}'


def label(loss: Value, model: Any) -> Value:
    """Name everything on the way to a cost in the chapter's notation, for pictures and tables.

    Inputs become a¹ₖ, weights w²ⱼₖ, biases b²ⱼ, weighted inputs z²ⱼ, activations a²ⱼ, the cost C. Where there are
    several examples, what belongs to one of them says so: a²₁ x₃ is of the third in the order in which they come in the
    graph. What has a label keeps it. A linear neuron has one Value for z and a, which is called a.

    Args:
        loss: an output of the model, or a cost computed from its outputs, of one example or of several.
        model: an MLP, a Layer or a Neuron.

    Returns:
        The loss, so that `draw(label(loss, model))` does.

    Raises:
        GraphError: the model took no part in the loss.
        TypeError: the model is no network of neurons, or the loss no Value.

    >>> from micrograd import losses, nn
    >>> model = nn.MLP(2, [2, 1], activation='sigmoid', output='sigmoid', generator=0)
    >>> C = label(losses.quadratic(model([1.0, 0.5]), 1.0), model)
    >>> model.layers[0].neurons[1].w[0].label, C.label
    ('w²₂₁', 'C')

    Source: Nielsen, Neural Networks and Deep Learning, chapter 2, "Warm up".
    """
    if not isinstance(loss, Value):
        raise TypeError(
            f'label() names what leads to one Value, not {type(loss).__name__}. Wrong: label([C1, C2], model). '
            'Right: for C in (C1, C2): label(C, model)'
        )
    for v, name in _names(loss, model):
        if not v.label:
            v.label = name
    return loss


def _names(loss: Value, model: Any) -> Iterator[tuple[Value, str]]:
    yield from _names_of_parameters(model)
    calls = passes(model, loss)
    several = max(len(seen) for layer in calls for seen in layer) > 1
    for l, layer in enumerate(calls, 2):
        for j, seen in enumerate(layer, 1):
            for number, one in enumerate(seen, 1):
                example = number if several else None
                if l == 2:
                    yield from ((x, neuron_label('a', 1, k, example)) for k, x in enumerate(one.inputs, 1))
                yield one.a, neuron_label('a', l, j, example)
                yield one.z, neuron_label('z', l, j, example)
    yield loss, 'C'


def names_of_parameters(model: Any) -> dict[int, str]:
    """The names of the weights and biases of a network, by the ids of their Values.

    >>> from micrograd import nn
    >>> list(names_of_parameters(nn.MLP(2, [1])).values())
    ['w²₁₁', 'w²₁₂', 'b²₁']
    """
    return {id(v): name for v, name in _names_of_parameters(model)}


def _names_of_parameters(model: Any) -> Iterator[tuple[Value, str]]:
    for l, layer in enumerate(neurons_of(model), 2):
        for j, neuron in enumerate(layer, 1):
            yield from ((w, weight_label(l, j, k)) for k, w in enumerate(neuron.w, 1))
            yield neuron.b, neuron_label('b', l, j)


def _raised(number: int) -> str:
    return str(number).translate(SUPERSCRIPTS)


def _lowered(number: int) -> str:
    return str(number).translate(SUBSCRIPTS)
