"""The optimisers against PyTorch, step by step; clipping, schedules, saved states, and what they refuse."""

import itertools
import json
import math
import random
from fractions import Fraction
from math import inf, nan
from typing import Any

import pytest

from micrograd import Value, nn, optim
from micrograd.errors import CheckpointError, TrainingError
from micrograd.operations import VALUES
from micrograd.primitives import FLOATS
from tests.support import readable, require

SGD_OPTIONS = [
    {'momentum': momentum, 'nesterov': nesterov, 'weight_decay': decay}
    for momentum, nesterov, decay in itertools.product((0.0, 0.5, 0.9, 1.5), (False, True), (0.0, 0.1))
    if momentum or not nesterov
]
ADAM_OPTIONS = [
    {'betas': betas, 'eps': eps, 'weight_decay': decay}
    for betas, eps, decay in itertools.product(((0.9, 0.999), (0.0, 0.5), (0.5, 0.0)), (1e-8, 1e-2), (0.0, 0.1))
]
EVERY: list[tuple[Any, dict[str, Any]]] = [
    *((optim.SGD, options) for options in SGD_OPTIONS),
    *((kind, options) for kind in (optim.Adam, optim.AdamW) for options in ADAM_OPTIONS),
]
USUAL: list[tuple[Any, dict[str, Any]]] = [
    (optim.SGD, {}),
    (optim.SGD, {'momentum': 0.9}),
    (optim.SGD, {'momentum': 0.9, 'nesterov': True, 'weight_decay': 1e-4}),
    (optim.Adam, {}),
    (optim.AdamW, {}),
]


def leaves(*numbers: float) -> list[Value]:
    return [Value(x) for x in numbers]


def with_gradients(*gradients: float) -> list[Value]:
    parameters = leaves(*[1.0] * len(gradients))
    for p, g in zip(parameters, gradients, strict=True):
        p.grad = g
    return parameters


def numbers_of(parameters: list[Value]) -> list[float]:
    return [p.data for p in parameters]


def train(optimizer: optim.Optimizer, steps: int, seed: int) -> list[list[float]]:
    """The parameters after each step, down a bowl whose gradients are noisy."""
    noise = random.Random(seed)
    path = []
    for _ in range(steps):
        for i, p in enumerate(optimizer.parameters):
            p.grad = (i + 1) * p.data + noise.gauss(0.0, 0.1)
        optimizer.step()
        path.append(numbers_of(optimizer.parameters))
    return path


# --- against PyTorch -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(('kind', 'options'), EVERY)
def test_every_step_is_torchs(kind, options):
    torch = require('torch')
    draw = random.Random(7)
    start = [draw.gauss(0.0, 1.0) for _ in range(6)]
    ours = leaves(*start)
    theirs = torch.tensor(start, dtype=torch.float64)
    optimizer = kind(ours, lr=0.1, **options)
    other = getattr(torch.optim, kind.__name__)([theirs], lr=0.1, **options)
    for step in range(20):
        gradients = [draw.gauss(0.0, 1.0) * 10.0 ** draw.randint(-6, 6), 0.0, *[draw.gauss(0.0, 1.0) for _ in range(4)]]
        for p, g in zip(ours, gradients, strict=True):
            p.grad = g
        theirs.grad = torch.tensor(gradients, dtype=torch.float64)
        optimizer.lr = other.param_groups[0]['lr'] = 0.1 / (step + 1)
        optimizer.step()
        other.step()
        assert numbers_of(ours) == pytest.approx(theirs.tolist(), rel=1e-12, abs=1e-12)


def test_the_defaults_are_torchs():
    torch = require('torch')
    for kind in (optim.Adam, optim.AdamW):
        (p,) = ours = with_gradients(3.0)
        theirs = torch.tensor([1.0], dtype=torch.float64)
        theirs.grad = torch.tensor([3.0], dtype=torch.float64)
        kind(ours).step()
        getattr(torch.optim, kind.__name__)([theirs]).step()
        assert p.data == pytest.approx(theirs.item(), rel=1e-14)


@pytest.mark.parametrize('gradients', [(3.0, 4.0), (0.3, 0.4), (0.0, 0.0), (1e-200, 1e200)])
@pytest.mark.parametrize('max_norm', [1.0, 5.0, 1e-3])
def test_clipping_is_torchs(gradients, max_norm):
    torch = require('torch')
    parameters, theirs = with_gradients(*gradients), torch.zeros(2, dtype=torch.float64)
    theirs.grad = torch.tensor(gradients, dtype=torch.float64)
    norm = optim.clip_grad_norm(parameters, max_norm)
    expected = torch.nn.utils.clip_grad_norm_([theirs], max_norm).item()
    if expected != inf:  # where PyTorch's square overflows
        assert norm == pytest.approx(expected, rel=1e-14)
        assert [p.grad for p in parameters] == pytest.approx(
            theirs.grad.tolist(), rel=2e-6
        )  # it divides by norm + 1e-6
    else:
        assert norm == 1e200
    parameters = with_gradients(*gradients)
    theirs.grad = torch.tensor(gradients, dtype=torch.float64)
    optim.clip_grad_value(parameters, max_norm)
    torch.nn.utils.clip_grad_value_([theirs], max_norm)
    assert [p.grad for p in parameters] == theirs.grad.tolist()


@pytest.mark.parametrize(('schedule', 'make'), [
    (optim.cosine(0.5, steps=10, final=0.1),
     lambda torch, o: torch.optim.lr_scheduler.CosineAnnealingLR(o, T_max=10, eta_min=0.1)),
    (optim.linear(0.5, steps=10, final=0.1),
     lambda torch, o: torch.optim.lr_scheduler.LinearLR(o, start_factor=1.0, end_factor=0.2, total_iters=10)),
    (optim.step_decay(0.5, every=3, factor=0.5),
     lambda torch, o: torch.optim.lr_scheduler.StepLR(o, step_size=3, gamma=0.5)),
    (optim.constant(0.5), lambda torch, o: torch.optim.lr_scheduler.ConstantLR(o, factor=1.0)),
], ids=readable)  # fmt: skip
def test_schedules_are_torchs(schedule, make):
    torch = require('torch')
    p = torch.zeros(1, dtype=torch.float64)
    p.grad = torch.zeros(1, dtype=torch.float64)
    optimizer = torch.optim.SGD([p], lr=0.5)
    other = make(torch, optimizer)
    for step in range(11):
        assert schedule(step) == pytest.approx(other.get_last_lr()[0], rel=1e-12)
        optimizer.step()
        other.step()


# --- steps -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(('kind', 'options'), USUAL)
def test_a_line_is_fitted(kind, options):
    w, b = parameters = leaves(0.0, 0.0)
    optimizer = kind(parameters, lr=0.05, **options)
    for _ in range(400):
        loss = sum((w * x + b - (2.0 * x - 1.0)) ** 2 for x in (-1.0, 0.0, 1.0)) / 3.0
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert numbers_of(parameters) == pytest.approx([2.0, -1.0], abs=0.02)


@pytest.mark.parametrize(('kind', 'options'), USUAL)
def test_a_network_learns_xor(kind, options):
    model = nn.MLP(2, [8, 1], activation='tanh', generator=random.Random(1))
    optimizer = kind(model.parameters(), lr=0.05, **options)
    examples = [([x, y], 1.0 if x * y < 0.0 else -1.0) for x in (-1.0, 1.0) for y in (-1.0, 1.0)]
    for _ in range(150):
        loss = sum((model(x) - y) ** 2 for x, y in examples)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert all(model(x).data * y > 0.5 for x, y in examples)


@pytest.mark.parametrize(('kind', 'options'), USUAL)
def test_a_shared_parameter_is_stepped_once(kind, options):
    (once,), (twice,) = with_gradients(2.0), with_gradients(2.0)
    for _ in range(3):
        kind([once], lr=0.1, **options).step()
        kind([twice, twice], lr=0.1, **options).step()
    assert twice.data == once.data


def test_parameters_keep_their_order_each_once_and_may_come_from_a_generator():
    a, b, c = leaves(1.0, 2.0, 3.0)
    optimizer = optim.SGD((p for p in (b, a, b, c, a)), lr=0.1)
    assert list(map(id, optimizer.parameters)) == list(map(id, (b, a, c)))


@pytest.mark.parametrize(('kind', 'options'), USUAL)
def test_a_step_leaves_gradients_alone_and_numbers_floats(kind, options):
    np = pytest.importorskip('numpy')
    a, b = parameters = leaves(1.0, 2.0)
    a.data, a.grad, b.grad = np.float64(1.0), np.float64(0.5), 3
    kind(parameters, lr=np.float32(0.5), **options).step()
    assert [type(p.data) for p in parameters] == [float, float]
    assert (a.grad, b.grad, type(b.grad)) == (0.5, 3, int)


def test_gradients_are_set_to_zero():
    parameters = with_gradients(1.0, nan, inf)
    optim.SGD(parameters, lr=0.1).zero_grad()
    assert [p.grad for p in parameters] == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(('kind', 'options'), USUAL)
def test_nan_goes_through_and_stays_where_it_is(kind, options):
    sick, well = parameters = with_gradients(nan, 1.0)
    optimizer = kind(parameters, lr=0.1, **options)
    optimizer.step()
    assert math.isnan(sick.data)
    assert 0.0 < well.data < 1.0
    restored = kind(leaves(1.0, 1.0), lr=0.1, **options)
    restored.load_state_dict(json.loads(json.dumps(optimizer.state_dict())))
    assert repr(restored.state) == repr(optimizer.state)


@pytest.mark.parametrize(('kind', 'options'), USUAL)
def test_without_a_gradient_nothing_moves(kind, options):
    still, moved = parameters = with_gradients(1.0, 1.0)
    optimizer = kind(parameters, lr=0.1, **options)
    optimizer.step()
    before, state = still.data, json.dumps([numbers[0] for numbers in optimizer.state.values()])
    still.grad = None
    optimizer.step()
    assert still.data == before
    assert state == json.dumps([numbers[0] for numbers in optimizer.state.values()])
    assert moved.data < before


def test_only_what_the_rule_remembers_is_kept():
    assert optim.SGD(leaves(1.0), lr=0.1).state == {}
    assert optim.SGD(leaves(1.0), lr=0.1, momentum=0.9).state == {'velocity': [0.0]}
    assert optim.Adam(leaves(1.0, 2.0)).state == {'first_moment': [0.0, 0.0], 'second_moment': [0.0, 0.0]}


@pytest.mark.parametrize('wrong', ['the rule', 'the schedule'])
def test_a_step_that_fails_changes_nothing(wrong):
    class Fails(optim.Optimizer):
        memory = ('count',)

        def rule(self, o, p, g, count, *, lr):
            return p - o.div(lr, g), count + (1.0 if g else fail())

    def fail(step: int = 0) -> float:
        raise ZeroDivisionError

    parameters = with_gradients(1.0, 0.0 if wrong == 'the rule' else 1.0)
    optimizer = Fails(parameters, lr=fail if wrong == 'the schedule' else 0.1)
    with pytest.raises(ZeroDivisionError):
        optimizer.step()
    assert (numbers_of(parameters), optimizer.state, optimizer.steps) == ([1.0, 1.0], {'count': [0.0, 0.0]}, 0)


def test_an_optimiser_of_ones_own():
    class RMSProp(optim.Optimizer):
        memory = ('square',)

        def __init__(self, parameters, lr, decay=0.9):
            super().__init__(parameters, lr, decay=decay)

        def rule(self, o, p, g, square, *, lr, decay):
            square = decay * square + (1.0 - decay) * g * g
            return p - o.div(lr * g, o.sqrt(square)), square

    torch = require('torch')
    (p,) = ours = with_gradients(3.0)
    theirs = torch.tensor([1.0], dtype=torch.float64)
    theirs.grad = torch.tensor([3.0], dtype=torch.float64)
    optimizer, other = RMSProp(ours, lr=0.1), torch.optim.RMSprop([theirs], lr=0.1, alpha=0.9, eps=0.0)
    for _ in range(3):
        optimizer.step()
        other.step()
        assert p.data == pytest.approx(theirs.item(), rel=1e-12)
    assert repr(optimizer) == 'RMSProp(1 parameters, lr=0.1, decay=0.9)'


# --- the rules -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(('kind', 'options'), USUAL)
def test_a_rule_is_a_formula(kind, options):
    """On Values it builds a graph which, recomputed with other numbers, is right for those: it can be compiled."""
    optimizer = kind(leaves(1.0), lr=0.1, **options)
    inputs = leaves(0.5, 0.25, *[0.125] * len(optimizer.memory))
    lr = Value(0.5)
    numbers = optimizer.numbers() | {'lr': lr}
    graph = optimizer.rule(VALUES, *inputs, **optimizer.constants, **numbers)
    for point in ((0.5, 0.25, 0.125), (-3.0, 0.0, 0.0), (1e10, -1e10, 1.0), (nan, 1.0, 1.0)):
        for v, number in zip(inputs, itertools.chain(point, point[2:]), strict=False):
            v.data = number
        lr.data = 0.25
        expected = optimizer.rule(FLOATS, *numbers_of(inputs), **optimizer.constants, **numbers | {'lr': 0.25})
        assert repr([v.recompute().data for v in graph]) == repr(list(expected))


def test_without_weight_decay_the_number_of_the_parameter_does_not_enter_its_gradient():
    """Not even as 0 * inf."""
    assert optim.sgd_rule(FLOATS, inf, 1.0, lr=0.1, weight_decay=0.0) == (inf,)


def test_a_step_can_be_differentiated_by_the_learning_rate():
    lr = Value(0.1)
    (p,) = optim.sgd_rule(VALUES, Value(1.0), Value(3.0), lr=lr, weight_decay=0.5)
    p.backward()
    assert lr.grad == -3.5


# --- the learning rate -----------------------------------------------------------------------------------------------


def test_the_learning_rate_may_be_changed_at_any_time():
    (p,) = parameters = with_gradients(1.0)
    optimizer = optim.SGD(parameters, lr=0.5)
    optimizer.step()
    optimizer.lr = 0.25
    optimizer.step()
    assert (p.data, optimizer.lr) == (0.25, 0.25)
    optimizer.lr = optim.step_decay(1.0, every=3, factor=0.5)
    assert optimizer.lr == 1.0
    optimizer.step()
    assert (p.data, optimizer.lr) == (-0.75, 0.5)


def test_a_schedule_follows_the_steps():
    (p,) = parameters = with_gradients(1.0)
    optimizer = optim.SGD(parameters, lr=optim.linear(0.5, steps=2))
    path = []
    for _ in range(4):
        path.append(optimizer.lr)
        optimizer.step()
    assert (path, optimizer.steps, p.data) == ([0.5, 0.25, 0.0, 0.0], 4, 0.25)


def test_any_function_of_the_step_is_a_schedule():
    optimizer = optim.SGD(with_gradients(1.0), lr=lambda step: Fraction(1, step + 1))
    optimizer.step()
    assert (optimizer.lr, type(optimizer.lr)) == (0.5, float)


@pytest.mark.parametrize('rate', [-0.1, nan, inf])
def test_a_schedule_that_leaves_the_range_is_stopped_before_the_step(rate):
    (p,) = parameters = with_gradients(1.0)
    optimizer = optim.SGD(parameters, lr=lambda step: rate)
    with pytest.raises(ValueError, match='the learning rate of a schedule should be'):
        optimizer.step()
    assert p.data == 1.0


@pytest.mark.parametrize(('schedule', 'rates'), [
    (optim.constant(0.3), {0: 0.3, 10**9: 0.3}),
    (optim.linear(0.3, 1), {0: 0.3, 1: 0.0, 2: 0.0}),
    (optim.linear(0.1, 3, 0.7), {0: 0.1, 3: 0.7, 10**9: 0.7}),
    (optim.cosine(0.3, 1), {0: 0.3, 1: 0.0, 2: 0.0}),
    (optim.cosine(0.7, 3, 0.1), {0: 0.7, 3: 0.1, 4: 0.1, 10**9: 0.1}),
    (optim.step_decay(1.0, 2), {1: 1.0, 2: 0.1}),
    (optim.step_decay(0.3, 1, 1.0), {0: 0.3, 5: 0.3}),
    (optim.step_decay(1.0, 2, 0.25), {0: 1.0, 1: 1.0, 2: 0.25, 3: 0.25, 4: 0.0625, 10**9: 0.0}),
    (optim.warmup(1, 0.5), {0: 0.25, 1: 0.5, 2: 0.5}),
    (optim.warmup(3, optim.constant(1.0)), {0: 0.25, 2: 0.75, 3: 1.0, 4: 1.0}),
    (optim.warmup(3, optim.linear(1.0, 2)), {2: 0.75, 3: 1.0, 4: 0.5, 5: 0.0}),
    (optim.warmup(1, optim.warmup(1, 1.0)), {0: 0.25, 1: 0.5, 2: 1.0}),
    (optim.warmup(1, lambda step: 8.0 / (step + 1)), {0: 4.0, 1: 8.0, 2: 4.0}),
])  # fmt: skip
def test_schedules_at_their_corners(schedule, rates):
    assert {step: schedule(step) for step in rates} == rates


def test_schedules_show_compare_and_hash_by_their_numbers():
    assert repr(optim.warmup(5, optim.cosine(0.1, 100))) == (
        'warmup(steps=5, then=cosine(lr=0.1, steps=100, final=0.0))'
    )
    assert optim.linear(0.1, 5) == optim.linear(0.1, 5, 0.0)
    assert len({optim.linear(0.1, 5), optim.linear(0.1, 5), optim.cosine(0.1, 5)}) == 2
    assert len({optim.constant(0.1), optim.step_decay(0.1, 5), optim.warmup(5, optim.constant(0.1))}) == 3
    optimizer = optim.SGD(leaves(1.0, 2.0), lr=optim.constant(0.1), momentum=0.9)
    assert repr(optimizer) == ('SGD(2 parameters, lr=constant(lr=0.1), momentum=0.9, nesterov=False, weight_decay=0.0)')


@pytest.mark.parametrize(('step', 'error'), [(-1, ValueError), (0.5, TypeError), ('0', TypeError)])
def test_a_schedule_counts_steps(step, error):
    with pytest.raises(error, match='step'):
        optim.cosine(0.1, 10)(step)


# --- clipping --------------------------------------------------------------------------------------------------------


def test_clipping_keeps_the_direction_and_reaches_exactly_the_norm():
    parameters = with_gradients(3.0, -4.0, 0.0)
    assert optim.clip_grad_norm(parameters, 1.0) == 5.0
    assert [p.grad for p in parameters] == pytest.approx([0.6, -0.8, 0.0], rel=1e-15)
    assert [p.data for p in parameters] == [1.0, 1.0, 1.0]


@pytest.mark.parametrize('max_norm', [5.0, 5.1, inf])
def test_what_is_short_enough_is_not_touched(max_norm):
    parameters = with_gradients(3.0, 4.0)
    assert optim.clip_grad_norm(parameters, max_norm) == 5.0
    assert [p.grad for p in parameters] == [3.0, 4.0]


@pytest.mark.parametrize(('gradients', 'norm'), [
    ((1e308, 1e308, 1e308, 1e308), inf), ((1e200, 1e200, 1e200, 1e200), 2e200), ((1e-300,) * 4, 2e-300),
])  # fmt: skip
def test_clipping_neither_overflows_nor_underflows(gradients, norm):
    parameters = with_gradients(*gradients)
    assert optim.clip_grad_norm(parameters, 2e-306) == pytest.approx(norm)
    expected = 1e-306 if norm > 2e-306 else gradients[0]
    assert [p.grad for p in parameters] == pytest.approx([expected] * 4, rel=1e-9, abs=0.0)


@pytest.mark.parametrize('sick', [nan, inf, -inf])
def test_a_norm_that_is_none_is_an_error_and_changes_nothing(sick):
    parameters = with_gradients(3.0, sick)
    parameters[1].label = 'w'
    with pytest.raises(TrainingError, match=rf"\('w'\) is {sick}"):
        optim.clip_grad_norm(parameters, 1.0)
    assert repr([p.grad for p in parameters]) == repr([3.0, sick])


def test_clipping_by_value():
    parameters = with_gradients(3.0, -4.0, 0.5, inf, -inf, nan)
    optim.clip_grad_value(parameters, 1.0)
    assert repr([p.grad for p in parameters]) == repr([1.0, -1.0, 0.5, 1.0, -1.0, nan])


def test_shared_and_missing_gradients_are_clipped_once_and_not():
    a, b = parameters = with_gradients(3.0, 4.0)
    assert optim.clip_grad_norm([a, a, b], 1.0) == 5.0
    b.grad = None
    optim.clip_grad_norm(parameters, 0.3)
    optim.clip_grad_value(parameters, 0.1)
    assert (a.grad, b.grad) == (0.1, None)


# --- states ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(('kind', 'options'), EVERY)
@pytest.mark.parametrize('lr', [0.01, optim.warmup(3, optim.cosine(0.1, 10))], ids=repr)
def test_training_goes_on_from_a_saved_state_bit_by_bit(kind, options, lr):
    whole = kind(leaves(1.0, -2.0, 0.5), lr=lr, **options)
    train(whole, 5, seed=1)
    text = json.dumps(whole.state_dict())
    resumed = kind(leaves(*numbers_of(whole.parameters)), lr=lr, **options)
    resumed.load_state_dict(json.loads(text))
    assert train(resumed, 10, seed=2) == train(whole, 10, seed=2)
    assert json.dumps(resumed.state_dict()) == json.dumps(whole.state_dict()) != text


def test_a_state_is_a_copy_both_ways():
    optimizer = optim.Adam(with_gradients(1.0))
    state = optimizer.state_dict()
    optimizer.step()
    assert state['state'] == {'first_moment': [0.0], 'second_moment': [0.0]}
    optimizer.load_state_dict(state)
    optimizer.step()
    assert state['state'] == {'first_moment': [0.0], 'second_moment': [0.0]}


def test_the_learning_rate_of_the_state_is_taken_over():
    optimizer = optim.SGD(leaves(1.0), lr=0.1)
    optimizer.load_state_dict(optim.SGD(leaves(1.0), lr=0.25).state_dict() | {'lr': 2})
    assert (optimizer.lr, type(optimizer.lr)) == (2.0, float)


def test_whole_numbers_of_other_programs_are_numbers():
    optimizer = optim.SGD(leaves(1.0), lr=0.1, momentum=1.0)
    state = optimizer.state_dict()
    state['constants'] = {'momentum': 1, 'nesterov': False, 'weight_decay': 0}
    state['state'] = {'velocity': [3]}
    optimizer.load_state_dict(state)
    assert repr(optimizer.state) == "{'velocity': [3.0]}"


DAMAGED = [
    ((), [], 'the state should be a dictionary, not list'),
    (('optimizer',), None, "optimizer is None in the state, and 'SGD' here"),
    (('optimizer',), 'Adam', "optimizer is 'Adam' in the state, and 'SGD' here"),
    (('extra',), 1, "has 'constants', 'extra', 'lr'"),
    (('steps',), -1, 'steps should be a whole number'),
    (('steps',), 1.0, 'steps should be a whole number'),
    (('steps',), True, 'steps should be a whole number'),
    (('lr',), None, 'lr followed a schedule'),
    (('lr',), 'fast', 'lr should be a number'),
    (('lr',), -1.0, 'lr should be a number'),
    (('lr',), nan, 'lr should be a number'),
    (('lr',), inf, 'lr should be a number'),
    (('lr',), True, 'lr should be a number'),
    (('constants',), None, 'constants should be a dictionary'),
    (('constants',), {}, "constants should have the keys 'momentum', 'nesterov', 'weight_decay', and has none"),
    (('constants', 'momentum'), 0.5, r'constants\.momentum is 0\.5 in the state, and 0\.9 here'),
    (('constants', 'momentum'), '0.9', r'constants\.momentum'),
    (('constants', 'nesterov'), 0, r'constants\.nesterov'),
    (('constants', 'weight_decay'), False, r'constants\.weight_decay'),
    (('state',), [], 'state should be a dictionary'),
    (('state',), {'mean': [0.0, 0.0]}, "state should have the keys 'velocity', and has 'mean'"),
    (('state', 'velocity'), [0.0], r'state\.velocity should be a list of 2 numbers, one a parameter, not 1 entries'),
    (('state', 'velocity'), '00', r'state\.velocity should be a list of 2 numbers, one a parameter, not str'),
    (('state', 'velocity'), [0.0, '1'], r"state\.velocity\[1\] should be a number, not '1'"),
    (('state', 'velocity'), [0.0, None], r'state\.velocity\[1\]'),
    (('state', 'velocity'), [True, 0.0], r'state\.velocity\[0\]'),
    (('state', 'velocity'), [10**400, 0.0], r'state\.velocity\[0\]'),
]  # fmt: skip


@pytest.mark.parametrize(('path', 'wrong', 'message'), DAMAGED)
def test_a_damaged_state_is_refused_and_changes_nothing(path, wrong, message):
    optimizer = optim.SGD(with_gradients(1.0, 2.0), lr=0.1, momentum=0.9)
    optimizer.step()
    before = optimizer.state_dict()
    damaged: Any = json.loads(json.dumps(before | {'steps': 7, 'lr': 0.2}))
    if path:
        *way, last = path
        part = damaged
        for name in way:
            part = part[name]
        part[last] = wrong
    with pytest.raises(CheckpointError, match=message):
        optimizer.load_state_dict(damaged if path else wrong)
    assert optimizer.state_dict() == before


def test_a_missing_entry_is_named():
    optimizer = optim.SGD(leaves(1.0), lr=0.1)
    for name in optimizer.state_dict():
        state = optimizer.state_dict()
        del state[name]
        with pytest.raises(CheckpointError, match=f'should have the keys .*{name}.*, and has'):
            optimizer.load_state_dict(state)


def test_a_number_does_not_replace_a_schedule_unnoticed():
    optimizer = optim.SGD(leaves(1.0), lr=optim.constant(0.1))
    with pytest.raises(CheckpointError, match='follows a schedule here'):
        optimizer.load_state_dict(optim.SGD(leaves(1.0), lr=0.1).state_dict())


# --- what they refuse ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(('parameters', 'error', 'message'), [
    ([], ValueError, 'no parameters to train'),
    (Value(1.0), TypeError, r'SGD\(\[w, b\]'),
    (nn.Neuron(2), TypeError, r'SGD\(model\.parameters\(\)'),
    (3.0, TypeError, 'not float'),
    (None, TypeError, 'not NoneType'),
    ([Value(1.0), 2.0], TypeError, 'parameter 1 should be a Value, not float: 2.0'),
    ([[Value(1.0)]], TypeError, 'parameter 0 should be a Value, not list'),
    ({'w': Value(1.0)}, TypeError, 'parameter 0 should be a Value, not str'),
    ([{'params': []}], TypeError, 'parameter 0 should be a Value, not dict'),
    ([Value(1.0), Value(2.0) * 3.0], ValueError, r"parameter 1, .* was made by '\*'"),
])  # fmt: skip
@pytest.mark.parametrize('function', [
    lambda parameters: optim.SGD(parameters, lr=0.1),
    optim.Adam,
    lambda parameters: optim.clip_grad_norm(parameters, 1.0),
    lambda parameters: optim.clip_grad_value(parameters, 1.0),
])  # fmt: skip
def test_what_is_no_list_of_leaves_is_refused(function, parameters, error, message):
    with pytest.raises(error, match=message):
        function(parameters)


def test_a_generator_that_was_used_up_is_noticed():
    parameters = (p for p in leaves(1.0))
    optim.SGD(parameters, lr=0.1)
    with pytest.raises(ValueError, match='a generator was used up'):
        optim.SGD(parameters, lr=0.1)


W = Value(1.0)

OUT_OF_RANGE = [
    (lambda: optim.SGD([W], lr=-0.1), ValueError, 'lr should be at least 0, not -0.1'),
    (lambda: optim.SGD([W], lr=nan), ValueError, 'lr should be a finite number'),
    (lambda: optim.SGD([W], lr=inf), ValueError, 'lr should be a finite number'),
    (lambda: optim.SGD([W], lr='0.1'), TypeError, 'lr should be a number'),
    (lambda: optim.SGD([W], lr=None), TypeError, 'lr should be a number'),
    (lambda: optim.SGD([W], lr=Value(0.1)), TypeError, 'lr should be a number'),
    (lambda: optim.SGD([W], 0.1, momentum=-0.5), ValueError, 'momentum should be at least 0'),
    (lambda: optim.SGD([W], 0.1, momentum=inf), ValueError, 'momentum should be a finite'),
    (lambda: optim.SGD([W], 0.1, weight_decay=-1), ValueError, 'weight_decay should be at least 0'),
    (lambda: optim.SGD([W], 0.1, nesterov=True), ValueError, 'nesterov=True'),
    (lambda: optim.Adam([W], lr=-1), ValueError, 'lr should be at least 0'),
    (lambda: optim.Adam([W], betas=(1.0, 0.9)), ValueError, 'should be below 1, not 1.0'),
    (lambda: optim.Adam([W], betas=(0.9, 1.5)), ValueError, 'should be below 1, not 1.5'),
    (lambda: optim.Adam([W], betas=(0.9, -0.1)), ValueError, 'each of the betas should be at least 0'),
    (lambda: optim.Adam([W], betas=(0.9, nan)), ValueError, 'each of the betas should be a finite number'),
    (lambda: optim.Adam([W], betas=0.9), TypeError, 'betas are two numbers'),
    (lambda: optim.Adam([W], betas=(0.9,)), TypeError, 'betas are two numbers'),
    (lambda: optim.Adam([W], betas=('a', 'b')), TypeError, 'each of the betas should be a number'),
    (lambda: optim.Adam([W], eps=0), ValueError, 'eps should be above 0'),
    (lambda: optim.Adam([W], eps=nan), ValueError, 'eps should be a finite'),
    (lambda: optim.Adam([W], weight_decay=-1), ValueError, 'weight_decay should be at least 0'),
    (lambda: optim.AdamW([W], weight_decay=-1), ValueError, 'weight_decay should be at least 0'),
    (lambda: optim.clip_grad_norm([W], 0), ValueError, 'max_norm should be above 0'),
    (lambda: optim.clip_grad_norm([W], nan), ValueError, 'max_norm should be a finite'),
    (lambda: optim.clip_grad_norm([W], 'a'), TypeError, 'max_norm should be a number'),
    (lambda: optim.clip_grad_value([W], -1), ValueError, 'limit should be above 0'),
    (lambda: optim.clip_grad_value([W], inf), ValueError, 'limit should be a finite'),
    (lambda: optim.constant(-1), ValueError, 'lr should be at least 0'),
    (lambda: optim.linear(-1, 5), ValueError, 'lr should be at least 0'),
    (lambda: optim.linear(1, 5, -1), ValueError, 'final should be at least 0'),
    (lambda: optim.linear(1, 0), ValueError, 'steps should be at least 1'),
    (lambda: optim.cosine(1, 2.5), TypeError, 'steps should be an integer'),
    (lambda: optim.cosine(nan, 2), ValueError, 'lr should be a finite number'),
    (lambda: optim.cosine(1, 2, inf), ValueError, 'final should be a finite number'),
    (lambda: optim.step_decay(-1, 1), ValueError, 'lr should be at least 0'),
    (lambda: optim.step_decay(1, 0), ValueError, 'every should be at least 1'),
    (lambda: optim.step_decay(1, 1, 0), ValueError, 'factor should be above 0'),
    (lambda: optim.step_decay(1, 1, 2), ValueError, 'a factor above 1'),
    (lambda: optim.warmup(0, 0.1), ValueError, 'steps should be at least 1'),
    (lambda: optim.warmup(1, -0.1), ValueError, 'lr should be at least 0'),
    (lambda: optim.warmup(1, 'fast'), TypeError, 'lr should be a number'),
]  # fmt: skip


@pytest.mark.parametrize(('make', 'error', 'message'), OUT_OF_RANGE)
def test_numbers_out_of_range_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_a_learning_rate_is_checked_when_it_is_assigned():
    optimizer = optim.SGD([W], lr=0.1)
    with pytest.raises(ValueError, match='lr should be at least 0'):
        optimizer.lr = -1.0
    assert optimizer.lr == 0.1
