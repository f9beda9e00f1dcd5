"""Splitting loses no example, classes become lists, and standardising is stable."""

import math
import random
import re
import statistics
from array import array
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micrograd.data import Dataset, IdxArray, Standardiser, blobs, one_hot, standardise, train_test_split
from micrograd.errors import DataError
from tests.support import require


@pytest.mark.parametrize(
    ('n', 'test', 'size'), [(10, 0.2, 2), (10, 0.25, 3), (2, 0.5, 1), (3, 0.2, 1), (100, 0.99, 99), (7, 0.5, 4)]
)
def test_split_keeps_every_example_once_with_its_target(n, test, size):
    inputs, y = [[float(k)] for k in range(n)], [f'target {k}' for k in range(n)]
    train, held_out = train_test_split((inputs, y), test=test)
    assert len(held_out.inputs) == size
    assert sorted(train.inputs + held_out.inputs) == inputs
    assert all(
        target == f'target {row[0]:.0f}' for side in (train, held_out) for row, target in zip(*side, strict=True)
    )
    assert isinstance(train, Dataset)
    assert isinstance(held_out, Dataset)


def test_split_is_seeded_and_shuffled():
    data = Dataset([[float(k)] for k in range(50)], list(range(50)))
    assert train_test_split(data) == train_test_split(data, seed=0) == train_test_split(data, seed=random.Random(0))
    train, held_out = train_test_split(data, seed=1)
    assert held_out != train_test_split(data)[1]
    assert train.targets != sorted(train.targets)
    assert held_out.targets != sorted(held_out.targets)
    assert data.targets == list(range(50))


@pytest.mark.parametrize(
    ('data', 'test', 'error', 'message'),
    [
        (([[1.0]], [1]), 0.2, DataError, 'test=0.2 of 1 examples leaves 1 to train on and 0 to test on'),
        (([[1.0]] * 5, [1] * 5), 0.95, DataError, 'test=0.95 of 5 examples leaves 0 to train on and 5 to test on'),
        (([], []), 0.5, DataError, 'test=0.5 of 0 examples leaves 0 to train on and 0 to test on'),
        (([[1.0]] * 3, [1] * 2), 0.5, DataError, 'there should be one target for each input, not 2 for 3'),
        (([[1.0]] * 3, [1] * 3), 0, DataError, 'test should lie between 0 and 1, not be 0'),
        (([[1.0]] * 3, [1] * 3), 1.0, DataError, 'test should lie between 0 and 1, not be 1.0'),
        (([[1.0]] * 3, [1] * 3), math.nan, DataError, 'test should be a finite number, not nan'),
        (([[1.0]] * 3, [1] * 3), '1', TypeError, "test should be a number, not '1'"),
        ([[1.0], [2.0]], 0.5, TypeError, 'a pair, not list: train_test_split((inputs, targets))'),
        (([1.0], [1.0], [1.0]), 0.5, TypeError, 'a pair, not tuple: train_test_split((inputs, targets))'),
    ],
)
def test_bad_splits(data, test, error, message):
    with pytest.raises(error, match=re.escape(message)):
        train_test_split(data, test=test)


@pytest.mark.parametrize(
    ('labels', 'classes', 'expected'),
    [
        ([0, 2, 1], None, [[1, 0, 0], [0, 0, 1], [0, 1, 0]]),
        ([1], 4, [[0, 1, 0, 0]]),
        ([], None, []),
        ([], 3, []),
        (iter([1, 0]), 2, [[0, 1], [1, 0]]),
    ],
)
def test_one_hot(labels, classes, expected):
    result = one_hot(labels, classes)
    assert result == expected
    assert all(type(x) is float for row in result for x in row)


def test_one_hot_of_mnist_and_numpy_labels():
    numpy = require('numpy')
    labels = IdxArray((2,), array('B', [1, 0]))
    assert one_hot(labels) == one_hot(numpy.array([1, 0])) == [[0, 1], [1, 0]]


@pytest.mark.parametrize(
    ('labels', 'classes', 'error', 'message'),
    [
        ([0, 3], 3, DataError, 'labels[1] should be a class from 0 to 2, not 3'),
        ([0, -1], 3, DataError, 'labels[1] should be a class from 0 to 2, not -1'),
        ([-1], None, DataError, 'labels[0] should be a class from 0 to 0, not -1'),
        ([-7], None, DataError, 'labels[0] should be a class from 0 to 0, not -7'),
        ([0, 1.0], None, TypeError, 'labels[1] should be an integer, not 1.0 of type float'),
        (['cat'], None, TypeError, "labels[0] should be an integer, not 'cat' of type str"),
        ([0], 0, DataError, 'classes should be at least 1, not 0'),
        ([0], 2.5, TypeError, 'classes should be an integer, not 2.5'),
    ],
)
def test_bad_labels(labels, classes, error, message):
    with pytest.raises(error, match=re.escape(message)):
        one_hot(labels, classes)


def test_standardised_columns_have_mean_0_and_deviation_1():
    inputs, standardiser = standardise(blobs(500, features=3).inputs)
    for column in zip(*inputs, strict=True):
        assert statistics.fmean(column) == pytest.approx(0, abs=1e-15)
        assert statistics.pstdev(column) == pytest.approx(1, abs=1e-14)
    assert standardiser.transform(blobs(500, features=3).inputs) == inputs


def test_a_constant_column_becomes_0():
    inputs, standardiser = standardise([[0.1, 1.0]] * 3 + [[0.1, 2.0]] * 3)
    assert standardiser == ([0.1, 1.5], [1.0, 0.5])
    assert inputs == [[0.0, -1.0]] * 3 + [[0.0, 1.0]] * 3
    assert standardise([[1.0, 2.0]]) == ([[0.0, 0.0]], Standardiser([1.0, 2.0], [1.0, 1.0]))


@pytest.mark.parametrize(
    'column',
    [
        [1e9 + k for k in range(10)],
        [1e15, 1e15 + 1, 1e15 + 2],
        [1e-200, 2e-200, 4e-200],
        [1e200, -2e200, 5e200],
        [1.7e308, 1.7e308, 1.6e308],
        [1e308, -1e308],
        [1e-308, 3e-308, 9e-308],
        [0.0, 1e-300, 1.0],
    ],
)
def test_standardise_is_stable(column):
    numbers = [Fraction(x) for x in column]
    mean, variance = statistics.mean(numbers), statistics.pvariance(numbers)
    inputs, standardiser = standardise([[x] for x in column])
    assert abs(Fraction(standardiser.means[0]) - mean) <= Fraction(max(map(abs, column))) / 2**52
    assert abs(Fraction(standardiser.scales[0]) ** 2 - variance) <= variance / 2**48
    assert statistics.pstdev(x for (x,) in inputs) == pytest.approx(1, rel=1e-6)


def test_numbers_that_floats_can_hardly_tell_apart():
    assert standardise([[0.0], [5e-324]])[1].scales == [1.0]


@settings(deadline=None)
@given(
    st.integers(1, 3).flatmap(
        lambda width: st.lists(
            st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=width, max_size=width), min_size=1
        )
    )
)
def test_standardise_gives_finite_numbers_or_an_error(rows):
    try:
        inputs, standardiser = standardise(rows)
    except DataError as error:
        message = str(error)
    else:
        assert all(math.isfinite(x) for row in inputs for x in row)
        assert all(math.isfinite(x) for x in standardiser.means)
        assert all(0 < x < math.inf for x in standardiser.scales)
        assert standardiser.transform(rows) == inputs
        return
    assert 'too far from the means' in message


def test_numpy_rows_become_floats():
    numpy = require('numpy')
    inputs, standardiser = standardise(numpy.array([[1, 2], [3, 4]]))
    assert inputs == [[-1.0, -1.0], [1.0, 1.0]]
    numbers = [*inputs[0], *standardiser.means, *standardiser.scales, *standardiser.transform(numpy.ones((1, 2)))[0]]
    assert all(type(x) is float for x in numbers)


@pytest.mark.parametrize(
    ('rows', 'error', 'message'),
    [
        ([], DataError, 'there should be at least one row, of at least one number'),
        ([[]], DataError, 'there should be at least one row, of at least one number'),
        ([[1.0, 2.0], [3.0]], DataError, 'rows[1] should have 2 numbers, not 1'),
        ([[1.0], []], DataError, 'rows[1] should have 1 numbers, not 0'),
        ([[1.0, math.nan]], DataError, 'rows[0][1] should be a finite number, not nan'),
        ([[1.0], [-math.inf]], DataError, 'rows[1][0] should be a finite number, not -inf'),
        ([[1.0], [10**400]], DataError, 'rows[1][0] should be a number in the range of floats'),
        ([[1.0], ['2']], TypeError, "rows[1][0] should be a number, not '2' of type str"),
        ([[1.0], [None]], TypeError, 'rows[1][0] should be a number, not None of type NoneType'),
        ([1.0, 2.0], TypeError, 'rows[0] should be a list of numbers, not 1.0'),
        ([[1.7e308], [-1.7e308], [-1.7e308]], DataError, 'rows[0] is too far from the means to be standardised: [1.7'),
    ],
)
def test_rows_that_cannot_be_standardised(rows, error, message):
    with pytest.raises(error, match=re.escape(message)):
        standardise(rows)


@pytest.mark.parametrize(
    ('rows', 'message'),
    [
        ([[1.0]], 'rows[0] should have 2 numbers, not 1'),
        ([[1.0, 2.0, 3.0]], 'rows[0] should have 2 numbers, not 3'),
        ([], 'there should be at least one row, of at least one number'),
        ([[0.0, math.inf]], 'rows[0][1] should be a finite number, not inf'),
        ([[0.0, 0.0], [0.0, 1e300]], 'rows[1] is too far from the means to be standardised: [0.0, 1e+300]'),
    ],
)
def test_rows_that_cannot_be_transformed(rows, message):
    with pytest.raises(DataError, match=re.escape(message)):
        Standardiser(means=[0.0, 1.0], scales=[1.0, 1e-10]).transform(rows)
