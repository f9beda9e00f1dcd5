"""Compiled against eager: networks, losses and training."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from micrograd import Value, losses, nn, optim
from micrograd.data import blobs, moons
from micrograd.nn import MLP
from micrograd.primitives import TABLE, Row
from micrograd.training import History, fit
from tests.compiler.eager import SIZES, Function, check_costs, check_maps

ACTIVATIONS = ['linear', *sorted(n for n, row in TABLE.items() if not isinstance(row, Row) or row.arity == 1)]
ACTIVATIONS.remove('power')  # has no default
SHAPES = [(1, [1]), (2, [16, 16, 1]), (3, [4, 5, 2]), (5, [13, 9, 6]), (7, [1, 8])]


def drawn(count: int, examples: int = 10) -> list[tuple[float, ...]]:
    rng = random.Random(count)
    return [tuple(rng.gauss(0.0, 1.0) for _ in range(count)) for _ in range(examples)]


def squared(model: MLP, nin: int) -> Callable[[Any], Any]:
    """The quadratic cost of a network whose targets are the numbers after the inputs."""
    return lambda xs: losses.quadratic(model(xs[:nin]), xs[nin:] if len(xs) > nin + 1 else xs[nin])


@pytest.mark.parametrize('activation', [*ACTIVATIONS, 'power(2)', 'leaky_relu(0.2)', 'elu(0.5)'])
def test_activations(activation: str) -> None:
    model = MLP(2, [3, 1], activation=activation, output=activation, generator=1)
    for p in model.parameters():
        p.data = p.data / 4.0 + (0.4 if p.data == 0.0 else 0.0)  # inside of the domains of most
    points = [tuple(abs(x) / 3.0 for x in point) for point in drawn(2, 6)]
    function = Function(model, model.parameters())
    examples = function.decided(points)
    assert len(examples) == len(points)
    check_maps(function, examples)
    assert check_costs(function, examples, (1, 3, 8)) == 3


@pytest.mark.parametrize(('nin', 'nouts'), SHAPES)
def test_networks(nin: int, nouts: list[int]) -> None:
    model = MLP(nin, nouts, activation='relu', generator=0)
    function = Function(model, model.parameters())
    examples = function.decided(drawn(nin))
    assert len(examples) == 10
    check_maps(function, examples)
    cost = Function(squared(model, nin), model.parameters())
    examples = cost.decided(drawn(nin + nouts[-1]))
    assert len(examples) == 10
    assert check_costs(cost, examples, SIZES if nouts != [13, 9, 6] else (1, 7, 100)) >= 3


def test_a_network_that_saturates_and_one_that_is_dead() -> None:
    for scale, activation in ((1e3, 'sigmoid'), (1e3, 'tanh'), (-1e2, 'relu'), (1e200, 'relu')):
        model = MLP(2, [4, 3, 1], activation=activation, generator=2)
        for p in model.parameters():
            p.data *= scale
        function = Function(squared(model, 2), model.parameters())
        examples = function.decided([(1.0, 0.5, 1.0), (-0.25, 2.0, 0.0), (0.0, 0.0, 1.0), (1e300, -1e300, 0.5)])
        assert examples
        check_costs(function, examples, (1, 3, 8))


# Losses --------------------------------------------------------------------------------------------------------------

PROBABILITIES = [0.0, 1.0, 0.25]
SIGNS = [1.0, -1.0]
OUTPUTS = [0.0, -0.0, 0.5, 1.0, -1.0, 2.0, 40.0, -40.0, 800.0, -800.0, 1e308, float('inf'), float('-inf'), float('nan')]
TARGETS = {
    'quadratic': [0.0, 1.0, -2.5],
    'mse': [0.0, 1.0, -2.5],
    'hinge': SIGNS,
    'squared_hinge': SIGNS,
    'bce': PROBABILITIES,
    'bce_with_logits': PROBABILITIES,
}


@pytest.mark.parametrize('loss', TARGETS)
@pytest.mark.parametrize('plain', [0, 1])
def test_losses_of_one_output(loss: str, plain: int) -> None:
    function = Function(lambda xs: getattr(losses, loss)(xs[0], xs[1]), plain=plain)
    points = [(a, y) for a in OUTPUTS for y in TARGETS[loss]]
    examples = function.decided(points)
    assert len(examples) >= 0.9 * len(points)
    check_maps(function, examples)


@pytest.mark.parametrize('loss', [*TARGETS, 'cross_entropy'])
@pytest.mark.parametrize('plain', [0, 2])
def test_losses_of_a_network(loss: str, plain: int) -> None:
    model = MLP(2, [3, 2], activation='tanh', generator=0, output='sigmoid' if loss == 'bce' else 'linear')
    function = Function(
        lambda xs: getattr(losses, loss)(model(xs[:2]), [xs[2], xs[3]]), model.parameters(), plain=plain
    )
    targets = [[0.25, 0.75], [1.0, 0.0], [0.0, 1.0]] if loss == 'cross_entropy' else [TARGETS[loss][:2]]
    points = [(*x, *targets[i % len(targets)]) for i, x in enumerate(drawn(2))]
    examples = function.decided(points)
    assert len(examples) == len(points)
    check_maps(function, examples)
    assert check_costs(function, examples) == len(SIZES)


def test_cross_entropy_of_classes() -> None:
    model = MLP(2, [4, 3], activation='tanh', generator=0)
    function = Function(lambda xs: losses.cross_entropy(model(xs[:2]), xs[2]), model.parameters(), plain=1)
    examples = function.decided([(*x, float(i % 3)) for i, x in enumerate(drawn(2))])
    check_maps(function, examples)
    assert check_costs(function, examples) == len(SIZES)
    inf = float('inf')
    logits = [(0.0, 0.0, 0.0), (800.0, -800.0, 1.0), (-inf, 0.0, 1.0), (1e308, -1e308, 0.0), (inf, 0.0, 1.0)]
    function = Function(lambda xs: losses.cross_entropy(list(xs[:3]), xs[3]), plain=1)
    examples = function.decided([(*z, k) for z in logits for k in (0.0, 1.0, 2.0)])
    assert len(examples) >= 12
    check_maps(function, examples)


# Training ------------------------------------------------------------------------------------------------------------

OPTIMIZERS: dict[str, Callable[[Any], Any]] = {
    'SGD': lambda ps: optim.SGD(ps, lr=0.1),
    'momentum': lambda ps: optim.SGD(ps, lr=0.05, momentum=0.9),
    'Nesterov': lambda ps: optim.SGD(ps, lr=0.05, momentum=0.9, nesterov=True),
    'weight decay': lambda ps: optim.SGD(ps, lr=0.1, weight_decay=0.01),
    'Adam': lambda ps: optim.Adam(ps, lr=0.01),
    'AdamW': lambda ps: optim.AdamW(ps, lr=0.01, weight_decay=0.05),
    'scheduled': lambda ps: optim.SGD(ps, lr=optim.cosine(0.1, 20)),
}


def trained(name: str, data: Any, loss: str, compiled: bool, nouts: list[int]) -> tuple[Any, MLP, History]:
    model = nn.MLP(2, nouts, activation='tanh', generator=0)
    optimizer = OPTIMIZERS[name](model.parameters())
    more = {'epochs': 4, 'batch_size': 7, 'progress': False, 'metrics': ['accuracy'], 'validation': data}
    return optimizer, model, fit(model, data, loss=loss, optimizer=optimizer, compiled=compiled, **more)


@pytest.mark.parametrize('name', OPTIMIZERS)
@pytest.mark.parametrize('loss', ['bce_with_logits', 'cross_entropy'])
def test_training(name: str, loss: str) -> None:
    data, nouts = (moons(30, noise=0.1, seed=0), [4, 1]) if loss == 'bce_with_logits' else (blobs(24, seed=0), [4, 3])
    (one, model, expected), (other, twin, found) = (trained(name, data, loss, c, nouts) for c in (False, True))
    assert (found.compiled, expected.compiled) == (True, False)
    close = {'rel': 1e-10, 'abs': 1e-13}
    assert [p.data for p in twin.parameters()] == pytest.approx([p.data for p in model.parameters()], **close)
    assert found.losses == pytest.approx(expected.losses, **close)
    assert found.metrics == expected.metrics
    assert found.validation['loss'] == pytest.approx(expected.validation['loss'], **close)
    assert found.gradients.keys() == expected.gradients.keys()
    for layer, numbers in expected.gradients.items():
        assert found.gradients[layer] == pytest.approx(numbers, rel=1e-9)
    assert (found.steps, found.stopped, other.steps) == (expected.steps, expected.stopped, one.steps)
    mine, theirs = other.state_dict(), one.state_dict()
    assert mine.keys() == theirs.keys()
    for key, numbers in one.state.items():
        assert other.state[key] == pytest.approx(numbers, rel=1e-8, abs=1e-13)


def test_training_of_several_networks_that_share_a_parameter() -> None:
    found = []
    for compiled in (False, True):
        w = Value(0.5)

        def model(x: Any, w: Value = w) -> Value:
            return (w * x[0] + w).tanh() * w

        sgd = optim.SGD([w], lr=0.1)
        data = [([0.5], 1.0), ([-1.0], 0.25), ([2.0], 0.0)]
        fit(model, data, loss='mse', optimizer=sgd, epochs=5, batch_size=2, progress=False, compiled=compiled)
        found.append(w.data)
    assert found[1] == pytest.approx(found[0], rel=1e-13)
