"""Networks of random sizes, activations and costs, in both forms: matrices and Values."""

from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

import micrograd
from micrograd import losses
from micrograd.chapter import Network
from micrograd.engine import Value
from micrograd.nn import MLP

HIDDEN = ('sigmoid', 'tanh', 'softplus', 'linear', 'relu')
OUTPUTS = ('sigmoid', 'tanh', 'linear', 'softmax')
LARGEST = 6.0  # 1 - sigmoid(6) still has 13 digits
COSTS = ('quadratic', 'cross-entropy', 'log-likelihood')


@dataclass
class Case:
    """A network in both forms, and examples."""

    network: Network
    model: MLP
    inputs: np.ndarray  # a row an example
    targets: np.ndarray

    @property
    def columns(self) -> tuple[np.ndarray, np.ndarray]:
        """The examples as the matrix form takes them."""
        return self.inputs.T, self.targets.T

    def outputs(self) -> list[list[Value]]:
        """The outputs on Values, softmax included."""
        rows = [listed(self.model(x)) for x in self.inputs.tolist()]
        return [micrograd.softmax(z) for z in rows] if self.network.sigmas[-1].name == 'softmax' else rows

    def cost(self) -> Value:
        """The average cost on Values."""
        costs = [ON_VALUES[self.network._cost.name](a, y) for a, y in zip(self.outputs(), self.targets, strict=True)]
        return micrograd.mean(costs)


def listed(output: Any) -> list[Value]:
    return output if isinstance(output, list) else [output]


def cross_entropy(a: list[Value], y: Any) -> Value:
    """The cost of chapter 3, summed over the outputs."""
    return len(a) * losses.bce(a, list(y))


def log_likelihood(a: list[Value], y: Any) -> Value:
    return sum((-p.log() * target for p, target in zip(a, y.tolist(), strict=True)), start=Value(0.0))


ON_VALUES = {
    'quadratic': lambda a, y: losses.quadratic(a, list(y)),
    'cross-entropy': cross_entropy,
    'log-likelihood': log_likelihood,
}


@st.composite
def cases(draw: st.DrawFn, outputs: tuple[str, ...] = OUTPUTS, examples: int = 3) -> Case:
    """A network whose weighted inputs are of moderate size, so that no activation loses its last digits."""
    sizes = draw(st.lists(st.integers(1, 4), min_size=2, max_size=4))
    hidden, output = draw(st.sampled_from(HIDDEN)), draw(st.sampled_from(outputs))
    possible = {'sigmoid': COSTS[:2], 'softmax': (COSTS[0], COSTS[2])}.get(output, COSTS[:1])
    cost = draw(st.sampled_from(possible))
    generator = Random(draw(st.integers(0, 10**6)))
    network = Network(sizes, activation=hidden, output=output, cost=cost, generator=generator)
    network.weights = [w / 2 for w in network.weights]
    model = with_linear_output(network) if output == 'softmax' else network.to_model()
    count = draw(st.integers(1, examples))
    inputs = np.array([[generator.gauss(0, 1) for _ in range(sizes[0])] for _ in range(count)])
    assume(max(np.abs(z).max() for z, _ in network.passes(inputs.T)) < LARGEST)
    targets = np.array([[float(j == generator.randrange(sizes[-1])) for j in range(sizes[-1])] for _ in range(count)])
    return Case(network, model, inputs, targets)


def with_linear_output(network: Network) -> MLP:
    """The network on Values up to the weighted inputs of its softmax."""
    twin = Network(network.sizes, activation=network.sigmas[0], output='linear')
    twin.sigmas = [*network.sigmas[:-1], twin.sigmas[-1]]
    twin.weights, twin.biases = network.weights, network.biases
    return twin.to_model()
