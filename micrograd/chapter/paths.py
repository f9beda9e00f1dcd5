"""The sum over paths as the book draws it: from a weight to the cost, from neuron to neuron."""

from __future__ import annotations

from heapq import heappop, heappush
from typing import TYPE_CHECKING, Any

from micrograd.passes import passes
from micrograd.paths import Edge, Paths

if TYPE_CHECKING:
    from collections.abc import Iterable

    from micrograd.engine import Value

__all__ = ['NeuronPaths', 'neuron_paths']


class NeuronPaths(Paths):
    """The paths from a weight to the cost that lead from neuron to neuron: see `neuron_paths`.

    It counts (`count`), iterates, gives the `largest(k)` and the sum (`total`) as `graph.paths` does.

    Args:
        start: the weight.
        end: the cost.
        neurons: the activations on which a path may stop.

    Raises:
        GraphError: an operation on the way was defined by hand, so its rate factors are not known.
        StaleGraphError: numbers were changed after the graph was built from them.
        TypeError: start or end is no Value.
    """

    def __init__(self, start: Value, end: Value, neurons: Iterable[Value]):
        super().__init__(start, end)
        self._check_factors()
        stops = {id(v) for v in (start, *neurons, end)}
        kept = [i for i, v in enumerate(self.nodes) if id(v) in stops]
        self._uses = _contracted(self._uses, kept)
        self.nodes = [self.nodes[i] for i in kept]


def neuron_paths(w: Value, loss: Value, model: Any) -> NeuronPaths:
    """Every path w → a²₁ → a³₂ → … → C from a weight to the cost, along the neurons, with its rate factors.

    `graph.paths` goes through each operation of the graph; here a step leads from one activation to the next, and what
    lies between is one factor: ∂a/∂w at the start, then ∂a/∂a, in the end ∂C/∂a. The derivative ∂C/∂w is the sum over
    all the paths of the products of their factors. Paths are made when they are asked for; count and total are exact
    without going along each, of which a deep network has more than atoms in the universe.

    Where the cost is of several examples, each of them has its paths. A cost that depends on the weight by itself, as
    with a penalty on large weights, has the path w → C besides.

    Args:
        w: a weight or a bias of the model, or any other Value on the way, such as an input.
        loss: a cost computed from the model's outputs.
        model: an MLP, a Layer or a Neuron.

    Returns:
        What iterates over the paths, counts them (`count`), gives the `largest(k)` of them, and their sum (`total`).

    Raises:
        GraphError: the model took no part in the loss, or an operation on the way was defined by hand.
        StaleGraphError: numbers were changed after the forward pass.
        TypeError: w or loss is no Value, or the model is no network of neurons.

    >>> from micrograd import losses, nn
    >>> from micrograd.chapter import label
    >>> model = nn.MLP(2, [1, 2, 1], activation='sigmoid', output='sigmoid', generator=0)
    >>> C = label(losses.quadratic(model([1.0, 0.5]), 1.0), model)
    >>> C.backward()
    >>> print(neuron_paths(model.layers[0].neurons[0].w[0], C, model))
    2 paths from w²₁₁ to C, and the products of their rate factors:
    <BLANKLINE>
      w²₁₁ → a²₁ → a³₂ → a⁴₁ → C  0.2014 · −0.117 · −0.04748 · −0.517    = −0.0005783
      w²₁₁ → a²₁ → a³₁ → a⁴₁ → C  0.2014 · −0.03958 · 0.005631 · −0.517  =  2.321e−05
    <BLANKLINE>
    the sum over all paths: ∂C/∂w²₁₁ = −0.0005551

    Source: Nielsen, Neural Networks and Deep Learning, chapter 2, "Backpropagation: the big picture", equations (52)
    and (53).
    """
    neurons = [one.a for layer in passes(model, loss) for calls in layer for one in calls]
    return NeuronPaths(w, loss, neurons)


def _contracted(uses: list[list[Edge]], kept: list[int]) -> list[list[Edge]]:
    """The edges between the nodes that are kept, each for all the paths between two of them that pass no third."""
    places = {i: place for place, i in enumerate(kept)}
    entering: list[list[Edge]] = [[] for _ in uses]
    for edge in (edge for out in uses for edge in out):
        entering[edge.child].append(edge)
    between: list[list[Edge]] = [[] for _ in kept]
    for i, place in places.items():
        for before, factor in _slopes(i, entering, places):
            between[before].append(Edge(before, place, 0, 0.0 if factor is None else factor, factor is None))
    return between


def _slopes(node: int, entering: list[list[Edge]], places: dict[int, int]) -> list[tuple[int, Any]]:
    """How fast a node grows with each kept one before it: its place, and the slope, None where every way is shut.

    Backpropagation that starts at the node and stops at those that are kept.
    """
    adjoints: dict[int, Any] = {node: 1.0}
    waiting = [-node]  # of those that were reached, the last in order is next: all that use it have had their turn
    found = []
    while waiting:
        i = -heappop(waiting)
        arrived = adjoints.pop(i)
        if i in places and i != node:
            found.append((places[i], arrived))
            continue
        for edge in entering[i]:
            if edge.parent not in adjoints:
                adjoints[edge.parent] = None
                heappush(waiting, -edge.parent)
            if arrived is not None and not edge.shut:
                adjoints[edge.parent] = (adjoints[edge.parent] or 0.0) + arrived * edge.factor
    return found
