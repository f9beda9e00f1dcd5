"""Every index of a program, checked once when it is loaded, so that no machine has to look again.

Invariant: after `check_program` each slot and row that an instruction names is inside of its storage, nothing writes
the constants, the ones or the inputs, no instruction reads what it writes (but for formulas in place), tables that
belong together have one shape, and a register of a formula is filled before it is read.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from micrograd.compiler.accesses import ELEMENTWISE, READS, Accesses, Array
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

ON_SHARED = {SharedSums, SharedMap, SharedTotal, Indexed}  # the instructions that may stand before and after the lanes


def check_program(program: BlockProgram) -> Accesses:
    """Look whether a program stays inside of its storages.

    Returns:
        What its instructions read and write.

    Raises:
        ValueError: an instruction would not; the message says which.
    """
    _check_frame(program)
    instructions = list(program.instructions())
    expressions: dict[int, Expression] = {}
    for i in instructions:
        if type(i) not in READS:  # only then, since all of its tables would be printed
            _require(False, f'{i!r:.60} is not an instruction')
        _require(SHAPES[type(i)](i), 'its tables are not alike, or empty', i)
        if isinstance(i, Map | SharedMap | SharedTotal):
            _require(i.expression.count == len(i.operands), 'its formula takes other operands', i)
            expressions[id(i.expression)] = i.expression
    for i in (*program.before, *program.after):
        _require(type(i) in ON_SHARED, 'it stands outside of the lanes', i)
    for expression in expressions.values():
        _check_expression(expression)
    accesses = Accesses(instructions)
    _check_places(program, instructions, accesses)
    return accesses


def _require(right: Any, problem: str, i: Instruction | None = None) -> None:
    if not right:
        where = f'; {type(i).__name__} of {i.source or "no source"}' if i else ''
        raise ValueError(f'the program is damaged: {problem}{where}')


def _check_frame(p: BlockProgram) -> None:
    """The leaves and the outputs."""
    _require(p.constants and p.constants[0] == 1.0, 'slot 0 is not 1.0')
    _require(len(p.constants) <= p.shared and p.shared + p.shared_count <= p.u_size, 'the shared leaves are nowhere')
    _require(1 + p.inputs <= p.r_size, 'there are too few rows for the inputs')
    for storage, at in p.outputs:
        size = {'U': p.u_size, 'R': p.r_size}[storage]
        _require(0 <= at < size, 'an output is nowhere')


def _check_expression(expression: Expression) -> None:
    for place, step in enumerate(expression.steps, expression.count):
        ready = isinstance(step, float) or all(0 <= register < place for register in step[1:])
        _require(ready, f'the formula of {expression.name} is out of order')
    last = expression.count + len(expression.steps)
    _require(0 <= expression.result < last, f'the formula of {expression.name} has no result')


def _check_places(program: BlockProgram, instructions: Sequence[Instruction], accesses: Accesses) -> None:
    elementwise = np.array([isinstance(i, ELEMENTWISE) for i in instructions], bool)
    out, end = accesses.out, accesses.out + accesses.count
    for here, entries, first, size in (
        (~accesses.on_rows, accesses.slots, len(program.constants), program.u_size),
        (accesses.on_rows, accesses.rows, 1 + program.inputs, program.r_size),
    ):
        _none(here & ((out < first) | (end > size)), 'it writes elsewhere', instructions)
        owner, place = entries.owner, entries.places
        _none((place < 0) | (place >= size), 'it reads elsewhere', instructions, owner)
        inside = here[owner] & (place >= out[owner]) & (place < end[owner])
        own = elementwise[owner] & (place == out[owner] + entries.offset)
        _none(inside & ~own, 'it reads what it writes', instructions, owner)


def _none(wrong: Array, problem: str, instructions: Sequence[Instruction], owner: Array | None = None) -> None:
    if wrong.any():
        at = int(np.argmax(wrong))
        _require(False, problem, instructions[at if owner is None else owner[at]])


def _alike(a: Any, b: Any, dimensions: int) -> bool:
    return bool(a.ndim == b.ndim == dimensions and a.shape == b.shape and a.size > 0)


def _columns(i: Any) -> bool:
    size = i.operands[0].size if i.operands else 0
    return size > 0 and all(table.shape == (size,) for table in i.operands)


def _two_lists(a: Any, b: Any) -> bool:
    return bool(a.ndim == b.ndim == 1 and a.size > 0 and b.size > 0)


SHAPES: dict[type, Callable[[Any], bool]] = {
    Product: lambda i: i.m > 0 and _alike(i.rows, i.rows, 1),
    Sums: lambda i: _alike(i.slots, i.rows, 2),
    Dots: lambda i: _alike(i.lefts, i.rights, 2),
    SharedSums: lambda i: _alike(i.lefts, i.rights, 2),
    Map: lambda i: _columns(i) and len(i.shared) == len(i.operands) and not all(i.shared),
    SharedMap: _columns,
    SharedTotal: _columns,
    Outer: lambda i: _two_lists(i.lefts, i.rights),
    Take: lambda i: _alike(i.table, i.table, 2),
    Scatter: lambda i: i.choices > 0 and _alike(i.rows, i.rows, 1),
    Indexed: lambda i: _alike(i.slots, i.slots, 1),
}
