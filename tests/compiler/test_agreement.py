"""Compiled against eager: every row of the table, everywhere."""

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
