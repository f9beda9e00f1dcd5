"""Which parts of a graph are drawn as one box each, and what such a box shows."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from micrograd.checks import integer
from micrograd.engine import Value
from micrograd.groups import KINDS, Group
from micrograd.module import Module

AUTO = 'auto'
LEVELS = ('neuron', 'layer', 'network')  # what `collapse` can say, from the finest on
_CLOSED = {'neuron': {'neuron'}, 'layer': {'neuron', 'layer', 'group'}, 'network': set(KINDS)}


@dataclass(frozen=True, slots=True)
class Cover:
    """What becomes of each value of a graph in a picture.

    Args:
        collapsed: the groups that are a box each, by their positions among all groups; none is inside another.
        inside: for each value the positions of the groups in whose boxes it lies; a leaf may lie in several.
        hidden: for each value, whether it is not drawn itself.
    """

    collapsed: Mapping[int, Group]
    inside: tuple[tuple[int, ...], ...]
    hidden: tuple[bool, ...]

    @property
    def size(self) -> int:
        """How many boxes there are."""
        return len(self.collapsed) + self.hidden.count(False)


def chosen(groups: Sequence[Group], collapse: Any, depth: int | None) -> set[int]:
    """The positions of the groups that are to be one box each.

    Args:
        groups: all there are, from `groups.find`.
        collapse: one of LEVELS, the name of a group, a module, or a list of these; None for no group.
        depth: how many groups may stand open around a value; those further in are closed. None: as many as there are.

    Raises:
        ValueError: no group has such a name, or depth is negative.
        TypeError: collapse is something else.
    """
    wanted = _wanted(groups, collapse)
    if depth is not None:
        if integer(depth, 'depth') < 0:
            raise ValueError(f'depth counts the groups that stand open around a value, from 0 on; it was {depth}')
        wanted |= {i for i, group in enumerate(groups) if group.depth >= depth}
    return {i for i in wanted if not any(outer in wanted for outer in _around(groups, i))}


def _wanted(groups: Sequence[Group], collapse: Any) -> set[int]:
    if collapse is None:
        return set()
    if isinstance(collapse, list | tuple):
        return set().union(*(_wanted(groups, each) for each in collapse))
    if isinstance(collapse, Module):
        return _made_by(groups, collapse)
    if not isinstance(collapse, str):
        raise TypeError(
            f'collapse is {", ".join(map(repr, LEVELS))}, the name of a group, a module, a list of these, or None, '
            f'not {type(collapse).__name__}: {collapse!r:.60}. Right: draw(loss, collapse="layer")'
        )
    if collapse in LEVELS:
        return {i for i, group in enumerate(groups) if group.kind in _CLOSED[collapse]}
    named = {i for i, group in enumerate(groups) if group.name == collapse}
    if not named:
        names = ', '.join(sorted({repr(group.name) for group in groups})[:8]) or 'no group at all'
        raise ValueError(
            f'nothing in this graph is called {collapse!r:.60}; there is {names}. '
            f'Besides, collapse can be {", ".join(map(repr, LEVELS))} or None'
        )
    return named


def _made_by(groups: Sequence[Group], module: Module) -> set[int]:
    made = {i for i, group in enumerate(groups) if group.maker is module}
    if not made:
        raise ValueError(f'{module.brief()} made nothing in this graph; was it built by another module, or a copy?')
    return made


def _around(groups: Sequence[Group], i: int) -> Iterable[int]:
    outer = groups[i].parent
    while outer is not None:
        yield outer
        outer = groups[outer].parent


def cover(nodes: Sequence[Value], below: Sequence[Sequence[int]], collapsed: Mapping[int, Group]) -> Cover:
    """What is drawn of a graph when some of its groups are one box each.

    A leaf in a box disappears if all that use it are in boxes which it belongs to; so do the parameters that the calls
    of a module share.

    Args:
        nodes: all of the graph, parents first.
        below: for each the positions of its parents.
        collapsed: the groups by their positions, none inside another.
    """
    inside: list[tuple[int, ...]] = [()] * len(nodes)
    for k, group in collapsed.items():
        for i in group.members:
            inside[i] = (*inside[i], k)
    hidden = [bool(boxes) for boxes in inside]
    for i, parents in enumerate(below):
        for p in parents:
            if not below[p] and not set(inside[i] or (-1,)) <= set(inside[p]):
                hidden[p] = False
    for i, boxes in enumerate(inside):
        if len(boxes) > 1 and (below[i] or nodes[i].role != 'parameter'):
            hidden[i] = False
    return Cover(collapsed, tuple(inside), tuple(hidden))


def total_grad(values: Iterable[Value]) -> float:
    """The sum of |grad|."""
    total = 0.0
    for v in values:
        total += abs(v.grad)
    return total


def is_broken(values: Iterable[Value]) -> bool:
    """Whether a number among them is nan, or a gradient infinite."""
    return any(math.isnan(v.data) or not math.isfinite(v.grad) for v in values)
