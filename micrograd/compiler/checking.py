"""Every index of a program, checked once when it is loaded, so that no machine has to look again.

Invariant: after `check_program` each slot and row that an instruction names is inside of its storage, nothing writes
the constants, the ones or the inputs, and a register of a formula is filled before it is read.
"""

from __future__ import annotations

from functools import singledispatchmethod
from typing import Any

import numpy as np

from micrograd.compiler.expressions import Expression
from micrograd.compiler.instructions import (
    BlockProgram,
    Dots,
    Indexed,
    Instruction,
    Map,
    Outer,
    Product,
    Scatter,
    SharedMap,
    SharedSums,
    SharedTotal,
    Sums,
    Take,
)

ON_SHARED = (SharedSums, SharedMap, SharedTotal, Indexed)  # the instructions that may stand before and after the lanes


def check_program(program: BlockProgram) -> None:
    """Look whether a program stays inside of its storages.

    Raises:
        ValueError: an instruction would not; the message says which.
    """
    checker = _Checker(program)
    checker.frame()
    for instruction in program.instructions():
        try:
            checker.check(instruction)
        except ValueError as error:
            raise ValueError(f'{error}: {type(instruction).__name__} of {instruction.source or "no source"}') from None
    for instruction in [*program.before, *program.after]:
        _require(isinstance(instruction, ON_SHARED), f'{type(instruction).__name__} stands outside of the lanes')


def _require(right: Any, problem: str) -> None:
    if not right:
        raise ValueError(f'the program is damaged: {problem}')


class _Checker:
    def __init__(self, program: BlockProgram):
        self.program = program

    def frame(self) -> None:
        """The leaves and the outputs."""
        p = self.program
        _require(p.constants and p.constants[0] == 1.0, 'slot 0 is not 1.0')
        _require(
            len(p.constants) <= p.shared and p.shared + p.shared_count <= p.u_size, 'the shared leaves are nowhere'
        )
        _require(1 + p.inputs <= p.r_size, 'there are too few rows for the inputs')
        for storage, at in p.outputs:
            _require(
                storage in ('U', 'R') and 0 <= at < (p.u_size if storage == 'U' else p.r_size), 'an output is nowhere'
            )

    @singledispatchmethod
    def check(self, instruction: Instruction) -> None:
        """One instruction."""
        _require(False, 'it is not an instruction')

    @check.register
    def _(self, i: Product) -> None:
        _require(i.m > 0, 'it makes nothing')
        corners = [i.first + j * i.across + k * i.along for j in (0, i.m - 1) for k in (0, len(i.rows) - 1)]
        self._slots(np.array(corners))
        self._rows(i.rows)
        self._fills_rows(i.out, i.m)
        self._apart(i.out, i.m, i.rows)

    @check.register
    def _(self, i: Sums) -> None:
        self._slots(i.slots)
        self._rows(i.rows)
        self._fills_rows(i.out, _alike(i.slots, i.rows))
        self._apart(i.out, len(i.rows), i.rows)

    @check.register
    def _(self, i: Dots) -> None:
        self._rows(i.lefts)
        self._rows(i.rights)
        self._fills_rows(i.out, _alike(i.lefts, i.rights))
        self._apart(i.out, len(i.lefts), i.lefts, i.rights)

    @check.register
    def _(self, i: SharedSums) -> None:
        self._slots(i.lefts)
        self._slots(i.rights)
        self._fills_slots(i.out, _alike(i.lefts, i.rights))
        self._apart(i.out, len(i.lefts), i.lefts, i.rights)

    @check.register
    def _(self, i: Map) -> None:
        _require(len(i.operands) == len(i.shared), 'not every operand says where it is')
        _require(not all(i.shared), 'none of its operands is a row')
        for operand, shared in zip(i.operands, i.shared, strict=True):
            (self._slots if shared else self._rows)(operand)
        m = self._formula(i.expression, i.operands)
        self._fills_rows(i.out, m)
        self._own(i.out, m, [operand for operand, shared in zip(i.operands, i.shared, strict=True) if not shared])

    @check.register
    def _(self, i: SharedMap) -> None:
        for operand in i.operands:
            self._slots(operand)
        m = self._formula(i.expression, i.operands)
        self._fills_slots(i.out, m)
        self._own(i.out, m, i.operands)

    @check.register
    def _(self, i: SharedTotal) -> None:
        for operand in i.operands:
            self._slots(operand)
        self._formula(i.expression, i.operands)
        self._fills_slots(i.out, 1)
        self._apart(i.out, 1, *i.operands)

    @check.register
    def _(self, i: Outer) -> None:
        self._rows(i.lefts)
        self._rows(i.rights)
        _require(np.ndim(i.lefts) == np.ndim(i.rights) == 1, 'its tables are not of one dimension')
        self._fills_slots(i.out, len(i.lefts) * len(i.rights))

    @check.register
    def _(self, i: Take) -> None:
        self._rows(np.array([i.index]))
        self._slots(i.table)
        _require(np.ndim(i.table) == 2, 'its table is not of two dimensions')
        self._fills_rows(i.out, len(i.table))
        self._apart(i.out, len(i.table), np.array([i.index]))

    @check.register
    def _(self, i: Scatter) -> None:
        self._rows(np.array([i.index]))
        self._rows(i.rows)
        _require(i.choices > 0, 'there is nothing to choose from')
        self._fills_slots(i.out, len(i.rows) * i.choices)

    @check.register
    def _(self, i: Indexed) -> None:
        self._slots(i.slots)
        self._fills_slots(i.out, len(i.slots))
        self._apart(i.out, len(i.slots), i.slots)

    def _slots(self, table: Any) -> None:
        _within('slot', table, self.program.u_size)

    def _rows(self, table: Any) -> None:
        _within('row', table, self.program.r_size)

    def _fills_slots(self, out: int, m: int) -> None:
        _require(len(self.program.constants) <= out and out + m <= self.program.u_size, 'it writes to other slots')

    def _fills_rows(self, out: int, m: int) -> None:
        _require(1 + self.program.inputs <= out and out + m <= self.program.r_size, 'it writes to other rows')

    def _apart(self, out: int, m: int, *tables: Any) -> None:
        _require(not any(_overlaps(out, m, table) for table in tables), 'it reads what it writes')

    def _own(self, out: int, m: int, operands: Any) -> None:
        own = np.arange(out, out + m)
        self._apart(out, m, *[table for table in operands if not np.array_equal(table, own)])

    def _formula(self, expression: Expression, operands: Any) -> int:
        m = len(operands[0]) if operands else 0
        _require(m > 0 and all(np.shape(table) == (m,) for table in operands), 'its operands are not of one length')
        _require(expression.count == len(operands), 'its formula takes other operands')
        for place, step in enumerate(expression.steps, expression.count):
            _require(isinstance(step, float) or all(0 <= r < place for r in step[1:]), 'its formula is out of order')
        _require(0 <= expression.result < expression.count + len(expression.steps), 'its formula has no result')
        return m


def _within(kind: str, table: Any, size: int) -> None:
    table = np.asarray(table)
    _require(table.size and np.issubdtype(table.dtype, np.integer), 'a table is empty, or not of whole numbers')
    _require(table.min() >= 0 and table.max() < size, f'a {kind} is outside of the storage')


def _alike(a: Any, b: Any) -> int:
    _require(np.ndim(a) == 2 and np.shape(a) == np.shape(b), 'its tables are not alike')
    return len(a)


def _overlaps(out: int, m: int, table: Any) -> bool:
    table = np.asarray(table)
    return bool(((table >= out) & (table < out + m)).any())
