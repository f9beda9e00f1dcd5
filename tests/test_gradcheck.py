"""gradcheck(): it must agree with right gradients, and must not with wrong ones."""

import math

import pytest

import micrograd
from micrograd import Value, gradcheck
from micrograd.primitives import REALS, rows

SMOOTH = [row for row in rows() if not row.condition and row.name not in ('where', 'select', 'stop_gradient')]


def inside(row, i):
    """A point in the domain of the row, off its kinks."""
    low, high = row.domain[i % len(row.domain)]
    if (low, high) == REALS:
        return 0.7 + 0.45 * i
    return 0.6 + 0.15 * i


@pytest.mark.parametrize('row', SMOOTH, ids=lambda row: row.symbol)
def test_every_row_agrees_with_central_differences(row):
    count = row.arity or 4
    assert gradcheck(lambda *xs: micrograd.operators.apply(Value, row, *xs), [inside(row, i) for i in range(count)])


@pytest.mark.parametrize('factor', [1.001, -1.0, 0.0])
@pytest.mark.parametrize('at', [0.3, 2.0, -40.0])
def test_a_wrong_gradient_is_found(factor, at):
    def wrong(x):
        """The value of x * x, and factor times its gradient."""
        return factor * (x * x) + Value((1.0 - factor) * x.data * x.data)

    report = gradcheck(wrong, [at])
    assert not report
    assert not report.entries[0].agrees
    assert 'differs' in str(report)


def test_the_report_has_a_line_for_every_input():
    report = gradcheck(lambda x, y: x * y, [2.0, Value(3.0)])
    assert bool(report)
    assert [entry.analytic for entry in report.entries] == [3.0, 2.0]
    assert len(str(report).splitlines()) == 3
    assert 'differs' not in str(report)


def test_nan_agrees_with_nothing():
    assert not gradcheck(lambda x: x * math.nan, [1.0])


def test_large_and_small_inputs():
    assert gradcheck(lambda x: micrograd.log(x), [1e12])
    assert gradcheck(lambda x: x * x * 1e-6, [1e-9])


@pytest.mark.parametrize('inputs', [[], [math.nan], [1.0, math.inf]])
def test_inputs_must_be_finite(inputs):
    with pytest.raises(ValueError, match='gradcheck needs finite inputs'):
        gradcheck(lambda *xs: xs[0], inputs)


def test_the_function_must_give_a_value():
    with pytest.raises(TypeError, match='a function that gives one Value, not float'):
        gradcheck(lambda x: x.data, [1.0])
