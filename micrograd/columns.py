"""Tables for the terminal: columns that stand under each other, within a width."""

import re
from collections.abc import Iterable, Sequence
from itertools import zip_longest
from textwrap import wrap
from unicodedata import category, east_asian_width

GAP = '  '
NARROWEST = 16  # characters, for a column that is wrapped


def aligned(rows: Iterable[Sequence[str]], width: int = 100) -> str:
    """Rows of cells as lines of text; columns other than the first are wrapped until the lines fit.

    Args:
        rows: the cells, as many in every row; a newline in a cell begins another line of it.
        width: of the longest line, in characters.

    >>> print(aligned([('name', 'value'), ('x', '2'), ('bias', '6.88')]))
    name  value
    x     2
    bias  6.88
    >>> print(aligned([('x', 'the weighted input')], width=20))
    x  the weighted
         input
    """
    rows = list(rows)
    widths = _widths(rows, width)
    return '\n'.join(line for row in rows for line in _lines(row, widths))


def at_the_point(numbers: Iterable[float], precision: int = 6) -> list[str]:
    """Numbers as texts that, one above the other, have their decimal points in one column.

    Args:
        numbers: of any size; nan and inf too.
        precision: significant digits.

    >>> at_the_point([6.88, -3.0, 1.5e-7])
    [' 6.88', '-3', ' 1.5e-07']
    """
    return points_aligned([f'{x:.{precision}g}' for x in numbers])


def points_aligned(texts: Sequence[str]) -> list[str]:
    """The same for numbers that are texts already.

    >>> points_aligned(['6.88', '−3', '?'])
    [' 6.88', '−3', ' ?']
    """
    whole = [re.split('[.e]', text)[0] for text in texts]
    left = max(map(len, whole), default=0)
    return [' ' * (left - len(head)) + text for head, text in zip(whole, texts, strict=True)]


def columns_of(text: str) -> int:
    """How many columns of a terminal a text takes: the letters of East Asia take two, accents none.

    >>> columns_of('tanh'), columns_of('日本語')
    (4, 6)
    """
    if text.isascii():
        return len(text)
    narrow = sum(category(character) not in ('Mn', 'Me', 'Cf') for character in text)
    return narrow + sum(east_asian_width(character) in 'WF' for character in text)


def _widths(rows: list[Sequence[str]], width: int) -> list[int]:
    """Of each column: as wide as its longest line, or less, where the fewest cells have to be wrapped for it."""
    columns = [[columns_of(line) for cell in column for line in cell.split('\n')] for column in zip(*rows, strict=True)]
    widths = [max(column) for column in columns]
    while sum(widths) + len(GAP) * (len(widths) - 1) > width and max(widths[1:], default=0) > NARROWEST:
        _, _, i = min(
            (sum(length >= limit for length in column), -limit, i)
            for i, (column, limit) in enumerate(zip(columns, widths, strict=True))
            if i > 0 and limit > NARROWEST
        )
        widths[i] -= 1
    return widths


def _lines(row: Sequence[str], widths: list[int]) -> list[str]:
    cells = [_wrapped(cell, width) for cell, width in zip(row, widths, strict=True)]
    return [
        GAP.join(part + ' ' * (width - columns_of(part)) for part, width in zip(parts, widths, strict=True)).rstrip()
        for parts in zip_longest(*cells, fillvalue='')
    ]


def _wrapped(cell: str, width: int) -> list[str]:
    """The lines of a cell; those that are too long go on indented."""
    return [
        part
        for line in cell.split('\n')
        for part in ([line] if columns_of(line) <= width else wrap(line, width, subsequent_indent='  '))
    ]
