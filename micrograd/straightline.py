"""Formulas of the table as straight-line programs: short flat lists of core operations, nothing decided on the way.

The formulas are the ones that floats and Values run; here they are run on symbols that write down what is asked of
them. A core row is one step; of every other row, a user's own too, the expression is traced down to core rows. A page
evaluates such programs in JavaScript, the compiler with NumPy and in machine code.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from micrograd.formulas import undecided
from micrograd.primitives import (
    ABS,
    ADD,
    DIV,
    LESS,
    LESS_EQUAL,
    MUL,
    NEG,
    OURS,
    POW,
    SUB,
    WHERE,
    Interpreter,
    Row,
    spelling,
)

if TYPE_CHECKING:
    from micrograd.rows import Formula

Step = tuple[Any, ...] | float  # (name of a core row, register, …), or a constant


class Program:
    """Steps in a row. The arguments are the registers 0, 1, …; each step fills the next one; no step is there twice.

    Args:
        count: how many arguments it takes.
    """

    def __init__(self, count: int):
        self.count = count
        self.steps: list[Step] = []
        self._places: dict[str, int] = {}

    @property
    def arguments(self) -> list[Symbol]:
        """The arguments as symbols. (A program that held its symbols, which hold it, would not be freed at once.)"""
        return [Symbol(self, i) for i in range(self.count)]

    def step(self, name: str, *xs: Any) -> Symbol:
        """The result of a core row for symbols and numbers."""
        return Symbol(self, self.place((name, *map(self.register, xs))))

    def register(self, x: Any) -> int:
        """Where a symbol's number will be, or a constant: True is 1.0, False is 0.0."""
        return x.register if isinstance(x, Symbol) else self.place(float(x))

    def place(self, step: Step) -> int:
        """The register that a step fills."""
        key = repr(step)  # tells 0.0 from -0.0
        if key not in self._places:
            self._places[key] = self.count + len(self.steps)
            self.steps.append(step)
        return self._places[key]


def apply(row: Row, *xs: Any) -> Any:
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
    return lambda x, y: apply(row, x, y), lambda y, x: apply(row, x, y)


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
        return apply(NEG, self)

    def __abs__(self) -> Any:
        return apply(ABS, self)

    def __and__(self, other: Any) -> Any:
        return apply(WHERE, self, other, False)

    def __or__(self, other: Any) -> Any:
        return apply(WHERE, self, True, other)

    __rand__, __ror__ = __and__, __or__


# The interpreter ------------------------------------------------------------------------------------------------------


PROGRAMS = Interpreter('programs', spelling(apply)).functions
