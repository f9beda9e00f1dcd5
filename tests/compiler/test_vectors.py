"""The core of the table in machine code, against exact arithmetic and against the floats of eager evaluation."""

import math
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from mpmath import mp

from micrograd import ieee
from micrograd.compiler.expressions import Expression, of_row
from micrograd.compiler.instructions import BlockProgram, Map
from micrograd.compiler.vectors import C_LIBRARY, NATIVE, POWERS, WRITTEN
from micrograd.compiler.vm import VectorMachine
from micrograd.primitives import TABLE, Row, rows

CORE_ROWS = {row.name: row for row in rows() if not row.value}
SPECIAL = [
    0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -2.0, 3.0, -3.0, 1e300, -1e300, 5e-324, -5e-324, 1e-310, 2.0**-1022,
    2.0**52 + 0.5, -(2.0**51) - 0.5, 1.7976931348623157e308, math.inf, -math.inf, math.nan, 709.782712893384,
    709.7827128933841, -745.1332191019411, -745.1332191019412, -708.3964185322641, -708.5, 2.0**-54, -(2.0**-53), 1e-8,
]  # fmt: skip


def applied(expression: Expression, xs: Any, dtype: str = 'float64') -> Any:
    """A formula of columns, in machine code."""
    count = len(xs)
    operands = tuple(np.array([1 + i], np.int32) for i in range(count))
    instruction = Map(out=1 + count, expression=expression, operands=operands, shared=(False,) * count)
    program = BlockProgram(
        lanes=[instruction], constants=[1.0], shared=1, shared_count=0, inputs=count, u_size=1, r_size=2 + count,
        outputs=[('R', 1 + count)],
    )  # fmt: skip
    X = np.array(xs, dtype).T
    out = np.empty((len(X), 1), dtype)
    VectorMachine(program, dtype).steps(X, np.arange(len(X)), np.array([len(X)]), rows_out=out)
    return out[:, 0]


def grid(arity: int) -> Any:
    """The special numbers, each with each."""
    return np.array(np.meshgrid(*[SPECIAL] * arity)).reshape(arity, -1)


def points() -> Iterator[float]:
    """Random bits, and numbers around which functions change their form."""
    generator = np.random.default_rng(1)
    yield from generator.integers(0, 2**64, 3000, np.uint64).view(np.float64).tolist()
    for scale in (1e-300, 1e-17, 1e-8, 1e-3, 0.2, 0.7, 2.0, 30.0, 800.0):
        yield from (generator.normal(size=400) * scale).tolist()
    for k in range(-1075, 1024, 7):
        yield (k + 0.5) * math.log(2.0)
    for middle in (
        math.sqrt(0.5),
        math.sqrt(2.0),
        1.0,
        -0.29289321881345254,
        0.41421356237309503,
        -1.0,
        0.34657359027997264,
    ):
        yield from middle + np.arange(-20, 21) * math.ulp(middle)


def ulps(found: float, exact: Any) -> float:
    """How far a double is from an exact number, in units of its last place."""
    if not math.isfinite(found):
        return 0.0 if mp.isinf(exact) or abs(exact) > mp.mpf(2) ** 1024 * (1 - mp.mpf(2) ** -54) else math.inf
    return float(abs(mp.mpf(found) - exact) / mp.mpf(math.ulp(found)))


def test_every_core_row_has_one_spelling():
    assert sorted([*NATIVE, *WRITTEN, *C_LIBRARY]) == sorted(CORE_ROWS)


@pytest.mark.parametrize('name', CORE_ROWS)
def test_special_numbers_give_what_floats_do(name: str):
    xs = grid(CORE_ROWS[name].arity)
    right = np.array([getattr(ieee, name)(*x) for x in xs.T.tolist()])
    found = applied(of_row(CORE_ROWS[name], len(xs)), xs)
    np.testing.assert_allclose(found, right, rtol=5e-16, atol=0)
    zero = right == 0
    np.testing.assert_array_equal(np.signbit(found[zero]), np.signbit(right[zero]))


@pytest.mark.parametrize('name', WRITTEN)
def test_what_is_written_out_is_right_to_two_ulp(name: str):
    xs = [x for x in points() if math.isfinite(x)]
    found = applied(of_row(CORE_ROWS[name], 1), [xs]).tolist()
    mp.prec = 200
    for x, z in zip(xs, found, strict=True):
        if math.isnan(right := getattr(ieee, name)(x)):
            assert math.isnan(z), x
        else:
            exact = right if math.isinf(right) and x <= 0 else getattr(mp, name)(mp.mpf(x))
            error = 0.0 if z == exact else ulps(z, exact)
            assert error <= 2.0, (x, z, error)


@pytest.mark.parametrize('exponent', POWERS)
def test_powers_that_are_products(exponent: float):
    xs = grid(1)
    right = [ieee.pow(x, exponent) for x in xs[0].tolist()]
    found = applied(of_row(TABLE['power'](exponent), 1), xs)
    np.testing.assert_allclose(found, right, rtol=5e-16, atol=0)


def formulas() -> Iterator[Row]:
    return (row for row in rows() if row.value and not row.lists)


@pytest.mark.parametrize('row', list(formulas()), ids=lambda row: row.symbol)
def test_a_formula_computes_what_its_steps_do(row: Row):
    xs = np.array(SPECIAL + list(np.linspace(-9.0, 9.0, 41)))[None].repeat(row.arity, 0)
    expression = of_row(row, row.arity)
    right = [_steps(expression, x) for x in xs.T.tolist()]
    np.testing.assert_allclose(applied(expression, xs), right, rtol=1e-14, atol=1e-300)


def _steps(expression: Expression, xs: list[float]) -> float:
    registers = list(xs)
    for step in expression.steps:
        constant = isinstance(step, float)
        registers.append(step if constant else getattr(ieee, step[0])(*[registers[r] for r in step[1:]]))
    return registers[expression.result]


def test_each_operation_is_rounded():
    """x * y - z is 0 for the rounded product z, and what was rounded off if it were contracted."""
    xs, ys = np.random.default_rng(3).normal(size=(2, 100))
    expression = Expression('rest', 3, (('mul', 0, 1), ('sub', 3, 2)), 4)
    assert not applied(expression, [xs, ys, xs * ys]).any()


@pytest.mark.parametrize('name', [*WRITTEN, *sorted(C_LIBRARY)])
def test_numbers_of_32_bits_are_rounded_once(name: str):
    row = CORE_ROWS[name]
    xs = np.random.default_rng(2).uniform(0.01, 0.99, (row.arity, 1000)).astype(np.float32)
    right = np.array([getattr(ieee, name)(*x) for x in xs.T.tolist()]).astype(np.float32)
    found = applied(of_row(row, row.arity), xs, 'float32')
    assert np.abs(found.view(np.int32) - right.view(np.int32)).max() <= 1


def test_every_bit_pattern_of_a_condition_is_true_but_zero():
    nan = struct.unpack('<d', struct.pack('<Q', 0xFFF8000000000001))[0]
    conditions = [0.0, -0.0, nan, math.nan, 5e-324, -math.inf, 1.0]
    xs = [conditions, [1.0] * 7, [2.0] * 7]
    assert applied(of_row(CORE_ROWS['where'], 3), xs).tolist() == [2.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0]
