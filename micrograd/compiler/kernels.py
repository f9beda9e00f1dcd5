"""The fixed part of the vector machine: a kernel for each kind of block instruction.

A kernel knows no sizes: it finds them, with the places of its tables, among the arguments of the instruction. So one
compilation serves all programs. Its inner loops are tiles: a few rows by a few vectors whose sums stay in registers.

Invariant: a kernel writes whole vectors to rows, padding lanes included, and to U exactly the slots of its instruction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from llvmlite import ir

from micrograd.compiler.assembly import INDEX, TABLE, Assembler, Values

# What a kernel is called with: U, R, how far rows are apart, how many vectors are worked on, the arguments of the
# instruction (whole numbers), and the frame, which tells of the batch.
FRAME_LANES, FRAME_FIRST, FRAME_SCALE = 0, 1, 2  # examples in the block; is it the first one; 1 / examples in the batch
FRAME_TABLES = 3  # the address of the pool of tables
FRAME_SCRATCH = 8  # from here on kernels may use the frame as they like
CHUNK = 128  # lanes that Outer works on at once, so that what it has turned stays in the fastest cache


class Kernels:
    """Writes the kernels.

    Args:
        assembler: what writes them.

    Attributes:
        U: the slots, within a function.
        R: the rows.
        apart: how far rows are apart.
        vectors: how many vectors of a row are worked on.
        frame: what is known of the batch.
    """

    def __init__(self, assembler: Assembler):
        self.a = assembler
        self.pointer = assembler.real.as_pointer()
        self.signature = [self.pointer, self.pointer, INDEX, INDEX, INDEX.as_pointer(), INDEX.as_pointer()]
        self.U: Any = None
        self.R: Any = None
        self.apart: Any = None
        self.vectors: Any = None
        self.frame: Any = None

    def write(self, kernel: Callable[..., None]) -> None:
        """One of them."""
        with self.a.function(kernel.__name__, self.signature) as arguments:
            kernel(self, *self.enter(arguments, kernel.__code__.co_argcount - 1))

    def enter(self, arguments: Sequence[Any], count: int) -> Values:
        """The arguments of the instruction, as a kernel begins."""
        self.U, self.R, self.apart, self.vectors, words, self.frame = arguments
        return [self.a.read(words, i) for i in range(count)]

    def table(self, start: Any) -> Any:
        """A table among the arguments, which say where it begins in the pool."""
        return self.a.at(self.a.pointer(self.a.read(self.frame, FRAME_TABLES), TABLE), start)

    def row(self, i: Any) -> Any:
        """Where a row begins."""
        return self.a.at(self.R, self.a.b.mul(i, self.apart))

    def vector(self, row: Any, i: Any) -> Any:
        """A vector of a row."""
        return self.a.read_vector(row, self.a.b.mul(i, self.a.index(self.a.width)))

    def put(self, x: Any, row: Any, i: Any) -> None:
        """Store a vector of a row."""
        self.a.write_vector(x, row, self.a.b.mul(i, self.a.index(self.a.width)))

    def write_part(self, x: Any, slots: Any, left_over: Any) -> None:
        """Store a vector to U, or only its first lanes where no more are left over."""
        a = self.a
        with a.b.if_else(a.b.icmp_signed('>=', left_over, a.index(a.width))) as (whole, partly):
            with whole:
                a.write_vector(x, slots, align=a.itemsize)
            with partly:
                scratch = a.b.bitcast(a.at(self.frame, FRAME_SCRATCH), self.pointer)
                a.write_vector(x, scratch)
                with a.loop(a.index(0), left_over) as loop:
                    a.b.store(a.read(scratch, loop.i), a.at(slots, loop.i))

    def scale(self) -> Any:
        """1 / examples."""
        return self.a.read(self.a.b.bitcast(self.frame, self.pointer), FRAME_SCALE * 8 // self.a.itemsize)


def product(k: Kernels, out: Any, m: Any, first: Any, across: Any, along: Any, count: Any, rows: Any) -> None:
    """A matrix product: tiles of 4 rows by 3 vectors."""
    a, table = k.a, k.table(rows)

    def tile(j: Any, high: int, v: Any, wide: int) -> None:
        starts = [a.at(k.U, a.sum(first, a.b.mul(a.sum(j, p), across))) for p in range(high)]
        with a.loop(a.index(0), count, values=[a.constant(0.0)] * (high * wide)) as loop:
            row, step = k.row(a.entry(table, loop.i)), a.b.mul(loop.i, along)
            xs = [k.vector(row, a.sum(v, q)) for q in range(wide)]
            ws = [a.splat(a.read(start, step)) for start in starts]
            loop.values = [
                a.multiply_add(loop.values[p * wide + q], ws[p], xs[q]) for p in range(high) for q in range(wide)
            ]
        for p in range(high):
            row = k.row(a.sum(out, j, p))
            for q in range(wide):
                k.put(loop.values[p * wide + q], row, a.sum(v, q))

    def strip(j: Any, high: int) -> None:
        a.tiles(k.vectors, {4: (3, 2, 1), 2: (3, 1), 1: (8, 3, 1)}[high], lambda v, wide: tile(j, high, v, wide))

    a.tiles(m, (4, 2, 1), strip)


def _sums(k: Kernels, out: Any, m: Any, count: Any, term: Any) -> None:
    """Row by row the sum of `count` terms; term(place) makes what multiplies and adds a vector."""
    a = k.a

    def tile(place: Any, row: Any, v: Any, wide: int) -> None:
        with a.loop(a.index(0), count, values=[a.constant(0.0)] * wide) as loop:
            add = term(a.sum(place, loop.i))
            loop.values = [add(loop.values[q], a.sum(v, q)) for q in range(wide)]
        for q in range(wide):
            k.put(loop.values[q], row, a.sum(v, q))

    with a.loop(a.index(0), m) as loop:
        place, row = a.b.mul(loop.i, count), k.row(a.sum(out, loop.i))
        a.tiles(k.vectors, (4, 3, 1), lambda v, wide: tile(place, row, v, wide))


def sums(k: Kernels, out: Any, m: Any, count: Any, slots: Any, rows: Any) -> None:
    """Sums of rows with coefficients."""
    a, slots, rows = k.a, k.table(slots), k.table(rows)

    def term(place: Any) -> Any:
        w, row = a.splat(a.read(k.U, a.entry(slots, place))), k.row(a.entry(rows, place))
        return lambda total, v: a.multiply_add(total, w, k.vector(row, v))

    _sums(k, out, m, count, term)


def dots(k: Kernels, out: Any, m: Any, count: Any, lefts: Any, rights: Any) -> None:
    """Sums of products of rows."""
    a, lefts, rights = k.a, k.table(lefts), k.table(rights)

    def term(place: Any) -> Any:
        left, right = k.row(a.entry(lefts, place)), k.row(a.entry(rights, place))
        return lambda total, v: a.multiply_add(total, k.vector(left, v), k.vector(right, v))

    _sums(k, out, m, count, term)


def shared_sums(k: Kernels, out: Any, m: Any, count: Any, lefts: Any, rights: Any) -> None:
    """Sums of products of slots."""
    a, lefts, rights = k.a, k.table(lefts), k.table(rights)
    with a.loop(a.index(0), m) as outer_loop:
        place = a.b.mul(outer_loop.i, count)
        with a.loop(a.index(0), count, values=[ir.Constant(a.real, 0.0)]) as loop:
            at = a.sum(place, loop.i)
            x, y = a.read(k.U, a.entry(lefts, at)), a.read(k.U, a.entry(rights, at))
            loop.values = [a.multiply_add(loop.values[0], x, y)]
        a.b.store(loop.values[0], a.at(k.U, a.sum(out, outer_loop.i)))


def _chosen(k: Kernels, index: Any, lane: Any, choices: Any) -> Any:
    """What a row of whole numbers chooses in a lane; kept inside whatever it is."""
    a = k.a
    x, zero = a.read(k.row(index), lane), ir.Constant(a.real, 0.0)
    last = a.b.sitofp(a.sum(choices, -1), a.real)
    x = a.b.select(a.b.fcmp_ordered('>=', x, zero), x, zero)
    return a.b.fptosi(a.b.select(a.b.fcmp_ordered('<=', x, last), x, last), INDEX)


def take(k: Kernels, out: Any, m: Any, choices: Any, index: Any, table: Any) -> None:
    """Numbers chosen by an input."""
    a, table = k.a, k.table(table)
    with a.loop(a.index(0), a.b.mul(k.vectors, a.index(a.width))) as lanes:
        chosen = _chosen(k, index, lanes.i, choices)
        with a.loop(a.index(0), m) as loop:
            x = a.read(k.U, a.entry(table, a.sum(a.b.mul(loop.i, choices), chosen)))
            a.b.store(x, a.at(k.row(a.sum(out, loop.i)), lanes.i))


def scatter(k: Kernels, out: Any, m: Any, choices: Any, index: Any, rows: Any) -> None:
    """The means of what was chosen."""
    a, rows, scale = k.a, k.table(rows), k.scale()
    clear = a.b.select(a.b.icmp_signed('!=', a.read(k.frame, FRAME_FIRST), a.index(0)), a.b.mul(m, choices), a.index(0))
    with a.loop(a.index(0), clear) as loop:
        a.b.store(ir.Constant(a.real, 0.0), a.at(k.U, a.sum(out, loop.i)))
    with a.loop(a.index(0), a.read(k.frame, FRAME_LANES)) as lanes:
        chosen = _chosen(k, index, lanes.i, choices)
        with a.loop(a.index(0), m) as loop:
            slot = a.at(k.U, a.sum(out, a.b.mul(loop.i, choices), chosen))
            x = a.read(k.row(a.entry(rows, loop.i)), lanes.i)
            a.b.store(a.multiply_add(a.b.load(slot), x, scale), slot)


def indexed(k: Kernels, out: Any, m: Any, slots: Any) -> None:
    """Slots in a new order."""
    a, slots = k.a, k.table(slots)
    with a.loop(a.index(0), m) as loop:
        a.b.store(a.read(k.U, a.entry(slots, loop.i)), a.at(k.U, a.sum(out, loop.i)))


KERNELS = (product, sums, dots, shared_sums, take, scatter, indexed)
