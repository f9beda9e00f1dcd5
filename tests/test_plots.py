"""The plots: what they show, for every kind of model and history; the same bytes every time; and what they refuse."""

import io
import subprocess
import sys

import matplotlib
import pytest
from matplotlib.colors import to_hex

from micrograd import Value, nn
from micrograd.data import Dataset, Table, moons
from micrograd.errors import DataError, MissingDependencyError, RenderError, ShapeError
from micrograd.render import plots
from micrograd.render.plots import decision_boundary, loss_curve, save_figure
from micrograd.render.plots.figures import COLOURS
from micrograd.training import History

CORNERS = Dataset([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]], [0, 1, 1, 1])


def score(x):
    """Above 0 for three of the corners."""
    return Value(x[0]) + x[1] - 0.5


def three(x):
    return [Value(x[0]) - x[1], Value(x[1]) - x[0], Value(0.1)]


def drawn(figure):
    """As bytes: everything in it must be drawable."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format='png', dpi=10)
    return buffer.getvalue()


def legend(figure):
    shown = figure.legends or [axes.get_legend() for axes in figure.axes]
    return [[text.get_text() for text in box.get_texts()] for box in shown]


def contours(figure):
    """Filled ones, and lines."""
    sets = [thing for thing in figure.axes[0].collections if hasattr(thing, 'levels')]
    return [thing for thing in sets if thing.filled], [thing for thing in sets if not thing.filled]


# Curves ------------------------------------------------------------------------------------------------------------


def test_a_loss_alone_is_one_panel():
    figure = History(losses=[0.9, 0.4, 0.25], stopped='finished').plot()
    (axes,) = figure.axes
    (line,) = axes.lines
    assert line.get_xydata().tolist() == [[1, 0.9], [2, 0.4], [3, 0.25]]
    assert (axes.get_ylabel(), axes.get_xlabel(), axes.get_title(loc='left')) == ('loss', 'epoch', 'Training: 3 epochs')
    assert legend(figure) == [['training: 0.25']]
    assert drawn(figure)


def test_each_metric_has_a_panel_with_its_validation():
    figure = loss_curve(
        History(
            losses=[0.9, 0.4], metrics={'accuracy': [0.5, 1.0], 'distance': [3.0, -2.0]},
            validation={'loss': [0.8, 0.5], 'accuracy': [0.4, 0.9], 'distance': [3.0, 2.0]},
        )
    )  # fmt: skip
    assert [axes.get_ylabel() for axes in figure.axes] == ['loss', 'accuracy', 'distance']
    assert [axes.get_xlabel() for axes in figure.axes] == ['', '', 'epoch']
    assert legend(figure)[1:] == [['training: 1', 'validation: 0.9'], ['training: −2', 'validation: 2']]
    training, validation = figure.axes[1].lines
    assert validation.get_ydata().tolist() == [0.4, 0.9]
    assert training.get_color() != validation.get_color()
    assert training.get_linestyle() != validation.get_linestyle()
    assert drawn(figure)


@pytest.mark.parametrize(
    ('stopped', 'headline'),
    [
        ('finished', 'Training: 1 epoch'),
        ('interrupted', 'Training: 1 epoch, then interrupted'),
        ('diverged', 'Training: 1 epoch, then diverged'),
        ('callback', 'Training: 1 epoch, stopped early'),
        ('', 'Training: 1 epoch'),
    ],
)
def test_the_title_says_how_it_ended(stopped, headline):
    figure = loss_curve(History(losses=[0.5], stopped=stopped))
    assert figure.axes[0].get_title(loc='left') == headline
    assert drawn(figure)


def test_epochs_are_whole_numbers():
    figure = loss_curve(History(losses=[0.9, 0.4]))
    figure.draw_without_rendering()
    assert all(float(tick).is_integer() for tick in figure.axes[0].get_xticks())


def test_a_validation_that_is_no_number_is_left_out():
    assert drawn(loss_curve(History(losses=[0.9, 0.4], validation={'loss': [float('nan'), float('inf')]})))


def test_a_history_without_an_epoch():
    with pytest.raises(DataError, match='no epoch was completed'):
        History(steps=3, stopped='interrupted').plot()


# Regions -----------------------------------------------------------------------------------------------------------


def test_one_output_is_shaded_and_has_its_boundary_where_it_is_0():
    figure = decision_boundary(score, CORNERS, resolution=21)
    (shading,), (line,) = contours(figure)
    assert line.levels.tolist() == [0.0]
    for x, y in line.get_paths()[0].vertices:
        assert x + y == pytest.approx(0.5)
    assert shading.levels[0] == -shading.levels[-1]
    assert to_hex(shading.cmap(0.5)) == '#f7f6f6'
    assert figure.axes[0].get_title(loc='left') == 'Decision boundary: 4 of 4 correct'
    assert figure.axes[1].get_ylabel() == 'output'
    assert drawn(figure)


def test_the_classes_differ_in_colour_and_marker():
    figure = decision_boundary(score, CORNERS, resolution=5)
    first, second = figure.axes[0].collections[-2:]
    assert legend(figure) == [['class 0', 'class 1']]
    assert [first.get_offsets().tolist(), second.get_offsets().tolist()] == [CORNERS.inputs[:1], CORNERS.inputs[1:]]
    assert [to_hex(points.get_facecolor()[0]).upper() for points in (first, second)] == list(COLOURS[:2])
    assert first.get_paths()[0].vertices.shape != second.get_paths()[0].vertices.shape


def test_what_is_wrong_is_ringed():
    figure = decision_boundary(lambda x: Value(x[0]) - 0.5, CORNERS, resolution=5)
    assert figure.axes[0].get_title(loc='left') == 'Decision boundary: 3 of 4 correct'
    assert figure.axes[0].collections[-1].get_offsets().tolist() == [[0.0, 1.0]]
    assert legend(figure) == [['class 0', 'class 1', 'wrong']]


@pytest.mark.parametrize(
    'targets', [[-1, 1, 1, 1], [0, 1, 1, 1], [-1.0, 1.0, 1.0, 1.0], [False, True, True, True], [1, 2, 2, 2]]
)
def test_two_classes_by_any_name(targets):
    figure = decision_boundary(score, (CORNERS.inputs, targets), resolution=5)
    assert figure.axes[0].get_title(loc='left') == 'Decision boundary: 4 of 4 correct'
    assert legend(figure)[0][0] == f'class {float(targets[0]):g}'.replace('-', '−')


@pytest.mark.parametrize(('target', 'correct'), [(1, 3), (0, 1), (-1, 1)])
def test_a_single_class(target, correct):
    figure = decision_boundary(score, (CORNERS.inputs, [target] * 4), resolution=5)
    assert figure.axes[0].get_title(loc='left') == f'Decision boundary: {correct} of 4 correct'


def test_a_threshold_for_probabilities():
    figure = decision_boundary(lambda x: score(x).sigmoid(), CORNERS, threshold=0.5, resolution=11)
    _, (line,) = contours(figure)
    assert line.levels.tolist() == [0.5]
    assert figure.axes[0].get_title(loc='left') == 'Decision boundary: 4 of 4 correct'
    assert drawn(figure)


@pytest.mark.parametrize('output', [-1.0, 0.0, 2.0, float('nan'), float('inf')])
def test_an_output_that_is_the_same_everywhere_has_no_boundary(output):
    figure = decision_boundary(lambda x: Value(output), CORNERS, resolution=4)
    assert contours(figure)[1] == []
    assert drawn(figure)


@pytest.mark.parametrize('targets', [[0, 1, 2], [0.0, 1.0, 2.0], [[1, 0, 0], [0, 1, 0], [0, 0, 1]]])
def test_several_outputs_are_regions(targets):
    figure = decision_boundary(three, ([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]], targets), resolution=9)
    regions, lines = contours(figure)
    assert [to_hex(region.get_facecolor()[0]).upper() for region in regions] == list(COLOURS[:3])
    assert len(lines) == 3
    assert {thing.levels[0] for thing in (*regions, *lines)} == {0.0}
    assert figure.axes[0].get_title(loc='left') == 'Decision boundary: 3 of 3 correct'
    assert legend(figure) == [['class 0', 'class 1', 'class 2']]
    assert drawn(figure)


def test_a_class_that_is_never_answered_has_no_region():
    figure = decision_boundary(lambda x: [*three(x)[:2], Value(-9.0)], CORNERS, resolution=4)
    assert len(contours(figure)[0]) == 2
    everywhere = decision_boundary(lambda x: [Value(1.0), Value(0.0)], CORNERS, resolution=4)
    assert [len(sets) for sets in contours(everywhere)] == [1, 0]
    assert drawn(everywhere)


def test_more_classes_than_colours():
    inputs = [[float(i), float(i % 3)] for i in range(8)]
    assert drawn(
        decision_boundary(
            lambda x: [Value(-((x[0] - k) ** 2)) for k in range(8)], (inputs, list(range(8))), resolution=5
        )
    )


def test_a_network_is_asked_without_building_graphs():
    outputs = []
    model = nn.MLP(2, [3, 1], generator=0)

    def spy(x):
        outputs.append(model(x))
        return outputs[-1]

    decision_boundary(spy, moons(10), resolution=10)
    assert len(outputs) == 10 + 10 * 5  # the examples, and a grid to scale: moons are wider than high
    assert not any(output._prev for output in outputs)


def test_the_scale_is_kept_unless_the_plane_were_a_strip():
    square = decision_boundary(score, CORNERS, resolution=4)
    strip = decision_boundary(score, [([0.0, 0.0], 0), ([1.0, 100.0], 1)], resolution=4)
    assert [figure.axes[0].get_aspect() for figure in (square, strip)] == [1.0, 'auto']
    assert drawn(strip)


def test_a_single_point():
    assert drawn(decision_boundary(score, [([2.0, 3.0], 1)], resolution=1))


def test_the_axes_have_the_names_of_the_columns():
    table = Table(*CORNERS)
    table.input_names = ('width', 'height')
    for data, names in ((CORNERS, ('x₁', 'x₂')), (table, ('width', 'height'))):
        axes = decision_boundary(score, data, resolution=4).axes[0]
        assert (axes.get_xlabel(), axes.get_ylabel()) == names


@pytest.mark.parametrize(
    ('model', 'data', 'error', 'says'),
    [
        (score, [([1.0, 2.0, 3.0], 1)], ShapeError, r'data\[0\] has 3'),
        (score, [(1.0, 1)], ShapeError, r'data\[0\] has 1'),
        (score, [([1.0, float('nan')], 1)], DataError, r'an input of data\[0\] should be a finite number'),
        (score, [([1.0, 'x'], 1)], TypeError, "one real number, not str: 'x'"),
        (
            score,
            [([0.0, 0.0], k) for k in range(3)],
            ShapeError,
            r'has 1 output, and the targets are \[0.0, 1.0, 2.0\]',
        ),
        (three, [([0.0, 0.0], 3)], ShapeError, r'has 3 outputs, and the targets are \[3.0\]'),
        (three, [([0.0, 0.0], -1)], ShapeError, 'for each of the classes 0, 1'),
        (three, [([0.0, 0.0], 0.5)], ShapeError, 'for each of the classes 0, 1'),
        (score, [], DataError, 'no example in data'),
    ],
)
def test_data_that_does_not_fit_a_plane(model, data, error, says):
    with pytest.raises(error, match=says):
        decision_boundary(model, data, resolution=3)


@pytest.mark.parametrize(('resolution', 'error'), [(0, DataError), (1.5, TypeError), ('60', TypeError)])
def test_a_resolution_that_is_none(resolution, error):
    with pytest.raises(error, match='resolution'):
        decision_boundary(score, CORNERS, resolution=resolution)


# Files, notebooks, settings ----------------------------------------------------------------------------------------

SIGNATURES = {'png': b'\x89PNG', 'svg': b'<?xml', 'pdf': b'%PDF'}


@pytest.mark.parametrize('form', SIGNATURES)
def test_the_same_numbers_give_the_same_bytes(tmp_path, form):
    paths = [save_figure(loss_curve(History(losses=[0.9, 0.4])), tmp_path / f'{i}.{form}') for i in range(2)]
    first, second = (path.read_bytes() for path in paths)
    assert first == second
    assert first.startswith(SIGNATURES[form])
    assert matplotlib.__version__.encode() not in first.replace(b'matplotlib-', b'')


def test_settings_of_the_program_change_nothing(tmp_path):
    plain = save_figure(decision_boundary(score, CORNERS, resolution=5), tmp_path / 'plain.png').read_bytes()
    with matplotlib.rc_context({'font.size': 30, 'axes.facecolor': 'black', 'savefig.dpi': 20}):
        dark = save_figure(decision_boundary(score, CORNERS, resolution=5), tmp_path / 'dark.png').read_bytes()
        assert matplotlib.rcParams['font.size'] == 30
    assert dark == plain


def test_a_file_is_replaced_and_nothing_else_is_left(tmp_path):
    path = tmp_path / 'loss.PNG'
    path.write_text('old')
    assert save_figure(loss_curve(History(losses=[0.5])), str(path)) == path
    assert path.read_bytes().startswith(b'\x89PNG')
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ('name', 'says'),
    [('a.gif', r"not as 'a.gif'"), ('a', 'is saved as .png'), ('no/a.png', 'missing'), ('d.png', 'directory')],
)
def test_paths_that_are_refused(tmp_path, name, says):
    (tmp_path / 'd.png').mkdir()
    with pytest.raises(RenderError, match=says):
        save_figure(loss_curve(History(losses=[0.5])), tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ['d.png']


def test_a_notebook_shows_them():
    figure = loss_curve(History(losses=[0.5]))
    assert figure._repr_png_().startswith(b'\x89PNG')


def test_without_matplotlib_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, 'matplotlib.style', None)
    with pytest.raises(MissingDependencyError, match=r"pip install -e '\.\[plot\]'"):
        History(losses=[0.5]).plot()


def test_pyplot_is_left_alone_and_nothing_is_loaded_before_it_is_needed():
    program = """
import sys
from micrograd.render import plots
from micrograd.training import History
print('matplotlib' in sys.modules)
History(losses=[0.5]).plot()
print('matplotlib.pyplot' in sys.modules)
"""
    done = subprocess.run([sys.executable, '-c', program], capture_output=True, check=True, text=True)
    assert done.stdout == 'False\nFalse\n'


def test_all_is_what_is_public():
    assert sorted(plots.__all__) == [
        'Animation', 'activation_histograms', 'backward_animation', 'confusion_matrix', 'decision_boundary',
        'gradient_flow', 'images', 'linear_estimate', 'loss_curve', 'network', 'save_figure', 'slow_weights',
        'training_animation',
    ]  # fmt: skip


def test_dollars_in_names_are_no_mathematics():
    table = Table(*CORNERS)
    table.input_names = ('$x', r'$\frac{$')
    assert drawn(decision_boundary(score, table, resolution=4))
    assert drawn(loss_curve(History(losses=[0.5], metrics={r'$\frac{$': [0.5]})))
