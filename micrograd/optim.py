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

The update rules themselves are in `rules.py`.
"""

import math
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from itertools import islice
from reprlib import repr as short
from typing import Any

from micrograd.checks import MOST_NAMES, not_negative, positive
from micrograd.clipping import clip_grad_norm, clip_grad_value, distinct_leaves
from micrograd.engine import Value
from micrograd.errors import CheckpointError
from micrograd.primitives import FLOATS
from micrograd.rules import adam_rule, adamw_rule, momentum_rule, sgd_rule
from micrograd.schedules import Schedule, constant, cosine, linear, rate, step_decay, warmup

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

Rule = Callable[..., tuple[Any, ...]]
MOST_STEPS = 2**53  # a float, which the corrections of Adam compute with, counts no further


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
        self.parameters = distinct_leaves(parameters)
        self.lr = lr
        self.steps = 0
        self.constants = constants
        self.state = {name: [0.0] * len(self.parameters) for name in self.memory}

    @property
    def lr(self) -> float:
        """The learning rate of the next step."""
        if callable(self._lr):
            return not_negative(self._lr(self.steps), 'the learning rate of a schedule')
        return self._lr

    @lr.setter
    def lr(self, lr: float | Schedule) -> None:
        self._lr = rate(lr)

    @property
    def is_scheduled(self) -> bool:
        """Whether the learning rate follows a schedule."""
        return callable(self._lr)

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
        momentum = not_negative(momentum, 'momentum')
        if nesterov and not momentum:
            raise ValueError(
                "Nesterov's momentum looks ahead along the velocity, and without momentum there is none. "
                'Wrong: SGD(parameters, lr=0.1, nesterov=True). '
                'Right: SGD(parameters, lr=0.1, momentum=0.9, nesterov=True)'
            )
        constants = {'momentum': momentum, 'nesterov': bool(nesterov)} if momentum else {}
        self.rule, self.memory = (momentum_rule, ('velocity',)) if momentum else (sgd_rule, ())
        super().__init__(parameters, lr, **constants, weight_decay=not_negative(weight_decay, 'weight_decay'))


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
            eps=positive(eps, 'eps'),
            weight_decay=not_negative(weight_decay, 'weight_decay'),
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


# --- checks ----------------------------------------------------------------------------------------------------------


def _betas(betas: tuple[float, float]) -> tuple[float, float]:
    if not isinstance(betas, tuple | list) or len(betas) != 2:
        raise TypeError(f'betas are two numbers, (0.9, 0.999) say, not {betas!r:.60}')
    for beta in betas:
        if not_negative(beta, 'each of the betas') >= 1.0:
            raise ValueError(f'each of the betas should be below 1, not {beta}: an average that keeps all never moves')
    return float(betas[0]), float(betas[1])


# --- a state that is loaded ------------------------------------------------------------------------------------------


def _same_names(path: str, loaded: Any, mine: Mapping[str, Any]) -> None:
    if not isinstance(loaded, Mapping):
        raise CheckpointError(f'{path} should be a dictionary, not {type(loaded).__name__}')
    if loaded.keys() != mine.keys():
        raise CheckpointError(f'{path} should have the keys {_names(mine)}, and has {_names(loaded)}')


def _names(mapping: Mapping[str, Any]) -> str:
    more = f', … ({len(mapping)} in all)' if len(mapping) > MOST_NAMES else ''
    return (', '.join(sorted(map(short, islice(mapping, MOST_NAMES)))) or 'none') + more


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
    if type(steps) is not int or not 0 <= steps <= MOST_STEPS:
        raise CheckpointError(f'steps should be a whole number from 0 to {MOST_STEPS}, not {steps!r:.60}')
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
