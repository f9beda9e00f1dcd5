"""Model files that somebody wrote to do harm, and disks that fail: a clear error each time, and nothing is lost.

Every kind of damage is done at every place of a file. What a file may hold is in test_checkpoint.py.
"""

import copy
import errno
import io
import json
import math
import os
import random
import re
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import tracemalloc
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from micrograd import checkpoint, files
from micrograd.checkpoint import MAX_DEPTH, load, load_with_columns, save
from micrograd.cli import main
from micrograd.data.columns import Categories, Columns, Numbers
from micrograd.errors import CheckpointError, DataError
from micrograd.nn import MLP, Neuron
from micrograd.optim import Adam

COLUMNS = Columns(
    (Numbers('area', 70.5, 12.25), Categories('heating', ('gas', 'oil'), (0.75, 0.25))), Numbers('price', 3.0, 0.5)
)
posix = pytest.mark.skipif(os.name != 'posix', reason='permissions, links, pipes and limits as POSIX has them')
LONGEST = 500  # characters of a message, beside the name of the file


def model_of(seed=0):
    return MLP(3, [2, 1], activation='leaky_relu(0.2)', generator=seed)


def text_of(seed=0):
    """A file that has everything that a file can have."""
    with tempfile.TemporaryDirectory() as directory:
        save(model_of(seed), f'{directory}/m.json', columns=COLUMNS)
        return Path(directory, 'm.json').read_text()


GOOD = text_of()


@pytest.fixture
def path(tmp_path):
    return tmp_path / 'model.json'


@pytest.fixture(autouse=True)
def _nothing_hangs():
    """A read that waits for ever is a failure, not the end of all tests."""
    if not hasattr(signal, 'SIGALRM'):
        yield
        return
    before = signal.signal(signal.SIGALRM, lambda *_: pytest.fail('it hangs'))
    signal.alarm(100)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture(scope='module')
def program_state():
    """What a program has beside: a network, an optimiser in the middle of its work, random numbers to draw."""
    model = model_of(7)
    optimizer = Adam(model.parameters(), lr=0.1)
    model([1.0, 2.0, 3.0]).backward()
    optimizer.step()

    def state():
        numbers = [(p.data.hex(), p.grad.hex(), p.role) for p in model.parameters()]
        return numbers, optimizer.state_dict(), random.getstate(), len((model.parameters()[0] * 2.0)._prev)

    return state


@pytest.fixture(autouse=True)
def _nothing_else_changes(program_state):
    before = program_state()
    yield
    assert program_state() == before


READERS = {'load': load, 'load_with_columns': load_with_columns, 'predict': lambda path: predicted(path)}


def predicted(path):
    """What `micrograd predict` says, as an error; a file that it takes is one that it fails to find a table for."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, 'stderr', io.StringIO())
        code = main(['predict', str(path), str(path) + '.csv'])
        said = sys.stderr.getvalue()
    assert code == 1
    assert len(said.splitlines()) == 1
    if not said.startswith(f'micrograd: error: {path}.csv: No such file'):
        raise CheckpointError(said.removeprefix('micrograd: error: ').rstrip('\n'))


def refusal(path, reader=load):
    """The message about a file, which is short, in one line, printable, and begins with the file."""
    with pytest.raises(CheckpointError) as caught:
        reader(path)
    message = str(caught.value)
    assert message.startswith(f'{path}: ')
    assert len(message) <= LONGEST + len(str(path))
    assert len(message.splitlines()) == 1
    message.encode()
    return message.removeprefix(f'{path}: ')


def test_the_good_file_is_good(path):
    path.write_text(GOOD)
    for reader in READERS.values():
        reader(path)


# Every damage at every place -----------------------------------------------------------------------------------------

HERE = '"<here>"'


def places(thing, place=()):
    """Where something stands in a document: a path of keys and indices."""
    yield place
    for key in thing if isinstance(thing, dict) else range(len(thing)) if isinstance(thing, list) else ():
        yield from places(thing[key], (*place, key))


def at(document, place):
    for key in place:
        document = document[key]
    return document


def put(place, raw, document=None):
    """The text of a file with something else, as it is written, in one place."""
    document = copy.deepcopy(document or json.loads(GOOD))
    if not place:
        return raw
    at(document, place[:-1])[place[-1]] = '<here>'
    return json.dumps(document).replace(HERE, raw)


def spelt(place):
    """A place as messages have it: layers[0].neurons[1].w[2]."""
    return ''.join(f'[{key}]' if isinstance(key, int) else f'.{key}' for key in place).lstrip('.') or 'file'


NEVER = {  # what belongs nowhere
    'null': 'null',
    'true': 'true',
    'empty list': '[]',
    'empty object': '{}',
    'a list': '[[[1]]]',
    'nan': 'NaN',
    '-infinity': '-Infinity',
    '1e999': '1e999',
    'huge integer': '-1' + '0' * 5000,
    'deep': '[' * 10_000 + ']' * 10_000,
    'deep objects': '{"a":' * 10_000 + '1' + '}' * 10_000,
    'half a character': '"\\ud800"',
    'a long string': '"' + 'x' * 100_000 + '"',
    'a long number': '1' * 100_000 + 'e9',
    'a long key': '{"' + 'x' * 100_000 + '": 1}',
}  # fmt: skip
PLACES = list(places(json.loads(GOOD)))
LEGITIMATE = {('a long string', 'name'), ('a long string', 'categories')}


@pytest.mark.parametrize('raw', NEVER.values(), ids=NEVER)
def test_nothing_of_another_kind_is_taken_in_any_place(raw, path, request):
    kind = request.node.callspec.id
    for place in PLACES:
        if any((kind, key) in LEGITIMATE for key in place[-2:]):
            continue
        path.write_text(put(place, raw))
        message = refusal(path)
        if kind.startswith('deep'):
            assert f'line 1: more than {MAX_DEPTH} brackets' in message
        elif place not in ((), ('format',)):
            assert spelt(place) in message or spelt(place[:-1]) in message, place


NUMBERS = {place for place in PLACES if isinstance(at(json.loads(GOOD), place), float)}
TEXTS = {place for place in PLACES if place[-1:] == ('name',) or place[-2:-1] == ('categories',)}


@pytest.mark.parametrize(('raw', 'right'), [('0.5', NUMBERS), ('3', NUMBERS), ('"0.5"', TEXTS), ('"relu"', TEXTS)])
def test_numbers_and_texts_are_taken_where_they_belong_only(raw, right, path):
    activations = {place for place in PLACES if place[-1:] == ('activation',)} if raw == '"relu"' else set()
    for place in set(PLACES) - right - activations:
        path.write_text(put(place, raw))
        message = refusal(path)
        assert spelt(place) in message or place in ((), ('format',)), place


OBJECTS = [place for place in PLACES if isinstance(at(json.loads(GOOD), place), dict)]
KEYS = [(*place, key) for place in OBJECTS for key in at(json.loads(GOOD), place)]


@pytest.mark.parametrize('same', [True, False], ids=['the same again', 'something else'])
def test_a_key_is_there_once_in_every_object(same, path):
    for place in KEYS:
        there, name = json.dumps(at(json.loads(GOOD), place)), json.dumps(place[-1])
        path.write_text(put(place, f'{there}, {name}: {there if same else 0}'))
        message = refusal(path)
        assert message == f'{spelt(place[:-1]).replace("file", "the file")} has the key {place[-1]!r} more than once'


def without(place):
    document = json.loads(GOOD)
    del at(document, place[:-1])[place[-1]]
    return document


def test_a_key_that_is_missing_is_named(path):
    for place in KEYS:
        if place != ('columns',):
            path.write_text(json.dumps(without(place)))
            assert f'{spelt(place[:-1])} lacks the key {place[-1]!r}' in refusal(path)


def test_a_key_that_is_misspelt_is_shown_beside_the_one_that_is_missing(path):
    for place in KEYS:
        key = place[-1]
        wrong = key[:-2] + key[-1] + key[-2] if len(key) > 1 else key + key
        document = without(place)
        at(document, place[:-1])[wrong] = at(json.loads(GOOD), place)
        path.write_text(json.dumps(document))
        message = refusal(path)
        if place == ('columns',):
            assert message == f'the file has the unknown key {wrong!r}, besides layers'
        else:
            assert f'lacks the key {key!r}, and has the unknown key {wrong!r}' in message


def test_a_key_that_nobody_knows_is_named(path):
    for place in OBJECTS:
        for key in ('note', 'n' * 10_000, '\ud800', '', '__class__'):
            document = json.loads(GOOD)
            at(document, place)[key] = 1
            path.write_text(json.dumps(document))
            assert f'{spelt(place)} has the unknown key ' in refusal(path)


def test_every_list_has_the_length_that_the_others_ask_for(path):
    for place in PLACES:
        there = at(json.loads(GOOD), place)
        if isinstance(there, list):
            for wrong in (there[:-1], [*there, there[0]], there * 20):
                document = json.loads(GOOD)
                at(document, place[:-1])[place[-1]] = wrong
                path.write_text(json.dumps(document))
                assert re.search('layers|columns', refusal(path)), place


def test_a_file_cut_at_any_byte_is_refused(path):
    path.write_text(GOOD)
    for end in reversed(range(len(GOOD.rstrip()))):
        os.truncate(path, end)
        with pytest.raises(CheckpointError, match=r'the file is empty|line \d+, column \d+: not JSON, or cut short'):
            load_with_columns(path)


# Files as a whole ----------------------------------------------------------------------------------------------------

HEADS = {
    'from the future': ('"version": 1', '"version": 2', 'version is 2, and this micrograd reads 1; the micrograd that'),
    'nearly the version': ('"version": 1', '"version": 1.0000001', r'version is 1\.0000001\d*, and'),
    'below all versions': ('"version": 1', '"version": -0', 'version is -0, and'),
    'version misspelt': ('"version"', '"verison"', "lacks the key 'version', and has the unknown key 'verison'"),
    'a key of PyTorch': ('"b"', '"bias"', r"neurons\[0\] lacks the key 'b', and has the unknown key 'bias'"),
    'another format': ('"micrograd model"', '"onnx"', 'not a model file: one holds .*"micrograd model", not \'onnx\''),
    'format misspelt': ('"format"', '"fromat"', "not a model file: .*lacks the key 'format', and .*'fromat'"),
    'another type': ('"MLP"', '"Transformer"', "type should be one of Neuron, Layer, MLP, not 'Transformer'"),
    'a type in another case': ('"MLP"', '"mlp"', "type should be one of Neuron, Layer, MLP, not 'mlp'"),
    'code': ('leaky_relu(0.2)', "__import__('os').abort()", r'neurons\[0\]\.activation: the constants .* Wrong: "__im'),
    'nan as a constant': ('leaky_relu(0.2)', 'leaky_relu(nan)', r"activation: the constants .* 'leaky_relu\(nan"),
    'a long constant': ('relu(0.2', f'relu(0.{"2" * 10**5}', 'activation should have no more than 100 characters'),
    'constants of another': ('leaky_relu(0.2)', 'leaky_relu(1,2)', 'leaky_relu has the constants slope'),
    'scale minus infinitesimal': ('"scale": 12.25', '"scale": -1e-320', r'inputs\[0\]\.scale should be above 0'),
    'scale underflows': ('"scale": 12.25', '"scale": 1e-999', r'inputs\[0\]\.scale should be above 0'),
}  # fmt: skip


@pytest.mark.parametrize(('old', 'new', 'problem'), HEADS.values(), ids=HEADS)
@pytest.mark.parametrize('reader', READERS.values(), ids=READERS)
def test_what_is_wrong_is_said(reader, old, new, problem, path):
    assert old in GOOD
    path.write_text(GOOD.replace(old, new))
    assert re.search(problem, refusal(path, reader))


ENCODED = GOOD.encode()
CONTENTS = {
    'nothing': (b'', r'the file is empty\. Right: a file that save\(model, path\) wrote'),
    'blanks': (b' \r\n\t', 'line 2, column 2: not JSON'),
    'NUL': (b'\0', 'line 1, column 1: not JSON'),
    'NULs before': (b'\0' * 4096 + ENCODED, 'line 1, column 1: not JSON'),
    'NULs behind': (ENCODED + b'\0' * 4096, 'line 1, column 1: Extra|line 2|Extra data'),
    'NUL in a string': (ENCODED.replace(b'leaky', b'le\0ky', 1), 'Invalid control character'),
    'NULs where the disk was full': (ENCODED[:300] + b'\0' * 300, 'not JSON, or cut short'),
    'UTF-16': (GOOD.encode('utf-16'), 'byte 0: not UTF-8'),
    'UTF-16 without a mark': (GOOD.encode('utf-16-le'), 'line 1, column 2: not JSON'),
    'UTF-16, the other way': (GOOD.encode('utf-16-be'), 'line 1, column 1: not JSON'),
    'UTF-32': (GOOD.encode('utf-32'), 'byte 0: not UTF-8'),
    'two marks': (b'\xef\xbb\xbf' * 2 + ENCODED, 'line 1, column 1: not JSON'),
    'half a mark': (b'\xef\xbb', 'byte 0: not UTF-8'),
    'Latin-1': (ENCODED.replace(b'area', b'\xe1rea'), r'byte \d+: not UTF-8, so not JSON\. Right: '),
    'half a character': (ENCODED.replace(b'area', b'\xed\xa0\x80rea'), r'byte \d+: not UTF-8'),
    'two bytes for one': (ENCODED.replace(b'area', b'\xc1\xa1rea'), r'byte \d+: not UTF-8'),
    'beyond Unicode': (ENCODED.replace(b'area', b'\xf4\x90\x80\x80'), r'byte \d+: not UTF-8'),
    'a pickle': (b'\x80\x04\x95\x10\x00', 'byte 0: not UTF-8'),
    'a pickle as text': (b'cos\nsystem\n(S"true"\ntR.', 'line 1, column 1: not JSON'),
    'gzip': (b'\x1f\x8b\x08\x00\x00', 'byte 1: not UTF-8'),
    'zip': (b'PK\x03\x04', 'line 1, column 1: not JSON'),
    'a page': (b'<!DOCTYPE html><title>404</title>', 'line 1, column 1: not JSON'),
    'a table': (b'area,heating,price\n1,gas,3\n', 'line 1, column 1: not JSON'),
    'twice': (ENCODED * 2, 'Extra data'),
    'lines of JSON': (b'{}\n{}\n', 'line 2, column 1: .*Extra data'),
    'a pointer of Git LFS': (b'version https://git-lfs.github.com/spec/v1\n', 'line 1, column 1: not JSON'),
    'a conflict of Git': (b'<<<<<<< HEAD\n' + ENCODED, 'line 1, column 1: not JSON'),
    'a key without an end': (b'{"format', 'Unterminated string'),
    'an escape': (ENCODED.replace(b'area', b'\\u12'), r'Invalid \\uXXXX escape'),
    'brackets without an end': (b'[' * 10**6, f'line 1: more than {MAX_DEPTH} brackets'),
    'objects without an end': (b'{"a":' * 10**6, f'line 1: more than {MAX_DEPTH} brackets'),
}  # fmt: skip


@pytest.mark.parametrize(('content', 'problem'), CONTENTS.values(), ids=CONTENTS)
@pytest.mark.parametrize('reader', READERS.values(), ids=READERS)
def test_what_is_no_model(reader, content, problem, path):
    path.write_bytes(content)
    assert re.search(problem, refusal(path, reader))


def test_a_byte_order_mark_and_the_line_ends_of_windows_do_no_harm(path):
    path.write_bytes(b'\xef\xbb\xbf' + ENCODED.replace(b'\n', b'\r\n'))
    model, columns = load_with_columns(path)
    assert columns == COLUMNS
    assert model.state_dict() == model_of().state_dict()


def test_names_of_columns_that_attack_are_only_names(path):
    names = ['=cmd()', '\0', '\n', '"', '../..', '<script>', '%s{0}', '\u202e', 'x' * 10**5]
    for name in names:
        columns = Columns((Numbers(name, 0.0, 1.0), COLUMNS.inputs[1]), Numbers(f'{name} ', 0.0, 1.0))
        save(model_of(), path, columns=columns)
        assert load_with_columns(path)[1] == columns


def test_messages_about_a_table_are_short_whatever_the_model_says():
    column = Categories('x' * 10**6, tuple(f'{i}{"c" * 10**4}' for i in range(1000)), (0.001,) * 1000)
    with pytest.raises(
        DataError, match=r"there is no category 'none'; there is '0c+\.\.\.c+', .*, … \(1000 in all\)"
    ) as e:
        column.encode('none')
    assert len(str(e.value)) < 10_000


def test_a_prediction_beyond_the_floats_is_an_error():
    with pytest.raises(DataError, match=r"'price' would be 1 \+ 1e\+308 \* 3, beyond the floats"):
        Numbers('price', 1.0, 1e308).decode(3.0)


# Memory --------------------------------------------------------------------------------------------------------------

LIMIT = 300_000  # bytes that a file may have in these tests


def filled(start, part, end):
    """A text of the length of the limit, or a little below, with a part again and again."""
    return start + part * ((LIMIT - len((start + end).encode())) // len(part)) + end


GREEDY = {
    'objects': filled('[', '{},', '{}]'),
    'lists': filled('[', '[],', '[]]'),
    'numbers': filled('[', '1,', '1]'),
    'short strings': filled('[', '"ab",', '""]'),
    'the same key': filled('{', '"a":1,', '"a":1}'),
    'different keys': '{' + ','.join(f'"{i}":0' for i in range(LIMIT // 11)) + '}',
    'objects with a key': filled('[', '{"a":1},', '1]'),
    'as many objects as there may be': filled('[', '{' + ' ' * 17 + '},', '{}]'),
    'long numbers': filled('[', '0.0000001,', '1]'),
    'a long string': filled('"', 'x', '"'),
    'escapes': filled('"', '\\"', '"'),
    'escapes without an end': filled('"', '\\"', ''),
    'the widest character in a long string': filled('"😀', 'x', '"'),
    'digits': filled('[', '9', ']'),
    'a long exponent': filled('[1e', '9', ']'),
    'blanks': filled('', ' ', ''),
    'weights': filled(GOOD[: GOOD.index('"w": [') + 6], '1,', GOOD[GOOD.index('"w": [') + 6 :]),
}


@pytest.mark.parametrize('text', GREEDY.values(), ids=GREEDY)
def test_no_file_takes_much_more_memory_than_a_model_of_its_size(text, path, monkeypatch):
    monkeypatch.setattr(checkpoint, 'MAX_BYTES', LIMIT)
    path.write_text(text)
    assert path.stat().st_size <= LIMIT
    tracemalloc.start()
    try:
        with suppress(CheckpointError):
            load(path, max_bytes=LIMIT)
        assert tracemalloc.get_traced_memory()[1] < 25 * LIMIT  # the worst that is not hostile takes 17
    finally:
        tracemalloc.stop()


def test_a_model_that_fills_the_limit_loads(path, monkeypatch):
    monkeypatch.setattr(checkpoint, 'MAX_BYTES', LIMIT // 10)
    model = MLP(30, [39, 4], generator=0)
    save(model, path)
    assert 0.9 * LIMIT < 10 * path.stat().st_size < LIMIT
    assert load(path, max_bytes=LIMIT // 10).state_dict() == model.state_dict()


def test_a_large_model_of_short_numbers_loads_when_it_is_trusted(path, monkeypatch):
    monkeypatch.setattr(checkpoint, 'MAX_BYTES', 2000)
    save(Neuron(300, initialisation=lambda *_: ([0.0] * 300, 0.0)), path)
    with pytest.raises(CheckpointError, match=r'more than 200 commas and brackets\. .*: load\(path, max_bytes=20000\)'):
        load(path, max_bytes=2000)
    assert len(load(path, max_bytes=20_000).w) == 300


def limited(program, path, limit, most):
    """Run a program on a path with no more of something than a limit."""
    first = f'import resource, sys, micrograd; resource.setrlimit(resource.{limit}, ({most}, {most})); '
    return subprocess.run([sys.executable, '-c', first + program, path], capture_output=True, text=True, check=False)


@posix
@pytest.mark.parametrize(('start', 'part'), [(b'[', b'{},'), (b'["', b'x')], ids=['objects', 'a string'])
def test_100_megabytes_to_do_harm(start, part, path):
    path.write_bytes(start + part * (99_000_000 // len(part)))
    run = limited('micrograd.load(sys.argv[1])', path, 'RLIMIT_AS', 10**9)
    path.unlink()
    last = run.stderr.splitlines()[-1]
    assert last.startswith(f'micrograd.errors.CheckpointError: {path}: ')
    assert len(last) < LONGEST


# What is no file -----------------------------------------------------------------------------------------------------


def no_pipe(path):
    os.mkfifo(path)


def link(target):
    return lambda path: path.symlink_to(target)


def circle(path):
    path.symlink_to(path.with_name('other'))
    path.with_name('other').symlink_to(path)


def listening(path):
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


NO_FILES = {
    'a directory': (Path.mkdir, 'expected a file, found a directory. Right: a file that save'),
    'a link to a directory': (link('.'), 'expected a file, found a directory'),
    'a pipe': (no_pipe, 'expected a file, found a pipe or a device'),
    'zeros without an end': (link('/dev/zero'), 'expected a file, found a pipe or a device'),
    'a full device': (link('/dev/full'), 'expected a file, found a pipe or a device'),
    'nothing': (link('/dev/null'), 'expected a file, found a pipe or a device'),
    'a file without a size': (link('/proc/self/status'), 'the file is empty'),
}
ABSENT = {
    'none': (lambda path: None, errno.ENOENT),
    'a link to nothing': (link('nowhere'), errno.ENOENT),
    'a circle of links': (circle, errno.ELOOP),
    'below a file': (lambda path: None, errno.ENOTDIR),
    'a socket': (listening, errno.ENXIO),
}


@posix
@pytest.mark.parametrize(('make', 'problem'), NO_FILES.values(), ids=NO_FILES)
@pytest.mark.parametrize('reader', READERS.values(), ids=READERS)
def test_what_is_no_file_is_not_read(reader, make, problem, path):
    make(path)
    assert problem in refusal(path, reader)


@posix
def test_a_pipe_that_somebody_writes_into_is_not_waited_for(path):
    os.mkfifo(path)
    descriptor = os.open(path, os.O_RDWR)
    try:
        assert 'found a pipe' in refusal(path)
    finally:
        os.close(descriptor)


@posix
@pytest.mark.parametrize(('make', 'code'), ABSENT.values(), ids=ABSENT)
def test_what_is_not_there_is_an_error_of_the_system(make, code, path, monkeypatch, capsys):
    monkeypatch.chdir(path.parent)  # a socket has a short name
    make(Path(path.name))
    if code == errno.ENOTDIR:
        Path(path.name).write_text(GOOD)
        path = path / 'model.json'
    for reader in (load, load_with_columns):
        with pytest.raises(OSError, match=re.escape(repr(str(path)))) as caught:
            reader(path)
        assert caught.value.errno == code
    assert main(['predict', str(path), 'nowhere.csv']) == 1
    assert capsys.readouterr().err == f'micrograd: error: {path}: {os.strerror(code)}\n'


@posix
def test_a_link_to_a_model_is_one(path):
    path.with_name('there').write_text(GOOD)
    path.symlink_to('there')
    for reader in READERS.values():
        reader(path)


@pytest.mark.parametrize(('wrong', 'error'), [(3, TypeError), (None, TypeError), ('a\0b', ValueError)])
def test_what_is_no_path(wrong, error):
    with pytest.raises(error):
        load(wrong)


@pytest.fixture
def place():
    """A directory of a user who may not do everything, which root may."""
    with tempfile.TemporaryDirectory() as directory:
        if os.geteuid() != 0:
            yield Path(directory)
            return
        nobody = 65534
        os.chown(directory, nobody, nobody)
        os.setresuid(nobody, nobody, 0)
        try:
            yield Path(directory)
        finally:
            os.setresuid(0, 0, 0)


@posix
def test_a_file_that_may_not_be_read(place):
    path = place / 'model.json'
    save(model_of(), path)
    path.chmod(0o200)
    for reader in (load, load_with_columns):
        with pytest.raises(PermissionError, match=re.escape(repr(str(path)))):
            reader(path)


@posix
def test_a_file_that_may_not_be_written_is_not_replaced(place):
    path = place / 'model.json'
    save(model_of(), path)
    path.chmod(0o400)
    with unharmed(path), pytest.raises(PermissionError, match=re.escape(repr(str(path)))):
        save(model_of(1), path)


@posix
def test_a_directory_that_may_not_be_written(place):
    path = place / 'model.json'
    save(model_of(), path)
    place.chmod(0o500)
    try:
        for name in ('model.json', 'other.json'):
            with unharmed(path), pytest.raises(PermissionError, match=re.escape(repr(str(place / name)))):
                save(model_of(1), place / name)
            with pytest.raises(PermissionError):
                checkpoint.destination(place / name)  # which is asked before there is anything to save
    finally:
        place.chmod(0o700)


@posix
@pytest.mark.parametrize('mode', [0o600, 0o640, 0o604, 0o777])
def test_a_file_keeps_its_permissions_and_nobody_else_sees_what_is_written(mode, path, monkeypatch):
    save(model_of(), path)
    path.chmod(mode)
    seen = []
    fsync = os.fsync
    monkeypatch.setattr(os, 'fsync', lambda file: (seen.append(os.fstat(file).st_mode), fsync(file)))
    save(model_of(1), path)
    assert [stat.S_IMODE(found) for found in (*seen, path.stat().st_mode)] == [mode, mode]


# Writing through links -----------------------------------------------------------------------------------------------


@posix
def test_links_stay_links_and_what_they_lead_to_is_replaced(tmp_path):
    (tmp_path / 'there').mkdir()
    target = tmp_path / 'there' / 'model.json'
    (tmp_path / 'folder').symlink_to('there')
    (tmp_path / 'one').symlink_to('two')
    (tmp_path / 'two').symlink_to('folder/model.json')
    for seed in range(2):  # the first time it leads to nothing
        save(model_of(seed), tmp_path / 'one')
        assert load(target).state_dict() == model_of(seed).state_dict()
    assert [os.readlink(tmp_path / name) for name in ('one', 'two', 'folder')] == ['two', 'folder/model.json', 'there']
    assert os.listdir(target.parent) == ['model.json']
    files.replace_file(tmp_path / 'two', b'a picture')
    assert target.read_bytes() == b'a picture'


NOWHERE = {
    'a directory': (Path.mkdir, errno.EISDIR, r'Right: save\(model, "model\.json"\)'),
    'a link to a directory': (link('.'), errno.EISDIR, r'Right: save\(model, "model\.json"\)'),
    'a circle of links': (circle, errno.ELOOP, 'symbolic links'),
    'a link to a directory that is not there': (link('no/where'), errno.ENOENT, "no such directory.*'.*/no'"),
    'a pipe': (no_pipe, errno.EEXIST, 'there is something else'),
}


@posix
@pytest.mark.parametrize(('make', 'code', 'problem'), NOWHERE.values(), ids=NOWHERE)
def test_where_no_file_can_be(make, code, problem, path):
    make(path)
    before = seen(path.parent)
    for write in (checkpoint.destination, lambda path: save(model_of(), path)):
        with pytest.raises(OSError, match=problem) as caught:
            write(path)
        assert caught.value.errno == code
        assert caught.value.filename.startswith(str(path.parent))
    assert seen(path.parent) == before


@posix
@pytest.mark.parametrize('device', ['/dev/full', '/dev/null'])
def test_no_file_takes_the_place_of_a_device(device, path):
    path.symlink_to(device)
    for way in (path, device):
        with pytest.raises(FileExistsError, match='there is something else'):
            checkpoint.destination(way)  # and not save(), which, were it broken, would break the machine


# Disks that fail -----------------------------------------------------------------------------------------------------


def seen(directory):
    """Names, kinds and contents in a directory."""
    return {
        entry.name: entry.read_bytes() if entry.is_file() and not entry.is_symlink() else os.lstat(entry).st_mode
        for entry in Path(directory).iterdir()
    }


@contextmanager
def unharmed(path):
    before = seen(path.parent)
    yield
    assert seen(path.parent) == before


class Failing(io.FileIO):
    """A file whose disk fails at one step; what was written before is there."""

    step, error = '', None

    def __init__(self, *arguments, **named):
        self.fail('open')
        super().__init__(*arguments, **named)
        self.fail('opened')

    def fail(self, step):
        if self.step == step:
            raise self.error

    def write(self, content):
        super().write(content[:100])
        self.fail('write')
        return super().write(content[100:])

    def flush(self):
        super().flush()
        self.fail('flush')

    def __exit__(self, *problem):
        super().__exit__(*problem)
        self.fail('close')


def failing(patch, step, error):
    if step in {'chmod', 'fsync', 'replace'}:
        patch.setattr(os, step, lambda *arguments: (_ for _ in ()).throw(error))
    patch.setattr(Failing, 'step', step)
    patch.setattr(Failing, 'error', error)
    patch.setattr(files, 'open', Failing, raising=False)


STEPS = ['open', 'opened', 'chmod', 'write', 'flush', 'fsync', 'close', 'replace']
ERRORS = [
    *(OSError(code, os.strerror(code)) for code in (errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS)),
    OSError('without a number'),
    KeyboardInterrupt(),
    MemoryError(),
]


@pytest.mark.parametrize('error', ERRORS, ids=repr)
@pytest.mark.parametrize('step', STEPS)
def test_when_a_step_fails_the_old_file_stays(step, error, path, monkeypatch):
    for there in (False, True):
        if there:
            save(model_of(), path, columns=COLUMNS)
        elif step == 'chmod':
            continue  # of a new file nothing is changed
        model = model_of(1)
        numbers = model.state_dict()
        with unharmed(path), monkeypatch.context() as patch:
            failing(patch, step, error)
            with pytest.raises(type(error)) as caught:
                save(model, path, columns=COLUMNS)
        assert str(error) in str(caught.value)
        if isinstance(error, OSError) and error.errno:
            assert (caught.value.errno, caught.value.filename) == (error.errno, str(path))
        assert model.state_dict() == numbers
    save(model_of(1), path)
    assert load(path).state_dict() == model_of(1).state_dict()


@pytest.mark.filterwarnings('ignore::pytest.PytestUnraisableExceptionWarning')  # a file that nobody closed
def test_an_interrupt_at_any_line_leaves_the_old_or_the_new(path):
    save(model_of(0), path)
    old = path.read_bytes()
    save(model_of(1), path)
    new = path.read_bytes()
    found = []
    while not found or found[-1] is not None:
        path.write_bytes(old)
        found.append(interrupted_at(len(found), lambda: files.replace_file(path, new)))
        assert seen(path.parent).keys() == {path.name}
        assert path.read_bytes() in (old, new)
    assert len(found) > 15


def interrupted_at(n, action):
    """Do something until the n-th line of files.py; None if it has fewer."""
    lines = []

    def trace(frame, event, _):
        if frame.f_code.co_filename != files.__file__:
            return None
        if event == 'line':
            lines.append(frame.f_lineno)
            if len(lines) == n + 1:
                raise KeyboardInterrupt
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        action()
    except KeyboardInterrupt:
        return lines[-1]
    finally:
        sys.settrace(before)
    return None


@posix
def test_a_disk_that_is_really_full(path):
    save(model_of(), path)
    program = 'micrograd.save(micrograd.nn.MLP(100, [100], generator=0), sys.argv[1])'
    with unharmed(path):
        run = limited(program, path, 'RLIMIT_FSIZE', 50_000)
    assert run.stderr.splitlines()[-1] == f"OSError: [Errno {errno.EFBIG}] File too large: '{path}'"


def test_predictions_that_cannot_be_written(path, monkeypatch, capsys):
    save(model_of(), path, columns=COLUMNS)
    table, output = path.with_name('t.csv'), path.with_name('p.csv')
    table.write_text('area,heating\n70,gas\n')
    output.write_text('old')
    with unharmed(path), monkeypatch.context() as patch:
        failing(patch, 'write', ERRORS[0])
        assert main(['predict', str(path), str(table), '--output', str(output)]) == 1
    assert capsys.readouterr().err == f'micrograd: error: {output}: No space left on device\n'


# Numbers of a program that loads them itself -------------------------------------------------------------------------

STATES = {
    'null': None, 'true': True, 'text': '1', 'a list': [1.0], 'an object': {}, 'huge': 10**4000, 'long': 'x' * 10**6
}  # fmt: skip


@pytest.mark.parametrize('wrong', STATES.values(), ids=STATES)
def test_states_of_another_kind_change_nothing(wrong):
    model = model_of()
    optimizer = Adam(model.parameters(), lr=0.1)
    for thing in (model, optimizer):
        before = copy.deepcopy(thing.state_dict())
        for place in places(before):
            if place:
                state = copy.deepcopy(before)
                at(state, place[:-1])[place[-1]] = wrong
                with pytest.raises(CheckpointError) as caught:
                    thing.load_state_dict(state)
                assert len(str(caught.value)) < LONGEST
                assert repr(thing.state_dict()) == repr(before)


def test_states_with_other_names_change_nothing():
    model = model_of()
    optimizer = Adam(model.parameters(), lr=0.1)
    for thing in (model, optimizer):
        before = copy.deepcopy(thing.state_dict())
        many = before | {f'{"x" * 1000}{i}': 1.0 for i in range(1000)}
        for wrong in ({}, dict(list(before.items())[1:]), before | {'more': 1.0}, many):
            with pytest.raises(CheckpointError) as caught:
                thing.load_state_dict(wrong)
            assert len(str(caught.value)) < 3000
            assert repr(thing.state_dict()) == repr(before)
    assert all(math.isfinite(p.data) for p in model.parameters())
