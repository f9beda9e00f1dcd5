"""Value and backward(): what holds for every operation alike."""

import copy
import gc
import math
import pickle
import subprocess
import sys
import tracemalloc
import weakref
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest

import micrograd
from micrograd import Condition, Value, no_grad
from micrograd.errors import GraphError, StaleGraphError
from micrograd.graph import topological

DEEP = 1_000_000


def chain(x, length=DEEP):
    v = x
    for _ in range(length):
        v = v + 0.0
    return v


# Gradients -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('program', 'gradient'),
    [
        (lambda a: a + a, 2.0),
        (lambda a: a * a, 6.0),
        (lambda a: a - a, 0.0),
        (lambda a: a / a, 0.0),
        (lambda a: a**a, 27.0 * (math.log(3.0) + 1.0)),
        (lambda a: micrograd.maximum(a, a), 1.0),
        (lambda a: micrograd.minimum(a, a), 1.0),
        (lambda a: (a + a) + (a + a), 4.0),
        (lambda a: micrograd.sum([a, a, a]), 3.0),
        (lambda a: micrograd.dot([a, a], [a, 2.0]), 8.0),
        (lambda a: micrograd.hypot(a, a), math.sqrt(2.0)),
        (lambda a: micrograd.max([a, 1.0, a]), 1.0),
    ],
)
def test_repeated_parents_and_diamonds(program, gradient):
    a = Value(3.0)
    program(a).backward()
    assert a.grad == pytest.approx(gradient, rel=1e-15)


def test_leaves_accumulate_over_calls_and_interior_gradients_start_afresh():
    x = Value(3.0)
    square = x * x
    y = square * x
    y.backward()
    assert (x.grad, square.grad, y.grad) == (27.0, 3.0, 1.0)
    y.backward()
    assert (x.grad, square.grad, y.grad) == (54.0, 3.0, 1.0)


def test_a_second_result_over_the_same_nodes_does_not_count_their_gradients_again():
    x = Value(2.0)
    shared = x * x
    (shared * 3.0).backward()
    (shared * 5.0).backward()
    assert x.grad == 12.0 + 20.0


def test_backward_of_a_leaf_adds_one_to_its_own_gradient():
    x = Value(3.0)
    x.backward()
    assert x.grad == 1.0


def test_a_shut_gate_passes_nothing_however_steep_what_lies_behind_it():
    x = Value(0.0)
    micrograd.where(x > 0, micrograd.log(x), 0.0).backward()
    assert x.grad == 0.0
    (micrograd.relu(micrograd.log(x)) * math.inf).backward()
    assert x.grad == 0.0


def test_a_true_zero_gradient_still_meets_infinity_as_ieee_says():
    x = Value(0.0)
    (0.0 * micrograd.sqrt(x)).backward()
    assert math.isnan(x.grad)


def test_a_node_behind_a_gate_shows_no_gradient_of_an_earlier_call():
    x = Value(2.0)
    hidden = x * 3.0
    y = micrograd.where(x > 0, hidden, 0.0)
    y.backward()
    assert hidden.grad == 1.0
    x.data = -2.0
    y.recompute().backward()
    assert hidden.grad == 0.0


def test_gradients_are_the_same_bits_in_every_process():
    program = (
        'from micrograd import Value\n'
        'xs = [Value(0.1 * i) for i in range(1, 40)]\n'
        'y = sum(((a * b).tanh() + a / b for a, b in zip(xs, xs[1:])), Value(0.0)) ** 2\n'
        'y.backward()\n'
        'print([x.grad.hex() for x in xs])'
    )
    printed = {
        subprocess.run(
            [sys.executable, '-c', program], env={'PYTHONHASHSEED': seed}, capture_output=True, text=True, check=True
        ).stdout
        for seed in '0123'
    }
    assert len(printed) == 1


# Stale graphs ----------------------------------------------------------------------------------------------------


def test_a_changed_leaf_is_an_error_and_touches_no_leaf():
    x = Value(3.0, label='x')
    y = x * x
    y.label = 'loss'
    y.backward()
    x.data = 5.0
    with pytest.raises(StaleGraphError, match=r"'loss'.*made by '\*', would be 25.0.*y.recompute\(\)"):
        y.backward()
    assert x.grad == 6.0


@pytest.mark.parametrize(
    ('before', 'after'), [(0.0, -0.0), (1.0, math.nan), (math.nan, 1.0), (math.inf, -math.inf), (1.0, 1.0 + 2**-52)]
)
@pytest.mark.parametrize(
    'operation',
    [
        lambda x: x + -0.0,
        lambda x: x * 1.0,
        lambda x: -x,
        lambda x: x - 0.0,
        lambda x: micrograd.sum([x, -0.0, -0.0]),
        lambda x: micrograd.relu(x) + x * 1.0,
    ],
)
def test_stale_means_any_bit(operation, before, after):
    x = Value(before)
    y = operation(x)
    x.data = after
    with pytest.raises(StaleGraphError):
        y.backward()


def test_nan_equals_nan_when_it_is_checked():
    x = Value(math.nan)
    (x * 2.0).backward()
    assert x.grad == 2.0


def test_an_interior_number_that_was_written_over_is_stale_too():
    x = Value(3.0)
    y = x * 2.0
    z = y + 1.0
    y.data = 100.0
    with pytest.raises(StaleGraphError):
        z.backward()


def test_an_optimiser_step_makes_the_graph_stale_and_recompute_makes_it_fresh():
    w = Value(1.0)
    loss = (w * 3.0 - 1.0) ** 2
    loss.backward()
    w.data -= 0.1 * w.grad
    with pytest.raises(StaleGraphError):
        loss.backward()
    w.grad = 0.0
    loss.recompute().backward()
    assert loss.data == pytest.approx((w.data * 3.0 - 1.0) ** 2)
    assert w.grad == pytest.approx(6.0 * (w.data * 3.0 - 1.0))


def test_a_leaf_set_to_the_same_number_is_not_stale():
    x = Value(3.0)
    y = x * x
    x.data = 3.0
    y.backward()
    assert x.grad == 6.0


# Operations defined by hand ----------------------------------------------------------------------------------------


def by_hand(x):
    out = Value(math.tanh(x.data), (x,), 'tanh')

    def step():
        x.grad += (1.0 - out.data**2) * out.grad

    out._backward = step
    return out


def test_an_operation_defined_by_hand_takes_part_in_backward_and_is_exempt_from_the_stale_check():
    x = Value(0.5)
    y = by_hand(x * 2.0) * 3.0
    y.backward()
    expected = Value(0.5)
    ((expected * 2.0).tanh() * 3.0).backward()
    assert x.grad == pytest.approx(expected.grad)


def test_recompute_refuses_what_was_defined_by_hand_by_name_and_changes_nothing():
    x = Value(0.5)
    first = x * 2.0
    y = by_hand(first) + first
    x.data = 1.0
    with pytest.raises(GraphError, match="its operation 'tanh' was defined by hand"):
        y.recompute()
    assert first.data == 1.0


def test_deepcopy_refuses_what_was_defined_by_hand():
    with pytest.raises(GraphError, match=r"copy\.deepcopy.*'tanh' was defined by hand"):
        copy.deepcopy(by_hand(Value(0.5)))


def test_a_leaf_with_a_step_of_its_own_stays_a_leaf():
    calls = []
    x = Value(2.0)
    x._backward = lambda: calls.append(x.grad)
    y = x * 3.0
    y.backward()
    y.backward()
    assert (x.grad, calls, x.role) == (6.0, [3.0, 3.0], 'input')
    x.data = 5.0
    with pytest.raises(StaleGraphError):
        y.backward()
    assert x.grad == 6.0


def test_a_subclass_may_define_its_step_as_a_method():
    class Doubled(Value):
        def __init__(self, x):
            super().__init__(2.0 * x.data, (x,), 'doubled')
            self.x = x

        def _backward(self):
            self.x.grad += 2.0 * self.grad

    x = Value(3.0)
    (Doubled(x) * 5.0).backward()
    assert x.grad == 10.0


def test_a_step_that_wraps_the_one_before():
    x = Value(3.0)
    y = x * x
    before, calls = y._backward, []
    y._backward = lambda: (calls.append(y.grad), before())
    (y * 2.0).backward()
    assert (x.grad, calls) == (12.0, [2.0])


def test_a_step_defined_by_hand_is_called_even_behind_a_shut_gate():
    calls = []
    x = Value(3.0)
    hidden = Value(-9.0, (x,), 'by hand')
    hidden._backward = lambda: calls.append(hidden.grad)
    hidden.relu().backward()
    assert calls == [0.0]


def test_a_step_assigned_to_a_node_of_ours_replaces_its_own():
    x = Value(3.0)
    y = x * x
    y._backward = lambda: setattr(x, 'grad', 100.0)
    (y + 1.0).backward()
    assert x.grad == 100.0


@pytest.mark.parametrize('count', [0, 1, 2, 3, 27])
def test_any_number_of_children(count):
    children = [Value(float(i)) for i in range(count)]
    v = Value(1.0, children, 'op')
    assert v._prev == tuple(children)
    assert v._op == 'op'


@pytest.mark.parametrize('count', [1, 2, 3, 4, 28])
def test_one_step_by_hand_does_what_backward_does(count):
    xs = [Value(float(i)) for i in range(1, count + 1)]
    y = micrograd.logsumexp(xs)
    y.backward()
    expected = [x.grad for x in xs]
    for x in xs:
        x.grad = 0.0
    y.grad = 1.0
    y._backward()
    assert [x.grad for x in xs] == expected


def test_the_step_of_a_leaf_does_nothing():
    x = Value(1.0)
    x._backward()
    assert x.grad == 0.0


def test_children_are_values():
    with pytest.raises(TypeError, match='children of a Value are Values, not float'):
        Value(1.0, (2.0,), 'op')


def test_parents_cannot_be_assigned_so_no_cycle_can_be_made():
    x = Value(1.0)
    with pytest.raises(AttributeError):
        x._prev = (x,)


# Deep and wide graphs ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures('uncounted')
def test_a_million_deep_graph_works_everywhere_and_is_freed_without_the_collector():
    gc.collect()
    gc.disable()
    try:
        x = Value(2.0)
        y = chain(x)
        y.backward()
        assert x.grad == 1.0
        x.data = 3.0
        assert y.recompute().data == 3.0
        twin = copy.deepcopy(y)
        assert (twin.data, twin.grad) == (3.0, 1.0)
        assert len(repr(y)) < 60
        assert len(topological([y])) == 2 * DEEP + 1
        dead = weakref.ref(y._prev[0]), weakref.ref(twin._prev[0])
        del y, twin
        assert [r() for r in dead] == [None, None]
        assert gc.collect() < 1000
    finally:
        gc.enable()


@pytest.mark.usefixtures('uncounted')
def test_a_hundred_thousand_parents():
    xs = [Value(1.0) for _ in range(100_000)]
    y = micrograd.sum(xs)
    y.backward()
    assert y.data == 100_000.0
    assert all(x.grad == 1.0 for x in xs)
    assert len(copy.deepcopy(y)._prev) == 100_000


def test_memory_of_a_node():
    gc.collect()
    x = Value(1.5)
    tracemalloc.start()
    y = chain(x, 20_000)
    after_forward = tracemalloc.get_traced_memory()[0] / 40_000
    y.backward()
    peak = tracemalloc.get_traced_memory()[1] / 40_000
    tracemalloc.stop()
    assert after_forward <= 165
    assert peak <= 210


# What a Value can be made of ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    'number',
    [
        2,
        True,
        0.5,
        Fraction(1, 3),
        Decimal('0.1'),
        np.float64(2.5),
        np.float32(0.5),
        np.int64(3),
        np.bool_(True),
        10**300,
        np.array(1.5),
        np.array([1.5]),
        np.array([[1.5]]),
    ],
)
def test_any_real_number_becomes_a_float(number):
    v = Value(number)
    assert type(v.data) is float
    assert v.data == float(np.asarray(number, dtype=float).item())


@pytest.mark.parametrize('number', [10**400, -(10**400), Fraction(10**400, 3)])
def test_a_number_beyond_the_floats_is_an_overflow_error(number):
    with pytest.raises(OverflowError):
        Value(number)
    with pytest.raises(OverflowError):
        Value(1.0) + number


@pytest.mark.parametrize(
    'thing',
    [1j, np.complex64(1), np.array(1j), '3', b'3', None, [1.0], (1.0,), {}, np.array([1.0, 2.0]), object(), Value(1.0)],
)
def test_anything_else_is_a_type_error_that_says_what_to_do(thing):
    with pytest.raises(TypeError, match='a Value holds one real number'):
        Value(thing)


@pytest.mark.parametrize('thing', ['3', None, 1j, [1.0], object()])
def test_operators_refuse_what_is_no_number(thing):
    for program in (lambda: Value(1.0) + thing, lambda: thing * Value(1.0), lambda: Value(1.0) ** thing):
        with pytest.raises(TypeError):
            program()
    with pytest.raises(TypeError):
        Value(1.0) < thing  # noqa: B015 - it raises
    with pytest.raises(TypeError, match=r'exp\(\) takes Values and real numbers'):
        micrograd.exp(thing)


def test_operations_check_how_many_operands_they_get():
    with pytest.raises(TypeError, match=r'atan2\(\) takes 2 numbers, and was given 1'):
        micrograd.atan2(1.0)
    with pytest.raises(ValueError, match='dot pairs the numbers of two lists, and these have 1 and 2'):
        micrograd.dot([1.0], [1.0, 2.0])


def test_no_float_so_that_math_cannot_lose_the_gradient():
    with pytest.raises(TypeError):
        math.exp(Value(1.0))


# What a Value shows and answers ------------------------------------------------------------------------------------


def test_printing_and_rounding():
    v = Value(2.5679)
    assert repr(v) == str(v) == f'{v}' == 'Value(data=2.5679, grad=0.0)'
    assert f'{v:.3f}' == '2.568'
    assert f'{v:>8.1f}' == '     2.6'
    assert (round(v), round(v, 2)) == (3, 2.57)
    assert v.item() == 2.5679


def test_abs_is_an_operation():
    x = Value(-3.0)
    abs(x).backward()
    assert x.grad == -1.0


def test_equality_and_hash_are_identity_and_a_value_is_always_true():
    a, b = Value(0.0), Value(0.0)
    assert a != b
    assert a == a
    assert len({a, b, a}) == 2
    assert bool(a)


def test_detach_cuts_the_graph_and_keeps_number_and_label():
    x = Value(3.0, label='x')
    y = x.detach() * x
    y.backward()
    assert (x.grad, x.detach().label) == (3.0, 'x')


def test_roles():
    x = Value(1.0)
    y = x * 2.0
    assert (x.role, y._prev[1].role, y.role) == ('input', 'constant', 'operation')
    x.role = 'parameter'
    assert x.role == 'parameter'
    y.backward()
    assert (x.role, y.role) == ('parameter', 'operation')
    with pytest.raises(ValueError, match='the role of a leaf is one of'):
        x.role = 'hero'
    with pytest.raises(ValueError, match="is 'operation'"):
        y.role = 'input'


# Conditions --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('condition', 'truth'),
    [
        (lambda x: x > 1, True),
        (lambda x: x >= 2, True),
        (lambda x: x < 2, False),
        (lambda x: x <= 1.5, False),
        (lambda x: 1 < x, True),  # noqa: SIM300 - the reflected comparison is what is tested
        (lambda x: np.float64(3.0) > x, True),
        (lambda x: (x > 0) & (x < 1), False),
        (lambda x: (x > 0) | (x < 1), True),
        (lambda x: ~(x > 0), False),
        (lambda x: (x > 5) | True, True),
        (lambda x: True & (x > 5), False),
        (lambda x: micrograd.equal(x, 2), True),
    ],
)
def test_a_condition_is_true_or_false_by_value(condition, truth):
    c = condition(Value(2.0))
    assert type(c) is Condition
    assert bool(c) is truth
    assert repr(c) == f'Condition({truth})'


def test_conditions_are_equal_by_their_truth():
    x = Value(2.0)
    assert (x > 0) == True  # noqa: E712 - that is the question
    assert (x > 0) == (x > 1)
    assert (x > 0) != (x > 3)
    assert (x > 0) != 1.0
    assert len({x > 0, x > 1, x > 3}) == 2


def test_max_and_sorted_go_by_value():
    values = [Value(2.0), Value(-1.0), Value(3.0)]
    assert max(values) is values[2]
    assert min(values) is values[1]
    assert sorted(values) == [values[1], values[0], values[2]]


def test_where_is_decided_anew_by_recompute():
    x = Value(2.0)
    y = micrograd.where((x > 0) & (x < 3), x * 10.0, -x)
    y.backward()
    assert (y.data, x.grad) == (20.0, 10.0)
    x.data, x.grad = 5.0, 0.0
    y.recompute().backward()
    assert (y.data, x.grad) == (-5.0, -1.0)


def test_a_condition_is_a_number_in_arithmetic():
    x = Value(3.0)
    y = x * (x > 2) + (x > 5) * x
    y.backward()
    assert (y.data, x.grad) == (3.0, 1.0)


# Copies ------------------------------------------------------------------------------------------------------------


def test_deepcopy_is_a_graph_of_its_own():
    x = Value(3.0, label='x')
    x.role = 'parameter'
    x.m = [0.5]
    y = micrograd.sum([x, x * x, x * x * x, 1.0])
    y.backward()
    twins = copy.deepcopy([y, x])
    twin, twin_x = twins
    assert (twin.data, twin.grad, twin_x.grad, twin_x.label, twin_x.role) == (40.0, 1.0, 34.0, 'x', 'parameter')
    assert twin._prev[0] is twin_x
    assert twin_x.m == [0.5]
    assert twin_x.m is not x.m
    twin.backward()
    assert (twin_x.grad, x.grad) == (68.0, 34.0)


def test_deepcopy_keeps_subclasses():
    class Mine(Value):
        pass

    assert type(copy.deepcopy(Mine(1.0))) is Mine


def test_pickling_keeps_the_number_and_the_label_of_a_leaf():
    x = pickle.loads(pickle.dumps(Value(0.1, label='x')))
    assert (x.data, x.grad, x.label, x._prev) == (0.1, 0.0, 'x', ())
    assert copy.copy(x).data == 0.1


@pytest.mark.parametrize('take', [pickle.dumps, copy.copy])
def test_pickling_an_interior_node_is_an_error_that_says_why(take):
    with pytest.raises(TypeError, match=r"made by '\*' from other Values.*Right: pickle.dumps\(y.detach\(\)\)"):
        take(Value(1.0) * 2.0)


# numpy ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    'program', [lambda n, v: n + v, lambda n, v: n - v, lambda n, v: n * v, lambda n, v: n / v, lambda n, v: n**v]
)
def test_a_numpy_scalar_and_a_value_make_a_value(program):
    v = program(np.float64(2.0), Value(3.0))
    assert type(v) is Value
    assert v.data == program(2.0, 3.0)


def test_a_numpy_array_and_a_value_make_an_array_of_values():
    products = np.array([1.0, 2.0]) * Value(3.0)
    assert [type(p) for p in products] == [Value, Value]
    assert [p.data for p in Value(3.0) * np.array([1.0, 2.0])] == [3.0, 6.0]


# no_grad -----------------------------------------------------------------------------------------------------------


def test_under_no_grad_no_graph_is_built_by_any_operation():
    x = Value(2.0)
    with no_grad():
        for y in (
            x + x,
            x * 2.0,
            x - 1.0,
            -x,
            x**2,
            2**x,
            x.relu(),
            x.clamp(0, 1),
            micrograd.sum([x, x]),
            (x > 0).flag,
        ):
            assert y._prev == ()
            assert y._op == ''
    assert (x + x)._prev == (x, x)
