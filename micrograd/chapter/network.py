"""The chapter's network in matrix form, written by hand with NumPy: the reference that the engine is held against.

It has the shape of the book's `Network`, so that readers find their way: sizes, weights, biases, feedforward, SGD,
update_mini_batch, backprop, evaluate, cost_derivative. What is new are types, any activation and any cost, whole
mini-batches at once, and the alternate form of the equations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from random import Random
from reprlib import repr as short
from typing import Any, SupportsIndex

import numpy as np

from micrograd import checks
from micrograd.chapter import functions
from micrograd.chapter.differences import EPSILON, moved_by, nonzero
from micrograd.chapter.functions import Activation, Array, Cost
from micrograd.errors import DataError, ShapeError
from micrograd.examples import pairs
from micrograd.initialisation import gaussian
from micrograd.nn import MLP, Neuron
from micrograd.passes import activation_name, neurons_of, own_parts

__all__ = ['Network']

_RIGHT = 'Right: Network([2, 1])'

Gradient = tuple[list[Array], list[Array]]  # nabla_b, nabla_w: an array a layer, from layer 2 on
Back = Callable[[Activation, Array, Array], Array]  # from derivatives by activations a to those by weighted inputs z


class Network:
    """Layers of neurons as matrices: w[j, k] leads from neuron k of the layer before to neuron j.

    Layers are counted as in the book, from the inputs, layer 1. `weights[0]` and `biases[0]` are those of layer 2.
    Inputs and targets of one example are vectors, of shape (n,) or (n, 1); those of a mini-batch are matrices with a
    column for each example.

    Args:
        sizes: how many neurons each layer has, the inputs included.
        activation: sigma of the hidden layers: a name in ACTIVATIONS, or an Activation.
        output: that of the last layer.
        cost: a name in COSTS, or a Cost.
        generator: draws the weights and biases, normally distributed: a random.Random, or a seed for one.

    Attributes:
        num_layers: how many there are, the inputs included.
        weights: of layers 2, 3, …, arrays of shape (neurons, neurons of the layer before).
        biases: of the same, arrays of shape (neurons, 1).

    Raises:
        DataError: a layer has no neuron.
        ShapeError: there are fewer than two layers.
        TypeError: an argument has another type.
        ValueError: there is no such activation or cost.

    >>> network = Network([2, 3, 1], generator=0)
    >>> [w.shape for w in network.weights], [b.shape for b in network.biases]
    ([(3, 2), (1, 3)], [(3, 1), (1, 1)])
    >>> nabla_b, nabla_w = network.backprop([1.0, 0.0], [1.0])
    >>> [b.shape for b in nabla_b]
    [(3, 1), (1, 1)]

    Source: Nielsen, Neural Networks and Deep Learning, chapter 1, network.py, and chapter 2, "The code for
    backpropagation".
    """

    def __init__(
        self,
        sizes: Sequence[SupportsIndex],
        *,
        activation: str | Activation = 'sigmoid',
        output: str | Activation = 'sigmoid',
        cost: str | Cost = 'quadratic',
        generator: Random | int = 0,
    ):
        if not isinstance(sizes, Sequence):
            raise TypeError(f'sizes lists the neurons of all layers, inputs included, and is {short(sizes)}. {_RIGHT}')
        self.sizes = [checks.count(size, f'sizes[{i}]') for i, size in enumerate(sizes)]
        if len(self.sizes) < 2:
            raise ShapeError(f'a network has inputs and at least one layer. Wrong: Network([2]). {_RIGHT}')
        self.num_layers = len(self.sizes)
        hidden, last = functions.activation(activation), functions.activation(output)
        self.sigmas = [*[hidden] * (self.num_layers - 2), last]
        self._cost = functions.cost(cost)
        draws = checks.random_generator(generator)
        drawn = [[gaussian(m, n, draws) for _ in range(n)] for m, n in pairwise(self.sizes)]
        self.weights = [np.array([w for w, _ in layer]) for layer in drawn]
        self.biases = [np.array([[b] for _, b in layer]) for layer in drawn]

    @classmethod
    def from_model(cls, model: Any, *, cost: str | Cost = 'quadratic') -> Network:
        """The same network as an MLP of Values, with its numbers as they are now.

        Args:
            model: an MLP, each of whose layers has one activation, with a name in ACTIVATIONS.
            cost: see the class.

        Raises:
            ValueError: an activation has no counterpart here, or a class of the program's own takes part.
            TypeError: the model is no network of neurons.
        """
        layers = neurons_of(model)
        _check_plain(model, layers)
        kinds = [{activation_name(neuron) for neuron in layer} for layer in layers]
        if any(len(names) > 1 for names in kinds):
            raise ValueError('the neurons of a layer have several activations, and a layer of matrices has one')
        sigmas = [functions.activation(names.pop()) for names in kinds]
        network = cls([len(layers[0][0].w), *map(len, layers)], cost=cost)
        network.sigmas = sigmas
        network.weights = [np.array([[w.data for w in neuron.w] for neuron in layer]) for layer in layers]
        network.biases = [np.array([[neuron.b.data] for neuron in layer]) for layer in layers]
        return network

    def to_model(self) -> MLP:
        """The same network as an MLP of Values.

        Raises:
            ValueError: an activation is one that a neuron cannot have by itself, as softmax, or your own.
        """
        for sigma in self.sigmas:
            if not functions.is_known(sigma):
                raise ValueError(
                    f'{sigma.name} is an Activation of your own, made for NumPy, and neurons are made of Values. '
                    'Right: MLP(…, activation=lambda z: …)'
                )
        hidden, output = [sigma.name for sigma in self.sigmas[:-1]], self.sigmas[-1].name
        model = MLP(self.sizes[0], self.sizes[1:], activation=hidden, output=output, generator=0)
        for layer, w, b in zip(model.layers, self.weights, self.biases, strict=True):
            for j, neuron in enumerate(layer.neurons):
                neuron.b.data = float(b[j, 0])
                for weight, number in zip(neuron.w, w[j].tolist(), strict=True):
                    weight.data = number
        return model

    # Forward ----------------------------------------------------------------------------------------------------------

    def feedforward(self, a: Any) -> Array:
        """The outputs a^L for the inputs: a = sigma(w a + b), layer by layer.

        Args:
            a: the inputs, of shape (n,) or (n, 1), or (n, m) for m examples.

        Returns:
            The outputs, in the same form.

        Raises:
            ShapeError: there are more or fewer inputs.

        Source: equation (25).
        """
        *_, (_, outputs) = self.passes(a)
        return outputs[:, 0] if np.ndim(a) == 1 else outputs

    def passes(self, x: Any) -> list[tuple[Array, Array]]:
        """Weighted inputs z^l and activations a^l of all the layers, from layer 1 on, whose z and a are the inputs."""
        a = _columns(x, self.sizes[0], 'x')
        found = [(a, a)]
        for w, b, sigma in zip(self.weights, self.biases, self.sigmas, strict=True):
            z = w @ a + b
            a = sigma.function(z)
            found.append((z, a))
        return found

    def cost(self, x: Any, y: Any) -> float:
        """The cost C, averaged over the examples.

        Args:
            x: the inputs, see `feedforward`.
            y: the targets, in the same form.
        """
        a, y = self._outputs_and_targets(x, y)
        return float(self._cost.function(a, y).mean())

    def cost_derivative(self, output_activations: Array, y: Array) -> Array:
        """nabla_a C: the derivatives of C_x by the outputs, a column an example."""
        return self._cost.derivative(output_activations, y)

    def _outputs_and_targets(self, x: Any, y: Any) -> tuple[Array, Array]:
        (_, a) = self.passes(x)[-1]
        return a, _columns(y, self.sizes[-1], 'y', a.shape[1])

    # Backward ---------------------------------------------------------------------------------------------------------

    def deltas(self, x: Any, y: Any) -> list[Array]:
        """The errors delta^l of layers 2, 3, …, L, of shape (neurons, examples), by BP1 and BP2.

        Raises:
            ShapeError: x or y does not fit, or an activation does not go element by element.

        Source: BP1a and BP2 of the chapter.
        """
        return self._errors(self.passes(x), y, _by_slopes)

    def deltas_by_jacobian(self, x: Any, y: Any) -> list[Array]:
        """The same by the alternate form, with the matrix Sigma'(z): for any activation, softmax too.

        Source: equations (33) and (34).
        """
        return self._errors(self.passes(x), y, _by_jacobian)

    def _errors(self, passes: list[tuple[Array, Array]], y: Any, back: Back) -> list[Array]:
        *before, (z, a) = passes
        y = _columns(y, self.sizes[-1], 'y', a.shape[1])
        delta = self._output_error(z, a, y, back)
        errors = [delta]
        for w, sigma, (z, _) in zip(self.weights[:0:-1], self.sigmas[-2::-1], before[:0:-1], strict=True):
            delta = back(sigma, z, w.T @ delta)  # BP2, or (34)
            errors.insert(0, delta)
        return errors

    def _output_error(self, z: Array, a: Array, y: Array, back: Back) -> Array:
        """BP1, or (33); where the cost's derivative cancels against that of the activation, what is left of it."""
        sigma = self.sigmas[-1]
        cancelled = self._cost.output_error.get(sigma.name) if functions.is_known(sigma) else None
        if cancelled is not None and (sigma.derivative is not None or back is _by_jacobian):
            return cancelled(a, y)
        return back(sigma, z, self.cost_derivative(a, y))

    def backprop(self, x: Any, y: Any) -> Gradient:
        """The gradient of C_x: BP3 and BP4 from the errors. Of several examples, the sum of their gradients, at once.

        Args:
            x: the inputs, of shape (n,) or (n, 1), or (n, m) for m examples.
            y: the targets, in the same form.

        Returns:
            nabla_b and nabla_w, each a list like `biases` and `weights`.

        Raises:
            ShapeError: x or y does not fit, or an activation does not go element by element.
        """
        return self._gradient(x, y, _by_slopes)

    def backprop_by_jacobian(self, x: Any, y: Any) -> Gradient:
        """The same from the errors of the alternate form: see `deltas_by_jacobian`."""
        return self._gradient(x, y, _by_jacobian)

    def _gradient(self, x: Any, y: Any, back: Back) -> Gradient:
        passes = self.passes(x)  # once: a second time would cost as much as the way back
        errors = self._errors(passes, y, back)
        nabla_b = [delta.sum(axis=1, keepdims=True) for delta in errors]  # BP3
        nabla_w = [delta @ a.T for delta, (_, a) in zip(errors, passes[:-1], strict=True)]  # BP4
        return nabla_b, nabla_w

    def finite_differences(self, x: Any, y: Any, epsilon: float = EPSILON) -> Gradient:
        """The gradient of the average cost from one more forward pass for each weight and bias: the slow alternative.

        Args:
            x: the inputs, see `feedforward`.
            y: the targets.
            epsilon: the change of each parameter, in turn.

        Source: equation (46).
        """
        step = nonzero(epsilon, 'epsilon')
        self.weights, self.biases = ([np.asarray(p, np.float64) for p in side] for side in (self.weights, self.biases))
        before = self.cost(x, y)

        def difference(parameters: Array, i: tuple[int, ...]) -> float:
            number = float(parameters[i])
            parameters[i], moved = moved_by(number, step)
            after = self.cost(x, y)
            parameters[i] = number
            return (after - before) / moved

        def all_of(arrays: list[Array]) -> list[Array]:
            return [np.array([difference(p, i) for i in np.ndindex(p.shape)]).reshape(p.shape) for p in arrays]

        return all_of(self.biases), all_of(self.weights)

    # Learning ---------------------------------------------------------------------------------------------------------

    def SGD(  # noqa: N802 - the book's name
        self,
        training_data: Any,
        epochs: SupportsIndex,
        mini_batch_size: SupportsIndex,
        eta: float,
        test_data: Any = None,
        *,
        seed: Random | int = 0,
    ) -> list[int]:
        """Mini-batch stochastic gradient descent: shuffle, divide, update; again for each epoch.

        Args:
            training_data: examples in any form that `fit` takes.
            epochs: how often to go through all of them.
            mini_batch_size: examples a step.
            eta: the learning rate.
            test_data: if given, 'Epoch 1: 9129 / 10000' is printed after each epoch: how many of these are right.
            seed: of the shuffling, which is that of `fit`: the same seed gives the same mini-batches.

        Returns:
            How many of the test data were right after each epoch; nothing without test data.
        """
        examples = pairs(training_data, 'training_data')
        tests = [] if test_data is None else pairs(test_data, 'test_data')
        self._classes([y for _, y in tests])  # what is wrong with them is better said before the training
        generator = checks.random_generator(seed)
        size = checks.count(mini_batch_size, 'mini_batch_size')
        right = []
        for epoch in range(1, checks.count(epochs, 'epochs') + 1):
            order = list(range(len(examples)))
            if size < len(examples):
                order.sort(key=lambda _: generator.random())
            for start in range(0, len(order), size):
                self.update_mini_batch([examples[i] for i in order[start : start + size]], eta)
            if tests:
                right.append(self.evaluate(tests))
                print(f'Epoch {epoch}: {right[-1]} / {len(tests)}')
        return right

    def update_mini_batch(self, mini_batch: Iterable[tuple[Any, Any]], eta: float) -> None:
        """One step: w -> w - eta/m sum of delta a^T, b -> b - eta/m sum of delta, over the m examples.

        Args:
            mini_batch: pairs (x, y).
            eta: the learning rate.

        Raises:
            DataError, ShapeError, TypeError: an example does not fit, or eta is not a number above 0.

        Source: the rules in "The backpropagation algorithm", step 3 of the version for mini-batches.
        """
        inputs, targets = zip(*pairs(mini_batch, 'mini_batch'), strict=True)
        x, y = _side_by_side(inputs, 'x'), self._target_columns(targets)
        nabla_b, nabla_w = self.backprop(x, y)
        rate = checks.positive(eta, 'eta') / len(inputs)
        self.weights = [w - rate * nabla for w, nabla in zip(self.weights, nabla_w, strict=True)]
        self.biases = [b - rate * nabla for b, nabla in zip(self.biases, nabla_b, strict=True)]

    def evaluate(self, test_data: Any) -> int:
        """How many examples come out right: the neuron with the highest activation is that of the target's class.

        Args:
            test_data: examples in any form that `fit` takes; a target is a class, from 0, or a vector, largest there.

        Raises:
            DataError: a target is no class that there is an output for.
            ShapeError: there is one output only, so it always has the highest activation.
        """
        inputs, targets = zip(*pairs(test_data, 'test_data'), strict=True)
        answers = self.feedforward(_side_by_side(inputs, 'x')).argmax(axis=0)
        return int((answers == np.array(self._classes(targets))).sum())

    def _classes(self, targets: Sequence[Any]) -> list[int]:
        outputs = self.sizes[-1]
        if targets and outputs == 1:
            raise ShapeError(
                'with one output there is no neuron with the highest activation to compare. '
                'Right: a network with an output for each class, or a comparison of your own with feedforward(x)'
            )
        classes = [y if np.ndim(y) == 0 else int(np.argmax(y)) if np.size(y) == outputs else -1 for y in targets]
        for i, k in enumerate(classes):
            if k not in range(outputs):
                raise DataError(
                    f'the target of example {i} should be a class from 0 to {outputs - 1}, or a vector of {outputs}, '
                    f'not {short(targets[i])}'
                )
        return [int(k) for k in classes]

    def _target_columns(self, targets: Sequence[Any]) -> Array:
        if self.sizes[-1] > 1 and any(np.ndim(y) == 0 for y in targets):
            raise ShapeError(
                f'a target is a vector of {self.sizes[-1]}, one number an output, and this one is {short(targets[0])}. '
                f'From classes: data.one_hot(labels, {self.sizes[-1]})'
            )
        return _side_by_side(targets, 'y')

    def __repr__(self) -> str:
        kinds = [sigma.name for sigma in self.sigmas]
        return f'Network({self.sizes}, {", ".join(kinds)}, {self._cost.name} cost)'


def _check_plain(model: Any, layers: Sequence[Sequence[Neuron]]) -> None:
    """That what the matrices would compute is what the model does."""
    for part in own_parts(model):
        raise ValueError(
            f'{type(part).__name__} is a class of your own, which may do more than matrices and activations do. '
            'Right: from_model of an MLP, of Layers and Neurons as they are'
        )
    own = next((n for layer in layers for n in layer if n.nonlin and not isinstance(n.activation, str)), None)
    if own is not None:
        raise ValueError(
            f'the activation {activation_name(own)} is a function of Values, which has no counterpart for matrices. '
            'Right: Network(sizes, activation=Activation(name, function, derivative))'
        )


def _by_slopes(sigma: Activation, z: Array, vectors: Array) -> Array:
    """The vectors, element by element times sigma'(z)."""
    return vectors * sigma.elementwise(z)


def _by_jacobian(sigma: Activation, z: Array, vectors: Array) -> Array:
    """Sigma'(z), which need not be symmetric, transposed, times a vector; for each example, side by side."""
    return np.column_stack([sigma.sigma_prime(z[:, [x]]).T @ vectors[:, x] for x in range(z.shape[1])])


def _side_by_side(vectors: Sequence[Any], name: str) -> Array:
    """A matrix with a column for each example."""
    columns = [_numbers(v, name).reshape(-1) for v in vectors]
    for i, column in enumerate(columns):
        if len(column) != len(columns[0]):
            raise ShapeError(
                f'{name} of example {i} has {len(column)} numbers, and that of example 0 {len(columns[0])}'
            )
    return np.column_stack(columns)


def _numbers(vectors: Any, name: str) -> Array:
    try:
        return np.asarray(vectors, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(
            f'{name} should be numbers, one a neuron, or a column of them for each example; of Values those are their '
            'data. Right: [v.data for v in x]'
        ) from None


def _columns(vectors: Any, size: int, name: str, examples: int | None = None) -> Array:
    """A vector, or vectors side by side, as a matrix of that many rows."""
    found = _numbers(vectors, name)
    matrix = found.reshape(-1, 1) if found.ndim < 2 else found
    if matrix.ndim != 2 or matrix.shape[0] != size or examples not in (None, matrix.shape[1]):
        wanted = f'({size}, {"examples" if examples is None else examples})'
        raise ShapeError(
            f'{name} has the shape {found.shape}, and should be a vector of {size}, or a matrix {wanted} with a column '
            'for each example. Wrong: network.backprop(X, Y) with a row for each. Right: network.backprop(X.T, Y.T)'
        )
    return matrix
