"""What happened in a training, as numbers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(repr=False)
class History:
    """What happened in a training, epoch by epoch and step by step. It holds numbers only: no graph, no model.

    Attributes:
        losses: for each complete epoch the mean loss of its examples, each as it was when its mini-batch came.
        metrics: name -> the same for each metric.
        validation: 'loss' and the metrics' names -> the mean over the validation data at the end of each epoch; empty
            without validation data.
        times: seconds for each epoch, validation included. Two histories may be equal although these differ.
        gradients: for each layer the mean |gradient| of its weights, one number a completed step, as backward() gave
            it, before any clipping. A layer has the name that its parameters begin with, 'layers.0'; see `flow.layers`.
        steps: how many steps the optimiser completed, those of an incomplete epoch too.
        stopped: why there is no more: 'finished', 'interrupted' (Ctrl-C), 'callback', 'diverged' (the loss became nan
            or infinite), or '' while training goes on.
        compiled: whether the steps were made natively.
        reason: why they were not, where that was left open and could not be done.

    >>> History(losses=[0.9, 0.5], metrics={'accuracy': [0.5, 1.0]}, times=[0.1, 0.1], steps=20, stopped='finished')
    History(2 epochs, 20 steps, loss=0.5, accuracy=1, finished)
    """

    losses: list[float] = field(default_factory=list)
    metrics: dict[str, list[float]] = field(default_factory=dict)
    validation: dict[str, list[float]] = field(default_factory=dict)
    times: list[float] = field(default_factory=list, compare=False)
    gradients: dict[str, list[float]] = field(default_factory=dict)
    steps: int = 0
    stopped: str = ''
    compiled: bool = field(default=False, compare=False)
    reason: str = field(default='', compare=False)

    def plot(self) -> 'Figure':
        """The curves of losses and metrics: see `render.plots.loss_curve`.

        Raises:
            DataError: no epoch was completed.
            MissingDependencyError: matplotlib is not installed.
        """
        from micrograd.render.plots import loss_curve  # which needs matplotlib

        return loss_curve(self)

    def columns(self) -> dict[str, list[float]]:
        """All the curves by name, one number an epoch.

        >>> History(losses=[0.5], validation={'loss': [0.6]}).columns()
        {'loss': [0.5], 'validation loss': [0.6]}
        """
        validation = {f'validation {name}': numbers for name, numbers in self.validation.items()}
        return {'loss': self.losses, **self.metrics, **validation}

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        """What a notebook shows."""
        from micrograd.render import notebook  # when it is shown

        return notebook.of_history(self)

    def __repr__(self) -> str:
        last = [f'{name}={numbers[-1]:.4g}' for name, numbers in self.columns().items() if numbers]
        return f'History({", ".join([*self._extent(), *last, self.stopped or "going on"])})'

    def __str__(self) -> str:
        columns = self.columns()
        lines = [_line('epoch', columns, columns)]
        for i in _spread(len(self.losses)):
            lines.append(_line(str(i + 1), columns, [f'{numbers[i]:.4g}' for numbers in columns.values()]))
        return '\n'.join([*lines, f'{self.stopped or "going on"} after {" and ".join(self._extent())}'])

    def _extent(self) -> list[str]:
        return [
            f'{number} {noun}{"s" * (number != 1)}'
            for number, noun in ((len(self.losses), 'epoch'), (self.steps, 'step'))
        ]

    def add_step(self, gradients: Mapping[str, float]) -> None:
        """One more step: all of it, or, if Ctrl-C comes between, nothing."""
        self.add_steps({name: [number] for name, number in gradients.items()}, 1)

    def add_steps(self, gradients: Mapping[str, list[float]], steps: int) -> None:
        """Some more steps: all of them, or, if Ctrl-C comes between, none."""
        try:
            for name, numbers in gradients.items():
                self.gradients.setdefault(name, []).extend(numbers)
            self.steps += steps
        finally:
            for numbers in self.gradients.values():
                del numbers[self.steps :]

    def add(self, means: Mapping[str, float], validation: Mapping[str, float], seconds: float) -> None:
        """One more epoch."""
        one = {name: [number] for name, number in means.items()}
        self.add_epochs(one, {name: [number] for name, number in validation.items()}, seconds)

    def add_epochs(
        self, means: Mapping[str, list[float]], validation: Mapping[str, list[float]], seconds: float
    ) -> None:
        """Some more epochs, each of which took so many seconds."""
        for name, numbers in self.metrics.items():
            numbers.extend(means[name])
        for name, numbers in self.validation.items():
            numbers.extend(validation[name])
        self.times.extend([seconds] * len(means['loss']))
        self.losses.extend(means['loss'])


def _line(first: str, names: Iterable[str], cells: Iterable[str]) -> str:
    """A line of the table: each cell as wide as the name of its column, or wider."""
    return '  '.join(
        [f'{first:>5}', *(f'{cell:>{max(len(name), 8)}}' for name, cell in zip(names, cells, strict=True))]
    )


def _spread(number: int, most: int = 10) -> list[int]:
    """At most so many of the indices below a number, evenly spread, the first and the last among them."""
    shown = min(number, most)
    return [round(i * (number - 1) / max(shown - 1, 1)) for i in range(shown)]
