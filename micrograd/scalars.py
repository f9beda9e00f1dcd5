"""What may stand beside a Value in an expression without being one: real numbers, and conditions."""

from __future__ import annotations

from contextlib import suppress
from numbers import Complex, Real

from micrograd.node import Node

TYPE_CHECKING = False  # see context.py
if TYPE_CHECKING:
    from typing import Any


def is_real(x: Any) -> bool:
    """Whether x is one real number: it can become a float, is no container, and is not complex.

    >>> from fractions import Fraction
    >>> [is_real(x) for x in (1, True, Fraction(1, 3), 1j, '1', None, [1.0])]
    [True, True, True, False, False, False, False]
    """
    if isinstance(x, Real):
        return True
    return hasattr(x, '__float__') and not hasattr(x, '__len__') and not isinstance(x, Complex | Node)


def to_float(x: Any) -> float:
    """The float of one real number, or of an array that holds one.

    Raises:
        TypeError: x is anything else.
    """
    if is_real(x):
        return float(x)
    if hasattr(x, 'item') and hasattr(x, '__float__'):  # an array or a tensor
        with suppress(ValueError, RuntimeError):  # of several numbers
            x = x.item()
        if is_real(x):
            return float(x)
    raise TypeError(
        f'a Value holds one real number, not {type(x).__name__}: {x!r:.60}. Several numbers are several Values. '
        "Wrong: Value([1, 2]), Value('3'). Right: [Value(x) for x in (1, 2)], Value(float('3'))"
    )


class Condition:
    """Whether a comparison of Values holds: true or false in an `if`, and an operand of `where`, which decides anew.

    Args:
        flag: a Value that is 1.0 or 0.0.

    >>> from micrograd import Value
    >>> x = Value(2.0)
    >>> (x > 0) & ~(x < 1)
    Condition(True)
    """

    __slots__ = ('flag',)

    def __init__(self, flag: Any):
        self.flag = flag

    def __bool__(self) -> bool:
        return bool(self.flag.is_true())

    def __and__(self, other: Condition | bool) -> Condition:
        return Condition(self.flag * other)

    def __invert__(self) -> Condition:
        return Condition(1.0 - self.flag)

    def __or__(self, other: Condition | bool) -> Condition:
        return ~(~self & (~other if isinstance(other, Condition) else not other))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Condition | bool):
            return bool(self) is bool(other)
        return NotImplemented

    def __hash__(self) -> int:
        return hash(bool(self))

    __rand__, __ror__ = __and__, __or__

    def __repr__(self) -> str:
        return f'Condition({bool(self)})'
