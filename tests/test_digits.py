"""`micrograd digits`: it trains as fit() does, prints as the book does, and writes what it should."""

import io
import math
import random
import re
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout

import mpmath
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micrograd import Value, digits, fit, nn, no_grad, optim
from micrograd.checkpoint import load
from micrograd.cli import main
from micrograd.compiler.epochs import NativeTraining
from micrograd.data import Dataset, Digits, one_hot
from micrograd.data import digits as read_digits
from micrograd.errors import DataError, MissingDependencyError
from micrograd.losses import quadratic
from micrograd.metrics import Mistake, largest, worst_mistakes
from tests.support import require, shared_file

require('sklearn')

NAMES = ['model.json', 'loss_curve.png', 'confusion_matrix.png', 'mistakes.png', 'neurons.png']
WHOLE = read_digits()
SMALL = Digits(
    Dataset(WHOLE.train.inputs[:200], WHOLE.train.targets[:200]),
    Dataset(WHOLE.test.inputs[:50], WHOLE.test.targets[:50]),
    WHOLE.shape,
)
QUICK = {'hidden': (8,), 'epochs': 2}


def train(data=SMALL, **options):
    """A quiet training, and the lines that it printed."""
    with redirect_stdout(io.StringIO()) as out:
        trained = digits.train(data, **{**QUICK, 'progress': False, **options})
    return trained, out.getvalue().splitlines()


def numbers(model):
    return [p.data for p in model.parameters()]


def answers(model, data):
    with no_grad():
        return [largest(model(row)) for row in data.test.inputs]


# The cost ------------------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(-700, 700), st.sampled_from([0.0, 0.25, 1.0])), min_size=1, max_size=5))
def test_the_cross_entropy_is_that_of_the_book(neurons):
    z, y = zip(*neurons, strict=True)
    inputs = [Value(number) for number in z]
    cost = digits.binary_cross_entropy(inputs, list(y))
    cost.backward()
    with mpmath.workdps(700):
        a = [1 / (1 + mpmath.exp(-mpmath.mpf(number))) for number in z]
        expected = -sum(t * mpmath.log(p) + (1 - t) * mpmath.log(1 - p) for p, t in zip(a, y, strict=True))
        slopes = [float(p - t) for p, t in zip(a, y, strict=True)]
    assert cost.data == pytest.approx(float(expected), rel=1e-12)
    assert [v.grad for v in inputs] == pytest.approx(slopes, rel=1e-12, abs=1e-16)


# Training ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(('cost', 'eta'), [('quadratic', 3.0), ('cross-entropy', 0.5)])
def test_it_trains_as_fit_does(cost, eta):
    trained, _ = train(cost=cost, seed=5, batch_size=7, hidden=(6, 5))
    generator = random.Random(5)
    output = 'sigmoid' if cost == 'quadratic' else 'linear'
    twin = nn.MLP(64, [6, 5, 10], activation='sigmoid', output=output, initialisation='nielsen', generator=generator)
    history = fit(
        twin, (SMALL.train.inputs, one_hot(SMALL.train.targets, 10)), loss=digits.COSTS[cost].loss,
        optimizer=optim.SGD(twin.parameters(), lr=eta), epochs=2, batch_size=7, seed=generator, progress=False,
        validation=(SMALL.test.inputs, one_hot(SMALL.test.targets, 10)), compiled=True,
    )  # fmt: skip
    assert numbers(trained.model) == numbers(twin)
    assert trained.history.losses == history.losses
    assert trained.history.validation['loss'] == history.validation['loss']


@pytest.mark.parametrize('cost', ['quadratic', 'cross-entropy'])
def test_what_is_counted_is_what_the_model_answers(cost):
    trained, lines = train(cost=cost)
    assert trained.answers == answers(trained.model, SMALL)
    right = sum(a == y for a, y in zip(trained.answers, SMALL.test.targets, strict=True))
    assert lines[1:] == [
        f'Epoch 1: {round(50 * trained.history.validation["accuracy"][0])} / 50',
        f'Epoch 2: {right} / 50',
    ]
    assert trained.history.validation['accuracy'][1] == right / 50
    wrong = [i for i, (a, y) in enumerate(zip(trained.answers, SMALL.test.targets, strict=True)) if a != y]
    assert sorted(mistake.example for mistake in trained.mistakes) == wrong
    costs = [mistake.cost for mistake in trained.mistakes]
    assert costs == sorted(costs, reverse=True)
    with no_grad():
        on_training = [largest(trained.model(x)) == y for x, y in zip(*SMALL.train, strict=True)]
    assert trained.history.metrics['accuracy'][1] == sum(on_training) / 200


def test_each_line_is_out_before_the_next_epoch():
    class Pipe(io.StringIO):
        def flush(self):
            out.append(self.getvalue())

    out = []
    with redirect_stdout(Pipe()):
        digits.train(SMALL, **QUICK, progress=False)
    last = [text.splitlines()[-1] for text in dict.fromkeys(out)]
    assert [line.partition(':')[0] for line in last[1:]] == ['Epoch 1', 'Epoch 2']


def test_a_mini_batch_has_no_more_digits_than_there_are():
    whole, larger = (train(batch_size=size)[0] for size in (200, 10**6))
    assert numbers(whole.model) == numbers(larger.model)
    assert larger.history.steps == 2


def test_the_first_line_says_what_is_trained():
    _, lines = train(hidden=(8, 4), eta=0.25, epochs=1)
    assert lines[0] == ('200 digits to train with, 50 to test with; a network 64-8-4-10, quadratic cost, eta = 0.25')
    _, lines = train(cost='cross-entropy', epochs=1)
    assert lines[0].endswith('a network 64-8-10, cross-entropy cost, eta = 0.5')


def test_the_outputs_are_activations_whatever_the_cost():
    trained, _ = train(cost='cross-entropy')
    assert str(trained.model.layers[-1].neurons[0]) == 'SigmoidNeuron(8)'
    assert all(0.0 < a.data < 1.0 for a in trained.model(SMALL.test.inputs[0]))


@pytest.mark.parametrize('cost', ['quadratic', 'cross-entropy'])
def test_it_learns(cost):
    trained, _ = train(WHOLE, cost=cost, hidden=(30,), epochs=15)
    assert trained.history.validation['accuracy'][-1] > 0.88
    assert trained.history.metrics['accuracy'][-1] > 0.96
    assert trained.history.compiled


def test_the_seed_decides_everything():
    runs = [train(seed=seed) for seed in (4, 4, 5)]
    states = [(numbers(trained.model), lines) for trained, lines in runs]
    assert states[0] == states[1]
    assert states[0][0] != states[2][0]


def test_nothing_is_compiled_again_from_epoch_to_epoch(monkeypatch):
    made = []
    original = NativeTraining.__init__
    monkeypatch.setattr(NativeTraining, '__init__', lambda *args, **kwargs: made.append(original(*args, **kwargs)))
    monkeypatch.setattr(NativeTraining, 'is_current', lambda self: pytest.fail('the model is looked through'))
    train(epochs=3)
    assert len(made) == 1


@pytest.mark.parametrize(
    ('options', 'error', 'message'),
    [
        ({'epochs': 0}, DataError, 'epochs should be at least 1'),
        ({'batch_size': 0}, DataError, 'batch_size should be at least 1'),
        ({'eta': math.nan}, DataError, 'eta should be a finite number'),
        ({'eta': 0.0}, ValueError, 'eta should be above 0'),
        ({'cost': 'crossentropy'}, ValueError, "no cost 'crossentropy'; there is 'cross-entropy'"),
        ({'hidden': (3, 0)}, DataError, r'hidden\[1\] should be at least 1'),
        ({'hidden': 0}, DataError, r'hidden\[0\] should be at least 1'),
        ({'hidden': 5.0}, TypeError, r'hidden should be the numbers of neurons.*not 5.0 of type float. Right: '),
        ({'hidden': None}, TypeError, 'hidden should be .* not None'),
        ({'hidden': '30'}, TypeError, "hidden should be .* not '30'"),
        ({'hidden': (5.0,)}, TypeError, r'hidden\[0\] should be an integer'),
        ({'hidden': 10**12}, DataError, '64-1000000000000-10 has 75,000,000,000,010 parameters.*2,000,000 fit'),
        ({'hidden': 26_667}, DataError, '2,000,035 parameters'),
        ({'seed': 'one'}, TypeError, 'seed should be an integer'),
    ],
)
def test_settings_that_are_refused_before_anything_is_printed(options, error, message, capsys):
    with pytest.raises(error, match=message):
        digits.train(SMALL, **{**QUICK, **options})
    assert capsys.readouterr().out == ''


def test_the_largest_network_that_fits():
    assert digits._sizes(64, 26_666) == [64, 26_666, 10]
    assert digits._sizes(64, ()) == [64, 10]


def test_one_hidden_layer_may_be_an_integer():
    assert numbers(train(hidden=5, epochs=1)[0].model) == numbers(train(hidden=[5], epochs=1)[0].model)


# Mistakes ------------------------------------------------------------------------------------------------------------


def test_the_worst_mistake_comes_first_and_what_is_right_is_left_out():
    outputs = [[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [Value(0.8), Value(0.2)], [0.6, 0.4]]
    targets = [[1, 0], [0, 1], [0, 1], [0, 1], [0, 1]]
    found = worst_mistakes(outputs, targets, quadratic)
    assert [mistake[:3] for mistake in found] == [(3, 1, 0), (1, 1, 0), (4, 1, 0)]
    assert found[0] == Mistake(3, 1, 0, pytest.approx(0.64))
    assert worst_mistakes([[0.9, 0.1]], [0], lambda output, y: Value(1.0)) == []
    assert worst_mistakes([[0.9, 0.1]], [1], lambda output, y: Value(3.0)) == [Mistake(0, 1, 0, 3.0)]


def test_a_cost_that_is_nan_is_the_worst():
    costs = iter([0.5, math.nan, 2.0, math.inf, math.nan, 1.0])
    found = worst_mistakes([[1.0, 0.0]] * 6, [1] * 6, lambda output, y: Value(next(costs)))
    assert [mistake.example for mistake in found] == [1, 4, 3, 2, 5, 0]


def test_mistakes_are_shown_with_what_they_are_and_are_taken_for():
    figure = digits.mistakes_figure([Mistake(3, 3, 5, 0.9), Mistake(7, 8, 1, 0.8)], SMALL)
    for image, example in zip(figure.axes[0].images, (3, 7), strict=True):
        assert image.get_array().tolist() == [SMALL.test.inputs[example][k : k + 8] for k in range(0, 64, 8)]
    assert [text.get_text() for text in figure.axes[0].texts] == ['3, not 5', '8, not 1', '2 mistakes']
    many = digits.mistakes_figure([Mistake(i, 0, 1, 0.5) for i in range(50)], SMALL)
    assert len(many.axes[0].images) == 30
    assert many.axes[0].texts[-1].get_text() == 'The worst 30 of 50 mistakes'


def test_neurons_are_shown_as_what_they_weigh():
    model = nn.MLP(4, [102, 2], generator=0)
    figure = digits.neurons_figure(model, (2, 2))
    *pictures, _ = figure.axes[0].images
    assert len(pictures) == 100
    sizes = sorted(abs(w.data) for neuron in model.layers[0].neurons[:100] for w in neuron.w)
    last = [max(-1.0, min(1.0, w.data / sizes[-5])) for w in model.layers[0].neurons[99].w]  # four of 400 lie beyond
    assert pictures[99].get_array().tolist() == [last[:2], last[2:]]
    assert '1.100' in [text.get_text() for text in figure.axes[0].texts]


# The files -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def small(monkeypatch):
    """Fewer of scikit-learn's digits."""
    monkeypatch.setattr(digits, 'digits', lambda folder: SMALL)


def test_a_run_writes_its_files_and_says_so(tmp_path, small):
    folder = tmp_path / 'a' / 'b'
    folder.mkdir(parents=True)
    (folder / 'notes.txt').write_text('mine')
    (folder / 'model.json').write_text('old')
    with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
        paths = digits.run(folder, seed=3, **QUICK)
    assert paths == [folder / name for name in NAMES]
    assert {path.name for path in folder.iterdir()} == {*NAMES, 'notes.txt'}
    assert (folder / 'notes.txt').read_text() == 'mine'
    assert all(path.read_bytes().startswith(b'\x89PNG') for path in paths[1:])
    trained, lines = train(seed=3)
    assert numbers(load(folder / 'model.json')) == numbers(trained.model)
    printed = out.getvalue().splitlines()
    assert printed[: len(lines) + 1] == [*lines, '']
    table = printed[len(lines) + 1 :]
    assert [line.split('  ')[0] for line in table] == [str(path) for path in paths]
    assert all(re.search(r' kB  \w', line) for line in table)
    assert 'epoch 2/2' in err.getvalue()
    assert '\r' not in out.getvalue()


def test_without_a_mistake_there_is_no_picture_of_any(tmp_path, small, monkeypatch):
    trained, _ = train()
    perfect = digits.Trained(trained.model, trained.history, SMALL.test.targets, [])
    monkeypatch.setattr(digits, 'train', lambda data, **settings: perfect)
    assert [path.name for path in digits.run(tmp_path)] == [name for name in NAMES if name != 'mistakes.png']


def test_ctrl_c_ends_it_and_nothing_is_written(tmp_path, small, monkeypatch):
    made = []

    class Watched(nn.MLP):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            made.append(self)

    def interrupt(watch, history):
        raise KeyboardInterrupt

    monkeypatch.setattr(digits, 'MLP', Watched)
    monkeypatch.setattr(digits._Watch, '__call__', interrupt)
    with pytest.raises(KeyboardInterrupt):
        digits.run(tmp_path / 'a' / 'b', cost='cross-entropy', **QUICK)
    assert list(tmp_path.iterdir()) == []
    assert all(neuron.nonlin for neuron in made[0].layers[-1].neurons)


@pytest.mark.parametrize(
    ('module', 'extra'), [('matplotlib', 'plot'), ('numpy', 'compile'), ('sklearn.datasets', 'digits')]
)
def test_what_is_missing_is_found_out_before_the_training(tmp_path, module, extra, monkeypatch):
    monkeypatch.setattr(digits, 'train', lambda data, **settings: pytest.fail('the training has begun'))
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(MissingDependencyError, match=rf"{module} is not installed.*'\.\[{extra}\]'"):
        digits.run(tmp_path / 'out')
    assert not (tmp_path / 'out').exists()


def test_a_file_in_the_way(tmp_path, small):
    path = tmp_path / 'out'
    path.write_text('mine')
    with pytest.raises(NotADirectoryError):
        digits.run(path)
    assert path.read_text() == 'mine'


@pytest.mark.parametrize(
    ('words', 'problem'),
    [
        (['--data', 'nowhere'], 'nowhere: there is no such folder. Right: --data and the folder'),
        (['--data', '.'], 'there is neither t10k-images-idx3-ubyte nor .*. Right: --data and the folder'),
        (['--hidden', '999999999999'], 'has 74,999,999,999,935 parameters, and no more than 2,000,000 fit'),
    ],
)
def test_the_command_says_what_to_type(words, problem, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(['digits', *words]) == 1
    printed = capsys.readouterr()
    assert re.search(problem, printed.err)
    assert 'digits(' not in printed.err
    assert printed.out == ''
    assert list(tmp_path.iterdir()) == []


def test_the_command_reads_mnist(tmp_path):
    """In a process of its own: there nobody counts the lines that run."""
    data = shared_file('mnist/t10k-images-idx3-ubyte.gz').parent
    words = ['digits', '--data', str(data), '--epochs', '2', '--out', str(tmp_path)]
    done = subprocess.run([sys.executable, '-m', 'micrograd', *words], capture_output=True, check=True, text=True)
    [first, second] = re.findall(r'^Epoch (\d): (\d+) / 2000$', done.stdout, flags=re.MULTILINE)
    assert (first[0], second[0]) == ('1', '2')
    assert int(second[1]) > 1800
    assert 'network 784-30-10' in done.stdout
    assert {path.name for path in tmp_path.iterdir()} == {*NAMES}
