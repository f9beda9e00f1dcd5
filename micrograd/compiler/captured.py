"""In which order a function's parameters stand: that of the lists and modules where it finds them.

A matrix is recovered as one only if its weights lie in memory row by row. A trace meets them in the order in which the
program uses them, which may be any; the containers that hold them have the order that their author meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from types import FunctionType, MethodType
from typing import Any

from micrograd.engine import Value
from micrograd.module import Module

MOST = 1_000_000  # things that are looked at: a function may refer to all of its data, too
LIBRARIES = ('builtins', 'functools', 'numpy', 'llvmlite')
PLAIN = (float, int, str, bytes, bool, type(None))


def ordered(function: Callable[..., Any], leaves: Iterable[Value]) -> list[Value]:
    """The leaves in the order in which they are found from a function; those that are not found come last, as they are.

    >>> w = [Value(1.0), Value(2.0)]
    >>> ordered(lambda x: w[0] + w[1] * x, [w[1], w[0]]) == w
    True
    """
    known = list(leaves)
    wanted = {id(v) for v in known}
    places: dict[int, int] = {}
    for v in _reachable(function):
        if id(v) in wanted:
            places.setdefault(id(v), len(places))
            if len(places) == len(wanted):
                break
    return sorted(known, key=lambda v: places.get(id(v), len(places)))


def _reachable(function: Any) -> Iterator[Value]:
    """The Values in what a function refers to: closures, globals, defaults, the object it is bound to, containers."""
    waiting: list[Any] = [function]
    met: dict[int, Any] = {}
    while waiting and len(met) < MOST:
        thing = waiting.pop()
        if id(thing) in met or type(thing) in PLAIN:
            continue
        met[id(thing)] = thing
        if isinstance(thing, Value):
            yield thing
        elif isinstance(thing, Module):
            yield from thing.parameters()
        else:
            waiting += reversed(list(_inside(thing)))


def _inside(thing: Any) -> Iterable[Any]:
    if isinstance(thing, Mapping):
        return thing.values()
    if isinstance(thing, list | tuple):
        return thing
    if str(getattr(thing, 'dtype', '')) == 'object':
        inside: list[Any] = thing.reshape(-1).tolist()
        return inside
    if isinstance(thing, partial):
        return [thing.func, *thing.args, *thing.keywords.values()]
    if isinstance(thing, MethodType):
        return [thing.__self__, thing.__func__]
    if isinstance(thing, FunctionType):
        return _referred_to(thing)
    attributes = getattr(thing, '__dict__', None)
    return attributes.values() if type(attributes) is dict and _is_users(thing) else ()


def _is_users(thing: Any) -> bool:
    """Whether an object may hold a program's own Values: modules and libraries are large, and do not."""
    if isinstance(thing, type):
        return False
    package = type(thing).__module__.split('.')[:2]
    return package[0] not in LIBRARIES and package != ['micrograd', 'compiler'] and type(thing).__name__ != 'module'


def _referred_to(function: FunctionType) -> Iterator[Any]:
    code = function.__code__
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # not yet filled
            continue
    for name in code.co_names:
        if name in function.__globals__:
            yield function.__globals__[name]
    yield from function.__defaults__ or ()
    yield from (function.__kwdefaults__ or {}).values()
