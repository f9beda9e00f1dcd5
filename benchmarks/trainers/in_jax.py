"""JAX: a step compiled by `jit`, or all the steps as one `lax.scan`; in float32 or float64, on one thread."""

from functools import partial
from time import perf_counter
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from trainers.problems import Problem, Trained, flat, matrices

jax.config.update('jax_enable_x64', True)
jax.config.update('jax_cpu_enable_async_dispatch', False)  # on one thread there is nobody to hand the work to


class Jax:
    """What both ways share: data and parameters as arrays, and the step.

    Args:
        problem: what is trained.
        dtype: of all the arrays.
    """

    def __init__(self, problem: Problem, dtype: str):
        self._problem = problem
        order = problem.order()
        shape = problem.steps, problem.batch, -1
        self._X = jnp.array(np.array(problem.inputs)[order].reshape(shape), dtype)
        self._Y = jnp.array(np.array(problem.targets)[order].reshape(shape), dtype)
        layers = matrices(np.array(problem.parameters), problem.sizes)
        self._first = [(jnp.array(W, dtype), jnp.array(b, dtype)) for W, b in layers]
        self._step = partial(_step, problem)

    def train(self, steps: int) -> Trained:
        """Train from the first parameters on; the first time compiles, and does not count."""
        self._run(steps)
        start = perf_counter()
        layers, losses = self._run(steps)
        jax.block_until_ready((layers, losses))
        return Trained(perf_counter() - start, [float(loss) for loss in losses], flat(layers))

    def _run(self, steps: int) -> tuple[Any, Any]:
        raise NotImplementedError


class Jit(Jax):
    """A call for each step."""

    def __init__(self, problem: Problem, dtype: str):
        super().__init__(problem, dtype)
        self._compiled = jax.jit(self._step)
        self._batches = list(zip(self._X, self._Y, strict=True))

    def _run(self, steps: int) -> tuple[Any, Any]:
        layers, losses = self._first, []
        for step in range(steps):
            layers, loss = self._compiled(layers, self._batches[step % len(self._batches)])
            losses.append(loss)
        return layers, losses


class Scan(Jax):
    """One call for all the steps, at most an epoch for mini-batches."""

    def __init__(self, problem: Problem, dtype: str):
        super().__init__(problem, dtype)
        self._compiled = jax.jit(self._scan, static_argnums=2)

    def _scan(self, layers: Any, data: tuple[Any, Any], repeats: int) -> tuple[Any, Any]:
        if self._problem.steps > 1:
            return jax.lax.scan(self._step, layers, data)
        batch = jax.tree.map(lambda array: array[0], data)
        return jax.lax.scan(lambda carry, _: self._step(carry, batch), layers, length=repeats)

    def _run(self, steps: int) -> tuple[Any, Any]:
        count = min(steps, self._problem.steps) if self._problem.steps > 1 else steps
        layers, losses = self._first, []
        for _ in range(steps // count):
            layers, found = self._compiled(layers, (self._X[:count], self._Y[:count]), count)
            losses.append(found)
        return layers, jnp.concatenate(losses)


def _step(problem: Problem, layers: Any, batch: tuple[Any, Any]) -> tuple[Any, Any]:
    loss, gradients = jax.value_and_grad(_loss, argnums=1)(problem, layers, batch)
    return jax.tree.map(lambda p, g: p - problem.learning_rate * g, layers, gradients), loss


def _loss(problem: Problem, layers: Any, batch: tuple[Any, Any]) -> Any:
    X, Y = batch
    *hidden, (W, b) = layers
    if problem.name == 'moons':
        for V, c in hidden:
            X = jax.nn.relu(X @ V.T + c)
        squares = sum(jnp.vdot(p, p) for p in jax.tree.leaves(layers))
        return jax.nn.relu(1.0 - Y * (X @ W.T + b)).mean() + problem.l2 * squares
    for V, c in layers:
        X = jax.nn.sigmoid(X @ V.T + c)
    return ((X - Y) ** 2).sum() / (2 * len(X))
