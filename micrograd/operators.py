"""From a row of the table to a method of Value: what Python calls when it meets `a - b`, `a < b` or `a.tanh()`."""

from __future__ import annotations

from micrograd import context
from micrograd.node import NONE, Node, blank, link, new
from micrograd.scalars import Condition, is_real

TYPE_CHECKING = False  # see context.py
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from micrograd.primitives import Family, Row


def operand(x: Any, kind: type[Node]) -> Any:
    """The other side of an operator: a Value (`kind`), a number made a constant, or None for anything else."""
    if type(x) is float:
        return blank(kind, x, 'constant')
    if isinstance(x, kind):
        return x
    if isinstance(x, Condition):
        return x.flag
    return blank(kind, float(x), 'constant') if is_real(x) else None


def settle(v: Any) -> None:
    """Under no_grad a result is a plain number."""
    if not context.recording.get():
        v._row = v._a = v._b = None


def apply(kind: type[Node], row: Row, *operands: Any) -> Any:
    """The node that a row makes of Values and numbers.

    Raises:
        TypeError: the wrong number of operands, or one that is no number.
    """
    if row.arity is not None and len(operands) != row.arity:
        raise TypeError(f'{row.name}() takes {row.arity} numbers, and was given {len(operands)}')
    parents = tuple(operand(x, kind) for x in operands)
    for p, x in zip(parents, operands, strict=True):
        if p is None:
            raise TypeError(f'{row.name}() takes Values and real numbers, not {type(x).__name__}: {x!r:.60}')
    v = blank(kind, row.forward(*[p.data for p in parents]))
    if parents:
        link(v, row, parents)
        if context.open_contexts:
            settle(v)
    return Condition(v) if row.condition else v


class _Method:
    """Stands in the body of a class until the class exists, then makes the method for it."""

    def __init__(self, make: Callable[[type[Node]], Callable[..., Any]], doc: str):
        self.make = make
        self.doc = doc

    def __set_name__(self, owner: type[Node], name: str) -> None:
        method = self.make(owner)
        method.__name__ = name
        method.__qualname__ = f'{owner.__name__}.{name}'
        method.__doc__ = self.doc
        setattr(owner, name, method)


def _method(row: Row | Family, make: Callable[[type[Node]], Callable[..., Any]]) -> Any:
    return _Method(make, f'The operation {row.name!r} of the table.')


def unary(row: Row) -> Callable[[Any], Any]:
    """The method of an operation on one number."""

    def make(kind: type[Node]) -> Callable[[Any], Any]:
        forward = row.forward

        def method(self: Any) -> Any:
            v = new(kind)
            v.data = forward(self.data)
            v.grad = 0.0
            v._row = row
            v._a = self
            v._b = NONE
            v._mark = None
            if context.open_contexts:
                settle(v)
            return v

        return method

    return _method(row, make)  # type: ignore[no-any-return]  # a placeholder, see _Method


def binary(row: Row) -> Callable[[Any, Any], Any]:
    """The method of an operator between two numbers."""

    def make(kind: type[Node]) -> Callable[[Any, Any], Any]:
        forward = row.forward

        def method(self: Any, other: Any) -> Any:
            if type(other) is not kind and (other := operand(other, kind)) is None:
                return NotImplemented
            v = new(kind)
            v.data = forward(self.data, other.data)
            v.grad = 0.0
            v._row = row
            v._a = self
            v._b = other
            v._mark = None
            if context.open_contexts:
                settle(v)
            return v

        return method

    return _method(row, make)  # type: ignore[no-any-return]  # a placeholder, see _Method


def comparison(row: Row) -> Callable[[Any, Any], Any]:
    """The method of an operator that gives a Condition."""

    def make(kind: type[Node]) -> Callable[[Any, Any], Any]:
        return lambda self, other: (
            NotImplemented if (other := operand(other, kind)) is None else apply(kind, row, self, other)
        )

    return _method(row, make)  # type: ignore[no-any-return]  # a placeholder, see _Method


def reflected(row: Row) -> Callable[[Any, Any], Any]:
    """The method of an operator whose operands stand the other way round: 2 - v, or v > 2, which is 2 < v."""

    def make(kind: type[Node]) -> Callable[[Any, Any], Any]:
        return lambda self, other: (
            NotImplemented if (other := operand(other, kind)) is None else apply(kind, row, other, self)
        )

    return _method(row, make)  # type: ignore[no-any-return]  # a placeholder, see _Method


def unary_family(family: Family) -> Callable[..., Any]:
    """The method of an operation on one number that has constants as well."""

    def make(kind: type[Node]) -> Callable[..., Any]:
        return lambda self, *constants, **named: apply(kind, family(*constants, **named), self)

    return _method(family, make)  # type: ignore[no-any-return]  # a placeholder, see _Method


def exponentiation(row: Row, family: Family) -> Callable[[Any, Any], Any]:
    """The method of `**`: a row of the family where the exponent is a number, else the row of two Values."""

    def make(kind: type[Node]) -> Callable[[Any, Any], Any]:
        def method(self: Any, exponent: Any) -> Any:
            if isinstance(exponent, kind | Condition):
                return apply(kind, row, self, exponent)
            if not is_real(exponent):
                return NotImplemented
            return apply(kind, family(exponent if type(exponent) is int else float(exponent)), self)

        return method

    return _method(row, make)  # type: ignore[no-any-return]  # a placeholder, see _Method
