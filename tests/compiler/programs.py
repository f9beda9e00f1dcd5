"""What compiled programs are tried on: every row of the table and the points to try it at, and random programs."""

import random
from itertools import product
from math import inf, isfinite, nan
from typing import Any, NamedTuple

import hypothesis.strategies as st

from micrograd import Value
from micrograd.operators import apply
from micrograd.primitives import Row, rows
from tests.compiler.eager import Function

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
    return list(
        product({1: SPECIAL, 2: FEW, 3: FEWER, 4: [0.0, inf, nan, 1.0, -2.5]}[count_of(row)], repeat=count_of(row))
    )


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


# Random programs -----------------------------------------------------------------------------------------------------

STEPPED = [row for row in ROWS if row.name != 'select']
TAME = [row for row in STEPPED if row.name in {'add', 'sub', 'mul', 'sum', 'dot', 'neg', 'tanh', 'relu', 'max', 'sin'}]

numbers = st.one_of(st.floats(-3.0, 3.0, width=16), st.floats(-3.0, 3.0), st.sampled_from(FEW))
picks = st.lists(st.integers(0, 99), min_size=1, max_size=8)
steps = st.tuples(st.one_of(st.sampled_from(STEPPED), st.sampled_from(TAME)), picks)


class Program(NamedTuple):
    """A graph of operations: each takes earlier nodes, counted from the latest, so nodes are shared."""

    points: list[tuple[float, ...]]
    captured: list[float]
    constants: list[float]
    steps: list[tuple[Row, list[int]]]
    outputs: list[int]

    def __repr__(self) -> str:
        named = [(row.symbol, chosen) for row, chosen in self.steps]
        return f'Program({self.points}, {self.captured}, {self.constants}, {named}, {self.outputs})'

    def parameters(self) -> list[Value]:
        return [Value(x) for x in self.captured]

    def run(self, xs: Any, parameters: Any) -> list[Any]:
        """All the nodes."""
        nodes = [*xs, *parameters, *self.constants]
        for row, chosen in self.steps:
            count = row.arity or row.lists * len(chosen)
            operands = [nodes[-1 - chosen[i % len(chosen)] * (1 + i // len(chosen)) % len(nodes)] for i in range(count)]
            nodes.append(applied(row, *operands))
        return nodes

    def function(self) -> Function:
        """Several outputs, some of them the same."""
        parameters = self.parameters()

        def outputs(xs: Any) -> list[Any]:
            nodes = self.run(xs, parameters)
            return [nodes[-1 - i % len(nodes)] for i in self.outputs]

        return Function(outputs, parameters)

    def cost(self) -> Function:
        """The last node."""
        parameters = self.parameters()
        return Function(lambda xs: self.run(xs, parameters)[-1], parameters)


@st.composite
def programs(draw: st.DrawFn) -> Program:
    count = draw(st.integers(1, 4))
    points = draw(st.lists(st.tuples(*[numbers] * count), min_size=1, max_size=5))
    captured = draw(st.lists(numbers, max_size=4))
    constants = draw(st.lists(numbers, max_size=2))
    outputs = draw(st.lists(st.integers(0, 9), min_size=1, max_size=4))
    return Program(points, captured, constants, draw(st.lists(steps, min_size=1, max_size=30)), outputs)
