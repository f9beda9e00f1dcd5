"""Rows used again: a row whose last reader has run makes place for what comes next, so that R stays in the cache.

Invariant: two rows of the program share a row of the machine only if the last reader of the one stands before the
instruction that writes the other; rows that an instruction fills stay neighbours.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush

import numpy as np

from micrograd.compiler.accesses import Accesses, Array
from micrograd.compiler.instructions import BlockProgram


def rows_reused(program: BlockProgram, accesses: Accesses) -> Array:
    """For each row of a program the row that it becomes.

    The ones and the inputs stay where they are; the inputs' rows are used again too, for they are filled anew for each
    block of lanes. A program that uses rows again itself is left as it is.

    Args:
        program: the program.
        accesses: what its instructions read and write.
    """
    writers = np.flatnonzero(accesses.on_rows)
    out, count = accesses.out[writers], accesses.count[writers]
    if count.sum() != program.r_size - 1 - program.inputs:
        return np.arange(program.r_size)
    released = _released(program, accesses)
    new = np.zeros(program.r_size, np.int64)
    new[: 1 + program.inputs] = range(1 + program.inputs)
    free = _Free(1 + program.inputs)
    fills = dict(zip(writers.tolist(), zip(out.tolist(), count.tolist(), strict=True), strict=True))
    for number in sorted(fills.keys() | released.keys()):
        if number in fills:
            first, size = fills[number]
            start = free.take(size)
            new[first : first + size] = range(start, start + size)
        if number in released:
            free.give(new[released[number]].tolist())
    return new


def _released(program: BlockProgram, accesses: Accesses) -> dict[int, Array]:
    """For each instruction the rows that are not needed after it; for -1 the inputs that nobody reads."""
    last = np.full(program.r_size, -1)
    writers = np.flatnonzero(accesses.on_rows)
    for number in writers.tolist():
        last[accesses.out[number] : accesses.out[number] + accesses.count[number]] = number
    last[accesses.rows.places] = accesses.rows.owner
    kept = np.array([0, *(at for storage, at in program.outputs if storage == 'R')])
    order = np.argsort(last, kind='stable')
    order = order[~np.isin(order, kept)]
    numbers, starts = np.unique(last[order], return_index=True)
    return dict(zip(numbers.tolist(), np.split(order, starts[1:]), strict=True))


class _Free:
    """The rows that are free, in stretches.

    Args:
        size: how many rows there are in the beginning, none of them free.
    """

    def __init__(self, size: int):
        self._size = size
        self._lengths: dict[int, int] = {}  # start -> length
        self._starts: dict[int, int] = {}  # end -> start
        self._longest: list[tuple[int, int]] = []  # a heap of (-length, start), some of which are gone
        self._latest: list[int] = []  # a stack of starts, some of which are gone

    def take(self, count: int) -> int:
        """Neighbouring rows: a single one from where some were freed last, several from the longest stretch."""
        start = self._latest_start() if count == 1 else self._longest_start(count)
        if start < 0:
            self._size += count
            return self._size - count
        length = self._remove(start)
        if length > count:
            self._add(start + count, length - count)
        return start

    def give(self, rows: Iterable[int]) -> None:
        """Free some rows."""
        for row in rows:
            start, length = row, 1
            if row in self._starts:
                start = self._starts[row]
                length += self._remove(start)
            if row + 1 in self._lengths:
                length += self._remove(row + 1)
            self._add(start, length)

    def _latest_start(self) -> int:
        while self._latest:
            start = self._latest.pop()
            if start in self._lengths:
                return start
        return -1

    def _longest_start(self, count: int) -> int:
        while self._longest:
            length, start = self._longest[0]
            if self._lengths.get(start) == -length:
                return start if -length >= count else -1
            heappop(self._longest)
        return -1

    def _add(self, start: int, length: int) -> None:
        self._lengths[start] = length
        self._starts[start + length] = start
        self._latest.append(start)
        heappush(self._longest, (-length, start))

    def _remove(self, start: int) -> int:
        length = self._lengths.pop(start)
        del self._starts[start + length]
        return length
