"""Raising, third step: operations that only feed one another become one operation, which passes over memory once.

Invariant: the groups compute the same; what lies between two that were joined is nowhere any more.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from micrograd.compiler.expressions import Expression, merged, substituted
from micrograd.compiler.groups import Group, MapGroup, OuterGroup, ScatterGroup, SumGroup, TakeGroup

FEWEST = 4  # rows that make it worth while
LONGEST = 40  # steps of an expression
MOST = 48  # expressions that are made: each is compiled


def fused(groups: list[Group], outputs: Sequence[int]) -> list[Group]:
    """The groups with chains of operations, row by row, joined."""
    for group in groups:
        if isinstance(group, MapGroup):
            _merge(group)
    uses = _uses(groups, outputs)
    makers = {group.nodes[0]: group for group in groups if isinstance(group, MapGroup)}
    made: Counter[Expression] = Counter()  # for how many groups that are still there; never 0
    gone: set[int] = set()
    for group in groups:
        if not isinstance(group, MapGroup) or len(group.nodes) < FEWEST:
            continue
        before = group.expression
        while len(made) < MOST and (found := _feeding(group, makers, uses)):
            operand, inner = found
            _take_out(made, inner.expression)
            _join(group, operand, inner)
            gone.add(id(inner))
        if group.expression is not before:
            made[group.expression] += 1
    return [group for group in groups if id(group) not in gone]


def _take_out(made: Counter[Expression], expression: Expression) -> None:
    """One group less that has an expression."""
    if made[expression] > 1:
        made[expression] -= 1
    else:
        del made[expression]


def _feeding(group: MapGroup, makers: dict[int, MapGroup], uses: dict[int, int]) -> tuple[int, MapGroup] | None:
    """An operand of a group, and the group that computes just that, for nobody else."""
    for operand, column in enumerate(group.operands):
        inner = makers.get(column[0])
        if (
            inner is not None
            and inner.phase == group.phase
            and inner.nodes == column
            and len(inner.expression.steps) + len(group.expression.steps) <= LONGEST
            and all(uses[node] == 1 for node in column)
        ):
            return operand, inner
    return None


def _join(group: MapGroup, operand: int, inner: MapGroup) -> None:
    """Put what the inner group computes in place of an operand."""
    group.expression = substituted(group.expression, operand, inner.expression)
    group.operands = [*group.operands[:operand], *group.operands[operand + 1 :], *inner.operands]
    group.shared = (*group.shared[:operand], *group.shared[operand + 1 :], *inner.shared)
    _merge(group)


def _merge(group: MapGroup) -> None:
    """Operands that are the same are given once."""
    columns = [tuple(column) for column in group.operands]
    first = {column: i for i, column in reversed(list(enumerate(columns)))}
    if len(first) == len(columns):
        return
    kept = sorted(first.values())
    places = {columns[i]: place for place, i in enumerate(kept)}
    group.expression = merged(group.expression, [places[column] for column in columns])
    group.operands = [group.operands[i] for i in kept]
    group.shared = tuple(group.shared[i] for i in kept)


def _uses(groups: Sequence[Group], outputs: Sequence[int]) -> dict[int, int]:
    """How often each node is read."""
    uses: dict[int, int] = {}
    for group in groups:
        for x in _read(group):
            uses[x] = uses.get(x, 0) + 1
    for x in outputs:
        uses[x] = uses.get(x, 0) + 2
    return uses


def _read(group: Group) -> Iterator[int]:
    if isinstance(group, MapGroup):
        for operand in group.operands:
            yield from operand
    elif isinstance(group, SumGroup):
        for terms in group.terms:
            for coefficient, value in terms:
                yield value
                if type(coefficient) is int:
                    yield coefficient
    elif isinstance(group, OuterGroup):
        yield from group.lefts
        yield from group.rights
    elif isinstance(group, TakeGroup):
        for table in group.tables:
            yield from table
    elif isinstance(group, ScatterGroup):
        yield from group.values
