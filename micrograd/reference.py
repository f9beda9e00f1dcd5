"""The table of operations, to be read: in the terminal, one operation at a time, and as Markdown for the documentation.

Every text is made from the rows: formulas by `formulas.py`, groups and domains here.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from math import inf
from textwrap import shorten
from types import FunctionType, SimpleNamespace
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

PAGE_COLUMNS = ('operation', 'symbol', 'value', 'local derivative', 'no gradient passes', 'domain', 'kinks')
PAGE = """# The operations

Everything that micrograd can differentiate, generated from the rows of [the table](../micrograd/primitives.py).
Change a row, then write this page anew with

```sh
python -m docs
```

A test fails when the page is not what the rows say. `micrograd ops NAME` tells of one operation in the terminal, with
its value composed of others. What is promised at kinks, ties, nan and infinities stands in [semantics](semantics.md).

- *operation*: how a program calls it, as `micrograd.<name>`, an operator or a method. Constants that an operation
  carries are shown at one example, and lists with two numbers each.
- *symbol*: what the node shows in pictures, and as `_op`.
- *local derivative*: the factor on the edge to each argument, as it is computed; of a list, for its first number
  (which is the index, of `select`).
- *no gradient passes*: where the gate to an argument is shut. Nothing goes through it then, not even 0 · ∞.
- *domain*: where value and derivatives are finite, if that is not everywhere; overflow and kinks apart. Outside an
  operation gives nan or an infinity, and raises nothing.
- *kinks*: where the derivative jumps, or the value has a pole. The local derivative says what is taken there.
"""


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
        derivatives = '<br>'.join(f'{prefix}`{_shortened(text, LONGEST)}`' for prefix, text in _derivatives(op))
        lines.append(f'| `{op.call}` | {_maths(op.row.latex)} | {derivatives} |')
    lines.extend(f'| `{_composed_call(name)}` | {_summary(f)} | |' for name, f in COMPOSITIONS.items())
    return '\n'.join(lines)


def page() -> str:
    """docs/primitives.md: every operation in its group, with all that its row says of it, as Markdown."""
    found = operations()
    groups = [_page_group(group, [op for op in found if op.group == group]) for group in GROUPS]
    composed = [f'- `{_composed_call(name)}`: {_summary(f)}' for name, f in COMPOSITIONS.items()]
    return '\n\n'.join([PAGE.strip(), *groups, f'## {COMPOSED}', '\n'.join(composed)]) + '\n'


def _page_group(group: str, members: list[Operation]) -> str:
    """A group as a table; columns with nothing in them are left out."""
    columns = [cells for cells in zip(PAGE_COLUMNS, *map(_page_cells, members), strict=True) if any(cells[1:])]
    header, *lines = (f'| {" | ".join(cells)} |' for cells in zip(*columns, strict=True))
    return '\n'.join([f'## {group}', '', header, '|' + ' --- |' * len(columns), *lines])


def _page_cells(op: Operation) -> tuple[str, ...]:
    return (
        _code(op.call),
        _code(op.row.symbol),
        _maths(op.row.latex),
        '<br>'.join(before + _code(_shortened(text, LONGEST_IN_DETAIL)) for before, text in _derivatives(op)),
        '<br>'.join(_gate_cell(op, x, where) for x, where in op.gates),
        _code(op.domain),
        '<br>'.join(_code(kink) for kink in kinks(op.row)),
    )


def _gate_cell(op: Operation, x: str, where: str) -> str:
    before = '' if len(op.derivatives) == 1 else f'{x}: '
    return before + (f'where {_code(where.removeprefix("where "))}' if where.startswith('where ') else where)


def _code(text: str) -> str:
    return f'`{text}`' if text else ''


def _maths(latex: str) -> str:
    return '$`' + latex.replace('|', r'\vert{}') + '`$'  # a bar would end the cell


# A row's kinks are written for floats, with the functions of Python; on symbols, these are calls.
_PYTHON_ON_SYMBOLS = {
    'math': SimpleNamespace(cos=partial(call, 'cos'), hypot=partial(call, 'hypot')),
    'abs': partial(call, 'abs'),
    'max': partial(call, 'maximum'),
    'round': partial(call, 'round'),
    'sorted': list,  # of two numbers, that they are equal reads the same in either order
}


def kinks(row: Row) -> list[str]:
    """Where the derivative of an operation of ours jumps, as equations.

    >>> kinks(TABLE['maximum'])
    ['x = y']
    """
    if row.kinks is None:
        return []
    f: Any = row.kinks
    on_symbols = FunctionType(f.__code__, f.__globals__ | _PYTHON_ON_SYMBOLS, None, None, f.__closure__)
    return [_vanishing(symbol(quantity).text) for quantity in on_symbols(*arguments(row))]


def _vanishing(quantity: str) -> str:
    """That a quantity is 0; of a difference, that both sides are equal."""
    left, minus, right = quantity.partition(' - ')
    return f'{left} = {right}' if minus else f'{quantity} = 0'


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
