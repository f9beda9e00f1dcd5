"""The core of the table in machine code: what each of its rows does to vectors.

Arithmetic, comparisons and roots are instructions of the processor. The exponential function, the logarithm and what
follows from them are written out here for whole vectors; they are right to 2 ulp everywhere. The other functions are
those of the C library, called lane by lane. Numbers of 32 bits are widened for all of these, and rounded at the end.

Invariant: nothing here may be reassociated or contracted, except within the polynomials: formulas of the table, such
as exact products in parts, mean what they say.
"""

from __future__ import annotations

import ctypes
import math
import sys
from collections.abc import Callable
from functools import cache
from typing import Any

from llvmlite import ir

from micrograd.compiler.assembly import INDEX, Assembler
from micrograd.compiler.expressions import Expression

LN2_HEAD = float.fromhex('0x1.62e42fee00000p-1')  # ln 2 in 33 bits, so that small multiples of it are exact …
LN2_TAIL = float.fromhex('0x1.a39ef35793c76p-33')  # … and the next 53
SHIFTER = float.fromhex('0x1.8p52')  # a number that is added to it stands, rounded, in its last bits
HALF_ROOT = 0x3FE6A09E667F3BCD  # the bits of sqrt(1/2)
ONE = 0x3FF0000000000000  # the bits of 1.0
FRACTION = 0x000FFFFFFFFFFFFF  # the bits of a double behind the exponent
TINY = 2.0**-54  # 1 + TINY is 1


class Vectors:
    """Writes formulas on vectors.

    Args:
        assembler: what writes them.
    """

    def __init__(self, assembler: Assembler):
        self.a = assembler
        self.wide: Any = ir.VectorType(ir.DoubleType(), assembler.width)
        self.whole: Any = ir.VectorType(INDEX, assembler.width)
        self.narrow = assembler.itemsize == 4
        self._conditions: dict[int, Any] = {}

    def formula(self, expression: Expression, operands: list[Any]) -> Any:
        """The vector that a formula makes of vectors."""
        self._conditions = {}
        registers = list(operands)
        constants: dict[int, float] = {}
        for place, step in enumerate(expression.steps, expression.count):
            if isinstance(step, float):
                constants[place] = step
                registers.append(self.a.constant(step))
            elif step[0] == 'pow' and constants.get(step[2]) in POWERS:
                registers.append(POWERS[constants[step[2]]](self, registers[step[1]]))
            else:
                registers.append(self.apply(step[0], *[registers[r] for r in step[1:]]))
        return registers[expression.result]

    def apply(self, name: str, *xs: Any) -> Any:
        """A row of the core."""
        if name in NATIVE:
            return NATIVE[name](self, *xs)
        if self.narrow:
            xs = tuple(self.a.b.fpext(x, self.wide) for x in xs)
        z = WRITTEN[name](self, *xs) if name in WRITTEN else self.by_lanes(name, *xs)
        return self.a.b.fptrunc(z, self.a.vector) if self.narrow else z

    # Helpers ----------------------------------------------------------------------------------------------------------

    def constant(self, x: float) -> Any:
        """A constant in double precision."""
        return self.a.constant(x, self.wide)

    def bits(self, x: int) -> Any:
        """A constant of 64 bits in each lane."""
        return ir.Constant(self.whole, [ir.Constant(INDEX, x)] * self.a.width)

    def function(self, name: str, *xs: Any) -> Any:
        """An instruction of the processor that LLVM has a function for."""
        kind = xs[0].type
        element = 'f64' if isinstance(kind.element, ir.DoubleType) else 'f32'
        f = self.a.module.declare_intrinsic(
            f'llvm.{name}.v{kind.count}{element}', (), ir.FunctionType(kind, [kind] * len(xs))
        )
        return self.a.b.call(f, list(xs))

    def compare(self, sign: str, x: Any, y: Any) -> Any:
        """1.0 where x and y stand in that order, else 0.0."""
        condition = self.a.b.fcmp_ordered(sign, x, y)
        z = self.a.b.select(condition, self.a.constant(1.0), self.a.constant(0.0))
        self._conditions[id(z)] = condition
        return z

    def where(self, condition: Any, x: Any, y: Any) -> Any:
        """X where the condition is not 0: nan is not."""
        decided = self._conditions.get(id(condition))
        if decided is None:
            decided = self.a.b.fcmp_unordered('!=', condition, self.a.constant(0.0))
        return self.a.b.select(decided, x, y)

    def extreme(self, sign: str, x: Any, y: Any) -> Any:
        """Y where it lies further out than x, or is nan."""
        b = self.a.b
        return b.select(b.or_(b.fcmp_ordered(sign, y, x), b.fcmp_unordered('uno', y, y)), y, x)

    def square_root(self, x: Any) -> Any:
        """x ** 0.5, which is not the root of x for -0.0 and -inf."""
        b, infinity = self.a.b, self.a.constant(math.inf)
        root = b.fadd(self.function('sqrt', x), self.a.constant(0.0))
        return b.select(b.fcmp_ordered('==', x, b.fneg(infinity)), infinity, root)

    def by_lanes(self, name: str, *xs: Any) -> Any:
        """A function of the C library, lane by lane."""
        b, real = self.a.b, ir.DoubleType()
        kind = ir.FunctionType(real, [real] * len(xs)).as_pointer()
        f = b.inttoptr(ir.Constant(INDEX, address(name)), kind)
        lanes = range(self.a.width)
        return self.a.vector_of([b.call(f, [self.a.lane(x, lane) for x in xs]) for lane in lanes])

    def horner(self, x: Any, coefficients: list[float]) -> Any:
        """The polynomial with these coefficients, the highest first."""
        z = self.constant(coefficients[0])
        for c in coefficients[1:]:
            z = self.function('fmuladd', z, x, self.constant(c))
        return z

    def magnitude_below(self, x: Any, limit: float) -> Any:
        """Where |x| < limit."""
        return self.a.b.fcmp_ordered('<', self.function('fabs', x), self.constant(limit))

    def clamped(self, x: Any, low: float, high: float) -> Any:
        """X within limits; nan stays."""
        b, lo, hi = self.a.b, self.constant(low), self.constant(high)
        x = b.select(b.fcmp_ordered('<', x, lo), lo, x)
        return b.select(b.fcmp_ordered('>', x, hi), hi, x)

    # The exponential function -----------------------------------------------------------------------------------------

    def split(self, x: Any) -> tuple[Any, Any]:
        """N, a whole number in floating point, and exp(r) - 1, with x = n ln 2 + r and |r| <= ln(2) / 2."""
        b = self.a.b
        shifter = self.constant(SHIFTER)
        n = b.fsub(b.fadd(b.fmul(x, self.constant(1.0 / math.log(2.0))), shifter), shifter)
        head = b.fsub(x, b.fmul(n, self.constant(LN2_HEAD)))
        r = b.fsub(head, b.fmul(n, self.constant(LN2_TAIL)))
        q = self.horner(r, [1.0 / math.factorial(i) for i in range(13, 1, -1)])
        return n, self.function('fmuladd', b.fmul(r, r), q, r)

    def power_of_two(self, n: Any) -> Any:
        """2**n for a whole number in floating point, from -1022 to 1023: its bits are moved into the exponent."""
        b = self.a.b
        bits = b.bitcast(b.fadd(n, self.constant(SHIFTER)), self.whole)
        return b.bitcast(b.shl(b.add(bits, self.bits(1023)), self.bits(52)), self.wide)

    def exp(self, x: Any) -> Any:
        """e**x; 2**n is multiplied in two halves, since n itself may exceed the exponents that there are."""
        b, shifter = self.a.b, self.constant(SHIFTER)
        n, p = self.split(self.clamped(x, -746.0, 710.0))
        half = b.fsub(b.fadd(b.fmul(n, self.constant(0.5)), shifter), shifter)
        z = b.fmul(b.fadd(p, self.constant(1.0)), self.power_of_two(half))
        return b.fmul(z, self.power_of_two(b.fsub(n, half)))

    def expm1(self, x: Any) -> Any:
        """e**x - 1, as 2 (2**(n-1) (exp(r) - 1) + (2**(n-1) - 1/2)), where no part overflows before the whole."""
        b, half = self.a.b, self.constant(0.5)
        n, p = self.split(self.clamped(x, -40.0, 710.0))
        scale = self.power_of_two(b.fsub(n, self.constant(1.0)))
        z = b.fadd(b.fmul(scale, p), b.fsub(scale, half))
        return b.select(self.magnitude_below(x, TINY), x, b.fmul(z, self.constant(2.0)))

    def tanh(self, x: Any) -> Any:
        """E / (E + 2) with E = exp(2 |x|) - 1, and the sign of x."""
        b = self.a.b
        e = self.expm1(self.clamped(b.fmul(self.function('fabs', x), self.constant(2.0)), 0.0, 40.0))
        return self.function('copysign', b.fdiv(e, b.fadd(e, self.constant(2.0))), x)

    # The logarithm ----------------------------------------------------------------------------------------------------

    def exponent(self, x: Any) -> tuple[Any, Any]:
        """K and f with x = 2**k (1 + f), 1 + f from sqrt(1/2) to sqrt(2); for a normal x."""
        b = self.a.b
        bits = b.add(b.bitcast(x, self.whole), self.bits(ONE - HALF_ROOT))
        pattern = b.or_(b.lshr(bits, self.bits(52)), self.bits(0x4330000000000000))  # of 2**52 + exponent
        k = b.fsub(b.bitcast(pattern, self.wide), self.constant(2.0**52 + 1023.0))
        m = b.add(b.and_(bits, self.bits(FRACTION)), self.bits(HALF_ROOT))
        return k, b.fsub(b.bitcast(m, self.wide), self.constant(1.0))

    def series(self, k: Any, f: Any, correction: Any) -> Any:
        """K ln 2 + log(1 + f) + correction, by log(1 + f) = 2 artanh(s) with s = f / (2 + f)."""
        b = self.a.b
        s = b.fdiv(f, b.fadd(f, self.constant(2.0)))
        z = b.fmul(s, s)
        r = b.fmul(z, self.horner(z, [2.0 / i for i in range(25, 1, -2)]))
        h = b.fmul(b.fmul(f, f), self.constant(0.5))
        low = b.fadd(b.fadd(b.fmul(k, self.constant(LN2_TAIL)), correction), b.fmul(s, b.fadd(h, r)))
        return b.fadd(b.fmul(k, self.constant(LN2_HEAD)), b.fsub(f, b.fsub(h, low)))

    def log(self, x: Any) -> Any:
        """ln x; a subnormal number is made normal first."""
        b, zero = self.a.b, self.constant(0.0)
        small = b.fcmp_ordered('<', x, self.constant(2.0**-1022))
        k, f = self.exponent(b.select(small, b.fmul(x, self.constant(2.0**54)), x))
        k = b.select(small, b.fsub(k, self.constant(54.0)), k)
        return self.at_the_ends(x, zero, self.series(k, f, zero))

    def log1p(self, x: Any) -> Any:
        """ln(1 + x): of the rounded sum, and what its rounding left out, divided by it."""
        b, zero, one = self.a.b, self.constant(0.0), self.constant(1.0)
        total = b.fadd(one, x)
        small = b.fcmp_ordered('<', x, one)
        left_out = b.select(small, b.fsub(x, b.fsub(total, one)), b.fsub(one, b.fsub(total, x)))
        k, f = self.exponent(total)
        as_it_is = b.fcmp_ordered('==', k, zero)
        f = b.select(as_it_is, x, f)
        correction = b.select(as_it_is, zero, b.fdiv(left_out, total))
        z = self.at_the_ends(x, self.constant(-1.0), self.series(k, f, correction))
        return b.select(self.magnitude_below(x, TINY), x, z)

    def at_the_ends(self, x: Any, pole: Any, z: Any) -> Any:
        """A logarithm where its argument leaves the open interval from the pole to infinity, or is nan."""
        b, infinity = self.a.b, self.constant(math.inf)
        z = b.select(b.fcmp_unordered('<', x, pole), self.constant(math.nan), z)
        z = b.select(b.fcmp_ordered('==', x, pole), self.constant(-math.inf), z)
        return b.select(b.fcmp_ordered('==', x, infinity), infinity, z)


Spelling = Callable[..., Any]

# What the processor does itself, in either precision.
NATIVE: dict[str, Spelling] = {
    'add': lambda v, x, y: v.a.b.fadd(x, y),
    'sub': lambda v, x, y: v.a.b.fsub(x, y),
    'mul': lambda v, x, y: v.a.b.fmul(x, y),
    'div': lambda v, x, y: v.a.b.fdiv(x, y),
    'neg': lambda v, x: v.a.b.fneg(x),
    'abs': lambda v, x: v.function('fabs', x),
    'floor': lambda v, x: v.function('floor', x),
    'sqrt': lambda v, x: v.function('sqrt', x),
    'less': lambda v, x, y: v.compare('<', x, y),
    'less_equal': lambda v, x, y: v.compare('<=', x, y),
    'equal': lambda v, x, y: v.compare('==', x, y),
    'where': Vectors.where,
    'maximum': lambda v, x, y: v.extreme('>', x, y),
    'minimum': lambda v, x, y: v.extreme('<', x, y),
}

# What is written out above.
WRITTEN: dict[str, Spelling] = {
    'exp': Vectors.exp,
    'expm1': Vectors.expm1,
    'tanh': Vectors.tanh,
    'log': Vectors.log,
    'log1p': Vectors.log1p,
}

# What the C library has, under the same name.
C_LIBRARY = frozenset({'pow', 'hypot', 'sin', 'cos', 'asin', 'acos', 'atan', 'atan2', 'erf', 'erfc'})

# Powers that are products, right to 2 ulp where x ** exponent is.
POWERS: dict[float | None, Spelling] = {
    -1.0: lambda v, x: v.a.b.fdiv(v.a.constant(1.0), x),
    0.5: lambda v, x: v.square_root(x),
    1.0: lambda v, x: x,
    2.0: lambda v, x: v.a.b.fmul(x, x),
    3.0: lambda v, x: v.a.b.fmul(v.a.b.fmul(x, x), x),
}


@cache
def address(name: str) -> int:
    """Where a function of the C library begins, which Python itself has loaded."""
    library = ctypes.CDLL('ucrtbase' if sys.platform == 'win32' else None)
    return ctypes.cast(getattr(library, name), ctypes.c_void_p).value or 0
