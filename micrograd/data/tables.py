"""Tables: CSV files of numbers, and of texts."""

import csv
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from reprlib import repr as short

from micrograd.checks import integer
from micrograd.data.files import FilePath, open_bytes
from micrograd.data.sets import Dataset
from micrograd.errors import DataError


class Table(Dataset[float]):
    """A Dataset that was read from columns, and knows their names. It unpacks into two, as every Dataset does."""

    input_names: tuple[str, ...] = ()
    target_name: str = ''


def read_csv(path: FilePath, *, target: str | int = -1, header: bool = True, delimiter: str = ',') -> Table:
    r"""Read a CSV file of numbers: one column is the target, the others are the inputs.

    The file is UTF-8 text, with or without a byte order mark. Cells may be quoted; lines end in any of the usual ways;
    blank lines do not count. Every cell below the names is a finite number: a missing cell, a word, `nan` or `inf` is
    an error, never a number that somebody made up.

    Args:
        path: the file.
        target: the column to predict: its name, or its index from 0; by default the last one.
        header: whether the first line holds the names of the columns. Without it they are called x1, x2, ….
        delimiter: the character between two cells, such as ';' or a tab.

    Returns:
        A Dataset of floats that also knows the names: `input_names` and `target_name`.

    Raises:
        DataError: the file is not such a table, or has no such target; the message names the line and the column.
        OSError: the file cannot be opened.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, 'houses.csv')
    ...     _ = path.write_text('rooms,area,price\n3,70.5,210\n2,50,150\n')
    ...     X, y = houses = read_csv(path, target='price')
    >>> X, y
    ([[3.0, 70.5], [2.0, 50.0]], [210.0, 150.0])
    >>> houses.input_names, houses.target_name
    (('rooms', 'area'), 'price')
    """
    lines = _lines(path, delimiter)
    line, cells = next(lines, (1, []))
    if len(cells) < 2:
        raise DataError(_too_narrow(path, line, cells))
    if header:
        _check_not_numbers(path, line, cells)
    names = _column_names(path, line, cells) if header else [f'x{k}' for k, _ in enumerate(cells, 1)]
    place = _target_index(path, names, target)
    body = lines if header else chain([(line, cells)], lines)
    rows = [_numbers(path, line, cells, names) for line, cells in body]
    if not rows:
        raise DataError(
            f'{path}, line {line + 1}: expected a row of numbers below the names, found the end of the file'
        )
    return _table(rows, names, place)


@dataclass(frozen=True)
class Cells:
    """The cells of a CSV file, as texts.

    Args:
        path: the file.
        names: of the columns.
        rows: the cells below the names, as many in every row as there are names.
        lines: where each row ends in the file, counted from 1.
    """

    path: FilePath
    names: list[str]
    rows: list[list[str]]
    lines: list[int]

    def column(self, name: str) -> list[str]:
        """The cells below a name."""
        k = self.names.index(name)
        return [row[k] for row in self.rows]

    def place(self, row: int, name: str) -> str:
        """Where a cell is, for a message."""
        return f'{self.path}, line {self.lines[row]}, column {self.names.index(name) + 1} ({short(name)})'


def read_cells(path: FilePath, *, delimiter: str = ',') -> Cells:
    r"""Read a CSV file whose first line holds the names of the columns; the cells stay texts.

    What `read_csv` says of files holds, but that a cell may hold any text, or none.

    Args:
        path: the file.
        delimiter: the character between two cells, such as ';' or a tab.

    Raises:
        DataError: the file is no such table, or has no row below the names; the message names the line.
        OSError: the file cannot be opened.

    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> with TemporaryDirectory() as folder:
    ...     path = Path(folder, 'fruit.csv')
    ...     _ = path.write_text('fruit,weight\napple,150\nplum,\n')
    ...     cells = read_cells(path)
    >>> cells.names, cells.rows, cells.lines
    (['fruit', 'weight'], [['apple', '150'], ['plum', '']], [2, 3])
    """
    lines = _lines(path, delimiter)
    line, first = next(lines, (1, []))
    if not first:
        raise DataError(f'{path}, line {line}: expected the names of the columns, found the end of the file')
    cells = Cells(path, _column_names(path, line, first), [], [])
    for number, row in lines:
        _check_width(path, number, row, cells.names)
        cells.rows.append(row)
        cells.lines.append(number)
    if not cells.rows:
        raise DataError(f'{path}, line {line + 1}: expected a row below the names, found the end of the file')
    return cells


def _lines(path: FilePath, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Yield the number and the stripped cells of every line that is not blank."""
    text = io.StringIO(_read_text(path), newline='')
    reader = csv.reader(text, delimiter=delimiter, skipinitialspace=True, strict=True)
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if cells not in ([], ['']):
                yield reader.line_num, cells
    except csv.Error as error:
        raise DataError(f'{path}, line {reader.line_num}: expected cells and closed quotes, found: {error}') from error


def _read_text(path: FilePath) -> str:
    """Read a UTF-8 file, without its byte order mark."""
    with open_bytes(path) as file:
        content = file.read()
    if b'\0' in content:
        raise _not_text(path, content.index(b'\0'), 'a NUL byte')
    try:
        return content.decode().removeprefix('\ufeff')
    except UnicodeDecodeError as error:
        raise _not_text(path, error.start, f'{content[error.start]:#04x}') from error


def _not_text(path: FilePath, place: int, found: str) -> DataError:
    return DataError(f'{path}, byte {place}: expected UTF-8 text, found {found}; save the table as "CSV UTF-8"')


def _too_narrow(path: FilePath, line: int, cells: list[str]) -> str:
    if not cells:
        return f'{path}, line {line}: expected a table of numbers, found the end of the file'
    return (
        f'{path}, line {line}: expected at least two columns, inputs and a target, found only {short(cells[0])}; '
        "if the cells are separated by another character, name it: read_csv(path, delimiter=';')"
    )


def _check_not_numbers(path: FilePath, line: int, cells: list[str]) -> None:
    if all(map(is_number, cells)):
        raise DataError(
            f'{path}, line {line}: expected the names of the columns, found only numbers, such as {short(cells[0])}; '
            'if the file has no line of names: read_csv(path, header=False)'
        )


def _column_names(path: FilePath, line: int, cells: list[str]) -> list[str]:
    """Check that the cells of the first line are distinct names."""
    seen: dict[str, int] = {}
    for column, name in enumerate(cells, 1):
        if not name:
            raise DataError(f'{path}, line {line}, column {column}: expected a name, found an empty cell')
        if name in seen:
            raise DataError(
                f'{path}, line {line}, column {column}: expected a name that no other column has, '
                f'found {short(name)}, the name of column {seen[name]}'
            )
        seen[name] = column
    return cells


def _target_index(path: FilePath, names: list[str], target: str | int) -> int:
    """Where the target column is, counted from 0."""
    if isinstance(target, str):
        if target not in names:
            raise DataError(f'{path} has no column {short(target)}; its columns are {short(names)}')
        return names.index(target)
    index = integer(target, 'target')
    if not -len(names) <= index < len(names):
        raise DataError(f'{path} has no column {index}; it has {len(names)} columns, 0 to {len(names) - 1}')
    return index % len(names)


def _numbers(path: FilePath, line: int, cells: list[str], names: list[str]) -> list[float]:
    _check_width(path, line, cells, names)
    for column, (name, cell) in enumerate(zip(names, cells, strict=True), 1):
        if not (is_number(cell) and math.isfinite(float(cell))):
            found = short(cell) if cell else 'an empty cell'
            raise DataError(
                f'{path}, line {line}, column {column} ({short(name)}): expected a finite number, found {found}'
            )
    return [float(cell) for cell in cells]


def _check_width(path: FilePath, line: int, cells: list[str], names: list[str]) -> None:
    if len(cells) != len(names):
        raise DataError(f'{path}, line {line}: expected {len(names)} cells, found {len(cells)}')


def _table(rows: list[list[float]], names: list[str], place: int) -> Table:
    """Set the target's column apart from the others."""
    table = Table([row[:place] + row[place + 1 :] for row in rows], [row[place] for row in rows])
    table.input_names = (*names[:place], *names[place + 1 :])
    table.target_name = names[place]
    return table


def is_number(text: str) -> bool:
    """Whether a cell is written as a number; `1_000` is one in a program, not in a table."""
    try:
        float(text)
    except ValueError:
        return False
    return '_' not in text
