"""What derivatives cost, measured in evaluations: `value_and_grad` and `jvp` against building the same graph of Values.

    python benchmarks/transforms.py [--repeats 15] [--check]

One unit is the time in which a function builds its graph, of Values made for the purpose, and Python frees it again.
`value_and_grad` and `jvp` do that too, and sweep along the graph once: backward, which gives the derivatives by all
inputs, or forward, which gives those of all results along one direction. So the price depends neither on the number of
inputs nor on the size.
The arguments are numbers, so that no graph of the derivatives is made. Times are of the processor, so that what else it
does counts less, and the garbage collector is off; a ratio is taken within a round, and reported are medians.
"""

import argparse
import gc
import statistics
import sys
from collections.abc import Callable, Sequence
from itertools import pairwise
from pathlib import Path
from time import process_time
from typing import Any

from measuring import Report, Target, on_one_core

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

import micrograd  # noqa: E402
from micrograd import Value, jvp, value_and_grad  # noqa: E402

INPUTS = (1, 10, 100, 1_000, 10_000)
STEPS = 50_000  # operations, about, in each graph
TARGETS = {'value_and_grad': Target('<=', 4.0), 'jvp': Target('<=', 3.0)}  # of the worst


def polynomial(xs: Sequence[Any]) -> Any:
    """Products and sums, as in a network's weighted inputs."""
    total = xs[0] * 0.5
    for i in range(STEPS // 3):
        total = total * 0.5 + xs[i % len(xs)] * 1.25
    return total


def network(xs: Sequence[Any]) -> Any:
    """Neurons of four weights each, one behind the other."""
    a = xs[0] * 1.0
    for i in range(STEPS // 9):
        a = sum(a * xs[(4 * i + k) % len(xs)] for k in range(4)).tanh()
    return a


def rosenbrock(xs: Sequence[Any]) -> Any:
    """Rosenbrock's valley, over and over again: powers and differences."""
    numbers = [xs[i % len(xs)] for i in range(max(len(xs), STEPS // 6) + 1)]
    return sum(100.0 * (y - x**2) ** 2 + (1.0 - x) ** 2 for x, y in pairwise(numbers))


def functions(xs: Sequence[Any]) -> Any:
    """Functions of the table, one for each of several operations."""
    total = xs[0] * 1.0
    for i in range(STEPS // 7):
        x = xs[i % len(xs)]
        total = total + micrograd.maximum(x.sin(), x.exp()) / (1.0 + x * x)
    return total


def prices(f: Callable[[Sequence[Any]], Any], count: int, repeats: int) -> tuple[float, float, float]:
    """Milliseconds of building the graph, and the prices of `value_and_grad` and of `jvp` in units of it."""
    numbers = [0.1 + 0.8 * i / count for i in range(count)]
    direction = [1.0] * count
    both = value_and_grad(f)
    rounds = []
    for _ in range(repeats):
        build = _timed(lambda: f([Value(x) for x in numbers]))
        reverse, forward = _timed(lambda: both(numbers)), _timed(lambda: jvp(f, (numbers,), (direction,)))
        rounds.append((build * 1e3, reverse / build, forward / build))
    build, reverse, forward = map(statistics.median, zip(*rounds, strict=True))
    return build, reverse, forward


def _timed(call: Callable[[], Any]) -> float:
    start = process_time()
    call()
    return process_time() - start


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--repeats', type=int, default=15, help='how many rounds')
    parser.add_argument('--check', action='store_true', help='exit with 1 when a target is missed')
    return parser.parse_args()


def main() -> int:
    """Measure."""
    arguments = parse_arguments()
    on_one_core()
    gc.disable()
    print(f'{"function":<12}{"inputs":>8}{"building":>12}{"value_and_grad":>17}{"jvp":>9}')
    found = []
    for f in (polynomial, network, rosenbrock, functions):
        for count in INPUTS:
            build, reverse, forward = prices(f, count, arguments.repeats)
            found.append((reverse, forward))
            print(f'{f.__name__:<12}{count:>8,}{build:>9.1f} ms{reverse:>15.2f} x{forward:>7.2f} x', flush=True)
    report = Report()
    for (name, target), worst in zip(TARGETS.items(), map(max, zip(*found, strict=True)), strict=True):
        print(f'{name} at most {worst:.2f} x, target {report.against(target, worst)}')
    return 1 if arguments.check and report.missed else 0


if __name__ == '__main__':
    sys.exit(main())
