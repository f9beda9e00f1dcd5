"""What all machines have in common: what they refuse, and how one is chosen."""

import warnings
from typing import Any

import numpy as np
import pytest

from micrograd.compiler import machine as machines
from micrograd.compiler.arrays import ArrayMachine
from micrograd.compiler.instructions import Map, Product, SharedMap
from micrograd.compiler.machine import check_choices, make
from micrograd.compiler.vm import VectorMachine
from micrograd.errors import DataError, MissingDependencyError
from tests.compiler.literal import EXPRESSIONS, INPUTS, PROGRAMS, upwards

MACHINES = [ArrayMachine, VectorMachine]


@pytest.fixture(params=MACHINES)
def machine(request: pytest.FixtureRequest) -> Any:
    return request.param(PROGRAMS['training']())


RIGHT = {
    'X': np.zeros((5, INPUTS)),
    'order': np.arange(5),
    'ends': np.array([2, 5]),
    'numbers': np.zeros((2, 3)),
    'numbers_at': 4,
    'rows_out': np.zeros((5, 10)),
    'record_out': np.zeros((2, 33)),
}


@pytest.mark.parametrize(
    ('name', 'wrong'),
    [
        ('X', np.zeros((5, INPUTS + 1))),
        ('X', np.zeros(5)),
        ('order', np.array([0, 1, 2, 3, 5])),
        ('order', np.array([0, 1, -1, 3, 4])),
        ('ends', np.array([2, 4])),
        ('ends', np.array([2, 6])),
        ('ends', np.array([2, 2, 5])),
        ('ends', np.array([0, 5])),
        ('ends', np.array([5, 2])),
        ('numbers', np.zeros((3, 3))),
        ('numbers', np.zeros(2)),
        ('numbers', np.zeros((2, 10_000))),
        ('numbers_at', 1),
        ('numbers_at', -1),
        ('rows_out', np.zeros((4, 10))),
        ('rows_out', np.zeros((5, 10), np.float32)),
        ('rows_out', np.zeros((10, 5)).T),
        ('record_out', np.zeros((1, 33))),
    ],
)
def test_arguments_that_do_not_fit_are_refused(machine: Any, name: str, wrong: Any):
    shapes = {'rows_out': (5, len(machine.rows)), 'record_out': (2, len(machine.slots))}
    given = RIGHT | {key: np.zeros(shape) for key, shape in shapes.items()}
    machine.steps(**given)
    with pytest.raises(ValueError, match='a machine cannot run this'):
        machine.steps(**(given | {name: wrong}))


@pytest.mark.parametrize('kind', MACHINES)
def test_no_steps_are_nothing(kind: type):
    machine = kind(PROGRAMS['training']())
    machine.steps(np.zeros((0, INPUTS)), np.zeros(0, np.int64), np.zeros(0, np.int64))


@pytest.mark.parametrize('kind', MACHINES)
def test_numbers_are_written_before_each_step(kind: type):
    machine = kind(PROGRAMS['training']())
    at = machine.program.u_size - 1
    machine.program.outputs.append(('U', at))
    machine = kind(machine.program)
    record = np.empty((2, len(machine.slots)))
    steps = {'order': np.arange(4), 'ends': np.array([1, 4]), 'record_out': record}
    numbers = np.array([[3.0, 4.0], [5.0, 6.0]])
    machine.steps(np.zeros((4, INPUTS)), **steps, numbers=numbers, numbers_at=100)
    assert machine.U[100:102].tolist() == [5.0, 6.0]


def damaged(change: Any) -> Any:
    program = PROGRAMS['training']()
    change(program)
    return program


@pytest.mark.parametrize(
    ('change', 'problem'),
    [
        (lambda p: p.constants.clear(), 'slot 0 is not 1.0'),
        (lambda p: setattr(p, 'shared_count', 10_000), 'the shared leaves are nowhere'),
        (lambda p: setattr(p, 'inputs', 10_000), 'too few rows'),
        (lambda p: p.outputs.append(('R', 10_000)), 'an output is nowhere'),
        (lambda p: setattr(p.lanes[0], 'out', 3), 'it writes elsewhere; Product of a test'),
        (lambda p: setattr(p.lanes[0], 'm', 1000), 'elsewhere; Product'),
        (lambda p: setattr(p.lanes[0], 'along', -100), 'it reads elsewhere'),
        (lambda p: setattr(p.lanes[0], 'rows', upwards(10, 3)), 'it reads what it writes'),
        (lambda p: setattr(p.lanes[0], 'rows', np.array([1.0, 2.0])), 'a table is not of whole numbers'),
        (lambda p: setattr(p.after[0], 'out', 1), 'it writes elsewhere'),
        (lambda p: setattr(p.after[0], 'out', 3), 'it reads what it writes'),
        (lambda p: setattr(p.after[0], 'operands', (upwards(2, 24),)), 'its formula takes other operands'),
        (lambda p: setattr(p.after[0], 'operands', (upwards(2, 24), upwards(2, 23))), 'its tables are not alike'),
        (lambda p: setattr(p.lanes[1], 'shared', (True,)), 'its tables are not alike'),
        (lambda p: p.after.append(p.lanes[0]), 'it stands outside of the lanes'),
        (lambda p: p.after.append('add'), "'add' is not an instruction"),
    ],
)
@pytest.mark.parametrize('kind', MACHINES)
def test_damaged_programs_are_refused(kind: type, change: Any, problem: str):
    with pytest.raises(ValueError, match=problem):
        kind(damaged(change))


@pytest.mark.parametrize('wrong', [{'steps': (('add', 0, 2),)}, {'result': 7}])
def test_damaged_formulas_are_refused(wrong: dict[str, Any]):
    facts = {'name': 'wrong', 'count': 2, 'steps': (('add', 0, 1),), 'result': 2}
    expression = type(EXPRESSIONS[0])(**(facts | wrong))

    def change(program: Any) -> None:
        program.after[0].expression = expression

    with pytest.raises(ValueError, match='the formula of wrong'):
        ArrayMachine(damaged(change))


def test_formulas_may_work_in_place():
    assert isinstance(PROGRAMS['training']().after[0], SharedMap)
    program = PROGRAMS['training']()
    first: Product = program.lanes[0]
    own = upwards(first.out, 8)
    program.lanes.insert(1, Map(out=first.out, expression=EXPRESSIONS[4], operands=(own,), shared=(False,)))
    make(program, machine='numpy')


def test_choices_outside_are_named():
    X = np.array([[0.0, 2.0], [1.0, 0.0]])
    check_choices({0: 2, 1: 3}, X)
    for wrong in (2.0, -1.0, 0.5, np.nan, np.inf):
        X[1, 0] = wrong
        with pytest.raises(DataError, match=f'example 1 chooses number {wrong} of 2 in column 0'):
            check_choices({0: 2}, X)


def test_the_machine_is_chosen(monkeypatch: pytest.MonkeyPatch):
    program = PROGRAMS['training']()
    assert isinstance(make(program), VectorMachine)
    assert isinstance(make(program, machine='llvm'), VectorMachine)
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        assert isinstance(make(program, machine='numpy'), ArrayMachine)


def test_without_llvmlite_numpy_runs_and_says_so(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(machines, 'find_spec', lambda name: None)
    with pytest.warns(UserWarning, match='llvmlite is not installed'):
        assert isinstance(make(PROGRAMS['training']()), ArrayMachine)
    machines.prepare()
    monkeypatch.setitem(__import__('sys').modules, 'llvmlite', None)
    with pytest.raises(MissingDependencyError, match=r'\[compile\]'):
        make(PROGRAMS['training'](), machine='llvm')
