"""The sum over paths from neuron to neuron: each path is a term of (53), and all together are the gradient."""

from itertools import islice, product
from math import prod

import numpy as np
import pytest
from hypothesis import given

from micrograd import Value, losses, nn
from micrograd.chapter import label, neuron_paths
from micrograd.errors import GraphError, StaleGraphError
from micrograd.passes import passes
from tests.chapter.networks import Case, cases

ELEMENTWISE = ('sigmoid', 'tanh', 'linear')


def small(**options):
    """A network, its cost, and w²₁₁."""
    model = nn.MLP(2, [2, 3, 2], **{'activation': 'tanh', 'generator': 1, **options})
    cost = losses.quadratic(model([1.0, -0.5]), [1.0, 0.0])
    return model, cost, model.layers[0].neurons[0].w[0]


def names(path):
    return tuple(v.label for v in path.nodes)


def by_matrices(case: Case, l: int, j: int, k: int) -> dict[tuple[int, ...], float]:
    """Each term of (53) for w^l_jk by NumPy alone: the neurons that are chosen in the layers after l -> the product."""
    x, y = case.columns
    seen = case.network.passes(x)
    slopes = [sigma.elementwise(z)[:, 0] for sigma, (z, _) in zip(case.network.sigmas, seen[1:], strict=True)]
    by_outputs = case.network.cost_derivative(seen[-1][1], y)[:, 0]
    found = {}
    for chosen in product(*(range(size) for size in case.network.sizes[l:])):
        term, at = slopes[l - 2][j] * seen[l - 2][1][k, 0], j
        for layer, q in enumerate(chosen, l - 1):
            term *= slopes[layer][q] * case.network.weights[layer][q, at]
            at = q
        found[chosen] = term * by_outputs[at]
    return found


@given(cases(ELEMENTWISE, examples=1))
def test_each_path_is_a_term_of_the_formula(case: Case):
    cost = label(case.cost(), case.model)
    activations = [[one.a for (one,) in layer] for layer in passes(case.model, cost)]
    places = {id(a): j for layer in activations for j, a in enumerate(layer)}
    for l, layer in enumerate(case.model.layers, 2):
        w = layer.neurons[-1].w[0]
        terms = by_matrices(case, l, len(layer.neurons) - 1, 0)
        found = {tuple(places[id(v)] for v in path.nodes[2:-1]): path for path in neuron_paths(w, cost, case.model)}
        assert found.keys() == terms.keys()
        for chosen, path in found.items():
            assert (path.nodes[0], path.nodes[-1]) == (w, cost)
            assert path.product == pytest.approx(terms[chosen], rel=1e-9, abs=1e-14)


@given(cases())
def test_they_are_as_many_as_neurons_can_be_chosen_and_add_up_to_the_gradient(case: Case):
    cost = case.cost()
    case.model.zero_grad()
    cost.backward()
    for l, layer in enumerate(case.model.layers, 1):
        for parameter in (layer.neurons[0].w[-1], layer.neurons[0].b):
            found = neuron_paths(parameter, cost, case.model)
            assert found.count == len(case.inputs) * prod(case.network.sizes[l + 1 :])
            assert len({tuple(map(id, path.nodes)) for path in found}) == found.count
            assert found.total == pytest.approx(parameter.grad, rel=1e-12, abs=1e-15)
            added = np.sum([path.product for path in found])
            assert added == pytest.approx(parameter.grad, rel=1e-9, abs=1e-13)


def test_the_largest_come_first():
    model, cost, w = small()
    products = [path.product for path in neuron_paths(w, cost, model)]
    largest = [path.product for path in neuron_paths(w, cost, model).largest(4)]
    assert largest == sorted(products, key=abs, reverse=True)[:4]


def test_of_a_deep_network_the_count_is_exact_and_the_sum_is_the_gradient():
    model = nn.MLP(2, [3] * 60 + [1], activation='tanh', generator=0)
    cost = losses.quadratic(model([1.0, 0.5]), 1.0)
    cost.backward()
    w = model.layers[0].neurons[0].w[0]
    found = neuron_paths(w, cost, model)
    assert found.count == 3**59
    assert found.total == pytest.approx(w.grad, rel=1e-10)
    assert [len(path.nodes) for path in islice(found, 3)] == [63] * 3


def test_a_neuron_that_is_dead_is_on_paths_that_are_exactly_0():
    model, _, w = small(activation='relu')
    model.layers[0].neurons[0].b.data = -100.0  # a²₁ is 0
    model.layers[1].neurons[0].w[0].data = float('inf')  # a product of which with 0 would be nan
    cost = losses.quadratic(model([1.0, -0.5]), [1.0, 0.0])
    found = neuron_paths(w, cost, model)
    assert found.count == 6
    assert {path.product for path in found} == {0.0}
    assert found.total == 0.0


def test_a_shut_gate_stops_one_path_and_no_other():
    model, _, w = small(activation='relu')
    for neuron in (*model.layers[0].neurons, *model.layers[1].neurons):
        neuron.b.data = 10.0 if neuron in model.layers[0].neurons else 100.0
    model.layers[1].neurons[1].b.data = -100.0
    cost = label(losses.quadratic(model([1.0, -0.5]), [1.0, 0.0]), model)
    cost.backward()
    found = neuron_paths(w, cost, model)
    shut = {names(path)[2] for path in found if path.product == 0.0}
    assert shut == {'a³₂'}
    assert found.total == pytest.approx(w.grad, rel=1e-12)
    assert {names(path)[2] for path in found.largest(4)} == {'a³₁', 'a³₃'}


def test_a_penalty_on_the_weight_is_a_path_of_its_own():
    model, cost, w = small()
    penalised = cost + 0.5 * sum(p * p for p in model.parameters())
    penalised.backward()
    found = neuron_paths(w, penalised, model)
    assert found.count == 7
    (direct,) = [path for path in found if len(path.nodes) == 2]
    assert direct.product == pytest.approx(w.data)
    assert found.total == pytest.approx(w.grad, rel=1e-12)


def test_a_cost_that_uses_a_hidden_neuron_has_a_shorter_path():
    model, cost, w = small()
    hidden = passes(model, cost)[1][0][0].a
    sparse = label(cost + 0.1 * hidden, model)
    sparse.backward()
    found = neuron_paths(w, sparse, model)
    assert ('w²₁₁', 'a²₁', 'a³₁', 'C') in [names(path) for path in found]
    assert found.count == 7
    assert found.total == pytest.approx(w.grad, rel=1e-12)


def test_what_lies_between_two_neurons_is_one_factor_however_many_ways_there_are():
    def tanh_in_pieces(z):
        e = (2.0 * z).exp()
        return (e - 1.0) / (e + 1.0)

    made = (small(activation=activation) for activation in ('tanh', tanh_in_pieces))
    whole, pieces = (neuron_paths(w, cost, model) for model, cost, w in made)
    assert whole.count == pieces.count == 6
    for one, other in zip(whole, pieces, strict=True):
        assert one.factors == pytest.approx(other.factors, rel=1e-12)


def test_paths_begin_at_inputs_too_and_end_at_any_value():
    model = nn.MLP(1, [2, 2], activation='tanh', generator=0)
    x = Value(0.3)
    first, _ = model([x])
    first.backward()
    found = neuron_paths(x, first, model)
    assert found.count == 2
    assert found.total == pytest.approx(x.grad, rel=1e-12)


def test_where_nothing_depends_on_it_there_is_no_path():
    model, cost, _ = small()
    found = neuron_paths(Value(1.0), cost, model)
    assert (found.count, found.total, list(found), bool(found)) == (0, 0.0, [], False)


def test_of_a_cost_to_itself_there_is_one_path():
    model, cost, _ = small()
    found = neuron_paths(cost, cost, model)
    assert (found.count, found.total) == (1, 1.0)


def test_nothing_is_written_to_the_graph():
    model, cost, w = small()
    print(neuron_paths(w, cost, model))
    assert not any(p.grad or p.label for p in (*model.parameters(), cost))


def test_what_is_refused():
    model, cost, w = small()
    other, *_ = small()
    with pytest.raises(GraphError, match='took no part'):
        neuron_paths(w, cost, other)
    with pytest.raises(GraphError, match='by hand'):
        neuron_paths(w, Value(cost.data, (cost,), 'by hand'), model)
    with pytest.raises(TypeError, match='one Value to one other'):
        neuron_paths([w], cost, model)
    with pytest.raises(TypeError, match='networks of neurons'):
        neuron_paths(w, cost, cost)
    w.data += 1.0
    with pytest.raises(StaleGraphError):
        neuron_paths(w, cost, model)
