"""Dictionaries of nodes, each itself alone: a class of a program's own may compare its Values by their numbers."""

from __future__ import annotations

from collections import defaultdict

from micrograd.node import Node

TYPE_CHECKING = False  # see context.py
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any


def by_identity(items: Iterable[tuple[Any, Any]]) -> dict[Any, Any]:
    """A dictionary from nodes, told apart by identity, to numbers; what is not there has the number 0.0.

    Nodes themselves are the fastest keys, as long as every class leaves `==` and `hash` as they are; else it is their
    ids, for which `id` has to be called at each step.

    >>> a, b = Node(), Node()
    >>> found = by_identity([(a, 1.0)])
    >>> a in found, b in found, found[b]
    (True, False, 0.0)
    """
    if _go_by_identity():
        return defaultdict(float, items)
    found = _ById()
    for v, x in items:
        found[v] = x
    return found


class _ById(dict):  # type: ignore[type-arg]  # no Any at run time here
    """A dictionary that keeps the ids of its keys; what sweeps use of one."""

    def __contains__(self, v: object) -> bool:
        return super().__contains__(id(v))

    def __getitem__(self, v: Any) -> Any:
        return super().get(id(v), 0.0)

    def __setitem__(self, v: Any, x: Any) -> None:
        super().__setitem__(id(v), x)

    def get(self, v: Any, default: Any = None) -> Any:
        return super().get(id(v), default)

    def pop(self, v: Any, default: Any = None) -> Any:
        return super().pop(id(v), default)


def _go_by_identity() -> bool:
    classes = [Node]
    for kind in classes:  # which grows meanwhile
        if kind.__eq__ is not object.__eq__ or kind.__hash__ is not object.__hash__:
            return False
        classes += kind.__subclasses__()
    return True
