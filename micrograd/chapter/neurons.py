"""The error of every neuron, delta = dC/dz, and the slopes between the neurons of one layer, as tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from micrograd import checks
from micrograd.chapter.labels import neuron_label
from micrograd.columns import aligned, points_aligned
from micrograd.errors import DataError, GraphError
from micrograd.graph import paths
from micrograd.passes import activation_of, neurons_of, passes, slope
from micrograd.transforms import gradients

if TYPE_CHECKING:
    from collections.abc import Iterator

    from micrograd.engine import Value
    from micrograd.passes import Pass

__all__ = ['Deltas', 'Error', 'SigmaPrime', 'deltas', 'sigma_prime']

LONGEST, WIDEST = 40, 8  # rows and columns of a table that are printed


@dataclass(frozen=True, slots=True, kw_only=True)
class Error:
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
    """The errors of a network: see `deltas`. Iterating gives an Error a neuron and example, layer by layer."""

    errors: tuple[Error, ...]

    def layer(self, layer: int, example: int = 1) -> list[float]:
        """The vector delta^l of one layer.

        Args:
            layer: from 2 to the number of layers L, as in the book.
            example: from 1.

        Raises:
            DataError: there is no such layer or example.
        """
        found = [error.delta for error in self.errors if (error.layer, error.example) == (layer, example)]
        if not found:
            last = self.errors[-1]
            raise DataError(
                f'there is no layer {layer} of example {example}: layers with errors are 2 to {last.layer}, the inputs '
                f'being layer 1; examples are 1 to {last.example}'
            )
        return found

    def __iter__(self) -> Iterator[Error]:
        return iter(self.errors)

    def __len__(self) -> int:
        return len(self.errors)

    def __str__(self) -> str:
        from micrograd.render.view import short_number  # loaded when it is first printed

        several = self.errors[-1].example > 1
        shown = self.errors[:LONGEST]
        names = [neuron_label('δ', e.layer, e.neuron, e.example if several else None) for e in shown]
        numbers = zip(*((e.z.data, e.a.data, e.slope, e.delta) for e in shown), strict=True)
        cells = [points_aligned(list(map(short_number, column))) for column in numbers]
        rows = [('', ' z', ' a', ' σ′(z)', ' δ'), *zip(names, *cells, strict=True)]
        more = f'\n… {len(self) - LONGEST:,} more' if len(self) > LONGEST else ''
        return aligned(rows) + more


def deltas(loss: Value, model: Any) -> Deltas:
    """The error of every neuron on the way to a cost: delta = dC/dz, by the engine.

    Nothing is written to any gradient. Where the cost is of several examples, each has its errors; the factor 1/n of an
    average is in them.

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
    found = [
        (l, j, example, one, slope(activation_of(neuron), one.z.data))
        for l, (layer, calls) in enumerate(zip(neurons_of(model), passes(model, loss), strict=True), 2)
        for example, seen in enumerate(zip(*_complete(calls), strict=True), 1)
        for j, (neuron, one) in enumerate(zip(layer, seen, strict=True), 1)
    ]
    errors = gradients(loss, [one.z for *_, one, _ in found])
    return Deltas(
        tuple(
            Error(layer=l, neuron=j, example=example, z=one.z, a=one.a, slope=sigma_prime, delta=delta.data)
            for (l, j, example, one, sigma_prime), delta in zip(found, errors, strict=True)
        )
    )


def _complete(calls: list[list[Pass]]) -> list[list[Pass]]:
    """The calls of the neurons of a layer, as many of each."""
    if len({len(seen) for seen in calls}) > 1:
        raise GraphError(
            'the cost depends on some neurons of a layer and not on others, so there is no error of each. '
            'Right: a cost of all the outputs, as losses.quadratic(model(x), y)'
        )
    return calls


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

    That a_k does not depend on z_j for other neurons j is the step of the proof that leaves one term of a sum. A layer
    where it does, as softmax, has a full matrix: the alternate form of the equations, (33) to (35).

    Args:
        loss: an output of the model, or a cost computed from its outputs.
        model: an MLP, a Layer or a Neuron.
        layer: from 2, as in the book.
        example: which of several, from 1.

    Raises:
        DataError: there is no such layer or example.
        GraphError: the model took no part in the loss.

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
    of_layer = _complete(calls[number - 2])
    if not 1 <= checks.integer(example, 'example') <= len(of_layer[0]):
        raise DataError(f'there is no example {example}: they are 1 to {len(of_layer[0])}')
    neurons = [seen[example - 1] for seen in of_layer]
    between = [[paths(one.z, other.a) for one in neurons] for other in neurons]
    return SigmaPrime(
        layer=number,
        slopes=tuple(tuple(found.total for found in row) for row in between),
        paths=tuple(tuple(found.count for found in row) for row in between),
    )
