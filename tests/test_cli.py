"""The command line: what it prints, what it saves, how it ends."""

import errno
import inspect
import os
import re
import runpy
import subprocess
import sys
import tempfile
import types
import webbrowser
from pathlib import Path

import pytest

import micrograd
from micrograd import cli, graph, render
from micrograd.cli import expressions, main
from micrograd.errors import MissingDependencyError

NEURON = ['tanh(w*x + b)', 'w=-3', 'x=2', 'b=6.88']


def lines_of(capsys):
    captured = capsys.readouterr()
    assert captured.err == ''
    return captured.out.splitlines()


def the_error(capsys):
    """The one line on stderr."""
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith('micrograd: error: ')
    return line.removeprefix('micrograd: error: ')


@pytest.fixture
def drawn(monkeypatch):
    """What is drawn, instead of pictures."""
    pictures = []

    class Picture:
        def __init__(self, value, title):
            self.value, self.title = value, title

        def save(self, path):
            self.path = path
            pictures.append(self)
            return Path(path)

    monkeypatch.setattr(render, 'draw', lambda value, title: Picture(value, title))
    return pictures


# draw -----------------------------------------------------------------------------------------------------------------


def test_draw_shows_values_and_gradients(capsys):
    assert main(['draw', *NEURON]) == 0
    assert lines_of(capsys) == [
        '               value      gradient',
        'w              -3          1.00194',
        'x               2         -1.50292',
        'b               6.88       0.500972',
        'tanh(w*x + b)   0.706419   1',
        '',
        '              value     grad  rate factor',
        'tanh         0.7064   1.0000',
        '└─ +         0.8800   0.5010   0.501',
        '   ├─ ×     −6.0000   0.5010   1',
        '   │  ├─ w  −3.0000   1.0019   2',
        '   │  └─ x   2.0000  −1.5029  −3',
        '   └─ b      6.8800   0.5010   1',
        '',
        'for a picture of it, add: -o graph.svg',
        'to explore it in the browser, add: --open',
    ]


def test_a_large_tree_is_cut(capsys):
    assert main(['draw', ' + '.join(['x*x'] * 100), 'x=1']) == 0
    lines = lines_of(capsys)
    assert len(lines) < 60
    assert any('of 200 values not shown' in line for line in lines)


def test_draw_saves_the_graph_of_the_labelled_variables(capsys, drawn):
    assert main(['draw', *NEURON, '-o', 'neuron.svg']) == 0
    assert lines_of(capsys)[-1] == 'saved neuron.svg'
    [picture] = drawn
    assert (picture.path, picture.title) == ('neuron.svg', 'tanh(w*x + b)')
    leaves = [v for v in graph.topological([picture.value]) if not v._prev]
    assert [(v.label, v.data) for v in leaves] == [('w', -3.0), ('x', 2.0), ('b', 6.88)]
    assert leaves[0].grad == pytest.approx(1.00194, rel=1e-4)


def test_draw_writes_a_real_file(tmp_path, capsys):
    path = tmp_path / 'neuron.dot'
    assert main(['draw', *NEURON, '-o', str(path)]) == 0
    assert path.read_text(encoding='utf-8').startswith('digraph')
    assert lines_of(capsys)[-1] == f'saved {path}'


@pytest.fixture
def opened(monkeypatch, tmp_path):
    """The pages that a browser was told to open; none starts."""
    pages = []
    monkeypatch.setattr(webbrowser, 'open', lambda url: pages.append(url) or True)
    monkeypatch.setattr(tempfile, 'tempdir', str(tmp_path))
    return pages


def page_at(url):
    assert url.startswith('file:///')
    return Path(url.removeprefix('file://')).read_text(encoding='utf-8')


def test_draw_saves_a_page(tmp_path, capsys, opened):
    path = tmp_path / 'graph.html'
    assert main(['draw', *NEURON, '-o', str(path)]) == 0
    assert lines_of(capsys)[-1] == f'saved {path}'
    assert path.read_text(encoding='utf-8').startswith('<!doctype html>')
    assert opened == []


@pytest.mark.parametrize('words', [['--open', *NEURON], [*NEURON, '--open'], [NEURON[0], '--open', *NEURON[1:]]])
def test_draw_opens_the_page(words, capsys, opened):
    assert main(['draw', *words]) == 0
    [url] = opened
    assert page_at(url).startswith('<!doctype html>')
    table, _, last = '\n'.join(lines_of(capsys)).partition('\n\n')
    assert table.endswith('tanh(w*x + b)   0.706419   1')
    assert last == f'opened {url.removeprefix("file://")}'


def test_draw_opens_the_page_that_it_saved(tmp_path, capsys, opened, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(['draw', *NEURON, '--open', '-o', 'graph.HTML']) == 0
    assert opened == [(tmp_path / 'graph.HTML').as_uri()]
    assert lines_of(capsys)[-2:] == ['saved graph.HTML', 'opened graph.HTML']
    assert [path.name for path in tmp_path.iterdir()] == ['graph.HTML']


def test_draw_opens_a_page_beside_the_picture_that_it_saved(tmp_path, capsys, opened):
    path = tmp_path / 'neuron.dot'
    assert main(['draw', *NEURON, '--open', '-o', str(path)]) == 0
    assert path.exists()
    [url] = opened
    assert page_at(url)
    assert lines_of(capsys)[-3:] == [f'saved {path}', '', f'opened {url.removeprefix("file://")}']


@pytest.mark.parametrize(
    'words',
    [
        ['-o', 'n.png', *NEURON],
        [NEURON[0], '-o', 'n.png', *NEURON[1:]],
        [*NEURON[:2], '-o', 'n.png', *NEURON[2:]],
        [*NEURON[:2], '--output', 'n.png', *NEURON[2:]],
        [*NEURON[:2], '--output=n.png', *NEURON[2:]],
        ['-o', 'n.png', '--', *NEURON],
    ],
)
def test_options_may_stand_anywhere(words, capsys, drawn):
    assert main(['draw', *words]) == 0
    assert 'tanh(w*x + b)   0.706419   1' in lines_of(capsys)
    assert drawn[0].path == 'n.png'


@pytest.mark.parametrize(
    ('words', 'result'),
    [
        (['x', 'x=-1e-3'], '-0.001'),
        (['x', 'x=.5'], '0.5'),
        (['x', 'x=inf'], 'inf'),
        (['x', 'x=-inf'], '-inf'),
        (['x', 'x=nan'], 'nan'),
        (['x', 'x = -pi/2'], '-1.5708'),
        (['-x**2', 'x=3'], '-9'),
        (['-x', 'x=3'], '-3'),
        (['-(x + 1)', 'x=3'], '-4'),
        (['-3'], '-3'),
        (['-o*x', 'o=2', 'x=3'], '-6'),
        (['-hypot(x, y)', 'x=3', 'y=4'], '-5'),
        (['--', '-x', 'x=3'], '-3'),
        (['--', '--x', 'x=3'], '3'),
        (['9**9**9**9'], 'inf'),
        (['x > 1 and x < 3', 'x=2'], '1'),
    ],
)
def test_minus_signs_and_odd_numbers(words, result, capsys):
    assert main(['draw', *words]) == 0
    lines = lines_of(capsys)
    assert lines[lines.index('') - 1].split()[-2] == result


def test_draw_shortens_a_long_expression(capsys):
    assert main(['draw', ' + '.join(['x'] * 40), 'x=1']) == 0
    assert lines_of(capsys)[2] == 'x + x + x + x + x + x + x + x + x + x …  40      1'


@pytest.mark.parametrize(
    ('words', 'problem'),
    [
        (['draw'], 'required: EXPRESSION.*; see micrograd draw --help'),
        (['draw', ''], 'there is no expression'),
        (['draw', 'x'], r"x has no value: add x=… \(column 1: 'x'\)"),
        (['draw', 'x', 'y=2', 'x=3'], 'y has a value, but is not in'),
        (['draw', 'x', 'x=1', 'x=2'], 'x has two values'),
        (['draw', 'x', 'x=abc'], 'the value of x is a number'),
        (['draw', 'x', 'x'], 'as in x=2'),
        (['draw', 'x', '-o'], '-o/--output: expected one argument'),
        (['draw', 'x', 'x=1', '-o', '-x.svg'], '-o/--output: expected one argument'),
        (['draw', 'x', 'x=1', '--colour'], "'--colour' was not expected"),
        (['draw', 'x', 'x=1', '-o', 'x.svg', 'y'], 'as in x=2'),
        (['draw', 'foo.bar', 'x=1'], 'no dots'),
        (['draw', 'x\n+\n+', 'x=1'], 'column'),
        (['draw', "__import__('os').system('ls')"], 'no dots'),
        (['draw', '(' * 5000], 'parenthes'),
        (['draw', 'x' * 20000], '10,000 characters'),
        (['draw', '\udcff'], 'cannot be printed'),
        (['check'], 'required: EXPRESSION'),
        (['check', 'x'], 'x has no value'),
        (['check', '2 + 2'], "'2 \\+ 2' has no variable, so there is no gradient"),
        (['check', 'x', 'x=inf'], 'x is inf, and there is nothing near'),
        (['check', 'x', 'x=nan'], 'x is nan'),
        (['check', 'x', 'x=1', '-o'], "'-o' was not expected"),
        (['ops', 'sigmod'], "there is no operation 'sigmod'; did you mean sigmoid"),
        (['ops', 'qqqq'], "there is no operation 'qqqq'; micrograd ops shows those there are"),
        (['ops', 'exp', 'log'], "'log' was not expected"),
        (['ops', '-x'], "'-x' was not expected"),
        (['demo', 'x'], "'x' was not expected"),
        (['demo', '--seed', 'one'], "--seed: invalid int value: 'one'"),
        (['demo', '--seed'], 'expected one argument'),
        (['digits', 'x'], "'x' was not expected"),
        (['digits', '--epochs', '0'], "--epochs: '0' is not a whole number above 0; see micrograd digits --help"),
        (['digits', '--epochs', '1.5'], "--epochs: '1.5' is not a whole number"),
        (['digits', '--epochs', '9' * 5000], "--epochs: '9+ is not a whole number"),
        (['digits', '--batch-size', '²'], "--batch-size: '²' is not a whole number"),
        (['digits', '--hidden', '30,'], "--hidden: '' is not a whole number above 0"),
        (['digits', '--hidden', '30,-1'], "--hidden: '-1' is not a whole number above 0"),
        (['digits', '--eta', 'nan'], "--eta: 'nan' is not a number above 0"),
        (['digits', '--eta', 'inf'], "--eta: 'inf' is not a number above 0"),
        (['digits', '--eta', '0'], "--eta: '0' is not a number above 0"),
        (['digits', '--eta', 'fast'], "--eta: 'fast' is not a number above 0"),
        (['digits', '--cost', 'hinge'], "--cost: invalid choice: 'hinge'"),
        (['digits', '--initialisation', 'zero'], "--initialisation: invalid choice: 'zero'"),
        (['digits', '--seed', '0.5'], "--seed: invalid int value: '0.5'"),
        (['train'], 'required: FILE, --target; see micrograd train --help'),
        (['train', 'a.csv'], 'required: --target'),
        (['train', 'a.csv', 'b.csv', '--target', 'y'], "'b.csv' was not expected"),
        (['train', 'a.csv', '--target', 'y', '--task', 'x'], "--task: invalid choice: 'x'"),
        (['train', 'a.csv', '--target', 'y', '--missing', 'median'], "--missing: invalid choice: 'median'"),
        (['train', 'a.csv', '--target', 'y', '--test', '1'], "--test: '1' is not between 0 and 1"),
        (['train', 'a.csv', '--target', 'y', '--test', '0'], "--test: '0' is not a number above 0"),
        (['train', 'a.csv', '--target', 'y', '--lambda', '-1'], "--lambda: '-1' is not a number above 0|one argument"),
        (['train', 'a.csv', '--target', 'y', '--hidden', '3,x'], "--hidden: 'x' is not a whole number"),
        (['train', 'a.csv', '--target', 'y', '--delimiter', ''], "--delimiter: '' is not one character"),
        (['train', 'a.csv', '--target', 'y', '--delimiter', '\n'], 'is not one character'),
        (['train', 'a.csv', '--target', 'y', '--lr', '0'], "--lr: '0' is not a number above 0"),
        (['predict'], 'required: MODEL, FILE; see micrograd predict --help'),
        (['predict', 'm.json'], 'required: FILE'),
        (['predict', 'm.json', 'a.csv', '--target', 'y'], "'--target' was not expected"),
        (['predict', 'm.json', 'a.csv', '--delimiter', ';;'], "--delimiter: ';;' is not one character"),
        (['drwa'], "invalid choice: 'drwa'"),
        (['--colour'], "'--colour' was not expected"),
    ],
)
def test_what_is_not_understood_ends_with_2_and_one_line(words, problem, capsys):
    assert main(words) == 2
    assert re.search(problem, the_error(capsys))


@pytest.mark.parametrize(
    ('words', 'problem'),
    [
        (['draw', 'x', 'x=1', '-o', 'nowhere/x.svg'], 'nowhere'),
        (['draw', 'x', 'x=1', '-o', 'x.bmp'], 'x.bmp'),
        (['draw', 'x', 'x=1', '-o', '.'], "'?\\.?'?"),
        (['draw', 'max([])'], 'no largest'),
        (['draw', '+'.join(['x'] * 700), 'x=1', '-o', 'x.svg'], '500|values'),
        (['digits', '--data', 'nowhere'], 'nowhere: there is no such folder'),
        (['digits', '--data', '.'], 'neither t10k-images-idx3-ubyte nor'),
        (['train', 'nowhere.csv', '--target', 'y'], 'nowhere.csv: No such file'),
        (['train', '.', '--target', 'y'], 'expected a file, found a directory'),
        (['predict', 'nowhere.json', 'nowhere.csv'], 'nowhere.json: No such file'),
        (['predict', '.', 'nowhere.csv'], 'directory'),
    ],
)
def test_what_cannot_be_done_ends_with_1_and_one_line(words, problem, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(words) == 1
    assert re.search(problem, the_error(capsys))
    assert list(tmp_path.iterdir()) == []


# check ----------------------------------------------------------------------------------------------------------------


def test_check_compares_with_central_differences(capsys):
    assert main(['check', *NEURON]) == 0
    header, *rows = lines_of(capsys)
    assert header.split('  ')[-1] != 'agrees'
    assert [row.split()[0] for row in rows] == ['w', 'x', 'b']
    for row, gradient in zip(rows, (1.00194, -1.50292, 0.500972), strict=True):
        _, analytic, numeric, difference, tolerance, verdict = row.split()
        assert float(analytic) == pytest.approx(gradient, rel=1e-5)
        assert float(numeric) == pytest.approx(gradient, rel=1e-5)
        assert float(difference) <= float(tolerance)
        assert verdict == 'agrees'


def test_check_ends_with_1_where_they_differ(capsys):
    assert main(['check', 'floor(x) + 2*y', 'x=1', 'y=3']) == 1
    lines = lines_of(capsys)
    assert [line.split()[-1] for line in lines[1:3]] == ['DIFFERS', 'agrees']
    assert lines[-1].startswith('1 of 2 differ; at a jump')


@pytest.mark.parametrize('words', [['sqrt(x)', 'x=0'], ['log(x)', 'x=-1'], ['sin(x)/x', 'x=0']])
def test_check_says_where_there_is_nothing_to_compare_with(words, capsys):
    assert main(['check', *words]) == 1
    assert lines_of(capsys)[-1].endswith('as sqrt(x) at 0, there is nothing to compare with')


def test_check_says_where_there_is_a_kink(capsys):
    assert main(['check', 'relu(x) + 2*y', 'x=0', 'y=3']) == 0
    assert lines_of(capsys)[1].endswith('agrees, at a kink: from 0 to 1')


def test_check_takes_the_numbers_in_any_order(capsys):
    assert main(['check', 'x - 3*y', 'y=1', 'x=2']) == 0
    assert [line.split()[:2] for line in lines_of(capsys)[1:]] == [['x', '1'], ['y', '-3']]


# ops, demo, help ------------------------------------------------------------------------------------------------------


def test_ops_shows_the_table(capsys):
    assert main(['ops']) == 0
    lines = lines_of(capsys)
    assert max(map(len, lines)) <= 100
    assert lines[0] == 'Of two numbers and more'
    assert lines[-1] == 'for more of one of them: micrograd ops NAME'


@pytest.mark.parametrize(
    ('name', 'first'),
    [('relu', 'relu(x)'), ('ReLU', 'relu(x)'), ('+', 'x + y'), ('**', 'x**y'), ('mean', 'mean([x1, x2])')],
)
def test_ops_shows_one_by_its_name_or_symbol(name, first, capsys):
    assert main(['ops', name]) == 0
    assert lines_of(capsys)[0] == first


@pytest.mark.parametrize(
    ('words', 'call'),
    [
        ([], {'out': 'micrograd-demo', 'seed': 0}),
        (['--seed', '7', '--out', 'there'], {'out': 'there', 'seed': 7}),
        (['--seed', '-1'], {'out': 'micrograd-demo', 'seed': -1}),
    ],
)
def test_demo_runs_the_demo(words, call, monkeypatch):
    calls = []
    demo = types.SimpleNamespace(run=lambda **arguments: calls.append(arguments))
    monkeypatch.setattr(micrograd, 'demo', demo, raising=False)
    assert main(['demo', *words]) == 0
    assert calls == [call]


SETTINGS = {
    'data': None, 'hidden': (30,), 'epochs': 30, 'batch_size': 10, 'eta': None, 'cost': 'quadratic', 'seed': 0,
    'initialisation': 'nielsen',
}  # fmt: skip


@pytest.mark.parametrize(
    ('words', 'out', 'changed'),
    [
        ([], 'micrograd-digits', {}),
        (
            ['--data', 'mnist', '--hidden', '100', '--cost', 'cross-entropy', '--out', 'there'],
            'there',
            {'data': 'mnist', 'hidden': (100,), 'cost': 'cross-entropy'},
        ),
        (
            ['--hidden', '30, 20', '--epochs', '3', '--batch-size', '5', '--eta', '1e-1', '--seed', '-7'],
            'micrograd-digits',
            {'hidden': (30, 20), 'epochs': 3, 'batch_size': 5, 'eta': 0.1, 'seed': -7},
        ),
        (['--initialisation', 'gaussian'], 'micrograd-digits', {'initialisation': 'gaussian'}),
    ],
)
def test_digits_trains_on_digits(words, out, changed, monkeypatch):
    calls = []
    digits = types.SimpleNamespace(run=lambda out, **settings: calls.append((out, settings)))
    monkeypatch.setattr(micrograd, 'digits', digits, raising=False)
    assert main(['digits', *words]) == 0
    assert calls == [(out, SETTINGS | changed)]


def test_the_settings_of_digits_are_those_that_training_has():
    from micrograd.digits import COSTS, train

    given = {name: p.default for name, p in inspect.signature(train).parameters.items()}
    assert {name: given[name] for name in SETTINGS if name != 'data'} | {'data': None} == SETTINGS
    assert {name: cost.eta for name, cost in COSTS.items()} == {'quadratic': 3.0, 'cross-entropy': 0.5}


TRAIN = {
    'out': 'micrograd-train', 'save_as': None, 'hidden': (16, 16), 'epochs': 50, 'batch_size': 16, 'lr': 0.01,
    'lmbda': 200.0, 'task': None, 'missing': 'error', 'ignore': [], 'test': 0.2, 'seed': 0, 'delimiter': ',',
}  # fmt: skip


@pytest.mark.parametrize(
    ('words', 'changed'),
    [
        ([], {}),
        (
            ['--hidden', '8', '--epochs', '3', '--batch-size', '5', '--lr', '1e-3', '--lambda', '0', '--seed', '-7'],
            {'hidden': (8,), 'epochs': 3, 'batch_size': 5, 'lr': 0.001, 'lmbda': 0.0, 'seed': -7},
        ),
        (
            ['--task', 'regression', '--missing', 'mean', '--ignore', 'a', '--ignore', 'b,c', '--test', '.5'],
            {'task': 'regression', 'missing': 'mean', 'ignore': ['a', 'b,c'], 'test': 0.5},
        ),
        (
            ['--delimiter', 'tab', '--out', 'there', '--save', 'm.json'],
            {'delimiter': '\t', 'out': 'there', 'save_as': 'm.json'},
        ),
    ],
)
def test_train_trains_on_a_table(words, changed, monkeypatch):
    calls = []
    stub = types.SimpleNamespace(run=lambda path, target, **settings: calls.append((path, target, settings)))
    monkeypatch.setattr(micrograd, 'tabular', stub, raising=False)
    assert main(['train', 'a.csv', '--target', 'y', *words]) == 0
    assert calls == [('a.csv', 'y', TRAIN | changed)]


def test_the_settings_of_train_are_those_that_training_has():
    from micrograd.tabular import run, train

    given = {name: p.default for function in (train, run) for name, p in inspect.signature(function).parameters.items()}
    assert {name: given[name] for name in TRAIN} | {'ignore': []} == TRAIN


@pytest.mark.parametrize('words', [[], ['draw'], ['check'], ['ops'], ['demo'], ['digits'], ['train'], ['predict']])
@pytest.mark.parametrize('option', ['-h', '--help'])
def test_help_has_examples(words, option, capsys):
    assert main([*words, option]) == 0
    text = '\n'.join(lines_of(capsys))
    examples = text.partition('examples:')[2].strip().splitlines()
    assert len(examples) >= 2
    assert all(line.strip().startswith('micrograd') for line in examples)
    assert max(map(len, text.splitlines())) <= 100


def test_without_a_command_the_help_is_shown(capsys):
    assert main([]) == 0
    assert lines_of(capsys)[0].startswith('usage: micrograd')


def examples_in_help():
    texts = (cli.EXAMPLES, expressions.DRAW_EXAMPLES, expressions.CHECK_EXAMPLES, expressions.OPS_EXAMPLES)
    return sorted(
        {
            line.strip()
            for text in texts
            for line in text.splitlines()[1:]
            if not re.search(' demo| digits| train| predict', line)
        }
    )


@pytest.mark.parametrize('example', examples_in_help())
def test_the_examples_work(example, capsys, drawn, opened):
    import shlex

    program, *words = shlex.split(example)
    assert program == 'micrograd'
    assert main(words) == 0
    assert lines_of(capsys)


def test_version(capsys):
    assert main(['--version']) == 0
    assert lines_of(capsys) == [f'micrograd {micrograd.__version__}']


# How it ends ----------------------------------------------------------------------------------------------------------


def fail_with(monkeypatch, error):
    def fail(*args, **kwargs):
        raise error

    monkeypatch.setattr(expressions.reference, 'table', fail)


def test_ctrl_c_ends_quietly_with_130(monkeypatch, capsys):
    fail_with(monkeypatch, KeyboardInterrupt())
    assert main(['ops']) == 130
    assert capsys.readouterr().err == ''


@pytest.mark.parametrize(
    ('error', 'line'),
    [
        (MissingDependencyError('no graphviz\nat all'), 'no graphviz at all'),
        (
            FileNotFoundError(errno.ENOENT, 'No such file or directory', 'moons.csv'),
            'moons.csv: No such file or directory',
        ),
        (OSError('the disk is gone'), 'the disk is gone'),
        (OSError(errno.EACCES, 'Permission denied', 'a\x1b[31m'), 'a?[31m: Permission denied'),
    ],
)
def test_failures_are_one_line(error, line, monkeypatch, capsys):
    fail_with(monkeypatch, error)
    assert main(['ops']) == 1
    assert the_error(capsys) == line


def test_a_fault_of_ours_keeps_its_traceback(monkeypatch):
    fail_with(monkeypatch, ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        main(['ops'])


@pytest.mark.parametrize('words', [['ops'], ['ops', 'exp']])
def test_a_closed_pipe_is_no_complaint(words, monkeypatch, capsys):
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, 'w', encoding='utf-8') as output:
        monkeypatch.setattr(sys, 'stdout', output)
        assert main(words) == 141
        print('whatever is written now goes nowhere', flush=True)
    assert capsys.readouterr().err == ''


@pytest.mark.skipif(not os.path.exists('/dev/full'), reason='this system has no /dev/full')
@pytest.mark.parametrize('words', [['ops'], ['ops', 'exp']])  # more than a buffer holds, and less
def test_a_full_disk_is_an_error(words, monkeypatch, capsys):
    with open('/dev/full', 'w', encoding='utf-8') as output:
        monkeypatch.setattr(sys, 'stdout', output)
        assert main(words) == 1
    assert 'No space left' in the_error(capsys)


def test_a_terminal_without_the_letters(monkeypatch, tmp_path):
    with open(tmp_path / 'out', 'w', encoding='ascii') as output:
        monkeypatch.setattr(sys, 'stdout', output)
        assert main(['ops', 'sum']) == 0
    assert 'symbol            ?' in (tmp_path / 'out').read_text(encoding='ascii')


def test_a_terminal_without_lines_shows_a_tree_that_stands_straight(monkeypatch, tmp_path):
    with open(tmp_path / 'out', 'w', encoding='ascii') as output:
        monkeypatch.setattr(sys, 'stdout', output)
        assert main(['draw', 'x - x*y', 'x=1', 'y=-2']) == 0
    assert (tmp_path / 'out').read_text(encoding='ascii').splitlines()[5:10] == [
        '                   value     grad  rate factor',
        '-                 3.0000   1.0000',
        '|- x              1.0000   3.0000   1',
        '`- *             -2.0000  -1.0000  -1',
        '   |- x ^ above   1.0000   3.0000  -2',
    ]


def test_no_standard_output_at_all(monkeypatch):
    monkeypatch.setattr(sys, 'stdout', None)
    assert main(['ops']) == 0


# As a program ---------------------------------------------------------------------------------------------------------


def program(*words, **more):
    return subprocess.run(
        [sys.executable, '-m', 'micrograd', *words],
        capture_output=True,
        text=True,
        encoding='utf-8',
        timeout=60,
        **more,
    )


def test_the_words_of_the_command_line_are_the_default(monkeypatch, capsys):
    monkeypatch.setattr(sys, 'argv', ['micrograd', 'ops', 'exp'])
    with pytest.raises(SystemExit) as ended:
        runpy.run_module('micrograd', run_name='__main__')
    assert ended.value.code == 0
    assert lines_of(capsys)[0] == 'exp(x)'


def test_importing_main_runs_nothing(capsys):
    import micrograd.__main__

    assert micrograd.__main__.main is main
    assert lines_of(capsys) == []


def test_python_m_micrograd():
    done = program('draw', *NEURON)
    assert (done.returncode, done.stderr) == (0, '')
    assert 'tanh(w*x + b)' in done.stdout


@pytest.mark.parametrize(('words', 'code'), [(['draw', 'x.y'], 2), (['draw', 'x', 'x=1', '-o', 'no/x.svg'], 1)])
def test_mistakes_have_no_traceback(words, code):
    done = program(*words)
    assert done.returncode == code
    [line] = done.stderr.splitlines()
    assert line.startswith('micrograd: error: ')


def test_a_reader_that_leaves_early_hears_nothing():
    shell = f'"{sys.executable}" -m micrograd ops | head -1'
    done = subprocess.run(['/bin/sh', '-c', shell], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ('Of two numbers and more\n', '')


def test_starting_loads_nothing_heavy():
    command = 'import sys; from micrograd.cli import main; main(sys.argv[1:]); print(*sys.modules)'
    words = [sys.executable, '-c', command, 'check', *NEURON]
    done = subprocess.run(words, capture_output=True, text=True, timeout=60, check=True)
    loaded = set(done.stdout.splitlines()[-1].split())
    assert 'micrograd.cli' in loaded
    assert not loaded & {'graphviz', 'pygraphviz', 'matplotlib', 'numpy', 'tqdm', 'micrograd.render', 'micrograd.nn'}
