"""Arguments of compiled functions, taken apart into templates and columns."""

from collections import namedtuple
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from micrograd import Value
from micrograd.compiler.structure import as_lists, batch, leaves, packed, shape
from micrograd.compiler.trace import Input
from micrograd.errors import DataError, ShapeError

Point = namedtuple('Point', 'x y')


def columns(template: Any) -> list[int]:
    return [leaf.column for leaf in leaves(template)]


BATCHES = [
    ([1.0, 2.0], [[1.0], [2.0]]),
    ([1, True], [[1.0], [1.0]]),
    ([[1, 2], [3, 4]], [[1, 2], [3, 4]]),
    (((1, 2), (3, 4)), [[1, 2], [3, 4]]),
    ([([1, 2], 3), ([4, 5], 6)], [[1, 2, 3], [4, 5, 6]]),
    ([{'a': 1, 'b': [2, 3]}, {'b': [5, 6], 'a': 4}], [[1, 2, 3], [4, 5, 6]]),
    ({'a': [1, 4], 'b': [[2, 3], [5, 6]]}, [[1, 2, 3], [4, 5, 6]]),
    (np.arange(6).reshape(2, 3), [[0, 1, 2], [3, 4, 5]]),
    (np.arange(8.0).reshape(2, 2, 2), [[0, 1, 2, 3], [4, 5, 6, 7]]),
    ([np.array([1.0, 2.0]), np.array([3.0, 4.0])], [[1, 2], [3, 4]]),
    ([Fraction(1, 2), Fraction(1, 4)], [[0.5], [0.25]]),
    ([Point(1, 2), Point(3, 4)], [[1, 2], [3, 4]]),
    (range(3), [[0], [1], [2]]),
    ([2**70, 1], [[2.0**70], [1.0]]),
    (np.array([[True, False]]), [[1.0, 0.0]]),
    ([float('inf'), float('-inf')], [[float('inf')], [float('-inf')]]),
    ([[], []], [[], []]),
]


@pytest.mark.parametrize(('given', 'rows'), BATCHES, ids=range(len(BATCHES)))
def test_numbers_become_rows_and_columns(given: Any, rows: Any) -> None:
    b = batch([given], {}, 'float64')
    assert b.X.tolist() == rows
    assert columns(b.args[0]) == list(range(b.X.shape[1]))
    assert b.X.flags.c_contiguous


def test_an_example_keeps_its_containers() -> None:
    b = batch([[(1.0, [2.0], {'k': 3.0})], np.ones((1, 2)), [Point(1, 2)]], {}, 'float64')
    assert b.args[0] == (Input(0), [Input(1)], {'k': Input(2)})
    assert isinstance(b.args[1], np.ndarray)
    assert b.args[1].tolist() == [Input(3), Input(4)]
    assert b.args[2] == Point(Input(5), Input(6))
    assert isinstance(b.args[2], Point)


def test_keywords_that_are_no_batches_are_constants() -> None:
    b = batch([[1.0]], {'rate': 0.5, 'name': 'abc', 'y': [2.0], 'nothing': None}, 'float64')
    assert b.kwargs == {'rate': 0.5, 'name': 'abc', 'y': Input(1), 'nothing': None}


@pytest.mark.parametrize(
    ('first', 'second'),
    [
        (([[1.0]], {}), ([[1.0, 2.0]], {})),
        (([[1.0]], {}), ([(1.0,)], {})),
        (([1.0], {'k': 1}), ([1.0], {'k': 2})),
        (([1.0], {'k': 0.0}), ([1.0], {'k': -0.0})),
        (([1.0], {'k': 1}), ([1.0], {'k': True})),
        (([[1.0, 2.0]], {}), ([np.array([1.0, 2.0])], {})),
    ],
    ids=range(6),
)
def test_other_shapes_have_other_keys(first: Any, second: Any) -> None:
    (args, kwargs), (other_args, other_kwargs) = first, second
    one = batch([args], kwargs, 'float64')
    other = batch([other_args], other_kwargs, 'float64')
    assert one.key != other.key
    assert hash(one.key) == hash(batch([args], kwargs, 'float64').key)


def test_more_examples_have_the_same_key() -> None:
    assert batch([[1.0]], {}, 'float64').key == batch([[1.0, 2.0]], {}, 'float64').key


WRONG = [
    ([[]], DataError, 'no example'),
    ([np.zeros((0, 3))], DataError, 'no example'),
    ([[1.0, 2.0], [1.0]], DataError, 'as many examples'),
    ([[[1.0, 2.0], [1.0]]], ShapeError, r'\[1\] should have 2 entries'),
    ([[[1.0], 1.0]], ShapeError, r'\[1\] should have 1 entries'),
    ([[1.0, [1.0]]], TypeError, 'should be a number'),
    ([[{'a': 1}, {'b': 1}]], ShapeError, 'keys'),
    ([['1', '2']], TypeError, 'should be a number'),
    ([[1.0, '2']], TypeError, 'should be a number'),
    ([[None]], TypeError, 'should be a number'),
    ([[1.0, None]], TypeError, 'should be a number'),
    ([[1j]], TypeError, 'should be a number'),
    ([np.array(['a'])], TypeError, 'should be a number'),
    ([3.0], TypeError, 'one for each example'),
    ([np.float64(3.0)], TypeError, 'one for each example'),
    ([[Value(1.0)]], TypeError, 'is a Value'),
]


@pytest.mark.parametrize(('args', 'error', 'message'), WRONG, ids=range(len(WRONG)))
def test_what_is_no_batch_is_an_error_that_says_where(args: Any, error: Any, message: str) -> None:
    with pytest.raises(error, match=message):
        batch(args, {}, 'float64')


def test_without_arguments_there_is_one_example() -> None:
    assert batch([], {}, 'float32').X.shape == (1, 0)


def test_columns_are_packed_into_containers() -> None:
    array = np.arange(8.0).reshape(2, 4)
    template = {'a': [[0, 1], [2, 3]], 'b': (3, [0])}
    found = packed(template, lambda leaf: leaf, array, axis=1)
    assert found['a'].shape == (2, 2, 2)
    assert found['b'][0].tolist() == [3.0, 7.0]
    assert found['b'][1].shape == (2, 1)


def test_irregular_lists_stay_lists() -> None:
    found = packed([0, [1, 2]], lambda leaf: leaf, np.ones((5, 3)), axis=1)
    assert [part.shape for part in found] == [(5,), (5, 2)]


@pytest.mark.parametrize(
    ('template', 'expected'),
    [(0, ()), ([0, 1], (2,)), ([[0], [1]], (2, 1)), ([0, [1]], None), ((0, 1), None), ([], (0,)), ({}, None)],
    ids=range(7),
)
def test_shapes(template: Any, expected: Any) -> None:
    assert shape(template) == expected


def test_tuples_as_lists() -> None:
    assert as_lists({'a': (0, (1, 2))}) == {'a': [0, [1, 2]]}
