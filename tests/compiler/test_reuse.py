"""Rows that are used again."""

from functools import partial

import numpy as np
import pytest

from micrograd.compiler import vm
from micrograd.compiler.accesses import Accesses
from micrograd.compiler.arrays import ArrayMachine
from micrograd.compiler.expressions import of_row
from micrograd.compiler.instructions import BlockProgram, Dots, Map, Sums
from micrograd.compiler.reuse import rows_reused
from micrograd.compiler.vm import VectorMachine
from micrograd.primitives import MUL, RELU
from tests.compiler.agreement import compare, outputs
from tests.compiler.literal import INPUTS, PROGRAMS


def random_program(seed: int, count: int = 300) -> BlockProgram:
    """Instructions on rows, most of them recent ones; some of the rows are outputs."""
    generator = np.random.default_rng(seed)
    lanes: list[Map | Sums | Dots] = []
    r_size = 1 + INPUTS
    for _ in range(count):
        m, kind = int(generator.choice([1, 1, 1, 2, 5, 30])), generator.integers(4)
        rows = partial(_recent, generator, r_size)
        if kind == 0:
            lanes.append(Sums(out=r_size, slots=generator.integers(0, 2, (m, 2)).astype(np.int32), rows=rows(m, 2)))
        elif kind == 1:
            lanes.append(Dots(out=r_size, lefts=rows(m, 1), rights=rows(m, 1)))
        else:
            row = [MUL, RELU][kind - 2]
            operands = tuple(rows(m) for _ in range(row.arity))
            expression = of_row(row, row.arity)
            lanes.append(Map(out=r_size, expression=expression, operands=operands, shared=(False,) * row.arity))
        r_size += m
    kept = generator.integers(0, r_size, 20).tolist()
    return BlockProgram(
        lanes=lanes, constants=[1.0, -0.5], shared=2, shared_count=0, inputs=INPUTS, u_size=2, r_size=r_size,
        outputs=[('R', row) for row in kept],
    )  # fmt: skip


def _recent(generator: np.random.Generator, r_size: int, *shape: int) -> np.ndarray:
    return (r_size - 1 - np.minimum(generator.geometric(0.1, shape), r_size - 1)).astype(np.int32)


@pytest.mark.parametrize('seed', range(10))
@pytest.mark.parametrize('lanes', [1, 13, 100])
def test_a_program_computes_the_same_with_rows_used_again(seed: int, lanes: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(vm, 'CACHE', 4096)
    program = random_program(seed)
    X = np.random.default_rng(seed).uniform(-1.2, 1.2, (lanes, INPUTS))
    machine, plain = VectorMachine(program), ArrayMachine(program)
    found, right = (outputs(m, X, [lanes])[0] for m in (machine, plain))
    assert machine.r_size < program.r_size / 3
    np.testing.assert_allclose(found, right, rtol=1e-12)


@pytest.mark.parametrize('name', PROGRAMS)
def test_every_instruction_finds_its_rows(name: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(vm, 'CACHE', 0)
    compare(VectorMachine, PROGRAMS[name](), 13, 'float64')


def test_a_chain_needs_two_rows():
    double = of_row(RELU, 1)
    lanes = [Map(out=i, expression=double, operands=(np.array([i - 1]),), shared=(False,)) for i in range(2, 1000)]
    program = BlockProgram(
        lanes=lanes, constants=[1.0], shared=1, shared_count=0, inputs=1, u_size=1, r_size=1000, outputs=[('R', 999)]
    )
    assert set(rows_reused(program, Accesses(lanes)).tolist()) == {0, 1, 2}


def test_a_program_that_uses_rows_again_itself_is_left_alone():
    program = random_program(0, 10)
    program.lanes[-1].out = program.lanes[-2].out
    program.r_size += 1
    rows = rows_reused(program, Accesses(program.lanes))
    assert rows.tolist() == list(range(program.r_size))
