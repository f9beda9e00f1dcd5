"""What is done to data before training: split it, write classes as lists, standardise."""

import math
import random
from collections.abc import Iterable, Sequence
from contextlib import suppress
from reprlib import repr as short
from typing import NamedTuple, SupportsIndex

from micrograd.checks import count, finite, fraction, integer, random_generator
from micrograd.data.sets import Dataset, Target
from micrograd.errors import DataError


def train_test_split(
    data: tuple[Sequence[list[float]], Sequence[Target]], *, test: float = 0.2, seed: int | random.Random = 0
) -> tuple[Dataset[Target], Dataset[Target]]:
    """Make two Datasets out of one: examples to train on, and others to test on, chosen at random.

    Args:
        data: a Dataset, or a pair (inputs, targets).
        test: the fraction of the examples that is set aside for the test; their number is rounded.
        seed: an integer, or a generator to draw from.

    Returns:
        (train, test), both in random order. Rows are shared with the data, not copied.

    Raises:
        DataError: inputs and targets differ in number, test is not between 0 and 1, or one side would be empty.
        TypeError: data is not a pair, or another argument has another type.

    >>> train, test = train_test_split(([[0.0], [1.0], [2.0], [3.0]], 'abcd'), test=0.25)
    >>> train
    Dataset(inputs=[[2.0], [1.0], [0.0]], targets=['c', 'b', 'a'])
    >>> test
    Dataset(inputs=[[3.0]], targets=['d'])
    """
    inputs, targets = _pair(data)
    generator = random_generator(seed)
    order = sorted(range(len(inputs)), key=lambda _: generator.random())
    size = math.floor(len(order) * fraction(test, 'test') + 0.5)
    if not 0 < size < len(order):
        raise DataError(
            f'test={test} of {len(order)} examples leaves {len(order) - size} to train on and {size} to test on; '
            'both should have at least one: use more examples or another fraction'
        )
    sides = order[size:], order[:size]
    train, held_out = (Dataset([inputs[k] for k in side], [targets[k] for k in side]) for side in sides)
    return train, held_out


def _pair(
    data: tuple[Sequence[list[float]], Sequence[Target]],
) -> tuple[Sequence[list[float]], Sequence[Target]]:
    if not isinstance(data, tuple) or len(data) != 2:
        raise TypeError(
            f'data should be a Dataset or a pair, not {type(data).__name__}: train_test_split((inputs, targets))'
        )
    inputs, targets = data
    if len(inputs) != len(targets):
        raise DataError(f'there should be one target for each input, not {len(targets)} for {len(inputs)}')
    return inputs, targets


def one_hot(labels: Iterable[SupportsIndex], classes: int | None = None) -> list[list[float]]:
    """Write each class number as a list that is 1 in that place and 0 elsewhere.

    Args:
        labels: class numbers, from 0.
        classes: the number of classes, the length of each list; by default the highest label plus 1. Give it where
            some of the data may lack the highest class.

    Raises:
        DataError: a label is negative, or not below classes.
        TypeError: a label is not an integer.

    >>> one_hot([2, 0], classes=3)
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]

    Source: Nielsen, Neural Networks and Deep Learning, chapter 1: the desired output for a 6 is (0,0,0,0,0,0,1,0,0,0).
    """
    numbers = [integer(label, f'labels[{k}]') for k, label in enumerate(labels)]
    width = max([0, *numbers]) + 1 if classes is None else count(classes, 'classes')
    for k, number in enumerate(numbers):
        if not 0 <= number < width:
            raise DataError(f'labels[{k}] should be a class from 0 to {width - 1}, not {number}')
    return [[float(place == number) for place in range(width)] for number in numbers]


class Standardiser(NamedTuple):
    """The numbers that standardise data: what to subtract from each column, and then what to divide it by.

    Args:
        means: one a column.
        scales: one a column, greater than 0.
    """

    means: list[float]
    scales: list[float]

    def transform(self, rows: Sequence[Sequence[float]]) -> list[list[float]]:
        """Standardise other data with the same numbers: test data with those of the training data.

        Args:
            rows: at least one row, with as many numbers as there are means.

        Returns:
            (x - mean) / scale for each number x.

        Raises:
            DataError: rows are missing or of the wrong length, or a result would not be finite.
            TypeError: rows are not rows of numbers.

        >>> Standardiser(means=[1.0, 20.0], scales=[1.0, 10.0]).transform([[3, 30], [0, 15]])
        [[2.0, 1.0], [-1.0, -0.5]]
        """
        return self._apply(_float_rows(rows, len(self.means)))

    def _apply(self, numbers: list[list[float]]) -> list[list[float]]:
        results = [
            [(x - mean) / scale for x, mean, scale in zip(row, self.means, self.scales, strict=True)] for row in numbers
        ]
        for i, row in enumerate(results):
            if not all(map(math.isfinite, row)):
                raise DataError(f'rows[{i}] is too far from the means to be standardised: {short(numbers[i])}')
        return results


def standardise(rows: Sequence[Sequence[float]]) -> tuple[list[list[float]], Standardiser]:
    """Shift and scale each column to mean 0 and standard deviation 1.

    The standard deviation is that of all the rows, the root of the mean squared deviation. A column that is constant
    has none: its scale is 1, so that it becomes 0.

    Args:
        rows: n rows of finite numbers, all of the same length.

    Returns:
        The standardised rows, and the Standardiser that does the same to other data.

    Raises:
        DataError: rows are missing, empty or of different lengths, or hold nan or inf.
        TypeError: rows are not rows of numbers.

    >>> X, standardiser = standardise([[1.0, 5.0], [3.0, 5.0]])
    >>> X, standardiser
    ([[-1.0, 0.0], [1.0, 0.0]], Standardiser(means=[2.0, 5.0], scales=[1.0, 1.0]))
    >>> standardiser.transform([[2.5, 6.0]])
    [[0.5, 1.0]]

    Source: `StandardScaler` in scikit-learn.
    """
    numbers = _float_rows(rows)
    means, scales = zip(*map(_mean_and_scale, zip(*numbers, strict=True)), strict=True)
    standardiser = Standardiser(list(means), list(scales))
    return standardiser._apply(numbers), standardiser


def _mean_and_scale(column: Sequence[float]) -> tuple[float, float]:
    """Mean and standard deviation in two passes.

    The numbers are brought below 1 by a power of 2, which changes no digit: no sum or square of them overflows, and
    no square of a tiny one vanishes. `fsum` rounds once, whatever the order.
    """
    if min(column) == max(column):
        return column[0], 1.0
    _, exponent = math.frexp(max(map(abs, column)))
    small = [math.ldexp(x, -exponent) for x in column]
    mean = math.fsum(small) / len(small)
    variance = math.fsum([(x - mean) * (x - mean) for x in small]) / len(small)
    return math.ldexp(mean, exponent), math.ldexp(math.sqrt(variance), exponent) or 1.0


def _float_rows(rows: Sequence[Sequence[float]], width: int | None = None) -> list[list[float]]:
    """Make each row a list of finite floats; all have the given length, or else the first row's."""
    floats = [_float_row(row, f'rows[{i}]') for i, row in enumerate(rows)]
    if not floats or not floats[0]:
        raise DataError('there should be at least one row, of at least one number')
    width = len(floats[0]) if width is None else width
    for i, row in enumerate(floats):
        if len(row) != width:
            raise DataError(f'rows[{i}] should have {width} numbers, not {len(row)}')
    return floats


def _float_row(row: Sequence[float], name: str) -> list[float]:
    if not isinstance(row, Iterable):
        raise TypeError(f'{name} should be a list of numbers, not {short(row)}: [[1.0], [2.0]] is two rows of one')
    numbers = list(row)
    with suppress(TypeError, OverflowError):
        if all(map(math.isfinite, numbers)):
            return list(map(float, numbers))
    return [finite(number, f'{name}[{j}]') for j, number in enumerate(numbers)]  # one of them raises
