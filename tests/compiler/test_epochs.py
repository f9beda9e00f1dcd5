"""fit(compiled=True): the steps of the eager training, made natively."""

import random
from math import inf, isfinite, nan
from typing import Any

import pytest

import micrograd
from micrograd import Value, losses, nn, optim
from micrograd.compiler.epochs import NativeTraining
from micrograd.data import blobs, moons
from micrograd.errors import DataError, TracingError, TrainingError
from micrograd.training import History, binary_accuracy, fit

LINE = [([float(x)], 2.0 * x + 1.0) for x in range(-3, 4)]
CLOSE = 1e-9


def trained(compiled: Any, data: Any = LINE, sizes: Any = (1, 3, 1), **options: Any) -> tuple[nn.MLP, Any, History]:
    """A small network, its optimiser, and the history of its training."""
    model = nn.MLP(sizes[0], list(sizes[1:]), activation='tanh', generator=0)
    optimizer = options.pop('optimizer', lambda ps: optim.SGD(ps, lr=0.05))(model.parameters())
    settings = {'loss': 'mse', 'epochs': 4, 'batch_size': 3, 'progress': False} | options
    return model, optimizer, fit(model, data, optimizer=optimizer, compiled=compiled, **settings)


def agree(options: Any) -> tuple[History, History]:
    """Train both ways, and compare everything that can be seen."""
    (eager, one, expected), (native, other, found) = (trained(compiled, **options) for compiled in (False, True))
    assert found.compiled
    assert not expected.compiled
    assert [p.data for p in native.parameters()] == pytest.approx([p.data for p in eager.parameters()], rel=CLOSE)
    assert [p.grad for p in native.parameters()] == pytest.approx([p.grad for p in eager.parameters()], rel=1e-6)
    assert found.losses == pytest.approx(expected.losses, rel=CLOSE)
    assert found.metrics.keys() == expected.metrics.keys()
    for name, numbers in expected.metrics.items():
        assert found.metrics[name] == pytest.approx(numbers, rel=CLOSE)
    for name, numbers in expected.validation.items():
        assert found.validation[name] == pytest.approx(numbers, rel=CLOSE)
    assert found.gradients.keys() == expected.gradients.keys()
    for name, numbers in expected.gradients.items():
        assert found.gradients[name] == pytest.approx(numbers, rel=1e-6)
    assert (found.steps, found.stopped, len(found.times)) == (expected.steps, expected.stopped, len(expected.times))
    assert other.steps == one.steps
    for name, numbers in one.state.items():
        assert other.state[name] == pytest.approx(numbers, rel=1e-6, abs=1e-12)
    return expected, found


MOONS = moons(30, noise=0.1, seed=0)
BLOBS = blobs(21, seed=0)
CASES = {
    'a line': {},
    'all at once': {'batch_size': None},
    'one by one': {'batch_size': 1},
    'many epochs': {'epochs': 50, 'batch_size': 2},
    'momentum': {'optimizer': lambda ps: optim.SGD(ps, lr=0.05, momentum=0.9, weight_decay=0.01)},
    'nesterov': {'optimizer': lambda ps: optim.SGD(ps, lr=0.05, momentum=0.9, nesterov=True)},
    'adam': {'optimizer': lambda ps: optim.Adam(ps, lr=0.05, weight_decay=0.01)},
    'adamw, scheduled': {'optimizer': lambda ps: optim.AdamW(ps, lr=optim.cosine(0.05, 12))},
    'moons': {'data': MOONS, 'sizes': (2, 4, 1), 'loss': 'bce_with_logits', 'metrics': ['accuracy']},
    'hinge': {
        'data': [(x, 2 * y - 1) for x, y in zip(*MOONS, strict=True)],
        'sizes': (2, 4, 1),
        'loss': 'hinge',
        'metrics': ['accuracy'],
        'validation': [(x, 2 * y - 1) for x, y in zip(*moons(7, seed=1), strict=True)],
    },
    'classes': {
        'data': BLOBS,
        'sizes': (2, 4, 3),
        'loss': 'cross_entropy',
        'metrics': ['accuracy'],
        'validation': BLOBS,
    },
    'several outputs': {
        'data': [([x], [x, 1.0 - x]) for x in (0.0, 0.5, 1.0)],
        'sizes': (1, 3, 2),
        'loss': 'quadratic',
    },
}


@pytest.mark.parametrize('case', CASES)
def test_the_same_steps_as_ever(case: str) -> None:
    agree(dict(CASES[case]))


def test_what_is_said_about_it() -> None:
    assert trained('auto')[2].compiled
    assert not trained(False)[2].compiled
    assert trained(False)[2].reason == ''


def test_a_loss_of_ones_own_with_the_parameters_in_it() -> None:
    def decayed(model: nn.MLP) -> Any:
        return lambda output, y: (output - y) ** 2 + 0.01 * sum(p * p for p in model.parameters())

    found = []
    for compiled in (False, True):
        model = nn.MLP(1, [3, 1], activation='tanh', generator=0)
        sgd = optim.SGD(model.parameters(), lr=0.05)
        fit(model, LINE, loss=decayed(model), optimizer=sgd, epochs=5, progress=False, compiled=compiled)
        found.append([p.data for p in model.parameters()])
    assert found[1] == pytest.approx(found[0], rel=CLOSE)


def test_a_part_of_the_parameters() -> None:
    model = nn.MLP(1, [3, 1], activation='tanh', generator=0)
    before = [p.data for p in model.parameters()]
    trainable = model.layers[1].parameters()
    fit(model, LINE, loss='mse', optimizer=optim.SGD(trainable, lr=0.1), progress=False, compiled=True)
    after = [p.data for p in model.parameters()]
    assert after[: -len(trainable)] == before[: -len(trainable)]
    assert all(x != y for x, y in zip(after[-len(trainable) :], before[-len(trainable) :], strict=True))


def test_a_parameter_that_takes_no_part_decays_all_the_same() -> None:
    model, idle = nn.Neuron(1, nonlin=False, generator=0), Value(1.0)
    sgd = optim.SGD([*model.parameters(), idle], lr=0.5, weight_decay=1.0)
    fit(model, LINE, loss='mse', optimizer=sgd, epochs=1, batch_size=None, progress=False, compiled=True)
    assert (idle.data, idle.grad) == (0.5, 0.0)


# Who looks at the model in between -----------------------------------------------------------------------------------


def test_callbacks_see_the_parameters_of_their_epoch_and_may_end_it() -> None:
    model = nn.Neuron(1, nonlin=False, generator=0)
    seen: list[float] = []

    def watch(history: History) -> bool:
        seen.append(model.w[0].data)
        return len(history.losses) == 3

    sgd = optim.SGD(model.parameters(), lr=0.05)
    history = fit(model, LINE, loss='mse', optimizer=sgd, epochs=9, callbacks=[watch], progress=False, compiled=True)
    assert (history.stopped, len(history.losses), history.steps, sgd.steps) == ('callback', 3, 3, 3)
    assert len(set(seen)) == 3
    assert seen[-1] == model.w[0].data


def test_callbacks_may_change_the_optimiser_and_the_parameters() -> None:
    found = []
    for compiled in (False, True):
        model = nn.Neuron(1, nonlin=False, generator=0)
        adam = optim.Adam(model.parameters(), lr=0.1)

        def change(history: History, adam: optim.Adam = adam, model: nn.Neuron = model) -> None:
            adam.lr = 0.1 / (1 + len(history.losses))
            model.b.data = 0.25

        fit(model, LINE, loss='mse', optimizer=adam, epochs=4, callbacks=[change], progress=False, compiled=compiled)
        found.append([p.data for p in model.parameters()])
    assert found[1] == pytest.approx(found[0], rel=CLOSE)


def test_ctrl_c_leaves_the_model_after_a_whole_number_of_steps() -> None:
    model = nn.Neuron(1, nonlin=False, generator=0)

    def interrupt(history: History) -> None:
        if len(history.losses) == 2:
            raise KeyboardInterrupt

    sgd = optim.SGD(model.parameters(), lr=0.05)
    history = fit(
        model,
        LINE,
        loss='mse',
        optimizer=sgd,
        epochs=9,
        batch_size=2,
        callbacks=[interrupt],
        progress=False,
        compiled=True,
    )
    assert (history.stopped, history.steps, sgd.steps, len(history.losses)) == ('interrupted', 8, 8, 2)
    again = nn.Neuron(1, nonlin=False, generator=0)
    sgd = optim.SGD(again.parameters(), lr=0.05)
    fit(again, LINE, loss='mse', optimizer=sgd, epochs=2, batch_size=2, progress=False, compiled=True)
    assert [p.data for p in model.parameters()] == [p.data for p in again.parameters()]


def test_ctrl_c_between_two_calls_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    from micrograd.compiler.epochs import NativeTraining

    monkeypatch.setattr(NativeTraining, 'steps_at_once', lambda self, size: 2)
    calls = []
    advance = NativeTraining.advance

    def interrupted(self: Any, *args: Any) -> Any:
        calls.append(args)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return advance(self, *args)

    monkeypatch.setattr(NativeTraining, 'advance', interrupted)
    model, sgd, history = trained(True, batch_size=2, epochs=9)
    assert (history.stopped, history.steps, sgd.steps, len(history.losses)) == ('interrupted', 4, 4, 1)
    monkeypatch.undo()
    again, _, _ = trained(True, batch_size=2, epochs=1)
    assert [p.data for p in model.parameters()] == [p.data for p in again.parameters()]


def test_the_same_bits_however_many_steps_go_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from micrograd.compiler.epochs import NativeTraining

    found = []
    for count in (1, 2, 5, 1000):
        monkeypatch.setattr(NativeTraining, 'steps_at_once', lambda self, size, count=count: count)
        model, _, history = trained(True, **CASES['moons'])
        found.append(([p.data for p in model.parameters()], history.losses, history.metrics, history.gradients))
    assert found[1:] == found[:-1]


def test_the_bar_counts_the_steps(capsys: pytest.CaptureFixture[str]) -> None:
    trained(True, progress=True)
    shown = capsys.readouterr().err
    assert '12/12' in shown
    assert 'epoch 4/4' in shown
    assert 'loss=' in shown


# What goes wrong -----------------------------------------------------------------------------------------------------


def test_divergence_is_the_same_error_at_the_same_step() -> None:
    found = []
    for compiled in (False, True):
        with pytest.raises(TrainingError) as caught:
            trained(compiled, optimizer=lambda ps: optim.SGD(ps, lr=1e6), sizes=(1, 1), epochs=99)
        found.append((str(caught.value), caught.value.history.steps, caught.value.history.stopped))
    assert found[0][1:] == found[1][1:]
    assert found[0][0].split(',')[0][:20] == found[1][0].split(',')[0][:20]


@pytest.mark.parametrize('bad', [nan, inf])
def test_a_bad_input_stops_before_its_step(bad: float) -> None:
    model = nn.Neuron(1, nonlin=False, generator=0)
    sgd = optim.SGD(model.parameters(), lr=0.1)
    with pytest.raises(TrainingError, match='epoch 1'):
        fit(model, [*LINE, ([bad], 1.0)], loss='mse', optimizer=sgd, progress=False, compiled=True)
    assert all(isfinite(p.data) for p in model.parameters())


def test_a_gate_that_is_shut_before_an_infinite_slope_stops_nothing() -> None:
    """0 * inf must not arise: the careful program has the last word."""
    w = Value(1.0)

    def model(x: Any) -> Any:
        return micrograd.where(x[0] > 0.0, micrograd.log(w * x[0]), 0.0 * w)

    found = []
    for compiled in (False, True):
        w.data = 1.0
        data = [([0.0], 1.0), ([1.0], 1.0), ([2.0], 0.0)]
        history = fit(model, data, loss='mse', optimizer=optim.SGD([w], lr=0.1), progress=False, compiled=compiled)
        assert history.compiled is compiled
        found.append(w.data)
    assert found[1] == pytest.approx(found[0], rel=CLOSE)


@pytest.mark.parametrize(
    ('options', 'error'),
    [
        ({'data': [([1.0], 1), ([0.0], 3)], 'loss': 'hinge', 'sizes': (1, 1)}, DataError),
        ({'data': [([1.0], 0), ([0.0], 7)], 'loss': 'cross_entropy', 'sizes': (1, 3)}, DataError),
        ({'data': [([1.0], 0), ([0.0], 1.5)], 'loss': 'cross_entropy', 'sizes': (1, 3)}, DataError),
        ({'data': [([1.0], 0.0), ([0.0], 2.0)], 'loss': 'bce', 'sizes': (1, 1)}, DataError),
    ],
    ids=range(4),
)
def test_targets_that_the_loss_refuses_are_refused(options: Any, error: Any) -> None:
    for compiled in (False, 'auto', True):
        with pytest.raises(error):
            trained(compiled, **options)


def test_what_cannot_be_compiled_is_trained_as_ever_or_said() -> None:
    model = nn.Neuron(1, nonlin=False, generator=0)

    def branching(x: Any) -> Any:
        z = model(x)
        return z if z > 0.0 else 0.1 * z

    sgd = optim.SGD(model.parameters(), lr=0.01)
    history = fit(branching, LINE, loss='mse', optimizer=sgd, epochs=1, progress=False)
    assert (history.compiled, history.steps) == (False, 1)
    assert 'where' in history.reason
    with pytest.raises(TracingError, match='where'):
        fit(branching, LINE, loss='mse', optimizer=sgd, epochs=1, progress=False, compiled=True)


def test_a_model_that_draws_random_numbers_is_not_frozen() -> None:
    model, generator = nn.Neuron(1, nonlin=False, generator=0), random.Random(0)

    def noisy(x: Any) -> Any:
        return model(x) + generator.random()

    sgd = optim.SGD(model.parameters(), lr=0.01)
    history = fit(noisy, LINE, loss='mse', optimizer=sgd, epochs=1, progress=False)
    assert not history.compiled
    assert 'random' in history.reason


def test_an_optimiser_that_makes_its_steps_itself() -> None:
    class Own(optim.SGD):
        def step(self) -> None:
            super().step()

    model = nn.Neuron(1, nonlin=False, generator=0)
    history = fit(model, LINE, loss='mse', optimizer=Own(model.parameters(), lr=0.01), epochs=1, progress=False)
    assert not history.compiled
    assert 'Own' in history.reason


def test_examples_of_several_shapes_are_trained_as_ever() -> None:
    w = Value(0.5)
    data = [([1.0], 1.0), ([1.0, 2.0], 1.0)]
    history = fit(lambda x: w * sum(x), data, loss='mse', optimizer=optim.SGD([w], lr=0.1), progress=False)
    assert not history.compiled


def test_a_loss_without_a_parameter_is_refused() -> None:
    model, other = nn.Neuron(1, generator=0), nn.Neuron(1, generator=1)
    for compiled in ('auto', True):
        with pytest.raises((ValueError, TracingError), match='does not depend'):
            fit(
                model, LINE, loss='mse', optimizer=optim.SGD(other.parameters(), lr=0.1), progress=False,
                compiled=compiled,
            )  # fmt: skip


@pytest.mark.parametrize('compiled', ['yes', None, 2])
def test_a_wish_that_is_none(compiled: Any) -> None:
    with pytest.raises(ValueError, match='compiled'):
        trained(compiled)


def test_a_schedule_that_fails_does_so_when_its_step_has_come() -> None:
    def schedule(step: int) -> float:
        if step == 5:
            raise RuntimeError('no more')
        return 0.01

    model = nn.Neuron(1, nonlin=False, generator=0)
    sgd = optim.SGD(model.parameters(), lr=schedule)
    with pytest.raises(RuntimeError, match='no more'):
        fit(model, LINE, loss='mse', optimizer=sgd, epochs=9, batch_size=3, progress=False, compiled=True)
    assert sgd.steps == 5


def test_metrics_of_ones_own_and_a_constant_output() -> None:
    w = Value(0.5)

    def model(x: Any) -> Any:
        return [w * x[0], w, 1.0]

    def loss(output: Any, y: Any) -> Any:
        return losses.mse(output[0], y)

    def third(output: Any, y: Any) -> float:
        return output[2].data + output[1].data * 0.0 + y * 0.0

    history = fit(
        model, LINE, loss=loss, optimizer=optim.SGD([w], lr=0.01), metrics=[third], progress=False, compiled=True
    )
    assert history.metrics == {'third': [1.0] * 10}


def test_binary_accuracy_by_hand() -> None:
    options = CASES['moons'] | {'metrics': [binary_accuracy(0.0)]}
    agree(options)


# Nothing is half done ------------------------------------------------------------------------------------------------


def test_divergence_leaves_everything_as_the_eager_steps_do() -> None:
    found = []
    for compiled in (False, True):
        w = Value(1.0)
        adam = optim.Adam([w], lr=0.1)
        data = [(1.0, 2.0)] * 6 + [(inf, 1.0)]
        with pytest.raises(TrainingError) as caught:
            fit(
                lambda x, w=w: w * x, data, loss='mse', optimizer=adam, epochs=4, batch_size=1, seed=1, progress=False,
                compiled=compiled,
            )  # fmt: skip
        history = caught.value.history
        found.append((w.data, w.grad, adam.steps, adam.state, history.steps, history.losses))
    assert found[1][0] == pytest.approx(found[0][0], rel=CLOSE)
    assert found[1][1:3] == (pytest.approx(found[0][1], rel=CLOSE), found[0][2])
    assert found[1][3] == {name: pytest.approx(numbers, rel=CLOSE) for name, numbers in found[0][3].items()}
    assert found[1][4:] == found[0][4:]


def test_epochs_that_were_complete_before_a_divergence_are_in_the_history() -> None:
    found = []
    for compiled in (False, True):
        with pytest.raises(TrainingError) as caught:
            trained(compiled, optimizer=lambda ps: optim.SGD(ps, lr=3.0), sizes=(1, 1), epochs=9999, loss='quadratic')
        found.append(caught.value.history)
    assert len(found[0].losses) > 2
    assert (len(found[1].losses), found[1].steps) == (len(found[0].losses), found[0].steps)


@pytest.mark.parametrize('error', [KeyboardInterrupt, ZeroDivisionError])
def test_an_interruption_as_a_call_of_the_machine_returns(monkeypatch: pytest.MonkeyPatch, error: Any) -> None:
    """The steps of that call count for nothing: neither the parameters nor the counters have them."""
    from micrograd.compiler.epochs import NativeTraining

    monkeypatch.setattr(NativeTraining, 'steps_at_once', lambda self, size: 4)
    calls = []
    run = NativeTraining._run

    def interrupted(self: Any, *args: Any) -> Any:
        steps = run(self, *args)
        calls.append(steps)
        if len(calls) == 3 + 2:  # three of them warm up
            raise error
        return steps

    monkeypatch.setattr(NativeTraining, '_run', interrupted)
    w = Value(0.0)
    sgd = optim.SGD([w], lr=1.0)
    options = {'loss': lambda a, y: a + 0.0 * y, 'epochs': 10, 'batch_size': None, 'progress': False, 'compiled': True}
    try:
        history = fit(lambda x: w * x, [(1.0, 0.0)] * 3, optimizer=sgd, **options)
        assert history.stopped == 'interrupted'
        assert (history.steps, len(history.losses)) == (4, 4)
    except ZeroDivisionError:
        assert error is ZeroDivisionError
    assert (w.data, sgd.steps) == (-4.0, 4)


def test_a_metric_that_raises_leaves_whole_steps() -> None:
    w = Value(0.0)
    sgd = optim.SGD([w], lr=1.0)
    calls = []

    def failing(output: Any, y: Any) -> float:
        calls.append(output)
        if len(calls) == 10:
            raise ZeroDivisionError
        return 0.0

    with pytest.raises(ZeroDivisionError):
        fit(
            lambda x: w * x, [(1.0, 0.0)] * 3, loss=lambda a, y: a + 0.0 * y, optimizer=sgd, epochs=9, batch_size=1,
            metrics=[failing], progress=False, compiled=True,
        )  # fmt: skip
    assert -w.data == sgd.steps


def test_metrics_see_the_parameters_of_their_epoch() -> None:
    w = Value(0.0)

    def weight(output: Any, y: Any) -> float:
        return w.data

    data = [(1.0, 1.0)] * 4
    history = fit(
        lambda x: w * x, data, loss='mse', optimizer=optim.SGD([w], lr=0.1), epochs=3,
        metrics=[weight], batch_size=None, progress=False, compiled=True,
    )  # fmt: skip
    assert history.metrics['weight'] == pytest.approx([0.0, 0.2, 0.36])


CHANGES: dict[str, Any] = {
    'a constant of the optimiser': lambda world: world['optimizer'].constants.update(weight_decay=0.5),
    'a number that the model captured': lambda world: world.update(scale=0.1),
    'the data': lambda world: world['data'][0][0].__setitem__(0, 5.0),
    'the parameters that are trained': lambda world: world['optimizer'].parameters.pop(),
    'a branch that it takes': lambda world: world.update(squared=True),
}


@pytest.mark.parametrize('change', CHANGES)
def test_what_a_callback_changes_is_obeyed(change: str) -> None:
    found = []
    for compiled in (False, True):
        w, v = Value(0.5), Value(0.25)
        world: dict[str, Any] = {'scale': 1.0, 'squared': False, 'data': [([1.0], 1.0), ([2.0], 0.0)]}
        world['optimizer'] = optim.SGD([w, v], lr=0.05)

        def model(x: Any, world: Any = world, w: Value = w, v: Value = v) -> Any:
            z = world['scale'] * (w * x[0] + v)
            return z * z if world['squared'] else z

        def callback(history: History, world: Any = world) -> None:
            if len(history.losses) == 1:
                CHANGES[change](world)

        history = fit(
            model, world['data'], loss='mse', optimizer=world['optimizer'], epochs=4, callbacks=[callback],
            progress=False, compiled=compiled,
        )  # fmt: skip
        found.append((w.data, v.data, history.losses))
    assert found[1][:2] == pytest.approx(found[0][:2], rel=CLOSE)
    assert found[1][2] == pytest.approx(found[0][2], rel=CLOSE)


class Looks:
    """A callback that notes what it sees."""

    def __init__(self, only: bool, w: Value):
        self.only_looks = only
        self.w, self.seen = w, list[float]()

    def __call__(self, history: History) -> None:
        self.seen.append(self.w.data)


@pytest.mark.parametrize(('looks', 'looked_through'), [((True, True), 0), ((True, False), 3), ((False,), 3)])
def test_callbacks_that_only_look_are_trusted(
    looks: tuple[bool, ...], looked_through: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    counted: list[NativeTraining] = []
    original = NativeTraining.is_current
    monkeypatch.setattr(NativeTraining, 'is_current', lambda self: counted.append(self) or original(self))
    model, reference = nn.Neuron(1, nonlin=False, generator=1), nn.Neuron(1, nonlin=False, generator=1)
    callbacks = [Looks(only, model.w[0]) for only in looks]
    eager = Looks(only=False, w=reference.w[0])
    for neuron, watchers, compiled in ((model, callbacks, True), (reference, [eager], False)):
        sgd = optim.SGD(neuron.parameters(), lr=0.1)
        fit(neuron, LINE, loss='mse', optimizer=sgd, epochs=4, callbacks=watchers, progress=False, compiled=compiled)
    assert len(counted) == looked_through
    for callback in callbacks:
        assert callback.seen == pytest.approx(eager.seen, rel=CLOSE)


def test_a_rule_that_selects_is_not_fooled_by_a_nan() -> None:
    class Descend(optim.Optimizer):
        def rule(self, o: Any, p: Any, g: Any, *, lr: Any) -> tuple[Any]:
            return (o.where(o.less(0.0, g), p - lr, p + lr),)

    w = Value(0.5)

    def model(x: Any) -> Any:
        return micrograd.where(micrograd.equal(x, 0.0), 1.0, w / x)

    sgd = Descend([w], lr=0.1)
    data = [(0.0, 0.0), (1.0, 0.0)]
    history = fit(model, data, loss='mse', optimizer=sgd, epochs=1, batch_size=None, progress=False, compiled=True)
    assert w.data == pytest.approx(0.4)
    assert history.gradients == {'parameters': [0.5]}


def test_validation_is_checked_and_may_be_of_any_shape() -> None:
    w = Value(0.5)
    options = {'optimizer': optim.SGD([w], lr=0.01), 'progress': False, 'compiled': True, 'epochs': 2}
    with pytest.raises(DataError):
        fit(lambda x: w * x, [(1.0, 1)], loss='hinge', validation=[(1.0, 0.5)], **options)
    ragged = [([1.0], 1.0), ([1.0, 2.0, 3.0], 1.0)]
    history = fit(
        lambda x: micrograd.sum([w * a for a in x]), [([1.0, 2.0], 1.0)], loss='mse', validation=ragged, **options
    )
    assert len(history.validation['loss']) == 2


def test_global_randomness_is_noticed_and_put_back() -> None:
    w = Value(0.5)
    state = random.getstate()
    history = fit(
        lambda x: w * x + 0.0 * random.random(), [(1.0, 1.0)], loss='mse', optimizer=optim.SGD([w], lr=0.1), epochs=1,
        progress=False,
    )  # fmt: skip
    assert not history.compiled
    after = random.getstate()
    random.setstate(state)
    random.random()
    assert random.getstate() == after


def test_a_class_that_holds_its_compiled_functions() -> None:
    class Trainer:
        def __init__(self) -> None:
            self.model = nn.MLP(2, [3, 1], generator=0)
            self.scale = Value(1.0)
            self.predict = micrograd.compile(self.model)
            self.fast = micrograd.compile_cost(self.cost)

        def cost(self, x: Any, y: Any) -> Any:
            return (self.model(x) * self.scale - y) ** 2

    trainer = Trainer()
    trainer.predict([[1.0, 2.0]])
    assert isfinite(trainer.fast([[1.0, 2.0]], [1.0]).data)
