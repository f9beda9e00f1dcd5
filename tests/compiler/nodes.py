"""What a graph means, spelled out: node by node, a column of examples each."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from micrograd.compiler.blocks import raise_blocks
from micrograd.compiler.graph import CONSTANT, INPUT, MEAN, SHARED, Graph
from micrograd.compiler.instructions import BlockProgram
from micrograd.compiler.simplify import simplify
from micrograd.primitives import ADD, MUL, NEG, RELU, SIGMOID, SUB, TANH, Row
from tests.compiler.literal import Literal

X = np.array([[0.5, -1.25, 2.0], [1.5, 0.75, -0.5], [-2.0, 0.25, 1.0], [0.125, 3.0, -1.5], [-0.75, -0.5, 0.25]])
SHARED_NUMBERS = np.array([0.75, -0.5, 1.25, 0.375])


def evaluated(graph: Graph, X: Any = X, shared: Any = SHARED_NUMBERS) -> list[Any]:
    """The number of each node for each example."""
    columns: list[Any] = []
    for node in graph.nodes:
        columns.append(np.broadcast_to(_column(node, columns, X, shared), len(X)).astype(float))
    return columns


def _column(node: Any, columns: Sequence[Any], X: Any, shared: Any) -> Any:
    kind, *xs = node
    if kind is CONSTANT:
        return xs[0]
    if kind is SHARED:
        return shared[xs[0]]
    if kind is INPUT:
        return X[:, xs[0]]
    if kind is MEAN:
        return columns[xs[0]].mean()
    return [float(kind.forward(*numbers)) for numbers in zip(*(columns[x].tolist() for x in xs), strict=True)]


def raised(graph: Graph, outputs: Sequence[int], **bounds: int) -> BlockProgram:
    """The last two passes; `x1=5` says that input 1 chooses from five things."""
    simplified, wanted = simplify(graph, outputs)
    known = {int(name[1:]): choices for name, choices in bounds.items()}
    return raise_blocks(simplified, wanted, shared_count=len(SHARED_NUMBERS), inputs=X.shape[1], bounds=known)


def run(program: BlockProgram, X: Any = X, shared: Any = SHARED_NUMBERS) -> list[Any]:
    """The outputs of a program, a column of examples each."""
    literal = Literal(program, shared)
    with np.errstate(all='ignore'):
        literal.steps(X, np.arange(len(X)), [len(X)])
    found = [literal.R[at] if kind == 'R' else literal.U[at] for kind, at in program.outputs]
    return [np.broadcast_to(column, len(X)).astype(float) for column in found]


def agree(
    graph: Graph, outputs: Sequence[int], X: Any = X, shared: Any = SHARED_NUMBERS, **bounds: int
) -> BlockProgram:
    """Check that the program computes what the graph does."""
    program = raised(graph, outputs, **bounds)
    right = evaluated(graph, X, shared)
    for found, i in zip(run(program, X, shared), outputs, strict=True):
        np.testing.assert_allclose(found, right[i], rtol=1e-11, atol=1e-11)
    return program


def kinds(program: BlockProgram) -> list[str]:
    """What the instructions are."""
    return [type(instruction).__name__ for instruction in program.instructions()]


def dense(graph: Graph, xs: Sequence[int], width: int, first: int, row: Row) -> list[int]:
    """A layer, written neuron by neuron, whose parameters are the shared numbers from `first` on."""
    layer = []
    for j in range(width):
        start = first + j * (len(xs) + 1)
        total = graph.shared(start + len(xs))
        for k, x in enumerate(xs):
            total = graph.apply(ADD, total, graph.apply(MUL, graph.shared(start + k), x))
        layer.append(graph.apply(row, total))
    return layer


def network(graph: Graph, sizes: Sequence[int], row: Row) -> tuple[int, int]:
    """The mean quadratic cost of a network, and how many parameters it has; the targets come after the inputs."""
    layer, first = [graph.input(k) for k in range(sizes[0])], 0
    for before, width in pairwise(sizes):
        layer = dense(graph, layer, width, first, row)
        first += width * (before + 1)
    total = graph.constant(0.0)
    for k, a in enumerate(layer):
        error = graph.apply(SUB, a, graph.input(sizes[0] + k))
        total = graph.apply(ADD, total, graph.apply(MUL, error, error))
    return graph.mean(graph.apply(MUL, graph.constant(0.5), total)), first


SMOOTH = [ADD, MUL, SUB, NEG, TANH, SIGMOID]
BASIC = [*SMOOTH, RELU]


def grown(graph: Graph, steps: Sequence[tuple[Row, int, int]]) -> list[int]:
    """Random operations on inputs, shared numbers and constants, and on one another."""
    nodes = [graph.input(0), graph.input(1), graph.shared(0), graph.shared(1), graph.constant(0.0), graph.constant(0.5)]
    for row, *chosen in steps:
        nodes.append(graph.apply(row, *(nodes[-1 - x % len(nodes)] for x in chosen[: row.arity])))
    return nodes
