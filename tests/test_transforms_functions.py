"""grad() and its kin on functions: nesting, containers, modules, both directions, and every order against mpmath."""

import math
import threading
from collections import namedtuple
from itertools import product
from math import isnan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import micrograd
from micrograd import Value, grad, gradients, hessian, hvp, jacobian, jvp, no_grad, value_and_grad, vjp
from micrograd.errors import GraphError, ShapeError, StaleGraphError
from micrograd.module import Module
from micrograd.nn import MLP
from tests.references import EXACT
from tests.test_primitives import CASES, boundary, every_row, node, ordinary

Pair = namedtuple('Pair', 'x y')


def push(f):
    """The derivative of f by forward mode, as calculus writes it."""
    return lambda x: jvp(f, (x,), (1.0,))[1]


def numbers(tree):
    """The same containers, with numbers in the place of Values."""
    if isinstance(tree, Value):
        return tree.data
    if isinstance(tree, dict):
        return {key: numbers(x) for key, x in tree.items()}
    if isinstance(tree, Pair):
        return Pair(*map(numbers, tree))
    return type(tree)(map(numbers, tree))


either = pytest.mark.parametrize('outer', [grad, push])
both = pytest.mark.parametrize('inner', [grad, push])


# Orders and nesting


@either
@both
def test_the_levels_of_nested_derivatives_are_not_confused(outer, inner):
    """Siskind and Pearlmutter, Perturbation confusion and referential transparency, 2005."""
    assert outer(lambda x: x * inner(lambda y: x + y)(1.0))(5.0).data == 1.0
    assert outer(lambda x: x * inner(lambda y: x * y)(1.0))(5.0).data == 10.0
    assert outer(lambda x: inner(lambda y: x * y)(x))(5.0).data == 1.0
    assert outer(lambda x: inner(lambda y: x * y * y)(x))(5.0).data == 20.0
    assert outer(lambda x: inner(lambda y: inner(lambda z: x * y * z)(y))(x))(5.0).data == 1.0


@either
@both
def test_a_derivative_that_does_not_depend_on_what_is_around_it_is_a_constant(outer, inner):
    assert outer(lambda x: x * inner(lambda y: y**3)(2.0))(5.0).data == 12.0


@either
@both
def test_an_argument_may_stand_on_constants_alone(outer, inner):
    two = Value(2.0)
    two.role = 'constant'
    for argument in (two, two * 1.0, micrograd.sqrt(4.0)):
        assert outer(lambda x: x * inner(lambda y: x * y)(1.0))(argument).data == 4.0
    with pytest.raises(ZeroDivisionError):
        outer(lambda x: x * (1 / 0))(two)
    assert inner(lambda y: y * y)(1.0)._prev == ()


@either
def test_orders_one_to_five(outer):
    f = micrograd.exp
    for _ in range(5):
        f = outer(f)
        assert f(0.5).data == pytest.approx(math.exp(0.5), rel=1e-14)


def test_what_is_outside_can_be_differentiated_by_again():
    x, w = Value(3.0), Value(5.0)
    slope = grad(lambda t: w * t**2)(x)
    assert slope.data == 30.0
    slope.backward()
    assert (x.grad, w.grad) == (10.0, 6.0)
    captured = grad(lambda t: w * t**2)(3.0)
    w.grad = 0.0
    captured.backward()
    assert w.grad == 6.0


def test_what_operations_made_of_numbers_alone_can_be_differentiated_by():
    two = micrograd.sqrt(4.0)
    slope = grad(lambda t: t * two)(3.0)
    assert gradients(slope, [two])[0].data == 1.0
    assert gradients(two * grad(lambda t: t * two)(1.0), [two])[0].data == 4.0
    assert [v.role for v in two._prev] == ['constant']
    assert grad(lambda t: t * micrograd.where(t > 0.0, 1.0, 2.0))(3.0)._prev == ()
    assert grad(grad(lambda t: 3.0 * t / 2.0 + (1.0 - t) ** 3))(3.0)._prev == ()


def test_a_result_that_was_captured_can_be_differentiated_by():
    w, own = Value(2.0), Value(3.0)
    own._backward = lambda: None
    value, slope = value_and_grad(lambda x: w)(1.0)
    assert (value is w, slope.data) == (True, 0.0)
    assert gradients(grad(lambda x: x * own)(1.0), [own])[0].data == 1.0


def test_what_is_under_an_argument_is_not_looked_at():
    w = Value(2.0)
    x = w * w
    w.data = 3.0
    assert grad(lambda x: x**2)(x).data == 8.0


def test_of_numbers_alone_no_graph_is_made_and_none_inside_of_no_grad():
    assert grad(lambda x: x * x)(3.0)._prev == ()
    nested = grad(lambda x: grad(lambda y: x * x * y * y)(1.0))(5.0)
    assert (nested.data, nested._prev) == (20.0, ())
    value, slope = value_and_grad(lambda x, c: x * x * c)(3.0, 2)
    assert (value._prev, slope._prev) == ((), ())
    x = Value(3.0)
    with no_grad():
        value, slope = value_and_grad(lambda t: t * t * x)(x)
        assert (value.data, slope.data, value._prev, slope._prev) == (27.0, 18.0, (), ())
        assert hessian(lambda t: t**3)(x).data == 18.0
        assert numbers(jvp(lambda t: t**3, (x,), (1.0,))) == (27.0, 27.0)
    assert grad(lambda t: t * t)(x)._prev != ()


def test_no_gradient_is_written():
    x, model = Value(2.0), MLP(1, [2, 1], generator=0)
    hessian(lambda t, m: m([t * x]) ** 2, argnums=(0, 1))(x, model)
    jvp(lambda t: t * x, (x,), (1.0,))
    between = x * x  # captured, and of the graph that is walked
    value, _ = value_and_grad(lambda t: t * between)(3.0)
    inner = gradients(value, [x])
    assert inner[0].data == 12.0
    seen = (x, between, value, *model.parameters())
    assert [v.grad for v in seen] == [0.0] * len(seen)


# Containers


def test_containers_come_back_as_they_were():
    tree = {'w': [1.0, Value(2.0)], 'b': (3, Pair(4.0, [])), 'c': 5.0}
    swapped = {'c': 1.0, 'b': [0, (0, [])], 'w': (0, 0)}
    f = lambda t: t['w'][0] * t['w'][1] + t['b'][0] ** 2 + t['b'][1].x * t['c']  # noqa: E731
    assert numbers(grad(f)(tree)) == {'w': [2.0, 1.0], 'b': (6.0, Pair(5.0, [])), 'c': 4.0}
    assert jvp(f, (tree,), (swapped,))[1].data == 4.0


def test_arguments_are_chosen_by_their_positions():
    f = lambda x, text, y, *, scale: x * y**2 * scale * len(text)  # noqa: E731
    assert grad(f)(2.0, 'ab', 3.0, scale=10.0).data == 180.0
    assert grad(f, -1)(2.0, 'ab', 3.0, scale=10.0).data == 240.0
    assert numbers(grad(f, (2, 0))(2.0, 'ab', 3.0, scale=10.0)) == (240.0, 180.0)
    assert numbers(hessian(f, (0, 2))(2.0, 'ab', 3.0, scale=10.0)) == ((0.0, 120.0), (120.0, 80.0))


def test_jacobian_has_the_containers_of_the_result_outside():
    f = lambda x: {'sum': x[0] + x[1], 'rest': (x[0] * x[1], x[1] ** 2)}  # noqa: E731
    assert numbers(jacobian(f)([2.0, 3.0])) == {'sum': [1.0, 1.0], 'rest': ([3.0, 2.0], [0.0, 6.0])}
    assert numbers(jacobian(lambda x, y: [x * y], (0, 1))(2.0, 3.0)) == [(3.0, 2.0)]
    assert numbers(jacobian(lambda x: [])([1.0])) == []
    assert numbers(jacobian(lambda x: [Value(1.0)])([])) == [[]]


def test_an_output_that_is_an_argument_and_one_that_stands_there_twice():
    f = lambda x: [x[0], x[0], x[1]]  # noqa: E731
    assert numbers(jacobian(f)([2.0, 3.0])) == [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]]
    _, pullback = vjp(f, [2.0, 3.0])
    assert numbers(pullback([1.0, 10.0, 5.0])) == ([11.0, 5.0],)
    assert numbers(jvp(f, ([2.0, 3.0],), ([1.0, 7.0],))[1]) == [1.0, 1.0, 7.0]


def test_the_same_value_in_two_places_is_two_arguments():
    x = Value(3.0)
    assert numbers(grad(lambda a, b: a * b**2, (0, 1))(x, x)) == (9.0, 18.0)
    assert numbers(grad(lambda a: a[0] * a[1] ** 2 * x)([x, x])) == [27.0, 54.0]


# Modules


def test_the_derivative_by_a_module_is_a_dictionary_by_the_names_of_its_parameters():
    model = MLP(2, [3, 1], activation='tanh', generator=1)
    cost = lambda m, x: (m(x) - 0.5) ** 2  # noqa: E731
    value, slopes = value_and_grad(cost)(model, [1.0, -2.0])
    cost(model, [1.0, -2.0]).backward()
    assert numbers(slopes) == {name: p.grad for name, p in model.named_parameters()}
    assert value.data == cost(model, [1.0, -2.0]).data
    assert list(slopes) == list(model.state_dict())


def test_hessian_and_hvp_by_a_module_agree():
    model = MLP(1, [2, 1], activation='tanh', generator=1)
    cost = lambda m: (m([0.7]) - 0.5) ** 2  # noqa: E731
    matrix = numbers(hessian(cost)(model))
    direction = {name: 0.5 - i for i, name in enumerate(matrix)}
    wanted = {row: math.fsum(matrix[row][name] * d for name, d in direction.items()) for row in matrix}
    assert numbers(hvp(cost, (model,), (direction,))) == pytest.approx(wanted, rel=1e-12)


def test_the_derivative_by_an_input_leaves_the_module_that_was_captured_alone():
    model = MLP(2, [3, 1], activation='tanh', generator=1)
    x = [Value(1.0), Value(-2.0)]
    model(x).backward()
    assert numbers(grad(model)([1.0, -2.0])) == [v.grad for v in x]


def test_a_module_that_lists_a_parameter_twice_has_it_once():
    class Tied(Module):
        def __init__(self):
            self.w = Value(3.0)

        def parameters(self):
            return [self.w, self.w]

    tied = Tied()
    assert numbers(grad(lambda m, x: m.w**2 * x)(tied, 2.0)) == {'w': 12.0}
    assert jvp(lambda m: m.w**2, (tied,), ({'w': 10.0},))[1].data == 60.0
    assert numbers(grad(lambda p: p[0].w * p[1])([tied, 5.0])) == [{'w': 5.0}, 3.0]


def test_a_module_that_is_there_twice_is_an_error():
    model = MLP(1, [1], generator=0)
    with pytest.raises(ValueError, match='one is among the arguments twice'):
        grad(lambda a, b: a([1.0]) * b([1.0]), (0, 1))(model, model)
    assert len(grad(lambda a, b: a([1.0]) * b([1.0]))(model, model)) == 2


# Both directions against each other, and against mathematics


@every_row
def test_forward_mode_reads_the_same_partials_as_reverse_mode_at_every_boundary(case):
    """To the last bit; and with the gates: what is shut passes nothing, whichever way one goes."""
    for xs in boundary(case)[:100]:
        call = lambda *ys: node(case.row, list(ys))  # noqa: E731
        reverse = [d.data for d in grad(call, range(len(xs)))(*xs)]
        with_graph = [d.data for d in grad(call, range(len(xs)))(*map(Value, xs))]
        for i, slope in enumerate(reverse):
            direction = tuple(float(i == k) for k in range(len(xs)))
            for point in (xs, tuple(map(Value, xs))):
                forward = jvp(call, point, direction)[1].data
                assert forward == slope or (isnan(forward) and isnan(slope)), (xs, i)
            assert with_graph[i] == slope or (isnan(with_graph[i]) and isnan(slope)), (xs, i)


SMOOTH = [case for case in CASES if not case.row.condition and case.name not in ('floor', 'sign', 'stop_gradient')]


def _third(case, xs, i, j, k):
    """A third derivative as mpmath has it, by the differences of differences of the row's reference."""
    from mpmath import mp, mpf

    with mp.workdps(120):
        h = mpf(10) ** -15
        total = mpf(0)
        for signs in product((1, -1), repeat=3):
            at = [mpf(x) for x in xs]
            for axis, sign in zip((i, j, k), signs, strict=True):
                at[axis] += sign * h
            total += math.prod(signs) * EXACT[case.name](*at, *case.constants)
        return float(total / (8 * h**3))


@pytest.mark.parametrize('case', SMOOTH, ids=str)
def test_third_derivatives_agree_with_mpmath(case):
    """Reverse mode thrice, and forward over reverse over reverse.

    Each order adds a few roundings, of terms that partly cancel: 1e-13 are 450 ulp, and mpmath's differences err less.
    """
    indices = range(case.row.arity or 4)
    for xs in ordinary(case)[:4]:
        call = lambda *ys: node(case.row, list(ys))  # noqa: E731
        for i, j, k in [(i, j, k) for i in indices for j in indices if j <= i for k in indices if k <= j]:
            if case.name == 'select' and 0 in (i, j, k):
                continue
            wanted = _third(case, xs, i, j, k)
            direction = tuple(float(axis == k) for axis in range(len(xs)))
            second = grad(grad(call, i), j)
            for got in (grad(second, k)(*xs), jvp(second, xs, direction)[1]):
                assert got.data == pytest.approx(wanted, rel=1e-13, abs=1e-15), (xs, i, j, k)


weights = st.floats(-1.5, 1.5)


@given(
    st.integers(1, 5).flatmap(lambda n: st.tuples(*[st.lists(weights, min_size=n, max_size=n)] * 2)),
    st.lists(st.tuples(st.sampled_from('+*-mtsr'), st.integers(0, 99), st.integers(0, 99)), max_size=20),
    st.integers(1, 3),
)
@settings(max_examples=60, deadline=None)
def test_both_directions_are_one_matrix(point, program, outputs):
    """<v, J u> = <J^T v, u>, whatever the program; and both are what the Jacobian matrix says."""
    xs, u = point

    def f(xs):
        nodes = list(xs)
        for op, i, j in program:
            a, b = nodes[i % len(nodes)], nodes[j % len(nodes)]
            nodes.append(_step(op, a, b))
        return nodes[-outputs:]

    y, forward = jvp(f, (xs,), (u,))
    v = [1.0 - 0.5 * i for i in range(len(y))]
    (backward,) = vjp(f, xs)[1](v)
    matrix = numbers(jacobian(f)(xs))
    rows = [math.fsum(map(math.prod, zip(row, u, strict=True))) for row in matrix]
    columns = [math.fsum(map(math.prod, zip(column, v, strict=True))) for column in zip(*matrix, strict=True)]
    size = 1e-12 * (1.0 + max(abs(d) for row in matrix for d in row))
    assert numbers(forward) == pytest.approx(rows, rel=1e-9, abs=size)
    assert numbers(backward) == pytest.approx(columns, rel=1e-9, abs=size)


def _step(op, a, b):
    if op in 'ts':
        return a.tanh() if op == 't' else (a * b).sin()
    if op in '+*':
        return a + b if op == '+' else (a * b).tanh()
    return a - 0.5 * b if op == '-' else micrograd.maximum(a, b) if op == 'm' else micrograd.sum([a, b, a]).relu()


def test_jacobian_is_the_same_from_either_side():
    wide = lambda x: [x[0] * x[1] * x[2]]  # noqa: E731 - reverse mode
    tall = lambda x: [x[0] ** 2, x[0].sin(), x[0] * 3.0]  # noqa: E731 - forward mode
    assert numbers(jacobian(wide)([2.0, 3.0, 5.0])) == [[15.0, 10.0, 6.0]]
    assert numbers(jacobian(tall)([2.0])) == [[4.0], [math.cos(2.0)], [3.0]]


# Gates


def two_gates(u, first, second):
    """What arrives behind one of them, while the other is shut."""
    return micrograd.sqrt(micrograd.relu(u - first) + micrograd.relu(u - second))


GATED = [
    lambda x: micrograd.where(x > 0, micrograd.log(x), 0.0),
    lambda x: micrograd.sqrt(micrograd.relu(x)) + x,
    lambda x: micrograd.maximum(micrograd.log(x), -1.0),
    lambda x: micrograd.clamp(1.0 / x, lo=-2.0, hi=2.0) ** 2,
    lambda x: micrograd.max([x * x, micrograd.exp(x), 1.0 / x]),
    lambda x: x**0 + x,
    lambda x: two_gates(x.exp(), 2.0, 0.3),
    lambda x: two_gates(x.exp(), 0.3, 2.0),
]


@pytest.mark.parametrize('f', GATED)
@pytest.mark.parametrize('at', [-1.0, 0.0, 1e-3, 0.7, 5.0])
@pytest.mark.parametrize('order', [1, 2])
def test_the_graph_of_a_tangent_recomputes_to_the_tangent_elsewhere(f, at, order):
    df = f
    for _ in range(order):
        df = push(df)
    direct = df(at).data
    x = Value(2.0)
    moved = df(x)
    x.data = at
    assert moved.recompute().data == pytest.approx(direct, rel=1e-14, nan_ok=True)
    back = f
    for _ in range(order):
        back = grad(back)
    assert back(at).data == pytest.approx(direct, rel=1e-14, nan_ok=True)


def test_what_does_not_move_cannot_make_a_nan():
    """sqrt has an infinite slope at 0; 0 * inf must not arise."""
    f = lambda x, y: x + micrograd.sqrt(y)  # noqa: E731
    assert jvp(f, (1.0, 0.0), (1.0, 0.0))[1].data == 1.0
    assert numbers(jacobian(lambda x, y: [x, x, x + micrograd.sqrt(y)], (0, 1))(1.0, 0.0))[0] == (1.0, 0.0)
    _, pullback = vjp(lambda x: [x, micrograd.sqrt(x)], 0.0)
    assert numbers(pullback([1.0, 0])) == (1.0,)
    assert jvp(lambda x: micrograd.sqrt(micrograd.relu(x)), (-1.0,), (1.0,))[1].data == 0.0
    w = Value(1.0)
    assert jvp(lambda x, y: w * x + micrograd.sqrt(y), (1.0, 0.0), (1.0, 0))[1].data == 1.0


def test_a_factor_that_is_0_is_no_gate():
    for at in (0.0, Value(0.0)):
        assert isnan(grad(lambda x: 0.0 * x.sqrt())(at).data)
        assert isnan(jvp(lambda x: 0.0 * x.sqrt(), (at,), (1.0,))[1].data)


# Products with vectors


def test_hvp_is_the_hessian_times_the_direction():
    f = lambda x, y: x[0] ** 2 * x[1] * y.exp()  # noqa: E731
    point, direction = ([2.0, 3.0], 0.5), ([1.0, -1.0], 2.0)
    by_x, by_y = numbers(hessian(f, (0, 1))(*point))
    flat = [[*row, last] for row, last in (*by_x, by_y)]
    wanted = [row[0] - row[1] + 2.0 * row[2] for row in flat]
    by_x, by_y = numbers(hvp(f, point, direction))
    assert [*by_x, by_y] == pytest.approx(wanted, rel=1e-14)


def test_a_cotangent_or_tangent_may_itself_be_differentiated_by():
    seed = Value(2.0)
    _, pullback = vjp(lambda x: x**3, 5.0)
    (slope,) = pullback(seed)
    slope.backward()
    assert (slope.data, seed.grad) == (150.0, 75.0)
    moved = jvp(lambda x: x**3, (5.0,), (seed,))[1]
    moved.backward()
    assert (moved.data, seed.grad) == (150.0, 150.0)


# Errors


@pytest.mark.parametrize(
    ('call', 'kind', 'message'),
    [
        (lambda: grad(lambda x: [x, x])(1.0), TypeError, r'one Value, and this one gave a list.*jacobian\(f\)'),
        (lambda: grad(lambda x: x.data)(1.0), TypeError, r'no Value, 1\.0: how it depends on the arguments is lost'),
        (lambda: grad(lambda x: None)(1.0), TypeError, 'the result is no number and no Value, but NoneType'),
        (lambda: grad(lambda x: x > 0)(1.0), TypeError, 'but Condition'),
        (lambda: jacobian(lambda x: {'y': [x, 2]})(1.0), TypeError, 'no Value, 2'),
        (lambda: grad(lambda x: x)('one'), TypeError, "argument 0 is no number and no Value, but str: 'one'"),
        (lambda: grad(lambda x: x[0])([1.0, {'a': None}]), TypeError, r"argument 0\[1\]\['a'\] is no number"),
        (lambda: grad(lambda x: x, 1)(1.0), TypeError, r'asks for argument 1.*1 positional'),
        (lambda: grad(lambda x: x)(x=1.0), TypeError, r'Right: grad\(f\)\(3\.0\)'),
        (lambda: grad(lambda x: x, 'x')(1.0), TypeError, 'argnums is the position'),
        (lambda: grad(lambda x: x, 1.0)(1.0), TypeError, r'argnums is the position .* not 1\.0'),
        (lambda: grad(lambda x: x, None)(1.0), TypeError, 'argnums is the position .* not None'),
        (lambda: grad(lambda x: x, (0, -1))(1.0), TypeError, 'the same argument twice'),
        (lambda: jvp(lambda x: x, 2.0, 1.0), TypeError, r'Right: jvp\(f, \(2\.0,\), \(1\.0,\)\)'),
        (lambda: hvp(lambda x: x, 2.0, 1.0), TypeError, r'Right: hvp\(f, \(2\.0,\), \(1\.0,\)\)'),
        (lambda: jvp(lambda x: x, (1.0,), (1.0, 2.0)), ShapeError, 'a tuple of 1, and is a tuple of 2'),
        (lambda: jvp(lambda x: x[0], ([1.0, 2.0],), ([1.0],)), ShapeError, r'tangents\[0\] should be a list of 2'),
        (lambda: jvp(lambda x: x['a'], ({'a': 1.0},), ({'b': 1.0},)), ShapeError, "with the keys 'a', and is a dict"),
        (lambda: jvp(lambda x: x['a'], ({'a': 1.0},), ({'a': [1.0]},)), ShapeError, r"\['a'\] should be a number"),
        (lambda: jvp(lambda x: x, (1.0,), ('a',)), TypeError, r'tangents\[0\] is no number and no Value, but str'),
        (
            lambda: vjp(lambda x: [x, x], 1.0)[1](1.0),
            ShapeError,
            'the cotangent should be a list of 2, and is a number',
        ),
    ],
)
def test_errors_teach(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


def test_an_array_is_told_how_to_become_a_list():
    numpy = pytest.importorskip('numpy')
    with pytest.raises(TypeError, match=r'argument 0 is no number .*ndarray.*Right: x\.tolist\(\)'):
        grad(lambda x: x[0])(numpy.ones(2))
    assert grad(lambda x: x * x)(numpy.float64(3.0)).data == 6.0


@either
def test_stale_and_handmade_graphs_are_errors(outer):
    w = Value(2.0)
    inside = w * w
    w.data = 3.0
    with pytest.raises(StaleGraphError):
        outer(lambda x: x * inside)(1.0)
    for argument in (1.0, Value(1.0)):
        with pytest.raises(GraphError, match=r"mode, as in \w+\(\) does not know .* 'mine' was defined by hand"):
            outer(lambda x: Value(1.0, (x,), 'mine') * 2.0)(argument)
        assert outer(lambda x: x * Value(1.0, (w,), 'mine'))(argument).data == 1.0


def test_a_pullback_finds_out_that_its_graph_was_changed():
    w = Value(2.0)
    _, pullback = vjp(lambda x: x * (w * 1.0), 3.0)
    assert numbers(pullback(1.0)) == (2.0,)
    w.data = 5.0
    with pytest.raises(StaleGraphError):
        pullback(1.0)


# Threads


def test_threads_that_share_parameters_get_the_serial_results():
    model = MLP(2, [4, 1], activation='tanh', generator=3)
    cost = lambda m, x: m([x, 1.0 - x]) ** 2  # noqa: E731
    work = lambda x: (  # noqa: E731
        numbers(grad(cost)(model, x)),
        numbers(jvp(lambda t: grad(cost, 1)(model, t), (x,), (1.0,))),
    )
    points = [0.1 * i for i in range(8)]
    found: dict[float, object] = {}
    threads = [threading.Thread(target=lambda x=x: found.update({x: work(x)})) for x in points]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {x: work(x) for x in points}
    assert all(p.grad == 0.0 for p in model.parameters())


def test_containers_that_contain_themselves_are_refused():
    circle = [1.0]
    circle.append(circle)
    with pytest.raises(ShapeError, match=r'^argument 0\[1\]\[1\].* more than 100 containers .*contain itself\?$'):
        grad(lambda x: x[0])(circle)
    deep = 2.0
    for _ in range(100):
        deep = {'k': [deep][0]} if isinstance(deep, list) else [deep]
    slopes = grad(lambda x: _innermost(x) ** 2)(deep)
    assert _innermost(slopes).data == 4.0


def _innermost(x):
    while isinstance(x, list | dict):
        x = x['k'] if isinstance(x, dict) else x[0]
    return x
