"""Functions called once on symbols, and the graphs that they write."""

import asyncio
import gc
import math
import random
from collections import namedtuple
from collections.abc import Callable
from threading import Thread
from typing import Any

import numpy as np
import pytest

import micrograd
from micrograd import Value, context, groups, losses, no_grad
from micrograd.compiler.graph import CONSTANT, INPUT, SHARED, Graph
from micrograd.compiler.symbols import TRACES, Symbol, Tracer
from micrograd.compiler.trace import Input, Trace, trace
from micrograd.errors import DataError, MicrogradError, ShapeError, TracingError
from micrograd.graph import topological
from micrograd.nn import MLP, Layer, Module, Neuron
from micrograd.primitives import STOP_GRADIENT, TABLE, Family, rows

Point = namedtuple('Point', 'x y')
X = Input(0)


def traced(function: Callable[..., Any], *args: Any, **kwargs: Any) -> Trace:
    return trace(function, args, kwargs)


def evaluated(t: Trace, *inputs: float) -> Any:
    """What a trace computes, node by node, with the floats of the table."""
    numbers: list[float] = []
    for kind, *xs in t.graph.nodes:
        if kind is CONSTANT:
            numbers.append(xs[0])
        elif kind is SHARED:
            numbers.append(t.parameters[xs[0]].data)
        elif kind is INPUT:
            numbers.append(inputs[xs[0]])
        else:
            numbers.append(kind.forward(*[numbers[x] for x in xs]))
    return placed(t.outputs, numbers)


def placed(outputs: Any, numbers: list[float]) -> Any:
    if isinstance(outputs, int):
        return numbers[outputs]
    if isinstance(outputs, dict):
        return {key: placed(x, numbers) for key, x in outputs.items()}
    return [placed(x, numbers) for x in outputs]


def names(t: Trace) -> list[str]:
    return [node[0] if isinstance(node[0], str) else node[0].name for node in t.graph.nodes]


def number(x: Any) -> float:
    return float(x.data if isinstance(x, Value) else x if isinstance(x, float) else bool(x))


# What can be written --------------------------------------------------------------------------------------------------

W = Value(1.5, label='w')
ONE = Value(1.0)

PROGRAMS: dict[str, Callable[[Any, Any], Any]] = {
    'operators': lambda x, y: x + y * x - y / x + (-x) ** 2 + abs(y),
    'a number on either side': lambda x, y: 1 + (2 - (3 * (4 / (5.0 + x)))) - 1 + (x * 2) / 3 + True * y,
    'powers': lambda x, y: x**2 + x**3.0 + y**x + 2.0**x + x**True + x ** np.float64(0.5),
    'a Value on either side': lambda x, y: W + x * W - (W - y) / W + x / W + W**x + x**W,
    'comparisons': lambda x, y: micrograd.where((x > y) & (x > 0) | ~(y <= 1), x, y) + y * (x < 2) + y * (x <= W),
    'a condition and a truth': lambda x, y: micrograd.where((x > 0) & True, 1.0, y),
    'methods': lambda x, y: x.exp() + x.tanh() + x.relu() + x.leaky_relu(0.2) + x.elu() + x.clamp(0.0, hi=1.0),
    'functions': lambda x, y: micrograd.exp(x) + micrograd.maximum(x, y) + micrograd.atan2(y, 1.0) + micrograd.floor(x),
    'lists': lambda x, y: micrograd.sum([x, 1.0, W]) + micrograd.dot([x, y], [W, 2.0]) + micrograd.max([x, y, 0.5]),
    'compositions': lambda x, y: micrograd.softmax([x, y, W])[1] + micrograd.mean([x, y]) + micrograd.norm([x, y]),
    'logsumexp': lambda x, y: micrograd.logsumexp([x, y]) + micrograd.min([x, y]),
    'the sum of Python': lambda x, y: sum([x, y, W]),
    'a regularisation': lambda x, y: x + 0.01 * sum(p * p for p in [W, Value(2.0)]),
    'conditions of parameters': lambda x, y: micrograd.where(W > 1.0, x, y),
    'arrays': lambda x, y: np.dot(np.array([x, y]), np.array([2.0, W])),
    'functions of NumPy': lambda x, y: np.exp(x) + np.float64(2.0) * y + np.tanh(np.array([x]))[0],
    'a fresh leaf': lambda x, y: Value(0.0) + x,
    'detached': lambda x, y: x.detach() * y + W.detach() * (W * 2.0).detach(),
    'no symbol': lambda x, y: W * 2.0 + 1.0,
    'a number': lambda x, y: 3.0,
    'a comparison': lambda x, y: x < y,
}


@pytest.mark.parametrize('program', PROGRAMS.values(), ids=PROGRAMS)
def test_a_trace_computes_what_the_function_does(program: Callable[[Any, Any], Any]) -> None:
    t = traced(program, X, Input(1))
    for x, y in [(1.25, 0.5), (0.75, 2.0)]:
        assert evaluated(t, x, y) == pytest.approx(number(program(Value(x), Value(y))), rel=1e-15)


@pytest.mark.parametrize('row', [r for r in rows() if not r.lists], ids=lambda r: r.name)
def test_every_row_is_one_node(row: Any) -> None:
    assert row.arity is not None
    entry = TABLE[row.name]
    function = getattr(micrograd, row.name)
    constants = entry.examples[0] if isinstance(entry, Family) else ()
    t = traced(lambda *xs: function(*xs, *constants), *map(Input, range(row.arity)))
    assert names(t) == ['input'] * row.arity + [row.name]


@pytest.mark.parametrize('name', sorted(TABLE.keys() & vars(Value).keys()))
def test_every_method_is_one_node(name: str) -> None:
    assert names(traced(lambda x: getattr(x, name)(), X)) == ['input', name]


def test_what_is_there_twice_is_one_node() -> None:
    t = traced(lambda x: (x * 2.0).exp() + (x * 2.0).exp(), X)
    assert names(t) == ['input', 'constant', 'mul', 'exp', 'add']


def test_containers_come_and_go_as_they_are() -> None:
    def function(p: Point, table: dict[str, Any], array: Any, *, k: Any, mode: str) -> Any:
        assert isinstance(p, Point)
        assert mode == 'text'
        assert array.shape == (2, 1)
        return {'sum': p.x + p.y, 'rest': (table['a'][0], [k, 1.0], array)}

    array = np.array([[Input(3)], [Input(4)]])
    t = traced(function, Point(Input(0), Input(1)), {'a': (Input(2),)}, array, k=Input(5), mode='text')
    assert list(t.outputs) == ['sum', 'rest']
    a, (k, one), same = t.outputs['rest']
    assert [t.graph.nodes[i] for i in (a, k, one)] == [(INPUT, 2), (INPUT, 5), (CONSTANT, 1.0)]
    assert [t.graph.nodes[i] for i in same.reshape(-1)] == [(INPUT, 3), (INPUT, 4)]


def test_an_array_in_another_order_keeps_its_places() -> None:
    t = traced(lambda x, y: np.asfortranarray(np.array([[x, y], [y, x]], object)[:, ::-1]), X, Input(1))
    assert [[t.graph.nodes[i][1] for i in row] for row in t.outputs] == [[1, 0], [0, 1]]


# What is captured -----------------------------------------------------------------------------------------------------


def test_leaves_are_parameters_in_the_order_first_met_after_those_given() -> None:
    a, b, c = Value(1.0), Value(2.0), Value(3.0)
    t = trace(lambda x: c * x + b + c, (X,), {}, parameters=[a, b, a])
    assert t.parameters == [a, b, c]
    assert evaluated(t, 2.0) == 11.0
    c.data = 5.0
    assert evaluated(t, 2.0) == 17.0


def test_parameters_in_another_order() -> None:
    a, b = Value(1.0), Value(2.0)
    t = traced(lambda x: a * x - b, X).reordered([b, a])
    assert t.parameters == [b, a]
    assert evaluated(t, 10.0) == 8.0


def test_numbers_are_constants_with_their_signs() -> None:
    t = traced(lambda x: [x * 0.0, x * -0.0, x * math.nan, x * -math.nan], X)
    assert names(t).count('constant') == 3
    assert t.parameters == []


def test_an_interior_value_from_before_is_an_error() -> None:
    z = W * 2.0
    for function in (lambda x: z * x, lambda x: (z + 1.0) * x, lambda x: z):
        with pytest.raises(TracingError, match=r"made by '\*' before the function was called.*Right: .*z\.detach\(\)"):
            traced(function, X)
    assert evaluated(traced(lambda x: z.detach() * x, X), 2.0) == 6.0


def test_what_is_detached_is_read_afresh() -> None:
    w = Value(2.0)
    t = traced(lambda x: (w * 3.0).detach() * w.detach() * x, X)
    w.data = 4.0
    assert t.parameters == [w]
    assert evaluated(t, 1.0) == 48.0
    assert names(t).count('stop_gradient') == 2


def test_an_operation_by_hand_is_an_error() -> None:
    with pytest.raises(TracingError, match=r"'cube' was defined by hand.*primitive\("):
        traced(lambda x: Value(8.0, (W,), 'cube') * 2.0 * x, X)


def test_leaves_that_nobody_holds_any_more_are_constants() -> None:
    w = Value(2.0)
    kept = []

    def function(x: Any) -> Any:
        kept.append(Value(4.0))
        return {'a': Value(3.0) * x + kept[-1] * w, 'b': [Value(3.0), x]}

    t = traced(function, X)
    assert set(map(id, t.parameters)) == {id(w), id(kept[0])}
    assert evaluated(t, 5.0) == {'a': 23.0, 'b': [3.0, 5.0]}
    kept[0].data = 5.0
    assert evaluated(t, 5.0)['a'] == 25.0


def test_a_network_that_is_given_numbers_too_captures_only_its_own() -> None:
    model = MLP(2, [3, 1], generator=0)
    t = traced(lambda x: model([x, 1.0]), X)
    assert set(map(id, t.parameters)) == set(map(id, model.parameters()))
    assert evaluated(t, 0.5) == model([0.5, 1.0]).data


@pytest.mark.usefixtures('uncounted')
def test_a_million_operations_on_values_alone() -> None:
    w = Value(1.0)

    def function(x: Any) -> Any:
        v = w
        for _ in range(1_000_000):
            v = v + w
        return v * x

    t = traced(function, X)
    assert len(t.graph.nodes) == 1_000_003
    assert evaluated(t, 2.0) == 2_000_002.0


def test_no_grad_stops_gradients() -> None:
    def function(x: Any) -> Any:
        with no_grad():
            a, b = x * 2.0, W * 3.0
        return a * b * x

    t = traced(function, X)
    stopped = [t.graph.nodes[xs[0]][0].name for row, *xs in t.graph.nodes if row is STOP_GRADIENT]
    assert stopped == ['mul', 'mul']
    assert evaluated(t, 1.0) == 2.0 * (W.data * 3.0)


def test_no_grad_around_the_call_changes_nothing() -> None:
    with no_grad():
        assert 'stop_gradient' not in names(traced(lambda x: x * (W * W), X))
        assert (W * W)._prev == ()


# What cannot be compiled ----------------------------------------------------------------------------------------------

REFUSED: dict[str, tuple[Callable[[Any], Any], str]] = {
    'data': (lambda x: x.data, r'Wrong: x\.data'),
    'item': (lambda x: x.item(), r'Wrong: x\.item\(\)'),
    'a Value of it': (lambda x: Value(x), r'Wrong: x\.item\(\), Value\(x\)'),
    'writing data': (lambda x: setattr(x, 'data', 1.0), r'Wrong: x\.data = 1\.0'),
    'float': (lambda x: float(x), r'Right: micrograd\.exp'),
    'int': (lambda x: int(x), 'needs a float'),
    'round': (lambda x: round(x), 'needs a float'),
    'math': (lambda x: math.exp(x), r'Wrong: math\.exp\(x\).*Right: micrograd\.exp\(x\)'),
    'math.floor': (lambda x: math.floor(x), 'needs a float'),
    'an array of floats': (lambda x: np.array([x], float), 'needs a float'),
    'an index': (lambda x: [1.0, 2.0][x], r'Right: micrograd\.take'),
    'a range': (lambda x: list(range(x)), r'Right: micrograd\.take'),
    'if': (lambda x: x if x > 0 else -x, r'Right: micrograd\.where'),
    'if on a number': (lambda x: x if x else -x, r'Right: micrograd\.where'),
    'not': (lambda x: not x, r'Right: micrograd\.where'),
    'and': (lambda x: x > 0 and x < 1, r'\(x > 0\) & \(y > 0\)'),
    'a chain': (lambda x: 0 < x < 1, r'\(x > 0\) & \(y > 0\)'),
    'max': (lambda x: max(x, 0.0), r'Right: .*micrograd\.maximum'),
    'min': (lambda x: min([x, 1.0]), r'Right: .*micrograd\.maximum'),
    'sorted': (lambda x: sorted([x, 1.0]), r'sorted'),
    'np.maximum': (lambda x: np.maximum(np.array([x]), 0.0), r'Right: .*micrograd\.maximum'),
    'if on a parameter': (lambda x: x if W > 0 else -x, r'Right: micrograd\.where'),
    'max of parameters': (lambda x: x * max(W, Value(1.0)), r'Right: .*micrograd\.maximum'),
    'equal to a number': (lambda x: x if x == 1 else -x, r'Wrong: x == 1.*micrograd\.equal'),
    'unequal': (lambda x: x if x != 1 else -x, r'micrograd\.equal'),
    'a number on the left': (lambda x: x if 1 == x else -x, r'micrograd\.equal'),  # noqa: SIM300
    'equal to another': (lambda x: x == 2 * x, r'micrograd\.equal'),
    'in': (lambda x: x in (0, 1), r'micrograd\.equal'),
    'backward': (lambda x: (x * x).backward(), r'compile_cost'),
    'grad': (lambda x: x.grad, r'compile_cost'),
    'writing grad': (lambda x: setattr(x, 'grad', 0.0), r'compile_cost'),
    'gradients': (lambda x: micrograd.gradients(x * x, [x]), r'value_and_grad'),
    'parents': (lambda x: x._prev, r'value_and_grad'),
    'a remainder': (lambda x: x % 2, r'micrograd\.floor'),
    'a quotient': (lambda x: 3 // x, r'micrograd\.floor'),
    'a computed index': (lambda x: micrograd.take([1.0, 2.0], 2 * x), r'Right: take\(rows, i\)'),
    'a parameter as an index of parameters': (lambda x: x * micrograd.take([W, 2.0], ONE), r'Right: take\(rows, i\)'),
    'a parameter as an index': (lambda x: micrograd.take([x, 2.0], ONE), r'Right: take\(rows, i\)'),
}


@pytest.mark.parametrize(('function', 'says'), REFUSED.values(), ids=REFUSED)
def test_an_error_shows_the_line_and_the_right_form(function: Any, says: str) -> None:
    line = function.__code__.co_firstlineno
    with pytest.raises(TracingError, match=says) as caught:
        traced(function, X)
    assert f'{__file__}:{line}: ' in str(caught.value)
    assert 'lambda x: ' in str(caught.value).split('. Wrong')[0]
    assert isinstance(caught.value, MicrogradError)
    assert isinstance(caught.value, TypeError)


@pytest.mark.parametrize('result', [None, 'text', {1.0}, (x for x in 'ab'), [None]], ids=range(5))
def test_a_function_returns_numbers(result: Any) -> None:
    with pytest.raises(TracingError, match=r'returns Values, numbers, and lists.*Wrong: return None'):
        traced(lambda x: result, X)


def test_what_can_be_said_of_a_symbol_without_its_number() -> None:
    def function(x: Any) -> Any:
        assert x == x
        assert x in [x]
        assert x is not None
        assert x != 'text'
        assert x != None  # noqa: E711
        assert {x: 1}[x] == 1
        assert 'Symbol' in f'{x} {x:.3f} {x!r}'
        x.label = 'x'
        return x

    assert traced(function, X).outputs == 0


def test_a_symbol_that_was_kept_is_an_error() -> None:
    kept: list[Any] = []
    traced(lambda x: kept.append(x) or x, X)
    with pytest.raises(TracingError, match='another trace'):
        traced(lambda x: x * kept[0], X)
    with pytest.raises(TracingError, match='another trace'):
        traced(lambda x: micrograd.maximum(x, kept[0]), X)
    t = traced(lambda x: kept.append(x) or x * W, X)
    for use in (lambda x: x * Value(2.0), lambda x: x + x, lambda x: micrograd.exp(x)):
        with pytest.raises(TracingError, match='another trace'):
            use(kept[-1])
    assert t.parameters == [W]


@pytest.mark.parametrize('function', [lambda x: x + 'a', lambda x: [] * x, lambda x: x < None, lambda x: x**1j])
def test_what_is_no_number_is_the_type_error_of_python(function: Any) -> None:
    with pytest.raises(TypeError):
        traced(function, X)


# Around it ------------------------------------------------------------------------------------------------------------


def state() -> tuple[Any, ...]:
    return context.made.get(), context.recording.get(), context.open_contexts, groups.current_call(), gc.isenabled()


def test_everything_is_restored_after_an_exception() -> None:
    before = state()
    for function in (lambda x: 1 / 0, lambda x: x.data, lambda x: None, lambda x: Neuron(1)([x.data])):
        with pytest.raises((ZeroDivisionError, TracingError)):
            traced(function, X)
        assert state() == before


def test_a_collector_that_was_off_stays_off() -> None:
    gc.disable()
    try:
        traced(lambda x: x, X)
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_traces_nest() -> None:
    inner: list[Trace] = []

    def function(x: Any) -> Any:
        v = W * 2.0
        inner.append(traced(lambda y: (W * 3.0) * y, X))
        return v * (W * 5.0) * x

    t = traced(function, X)
    assert evaluated(t, 1.0) == W.data * 2.0 * (W.data * 5.0)
    assert evaluated(inner[0], 1.0) == W.data * 3.0
    with pytest.raises(TracingError, match='another trace'):
        traced(lambda x: traced(lambda y: x * y, X).outputs * x, X)


def test_threads_trace_beside_each_other() -> None:
    found: dict[int, float] = {}

    def run(k: int) -> None:
        w = Value(float(k))
        for _ in range(20):
            t = traced(lambda x: sum(w * w for _ in range(50)) * x, X)
        found[k] = evaluated(t, 1.0)

    threads = [Thread(target=run, args=(k,)) for k in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {k: 50.0 * k * k for k in range(4)}
    assert context.open_contexts == 0
    assert gc.isenabled()


def test_another_task_is_not_traced() -> None:
    async def other() -> Any:
        await asyncio.sleep(0)
        with no_grad():
            return (W * 2.0)._prev

    async def both() -> Any:
        task = asyncio.create_task(other())
        traced(lambda x: W * x, X)
        return await task

    assert asyncio.run(both()) == ()


def test_programs_outside_of_a_trace_decide_as_ever() -> None:
    assert W > 1.0
    assert W.detach()._prev == ()
    assert max(W, Value(2.0)).data == 2.0


# Networks and losses --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize('activation', ['relu', 'tanh', 'sigmoid', 'leaky_relu(0.2)', 'erf', 'linear', lambda z: z * z])
def test_networks_trace(activation: Any) -> None:
    model = MLP(3, [4, 2], activation=activation, output='tanh', generator=random.Random(0))
    t = trace(model, ([Input(0), Input(1), Input(2)],), {}, parameters=model.parameters())
    assert t.parameters == list(model.parameters())
    assert evaluated(t, 0.5, -1.0, 2.0) == [a.data for a in model([0.5, -1.0, 2.0])]


def test_nodes_know_the_layer_that_they_come_from() -> None:
    model = MLP(2, [3, 1], generator=0)
    t = traced(lambda x, y: model([x, y]) * 2.0, X, Input(1))
    origins = {t.graph.sources[k] for k in t.graph.origins}
    assert origins == {'', 'layer 1', 'layer 2'}
    assert t.graph.sources[t.graph.origins[t.outputs]] == ''


def test_an_origin_outlives_leaves_that_become_constants() -> None:
    layer = Layer(2, 2, generator=0)
    t = traced(lambda x: layer([x, 1.0])[0] + Value(1.0), X)
    assert len(t.graph.origins) == len(t.graph.nodes) == len(t.graph.varying)
    assert t.graph.sources[t.graph.origins[t.outputs]] == ''
    assert any(t.graph.sources[k].startswith('Layer') for k in t.graph.origins)


class Recurrent(Module):
    """Holds a symbol among its attributes while it is called."""

    def __init__(self) -> None:
        self.cell = Neuron(2, generator=0)

    def __call__(self, x: Any) -> Any:
        self.h = x
        return self.step(x)

    @groups.group('step')
    def step(self, x: Any) -> Any:
        return self.cell([x, self.h])


def test_modules_that_hold_symbols_trace() -> None:
    model = Recurrent()
    t = traced(model, X)
    assert evaluated(t, 2.0) == Recurrent()(Value(2.0)).data


LOSSES = [name for name in losses.__all__ if name != 'cross_entropy']


@pytest.mark.parametrize('name', LOSSES)
@pytest.mark.parametrize('batch', [False, True])
def test_losses_trace_with_outputs_and_targets(name: str, batch: bool) -> None:
    loss = getattr(losses, name)
    outputs, targets = (0.25, 0.75), (1.0, 1.0)

    def cost(a: Any, b: Any, y: Any, z: Any) -> Any:
        return loss([[a, b], [b, a]], [[y, z], [z, y]]) if batch else loss([a, b], [y, z])

    t = traced(cost, *map(Input, range(4)))
    assert evaluated(t, *outputs, *targets) == pytest.approx(cost(*map(Value, outputs), *targets).data, rel=1e-14)


@pytest.mark.parametrize('k', [0, 1, 2])
def test_cross_entropy_of_a_class_that_is_an_input(k: int) -> None:
    def cost(a: Any, b: Any, y: Any) -> Any:
        return losses.cross_entropy([a, b, W], y)

    t = traced(cost, *map(Input, range(3)))
    assert t.bounds == {2: 3}
    assert evaluated(t, 0.5, -1.0, k) == pytest.approx(cost(Value(0.5), Value(-1.0), k).data, rel=1e-14)


def test_cross_entropy_of_probabilities_that_are_inputs() -> None:
    t = traced(lambda a, b, p, q: losses.cross_entropy([a, b], [p, q]), *map(Input, range(4)))
    expected = losses.cross_entropy([Value(0.5), Value(-1.0)], [0.25, 0.75]).data
    assert evaluated(t, 0.5, -1.0, 0.25, 0.75) == pytest.approx(expected, rel=1e-14)


# take -----------------------------------------------------------------------------------------------------------------


def test_take_notes_the_smallest_number_of_choices() -> None:
    t = traced(lambda i, j: micrograd.take([1.0, 2.0, W], i) + micrograd.take([W, 1.0], i) + i * j, X, Input(1))
    assert t.bounds == {0: 2}


def test_take_of_rows_is_one_choice_a_column() -> None:
    table = [[Value(10.0 * i + j) for j in range(3)] for i in range(2)]
    t = traced(lambda i: micrograd.take(table, i), X)
    assert names(t).count('select') == 3
    assert evaluated(t, 1.0) == [10.0, 11.0, 12.0]


@pytest.mark.parametrize('index', [1, True, 1.0, np.int64(1), Value(1.0)], ids=repr)
def test_take_chooses_by_a_whole_number(index: Any) -> None:
    a, b = Value(5.0), Value(7.0)
    chosen = micrograd.take([a, b], index)
    (2.0 * chosen).backward()
    assert (chosen.data, a.grad, b.grad) == (7.0, 0.0, 2.0)
    assert [number(x) for x in micrograd.take(np.eye(2), index)] == [0.0, 1.0]


@pytest.mark.parametrize('index', [-1, 2, 0.5, math.nan, math.inf, Value(2.0), Value(-1.0)], ids=repr)
def test_take_refuses_what_chooses_nothing(index: Any) -> None:
    with pytest.raises(DataError, match='whole number from 0 to 1'):
        micrograd.take([1.0, 2.0], index)


def test_take_of_nothing() -> None:
    with pytest.raises(ShapeError, match='take chooses'):
        micrograd.take([], 0)


# Formulas -------------------------------------------------------------------------------------------------------------


def test_formulas_are_written_with_symbols_and_computed_with_numbers() -> None:
    graph = Graph()
    tracer = Tracer(graph)
    x = tracer.symbol(graph.input(0))
    assert TRACES.exp(0.0) == 1.0
    assert TRACES.where(True, 2.0, 3.0) == 2.0
    made = TRACES.where(x > 0.0, TRACES.sum([x, 1.0]), TRACES.power(x, 2))
    assert type(made) is Symbol
    assert [graph.nodes[tracer.node(v)] for v in (x, 1.0, True)] == [(INPUT, 0), (CONSTANT, 1.0), (CONSTANT, 1.0)]
    assert tracer.node('text') is None


def test_a_trace_is_the_same_every_time() -> None:
    model = MLP(3, [4, 1], generator=0)
    once, again = (traced(model, [Input(0), Input(1), Input(2)]) for _ in range(2))
    assert once.graph.nodes == again.graph.nodes
    assert once.graph.origins == again.graph.origins


def test_values_alone_are_walked_in_order() -> None:
    t = traced(lambda x: (W * 2.0 + W) * x, X)
    order = [v._op for v in topological([W * 2.0 + W]) if v._op]
    assert order == ['*', '+']
    assert names(t) == ['input', 'shared', 'constant', 'mul', 'add', 'mul']


def test_values_alone_are_walked_once() -> None:
    """A running sum of 50,000 parameters: walked anew at each use it would take a quarter of an hour."""
    ws = [Value(0.5) for _ in range(50_000)]

    def running(x: Any) -> Any:
        total, result = Value(0.0), 0.0
        for w in ws:
            total = total + w
            result = result + total * x
        return result

    assert traced(running, X).parameters == ws


def test_what_is_refused_is_refused_whenever_it_is_used() -> None:
    w = Value(2.0)
    cube = Value(8.0, (w,), 'cube')

    def twice(x: Any) -> Any:
        with pytest.raises(TracingError, match='defined by hand'):
            x * cube
        return x * cube

    with pytest.raises(TracingError, match='defined by hand'):
        traced(twice, X)
