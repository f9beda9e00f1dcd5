"""The cost of an answer: one Value that says how far the outputs of a network are from their targets.

Every loss takes one example or a batch:

* one example: its output, a Value, and its target, a number; or a list of outputs and a list of as many targets;
* a batch: a list of such lists of outputs, and a list with the target of each. The cost is the mean over the examples.

So a flat list of outputs is the output vector of *one* example. Where the loss of an example is itself a mean over its
outputs (every loss but `quadratic` and `cross_entropy`), a flat list may as well be a batch of single outputs: the
number is the same.

Outputs are Values or numbers. Targets are numbers, or Values where the gradient by the target is wanted; tuples and
rows of NumPy arrays do where lists do. Targets that are numbers are checked; Values are taken as they come.
"""

import math
from collections.abc import Callable, Mapping, Set
from math import inf, nan
from numbers import Complex
from reprlib import repr as short
from typing import Any

from micrograd.engine import Value
from micrograd.errors import DataError, ShapeError
from micrograd.operations import VALUES, take
from micrograd.operators import operand
from micrograd.scalars import is_real

__all__ = ['bce', 'bce_with_logits', 'cross_entropy', 'hinge', 'mse', 'quadratic', 'squared_hinge']

LEAST_LOG = -100.0  # what bce takes for the logarithm of anything smaller than e**-100, as PyTorch does
_SUM_TOLERANCE = 1e-5  # how far from 1 the sum of a target's probabilities may be: rounding in 32 bits


def by_name(loss: str | Callable[[Any, Any], Value]) -> Callable[[Any, Any], Value]:
    """A loss by its name, or your own function (output, target) -> Value.

    Raises:
        TypeError: it is neither.
        ValueError: there is none of that name.

    >>> by_name('mse') is mse
    True
    """
    if isinstance(loss, str):
        if loss not in __all__:
            raise ValueError(f'there is no loss {loss!r}; there are {", ".join(__all__)}, and your own functions')
        found: Callable[[Any, Any], Value] = globals()[loss]
        return found
    if not callable(loss):
        raise TypeError(f'the loss should be a name, or a function (output, target) -> Value, not {short(loss)}')
    return loss


# --- distances -------------------------------------------------------------------------------------------------------


def quadratic(output: Any, target: Any) -> Value:
    """Half the squared distance of the outputs from the targets: 1/2 |y - a|^2, averaged over the examples.

    Args:
        output: the output a of one example, or its list of n outputs; or a batch of such lists.
        target: the target y, or the list of n targets; or a list of them, one an example.

    Returns:
        The cost, a Value.

    Raises:
        ShapeError: outputs and targets do not pair up, or there are none.
        TypeError: one is no number.

    >>> a = [Value(0.5), Value(1.0)]
    >>> cost = quadratic(a, [0.0, 1.0])
    >>> cost.backward()
    >>> cost.data, [v.grad for v in a]
    (0.125, [0.5, 0.0])

    Source: M. Nielsen, Neural Networks and Deep Learning (2015), chapter 1, equation (6), and chapter 2.
    """
    return _over_examples(_quadratic, output, target)


def mse(output: Any, target: Any) -> Value:
    """The mean squared error: (a - y)^2, averaged over the outputs of an example and over the examples.

    Args:
        output: the output a of one example, or its list of outputs; or a batch of such lists.
        target: the target y, or the list of targets; or a list of them, one an example.

    Returns:
        The cost, a Value.

    Raises:
        ShapeError: outputs and targets do not pair up, or there are none.
        TypeError: one is no number.

    >>> mse([Value(0.5), Value(1.0)], [0.0, 1.0]).data
    0.125
    """
    return _over_outputs(lambda a, y: (a - y) ** 2, output, target)


# --- margins ---------------------------------------------------------------------------------------------------------


def hinge(output: Any, target: Any) -> Value:
    """The max-margin loss of a score: max(0, 1 - y a), averaged. Nothing to pay from a margin of 1 on.

    The derivative at the margin, where it jumps, is 0.

    Args:
        output: the score a of one example, or its list of scores; or a batch of such lists.
        target: the class y, +1 or -1, or a list of them; or a list of those, one an example.

    Returns:
        The cost, a Value.

    Raises:
        DataError: a target is neither +1 nor -1.
        ShapeError: outputs and targets do not pair up, or there are none.
        TypeError: one is no number.

    >>> score = Value(0.25)
    >>> cost = hinge(score, -1)
    >>> cost.backward()
    >>> cost.data, score.grad
    (1.25, 1.0)

    Source: C. Cortes and V. Vapnik, Support-vector networks (1995).
    """
    return _over_outputs(_hinge, output, target)


def squared_hinge(output: Any, target: Any) -> Value:
    """The square of the hinge loss, max(0, 1 - y a)^2, averaged: its derivative does not jump at the margin.

    Args:
        output: the score a of one example, or its list of scores; or a batch of such lists.
        target: the class y, +1 or -1, or a list of them; or a list of those, one an example.

    Returns:
        The cost, a Value.

    Raises:
        DataError: a target is neither +1 nor -1.
        ShapeError: outputs and targets do not pair up, or there are none.
        TypeError: one is no number.

    >>> squared_hinge(Value(0.5), 1).data
    0.25
    """
    return _over_outputs(lambda a, y: _hinge(a, y) ** 2, output, target)


# --- probabilities ---------------------------------------------------------------------------------------------------


def bce(output: Any, target: Any) -> Value:
    """The binary cross-entropy of a probability: -(y ln p + (1 - y) ln(1 - p)), averaged.

    For a network that ends in a sigmoid. Where that saturates, p is 0 or 1 to the last digit and the gradient is lost:
    prefer `bce_with_logits`, which takes the number before the sigmoid. As in PyTorch a logarithm counts -100 at least,
    so that the cost of p = 0 is 100 and not inf; below that the cost is constant, and its gradient 0. A p that is no
    probability costs nan.

    Args:
        output: the probability p of class 1, or a list of them; or a batch of such lists.
        target: the class y, 0 or 1, or anything between, or a list of them; or a list of those, one an example.

    Returns:
        The cost in nats, a Value.

    Raises:
        DataError: a target is not between 0 and 1.
        ShapeError: outputs and targets do not pair up, or there are none.
        TypeError: one is no number.

    >>> p = Value(0.5)
    >>> cost = bce(p, 1)
    >>> cost.backward()
    >>> f'{cost:.4f}', p.grad
    ('0.6931', -2.0)

    Source: M. Nielsen, Neural Networks and Deep Learning (2015), chapter 3, equation (57).
    """
    return _over_outputs(_bce, output, target)


def bce_with_logits(output: Any, target: Any) -> Value:
    """The binary cross-entropy of a logit z: that of the probability p = sigmoid(z), without going through p.

    It is (1 - y) softplus(z) + y softplus(-z): finite for every finite z, and right to the last digits in both tails.

    Args:
        output: the logit z of class 1, or a list of them; or a batch of such lists.
        target: the class y, 0 or 1, or anything between, or a list of them; or a list of those, one an example.

    Returns:
        The cost in nats, a Value.

    Raises:
        DataError: a target is not between 0 and 1.
        ShapeError: outputs and targets do not pair up, or there are none.
        TypeError: one is no number.

    >>> z = Value(-800.0)
    >>> cost = bce_with_logits(z, 1)
    >>> cost.backward()
    >>> cost.data, z.grad
    (800.0, -1.0)
    """
    return _over_outputs(_bce_with_logits, output, target)


def cross_entropy(output: Any, target: Any) -> Value:
    """The cross-entropy of the logits of all classes: -ln softmax(z)[y], averaged over the examples.

    A class is ruled out by the logit -inf. A logit of +inf leaves nothing to compare: nan, as in PyTorch.

    Args:
        output: the list of the logits z of one example, one a class; or a batch of such lists.
        target: the class, 0, 1, 2, …, or the list of the probabilities of all classes; or a list of those, one an
            example.

    Returns:
        The cost in nats, a Value.

    Raises:
        DataError: there is no such class, or the probabilities are none or do not add up to 1.
        ShapeError: outputs and targets do not pair up, or there are none.
        TypeError: one is no number.

    >>> z = [Value(1000.0), Value(0.0), Value(1000.0)]
    >>> cost = cross_entropy(z, 2)
    >>> cost.backward()
    >>> f'{cost:.4f}', [v.grad for v in z]
    ('0.6931', [0.5, 0.0, -0.5])

    Source: the log-likelihood cost in M. Nielsen, Neural Networks and Deep Learning (2015), chapter 3, equation (80).
    """
    return _over_examples(_cross_entropy, output, target)


# --- the losses of one example, or of one output ---------------------------------------------------------------------


def _quadratic(output: Any, target: Any) -> Any:
    return 0.5 * _total([(a - y) ** 2 for a, y in _pairs(output, target)])


def _hinge(a: Any, y: Any) -> Any:
    if is_real(y) and (_is_truth(y) or y not in (1, -1)):
        raise DataError(
            f'a max-margin loss wants the targets +1 and -1, and this one is {y!r}. '
            'From labels 0 and 1 (or False and True) they are 2 * y - 1. Wrong: hinge(a, 0). Right: hinge(a, -1)'
        )
    return (1.0 - y * a).relu()


def _bce(p: Any, y: Any) -> Any:
    y = _probability(y, 'bce')
    costs = []
    if not _is_number(y, 0.0):
        log = VALUES.where(p > 1.0, nan, p.log())
        costs.append(_weighted(y, -log.clamp(LEAST_LOG)))
    if not _is_number(y, 1.0):
        log = VALUES.where(p < 0.0, nan, (-p).log1p())
        costs.append(_weighted(1.0 - y, -log.clamp(LEAST_LOG)))
    return _total(costs)


def _bce_with_logits(z: Any, y: Any) -> Any:
    y = _probability(y, 'bce_with_logits')
    if _is_number(y, 0.0):
        return z.softplus()
    if _is_number(y, 1.0):
        return (-z).softplus()
    if _is_number(y, 0.5):
        return _even_odds(z)
    return _weighted(1.0 - y, z.softplus()) + _weighted(y, (-z).softplus())


def _even_odds(z: Any) -> Any:
    """(softplus(z) + softplus(-z)) / 2, near its minimum as ln(2 cosh(z/2)).

    The slope tanh(z/2)/2 vanishes at z = 0, where floats are dense: a difference of sigmoids has no digits there.
    """
    near = (0.5 * z).cosh().log() + math.log(2.0)
    far = 0.5 * (z.softplus() + (-z).softplus())
    return VALUES.where(abs(z) < 1.0, near, far)


def _cross_entropy(output: Any, target: Any) -> Any:
    if not isinstance(output, list):
        raise ShapeError(
            f'cross_entropy takes a list of logits, one a class, not the one number {output!r}. '
            'Wrong: cross_entropy(z, 1). Right: cross_entropy([z0, z1], 1), or bce_with_logits(z, 1)'
        )
    top = VALUES.stop_gradient(VALUES.max(output))  # cancels, but keeps exp from overflowing
    below = [z - top for z in output]
    log_total = _total([z.exp() for z in below]).log()
    if getattr(target, '_tracer', None) is not None:  # an index that is not known yet
        return log_total - take(below, target)
    weights = _class_weights(target, len(output))
    return _total([_weighted(weight, log_total - below[k]) for k, weight in weights])


def _weighted(weight: Any, cost: Any) -> Any:
    """The product, where a weight of 0 makes even an infinite cost 0."""
    if is_real(weight):
        return cost if weight == 1.0 else weight * cost
    nothing = VALUES.equal(weight, 0.0) & VALUES.equal(cost, inf)
    return VALUES.where(nothing, 0.0, weight * cost)


# --- targets ---------------------------------------------------------------------------------------------------------


def _is_number(y: Any, number: float) -> bool:
    return is_real(y) and bool(y == number)


def _is_truth(y: Any) -> bool:
    """Whether y is True or False, Python's or NumPy's."""
    return type(y).__name__ in ('bool', 'bool_')


def _probability(y: Any, loss: str) -> Any:
    if not is_real(y):
        return y
    if not 0.0 <= y <= 1.0:
        raise DataError(
            f'the target of {loss} is a class, 0 or 1, or a probability between them, and this one is {y!r}. '
            f'From labels -1 and +1 it is (y + 1) / 2. Wrong: {loss}(a, -1). Right: {loss}(a, 0)'
        )
    return float(y)


def _class_weights(target: Any, classes: int) -> list[tuple[int, Any]]:
    """The classes that a target names, and how much each of them counts."""
    if not isinstance(target, list):
        return [(_class_index(target, classes), 1.0)]
    if len(target) != classes:
        raise ShapeError(
            f'there are {classes} logits and {len(target)} target probabilities: one is needed for each class'
        )
    weights = [_probability(y, 'cross_entropy') for y in target]
    if all(map(is_real, weights)) and abs(math.fsum(weights) - 1.0) > _SUM_TOLERANCE:
        raise DataError(
            f'the probabilities of the classes add up to 1, and these to {math.fsum(weights)}: {weights!r:.80}. '
            'For several examples give a list of logits each. '
            'Wrong: cross_entropy([z0, z1], [1, 1]). Right: cross_entropy([[z0, z1], [z0, z1]], [1, 1])'
        )
    return [(k, weight) for k, weight in enumerate(weights) if not _is_number(weight, 0.0)]


def _class_index(target: Any, classes: int) -> int:
    right = f'Right: cross_entropy(logits, k) for a class k from 0 to {classes - 1}'
    if not is_real(target):
        raise TypeError(
            f'a class is a plain number, not {target!r}, since it selects which Values make up the cost. '
            f'{right}, or a list of Values, the probability of each class'
        )
    if not float(target).is_integer():
        raise DataError(f'a class is a whole number, not {target!r}. {right}')
    if _is_truth(target) or not 0 <= target < classes:
        raise DataError(f'{target!r} is not one of the {classes} classes that there are logits for. {right}')
    return int(target)


# --- examples and batches --------------------------------------------------------------------------------------------


def _over_outputs(cost: Callable[[Any, Any], Value], output: Any, target: Any) -> Value:
    """The mean of cost(a, y) over the outputs of each example, then over the examples."""
    return _over_examples(lambda a, y: _mean([cost(*pair) for pair in _pairs(a, y)]), output, target)


def _over_examples(cost: Callable[[Any, Any], Value], output: Any, target: Any) -> Value:
    """The cost of one example, or the mean over the examples of a batch."""
    outputs = _nested(output, _output)
    targets = _nested(target, _target)
    if outputs == []:
        raise ShapeError('there is no output, so there is no cost: the list is empty')
    if isinstance(outputs, list) and any(isinstance(row, list) for row in outputs):
        outputs, targets = _examples(outputs, targets)
        return _mean([_placed(cost, i, *example) for i, example in enumerate(zip(outputs, targets, strict=True))])
    return cost(outputs, targets)


def _examples(outputs: list[Any], targets: Any) -> tuple[list[list[Any]], list[Any]]:
    """The rows of a batch and their targets."""
    if not all(isinstance(row, list) for row in outputs):
        raise ShapeError(
            'a list of outputs is one example, a list of lists is a batch, and this list is mixed. '
            'Wrong: mse([a, [b, c]], …). Right: mse([[a], [b, c]], …)'
        )
    if not isinstance(targets, list) or len(targets) != len(outputs):
        raise ShapeError(f'a batch of {len(outputs)} examples wants a list of as many targets, not {_shape(targets)}')
    return outputs, targets


def _placed(cost: Callable[[Any, Any], Value], i: int, output: list[Any], target: Any) -> Value:
    """The cost of an example, where what is wrong with it is said to be wrong there."""
    try:
        if not output:
            raise ShapeError('it has no output, so it has no cost')
        return cost(output, target)
    except (DataError, ShapeError) as error:
        raise type(error)(f'example {i} of the batch: {error}') from None


def _pairs(output: Any, target: Any) -> list[tuple[Any, Any]]:
    """Each output of an example with its target."""
    if not isinstance(output, list) and not isinstance(target, list):
        return [(output, target)]
    if not isinstance(output, list) or not isinstance(target, list) or len(output) != len(target):
        raise ShapeError(
            f'every output needs one target of its own: the output is {_shape(output)}, the target {_shape(target)}. '
            'Wrong: mse([a, b], 1.0). Right: mse(a, 1.0), mse([a, b], [1.0, 0.0])'
        )
    if any(isinstance(y, list) for y in target):
        raise ShapeError(
            'the outputs are those of one example, and the targets those of several. Right: mse([[a]], [[y]])'
        )
    return list(zip(output, target, strict=True))


def _shape(x: Any) -> str:
    return f'a list of {len(x)}' if isinstance(x, list) else 'a single one'


def _mean(costs: list[Any]) -> Value:
    mean: Value = costs[0] if len(costs) == 1 else VALUES.mean(costs)
    return mean


def _total(costs: list[Any]) -> Any:
    return costs[0] if len(costs) == 1 else VALUES.sum(costs)


def _nested(x: Any, scalar: Callable[[Any], Any], depth: int = 2) -> Any:
    """The same with lists in place of tuples, arrays and other iterables, and `scalar` applied to what they hold."""
    if isinstance(x, Value):
        return x
    if isinstance(x, float | int):
        return scalar(x)
    if isinstance(x, str | bytes | Mapping | Set):
        raise TypeError(f'outputs and targets are numbers, Values or lists of them, not {type(x).__name__}: {x!r:.60}')
    try:
        items = iter(x)
    except TypeError:
        return scalar(x)
    if depth == 0:
        raise ShapeError('a batch is a list of lists of numbers; this one is nested one level deeper')
    return [_nested(item, scalar, depth - 1) for item in items]


def _output(x: Any) -> Any:
    x = _target(x)
    return operand(x, Value) if is_real(x) else x


def _target(x: Any) -> Any:
    """A number or a Value, or whatever else can be reckoned with."""
    if getattr(x, 'shape', None) == () and not is_real(x):
        x = x.item()  # an array without dimensions
    if is_real(x) or (hasattr(x, '__rsub__') and not isinstance(x, Complex)):
        return x
    raise TypeError(f'outputs and targets are numbers, Values or lists of them, not {type(x).__name__}: {x!r:.60}')
