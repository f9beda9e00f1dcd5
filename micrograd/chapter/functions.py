"""Activations and costs with their derivatives, written out by hand for NumPy: what the engine is compared with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from reprlib import repr as short
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from micrograd.checks import not_found
from micrograd.errors import ShapeError

__all__ = ['ACTIVATIONS', 'COSTS', 'Activation', 'Array', 'Cost', 'activation', 'cost']

Array = npt.NDArray[np.float64]
F = TypeVar('F')


@dataclass(frozen=True, slots=True)
class Activation:
    """What a layer applies to its weighted inputs z, a matrix with a column for each example.

    Args:
        name: 'sigmoid'.
        function: the activations a for z.
        derivative: sigma'(z), element by element; None where each activation depends on all the weighted inputs.
        jacobian: of one column z the matrix Sigma'(z) of all the da_k/dz_j; None for what goes element by element,
            where sigma'(z) is on the diagonal.

    >>> double = Activation('double', lambda z: 2 * z, lambda z: np.full_like(z, 2.0))
    >>> double.sigma_prime(np.zeros((2, 1)))
    array([[2., 0.],
           [0., 2.]])
    """

    name: str
    function: Callable[[Array], Array]
    derivative: Callable[[Array], Array] | None = None
    jacobian: Callable[[Array], Array] | None = None

    def __post_init__(self) -> None:
        if self.derivative is None and self.jacobian is None:
            raise ValueError(
                f'the activation {self.name!r} has no derivative. Right: Activation(name, function, derivative) for '
                'one that goes element by element, or Activation(name, function, jacobian=…)'
            )

    def sigma_prime(self, z: Array) -> Array:
        """The matrix Sigma'(z) for one example.

        Args:
            z: the weighted inputs, of shape (neurons, 1).

        Source: Nielsen, Neural Networks and Deep Learning, chapter 2, the problem behind BP4, equation (33).
        """
        if self.jacobian is not None:
            return self.jacobian(z)
        return np.diagflat(self.elementwise(z))

    def elementwise(self, z: Array) -> Array:
        """sigma'(z), which BP1 and BP2 multiply with.

        Raises:
            ShapeError: each activation depends on all the weighted inputs, so there is no such vector.
        """
        if self.derivative is None:
            raise ShapeError(
                f'{self.name} does not go element by element, so BP1 and BP2 do not hold for it; the alternate form '
                'with the matrix Σ′(z) does. Wrong: network.backprop(x, y). Right: network.backprop_by_jacobian(x, y)'
            )
        return self.derivative(z)


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of each example, and its derivative by the outputs.

    Args:
        name: 'quadratic'.
        function: from outputs a and targets y, both of shape (outputs, examples), the cost of each example.
        derivative: from the same, the vectors dC_x/da, side by side.
        output_error: for the names of activations against which the derivative cancels: from a and y the output error
            delta^L, which then is not lost where an output is 0 or 1 to the last digit.

    Source: Nielsen, Neural Networks and Deep Learning, chapter 3, on the cross-entropy, for what cancels.
    """

    name: str
    function: Callable[[Array, Array], Array]
    derivative: Callable[[Array, Array], Array]
    output_error: Mapping[str, Callable[[Array, Array], Array]] = field(default_factory=dict)


def _sigmoid(z: Array) -> Array:
    e = np.exp(-np.abs(z))  # which cannot overflow
    return np.where(z >= 0.0, 1.0 / (1.0 + e), e / (1.0 + e))


def _sigmoid_prime(z: Array) -> Array:
    e = np.exp(-np.abs(z))
    return e / (1.0 + e) ** 2


def _softmax(z: Array) -> Array:
    e = np.exp(z - z.max(axis=0))
    return np.asarray(e / e.sum(axis=0))


def _softmax_jacobian(z: Array) -> Array:
    """da_k/dz_j = a_k (1 - a_k) for j = k, and -a_k a_j else."""
    a = _softmax(z)
    return np.diagflat(a) - a @ a.T


def _times_log(y: Array, a: Array) -> Array:
    """y ln a; 0 where y is 0, whatever a is."""
    with np.errstate(divide='ignore'):
        return np.asarray(y * np.log(np.where(y == 0.0, 1.0, a)))


def _over(y: Array, a: Array) -> Array:
    """y / a; 0 where y is 0, whatever a is."""
    with np.errstate(divide='ignore'):
        return np.asarray(y / np.where(y == 0.0, 1.0, a))


ACTIVATIONS = {
    f.name: f
    for f in (
        Activation('sigmoid', _sigmoid, _sigmoid_prime),
        Activation('tanh', np.tanh, lambda z: 4.0 * _sigmoid_prime(2.0 * z)),
        Activation('relu', lambda z: np.maximum(z, 0.0), lambda z: np.where(z > 0.0, 1.0, 0.0)),
        Activation('softplus', lambda z: np.logaddexp(0.0, z), _sigmoid),
        Activation('linear', lambda z: z, np.ones_like),
        Activation('softmax', _softmax, jacobian=_softmax_jacobian),
    )
}

COSTS = {
    f.name: f
    for f in (
        Cost('quadratic', lambda a, y: 0.5 * ((a - y) ** 2).sum(axis=0), lambda a, y: a - y),
        Cost(
            'cross-entropy',
            lambda a, y: -(_times_log(y, a) + _times_log(1.0 - y, 1.0 - a)).sum(axis=0),
            lambda a, y: _over(1.0 - y, 1.0 - a) - _over(y, a),
            {'sigmoid': lambda a, y: a - y},
        ),
        Cost(
            'log-likelihood',
            lambda a, y: -_times_log(y, a).sum(axis=0),
            lambda a, y: -_over(y, a),
            {'softmax': lambda a, y: a * y.sum(axis=0) - y},
        ),
    )
}


def activation(wished: str | Activation) -> Activation:
    """An activation by its name, or your own.

    Raises:
        TypeError: it is neither.
        ValueError: there is none of that name.
    """
    return wished if isinstance(wished, Activation) else _named(Activation, wished, ACTIVATIONS)


def cost(wished: str | Cost) -> Cost:
    """A cost by its name, or your own.

    Raises:
        TypeError: it is neither.
        ValueError: there is none of that name.
    """
    return wished if isinstance(wished, Cost) else _named(Cost, wished, COSTS)


def is_known(sigma: Activation) -> bool:
    """Whether an activation is the one that its name stands for here, and not another of the same name."""
    return ACTIVATIONS.get(sigma.name) is sigma


def _named(kind: type[F], name: Any, known: dict[str, F]) -> F:
    own = f"Your own: {kind.__name__}('mine', function, derivative)"
    if not isinstance(name, str):
        raise TypeError(f'the {kind.__name__.lower()} is a name, or a {kind.__name__}, not {short(name)}. {own}')
    if name not in known:
        raise ValueError(f'{not_found(kind.__name__.lower(), name, [*known])}. {own}')
    return known[name]
