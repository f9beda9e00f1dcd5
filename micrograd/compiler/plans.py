"""One traced program, and what is made of it when it is first needed: values, gradients, Jacobians."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import RLock

import numpy as np

from micrograd.collector import collector_paused
from micrograd.compiler.blocks import raise_blocks
from micrograd.compiler.differentiate import gradient
from micrograd.compiler.instructions import BlockProgram
from micrograd.compiler.machine import Machine, check_choices, make
from micrograd.compiler.simplify import simplify
from micrograd.compiler.trace import Trace

Array = np.ndarray
Nodes = Callable[[bool], list[int]]


@dataclass(frozen=True)
class Runnable:
    """A program that is loaded into a machine.

    Args:
        program: the program.
        machine: the machine.
        varying: which of the outputs differ from example to example.
        fixed: which of them do not.
    """

    program: BlockProgram
    machine: Machine
    varying: list[int]
    fixed: list[int]

    def side_by_side(self, rows: Array, record: Array) -> Array:
        """The outputs in their order, a row for each example.

        Args:
            rows: those that vary, a row for each example.
            record: the others: a row for each example, or one for all.
        """
        found = np.empty((len(rows), len(self.varying) + len(self.fixed)), rows.dtype)
        found[:, self.varying] = rows
        found[:, self.fixed] = record
        return found


def load(program: BlockProgram, dtype: str, machine: str) -> Runnable:
    """A program in a machine of a kind, ready to run."""
    storages = [storage for storage, _ in program.outputs]
    varying = [i for i, storage in enumerate(storages) if storage == 'R']
    fixed = [i for i, storage in enumerate(storages) if storage == 'U']
    return Runnable(program, make(program, dtype, machine), varying, fixed)


class Plan:
    """The programs of one trace, each made when it is first asked for.

    Args:
        trace: the traced function.
        inputs: how many columns the inputs have.
        dtype: 'float64' or 'float32'.
        machine: 'auto', 'llvm' or 'numpy'.
    """

    def __init__(self, trace: Trace, inputs: int, dtype: str, machine: str):
        self.trace = trace
        self.inputs = inputs
        self._dtype = dtype
        self._machine = machine
        self._runnables: dict[tuple[str, bool], Runnable] = {}
        self._lock = RLock()

    def program(self, name: str, nodes: Nodes) -> BlockProgram:
        """The program of a name; see `run`."""
        with self._lock:
            return self._runnable(name, nodes, False).program

    def run(self, name: str, nodes: Nodes, X: Array) -> Array:
        """Run a program on a batch.

        Args:
            name: what the program is called here.
            nodes: makes, at the first call, the nodes that are its outputs; it is told whether to be careful.
            X: the inputs, a row for each example.

        Returns:
            An array (examples, outputs).
        """
        return self._run(name, nodes, X, careful=False)

    def run_derivatives(
        self, name: str, nodes: Nodes, X: Array, first: int, numbers: Sequence[float] | None = None
    ) -> Array:
        """The same for a program whose outputs from `first` on are derivatives.

        `numbers` stand for those of the parameters, if they are not to be as they are now.

        Where one of them is nan, 0 * inf may have arisen behind a gate that is shut: then the careful program, which
        selects where the fast one multiplies, has the last word.
        """
        found = self._run(name, nodes, X, careful=False, numbers=numbers)
        once = found[:1] if found.strides[0] == 0 else found  # what all examples share stands there once
        is_nan = np.isnan(once[:, first:]).any()
        return self._run(name, nodes, X, careful=True, numbers=numbers) if is_nan else found

    def _run(self, name: str, nodes: Nodes, X: Array, careful: bool, numbers: Sequence[float] | None = None) -> Array:
        check_choices(self.trace.bounds, X)
        with self._lock:
            runnable = self._runnable(name, nodes, careful)
            machine, n = runnable.machine, len(X)
            machine.shared[:] = [p.data for p in self.trace.parameters] if numbers is None else numbers
            rows = np.empty((n, len(runnable.varying)), self._dtype)
            record = np.empty((1, len(runnable.fixed)), self._dtype)
            machine.steps(X, np.arange(n), np.array([n]), rows_out=rows, record_out=record)
        if not runnable.varying:
            return np.broadcast_to(record, (n, record.shape[1]))
        return runnable.side_by_side(rows, record)

    def _runnable(self, name: str, nodes: Nodes, careful: bool) -> Runnable:
        key = name, careful
        if key not in self._runnables:
            with collector_paused():
                program = self.raised(nodes(careful), len(self.trace.parameters))
            self._runnables[key] = load(program, self._dtype, self._machine)
        return self._runnables[key]

    def raised(self, outputs: Sequence[int], shared_count: int) -> BlockProgram:
        """The last passes, from nodes to a program."""
        graph, simplified = simplify(self.trace.graph, outputs)
        return raise_blocks(graph, simplified, shared_count=shared_count, inputs=self.inputs, bounds=self.trace.bounds)

    def parameter_gradients(self, y: int, careful: bool) -> list[int]:
        """The derivatives of a node by each of the parameters."""
        graph = self.trace.graph
        leaves = [graph.shared(k) for k in range(len(self.trace.parameters))]
        return gradient(graph, y, leaves, careful=careful)

    def input_gradients(self, y: int, careful: bool) -> list[int]:
        """The derivatives of a node by each of the inputs."""
        graph = self.trace.graph
        leaves = [graph.input(k) for k in range(self.inputs)]
        return gradient(graph, y, leaves, careful=careful)
