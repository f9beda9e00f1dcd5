"""This checkout: the network neuron by neuron, and `fit(compiled=True)`."""

from time import perf_counter
from typing import Any

from micrograd import flow, losses, nn, optim
from micrograd.training import fit
from trainers.problems import SEED, Problem, Trained

ACTIVATIONS = {'moons': {}, 'digits': {'activation': 'sigmoid', 'output': 'sigmoid'}}


def network(problem: Problem) -> nn.MLP:
    """The network with the first parameters."""
    nin, *sizes = problem.sizes
    model = nn.MLP(nin, sizes, **ACTIVATIONS[problem.name])
    for p, number in zip(model.parameters(), problem.parameters, strict=True):
        p.data = number
    return model


def loss_of(problem: Problem, model: nn.MLP) -> Any:
    """The loss of one example."""
    if problem.name == 'digits':
        return losses.quadratic
    parameters = model.parameters()
    return lambda a, y: losses.hinge(a, y) + problem.l2 * sum(p * p for p in parameters)


def targets(problem: Problem) -> list[Any]:
    """The targets as the losses take them."""
    return [y[0] if len(y) == 1 else y for y in problem.targets]


class Fit:
    """The training that a user writes."""

    def __init__(self, problem: Problem):
        self._problem = problem

    def train(self, steps: int) -> Trained:
        """Train from the first parameters on; the seconds are those of the epochs as the History has them."""
        problem = self._problem
        model = network(problem)
        history = fit(
            model,
            (problem.inputs, targets(problem)),
            loss=loss_of(problem, model),
            optimizer=optim.SGD(model.parameters(), lr=problem.learning_rate),
            epochs=steps // problem.steps,
            batch_size=problem.batch,
            seed=SEED,
            progress=False,
            compiled=True,
        )
        return Trained(sum(history.times), history.losses, [p.data for p in model.parameters()])


class Steps:
    """The same steps without `fit` around them: the program is made once, and is warm when it is timed."""

    def __init__(self, problem: Problem):
        from micrograd.compiler.epochs import NativeTraining

        self._problem = problem
        self._model = network(problem)
        self._optimizer = optim.SGD(self._model.parameters(), lr=problem.learning_rate)
        layers = flow.layers(self._model, self._optimizer.parameters)
        pairs = list(zip(problem.inputs, targets(problem), strict=True))
        loss = loss_of(problem, self._model)
        self._native = NativeTraining(
            self._model, loss, self._optimizer, layers, pairs, size=problem.batch, wants_outputs=False
        )

    def train(self, steps: int) -> Trained:
        """Train from the first parameters on."""
        import numpy as np

        problem, parameters = self._problem, self._model.parameters()
        for p, number in zip(parameters, problem.parameters, strict=True):
            p.data = number
        order = np.tile(problem.order(), steps // problem.steps)
        ends = np.arange(1, steps + 1) * problem.batch
        self._native.begin()
        start = perf_counter()
        made = self._native.advance(order, ends, np.full((steps, 1), problem.learning_rate))
        self._native.commit()
        seconds = perf_counter() - start
        self._native.finish()
        return Trained(seconds, made.losses.tolist(), [p.data for p in parameters])
