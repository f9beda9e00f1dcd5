"""A compiled function against the eager one: example by example, and the mean cost of batches of many sizes."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

import micrograd
from micrograd import Value
from tests.compiler.bounds import Bounded, UndecidedError, agrees, either_zero, gradients, mean, values

SIZES = (1, 2, 3, 7, 8, 100, 1001)
MACHINES = ('numpy', 'llvm')


class Example(NamedTuple):
    """What the eager function gives for one example: `x` are its numbers."""

    x: tuple[float, ...]
    outputs: list[Bounded]
    by_inputs: list[list[Bounded]]
    by_parameters: list[list[Bounded]]


class Function(NamedTuple):
    """A function of a list of numbers that gives a Value or a list of them, and what it captures.

    The last `plain` numbers are not Values in eager evaluation, but floats, as targets are: a loss leaves out the terms
    that do not count then.
    """

    f: Callable[[Any], Any]
    parameters: Sequence[Value] = ()
    plain: int = 0

    def example(self, x: Sequence[float]) -> Example:
        """The eager outputs and derivatives, with bounds."""
        n = len(x) - self.plain
        inputs = [Value(number) for number in x[:n]]
        made = self.f([*inputs, *x[n:]])
        outputs = [y if isinstance(y, Value) else Value(y) for y in (made if isinstance(made, list) else [made])]
        data = values([*outputs, *inputs, *self.parameters])
        found = [gradients(y, [*inputs, *self.parameters], data) for y in outputs]
        by_inputs, by_parameters = [dxs[:n] for dxs in found], [dxs[n:] for dxs in found]
        numbers = [either_zero(data[id(y)]) if self.plain else data[id(y)] for y in outputs]
        return Example(tuple(x), numbers, by_inputs, by_parameters)

    def decided(self, points: Sequence[Sequence[float]]) -> list[Example]:
        """The examples of which something can be said."""
        return list(self._decided(points))

    def _decided(self, points: Sequence[Sequence[float]]) -> Iterator[Example]:
        for x in points:
            try:
                yield self.example(x)
            except UndecidedError:
                continue


def check_maps(function: Function, examples: Sequence[Example], dtype: str = 'float64') -> None:
    """Outputs, and derivatives by the inputs, of each example."""
    X = np.array([example.x for example in examples])
    for machine in MACHINES:
        compiled = micrograd.compile(function.f, machine=machine, dtype=dtype)
        outputs, slopes = compiled(X), compiled.jacobian(X)
        for i, example in enumerate(examples):
            where = f'{machine}, at {example.x}'
            _same(np.ravel(outputs[i]), example.outputs, f'{where}: outputs')
            found = np.reshape(slopes[i], (len(example.outputs), -1))[:, : len(example.by_inputs[0])]
            _same(np.ravel(found), [dx for row in example.by_inputs for dx in row], f'{where}: by inputs')


def check_costs(
    function: Function, examples: Sequence[Example], sizes: Sequence[int] = SIZES, dtype: str = 'float64'
) -> int:
    """The mean cost of batches, and its derivatives by the parameters; how many batches could be decided."""
    decided = 0
    for n in sizes if examples else ():
        batch = [examples[i % len(examples)] for i in range(n)]
        try:
            cost = mean([example.outputs[0] for example in batch])
            by_parameters = [
                mean([example.by_parameters[0][k] for example in batch]) for k in range(len(function.parameters))
            ]
        except UndecidedError:
            continue
        decided += 1
        X = np.array([example.x for example in batch])
        for machine in MACHINES:
            check_cost(function, X, cost, by_parameters, machine, dtype)
    return decided


def check_cost(
    function: Function, X: Any, cost: Bounded, by_parameters: Sequence[Bounded], machine: str, dtype: str = 'float64'
) -> None:
    compiled = _compiled(function, machine, dtype)
    for p in function.parameters:
        p.grad = 0.0
    found = compiled(X)
    found.backward()
    where = f'{machine}, {len(X)} examples'
    _same([found.data], [cost], f'{where}: cost')
    _same([p.grad for p in function.parameters], by_parameters, f'{where}: by parameters')


KEPT: dict[Any, Any] = {}


def _compiled(function: Function, machine: str, dtype: str) -> Any:
    """One compiled function for all batches, so that one trace serves them."""
    key = machine, dtype
    if KEPT.get('f') is not function.f:
        KEPT.clear()
        KEPT['f'] = function.f
    if key not in KEPT:
        KEPT[key] = micrograd.compile_cost(function.f, machine=machine, dtype=dtype)
    return KEPT[key]


def _same(found: Any, expected: Sequence[Bounded], where: str) -> None:
    assert len(found) == len(expected), where
    for i, (x, right) in enumerate(zip(found, expected, strict=True)):
        assert agrees(x, right), f'{where} {i}: {float(x)!r}, and it should be {right!r}'
