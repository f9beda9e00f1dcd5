"""The chapter's equations in matrix form, held against the engine, which knows only the chain rule."""

import math

import numpy as np
import pytest
from hypothesis import given

import micrograd
from micrograd import losses
from micrograd.chapter import ACTIVATIONS, COSTS, Activation, Cost, Network
from micrograd.chapter.network import _columns
from micrograd.data import blobs, one_hot, standardise
from micrograd.errors import DataError, ShapeError
from micrograd.nn import MLP
from micrograd.optim import SGD
from micrograd.passes import passes
from micrograd.training import fit
from micrograd.transforms import gradients
from tests.chapter.networks import Case, cases

ELEMENTWISE = ('sigmoid', 'tanh', 'linear')
TOLERANCE = {'rtol': 1e-12, 'atol': 1e-12}


def engine_deltas(case: Case) -> list[np.ndarray]:
    """delta^l of every layer and example, by the engine: of each example alone, without the 1/n of the average."""
    cost = case.cost()
    layers = passes(case.model, cost)
    flat = gradients(cost, [one.z for layer in layers for seen in layer for one in seen])
    numbers = iter(delta.data * len(case.inputs) for delta in flat)
    return [np.array([[next(numbers) for _ in seen] for seen in layer]) for layer in layers]


def engine_gradient(case: Case) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """nabla_b and nabla_w of the sum of the costs, by backward()."""
    cost = case.cost()
    case.model.zero_grad()
    cost.backward()
    layers, n = case.model.layers, len(case.inputs)
    nabla_b = [np.array([[neuron.b.grad * n] for neuron in layer.neurons]) for layer in layers]
    nabla_w = [np.array([[w.grad * n for w in neuron.w] for neuron in layer.neurons]) for layer in layers]
    return nabla_b, nabla_w


def same(found: list[np.ndarray], right: list[np.ndarray]) -> None:
    for a, b in zip(found, right, strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, **TOLERANCE)


# Forward --------------------------------------------------------------------------------------------------------------


@given(cases())
def test_feedforward_25(case: Case):
    found = case.network.feedforward(case.inputs.T)
    np.testing.assert_allclose(found.T, [[a.data for a in row] for row in case.outputs()], **TOLERANCE)


@given(cases())
def test_cost_26_is_the_average_over_the_examples(case: Case):
    assert case.network.cost(*case.columns) == pytest.approx(case.cost().data, rel=1e-12)


def test_a_vector_gives_a_vector_and_columns_give_columns():
    network = Network([3, 2], generator=0)
    x = [0.5, -1.0, 2.0]
    as_column = network.feedforward(np.array([x]).T)
    assert network.feedforward(x).shape == (2,)
    assert as_column.shape == (2, 1)
    np.testing.assert_array_equal(network.feedforward(x), as_column[:, 0])


# The four equations ---------------------------------------------------------------------------------------------------


@given(cases(ELEMENTWISE))
def test_bp1_output_error(case: Case):
    np.testing.assert_allclose(case.network.deltas(*case.columns)[-1], engine_deltas(case)[-1], **TOLERANCE)


@given(cases(ELEMENTWISE))
def test_bp2_backward_error(case: Case):
    same(case.network.deltas(*case.columns)[:-1], engine_deltas(case)[:-1])


@given(cases(ELEMENTWISE))
def test_bp3_biases(case: Case):
    same(case.network.backprop(*case.columns)[0], engine_gradient(case)[0])


@given(cases(ELEMENTWISE))
def test_bp4_weights(case: Case):
    same(case.network.backprop(*case.columns)[1], engine_gradient(case)[1])


@given(cases())
def test_alternate_form_33_34_for_any_activation(case: Case):
    same(case.network.deltas_by_jacobian(*case.columns), engine_deltas(case))
    nabla_b, nabla_w = case.network.backprop_by_jacobian(*case.columns)
    right_b, right_w = engine_gradient(case)
    same(nabla_b, right_b)
    same(nabla_w, right_w)


def test_alternate_form_where_the_matrix_is_not_symmetric():
    shift = Activation(
        'shift',
        lambda z: z + np.roll(z, 1, axis=0) ** 2,
        jacobian=lambda z: np.eye(len(z)) + 2 * np.roll(np.diagflat(z), 1, axis=0),
    )
    network = Network([2, 3, 3], activation=shift, output=shift, generator=4)
    x, y = np.array([[0.3], [-0.7]]), np.array([[1.0], [0.0], [0.5]])
    for found, right in zip(network.backprop_by_jacobian(x, y), network.finite_differences(x, y), strict=True):
        for a, b in zip(found, right, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)


@given(cases(ELEMENTWISE))
def test_a_mini_batch_at_once_is_the_sum_over_its_examples(case: Case):
    whole = case.network.backprop(*case.columns)
    each = [case.network.backprop(x, y) for x, y in zip(case.inputs, case.targets, strict=True)]
    for part in (0, 1):
        for layer, found in enumerate(whole[part]):
            np.testing.assert_allclose(found, sum(gradient[part][layer] for gradient in each), **TOLERANCE)


@pytest.mark.parametrize('cost', ['quadratic', 'cross-entropy'])
def test_finite_differences_46(cost: str):
    network = Network([3, 4, 2], cost=cost, generator=2)
    x, y = [0.5, -1.0, 2.0], [1.0, 0.0]
    for found, right in zip(network.finite_differences(x, y), network.backprop(x, y), strict=True):
        for a, b in zip(found, right, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)


def test_finite_differences_leave_the_network_as_it_is():
    network = Network([2, 2], generator=2)
    before = [w.copy() for w in (*network.weights, *network.biases)]
    network.finite_differences([1.0, 2.0], [0.0, 1.0])
    for a, b in zip((*network.weights, *network.biases), before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_cross_entropy_with_sigmoid_leaves_out_the_slope():
    """Chapter 3: delta^L = a^L - y, whatever sigma'(z) is."""
    network = Network([2, 2], cost='cross-entropy', generator=1)
    x, y = [0.5, 2.0], np.array([1.0, 0.0])
    np.testing.assert_allclose(network.deltas(x, y)[-1][:, 0], network.feedforward(x) - y, **TOLERANCE)


# Activations and costs by themselves ----------------------------------------------------------------------------------


@pytest.mark.parametrize('name', [name for name, f in ACTIVATIONS.items() if f.derivative])
def test_activations_and_their_slopes_are_those_of_the_table(name: str):
    z = np.array([[-40.0, -3.0, -0.5, 0.0, 0.25, 2.0, 30.0]]).T
    right = [[], []]
    for number in z[:, 0].tolist():
        v = micrograd.Value(number)
        a = v if name == 'linear' else getattr(micrograd, name)(v)
        right[0].append([a.data])
        right[1].append([gradients(a, [v])[0].data])
    np.testing.assert_allclose(ACTIVATIONS[name].function(z), right[0], rtol=1e-14)
    np.testing.assert_allclose(ACTIVATIONS[name].elementwise(z), right[1], rtol=1e-14)


@pytest.mark.parametrize('name', ['sigmoid', 'tanh', 'softmax', 'softplus'])
def test_activations_do_not_overflow(name: str):
    z = np.array([[1e4], [-1e4], [0.0]])
    assert np.isfinite(ACTIVATIONS[name].function(z)).all()
    assert np.isfinite(ACTIVATIONS[name].sigma_prime(z)).all()


@pytest.mark.parametrize('name', COSTS)
def test_the_derivative_of_a_cost_is_that_of_its_function(name: str):
    a, y, h = np.array([[0.2, 0.7], [0.8, 0.3]]), np.array([[1.0, 0.0], [0.0, 1.0]]), 1e-7
    numeric = np.empty_like(a)
    for i in np.ndindex(a.shape):
        up, down = a.copy(), a.copy()
        up[i] += h
        down[i] -= h
        numeric[i] = (COSTS[name].function(up, y) - COSTS[name].function(down, y))[i[1]] / (2 * h)
    np.testing.assert_allclose(COSTS[name].derivative(a, y), numeric, rtol=1e-6, atol=1e-8)


def test_a_sure_and_right_output_costs_nothing():
    sure = np.array([[1.0], [0.0]])
    assert COSTS['cross-entropy'].function(sure, sure) == 0.0
    assert COSTS['log-likelihood'].function(sure, sure) == 0.0


def test_your_own_activation_and_cost():
    softsign = Activation('softsign', lambda z: z / (1 + abs(z)), lambda z: 1 / (1 + abs(z)) ** 2)
    fourth = Cost('fourth', lambda a, y: ((a - y) ** 4).sum(axis=0), lambda a, y: 4 * (a - y) ** 3)
    network = Network([2, 3, 1], activation=softsign, output=softsign, cost=fourth, generator=0)
    x, y = [0.5, -1.0], [1.0]
    for found, right in zip(network.backprop(x, y)[1], network.finite_differences(x, y)[1], strict=True):
        np.testing.assert_allclose(found, right, rtol=1e-4, atol=1e-6)
    assert repr(network) == 'Network([2, 3, 1], softsign, softsign, fourth cost)'


# Learning -------------------------------------------------------------------------------------------------------------


def digits_like() -> tuple[list[list[float]], list[list[float]]]:
    points = blobs(30, centers=3, seed=5)
    return standardise(points.inputs)[0], one_hot(points.targets, 3)


@pytest.mark.parametrize('compiled', [True, False])
@pytest.mark.parametrize('batch_size', [7, 30])  # 7: the last mini-batch is smaller
def test_update_rules_are_those_of_fit_with_sgd(batch_size: int, compiled: bool):
    data = digits_like()
    model = MLP(2, [4, 3], activation='sigmoid', output='sigmoid', initialisation='gaussian', generator=3)
    network = Network.from_model(model)
    network.SGD(data, 2, batch_size, 0.5, seed=9)
    optimizer = SGD(model.parameters(), lr=0.5)
    fit(
        model, data, loss='quadratic', optimizer=optimizer, epochs=2, batch_size=batch_size, seed=9,
        progress=False, compiled=compiled,
    )  # fmt: skip
    trained = Network.from_model(model)
    same(trained.weights, network.weights)
    same(trained.biases, network.biases)


def test_one_update_as_it_is_written():
    """w -> w - eta/m sum of delta a^T, example by example."""
    network = Network([2, 3, 2], generator=1)
    twin = Network([2, 3, 2], generator=1)
    batch = [([0.5, 1.0], [1.0, 0.0]), ([-1.0, 2.0], [0.0, 1.0]), ([0.0, 0.3], [1.0, 1.0])]
    network.update_mini_batch(batch, eta=0.3)
    for i in range(2):
        steps = [(twin.deltas(x, y)[i], twin.passes(x)[i][1]) for x, y in batch]
        w = twin.weights[i] - 0.3 / 3 * sum(delta @ a.T for delta, a in steps)
        b = twin.biases[i] - 0.3 / 3 * sum(delta for delta, _ in steps)
        np.testing.assert_allclose(network.weights[i], w, **TOLERANCE)
        np.testing.assert_allclose(network.biases[i], b, **TOLERANCE)


def test_it_learns_and_says_so_as_the_book_does(capsys: pytest.CaptureFixture[str]):
    data = digits_like()
    classes = (data[0][:20], [y.index(1.0) for y in data[1][:20]])
    network = Network([2, 8, 3], generator=0)
    right = network.SGD(data, 30, 5, 3.0, test_data=classes)
    assert network.evaluate(data) > 24
    assert right[0] < 17 <= right[-1] == network.evaluate(classes)
    assert capsys.readouterr().out.splitlines()[-1] == f'Epoch 30: {right[-1]} / 20'


# Between the two forms ------------------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_network_in_both_forms():
    options = {'activation': 'sigmoid', 'output': 'sigmoid', 'initialisation': 'gaussian', 'generator': 7}
    model, network = Network.from_model(MLP(3, [4, 2], **options)), Network([3, 4, 2], generator=7)
    for a, b in zip((*model.weights, *model.biases), (*network.weights, *network.biases), strict=True):
        np.testing.assert_array_equal(a, b)


@given(cases(ELEMENTWISE))
def test_to_a_model_and_back(case: Case):
    back = Network.from_model(case.model)
    for a, b in zip((*back.weights, *back.biases), (*case.network.weights, *case.network.biases), strict=True):
        np.testing.assert_array_equal(a, b)
    assert [sigma.name for sigma in back.sigmas] == [sigma.name for sigma in case.network.sigmas]


def sigmoid(z):
    return 2.0 * z


class Skipping(MLP):
    def __call__(self, x):
        return super().__call__(x) + x[0]


def test_a_function_is_not_taken_for_what_it_is_called():
    with pytest.raises(ValueError, match='the activation sigmoid is a function of Values'):
        Network.from_model(MLP(1, [1], output=sigmoid))
    own = Activation('tanh', lambda z: 2 * z, lambda z: np.full_like(z, 2.0))
    with pytest.raises(ValueError, match='tanh is an Activation of your own'):
        Network([1, 1], output=own).to_model()
    with pytest.raises(ValueError, match='Skipping is a class of your own'):
        Network.from_model(Skipping(2, [1]))


def test_the_cost_is_that_which_was_asked_for():
    assert 'cross-entropy' in repr(Network.from_model(MLP(1, [1], output='sigmoid'), cost='cross-entropy'))


# Where outputs are 0 or 1 to the last digit ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('z', 'y', 'delta'), [(100.0, 1.0, 0.0), (100.0, 0.0, 1.0), (-100.0, 1.0, -1.0), (30.0, 0.0, 1.0)]
)
def test_a_sure_sigmoid_with_cross_entropy(z: float, y: float, delta: float):
    network = Network([1, 1], cost='cross-entropy')
    network.weights, network.biases = [np.array([[z]])], [np.zeros((1, 1))]
    assert network.deltas([1.0], [y])[0].item() == pytest.approx(delta, abs=1e-12)
    assert network.backprop([1.0], [y])[1][0].item() == pytest.approx(delta, abs=1e-12)


def test_a_sure_softmax_with_log_likelihood():
    network = Network([1, 2], output='softmax', cost='log-likelihood')
    network.weights, network.biases = [np.array([[900.0], [0.0]])], [np.zeros((2, 1))]
    assert network.deltas_by_jacobian([1.0], [1.0, 0.0])[0].ravel().tolist() == [0.0, 0.0]
    assert network.deltas_by_jacobian([1.0], [0.0, 1.0])[0].ravel().tolist() == [1.0, -1.0]


@pytest.mark.parametrize('name', ['cross-entropy', 'log-likelihood'])
def test_the_derivative_of_a_cost_at_a_sure_and_right_output(name: str):
    sure = np.array([[1.0], [0.0]])
    assert COSTS[name].derivative(sure, sure)[0, 0] == -1.0
    assert np.isfinite(COSTS[name].derivative(sure, sure)).all()


def test_what_cancels_is_what_the_equations_give():
    for cost, output in (('cross-entropy', 'sigmoid'), ('log-likelihood', 'softmax')):
        network = Network([2, 3], cost=cost, output=output, generator=3)
        plain = Cost(cost, network._cost.function, network._cost.derivative)
        literal = Network([2, 3], cost=plain, output=output, generator=3)
        y = [0.2, 0.5, 0.3]
        same(network.deltas_by_jacobian([0.5, -1.0], y), literal.deltas_by_jacobian([0.5, -1.0], y))


def test_examples_far_apart_do_not_disturb_each_other():
    network = Network([1, 2], output='softmax', generator=0)
    apart = network.feedforward(np.array([[1.0, 5000.0]]))
    np.testing.assert_array_equal(apart[:, 0], network.feedforward([1.0]))


def test_what_has_no_counterpart_is_refused():
    with pytest.raises(ValueError, match="there is no activation 'gelu'"):
        Network.from_model(MLP(2, [1, 1], activation='gelu'))
    mixed = MLP(2, [2])
    mixed.layers[0].neurons[0].activation, mixed.layers[0].neurons[0].nonlin = 'tanh', True
    with pytest.raises(ValueError, match='several activations'):
        Network.from_model(mixed)
    with pytest.raises(ValueError, match='softmax does not take one number'):
        Network([2, 2], output='softmax').to_model()


# Errors ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('call', 'kind', 'message'),
    [
        (lambda n: Network([2]), ShapeError, 'Right: Network'),
        (lambda n: Network([2, 0]), DataError, r'sizes\[1\] should be at least 1'),
        (lambda n: Network([2, 1], activation='sigmoyd'), ValueError, "there is 'sigmoid'"),
        (lambda n: Network([2, 1], cost='squared'), ValueError, 'Your own: Cost'),
        (lambda n: n.feedforward([1.0, 2.0, 3.0]), ShapeError, r'x has the shape \(3,\).*a vector of 2'),
        (lambda n: n.feedforward(['a', 'b']), DataError, 'x should be numbers'),
        (lambda n: n.backprop([1.0, 2.0], [1.0, 2.0]), ShapeError, 'y has the shape'),
        (lambda n: n.backprop(np.zeros((2, 3)), np.zeros((1, 2))), ShapeError, r'a matrix \(1, 3\)'),
        (lambda n: n.finite_differences([1.0, 2.0], [1.0], 0.0), DataError, 'epsilon is 0'),
        (lambda n: n.SGD([([1.0, 2.0], [1.0])], 0, 1, 0.1), DataError, 'epochs should be at least 1'),
        (lambda n: n.SGD([([1.0, 2.0], [1.0])], 1, 1, math.nan), DataError, 'eta should be a finite number'),
        (lambda n: n.SGD([([1.0, 2.0], [1.0])], 1, 1, -1.0), ValueError, 'eta should be above 0'),
        (lambda n: n.feedforward(np.zeros((2, 1, 1))), ShapeError, 'x has the shape'),
        (lambda n: n.feedforward([micrograd.Value(1.0)] * 2), DataError, r'Right: \[v.data for v in x\]'),
        (lambda n: n.update_mini_batch([([1.0, 2.0], [1.0]), ([1.0], [0.0])], 1.0), ShapeError, 'x of example 1 has 1'),
        (lambda n: n.evaluate([([1.0, 2.0], [1.0])]), ShapeError, 'with one output there is no neuron'),
        (lambda n: n.SGD([([1.0, 2.0], [1.0])], 1, 1, 0.1, [([1.0, 2.0], [1.0])]), ShapeError, 'with one output'),
        (lambda n: Network([2, 2]).evaluate([([1.0, 2.0], 2)]), DataError, 'a class from 0 to 1, or a vector of 2'),
        (lambda n: Network([2, 2]).evaluate([([1.0, 2.0], [1, 0, 0])]), DataError, 'the target of example 0'),
        (lambda n: Network([2, 2]).update_mini_batch([([1.0, 2.0], 1)], 1.0), ShapeError, r'data.one_hot\(labels, 2\)'),
        (lambda n: Network(3), TypeError, 'sizes lists the neurons of all layers'),
        (lambda n: Network([2, 1], activation=['tanh']), TypeError, r"a name, or a Activation, not \['tanh'\]"),
        (lambda n: Network([2, 1], cost=losses.mse), TypeError, 'Your own: Cost'),
        (lambda n: Activation('half', lambda z: z / 2), ValueError, "'half' has no derivative"),
        (
            lambda n: Network([2, 2], output='softmax').backprop([1.0, 2.0], [1.0, 0.0]),
            ShapeError,
            'Right: network.backprop_by_jacobian',
        ),
    ],
)  # fmt: skip
def test_errors_say_what_is_right(call, kind, message):
    with pytest.raises(kind, match=message):
        call(Network([2, 3, 1]))


def test_columns_are_what_a_matrix_is_made_of():
    np.testing.assert_array_equal(_columns([1, 2], 2, 'x'), [[1.0], [2.0]])
    assert _columns(np.zeros((2, 5)), 2, 'x', 5).shape == (2, 5)


def test_losses_quadratic_is_the_books_cost_27():
    network = Network([2, 2], generator=0)
    x, y = [0.5, 1.0], [1.0, 0.0]
    assert network.cost(x, y) == pytest.approx(losses.quadratic(network.feedforward(x).tolist(), y).data, rel=1e-14)
