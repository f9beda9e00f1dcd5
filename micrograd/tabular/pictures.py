"""What a regressor predicts, beside what is true."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from micrograd.errors import DataError
from micrograd.render.plots.figures import COLOURS, GREY, new_figure, styled
from micrograd.render.view import legible

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MARGIN = 0.04  # of the range, around the points
LARGE = 1e300  # the unit of numbers that are larger: matplotlib computes with sums of them


def predicted_against_true(targets: Sequence[float], answers: Sequence[float], name: str) -> 'Figure':
    """Plot the predicted number of each example against the true one: what is right lies on the diagonal.

    Args:
        targets: the true numbers.
        answers: the predicted ones.
        name: what they are.

    Returns:
        A figure, which a notebook shows; `save_figure` writes it to a file.

    Raises:
        DataError: there is no example.
        MissingDependencyError: matplotlib is not installed.

    >>> figure = predicted_against_true([1.0, 2.0], [1.5, 2.0], 'price')
    >>> figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()
    ('true price', 'predicted price')
    """
    if not targets:
        raise DataError('there is nothing to plot: no example was predicted')
    unit = LARGE if max(map(abs, (*targets, *answers))) > LARGE else 1.0
    targets, answers = ([number / unit for number in numbers] for numbers in (targets, answers))
    low, high = min(*targets, *answers), max(*targets, *answers)
    margin = MARGIN * (high - low) or 1.0
    ends = (low - margin, high + margin)
    with styled():
        figure: Figure = new_figure(5.2, 5.6)
        axes: Any = figure.subplots()
        axes.plot(ends, ends, color=GREY, linewidth=1.2, linestyle='--', label='predicted = true')
        axes.scatter(targets, answers, s=22, color=COLOURS[0], alpha=0.7, linewidths=0, label='a row')
        axes.set(xlim=ends, ylim=ends, box_aspect=1)
        shown = legible(name) if unit == 1.0 else f'{legible(name)} / {unit:g}'
        axes.set_xlabel(f'true {shown}', parse_math=False)
        axes.set_ylabel(f'predicted {shown}', parse_math=False)
        axes.grid(color='#e3e6ea', linewidth=0.8)
        axes.set_axisbelow(True)
        axes.set_title(f'Predicted against true: {len(targets):,} rows, held out')
        figure.legend(loc='outside lower center', ncols=2)
    return figure
