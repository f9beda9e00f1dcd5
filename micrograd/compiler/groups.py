"""Raising, second step: what can be computed side by side becomes one group, that is, one instruction.

Everything has a level: one more than the highest of its operands. On one level the sums over the same rows are a matrix
product, the others go together by their length, and operations by what they are. The means of products are collected
from all levels: their factors form outer products.

Invariant: a group's operands stand in groups before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from micrograd.compiler.expressions import Expression, of_row
from micrograd.compiler.graph import INPUT, Graph
from micrograd.compiler.linear import ONE, Sums, Term
from micrograd.errors import GraphError
from micrograd.primitives import SELECT

BEFORE, LANES, AFTER = range(3)  # the phases of a program

LAST = 1 << 60  # where ONE stands among values: behind all of them


@dataclass(slots=True, kw_only=True, eq=False)
class Group:
    """What one instruction computes.

    Args:
        phase: BEFORE, LANES or AFTER.
        level: its place in the phase.
        nodes: what it computes, one for each row or slot.
    """

    phase: int
    level: int
    nodes: list[int] = field(default_factory=list)


@dataclass(slots=True, kw_only=True, eq=False)
class SumGroup(Group):
    """Sums of as many terms each.

    Args:
        kind: 'product', if all are over the same values; 'sums' if not; 'dots' of products of varying numbers.
        terms: for each its terms.
    """

    kind: str
    terms: list[list[Term]] = field(default_factory=list)


@dataclass(slots=True, kw_only=True, eq=False)
class MapGroup(Group):
    """The same operation on different operands.

    Args:
        expression: the operation.
        operands: for each operand the nodes, one for each node of the group.
        shared: for each operand whether it is shared by all examples.
    """

    expression: Expression
    operands: list[list[int]]
    shared: tuple[bool, ...]


@dataclass(slots=True, kw_only=True, eq=False)
class OuterGroup(Group):
    """Means of products of each of the lefts with each of the rights: `means[j][k]` are those that are that mean."""

    lefts: list[int]
    rights: list[int]
    means: list[list[list[int]]]


@dataclass(slots=True, kw_only=True, eq=False)
class TakeGroup(Group):
    """Numbers that an input chooses."""

    index: int
    tables: list[list[int]] = field(default_factory=list)


@dataclass(slots=True, kw_only=True, eq=False)
class ScatterGroup(Group):
    """Means of what an input chose.

    Args:
        index: the input.
        choices: how many there are.
        values: what was chosen -> its position among them; a row each.
        means: (position, choice) -> the mean.
    """

    index: int
    choices: int
    values: dict[int, int] = field(default_factory=dict)
    means: dict[tuple[int, int], int] = field(default_factory=dict)


def grouped(graph: Graph, sums: Sums, outputs: Sequence[int]) -> list[Group]:
    """The groups of a graph, in the order in which they can be computed."""
    grouping = _Grouping(graph, sums)
    for i in sums.order:
        grouping.place(i)
    groups = [*grouping.by_key.values(), *grouping.outer_groups(), *grouping.scatters.values()]
    groups = _with_lone_sums_together(groups)
    positions = {node: place for place, node in reversed(list(enumerate(outputs)))}
    for group in groups:
        _in_order_of(positions, group)
    return sorted(groups, key=lambda group: (group.phase, group.level))


class _Grouping:
    """Puts nodes into groups, one after another."""

    def __init__(self, graph: Graph, sums: Sums):
        self.graph = graph
        self.sums = sums
        self.by_key: dict[Any, Any] = {}
        self.scatters: dict[int, ScatterGroup] = {}
        self._level = [0] * (max(sums.order, default=-1) + 1)
        self._after: set[int] = set()  # what depends on a mean over the examples
        self._means: list[tuple[int, int, int]] = []  # (left, right, mean)

    def place(self, i: int) -> None:
        """Put a node into its group."""
        level, after = self._place_of(i)
        self._level[i] = level
        sums = self.sums
        if i in sums.means or i in sums.choices:
            self._after.add(i)
            self._mean(i, level)
            return
        if after:
            self._after.add(i)
        varies = sums.varies(i)
        if varies and after:
            raise GraphError('what differs from example to example cannot depend on a mean over the examples')
        phase = LANES if varies else AFTER if after else BEFORE
        if i in sums.terms:
            self._sum(i, phase, level)
        else:
            self._operation(i, phase, level)

    def _place_of(self, i: int) -> tuple[int, bool]:
        """One more than the highest level of the operands; and whether one of them depends on a mean."""
        level, levels, after = 0, self._level, self._after
        depends = False
        for x in self.sums.operands(i):
            if levels[x] > level:
                level = levels[x]
            if x in after:
                depends = True
        return level + 1, depends

    def _sum(self, i: int, phase: int, level: int) -> None:
        terms = self.sums.terms[i]
        terms.sort(key=lambda term: term[1] if term[1] != ONE else LAST)
        if i in self.sums.dots:
            kind, values = 'dots', len(terms)
        elif phase == LANES:
            kind, values = 'product', tuple([value for _, value in terms])  # type: ignore[assignment]  # only a key
        else:
            kind, values = 'sums', len(terms)
        group = self.by_key.get((phase, level, kind, values))
        if group is None:
            group = self.by_key[phase, level, kind, values] = SumGroup(phase=phase, level=level, kind=kind)
        group.nodes.append(i)
        group.terms.append(terms)

    def _operation(self, i: int, phase: int, level: int) -> None:
        row, *xs = self.graph.nodes[i]
        varying = self.graph.varying
        if row is SELECT and self.graph.nodes[xs[0]][0] is INPUT:
            group = self._group((phase, level, row, xs[0], len(xs)), TakeGroup, phase, level, index=xs[0])
            group.tables.append(xs[1:])
        else:
            shared = tuple([not varying[x] for x in xs])
            group = self.by_key.get((phase, level, row, shared))
            if group is None:
                group = self.by_key[phase, level, row, shared] = MapGroup(
                    phase=phase,
                    level=level,
                    expression=of_row(row, len(xs)),
                    operands=[[] for _ in xs],
                    shared=shared,
                )
            for operand, x in zip(group.operands, xs, strict=True):
                operand.append(x)
        group.nodes.append(i)

    def _group(self, key: Any, kind: Any, phase: int, level: int, **facts: Any) -> Any:
        if key not in self.by_key:
            self.by_key[key] = kind(phase=phase, level=level, **facts)
        return self.by_key[key]

    def _mean(self, i: int, level: int) -> None:
        if i in self.sums.means:
            left, right = self.sums.means[i]
            self._means.append((left, right, i))
            return
        index, choice, value = self.sums.choices[i]
        group = self.scatters.get(index)
        if group is None:
            choices = self.sums.choices_of(index)
            group = self.scatters[index] = ScatterGroup(phase=LANES, level=level, index=index, choices=choices)
        group.level = max(group.level, level)
        position = group.values.setdefault(value, len(group.values))
        group.means[position, choice] = i

    def outer_groups(self) -> list[OuterGroup]:
        """The means of products: the lefts that go with the same rights make one outer product."""
        by_left: dict[int, dict[int, list[int]]] = {}
        for left, right, i in self._means:
            by_left.setdefault(left, {}).setdefault(right, []).append(i)
        blocks: dict[tuple[int, ...], list[int]] = {}
        for left, rights in by_left.items():
            key = tuple(sorted(rights, key=lambda right: right if right != ONE else LAST))
            blocks.setdefault(key, []).append(left)
        return [self._outer(lefts, list(rights), by_left) for rights, lefts in blocks.items()]

    def _outer(self, lefts: list[int], rights: list[int], by_left: dict[int, dict[int, list[int]]]) -> OuterGroup:
        means = [[by_left[left][right] for right in rights] for left in lefts]
        level = max(self._level[x] for x in (*lefts, *rights) if x != ONE) + 1
        nodes = [i for row in means for same in row for i in same]
        return OuterGroup(phase=LANES, level=level, nodes=nodes, lefts=lefts, rights=rights, means=means)


def _with_lone_sums_together(groups: list[Any]) -> list[Group]:
    """The sums that share their values with no other go together by their length."""
    together: dict[tuple[int, int, int], SumGroup] = {}
    kept: list[Group] = []
    for group in groups:
        if not isinstance(group, SumGroup) or group.kind != 'product' or len(group.nodes) > 1:
            kept.append(group)
            continue
        key = group.phase, group.level, len(group.terms[0])
        if key in together:
            together[key].nodes += group.nodes
            together[key].terms += group.terms
        else:
            group.kind = 'sums'
            together[key] = group
            kept.append(group)
    return kept


def _in_order_of(positions: dict[int, int], group: Any) -> None:
    """Outputs stand in the order in which they are wanted, so that parameters and their gradients lie side by side."""
    if isinstance(group, OuterGroup):
        order = sorted(range(len(group.lefts)), key=lambda j: _place(positions, group.means[j][0][0]))
        group.lefts = [group.lefts[j] for j in order]
        group.means = [group.means[j] for j in order]
    elif isinstance(group, SumGroup | MapGroup) and group.nodes[0] in positions:
        order = sorted(range(len(group.nodes)), key=lambda j: _place(positions, group.nodes[j]))
        group.nodes = [group.nodes[j] for j in order]
        if isinstance(group, SumGroup):
            group.terms = [group.terms[j] for j in order]
        else:
            group.operands = [[operand[j] for j in order] for operand in group.operands]


def _place(positions: dict[int, int], node: int) -> int:
    return positions.get(node, LAST + node)
