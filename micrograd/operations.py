"""The table as functions on Values: what `micrograd.exp`, `micrograd.where` and their like are, and how to add one."""

from __future__ import annotations

from functools import partial

from micrograd import primitives
from micrograd.engine import Value
from micrograd.errors import DataError, ShapeError
from micrograd.operators import apply
from micrograd.primitives import Interpreter, spelling
from micrograd.scalars import is_real

TYPE_CHECKING = False  # see context.py
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from micrograd.rows import Formula


VALUES = Interpreter('values', spelling(partial(apply, Value))).functions


def primitive(name: str, value: Formula, partials: Formula, **facts: Any) -> Formula:
    """Add an operation of your own: it then has gradients of every order, pictures and checks like the others.

    Args:
        name: what Python calls it; afterwards also `micrograd.<name>`.
        value: (o, x, …) -> the value, with `+ - *` and functions of the table as `o.exp`, `o.div`, `o.where`, …
        partials: (o, z, x, …) -> the derivative by each argument, written alike; z is the value. For several
            arguments a tuple.
        facts: any other field of `primitives.Row`: symbol, latex, blocked, domain, kinks, …

    Returns:
        The function on Values and numbers.

    Raises:
        ValueError: the name is one of the table's own, or no Python name. (A row of yours may be replaced.)
        TypeError: `value` and `partials` do not take the same arguments.

    >>> import micrograd
    >>> softsign = primitive('softsign', lambda o, x: o.div(x, 1.0 + o.abs(x)),
    ...     partials=lambda o, z, x: o.div(1.0, (1.0 + o.abs(x)) * (1.0 + o.abs(x))))
    >>> x = micrograd.Value(3.0)
    >>> y = softsign(x)
    >>> y.backward()
    >>> x, y
    (Value(data=3.0, grad=0.0625), Value(data=0.75, grad=1.0))
    """
    facts.setdefault('latex', rf'\operatorname{{{name}}}(x)')
    primitives.row(name, value=value, partials=partials, **facts)
    function: Formula = getattr(VALUES, name)
    return function


def take(rows: Iterable[Any], index: Any) -> Any:
    """Choose one of several rows by its index: an embedding, or the logit of a class; also inside compiled functions.

    Args:
        rows: numbers and Values; or lists of as many of them each, as an embedding table has.
        index: from 0: a whole number, or a Value that holds one; inside of a compiled function, one of its arguments.

    Returns:
        The row: a Value or a number, or a list.

    Raises:
        DataError: there is no row with that index; nothing is counted from the end.
        ShapeError: there are no rows.

    >>> table = [[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]]
    >>> take(table, 1)
    [Value(data=3.0, grad=0.0), Value(data=4.0, grad=0.0)]
    """
    items: Any = rows
    choices = list(items.tolist() if hasattr(items, 'tolist') else items)
    if not choices:
        raise ShapeError('take chooses one of several rows, and there are none: the list is empty')
    if is_real(index):
        return choices[_whole(index, len(choices))]
    if isinstance(index, Value) and index._tracer is None:
        _whole(index.data, len(choices))
    if not isinstance(choices[0], list | tuple):
        return VALUES.select([index, *choices])
    if len({len(row) for row in choices}) > 1:
        raise ShapeError('take chooses one of several rows, and these are not all of one length')
    return [VALUES.select([index, *column]) for column in zip(*choices, strict=True)]


def _whole(index: Any, count: int) -> int:
    if 0 <= index < count and index % 1 == 0:
        return int(index)
    raise DataError(f'take chooses one of {count} by a whole number from 0 to {count - 1}, and was given {index!r:.60}')
