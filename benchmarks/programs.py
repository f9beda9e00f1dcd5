"""The programs that every peer runs: one text each, whatever the numbers in it are.

`mixed` is a graph of many operations; `Network` and `loss` are the moons demo of karpathy/micrograd. Nothing here knows
a peer: leaves, elementary functions and networks come in as arguments.
"""

import math
import random
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

Number = Any  # a float, or whatever the peer differentiates
Data = tuple[list[list[float]], list[float]]

MIXED_LEAVES = 32
MIXED_OPERATIONS = 20  # operations in one step of `mixed`

MOONS_EXAMPLES = 100
MOONS_LAYERS = [2, 16, 16, 1]
MOONS_SEED = 1337
MOONS_L2 = 1e-4
MOONS_LEARNING_RATE = 0.1


class Functions(NamedTuple):
    """A peer's elementary functions."""

    tanh: Callable[[Number], Number]
    relu: Callable[[Number], Number]
    exp: Callable[[Number], Number]
    log: Callable[[Number], Number]


def mixed_numbers(seed: int = 1) -> list[float]:
    """Draw the leaves of `mixed`, in [-1, 1]."""
    generator = random.Random(seed)  # noqa: S311
    return [generator.uniform(-1.0, 1.0) for _ in range(MIXED_LEAVES)]


def mixed_picks(nodes: int, seed: int = 2) -> list[tuple[int, int, int]]:
    """Draw the wiring of `mixed`: which three earlier results each step reads.

    Step k reads result k, so that every result is used and nothing in the graph is dead, and two of all before it.
    """
    generator = random.Random(seed)  # noqa: S311
    return [
        (k, generator.randrange(MIXED_LEAVES + k), generator.randrange(MIXED_LEAVES + k))
        for k in range(nodes // MIXED_OPERATIONS)
    ]


def mixed(leaves: Sequence[Number], picks: Iterable[tuple[int, int, int]], functions: Functions) -> Number:
    """Build a graph with shared nodes and repeated parents whose values and gradients stay near 1.

    A step is 20 operations: 7 +, 6 *, one each of -, /, ** 2, tanh, relu, exp and log. Two constants come on top.
    """
    tanh, relu, exp, log = functions
    results = list(leaves)
    for i, j, k in picks:
        a, b, c = results[i], results[j], results[k]
        p = a * b + c
        q = p * c - b * a
        r = tanh(p + q)
        s = r * r + relu(a + r)
        t = r / log(s**2 + 2.0)
        u = exp(r) * c + (t + t)
        results.append(u * 0.2)
    return sum(results[-MIXED_LEAVES:])


def moons(seed: int = 3) -> Data:
    """Draw two interleaved half circles: points, and their classes as -1 and 1."""
    generator = random.Random(seed)  # noqa: S311
    points, classes = [], []
    for k in range(MOONS_EXAMPLES):
        angle, noise = generator.uniform(0.0, math.pi), [generator.gauss(0.0, 0.1) for _ in range(2)]
        upper = k % 2 == 0
        x, y = (math.cos(angle), math.sin(angle)) if upper else (1.0 - math.cos(angle), 0.5 - math.sin(angle))
        points.append([x + noise[0], y + noise[1]])
        classes.append(-1.0 if upper else 1.0)
    return points, classes


def moons_parameters() -> list[float]:
    """Draw the numbers that the seed gives karpathy's MLP: the weights of a neuron, then its bias, which is 0."""
    random.seed(MOONS_SEED)
    numbers = []
    for inputs, outputs in pairwise(MOONS_LAYERS):
        for _ in range(outputs):
            numbers += [random.uniform(-1, 1) for _ in range(inputs)]  # noqa: S311
            numbers.append(0.0)
    return numbers


class Network:
    """The demo's multilayer perceptron, for peers without one: its neurons are written as in karpathy's `nn`.

    Args:
        parameters: the numbers of `moons_parameters`, as the peer's own.
        relu: the peer's.
        no_gradient: what a parameter's gradient is before backward.
    """

    def __init__(self, parameters: Sequence[Number], relu: Callable[[Number], Number], no_gradient: Any = 0.0):
        self._parameters = list(parameters)
        self._relu = relu
        self._no_gradient = no_gradient
        self._layers = []
        numbers = iter(self._parameters)
        for inputs, outputs in pairwise(MOONS_LAYERS):
            self._layers.append([([next(numbers) for _ in range(inputs)], next(numbers)) for _ in range(outputs)])

    def __call__(self, x: Sequence[Number]) -> Number:
        """Compute the score of one example."""
        *hidden, last = self._layers
        for layer in hidden:
            x = [self._relu(_weighted_sum(weights, bias, x)) for weights, bias in layer]
        return _weighted_sum(*last[0], x)

    def parameters(self) -> list[Number]:
        """List the parameters in the order in which they were given."""
        return self._parameters

    def zero_grad(self) -> None:
        """Forget the gradients of the last step."""
        for p in self._parameters:
            p.grad = self._no_gradient


def _weighted_sum(weights: Sequence[Number], bias: Number, x: Sequence[Number]) -> Number:
    return sum((w * xi for w, xi in zip(weights, x, strict=True)), bias)


def loss(
    model: Any,
    data: Data,
    example: Callable[[float], Number],
    relu: Callable[[Number], Number],
) -> Number:
    """Compute the demo's cost: the mean hinge over all examples, plus L2, written as karpathy's notebook writes it."""
    points, classes = data
    inputs = [list(map(example, point)) for point in points]
    scores = list(map(model, inputs))
    losses = [relu(1 + -yi * score) for yi, score in zip(classes, scores, strict=True)]
    data_loss = sum(losses) * (1.0 / len(losses))
    reg_loss = MOONS_L2 * sum(p * p for p in model.parameters())
    return data_loss + reg_loss
