"""What a notebook shows: of a Value its graph, of a Module its parameters, of a History its curves.

A display never raises, whatever is wrong, and is there within a second: what would take longer is shown collapsed, or
as a sentence that says how to see it.

A graph is an <iframe> with the explorer's page, in a sandbox where it reaches nothing of the notebook. What stands
between the tags of an iframe is only text to a browser, and never shown. JupyterLab cleans a notebook that it does not
trust of iframes, but not of the image there, which then is what one sees.
"""

from __future__ import annotations

import math
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from html import escape
from io import BytesIO
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from micrograd.engine import Value
from micrograd.errors import GraphError, MicrogradError, RenderError
from micrograd.history import History
from micrograd.module import Module
from micrograd.node import parents
from micrograd.render.dot import MAX_NODES, draw
from micrograd.render.explorer import MAX_VALUES, Explorer, explore
from micrograd.render.view import legible, number

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from micrograd.chapter.algorithm import Step

Bundle = dict[str, str]  # MIME type -> what is shown where that type is

SMALL = 100  # values: Graphviz takes a tenth of a second for them, and may be waited for on the slowest machine
PATIENCE = 10.0  # seconds, for small graphs
IMPATIENCE = 0.6  # seconds, for larger ones; what is around Graphviz takes 0.2 ms a value
EXPLORED = 1500  # values of a graph whose page can be made in a second
AT_A_TIME = 200  # boxes of a level of that page: what has more opens collapsed, if anything in it can be
LARGEST = 10_000  # values of a graph whose collapsed picture can be
STATIC = 120  # boxes of that picture: more cannot be read at the width of a notebook
STATIC_EDGES = 300  # likewise; and the notebook stays small
LONGEST = 500  # characters of a line
ROWS = 12  # of the table of a module

_SVG = '{http://www.w3.org/2000/svg}'
_UNSEEN = {'id', 'role', 'tabindex', 'aria-hidden', 'aria-labelledby', 'aria-describedby'}  # in an <img>
_THEME = (  # what a notebook's own light and dark themes call themselves, where they do not follow the browser's
    '<style>[data-jp-theme-light="false"] .micrograd-page,.vscode-dark .micrograd-page{color-scheme:dark}'
    '[data-jp-theme-light="true"] .micrograd-page,.vscode-light .micrograd-page{color-scheme:light}</style>'
)


def of_value(v: Value) -> Bundle:
    """The graph of a value; of a leaf, which has none, only the number."""
    return _bundle(v, repr, lambda: _graph(v) if v._prev else {})


def of_explorer(page: Explorer) -> Bundle:
    """The page. It was asked for, so here nothing is too large."""
    return _bundle(page, repr, lambda: {'text/html': frame(page.html, page_height(page))})


def of_module(module: Module) -> Bundle:
    """How many parameters there are, and where. The module is not called."""
    return _bundle(module, repr, lambda: {'text/html': _parameters(module)})


def of_history(history: History) -> Bundle:
    """The curves, and the numbers as a table."""
    return _bundle(history, str, lambda: _curves(history))


def of_step(step: Step) -> Bundle:
    """The network, with what is known after a step of the algorithm."""
    return _bundle(step, str, lambda: _image(step.draw()))


def _bundle(thing: Any, say: Callable[[Any], str], show: Callable[[], Bundle]) -> Bundle:
    """What is to be shown, with a text for where only text can be; or that text, and what went wrong.

    Nothing where a class of the program's own shows itself in its own way, or where a terminal shows the repr anyway.
    """
    if hasattr(thing, '_repr_html_') or _in_terminal():
        return {}
    text = say(thing)
    try:
        return {**show(), 'text/plain': text}
    except Exception as error:  # noqa: BLE001 - a display never raises
        return {'text/html': _complaint(text, error), 'text/plain': text}


def _in_terminal() -> bool:
    """Whether this is IPython in a terminal, which shows text alone."""
    ipython = sys.modules.get('IPython')
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and 'text/html' not in shell.display_formatter.active_types


def _complaint(text: str, error: Exception) -> str:
    problem = str(error) if isinstance(error, MicrogradError) else f'{type(error).__name__}: {error}'
    return f'<pre>{_written(text)}</pre><p><em>No picture:</em> {_written(problem)}</p>'


def _written(text: str) -> str:
    lines = [line[: len(line) - len(line.lstrip(' '))] + legible(line, LONGEST) for line in text.splitlines()]
    return escape('\n'.join(lines))


# A graph -------------------------------------------------------------------------------------------------------------


def _graph(v: Value) -> Bundle:
    """The explorer, and a static picture inside; only the picture where the explorer would take too long."""
    size = _size(v, LARGEST)
    if size > LARGEST:
        raise GraphError(
            f'this graph has more than {LARGEST:,} values, which takes too long to lay out here. Show a smaller part, '
            'from any Value on the way: one neuron, or the loss of one example'
        )
    limit = PATIENCE if size <= SMALL else IMPATIENCE
    with ThreadPoolExecutor(max_workers=1) as other:  # two processes of Graphviz at a time
        picture = other.submit(_picture, v, limit)
        page = _page(v, size, limit)
    image = picture.result()
    if isinstance(page, Explorer):
        return {'text/html': frame(page.html, page_height(page), f'<noscript>{image}</noscript>' if image else '')}
    if not image:
        raise RenderError(page)
    return {'text/html': f'{image}<p><em>Only a picture:</em> {_written(page)}</p>'}


def _size(root: Value, limit: int) -> int:
    """How many values there are under a root; the walk ends where they are more than the limit."""
    met = {id(root)}
    waiting = [root]
    while waiting and len(met) <= limit:
        for p in parents(waiting.pop()):
            if id(p) not in met:
                met.add(id(p))
                waiting.append(p)
    return len(met)


def _page(v: Value, size: int, limit: float) -> Explorer | str:
    """The explorer, or why there is none in time. (An error that was kept would keep the graph, by its traceback.)"""
    more = 'explore a part, as in micrograd.explore(h)'
    if size <= MAX_VALUES:
        more = 'to see all of it, and wait as long as it takes: micrograd.explore(v)'
    if size > EXPLORED:
        return f'this graph has {size:,} values; {more}'
    try:
        return _explored(v, limit)
    except (GraphError, RenderError) as error:
        if size <= SMALL:
            return str(error)
        return f'this graph has {size:,} values, too many to lay out in a second; {more}'


def _explored(v: Value, limit: float) -> Explorer:
    """The explorer with levels that are quick to lay out; with a large one if there is no other."""
    try:
        return explore(v, max_nodes=AT_A_TIME, time_limit=limit)
    except GraphError:
        return explore(v, max_nodes=MAX_NODES, time_limit=limit)


def frame(page: str, height: int, fallback: str = '') -> str:
    """A page inside a page, without access to what is around it.

    Args:
        page: the HTML of the page.
        height: in pixels.
        fallback: HTML for where there are no iframes.

    >>> frame('<p title="a">&lt;', 300).partition('srcdoc=')[2]
    '"&lt;p title=&quot;a&quot;&gt;&amp;lt;"></iframe>'
    """
    return (
        f'{_THEME}<iframe class="micrograd-page" title="Computation graph" sandbox="allow-scripts" '
        f'style="width:100%;height:{height}px;border:0" srcdoc="{escape(page)}">{fallback}</iframe>'
    )


def _picture(v: Value, limit: float) -> str:
    """The picture for where no script runs: an image, and so inert. Nothing if there is none in time."""
    try:
        drawing = draw(v, max_nodes=STATIC, time_limit=limit)
        if len(drawing.view.edges) > STATIC_EDGES:
            drawing = draw(v, max_nodes=STATIC, time_limit=limit, collapse='layer')
        source = b64encode(_slim(drawing.svg)).decode()
    except MicrogradError:
        return ''
    alternative = f'{drawing!r}; trust the notebook, or run this cell, to explore it'
    return f'<img alt="{escape(alternative)}" style="max-width:100%" src="data:image/svg+xml;base64,{source}">'


def page_height(page: Explorer) -> int:
    """How high a page should be, in pixels: as its graph is where it just fits in, within limits.

    A notebook gives it some 900 pixels of width, of which the panel takes a third.
    """
    first = page.graph['levels'][0]
    graph: float = first['height'] * min(1.0, 560 / first['width'])
    return round(min(max(graph + 160, 420), 640))


def _slim(svg: str) -> bytes:
    """An SVG without what an <img> cannot show: what is said on hovering, and to those who do not see it."""
    picture = ElementTree.fromstring(svg)  # noqa: S314 - our own
    for element in picture.iter():
        for name in _UNSEEN.intersection(element.keys()):
            del element.attrib[name]
        for unseen in [*element.findall(f'{_SVG}title'), *element.findall(f'{_SVG}desc')]:
            element.remove(unseen)
    return ElementTree.tostring(picture)


# Parameters ----------------------------------------------------------------------------------------------------------


def _parameters(module: Module) -> str:
    """A table: what the module consists of, how many parameters each part has, and their largest numbers."""
    parts = [(name, part.brief(), part.parameters()) for name, part in _parts(module)]
    parts = parts or [(name, '', [p]) for name, p in module.named_parameters()]
    rows = [_row(*part) for part in parts[:ROWS]]
    if len(parts) > ROWS:
        rows.append(_row('…', f'{len(parts) - ROWS:,} more', [p for *_, ps in parts[ROWS:] for p in ps]))
    head = ''.join(f'<th>{name}</th>' for name in ('part', 'module', 'parameters', 'largest |data|', 'largest |grad|'))
    foot = _row('', module.brief(), module.parameters())
    return f'<table><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody><tfoot>{foot}</tfoot></table>'


def _parts(module: Module) -> Iterator[tuple[str, Module]]:
    """The modules in the attributes of a module, and in the lists and dictionaries there."""
    for name, thing in module._parts().items():
        items = (
            thing.items() if isinstance(thing, dict) else enumerate(thing) if isinstance(thing, list | tuple) else ()
        )
        inner = [(f'{name}.{key}', x) for key, x in items]
        yield from ((path, x) for path, x in [(name, thing), *inner] if isinstance(x, Module))


def _row(name: str, what: str, values: Sequence[Value]) -> str:
    data, grad = _largest([p.data for p in values]), _largest([p.grad for p in values])
    cells = [name, what, f'{len(values):,}', number(data), number(grad)]
    return f'<tr>{"".join(f"<td>{escape(legible(cell))}</td>" for cell in cells)}</tr>'


def _largest(numbers: Sequence[float]) -> float:
    """The largest size; nan if there is one, for that is what one should see."""
    sizes = [abs(x) for x in numbers]
    return math.nan if any(map(math.isnan, sizes)) else max(sizes, default=0.0)


# Curves --------------------------------------------------------------------------------------------------------------


def _curves(history: History) -> Bundle:
    return _image(history.plot()) if history.losses else {}


def _image(figure: Figure) -> Bundle:
    picture = BytesIO()
    figure.savefig(picture, format='png')
    return {'image/png': b64encode(picture.getvalue()).decode()}
