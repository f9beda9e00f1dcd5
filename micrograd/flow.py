"""How gradients flow back through the layers: which parameters belong together, and how large their gradients are."""

from collections.abc import Mapping, Sequence
from typing import Any

from micrograd.engine import Value
from micrograd.module import Module

__all__ = ['layers', 'mean_sizes']

MOST = 32  # layers that are told apart; a curve for each of more could not be seen


def layers(model: Any, trained: Sequence[Value]) -> dict[str, list[Value]]:
    """The weights of each layer, by the names that the model's parameters have.

    Of a layer of neurons these are the weights, without the biases. Elsewhere the parameters of one list belong
    together, or of a list of lists, and each other parameter is by itself.

    Args:
        model: a Module, or anything else, whose parameters are all taken together then.
        trained: the parameters that count.

    Returns:
        name -> parameters. All of them under 'parameters', where the model does not name them, or names too many.

    >>> from micrograd.nn import MLP
    >>> model = MLP(2, [3, 1])
    >>> {name: len(weights) for name, weights in layers(model, model.parameters()).items()}
    {'layers.0': 6, 'layers.1': 3}
    """
    wanted = {id(p) for p in trained}
    named = [(name, p) for name, p in model.named_parameters() if id(p) in wanted] if isinstance(model, Module) else []
    found: dict[str, list[Value]] = {}
    for name, p in named:
        layer = _layer(name)
        if layer:
            found.setdefault(layer, []).append(p)
    return found if 0 < len(found) <= MOST else {'parameters': list(trained)}


def _layer(name: str) -> str:
    """'layers.0.neurons.3.w.2' -> 'layers.0', but '' for a bias; 'blocks.1.query.5.7' -> 'blocks.1.query'."""
    parts = name.split('.')
    if 'neurons' in parts:
        before = parts.index('neurons')
        return '' if parts[-1] == 'b' else '.'.join(parts[:before]) or 'neurons'
    while len(parts) > 1 and parts[-1].isdecimal():
        parts.pop()
    return '.'.join(parts)


def mean_sizes(weights: Mapping[str, Sequence[Value]]) -> dict[str, float]:
    """The mean of |gradient| over the weights of each layer.

    >>> w = Value(2.0)
    >>> (w * -3.0).backward()
    >>> mean_sizes({'w': [w]})
    {'w': 3.0}
    """
    means = {}
    for name, group in weights.items():
        total = 0.0  # not the built-in sum, whose rounding depends on Python's version
        for w in group:
            total += abs(w.grad)
        means[name] = total / len(group)
    return means
