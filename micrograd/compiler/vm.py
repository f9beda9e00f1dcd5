"""The vector machine: block programs in machine code, by way of LLVM.

Its fixed part, the kernels and the loops around them, is compiled once a process for each type of numbers, whatever the
program. The kernels of formulas follow when a program first needs them. A program itself is data: for each instruction
the address of a kernel, and its arguments.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterable
from functools import cache, singledispatchmethod
from threading import Lock
from typing import Any

import numpy as np

from micrograd.compiler import formulas
from micrograd.compiler.assembly import Assembler, Library
from micrograd.compiler.batches import WORDS, Batches
from micrograd.compiler.formulas import Formula
from micrograd.compiler.instructions import (
    BlockProgram,
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
    Sums,
    Take,
)
from micrograd.compiler.kernels import CHUNK, FRAME_SCRATCH, KERNELS, Kernels
from micrograd.compiler.machine import Array, Job, Machine, aligned
from micrograd.compiler.outer import outer

CACHE = 1 << 18  # bytes of the rows that are worked on at once: half of the second cache of most processors
FEWEST = 4  # vectors in a block of lanes, even if they do not fit


class Code:
    """The machine code for one type of numbers.

    Args:
        dtype: of the numbers.
    """

    def __init__(self, dtype: np.dtype):
        self._dtype = dtype
        self._library = Library()
        self._formulas: dict[Formula, int] = {}
        self._lock = Lock()
        assembler = Assembler(dtype)
        self.width = assembler.width
        kernels = Kernels(assembler)
        for kernel in (*KERNELS, outer):
            kernels.write(kernel)
        Batches(kernels).write()
        self._library.add(assembler.module)
        self.kernel = cache(self._library.address)
        self.run = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 3)(self._library.address('run'))

    def formulas(self, wanted: Iterable[Formula]) -> dict[Formula, int]:
        """Where the kernels of formulas begin; those that are not there yet are made together."""
        with self._lock:
            new = {formula: f'formula{len(self._formulas) + i}' for i, formula in enumerate(self._missing(wanted))}
            if new:
                kernels = Kernels(Assembler(self._dtype))
                for formula, name in new.items():
                    formulas.write(kernels, name, formula)
                self._library.add(kernels.a.module)
                self._formulas.update((formula, self._library.address(name)) for formula, name in new.items())
            return self._formulas

    def _missing(self, wanted: Iterable[Formula]) -> list[Formula]:
        return [formula for formula in dict.fromkeys(wanted) if formula not in self._formulas]


code = cache(Code)


class VectorMachine(Machine):
    """The machine in machine code: see `Machine`."""

    def __init__(self, program: BlockProgram, dtype: str = 'float64'):
        super().__init__(program, dtype)
        self.code = code(self.dtype)
        width = self.code.width
        fitting = CACHE // (self.dtype.itemsize * program.r_size * width)
        self.most = max(FEWEST, fitting) * width
        self._R = aligned(0, self.dtype)
        scratch = (CHUNK + width + 2) * 3 * width * self.dtype.itemsize // 8
        self._frame = aligned(FRAME_SCRATCH + scratch, np.dtype(np.int64))
        translation = Translation(self.code)
        self._lists = [translation.translated(part) for part in (program.before, program.lanes, program.after)]
        self._kept = translation.kept

    def _run(self, job: Job) -> None:
        if not len(job.ends):
            return
        most = int(np.diff(job.ends, prepend=0).max())
        lanes = min(self.most, -(-most // self.code.width) * self.code.width)
        if len(self._R) < self.program.r_size * lanes:
            self._R = aligned(self.program.r_size * lanes, self.dtype)
        words = np.array([self._words(job)[name] for name in WORDS], np.int64)
        self.code.run(self.U.ctypes.data, self._R.ctypes.data, words.ctypes.data)

    def _words(self, job: Job) -> dict[str, int]:
        before, lanes, after = self._lists
        return {
            'before': _address(before), 'befores': len(before),
            'lanes': _address(lanes), 'laness': len(lanes),
            'after': _address(after), 'afters': len(after),
            'X': _address(job.X), 'inputs': self.program.inputs,
            'order': _address(job.order), 'ends': _address(job.ends), 'steps': len(job.ends),
            'numbers': _address(job.numbers), 'numbers_at': job.numbers_at,
            'numbers_count': 0 if job.numbers is None else job.numbers.shape[1],
            'rows_out': _address(job.rows_out), 'rows': _address(self.rows),
            'rows_count': 0 if job.rows_out is None else len(self.rows),
            'record_out': _address(job.record_out), 'slots': _address(self.slots),
            'slots_count': 0 if job.record_out is None else len(self.slots),
            'most': self.most, 'frame': _address(self._frame),
        }  # fmt: skip


def _address(array: Array | None) -> int:
    return 0 if array is None else array.ctypes.data


class Translation:
    """Turns instructions into calls of kernels.

    Args:
        code: where the kernels are.

    Attributes:
        kept: the arrays that the calls refer to, which have to live as long.
    """

    def __init__(self, code: Code):
        self._code = code
        self.kept: list[Array] = []

    def translated(self, instructions: list[Instruction]) -> Array:
        """For each call the address of the kernel, and that of its arguments."""
        calls = [call for instruction in instructions for call in self.calls(instruction)]
        addresses = self._code.formulas(kernel for kernel, _ in calls if isinstance(kernel, Formula))
        words = np.array([word for _, arguments in calls for word in arguments], np.int64)
        starts = np.cumsum([0] + [len(arguments) for _, arguments in calls])[:-1] * 8 + words.ctypes.data
        self.kept.append(words)
        places = [addresses[k] if isinstance(k, Formula) else self._code.kernel(k) for k, _ in calls]
        return np.column_stack([np.array(places, np.int64), starts]).copy()

    def table(self, entries: Any) -> int:
        """The address of a table; there are entries to read behind the last one."""
        flat = np.ravel(entries)
        padded = np.full(len(flat) + self._code.width, flat[-1], np.int32)
        padded[: len(flat)] = flat
        self.kept.append(padded)
        return padded.ctypes.data

    @singledispatchmethod
    def calls(self, instruction: Instruction) -> list[tuple[Any, list[int]]]:
        """The kernels that an instruction calls, with their arguments."""
        raise AssertionError(instruction)

    @calls.register
    def _(self, i: Product) -> list[tuple[Any, list[int]]]:
        return [('product', [i.out, i.m, i.first, i.across, i.along, len(i.rows), self.table(i.rows)])]

    @calls.register
    def _(self, i: Sums) -> list[tuple[Any, list[int]]]:
        return [('sums', [i.out, *i.rows.shape, self.table(i.slots), self.table(i.rows)])]

    @calls.register
    def _(self, i: Dots) -> list[tuple[Any, list[int]]]:
        return [('dots', [i.out, *i.lefts.shape, self.table(i.lefts), self.table(i.rights)])]

    @calls.register
    def _(self, i: SharedSums) -> list[tuple[Any, list[int]]]:
        return [('shared_sums', [i.out, *i.lefts.shape, self.table(i.lefts), self.table(i.rights)])]

    @calls.register
    def _(self, i: Map) -> list[tuple[Any, list[int]]]:
        kinds = tuple(formulas.SLOTS if shared else formulas.ROWS for shared in i.shared)
        tables = [self.table(table) for table in i.operands]
        return [(Formula(formulas.MAP, i.expression, kinds), [i.out, len(i.operands[0]), *tables])]

    @calls.register
    def _(self, i: SharedMap) -> list[tuple[Any, list[int]]]:
        return [self._on_slots(formulas.SHARED_MAP, i)]

    @calls.register
    def _(self, i: SharedTotal) -> list[tuple[Any, list[int]]]:
        return [self._on_slots(formulas.SHARED_TOTAL, i)]

    def _on_slots(self, kind: str, i: Any) -> tuple[Any, list[int]]:
        kinds = tuple(formulas.kind_of_slots(table) for table in i.operands)
        places = [
            self.table(table) if kind == formulas.SLOTS else int(table[0])
            for table, kind in zip(i.operands, kinds, strict=True)
        ]
        return Formula(kind, i.expression, kinds), [i.out, len(i.operands[0]), *places]

    @calls.register
    def _(self, i: Outer) -> list[tuple[Any, list[int]]]:
        lefts, rights = (i.rights, i.lefts) if len(i.rights) == 1 else (i.lefts, i.rights)  # one column: a row will do
        return [('outer', [i.out, len(lefts), len(rights), self.table(lefts), self.table(rights)])]

    @calls.register
    def _(self, i: Take) -> list[tuple[Any, list[int]]]:
        return [('take', [i.out, *i.table.shape, i.index, self.table(i.table)])]

    @calls.register
    def _(self, i: Scatter) -> list[tuple[Any, list[int]]]:
        return [('scatter', [i.out, len(i.rows), i.choices, i.index, self.table(i.rows)])]

    @calls.register
    def _(self, i: Indexed) -> list[tuple[Any, list[int]]]:
        return [('indexed', [i.out, len(i.slots), self.table(i.slots)])]
