"""What a neuron applies to its weighted sum: an operation of the table by its name, or any function."""

import math
from collections.abc import Callable
from functools import lru_cache
from operator import methodcaller
from reprlib import repr as short
from typing import Any

from micrograd.checks import not_found
from micrograd.engine import Value
from micrograd.operations import VALUES
from micrograd.operators import apply
from micrograd.primitives import COMPOSITIONS, TABLE, Family, Row

Function = Callable[[Value], Value]


def check_activation(activation: Any) -> None:
    """Raise a ValueError or a TypeError, unless it is the name of an activation or a function."""
    if isinstance(activation, str):
        named(activation)
    elif not callable(activation):
        raise TypeError(f"an activation is a name, like 'tanh', or a function, not {short(activation)}")


def no_value(activation: str | Function, a: object) -> TypeError:
    """Why what an activation gave is no activation."""
    return TypeError(
        f'the activation {activation!r} gave {short(a)}, not a Value, so no gradient could pass. '
        'Wrong: lambda z: math.tanh(z.data). Right: lambda z: z.tanh()'
    )


@lru_cache(maxsize=256)
def named(activation: str) -> Function:
    """The function that an activation's name stands for: 'tanh', 'leaky_relu', 'leaky_relu(0.2)', 'linear'."""
    if activation == 'linear':
        return lambda z: z
    name, constants = _parse(activation)
    entry = TABLE.get(name)
    if isinstance(entry, Family):
        return _of_family(activation, entry, constants or ())
    if not isinstance(entry, Row) or entry.arity != 1:
        raise _no_activation(name)
    if constants is not None:
        raise ValueError(f'{name} has no constants. Wrong: {short(activation)}. Right: {name!r}')
    function: Function = methodcaller(name) if hasattr(Value, name) else getattr(VALUES, name)
    return function


def _parse(activation: str) -> tuple[str, tuple[float, ...] | None]:
    """'elu(0.5)' -> ('elu', (0.5,)); 'elu' -> ('elu', None)."""
    name, bracket, rest = activation.partition('(')
    if not bracket:
        return name, None
    body, bracket, behind = rest.partition(')')
    try:
        constants = tuple(float(constant) for constant in body.split(','))
    except ValueError:
        constants = ()
    if not constants or any(map(math.isnan, constants)) or not bracket or behind:
        raise ValueError(
            'the constants of an activation are numbers in brackets. '
            f"Wrong: {short(activation)}. Right: 'leaky_relu(0.2)'"
        )
    return name, constants


def _of_family(activation: str, family: Family, constants: tuple[float, ...]) -> Function:
    try:
        row = family(*constants)
    except TypeError:
        raise ValueError(
            f'{family.name} has the constants {", ".join(family.constants)}, which {short(activation)} does not fit. '
            "Right: 'leaky_relu(0.2)'"
        ) from None
    return lambda z: apply(Value, row, z)


def _no_activation(name: str) -> ValueError:
    if name in COMPOSITIONS or name in TABLE:
        return ValueError(
            f'{name} does not take one number, so it is no activation of a neuron; call it on what a layer gives. '
            f'Wrong: output={name!r}. Right: micrograd.{name}(model(x)), or a loss that includes it'
        )
    return ValueError(not_found('activation', name, ['linear', *(n for n, entry in TABLE.items() if _is_unary(entry))]))


def _is_unary(entry: Row | Family) -> bool:
    return isinstance(entry, Family) or entry.arity == 1


def title(activation: str | Function) -> str:
    """An activation as reprs have it: 'ReLU', 'Tanh', 'LeakyRelu'."""
    if activation == 'relu':
        return 'ReLU'
    name = _parse(activation)[0] if isinstance(activation, str) else function_name(activation)
    return ''.join(part[:1].upper() + part[1:] for part in name.split('_'))


def function_name(function: Any) -> str:
    """What to call a function in a message."""
    return getattr(function, '__name__', type(function).__name__).strip('<>')
