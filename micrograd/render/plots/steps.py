"""The network while the backpropagation algorithm goes through it: what is known so far."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from micrograd.passes import neurons_of
from micrograd.render.plots.circles import draw_columns
from micrograd.render.plots.network import columns_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.figure import Figure

    from micrograd.chapter.algorithm import Step

WIDEST = 16  # circles in a column


def network_so_far(step: Step) -> Figure:
    """Draw the network with the activations and the errors that are known after a step.

    Raises:
        MissingDependencyError: matplotlib is not installed.
    """
    layers = neurons_of(step.model)
    columns = []
    for number, column in enumerate(columns_of(layers, [[[] for _ in layer] for layer in layers], WIDEST, False), 1):
        nodes = [
            replace(node, a=_known(step.a.get(number), node.index), delta=_known(step.delta.get(number), node.index))
            for node in column.nodes
        ]
        name = f'layer {number}' + {1: ', input', len(layers) + 1: ', output'}.get(number, '')
        columns.append(replace(column, name=name, nodes=nodes))
    return draw_columns(columns, step.title, step.equations)


def _known(numbers: Sequence[float] | None, i: int) -> float | None:
    return None if numbers is None else numbers[i]
