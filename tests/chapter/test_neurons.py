"""The errors as a table, and the slopes between the neurons of a layer."""

import math

import pytest
from hypothesis import given

from micrograd import Value, gradients, graph, losses, nn, no_grad
from micrograd.chapter import deltas, sigma_prime
from micrograd.errors import DataError, GraphError, StaleGraphError
from micrograd.passes import passes
from tests.chapter.networks import Case, cases

ELEMENTWISE = ('sigmoid', 'tanh', 'linear')


@given(cases(ELEMENTWISE))
def test_deltas_are_dc_by_dz_29(case: Case):
    cost = case.cost()
    table = deltas(cost, case.model)
    cost.backward()
    assert len(table) == sum(case.network.sizes[1:]) * len(case.inputs)
    for error in table:
        assert error.delta == pytest.approx(error.z.grad, rel=1e-13, abs=1e-300)
        assert error.z is error.a or error.a._prev


@given(cases(ELEMENTWISE))
def test_layers_are_vectors_in_the_order_of_the_matrix_form(case: Case):
    table = deltas(case.cost(), case.model)
    right = case.network.deltas(*case.columns)
    for l, matrix in enumerate(right, 2):
        for x in range(len(case.inputs)):
            assert table.layer(l, example=x + 1) == pytest.approx(matrix[:, x] / len(case.inputs), rel=1e-12, abs=1e-13)


def model_and_cost() -> tuple[nn.MLP, Value]:
    model = nn.MLP(2, [3, 2], activation='tanh', output='sigmoid', generator=0)
    return model, losses.quadratic(model([0.5, -1.0]), [1.0, 0.0])


def test_it_writes_nothing():
    model, cost = model_and_cost()
    deltas(cost, model)
    assert {v.grad for v in graph.topological([cost])} == {0.0}


def test_slopes_are_sigma_prime():
    model, cost = model_and_cost()
    for error in deltas(cost, model):
        a = error.a.data
        assert error.slope == pytest.approx(1 - a * a if error.layer == 2 else a * (1 - a), rel=1e-12)


def test_an_activation_of_your_own_has_its_slope_too():
    model = nn.MLP(1, [1], output=lambda z: z.tanh() + 0.1 * z, generator=0)
    (error,) = deltas(model([0.7]), model)
    assert error.slope == pytest.approx(1 - error.z.tanh().data ** 2 + 0.1, rel=1e-12)


def test_the_table_prints_itself():
    model, cost = model_and_cost()
    lines = str(deltas(cost, model)).splitlines()
    assert [line.split()[0] for line in lines] == ['z', 'δ²₁', 'δ²₂', 'δ²₃', 'δ³₁', 'δ³₂']


def test_a_long_table_is_cut():
    model = nn.MLP(1, [50], generator=0)
    lines = str(deltas(losses.mse(model([1.0]), [0.0] * 50), model)).splitlines()
    assert lines[-1] == '… 10 more'
    assert len(lines) == 42


@pytest.mark.parametrize(('layer', 'example'), [(1, 1), (4, 1), (2, 2), (2, 0)])
def test_there_are_no_other_layers_and_examples(layer: int, example: int):
    model, cost = model_and_cost()
    with pytest.raises(DataError, match='layers with errors are 2 to 3, the inputs being layer 1; examples are 1 to 1'):
        deltas(cost, model).layer(layer, example)


def test_what_would_be_wrong_is_an_error():
    model, cost = model_and_cost()
    model.parameters()[0].data += 1.0
    with pytest.raises(StaleGraphError):
        deltas(cost, model)
    with pytest.raises(GraphError, match='took no part'):
        deltas(cost, nn.MLP(2, [1]))
    with pytest.raises(TypeError, match='networks of neurons'):
        deltas(cost, object())


def test_a_cost_of_some_outputs_only():
    model = nn.MLP(2, [3, 2], activation='tanh', generator=0)
    first, _ = model([0.5, -1.0])
    cost = losses.mse(first, 1.0)
    table = deltas(cost, model)
    assert [(e.layer, e.neuron) for e in table] == [(2, 1), (2, 2), (2, 3), (3, 1)]
    (by_z,) = gradients(cost, [first])
    assert table.layer(3) == [by_z.data, 0.0]
    assert sigma_prime(cost, model, 2).is_diagonal
    with pytest.raises(GraphError, match='not all neurons of layer 3 took part'):
        sigma_prime(cost, model, 3)


def test_which_call_was_for_which_example():
    model = nn.MLP(2, [3, 2], activation='tanh', generator=0)
    first, second = model([0.5, -1.0]), model([1.0, 1.0])
    with pytest.raises(GraphError, match='cannot be told which call was for which example'):
        deltas(losses.mse([*first, second[0]], [1.0, 0.0, 1.0]), model)


def test_slopes_are_there_without_a_graph_too():
    model, cost = model_and_cost()
    table = deltas(cost, model)
    with no_grad():
        assert [e.slope for e in deltas(cost, model)] == [e.slope for e in table]


def test_a_wide_layer_is_quick_and_a_shut_gate_stops_infinity():
    model = nn.MLP(300, [60, 40], activation='sigmoid', output='relu', generator=0)
    found = sigma_prime(losses.mse(model([0.1] * 300), [0.0] * 40), model, 3)
    assert found.is_diagonal
    shut = nn.MLP(1, [1], output=lambda z: z.relu() * math.inf, initialisation=lambda *_: ([-1.0], 0.0))
    assert sigma_prime(shut([1.0]), shut, 2).slopes == ((0.0,),)


def test_stale_numbers_are_an_error_for_the_matrix_too():
    model, cost = model_and_cost()
    (one,) = [error for error in deltas(cost, model) if (error.layer, error.neuron) == (2, 1)]
    one.z.data += 1.0
    with pytest.raises(StaleGraphError):
        sigma_prime(cost, model, 2)


# The step of the proof ------------------------------------------------------------------------------------------------


@given(cases(ELEMENTWISE, examples=2))
def test_activations_depend_on_their_own_weighted_input_only_38(case: Case):
    cost = case.cost()
    for l, size in enumerate(case.network.sizes[1:], 2):
        found = sigma_prime(cost, case.model, l, example=len(case.inputs))
        slopes = [e.slope for e in deltas(cost, case.model) if (e.layer, e.example) == (l, len(case.inputs))]
        assert found.is_diagonal
        assert len(found.slopes) == size
        assert [found.slopes[j][j] for j in range(size)] == pytest.approx(slopes, rel=1e-12)
        assert all(found.slopes[k][j] == found.paths[k][j] == 0 for k in range(size) for j in range(size) if j != k)


def test_a_network_that_breaks_it_is_seen():
    model, _ = model_and_cost()
    neurons = model.layers[0].neurons
    z = []

    def softmax_like(i):
        def sigma(v):
            z.append(v)
            return v.exp() / sum((u.exp() for u in z[: i + 1]), Value(0.0))

        return sigma

    for i, neuron in enumerate(neurons):
        neuron.activation = softmax_like(i)
    found = sigma_prime(losses.quadratic(model([0.5, -1.0]), [1.0, 0.0]), model, 2)
    assert not found.is_diagonal
    assert found.paths[2][0] > 0 == found.paths[0][2]


def test_the_matrix_prints_itself():
    model, cost = model_and_cost()
    lines = str(sigma_prime(cost, model, 3)).splitlines()
    assert lines[0].split() == ['∂a/∂z', 'z³₁', 'z³₂']
    assert lines[1].endswith('no path')


def test_of_a_wide_layer_a_corner_is_printed():
    model = nn.MLP(1, [12], output='tanh', generator=0)
    text = str(sigma_prime(losses.mse(model([1.0]), [0.0] * 12), model, 2))
    assert text.endswith('… of 12 neurons')
    assert 'z²₉' not in text


@pytest.mark.parametrize(('layer', 'example'), [(1, 1), (4, 1), (2, 2)])
def test_of_no_other_layer_or_example(layer: int, example: int):
    model, cost = model_and_cost()
    with pytest.raises(DataError, match='there is no'):
        sigma_prime(cost, model, layer, example)


@given(cases(ELEMENTWISE, examples=1))
def test_weighted_inputs_depend_on_those_before_by_44(case: Case):
    """The step of the proof of BP2: dz_k/dz_j is w_kj sigma'(z_j), along one path."""
    layers = passes(case.model, case.cost())
    for l, w in enumerate(case.network.weights[1:]):
        for j, (before,) in enumerate(layers[l]):
            (sigma_slope,) = gradients(before.a, [before.z])
            for k, (after,) in enumerate(layers[l + 1]):
                found = graph.paths(before.z, after.z)
                assert found.count == 1
                assert found.total == pytest.approx(w[k, j] * sigma_slope.data, rel=1e-12, abs=1e-300)
