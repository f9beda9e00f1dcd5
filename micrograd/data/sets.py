"""Seeded sets of points to learn from.

The same seed gives the same bits on every machine and Python version. So only `random()` is drawn, the one method
whose sequence Python promises to keep, and no function of the C library decides a digit.
"""

import math
import random
from typing import Generic, NamedTuple, TypeVar

from micrograd.checks import count, finite, fraction, random_generator
from micrograd.errors import DataError

Target = TypeVar('Target')


class Dataset(NamedTuple, Generic[Target]):
    """Inputs and their targets, side by side: `targets[i]` is the answer for the row `inputs[i]`.

    A Dataset is a pair, so that it unpacks as `X, y = moons(100)`. For the same reason `len(dataset)` is 2: the
    number of examples is `len(dataset.inputs)`.

    Args:
        inputs: n rows of numbers, all of the same length.
        targets: n targets, one a row: class numbers, numbers, or lists of numbers.

    >>> X, y = dataset = xor(8)
    >>> len(X), len(y), len(dataset.inputs), len(dataset)
    (8, 8, 8, 2)
    """

    inputs: list[list[float]]
    targets: list[Target]


def moons(n: int = 100, *, noise: float = 0.1, seed: int | random.Random = 0) -> Dataset[int]:
    """Make two interleaving half circles, the classes 0 and 1.

    Class 0 is the upper half of the unit circle, class 1 the lower half of the unit circle around (1, 0.5).

    Args:
        n: the number of examples.
        noise: the standard deviation of the normal noise on each coordinate.
        seed: an integer, or a generator to draw from.

    Returns:
        n rows [x, y] in random order, and their classes, as evenly many of each as n allows.

    Raises:
        DataError: n is below 1, or noise is negative or not finite.
        TypeError: an argument has another type.

    >>> X, y = moons(4, noise=0)
    >>> [([round(x, 3) + 0.0 for x in row], label) for row, label in zip(X, y)]
    [([2.0, 0.5], 1), ([-1.0, 0.0], 0), ([0.0, 0.5], 1), ([1.0, 0.0], 0)]

    Source: the shape of `make_moons` in scikit-learn.
    """
    points = []
    for label, rank, size in _members(n, classes=2):
        x, y = _on_unit_circle(0.5 * rank / max(size - 1, 1))
        points.append(([x, y] if label == 0 else [1.0 - x, 0.5 - y], label))
    return _with_noise(points, _deviation(noise, 'noise'), random_generator(seed))


def circles(n: int = 100, *, noise: float = 0.05, factor: float = 0.5, seed: int | random.Random = 0) -> Dataset[int]:
    """Make a circle of radius 1, class 0, around a smaller one, class 1.

    Args:
        n: the number of examples.
        noise: the standard deviation of the normal noise on each coordinate.
        factor: the radius of the inner circle, between 0 and 1.
        seed: an integer, or a generator to draw from.

    Returns:
        n rows [x, y] in random order, and their classes, as evenly many of each as n allows.

    Raises:
        DataError: n is below 1, noise is negative or not finite, or factor is not between 0 and 1.
        TypeError: an argument has another type.

    >>> X, y = circles(100, noise=0, factor=0.25)
    >>> sorted({(label, round(math.hypot(*row), 6)) for row, label in zip(X, y)})
    [(0, 1.0), (1, 0.25)]

    Source: the shape of `make_circles` in scikit-learn.
    """
    radii = (1.0, fraction(factor, 'factor'))
    points = []
    for label, rank, size in _members(n, classes=2):
        x, y = _on_unit_circle(rank / size)
        points.append(([radii[label] * x, radii[label] * y], label))
    return _with_noise(points, _deviation(noise, 'noise'), random_generator(seed))


def spirals(
    n: int = 100, *, classes: int = 2, turns: float = 1.0, noise: float = 0.03, seed: int | random.Random = 0
) -> Dataset[int]:
    """Make spiral arms that wind around the origin, one a class.

    At the fraction t of its length, 0 < t <= 1, an arm has the radius t and the angle of `turns * t` turns; the arms
    are spread evenly around the origin.

    Args:
        n: the number of examples.
        classes: the number of arms.
        turns: how often an arm winds around the origin; below 0 clockwise.
        noise: the standard deviation of the normal noise on each coordinate.
        seed: an integer, or a generator to draw from.

    Returns:
        n rows [x, y] in random order, and their classes 0, 1, …, as evenly many of each as n allows.

    Raises:
        DataError: n or classes is below 1, noise is negative, or noise or turns is not finite.
        TypeError: an argument has another type.

    >>> X, y = spirals(90, classes=3)
    >>> [y.count(label) for label in range(3)]
    [30, 30, 30]

    Source: the spiral of Stanford's CS231n, "Putting it together: minimal neural network case study".
    """
    arms, turns = count(classes, 'classes'), finite(turns, 'turns')
    points = []
    for label, rank, size in _members(n, arms):
        radius = (rank + 1) / size
        x, y = _on_unit_circle(turns * radius + label / arms)
        points.append(([radius * x, radius * y], label))
    return _with_noise(points, _deviation(noise, 'noise'), random_generator(seed))


def xor(n: int = 100, *, noise: float = 0.1, seed: int | random.Random = 0) -> Dataset[int]:
    """Make points at the corners of the unit square; the class is the exclusive or of the two coordinates.

    Args:
        n: the number of examples.
        noise: the standard deviation of the normal noise on each coordinate.
        seed: an integer, or a generator to draw from.

    Returns:
        n rows [x, y] in random order, and their classes, as evenly many of each as n allows.

    Raises:
        DataError: n is below 1, or noise is negative or not finite.
        TypeError: an argument has another type.

    >>> X, y = xor(4, noise=0)
    >>> sorted(zip(X, y))
    [([0.0, 0.0], 0), ([0.0, 1.0], 1), ([1.0, 0.0], 1), ([1.0, 1.0], 0)]
    """
    around = ([0.0, 0.0], 0), ([0.0, 1.0], 1), ([1.0, 1.0], 0), ([1.0, 0.0], 1)
    points = [around[corner] for corner, _, _ in _members(n, classes=4)]
    return _with_noise(points, _deviation(noise, 'noise'), random_generator(seed))


def blobs(
    n: int = 100, *, centers: int = 3, features: int = 2, spread: float = 1.0, seed: int | random.Random = 0
) -> Dataset[int]:
    """Make round clouds of points, one a class, about centres drawn uniformly from -10 to 10 in each coordinate.

    Args:
        n: the number of examples.
        centers: the number of clouds.
        features: the number of coordinates of an example.
        spread: the standard deviation of each coordinate about its centre.
        seed: an integer, or a generator to draw from.

    Returns:
        n rows of `features` numbers in random order, and their classes 0, 1, …, as evenly many of each as n allows.

    Raises:
        DataError: n, centers or features is below 1, or spread is negative or not finite.
        TypeError: an argument has another type.

    >>> X, y = blobs(10, centers=4, features=3)
    >>> len(X[0]), [y.count(label) for label in range(4)]
    (3, [3, 3, 2, 2])

    Source: `make_blobs` in scikit-learn.
    """
    clouds, dimensions = count(centers, 'centers'), count(features, 'features')
    generator = random_generator(seed)
    means = [[20.0 * generator.random() - 10.0 for _ in range(dimensions)] for _ in range(clouds)]
    points = [(means[label], label) for label, _, _ in _members(n, clouds)]
    return _with_noise(points, _deviation(spread, 'spread'), generator)


def _members(n: int, classes: int) -> list[tuple[int, int, int]]:
    """For each of n examples: its class, its rank within the class, and the number of examples of that class."""
    n = count(n, 'n')
    return [(i % classes, i // classes, (n - 1 - i % classes) // classes + 1) for i in range(n)]


def _with_noise(points: list[tuple[list[float], int]], deviation: float, generator: random.Random) -> Dataset[int]:
    """Add normal noise to every coordinate, and put the examples into random order."""
    examples = [([x + deviation * _normal(generator) for x in point], label) for point, label in points]
    examples.sort(key=lambda _: generator.random())
    return Dataset([point for point, _ in examples], [label for _, label in examples])


def _normal(generator: random.Random) -> float:
    """Draw a number with the standard normal distribution.

    Source: Kinderman and Monahan, "Computer generation of random variables using the ratio of uniform deviates",
    ACM Transactions on Mathematical Software 3 (1977): with u uniform in (0, 1] and v in [-sqrt(2/e), sqrt(2/e)), the
    ratio v/u is normal if (v/u)^2 <= -4 log(u). The logarithm only says yes or no, so its last digit is never seen.
    """
    while True:
        u = 1.0 - generator.random()
        z = 1.7155277699214135 * (generator.random() - 0.5) / u  # the constant is 2 sqrt(2/e)
        if z * z <= -4.0 * math.log(u):
            return z


def _on_unit_circle(turns: float) -> tuple[float, float]:
    """Compute the cosine and the sine of an angle given in turns, to about 1e-15.

    The C library's differ in the last digit from machine to machine; + - * / do not. The angle is brought within half
    a turn, where the terms angle^k / k! of the two Taylor series have vanished well before k = 32.
    """
    angle = math.tau * (turns - round(turns))
    cosine, sine, term = 0.0, 0.0, 1.0
    for k in range(0, 32, 2):
        cosine += term
        term *= angle / (k + 1)
        sine += term
        term *= -angle / (k + 2)
    return cosine, sine


def _deviation(number: float, name: str) -> float:
    deviation = finite(number, name)
    if deviation < 0:
        raise DataError(f'{name} is a standard deviation and should be at least 0, not {number}')
    return deviation
