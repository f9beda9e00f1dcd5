"""The walks over a graph that backward() does not need: order, recompute, copy, names. All of them are loops."""

from __future__ import annotations

import copy

from micrograd.engine import Value
from micrograd.errors import by_hand_error
from micrograd.node import CHAIN, NONE, ByHand, blank, parents
from micrograd.primitives import FLOATS

TYPE_CHECKING = False  # see context.py
if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable
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
    stopped = set(map(id, stops))
    seen = stopped.copy()
    order: list[Value] = []
    for root in roots:
        if id(root) in stopped:
            stopped.remove(id(root))
            order.append(root)
        else:
            order += unseen(root, seen)
    return order


def unseen(root: Value, seen: set[int]) -> list[Value]:
    """The nodes under a root that were not seen before, parents first; they are seen from now on.

    Args:
        root: where the walk begins.
        seen: their ids.

    >>> a = Value(2.0, label='a')
    >>> b, seen = a * a, set()
    >>> [v.label or v._op for v in unseen(b, seen)], [v._op for v in unseen(b + a, seen)]
    (['a', '*'], ['+'])
    """
    order: list[Any] = []
    seen.add(id(NONE))
    if id(root) not in seen:
        _walk(root, seen, seen.add, order)
    return [v for v in order if v._row is not CHAIN]


def _walk(root: Any, seen: Container[int], see: Callable[[int], object], order: list[Any]) -> None:
    """Add the nodes under root to the order, parents first; those too on which further parents hang, see `node.link`.

    Args:
        root: not seen yet.
        seen: the ids of what is not to be added, that of NONE among them.
        see: adds an id to these.
        order: to which the nodes are added.
    """
    path: list[Any] = []
    go_into, leave, done = path.append, path.pop, order.append
    see(id(root))
    if root._row is None:
        return done(root)
    v = root
    while True:
        go_into(v)
        p = v._a
        if id(p) not in seen:
            see(id(p))
            if p._row is not None:
                v = p
                continue
            done(p)
        while True:
            p = v._b
            if id(p) not in seen:
                see(id(p))
                if p._row is not None:
                    v = p
                    break
                done(p)
            done(leave())
            if not path:
                return None
            v = path[-1]


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
    nodes = [v for v in topological([root]) if _is_made(v)]
    for v in nodes:
        if type(v._row) is ByHand:
            raise by_hand_error(v, 'recompute()')
    for v in nodes:
        row = v._row
        if row.arity == 1:
            v.data = row.forward(v._a.data)
        elif row.arity == 2:
            v.data = row.forward(v._a.data, v._b.data)
        else:
            v.data = row.forward(*[p.data for p in parents(v)])
    return root


def _is_made(v: Any) -> bool:
    """Whether it has parents."""
    return v._row is not None and v._a is not NONE


def deep_copy(root: Value, memo: dict[int, Any]) -> Value:
    """What copy.deepcopy makes of a Value: its whole graph, anew.

    Raises:
        GraphError: an operation was defined by hand; its closure would go on adding to the old graph's gradients.
    """
    nodes: list[Any] = []
    memo[id(NONE)] = NONE
    _walk(root, memo, memo.setdefault, nodes)  # round what was copied before: a list of results is copied one by one
    for v in nodes:
        if type(v._row) is ByHand and v._row is not CHAIN and _is_made(v):
            for met in nodes:
                del memo[id(met)]
            raise by_hand_error(v, 'copy.deepcopy()')
    hung = []
    for v in nodes:
        twin = memo[id(v)] = blank(type(v), v.data)
        twin.grad = v.grad
        if _is_made(v):
            twin._row, twin._a, twin._b = v._row, memo[id(v._a)], memo[id(v._b)]
        elif v._row is None:
            twin._a = v._a
        if things := _hung_on(v):
            hung.append((twin, things))
    _tell(nodes, memo)
    for twin, things in hung:
        twin.__dict__.update(copy.deepcopy(things, memo))
    result: Value = memo[id(root)]
    return result


def when_copied(memo: dict[int, Any], original: int, tell: Callable[[int], object]) -> None:
    """Say which id the copy of a node has: now, or as soon as there is one. (A list of results is copied one by one.)

    Args:
        memo: that of the call of copy.deepcopy.
        original: the id of the node.
        tell: is given the id of its copy.
    """
    if original in memo:
        tell(id(memo[original]))
    else:
        memo.setdefault(_WAITING, {}).setdefault(original, []).append(tell)


_WAITING = id(when_copied)  # the place in a memo of those who are still to be told


def _tell(nodes: Iterable[Value], memo: dict[int, Any]) -> None:
    """Tell of the copies of nodes those who wait for them."""
    waiting = memo.get(_WAITING)
    if not waiting:
        return
    for v in nodes:
        for tell in waiting.pop(id(v), ()):
            tell(id(memo[id(v)]))


def _hung_on(v: Value) -> dict[str, Any] | None:
    """What a node has beside its slots. (To ask for `__dict__` would make one, which stays as long as the node.)"""
    state: Any = object.__getstate__(v)
    things: dict[str, Any] | None = state[0]
    return things


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
