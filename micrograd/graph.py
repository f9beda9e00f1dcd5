"""The walks over a graph that backward() does not need: order, recompute, copy, names. All of them are loops."""

from __future__ import annotations

import copy

from micrograd.engine import Value
from micrograd.errors import by_hand_error
from micrograd.node import ByHand, blank, link, parents
from micrograd.primitives import FLOATS

TYPE_CHECKING = False  # see context.py
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from micrograd.paths import Paths


def topological(roots: Iterable[Value], stops: Iterable[Value] = ()) -> list[Value]:
    """Every node under the roots, leaves too, each after its parents and once.

    Nothing is written to the nodes, so that threads may walk the same graph.

    Args:
        roots: where the walk begins.
        stops: what it does not go to, unless it is a root, nor from there on.

    >>> a = Value(2.0, label='a')
    >>> b = a * a
    >>> [v.label or v._op for v in topological([b + a])]
    ['a', '*', '+']
    """
    order: list[Value] = []
    opened = set(map(id, stops))
    done: set[int] = set()
    path = list(roots)[::-1]
    while path:
        v = path[-1]
        if id(v) not in opened:
            opened.add(id(v))
            path.extend(p for p in reversed(parents(v)) if id(p) not in opened)
            continue
        path.pop()
        if id(v) not in done:
            done.add(id(v))
            order.append(v)
    return order


def recompute(root: Value) -> Value:
    """Evaluate the graph under root again, in place, after leaves were changed; gradients stay as they are.

    Returns:
        The root.

    Raises:
        GraphError: an operation was defined by hand, so its forward pass is not known. Nothing is changed.

    >>> x = Value(3.0)
    >>> y = x * x
    >>> x.data = 5.0
    >>> recompute(y)
    Value(data=25.0, grad=0.0)
    """
    nodes = [v for v in topological([root]) if v._prev]
    for v in nodes:
        if type(v._row) is ByHand:
            raise by_hand_error(v, 'recompute()')
    for v in nodes:
        v.data = v._row.forward(*[p.data for p in parents(v)])
    return root


def deep_copy(root: Value, memo: dict[int, Any]) -> Value:
    """What copy.deepcopy makes of a Value: its whole graph, anew.

    Raises:
        GraphError: an operation was defined by hand; its closure would go on adding to the old graph's gradients.
    """
    nodes = [v for v in topological([root]) if id(v) not in memo]
    for v in nodes:
        if type(v._row) is ByHand and v._prev:
            raise by_hand_error(v, 'copy.deepcopy()')
    for v in nodes:
        twin = blank(type(v), v.data, None if v._prev else v._a)
        twin.grad = v.grad
        if v._prev:
            link(twin, v._row, tuple(memo[id(p)] for p in v._prev))
        memo[id(v)] = twin
    for v in nodes:
        if v.__dict__:
            memo[id(v)].__dict__.update(copy.deepcopy(v.__dict__, memo))
    result: Value = memo[id(root)]
    return result


def rate_factors(v: Value) -> list[float | None]:
    """The local derivative on each edge to v: d v / d parent, 0 where a gate is shut, None where only a closure knows.

    >>> x = Value(3.0)
    >>> rate_factors(x * 2.0)
    [2.0, 3.0]
    """
    if type(v._row) is ByHand:
        return [None] * len(v._prev)
    if v._row is None:
        return []
    edges = v._row.edges(FLOATS, v.data, *[p.data for p in v._prev])
    return [0.0 if blocked else factor for factor, blocked in edges]


def paths(a: Value, b: Value) -> Paths:
    """Every path along which b depends on a; an operand used twice by an operation is on two paths.

    The gradient db/da is the sum over all the paths of the products of their rate factors. Of a value to itself there
    is one path, with the product 1; where b does not depend on a there is none, and the sum is 0.

    Args:
        a: where the paths begin; a leaf, or any other node.
        b: where they end.

    Returns:
        What iterates over the paths, counts them (`count`), gives the `largest(k)` of them, and their sum (`total`).

    Raises:
        StaleGraphError: numbers were changed after the graph was built from them.
        TypeError: a or b is no Value.

    Source: Nielsen, Neural Networks and Deep Learning, chapter 2, the sum over paths in "the big picture".

    >>> x = Value(3.0, label='x')
    >>> y = x * x + x
    >>> y.label = 'y'
    >>> print(paths(x, y))
    3 paths from x to y, and the products of their rate factors:
    <BLANKLINE>
      x → × → y  3 · 1  = 3
      x → × → y  3 · 1  = 3
      x → y      1      = 1
    <BLANKLINE>
    the sum over all paths: ∂y/∂x = 7
    """
    from micrograd.paths import Paths  # which stands on this module

    return Paths(a, b)


def name(**scope: Any) -> None:
    """Label the Values of a scope by their variables' names, those in lists and in modules too.

    Args:
        scope: name -> anything; call it as `micrograd.name(**locals())`. Names that begin with `_` are passed over,
            and in a notebook `In` and `Out`; of several names for one Value the first counts.

    >>> x, w = Value(2.0), [Value(3.0), Value(4.0)]
    >>> name(x=x, w=w)
    >>> x.label, w[1].label
    ('x', 'w[1]')
    """
    named: set[int] = set()
    shown = {'In', 'Out'} if 'get_ipython' in scope else set()  # where a notebook keeps what its cells showed
    for label, thing in scope.items():
        if label.startswith('_') or label in shown:
            continue
        for suffix, v in _values_in(thing):
            if id(v) not in named:
                named.add(id(v))
                v.label = label + suffix


def _values_in(thing: Any) -> list[tuple[str, Value]]:
    """The Values that a variable holds, each with what is written behind the variable's name to reach it."""
    found: list[tuple[str, Value]] = []
    waiting: list[tuple[str, Any]] = [('', thing)]
    met: set[int] = set()
    while waiting:
        path, x = waiting.pop()
        if isinstance(x, Value):
            found.append((path, x))
        elif hasattr(x, 'named_parameters'):
            found.extend((f'{path}.{where}', v) for where, v in x.named_parameters())
        elif isinstance(x, list | tuple) and id(x) not in met:
            met.add(id(x))
            waiting.extend((f'{path}[{i}]', item) for i, item in reversed(list(enumerate(x))))
        elif isinstance(x, dict) and id(x) not in met:
            met.add(id(x))
            waiting.extend((f'{path}[{key!r}]', item) for key, item in reversed(list(x.items())))
    return found
