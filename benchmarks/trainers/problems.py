"""What is trained: examples, first parameters, the order of the steps. Plain numbers, the same for every peer.

The parameters are one flat list: layer by layer, neuron by neuron, its weights and then its bias.
"""

import random
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import programs

DIGITS_EXAMPLES = 1_000
SEED = 0  # of the shuffling


@dataclass(frozen=True)
class Problem:
    """A network, its data, and how it is trained.

    Args:
        name: 'moons' or 'digits'.
        sizes: of the layers, the inputs first.
        inputs: a row for each example.
        targets: a row for each example.
        parameters: the first ones.
        batch: examples a step.
        learning_rate: of gradient descent.
        l2: the factor of the sum of p * p over all parameters.
    """

    name: str
    sizes: list[int]
    inputs: list[list[float]]
    targets: list[list[float]]
    parameters: list[float]
    batch: int
    learning_rate: float
    l2: float

    @property
    def steps(self) -> int:
        """How many steps an epoch has."""
        return len(self.inputs) // self.batch

    def order(self) -> list[int]:
        """The examples of an epoch as `fit` shuffles them with SEED: all at once come in their own order."""
        indices = range(len(self.inputs))
        if self.batch == len(indices):
            return list(indices)
        generator = random.Random(SEED)  # noqa: S311
        return sorted(indices, key=lambda _: generator.random())


@dataclass(frozen=True)
class Trained:
    """What a peer answers.

    Args:
        seconds: that the steps took, without what is done once: tracing, compiling, taking the data in.
        losses: of each step, before it.
        parameters: after the last one.
    """

    seconds: float
    losses: list[float]
    parameters: list[float]


def moons() -> Problem:
    """The demo of karpathy/micrograd: hinge and L2 over 100 points, all of them in each step."""
    points, classes = programs.moons()
    return Problem(
        name='moons',
        sizes=programs.MOONS_LAYERS,
        inputs=points,
        targets=[[y] for y in classes],
        parameters=programs.moons_parameters(),
        batch=len(points),
        learning_rate=programs.MOONS_LEARNING_RATE,
        l2=programs.MOONS_L2,
    )


def digits() -> Problem:
    """Nielsen's network for digits with the quadratic cost; the pixels are drawn, four in five of them black."""
    generator = random.Random(4)  # noqa: S311
    sizes, labels = [784, 30, 10], [generator.randrange(10) for _ in range(DIGITS_EXAMPLES)]
    return Problem(
        name='digits',
        sizes=sizes,
        inputs=[[generator.random() if generator.random() < 0.2 else 0.0 for _ in range(sizes[0])] for _ in labels],
        targets=[[float(label == k) for k in range(sizes[-1])] for label in labels],
        parameters=[
            generator.gauss(0.0, 1.0 / nin**0.5) for nin, nout in pairwise(sizes) for _ in range(nout * (nin + 1))
        ],
        batch=10,
        learning_rate=3.0,
        l2=0.0,
    )


PROBLEMS = {'moons': moons, 'digits': digits}


def matrices(parameters: Any, sizes: list[int]) -> list[tuple[Any, Any]]:
    """Give for each layer the matrix of weights, a row a neuron, and the biases: copies of a flat array."""
    layers, at = [], 0
    for nin, nout in pairwise(sizes):
        rows = parameters[at : at + nout * (nin + 1)].reshape(nout, nin + 1)
        layers.append((rows[:, :-1].copy(), rows[:, -1].copy()))
        at += rows.size
    return layers


def flat(layers: list[tuple[Any, Any]]) -> list[float]:
    """The opposite of `matrices`."""
    numbers: list[float] = []
    for weights, biases in layers:
        for row, bias in zip(weights.tolist(), biases.tolist(), strict=True):
            numbers += [*row, bias]
    return numbers
