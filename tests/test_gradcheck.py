"""gradcheck(): it must agree with right gradients, and must not with wrong ones."""

import math

import pytest

import micrograd
from micrograd import Value, detect_anomaly, gradcheck, losses, nn, no_grad
from micrograd.errors import AnomalyError
from micrograd.gradcheck import gradgradcheck
from micrograd.primitives import REALS, rows

SMOOTH = [row for row in rows() if not row.condition and row.name not in ('where', 'select', 'stop_gradient')]


def inside(row, i):
    """A point in the domain of the row, off its kinks."""
    low, high = row.domain[i % len(row.domain)]
    if (low, high) == REALS:
        return 0.7 + 0.45 * i
    return 0.6 + 0.15 * i


@pytest.mark.parametrize('row', SMOOTH, ids=lambda row: row.symbol)
def test_every_row_agrees_with_central_differences(row):
    count = row.arity or 4
    assert gradcheck(lambda *xs: micrograd.operators.apply(Value, row, *xs), [inside(row, i) for i in range(count)])


@pytest.mark.parametrize('factor', [1.001, -1.0, 0.0])
@pytest.mark.parametrize('at', [0.3, 2.0, -40.0])
def test_a_wrong_gradient_is_found(factor, at):
    def wrong(x):
        """The value of x * x, and factor times its gradient."""
        return factor * (x * x) + Value((1.0 - factor) * x.data * x.data)

    report = gradcheck(wrong, [at])
    assert not report
    assert not report.entries[0].agrees
    assert 'differs' in str(report)


def test_the_report_has_a_line_for_every_input():
    report = gradcheck(lambda x, y: x * y, [2.0, Value(3.0)])
    assert [entry.label for entry in report.entries] == ['input 0', 'input 1']
    assert bool(report)
    assert [entry.analytic for entry in report.entries] == [3.0, 2.0]
    assert len(str(report).splitlines()) == 3
    assert 'differs' not in str(report)


def test_nan_agrees_with_nothing():
    assert not gradcheck(lambda x: x * math.nan, [1.0])


def test_large_and_small_inputs():
    assert gradcheck(lambda x: micrograd.log(x), [1e12])
    assert gradcheck(lambda x: x * x * 1e-6, [1e-9])


@pytest.mark.parametrize('inputs', [[], [math.nan], [1.0, math.inf]])
def test_inputs_must_be_finite(inputs):
    with pytest.raises(ValueError, match='gradcheck needs finite inputs'):
        gradcheck(lambda *xs: xs[0], inputs)


def test_the_function_must_give_a_value():
    with pytest.raises(TypeError, match='a function that gives one Value, not float'):
        gradcheck(lambda x: x.data, [1.0])


@pytest.mark.parametrize('inputs', [2.0, Value(2.0), 'mse'])
def test_inputs_are_a_list(inputs):
    with pytest.raises(TypeError, match=r'gradcheck takes a list of inputs.*Right: gradcheck\(f, \[2\.0\]\)'):
        gradcheck(lambda x: x, inputs)


def test_it_does_not_depend_on_the_contexts_around_it():
    """Differences of log at 0.001 step to where it is nan, which is no anomaly of the program."""
    with detect_anomaly(), no_grad():
        assert gradcheck(lambda x: x.log(), [1e-3])
        assert gradgradcheck(lambda x: x.log(), [1e-3])
        assert gradcheck(nn.Neuron(1, activation='tanh', generator=0), 'mse', ([0.5], 1.0))
        with pytest.raises(AnomalyError):
            Value(0.0).log()


# Steps and tolerances ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('f', 'at'),
    [
        (lambda x: x.sin() + 1e6, 0.7),  # much of it rounding
        (lambda x: (1e8 * x).sin(), 0.3),  # steep
        (lambda x: x.exp(), 300.0),
        (lambda x: micrograd.log(x), 1e-12),  # no room for a wide step
        (lambda x: x.sqrt(), 1e-9),
        (lambda x: (x - 1.0) * 1e10 * (x - 1.0), 1.0 + 1e-7),  # cancellation on the way
        (lambda x: (1e12 + x) - 1e12, 0.5),
        (lambda x: x**3, 0.0),
        (lambda x: x * 0.0, 5.0),
        (lambda x: x * 1e-300, 1e-3),
        (lambda x: x.log(), 1e-300),  # no room, at a scale of its own
        (lambda x: 1.0 / x, -1e-150),
        (lambda x: (1e300 * x).sin(), 1e-300),
        (lambda x: x * x, 1e-300),  # lost in the smallest floats
        (lambda x: x.log(), 1e300),
        (lambda x: x.tanh(), 1.7e308),  # no room above
        (lambda x: (x * 1e-300).sin() * 1e300 + 1e306, 1e300),
    ],
)
def test_the_step_suits_the_scale_and_the_tolerance_the_rounding(f, at):
    report = gradcheck(f, [at])
    assert report, report


def test_the_tolerance_is_tight_where_nothing_is_lost():
    (entry,) = gradcheck(lambda x: x.tanh(), [0.5]).entries
    assert entry.tolerance < 1e-8
    assert not gradcheck(lambda x: x.tanh() + Value(1e-7) * (x - x.data), [0.5]).entries[0].kink
    assert not gradcheck(lambda x: x.tanh() * (1 + 1e-6) + Value(-1e-6 * x.tanh().data), [0.5])


def test_a_wrong_gradient_is_found_at_any_scale():
    for at in (1e-300, 1e-150, 1e150, 1e300):
        assert not gradcheck(lambda x, at=at: 1e-3 * (x / at).sin() + Value((x.data / at) * (x.data / at)), [at])


def test_where_there_are_no_differences_it_says_so():
    report = gradcheck(lambda x: x.sqrt(), [0.0])
    assert not report
    assert 'has no differences: the function is not finite on both sides' in str(report)


# Kinks ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('f', 'at', 'sides'),
    [
        (lambda x: x.relu(), 0.0, (0.0, 1.0)),
        (lambda x: abs(x), 0.0, (-1.0, 1.0)),
        (lambda x: micrograd.maximum(x, 2.0), 2.0, (0.0, 1.0)),
        (lambda x: micrograd.clamp(x, -1.0, 1.0), 1.0, (1.0, 0.0)),
        (lambda x: x.leaky_relu() * 3.0, 0.0, (0.03, 3.0)),
    ],
)
def test_a_kink_is_reported_and_any_slope_there_agrees(f, at, sides):
    report = gradcheck(f, [at])
    (entry,) = report.kinks
    assert (entry.left, entry.right) == pytest.approx(sides, abs=1e-9)
    assert report
    assert f'at a kink: the slope is {sides[0]:.4g} below, {sides[1]:.4g} above' in str(report)


def test_a_slope_that_is_none_at_a_kink_differs():
    report = gradcheck(lambda x: 2.0 * x.relu() - x.relu().data, [0.0])
    assert report  # both are slopes at 0
    wrong = gradcheck(lambda x: x.relu() - 0.5 * x + Value(0.5 * x.data), [0.0])
    assert not wrong
    assert wrong.entries[0].verdict == 'differs, at a kink: the slope is 0 below, 1 above'


@pytest.mark.parametrize('at', [0.5, -0.5, 1e-3, 3e-5])
def test_beside_a_kink_there_is_none(at):
    report = gradcheck(lambda x: x.relu(), [at])
    assert report
    assert not report.kinks


def test_a_smooth_curve_has_no_kinks():
    assert not gradcheck(lambda *xs: sum(100.0 * x * x for x in xs), [0.0, 1e-3, 5.0]).kinks


def test_a_jump_differs():
    assert not gradcheck(lambda x: micrograd.floor(x), [1.0])


# The report ----------------------------------------------------------------------------------------------------------


def test_the_worst_entry_comes_with_its_node_label_and_distance():
    x, y = Value(2.0, label='x'), Value(3.0, label='height')

    def wrong(x, y):
        return x * y + Value(y.data * 1e-3)

    report = gradcheck(wrong, [x, y])
    assert not report
    worst = report.worst
    assert (worst.label, worst.analytic) == ('height', 2.0)
    assert worst.node.data == 3.0
    assert worst.numeric == pytest.approx(2.001)
    assert worst.ulps == pytest.approx(1e-3 / math.ulp(2.0), rel=1e-3)
    assert str(report).splitlines()[-1].startswith('the worst is height: ')


def test_nan_is_the_worst():
    report = gradcheck(lambda x, y: x * 2.0 + (y * math.nan), [1.0, 2.0])
    assert report.worst.badness == report.worst.ulps == math.inf


# Models --------------------------------------------------------------------------------------------------------------


def test_a_model_is_checked_by_its_parameters_and_left_as_it_was():
    model = nn.MLP(2, [3, 2], activation='tanh', generator=0)
    before = [p.data for p in model.parameters()]
    report = gradcheck(model, losses.quadratic, ([0.5, -1.0], [1.0, 0.0]))
    assert report
    assert [entry.label for entry in report.entries] == [name for name, _ in model.named_parameters()]
    assert [entry.node for entry in report.entries] == model.parameters()
    assert [p.data for p in model.parameters()] == before
    assert not any(p.grad for p in model.parameters())
    assert gradcheck(model, 'mse', ([0.5, -1.0], [1.0, 0.0]))


def test_a_model_that_loses_a_gradient_is_found():
    model = nn.MLP(1, [2, 1], activation=lambda z: z.tanh() + 0.1 * Value(z.data), generator=0)
    assert not gradcheck(model, 'mse', ([0.5], 1.0))


def test_parameters_are_put_back_when_something_goes_wrong():
    model = nn.Neuron(1, nonlin=False, generator=0)
    before = [p.data for p in model.parameters()]
    calls = []

    def loss(output, y):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return losses.mse(output, y)

    with pytest.raises(KeyboardInterrupt):
        gradcheck(model, loss, ([1.0], 0.0))
    assert [p.data for p in model.parameters()] == before


def test_a_model_without_parameters_and_one_that_is_nan():
    with pytest.raises(ValueError, match='finite inputs'):
        gradcheck(nn.Module(), 'mse', ([1.0], 0.0))
    model = nn.Neuron(1, generator=0)
    model.b.data = math.nan
    with pytest.raises(ValueError, match='finite inputs'):
        gradcheck(model, 'mse', ([1.0], 0.0))


# Second derivatives --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize('row', SMOOTH, ids=lambda row: row.symbol)
def test_second_derivatives_of_every_row(row):
    count = row.arity or 4
    report = gradgradcheck(
        lambda *xs: micrograd.operators.apply(Value, row, *xs), [inside(row, i) for i in range(count)]
    )
    assert report, report
    assert len(report.entries) == count * count


def test_a_wrong_second_derivative_is_found():
    def wrong(x):
        """A right gradient, whose own gradient is lost: 2 x as a number."""
        return x * Value(2.0 * x.data) + Value(-(x.data**2))

    assert gradcheck(wrong, [0.7])
    report = gradgradcheck(wrong, [0.7])
    assert not report
    assert report.worst.label == 'input 0, input 0'


def test_of_no_inputs_there_is_no_second_derivative():
    with pytest.raises(ValueError, match='finite inputs'):
        gradgradcheck(lambda: Value(1.0), [])


@pytest.mark.parametrize(
    'f', [micrograd.floor, lambda x: micrograd.floor(x) * x, lambda x: micrograd.where(x >= 1.0, x + 5.0, x)]
)
def test_a_jump_is_reported_as_what_may_be_one(f):
    [entry] = gradcheck(f, [1.0]).entries
    assert entry.verdict == 'differs, and no difference is like another: the function may jump here'


@pytest.mark.parametrize('f', [lambda x: x * x.data, lambda x: x - x.data, lambda x: x.data * 0.0 + Value(1.0)])
def test_a_wrong_slope_is_not_taken_for_a_jump(f):
    [entry] = gradcheck(f, [1.0]).entries
    assert entry.verdict in ('differs', '')
