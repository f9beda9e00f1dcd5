"""gradients(): functional, of any order, and safe behind gates."""

import math
from itertools import pairwise

import pytest

import micrograd
from micrograd import Value, gradients, no_grad
from micrograd.errors import GraphError, StaleGraphError


def derivative(f, create_graph=True):
    """D(f), as calculus writes it: a function of a Value."""

    def df(x):
        return gradients(f(x), [x], create_graph=create_graph)[0]

    return df


def test_it_touches_no_grad_and_gives_one_value_each():
    x, y = Value(2.0), Value(3.0)
    z = x * y + x
    dx, dy, dz = gradients(z, [x, y, z])
    assert (dx.data, dy.data, dz.data) == (4.0, 2.0, 1.0)
    assert (x.grad, y.grad, z.grad) == (0.0, 0.0, 0.0)


def test_without_create_graph_the_derivatives_are_leaves():
    x = Value(2.0)
    (dx,) = gradients(x**3, [x])
    assert (dx.data, dx._prev) == (12.0, ())


def test_by_an_interior_node_and_by_what_does_not_matter():
    x, other = Value(2.0), Value(1.0)
    hidden = x * x
    dh, dx, do = gradients(hidden * 3.0, [hidden, x, other])
    assert (dh.data, dx.data, do.data) == (3.0, 12.0, 0.0)
    assert gradients(hidden, [hidden, hidden])[1].data == 1.0
    assert gradients(hidden, []) == []


def test_orders_one_to_five():
    f = micrograd.exp
    for _ in range(5):
        f = derivative(f)
    assert f(Value(0.5)).data == pytest.approx(math.exp(0.5), rel=1e-14)


def test_nesting_does_not_confuse_the_levels():
    assert derivative(lambda x: x * derivative(lambda y: x + y)(Value(1.0)))(Value(5.0)).data == 1.0
    assert derivative(lambda x: x * derivative(lambda y: x * y)(Value(1.0)))(Value(5.0)).data == 10.0


def test_it_works_under_no_grad_on_a_graph_built_before():
    x = Value(2.0)
    y = x**3
    with no_grad():
        assert gradients(y, [x], create_graph=True)[0].data == 12.0


@pytest.mark.parametrize(
    'f',
    [
        lambda x: micrograd.where(x > 0, micrograd.log(x), 0.0),
        lambda x: micrograd.where(x > 0, micrograd.sqrt(x), x),
        lambda x: micrograd.maximum(micrograd.log(x), -1.0),
        lambda x: micrograd.relu(micrograd.sqrt(x) - 0.5) * 3.0,
        lambda x: micrograd.clamp(1.0 / x, lo=-2.0, hi=2.0) ** 2,
        lambda x: micrograd.elu(micrograd.exp(x)),
        lambda x: x**0 + x,
    ],
)
@pytest.mark.parametrize('at', [-1.0, 0.0, 1e-3, 0.7, 5.0])
@pytest.mark.parametrize('order', [1, 2])
def test_the_graph_of_a_derivative_recomputes_to_the_derivative_elsewhere(f, at, order):
    """Gates are decided anew, and a branch that was shut passes no 0 * inf into the derivatives."""
    df = f
    for _ in range(order):
        df = derivative(df)
    direct = df(Value(at)).data
    assert not math.isnan(direct) or math.isnan(f(Value(at)).data)
    x = Value(2.0)
    moved = df(x)
    x.data = at
    assert moved.recompute().data == pytest.approx(direct, rel=1e-14, nan_ok=True)


def test_the_same_numbers_as_backward_bit_for_bit():
    xs = [Value(0.3 * i - 1.0) for i in range(8)]
    y = micrograd.logsumexp([(a * b).tanh() + micrograd.maximum(a, b) / (b * b + 1.0) for a, b in pairwise(xs)])
    y.backward()
    assert [g.data for g in gradients(y, xs)] == [x.grad for x in xs]


def test_stale_and_handmade_graphs_are_errors():
    x = Value(2.0)
    y = x * x
    x.data = 3.0
    with pytest.raises(StaleGraphError):
        gradients(y, [x])
    by_hand = Value(4.0, (x,), 'square')
    with pytest.raises(
        GraphError, match=r"gradients\(\) does not know the mathematics of .* 'square' was defined by hand"
    ):
        gradients(by_hand * 2.0, [x])


def test_a_handmade_operation_off_the_way_does_no_harm():
    x, z = Value(2.0), Value(1.0)
    y = x * 3.0 + Value(1.0, (z,), 'unknown')
    assert gradients(y, [x])[0].data == 3.0


def test_bad_arguments():
    x = Value(1.0)
    with pytest.raises(TypeError, match=r'Right: gradients\(y, \[x\]\)'):
        gradients(x * x, x)
    with pytest.raises(TypeError, match='not float'):
        gradients(x * x, [1.0])
    with pytest.raises(TypeError, match='not int'):
        gradients(1, [x])


def test_a_deep_graph():
    x = Value(1.0)
    y = x
    for _ in range(20_000):
        y = y * 1.0
    assert gradients(y, [x])[0].data == 1.0
