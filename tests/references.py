"""What the operations of the table are, in mpmath: one line each, and nothing of the table's own code.

The derivatives are central differences of these lines, with a step and a number of digits at which they are right to
far more places than a float has. Where a value or a derivative is a sum that may cancel, nobody can have it right to
the last places of the sum: SIZES has the size of its largest term, and 8 ulp are 8 ulp of that.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from math import inf, isfinite, isinf, isnan, log10, nan, ulp
from typing import Any

from mpmath import mp, mpf

from micrograd.primitives import TABLE, Row

STEP = mpf(10) ** -20  # relative: the error of the differences is about its square
TINY = 5e-324
LARGE = 1.7976931348623157e308
BLOCKED = None  # in KINKS: no gradient passes at all


def nearest(x: Any) -> float:
    """The float nearest to x, however large or small x is."""
    if mp.isnan(x):
        return nan
    if abs(x) > mpf(2) ** 1025:
        return inf if x > 0 else -inf
    return float(x) if abs(x) > mpf(2) ** -1080 else 0.0


def _logistic(x: Any) -> Any:
    return 1 / (1 + mp.exp(-x))


def _bell(x: Any) -> Any:
    return mp.exp(-x * x / 2) / mp.sqrt(2 * mp.pi)


def _erfc(x: Any) -> Any:
    return mp.erfc(x) if x < 10**6 else mpf(0)  # where it is far below every float, and mpmath gives up


def _phi(x: Any) -> Any:
    return _erfc(-x / mp.sqrt(2)) / 2


def _pairs(xys: Sequence[Any]) -> list[tuple[Any, Any]]:
    middle = len(xys) // 2
    return list(zip(xys[:middle], xys[middle:], strict=True))


EXACT: dict[str, Callable[..., Any]] = {  # arguments, then constants
    'add': lambda x, y: x + y,
    'sub': lambda x, y: x - y,
    'mul': lambda x, y: x * y,
    'div': lambda x, y: x / y,
    'neg': lambda x: -x,
    'pow': lambda x, y: x**y,
    'power': lambda x, c: x ** mpf(c),
    'less': lambda x, y: mpf(x < y),
    'less_equal': lambda x, y: mpf(x <= y),
    'equal': lambda x, y: mpf(x == y),
    'where': lambda c, x, y: x if c else y,
    'maximum': lambda x, y: max(x, y),
    'minimum': lambda x, y: min(x, y),
    'clamp': lambda x, lo, hi: min(max(x, mpf(lo)), mpf(hi)),
    'abs': lambda x: abs(x),
    'sign': lambda x: mpf(mp.sign(x)),
    'floor': lambda x: mp.floor(x),
    'stop_gradient': lambda x: mpf(nearest(x)),  # it does not move with x
    'exp': lambda x: mp.exp(x),
    'expm1': lambda x: mp.exp(x) - 1,
    'log': lambda x: mp.log(x),
    'log1p': lambda x: mp.log(1 + x),
    'sqrt': lambda x: mp.sqrt(x),
    'hypot': lambda x, y: mp.sqrt(x * x + y * y),
    'hypot_slope': lambda x, y: x / mp.sqrt(x * x + y * y),
    'sin': lambda x: mp.sin(x),
    'cos': lambda x: mp.cos(x),
    'tan': lambda x: mp.tan(x),
    'asin_slope': lambda x: 1 / mp.sqrt(1 - x * x),
    'asin': lambda x: mp.asin(x),
    'acos': lambda x: mp.acos(x),
    'atan': lambda x: mp.atan(x),
    'atan2': lambda y, x: mp.atan2(y, x),
    'atan2_slope': lambda x, y: x / (x * x + y * y),
    'sinh': lambda x: mp.sinh(x),
    'cosh': lambda x: mp.cosh(x),
    'tanh': lambda x: mp.tanh(x),
    'sigmoid': lambda x: _logistic(x),
    'logistic_pdf': lambda x: _logistic(x) * _logistic(-x),
    'relu': lambda x: max(x, mpf(0)),
    'leaky_relu': lambda x, slope: x if x > 0 else mpf(slope) * x,
    'elu': lambda x, alpha: x if x > 0 else mpf(alpha) * (mp.exp(x) - 1),
    'gelu': lambda x: x * _phi(x),
    'silu': lambda x: x * _logistic(x),
    'softplus': lambda x: mp.log(1 + mp.exp(x)),
    'logsigmoid': lambda x: -mp.log(1 + mp.exp(-x)),
    'erf': lambda x: mp.erf(x),
    'erfc': lambda x: _erfc(x),
    'gaussian': lambda x: mp.exp(-x * x),
    'normal_pdf': lambda x: _bell(x),
    'normal_cdf': lambda x: _phi(x),
    'sum': lambda *xs: sum(xs, mpf(0)),
    'dot': lambda *xys: sum((x * y for x, y in _pairs(xys)), mpf(0)),
    'max': lambda *xs: max(xs),
    'select': lambda i, *xs: xs[int(mp.nint(i))],
    'min': lambda *xs: min(xs),
    'logsumexp': lambda *xs: mp.log(sum(mp.exp(x) for x in xs)),
}


@dataclass(frozen=True)
class Sizes:
    """(x, …) -> the largest terms of what may cancel; None there, or here, stands for the number's own size."""

    value: Callable[..., Any] = lambda *xs: None
    gradient: Callable[..., Any] = lambda *xs: None
    hessian: Callable[..., Any] = lambda *xs: None


def _softmax(xs: Sequence[Any]) -> list[Any]:
    """Its numbers, times the size of the exponents: x - max(xs) is rounded before exp."""
    total = sum(mp.exp(x) for x in xs)
    return [mp.exp(x) / total * max(mpf(1), abs(x - max(xs))) for x in xs]


def _power_sizes(x: Any, y: Any) -> Any:
    mixed = x ** (y - 1) * max(mpf(1), abs(y * mp.log(x)))
    return [[abs(y) * max(mpf(1), abs(y)) * x ** (y - 2), mixed], [mixed, None]]


SIZES: dict[str, Sizes] = {
    'pow': Sizes(hessian=_power_sizes),
    'power': Sizes(hessian=lambda x, c: [[abs(c) * max(1, abs(c)) * abs(x) ** (mpf(c) - 2) if x and c % 1 else None]]),
    'hypot': Sizes(hessian=lambda x, y: [[1 / mp.hypot(x, y), None], [None, 1 / mp.hypot(x, y)]]),
    'atan2': Sizes(hessian=lambda y, x: [[None, 2 / (x * x + y * y)], [2 / (x * x + y * y), None]]),
    'hypot_slope': Sizes(hessian=lambda x, y: [[3 / (x * x + y * y)] * 2] * 2),
    'atan2_slope': Sizes(
        gradient=lambda x, y: [2 / (x * x + y * y), None],
        hessian=lambda x, y: [[8 * mp.hypot(x, y) ** -3] * 2] * 2,
    ),
    'logistic_pdf': Sizes(hessian=lambda x: [[_logistic(x) * _logistic(-x) / 2]]),
    'gelu': Sizes(
        gradient=lambda x: [max(_phi(x), abs(x) * _bell(x))],
        hessian=lambda x: [[max(mpf(2), x * x) * _bell(x)]],
    ),
    'silu': Sizes(
        gradient=lambda x: [max(_logistic(x), abs(x) * _logistic(x) * _logistic(-x))],
        hessian=lambda x: [[max(mpf(2), abs(x)) * _logistic(x) * _logistic(-x)]],
    ),
    'gaussian': Sizes(hessian=lambda x: [[max(mpf(2), 4 * x * x) * mp.exp(-x * x)]]),
    'normal_pdf': Sizes(hessian=lambda x: [[max(mpf(1), x * x) * _bell(x)]]),
    'sum': Sizes(value=lambda *xs: sum(map(abs, xs))),
    'dot': Sizes(value=lambda *xys: sum(abs(x * y) for x, y in _pairs(xys))),
    'logsumexp': Sizes(
        value=lambda *xs: max(map(abs, xs)) + mp.log(len(xs)),
        gradient=lambda *xs: _softmax(xs),
        hessian=lambda *xs: [[max(p, q) if i == j else p * q for j, q in enumerate(_softmax(xs))]
                             for i, p in enumerate(_softmax(xs))],
    ),
}  # fmt: skip

GATES: dict[str, tuple[int, ...]] = {  # the arguments that no gradient reaches where the derivative is 0
    'less': (0, 1),
    'less_equal': (0, 1),
    'equal': (0, 1),
    'where': (0, 1, 2),
    'maximum': (0, 1),
    'minimum': (0, 1),
    'clamp': (0,),
    'abs': (0,),
    'sign': (0,),
    'floor': (0,),
    'stop_gradient': (0,),
    'relu': (0,),
    'max': (0, 1, 2, 3),
    'select': (0, 1, 2, 3),
    'min': (0, 1, 2, 3),
}  # and 'power' of exponent 0
# Blocked only where the formula of the derivative fails: see KINKS.
SINGULAR = ('pow', 'hypot', 'hypot_slope', 'atan2', 'atan2_slope')

KINKS: tuple[tuple[str, tuple[float, ...], tuple[float, ...], tuple[float | None, ...]], ...] = (
    # name, constants, arguments, gradient: decided, where mathematics leaves a choice
    ('relu', (), (0.0,), (BLOCKED,)),
    ('relu', (), (-0.0,), (BLOCKED,)),
    ('relu', (), (-inf,), (BLOCKED,)),
    ('abs', (), (0.0,), (BLOCKED,)),
    ('abs', (), (-0.0,), (BLOCKED,)),
    ('sign', (), (0.0,), (BLOCKED,)),
    ('floor', (), (2.0,), (BLOCKED,)),
    ('leaky_relu', (0.01,), (0.0,), (0.01,)),
    ('elu', (1.0,), (0.0,), (1.0,)),
    ('elu', (0.5,), (0.0,), (0.5,)),
    ('clamp', (-1.0, 1.0), (1.0,), (1.0,)),
    ('clamp', (-1.0, 1.0), (-1.0,), (1.0,)),
    ('clamp', (-1.0, 1.0), (inf,), (BLOCKED,)),
    ('clamp', (-1.0, 1.0), (nan,), (BLOCKED,)),
    ('maximum', (), (3.0, 3.0), (0.5, 0.5)),
    ('minimum', (), (3.0, 3.0), (0.5, 0.5)),
    ('maximum', (), (-inf, 3.0), (BLOCKED, 1.0)),
    ('max', (), (3.0, 1.0, 3.0), (0.5, BLOCKED, 0.5)),
    ('min', (), (1.0, 3.0, 1.0, 1.0), (1 / 3, BLOCKED, 1 / 3, 1 / 3)),
    ('where', (), (0.0, 2.0, 3.0), (BLOCKED, BLOCKED, 1.0)),
    ('where', (), (1.0, nan, 3.0), (BLOCKED, 1.0, BLOCKED)),
    ('where', (), (nan, 2.0, 3.0), (BLOCKED, 1.0, BLOCKED)),
    ('less', (), (2.0, 2.0), (BLOCKED, BLOCKED)),
    ('less_equal', (), (2.0, 2.0), (BLOCKED, BLOCKED)),
    ('equal', (), (2.0, 2.0), (BLOCKED, BLOCKED)),
    ('hypot', (), (0.0, -0.0), (BLOCKED, BLOCKED)),
    ('hypot_slope', (), (0.0, -0.0), (BLOCKED, BLOCKED)),
    ('atan2', (), (0.0, -0.0), (BLOCKED, BLOCKED)),
    ('atan2_slope', (), (0.0, -0.0), (BLOCKED, BLOCKED)),
    ('sqrt', (), (0.0,), (inf,)),
    ('log', (), (0.0,), (inf,)),
    ('pow', (), (0.0, 0.0), (BLOCKED, BLOCKED)),
    ('pow', (), (0.0, 1.0), (1.0, BLOCKED)),
    ('pow', (), (0.0, 2.0), (0.0, BLOCKED)),
    ('pow', (), (0.0, 0.5), (inf, BLOCKED)),
    ('pow', (), (0.0, -1.0), (-inf, -inf)),
    ('pow', (), (-2.0, 3.0), (12.0, nan)),
    ('pow', (), (nan, 0.0), (BLOCKED, nan)),
    ('power', (0,), (nan,), (BLOCKED,)),
    ('power', (0,), (0.0,), (BLOCKED,)),
    ('power', (1,), (0.0,), (1.0,)),
    ('power', (2,), (0.0,), (0.0,)),
    ('power', (0.5,), (0.0,), (inf,)),
    ('power', (-1,), (0.0,), (-inf,)),
    ('logsumexp', (), (-inf,) * 4, (0.25,) * 4),
    ('logsumexp', (), (-inf, 1.0), (0.0, 1.0)),
)


@dataclass(frozen=True)
class Case:
    """A row of the table, and what it is said to be."""

    row: Row
    name: str
    constants: tuple[float, ...]

    def __str__(self) -> str:
        return f'{self.name}{self.constants or ""}'

    def exact(self, *xs: Any) -> Any:
        return EXACT[self.name](*xs, *self.constants)

    def derivatives(self, xs: tuple[float, ...]) -> 'Derivatives':
        return _derivatives(self, xs)

    def blocks(self, i: int, derivative: Any) -> bool:
        """Whether no gradient at all is to reach argument i, where its derivative is this."""
        gates = (0,) if (self.name, self.constants) == ('power', (0,)) else GATES.get(self.name, ())
        return derivative == 0 and i in gates

    def kinks(self) -> list[tuple[tuple[float, ...], tuple[float | None, ...]]]:
        return [kink[2:] for kink in KINKS if kink[:2] == (self.name, self.constants)]


def cases() -> Iterator[Case]:
    """Every row of the table, families at their examples."""
    for name, entry in TABLE.items():
        for constants in [()] if isinstance(entry, Row) else entry.examples:
            yield Case(entry if isinstance(entry, Row) else entry(*constants), name, constants)


@dataclass(frozen=True)
class Derivatives:
    """Value, gradient and Hessian, and the sizes that errors are measured by."""

    value: Any
    gradient: list[Any]
    hessian: list[list[Any]]
    value_size: Any
    gradient_sizes: list[Any]
    hessian_sizes: list[list[Any]]


@cache
def _derivatives(case: Case, xs: tuple[float, ...]) -> Derivatives:
    with mp.workdps(400 + 3 * max((_decades(x) for x in xs), default=0)):
        at = [mpf(x) for x in xs]
        steps = [_step(x, *ends) for x, ends in zip(at, _domains(case.row, len(xs)), strict=True)]
        value, gradient, hessian = _differences(case.exact, at, steps)
        sizes, given = SIZES.get(case.name, Sizes()), (*at, *case.constants)
        return Derivatives(
            value, gradient, hessian,
            _or(sizes.value(*given), value),
            [_or(s, g) for s, g in zip(sizes.gradient(*given) or gradient, gradient, strict=True)],
            [[_or(s, h) for s, h in zip(*both, strict=True)]
             for both in zip(sizes.hessian(*given) or hessian, hessian, strict=True)],
        )  # fmt: skip


def _or(size: Any, number: Any) -> Any:
    return abs(number) if size is None else abs(size)


def _decades(x: float) -> int:
    return int(abs(log10(abs(x)))) if x else 324


def _domains(row: Row, count: int) -> Sequence[tuple[float, float]]:
    return row.domain * count if len(row.domain) == 1 else row.domain


def _step(x: Any, low: float, high: float) -> Any:
    """As small as x and as what is left of the domain, so that it leaves neither the domain nor the piece."""
    room = [mpf(1), abs(x) or mpf(TINY)] + ([x - low] if low > -inf else []) + ([high - x] if high < inf else [])
    return min(room) * STEP


def _differences(f: Callable[..., Any], at: list[Any], steps: list[Any]) -> tuple[Any, list[Any], list[list[Any]]]:
    def moved(*moves: tuple[int, int]) -> Any:
        xs = list(at)
        for i, sign in moves:
            xs[i] += sign * steps[i]
        return f(*xs)

    n, value = range(len(at)), f(*at)
    up, down = [moved((i, 1)) for i in n], [moved((i, -1)) for i in n]
    gradient = [(up[i] - down[i]) / (2 * steps[i]) for i in n]
    hessian = [[(up[i] - 2 * value + down[i]) / steps[i] ** 2 if i == j else None for j in n] for i in n]
    for i in n:
        for j in range(i):
            corners = [p * q * moved((i, p), (j, q)) for p in (1, -1) for q in (1, -1)]
            hessian[i][j] = hessian[j][i] = sum(corners) / (4 * steps[i] * steps[j])
    return value, gradient, hessian


def ulps(got: float, exact: Any, size: Any = None) -> float:
    """How far `got` is from the exact number, in units in the last place of a float of that size."""
    limit = nearest(exact)
    if isinf(limit) and size is not None and size > abs(exact) and not isfinite(got):
        return 0.0  # inf - inf: the terms overflow, and all that can be said is that the sum is no number
    if isnan(got) or isinf(got) or isinf(limit):
        return 0.0 if got == limit or (isnan(got) and isnan(limit)) else inf
    unit = max(TINY, ulp(min(LARGE, nearest(_or(size, exact)))))
    return nearest(abs(mpf(got) - exact) / mpf(unit))
