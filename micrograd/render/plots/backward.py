"""The backward pass as a moving picture: gradients appear node by node, from the result to the leaves."""

import math
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Any

from micrograd.engine import Value
from micrograd.errors import GraphError
from micrograd.graph import topological
from micrograd.primitives import FLOATS
from micrograd.render.coordinates import Placed, height, place, width
from micrograd.render.plots.animations import Animation, photograph
from micrograd.render.plots.figures import GREY, INK, bare_figure, styled, tint, written
from micrograd.render.view import Box, Edge, View, number, view

__all__ = ['backward_animation']

MOST = 60  # values: with more, nobody would watch it to the end
INCH = 72  # points
MARGIN, TOP, FOOT = 20, 48, 40  # points around the graph
BEGINNING, MOMENT, PAUSE = 1200, 1400, 3500  # milliseconds
TERMS = 3  # of a sentence
SCALE = 1.25  # of the layout, so that the numbers can be read
TIP = 6  # points, of an arrow
CAPTION = 'grad is grey until every use of the value has added to it   ·   on an edge: local derivative'
ACTIVE = '#8250df'  # neither of the colours of signs


@dataclass(frozen=True, slots=True)
class _Frame:
    """A moment of the pass: the gradients so far, what is at work, and what there is to say."""

    gradients: dict[str, float]
    complete: frozenset[str]
    active: str
    says: str


def backward_animation(v: Value) -> Animation:
    """Show the backward pass of a graph: how each node hands its gradient on, times the local derivatives.

    The gradients are those of this pass alone; none is read, or written. A gradient that is not complete yet, since
    other uses of the value have not been reached, is grey.

    Args:
        v: the result, with a graph of no more than 60 values: a neuron, or a formula.

    Returns:
        The animation.

    Raises:
        TypeError: v is no Value.
        GraphError: the graph is too large, or an operation was defined by hand.
        MissingDependencyError: matplotlib or Graphviz is not installed.

    >>> x = Value(2.0, label='x')
    >>> backward_animation(x * 3.0)
    Animation(3 frames, 6.1 s)

    Source: Nielsen, Neural Networks and Deep Learning, chapter 2, "The backpropagation algorithm".
    """
    if not isinstance(v, Value):
        raise TypeError(
            f'a backward pass begins at a Value, not at {type(v).__name__}: {v!r:.60}. '
            'Wrong: backward_animation(loss.data). Right: backward_animation(loss)'
        )
    seen = view([v], MOST)
    if any(edge.factor is None and not edge.decides for edge in seen.edges):
        raise GraphError('an operation in this graph was defined by hand: its local derivatives are not known')
    (placed,) = place([seen])
    frames = list(_pass(seen, _shut(v)))
    largest = max((abs(g) for g in frames[-1].gradients.values() if math.isfinite(g)), default=0.0) or 1.0
    with styled():
        size = placed.width + 2 * MARGIN, placed.height + TOP + FOOT
        figure, axes = bare_figure(size[0] / INCH * SCALE, size[1] / INCH * SCALE)
        images = []
        for frame in frames:
            axes.clear()
            axes.set(xlim=(0, size[0]), ylim=(size[1], 0))
            axes.set_axis_off()
            _draw(axes, seen, placed, frame, largest)
            images.append(photograph(figure))
    return Animation(figure, images, [BEGINNING] + [MOMENT] * (len(images) - 2) + [PAUSE])


# What happens ----------------------------------------------------------------------------------------------------


def _shut(v: Value) -> set[tuple[str, int]]:
    """The edges through which no gradient passes, whatever it is: the result's box, and which operand."""
    return {
        (f'v{number}', i)
        for number, node in enumerate(topological([v]), 1)
        if node._row is not None
        for i, (_, blocked) in enumerate(node._row.edges(FLOATS, node.data, *[p.data for p in node._prev]))
        if blocked
    }


def _pass(seen: View, shut: Set[tuple[str, int]]) -> Iterator[_Frame]:
    """Reverse topological order: a node comes when everything that uses it has come."""
    boxes: dict[str, Box] = {box.id: box for box in seen.boxes if isinstance(box, Box)}
    root = seen.boxes[-1].id
    edges = [edge for edge in seen.edges if not edge.decides]
    users = {box: sum(edge.parent == box for edge in edges) for box in boxes}
    gradients = {root: 1.0}
    yield _Frame({}, frozenset(), '', 'Forward: every value is known')
    for box in reversed(boxes):
        into = [edge for edge in edges if edge.child == box]
        terms = [_hand_on(edge, gradients, users, (edge.child, edge.position) in shut) for edge in into]
        if terms or box == root:
            complete = frozenset(i for i, uses in users.items() if uses == 0)
            shown = dict.fromkeys(complete, 0.0) | gradients
            yield _Frame(shown, complete, box, _sentence(boxes[box], shown[box], into, terms))
    yield _Frame(dict.fromkeys(boxes, 0.0) | gradients, frozenset(boxes), '', 'Backward: every gradient is known')


def _hand_on(edge: Edge, gradients: dict[str, float], users: dict[str, int], is_shut: bool) -> float:
    """What one use of a value adds to its gradient; where nothing has come, nothing goes on, not even 0 * inf."""
    users[edge.parent] -= 1
    if is_shut or edge.factor is None or edge.child not in gradients:
        return 0.0
    term = gradients[edge.child] * edge.factor
    gradients[edge.parent] = gradients.get(edge.parent, 0.0) + term
    return term


def _sentence(box: Box, gradient: float, into: Sequence[Edge], terms: Sequence[float]) -> str:
    """The chain rule, edge by edge: 'At z = +: 0.5 × 1 = 0.5, 0.5 × 1 = 0.5'."""
    products = [
        f'{written(gradient)} × {written(edge.factor or 0.0)} = {written(term)}'
        for edge, term in zip(into[:TERMS], terms, strict=False)
    ]
    return f'At {box.heading}, gradient {written(gradient)}:   ' + ',   '.join(
        products + ['…'] * (len(into) > TERMS)
    )  # fmt: skip


# How it looks ----------------------------------------------------------------------------------------------------


def _draw(axes: Any, seen: View, placed: Placed, frame: _Frame, largest: float) -> None:
    axes.text(MARGIN, 22, frame.says, size=11, weight='bold', va='center', parse_math=False)
    axes.text(MARGIN, placed.height + TOP + FOOT / 2, CAPTION, size=8.5, color=GREY, va='center')
    for edge, line in zip(seen.edges, placed.lines, strict=True):
        _draw_edge(axes, edge, line, edge.child == frame.active and not edge.decides)
    for box, (x, y) in zip(seen.boxes, placed.centres, strict=True):
        if isinstance(box, Box):
            _draw_box(axes, box, (x + MARGIN, y + TOP), frame, largest)


def _draw_edge(axes: Any, edge: Edge, line: Sequence[int], is_active: bool) -> None:
    from matplotlib.patches import FancyArrowPatch
    from matplotlib.path import Path

    points = _points(line)
    codes = [Path.MOVETO, *[Path.CURVE4 if len(points) > 2 else Path.LINETO] * (len(points) - 1)]
    colour = ACTIVE if is_active else GREY
    axes.add_patch(
        FancyArrowPatch(
            path=Path(points, codes), arrowstyle='-|>', mutation_scale=9, color=colour,
            linewidth=2.2 if is_active else 1.0, linestyle='--' if edge.decides else '-', zorder=2,
        )
    )  # fmt: skip
    if not edge.decides:
        x, y = _middle(points)
        axes.text(
            x, y - 7, f'{"× " * is_active}{written(edge.factor or 0.0)}', color=colour, size=9.5 if is_active else 8.5,
            weight='bold' if is_active else 'normal', ha='center', va='center', zorder=3,
        )  # fmt: skip


def _points(line: Sequence[int]) -> list[tuple[float, float]]:
    """The corners of a line on the page, up to the tip of its arrow."""
    x, y = float(MARGIN), float(TOP)
    points: list[tuple[float, float]] = []
    for right, down in zip(line[::2], line[1::2], strict=True):
        x, y = x + right, y + down
        points.append((x, y))
    (before_x, before_y), (x, y) = points[-2], points[-1]
    length = math.hypot(x - before_x, y - before_y) or 1.0
    points[-1] = (x + TIP * (x - before_x) / length, y + TIP * (y - before_y) / length)
    return points


def _middle(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    if len(points) % 6 == 1:  # an even number of curves, which meet in the middle
        return points[len(points) // 2]
    if len(points) == 2:
        (x, y), (u, v) = points
        return (x + u) / 2, (y + v) / 2
    middle = len(points) // 2 - 2
    (x, y), (p, q), (r, s), (u, v) = points[middle : middle + 4]
    return (x + 3 * p + 3 * r + u) / 8, (y + 3 * q + 3 * s + v) / 8


def _draw_box(axes: Any, box: Box, centre: tuple[float, float], frame: _Frame, largest: float) -> None:
    from matplotlib.patches import FancyBboxPatch

    (x, y), w, h = centre, width(box), height(box)
    gradient = frame.gradients.get(box.id)
    is_complete = box.id in frame.complete
    is_active = box.id == frame.active
    rounding = 'square,pad=0' if box.role in ('input', 'constant') else 'round,pad=0,rounding_size=8'
    line = ACTIVE if is_active else '#2f6fab' if box.role == 'parameter' else '#8a9099'
    axes.add_patch(
        FancyBboxPatch(
            (x - w / 2, y - h / 2), w, h, boxstyle=rounding, facecolor=_fill(gradient, largest), edgecolor=line,
            linewidth=2.6 if is_active else 2.0 if box.role == 'parameter' else 1.2, zorder=4,
        )
    )  # fmt: skip
    colour = 'white' if gradient is not None and not math.isfinite(gradient) else INK
    muted = colour if is_complete else GREY
    texts = (
        (-w / 2 + 8, -9, box.heading, 'left', colour), (w / 2 - 8, -9, number(box.data), 'right', colour),
        (-w / 2 + 8, 9, 'grad', 'left', muted),
        (w / 2 - 8, 9, '·' if gradient is None else number(gradient), 'right', muted),
    )  # fmt: skip
    for right, down, text, side, ink in texts:
        axes.text(x + right, y + down, text, ha=side, va='center', size=11, color=ink, zorder=5, parse_math=False)


def _fill(gradient: float | None, largest: float) -> Any:
    if gradient is None:
        return 'white'
    return tint(gradient / largest) if math.isfinite(gradient) else INK
