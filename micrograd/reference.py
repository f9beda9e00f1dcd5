"""The table of operations, to be read: in the terminal, one operation at a time, and as Markdown for the documentation.

Every text is made from the rows: formulas by `formulas.py`, groups and domains here.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from textwrap import shorten
from typing import Any

from micrograd.columns import aligned
from micrograd.formulas import ATOM, CHOICE, SYMBOLS, Symbol, call, choice, negated, plain, symbol
from micrograd.primitives import COMPOSITIONS, REALS, TABLE, Family, Row

LONGEST = 72  # characters of a formula in a table …
LONGEST_IN_DETAIL = 400  # … and on its own; the rest is no help to a reader

GROUPS = (
    'Of two numbers and more',
    'Comparisons',
    'Of one number',
    'Of one number, with constants',
    'Of lists, here of two numbers each; z is the result',
)
COMPOSED = 'Compositions: several operations at once'


@dataclass(frozen=True, slots=True)
class Operation:
    """What a reader wants to know of an operation.

    Args:
        row: where it stands; for a family, the row with the constants of its first example.
        group: one of GROUPS.
        call: how a program calls it.
        formula: its value composed of other operations; '' for one of the core.
        derivatives: (argument, d value / d argument); of a list, by its first element only.
        gates: (argument, where no gradient passes to it).
        domain: where the value and the derivatives are finite; '' where that is everywhere.
    """

    row: Row
    group: str
    call: str
    formula: str
    derivatives: tuple[tuple[str, str], ...]
    gates: tuple[tuple[str, str], ...]
    domain: str


def operations() -> list[Operation]:
    """Every operation of the table, in its order."""
    return [_operation(entry) for entry in TABLE.values()]


def _operation(entry: Row | Family) -> Operation:
    constants = entry.examples[0] if isinstance(entry, Family) else ()
    row = entry(*constants) if isinstance(entry, Family) else entry
    xs = arguments(row)
    written = getattr(SYMBOLS, row.name)(*_lists(row, xs), *constants)
    edges = list(zip(xs, row.edges(SYMBOLS, Symbol('z') if row.lists else written, *xs), strict=True))
    shown = [(x.text, edge) for x, edge in edges if not row.lists or x.text.endswith('1')]
    return Operation(
        row=row,
        group=_group(entry),
        call=str(_call(entry, row, written)),
        formula=str(symbol(row.value(SYMBOLS, *xs))) if row.value else '',
        derivatives=tuple((x, derivative(*edge)) for x, edge in shown),
        gates=tuple((x, _gate(blocked)) for x, (_, blocked) in shown if blocked is not False),
        domain=_domain(row, xs),
    )


def arguments(row: Row) -> list[Symbol]:
    """Symbols named as in the row; of each list two elements."""
    if row.lists:
        return [Symbol(f'{letter}{i}') for letter in 'xy'[: row.lists] for i in (1, 2)]
    code = row.partials.__code__
    return [Symbol(name) for name in code.co_varnames[2 : code.co_argcount]]


def _lists(row: Row, xs: list[Symbol]) -> list[Any]:
    return [xs[i : i + 2] for i in range(0, len(xs), 2)] if row.lists else xs


def _group(entry: Row | Family) -> str:
    several, comparisons, one, with_constants, lists = GROUPS
    if isinstance(entry, Family):
        return with_constants
    if entry.lists:
        return lists
    if entry.condition:
        return comparisons
    return one if entry.arity == 1 else several


def _call(entry: Row | Family, row: Row, written: Symbol) -> Symbol:
    """As an operator, if it is one, else as a function, with the names of its constants."""
    if CHOICE < written.strength < ATOM:
        return written
    constants = zip(entry.constants, entry.examples[0], strict=True) if isinstance(entry, Family) else ()
    named = [Symbol(f'{name}={symbol(value)}') for name, value in constants]
    return call(row.name, *_lists(row, arguments(row)), *named)


def derivative(factor: Any, blocked: Any) -> str:
    """The factor where the gate is open and 0 where it is shut, said in the shorter way."""
    ways = choice(blocked, 0.0, factor), choice(negated(blocked), factor, 0.0)
    return min((str(symbol(way)) for way in ways), key=len)


def _gate(blocked: Any) -> str:
    return 'everywhere' if blocked is True else f'where {blocked}'


def _domain(row: Row, xs: list[Symbol]) -> str:
    intervals = row.domain * len(xs) if len(row.domain) == 1 else row.domain
    return ', '.join(_interval(x.text, *ends) for x, ends in zip(xs, intervals, strict=True) if ends != REALS)


def _interval(x: str, low: float, high: float) -> str:
    if high == inf:
        return f'{x} > {symbol(low)}'
    return f'{x} < {symbol(high)}' if low == -inf else f'{symbol(low)} < {x} < {symbol(high)}'


# Tables ---------------------------------------------------------------------------------------------------------------


def table(width: int = 100) -> str:
    """Every operation with its value and local derivatives, in groups.

    Args:
        width: of the longest line, in characters.
    """
    found = operations()
    parts = [_part(group, [op for op in found if op.group == group], width) for group in GROUPS]
    composed = aligned([(_composed_call(name), _summary(f)) for name, f in COMPOSITIONS.items()], width)
    return '\n\n'.join([*parts, f'{COMPOSED}\n\n{composed}'])


def details(name: str, width: int = 100) -> str:
    r"""All that the table knows of one operation.

    Args:
        name: of an entry of the table, or of a composition.
        width: of the longest line, in characters.

    Raises:
        KeyError: there is none of that name.

    >>> print(details('relu'))
    relu(x)
    <BLANKLINE>
      value             max(x, 0)
      composed as       0 if x <= 0 else x
      local derivative  0 if x <= 0 else 1
      gates             x: shut where x <= 0
      symbol            ReLU
      LaTeX             \max(x, 0)
    """
    if name in COMPOSITIONS:
        return f'{_composed_call(name)}\n\n  {_summary(COMPOSITIONS[name])}'
    op = _operation(TABLE[name])
    facts = {
        'value': plain(op.row.latex),
        'composed as': _shortened(op.formula, LONGEST_IN_DETAIL) or 'nothing simpler: it is of the core',
        'local derivative': _derivative_cell(op, LONGEST_IN_DETAIL),
        'gates': '\n'.join(f'{x}: shut {where}' for x, where in op.gates),
        'domain': op.domain,
        'symbol': op.row.symbol,
        'LaTeX': op.row.latex,
    }
    return f'{op.call}\n\n' + aligned([('', label, fact) for label, fact in facts.items() if fact], width)


def markdown_table() -> str:
    """Every operation as a row of a Markdown table: how it is called, its value, its local derivatives."""
    lines = ['| operation | value | local derivative |', '| --- | --- | --- |']
    for op in operations():
        value = op.row.latex.replace('|', r'\vert{}')  # a bar would end the cell
        derivatives = '<br>'.join(f'{prefix}`{_shortened(text, LONGEST)}`' for prefix, text in _derivatives(op))
        lines.append(f'| `{op.call}` | $`{value}`$ | {derivatives} |')
    lines.extend(f'| `{_composed_call(name)}` | {_summary(f)} | |' for name, f in COMPOSITIONS.items())
    return '\n'.join(lines)


def _part(group: str, members: list[Operation], width: int) -> str:
    """A group under its name; columns with nothing in them are left out."""
    header = ('call', 'name', 'symbol', 'value', 'local derivative', 'domain')
    columns = [column for column in zip(header, *map(_cells, members), strict=True) if any(column[1:])]
    return f'{group}\n\n' + aligned(list(zip(*columns, strict=True)), width)


def _cells(op: Operation) -> tuple[str, ...]:
    """Name and symbol only where the call does not show them."""
    name, symbol = op.row.name, op.row.symbol
    is_function = name in op.call
    return (
        op.call,
        '' if is_function or symbol == name else name,
        '' if (symbol == name if is_function else symbol in op.call) else symbol,
        plain(op.row.latex),
        _derivative_cell(op, LONGEST),
        op.domain,
    )


def _derivatives(op: Operation) -> list[tuple[str, str]]:
    """Each text once, behind the arguments whose derivative it is; with one argument there is nothing to tell apart."""
    if len(op.derivatives) == 1:
        return [('', op.derivatives[0][1])]
    arguments: dict[str, list[str]] = {}
    for x, text in op.derivatives:
        arguments.setdefault(text, []).append(x)
    return [(f'{", ".join(xs)}: ', text) for text, xs in arguments.items()]


def _derivative_cell(op: Operation, longest: int) -> str:
    return '\n'.join(prefix + _shortened(text, longest) for prefix, text in _derivatives(op))


def _shortened(text: str, longest: int) -> str:
    return shorten(text, longest, placeholder=' …')


def _composed_call(name: str) -> str:
    return str(call(name, [Symbol('x1'), Symbol('x2')]))


def _summary(f: Any) -> str:
    return str(f.__doc__).splitlines()[0]
