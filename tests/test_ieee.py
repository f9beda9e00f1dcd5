"""The float functions under the table: every float is an answer, and it is the answer of IEEE 754 and C."""

import inspect
import math
from itertools import product
from math import inf, isfinite, isnan, nan

import pytest

from micrograd import ieee
from tests.support import require

MAGNITUDES = (0.0, 5e-324, 1e-310, 2.2250738585072014e-308, 1e-300, 1e-154, 1e-17, 1e-8, 0.25, 1.0 / 3.0, 0.5,
              1.0 - 2.0**-53, 1.0, 1.0 + 2.0**-52, 1.5, 2.0, 3.0, math.pi / 2, math.pi, 10.5, 20.0, 37.0, 709.0, 710.0,
              745.0, 746.0, 800.0, 1e5, 2.0**53 - 1.0, 2.0**53, 2.0**53 + 2.0, 1e22, 1e154, 1.4e154, 1e300, 1e308,
              1.7976931348623157e308, inf)  # fmt: skip
FLOATS = (*(sign * x for x in MAGNITUDES for sign in (1.0, -1.0)), nan)
FUNCTIONS = {name: getattr(ieee, name) for name in ieee.__all__}
BUILTIN = {'abs': 1, 'atan': 1, 'erf': 1, 'erfc': 1, 'tanh': 1, 'atan2': 2, 'hypot': 2}  # those of `math`, as they are
NUMPY = {'acos': 'arccos', 'asin': 'arcsin', 'atan': 'arctan', 'atan2': 'arctan2', 'div': 'divide', 'mul': 'multiply',
         'neg': 'negative', 'pow': 'power', 'sub': 'subtract'}  # fmt: skip
SQRT = {('pow', (-inf, 0.5))}  # NumPy takes the square root there, and has nan; C has inf
NOT_IN_NUMPY = {'erf', 'erfc', 'relu', 'sigmoid', 'logistic_pdf'}


def arity(name: str) -> int:
    return BUILTIN.get(name) or len(inspect.signature(FUNCTIONS[name]).parameters)


def arguments(name: str) -> list[tuple[float, ...]]:
    if arity(name) < 3:
        return list(product(FLOATS, repeat=arity(name)))
    return list(product(FLOATS[::4], repeat=arity(name)))


@pytest.mark.parametrize('name', ieee.__all__)
def test_every_float_gives_a_float(name):
    function = FUNCTIONS[name]
    for xs in arguments(name):
        assert type(function(*xs)) is float, xs


@pytest.mark.parametrize('name', sorted(set(ieee.__all__) - NOT_IN_NUMPY))
def test_every_answer_is_numpys(name):
    np = require('numpy')
    theirs_of = getattr(np, NUMPY.get(name, name))
    with np.errstate(all='ignore'):
        for xs in arguments(name):
            ours, theirs = FUNCTIONS[name](*xs), float(theirs_of(*map(np.float64, xs)))
            assert agree(ours, theirs) or (name, xs) in SQRT, (xs, ours, theirs)


def agree(ours: float, theirs: float) -> bool:
    if not isfinite(ours) or not isfinite(theirs):
        return ours == theirs or (isnan(ours) and isnan(theirs))
    return abs(ours - theirs) <= 2.0 * math.ulp(theirs)


@pytest.mark.parametrize(('name', 'xs', 'expected'), [
    ('div', (1.0, 0.0), inf),
    ('div', (1.0, -0.0), -inf),
    ('div', (-1.0, 0.0), -inf),
    ('div', (0.0, -0.0), nan),
    ('div', (nan, 0.0), nan),
    ('div', (inf, 0.0), inf),
    ('div', (1e308, 1e-308), inf),
    ('pow', (0.0, -1.0), inf),
    ('pow', (-0.0, -1.0), -inf),
    ('pow', (-0.0, -2.0), inf),
    ('pow', (-0.0, 3.0), -0.0),
    ('pow', (-8.0, 1.0 / 3.0), nan),
    ('pow', (-10.0, 309.0), -inf),
    ('pow', (-10.0, 310.0), inf),
    ('pow', (nan, 0.0), 1.0),
    ('pow', (1.0, nan), 1.0),
    ('pow', (-1.0, inf), 1.0),
    ('pow', (-inf, 0.5), inf),
    ('exp', (1000.0,), inf),
    ('exp', (-1000.0,), 0.0),
    ('expm1', (-0.0,), -0.0),
    ('log', (0.0,), -inf),
    ('log', (-0.0,), -inf),
    ('log', (-1.0,), nan),
    ('log1p', (-1.0,), -inf),
    ('log1p', (-2.0,), nan),
    ('sqrt', (-1.0,), nan),
    ('sqrt', (-0.0,), -0.0),
    ('sin', (inf,), nan),
    ('tan', (-inf,), nan),
    ('asin', (1.5,), nan),
    ('acos', (nan,), nan),
    ('sinh', (-1000.0,), -inf),
    ('cosh', (-1000.0,), inf),
    ('floor', (-0.0,), -0.0),
    ('floor', (-0.5,), -1.0),
    ('floor', (0.5,), 0.0),
    ('floor', (-inf,), -inf),
    ('floor', (1e308,), 1e308),
    ('sign', (-0.0,), -0.0),
    ('sign', (nan,), nan),
    ('relu', (nan,), nan),
    ('relu', (-inf,), 0.0),
    ('relu', (-0.0,), 0.0),
    ('sigmoid', (-1000.0,), 0.0),
    ('sigmoid', (1000.0,), 1.0),
    ('sigmoid', (-inf,), 0.0),
    ('sigmoid', (nan,), nan),
    ('erfc', (inf,), 0.0),
    ('erf', (-inf,), -1.0),
    ('maximum', (nan, 1.0), nan),
    ('maximum', (1.0, nan), nan),
    ('minimum', (nan, 1.0), nan),
    ('minimum', (1.0, nan), nan),
    ('hypot', (inf, nan), inf),
    ('atan2', (0.0, -0.0), math.pi),
    ('less', (nan, 1.0), 0.0),
    ('equal', (nan, nan), 0.0),
    ('less_equal', (0.0, -0.0), 1.0),
    ('where', (nan, 1.0, 2.0), 1.0),  # as in PyTorch and C: everything but 0 is true
    ('where', (0.0, nan, 2.0), 2.0),
])  # fmt: skip
def test_answers_by_name(name, xs, expected):
    assert repr(FUNCTIONS[name](*xs)) == repr(expected)


def test_sigmoid_keeps_its_digits_in_the_left_tail():
    for x in (-37.0, -700.0, -708.0):
        assert ieee.sigmoid(x) == pytest.approx(math.exp(x), rel=1e-15)
    assert ieee.sigmoid(0.0) == 0.5


def test_logistic_pdf_is_even_and_never_overflows():
    for x in MAGNITUDES:
        both = ieee.logistic_pdf(x), ieee.logistic_pdf(-x)
        assert both[0] == both[1] == pytest.approx(ieee.sigmoid(x) * ieee.sigmoid(-x), rel=1e-15)
