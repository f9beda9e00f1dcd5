"""Snapshots of a training: the numbers of a model as they were, epoch by epoch."""

from typing import Any, SupportsIndex

from micrograd.checks import count
from micrograd.history import History
from micrograd.module import Module

__all__ = ['Snapshots']


class Snapshots:
    """A callback for `fit` that keeps the model's numbers as they were before the training and after epochs.

    However long the training, there are never more than `most`, evenly spread: when there would be, every other one is
    dropped, and from then on only every second epoch is kept, then every fourth, and so on. The last epoch always is.
    Of a model that is trained by several calls of `fit`, with the same Snapshots, the epochs are counted on.

    Args:
        model: a Module.
        most: how many to keep; at least the first and the last are.

    Attributes:
        model: the model.
        epochs: of each snapshot the epoch after which it was taken; 0 is before the training.
        states: the snapshots, each a state_dict().
        losses: the mean loss of every epoch, of those that were not kept too.

    Raises:
        TypeError: the model is no Module.
        DataError: most is below 1.

    >>> from micrograd import fit, nn, optim
    >>> model = nn.Neuron(1, nonlin=False, generator=0)
    >>> snapshots = Snapshots(model, most=4)
    >>> sgd = optim.SGD(model.parameters(), lr=0.1)
    >>> history = fit(model, [([1.0], 2.0)], loss='mse', optimizer=sgd, epochs=9, callbacks=[snapshots], progress=False)
    >>> snapshots.epochs
    [0, 4, 8, 9]
    """

    def __init__(self, model: Module, most: SupportsIndex = 60):
        if not isinstance(model, Module):
            raise TypeError(f'snapshots are taken of a Module, not of {type(model).__name__}: {model!r:.60}')
        self.model = model
        self.most = max(count(most, 'most'), 2)
        self.epochs = [0]
        self.states = [model.state_dict()]
        self.losses: list[float] = []
        self._every = 1

    def __call__(self, history: History) -> None:
        """One more epoch was completed."""
        self.losses.append(history.losses[-1])
        if self.epochs[-1] % self._every:  # it was only kept because it was the last one
            self._keep(self.epochs[:-1])
        self.epochs.append(len(self.losses))
        self.states.append(self.model.state_dict())
        while len(self.epochs) > self.most:
            self._every *= 2
            self._keep([epoch for epoch in self.epochs if epoch % self._every == 0 or epoch == self.epochs[-1]])

    def _keep(self, epochs: list[int]) -> None:
        states: dict[int, Any] = dict(zip(self.epochs, self.states, strict=True))
        self.epochs, self.states = epochs, [states[epoch] for epoch in epochs]

    def __repr__(self) -> str:
        return f'Snapshots({len(self.states)} over {len(self.losses)} epochs)'
