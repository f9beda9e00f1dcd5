"""compile and compile_cost, as users call them."""

import copy
import importlib.util
import subprocess
import sys
from math import inf, isnan
from typing import Any

import numpy as np
import pytest

import micrograd
from micrograd import Value, compile, compile_cost, gradients, no_grad
from micrograd.errors import DataError, GraphError, StaleGraphError, TracingError
from micrograd.nn import MLP

X = [[1.0, -2.0], [0.5, 3.0], [-1.0, 0.25]]


# What goes in and comes out ------------------------------------------------------------------------------------------


def test_a_function_of_one_example_maps_over_a_batch() -> None:
    model = MLP(2, [3, 2], activation='tanh', generator=0)
    found = compile(model)(X)
    assert found.shape == (3, 2)
    assert found.tolist() == [pytest.approx([a.data for a in model(x)], rel=1e-14) for x in X]


def test_outputs_keep_their_containers() -> None:
    def function(x: Any) -> Any:
        return {'sum': x[0] + x[1], 'both': [x[0], x[1]], 'pair': (x[0], 2.0), 'nested': [[x[0]], [x[1]]]}

    found = compile(function)(X)
    assert {name: getattr(part, 'shape', None) for name, part in found.items()} == {
        'sum': (3,),
        'both': (3, 2),
        'pair': None,
        'nested': (3, 2, 1),
    }
    assert [part.tolist() for part in found['pair']] == [[1.0, 0.5, -1.0], [2.0, 2.0, 2.0]]


def test_arguments_in_all_forms() -> None:
    def function(x: Any, y: Any, *, scale: float, z: Any) -> Any:
        return scale * (x[0] * y['a'] + x[1] * y['b'][0]) + z

    batch = [{'a': 1.0, 'b': [2.0]}] * 3
    found = compile(function)(np.array(X), batch, scale=2.0, z=[1.0, 2.0, 3.0])
    assert found.tolist() == [2.0 * (x[0] + 2.0 * x[1]) + z for x, z in zip(X, (1.0, 2.0, 3.0), strict=True)]


def test_an_array_is_an_array_inside_too() -> None:
    found = compile(lambda x: x[0, 1] * x.sum())(np.arange(8.0).reshape(2, 2, 2))
    assert found.tolist() == [6.0, 110.0]


def test_a_constant_that_changes_is_another_program() -> None:
    power = compile(lambda x, exponent: x**exponent)
    assert [power([3.0], exponent=n).tolist() for n in (1, 2, 3, 2)] == [[3.0], [9.0], [27.0], [9.0]]
    assert power.cache_info()[:2] == (1, 3)


def test_the_cache_is_bounded_and_visible() -> None:
    f = compile(lambda x: sum(x))
    for n in range(1, 21):
        f([[1.0] * n])
    assert f.cache_info() == (0, 20, 16, 16)
    f([[1.0] * 20])
    f([[1.0]])
    assert f.cache_info() == (1, 21, 16, 16)
    assert f.cache_info().maxsize == 16


def test_no_argument_at_all() -> None:
    w = Value(3.0)
    assert compile(lambda: w * w)().tolist() == [9.0]
    cost = compile_cost(lambda: w * w)()
    cost.backward()
    assert (cost.data, w.grad) == (9.0, 6.0)


@pytest.mark.parametrize(
    ('args', 'error'),
    [(([],), DataError), (([1.0], [1.0, 2.0]), DataError), ((1.0,), TypeError), ((['a'],), TypeError)],
    ids=range(4),
)
def test_what_is_no_batch(args: Any, error: Any) -> None:
    with pytest.raises(error):
        compile(lambda *xs: xs[0])(*args)


@pytest.mark.parametrize(
    ('make', 'error', 'says'),
    [
        (lambda: compile(3.0), TypeError, 'Right: compile'),
        (lambda: compile(len, dtype='float16'), ValueError, 'float32'),
        (lambda: compile(len, machine='cuda'), ValueError, 'llvm'),
        (lambda: compile(lambda x: None)([1.0]), TracingError, 'NoneType'),
        (lambda: compile(lambda x: 'a')([1.0]), TracingError, 'str'),
        (lambda: compile_cost(lambda x: [x, x])([1.0]), TypeError, 'sum'),
        (lambda: compile(lambda x: [x, x]).hessian([1.0]), TypeError, 'single number'),
        (lambda: compile(lambda x: [x, x]).value_and_grad([1.0]), TypeError, 'single number'),
    ],
    ids=range(8),
)
def test_what_is_refused(make: Any, error: Any, says: str) -> None:
    with pytest.raises(error, match=says):
        make()


def test_float32_is_what_it_says() -> None:
    f = compile(lambda x: x * 0.1, dtype='float32')
    found = f([1.0])
    assert found.dtype == np.float32
    assert found[0] == np.float32(0.1)
    assert repr(f).endswith('float32)')


# Derivatives ---------------------------------------------------------------------------------------------------------


def test_derivatives_by_the_inputs() -> None:
    f = compile(lambda x, y: x[0] * x[1] * y)
    value, (dx, dy) = f.value_and_grad(X, [1.0, 2.0, 3.0])
    assert value.tolist() == [-2.0, 3.0, -0.75]
    assert dx.tolist() == [[-2.0, 1.0], [6.0, 1.0], [0.75, -3.0]]
    assert dy.tolist() == [-2.0, 1.5, -0.25]
    (xx, xy), (yx, yy) = f.hessian(X, [1.0, 2.0, 3.0])
    assert xx[1].tolist() == [[0.0, 2.0], [2.0, 0.0]]
    assert xy[1].tolist() == [3.0, 0.5]
    assert yx.tolist() == xy.tolist()
    assert yy.tolist() == [0.0, 0.0, 0.0]


def test_jacobians_of_structures() -> None:
    f = compile(lambda x: {'product': x[0] * x[1], 'parts': [2.0 * x[0], x[1] ** 2]})
    found = f.jacobian(X)
    assert found['product'].tolist() == [[x[1], x[0]] for x in X]
    assert found['parts'].tolist() == [[[2.0, 0.0], [0.0, 2.0 * x[1]]] for x in X]


def test_a_network_agrees_with_values_in_first_and_second_derivatives() -> None:
    model = MLP(2, [4, 1], activation='tanh', generator=0)
    f = compile(model)
    _, slopes = f.value_and_grad(X)
    curvatures = f.hessian(X)
    for i, x in enumerate(X):
        leaves = [Value(number) for number in x]
        first = gradients(model(leaves), leaves, create_graph=True)
        assert slopes[i].tolist() == pytest.approx([g.data for g in first], rel=1e-13)
        for j, g in enumerate(first):
            expected = [h.data for h in gradients(g, leaves)]
            assert curvatures[i][j].tolist() == pytest.approx(expected, rel=1e-12, abs=1e-15)


# The cost as a Value -------------------------------------------------------------------------------------------------


def squared(w: Value) -> Any:
    return compile_cost(lambda x, y: (w * x - y) ** 2)


def test_the_cost_goes_on_as_any_value_does() -> None:
    w = Value(2.0)
    C = squared(w)([1.0, 2.0], [1.0, 1.0])
    assert C._prev == (w,)
    (2.0 * C + w**2).backward()
    assert (C.data, C.grad, w.grad) == (5.0, 2.0, 18.0)
    (2.0 * C + w**2).backward()
    assert w.grad == 36.0


def test_a_parameter_that_was_changed_is_noticed_and_recomputed() -> None:
    w = Value(2.0)
    C = squared(w)([1.0], [1.0])
    w.data = 3.0
    with pytest.raises(StaleGraphError):
        C.backward()
    C.recompute()
    C.backward()
    assert (C.data, w.grad) == (4.0, 4.0)


def test_parameters_are_read_afresh() -> None:
    w = Value(2.0)
    cost = squared(w)
    assert [cost([1.0], [1.0]).data, setattr(w, 'data', 4.0), cost([1.0], [1.0]).data] == [1.0, None, 9.0]
    assert cost.cache_info().misses == 1
    assert cost.parameters == [w]


def test_under_no_grad_it_is_a_number_and_the_program_stays_whole() -> None:
    w = Value(2.0)
    cost = squared(w)
    with no_grad():
        C = cost([1.0], [1.0])
    assert (C.data, C._prev) == (1.0, ())
    C = cost([1.0], [1.0])
    C.backward()
    assert w.grad == 2.0


def test_value_and_grad_touches_no_parameter() -> None:
    w = Value(2.0)
    assert squared(w).value_and_grad([1.0], [1.0]) == (1.0, [2.0])
    assert w.grad == 0.0


def test_a_cost_cannot_be_differentiated_again() -> None:
    w = Value(2.0)
    C = squared(w)([1.0], [1.0])
    with pytest.raises(GraphError, match='hessian'):
        gradients(C, [w], create_graph=True)


def test_second_derivatives_of_a_cost_by_its_parameters() -> None:
    model = MLP(2, [2, 1], activation='tanh', generator=0)
    parameters = model.parameters()
    cost = compile_cost(lambda x, y: (model(x) - y) ** 2)
    Y = [0.5, -0.5, 1.0]
    found = cost.hessian(X, Y)
    total = micrograd.mean([(model(x) - y) ** 2 for x, y in zip(X, Y, strict=True)])
    slopes = gradients(total, parameters, create_graph=True)
    assert cost.jacobian(X, Y).tolist() == pytest.approx([g.data for g in slopes], rel=1e-12)
    for row, g in zip(found.tolist(), slopes, strict=True):
        assert row == pytest.approx([h.data for h in gradients(g, parameters)], rel=1e-11, abs=1e-15)


def test_a_compiled_function_is_not_called_on_symbols() -> None:
    inner = compile(lambda x: x * 2.0)
    with pytest.raises(TypeError, match='with the function itself'):
        compile(lambda x: inner([x]))([1.0])


def test_what_computes_nothing_is_explained_too() -> None:
    f = compile(lambda x: x)
    f([1.0])
    assert 'nothing is computed' in f.explain()


def test_a_cost_can_be_copied_and_shown() -> None:
    w = Value(2.0)
    C = squared(w)([1.0], [1.0])
    twin = copy.deepcopy(C)
    twin.backward()
    assert twin._prev[0].grad == 2.0
    assert w.grad == 0.0
    assert 'cost' in micrograd.tree(C)
    assert 'Value' in repr(C)


def test_a_parameter_twice_and_one_that_takes_no_part() -> None:
    w, idle = Value(2.0), Value(1.0)
    cost = compile_cost(lambda x: w * x + w * w + 0.0 * x + idle.detach() * 0.0)
    cost([1.0]).backward()
    assert w.grad == 5.0
    assert idle.grad == 0.0


def test_what_was_computed_before_is_refused() -> None:
    w = Value(2.0)
    z = w * 3.0
    with pytest.raises(TracingError, match='before the function was called'):
        compile(lambda x: z * x)([1.0])


def test_nan_and_infinity_go_through() -> None:
    f = compile(lambda x: 1.0 / x)
    found = f([0.0, inf, float('nan')])
    assert found[:2].tolist() == [inf, 0.0]
    assert isnan(found[2])


def test_a_gate_that_is_shut_keeps_an_infinite_slope_out() -> None:
    w = Value(1.0)
    cost = compile_cost(lambda x: micrograd.where(x > 0.0, micrograd.log(x) * w, 0.0))
    cost([0.0, 1.0]).backward()
    assert w.grad == 0.0
    slopes = compile(lambda x: micrograd.where(x > 0.0, micrograd.sqrt(x), 0.0)).value_and_grad([0.0, 4.0])[1]
    assert slopes.tolist() == [0.0, 0.25]


# What is not installed -----------------------------------------------------------------------------------------------

HIDDEN = """
import sys, warnings
class Hide:
    def find_spec(self, name, path=None, target=None):
        if name.split('.')[0] in {hidden!r}:
            raise ModuleNotFoundError(name=name)
sys.meta_path.insert(0, Hide())
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name in {hidden!r} else found(name, *rest)
import micrograd
warnings.simplefilter('always')
with warnings.catch_warnings(record=True) as caught:
    try:
        for _ in range(2):
            print(micrograd.compile(lambda x: x * 2.0)([1.0]).tolist())
    except ImportError as error:
        print(type(error).__name__, error)
print(len(caught), *[w.message for w in caught[:1]])
"""


def without(*hidden: str) -> str:
    code = HIDDEN.format(hidden=hidden)
    return subprocess.run([sys.executable, '-c', code], capture_output=True, text=True, check=True).stdout


def test_without_llvmlite_numpy_runs_it_and_that_is_said_once() -> None:
    lines = without('llvmlite').splitlines()
    assert lines[:2] == ['[2.0]', '[2.0]']
    assert lines[2].startswith('1 llvmlite is not installed')


def test_without_numpy_there_is_a_clear_error() -> None:
    assert without('numpy').startswith(
        "MissingDependencyError numpy is not installed. From a checkout: pip install -e '.[compile]'"
    )


def test_no_file_is_written(tmp_path: Any) -> None:
    code = 'import micrograd; print(micrograd.compile(lambda x: micrograd.exp(x))([0.0]).tolist())'
    result = subprocess.run(
        [sys.executable, '-B', '-c', code], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert result.stdout == '[1.0]\n'
    assert list(tmp_path.iterdir()) == []
    assert importlib.util.find_spec('llvmlite')
