"""The bounds that compiled programs are held to: wide enough for another order, and no wider than a few roundings."""

import random

import pytest

import micrograd
from micrograd import Value
from tests.compiler.bounds import UndecidedError, agrees, gradients, mean, values


def bound_of(f, *numbers):
    xs = [Value(x) for x in numbers]
    y = f(*xs)
    return values([y])[id(y)]


def test_any_order_of_a_sum_is_within_the_bound_and_little_else():
    rng = random.Random(0)
    for n in (3, 10, 100):
        numbers = [rng.gauss(0.0, 1.0) for _ in range(n)]
        found = bound_of(lambda *xs: micrograd.sum(xs), *numbers)
        for _ in range(20):
            rng.shuffle(numbers)
            total = 0.0
            for x in numbers:
                total += x
            assert agrees(total, found)
        assert 0.0 < found.bound <= 8 * n * 2.0**-53 * sum(map(abs, numbers)) * (1 + 1e-12)
        assert not agrees(found.number + 1.01 * found.bound, found)


def test_a_single_operation_is_exact_and_so_are_sums_of_few_digits():
    assert bound_of(lambda x, y: x + y, 0.1, 0.7).bound == 0.0
    assert bound_of(lambda x, y: x * y, 0.1, 0.7).bound == 0.0
    assert bound_of(lambda x, y, z: x + y * z + x, 0.5, -0.25, 4.0).bound == 0.0
    assert bound_of(lambda x, y, z: x + y * z + x, 0.1, -0.25, 4.1).bound > 0.0


def test_kinks_are_undecided_only_where_rounding_decides():
    assert bound_of(lambda x: micrograd.floor(x * 3.0), 1.0).number == 3.0
    with pytest.raises(UndecidedError):
        bound_of(lambda x: micrograd.floor(x + 0.1 + 0.2), 0.7)
    with pytest.raises(UndecidedError):
        bound_of(lambda x: x + 1e308 + x, 1e308)


def test_wrong_signs_and_factors_of_derivatives_are_told():
    x = Value(0.3)
    y = micrograd.sin(x * x) * 2.0
    (slope,) = gradients(y, [x], values([y]))
    assert slope.bound <= 1e-14 * abs(slope.number)
    assert agrees(slope.number, slope)
    assert not agrees(-slope.number, slope)
    assert not agrees(slope.number * (1.0 + 1e-13), slope)
    third = mean([slope] * 3)
    assert third.bound <= 2e-14 * abs(third.number)


def test_kinds_of_numbers_are_told():
    nan, inf = float('nan'), float('inf')
    one = bound_of(lambda x: x.exp(), 800.0)
    assert (agrees(inf, one), agrees(1e308, one), agrees(-inf, one), agrees(nan, one)) == (True, False, False, False)
    zero = bound_of(lambda x: micrograd.relu(x), -1.0)
    assert (agrees(0.0, zero), agrees(-0.0, zero)) == (True, False)
