"""Moving pictures: their frames, the same bytes every time, what a backward pass shows, and what is refused."""

import base64
import io
import sys

import pytest
from matplotlib.colors import to_rgb
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from PIL import Image

from micrograd import Value, fit, losses, nn, optim, where
from micrograd.errors import DataError, GraphError, MissingDependencyError, RenderError, ShapeError
from micrograd.render.plots import Animation, backward_animation, training_animation
from micrograd.render.plots.backward import ACTIVE, _pass, _shut
from micrograd.render.view import view
from micrograd.snapshots import Snapshots

DATA = [([0.0, 1.0], -1), ([1.0, 0.0], 1), ([0.9, 0.2], 1)]


def trained(model=None, epochs=2, **options):
    model = model or nn.MLP(2, [2, 1], activation='tanh', generator=0)
    snapshots = Snapshots(model)
    options = {'loss': 'hinge', 'optimizer': optim.SGD(model.parameters(), lr=0.1), **options}
    fit(model, DATA, epochs=epochs, callbacks=[snapshots], progress=False, **options)
    return snapshots


def small_neuron():
    x, w, b = Value(2.0, label='x'), Value(-3.0, label='w'), Value(5.0, label='b')
    a = (w * x + b).tanh()
    a.label = 'a'
    return a


def frames_of(gif):
    image = Image.open(io.BytesIO(gif))
    return image, image.n_frames


# Files and notebooks -----------------------------------------------------------------------------------------------


def test_a_gif_has_all_the_frames_and_begins_again(tmp_path):
    animation = training_animation(trained(), DATA, resolution=4)
    path = animation.save(tmp_path / 'a.GIF')
    image, frames = frames_of(path.read_bytes())
    assert path.read_bytes() == animation.gif
    assert frames == len(animation.frames) == 3
    assert image.info['loop'] == 0
    assert image.info['duration'] == animation.durations[0]
    assert image.convert('RGB').getpixel((1, 1)) == (255, 255, 255)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    'make', [lambda: training_animation(trained(), DATA, resolution=4), lambda: backward_animation(small_neuron())]
)
def test_the_same_numbers_give_the_same_bytes(make):
    assert make().gif == make().gif


def test_a_notebook_shows_it():
    animation = backward_animation(small_neuron())
    bundle = animation._repr_mimebundle_()
    assert base64.b64decode(bundle['image/gif']) == animation.gif
    assert bundle['text/plain'] == repr(animation) == 'Animation(5 frames, 8.9 s)'


@pytest.mark.parametrize(
    ('name', 'says'), [('a.png', r'as .gif, not as .a.png.'), ('no/a.gif', 'missing'), ('d.gif', 'directory')]
)
def test_paths_that_are_refused(tmp_path, name, says):
    (tmp_path / 'd.gif').mkdir()
    with pytest.raises(RenderError, match=says):
        backward_animation(small_neuron()).save(tmp_path / name)


def test_frames_are_of_one_size_and_differ():
    animation = training_animation(trained(), DATA, resolution=4)
    assert isinstance(animation, Animation)
    assert len({frame.size for frame in animation.frames}) == 1
    assert len({frame.tobytes() for frame in animation.frames}) == len(animation.frames)


# Training ----------------------------------------------------------------------------------------------------------


def test_the_model_is_as_it_was_and_the_last_frame_is_of_the_end():
    snapshots = trained(epochs=3)
    snapshots.model.layers[0].neurons[0].b.data = 0.125  # after the training
    before = snapshots.model.state_dict()
    figure = training_animation(snapshots, DATA, resolution=4).figure
    assert snapshots.model.state_dict() == before
    left, right = figure.axes
    assert left.get_title(loc='left').startswith('Epoch 3: ')
    whole, done, dot = right.lines
    assert list(whole.get_ydata()) == list(done.get_ydata()) == snapshots.losses
    assert dot.get_xydata().tolist() == [[3.0, snapshots.losses[-1]]]


def test_the_model_is_as_it_was_when_something_goes_wrong():
    snapshots = trained()
    snapshots.states[1] = snapshots.states[1] | {'layers.0.neurons.0.b': 9.0}
    before = snapshots.model.state_dict()
    with pytest.raises(ShapeError):
        training_animation(snapshots, [([0.0, 1.0], k) for k in range(3)], resolution=3)
    assert snapshots.model.state_dict() == before


def test_several_classes_and_a_training_that_has_not_begun():
    model = nn.MLP(2, [3], generator=0)
    data = [([0.0, 1.0], 0), ([1.0, 0.0], 1), ([0.5, 0.5], 2)]
    animation = training_animation(Snapshots(model), data, resolution=4)
    assert len(animation.frames) == 1
    assert animation.durations == (2200,)
    (legend,) = animation.figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ['class 0', 'class 1', 'class 2', 'wrong']


@pytest.mark.parametrize(
    ('snapshots', 'data', 'error', 'says'),
    [
        (nn.Neuron(2), DATA, TypeError, 'from its Snapshots, not from Neuron'),
        (Snapshots(nn.Neuron(2)), [], DataError, 'no example'),
        (Snapshots(nn.Neuron(2)), [([1.0, 2.0, 3.0], 1)], ShapeError, 'has 3'),
    ],
)
def test_what_a_training_is_not_shown_from(snapshots, data, error, says):
    with pytest.raises(error, match=says):
        training_animation(snapshots, data)


# Backward ----------------------------------------------------------------------------------------------------------


def told(v):
    """The frames as numbers, by the names of the boxes."""
    seen = view([v], 60)
    names = {box.id: box.known_as for box in seen.boxes}
    return [({names[i]: g for i, g in frame.gradients.items()}, frame) for frame in _pass(seen, _shut(v))]


def test_gradients_appear_from_the_result_to_the_leaves():
    a = small_neuron()
    frames = [gradients for gradients, _ in told(a)]
    z = 1 - a.data**2
    assert frames[0] == {}
    assert frames[1] == {'a': 1.0, '+': pytest.approx(z)}
    assert frames[2] == {**frames[1], '×': pytest.approx(z), 'b': pytest.approx(z)}
    assert frames[3] == {**frames[2], 'w': pytest.approx(2 * z), 'x': pytest.approx(-3 * z)}
    assert frames[4] == frames[3]


def test_they_end_as_backward_has_them_and_none_is_read_or_written():
    model = nn.MLP(2, [2, 1], activation='tanh', generator=1)
    loss = losses.mse(model([1.0, -2.0]), 1.0)
    for p in model.parameters():
        p.grad = 7.0
    *_, (_, last) = told(loss)
    assert all(p.grad == 7.0 for p in model.parameters())
    model.zero_grad()
    loss.backward()
    assert last.gradients == {box.id: box.grad for box in view([loss], 60).boxes}


def test_a_value_that_is_used_twice_is_complete_after_the_second_use():
    x = Value(3.0, label='x')
    y = x.tanh() * x
    y.backward()
    assert told(y)[-1][0]['x'] == pytest.approx(x.grad)
    complete = [frame.complete for _, frame in told(y)]
    assert [('v1' in ids) for ids in complete] == [False, False, True, True]


def test_gates_and_infinities_as_backward_has_them():
    x = Value(0.0, label='x')
    formulas = [
        where(x > 1.0, Value(3.0) / x, x * 2.0),
        (x.relu() * float('inf')) + x,
        where(x > 1.0, x.log(), x * 2.0),
        x.sqrt().relu(),
        (x * 0.0) * float('inf'),
    ]
    for y in formulas:
        *_, (gradients, _) = told(y)
        x.grad = 0.0
        y.backward()
        assert gradients['x'] == pytest.approx(x.grad, nan_ok=True)
        assert backward_animation(y).frames


def test_what_is_at_work_is_marked_and_the_sentence_has_the_numbers():
    x = Value(2.0, label='$x_{')
    figure_frames = told(x * 3.0)
    assert figure_frames[1][1].says == 'At ×, gradient 1:   1 × 3 = 3,   1 × 2 = 2'
    animation = backward_animation(x * 3.0)
    boxes = [p for p in animation.figure.axes[0].patches if isinstance(p, FancyBboxPatch)]
    arrows = [p for p in animation.figure.axes[0].patches if isinstance(p, FancyArrowPatch)]
    assert (len(boxes), len(arrows)) == (3, 2)
    texts = [text.get_text() for text in animation.figure.axes[0].texts]
    assert {'$x_{', '3.0000', 'Backward: every gradient is known'} <= set(texts)
    assert not any(tuple(p.get_edgecolor()[:3]) == to_rgb(ACTIVE) for p in (*boxes, *arrows))


def test_a_leaf_alone_and_numbers_that_are_none():
    assert len(backward_animation(Value(1.0)).frames) == 3
    x = Value(float('nan'))
    assert backward_animation(x * 2.0 + float('inf')).frames


def test_what_has_no_backward_pass_to_show():
    with pytest.raises(TypeError, match='begins at a Value, not at float'):
        backward_animation(1.0)
    big = Value(1.0)
    for _ in range(70):
        big = big + 1.0
    with pytest.raises(GraphError):
        backward_animation(big)
    by_hand = Value(2.0, (Value(1.0),), 'double')
    with pytest.raises(GraphError, match='defined by hand'):
        backward_animation(by_hand)


def test_without_matplotlib_the_error_names_the_extra(monkeypatch):
    snapshots = trained()
    monkeypatch.setitem(sys.modules, 'matplotlib.style', None)
    with pytest.raises(MissingDependencyError, match='plot'):
        training_animation(snapshots, DATA, resolution=3)
    with pytest.raises(MissingDependencyError, match='plot'):
        backward_animation(small_neuron())
