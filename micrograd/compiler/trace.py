"""The first pass: a function of one example, called once on symbols, becomes a flat graph.

The symbols are Values, so that networks, losses and users' programs take them for what they always see; but every
operation on them writes a node of the graph, and none of them has a number. What depends on a number that nobody knows
yet, an `if` say, is an error that shows what to write instead.

Invariant: the graph is exactly the operations that the function asked for, each once; nothing is simplified.
"""

from __future__ import annotations

import gc
import linecache
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from micrograd import context, groups
from micrograd.compiler.graph import CONSTANT, INPUT, Graph
from micrograd.engine import Value
from micrograd.errors import TracingError
from micrograd.graph import topological
from micrograd.node import ByHand
from micrograd.primitives import (
    ABS,
    ADD,
    DIV,
    LESS,
    LESS_EQUAL,
    MUL,
    NEG,
    POW,
    SELECT,
    STOP_GRADIENT,
    SUB,
    TABLE,
    Family,
    Interpreter,
    Row,
    on_lists,
    power,
)
from micrograd.scalars import Condition, is_real

PACKAGE = str(Path(__file__).resolve().parent.parent) + os.sep


@dataclass(frozen=True, slots=True)
class Input:
    """Where a number of the example stands in a template.

    Args:
        column: which input it is.
    """

    column: int


@dataclass(frozen=True)
class Trace:
    """What came of tracing a function.

    Args:
        graph: the operations.
        outputs: what the function returned, with the numbers of nodes in place of Values and numbers.
        parameters: the leaf Values that it captured; the k-th is shared leaf k of the graph.
        bounds: input -> how many things it chooses from, for inputs that are indices.
    """

    graph: Graph
    outputs: Any
    parameters: list[Value]
    bounds: dict[int, int]

    def reordered(self, parameters: Sequence[Value]) -> Trace:
        """The same with the parameters in another order; the graph is changed in place."""
        places = {id(p): k for k, p in enumerate(parameters)}
        self.graph.renumber_shared([places[id(p)] for p in self.parameters])
        return Trace(self.graph, self.outputs, list(parameters), self.bounds)


def trace(
    function: Callable[..., Any],
    args: Sequence[Any],
    kwargs: Mapping[str, Any],
    *,
    parameters: Sequence[Value] = (),
) -> Trace:
    """Call a function on symbols, and note what it does.

    Args:
        function: takes one example.
        args: the positional arguments, with an `Input` in place of each number of the example, in containers too.
        kwargs: the keyword arguments alike.
        parameters: leaves that are parameters, whether the function uses them or not; the others come after them.

    Raises:
        TracingError: the function needs a number to go on, or uses what cannot be compiled.

    >>> from micrograd.nn import Neuron
    >>> neuron = Neuron(2, generator=0)
    >>> traced = trace(neuron, ([Input(0), Input(1)],), {})
    >>> len(traced.parameters), traced.graph.nodes[traced.outputs][0].name
    (3, 'relu')
    """
    recorder = _Recorder(parameters)
    with _collector_paused(), context.tracing(recorder.made):
        result = function(
            *(recorder.filled(x) for x in args), **{name: recorder.filled(x) for name, x in kwargs.items()}
        )
        outputs = recorder.emptied(result)
    return Trace(recorder.graph, outputs, recorder.parameters, recorder.bounds)


@contextmanager
def _collector_paused() -> Iterator[None]:
    """Nothing that a trace makes is garbage, and looking for some would take nearly half of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


class Tracer:
    """Writes operations on symbols into a graph.

    Args:
        graph: that graph.
    """

    def __init__(self, graph: Graph):
        self.graph = graph
        self.known: dict[int, int] = {}  # id of a Value, which is held alive -> its node

    def symbol(self, node: int) -> Symbol:
        """A node as something to reckon with."""
        s: Symbol = _new(Symbol)
        s._tracer = self
        s._node = node
        return s

    def apply(self, row: Row, *nodes: int) -> Symbol:
        """The symbol of an operation on nodes."""
        return self.symbol(self.graph.apply(row, *nodes))

    def node(self, x: Any) -> int | None:
        """The node of a symbol, a condition or a number; None if it is nothing that can be reckoned with."""
        if type(x) is Value:  # the most frequent ones, parameters, come first
            return self.captured(x)
        if type(x) is Symbol:
            if x._tracer is not self:
                raise tracing_error(
                    'a symbol of another trace is used here: it was kept from an earlier call, and has no number',
                    'kept.append(x)',
                    'return x from the function',
                )
            return x._node
        if isinstance(x, Condition):
            return self.node(x.flag)
        if isinstance(x, Value):
            return self.captured(x)
        return self.graph.constant(float(x)) if is_real(x) else None

    def captured(self, v: Value) -> int:
        """The node of a Value: where formulas are read, that is a constant."""
        return self.graph.constant(v.data)

    def applied(self, row: Row, operands: Sequence[Any]) -> Any:
        """What a row of symbols, Values and numbers gives: a symbol, or a condition."""
        nodes = []
        for x in operands:
            node = self.node(x)
            if node is None:
                raise TypeError(f'{row.name}() takes Values and real numbers, not {type(x).__name__}: {x!r:.60}')
            nodes.append(node)
        s = self.apply(row, *nodes)
        return Condition(s) if row.condition else s


class _Recorder(Tracer):
    """Traces a user's function: knows the parameters that it captures, and where in it each node comes from."""

    def __init__(self, parameters: Sequence[Value]):
        super().__init__(Graph())
        self.parameters: list[Value] = []
        self.bounds: dict[int, int] = {}
        self.made: dict[int, tuple[Value, bool]] = {}  # interior nodes of Values alone, and whether gradients pass
        self._call: Any = None
        for p in parameters:
            self.captured(p)

    def apply(self, row: Row, *nodes: int) -> Symbol:
        if _current_call() is not self._call:
            self._change_source()
        node = self.graph.apply(row, *nodes)
        if not _is_recording():
            node = self.graph.apply(STOP_GRADIENT, node)
        s: Symbol = _new(Symbol)
        s._tracer = self
        s._node = node
        return s

    def _change_source(self) -> None:
        call = self._call = _current_call()
        self.graph.origin = self.graph.source(groups.name_of(call) if call else '')

    def applied(self, row: Row, operands: Sequence[Any]) -> Any:
        if row is SELECT:
            self._note_choice(self.node(operands[0]), len(operands) - 1)
        return super().applied(row, operands)

    def _note_choice(self, index: int | None, count: int) -> None:
        if index is None:  # which `applied` refuses
            return
        kind, where = self.graph.nodes[index][:2]
        if kind is INPUT:
            self.bounds[where] = min(count, self.bounds.get(where, count))
        elif kind is not CONSTANT:
            raise tracing_error(
                'an index is computed here, and only an input can choose, since it is checked before the program runs',
                'take(rows, 2 * i)',
                'take(rows, i), with the index as an argument of the function',
            )

    def captured(self, v: Value) -> int:
        found = self.known.get(id(v))
        if found is not None:
            return found
        if v._row is not None and v._prev:
            return self._imported(v)
        if v._a == 'constant':  # its role
            return self.graph.constant(v.data)
        self.parameters.append(v)
        node = self.known[id(v)] = self.graph.shared(len(self.parameters) - 1)
        return node

    def _imported(self, root: Value) -> int:
        """A graph of Values that the function made of leaves alone."""
        nodes = self.known
        for v in topological([root]):
            if id(v) in nodes or not v._prev:
                continue
            if id(v) not in self.made:
                raise _interior(v)
            if isinstance(v._row, ByHand):
                raise tracing_error(
                    f'the operation {v._op!r} was defined by hand, so its mathematics is not known',
                    'Value(data, children, op)',
                    'micrograd.primitive(name, value, partials)',
                )
            node = self.graph.apply(v._row, *map(self.captured, v._prev))
            nodes[id(v)] = node if self.made[id(v)][1] else self.graph.apply(STOP_GRADIENT, node)
        return nodes[id(root)]

    def filled(self, template: Any) -> Any:
        """A template with symbols in place of the inputs."""
        if isinstance(template, Input):
            return self.symbol(self.graph.input(template.column))
        return _mapped(template, self.filled)

    def emptied(self, result: Any) -> Any:
        """What a function returned, with nodes in place of the numbers."""
        node = self.node(result)
        if node is not None:
            return node
        if isinstance(result, Mapping | list | tuple) or getattr(result, 'ndim', 0):
            return _mapped(result, self.emptied)
        raise TracingError(
            f'a compiled function returns Values, numbers, and lists, tuples or dictionaries of them, not '
            f'{type(result).__name__}: {result!r:.60}. Wrong: return None. Right: return [a, b]'
        )


def _mapped(thing: Any, function: Callable[[Any], Any]) -> Any:
    """The same container, with a function applied to what is in it; anything else as it is."""
    if isinstance(thing, Mapping):
        return {key: function(x) for key, x in thing.items()}
    if isinstance(thing, tuple) and hasattr(thing, '_fields'):
        return type(thing)(*map(function, thing))
    if isinstance(thing, list | tuple):
        return type(thing)(map(function, thing))
    if getattr(thing, 'ndim', 0):
        new = thing.astype(object)
        for i, x in enumerate(thing.reshape(-1).tolist()):
            new.reshape(-1)[i] = function(x)
        return new
    return thing


# Symbols -------------------------------------------------------------------------------------------------------------


def _operator(row: Row) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """The method of an operator, and the one for a symbol on its right side."""

    def method(self: Any, other: Any) -> Any:
        tracer = self._tracer
        if type(other) is Symbol and other._tracer is tracer:
            return tracer.apply(row, self._node, other._node)
        node = tracer.known.get(id(other))
        if node is None and (node := tracer.node(other)) is None:
            return NotImplemented
        return tracer.apply(row, self._node, node)

    def reflected(self: Any, other: Any) -> Any:
        tracer = self._tracer
        node = tracer.known.get(id(other))
        if node is None and (node := tracer.node(other)) is None:
            return NotImplemented
        return tracer.apply(row, node, self._node)

    return method, reflected


def _comparison(row: Row) -> tuple[Callable[..., Any], Callable[..., Any]]:
    method, reflected = _operator(row)

    def condition(made: Any) -> Any:
        return made if made is NotImplemented else Condition(made)

    return lambda self, other: condition(method(self, other)), lambda self, other: condition(reflected(self, other))


def _refused(problem: str, wrong: str, right: str) -> Any:
    def refuse(self: Any, *_: Any, **__: Any) -> NoReturn:
        raise tracing_error(problem, wrong, right)

    return refuse


_NO_NUMBER = 'a symbol stands here for a number that is not known while the function is compiled'
_UNDECIDED = (
    'Python is asked to decide by a number that is not known while the function is compiled',
    'x if x > 0 else y, max(x, y), sorted([x, y]), x and y',
    'micrograd.where(x > 0, x, y), micrograd.maximum(x, y), micrograd.max([x, y]), (x > 0) & (y > 0)',
)
_NO_GRADIENT = 'a symbol has no gradient yet: compiling finds the derivatives by itself'
_RIGHT_GRADIENT = 'C = compile_cost(cost)(X, Y); C.backward()'


class Symbol(Value):
    """A node of a graph that is being traced: a Value without a number."""

    __slots__ = ('_node', '_tracer')

    _node: int
    _tracer: Any

    __add__, __radd__ = _operator(ADD)
    __sub__, __rsub__ = _operator(SUB)
    __mul__, __rmul__ = _operator(MUL)
    __truediv__, __rtruediv__ = _operator(DIV)
    __lt__, __gt__ = _comparison(LESS)
    __le__, __ge__ = _comparison(LESS_EQUAL)
    _raised, __rpow__ = _operator(POW)

    def __pow__(self, exponent: Any) -> Any:
        if isinstance(exponent, Value | Condition):
            return self._raised(exponent)
        if not is_real(exponent):
            return NotImplemented
        constant = exponent if type(exponent) in (int, float) else float(exponent)
        return self._tracer.apply(power(constant), self._node)

    def __neg__(self) -> Any:
        return self._tracer.apply(NEG, self._node)

    def __abs__(self) -> Any:
        return self._tracer.apply(ABS, self._node)

    def detach(self) -> Any:
        """The same number, through which no gradient flows."""
        return self._tracer.apply(STOP_GRADIENT, self._node)

    data = property(
        _refused(
            f'{_NO_NUMBER}, so there is nothing to read',
            'x.data, x.item(), float(x)',
            'reckon with x itself; x.detach() where no gradient shall flow',
        ),
        _refused(f'{_NO_NUMBER}, so there is nothing to write', 'x.data = 1.0', 'y = x + 1.0'),
    )
    is_true = _refused(*_UNDECIDED)
    item = _refused(f'{_NO_NUMBER}, so there is nothing to read', 'x.item(), Value(x)', 'reckon with x itself')
    __float__ = __int__ = __round__ = __trunc__ = __floor__ = __ceil__ = _refused(
        f'{_NO_NUMBER}, and Python needs a float', 'math.exp(x), float(x), round(x)', 'micrograd.exp(x), x.exp()'
    )
    __bool__ = is_true
    __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __divmod__ = _refused(
        'the table has no operation for // and %',
        'x // 2.0, x % 2.0',
        'micrograd.floor(x / 2.0), x - 2.0 * micrograd.floor(x / 2.0)',
    )
    __index__ = _refused(f'{_NO_NUMBER}, and Python needs an index', 'rows[i], range(i)', 'micrograd.take(rows, i)')
    backward = recompute = _refused(_NO_GRADIENT, 'loss.backward() inside the function', _RIGHT_GRADIENT)

    _row = _a = _b = property(
        _refused(
            f'{_NO_NUMBER}, and no graph of Values hangs on it',
            'gradients(y, [x]), draw(y) or y.label inside the function',
            'compile(f).value_and_grad(X), .jacobian(X) or .hessian(X)',
        )
    )
    grad = property(
        _refused(_NO_GRADIENT, 'x.grad', _RIGHT_GRADIENT), _refused(_NO_GRADIENT, 'x.grad = 0.0', _RIGHT_GRADIENT)
    )

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        if isinstance(other, Value | Condition) or is_real(other):
            raise tracing_error(
                f'{_NO_NUMBER}, so nobody can tell whether it equals another',
                'x == 1, x in (0, 1)',
                'micrograd.equal(x, 1), (micrograd.equal(x, 0) | micrograd.equal(x, 1)) in micrograd.where',
            )
        return NotImplemented

    __hash__ = Value.__hash__

    def __deepcopy__(self, memo: Any) -> Symbol:
        return self

    def __repr__(self) -> str:
        return f'Symbol({self._tracer.graph.nodes[self._node]!r:.60})'

    def __format__(self, spec: str) -> str:
        return repr(self)


_new: Any = object.__new__
_current_call = groups.current_call
_is_recording = context.recording.get


def _method(entry: Row | Family) -> Callable[..., Any]:
    if isinstance(entry, Row):
        return lambda self: self._tracer.apply(entry, self._node)
    return lambda self, *constants, **named: self._tracer.apply(entry(*constants, **named), self._node)


for _name in TABLE.keys() & vars(Value).keys():
    setattr(Symbol, _name, _method(TABLE[_name]))


# Formulas of the table ------------------------------------------------------------------------------------------------


def _apply(row: Row, *xs: Any) -> Any:
    """A row of symbols and numbers; numbers alone are computed here and now."""
    for x in xs:
        s = x.flag if isinstance(x, Condition) else x
        if type(s) is Symbol:
            return s._tracer.applied(row, xs)
    return row.forward(*map(float, xs))


def _spell(entry: Row | Family) -> Any:
    if isinstance(entry, Row):
        return on_lists(entry, partial(_apply, entry))
    return lambda x, *constants, **named: _apply(entry(*constants, **named), x)


TRACES = Interpreter('traces', _spell).functions


# Errors ---------------------------------------------------------------------------------------------------------------


def tracing_error(problem: str, wrong: str, right: str) -> TracingError:
    """The error of a function that cannot be compiled, with the line of the program where that shows."""
    return TracingError(f'{_place()}{problem}. Wrong: {wrong}. Right: {right}')


def undecided() -> TracingError:
    """The error of an `if`, or the like, on a parameter: its number is read afresh at each call."""
    return tracing_error(*_UNDECIDED)


def _place() -> str:
    """The line of the program that is being executed, outside of this package."""
    frame = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(PACKAGE):
        frame = frame.f_back  # type: ignore[assignment]  # None ends it
    if frame is None:
        return ''
    name, number = frame.f_code.co_filename, frame.f_lineno
    line = linecache.getline(name, number, frame.f_globals).strip()
    return f'{name}:{number}: {line}: ' if line else f'{name}:{number}: '


def _interior(v: Value) -> TracingError:
    named = f' ({v.label!r})' if v.label else ''
    return tracing_error(
        f'{v!r}{named}, made by {v._op!r} before the function was called, is used in it: compiled, it would stay the '
        'number that it is now, and pass no gradient on to what it was made from',
        'z = w * 2.0; compile(lambda x: z * x)',
        'compile(lambda x: w * 2.0 * x), or z.detach() if a constant is meant',
    )
