"""A small character GPT in scalars, after the manner of microgpt, for any kind of numbers that has gradients.

One layer of attention and one of two matrices, on vectors of 16 numbers, with RMSNorm before each and no biases.
A token is a letter, or the boundary before and after every name.
"""

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

Number = Any
Vector = Sequence[Number]
Matrix = Sequence[Vector]

SIZE = 16  # of the vectors
HEADS = 4
HEAD_SIZE = SIZE // HEADS
CONTEXT = 16  # tokens
BOUNDARY = 0
LETTERS = 'abcdefghijklmnopqrstuvwxyz'
TOKENS = 1 + len(LETTERS)
DEVIATION = 0.08  # of the first parameters

SHAPES = {
    'token embedding': (TOKENS, SIZE),
    'position embedding': (CONTEXT, SIZE),
    'query': (SIZE, SIZE),
    'key': (SIZE, SIZE),
    'value': (SIZE, SIZE),
    'attended': (SIZE, SIZE),
    'hidden': (4 * SIZE, SIZE),
    'back': (SIZE, 4 * SIZE),
    'logits': (TOKENS, SIZE),
}


class Arithmetic(NamedTuple):
    """The functions of one kind of numbers."""

    dot: Callable[[Vector, Vector], Number]
    softmax: Callable[[Vector], Vector]
    logsumexp: Callable[[Vector], Number]
    relu: Callable[[Number], Number]
    take: Callable[[Any, Any], Any]


class Transformer:
    """The model: called with tokens, it gives for each the logits of the next.

    Args:
        leaf: makes a parameter of a number.
        arithmetic: the functions of such numbers.
        seed: of the first parameters.
    """

    def __init__(self, leaf: Callable[[float], Number], arithmetic: Arithmetic, seed: int = 0):
        generator = random.Random(seed)  # noqa: S311
        self._arithmetic = arithmetic
        self._matrices = {
            name: [[leaf(generator.gauss(0.0, DEVIATION)) for _ in range(columns)] for _ in range(rows)]
            for name, (rows, columns) in SHAPES.items()
        }

    def parameters(self) -> list[Number]:
        """List the parameters, matrix by matrix, row by row."""
        return [p for matrix in self._matrices.values() for row in matrix for p in row]

    def __call__(self, tokens: Sequence[Any]) -> list[Vector]:
        """Compute the logits for each position; those before see nothing of those after."""
        keys: list[Vector] = []
        values: list[Vector] = []
        return [self._at(position, token, keys, values) for position, token in enumerate(tokens)]

    def _at(self, position: int, token: Any, keys: list[Vector], values: list[Vector]) -> Vector:
        place = self._matrices['position embedding'][position]
        x = added(self._arithmetic.take(self._matrices['token embedding'], token), place)
        x = self._normalised(x)
        x = added(x, self._attended(self._normalised(x), keys, values))
        hidden = [self._arithmetic.relu(h) for h in self._linear('hidden', self._normalised(x))]
        x = added(x, self._linear('back', hidden))
        return self._linear('logits', x)

    def _attended(self, x: Vector, keys: list[Vector], values: list[Vector]) -> Vector:
        keys.append(self._linear('key', x))
        values.append(self._linear('value', x))
        query = self._linear('query', x)
        heads = [slice(at, at + HEAD_SIZE) for at in range(0, SIZE, HEAD_SIZE)]
        mixed = [self._mixed(query[h], [k[h] for k in keys], [v[h] for v in values]) for h in heads]
        return self._linear('attended', [number for head in mixed for number in head])

    def _mixed(self, query: Vector, keys: list[Vector], values: list[Vector]) -> Vector:
        """Compute the values of one head, weighted by how well the keys suit the query."""
        dot, softmax, *_ = self._arithmetic
        weights = softmax([dot(query, key) * HEAD_SIZE**-0.5 for key in keys])
        return [dot(weights, column) for column in zip(*values, strict=True)]

    def _normalised(self, x: Vector) -> Vector:
        """RMSNorm: the numbers over the root of their mean square."""
        scale = (self._arithmetic.dot(x, x) * (1.0 / len(x)) + 1e-5) ** -0.5
        return [number * scale for number in x]

    def _linear(self, name: str, x: Vector) -> Vector:
        return [self._arithmetic.dot(row, x) for row in self._matrices[name]]

    def loss(self, logits: Sequence[Vector], target: Sequence[Any]) -> Number:
        """Compute the mean cross-entropy.

        Args:
            logits: for each position those of the next token.
            target: for each position the next token, and then for each position its weight.
        """
        following, weights = target[: len(logits)], target[len(logits) :]
        return sum(
            (self._arithmetic.logsumexp(vector) - self._arithmetic.take(vector, token)) * weight
            for vector, token, weight in zip(logits, following, weights, strict=True)
        )


def added(x: Vector, y: Vector) -> Vector:
    """Add two vectors."""
    return [a + b for a, b in zip(x, y, strict=True)]


Example = tuple[list[int], list[float]]


def example(name: str, length: int | None = None) -> Example:
    """Write a name as tokens and target; with a length, both filled up to it with positions of no weight."""
    tokens = [BOUNDARY, *(1 + LETTERS.index(letter) for letter in name), BOUNDARY][: CONTEXT + 1]
    positions = len(tokens) - 1
    blanks = [BOUNDARY] * ((length or positions) - positions)
    weights = [1.0 / positions] * positions
    return tokens[:-1] + blanks, [*tokens[1:], *blanks, *weights, *(0.0 for _ in blanks)]


def names(path: Path, count: int, seed: int = 7) -> list[str]:
    """Draw names from a file that has one a line."""
    return random.Random(seed).sample(path.read_text(encoding='utf-8').split(), count)  # noqa: S311
