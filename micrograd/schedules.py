"""Learning rates that change from step to step: functions of the number of steps taken."""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

from micrograd import checks
from micrograd.checks import not_negative, positive

Schedule = Callable[[int], float]


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
        not_negative(self.lr, 'lr')

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
        not_negative(self.lr, 'lr')
        checks.count(self.every, 'every')
        if positive(self.factor, 'factor') > 1.0:
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
        rate(self.then)

    def _at(self, step: int) -> float:
        then = self.then if callable(self.then) else constant(self.then)
        if step >= self.steps:
            return then(step - self.steps)
        return then(0) * ((step + 1) / (self.steps + 1))


def _between(start: float, end: float, part: float) -> float:
    """On the way from start to end: exactly start where `part` is 0, exactly end where it is 1."""
    return (1.0 - part) * start + part * end


def _way(lr: float, steps: int, final: float) -> None:
    not_negative(lr, 'lr')
    checks.count(steps, 'steps')
    not_negative(final, 'final')


def rate(lr: float | Schedule) -> float | Schedule:
    """Check that a learning rate is a number from 0 on, or a schedule."""
    return lr if callable(lr) else not_negative(lr, 'lr')
