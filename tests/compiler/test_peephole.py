"""Formulas made shorter: never another result."""

import math
import struct

import numpy as np
import pytest

from micrograd.compiler.expressions import Expression, of_row
from micrograd.compiler.peephole import shorter
from micrograd.primitives import LOGISTIC_PDF, SIGMOID, SILU, Row, rows
from tests.compiler.literal import compute

NUMBERS = [0.0, -0.0, 1.0, -1.0, 0.3, -0.3, 40.0, -40.0, 800.0, -800.0, 5e-324, math.inf, -math.inf, math.nan]
FORMULAS = [row for row in rows() if not row.lists]


def bits(x: float) -> bytes:
    return struct.pack('<d', x) if x == x else b'nan'


@pytest.mark.parametrize('row', FORMULAS, ids=lambda row: row.symbol)
def test_a_shorter_formula_gives_the_same_bits(row: Row):
    expression = of_row(row, row.arity)
    short = shorter(expression)
    assert len(short.steps) <= len(expression.steps) + 2
    for xs in np.array(np.meshgrid(*[NUMBERS] * row.arity)).reshape(row.arity, -1).T.tolist():
        assert bits(compute(short, xs)) == bits(compute(expression, xs)), xs


@pytest.mark.parametrize('row', [SIGMOID, LOGISTIC_PDF, SILU], ids=lambda row: row.symbol)
def test_the_exponential_function_is_taken_once(row: Row):
    assert [step[0] for step in shorter(of_row(row, 1)).steps if isinstance(step, tuple)].count('exp') == 1


def test_only_the_smaller_of_x_and_plus_or_minus_zero_is_rewritten():
    steps = (1.0, ('minimum', 0, 1), ('exp', 2))
    expression = Expression('exp of the smaller', 1, steps, 3)
    assert shorter(expression) == expression


def test_negation_twice_and_magnitudes_of_magnitudes_are_nothing():
    steps = (('neg', 0), ('neg', 1), ('abs', 1), ('abs', 3), ('add', 2, 4))
    assert shorter(Expression('sum', 1, steps, 5)).steps == (('abs', 0), ('add', 0, 1))
