"""What all machines have in common: the storage, and how they are fed with examples.

A machine holds one program. Everything that could make it read or write outside of its buffers is checked here, once
for the program and once for the arguments of a call; the machines themselves go on without a check.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import lru_cache
from importlib.util import find_spec
from threading import Lock, Thread
from typing import NamedTuple

import numpy as np

from micrograd.compiler.accesses import Accesses
from micrograd.compiler.checking import check_program
from micrograd.compiler.instructions import BlockProgram
from micrograd.errors import DataError, optional_import

Array = np.ndarray

MACHINES = ('auto', 'llvm', 'numpy')
ALIGNMENT = 64  # bytes: a line of the cache, and the longest vector of any processor
GUARD = 64  # numbers behind the last one of a storage, which vectors may read


class Job(NamedTuple):
    """The arguments of `Machine.steps`, checked."""

    X: Array
    order: Array
    ends: Array
    sizes: Array
    numbers: Array | None
    numbers_at: int
    rows_out: Array | None
    record_out: Array | None


class Machine:
    """A program in storage of its own, ready to run; two threads that use it wait for each other.

    Args:
        program: what it runs.
        dtype: 'float64' or 'float32'.

    Attributes:
        U: the numbers that all examples share; the constants are in it.
        shared: the part of U that the shared leaves are.

    Raises:
        ValueError: an instruction would read or write outside of the storages.
    """

    def __init__(self, program: BlockProgram, dtype: str = 'float64'):
        self.program = program
        self.dtype = np.dtype(dtype)
        self.U = aligned(program.u_size, self.dtype)
        self.U[: len(program.constants)] = program.constants
        self.shared = self.U[program.shared : program.shared + program.shared_count]
        self.rows = np.array([at for storage, at in program.outputs if storage == 'R'], np.int64)
        self.slots = np.array([at for storage, at in program.outputs if storage == 'U'], np.int64)
        self._lock = Lock()
        self._load(check_program(program))

    def _load(self, accesses: Accesses) -> None:
        """Make the program ready to run."""
        raise NotImplementedError

    def steps(
        self,
        X: Array,
        order: Array,
        ends: Array,
        *,
        numbers: Array | None = None,
        numbers_at: int = 0,
        rows_out: Array | None = None,
        record_out: Array | None = None,
    ) -> None:
        """Run the program once for every batch. What it leaves in U, the next step finds there.

        Args:
            X: the examples, an array (examples, inputs).
            order: the examples of the first batch, of the second, and so on: rows of X.
            ends: where in `order` the batch of each step ends; the last is the length of `order`.
            numbers: an array (steps, q): before each step its row is written to U, from `numbers_at` on.
            numbers_at: a slot of U, behind the constants.
            rows_out: an array (length of `order`, varying outputs) of the machine's dtype, to be filled.
            record_out: an array (steps, shared outputs) of the machine's dtype, to be filled.

        Raises:
            ValueError: a shape is not that, or a step would read or write outside of the arrays.
        """
        job = Job(
            np.ascontiguousarray(X, self.dtype),
            np.ascontiguousarray(order, np.int64),
            np.ascontiguousarray(ends, np.int64),
            _sizes(ends),
            None if numbers is None else np.ascontiguousarray(numbers, self.dtype),
            numbers_at,
            rows_out,
            record_out,
        )
        self._check(job)
        if len(job.ends):
            with self._lock:
                self._run(job)

    def _run(self, job: Job) -> None:
        raise NotImplementedError

    def _check(self, job: Job) -> None:
        count, steps = len(job.order), len(job.ends)
        _require(job.X.ndim == 2 and job.X.shape[1] == self.program.inputs, f'X is {job.X.shape}')
        _require(not count or 0 <= job.order.min() <= job.order.max() < len(job.X), 'the order names other examples')
        _require(not steps or (job.sizes.min() > 0 and job.ends[-1] == count), 'a batch is empty, or ends elsewhere')
        if job.numbers is not None:
            last = job.numbers_at + job.numbers.shape[-1]
            _require(job.numbers.ndim == 2 and len(job.numbers) == steps, f'numbers is {job.numbers.shape}')
            _require(len(self.program.constants) <= job.numbers_at and last <= len(self.U), 'numbers do not fit in U')
        self._check_out('rows_out', job.rows_out, (count, len(self.rows)))
        self._check_out('record_out', job.record_out, (steps, len(self.slots)))

    def _check_out(self, name: str, array: Array | None, shape: tuple[int, int]) -> None:
        if array is None:
            return
        if (
            array.shape != shape
            or array.dtype != self.dtype
            or not (array.flags.c_contiguous and array.flags.writeable)
        ):
            _require(False, f'{name} is {array.shape} of {array.dtype}, not {shape} of {self.dtype}')


def _sizes(ends: Array) -> Array:
    sizes = np.array(ends, np.int64)
    sizes[1:] -= ends[:-1]
    return sizes


def _require(right: bool, problem: str) -> None:
    if not right:
        raise ValueError(f'a machine cannot run this: {problem}')


def aligned(size: int, dtype: np.dtype) -> Array:
    """Zeros that begin at a line of the cache and have guard numbers behind them."""
    raw = np.zeros((size + GUARD) * dtype.itemsize + ALIGNMENT, np.uint8)
    start = -raw.ctypes.data % ALIGNMENT
    return raw[start : start + size * dtype.itemsize].view(dtype)


def make(program: BlockProgram, dtype: str = 'float64', machine: str = 'auto') -> Machine:
    """A machine with a program in it.

    Args:
        program: what it will run.
        dtype: 'float64' or 'float32'.
        machine: 'llvm' for machine code, 'numpy', or 'auto': llvm where llvmlite is installed.

    Raises:
        MissingDependencyError: llvmlite is asked for, and not installed.
    """
    if machine == 'auto':
        machine = 'llvm' if find_spec('llvmlite') else _without_llvmlite()
    if machine == 'numpy':
        from micrograd.compiler.arrays import ArrayMachine

        return ArrayMachine(program, dtype)
    optional_import('llvmlite', 'compile')
    from micrograd.compiler.vm import VectorMachine

    return VectorMachine(program, dtype)


def prepare(dtype: str = 'float64', machine: str = 'auto') -> None:
    """Have the fixed part of a machine made in the background, while a program for it is still being traced.

    Args:
        dtype: 'float64' or 'float32'.
        machine: what `make` will be told.
    """
    if machine != 'numpy' and find_spec('llvmlite'):
        from micrograd.compiler.vm import code

        Thread(target=code, args=(np.dtype(dtype),)).start()


@lru_cache(maxsize=1)  # said once
def _without_llvmlite() -> str:
    warnings.warn(
        'llvmlite is not installed, so compiled functions run with NumPy, which is slower. From a checkout: '
        "pip install -e '.[compile]'. To have it run with NumPy without this warning: machine='numpy'",
        stacklevel=2,
    )
    return 'numpy'


def check_choices(bounds: Mapping[int, int], X: Array) -> None:
    """Look through the inputs that choose: they have to be whole numbers, from 0 to below the number of choices.

    Args:
        bounds: input -> how many choices there are.
        X: the examples, an array (examples, inputs).

    Raises:
        DataError: one is not; the message names the example and the column.

    >>> check_choices({1: 3}, np.array([[0.5, 2.0], [0.5, 3.0]]))
    Traceback (most recent call last):
        ...
    micrograd.errors.DataError: example 1 chooses number 3.0 of 3 in column 1; right is a whole number from 0 to 2
    """
    for column, choices in bounds.items():
        chosen = X[:, column]
        right = (chosen >= 0) & (chosen < choices) & (chosen == np.floor(chosen))
        if not right.all():
            example = int(np.argmin(right))
            raise DataError(
                f'example {example} chooses number {chosen[example]} of {choices} in column {column}; '
                f'right is a whole number from 0 to {choices - 1}'
            )
