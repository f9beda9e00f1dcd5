"""The losses against PyTorch, mpmath and their own definitions: values, gradients, batches, and what they refuse."""

import json
import math
import random
from decimal import Decimal
from fractions import Fraction
from math import inf, nan, ulp
from typing import Any

import pytest
from mpmath import mp, mpf

from micrograd import Value, losses, no_grad
from micrograd.errors import DataError, ShapeError
from micrograd.gradcheck import gradcheck
from micrograd.graph import topological
from micrograd.transforms import gradients
from tests.support import require, shared_file

BY_OUTPUT = (losses.mse, losses.hinge, losses.squared_hinge, losses.bce, losses.bce_with_logits)
EVERY = (*BY_OUTPUT, losses.quadratic, losses.cross_entropy)
LOGITS = (0.0, -0.0, 1e-300, 1e-9, -1e-9, 0.5, -0.5, 1.0, -1.0, 3.0, -3.0, 20.0, -20.0, 37.0, -37.0, 745.0, -745.0,
          800.0, -800.0, 1e5, -1e5, 1e308, -1e308)  # fmt: skip


def names(loss: Any) -> str:
    return str(loss.__name__)


def gradient_of(cost: Value, inputs: list[Value]) -> list[float]:
    for v in inputs:
        v.grad = 0.0
    cost.backward()
    return [v.grad for v in inputs]


def kind(x: float) -> str:
    return 'nan' if math.isnan(x) else str(x) if math.isinf(x) else 'finite'


def close(got: float, expected: float, ulps: float = 8.0) -> bool:
    if kind(got) != 'finite' or kind(expected) != 'finite':
        return kind(got) == kind(expected)
    return abs(got - expected) <= ulps * ulp(expected)


# --- the reference ---------------------------------------------------------------------------------------------------

SPELLINGS = {'hinge_relu': losses.hinge, 'hinge_clamp': losses.hinge}
LIMITS = {  # where PyTorch multiplies 0 by inf, the limit of the cost
    (inf, 1.0): (0.0, 0.0),
    (-inf, 0.0): (0.0, 0.0),
    (-inf, 1.0): (inf, -1.0),
}


def reference() -> list[tuple[str, list[float], float, list[float], list[list[float]]]]:
    """(name, inputs, target, [value, *gradient], Hessian) of each row."""
    rows = []
    for row in json.loads(shared_file('torch_reference.json').read_text())['rows']:
        if row['group'] != 'loss':
            continue
        best = row.get('exact', row)
        inputs, target = [float(x) for x in row['inputs']], row['params']['target']
        expected = [float(x) for x in (best['value'], *best['grads'])]
        if row['op'] == 'bce_with_logits':
            expected = list(LIMITS.get((inputs[0], target), expected))
        rows.append((row['op'], inputs, target, expected, [[float(h) for h in line] for line in row['hess']]))
    return rows


def at(name: str, inputs: list[float], target: float) -> tuple[Value, list[Value]]:
    loss = SPELLINGS.get(name) or getattr(losses, name)
    xs = [Value(x) for x in inputs]
    return loss(xs if name == 'cross_entropy' else xs[0], target), xs


def test_value_and_gradient_are_those_of_the_reference():
    rows = reference()
    wrong = []
    for name, inputs, target, expected, _ in rows:
        cost, xs = at(name, inputs, target)
        got = [cost.data, *gradient_of(cost, xs)]
        if not all(map(close, got, expected)):
            wrong.append((name, inputs, target, got, expected))
    assert wrong == []
    assert len(rows) > 200
    assert {row[0] for row in rows} == {'mse', 'hinge_relu', 'hinge_clamp', 'squared_hinge', 'bce_with_logits',
                                        'cross_entropy'}  # fmt: skip


def test_second_derivatives_are_those_of_the_reference():
    wrong = []
    for name, inputs, target, _, expected in reference():
        cost, xs = at(name, inputs, target)
        slopes = gradients(cost, xs, create_graph=True)
        got = [[h.data for h in gradients(slope, xs)] for slope in slopes]
        pairs = [(h, e) for line, known in zip(got, expected, strict=True) for h, e in zip(line, known, strict=True)]
        if not all(kind(h) == kind(e) and (kind(e) != 'finite' or abs(h - e) <= 1e-15) for h, e in pairs):
            wrong.append((name, inputs, target, got, expected))
    assert wrong == []


# --- accuracy --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize('target', [0, 1, 0.5])
def test_logits_keep_their_digits_in_both_tails(target):
    with mp.workdps(700):
        for z in LOGITS:
            x = Value(z)
            cost = losses.bce_with_logits(x, target)
            (slope,) = gradient_of(cost, [x])
            p = 1 / (1 + mp.exp(-mpf(z))) if abs(z) < 1e4 else mpf(z > 0)
            exact = _softplus(mpf(z)) - target * mpf(z)
            assert close(cost.data, float(exact), 4.0), (z, cost.data, float(exact))
            assert close(slope, float(p - target)), (z, slope, float(p - target))


def _softplus(x: Any) -> Any:
    return max(x, mpf(0)) + (mp.log(1 + mp.exp(-abs(x))) if abs(x) < 1e4 else 0)


@pytest.mark.parametrize('target', [1e-300, 0.1, 0.3, 0.7, 0.999])
@pytest.mark.parametrize('z', LOGITS)
def test_soft_targets_mix_the_costs_of_both_classes(z, target):
    cost, likely, unlikely = (losses.bce_with_logits(Value(z), y).data for y in (target, 1, 0))
    assert math.isclose(cost, target * likely + (1 - target) * unlikely, rel_tol=1e-15)


@pytest.mark.parametrize('z', [0.9999999999999999, 1.0, -0.9999999999999999, -1.0])
def test_even_odds_are_in_one_piece(z):
    x = Value(z)
    cost = losses.bce_with_logits(x, 0.5)
    assert close(cost.data, math.log(2.0 * math.cosh(z / 2)), 4.0)
    assert close(gradient_of(cost, [x])[0], math.tanh(z / 2) / 2)


@pytest.mark.parametrize(('z', 'target', 'expected'), [
    (inf, 0, (inf, 1.0)), (inf, 1, (0.0, 0.0)), (inf, 0.5, (inf, 0.5)), (inf, 0.25, (inf, 0.75)),
    (-inf, 0, (0.0, 0.0)), (-inf, 1, (inf, -1.0)), (-inf, 0.5, (inf, -0.5)), (-inf, 0.25, (inf, -0.25)),
    (nan, 0, (nan, nan)), (nan, 1, (nan, nan)), (nan, 0.5, (nan, nan)), (nan, 0.25, (nan, nan)),
])  # fmt: skip
@pytest.mark.parametrize('as_value', [False, True])
def test_infinite_logits_cost_the_limit(z, target, expected, as_value):
    x = Value(z)
    cost = losses.bce_with_logits(x, Value(target) if as_value else target)
    assert list(map(kind, (cost.data, *gradient_of(cost, [x])))) == list(map(kind, expected))
    assert close(x.grad, expected[1])


@pytest.mark.parametrize(('logits', 'target', 'value', 'slopes'), [
    ([1e308, -1e308, 0.0], 2, 1e308, [1.0, 0.0, -1.0]),
    ([1e308, -1e308], 1, inf, [1.0, -1.0]),
    ([1e308, 1e308], [0.5, 0.5], math.log(2.0), [0.0, 0.0]),
    ([800.0, -800.0, 0.0], 1, 1600.0, [1.0, -1.0, 0.0]),
    ([0.0, -inf, 0.0], 0, math.log(2.0), [-0.5, 0.0, 0.5]),
    ([0.0, -inf, 0.0], [0.5, 0.0, 0.5], math.log(2.0), [0.0, 0.0, 0.0]),
    ([0.0, -inf, 0.0], 1, inf, [0.5, -1.0, 0.5]),
    ([-1e5, 0.0], 0, 1e5, [-1.0, 1.0]),
    ([3.0], 0, 0.0, [0.0]),
])  # fmt: skip
def test_cross_entropy_of_extreme_logits(logits, target, value, slopes):
    xs = [Value(z) for z in logits]
    cost = losses.cross_entropy(xs, target)
    assert close(cost.data, value)
    assert gradient_of(cost, xs) == slopes


def test_a_ruled_out_class_of_probability_0_costs_nothing_though_the_targets_are_values():
    logits, target = [Value(0.0), Value(-inf), Value(0.0)], [Value(0.5), Value(0.0), Value(0.5)]
    cost = losses.cross_entropy(logits, target)
    assert close(cost.data, math.log(2.0))
    assert gradient_of(cost, logits) == [0.0, 0.0, 0.0]


# --- against PyTorch -------------------------------------------------------------------------------------------------


def torch_losses() -> dict[str, Any]:
    torch = require('torch')
    f = torch.nn.functional
    return {
        'quadratic': lambda a, y: 0.5 * ((a - y) ** 2).sum(-1).mean(),
        'mse': f.mse_loss,
        'hinge': lambda a, y: torch.relu(1 - y * a).mean(),
        'squared_hinge': lambda a, y: (torch.relu(1 - y * a) ** 2).mean(),
        'bce': f.binary_cross_entropy,
        'bce_with_logits': f.binary_cross_entropy_with_logits,
        'cross_entropy': f.cross_entropy,
    }


def example_for(name: str, n: int, draw: random.Random) -> tuple[list[float], Any]:
    """n outputs, and a target for them."""
    if name == 'bce':
        return [draw.uniform(0.01, 0.99) for _ in range(n)], [draw.choice([0.0, 1.0, 0.25]) for _ in range(n)]
    outputs = [draw.gauss(0.0, 3.0) for _ in range(n)]
    if name == 'cross_entropy':
        return outputs, draw.randrange(n)
    choices = {'bce_with_logits': (0.0, 1.0, 0.3, 0.5)}.get(name, (1.0, -1.0))
    return outputs, [draw.choice(choices) for _ in range(n)]


@pytest.mark.parametrize('name', [names(loss) for loss in EVERY])
@pytest.mark.parametrize('examples', [1, 2, 7])
def test_batches_are_averaged_as_in_torch(name, examples):
    torch = require('torch')
    draw = random.Random(examples)
    batch = [example_for(name, 4, draw) for _ in range(examples)]
    outputs = [[Value(a) for a in row] for row, _ in batch]
    cost = getattr(losses, name)(outputs, [y for _, y in batch])
    a = torch.tensor([row for row, _ in batch], dtype=torch.float64, requires_grad=True)
    y = torch.tensor([y for _, y in batch], dtype=torch.int64 if name == 'cross_entropy' else torch.float64)
    expected = torch_losses()[name](a, y)
    expected.backward()
    assert math.isclose(cost.data, expected.item(), rel_tol=1e-13)
    got = gradient_of(cost, [v for row in outputs for v in row])
    assert got == pytest.approx(a.grad.flatten().tolist(), rel=1e-13, abs=1e-16)


@pytest.mark.parametrize('target', [[0.2, 0.3, 0.5], [0.0, 1.0, 0.0], [0.9, 0.1, 0.0]])
def test_probabilities_of_classes_as_in_torch(target):
    torch = require('torch')
    logits = [0.3, -2.0, 1.0]
    xs = [Value(z) for z in logits]
    cost = losses.cross_entropy(xs, target)
    z = torch.tensor([logits], dtype=torch.float64, requires_grad=True)
    expected = torch.nn.functional.cross_entropy(z, torch.tensor([target], dtype=torch.float64))
    expected.backward()
    assert math.isclose(cost.data, expected.item(), rel_tol=1e-14)
    assert gradient_of(cost, xs) == pytest.approx(z.grad[0].tolist(), abs=1e-15)


@pytest.mark.parametrize('p', [0.0, 1.0, 5e-324, 1e-50, 1e-40, 0.3, 1.0 - 2**-53])
@pytest.mark.parametrize('target', [0.0, 1.0, 0.25])
def test_bce_of_certain_probabilities_is_torchs(p, target):
    torch = require('torch')
    expected = torch.nn.functional.binary_cross_entropy(
        torch.tensor(p, dtype=torch.float64), torch.tensor(target, dtype=torch.float64)
    )
    for y in (target, Value(target)):
        assert math.isclose(losses.bce(Value(p), y).data, expected.item(), rel_tol=1e-14)


# --- what each is ----------------------------------------------------------------------------------------------------


def test_quadratic_is_half_the_squared_distance():
    assert losses.quadratic([1.0, 2.0], [4.0, -2.0]).data == 12.5
    assert losses.quadratic(Value(1.0), 4.0).data == 4.5
    assert losses.quadratic([[1.0, 2.0], [0.0, 0.0]], [[4.0, -2.0], [1.0, 0.0]]).data == (12.5 + 0.5) / 2


@pytest.mark.parametrize(('a', 'y', 'value', 'slope'), [
    (1.0, 1, 0.0, 0.0), (-1.0, -1, 0.0, 0.0), (0.0, 1, 1.0, -1.0), (0.0, -1, 1.0, 1.0), (2.0, 1, 0.0, 0.0),
    (2.0, -1, 3.0, 1.0), (inf, 1, 0.0, 0.0), (-inf, 1, inf, -1.0), (-1e308, 1, 1e308, -1.0),
])  # fmt: skip
def test_hinge(a, y, value, slope):
    x = Value(a)
    cost = losses.hinge(x, y)
    assert (cost.data, gradient_of(cost, [x])) == (value, [slope])
    square = losses.squared_hinge(x, y)
    assert (square.data, gradient_of(square, [x])) == (value * value, [2.0 * value * slope])


def test_bce_below_its_least_logarithm_is_constant():
    for p, y in ((0.0, 1), (1e-44, 1), (1.0, 0)):
        x = Value(p)
        cost = losses.bce(x, y)
        assert (cost.data, gradient_of(cost, [x])) == (100.0, [0.0])
    x = Value(1e-43)
    assert gradient_of(losses.bce(x, 1), [x]) == pytest.approx([-1e43])


@pytest.mark.parametrize('p', [-0.5, 1.5, -1e-300, inf, -inf, nan])
@pytest.mark.parametrize('y', [0, 1, 0.5])
def test_bce_of_no_probability_is_nan(p, y):
    assert math.isnan(losses.bce(Value(p), y).data)


@pytest.mark.parametrize('z', [800.0, -800.0, 1e308, -1e308])
@pytest.mark.parametrize('y', [0, 1])
def test_bce_stays_finite_behind_a_saturated_sigmoid(z, y):
    x = Value(z)
    cost = losses.bce(x.sigmoid(), y)
    assert cost.data == (100.0 if (z > 0) != bool(y) else 0.0)
    assert gradient_of(cost, [x]) == [0.0]


@pytest.mark.parametrize('loss', BY_OUTPUT, ids=names)
def test_a_flat_list_is_an_example_and_a_batch_of_single_outputs_alike(loss):
    outputs = [0.2, 0.9, 0.4]
    targets = [1, 1, 1]
    flat, batch = loss(outputs, targets), loss([[a] for a in outputs], [[y] for y in targets])
    mean = sum(loss(a, y).data for a, y in zip(outputs, targets, strict=True)) / 3
    assert flat.data == batch.data == pytest.approx(mean, rel=1e-15)


@pytest.mark.parametrize('loss', EVERY, ids=names)
def test_the_gradient_is_that_of_central_differences(loss):
    if loss is losses.cross_entropy:
        outcomes = [gradcheck(lambda *z, y=y: loss(z, y), [0.3, -1.2, 2.0]) for y in (0, 2, [0.1, 0.6, 0.3])]
    else:
        outcomes = [gradcheck(lambda *a: loss(a, [1, 1, 1]), [0.3, 0.8, 0.2])]
    if loss in (losses.bce, losses.bce_with_logits):
        outcomes += [gradcheck(lambda a, y: loss(a, y), [a, y]) for a in (0.1, 0.7) for y in (0.2, 0.5, 0.9)]
        outcomes += [gradcheck(lambda a, y=y: loss(a, y), [a]) for a in (0.1, 0.7) for y in (0, 1, 0.5, 0.9)]
    for outcome in outcomes:
        assert outcome, str(outcome)


# --- what they take --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize('number', [int, float, Fraction, Decimal, 'float64', 'float32', 'int64'])
@pytest.mark.parametrize('loss', [losses.quadratic, losses.mse, losses.hinge, losses.bce, losses.bce_with_logits],
                         ids=names)  # fmt: skip
def test_targets_and_outputs_are_any_real_numbers(loss, number):
    make = getattr(pytest.importorskip('numpy'), number) if isinstance(number, str) else number
    expected = loss(Value(1.0), 1.0)
    for a, y in ((Value(1.0), make(1)), (make(1), 1.0), (make(1), make(1))):
        cost = loss(a, y)
        assert (type(cost), type(cost.data), cost.data) == (Value, float, expected.data)


@pytest.mark.parametrize('y', [1, 'int64', 'float32', 'uint8'])
def test_a_class_is_any_whole_number(y):
    target = getattr(pytest.importorskip('numpy'), y)(1) if isinstance(y, str) else y
    assert losses.cross_entropy([1.0, 1.0], target).data == pytest.approx(math.log(2.0))
    assert losses.cross_entropy([1.0, 1.0], float(target)).data == pytest.approx(math.log(2.0))


def test_rows_of_arrays_tuples_and_iterators_are_lists():
    np = pytest.importorskip('numpy')
    expected = losses.mse([[0.5, 2.0], [1.0, 0.0]], [[0.0, 1.0], [1.0, 0.0]]).data
    outputs, targets = np.array([[0.5, 2.0], [1.0, 0.0]]), np.array([[0, 1], [1, 0]])
    assert losses.mse(outputs, targets).data == expected
    assert losses.mse(tuple(map(tuple, outputs)), targets).data == expected
    assert losses.mse((row for row in outputs), iter(targets)).data == expected
    assert losses.mse([np.array([Value(0.5), Value(2.0)]), outputs[1]], targets).data == expected
    assert losses.cross_entropy(outputs, targets).data == losses.cross_entropy(outputs, [1, 0]).data
    assert losses.mse(np.array(2.0), np.array(1.0)).data == 1.0


@pytest.mark.parametrize('loss', [losses.quadratic, losses.mse, losses.hinge, losses.squared_hinge, losses.bce,
                                  losses.bce_with_logits], ids=names)  # fmt: skip
def test_gradients_reach_targets_that_are_values(loss):
    a, y = Value(0.25), Value(1.0)
    cost = loss(a, y)
    assert cost.data == pytest.approx(loss(a, 1.0).data, rel=1e-15)
    slopes = gradient_of(cost, [a, y])
    assert slopes[0] == pytest.approx(gradient_of(loss(a, 1.0), [a])[0], rel=1e-15)
    assert slopes[1] != 0.0


def test_gradients_reach_the_probabilities_of_classes():
    logits, target = [Value(1.0), Value(2.0)], [Value(0.0), Value(1.0)]
    cost = losses.cross_entropy(logits, target)
    assert cost.data == pytest.approx(losses.cross_entropy(logits, 1).data, rel=1e-15)
    costs = [losses.cross_entropy(logits, k).data for k in (0, 1)]
    assert gradient_of(cost, target) == pytest.approx(costs, rel=1e-15)


@pytest.mark.parametrize('loss', EVERY, ids=names)
def test_nothing_is_decided_by_the_numbers_of_outputs(loss):
    """The graph for one output, recomputed with others, is the graph for those: so it can be traced and compiled."""
    target = 0 if loss is losses.cross_entropy else [1, 1, 1]
    xs = [Value(0.2), Value(0.3), Value(0.1)]
    cost = loss(xs, target)
    for numbers in ([0.9, 0.1, 0.5], [1.0, 0.0, 1.0], [5.0, -5.0, 800.0]):
        for x, number in zip(xs, numbers, strict=True):
            x.data = number
        assert repr(cost.recompute().data) == repr(loss(numbers, target).data)


@pytest.mark.parametrize(('loss', 'output', 'target', 'nodes'), [
    (losses.quadratic, 0.25, 1.0, 6), (losses.mse, 0.25, 1.0, 4), (losses.hinge, 0.25, 1, 6), (losses.bce, 0.25, 1, 8),
    (losses.bce, 0.25, 0, 9), (losses.bce_with_logits, 0.25, 0, 2), (losses.bce_with_logits, 0.25, 1, 3),
    (losses.bce_with_logits, 0.25, 0.75, 9), (losses.cross_entropy, [0.25, 0.5], 1, 11),
    (losses.cross_entropy, [0.25, 0.5], [0.0, 1.0], 11),
])  # fmt: skip
def test_few_nodes_are_made(loss, output, target, nodes):
    """What is weighted by 0 or 1, or is the only term of a sum, needs no node for that."""
    assert len(topological([loss(output, target)])) == nodes


class Symbol:
    """A stand-in for what a compiler would trace with: it has no number, and keeps the text of what is done to it."""

    def __init__(self, text: str):
        self.text = text

    def __rmul__(self, other: Any) -> 'Symbol':
        return Symbol(f'{other}*{self.text}')

    def __rsub__(self, other: Any) -> 'Symbol':
        return Symbol(f'({other} - {self.text})')

    def relu(self) -> 'Symbol':
        return Symbol(f'relu{self.text}')


def test_an_output_needs_no_number():
    cost: Any = losses.hinge(Symbol('a'), -1)
    assert cost.text == 'relu(1.0 - -1*a)'


def test_no_graph_is_made_under_no_grad():
    with no_grad():
        cost = losses.cross_entropy([Value(1.0), Value(2.0)], 1)
    assert cost._prev == ()


# --- what they refuse ------------------------------------------------------------------------------------------------

A, B, C = 0.25, 0.5, 0.75  # outputs

WRONG = [
    (losses.mse, [A, B], 1.0, ShapeError, 'a list of 2, the target a single one'),
    (losses.mse, A, [1.0], ShapeError, 'a single one, the target a list of 1'),
    (losses.mse, [A, B], [1.0], ShapeError, 'a list of 2, the target a list of 1'),
    (losses.quadratic, [A], [1.0, 2.0], ShapeError, 'a list of 1, the target a list of 2'),
    (losses.mse, [[A], [B]], [[1.0]], ShapeError, 'a batch of 2 examples'),
    (losses.mse, [[A], [B]], 1.0, ShapeError, 'a batch of 2 examples'),
    (losses.mse, [[A], [B, C]], [[1.0], [1.0]], ShapeError, 'example 1 of the batch'),
    (losses.mse, [[A], [B]], [1.0, 1.0], ShapeError, 'example 0 of the batch'),
    (losses.mse, [A, B], [[1.0], [1.0]], ShapeError, 'those of one example'),
    (losses.mse, [A, [B]], [1.0, [1.0]], ShapeError, 'mixed'),
    (losses.mse, [[[A]]], [[[1.0]]], ShapeError, 'nested one level deeper'),
    (losses.mse, [], [], ShapeError, 'no output'),
    (losses.mse, [[]], [[]], ShapeError, 'example 0 of the batch: it has no output'),
    (losses.cross_entropy, [], 0, ShapeError, 'no output'),
    (losses.cross_entropy, [[A, B], []], [0, 0], ShapeError, 'example 1 of the batch'),
    (losses.cross_entropy, A, 1, ShapeError, 'bce_with_logits'),
    (losses.cross_entropy, [A, B], [1.0], ShapeError, '2 logits and 1 target'),
    (losses.cross_entropy, [A, B], 2, DataError, 'k from 0 to 1'),
    (losses.cross_entropy, [A, B], -1, DataError, 'k from 0 to 1'),
    (losses.cross_entropy, [A, B], 0.5, DataError, 'whole number'),
    (losses.cross_entropy, [A, B], nan, DataError, 'whole number'),
    (losses.cross_entropy, [A, B], inf, DataError, 'whole number'),
    (losses.cross_entropy, [A, B], Fraction(1, 2), DataError, 'whole number'),
    (losses.cross_entropy, [A, B], True, DataError, 'True is not one of the 2 classes'),
    (losses.cross_entropy, [A, B], Value(1.0), TypeError, 'plain number'),
    (losses.cross_entropy, [A, B], [1, 1], DataError, r'add up to 1, and these to 2\.0'),
    (losses.cross_entropy, [A, B], [0.5, 0.4999], DataError, 'add up to 1'),
    (losses.cross_entropy, [A, B], [1.5, -0.5], DataError, 'between them'),
    (losses.cross_entropy, [[A, B], [B, C]], [0, 5], DataError, 'example 1 of the batch: 5'),
    (losses.hinge, A, 0, DataError, r'2 \* y - 1'),
    (losses.hinge, A, True, DataError, 'this one is True'),
    (losses.hinge, A, nan, DataError, 'this one is nan'),
    (losses.hinge, [[A], [B]], [[1], [0]], DataError, 'example 1 of the batch'),
    (losses.squared_hinge, A, 2, DataError, 'this one is 2'),
    (losses.bce, A, -1, DataError, r'\(y \+ 1\) / 2'),
    (losses.bce, A, 1.5, DataError, 'this one is 1.5'),
    (losses.bce_with_logits, A, -1, DataError, r'bce_with_logits\(a, 0\)'),
    (losses.bce_with_logits, A, nan, DataError, 'this one is nan'),
    (losses.mse, 'a', 1.0, TypeError, "not str: 'a'"),
    (losses.mse, ['a'], [1.0], TypeError, 'not str'),
    (losses.mse, None, 1.0, TypeError, 'not NoneType'),
    (losses.mse, A, None, TypeError, 'not NoneType'),
    (losses.mse, A, 1j, TypeError, 'not complex'),
    (losses.mse, 1j, 1.0, TypeError, 'not complex'),
    (losses.mse, [A, B], {0: 1.0, 1: 2.0}, TypeError, 'not dict'),
    (losses.mse, [A, B], {0.0, 1.0}, TypeError, 'not set'),
    (losses.mse, b'ab', [1.0, 2.0], TypeError, 'not bytes'),
]  # fmt: skip


@pytest.mark.parametrize(('loss', 'output'), [(losses.hinge, A), (losses.cross_entropy, [A, B])])
def test_truth_values_of_numpy_are_refused_like_pythons(loss, output):
    np = pytest.importorskip('numpy')
    with pytest.raises(DataError, match='True'):
        loss(output, np.bool_(True))


@pytest.mark.parametrize(('loss', 'output', 'target', 'error', 'message'), WRONG)
def test_what_does_not_fit_is_refused_with_the_right_way(loss, output, target, error, message):
    with pytest.raises(error, match=message) as caught:
        loss(output, target)
    assert '\n' not in str(caught.value)


def test_probabilities_may_be_off_by_what_rounding_to_32_bits_leaves():
    np = pytest.importorskip('numpy')
    target = np.full(3, 1 / 3, dtype=np.float32)
    assert math.fsum(map(float, target)) != 1.0
    assert losses.cross_entropy([1.0, 1.0, 1.0], target).data == pytest.approx(math.log(3.0))
