"""How parameters change, step by step, against their gradients.

A loop reads as everywhere else:

>>> w = Value(0.0, label='w')
>>> optimizer = SGD([w], lr=0.25)
>>> for _ in range(10):
...     loss = (w - 3.0) ** 2
...     optimizer.zero_grad()
...     loss.backward()
...     optimizer.step()
>>> print(f'{w:.2f}')
3.00

Each update rule is one function on scalars, written once, with `+ - *` and calls on an interpreter `o`, as the partials
of the table are (see `primitives.py`): here it runs on floats, a compiler runs it on symbols. A rule never branches on
the numbers it is given, only on constants of the optimiser.
"""

import math
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from micrograd import checks
from micrograd.engine import Value
from micrograd.errors import CheckpointError, TrainingError
from micrograd.primitives import FLOATS

__all__ = [
    'SGD',
    'Adam',
    'AdamW',
    'Optimizer',
    'clip_grad_norm',
    'clip_grad_value',
    'constant',
    'cosine',
    'linear',
    'step_decay',
    'warmup',
]

Schedule = Callable[[int], float]
Rule = Callable[..., tuple[Any, ...]]

# --- the rules -------------------------------------------------------------------------------------------------------


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

    >>> numbers = dict(lr=0.1, bias_correction1=0.5, bias_correction2=0.5, beta1=0.5, beta2=0.5, eps=1e-8)
    >>> f'{adamw_rule(FLOATS, 1.0, 4.0, 0.0, 0.0, **numbers, weight_decay=1.0)[0]:.6f}'
    '0.800000'

    Source: I. Loshchilov and F. Hutter, Decoupled weight decay regularization (2019), algorithm 2.
    """
    p = p - (lr * weight_decay) * p
    return adam_rule(o, p, g, first_moment, second_moment, lr=lr, weight_decay=0.0, **adam)


def _decayed(p: Any, g: Any, weight_decay: float) -> Any:
    return g + weight_decay * p if weight_decay else g


# --- the optimisers --------------------------------------------------------------------------------------------------


class Optimizer:
    """A rule, applied to a list of parameters: the optimisers below are made so, and others may be.

    A subclass gives `rule`, a function (o, p, g, *remembered, lr, …) -> (the new p, *what to remember), and in `memory`
    the names of the numbers that the rule remembers of each parameter; they start at 0.

    Args:
        parameters: the Values to train: leaves, all of them. One that is given twice is stepped once.
        lr: the learning rate; or a schedule: a function from the number of the step, 0, 1, 2, …, to the learning rate.
        constants: what the rule is given by name besides, the same at every step.

    Attributes:
        parameters: the list of Values that are trained.
        lr: the learning rate of the next step; a number or a schedule may be assigned at any time.
        steps: how many steps were made.
        state: for each name in `memory` the list of what is remembered, in the order of the parameters.

    Raises:
        TypeError: something is no Value, or lr is no number.
        ValueError: there are no parameters, one of them is no leaf, or lr is negative or not finite.

    >>> class SignDescent(Optimizer):
    ...     def rule(self, o, p, g, *, lr):
    ...         return (p - lr * o.sign(g),)
    >>> w = Value(1.0)
    >>> optimizer = SignDescent([w], lr=0.25)
    >>> (100.0 * w).backward()
    >>> optimizer.step()
    >>> w.data
    0.75
    """

    rule: Rule
    memory: tuple[str, ...] = ()

    def __init__(self, parameters: Iterable[Value], lr: float | Schedule, **constants: float):
        self.parameters = _leaves(parameters)
        self.lr = lr
        self.steps = 0
        self.constants = constants
        self.state = {name: [0.0] * len(self.parameters) for name in self.memory}

    @property
    def lr(self) -> float:
        """The learning rate of the next step."""
        if callable(self._lr):
            return _not_negative(self._lr(self.steps), 'the learning rate of a schedule')
        return self._lr

    @lr.setter
    def lr(self, lr: float | Schedule) -> None:
        self._lr = _rate(lr)

    def numbers(self) -> dict[str, float]:
        """What the rule is given by name that differs from step to step: as it is for the next step."""
        return {'lr': self.lr}

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to 0: backward() adds to what is there.

        >>> w = Value(1.0)
        >>> (w * 3.0).backward()
        >>> SGD([w], lr=0.1).zero_grad()
        >>> w.grad
        0.0
        """
        for p in self.parameters:
            p.grad = 0.0

    def step(self) -> None:
        """Change every parameter by the rule. Gradients stay as they are; a parameter whose gradient is None stays too.

        Should the rule fail for one of them, none is changed. A gradient that is nan makes its parameter nan.

        >>> w = Value(1.0)
        >>> (w * 3.0).backward()
        >>> SGD([w], lr=0.5).step()
        >>> w.data, w.grad
        (-0.5, 3.0)
        """
        rule = partial(self.rule, FLOATS, **self.constants, **self.numbers())
        remembered = list(zip(*self.state.values(), strict=True)) or [()] * len(self.parameters)
        changed = [_changed(rule, p, old) for p, old in zip(self.parameters, remembered, strict=True)]
        for p, (data, *_) in zip(self.parameters, changed, strict=True):
            p.data = data
        for name, numbers in zip(self.state, list(zip(*changed, strict=True))[1:], strict=True):
            self.state[name] = list(numbers)
        self.steps += 1

    def state_dict(self) -> dict[str, Any]:
        """What another optimiser needs to go on exactly here: plain dictionaries, lists and numbers, for JSON say.

        A schedule is code, so it is not kept: `lr` is None then, and the optimiser that goes on has its own.

        >>> SGD([Value(1.0)], lr=0.1, momentum=0.9).state_dict()['state']
        {'velocity': [0.0]}
        """
        return {
            'optimizer': type(self).__name__,
            'steps': self.steps,
            'lr': None if callable(self._lr) else self._lr,
            'constants': dict(self.constants),
            'state': {name: list(numbers) for name, numbers in self.state.items()},
        }

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where another optimiser, made with the same arguments, was when it gave its `state_dict()`.

        Args:
            state: what that returned. Its learning rate is taken over.

        Raises:
            CheckpointError: it is damaged, or of a different optimiser. Nothing is changed.

        >>> state = Adam([Value(1.0)], lr=0.25).state_dict()
        >>> optimizer = Adam([Value(1.0)], lr=0.5)
        >>> optimizer.load_state_dict(state)
        >>> optimizer.lr
        0.25
        """
        mine = self.state_dict()
        _same_names('the state', state, mine)
        _same('optimizer', state['optimizer'], mine['optimizer'])
        _same_names('constants', state['constants'], mine['constants'])
        for name, number in mine['constants'].items():
            _same(f'constants.{name}', state['constants'][name], number)
        lr = _loaded_rate(state['lr'], self._lr)
        steps = _loaded_count(state['steps'])
        _same_names('state', state['state'], mine['state'])
        loaded = {
            name: _loaded_numbers(f'state.{name}', state['state'][name], len(self.parameters)) for name in mine['state']
        }
        self.lr, self.steps, self.state = lr, steps, loaded

    def __repr__(self) -> str:
        settings = {'lr': self._lr, **self.constants}
        listed = ', '.join(f'{name}={setting!r}' for name, setting in settings.items())
        return f'{type(self).__name__}({len(self.parameters)} parameters, {listed})'


class SGD(Optimizer):
    """Gradient descent: `sgd_rule`, and with momentum `momentum_rule`.

    Stochastic it is when the loss is that of a mini-batch.

    Args:
        parameters: the Values to train.
        lr: the learning rate, or a schedule.
        momentum: how much of the velocity is kept from step to step; 0 or more, usually 0.9 where it is used.
        nesterov: whether the momentum is Nesterov's.
        weight_decay: the strength of the pull towards 0.

    Raises:
        TypeError: something is no Value, or no number.
        ValueError: there are no parameters, one of them is no leaf, or a number is out of range.

    >>> w = Value(2.0)
    >>> optimizer = SGD([w], lr=0.25, momentum=0.5)
    >>> for _ in range(2):
    ...     optimizer.zero_grad()
    ...     (w * w).backward()
    ...     optimizer.step()
    ...     print(w.data)
    1.0
    0.0
    """

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float | Schedule,
        *,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float = 0.0,
    ):
        momentum = _not_negative(momentum, 'momentum')
        if nesterov and not momentum:
            raise ValueError(
                "Nesterov's momentum looks ahead along the velocity, and without momentum there is none. "
                'Wrong: SGD(parameters, lr=0.1, nesterov=True). '
                'Right: SGD(parameters, lr=0.1, momentum=0.9, nesterov=True)'
            )
        constants = {'momentum': momentum, 'nesterov': bool(nesterov)} if momentum else {}
        self.rule, self.memory = (momentum_rule, ('velocity',)) if momentum else (sgd_rule, ())
        super().__init__(parameters, lr, **constants, weight_decay=_not_negative(weight_decay, 'weight_decay'))


class Adam(Optimizer):
    """Steps of about the length lr for every parameter, however large its gradients: `adam_rule`.

    Args:
        parameters: the Values to train.
        lr: the learning rate, or a schedule.
        betas: how much of the first and of the second moment is kept from step to step; from 0 to below 1.
        eps: what the root of the second moment is increased by; above 0.
        weight_decay: the strength of the pull towards 0, as a part of the gradient.

    Raises:
        TypeError: something is no Value, or no number.
        ValueError: there are no parameters, one of them is no leaf, or a number is out of range.

    >>> w, v = Value(1.0), Value(1.0)
    >>> optimizer = Adam([w, v], lr=0.125)
    >>> (1000.0 * w + 0.001 * v).backward()
    >>> optimizer.step()
    >>> print(f'{w:.4f} {v:.4f}')
    0.8750 0.8750
    """

    rule = staticmethod(adam_rule)
    memory = ('first_moment', 'second_moment')

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float | Schedule = 1e-3,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
    ):
        beta1, beta2 = _betas(betas)
        super().__init__(
            parameters,
            lr,
            beta1=beta1,
            beta2=beta2,
            eps=_positive(eps, 'eps'),
            weight_decay=_not_negative(weight_decay, 'weight_decay'),
        )

    def numbers(self) -> dict[str, float]:
        """What differs from step to step: lr, and the corrections for moments that started at 0."""
        t = self.steps + 1
        corrections = {f'bias_correction{i}': 1.0 - self.constants[f'beta{i}'] ** t for i in (1, 2)}
        return super().numbers() | corrections


class AdamW(Adam):
    """Adam with decoupled weight decay: `adamw_rule`.

    Args:
        parameters: the Values to train.
        lr: the learning rate, or a schedule.
        betas: how much of the first and of the second moment is kept from step to step; from 0 to below 1.
        eps: what the root of the second moment is increased by; above 0.
        weight_decay: what part of a parameter is lost in a step, times lr.

    Raises:
        TypeError: something is no Value, or no number.
        ValueError: there are no parameters, one of them is no leaf, or a number is out of range.

    >>> w = Value(8.0)
    >>> optimizer = AdamW([w], lr=0.5, weight_decay=0.25)
    >>> optimizer.step()
    >>> w.data
    7.0
    """

    rule = staticmethod(adamw_rule)

    def __init__(
        self,
        parameters: Iterable[Value],
        lr: float | Schedule = 1e-3,
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 1e-2,
    ):
        super().__init__(parameters, lr, betas=betas, eps=eps, weight_decay=weight_decay)


def _changed(rule: Rule, p: Any, remembered: tuple[float, ...]) -> tuple[float, ...]:
    """The number of one parameter after the step, and what is to be remembered of it."""
    if p.grad is None:
        return (p.data, *remembered)
    return tuple(map(float, rule(float(p.data), float(p.grad), *remembered)))


# --- gradient clipping -----------------------------------------------------------------------------------------------


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
        max_norm = _positive(max_norm, 'max_norm')
    leaves = [p for p in _leaves(parameters) if p.grad is not None]
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
    limit = _positive(limit, 'limit')
    for p in _leaves(parameters):
        if p.grad is not None:
            p.grad = FLOATS.clamp(p.grad, -limit, limit)


# --- learning-rate schedules -----------------------------------------------------------------------------------------


class _Schedule(ABC):
    """A function from the number of a step to the learning rate of that step."""

    def __call__(self, step: int) -> float:
        if checks.integer(step, 'step') < 0:
            raise ValueError(f'steps are counted 0, 1, 2, …, so there is no step {step}')
        return self._at(step)

    @abstractmethod
    def _at(self, step: int) -> float: ...


@dataclass(frozen=True)
class constant(_Schedule):  # noqa: N801 - it reads as a function: lr=constant(0.1)
    """The same learning rate at every step.

    Args:
        lr: the learning rate.

    Raises:
        TypeError: lr is no number.
        ValueError: it is negative or not finite.

    >>> constant(0.1)(1000)
    0.1
    """

    lr: float

    def __post_init__(self) -> None:
        _not_negative(self.lr, 'lr')

    def _at(self, step: int) -> float:
        return self.lr


@dataclass(frozen=True)
class linear(_Schedule):  # noqa: N801 - it reads as a function
    """From lr at step 0 in a straight line to `final` at step number `steps`; from then on `final`.

    Args:
        lr: the learning rate of step 0.
        steps: how many steps the way takes, at least 1.
        final: the learning rate at its end.

    Raises:
        TypeError: an argument is no number.
        ValueError: a learning rate is negative or not finite, or `steps` is below 1.

    >>> schedule = linear(1.0, steps=4)
    >>> [schedule(step) for step in range(6)]
    [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]
    """

    lr: float
    steps: int
    final: float = 0.0

    def __post_init__(self) -> None:
        _way(self.lr, self.steps, self.final)

    def _at(self, step: int) -> float:
        return _between(self.lr, self.final, min(step / self.steps, 1.0))


@dataclass(frozen=True)
class cosine(_Schedule):  # noqa: N801 - it reads as a function
    """From lr at step 0 along half a cosine to `final` at step number `steps`; from then on `final`.

    Args:
        lr: the learning rate of step 0.
        steps: how many steps the way takes, at least 1.
        final: the learning rate at its end.

    Raises:
        TypeError: an argument is no number.
        ValueError: a learning rate is negative or not finite, or `steps` is below 1.

    >>> schedule = cosine(1.0, steps=4)
    >>> [round(schedule(step), 3) for step in range(6)]
    [1.0, 0.854, 0.5, 0.146, 0.0, 0.0]

    Source: I. Loshchilov and F. Hutter, SGDR: stochastic gradient descent with warm restarts (2017), equation (5).
    """

    lr: float
    steps: int
    final: float = 0.0

    def __post_init__(self) -> None:
        _way(self.lr, self.steps, self.final)

    def _at(self, step: int) -> float:
        return _between(self.lr, self.final, 0.5 - 0.5 * math.cos(math.pi * min(step / self.steps, 1.0)))


@dataclass(frozen=True)
class step_decay(_Schedule):  # noqa: N801 - it reads as a function
    """Down by a factor every so many steps.

    Args:
        lr: the learning rate of the first steps.
        every: how many steps share a learning rate, at least 1.
        factor: what it is multiplied by then, above 0 and at most 1.

    Raises:
        TypeError: an argument is no number.
        ValueError: one is out of range.

    >>> schedule = step_decay(1.0, every=2, factor=0.5)
    >>> [schedule(step) for step in range(6)]
    [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]
    """

    lr: float
    every: int
    factor: float = 0.1

    def __post_init__(self) -> None:
        _not_negative(self.lr, 'lr')
        checks.count(self.every, 'every')
        if _positive(self.factor, 'factor') > 1.0:
            raise ValueError(
                f'a factor above 1 makes the learning rate grow without end, and this one is {self.factor}'
            )

    def _at(self, step: int) -> float:
        return self.lr * self.factor ** (step // self.every)


@dataclass(frozen=True)
class warmup(_Schedule):  # noqa: N801 - it reads as a function
    """In a straight line up to a learning rate, or to the start of another schedule, which then begins at its step 0.

    Step k = 0, 1, … of the warm-up has the part (k + 1) / (steps + 1) of the learning rate that it leads to.

    Args:
        steps: how many steps come before the full learning rate, at least 1.
        then: the learning rate afterwards, or the schedule.

    Raises:
        TypeError: an argument is no number.
        ValueError: `steps` is below 1, or the learning rate is negative or not finite.

    >>> schedule = warmup(3, then=linear(1.0, steps=2))
    >>> [schedule(step) for step in range(6)]
    [0.25, 0.5, 0.75, 1.0, 0.5, 0.0]

    Source: P. Goyal et al., Accurate, large minibatch SGD (2017), section 2.2.
    """

    steps: int
    then: float | Schedule

    def __post_init__(self) -> None:
        checks.count(self.steps, 'steps')
        _rate(self.then)

    def _at(self, step: int) -> float:
        then = self.then if callable(self.then) else constant(self.then)
        if step >= self.steps:
            return then(step - self.steps)
        return then(0) * ((step + 1) / (self.steps + 1))


def _between(start: float, end: float, part: float) -> float:
    """On the way from start to end: exactly start where `part` is 0, exactly end where it is 1."""
    return (1.0 - part) * start + part * end


# --- checks ----------------------------------------------------------------------------------------------------------


def _leaves(parameters: Iterable[Value]) -> list[Value]:
    """The parameters in their order, each once."""
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


def _rate(lr: float | Schedule) -> float | Schedule:
    return lr if callable(lr) else _not_negative(lr, 'lr')


def _not_negative(number: float, name: str) -> float:
    if checks.finite(number, name) < 0.0:
        raise ValueError(f'{name} should be at least 0, not {number}')
    return float(number)


def _positive(number: float, name: str) -> float:
    if checks.finite(number, name) <= 0.0:
        raise ValueError(f'{name} should be above 0, not {number}')
    return float(number)


def _betas(betas: tuple[float, float]) -> tuple[float, float]:
    if not isinstance(betas, tuple | list) or len(betas) != 2:
        raise TypeError(f'betas are two numbers, (0.9, 0.999) say, not {betas!r:.60}')
    for beta in betas:
        if _not_negative(beta, 'each of the betas') >= 1.0:
            raise ValueError(f'each of the betas should be below 1, not {beta}: an average that keeps all never moves')
    return float(betas[0]), float(betas[1])


def _way(lr: float, steps: int, final: float) -> None:
    _not_negative(lr, 'lr')
    checks.count(steps, 'steps')
    _not_negative(final, 'final')


# --- a state that is loaded ------------------------------------------------------------------------------------------


def _same_names(path: str, loaded: Any, mine: Mapping[str, Any]) -> None:
    if not isinstance(loaded, Mapping):
        raise CheckpointError(f'{path} should be a dictionary, not {type(loaded).__name__}')
    if loaded.keys() != mine.keys():
        raise CheckpointError(f'{path} should have the keys {_names(mine)}, and has {_names(loaded)}')


def _names(mapping: Mapping[str, Any]) -> str:
    return ', '.join(sorted(map(repr, mapping))) or 'none'


def _same(path: str, loaded: Any, mine: Any) -> None:
    if loaded != mine or isinstance(loaded, bool) is not isinstance(mine, bool):
        raise CheckpointError(
            f'{path} is {loaded!r:.60} in the state, and {mine!r} here: an optimiser goes on where one that was made '
            'with the same arguments stopped'
        )


def _loaded_rate(lr: Any, mine: float | Schedule) -> float | Schedule:
    if lr is None and callable(mine):
        return mine
    if lr is None:
        raise CheckpointError('lr followed a schedule, which the state has not: make this optimiser with the same one')
    if callable(mine):
        raise CheckpointError(f'lr is {lr!r:.60} in the state, and follows a schedule here: set optimizer.lr first')
    if not _is_number(lr) or not 0.0 <= lr < math.inf:
        raise CheckpointError(f'lr should be a number from 0 on, not {lr!r:.60}')
    return float(lr)


def _loaded_count(steps: Any) -> int:
    if type(steps) is not int or steps < 0:
        raise CheckpointError(f'steps should be a whole number from 0 on, not {steps!r:.60}')
    return steps


def _loaded_numbers(path: str, numbers: Any, n: int) -> list[float]:
    if not isinstance(numbers, list | tuple) or len(numbers) != n:
        what = f'{len(numbers)} entries' if isinstance(numbers, list | tuple) else type(numbers).__name__
        raise CheckpointError(f'{path} should be a list of {n} numbers, one a parameter, not {what}')
    for i, number in enumerate(numbers):
        if not _is_number(number):
            raise CheckpointError(f'{path}[{i}] should be a number, not {number!r:.60}')
    return [float(number) for number in numbers]


def _is_number(x: Any) -> bool:
    largest = sys.float_info.max
    return isinstance(x, float) or (type(x) is int and -largest <= x <= largest)
