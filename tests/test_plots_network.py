"""The picture of a network: which circles and lines there are, what they say, and what is refused."""

import math
import subprocess
import sys
from itertools import pairwise

import matplotlib
import pytest
from matplotlib.collections import LineCollection
from matplotlib.colors import to_rgb
from matplotlib.patches import Circle, Wedge

from micrograd import Value, losses, nn, no_grad
from micrograd.errors import DataError, GraphError, MissingDependencyError
from micrograd.passes import neurons_of, passes
from micrograd.render.plots import network, save_figure
from micrograd.render.plots.figures import BLUE, INK, NEGATIVE, ORANGE, POSITIVE
from tests.test_plots import drawn


def given(weights, bias=0.0):
    """A neuron with these numbers."""
    return nn.Neuron(len(weights), activation='tanh', initialisation=lambda nin, nout, generator: (weights, bias))


def lines(figure):
    (found,) = [c for c in figure.axes[0].collections if isinstance(c, LineCollection)]
    return found


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def circles(figure):
    """The outlines, without the white ones below them."""
    patches = [p for p in figure.axes[0].patches if isinstance(p, Circle)]
    return [p for p in patches if p.get_edgecolor()[:3] != (1.0, 1.0, 1.0)]


def halves(figure):
    return [p for p in figure.axes[0].patches if isinstance(p, Wedge)]


def backward(model, x, y=1.0):
    loss = losses.mse(model(x), y)
    loss.backward()
    return loss


# Lines -------------------------------------------------------------------------------------------------------------


def test_a_line_is_as_wide_as_its_weight_and_has_the_colour_of_its_sign():
    found = lines(network(given([2.0, -1.0, 0.5, 0.0])))
    widths, colours = list(found.get_linewidths()), found.get_colors()  # the strongest last, on top
    assert widths == sorted(widths)
    assert widths[3] - widths[0] == pytest.approx(2 * (widths[2] - widths[0]))  # 2 and 1, in proportion
    assert [tuple(c[:3]) for c in colours[1:]] == [to_rgb(POSITIVE), to_rgb(NEGATIVE), to_rgb(POSITIVE)]
    assert tuple(colours[0][:3]) not in (to_rgb(POSITIVE), to_rgb(NEGATIVE))
    opacities = [c[3] for c in colours[1:]]
    assert opacities == sorted(opacities)
    assert opacities[0] < opacities[-1]


def test_a_line_leads_from_the_neuron_that_the_weight_belongs_to():
    model = nn.MLP(2, [2], generator=0)
    for neuron, weights in zip(model.layers[0].neurons, ([1.0, 2.0], [3.0, 4.0]), strict=True):
        for w, number in zip(neuron.w, weights, strict=True):
            w.data = number
    ends = [tuple(map(tuple, segment)) for segment in lines(network(model)).get_segments()]
    top, bottom = max(y for (_, y), _ in ends), min(y for (_, y), _ in ends)
    heights = [(start[1] == top, end[1] == top) for start, end in ends]
    assert heights == [(True, True), (False, True), (True, False), (False, False)]  # 1, 2, 3, 4
    assert top > bottom


def test_the_outline_is_the_bias():
    blue, orange, none = (circles(network(given([1.0], bias)))[-1] for bias in (0.9, -0.5, 0.0))
    assert [tuple(c.get_edgecolor()[:3]) for c in (blue, orange)] == [to_rgb(POSITIVE), to_rgb(NEGATIVE)]
    assert blue.get_linewidth() > orange.get_linewidth() > none.get_linewidth() == 1.0


# Circles -----------------------------------------------------------------------------------------------------------


def test_without_a_pass_the_circles_are_empty():
    figure = network(nn.MLP(2, [3, 1], generator=0))
    assert len(circles(figure)) == 6
    assert {half.get_facecolor()[:3] for half in halves(figure)} == {(1.0, 1.0, 1.0)}
    assert [text.get_text() for text in figure.texts] == ['MLP(2, [3, 1])', '13 parameters']
    assert [t for t in texts(figure) if t in ('input', 'layer 1', 'output')] == ['input', 'layer 1', 'output']
    assert '3 × relu' in texts(figure)
    assert '1 × linear' in texts(figure)
    assert not any('δ' in text for text in texts(figure))
    assert drawn(figure)


def test_activation_and_error_stand_in_the_circle():
    model = given([3.0, -2.0], 0.5)
    a = model([0.25, -0.5])  # z = 0.5 + 0.75 + 1 = 2.25
    a.backward()
    figure = network(model, a)
    delta = 1 - math.tanh(2.25) ** 2
    numbers = [t for t in texts(figure) if t.replace('−', '').replace('.', '').isdigit()]
    shown = [0.25, 3 * delta, -0.5, -2 * delta, math.tanh(2.25), delta]
    for number in shown:
        assert f'{number:.2f}'.replace('-', '−') in numbers
    top, bottom = halves(figure)[-2:]
    assert top.get_facecolor()[2] > top.get_facecolor()[0]  # blue: both are positive
    assert bottom.get_facecolor()[2] > bottom.get_facecolor()[0]
    assert figure.texts[1].get_text() == 'one example, C = 0.978'
    assert any('δ' in text for text in texts(figure))


def test_the_largest_has_the_full_colour_and_signs_differ():
    model = given([1.0, 1.0])
    figure = network(model, model([3.0, -3.0]))
    fills = [tuple(half.get_facecolor()[:3]) for half in halves(figure)]
    assert fills[:2] == [pytest.approx(to_rgb(BLUE)), pytest.approx(to_rgb(ORANGE))]
    assert fills[2] == (1.0, 1.0, 1.0)  # tanh(0)


def test_without_backward_there_are_activations_only():
    model = nn.MLP(2, [2, 1], generator=0)
    figure = network(model, model([1.0, 2.0]))
    assert figure.texts[1].get_text() == 'one example'
    assert not any('δ' in text for text in texts(figure))
    assert len(halves(figure)) == 5


def test_a_list_of_outputs():
    model = nn.MLP(2, [3, 2], generator=0)
    assert drawn(network(model, model([1.0, 2.0])))


def test_of_a_batch_the_activations_are_means_and_the_errors_sums():
    model = given([1.0])
    one, two = model([0.5]), model([1.5])
    (one + two).backward()
    (((calls),),) = passes(model, one + two)
    assert sum(call.z.grad for call in calls) == pytest.approx(model.b.grad)
    figure = network(model, (one, two, one + two))
    assert figure.texts[1].get_text().startswith('2 examples: mean activations')
    shown = texts(figure)
    assert f'{(one.data + two.data) / 2:.2f}' in shown


def test_what_nan_and_infinity_look_like():
    model = nn.MLP(2, [2, 1], activation='tanh', generator=0)
    model.layers[0].neurons[0].w[0].data = math.nan
    model.layers[1].neurons[0].b.data = math.inf
    figure = network(model, backward(model, [1.0, 2.0]))
    assert 'nan' in texts(figure)
    assert '∞' in texts(figure) or texts(figure).count('nan') > 2
    assert any('dark, dotted' in text for text in texts(figure))
    assert to_rgb(INK) in {tuple(half.get_facecolor()[:3]) for half in halves(figure)}
    (dotted,) = [c for c in lines(figure).get_colors() if tuple(c[:3]) == to_rgb(INK)]
    assert dotted[3] == 1.0
    assert drawn(figure)
    assert not any('dark' in text for text in texts(network(given([1.0]))))


# Kinds of models ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('model', 'sizes'),
    [
        (nn.Neuron(3, generator=0), [3, 1]),
        (nn.Layer(3, 2, generator=0), [3, 2]),
        (nn.MLP(3, [1], generator=0), [3, 1]),
        (nn.MLP(3, [4, 4, 4, 2], generator=0), [3, 4, 4, 4, 2]),
    ],
)
def test_every_kind_of_model(model, sizes):
    for figure in (network(model), network(model, model([1.0, 2.0, 3.0]))):
        assert len(circles(figure)) == sum(sizes)
        assert len(lines(figure).get_segments()) == sum(a * b for a, b in pairwise(sizes))
        assert drawn(figure)


def test_of_wide_layers_the_first_and_the_last_are_drawn_and_the_others_counted():
    model = nn.MLP(784, [30, 10], activation='sigmoid', generator=0)
    figure = network(model, model([0.5] * 784), widest=7)
    assert len(circles(figure)) == 6 * 3
    assert [text for text in texts(figure) if text.endswith('more')] == ['778 more', '24 more', '4 more']
    assert {'784', '30 × sigmoid', '10 × linear'} <= set(texts(figure))
    assert {'x₁', 'x₃', 'x₇₈₂', 'x₇₈₄'} <= set(texts(figure))
    assert 'x₄' not in texts(figure)
    assert drawn(figure)


@pytest.mark.parametrize('size', [20, 12_000])
def test_how_many_more_is_written_above_the_lines_between_the_circles(size):
    figure = network(nn.MLP(size, [4], generator=0), widest=9)
    figure.draw_without_rendering()
    axes = figure.axes[0]
    (text,) = (text for text in axes.texts if text.get_text().endswith('more'))
    label = text.get_bbox_patch()
    assert label.get_facecolor() == (1.0, 1.0, 1.0, 1.0)
    assert text.get_zorder() > max(c.get_zorder() for c in axes.collections if isinstance(c, LineCollection))
    place = label.get_window_extent()
    near = [*circles(figure), *(t for t in axes.texts if t is not text)]
    assert not any(place.overlaps(other.get_window_extent()) for other in near)
    (dots,) = (c for c in axes.collections if not isinstance(c, LineCollection))
    heights = [axes.transData.transform(point)[1] for point in dots.get_offsets()]
    assert min(heights) > place.y1


def test_the_line_of_an_abbreviated_layer_is_that_of_its_own_weight():
    model = given([float(i) for i in range(9)])
    widths = lines(network(model, widest=3)).get_linewidths()  # of 0 and 8
    assert len(widths) == 2
    assert widths[1] > 5 * widths[0]


def test_nothing_is_drawn_outside_the_page_or_on_top_of_other_circles():
    figure = network(nn.MLP(20, [20, 3, 16, 1], generator=0))
    width, height = figure.get_size_inches()
    centres = [c.center for c in circles(figure)]
    assert all(0.3 < x < width - 0.3 and 0.9 < y < height - 1.2 for x, y in centres)
    distances = [math.dist(a, b) for i, a in enumerate(centres) for b in centres[:i]]
    assert min(distances) > 2 * 0.27 + 0.05


def test_names_of_inputs_are_data():
    model = nn.Neuron(2, generator=0)
    figure = network(model, model([Value(1.0, label='$x_{'), Value(2.0, label='height')]), title='$\\frac{')
    assert {'$x_{', 'height'} <= set(texts(figure))
    assert figure.texts[0].get_text() == '$\\frac{'
    assert drawn(figure)


def test_neurons_that_took_no_part_are_empty():
    model = nn.MLP(2, [2], activation='tanh', output='tanh', generator=0)
    used, _ = model([1.0, 2.0])
    used.backward()
    assert drawn(network(model, used))


def test_activations_of_a_program():
    model = nn.MLP(1, [2, 1], activation=lambda z: z.tanh() * z.sigmoid(), generator=0)
    figure = network(model, backward(model, [1.0]))
    assert '2 × lambda' in texts(figure)


# What is refused ---------------------------------------------------------------------------------------------------


class Affine(nn.Module):
    def __init__(self):
        self.w = Value(1.0)


@pytest.mark.parametrize(
    ('model', 'v', 'error', 'says'),
    [
        (Affine(), None, TypeError, 'an MLP, a Layer or a Neuron; Affine is none'),
        (3, None, TypeError, 'int is none'),
        (nn.Neuron(2), 1.0, TypeError, r'not float: 1.0. Wrong: .* Right: network\(model, model\('),
        (nn.Neuron(2), [0.5, 1.0], TypeError, 'not list'),
        (nn.Neuron(2), [], TypeError, 'not list'),
        (nn.Neuron(2), Value(1.0), GraphError, 'took no part'),
        (nn.Neuron(1), nn.Neuron(1)([1.0]), GraphError, 'another model'),
    ],
)
def test_what_is_no_network_or_not_computed_by_it(model, v, error, says):
    with pytest.raises(error, match=says):
        network(model, v)


def test_a_value_without_a_graph():
    model = nn.Neuron(1, generator=0)
    with no_grad():
        a = model([1.0])
    with pytest.raises(GraphError, match='without a graph'):
        network(model, a)


def test_a_network_with_something_else_for_a_layer():
    model = nn.MLP(2, [2, 1])
    model.layers.append(Affine())
    with pytest.raises(TypeError, match='Affine is none'):
        neurons_of(model)


@pytest.mark.parametrize(('widest', 'error'), [(2, DataError), (0, DataError), (2.5, TypeError), ('8', TypeError)])
def test_a_width_that_is_none(widest, error):
    with pytest.raises(error, match='widest'):
        network(nn.Neuron(1), widest=widest)


# Bytes, settings ---------------------------------------------------------------------------------------------------

PROGRAM = """
import hashlib, sys
from micrograd import losses, nn
from micrograd.render.plots import network
model = nn.MLP(2, [3, 1], activation='tanh', generator=1)
loss = losses.mse(model([1.0, -2.0]), 1.0)
loss.backward()
print(hashlib.sha256(network(model, loss)._repr_png_()).hexdigest())
print('matplotlib.pyplot' in sys.modules)
"""


def test_the_same_network_gives_the_same_bytes_in_every_process_without_pyplot():
    outputs = {
        subprocess.run([sys.executable, '-c', PROGRAM], capture_output=True, check=True, text=True).stdout
        for _ in range(2)
    }
    (output,) = outputs
    assert output.endswith('False\n')


def test_settings_of_the_program_change_nothing(tmp_path):
    model = nn.MLP(2, [2, 1], generator=0)
    plain = save_figure(network(model), tmp_path / 'plain.png').read_bytes()
    with matplotlib.rc_context({'font.size': 30, 'axes.facecolor': 'black', 'lines.linewidth': 9}):
        assert save_figure(network(model), tmp_path / 'other.png').read_bytes() == plain
        assert matplotlib.rcParams['font.size'] == 30


def test_without_matplotlib_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, 'matplotlib.style', None)
    with pytest.raises(MissingDependencyError, match='plot'):
        network(nn.Neuron(1))


class Summed(nn.Layer):
    """A layer that passes on one Value, however many neurons it has."""

    def __call__(self, x):
        a, b = super().__call__(x)
        return [a + b]


def test_a_layer_that_passes_on_fewer_values_than_it_has_neurons():
    model = nn.MLP(2, [2, 1], activation='tanh', generator=0)
    model.layers = [Summed(2, 2, activation='tanh', generator=0), nn.Layer(1, 1, generator=0)]
    figure = network(model, losses.mse(model([0.5, 1.0]), 1.0))
    (lines,) = (c for c in figure.axes[0].collections if isinstance(c, LineCollection))
    assert len(lines.get_segments()) == 4  # those to the first layer; of the others none can say where they come from
