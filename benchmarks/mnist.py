"""Nielsen's network learns handwritten digits: 784-30-10, neuron by neuron, sigmoid, quadratic cost, on one core.

    python benchmarks/mnist.py [--seeds 5] [--epochs 30] [--initialisation nielsen] [--data FOLDER] [--check]

Of the 10,000 test digits of MNIST, where no others are in the folder, the first 8,000 are for training, the last 2,000
for testing. Printed are, for each seed, the seconds of training as `fit` takes them, of compiling before, and how many
of the test digits come out right.
"""

import argparse
import statistics
import sys
from pathlib import Path
from time import perf_counter
from typing import Any, NamedTuple

from measuring import on_one_core

REPOSITORY = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(REPOSITORY))

import micrograd  # noqa: E402
from micrograd.data import Dataset, digits, one_hot  # noqa: E402
from micrograd.initialisation import INITIALISATIONS  # noqa: E402
from micrograd.metrics import categorical_accuracy  # noqa: E402
from micrograd.nn import MLP  # noqa: E402
from micrograd.optim import SGD  # noqa: E402
from micrograd.training import fit  # noqa: E402

SIZES = [30, 10]
BATCH_SIZE = 10
LEARNING_RATE = 3.0
ACCURACY, SECONDS = 0.9, 10.0  # at least, at most: medians over the seeds


class Result(NamedTuple):
    """One training: seconds of it and of all before its first step, and the part of the test digits that is right."""

    training: float
    compiling: float
    accuracy: float
    loss: float


def trained(train: Dataset[int], test: Dataset[int], seed: int, arguments: argparse.Namespace) -> Result:
    """Train one network."""
    options: dict[str, Any] = {'activation': 'sigmoid', 'output': 'sigmoid', 'generator': seed}
    model = MLP(len(train.inputs[0]), SIZES, initialisation=arguments.initialisation, **options)
    start = perf_counter()
    history = fit(
        model,
        (train.inputs, one_hot(train.targets, 10)),
        loss='quadratic',
        optimizer=SGD(model.parameters(), lr=LEARNING_RATE),
        epochs=arguments.epochs,
        batch_size=BATCH_SIZE,
        seed=seed,
        progress=False,
        compiled=True,
    )
    whole, training = perf_counter() - start, sum(history.times)
    return Result(training, whole - training, accuracy(model, test), history.losses[-1])


def accuracy(model: MLP, test: Dataset[int]) -> float:
    """The part of the digits for which the neuron of the right one is the most active."""
    outputs = micrograd.compile(model)(test.inputs)
    return statistics.fmean(map(categorical_accuracy, outputs, test.targets))


def report(results: list[Result]) -> int:
    """Print the medians, and whether the targets are met; how many are missed."""
    right = statistics.median(result.accuracy for result in results)
    seconds = statistics.median(result.training for result in results)
    verdicts = {
        f'median accuracy {right:.2%}, target >= {ACCURACY:.0%}': right >= ACCURACY,
        f'median training {seconds:.1f} s, target <= {SECONDS:g} s': seconds <= SECONDS,
    }
    for text, met in verdicts.items():
        print(f'{text}: {"met" if met else "MISSED"}')
    return [*verdicts.values()].count(False)


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--seeds', type=int, default=5, help='how many networks are trained, from seed 0 on')
    parser.add_argument('--epochs', type=int, default=30)
    parser.add_argument('--initialisation', choices=[*INITIALISATIONS], default='nielsen')
    parser.add_argument('--data', type=Path, default=REPOSITORY.parent / 'shared' / 'data' / 'mnist', help='a folder')
    parser.add_argument('--check', action='store_true', help='exit with 1 when a target is missed')
    return parser.parse_args()


def main() -> int:
    """Train the networks."""
    arguments = parse_arguments()
    on_one_core()
    train, test, _ = digits(arguments.data)
    print(f'{"seed":>4}{"training":>11}{"compiling":>12}{"loss":>9}{"right":>9} of {len(test.targets):,}')
    results = []
    for seed in range(arguments.seeds):
        result = trained(train, test, seed, arguments)
        training, compiling = f'{result.training:.2f} s', f'{result.compiling:.2f} s'
        print(f'{seed:>4}{training:>11}{compiling:>12}{result.loss:9.4f}{result.accuracy:>9.2%}', flush=True)
        results.append(result)
    missed = report(results)
    return 1 if arguments.check and missed else 0


if __name__ == '__main__':
    sys.exit(main())
