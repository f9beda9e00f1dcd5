"""How far a compiled program may be from the eager one: an eager graph, computed on numbers that carry a bound.

What a machine may do is add the terms of a sum in another order, and contract a product into the sum that it is a term
of: then the sum of n terms is off by at most 8 n u sum|terms|. Sums of sums are one sum here. A function of a library
may be off by a few ulp, see `rounding.py`. Everything else gives the same bits, if its arguments are the same. From
there on a difference is handed on by the local derivatives, taken at the ends of where the argument may lie, since
they are not the same there. So there is no tolerance to choose.

Where a number may lie on either side of a jump, or of an overflow, nothing can be said: `UndecidedError`. So that
kinks and ties can be looked at all the same, sums of numbers with few digits are known to be exact in any order.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import product
from math import copysign, inf, isfinite, isnan, ldexp, nan, ulp
from typing import Any

from micrograd import Value, graph
from micrograd.primitives import ADD, FLOATS, MUL, NEG, STOP_GRADIENT, SUB, Family, Interpreter, Row, on_lists
from tests import rounding
from tests.rounding import UndecidedError

PERIODIC = {'sin', 'cos', 'tan'}
EXPANDED = {'power'}  # rows that are written out as other operations; those of any number of arguments are, too


class Unit:
    """What the machine's numbers are rounded to."""

    double = True
    roundoff = 2.0**-53
    digits = 53
    least = 5e-324
    most = 1.7976931348623157e308

    @classmethod
    def ulp(cls, x: float) -> float:
        if not isfinite(x):
            return 0.0
        return ulp(x) if cls.double else max(ulp(x) * 2.0**29, cls.least)


@contextmanager
def single_precision() -> Iterator[None]:
    """In the block, how far numbers of 32 bits may be from those of eager evaluation."""
    before = {name: getattr(Unit, name) for name in ('double', 'roundoff', 'digits', 'least', 'most')}
    Unit.double, Unit.roundoff, Unit.digits = False, 2.0**-24, 24
    Unit.least, Unit.most = 2.0**-149, 3.4028234663852886e38
    try:
        yield
    finally:
        for name, x in before.items():
            setattr(Unit, name, x)


class Bounded:
    """A number, and how far a compiled program's may be from it.

    Args:
        number: the eager one.
        bound: how far the other may be off.
        rounded: it is the rounded result of a product, so that a sum around it may be contracted.
        unsigned: it is a zero that may have either sign.
        terms: of a sum: how many, the sum of their sizes and of their bounds, and their common unit, if any; else 0.
    """

    __slots__ = ('bound', 'number', 'rounded', 'terms', 'unsigned')

    def __init__(
        self, number: float, bound: float = 0.0, rounded: bool = False, unsigned: bool = False, terms: Any = None
    ):
        self.number = number
        self.bound = bound
        self.rounded = rounded
        self.unsigned = unsigned
        self.terms = terms

    def __repr__(self) -> str:
        return f'{self.number!r} ± {self.bound!r}'

    def __add__(self, y: Any) -> 'Bounded':
        return add(self, bounded(y))

    def __radd__(self, x: Any) -> 'Bounded':
        return add(bounded(x), self)

    def __sub__(self, y: Any) -> 'Bounded':
        return add(self, negative(bounded(y)))

    def __rsub__(self, x: Any) -> 'Bounded':
        return add(bounded(x), negative(self))

    def __mul__(self, y: Any) -> 'Bounded':
        return multiply(self, bounded(y))

    def __rmul__(self, x: Any) -> 'Bounded':
        return multiply(bounded(x), self)

    def __neg__(self) -> 'Bounded':
        return negative(self)

    def __lt__(self, y: Any) -> 'Bounded':
        return apply(rounding.TABLE['less'], self, y)

    def __le__(self, y: Any) -> 'Bounded':
        return apply(rounding.TABLE['less_equal'], self, y)

    def __gt__(self, y: Any) -> 'Bounded':
        return apply(rounding.TABLE['less'], y, self)

    def __ge__(self, y: Any) -> 'Bounded':
        return apply(rounding.TABLE['less_equal'], y, self)


def bounded(x: Any) -> Bounded:
    return x if isinstance(x, Bounded) else Bounded(float(x))


# Sums and products ---------------------------------------------------------------------------------------------------


def grid(x: float) -> float:
    """The largest power of two that a number is a whole multiple of; inf for 0."""
    if x == 0.0:
        return inf
    if not isfinite(x):
        return 0.0
    over, under = x.as_integer_ratio()
    return ldexp(1.0, (over & -over).bit_length() - under.bit_length())


def _terms(x: Bounded) -> tuple[int, float, float, float]:
    """How many terms, the sum of their sizes and of their bounds, and their unit."""
    if x.terms is not None:
        return x.terms
    size = abs(x.number) if isfinite(x.number) else 0.0
    return 1, size, x.bound, 0.0 if x.rounded or x.bound else grid(x.number)


def add(x: Bounded, y: Bounded) -> Bounded:
    if any(abs(term.number) == inf and term.rounded for term in (x, y)):
        if isnan(x.number) or isnan(y.number):
            return Bounded(nan)
        raise UndecidedError
    (m, size_x, bound_x, unit_x), (n, size_y, bound_y, unit_y) = _terms(x), _terms(y)
    number = x.number + y.number
    terms = (m + n, size_x + size_y, bound_x + bound_y, min(unit_x, unit_y))
    if m == n == 1 and not (x.bound or y.bound or x.rounded or y.rounded) and Unit.double:  # there is one order only
        is_exact = min(unit_x, unit_y) > 0.0 and size_x + size_y <= 2.0**Unit.digits * terms[3]
        return Bounded(number, unsigned=number == 0.0, terms=terms if is_exact else (*terms[:3], 0.0))
    return _sum(number, terms, x.unsigned or y.unsigned)


def _sum(number: float, terms: tuple[int, float, float, float], unsigned: bool = False) -> Bounded:
    count, size, handed, unit = terms
    if size + handed > Unit.most / (1.0 + 1e-3):
        raise UndecidedError  # another order overflows elsewhere
    if not isfinite(number):
        return Bounded(number, terms=terms)
    is_exact = unit > 0.0 and size <= 2.0**Unit.digits * unit
    bound = handed if is_exact else handed + 8.0 * count * Unit.roundoff * size
    return Bounded(number, bound, unsigned=number == 0.0 and (count > 1 or unsigned), terms=terms)


def negative(x: Bounded) -> Bounded:
    return Bounded(-x.number, x.bound, x.rounded, x.unsigned, x.terms)


def multiply(x: Bounded, y: Bounded) -> Bounded:
    number = x.number * y.number
    unsigned = number == 0.0 and (x.unsigned or y.unsigned)
    if x.bound == y.bound == 0.0 and not (x.rounded or y.rounded):
        if not isfinite(number):
            return Bounded(number, rounded=isfinite(x.number) and isfinite(y.number))  # contracted, it may be finite
        is_exact = _is_exact(x.number, y.number)
        bound = 0.0 if is_exact or Unit.double else Unit.ulp(number)
        return Bounded(number, bound, rounded=not is_exact, unsigned=unsigned)
    _certain(MUL, number, [x, y])
    if not isfinite(number):
        return Bounded(number, rounded=isfinite(x.number) and isfinite(y.number))
    handed = abs(x.number) * y.bound + abs(y.number) * x.bound + x.bound * y.bound
    plain_zero = number == 0.0 and handed == 0.0
    return Bounded(number, handed + (0.0 if plain_zero else 2.0 * Unit.ulp(number)), True, unsigned)


def _is_exact(x: float, y: float) -> bool:
    """Whether a product is not rounded."""
    if x == 0.0 or y == 0.0 or abs(x) == 1.0 or abs(y) == 1.0:
        return True
    over = x.as_integer_ratio()[0] * y.as_integer_ratio()[0]
    return (over // (over & -over)).bit_length() <= Unit.digits and 1e-290 < abs(x * y) < inf


# Everything else -----------------------------------------------------------------------------------------------------


def apply(row: Row, *arguments: Any) -> Bounded:
    """An operation on bounded numbers."""
    xs = [bounded(x) for x in arguments]
    if row is ADD:
        return add(*xs)
    if row is SUB:
        return add(xs[0], negative(xs[1]))
    if row is MUL:
        return multiply(*xs)
    if row is NEG:
        return negative(*xs)
    if row is STOP_GRADIENT:
        return xs[0]
    number = float(row.forward(*[x.number for x in xs]))
    if row.name == 'where':
        return _chosen(*xs)
    if row.condition and _is_open(row, number, xs):
        return Bounded(number, 1.0)
    if row.lists:
        return _written_out(row, number, xs)
    if row.name in ('maximum', 'minimum') and xs[0] is xs[1]:
        return xs[0]
    bound, unsigned = _handed_on(row, number, xs)
    return Bounded(number, bound + _added(row, number, xs), unsigned=unsigned and number == 0.0)


def _is_open(row: Row, number: float, xs: list[Bounded]) -> bool:
    """Whether a comparison may come out either way."""
    return any(row.forward(*numbers) != number for numbers in _corners(xs)) if xs[0] is not xs[1] else False


def _chosen(condition: Bounded, x: Bounded, y: Bounded) -> Bounded:
    """One of two; if nobody knows which, they must not be too different for something to be said."""
    chosen, other = (x, y) if condition.number else (y, x)
    if not condition.bound:
        return chosen
    if _kind(x.number) != _kind(y.number):
        raise UndecidedError
    if not isfinite(x.number):
        return chosen
    apart = abs(x.number - y.number) + other.bound
    return Bounded(chosen.number, max(chosen.bound, apart), True, chosen.number == 0.0)


def _written_out(row: Row, number: float, xs: list[Bounded]) -> Bounded:
    """A row of any number of arguments, which is compiled as its formula."""
    if row.name == 'select':
        if xs[0].bound:
            raise UndecidedError
        x = xs[1 + int(xs[0].number)]
        return Bounded(x.number, x.bound, x.rounded, unsigned=x.number == 0.0)  # its formula is a sum with zeros
    result = bounded(row.value(BOUNDS, *xs))
    if result.number == number or (isnan(number) and isnan(result.number)):
        return result
    return Bounded(number, result.bound + abs(number - result.number))


def _handed_on(row: Row, number: float, xs: list[Bounded]) -> tuple[float, bool]:
    """How far the arguments' bounds put the result off, and whether a zero's sign is open."""
    loose = [x for x in xs if x.bound or x.unsigned]
    if not loose:
        return 0.0, False
    for x in loose:
        if x.bound > 1e-3 and (row.name in PERIODIC or x.bound > 1e-6 * abs(x.number)):
            raise UndecidedError
    _certain(row, number, xs)
    if not isfinite(number):
        return 0.0, False
    bound = 1.01 * sum(x.bound * s for x, s in zip(xs, _steepest(row, xs), strict=True) if x.bound)
    if not isfinite(bound):
        raise UndecidedError
    unsigned = False
    noise = bound + 16.0 * Unit.ulp(number)
    for numbers in _corners(xs):
        there = row.forward(*numbers)
        unsigned = unsigned or (there == number == 0.0 and copysign(1.0, there) != copysign(1.0, number))
        if not abs(there - number) <= noise:
            raise UndecidedError  # it jumps
    return bound, unsigned


def _steepest(row: Row, xs: list[Bounded]) -> list[float]:
    """The largest size of each local derivative at the ends of where the arguments may lie."""
    found = [0.0] * len(xs)
    for numbers in [[x.number for x in xs], *_corners(xs)]:
        edges = row.edges(FLOATS, row.forward(*numbers), *numbers)
        for i, (factor, blocked) in enumerate(edges):
            if not blocked and xs[i].bound:
                found[i] = max(found[i], abs(factor)) if not isnan(factor) else inf
    return found


def _corners(xs: Sequence[Bounded]) -> Iterator[tuple[float, ...]]:
    return product(*[_ends(x) for x in xs])


def _ends(x: Bounded) -> Iterable[float]:
    if x.bound:
        return x.number - x.bound, x.number + x.bound
    return (0.0, -0.0) if x.unsigned else (x.number,)


def _certain(row: Row, number: float, xs: Sequence[Bounded]) -> None:
    """Refuse where the arguments' bounds leave open what kind of number the result is."""
    kind = _kind(number)
    for numbers in _corners(xs):
        if _kind(row.forward(*numbers)) != kind:
            raise UndecidedError


def _kind(x: float) -> float:
    """Of what kind a number is: itself, unless it is finite."""
    return 0.0 if abs(x) <= Unit.most else 2.0 if isnan(x) else copysign(1.0, x)


def _added(row: Row, number: float, xs: list[Bounded]) -> float:
    """What the operation itself adds."""
    if number == 0.0 or not isfinite(number):
        return 0.0
    own = rounding.apply(row, *[rounding.Bounded(x.number) for x in xs]).bound
    is_rounded = row.name in ('div', 'sqrt') and any(x.bound for x in xs)
    if Unit.double:
        return own + is_rounded * Unit.ulp(number)
    return own * 2.0**29 + (0.0 if row.name in SELECTING else Unit.ulp(number))


SELECTING = {'where', 'maximum', 'minimum', 'less', 'less_equal', 'equal', 'floor', 'sign', 'relu', 'abs', 'clamp'}


def _spell(entry: Row | Family) -> Any:
    if isinstance(entry, Row):
        return on_lists(entry, partial(apply, entry))
    return lambda x, *constants, **named: apply(entry(*constants, **named), x)


BOUNDS = Interpreter('compiled bounds', _spell).functions


# Graphs --------------------------------------------------------------------------------------------------------------


def values(roots: Sequence[Value]) -> dict[int, Bounded]:
    """Node -> its number and bound, for all that lie under the roots."""
    found: dict[int, Bounded] = {}
    for v in graph.topological(roots):
        found[id(v)] = apply(v._row, *[found[id(p)] for p in v._prev]) if v._prev else Bounded(v.data)
        same = found[id(v)].number == v.data or (isnan(v.data) and isnan(found[id(v)].number))
        assert same, f'{v._op} is {v.data!r} and was computed as {found[id(v)]!r}'
    return found


def gradients(y: Value, xs: Sequence[Value], data: dict[int, Bounded]) -> list[Bounded]:
    """The derivatives of y by each of xs, as the engine computes them, with bounds."""
    adjoints = {id(y): Bounded(1.0)}
    for v in reversed(graph.topological([y])):
        if id(v) not in adjoints or not v._prev:
            continue
        edges = v._row.edges(BOUNDS, data[id(v)], *[data[id(p)] for p in v._prev])
        for p, (factor, blocked) in zip(v._prev, edges, strict=True):
            if not _is_shut(blocked):
                arriving = adjoints[id(v)] * factor
                adjoints[id(p)] = adjoints[id(p)] + arriving if id(p) in adjoints else arriving
    return [either_zero(adjoints.get(id(x), Bounded(0.0))) for x in xs]


def either_zero(x: Bounded) -> Bounded:
    """The same; a zero may have either sign, as a sum has of which some terms may be left out."""
    return Bounded(x.number, x.bound, x.rounded, x.unsigned or x.number == 0.0, x.terms)


def _is_shut(blocked: Any) -> bool:
    if isinstance(blocked, Bounded) and blocked.bound:
        raise UndecidedError
    return bool(blocked.number if isinstance(blocked, Bounded) else blocked)


def mean(xs: Sequence[Bounded]) -> Bounded:
    """The mean of the numbers of all examples, added in any order."""
    all_terms = [_terms(x) for x in xs]
    number = xs[0].number
    for x in xs[1:]:
        number += x.number
    count = sum(terms[0] for terms in all_terms)
    size, handed = sum(terms[1] for terms in all_terms), sum(terms[2] for terms in all_terms)
    total = _sum(number, (count, size, handed, min(terms[3] for terms in all_terms)), any(x.unsigned for x in xs))
    scaled = total.number / len(xs)
    is_exact = len(xs) & (len(xs) - 1) == 0 and (abs(scaled) > 1e-290 or scaled == 0.0)
    added = 0.0 if is_exact else 2.0 * Unit.ulp(scaled)  # 1 / n is rounded, and the product with it
    return Bounded(scaled, total.bound / len(xs) + added, True, unsigned=scaled == 0.0)


def agrees(other: float, x: Bounded) -> bool:
    """Whether another machine's number is of the same kind, and no farther from x than it may be."""
    other = float(other)
    if isnan(x.number) or isnan(other):
        return isnan(x.number) and isnan(other)
    if other == x.number:
        same_sign = copysign(1.0, other) == copysign(1.0, x.number)
        return same_sign or other != 0.0 or x.bound > 0.0 or x.unsigned
    return isfinite(other) and isfinite(x.number) and abs(other - x.number) <= x.bound
