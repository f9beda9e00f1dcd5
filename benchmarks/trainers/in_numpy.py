"""By hand with NumPy: a mini-batch as a matrix, and one example at a time as in the chapter's code."""

from time import perf_counter
from typing import Any

import numpy as np

from trainers.problems import Problem, Trained, flat, matrices

Array = Any
Layers = list[tuple[Array, Array]]


class Matrices:
    """The whole mini-batch at once, in buffers that are made once."""

    def __init__(self, problem: Problem):
        self._problem = problem
        order = problem.order()
        self._X = np.array(problem.inputs)[order]
        self._Y = np.array(problem.targets)[order]
        self._gradients = matrices(np.array(problem.parameters), problem.sizes)
        self._activations = [np.empty((problem.batch, size)) for size in problem.sizes[1:]]
        self._steps = {'moons': self._moons, 'digits': self._digits}[problem.name]

    def train(self, steps: int) -> Trained:
        """Train from the first parameters on."""
        problem = self._problem
        layers, losses = matrices(np.array(problem.parameters), problem.sizes), []
        start = perf_counter()
        for step in range(steps):
            at = step % problem.steps * problem.batch
            losses.append(self._steps(layers, self._X[at : at + problem.batch], self._Y[at : at + problem.batch]))
        return Trained(perf_counter() - start, list(map(float, losses)), flat(layers))

    def _moons(self, layers: Layers, X: Array, Y: Array) -> Array:
        problem = self._problem
        A, (hidden, hidden_2, score) = X, self._activations
        for (W, b), out in zip(layers, self._activations, strict=True):
            np.matmul(A, W.T, out=out)
            out += b
            A = np.maximum(out, 0.0, out=out) if out is not score else out
        margin = 1.0 - Y * score
        loss = np.maximum(margin, 0.0).sum() / problem.batch
        loss += problem.l2 * sum(np.vdot(W, W) + np.vdot(b, b) for W, b in layers)
        delta = np.where(margin > 0.0, Y * (-1.0 / problem.batch), 0.0)
        for i, A in ((2, hidden_2), (1, hidden), (0, X)):
            W, b = layers[i]
            dW, db = self._gradients[i]
            np.matmul(delta.T, A, out=dW)
            np.sum(delta, axis=0, out=db)
            if i:
                delta = (delta @ W) * (A > 0.0)
            self._update(W, dW)
            self._update(b, db)
        return loss

    def _update(self, p: Array, gradient: Array) -> None:
        p *= 1.0 - 2.0 * self._problem.l2 * self._problem.learning_rate
        gradient *= self._problem.learning_rate
        p -= gradient

    def _digits(self, layers: Layers, X: Array, Y: Array) -> Array:
        (W1, b1), (W2, b2) = layers
        (dW1, _), (dW2, _) = self._gradients
        rate = self._problem.learning_rate / len(X)
        A1 = 1.0 / (1.0 + np.exp(-(X @ W1.T + b1)))
        A2 = 1.0 / (1.0 + np.exp(-(A1 @ W2.T + b2)))
        error = A2 - Y
        loss = 0.5 * np.vdot(error, error) / len(X)
        delta2 = error * A2 * (1.0 - A2) * rate
        delta1 = (delta2 @ W2) * A1 * (1.0 - A1)
        W2 -= np.matmul(delta2.T, A1, out=dW2)
        b2 -= delta2.sum(axis=0)
        W1 -= np.matmul(delta1.T, X, out=dW1)
        b1 -= delta1.sum(axis=0)
        return loss


class Examples:
    """Nielsen's network one example at a time, on column vectors, as the program of his first chapter goes about it."""

    def __init__(self, problem: Problem):
        self._problem = problem
        order = problem.order()
        columns = [[np.array(row)[:, None] for row in rows] for rows in (problem.inputs, problem.targets)]
        self._pairs = [(columns[0][i], columns[1][i]) for i in order]

    def train(self, steps: int) -> Trained:
        """Train from the first parameters on."""
        problem = self._problem
        layers = [(W, b[:, None]) for W, b in matrices(np.array(problem.parameters), problem.sizes)]
        losses = []
        start = perf_counter()
        for step in range(steps):
            at = step % problem.steps * problem.batch
            layers, loss = self._step(layers, self._pairs[at : at + problem.batch])
            losses.append(loss)
        return Trained(perf_counter() - start, losses, flat([(W, b[:, 0]) for W, b in layers]))

    def _step(self, layers: Layers, batch: list[tuple[Array, Array]]) -> tuple[Layers, float]:
        rate = self._problem.learning_rate / len(batch)
        totals = [(np.zeros(W.shape), np.zeros(b.shape)) for W, b in layers]
        loss = 0.0
        for x, y in batch:
            gradients, cost = _backprop(layers, x, y)
            totals = [(W + dW, b + db) for (W, b), (dW, db) in zip(totals, gradients, strict=True)]
            loss += cost / len(batch)
        moved = [(W - rate * dW, b - rate * db) for (W, b), (dW, db) in zip(layers, totals, strict=True)]
        return moved, loss


def _sigmoid(z: Array) -> Array:
    return 1.0 / (1.0 + np.exp(-z))


def _backprop(layers: Layers, x: Array, y: Array) -> tuple[Layers, float]:
    """The four equations of chapter 2 for one example."""
    activations, zs = [x], []
    for W, b in layers:
        zs.append(np.dot(W, activations[-1]) + b)
        activations.append(_sigmoid(zs[-1]))
    error = activations[-1] - y
    delta, gradients = error, []
    for i in range(len(layers) - 1, -1, -1):
        a = _sigmoid(zs[i])
        delta = (delta if i == len(layers) - 1 else np.dot(layers[i + 1][0].T, delta)) * a * (1 - a)
        gradients.append((np.dot(delta, activations[i].T), delta))
    return gradients[::-1], 0.5 * float((error * error).sum())
