"""IDX files, the format of MNIST."""

import gzip
import math
import sys
import zlib
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from reprlib import repr as short
from typing import BinaryIO, SupportsIndex

from micrograd.checks import finite
from micrograd.data.files import FilePath, open_bytes
from micrograd.errors import DataError

_TYPECODES = {0x08: 'B', 0x09: 'b', 0x0B: 'h', 0x0C: 'i', 0x0D: 'f', 0x0E: 'd'}


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
        scale = finite(scale, 'scale')
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

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, 'labels.idx')
    ...     _ = path.write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1]))
    ...     labels = read_idx(path)
    >>> labels, list(labels)
    (IdxArray(shape=(3,)), [7, 2, 1])

    Source: "The IDX file format", at the end of the page of the MNIST database by LeCun, Cortes and Burges.
    """
    with open_bytes(path) as file:
        if file.peek(2)[:2] != b'\x1f\x8b':
            return _parse(_Bytes(path, file, 'of the file'))
        with gzip.GzipFile(fileobj=file) as stream:
            return _parse(_Bytes(path, stream, 'of the uncompressed data'))


class _Bytes:
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


def _parse(source: _Bytes) -> IdxArray:
    expected = 'two zero bytes, with which every IDX file begins'
    if any(zeros := source.take(2, expected)):
        raise source.error(0, expected, zeros.hex(' '))
    code = source.number(1, 'a type code')
    if code not in _TYPECODES:
        raise source.error(2, f'a type code ({", ".join(map(hex, _TYPECODES))})', hex(code))
    dimensions = source.number(1, 'the number of dimensions')
    if dimensions == 0:
        raise source.error(3, 'at least one dimension', 'none')
    shape = tuple(_size(source, k, dimensions) for k in range(1, dimensions + 1))
    numbers: array[float] = array(_TYPECODES[code])
    size = math.prod(shape) * numbers.itemsize
    numbers.frombytes(source.take(size, f'{short(size)} bytes of numbers of the shape {short(shape)}'))
    source.expect_end()
    if sys.byteorder == 'little':
        numbers.byteswap()
    return IdxArray(shape, numbers)


def _size(source: _Bytes, dimension: int, dimensions: int) -> int:
    size = source.number(4, f'the 4-byte size of dimension {dimension} of {dimensions}')
    if size == 0:
        raise source.error(source.offset - 4, f'a size of at least 1 for dimension {dimension} of {dimensions}', '0')
    return size
