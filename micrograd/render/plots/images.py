"""Images: the rows that a network learns from, or the weights of its neurons; and which classes it takes for which."""

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Sequence
from reprlib import repr as short
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
PERCENT = 100  # one of so many numbers may lie beyond the scale: a few large weights would bleach the rest
FRAME, EMPTY = '#c3c8cf', '#f6f7f9'
LONGEST_TITLE = 70  # characters
SCALE = (2.4, 0.12)  # inches: width and height of what shows which colour is which number

CELL, SIDE = 0.5, 3.0  # inches of a confusion matrix: its smallest cell, and all of them at least …
AROUND, ABOVE = 1.4, 0.9  # … and for the short names at its left and for the title
BESIDE = 0.06  # inches from the last cell to the share that is right
SHORT = 0.25  # inches: the width of a name that needs no more room than that
LONGEST_NAME = 20  # characters
CELL_TEXT: dict[str, Any] = {'size': 9, 'ha': 'center', 'va': 'center'}


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
        title: what to write above all of them; a long one is shortened to 70 characters.
        signed: whether the numbers may have either sign, as weights have. Then 0 is white, blue positive and orange
            negative, on one scale for all the images, which is shown below them. It ends at the largest number, or
            where one in every hundred lies beyond: those have the colour of its end. Otherwise they are pixels, from 0,
            white, to 1, black.
        columns: how many images stand side by side: 10, unless there are fewer.

    Returns:
        A figure, which a notebook shows; `save_figure` writes it to a file.

    Raises:
        ShapeError: an image has not as many numbers as its shape says, or is no flat row of them; there are not as
            many titles as images; the shape is not two sizes.
        DataError: there is no image; a number is not finite, or a pixel not between 0 and 1; a size is below 1.
        TypeError: the shape has no sizes, or a row holds something else than numbers.
        MissingDependencyError: matplotlib is not installed.

    >>> figure = images([[0.0, 1.0, 1.0, 0.0], [1.0, 0.0, 0.0, 1.0]], (2, 2), titles=['one', 'another'])
    >>> [image.get_array().tolist() for image in figure.axes[0].images]
    [[[0.0, 1.0], [1.0, 0.0]], [[1.0, 0.0], [0.0, 1.0]]]
    """
    height, width = _size(shape)
    numbers = [_image(row, i, height, width) for i, row in enumerate(rows)]
    labels = list(titles)
    if not numbers:
        raise DataError('there is no image to show: rows is empty')
    if len(labels) not in (0, len(numbers)):
        raise ShapeError(f'there are {len(labels)} titles for {len(numbers)} images: each has one, or none has')
    if not signed:
        _check_pixels(numbers)
    sizes = sorted(abs(number) for image in numbers for line in image for number in line)
    reach = sizes[-1 - len(sizes) // PERCENT] or sizes[-1] or 1.0
    side_by_side = min(COLUMNS if columns is None else count(columns, 'columns'), len(numbers))
    grid = _Grid(len(numbers), side_by_side, height / width, bool(labels), bool(title), signed)
    with styled():
        figure, axes = bare_figure(grid.width, grid.height)
        look = {'cmap': _diverging(), 'vmin': -1, 'vmax': 1} if signed else {'cmap': 'Greys', 'vmin': 0, 'vmax': 1}
        for i, image in enumerate(numbers):
            _show(axes, _on_scale(image, reach) if signed else image, grid.place(i), **look)
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


def _size(shape: Any) -> tuple[int, int]:
    """The height and the width of an image, checked."""
    right = 'Right: images(rows, (8, 8))'
    if not hasattr(shape, '__len__'):
        raise TypeError(f'shape is (height, width), not {short(shape)}. Wrong: images(rows, 8). {right}')
    if len(shape) != 2:
        raise ShapeError(
            f'shape is two sizes, (height, width), not {len(shape)}: {short(shape)}. Wrong: images(rows, (8, 8, 1)). '
            f'{right}'
        )
    height, width = shape
    return count(height, 'shape'), count(width, 'shape')


def _image(row: Sequence[Any], i: int, height: int, width: int) -> list[list[float]]:
    """A row of numbers as lines of pixels."""
    numbers = [finite(_number(entry, i), f'a number of rows[{i}]') for entry in _entries(row, i)]
    if len(numbers) != height * width:
        raise ShapeError(
            f'an image of {height} x {width} pixels has {height * width} numbers, and rows[{i}] has {len(numbers)}'
        )
    return [numbers[start : start + width] for start in range(0, len(numbers), width)]


def _entries(row: Any, i: int) -> list[Any]:
    try:
        if not isinstance(row, str):
            return list(row)
    except TypeError:  # an array may have no dimensions, too
        pass
    raise TypeError(
        f'rows[{i}] should be a row of numbers, one image, not {short(row)}. '
        'Wrong: images(row, shape). Right: images([row], shape)'
    )


def _number(entry: Any, i: int) -> float:
    try:
        return plain(entry)
    except OverflowError:
        raise DataError(f'a number of rows[{i}] is an integer beyond the floats') from None
    except TypeError:
        if not hasattr(entry, '__len__') or isinstance(entry, str):
            raise TypeError(f'rows[{i}] should hold numbers or Values, not {short(entry)}') from None
    raise ShapeError(
        f'rows[{i}] should be one row of numbers, the lines of the image one after the other, and it holds a line: '
        f'{short(entry)}. Wrong: images(rows, shape). '
        'Right: images([[number for line in image for number in line] for image in rows], shape)'
    )


def _on_scale(image: list[list[float]], reach: float) -> list[list[float]]:
    """Shares of what the scale reaches, from -1 to 1: matplotlib would compute a difference that may overflow."""
    return [[max(-1.0, min(1.0, number / reach)) for number in line] for line in image]


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
    strong as their share of the row. At the end of each row stands the share that is right; 100% is all of them.

    Args:
        targets: the class of each example.
        predicted: the answer of the model to each.
        labels: the classes, in the order in which to show them; by default those that occur, sorted. A long name is
            shortened to 20 characters.

    Returns:
        A figure, which a notebook shows; `save_figure` writes it to a file.

    Raises:
        ShapeError: there are not as many answers as targets.
        DataError: there is no example; a class is not among the labels, or one of the labels is there twice; a target
            is a list, as of one-hot targets; the classes cannot be sorted.
        TypeError: the targets or the answers are no list.
        MissingDependencyError: matplotlib is not installed.

    >>> figure = confusion_matrix([0, 0, 1, 1], [0, 1, 1, 1])
    >>> figure.axes[0].get_title(loc='left')
    'Confusion matrix: 3 of 4 correct'

    Source: `confusion_matrix` and `ConfusionMatrixDisplay` in scikit-learn.
    """
    pairs = _answers(_classes(targets, 'targets'), _classes(predicted, 'predicted'))
    names = _sorted(pairs) if labels is None else _distinct(_classes(labels, 'labels'))
    counts = _counts(pairs, names)
    right = sum(counts[k][k] for k in range(len(names)))
    title, shown = f'Confusion matrix: {right:,} of {len(pairs):,} correct', _shown(names)
    with styled():
        room = _Room(title, shown, [f'{number:,}' for row in counts for number in row])
        figure: Figure = new_figure(room.width, room.height)
        axes: Any = figure.subplots()
        for row, numbers in enumerate(counts):
            _draw_row(axes, row, numbers, len(names) + BESIDE / room.cell)
        axes.set(xlim=(0, len(names)), ylim=(len(names), 0), aspect='equal', xlabel='answer', ylabel='class')
        axes.set_anchor('W')
        centres = [k + 0.5 for k in range(len(names))]
        axes.set_xticks(centres, shown, parse_math=False, rotation=90 if room.is_upright else 0)
        axes.set_yticks(centres, shown, parse_math=False)
        axes.tick_params(length=0)
        axes.spines[:].set_visible(False)
        axes.set_title(title)
    return figure


class _Room:
    """How large the figure is, in inches, so that no text is cut off or runs into another.

    Args:
        title: of the figure.
        names: of the classes, as they are shown.
        numbers: in the cells, as they are shown.
    """

    def __init__(self, title: str, names: Sequence[str], numbers: Sequence[str]):
        longest = max(numbers, key=len)
        self.cell = max(CELL, _width([longest], weight='bold', **CELL_TEXT) + 2 * GAP, SIDE / len(names))
        side, name = self.cell * len(names), _width(names, size=10)
        self.is_upright = name > self.cell - GAP
        more = max(0.0, name - SHORT)
        needed = SHORT + more + _width([title], size=11, weight='bold') + 4 * LINE  # the title begins at the cells
        self.width = max(side + AROUND + more, needed)
        self.height = side + ABOVE + more * self.is_upright


def _width(texts: Sequence[str], **look: Any) -> float:
    """Of the widest text, in inches."""
    figure, _ = bare_figure(1.0, 1.0)
    drawn = [figure.text(0, 0, text, parse_math=False, **look) for text in texts]
    return float(max(text.get_window_extent().width for text in drawn) / figure.dpi)


def _shown(names: Sequence[Any]) -> list[str]:
    return [legible(str(name), LONGEST_NAME) for name in names]


def _classes(given: Any, what: str) -> list[Any]:
    """A list of classes, each of which can be looked up."""
    if not isinstance(given, Iterable) or isinstance(given, str):
        raise TypeError(
            f'{what} should be a list of classes, not {short(given)}. Right: confusion_matrix([0, 1, 1], [0, 1, 0])'
        )
    classes = list(given)
    for i, name in enumerate(classes):
        if not isinstance(name, Hashable):
            raise DataError(
                f'{what}[{i}] should be a class, a number or a name, not {short(name)} of type {type(name).__name__}. '
                'Wrong: [[0, 1], [1, 0]], which is one-hot. Right: [1, 0], or [class_of(target) for target in targets] '
                'with class_of from micrograd.metrics'
            )
    return classes


def _answers(targets: list[Any], predicted: list[Any]) -> list[tuple[Any, Any]]:
    if len(targets) != len(predicted):
        raise ShapeError(f'there are {len(predicted)} answers for {len(targets)} targets: each has one')
    if not targets:
        raise DataError('there is no example, so no class is taken for another')
    return list(zip(targets, predicted, strict=True))


def _sorted(pairs: list[tuple[Any, Any]]) -> list[Any]:
    """The classes that occur."""
    names = {name for pair in pairs for name in pair}
    try:
        return sorted(names)
    except TypeError:
        kinds = ', '.join(sorted({type(name).__name__ for name in names}))
        raise DataError(
            f'the classes cannot be sorted: they are of the types {kinds}. '
            "Right: all of one type, or labels=[0, 'none'], which says in which order to show them"
        ) from None


def _distinct(names: list[Any]) -> list[Any]:
    twice = next((name for name, times in Counter(names).items() if times > 1), None)
    if len(set(names)) < len(names):
        raise DataError(f'{twice!r:.40} is more than once among the labels, and each class has one row: {names!r:.80}')
    return names


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


def _draw_row(axes: 'Axes', row: int, numbers: list[int], end: float) -> None:
    from matplotlib.patches import Rectangle

    total = sum(numbers)
    for column, number in enumerate(numbers):
        share = number / total if total else 0.0
        colour = tint(share if column == row else -share) if number else EMPTY
        axes.add_patch(Rectangle((column, row), 1, 1, facecolor=colour, edgecolor='white', linewidth=1.5))
        if number:
            weight = 'bold' if column == row else 'normal'
            axes.text(column + 0.5, row + 0.5, f'{number:,}', weight=weight, color=INK, **CELL_TEXT)
    right = _share(numbers[row], total) if total else '–'
    axes.text(end, row + 0.5, right, ha='left', va='center', size=9, color=GREY, clip_on=False)


def _share(number: int, total: int) -> str:
    """In percent: what is not all of them is not rounded to 100%, and what is not none not to 0%."""
    text = f'{number / total:.0%}'
    if text == '100%' and number < total:
        return '>99%'
    return '<1%' if text == '0%' and number else text
