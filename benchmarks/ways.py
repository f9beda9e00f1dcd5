"""Ways to compute one network's cost and gradient: in NumPy, on Values and compiled; and how they are timed.

All have the same gradient, or nothing is timed. Times are of the processor, so that what else it does counts less.
"""

import gc
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from random import Random
from time import process_time
from typing import Any

from measuring import ONE_THREAD, DisagreementError, Report, finished, on_one_core

os.environ |= ONE_THREAD  # before NumPy is imported
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from micrograd import losses, no_grad
from micrograd.chapter import Network
from micrograd.compiler.plans import Plan, Runnable, load
from micrograd.compiler.structure import batch
from micrograd.compiler.trace import trace
from micrograd.engine import Value
from micrograd.gradcheck import gradcheck

Sizes = tuple[int, ...]
Array = np.ndarray

DIGITS = (784, 30, 10)  # the network of Nielsen's chapter 1

EPSILON = 1e-6
TOLERANCE = 1e-12  # of the largest number in a gradient
TOLERANCE_OF_DIFFERENCES = 1e-5
CHECKED = 1_000_000  # differences times parameters, about, that are compared before anything is timed
SECONDS = 0.02  # that a measurement takes, or LEAST of what is measured where that takes longer
LEAST = 3
CHUNK = 64  # weights that are changed in one call of a machine


class Way:
    """A way to compute the cost of a mini-batch, and its gradient.

    Args:
        network: with the parameters, which the way copies.
        inputs: a row for each example.
        targets: likewise.
    """

    def __init__(self, network: Network, inputs: Array, targets: Array):
        raise NotImplementedError

    def cost(self) -> float:
        """The mean cost: a forward pass."""
        raise NotImplementedError

    def gradient(self) -> list[float]:
        """The derivatives by all the parameters, neuron by neuron, the weights before the bias."""
        raise NotImplementedError

    def forward(self, times: int) -> None:
        """So many forward passes."""
        for _ in range(times):
            self.cost()

    def both(self, times: int) -> None:
        """So many forward and backward passes, with the gradient as this way leaves it."""
        raise NotImplementedError

    def differences(self, count: int, times: int = 1) -> list[float]:
        """The derivatives by the first of the parameters, by equation (46): a forward pass each, and one before.

        Args:
            count: how many parameters.
            times: how often that is done.
        """
        for _ in range(times):
            before = self.cost()
            found = [(self.cost_after(i) - before) / EPSILON for i in range(count)]
        return found

    def passes(self, count: int) -> int:
        """How many forward passes `differences` takes."""
        return count + 1

    def cost_after(self, i: int) -> float:
        """The cost with one parameter changed by EPSILON, which is undone."""
        raise NotImplementedError


class InNumPy(Way):
    """The matrix form of the chapter."""

    def __init__(self, network: Network, inputs: Array, targets: Array):
        self._network, self._X, self._Y = network, np.ascontiguousarray(inputs.T), np.ascontiguousarray(targets.T)
        self._places = [
            (w[j], k) if k < w.shape[1] else (b[j], 0)
            for w, b in zip(network.weights, network.biases, strict=True)
            for j in range(len(w))
            for k in range(w.shape[1] + 1)
        ]

    def cost(self) -> float:
        """See Way."""
        return self._network.cost(self._X, self._Y)

    def gradient(self) -> list[float]:
        """See Way."""
        nabla_b, nabla_w = self._network.backprop(self._X, self._Y)
        layers = [np.hstack([w, b]).ravel() for w, b in zip(nabla_w, nabla_b, strict=True)]
        return (np.concatenate(layers) / self._X.shape[1]).tolist()

    def both(self, times: int) -> None:
        """See Way."""
        for _ in range(times):
            self._network.backprop(self._X, self._Y)

    def cost_after(self, i: int) -> float:
        """See Way."""
        numbers, k = self._places[i]
        number = numbers[k]
        numbers[k] = number + EPSILON
        after = self.cost()
        numbers[k] = number
        return after


class Eager(Way):
    """Values: each forward pass builds a graph."""

    def __init__(self, network: Network, inputs: Array, targets: Array):
        self._model = network.to_model()
        self._parameters = self._model.parameters()
        self._X, self._Y = inputs.tolist(), targets.tolist()

    def cost(self) -> float:
        """See Way."""
        return self._cost().data

    def _cost(self) -> Value:
        return losses.quadratic([self._model(x) for x in self._X], self._Y)

    def gradient(self) -> list[float]:
        """See Way."""
        self._model.zero_grad()
        self.both(1)
        return [p.grad for p in self._parameters]

    def both(self, times: int) -> None:
        """See Way."""
        for _ in range(times):
            self._cost().backward()

    def cost_after(self, i: int) -> float:
        """See Way."""
        parameter = self._parameters[i]
        number = parameter.data
        parameter.data = number + EPSILON
        after = self.cost()
        parameter.data = number
        return after


class EagerWithoutGraph(Eager):
    """The same, but the forward passes by themselves build none."""

    def cost(self) -> float:
        """See Way."""
        with no_grad():
            return super().cost()


class GradCheck(Eager):
    """`gradcheck`, which seeks the best step: central differences of several widths."""

    def differences(self, count: int, times: int = 1) -> list[float]:
        """See Way."""
        for _ in range(times):
            found = gradcheck(self._part(count), losses.quadratic, (self._X[0], self._Y[0]))
        return [entry.numeric for entry in found.entries]

    def passes(self, count: int) -> int:
        """Those that build the graph of the gradient by the chain rule are among them."""
        part = self._part(count)
        gradcheck(part, losses.quadratic, (self._X[0], self._Y[0]))
        return part.calls

    def _part(self, count: int) -> 'Part':
        return Part(self._model, list(self._model.named_parameters())[:count])


class Part:
    """A model as `gradcheck` sees it, with some of its parameters; it counts its calls."""

    def __init__(self, model: Callable[[Any], Any], named: Iterable[tuple[str, Value]]):
        self.calls = 0
        self._model, self._named = model, list(named)

    def named_parameters(self) -> Iterator[tuple[str, Value]]:
        """See Module."""
        return iter(self._named)

    def __call__(self, x: list[float]) -> Any:
        """See Module."""
        self.calls += 1
        return self._model(x)


class Compiled(Way):
    """The program that `compile_cost` makes, without the call around it, which copies the parameters from Values."""

    def __init__(self, network: Network, inputs: Array, targets: Array):
        model = network.to_model()
        self._numbers = np.array([p.data for p in model.parameters()])
        given = batch((inputs, targets), {}, 'float64')
        traced = trace(lambda x, y: losses.quadratic(model(x), y), given.args, {}, parameters=model.parameters())
        plan = Plan(traced, given.X.shape[1], 'float64', 'auto')
        cost = traced.graph.mean(traced.outputs)
        slopes = plan.parameter_gradients(cost, careful=False)
        count = len(self._numbers)
        self._forward = load(plan.raised([cost], count), 'float64', 'auto')
        self._both = load(plan.raised([cost, *slopes], count), 'float64', 'auto')
        self._X = given.X

    def cost(self) -> float:
        """See Way."""
        return float(self._recorded(self._forward)[0, 0])

    def gradient(self) -> list[float]:
        """See Way."""
        return self._recorded(self._both)[0, 1:].tolist()

    def forward(self, times: int) -> None:
        """See Way."""
        self._steps(self._forward, times)

    def both(self, times: int) -> None:
        """The gradient stays in the storage of the machine, where an optimiser would take it."""
        self._steps(self._both, times)

    def differences(self, count: int, times: int = 1) -> list[float]:
        """In calls that change CHUNK parameters, one in each step, and that again so many times."""
        before = self.cost()
        found: list[float] = []
        for start in range(0, count, CHUNK):
            numbers = self._numbers[start : min(start + CHUNK, count)]
            changed = np.tile(numbers + EPSILON * np.eye(len(numbers)), (times, 1))
            after = self._recorded(self._forward, len(changed), changed, self._forward.program.shared + start)
            found += ((after[-len(numbers) :, 0] - before) / EPSILON).tolist()
        return found

    def _recorded(self, runnable: Runnable, times: int = 1, numbers: Array | None = None, at: int = 0) -> Array:
        """What a program gives, in each step; before it a row of numbers is written to its storage."""
        record = np.empty((times, len(runnable.fixed)))
        self._steps(runnable, times, numbers=numbers, numbers_at=at, record_out=record)
        return record

    def _steps(self, runnable: Runnable, times: int, **more: Any) -> None:
        n = len(self._X)
        runnable.machine.shared[:] = self._numbers
        order, ends = np.tile(np.arange(n), times), np.arange(n, n * times + 1, n)
        runnable.machine.steps(self._X, order, ends, **more)


WAYS: dict[str, type[Way]] = {
    'NumPy': InNumPy,
    'eager': Eager,
    'eager, no graph': EagerWithoutGraph,
    'gradcheck': GradCheck,
    'compiled': Compiled,
}


def ways(sizes: Sizes, examples: int, names: tuple[str, ...]) -> dict[str, Way]:
    """One network in several ways, which have to agree."""
    generator = np.random.default_rng(0)
    inputs, targets = generator.random((examples, sizes[0])), generator.random((examples, sizes[-1]))
    found = {name: WAYS[name](Network(sizes, generator=Random(1)), inputs, targets) for name in names}  # noqa: S311
    check_agreement(found, written(sizes))
    gc.collect()
    return found


def check_agreement(found: dict[str, Way], where: str) -> None:
    """Refuse to compare ways that do not compute the same gradient."""
    gradients = {name: np.array(way.gradient()) for name, way in found.items()}
    right = gradients['NumPy']
    scale = np.abs(right).max()
    for name, way in found.items():
        slopes = np.array(way.differences(min(len(right), 2 * CHUNK, max(LEAST, CHECKED // len(right)))))
        exact = np.abs(gradients[name] - right).max() / scale
        near = np.abs(slopes - right[: len(slopes)]).max() / scale
        if not (exact <= TOLERANCE and near <= TOLERANCE_OF_DIFFERENCES):
            raise DisagreementError(
                f'{name} differs from the gradient of {where} in NumPy by {exact:.1e} of the largest derivative, and '
                f'its finite differences by {near:.1e}'
            )


def seconds(call: Callable[[int], object], times: int) -> float:
    """What it takes once, if it is done so often."""
    start = process_time()
    call(times)
    return (process_time() - start) / times


def as_often(call: Callable[[int], object], most: int = 100_000) -> int:
    """How often something is to be done so that it takes SECONDS; LEAST times, but not more often than `most`."""
    times = 1
    while times < most and times * seconds(call, times) < SECONDS:
        times *= 2
    return min(most, max(LEAST, times))


def written(sizes: Sizes) -> str:
    """A network as the chapter writes it."""
    return '-'.join(map(str, sizes))


def parameters_of(sizes: Sizes) -> int:
    """How many weights and biases it has."""
    return sum((m + 1) * n for m, n in pairwise(sizes))


def weights_of(sizes: Sizes) -> int:
    """How many weights."""
    return sum(m * n for m, n in pairwise(sizes))


def measured(run: Callable[[Report], None], check: bool) -> int:
    """Run a benchmark on one core, without the garbage collector; its exit code. See `measuring.finished`."""
    gc.disable()
    on_one_core()
    return finished(run, check, f'NumPy {np.__version__}, one thread')
