"""How a node of the graph is stored, and whether its number still follows from its parents'.

Built for size and speed, since a network is millions of them: two parent slots cost less than a tuple, and a node holds
nothing that refers back to it, so that a graph is freed as soon as nobody holds it, without the garbage collector.
"""

from __future__ import annotations

from math import copysign

from micrograd import context
from micrograd.errors import StaleGraphError

TYPE_CHECKING = False  # see context.py
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


ROLES = ('input', 'parameter', 'constant')  # of a leaf
CONSTANT = ROLES[2]  # what nobody differentiates by


class _Given(str):
    __slots__ = ()


GIVEN = _Given(CONSTANT)  # of an operation on numbers alone, as sqrt(2.0): constants too, but by what it gives one may


class Node:
    """A number, its gradient, the row of its operation and its parents. A leaf has no row."""

    __slots__ = ('__dict__', '__weakref__', '_a', '_b', '_row', 'data', 'grad')

    data: float
    grad: float
    _row: Any
    _a: Any  # the first parent; of a leaf, its role, or None
    _b: Any
    _where: Any = None  # under detect_anomaly, where the program made it: a line, and a call
    _tracer: Any = None  # of a symbol, what writes its operations down, see compiler/symbols.py


class ByHand:
    """The row of a node whose operation a program defined itself: a text, and a closure that does its step."""

    __slots__ = ('before', 'step', 'symbol')
    arity = slope = slopes = forward = None

    def __init__(self, symbol: str, step: Callable[[], None] = lambda: None):
        self.symbol = symbol
        self.step = step
        self.before = 0.0  # of a leaf: its gradient before the call of backward() that is under way


def blank(kind: type[Node], data: float, role: str | None = None) -> Any:
    """A new node without parents."""
    v: Any = object.__new__(kind)  # what we make ourselves need not pass through __init__
    v.data = data
    v.grad = 0.0
    v._row = v._b = None
    v._a = role
    return v


NONE = blank(Node, 0.0)  # in a slot where there is no parent
CHAIN = ByHand('')  # the row of what hangs on the second slot where there are more parents than two


def link(v: Any, row: Any, parents: tuple[Any, ...]) -> None:
    """Give v its row and its parents; those between the first and the last hang as a chain on the second slot."""
    first, *middle, last = (*parents, NONE, NONE)[:2] if len(parents) < 2 else parents
    for p in reversed(middle):
        chain = blank(Node, 0.0)
        chain._row, chain._a, chain._b = CHAIN, p, last
        last = chain
    v._row, v._a, v._b = row, first, last


def parents(v: Any) -> list[Any]:
    """The parents of a node, in order; one that was used twice stands here twice."""
    if v._row is None or v._a is NONE:
        return []
    found = [v._a]
    v = v._b
    while v._row is CHAIN:
        found.append(v._a)
        v = v._b
    return found if v is NONE else [*found, v]


def verify(order: list[Any], add: Any, mul: Any) -> None:
    """Every node must follow, to the last bit, from its parents as they are now.

    The rows `add` and `mul`, which most nodes have, are evaluated on the spot: a call would double the time.

    Raises:
        StaleGraphError: one does not.
    """
    for v in order:
        row = v._row
        if row is add:
            data = v._a.data + v._b.data
        elif row is mul:
            data = v._a.data * v._b.data
        elif row.arity == 1:
            data = row.forward(v._a.data)
        elif row.arity == 2:
            data = row.forward(v._a.data, v._b.data)
        elif row.forward:
            data = row.forward(*[p.data for p in parents(v)])
        else:  # defined by hand: only its own program knows
            continue
        if data == v.data:
            if data or copysign(1.0, data) == copysign(1.0, v.data):
                continue
        elif data != data and v.data != v.data:  # nan from nan
            continue
        _put_back(order)
        raise StaleGraphError(v, data)


def before_backward(order: list[Any], add: Any, mul: Any) -> None:
    """What a pass of `backward()` begins with: `verify`, and under detect_anomaly a look at the gradients to come.

    Raises:
        StaleGraphError: a number does not follow from its parents'.
        AnomalyError: a gradient would not be finite.
    """
    verify(order, add, mul)
    watch = context.watcher()
    if watch is None or not order:
        return
    try:
        watch.before_gradients(order, [(order[-1], 1.0)])
    except BaseException:
        _put_back(order)
        raise


def _put_back(order: list[Any]) -> None:
    """The gradients of leaves by hand, as they were before the pass that does not come about."""
    for leaf in order:
        if leaf._a is NONE:
            leaf.grad = leaf._row.before
