"""What a model of two inputs answers all over the plane."""

import math
from collections.abc import Callable, Sequence
from reprlib import repr as short
from typing import TYPE_CHECKING, Any, SupportsIndex

from micrograd import checks
from micrograd.context import no_grad
from micrograd.errors import ShapeError
from micrograd.examples import pairs
from micrograd.metrics import largest, plain
from micrograd.render.plots.figures import BETWEEN, INK, MARKERS, colour, new_figure, styled, written

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Point = tuple[float, float]
Field = list[list[float]]  # a number for each point of the grid, row by row

SHADING = 0.75  # opacity, so that the examples stand out


def decision_boundary(
    model: Callable[[Any], Any], data: Any, *, threshold: float = 0.0, resolution: SupportsIndex = 60
) -> 'Figure':
    """Plot what a model answers all over the plane, with the examples on top; those on the wrong side are ringed.

    A model with one output separates two classes: the colour shows the output, the line where it is the threshold. A
    model with several outputs, one a class, has the class of the largest one.

    Args:
        model: a Module, or any function of one input, a list of two numbers.
        data: examples with two inputs each, in any form that `fit` takes. For one output the targets are two numbers,
            the larger one for outputs above the threshold; for several they are classes 0, 1, … or one-hot lists.
        threshold: the output on the boundary: 0 for scores and logits, 0.5 for probabilities.
        resolution: points of the grid along its longer side. The model is evaluated at each point, so that the time
            grows with the square: with 60, about a second for an MLP(2, [16, 16, 1]).

    Returns:
        A figure, which a notebook shows; `save_figure` writes it to a file.

    Raises:
        ShapeError: an example has not two inputs, or the output does not fit the targets.
        DataError: there are no examples, or resolution is below 1.
        MissingDependencyError: matplotlib is not installed.

    >>> figure = decision_boundary(lambda x: x[0] - x[1], [([1, 0], 1), ([0, 1], -1)], resolution=5)
    >>> figure.axes[0].get_title(loc='left')
    'Decision boundary: 2 of 2 correct'
    """
    plane = Plane(data, checks.count(resolution, 'resolution'))
    answers = Answers(model, plane)
    with styled():
        figure: Figure = new_figure(6.4, 1.2 + 5.0 * plane.ratio)
        axes = figure.subplots()
        reach = answers.reach(threshold)
        right = draw_regions(axes, plane, answers, threshold, reach)
        axes.set_title(f'Decision boundary: {right} of {len(plane.points)} correct')
        if answers.are_single:
            draw_scale(axes, threshold, reach)
        figure.legend(loc='outside lower center', ncols=4)
    return figure


class Plane:
    """The examples as points, and a grid that covers them with some room around.

    Attributes:
        points: the inputs, as pairs of numbers.
        targets: one a point.
        names: of the two inputs.
        xs, ys: the coordinates of the grid.
        ratio: of its height to its width in the picture: to scale, unless the plane were a narrow strip then.
    """

    def __init__(self, data: Any, resolution: int):
        examples = pairs(data, 'data')
        self.points = [_point(x, i) for i, (x, _) in enumerate(examples)]
        self.targets = [y for _, y in examples]
        self.names = getattr(data, 'input_names', ('x₁', 'x₂'))
        (left, right), (bottom, top) = (_surroundings(numbers) for numbers in zip(*self.points, strict=True))
        ratio = (top - bottom) / (right - left)
        self.to_scale = 1 / 3 <= ratio <= 3
        self.ratio = ratio if self.to_scale else 0.75
        self.xs = _spaced(left, right, round(resolution / max(1.0, self.ratio)))
        self.ys = _spaced(bottom, top, round(resolution * min(1.0, self.ratio)))


def _point(x: Any, i: int) -> Point:
    numbers = [checks.finite(plain(v), f'an input of data[{i}]') for v in (x if hasattr(x, '__iter__') else [x])]
    if len(numbers) != 2:
        raise ShapeError(f'a plane has two inputs an example, and data[{i}] has {len(numbers)}: choose two of them')
    return numbers[0], numbers[1]


def _surroundings(numbers: Sequence[float]) -> tuple[float, float]:
    room = 0.12 * (max(numbers) - min(numbers)) or 1.0
    return min(numbers) - room, max(numbers) + room


def _spaced(start: float, end: float, number: int) -> list[float]:
    steps = max(number, 2) - 1
    return [start + (end - start) * (i / steps) for i in range(steps + 1)]


class Answers:
    """What a model, as it is now, answers all over a plane.

    Attributes:
        examples: its outputs for each example.
        field: its outputs for each point of the grid, row by row.
        are_single: it has one output, which separates two classes.
    """

    def __init__(self, model: Callable[[Any], Any], plane: Plane):
        with no_grad():
            self.examples = [_outputs(model, point) for point in plane.points]
            self.field = [[_outputs(model, (x, y)) for x in plane.xs] for y in plane.ys]
        self.are_single = len(self.examples[0]) == 1

    @property
    def scores(self) -> Field:
        """The only output."""
        return [[outputs[0] for outputs in row] for row in self.field]

    def reach(self, threshold: float) -> float:
        """How far from the threshold the colours go: some corners are far off, and would bleach the rest."""
        outputs = [output for row in self.scores for output in row if math.isfinite(output)] or [threshold]
        distances = sorted(abs(output - threshold) for output in outputs)
        return distances[int(0.9 * (len(distances) - 1))] or 1.0


def draw_regions(axes: 'Axes', plane: Plane, answers: Answers, threshold: float, reach: float) -> int:
    """The plane in the colours of what the model answers, with the examples; how many of these are right."""
    classes = _classes(plane.targets, len(answers.examples[0]))
    right = [_side(answer, threshold) == k for answer, k in zip(answers.examples, classes, strict=True)]
    if answers.are_single:
        _shade_output(axes, plane, answers.scores, threshold, reach)
    else:
        _shade_classes(axes, plane, answers.field)
    _scatter(axes, plane, classes, right)
    return right.count(True)


def _outputs(model: Callable[[Any], Any], point: Point) -> list[float]:
    output = model(list(point))
    return [plain(v) for v in output] if hasattr(output, '__iter__') else [plain(output)]


def _side(outputs: Sequence[float], threshold: float) -> int:
    """The class that a model answers."""
    return int(outputs[0] > threshold) if len(outputs) == 1 else largest(outputs)


def _classes(targets: Sequence[Any], outputs: int) -> list[int]:
    """The class of each target as an index; beside one output the larger target is 1, and so is any above 0 alone."""
    classes = [largest(y) if hasattr(y, '__len__') else plain(y) for y in targets]
    kinds = sorted(set(classes))
    if outputs == 1 and len(kinds) <= 2:
        return [int(k == kinds[1] if len(kinds) == 2 else k > 0) for k in classes]
    if outputs == 1 or not set(kinds) <= set(range(outputs)):
        raise ShapeError(
            f'the model has {outputs} output{"s" * (outputs != 1)}, and the targets are {short(kinds)}: '
            'there should be one output for two classes, or one for each of the classes 0, 1, …'
        )
    return [int(k) for k in classes]


def _shade_output(axes: 'Axes', plane: Plane, field: Field, threshold: float, reach: float) -> None:
    """The output as a colour, white at the threshold, and there the line."""
    axes.contourf(
        plane.xs, plane.ys, field, _levels(threshold, reach), cmap=_between(), extend='both', alpha=SHADING
    )  # fmt: skip
    outputs = [output for row in field for output in row if math.isfinite(output)] or [threshold]
    if min(outputs) < threshold < max(outputs):
        axes.contour(plane.xs, plane.ys, field, [threshold], colors=INK, linewidths=1.6)


def _levels(threshold: float, reach: float) -> list[float]:
    return [threshold + reach * i / 10 for i in range(-10, 11)]


def _between() -> Any:
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list('between', BETWEEN)


def draw_scale(axes: 'Axes', threshold: float, reach: float) -> None:
    """A bar beside the plane: which colour is which output."""
    from matplotlib.cm import ScalarMappable
    from matplotlib.colors import BoundaryNorm

    colours = _between()
    shading = ScalarMappable(BoundaryNorm(_levels(threshold, reach), colours.N, extend='both'), colours)
    ticks = [threshold - reach, threshold, threshold + reach]
    bar = axes.figure.colorbar(
        shading, ax=axes, label='output', shrink=0.8, alpha=SHADING, spacing='proportional'
    )  # fmt: skip
    bar.set_ticks(ticks, labels=[written(tick) for tick in ticks])
    bar.minorticks_off()
    bar.outline.set_visible(False)


def _shade_classes(axes: 'Axes', plane: Plane, field: list[Field]) -> None:
    """The region of each class in its colour: where its output exceeds the largest of the others."""
    for k in range(len(field[0][0])):
        lead = [[_lead(outputs, k) for outputs in row] for row in field]
        leads = [number for row in lead for number in row]
        if max(leads) > 0:
            axes.contourf(plane.xs, plane.ys, lead, [0.0, math.inf], colors=[colour(k)], alpha=0.3)
        if min(leads) < 0 < max(leads):
            axes.contour(plane.xs, plane.ys, lead, [0.0], colors=INK, linewidths=1.2)


def _lead(outputs: Sequence[float], k: int) -> float:
    return outputs[k] - max(output for i, output in enumerate(outputs) if i != k)


def _scatter(axes: 'Axes', plane: Plane, classes: Sequence[int], right: Sequence[bool]) -> None:
    """The examples: a colour and a marker for each class, a ring around those on the wrong side."""
    for k in sorted(set(classes)):
        members = [i for i, other in enumerate(classes) if other == k]
        target = plane.targets[members[0]]
        name = str(k) if hasattr(target, '__len__') else written(plain(target))
        xs, ys = zip(*(plane.points[i] for i in members), strict=True)
        axes.scatter(
            xs, ys, 30, color=colour(k), marker=MARKERS[k % len(MARKERS)], edgecolors='white', linewidths=0.8,
            label=f'class {name}', zorder=3,
        )  # fmt: skip
    wrong = [point for point, is_right in zip(plane.points, right, strict=True) if not is_right]
    if wrong:
        xs, ys = zip(*wrong, strict=True)
        axes.scatter(xs, ys, 110, facecolors='none', edgecolors=INK, linewidths=1.3, label='wrong', zorder=4)
    axes.set(xlim=(plane.xs[0], plane.xs[-1]), ylim=(plane.ys[0], plane.ys[-1]))
    axes.set_aspect('equal' if plane.to_scale else 'auto')
    axes.set_xlabel(plane.names[0], parse_math=False)
    axes.set_ylabel(plane.names[1], parse_math=False)
