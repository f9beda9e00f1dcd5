"""How the parts of an equation are written: as text for a terminal, or as LaTeX."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from math import isinf, isnan
from typing import Protocol

from micrograd.engine import Value
from micrograd.formulas import STRENGTHS
from micrograd.letters import PLAIN_DIGITS, SUBSCRIPTS, SUPERSCRIPTS
from micrograd.node import ByHand
from micrograd.render.view import operation_of, short_number


class Notation(Protocol):
    """How the parts of an equation are written."""

    times: str
    more: str
    encloses: bool  # the operands of a call stand in parentheses

    def name(self, name: str) -> str:
        """A variable."""

    def number(self, x: float) -> str:
        """A number by itself."""

    def rate(self, y: str, x: str) -> str:
        """The derivative of a variable by another."""

    def operation(self, v: Value, operands: Sequence[str]) -> str:
        """What made a value, on operands that are written already."""

    def words(self, text: str) -> str:
        """A sentence."""


class Unicode:
    """As text for a terminal."""

    times = ' · '
    more = '…'
    encloses = True

    def name(self, name: str) -> str:
        """In parentheses, unless it reads as one word."""
        return name if re.fullmatch(rf'[\w.\[\]′]+|\w+,[{_LOWERED}]+', name) else f'({name})'

    def number(self, x: float) -> str:
        """Up to four digits."""
        return short_number(x)

    def rate(self, y: str, x: str) -> str:
        """∂y/∂x."""
        return f'∂{self.name(y)}/∂{self.name(x)}'

    def operation(self, v: Value, operands: Sequence[str]) -> str:
        """Between its two operands, or as a call."""
        symbol = _called(v)
        if v._op in STRENGTHS and len(operands) == 2:
            return f'{operands[0]} {symbol} {operands[1]}'
        if symbol.startswith('**') and len(operands) == 1:
            return f'{operands[0]}{symbol}'
        name, _, constants = symbol.partition('(')
        return f'{name}({", ".join(operands)}{f", {constants}" if constants else ")"}'

    def words(self, text: str) -> str:
        """As they are."""
        return text


class Latex:
    r"""As LaTeX, such as MathJax and KaTeX read too.

    Names are data: a letter with an index is typeset as such, all else as text. What LaTeX or HTML might
    read as more than a letter is written as a command outside of \text, since not every reader knows those inside it.
    """

    times = r' \cdot '
    more = r'\cdots'
    encloses = False

    def name(self, name: str) -> str:
        """A letter, a letter with an index, or with a layer and indices as in the chapter; else text."""
        of_layer = _OF_LAYER.fullmatch(name)
        if of_layer:
            letter, layer, indices = (part.translate(PLAIN_DIGITS) for part in of_layer.groups())
            return f'{letter}^{{{layer}}}_{{{indices}}}'
        plain = name.translate(_LOWERED_DIGITS)
        found = re.fullmatch(r'([A-Za-z])(?:_?(\d+)|_([A-Za-z]))?', plain)
        if not found:
            return self.words(name)
        index = found[2] or found[3]
        return f'{found[1]}_{{{index}}}' if index else found[1]

    def number(self, x: float) -> str:
        """Up to four digits; a power of ten where they would not do."""
        if isnan(x):
            return r'\text{nan}'
        if isinf(x):
            return r'\infty' if x > 0 else r'-\infty'
        digits, _, power = f'{x + 0.0:.4g}'.partition('e')
        return rf'{digits} \times 10^{{{int(power)}}}' if power else digits

    def rate(self, y: str, x: str) -> str:
        """A fraction."""
        return rf'\frac{{\partial {self.name(y)}}}{{\partial {self.name(x)}}}'

    def operation(self, v: Value, operands: Sequence[str]) -> str:
        """As the row of the operation has it; else as a call."""
        row = v._row
        if type(row) is ByHand or row.arity is None:
            return f'{self.words(_called(v))}({", ".join(operands)})'
        _, _, *names = inspect.signature(row.partials).parameters
        given = dict(zip(names, operands, strict=True))
        letters = '|'.join(map(re.escape, names))
        return re.sub(rf'(?<![\\A-Za-z])({letters})(?![A-Za-z])', lambda found: f'{{{given[found[0]]}}}', row.latex)

    def words(self, text: str) -> str:
        """As text, all of whose characters are themselves."""
        pieces = re.split(r'([\\{}$#%&_^~<>])', text)
        return ''.join(_COMMANDS.get(piece, rf'\text{{{piece}}}') for piece in pieces if piece)


def _called(v: Value) -> str:
    """The operation's symbol, or its name where a symbol such as Σ would read oddly before a list of operands."""
    name: str = v._row.name if getattr(v._row, 'lists', 0) else operation_of(v)
    return name


_LOWERED_DIGITS = {lowered: digit for digit, lowered in SUBSCRIPTS.items()}
_RAISED, _LOWERED = (''.join(map(chr, table.values())) for table in (SUPERSCRIPTS, SUBSCRIPTS))
_OF_LAYER = re.compile(rf'([A-Za-z])([{_RAISED}]+)([{_LOWERED},]+)')  # w²₁₃, w²₁₀,₃
_COMMANDS = {character: f'\\{character}' for character in '{}$#%&_'} | {
    '\\': r'\backslash ', '^': r'\wedge ', '~': r'\sim ', '<': r'\lt ', '>': r'\gt ',
}  # fmt: skip

UNICODE, LATEX = Unicode(), Latex()
