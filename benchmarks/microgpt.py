"""Nodes in the manner of Karpathy's microgpt: slots, and local gradients worked out as floats when a node is made.

Leaner than micrograd's closures, at a price: nothing of the operation is kept, so such a graph can be neither drawn
with its operations, nor recomputed, nor checked for numbers that were changed after the forward pass.
"""

from __future__ import annotations

import math


class Value:
    """One number, its parents, and its derivative with respect to each of them."""

    __slots__ = ('_children', '_local_grads', 'data', 'grad')

    def __init__(self, data: float, children: tuple[Value, ...] = (), local_grads: tuple[float, ...] = ()):
        self.data = data
        self.grad = 0.0
        self._children = children
        self._local_grads = local_grads

    def __add__(self, other: Value | float) -> Value:
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other: Value | float) -> Value:
        other = other if isinstance(other, Value) else Value(other)
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, n: float) -> Value:
        return Value(self.data**n, (self,), (n * self.data ** (n - 1),))

    def tanh(self) -> Value:
        """Hyperbolic tangent."""
        t = math.tanh(self.data)
        return Value(t, (self,), (1.0 - t * t,))

    def relu(self) -> Value:
        """Zero below zero."""
        return Value(max(0.0, self.data), (self,), (float(self.data > 0.0),))

    def exp(self) -> Value:
        """Exponential."""
        e = math.exp(self.data)
        return Value(e, (self,), (e,))

    def log(self) -> Value:
        """Natural logarithm."""
        return Value(math.log(self.data), (self,), (1.0 / self.data,))

    def __neg__(self) -> Value:
        return self * -1.0

    def __sub__(self, other: Value | float) -> Value:
        return self + -other

    def __rsub__(self, other: float) -> Value:
        return -self + other

    def __truediv__(self, other: Value | float) -> Value:
        return self * other**-1.0

    def __rtruediv__(self, other: float) -> Value:
        return self**-1.0 * other

    __radd__ = __add__
    __rmul__ = __mul__

    def backward(self) -> None:
        """Add d(self)/d(node) to the gradient of every node under this one."""
        order: list[Value] = []
        seen: set[Value] = set()

        def visit(node: Value) -> None:
            if node not in seen:
                seen.add(node)
                for child in node._children:
                    visit(child)
                order.append(node)

        visit(self)
        self.grad = 1.0
        for node in reversed(order):
            grad = node.grad
            for child, local in zip(node._children, node._local_grads, strict=True):
                child.grad += local * grad
