"""Chapter 2 of Nielsen's *Neural Networks and Deep Learning* as something to run: its equations, beside the engine.

The chapter's algorithm in matrix form is `Network`, written by hand with NumPy; the same on Values, step by step, is
`Backpropagation`. `deltas`, `label`, `demon`, `sigma_prime`, `neuron_paths`, `finite_differences` and `assumptions`
show one statement of the chapter each, for any MLP of Values.

Layers are counted as the book does: the inputs are layer 1, so the first hidden layer is layer 2, and w²₁₃ leads from
the third input to its first neuron. Equations are cited by name, with the number that they have in the book.

Source: M. Nielsen, Neural Networks and Deep Learning (2015), chapter 2, http://neuralnetworksanddeeplearning.com/chap2.html
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from micrograd.chapter.algorithm import Backpropagation, Step
from micrograd.chapter.costs import Assumption, Assumptions, assumptions
from micrograd.chapter.differences import finite_differences
from micrograd.chapter.labels import label
from micrograd.chapter.neurons import Delta, Deltas, SigmaPrime, deltas, sigma_prime
from micrograd.chapter.nudges import Nudge, demon
from micrograd.chapter.paths import NeuronPaths, neuron_paths
from micrograd.errors import optional_import

if TYPE_CHECKING:
    from micrograd.chapter.functions import ACTIVATIONS, COSTS, Activation, Cost
    from micrograd.chapter.network import Network

__all__ = [
    'ACTIVATIONS',
    'COSTS',
    'Activation',
    'Assumption',
    'Assumptions',
    'Backpropagation',
    'Cost',
    'Delta',
    'Deltas',
    'Network',
    'NeuronPaths',
    'Nudge',
    'SigmaPrime',
    'Step',
    'assumptions',
    'deltas',
    'demon',
    'finite_differences',
    'label',
    'neuron_paths',
    'sigma_prime',
]

_HOMES = {'Network': 'network'} | dict.fromkeys(('ACTIVATIONS', 'COSTS', 'Activation', 'Cost'), 'functions')


def __getattr__(name: str) -> Any:
    """The matrix form, loaded when it is first asked for: it needs NumPy."""
    if name in _HOMES:
        optional_import('numpy', 'compile')
        return getattr(import_module(f'micrograd.chapter.{_HOMES[name]}'), name)
    raise AttributeError(f'micrograd.chapter has no {name!r}')


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
