"""Graphs of a million nodes, deep and wide: no walk is recursive or quadratic, and all of their memory comes back.

The memory is measured by an interpreter of its own, without coverage and with Python's collector off: `python -m
tests.test_million`.
"""

import copy
import gc
import json
import pickle
import subprocess
import sys
import tracemalloc
from pathlib import Path

import pytest

import micrograd
from micrograd import Value, gradients, graph, group, groups, nn
from micrograd.collector import collector_paused
from micrograd.errors import GraphError

pytestmark = pytest.mark.usefixtures('uncounted')

MILLION = 1_000_000


def chained(step):
    """The graph of a number of steps, one after another, from its first leaf to its result."""

    def build(count):
        x = y = Value(0.5)
        for _ in range(count):
            y = step(y, x)
        return x, y

    return build


def over_leaves(operation):
    """One operation over so many leaves, the first of which is given back with its result."""

    def build(count):
        xs = [Value(0.5) for _ in range(count)]
        return xs[0], operation(xs)

    return build


def fan(count):
    """One leaf with so many children."""
    x = Value(0.5)
    return x, micrograd.sum([x * 2.0 for _ in range(count)])


GRAPHS = {
    'unary': chained(lambda y, x: y.sin()),
    'binary': chained(lambda y, x: y * 1.0),
    'gate': chained(lambda y, x: y.relu()),
    'shared parent': chained(lambda y, x: y * 0.5 + x),
    'twice the parent': chained(lambda y, x: (y + y) * 0.5),
    'three parents': chained(lambda y, x: micrograd.sum([y, x, -0.5])),
    'sum': over_leaves(micrograd.sum),
    'mean': over_leaves(micrograd.mean),
    'dot': over_leaves(lambda xs: micrograd.dot(xs, xs[::-1])),
    'logsumexp': over_leaves(micrograd.logsumexp),
    'max': over_leaves(micrograd.max),
    'softmax': over_leaves(lambda xs: micrograd.softmax(xs)[0]),
    'fan': fan,
}


def refused(error, f, *args):
    try:
        f(*args)
    except error:
        return
    raise AssertionError(f'no {error.__name__}')


WALKS = {
    'backward': lambda x, y: y.backward(),
    'gradients': lambda x, y: gradients(y, [x]),
    'gradients with a graph': lambda x, y: gradients(y, [x], create_graph=True),
    'recompute': lambda x, y: y.recompute(),
    'copy': lambda x, y: copy.deepcopy([x, y, y._prev[0]]),
    'tree': lambda x, y: micrograd.tree(y),
    'trace': lambda x, y: micrograd.trace(y),
    'paths': lambda x, y: (graph.paths(x, y).count, graph.paths(x, y).total, graph.paths(x, y).largest(1)),
    'explain': lambda x, y: (micrograd.explain(y), micrograd.explain(x, y)),
    'repr': lambda x, y: repr(y),
    'draw': lambda x, y: refused(GraphError, micrograd.draw, y),
    'collapse': lambda x, y: refused(GraphError, lambda: micrograd.draw(y, collapse='layer')),
    'explore': lambda x, y: refused(GraphError, micrograd.explore, y),
    'notebook': lambda x, y: y._repr_mimebundle_(),
    'pickle': lambda x, y: refused(TypeError, pickle.dumps, y),
}  # fmt: skip


# A million ------------------------------------------------------------------------------------------------------------


def doubled(count):
    """Of the number 0.0, which stays what it is."""
    x = y = Value(0.0)
    for _ in range(count):
        y = y + y
    return x, y


def test_a_million_operations_each_on_one_number_twice():
    with collector_paused():
        x, y = doubled(MILLION)
        y.backward()
        assert (x.grad, y.recompute().data) == (float('inf'), 0.0)
        twins = copy.deepcopy([y, x])
        assert (twins[0].data, twins[1].grad) == (0.0, float('inf'))


def test_more_paths_than_any_number_of_atoms_are_counted():
    with collector_paused():
        x, y = doubled(MILLION // 5)
        paths = graph.paths(x, y)
        assert (paths.count, paths.total) == (2 ** (MILLION // 5), float('inf'))
        refused(OverflowError, len, paths)
        assert repr(paths).startswith('<about ')


def test_a_million_gates():
    with collector_paused():
        x, y = GRAPHS['gate'](MILLION)
        assert gradients(y, [x])[0].data == 1.0
        refused(GraphError, micrograd.draw, y)


@pytest.mark.parametrize(('operation', 'slope'), [('sum', 1.0), ('logsumexp', 1.0 / MILLION)])
def test_a_million_parents(operation, slope):
    with collector_paused():
        x, y = GRAPHS[operation](MILLION)
        y.backward()
        assert x.grad == pytest.approx(slope, rel=1e-9)
        refused(GraphError, micrograd.explore, y)


def test_a_million_parents_are_copied():
    with collector_paused():
        assert copy.deepcopy(GRAPHS['sum'](MILLION)[1]).data == 0.5 * MILLION


def test_a_million_children():
    with collector_paused():
        x, y = fan(MILLION)
        assert gradients(y, [x])[0].data == 2.0 * MILLION


def test_a_million_values_in_five_hundred_boxes():
    @group('step')
    def step(y):
        for _ in range(1000):
            y = y * 1.0
        return y

    with collector_paused():
        y = Value(1.0)
        for _ in range(MILLION // 2000):
            y = step(y)
        assert len(micrograd.draw(y, depth=1, max_nodes=600).dot.source.split('step')) > MILLION // 2000


# What was quadratic ---------------------------------------------------------------------------------------------------


def test_many_results_of_one_call_are_copied_one_by_one():
    """Each is a graph of its own for copy.deepcopy, and what is copied is not walked again. With the squares of such
    numbers this would take minutes."""

    @group('scaled')
    def scaled(xs):
        total = micrograd.sum(xs)
        return [x * total for x in xs]

    with collector_paused():
        results = scaled([Value(1.0) + 1.0 for _ in range(10_000)])
        twins = copy.deepcopy(results)
        [one] = groups.find(graph.topological(twins))
        assert len(one.outputs) == 10_000
        steps = [y := Value(1.0)]
        steps += [y := y * 1.0 for _ in range(50_000)]
        assert len(graph.topological(copy.deepcopy(steps))) == 100_001


def test_the_neurons_of_a_very_wide_layer_are_found():
    with collector_paused():
        outputs = nn.Layer(1, 20_000, generator=0)([1.0])
        found = groups.find(graph.topological(outputs))
    assert len(found) == 20_001
    assert found[-1].name == 'neuron 20000'


def test_a_copy_leaves_the_original_as_large_as_it_was():
    y = GRAPHS['unary'](1000)[1]
    tracemalloc.start()
    try:
        copy.deepcopy(y)
        assert tracemalloc.get_traced_memory()[0] < 10_000
    finally:
        tracemalloc.stop()


# Memory ---------------------------------------------------------------------------------------------------------------

MEASURED = ['unary', 'three parents', 'dot', 'fan']
COUNT = 2000
FREE_LISTS = 140_000  # bytes: Python keeps 2000 tuples of each size for later; these graphs have 230,000 and more


def test_memory_returns_to_the_baseline_with_the_collector_off():
    answer = subprocess.run(
        [sys.executable, '-m', 'tests.test_million'], cwd=Path(__file__).parents[1], capture_output=True, check=False
    )
    assert answer.returncode == 0, answer.stderr.decode()
    found = json.loads(answer.stdout)
    assert found.keys() == {f'{kind}, {walk}' for kind in MEASURED for walk in WALKS}
    assert {name: held for name, held in found.items() if held[0] > 10 or held[1] > FREE_LISTS} == {}


def growth():
    """For each graph and walk what is held afterwards: objects that the collector knows, and bytes."""
    gc.collect()
    gc.disable()
    for walk in WALKS.values():
        walk(*GRAPHS['shared parent'](600))  # modules are loaded, and caches filled
        walk(*GRAPHS['sum'](6000))
    tracemalloc.start()
    return {f'{kind}, {walk}': _held(GRAPHS[kind], WALKS[walk]) for kind in MEASURED for walk in WALKS}


def _held(build, walk):
    before = _objects(), tracemalloc.get_traced_memory()[0]
    walk(*build(COUNT))
    return _objects() - before[0], tracemalloc.get_traced_memory()[0] - before[1]


def _objects():
    return len(gc.get_objects())


if __name__ == '__main__':
    print(json.dumps(growth()))
