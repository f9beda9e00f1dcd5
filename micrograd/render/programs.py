"""A graph as data that a page can evaluate anew: every operation as a short flat program over the core of the table.

The formulas are the ones that floats and Values run; here they are run on symbols that write down what is asked of
them. A core row is one step; of every other row, a user's own too, the expression is traced down to core rows. What the
core rows are in JavaScript stands in `page/arithmetic.js`, and how the data are laid out, at the head of that file.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import isfinite
from typing import TYPE_CHECKING, Any

from micrograd.engine import Value
from micrograd.formulas import UNREADABLE, undecided
from micrograd.node import ByHand
from micrograd.primitives import (
    ABS,
    ADD,
    DIV,
    FLOATS,
    LESS,
    LESS_EQUAL,
    MUL,
    NEG,
    OURS,
    POW,
    SUB,
    WHERE,
    Family,
    Interpreter,
    Row,
    on_lists,
)

if TYPE_CHECKING:
    from micrograd.rows import Formula


def live(order: Sequence[Value]) -> dict[str, Any]:
    """A graph as plain data, from which values and gradients can be computed without Python.

    Args:
        order: the nodes, each after its parents, as `graph.topological` gives them.

    Returns:
        What `json.dumps` takes, nan and infinities as texts. `operations`: each operation once, with its programs; and
        for each node, in order, its `operation` (an index, None for a leaf), `parents` (indices), `data` and `grad`.
        `slopes`: of the nodes whose row no page can read, the factors and gates as they are now.

    >>> x = Value(3.0)
    >>> page = live([x, x * x])
    >>> page['operation'], page['parents'], page['data']
    ([None, 0], [[], [0, 0]], [3.0, 9.0])
    >>> page['operations'][0]['value']
    {'steps': [['mul', 0, 1]], 'gives': [2]}
    """
    places = {id(v): i for i, v in enumerate(order)}
    parents = [v._prev for v in order]
    keys = [_key(v, len(ps)) if ps else None for v, ps in zip(order, parents, strict=True)]
    operations = {key: partial(operation, v._row, key[1]) for v, key in zip(order, keys, strict=True) if key}
    described = {key: describe() for key, describe in operations.items()}
    indices = {key: i for i, key in enumerate(described)}
    unread = [i for i, key in enumerate(keys) if key and described[key]['slopes'] is None]
    return {
        'operations': list(described.values()),
        'operation': [indices[key] if key else None for key in keys],
        'parents': [[places[id(p)] for p in ps] for ps in parents],
        'data': [exact(v.data) for v in order],
        'grad': [exact(v.grad) for v in order],
        'slopes': {i: _slopes_now(order[i]) for i in unread if isinstance(order[i]._row, Row)},
    }


def _key(v: Value, count: int) -> tuple[Any, int]:
    """What the nodes of one operation have in common."""
    return (v._row.symbol if type(v._row) is ByHand else v._row), count


def _slopes_now(v: Value) -> list[float | str]:
    """The factors of a node, then its gates, with the numbers that it has: of a row that cannot be read."""
    edges = list(v._row.edges(FLOATS, v.data, *[p.data for p in v._prev]))
    return [exact(factor) for factor, _ in edges] + [exact(blocked) for _, blocked in edges]


def exact(x: float) -> float | str:
    """A number as JSON can hold it, to the last bit: nan and the infinities as texts.

    >>> [exact(x) for x in (0.1, -0.0, float('inf'))]
    [0.1, -0.0, 'inf']
    """
    x = float(x)
    return x if isfinite(x) else repr(x)


def operation(row: Row | ByHand, count: int) -> dict[str, Any]:
    """What a page must know of an operation on so many arguments.

    Args:
        row: the operation; one that was defined by hand has no mathematics that anybody could read.
        count: how many arguments the node has.

    Returns:
        `name`; `value`, the program for the value; `slopes`, the program for the factors and then the gates, one each
        for every argument. Where the formulas cannot be read both are None, and `why` says why.

    >>> from micrograd.primitives import RELU
    >>> operation(RELU, 1)['value']
    {'steps': [0.0, ['less_equal', 0, 1], ['where', 2, 1, 0]], 'gives': [3]}
    """
    if isinstance(row, ByHand):
        return _unknown(row.symbol, 'it was defined by hand')
    try:
        return {'name': row.name, 'value': _value(row, count), 'slopes': _slopes(row, count)}
    except UNREADABLE as error:
        return _unknown(row.name, str(error))


def _unknown(name: str, why: str) -> dict[str, Any]:
    return {'name': name, 'value': None, 'slopes': None, 'why': why}


def _value(row: Row, count: int) -> dict[str, Any]:
    program = Program(count)
    return program.giving([_apply(row, *program.arguments)])


def _slopes(row: Row, count: int) -> dict[str, Any]:
    program = Program(1 + count)
    edges = list(row.edges(PROGRAMS, *program.arguments))
    return program.giving([factor for factor, _ in edges] + [blocked for _, blocked in edges])


class Program:
    """Steps in a row. The arguments are the registers 0, 1, …; each step fills the next one; no step is there twice.

    Args:
        count: how many arguments it takes.
    """

    def __init__(self, count: int):
        self.arguments = [Symbol(self, i) for i in range(count)]
        self._steps: list[Any] = []
        self._places: dict[str, int] = {}

    def step(self, name: str, *xs: Any) -> Symbol:
        """The result of a core row for symbols and numbers."""
        return Symbol(self, self._place([name, *map(self.register, xs)]))

    def register(self, x: Any) -> int:
        """Where a symbol's number will be, or a constant: True is 1.0, False is 0.0."""
        return x.register if isinstance(x, Symbol) else self._place(exact(x))

    def giving(self, results: list[Any]) -> dict[str, Any]:
        """The program as data, whose results are these symbols and numbers."""
        gives = [self.register(x) for x in results]
        return {'steps': self._steps, 'gives': gives}

    def _place(self, step: Any) -> int:
        key = repr(step)  # tells 0.0 from -0.0
        if key not in self._places:
            self._places[key] = len(self.arguments) + len(self._steps)
            self._steps.append(step)
        return self._places[key]


def _apply(row: Row, *xs: Any) -> Any:
    """A row of symbols and numbers: numbers alone are computed here and now."""
    symbols = [x for x in xs if isinstance(x, Symbol)]
    if not symbols:
        return row.forward(*map(float, xs))
    if row.value:
        return row.value(PROGRAMS, *xs)
    if row.name not in OURS:
        raise TypeError(f'{row.name} has no formula for its value, only a function on floats')
    return symbols[0].program.step(row.name, *xs)


def _infix(row: Row) -> tuple[Formula, Formula]:
    """The method of an operator, and the one for a symbol on its right side."""
    return lambda x, y: _apply(row, x, y), lambda y, x: _apply(row, x, y)


class Symbol:
    """A number that a program will compute.

    Args:
        program: that program.
        register: where the number will be.
    """

    __slots__ = ('program', 'register')

    def __init__(self, program: Program, register: int):
        self.program = program
        self.register = register

    __add__, __radd__ = _infix(ADD)
    __sub__, __rsub__ = _infix(SUB)
    __mul__, __rmul__ = _infix(MUL)
    __truediv__, __rtruediv__ = _infix(DIV)
    __pow__, __rpow__ = _infix(POW)
    __lt__, __gt__ = _infix(LESS)
    __le__, __ge__ = _infix(LESS_EQUAL)
    __bool__ = __float__ = __eq__ = __ne__ = undecided

    def __neg__(self) -> Any:
        return _apply(NEG, self)

    def __abs__(self) -> Any:
        return _apply(ABS, self)

    def __and__(self, other: Any) -> Any:
        return _apply(WHERE, self, other, False)

    def __or__(self, other: Any) -> Any:
        return _apply(WHERE, self, True, other)

    __rand__, __ror__ = __and__, __or__


# The interpreter ------------------------------------------------------------------------------------------------------


def _spell(entry: Row | Family) -> Formula:
    if isinstance(entry, Row):
        return on_lists(entry, partial(_apply, entry))
    return lambda x, *constants, **named: _apply(entry(*constants, **named), x)


PROGRAMS = Interpreter('programs', _spell).functions
