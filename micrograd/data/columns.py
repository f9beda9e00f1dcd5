"""Columns of a table as numbers for a network: numbers are standardised, texts become one-hot.

What was found in the columns to train with is kept, so that other tables become numbers in the same way. Such a table
may have its columns in another order, and others besides.
"""

import math
import re
import sys
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from reprlib import repr as short

from micrograd.checks import not_found
from micrograd.data.preparation import standardise
from micrograd.data.tables import Cells, is_number
from micrograd.errors import DataError

__all__ = ['MOST_CATEGORIES', 'Categories', 'Column', 'Columns', 'Numbers', 'categories', 'column', 'is_absent']

MOST_CATEGORIES = 50  # in a column: more are names of the rows, as a rule, from which nothing is learnt
ABSENT = frozenset(('', '?', '-', 'na', 'n/a', 'nan', 'null', 'none'))  # what stands for a number that is not known

_LEAVE_OUT = 'Right: leave the column out (--ignore)'
_NO_INFLUENCE = sys.float_info.max  # as a scale: every number is as good as the mean

_WRITTEN_PLAINLY = 'Right: digits and a point, as in 1234.5'

_UNIT = r'[$€£¥%]?'
_DIGITS = (
    r"\d{1,3}(?:[ ,'’_\u00a0\u202f]\d{3})+(?:\.\d*)?"  # 1,234.5
    r'|\d{1,3}(?:\.\d{3})+,\d*'  # 1.234,5
    r'|\d*,\d+|\d+(?:_\d+)+'  # 1234,5 and 12_34
    r'|\d+\.?\d*|\.\d+'  # 12.5, with a unit or another minus sign
)
_LIKE_A_NUMBER = re.compile(rf'[-+−]?{_UNIT} ?[-+−]?(?:{_DIGITS})(?:[eE][-+−]?\d+)? ?{_UNIT}')
_CODE = re.compile(r'[-+]?(?:0\d.*|\d{16,})')  # digits that are no quantity, or more of them than a float has


@dataclass(frozen=True)
class Numbers:
    """A column of numbers, which are standardised.

    Args:
        name: of the column.
        mean: what is subtracted from each number …
        scale: … and what the difference is divided by, greater than 0.
    """

    name: str
    mean: float
    scale: float

    @property
    def width(self) -> int:
        """How many numbers a cell becomes."""
        return 1

    @property
    def filler(self) -> list[float]:
        """What a missing cell becomes: the mean, standardised."""
        return [0.0]

    def encode(self, cell: str) -> list[float]:
        """A cell as numbers.

        Raises:
            DataError: it is no finite number, or one that is too far from the mean.

        >>> Numbers('area', mean=50.0, scale=10.0).encode('70.5')
        [2.05]
        """
        if not (is_number(cell) and math.isfinite(float(cell))):
            raise DataError(f'expected a finite number, found {short(cell)}')
        z = (float(cell) - self.mean) / self.scale
        if not math.isfinite(z):
            raise DataError(f'{short(cell)} is too far from the mean {self.mean:g} to be standardised')
        return [z]

    def decode(self, z: float) -> float:
        """The number that was standardised.

        Raises:
            DataError: it is beyond the floats.

        >>> Numbers('area', mean=50.0, scale=10.0).decode(2.0)
        70.0
        """
        number = self.mean + self.scale * z
        if not math.isfinite(number):
            raise DataError(f'{short(self.name)} would be {self.mean:g} + {self.scale:g} * {z:g}, beyond the floats')
        return number


@dataclass(frozen=True)
class Categories:
    """A column of texts, which become one-hot.

    Args:
        name: of the column.
        categories: the texts, all different.
        shares: how large a part of the training data each of them has: the mean of its one-hot column.
    """

    name: str
    categories: tuple[str, ...]
    shares: tuple[float, ...]

    @property
    def width(self) -> int:
        """How many numbers a cell becomes."""
        return len(self.categories)

    @property
    def filler(self) -> list[float]:
        """What a missing cell becomes: the mean of each one-hot column."""
        return list(self.shares)

    def encode(self, cell: str) -> list[float]:
        """A cell as numbers.

        Raises:
            DataError: it is none of the categories.

        >>> Categories('colour', ('blue', 'red'), (0.25, 0.75)).encode('red')
        [0.0, 1.0]
        """
        if cell not in self.categories:
            raise DataError(f'{not_found("category", cell, list(self.categories))}, as in the training data')
        return [float(cell == category) for category in self.categories]


Column = Numbers | Categories


@dataclass(frozen=True)
class Columns:
    """How the rows of a table become numbers.

    Args:
        inputs: the columns of the inputs, one after the other.
        target: the column of the target: Categories for a classifier, Numbers for a regressor.
        fills: whether missing cells become the means of the training data; else they are errors.
    """

    inputs: tuple[Column, ...]
    target: Column
    fills: bool = False

    @property
    def width(self) -> int:
        """How many numbers a row of inputs becomes."""
        return sum(column.width for column in self.inputs)

    def rows(self, cells: Cells) -> list[list[float]]:
        """The rows of a table, as the inputs of a network.

        Args:
            cells: a table with the columns of the inputs, in any order; others do not matter.

        Raises:
            DataError: a column is missing; a cell is missing, is no number where one is expected, or a category that
                the training data does not have. The message names the line and the column.
        """
        encoded = [self._encoded(column, cells) for column in self.inputs]
        return [[x for part in parts for x in part] for parts in zip(*encoded, strict=True)]

    def targets(self, cells: Cells) -> list[list[float]]:
        """The targets of a table: one-hot classes, or one standardised number each.

        Raises:
            DataError: one is missing, or is not as the column should be.
        """
        texts, target = cells.column(self.target.name), self.target
        if isinstance(target, Categories):
            texts = as_classes(texts)
        for i, text in enumerate(texts):
            if is_absent(text, target):
                raise DataError(
                    f'{cells.place(i, target.name)}: the target is missing, and nothing can be learnt from the row. '
                    'Right: leave the row out'
                )
        return [_encoded(target, text, cells, i) for i, text in enumerate(texts)]

    def _encoded(self, column: Column, cells: Cells) -> list[list[float]]:
        if column.name not in cells.names:
            raise DataError(f'{cells.path}: {not_found("column", column.name, cells.names)}')
        return [self._cell(column, text, cells, i) for i, text in enumerate(cells.column(column.name))]

    def _cell(self, column: Column, text: str, cells: Cells, i: int) -> list[float]:
        if not is_absent(text, column):
            return _encoded(column, text, cells, i)
        if self.fills:
            return column.filler
        found = short(text) if text else 'an empty cell'
        raise DataError(
            f'{cells.place(i, column.name)}: a value is missing, found {found}. Right: fill it in, or leave the '
            'row out; or train without the column (--ignore), or with --missing mean'
        )


def _encoded(column: Column, text: str, cells: Cells, i: int) -> list[float]:
    try:
        return column.encode(text)
    except DataError as error:
        raise DataError(f'{cells.place(i, column.name)}: {error}') from None


# What a column holds -----------------------------------------------------------------------------------------------


def is_absent(text: str, column: Column) -> bool:
    """Whether a cell is missing: it is empty or, among numbers, says so in a word, such as NA."""
    return text.lower() in ABSENT if isinstance(column, Numbers) else not text


def is_numeric(texts: Sequence[str]) -> bool:
    """Whether a column is one of numbers: nothing else is in it, but for missing ones.

    >>> is_numeric(['1', '2.5', 'NA', '']), is_numeric(['1', 'two']), is_numeric(['', ''])
    (True, False, False)
    """
    present = [text for text in texts if text.lower() not in ABSENT]
    return bool(present) and all(map(is_number, present))


def column(cells: Cells, name: str, training: Collection[int]) -> Column:
    """Find out what a column of inputs holds.

    Of numbers that are the same in every row to train with nothing is learnt, and others do not matter later.

    Args:
        cells: the table.
        name: of the column.
        training: the rows to train with, as indices: mean, scale and shares are theirs.

    Raises:
        DataError: no cell is filled in; there are too many different texts, or another one in every row; they are
            numbers that are not written as such.
    """
    texts = cells.column(name)
    if is_numeric(texts):
        return _or_no_influence(numbers(cells, name, training), [texts[i] for i in training])
    check_written_as_numbers(cells, name, f'{_WRITTEN_PLAINLY}; or leave the column out (--ignore)')
    return categories(cells, name, texts, training)


def check_written_as_numbers(cells: Cells, name: str, advice: str = _WRITTEN_PLAINLY) -> None:
    """Check that the texts of a column are not numbers in another writing, such as 1,234 or $5, to the last of them.

    Args:
        cells: the table.
        name: of the column.
        advice: what to do where they are, for the message.

    Raises:
        DataError: they are; as categories they would lose their order and their distances.
    """
    texts = cells.column(name)
    present = [i for i, text in enumerate(texts) if text.lower() not in ABSENT]
    odd = [i for i in present if not is_number(texts[i])]
    if odd and all(is_number(texts[i]) or _LIKE_A_NUMBER.fullmatch(texts[i]) for i in present):
        raise DataError(
            f'{cells.place(odd[0], name)}: {short(texts[odd[0]])} looks like a number, but is not written as one. '
            f'{advice}'
        )


def _or_no_influence(found: Numbers, texts: Sequence[str]) -> Numbers:
    """Nothing is learnt from a number that never changes; what it is in other tables must not matter then."""
    known = {float(text) for text in texts if is_number(text)}
    return replace(found, scale=_NO_INFLUENCE) if len(known) == 1 else found


def numbers(cells: Cells, name: str, training: Collection[int], advice: str = _LEAVE_OUT) -> Numbers:
    """A column of numbers, with the mean and the standard deviation of the rows to train with.

    Args:
        cells: the table.
        name: of the column.
        training: the rows to train with, as indices.
        advice: what to do where there are none, for the message.

    Raises:
        DataError: none of these rows has a number, or they are too far apart.
    """
    texts = cells.column(name)
    known = [float(text) for text in (texts[i] for i in training) if is_number(text)]
    finite = [[number] for number in known if math.isfinite(number)]
    if not finite:
        raise DataError(f'{_where(cells, name)}: none of the rows to train with has a number. {advice}')
    try:
        _, standardiser = standardise(finite)
    except DataError:
        raise DataError(f'{_where(cells, name)}: the numbers are too far apart to be standardised') from None
    return Numbers(name, standardiser.means[0], standardiser.scales[0])


def categories(
    cells: Cells, name: str, texts: Sequence[str], training: Collection[int], advice: str = _LEAVE_OUT
) -> Categories:
    """A column of texts, with the shares that they have in the rows to train with.

    Args:
        cells: the table.
        name: of the column.
        texts: its cells.
        training: the rows to train with, as indices.
        advice: what to do where the texts are no categories, for the message.

    Raises:
        DataError: no cell is filled in; there are too many different texts, or another one in every row.
    """
    present = [text for text in texts if text]
    found = sorted(set(present), key=_order)
    if all(text.lower() in ABSENT for text in found):
        raise DataError(f'{_where(cells, name)}: no cell is filled in. {advice}')
    if len(found) == len(present) > 1 or len(found) > MOST_CATEGORIES:
        raise DataError(f'{_where(cells, name)}: {_too_many(cells, name, texts, found)}. {advice}')
    counts = Counter(texts[i] for i in training)
    total = sum(counts[text] for text in found) or 1
    return Categories(name, tuple(found), tuple(counts[text] / total for text in found))


def as_classes(texts: Sequence[str]) -> list[str]:
    """Classes by their names; those that are numbers are written in one way: 1, 1.0 and 1e0 are the same class.

    Codes stay as they are: digits behind a 0, and more of them than a float has.

    >>> as_classes(['1', '1.0', '0.5']), as_classes(['1', '1.0', 'none yet']), as_classes(['01067', '80331'])
    (['1', '1', '0.5'], ['1', '1.0', 'none yet'], ['01067', '80331'])
    """
    if not is_numeric(texts):
        return list(texts)
    present = ['' if text.lower() in ABSENT else text for text in texts]
    if any(map(_CODE.fullmatch, present)):
        return present
    return [text and repr(float(text) + 0.0).removesuffix('.0') for text in present]


def _too_many(cells: Cells, name: str, texts: Sequence[str], found: Sequence[str]) -> str:
    how_many = 'a different text in every row' if len(found) > 1 and len(found) == len([t for t in texts if t]) else ''
    problem = how_many or f'{len(found)} different texts, and no more than {MOST_CATEGORIES} become one-hot'
    words = [i for i, text in enumerate(texts) if text and not is_number(text)]
    if not words or 2 * len(words) > len(texts):
        return f'it has {problem}'
    return (
        f'{short(texts[words[0]])} in line {cells.lines[words[0]]} is no number, so that the column is one of texts, '
        f'and it has {problem}'
    )


def _order(text: str) -> tuple[bool, float, str]:
    """Numbers first, by size, then words."""
    number = float(text) if is_number(text) else math.nan
    return math.isnan(number), 0.0 if math.isnan(number) else number, text


def _where(cells: Cells, name: str) -> str:
    return f'{cells.path}, column {cells.names.index(name) + 1} ({short(name)})'
