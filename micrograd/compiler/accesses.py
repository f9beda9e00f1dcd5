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


@dataclass(frozen=True)
class Written:
    """What instructions write.

    Args:
        storages: for each instruction 'U' or 'R'.
        out: for each the first place.
        count: for each how many.
    """

    storages: Array
    out: Array
    count: Array

    @classmethod
    def by(cls, instructions: Iterable[Instruction]) -> Written:
        """What these do."""
        found = [(*WRITES[type(i)], i) for i in instructions]
        return cls(
            np.array([storage for storage, _, _ in found], 'U1'),
            np.array([i.out for _, _, i in found], np.int64),
            np.array([count(i) for _, count, i in found], np.int64),
        )


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

    @classmethod
    def of(cls, instructions: Iterable[Instruction], storage: str) -> Entries:
        """The entries that these have for a storage.

        Raises:
            ValueError: an entry is not a whole number.
        """
        found = [
            (np.ravel(table), number)
            for number, i in enumerate(instructions)
            for kind, table in READS[type(i)](i)
            if kind == storage
        ]
        sizes = np.array([len(table) for table, _ in found], np.int64)
        places = np.concatenate([np.zeros(0, np.int32), *(table for table, _ in found)])
        if not np.issubdtype(places.dtype, np.integer):
            raise ValueError('the program is damaged: a table is not of whole numbers')
        starts = np.repeat(np.cumsum(sizes) - sizes, sizes)
        owner = np.repeat(np.array([number for _, number in found], np.int64), sizes)
        return cls(places, owner, np.arange(len(places)) - starts)
