"""Compiled against eager: every row of the table, everywhere."""

from itertools import combinations
from typing import Any

import pytest

from micrograd import Value
from micrograd.primitives import Row
from tests.compiler.eager import SIZES, Function, check_costs, check_maps
from tests.compiler.programs import ROWS, applied, count_of, ordinary, points


def name(row: Row) -> str:
    return row.symbol


def of_inputs(row: Row) -> Function:
    return Function(lambda xs: applied(row, *xs))


@pytest.mark.parametrize('row', ROWS, ids=name)
def test_rows_of_inputs(row: Row) -> None:
    function = of_inputs(row)
    special, usual = points(row), ordinary(row)
    examples = function.decided(special)
    assert len(examples) >= 0.9 * len(special)
    check_maps(function, examples + function.decided(usual))


@pytest.mark.parametrize('row', ROWS, ids=name)
def test_rows_of_parameters(row: Row) -> None:
    from_input = row.name == 'select'  # what chooses is an input
    parameters = [Value(0.0) for _ in range(count_of(row) - from_input)]
    function = Function(lambda xs: applied(row, *xs[:from_input], *parameters) + 0.0 * xs[0], parameters)
    decided = 0
    for numbers in [*points(row)[:: 1 + count_of(row)], *ordinary(row)[:5]]:
        for p, x in zip(parameters, numbers[from_input:], strict=True):
            p.data = x
        decided += check_costs(function, function.decided([numbers[:1] if from_input else (1.0,)]), sizes=(3,))
    assert decided


@pytest.mark.parametrize('row', ROWS, ids=name)
def test_means_of_rows_of_inputs_and_a_parameter(row: Row) -> None:
    w, b = Value(0.75), Value(-0.125)
    function = Function(lambda xs: w * applied(row, *xs) + b, [w, b])
    examples = function.decided(ordinary(row))
    assert len(examples) >= 20
    assert check_costs(function, examples) == len(SIZES)


TERMS = {
    'wx': lambda x, y, w, v: w * x,
    'x': lambda x, y, w, v: x,
    'xy': lambda x, y, w, v: x * y,
    'xx': lambda x, y, w, v: x * x,
    'yv': lambda x, y, w, v: y * v,
    'w': lambda x, y, w, v: w,
    'wv': lambda x, y, w, v: w * v,
    '-x': lambda x, y, w, v: -x,
    '2y': lambda x, y, w, v: 2.0 * y,
    '3': lambda x, y, w, v: 3.0,
    'x-y': lambda x, y, w, v: x - y,
    'sin': lambda x, y, w, v: y.sin(),
}
SUMS = [*combinations(TERMS, 2), *list(combinations(TERMS, 3))[::3], *list(combinations(TERMS, 5))[::20]]


@pytest.mark.parametrize('few', [0, 1, 2, 3])
def test_sums_of_all_kinds_of_terms(few: int) -> None:
    w, v = Value(0.0), Value(0.75)
    for names in SUMS[few::4]:
        for sign in (1.0, -1.0):

            def f(xs: Any, names: Any = names, sign: float = sign) -> Any:
                first, *others = [TERMS[name](*xs, w, v) for name in names]
                for term in others:
                    first = first + term if sign > 0.0 else first - term
                return first if isinstance(first, Value) else Value(first)

            function = Function(f, [w, v])
            examples = function.decided([(1.0, 0.5), (-0.3, 2.0), (0.0, 1.0)])
            assert len(examples) == 3
            check_maps(function, examples)
            check_costs(function, examples, (3,))
