"""The fourth pass: the flat graph becomes a few instructions on blocks of rows, matrix products above all.

Sums of products are found (`linear`), what can be computed side by side goes together (`groups`), chains of operations
are joined (`fuse`), and then everything gets its place: the results of a group lie side by side, so that the weights of
a layer, and the rows that they meet, are found at regular distances. A dense layer becomes three instructions: a
product forward, a product back, and the means of the outer products. That is equation (23) of Nielsen's chapter 2
turned back into equation (25), for a whole mini-batch at once.

Invariant: the program computes the outputs of the graph; each instruction reads what instructions before it have
written, or leaves.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from micrograd.compiler.fuse import fused
from micrograd.compiler.graph import CONSTANT, INPUT, SHARED, Graph
from micrograd.compiler.groups import (
    AFTER,
    BEFORE,
    LANES,
    Group,
    MapGroup,
    OuterGroup,
    ScatterGroup,
    SumGroup,
    TakeGroup,
    grouped,
)
from micrograd.compiler.instructions import (
    BlockProgram,
    Dots,
    Indexed,
    Instruction,
    Map,
    Outer,
    Product,
    Scatter,
    SharedMap,
    SharedSums,
    Slots,
    Take,
)
from micrograd.compiler.instructions import Sums as SumsInstruction
from micrograd.compiler.linear import ONE, Sums


def raise_blocks(
    graph: Graph, outputs: Sequence[int], *, shared_count: int, inputs: int, bounds: Mapping[int, int]
) -> BlockProgram:
    """The program of a simplified graph.

    Args:
        graph: see `simplify`.
        outputs: the nodes that are wanted.
        shared_count: how many shared leaves there are, used or not.
        inputs: how many inputs there are.
        bounds: input -> how many things it chooses from.

    Raises:
        GraphError: something that varies depends on a mean over the examples.

    >>> from micrograd.primitives import MUL
    >>> graph = Graph()
    >>> y = graph.mean(graph.apply(MUL, graph.shared(0), graph.input(0)))
    >>> program = raise_blocks(graph, [y], shared_count=1, inputs=1, bounds={})
    >>> [type(instruction).__name__ for instruction in program.instructions()]
    ['Map', 'Outer']
    """
    sums = Sums(graph, outputs, bounds)
    groups = fused(grouped(graph, sums, outputs), outputs)
    layout = _Layout(graph, sums, shared_count, inputs)
    for group in groups:
        layout.add(group)
    return BlockProgram(
        before=layout.phases[BEFORE],
        lanes=layout.phases[LANES],
        after=layout.phases[AFTER],
        constants=layout.constants,
        shared=layout.shared,
        shared_count=shared_count,
        inputs=inputs,
        u_size=layout.u_size,
        r_size=layout.r_size,
        outputs=[('R' if graph.varying[i] else 'U', layout.place(i)) for i in outputs],
        bounds=dict(bounds),
    )


class _Layout:
    """Gives everything its place, and writes the instructions."""

    def __init__(self, graph: Graph, sums: Sums, shared_count: int, inputs: int):
        self._graph = graph
        self._places: dict[int, int] = {ONE: 0}
        numbers = [node[1] for node in graph.nodes if node[0] is CONSTANT]
        coefficients = [c for terms in sums.terms.values() for c, _ in terms if type(c) is float]
        self._slots: dict[str, int] = {}
        self.constants: list[float] = []
        for number in (1.0, *numbers, *coefficients):
            self._slot_of(number)
        self.shared = len(self.constants)
        self.u_size = self.shared + shared_count
        self.r_size = 1 + inputs
        for i, (kind, what, *_) in enumerate(graph.nodes):
            if kind is CONSTANT:
                self._places[i] = self._slots[repr(what)]
            elif kind is SHARED:
                self._places[i] = self.shared + what
            elif kind is INPUT:
                self._places[i] = 1 + what
        self.phases: tuple[list[Instruction], ...] = ([], [], [])

    def place(self, i: int) -> int:
        """The slot or the row of a node."""
        return self._places[i]

    def add(self, group: Group) -> None:
        """Write the instruction of a group."""
        write = WRITERS[type(group)]
        self.phases[group.phase].append(write(self, group))

    def _slot_of(self, number: float) -> int:
        key = repr(number)
        if key not in self._slots:
            self._slots[key] = len(self.constants)
            self.constants.append(number)
        return self._slots[key]

    def _at(self, coefficient: int | float) -> int:
        """The slot of a coefficient."""
        return self._slots[repr(coefficient)] if type(coefficient) is float else self._places[coefficient]  # type: ignore[index]  # it is a node

    def _table(self, nodes: Sequence[Any]) -> Slots:
        places = self._places
        return np.array([places[i] for i in nodes], dtype=np.int32)

    def _rows(self, nodes: Sequence[int]) -> int:
        """Free rows for the results of a group."""
        out = self.r_size
        self.r_size += len(nodes)
        self._places.update(zip(nodes, range(out, self.r_size), strict=True))
        return out

    def _free(self, count: int) -> int:
        """Free slots."""
        out = self.u_size
        self.u_size += count
        return out

    def _slots_for(self, nodes: Sequence[int]) -> int:
        out = self._free(len(nodes))
        self._places.update(zip(nodes, range(out, self.u_size), strict=True))
        return out

    def _facts(self, made: Sequence[int], nodes: int) -> dict[str, Any]:
        """What a listing says of an instruction: what it was raised from, and how many nodes that were."""
        graph = self._graph
        origins = {graph.origins[i] for i in made if i < len(graph.nodes)}
        return {'source': ', '.join(graph.sources[origin] for origin in sorted(origins) if origin), 'nodes': nodes}

    # One method for each kind of group -------------------------------------------------------------------------------

    def sums(self, group: SumGroup) -> Instruction:
        """Sums: a matrix product, if all of them are over the same rows."""
        m, count = len(group.nodes), len(group.terms[0])
        facts = self._facts(group.nodes, m * (2 * count - 1))
        at, places = self._at, self._places
        if group.kind == 'dots':
            lefts = [[0 if isinstance(c, float) else places[c] for c, _ in terms] for terms in group.terms]
        else:
            lefts = [[at(c) for c, _ in terms] for terms in group.terms]
        left = np.array(lefts, dtype=np.int32).reshape(m, count)
        if group.kind == 'product':
            rows = self._table([value for _, value in group.terms[0]])
            first, across, along = self._regular(left)
            return Product(
                out=self._rows(group.nodes), m=m, first=first, across=across, along=along, rows=rows, **facts
            )
        right = np.array([[places[value] for _, value in terms] for terms in group.terms], dtype=np.int32)
        right = right.reshape(m, count)
        if group.kind == 'dots':
            return Dots(out=self._rows(group.nodes), lefts=left, rights=right, **facts)
        if group.phase == LANES:
            return SumsInstruction(out=self._rows(group.nodes), slots=left, rows=right, **facts)
        return SharedSums(out=self._slots_for(group.nodes), lefts=left, rights=right, **facts)

    def _regular(self, slots: Slots) -> tuple[int, int, int]:
        """The first slot and the two distances of a matrix; of one that is not regular, those of a copy that is."""
        m, count = slots.shape
        first = int(slots[0, 0])
        across = int(slots[1, 0]) - first if m > 1 else 0
        along = int(slots[0, 1]) - first if count > 1 else 0
        if np.array_equal(slots, first + across * np.arange(m)[:, None] + along * np.arange(count)):
            return first, across, along
        out = self._free(slots.size)
        self.phases[BEFORE].append(Indexed(out=out, slots=slots.reshape(-1), source='coefficients side by side'))
        return out, count, 1

    def map(self, group: MapGroup) -> Instruction:
        """An operation, row by row or slot by slot."""
        operands = tuple(self._table(nodes) for nodes in group.operands)
        facts = self._facts(group.nodes, len(group.nodes) * max(1, len(group.expression.steps)))
        if group.phase == LANES:
            out = self._rows(group.nodes)
            return Map(out=out, expression=group.expression, operands=operands, shared=group.shared, **facts)
        return SharedMap(out=self._slots_for(group.nodes), expression=group.expression, operands=operands, **facts)

    def outer(self, group: OuterGroup) -> Instruction:
        """Means of products."""
        out = self._free(len(group.lefts) * len(group.rights))
        slot = out
        for row in group.means:
            for same in row:
                for i in same:
                    self._places[i] = slot
                slot += 1
        lefts, rights = self._table(group.lefts), self._table(group.rights)
        return Outer(out=out, lefts=lefts, rights=rights, **self._facts(group.lefts, 2 * (slot - out)))

    def take(self, group: TakeGroup) -> Instruction:
        """Numbers that an input chooses."""
        table = np.array([[self._places[i] for i in nodes] for nodes in group.tables], dtype=np.int32)
        index = self._places[group.index]
        return Take(out=self._rows(group.nodes), index=index, table=table, **self._facts(group.nodes, len(group.nodes)))

    def scatter(self, group: ScatterGroup) -> Instruction:
        """Means of what an input chose."""
        choices = group.choices
        out = self._free(len(group.values) * choices)
        for (j, choice), i in group.means.items():
            self._places[i] = out + j * choices + choice
        group.nodes = list(group.means.values())
        rows, index = self._table(list(group.values)), self._places[group.index]
        facts = self._facts(group.nodes, 2 * len(group.means))
        return Scatter(out=out, index=index, choices=choices, rows=rows, **facts)


WRITERS: dict[type, Callable[..., Instruction]] = {
    SumGroup: _Layout.sums,
    MapGroup: _Layout.map,
    OuterGroup: _Layout.outer,
    TakeGroup: _Layout.take,
    ScatterGroup: _Layout.scatter,
}
