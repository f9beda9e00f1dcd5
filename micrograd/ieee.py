"""The float functions behind the rows of the table: total, never raising, as IEEE 754 says.

Python's `math` raises where the standard has an answer: `math.exp(1000)`, `math.log(0.0)`, `1.0 / 0.0`. Here every
function gives that answer: inf on overflow and at poles, nan outside the domain.
"""

import math
from math import atan, atan2, copysign, erf, erfc, fabs, hypot, inf, isfinite, nan, tanh

__all__ = [
    'abs', 'acos', 'add', 'asin', 'atan', 'atan2', 'cos', 'cosh', 'div', 'equal', 'erf', 'erfc', 'exp', 'expm1',
    'floor', 'hypot', 'less', 'less_equal', 'log', 'log1p', 'logistic_pdf', 'maximum', 'minimum', 'mul', 'neg', 'pow',
    'relu', 'sigmoid', 'sign', 'sin', 'sinh', 'sqrt', 'sub', 'tan', 'tanh', 'where',
]  # fmt: skip

abs = fabs  # noqa: A001 - the row's name


def add(x: float, y: float) -> float:
    return x + y


def sub(x: float, y: float) -> float:
    return x - y


def mul(x: float, y: float) -> float:
    return x * y


def div(x: float, y: float) -> float:
    try:
        return x / y
    except ZeroDivisionError:
        return nan if x == 0.0 or x != x else copysign(inf, x) * copysign(1.0, y)


def neg(x: float) -> float:
    return -x


def pow(x: float, y: float) -> float:  # noqa: A001 - the row's name
    try:
        return math.pow(x, y)
    except OverflowError:
        return -inf if x < 0.0 and _is_odd(y) else inf
    except ValueError:
        if x != 0.0:
            return nan  # a negative base and a fractional exponent
        return copysign(inf, x) if _is_odd(y) else inf  # 0 ** negative


def _is_odd(y: float) -> bool:
    return math.fmod(y, 2.0) in (1.0, -1.0)


def exp(x: float) -> float:
    try:
        return math.exp(x)
    except OverflowError:
        return inf


def expm1(x: float) -> float:
    try:
        return math.expm1(x)
    except OverflowError:
        return inf


def log(x: float) -> float:
    try:
        return math.log(x)
    except ValueError:
        return -inf if x == 0.0 else nan


def log1p(x: float) -> float:
    try:
        return math.log1p(x)
    except ValueError:
        return -inf if x == -1.0 else nan


def sqrt(x: float) -> float:
    try:
        return math.sqrt(x)
    except ValueError:
        return nan


def sin(x: float) -> float:
    return math.sin(x) if isfinite(x) else nan


def cos(x: float) -> float:
    return math.cos(x) if isfinite(x) else nan


def tan(x: float) -> float:
    return math.tan(x) if isfinite(x) else nan


def asin(x: float) -> float:
    return math.asin(x) if -1.0 <= x <= 1.0 else nan


def acos(x: float) -> float:
    return math.acos(x) if -1.0 <= x <= 1.0 else nan


def sinh(x: float) -> float:
    try:
        return math.sinh(x)
    except OverflowError:
        return copysign(inf, x)


def cosh(x: float) -> float:
    try:
        return math.cosh(x)
    except OverflowError:
        return inf


def sigmoid(x: float) -> float:
    if x >= 0.0:
        return 1.0 / (1.0 + math.exp(-x))
    e = math.exp(x)
    return e / (1.0 + e)


def logistic_pdf(x: float) -> float:
    e = math.exp(-fabs(x))
    return e / ((1.0 + e) * (1.0 + e))


def relu(x: float) -> float:
    return 0.0 if x <= 0.0 else x  # nan stays nan


def sign(x: float) -> float:
    return 1.0 if x > 0.0 else -1.0 if x < 0.0 else x  # nan stays nan


def floor(x: float) -> float:
    return copysign(math.floor(x), x) if isfinite(x) else x  # -0.0 stays -0.0


def maximum(x: float, y: float) -> float:
    return y if x < y or y != y else x  # nan wins, from either side


def minimum(x: float, y: float) -> float:
    return y if y < x or y != y else x


def less(x: float, y: float) -> float:
    return 1.0 if x < y else 0.0


def less_equal(x: float, y: float) -> float:
    return 1.0 if x <= y else 0.0


def equal(x: float, y: float) -> float:
    return 1.0 if x == y else 0.0


def where(condition: float, x: float, y: float) -> float:
    return x if condition else y
