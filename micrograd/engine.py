"""Value: a number that remembers the operation and the parents that made it, and backward(), the chain rule over them.

What an operation *is*, its mathematics, stands in `primitives.py`: one row an operation.
"""

from __future__ import annotations

from functools import partial

from micrograd import context
from micrograd import operators as op
from micrograd import primitives as table
from micrograd.errors import interior_pickle_error
from micrograd.node import CHAIN, NONE, ROLES, ByHand, Node, before_backward, link, parents
from micrograd.operators import operand, settle
from micrograd.primitives import ADD, FLOATS, MUL
from micrograd.scalars import to_float

TYPE_CHECKING = False  # see context.py
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

__all__ = ['Value']


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
    _calls: tuple[Any, ...] = ()  # which returned it, see groups.py; likewise

    def __init__(self, data: Any, _children: Iterable[Value] = (), _op: str = '', label: str = ''):
        self.data = data if type(data) is float else to_float(data)
        self.grad = 0.0
        self._row = self._a = self._b = None
        if _children or _op:
            _define(self, ByHand(_op), tuple(_children))
        if label:
            self.label = label

    # + and * are written out, for speed; the other operators are made from their rows, further down.
    def __add__(self, other: Any) -> Value:
        if type(other) is not Value and (other := operand(other, Value)) is None:
            return NotImplemented
        v: Value = _new()
        v.data = self.data + other.data
        v.grad = 0.0
        v._row = ADD
        v._a = self
        v._b = other
        if context.open_contexts:
            settle(v)
        return v

    def __mul__(self, other: Any) -> Value:
        if type(other) is not Value and (other := operand(other, Value)) is None:
            return NotImplemented
        v: Value = _new()
        v.data = self.data * other.data
        v.grad = 0.0
        v._row = MUL
        v._a = self
        v._b = other
        if context.open_contexts:
            settle(v)
        return v

    def backward(self) -> None:
        """Add d(self)/d(leaf) to the grad of every leaf; the grads of the nodes between start afresh.

        From the result to the leaves, so that a node's gradient is complete before it is passed on: each parent
        receives (gradient of the node) * (local derivative), summed over all the nodes that use it.

        Raises:
            StaleGraphError: numbers were changed after the graph was built from them. No leaf's grad is touched.
        """
        nothing = float('0.0')  # a new object: what is this very 0.0 was met, and no gradient has arrived there yet
        order = _order(self, nothing)
        before_backward(order, ADD, MUL)
        self.grad += 1.0
        for v in reversed(order):
            g = v.grad
            row = v._row
            a = v._a
            if g is nothing and row.forward:  # only blocked edges led here: 0 * inf shall not arise
                continue
            if row is ADD:
                a.grad += g
                v._b.grad += g
            elif row is MUL:
                b = v._b
                a.grad += g * b.data
                b.grad += g * a.data
            elif row.slope is not None:
                a.grad += g * row.slope(FLOATS, v.data, a.data)
            elif row.slopes is not None:
                b = v._b
                da, db = row.slopes(FLOATS, v.data, a.data, b.data)
                a.grad += g * da
                b.grad += g * db
            elif row.arity == 1:  # a gate
                if not row.blocked(FLOATS, v.data, a.data):
                    a.grad += g * row.partials(FLOATS, v.data, a.data)
            else:
                _pull(v, row)

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
        return self._row.step if type(self._row) is ByHand else partial(_pull, self, self._row)

    @_backward.setter
    def _backward(self, step: Callable[[], None]) -> None:
        _define(self, ByHand(self._op, step), self._prev)

    @property
    def role(self) -> str:
        """'operation' for what an operation made; 'input', 'parameter' or 'constant' for a leaf."""
        return 'operation' if self._prev else self._a if isinstance(self._a, str) else 'input'

    @role.setter
    def role(self, role: str) -> None:
        if self._prev or role not in ROLES:
            raise ValueError(f'the role of a leaf is one of {ROLES}; {self!r} is {self.role!r}, and was to be {role!r}')
        self._a = role

    def is_true(self) -> bool:
        """Whether it holds, as the number of a condition: it is not 0."""
        if context.open_contexts and context.was_traced(self):
            from micrograd.compiler import symbols  # which stands on this module

            raise symbols.undecided()
        return self.data != 0.0

    def item(self) -> float:
        """The number itself, a float outside every graph."""
        return self.data

    def detach(self) -> Value:
        """A leaf with the same number: gradients do not flow through it."""
        if context.is_tracing() and (not self._prev or context.was_traced(self)):
            return op.apply(Value, table.STOP_GRADIENT, self)  # type: ignore[no-any-return]  # compiled: read afresh
        return Value(self.data, label=self.label)

    def __repr__(self) -> str:
        return f'Value(data={self.data}, grad={self.grad})'

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """What a notebook shows."""
        from micrograd.render import notebook  # when it is shown

        return notebook.of_value(self)

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

    def __radd__(self, other: Any) -> Value:
        return self.__add__(other)  # which may be a subclass's own

    def __rmul__(self, other: Any) -> Value:
        return self.__mul__(other)

    __sub__, __rsub__ = op.binary(table.SUB), op.reflected(table.SUB)
    __truediv__, __rtruediv__ = op.binary(table.DIV), op.reflected(table.DIV)
    __pow__, __rpow__ = op.exponentiation(table.POW, table.power), op.reflected(table.POW)
    __lt__, __gt__ = op.comparison(table.LESS), op.reflected_comparison(table.LESS)
    __le__, __ge__ = op.comparison(table.LESS_EQUAL), op.reflected_comparison(table.LESS_EQUAL)
    __neg__ = op.unary(table.NEG)
    __abs__ = op.unary(table.ABS)
    exp = op.unary(table.EXP)
    expm1 = op.unary(table.EXPM1)
    log = op.unary(table.LOG)
    log1p = op.unary(table.LOG1P)
    sqrt = op.unary(table.SQRT)
    abs = op.unary(table.ABS)
    sin = op.unary(table.SIN)
    cos = op.unary(table.COS)
    tan = op.unary(table.TAN)
    sinh = op.unary(table.SINH)
    cosh = op.unary(table.COSH)
    tanh = op.unary(table.TANH)
    sigmoid = op.unary(table.SIGMOID)
    relu = op.unary(table.RELU)
    silu = op.unary(table.SILU)
    gelu = op.unary(table.GELU)
    softplus = op.unary(table.SOFTPLUS)
    leaky_relu = op.unary_family(table.leaky_relu)
    elu = op.unary_family(table.elu)
    clamp = op.unary_family(table.clamp)


_new: Any = partial(object.__new__, Value)  # a node of our own making need not pass through __init__


def _order(root: Value, nothing: float) -> list[Any]:
    """The nodes under root that have a row, parents first: down the first parents, then over to the second ones.

    Each is marked by the gradient `nothing`, an object of this walk's own, so there is nothing to clean up.
    """
    order: list[Any] = []
    if root._row is None:
        return order
    path: list[Any] = []
    v: Any = root
    while True:
        p = v._a
        if p is NONE:  # v is a leaf that has a step of its own; it accumulates, like every leaf
            v._row.before = v.grad
        v.grad = nothing
        path.append(v)
        if p.grad is not nothing and p._row is not None:
            v = p
            continue
        while True:
            p = v._b
            if p.grad is not nothing and p._row is not None:
                v = p
                break
            order.append(path.pop())
            if not path:
                return order
            v = path[-1]


def _pull(v: Any, row: Any) -> None:
    """One node's step of the chain rule, whatever its row."""
    if row is None or row is CHAIN:
        return
    if type(row) is ByHand:
        v._backward()
        if v._a is NONE:
            v.grad += row.before
        return
    ps = parents(v)
    for p, (factor, blocked) in zip(ps, row.edges(FLOATS, v.data, *[p.data for p in ps]), strict=True):
        if not blocked:
            p.grad += v.grad * factor


def _define(v: Value, row: ByHand, children: tuple[Any, ...]) -> None:
    for child in children:
        if not isinstance(child, Value):
            raise TypeError(f'the children of a Value are Values, not {type(child).__name__}: Value(data, (a, b), op)')
    link(v, row, children)
    if children and (watch := context.watcher()):
        watch.made(v)
