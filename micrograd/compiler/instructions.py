"""The program that raising makes and the machines run: a few block instructions over two storages.

`U` holds numbers that all examples share, one a slot; `R` holds rows: a number for each example of the block of lanes
that is worked on. Row 0 of R is all ones; slot 0 of U is 1.0. Indices are NumPy arrays of int32.

The instructions come in three lists. Those `before` work on U alone. Those of the `lanes` run once for every block of
lanes; where they write to U they take a mean over all examples: the first block stores, the following ones add. Those
`after` work on U alone again, with those means.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from micrograd.compiler.expressions import Expression

if TYPE_CHECKING:
    from collections.abc import Iterator

Slots = Any  # a NumPy array of int32: slots of U or rows of R


@dataclass(slots=True, kw_only=True)
class Instruction:
    """What all have in common.

    Args:
        out: the first row or slot that it fills; the others follow.
        source: what of the user's program it was raised from.
        nodes: how many nodes of the graph it stands for.
    """

    out: int
    source: str = ''
    nodes: int = 0


@dataclass(slots=True, kw_only=True)
class Product(Instruction):
    """A matrix product: R[out + j] = sum over k of U[first + j * across + k * along] * R[rows[k]], for j < m.

    The coefficients lie in U at regular distances: `blocks` has put an Indexed before it where they did not.
    """

    m: int
    first: int
    across: int
    along: int
    rows: Slots  # (K,)


@dataclass(slots=True, kw_only=True)
class Sums(Instruction):
    """Sums of rows with coefficients of their own: R[out + j] = sum over k of U[slots[j, k]] * R[rows[j, k]]."""

    slots: Slots  # (m, K)
    rows: Slots  # (m, K)


@dataclass(slots=True, kw_only=True)
class Dots(Instruction):
    """Sums of products of rows: R[out + j] = sum over k of R[lefts[j, k]] * R[rights[j, k]]."""

    lefts: Slots  # (m, K)
    rights: Slots  # (m, K)


@dataclass(slots=True, kw_only=True)
class SharedSums(Instruction):
    """Sums of products in U: U[out + j] = sum over k of U[lefts[j, k]] * U[rights[j, k]]."""

    lefts: Slots  # (m, K)
    rights: Slots  # (m, K)


@dataclass(slots=True, kw_only=True)
class Map(Instruction):
    """A formula, row by row: R[out + j] = expression(operand 0 of j, …), at least one operand being a row.

    Args:
        expression: the formula.
        operands: for each operand the slots or rows, one for each j; (m,).
        shared: for each operand whether these are slots of U.
    """

    expression: Expression
    operands: tuple[Slots, ...]
    shared: tuple[bool, ...]


@dataclass(slots=True, kw_only=True)
class SharedMap(Instruction):
    """A formula, slot by slot: U[out + j] = expression(U[operands[0][j]], …).

    It may write into the slots that it reads, if each j reads none but its own.
    """

    expression: Expression
    operands: tuple[Slots, ...]  # each (m,)


@dataclass(slots=True, kw_only=True)
class SharedTotal(Instruction):
    """The sum of a formula over many slots: U[out] = sum over j of expression(U[operands[0][j]], …)."""

    expression: Expression
    operands: tuple[Slots, ...]  # each (m,)


@dataclass(slots=True, kw_only=True)
class Outer(Instruction):
    """Means of products: U[out + j * K + k] = mean over all examples of R[lefts[j]] * R[rights[k]].

    Lanes without an example take no part, whatever stands in them.
    """

    lefts: Slots  # (m,)
    rights: Slots  # (K,)


@dataclass(slots=True, kw_only=True)
class Take(Instruction):
    """Numbers chosen by an input: in each lane R[out + j] = U[table[j, i]], where i is R[index] there."""

    index: int
    table: Slots  # (m, choices)


@dataclass(slots=True, kw_only=True)
class Scatter(Instruction):
    """The means of what was chosen: U[out + j * choices + i] = mean of R[rows[j]] where R[index] = i, else 0."""

    index: int
    choices: int
    rows: Slots  # (m,)


@dataclass(slots=True, kw_only=True)
class Indexed(Instruction):
    """Slots in a new order: U[out + i] = U[slots[i]]."""

    slots: Slots  # (m,)


@dataclass(slots=True, kw_only=True)
class BlockProgram:
    """What a machine runs.

    Args:
        before: instructions on U, first.
        lanes: instructions for each block of lanes.
        after: instructions on U, last.
        constants: what stands in the first slots of U, from slot 0 on (which is 1.0); no instruction writes there.
        shared: the slot of shared leaf 0; the others follow in order.
        shared_count: how many shared leaves there are.
        inputs: how many inputs: input k is in row 1 + k of R.
        u_size: how many slots U has.
        r_size: how many rows R has.
        outputs: for each output of the graph where it is, ('U', slot) or ('R', row).
        bounds: input -> how many choices there are: its numbers must be whole and from 0 to below that.
    """

    before: list[Instruction] = field(default_factory=list)
    lanes: list[Instruction] = field(default_factory=list)
    after: list[Instruction] = field(default_factory=list)
    constants: list[float]
    shared: int
    shared_count: int
    inputs: int
    u_size: int
    r_size: int
    outputs: list[tuple[str, int]]
    bounds: dict[int, int] = field(default_factory=dict)

    def instructions(self) -> Iterator[Instruction]:
        """All the instructions, in order."""
        yield from self.before
        yield from self.lanes
        yield from self.after
