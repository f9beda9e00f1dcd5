"""The other part of the vector machine: kernels for formulas, written when a program needs them.

A kernel is made for a formula and the kinds of its operands, and serves any number of rows or slots at any place.

Invariant: a formula is computed as it stands, each operation rounded; only the adding up of a total may be reordered.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from llvmlite import ir

from micrograd.compiler.assembly import REASSOCIATED
from micrograd.compiler.expressions import Expression
from micrograd.compiler.kernels import Kernels
from micrograd.compiler.vectors import NATIVE, Vectors

# Where an operand lies: in rows that a table lists; in slots that a table lists, or one behind another, or all in one.
ROWS, SLOTS, NEXT, SAME = 'rows', 'slots', 'next', 'same'
MAP, SHARED_MAP, SHARED_TOTAL = 'map', 'shared_map', 'shared_total'


class Formula(NamedTuple):
    """What a kernel is made for.

    Args:
        kind: the instruction: MAP, SHARED_MAP or SHARED_TOTAL.
        expression: the formula.
        operands: where each operand lies.
    """

    kind: str
    expression: Expression
    operands: tuple[str, ...]


def is_quick(expression: Expression) -> bool:
    """Whether a formula takes a few instructions only."""
    return len(expression.steps) < 8 and all(isinstance(s, float) or s[0] in NATIVE for s in expression.steps)


def write(kernels: Kernels, name: str, formula: Formula) -> None:
    """The kernel of a formula; its arguments are out, m, for a total whether it is added, and one for each operand."""
    body = {MAP: _map, SHARED_MAP: _shared_map, SHARED_TOTAL: _shared_total}[formula.kind]
    with kernels.a.function(name, kernels.signature) as arguments:
        out, m, *more = kernels.enter(arguments, 2 + (formula.kind == SHARED_TOTAL) + len(formula.operands))
        body(kernels, formula, out, m, *more)


def _map(k: Kernels, formula: Formula, out: Any, m: Any, *places: Any) -> None:
    """A formula on rows."""
    a, vectors = k.a, Vectors(k.a)
    tables = [k.table(place) for place in places]
    with a.loop(a.index(0), m) as loop:
        at = [a.entry(table, loop.i) for table in tables]
        kinds = formula.operands
        operands = [k.row(i) if kind == ROWS else a.splat(a.read(k.U, i)) for i, kind in zip(at, kinds, strict=True)]
        row = k.row(a.sum(out, loop.i))

        def tile(v: Any, wide: int) -> None:
            for q in range(wide):
                place = a.sum(v, q)
                xs = [k.vector(x, place) if kind == ROWS else x for x, kind in zip(operands, kinds, strict=True)]
                k.put(vectors.formula(formula.expression, xs), row, place)

        a.tiles(k.vectors, (4, 1) if is_quick(formula.expression) else (1,), tile)


class _Slots:
    """The operands of a formula on slots.

    Args:
        k: what writes.
        formula: the formula.
        places: of each operand its table, or its only or first slot.
    """

    def __init__(self, k: Kernels, formula: Formula, places: Sequence[Any]):
        self.k = k
        self.formula = formula
        self.vectors = Vectors(k.a)
        readers: dict[str, Callable[[Any], Any]] = {
            SLOTS: k.table,
            SAME: lambda at: k.a.splat(k.a.read(k.U, at)),
            NEXT: lambda at: k.a.at(k.U, at),
        }
        kinds = zip(places, formula.operands, strict=True)
        self.sources = [(readers[kind](place), kind) for place, kind in kinds]

    def at(self, i: Any) -> Any:
        """The vector that the formula makes for i, i + 1, …; there is something to read behind the last one."""
        return self.vectors.formula(self.formula.expression, [self._read(x, kind, i) for x, kind in self.sources])

    def _read(self, source: Any, kind: str, i: Any) -> Any:
        a = self.k.a
        if kind == SAME:
            return source
        if kind == NEXT:
            return a.read_vector(source, i, align=a.itemsize)
        places = [a.entry(source, a.sum(i, lane)) for lane in range(a.width)]
        return a.vector_of([a.read(self.k.U, place) for place in places])

    def sizes(self) -> tuple[int, ...]:
        """How many vectors are worked on at once."""
        return (4,) if is_quick(self.formula.expression) else ()


def _shared_map(k: Kernels, formula: Formula, out: Any, m: Any, *places: Any) -> None:
    """A formula on slots; of the last vector only some lanes are stored."""
    a, slots = k.a, _Slots(k, formula, places)
    to, start = a.at(k.U, out), a.index(0)
    for size in slots.sizes():
        with a.loop(start, m, size * a.width) as loop:
            found = [slots.at(a.sum(loop.i, q * a.width)) for q in range(size)]
            for q, x in enumerate(found):
                a.write_vector(x, to, a.sum(loop.i, q * a.width), align=a.itemsize)
        start = loop.i
    with a.loop(start, a.sum(m, a.width - 1), a.width) as loop:
        k.write_part(slots.at(loop.i), a.at(to, loop.i), a.b.sub(m, loop.i))


def _shared_total(k: Kernels, formula: Formula, out: Any, m: Any, added: Any, *places: Any) -> None:
    """The sum of a formula on slots, which may be added to a sum; of the last vector only some lanes count."""
    a, slots = k.a, _Slots(k, formula, places)
    zero, start = a.constant(0.0), a.index(0)
    total: Any = zero
    for size in slots.sizes():
        with a.loop(start, m, size * a.width, [zero] * size) as loop:
            found = [slots.at(a.sum(loop.i, q * a.width)) for q in range(size)]
            loop.values = [a.b.fadd(t, x, flags=REASSOCIATED) for t, x in zip(loop.values, found, strict=True)]
        start = loop.i
        for t in loop.values:
            total = a.b.fadd(total, t, flags=REASSOCIATED)
    lanes = ir.Constant(ir.VectorType(ir.IntType(64), a.width), [a.index(q) for q in range(a.width)])
    with a.loop(start, a.sum(m, a.width - 1), a.width, [total]) as loop:
        counts = a.b.icmp_signed('<', lanes, a.splat(a.b.sub(m, loop.i)))
        x = a.b.select(counts, slots.at(loop.i), zero)
        loop.values = [a.b.fadd(loop.values[0], x, flags=REASSOCIATED)]
    sum_so_far = a.b.select(a.b.icmp_signed('!=', added, a.index(0)), a.read(k.U, out), ir.Constant(a.real, 0.0))
    a.b.store(a.b.fadd(sum_so_far, a.total(loop.values[0])), a.at(k.U, out))
