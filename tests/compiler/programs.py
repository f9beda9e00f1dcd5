"""What compiled programs are tried on: every row of the table and the points to try it at, and random programs."""

import random
from itertools import product
from math import inf, isfinite, nan
from typing import Any

import micrograd
from micrograd import Value
from micrograd.operators import apply
from micrograd.primitives import Row, rows

SPECIAL = [
    0.0, -0.0, 5e-324, -5e-324, 1e-310, -1e-310, 1e308, -1e308, inf, -inf, nan, 1.0, -1.0, 0.5, -0.5, 2.0, -3.0, 40.0,
    -40.0, 800.0, -800.0, 1e-9, 0.01, -2.5,
]  # fmt: skip
FEW = [0.0, -0.0, 5e-324, -1e-310, 1e308, -1e308, inf, -inf, nan, 1.0, -1.0, 0.5, 2.0, -3.0]
FEWER = [0.0, -0.0, inf, -inf, nan, 1.0, -2.5, 1e308]
ROWS = list(rows())


def count_of(row: Row) -> int:
    """How many arguments to give it."""
    return row.arity or {1: 3, 2: 4}[row.lists]


def points(row: Row) -> list[tuple[float, ...]]:
    """Special numbers, each with each; kinks and ties among them."""
    if row.name == 'select':
        return [(i, *xs) for i in (0.0, 1.0) for xs in product(FEW, repeat=2)]
    return list(product({1: SPECIAL, 2: FEW, 3: FEWER, 4: [0.0, inf, nan, 1.0, -2.5]}[count_of(row)], repeat=count_of(row)))


def ordinary(row: Row, count: int = 25) -> list[tuple[float, ...]]:
    """Points inside of the domain, as far as one can be drawn by hand."""
    rng = random.Random(row.symbol)
    if row.name == 'select':
        return [(float(rng.randrange(2)), rng.gauss(0.0, 2.0), rng.gauss(0.0, 2.0)) for _ in range(count)]
    intervals = (row.domain * count_of(row))[: count_of(row)]
    return [tuple(_inside(rng, *interval) for interval in intervals) for _ in range(count)]


def _inside(rng: random.Random, low: float, high: float) -> float:
    if isfinite(low) and isfinite(high):
        return rng.uniform(low, high)
    return rng.gauss(0.0, 2.0) if not isfinite(low) else low + rng.expovariate(0.5)


def applied(row: Row, *xs: Any) -> Any:
    """The row on Values, symbols and numbers; of a Condition, the number."""
    made = apply(Value, row, *xs)
    return getattr(made, 'flag', made)
