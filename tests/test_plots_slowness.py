"""The picture of what learns slowly: each line in the look of its reason, what the circles say, and what is refused."""

import sys

import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex

from micrograd import nn
from micrograd.data import moons
from micrograd.errors import DataError, MissingDependencyError, ShapeError
from micrograd.render.plots import save_figure, slow_weights
from micrograd.render.plots.figures import INK
from micrograd.render.plots.slowness import LOOKS
from micrograd.saturation import BOTH, FAULTS, LEARNS, NO_PART, NOT_FINITE, REASONS, SATURATED, SMALL_INPUT, SPREADS
from micrograd.saturation import slow_weights as found_in
from tests.test_groups import CHANGES, with_layer
from tests.test_plots import drawn
from tests.test_plots_network import circles, halves, texts
from tests.test_saturation import spread, with_weights

X = [([1.0, 0.01], 0), ([-1.0, 0.03], 0)]
MIXED = with_weights([[1.0, 1.0, 0.0], [1.0, 1.0, 9.0]])  # two neurons, the second saturated; the second input small


def lines(figure):
    """The ends of the lines of each look."""
    collections = [c for c in figure.axes[0].collections if isinstance(c, LineCollection)]
    return dict(zip(LOOKS, ([tuple(map(tuple, s)) for s in c.get_segments()] for c in collections), strict=True))


def test_each_line_has_the_look_of_its_reason():
    found = lines(slow_weights(MIXED, X))
    ends = {reason: [(start[1] > end[1], start[1] < end[1]) for start, end in found[reason]] for reason in found}
    down, up, level = (True, False), (False, True), (False, False)
    assert ends == {
        LEARNS: [level], SMALL_INPUT: [up], SATURATED: [down], BOTH: [level], NOT_FINITE: [], NO_PART: [],
    }  # fmt: skip
    (straight,), (both,) = found[LEARNS], found[BOTH]
    assert straight[0][1] > both[0][1]


def test_there_are_as_many_lines_as_weights_with_each_reason():
    model = nn.MLP(2, [5, 4, 2], activation='tanh', initialisation=spread(3.0), generator=1)
    data = moons(20, seed=0)
    counts = {reason: len(segments) for reason, segments in lines(slow_weights(model, data)).items()}
    weights = [weight.reason for weight in found_in(model, data) if weight.k is not None]
    assert counts == {reason: weights.count(reason) for reason in LOOKS}
    assert counts[LEARNS]
    assert counts[SATURATED]


def test_looks_differ_without_their_colours_and_slow_lines_are_on_top():
    figure = slow_weights(MIXED, X)
    collections = [c for c in figure.axes[0].collections if isinstance(c, LineCollection)]
    assert len({(str(c.get_linestyles()), c.get_linewidths()[0]) for c in collections}) == len(LOOKS)
    assert len({to_hex(c.get_colors()[0]) for c in collections}) == len(LOOKS)
    orders = [c.get_zorder() for c in collections]
    assert orders == sorted(orders)
    keys = [line for line in figure.axes[0].lines if line.get_linewidth() != 1]
    assert {line.get_color() for line in keys} == {LOOKS[reason].colour for reason in (LEARNS, *REASONS)}
    assert {LOOKS[reason].says for reason in (LEARNS, *REASONS)} <= {*texts(figure)}
    assert not {LOOKS[fault].says for fault in FAULTS} & {*texts(figure)}


def test_circles_show_mean_activations_and_shares():
    figure = slow_weights(MIXED, X)
    shown = texts(figure)
    assert {'1.00', '0.02', '0%', '100%', 'x₁', 'x₂'} <= {*shown}
    fills = [to_hex(half.get_facecolor()) for half in halves(figure)]
    first, second, *neurons = fills
    assert (first, second) == ('#ffffff', '#62a3e0')  # the second input is small
    assert neurons == ['#ffffff', '#ffffff', '#ffffff', '#f2994a']  # the second neuron saturated
    edges = [to_hex(circle.get_edgecolor()).upper() for circle in circles(figure)]
    assert edges[-1] == LOOKS[SATURATED].colour
    assert edges[-2].lower() == LOOKS[LEARNS].colour


def test_a_small_activation_is_marked_where_it_goes_on_to_other_neurons():
    figure = slow_weights(with_weights([[0.0, -4.0]], [[0.0, -4.0]]), [([1.0], 0)])
    fills = [to_hex(half.get_facecolor()) for half in halves(figure)]
    assert fills[1] == '#62a3e0'
    assert fills[3] == '#ffffff'  # an answer that is small is no input
    assert texts(figure).count('0.02') == 2


def test_it_says_how_many_and_names_a_layer_that_is_saturated():
    figure = slow_weights(with_weights([[0.0, 0.0]], [[0.0, 9.0]]), [([1.0], 0)])
    assert [text.get_text() for text in figure.texts] == [
        'MLP(1, [1, 1])',
        '2 of 4 parameters learn slowly, over 1 example',
    ]
    assert any(text.startswith('every neuron of the output layer is saturated') for text in texts(figure))
    hidden = slow_weights(with_weights([[1.0, 0.0]], [[0.0, 9.0]], [[1.0, 0.0]]), [([1.0], 0)])
    assert any(text.startswith('every neuron of layer 2 is saturated') for text in texts(hidden))
    assert not any(text.startswith('every') for text in texts(slow_weights(MIXED, X)))


@pytest.mark.parametrize('model', [nn.Neuron(2, generator=0), nn.Layer(2, 3, generator=0), nn.MLP(2, [40, 3, 1])])
def test_every_kind_of_model(model):
    figure = slow_weights(model, X, title='$\\frac{', widest=5)
    assert figure.texts[0].get_text() == '$\\frac{'
    assert drawn(figure)


def test_of_wide_layers_the_lines_are_those_of_the_neurons_that_are_drawn():
    model = nn.Layer(1, 9, activation='sigmoid', generator=0)
    for number, neuron in enumerate(model.neurons):
        neuron.b.data = 9.0 * (number == 8)
    found = lines(slow_weights(model, [([1.0], 0)], widest=3))
    assert [len(found[reason]) for reason in (LEARNS, SATURATED)] == [1, 1]
    ((_, (_, height)),) = found[SATURATED]
    assert height < found[LEARNS][0][1][1]


def with_a_nan():
    """The second of the two hidden neurons has a weight that is nan."""
    return with_weights([[1.0, 1.0, 0.0], [float('nan'), 1.0, 0.0]], [[1.0, 1.0, 0.0]])


def test_a_nan_is_dark_in_lines_and_circles_and_in_the_legend():
    figure = slow_weights(with_a_nan(), X)
    found = lines(figure)
    assert [len(found[reason]) for reason in (LEARNS, SMALL_INPUT, NOT_FINITE)] == [1, 1, 4]
    shown = texts(figure)
    assert shown.count('nan') == 4
    assert LOOKS[NOT_FINITE].says in shown
    assert LOOKS[NO_PART].says not in shown
    assert SPREADS in shown
    assert figure.texts[1].get_text() == '7 of 9 parameters learn slowly or not at all, over 2 examples'
    assert [to_hex(half.get_facecolor()) for half in halves(figure)].count(INK) == 4
    assert [to_hex(circle.get_edgecolor()) for circle in circles(figure)].count(INK) == 2


def test_an_infinite_activation_is_dark_and_its_share_is_told():
    figure = slow_weights(with_weights([[float('inf'), 0.0]], output='linear'), [([1.0], 0)])
    assert {'∞', '0%'} <= {*texts(figure)}
    assert [to_hex(half.get_facecolor()) for half in halves(figure)] == ['#ffffff', INK, '#ffffff']


def test_a_neuron_that_takes_no_part_is_empty():
    figure = slow_weights(with_layer(lambda a: {'first': a[0]}, at=1), [([1.0, 2.0], 0)])
    found = lines(figure)
    assert [len(found[reason]) for reason in (NO_PART, NOT_FINITE)] == [3, 0]
    shown = texts(figure)
    assert LOOKS[NO_PART].says in shown
    assert LOOKS[NOT_FINITE].says not in shown
    assert shown.count('') == 2
    assert to_hex(circles(figure)[-1].get_edgecolor()) == LOOKS[NO_PART].colour


@pytest.mark.parametrize('name', CHANGES)
def test_no_lines_lead_on_where_a_layer_passes_on_another_number_of_values(name):
    change, returned, taking_part = CHANGES[name]
    model = with_layer(change, returned)
    figure = slow_weights(model, [([1.0, 2.0], 0)])
    segments = [ends for found in lines(figure).values() for ends in found]
    assert len(segments) == 6 + 6 * (returned == 3)
    assert [to_hex(circle.get_edgecolor()) for circle in circles(figure)].count(LOOKS[NO_PART].colour) == 3 - len(
        taking_part
    )
    assert drawn(figure)


@pytest.mark.parametrize('model', [MIXED, with_a_nan(), with_layer(lambda a: {'first': a[0]}, at=1)])
def test_nothing_stands_outside_the_page(model):
    figure = slow_weights(model, X)
    width, height = figure.get_size_inches()
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in (*figure.texts, *figure.axes[0].texts)]
    assert all(box.x0 >= 0 and box.x1 <= width * figure.dpi for box in boxes)
    assert all(box.y0 >= 0 and box.y1 <= height * figure.dpi for box in boxes)


@pytest.mark.parametrize('model', [with_weights([[1.0, 1.0, 0.0]], [[0.0, 9.0]]), with_a_nan()])
def test_texts_do_not_lie_on_each_other(model):
    figure = slow_weights(model, X)
    figure.draw_without_rendering()
    boxes = [text.get_window_extent() for text in (*figure.texts, *figure.axes[0].texts)]
    assert not [(a, b) for i, a in enumerate(boxes) for b in boxes[:i] if a.overlaps(b)]


def test_numbers_that_are_none():
    figure = slow_weights(MIXED, [([float('nan'), 1.0], 0)])
    assert 'nan' in texts(figure)
    assert drawn(figure)


@pytest.mark.parametrize(
    ('model', 'data', 'options', 'error'),
    [
        (nn.Neuron(2), [], {}, DataError),
        (nn.Neuron(2), X, {'widest': 2}, DataError),
        (nn.Neuron(3), X, {}, ShapeError),
        (lambda x: x, X, {}, TypeError),
    ],
)
def test_what_is_refused(model, data, options, error):
    with pytest.raises(error):
        slow_weights(model, data, **options)


def test_the_same_numbers_give_the_same_bytes_and_matplotlib_is_named_where_it_is_missing(tmp_path, monkeypatch):
    one, two = (save_figure(slow_weights(MIXED, X), tmp_path / f'{i}.png').read_bytes() for i in range(2))
    assert one == two
    monkeypatch.setitem(sys.modules, 'matplotlib.style', None)
    with pytest.raises(MissingDependencyError, match='plot'):
        slow_weights(MIXED, X)
