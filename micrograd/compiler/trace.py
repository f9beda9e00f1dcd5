"""The first pass: a function of one example, called once on symbols, becomes a flat graph.

Every operation on the symbols writes a node of the graph, and none of them has a number. What depends on a number that
nobody knows yet, an `if` say, is an error that shows what to write instead: see `symbols`.

Invariant: the graph is exactly the operations that the function asked for, each once; nothing is simplified.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from micrograd import context, groups
from micrograd.collector import collector_paused
from micrograd.compiler.graph import CONSTANT, INPUT, SHARED, Graph
from micrograd.compiler.symbols import TRACES, Symbol, Tracer, kept, tracing_error
from micrograd.containers import each, is_container
from micrograd.engine import Value
from micrograd.errors import TracingError
from micrograd.graph import unseen
from micrograd.node import ByHand
from micrograd.primitives import SELECT, STOP_GRADIENT, Row

__all__ = ['TRACES', 'Input', 'Symbol', 'Trace', 'Tracer', 'trace']

_new: Any = object.__new__
_current_call = groups.current_call
_is_recording = context.recording.get
_OVER = object()  # in place of the call that is under way: the function has returned


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
    with collector_paused(), context.tracing(recorder.made):
        result = function(
            *(recorder.filled(x) for x in args), **{name: recorder.filled(x) for name, x in kwargs.items()}
        )
        outputs = recorder.emptied(result)
        del result
        return recorder.finished(outputs)


class _Recorder(Tracer):
    """Traces a user's function: knows the parameters that it captures, and where in it each node comes from."""

    def __init__(self, parameters: Sequence[Value]):
        super().__init__(Graph())
        self.parameters: list[Value] = []
        self.bounds: dict[int, int] = {}
        self.made: dict[int, tuple[Value, bool]] = {}  # interior nodes of Values alone, and whether gradients pass
        self._walked: set[int] = set()  # the ids of these, and of the leaves under them
        self._call: Any = None
        for p in parameters:
            self.captured(p)
        self._given = len(self.parameters)

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
        if self._call is _OVER:
            raise kept()
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
        try:
            for v in unseen(root, self._walked):
                if v._prev and id(v) not in self.known:
                    self.known[id(v)] = self._import(v)
        except TracingError:
            self._walked.clear()  # whoever asks again shall hear it again
            raise
        return self.known[id(root)]

    def _import(self, v: Value) -> int:
        if isinstance(v._row, ByHand):
            raise tracing_error(
                f'the operation {v._op!r} was defined by hand, so its mathematics is not known',
                'Value(data, children, op)',
                'micrograd.primitive(name, value, partials)',
            )
        if id(v) not in self.made:
            raise _interior(v)
        xs = [*map(self.captured, v._prev)]
        if v._row is SELECT:
            self._note_choice(xs[0], len(xs) - 1)
        node = self.graph.apply(v._row, *xs)
        return node if self.made[id(v)][1] else self.graph.apply(STOP_GRADIENT, node)

    def filled(self, template: Any) -> Any:
        """A template with symbols in place of the inputs."""
        if isinstance(template, Input):
            return self.symbol(self.graph.input(template.column))
        return each(template, self.filled)

    def emptied(self, result: Any) -> Any:
        """What a function returned, with nodes in place of the numbers."""
        node = self.node(result)
        if node is not None:
            return node
        if is_container(result):
            return each(result, self.emptied)
        raise TracingError(
            f'a compiled function returns Values, numbers, and lists, tuples or dictionaries of them, not '
            f'{type(result).__name__}: {result!r:.60}. Wrong: return None. Right: return [a, b]'
        )

    def finished(self, outputs: Any) -> Trace:
        """The trace, where leaves that nobody holds any more, as Value(0.0) inside the function, are constants."""
        parameters, graph = self.parameters, self.graph
        self.made.clear()
        forgotten = [k for k in range(self._given, len(parameters)) if sys.getrefcount(parameters[k]) <= _OURS]
        if forgotten:
            graph, places = _with_constants(graph, {k: parameters[k].data for k in forgotten})
            outputs = _renumbered(outputs, places)
            for k in reversed(forgotten):
                del parameters[k]
        self._call = _OVER
        self.known.clear()  # what has these ids from now on is something else
        return Trace(graph, outputs, list(parameters), self.bounds)


_OURS = 2  # references to what only a list holds: the list's, and that of who counts


def _with_constants(graph: Graph, numbers: Mapping[int, float]) -> tuple[Graph, list[int]]:
    """A graph with constants in place of some shared leaves, and where each node is in it; the others move up."""
    new = Graph()
    new.sources = graph.sources
    places: list[int] = []
    left: dict[int, int] = {}
    for (kind, *xs), new.origin in zip(graph.nodes, graph.origins, strict=True):
        if kind is CONSTANT:
            places.append(new.constant(*xs))
        elif kind is INPUT:
            places.append(new.input(*xs))
        elif kind is SHARED:
            k = xs[0]
            places.append(new.constant(numbers[k]) if k in numbers else new.shared(left.setdefault(k, len(left))))
        else:
            places.append(new.apply(kind, *[places[x] for x in xs]))
    return new, places


def _renumbered(outputs: Any, places: Sequence[int]) -> Any:
    if isinstance(outputs, int):
        return places[outputs]
    return each(outputs, partial(_renumbered, places=places))


def _interior(v: Value) -> TracingError:
    named = f' ({v.label!r})' if v.label else ''
    return tracing_error(
        f'{v!r}{named}, made by {v._op!r} before the function was called, is used in it: compiled, it would stay the '
        'number that it is now, and pass no gradient on to what it was made from',
        'z = w * 2.0; compile(lambda x: z * x)',
        'compile(lambda x: w * 2.0 * x), or z.detach() if a constant is meant',
    )
