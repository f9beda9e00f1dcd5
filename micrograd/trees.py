"""Nested containers of numbers, as arguments and results of functions are: taken apart, and put together again.

Lists, tuples and dictionaries are containers. So is a Module: of its parameters, by name.
"""

from __future__ import annotations

from itertools import islice

from micrograd.containers import each
from micrograd.engine import Value
from micrograd.errors import ShapeError
from micrograd.scalars import is_real

TYPE_CHECKING = False  # see context.py
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

_PLAIN = {float, int, Value}
DEEPEST = 100  # containers within containers: more are those that contain themselves


def flatten(x: Any, where: str) -> list[Any]:
    """The numbers and Values in nested containers, from left to right.

    Args:
        x: a number, a Value, or a container.
        where: what x is, for the error.

    Raises:
        ShapeError: it contains itself.
        TypeError: something in it is none of these.

    >>> flatten({'w': [1.0, 2.0], 'b': 3}, 'argument 0')
    [1.0, 2.0, 3]
    """
    return flatten_like(x, x, where)


def flatten_like(template: Any, x: Any, where: str) -> list[Any]:
    """What `flatten` gives of x, which has to be built as the template is; a list may stand for a tuple.

    Raises:
        ShapeError: it is built differently, or contains itself.
        TypeError: something in it is no number.

    >>> flatten_like((0, {'a': 0, 'b': 0}), [1.0, {'b': 2.0, 'a': 3.0}], 'the tangent')
    [1.0, 3.0, 2.0]
    """
    found: list[Any] = []
    _collect(template, x, where, found, 0)
    return found


def rebuild(template: Any, leaves: Iterator[Any], modules: bool = False) -> Any:
    """Containers like the template's, with other leaves.

    Args:
        template: a leaf or a container.
        leaves: what comes in their place, from left to right.
        modules: leave a Module as it is; else a dictionary by the names of its parameters takes its place.

    >>> rebuild({'w': [1.0, 2.0], 'b': 3}, iter('xyz'))
    {'w': ['x', 'y'], 'b': 'z'}
    """
    kind = type(template)
    if kind is float or kind is Value:
        return next(leaves)
    if kind is list and _is_flat(template):
        return list(islice(leaves, len(template)))
    if isinstance(template, dict | list | tuple):
        return each(template, lambda x: rebuild(x, leaves, modules))
    if _is_module(template) and modules:
        for _ in _parameters(template):
            next(leaves)
        return template
    if _is_module(template):
        return {name: next(leaves) for name, _ in template.named_parameters()}
    return next(leaves)


def _collect(template: Any, x: Any, where: str, found: list[Any], depth: int) -> None:
    if _is_flat(x) and (x is template or (_is_flat(template) and len(x) == len(template))):
        found.extend(x)
        return
    if x is template and _is_module(x):
        found.extend(_parameters(x))
        return
    keys, others = _keys(template), _keys(x)
    if keys is None and others is None:
        if not isinstance(x, Value) and not is_real(x):
            raise _no_number(x, where)
        found.append(x)
        return
    if keys is None or others is None or (keys != others and {*keys} != {*others}):
        raise ShapeError(
            f'{where} should be {_described(template, keys)}, and is {_described(x, others)}. '
            'Right: containers built alike, with a number for every number'
        )
    if depth == DEEPEST:
        raise ShapeError(f'{where:.60}… has more than {DEEPEST} containers within containers. Does it contain itself?')
    expected, given = _parts(template), _parts(x)
    for key in keys:
        _collect(expected[key], given[key], f'{where}[{key!r:.30}]', found, depth + 1)


def _is_flat(x: Any) -> bool:
    """Whether it is a list or tuple of numbers and Values only, for which there are shorter ways."""
    return isinstance(x, list | tuple) and _PLAIN.issuperset(map(type, x))


def _keys(x: Any) -> Any:
    """By which its parts are found; None where it has none."""
    if isinstance(x, dict):
        return list(x)
    if isinstance(x, list | tuple):
        return range(len(x))
    return [name for name, _ in x.named_parameters()] if _is_module(x) else None


def _parts(x: Any) -> Any:
    return dict(x.named_parameters()) if _is_module(x) else x


def _is_module(x: Any) -> bool:
    return hasattr(x, 'named_parameters')


def _parameters(module: Any) -> Iterable[Value]:
    """Those that have names, without asking for the names, which takes longer; each once."""
    return {id(p): p for p in module.parameters()}.values()


def _described(x: Any, keys: Any) -> str:
    if keys is None:
        return f'a number, {x!r:.40}' if isinstance(x, Value) or is_real(x) else f'{type(x).__name__} {x!r:.40}'
    if isinstance(keys, range):
        return f'a {type(x).__name__} of {len(keys)}'
    return f'a {type(x).__name__} with the keys {", ".join(map(repr, keys[:4]))}{", …" if len(keys) > 4 else ""}'


def _no_number(x: Any, where: str) -> TypeError:
    right = 'x.tolist()' if hasattr(x, 'tolist') else 'numbers and Values, in lists, tuples and dictionaries'
    return TypeError(f'{where} is no number and no Value, but {type(x).__name__}: {x!r:.60}. Right: {right}')
