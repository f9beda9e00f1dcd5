"""Saving and loading: bit by bit, all or nothing, and nothing in a file is believed."""

import errno
import io
import json
import math
import os
import random
import stat
import subprocess
import sys

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import micrograd
from micrograd import Value
from micrograd.checkpoint import MAX_DEPTH, load, save
from micrograd.errors import CheckpointError
from micrograd.nn import MLP, Layer, Module, Neuron

posix = pytest.mark.skipif(os.name != 'posix', reason='permissions, links and pipes as POSIX has them')


@pytest.fixture
def path(tmp_path):
    return tmp_path / 'model.json'


def model_of(seed=0):
    return MLP(2, [3, 2], activation='leaky_relu(0.2)', output='tanh', generator=seed)


def bits(model):
    return {name: number.hex() for name, number in model.state_dict().items()}


def outputs(model, x):
    y = model(x)
    return [v.data.hex() for v in (y if isinstance(y, list) else [y])]


# Round trips


@pytest.mark.parametrize(
    ('nin', 'model'),
    [
        (1, Neuron(1, generator=0)),
        (3, Neuron(3, activation='clamp(-inf, 1e-3)', generator=0)),
        (2, Neuron(2, nonlin=False, activation='tanh', generator=0)),
        (3, Layer(3, 1, generator=0)),
        (2, Layer(2, 4, activation='elu(0.1)', initialisation='nielsen', generator=0)),
        (2, MLP(2, [1], generator=0)),
        (1, MLP(1, [1, 1, 1], output='sigmoid', generator=0)),
        (4, MLP(4, [7, 5, 3], activation=['leaky_relu', 'power(3)'], initialisation='gaussian', generator=0)),
        (2, model_of()),
    ],
    ids=repr,
)
def test_a_loaded_network_is_the_same_to_the_last_bit(nin, model, path):
    save(model, path)
    twin = load(path)
    assert type(twin) is type(model)
    assert repr(twin) == repr(model)
    assert bits(twin) == bits(model)
    rng = random.Random(1)
    for _ in range(5):
        x = [rng.gauss(0, 2) for _ in range(nin)]
        assert outputs(twin, x) == outputs(model, x)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=5))
@example([-0.0, 5e-324, -1.7976931348623157e308, 0.1, 1e22])
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_every_finite_number_comes_back(path, numbers):
    model = Neuron(len(numbers), initialisation=lambda nin, nout, generator: (numbers, numbers[-1]))
    save(model, path)
    assert bits(load(path)) == bits(model)


def test_numbers_of_other_types_are_saved_as_floats(path):
    model = Neuron(1)
    model.w[0].data, model.b.data = 4, True
    save(model, path)
    assert load(path).state_dict() == {'w.0': 4.0, 'b': 1.0}


def test_neurons_of_one_layer_may_differ(path):
    model = Layer(2, 3)
    model.neurons = [Neuron(2, activation=name) for name in ('tanh', 'relu', 'linear')]
    save(model, path)
    assert repr(load(path)) == 'Layer of [TanhNeuron(2), ReLUNeuron(2), LinearNeuron(2)]'


def test_a_loaded_network_trains_on(path):
    save(model_of(), path)
    twin = load(path)
    assert {p.role for p in twin.parameters()} == {'parameter'}
    sum(twin([1.0, 2.0])).backward()
    assert all(p.grad != 0.0 for p in twin.parameters())


def test_the_file_is_text_with_a_neuron_a_line(path):
    facts = {'initialisation': lambda nin, nout, generator: ([0.25, -0.5][:nin], 1.0)}
    save(MLP(2, [2, 1], activation='tanh', initialisation=lambda *_: ([0.25, -0.5], 1.0)), path)
    assert (
        path.read_bytes()
        == b"""{
 "format": "micrograd model",
 "version": 1,
 "type": "MLP",
 "layers": [
  {
   "neurons": [
    {"activation": "tanh", "w": [0.25, -0.5], "b": 1.0},
    {"activation": "tanh", "w": [0.25, -0.5], "b": 1.0}
   ]
  },
  {
   "neurons": [
    {"activation": "linear", "w": [0.25, -0.5], "b": 1.0}
   ]
  }
 ]
}
"""
    )
    save(Neuron(1, **facts), path)
    assert json.loads(path.read_text()) == {
        'format': 'micrograd model', 'version': 1, 'type': 'Neuron', 'activation': 'relu', 'w': [0.25], 'b': 1.0
    }  # fmt: skip


def test_the_example_in_the_documentation_loads(path):
    lines = micrograd.checkpoint.__doc__.splitlines()
    path.write_text('\n'.join(line for line in lines if line.startswith('    ')))
    assert repr(load(path)) == repr(Layer(2, 2))


def test_the_same_network_gives_the_same_bytes(path, tmp_path):
    save(model_of(), path)
    save(load(path), tmp_path / 'again.json')
    assert (tmp_path / 'again.json').read_bytes() == path.read_bytes()


def test_neither_saving_nor_loading_draws_random_numbers(path):
    model = model_of()
    before = random.getstate()
    save(model, path)
    load(path)
    assert random.getstate() == before


@pytest.mark.parametrize('kind', [str, lambda path: path])
def test_paths(kind, path):
    save(Neuron(1), kind(path))
    assert isinstance(load(kind(path)), Neuron)
    assert micrograd.save is save
    assert micrograd.load is load


# What no file could hold


class Mine(MLP):
    pass


def with_part(part):
    model = MLP(2, [2, 1])
    model.layers[0] = part
    return model


def with_number(number):
    model = model_of()
    model.layers[0].neurons[2].w[1].data = number
    return model


def changed(change):
    model = model_of()
    change(model, model.layers[0].neurons[0], model.layers[0].neurons[1])
    return model


UNSAVEABLE = [
    (Module(), 'takes a Neuron, Layer or MLP, and a Module would come back as something else'),
    (Mine(2, [1]), 'a Mine would come back'),
    (3.0, 'a float would come back'),
    (with_part(Neuron(2)), r'layers\[0\] is a Neuron, which would come back as a plain Layer'),
    (with_part(lambda x: x), r'layers\[0\] is a function'),
    (changed(lambda m, a, b: m.layers[0].neurons.append(Module())), r'layers\[0\]\.neurons\[3\] is a Module'),
    (Neuron(2, activation=lambda z: z), 'activation is a function, not the name of one'),
    (MLP(2, [3, 1], activation=Value.tanh), r'layers\[0\]\.neurons\[0\]\.activation is a function'),
    (with_number(math.nan), r'layers\[0\]\.neurons\[2\]\.w\[1\] should be a finite number, not NaN'),
    (with_number(math.inf), r'w\[1\] should be a finite number, not Infinity'),
    (with_number(-math.inf), r'w\[1\] should be a finite number, not -Infinity'),
    (changed(lambda m, a, b: m.layers[0].neurons.append(a)), r'layers\[0\] has parameters that are shared'),
    (changed(lambda m, a, b: setattr(b, 'b', a.b)), r'layers\[0\] has parameters that are shared'),
    (changed(lambda m, a, b: setattr(m.layers[1].neurons[0], 'b', a.b)), 'it has parameters that are shared'),
    (changed(lambda m, a, b: a.w.append(a.b)), r'layers\[0\]\.neurons\[0\] has other parameters'),
    (changed(lambda m, a, b: setattr(a, 'b', 2.0)), 'has other parameters'),
    (changed(lambda m, a, b: setattr(a, 'b', Value(2.0) * 3)), 'has other parameters'),
    (changed(lambda m, a, b: setattr(a.b, 'role', 'constant')), 'has other parameters'),
    (changed(lambda m, a, b: a.w.pop()), r'layers\[0\]\.neurons\[1\]\.w has 2 weights, and there are 1 inputs'),
    (
        changed(lambda m, a, b: m.layers[0].neurons.pop()),
        r'layers\[1\]\.neurons\[0\]\.w has 3 weights, and there are 2',
    ),
    (changed(lambda m, a, b: m.layers.clear()), 'layers should be a list that is not empty'),
    (changed(lambda m, a, b: m.layers[1].neurons.clear()), r'layers\[1\]\.neurons should be a list that is not empty'),
]


@pytest.mark.parametrize(('model', 'message'), UNSAVEABLE, ids=[message for _, message in UNSAVEABLE])
def test_what_no_file_could_hold_is_refused_and_nothing_is_written(model, message, path):
    path.write_text('old')
    with pytest.raises(CheckpointError, match=message) as error:
        save(model, path)
    assert 'json.dump(model.state_dict(), file)' in str(error.value)
    assert path.read_text() == 'old'
    assert os.listdir(path.parent) == [path.name]


# Files that are no models


def document(**changes):
    """The text of a model in which one neuron is changed; `...` takes a key out."""
    neuron = {'activation': 'relu', 'w': [0.5, -0.5], 'b': 0.0}
    layers = [{'neurons': [neuron, neuron]}, {'neurons': [neuron | changes]}]
    layers[1]['neurons'][0] = {key: x for key, x in layers[1]['neurons'][0].items() if x is not ...}
    return top(layers=layers)


def top(**changes):
    facts = {'format': 'micrograd model', 'version': 1, 'type': 'MLP'} | changes
    return json.dumps({key: x for key, x in facts.items() if x is not ...})


LAST = r'layers\[1\]\.neurons\[0\]'
GOOD = document()

MALFORMED = {
    'empty': ('', r'the file is empty\. Right: a file that save\(model, path\) wrote'),
    'blank': (' \n\n', 'line 3, column 1: not JSON'),
    'not JSON': ('\x80\x04\x95', 'line 1, column 1: not JSON'),
    'truncated': (GOOD[:100], r'line 1, column \d+: not JSON, or cut short'),
    'two documents': (GOOD + '\n' + GOOD, 'line 2, column 1: not JSON, or cut short: Extra data'),
    'a comment': ('// a model\n' + GOOD, 'line 1, column 1'),
    'single quotes': (GOOD.replace('"', "'"), 'line 1, column 2'),
    'control character': (GOOD.replace('relu', 're\nlu', 1), 'Invalid control character'),
    'a list': ('[]', 'not a model file'),
    'a number': ('3', 'not a model file'),
    'null': ('null', 'not a model file'),
    'a string': ('"micrograd model"', 'not a model file'),
    'another object': ('{"layers": []}', 'not a model file: one holds an object with "format": "micrograd model"'),
    'another format': (top(format='onnx'), 'not a model file'),
    'format of another type': (top(format=['micrograd model']), 'not a model file'),
    'no version': (top(version=...), "the file lacks the key 'version'$"),
    'version as text': (top(version='1'), "version should be a finite number, not '1'"),
    'version true': (top(version=True), 'version should be a finite number, not true'),
    'a later version': (top(version=2, sparse=[]), 'version is 2, and this micrograd reads 1'),
    'an odd version': (top(version=1.5), 'version is 1.5, and'),
    'no type': (top(type=...), "the file lacks the key 'type'$"),
    'another type': (top(type='GPT'), "not 'GPT'"),
    'type of another type': (top(type=['MLP']), 'type should be one of Neuron, Layer, MLP, not a list'),
    'type of another place': (top(type='Neuron', layers=[]), "the file lacks the key 'activation'"),
    'no layers': (top(), "the file lacks the key 'layers'"),
    'layers empty': (top(layers=[]), 'layers should be a list that is not empty, not an empty list'),
    'layers an object': (top(layers={}), 'layers should be a list that is not empty, not an object'),
    'a layer is a list': (top(layers=[[]]), r'layers\[0\] should be an object with neurons, not an empty list'),
    'a layer is null': (top(layers=[None]), r'layers\[0\] should be an object with neurons, not null'),
    'no neurons': (top(layers=[{}]), r"layers\[0\] lacks the key 'neurons'"),
    'neurons empty': (top(layers=[{'neurons': []}]), r'layers\[0\]\.neurons should be a list that is not empty'),
    'a neuron is a number': (
        top(layers=[{'neurons': [1]}]),
        r'layers\[0\]\.neurons\[0\] should be an object with activation, w, b, not 1\.0',
    ),
    'missing weights': (document(w=...), f"{LAST} lacks the key 'w'"),
    'missing bias': (document(b=...), f"{LAST} lacks the key 'b'"),
    'missing activation': (document(activation=...), f"{LAST} lacks the key 'activation'"),
    'extra key': (document(bias=1.0), f"{LAST} has the unknown key 'bias'"),
    'extra key on top': (top(layers=[], author='x'), "the file has the unknown key 'author'"),
    'extra key in a layer': (top(layers=[{'neurons': [], 'x': 1}]), r"layers\[0\] has the unknown key 'x'"),
    'long extra key': (document(**{'x' * 10_000: 1}), r'unknown key .{30}, besides activation, w, b$'),
    'duplicate key': (GOOD.replace('"b": 0.0', '"b": 0.0, "b": 0.0'), r"neurons\[0\] has the key 'b' more than once"),
    'duplicate key on top': (GOOD[:-1] + ', "version": 1}', "the file has the key 'version' more than once"),
    'duplicate layers': (GOOD[:-1] + ', "layers": []}', "the file has the key 'layers' more than once"),
    'too few weights': (document(w=[1.0]), rf'{LAST}\.w has 1 weights, and there are 2 inputs'),
    'too many weights': (document(w=[1.0] * 3), rf'{LAST}\.w has 3 weights, and there are 2 inputs'),
    'no weights': (document(w=[]), rf'{LAST}\.w should be a list that is not empty'),
    'unequal neurons': (
        GOOD.replace('[0.5, -0.5]', '[0.5]', 1),
        r'layers\[0\]\.neurons\[1\]\.w has 2 weights, and there are 1 inputs',
    ),
    'weights are a number': (document(w=1.0), rf'{LAST}\.w should be a list that is not empty, not 1\.0'),
    'weights are text': (document(w='12'), rf"{LAST}\.w should be a list that is not empty, not '12'"),
    'bool weight': (document(w=[0.5, True]), rf'{LAST}\.w\[1\] should be a finite number, not true'),
    'text weight': (document(w=['0.5', 1.0]), rf"{LAST}\.w\[0\] should be a finite number, not '0\.5'"),
    'null weight': (document(w=[0.5, None]), rf'{LAST}\.w\[1\] should be a finite number, not null'),
    'list weight': (document(w=[0.5, [0.5]]), rf'{LAST}\.w\[1\] should be a finite number, not a list'),
    'object weight': (document(w=[0.5, {}]), rf'{LAST}\.w\[1\] should be a finite number, not an object'),
    'bool bias': (document(b=False), rf'{LAST}\.b should be a finite number, not false'),
    'list bias': (document(b=[0.0]), rf'{LAST}\.b should be a finite number, not a list'),
    'NaN': (document(b=math.nan), rf'{LAST}\.b should be a finite number, not NaN'),
    'Infinity': (document(w=[0.5, math.inf]), rf'{LAST}\.w\[1\] should be a finite number, not Infinity'),
    '-Infinity': (document(b=-math.inf), rf'{LAST}\.b should be a finite number, not -Infinity'),
    '1e999': (GOOD.replace('-0.5', '1e999', 1), r'neurons\[0\]\.w\[1\] should be a finite number, not Infinity'),
    'a huge integer': (GOOD.replace('-0.5', '9' * 400, 1), r'w\[1\] should be a finite number, not Infinity'),
    'a very huge integer': (GOOD.replace('-0.5', '9' * 10_000, 1), r'w\[1\] should be a finite number, not Infinity'),
    'hexadecimal': (GOOD.replace('-0.5', '0x10', 1), 'line 1, column'),
    'unknown activation': (document(activation='tahn'), rf"{LAST}\.activation: there is no activation 'tahn'; .*'tanh"),
    'activation of several': (document(activation='softmax'), rf'{LAST}\.activation: softmax does not take one number'),
    'code as activation': (document(activation='__import__("os").abort()'), rf'{LAST}\.activation: '),
    'activation null': (document(activation=None), rf'{LAST}\.activation should be a string, not null'),
    'activation a list': (document(activation=['relu']), rf'{LAST}\.activation should be a string, not a list'),
    'long activation': (
        document(activation='x' * 10**6),
        rf'{LAST}\.activation should have no more than 100 characters, not be .{{30}}$',
    ),
    'surrogate': (document(activation='\ud800'), r"no activation '\\ud800'"),
    'deep lists': ('[' * 1_000_000, f'line 1: more than {MAX_DEPTH} brackets within brackets'),
    'deep objects': ('\n{"a\\"b": ' * 100_000, f'line {MAX_DEPTH + 2}: more than {MAX_DEPTH} brackets'),
    'deep in place': (GOOD.replace('-0.5', '[' * 99_999 + ']' * 99_999, 1), 'line 1: more than'),
    'deep, not too deep': (document(w=[0.5, [[[[[]]]]]]), rf'{LAST}\.w\[1\] should be a finite number, not a list'),
}  # fmt: skip


@pytest.mark.parametrize(('text', 'message'), MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_files(text, message, path):
    path.write_text(text)
    with pytest.raises(CheckpointError, match=message) as error:
        load(path)
    assert str(error.value).startswith(f'{path}: ')
    assert len(str(error.value)) < 500 + len(str(path))
    str(error.value).encode()  # it can be printed


def test_the_good_document_is_good(path):
    path.write_text(GOOD)
    assert repr(load(path)) == 'MLP of [Layer of [ReLUNeuron(2), ReLUNeuron(2)], Layer of [ReLUNeuron(2)]]'


def test_brackets_in_strings_do_not_nest(path):
    path.write_text(document(activation='[' * 1000 + '\\"' + '{' * 1000))
    with pytest.raises(CheckpointError, match='activation should have no more'):
        load(path)


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (b'\xff' + GOOD.encode(), 'byte 0: not UTF-8'),
        (GOOD.encode().replace(b'relu', b'r\xe9lu', 1), 'byte 100: not UTF-8'),
        (GOOD.encode('utf-16'), 'byte 0: not UTF-8'),
        (b'\x00' * 50, 'line 1, column 1: not JSON'),
        (b'\x1f\x8b\x08\x00', 'byte 1: not UTF-8'),
    ],
)
def test_bytes_that_are_no_text(content, message, path):
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match=message):
        load(path)


def test_a_byte_order_mark_is_passed_over(path):
    path.write_bytes(b'\xef\xbb\xbf' + GOOD.encode())
    assert isinstance(load(path), MLP)


def test_integers_are_numbers(path):
    path.write_text(GOOD.replace('-0.5', '-0').replace('0.5', '9007199254740993'))
    assert load(path).state_dict()['layers.0.neurons.0.w.0'] == 9007199254740992.0
    assert math.copysign(1.0, load(path).state_dict()['layers.0.neurons.0.w.1']) == -1.0


def test_a_file_cut_at_any_byte_is_refused(path):
    save(model_of(), path)
    content = path.read_bytes().rstrip()
    for end in range(len(content)):
        path.write_bytes(content[:end])
        with pytest.raises(CheckpointError):
            load(path)
    path.write_bytes(content)
    assert bits(load(path)) == bits(model_of())


BYTES = GOOD.encode()
MUTATIONS = st.lists(
    st.tuples(st.integers(0, len(BYTES)), st.integers(0, 12), st.one_of(st.binary(max_size=8), st.sampled_from(
        [b'"b": 1, ', b'[', b']', b'}', b'{', b'"', b'1e999', b'NaN', b'true', b'null', b',', b'-', b'\\u0000', b'tanh']
    ))), min_size=1, max_size=4)  # fmt: skip


@given(MUTATIONS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=300)
def test_a_file_with_changed_bytes_loads_or_is_refused(path, mutations):
    content = BYTES
    for at, length, new in mutations:
        content = content[:at] + new + content[at + length :]
    path.write_bytes(content)
    try:
        model = load(path)
    except CheckpointError as error:
        str(error).encode()
    else:
        assert all(math.isfinite(p.data) for p in model.parameters())
        save(model, path)
        assert bits(load(path)) == bits(model)


def test_a_large_file_is_refused_before_it_is_parsed(path):
    path.write_text(GOOD)
    size = len(GOOD)
    assert isinstance(load(path, max_bytes=size), MLP)
    with pytest.raises(CheckpointError, match=f'more than {size - 1} bytes. If you trust it: load'):
        load(path, max_bytes=size - 1)


def test_a_huge_file_is_not_read(path):
    with open(path, 'wb') as file:
        file.truncate(10**12)  # a hole, which takes no space on the disk
    with pytest.raises(CheckpointError, match='more than 100000000 bytes'):
        load(path)


def test_a_deep_file_does_not_crash_programs_with_a_high_recursion_limit(path):
    path.write_text('{"a": ' * 1_000_000)
    program = f'import sys, micrograd; sys.setrecursionlimit(10**8); micrograd.load({str(path)!r})'
    run = subprocess.run([sys.executable, '-c', program], capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert 'CheckpointError' in run.stderr.splitlines()[-1]


# Writing


def test_a_file_is_replaced_and_nothing_else_is_left(path):
    save(model_of(1), path)
    save(model_of(2), path)
    assert bits(load(path)) == bits(model_of(2))
    assert os.listdir(path.parent) == [path.name]


class Full(io.FileIO):
    def write(self, content):
        super().write(content[:10])
        raise FULL


FULL = OSError(errno.ENOSPC, 'No space left on device')


def test_when_the_disk_is_full_the_old_file_stays(path, monkeypatch):
    save(model_of(1), path)
    before = path.read_bytes()
    monkeypatch.setattr('micrograd.files.open', Full, raising=False)
    with pytest.raises(OSError, match='No space left'):
        save(model_of(2), path)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize('function', ['fsync', 'replace', 'chmod'])
@pytest.mark.parametrize('error', [FULL, KeyboardInterrupt()])
def test_when_writing_fails_the_old_file_stays(function, error, path, monkeypatch):
    save(model_of(1), path)
    before = path.read_bytes()

    def fail(*arguments, **named):
        raise error

    monkeypatch.setattr(os, function, fail)
    with pytest.raises(type(error)):
        save(model_of(2), path)
    monkeypatch.undo()
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


def test_when_writing_the_first_time_fails_there_is_no_file(path, monkeypatch):
    monkeypatch.setattr(os, 'fsync', lambda _: (_ for _ in ()).throw(OSError(errno.EIO, 'Input/output error')))
    with pytest.raises(OSError, match='Input/output error'):
        save(model_of(), path)
    assert os.listdir(path.parent) == []


def test_the_content_is_on_the_disk_before_the_file_has_its_name(path, monkeypatch):
    calls = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, 'fsync', lambda file: (calls.append(('fsync', os.fstat(file).st_size)), fsync(file)))
    monkeypatch.setattr(os, 'replace', lambda a, b: (calls.append(('replace', os.stat(a).st_size)), replace(a, b)))
    save(model_of(), path)
    size = path.stat().st_size
    assert calls == [('fsync', size), ('replace', size)]


@posix
def test_permissions_are_those_of_a_new_file_or_of_the_old_one(path):
    before = os.umask(0o027)
    try:
        save(model_of(), path)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    path.chmod(0o604)
    save(model_of(), path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o604


@posix
def test_a_symbolic_link_stays_one(tmp_path):
    (tmp_path / 'there').mkdir()
    target, link = tmp_path / 'there' / 'model.json', tmp_path / 'link.json'
    link.symlink_to(target)
    for seed in (1, 2):
        save(model_of(seed), link)
        assert link.is_symlink()
        assert bits(load(target)) == bits(load(link)) == bits(model_of(seed))
    assert os.listdir(target.parent) == ['model.json']


@posix
@pytest.mark.parametrize(
    ('name', 'error', 'message'),
    [
        ('', IsADirectoryError, r'Right: save\(model, "model\.json"\)'),
        ('absent/model.json', FileNotFoundError, 'no such directory to save a file in'),
        ('pipe', FileExistsError, 'there is something else'),
    ],
)
def test_places_where_no_file_can_be(name, error, message, tmp_path):
    os.mkfifo(tmp_path / 'pipe')
    with pytest.raises(error, match=message):
        save(model_of(), tmp_path / name)
    assert os.listdir(tmp_path) == ['pipe']
