"""Arguments come back in the type they should have, or the message says under their name what is wrong."""

import math
import random
import re
from decimal import Decimal
from fractions import Fraction

import pytest

from micrograd.checks import count, finite, fraction, integer, random_generator
from micrograd.errors import DataError
from tests.support import require


@pytest.mark.parametrize(
    ('check', 'argument', 'expected'),
    [
        (integer, -3, -3),
        (integer, True, 1),
        (integer, 10**400, 10**400),
        (count, 1, 1),
        (finite, 2, 2.0),
        (finite, -1.5, -1.5),
        (finite, Fraction(1, 4), 0.25),
        (finite, Decimal('0.5'), 0.5),
        (fraction, 5e-324, 5e-324),
        (fraction, Fraction(3, 4), 0.75),
    ],
)
def test_what_comes_back(check, argument, expected):
    result = check(argument, 'x')
    assert result == expected
    assert type(result) is type(expected)


def test_the_numbers_of_numpy():
    numpy = require('numpy')
    assert type(integer(numpy.int8(3), 'x')) is int
    assert type(count(numpy.uint64(3), 'x')) is int
    assert type(finite(numpy.float32(0.5), 'x')) is float
    assert type(fraction(numpy.float64(0.5), 'x')) is float


@pytest.mark.parametrize(
    ('check', 'argument', 'error', 'message'),
    [
        (integer, 2.0, TypeError, 'x should be an integer, not 2.0 of type float'),
        (integer, '2', TypeError, "x should be an integer, not '2' of type str"),
        (integer, None, TypeError, 'x should be an integer, not None of type NoneType'),
        (count, 0, DataError, 'x should be at least 1, not 0'),
        (count, 1.0, TypeError, 'x should be an integer, not 1.0 of type float'),
        (finite, math.nan, DataError, 'x should be a finite number, not nan'),
        (finite, -math.inf, DataError, 'x should be a finite number, not -inf'),
        (finite, 10**400, DataError, 'x should be a number in the range of floats, not a larger integer'),
        (finite, '1', TypeError, "x should be a number, not '1' of type str"),
        (finite, 1j, TypeError, 'x should be a number, not 1j of type complex'),
        (finite, [1.0] * 1000, TypeError, 'x should be a number, not [1.0, 1.0, 1.0, 1.0, 1.0, 1.0, ...] of type list'),
        (fraction, 0, DataError, 'x should lie between 0 and 1, not be 0'),
        (fraction, 1.0, DataError, 'x should lie between 0 and 1, not be 1.0'),
        (fraction, math.nan, DataError, 'x should be a finite number, not nan'),
    ],
)
def test_what_is_refused(check, argument, error, message):
    with pytest.raises(error, match=f'^{re.escape(message)}$'):
        check(argument, 'x')


def test_a_seed_makes_a_generator_and_a_generator_is_itself():
    generator = random.Random(5)
    assert random_generator(generator) is generator
    assert random_generator(5).getstate() == generator.getstate() != random_generator(6).getstate()


@pytest.mark.parametrize('seed', [None, 1.0, '5', b'5'])
def test_seeds_that_are_none(seed):
    with pytest.raises(TypeError, match='seed should be an integer, not '):
        random_generator(seed)
