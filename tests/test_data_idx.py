"""IDX files are read number by number, or are errors that name the byte."""

import gzip
import math
import re
import struct
import tracemalloc
from collections import Counter

import pytest

from micrograd.data import read_idx
from micrograd.errors import DataError
from tests.support import require, shared_file


def idx(code, shape, numbers, form):
    header = bytes([0, 0, code, len(shape)]) + struct.pack(f'>{len(shape)}I', *shape)
    return header + struct.pack(f'>{len(numbers)}{form}', *numbers)


SMALL = idx(0x08, (2, 2, 3), range(12), 'B')


@pytest.fixture
def idx_file(tmp_path):
    def write(content):
        path = tmp_path / 'images.idx'
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize('compress', [bytes, gzip.compress])
@pytest.mark.parametrize(
    ('code', 'form', 'typecode', 'numbers'),
    [
        (0x08, 'B', 'B', [0, 1, 127, 128, 255, 9]),
        (0x09, 'b', 'b', [0, 1, 127, -128, -1, 9]),
        (0x0B, 'h', 'h', [0, 1, 32767, -32768, -1, 258]),
        (0x0C, 'i', 'i', [0, 1, 2**31 - 1, -(2**31), -1, 16909060]),
        (0x0D, 'f', 'f', [0.0, -0.5, 1.5, 2.0**-149, math.inf, 3e38]),
        (0x0E, 'd', 'd', [0.0, -0.1, 1.5, 5e-324, -math.inf, 1e308]),
    ],
)
@pytest.mark.parametrize('shape', [(6,), (2, 3), (1, 3, 2), (1, 1, 6, 1, 1)])
def test_every_type_and_shape(idx_file, code, form, typecode, numbers, shape, compress):
    content = idx(code, shape, numbers, form)
    result = read_idx(idx_file(compress(content)))
    assert result.shape == shape
    assert result.data.typecode == typecode
    assert result.data.tolist() == list(struct.unpack(f'>6{form}', content[-struct.calcsize(f'>6{form}') :]))


def test_the_most_dimensions_that_there_can_be(idx_file):
    assert read_idx(idx_file(idx(8, (1,) * 255, [7], 'B'))).shape == (1,) * 255


def test_an_array_is_indexed_sliced_and_iterated(idx_file):
    images = read_idx(idx_file(SMALL))
    assert len(images) == 2
    assert repr(images) == 'IdxArray(shape=(2, 2, 3))'
    assert images[1] == images[-1] == images[1:][0]
    assert images[1].shape == (2, 3)
    assert images[1].data.tolist() == [6, 7, 8, 9, 10, 11]
    assert images[1][0][2] == 8
    assert [list(row) for row in images[0]] == [[0, 1, 2], [3, 4, 5]]
    assert images[::-1].data.tolist() == [*range(6, 12), *range(6)]
    assert images[5:].shape == (0, 2, 3)
    assert images[5:].rows() == []
    assert images[:1].rows() == [[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]]


@pytest.mark.parametrize(('index', 'error'), [(2, IndexError), (-3, IndexError), ('0', TypeError), (1.0, TypeError)])
def test_an_index_that_is_none(idx_file, index, error):
    with pytest.raises(error):
        read_idx(idx_file(SMALL))[index]


@pytest.mark.parametrize(
    ('content', 'rows'),
    [
        (idx(8, (2, 2), [0, 1, 128, 255], 'B'), [[0.0, 0.5], [64.0, 127.5]]),
        (idx(9, (2, 2), [0, 1, -128, 127], 'b'), [[0.0, 0.5], [-64.0, 63.5]]),
        (idx(12, (2, 1), [3, -4], 'i'), [[1.5], [-2.0]]),
        (idx(14, (1, 2), [0.25, -0.0], 'd'), [[0.125, -0.0]]),
        (idx(8, (3,), [7, 2, 1], 'B'), [[3.5], [1.0], [0.5]]),
    ],
)
def test_rows_are_scaled_floats(idx_file, content, rows):
    result = read_idx(idx_file(content)).rows(scale=0.5)
    assert result == rows
    assert all(type(x) is float for row in result for x in row)


def test_rows_with_a_bad_scale(idx_file):
    with pytest.raises(DataError, match='scale should be a finite number, not nan'):
        read_idx(idx_file(SMALL)).rows(scale=math.nan)


def test_numpy_takes_the_buffer(idx_file):
    numpy = require('numpy')
    images = read_idx(idx_file(SMALL))
    array = numpy.asarray(images.data).reshape(images.shape)
    assert array.dtype == numpy.uint8
    assert array[1, 0].tolist() == [6, 7, 8]


def test_mnist():
    images = read_idx(shared_file('mnist/t10k-images-idx3-ubyte.gz'))
    labels = read_idx(shared_file('mnist/t10k-labels-idx1-ubyte.gz'))
    assert images.shape == (10000, 28, 28)
    assert labels.shape == (10000,)
    assert list(labels)[:5] == [7, 2, 1, 0, 4]
    assert sorted(Counter(labels).values()) == [892, 958, 974, 980, 982, 1009, 1010, 1028, 1032, 1135]
    rows = images[:100].rows(scale=1 / 255)
    assert {len(row) for row in rows} == {784}
    assert (min(map(min, rows)), max(map(max, rows))) == (0.0, 1.0)
    seven = images[0]
    assert max(seven[8]) > 200  # the bar of the 7
    assert max(seven[0]) == 0  # the margin


HUGE = bytes([0, 0, 0x0E, 255]) + b'\xff' * (4 * 255)


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (
            b'',
            'images.idx, byte 0 of the file: expected two zero bytes, with which every IDX file begins, found the end',
        ),
        (b'\x00', 'byte 1 of the file: expected two zero bytes, with which every IDX file begins, found the end'),
        (b'\x89PNG', 'byte 0 of the file: expected two zero bytes, with which every IDX file begins, found 89 50'),
        (
            b'\x00\x01\x08\x01',
            'byte 0 of the file: expected two zero bytes, with which every IDX file begins, found 00 01',
        ),
        (b'\0\0', 'byte 2 of the file: expected a type code, found the end'),
        (b'\0\0\x0a\x01', 'byte 2 of the file: expected a type code (0x8, 0x9, 0xb, 0xc, 0xd, 0xe), found 0xa'),
        (b'\0\0\x08', 'byte 3 of the file: expected the number of dimensions, found the end'),
        (b'\0\0\x08\0', 'byte 3 of the file: expected at least one dimension, found none'),
        (
            b'\0\0\x08\x02\0\0\0\x01\0',
            'byte 9 of the file: expected the 4-byte size of dimension 2 of 2, found the end',
        ),
        (
            idx(8, (3, 0), [], 'B'),
            'byte 8 of the file: expected a size of at least 1 for dimension 2 of 2, found 0',
        ),
        (
            idx(11, (2, 3), [1, 2], 'h'),
            'byte 16 of the file: expected 12 bytes of numbers of the shape (2, 3), found the end',
        ),
        (SMALL + b'\0', 'byte 28 of the file: expected the end, found more bytes'),
        (gzip.compress(SMALL + b'\0', mtime=0), 'byte 28 of the uncompressed data: expected the end, found more bytes'),
        (gzip.compress(SMALL[:-2], mtime=0), 'byte 26 of the uncompressed data: expected 12 bytes of numbers'),
        (gzip.compress(b'\0\0\x07\x01', mtime=0), 'byte 2 of the uncompressed data: expected a type code'),
        (
            gzip.compress(SMALL, mtime=0)[:-1],
            'of the uncompressed data: expected intact gzip data from there on, found damage: ',
        ),
        (gzip.compress(SMALL, mtime=0) + b'more', 'byte 28 of the uncompressed data: expected intact gzip data'),
        (HUGE, 'byte 1024 of the file: expected '),
        (gzip.compress(HUGE, mtime=0), 'byte 1024 of the uncompressed data: expected '),
    ],
)
def test_malformed_idx(idx_file, content, message):
    with pytest.raises(DataError, match=re.escape(message)):
        read_idx(idx_file(content))


@pytest.mark.parametrize('place', [-8, -5, -4, -1])
def test_a_wrong_checksum_or_length_at_the_end_of_gzip_data(idx_file, place):
    content = bytearray(gzip.compress(SMALL, mtime=0))
    content[place] ^= 1
    with pytest.raises(DataError, match='byte 28 of the uncompressed data: expected intact gzip data from there on'):
        read_idx(idx_file(content))


@pytest.mark.parametrize('content', [SMALL, gzip.compress(SMALL, mtime=0)], ids=['plain', 'gzip'])
def test_a_file_cut_at_any_byte_is_an_error(idx_file, content):
    for length in range(len(content)):
        with pytest.raises(DataError, match=r'images\.idx, byte \d+ of the'):
            read_idx(idx_file(content[:length]))
    assert read_idx(idx_file(content)).shape == (2, 2, 3)


def test_two_gzip_members_are_one_file(idx_file):
    assert read_idx(idx_file(gzip.compress(SMALL[:9], mtime=0) + gzip.compress(SMALL[9:]))).data.tolist() == list(
        range(12)
    )


@pytest.mark.parametrize(
    ('shape', 'megabytes'), [((10,), 64), ((2**32 - 1, 2**32 - 1), 1)], ids=['more than it says', 'less than it says']
)
def test_no_more_is_unpacked_than_the_header_says_and_the_file_has(idx_file, shape, megabytes):
    path = idx_file(gzip.compress(idx(8, shape, [], 'B')) + gzip.compress(bytes(2**20)) * megabytes)
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match='of the uncompressed data: expected'):
            read_idx(path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * 2**20
