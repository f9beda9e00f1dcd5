"""Gradients that are too large, made smaller between backward() and step()."""

import math
from collections.abc import Iterable

from micrograd.checks import positive
from micrograd.engine import Value
from micrograd.errors import TrainingError
from micrograd.primitives import FLOATS


def clip_grad_norm(parameters: Iterable[Value], max_norm: float) -> float:
    """Scale all gradients down together, so that their vector is no longer than max_norm and keeps its direction.

    Args:
        parameters: the Values whose gradients are changed.
        max_norm: the length to keep to, above 0; with inf nothing is changed, only measured.

    Returns:
        The length that the vector of all gradients had, by Euclid.

    Raises:
        TrainingError: a gradient is nan or infinite, so that there is no direction to keep. Nothing is changed.
        TypeError: something is no Value, or no number.
        ValueError: there are no parameters, one of them is no leaf, or max_norm is not above 0.

    >>> a, b = Value(1.0), Value(1.0)
    >>> (3.0 * a + 4.0 * b).backward()
    >>> clip_grad_norm([a, b], 2.5)
    5.0
    >>> a.grad, b.grad
    (1.5, 2.0)

    Source: R. Pascanu, T. Mikolov and Y. Bengio, On the difficulty of training recurrent neural networks (2013).
    """
    if max_norm != math.inf:
        max_norm = positive(max_norm, 'max_norm')
    leaves = [p for p in distinct_leaves(parameters) if p.grad is not None]
    for p in leaves:
        if not math.isfinite(p.grad):
            raise TrainingError(
                f'the gradient of {p!r}{f" ({p.label!r})" if p.label else ""} is {p.grad}: scaling cannot mend it. '
                'Look for an overflow or a division by 0 in the loss, or try clip_grad_value()'
            )
    norm = math.hypot(*(p.grad for p in leaves))
    if norm > max_norm:
        _scale_to(leaves, max_norm)
    return norm


def _scale_to(leaves: list[Value], norm: float) -> None:
    """Give the vector of all gradients another length, even where its own is beyond the largest float."""
    largest = max(abs(p.grad) for p in leaves)
    factor = norm / math.hypot(*(p.grad / largest for p in leaves))
    for p in leaves:
        p.grad = p.grad / largest * factor


def clip_grad_value(parameters: Iterable[Value], limit: float) -> None:
    """Bring every gradient into the interval from -limit to limit; nan stays nan.

    Args:
        parameters: the Values whose gradients are changed.
        limit: the largest absolute value that a gradient may have, above 0.

    Raises:
        TypeError: something is no Value, or no number.
        ValueError: there are no parameters, one of them is no leaf, or limit is not above 0.

    >>> a, b = Value(1.0), Value(1.0)
    >>> (3.0 * a - 0.5 * b).backward()
    >>> clip_grad_value([a, b], 1.0)
    >>> a.grad, b.grad
    (1.0, -0.5)
    """
    limit = positive(limit, 'limit')
    for p in distinct_leaves(parameters):
        if p.grad is not None:
            p.grad = FLOATS.clamp(p.grad, -limit, limit)


def distinct_leaves(parameters: Iterable[Value]) -> list[Value]:
    """The parameters in their order, each once.

    Raises:
        TypeError: they are no list of Values.
        ValueError: one is no leaf, or there is none.
    """
    right = 'Right: SGD(model.parameters(), lr=0.1), SGD([w, b], lr=0.1)'
    if isinstance(parameters, Value) or hasattr(parameters, 'parameters') or not isinstance(parameters, Iterable):
        raise TypeError(f'the parameters are a list of Values, not {type(parameters).__name__}. {right}')
    found: dict[int, Value] = {}
    for i, p in enumerate(parameters):
        if not isinstance(p, Value):
            raise TypeError(f'parameter {i} should be a Value, not {type(p).__name__}: {p!r:.60}. {right}')
        if p._prev:
            raise ValueError(
                f'parameter {i}, {p!r}, was made by {p._op!r} from other Values: it follows from them, and only they '
                'can be trained. Wrong: SGD([w * 2], lr=0.1). Right: SGD([w], lr=0.1)'
            )
        found[id(p)] = p
    if not found:
        raise ValueError(f'there are no parameters to train: the list is empty, or a generator was used up. {right}')
    return list(found.values())
