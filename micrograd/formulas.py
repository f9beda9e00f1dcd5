"""What the mathematics of a row reads like: the table, run on symbols that print themselves.

The formulas are the ones that floats and Values run, so that nothing is written twice: the derivative of the square
root reads `0.5 / sqrt(x)` because that is what it is. The texts are expressions as `expression.parse` takes them.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from operator import neg
from typing import TYPE_CHECKING, Any, NoReturn

from micrograd.primitives import Family, Interpreter, Row

if TYPE_CHECKING:
    from micrograd.rows import Formula

# How tightly the outermost operation of a text binds, loosest first, as in Python.
CHOICE, OR, AND, NOT, COMPARISON, SUM, PRODUCT, NEGATIVE, POWER, ATOM = range(10)
STRENGTHS = {'+': SUM, '-': SUM, '*': PRODUCT, '/': PRODUCT, '**': POWER} | dict.fromkeys(
    ('<', '<=', '>', '>=', '=='), COMPARISON
)

UNREADABLE = (TypeError, ValueError, AttributeError, ArithmeticError, LookupError)  # what a user's formula may raise


def undecided(*_: Any) -> NoReturn:
    """What Python does when it is to decide on a symbol, or to make a float of it.

    Raises:
        TypeError: always.
    """
    raise TypeError(
        'a formula is read once, for all numbers, so Python cannot decide or convert anything in it. '
        'Wrong: 1.0 if x > 0.0 else 0.0, x == 0.0, math.exp(x). '
        'Right: o.where(x > 0.0, 1.0, 0.0), o.equal(x, 0.0), o.exp(x)'
    )


@dataclass(frozen=True, eq=False, slots=True)
class Symbol:
    """A number of which only the formula is known.

    Args:
        text: the formula.
        strength: how tightly its outermost operation binds.
        parts: what `and`, `or` and `not` join, so that they can be turned round.

    >>> x = Symbol('x')
    >>> print(2.0 * (x + 1.0) * x)
    2 * (x + 1) * x
    """

    text: str
    strength: int = ATOM
    parts: tuple[Symbol, ...] = ()

    def at(self, strength: int) -> str:
        """The text where something binds so tightly: in parentheses if need be."""
        return self.text if self.strength >= strength else f'({self.text})'

    def __str__(self) -> str:
        return self.text

    def __neg__(self) -> Symbol:
        return Symbol(f'-{self.at(PRODUCT)}', min(self.strength, NEGATIVE))

    def __add__(self, y: Any) -> Symbol:
        return infix('+', self, y)

    def __radd__(self, x: Any) -> Symbol:
        return infix('+', x, self)

    def __sub__(self, y: Any) -> Symbol:
        return infix('-', self, y)

    def __rsub__(self, x: Any) -> Symbol:
        return infix('-', x, self)

    def __mul__(self, y: Any) -> Symbol:
        return infix('*', self, y)

    def __rmul__(self, x: Any) -> Symbol:
        return infix('*', x, self)

    def __lt__(self, y: Any) -> Symbol:
        return infix('<', self, y)

    def __le__(self, y: Any) -> Symbol:
        return infix('<=', self, y)

    def __gt__(self, y: Any) -> Symbol:
        return infix('>', self, y)

    def __ge__(self, y: Any) -> Symbol:
        return infix('>=', self, y)

    __bool__ = __float__ = __eq__ = __ne__ = undecided


OF_PI = {
    math.pi: Symbol('pi'),
    4.0 * math.pi: Symbol('4 * pi', PRODUCT),
    2.0 / math.sqrt(math.pi): Symbol('2 / sqrt(pi)', PRODUCT),
    1.0 / math.sqrt(2.0 * math.pi): Symbol('1 / sqrt(2 * pi)', PRODUCT),
}


def symbol(x: Any) -> Symbol:
    """A symbol as it is, and a number as its shortest text, or as what it is of pi.

    >>> print(symbol(-4.0 * math.pi))
    -4 * pi
    """
    if isinstance(x, Symbol):
        return x
    if abs(x) in OF_PI:
        return OF_PI[x] if x > 0 else -OF_PI[-x]
    text = str(int(x)) if float(x).is_integer() and abs(x) < 1e15 else repr(float(x))
    return Symbol(text, NEGATIVE if text.startswith('-') else ATOM)


def infix(operator: str, x: Any, y: Any) -> Symbol:
    """The formula `x operator y`.

    >>> print(infix('**', Symbol('x'), infix('-', Symbol('y'), 1.0)))
    x**(y - 1)
    """
    x, y = symbol(x), symbol(y)
    strength = STRENGTHS[operator]
    if strength == POWER:
        return Symbol(f'{x.at(ATOM)}**{y.at(NEGATIVE)}', POWER)
    left = strength + 1 if strength == COMPARISON else strength
    return Symbol(f'{x.at(left)} {operator} {y.at(strength + 1)}', strength)


def call(name: str, *arguments: Any) -> Symbol:
    """The formula `name(argument, …)`; an argument may be a list.

    >>> print(call('dot', [Symbol('x')], [2.0]))
    dot([x], [2])
    """
    return Symbol(f'{name}({", ".join(map(_argument, arguments))})')


def _argument(x: Any) -> str:
    return f'[{", ".join(map(_argument, x))}]' if isinstance(x, list | tuple) else symbol(x).text


# Conditions: a formula may hold the plain booleans True and False in their place, which disappear here --------------


def negated(c: Any) -> Any:
    """`not c`, with the `not` as far inside as possible."""
    if isinstance(c, bool):
        return not c
    if c.strength == NOT:
        return c.parts[0]
    if c.strength == OR:
        return _both(*map(negated, c.parts))
    if c.strength == AND:
        p, q = map(negated, c.parts)
        return Symbol(f'{p.at(OR)} or {q.at(OR)}', OR, (p, q))
    return Symbol(f'not {c.at(NOT)}', NOT, (c,))


def _both(p: Any, q: Any) -> Any:
    if isinstance(q, bool):
        return p if q else False
    return Symbol(f'{p.at(AND)} and {q.at(AND)}', AND, (p, q))


def _either(p: Any, q: Any) -> Any:
    return negated(_both(negated(p), negated(q)))


def choice(c: Any, x: Any, y: Any) -> Any:
    """The formula `x if c else y`, where x and y may be conditions themselves.

    >>> x = Symbol('x')
    >>> print(choice(x >= 0.0, x, 0.0))
    x if x >= 0 else 0
    >>> print(choice(x >= 0.0, choice(x <= 1.0, False, True), True))
    not x >= 0 or not x <= 1
    """
    if isinstance(c, bool):
        return x if c else y
    if isinstance(x, bool):
        return _either(c, y) if x else _both(negated(c), y)
    if isinstance(y, bool):
        return _either(negated(c), x) if y else _both(c, x)
    return Symbol(f'{symbol(x).at(OR)} if {c.at(OR)} else {symbol(y).text}', CHOICE)


# The interpreter ------------------------------------------------------------------------------------------------------


def _power(x: Symbol, exponent: float) -> Symbol:
    return x if exponent == 1 else infix('**', x, exponent)


SPELLINGS: dict[str, Callable[..., Any]] = {'where': choice, 'neg': neg, 'power': _power}


def _spell(entry: Row | Family) -> Formula:
    if entry.name in SPELLINGS:
        return SPELLINGS[entry.name]
    if isinstance(entry, Row) and entry.symbol in STRENGTHS:
        return partial(infix, entry.symbol)
    return partial(call, entry.name)


class _Writer(Interpreter):
    """A composition is written as the call it is, not as the many operations that it makes."""

    def compose(self, f: Formula) -> None:
        setattr(self.functions, f.__name__, partial(_composed, f))


def _composed(f: Formula, *arguments: Any) -> Any:
    made = f(SYMBOLS, *arguments)
    text = call(f.__name__, *arguments)
    return [Symbol(f'{text}[{i}]') for i in range(len(made))] if isinstance(made, list) else text


SYMBOLS = _Writer('symbols', _spell).functions


# LaTeX ----------------------------------------------------------------------------------------------------------------

_SIGNS = {
    'cdot': '·', 'le': '≤', 'sum': 'Σ', 'sigma': 'σ', 'Phi': 'Φ', 'varphi': 'φ', 'pi': 'π', 'sqrt': '√',
    'lfloor': '⌊', 'rfloor': '⌋', 'tfrac12': '½', ',': ' ',
}  # fmt: skip
_IN_BRACES = r'\{([^{}]*)\}'  # innermost, so that what holds them is rewritten afterwards
_REWRITINGS: tuple[tuple[str, Callable[[re.Match[str]], str]], ...] = (
    (r'\\(?:operatorname|text)' + _IN_BRACES, lambda found: found[1]),
    (r'\\sqrt' + _IN_BRACES, lambda found: '√' + _group(found[1], r'\w+')),
    (r'(\^|_)' + _IN_BRACES, lambda found: found[1] + _group(found[2], r'-?\w+(\.\w+)?')),
    (r'\\frac' + _IN_BRACES + _IN_BRACES + r'(?=( [\w\\])?)', lambda found: _quotient(*found.groups())),
)


def plain(latex: str) -> str:
    r"""LaTeX, as far as rows need it, as text for a terminal.

    >>> plain(r'\frac{1}{1 + e^{-x}}')
    '1 / (1 + e^-x)'
    >>> plain(r'\sqrt{x^2 + y^2}')
    '√(x^2 + y^2)'
    """
    text = ''
    while text != latex:
        text = latex
        for pattern, replacement in _REWRITINGS:
            latex = re.sub(pattern, replacement, latex)
    text = re.sub(r'\\(tfrac12|[a-zA-Z]+|,)', lambda found: _SIGNS.get(found[1], found[1]), text)
    return re.sub(r' +', ' ', text).replace('_i', 'ᵢ').replace('⌊ ', '⌊').replace(' ⌋', '⌋')


def _quotient(above: str, below: str, follows: str | None) -> str:
    text = f'{_group(above)} / {_group(below)}'
    return f'({text})' if follows else text


def _group(text: str, simple: str = r'[^\s()]*(\([^()]*\))?') -> str:
    """The text in parentheses, unless it is as simple as a pattern."""
    return text if re.fullmatch(simple, text) else f'({text})'
