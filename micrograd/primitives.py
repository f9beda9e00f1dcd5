"""THE TABLE: one row an operation, and everything the system knows of it.

A row holds mathematics, not spellings. Its `value` and `partials` are written once, with `+ - *` and calls on `o`, the
interpreter: with floats they are evaluated, with Values they become part of the graph (so that gradients can be
differentiated again), with symbols they are compiled. `z` is the result, `x` and `y` are the arguments.

A row without `value` is **core**: each interpreter spells it itself (for floats, `ieee.py`). Every other row is
**composite**: its value is an expression over other rows, and `forward` may be a faster float version of it.

A partial is a **factor**: the gradient is multiplied by it. Where `blocked` is true the row is a **gate**: nothing
passes at all, not even a product with 0, so that 0 * inf cannot arise.

`domain` and `kinks` are for those who draw test points: the open interval of each argument, and quantities that vanish
where the derivative jumps.
"""

from __future__ import annotations

import math
from functools import reduce
from math import inf, nan, pi

from micrograd import ieee
from micrograd.errors import ShapeError
from micrograd.rows import (
    COMPOSITIONS,
    FLOATS,
    INTERPRETERS,
    OURS,
    POSITIVE,
    REALS,
    TABLE,
    Family,
    Interpreter,
    Row,
    composition,
    family,
    on_lists,
    register,
    row,
    rows,
    spelling,
)

TYPE_CHECKING = False  # see context.py
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

# Beside the rows themselves, what to read them with. (From here, so that nobody finds the table empty.)
__all__ = [
    'COMPOSITIONS',
    'FLOATS',
    'INTERPRETERS',
    'OURS',
    'POSITIVE',
    'REALS',
    'TABLE',
    'Family',
    'Interpreter',
    'Row',
    'composition',
    'family',
    'on_lists',
    'register',
    'row',
    'rows',
    'spelling',
]


def _always(o: Any, z: Any, *xs: Any) -> Any:
    return True if len(xs) == 1 else (True,) * len(xs)


def _total(terms: Iterable[Any]) -> Any:
    """The terms added from left to right. (Python's own `sum` is compensated from 3.12 on.)"""
    terms = iter(terms)
    return reduce(lambda x, y: x + y, terms, next(terms, 0.0))


def _some(xs: Iterable[Any]) -> list[Any]:
    xs = list(xs)
    if not xs:
        raise ShapeError('there is no largest, smallest or mean of no numbers at all; the list is empty')
    return xs


# Arithmetic ------------------------------------------------------------------------------------------------------

ADD = row('add', symbol='+', latex='x + y',
    partials=lambda o, z, x, y: (1.0, 1.0))  # fmt: skip

SUB = row('sub', symbol='-', latex='x - y',
    partials=lambda o, z, x, y: (1.0, -1.0))  # fmt: skip

MUL = row('mul', symbol='*', latex=r'x \cdot y',
    partials=lambda o, z, x, y: (y, x))  # fmt: skip

DIV = row('div', symbol='/', latex=r'\frac{x}{y}',
    partials=lambda o, z, x, y: (o.div(1.0, y), -o.div(z, y)),
    kinks=lambda x, y: (y,))  # fmt: skip

NEG = row('neg', latex='-x',
    partials=lambda o, z, x: -1.0)  # fmt: skip

POW = row('pow', symbol='**', latex='x^y',
    partials=lambda o, z, x, y: (_power_slope(o, z, x, y), _times_log(o, z, x, y)),
    blocked=lambda o, z, x, y: (
        o.where(o.equal(y, 0.0), o.where(x > 0.0, o.equal(o.div(1.0, x), inf), True), False),  # x ** 0 is 1 for any x
        o.where(o.equal(x, 0.0), y >= 0.0, False)),
    domain=(POSITIVE, REALS))  # fmt: skip


@family((2,), (3,), (-1,), (0.5,), (-1.5,), (0,), (1,), forward=ieee.pow)
def power(exponent: float) -> Row:
    c = exponent + 0  # -0.0 is 0.0
    return Row(name='power', symbol=f'**{c}', latex=f'x^{{{c}}}',
        value=lambda o, x: o.pow(x, float(c)),
        partials=(lambda o, z, x: c * x) if c == 2 else
            (lambda o, z, x: c * o.power(x, c - 1)) if (c - 1) + 1 == c else
            (lambda o, z, x: _by_division(o, z, x, float(c))),
        blocked=(lambda o, z, x: True) if c == 0 else None,
        forward=lambda x: ieee.pow(x, c),
        domain=(REALS if c % 1 == 0 else POSITIVE,),
        kinks=(lambda x: (x,)) if c < 1 else None)  # fmt: skip


def _power_slope(o: Any, z: Any, x: Any, y: Any) -> Any:
    """y * x ** (y - 1). Where y - 1 is rounded, which would cost hundreds of ulps or the sign, by division."""
    quotient = _by_division(o, z, x, y)
    return o.where(y < 2.0**53, o.where(y >= 0.5, y * o.pow(x, y - 1.0), quotient), quotient)


def _times_log(o: Any, z: Any, x: Any, y: Any) -> Any:
    """z * ln(x); where z is subnormal, and has few digits before the product has, by way of its root."""
    root = o.pow(x, 0.5 * y)
    return o.where(o.abs(z) < 1e-290, o.log(x) * root * root, z * o.log(x))


def _by_division(o: Any, z: Any, x: Any, y: Any) -> Any:
    """y * x ** (y - 1) as y * z / x, unless that is 0 / 0 or inf / inf."""
    direct = y * o.pow(x, y - 1.0)
    return o.where(o.abs(y * z) < inf, o.where(o.equal(z, 0.0), direct, o.div(y * z, x)), direct)


# Comparisons and choices -----------------------------------------------------------------------------------------

LESS = row('less', symbol='<', latex='x < y', condition=True,
    partials=lambda o, z, x, y: (0.0, 0.0),
    blocked=_always,
    kinks=lambda x, y: (x - y,))  # fmt: skip

LESS_EQUAL = row('less_equal', symbol='<=', latex=r'x \le y', condition=True,
    partials=lambda o, z, x, y: (0.0, 0.0),
    blocked=_always,
    kinks=lambda x, y: (x - y,))  # fmt: skip

EQUAL = row('equal', symbol='==', latex='x = y', condition=True,
    partials=lambda o, z, x, y: (0.0, 0.0),
    blocked=_always,
    kinks=lambda x, y: (x - y,))  # fmt: skip

WHERE = row('where', latex=r'x \text{ if } c \text{ else } y',
    partials=lambda o, z, c, x, y: (0.0, 1.0, 1.0),
    blocked=lambda o, z, c, x, y: (True, o.equal(c, 0.0), c),
    kinks=lambda c, x, y: (c,))  # fmt: skip

MAXIMUM = row('maximum', latex=r'\max(x, y)',
    partials=lambda o, z, x, y: (o.where(o.equal(x, y), 0.5, 1.0), o.where(o.equal(x, y), 0.5, 1.0)),
    blocked=lambda o, z, x, y: (x < y, y < x),
    kinks=lambda x, y: (x - y,))  # fmt: skip

MINIMUM = row('minimum', latex=r'\min(x, y)',
    partials=lambda o, z, x, y: (o.where(o.equal(x, y), 0.5, 1.0), o.where(o.equal(x, y), 0.5, 1.0)),
    blocked=lambda o, z, x, y: (y < x, x < y),
    kinks=lambda x, y: (x - y,))  # fmt: skip


@family((-1.0, 1.0), (0.0, inf))
def clamp(lo: float = -inf, hi: float = inf) -> Row:
    return Row(name='clamp', symbol=f'clamp({lo}, {hi})', latex=rf'\min(\max(x, {lo}), {hi})',
        value=lambda o, x: o.minimum(o.maximum(x, float(lo)), float(hi)),
        partials=lambda o, z, x: 1.0,
        blocked=lambda o, z, x: o.where(x >= lo, o.where(x <= hi, False, True), True),
        kinks=lambda x: (x - lo, x - hi))  # fmt: skip


ABS = row('abs', latex='|x|',
    partials=lambda o, z, x: o.where(x < 0.0, -1.0, 1.0),
    blocked=lambda o, z, x: o.equal(x, 0.0),
    kinks=lambda x: (x,))  # fmt: skip

SIGN = row('sign', latex=r'\operatorname{sgn} x',
    value=lambda o, x: o.where(x > 0.0, 1.0, o.where(x < 0.0, -1.0, x)),
    forward=ieee.sign,
    partials=lambda o, z, x: 0.0,
    blocked=_always,
    kinks=lambda x: (x,))  # fmt: skip

FLOOR = row('floor', latex=r'\lfloor x \rfloor',
    partials=lambda o, z, x: 0.0,
    blocked=_always,
    kinks=lambda x: (x - round(x),))  # fmt: skip

STOP_GRADIENT = row('stop_gradient', symbol='stop', latex='x',
    value=lambda o, x: x,
    partials=lambda o, z, x: 0.0,
    blocked=_always)  # fmt: skip

# Exponentials and logarithms -------------------------------------------------------------------------------------

EXP = row('exp', latex='e^x',
    partials=lambda o, z, x: z)  # fmt: skip

EXPM1 = row('expm1', latex='e^x - 1',
    partials=lambda o, z, x: o.exp(x))  # fmt: skip

LOG = row('log', latex=r'\ln x',
    partials=lambda o, z, x: o.div(1.0, x),
    domain=(POSITIVE,))  # fmt: skip

LOG1P = row('log1p', latex=r'\ln(1 + x)',
    partials=lambda o, z, x: o.div(1.0, 1.0 + x),
    domain=((-1.0, inf),))  # fmt: skip

SQRT = row('sqrt', latex=r'\sqrt{x}',
    partials=lambda o, z, x: o.div(0.5, z),
    domain=(POSITIVE,))  # fmt: skip

HYPOT = row('hypot', latex=r'\sqrt{x^2 + y^2}',
    partials=lambda o, z, x, y: (o.hypot_slope(x, y), o.hypot_slope(y, x)),
    blocked=lambda o, z, x, y: (o.equal(z, 0.0), o.equal(z, 0.0)),  # the sub-gradient of least norm
    kinks=lambda x, y: (math.hypot(x, y),))  # fmt: skip


HYPOT_SLOPE = row('hypot_slope', latex=r'\frac{x}{\sqrt{x^2 + y^2}}',
    value=lambda o, x, y: _over_length(o, x, y, _scale(o, o.maximum(o.abs(x), o.abs(y)))),
    partials=lambda o, z, x, y: (
        o.hypot_slope(y, x) * o.atan2_slope(y, x),
        -z * o.atan2_slope(y, x)),
    blocked=lambda o, z, x, y: (o.equal(o.hypot(x, y), 0.0), o.equal(o.hypot(x, y), 0.0)),
    kinks=lambda x, y: (math.hypot(x, y),))  # fmt: skip


def _scale(o: Any, size: Any) -> Any:
    """A power of 2 that keeps a length of this size from over- and underflow."""
    return o.where(size < 2.0**-350, 2.0**500, o.where(size > 2.0**400, 2.0**-400, 1.0))


def _over_length(o: Any, x: Any, y: Any, scale: Any) -> Any:
    return o.div(scale * x, o.hypot(scale * x, scale * y))


# Trigonometry ----------------------------------------------------------------------------------------------------

SIN = row('sin', latex=r'\sin x',
    partials=lambda o, z, x: o.cos(x))  # fmt: skip

COS = row('cos', latex=r'\cos x',
    partials=lambda o, z, x: -o.sin(x))  # fmt: skip

TAN = row('tan', latex=r'\tan x',
    value=lambda o, x: o.div(o.sin(x), o.cos(x)),
    forward=ieee.tan,
    partials=lambda o, z, x: 1.0 + z * z,
    kinks=lambda x: (math.cos(x),))  # fmt: skip

ASIN = row('asin', latex=r'\arcsin x',
    partials=lambda o, z, x: o.asin_slope(x),
    domain=((-1.0, 1.0),))  # fmt: skip

ACOS = row('acos', latex=r'\arccos x',
    partials=lambda o, z, x: -o.asin_slope(x),
    domain=((-1.0, 1.0),))  # fmt: skip

ASIN_SLOPE = row('asin_slope', latex=r'\frac{1}{\sqrt{1 - x^2}}',
    value=lambda o, x: o.div(1.0, o.sqrt((1.0 - x) * (1.0 + x))),
    partials=lambda o, z, x: x * z * z * z,
    domain=((-1.0, 1.0),))  # fmt: skip

ATAN = row('atan', latex=r'\arctan x',
    partials=lambda o, z, x: o.div(o.div(1.0, o.hypot(1.0, x)), o.hypot(1.0, x)))  # fmt: skip

ATAN2 = row('atan2', latex=r'\operatorname{atan2}(y, x)',
    partials=lambda o, z, y, x: (o.atan2_slope(x, y), -o.atan2_slope(y, x)),
    blocked=lambda o, z, y, x: (o.equal(o.hypot(x, y), 0.0),) * 2,
    kinks=lambda y, x: (math.hypot(x, y), abs(y) + max(x, 0.0)))  # fmt: skip

ATAN2_SLOPE = row('atan2_slope', latex=r'\frac{x}{x^2 + y^2}',
    value=lambda o, x, y: _over_square(o, x, y, o.maximum(o.abs(x), o.abs(y))),
    partials=lambda o, z, x, y: (
        o.div(o.div(1.0, o.hypot(x, y)), o.hypot(x, y)) - z * z - z * z,  # 2 z z may overflow
        -2.0 * z * o.atan2_slope(y, x)),
    blocked=lambda o, z, x, y: (o.equal(o.hypot(x, y), 0.0), o.equal(o.hypot(x, y), 0.0)),
    kinks=lambda x, y: (math.hypot(x, y),))  # fmt: skip


def _over_square(o: Any, x: Any, y: Any, size: Any) -> Any:
    """X divided by the length of (x, y) twice. A subnormal x, which has few digits, is raised before, and z lowered."""
    scale = _scale(o, size)
    raised = o.where(size < 2.0**-350, 1.0, o.where(o.abs(x) < 2.0**-960, 2.0**300, 1.0))
    length = o.hypot(scale * x, scale * y)
    return o.div(o.div(o.div(raised * (scale * (scale * x)), length), length), raised)


SINH = row('sinh', latex=r'\sinh x',  # by way of expm1(|x|/2), which neither cancels near 0 nor overflows early
    value=lambda o, x: _sinh(o, x, o.expm1(0.5 * o.abs(x))),
    forward=ieee.sinh,
    partials=lambda o, z, x: o.cosh(x))  # fmt: skip

COSH = row('cosh', latex=r'\cosh x',
    value=lambda o, x: 0.5 * o.exp(0.5 * o.abs(x)) * o.exp(0.5 * o.abs(x)) + 0.5 * o.exp(-o.abs(x)),
    forward=ieee.cosh,
    partials=lambda o, z, x: o.sinh(x))  # fmt: skip


def _sinh(o: Any, x: Any, e: Any) -> Any:
    """2 sinh(x/2) cosh(x/2), with e = exp(|x|/2) - 1."""
    r = o.div(1.0, 1.0 + e)
    return o.sign(x) * (0.5 * e * (1.0 + r) * ((1.0 + e) + r))


# Activations -----------------------------------------------------------------------------------------------------

TANH = row('tanh', latex=r'\tanh x',
    partials=lambda o, z, x: 4.0 * o.logistic_pdf(2.0 * x))  # fmt: skip

SIGMOID = row('sigmoid', latex=r'\frac{1}{1 + e^{-x}}',
    value=lambda o, x: o.div(o.exp(o.minimum(x, 0.0)), 1.0 + o.exp(-o.abs(x))),
    forward=ieee.sigmoid,
    partials=lambda o, z, x: o.logistic_pdf(x))  # fmt: skip

LOGISTIC_PDF = row('logistic_pdf', latex=r'\sigma(x) \, \sigma(-x)',  # not s (1 - s), which is 0 from x = 37 on
    value=lambda o, x: o.sigmoid(x) * o.sigmoid(-x),
    forward=ieee.logistic_pdf,
    partials=lambda o, z, x: -z * o.tanh(0.5 * x))  # fmt: skip

RELU = row('relu', symbol='ReLU', latex=r'\max(x, 0)',
    value=lambda o, x: o.where(x <= 0.0, 0.0, x),
    forward=ieee.relu,
    partials=lambda o, z, x: 1.0,
    blocked=lambda o, z, x: x <= 0.0,
    kinks=lambda x: (x,))  # fmt: skip


@family((0.01,), (0.2,))
def leaky_relu(slope: float = 0.01) -> Row:
    return Row(name='leaky_relu', symbol=f'leaky_relu({slope})',
        latex=rf'x \text{{ if }} x > 0 \text{{ else }} {slope} x',
        value=lambda o, x: o.where(x > 0.0, x, slope * x),
        partials=lambda o, z, x: o.where(x > 0.0, 1.0, slope),
        kinks=lambda x: (x,))  # fmt: skip


@family((1.0,), (0.5,))
def elu(alpha: float = 1.0) -> Row:
    return Row(name='elu', symbol=f'elu({alpha})',
        latex=rf'x \text{{ if }} x > 0 \text{{ else }} {alpha} (e^x - 1)',
        value=lambda o, x: o.where(x > 0.0, x, alpha * o.expm1(x)),
        partials=lambda o, z, x: o.where(x > 0.0, 1.0, alpha * o.exp(x)),
        kinks=lambda x: (x,))  # fmt: skip


GELU = row('gelu', latex=r'x \, \Phi(x)',
    value=lambda o, x: o.where(o.abs(x + 38.5) < 1.5, _gelu_tail(o, x), x * o.normal_cdf(x)),
    partials=lambda o, z, x: o.normal_cdf(x) + _times_normal_pdf(o, x))  # fmt: skip

SILU = row('silu', latex=r'x \, \sigma(x)',
    value=lambda o, x: _times_sigmoid(o, x, o.exp(-0.5 * o.abs(x))),
    partials=lambda o, z, x: o.sigmoid(x) + o.where(
        x < 0.0, z * o.sigmoid(-x), -o.silu(-x) * o.sigmoid(x)))  # fmt: skip

SOFTPLUS = row('softplus', latex=r'\ln(1 + e^x)',
    value=lambda o, x: o.maximum(x, 0.0) + o.log1p(o.exp(-o.abs(x))),
    partials=lambda o, z, x: o.sigmoid(x))  # fmt: skip

LOGSIGMOID = row('logsigmoid', latex=r'\ln \sigma(x)',
    value=lambda o, x: o.minimum(x, 0.0) - o.log1p(o.exp(-o.abs(x))),
    partials=lambda o, z, x: o.sigmoid(-x))  # fmt: skip


def _times_sigmoid(o: Any, x: Any, root: Any) -> Any:
    """X times the sigmoid of x, from the root of exp(-|x|): squared, that is subnormal before the product is."""
    above = o.where(x < 0.0, root, 1.0)
    return x * above * o.div(above, 1.0 + root * root)


def _gelu_tail(o: Any, x: Any) -> Any:
    """The asymptotic series of x Phi(x) for x from -40 to -37, where Phi(x) is subnormal before the product is."""
    u = o.div(1.0, x * x)
    return -o.normal_pdf(x) * reduce(lambda rest, k: 1.0 - k * u * rest, (13.0, 11.0, 9.0, 7.0, 5.0, 3.0, 1.0), 1.0)


# The error function and the normal distribution ------------------------------------------------------------------

ERF = row('erf', latex=r'\operatorname{erf} x',
    partials=lambda o, z, x: (2.0 / math.sqrt(pi)) * o.gaussian(x))  # fmt: skip

ERFC = row('erfc', latex=r'\operatorname{erfc} x',
    partials=lambda o, z, x: (-2.0 / math.sqrt(pi)) * o.gaussian(x))  # fmt: skip

GAUSSIAN = row('gaussian', latex=r'e^{-x^2}',
    value=lambda o, x: _bell(o, 1.0, _within_40(o, x)),
    partials=lambda o, z, x: _times_square(x, -4.0 * pi, o.normal_pdf(x)))  # fmt: skip

NORMAL_PDF = row('normal_pdf', latex=r'\varphi(x) = \frac{1}{\sqrt{2\pi}} e^{-x^2/2}',
    value=lambda o, x: (1.0 / math.sqrt(2.0 * pi)) * _bell(o, 0.5, _within_40(o, x)),
    partials=lambda o, z, x: -_times_normal_pdf(o, x))  # fmt: skip

NORMAL_CDF = row('normal_cdf', latex=r'\Phi(x) = \tfrac12 \operatorname{erfc}(-x/\sqrt2)',
    value=lambda o, x: _normal_cdf(o, _within_40(o, x), _within_40(o, x) * math.sqrt(0.5)),
    partials=lambda o, z, x: o.normal_pdf(x))  # fmt: skip


def _within_40(o: Any, x: Any) -> Any:
    """X where exp(-x*x/2) is not yet 0: what follows splits it into parts, which inf has not."""
    return o.maximum(o.minimum(x, 40.0), -40.0)


def _bell(o: Any, rate: float, x: Any) -> Any:
    """exp(-rate * x * x), right in the tails, where rounding x * x would cost hundreds of ulps.

    x = head + tail with a head so short that head * head is exact; x*x = head*head + (x - head) * (x + head).
    """
    head = 0.0000152587890625 * o.floor(65536.0 * x)  # 2 ** -16
    return o.exp(-rate * head * head) * o.exp(-rate * (x - head) * (x + head))


def _times_square(x: Any, scale: float, root: Any) -> Any:
    """X times a bell that comes as its root: the bell is subnormal, and has few digits, before the product is."""
    return (scale * root) * x * root


def _times_normal_pdf(o: Any, x: Any) -> Any:
    return _times_square(x, 1.0 / math.sqrt(2.0 * pi), o.gaussian(0.5 * x))


_SQRT2_HEAD = 1.4142135381698608  # 26 bits of the square root of 2 …
_SQRT2_TAIL = 2.420323420895794e-08  # … and the next 53


def _normal_cdf(o: Any, x: Any, t: Any) -> Any:
    """erfc(-t)/2 for t near x / sqrt(2), and what t's rounding left out: (x - sqrt(2) t) times the density.

    The product sqrt(2) t is taken in parts that multiply without rounding (Dekker, 1971).
    """
    head = 134217729.0 * t - (134217729.0 * t - t)
    tail = t - head
    left_out = (x - head * _SQRT2_HEAD) - tail * _SQRT2_HEAD - (head * _SQRT2_TAIL + tail * _SQRT2_TAIL)
    return 0.5 * o.erfc(-t) + left_out * o.normal_pdf(x)


# Any number of arguments -----------------------------------------------------------------------------------------

SUM = row('sum', symbol='Σ', latex=r'\sum_i x_i', lists=1,
    value=lambda o, *xs: _total(xs),
    partials=lambda o, z, *xs: (1.0,) * len(xs))  # fmt: skip

DOT = row('dot', symbol='·', latex=r'\sum_i x_i y_i', lists=2,
    value=lambda o, *xys: _total(x * y for x, y in zip(*_halves(xys), strict=True)),
    partials=lambda o, z, *xys: (*_halves(xys)[1], *_halves(xys)[0]))  # fmt: skip

MAX = row('max', latex=r'\max_i x_i', lists=1,
    value=lambda o, *xs: reduce(o.maximum, _some(xs)),
    partials=lambda o, z, *xs: (o.div(1.0, _total(o.where(x < z, 0.0, 1.0) for x in xs)),) * len(xs),
    blocked=lambda o, z, *xs: tuple(x < z for x in xs),
    kinks=lambda *xs: _gap(sorted(xs)[::-1]))  # fmt: skip

MIN = row('min', latex=r'\min_i x_i', lists=1,
    value=lambda o, *xs: reduce(o.minimum, _some(xs)),
    partials=lambda o, z, *xs: (o.div(1.0, _total(o.where(z < x, 0.0, 1.0) for x in xs)),) * len(xs),
    blocked=lambda o, z, *xs: tuple(z < x for x in xs),
    kinks=lambda *xs: _gap(sorted(xs)))  # fmt: skip

SELECT = row('select', latex=r'x_i', lists=1,
    value=lambda o, i, *xs: o.where(_is_index(o, i, len(xs)), _total(o.where(o.equal(i, float(k)), x, 0.0)
        for k, x in enumerate(xs)), nan),
    forward=lambda *operands: _selected(*operands),
    partials=lambda o, z, i, *xs: (0.0,) + (1.0,) * len(xs),
    blocked=lambda o, z, i, *xs: (
        True, *(o.where(o.equal(i, float(k)), False, True) for k in range(len(xs)))))  # fmt: skip

LOGSUMEXP = row('logsumexp', latex=r'\ln \sum_i e^{x_i}', lists=1,
    value=lambda o, *xs: _log_of_total(o, xs, o.max(xs)),
    partials=lambda o, z, *xs: _shares(o, xs, o.stop_gradient(o.max(xs))))  # fmt: skip


def _is_index(o: Any, i: Any, count: int) -> Any:
    return o.where(i >= 0.0, o.where(i < float(count), o.equal(o.floor(i), i), False), False)


def _selected(*operands: float) -> float:
    if not operands:
        raise ShapeError('select takes an index and, behind it, the numbers that it chooses from; the list is empty')
    i, *xs = operands
    return xs[int(i)] if 0.0 <= i < len(xs) and i % 1.0 == 0.0 else nan


def _gap(xs: list[float]) -> tuple[float, ...]:
    """How far the second is from the first, if there are two."""
    return (xs[1] - xs[0],) if len(xs) > 1 else ()


def _halves(xys: tuple[Any, ...]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    return xys[: len(xys) // 2], xys[len(xys) // 2 :]


def _log_of_total(o: Any, xs: tuple[Any, ...], top: Any) -> Any:
    """The largest is taken out, so that no power overflows; unless it is infinite."""
    top = o.where(o.abs(top) < inf, top, 0.0)
    return top + o.log(_total(o.exp(x - top) for x in xs))


def _shares(o: Any, xs: tuple[Any, ...], top: Any) -> tuple[Any, ...]:
    """exp(x) / sum of all exp(x), for each x. Where all are -inf, which only a convention can decide, equal shares."""
    powers = [o.exp(o.where(o.equal(top, -inf), 0.0, x - top)) for x in xs]
    total = o.where(o.equal(top, inf), 1.0, _total(powers))
    return tuple(o.div(p, total) for p in powers)


def _below_max(o: Any, xs: Iterable[Any]) -> list[Any]:
    """x - max(xs) for each x. What is subtracted cancels in the end, so it need not be differentiated."""
    xs = list(xs)
    top = o.stop_gradient(o.max(xs))
    return [x - top for x in xs]


@composition
def softmax(o: Any, xs: Iterable[Any]) -> list[Any]:
    """exp(x) / sum of all exp(x), for each x: numbers from 0 to 1 that add up to 1."""
    powers = [o.exp(x) for x in _below_max(o, xs)]
    total = o.sum(powers)
    return [o.div(p, total) for p in powers]


@composition
def log_softmax(o: Any, xs: Iterable[Any]) -> list[Any]:
    """The logarithms of softmax, finite where softmax underflows."""
    below = _below_max(o, xs)
    log_total = o.log(o.sum([o.exp(x) for x in below]))
    return [x - log_total for x in below]


@composition
def mean(o: Any, xs: Iterable[Any]) -> Any:
    """The sum divided by the number of arguments."""
    xs = _some(xs)
    return o.div(o.sum(xs), float(len(xs)))


@composition
def norm(o: Any, xs: Iterable[Any]) -> Any:
    """The Euclidean length, without overflow on the way; its gradient at 0 is 0."""
    return reduce(o.hypot, _some(xs), 0.0)


OURS.update(TABLE, COMPOSITIONS)
