"""What a compiled function is given and gives: nested containers of numbers, and the columns of a matrix.

A call hands over many examples at once; the function itself sees one. So each argument is taken apart twice: into what
one example of it looks like, its *template*, with an `Input` in place of each number; and into columns, one for each
of these, with a row for each example.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from reprlib import repr as short
from typing import Any

import numpy as np

from micrograd.compiler.trace import Input
from micrograd.containers import is_array, mapped
from micrograd.engine import Value
from micrograd.errors import DataError, ShapeError
from micrograd.scalars import is_real

_RIGHT = 'The first axis is the example. Right: f([x0, x1, …]), f(X) for an array X of shape (examples, …)'


@dataclass(frozen=True)
class Batch:
    """The arguments of a call, taken apart.

    Args:
        args: the template of each positional argument; what is no batch of examples stands here as it is.
        kwargs: the same for each keyword argument.
        X: the numbers: a row for each example, a column for each Input in the templates.
        key: what two batches have in common if one trace serves both.
    """

    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    X: np.ndarray
    key: Any


def batch(args: Sequence[Any], kwargs: Mapping[str, Any], dtype: str) -> Batch:
    """Take the arguments of a call apart.

    Args:
        args: the positional arguments, each a list, a tuple, an array or a dictionary of such, over the examples.
        kwargs: the keyword arguments alike; plain numbers, texts and other things are constants.
        dtype: of the numbers.

    Raises:
        DataError: there is no example, or the arguments have different numbers of them.
        ShapeError: the examples are not all alike.
        TypeError: something is no number.

    >>> b = batch([[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]], {}, 'float64')
    >>> b.X.shape, b.args
    ((3, 2), ([Input(column=0), Input(column=1)],))
    """
    taker = _Taker(dtype)
    templates = [taker.argument(x, f'argument {i + 1}') for i, x in enumerate(args)]
    named = {name: taker.argument(x, name, constant=True) for name, x in kwargs.items()}
    return Batch(tuple(templates), named, taker.matrix(), (_key(tuple(templates)), _key(named)))


class _Taker:
    """Takes arguments apart, one after another; the columns follow each other."""

    def __init__(self, dtype: str):
        self._dtype = dtype
        self._parts: list[np.ndarray] = []
        self._columns = 0
        self._sizes: dict[str, int] = {}

    def argument(self, x: Any, name: str, constant: bool = False) -> Any:
        """The template of one argument."""
        if getattr(x, 'ndim', None) == 0:  # of NumPy: a number
            x = x.item()
        if isinstance(x, Mapping):
            return {key: self.argument(item, f'{name}[{key!r}]', constant) for key, item in x.items()}
        if isinstance(x, Value) or not _is_batch(x):
            if not constant and is_real(x) and not isinstance(x, bool):
                raise TypeError(f'{name} is a single number, {short(x)}, and should be one for each example. {_RIGHT}')
            return x
        examples = x if hasattr(x, 'dtype') else list(x)
        if len(examples) == 0:
            raise DataError(f'{name} has no example: it is empty. {_RIGHT}')
        self._sizes[name] = len(examples)
        numbers = _regular(examples)
        template, count = self._template(examples[0], name)
        if numbers is None:
            rows = [list(_numbers(example, template, f'{name}[{i}]')) for i, example in enumerate(examples)]
            numbers = np.array(rows, dtype=np.float64)
        self._parts.append(numbers.reshape(len(examples), count))
        return template

    def matrix(self) -> np.ndarray:
        """All the columns, side by side."""
        if len(set(self._sizes.values())) > 1:
            listed = ', '.join(f'{name} {size}' for name, size in self._sizes.items())
            raise DataError(f'the arguments should have as many examples each, and have: {listed}')
        if not self._parts:
            return np.zeros((1, 0), self._dtype)
        return np.ascontiguousarray(np.concatenate(self._parts, axis=1), dtype=self._dtype)

    def _template(self, example: Any, name: str) -> tuple[Any, int]:
        first = self._columns
        return mapped(example, lambda number: self._column(number, name)), self._columns - first

    def _column(self, number: Any, name: str) -> Input:
        _check_number(number, f'{name}[0]')
        self._columns += 1
        return Input(self._columns - 1)


def _is_batch(x: Any) -> bool:
    if hasattr(x, 'dtype'):
        return getattr(x, 'ndim', 0) > 0
    return isinstance(x, Sequence) and not isinstance(x, str | bytes)


def _regular(examples: Any) -> np.ndarray | None:
    """The numbers of examples that are all of one shape, quickly; None where NumPy cannot tell."""
    try:
        numbers = np.asarray(examples)
    except (ValueError, TypeError):  # of different shapes
        return None
    if numbers.dtype.kind not in 'fiub':
        return None
    return numbers.astype(np.float64, copy=False)


def _numbers(example: Any, template: Any, name: str) -> Iterator[float]:
    """The numbers of one example, in the order of the template; it must be made alike."""
    if isinstance(template, Input):
        _check_number(example, name)
        yield float(example)
        return
    if isinstance(template, Mapping):
        if not isinstance(example, Mapping) or example.keys() != template.keys():
            raise ShapeError(
                f'{name} should have the keys {list(template)}, as the first example, not {short(example)}'
            )
        for key, inner in template.items():
            yield from _numbers(example[key], inner, f'{name}[{key!r}]')
        return
    if not _is_batch(example) or len(example) != len(template):
        what = f'{len(example)} entries' if _is_batch(example) else f'{type(example).__name__}, {short(example)}'
        raise ShapeError(f'{name} should have {len(template)} entries, as the first example has, not {what}')
    for i, (item, inner) in enumerate(zip(example, template, strict=True)):
        yield from _numbers(item, inner, f'{name}[{i}]')


def _check_number(x: Any, name: str) -> None:
    if isinstance(x, Value) and x._tracer is not None:
        raise TypeError(
            f'{name} is a symbol: a compiled function takes batches of numbers, and is called here while another is '
            'traced. Wrong: compile(lambda x: fast(x)). Right: compile(lambda x: f(x)), with the function itself'
        )
    if isinstance(x, Value):
        raise TypeError(
            f'{name} is a Value, and a compiled function takes numbers: the gradient by it would be lost. '
            'Wrong: fast([Value(1.0), …]). Right: fast([1.0, …])'
        )
    if not is_real(x) or isinstance(x, str | bytes | Set):
        raise TypeError(f'{name} should be a number, or a container of numbers, not {type(x).__name__}: {short(x)}')


def _key(template: Any) -> Any:
    """A hashable description of a template."""
    if isinstance(template, Input):
        return template
    if is_array(template):
        return ('array', template.shape, template.reshape(-1)[0].column if template.size else None)
    if isinstance(template, Mapping):
        return ('dict', tuple((key, _key(inner)) for key, inner in template.items()))
    if isinstance(template, list | tuple):
        return (type(template), tuple(_key(inner) for inner in template))
    if isinstance(template, int | float | str | bytes | None):
        return (type(template), repr(template))  # tells 0.0 from -0.0, and nan from nothing else
    return ('number', repr(float(template))) if is_real(template) else ('thing', id(template))


# What comes out ------------------------------------------------------------------------------------------------------


def packed(template: Any, column: Callable[[Any], int], array: np.ndarray, axis: int) -> Any:
    """Columns of an array in the containers of a template.

    Lists and arrays of numbers, nested if they are regular, become one array with axes of their own in place of
    `axis`; tuples and dictionaries stay, with an array for each entry.

    Args:
        template: containers of leaves.
        column: leaf -> the index of its column.
        array: the numbers.
        axis: the axis of the columns.

    >>> packed([0, 1], lambda leaf: leaf, np.array([[1.0, 2.0], [3.0, 4.0]]), axis=1).tolist()
    [[1.0, 2.0], [3.0, 4.0]]
    """
    if isinstance(template, Mapping):
        return {key: packed(inner, column, array, axis) for key, inner in template.items()}
    if isinstance(template, tuple):
        entries = [packed(inner, column, array, axis) for inner in template]
        return type(template)(*entries) if hasattr(template, '_fields') else tuple(entries)
    found = shape(template)
    if found is None:
        return [packed(inner, column, array, axis) for inner in template]
    columns = [column(leaf) for leaf in leaves(template)]
    taken = np.take(array, columns, axis=axis)
    return taken.reshape(array.shape[:axis] + found + array.shape[axis + 1 :])


def shape(template: Any) -> tuple[int, ...] | None:
    """The shape of nested lists or of an array of leaves: () of a leaf; None if they are not regular."""
    if is_array(template):
        return tuple(template.shape)
    if isinstance(template, Mapping | tuple):
        return None
    if not isinstance(template, list):
        return ()
    inner = {shape(item) for item in template}
    if not inner:
        return (0,)
    if len(inner) > 1 or None in inner:
        return None
    return (len(template), *(inner.pop() or ()))


def leaves(template: Any) -> Iterator[Any]:
    """What the containers of a template hold, in order."""
    if isinstance(template, Mapping):
        template = list(template.values())
    if isinstance(template, list | tuple) or is_array(template):
        for item in template:
            yield from leaves(item)
    else:
        yield template


def as_lists(template: Any) -> Any:
    """A template with lists in place of tuples, so that what is regular becomes one array."""
    if isinstance(template, Mapping):
        return {key: as_lists(inner) for key, inner in template.items()}
    if isinstance(template, list | tuple):
        return [as_lists(inner) for inner in template]
    return template
