"""What fit records of gradients, and how it is plotted; activations, saturated and dead neurons; snapshots."""

import math
import sys

import pytest
from matplotlib.colors import to_hex

from micrograd import Value, fit, flow, nn, optim
from micrograd.data import moons
from micrograd.errors import DataError, MissingDependencyError, ShapeError, TrainingError
from micrograd.history import History
from micrograd.render.plots import activation_histograms, gradient_flow, save_figure
from micrograd.render.plots.figures import COLOURS, INK
from micrograd.saturation import activities, slope, slow
from micrograd.snapshots import Snapshots
from tests.test_plots import drawn, legend

NAN, INF = math.nan, math.inf
DATA = [([0.0, 1.0], 1.0), ([1.0, 0.0], -1.0), ([0.5, 0.5], 1.0)]


def trained(model, **options):
    options = {'loss': 'mse', 'optimizer': optim.SGD(model.parameters(), lr=0.01), 'epochs': 2, **options}
    return fit(model, DATA, batch_size=1, progress=False, **options)


# What is recorded --------------------------------------------------------------------------------------------------


def test_a_step_records_the_mean_size_of_each_layer_s_weight_gradients():
    model = nn.MLP(2, [2, 1], activation='tanh', generator=0)
    seen = []

    class Watching(optim.SGD):
        def step(self):
            layers = [[abs(w.grad) for n in layer.neurons for w in n.w] for layer in model.layers]
            seen.append([sum(sizes) / len(sizes) for sizes in layers])
            for p in self.parameters:
                p.grad = 99.0  # as clipping might do: what backward() gave counts
            super().step()

    history = trained(model, optimizer=Watching(model.parameters(), lr=1e-4))
    assert list(history.gradients) == ['layers.0', 'layers.1']
    assert len(seen) == history.steps == 6
    for i, numbers in enumerate(history.gradients.values()):
        assert numbers == pytest.approx([sizes[i] for sizes in seen])


class Blocks(nn.Module):
    def __init__(self, number=2):
        self.first = nn.Layer(2, 3, generator=0)
        self.matrix = [[Value(0.5) for _ in range(3)] for _ in range(number)]
        self.scale = Value(1.0)

    def __call__(self, x):
        hidden = self.first(x)
        return self.scale * sum(w * h for w, h in zip(self.matrix[0], hidden, strict=True))


@pytest.mark.parametrize(
    ('model', 'sizes'),
    [
        (nn.Neuron(3), {'w': 3, 'b': 1}),
        (nn.Layer(3, 2), {'neurons': 6}),
        (nn.MLP(3, [2, 1]), {'layers.0': 6, 'layers.1': 2}),
        (Blocks(), {'first': 6, 'matrix': 6, 'scale': 1}),
    ],
)
def test_layers_by_the_names_of_the_parameters(model, sizes):
    assert {name: len(ws) for name, ws in flow.layers(model, model.parameters()).items()} == sizes


def test_only_what_is_trained_counts():
    model = nn.MLP(2, [2, 1])
    assert list(flow.layers(model, model.layers[1].parameters())) == ['layers.1']
    history = trained(model, optimizer=optim.SGD(model.layers[1].parameters(), lr=0.1))
    assert list(history.gradients) == ['layers.1']


def test_what_is_no_module_or_has_too_many_layers_is_one():
    w = Value(1.0)
    assert flow.layers(lambda x: w * x, [w]) == {'parameters': [w]}

    class Many(nn.Module):
        def __init__(self):
            self.parts = {f'p{i}': Value(1.0) for i in range(100)}

    many = Many()
    assert [len(ws) for ws in flow.layers(many, many.parameters()).values()] == [100]
    sgd = optim.SGD([w], lr=0.1)
    assert list(fit(lambda x: w * x[0], DATA, loss='mse', optimizer=sgd, progress=False).gradients) == ['parameters']


def test_the_same_training_gives_an_equal_history_and_other_gradients_another():
    one, two = (trained(nn.MLP(2, [2, 1], generator=0)) for _ in range(2))
    assert one == two
    two.gradients['layers.0'][0] += 1.0
    assert one != two


def test_histories_show_no_steps():
    history = History(losses=[0.5], gradients={'layers.0': [0.1] * 10_000}, steps=10_000)
    assert repr(history) == 'History(1 epoch, 10000 steps, loss=0.5, going on)'
    assert list(history.columns()) == ['loss']


def test_a_diverged_step_is_not_recorded():
    model = nn.Neuron(2, nonlin=False, generator=0)
    with pytest.raises(TrainingError) as caught:
        trained(model, optimizer=optim.SGD(model.parameters(), lr=1e200))
    history = caught.value.history
    assert {len(numbers) for numbers in history.gradients.values()} <= {history.steps}


def test_an_interrupted_step_is_recorded_as_a_whole_or_not_at_all():
    class Interrupting(dict):
        def items(self):
            yield 'a', 1.0
            raise KeyboardInterrupt

    history = History(gradients={'a': [0.5], 'b': [0.5]}, steps=1)
    with pytest.raises(KeyboardInterrupt):
        history.add_step(Interrupting())
    assert (history.gradients, history.steps) == ({'a': [0.5], 'b': [0.5]}, 1)
    history.add_step({'a': 0.25, 'b': 0.125})
    assert (history.gradients, history.steps) == ({'a': [0.5, 0.25], 'b': [0.5, 0.125]}, 2)


# Gradient flow -----------------------------------------------------------------------------------------------------


def flows(history):
    """The faint and the strong lines of each layer."""
    figure = gradient_flow(history)
    lines = [line for line in figure.axes[0].lines if len(line.get_xdata())]
    return figure, list(zip(lines[::2], lines[1::2], strict=True))


def test_each_layer_has_its_line_on_a_logarithmic_scale():
    history = trained(nn.MLP(2, [2, 1], activation='tanh', generator=0))
    figure, lines = flows(history)
    (axes,) = figure.axes
    assert axes.get_yscale() == 'log'
    assert (axes.get_xlabel(), axes.get_ylabel()) == ('step', 'mean |∂C/∂w|')
    for (faint, strong), numbers in zip(lines, history.gradients.values(), strict=True):
        assert faint.get_xydata().tolist() == [[i, size] for i, size in enumerate(numbers, 1)]
        assert strong.get_ydata()[-1] == pytest.approx(numbers[-1])
    assert [to_hex(strong.get_color()).upper() for _, strong in lines] == list(COLOURS[:2])
    assert drawn(figure)


def test_the_strong_line_is_a_running_geometric_mean():
    sizes = [10.0 ** (i % 2) for i in range(60)]  # a window of 4, two steps to either side
    _, [(_, strong)] = flows(History(gradients={'w': sizes}, steps=60))
    assert strong.get_ydata()[30] == pytest.approx(10 ** (2 / 5))


def test_zero_nan_and_infinity_are_gaps_and_marks():
    history = History(gradients={'a': [0.0, 0.1, 0.0, NAN, 0.2, INF], 'b': [0.1] * 6}, steps=6)
    figure, lines = flows(history)
    assert [math.isnan(y) for y in lines[0][0].get_ydata()] == [True, False, True, True, False, True]
    assert lines[0][1].get_markevery() == [1, 4, 5]  # points between gaps would not be seen
    assert lines[1][1].get_markevery() == [5]
    marks = [c.get_offsets().tolist() for c in figure.axes[0].collections if len(c.get_offsets())]
    assert marks == [[[1.0, 0.02], [3.0, 0.02]], [[4.0, 0.98], [6.0, 0.98]]]
    assert legend(figure) == [['a: inf', 'b: 0.1', 'gradient 0', 'nan or infinite']]
    assert drawn(figure)


def test_gradients_that_are_all_0_or_a_single_step():
    dead = gradient_flow(History(gradients={'w': [0.0, 0.0]}, steps=2))
    assert legend(dead) == [['w: 0', 'gradient 0']]
    assert drawn(dead)
    assert drawn(gradient_flow(History(gradients={'w': [0.5]}, steps=1)))


def test_more_layers_than_colours_differ_in_their_dashes():
    _, lines = flows(History(gradients={f'$l_{{{i}': [0.1 * (i + 1)] * 2 for i in range(8)}, steps=2))
    looks = {(strong.get_color(), strong.get_linestyle()) for _, strong in lines}
    assert len(looks) == 8


@pytest.mark.parametrize('history', [History(), History(losses=[0.5]), History(gradients={'w': []})])
def test_a_history_without_steps(history):
    with pytest.raises(DataError, match='no step was completed'):
        gradient_flow(history)


# Saturation --------------------------------------------------------------------------------------------------------


def neuron(w, b=0.0, activation='sigmoid'):
    return nn.Neuron(1, activation=activation, initialisation=lambda nin, nout, generator: ([w], b))


@pytest.mark.parametrize(
    ('activation', 'z', 'saturated'),
    [
        ('sigmoid', 4.3, False),  # 0.0133 against 0.0125, five per cent of a quarter
        ('sigmoid', 4.4, True),
        ('tanh', 2.1, False),
        ('tanh', 2.3, True),
        ('tanh', -2.3, True),
        ('relu', 0.5, False),
        ('relu', -0.5, True),
        ('leaky_relu(0.2)', -9.0, False),
        ('leaky_relu(0.01)', -9.0, True),
        ('linear', 100.0, False),
        ('exp', 1.0, False),
        (lambda z: (z - 1).tanh(), 1.0, False),
        (lambda z: z * 0.0 + 1.0, 1.0, True),
    ],
)
def test_saturated_is_where_the_slope_is_small_beside_the_largest(activation, z, saturated):
    [[found]] = activities(neuron(1.0, 0.0, activation), [([z], 1)])
    assert found.saturated == float(saturated)


def test_the_slope_is_that_of_the_table():
    assert slope(lambda z: z.sigmoid(), 0.0) == 0.25
    assert slope(lambda z: z.tanh() * 2.0, 0.0) == 2.0
    assert slope(lambda z: z.relu(), -1.0) == 0.0


@pytest.mark.parametrize(
    ('model', 'data', 'why'),
    [
        (neuron(1.0, -9.0, 'relu'), [1.0, 2.0], 'dead: the slope is 0 for every example'),
        (neuron(1.0, 0.0, 'relu'), [1.0, -2.0], ''),
        (neuron(9.0), [1.0, -1.0, 2.0, 0.01, 3.0, 4.0], 'saturated for 83% of the examples: the slope is near 0'),
        (neuron(1.0), [0.01, -0.01], 'its inputs are near 0: 0.01 on average'),
        (neuron(1.0), [NAN, 1.0], 'its activation is nan'),
        (neuron(1.0), [1.0], ''),
    ],
)
def test_why_a_neuron_learns_slowly(model, data, why):
    [[found]] = activities(model, [([x], 0) for x in data])
    assert found.why == why
    assert slow(model, [([x], 0) for x in data]) == ({'neuron 1.1': why} if why else {})


def test_neurons_have_the_names_of_their_places():
    layers = activities(nn.MLP(2, [3, 2], generator=0), DATA)
    assert [[n.name for n in layer] for layer in layers] == [
        ['neuron 1.1', 'neuron 1.2', 'neuron 1.3'],
        ['neuron 2.1', 'neuron 2.2'],
    ]
    assert [n.activation for n in layers[1]] == ['linear'] * 2
    assert all(len(n.a) == 3 for layer in layers for n in layer)


def test_a_histogram_and_shares_for_each_layer():
    model = nn.MLP(2, [3, 1], activation='relu', generator=0)
    model.layers[0].neurons[1].b.data = -100.0
    figure = activation_histograms(model, DATA)
    left, right, *_ = figure.axes
    assert len(figure.axes) == 4
    assert sum(patch.get_height() for patch in left.patches) == pytest.approx(100.0)
    shares = right.patches[3:]
    expected = [100 * n.saturated for n in activities(model, DATA)[0]]
    assert [bar.get_height() for bar in shares] == pytest.approx(expected)
    assert [to_hex(bar.get_facecolor()) for bar in shares].count(INK) == 1
    assert to_hex(shares[1].get_facecolor()) == INK
    assert '1.2: dead' in figure.get_supxlabel()
    assert drawn(figure)


@pytest.mark.parametrize('model', [nn.Neuron(2, generator=0), nn.Layer(2, 3, generator=0), nn.MLP(2, [40, 3, 1])])
def test_every_kind_of_model_and_a_single_example(model):
    figure = activation_histograms(model, DATA[:1])
    assert legend(figure)[0][0] == 'learning'
    assert drawn(figure)


def test_activations_that_are_all_the_same_or_no_numbers():
    assert drawn(activation_histograms(neuron(0.0), [([1.0], 1), ([2.0], 1)]))
    figure = activation_histograms(neuron(1.0), [([NAN], 1), ([1.0], 1)])
    assert [text.get_text() for text in figure.axes[0].texts] == ['1 of 2 are nan or infinite']
    assert drawn(figure)
    assert drawn(activation_histograms(neuron(1.0, 0.0, 'exp'), [([INF], 1)]))


def test_reasons_are_bounded():
    model = nn.MLP(1, [30], output='sigmoid', generator=0)
    for i, n in enumerate(model.layers[0].neurons):
        n.w[0].data = 3.0 + i / 4  # so that each is saturated for another share
    figure = activation_histograms(model, [([1.0 + i / 50], 1) for i in range(100)])
    assert len(figure.get_supxlabel().splitlines()) <= 7
    assert drawn(figure)


@pytest.mark.parametrize(
    ('model', 'data', 'error'),
    [(nn.Neuron(2), [], DataError), (nn.Neuron(2), [([1.0], 1)], ShapeError), (Blocks(), DATA, TypeError)],
)
def test_what_histograms_refuse(model, data, error):
    with pytest.raises(error):
        activation_histograms(model, data)


@pytest.mark.parametrize(
    'plot',
    [
        lambda: gradient_flow(History(gradients={'w': [0.5, 0.25]}, steps=2)),
        lambda: activation_histograms(nn.MLP(2, [3, 1], activation='tanh', generator=0), moons(10, seed=0)),
    ],
)
def test_the_same_numbers_give_the_same_bytes_and_matplotlib_is_named_where_it_is_missing(tmp_path, plot, monkeypatch):
    one, two = (save_figure(plot(), tmp_path / f'{i}.png').read_bytes() for i in range(2))
    assert one == two
    monkeypatch.setitem(sys.modules, 'matplotlib.style', None)
    with pytest.raises(MissingDependencyError, match='plot'):
        plot()


# Snapshots ---------------------------------------------------------------------------------------------------------


def test_snapshots_are_the_numbers_after_each_epoch():
    model = nn.Neuron(2, nonlin=False, generator=0)
    snapshots = Snapshots(model)
    before = model.state_dict()
    states = []
    history = trained(model, epochs=3, callbacks=[snapshots, lambda history: states.append(model.state_dict())])
    assert snapshots.epochs == [0, 1, 2, 3]
    assert snapshots.states == [before, *states]
    assert snapshots.losses == history.losses
    assert repr(snapshots) == 'Snapshots(4 over 3 epochs)'


@pytest.mark.parametrize('most', [2, 3, 4, 7, 10])
def test_there_are_never_more_than_wanted_and_they_are_evenly_spread(most):
    snapshots = Snapshots(nn.Neuron(1), most=most)
    history = History()
    for epoch in range(1, 70):
        history.losses.append(float(epoch))
        snapshots(history)
        assert len(snapshots.epochs) == len(snapshots.states) <= most
        assert (snapshots.epochs[0], snapshots.epochs[-1]) == (0, epoch)
        *gaps, last = [b - a for a, b in zip(snapshots.epochs, snapshots.epochs[1:], strict=False)]
        assert len(set(gaps)) <= 1
        assert last <= max(gaps, default=last)
    assert snapshots.losses == history.losses


def test_a_second_training_counts_on():
    model = nn.Neuron(2, nonlin=False, generator=0)
    snapshots = Snapshots(model)
    for _ in range(2):
        trained(model, callbacks=[snapshots])
    assert snapshots.epochs == [0, 1, 2, 3, 4]


@pytest.mark.parametrize(
    ('model', 'most', 'error'),
    [(lambda x: x, 5, TypeError), (nn.Neuron(1), 0, DataError), (nn.Neuron(1), 2.5, TypeError)],
)
def test_what_snapshots_refuse(model, most, error):
    with pytest.raises(error):
        Snapshots(model, most=most)


class Idle(nn.Layer):
    """A layer whose neurons take no part."""

    def __call__(self, x):
        return x


def test_a_layer_that_takes_no_part_has_an_empty_histogram():
    model = nn.MLP(2, [2, 2], activation='tanh', generator=0)
    model.layers[0] = Idle(2, 2, activation='tanh', generator=0)
    figure = activation_histograms(model, [([0.5, 1.0], 0), ([0.1, 0.2], 0)])
    assert 'Activations over 2 examples' in {legend.get_title().get_text() for legend in figure.legends}
