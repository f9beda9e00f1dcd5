"""Where floats end: points at which a formula that is right elsewhere over- or underflows on the way, or loses digits.

They were found by sweeps over all exponents and over every threshold in the code, millions of points against intervals
of hundreds of digits. What is asked is what `test_primitives.py` asks of ordinary points: values and first derivatives
right to 8 ulp, second ones to 8 ulp of their largest term; of third ones, that none is nan.
"""

from itertools import product
from math import exp, inf, isfinite, log, nan

import pytest
from mpmath import mp

import micrograd
from micrograd import Value, jvp, losses
from micrograd.gradcheck import gradcheck
from micrograd.primitives import TABLE, Row
from micrograd.transforms import gradients
from tests.references import Case, ulps
from tests.test_mutations import spoil
from tests.test_primitives import CASES, ULPS, disagreements, node, ordinary

LARGE = 1.7976931348623157e308
TINY = 5e-324

TAILS: dict[tuple[str, tuple[float, ...]], list[tuple[float, ...]]] = {
    # Its factor is subnormal, and x times as large an error
    ('gelu', ()): [(-37.703357311136955,), (-38.5,), (38.0,), (LARGE,)],
    ('silu', ()): [(-711.9,), (-745.1332191019408,), (-746.8,), (720.4,), (745.2,), (-LARGE,)],
    ('gaussian', ()): [(-27.2,), (27.3,), (LARGE,), (1e-314,)],
    ('normal_pdf', ()): [(37.9,), (38.5,), (-LARGE,), (TINY,)],
    ('normal_cdf', ()): [(-38.0,), (38.4,), (-LARGE,)],
    ('erf', ()): [(27.1,), (LARGE,), (1e-314,)],
    ('erfc', ()): [(26.78,), (-27.2,), (3.3e-318,)],
    ('logistic_pdf', ()): [(1.2957300616855427,), (-1.3168,), (745.2,), (-720.0,), (LARGE,)],
    # Its square, or length, over- or underflows, or the smaller side has few digits
    ('hypot', ()): [(1e308, LARGE), (-LARGE, LARGE), (1e-310, 1e-310), (-1.9e-321, 6.8e-317), (2e-65, 2e206),
                    (-3.5e-63, 2.6e-318), (1e-300, 0.5), (1e154, 1e-154)],
    ('atan2', ()): [(1e308, LARGE), (LARGE, -1e308), (1e-310, -2e-309), (1.9e-318, -1e-4), (-1e-323, -3.6e-7),
                    (2e-209, 6e-201), (-2.3e-308, 1e-160), (1e200, 1e191), (0.5, TINY), (1e150, 1e150)],
    ('hypot_slope', ()): [(1e308, LARGE), (1e-310, 1.0), (1e-65, 1e201), (1e-200, 1e-100)],
    ('atan2_slope', ()): [(-1.0254148205097e-154, 1.7e-160), (1e308, LARGE), (1.9e-318, 1e-4),
                            (1e-100, 1e-150), (1e200, 1e191)],
    # The power overflows before it is multiplied by a small exponent, or y - 1 is rounded
    ('pow', ()): [(TINY, TINY), (1e-310, 1e-160), (2e-206, -0.5), (1.6e-316, -7e-304), (1e155, -2.0), (1e-160, 2.0),
                  (2.2e188, -1.66), (1e-311, 0.75), (1e300, 0.1)],
    ('power', (0.1,)): [(TINY,), (1e-310,), (LARGE,)],
    ('power', (-1.1,)): [(1e-280,), (1e300,), (LARGE,)],
    ('power', (1e-3,)): [(1e-300,), (TINY,), (LARGE,)],
}  # fmt: skip


def case_of(name, constants):
    entry = TABLE[name]
    return Case(entry if isinstance(entry, Row) else entry(*constants), name, constants)


@pytest.mark.parametrize(('name', 'constants'), TAILS, ids=str)
def test_values_and_first_derivatives_are_right_to_8_ulp(name, constants, monkeypatch):
    case = case_of(name, constants)
    for xs in TAILS[name, constants]:
        exact = case.derivatives(xs)
        assert ulps(case.row.forward(*xs), exact.value, exact.value_size) <= ULPS, xs
    monkeypatch.setattr('tests.test_primitives.points', lambda case: TAILS[name, constants])
    assert disagreements(case) == []


# Second derivatives are products of factors; where one of these, 1/x or 1/r**2, is infinite, or is subnormal and has
# few digits, nothing is said of them.
UNSAID = {
    ('pow', (TINY, TINY)), ('pow', (1e-310, 1e-160)), ('pow', (1.6e-316, -7e-304)), ('pow', (1e-311, 0.75)),
    ('pow', (1e-160, 2.0)), ('pow', (1e155, -2.0)), ('pow', (2.2e188, -1.66)),
    ('hypot', (1e-310, 1e-310)), ('hypot', (-1.9e-321, 6.8e-317)), ('atan2', (1e-310, -2e-309)),
    ('atan2', (-1e-323, -3.6e-7)), ('power', (1e-310,)), ('power', (TINY,)),
}  # fmt: skip


@pytest.mark.parametrize(('name', 'constants'), TAILS, ids=str)
def test_second_derivatives_are_right_to_8_ulp_of_their_largest_term(name, constants):
    case = case_of(name, constants)
    for xs in TAILS[name, constants]:
        if (name, xs) in UNSAID:
            continue
        exact, leaves = case.derivatives(xs), [Value(x) for x in xs]
        slopes = gradients(node(case.row, leaves), leaves, create_graph=True)
        for i, slope in enumerate(slopes):
            for j, curvature in enumerate(gradients(slope, leaves)):
                size = exact.hessian_sizes[i][j]
                assert ulps(curvature.data, exact.hessian[i][j], size) <= ULPS, (xs, i, j, curvature.data)


SMOOTH_FAR_OUT = ['exp', 'expm1', 'sin', 'cos', 'atan', 'tanh', 'sigmoid', 'logistic_pdf', 'gelu', 'silu', 'softplus',
                  'logsigmoid', 'erf', 'erfc', 'gaussian', 'normal_pdf', 'normal_cdf']  # fmt: skip


@pytest.mark.parametrize('name', SMOOTH_FAR_OUT)
def test_no_derivative_up_to_the_third_is_nan_however_large_the_number(name):
    for x in (745.2, 1e10, 6.7e153, 1.34e154, 1e155, 1e300, 1e308, LARGE):
        for at in (Value(x), Value(-x)):
            y = getattr(micrograd, name)(at)
            for _ in range(3):
                (y,) = gradients(y, [at], create_graph=True)
                assert y.data == y.data, (x, y)


# Logits


def softmax_of(zs):
    top = max(zs)
    powers = [exp(z - top) for z in zs]
    return [power / sum(powers) for power in powers]


LOGITS = [
    [800.0, -800.0],
    [-800.0, -800.0, -800.0],
    [1e308, 1e308],
    [1e308, -1e308, 0.0],
    [-1e308, -1e308],
    [LARGE, LARGE, LARGE],
    [0.0] * 100,
    [800.0] * 100,
    [float(k) for k in range(100)],
    [TINY, -TINY, 0.0],
    [-inf, 0.0, 1.0],
]


@pytest.mark.parametrize('numbers', LOGITS, ids=range(len(LOGITS)))
def test_softmax_and_what_is_made_of_it(numbers):
    zs = [Value(z) for z in numbers]
    shares = softmax_of(numbers)
    assert [p.data for p in micrograd.softmax(zs)] == pytest.approx(shares, rel=1e-14)
    assert [d.data for d in gradients(micrograd.logsumexp(zs), zs)] == pytest.approx(shares, rel=1e-13)
    for k in (0, len(zs) - 1):
        cost = losses.cross_entropy(zs, k)
        slopes = [share - (i == k) for i, share in enumerate(shares)]
        assert [d.data for d in gradients(cost, zs)] == pytest.approx(slopes, rel=1e-13, abs=1e-16)
        below = max(numbers) - numbers[k]
        rest = log(sum(exp(z - max(numbers)) for z in numbers))
        assert cost.data == pytest.approx(below + rest, rel=1e-14)
        assert micrograd.log_softmax(zs)[k].data == pytest.approx(-cost.data, rel=1e-14)


def test_logsumexp_of_nothing_but_minus_infinity_has_equal_shares():
    zs = [Value(-inf) for _ in range(4)]
    total = micrograd.logsumexp(zs)
    assert total.data == -inf
    assert [d.data for d in gradients(total, zs)] == [0.25] * 4


@pytest.mark.parametrize('z', [0.0, -0.0, TINY, 1e-300, 1e-16, 20.0, 37.0, 710.0, 745.2, 800.0, 1e16, 1e308, LARGE])
@pytest.mark.parametrize('y', [0.0, 1.0, 0.5, 0.25])
def test_bce_with_logits(z, y):
    for at in (z, -z):
        leaf = Value(at)
        cost = losses.bce_with_logits(leaf, y)
        (slope,) = gradients(cost, [leaf], create_graph=True)
        softplus = Case(TABLE['softplus'], 'softplus', ())
        up, down = (softplus.derivatives((x,)) for x in (at, -at))
        with mp.workdps(1500):
            value = (1 - y) * up.value + y * down.value
            exact = (1 - y) * up.gradient[0] - y * down.gradient[0]
            size = None if y in (0.0, 1.0, 0.5) else max((1 - y) * up.gradient[0], y * down.gradient[0])
            assert ulps(cost.data, value) <= ULPS
            assert ulps(slope.data, exact, size) <= ULPS
        assert isfinite(gradients(slope, [leaf])[0].data)


# Branches that were not taken, up to the third derivative

BAD = {'log': 0.0, 'sqrt': 0.0, 'exp': 800.0}
GATES = {
    'where': lambda bad, x: micrograd.where(x > 1e9, bad, x * x * x),
    'maximum': lambda bad, x: micrograd.maximum(-abs(bad) - 1.0, x * x * x),
    'minimum': lambda bad, x: micrograd.minimum(abs(bad) + 1e4, x * x * x),
    'max': lambda bad, x: micrograd.max([-abs(bad) - 1.0, x * x * x]),
    'min': lambda bad, x: micrograd.min([abs(bad) + 1e4, x * x * x]),
    'relu': lambda bad, x: micrograd.relu(-abs(bad)) + x * x * x,
    'clamp': lambda bad, x: micrograd.clamp(abs(bad) + 2e4, 0.0, 1e4) + x * x * x,
    'stop_gradient': lambda bad, x: micrograd.stop_gradient(bad) * 0.0 + x * x * x,
    'select': lambda bad, x: micrograd.select([Value(1.0), bad, x * x * x]),
    'sign': lambda bad, x: micrograd.sign(abs(bad)) + x * x * x,
}  # x ** 3, and beside it what is infinite, or has an infinite slope, and is not chosen


SHUT = [pair for pair in product(GATES, ['log', 'sqrt', 'exp']) if pair[0] != 'stop_gradient' or pair[1] == 'sqrt']


@pytest.mark.parametrize(('gate', 'name'), SHUT, ids=str)
def test_no_product_of_0_and_infinity_comes_out_of_a_shut_gate(gate, name):
    at = 2.0

    def f(x):
        return GATES[gate](getattr(micrograd, name)((x - at) * 1.0 + BAD[name]), x)

    leaf = Value(at)
    y = f(leaf)
    orders = []
    for _ in range(3):
        (y,) = gradients(y, [leaf], create_graph=True)
        orders.append(y.data)
    assert orders == [3 * at * at, 6 * at, 6.0]
    leaf = Value(at)
    f(leaf).backward()
    assert leaf.grad == 3 * at * at
    assert jvp(f, (at,), (1.0,))[1].data == 3 * at * at
    assert jvp(lambda x: jvp(f, (x,), (1.0,))[1], (at,), (1.0,))[1].data == 6 * at


# gradcheck: no false alarm, and an error of a millionth is seen

CHECKED = [case for case in CASES if not case.row.condition and case.name not in ('select', 'stop_gradient', 'where')]


def called(case):
    return lambda *xs: node(case.row, list(xs))


@pytest.mark.parametrize('case', CHECKED, ids=str)
def test_gradcheck_agrees_with_every_row_over_its_domain(case):
    for xs in ordinary(case)[:6]:
        report = gradcheck(called(case), xs)
        assert report, report


# backward() and its kin know the slopes of the first two by heart; those of the others are 0.
UNREAD = ('add', 'mul', 'sign', 'floor', 'power(0,)')


@pytest.mark.parametrize('case', [case for case in CHECKED if str(case) not in UNREAD], ids=str)
def test_gradcheck_sees_an_error_of_a_millionth_in_a_partial(case, monkeypatch):
    xs = next(xs for xs in ordinary(case) if _is_telling(case, xs))
    partials = case.row.partials

    def spoilt(o, z, *xs):
        told = partials(o, z, *xs)
        return tuple(1.000001 * x for x in told) if isinstance(told, tuple) else 1.000001 * told

    spoil(monkeypatch, case.row, partials=spoilt)
    assert not gradcheck(called(case), xs)


def _is_telling(case, xs):
    """Whether a derivative is not lost in the rounding of the value."""
    y = case.row.forward(*xs)
    edges = case.row.edges(micrograd.primitives.FLOATS, y, *xs)
    return any(not shut and abs(slope * x) > 1e-2 * abs(y) for x, (slope, shut) in zip(xs, edges, strict=True))


def test_gradcheck_of_nan_is_no_agreement():
    assert not gradcheck(lambda x: x * nan, [1.0])
