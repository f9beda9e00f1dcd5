"""The steps of a training, many to a call of the machine, over one epoch or several."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from math import ceil
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from micrograd.compiler.epochs import NativeTraining, Steps
from micrograd.context import no_grad
from micrograd.optim import Optimizer

if TYPE_CHECKING:
    from micrograd.training import Run, Show


@dataclass(frozen=True)
class _Planned:
    """A step that is to come.

    Args:
        epoch: counted from 1.
        number: of the step in its epoch, counted from 1.
        examples: the indices of its examples.
    """

    epoch: int
    number: int
    examples: np.ndarray


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
        self._closed = 0

    def run(self) -> int:
        """Make the steps, and write the history; how many epochs were made."""
        planned = self._planned()
        self._start = perf_counter()
        self._native.begin()
        try:
            while numbers := self._numbers():
                steps = list(islice(planned, len(numbers)))
                if not steps:
                    break
                self._make(steps, np.array(numbers[: len(steps)]))
        finally:
            self._finish()
        return self._close()

    def _planned(self) -> Iterator[_Planned]:
        order = np.arange(len(self._run.examples))
        for epoch in range(self._first, self._last + 1):
            if self._steps_an_epoch > 1:
                order = np.array(self._run.order(), dtype=np.int64)
            for number, at in enumerate(range(0, len(order), self._run.size), 1):
                yield _Planned(epoch, number, order[at : at + self._run.size])

    def _numbers(self) -> list[list[float]]:
        """What the optimiser's rule is given at each of the next steps, as many as are to be made at once."""
        optimizer, count = self._run.optimizer, self._native.steps_at_once(self._run.size)
        count = min(count, self._steps_an_epoch * (self._last - self._first + 1))
        if type(optimizer).numbers is Optimizer.numbers and not optimizer.is_scheduled:
            return [list(optimizer.numbers().values())] * count
        done, found = optimizer.steps, []
        try:
            for optimizer.steps in range(done, done + count):
                found.append(list(optimizer.numbers().values()))
        except Exception:  # a schedule that fails does so when its step has come
            if not found:
                raise
        finally:
            optimizer.steps = done
        return found

    def _make(self, planned: list[_Planned], numbers: np.ndarray) -> None:
        order = np.concatenate([step.examples for step in planned])
        ends = np.cumsum([len(step.examples) for step in planned], dtype=np.int64)
        made = self._native.advance(order, ends, numbers)
        if made is None:
            self._make_eagerly(planned)
        else:
            self._note(made, order, ends)
        latest = planned[-1]
        self._show(latest.epoch, self._means_so_far(latest), len(planned))
        if self._last > self._first:
            self._close()

    def _note(self, made: Steps, order: np.ndarray, ends: np.ndarray) -> None:
        sizes = np.diff(ends, prepend=0)
        totals = (made.losses * sizes)[:, None]
        if made.outputs is not None:
            totals = np.concatenate([totals, self._measured(made.outputs, order, ends)], axis=1)
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

    def _make_eagerly(self, planned: list[_Planned]) -> None:
        """Steps where something is not finite: made as ever, so that the error is the usual one."""
        self._finish()
        for step in planned:
            batch = [self._run.examples[i] for i in step.examples]
            means = self._run.step_means(batch, f'in epoch {step.epoch}, step {step.number}')
            self._totals = np.concatenate([self._totals, [np.array(list(means.values())) * len(batch)]])
        self._native.begin()

    def _means_so_far(self, latest: _Planned) -> dict[str, float]:
        """Of the epoch that is under way."""
        totals = self._totals[len(self._totals) - latest.number :].sum(axis=0)
        examples = (latest.number - 1) * self._run.size + len(latest.examples)
        return dict(zip(self._columns(), (totals / examples).tolist(), strict=True))

    def _columns(self) -> list[str]:
        return ['loss', *self._run.metrics]

    def _finish(self) -> None:
        try:
            self._native.finish()
        except KeyboardInterrupt:  # the parameters are either those before or those after, never some of each
            self._native.finish()
            raise

    def _close(self) -> int:
        """Write the epochs that are complete into the history; how many there are by now."""
        complete = len(self._totals) // self._steps_an_epoch
        kept, self._totals = np.split(self._totals, [complete * self._steps_an_epoch])
        means = kept.reshape(complete, self._steps_an_epoch, len(self._columns())).sum(axis=1) / len(self._run.examples)
        validation = self._run.evaluate()
        seconds = (perf_counter() - self._start) / max(complete, 1)
        columns = dict(zip(self._columns(), means.T.tolist(), strict=True))
        self._run.history.add_epochs(columns, {name: [number] for name, number in validation.items()}, seconds)
        self._start = perf_counter()
        self._closed += complete
        return self._closed


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
