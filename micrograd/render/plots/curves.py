"""How loss and metrics went from epoch to epoch."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from micrograd.errors import DataError
from micrograd.history import History
from micrograd.render.plots.figures import COLOURS, new_figure, styled, written

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def loss_curve(history: History) -> 'Figure':
    """Plot how the loss fell from epoch to epoch; below it the metrics, if there are any.

    Args:
        history: what `fit` returned.

    Returns:
        A figure, which a notebook shows; `save_figure` writes it to a file.

    Raises:
        DataError: the history has no complete epoch.
        MissingDependencyError: matplotlib is not installed.

    >>> history = History(losses=[0.9, 0.4, 0.2], validation={'loss': [0.8, 0.5, 0.4]})
    >>> [line.get_label() for line in loss_curve(history).axes[0].lines]
    ['training: 0.2', 'validation: 0.4']
    """
    if not history.losses:
        raise DataError('there is nothing to plot: no epoch was completed')
    panels = {'loss': history.losses, **history.metrics}
    with styled():
        figure: Figure = new_figure(6.4, 3.6 if len(panels) == 1 else 1.4 + 2.0 * len(panels))
        axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
        for panel, (name, numbers) in zip(axes, panels.items(), strict=True):
            _curves(panel, name, numbers, history.validation.get(name, []))
        axes[0].set_title(_headline(history))
        axes[-1].set_xlabel('epoch')
        axes[-1].xaxis.get_major_locator().set_params(integer=True)
    return figure


def _headline(history: History) -> str:
    epochs = f'{len(history.losses)} epoch{"s" * (len(history.losses) != 1)}'
    ended = {'interrupted': ', then interrupted', 'diverged': ', then diverged', 'callback': ', stopped early'}
    return f'Training: {epochs}{ended.get(history.stopped, "")}'


def _curves(axes: 'Axes', name: str, training: Sequence[float], validation: Sequence[float]) -> None:
    _curve(axes, 'training', training, color=COLOURS[0], linestyle='-')
    if validation:
        _curve(axes, 'validation', validation, color=COLOURS[1], linestyle='--')
    axes.set_ylabel(name, parse_math=False)
    axes.grid(color='#e3e6ea', linewidth=0.8)
    axes.margins(x=0.02)
    axes.legend(loc='best')


def _curve(axes: 'Axes', label: str, numbers: Sequence[float], **line: Any) -> None:
    """A number an epoch; the last one has a dot, and is written in the legend."""
    axes.plot(
        range(1, len(numbers) + 1), numbers, label=f'{label}: {written(numbers[-1])}', linewidth=1.8,
        marker='o', markersize=4.5, markevery=[-1], clip_on=False, zorder=3, **line,
    )  # fmt: skip
