"""A graph without any regularity: operation after operation on numbers that were drawn."""

import math
import random
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

LEAVES = 32  # inputs, and as many parameters
LARGEST = 4.0  # that a number may become at the point where the graph is drawn

OPERATIONS: dict[str, Callable[[Any, Any], Any]] = {
    '+': lambda a, b: a + b,
    '*': lambda a, b: a * b,
    '-': lambda a, b: a - b,
}
WEIGHTS = [4, 4, 2]


class Step(NamedTuple):
    """An operation, and which earlier results it takes."""

    operation: str
    left: int
    right: int


def drawn(operations: int, seed: int = 5) -> list[Step]:
    """Draw the steps: additions, products and differences, and 'tanh' where a result would become large.

    Step k takes result k, so that nothing is dead, and one of all before it.
    """
    generator = random.Random(seed)  # noqa: S311
    numbers = [generator.uniform(-1.0, 1.0) for _ in range(2 * LEAVES)]
    steps = []
    for left in range(operations):
        right = generator.randrange(len(numbers))
        (operation,) = generator.choices([*OPERATIONS], WEIGHTS)
        number = OPERATIONS[operation](numbers[left], numbers[right])
        if abs(number) > LARGEST:
            operation, number = 'tanh', math.tanh(numbers[left])
        numbers.append(number)
        steps.append(Step(operation, left, right))
    return steps


def result(steps: Sequence[Step], parameters: Sequence[Any], x: Sequence[Any]) -> Any:
    """Compute the sum of the last results, which no step takes."""
    numbers = [*x, *parameters]
    for operation, left, right in steps:
        a = numbers[left]
        numbers.append(a.tanh() if operation == 'tanh' else OPERATIONS[operation](a, numbers[right]))
    return sum(numbers[len(steps) :])
