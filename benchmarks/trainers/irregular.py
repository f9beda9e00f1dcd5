"""A graph without any regularity: operation after operation on numbers that were drawn."""

import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

LEAVES = 32  # inputs, and as many parameters
LARGEST = 4.0  # that a number may become, for leaves between -1 and 1

OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    '+': lambda a, b: a + b,
    '*': lambda a, b: a * b,
    '-': lambda a, b: a - b,
    'relu': lambda a, b: a.relu(),
    'tanh': lambda a, b: a.tanh(),
    'smaller': lambda a, b: a * 0.125,
}
WEIGHTS = [38, 38, 18, 5, 1]  # of all but the last, which is for numbers that become large


class Step(NamedTuple):
    """An operation, and which earlier results it takes."""

    operation: str
    left: int
    right: int


def drawn(operations: int, seed: int = 5) -> list[Step]:
    """Draw the steps: mostly additions, products and differences, and 'smaller' where a result might become large.

    Step k takes result k, so that nothing is dead, and one of all before it.
    """
    generator = random.Random(seed)  # noqa: S311
    bounds = [1.0] * (2 * LEAVES)  # of the size of each result
    steps = []
    for left in range(operations):
        right = generator.randrange(len(bounds))
        (operation,) = generator.choices([*OPERATIONS][:-1], WEIGHTS)
        bound = bounds[left] * bounds[right] if operation == '*' else bounds[left] + bounds[right]
        if bound > LARGEST:
            operation, bound = 'smaller', bounds[left] * 0.125
        bounds.append(bound)
        steps.append(Step(operation, left, right))
    return steps


def result(steps: Sequence[Step], parameters: Sequence[Any], x: Sequence[Any]) -> Any:
    """Compute the sum of the last results, which no step takes."""
    numbers = [*x, *parameters]
    for operation, left, right in steps:
        numbers.append(OPERATIONS[operation](numbers[left], numbers[right]))
    return sum(numbers[len(steps) :])
