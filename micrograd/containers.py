"""Containers of numbers, as arguments and results of functions are: lists, tuples, dictionaries and arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def is_array(x: Any) -> bool:
    """Whether x is an array with entries to go through; one without dimensions is a number."""
    return hasattr(x, 'dtype') and getattr(x, 'ndim', 0) > 0


def is_container(x: Any) -> bool:
    """Whether x is a container."""
    return isinstance(x, Mapping | list | tuple) or is_array(x)


def each(container: Any, function: Callable[[Any], Any]) -> Any:
    """The same container with a function applied to its entries; anything else as it is.

    >>> each({'a': [1]}, len)
    {'a': 1}
    """
    if isinstance(container, Mapping):
        return {key: function(x) for key, x in container.items()}
    if isinstance(container, tuple) and hasattr(container, '_fields'):
        return type(container)(*map(function, container))
    if isinstance(container, list | tuple):
        return type(container)(map(function, container))
    if is_array(container):
        new = container.astype(object, order='C')
        for i, x in enumerate(container.reshape(-1).tolist()):
            new.reshape(-1)[i] = function(x)
        return new
    return container


def mapped(x: Any, leaf: Callable[[Any], Any]) -> Any:
    """The same containers, however deep, with a function applied to what they hold.

    >>> mapped({'a': [1, (2, 3)]}, str)
    {'a': ['1', ('2', '3')]}
    """
    if is_array(x):
        return each(x, leaf)
    return each(x, lambda inner: mapped(inner, leaf)) if is_container(x) else leaf(x)
