"""Images: the rows that a network learns from, or the weights of its neurons; and which classes it takes for which."""

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, SupportsIndex

from micrograd.checks import count, finite
from micrograd.errors import DataError, ShapeError
from micrograd.metrics import plain
from micrograd.render.plots.figures import BETWEEN, GREY, INK, bare_figure, new_figure, styled, tint, written
from micrograd.render.view import legible

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ['confusion_matrix', 'images']

WIDEST = 7.2  # inches of a figure …
LARGEST, SMALLEST = 1.1, 0.3  # … and of an image in it
MARGIN, GAP, LINE = 0.15, 0.1, 0.2  # inches: around all images, between two, and for a line of text
COLUMNS = 10  # that a grid has, unless it is said
FRAME, EMPTY = '#c3c8cf', '#f6f7f9'
REACH = 0.99  # of the numbers lie on the scale: a few large weights would bleach the rest
LONGEST_TITLE = 70  # characters
SCALE = (2.4, 0.12)  # inches: width and height of what shows which colour is which number


# Images ------------------------------------------------------------------------------------------------------------


def images(
    rows: Iterable[Sequence[Any]],
    shape: tuple[SupportsIndex, SupportsIndex],
    *,
    titles: Iterable[str] = (),
    title: str = '',
    signed: bool = False,
    columns: SupportsIndex | None = None,
) -> 'Figure':
    """Show rows of numbers as small images, side by side in a grid.

    Args:
        rows: one an image: numbers or Values, a row of pixels after the other, from the top.
        shape: of every image, (height, width) in pixels.
        titles: what to write above each image; none, or one an image.
        title: what to write above all of them; of a long one the first 70 characters are shown.
        signed: whether the numbers may have either sign, as weights have. Then 0 is white, blue positive and orange
            negative, on one scale for all the images, which is shown below them; it ends where one number in a hundred
            lies beyond. Otherwise they are pixels, from 0, white, to 1, black.
        columns: how many images stand side by side: 10, unless there are fewer.

    Returns:
        A figure, which a notebook shows; `save_figure` writes it to a file.

    Raises:
        ShapeError: an image has not as many numbers as its shape says, or there are not as many titles as images.
        DataError: there is no image; a number is not finite, or a pixel not between 0 and 1; a size is below 1.
        MissingDependencyError: matplotlib is not installed.

    >>> figure = images([[0.0, 1.0, 1.0, 0.0], [1.0, 0.0, 0.0, 1.0]], (2, 2), titles=['one', 'another'])
    >>> [image.get_array().tolist() for image in figure.axes[0].images]
    [[[0.0, 1.0], [1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]]]
    """
    height, width = (count(size, 'shape') for size in shape)
    numbers = [_image(row, i, height, width) for i, row in enumerate(rows)]
    labels = list(titles)
    if not numbers:
        raise DataError('there is no image to show: rows is empty')
    if len(labels) not in (0, len(numbers)):
        raise ShapeError(f'there are {len(labels)} titles for {len(numbers)} images: each has one, or none has')
    if not signed:
        _check_pixels(numbers)
    sizes = sorted(abs(number) for image in numbers for line in image for number in line)
    reach = sizes[int(REACH * (len(sizes) - 1))] or sizes[-1] or 1.0
    side_by_side = min(COLUMNS if columns is None else count(columns, 'columns'), len(numbers))
    grid = _Grid(len(numbers), side_by_side, height / width, bool(labels), bool(title), signed)
    with styled():
        figure, axes = bare_figure(grid.width, grid.height)
        look = (
            {'cmap': _diverging(), 'vmin': -reach, 'vmax': reach} if signed else {'cmap': 'Greys', 'vmin': 0, 'vmax': 1}
        )
        for i, image in enumerate(numbers):
            _show(axes, image, grid.place(i), **look)
        for i, label in enumerate(labels):
            left, right, _, top = grid.place(i)
            axes.text((left + right) / 2, top + 0.04, label, ha='center', va='bottom', size=8, parse_math=False)
        if title:
            axes.text(
                MARGIN,
                grid.height - MARGIN,
                legible(title, LONGEST_TITLE),
                va='top',
                size=11,
                weight='bold',
                parse_math=False,
            )
        if signed:
            _show_scale(axes, reach, is_cut=reach < sizes[-1])
        axes.set(xlim=(0.0, grid.width), ylim=(0.0, grid.height), aspect='auto')  # images change them
    drawn: Figure = figure
    return drawn


def _image(row: Sequence[Any], i: int, height: int, width: int) -> list[list[float]]:
    """A row of numbers as lines of pixels."""
    numbers = [finite(plain(number), f'a number of rows[{i}]') for number in row]
    if len(numbers) != height * width:
        raise ShapeError(
            f'an image of {height} x {width} pixels has {height * width} numbers, and rows[{i}] has {len(numbers)}'
        )
    return [numbers[start : start + width] for start in range(0, len(numbers), width)]


def _check_pixels(numbers: list[list[list[float]]]) -> None:
    for i, image in enumerate(numbers):
        wrong = next((number for line in image for number in line if not 0.0 <= number <= 1.0), None)
        if wrong is not None:
            raise DataError(
                f'a pixel lies between 0 and 1, and rows[{i}] has {wrong}. Right: images(rows, shape, signed=True) for '
                'weights, read_idx(…).rows(scale=1 / 255) for bytes'
            )


class _Grid:
    """Where images stand: measures in inches, from the lower left of the figure."""

    def __init__(self, number: int, columns: int, ratio: float, has_labels: bool, has_title: bool, has_scale: bool):
        self.columns, self.rows = columns, math.ceil(number / columns)
        room = (WIDEST - 2 * MARGIN + GAP) / columns - GAP
        self.image_width = max(min(room, LARGEST, LARGEST / ratio), SMALLEST)
        self.image_height = self.image_width * ratio
        self.line = self.image_height + GAP + LINE * has_labels
        self.foot = MARGIN + (SCALE[1] + 1.5 * LINE + GAP) * has_scale
        self.height = self.foot + self.rows * self.line - GAP + MARGIN + 1.6 * LINE * has_title
        across = columns * (self.image_width + GAP) - GAP + 2 * MARGIN
        self.width = max(across, WIDEST if has_title or has_scale else 0.0)

    def place(self, i: int) -> tuple[float, float, float, float]:
        """Left, right, bottom and top of image i."""
        row, column = divmod(i, self.columns)
        left = MARGIN + column * (self.image_width + GAP)
        bottom = self.foot + (self.rows - 1 - row) * self.line
        return left, left + self.image_width, bottom, bottom + self.image_height


def _show(axes: 'Axes', image: Any, place: tuple[float, float, float, float], **look: Any) -> None:
    """An image in its place, with a thin frame: paper is as white as what is around it."""
    left, right, bottom, top = place
    axes.imshow(image, extent=place, interpolation='nearest', **look)
    axes.plot([left, right, right, left, left], [bottom, bottom, top, top, bottom], color=FRAME, linewidth=0.6)


def _show_scale(axes: 'Axes', reach: float, is_cut: bool) -> None:
    """Which colour is which number."""
    width, height = SCALE
    bottom = MARGIN + LINE
    place = (MARGIN, MARGIN + width, bottom, bottom + height)
    steps = [-1 + i / 100 for i in range(201)]
    _show(axes, [steps], place, cmap=_diverging(), vmin=-1, vmax=1)
    beyond = ('≤ ', '≥ ') if is_cut else ('', '')
    ends = ((0.0, 'left', f'{beyond[0]}{written(-reach)}'), (1.0, 'right', f'{beyond[1]}{written(reach)}'))
    for share, side, text in (*ends, (0.5, 'center', '0')):
        axes.text(MARGIN + share * width, bottom - 0.04, text, ha=side, va='top', size=8, color=GREY)


def _diverging() -> Any:
    """Orange for negative numbers, blue for positive ones, as everywhere."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list('signed', BETWEEN[::-1])


# The confusion matrix ----------------------------------------------------------------------------------------------


def confusion_matrix(
    targets: Iterable[Any], predicted: Iterable[Any], *, labels: Iterable[Any] | None = None
) -> 'Figure':
    """Show which classes a model takes for which: a row for each class, a column for each answer.

    The number is that of the examples; the colour, blue where the answer is right and orange where it is wrong, is as
    strong as their share of the row. At the end of each row stands the share that is right.

    Args:
        targets: the class of each example.
        predicted: the answer of the model to each.
        labels: the classes, in the order in which to show them; by default those that occur, sorted.

    Returns:
        A figure, which a notebook shows; `save_figure` writes it to a file.

    Raises:
        ShapeError: there are not as many answers as targets.
        DataError: there is no example, or a class is not among the labels.
        MissingDependencyError: matplotlib is not installed.

    >>> figure = confusion_matrix([0, 0, 1, 1], [0, 1, 1, 1])
    >>> figure.axes[0].get_title(loc='left')
    'Confusion matrix: 3 of 4 correct'

    Source: `confusion_matrix` and `ConfusionMatrixDisplay` in scikit-learn.
    """
    pairs = _answers(list(targets), list(predicted))
    names = sorted({name for pair in pairs for name in pair}) if labels is None else list(labels)
    counts = _counts(pairs, names)
    right = sum(counts[k][k] for k in range(len(names)))
    side = max(3.0, 0.5 * len(names))
    with styled():
        figure: Figure = new_figure(side + 1.4, side + 0.9)
        axes: Any = figure.subplots()
        for row, numbers in enumerate(counts):
            _draw_row(axes, row, numbers)
        axes.set(xlim=(0, len(names)), ylim=(len(names), 0), aspect='equal', xlabel='answer', ylabel='class')
        centres = [k + 0.5 for k in range(len(names))]
        axes.set_xticks(centres, [str(name) for name in names], parse_math=False)
        axes.set_yticks(centres, [str(name) for name in names], parse_math=False)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set_title(f'Confusion matrix: {right:,} of {len(pairs):,} correct')
    return figure


def _answers(targets: list[Any], predicted: list[Any]) -> list[tuple[Any, Any]]:
    if len(targets) != len(predicted):
        raise ShapeError(f'there are {len(predicted)} answers for {len(targets)} targets: each has one')
    if not targets:
        raise DataError('there is no example, so no class is taken for another')
    return list(zip(targets, predicted, strict=True))


def _counts(pairs: list[tuple[Any, Any]], names: list[Any]) -> list[list[int]]:
    """For each class a row: how many of its examples got which answer."""
    places = {name: k for k, name in enumerate(names)}
    counts = [[0] * len(names) for _ in names]
    for pair in pairs:
        for name in pair:
            if name not in places:
                raise DataError(f'the class {name!r} is not among the labels: {names!r:.80}')
        target, answer = pair
        counts[places[target]][places[answer]] += 1
    return counts


def _draw_row(axes: 'Axes', row: int, numbers: list[int]) -> None:
    from matplotlib.patches import Rectangle

    total = sum(numbers)
    for column, number in enumerate(numbers):
        share = number / total if total else 0.0
        colour = tint(share if column == row else -share) if number else EMPTY
        axes.add_patch(Rectangle((column, row), 1, 1, facecolor=colour, edgecolor='white', linewidth=1.5))
        if number:
            weight = 'bold' if column == row else 'normal'
            axes.text(
                column + 0.5, row + 0.5, f'{number:,}', ha='center', va='center', size=9, weight=weight, color=INK
            )
    right = f'{numbers[row] / total:.0%}' if total else '–'
    axes.text(len(numbers) + 0.12, row + 0.5, right, ha='left', va='center', size=9, color=GREY, clip_on=False)
