"""Where the first nan or inf comes from, forward or backward: for the days when a loss is nan and nobody knows why.

While a block watches, each node notes the line of the program that made it. An operation whose result is nan or
infinite is an error there and then; before a backward pass its gradients are computed once without being kept, so that
the error comes before any of them is written.
"""

from __future__ import annotations

import linecache
import sys
from math import isfinite
from os import sep
from pathlib import Path
from typing import TYPE_CHECKING, Any

from micrograd import context
from micrograd.errors import AnomalyError
from micrograd.groups import Call, current_call, name_of
from micrograd.node import ByHand, parents
from micrograd.primitives import FLOATS, SUM

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from contextvars import Token
    from types import TracebackType

    from micrograd.engine import Value

    Seeds = Iterable[tuple[Value, float]]

__all__ = ['check_finite', 'detect_anomaly']

PACKAGE = str(Path(__file__).resolve().parent) + sep
LONGEST = 100  # characters of a line of the program
SHOWN = 4  # operands
_LEAVES = {'input': 'an input', 'parameter': 'a parameter', 'constant': 'a number'}


class detect_anomaly:  # noqa: N801 - written like a function, as in PyTorch
    """In the block the first operation that gives nan or inf is an error, and so is the first such gradient.

    The error tells the operation, its operands, the layers around it, and the line of the program that made it; of
    gradients those of a node that was made inside the block. It holds for the thread or task that opened it. Where it
    is not open it costs nothing; where it is, each operation takes several times as long. A compiled function is one
    operation to it. An operation that is defined by hand is watched forward only. Of `jvp` the tangents are watched.

    Raises:
        AnomalyError: at the operation; or at the call of `backward()`, `gradients()`, `grad` or another transform,
            before any gradient is written.

    >>> from micrograd import Value
    >>> p = Value(0.0, label='p')
    >>> try:
    ...     with detect_anomaly():
    ...         cost = p * p.log()
    ... except AnomalyError as error:
    ...     print(str(error).partition('. ')[0])
    log gave -inf, the first number that is not finite, from p = 0.0
    """

    def __init__(self) -> None:
        self._tokens: list[Token[Any]] = []

    def __enter__(self) -> None:
        self._tokens.append(context.watching.set(_Watch()))
        context.count_observer(1)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        context.count_observer(-1)
        context.watching.reset(self._tokens.pop())


def check_finite(model: Any) -> None:
    """Check that no parameter of a model, and no gradient of one, is nan or infinite.

    Args:
        model: a Module.

    Raises:
        AnomalyError: one is; the message names all of them, up to a few.

    >>> from micrograd import nn
    >>> model = nn.Neuron(2, generator=0)
    >>> check_finite(model)
    >>> model.b.data = float('nan')
    >>> check_finite(model)
    Traceback (most recent call last):
        ...
    micrograd.errors.AnomalyError: 1 of 3 parameters is not finite: b is nan
    """
    named = list(model.named_parameters())
    wrong = [f'{name} is {p.data}' for name, p in named if not isfinite(p.data)]
    grads = [f'the gradient of {name} is {p.grad}' for name, p in named if not isfinite(p.grad)]
    if not wrong and not grads:
        return
    numbers = sum(not (isfinite(p.data) and isfinite(p.grad)) for _, p in named)
    found = [*wrong, *grads]
    more = f', and {len(found) - SHOWN} more' if len(found) > SHOWN else ''
    verb = 'is' if numbers == 1 else 'are'
    raise AnomalyError(f'{numbers} of {len(named)} parameters {verb} not finite: {", ".join(found[:SHOWN])}{more}')


class _Notes:
    """What is told of each node that is made, and of each sweep that begins."""

    def made(self, v: Value) -> None:
        """Note where a node was made."""
        v._where = _line_of_the_program(), current_call()

    def before_gradients(self, nodes: Sequence[Value], seeds: Seeds, xs: Iterable[Value] | None = None) -> None:
        """Look at the gradients of a sweep that is about to begin.

        Args:
            nodes: parents first.
            seeds: where it begins, and with what.
            xs: by what the derivatives are wanted: gradients matter as far as they arrive there; None is all.
        """
        wanted = None if xs is None else _passing_to(nodes, xs)
        adjoints = {id(v): seed for v, seed in seeds}
        for v in reversed(nodes):
            for p, factor in _open_edges(v) if id(v) in adjoints else ():
                if wanted is not None and id(p) not in wanted:
                    continue
                total = adjoints.get(id(p), 0.0) + adjoints[id(v)] * factor
                if not isfinite(total):
                    raise AnomalyError(_backward(v, p, adjoints[id(v)], factor, total), v)
                adjoints[id(p)] = total

    def before_tangents(self, nodes: Sequence[Value], seeds: Seeds, outputs: Iterable[Value]) -> None:
        """Look at the tangents of a sweep that is about to begin, as far as they arrive at outputs.

        The other arguments are those of `before_gradients`.
        """
        arriving = {id(y) for y in outputs}
        for v in reversed(nodes):
            if id(v) in arriving:
                arriving.update(id(p) for p, _ in _open_edges(v))
        tangents = {id(v): seed for v, seed in seeds}
        for v in nodes:
            for p, factor in _open_edges(v) if id(v) in arriving else ():
                if id(p) not in tangents:
                    continue
                total = tangents.get(id(v), 0.0) + tangents[id(p)] * factor
                if not isfinite(total):
                    raise AnomalyError(_sideways(v, p, tangents[id(p)], factor, total), v)
                tangents[id(v)] = total


class _Watch(_Notes):
    """What looks at the number of each node, besides."""

    without_looking = _Notes()

    def made(self, v: Value) -> None:
        """Note where a node was made, and look at its number."""
        super().made(v)
        if not isfinite(v.data):
            raise AnomalyError(_forward(v), v)


def _passing_to(nodes: Sequence[Value], xs: Iterable[Value]) -> set[int]:
    """The ids of xs, and of the nodes from which a gradient passes on to them."""
    found = {id(x) for x in xs}
    for v in nodes:
        if any(id(p) in found for p, _ in _open_edges(v)):
            found.add(id(v))
    return found


def _open_edges(v: Value) -> list[tuple[Value, float]]:
    """The parents that a node passes a derivative to, and the local derivatives; none of an operation by hand."""
    if v._row is None or type(v._row) is ByHand:
        return []
    operands = parents(v)
    edges = v._row.edges(FLOATS, v.data, *[p.data for p in operands])
    return [(p, factor) for p, (factor, blocked) in zip(operands, edges, strict=True) if not blocked]


def _line_of_the_program() -> tuple[str, int]:
    """The innermost line that is not of this package."""
    frame = sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(PACKAGE):
        frame = frame.f_back
    return frame.f_code.co_filename, frame.f_lineno


# Messages ------------------------------------------------------------------------------------------------------------


def _forward(v: Value) -> str:
    given = [p for p in parents(v) if not isfinite(p.data)]
    if given:
        return (
            f'{_called(given[0])} was {given[0].data} before {v._op} got it: it is not finite itself, so look where it '
            f'comes from. {_made(v)}'
        )
    return f'{v._op} gave {v.data}, the first number that is not finite, from {_numbers(v)}. {_made(v)}'


def _backward(v: Value, p: Value, adjoint: float, factor: float, total: float) -> str:
    return (
        f'the gradient of {_called(p)} = {p.data} is {total}, the first that is not finite: {adjoint:.6g} arrived at '
        f'{v._op} = {v.data}, whose local derivative by it is {factor:.6g}. {_made(v)}'
    )


def _sideways(v: Value, p: Value, tangent: float, factor: float, total: float) -> str:
    return (
        f'the tangent of {v._op} = {v.data} is {total}, the first that is not finite: {tangent:.6g} arrived from '
        f'{_called(p)} = {p.data}, by which its local derivative is {factor:.6g}. {_made(v)}'
    )


def _numbers(v: Value) -> str:
    listed = [f'{_called(p)} = {p.data}' for p in parents(v)]
    more = f' and {len(listed) - SHOWN} more' if len(listed) > SHOWN else ''
    return ', '.join(listed[:SHOWN]) + more


def _called(v: Value) -> str:
    while v._row is SUM and len(operands := parents(v)) == 1 and not v.label:  # as a transform's f is given a Value
        v = operands[0]
    return v.label or (f'the result of {v._op}' if v._op else _LEAVES[v.role])


def _made(v: Value) -> str:
    """Where a node was made: the line, and the layers around it."""
    if v._where is None:
        return f'{v._op} was made before the block, so its line is not known'
    (file, number), call = v._where
    line = linecache.getline(file, number).strip()
    shown = f': {line[:LONGEST]}' if line else ''
    around = _around(call)
    return f'{v._op} was made {f"in {around} " if around else ""}at {file}, line {number}{shown}'


def _around(call: Call | None) -> str:
    names: list[str] = []
    while call is not None:
        names.insert(0, name_of(call))
        call = call.parent
    return ' > '.join(names)
