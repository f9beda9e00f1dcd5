"""fit(): the algorithm, what it records, how it ends, what it refuses; and that it leaves nothing behind."""

import gc
import io
import pickle
import random
import sys
import threading
from contextlib import redirect_stderr
from math import inf, isnan, nan
from subprocess import run

import numpy as np
import pytest

from micrograd import Value, losses, nn, no_grad, optim
from micrograd.data import Dataset, blobs, moons
from micrograd.errors import DataError, TrainingError
from micrograd.node import Node
from micrograd.operations import VALUES
from micrograd.training import History, binary_accuracy, categorical_accuracy, collector_paused, fit

LINE = [([float(x)], 2.0 * x + 1.0) for x in range(-3, 4)]  # y = 2x + 1, seven examples


def neuron(seed=0):
    return nn.Neuron(1, nonlin=False, generator=seed)


def learn(model, data=LINE, **options):
    settings = {
        'loss': 'mse', 'optimizer': optim.SGD(model.parameters(), lr=0.05), 'epochs': 3, 'batch_size': 3,
        'progress': False, 'compiled': False,
    }  # fmt: skip
    return fit(model, data, **settings | options)


def numbers(model):
    return [p.data for p in model.parameters()]


# The algorithm -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize('kind', [optim.SGD, optim.Adam])
def test_a_full_batch_is_the_loop_by_hand_bit_for_bit(kind):
    by_hand, fitted = nn.MLP(2, [4, 1], generator=0), nn.MLP(2, [4, 1], generator=0)
    data = moons(12, seed=0)
    optimizer, losses_by_hand = kind(by_hand.parameters(), lr=0.1), []
    for _ in range(5):
        loss = VALUES.mean([losses.bce_with_logits(by_hand(x), t) for x, t in zip(*data, strict=True)])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses_by_hand.append(loss.data)
    options = {'loss': 'bce_with_logits', 'optimizer': kind(fitted.parameters(), lr=0.1), 'epochs': 5}
    history = learn(fitted, data, batch_size=None, **options)
    assert history.losses == losses_by_hand
    assert numbers(fitted) == numbers(by_hand)


def test_mini_batches_are_shuffled_and_hold_each_example_once_an_epoch():
    seen = []
    model = neuron()

    def spy(x):
        seen.append(x[0])
        return model(x)

    learn_with = optim.SGD(model.parameters(), lr=0.01)
    fit(spy, LINE, loss='mse', optimizer=learn_with, epochs=4, batch_size=3, progress=False, compiled=False)
    epochs = [seen[i : i + 7] for i in range(0, len(seen), 7)]
    assert [sorted(epoch) for epoch in epochs] == [[x for (x,), _ in LINE]] * 4
    assert len({tuple(epoch) for epoch in epochs}) == 4


def test_each_step_descends_the_mean_over_its_own_examples():
    """Seven examples by threes: the last mini-batch has one, and its mean is that one."""
    gradients = []

    class Recorder(optim.SGD):
        def step(self):
            gradients.append(self.parameters[0].grad)

    w = Value(0.0)
    history = fit(lambda x: w * x, [(1.0, 1.0)] * 7, loss=lambda a, y: a * y, optimizer=Recorder([w], lr=1.0),
                  epochs=2, batch_size=3, progress=False)  # fmt: skip
    assert gradients == pytest.approx([1.0] * 6)
    assert history.steps == 6


@pytest.mark.parametrize(('batch_size', 'steps'), [(1, 7), (3, 3), (7, 1), (100, 1), (None, 1), (np.int64(4), 2)])
def test_steps_an_epoch(batch_size, steps):
    assert learn(neuron(), batch_size=batch_size, epochs=2).steps == 2 * steps


def test_batches_of_all_examples_keep_their_order_however_they_are_asked_for():
    histories = [learn(neuron(), batch_size=size, epochs=4) for size in (None, 7, 100)]
    assert histories[0] == histories[1] == histories[2]


def test_the_same_seed_gives_the_same_bits_and_another_one_others():
    first, again, other, generator = neuron(), neuron(), neuron(), neuron()
    assert learn(first, seed=5) == learn(again, seed=5) == learn(generator, seed=random.Random(5))
    assert learn(other, seed=6).losses != learn(neuron(), seed=5).losses
    assert numbers(first) == numbers(again) == numbers(generator) != numbers(other)


def test_global_randomness_is_neither_used_nor_touched():
    random.seed(1)
    expected = random.random()
    random.seed(1)
    learn(neuron())
    assert random.random() == expected


def test_it_learns_a_line_and_three_classes():
    model = neuron()
    learn(model, epochs=200)
    assert numbers(model) == pytest.approx([2.0, 1.0], abs=1e-6)
    layer = nn.Layer(2, 3, nonlin=False, generator=0)
    adam = optim.Adam(layer.parameters(), lr=0.1)
    clouds = blobs(30, centers=3, seed=1)
    history = learn(layer, clouds, loss='cross_entropy', metrics=['accuracy'], epochs=15, optimizer=adam)
    assert history.metrics['accuracy'][0] < history.metrics['accuracy'][-1] == 1.0


# Data --------------------------------------------------------------------------------------------------------------

X, Y = [x for x, _ in LINE], [y for _, y in LINE]


@pytest.mark.parametrize(
    'data',
    [
        (X, Y),
        Dataset(X, Y),
        list(zip(X, Y, strict=True)),
        [[x, y] for x, y in LINE],
        zip(X, Y, strict=True),
        (pair for pair in LINE),
        (np.array(X), np.array(Y)),
        zip(np.array(X), np.array(Y), strict=True),
        (iter(X), iter(Y)),
        (tuple(map(tuple, X)), tuple(Y)),
    ],
    ids=['tuple', 'Dataset', 'list', 'lists', 'zip', 'generator', 'arrays', 'rows', 'iterators', 'tuples'],
)
def test_data_in_any_form_is_the_same_data(data):
    assert learn(neuron(), data) == learn(neuron())


def test_the_data_is_left_as_it_is():
    data = [([1.0], 2.0), ([3.0], 4.0), ([5.0], 6.0)]
    learn(neuron(), data, batch_size=2)
    assert data == [([1.0], 2.0), ([3.0], 4.0), ([5.0], 6.0)]


@pytest.mark.parametrize(
    ('data', 'error', 'says'),
    [
        ([], DataError, 'no example in data'),
        (([], []), DataError, 'no example in data'),
        (iter(()), DataError, 'generator was used up'),
        ((X, Y[:-1]), DataError, 'data has 7 inputs and 6 targets'),
        ((X, Y, Y), DataError, 'has 3 entries'),
        (([1.0], 2.0), TypeError, r'data\[1\] should list examples'),
        ((X, 'labels'), TypeError, r'data\[1\] should list examples in order, not be str'),
        ([([1.0], 2.0), 5.0], DataError, r'data\[1\] should be a pair \(x, y\), not float: 5.0'),
        ([([1.0], 2.0, 3.0)], DataError, r'data\[0\] should be a pair'),
        (['ab'], DataError, r'data\[0\] should be a pair \(x, y\), not str'),
        (np.ones((2, 3)), DataError, r'data\[0\] should be a pair'),
        ([X, Y], DataError, r'data\[0\] should be a pair.*Right: fit\(model, \(X, y\)'),
        ({1.0: 2.0}, TypeError, 'data should list examples in order, not be dict'),
        ({(1.0, 2.0)}, TypeError, 'not be set'),
        ('data.csv', TypeError, "not be str: 'data.csv'"),
        (None, TypeError, 'not be NoneType'),
        (3, TypeError, 'not be int'),
    ],
)
def test_data_that_is_none(data, error, says):
    model = neuron()
    before = numbers(model)
    with pytest.raises(error, match=says):
        learn(model, data)
    assert numbers(model) == before


def test_validation_data_is_held_to_the_same():
    with pytest.raises(DataError, match=r'validation\[0\] should be a pair'):
        learn(neuron(), validation=[1.0])
    with pytest.raises(DataError, match='no example in validation'):
        learn(neuron(), validation=[])


# What is recorded --------------------------------------------------------------------------------------------------


def test_the_loss_of_an_epoch_is_the_mean_over_examples_as_they_came():
    w = Value(0.0)
    history = fit(lambda x: w + x, [(float(x), 0.0) for x in range(7)], loss=lambda a, y: a, epochs=2, batch_size=3,
                  optimizer=optim.SGD([w], lr=0.5), progress=False)  # fmt: skip
    assert history.losses == pytest.approx([(21 - 3 * 0.5 - 1 * 1.0) / 7, (21 - 3 * 1.5 - 3 * 2.0 - 1 * 2.5) / 7])


def test_metrics_are_means_over_examples_and_may_be_anything_that_is_a_number():
    def distance(output, target):
        return abs(output - target)

    def is_large(output, target):
        return output > target

    class Always:
        def __call__(self, output, target):
            return np.float32(1.0)

    model = neuron()
    history = learn(
        model, metrics=[distance, losses.mse, is_large, Always()], optimizer=optim.SGD(model.parameters(), lr=0.0)
    )
    assert list(history.metrics) == ['distance', 'mse', 'is_large', 'Always']
    assert history.metrics['mse'] == pytest.approx(history.losses)
    assert history.metrics['Always'] == [1.0, 1.0, 1.0]
    assert history.metrics['is_large'][0] == sum(model(x).data > y for x, y in LINE) / 7
    mean = sum(abs(model(x).data - y) for x, y in LINE) / 7
    assert history.metrics['distance'] == pytest.approx([mean] * 3)


def test_metrics_see_the_outputs_from_which_the_steps_are_computed():
    calls = []
    model = neuron()

    def spy(x):
        calls.append(x)
        return model(x)

    fit(spy, LINE, loss='mse', optimizer=optim.SGD(model.parameters(), lr=0.1), epochs=2, batch_size=3,
        metrics=[losses.mse], progress=False, compiled=False)  # fmt: skip
    assert len(calls) == 2 * len(LINE)


def test_validation_is_measured_at_the_end_of_each_epoch():
    model = neuron()
    held_out, expected = [([10.0], 21.0), ([20.0], 41.0)], []

    def measure(history):
        with no_grad():
            expected.append(sum(losses.mse(model(x), y).data for x, y in held_out) / 2)

    history = learn(model, validation=held_out, callbacks=[measure], metrics=[losses.quadratic], batch_size=2)
    assert history.validation['loss'] == pytest.approx(expected)
    assert history.validation['quadratic'] == pytest.approx([loss / 2 for loss in expected])
    assert list(history.validation) == ['loss', 'quadratic']


def test_validation_and_metrics_build_no_graph():
    seen = []

    def metric(output, y):
        seen.append((output * 2.0)._prev)
        return 0.0

    def loss(output, y):
        if y == 41.0:
            seen.append(output._prev)
        return losses.mse(output, y)

    learn(neuron(), loss=loss, metrics=[metric], validation=[([20.0], 41.0)], epochs=1)
    assert seen == [()] * 9


def test_validation_changes_nothing():
    plain, validated = neuron(), neuron()
    assert learn(plain).losses == learn(validated, validation=LINE).losses
    assert numbers(plain) == numbers(validated)


def test_the_history_counts():
    history = learn(neuron(), epochs=4)
    assert len(history.losses) == len(history.times) == 4
    assert (history.steps, history.stopped, history.metrics, history.validation) == (12, 'finished', {}, {})
    assert all(seconds > 0 for seconds in history.times)


def test_the_history_shows_itself():
    history = History(
        losses=[1.0, 0.5], metrics={'accuracy': [0.5, 0.97]}, validation={'loss': [2.0, 1.5], 'accuracy': [0.25, 0.5]},
        times=[1.0, 2.0], steps=20, stopped='interrupted',
    )  # fmt: skip
    assert str(history).splitlines() == [
        'epoch      loss  accuracy  validation loss  validation accuracy',
        '    1         1       0.5                2                 0.25',
        '    2       0.5      0.97              1.5                  0.5',
        'interrupted after 2 epochs and 20 steps',
    ]
    assert repr(history) == (
        'History(2 epochs, 20 steps, loss=0.5, accuracy=0.97, validation loss=1.5, validation accuracy=0.5, '
        'interrupted)'
    )


def test_a_history_without_and_with_many_epochs():
    empty = History(metrics={'accuracy': []}, steps=1)
    assert repr(empty) == 'History(0 epochs, 1 step, going on)'
    assert str(empty).splitlines() == ['epoch      loss  accuracy', 'going on after 0 epochs and 1 step']
    lines = str(History(losses=[1.0] * 1000)).splitlines()
    assert len(lines) == 12
    assert [lines[1].split()[0], lines[-2].split()[0]] == ['1', '1000']
    assert len(str(History(losses=[1.0])).splitlines()) == 3


def test_histories_are_equal_whatever_their_times_and_can_be_stored():
    history = learn(neuron(), metrics=[losses.mse], validation=LINE)
    twin = pickle.loads(pickle.dumps(history))
    assert twin == history
    twin.times[0] += 1.0
    assert twin == history
    twin.losses[0] += 1.0
    assert twin != history


# Accuracy ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('threshold', 'output', 'target', 'expected'),
    [
        (0.0, 0.3, 1, 1.0), (0.0, 0.3, -1, 0.0), (0.0, 0.3, 0, 0.0), (0.0, -0.3, -1, 1.0), (0.0, -0.3, 0, 1.0),
        (0.5, 0.3, 0, 1.0), (0.5, 0.3, 1, 0.0), (0.5, 0.7, 1, 1.0), (0.0, 0.0, 1, 0.0), (0.0, Value(2.0), True, 1.0),
        (2.0, 3.0, 1, 1.0), (-2.0, -1.0, 0, 0.0),
    ],
)  # fmt: skip
def test_binary_accuracy(threshold, output, target, expected):
    assert binary_accuracy(threshold)(output, target) == expected


@pytest.mark.parametrize(
    ('target', 'expected'),
    [
        (1, 1.0),
        (0, 0.0),
        (1.0, 1.0),
        ([0, 1, 0], 1.0),
        ([1, 0, 0], 0.0),
        (np.int64(1), 1.0),
        (np.array([0, 1, 0]), 1.0),
    ],
)
def test_categorical_accuracy(target, expected):
    assert categorical_accuracy([Value(0.1), Value(0.7), 0.2], target) == expected


@pytest.mark.parametrize(
    ('loss', 'targets', 'outputs', 'expected'),
    [
        ('hinge', (-1, 1), (-0.1, 0.1), 1.0),
        ('squared_hinge', (-1, 1), (-0.1, -0.1), 0.5),
        (losses.bce_with_logits, (0, 1), (-0.1, 0.1), 1.0),
        ('bce', (0, 1), (0.4, 0.6), 1.0),
        ('bce', (0, 1), (0.6, 0.6), 0.5),
    ],
)
def test_the_name_accuracy_knows_where_the_loss_draws_the_line(loss, targets, outputs, expected):
    shift = Value(0.0)
    history = fit(lambda x: x + shift, (outputs, targets), loss=loss, metrics=['accuracy'], epochs=1,
                  optimizer=optim.SGD([shift], lr=0.1), progress=False)  # fmt: skip
    assert history.metrics == {'accuracy': [expected]}


def test_the_name_accuracy_asks_where_it_does_not_know():
    model = neuron()
    before = numbers(model)
    with pytest.raises(ValueError, match=r'Right: metrics=\[binary_accuracy\(0.5\)\]'):
        learn(model, metrics=['accuracy'])
    assert numbers(model) == before


# How it ends -------------------------------------------------------------------------------------------------------


def test_a_callback_sees_the_history_and_may_end_the_training():
    seen = []

    def watch(history):
        seen.append((len(history.losses), history.stopped))
        return len(seen) == 2

    others = []
    history = learn(neuron(), epochs=10, callbacks=[watch, others.append])
    assert seen == [(1, ''), (2, '')]
    assert (history.stopped, len(history.losses)) == ('callback', 2)
    assert others == [history, history]


@pytest.mark.parametrize('answer', [None, False, 1, 'yes', 0.0])
def test_only_true_ends_the_training(answer):
    assert learn(neuron(), callbacks=[lambda history: answer]).stopped == 'finished'


def test_a_callback_may_change_the_learning_rate():
    model = neuron()
    sgd = optim.SGD(model.parameters(), lr=0.05)
    history = learn(model, optimizer=sgd, callbacks=[lambda history: setattr(sgd, 'lr', 0.0)])
    assert history.losses[0] != history.losses[1]
    assert history.losses[1] == pytest.approx(history.losses[2])


class Interrupting(optim.Adam):
    """Is interrupted in the middle of its nth step: some parameters are changed, some are not."""

    at = 5

    def step(self):
        if self.steps + 1 < self.at:
            super().step()
            return
        self.state[self.memory[0]] = [nan] * len(self.parameters)
        self.parameters[0].data += 1.0
        raise KeyboardInterrupt


def reference(steps):
    """The numbers of a model after so many steps of Adam."""
    model = neuron()
    states = []

    class Recording(optim.Adam):
        def step(self):
            super().step()
            states.append(([p.data for p in self.parameters], self.state_dict()['state']))

    learn(model, optimizer=Recording(model.parameters(), lr=0.05), epochs=3)
    return states[steps - 1]


def test_ctrl_c_in_the_middle_of_a_step_leaves_the_model_at_the_step_before():
    model = neuron()
    optimizer = Interrupting(model.parameters(), lr=0.05)
    history = learn(model, optimizer=optimizer, metrics=[losses.mse], validation=LINE)
    assert (history.stopped, history.steps, len(history.losses)) == ('interrupted', 4, 1)
    assert len(history.metrics['mse']) == len(history.validation['loss']) == len(history.times) == 1
    assert (numbers(model), optimizer.state_dict()['state']) == reference(4)


@pytest.mark.parametrize('where', ['model', 'loss', 'metric', 'callback', 'validation'])
def test_ctrl_c_anywhere_gives_the_history(where):
    model = neuron()
    counts = dict.fromkeys(('model', 'loss', 'metric', 'callback', 'validation'), 0)

    def interrupt(here, at):
        counts[here] += 1
        if here == where and counts[here] == at:
            raise KeyboardInterrupt

    def spy(x):
        interrupt('validation' if x[0] > 50 else 'model', 1 if x[0] > 50 else 12)
        return model(x)

    def loss(output, y):
        interrupt('loss', 12)
        return losses.mse(output, y)

    def metric(output, y):
        interrupt('metric', 12)
        return 1.0

    history = fit(
        spy, LINE, loss=loss, optimizer=optim.Adam(model.parameters(), lr=0.05), epochs=3, batch_size=3,
        metrics=[metric], validation=[([100.0], 1.0)], callbacks=[lambda history: interrupt('callback', 1)],
        progress=False,
    )  # fmt: skip
    assert history.stopped == 'interrupted'
    assert 0 < history.steps < 9
    assert numbers(model) == reference(history.steps)[0]
    assert gc.isenabled()
    assert (Value(1.0) + 1.0)._prev, 'no_grad still holds'


@pytest.mark.parametrize('bad', [nan, inf, -inf])
def test_a_loss_that_is_no_number_stops_before_its_step(bad):
    model = neuron()
    steps = []

    class Recording(optim.SGD):
        def step(self):
            super().step()
            steps.append(numbers(model))

    def loss(output, y):
        return losses.mse(output, y) * (bad if len(steps) == 4 else 1.0)

    with pytest.raises(TrainingError, match=f'the loss is {bad} in epoch 2, step 2') as caught:
        learn(model, loss=loss, optimizer=Recording(model.parameters(), lr=0.05), metrics=[losses.mse])
    assert numbers(model) == steps[-1]
    history = caught.value.history
    assert (history.steps, history.stopped, len(history.losses)) == (4, 'diverged', 1)
    assert isinstance(caught.value, ArithmeticError)


def test_a_gradient_that_is_no_number_is_not_stepped_along():
    w, v = Value(0.0), Value(1.0)
    adam = optim.Adam([v, w], lr=0.1)
    state = adam.state_dict()
    with pytest.raises(TrainingError, match=r'the gradient of parameter 1 is inf in epoch 1, step 1, .* make it nan'):
        fit(lambda x: v + VALUES.sqrt(w * x), [(1.0, 0.0)], loss=lambda a, y: a, optimizer=adam, progress=False)
    assert (w.data, v.data, adam.state_dict()) == (0.0, 1.0, state)


def test_divergence_is_noticed():
    model = neuron()
    with pytest.raises(TrainingError, match='learning rate is too high') as caught:
        learn(model, optimizer=optim.SGD(model.parameters(), lr=1e3), epochs=1000)
    assert all(map(np.isfinite, numbers(model)))
    assert all(map(np.isfinite, caught.value.history.losses))


def test_a_validation_loss_that_is_nan_is_recorded():
    history = learn(neuron(), validation=[([nan], 1.0)])
    assert isnan(history.validation['loss'][-1])
    assert history.stopped == 'finished'


# What it refuses ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ('options', 'error', 'says'),
    [
        ({'loss': 'mean'}, ValueError, "no loss 'mean'; there are bce, bce_with_logits"),
        ({'loss': '__doc__'}, ValueError, 'no loss'),
        ({'loss': None}, TypeError, 'a name, or a function'),
        ({'loss': lambda output, y: (output.data - y) ** 2}, TypeError, 'should be a Value, not float'),
        ({'loss': lambda output, y: [output]}, TypeError, 'should be a Value, not list'),
        ({'optimizer': 'sgd'}, TypeError, r"not 'sgd'\. .*Right: optimizer=SGD\(model"),
        ({'optimizer': optim.SGD}, TypeError, 'not <class '),
        ({'optimizer': [Value(1.0)]}, TypeError, 'not list'),
        ({'epochs': 0}, DataError, 'epochs should be at least 1, not 0'),
        ({'epochs': 1.5}, TypeError, 'epochs should be an integer'),
        ({'batch_size': 0}, DataError, 'batch_size should be at least 1'),
        ({'batch_size': 2.0}, TypeError, 'batch_size should be an integer'),
        ({'seed': None}, TypeError, 'seed should be an integer'),
        ({'metrics': 'accuracy'}, TypeError, r"metrics=\[…\], not metrics='accuracy'"),
        ({'metrics': losses.mse}, TypeError, r'metrics=\[…\]'),
        ({'metrics': ['f1']}, ValueError, "'accuracy', or a function .* not 'f1'"),
        ({'metrics': [3]}, TypeError, 'not 3'),
        ({'metrics': [losses.mse, losses.mse]}, ValueError, "would be called 'mse'"),
        ({'metrics': None}, TypeError, 'metrics should be a list'),
        ({'callbacks': print}, TypeError, r'callbacks=\[…\]'),
        ({'callbacks': ['stop']}, TypeError, "a callback should be a function of the History, not 'stop'"),
        ({'optimizer': optim.SGD(neuron(1).parameters(), lr=0.1)}, ValueError, 'does not depend on any'),
    ],
)
def test_arguments_that_are_refused(options, error, says):
    model = neuron()
    before = numbers(model)
    with pytest.raises(error, match=says):
        learn(model, **options)
    assert numbers(model) == before
    assert gc.isenabled()


def test_a_metric_called_loss_is_refused():
    def loss(output, target):
        return 0.0

    with pytest.raises(ValueError, match="would be called 'loss'"):
        learn(neuron(), metrics=[loss])


def test_training_without_a_graph_is_refused():
    model = neuron()
    with no_grad(), pytest.raises(ValueError, match='does not depend on any'):
        learn(model)
    with pytest.raises(ValueError, match='does not depend on any'):
        fit(
            lambda x: model(x).detach(),
            LINE,
            loss='mse',
            optimizer=optim.SGD(model.parameters(), lr=0.1),
            progress=False,
        )


def test_a_first_gradient_of_zero_is_none_of_that():
    """A dead unit, or a margin that is kept: there is nothing to learn, but it is the right model."""
    w = Value(-1.0)
    history = fit(lambda x: (w * x).relu(), [(1.0, 0.0)], loss='mse', optimizer=optim.SGD([w], lr=0.1), progress=False)
    assert (w.data, history.stopped) == (-1.0, 'finished')


def test_errors_of_the_program_pass_through_and_leave_the_collector_on():
    def broken(x):
        raise ZeroDivisionError

    model = neuron()
    with pytest.raises(ZeroDivisionError):
        fit(broken, LINE, loss='mse', optimizer=optim.SGD(model.parameters(), lr=0.1), progress=False)
    assert gc.isenabled()


# What it leaves behind ---------------------------------------------------------------------------------------------


def live_nodes():
    return sum(issubclass(type(thing), Node) for thing in gc.get_objects())  # isinstance asks for __class__


def test_no_graph_survives():
    """Without the collector: everything is freed as soon as the step is done."""
    model = nn.MLP(2, [4, 1], generator=0)
    optimizer = optim.Adam(model.parameters())
    gc.collect()
    before = live_nodes()
    counts = []
    with collector_paused():
        history = learn(
            model, moons(20), loss='bce_with_logits', optimizer=optimizer, metrics=['accuracy'], validation=moons(10),
            callbacks=[lambda history: counts.append(live_nodes())],
        )  # fmt: skip
        after = live_nodes()
    assert [*counts, after] == [before] * 4
    assert history.steps == 21


def test_the_collector_rests_during_a_step_and_only_then():
    states = []
    model = neuron()

    def spy(x):
        states.append(gc.isenabled())
        return model(x)

    between = []
    fit(spy, LINE, loss='mse', optimizer=optim.SGD(model.parameters(), lr=0.1), epochs=1, compiled=False,
        progress=False, callbacks=[lambda history: between.append(gc.isenabled())])  # fmt: skip
    assert (set(states), between, gc.isenabled()) == ({False}, [True], True)


def test_a_collector_that_was_off_stays_off():
    gc.disable()
    try:
        with collector_paused():
            pass
        learn(neuron())
        assert not gc.isenabled()
    finally:
        gc.enable()
    with pytest.raises(ValueError, match='inside'), collector_paused():
        raise ValueError('inside')
    assert gc.isenabled()


def test_threads_train_side_by_side():
    expected = learn(neuron(), epochs=20)
    histories = {}
    threads = [threading.Thread(target=lambda i=i: histories.update({i: learn(neuron(), epochs=20)})) for i in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(histories.values()) == [expected] * 3
    assert gc.isenabled()


# Progress ----------------------------------------------------------------------------------------------------------


def test_the_bar_shows_epoch_loss_and_metrics_on_stderr(capsys):
    learn(neuron(), metrics=[losses.mse], progress=True)
    out, err = capsys.readouterr()
    assert out == ''
    assert 'epoch 3/3: 100%' in err
    assert '9/9' in err
    assert 'loss=' in err
    assert 'mse=' in err


def test_without_progress_there_is_nothing_to_see():
    with redirect_stderr(io.StringIO()) as err:
        learn(neuron())
    assert err.getvalue() == ''


def test_nothing_is_loaded_that_is_not_needed():
    program = """
import sys
from micrograd import nn, optim, training
model = nn.Neuron(1, generator=0)
sgd = optim.SGD(model.parameters(), lr=0.1)
training.fit(model, [([1.0], 1.0)], loss='mse', optimizer=sgd, progress=False, compiled=False)
print([name for name in ('tqdm', 'matplotlib', 'numpy') if name in sys.modules])
"""
    assert run([sys.executable, '-c', program], capture_output=True, check=True, text=True).stdout == '[]\n'
