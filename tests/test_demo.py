"""The demo: what it writes and prints, how well it learns for every seed, and what it does not touch."""

import io
import json
import re
import struct
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from xml.etree import ElementTree

import pytest

from micrograd import demo, no_grad
from micrograd.checkpoint import load
from micrograd.errors import MissingDependencyError
from micrograd.training import History

NAMES = [
    'model.json',
    'loss_curve.png',
    'boundary.png',
    'neuron.svg',
    'neuron.png',
    'loss.svg',
    'loss.png',
    'loss.html',
]
SVG = '{http://www.w3.org/2000/svg}'


@pytest.fixture(scope='module')
def quick():
    """One epoch instead of all: enough for everything but the accuracy."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(demo, 'EPOCHS', 1)
        yield patch


@pytest.fixture(scope='module')
def folder(tmp_path_factory, quick):
    """A run of the demo, in a directory that existed before."""
    folder = tmp_path_factory.mktemp('demo') / 'a' / 'b'
    folder.mkdir(parents=True)
    (folder / 'notes.txt').write_text('mine')
    (folder / 'model.json').write_text('old')
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        paths = demo.run(folder, seed=3)
    assert paths == [folder / name for name in NAMES]
    (folder / 'printed.txt').write_text(out.getvalue())
    (folder / 'progress.txt').write_text(err.getvalue())
    return folder


@pytest.fixture(scope='module')
def accuracies():
    """The whole training for each seed, in a process of its own: there nobody counts the lines that run."""
    program = """
from micrograd import demo
for seed in range(10):
    model, data, history = demo.train(seed, progress=False)
    print(demo.correct_answers(model, data), end=' ')
"""
    done = subprocess.run([sys.executable, '-c', program], capture_output=True, check=True, text=True)
    return [int(correct) for correct in done.stdout.split()]


@pytest.mark.parametrize('seed', range(10))
def test_it_learns_with_every_seed(accuracies, seed):
    assert len(accuracies) == 10
    assert accuracies[seed] >= 97


def test_ours_are_replaced_and_nothing_else_is_touched(folder):
    assert {path.name for path in folder.iterdir()} == {*NAMES, 'notes.txt', 'printed.txt', 'progress.txt'}
    assert (folder / 'notes.txt').read_text() == 'mine'


def test_the_saved_network_is_the_trained_one(folder):
    model, data, _ = demo.train(3, progress=False)
    twin = load(folder / 'model.json')
    with no_grad():
        assert [twin(x).data for x in data.inputs] == [model(x).data for x in data.inputs]


def test_the_pictures_are_pictures(folder):
    for name in NAMES[1:-1]:
        head = (folder / name).read_bytes()[:24]
        assert head.startswith(b'<svg' if name.endswith('svg') else b'\x89PNG'), name
    for name in ('loss_curve.png', 'boundary.png', 'neuron.png', 'loss.png'):
        width, height = struct.unpack('>II', (folder / name).read_bytes()[16:24])
        assert 400 < width < 8000, name
        assert 300 < height < 8000, name


@pytest.mark.parametrize(('name', 'least', 'most'), [('neuron.svg', 10, 10), ('loss.svg', 36, 37)])
def test_the_graphs_are_complete(folder, name, least, most):
    tree = ElementTree.parse(folder / name)
    nodes = [group for group in tree.iter(f'{SVG}g') if 'node' in group.get('class', '').split()]
    assert least <= len(nodes) <= most


def test_the_table_says_what_is_where(folder):
    lines = (folder / 'printed.txt').read_text().splitlines()
    assert re.fullmatch(r'training accuracy: \d+ of 100 examples, \d+\.0%', lines[0])
    assert lines[1] == ''
    table = lines[2:]
    assert [line.split('  ')[0] for line in table] == [
        str(folder / name).ljust(len(table[0].split('  ')[0])).rstrip() for name in NAMES
    ]
    assert len({line.index(' kB  ') for line in table}) == 1
    assert all(line.rsplit(' kB  ', 1)[1].strip() for line in table)


def test_the_progress_shows_loss_and_accuracy(folder):
    progress = (folder / 'progress.txt').read_text()
    assert 'epoch 1/1: 100%' in progress
    assert 'loss=' in progress
    assert 'accuracy=' in progress


def graphs(runs):
    return [demo.graphs(model, data) for model, data, _ in runs]


def test_the_seed_decides_everything(quick):
    runs = [demo.train(seed, progress=False) for seed in (4, 4, 5)]
    states = [json.dumps([model.state_dict(), data, history.losses]) for model, data, history in runs]
    assert states[0] == states[1] != states[2]
    first, second = ([neuron.dot.source, loss.dot.source, page.html] for neuron, loss, page in graphs(runs[:2]))
    assert first == second


def test_the_graphs_show_the_hardest_example_down_to_the_inputs(quick):
    model, data, _ = demo.train(0, progress=False)
    neuron, loss, page = demo.graphs(model, data)
    assert (page.graph['roles'].count('i'), page.graph['roles'].count('p')) == (2, 337)
    assert [box.name for box in loss.view.boxes].count('neuron 2.16') == 1
    root = loss.view.boxes[-1]
    assert (root.name, root.root, root.grad) == ('loss', True, 1.0)
    with no_grad():
        assert root.data == max(demo.bce_with_logits(model(x), y).data for x, y in zip(*data, strict=True))
    names = set(page.graph['names'])
    assert {'x₁', 'x₂', 'b²₁', 'w²₁₆,₂', 'a²₁₆', 'w³₁₆,₁₆', 'a³₁', 'w⁴₁,₁₆', 'a⁴₁', 'loss'} <= names
    assert len(neuron.view.boxes) == 10
    top = neuron.view.boxes[-1]
    assert re.fullmatch('a²[₀-₉]+ = ReLU', top.heading)
    assert top.data > 0.0
    assert top.grad != 0.0


# What it refuses ---------------------------------------------------------------------------------------------------


def no_training(*_, **__):
    raise AssertionError('the training has begun')


def test_a_file_in_the_way(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, 'train', no_training)
    path = tmp_path / 'demo'
    path.write_text('mine')
    for out in (path, path / 'deeper'):
        with pytest.raises(NotADirectoryError) as caught:
            demo.run(out)
        assert caught.value.filename
    assert path.read_text() == 'mine'


def test_matplotlib_is_missed_before_the_training(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, 'train', no_training)
    monkeypatch.setitem(sys.modules, 'matplotlib', None)
    with pytest.raises(MissingDependencyError, match=r"matplotlib is not installed.*'\.\[plot\]'"):
        demo.run(tmp_path / 'demo')
    assert not (tmp_path / 'demo').exists()


def test_graphviz_is_missed_before_the_training(tmp_path, monkeypatch):
    monkeypatch.setattr(demo, 'train', no_training)
    monkeypatch.setattr('micrograd.render.layout.system_dot', lambda: None)
    monkeypatch.setattr('micrograd.render.layout.find_spec', lambda module: None)
    with pytest.raises(MissingDependencyError, match=r"'\.\[draw\]'"):
        demo.run(tmp_path / 'demo')
    assert not (tmp_path / 'demo').exists()


def test_a_seed_that_is_none(tmp_path):
    with pytest.raises(TypeError, match='seed should be an integer'):
        demo.run(tmp_path, seed='one')


def test_ctrl_c_ends_it_and_nothing_is_written(tmp_path, monkeypatch, quick):
    def interrupted(*arguments, **settings):
        return History(stopped='interrupted')

    monkeypatch.setattr(demo, 'fit', interrupted)
    with pytest.raises(KeyboardInterrupt):
        demo.run(tmp_path)
    assert list(tmp_path.iterdir()) == []
