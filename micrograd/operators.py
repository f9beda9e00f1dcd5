"""From a row of the table to a method of Value: what Python calls when it meets `a - b`, `a < b` or `a.tanh()`."""

from __future__ import annotations

from functools import lru_cache, partial

from micrograd import context
from micrograd.node import CONSTANT, GIVEN, NONE, Node, blank, link
from micrograd.scalars import Condition, is_real

TYPE_CHECKING = False  # see context.py
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from micrograd.primitives import Family, Row

    Method = Callable[..., Any]


def operand(x: Any, kind: type[Node]) -> Any:
    """The other side of an operator: a Value (`kind`), a number made a constant, or None for anything else."""
    if type(x) is float:
        return blank(kind, x, CONSTANT)
    if type(x) is int:  # is_real() would find out too, but slowly
        return blank(kind, float(x), CONSTANT)
    if isinstance(x, kind):
        return x
    if isinstance(x, Condition):
        return x.flag
    return blank(kind, float(x), CONSTANT) if is_real(x) else None


def settle(v: Any) -> None:
    """Under no_grad a result is a plain number; during a trace it is noted; under detect_anomaly it is looked at."""
    if context.observers and _is_noted(v):
        return
    if not context.recording.get():
        v._row = v._a = v._b = None


def _is_noted(v: Any) -> bool:
    """Tell of a node to whoever observes this thread or task; whether it belongs to a trace."""
    watch = context.watching.get()
    if watch is not None:
        watch.made(v)
    notes = context.made.get()
    if notes is None:
        return False
    notes[id(v)] = v, context.recording.get()
    return True


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
        if p._tracer is not None:
            return p._tracer.applied(row, parents)
    v = blank(kind, row.forward(*[p.data for p in parents]))
    if parents:
        if parents[0] is not operands[0] and all(
            p is not x and p._a is CONSTANT for p, x in zip(parents, operands, strict=True)
        ):
            for p in parents:
                p._a = GIVEN
        link(v, row, parents)
        if context.open_contexts:
            settle(v)
    return Condition(v) if row.condition else v


class _Placeholder:
    """Stands in the body of a class until the class exists, then makes the method for it.

    Args:
        name: that of the operation.
        make: the class -> the method.
    """

    def __init__(self, name: str, make: Callable[[type[Node]], Method]):
        self.name = name
        self.make = make

    def __set_name__(self, owner: type[Node], name: str) -> None:
        method = self.make(owner)
        method.__name__ = name
        method.__qualname__ = f'{owner.__name__}.{name}'
        method.__doc__ = f'The operation {self.name!r} of the table.'
        setattr(owner, name, method)


def unary(row: Row) -> Any:
    """The method of an operation on one number."""
    return _Placeholder(row.name, partial(_unary, row))


def binary(row: Row) -> Any:
    """The method of an operator between two numbers."""
    return _Placeholder(row.name, partial(_binary, row))


def reflected(row: Row) -> Any:
    """The method of an operator whose left side is not a Value: 2 - v."""
    return _Placeholder(row.name, partial(_reflected, row))


def comparison(row: Row) -> Any:
    """The method of an operator that gives a Condition."""
    return _Placeholder(row.name, partial(_comparison, row))


def reflected_comparison(row: Row) -> Any:
    """The method of a comparison that is read from the right: v > 2 is 2 < v."""
    return _Placeholder(row.name, partial(_reflected_comparison, row))


def unary_family(family: Family) -> Any:
    """The method of an operation on one number that has constants as well."""
    return _Placeholder(family.name, partial(_unary_family, family))


def exponentiation(row: Row, family: Family) -> Any:
    """The method of `**`: a row of the family where the exponent is a number, else the row of two Values."""
    return _Placeholder(row.name, partial(_exponentiation, row, family))


def _unary(row: Row, kind: type[Node]) -> Method:
    forward = row.forward
    new: Any = partial(object.__new__, kind)

    def method(self: Any) -> Any:
        v = new()
        v.data = forward(self.data)
        v.grad = 0.0
        v._row = row
        v._a = self
        v._b = NONE
        if context.open_contexts:
            settle(v)
        return v

    return method


def _binary(row: Row, kind: type[Node]) -> Method:
    forward = row.forward
    new: Any = partial(object.__new__, kind)

    def method(self: Any, other: Any) -> Any:
        if type(other) is not kind and (other := operand(other, kind)) is None:
            return NotImplemented
        v = new()
        v.data = forward(self.data, other.data)
        v.grad = 0.0
        v._row = row
        v._a = self
        v._b = other
        if context.open_contexts:
            settle(v)
        return v

    return method


def _reflected(row: Row, kind: type[Node]) -> Method:
    method = _binary(row, kind)
    return lambda self, other: NotImplemented if (other := operand(other, kind)) is None else method(other, self)


def _comparison(row: Row, kind: type[Node]) -> Method:
    return lambda self, other: (
        NotImplemented if (other := operand(other, kind)) is None else apply(kind, row, self, other)
    )


def _reflected_comparison(row: Row, kind: type[Node]) -> Method:
    return lambda self, other: (
        NotImplemented if (other := operand(other, kind)) is None else apply(kind, row, other, self)
    )


def _unary_family(family: Family, kind: type[Node]) -> Method:
    return lambda self, *constants, **named: apply(kind, family(*constants, **named), self)


def _exponentiation(row: Row, family: Family, kind: type[Node]) -> Method:
    raised = lru_cache(maxsize=1024, typed=True)(lambda exponent: _unary(family(exponent), kind))

    def method(self: Any, exponent: Any) -> Any:
        if type(exponent) is int or type(exponent) is float:
            return raised(exponent)(self)
        if isinstance(exponent, kind | Condition):
            return apply(kind, row, self, exponent)
        return raised(float(exponent))(self) if is_real(exponent) else NotImplemented

    return method
