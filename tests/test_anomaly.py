"""detect_anomaly: the first number that is not finite, with the operation and the line that made it."""

import asyncio
import math
import re
import threading
from types import FunctionType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from micrograd import (
    Value,
    anomaly,
    check_finite,
    compile_cost,
    context,
    detect_anomaly,
    fit,
    grad,
    gradients,
    graph,
    hessian,
    hvp,
    hypot,
    jacobian,
    jvp,
    losses,
    maximum,
    nn,
    no_grad,
    optim,
    vjp,
    where,
)
from micrograd.errors import AnomalyError, StaleGraphError


def test_forward_the_operation_its_operands_and_its_line():
    p = Value(0.0, label='p')

    def cost():
        q = p + 0.0
        return p * q.log()  # the line that is to be named

    with pytest.raises(AnomalyError) as caught, detect_anomaly():
        cost()
    message = str(caught.value)
    assert message.startswith('log gave -inf, the first number that is not finite, from the result of + = 0.0. ')
    assert re.search(r'test_anomaly\.py, line \d+: return p \* q\.log\(\)  # the line that is to be named$', message)
    assert caught.value.node.data == -math.inf


@pytest.mark.parametrize(
    ('make', 'message'),
    [
        (lambda x: x / 0.0, '/ gave inf'),
        (lambda x: (x * 1e300) * 1e300, r'\* gave inf'),
        (lambda x: (x - 3.0).sqrt(), 'sqrt gave nan'),
        (lambda x: x + Value(math.inf, label='mask'), r'mask was inf before \+ got it'),
        (lambda x: x * math.nan, r'a number was nan before \* got it'),
    ],
)
def test_every_kind_of_forward_anomaly(make, message):
    with pytest.raises(AnomalyError, match=message), detect_anomaly():
        make(Value(2.0))


def test_backward_before_any_gradient_is_written():
    x, w = Value(0.0, label='x'), Value(3.0)
    x.grad = w.grad = 5.0
    with detect_anomaly():
        y = x.sqrt() * w
        with pytest.raises(AnomalyError) as caught:
            y.backward()
    message = str(caught.value)
    assert message.startswith(
        'the gradient of x = 0.0 is inf, the first that is not finite: 3 arrived at sqrt = 0.0, whose '
    )
    assert 'y = x.sqrt() * w' in message
    assert (x.grad, w.grad) == (5.0, 5.0)
    with detect_anomaly(), pytest.raises(AnomalyError, match='the gradient of x'):
        gradients(y, [x])


def test_a_graph_from_before_the_block_is_watched_too_without_its_line():
    x = Value(0.0, label='x')
    y = x.sqrt()
    with (
        detect_anomaly(),
        pytest.raises(AnomalyError, match='sqrt was made before the block, so its line is not known'),
    ):
        y.backward()


def test_where_all_is_finite_nothing_changes():
    x = Value(2.0)
    with detect_anomaly():
        y = (x * 3.0).tanh() + x**2
        y.backward()
        slope = gradients(y, [x])[0].data
    assert x.grad == slope
    z = Value(2.0)
    ((z * 3.0).tanh() + z**2).backward()
    assert z.grad == x.grad


def test_what_was_not_chosen_is_no_anomaly_backward():
    x = Value(0.0)
    with detect_anomaly():
        gate = (x.sqrt() * 2.0).relu()  # shut: 0 * inf does not arise
        gate.backward()
    assert x.grad == 0.0


GRADIENT = 'the gradient of a number = 0.0 is inf'
TANGENT = r'the tangent of sqrt = 0.0 is inf, the first that is not finite: 1 arrived from a number = 0.0, by which'


@pytest.mark.parametrize(
    ('differentiate', 'message'),
    [
        (lambda f: grad(f)(0.0), GRADIENT),
        (lambda f: grad(grad(f))(0.0), 'the gradient of an input = 0.0 is inf'),
        (lambda f: vjp(lambda x: [f(x), 2.0 * x], 0.0)[1]([1.0, 1.0]), GRADIENT),
        (lambda f: jvp(lambda x: [f(x), 2.0 * x], (0.0,), (1.0,)), TANGENT),
        (lambda f: jacobian(lambda x: [f(x), 2.0 * x])(0.0), TANGENT),
        (lambda f: jacobian(lambda x, y: f(x) * y, argnums=(0, 1))(0.0, 3.0), 'the gradient of a number = 0.0 is inf'),
        (lambda f: gradients(f(x := Value(0.0)), [x], create_graph=True), 'the gradient of an input = 0.0 is inf'),
    ],
)
def test_every_transform_is_watched(differentiate, message):
    def root(x):
        return x.sqrt()  # the line

    line = r'test_anomaly\.py, line \d+: return x\.sqrt\(\)  # the line'
    with pytest.raises(AnomalyError, match=rf'^{message}.*{line}$'), detect_anomaly():
        differentiate(root)


def numbers(derivatives):
    return [d.data for d in derivatives]


@pytest.mark.parametrize(
    ('differentiate', 'expected'),
    [
        (lambda f: [grad(f)(0.0)], [0.0]),
        (lambda f: [grad(grad(f))(0.0)], [0.0]),
        (lambda f: [hessian(f)(0.0)], [0.0]),
        (lambda f: vjp(lambda x: [f(x), 2.0 * x], 0.0)[1]([1.0, 1.0]), [2.0]),
        (lambda f: [jvp(f, (0.0,), (1.0,))[1]], [0.0]),
        (lambda f: [hvp(f, (0.0,), (1.0,))], [0.0]),
        (lambda f: gradients(f(x := Value(0.0)), [x], create_graph=True), [0.0]),
    ],
)
@pytest.mark.parametrize(
    'gate', [lambda x: (x.sqrt() * 2.0).relu(), lambda x: where(x > 0.0, x.sqrt(), 0.0), lambda x: x.relu().sqrt()]
)
def test_what_was_not_chosen_is_no_anomaly_in_a_transform(gate, differentiate, expected):
    with detect_anomaly():
        assert numbers(differentiate(gate)) == expected


STEPS = {
    '+': lambda a, b: a + b,
    '*': lambda a, b: a * b,
    'root': lambda a, b: abs(a).sqrt(),
    'gate': lambda a, b: a.relu() - b,
    'choice': lambda a, b: where(a > 0.0, abs(b).sqrt(), b),
    'power': lambda a, b: abs(a) ** 1.5,
    'length': hypot,
    'larger': maximum,
}


@given(
    st.lists(st.sampled_from([0.0, 1.0, -1.0, 0.3]), min_size=2, max_size=2),
    st.lists(st.tuples(st.sampled_from([*STEPS]), st.integers(0, 3), st.integers(0, 3)), min_size=2, max_size=8),
)
@settings(max_examples=60, deadline=None)
def test_there_is_an_anomaly_where_a_derivative_that_was_asked_for_is_not_finite_and_nowhere_else(point, program):
    def f(xs):
        nodes = list(xs)
        for op, i, j in program:
            nodes.append(STEPS[op](nodes[-1 - i % len(nodes)], nodes[-1 - j % len(nodes)]))
        return nodes[-1]

    def slope(xs):
        return grad(f)(xs)[0]

    first = lambda: numbers(grad(f)(point))  # noqa: E731
    tangent = lambda: jvp(f, (point,), ([1.0, 0.5],))[1]  # noqa: E731
    both = lambda: jvp(grad(f), (point,), ([1.0, 0.5],))  # noqa: E731
    for differentiate in (
        first,
        lambda: numbers([tangent()]),
        lambda: first() + numbers(both()[1]),
        lambda: first() + numbers(grad(slope)(point)),
        lambda: first() + [d for row in hessian(f)(point) for d in numbers(row)],
    ):
        found = differentiate()
        if all(map(math.isfinite, found)):
            with detect_anomaly():
                assert differentiate() == found
        else:
            with detect_anomaly(), pytest.raises(AnomalyError):
                differentiate()


@pytest.mark.parametrize(
    ('differentiate', 'expected'),
    [
        (lambda f: vjp(lambda x: [f(x), 2.0 * x], 0.0)[1]([0.0, 1.0]), [2.0]),
        (lambda f: jvp(lambda x, y: f(x) * y, (0.0, 3.0), (0.0, 1.0)), [0.0, 0.0]),
        (lambda f: [grad(lambda x, y: f(x) * y, argnums=1)(Value(0.0), 3.0)], [0.0]),
        (lambda f: gradients(f(Value(0.0)) * (y := Value(3.0)), [y], create_graph=True), [0.0]),
    ],
)
def test_what_was_not_asked_for_is_no_anomaly(differentiate, expected):
    with detect_anomaly():
        assert numbers(differentiate(Value.sqrt)) == expected


def test_a_derivative_that_became_nodes_is_watched_when_it_is_differentiated():
    x = Value(0.0, label='x')
    message = r'is inf.* made at .*test_anomaly\.py, line \d+: \(slope,\) = gradients'
    with detect_anomaly():
        (slope,) = gradients(x**1.5, [x], create_graph=True)
        with pytest.raises(AnomalyError, match=message):
            gradients(slope, [x])


def test_a_stale_graph_is_still_an_error_of_its_own():
    x = Value(2.0)
    with detect_anomaly():
        y = x * x
        x.data = 3.0
        with pytest.raises(StaleGraphError):
            y.backward()


def test_the_layers_around_are_named():
    model = nn.MLP(1, [2, 1], activation=lambda z: z.log(), generator=0)
    with (
        pytest.raises(
            AnomalyError, match=r'log was made in MLP\(1, \[2, 1\]\) > layer 1 > neuron 1\.1 at .*test_anomaly'
        ),
        detect_anomaly(),
    ):
        model([0.0])


def test_a_custom_operation_by_hand_is_watched_forward_and_left_alone_backward():
    a = Value(1.0)
    a.grad = 2.0
    out = Value(2.0, (a,), 'mine')
    out._backward = lambda: setattr(a, 'grad', a.grad + out.grad)
    with detect_anomaly():
        (out * 3.0).backward()
    assert a.grad == 5.0
    b = Value(0.0)
    by_hand = Value(1.0, (a,), 'mine')
    with detect_anomaly(), pytest.raises(AnomalyError):
        (by_hand + b.sqrt()).backward()
    assert a.grad == 5.0


def test_what_was_made_by_hand_is_looked_at_when_it_is_made():
    a = Value(1.0, label='a')
    message = r'^mine gave nan, the first number that is not finite, from a = 1\.0\. mine was made at .*test_anomaly'
    with detect_anomaly():
        with pytest.raises(AnomalyError, match=message):
            Value(math.nan, (a,), 'mine')
        Value(math.nan)  # a leaf is what its program says


def test_the_argument_of_a_transform_is_called_as_the_value_that_it_was():
    with detect_anomaly():
        with pytest.raises(AnomalyError, match=r'the gradient of p = 0\.0 is inf'):
            grad(Value.sqrt)(Value(0.0, label='p'))
        with pytest.raises(AnomalyError, match=r'the tangent of sqrt .* arrived from p = 0\.0, by which'):
            jvp(Value.sqrt, (Value(0.0, label='p'),), (1.0,))
        with pytest.raises(AnomalyError, match=r'^log gave -inf, .* from p = 0\.0\. '):
            grad(Value.log)(Value(0.0, label='p'))


def test_the_line_of_a_file_whose_name_begins_as_the_package_does():
    made = lambda: Value(0.0).log()  # noqa: E731
    beside = FunctionType(made.__code__.replace(co_filename=f'{anomaly.PACKAGE[:-1]}_of_mine.py'), globals())
    with pytest.raises(AnomalyError, match=r'log was made at .*micrograd_of_mine\.py, line'), detect_anomaly():
        beside()


def test_inside_of_no_grad_it_looks_too():
    with pytest.raises(AnomalyError), detect_anomaly(), no_grad():
        Value(0.0).log()


def test_it_ends_with_its_block_however_that_ends():
    with pytest.raises(ZeroDivisionError), detect_anomaly():
        raise ZeroDivisionError
    assert (context.open_contexts, context.observers) == (0, 0)
    assert Value(0.0).log().data == -math.inf
    with context.tracing({}):  # where nodes are looked at, what had stayed behind would be seen
        assert Value(0.0).log().data == -math.inf
    once = detect_anomaly()
    for inner in (detect_anomaly(), once):
        with once:
            with inner:
                pass
            with pytest.raises(AnomalyError):
                Value(0.0).log()
        assert Value(0.0).log().data == -math.inf
    assert (context.open_contexts, context.observers) == (0, 0)


def test_it_does_not_leak_to_another_thread():
    found = []
    with detect_anomaly():
        thread = threading.Thread(target=lambda: found.append(Value(0.0).log().data))
        thread.start()
        thread.join()
    assert found == [-math.inf]


def test_it_does_not_leak_to_another_task():
    async def watched(ready, done):
        with detect_anomaly():
            ready.set()
            await done.wait()
            with pytest.raises(AnomalyError):
                Value(0.0).log()

    async def unwatched(ready, done):
        await ready.wait()
        found = Value(0.0).log().data
        done.set()
        return found

    async def both():
        ready, done = asyncio.Event(), asyncio.Event()
        return await asyncio.gather(watched(ready, done), unwatched(ready, done))

    assert asyncio.run(both()) == [None, -math.inf]


def test_a_deep_graph():
    x = Value(1.0)
    with detect_anomaly():
        v = x
        for _ in range(20_000):
            v = v * 1.0
        v.backward()
        bad = v * 0.0 + (x - 1.0).sqrt()
        with pytest.raises(AnomalyError, match='the gradient of'):
            bad.backward()
    assert len(graph.topological([v])) > 20_000


# Models and training -------------------------------------------------------------------------------------------------


def test_a_model_with_numbers_that_are_not_finite():
    model = nn.MLP(2, [2, 1], generator=0)
    check_finite(model)
    first, *_, last = model.parameters()
    first.data, last.grad = math.nan, math.inf
    with pytest.raises(AnomalyError) as caught:
        check_finite(model)
    assert str(caught.value) == (
        '2 of 9 parameters are not finite: layers.0.neurons.0.w.0 is nan, the gradient of layers.1.neurons.0.b is inf'
    )
    for p in model.parameters():
        p.data = math.inf
    with pytest.raises(AnomalyError, match=r'9 of 9 parameters are not finite: .*, and 6 more'):
        check_finite(model)


def test_a_compiled_cost_is_one_operation():
    w = Value(1.0, label='w')
    lost = compile_cost(lambda x: (w * 0.0 * x).log())
    steep = compile_cost(lambda x: (w - x).sqrt())
    with detect_anomaly():
        with pytest.raises(AnomalyError, match=r'^cost gave -inf, .* from w = 1\.0\. cost was made at .*lost\('):
            lost([1.0])
        cost = steep([1.0])
        with pytest.raises(AnomalyError, match=r'the gradient of w = 1\.0 is inf.* cost was made at .*steep\('):
            cost.backward()
    with no_grad():
        assert steep([0.5])._prev == ()


def test_fit_names_the_operation_and_leaves_the_model_as_it_was():
    model = nn.Neuron(1, nonlin=False, initialisation=lambda nin, nout, draws: ([1.0], 0.0))
    before = [p.data for p in model.parameters()]
    options = {'optimizer': optim.SGD(model.parameters(), lr=0.1), 'epochs': 1, 'progress': False, 'seed': 0}

    def loss(output, y):
        return -output.log() * y

    with pytest.raises(AnomalyError, match=r'log gave nan.*test_anomaly.*-output.log'):
        fit(model, [([-1.0], 1.0)], loss=loss, detect_anomaly=True, **options)
    assert [p.data for p in model.parameters()] == before
    history = fit(model, [([1.0], 1.0)], loss='mse', detect_anomaly=True, **options)
    assert not history.compiled
    with pytest.raises(ValueError, match='a native program has none'):
        fit(model, [([1.0], 1.0)], loss='mse', detect_anomaly=True, compiled=True, **options)
    assert losses.mse(model([1.0]), 1.0).data >= 0.0
