"""How far two machines may be apart on one formula: the table, run on numbers that carry a bound.

Both compute with doubles. What IEEE 754 rounds correctly, `+ - * /` and the square root, and every choice between
numbers is the same on both to the last bit, as long as its arguments are. The other functions of two mathematical
libraries may differ by a few ulp. From there on a difference is handed on by the local derivatives, which are the
table's own, and each rounding may add an ulp. So there is no tolerance to choose for a formula; where the bound is 0
the numbers are to be equal.
"""

from dataclasses import dataclass
from functools import partial
from math import copysign, inf, isfinite, isnan, ulp
from typing import Any

from micrograd.primitives import FLOATS, TABLE, Family, Interpreter, Row, on_lists

LIBRARIES = 4.0  # ulps between two libraries' exp, sin, erfc, …: each is right to 2 or so, which was measured
VERSIONS = 4.0  # ulps between a row's float version and its expression: what test_primitives.py holds them to
ROUNDED = {'add', 'sub', 'mul', 'div', 'sqrt'}
EXACT = {'neg', 'abs'}
CONDITIONAL = {'where', 'maximum', 'minimum'}
JUMPS = {'floor', 'less', 'less_equal', 'equal'}


class UndecidedError(ArithmeticError):
    """A comparison of numbers that lie no farther apart than the two machines may."""


@dataclass(frozen=True, eq=False, slots=True)
class Bounded:
    """A number, and how far another machine's may be from it."""

    number: float
    bound: float = 0.0

    def __add__(self, y: Any) -> 'Bounded':
        return apply(TABLE['add'], self, y)

    def __radd__(self, x: Any) -> 'Bounded':
        return apply(TABLE['add'], x, self)

    def __sub__(self, y: Any) -> 'Bounded':
        return apply(TABLE['sub'], self, y)

    def __rsub__(self, x: Any) -> 'Bounded':
        return apply(TABLE['sub'], x, self)

    def __mul__(self, y: Any) -> 'Bounded':
        return apply(TABLE['mul'], self, y)

    def __rmul__(self, x: Any) -> 'Bounded':
        return apply(TABLE['mul'], x, self)

    def __neg__(self) -> 'Bounded':
        return apply(TABLE['neg'], self)

    def __lt__(self, y: Any) -> 'Bounded':
        return apply(TABLE['less'], self, y)

    def __le__(self, y: Any) -> 'Bounded':
        return apply(TABLE['less_equal'], self, y)

    def __gt__(self, y: Any) -> 'Bounded':
        return apply(TABLE['less'], y, self)

    def __ge__(self, y: Any) -> 'Bounded':
        return apply(TABLE['less_equal'], y, self)


def bounded(x: Any) -> Bounded:
    return x if isinstance(x, Bounded) else Bounded(float(x))


def apply(row: Row, *arguments: Any) -> Bounded:
    xs = [bounded(x) for x in arguments]
    number = row.forward(*[x.number for x in xs])
    if row.value:
        result = bounded(row.value(BOUNDS, *xs))
        return result if _is_derived(row) else Bounded(number, result.bound + VERSIONS * _ulp(number))
    if row.name in CONDITIONAL:
        return _chosen(row.name, number, *xs)
    if row.name in JUMPS:
        _decide(*xs, *[Bounded(number)] * (row.name == 'floor'))
        return Bounded(number)
    return Bounded(number, _handed_on(row, number, xs) + _added(row, number, xs))


def _chosen(name: str, number: float, *xs: Bounded) -> Bounded:
    """One of the arguments; how far the others may be off does not matter."""
    if name == 'where':
        _decide(xs[0], Bounded(0.0))
        return xs[1] if xs[0].number else xs[2]
    _decide(*xs)
    return xs[1] if number is xs[1].number else xs[0]


def _is_derived(row: Row) -> bool:
    return isinstance(row.forward, partial) and row.forward.func is row.value


def _decide(x: Bounded, y: Bounded) -> None:
    bound = x.bound + y.bound
    if x is y or bound == 0.0 or not (isfinite(x.number) and isfinite(y.number)):
        return
    if not abs(x.number - y.number) > bound:
        raise UndecidedError


def _handed_on(row: Row, number: float, xs: list[Bounded]) -> float:
    edges = row.edges(FLOATS, number, *[x.number for x in xs])
    return sum(
        x.bound * abs(factor) * (1.0 + 1e-6)  # the derivative is not quite the same a little farther on
        for x, (factor, blocked) in zip(xs, edges, strict=True)
        if x.bound and not blocked
    )


def _added(row: Row, number: float, xs: list[Bounded]) -> float:
    if row.name in EXACT:
        return 0.0
    if row.name in ROUNDED:
        return _ulp(number) if any(x.bound for x in xs) else 0.0
    return LIBRARIES * _ulp(number)


def _ulp(x: float) -> float:
    return ulp(x) if isfinite(x) else 0.0


def _spell(entry: Row | Family) -> Any:
    if isinstance(entry, Row):
        return on_lists(entry, partial(apply, entry))
    return lambda x, *constants, **named: apply(entry(*constants, **named), x)


BOUNDS = Interpreter('bounds', _spell).functions


def agrees(other: float, x: Bounded) -> bool:
    """Whether another machine's number is of the same kind, and no farther from x than it may be."""
    if isnan(x.number) or isnan(other):
        return isnan(x.number) and isnan(other)
    if other == x.number:
        return other != 0.0 or x.bound > 0.0 or copysign(1.0, other) == copysign(1.0, x.number)
    return abs(other - x.number) <= x.bound < inf and isfinite(other)
