"""Training natively: mini-batches, gradients and the optimiser's rule in one program, many steps a call."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from importlib.util import find_spec
from time import perf_counter
from typing import Any

import numpy as np

from micrograd.compiler import captured, structure, updates
from micrograd.compiler.expressions import of_row
from micrograd.compiler.instructions import BlockProgram, SharedTotal
from micrograd.compiler.machine import check_choices, prepare
from micrograd.compiler.plans import Plan, Runnable, load
from micrograd.compiler.trace import Trace, trace
from micrograd.containers import mapped
from micrograd.context import no_grad, recording
from micrograd.engine import Value
from micrograd.errors import TracingError
from micrograd.examples import Example
from micrograd.node import blank
from micrograd.optim import Optimizer
from micrograd.primitives import ABS
from micrograd.scalars import Condition

SECONDS = 0.1  # that a call may take: between two of them Ctrl-C is heard
MOST_TO_WARM_UP = 1_000  # examples a step …
SECONDS_TO_WARM_UP = 0.005  # … and about as long …
WARM = 1_000  # … or so many steps
MOST_TARGETS = 1_000  # that the loss is asked about
_SECONDS_A_NODE = 1e-9  # and example: the first guess


@dataclass(frozen=True)
class Steps:
    """What some steps gave.

    Args:
        losses: for each step the mean loss of its examples.
        gradients: for each step a row: for each layer the mean |gradient|.
        outputs: for each example, in the order in which they came, the outputs of the model; None if not asked for.
        seconds: how long it took.
    """

    losses: np.ndarray
    gradients: np.ndarray
    outputs: np.ndarray | None
    seconds: float


@dataclass(frozen=True)
class _Step:
    """A program that makes a step, and where in U it leaves the gradients."""

    runnable: Runnable
    gradients: np.ndarray


class NativeTraining:
    """A model, a loss and an optimiser as one program, and their numbers while it runs.

    `begin` takes the numbers of the parameters from the Values, `advance` makes steps with them, `commit` says that
    these count, and `finish` gives back what was committed last: whatever goes wrong between, no step is half made.

    Args:
        model: a function of one input.
        loss: (output, target) -> Value.
        optimizer: over the parameters that are trained.
        layers: name -> the parameters whose mean |gradient| is recorded.
        examples: pairs (input, target).
        size: how many of them a step has.
        wants_outputs: whether the outputs of the model are asked for.

    Raises:
        TracingError: the model, the loss or the optimiser cannot be compiled.
        DataError, ShapeError, TypeError: the examples are not all alike, or the loss refuses a target.
        MissingDependencyError: NumPy is not installed.
    """

    def __init__(
        self,
        model: Callable[[Any], Any],
        loss: Callable[[Any, Any], Value],
        optimizer: Optimizer,
        layers: dict[str, list[Value]],
        examples: Sequence[Example],
        size: int,
        wants_outputs: bool,
    ):
        _check_optimizer(optimizer)
        if not recording.get():
            raise TracingError('under no_grad there is nothing to train')
        self._optimizer = optimizer
        self._model, self._loss, self._examples = model, loss, examples
        self._constants, self._trained = dict(optimizer.constants), list(optimizer.parameters)
        self._wants_outputs = wants_outputs
        self._given = _batch(examples)
        self._trace = self._traced()
        check_choices(self._trace.bounds, self._given.X)
        self.check_targets(examples, self._given)
        self._plan = Plan(self._trace, self._given.X.shape[1], 'float64', 'auto')
        self._layers = layers
        self._leaves = list(dict.fromkeys(structure.leaves(self._trace.outputs[1])))
        self._names = tuple(optimizer.numbers())
        self._careful: _Step | None = None
        self._committed: tuple[np.ndarray, np.ndarray] | None = None
        self._fast = self._latest = self._step(careful=False)
        nodes = sum(instruction.nodes for instruction in self._fast.runnable.program.instructions())
        self._rate = (1 + nodes) * _SECONDS_A_NODE
        self._warm_up(min(size, MOST_TO_WARM_UP))

    def _warm_up(self, size: int) -> None:
        """Some steps that count for nothing, so that the program is in the caches, and how long one takes is known.

        The first one is slow, and the second tells how many there may be.
        """
        self.begin()
        for most in (1, 1, WARM):
            steps = max(1, min(most, int(SECONDS_TO_WARM_UP / (self._rate * size))))
            order, ends = np.tile(np.arange(size), steps), size * np.arange(1, steps + 1)
            made = self._run(self._fast.runnable, order, ends, np.zeros((steps, len(self._names))))
            self._rate = made.seconds / len(order)

    # What is compiled ------------------------------------------------------------------------------------------------

    def _trace_once(self) -> Trace:
        def example(x: Any, y: Any) -> tuple[Any, Any]:
            output = self._model(x)
            if self._wants_outputs and any(isinstance(leaf, Condition) for leaf in structure.leaves(output)):
                raise TracingError('the model returns a condition, which metrics would take for a number')
            return self._loss(output, y), output

        traced = trace(example, self._given.args, {}, parameters=self._trained)
        others = traced.parameters[len(self._trained) :]
        return traced.reordered([*self._trained, *(captured.ordered(self._model, others) if others else ())])

    def is_current(self) -> bool:
        """Whether model, loss, examples and optimiser are still what was compiled: a callback may change them."""
        if self._constants != self._optimizer.constants or _ids(self._trained) != _ids(self._optimizer.parameters):
            return False
        given, traced = _batch(self._examples), self._trace_once()
        return (
            given.key == self._given.key
            and np.array_equal(given.X, self._given.X, equal_nan=True)
            and traced.graph.nodes == self._nodes
            and _ids(traced.parameters) == _ids(self._trace.parameters)
        )

    def _traced(self) -> Trace:
        prepare()
        state = random.getstate()
        first, second = self._trace_once(), self._trace_once()
        self._nodes = list(first.graph.nodes)
        drew = random.getstate() != state
        random.setstate(state)
        if drew or first.graph.nodes != second.graph.nodes:
            raise TracingError(
                'the model or the loss computes something else each time it is called (it draws random numbers, or '
                'counts its calls), and a compiled program would repeat the first time for ever. '
                'Right: fit(…, compiled=False)'
            )
        if not isinstance(first.outputs[0], int):
            raise TracingError('the loss of an example should be a single Value')
        return first

    def _step(self, careful: bool) -> _Step:
        """The step: the loss, its gradients, and what the optimiser makes of them."""
        graph, trained = self._trace.graph, len(self._optimizer.parameters)
        cost = graph.mean(self._trace.outputs[0])
        wanted = [cost, *(self._leaves if self._wants_outputs else ())]
        gradients = self._plan.parameter_gradients(cost, careful)[:trained]
        if all(gradient == graph.constant(0.0) for gradient in gradients):
            raise TracingError("the loss does not depend on any of the optimiser's parameters")
        count = len(self._trace.parameters) + len(self._optimizer.memory) * trained + len(self._names)
        program = self._plan.raised([*wanted, *gradients], count)
        places, rest = program.outputs[: len(wanted)], program.outputs[len(wanted) :]
        slots = np.array([slot for _, slot in rest], dtype=np.int32)
        program = self._with_totals(self._with_update(program, slots), slots, places)
        machine = 'llvm' if find_spec('llvmlite') else 'numpy'  # nobody asked, so nobody is told which it is
        return _Step(load(program, 'float64', machine), slots)

    def _with_update(self, program: BlockProgram, gradients: np.ndarray) -> BlockProgram:
        """The optimiser's rule comes last."""
        optimizer, trained = self._optimizer, len(self._optimizer.parameters)
        first = program.shared + len(self._trace.parameters)
        remembered = len(optimizer.memory)
        starts = [program.shared, *(first + i * trained for i in range(remembered))]
        p, *memory = (np.arange(start, start + trained, dtype=np.int32) for start in starts)
        at = first + remembered * trained
        numbers = [np.full(trained, at + i, dtype=np.int32) for i in range(len(self._names))]
        made = updates.instructions(
            optimizer.rule, optimizer.constants, self._names, [p, gradients, *memory, *numbers], program.u_size
        )
        return replace(program, after=[*program.after, *made], u_size=program.u_size + (1 + remembered) * trained)

    def _with_totals(self, program: BlockProgram, gradients: np.ndarray, places: list[tuple[str, int]]) -> BlockProgram:
        """Record the total |gradient| of each layer, too."""
        index = {id(p): i for i, p in enumerate(self._optimizer.parameters)}
        size = of_row(ABS, 1)
        totals = [
            SharedTotal(
                out=program.u_size + i,
                expression=size,
                operands=(gradients[[index[id(p)] for p in layer]],),
                source='the gradients of a layer',
            )
            for i, layer in enumerate(self._layers.values())
        ]
        return replace(
            program,
            after=[*program.after, *totals],
            u_size=program.u_size + len(totals),
            outputs=[*places, *(('U', total.out) for total in totals)],
        )

    # What it does ----------------------------------------------------------------------------------------------------

    def steps_at_once(self, size: int) -> int:
        """How many steps of so many examples a call should make."""
        return max(1, int(SECONDS / (self._rate * size)))

    def begin(self) -> None:
        """Take the numbers of the parameters, and what the optimiser remembers of them."""
        shared = self._latest.runnable.machine.shared
        parameters = self._trace.parameters
        shared[: len(parameters)] = [p.data for p in parameters]
        at = len(parameters)
        for numbers in self._optimizer.state.values():
            shared[at : at + len(numbers)] = numbers
            at += len(numbers)
        self._committed = None

    def commit(self) -> None:
        """The steps that `advance` made last count."""
        machine = self._latest.runnable.machine
        self._committed = machine.shared.copy(), machine.U[self._latest.gradients]

    def finish(self) -> None:
        """Give back the numbers as they were committed last, and the gradients of the last step; if any was made."""
        if self._committed is None:
            return
        shared, gradients = (numbers.tolist() for numbers in self._committed)
        trained = self._trained
        for p, number, gradient in zip(trained, shared, gradients, strict=False):  # behind these shared has more
            p.data = number
            p.grad = gradient
        at = len(self._trace.parameters)
        for name in self._optimizer.memory:
            self._optimizer.state[name] = shared[at : at + len(trained)]
            at += len(trained)
        self._committed = None

    def advance(self, order: np.ndarray, ends: np.ndarray, numbers: np.ndarray) -> Steps | None:
        """Make some steps.

        Args:
            order: the examples, as indices: those of the first step, of the second, …
            ends: for each step where its examples end in `order`.
            numbers: for each step a row: what the optimiser's rule is given.

        Returns:
            What they gave; None, and nothing is changed, if the loss or a parameter would not be finite.
        """
        before, latest = self._latest.runnable.machine.shared.copy(), self._latest
        for attempt in self._attempts():
            machine = attempt.runnable.machine
            machine.shared[:] = before
            steps = self._run(attempt.runnable, order, ends, numbers)
            trained = machine.shared[: len(self._optimizer.parameters)]
            finite = np.isfinite(steps.losses).all() and np.isfinite(trained).all()
            if finite and not (attempt is self._fast and np.isnan(steps.gradients).any()):
                self._rate = max(steps.seconds / len(order), 1e-12)
                self._latest = attempt
                return steps
        latest.runnable.machine.shared[:] = before
        return None

    def _attempts(self) -> Iterator[_Step]:
        """The fast program, which may meet 0 * inf behind a gate that is shut; then the careful one."""
        yield self._fast
        if self._careful is None:
            self._careful = self._step(careful=True)
        yield self._careful

    def _run(self, runnable: Runnable, order: np.ndarray, ends: np.ndarray, numbers: np.ndarray) -> Steps:
        record = np.empty((len(ends), len(runnable.fixed)))
        rows = np.empty((len(order), len(runnable.varying))) if self._wants_outputs else None
        machine = runnable.machine
        start = perf_counter()
        machine.steps(
            self._given.X,
            order,
            ends,
            numbers=numbers,
            numbers_at=runnable.program.shared + runnable.program.shared_count - len(self._names),
            rows_out=rows,
            record_out=record,
        )
        seconds = perf_counter() - start
        layers = [len(layer) for layer in self._layers.values()]
        totals = record[:, record.shape[1] - len(layers) :] / layers
        return Steps(record[:, 0], totals, self._outputs(runnable, rows, record, ends), seconds)

    def _outputs(
        self, runnable: Runnable, rows: np.ndarray | None, record: np.ndarray, ends: np.ndarray
    ) -> np.ndarray | None:
        """For each example a row with the leaves of the model's output."""
        if rows is None:
            return None
        found = runnable.side_by_side(rows, np.repeat(record, np.diff(ends, prepend=0), axis=0))
        return found[:, 1 : 1 + len(self._leaves)]

    def check_targets(self, examples: Sequence[Example], given: structure.Batch) -> None:
        """Let the loss look at every target that there is, each once: a trace sees none, so it cannot refuse any.

        Of very many different ones it looks at the first: those are no classes.
        """
        first = min((leaf.column for leaf in structure.leaves(given.args[1])), default=0)
        distinct: dict[bytes, int] = {}
        for i, row in enumerate(given.X[:, first:]):
            distinct.setdefault(row.tobytes(), i)
            if len(distinct) == MOST_TARGETS:
                break
        half = self.example_output()
        with no_grad():
            for i in distinct.values():
                self._loss(half, examples[i][1])

    def example_output(self) -> Any:
        """What the model returns for an example, with numbers that mean nothing."""
        leaves = structure.leaves(self._trace.outputs[1])
        return _filled(self._trace.outputs[1], dict.fromkeys(leaves, 0.5))

    def output(self, numbers: Sequence[float]) -> Any:
        """What the model returned for an example, as Values, from a row of the outputs."""
        return _filled(self._trace.outputs[1], dict(zip(self._leaves, numbers, strict=True)))

    def evaluated(self, examples: Sequence[Example]) -> tuple[np.ndarray, np.ndarray] | None:
        """The losses and the outputs for other examples, with the parameters as they are; None if of another shape."""
        try:
            given = _batch(examples)
        except (TypeError, ValueError):  # not all alike
            return None
        if given.key != self._given.key:
            return None
        self.check_targets(examples, given)
        outputs = [self._trace.outputs[0], *self._leaves]
        found = self._plan.run('value', lambda careful: outputs, given.X)
        return found[:, 0], found[:, 1:]


def _ids(parameters: Sequence[Value]) -> list[int]:
    return [id(p) for p in parameters]


def _batch(examples: Sequence[Example]) -> structure.Batch:
    inputs, targets = zip(*examples, strict=True)
    return structure.batch((list(inputs), list(targets)), {}, 'float64')


def _check_optimizer(optimizer: Optimizer) -> None:
    if type(optimizer).step is not Optimizer.step or type(optimizer).zero_grad is not Optimizer.zero_grad:
        raise TracingError(
            f'{type(optimizer).__name__} makes its steps itself, and only a rule can be compiled: see optim.Optimizer'
        )


def _filled(template: Any, numbers: dict[Any, float]) -> Any:
    """Containers with Values in place of their leaves."""
    if isinstance(template, int):
        return blank(Value, numbers[template])
    return mapped(template, lambda node: blank(Value, numbers[node]))
