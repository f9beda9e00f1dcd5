"""How good `micrograd train` is: its scores on held-out rows beside those of scikit-learn's networks.

    python benchmarks/tabular.py [--seeds 20] [--quick] [--check]

Data sets that come with scikit-learn are written as CSV files, and a network learns from each as `micrograd train` does
it, with all settings as they are. On the same rows scikit-learn's MLPClassifier or MLPRegressor is trained: once with
as many neurons as ours has, once with as many as it has by itself. Its other settings are its defaults; its inputs, and
the targets of its regressor, are standardised as ours are. The score is the accuracy or, of a regressor, R^2. Each seed
holds out other rows, and begins with other weights. The target is a mean that is no more than 0.02 below the better one
of scikit-learn.
"""

import argparse
import csv
import io
import os
import statistics
import sys
import tempfile
import warnings
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import measuring
from measuring import ONE_THREAD, DisagreementError, Report, Target

os.environ |= ONE_THREAD  # before NumPy is imported
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import numpy as np
import sklearn
from sklearn import datasets
from sklearn.compose import TransformedTargetRegressor
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from micrograd import tabular
from micrograd.data import train_test_split
from micrograd.data.columns import Categories
from micrograd.tabular.scores import accuracy, r_squared

TARGET = 'target'  # the name of its column
HIDDEN = (16, 16)  # what `micrograd train` takes
MARGIN = 0.02
SETS: dict[str, Callable[[], Any]] = {
    'iris': datasets.load_iris,
    'wine': datasets.load_wine,
    'breast cancer': datasets.load_breast_cancer,
    'diabetes': datasets.load_diabetes,
}
RIVALS: dict[str, dict[str, Any]] = {'scikit-learn 16-16': {'hidden_layer_sizes': HIDDEN}, 'scikit-learn 100': {}}
NAMES = ('micrograd', *RIVALS)


class Table(NamedTuple):
    """A data set of scikit-learn.

    Args:
        path: the CSV file that it was written to.
        inputs: its numbers, a row for each example.
        targets: names of classes, or numbers.
    """

    path: Path
    inputs: list[list[float]]
    targets: list[Any]

    @property
    def is_classification(self) -> bool:
        """Whether the targets are classes."""
        return isinstance(self.targets[0], str)


def written(name: str, folder: Path) -> Table:
    """Write a data set as a CSV file, its classes by their names."""
    bunch = SETS[name]()
    names = getattr(bunch, 'target_names', None)
    targets = bunch.target.tolist() if names is None else [str(names[k]) for k in bunch.target]
    table = Table(folder / f'{name}.csv', bunch.data.tolist(), targets)
    with table.path.open('w', encoding='utf-8', newline='') as file:
        rows = ([*inputs, target] for inputs, target in zip(table.inputs, table.targets, strict=True))
        csv.writer(file).writerows([[*bunch.feature_names, TARGET], *rows])
    return table


def scores(table: Table, seed: int) -> dict[str, float]:
    """The scores of all, on the rows that one seed holds out."""
    training, held_out = train_test_split((table.inputs, table.targets), seed=Random(seed))  # noqa: S311
    found = {'micrograd': our_score(table, held_out.targets, seed)}
    for name, settings in RIVALS.items():
        model = rival(table, settings, seed)
        with warnings.catch_warnings():
            warnings.simplefilter('ignore', ConvergenceWarning)  # it ends after 200 epochs
            model.fit(np.array(training.inputs), np.array(training.targets))
        found[name] = score(table, held_out.targets, model.predict(np.array(held_out.inputs)).tolist())
    return found


def our_score(table: Table, held_out: list[Any], seed: int) -> float:
    """The score of `micrograd train`, which has to hold out the same rows."""
    with redirect_stdout(io.StringIO()):
        trained = tabular.train(table.path, TARGET, hidden=HIDDEN, seed=seed, progress=False)
    target = trained.columns.target
    targets, answers = trained.classes(target) if isinstance(target, Categories) else trained.numbers(target)
    if not (targets == held_out if table.is_classification else np.allclose(targets, held_out)):
        raise DisagreementError(f'of {table.path.name} other rows were held out')
    return score(table, targets, answers)


def rival(table: Table, settings: dict[str, Any], seed: int) -> Any:
    """A network of scikit-learn, with what standardises its numbers."""
    if table.is_classification:
        return make_pipeline(StandardScaler(), MLPClassifier(random_state=seed, **settings))
    inner = make_pipeline(StandardScaler(), MLPRegressor(random_state=seed, **settings))
    return TransformedTargetRegressor(inner, transformer=StandardScaler())


def score(table: Table, targets: list[Any], answers: list[Any]) -> float:
    """The accuracy, or R^2."""
    return accuracy(targets, answers) if table.is_classification else r_squared(targets, answers)


def report_scores(report: Report, seeds: int) -> None:
    """Print the scores, a row for each data set."""
    title = f'Scores on held-out rows: mean and standard deviation over {seeds} seeds'
    header = f'{"":15}{"":10}' + ''.join(f'{name:22}' for name in NAMES) + 'target'
    with tempfile.TemporaryDirectory() as folder:
        report.table(title, header, (row(report, written(name, Path(folder)), seeds) for name in SETS))


def row(report: Report, table: Table, seeds: int) -> str:
    """A row of the table."""
    taken = [scores(table, seed) for seed in range(seeds)]
    means = {name: statistics.fmean(each[name] for each in taken) for name in NAMES}
    spreads = {name: statistics.stdev(each[name] for each in taken) for name in NAMES}
    columns = ''.join(f'{f"{means[name]:.3f} ± {spreads[name]:.3f}":22}' for name in NAMES)
    best = round(max(means[name] for name in RIVALS) - MARGIN, 3)
    what = 'accuracy' if table.is_classification else 'R^2'
    return f'{table.path.stem:15}{what:10}{columns}{report.against(Target(">=", best), means["micrograd"])}'


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = measuring.parser(__doc__)
    parser.add_argument('--seeds', type=int, help='how many; 20, or 5 with --quick')
    return parser.parse_args()


def main() -> int:
    """Run the benchmark."""
    arguments = parse_arguments()
    seeds = arguments.seeds or (5 if arguments.quick else 20)
    surroundings = f'scikit-learn {sklearn.__version__}, NumPy {np.__version__}'
    return measuring.finished(lambda report: report_scores(report, seeds), arguments.check, surroundings)


if __name__ == '__main__':
    sys.exit(main())
