"""A network learns from a CSV file: `micrograd train`."""

import os
import warnings
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from math import ceil
from pathlib import Path
from random import Random
from reprlib import repr as short
from typing import TYPE_CHECKING, SupportsIndex

from micrograd.checkpoint import destination, save
from micrograd.checks import count, not_found, not_negative, positive, random_generator
from micrograd.data import Dataset, train_test_split
from micrograd.data.columns import (
    Categories,
    Column,
    Columns,
    Numbers,
    as_classes,
    categories,
    check_written_as_numbers,
    column,
    is_numeric,
    numbers,
)
from micrograd.data.files import FilePath
from micrograd.data.tables import Cells, read_cells
from micrograd.errors import DataError, optional_import
from micrograd.history import History
from micrograd.nn import MLP
from micrograd.optim import AdamW, linear
from micrograd.outputs import Write, directory, write_files
from micrograd.render.plots import confusion_matrix, loss_curve, save_figure
from micrograd.render.view import legible
from micrograd.tabular import outputs
from micrograd.tabular.pictures import predicted_against_true
from micrograd.tabular.scores import classifier_table, regressor_table
from micrograd.training import fit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ['MISSING', 'TASKS', 'Trained', 'run', 'train']

TASKS = ('classification', 'regression')
MISSING = ('error', 'mean')
FEW = 10  # different whole numbers are classes, …
ROWS_EACH = 5  # … if there are so many rows for each of them on average
MOST_PARAMETERS = 1_000_000

_Rows = Dataset[list[float]]  # a target is one-hot, or one number

_CLASSES = 'Right: a target with fewer classes, or with numbers only and --task regression'
_TARGETS = 'Right: a target with numbers, or --task classification'
_PLAINLY = 'Right: digits and a point, as in 1234.5; or --task classification'
_SEE_DELIMITER = "If another character stands between the cells, name it: --delimiter ';'"


@dataclass(frozen=True)
class Trained:
    """What a training gave.

    Args:
        model: the network. A classifier has a logit for each class, a regressor one standardised number.
        columns: how the rows of a table become its inputs.
        history: loss and accuracy, epoch by epoch: as 'validation' those of the rows that were held out.
        held_out: the targets of these rows, as the model sees them: one-hot, or standardised.
        found: the outputs of the trained network for them.
    """

    model: MLP
    columns: Columns
    history: History
    held_out: list[list[float]]
    found: list[list[float]]

    def table(self) -> str:
        """The scores on the rows that were held out, beside a baseline."""
        target = self.columns.target
        if isinstance(target, Categories):
            usual = target.categories[target.shares.index(max(target.shares))]
            return classifier_table(target.categories, *self.classes(target), usual)
        return regressor_table(*self.numbers(target), target.mean)

    def picture(self) -> 'tuple[str, str, Callable[[], Figure]]':
        """The name of a file that shows the answers, what is in it, and what draws it."""
        target = self.columns.target
        if isinstance(target, Categories):
            draw = partial(confusion_matrix, *self.classes(target), labels=target.categories)
            return 'confusion_matrix.png', 'which classes it takes for which, of the rows held out', draw
        draw = partial(predicted_against_true, *self.numbers(target), target.name)
        return 'predicted.png', 'what it predicts for the rows held out, against what is true', draw

    def classes(self, target: Categories) -> tuple[list[str], list[str]]:
        """Of the rows that were held out: their classes, and what the network takes them for."""
        right, answers = (
            [outputs.classified(target, row).answer for row in rows] for rows in (self.held_out, self.found)
        )
        return right, answers

    def numbers(self, target: Numbers) -> tuple[list[float], list[float]]:
        """Of the rows that were held out: their targets, and what the network predicts."""
        return outputs.numbers(target, self.held_out), outputs.numbers(target, self.found)


def run(
    path: FilePath,
    target: str,
    *,
    out: FilePath = 'micrograd-train',
    save_as: FilePath | None = None,
    **settings: object,
) -> list[Path]:
    """Train a network on a CSV file, print how good it is, and write it and pictures into a directory.

    Args:
        path: see `train`.
        target: see `train`.
        out: the directory; if it is missing it is made, after the training. Files in it that have the names of ours
            are replaced, nothing else is touched.
        save_as: where the network goes; None is model.json in the directory.
        settings: what else `train` takes.

    Returns:
        The files: the network with its columns, the curves of loss and accuracy, and the confusion matrix or, of a
        regressor, the predicted numbers against the true ones.

    Raises:
        Everything that `train` does.
        MissingDependencyError: NumPy or matplotlib is not installed. That is found out before the training.
        OSError: a file cannot be written. That, too, is found out before the training.
    """
    for module in ('numpy', 'matplotlib'):
        optional_import(module, 'plot,compile')
    folder = directory(out)
    if save_as is not None:
        destination(save_as)
    trained = train(path, target, **settings)  # type: ignore[arg-type]
    print(f'\n{trained.table()}\n')
    with warnings.catch_warnings():
        warnings.filterwarnings('ignore', 'Glyph .* missing from')  # a box stands for it
        return write_files(folder, _files(trained, save_as))


def train(
    path: FilePath,
    target: str,
    *,
    hidden: Sequence[SupportsIndex] = (16, 16),
    epochs: int = 50,
    batch_size: int = 16,
    lr: float = 0.01,
    lmbda: float = 200.0,
    task: str | None = None,
    missing: str = 'error',
    ignore: Iterable[str] = (),
    test: float = 0.2,
    seed: int | Random = 0,
    delimiter: str = ',',
    progress: bool = True,
) -> Trained:
    r"""Train a network of relu neurons on the rows of a CSV file, but for some that are held out to test it on.

    Columns of numbers are standardised, columns of texts become one-hot. The network is a classifier, with the
    cross-entropy cost, if the target is text, or at most 10 different whole numbers with at least five times as many
    rows; else a regressor, with the mean squared error. The steps are AdamW's; the learning rate falls to 0 on a line.

    Args:
        path: the file; its first line holds the names of the columns.
        target: the column to predict.
        hidden: how many neurons each hidden layer has.
        epochs: how often each row is seen.
        batch_size: rows a mini-batch.
        lr: the learning rate at the beginning.
        lmbda: λ, the strength of the weight decay: a step takes the part lr λ / n of a weight away, where n is the
            number of rows to train with; no more than lr, though, of few rows.
        task: 'classification' or 'regression'; None finds out from the target.
        missing: what becomes of a missing cell among the inputs: it is an 'error', or becomes the 'mean' of the column
            in the training data. Empty cells are missing; among numbers also ?, -, NA, n/a, nan, null and none.
        ignore: columns to leave out.
        test: the fraction of the rows that is held out.
        seed: of the rows that are held out, of the initial weights and of the shuffling: an integer, or a generator.
        delimiter: the character between two cells.
        progress: whether to show a progress bar, on stderr.

    Raises:
        DataError: the file is no such table, or a setting is out of range; the message names the line and the column.
        ValueError: there is no such task, or way with missing cells.
        MissingDependencyError: NumPy is not installed.
        TrainingError: the cost, or a parameter, would be nan or infinite.
        OSError: the file cannot be read.
        KeyboardInterrupt: the training was interrupted.

    >>> from tempfile import TemporaryDirectory
    >>> fruit = [f'{20 + i},plum' if i % 2 else f'{120 + i},apple' for i in range(50)]
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, 'fruit.csv')
    ...     _ = path.write_text('\n'.join(['weight,fruit', *fruit]))
    ...     trained = train(path, 'fruit', progress=False)
    40 rows to train with, 10 held out; inputs: 1 of numbers, 0 of texts
    fruit: classification, 2 classes; a network 1-16-16-2
    >>> trained.history.validation['accuracy'][-1]
    1.0

    Source: weight decay in Nielsen, Neural Networks and Deep Learning, chapter 3, "Overfitting and regularization",
    where λ / n is the factor too; Loshchilov and Hutter, Decoupled weight decay regularization (2019).
    """
    optional_import('numpy', 'compile')
    _check_choice('task', task, (*TASKS, None))
    _check_choice('missing', missing, MISSING)
    generator = random_generator(seed)
    cells = read_cells(path, delimiter=delimiter)
    columns, training, held_out = _examples(cells, target, list(ignore), task, missing == 'mean', test, generator)
    sizes = _sizes(columns, hidden)
    print(_headline(training, held_out, columns, sizes), flush=True)
    model = MLP(sizes[0], sizes[1:], initialisation='he', generator=generator)
    examples = len(training.inputs)
    batch_size = min(count(batch_size, 'batch_size'), examples)
    steps = count(epochs, 'epochs') * ceil(examples / batch_size)
    is_classifier = isinstance(columns.target, Categories)
    history = fit(
        model,
        _as_fit_takes(training, is_classifier),
        loss='cross_entropy' if is_classifier else 'mse',
        optimizer=_optimizer(model, lr, lmbda, examples, steps),
        epochs=epochs,
        batch_size=batch_size,
        seed=generator,
        metrics=['accuracy'] if is_classifier else [],
        validation=_as_fit_takes(held_out, is_classifier),
        progress=progress,
        compiled=True,
    )
    if history.stopped == 'interrupted':
        raise KeyboardInterrupt
    return Trained(model, columns, history, held_out.targets, outputs.outputs(model, columns, held_out.inputs))


def _examples(
    cells: Cells, target: str, ignored: list[str], task: str | None, fills: bool, test: float, generator: Random
) -> tuple[Columns, _Rows, _Rows]:
    """How the rows become numbers, and what they become: those to train with, and those that are held out."""
    names = _input_names(cells, target, ignored)
    split = _split(cells, test, generator)
    inputs = tuple(column(cells, name, split[0]) for name in names)
    columns = Columns(inputs, _target(cells, target, task, split[0]), fills)
    rows, targets = columns.rows(cells), columns.targets(cells)
    training, held_out = (Dataset([rows[i] for i in side], [targets[i] for i in side]) for side in split)
    return columns, training, held_out


def _check_choice(name: str, choice: str | None, choices: Sequence[str | None]) -> None:
    if choice not in choices:
        raise ValueError(f'{name} is one of {", ".join(map(repr, choices))}, not {choice!r:.40}')


def _input_names(cells: Cells, target: str, ignored: list[str]) -> list[str]:
    for name in (target, *ignored):
        if name not in cells.names:
            hint = f'. {_SEE_DELIMITER}' if len(cells.names) == 1 else ''
            raise DataError(f'{cells.path}: {not_found("column", name, cells.names)}{hint}')
    if target in ignored:
        raise DataError(f'the column {short(target)} cannot be the target and be ignored')
    names = [name for name in cells.names if name != target and name not in ignored]
    if not names:
        raise DataError(f'{cells.path}: there is no column to predict {short(target)} from. {_SEE_DELIMITER}')
    return names


def _split(cells: Cells, test: float, generator: Random) -> tuple[list[int], list[int]]:
    """The rows to train with, and those that are held out, as indices."""
    everything: tuple[list[list[float]], list[int]] = [[] for _ in cells.rows], list(range(len(cells.rows)))
    try:
        training, held_out = train_test_split(everything, test=test, seed=generator)
    except DataError as error:
        raise DataError(f'{cells.path}: {error}') from None
    return training.targets, held_out.targets


def _target(cells: Cells, name: str, task: str | None, training: Sequence[int]) -> Column:
    texts = as_classes(cells.column(name))
    different = {text for text in texts if text}
    if len(different) == 1:
        raise DataError(
            f'{cells.path}: the target {short(name)} is {short(different.pop())} in every row; nothing is learnt'
        )
    if task != 'classification':
        check_written_as_numbers(cells, name, _PLAINLY)
    if (task or _task(texts, different)) == 'classification':
        return categories(cells, name, texts, training, _CLASSES)
    return numbers(cells, name, training, _TARGETS)


def _task(texts: Sequence[str], different: set[str]) -> str:
    """What a target asks for."""
    if not is_numeric(texts):
        return 'classification'
    is_whole = all(float(text).is_integer() for text in different)
    is_few = len(different) <= min(FEW, len(texts) / ROWS_EACH)
    return 'classification' if is_whole and is_few else 'regression'


def _sizes(columns: Columns, hidden: Sequence[SupportsIndex]) -> list[int]:
    """How many neurons each layer has, from the inputs to the outputs."""
    sizes = [columns.width, *(count(size, f'hidden[{i}]') for i, size in enumerate(hidden)), columns.target.width]
    parameters = sum((before + 1) * after for before, after in pairwise(sizes))
    if parameters > MOST_PARAMETERS:
        raise DataError(
            f'a network {_network(sizes):.80} has {parameters:,} parameters, and no more than {MOST_PARAMETERS:,} are '
            'trained. Right: fewer hidden neurons'
        )
    return sizes


def _network(sizes: Sequence[int]) -> str:
    return '-'.join(map(str, sizes))


def _headline(training: _Rows, held_out: _Rows, columns: Columns, sizes: Sequence[int]) -> str:
    target = columns.target
    task = f'classification, {target.width} classes' if isinstance(target, Categories) else 'regression'
    texts = sum(isinstance(one, Categories) for one in columns.inputs)
    return (
        f'{len(training.inputs):,} rows to train with, {len(held_out.inputs):,} held out; '
        f'inputs: {len(columns.inputs) - texts} of numbers, {texts} of texts\n'
        f'{legible(target.name)}: {task}; a network {_network(sizes)}'
    )


def _optimizer(model: MLP, lr: float, lmbda: float, examples: int, steps: int) -> AdamW:
    decay = min(not_negative(lmbda, 'lmbda') / examples, 1.0)
    return AdamW(model.parameters(), lr=linear(positive(lr, 'lr'), steps), weight_decay=decay)


def _as_fit_takes(rows: _Rows, is_classifier: bool) -> _Rows | Dataset[float]:
    """A single output has a single number for its target."""
    return rows if is_classifier else Dataset(rows.inputs, [y for (y,) in rows.targets])


def _files(trained: Trained, save_as: FilePath | None) -> dict[str, tuple[str, Write]]:
    """Name -> what it shows, and what writes it."""
    name, what, draw = trained.picture()
    model = 'model.json' if save_as is None else os.path.abspath(save_as)
    return {
        model: ('the trained network, for micrograd predict', partial(save, trained.model, columns=trained.columns)),
        'loss_curve.png': ('loss epoch by epoch', lambda path: save_figure(loss_curve(trained.history), path)),
        name: (what, lambda path: save_figure(draw(), path)),
    }
