"""Where the boxes and edges of the explorer stand: Graphviz's layout of boxes whose sizes are known beforehand.

No text of a graph gets into the DOT text, only ids and sizes.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any
from unicodedata import combining, east_asian_width

from micrograd.render import layout
from micrograd.render.view import Box, Part, View, number

HEIGHT = 40  # of a box, in points, as all lengths here
PADDING = 9  # on either side of a text
FONT_SIZE = 12
CROWD = 2  # edges to parts, a box: from there on the boxes stand farther apart
DIGITS = 8  # for which there is room in every box: −12.3456

_NARROW = set("iljtfrI.,:;|!'’()[]{} /\\−-·")
_WIDE = set('mwMW@%—…')


@dataclass(frozen=True, slots=True)
class Placed:
    """A layout.

    Args:
        width: of the whole, in points.
        height: likewise.
        centres: (x, y) of each box, y downwards.
        lines: for each edge the points of its Bézier curves, without the arrow: x, y, and from then on how much further
            right and down each point is than the one before. Of what is nearly straight, the two ends.
    """

    width: int
    height: int
    centres: tuple[tuple[int, int], ...]
    lines: tuple[tuple[int, ...], ...]


def place(views: Sequence[View], time_limit: float = layout.TIME_LIMIT) -> list[Placed]:
    """Lay several views out, in one process.

    Args:
        views: what to place.
        time_limit: in seconds, for all of them.

    Raises:
        RenderError: Graphviz did not finish in time.
        MissingDependencyError: there is no Graphviz.

    >>> from micrograd import Value
    >>> from micrograd.render.view import view
    >>> place([view([Value(1.0) + 2.0], 10)])[0].centres
    ((57, 20), (57, 74), (225, 47))
    """
    found = layout.coordinates([_dot(view) for view in views], time_limit)
    return [_placed(view, graph) for view, graph in zip(views, found, strict=True)]


def width(box: Box | Part) -> int:
    """How wide a box must be for its texts.

    >>> from micrograd import Value
    >>> from micrograd.render.view import view
    >>> [width(box) for box in view([Value(1.0).tanh()], 10).boxes]
    [114, 114]
    """
    texts = _right_texts(box)
    digits = max(DIGITS, *(len(text) for text in texts if not isinstance(box, Part)), 0)
    return left_width(box) + round(max(digits * 0.56 * FONT_SIZE, *map(_length, texts)) + 2 * PADDING)


def left_width(box: Box | Part) -> int:
    """How wide the left column of a box is, where names are."""
    texts = [box.name, 'Σ|grad|'] if isinstance(box, Part) else [box.heading, 'grad']
    return round(max(map(_length, texts)) + 2 * PADDING)


def _right_texts(box: Box | Part) -> list[str]:
    if isinstance(box, Part):
        return [box.extent, box.written_outputs, number(box.total_grad)]
    return [number(box.data), number(box.grad)]


def height(box: Box | Part) -> int:
    """How high a box is: two lines for a value, three for a part."""
    return HEIGHT if isinstance(box, Box) else HEIGHT + 18


@lru_cache(maxsize=4096)
def _length(text: str) -> float:
    """About how long a text is in Helvetica, or another sans serif."""
    return sum(map(_advance, text)) * FONT_SIZE


@lru_cache(maxsize=4096)
def _advance(character: str) -> float:
    if combining(character):
        return 0.0
    if east_asian_width(character) in 'WF':
        return 1.05
    if character in _NARROW:
        return 0.34
    return 0.9 if character in _WIDE else 0.7 if character.isupper() else 0.56


def _dot(view: View) -> str:
    boxes = [
        f'{box.id} [width={width(box) / 72:.4f}, height={height(box) / 72:.4f}]' for box in view.boxes
    ]  # fmt: skip
    edges = [f'{edge.parent} -> {edge.child} [id={i}]' for i, edge in enumerate(view.edges)]
    crowd = sum(edge.uses > 0 for edge in view.edges) / len(view.boxes)
    ranksep = 0.75 + max(0.0, crowd - CROWD) * 0.2  # many lines need room to run
    settings = [
        f'rankdir=LR; ordering=in; nodesep=0.2; ranksep={ranksep:.2f}',
        'node [shape=box, fixedsize=true, label=""]',
        'edge [arrowsize=0.6]',
    ]
    return 'digraph {' + '; '.join([*settings, *boxes, *edges]) + '}'


def _placed(view: View, graph: dict[str, Any]) -> Placed:
    *_, right, top = map(float, graph['bb'].split(','))
    where = {node['name']: _points(node['pos'], top)[0] for node in graph['objects']}
    lines = {int(edge['id']): _curve(edge['pos'], top) for edge in graph.get('edges', ())}
    return Placed(
        round(right),
        round(top),
        tuple(where[box.id] for box in view.boxes),
        tuple(lines[i] for i in range(len(view.edges))),
    )


def _curve(pos: str, top: float) -> tuple[int, ...]:
    """From `e,x,y x,y x,y …`, which has the tip of the arrow first."""
    _, *points = _points(pos, top)
    if _is_straight(points):
        points = [points[0], points[-1]]
    steps = [(x - before[0], y - before[1]) for before, (x, y) in pairwise(points)]
    return tuple(coordinate for point in (points[0], *steps) for coordinate in point)


def _is_straight(points: Sequence[tuple[int, int]]) -> bool:
    """Whether no point is more than 1.5 away from the line between the ends."""
    (x, y), (end_x, end_y) = points[0], points[-1]
    right, down = end_x - x, end_y - y
    return all(abs((px - x) * down - (py - y) * right) <= 1.5 * math.hypot(right, down) for px, py in points)


def _points(text: str, top: float) -> list[tuple[int, int]]:
    pairs = [pair.split(',')[-2:] for pair in text.split()]
    return [(round(float(x)), round(top - float(y))) for x, y in pairs]
