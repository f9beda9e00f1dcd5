"""Writing machine code by way of LLVM: loops, tiles, vectors, and the compilation of what was written.

An `Assembler` writes functions into a module. It writes them as they shall run: loops carry their values in registers,
tiles are unrolled here. LLVM chooses instructions and registers for that; none of its passes over the code is needed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import llvmlite.binding as llvm
import numpy as np
from llvmlite import ir

INDEX = ir.IntType(64)
TABLE = ir.IntType(32)
REASSOCIATED = ('reassoc', 'contract')  # what accumulation may do; never formulas

Values = list[Any]

# In LLVM 22 an assertion fails, which ends the process, where a block masks vectors of AVX-512 and its pass
# TwoAddressInstruction moves an instruction up to save a copy (rescheduleKillAboveMI).
llvm.set_option('micrograd', '-twoaddr-reschedule=false')


def target() -> Any:
    """The processor that this runs on."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    features = llvm.get_host_cpu_features().flatten()
    native = llvm.Target.from_default_triple()
    return native.create_target_machine(cpu=llvm.get_host_cpu_name(), features=features, opt=2, jit=True)


def vector_bytes() -> int:
    """How long its vectors are."""
    features = llvm.get_host_cpu_features()
    return 64 if features.get('avx512f') else 32 if features.get('avx2') else 16


class Loop:
    """A loop that is being written.

    Attributes:
        i: where it is; behind it, where it ended.
        values: what is carried from turn to turn: read it, and set what the next turn shall find. Behind the loop, what
            the last turn left.
    """

    def __init__(self, i: Any, values: Values):
        self.i = i
        self.values = values


class Assembler:
    """Writes functions for numbers of one type.

    Args:
        dtype: of the numbers.
    """

    def __init__(self, dtype: np.dtype):
        self.real: Any = ir.DoubleType() if dtype.itemsize == 8 else ir.FloatType()
        self.width = vector_bytes() // dtype.itemsize
        self.bytes = vector_bytes()
        self.itemsize = dtype.itemsize
        self.vector: Any = ir.VectorType(self.real, self.width)
        self.module = ir.Module()
        self.b: Any = None

    # Functions --------------------------------------------------------------------------------------------------------

    @contextmanager
    def function(self, name: str, arguments: Sequence[Any]) -> Iterator[Any]:
        """A function without a result, being written."""
        f = ir.Function(self.module, ir.FunctionType(ir.VoidType(), arguments), name)
        self.b = ir.IRBuilder(f.append_basic_block())
        yield f.args
        self.b.ret_void()

    @contextmanager
    def loop(self, start: Any, end: Any, step: int = 1, values: Values | None = None) -> Iterator[Loop]:
        """A loop that goes on while a whole step is left."""
        b, before = self.b, self.b.block
        head, body, behind = (b.append_basic_block() for _ in range(3))
        b.branch(head)
        b.position_at_end(head)
        i = b.phi(INDEX)
        i.add_incoming(start, before)
        carried = [b.phi(value.type) for value in values or []]
        for phi, value in zip(carried, values or [], strict=True):
            phi.add_incoming(value, before)
        following = b.add(i, self.index(step))
        b.cbranch(b.icmp_signed('<=', following, end), body, behind)
        b.position_at_end(body)
        loop = Loop(i, list(carried))
        yield loop
        i.add_incoming(following, b.block)
        for phi, value in zip(carried, loop.values, strict=True):
            phi.add_incoming(value, b.block)
        b.branch(head)
        b.position_at_end(behind)
        loop.values = list(carried)

    def tiles(self, end: Any, sizes: Sequence[int], body: Callable[[Any, int], None]) -> None:
        """Cover 0, …, end - 1 with tiles, as many of each size as fit before the next smaller one."""
        start: Any = self.index(0)
        for size in sizes:
            with self.loop(start, end, size) as loop:
                body(loop.i, size)
            start = loop.i

    # Numbers ----------------------------------------------------------------------------------------------------------

    def index(self, i: int) -> Any:
        """A whole number."""
        return ir.Constant(INDEX, i)

    def sum(self, *terms: Any) -> Any:
        """The sum of whole numbers."""
        total, *rest = [self.index(t) if isinstance(t, int) else t for t in terms]
        for t in rest:
            total = self.b.add(total, t)
        return total

    def least(self, x: Any, y: Any) -> Any:
        """The smaller of two whole numbers."""
        return self.b.select(self.b.icmp_signed('<', x, y), x, y)

    def multiply_add(self, total: Any, x: Any, y: Any) -> Any:
        """Total + x * y, in any order and rounding."""
        return self.b.fadd(total, self.b.fmul(x, y, flags=REASSOCIATED), flags=REASSOCIATED)

    def splat(self, x: Any) -> Any:
        """A vector with one number in all its lanes."""
        nothing = ir.Constant(ir.VectorType(x.type, self.width), ir.Undefined)
        first = self.b.insert_element(nothing, x, ir.Constant(TABLE, 0))
        return self.b.shuffle_vector(first, nothing, ir.Constant(ir.VectorType(TABLE, self.width), [0] * self.width))

    def vector_of(self, numbers: Values) -> Any:
        """A vector of numbers."""
        x = ir.Constant(ir.VectorType(numbers[0].type, len(numbers)), ir.Undefined)
        for lane, number in enumerate(numbers):
            x = self.b.insert_element(x, number, ir.Constant(TABLE, lane))
        return x

    def constant(self, x: float, vector: Any = None) -> Any:
        """A vector of constants."""
        vector = vector or self.vector
        return ir.Constant(vector, [ir.Constant(vector.element, x)] * vector.count)

    def shuffle(self, x: Any, y: Any, lanes: Sequence[int]) -> Any:
        """Lanes of two vectors, counted on from the first into the second."""
        return self.b.shuffle_vector(x, y, ir.Constant(ir.VectorType(TABLE, len(lanes)), list(lanes)))

    def lane(self, x: Any, i: int) -> Any:
        """A lane of a vector."""
        return self.b.extract_element(x, ir.Constant(TABLE, i))

    def total(self, x: Any) -> Any:
        """The sum of the lanes of a vector."""
        step = self.width // 2
        while step:
            x = self.b.fadd(x, self.shuffle(x, x, [i ^ step for i in range(self.width)]), flags=REASSOCIATED)
            step //= 2
        return self.lane(x, 0)

    def transposed(self, rows: Values) -> Values:
        """As many vectors as they are long, with rows and columns exchanged: by halves, quarters, and so on."""
        lanes, step = range(self.width), self.width // 2
        while step:
            for i in (i for i in lanes if not i & step):
                x, y = rows[i], rows[i + step]
                rows[i] = self.shuffle(x, y, [q if not q & step else self.width + q - step for q in lanes])
                rows[i + step] = self.shuffle(x, y, [q + step if not q & step else self.width + q for q in lanes])
            step //= 2
        return rows

    # Memory -----------------------------------------------------------------------------------------------------------

    def at(self, pointer: Any, i: Any) -> Any:
        """The address of the i-th number behind a pointer."""
        return self.b.gep(pointer, [self.index(i) if isinstance(i, int) else i])

    def pointer(self, address: Any, kind: Any) -> Any:
        """An address as a pointer to numbers of a kind."""
        return self.b.inttoptr(address, kind.as_pointer())

    def read(self, pointer: Any, i: Any) -> Any:
        """The i-th number behind a pointer."""
        return self.b.load(self.at(pointer, i))

    def entry(self, table: Any, i: Any) -> Any:
        """The i-th entry of a table of slots or rows."""
        return self.b.sext(self.read(table, i), INDEX)

    def read_vector(self, pointer: Any, i: Any = 0, align: int | None = None) -> Any:
        """The vector that begins at the i-th number; aligned to vectors unless said otherwise."""
        address = self.b.bitcast(self.at(pointer, i), self.vector.as_pointer())
        return self.b.load(address, align=align or self.bytes)

    def write_vector(self, x: Any, pointer: Any, i: Any = 0, align: int | None = None) -> None:
        """Store a vector."""
        address = self.b.bitcast(self.at(pointer, i), self.vector.as_pointer())
        self.b.store(x, address, align=align or self.bytes)


class Library:
    """Compiled functions, by name; they live as long as the process."""

    def __init__(self) -> None:
        self._machine = target()
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(''), self._machine)

    def add(self, module: ir.Module) -> None:
        """Compile what was written."""
        self._engine.add_module(llvm.parse_assembly(str(module)))
        self._engine.finalize_object()

    def address(self, name: str) -> int:
        """Where a function begins."""
        return int(self._engine.get_function_address(name))
