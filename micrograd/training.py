"""Training: mini-batches over epochs, with progress, a history, and a model that is never left half updated."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from math import ceil, isfinite
from random import Random
from reprlib import repr as short
from time import perf_counter
from typing import TYPE_CHECKING, Any, SupportsIndex

from micrograd import anomaly, flow, losses
from micrograd.checks import count, random_generator
from micrograd.collector import collector_paused
from micrograd.context import no_grad
from micrograd.engine import Value
from micrograd.errors import TrainingError
from micrograd.examples import Example, pairs
from micrograd.graph import topological
from micrograd.history import History
from micrograd.metrics import Loss, Metric, accuracy_beside, binary_accuracy, categorical_accuracy, plain
from micrograd.operations import VALUES
from micrograd.optim import Optimizer

if TYPE_CHECKING:
    from micrograd.compiler.epochs import NativeTraining

__all__ = ['History', 'binary_accuracy', 'categorical_accuracy', 'collector_paused', 'fit']

Model = Callable[[Any], Any]
Callback = Callable[['History'], Any]
Show = Callable[[int, Mapping[str, float], int], None]


# Training --------------------------------------------------------------------------------------------------------


def fit(
    model: Model,
    data: Any,
    *,
    loss: str | Loss,
    optimizer: Optimizer,
    epochs: SupportsIndex = 10,
    batch_size: SupportsIndex | None = 10,
    seed: int | Random = 0,
    metrics: Iterable[str | Metric] = (),
    validation: Any = None,
    callbacks: Iterable[Callback] = (),
    progress: bool = True,
    compiled: str | bool = 'auto',
    detect_anomaly: bool = False,
) -> History:
    """Train a model by gradient descent on mini-batches.

    In every epoch the examples are shuffled and divided into mini-batches; for each of these the gradient of the mean
    loss of its examples is computed, and the optimiser takes one step.

    Ctrl-C ends the training, not the program: the model is as it was after the last completed step, and the History
    comes back, marked 'interrupted'. So it is whatever goes wrong: no step is left half done.

    Args:
        model: a Module, or any function of one input. What is trained are the optimiser's parameters.
        data: a Dataset or a tuple (inputs, targets); or anything that yields pairs (x, y), a list, a zip, a generator,
            which is read once, at the beginning.
        loss: the loss of one example, (output, target) -> Value; or the name of one in micrograd.losses.
        optimizer: one from micrograd.optim, over the parameters of the model.
        epochs: how often each example is seen.
        batch_size: examples a mini-batch; the last one of an epoch may have fewer. None, or a number that is not below
            theirs, is all of them at once, in their own order.
        seed: of the shuffling; an integer, or a generator to draw from. The same seed gives the same bits.
        metrics: what else to average over the examples: functions (output, target) -> number, or the name 'accuracy'.
            That is `categorical_accuracy` for several outputs, and `binary_accuracy` for a single one, with the
            threshold that belongs to the loss: 0 for hinge, squared_hinge and bce_with_logits, 0.5 for bce. During an
            epoch the outputs are those from which the steps are computed: metrics cost no second evaluation.
        validation: data to measure loss and metrics on at the end of each epoch, in any of the forms of `data`.
        callbacks: functions that receive the History at the end of each epoch; one that returns True, nothing else,
            ends the training. It may change the optimiser too: `lambda history: setattr(optimizer, 'lr', …)`. So after
            each epoch compiled steps are compared with what the model and the loss are by then, which can take longer
            than the epoch; where every callback has an attribute `only_looks` that is true, they are trusted instead.
        progress: whether to show a progress bar, with loss and metrics of the epoch so far, on stderr.
        compiled: whether the steps are made natively, many at once: the same steps, to rounding, in a small part of
            the time. 'auto' does so where it can, and `history.compiled` says whether it did. Then the model is called
            on symbols, before the first step, the loss besides on each different target; and the parameters come back
            at the end of each epoch in which somebody looks (a callback, a metric, validation), or of all. See
            `compile`.
        detect_anomaly: whether the first nan or inf is an error that names the operation and the line that made it,
            see `micrograd.detect_anomaly`. The steps then are not made natively, and take several times as long.

    Returns:
        The History.

    Raises:
        TrainingError: the loss, or a parameter after a step, would be nan or infinite; the message names epoch and
            step, counted from 1. The parameters are as they were before, and `error.history` is the History so far.
        AnomalyError: under `detect_anomaly`, an operation gave nan or inf, or a gradient would be.
        DataError: there are no examples, as many inputs as targets are not there, or an example is no pair.
        ValueError: the loss does not depend on any of the optimiser's parameters, a name is not known, or
            `detect_anomaly` is asked for together with `compiled=True`.
        TypeError: an argument has another type.
        TracingError: `compiled` is True, and the model, the loss or the optimiser cannot be compiled.

    >>> from micrograd import nn, optim
    >>> model = nn.Neuron(1, nonlin=False, generator=0)
    >>> sgd = optim.SGD(model.parameters(), lr=0.1)
    >>> history = fit(model, [([0.0], 1.0), ([1.0], 3.0)], loss='mse', optimizer=sgd, epochs=300, progress=False)
    >>> print(f'{model.w[0]:.2f} x + {model.b:.2f}, {history.steps} steps')
    2.00 x + 1.00, 300 steps

    Source: the function SGD in Nielsen, Neural Networks and Deep Learning, chapter 1, and the algorithm in chapter 2,
    "The backpropagation algorithm".
    """
    examples = pairs(data, 'data')
    function = losses.by_name(loss)
    run = Run(
        model=model,
        loss=function,
        metrics=_metrics(metrics, function),
        optimizer=_optimizer(optimizer),
        examples=examples,
        held_out=[] if validation is None else pairs(validation, 'validation'),
        size=len(examples) if batch_size is None else min(count(batch_size, 'batch_size'), len(examples)),
        generator=random_generator(seed),
        callbacks=_callbacks(callbacks),
    )
    wish = _compiled(compiled)
    if not detect_anomaly:
        return run.train(count(epochs, 'epochs'), progress, wish)
    if wish is True:
        raise ValueError('detect_anomaly looks at every Value, and a native program has none. Right: compiled=False')
    with anomaly.detect_anomaly():
        return run.train(count(epochs, 'epochs'), progress, False)


@dataclass(kw_only=True)
class Run:
    """One training: what belongs to it, and the history that it makes."""

    model: Model
    loss: Loss
    metrics: dict[str, Metric]
    optimizer: Optimizer
    examples: list[Example]
    held_out: list[Example]
    size: int
    generator: Random
    callbacks: list[Callback]
    native: 'NativeTraining | None' = None

    def __post_init__(self) -> None:
        self.history = History(metrics={name: [] for name in self.metrics})
        self.layers = flow.layers(self.model, self.optimizer.parameters)
        if self.held_out:
            self.history.validation = {name: [] for name in ('loss', *self.metrics)}

    def train(self, epochs: int, progress: bool, compiled: str | bool) -> History:
        """All the epochs, or as many as there come to be."""
        steps = ceil(len(self.examples) / self.size)
        with _progress_bar(epochs, steps, progress) as show:
            try:
                self.compile(compiled)
                self.history.stopped = self.go_through(epochs, show)
            except KeyboardInterrupt:
                self.history.stopped = 'interrupted'
        return self.history

    def compile(self, wish: str | bool) -> None:
        """Make the steps a native program, if that is wished, and, where it is left open, if it can be done."""
        if wish is False:
            return
        try:
            self.native = self.made_native()
        except Exception as error:  # the eager steps will say what is wrong, if anything is
            if wish is True:
                raise
            self.history.reason = str(error)
        self.history.compiled = self.native is not None

    def renew(self, native: 'NativeTraining') -> None:
        """Compile again, if a callback has changed what was compiled."""
        try:
            with collector_paused():
                is_current = native.is_current()
        except Exception:  # noqa: BLE001 - what is wrong with it now, compiling anew will say
            is_current = False
        if not is_current:
            self.native = None
            self.compile('auto')

    def made_native(self) -> 'NativeTraining':
        """The program of a step."""
        from micrograd.compiler.epochs import NativeTraining  # which needs NumPy

        with collector_paused():
            native = NativeTraining(
                self.model,
                self.loss,
                self.optimizer,
                self.layers,
                self.examples,
                size=self.size,
                wants_outputs=bool(self.metrics),
            )
        self.metrics_of(native.example_output(), self.examples[0][1])  # a metric that fails does so before any step
        return native

    def go_through(self, epochs: int, show: Show) -> str:
        """The epochs, one after another; why there are no more."""
        epoch = 1
        while epoch <= epochs:
            epoch += self.learn_some(epoch, epochs, show)
            answers = [callback(self.history) for callback in self.callbacks]
            if any(answer is True for answer in answers):
                return 'callback'
            if self.native and epoch <= epochs and not all(getattr(f, 'only_looks', False) for f in self.callbacks):
                self.renew(self.native)
        return 'finished'

    def learn_some(self, epoch: int, epochs: int, show: Show) -> int:
        """One epoch, or several where nobody looks at the model in between; how many."""
        if self.native is None:
            start = perf_counter()
            means = self.learn(f'epoch {epoch}', partial(show, epoch))
            self.history.add(means, self.evaluate(), perf_counter() - start)
            return 1
        from micrograd.compiler.stream import Stream  # which needs NumPy

        is_watched = bool(self.callbacks or self.held_out or self.metrics)
        return Stream(self, self.native, epoch, epoch if is_watched else epochs, show).run()

    def learn(self, epoch: str, show: Callable[[dict[str, float], int], None]) -> dict[str, float]:
        """One epoch: a step for each mini-batch. Returns the means over the examples."""
        tally = _Tally()
        for number, batch in enumerate(self.mini_batches(self.order()), 1):
            with collector_paused():
                self.step(batch, tally, f'in {epoch}, step {number}')
            show(tally.means(), 1)
        return tally.means()

    def order(self) -> list[int]:
        """The examples of an epoch, as indices: shuffled, unless all of them make one step."""
        indices = range(len(self.examples))
        if self.size == len(self.examples):
            return list(indices)
        return sorted(indices, key=lambda _: self.generator.random())

    def mini_batches(self, order: list[int]) -> list[list[Example]]:
        """The examples in that order, divided."""
        return [[self.examples[i] for i in order[at : at + self.size]] for at in range(0, len(order), self.size)]

    def step(self, batch: list[Example], tally: '_Tally', where: str) -> None:
        """Forward, backward, and the optimiser's step, for one mini-batch."""
        outputs = [self.model(x) for x, _ in batch]
        costs = [self.cost(output, y) for output, (_, y) in zip(outputs, batch, strict=True)]
        loss = VALUES.mean(costs)
        if not isfinite(loss.data):
            raise self.diverged(f'the loss is {loss.data} {where}')
        for output, (_, y), cost in zip(outputs, batch, costs, strict=True):
            tally.add(self.measured(output, y, cost))
        self.optimizer.zero_grad()
        loss.backward()
        self.check_connected(loss)
        self.update(where)

    def step_means(self, batch: list[Example], where: str) -> dict[str, float]:
        """A step, and the means over its examples."""
        tally = _Tally()
        with collector_paused():
            self.step(batch, tally, where)
        return tally.means()

    def cost(self, output: Any, target: Any) -> Value:
        cost = self.loss(output, target)
        if isinstance(cost, Value):
            return cost
        raise TypeError(
            f'the loss of an example should be a Value, not {type(cost).__name__}: {short(cost)}. '
            'Wrong: lambda output, y: (output.data - y) ** 2. Right: lambda output, y: (output - y) ** 2'
        )

    def measured(self, output: Any, target: Any, cost: Value) -> dict[str, float]:
        """The numbers that are averaged over the examples."""
        return {'loss': cost.data} | dict(zip(self.metrics, self.metrics_of(output, target), strict=True))

    def metrics_of(self, output: Any, target: Any) -> list[float]:
        """Each metric for one example."""
        with no_grad():
            return [plain(f(output, target)) for f in self.metrics.values()]

    def check_connected(self, loss: Value) -> None:
        """At the first step: that the loss depends on something which the optimiser trains."""
        parameters = self.optimizer.parameters
        if self.history.steps or any(p.grad for p in parameters):
            return
        trained = {id(p) for p in parameters}
        if trained.isdisjoint(map(id, topological([loss]))):
            raise ValueError(
                "the loss does not depend on any of the optimiser's parameters, so nothing would be learnt. Was the "
                'optimiser made for another model, does a number (.data, detach(), no_grad()) stand where a Value '
                'should? Right: fit(model, …, optimizer=SGD(model.parameters(), lr=0.1))'
            )

    def update(self, where: str) -> None:
        """The optimiser's step: all of it, or, if anything comes between, nothing."""
        parameters = self.optimizer.parameters
        numbers, state = [p.data for p in parameters], self.optimizer.state_dict()
        gradients = flow.mean_sizes(self.layers)
        try:
            self.optimizer.step()
            for i, p in enumerate(parameters):
                if not isfinite(p.data):
                    raise self.diverged(
                        f'the gradient of parameter {i} is {p.grad} {where}, which would make it {p.data}'
                    )
            self.history.add_step(gradients)
        except BaseException:
            for p, number in zip(parameters, numbers, strict=True):
                p.data = number
            self.optimizer.load_state_dict(state)
            raise

    def diverged(self, what: str) -> TrainingError:
        self.history.stopped = 'diverged'
        return TrainingError(
            f'{what}. The model is as it was before that step. Often the learning rate is too high, the inputs are far '
            'from 0 (see data.standardise) or hold a nan, or the loss takes a logarithm of 0',
            self.history,
        )

    def evaluate(self) -> dict[str, float]:
        """The means over the validation data, with the parameters as they are now."""
        if self.native and self.held_out:
            from micrograd.compiler.stream import evaluated  # which needs NumPy

            found = evaluated(self, self.native)
            if found is not None:
                return found
        tally = _Tally()
        with no_grad():
            for x, y in self.held_out:
                output = self.model(x)
                tally.add(self.measured(output, y, self.cost(output, y)))
        return tally.means()


class _Tally:
    """Means over examples, which come one by one."""

    def __init__(self) -> None:
        self.totals: dict[str, float] = {}
        self.examples = 0

    def add(self, measured: Mapping[str, float]) -> None:
        self.examples += 1
        for name, number in measured.items():
            self.totals[name] = self.totals.get(name, 0.0) + number

    def means(self) -> dict[str, float]:
        return {name: total / self.examples for name, total in self.totals.items()}


@contextmanager
def _progress_bar(epochs: int, steps: int, shown: bool) -> Iterator[Show]:
    """What is to be called after some steps, with the epoch, its means so far, and how many steps."""
    if not shown:
        yield lambda epoch, means, steps: None
        return
    from tqdm import tqdm  # loaded when first needed

    with tqdm(total=epochs * steps, unit='step', dynamic_ncols=True) as bar:

        def show(epoch: int, means: Mapping[str, float], steps: int) -> None:
            bar.set_description(f'epoch {epoch}/{epochs}', refresh=False)
            bar.set_postfix({name: f'{mean:.4f}' for name, mean in means.items()}, refresh=False)
            bar.update(steps)

        yield show


# Arguments -------------------------------------------------------------------------------------------------------


def _optimizer(optimizer: Any) -> Optimizer:
    if not isinstance(optimizer, Optimizer):
        what = short(optimizer) if isinstance(optimizer, str | type) else type(optimizer).__name__
        raise TypeError(
            f"optimizer should be an optimiser over the model's parameters, not {what}. Wrong: optimizer='sgd', "
            'optimizer=SGD. Right: optimizer=SGD(model.parameters(), lr=0.1)'
        )
    return optimizer


def _metrics(metrics: Any, loss: Loss) -> dict[str, Metric]:
    """The metrics by name."""
    named: dict[str, Metric] = {}
    for metric in _listed(metrics, 'metrics'):
        function = accuracy_beside(loss) if isinstance(metric, str) and metric == 'accuracy' else metric
        if not callable(function):
            kind = ValueError if isinstance(metric, str) else TypeError
            raise kind(f"a metric should be 'accuracy', or a function (output, target) -> number, not {short(metric)}")
        name = str(getattr(function, '__name__', type(function).__name__))
        if name in named or name == 'loss':
            raise ValueError(f'two columns of the history would be called {name!r}; give the metric a name of its own')
        named[name] = function
    return named


def _callbacks(callbacks: Any) -> list[Callback]:
    functions = _listed(callbacks, 'callbacks')
    for function in functions:
        if not callable(function):
            raise TypeError(f'a callback should be a function of the History, not {short(function)}')
    return functions


def _compiled(compiled: Any) -> str | bool:
    if compiled == 'auto' or isinstance(compiled, bool):
        wish: str | bool = compiled
        return wish
    raise ValueError(f"compiled is True, False or 'auto', not {short(compiled)}")


def _listed(things: Any, name: str) -> list[Any]:
    if isinstance(things, str) or callable(things) or not isinstance(things, Iterable):
        raise TypeError(f'{name} should be a list, if only of one: {name}=[…], not {name}={short(things)}')
    return list(things)
