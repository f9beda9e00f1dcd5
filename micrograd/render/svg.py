"""What Graphviz's SVG lacks: the colours of a dark page, a title, a description, and a line of text for every value."""

import zlib
from collections import defaultdict
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from micrograd.render.view import Box, Edge, View, number, plural, short_number

_SVG = 'http://www.w3.org/2000/svg'
_LISTED = 12  # leaves that a description names

DARK_BLUES = ('#262c34', '#274058', '#26496c', '#255380', '#205d98', '#1d63a8')  # for a gradient of 0, and larger ones
DARK_ORANGES = ('#262c34', '#453630', '#5b3d2f', '#71432a', '#894a1c', '#a04d06')  # below 0
_SHADES = '\n'.join(
    f'  .micrograd .{sign}{i} > :not(text):not(polyline) {{ fill: {colour} }}'
    for sign, colours in (('plus', DARK_BLUES), ('minus', DARK_ORANGES))
    for i, colour in enumerate(colours)
)
_STYLE = f"""
.micrograd text {{ font-variant-numeric: tabular-nums }}
.micrograd .node:focus {{ outline: 2px solid #2f81f7; outline-offset: 2px }}
@media (prefers-color-scheme: dark) {{
  .micrograd .node text {{ fill: #f0f3f6 }}
  .micrograd .parameter > :not(text) {{ stroke: #6cb0f5 }}
  .micrograd .root:not(.alarm) > :not(text) {{ stroke: #d0d7de }}
{_SHADES}
  .micrograd .part:not(.alarm) > :not(text):not(polyline) {{ fill: #3a424d }}
  .micrograd .alarm > :not(text):not(polyline) {{ fill: #f0f3f6 }}
  .micrograd .alarm text {{ fill: #1b1f24 }}
}}
"""


def polished(picture: bytes, view: View, title: str) -> str:
    """Graphviz's SVG of a view, completed.

    Args:
        picture: the SVG, in which nodes have the ids of boxes as names, and the edges are e1, e2, … in their order.
        view: what it shows.
        title: what it is called; '' for a name after its roots.

    Returns:
        The SVG as text. What it says about itself is escaped here, when it is written.
    """
    ElementTree.register_namespace('', _SVG)
    svg = ElementTree.fromstring(picture)  # noqa: S314 - written by Graphviz, which escapes what is in it
    prefix = f'g{zlib.crc32(picture):08x}'  # several pictures may stand on one page
    notes = _notes(view)
    for group in svg.iter(f'{{{_SVG}}}g'):
        _annotate(group, notes, prefix)
    svg.attrib |= {
        'class': 'micrograd',
        'role': 'graphics-document img',
        'aria-labelledby': f'{prefix}-title',
        'aria-describedby': f'{prefix}-description',
    }
    _insert(svg, 'style', _STYLE)
    _insert(svg, 'desc', _description(view), id=f'{prefix}-description')
    _insert(svg, 'title', title or f'Computation graph of {_roots(view)}', id=f'{prefix}-title')
    return ElementTree.tostring(svg, encoding='unicode') + '\n'


def fitted(picture: str) -> str:
    """The picture as a part of a page: no wider than there is room. (One by itself keeps its size, to be zoomed into.)

    >>> fitted('<svg width="9000pt" height="60pt"></svg>')
    '<svg style="max-width:100%;height:auto" width="9000pt" height="60pt"></svg>'
    """
    return picture.replace('<svg ', '<svg style="max-width:100%;height:auto" ', 1)


def _insert(svg: Element, tag: str, text: str, **attributes: str) -> None:
    element = Element(f'{{{_SVG}}}{tag}', attributes)
    element.text = text
    svg.insert(0, element)


def _annotate(group: Element, notes: dict[str, str], prefix: str) -> None:
    """Say in a group's title what it shows. A node can be reached with the keyboard, and tells of the edges to it."""
    title = group.find(f'{{{_SVG}}}title')
    kind, *_ = group.get('class', '').split()
    if title is None or kind == 'graph':
        return
    key = str(title.text if kind == 'node' else group.get('id'))
    title.text = notes[key]
    group.set('id', f'{prefix}-{key}')
    group.attrib |= {'role': 'graphics-symbol img', 'tabindex': '0'} if kind == 'node' else {'aria-hidden': 'true'}


# Sentences -----------------------------------------------------------------------------------------------------------


def _description(view: View) -> str:
    leaves = [_numbers(box) for box in view.boxes if isinstance(box, Box) and box.role in ('input', 'parameter')]
    more = f' and {len(leaves) - _LISTED:,} more' if len(leaves) > _LISTED else ''
    sentences = [
        f'{view.size}, from the inputs on the left to {_roots(view)} on the right.',
        f'Inputs and parameters: {"; ".join(leaves[:_LISTED])}{more}.' if leaves else '',
        _colours(view),
    ]
    return ' '.join(filter(None, sentences))


def _colours(view: View) -> str:
    """What the colours mean, and what there is of them."""
    alarms = sum(box.shade is None for box in view.boxes)
    inverted = f' Inverted where a number is nan, or a gradient infinite: {alarms:,}.' if alarms else ''
    grads = [box.grad for box in view.boxes if isinstance(box, Box) and box.shade is not None]
    largest = max(map(abs, grads), default=0.0)
    if largest == 0.0:
        return f'No gradient is known yet but 0, which is white.{inverted}'
    return (
        'The colour is the gradient: orange below 0, white at 0, blue above; strongest at a size of '
        f'{number(largest)}.{inverted}'
    )


def _roots(view: View) -> str:
    return ', '.join(box.known_as for box in view.boxes if box.root)


def _numbers(box: Box) -> str:
    return f'{box.known_as} {number(box.data)}, grad {number(box.grad)}'


def _notes(view: View) -> dict[str, str]:
    """A line of text for every box and every edge, by its id."""
    names = {box.id: box.known_as for box in view.boxes}
    notes: dict[str, str] = {}
    operands = defaultdict(list)
    for i, edge in enumerate(view.edges, 1):
        notes[f'e{i}'] = f'from {names[edge.parent]} to {names[edge.child]}: {_meaning(edge)}'
        operands[edge.child].append(f'{names[edge.parent]}: {_meaning(edge)}')
    for box in view.boxes:
        kind = '' if box.role == 'operation' else f' ({box.role})'
        notes[box.id] = '\n'.join([f'{box.heading or box.known_as}{kind}, {box.numbers}', *operands[box.id]])
    return notes


def _meaning(edge: Edge) -> str:
    if edge.decides:
        return 'decides'
    if edge.uses:
        return plural(edge.uses, 'use')
    return 'defined by hand' if edge.factor is None else f'local derivative {short_number(edge.factor)}'
