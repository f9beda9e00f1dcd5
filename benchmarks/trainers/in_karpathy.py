"""karpathy/micrograd: his demo, a few steps of it."""

import random
import sys
from importlib import import_module
from time import perf_counter

import peers
import programs

from trainers.problems import Problem, Trained


class Karpathy:
    """A scalar graph for each step, as eager.py builds it."""

    def __init__(self, problem: Problem):
        if problem.name != 'moons':
            raise ValueError(f'this peer trains moons only: {problem.name} would take it hours')
        self._problem = problem
        sys.path.insert(0, str(peers.SIDE_FOLDER / 'karpathy'))
        self._value, self._nn = import_module('micrograd.engine').Value, import_module('micrograd.nn')

    def train(self, steps: int) -> Trained:
        """Train from the first parameters on."""
        random.seed(programs.MOONS_SEED)
        size, *sizes = self._problem.sizes
        model, data, losses = self._nn.MLP(size, sizes), programs.moons(), []
        start = perf_counter()
        for _ in range(steps):
            loss = programs.loss(model, data, self._value, self._value.relu)
            model.zero_grad()
            loss.backward()
            for p in model.parameters():
                p.data -= self._problem.learning_rate * p.grad
            losses.append(loss.data)
        return Trained(perf_counter() - start, losses, [p.data for p in model.parameters()])
