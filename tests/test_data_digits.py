"""Handwritten digits: MNIST from its files, divided as they are; scikit-learn's otherwise; and what is refused."""

import gzip
import struct
import sys

import numpy as np
import pytest

from micrograd.data import digits, read_idx
from micrograd.errors import DataError, MissingDependencyError
from tests.support import require, shared_file


def idx(shape, numbers, code=0x08, form='B'):
    header = bytes([0, 0, code, len(shape)]) + struct.pack(f'>{len(shape)}I', *shape)
    return header + struct.pack(f'>{len(numbers)}{form}', *numbers)


def write(folder, part, labels, *, shape=(2, 2), images=None, suffix='', pack=bytes):
    """Images whose pixels count up, from the first to the last, and start again at 256."""
    count = len(labels) if images is None else images
    pixels = [i % 256 for i in range(count * shape[0] * shape[1])]
    (folder / f'{part}-images-idx3-ubyte{suffix}').write_bytes(pack(idx((count, *shape), pixels)))
    (folder / f'{part}-labels-idx1-ubyte{suffix}').write_bytes(pack(idx((len(labels),), labels)))


def test_both_parts_are_what_they_are(tmp_path):
    write(tmp_path, 'train', [3, 1, 4], shape=(2, 3))
    write(tmp_path, 't10k', [9, 0], shape=(2, 3), suffix='.gz', pack=gzip.compress)
    train, test, shape = digits(tmp_path)
    assert shape == (2, 3)
    assert (train.targets, test.targets) == ([3, 1, 4], [9, 0])
    assert train.inputs == [[(6 * i + k) / 255 for k in range(6)] for i in range(3)]
    assert test.inputs == [[(6 * i + k) / 255 for k in range(6)] for i in range(2)]


def test_paper_is_0_and_ink_is_1(tmp_path):
    write(tmp_path, 't10k', [1, 1, 1], shape=(8, 16))
    train, test, _ = digits(str(tmp_path))
    assert (train.inputs[0][0], train.inputs[1][-1]) == (0.0, 1.0)
    assert all(0.0 <= pixel <= 1.0 for row in train.inputs + test.inputs for pixel in row)


@pytest.mark.parametrize(('examples', 'trained'), [(2, 1), (5, 4), (9, 7), (10, 8)])
def test_of_the_test_files_alone_four_fifths_are_for_training(tmp_path, examples, trained):
    labels = [i % 10 for i in range(examples)]
    write(tmp_path, 't10k', labels)
    train, test, _ = digits(tmp_path)
    assert train.targets == labels[:trained]
    assert test.targets == labels[trained:]
    assert [len(train.inputs), len(test.inputs)] == [trained, examples - trained]


def test_of_two_files_the_one_that_is_not_compressed_is_read(tmp_path):
    write(tmp_path, 't10k', [7, 7], suffix='.gz', pack=gzip.compress)
    write(tmp_path, 't10k', [1, 2])
    assert digits(tmp_path).train.targets == [1]


def test_the_digits_of_mnist():
    path = shared_file('mnist/t10k-labels-idx1-ubyte.gz')
    train, test, shape = digits(path.parent)
    assert shape == (28, 28)
    assert (len(train.inputs), len(test.inputs)) == (8_000, 2_000)
    assert {len(row) for row in (*train.inputs, *test.inputs)} == {784}
    assert train.targets + test.targets == list(read_idx(path))
    assert train.targets[:10] == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]
    content = gzip.decompress(shared_file('mnist/t10k-images-idx3-ubyte.gz').read_bytes())
    pixels = np.frombuffer(content, np.uint8, offset=16)
    assert np.allclose(np.concatenate([train.inputs, test.inputs]), pixels.reshape(10_000, 784) / 255, rtol=1e-15)


def test_the_digits_of_scikit_learn():
    theirs = require('sklearn.datasets').load_digits()
    train, test, shape = digits()
    assert shape == (8, 8)
    assert (len(train.inputs), len(test.inputs)) == (1437, 360)
    assert train.inputs + test.inputs == (theirs.data / 16).tolist()
    assert train.targets + test.targets == theirs.target.tolist()
    assert {type(label) for label in train.targets} == {int}
    assert digits() == digits()


# What it refuses ---------------------------------------------------------------------------------------------------


def test_without_scikit_learn_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, 'sklearn.datasets', None)
    with pytest.raises(MissingDependencyError, match=r"not installed.*'\.\[digits\]'"):
        digits()


def test_a_folder_that_is_none(tmp_path):
    with pytest.raises(DataError, match=r"nowhere: there is no such folder. Right: digits\('mnist'\)"):
        digits(tmp_path / 'nowhere')
    (tmp_path / 'file').touch()
    with pytest.raises(DataError, match='file: this is a file, and its folder is wanted'):
        digits(tmp_path / 'file')


def test_a_folder_without_the_files(tmp_path):
    with pytest.raises(DataError, match='neither t10k-images-idx3-ubyte nor t10k-images'):
        digits(tmp_path)
    write(tmp_path, 'train', [1, 2])
    with pytest.raises(DataError, match='neither t10k-images-idx3-ubyte nor'):
        digits(tmp_path)
    write(tmp_path, 't10k', [1, 2])
    (tmp_path / 'train-labels-idx1-ubyte').unlink()
    with pytest.raises(DataError, match='neither train-labels-idx1-ubyte nor'):
        digits(tmp_path)


@pytest.mark.parametrize(
    ('part', 'broken', 'message'),
    [
        ('t10k', {'labels': [1, 2, 3], 'images': 2}, 't10k-labels-idx1-ubyte: .*3 labels for the 2 images'),
        ('train', {'labels': [1], 'images': 2}, 'train-labels-idx1-ubyte: .*1 labels for the 2 images'),
        ('t10k', {'labels': [9, 10]}, r't10k-labels-idx1-ubyte: labels\[1\] should be a digit from 0 to 9, not 10'),
        ('train', {'labels': [1, 2], 'shape': (4, 1)}, 'to train with have 4 x 1 pixels, those to test with 2 x 2'),
    ],
)
def test_files_that_do_not_fit(tmp_path, part, broken, message):
    for name in ('train', 't10k'):
        write(tmp_path, name, [1, 2])
    write(tmp_path, part, **broken)
    with pytest.raises(DataError, match=message):
        digits(tmp_path)


@pytest.mark.parametrize(
    ('name', 'content', 'message'),
    [
        ('images-idx3', idx((2,), [1, 2]), r'images are unsigned bytes in 3 dimensions, .*shape \(2,\)'),
        ('images-idx3', idx((2, 1, 1), [0.5, 1.0], 0x0D, 'f'), "images are unsigned bytes in 3 .*type code 'f'"),
        ('labels-idx1', idx((2, 1), [1, 2]), r'labels are unsigned bytes in 1 dimension, .*shape \(2, 1\)'),
        ('labels-idx1', idx((2,), [1, -2], 0x09, 'b'), "labels are unsigned bytes in 1 .*type code 'b'"),
        ('labels-idx1', b'\0\0\x08\x01\0\0\0\x02\x07', 'byte 9 of the file'),
    ],
)
def test_files_that_hold_something_else(tmp_path, name, content, message):
    write(tmp_path, 't10k', [1, 2])
    (tmp_path / f't10k-{name}-ubyte').write_bytes(content)
    with pytest.raises(DataError, match=message):
        digits(tmp_path)


def test_one_image_cannot_be_divided(tmp_path):
    write(tmp_path, 't10k', [1])
    with pytest.raises(DataError, match='one image only'):
        digits(tmp_path)
