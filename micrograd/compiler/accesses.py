"""What instructions read and write: one place for whoever has to know it of all of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

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

Read = tuple[str, Slots]  # the storage, 'U' or 'R', and places in it
Array = np.ndarray

ELEMENTWISE = (Map, SharedMap)  # the j-th that is written depends on the j-th of each table alone


def _corners(i: Product) -> Slots:
    """The first, the last and the outermost of the slots."""
    far, wide = (i.m - 1) * i.across, (len(i.rows) - 1) * i.along
    return np.array([i.first, i.first + far, i.first + wide, i.first + far + wide])


def _columns(i: Map) -> list[Read]:
    return [('U' if shared else 'R', table) for table, shared in zip(i.operands, i.shared, strict=True)]


READS: dict[type, Callable[[Any], list[Read]]] = {
    Product: lambda i: [('U', _corners(i)), ('R', i.rows)],
    Sums: lambda i: [('U', i.slots), ('R', i.rows)],
    Dots: lambda i: [('R', i.lefts), ('R', i.rights)],
    SharedSums: lambda i: [('U', i.lefts), ('U', i.rights)],
    Map: _columns,
    SharedMap: lambda i: [('U', table) for table in i.operands],
    SharedTotal: lambda i: [('U', table) for table in i.operands],
    Outer: lambda i: [('R', i.lefts), ('R', i.rights)],
    Take: lambda i: [('R', np.array([i.index])), ('U', i.table)],
    Scatter: lambda i: [('R', np.array([i.index])), ('R', i.rows)],
    Indexed: lambda i: [('U', i.slots)],
}

# The storage, and how many places from `out` on.
WRITES: dict[type, tuple[str, Callable[[Any], int]]] = {
    Product: ('R', lambda i: i.m),
    Sums: ('R', lambda i: len(i.rows)),
    Dots: ('R', lambda i: len(i.lefts)),
    SharedSums: ('U', lambda i: len(i.lefts)),
    Map: ('R', lambda i: len(i.operands[0])),
    SharedMap: ('U', lambda i: len(i.operands[0])),
    SharedTotal: ('U', lambda i: 1),
    Outer: ('U', lambda i: len(i.lefts) * len(i.rights)),
    Take: ('R', lambda i: len(i.table)),
    Scatter: ('U', lambda i: len(i.rows) * i.choices),
    Indexed: ('U', lambda i: len(i.slots)),
}


def written(i: Instruction) -> int:
    """How many places an instruction fills."""
    return WRITES[type(i)][1](i)


@dataclass(frozen=True)
class Entries:
    """The entries of all tables of a storage, one behind the other.

    Args:
        places: the entries: slots or rows.
        owner: for each the number of its instruction.
        offset: for each where it stands in its table.
    """

    places: Array
    owner: Array
    offset: Array


class Accesses:
    """What the instructions of a program read and write; they are counted from the first of all on.

    Args:
        instructions: all the instructions.

    Attributes:
        on_rows: for each instruction whether it writes to R.
        out: for each the first place that it writes.
        count: for each how many it writes.
        slots: what they read of U.
        rows: what they read of R.

    Raises:
        ValueError: an entry is not a whole number.
    """

    def __init__(self, instructions: Iterable[Instruction]):
        filled: list[tuple[bool, int, int]] = []
        tables: dict[str, list[tuple[int, Array]]] = {'U': [], 'R': []}
        for number, i in enumerate(instructions):
            filled.append((WRITES[type(i)][0] == 'R', i.out, written(i)))
            for kind, table in READS[type(i)](i):
                tables[kind].append((number, table.ravel()))
        facts = np.array(filled, np.int64).reshape(-1, 3)
        self.on_rows = facts[:, 0] == 1
        self.out, self.count = facts[:, 1], facts[:, 2]
        self.slots, self.rows = _entries(tables['U']), _entries(tables['R'])


def _entries(tables: list[tuple[int, Array]]) -> Entries:
    sizes = np.array([len(table) for _, table in tables], np.int64)
    places = np.concatenate([np.zeros(0, np.int32), *(table for _, table in tables)])
    if not np.issubdtype(places.dtype, np.integer):
        raise ValueError('the program is damaged: a table is not of whole numbers')
    starts = np.repeat(np.cumsum(sizes) - sizes, sizes)
    owner = np.repeat(np.array([number for number, _ in tables], np.int64), sizes)
    return Entries(places, owner, np.arange(len(places)) - starts)
