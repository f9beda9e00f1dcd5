"""The vector machine."""

import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from micrograd.compiler import vm
from micrograd.compiler.arrays import ArrayMachine
from micrograd.compiler.expressions import of_row
from micrograd.compiler.instructions import Map
from micrograd.compiler.kernels import FRAME_SCRATCH
from micrograd.compiler.machine import prepare
from micrograd.compiler.vm import VectorMachine, code
from micrograd.primitives import DIV
from tests.compiler.agreement import LANES, close, compare, outputs
from tests.compiler.literal import PROGRAMS, Literal, examples, shared_numbers


@pytest.mark.parametrize('lanes', LANES)
@pytest.mark.parametrize('dtype', ['float64', 'float32'])
@pytest.mark.parametrize('name', PROGRAMS)
def test_instructions_mean_what_they_say(name: str, lanes: int, dtype: str):
    compare(VectorMachine, PROGRAMS[name](), lanes, dtype)


# Memory ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize('name', PROGRAMS)
@pytest.mark.parametrize('lanes', [1, 7, 100])
def test_what_stands_in_padding_and_unwritten_rows_is_never_seen(name: str, lanes: int):
    program = PROGRAMS[name]()
    machine, X = VectorMachine(program), examples(lanes, 'float64')
    machine.shared[:] = shared_numbers('float64')
    before = machine.U.copy()
    clean = outputs(machine, X, [lanes])
    machine.U[:] = before
    poison(machine)
    poisoned = outputs(machine, X, [lanes])
    same(clean, poisoned)


def same(found: Any, right: Any) -> None:
    """Equal to the last bit; nan is equal to nan."""
    for a, b in zip(found, right, strict=True):
        np.testing.assert_array_equal(a, b)


def poison(machine: VectorMachine) -> None:
    """Nan wherever nothing is to be read before it is written."""
    machine._R[:] = np.nan
    machine.U[machine.program.shared + machine.program.shared_count :] = np.nan
    machine._frame[FRAME_SCRATCH:] = -1  # all bits set are a nan


@pytest.mark.parametrize('dtype', ['float64', 'float32'])
def test_lanes_without_an_example_take_no_part_whatever_stands_in_them(dtype: str):
    """1 / input is inf in a padding lane if it were filled with 0, and the last example is repeated there: 1 / 0."""
    generator = np.random.default_rng(1)
    program = PROGRAMS['outers']()
    reciprocal = of_row(DIV, 2)
    places = (np.zeros(9, np.int32), np.arange(1, 10, dtype=np.int32))
    program.lanes.insert(0, Map(out=program.r_size, expression=reciprocal, operands=places, shared=(False, False)))
    program.r_size += 9
    for instruction in program.lanes[1:]:
        instruction.rights = instruction.rights + program.r_size - 10
    literal = Literal(program, shared_numbers(dtype))
    machine = VectorMachine(program, dtype)
    X = generator.uniform(1.0, 2.0, (13, 9)).astype(dtype)
    expected = literal.steps(X, np.arange(13), [5, 13])
    for found, right in zip(outputs(machine, X, [5, 13]), expected, strict=True):
        close(found, right, dtype)


GUARDED = """
import ctypes, mmap, sys
import numpy as np
from micrograd.compiler import machine, vm
from tests.compiler.literal import INPUTS, PROGRAMS, examples, shared_numbers

libc = ctypes.CDLL(None, use_errno=True)
libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
kept, canaries = [], []


def guarded(size, dtype, slack=machine.GUARD):
    '''Zeros that end, but for the guard numbers, where memory ends.'''
    wanted = (size + slack) * dtype.itemsize
    pages = -(-wanted // mmap.PAGESIZE) + 2
    area = mmap.mmap(-1, pages * mmap.PAGESIZE)
    kept.append(area)
    start = ctypes.addressof(ctypes.c_char.from_buffer(area))
    for page in (0, pages - 1):
        assert libc.mprotect(start + page * mmap.PAGESIZE, mmap.PAGESIZE, 0) == 0
    first = (pages - 1) * mmap.PAGESIZE - wanted
    first -= first % machine.ALIGNMENT if slack else 0
    numbers = np.frombuffer(area, dtype, size, first)
    canaries.append(np.frombuffer(area, np.uint8, slack * dtype.itemsize, first + numbers.nbytes))
    canaries[-1][:] = 255
    return numbers


vm.aligned = machine.aligned = guarded
name, dtype = sys.argv[1:]
program = PROGRAMS[name]()
m = vm.VectorMachine(program, dtype)
m.shared[:] = shared_numbers(dtype)
for lanes in (1, 3, 8, 13, 100, 1001):
    given = examples(lanes, dtype)
    X = guarded(given.size, m.dtype, 0).reshape(given.shape)
    X[:] = given
    order, ends = guarded(lanes, np.dtype(np.int64), 0), guarded(1, np.dtype(np.int64), 0)
    order[:], ends[:] = np.arange(lanes), lanes
    rows = guarded(lanes * len(m.rows), m.dtype, 0).reshape(lanes, -1)
    record = guarded(len(m.slots), m.dtype, 0).reshape(1, -1)
    m.steps(X, order, ends, rows_out=rows, record_out=record)
    X[:, 0] = np.resize([np.nan, np.inf, -np.inf, -1e6, 1e6, 1e30, 0.5], lanes)  # choices that do not exist
    m.steps(X, order, ends, rows_out=rows, record_out=record)
assert all((canary == 255).all() for canary in canaries), 'something was written behind a buffer'
print('done')
"""


@pytest.mark.skipif(sys.platform != 'linux', reason='mprotect')
@pytest.mark.parametrize('dtype', ['float64', 'float32'])
@pytest.mark.parametrize('name', PROGRAMS)
def test_nothing_is_read_or_written_outside_of_the_buffers(name: str, dtype: str):
    """Every buffer ends at a page that may not be touched: a step outside would end the process."""
    done = subprocess.run([sys.executable, '-c', GUARDED, name, dtype], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, 'done\n'), done.stderr


def test_both_machines_keep_choices_inside_alike():
    program = PROGRAMS['choices']()
    X = examples(7, 'float64')
    X[:, 0] = [np.nan, np.inf, -np.inf, -1e6, 1e6, 1e30, 0.5]
    machines = [VectorMachine(program), ArrayMachine(program)]
    found = []
    for machine in machines:
        machine.shared[:] = shared_numbers('float64')
        found.append(outputs(machine, X, [7]))
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-14)


def test_a_machine_whose_indices_leave_its_storages_is_refused():
    program = PROGRAMS['sums']()
    program.lanes[0].rows[0, 0] = program.r_size
    with pytest.raises(ValueError, match='it reads elsewhere; Sums of a test'):
        VectorMachine(program)


# Threads --------------------------------------------------------------------------------------------------------------


def test_machines_run_in_threads_of_their_own_and_one_serves_several():
    X, shared = examples(1001, 'float64'), shared_numbers('float64')
    machines = [VectorMachine(PROGRAMS['maps']()) for _ in range(2)]
    for machine in machines:
        machine.shared[:] = shared
    right = outputs(machines[0], X, [500, 1001])
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda i: outputs(machines[i % 2], X, [500, 1001]), range(12)))
    for result in found:
        same(result, right)


def test_the_fixed_part_is_made_once_also_from_several_threads():
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(code, [np.dtype('float64')] * 8))
    assert all(one is found[0] for one in found)


def test_it_may_be_made_in_the_background(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(vm, '_codes', {})
    before = set(threading.enumerate())
    prepare('float32')
    for thread in set(threading.enumerate()) - before:
        thread.join()
    assert list(vm._codes) == [np.dtype('float32')]


# Other processors -----------------------------------------------------------------------------------------------------

COMPILE_FOR = """
import sys
import llvmlite.binding as llvm
from micrograd.compiler import assembly, vm
from tests.compiler.literal import PROGRAMS

cpu, vector_bytes = sys.argv[1], int(sys.argv[2])

class Emitted:  # in place of a Library: compiled, never run
    def __init__(self):
        llvm.initialize_all_targets()
        llvm.initialize_all_asmprinters()
        x86 = llvm.Target.from_triple('x86_64-unknown-linux-gnu')
        self.machine = x86.create_target_machine(cpu=cpu, opt=2, jit=True)

    def add(self, module):
        module.triple = 'x86_64-unknown-linux-gnu'
        assert self.machine.emit_object(llvm.parse_assembly(str(module)))

    def address(self, name):
        return 0

assembly.vector_bytes = lambda: vector_bytes
vm.Library = Emitted
for program in PROGRAMS.values():
    vm.VectorMachine(program())
print('compiled')
"""


@pytest.mark.parametrize(('cpu', 'vector_bytes'), [('x86-64', 16), ('x86-64-v3', 32), ('x86-64-v4', 64)])
def test_llvm_compiles_it_for_processors_that_this_is_not(cpu: str, vector_bytes: int):
    """In a process of its own, since an assertion of LLVM aborts it, as one did for masks of AVX-512."""
    command = [sys.executable, '-c', COMPILE_FOR, cpu, str(vector_bytes)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout == 'compiled\n', done.stderr
