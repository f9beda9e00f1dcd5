"""What a gradient takes: backpropagation against finite differences, and against forward passes. One thread.

    python benchmarks/backpropagation.py [--quick] [--only differences|passes] [--check]

The first table is about equation (46) of Nielsen's chapter 2: change one weight, run the network again, and so on for
each weight. Where there are many of them, some are measured, as many as stand in the table, and the time is scaled.
The second is about the sentence that backpropagation takes about two forward passes: the time of both passes over that
of the forward pass. Its column 'counted' has the same ratio for the products with weights, counted.

All three ways compute one network: NumPy (`chapter.Network`), eager Values, and the compiled program by itself, many
passes a call. They take turns, and a ratio is taken within a round; reported are medians over the rounds, and the
ratios' quartiles. Before anything is timed, all must have the same gradient. Times are of the processor, so that what
else it does counts less; the garbage collector is off.
"""

import argparse
import contextlib
import gc
import os
import platform
import statistics
import sys
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from random import Random
from time import process_time
from typing import Any, NamedTuple

import eager
from compiled import ONE_THREAD, Report
from eager import DisagreementError, Target

os.environ |= ONE_THREAD  # before NumPy is imported
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np

from micrograd import losses, no_grad
from micrograd.chapter import Network
from micrograd.compiler.plans import Plan, Runnable, load
from micrograd.compiler.structure import batch
from micrograd.compiler.trace import trace
from micrograd.engine import Value

Sizes = tuple[int, ...]
Array = np.ndarray

DIGITS = (784, 30, 10)
OF_DIFFERENCES: tuple[Sizes, ...] = ((2, 3, 2), (8, 8, 4), (32, 16, 10), (128, 24, 10), DIGITS)
OF_PASSES: tuple[Sizes, ...] = ((2, 3, 2), (64, 64, 64, 64, 64), DIGITS)
EXAMPLES = (1, 10, 100)  # of a mini-batch
MOST_EAGER = 30_000  # weights times examples

EPSILON = 1e-6
TOLERANCE = 1e-12  # of the largest number in a gradient
TOLERANCE_OF_DIFFERENCES = 1e-5
SECONDS = 0.02  # that a measurement takes, or LEAST of what is measured where that takes longer
LEAST = 3
CHUNK = 64  # weights that are changed in one call of a machine

# How many times as long finite differences take, of the largest network; half of its 23,860 passes is the least.
DIFFERENCES = Target('>=', 6_000.0)
PASSES = Target('<=', 3.0)  # both passes over the forward pass, as many products at the most


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

    def differences(self, count: int) -> list[float]:
        """The derivatives by the first of the parameters, by equation (46): a forward pass each, and one before."""
        before = self.cost()
        return [(self.cost_after(i) - before) / EPSILON for i in range(count)]

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

    def differences(self, count: int) -> list[float]:
        """In calls that change CHUNK parameters, one in each step."""
        before = self.cost()
        found: list[float] = []
        for start in range(0, count, CHUNK):
            numbers = self._numbers[start : min(start + CHUNK, count)]
            changed = numbers + EPSILON * np.eye(len(numbers))
            after = self._recorded(self._forward, len(numbers), changed, self._forward.program.shared + start)
            found += ((after[:, 0] - before) / EPSILON).tolist()
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
    'compiled': Compiled,
}
FOR_DIFFERENCES = ('NumPy', 'eager, no graph', 'compiled')


class Counts(NamedTuple):
    """How often something is done in a measurement; of `differences` parameters the derivatives, `repeats` times."""

    forward: int
    both: int
    differences: int
    repeats: int


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
        slopes = np.array(way.differences(min(len(right), 2 * CHUNK)))
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


def as_often(call: Callable[[int], object], most: int = 1_000) -> int:
    """How often something can be done in SECONDS; LEAST times, but not more often than `most`."""
    call(1)
    start = process_time()
    call(1)
    return min(most, max(LEAST, int(SECONDS / (process_time() - start))))


def counts(way: Way, parameters: int) -> Counts:
    """How often to do what."""
    some = as_often(way.differences, parameters)
    repeats = as_often(lambda times: again(way, some, times)) if some == parameters else 1
    return Counts(as_often(way.forward), as_often(way.both), some, repeats)


def again(way: Way, some: int, times: int) -> None:
    """The derivatives by some parameters, so many times."""
    for _ in range(times):
        way.differences(some)


def written(sizes: Sizes) -> str:
    """A network as the chapter writes it."""
    return '-'.join(map(str, sizes))


def parameters_of(sizes: Sizes) -> int:
    """How many weights and biases it has."""
    return sum((m + 1) * n for m, n in pairwise(sizes))


def weights_of(sizes: Sizes) -> int:
    """How many weights."""
    return sum(m * n for m, n in pairwise(sizes))


def of_differences(report: Report, count: int) -> None:
    """Print the time of finite differences over that of backpropagation."""
    title = f'A gradient for one example: finite differences against backpropagation, medians of {count} rounds'
    header = (
        f'{"network":14}{"parameters":>11}  {"":16}{"forward us":>11}{"backprop us":>12}{"differences ms":>15}'
        f'{"measured":>10}{"times":>10}  {"quartiles":19}  target'
    )
    report.table(title, header, (row for sizes in OF_DIFFERENCES for row in difference_rows(report, sizes, count)))
    print(WHY_DIFFERENCES)


def difference_rows(report: Report, sizes: Sizes, count: int) -> Iterator[str]:
    """A row for each way."""
    found = ways(sizes, 1, FOR_DIFFERENCES)
    parameters = parameters_of(sizes)
    often = {name: counts(way, parameters) for name, way in found.items()}

    def ask(name: str) -> dict[str, float]:
        way, times = found[name], often[name]
        some = seconds(lambda repeats: again(way, times.differences, repeats), times.repeats)
        a_pass = some / (times.differences + 1)  # one before any weight is changed
        measured = {'forward': seconds(way.forward, times.forward), 'both': seconds(way.both, times.both)}
        return measured | {'differences': a_pass * (parameters + 1)}

    taken = eager.rounds(found, count, ask)
    for name in found:
        forward, both, differences = (eager.median(taken, name, what) for what in ('forward', 'both', 'differences'))
        low, middle, high = quartiles(taken, name, 'differences', 'both')
        verdict = report.against(DIFFERENCES if sizes == DIGITS else None, middle)
        yield (
            f'{written(sizes):14}{parameters:11,}  {name:16}{1e6 * forward:11,.1f}{1e6 * both:12,.1f}'
            f'{1e3 * differences:15,.1f}{often[name].differences:10,}{middle:10,.1f}  {low:8,.1f} - {high:8,.1f}  '
            f'{verdict}'
        )


def of_passes(report: Report, count: int) -> None:
    """Print the time of both passes over that of the forward pass."""
    title = f'Forward and backward pass over the forward pass alone, medians of {count} rounds'
    header = (
        f'{"network":18}{"examples":>9}  {"":16}{"forward us":>11}{"both us":>11}{"counted":>9}{"times":>8}  '
        f'{"quartiles":13}  target'
    )
    cases = [(sizes, examples) for sizes in OF_PASSES for examples in EXAMPLES]
    report.table(title, header, (row for case in cases for row in pass_rows(report, *case, count)))
    print(WHY_PASSES)


def pass_rows(report: Report, sizes: Sizes, examples: int, count: int) -> Iterator[str]:
    """A row for each way."""
    found = ways(sizes, examples, names_for(sizes, examples))
    often = {name: counts(way, 1) for name, way in found.items()}

    def ask(name: str) -> dict[str, float]:
        way, times = found[name], often[name]
        return {'forward': seconds(way.forward, times.forward), 'both': seconds(way.both, times.both)}

    taken = eager.rounds(found, count, ask)
    for name in found:
        low, middle, high = quartiles(taken, name, 'both', 'forward')
        verdict = report.against(PASSES if examples > 1 else None, middle)
        yield (
            f'{written(sizes):18}{examples:9}  {name:16}{1e6 * eager.median(taken, name, "forward"):11,.1f}'
            f'{1e6 * eager.median(taken, name, "both"):11,.1f}{products(sizes):9.2f}{middle:8.2f}  '
            f'{low:5.2f} - {high:5.2f}  {verdict}'
        )


def names_for(sizes: Sizes, examples: int) -> tuple[str, ...]:
    """The ways that do not take minutes."""
    short = weights_of(sizes) * examples <= MOST_EAGER
    return tuple(name for name, way in WAYS.items() if short or not issubclass(way, Eager))


def products(sizes: Sizes) -> float:
    """Products with weights in both passes over those in the forward pass.

    Forward there is one for each weight. Backward BP4 has one for each, and BP2 too, but for those of the first layer:
    nobody asks how the cost depends on the inputs.
    """
    weights = weights_of(sizes)
    return (3 * weights - sizes[0] * sizes[1]) / weights


def quartiles(taken: list[eager.Round], name: str, above: str, below: str) -> tuple[float, float, float]:
    """Of the ratios of two quantities, each within one round."""
    low, middle, high = statistics.quantiles([each[name][above] / each[name][below] for each in taken], n=4)
    return low, middle, high


WHY_DIFFERENCES = """
About half as many times as there are parameters: a forward pass for each, over about two. Compiled it is more. There
one example's backward pass takes less than its forward pass; and a call to the machine, for up to 64 parameters, takes
longer than the passes of a small network."""

WHY_PASSES = """
Counted are the products with weights. Forward there is one for each weight. Backward there is one in BP4, and one in
BP2, but not in the first layer, as nobody asks for the derivatives by the inputs. So it is 2 where most weights are in
the first layer, and comes near to 3 where layers are many. Where the times differ from that:
  few weights   what surrounds the products takes most of the time, and the forward pass has its share of it
  eager         the first layer passes gradients to the inputs too; but to make a node takes longer than to pass it
  one example   NumPy: BP4 makes a new matrix, as large as that of the weights, where the forward pass makes a vector
                compiled: the time is that of reading the weights, and of writing as many numbers once"""


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--quick', action='store_true', help='fewer rounds: rougher medians')
    parser.add_argument('--only', choices=('differences', 'passes'), help='one table instead of both')
    parser.add_argument('--check', action='store_true', help='exit with 1 when a target is missed')
    return parser.parse_args()


def run(arguments: argparse.Namespace, report: Report) -> None:
    """Print the tables that were asked for."""
    count = 5 if arguments.quick else 21
    if arguments.only in (None, 'differences'):
        of_differences(report, count)
    if arguments.only in (None, 'passes'):
        of_passes(report, count)


def main() -> int:
    """Run the benchmark."""
    arguments = parse_arguments()
    report = Report()
    gc.disable()
    with contextlib.suppress(AttributeError, OSError):  # where a process cannot be bound to a core
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    try:
        run(arguments, report)
    except DisagreementError as error:
        print(f'backpropagation.py: nothing is compared: {error}', file=sys.stderr)
        return 1
    print(f'\nPython {platform.python_version()}, NumPy {np.__version__}, {platform.platform()}, one thread')
    print(f'python benchmarks/backpropagation.py {" ".join(sys.argv[1:])}'.rstrip())
    return 1 if arguments.check and report.missed else 0


if __name__ == '__main__':
    sys.exit(main())
