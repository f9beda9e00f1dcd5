"""`compile` and `compile_cost`: functions on one example become functions on whole batches, run natively."""

from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import RLock
from typing import Any, NamedTuple, Self

import numpy as np

from micrograd import context
from micrograd.collector import collector_paused
from micrograd.compiler import captured, listing, structure
from micrograd.compiler.cost import cost_value
from micrograd.compiler.machine import MACHINES, prepare
from micrograd.compiler.plans import Nodes, Plan
from micrograd.compiler.trace import Input, Trace, trace
from micrograd.engine import Value

__all__ = ['CacheInfo', 'CompiledCost', 'CompiledFunction', 'compile', 'compile_cost']

MOST = 16  # traces that are kept for each function

Function = Callable[..., Any]


class CacheInfo(NamedTuple):
    """How often a trace was used again, and made; how many are kept at most, and now."""

    hits: int
    misses: int
    maxsize: int
    currsize: int


def compile(  # noqa: A001 - the name that everybody knows
    function: Function, *, dtype: str = 'float64', machine: str = 'auto'
) -> CompiledFunction:
    """Make a function of one example into one of a whole batch, which runs natively.

    The function is called once for each new shape of its arguments, on symbols; then its matrices are recovered, and
    all the examples are computed together.

    Args:
        function: takes the numbers of one example, in lists, tuples, dictionaries or arrays, and returns Values alike.
            Any function of Values does, also a Module; what it captures are constants, and leaf Values, which are
            parameters: their numbers are read afresh at each call.
        dtype: 'float64' or 'float32'.
        machine: 'llvm' for machine code, 'numpy', or 'auto': llvm where llvmlite is installed.

    Returns:
        A function of batches: the first axis of each argument is the example. Keyword arguments that are single
        numbers or texts are constants. It returns NumPy arrays whose first axis is the example, in the tuples and
        dictionaries that the function returns; lists of numbers become further axes.

    Raises:
        MissingDependencyError: NumPy is not installed.
        TracingError: at the first call, the function does what cannot be compiled; the message shows the line.
        DataError: there are no examples, or their numbers differ.
        ShapeError: the examples are not all alike.

    >>> import micrograd
    >>> from micrograd.nn import MLP
    >>> model = MLP(2, [3, 1], activation='tanh', generator=0)
    >>> predict = micrograd.compile(model)
    >>> predict([[1.0, -1.0], [0.5, 2.0]]).shape
    (2,)
    >>> bool(abs(predict([[1.0, -1.0]])[0] - model([1.0, -1.0]).data) < 1e-15)
    True
    """
    return CompiledFunction(function, dtype, machine)


def compile_cost(function: Function, *, dtype: str = 'float64', machine: str = 'auto') -> CompiledCost:
    """Make the cost of one example into the mean cost of a batch, with its gradients, which runs natively.

    Args:
        function: takes one example, and returns its cost, a Value; see `compile`.
        dtype: 'float64' or 'float32'.
        machine: 'llvm' for machine code, 'numpy', or 'auto': llvm where llvmlite is installed.

    Returns:
        A function of batches that returns one Value, the mean of the cost over the examples. Its parents are the
        parameters that the function captured, so it goes on as any Value does, and backward() fills their gradients.

    Raises:
        MissingDependencyError: NumPy is not installed.
        TracingError: at the first call, the function does what cannot be compiled; the message shows the line.
        DataError: there are no examples, or their numbers differ.
        ShapeError: the examples are not all alike.

    >>> import micrograd
    >>> w = micrograd.Value(2.0)
    >>> cost = micrograd.compile_cost(lambda x, y: (w * x - y) ** 2)
    >>> C = cost([1.0, 2.0], [1.0, 1.0])
    >>> (C + 0.5 * w * w).backward()
    >>> C.data, w.grad
    (5.0, 9.0)

    Source: the first assumption about the cost in Nielsen, Neural Networks and Deep Learning, chapter 2: that it is an
    average over the examples; and the matrix-based approach to a mini-batch, the problem that closes the chapter.
    """
    return CompiledCost(function, dtype, machine)


class _Entry(NamedTuple):
    """A trace in the cache, and the templates that it was made for, which it holds alive."""

    plan: Plan
    given: structure.Batch


class _Compiled:
    """What compiled functions have in common: the traces, one for each shape of the arguments."""

    def __init__(self, function: Function, dtype: str, machine: str):
        if not callable(function):
            raise TypeError(
                f'what is compiled is a function of one example, not {type(function).__name__}: {function!r:.60}. '
                'Wrong: compile(model(x)). Right: compile(model)'
            )
        if dtype not in ('float64', 'float32'):
            raise ValueError(f"dtype is 'float64' or 'float32', not {dtype!r:.60}")
        if machine not in MACHINES:
            raise ValueError(f'machine is one of {", ".join(map(repr, MACHINES))}, not {machine!r:.60}')
        self._function = function
        self._dtype = dtype
        self._machine = machine
        self._entries: OrderedDict[Any, _Entry] = OrderedDict()
        self._hits = self._misses = 0
        self._lock = RLock()

    @property
    def parameters(self) -> list[Value]:
        """The leaf Values that the function captured, as of the last call."""
        return list(self._last().plan.trace.parameters)

    def cache_info(self) -> CacheInfo:
        """How the traces were used.

        >>> double = compile(lambda x: 2.0 * x)
        >>> for X in ([1.0], [1.0, 2.0], [[1.0]]):
        ...     try:
        ...         _ = double(X)
        ...     except TypeError:  # a list has no 2.0 *
        ...         pass
        >>> double.cache_info()
        CacheInfo(hits=1, misses=2, maxsize=16, currsize=1)
        """
        return CacheInfo(self._hits, self._misses, MOST, len(self._entries))

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return type(self)(copy.deepcopy(self._function, memo), self._dtype, self._machine)

    def _entry(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[_Entry, np.ndarray]:
        """The trace that serves these arguments, and their numbers."""
        given = structure.batch(args, kwargs, self._dtype)
        with self._lock:
            if given.key in self._entries:
                self._hits += 1
                self._entries.move_to_end(given.key)
                return self._entries[given.key], given.X
            self._misses += 1
            traced = self._traced(given)
            entry = _Entry(Plan(traced, given.X.shape[1], self._dtype, self._machine), given)
            self._entries[given.key] = entry
            if len(self._entries) > MOST:
                self._entries.popitem(last=False)
            return entry, given.X

    def _traced(self, given: structure.Batch) -> Trace:
        prepare(self._dtype, self._machine)
        with collector_paused():
            traced = trace(self._function, given.args, given.kwargs)
            return traced.reordered(captured.ordered(self._function, traced.parameters))

    def _last(self) -> _Entry:
        if not self._entries:
            raise RuntimeError(
                'nothing was traced yet: that happens at the first call, which shows what the arguments look like. '
                'Right: fast(X), then fast.program()'
            )
        return next(reversed(self._entries.values()))


class CompiledFunction(_Compiled):
    """A function of batches: see `compile`."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """The values for each example."""
        entry, X = self._entry(args, kwargs)
        outputs = _outputs(entry.plan)
        found = entry.plan.run('value', lambda careful: outputs, X)
        return structure.packed(entry.plan.trace.outputs, _positions(outputs), found, axis=1)

    def value_and_grad(self, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        """The values, and their derivatives by the inputs, for each example.

        Args:
            args: batches, as for a call. The function has to return a single number.
            kwargs: the same by name; there is no derivative by these.

        Returns:
            The values, an array (n,); and the gradient, shaped as the argument is, or a tuple with one for each.

        >>> value, slope = compile(lambda x: x * x * x).value_and_grad([1.0, 2.0])
        >>> value.tolist(), slope.tolist()
        ([1.0, 8.0], [3.0, 12.0])
        """
        entry, X = self._entry(args, kwargs)
        plan, y = entry.plan, _single(entry.plan, 'value_and_grad')
        found = plan.run_derivatives('gradient', lambda careful: [y, *plan.input_gradients(y, careful)], X, 1)
        return found[:, 0], _by_argument(entry, found[:, 1:])

    def jacobian(self, *args: Any, **kwargs: Any) -> Any:
        """The derivative of each output by each input, for each example.

        Args:
            args: batches, as for a call.
            kwargs: the same by name; there is no derivative by these.

        Returns:
            An array (n, *shape of the outputs, *shape of the argument), or a tuple with one for each argument.

        >>> swap = compile(lambda x: [3.0 * x[1], 2.0 * x[0]])
        >>> swap.jacobian([[1.0, 1.0]]).tolist()
        [[[0.0, 3.0], [2.0, 0.0]]]
        """
        entry, X = self._entry(args, kwargs)
        plan, outputs = entry.plan, _outputs(entry.plan)

        def nodes(careful: bool) -> list[int]:
            return [dx for y in outputs for dx in plan.input_gradients(y, careful)]

        found = plan.run_derivatives('jacobian', nodes, X, 0).reshape(len(X), len(outputs), -1)
        packed = structure.packed(plan.trace.outputs, _positions(outputs), found, axis=1)
        return _over(packed, lambda array: _by_argument(entry, array))

    def hessian(self, *args: Any, **kwargs: Any) -> Any:
        """The second derivatives by the inputs, for each example.

        Args:
            args: batches, as for a call. The function has to return a single number.
            kwargs: the same by name; there is no derivative by these.

        Returns:
            An array (n, *shape of the argument, *shape of the argument); for several arguments a tuple of tuples.

        >>> compile(lambda x: x[0] * x[1] * x[1]).hessian([[1.0, 2.0]]).tolist()
        [[[0.0, 4.0], [4.0, 2.0]]]
        """
        entry, X = self._entry(args, kwargs)
        plan, y = entry.plan, _single(entry.plan, 'hessian')

        def nodes(careful: bool) -> list[int]:
            return [d for dx in plan.input_gradients(y, careful) for d in plan.input_gradients(dx, careful)]

        columns = X.shape[1]
        found = plan.run_derivatives('hessian', nodes, X, 0).reshape(len(X), columns, columns)
        return _over(_by_argument(entry, found, axis=1), lambda array: _by_argument(entry, array))

    def program(self) -> str:
        """The block instructions of the last call's shape, and what of the function each was raised from."""
        plan = self._last().plan
        return listing.show(plan.program('value', lambda careful: _outputs(plan)))

    def explain(self) -> str:
        """Which layers became matrix products and what did not, and why."""
        plan = self._last().plan
        return listing.explain(plan.program('value', lambda careful: _outputs(plan)))

    def __repr__(self) -> str:
        return f'CompiledFunction({_name(self._function)}, {self._dtype})'


class CompiledCost(_Compiled):
    """The mean cost of a batch: see `compile_cost`."""

    def __call__(self, *args: Any, **kwargs: Any) -> Value:
        """The mean of the cost over the examples, whose parents are the parameters."""
        entry, X = self._entry(args, kwargs)
        plan = entry.plan
        cost = self._mean_node(plan)
        if not plan.trace.parameters or not context.recording.get():
            return Value(float(plan.run('value', lambda careful: [cost], X)[0, 0]))
        return cost_value(plan.trace.parameters, lambda numbers: self._solved(plan, cost, X, numbers))

    def value_and_grad(self, *args: Any, **kwargs: Any) -> tuple[float, list[float]]:
        """The mean cost, and its derivative by each of `parameters`. No Value's grad is touched.

        >>> w = Value(3.0)
        >>> compile_cost(lambda x: w * w * x).value_and_grad([1.0, 2.0])
        (13.5, [9.0])
        """
        entry, X = self._entry(args, kwargs)
        return self._solved(entry.plan, self._mean_node(entry.plan), X)

    def jacobian(self, *args: Any, **kwargs: Any) -> np.ndarray:
        """The derivative of the mean cost by each of `parameters`, an array (p,).

        >>> w, b = Value(3.0), Value(1.0)
        >>> compile_cost(lambda x: w * w * x + b).jacobian([1.0, 2.0]).tolist()
        [9.0, 1.0]
        """
        return np.array(self.value_and_grad(*args, **kwargs)[1])

    def hessian(self, *args: Any, **kwargs: Any) -> np.ndarray:
        """The second derivatives of the mean cost by the `parameters`, an array (p, p).

        >>> w, b = Value(3.0), Value(1.0)
        >>> compile_cost(lambda x: w * w * x * b).hessian([1.0, 2.0]).tolist()
        [[3.0, 9.0], [9.0, 0.0]]
        """
        entry, X = self._entry(args, kwargs)
        plan, cost = entry.plan, self._mean_node(entry.plan)

        def nodes(careful: bool) -> list[int]:
            slopes = plan.parameter_gradients(cost, careful)
            return [second for slope in slopes for second in plan.parameter_gradients(slope, careful)]

        count = len(plan.trace.parameters)
        return np.array(plan.run_derivatives('hessian', nodes, X, 0)[0]).reshape(count, count)

    def program(self) -> str:
        """The block instructions of the last call's shape, and what of the function each was raised from."""
        return listing.show(self._gradient_program())

    def explain(self) -> str:
        """Which layers became matrix products and what did not, and why."""
        return listing.explain(self._gradient_program())

    def _gradient_program(self) -> Any:
        plan = self._last().plan
        return plan.program('gradient', _with_gradients(plan, self._mean_node(plan)))

    def _mean_node(self, plan: Plan) -> int:
        return plan.trace.graph.mean(_single(plan, 'compile_cost'))

    def _solved(
        self, plan: Plan, cost: int, X: np.ndarray, numbers: Sequence[float] | None = None
    ) -> tuple[float, list[float]]:
        """The cost and its derivatives by the parameters, for those numbers of theirs, or as they are now."""
        found = plan.run_derivatives('gradient', _with_gradients(plan, cost), X, 1, numbers)[0].tolist()
        return found[0], found[1:]

    def __repr__(self) -> str:
        return f'CompiledCost({_name(self._function)}, {self._dtype})'


def _name(function: Function) -> str:
    return getattr(function, '__qualname__', None) or repr(function)


def _outputs(plan: Plan) -> list[int]:
    """The nodes that a function returned, each once."""
    return list(dict.fromkeys(structure.leaves(plan.trace.outputs)))


def _positions(outputs: list[int]) -> Callable[[int], int]:
    return {node: i for i, node in enumerate(outputs)}.__getitem__


def _with_gradients(plan: Plan, cost: int) -> Nodes:
    """What makes the nodes of a cost and of its derivatives by the parameters."""
    return lambda careful: [cost, *plan.parameter_gradients(cost, careful)]


def _single(plan: Plan, what: str) -> int:
    """The node of a function that returns a single number."""
    output = plan.trace.outputs
    if isinstance(output, int):
        return output
    raise TypeError(
        f'{what} is for functions that return a single number for each example, and this one returns '
        f'{type(output).__name__}. Wrong: return [(a - y) ** 2 for …]. Right: return sum((a - y) ** 2 for …)'
    )


def _by_argument(entry: _Entry, array: np.ndarray, axis: int = -1) -> Any:
    """Columns that belong to the inputs, shaped as the positional arguments are."""
    axis %= array.ndim
    packed = [
        structure.packed(structure.as_lists(template), lambda leaf: leaf.column, array, axis)
        for template in entry.given.args
        if all(isinstance(leaf, Input) for leaf in structure.leaves(template))  # the others are constants
    ]
    return packed[0] if len(packed) == 1 else tuple(packed)


def _over(packed: Any, function: Callable[[Any], Any]) -> Any:
    """A function applied to every array in containers."""
    if isinstance(packed, dict):
        return {key: _over(inner, function) for key, inner in packed.items()}
    if isinstance(packed, tuple):
        return tuple(_over(inner, function) for inner in packed)
    if isinstance(packed, list):
        return [_over(inner, function) for inner in packed]
    return function(packed)
