"""What the neurons of a network computed, read off a graph: inputs, weighted input z, activation a, error dC/dz."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from micrograd import graph, groups
from micrograd.activations import function_name, named
from micrograd.context import enable_grad
from micrograd.engine import Value
from micrograd.errors import GraphError
from micrograd.nn import MLP, Layer, Neuron
from micrograd.transforms import gradients

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

__all__ = ['Pass', 'activation_name', 'activation_of', 'listed', 'neurons_of', 'own_parts', 'passes', 'slope']


@dataclass(frozen=True, slots=True)
class Pass:
    """One call of a neuron.

    Args:
        inputs: what its weights were multiplied with, in their order.
        z: the weighted input; after `backward()` its gradient is the error, delta = dC/dz.
        a: the activation.
    """

    inputs: tuple[Value, ...]
    z: Value
    a: Value


def neurons_of(model: Any) -> list[list[Neuron]]:
    """The neurons of a network, layer by layer.

    Args:
        model: an MLP, a Layer or a Neuron.

    Raises:
        TypeError: it is something else, or has something else for a layer.

    >>> [len(layer) for layer in neurons_of(MLP(2, [3, 1]))]
    [3, 1]
    """
    if isinstance(model, Neuron):
        return [[model]]
    layers = model.layers if isinstance(model, MLP) else [model]
    for layer in layers:
        if not isinstance(layer, Layer) or not all(isinstance(neuron, Neuron) for neuron in layer.neurons):
            raise TypeError(
                f'this looks at networks of neurons: an MLP, a Layer or a Neuron; {type(layer).__name__} is none: '
                f'{layer!r:.60}. Any graph can be drawn: micrograd.draw(loss)'
            )
    return [layer.neurons for layer in layers]


def own_parts(model: Any) -> list[Any]:
    """The parts of a network that are of a class of the program's own, and so may do anything; the network, if it is.

    Raises:
        TypeError: the model is no network of neurons.

    >>> own_parts(MLP(2, [3, 1]))
    []
    """
    layers = model.layers if isinstance(model, MLP) else []
    neurons = [neuron for layer in neurons_of(model) for neuron in layer]
    return [part for part in (model, *layers, *neurons) if type(part) not in (MLP, Layer, Neuron)]


def listed(output: Any) -> list[Value]:
    """The outputs of a network for one example as a list, where there is only one, too.

    >>> listed(Value(1.0))
    [Value(data=1.0, grad=0.0)]
    """
    return list(output) if isinstance(output, list | tuple) else [output]


def activation_name(neuron: Neuron) -> str:
    """What a neuron applies to its weighted input: 'tanh', 'leaky_relu(0.2)', 'linear', or the name of a function.

    >>> activation_name(Neuron(2))
    'relu'
    """
    if not neuron.nonlin:
        return 'linear'
    return neuron.activation if isinstance(neuron.activation, str) else function_name(neuron.activation)


def activation_of(neuron: Neuron) -> Callable[[Value], Value]:
    """What a neuron applies to its weighted input, as a function."""
    if not neuron.nonlin:
        return named('linear')
    return named(neuron.activation) if isinstance(neuron.activation, str) else neuron.activation


def slope(f: Callable[[Value], Value], z: float) -> float:
    """The derivative of an activation function: sigma'(z); inside of `no_grad` too.

    >>> slope(lambda z: z.tanh(), 0.0)
    1.0
    """
    x = Value(z)
    with enable_grad():
        return gradients(f(x), [x])[0].data


def passes(model: Any, v: Value | Sequence[Value]) -> list[list[list[Pass]]]:
    """What each neuron computed on the way to a value: for each layer, for each neuron, its calls.

    Args:
        model: an MLP, a Layer or a Neuron.
        v: an output, or a loss computed from outputs, of one example or several; or a list of them.

    Returns:
        Lists in lists: layers, their neurons, and the calls of each; none for a neuron that took no part.

    Raises:
        GraphError: the model took no part in it.
        TypeError: the model is no network of neurons.

    >>> model = Neuron(1, activation='tanh', generator=0)
    >>> a = model([2.0])
    >>> [[[one]]] = passes(model, a)
    >>> one.a is a, one.inputs[0].data, one.z is a._prev[0]
    (True, 2.0, True)
    """
    layers = neurons_of(model)
    order = graph.topological(groups.values_in(v))
    found: dict[int, list[Pass]] = {}
    for group in groups.find(order):
        if group.kind == 'neuron' and group.z is not None:
            found.setdefault(id(group.maker), []).append(_pass(group, group.z, order))
    calls = [[found.get(id(neuron), []) for neuron in layer] for layer in layers]
    if not any(neuron for layer in calls for neuron in layer):
        raise GraphError(
            f'{model.brief()} took no part in this value: it was computed by another model, or without a graph. '
            'Wrong: with no_grad(): loss = bce(model(x), y). Right: loss = bce(model(x), y)'
        )
    return calls


def _pass(group: groups.Group, z: int, order: Sequence[Value]) -> Pass:
    places: dict[int, list[int]] = {}  # of a Value that is several weights, in the order in which it is used
    for i, w in enumerate(group.maker.w):
        places.setdefault(id(w), []).append(i)
    inputs: dict[int, Value] = {}
    for position in group.members:
        v = order[position]
        if v._op == '*' and places.get(id(v._prev[0])):
            inputs[places[id(v._prev[0])].pop(0)] = v._prev[1]
    return Pass(tuple(inputs[i] for i in sorted(inputs)), order[z], order[group.outputs[0]])
