"""Networks: Module, which knows its parameters; Neuron, Layer and MLP; and how their weights begin.

A neuron is sums and products of Values, one by one, so everything that holds for a Value holds for a network.
"""

import random
from collections.abc import Iterable, Mapping, Sequence, Set
from itertools import pairwise
from reprlib import repr as short
from typing import Any, SupportsIndex

from micrograd.activations import Function, check_activation, named, no_value, title
from micrograd.checks import integer, random_generator
from micrograd.engine import Value
from micrograd.errors import ShapeError
from micrograd.groups import Call, values_in
from micrograd.initialisation import INITIALISATIONS, Initialisation, draw
from micrograd.module import Module
from micrograd.scalars import Condition, is_real

__all__ = ['INITIALISATIONS', 'MLP', 'Layer', 'Module', 'Neuron']

Number = Value | float


class Neuron(Module, marks_itself=True):
    """The sum of weights times inputs, plus a bias; then an activation: a = f(b + w[0] x[0] + w[1] x[1] + …).

    The sum starts at the bias and goes from left to right.

    Args:
        nin: how many inputs it takes.
        nonlin: whether it has an activation; without one it is linear.
        nout: how many neurons its layer has, which some initialisations ask for.
        activation: the name of an operation on one number, with its constants if it has any ('tanh', 'leaky_relu',
            'leaky_relu(0.2)', 'linear'), or any function from a Value to a Value.
        initialisation: a name in INITIALISATIONS, or a function like those there.
        generator: draws the weights: a random.Random, or a seed for one; None is Python's global generator.

    Attributes:
        w: the weights, a list of Values.
        b: the bias, a Value.

    Raises:
        ShapeError: `nin` is not positive, or the initialisation gives another number of weights.
        ValueError: there is no such activation or initialisation.

    >>> neuron = Neuron(2, activation='tanh', generator=1)
    >>> neuron
    TanhNeuron(2)
    >>> x = [Value(1.0), Value(-2.0)]
    >>> a = neuron(x)
    >>> a.backward()
    >>> neuron.b.grad * neuron.w[0].data == x[0].grad
    True
    """

    kind = 'neuron'
    nonlin = True
    activation: str | Function = 'relu'

    def __init__(
        self,
        nin: SupportsIndex,
        nonlin: bool = True,
        *,
        nout: SupportsIndex = 1,
        activation: str | Function = 'relu',
        initialisation: str | Initialisation = 'karpathy',
        generator: random.Random | int | None = None,
    ):
        check_activation(activation)
        _check_nonlin(nonlin)
        weights, bias = draw(initialisation, _size(nin, 'nin'), _size(nout, 'nout'), _seeded(generator) or random)
        self.w = [_trainable(weight) for weight in weights]
        self.b = _trainable(bias)
        self.nonlin = nonlin and activation != 'linear'
        self.activation = activation

    def __call__(self, x: Iterable[Number] | Number) -> Value:
        """The activation for one example.

        Args:
            x: nin numbers or Values; a single one may come without a list around it.

        Raises:
            ShapeError: there are more or fewer of them.
            TypeError: they are something else.
        """
        in_layer = type(x) is _Inputs
        inputs = x if type(x) is _Inputs else _Inputs(self, x)
        w = self.w
        if len(inputs) != len(w):
            raise _wrong_number(self, len(w), len(inputs))
        z: Value = self.b
        for weight, v in zip(w, inputs, strict=True):
            z = z + weight * v
        activation = self.activation if self.nonlin else 'linear'
        if in_layer and type(self) is Neuron and isinstance(activation, str):
            return named(activation)(z)  # the layer marks it, which is quicker
        with Call(self, inputs.ids, 'neuron', id(z)) as call:
            a = (named(activation) if isinstance(activation, str) else activation)(z)
        if not isinstance(a, Value):
            raise no_value(activation, a)
        call.mark([a])
        return a

    def _parts(self) -> dict[str, Any]:
        return {'w': self.w, 'b': self.b, 'activation': self.activation}  # which may be a Module

    def brief(self) -> str:
        """See Module."""
        return type(self).__name__ if _nin(self) is None else repr(self)

    def __repr__(self) -> str:
        return f'{title(self.activation) if self.nonlin else "Linear"}Neuron({len(self.w)})'


class Layer(Module, marks_itself=True):
    """Neurons side by side: each sees all the inputs.

    Args:
        nin: how many inputs each neuron takes.
        nout: how many neurons there are.
        generator: draws the weights, see Neuron.
        kwargs: what else Neuron takes: nonlin, activation, initialisation.

    Attributes:
        neurons: a list of Neurons.

    Raises:
        ShapeError: `nin` or `nout` is not positive.

    >>> layer = Layer(3, 2, activation='sigmoid', initialisation='xavier', generator=0)
    >>> layer
    Layer of [SigmoidNeuron(3), SigmoidNeuron(3)]
    >>> [f'{a:.3f}' for a in layer([1.0, 0.0, -1.0])]
    ['0.717', '0.421']
    """

    kind = 'layer'

    def __init__(
        self, nin: SupportsIndex, nout: SupportsIndex, *, generator: random.Random | int | None = None, **kwargs: Any
    ):
        count, draws = _size(nout, 'nout'), _seeded(generator)
        self.neurons = [Neuron(nin, nout=count, generator=draws, **kwargs) for _ in range(count)]

    def __call__(self, x: Iterable[Number] | Number) -> Any:
        """The activations for one example: a list of Values; of a single neuron, the Value itself.

        Args:
            x: nin numbers or Values; a single one may come without a list around it.

        Raises:
            ShapeError: there are more or fewer of them.
            TypeError: they are something else.
        """
        x = _checked(self, x)
        with Call(self, _ids(x), 'layer', parts=tuple(self.neurons)) as call:
            outputs = [neuron(x) for neuron in self.neurons]
        call.mark(outputs)
        return outputs[0] if len(outputs) == 1 else outputs

    def _parts(self) -> dict[str, Any]:
        return {'neurons': self.neurons}

    def brief(self) -> str:
        """See Module."""
        nin = _nin(self)
        return super().brief() if nin is None else f'{type(self).__name__}({nin}, {len(self.neurons)})'

    def __repr__(self) -> str:
        return f'Layer of [{", ".join(str(neuron) for neuron in self.neurons)}]'


class MLP(Module, marks_itself=True):
    """A multi-layer perceptron: layers one after another, each taking the activations of the one before.

    Args:
        nin: how many inputs it takes.
        nouts: how many neurons each layer has, at least one layer.
        activation: that of the hidden layers, see Neuron; a list has one for each of them.
        output: that of the last layer.
        initialisation: see Neuron.
        generator: draws the weights of all layers in turn, see Neuron.

    Attributes:
        layers: a list of Layers.

    Raises:
        ShapeError: a size is not positive, there is no layer, or there are more or fewer activations than hidden
            layers.

    >>> model = MLP(2, [2, 1], activation='tanh', generator=0)
    >>> model
    MLP of [Layer of [TanhNeuron(2), TanhNeuron(2)], Layer of [LinearNeuron(2)]]
    >>> print(f'{model([1.0, -1.0]):.4f}')
    -0.0556
    """

    def __init__(
        self,
        nin: SupportsIndex,
        nouts: Iterable[SupportsIndex],
        *,
        activation: str | Function | Sequence[str | Function] = 'relu',
        output: str | Function = 'linear',
        initialisation: str | Initialisation = 'karpathy',
        generator: random.Random | int | None = None,
    ):
        sizes = [_size(nin, 'nin'), *_sizes(nouts)]
        hidden = [{'activation': kind} for kind in _one_each(activation, len(sizes) - 2)]
        last: dict[str, Any] = {'nonlin': False} if output == 'linear' else {'activation': output}
        draws = _seeded(generator)
        self.layers = [
            Layer(a, b, initialisation=initialisation, generator=draws, **kind)
            for (a, b), kind in zip(pairwise(sizes), [*hidden, last], strict=True)
        ]

    def __call__(self, x: Iterable[Number] | Number) -> Any:
        """The outputs for one example: a list of Values; of a single output neuron, the Value itself.

        Args:
            x: nin numbers or Values; a single one may come without a list around it.

        Raises:
            ShapeError: there are more or fewer of them.
            TypeError: they are something else.
        """
        x = _checked(self, x)
        with Call(self, _ids(x), 'network', parts=tuple(self.layers)) as call:
            for layer in self.layers:
                x = layer(x)
        call.mark(list(values_in(x)))
        return x

    def _parts(self) -> dict[str, Any]:
        return {'layers': self.layers}

    def brief(self) -> str:
        """See Module."""
        nin = _nin(self)
        sizes = [len(layer.neurons) if isinstance(layer, Layer) else '?' for layer in self.layers]
        return super().brief() if nin is None else f'{type(self).__name__}({nin}, {short(sizes)})'

    def __repr__(self) -> str:
        return f'MLP of [{", ".join(str(layer) for layer in self.layers)}]'


# Inputs ----------------------------------------------------------------------------------------------------------


class _Inputs(list[Value]):
    """The inputs of one example, all of them Values: made once, then handed to every neuron of a layer."""

    __slots__ = ('ids',)

    def __init__(self, module: Module, x: Any):
        xs = x if type(x) is list else _items(module, x)
        super().__init__([v if type(v) is Value else _input(module, v) for v in xs])
        self.ids = frozenset(map(id, self))


def _ids(x: Any) -> frozenset[int]:
    return x.ids if type(x) is _Inputs else frozenset(map(id, values_in(x)))


def _items(module: Module, x: Any) -> Iterable[Any]:
    if hasattr(x, 'tolist'):  # an array of NumPy or its like: Python's own numbers are much faster
        x = x.tolist()
    if isinstance(x, Value) or is_real(x):
        return (x,)
    if not isinstance(x, Iterable) or isinstance(x, str | Set | Mapping):
        raise TypeError(
            f'{module.brief()} takes a list of numbers and Values, in order, not {type(x).__name__}: {short(x)}'
        )
    return x


def _input(module: Module, x: Any) -> Value:
    if is_real(x):
        return Value(x)
    if isinstance(x, Value):
        return x
    if isinstance(x, Condition):
        return x.flag  # type: ignore[no-any-return]  # a Value
    if hasattr(x, '__len__') and not isinstance(x, str):
        raise ShapeError(
            f'{module.brief()} takes one example a call, a list of numbers, and was given a list of lists. '
            'Wrong: model(rows). Right: [model(row) for row in rows]'
        )
    raise TypeError(f'{module.brief()} takes numbers and Values, not {type(x).__name__}: {short(x)}')


def _checked(module: Module, x: Any) -> Any:
    """As many Values as the module takes; where a class of the program's own decides what it takes, x as it is."""
    nin = _nin(module)
    if nin is None:
        return x
    inputs = x if type(x) is _Inputs else _Inputs(module, x)
    if len(inputs) != nin:
        raise _wrong_number(module, nin, len(inputs))
    return inputs


def _nin(module: Any) -> int | None:
    """How many inputs a module takes; None where a class of the program's own decides that."""
    call = type(module).__call__
    if call is Neuron.__call__:
        return len(module.w)
    if call is Layer.__call__ and module.neurons:
        return _nin(module.neurons[0])
    if call is MLP.__call__ and module.layers:
        return _nin(module.layers[0])
    return None


def _wrong_number(module: Module, nin: int, given: int) -> ShapeError:
    right = ', '.join(f'x{i}' for i in range(nin)) if nin <= 4 else f'x0, x1, …, x{nin - 1}'
    return ShapeError(
        f'{module.brief()} takes {nin} input{"s" * (nin != 1)}, and was given {given}. Right: model([{right}]), '
        'or a network made for as many inputs as there are'
    )


# Shapes ----------------------------------------------------------------------------------------------------------


def _size(number: Any, name: str) -> int:
    if isinstance(number, bool):
        raise TypeError(f'{name} should be an integer, not {number}')
    size = integer(number, name)
    if size < 1:
        raise ShapeError(f'{name} should be at least 1, not {size}')
    return size


def _sizes(nouts: Any) -> list[int]:
    if not isinstance(nouts, Iterable) or isinstance(nouts, str | Set | Mapping):
        raise TypeError(
            f'nouts lists the sizes of the layers, in order. Wrong: MLP(2, {short(nouts)}). Right: MLP(2, [16, 1])'
        )
    sizes = [_size(nout, f'nouts[{i}]') for i, nout in enumerate(nouts)]
    if not sizes:
        raise ShapeError('an MLP has at least one layer. Wrong: MLP(2, []). Right: MLP(2, [1])')
    return sizes


def _one_each(activation: Any, hidden: int) -> list[Any]:
    if not isinstance(activation, list | tuple):
        check_activation(activation)  # also where there is no hidden layer
        return [activation] * hidden
    if len(activation) != hidden:
        raise ShapeError(
            f'there are {len(activation)} activations for {hidden} hidden layers; the last layer has `output` instead. '
            "Right: MLP(2, [16, 16, 1], activation=['tanh', 'relu'], output='linear')"
        )
    return [*activation]


def _check_nonlin(nonlin: Any) -> None:
    if isinstance(nonlin, str) or callable(nonlin):
        raise TypeError(
            f'nonlin is True or False, not {short(nonlin)}. '
            "Wrong: Neuron(2, 'tanh'). Right: Neuron(2, activation='tanh')"
        )


def _seeded(generator: random.Random | int | None) -> random.Random | None:
    """One generator for all the neurons, so that no two of them are alike."""
    return None if generator is None else random_generator(generator)


def _trainable(number: float) -> Value:
    v = Value(number)
    v.role = 'parameter'
    return v
