"""What the vector machine makes of instructions: calls of kernels.

Most instructions are one call. Those on slots alone are taken apart where that makes slots neighbours: vectors of
neighbours are read at once, and the parameters of a network, with their gradients, are a few long runs.

Invariant: behind each table that is read by whole vectors there are as many entries again as a vector has lanes.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator, Sequence
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
from micrograd.compiler.peephole import shorter
from micrograd.primitives import MUL

Array = np.ndarray

SHORTEST = 32  # slots in a run, on average: below that they are looked up one by one
FEW, MANY = 4, 32  # terms of a sum in U: up to FEW they are a formula, from MANY on a total


Kernel = str | Formula
Emitted = Iterator[tuple[Kernel, list[int]]]


class Calls(NamedTuple):
    """Calls of kernels, in order.

    Args:
        kernels: for each the kernel, by name or by its formula.
        starts: for each where its arguments begin.
        words: the arguments of all of them; a table among them is where it begins in the pool of tables.
    """

    kernels: list[Kernel]
    starts: Array
    words: Array


class Translation:
    """Turns instructions into calls.

    Args:
        width: how many lanes a vector has.
        rows: for each row of the program the row that it is in the machine.
    """

    def __init__(self, width: int, rows: Array):
        self._width = width
        self._rows = rows
        self._pool = array('i')
        self._formulas: dict[tuple[str, int, tuple[str, ...]], Formula] = {}

    def tables(self) -> Array:
        """The tables of all instructions so far."""
        self._pool.extend([0] * self._width)
        return np.array(self._pool, np.int32)

    def translated(self, instructions: Sequence[Instruction]) -> Calls:
        """The calls for some instructions."""
        kernels: list[Kernel] = []
        words: list[int] = []
        starts: list[int] = []
        for instruction in instructions:
            for kernel, arguments in EMITTERS[type(instruction)](self, instruction):
                kernels.append(kernel)
                starts.append(len(words))
                words += arguments
        return Calls(kernels, np.array(starts, np.int64), np.array(words, np.int64))

    def row(self, i: int) -> int:
        """Where a row is."""
        return int(self._rows[i])

    def rows(self, entries: Slots) -> int:
        """Where a table of rows begins in the pool."""
        return self.table(self._rows[entries])

    def table(self, entries: Any) -> int:
        """Where a table begins in the pool."""
        start = len(self._pool)
        self._pool.frombytes(np.ascontiguousarray(entries, np.int32).tobytes())
        return start

    def formula(self, kind: str, expression: Expression, kinds: tuple[str, ...]) -> Formula:
        """A formula; there is one of each, so that programs of many instructions need not compare them."""
        key = kind, id(expression), kinds
        if key not in self._formulas:
            self._formulas[key] = Formula(kind, shorter(expression), kinds)
        return self._formulas[key]

    def product(self, i: Product) -> Emitted:
        """A matrix product."""
        yield 'product', [self.row(i.out), i.m, i.first, i.across, i.along, len(i.rows), self.rows(i.rows)]

    def sums(self, i: Sums) -> Emitted:
        """Sums of rows."""
        yield 'sums', [self.row(i.out), *i.rows.shape, self.table(i.slots), self.rows(i.rows)]

    def dots(self, i: Dots) -> Emitted:
        """Sums of products of rows."""
        yield 'dots', [self.row(i.out), *i.lefts.shape, self.rows(i.lefts), self.rows(i.rights)]

    def map(self, i: Map) -> Emitted:
        """A formula on rows."""
        kinds = tuple([SLOTS if shared else ROWS for shared in i.shared])
        formula = self.formula(MAP, i.expression, kinds)
        places = [
            self.table(table) if shared else self.rows(table)
            for table, shared in zip(i.operands, i.shared, strict=True)
        ]
        yield formula, [self.row(i.out), len(i.operands[0]), *places]

    def outer(self, i: Outer) -> Emitted:
        """Means of products; of a single column they lie as those of a single row do, which is quicker."""
        lefts, rights = (i.rights, i.lefts) if len(i.rights) == 1 else (i.lefts, i.rights)
        yield 'outer', [i.out, len(lefts), len(rights), self.rows(lefts), self.rows(rights)]

    def take(self, i: Take) -> Emitted:
        """Chosen numbers."""
        yield 'take', [self.row(i.out), *i.table.shape, self.row(i.index), self.table(i.table)]

    def scatter(self, i: Scatter) -> Emitted:
        """Means of what was chosen."""
        yield 'scatter', [i.out, len(i.rows), i.choices, self.row(i.index), self.rows(i.rows)]

    def indexed(self, i: Indexed) -> Emitted:
        """Slots in a new order."""
        yield 'indexed', [i.out, len(i.slots), self.table(i.slots)]

    # On slots alone ---------------------------------------------------------------------------------------------------

    def shared_map(self, i: SharedMap) -> Emitted:
        """A formula on slots."""
        return self._map(i.out, i.expression, i.operands)

    def shared_total(self, i: SharedTotal) -> Emitted:
        """The sum of one."""
        return self._total(i.out, i.expression, i.operands)

    def shared_sums(self, i: SharedSums) -> Emitted:
        """Sums of products of slots: a formula where they are short and many, totals where they are long."""
        m, count = i.lefts.shape
        columns = [side[:, k] for k in range(count) for side in (i.lefts, i.rights)] if count <= FEW < m else []
        if columns and all(len(runs(column)) <= _most_runs(m) for column in columns):
            yield from self._map(i.out, sum_of_products(count), columns)
        elif count >= MANY:
            for j, pair in enumerate(zip(i.lefts, i.rights, strict=True)):
                yield from self._total(i.out + j, of_row(MUL, 2), pair)
        else:
            yield 'shared_sums', [i.out, m, count, self.table(i.lefts), self.table(i.rights)]

    def _map(self, out: int, expression: Expression, operands: Sequence[Slots]) -> Emitted:
        for start, parts in _pieces(operands):
            kinds, places = self._places(parts)
            yield self.formula(SHARED_MAP, expression, kinds), [out + start, len(parts[0]), *places]

    def _total(self, out: int, expression: Expression, operands: Sequence[Slots]) -> Emitted:
        for start, parts in _pieces(operands):
            kinds, places = self._places(parts)
            yield self.formula(SHARED_TOTAL, expression, kinds), [out, len(parts[0]), int(start > 0), *places]

    def _places(self, tables: Sequence[Slots]) -> tuple[tuple[str, ...], list[int]]:
        kinds = tuple([kind_of_slots(table) for table in tables])
        places = zip(tables, kinds, strict=True)
        return kinds, [self._padded(table) if kind == SLOTS else int(table[0]) for table, kind in places]

    def _padded(self, table: Slots) -> int:
        start = self.table(table)
        self._pool.extend([0] * self._width)
        return start


EMITTERS: dict[type, Callable[[Translation, Any], Emitted]] = {
    Product: Translation.product,
    Sums: Translation.sums,
    Dots: Translation.dots,
    SharedSums: Translation.shared_sums,
    Map: Translation.map,
    SharedMap: Translation.shared_map,
    SharedTotal: Translation.shared_total,
    Outer: Translation.outer,
    Take: Translation.take,
    Scatter: Translation.scatter,
    Indexed: Translation.indexed,
}


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
