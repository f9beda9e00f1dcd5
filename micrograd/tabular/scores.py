"""How good a classifier or a regressor is, in tables, beside what needs no network."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from micrograd.columns import aligned
from micrograd.render.view import legible

NONE = '-'  # where nothing can be said: the share of none

_Measure = Callable[[Sequence[float], Sequence[float]], float]


class OfClass(NamedTuple):
    """How well one class is told from the others.

    Args:
        precision: of those that are taken for the class, the share that is of it; nan where there are none.
        recall: of those of the class, the share that is taken for it; nan where there are none.
        examples: how many are of the class.
    """

    precision: float
    recall: float
    examples: int


def accuracy(targets: Sequence[str], answers: Sequence[str]) -> float:
    """The share of the answers that are right.

    >>> accuracy(['a', 'b', 'b', 'b'], ['a', 'b', 'b', 'a'])
    0.75
    """
    return _share(sum(target == answer for target, answer in zip(targets, answers, strict=True)), len(targets))


def of_class(name: str, targets: Sequence[str], answers: Sequence[str]) -> OfClass:
    """Precision and recall of one class.

    Args:
        name: the class.
        targets: the class of each example.
        answers: what each is taken for.

    >>> of_class('a', ['a', 'b', 'b', 'b'], ['a', 'b', 'b', 'a'])
    OfClass(precision=0.5, recall=1.0, examples=1)

    Source: `precision_score` and `recall_score` in scikit-learn.
    """
    right = sum(target == answer == name for target, answer in zip(targets, answers, strict=True))
    examples = targets.count(name)
    return OfClass(_share(right, answers.count(name)), _share(right, examples), examples)


def root_mean_squared_error(targets: Sequence[float], answers: Sequence[float]) -> float:
    """The RMSE, in the unit of the targets.

    >>> f'{root_mean_squared_error([1.0, 2.0], [4.0, 6.0]):.4f}'
    '3.5355'
    """
    scale, small = _scaled(_differences(targets, answers))
    return scale * (math.hypot(*small) / math.sqrt(len(targets)))


def mean_absolute_error(targets: Sequence[float], answers: Sequence[float]) -> float:
    """The MAE, in the unit of the targets.

    >>> mean_absolute_error([1.0, 2.0], [4.0, 6.0])
    3.5
    """
    return _mean(list(map(abs, _differences(targets, answers))))


def r_squared(targets: Sequence[float], answers: Sequence[float]) -> float:
    """The coefficient of determination: 1 where all is right, 0 where the mean of these targets would be as good.

    >>> f'{r_squared([1.0, 2.0, 3.0], [1.0, 2.0, 4.0]):.4f}'
    '0.5000'
    >>> r_squared([2.0, 2.0], [2.0, 3.0])
    nan

    Source: `r2_score` in scikit-learn, but for targets that are all the same.
    """
    mean = _mean(targets)
    error = root_mean_squared_error(targets, answers)
    spread = root_mean_squared_error(targets, [mean] * len(targets))
    if spread == 0.0:
        return math.nan
    ratio = error / spread
    return 1.0 - ratio * ratio


def classifier_table(names: Sequence[str], targets: Sequence[str], answers: Sequence[str], usual: str) -> str:
    """The scores of a classifier.

    Args:
        names: of the classes.
        targets: the class of each example.
        answers: what the network takes each for.
        usual: the class that is the most frequent in the training data: the baseline always answers with it.

    >>> print(classifier_table(['ill', 'well'], ['ill', 'well', 'well'], ['ill', 'ill', 'well'], 'well'))
              network  always well
    accuracy  0.667    0.667
    <BLANKLINE>
    class  precision  recall  examples
    ill    0.500      1.000   1
    well   1.000      0.500   2
    """
    shown = [legible(name, 30) for name in names]
    both = [accuracy(targets, answers), accuracy(targets, [usual] * len(targets))]
    head = aligned([('', 'network', f'always {legible(usual, 30)}'), ('accuracy', *map(_written, both))])
    rows = [(name, of_class(full, targets, answers)) for name, full in zip(shown, names, strict=True)]
    body = aligned(
        [
            ('class', 'precision', 'recall', 'examples'),
            *((name, _written(one.precision), _written(one.recall), f'{one.examples:,}') for name, one in rows),
        ]
    )
    return f'{head}\n\n{body}'


def regressor_table(targets: Sequence[float], answers: Sequence[float], mean: float) -> str:
    """The scores of a regressor.

    Args:
        targets: the number of each example.
        answers: what the network predicts.
        mean: of the training data: what the baseline always predicts.

    >>> print(regressor_table([100.0, 200.0, 300.0], [110.0, 190.0, 280.0], mean=220.0))
          network  always the mean, 220
    RMSE  14.1     84.1
    MAE   13.3     73.3
    R^2   0.970    -0.060
    """
    baseline = [mean] * len(targets)
    return aligned(
        [
            ('', 'network', f'always the mean, {mean:.4g}'),
            *_row('RMSE', root_mean_squared_error, targets, answers, baseline, _short),
            *_row('MAE', mean_absolute_error, targets, answers, baseline, _short),
            *_row('R^2', r_squared, targets, answers, baseline, _written),
        ]
    )


def _row(
    name: str,
    measure: _Measure,
    targets: Sequence[float],
    answers: Sequence[float],
    baseline: Sequence[float],
    written: Callable[[float], str],
) -> list[tuple[str, str, str]]:
    return [(name, written(measure(targets, answers)), written(measure(targets, baseline)))]


def _differences(targets: Sequence[float], answers: Sequence[float]) -> list[float]:
    return [target - answer for target, answer in zip(targets, answers, strict=True)]


def _scaled(numbers: Sequence[float]) -> tuple[float, list[float]]:
    """A power of 2, and the numbers by it, from -2 to 2: no sum or square of these overflows."""
    largest = max(map(abs, numbers))
    if largest == 0.0 or math.isinf(largest):
        return 1.0, list(numbers)
    scale = math.ldexp(1.0, math.frexp(largest)[1] - 1)
    return scale, [number / scale for number in numbers]


def _mean(numbers: Sequence[float]) -> float:
    scale, small = _scaled(numbers)
    return scale * (math.fsum(small) / len(small))


def _share(part: int, whole: int) -> float:
    return part / whole if whole else math.nan


def _written(number: float) -> str:
    return NONE if math.isnan(number) else f'{number:z.3f}'


def _short(number: float) -> str:
    return f'{number:#.3g}'.removesuffix('.')
