"""What the vector machine makes of instructions: calls of kernels.

Most instructions are one call. Those on slots alone are taken apart where that makes slots neighbours: vectors of
neighbours are read at once, and the parameters of a network, with their gradients, are a few long runs.

Invariant: behind each table there are as many entries to read as a vector has lanes, and they are valid, too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import singledispatchmethod
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from micrograd.compiler.expressions import Expression, of_row
from micrograd.compiler.formulas import MAP, NEXT, ROWS, SAME, SHARED_MAP, SHARED_TOTAL, SLOTS, Formula
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
    Slots,
    Sums,
    Take,
)
from micrograd.primitives import MUL

Array = np.ndarray

SHORTEST = 32  # slots in a run, on average: below that they are looked up one by one
FEW, MANY = 4, 32  # terms of a sum in U: up to FEW they are a formula, from MANY on a total


class Call(NamedTuple):
    """A kernel, by name or by its formula, and the address of its arguments."""

    kernel: str | Formula
    arguments: int


class Translation:
    """Turns instructions into calls.

    Args:
        width: how many lanes a vector has.

    Attributes:
        kept: the arrays that the calls refer to, which have to live as long.
    """

    def __init__(self, width: int):
        self._width = width
        self.kept: list[Array] = []

    def translated(self, instructions: Sequence[Instruction]) -> list[Call]:
        """The calls for some instructions, in order."""
        calls = list(chain.from_iterable(self.calls(instruction) for instruction in instructions))
        words = np.array([word for _, arguments in calls for word in arguments], np.int64)
        self.kept.append(words)
        at, found = words.ctypes.data, []
        for kernel, arguments in calls:
            found.append(Call(kernel, at))
            at += len(arguments) * words.itemsize
        return found

    def table(self, entries: Any) -> int:
        """The address of a table."""
        flat = np.ravel(entries)
        padded = np.full(len(flat) + self._width, flat[-1], np.int32)
        padded[: len(flat)] = flat
        self.kept.append(padded)
        return int(padded.ctypes.data)

    @singledispatchmethod
    def calls(self, instruction: Instruction) -> Iterator[tuple[Any, list[int]]]:
        """The kernels that an instruction calls, with their arguments."""
        raise AssertionError(instruction)

    @calls.register
    def _(self, i: Product) -> Iterator[tuple[Any, list[int]]]:
        yield 'product', [i.out, i.m, i.first, i.across, i.along, len(i.rows), self.table(i.rows)]

    @calls.register
    def _(self, i: Sums) -> Iterator[tuple[Any, list[int]]]:
        yield 'sums', [i.out, *i.rows.shape, self.table(i.slots), self.table(i.rows)]

    @calls.register
    def _(self, i: Dots) -> Iterator[tuple[Any, list[int]]]:
        yield 'dots', [i.out, *i.lefts.shape, self.table(i.lefts), self.table(i.rights)]

    @calls.register
    def _(self, i: Map) -> Iterator[tuple[Any, list[int]]]:
        kinds = tuple(SLOTS if shared else ROWS for shared in i.shared)
        yield Formula(MAP, i.expression, kinds), [i.out, len(i.operands[0]), *map(self.table, i.operands)]

    @calls.register
    def _(self, i: Outer) -> Iterator[tuple[Any, list[int]]]:
        lefts, rights = (i.rights, i.lefts) if len(i.rights) == 1 else (i.lefts, i.rights)  # one column: a row will do
        yield 'outer', [i.out, len(lefts), len(rights), self.table(lefts), self.table(rights)]

    @calls.register
    def _(self, i: Take) -> Iterator[tuple[Any, list[int]]]:
        yield 'take', [i.out, *i.table.shape, i.index, self.table(i.table)]

    @calls.register
    def _(self, i: Scatter) -> Iterator[tuple[Any, list[int]]]:
        yield 'scatter', [i.out, len(i.rows), i.choices, i.index, self.table(i.rows)]

    @calls.register
    def _(self, i: Indexed) -> Iterator[tuple[Any, list[int]]]:
        yield 'indexed', [i.out, len(i.slots), self.table(i.slots)]

    # On slots alone ---------------------------------------------------------------------------------------------------

    @calls.register
    def _(self, i: SharedMap) -> Iterator[tuple[Any, list[int]]]:
        return self._map(i.out, i.expression, i.operands)

    @calls.register
    def _(self, i: SharedTotal) -> Iterator[tuple[Any, list[int]]]:
        return self._total(i.out, i.expression, i.operands)

    @calls.register
    def _(self, i: SharedSums) -> Iterator[tuple[Any, list[int]]]:
        m, count = i.lefts.shape
        columns = [side[:, k] for k in range(count) for side in (i.lefts, i.rights)] if count <= FEW else []
        if columns and all(len(runs(column)) <= _most_runs(m) for column in columns):
            yield from self._map(i.out, sum_of_products(count), columns)
        elif count >= MANY:
            for j, pair in enumerate(zip(i.lefts, i.rights, strict=True)):
                yield from self._total(i.out + j, of_row(MUL, 2), pair)
        else:
            yield 'shared_sums', [i.out, m, count, self.table(i.lefts), self.table(i.rights)]

    def _map(self, out: int, expression: Expression, operands: Sequence[Slots]) -> Iterator[tuple[Any, list[int]]]:
        for start, parts in _pieces(operands):
            kinds, places = self._places(parts)
            yield Formula(SHARED_MAP, expression, kinds), [out + start, len(parts[0]), *places]

    def _total(self, out: int, expression: Expression, operands: Sequence[Slots]) -> Iterator[tuple[Any, list[int]]]:
        for start, parts in _pieces(operands):
            kinds, places = self._places(parts)
            yield Formula(SHARED_TOTAL, expression, kinds), [out, len(parts[0]), int(start > 0), *places]

    def _places(self, tables: Sequence[Slots]) -> tuple[tuple[str, ...], list[int]]:
        kinds = tuple(map(kind_of_slots, tables))
        places = zip(tables, kinds, strict=True)
        return kinds, [self.table(table) if kind == SLOTS else int(table[0]) for table, kind in places]


def kind_of_slots(table: Slots) -> str:
    """How the slots of a table lie: NEXT, SAME or SLOTS.

    >>> kind_of_slots(np.array([4, 5, 6])), kind_of_slots(np.array([4, 4])), kind_of_slots(np.array([4, 9]))
    ('next', 'same', 'slots')
    """
    steps = np.diff(table)
    return SAME if not steps.any() else NEXT if (steps == 1).all() else SLOTS


def runs(table: Slots) -> list[int]:
    """Where the runs of neighbours, or of a single slot repeated, begin in a table.

    >>> runs(np.array([4, 5, 6, 30, 31, 7, 7, 7]))
    [0, 3, 5]
    """
    steps = np.diff(table)
    changes = [*(np.flatnonzero(np.diff(steps)) + 1).tolist(), len(steps)]
    starts, change = [0], 0
    while starts[-1] < len(steps):
        start = starts[-1]
        while changes[change] <= start:
            change += 1
        starts.append(1 + (changes[change] if steps[start] in (0, 1) else start))
    return starts if starts[-1] < len(table) else starts[:-1]


def _most_runs(size: int) -> int:
    return 1 + size // SHORTEST


def _pieces(tables: Sequence[Slots]) -> Iterator[tuple[int, list[Slots]]]:
    """The parts of tables in which each of them is one run, unless it would be too many."""
    size = len(tables[0])
    found = [starts for starts in map(runs, tables) if len(starts) <= _most_runs(size)]
    starts = sorted({0, *chain.from_iterable(found)})
    for start, end in zip(starts, [*starts[1:], size], strict=True):
        yield start, [table[start:end] for table in tables]


def sum_of_products(count: int) -> Expression:
    """The formula x0 * x1 + x2 * x3 + …

    >>> sum_of_products(2).steps
    (('mul', 0, 1), ('mul', 2, 3), ('add', 4, 5))
    """
    steps = [('mul', 2 * k, 2 * k + 1) for k in range(count)]
    total = 2 * count
    for k in range(1, count):
        steps.append(('add', total, 2 * count + k))
        total = 2 * count + len(steps) - 1
    return Expression('sum of products', 2 * count, tuple(steps), total)
