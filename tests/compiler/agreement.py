"""What both machines are tried on."""

from typing import Any

import numpy as np

from micrograd.compiler.instructions import BlockProgram
from micrograd.compiler.machine import Machine
from tests.compiler.literal import Literal, examples, shared_numbers

LANES = (1, 2, 3, 7, 8, 12, 13, 100, 1001)


def outputs(machine: Machine, X: Any, ends: Any, **more: Any) -> tuple[Any, Any]:
    """What a machine writes for the examples in order."""
    rows = np.full((len(X), len(machine.rows)), -7.0, machine.dtype)
    record = np.full((len(ends), len(machine.slots)), -7.0, machine.dtype)
    machine.steps(X, np.arange(len(X)), np.array(ends), rows_out=rows, record_out=record, **more)
    return rows, record


def compare(make: Any, program: BlockProgram, lanes: int, dtype: str) -> None:
    """One batch of a size, then two smaller ones in the same machine."""
    X, shared = examples(lanes, dtype), shared_numbers(dtype)
    machine, literal = make(program, dtype), Literal(program, shared)
    machine.shared[:] = shared
    for ends in ([lanes], [lanes // 2, lanes]) if lanes > 1 else ([1],):
        expected = literal.steps(X, np.arange(lanes), ends)
        for found, right in zip(outputs(machine, X, ends), expected, strict=True):
            close(found, right, dtype)


def close(found: Any, right: Any, dtype: str) -> None:
    """Equal up to the rounding of sums of some dozen terms around 1."""
    tolerance = 1e-12 if dtype == 'float64' else 2e-4
    np.testing.assert_allclose(found, right, rtol=tolerance, atol=tolerance)
