"""The table: every row against mathematics (references.py), and what follows for a program from being a row."""

import math
import random
from collections.abc import Iterator
from itertools import product
from math import inf, isinf, isnan, nan

import pytest

import micrograd
from micrograd import Condition, Value, primitives
from micrograd.errors import ShapeError
from micrograd.gradcheck import gradcheck
from micrograd.operations import VALUES
from micrograd.operators import apply
from micrograd.primitives import FLOATS, TABLE, Row
from micrograd.transforms import gradients
from tests.references import BLOCKED, EXACT, GATES, KINKS, SINGULAR, SIZES, Case, cases, ulps

CASES = list(cases())  # of the table as it is imported
ROWS = list(primitives.rows())
ULPS = 8.0  # what DESIGN.md promises
MAGNITUDES = (0.0, 5e-324, 1e-310, 1e-300, 1e-20, 1e-8, 0.25, 1.0, 5.0, 20.0, 37.0, 700.0, 1e10, 1e150, 1e300)
BOUNDARY = (0.0, -0.0, 5e-324, -5e-324, 1e-308, 0.5, -0.5, 1.0, -1.0, 2.0, -2.0, 3.0, 20.0, -20.0, 37.0, -37.0,
            40.0, -41.0, 745.2, -745.2, 800.0, -800.0, 1e154, -1e154, 1e308, -1e308, inf, -inf, nan)  # fmt: skip

every_row = pytest.mark.parametrize('case', CASES, ids=str)


# Points


def points(case: Case) -> list[tuple[float, ...]]:
    """Seeded points inside the row's domain and off its kinks: ordinary ones and, for one argument, the tails."""
    rng = random.Random(str(case))
    found = list(_on_a_line(rng) if case.row.arity == 1 else _in_space(rng, case.row.arity or 4))
    if case.name == 'select':  # by a whole number
        found = [(float(i % (len(xs) - 1)), *xs[1:]) for i, xs in enumerate(found)]
    return [xs for xs in found if _inside(case.row, xs) and _off_kinks(case.row, xs)]


def _on_a_line(rng: random.Random) -> Iterator[tuple[float, ...]]:
    near_one = [1.0 - 2.0**-53, 1.0 - 1e-9]
    for x in (*MAGNITUDES, *near_one, *(10.0 ** rng.uniform(-3.0, 3.0) for _ in range(10))):
        yield from ((x,), (-x,))


def _in_space(rng: random.Random, dimensions: int) -> Iterator[tuple[float, ...]]:
    for reach in [2.0] * 16 + [10.0] * 8:
        yield tuple(rng.choice((1.0, -1.0)) * 10.0 ** rng.uniform(-reach, reach) for _ in range(dimensions))
    for _ in range(8):
        yield tuple(rng.choice((0.0, 1.0, -1.0, 0.5, 20.0, -37.0, 700.0)) for _ in range(dimensions))


def _inside(row: Row, xs: tuple[float, ...]) -> bool:
    domain = row.domain * len(xs) if len(row.domain) == 1 else row.domain
    return all(low < x < high for x, (low, high) in zip(xs, domain, strict=True))


def _off_kinks(row: Row, xs: tuple[float, ...]) -> bool:
    return row.kinks is None or all(quantity != 0.0 for quantity in row.kinks(*xs))


def ordinary(case: Case) -> list[tuple[float, ...]]:
    """Points where floats can be subtracted from each other: neither extreme nor near a kink or the domain's end."""
    return [
        xs
        for xs in points(case)
        if all(1e-2 <= abs(x) <= 20.0 for x in xs[case.name == 'select' :]) and _far_from_kinks(case.row, xs)
    ]


def _far_from_kinks(row: Row, xs: tuple[float, ...]) -> bool:
    ends = [end for interval in row.domain for end in interval]
    return all(abs(x - end) > 1e-3 for x in xs for end in ends) and (
        row.kinks is None or all(abs(quantity) > 0.05 for quantity in row.kinks(*xs))
    )


# The core of the check, which test_mutations.py runs on spoilt rows


def node(row: Row, xs: list[Value]) -> Value:
    made = apply(Value, row, *xs)
    return made.flag if isinstance(made, Condition) else made


def disagreements(case: Case) -> list[str]:
    """Where the row's gradients, by backward() and by its edges, differ from mathematics, or its gates let through."""
    found = []
    for xs in points(case):
        exact = case.derivatives(xs)
        errors = zip(exact.gradient, exact.gradient_sizes, strict=True)
        wanted = [(BLOCKED if case.blocks(i, g) else g, size) for i, (g, size) in enumerate(errors)]
        found += _wrong(case, xs, wanted)
    for xs, slopes in case.kinks():
        found += _wrong(case, xs, [(slope, slope) for slope in slopes])
    return found


def _wrong(case: Case, xs: tuple[float, ...], wanted: list[tuple[float | None, float]]) -> Iterator[str]:
    leaves = [Value(x) for x in xs]
    y = node(case.row, leaves)
    edges = list(case.row.edges(FLOATS, y.data, *xs))
    y.backward()
    for i, ((slope, size), leaf, (factor, blocked)) in enumerate(zip(wanted, leaves, edges, strict=True)):
        if bool(blocked) != (slope is BLOCKED):
            yield f'{case}{xs}: argument {i} is{"" if blocked else " not"} blocked'
        for got in (leaf.grad, 0.0 if blocked else factor):
            if ulps(got, slope or 0.0, size) > ULPS:
                yield f'{case}{xs}: derivative {i} is {got}, not {slope}'


# Every row against mathematics


def test_every_row_has_a_reference_and_every_reference_a_row():
    assert set(EXACT) == {case.name for case in CASES}
    assert [case.row for case in CASES] == ROWS
    assert set(SIZES) <= set(TABLE)
    assert {case.name for case in CASES if case.row.blocked} == {*GATES, *SINGULAR, 'power'}


@pytest.mark.parametrize(('name', 'constants'), [kink[:2] for kink in KINKS])
def test_every_kink_is_one_of_a_row_that_is_tested(name, constants):
    assert (name, constants) in {(case.name, case.constants) for case in CASES}


@every_row
def test_there_are_points_to_test(case):
    assert len(points(case)) >= 15
    assert len(ordinary(case)) >= 3


@every_row
def test_value_is_right_to_8_ulp(case):
    for xs in points(case):
        exact = case.derivatives(xs)
        assert ulps(case.row.forward(*xs), exact.value, exact.value_size) <= ULPS, xs


@every_row
def test_gradient_is_right_to_8_ulp_in_the_tails_too(case):
    assert disagreements(case) == []


@every_row
def test_second_derivatives_are_right_to_8_ulp_of_their_largest_term(case):
    for xs in points(case):
        exact, leaves = case.derivatives(xs), [Value(x) for x in xs]
        slopes = gradients(node(case.row, leaves), leaves, create_graph=True)
        for i, slope in enumerate(slopes):
            for j, curvature in enumerate(gradients(slope, leaves)):
                size = exact.hessian_sizes[i][j]
                assert ulps(curvature.data, exact.hessian[i][j], size) <= ULPS, (xs, i, j, curvature.data)


@pytest.mark.parametrize('case', [case for case in CASES if case.name not in ('stop_gradient', 'select')], ids=str)
def test_gradient_agrees_with_central_differences(case):
    for xs in ordinary(case):
        leaves = [Value(x) for x in xs]
        slopes = gradients(node(case.row, leaves), leaves)
        for i, slope in enumerate(slopes):
            h = 1e-5 * min(1.0, abs(xs[i]))
            above, below = (case.row.forward(*xs[:i], x, *xs[i + 1 :]) for x in (xs[i] + h, xs[i] - h))
            rounding = 1e-15 * max(1.0, abs(above), abs(case.row.forward(*xs))) / h
            numeric = pytest.approx((above - below) / (2.0 * h), rel=1e-6, abs=4.0 * rounding + 1e-9)
            assert slope.data == numeric, (xs, i)


# One row, three readers: backward(), a node's own step, and gradients()


def boundary(case: Case) -> list[tuple[float, ...]]:
    if case.row.arity == 1:
        return [(x,) for x in BOUNDARY]
    if case.row.arity == 2:
        return list(product(BOUNDARY, BOUNDARY))
    rng = random.Random(str(case))
    return [tuple(rng.choice(BOUNDARY) for _ in range(case.row.arity or 4)) for _ in range(200)]


def kind(x: float) -> str:
    """Which infinity, or nan, or that it is a number."""
    return repr(x) if isnan(x) or isinf(x) else 'finite'


def same(x: float, y: float) -> bool:
    return x == y or (isnan(x) and isnan(y))


@every_row
def test_backward_and_the_step_and_the_edges_and_gradients_are_the_same_numbers_at_every_boundary(case):
    for xs in boundary(case):
        leaves = [Value(x) for x in xs]
        y = node(case.row, leaves)
        y.backward()
        by_backward = [leaf.grad for leaf in leaves]
        edges = list(case.row.edges(FLOATS, y.data, *xs))
        assert all(map(same, by_backward, [0.0 if blocked else factor for factor, blocked in edges])), xs
        assert all(map(same, by_backward, [slope.data for slope in gradients(y, leaves)])), xs
        for leaf in leaves:
            leaf.grad = 0.0
        y._backward()
        assert all(map(same, by_backward, [leaf.grad for leaf in leaves])), xs


@every_row
def test_nothing_passes_a_gate_that_is_shut_however_large_the_gradient_above(case):
    for xs in boundary(case):
        for upstream in (inf, -inf, nan):
            leaves = [Value(x) for x in xs]
            y = node(case.row, leaves)
            y.grad = upstream
            y._backward()
            edges = case.row.edges(FLOATS, y.data, *xs)
            assert all(leaf.grad == 0.0 for leaf, (_, blocked) in zip(leaves, edges, strict=True) if blocked), xs


@pytest.mark.parametrize('name', ['add', 'mul'])
def test_backward_of_the_two_operators_it_knows_by_heart_is_that_of_their_rows(name):
    row = TABLE[name]
    for x, y in product(BOUNDARY, BOUNDARY):
        a, b = Value(x), Value(y)
        (a + b if name == 'add' else a * b).backward()
        (da, _), (db, _) = row.edges(FLOATS, row.forward(x, y), x, y)
        assert same(a.grad, da)
        assert same(b.grad, db)


@pytest.mark.parametrize('case', [case for case in CASES if case.row.value], ids=str)
def test_the_float_version_of_a_composite_row_is_its_expression(case):
    for xs in boundary(case):
        fast, slow = case.row.forward(*xs), case.row.value(FLOATS, *xs)
        assert kind(fast) == kind(slow), (xs, fast, slow)
        assert same(fast, slow) or abs(fast - slow) <= 4.0 * math.ulp(fast), (xs, fast, slow)


# Any number of operands


def _operands(count: int) -> list[Value]:
    return [Value(x) for x in (0.5, -1.25, 3.0, 0.75, 2.0)[:count]]


@pytest.mark.parametrize('count', [1, 2, 5])
def test_lists_of_any_length(count):
    for name, slope in (('sum', lambda x, xs: 1.0), ('max', lambda x, xs: float(x == max(xs))),
                        ('min', lambda x, xs: float(x == min(xs))),
                        ('logsumexp', lambda x, xs: math.exp(x) / math.fsum(map(math.exp, xs)))):  # fmt: skip
        xs = _operands(count)
        numbers = [x.data for x in xs]
        y = getattr(micrograd, name)(xs)
        y.backward()
        assert len(y._prev) == count
        assert [x.grad for x in xs] == pytest.approx([slope(x, numbers) for x in numbers])
    xs, ys = _operands(count), [x + 1.0 for x in _operands(count)]
    product_ = micrograd.dot(xs, ys)
    assert product_.data == pytest.approx(math.fsum(x.data * y.data for x, y in zip(xs, ys, strict=True)))
    for dx, y in zip(gradients(product_, xs), ys, strict=True):
        assert dx.data == y.data


def test_lists_of_no_numbers():
    assert micrograd.sum([]).data == 0.0
    assert micrograd.dot([], []).data == 0.0
    for name in ('max', 'min', 'logsumexp', 'mean', 'norm', 'softmax', 'log_softmax'):
        with pytest.raises(ShapeError, match='empty'):
            getattr(micrograd, name)([])


def test_an_operand_that_is_given_twice_receives_both_gradients():
    for name, expected in (('sum', 3.0), ('max', 1.0), ('min', 1.0), ('logsumexp', 1.0)):
        x = Value(2.0)
        getattr(micrograd, name)([x, x, x]).backward()
        assert x.grad == pytest.approx(expected), name
    x, y = Value(2.0), Value(5.0)
    micrograd.dot([x, x, y], [x, y, x]).backward()
    assert (x.grad, y.grad) == (2.0 * 2.0 + 2.0 * 5.0, 2.0 * 2.0)


def test_a_dot_of_lists_of_different_lengths_says_so():
    with pytest.raises(ShapeError, match='3 and 2'):
        micrograd.dot([1.0, 2.0, 3.0], [4.0, 5.0])


# Families


@pytest.mark.parametrize(
    ('name', 'constants'),
    [('power', (c,)) for c in (2, 2.0, 3, 7, -2, -1, 0.5, 1.5, -0.5, 2.5, 0.1, 1 / 3, -1.1, 0, -0.0, 1, 10)]
    + [('leaky_relu', (0.3,)), ('leaky_relu', (0.0,)), ('elu', (2.0,)), ('clamp', (-2.5, 0.75)), ('clamp', (0.0, 0.0))],
)
def test_a_family_is_right_at_other_constants_too(name, constants):
    case = Case(TABLE[name](*constants), name, constants)
    assert disagreements(case) == []
    for xs in points(case):
        exact = case.derivatives(xs)
        assert ulps(case.row.forward(*xs), exact.value) <= ULPS
        assert same(TABLE[name].forward(*xs, *constants), case.row.forward(*xs))


def test_a_family_keeps_its_rows_and_takes_constants_by_name():
    assert primitives.clamp(-1.0, 1.0) is primitives.clamp(-1.0, 1.0)
    assert primitives.clamp(hi=1.0) is primitives.clamp(-inf, 1.0)
    assert micrograd.clamp(Value(5.0), hi=2.0).data == 2.0
    assert Value(5.0).clamp(hi=2.0).data == 2.0
    assert micrograd.leaky_relu(Value(-2.0), slope=0.5).data == -1.0
    with pytest.raises(TypeError, match='slope'):
        micrograd.leaky_relu(Value(1.0), steepness=2.0)


@pytest.mark.parametrize(('exponent', 'symbol'), [(2, '**2'), (0.5, '**0.5'), (-1, '**-1'), (2.0, '**2.0')])
def test_an_exponent_is_shown_as_it_was_given(exponent, symbol):
    assert (Value(3.0) ** exponent)._op == symbol


# What an operation is to a program


@every_row
def test_every_row_is_a_function_of_the_package_on_values_and_on_numbers(case):
    function = getattr(micrograd, case.name)
    numbers = ordinary(case)[0]
    arguments = _as_called(case.row, numbers)
    result = function(*arguments, *case.constants)
    result = result.flag if isinstance(result, Condition) else result
    assert same(result.data, case.row.forward(*numbers))
    assert result._op == case.row.symbol
    assert same(getattr(FLOATS, case.name)(*arguments, *case.constants), result.data)


def _as_called(row: Row, numbers: tuple[float, ...]) -> tuple[object, ...]:
    if row.lists == 0:
        return numbers
    if row.lists == 1:
        return (list(numbers),)
    middle = len(numbers) // 2
    return list(numbers[:middle]), list(numbers[middle:])


def test_every_operation_is_listed_by_dir():
    assert {*TABLE, 'softmax', 'log_softmax', 'mean', 'norm'} <= set(dir(VALUES)) & set(dir(FLOATS))
    assert set(TABLE) <= set(dir(micrograd))


@pytest.mark.parametrize(('call', 'message'), [
    (lambda: micrograd.exp(1.0, 2.0), 'exp.. takes 1 numbers, and was given 2'),
    (lambda: micrograd.atan2(1.0), 'atan2.. takes 2 numbers, and was given 1'),
    (lambda: micrograd.exp('1'), 'exp.. takes Values and real numbers, not str'),
    (lambda: micrograd.sum([1.0, None]), 'not NoneType'),
    (lambda: micrograd.maximum(1.0, [2.0]), 'not list'),
    (lambda: micrograd.exp(1j), 'not complex'),
])  # fmt: skip
def test_bad_operands_are_an_error_that_names_the_operation(call, message):
    with pytest.raises(TypeError, match=message):
        call()


def test_an_unknown_operation_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no 'exponential'"):
        _ = micrograd.exponential


# Compositions


@pytest.mark.parametrize('shift', [0.0, 800.0, -800.0, 1e15, -1e15])
def test_softmax_and_its_logarithm_are_right_however_large_the_numbers(shift):
    xs = [Value(x + shift) for x in (0.0, 1.0, 3.0)]
    total = 1.0 + math.exp(1.0) + math.exp(3.0)
    expected = [math.exp(x) / total for x in (0.0, 1.0, 3.0)]
    shares, logs = micrograd.softmax(xs), micrograd.log_softmax(xs)
    assert [p.data for p in shares] == pytest.approx(expected, rel=1e-14)
    assert [p.data for p in logs] == pytest.approx([math.log(p) for p in expected], rel=1e-14)
    for i, (p, q) in enumerate(zip(shares, logs, strict=True)):
        for j, (dp, dq) in enumerate(zip(gradients(p, xs), gradients(q, xs), strict=True)):
            delta = float(i == j)
            assert dp.data == pytest.approx(expected[i] * (delta - expected[j]), rel=1e-13)
            assert dq.data == pytest.approx(delta - expected[j], rel=1e-13)


def test_mean_and_norm():
    xs = [Value(3.0), Value(-4.0)]
    micrograd.mean(xs).backward()
    assert [x.grad for x in xs] == [0.5, 0.5]
    length = micrograd.norm(xs)
    assert length.data == 5.0
    assert [d.data for d in gradients(length, xs)] == pytest.approx([0.6, -0.8])
    assert micrograd.norm([1e300, 1e300]).data == pytest.approx(math.sqrt(2.0) * 1e300)
    zeros = [Value(0.0), Value(0.0)]
    assert [d.data for d in gradients(micrograd.norm(zeros), zeros)] == [0.0, 0.0]
    only = Value(-2.0)
    assert gradients(micrograd.norm([only]), [only])[0].data == -1.0


# One more row


@pytest.fixture
def table():
    """The table, which is afterwards what it was before."""
    names = set(TABLE)
    yield TABLE
    for name in set(TABLE) - names:
        del TABLE[name]
        for interpreter in primitives.INTERPRETERS:
            delattr(interpreter.functions, name)


def _softsign(o, x):
    return o.div(x, 1.0 + o.abs(x))


def _softsign_slope(o, z, x):
    return o.div(1.0, (1.0 + o.abs(x)) * (1.0 + o.abs(x)))


FACTS = {'value': _softsign, 'partials': _softsign_slope, 'latex': r'\frac{x}{1 + |x|}', 'symbol': 'soft±'}


@pytest.mark.parametrize('how', [primitives.row, micrograd.primitive], ids=['row', 'primitive'])
def test_a_new_row_gets_value_derivatives_picture_and_gradient_check_for_nothing(table, how):
    how('soft', **FACTS)
    soft = micrograd.soft
    assert FLOATS.soft(3.0) == 0.75
    x = Value(3.0)
    y = soft(x)
    y.backward()
    assert (y.data, x.grad, y._op) == (0.75, 1.0 / 16.0, 'soft±')
    (slope,) = gradients(y, [x], create_graph=True)
    (curvature,) = gradients(slope, [x])
    assert (slope.data, curvature.data) == (1.0 / 16.0, -2.0 / 64.0)
    assert gradcheck(soft, [3.0])
    assert gradcheck(lambda x: gradients(soft(x), [x], create_graph=True)[0], [3.0])
    x.data = 1.0
    assert y.recompute().data == 0.5
    assert 'soft±' in micrograd.draw(y).dot.source


def test_a_new_row_may_stand_in_other_rows_and_be_a_gate_or_take_lists(table):
    micrograd.primitive('soft', **FACTS)
    micrograd.primitive('twice', lambda o, x: 2.0 * o.soft(x), lambda o, z, x: 2.0 * _softsign_slope(o, z, x))
    micrograd.primitive(
        'positive_part', lambda o, x: o.where(x > 0.0, x, 0.0), lambda o, z, x: 1.0, blocked=lambda o, z, x: x <= 0.0
    )
    micrograd.primitive(
        'squares',
        lambda o, *xs: o.sum([x * x for x in xs]),
        lambda o, z, *xs: tuple(2.0 * x for x in xs),
        lists=1,
    )
    x, y = Value(3.0), Value(-1.0)
    assert micrograd.twice(x).data == 1.5
    total = micrograd.squares([x, micrograd.positive_part(micrograd.log(y + 1.0))])
    assert [d.data for d in gradients(total, [x, y])] == [6.0, 0.0]


def test_the_table_is_afterwards_what_it_was(table):
    micrograd.primitive('soft', **FACTS)
    assert 'soft' in TABLE


def test_the_table_is_what_it_was():
    assert 'soft' not in TABLE
    assert not hasattr(micrograd, 'soft')


@pytest.mark.parametrize(('name', 'facts', 'error', 'message'), [
    ('exp', {}, ValueError, "'exp' is in the table already"),
    ('softmax', {}, ValueError, "'softmax' is in the table already"),
    ('soft sign', {}, ValueError, 'not a Python name'),
    ('2soft', {}, ValueError, 'not a Python name'),
    ('', {}, ValueError, 'not a Python name'),
    ('lambda', {}, ValueError, 'not a Python name'),
    ('soft', {'value': lambda o, x, y: x}, TypeError, 'value'),
    ('soft', {'value': lambda x: x}, TypeError, 'value'),
    ('soft', {'partials': lambda o, z, x, y: (1.0, 1.0)}, TypeError, 'partials'),
    ('soft', {'partials': lambda x: x}, TypeError, 'partials'),
    ('soft', {'blocked': lambda o, z, x, y: (True, True)}, TypeError, 'blocked'),
    ('soft', {'colour': 'red'}, TypeError, 'colour'),
])  # fmt: skip
def test_a_bad_row_is_an_error_and_leaves_the_table_as_it_was(table, name, facts, error, message):
    before = dict(TABLE)
    with pytest.raises(error, match=message):
        micrograd.primitive(name, **(FACTS | facts))
    assert before == TABLE
