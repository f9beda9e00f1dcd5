"""The forms in which examples come, made one: a list of pairs (input, target)."""

from collections.abc import Iterable, Mapping, Set
from reprlib import repr as short
from typing import Any

from micrograd.errors import DataError

Example = tuple[Any, Any]

_RIGHT = 'Right: fit(model, (X, y), …), fit(model, zip(X, y), …), fit(model, [(x0, y0), (x1, y1)], …)'


def pairs(data: Any, name: str) -> list[Example]:
    """Data in any of the forms that `fit` takes, as a list of pairs.

    Args:
        data: a Dataset or a tuple (inputs, targets); or anything that yields pairs (x, y).
        name: what its caller calls it, for the message.

    Raises:
        DataError: there are no examples, as many inputs as targets are not there, or an example is no pair.
        TypeError: it is not several things in order at all.

    >>> pairs(([[1.0], [2.0]], [0, 1]), 'data')
    [([1.0], 0), ([2.0], 1)]
    """
    if isinstance(data, tuple):
        examples = _side_by_side(data, name)
    else:
        examples = [_pair(item, f'{name}[{i}]') for i, item in enumerate(_items(data, name))]
    if not examples:
        raise DataError(f'there is no example in {name}: it is empty, or a generator was used up. {_RIGHT}')
    return examples


def _side_by_side(data: tuple[Any, ...], name: str) -> list[Example]:
    if len(data) != 2:
        raise DataError(f'a tuple is (inputs, targets), and {name} has {len(data)} entries. {_RIGHT}')
    inputs, targets = (list(_items(side, f'{name}[{i}]')) for i, side in enumerate(data))
    if len(inputs) != len(targets):
        raise DataError(
            f'{name} has {len(inputs)} inputs and {len(targets)} targets: each input should have one target'
        )
    return list(zip(inputs, targets, strict=True))


def _items(data: Any, name: str) -> Iterable[Any]:
    if isinstance(data, str | bytes | Mapping | Set) or not hasattr(data, '__iter__'):
        raise TypeError(f'{name} should list examples in order, not be {type(data).__name__}: {short(data)}. {_RIGHT}')
    items: Iterable[Any] = data
    return items


def _pair(item: Any, name: str) -> Example:
    if not isinstance(item, tuple | list) or len(item) != 2:
        raise DataError(f'{name} should be a pair (x, y), not {type(item).__name__}: {short(item)}. {_RIGHT}')
    return item[0], item[1]
