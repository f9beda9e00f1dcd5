"""The flat graph that the passes of the compiler work on: a scalar program as one long list of numbered nodes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import copysign
from typing import Any

from micrograd.primitives import Row

CONSTANT = 'constant'  # (CONSTANT, number)
SHARED = (
    'shared'  # (SHARED, k): the k-th number that all examples share: parameters first, what training adds after them
)
INPUT = 'input'  # (INPUT, k): the k-th number of an example
MEAN = 'mean'  # (MEAN, i): the mean of a varying node over the examples

Node = tuple[Any, ...]


class Graph:
    """Nodes in topological order, each a tuple (operation, arguments …); no node is there twice.

    The operation of an inner node is a Row of the table, or MEAN; its arguments are the numbers of earlier nodes.
    Leaves are CONSTANT, SHARED and INPUT. A node *varies* if it differs from example to example: inputs do, and what is
    computed from something that varies; a MEAN does not.

    Attributes:
        nodes: the nodes.
        varying: for each node 1 if it varies, else 0.
        origins: for each node what of the user's program it came from, an index into `sources`.
        sources: the texts: 'layer 1', 'layer 1, backwards'; the first is ''.
        origin: what the nodes that are made now come from.

    >>> from micrograd.primitives import ADD, MUL
    >>> graph = Graph()
    >>> x, w = graph.input(0), graph.shared(0)
    >>> product = graph.apply(MUL, w, x)
    >>> graph.apply(MUL, w, x) == product
    True
    >>> [bool(varies) for varies in graph.varying]
    [True, False, True]
    """

    def __init__(self) -> None:
        self.nodes: list[Node] = []
        self.varying = bytearray()
        self.origins: list[int] = []
        self.sources: list[str] = ['']
        self.origin = 0
        self._numbers: dict[Any, int] = {}

    def constant(self, x: float) -> int:
        """The node of a constant; all nan are one, 0.0 and -0.0 are two."""
        key = _key((CONSTANT, x))
        return self._numbers[key] if key in self._numbers else self._make(key, (CONSTANT, x), 0)

    def shared(self, k: int) -> int:
        """The node of the k-th shared number."""
        key = (SHARED, k)
        return self._numbers[key] if key in self._numbers else self._make(key, key, 0)

    def input(self, k: int) -> int:
        """The node of the k-th input."""
        key = (INPUT, k)
        return self._numbers[key] if key in self._numbers else self._make(key, key, 1)

    def apply(self, row: Row, *xs: int) -> int:
        """The node of an operation on nodes."""
        key = (row, *xs)
        i = self._numbers.get(key)
        if i is None:  # written out, since this is what most of the time goes to
            i = self._numbers[key] = len(self.nodes)
            self.nodes.append(key)
            self.origins.append(self.origin)
            varying, varies = self.varying, 0
            for x in xs:
                if varying[x]:
                    varies = 1
                    break
            varying.append(varies)
        return i

    def mean(self, x: int) -> int:
        """The mean over the examples; of what does not vary, itself."""
        if not self.varying[x]:
            return x
        key = (MEAN, x)
        return self._numbers[key] if key in self._numbers else self._make(key, key, 0)

    def renumber_shared(self, places: Sequence[int]) -> None:
        """Give the shared leaves other numbers: the k-th becomes number places[k]."""
        for i, node in enumerate(self.nodes):
            if node[0] is SHARED:
                del self._numbers[node]
                self.nodes[i] = (SHARED, places[node[1]])
        self._numbers |= {node: i for i, node in enumerate(self.nodes) if node[0] is SHARED}

    def needed(self, outputs: Iterable[int]) -> bytearray:
        """For each node 1 if one of the outputs depends on it, else 0."""
        needed = bytearray(len(self.nodes))
        for i in outputs:
            needed[i] = 1
        nodes = self.nodes
        for i in range(len(nodes) - 1, -1, -1):
            if needed[i]:
                kind = nodes[i][0]
                if kind is MEAN or type(kind) is not str:
                    for x in nodes[i][1:]:
                        needed[x] = 1
        return needed

    def compacted(self, outputs: Sequence[int]) -> tuple[Graph, list[int]]:
        """The same without the operations that no output needs; and the outputs in it. Nothing is added any more."""
        needed = self.needed(outputs)
        nodes = self.nodes
        if all(needed) or not any(type(nodes[i][0]) is not str for i, is_needed in enumerate(needed) if not is_needed):
            return self, list(outputs)
        new = Graph()
        new.sources = self.sources
        places = [-1] * len(self.nodes)
        for i, node in enumerate(self.nodes):
            if needed[i]:
                is_leaf = type(node[0]) is str and node[0] is not MEAN
                places[i] = len(new.nodes)
                new.nodes.append(node if is_leaf else (node[0], *[places[x] for x in node[1:]]))
                new.varying.append(self.varying[i])
                new.origins.append(self.origins[i])
        return new, [places[i] for i in outputs]

    def source(self, text: str) -> int:
        """The index of a source, to be made the current `origin`."""
        if text not in self.sources:
            self.sources.append(text)
        return self.sources.index(text)

    def _make(self, key: Any, node: Node, varies: int) -> int:
        i = self._numbers[key] = len(self.nodes)
        self.nodes.append(node)
        self.varying.append(varies)
        self.origins.append(self.origin)
        return i


def _key(node: Node) -> Any:
    """What tells nodes apart: the node itself; of a constant, its sign too, and all nan are one."""
    if node[0] is not CONSTANT:
        return node
    x = node[1]
    return (CONSTANT, x, copysign(1.0, x)) if x == x else CONSTANT
