"""The two assumptions on the cost, and costs that break each."""

import pytest

import micrograd
from micrograd import data, losses, nn
from micrograd.chapter import assumptions
from micrograd.errors import DataError

DATA = [([0.0, 1.0], [1.0, 0.0]), ([1.0, 0.5], [0.0, 1.0]), ([-1.0, 2.0], [1.0, 1.0])]


@pytest.fixture
def model() -> nn.MLP:
    return nn.MLP(2, [3, 2], activation='tanh', output='sigmoid', generator=0)


@pytest.mark.parametrize('cost', [losses.quadratic, losses.mse, losses.bce, losses.bce_with_logits])
def test_the_losses_keep_both(model: nn.MLP, cost):
    found = assumptions(cost, model, DATA)
    assert found
    assert str(found) == (
        '1 holds: C is the average of the costs C_x of the examples\n2 holds: C is a function of the outputs a³'
    )


def test_with_a_single_output_and_targets_that_are_numbers():
    model = nn.MLP(2, [4, 1], generator=0)
    points = data.moons(20, seed=0)
    for cost in (losses.quadratic, losses.bce_with_logits, losses.mse):
        assert assumptions(cost, model, points)
    assert assumptions(losses.hinge, model, (points.inputs, [2 * y - 1 for y in points.targets]))


def test_with_classes_as_targets(model: nn.MLP):
    assert assumptions(losses.cross_entropy, model, [(x, i % 2) for i, (x, _) in enumerate(DATA)])


def each(outputs, targets):
    return [losses.quadratic(a, y) for a, y in zip(outputs, targets, strict=True)]


def batch_normalised(outputs, targets):
    mean = micrograd.mean([a for row in outputs for a in row])
    return losses.quadratic([[a - mean for a in row] for row in outputs], targets)


NO_AVERAGES = {
    'sum': (lambda o, t: micrograd.sum(each(o, t)), 'It is the sum: divide it by the number of examples'),
    'root mean square': (lambda o, t: micrograd.mean([c * c for c in each(o, t)]).sqrt(), 'It is the root of the mean'),
    'worst': (lambda o, t: micrograd.max(each(o, t)), 'It is the cost of the worst example alone'),
    'batch normalisation': (batch_normalised, 'The examples depend on each other in it'),
    'more for more': (
        lambda o, t: losses.quadratic(o, t) * (3.0 if len(o) > 1 else 1.0),
        'The examples depend on each other in it',
    ),
}


@pytest.mark.parametrize('name', NO_AVERAGES)
def test_a_cost_that_is_no_average(model: nn.MLP, name: str):
    cost, why = NO_AVERAGES[name]
    found = assumptions(cost, model, DATA)
    assert not found
    assert not found.is_average
    assert found.is_of_outputs
    assert why in found.is_average.why
    assert 'what backpropagation, mini-batches and fit compute' in found.is_average.why


def test_the_numbers_in_the_explanation(model: nn.MLP):
    costs = [losses.quadratic(model(x), y).data for x, y in DATA[:2]]
    why = assumptions(NO_AVERAGES['sum'][0], model, DATA).is_average.why
    assert why.startswith(f'of 2 examples it is {sum(costs):.4g}, and the average of their costs, one by one, ')


def test_of_one_example_it_is_told_by_taking_it_twice(model: nn.MLP):
    assert not assumptions(NO_AVERAGES['sum'][0], model, DATA[:1]).is_average
    assert assumptions(losses.mse, model, DATA[:1])


def test_costs_that_cancel_are_averages_still(model: nn.MLP):
    def signed(outputs, targets):
        return micrograd.mean([a[0] - y[0] for a, y in zip(outputs, targets, strict=True)])

    outputs = [model(x)[0].data for x, _ in DATA]
    data = [(x, [a + shift, 0.0]) for (x, _), a, shift in zip(DATA, outputs, (1e3, -2e3, 1e3), strict=True)]
    assert assumptions(signed, model, data).is_average


def test_a_small_difference_is_one(model: nn.MLP):
    cost = lambda o, t: losses.mse(o, t) * (1.0 + 1e-6 * (len(o) - 1))  # noqa: E731
    assert not assumptions(cost, model, DATA).is_average


def test_a_cost_that_is_nan_is_none(model: nn.MLP):
    found = assumptions(lambda o, t: losses.mse(o, t) * float('nan'), model, DATA)
    assert found.is_average.why == 'the cost of example 0 is nan, which no average survives'


def test_targets_that_are_arrays():
    np = pytest.importorskip('numpy')
    model = nn.MLP(2, [1], output='sigmoid', generator=0)
    for y in (np.array(1.0), np.float64(1.0), np.array([1.0]), [1.0], 1):
        assert assumptions(losses.quadratic, model, [([0.0, 1.0], y), ([1.0, 1.0], y)])


def test_a_cost_of_one_example_is_told_what_it_is_called_with(model: nn.MLP):
    with pytest.raises(TypeError, match=r'list of lists of Values.*Wrong: lambda a, y: \(a - y\) \*\* 2'):
        assumptions(lambda a, y: (a[0] - y[0]) ** 2, model, DATA)


@pytest.mark.parametrize(
    ('term', 'name'),
    [
        (lambda m, o: m.layers[0].neurons[1].w[0] ** 2, 'w²₂₁'),
        (lambda m, o: m.layers[1].neurons[1].b ** 2, 'b³₂'),
        (lambda m, o: micrograd.sum([p**2 for p in m.parameters()]), 'w²₁₁ and 16 others'),
        (lambda m, o: o[0][0]._prev[0] ** 2, 'z³₁'),  # past the last activation
    ],
)
def test_a_cost_of_more_than_the_outputs(model: nn.MLP, term, name: str):
    found = assumptions(lambda o, t: losses.quadratic(o, t) + 0.01 * term(model, o), model, DATA)
    assert not found.is_of_outputs
    assert f'it depends on {name}' in found.is_of_outputs.why
    assert 'backward() is right' in found.is_of_outputs.why


def test_a_cost_of_the_targets_and_constants_is_of_the_outputs(model: nn.MLP):
    weight = micrograd.Value(2.0)
    assert assumptions(lambda o, t: weight * losses.quadratic(o, t) + 1.0, model, DATA).is_of_outputs


def test_a_cost_that_the_outputs_were_lost_from(model: nn.MLP):
    found = assumptions(lambda o, t: losses.mse([[a.data for a in row] for row in o], t), model, DATA)
    assert 'does not depend on them at all' in found.is_of_outputs.why


def test_a_cost_that_is_no_value(model: nn.MLP):
    with pytest.raises(DataError, match=r'a Value, not float.*Right: lambda outputs, targets'):
        assumptions(lambda o, t: 1.0, model, DATA)


def test_a_linear_output_and_a_network_of_one_layer():
    model = nn.MLP(2, [2], generator=0)
    assert assumptions(losses.quadratic, model, DATA)


def test_no_examples(model: nn.MLP):
    with pytest.raises(DataError, match='no example'):
        assumptions(losses.mse, model, [])


def test_only_the_first_examples_are_looked_at(model: nn.MLP):
    seen = []

    def cost(outputs, targets):
        seen.append(len(outputs))
        return losses.mse(outputs, targets)

    assert assumptions(cost, model, DATA * 100)
    assert max(seen) == 16
