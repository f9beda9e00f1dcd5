"""The update rules: each one function on scalars, written once, with `+ - *` and calls on an interpreter `o`.

They are written as the partials of the table are (see `primitives.py`): an optimiser runs them on floats, a compiler
runs them on symbols. A rule never branches on the numbers it is given, only on constants of the optimiser.
"""

from typing import Any


def sgd_rule(o: Any, p: Any, g: Any, *, lr: Any, weight_decay: float) -> tuple[Any]:
    """Go downhill: p - lr g, where weight decay adds weight_decay * p to the gradient g.

    Args:
        o: the interpreter.
        p: the parameter.
        g: its gradient.
        lr: the learning rate.
        weight_decay: the strength of the pull towards 0.

    Returns:
        The new parameter.

    >>> from micrograd.primitives import FLOATS
    >>> sgd_rule(FLOATS, 1.0, 0.5, lr=0.1, weight_decay=0.0)
    (0.95,)

    Source: M. Nielsen, Neural Networks and Deep Learning (2015), chapter 1, equations (16) and (17); weight decay in
    chapter 3, equation (93).
    """
    return (p - lr * _decayed(p, g, weight_decay),)


def momentum_rule(
    o: Any, p: Any, g: Any, velocity: Any, *, lr: Any, momentum: float, nesterov: bool, weight_decay: float
) -> tuple[Any, Any]:
    """Go on in the direction of the former steps: v = momentum v + g, then p - lr v.

    With Nesterov's momentum the step is g + momentum v: the gradient as it will be felt after the momentum has acted.
    The velocity starts at 0, so that the first one is g.

    Args:
        o: the interpreter.
        p: the parameter.
        g: its gradient.
        velocity: what is kept of the former gradients.
        lr: the learning rate.
        momentum: how much of the velocity is kept, from 0 to 1.
        nesterov: whether to look ahead.
        weight_decay: the strength of the pull towards 0.

    Returns:
        The new parameter and the new velocity.

    >>> from micrograd.primitives import FLOATS
    >>> momentum_rule(FLOATS, 1.0, 0.5, 2.0, lr=0.1, momentum=0.5, nesterov=False, weight_decay=0.0)
    (0.85, 1.5)

    Source: Y. Nesterov, A method for solving the convex programming problem with convergence rate O(1/k^2) (1983);
    I. Sutskever et al., On the importance of initialization and momentum in deep learning (2013), in the form that
    PyTorch gives them; M. Nielsen, chapter 3, equations (107) and (108).
    """
    g = _decayed(p, g, weight_decay)
    velocity = momentum * velocity + g
    direction = g + momentum * velocity if nesterov else velocity
    return p - lr * direction, velocity


def adam_rule(
    o: Any, p: Any, g: Any, first_moment: Any, second_moment: Any, *, lr: Any, bias_correction1: Any,
    bias_correction2: Any, beta1: float, beta2: float, eps: float, weight_decay: float,
) -> tuple[Any, Any, Any]:  # fmt: skip
    """Step by the mean gradient, measured against the size that gradients have had here.

    Args:
        o: the interpreter.
        p: the parameter.
        g: its gradient.
        first_moment: the moving average of the gradients, from 0.
        second_moment: the moving average of their squares, from 0.
        lr: the learning rate: about the length of a step.
        bias_correction1: how much of the first moment has come together so far: 1 - beta1^t at the step t = 1, 2, …
        bias_correction2: the same for the second: 1 - beta2^t.
        beta1: how much of the first moment is kept from step to step.
        beta2: how much of the second.
        eps: what the root of the second moment is increased by, so that it is never 0.
        weight_decay: the strength of the pull towards 0, as a part of the gradient.

    Returns:
        The new parameter and the new moments.

    >>> from micrograd.primitives import FLOATS
    >>> numbers = dict(lr=0.1, bias_correction1=0.5, bias_correction2=0.5, beta1=0.5, beta2=0.5, eps=1e-8)
    >>> p, first_moment, second_moment = adam_rule(FLOATS, 1.0, 4.0, 0.0, 0.0, **numbers, weight_decay=0.0)
    >>> f'{p:.6f}', first_moment, second_moment
    ('0.900000', 2.0, 8.0)

    Source: D. Kingma and J. Ba, Adam: a method for stochastic optimization (2015), algorithm 1.
    """
    g = _decayed(p, g, weight_decay)
    first_moment = beta1 * first_moment + (1.0 - beta1) * g
    second_moment = beta2 * second_moment + (1.0 - beta2) * (g * g)
    size = o.sqrt(o.div(second_moment, bias_correction2)) + eps
    return p - lr * o.div(o.div(first_moment, bias_correction1), size), first_moment, second_moment


def adamw_rule(
    o: Any, p: Any, g: Any, first_moment: Any, second_moment: Any, *, lr: Any, weight_decay: float, **adam: Any
) -> tuple[Any, Any, Any]:
    """Adam with the weight decay taken out of the gradient, so that all parameters decay at the same rate.

    Args:
        o: the interpreter.
        p: the parameter.
        g: its gradient.
        first_moment: the moving average of the gradients, from 0.
        second_moment: the moving average of their squares, from 0.
        lr: the learning rate.
        weight_decay: what part of the parameter is lost in a step, times lr.
        adam: the other numbers of `adam_rule`.

    Returns:
        The new parameter and the new moments.

    >>> from micrograd.primitives import FLOATS
    >>> numbers = dict(lr=0.1, bias_correction1=0.5, bias_correction2=0.5, beta1=0.5, beta2=0.5, eps=1e-8)
    >>> f'{adamw_rule(FLOATS, 1.0, 4.0, 0.0, 0.0, **numbers, weight_decay=1.0)[0]:.6f}'
    '0.800000'

    Source: I. Loshchilov and F. Hutter, Decoupled weight decay regularization (2019), algorithm 2.
    """
    p = p - (lr * weight_decay) * p
    return adam_rule(o, p, g, first_moment, second_moment, lr=lr, weight_decay=0.0, **adam)


def _decayed(p: Any, g: Any, weight_decay: float) -> Any:
    return g + weight_decay * p if weight_decay else g
