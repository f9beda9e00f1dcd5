"""From the outputs of a network to answers: a class and its probability, or a number."""

from collections.abc import Sequence
from math import exp
from typing import NamedTuple

from micrograd.data.columns import Categories, Columns, Numbers
from micrograd.errors import DataError, optional_import
from micrograd.metrics import largest
from micrograd.nn import MLP


class Classified(NamedTuple):
    """The answer of a classifier.

    Args:
        answer: the class that the network takes the example for.
        probability: that it gives to this class, from 0 to 1.
    """

    answer: str
    probability: float


def outputs(model: MLP, columns: Columns, rows: Sequence[Sequence[float]]) -> list[list[float]]:
    """The outputs of a network for many rows, computed together.

    Args:
        model: the network.
        columns: of the table that it learnt from.
        rows: its inputs, at least one.

    Returns:
        A list for each row: a logit for each class, or one standardised number.

    Raises:
        DataError: an output is nan or infinite.
        MissingDependencyError: NumPy is not installed.
    """
    np = optional_import('numpy', 'compile')
    from micrograd.compiler.program import compile as compiled  # which needs NumPy

    given = np.array(rows, dtype=float)
    with np.errstate(all='ignore'):
        found = compiled(model)(given).reshape(len(rows), columns.target.width)
    if not np.isfinite(found).all():
        raise DataError(f'the network gives nan or infinity for row {int((~np.isfinite(found)).any(1).argmax()) + 1}')
    listed: list[list[float]] = found.tolist()
    return listed


def classified(target: Categories, logits: Sequence[float]) -> Classified:
    """The class with the largest logit; its probability is that of the softmax.

    >>> classified(Categories('fruit', ('apple', 'plum'), (0.5, 0.5)), [0.0, 0.0])
    Classified(answer='apple', probability=0.5)
    """
    k = largest(logits)
    return Classified(target.categories[k], 1.0 / sum(exp(z - logits[k]) for z in logits))


def numbers(target: Numbers, found: Sequence[Sequence[float]]) -> list[float]:
    """Standardised numbers as they were before.

    >>> numbers(Numbers('price', mean=200.0, scale=50.0), [[1.0], [-2.0]])
    [250.0, 100.0]
    """
    return [target.decode(z) for (z,) in found]
