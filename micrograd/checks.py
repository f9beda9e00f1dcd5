"""Checks of arguments: each returns the argument in the type it should have, or says under its name what is wrong."""

import math
import operator
import random
from difflib import get_close_matches
from reprlib import Repr
from reprlib import repr as short
from typing import SupportsIndex

from micrograd.errors import DataError

MOST_NAMES = 50  # in a message
_NAMES = Repr()
_NAMES.maxstring = 100  # a name that is close should be seen in full


def integer(number: SupportsIndex, name: str) -> int:
    """Check that an argument is an integer of any type; a float is none, not even 2.0.

    Args:
        number: the argument.
        name: what its caller calls it, for the message.

    Returns:
        The number as an int.

    Raises:
        TypeError: it is no integer.

    >>> integer(2.0, 'classes')
    Traceback (most recent call last):
        ...
    TypeError: classes should be an integer, not 2.0 of type float
    """
    try:
        return operator.index(number)
    except TypeError:
        raise TypeError(f'{name} should be an integer, not {short(number)} of type {type(number).__name__}') from None


def count(number: SupportsIndex, name: str) -> int:
    """Check that an argument counts something that there is at least one of.

    Args:
        number: the argument.
        name: what its caller calls it, for the message.

    Returns:
        The number as an int.

    Raises:
        DataError: it is below 1.
        TypeError: it is no integer.

    >>> count(0, 'classes')
    Traceback (most recent call last):
        ...
    micrograd.errors.DataError: classes should be at least 1, not 0
    """
    checked = integer(number, name)
    if checked < 1:
        raise DataError(f'{name} should be at least 1, not {checked}')
    return checked


def finite(number: float, name: str) -> float:
    """Check that an argument is a number, and neither nan nor infinite.

    Args:
        number: the argument.
        name: what its caller calls it, for the message.

    Returns:
        The number as a float.

    Raises:
        DataError: it is nan, infinite, or an integer beyond the floats.
        TypeError: it is no real number.

    >>> finite(math.nan, 'noise')
    Traceback (most recent call last):
        ...
    micrograd.errors.DataError: noise should be a finite number, not nan
    """
    try:
        is_finite = math.isfinite(number)
    except TypeError:
        raise TypeError(f'{name} should be a number, not {short(number)} of type {type(number).__name__}') from None
    except OverflowError:
        raise DataError(f'{name} should be a number in the range of floats, not a larger integer') from None
    if not is_finite:
        raise DataError(f'{name} should be a finite number, not {number}')
    return float(number)


def fraction(number: float, name: str) -> float:
    """Check that an argument lies between 0 and 1, and is neither.

    Args:
        number: the argument.
        name: what its caller calls it, for the message.

    Returns:
        The number as a float.

    Raises:
        DataError: it is not between them.
        TypeError: it is no real number.

    >>> fraction(1, 'test')
    Traceback (most recent call last):
        ...
    micrograd.errors.DataError: test should lie between 0 and 1, not be 1
    """
    checked = finite(number, name)
    if not 0 < checked < 1:
        raise DataError(f'{name} should lie between 0 and 1, not be {number}')
    return checked


def random_generator(seed: int | random.Random) -> random.Random:
    """Make a generator from a seed; a generator is itself.

    Args:
        seed: an integer, or a generator to draw from.

    Raises:
        TypeError: it is neither; None is no seed, for the same program would give other numbers every time.

    >>> random_generator(3).random() == random.Random(3).random()
    True
    """
    if isinstance(seed, random.Random):
        return seed
    return random.Random(integer(seed, 'seed'))  # noqa: S311 - data to learn from, not secrets


def not_found(kind: str, name: str, names: list[str]) -> str:
    """What to say where there is nothing of that name: names like it, else all there are.

    >>> not_found('activation', 'tahn', ['tanh', 'relu'])
    "there is no activation 'tahn'; there is 'tanh'"
    """
    near = get_close_matches(name[:40], names) or names
    more = f', … ({len(near)} in all)' if len(near) > MOST_NAMES else ''
    return f'there is no {kind} {short(name)}; there is {", ".join(map(_NAMES.repr, near[:MOST_NAMES]))}{more}'


def not_negative(number: float, name: str) -> float:
    """Check that an argument is a finite number from 0 on."""
    if finite(number, name) < 0.0:
        raise ValueError(f'{name} should be at least 0, not {number}')
    return float(number)


def positive(number: float, name: str) -> float:
    """Check that an argument is a finite number above 0."""
    if finite(number, name) <= 0.0:
        raise ValueError(f'{name} should be above 0, not {number}')
    return float(number)
