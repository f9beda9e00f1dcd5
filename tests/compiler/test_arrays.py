"""The machine that runs block programs with NumPy."""

import warnings

import numpy as np
import pytest

from micrograd import ieee
from micrograd.compiler.arrays import CORE, ArrayMachine
from micrograd.primitives import rows
from tests.compiler.agreement import LANES, compare
from tests.compiler.literal import PROGRAMS

CORE_ROWS = {row.name: row for row in rows() if not row.value}
SPECIAL = [0.0, -0.0, 1.0, -1.0, 0.5, -0.5, 2.0, -3.0, 1e300, -1e300, 5e-324, 1e-310, np.inf, -np.inf, np.nan, 709.9]


def test_every_core_row_has_a_spelling():
    assert CORE.keys() == CORE_ROWS.keys()


@pytest.mark.parametrize('name', CORE_ROWS)
def test_a_core_row_computes_what_floats_do(name: str):
    arity = CORE_ROWS[name].arity
    xs = np.array(np.meshgrid(*[SPECIAL] * arity)).reshape(arity, -1)
    right = np.array([getattr(ieee, name)(*x) for x in xs.T.tolist()])
    with np.errstate(all='ignore'):
        found = CORE[name](*xs)
    np.testing.assert_allclose(found, right, rtol=1e-15, atol=0)
    zero = right == 0
    np.testing.assert_array_equal(np.signbit(found[zero]), np.signbit(right[zero]))


@pytest.mark.parametrize('lanes', LANES)
@pytest.mark.parametrize('dtype', ['float64', 'float32'])
@pytest.mark.parametrize('name', PROGRAMS)
def test_instructions_mean_what_they_say(name: str, lanes: int, dtype: str):
    compare(ArrayMachine, PROGRAMS[name](), lanes, dtype)


def test_batches_larger_than_the_storage_are_worked_on_in_blocks(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr('micrograd.compiler.arrays.STORAGE', 1)
    compare(ArrayMachine, PROGRAMS['training'](), 100, 'float64')


def test_no_warning_is_given_for_what_has_an_answer():
    machine = ArrayMachine(PROGRAMS['maps']())
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        machine.steps(np.zeros((3, machine.program.inputs)), np.arange(3), np.array([3]))
