"""A view -> a graphviz.Digraph -> SVG, PNG, PDF: what `draw`, `draw_dot` and `trace` give."""

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from micrograd import graph
from micrograd.checks import count
from micrograd.engine import Value
from micrograd.errors import RenderError, optional_import
from micrograd.files import replace_file
from micrograd.render import svg
from micrograd.render.layout import FORMATS, TIME_LIMIT, layout
from micrograd.render.parts import AUTO
from micrograd.render.view import Box, Edge, Part, View, legible, number, short_number, view

if TYPE_CHECKING:
    from micrograd.render.explorer import Explorer

MAX_NODES = 500  # what can be read, and is laid out in a second
LONGEST_TITLE = 200
DENSE = 3  # edges to parts, a box: from there on they need room to run
FONT = 'Helvetica,Arial,sans-serif'
GREY = '#6e7681'  # of what lies outside the boxes: as readable on white as on black
INK = '#1b1f24'
PART = '#eceff3'  # what a collapsed part is filled with

BLUES = ('#ffffff', '#e6f0fb', '#cae0f6', '#abcef0', '#89b9e9', '#62a3e0')  # for a gradient of 0, and larger ones
ORANGES = ('#ffffff', '#feefe4', '#fdddc5', '#fbc9a2', '#f7b27b', '#f2994a')  # below 0
_SHAPES = {
    'input': {'style': 'filled'},
    'parameter': {'color': '#2f6fab', 'penwidth': '2'},
    'constant': {'shape': 'note', 'style': 'filled'},
    'operation': {},
    'part': {'style': 'filled', 'fillcolor': PART, 'penwidth': '1.6'},
}


class Drawing:
    """A picture of a graph, with the numbers that it had when it was drawn. A notebook shows it.

    >>> from micrograd import Value, draw
    >>> a = Value(2.0, label='a')
    >>> drawing = draw(a * 3.0)
    >>> drawing
    Drawing of 3 values and 2 edges
    >>> drawing.dot.source.splitlines()[0]
    'digraph {'
    """

    def __init__(self, view: View, title: str, time_limit: float, page: Callable[[], 'Explorer']):
        self.view = view
        self.title = title
        self.time_limit = time_limit
        self.page = page

    def __repr__(self) -> str:
        return f'Drawing of {self.view.size}'

    @property
    def dot(self) -> Any:
        """The graphviz.Digraph; its `source` is the DOT text."""
        return digraph(self.view, self.title)

    @property
    def svg(self) -> str:
        """The picture as SVG text, for a light and for a dark page.

        Raises:
            RenderError: Graphviz refused, or did not finish in time.
            MissingDependencyError: there is no Graphviz.
        """
        return svg.polished(layout(self.dot.source, 'svg', self.time_limit), self.view, self.title)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the picture to a file, which is replaced if it exists.

        Args:
            path: ends with .svg, .png, .pdf, .dot for the DOT text, or .html for the page of `explore`, which has the
                numbers of the graph as it is now.

        Returns:
            The path.

        Raises:
            RenderError: the path ends otherwise, is a directory or in none; or Graphviz failed.
            MissingDependencyError: there is no Graphviz. The DOT text can be saved without.
            OSError: the file cannot be written.
        """
        path, form = target(path, (*FORMATS, 'dot', 'html'))
        replace_file(path, self._rendered(form))
        return path

    def _rendered(self, form: str) -> bytes:
        if form == 'dot':
            return str(self.dot.source).encode()
        if form == 'svg':
            return self.svg.encode()
        if form == 'html':
            return self.page().html.encode()
        finer = {'dpi': '192'} if form == 'png' else {}
        return layout(digraph(self.view, self.title, **finer).source, form, self.time_limit)

    def _repr_svg_(self) -> str:
        return svg.fitted(self.svg)


def draw(
    v: Value | Sequence[Value],
    *,
    title: str | None = None,
    collapse: Any = AUTO,
    depth: int | None = None,
    max_nodes: int = MAX_NODES,
    time_limit: float = TIME_LIMIT,
) -> Drawing:
    """Draw a value and everything that it was computed from, with gradients and local derivatives.

    Args:
        v: the value, or several.
        title: a line above the picture.
        collapse: what is to be one box: 'neuron' (every neuron), 'layer' (and layers, and functions under
            `micrograd.group`), 'network' (and whole networks); the name of a group, as 'layer 1'; a Module; a list of
            these; or None, nothing. By default nothing, unless there are more than max_nodes values.
        depth: how many groups may stand open around a value, those further in are one box each: 0 are the outermost.
        max_nodes: the largest number of boxes to draw.
        time_limit: how long Graphviz may take, in seconds.

    Returns:
        What a notebook shows, and what saves itself: `draw(loss).save('loss.svg')`.

    Raises:
        TypeError: v is no Value, and no list of them.
        ValueError: v is an empty list, or nothing in the graph has the name that is to be collapsed.
        GraphError: there are more than max_nodes boxes.

    >>> from micrograd import Value
    >>> x, w = Value(2.0, label='x'), Value(-3.0, label='w')
    >>> y = (w * x).tanh()
    >>> y.backward()
    >>> draw(y)
    Drawing of 4 values and 3 edges
    >>> from micrograd import nn
    >>> draw(nn.MLP(2, [16, 16, 1])([1.0, -1.0]), collapse='layer')
    Drawing of 3 parts, 2 values and 4 edges
    """
    roots = values(v)
    shown = view(roots, count(max_nodes, 'max_nodes'), collapse, depth)

    def page() -> 'Explorer':
        from micrograd.render.explorer import explore  # which stands on this module

        return explore(roots, title=title, collapse=collapse, depth=depth, max_nodes=max_nodes, time_limit=time_limit)

    return Drawing(shown, legible(title or '', LONGEST_TITLE), time_limit, page)


def draw_dot(root: Value, format: str = 'svg', rankdir: str = 'LR') -> Any:  # noqa: A002 - the name it has upstream
    """The same picture as a graphviz.Digraph, under the name and with the arguments of karpathy/micrograd.

    Args:
        root: the value to draw, with everything that it was computed from.
        format: what the Digraph's `render` writes: 'svg', 'png', 'pdf'.
        rankdir: 'LR', from left to right, or 'TB', from top to bottom.

    Raises:
        TypeError: root is no Value.
        ValueError: rankdir is neither.
        GraphError: the graph is too large for any picture.

    >>> from micrograd import Value
    >>> draw_dot(Value(2.0) + 1.0).format
    'svg'
    """
    if rankdir not in ('LR', 'TB'):
        raise ValueError(f"rankdir is 'LR' (left to right) or 'TB' (top to bottom), not {rankdir!r}")
    dot = digraph(view(values(root), 10 * MAX_NODES), '', rankdir=rankdir)
    dot.format = format
    return dot


def trace(root: Value) -> tuple[set[Value], set[tuple[Value, Value]]]:
    """All nodes under root, and all edges as (operand, result), under the name that this has in karpathy/micrograd.

    >>> from micrograd import Value
    >>> a = Value(2.0)
    >>> b = a * a
    >>> trace(b) == ({a, b}, {(a, b)})
    True
    """
    nodes = graph.topological(values(root))
    return set(nodes), {(parent, v) for v in nodes for parent in v._prev}


def values(v: Any) -> list[Value]:
    """What is to be drawn: a Value or a list of them, as a list.

    Raises:
        TypeError: it is something else.
        ValueError: the list is empty.
    """
    found = list(v) if isinstance(v, list | tuple) else [v]
    if not found:
        raise ValueError('a picture shows one Value at least, and the list is empty')
    for x in found:
        if not isinstance(x, Value):
            raise TypeError(
                f'a picture shows a Value or a list of Values, not {type(x).__name__}: {x!r:.60}. '
                'Wrong: draw(loss.data). Right: draw(loss)'
            )
    return found


# DOT text ----------------------------------------------------------------------------------------------------------


def digraph(view: View, title: str, **graph_attributes: str) -> Any:
    """The graphviz.Digraph of a view."""
    optional_import('graphviz', 'draw')
    from micrograd.render.digraph import Digraph

    dense = sum(edge.uses > 0 for edge in view.edges) > DENSE * len(view.boxes)
    graph_attributes = {'rankdir': 'LR', 'ranksep': '1.6' if dense else '0.45', **graph_attributes}
    if title:
        graph_attributes['label'] = escaped(title)
    dot = Digraph(
        graph_attr={
            'bgcolor': 'transparent', 'ordering': 'in', 'outputorder': 'edgesfirst', 'nodesep': '0.2',
            'labelloc': 't', 'labeljust': 'l', 'fontname': FONT, 'fontsize': '12', 'fontcolor': GREY,
            **graph_attributes,
        },
        node_attr={
            'shape': 'record', 'style': 'filled,rounded', 'color': '#8a9099', 'penwidth': '1.2', 'height': '0',
            'margin': '0.09,0.05', 'fontname': FONT, 'fontsize': '11', 'fontcolor': INK,
        },
        edge_attr={'color': GREY, 'arrowsize': '0.6', 'fontname': FONT, 'fontsize': '9', 'fontcolor': GREY},
    )  # fmt: skip
    across = graph_attributes['rankdir'] == 'LR'
    for box in view.boxes:
        dot.node(box.id, _label(box, across), **_looks(box))
    for i, edge in enumerate(view.edges, 1):
        dot.edge(edge.parent, edge.child, id=f'e{i}', **(_thin_line(edge) if dense else _line(edge)))
    return dot


def _label(box: Box | Part, across: bool) -> str:
    """Two lines, the number and its gradient at their right ends; two fields of a record, except for a constant.

    Fields stand one below the other where the graph goes across, and beside each other inside braces.
    """
    if isinstance(box, Part):
        fields = (
            rf'{escaped(box.name)}\lout\lΣ\|grad\|\l|{box.extent}\r{box.written_outputs}\r{number(box.total_grad)}\r'
        )
        return f'{{{fields}}}' if across else fields
    heading, data, grad = escaped(box.heading), number(box.data), number(box.grad)
    if box.role == 'constant':
        return rf'{heading}   {data}\rgrad   {grad}\r'.lstrip()
    fields = rf'{heading}\lgrad\l|{data}\r{grad}\r'
    return f'{{{fields}}}' if across else fields


def _looks(box: Box | Part) -> dict[str, str]:
    looks = {'class': f'{box.role} {_shade_name(box.shade)}', 'fillcolor': _fill(box.shade), **_SHAPES[box.role]}
    if box.root:
        looks |= {'class': f'{looks["class"]} root', 'color': '#57606a', 'penwidth': '2.4'}
    if box.shade is None:
        looks |= {'fillcolor': _fill(None), 'fontcolor': '#ffffff', 'color': '#d29922', 'penwidth': '2'}
    return looks


def _shade_name(shade: int | None) -> str:
    if shade is None:
        return 'alarm'
    return f'minus{-shade}' if shade < 0 else f'plus{shade}'


def _fill(shade: int | None) -> str:
    if shade is None:
        return INK
    return ORANGES[-shade] if shade < 0 else BLUES[shade]


def _line(edge: Edge) -> dict[str, str]:
    if edge.decides:
        return {'style': 'dashed'}
    if edge.uses:
        return {'label': f'{edge.uses:,}×'} if edge.uses > 1 else {}
    return {'label': '?' if edge.factor is None else short_number(edge.factor)}


def _thin_line(edge: Edge) -> dict[str, str]:
    """Where edges run close together; a label inside of the layout would need room on every one of them."""
    line = {'xlabel' if key == 'label' else key: text for key, text in _line(edge).items()}
    return {'penwidth': '0.5', 'arrowsize': '0.4', **line} if edge.uses else line


def escaped(text: str) -> str:
    r"""Text that DOT shows as it is: no escapes, no fields of a record, no HTML, no entities.

    >>> print(escaped('<b>{a|b}</b> &lt;'))
    \<b\>\{a\|b\}\</b\> &amp;lt;
    """
    return re.sub(r'([\\{}|<>])', r'\\\1', text.replace('&', '&amp;'))


# Files -------------------------------------------------------------------------------------------------------------


def target(path: str | os.PathLike[str], forms: Sequence[str]) -> tuple[Path, str]:
    """Where a picture goes, and in which of the formats.

    Raises:
        RenderError: the path ends otherwise, is a directory or in none.
    """
    path = Path(path)
    form = path.suffix.lower().removeprefix('.')
    if form not in forms:
        *most, last = (f'.{each}' for each in forms)
        endings = f'{", ".join(most)} or {last}' if most else last
        raise RenderError(f"this is saved as {endings}, not as {path.name!r}. Right: save('y.{forms[0]}')")
    if path.is_dir():
        raise RenderError(f'{path} is a directory; a picture is a file, which may be in it: {path / f"y.{forms[0]}"}')
    if not path.parent.is_dir():
        raise RenderError(f'{path} cannot be saved, for there is no directory {path.parent}; make it first')
    return path, form
