"""Symbols: Values without numbers, whose operations write the nodes of a graph; and errors where one is needed.

Since they are Values, networks, losses and programs of users take them for what they always see. The formulas of the
table are read with them, too: that is how the later passes differentiate and expand a graph in its own nodes.
"""

from __future__ import annotations

import linecache
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from micrograd.compiler.graph import Graph
from micrograd.engine import Value
from micrograd.errors import TracingError
from micrograd.primitives import (
    ABS,
    ADD,
    DIV,
    LESS,
    LESS_EQUAL,
    MUL,
    NEG,
    POW,
    STOP_GRADIENT,
    SUB,
    TABLE,
    Family,
    Interpreter,
    Row,
    power,
    spelling,
)
from micrograd.scalars import Condition, is_real

PACKAGE = str(Path(__file__).resolve().parent.parent) + os.sep


_new: Any = object.__new__


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
                raise kept()
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


TRACES = Interpreter('traces', spelling(_apply)).functions


# Errors ---------------------------------------------------------------------------------------------------------------


def tracing_error(problem: str, wrong: str, right: str) -> TracingError:
    """The error of a function that cannot be compiled, with the line of the program where that shows."""
    return TracingError(f'{_place()}{problem}. Wrong: {wrong}. Right: {right}')


def kept() -> TracingError:
    """The error of a symbol that is used outside of the call in which it was made."""
    return tracing_error(
        'a symbol of another trace is used here: it was kept from another call of a function, and has no number',
        'kept.append(x)',
        'return x from the function',
    )


def undecided() -> TracingError:
    """The error of an `if`, or the like, on a parameter: its number is read afresh at each call."""
    return tracing_error(*_UNDECIDED)


def _place() -> str:
    """The line of the program that is being executed, outside of this package."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and frame.f_code.co_filename.startswith(PACKAGE):
        frame = frame.f_back
    if frame is None:
        return ''
    name, number = frame.f_code.co_filename, frame.f_lineno
    line = linecache.getline(name, number, frame.f_globals).strip()
    return f'{name}:{number}: {line}: ' if line else f'{name}:{number}: '
