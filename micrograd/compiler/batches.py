"""The loops around the instructions, in machine code too: over the steps, and over the blocks of lanes of a batch."""

from __future__ import annotations

from typing import Any

from llvmlite import ir

from micrograd.compiler.assembly import INDEX
from micrograd.compiler.kernels import FRAME_FIRST, FRAME_LANES, FRAME_SCALE, Kernels

# What the loops are told, as whole numbers: addresses, and counts. An instruction is a function and its arguments.
WORDS = (
    'before', 'before_count', 'lanes', 'lanes_count', 'after', 'after_count',  # instructions
    'X', 'inputs', 'order', 'ends', 'steps', 'numbers', 'numbers_count', 'numbers_at',
    'rows_out', 'rows', 'rows_count', 'record_out', 'slots', 'slots_count',
    'most', 'frame',
)  # fmt: skip


class Batches:
    """Writes the function `run` (U, R, words).

    Args:
        kernels: what writes it.
    """

    def __init__(self, kernels: Kernels):
        self.k = kernels
        self.a = kernels.a

    def write(self) -> None:
        """The loop over the steps."""
        k, a = self.k, self.a
        with a.function('run', [k.pointer, k.pointer, INDEX.as_pointer()]) as (k.U, k.R, words):
            self.words = {name: a.read(words, i) for i, name in enumerate(WORDS)}
            k.frame = self.pointer('frame', INDEX)
            with a.loop(a.index(0), self.words['steps'], values=[a.index(0)]) as step:
                self.copy_numbers(step.i)
                self.execute('before', a.index(0), a.index(0))
                end = a.read(self.pointer('ends', INDEX), step.i)
                self.batch(step.values[0], end)
                self.execute('after', a.index(0), a.index(0))
                self.collect(step.i)
                step.values = [end]

    def pointer(self, name: str, kind: Any) -> Any:
        """One of the words as a pointer."""
        return self.a.pointer(self.words[name], kind)

    def execute(self, name: str, apart: Any, vectors: Any) -> None:
        """Call the instructions of a list."""
        k, a = self.k, self.a
        kernel = ir.FunctionType(ir.VoidType(), k.signature).as_pointer()
        code = self.pointer(name, INDEX)
        with a.loop(a.index(0), self.words[f'{name}_count']) as loop:
            at = a.b.mul(loop.i, a.index(2))
            f = a.b.inttoptr(a.read(code, at), kernel)
            a.b.call(f, [k.U, k.R, apart, vectors, a.pointer(a.read(code, a.sum(at, 1)), INDEX), k.frame])

    def copy_numbers(self, step: Any) -> None:
        """What the step is given, into U; none are counted where none are given."""
        a, count = self.a, self.words['numbers_count']
        start = a.b.mul(step, count)
        with a.loop(a.index(0), count) as loop:
            x = a.read(self.pointer('numbers', a.real), a.sum(start, loop.i))
            a.b.store(x, a.at(self.k.U, a.sum(self.words['numbers_at'], loop.i)))

    def collect(self, step: Any) -> None:
        """The shared outputs, out of U."""
        a, count = self.a, self.words['slots_count']
        start = a.b.mul(step, count)
        with a.loop(a.index(0), count) as loop:
            x = a.read(self.k.U, a.read(self.pointer('slots', INDEX), loop.i))
            a.b.store(x, a.at(self.pointer('record_out', a.real), a.sum(start, loop.i)))

    def batch(self, start: Any, end: Any) -> None:
        """The loop over the blocks of a batch, which are as equal as they can be."""
        k, a = self.k, self.a
        count = a.b.sub(end, start)
        blocks = self.over(count, self.words['most'])
        size = a.b.mul(self.over(self.over(count, blocks), a.index(a.width)), a.index(a.width))
        one = ir.Constant(a.real, 1.0)
        scales = a.b.bitcast(k.frame, k.pointer)
        a.b.store(a.b.fdiv(one, a.b.sitofp(count, a.real)), a.at(scales, FRAME_SCALE * 8 // a.itemsize))
        with a.loop(a.index(0), self.over(count, size)) as loop:
            first = a.b.mul(loop.i, size)
            lanes = a.least(size, a.b.sub(count, first))
            vectors = self.over(lanes, a.index(a.width))
            k.apart = a.b.mul(vectors, a.index(a.width))
            a.b.store(lanes, a.at(k.frame, FRAME_LANES))
            a.b.store(a.b.zext(a.b.icmp_signed('==', loop.i, a.index(0)), INDEX), a.at(k.frame, FRAME_FIRST))
            at = a.sum(start, first)
            self.fill(at, lanes, vectors)
            self.execute('lanes', k.apart, vectors)
            self.deliver(at, lanes)

    def over(self, x: Any, y: Any) -> Any:
        """X / y, rounded up."""
        return self.a.b.sdiv(self.a.sum(x, y, -1), y)

    def fill(self, start: Any, lanes: Any, vectors: Any) -> None:
        """The row of ones, and the examples turned into rows; padding lanes repeat the last example."""
        k, a = self.k, self.a
        ones = a.constant(1.0)
        inputs, order, X = self.words['inputs'], self.pointer('order', INDEX), self.pointer('X', a.real)
        with a.loop(a.index(0), vectors) as loop:
            k.put(ones, k.R, loop.i)
            first = a.b.mul(loop.i, a.index(a.width))
            places = [a.sum(start, a.least(a.sum(first, q), a.sum(lanes, -1))) for q in range(a.width)]
            examples = [a.at(X, a.b.mul(a.read(order, place), inputs)) for place in places]
            with a.loop(a.index(0), inputs, a.width) as columns:
                turned = a.transposed([a.read_vector(x, columns.i, align=a.itemsize) for x in examples])
                for q, row in enumerate(turned):
                    k.put(row, k.row(a.sum(columns.i, 1 + q)), loop.i)
            with a.loop(columns.i, inputs) as rest:
                k.put(a.vector_of([a.read(x, rest.i) for x in examples]), k.row(a.sum(rest.i, 1)), loop.i)

    def deliver(self, start: Any, lanes: Any) -> None:
        """The varying outputs, out of R; none are counted where nobody wants them."""
        k, a, count = self.k, self.a, self.words['rows_count']
        with a.loop(a.index(0), count) as loop:
            row = k.row(a.read(self.pointer('rows', INDEX), loop.i))
            to = self.pointer('rows_out', a.real)
            with a.loop(a.index(0), lanes) as lane:
                place = a.sum(a.b.mul(a.sum(start, lane.i), count), loop.i)
                a.b.store(a.read(row, lane.i), a.at(to, place))
