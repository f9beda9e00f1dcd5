"""The kernel for means of products, which is a matrix product whose inner index is the lane.

The rows on the right are turned first, a few at a time, so that their numbers for one lane lie side by side. Then lanes
without an example are simply not visited, and whole vectors of means go to U.

Invariant: of the rows only the lanes with an example are multiplied, whatever stands in the others.
"""

from __future__ import annotations

from itertools import product
from typing import Any

from llvmlite import ir

from micrograd.compiler.assembly import REASSOCIATED, Values
from micrograd.compiler.kernels import CHUNK, FRAME_FIRST, FRAME_LANES, FRAME_SCRATCH, Kernels

WIDEST = 3  # vectors in a strip
# For strips of so many vectors the shapes of tiles: rows on the left, and lanes whose products are summed apart, since
# a few sums alone would wait for each other.
SHAPES = {3: {4: 1, 1: 4}, 1: {4: 2, 1: 8}}


def outer(k: Kernels, out: Any, m: Any, count: Any, lefts: Any, rights: Any) -> None:
    """U[out + j * count + i] = mean of R[lefts[j]] * R[rights[i]]."""
    _Outer(k, out, m, count, k.table(lefts), k.table(rights)).write()


class _Outer:
    """Writes the kernel.

    Args:
        k: what writes.
        out: the first slot.
        m: how many rows on the left.
        count: how many rows on the right.
        lefts: their table.
        rights: that of the others.
    """

    def __init__(self, k: Kernels, out: Any, m: Any, count: Any, lefts: Any, rights: Any):
        self.k = k
        self.a = k.a
        self.out, self.m, self.count, self.lefts, self.rights = out, m, count, lefts, rights
        self.lanes = k.a.read(k.frame, FRAME_LANES)
        self.first_block = k.a.b.icmp_signed('!=', k.a.read(k.frame, FRAME_FIRST), k.a.index(0))
        self.scale = k.a.splat(k.scale())
        self.scratch = k.a.b.bitcast(k.a.at(k.frame, FRAME_SCRATCH), k.pointer)
        self.zero = k.a.constant(0.0)
        self.start: Any = None  # the lanes that are worked on …
        self.end: Any = None
        self.first: Any = None  # … and whether they are the first

    def write(self) -> None:
        """Some lanes after the other, and within them strips of columns."""
        a = self.a
        chunks = a.b.sdiv(a.sum(self.lanes, CHUNK - 1), a.index(CHUNK))
        with a.loop(a.index(0), chunks) as loop:
            self.start = a.b.mul(loop.i, a.index(CHUNK))
            self.end = a.least(a.sum(self.start, CHUNK), self.lanes)
            self.first = a.b.and_(self.first_block, a.b.icmp_signed('==', loop.i, a.index(0)))
            with a.loop(a.index(0), self.count, WIDEST * a.width) as strips:
                self.strip(strips.i, WIDEST)
            with a.loop(strips.i, a.sum(self.count, a.width - 1), a.width) as rest:
                self.strip(rest.i, 1)

    def strip(self, column: Any, vectors: int) -> None:
        """The means for the rows on the right from `column` on, as many as vectors hold."""
        a = self.a
        with a.loop(a.index(0), a.index(vectors * a.width), a.width) as parts:
            self.turn(column, parts.i, vectors)
        shapes = SHAPES[vectors]
        a.tiles(self.m, tuple(shapes), lambda j, high: self.tile(j, high, column, vectors, shapes[high]))

    def turn(self, column: Any, part: Any, vectors: int) -> None:
        """As many rows as a vector has lanes, turned into the scratch memory; the last row repeats."""
        a, last = self.a, self.a.sum(self.count, -1)
        places = [a.least(a.sum(column, part, p), last) for p in range(a.width)]
        rows = [self.k.row(a.entry(self.rights, place)) for place in places]
        with a.loop(self.start, a.sum(self.end, a.width - 1), a.width) as loop:
            turned = a.transposed([a.read_vector(row, loop.i) for row in rows])
            for p, x in enumerate(turned):
                a.write_vector(x, self.place(a.sum(loop.i, p), vectors), part)

    def place(self, lane: Any, vectors: int) -> Any:
        """Where the turned vectors of a lane are."""
        a = self.a
        return a.at(self.scratch, a.b.mul(a.b.sub(lane, self.start), a.index(vectors * a.width)))

    def tile(self, j: Any, high: int, column: Any, vectors: int, apart: int) -> None:
        """The means for `high` rows on the left."""
        a = self.a
        rows = [self.k.row(a.entry(self.lefts, a.sum(j, p))) for p in range(high)]
        totals = [a.b.fmul(x, self.scale) for x in self.products(rows, vectors, apart)]
        slot = a.sum(self.out, a.b.mul(j, self.count), column)
        if vectors == WIDEST:
            self.store(totals, slot, high)
        else:
            self.store_part(totals, slot, a.least(a.b.sub(self.count, column), a.index(a.width)))

    def products(self, rows: Values, vectors: int, apart: int) -> Values:
        """The products summed over the lanes: so many lanes at once, then the rest one by one."""
        a, size, at = self.a, len(rows) * vectors, self.start
        carried = [self.zero] * (apart * size)
        for step in dict.fromkeys((apart, 1)):
            with a.loop(at, self.end, step, carried) as loop:
                for u in range(step):
                    lane = a.sum(loop.i, u)
                    turned = self.place(lane, vectors)
                    xs = [a.read_vector(turned, q * a.width) for q in range(vectors)]
                    ws = [a.splat(a.read(row, lane)) for row in rows]
                    for i, (w, x) in enumerate(product(ws, xs), u * size):
                        loop.values[i] = a.multiply_add(loop.values[i], w, x)
            at, carried = loop.i, loop.values
        while len(carried) > size:
            half = len(carried) // 2
            pairs = zip(carried[:half], carried[half:], strict=True)
            carried = [a.b.fadd(x, y, flags=REASSOCIATED) for x, y in pairs]
        return carried

    def store(self, means: Values, slot: Any, high: int) -> None:
        """Store the means of a wide strip, or add them."""
        a = self.a
        starts = [a.at(self.k.U, a.sum(slot, a.b.mul(a.index(p), self.count))) for p in range(high)]
        places = [(start, q * a.width) for start in starts for q in range(WIDEST)]
        with a.b.if_else(self.first) as (first, later):
            with first:
                for x, (start, q) in zip(means, places, strict=True):
                    a.write_vector(x, start, q, align=a.itemsize)
            with later:
                for x, (start, q) in zip(means, places, strict=True):
                    old = a.read_vector(start, q, align=a.itemsize)
                    a.write_vector(a.b.fadd(old, x), start, q, align=a.itemsize)

    def store_part(self, means: Values, slot: Any, wanted: Any) -> None:
        """The same for a strip of one vector, of which only the first lanes may be wanted."""
        a = self.a
        copy = a.at(self.scratch, CHUNK * a.width)
        for p, x in enumerate(means):
            a.write_vector(x, copy, p * a.width)
        with a.loop(a.index(0), a.index(len(means))) as row:
            start = a.at(self.k.U, a.sum(slot, a.b.mul(row.i, self.count)))
            with a.loop(a.index(0), wanted) as loop:
                x = a.read(copy, a.sum(a.b.mul(row.i, a.index(a.width)), loop.i))
                old = a.b.select(self.first, ir.Constant(a.real, 0.0), a.read(start, loop.i))
                a.b.store(a.b.fadd(old, x), a.at(start, loop.i))
