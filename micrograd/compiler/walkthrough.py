"""The program after each pass, to be read: what `micrograd compile --show` prints."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from micrograd.compiler import captured
from micrograd.compiler.blocks import raise_blocks
from micrograd.compiler.differentiate import gradient
from micrograd.compiler.graph import CONSTANT, INPUT, SHARED, Graph
from micrograd.compiler.listing import explain, show
from micrograd.compiler.simplify import simplify
from micrograd.compiler.trace import Input, trace
from micrograd.losses import hinge
from micrograd.nn import MLP

MOST = 24  # lines of a graph that are shown


def passes(cost: Callable[..., Any], inputs: Sequence[Any]) -> list[tuple[str, str]]:
    """A cost, with its gradients, after each pass of the compiler.

    Args:
        cost: a function of one example, which returns a single Value.
        inputs: its arguments, with an `Input` in place of each number.

    Returns:
        For each pass its title, and the program after it.

    >>> from micrograd import Value
    >>> w = Value(2.0)
    >>> for title, text in passes(lambda x: (w * x - 1.0) ** 2, [Input(0)]):
    ...     print(title, len(text.splitlines()))
    trace 7
    differentiate 12
    simplify 12
    raise 7
    explain 6
    """
    traced = trace(cost, inputs, {})
    traced = traced.reordered(captured.ordered(cost, traced.parameters))
    graph, parameters = traced.graph, traced.parameters
    found = [('trace', listed(graph))]
    mean = graph.mean(traced.outputs)
    slopes = gradient(graph, mean, [graph.shared(k) for k in range(len(parameters))], careful=False)
    found.append(('differentiate', listed(graph)))
    simplified, outputs = simplify(graph, [mean, *slopes])
    found.append(('simplify', listed(simplified)))
    columns = 1 + max((node[1] for node in graph.nodes if node[0] is INPUT), default=-1)
    program = raise_blocks(simplified, outputs, shared_count=len(parameters), inputs=columns, bounds=traced.bounds)
    return [*found, ('raise', show(program)), ('explain', explain(program))]


def moons() -> tuple[Callable[..., Any], list[Any]]:
    """The cost of a network of 2, 16, 16 and 1 neurons for one example: a point (x1, x2) of one of two moons, +1 or -1.

    Returns:
        The cost, and its arguments as `passes` takes them.
    """
    model = MLP(2, [16, 16, 1], generator=0)
    return lambda x, y: hinge(model(x), y), [[Input(0), Input(1)], Input(2)]


def listed(graph: Graph) -> str:
    """A flat graph, a node a line; of a long one the beginning and the end.

    >>> from micrograd.primitives import MUL
    >>> graph = Graph()
    >>> _ = graph.apply(MUL, graph.shared(0), graph.input(0))
    >>> print(listed(graph))
    3 nodes: 1 input, 1 mul, 1 shared
      0 = shared 0
      1 = input 0
      2 = mul 0 1, one for each example
    """
    counts = Counter(node[0] if isinstance(node[0], str) else node[0].name for node in graph.nodes)
    kinds = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    head = f'{len(graph.nodes):,} nodes: ' + ', '.join(f'{count:,} {kind}' for kind, count in kinds)
    lines = [_line(graph, i) for i in _shown(len(graph.nodes))]
    if len(lines) < len(graph.nodes):
        lines.insert(len(lines) // 2, '  …')
    return '\n'.join([head, *lines])


def _shown(count: int) -> list[int]:
    half = MOST // 2
    return list(range(count)) if count <= MOST else [*range(half), *range(count - half, count)]


def _line(graph: Graph, i: int) -> str:
    kind, *xs = graph.nodes[i]
    source = graph.sources[graph.origins[i]]
    words = f'{i:>3} = {kind if isinstance(kind, str) else kind.name} {" ".join(map(str, xs))}'
    is_leaf = kind in (CONSTANT, SHARED, INPUT)
    facts = [] if is_leaf else ['one for each example'] * graph.varying[i] + ([source] if source else [])
    return ', '.join([words, *facts])
