"""The vector machine: block programs in machine code, by way of LLVM.

Its fixed part, the kernels and the loops around them, is compiled once a process for each type of numbers, whatever the
program. The kernels of formulas follow when a program first needs them. A program itself is data: for each instruction
the address of a kernel, and its arguments.
"""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from threading import Lock

import numpy as np

from micrograd.compiler import formulas
from micrograd.compiler.accesses import Accesses
from micrograd.compiler.assembly import Assembler, Library
from micrograd.compiler.batches import WORDS, Batches
from micrograd.compiler.formulas import Formula
from micrograd.compiler.kernels import CHUNK, FRAME_SCRATCH, FRAME_TABLES, KERNELS, Kernels
from micrograd.compiler.machine import Array, Job, Machine, aligned
from micrograd.compiler.outer import outer
from micrograd.compiler.reuse import rows_reused
from micrograd.compiler.translation import Calls, Kernel, Translation

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
        self.run = ctypes.CFUNCTYPE(None, *[ctypes.c_void_p] * 3)(self._library.address('run'))

    def addresses(self, parts: Sequence[Calls]) -> list[Array]:
        """Where the kernels begin that the parts of a program call; formulas that are new are compiled together."""
        with self._lock:
            wanted = {id(kernel): kernel for calls in parts for kernel in calls.kernels}
            self._make([kernel for kernel in wanted.values() if isinstance(kernel, Formula)])
            found = {key: self._address(kernel) for key, kernel in wanted.items()}
        return [np.array([found[id(kernel)] for kernel in calls.kernels], np.int64) for calls in parts]

    def _address(self, kernel: Kernel) -> int:
        return self._formulas[kernel] if isinstance(kernel, Formula) else self._library.address(kernel)

    def _make(self, wanted: Sequence[Formula]) -> None:
        new = [formula for formula in dict.fromkeys(wanted) if formula not in self._formulas]
        if not new:
            return
        kernels = Kernels(Assembler(self._dtype))
        names = [f'formula{i}' for i in range(len(self._formulas), len(self._formulas) + len(new))]
        for formula, name in zip(new, names, strict=True):
            formulas.write(kernels, name, formula)
        self._library.add(kernels.a.module)
        self._formulas.update(zip(new, map(self._library.address, names), strict=True))


_codes: dict[np.dtype, Code] = {}
_making = Lock()


def code(dtype: np.dtype) -> Code:
    """The machine code for a type of numbers, made when it is first wanted."""
    with _making:
        if dtype not in _codes:
            _codes[dtype] = Code(dtype)
        return _codes[dtype]


class VectorMachine(Machine):
    """The machine in machine code: see `Machine`."""

    def _load(self, accesses: Accesses) -> None:
        program = self.program
        self.code = code(self.dtype)
        width = self.code.width
        pays = program.r_size * FEWEST * width * self.dtype.itemsize > CACHE
        rows = rows_reused(program, accesses) if pays else np.arange(program.r_size)
        self.rows = rows[self.rows]
        self.r_size = int(rows.max()) + 1
        fitting = CACHE // (self.dtype.itemsize * self.r_size * width)
        self.most = max(FEWEST, fitting) * width
        self._R = aligned(0, self.dtype)
        scratch = (CHUNK + width + 2) * 3 * width * self.dtype.itemsize // 8
        self._frame = aligned(FRAME_SCRATCH + scratch, np.dtype(np.int64))
        translation = Translation(width, rows)
        calls = [translation.translated(part) for part in (program.before, program.lanes, program.after)]
        self._tables = translation.tables()
        self._frame[FRAME_TABLES] = self._tables.ctypes.data
        self._calls = calls
        self._code = [self._located(*pair) for pair in zip(calls, self.code.addresses(calls), strict=True)]
        self._fixed = self._fixed_words()

    def _located(self, calls: Calls, kernels: Array) -> Array:
        """For each call the address of the kernel, and that of its arguments."""
        starts = calls.words.ctypes.data + calls.starts * calls.words.itemsize
        return np.ascontiguousarray(np.column_stack([kernels, starts]))

    def _fixed_words(self) -> dict[str, int]:
        """What the loops are told of the program."""
        before, lanes, after = self._code
        return {
            'before': _address(before), 'before_count': len(before),
            'lanes': _address(lanes), 'lanes_count': len(lanes),
            'after': _address(after), 'after_count': len(after),
            'inputs': self.program.inputs, 'rows': _address(self.rows), 'slots': _address(self.slots),
            'most': self.most, 'frame': _address(self._frame),
        }  # fmt: skip

    def _words(self, job: Job) -> dict[str, int]:
        """What they are told besides for a call."""
        return self._fixed | {
            'X': _address(job.X), 'order': _address(job.order), 'ends': _address(job.ends), 'steps': len(job.ends),
            'numbers': _address(job.numbers), 'numbers_at': job.numbers_at,
            'numbers_count': 0 if job.numbers is None else job.numbers.shape[1],
            'rows_out': _address(job.rows_out), 'rows_count': 0 if job.rows_out is None else len(self.rows),
            'record_out': _address(job.record_out), 'slots_count': 0 if job.record_out is None else len(self.slots),
        }  # fmt: skip

    def _run(self, job: Job) -> None:
        lanes = min(self.most, -(-int(job.sizes.max()) // self.code.width) * self.code.width)
        if len(self._R) < self.r_size * lanes:
            self._R = aligned(self.r_size * lanes, self.dtype)
        told = self._words(job)
        words = np.array([told[name] for name in WORDS], np.int64)
        self.code.run(_address(self.U), _address(self._R), _address(words))


def _address(array: Array | None) -> int:
    return 0 if array is None else array.ctypes.data
