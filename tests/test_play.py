"""micrograd.play in Python: what a slider asks for and gets. See browser/test_notebooks.py for how it feels."""

import math

import pytest

import micrograd
from micrograd import Value, nn
from micrograd.errors import GraphError, MissingDependencyError
from micrograd.render import play as playing
from micrograd.render.play import slider
from tests import graphs, support

support.require('anywidget')


def moved(widget, turn=1, **numbers):
    """What the notebook gets when sliders, by name, have been moved."""
    keys = {s['name']: s['key'] for s in widget.sliders}
    widget.asked = {'turn': turn, 'numbers': {keys[name]: x for name, x in numbers.items()}}
    assert widget.answer['turn'] == turn
    return widget.answer


def neuron(w, x):
    return (w * x).tanh()


# Sliders -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('given', 'low', 'high', 'value', 'step'),
    [
        (-3.0, -9.0, 3.0, -3.0, 0.05),
        (0, -2.0, 2.0, 0.0, 0.02),
        ((-5, 5), -5.0, 5.0, 0.0, 0.05),
        ([0, 1, 0.25], 0.0, 1.0, 0.25, 0.005),
        ((0.0, 1e-6), 0.0, 1e-6, 5e-7, 5e-9),
        ((0.0, 2e6), 0.0, 2e6, 1e6, 1e4),
        (Value(1.0), -1.0, 3.0, 1.0, 0.02),
    ],
    ids=str,
)
def test_a_slider_for_a_number_or_a_range(given, low, high, value, step):
    made = slider('w', 'w', given)
    assert (made.low, made.high, made.value, made.step) == (low, high, value, step)


@pytest.mark.parametrize('given', ['3', None, True, (1,) * 4, (), 1j, ('a', 'b'), {}], ids=repr)
def test_what_is_no_range(given):
    with pytest.raises(TypeError, match='is no number and no range'):
        slider('w', 'w', given)


@pytest.mark.parametrize(
    'given', [(1, 1), (2, 1), (0, 1, 2), (0, 1, -1), math.nan, math.inf, (-math.inf, 0), (0, 1, math.nan)], ids=repr
)
def test_a_range_without_numbers(given):
    with pytest.raises(ValueError, match='has no numbers to move between'):
        slider('w', 'w', given)


# Functions -----------------------------------------------------------------------------------------------------------


def test_moving_a_slider_calls_the_function_again():
    widget = micrograd.play(neuron, w=-3.0, x=(-1, 1, 0.5))
    first = widget.page
    answer = moved(widget, x=0.25)
    w, x = Value(-3.0), Value(0.25)
    y = neuron(w, x)
    y.backward()
    assert answer['data'] == [-3.0, 0.25, -0.75, y.data]
    assert answer['grad'] == [w.grad, x.grad, y._prev[0].grad, 1.0]
    assert answer['problem'] == ''
    assert widget.page is first
    assert widget.result.data == y.data
    assert widget.numbers == {'w': -3.0, 'x': 0.25}
    assert repr(widget) == 'Play(w=-3, x=0.25)'


def test_arguments_are_labelled_and_those_with_a_number_need_none():
    widget = micrograd.play(lambda a, b=2.0, c='text', *, d=4: a * b + d, a=1.0)
    assert [s['name'] for s in widget.sliders] == ['a', 'b', 'd']
    assert [v.label for v in widget.result._prev[0]._prev] == ['a', 'b']


def test_another_structure_is_another_page():
    widget = micrograd.play(lambda x: x.relu() if x > 0 else x * x, x=1.0)
    first = widget.page
    answer = moved(widget, x=-1.5)
    assert widget.page['number'] == answer['page'] == 2
    assert widget.page['html'] != first['html']
    assert answer['data'] == [-1.5, 2.25]
    moved(widget, 2, x=1.5)
    assert widget.page['number'] == 3


def test_another_label_is_another_page():
    def f(x):
        y = x * x
        y.label = 'large' if y.data > 1.0 else 'small'
        return y

    widget = micrograd.play(f, x=0.5)
    moved(widget, x=2.0)
    assert '"large"' in widget.page['html']


def test_an_error_leaves_the_last_good_picture():
    def f(x):
        if x < 0:
            raise ValueError('below <b>0</b>')
        return x * x

    widget = micrograd.play(f, x=2.0)
    page = widget.page
    answer = moved(widget, x=-1.0)
    assert answer['problem'].startswith('ValueError: below <b>0</b>\nin f, line ')
    assert answer['problem'].endswith("raise ValueError('below <b>0</b>')")
    assert answer['data'] == [2.0, 4.0]
    assert widget.page == page
    assert widget.result.data == 4.0
    assert moved(widget, 2, x=3.0)['data'] == [3.0, 9.0]
    assert widget.answer['problem'] == ''


def test_an_interruption_is_answered_too():
    def f(x):
        if x > 2:
            raise KeyboardInterrupt
        return x * x

    widget = micrograd.play(f, x=1.0)
    with pytest.raises(KeyboardInterrupt):
        widget.asked = {'turn': 7, 'numbers': {'x': 3.0}}
    assert (widget.answer['turn'], widget.answer['problem']) == (7, 'interrupted')


def test_numbers_that_json_does_not_have():
    widget = micrograd.play(lambda x: x.log(), x=(0, 4))
    assert moved(widget, x=0.0)['data'] == [0.0, '-inf']
    assert widget.answer['grad'] == ['inf', 1.0]


def test_several_results_have_the_gradients_of_their_sum():
    widget = micrograd.play(lambda x: [x * 2.0, x * x], x=3.0)
    by_number = dict(zip(widget.answer['data'], widget.answer['grad'], strict=True))
    assert by_number[3.0] == 8.0
    assert by_number[6.0] == by_number[9.0] == 1.0


def test_what_a_function_uses_besides_starts_from_0_each_time():
    model = nn.MLP(1, [2, 1], generator=0)
    widget = micrograd.play(lambda x: model([x]), x=1.0)
    moved(widget, 1, x=2.0)
    once = [p.grad for p in model.parameters()]
    moved(widget, 2, x=1.0)
    moved(widget, 3, x=2.0)
    assert [p.grad for p in model.parameters()] == once


def test_labels_are_data():
    widget = micrograd.play(lambda **kwargs: sum(kwargs.values()), **{'</script><b>': 1.0, 'x\n': 2.0})
    assert [s['name'] for s in widget.sliders] == ['</script><b>', r'x\n']
    assert '</script><b>' not in widget.page['html']


@pytest.mark.parametrize(
    ('f', 'ranges', 'message'),
    [
        (neuron, {'w': 1.0}, r'the function takes x too.*Right: play\(f, …, x=1.0\)'),
        (neuron, {'w': 1.0, 'x': 1.0, 'y': 1.0}, r"unexpected keyword argument 'y'; the arguments are \(w, x\)"),
        (max, {'a': 1.0}, 'max'),  # which does not say what it takes
        (lambda: Value(1.0), {}, 'there is nothing to move'),
        (lambda x: x.data, {'x': 1.0}, 'returns a Value, or a list of them, not float: 1.0'),
        (lambda x: [], {'x': 1.0}, 'returns a Value, or a list of them, not list'),
        (3.0, {}, 'takes a function of Values, or a Value, not float'),
        ([], {}, 'takes a function of Values, or a Value, not list'),
    ],
)
def test_what_cannot_be_played_with(f, ranges, message):
    with pytest.raises(TypeError, match=message):
        micrograd.play(f, **ranges)


def test_a_function_that_fails_at_the_start_fails_as_everywhere():
    with pytest.raises(ZeroDivisionError):
        micrograd.play(lambda x: x * (1 / 0), x=1.0)


# Graphs --------------------------------------------------------------------------------------------------------------


def test_the_leaves_of_a_graph_are_where_the_sliders_are():
    a, b = Value(2.0, label='a'), Value(-3.0, label='b')
    c = a * b
    c.backward()
    widget = micrograd.play(c)
    assert [s['name'] for s in widget.sliders] == ['a', 'b']
    answer = moved(widget, a=5.0)
    assert answer['data'] == [5.0, -3.0, -15.0]
    assert answer['grad'] == [-3.0, 5.0, 1.0]
    assert (a.data, c.data, a.grad) == (5.0, -15.0, -3.0)
    assert widget.result is c


def test_named_leaves_only():
    o = graphs.neuron()
    widget = micrograd.play(o, w1=(-5, 5), x1=2.0)
    assert [(s['name'], s['low'], s['value']) for s in widget.sliders] == [('w1', -5.0, 0.0), ('x1', -2.0, 2.0)]


def test_of_many_leaves_the_named_ones_come_first_and_constants_not_at_all():
    model = nn.MLP(2, [8, 1], generator=0)
    y = model([Value(1.0), Value(2.0)]) * 2.0
    model.layers[1].neurons[0].b.label = 'last'
    names = [s['name'] for s in micrograd.play(y).sliders]
    assert names[0] == 'last'
    assert len(names) == playing.MOST


@pytest.mark.parametrize(
    ('label', 'message'), [('y', "no leaves are called 'y'. There are 'x', 'x'"), ('x', '2 leaves')]
)
def test_a_name_is_that_of_one_leaf(label, message):
    with pytest.raises(ValueError, match=message):
        micrograd.play(Value(1.0, label='x') * Value(2.0, label='x'), **{label: 1.0})


def test_what_python_cannot_evaluate_again_is_left_as_it_was():
    a = Value(1.0, label='a')
    with pytest.raises(GraphError, match='defined by hand'):
        micrograd.play(Value(2.0, (a,), 'mine') * a, a=(3, 4))
    assert a.data == 1.0


def test_the_missing_extra_is_named(monkeypatch):
    def missing(module, extra):
        raise MissingDependencyError(f'{module} of {extra}')

    monkeypatch.setattr(playing, 'optional_import', missing)
    with pytest.raises(MissingDependencyError, match='anywidget of notebook'):
        micrograd.play(neuron, w=1.0, x=1.0)
