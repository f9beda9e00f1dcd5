"""The plot of the estimate: its points, the line of the second derivative, the band of rounding, what is refused."""

import sys

import pytest
from matplotlib.collections import PathCollection
from matplotlib.colors import to_hex
from matplotlib.patches import Rectangle

from micrograd import Value, losses, nn
from micrograd.chapter import demon
from micrograd.errors import DataError, GraphError, MissingDependencyError
from micrograd.render.plots import linear_estimate, save_figure
from micrograd.render.plots.estimates import CHANGES
from tests.test_plots import drawn, legend

EPSILON = sys.float_info.epsilon


def cubic():
    """A cost with the slope 12 and the second derivative 12."""
    w = Value(2.0, label='w')
    return w, w**3


def small(seed):
    model = nn.MLP(2, [3, 2, 1], activation='sigmoid', output='sigmoid', generator=seed)
    cost = losses.quadratic(model([1.0, 0.5]), 1.0)
    return model.layers[0].neurons[0].w[0], cost


def scatters(figure):
    """The points of each kind, by their labels."""
    found = [c for c in figure.axes[0].collections if isinstance(c, PathCollection)]
    return {c.get_label(): [tuple(point) for point in c.get_offsets().tolist()] for c in found}


def band(figure):
    (found,) = [p for p in figure.axes[0].patches if isinstance(p, Rectangle)]
    return found.get_y() + found.get_height()


def test_each_change_is_a_point_of_its_sign():
    w, cost = cubic()
    figure = linear_estimate(w, cost, [0.1, -0.1, 0.01])
    points = scatters(figure)
    assert points['Δw > 0'] == [(0.1, pytest.approx(0.061)), (0.01, pytest.approx(6.01e-4))]
    assert points['Δw < 0'] == [(0.1, pytest.approx(0.059))]
    assert points['Δw > 0'][0][1] == abs(demon(w, cost, 0.1).error)
    assert (figure.axes[0].get_xscale(), figure.axes[0].get_yscale()) == ('log', 'log')


def test_an_error_is_shown_by_its_size():
    w = Value(2.0, label='w')
    figure = linear_estimate(w, -1.0 * w**3, [0.1, -0.1])
    assert scatters(figure) == {'Δw > 0': [(0.1, pytest.approx(0.061))], 'Δw < 0': [(0.1, pytest.approx(0.059))]}


def test_the_line_is_half_the_second_derivative():
    figure = linear_estimate(*cubic(), [1e-3, 1e-1, -1e-2])
    (line,) = figure.axes[0].lines
    assert line.get_xydata().tolist() == [[1e-3, pytest.approx(6e-6)], [1e-1, pytest.approx(6e-2)]]
    assert legend(figure) == [['Δw > 0', 'Δw < 0', 'half the second derivative: 6 (Δw)²', 'rounding']]


def test_the_line_is_where_the_points_are():
    w, cost = small(3)
    figure = linear_estimate(w, cost, [1e-3, 1e-4, -1e-3, -1e-4])
    (line,) = figure.axes[0].lines
    half = line.get_ydata()[0] / line.get_xdata()[0] ** 2
    points = scatters(figure)
    for size, error in [*points['Δw > 0'], *points['Δw < 0']]:
        assert error == pytest.approx(half * size**2, rel=1e-2)


def test_the_band_is_what_rounding_can_do_to_first_order():
    w = Value(1.0)
    assert band(linear_estimate(w, 3.0 * w + 2.0)) == EPSILON * (3 * 1 + 3 + 5)


@pytest.mark.parametrize('seed', range(8))
def test_of_changes_that_are_small_all_errors_are_in_the_band(seed):
    w, cost = small(seed)
    changes = [sign * 10.0**-k for k in range(9, 16) for sign in (1, -1)]
    figure = linear_estimate(w, cost, changes)
    errors = [error for points in scatters(figure).values() for _, error in points]
    assert errors
    assert max(errors) <= band(figure)
    assert max(errors) > band(figure) / 1000  # it is no wider than it has to be


def test_one_direction_has_one_entry():
    assert legend(linear_estimate(*cubic(), [0.1, 0.2]))[0][0] == 'Δw > 0'
    assert 'Δw < 0' not in legend(linear_estimate(*cubic(), [0.1, 0.2]))[0]
    assert 'Δw > 0' not in legend(linear_estimate(*cubic(), [-0.1]))[0]


def test_a_linear_cost_has_no_line():
    w = Value(0.1)
    figure = linear_estimate(w, 3.0 * w + 1.0)
    assert not figure.axes[0].lines
    assert drawn(figure)


def test_an_error_of_exactly_0_is_a_mark_at_the_foot():
    w = Value(0.0, label='w')
    figure = linear_estimate(w, 2.0 * w, [0.5, -0.5, -0.25])
    marks = [c for c in figure.axes[0].collections if len(c.get_offsets()) == 3]
    (mark,) = marks
    assert [x for x, _ in mark.get_offsets().tolist()] == [0.5, 0.5, 0.25]
    (up, down, again) = [y for _, y in mark.get_offsets().tolist()]
    assert 0 < up < down == again < 0.2
    assert len({to_hex(colour) for colour in mark.get_facecolors()}) == 2
    assert legend(figure) == [['Δw > 0', 'Δw < 0', 'error 0']]
    assert drawn(figure)


def test_some_errors_of_0_leave_the_others_in_place():
    w = Value(0.5, label='w')
    figure = linear_estimate(w, (w - 1.0).relu(), [1.0, 0.1])  # one change leads over the kink
    assert scatters(figure)['Δw > 0'] == [(1.0, 0.5)]
    assert legend(figure) == [['Δw > 0', 'error 0']]


@pytest.mark.parametrize('number', [1.0, 700.0, 1e308])
def test_what_overflows_is_a_mark_at_the_top(number):
    w = Value(1.0)
    figure = linear_estimate(w, (number * w).exp(), [0.01, 1000.0])
    assert 'nan, or too large' in legend(figure)[0]
    assert drawn(figure)


def test_sizes_as_far_apart_as_floats_can_be():
    w = Value(1.0)
    assert drawn(linear_estimate(w, w * w, [1e-320, 1e150, -1e308]))


def test_an_interior_value_and_the_default_changes():
    z = Value(0.5) * 2.0
    cost = z.sigmoid() * z
    z.label, cost.label = 'z²₁', 'C₀'
    figure = linear_estimate(z, cost)
    assert sum(map(len, scatters(figure).values())) == len(CHANGES) == 34
    assert figure.axes[0].get_xlabel() == '|Δz²₁|'
    assert figure.axes[0].get_ylabel() == '|ΔC₀ − ∂C₀/∂z²₁ Δz²₁|'
    assert figure.axes[0].get_title(loc='left') == 'ΔC₀ ≈ ∂C₀/∂z²₁ Δz²₁: how far the estimate is off'


@pytest.mark.parametrize('name', ['$\\frac{', '$x$', 'x' * 400, 'a\nb'])
def test_names_are_data(name):
    w, cost = cubic()
    w.label = name
    assert drawn(linear_estimate(w, cost, [0.1]))


def test_nothing_stands_outside_the_page():
    figure = linear_estimate(*small(3))
    width, height = figure.get_size_inches() * figure.dpi
    figure.draw_without_rendering()
    axes = figure.axes[0]
    for thing in (axes.xaxis.label, axes.yaxis.label, axes._left_title, *figure.legends):
        box = thing.get_window_extent()
        assert 0 <= box.x0 <= box.x1 <= width
        assert 0 <= box.y0 <= box.y1 <= height


def test_the_graph_is_left_as_it_is():
    w, cost = small(0)
    before = w.data, cost.data
    linear_estimate(w, cost)
    assert (w.data, cost.data, w.grad, cost.grad) == (*before, 0.0, 0.0)


@pytest.mark.parametrize(
    ('w', 'changes', 'error'),
    [
        (None, [], DataError),
        (None, [0.1, 0.0], DataError),
        (None, [float('nan')], DataError),
        (Value(1.0), [0.1], GraphError),
    ],
)
def test_what_is_refused(w, changes, error):
    mine, cost = cubic()
    with pytest.raises(error):
        linear_estimate(w or mine, cost, changes)


def test_an_operation_by_hand_is_refused():
    w = Value(1.0)
    with pytest.raises(GraphError, match='by hand'):
        linear_estimate(w, Value(2.0, (w,), 'by hand'))


def test_the_same_numbers_give_the_same_bytes_and_matplotlib_is_named_where_it_is_missing(tmp_path, monkeypatch):
    one, two = (save_figure(linear_estimate(*cubic()), tmp_path / f'{i}.png').read_bytes() for i in range(2))
    assert one == two
    monkeypatch.setitem(sys.modules, 'matplotlib.style', None)
    with pytest.raises(MissingDependencyError, match='plot'):
        linear_estimate(*cubic())
