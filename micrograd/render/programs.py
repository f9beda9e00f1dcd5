"""A graph as data that a page can evaluate anew: every operation as a short flat program over the core of the table.

What the core rows are in JavaScript stands in `page/arithmetic.js`, and how the data are laid out, at the head of that
file.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from math import isfinite
from typing import Any

from micrograd.engine import Value
from micrograd.formulas import UNREADABLE
from micrograd.node import ByHand
from micrograd.primitives import FLOATS, Row
from micrograd.straightline import PROGRAMS, Program, Step, apply


def live(order: Sequence[Value]) -> dict[str, Any]:
    """A graph as plain data, from which values and gradients can be computed without Python.

    Args:
        order: the nodes, each after its parents, as `graph.topological` gives them.

    Returns:
        What `json.dumps` takes, nan and infinities as texts. `operations`: each operation once, with its programs; and
        for each node, in order, its `operation` (an index, None for a leaf), `parents` (indices), `data` and `grad`.
        `slopes`: of the nodes whose row no page can read, the factors and gates as they are now.

    >>> x = Value(3.0)
    >>> page = live([x, x * x])
    >>> page['operation'], page['parents'], page['data']
    ([None, 0], [[], [0, 0]], [3.0, 9.0])
    >>> page['operations'][0]['value']
    {'steps': [['mul', 0, 1]], 'gives': [2]}
    """
    places = {id(v): i for i, v in enumerate(order)}
    parents = [v._prev for v in order]
    keys = [_key(v, len(ps)) if ps else None for v, ps in zip(order, parents, strict=True)]
    operations = {key: partial(operation, v._row, key[1]) for v, key in zip(order, keys, strict=True) if key}
    described = {key: describe() for key, describe in operations.items()}
    indices = {key: i for i, key in enumerate(described)}
    unread = [i for i, key in enumerate(keys) if key and described[key]['slopes'] is None]
    return {
        'operations': list(described.values()),
        'operation': [indices[key] if key else None for key in keys],
        'parents': [[places[id(p)] for p in ps] for ps in parents],
        'data': [exact(v.data) for v in order],
        'grad': [exact(v.grad) for v in order],
        'slopes': {i: _slopes_now(order[i]) for i in unread if isinstance(order[i]._row, Row)},
    }


def _key(v: Value, count: int) -> tuple[Any, int]:
    """What the nodes of one operation have in common."""
    return (v._row.symbol if type(v._row) is ByHand else v._row), count


def _slopes_now(v: Value) -> list[float | str]:
    """The factors of a node, then its gates, with the numbers that it has: of a row that cannot be read."""
    edges = list(v._row.edges(FLOATS, v.data, *[p.data for p in v._prev]))
    return [exact(factor) for factor, _ in edges] + [exact(blocked) for _, blocked in edges]


def exact(x: float) -> float | str:
    """A number as JSON can hold it, to the last bit: nan and the infinities as texts.

    >>> [exact(x) for x in (0.1, -0.0, float('inf'))]
    [0.1, -0.0, 'inf']
    """
    x = float(x)
    return x if isfinite(x) else repr(x)


def operation(row: Row | ByHand, count: int) -> dict[str, Any]:
    """What a page must know of an operation on so many arguments.

    Args:
        row: the operation; one that was defined by hand has no mathematics that anybody could read.
        count: how many arguments the node has.

    Returns:
        `name`; `value`, the program for the value; `slopes`, the program for the factors and then the gates, one each
        for every argument. Where the formulas cannot be read both are None, and `why` says why.

    >>> from micrograd.primitives import RELU
    >>> operation(RELU, 1)['value']
    {'steps': [0.0, ['less_equal', 0, 1], ['where', 2, 1, 0]], 'gives': [3]}
    """
    if isinstance(row, ByHand):
        return _unknown(row.symbol, 'it was defined by hand')
    try:
        return {'name': row.name, 'value': _value(row, count), 'slopes': _slopes(row, count)}
    except UNREADABLE as error:
        return _unknown(row.name, str(error))


def _unknown(name: str, why: str) -> dict[str, Any]:
    return {'name': name, 'value': None, 'slopes': None, 'why': why}


def _value(row: Row, count: int) -> dict[str, Any]:
    program = Program(count)
    return giving(program, [apply(row, *program.arguments)])


def _slopes(row: Row, count: int) -> dict[str, Any]:
    program = Program(1 + count)
    edges = list(row.edges(PROGRAMS, *program.arguments))
    return giving(program, [factor for factor, _ in edges] + [blocked for _, blocked in edges])


def giving(program: Program, results: list[Any]) -> dict[str, Any]:
    """A program as data, whose results are these symbols and numbers."""
    gives = [program.register(x) for x in results]
    return {'steps': [_plain(step) for step in program.steps], 'gives': gives}


def _plain(step: Step) -> Any:
    return exact(step) if isinstance(step, float) else list(step)
