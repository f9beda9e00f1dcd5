"""The demon, and derivatives by finite differences."""

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

import micrograd
from micrograd import Value, gradcheck, graph, losses, nn, no_grad
from micrograd.chapter import demon, finite_differences
from micrograd.chapter.differences import ForwardPass
from micrograd.chapter.nudges import nudges
from micrograd.errors import DataError, GraphError
from micrograd.passes import passes
from tests.chapter.networks import Case, cases


def state(cost: Value) -> list[tuple[float, float]]:
    return [(v.data, v.grad) for v in graph.topological([cost])]


# The demon ------------------------------------------------------------------------------------------------------------


@given(cases(('sigmoid', 'tanh')), st.integers(0, 10**6), st.sampled_from([1e-4, -1e-4]))
def test_any_number_may_be_changed_and_the_cost_follows_its_slope_47(case: Case, seed: int, change: float):
    cost = case.cost()
    before = state(cost)
    neurons = [one for layer in passes(case.model, cost) for seen in layer for one in seen]
    v = Random(seed).choice([*case.model.parameters(), *(one.z for one in neurons), *(one.a for one in neurons)])
    found = demon(v, cost, change)
    assert state(cost) == before
    assert found.predicted == found.slope * change
    assert found.error == pytest.approx(0.0, abs=1e-6 * (1.0 + abs(found.slope)))


@given(cases(('sigmoid',), examples=1))
def test_what_it_computes_is_what_recompute_would(case: Case):
    cost = case.cost()
    w = case.model.parameters()[0]
    found = demon(w, cost, 0.25)
    before = cost.data
    w.data += 0.25
    assert found.actual == cost.recompute().data - before


def test_the_error_shrinks_with_the_square_of_the_change():
    z = Value(0.3)
    cost = z.tanh() ** 2
    large, small = nudges(z, cost, [1e-2, 1e-3])
    assert large.error / small.error == pytest.approx(100, rel=0.01)


def test_an_interior_number_is_held_whatever_its_parents_say():
    x = Value(2.0)
    z = 3.0 * x
    cost = z * z + x  # x reaches the cost past z, too
    found = demon(z, cost, 1.0)
    assert (found.actual, found.slope) == (49.0 - 36.0, 12.0)


def test_the_value_itself_and_a_value_in_between():
    x = Value(2.0)
    y = x * x
    assert demon(y, y, 0.5).actual == 0.5
    assert demon(x, y, 0.5).actual == 2.25


def test_it_prints_a_sentence():
    x, C = Value(2.0, label='w²₁₁'), None
    C = x * x
    C.label = 'C'
    assert str(demon(x, C, 0.1)) == ('Δw²₁₁ = 0.1: ∂C/∂w²₁₁ · Δw²₁₁ = 4 · 0.1 = 0.4, and ΔC = 0.41')


def test_a_value_without_a_name_is_called_by_its_operation():
    x = Value(2.0)
    z = x * x
    assert str(demon(z, z * 3.0, 0.1)).startswith('Δ* = 0.1: ∂C/∂* · Δ*')


def test_the_error_is_what_happened_less_what_was_predicted():
    x = Value(2.0)
    found = demon(x, x * x, 0.5)
    assert (found.predicted, found.actual, found.error) == (2.0, 2.25, 0.25)


def test_a_compiled_cost_may_be_changed_too():
    pytest.importorskip('llvmlite')
    model = nn.MLP(1, [1], generator=0)
    cost = micrograd.compile_cost(lambda x, y: losses.mse(model(x), y))([[1.0]], [2.0])
    found = demon(model.parameters()[0], cost, 1e-4)
    assert found.actual == pytest.approx(found.predicted, rel=1e-3)


@pytest.mark.parametrize('derive', [finite_differences, lambda cost, leaves: [demon(leaf, cost) for leaf in leaves]])
def test_a_cost_without_a_graph_is_an_error_not_0(derive):
    w = Value(2.0)
    with no_grad():
        cost = w * w
    with pytest.raises(GraphError, match='without a graph'):
        derive(cost, [w])


def test_a_change_that_rounding_swallows():
    w = Value(1e16)
    with pytest.raises(DataError, match='lost in rounding'):
        finite_differences(w * 2.0, [w])
    near = Value(1e9)
    assert finite_differences(near * 2.0, [near]) == [2.0]  # by what the change really was


def test_numbers_are_those_of_now_even_where_the_graph_is_old():
    w = Value(1.0)
    cost = w * w
    w.data = 3.0
    assert finite_differences(cost, [w]) == pytest.approx([6.0], rel=1e-5)


@pytest.mark.parametrize(
    ('change', 'message'), [(0.0, 'nothing would change'), (math.nan, 'finite'), (math.inf, 'finite')]
)
def test_a_change_is_a_number_other_than_0(change: float, message: str):
    x = Value(2.0)
    with pytest.raises(DataError, match=message):
        demon(x, x * x, change)


def test_what_the_cost_does_not_depend_on():
    with pytest.raises(GraphError, match='does not depend on what is to be changed'):
        demon(Value(1.0), Value(2.0) * 3.0)


# Finite differences ---------------------------------------------------------------------------------------------------


@given(cases(('sigmoid', 'tanh', 'linear')))
def test_finite_differences_46(case: Case):
    cost = case.cost()
    before = state(cost)
    parameters = case.model.parameters()
    found = finite_differences(cost, parameters, 1e-6)
    assert state(cost) == before
    right = [g.data for g in micrograd.gradients(cost, parameters)]
    assert found == pytest.approx(right, rel=1e-4, abs=1e-5)


def test_they_are_the_quotient_as_it_is_written():
    w = Value(3.0)
    cost = w * w
    assert finite_differences(cost, [w], 0.5) == [((3.5 * 3.5) - 9.0) / 0.5]


def test_they_agree_with_gradcheck():
    assert gradcheck(lambda w, x: (w * x).tanh(), [0.3, -2.0])
    w, x = Value(0.3), Value(-2.0)
    cost = (w * x).tanh()
    cost.backward()
    assert finite_differences(cost, [w, x]) == pytest.approx([w.grad, x.grad], rel=1e-5)


def test_a_forward_pass_goes_through_a_deep_graph():
    x = Value(1.0)
    v = x
    for _ in range(20_000):
        v = v * 1.0 + 0.5
    assert ForwardPass(v)({x: 2.0}) == v.data + 1.0


def test_a_compiled_cost_is_computed_again():
    pytest.importorskip('llvmlite')
    model = nn.MLP(1, [1], generator=0)
    cost = micrograd.compile_cost(lambda x, y: losses.mse(model(x), y))([[1.0]], [2.0])
    w = model.parameters()[0]
    (found,) = finite_differences(cost, [w], 1e-6)
    cost.backward()
    assert found == pytest.approx(w.grad, rel=1e-4)


def test_an_operation_by_hand_is_refused():
    a = Value(1.0)
    out = Value(2.0, (a,), 'mine')
    for call in (lambda: finite_differences(out, [a]), lambda: demon(a, out)):
        with pytest.raises(GraphError, match='defined by hand'):
            call()


def test_epsilon_is_not_0():
    w = Value(1.0)
    with pytest.raises(DataError, match='epsilon is 0'):
        finite_differences(w * w, [w], 0.0)
