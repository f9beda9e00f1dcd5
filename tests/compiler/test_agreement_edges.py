"""Compiled against eager: second derivatives, floats of 32 bits, padding, gates, depth, arguments of all kinds."""

import math
import threading
from fractions import Fraction
from math import inf, nan
from typing import Any

import numpy as np
import pytest

import micrograd
from micrograd import Value, gradients
from micrograd.errors import DataError, MicrogradError
from micrograd.primitives import Row
from tests.compiler.bounds import UndecidedError, agrees, single_precision, values
from tests.compiler.bounds import gradients as bounded_gradients
from tests.compiler.eager import MACHINES, SIZES, Function, check_costs, check_maps
from tests.compiler.programs import ROWS, applied, ordinary

both = pytest.mark.parametrize('machine', MACHINES)


def name(row: Row) -> str:
    return row.symbol


# Second derivatives --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize('row', ROWS, ids=name)
def test_hessians(row: Row) -> None:
    def f(xs: Any) -> Any:
        return applied(row, *xs) * 1.5 + xs[-1] * xs[-1]

    points, expected = [], []
    for x in ordinary(row, 12):
        inputs = [Value(number) for number in x]
        slopes = gradients(f(inputs), inputs, create_graph=True)
        try:
            data = values([*slopes, *inputs])
            expected.append([bounded_gradients(slope, inputs, data) for slope in slopes])
        except UndecidedError:
            continue
        points.append(x)
    assert len(points) >= 6
    for machine in MACHINES:
        found = micrograd.compile(f, machine=machine).hessian(np.array(points))
        for x, matrix, right in zip(points, found, expected, strict=True):
            for i, row_of in enumerate(right):
                for j, entry in enumerate(row_of):
                    assert agrees(matrix[i][j], entry), f'{machine}, at {x}: {i}, {j}: {matrix[i][j]}, not {entry}'


# Single precision ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize('row', ROWS, ids=name)
def test_rows_in_single_precision(row: Row) -> None:
    w = Value(0.75)
    function = Function(lambda xs: w * applied(row, *xs) + 0.5, [w])
    points = [tuple(float(np.float32(x)) for x in point) for point in ordinary(row, 20)]
    with single_precision():
        examples = function.decided(points)
        assert len(examples) >= 15
        check_maps(function, examples, 'float32')
        check_costs(function, examples, (1, 7, 100), 'float32')


# Padding -------------------------------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize('n', SIZES)
def test_padding_never_leaks(machine: str, n: int) -> None:
    w, b = Value(2.0), Value(1.0)
    cost = micrograd.compile_cost(lambda x: w / x + micrograd.log(x) * b + 0.0 / x, machine=machine)  # at 0 nan
    X = [0.5 + i % 3 for i in range(n)]
    C = cost(X)
    C.backward()
    assert C.data == pytest.approx(sum(2.0 / x + math.log(x) for x in X) / n, rel=1e-13)
    assert w.grad == pytest.approx(sum(1.0 / x for x in X) / n, rel=1e-13)
    assert b.grad == pytest.approx(sum(math.log(x) for x in X) / n, rel=1e-12)


@both
def test_a_smaller_batch_after_one_with_nan(machine: str) -> None:
    w = Value(2.0)
    cost = micrograd.compile_cost(lambda x: w * x, machine=machine)
    assert math.isnan(cost([nan] * 100).data)
    for n in SIZES:
        assert cost([1.0] * n).data == 2.0
        value, (slope,) = cost.value_and_grad([3.0] * n)
        assert (value, slope) == pytest.approx((6.0, 3.0), rel=1e-14)


@both
def test_one_nan_among_many_is_seen_and_stays_in_its_example(machine: str) -> None:
    w = Value(2.0)
    X = np.arange(1.0, 102.0)
    for place in (0, 50, 96, 100):
        bad = X.copy()
        bad[place] = nan
        assert math.isnan(micrograd.compile_cost(lambda x: w * x, machine=machine)(bad).data)
        found = micrograd.compile(lambda x: w * x, machine=machine)(bad)
        assert np.isnan(found).nonzero()[0].tolist() == [place]


# Gates ---------------------------------------------------------------------------------------------------------------


@both
def test_nothing_passes_a_gate_that_is_shut(machine: str) -> None:
    w = Value(3.0)

    def f(x: Any) -> Any:
        return micrograd.where(x > 0.0, micrograd.log(x) * w, 0.0)

    y, dx = micrograd.compile(f, machine=machine).value_and_grad([0.0, -1.0, 1.0])
    assert (y.tolist(), dx.tolist()) == ([0.0, 0.0, 0.0], [0.0, 0.0, 3.0])
    C = micrograd.compile_cost(f, machine=machine)([0.0, 0.0, math.e])
    C.backward()
    assert (C.data, w.grad) == (pytest.approx(1.0), pytest.approx(1.0 / 3.0))


GATES = {
    'relu of log': lambda x, w: micrograd.relu(micrograd.log(x * w)),
    'maximum': lambda x, w: micrograd.maximum(w, micrograd.div(1.0, x)) + 0.0 * x,
    'sqrt': lambda x, w: micrograd.where(x > 0.0, micrograd.sqrt(x), -x) * w,
    'two gates': lambda x, w: micrograd.relu(micrograd.where(x > 0.0, micrograd.log(x), -1.0) * w),
    'gate behind a gate': lambda x, w: micrograd.where(x < 0.5, 0.0, micrograd.relu(x.log()) / x) * w,
    'infinite slope outside': lambda x, w: micrograd.where(x > 0.0, x, 0.0).sqrt() * w,
    'abs': lambda x, w: abs(x) * abs(w) / abs(x),
    'min max': lambda x, w: micrograd.max([x, w, x]) - micrograd.min([w, x, x]),
    'clamp': lambda x, w: micrograd.clamp(micrograd.div(w, x), -1.0, 1.0),
    'hinge': lambda x, w: (1.0 - x * w).relu(),
    'tie': lambda x, w: micrograd.maximum(x, x) + micrograd.maximum(w, w) + micrograd.minimum(x * w, x * w),
    'power': lambda x, w: x**w + w**x,
    'conditions': lambda x, w: micrograd.where((x > 0.0) & (w > 0.0), x, w) + micrograd.where(~(x <= w), w, x),
    'logsumexp': lambda x, w: micrograd.logsumexp([x, w, x * w]),
    'difference': lambda x, w: (x - x) / (w - w),
    'shared gate': lambda x, w: micrograd.where(w > 0.0, micrograd.log(w), 0.0) * x,
}


@pytest.mark.parametrize('case', GATES)
def test_gates(case: str) -> None:
    numbers = [0.0, -0.0, 1.0, -1.0, 0.5, 2.0, inf, -inf, nan, 5e-324, 1e300]
    w = Value(0.0)
    function = Function(lambda xs: GATES[case](xs[0], w), [w])
    decided = 0
    for w.data in numbers:
        examples = function.decided([(x,) for x in numbers])
        decided += len(examples)
        if examples:
            check_maps(function, examples)
        for example in examples:
            check_costs(function, [example], (3,))
    assert decided >= (0.25 if case == 'difference' else 0.7) * len(numbers) ** 2  # the sign of x - x is open


# What is out of the ordinary -----------------------------------------------------------------------------------------


@both
def test_functions_that_need_no_input_or_no_parameter(machine: str) -> None:
    w = Value(3.0)
    assert micrograd.compile(lambda x: 2.0, machine=machine)([1.0, 2.0]).tolist() == [2.0, 2.0]
    assert micrograd.compile(lambda x: w * w, machine=machine)([1.0, 2.0]).tolist() == [9.0, 9.0]
    value, slope = micrograd.compile(lambda x: w * w, machine=machine).value_and_grad([1.0, 2.0])
    assert (value.tolist(), slope.tolist()) == ([9.0, 9.0], [0.0, 0.0])
    C = micrograd.compile_cost(lambda x: w * w, machine=machine)([1.0, 2.0])
    C.backward()
    assert (C.data, w.grad) == (9.0, 6.0)
    C = micrograd.compile_cost(lambda x: x * x, machine=machine)([1.0, 3.0])
    assert (C.data, C._prev) == (5.0, ())


@both
def test_outputs_that_are_repeated_inputs_parameters_and_constants(machine: str) -> None:
    w = Value(3.0)

    def f(x: Any) -> Any:
        y = w * x
        return [y, y, x, w, 4.0, y]

    compiled = micrograd.compile(f, machine=machine)
    assert compiled([1.0, 2.0]).tolist() == [[3.0, 3.0, 1.0, 3.0, 4.0, 3.0], [6.0, 6.0, 2.0, 3.0, 4.0, 6.0]]
    assert compiled.jacobian([1.0]).tolist() == [[3.0, 3.0, 1.0, 0.0, 0.0, 3.0]]


@both
def test_parameters_that_are_met_twice_or_lead_nowhere(machine: str) -> None:
    w, idle = Value(3.0), Value(1.0)

    def f(x: Any) -> Any:
        _ = idle * x
        return w * x + w * w + micrograd.stop_gradient(idle)

    w.grad, idle.grad = 0.0, 0.0
    C = micrograd.compile_cost(f, machine=machine)([1.0, 2.0])
    C.backward()
    assert (C.data, w.grad, idle.grad) == (14.5, 7.5, 0.0)
    C.backward()
    assert w.grad == 15.0
    w.data = 1.0
    assert micrograd.compile_cost(f, machine=machine)([1.0, 2.0]).data == 3.5


@both
def test_take(machine: str) -> None:
    table = [[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)], [Value(5.0), Value(6.0)]]

    def f(i: Any, x: Any) -> Any:
        row = micrograd.take(table, i)
        return row[0] * x + row[1] * row[1]

    compiled, cost = micrograd.compile(f, machine=machine), micrograd.compile_cost(f, machine=machine)
    assert compiled([0, 2, 2, 1], [1.0, 1.0, 2.0, 0.0]).tolist() == [5.0, 41.0, 46.0, 16.0]
    cost([0, 2, 2, 1], [1.0, 1.0, 2.0, 0.0]).backward()
    assert [[v.grad for v in row] for row in table] == [[0.25, 1.0], [0.0, 2.0], [0.75, 6.0]]
    for wrong in (3, -1, 0.5, 1e300, inf, nan, -0.5, 2**31, 2**63):
        for function in (compiled, cost):
            with pytest.raises(DataError):
                function([0, wrong], [1.0, 1.0])
    assert compiled([-0.0], [1.0]).tolist() == [5.0]


@both
@pytest.mark.parametrize('dtype', [np.int8, np.uint8, np.int64, np.bool_, np.float16, np.float32, '>f8'])
def test_arrays_of_all_kinds_of_numbers(machine: str, dtype: Any) -> None:
    X = np.array([[0, 1], [1, 1], [1, 0]], dtype)
    compiled = micrograd.compile(lambda x: x[0] * 2.0 + x[1], machine=machine)
    for batch in (X, X.tolist(), np.asfortranarray(X), np.repeat(X, 2, axis=1)[:, ::2], X[::-1][::-1]):
        assert compiled(batch).tolist() == [1.0, 3.0, 2.0]


@both
def test_numbers_of_python(machine: str) -> None:
    compiled = micrograd.compile(lambda x: 2.0 * x, machine=machine)
    assert compiled([True, 2, Fraction(1, 2), np.float32(1.5), 10**20]).tolist() == [2.0, 4.0, 1.0, 3.0, 2e20]
    assert compiled((1, 2)).tolist() == [2.0, 4.0]


BAD: dict[str, Any] = {
    'empty': [],
    'empty array': np.zeros((0, 2)),
    'ragged': [[1.0, 2.0], [1.0]],
    'too deep': [[1.0, 2.0], [[1.0], 2.0]],
    'text': ['a', 'b'],
    'texts': [['1.0', '2.0']],
    'None': [None, None],
    'nothing': None,
    'number': 1.0,
    'some None': [[1.0, None]],
    'objects': np.array([[object(), 1.0]], dtype=object),
    'complex': [[1j, 1.0]],
    'complex array': np.array([[1j, 1.0]]),
    'Values': [[Value(1.0), Value(2.0)]],
    'a set': [{1.0, 2.0}],
    'dates': np.array([['2020-01-01', '2020-01-02']], dtype='datetime64[D]'),
}


@both
@pytest.mark.parametrize('case', BAD)
def test_arguments_that_are_no_batch(machine: str, case: str) -> None:
    w = Value(1.0)
    for make in (micrograd.compile, micrograd.compile_cost):
        compiled = make(lambda x: w * x[0] + x[1], machine=machine)
        with pytest.raises((MicrogradError, TypeError, ValueError)):
            compiled(BAD[case])
        assert float(np.ravel(getattr(compiled([[1.0, 2.0]]), 'data', 0.0))[0]) == 3.0


@both
def test_numbers_of_examples_that_differ(machine: str) -> None:
    with pytest.raises(DataError):
        micrograd.compile(lambda x, y: x * y, machine=machine)([1.0, 2.0], [1.0])


@both
def test_two_threads_call_one_function(machine: str) -> None:
    w = Value(3.0)
    compiled = micrograd.compile(lambda x: w * x + x.tanh(), machine=machine)
    cost = micrograd.compile_cost(lambda x: w * x, machine=machine)
    wrong: list[Any] = []

    def work(k: int) -> None:
        X = np.full(50 + k, float(k))
        for _ in range(60):
            if not (compiled(X) == 3.0 * k + math.tanh(k)).all() or cost.value_and_grad(X) != (3.0 * k, [float(k)]):
                wrong.append(k)

    compiled([1.0])
    expected = [compiled([float(k)])[0] for k in range(4)]
    assert expected == pytest.approx([3.0 * k + math.tanh(k) for k in range(4)], rel=1e-15)
    threads = [threading.Thread(target=work, args=(k,)) for k in (0, 20, 30, 40)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# Large programs ------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures('uncounted')
def test_a_chain_of_a_million_sums() -> None:
    w = Value(0.5)

    def f(x: Any) -> Any:
        for _ in range(1_000_000):
            x = x + w
        return x

    C = micrograd.compile_cost(f, machine='llvm')([1.0, 2.0])
    C.backward()
    assert (C.data, w.grad) == (500_001.5, 1_000_000.0)


@pytest.mark.usefixtures('uncounted')
def test_a_deep_chain_of_functions() -> None:
    w = Value(0.5)

    def f(x: Any) -> Any:
        for _ in range(20_000):
            x = w * x.sin() + 1.0
        return x

    C = micrograd.compile_cost(f, machine='llvm')([1.0, 2.0])
    C.backward()
    found = C.data, w.grad
    w.grad = 0.0
    eager = (f(Value(1.0)) + f(Value(2.0))) / 2.0
    eager.backward()
    assert found == pytest.approx((eager.data, w.grad), rel=1e-12)


OPERATIONS = [
    lambda x, y: x.sin(),
    lambda x, y: x - y,
    lambda x, y: (x + y) * 0.5,
    lambda x, y: (x * y).tanh(),
    lambda x, y: x * y,
]


@pytest.mark.usefixtures('uncounted')
@pytest.mark.parametrize(('machine', 'count'), [('numpy', 10_000), ('llvm', 100_000)])
def test_an_irregular_graph_of_100_000_operations(machine: str, count: int) -> None:
    rng = np.random.default_rng(0)
    parameters = [Value(x) for x in rng.normal(size=20)]
    choices = rng.integers(0, 1 << 30, (count, 3)).tolist()

    def f(xs: Any) -> Any:
        nodes = [*xs, *parameters]
        for kind, i, j in choices:
            x, y = nodes[-1 - i % min(len(nodes), 500)], nodes[-1 - j % min(len(nodes), 500)]
            kind %= 4
            nodes.append(
                x.sin() if kind == 0 else x - y if kind == 1 else (x + y) * 0.5 if kind == 2 else (x * y).tanh()
            )
        return micrograd.sum(nodes[-100:])

    X = rng.normal(size=(3, 4))
    eager = [f([Value(x) for x in row]) for row in X.tolist()]
    C = micrograd.compile_cost(f, machine=machine)(X)
    assert C.data == pytest.approx(sum(y.data for y in eager) / 3, rel=1e-9)
    C.backward()
    found = [p.grad for p in parameters]
    for p in parameters:
        p.grad = 0.0
    (sum(eager) / 3.0).backward()
    assert found == pytest.approx([p.grad for p in parameters], rel=1e-7, abs=1e-9)
