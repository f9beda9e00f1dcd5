"""What each reader promises, as a function of bytes that raises nothing where the promise is kept.

Whatever the bytes, the reader gives something with the properties below, or an error of `micrograd.errors` that names
the file and is short enough to be read. It never raises another exception, never warns, never changes a model that is
there already.
"""

import ast
import csv
import gzip
import io
import json
import math
import re
import struct
import warnings
import zlib
from collections.abc import Callable, Iterable, Sequence
from contextlib import redirect_stdout, suppress
from itertools import chain, pairwise
from pathlib import Path
from typing import Any, NoReturn, TypeVar
from unittest.mock import patch

from micrograd.checkpoint import load, load_with_columns, save
from micrograd.data import Table, digits, read_csv, read_idx
from micrograd.data.columns import ABSENT, Categories, Columns, Numbers
from micrograd.data.tables import Cells, read_cells
from micrograd.errors import CheckpointError, DataError, ExpressionError, ShapeError
from micrograd.expression import MAX_LENGTH, Expression, assignments, parse
from micrograd.nn import MLP, Layer, Neuron
from micrograd.tabular import outputs, training
from tests.fuzz.meaning import meaning

LONGEST_MESSAGE = 600  # characters, besides the name of the file

Contract = Callable[[bytes, Path], None]
Result = TypeVar('Result')


def held(contract: Contract, content: bytes, folder: Path) -> None:
    """Check a contract for some bytes; a warning is an error.

    Args:
        contract: one of the functions below.
        content: the bytes.
        folder: where files may be written.

    Raises:
        Exception: the contract is broken.
    """
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        contract(content, folder)


def _outcome(read: Callable[[], Result], error: type[Exception], path: Path | None = None) -> Result | None:
    """What a reader gives; None if it refuses with an error as it should be.

    Args:
        read: calls the reader.
        error: what it may raise.
        path: what the message should name.
    """
    try:
        return read()
    except error as refusal:
        _check_message(refusal, path)
        return None


def _check_message(error: Exception, path: Path | None) -> None:
    message = str(error)
    assert path is None or message.startswith(str(path)), f'which file? {message}'
    rest = message if path is None else message.replace(str(path), '')
    assert len(rest) <= LONGEST_MESSAGE, f'{len(rest)} characters: {rest:.200}'
    assert rest.isprintable(), f'not printable: {rest!r:.600}'
    if isinstance(error, ExpressionError):
        assert error.column is None or 0 <= error.column <= len(error.text)


def _written(content: bytes, path: Path) -> Path:
    path.write_bytes(content)
    return path


def _bits(x: float) -> str:
    """A number as a text that only the same number has; every nan is the same."""
    return float(x).hex()


# Model files ---------------------------------------------------------------------------------------------------------


def checkpoint(content: bytes, folder: Path) -> None:
    """A model file holds the network that is written in it, and is the same file when it is saved again."""
    path = _written(content, folder / 'model.json')
    _check_state(content)
    model = _outcome(lambda: load(path), CheckpointError, path)
    with_columns = _outcome(lambda: load_with_columns(path), CheckpointError, path)
    if model is None:
        assert with_columns is None
        return
    text = content.decode('utf-8-sig')
    document = json.loads(text, parse_int=float, parse_constant=_no_json, object_pairs_hook=_object)
    assert document['type'] == type(model).__name__
    numbers, parameters = list(_numbers_in(document)), [p.data for p in model.parameters()]
    assert list(map(_bits, parameters)) == list(map(_bits, numbers))
    assert all(map(math.isfinite, parameters))
    assert (with_columns is None) is ('columns' not in document)
    columns = None
    if with_columns is not None:
        columns = with_columns[1]
        _check_columns(*with_columns, path)
    first = _saved(model, folder / 'first.json', columns)
    assert _saved(load(folder / 'first.json'), folder / 'second.json', columns) == first
    model([0.5] * len(_first_neuron(model).w))


def _no_json(name: str) -> NoReturn:
    raise AssertionError(f'{name} is no JSON')


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    assert len(found) == len(pairs), 'a key stands there twice'
    return found


def _numbers_in(document: dict[str, Any]) -> Iterable[float]:
    """The parameters in a model file, in the order in which a network has them."""
    for part in document.get('layers') or document.get('neurons') or ():
        yield from _numbers_in(part)
    yield from document.get('w', ())
    if 'b' in document:
        yield document['b']


def _first_neuron(model: Neuron | Layer | MLP) -> Neuron:
    if isinstance(model, Neuron):
        return model
    layer = model.layers[0] if isinstance(model, MLP) else model
    return layer.neurons[0]


def _saved(model: Neuron | Layer | MLP, path: Path, columns: Columns | None) -> bytes:
    save(model, path, columns=columns)
    return path.read_bytes()


def _check_columns(model: MLP, columns: Columns, path: Path) -> None:
    """A model that carries columns is of their sizes, and turns rows into answers, or says why not."""
    assert columns.width == len(model.layers[0].neurons[0].w)
    assert columns.target.width == len(model.layers[-1].neurons)
    names = [column.name for column in columns.inputs]
    for column in (*columns.inputs, columns.target):
        texts = column.categories if isinstance(column, Categories) else ()
        assert all(text.encode() for text in (column.name, *texts))  # predictions are written, in UTF-8
    row = [column.categories[-1] if isinstance(column, Categories) else '0.5' for column in columns.inputs]
    rows = _outcome(lambda: columns.rows(Cells(path, names, [row], [2])), DataError, path)
    if rows is None:
        return
    (numbers,) = rows
    assert len(numbers) == columns.width
    assert all(map(math.isfinite, numbers))
    found = model(numbers)
    _check_answer(columns, [y.data for y in (found if isinstance(found, list) else [found])])


def _check_answer(columns: Columns, found: list[float]) -> None:
    if not all(map(math.isfinite, found)):
        return  # which micrograd predict refuses
    target = columns.target
    if isinstance(target, Categories):
        assert 0.0 <= outputs.classified(target, found).probability <= 1.0
        return
    numbers = _outcome(lambda: outputs.numbers(target, [found]), DataError)
    assert numbers is None or all(map(math.isfinite, numbers))


def _check_state(content: bytes) -> None:
    """A state fits a model or leaves it as it is."""
    try:
        state = json.loads(content)
    except (ValueError, RecursionError):
        return
    model = Layer(2, 2, generator=0)
    before = model.state_dict()
    _outcome(lambda: model.load_state_dict(state), CheckpointError if isinstance(state, dict) else TypeError)
    after = model.state_dict()
    assert after == before or all(_bits(number) == _bits(state[name]) for name, number in after.items())


# Tables --------------------------------------------------------------------------------------------------------------


def table(content: bytes, folder: Path) -> None:
    """A CSV file is a rectangle of cells, and the same one when it is written again; the readers agree about it."""
    path = _written(content, folder / 'table.csv')
    semicolons = _outcome(lambda: read_cells(path, delimiter=';'), DataError, path)
    cells = _outcome(lambda: read_cells(path), DataError, path)
    for found, delimiter in ((cells, ','), (semicolons, ';')):
        if found is not None:
            _check_cells(found, content, folder, delimiter)
    _check_table(_outcome(lambda: read_csv(path, header=False), DataError, path))
    numbers = _outcome(lambda: read_csv(path), DataError, path)
    _check_table(numbers)
    assert (numbers is not None) is (cells is not None and _is_numeric(cells))
    if numbers is not None and cells is not None:
        assert [*numbers.input_names, numbers.target_name] == cells.names
        assert [[*x, y] for x, y in zip(*numbers, strict=True)] == [list(map(float, row)) for row in cells.rows]
    for missing in training.MISSING:
        _check_preparation(path, cells, missing)
        if cells is not None:
            _check_rows(cells, missing == 'mean')


NUMBER = re.compile(r'[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?', re.IGNORECASE)
UNNAMED = ('inf', 'infinity', 'nan')  # in a first line: numbers, not names


def _is_numeric(cells: Cells) -> bool:
    """Whether there are inputs and a target, all of finite numbers, below names that are not."""
    named = any(not NUMBER.fullmatch(name) and name.lower().lstrip('+-') not in UNNAMED for name in cells.names)
    return named and len(cells.names) > 1 and all(map(_is_finite, chain(*cells.rows)))


def _is_finite(cell: str) -> bool:
    return NUMBER.fullmatch(cell) is not None and math.isfinite(float(cell))


def _check_table(found: Table | None) -> None:
    if found is not None:
        assert len(found.inputs) == len(found.targets) > 0
        assert {len(row) for row in found.inputs} == {len(found.input_names)}
        assert all(map(math.isfinite, chain(found.targets, *found.inputs)))


def _check_cells(cells: Cells, content: bytes, folder: Path, delimiter: str) -> None:
    assert len(set(cells.names)) == len(cells.names) > 0
    assert all(cells.names)
    assert {len(row) for row in cells.rows} == {len(cells.names)}
    assert all(cell == cell.strip() for row in cells.rows for cell in row)
    assert all(before < after for before, after in pairwise([0, *cells.lines]))
    assert [cells.names, *cells.rows] == _lines(content.decode().removeprefix('\ufeff'), delimiter)
    again = read_cells(_written(_csv(cells, delimiter), folder / 'again.csv'), delimiter=delimiter)
    assert (again.names, again.rows) == (cells.names, cells.rows)


def _lines(text: str, delimiter: str) -> list[list[str]] | None:
    """The lines of a file that are not blank, by the grammar of RFC 4180; None if a quote is not where it may be."""
    quoted, plain = r'"((?:[^"]|"")*+)"', rf'([^" {delimiter}\r\n][^{delimiter}\r\n]*+|)'
    cell = re.compile(rf' *+(?:{quoted}|{plain})({delimiter}|\r\n|\r|\n|\Z)')
    lines: list[list[str]] = [[]]
    place, end = 0, delimiter
    while end:
        match = cell.match(text, place)
        if match is None:
            return None
        inside, outside, end = match.groups()
        lines[-1].append((outside if inside is None else inside.replace('""', '"')).strip())
        place = match.end()
        if end != delimiter:
            lines.append([])
    return [line for line in lines if line not in ([], [''])]


def _csv(cells: Cells, delimiter: str) -> bytes:
    text = io.StringIO(newline='')
    csv.writer(text, delimiter=delimiter).writerows([cells.names, *cells.rows])
    return text.getvalue().encode('utf-8-sig')  # a first name may begin with a byte order mark


class _PreparedError(Exception):
    """Everything is ready for the training."""


def _check_preparation(path: Path, cells: Cells | None, missing: str) -> None:
    """What `micrograd train` makes of a table: finite numbers, as wide as the network."""
    target = cells.names[-1] if cells is not None else 'y'
    with patch.object(training, 'fit', side_effect=_PreparedError) as fit, redirect_stdout(io.StringIO()):
        with suppress(_PreparedError):
            _outcome(
                lambda: training.train(path, target, hidden=(1,), missing=missing, progress=False), DataError, path
            )
        if not fit.called:
            return
    model, (rows, targets) = fit.call_args.args
    other_rows, other_targets = fit.call_args.kwargs['validation']
    rows, targets = [*rows, *other_rows], [*targets, *other_targets]
    assert cells is not None
    assert len(rows) == len(targets) == len(cells.rows)
    assert {len(row) for row in rows} == {len(model.layers[0].neurons[0].w)}
    assert all(map(math.isfinite, chain(*rows)))
    if fit.call_args.kwargs['loss'] == 'mse':
        assert all(map(math.isfinite, targets))
        return
    assert {len(row) for row in targets} == {len(model.layers[-1].neurons)}
    assert all(sorted(row) == [*[0.0] * (len(row) - 1), 1.0] for row in targets)


SIZE, COLOUR = Numbers('size', mean=2.0, scale=0.5), Categories('colour', ('blue', 'red'), (0.25, 0.75))
FRUIT = Categories('fruit', ('apple', 'plum'), (0.5, 0.5))


def _check_rows(cells: Cells, fills: bool) -> None:
    """What `micrograd predict` makes of a table, with the columns of another."""
    columns = Columns((SIZE, COLOUR), FRUIT, fills)
    rows = _outcome(lambda: columns.rows(cells), DataError, Path(cells.path))
    if not {'size', 'colour'} <= set(cells.names):
        assert rows is None
        return
    expected = [_row(*pair, fills) for pair in zip(cells.column('size'), cells.column('colour'), strict=True)]
    assert rows == (None if None in expected else expected)


def _row(size: str, colour: str, fills: bool) -> list[float] | None:
    """A row of inputs; None where a cell is not as it should be."""
    absent = size.lower() in ABSENT
    if colour not in ('blue', 'red', '') or not (fills or (colour and not absent)):
        return None
    if not absent and not (_is_finite(size) and math.isfinite(2.0 * (float(size) - 2.0))):
        return None
    shares = [float(colour == 'blue'), float(colour == 'red')] if colour else [0.25, 0.75]
    return [0.0 if absent else 2.0 * (float(size) - 2.0), *shares]


# IDX files -----------------------------------------------------------------------------------------------------------

FORMS = {0x08: 'B', 0x09: 'b', 0x0B: 'h', 0x0C: 'i', 0x0D: 'f', 0x0E: 'd'}


def idx(content: bytes, folder: Path) -> None:
    """An IDX file is read if it is one, gzipped or not, and holds the numbers that the format says."""
    path = _written(content, folder / 'array.idx')
    plain = _unzipped(content)
    expected = _array(plain)
    found = _outcome(lambda: read_idx(path), DataError, path)
    assert (found is None) is (expected is None), 'a good file is refused, or a bad one read'
    if found is None or expected is None:
        return
    zipped = read_idx(_written(gzip.compress(plain, 1, mtime=0), folder / 'array.idx.gz'))
    shape, numbers = expected
    for array in (found, zipped):
        assert array.shape == shape
        assert list(map(_bits, array.data)) == list(map(_bits, numbers))
    assert len(found.rows()) == len(found) == shape[0]
    _check_digits(content, shape, folder)


def _unzipped(content: bytes) -> bytes:
    if content[:2] != b'\x1f\x8b':
        return content
    try:
        return gzip.decompress(content)
    except (EOFError, zlib.error, gzip.BadGzipFile):
        return b''


def _array(content: bytes) -> tuple[tuple[int, ...], Sequence[float]] | None:
    """Shape and numbers of an IDX file; None if the bytes are none."""
    if len(content) < 4 or content[:2] != b'\0\0' or content[2] not in FORMS:
        return None
    start = 4 + 4 * content[3]
    if content[3] == 0 or len(content) < start:
        return None
    shape = struct.unpack(f'>{content[3]}I', content[4:start])
    form, size = FORMS[content[2]], math.prod(shape)
    if size == 0 or len(content) - start != size * struct.calcsize(form):
        return None
    return shape, struct.unpack(f'>{size}{form}', content[start:])


def _check_digits(content: bytes, shape: tuple[int, ...], folder: Path) -> None:
    """Labels for images, or images for labels: pixels from 0 to 1, digits below 10."""
    images, labels = folder / 't10k-images-idx3-ubyte', folder / 't10k-labels-idx1-ubyte'
    count = min(shape[0], 1000)
    if len(shape) == 3:
        _written(content, images)
        _written(bytes([0, 0, 8, 1, *count.to_bytes(4, 'big'), *(i % 10 for i in range(count))]), labels)
    else:
        _written(bytes([0, 0, 8, 3, *count.to_bytes(4, 'big'), 0, 0, 0, 1, 0, 0, 0, 1, *[255] * count]), images)
        _written(content, labels)
    found = _outcome(lambda: digits(folder), DataError, folder)
    if found is not None:
        examples = [*found.train.inputs, *found.test.inputs]
        assert all(0.0 <= pixel <= 1.0 for row in examples for pixel in row)
        assert all(0 <= label <= 9 for label in (*found.train.targets, *found.test.targets))


# Expressions ---------------------------------------------------------------------------------------------------------

NUMBERS = (0.5, -1.25, 3.0, 0.0, -2.0)


def expression(content: bytes, folder: Path) -> None:
    """An expression, then, behind NUL bytes, numbers for its variables: as `micrograd` gets them from a shell.

    What is read has the value that Python's syntax says, and is the same when Python writes it another way.
    """
    text, *given = content.decode(errors='surrogateescape').split('\0')
    named = _outcome(lambda: assignments(given), ExpressionError) or {}
    read = _outcome(lambda: parse(text), ExpressionError)
    if read is None:
        return
    fits = named.keys() == set(read.variables)
    assert (_outcome(lambda: _value(read, named), ExpressionError) is not None) is fits
    numbers = {name: named.get(name, NUMBERS[i % len(NUMBERS)]) for i, name in enumerate(read.variables)}
    found = _value(read, numbers)
    with suppress(RecursionError):  # of Python's own walks; ours are loops
        tree = _tree(read.text)
        assert _as_written(text) in (None, ast.dump(tree))
        assert found == _meant(tree, numbers)
        _check_rewritten(ast.unparse(tree), read, numbers, found)


def _tree(text: str) -> ast.expr:
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # of 1and 2, say, which means 1 and 2
        return ast.parse(text, mode='eval').body


def _as_written(text: str) -> str | None:
    """The tree of a text as Python reads it in brackets, where lines do not matter; None if it cannot be read so."""
    try:
        return ast.dump(_tree(f'({text}\n)'))
    except (SyntaxError, ValueError):
        return None


def _value(read: Expression, numbers: dict[str, float]) -> str:
    """The bits of the value, after a backward pass; or that lists do not fit."""
    result = _outcome(lambda: read(**numbers), ShapeError)
    if result is None:
        return 'ShapeError'
    result.backward()
    return _bits(result.data)


def _meant(tree: ast.expr, numbers: dict[str, float]) -> str:
    try:
        return _bits(meaning(tree, numbers))
    except ShapeError:
        return 'ShapeError'


def _check_rewritten(text: str, read: Expression, numbers: dict[str, float], found: str) -> None:
    if len(text) > MAX_LENGTH:
        return
    again = parse(text)
    assert again.variables == read.variables
    assert _value(again, numbers) == found


CONTRACTS: dict[str, Contract] = {'checkpoint': checkpoint, 'csv': table, 'idx': idx, 'expression': expression}
