"""The steps of a training, many to a call of the machine, over one epoch or several."""

from __future__ import annotations

from math import ceil
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from micrograd.compiler.epochs import NativeTraining, Steps
from micrograd.context import no_grad
from micrograd.optim import Optimizer

if TYPE_CHECKING:
    from micrograd.training import Run, Show


class Stream:
    """Some epochs of a training, made natively.

    Args:
        run: the training.
        native: its program.
        first: the epoch to begin with, counted from 1.
        last: the last one. Several epochs go through the machine at once only where nobody looks at the model
            between them.
        show: shows progress.
    """

    def __init__(self, run: Run, native: NativeTraining, first: int, last: int, show: Show):
        self._run = run
        self._native = native
        self._first = first
        self._last = last
        self._show = show
        self._steps_an_epoch = ceil(len(run.examples) / run.size)
        self._totals = np.empty((0, 1 + len(run.metrics)))  # for each step those of loss and metrics over its examples
        self._closed = self._made = 0  # epochs in the history; steps
        self._drawn = 0  # epochs whose order is drawn …
        self._orders: list[np.ndarray] = []  # … and the orders of those that are not over

    def run(self) -> int:
        """Make the steps, and write the history; how many epochs were made."""
        total = self._steps_an_epoch * (self._last - self._first + 1)
        self._start = perf_counter()
        self._native.begin()
        try:
            while self._made < total:
                self._make(self._numbers(total - self._made))
        finally:
            self._finish()
            self._close()
        return self._closed

    def _examples(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """The examples of the next steps, as indices, one step after another; and where each step ends."""
        all_of_them, size = len(self._run.examples), self._run.size
        if self._steps_an_epoch == 1:
            return np.tile(np.arange(size), count), size * np.arange(1, count + 1)
        steps = np.arange(self._made, self._made + count + 1)
        bounds = steps // self._steps_an_epoch * all_of_them + steps % self._steps_an_epoch * size
        while self._drawn * all_of_them < bounds[-1]:
            self._orders.append(np.array(self._run.order(), dtype=np.int64))
            self._drawn += 1
        before = (self._drawn - len(self._orders)) * all_of_them
        order = np.concatenate(self._orders)[bounds[0] - before : bounds[-1] - before]
        done = int(bounds[-1] - before) // all_of_them
        self._orders = self._orders[done:]
        return order, bounds[1:] - bounds[0]

    def _numbers(self, most: int) -> np.ndarray:
        """What the optimiser's rule is given at each of the next steps, a row each: as many as are made at once."""
        optimizer, count = self._run.optimizer, min(most, self._native.steps_at_once(self._run.size))
        if type(optimizer).numbers is Optimizer.numbers and not optimizer.is_scheduled:
            return np.full((count, 1), optimizer.lr)
        done = optimizer.steps
        found: list[list[float]] = []
        try:
            for optimizer.steps in range(done, done + count):
                found.append(list(optimizer.numbers().values()))
        except Exception:  # a schedule that fails does so when its step has come
            if not found:
                raise
        finally:
            optimizer.steps = done
        return np.array(found)

    def _make(self, numbers: np.ndarray) -> None:
        """The next steps."""
        order, ends = self._examples(len(numbers))
        made = self._native.advance(order, ends, numbers)
        if made is None:
            self._make_eagerly(order, ends)
        else:
            self._note(made, order, ends)
        self._made += len(ends)
        self._report(len(ends))
        if self._last > self._first:
            self._close()

    def _report(self, steps: int) -> None:
        """Show progress: the epoch of the latest step, and its means so far."""
        latest = self._made - 1
        number = latest % self._steps_an_epoch + 1
        examples = min(number * self._run.size, len(self._run.examples))
        totals = self._totals[len(self._totals) - number :].sum(axis=0)
        means = dict(zip(self._columns(), (totals / examples).tolist(), strict=True))
        self._show(self._first + latest // self._steps_an_epoch, means, steps)

    def _note(self, made: Steps, order: np.ndarray, ends: np.ndarray) -> None:
        sizes = np.diff(ends, prepend=0)
        totals = (made.losses * sizes)[:, None]
        if made.outputs is not None:
            totals = np.concatenate([totals, self._measured(made.outputs, order, ends)], axis=1)
        self._native.commit()
        self._totals = np.concatenate([self._totals, totals])
        self._run.optimizer.steps += len(ends)
        self._run.history.add_steps(dict(zip(self._run.layers, made.gradients.T.tolist(), strict=True)), len(ends))

    def _measured(self, outputs: np.ndarray, order: np.ndarray, ends: np.ndarray) -> np.ndarray:
        """For each step the totals of the metrics over its examples."""
        rows = [
            self._run.metrics_of(self._native.output(numbers), self._run.examples[i][1])
            for numbers, i in zip(outputs.tolist(), order.tolist(), strict=True)
        ]
        return np.add.reduceat(np.array(rows), np.r_[0, ends[:-1]], axis=0)

    def _make_eagerly(self, order: np.ndarray, ends: np.ndarray) -> None:
        """Steps where something is not finite: made as ever, so that the error is the usual one."""
        self._finish()
        for i, indices in enumerate(np.split(order, ends[:-1]), self._made):
            batch = [self._run.examples[j] for j in indices.tolist()]
            epoch, number = self._first + i // self._steps_an_epoch, i % self._steps_an_epoch + 1
            means = self._run.step_means(batch, f'in epoch {epoch}, step {number}')
            self._totals = np.concatenate([self._totals, [np.array(list(means.values())) * len(batch)]])
        self._native.begin()

    def _columns(self) -> list[str]:
        return ['loss', *self._run.metrics]

    def _finish(self) -> None:
        try:
            self._native.finish()
        except KeyboardInterrupt:  # the parameters are either those before or those after, never some of each
            self._native.finish()
            raise

    def _close(self) -> None:
        """Write the epochs that are complete into the history."""
        complete = len(self._totals) // self._steps_an_epoch
        if not complete:
            return
        kept, self._totals = np.split(self._totals, [complete * self._steps_an_epoch])
        means = kept.reshape(complete, self._steps_an_epoch, len(self._columns())).sum(axis=1) / len(self._run.examples)
        validation = self._run.evaluate()
        seconds = (perf_counter() - self._start) / complete
        columns = dict(zip(self._columns(), means.T.tolist(), strict=True))
        self._run.history.add_epochs(columns, {name: [number] for name, number in validation.items()}, seconds)
        self._start = perf_counter()
        self._closed += complete


def evaluated(run: Run, native: NativeTraining) -> dict[str, float] | None:
    """The means over the validation data, computed natively; None if their shape is another."""
    found = native.evaluated(run.held_out)
    if found is None:
        return None
    losses, outputs = found
    measured: list[Any] = [losses.mean()]
    if run.metrics:
        with no_grad():
            rows = [
                run.metrics_of(native.output(numbers), y)
                for numbers, (_, y) in zip(outputs.tolist(), run.held_out, strict=True)
            ]
        measured += list(np.array(rows).mean(axis=0))
    return dict(zip(['loss', *run.metrics], map(float, measured), strict=True))
