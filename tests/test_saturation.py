"""Which weights learn slowly and why: against NumPy and gradients, at the limits; what is told, and refused."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micrograd import Value, losses, nn, softmax
from micrograd.data import moons
from micrograd.errors import DataError, ShapeError
from micrograd.saturation import (
    BOTH,
    LEARNS,
    NO_PART,
    NOT_FINITE,
    REASONS,
    SATURATED,
    SMALL_INPUT,
    activities,
    slow,
    slow_weights,
)
from tests.test_groups import with_layer

NAN, INF = math.nan, math.inf
SLOPES = {  # of each activation, and its largest one
    'sigmoid': (lambda z: np.exp(-abs(z)) / (1 + np.exp(-abs(z))) ** 2, 0.25),
    'tanh': (lambda z: 1 / np.cosh(np.minimum(abs(z), 300)) ** 2, 1.0),
    'relu': (lambda z: (z > 0) * 1.0, 1.0),
}
FUNCTIONS = {'sigmoid': lambda z: np.exp(-np.logaddexp(0, -z)), 'tanh': np.tanh, 'relu': lambda z: z * (z > 0)}


def with_weights(*layers, activation='sigmoid', output='sigmoid'):
    """A network: for each layer rows of weights, the bias of each neuron last."""
    sizes = [len(rows) for rows in layers]
    model = nn.MLP(len(layers[0][0]) - 1, sizes, activation=activation, output=output)
    for layer, rows in zip(model.layers, layers, strict=True):
        for neuron, row in zip(layer.neurons, rows, strict=True):
            for p, number in zip([*neuron.w, neuron.b], row, strict=True):
                p.data = number
    return model


def spread(size):
    """An initialisation with weights of a size."""
    return lambda nin, nout, generator: ([generator.gauss(0.0, size) for _ in range(nin)], generator.gauss(0.0, size))


def reasons(found):
    return {weight.label: weight.reason for weight in found}


networks = st.builds(
    lambda seed, nouts, activation, size: nn.MLP(
        2, nouts, activation=activation, output='sigmoid', initialisation=spread(size), generator=seed
    ),
    st.integers(0, 10**6),
    st.lists(st.integers(1, 4), min_size=1, max_size=3),
    st.sampled_from(list(SLOPES)),
    st.sampled_from([0.01, 1.0, 3.0, 10.0]),
)
inputs = st.builds(
    lambda seed, number, size: (np.random.default_rng(seed).normal(size=(number, 2)) * [1.0, size]).tolist(),
    st.integers(0, 10**6),
    st.integers(1, 6),
    st.sampled_from([0.01, 1.0]),
)


# The reasons -------------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=60)
@given(networks, inputs)
def test_reasons_and_numbers_are_those_of_the_matrix_form(model, xs):
    entries = iter(slow_weights(model, [(x, 0) for x in xs]))
    a = np.array(xs)
    for number, layer in enumerate(model.layers, 2):
        kind = layer.neurons[0].activation
        z = a @ np.array([[w.data for w in n.w] for n in layer.neurons]).T + [n.b.data for n in layer.neurons]
        slope, largest = SLOPES[kind]
        shares = (slope(z) <= 0.05 * largest).mean(axis=0)
        for j, neuron in enumerate(layer.neurons):
            for k, (p, size) in enumerate([*zip(neuron.w, abs(a).mean(axis=0), strict=True), (neuron.b, 1.0)], 1):
                entry = next(entries)
                assert (entry.layer, entry.j, entry.k) == (number, j + 1, None if p is neuron.b else k)
                assert entry.parameter is p
                assert (entry.input, entry.saturated) == (pytest.approx(size), pytest.approx(shares[j]))
                expected = {(False, False): LEARNS, (True, False): SMALL_INPUT, (False, True): SATURATED}
                assert entry.reason == expected.get((size < 0.05, shares[j] > 0.8), BOTH)
        a = FUNCTIONS[kind](z)
    assert next(entries, None) is None


@settings(deadline=None, max_examples=30)
@given(networks, inputs)
def test_for_one_example_a_gradient_is_the_input_times_the_error(model, xs):
    found = slow_weights(model, [(xs[0], 0)])
    output = model(xs[0])
    loss = losses.quadratic(output, [0.9] * len(output) if isinstance(output, list) else 0.9)
    loss.backward()
    errors = {(w.layer, w.j): w.parameter.grad for w in found if w.k is None}  # BP3: that of the bias is delta
    for weight in found:
        assert abs(weight.parameter.grad) == pytest.approx(
            weight.input * abs(errors[weight.layer, weight.j]), rel=1e-12
        )


@settings(deadline=None, max_examples=30)
@given(networks, inputs)
def test_a_bias_is_slow_where_its_neuron_is_saturated_or_dead(model, xs):
    data = [(x, 0) for x in xs]
    neurons = slow(model, data)
    for weight in slow_weights(model, data):
        if weight.k is None:
            why = neurons.get(f'neuron {weight.layer - 1}.{weight.j}', '')
            assert weight.reason == (SATURATED if why.startswith(('saturated', 'dead')) else LEARNS)


@pytest.mark.parametrize(
    ('xs', 'weights', 'activation', 'expected'),
    [
        ([(1.0, 0.04), (-1.0, 0.04)], (1.0, 1.0, 0.0), 'sigmoid', (LEARNS, SMALL_INPUT, LEARNS)),
        ([(1.0, 0.05), (-1.0, 0.05)], (1.0, 1.0, 0.0), 'sigmoid', (LEARNS, LEARNS, LEARNS)),
        ([(1.0, 0.08), (-1.0, -0.08)], (1.0, 1.0, 0.0), 'sigmoid', (LEARNS, LEARNS, LEARNS)),  # of |x|, not of x
        ([(1.0, 0.0)], (9.0, 1.0, 0.0), 'sigmoid', (SATURATED, BOTH, SATURATED)),
        ([(1.0, 1.0)] * 4 + [(0.0, 0.0)], (9.0, 0.0, 0.0), 'tanh', (LEARNS, LEARNS, LEARNS)),  # 80 % is not above
        ([(1.0, 1.0)] * 5 + [(0.0, 0.0)], (9.0, 0.0, 0.0), 'tanh', (SATURATED, SATURATED, SATURATED)),
        ([(1.0, 1.0)], (1.0, 1.0, -9.0), 'relu', (SATURATED, SATURATED, SATURATED)),  # dead
        ([(1.0, 1.0)], (99.0, 1.0, -9.0), 'linear', (LEARNS, LEARNS, LEARNS)),
        ([(NAN, 0.0)], (1.0, 1.0, 0.0), 'sigmoid', (NOT_FINITE,) * 3),
        ([(1.0, 0.0)], (NAN, 1.0, 0.0), 'relu', (NOT_FINITE,) * 3),
        ([(1.0, 0.0)], (1.0, 1.0, NAN), 'linear', (NOT_FINITE,) * 3),
        ([(1.0, 0.0)] * 5 + [(1.0, NAN)], (9.0, 1.0, 0.0), 'sigmoid', (NOT_FINITE,) * 3),  # for one example
        ([(0.0, 1.0)], (INF, 1.0, 0.0), 'sigmoid', (NOT_FINITE,) * 3),  # 0 times infinity is nan
        ([(1.0, 1.0)], (INF, 1.0, 0.0), 'relu', (NOT_FINITE,) * 3),
        ([(1.0, 1.0)], (INF, 1.0, 0.0), 'sigmoid', (SATURATED,) * 3),
        ([(1.0, 1.0)], (-INF, 1.0, 0.0), 'relu', (SATURATED,) * 3),  # dead
        ([(INF, 1.0)], (1.0, 1.0, 0.0), 'sigmoid', (NOT_FINITE, SATURATED, SATURATED)),
        ([(0.0, 0.0)], (1.0, 1.0, 0.0), lambda z: z**0.5, (NOT_FINITE,) * 3),  # the slope is infinite
        ([(1.0, 1.0)], (9.0, 9.0, 0.0), lambda z: z.sigmoid() + 0.1 * z, (LEARNS, LEARNS, LEARNS)),
    ],
)
def test_why_a_weight_learns_slowly(xs, weights, activation, expected):
    *w, b = weights
    model = nn.Neuron(2, activation=activation, initialisation=lambda nin, nout, generator: (w, b))
    assert tuple(weight.reason for weight in slow_weights(model, [(x, 0) for x in xs])) == expected


def test_a_small_activation_slows_the_next_layer():
    model = with_weights([[0.0, -4.0], [0.0, 0.0]], [[1.0, 1.0, 0.0]])  # sigmoid(-4) = 0.018
    assert reasons(slow_weights(model, [([1.0], 0)])) == {
        'w²₁₁': LEARNS, 'b²₁': LEARNS, 'w²₂₁': LEARNS, 'b²₂': LEARNS,
        'w³₁₁': SMALL_INPUT, 'w³₁₂': LEARNS, 'b³₁': LEARNS,
    }  # fmt: skip


@pytest.mark.parametrize(
    ('biases', 'shut'),
    [
        ((0.0, 0.0, 0.0), None),
        ((9.0, 0.0, 0.0), None),  # nothing is before it
        ((0.0, 9.0, 0.0), 3),
        ((0.0, 9.0, -9.0), 4),
        ((9.0, 0.0, 9.0), 4),
    ],
)
def test_the_last_saturated_layer_with_layers_before_it(biases, shut):
    found = slow_weights(with_weights(*[[[0.0, b]] for b in biases]), [([1.0], 0)])
    assert found.shut == shut
    assert (f'layer l = {shut} ' in found.warning) if shut else not found.warning
    assert str(found).endswith('before it') == bool(shut)


def test_a_layer_with_a_neuron_that_learns_shuts_nothing():
    model = with_weights([[1.0, 0.0]], [[0.0, 9.0], [0.0, 0.0]], [[1.0, 1.0, 0.0]])
    assert slow_weights(model, [([1.0], 0)]).shut is None


# What does not learn at all ----------------------------------------------------------------------------------------


def test_a_nan_goes_on_to_the_layers_after_it_and_is_told():
    model = with_weights([[1.0, 0.0], [NAN, 0.0]], [[1.0, 1.0, 0.0]])
    found = slow_weights(model, [([1.0], 0)])
    assert reasons(found) == {
        'w²₁₁': LEARNS, 'b²₁': LEARNS, 'w²₂₁': NOT_FINITE, 'b²₂': NOT_FINITE,
        'w³₁₁': NOT_FINITE, 'w³₁₂': NOT_FINITE, 'b³₁': NOT_FINITE,
    }  # fmt: skip
    assert str(found).splitlines() == [
        '5 of 7 parameters learn slowly or not at all, over 1 example',
        '      mean |a_in|  saturated  reason',
        'w²₂₁  1            nan        nan or infinite',
        'b²₂   1            nan        nan or infinite',
        'w³₁₁  0.73         nan        nan or infinite',
        'w³₁₂  nan          nan        nan or infinite',
        'b³₁   1            nan        nan or infinite',
        'where nan or infinity reaches the cost, the gradients of other weights can be nan too',
    ]
    assert slow(model, [([1.0], 0)]) == {'neuron 1.2': 'its activation is nan', 'neuron 2.1': 'its activation is nan'}


@pytest.mark.parametrize(
    ('weight', 'activation', 'x', 'why'),
    [
        (NAN, 'tanh', 1.0, 'its activation is nan'),
        (INF, 'relu', 1.0, 'its activation is infinite'),
        (-INF, 'linear', 1.0, 'its activation is infinite'),
        (1.0, lambda z: z**0.5, 0.0, 'its slope is infinite'),
        (INF, 'tanh', 1.0, 'dead: the slope is 0 for every example'),
    ],
)
def test_slow_names_what_is_no_number(weight, activation, x, why):
    model = nn.Neuron(1, activation=activation, initialisation=lambda nin, nout, generator: ([weight], 0.0))
    assert slow(model, [([x], 0)]) == {'neuron 1.1': why}


def test_examples_that_give_nan_are_not_counted_as_saturated_or_not():
    model = nn.Neuron(1, activation='sigmoid', initialisation=lambda nin, nout, generator: ([1.0], 0.0))
    [[neuron]] = activities(model, [([x], 0) for x in (9.0, 0.0, NAN, NAN)])
    assert neuron.saturated == 0.5
    [[neuron]] = activities(model, [([NAN], 0)])
    assert math.isnan(neuron.saturated)
    assert not neuron.dead


def test_a_neuron_that_takes_no_part_is_told():
    model = with_layer(lambda a: a[1:], 2)
    data = [([1.0, 2.0], 0), ([0.5, 1.0], 0), ([1.0, -1.0], 0)]
    found = slow_weights(model, data)
    assert [w.label for w in found if w.reason == NO_PART] == ['w²₁₁', 'w²₁₂', 'b²₁']
    assert {NO_PART, LEARNS} >= {w.reason for w in found}
    assert str(found).splitlines() == [
        '3 of 15 parameters learn slowly or not at all, over 3 examples',
        '      mean |a_in|  saturated  reason',
        'w²₁₁                          took no part',
        'w²₁₂                          took no part',
        'b²₁                           took no part',
    ]
    assert slow(model, data) == {'neuron 1.1': 'it took no part in the output'}
    first = activities(model, data)[0][0]
    assert (first.a, first.slopes, first.dead) == ((), (), False)
    assert all(map(math.isnan, (first.saturated, first.input, *first.inputs)))


def test_a_layer_that_takes_no_part_is_told():
    model = with_layer(lambda a: [1.0, 2.0], 2)
    found = slow_weights(model, [([1.0, 2.0], 0)])
    assert [w.reason for w in found if w.layer == 2] == [NO_PART] * 9
    assert NO_PART not in {w.reason for w in found if w.layer == 3}


@pytest.mark.parametrize(('change', 'shut'), [(lambda a: a[:2], 3), (lambda a: [1.0, 2.0], None)])
def test_a_saturated_layer_shuts_those_before_it_that_take_part(change, shut):
    model = with_layer(change, 2)
    for neuron in model.layers[1].neurons:
        neuron.b.data = 30.0
    assert slow_weights(model, [([1.0, 2.0], 0)]).shut == shut


def test_neurons_that_take_no_part_do_not_keep_a_layer_open():
    model = with_layer(lambda a: {'first': a[0]}, at=1)
    model.layers[1].neurons[0].b.data = 30.0
    assert slow_weights(model, [([1.0, 2.0], 0)]).shut == 3


def test_a_layer_with_softmax_is_judged_by_what_its_neurons_and_those_after_them_met():
    model = with_layer(softmax)
    found = slow_weights(model, [([1.0, 2.0], 0)])
    hidden = [a.data for a in model.layers[0]([1.0, 2.0])]
    assert [w.input for w in found if (w.layer, w.j) == (3, 1)] == [*hidden, 1.0]
    zs = [n.b.data + n.w[0].data * 1.0 + n.w[1].data * 2.0 for n in model.layers[0].neurons]
    assert [neuron.a for neuron in found.layers[0]] == [(math.tanh(z),) for z in zs]


# What is told ------------------------------------------------------------------------------------------------------


def test_the_table():
    model = with_weights([[9.0, 1.0, 0.0], [1.0, 1.0, 0.0]])
    found = slow_weights(model, [([1.0, 0.01], 0)])
    assert str(found).splitlines() == [
        '4 of 6 parameters learn slowly, over 1 example',
        '      mean |a_in|  saturated  reason',
        'w²₁₁  1            100%       saturated',
        'w²₁₂  0.01         100%       small input, saturated',
        'b²₁   1            100%       saturated',
        'w²₂₂  0.01         0%         small input',
    ]
    assert repr(found) == 'SlowWeights(4 of 6 parameters learn slowly, over 1 example)'
    assert [weight.label for weight in found.slow] == ['w²₁₁', 'w²₁₂', 'b²₁', 'w²₂₂']
    assert {weight.reason for weight in found.slow} == {*REASONS}
    assert len(found) == 6


def test_where_nothing_is_slow_there_is_no_table():
    assert (
        str(slow_weights(with_weights([[1.0, 0.0]]), [([1.0], 0)])) == '0 of 2 parameters learn slowly, over 1 example'
    )


def test_a_long_table_is_shortened_and_indices_of_two_digits_have_a_comma():
    found = slow_weights(nn.MLP(12, [3], output='sigmoid', generator=0), [([0.0] * 12, 0)])
    lines = str(found).splitlines()
    assert len(lines) == 23
    assert lines[-1] == '… and 16 more: the rest of .slow'
    assert lines[13].startswith('w²₁,₁₂ ')


# Models and data ---------------------------------------------------------------------------------------------------


def test_every_kind_of_model():
    for model, number in ((nn.Neuron(2), 3), (nn.Layer(2, 4), 12), (nn.MLP(2, [3, 1]), 13)):
        found = slow_weights(model, moons(4, seed=0))
        assert {id(weight.parameter) for weight in found} == {*map(id, model.parameters())}
        assert len(found) == number


def test_every_form_of_data():
    model = nn.MLP(2, [2], output='sigmoid', initialisation=spread(9.0), generator=0)
    points = moons(6, seed=0)
    xs, y = points.inputs, points.targets
    tables = {
        str(slow_weights(model, form))
        for form in (points, (xs, y), zip(xs, y, strict=True), [*zip(xs, y, strict=True)])
    }
    assert len(tables) == 1


class Own(nn.MLP):
    """A class of the program's own, which might put its layers together otherwise."""


@settings(deadline=None, max_examples=30)
@given(networks, inputs)
def test_plain_networks_need_no_graph_and_give_the_same_bits(model, xs):
    own = Own(2, [1])
    own.layers = model.layers
    data = [(x, 0) for x in xs]
    expected = [[(n.a, n.slopes, n.inputs) for n in layer] for layer in activities(own, data)]
    for form in (data, [(np.array(x), 0) for x in xs], [([Value(number) for number in x], 0) for x in xs]):
        assert [[(n.a, n.slopes, n.inputs) for n in layer] for layer in activities(model, form)] == expected


def test_a_plain_network_is_not_read_off_a_graph(monkeypatch):
    monkeypatch.setattr('micrograd.saturation.passes', None)
    for model in (nn.Neuron(2), nn.Layer(2, 2), nn.MLP(2, [2, 1])):
        assert slow_weights(model, moons(4, seed=0))


def test_a_class_of_the_program_s_own_is_seen_as_it_is():
    class Twice(Own):
        def __call__(self, x):
            return super().__call__([2.0 * number for number in x])

    model = Twice(1, [1], output='sigmoid', initialisation=lambda nin, nout, generator: ([3.0], 0.0))
    (weight, _) = slow_weights(model, [([1.0], 0)])
    assert (weight.input, weight.reason) == (2.0, SATURATED)  # z = 6; without the factor it would be 3


def test_nothing_of_the_model_is_changed():
    model = nn.MLP(2, [2, 1], generator=0)
    before = [(p.data, p.grad) for p in model.parameters()]
    slow_weights(model, moons(4, seed=0))
    assert [(p.data, p.grad) for p in model.parameters()] == before


def test_the_mean_input_of_a_neuron_is_that_over_its_inputs():
    [[neuron]] = activities(nn.Neuron(2), [([1.0, -3.0], 0), ([2.0, 0.0], 0)])
    assert neuron.inputs == (1.5, 1.5)
    [[neuron]] = activities(nn.Neuron(2), [([Value(1.0), -4.0], 0)])
    assert (neuron.inputs, neuron.input) == ((1.0, 4.0), 2.5)


@pytest.mark.parametrize(
    ('model', 'data', 'error'),
    [
        (nn.Neuron(2), [], DataError),
        (nn.Neuron(2), [([1.0], 1)], ShapeError),
        (lambda x: x, [([1.0], 1)], TypeError),
        (nn.Neuron(1), 3, TypeError),
    ],
)
def test_what_is_refused(model, data, error):
    with pytest.raises(error):
        slow_weights(model, data)
