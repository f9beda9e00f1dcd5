"""The machine that runs block programs with NumPy: an array operation for an instruction, or for a step of a formula.

It is the one to read, and the one that the vector machine is tested against. Each instruction is bound once for a
number of lanes: its operands become views of the storages where their slots or rows stand at regular distances, else
gathers; what is left to run is a list of functions without arguments.

Invariant: the storages never move, so views stay valid; whatever stands in a row is read only after it was written.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache, singledispatchmethod
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from micrograd.compiler.accesses import Accesses, written
from micrograd.compiler.expressions import Expression
from micrograd.compiler.instructions import (
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
from micrograd.compiler.machine import Job, Machine, aligned

Array = np.ndarray
Bound = Callable[[], None]
Operand = Callable[[], Array]

STORAGE = 1 << 25  # bytes that R may take: more examples than fit are worked on in blocks


def _elementwise(function: Callable[[float], float]) -> Callable[[Array], Array]:
    """What NumPy has no function for."""
    call = np.frompyfunc(function, 1, 1)
    return lambda x: np.asarray(call(x)).astype(np.asarray(x).dtype)


def _power(x: Array, y: Array) -> Array:
    """X ** y. NumPy takes the root where one 0.5 stands for all exponents, but -0.0 and -inf have other roots."""
    x, y = np.broadcast_arrays(x, y)
    powers: Array = np.power(x, np.ascontiguousarray(y))
    return powers


# How NumPy spells the core of the table. A comparison is 1.0 or 0.0: assignment makes numbers of True and False.
CORE: dict[str, Callable[..., Any]] = {
    'add': np.add,
    'sub': np.subtract,
    'mul': np.multiply,
    'div': np.divide,
    'neg': np.negative,
    'pow': _power,
    'less': lambda x, y: np.less(x, y) + x.dtype.type(0),
    'less_equal': lambda x, y: np.less_equal(x, y) + x.dtype.type(0),
    'equal': lambda x, y: np.equal(x, y) + x.dtype.type(0),
    'where': lambda condition, x, y: np.where(condition != 0, x, y),  # nan is true, as in Python
    'maximum': lambda x, y: np.where((x < y) | (y != y), y, x),  # x of two zeros, nan from either side
    'minimum': lambda x, y: np.where((y < x) | (y != y), y, x),
    'abs': np.abs,
    'floor': np.floor,
    'exp': np.exp,
    'expm1': np.expm1,
    'log': np.log,
    'log1p': np.log1p,
    'sqrt': np.sqrt,
    'hypot': np.hypot,
    'sin': np.sin,
    'cos': np.cos,
    'asin': np.arcsin,
    'acos': np.arccos,
    'atan': np.arctan,
    'atan2': np.arctan2,
    'tanh': np.tanh,
    'erf': _elementwise(math.erf),
    'erfc': _elementwise(math.erfc),
}


def evaluate(expression: Expression, operands: Sequence[Array], dtype: np.dtype) -> Array:
    """A formula of arrays, step by step."""
    registers: list[Any] = list(operands)
    for step in expression.steps:
        if isinstance(step, float):
            registers.append(dtype.type(step))
        else:
            registers.append(CORE[step[0]](*[registers[r] for r in step[1:]]))
    return np.asarray(registers[expression.result])


def regular(table: Any) -> slice | None:
    """The slice that has the same entries, if they stand at a regular distance upwards.

    >>> regular([3, 5, 7]), regular([3, 3]), regular([7])
    (slice(3, 8, 2), None, slice(7, 8, 1))
    """
    table = np.asarray(table)
    step = int(table[1] - table[0]) if len(table) > 1 else 1
    return slice(int(table[0]), int(table[-1]) + 1, step) if step > 0 and (np.diff(table) == step).all() else None


@dataclass
class Block:
    """The lanes that are worked on together, with the instructions bound to them."""

    R: Array
    run: list[Bound]


class ArrayMachine(Machine):
    """The machine with NumPy: see `Machine`."""

    def _load(self, accesses: Accesses) -> None:
        program = self.program
        self.most = max(16, STORAGE // (self.dtype.itemsize * program.r_size))
        self.block = lru_cache(maxsize=4)(self._block)
        self._examples = 1  # in the batch of the step
        self._before = self._bound(program.before, self.U)
        self._after = self._bound(program.after, self.U)
        means = [i for i in program.lanes if isinstance(i, Outer | Scatter)]
        self._means = [self.U[i.out : i.out + written(i)] for i in means]

    def _run(self, job: Job) -> None:
        start = 0
        with np.errstate(all='ignore'):
            for step, end in enumerate(job.ends.tolist()):
                if job.numbers is not None:
                    self.U[job.numbers_at : job.numbers_at + job.numbers.shape[1]] = job.numbers[step]
                _run(self._before)
                self._batch(job, start, end)
                _run(self._after)
                if job.record_out is not None:
                    job.record_out[step] = self.U[self.slots]
                start = end

    def _batch(self, job: Job, start: int, end: int) -> None:
        self._examples = end - start
        for mean in self._means:
            mean[:] = 0.0
        for first in range(start, end, self.most):
            last = min(end, first + self.most)
            block = self.block(last - first)
            block.R[1 : 1 + self.program.inputs] = job.X[job.order[first:last]].T
            _run(block.run)
            if job.rows_out is not None:
                job.rows_out[first:last] = block.R[self.rows].T

    def _block(self, lanes: int) -> Block:
        R = aligned(self.program.r_size * lanes, self.dtype).reshape(-1, lanes)
        R[0] = 1.0
        return Block(R, self._bound(self.program.lanes, R))

    def _bound(self, instructions: list[Instruction], R: Array) -> list[Bound]:
        return [self.bind(instruction, R) for instruction in instructions]

    @singledispatchmethod
    def bind(self, instruction: Instruction, R: Array) -> Bound:
        """An instruction as a function without arguments, for the rows of a block."""
        raise AssertionError(instruction)

    @bind.register
    def _(self, i: Product, R: Array) -> Bound:
        U, size = self.U, self.dtype.itemsize
        coefficients = as_strided(U[i.first :], (i.m, len(i.rows)), (i.across * size, i.along * size))
        rows, out = _operand(R, i.rows), R[i.out : i.out + i.m]
        return lambda: _store(out, coefficients @ rows())

    @bind.register
    def _(self, i: Sums, R: Array) -> Bound:
        U, out = self.U, R[i.out : i.out + len(i.rows)]
        if len(i.rows) > 1:
            terms = [(_column(U, i.slots[:, k]), _operand(R, i.rows[:, k])) for k in range(i.rows.shape[1])]
            return lambda: _store(out, _total(terms))
        slots, rows = _operand(U, i.slots[0]), _operand(R, i.rows[0])
        return lambda: _store(out[0], slots() @ rows())

    @bind.register
    def _(self, i: Dots, R: Array) -> Bound:
        out = R[i.out : i.out + len(i.lefts)]
        terms = [(_operand(R, i.lefts[:, k]), _operand(R, i.rights[:, k])) for k in range(i.lefts.shape[1])]
        return lambda: _store(out, _total(terms))

    @bind.register
    def _(self, i: SharedSums, R: Array) -> Bound:
        U, out = self.U, self.U[i.out : i.out + len(i.lefts)]
        return lambda: _store(out, np.einsum('mk,mk->m', U[i.lefts], U[i.rights]))

    @bind.register
    def _(self, i: Map, R: Array) -> Bound:
        out = R[i.out : i.out + len(i.operands[0])]
        places = zip(i.operands, i.shared, strict=True)
        operands = [_column(self.U, table) if shared else _operand(R, table) for table, shared in places]
        return lambda: _store(out, evaluate(i.expression, [operand() for operand in operands], self.dtype))

    @bind.register
    def _(self, i: SharedMap, R: Array) -> Bound:
        out = self.U[i.out : i.out + len(i.operands[0])]
        operands = [_operand(self.U, table) for table in i.operands]
        return lambda: _store(out, evaluate(i.expression, [operand() for operand in operands], self.dtype))

    @bind.register
    def _(self, i: SharedTotal, R: Array) -> Bound:
        out = self.U[i.out : i.out + 1]
        operands = [_operand(self.U, table) for table in i.operands]
        shape = i.operands[0].shape

        def run() -> None:
            terms = evaluate(i.expression, [operand() for operand in operands], self.dtype)
            out[0] = np.broadcast_to(terms, shape).sum()

        return run

    @bind.register
    def _(self, i: Outer, R: Array) -> Bound:
        out = self.U[i.out : i.out + written(i)].reshape(len(i.lefts), -1)
        lefts, rights = _operand(R, i.lefts), _operand(R, i.rights)
        return lambda: _store(out, out + lefts() @ rights().T / self._examples)

    @bind.register
    def _(self, i: Take, R: Array) -> Bound:
        out, U, chosen = R[i.out : i.out + len(i.table)], self.U, R[i.index]
        choices = i.table.shape[1]
        return lambda: _store(out, U[i.table[:, _whole(chosen, choices)]])

    @bind.register
    def _(self, i: Scatter, R: Array) -> Bound:
        out = self.U[i.out : i.out + written(i)].reshape(len(i.rows), -1)
        rows, chosen = _operand(R, i.rows), R[i.index]

        def run() -> None:
            places = _whole(chosen, i.choices)
            for total, row in zip(out, rows(), strict=True):
                total += np.bincount(places, row, i.choices) / self._examples

        return run

    @bind.register
    def _(self, i: Indexed, R: Array) -> Bound:
        out, slots = self.U[i.out : i.out + len(i.slots)], _operand(self.U, i.slots)
        return lambda: _store(out, slots())


def _run(instructions: list[Bound]) -> None:
    for run in instructions:
        run()


def _store(out: Array, x: Array) -> None:
    out[...] = x


def _operand(storage: Array, table: Array) -> Operand:
    """What reads the slots or rows of a table: a view where it can be one."""
    if table[0] == table[-1] and (table == table[0]).all():
        repeated = np.broadcast_to(storage[table[0] : table[0] + 1], (len(table), *storage.shape[1:]))
        return lambda: repeated
    found = regular(table)
    if found is None:
        return lambda: storage[table]
    view = storage[found]
    return lambda: view


def _column(U: Array, table: Array) -> Operand:
    """The same as a column, one number for a row of lanes."""
    read = _operand(U, table)
    return lambda: read()[:, None]


def _total(terms: list[tuple[Operand, Operand]]) -> Array:
    left, right = terms[0]
    total = left() * right()
    for left, right in terms[1:]:
        total += left() * right()
    return total


def _whole(chosen: Array, choices: int) -> Array:
    """The chosen numbers as indices that stay inside, whatever they are."""
    whole: Array = np.clip(np.nan_to_num(chosen), 0, choices - 1).astype(np.intp)
    return whole
