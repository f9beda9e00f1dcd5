r"""Data to learn from: seeded point sets, CSV and MNIST files, and what is done to data before training.

>>> train, test = train_test_split(moons(100), test=0.2)
>>> len(train.inputs), len(test.inputs)
(80, 20)
"""

import csv
import gzip
import io
import math
import operator
import os
import random
import sys
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from reprlib import repr as short
from typing import BinaryIO, Generic, NamedTuple, SupportsIndex, TypeVar

from micrograd.errors import DataError

Target = TypeVar('Target')
FilePath = str | os.PathLike[str]


class Dataset(NamedTuple, Generic[Target]):
    """Inputs and their targets, side by side: `targets[i]` is the answer for the row `inputs[i]`.

    A Dataset is a pair, so that it unpacks as `X, y = moons(100)`. For the same reason `len(dataset)` is 2: the
    number of examples is `len(dataset.inputs)`.

    Args:
        inputs: n rows of numbers, all of the same length.
        targets: n targets, one a row: class numbers, numbers, or lists of numbers.

    >>> X, y = dataset = xor(8)
    >>> len(X), len(y), len(dataset.inputs), len(dataset)
    (8, 8, 8, 2)
    """

    inputs: list[list[float]]
    targets: list[Target]


class Table(Dataset[float]):
    """A Dataset that was read from columns, and knows their names. It unpacks into two, as every Dataset does."""

    input_names: tuple[str, ...] = ()
    target_name: str = ''


# --- point sets ------------------------------------------------------------------------------------------------------
#
# The same seed gives the same bits on every machine and Python version. So only `random()` is drawn, the one method
# whose sequence Python promises to keep, and no function of the C library decides a digit.


def moons(n: int = 100, *, noise: float = 0.1, seed: int | random.Random = 0) -> Dataset[int]:
    """Make two interleaving half circles, the classes 0 and 1.

    Class 0 is the upper half of the unit circle, class 1 the lower half of the unit circle around (1, 0.5).

    Args:
        n: the number of examples.
        noise: the standard deviation of the normal noise on each coordinate.
        seed: an integer, or a generator to draw from.

    Returns:
        n rows [x, y] in random order, and their classes, as evenly many of each as n allows.

    Raises:
        DataError: n is below 1, or noise is negative or not finite.
        TypeError: an argument has another type.

    >>> X, y = moons(4, noise=0)
    >>> [([round(x, 3) + 0.0 for x in row], label) for row, label in zip(X, y)]
    [([2.0, 0.5], 1), ([-1.0, 0.0], 0), ([0.0, 0.5], 1), ([1.0, 0.0], 0)]

    Source: the shape of `make_moons` in scikit-learn.
    """
    points = []
    for label, rank, count in _members(n, classes=2):
        x, y = _on_unit_circle(0.5 * rank / max(count - 1, 1))
        points.append(([x, y] if label == 0 else [1.0 - x, 0.5 - y], label))
    return _with_noise(points, _deviation(noise, 'noise'), _generator(seed))


def circles(n: int = 100, *, noise: float = 0.05, factor: float = 0.5, seed: int | random.Random = 0) -> Dataset[int]:
    """Make a circle of radius 1, class 0, around a smaller one, class 1.

    Args:
        n: the number of examples.
        noise: the standard deviation of the normal noise on each coordinate.
        factor: the radius of the inner circle, between 0 and 1.
        seed: an integer, or a generator to draw from.

    Returns:
        n rows [x, y] in random order, and their classes, as evenly many of each as n allows.

    Raises:
        DataError: n is below 1, noise is negative or not finite, or factor is not between 0 and 1.
        TypeError: an argument has another type.

    >>> X, y = circles(100, noise=0, factor=0.25)
    >>> sorted({(label, round(math.hypot(*row), 6)) for row, label in zip(X, y)})
    [(0, 1.0), (1, 0.25)]

    Source: the shape of `make_circles` in scikit-learn.
    """
    radii = (1.0, _fraction(factor, 'factor'))
    points = []
    for label, rank, count in _members(n, classes=2):
        x, y = _on_unit_circle(rank / count)
        points.append(([radii[label] * x, radii[label] * y], label))
    return _with_noise(points, _deviation(noise, 'noise'), _generator(seed))


def spirals(
    n: int = 100, *, classes: int = 2, turns: float = 1.0, noise: float = 0.03, seed: int | random.Random = 0
) -> Dataset[int]:
    """Make spiral arms that wind around the origin, one a class.

    At the fraction t of its length, 0 < t <= 1, an arm has the radius t and the angle of `turns * t` turns; the arms
    are spread evenly around the origin.

    Args:
        n: the number of examples.
        classes: the number of arms.
        turns: how often an arm winds around the origin; below 0 clockwise.
        noise: the standard deviation of the normal noise on each coordinate.
        seed: an integer, or a generator to draw from.

    Returns:
        n rows [x, y] in random order, and their classes 0, 1, …, as evenly many of each as n allows.

    Raises:
        DataError: n or classes is below 1, noise is negative, or noise or turns is not finite.
        TypeError: an argument has another type.

    >>> X, y = spirals(90, classes=3)
    >>> [y.count(label) for label in range(3)]
    [30, 30, 30]

    Source: the spiral of Stanford's CS231n, "Putting it together: minimal neural network case study".
    """
    arms, turns = _count(classes, 'classes'), _finite(turns, 'turns')
    points = []
    for label, rank, count in _members(n, arms):
        radius = (rank + 1) / count
        x, y = _on_unit_circle(turns * radius + label / arms)
        points.append(([radius * x, radius * y], label))
    return _with_noise(points, _deviation(noise, 'noise'), _generator(seed))


def xor(n: int = 100, *, noise: float = 0.1, seed: int | random.Random = 0) -> Dataset[int]:
    """Make points at the corners of the unit square; the class is the exclusive or of the two coordinates.

    Args:
        n: the number of examples.
        noise: the standard deviation of the normal noise on each coordinate.
        seed: an integer, or a generator to draw from.

    Returns:
        n rows [x, y] in random order, and their classes, as evenly many of each as n allows.

    Raises:
        DataError: n is below 1, or noise is negative or not finite.
        TypeError: an argument has another type.

    >>> X, y = xor(4, noise=0)
    >>> sorted(zip(X, y))
    [([0.0, 0.0], 0), ([0.0, 1.0], 1), ([1.0, 0.0], 1), ([1.0, 1.0], 0)]
    """
    around = ([0.0, 0.0], 0), ([0.0, 1.0], 1), ([1.0, 1.0], 0), ([1.0, 0.0], 1)
    points = [around[corner] for corner, _, _ in _members(n, classes=4)]
    return _with_noise(points, _deviation(noise, 'noise'), _generator(seed))


def blobs(
    n: int = 100, *, centers: int = 3, features: int = 2, spread: float = 1.0, seed: int | random.Random = 0
) -> Dataset[int]:
    """Make round clouds of points, one a class, about centres drawn uniformly from -10 to 10 in each coordinate.

    Args:
        n: the number of examples.
        centers: the number of clouds.
        features: the number of coordinates of an example.
        spread: the standard deviation of each coordinate about its centre.
        seed: an integer, or a generator to draw from.

    Returns:
        n rows of `features` numbers in random order, and their classes 0, 1, …, as evenly many of each as n allows.

    Raises:
        DataError: n, centers or features is below 1, or spread is negative or not finite.
        TypeError: an argument has another type.

    >>> X, y = blobs(10, centers=4, features=3)
    >>> len(X[0]), [y.count(label) for label in range(4)]
    (3, [3, 3, 2, 2])

    Source: `make_blobs` in scikit-learn.
    """
    clouds, dimensions = _count(centers, 'centers'), _count(features, 'features')
    generator = _generator(seed)
    means = [[20.0 * generator.random() - 10.0 for _ in range(dimensions)] for _ in range(clouds)]
    points = [(means[label], label) for label, _, _ in _members(n, clouds)]
    return _with_noise(points, _deviation(spread, 'spread'), generator)


def _members(n: int, classes: int) -> list[tuple[int, int, int]]:
    """For each of n examples: its class, its rank within the class, and the number of examples of that class."""
    n = _count(n, 'n')
    return [(i % classes, i // classes, (n - 1 - i % classes) // classes + 1) for i in range(n)]


def _with_noise(points: list[tuple[list[float], int]], deviation: float, generator: random.Random) -> Dataset[int]:
    """Add normal noise to every coordinate, and put the examples into random order."""
    examples = [([x + deviation * _normal(generator) for x in point], label) for point, label in points]
    examples.sort(key=lambda _: generator.random())
    return Dataset([point for point, _ in examples], [label for _, label in examples])


def _normal(generator: random.Random) -> float:
    """Draw a number with the standard normal distribution.

    Source: Kinderman and Monahan, "Computer generation of random variables using the ratio of uniform deviates",
    ACM Transactions on Mathematical Software 3 (1977): with u uniform in (0, 1] and v in [-sqrt(2/e), sqrt(2/e)), the
    ratio v/u is normal if (v/u)^2 <= -4 log(u). The logarithm only says yes or no, so its last digit is never seen.
    """
    while True:
        u = 1.0 - generator.random()
        z = 1.7155277699214135 * (generator.random() - 0.5) / u  # the constant is 2 sqrt(2/e)
        if z * z <= -4.0 * math.log(u):
            return z


def _on_unit_circle(turns: float) -> tuple[float, float]:
    """Compute the cosine and the sine of an angle given in turns, to about 1e-15.

    The C library's differ in the last digit from machine to machine; + - * / do not. The angle is brought within half
    a turn, where the terms angle^k / k! of the two Taylor series have vanished well before k = 32.
    """
    angle = math.tau * (turns - round(turns))
    cosine, sine, term = 0.0, 0.0, 1.0
    for k in range(0, 32, 2):
        cosine += term
        term *= angle / (k + 1)
        sine += term
        term *= -angle / (k + 2)
    return cosine, sine


# --- CSV files -------------------------------------------------------------------------------------------------------


def read_csv(path: FilePath, *, target: str | int = -1, header: bool = True, delimiter: str = ',') -> Table:
    r"""Read a CSV file of numbers: one column is the target, the others are the inputs.

    The file is UTF-8 text, with or without a byte order mark. Cells may be quoted; lines end in any of the usual ways;
    blank lines do not count. Every cell below the names is a finite number: a missing cell, a word, `nan` or `inf` is
    an error, never a number that somebody made up.

    Args:
        path: the file.
        target: the column to predict: its name, or its index from 0; by default the last one.
        header: whether the first line holds the names of the columns. Without it they are called x1, x2, ….
        delimiter: the character between two cells, such as ';' or a tab.

    Returns:
        A Dataset of floats that also knows the names: `input_names` and `target_name`.

    Raises:
        DataError: the file is not such a table, or has no such target; the message names the line and the column.
        OSError: the file cannot be opened.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, 'houses.csv')
    ...     _ = path.write_text('rooms,area,price\n3,70.5,210\n2,50,150\n')
    ...     X, y = houses = read_csv(path, target='price')
    >>> X, y
    ([[3.0, 70.5], [2.0, 50.0]], [210.0, 150.0])
    >>> houses.input_names, houses.target_name
    (('rooms', 'area'), 'price')
    """
    lines = _csv_lines(path, delimiter)
    line, cells = next(lines, (1, []))
    if len(cells) < 2:
        raise DataError(_too_narrow(path, line, cells))
    names = _column_names(path, line, cells) if header else [f'x{k}' for k, _ in enumerate(cells, 1)]
    place = _target_index(path, names, target)
    body = lines if header else chain([(line, cells)], lines)
    rows = [_csv_numbers(path, line, cells, names) for line, cells in body]
    if not rows:
        raise DataError(
            f'{path}, line {line + 1}: expected a row of numbers below the names, found the end of the file'
        )
    table = Table([row[:place] + row[place + 1 :] for row in rows], [row[place] for row in rows])
    table.target_name = names.pop(place)
    table.input_names = tuple(names)
    return table


def _csv_lines(path: FilePath, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the stripped cells of every line that is not blank."""
    text = io.StringIO(_read_text(path), newline='')
    reader = csv.reader(text, delimiter=delimiter, skipinitialspace=True, strict=True)
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if cells not in ([], ['']):
                yield reader.line_num, cells
    except csv.Error as error:
        raise DataError(f'{path}, line {reader.line_num}: expected cells and closed quotes, found: {error}') from error


def _read_text(path: FilePath) -> str:
    """Read a UTF-8 file, without its byte order mark."""
    with _open(path) as file:
        content = file.read()
    if b'\0' in content:
        place = content.index(b'\0')
        raise DataError(f'{path}, byte {place}: expected UTF-8 text, found a NUL byte; save the table as "CSV UTF-8"')
    try:
        return content.decode().removeprefix('\ufeff')
    except UnicodeDecodeError as error:
        raise DataError(
            f'{path}, byte {error.start}: expected UTF-8 text, found {content[error.start]:#04x}; '
            'save the table as "CSV UTF-8"'
        ) from error


def _open(path: FilePath) -> io.BufferedReader:
    if Path(path).is_dir():
        raise DataError(f'{path}: expected a file, found a directory')
    return open(path, 'rb')


def _too_narrow(path: FilePath, line: int, cells: list[str]) -> str:
    if not cells:
        return f'{path}, line {line}: expected a table of numbers, found the end of the file'
    return (
        f'{path}, line {line}: expected at least two columns, inputs and a target, found only {short(cells[0])}; '
        "if the cells are separated by another character, name it: read_csv(path, delimiter=';')"
    )


def _column_names(path: FilePath, line: int, cells: list[str]) -> list[str]:
    """Check that the cells of the first line are distinct names."""
    if all(map(_is_number, cells)):
        raise DataError(
            f'{path}, line {line}: expected the names of the columns, found only numbers, such as {short(cells[0])}; '
            'if the file has no line of names: read_csv(path, header=False)'
        )
    seen: dict[str, int] = {}
    for column, name in enumerate(cells, 1):
        if not name:
            raise DataError(f'{path}, line {line}, column {column}: expected a name, found an empty cell')
        if name in seen:
            raise DataError(
                f'{path}, line {line}, column {column}: expected a name that no other column has, '
                f'found {short(name)}, the name of column {seen[name]}'
            )
        seen[name] = column
    return cells


def _target_index(path: FilePath, names: list[str], target: str | int) -> int:
    """Where the target column is, counted from 0."""
    if isinstance(target, str):
        if target not in names:
            raise DataError(f'{path} has no column {target!r}; its columns are {short(names)}')
        return names.index(target)
    index = _integer(target, 'target')
    if not -len(names) <= index < len(names):
        raise DataError(f'{path} has no column {index}; it has {len(names)} columns, 0 to {len(names) - 1}')
    return index % len(names)


def _csv_numbers(path: FilePath, line: int, cells: list[str], names: list[str]) -> list[float]:
    if len(cells) != len(names):
        raise DataError(f'{path}, line {line}: expected {len(names)} cells, found {len(cells)}')
    for column, (name, cell) in enumerate(zip(names, cells, strict=True), 1):
        if not (_is_number(cell) and math.isfinite(float(cell))):
            found = short(cell) if cell else 'an empty cell'
            raise DataError(
                f'{path}, line {line}, column {column} ({short(name)}): expected a finite number, found {found}'
            )
    return [float(cell) for cell in cells]


def _is_number(text: str) -> bool:
    """Whether a cell is written as a number; `1_000` is one in a program, not in a table."""
    try:
        float(text)
    except ValueError:
        return False
    return '_' not in text


# --- IDX files, the format of MNIST ----------------------------------------------------------------------------------

_IDX_TYPECODES = {0x08: 'B', 0x09: 'b', 0x0B: 'h', 0x0C: 'i', 0x0D: 'f', 0x0E: 'd'}


@dataclass(frozen=True, slots=True)
class IdxArray:
    """The numbers of an IDX file, in one or more dimensions.

    It has a length, an order and slices, as a list has: `images[0]` is the first image, `images[:100]` the first
    hundred, `labels[0]` a number, `list(labels)` a list of numbers. NumPy takes it without copying:
    `numpy.asarray(images.data).reshape(images.shape)`.

    Args:
        shape: the size of each dimension: (10000, 28, 28) for the test images of MNIST, (10000,) for their labels.
        data: all the numbers, the last dimension varying fastest.

    >>> pair = IdxArray((2, 3), array('B', [1, 2, 3, 4, 5, 6]))
    >>> pair[1], list(pair[1]), pair[1][2]
    (IdxArray(shape=(3,)), [4, 5, 6], 6)
    """

    shape: tuple[int, ...]
    data: 'array[float]' = field(repr=False)

    def __len__(self) -> int:
        return self.shape[0]

    def __getitem__(self, index: SupportsIndex | slice) -> 'IdxArray | float':
        width = math.prod(self.shape[1:])
        if isinstance(index, slice):
            rows = range(len(self))[index]
            data: array[float] = array(self.data.typecode)
            for row in rows:
                data.extend(self.data[row * width : (row + 1) * width])
            return IdxArray((len(rows), *self.shape[1:]), data)
        start = range(len(self))[index] * width
        if len(self.shape) == 1:
            return self.data[start]
        return IdxArray(self.shape[1:], self.data[start : start + width])

    def __iter__(self) -> Iterator['IdxArray | float']:
        return (self[index] for index in range(len(self)))

    def rows(self, scale: float = 1.0) -> list[list[float]]:
        """Make every example one flat list of floats: the inputs of a network.

        Args:
            scale: what each number is multiplied by; 1/255 brings the pixels of MNIST between 0 and 1.

        Returns:
            A list a first index: an array of shape (10000, 28, 28) gives 10,000 lists of 784 floats.

        >>> IdxArray((2, 3), array('B', [0, 51, 255, 255, 0, 0])).rows(scale=1 / 255)
        [[0.0, 0.2, 1.0], [1.0, 0.0, 0.0]]
        """
        scale = _finite(scale, 'scale')
        width = math.prod(self.shape[1:])
        if self.data.itemsize == 1:
            # One float object for each number that a byte can be, not for each pixel: a third of the memory.
            scaled: dict[float, float] = {number: number * scale for number in range(-128, 256)}
            numbers = list(map(scaled.__getitem__, self.data))
        else:
            numbers = [number * scale for number in self.data]
        return [numbers[start : start + width] for start in range(0, len(numbers), width)]


def read_idx(path: FilePath) -> IdxArray:
    """Read an IDX file, such as the images or labels of MNIST; gzipped or not, whatever its name.

    The format: two zero bytes, a type code, the number of dimensions, the size of each dimension (4 bytes), then the
    numbers; all of it big-endian. The numbers are given as they are in the file, nan included.

    Args:
        path: the file.

    Returns:
        Its array: `images.rows(scale=1 / 255)` and `list(labels)` are inputs and targets.

    Raises:
        DataError: the file is damaged or something else; the message names the byte.
        OSError: the file cannot be opened.

    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, 'labels.idx')
    ...     _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1]))
    ...     labels = read_idx(path)
    >>> labels, list(labels)
    (IdxArray(shape=(3,)), [7, 2, 1])

    Source: "The IDX file format", at the end of the page of the MNIST database by LeCun, Cortes and Burges.
    """
    with _open(path) as file:
        if file.peek(2)[:2] != b'\x1f\x8b':
            return _parse_idx(_IdxBytes(path, file, 'of the file'))
        with gzip.GzipFile(fileobj=file) as stream:
            return _parse_idx(_IdxBytes(path, stream, 'of the uncompressed data'))


class _IdxBytes:
    """Takes the bytes of an IDX file from front to back, and knows where it is when something is wrong.

    Args:
        path: the file's name, for messages.
        stream: its bytes, uncompressed.
        whole: what offsets count in, for messages.
    """

    def __init__(self, path: FilePath, stream: BinaryIO | gzip.GzipFile, whole: str) -> None:
        self.path = path
        self.stream = stream
        self.whole = whole
        self.offset = 0

    def take(self, size: int, expected: str) -> bytearray:
        """Take the next bytes, in pieces: a false size must not claim more memory than the file has bytes."""
        taken = bytearray()
        while len(taken) < size:
            piece = self._read(min(size - len(taken), 2**20))
            if not piece:
                raise self.error(self.offset, expected, 'the end')
            taken += piece
            self.offset += len(piece)
        return taken

    def number(self, size: int, expected: str) -> int:
        return int.from_bytes(self.take(size, expected), 'big')

    def expect_end(self) -> None:
        if self._read(1):
            raise self.error(self.offset, 'the end', 'more bytes')

    def error(self, offset: int, expected: str, found: str) -> DataError:
        return DataError(f'{self.path}, byte {offset} {self.whole}: expected {expected}, found {found}')

    def _read(self, size: int) -> bytes:
        try:
            return self.stream.read(size)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise self.error(self.offset, 'intact gzip data from there on', f'damage: {error}') from error


def _parse_idx(source: _IdxBytes) -> IdxArray:
    expected = 'two zero bytes, with which every IDX file begins'
    if any(zeros := source.take(2, expected)):
        raise source.error(0, expected, zeros.hex(' '))
    code = source.number(1, 'a type code')
    if code not in _IDX_TYPECODES:
        raise source.error(2, f'a type code ({", ".join(map(hex, _IDX_TYPECODES))})', hex(code))
    dimensions = source.number(1, 'the number of dimensions')
    if dimensions == 0:
        raise source.error(3, 'at least one dimension', 'none')
    shape = tuple(_idx_size(source, k, dimensions) for k in range(1, dimensions + 1))
    numbers: array[float] = array(_IDX_TYPECODES[code])
    size = math.prod(shape) * numbers.itemsize
    numbers.frombytes(source.take(size, f'{size} bytes of numbers of the shape {shape}'))
    source.expect_end()
    if sys.byteorder == 'little':
        numbers.byteswap()
    return IdxArray(shape, numbers)


def _idx_size(source: _IdxBytes, dimension: int, dimensions: int) -> int:
    size = source.number(4, f'the 4-byte size of dimension {dimension} of {dimensions}')
    if size == 0:
        raise source.error(source.offset - 4, f'a size of at least 1 for dimension {dimension} of {dimensions}', '0')
    return size


# --- before training -------------------------------------------------------------------------------------------------


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
    generator = _generator(seed)
    order = sorted(range(len(inputs)), key=lambda _: generator.random())
    size = math.floor(len(order) * _fraction(test, 'test') + 0.5)
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
    numbers = [_integer(label, f'labels[{k}]') for k, label in enumerate(labels)]
    width = max([0, *numbers]) + 1 if classes is None else _count(classes, 'classes')
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
    return [_finite(number, f'{name}[{j}]') for j, number in enumerate(numbers)]  # one of them raises


# --- arguments -------------------------------------------------------------------------------------------------------


def _integer(number: SupportsIndex, name: str) -> int:
    try:
        return operator.index(number)
    except TypeError:
        raise TypeError(f'{name} should be an integer, not {short(number)} of type {type(number).__name__}') from None


def _count(number: int, name: str) -> int:
    count = _integer(number, name)
    if count < 1:
        raise DataError(f'{name} should be at least 1, not {count}')
    return count


def _finite(number: float, name: str) -> float:
    try:
        finite = math.isfinite(number)
    except TypeError:
        raise TypeError(f'{name} should be a number, not {short(number)} of type {type(number).__name__}') from None
    except OverflowError:
        raise DataError(f'{name} should be a number in the range of floats, not a larger integer') from None
    if not finite:
        raise DataError(f'{name} should be a finite number, not {number}')
    return float(number)


def _deviation(number: float, name: str) -> float:
    deviation = _finite(number, name)
    if deviation < 0:
        raise DataError(f'{name} is a standard deviation and should be at least 0, not {number}')
    return deviation


def _fraction(number: float, name: str) -> float:
    fraction = _finite(number, name)
    if not 0 < fraction < 1:
        raise DataError(f'{name} should lie between 0 and 1, not be {number}')
    return fraction


def _generator(seed: int | random.Random) -> random.Random:
    if isinstance(seed, random.Random):
        return seed
    return random.Random(_integer(seed, 'seed'))  # noqa: S311 - data to learn from, not secrets
