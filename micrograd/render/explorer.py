"""The explorer: one HTML file that draws a graph, steps through its two passes, and evaluates it anew.

The page is put together from the files in `page/`. What it shows is JSON, in which nothing can end its element.
"""

import base64
import hashlib
import json
import math
import os
import re
import tempfile
import webbrowser
from collections.abc import Iterator, Sequence
from functools import cache
from html import escape
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from micrograd import graph, groups
from micrograd.checks import count
from micrograd.engine import Value
from micrograd.errors import GraphError, StaleGraphError
from micrograd.files import replace_file
from micrograd.formulas import SYMBOLS, UNREADABLE, Symbol
from micrograd.node import ByHand, verify
from micrograd.primitives import ADD, MUL, WHERE, Row
from micrograd.reference import arguments, derivative
from micrograd.render import dot, svg
from micrograd.render.coordinates import Placed, height, left_width, place, width
from micrograd.render.layout import TIME_LIMIT
from micrograd.render.parts import AUTO
from micrograd.render.programs import live
from micrograd.render.view import Box, Part, View, legible, view

MAX_VALUES = 5000  # that a page carries

_COLLAPSED = {'neurons': 'neuron', 'layers': 'layer', 'networks': 'network'}
_SCRIPTS = (
    'arithmetic', 'paths', 'graph', 'numbers', 'dom', 'latex', 'rules', 'boxes', 'draw', 'camera', 'highlight', 'steps',
    'panel', 'leaves', 'search', 'controls', 'main',
)  # fmt: skip


class Explorer:
    """A page that shows a graph, with the numbers that it had when it was made.

    Args:
        graph: what the page is told, see `_graph`.
        title: what it is called.
        size: how large the graph is, in words.

    >>> from micrograd import Value
    >>> page = explore(Value(2.0, label='a') * 3.0)
    >>> page
    Explorer of 3 values and 2 edges
    >>> page.html[:15]
    '<!doctype html>'
    """

    def __init__(self, graph: dict[str, Any], title: str, size: str):
        self.graph = graph
        self.title = title
        self.size = size

    def __repr__(self) -> str:
        return f'Explorer of {self.size}'

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """What a notebook shows."""
        from micrograd.render import notebook  # which stands on this module

        return notebook.of_explorer(self)

    @property
    def html(self) -> str:
        """The page: one file, which asks the network for nothing."""
        script, style = _script(), _style()
        return Template(_file('frame.html')).substitute(
            title=escape(self.title),
            script_hash=_hash(script),
            style_hash=_hash(style),
            style=style,
            script=script,
            graph=_json(self.graph),
        )

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page to a file, which is replaced if it exists.

        Args:
            path: ends with .html.

        Returns:
            The path.

        Raises:
            RenderError: the path ends otherwise, is a directory or in none.
            OSError: the file cannot be written.
        """
        path, _ = dot.target(path, ['html'])
        replace_file(path, self.html.encode())
        return path

    def open(self) -> Path:
        """Show the page in the browser, from a new temporary file.

        Returns:
            The path of the file, which stays.
        """
        path = self.save(Path(tempfile.mkdtemp(prefix='micrograd-')) / 'graph.html')
        webbrowser.open(path.as_uri())
        return path


def explore(
    v: Value | Sequence[Value],
    *,
    title: str | None = None,
    collapse: Any = AUTO,
    depth: int | None = None,
    max_nodes: int = dot.MAX_NODES,
    time_limit: float = TIME_LIMIT,
) -> Explorer:
    """Make a page to explore a value and everything that it was computed from.

    In the page one steps through the forward and the backward pass, sees the chain rule of every value and every path
    between two, changes leaves and collapses neurons and layers.

    Args:
        v: the value, or several.
        title: what the page is called.
        collapse: what is collapsed when it opens, see `draw`; by default nothing, unless max_nodes asks for it.
        depth: how many groups then stand open around a value, see `draw`.
        max_nodes: the largest number of boxes to draw at a time.
        time_limit: how long Graphviz may take, in seconds.

    Returns:
        What opens itself in a browser, as `explore(loss).open()`, and saves itself: `explore(loss).save('loss.html')`.

    Raises:
        TypeError: v is no Value, and no list of them.
        ValueError: v is an empty list, or nothing in the graph has the name that is to be collapsed.
        GraphError: the graph has more values than a page can carry, or more boxes than max_nodes however it is drawn.
        RenderError: Graphviz did not finish in time.
        MissingDependencyError: there is no Graphviz.

    >>> from micrograd import Value
    >>> x, w = Value(2.0, label='x'), Value(-3.0, label='w')
    >>> y = (w * x).tanh()
    >>> y.backward()
    >>> explore(y)
    Explorer of 4 values and 3 edges
    """
    roots = dot.values(v)
    nodes = graph.topological(roots)
    if len(nodes) > MAX_VALUES:
        raise _too_large(len(nodes))
    whole = view(roots, MAX_VALUES)
    title = legible(title or '', dot.LONGEST_TITLE)
    most = count(max_nodes, 'max_nodes')
    levels = _levels(roots, whole, most, time_limit)
    asked = collapse != AUTO or depth is not None
    opening = _collapsed(view(roots, most, collapse, depth)) if asked else levels[0]['collapsed']
    named = title or f'Computation graph of {", ".join(box.known_as for box in whole.boxes if box.root)}'
    return Explorer(_graph(nodes, whole, levels, title) | {'opening': opening}, named, whole.size)


def _too_large(size: int) -> GraphError:
    return GraphError(
        f'this graph has {size:,} values, and an explorer carries {MAX_VALUES:,} at most. Explore a smaller part, from '
        'any Value on the way, as in explore(h): one neuron, or the loss of one example'
    )


# What the page is told -----------------------------------------------------------------------------------------------


def _levels(roots: Sequence[Value], whole: View, max_nodes: int, time_limit: float) -> list[dict[str, Any]]:
    """The layouts of all values, with neurons collapsed, …, as far as they differ and are not too large."""
    views = {'values': whole} | {name: view(roots, MAX_VALUES, collapse) for name, collapse in _COLLAPSED.items()}
    before: list[str] = []
    for name, found in list(views.items()):
        ids = [box.id for box in found.boxes]
        if len(ids) > max_nodes or ids == before:
            del views[name]
        before = ids
    if not views:
        raise _unreadable(len(found.boxes), max_nodes)
    placed = place(list(views.values()), time_limit)
    return [_level(name, found, at) for (name, found), at in zip(views.items(), placed, strict=True)]


def _unreadable(boxes: int, max_nodes: int) -> GraphError:
    return GraphError(
        f'this graph has {boxes:,} boxes even with its networks collapsed, and more than {max_nodes:,} at a time '
        'cannot be read. Explore a smaller part, from any Value on the way, as in explore(h); collapse what belongs '
        f"together with @micrograd.group('cost'); or insist: explore(loss, max_nodes={boxes})"
    )


def _level(name: str, found: View, at: Placed) -> dict[str, Any]:
    position = {box.id: i for i, box in enumerate(found.boxes)}
    lines = zip(found.edges, at.lines, strict=True)
    return {
        'name': name,
        'width': at.width,
        'height': at.height,
        'collapsed': _collapsed(found),
        'boxes': [box.id for box in found.boxes],
        'at': [coordinate for centre in at.centres for coordinate in centre],
        'lines': [[position[edge.parent], position[edge.child], *points] for edge, points in lines],
    }


def _collapsed(found: View) -> list[int]:
    """The groups that are one box each, by their positions."""
    return sorted(int(box.id[1:]) - 1 for box in found.boxes if isinstance(box, Part))


def _graph(nodes: Sequence[Value], whole: View, levels: list[dict[str, Any]], title: str) -> dict[str, Any]:
    """All that the page is told; of values by their positions in topological order."""
    numbers = live(nodes)
    rows = {k: v._row for v, k in zip(nodes, numbers['operation'], strict=True) if k is not None}
    boxes = [box for box in whole.boxes if isinstance(box, Box)]
    return {
        'title': title,
        'names': [box.name for box in boxes],
        'operations': [box.operation for box in boxes],
        'roles': ''.join(box.role[0] for box in boxes),
        'live': numbers,
        'stale': [i for i, v in enumerate(nodes) if _is_stale(v)],
        'roots': [i for i, box in enumerate(boxes) if box.root],
        'lefts': [left_width(box) for box in boxes],
        'widths': [width(box) for box in boxes],
        'operators': [_operator(row) for _, row in sorted(rows.items())],
        'groups': _groups(groups.find(nodes), nodes),
        'levels': levels,
    }


def _is_stale(v: Value) -> bool:
    """Whether a value does not follow from its parents' any more."""
    if not v._prev:
        return False
    try:
        verify([v], ADD, MUL)
    except StaleGraphError:
        return True
    return False


def _operator(row: Any) -> dict[str, Any]:
    """What the page says of an operation."""
    if isinstance(row, ByHand):
        return {'name': legible(row.symbol)}
    xs = [] if row.lists else arguments(row)
    return {
        'name': row.name,
        'latex': row.latex,
        'arguments': [x.text for x in xs],
        'slopes': _slopes(row, xs) if xs else [],
        'decides': [0] if row is WHERE else [],
    }


def _slopes(row: Row, xs: Sequence[Symbol]) -> list[str]:
    """The local derivatives as formulas; none where Python cannot read the row's."""
    try:
        return [derivative(*edge) for edge in row.edges(SYMBOLS, Symbol('z'), *xs)]
    except UNREADABLE:
        return []


def _groups(found: Sequence[groups.Group], nodes: Sequence[Value]) -> list[dict[str, Any]]:
    """The groups, each with what is in none of its parts; else calls within calls would list everything again."""
    inner: list[set[int]] = [set() for _ in found]
    for group in found:
        if group.parent is not None:
            inner[group.parent].update(group.members)
    return [_group(group, within, nodes) for group, within in zip(found, inner, strict=True)]


def _group(group: groups.Group, inner: set[int], nodes: Sequence[Value]) -> dict[str, Any]:
    part = Part(
        id='',
        name=legible(group.name),
        kind=group.kind,
        size=len(group.members),
        outputs=tuple(('', nodes[i].data) for i in group.outputs),
        total_grad=0.0,
        root=False,
        shade=0,
    )
    without = sorted(inner.difference(group.members))
    return {
        'name': part.name,
        'kind': part.kind,
        'parent': -1 if group.parent is None else group.parent,
        'members': [i for i in group.members if i not in inner],
        'outputs': group.outputs,
        'left': left_width(part),
        'width': width(part),
        'height': height(part),
    } | ({'without': without} if without else {})


# The file ------------------------------------------------------------------------------------------------------------


@cache
def _file(name: str) -> str:
    return (files('micrograd.render') / 'page' / name).read_text(encoding='utf-8')


@cache
def _script() -> str:
    """The files of the page as one function, without comments, indentation and spaces around signs."""
    lines = '\n'.join(_file(f'{name}.js') for name in _SCRIPTS).splitlines()
    kept = (re.sub(r'([;,{}]) +// .*', r'\1', line).strip() for line in lines)
    text = '\n'.join(map(_tight, (line for line in kept if line and not line.startswith('//'))))
    return f"(() => {{\n'use strict';\n{text}\n}})();"


def _tight(line: str) -> str:
    """A line of JavaScript without spaces around signs, unless it may have a text or a regular expression in it."""
    return line if re.search(r'[\'"`/]', line) else re.sub(r' ?([=<>*?:,;(){}|&]) ?', r'\1', line)


@cache
def _style() -> str:
    """The style sheet, and the colours that all pictures have."""
    text = ' '.join([*_file('page.css').split(), *_colours()])
    return re.sub(r' ?([{};,]) ?|(:) ', r'\1\2', text)


def _colours() -> Iterator[str]:
    for sign, light, dark in (('plus', dot.BLUES, svg.DARK_BLUES), ('minus', dot.ORANGES, svg.DARK_ORANGES)):
        for i, (by_day, by_night) in enumerate(zip(light, dark, strict=True)):
            yield f'.{sign}{i} {{ --fill: light-dark({by_day}, {by_night}) }}'


def _hash(text: str) -> str:
    return f'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'


def _json(thing: Any) -> str:
    r"""JSON that may stand in a script element. Numbers that are nan or infinite become texts.

    >>> print(_json([1.0, -0.0, float('nan'), '</script>']))
    [1,-0.0,"nan","\u003c/script\u003e"]
    """
    text = json.dumps(_plain(thing), ensure_ascii=False, separators=(',', ':'), allow_nan=False)
    for character in '<>&\u2028\u2029':
        text = text.replace(character, f'\\u{ord(character):04x}')
    return text


def _plain(thing: Any) -> Any:
    """Lists of lists, in which numbers are as short as they can be."""
    if isinstance(thing, dict):
        return {key: _plain(x) for key, x in thing.items()}
    if isinstance(thing, list | tuple):
        return [_plain(x) for x in thing]
    if not isinstance(thing, float):
        return thing
    if not math.isfinite(thing):
        return str(thing)
    return int(thing) if thing.is_integer() and abs(thing) < 1e15 and str(thing) != '-0.0' else thing
