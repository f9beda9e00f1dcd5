"""Value: a number that remembers the operation and the parents that made it, and backward(), the chain rule over them.

What an operation *is*, its mathematics, stands in `primitives.py`: one row an operation.
"""

from __future__ import annotations

from functools import partial

from micrograd import context
from micrograd import primitives as table
from micrograd.errors import interior_pickle_error
from micrograd.node import NONE, ROLES, ByHand, Node, link, new, parents, verify
from micrograd.operators import binary, comparison, exponentiation, operand, reflected, settle, unary, unary_family
from micrograd.primitives import ADD, FLOATS, MUL
from micrograd.scalars import to_float

TYPE_CHECKING = False  # see context.py
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

__all__ = ['Value']

NOTHING = float('0.0')  # the gradient of a node before anything arrives; told from other zeros by identity


class Value(Node):
    """One number in a computation graph.

    Args:
        data: any real number, kept as a float; anything else is a TypeError.
        _children: the parents, for an operation defined by hand (then assign `_backward` too).
        _op: what a picture shows for such an operation.
        label: the name in pictures.

    >>> a, b = Value(2.0), Value(-3.0)
    >>> (a * b + a**3).backward()
    >>> a
    Value(data=2.0, grad=9.0)
    """

    __slots__ = ()
    __array_priority__ = -1.0  # NumPy's scalars give way to us; its arrays go through their elements
    label = ''  # one that is set lives in __dict__: most nodes have none

    def __init__(self, data: Any, _children: Iterable[Value] = (), _op: str = '', label: str = ''):
        self.data = data if type(data) is float else to_float(data)
        self.grad = 0.0
        self._row = self._a = self._b = self._mark = None
        if _children or _op:
            _define(self, ByHand(_op), tuple(_children))
        if label:
            self.label = label

    # + and * are written out, for speed; the other operators are made from their rows, further down.
    def __add__(self, other: Any) -> Value:
        if type(other) is not Value and (other := operand(other, Value)) is None:
            return NotImplemented
        v: Value = new(Value)
        v.data = self.data + other.data
        v.grad = 0.0
        v._row = ADD
        v._a = self
        v._b = other
        v._mark = None
        if context.open_contexts:
            settle(v)
        return v

    def __mul__(self, other: Any) -> Value:
        if type(other) is not Value and (other := operand(other, Value)) is None:
            return NotImplemented
        v: Value = new(Value)
        v.data = self.data * other.data
        v.grad = 0.0
        v._row = MUL
        v._a = self
        v._b = other
        v._mark = None
        if context.open_contexts:
            settle(v)
        return v

    def backward(self) -> None:
        """Add d(self)/d(leaf) to the grad of every leaf; the grads of the nodes between start afresh.

        From the result to the leaves, so that a node's gradient is complete before it is passed on: each parent
        receives (gradient of the node) * (local derivative), summed over all the nodes that use it.

        Raises:
            StaleGraphError: numbers were changed after the graph was built from them. No grad is touched.
        """
        order = _order(self)
        verify(order, ADD, MUL)
        for v in order:
            if v._a is not NONE:  # (a leaf that has a `_backward` of its own accumulates like every leaf)
                v.grad = NOTHING
        self.grad += 1.0
        for v in reversed(order):
            g = v.grad
            if g is NOTHING:  # only blocked edges led here: 0 * inf shall not arise
                continue
            row = v._row
            if row is ADD:
                v._a.grad += g
                v._b.grad += g
            elif row is MUL:
                a = v._a
                b = v._b
                a.grad += g * b.data
                b.grad += g * a.data
            elif row.slope is not None:
                v._a.grad += g * row.slope(FLOATS, v.data, v._a.data)
            elif row.slopes is not None:
                da, db = row.slopes(FLOATS, v.data, v._a.data, v._b.data)
                v._a.grad += g * da
                v._b.grad += g * db
            else:
                _pull(v)

    def recompute(self) -> Value:
        """Evaluate the graph again, in place, after leaves were changed: see `graph.recompute`."""
        from micrograd import graph  # which stands on this module

        return graph.recompute(self)

    @property
    def _prev(self) -> tuple[Value, ...]:
        """The parents, in order; one that was used twice stands here twice."""
        return tuple(parents(self))

    @property
    def _op(self) -> str:
        return self._row.symbol if self._row else ''

    @property
    def _backward(self) -> Callable[[], None]:
        """This node's own step of the chain rule: calling it adds to the grads of the parents."""
        return self._row.step if type(self._row) is ByHand else partial(_pull, self)

    @_backward.setter
    def _backward(self, step: Callable[[], None]) -> None:
        _define(self, ByHand(self._op, step), self._prev)

    @property
    def role(self) -> str:
        """'operation' for what an operation made; 'input', 'parameter' or 'constant' for a leaf."""
        return 'operation' if self._prev else self._mark if isinstance(self._mark, str) else 'input'

    @role.setter
    def role(self, role: str) -> None:
        if self._prev or role not in ROLES:
            raise ValueError(f'the role of a leaf is one of {ROLES}; {self!r} is {self.role!r}, and was to be {role!r}')
        self._mark = role

    def item(self) -> float:
        """The number itself, a float outside every graph."""
        return self.data

    def detach(self) -> Value:
        """A leaf with the same number: gradients do not flow through it."""
        return Value(self.data, label=self.label)

    def __repr__(self) -> str:
        return f'Value(data={self.data}, grad={self.grad})'

    def __format__(self, spec: str) -> str:
        return format(self.data, spec) if spec else repr(self)

    def __round__(self, digits: int | None = None) -> float:
        return round(self.data, digits)

    def __deepcopy__(self, memo: dict[int, Any]) -> Value:
        from micrograd import graph  # which stands on this module

        return graph.deep_copy(self, memo)

    def __getstate__(self) -> tuple[float, str]:
        if self._prev:
            raise interior_pickle_error(self)
        return self.data, self.label

    def __setstate__(self, state: tuple[float, str]) -> None:
        Value.__init__(self, state[0], label=state[1])

    __radd__, __rmul__ = __add__, __mul__
    __sub__, __rsub__ = binary(table.SUB), reflected(table.SUB)
    __truediv__, __rtruediv__ = binary(table.DIV), reflected(table.DIV)
    __pow__, __rpow__ = exponentiation(table.POW, table.power), reflected(table.POW)
    __neg__, __abs__ = unary(table.NEG), unary(table.ABS)
    __lt__, __gt__ = comparison(table.LESS), reflected(table.LESS)
    __le__, __ge__ = comparison(table.LESS_EQUAL), reflected(table.LESS_EQUAL)
    exp, log = unary(table.EXP), unary(table.LOG)
    expm1, log1p = unary(table.EXPM1), unary(table.LOG1P)
    sqrt, abs = unary(table.SQRT), unary(table.ABS)
    sin, cos, tan = unary(table.SIN), unary(table.COS), unary(table.TAN)
    sinh, cosh, tanh = unary(table.SINH), unary(table.COSH), unary(table.TANH)
    sigmoid, softplus, silu, gelu = unary(table.SIGMOID), unary(table.SOFTPLUS), unary(table.SILU), unary(table.GELU)
    relu, leaky_relu, elu = unary(table.RELU), unary_family(table.leaky_relu), unary_family(table.elu)
    clamp = unary_family(table.clamp)


def _order(root: Value) -> list[Any]:
    """The nodes under root that have a row, parents first: down the first parents, then over to the second ones.

    A fresh object marks what this walk has met, so there is nothing to clean up. Leaves are never marked.
    """
    order: list[Any] = []
    if root._row is None:
        return order
    mark = object()
    path: list[Any] = []
    v: Any = root
    while True:
        v._mark = mark
        path.append(v)
        p = v._a
        if p._mark is not mark and p._row is not None:
            v = p
            continue
        while True:
            p = v._b
            if p._mark is not mark and p._row is not None:
                v = p
                break
            order.append(path.pop())
            if not path:
                return order
            v = path[-1]


def _pull(v: Any) -> None:
    """One node's step of the chain rule, whatever its row."""
    if v._row is None:
        return
    if type(v._row) is ByHand:
        v._backward()
        return
    ps = parents(v)
    for p, (factor, blocked) in zip(ps, v._row.edges(FLOATS, v.data, *[p.data for p in ps]), strict=True):
        if not blocked:
            p.grad += v.grad * factor


def _define(v: Value, row: ByHand, children: tuple[Any, ...]) -> None:
    for child in children:
        if not isinstance(child, Value):
            raise TypeError(f'the children of a Value are Values, not {type(child).__name__}: Value(data, (a, b), op)')
    link(v, row, children)
