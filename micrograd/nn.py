"""Networks: Module, which knows its parameters; Neuron, Layer and MLP; and how their weights begin.

A neuron is sums and products of Values, one by one, so everything that holds for a Value holds for a network.
"""

import math
import random
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from difflib import get_close_matches
from functools import lru_cache
from itertools import pairwise
from operator import methodcaller
from reprlib import repr as short
from typing import Any, Protocol, SupportsIndex

from micrograd.checks import integer, random_generator
from micrograd.engine import Value
from micrograd.errors import CheckpointError, ShapeError
from micrograd.operations import VALUES
from micrograd.operators import apply
from micrograd.primitives import COMPOSITIONS, TABLE, Family, Row
from micrograd.scalars import Condition, is_real

__all__ = ['INITIALISATIONS', 'MLP', 'Layer', 'Module', 'Neuron']

Number = Value | float
Function = Callable[[Value], Value]


class Draws(Protocol):
    """What draws the first weights: a random.Random, or Python's global generator, the module `random` itself."""

    def uniform(self, a: float, b: float) -> float:
        """A number between a and b, each as likely."""
        ...

    def gauss(self, mu: float, sigma: float) -> float:
        """A number of the normal distribution with mean mu and standard deviation sigma."""
        ...


Initialisation = Callable[[int, int, Draws], tuple[Sequence[float], float]]


class Module:
    """What has parameters: networks, their parts, and classes of your own.

    Every leaf Value in an attribute is a parameter, and so is every one in the Modules, lists, tuples and
    dictionaries there, however deep. What operations made is none, nor is a leaf whose `role` is 'constant'. A class
    may also say itself what its parameters are, by a method `parameters()` that returns them in a list. (Neuron, Layer
    and MLP have fixed parts; what a program hangs on them besides is none of their parameters.)

    >>> class Affine(Module):
    ...     def __init__(self):
    ...         self.scale, self.shift = Value(2.0), Value(1.0)
    ...     def __call__(self, x):
    ...         return self.scale * x + self.shift
    >>> affine = Affine()
    >>> affine
    Affine with 2 parameters: scale, shift
    >>> affine(3.0).backward()
    >>> [p.grad for p in affine.parameters()]
    [3.0, 1.0]
    """

    def parameters(self) -> list[Value]:
        """The parameters, in the order in which they were defined; a shared one stands here once.

        >>> len(MLP(2, [16, 16, 1]).parameters())
        337
        """
        parameters = [p for _, p in _leaves(self, self._parts().items(), _members)]
        for p in parameters:
            p.role = 'parameter'  # for pictures, where it may have been an input
        return parameters

    def named_parameters(self) -> list[tuple[str, Value]]:
        """The parameters, each with its name: the attributes, indices and keys that lead to it, joined by dots.

        >>> [name for name, p in Layer(1, 2).named_parameters()]
        ['neurons.0.w.0', 'neurons.0.b', 'neurons.1.w.0', 'neurons.1.b']
        """
        paths = {id(p): _dotted(path) for path, p in _leaves(self, _attributes(self), _attributes)}
        distinct = {id(p): p for p in self.parameters()}
        return [(paths.get(key, f'parameters.{i}'), p) for i, (key, p) in enumerate(distinct.items())]

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to 0: backward() adds to what is there."""
        for p in self.parameters():
            p.grad = 0.0

    def state_dict(self) -> dict[str, float]:
        """The parameters' numbers by name: all that training changed. `json.dump` writes it, bit by bit.

        Raises:
            CheckpointError: two parameters have the same name.

        >>> Neuron(2, initialisation=lambda nin, nout, generator: ([0.5, -0.5], 1.0)).state_dict()
        {'w.0': 0.5, 'w.1': -0.5, 'b': 1.0}
        """
        return {name: p.data for name, p in _by_name(self).items()}

    def load_state_dict(self, state: Mapping[str, float]) -> None:
        """Set the parameters to the numbers of a state_dict().

        Args:
            state: a number for the name of every parameter, and nothing else.

        Raises:
            TypeError: `state` is no mapping.
            CheckpointError: it does not fit; the message names what is missing, unexpected, or no number. No parameter
                is changed.

        >>> source, target = MLP(2, [4, 1]), MLP(2, [4, 1])
        >>> target.load_state_dict(source.state_dict())
        >>> target([1.0, -1.0]).data == source([1.0, -1.0]).data
        True
        """
        if not isinstance(state, Mapping):
            raise TypeError(f'load_state_dict() takes a dictionary of numbers by name, not {type(state).__name__}')
        parameters = _by_name(self)
        for name, number in _fitting(self, parameters, state).items():
            parameters[name].data = number

    def _parts(self) -> dict[str, Any]:
        """Where the parameters are, by name."""
        return vars(self)

    def __repr__(self) -> str:
        names = [_dotted(path) for path, _ in _leaves(self, _attributes(self), _attributes)]
        shown = ': ' + ', '.join(names[:3] + ['…'] * (len(names) > 3)) if names else ''
        return f'{type(self).__name__} with {len(names)} parameter{"s" * (len(names) != 1)}{shown}'


class Neuron(Module):
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
        _check_activation(activation)
        _check_nonlin(nonlin)
        weights, bias = _draw(initialisation, _size(nin, 'nin'), _size(nout, 'nout'), _seeded(generator) or random)
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
        if type(x) is not _Inputs:
            x = _Inputs(self, x)
        w = self.w
        if len(x) != len(w):
            raise _wrong_number(self, len(w), len(x))
        z: Value = self.b
        for weight, v in zip(w, x, strict=True):
            z = z + weight * v
        if not self.nonlin:
            return z
        activation = self.activation
        a = (_named(activation) if isinstance(activation, str) else activation)(z)
        if not isinstance(a, Value):
            raise _no_value(activation, a)
        return a

    def _parts(self) -> dict[str, Any]:
        return {'w': self.w, 'b': self.b, 'activation': self.activation}  # which may be a Module

    def __repr__(self) -> str:
        return f'{_title(self.activation) if self.nonlin else "Linear"}Neuron({len(self.w)})'


class Layer(Module):
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
        outputs = [neuron(x) for neuron in self.neurons]
        return outputs[0] if len(outputs) == 1 else outputs

    def _parts(self) -> dict[str, Any]:
        return {'neurons': self.neurons}

    def __repr__(self) -> str:
        return f'Layer of [{", ".join(str(neuron) for neuron in self.neurons)}]'


class MLP(Module):
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
        for layer in self.layers:
            x = layer(x)
        return x

    def _parts(self) -> dict[str, Any]:
        return {'layers': self.layers}

    def __repr__(self) -> str:
        return f'MLP of [{", ".join(str(layer) for layer in self.layers)}]'


# Inputs ----------------------------------------------------------------------------------------------------------


class _Inputs(list[Value]):
    """The inputs of one example, all of them Values: made once, then handed to every neuron of a layer."""

    __slots__ = ()

    def __init__(self, module: Module, x: Any):
        xs = x if type(x) is list else _items(module, x)
        super().__init__([v if type(v) is Value else _input(module, v) for v in xs])


def _items(module: Module, x: Any) -> Iterable[Any]:
    if hasattr(x, 'tolist'):  # an array of NumPy or its like: Python's own numbers are much faster
        x = x.tolist()
    if isinstance(x, Value) or is_real(x):
        return (x,)
    if not isinstance(x, Iterable) or isinstance(x, str | Set | Mapping):
        raise TypeError(
            f'{_brief(module)} takes a list of numbers and Values, in order, not {type(x).__name__}: {short(x)}'
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
            f'{_brief(module)} takes one example a call, a list of numbers, and was given a list of lists. '
            'Wrong: model(rows). Right: [model(row) for row in rows]'
        )
    raise TypeError(f'{_brief(module)} takes numbers and Values, not {type(x).__name__}: {short(x)}')


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
        f'{_brief(module)} takes {nin} input{"s" * (nin != 1)}, and was given {given}. Right: model([{right}]), '
        'or a network made for as many inputs as there are'
    )


def _brief(module: Module) -> str:
    """A network as the call that makes one like it: shorter than its repr, which lists all the neurons."""
    name, nin = type(module).__name__, _nin(module)
    if nin is None:
        return name
    if isinstance(module, Layer):
        return f'{name}({nin}, {len(module.neurons)})'
    if isinstance(module, MLP):
        sizes = [len(layer.neurons) if isinstance(layer, Layer) else '?' for layer in module.layers]
        return f'{name}({nin}, {short(sizes)})'
    return repr(module)


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
        _check_activation(activation)  # also where there is no hidden layer
        return [activation] * hidden
    if len(activation) != hidden:
        raise ShapeError(
            f'there are {len(activation)} activations for {hidden} hidden layers; the last layer has `output` instead. '
            "Right: MLP(2, [16, 16, 1], activation=['tanh', 'relu'], output='linear')"
        )
    return [*activation]


# Activations -----------------------------------------------------------------------------------------------------


def _check_activation(activation: Any) -> None:
    if isinstance(activation, str):
        _named(activation)
    elif not callable(activation):
        raise TypeError(f"an activation is a name, like 'tanh', or a function, not {short(activation)}")


def _check_nonlin(nonlin: Any) -> None:
    if isinstance(nonlin, str) or callable(nonlin):
        raise TypeError(
            f'nonlin is True or False, not {short(nonlin)}. '
            "Wrong: Neuron(2, 'tanh'). Right: Neuron(2, activation='tanh')"
        )


def _no_value(activation: str | Function, a: object) -> TypeError:
    return TypeError(
        f'the activation {activation!r} gave {short(a)}, not a Value, so no gradient could pass. '
        'Wrong: lambda z: math.tanh(z.data). Right: lambda z: z.tanh()'
    )


@lru_cache(maxsize=256)
def _named(activation: str) -> Function:
    """The function that an activation's name stands for: 'tanh', 'leaky_relu', 'leaky_relu(0.2)', 'linear'."""
    if activation == 'linear':
        return lambda z: z
    name, constants = _parse(activation)
    entry = TABLE.get(name)
    if isinstance(entry, Family):
        return _of_family(activation, entry, constants or ())
    if not isinstance(entry, Row) or entry.arity != 1:
        raise _no_activation(name)
    if constants is not None:
        raise ValueError(f'{name} has no constants. Wrong: {activation!r}. Right: {name!r}')
    function: Function = methodcaller(name) if hasattr(Value, name) else getattr(VALUES, name)
    return function


def _parse(activation: str) -> tuple[str, tuple[float, ...] | None]:
    """'elu(0.5)' -> ('elu', (0.5,)); 'elu' -> ('elu', None)."""
    name, bracket, rest = activation.partition('(')
    if not bracket:
        return name, None
    body, bracket, behind = rest.partition(')')
    try:
        constants = tuple(float(constant) for constant in body.split(','))
    except ValueError:
        constants = ()
    if not constants or not bracket or behind:
        raise ValueError(
            f"the constants of an activation are numbers in brackets. Wrong: {activation!r}. Right: 'leaky_relu(0.2)'"
        )
    return name, constants


def _of_family(activation: str, family: Family, constants: tuple[float, ...]) -> Function:
    try:
        row = family(*constants)
    except TypeError:
        raise ValueError(
            f'{family.name} has the constants {", ".join(family.constants)}, which {activation!r} does not fit. '
            "Right: 'leaky_relu(0.2)'"
        ) from None
    return lambda z: apply(Value, row, z)


def _no_activation(name: str) -> ValueError:
    if name in COMPOSITIONS or name in TABLE:
        return ValueError(
            f'{name} does not take one number, so it is no activation of a neuron; call it on what a layer gives. '
            f'Wrong: output={name!r}. Right: micrograd.{name}(model(x)), or a loss that includes it'
        )
    return ValueError(
        _not_found('activation', name, ['linear', *(n for n, entry in TABLE.items() if _is_unary(entry))])
    )


def _is_unary(entry: Row | Family) -> bool:
    return isinstance(entry, Family) or entry.arity == 1


def _not_found(kind: str, name: str, names: list[str]) -> str:
    near = get_close_matches(name[:40], names) or names
    return f'there is no {kind} {short(name)}; there is {", ".join(map(repr, near))}'


def _title(activation: str | Function) -> str:
    """An activation as reprs have it: 'ReLU', 'Tanh', 'LeakyRelu'."""
    if activation == 'relu':
        return 'ReLU'
    name = _parse(activation)[0] if isinstance(activation, str) else _name(activation)
    return ''.join(part[:1].upper() + part[1:] for part in name.split('_'))


def _name(function: Any) -> str:
    return getattr(function, '__name__', type(function).__name__).strip('<>')


# Initialisation --------------------------------------------------------------------------------------------------


def karpathy(nin: int, nout: int, generator: Draws) -> tuple[list[float], float]:
    """Weights between -1 and 1, each number as likely; the bias is 0.

    Source: https://github.com/karpathy/micrograd, `nn.py`.
    """
    return [generator.uniform(-1, 1) for _ in range(nin)], 0.0


def xavier(nin: int, nout: int, generator: Draws) -> tuple[list[float], float]:
    """Weights between -r and r with r = sqrt(6 / (nin + nout)), each number as likely; the bias is 0.

    The variance of activations going forward and of gradients going back then stays much the same from layer to
    layer, with tanh. Also known as Glorot's, and in PyTorch as `xavier_uniform_`.

    Source: Glorot and Bengio, Understanding the difficulty of training deep feedforward neural networks (2010), (16).
    """
    r = math.sqrt(6.0 / (nin + nout))
    return [generator.uniform(-r, r) for _ in range(nin)], 0.0


def he(nin: int, nout: int, generator: Draws) -> tuple[list[float], float]:
    """Normally distributed weights with standard deviation sqrt(2 / nin); the bias is 0.

    The same as `xavier` for relu, which stops half of the signal. Also known as Kaiming's, and in PyTorch as
    `kaiming_normal_`.

    Source: He, Zhang, Ren and Sun, Delving deep into rectifiers (2015), (10).
    """
    return [generator.gauss(0.0, math.sqrt(2.0 / nin)) for _ in range(nin)], 0.0


def nielsen(nin: int, nout: int, generator: Draws) -> tuple[list[float], float]:
    """Normally distributed weights with standard deviation 1 / sqrt(nin), so that z does not saturate; the bias with 1.

    Source: Nielsen, Neural Networks and Deep Learning (2015), chapter 3, Weight initialization.
    """
    return [generator.gauss(0.0, 1.0 / math.sqrt(nin)) for _ in range(nin)], generator.gauss(0.0, 1.0)


def gaussian(nin: int, nout: int, generator: Draws) -> tuple[list[float], float]:
    """Normally distributed weights and bias, all with standard deviation 1.

    Source: Nielsen, Neural Networks and Deep Learning (2015), chapter 1, Implementing our network to classify digits.
    """
    return [generator.gauss(0.0, 1.0) for _ in range(nin)], generator.gauss(0.0, 1.0)


INITIALISATIONS: dict[str, Initialisation] = {f.__name__: f for f in (karpathy, xavier, he, nielsen, gaussian)}


def _draw(initialisation: str | Initialisation, nin: int, nout: int, generator: Draws) -> tuple[list[float], float]:
    drawn = _initialisation(initialisation)(nin, nout, generator)
    if not isinstance(drawn, tuple) or len(drawn) != 2:
        raise TypeError(f'an initialisation gives (weights, bias), and {_name(initialisation)} gave {short(drawn)}')
    weights, bias = drawn
    if len(weights) != nin:
        raise ShapeError(f'the initialisation {_name(initialisation)} gave {len(weights)} weights for {nin} inputs')
    return [*weights], bias


def _initialisation(initialisation: str | Initialisation) -> Initialisation:
    if isinstance(initialisation, str):
        if initialisation not in INITIALISATIONS:
            raise ValueError(_not_found('initialisation', initialisation, [*INITIALISATIONS]))
        return INITIALISATIONS[initialisation]
    if not callable(initialisation):
        raise TypeError(f"an initialisation is a name, like 'xavier', or a function, not {short(initialisation)}")
    return initialisation


def _seeded(generator: random.Random | int | None) -> random.Random | None:
    """One generator for all the neurons, so that no two of them are alike."""
    return None if generator is None else random_generator(generator)


def _trainable(number: float) -> Value:
    v = Value(number)
    v.role = 'parameter'
    return v


# Parameters ------------------------------------------------------------------------------------------------------

Named = Iterable[tuple[Any, Any]]  # things, each with its attribute, index or key


def _members(module: Module) -> Named:
    """What the class of a module says that its parameters are, or the parts where they are."""
    return module._parts().items() if _finds(module) else enumerate(module.parameters())


def _attributes(module: Module) -> Named:
    """What gives the parameters their names: of a class that lists them itself, every attribute."""
    return module._parts().items() if _finds(module) else vars(module).items()


def _finds(module: Module) -> bool:
    return type(module).parameters is Module.parameters


def _leaves(root: Module, parts: Named, inside: Callable[[Module], Named]) -> list[tuple[Any, Value]]:
    """The leaves in the parts of a module, each once, with the path to it.

    Args:
        root: the module.
        parts: its parts.
        inside: what gives the parts of a module further down.
    """
    leaves: list[tuple[Any, Value]] = []
    met: dict[int, Any] = {id(root): root}  # what was met is held, so that no other thing gets its id
    waiting = _below(None, parts)
    while waiting:
        path, thing = waiting.pop()
        if isinstance(thing, Value):
            if id(thing) not in met and thing.role in ('input', 'parameter'):
                met[id(thing)] = thing
                leaves.append((path, thing))
        elif isinstance(thing, Module | list | tuple | dict) and id(thing) not in met:
            met[id(thing)] = thing
            waiting += _below(path, inside(thing) if isinstance(thing, Module) else _items_of(thing))
    return leaves


def _below(path: Any, parts: Named) -> list[tuple[Any, Any]]:
    """Parts with the paths to them, the last one first. A path is a pair: the path so far, and one name more."""
    return [((path, name), thing) for name, thing in parts][::-1]


def _dotted(path: Any) -> str:
    names = []
    while path:
        path, name = path
        names.append(str(name))
    return '.'.join(reversed(names))


def _items_of(container: list[Any] | tuple[Any, ...] | dict[Any, Any]) -> Named:
    return container.items() if isinstance(container, dict) else enumerate(container)


# States ----------------------------------------------------------------------------------------------------------


def _by_name(module: Module) -> dict[str, Value]:
    named = module.named_parameters()
    by_name: dict[str, Value] = {}
    for name, p in named:
        if name in by_name:
            raise CheckpointError(f'two parameters are both named {name!r}; rename an attribute or a key of {module!r}')
        by_name[name] = p
    return by_name


def _fitting(module: Module, parameters: dict[str, Value], state: Mapping[str, Any]) -> dict[str, float]:
    """The numbers of a state that has one for each parameter, and nothing else."""
    faults = {
        'missing': [name for name in parameters if name not in state],
        'unexpected': [name for name in state if name not in parameters],
        'no number in the range of floats': [name for name in parameters if name in state and not _fits(state[name])],
    }
    found = '; '.join(f'{fault}: {_shown(names)}' for fault, names in faults.items() if names)
    if found:
        raise CheckpointError(f'the state does not fit {_brief(module)}, which was left unchanged. {found}')
    return {name: float(state[name]) for name in parameters}


def _fits(x: Any) -> bool:
    if isinstance(x, bool) or not is_real(x):
        return False
    try:
        float(x)
    except OverflowError:  # an integer beyond the floats
        return False
    return True


def _shown(names: list[Any]) -> str:
    shown = ', '.join(short(name) for name in names[:4])
    return shown if len(names) <= 4 else f'{shown}, … ({len(names)} in all)'
