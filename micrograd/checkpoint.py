"""Save a network to a file and load it again: JSON, so that people can read it and a file can run no code.

The numbers come back to the last bit. The file of the network Layer(2, 2) looks like this:

    {
     "format": "micrograd model",
     "version": 1,
     "type": "Layer",
     "neurons": [
      {"activation": "relu", "w": [0.25, -0.5], "b": 0.0},
      {"activation": "relu", "w": [0.75, 1.5], "b": 0.0}
     ]
    }

A network that learnt from a table (`micrograd train`) has, before its layers, how the cells of a table become numbers:
"columns" holds "missing" ("error" or "mean"), "inputs", a list, and "target". A column of numbers is
{"name": "area", "mean": 70.5, "scale": 12.25}, one of texts
{"name": "heating", "categories": ["gas", "oil"], "shares": [0.75, 0.25]}.

What is read is what somebody wrote, so nothing in it is believed: every key, type, number and length is checked, and an
error names the file and the place in it, like `layers[0].neurons[3].w[1]`. It is a plain file, of a size that memory is
taken to suffice for: no more than 100 MB and ten million values, unless `max_bytes` says that more are trusted.
"""

import errno
import json
import math
import os
import re
import stat
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import asdict
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from reprlib import repr as short
from typing import Any

from micrograd.data.columns import Categories, Column, Columns, Numbers
from micrograd.errors import CheckpointError
from micrograd.files import check_replaceable, replace_file
from micrograd.nn import MLP, Layer, Module, Neuron

__all__ = ['load', 'load_with_columns', 'save']

FORMAT = 'micrograd model'
VERSION = 1
HEADER = ('format', 'version', 'type')
COLUMNS = 'columns'
MAX_BYTES = 100_000_000  # about five million parameters
BYTES_PER_VALUE = 10  # at least, in a large file; a number that was learnt takes about 20
MAX_DEPTH = 100  # brackets within brackets: far more than a model has, far less than what exhausts the C stack
MAX_ACTIVATION = 100  # characters: the longest is clamp of two numbers, which takes 60
PLACES = (*HEADER, COLUMNS, 'layers', 'neurons', 'activation', 'w', 'b')  # the keys of all types
RIGHT = 'Right: a file that save(model, path) wrote'
MOST_UNKNOWN = 20  # how many unknown keys are compared with one that is missing


def save(model: Neuron | Layer | MLP, path: str | os.PathLike[str], *, columns: Columns | None = None) -> None:
    """Write a network to a file. The file there is replaced in one step: whatever happens, it is the old or the new.

    A symbolic link stays one, and the file that it leads to is replaced. A file keeps its permissions, and one that may
    not be written is not replaced. The same network gives the same bytes.

    Args:
        model: a Neuron, Layer or MLP whose activations are names.
        path: where to write.
        columns: how the rows of a table become the inputs of the network, and its outputs the target.

    Raises:
        CheckpointError: the file could not hold the model: it is of a class of your own, an activation is a function,
            a number is nan or infinite, a parameter is shared, the columns do not fit. Nothing is written.
        OSError: the file cannot be written.

    >>> import tempfile
    >>> model = MLP(2, [16, 1], activation='tanh')
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     save(model, f'{directory}/model.json')
    ...     twin = load(f'{directory}/model.json')
    >>> twin([1.0, 2.0]).data == model([1.0, 2.0]).data
    True
    """
    try:
        text = _text(model, columns)
        _network(_parsed(text))  # what is written can be read
    except CheckpointError as error:
        raise CheckpointError(
            f'the model was not saved: {error}. What a file cannot hold, your program can make anew. '
            'Right: json.dump(model.state_dict(), file), and later model.load_state_dict(json.load(file))'
        ) from None
    replace_file(destination(path), text.encode())


def load(path: str | os.PathLike[str], *, max_bytes: int = MAX_BYTES) -> Neuron | Layer | MLP:
    """Read a network that `save` wrote.

    Args:
        path: the file.
        max_bytes: the size above which a file is not read; the limit of values grows with it.

    Returns:
        A network that gives the same outputs, to the last bit.

    Raises:
        CheckpointError: it is no plain file or no model, is damaged, or is too large; the message says where.
        OSError: the file cannot be read.
    """
    return _loaded(path, max_bytes)[0]


def load_with_columns(path: str | os.PathLike[str], *, max_bytes: int = MAX_BYTES) -> tuple[MLP, Columns]:
    """Read a network that learnt from a table, and how the rows of such a table become its inputs.

    Args:
        path: a file that `save` wrote, with columns.
        max_bytes: the size above which a file is not read; the limit of values grows with it.

    Raises:
        CheckpointError: it is no plain file or no model, is damaged, or is too large; or it has no columns.
        OSError: the file cannot be read.
    """
    model, columns = _loaded(path, max_bytes)
    if not isinstance(model, MLP) or columns is None:
        raise CheckpointError(
            f'{os.fspath(path)}: the model does not know the columns of a table. '
            'Right: one that micrograd train saved, or save(model, path, columns=…)'
        )
    return model, columns


def _loaded(path: str | os.PathLike[str], max_bytes: int) -> tuple[Neuron | Layer | MLP, Columns | None]:
    name = os.fsdecode(path)
    try:
        return _network(_parsed(_decoded(_read(name, max_bytes))))
    except CheckpointError as error:
        raise CheckpointError(f'{name}: {error}') from None


# From a network to text ------------------------------------------------------------------------------------------

PARTS: dict[type[Module], tuple[str, type[Module]]] = {MLP: ('layers', Layer), Layer: ('neurons', Neuron)}


def _text(model: Module, columns: Columns | None) -> str:
    kind = type(model)
    if kind not in (Neuron, Layer, MLP):
        raise CheckpointError(
            f'save() takes a Neuron, Layer or MLP, and a {kind.__name__} would come back as something else'
        )
    header = dict(zip(HEADER, (FORMAT, VERSION, kind.__name__), strict=True))
    beside = {} if columns is None else {COLUMNS: _columns_fields(columns)}
    return _pretty(header | beside | _fields(model, kind, '')) + '\n'


def _columns_fields(columns: Columns) -> dict[str, Any]:
    """The dictionaries have the keys of the classes."""
    return {
        'missing': 'mean' if columns.fills else 'error',
        'inputs': [_plain(asdict(column)) for column in columns.inputs],
        'target': _plain(asdict(columns.target)),
    }


def _plain(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: list(field) if isinstance(field, tuple) else field for name, field in fields.items()}


def _fields(module: Any, kind: type[Module], where: str) -> dict[str, Any]:
    if type(module) is not kind:
        raise CheckpointError(f'{where} is a {type(module).__name__}, which would come back as a plain {kind.__name__}')
    if kind is Neuron:
        return _neuron_fields(module, where)
    name, part = PARTS[kind]
    parts = getattr(module, name)
    fields = {name: [_fields(x, part, _join(where, f'{name}[{i}]')) for i, x in enumerate(parts)]}
    if len(module.parameters()) != sum(len(x.parameters()) for x in parts):
        raise CheckpointError(f'{where or "it"} has parameters that are shared, or that are not in its {name}')
    return fields


def _neuron_fields(neuron: Any, where: str) -> dict[str, Any]:
    if list(map(id, neuron.parameters())) != list(map(id, [*neuron.w, neuron.b])):
        raise CheckpointError(f'{where or "it"} has other parameters than the weights in w and the bias b')
    activation = neuron.activation if neuron.nonlin else 'linear'
    if not isinstance(activation, str):
        raise CheckpointError(f'{_join(where, "activation")} is a function, not the name of one in the table')
    return {'activation': activation, 'w': [float(w.data) for w in neuron.w], 'b': float(neuron.b.data)}


def _join(where: str, name: str) -> str:
    return f'{where}.{name}' if where else name


def _pretty(thing: Any, indent: str = '\n') -> str:
    """JSON with one neuron a line, or one column."""
    deeper = indent + ' '
    if isinstance(thing, dict) and not thing.keys() & {'w', 'name'}:
        return _bracketed(
            '{', [f'{json.dumps(key)}: {_pretty(part, deeper)}' for key, part in thing.items()], '}', indent
        )
    if isinstance(thing, list):
        return _bracketed('[', [_pretty(part, deeper) for part in thing], ']', indent)
    return json.dumps(thing)


def _bracketed(opening: str, parts: list[str], closing: str, indent: str) -> str:
    return f'{opening}{indent} {f",{indent} ".join(parts)}{indent}{closing}'


# From text to a network ------------------------------------------------------------------------------------------


class _Object(dict[str, Any]):
    """A JSON object that knows which key stood in it more than once."""

    repeated: str | None = None

    def __init__(self, pairs: list[tuple[str, Any]]):
        super().__init__(pairs)
        if len(self) < len(pairs):
            self.repeated = _repeated(key for key, _ in pairs)


def _parsed(text: str) -> Any:
    _check_depth(text)
    try:  # an integer as a float: Python's own have no limit, and floats are what there should be
        return json.loads(text, object_pairs_hook=_Object, parse_int=float)
    except json.JSONDecodeError as error:
        raise CheckpointError(
            f'line {error.lineno}, column {error.colno}: not JSON, or cut short: {error.msg}. {RIGHT}'
        ) from None


def _check_depth(text: str) -> None:
    """Refuse what would make the parser recurse too deep, whatever the recursion limit of the program is."""
    depth = 0
    for match in re.finditer(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', text, re.DOTALL):
        bracket = match[0]
        depth += (bracket in '[{') - (bracket in ']}')
        if depth > MAX_DEPTH:
            line = text.count('\n', 0, match.start()) + 1
            raise CheckpointError(f'line {line}: more than {MAX_DEPTH} brackets within brackets; a model has 6')


def _network(document: Any) -> tuple[Neuron | Layer | MLP, Columns | None]:
    """The network, and the columns of a table, if it learnt from one."""
    version, kind = _header(document)
    if _number(version, 'version') != VERSION:
        raise CheckpointError(
            f'version is {version:.17g}, and this micrograd reads {VERSION}; '
            'the micrograd that wrote the file can read it'
        )
    if not isinstance(kind, str) or kind not in READERS:
        raise CheckpointError(f'type should be one of {", ".join(READERS)}, not {_shown(kind)}')
    has_columns, found = COLUMNS in document, document.pop(COLUMNS, None)
    model = READERS[kind](document, '')
    return model, _columns(found, model) if has_columns else None


def _header(document: Any) -> tuple[Any, Any]:
    """The version and the type, which are taken out of a document with the right format."""
    foreign = f'not a model file: one holds an object with "format": "{FORMAT}"'
    if not isinstance(document, _Object):
        raise CheckpointError(f'{foreign}, not {_shown(document)}')
    _check_once(document, 'the file')
    for key in HEADER:
        if key not in document:
            problem = _lacks(document, 'the file', key, PLACES)
            raise CheckpointError(f'{foreign}, and {problem}' if key == 'format' else problem)
    found, version, kind = map(document.pop, HEADER)
    if found != FORMAT:
        raise CheckpointError(f'{foreign}, not {_shown(found)}')
    return version, kind


def _mlp(thing: Any, where: str) -> MLP:
    _check_keys(thing, where, ('layers',))
    at = _join(where, 'layers')
    layers: list[Layer] = []
    for i, part in enumerate(_list(thing['layers'], at)):
        layers.append(_layer(part, f'{at}[{i}]', len(layers[-1].neurons) if layers else None))
    mlp = MLP.__new__(MLP)
    mlp.layers = layers
    return mlp


def _layer(thing: Any, where: str, nin: int | None = None) -> Layer:
    _check_keys(thing, where, ('neurons',))
    at = _join(where, 'neurons')
    neurons: list[Neuron] = []
    for i, part in enumerate(_list(thing['neurons'], at)):
        neurons.append(_neuron(part, f'{at}[{i}]', nin))
        nin = len(neurons[0].w)
    layer = Layer.__new__(Layer)
    layer.neurons = neurons
    return layer


def _neuron(thing: Any, where: str, nin: int | None = None) -> Neuron:
    _check_keys(thing, where, ('activation', 'w', 'b'))
    at = _join(where, 'w')
    weights = [_number(x, f'{at}[{i}]') for i, x in enumerate(_list(thing['w'], at))]
    if nin is not None and len(weights) != nin:
        raise CheckpointError(f'{at} has {len(weights)} weights, and there are {nin} inputs')
    bias = _number(thing['b'], _join(where, 'b'))
    at = _join(where, 'activation')
    activation = _string(thing['activation'], at)
    if len(activation) > MAX_ACTIVATION:
        raise CheckpointError(f'{at} should have no more than {MAX_ACTIVATION} characters, not be {_shown(activation)}')
    try:
        return Neuron(len(weights), activation=activation, initialisation=lambda nin, nout, generator: (weights, bias))
    except ValueError as error:
        raise CheckpointError(f'{at}: {error}') from None


def _columns(thing: Any, model: Neuron | Layer | MLP) -> Columns:
    _check_keys(thing, COLUMNS, ('missing', 'inputs', 'target'))
    if thing['missing'] not in ('error', 'mean'):
        raise CheckpointError(f"{COLUMNS}.missing should be 'error' or 'mean', not {_shown(thing['missing'])}")
    inputs = [
        _column(part, f'{COLUMNS}.inputs[{i}]') for i, part in enumerate(_list(thing['inputs'], f'{COLUMNS}.inputs'))
    ]
    target = _column(thing['target'], f'{COLUMNS}.target')
    _distinct([column.name for column in (*inputs, target)], f'the names in {COLUMNS}')
    columns = Columns(tuple(inputs), target, fills=thing['missing'] == 'mean')
    _check_sizes(columns, model)
    return columns


def _column(thing: Any, where: str) -> Column:
    if isinstance(thing, _Object) and thing.keys() & {'categories', 'shares'}:
        return _categories(thing, where)
    _check_keys(thing, where, ('name', 'mean', 'scale'))
    mean, scale = (_number(thing[key], f'{where}.{key}') for key in ('mean', 'scale'))
    if scale <= 0.0:
        raise CheckpointError(f'{where}.scale should be above 0, not {scale:g}')
    return Numbers(_encodable(thing['name'], f'{where}.name'), mean, scale)


def _categories(thing: Any, where: str) -> Categories:
    _check_keys(thing, where, ('name', 'categories', 'shares'))
    at = f'{where}.categories'
    names = [_encodable(x, f'{at}[{i}]') for i, x in enumerate(_list(thing['categories'], at))]
    _distinct(names, at)
    at = f'{where}.shares'
    shares = [_number(x, f'{at}[{i}]') for i, x in enumerate(_list(thing['shares'], at))]
    if len(shares) != len(names) or not all(0.0 <= share <= 1.0 for share in shares):
        raise CheckpointError(f'{at} should be {len(names)} numbers from 0 to 1, one for each of the categories')
    return Categories(_encodable(thing['name'], f'{where}.name'), tuple(names), tuple(shares))


def _check_sizes(columns: Columns, model: Neuron | Layer | MLP) -> None:
    if not isinstance(model, MLP):
        raise CheckpointError(f'{COLUMNS} belong to an MLP, and this is a {type(model).__name__}')
    ends = (columns.width, columns.target.width)
    sizes = (len(model.layers[0].neurons[0].w), len(model.layers[-1].neurons))
    if ends != sizes:
        raise CheckpointError(
            f'{COLUMNS} make {ends[0]} inputs and {ends[1]} outputs, and the network has {sizes[0]} and {sizes[1]}'
        )


def _encodable(thing: Any, where: str) -> str:
    """A text that can be written as UTF-8: JSON may hold halves of characters."""
    text = _string(thing, where)
    if not text or re.search(r'[\ud800-\udfff]', text):
        raise CheckpointError(f'{where} should be a text, not empty and of whole characters, not {_shown(text)}')
    return text


def _distinct(names: list[str], what: str) -> None:
    twice = _repeated(names)
    if twice is not None:
        raise CheckpointError(f'{what} should be different, and {short(twice)} is there more than once')


def _repeated(names: Iterable[str]) -> str | None:
    return next((name for name, times in Counter(names).items() if times > 1), None)


READERS: dict[str, Callable[[Any, str], Neuron | Layer | MLP]] = {'Neuron': _neuron, 'Layer': _layer, 'MLP': _mlp}


def _check_keys(thing: Any, where: str, keys: tuple[str, ...]) -> None:
    at = where or 'the file'
    if not isinstance(thing, _Object):
        raise CheckpointError(f'{at} should be an object with {", ".join(keys)}, not {_shown(thing)}')
    _check_once(thing, at)
    for key in keys:
        if key not in thing:
            raise CheckpointError(_lacks(thing, at, key, keys))
    unknown = next((key for key in thing if key not in keys), None)
    if unknown is not None:
        raise CheckpointError(f'{at} has the unknown key {short(unknown)}, besides {", ".join(keys)}')


def _check_once(thing: _Object, at: str) -> None:
    if thing.repeated is not None:
        raise CheckpointError(f'{at} has the key {short(thing.repeated)} more than once')


def _lacks(thing: _Object, at: str, key: str, known: Collection[str]) -> str:
    """What is said about a missing key; it may be there, but misspelt."""
    unknown = list(islice((other for other in thing if other not in known), MOST_UNKNOWN))
    near = get_close_matches(key, unknown, n=1) or (unknown if len(unknown) == 1 else [])
    return f'{at} lacks the key {key!r}' + (f', and has the unknown key {short(near[0])}' if near else '')


def _list(thing: Any, where: str) -> list[Any]:
    if not isinstance(thing, list) or not thing:
        raise CheckpointError(f'{where} should be a list that is not empty, not {_shown(thing)}')
    return thing


def _number(thing: Any, where: str) -> float:
    if type(thing) is not float or not math.isfinite(thing):
        raise CheckpointError(f'{where} should be a finite number, not {_shown(thing)}')
    return thing


def _string(thing: Any, where: str) -> str:
    if not isinstance(thing, str):
        raise CheckpointError(f'{where} should be a string, not {_shown(thing)}')
    return thing


def _shown(thing: Any) -> str:
    if isinstance(thing, dict):
        return 'an object'
    if isinstance(thing, list):
        return 'a list' if thing else 'an empty list'
    return short(thing) if isinstance(thing, str) else json.dumps(thing)


# Files -----------------------------------------------------------------------------------------------------------


def _read(path: str, max_bytes: int) -> bytes:
    if os.path.isdir(path):
        raise CheckpointError(f'expected a file, found a directory. {RIGHT}')
    with open(path, 'rb', opener=_without_waiting) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):  # which may have no end, or wait for a writer that never comes
            raise CheckpointError(f'expected a file, found a pipe or a device. {RIGHT}')
        if status.st_size > max_bytes:
            raise _too_large(f'{max_bytes} bytes', max_bytes)
        content = file.read(status.st_size)  # and not what it may grow to
    _check_values(content, max_bytes)
    return content


def _without_waiting(path: str, flags: int) -> int:
    """Open a file; of a pipe, do not wait until somebody writes, and let no terminal take the program over."""
    return os.open(path, flags | getattr(os, 'O_NONBLOCK', 0) | getattr(os, 'O_NOCTTY', 0))


def _check_values(content: bytes, max_bytes: int) -> None:
    """Refuse what is small as a file and huge in memory: `{},` is an object in three bytes."""
    most = max(MAX_BYTES, max_bytes) // BYTES_PER_VALUE
    if sum(map(content.count, (b',', b'[', b'{'))) > most:  # of which each value but the keys' has one
        raise _too_large(f'{most} commas and brackets', max_bytes)


def _too_large(what: str, max_bytes: int) -> CheckpointError:
    return CheckpointError(f'the file has more than {what}. If you trust it: load(path, max_bytes={10 * max_bytes})')


def _decoded(content: bytes) -> str:
    if not content:
        raise CheckpointError(f'the file is empty. {RIGHT}')
    try:
        return content.decode('utf-8-sig')  # some editors put a byte order mark in front
    except UnicodeDecodeError as error:
        raise CheckpointError(f'byte {error.start}: not UTF-8, so not JSON. {RIGHT}') from None


def destination(path: str | os.PathLike[str]) -> Path:
    """The file to replace: where symbolic links lead to.

    Raises:
        OSError: no file can be written there.
    """
    place = Path(os.path.realpath(path))
    if place.is_dir():
        raise IsADirectoryError(
            errno.EISDIR, 'save() writes a file. Right: save(model, "model.json"). Wrong', str(path)
        )
    if place.exists() and not place.is_file():  # a device, say, which a file must not take the place of
        raise FileExistsError(errno.EEXIST, 'save() writes a file, and there is something else', str(path))
    if not place.parent.is_dir():
        raise FileNotFoundError(errno.ENOENT, 'there is no such directory to save a file in', str(place.parent))
    check_replaceable(place)
    return place
