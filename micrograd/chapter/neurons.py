"""The error of every neuron, delta = dC/dz, and the slopes between the neurons of one layer, as tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from micrograd import checks
from micrograd.chapter.labels import neuron_label
from micrograd.columns import aligned, points_aligned
from micrograd.errors import DataError, GraphError, by_hand_error
from micrograd.graph import topological
from micrograd.node import parents, verify
from micrograd.passes import activation_of, neurons_of, passes, slope
from micrograd.paths import local_derivatives
from micrograd.primitives import ADD, MUL
from micrograd.transforms import gradients

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from micrograd.engine import Value
    from micrograd.passes import Pass

__all__ = ['Delta', 'Deltas', 'SigmaPrime', 'deltas', 'sigma_prime']

LONGEST, WIDEST = 40, 8  # rows and columns of a table that are printed


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """What one neuron computed for one example, and its error.

    Args:
        layer: from 2, as in the book.
        neuron: its place in the layer, from 1.
        example: from 1.
        z: the weighted input, a Value.
        a: the activation, a Value.
        slope: of the activation function at z, sigma'(z) = da/dz.
        delta: the error, dC/dz.
    """

    layer: int
    neuron: int
    example: int
    z: Value = field(repr=False)
    a: Value = field(repr=False)
    slope: float
    delta: float


@dataclass(frozen=True, slots=True)
class Deltas:
    """The errors of a network: see `deltas`. Iterating gives a Delta a neuron and example, layer by layer.

    Args:
        errors: those of the neurons that the cost depends on.
        sizes: how many neurons each layer has, from layer 2 on.
        examples: how many there are.
    """

    errors: tuple[Delta, ...]
    sizes: tuple[int, ...]
    examples: int

    def layer(self, layer: int, example: int = 1) -> list[float]:
        """The vector delta^l of one layer; 0 where the cost does not depend on a neuron.

        Args:
            layer: from 2 to the number of layers L, as in the book.
            example: from 1.

        Raises:
            DataError: there is no such layer or example.
        """
        if layer - 2 not in range(len(self.sizes)) or example - 1 not in range(self.examples):
            raise DataError(
                f'there is no layer {layer} of example {example}: layers with errors are 2 to {len(self.sizes) + 1}, '
                f'the inputs being layer 1; examples are 1 to {self.examples}'
            )
        found = {error.neuron: error.delta for error in self.errors if (error.layer, error.example) == (layer, example)}
        return [found.get(j, 0.0) for j in range(1, self.sizes[layer - 2] + 1)]

    def __iter__(self) -> Iterator[Delta]:
        return iter(self.errors)

    def __len__(self) -> int:
        return len(self.errors)

    def __str__(self) -> str:
        from micrograd.render.view import short_number  # loaded when it is first printed

        several = self.examples > 1
        shown = self.errors[:LONGEST]
        names = [neuron_label('δ', e.layer, e.neuron, e.example if several else None) for e in shown]
        numbers = zip(*((e.z.data, e.a.data, e.slope, e.delta) for e in shown), strict=True)
        cells = [points_aligned(list(map(short_number, column))) for column in numbers]
        rows = [('', ' z', ' a', ' σ′(z)', ' δ'), *zip(names, *cells, strict=True)]
        more = f'\n… {len(self) - LONGEST:,} more' if len(self) > LONGEST else ''
        return aligned(rows) + more


def deltas(loss: Value, model: Any) -> Deltas:
    """The error of every neuron on the way to a cost: delta = dC/dz, by the engine.

    Nothing is written to any gradient. Where the cost is of several examples, each has its errors, in the order in
    which the examples come in the graph; the factor 1/n of an average is in them.

    Args:
        loss: a cost computed from the model's outputs, of one example or of several.
        model: an MLP, a Layer or a Neuron.

    Returns:
        A table, which prints itself.

    Raises:
        GraphError: the model took no part in the loss.
        StaleGraphError: numbers were changed after the forward pass.
        TypeError: the model is no network of neurons.

    >>> from micrograd import losses, nn
    >>> model = nn.MLP(2, [2, 1], activation='sigmoid', output='sigmoid', generator=0)
    >>> table = deltas(losses.quadratic(model([1.0, 0.5]), 1.0), model)
    >>> print(table)
          z         a       σ′(z)   δ
    δ²₁   0.9468   0.7205  0.2014  −0.0005842
    δ²₂  −0.3999   0.4013  0.2403   0.005876
    δ³₁  −0.06006  0.485   0.2498  −0.1286
    >>> [f'{delta:.4f}' for delta in table.layer(3)]
    ['-0.1286']

    Source: Nielsen, Neural Networks and Deep Learning, chapter 2, equation (29).
    """
    layers, calls = neurons_of(model), passes(model, loss)
    found = [
        (l, j, example, one, slope(activation_of(layer[j - 1]), one.z.data))
        for l, (layer, seen) in enumerate(zip(layers, calls, strict=True), 2)
        for example, ones in enumerate(_by_example(seen), 1)
        for j, one in ones
    ]
    errors = gradients(loss, [one.z for *_, one, _ in found])
    return Deltas(
        tuple(
            Delta(layer=l, neuron=j, example=example, z=one.z, a=one.a, slope=sigma_prime, delta=delta.data)
            for (l, j, example, one, sigma_prime), delta in zip(found, errors, strict=True)
        ),
        tuple(map(len, layers)),
        max(len(seen) for layer in calls for seen in layer),
    )


def _by_example(calls: list[list[Pass]]) -> Iterator[list[tuple[int, Pass]]]:
    """The calls of the neurons of a layer, example by example, each with the place of its neuron, from 1.

    Raises:
        GraphError: some neurons were called more often than others, so that nobody knows for which example.
    """
    taking_part = [(j, seen) for j, seen in enumerate(calls, 1) if seen]
    if len({len(seen) for _, seen in taking_part}) > 1:
        raise GraphError(
            'of several examples the cost depends on some neurons of a layer for one and on others for another, so it '
            'cannot be told which call was for which example. Right: a cost of one example at a time'
        )
    for example in range(len(taking_part[0][1]) if taking_part else 0):
        yield [(j, seen[example]) for j, seen in taking_part]


@dataclass(frozen=True, slots=True)
class SigmaPrime:
    """The matrix of the slopes between z and a in one layer, da_k/dz_j: see `sigma_prime`.

    Args:
        layer: from 2, as in the book.
        slopes: for each activation k the slopes by every weighted input j.
        paths: how many paths there are in the graph from z_j to a_k; 0 means that a_k does not depend on z_j at all.
    """

    layer: int
    slopes: tuple[tuple[float, ...], ...]
    paths: tuple[tuple[int, ...], ...]

    @property
    def is_diagonal(self) -> bool:
        """Whether there is no path between different neurons: what the proof of BP1 and BP2 uses."""
        return not any(paths for k, row in enumerate(self.paths) for j, paths in enumerate(row) if j != k)

    def __str__(self) -> str:
        from micrograd.render.view import short_number  # loaded when it is first printed

        def cell(slope: float, paths: int) -> str:
            return short_number(slope) if paths else 'no path'

        shown = min(len(self.slopes), WIDEST)
        zs = [neuron_label('z', self.layer, j) for j in range(1, shown + 1)]
        rows = [
            [neuron_label('a', self.layer, k), *map(cell, self.slopes[k - 1][:shown], self.paths[k - 1])]
            for k in range(1, shown + 1)
        ]
        more = f'\n… of {len(self.slopes)} neurons' if shown < len(self.slopes) else ''
        return aligned([('∂a/∂z', *zs), *rows]) + more


def sigma_prime(loss: Value, model: Any, layer: int, example: int = 1) -> SigmaPrime:
    """How each activation of a layer changes with each weighted input of that layer, and by how many paths.

    That a_k does not depend on z_j for other neurons j is the step of the proof that leaves one term of a sum. For
    softmax, which takes all of a layer, it does not hold: then the matrix is full, and the alternate form (33) to (35)
    has it as `Network.deltas_by_jacobian`.

    Args:
        loss: an output of the model, or a cost computed from its outputs.
        model: an MLP, a Layer or a Neuron.
        layer: from 2, as in the book.
        example: which of several, from 1, in the order in which they come in the graph.

    Raises:
        DataError: there is no such layer or example.
        GraphError: the model took no part in the loss, or not all neurons of the layer did, or an operation between
            them was defined by hand.
        StaleGraphError: numbers were changed after the forward pass.

    >>> from micrograd import nn
    >>> model = nn.MLP(2, [2, 1], activation='tanh', generator=0)
    >>> print(sigma_prime(model([1.0, -2.0]), model, layer=2))
    ∂a/∂z  z²₁      z²₂
    a²₁    0.891    no path
    a²₂    no path  0.555

    Source: Nielsen, Neural Networks and Deep Learning, chapter 2, "Proof of the four fundamental equations", equations
    (37) and (38).
    """
    calls = passes(model, loss)
    number = checks.integer(layer, 'layer')
    if not 2 <= number <= len(calls) + 1:
        raise DataError(f'there is no layer {layer}: they are 2 to {len(calls) + 1}, the inputs being layer 1')
    examples = list(_by_example(calls[number - 2]))
    if not 1 <= checks.integer(example, 'example') <= len(examples):
        raise DataError(f'there is no example {example}: they are 1 to {len(examples)}')
    neurons = [one for _, one in examples[example - 1]]
    if len(neurons) < len(calls[number - 2]):
        raise GraphError(
            f'not all neurons of layer {number} took part in this value, so the matrix would have gaps. '
            'Right: a cost of all the outputs, as losses.quadratic(model(x), y)'
        )
    zs = [one.z for one in neurons]
    between = [_ways(one.a, zs) for one in neurons]
    return SigmaPrime(
        layer=number,
        slopes=tuple(tuple(slope for slope, _ in row) for row in between),
        paths=tuple(tuple(count for _, count in row) for row in between),
    )


def _ways(a: Value, zs: Sequence[Value]) -> list[tuple[float, int]]:
    """How fast an activation grows with each weighted input, the others held, and along how many paths."""
    is_linear = any(a is z for z in zs)  # then there is nothing between
    between = [] if is_linear else [v for v in topological([a], stops=zs) if parents(v)]
    verify(between, ADD, MUL)
    slopes, counts = {id(a): 1.0}, {id(a): 1}
    for v in reversed(between):
        for p, (factor, shut) in zip(parents(v), local_derivatives(v), strict=True):
            if factor is None:
                raise by_hand_error(v, 'sigma_prime()')
            counts[id(p)] = counts.get(id(p), 0) + counts[id(v)]
            if id(v) in slopes and not shut:  # behind a shut gate 0 * inf must not arise
                slopes[id(p)] = slopes.get(id(p), 0.0) + slopes[id(v)] * factor
    return [(slopes.get(id(z), 0.0), counts.get(id(z), 0)) for z in zs]
