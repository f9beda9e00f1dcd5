"""How good outputs are, in numbers that people read: beside the loss, which is for the gradient."""

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

from micrograd import losses
from micrograd.context import no_grad
from micrograd.engine import Value
from micrograd.scalars import Condition, to_float

Loss = Callable[[Any, Any], Value]
Metric = Callable[[Any, Any], Any]


def binary_accuracy(threshold: float) -> Metric:
    """Make a metric for models with one output: 1 where the output is on the side of its target, else 0.

    Args:
        threshold: where the model draws the line. 0 for scores and logits (the losses hinge, bce_with_logits), 0.5 for
            probabilities (bce). An output equal to it counts as negative.

    Returns:
        A metric for `fit`: (output, target) -> 1.0 or 0.0. A target above 0 is positive, so that the classes may be
        -1 and 1, or 0 and 1.

    >>> correct = binary_accuracy(0.5)
    >>> correct(Value(0.9), 1), correct(Value(0.9), 0), correct(Value(0.2), 0)
    (1.0, 0.0, 1.0)
    """

    def accuracy(output: Any, target: Any) -> float:
        return float((plain(output) > threshold) == (plain(target) > 0))

    return accuracy


def categorical_accuracy(output: Sequence[Any], target: Any) -> float:
    """1 where the largest output is that of the target's class, else 0: a metric for models with one output a class.

    Args:
        output: Values or numbers, one a class; of several largest ones the first counts.
        target: the index of the class, from 0, or a list as long as the output, largest at the class (one-hot).

    >>> categorical_accuracy([Value(0.1), Value(0.7), Value(0.2)], 1)
    1.0
    >>> categorical_accuracy([Value(0.1), Value(0.7), Value(0.2)], [1, 0, 0])
    0.0

    Source: Nielsen, Neural Networks and Deep Learning, chapter 1: the output of the network is the neuron that has the
    highest activation.
    """
    return float(largest(output) == (largest(target) if hasattr(target, '__len__') else plain(target)))


def largest(numbers: Sequence[Any]) -> int:
    """The index of the largest of Values and numbers; of several largest ones the first.

    >>> largest([Value(1.0), 3.0, 2.0])
    1
    """
    return max(range(len(numbers)), key=lambda i: plain(numbers[i]))


class Mistake(NamedTuple):
    """An example that a model puts into the wrong class.

    Args:
        example: which one, as an index.
        target: its class.
        predicted: the class that the model takes it for.
        cost: what that costs.
    """

    example: int
    target: int
    predicted: int
    cost: float


def worst_mistakes(outputs: Iterable[Sequence[Any]], targets: Iterable[Any], loss: Loss) -> list[Mistake]:
    """Find the examples that are put into the wrong class, the one that costs most first.

    Args:
        outputs: for each example the outputs of the model, one a class: Values or numbers.
        targets: for each example what `loss` is given: the class, from 0, or a list as long as the output, largest at
            the class (one-hot).
        loss: the cost of one example, (output, target) -> Value.

    Returns:
        All of them. Of those that cost the same the first comes first; a cost that is nan is the worst.

    Raises:
        ValueError: there are not as many targets as outputs.

    >>> outputs = [[0.9, 0.1], [0.6, 0.4], [0.8, 0.2]]
    >>> [mistake.example for mistake in worst_mistakes(outputs, [[1, 0], [0, 1], [0, 1]], losses.quadratic)]
    [2, 1]
    """
    mistakes = []
    with no_grad():
        for index, (output, target) in enumerate(zip(outputs, targets, strict=True)):
            right, predicted = class_of(target), largest(output)
            if predicted != right:
                mistakes.append(Mistake(index, right, predicted, plain(loss(output, target))))
    return sorted(mistakes, key=_badness, reverse=True)


def _badness(mistake: Mistake) -> tuple[bool, float]:
    """What mistakes are sorted by: nan, which compares with nothing, is worse than infinity."""
    is_nan = math.isnan(mistake.cost)
    return is_nan, 0.0 if is_nan else mistake.cost


def class_of(target: Any) -> int:
    """The class that a target names: its index, or a list that is largest there (one-hot).

    >>> class_of(2), class_of([0, 0, 1])
    (2, 2)
    """
    return largest(target) if hasattr(target, '__len__') else int(plain(target))


def plain(x: Any) -> float:
    """The number of a Value, or of whatever else is one; of a Condition 1 where it holds, else 0.

    >>> plain(Value(2.0)), plain(2), plain(Value(2.0) > 3)
    (2.0, 2.0, 0.0)
    """
    if isinstance(x, Value):
        return x.data
    return float(bool(x)) if isinstance(x, Condition) else to_float(x)


# With these losses it is known where a single output draws the line between two classes.
THRESHOLDS = ((losses.hinge, 0.0), (losses.squared_hinge, 0.0), (losses.bce_with_logits, 0.0), (losses.bce, 0.5))


def accuracy_beside(loss: Loss) -> Metric:
    """What the name 'accuracy' means beside a loss."""
    threshold = next((threshold for known, threshold in THRESHOLDS if known is loss), None)

    def accuracy(output: Any, target: Any) -> float:
        if hasattr(output, '__len__'):
            return categorical_accuracy(output, target)
        if threshold is None:
            raise ValueError(
                "'accuracy' knows where a single output draws the line between two classes only if the loss is "
                'hinge, squared_hinge, bce or bce_with_logits. With any other loss it is to be said. '
                "Wrong: metrics=['accuracy']. Right: metrics=[binary_accuracy(0.5)]"
            )
        correct: float = binary_accuracy(threshold)(output, target)
        return correct

    return accuracy
