"""Derivatives as nodes, against differences, and by what can be said exactly."""

from math import inf, isnan

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from micrograd.compiler.differentiate import gradient
from micrograd.compiler.graph import CONSTANT, Graph
from micrograd.primitives import ADD, DIV, DOT, LOGSUMEXP, MUL, RELU, SIN, SUB, TANH, WHERE, Row
from tests.compiler.nodes import SHARED_NUMBERS, SMOOTH, X, evaluated, grown, network

STEPS = st.lists(st.tuples(st.sampled_from(SMOOTH), st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=25)
BOTH = pytest.mark.parametrize('careful', [False, True])


def _number(graph: Graph, i: int, X=X, shared=SHARED_NUMBERS) -> float:
    return float(evaluated(graph, X, shared)[i][0])


def _difference(graph: Graph, y: int, k: int, h: float = 1e-5) -> float:
    """The derivative by a shared number, as a central difference."""
    step = h * np.eye(len(SHARED_NUMBERS))[k]
    return (_number(graph, y, shared=SHARED_NUMBERS + step) - _number(graph, y, shared=SHARED_NUMBERS - step)) / (2 * h)


@BOTH
@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(steps=STEPS)
def test_random_graphs_against_differences(careful: bool, steps: list[tuple[Row, int, int]]) -> None:
    graph = Graph()
    y = graph.apply(TANH, graph.mean(graph.apply(TANH, grown(graph, steps)[-1])))
    count = len(graph.nodes)
    before = list(graph.nodes)
    derivatives = gradient(graph, y, [graph.shared(0), graph.shared(1)], careful=careful)
    assert graph.nodes[:count] == before
    for k, d in enumerate(derivatives):
        assert not graph.varying[d]
        assert _number(graph, d) == pytest.approx(_difference(graph, y, k), rel=1e-4, abs=1e-6)


@BOTH
def test_second_derivatives(careful: bool) -> None:
    graph = Graph()
    w = graph.shared(0)
    y = graph.mean(graph.apply(SIN, graph.apply(MUL, w, graph.input(0))))
    (first,) = gradient(graph, y, [w], careful=careful)
    (second,) = gradient(graph, first, [w], careful=careful)
    x = X[:, 0]
    assert _number(graph, first) == pytest.approx(np.mean(x * np.cos(0.75 * x)))
    assert _number(graph, second) == pytest.approx(np.mean(-x * x * np.sin(0.75 * x)))


def test_by_inputs_there_is_no_mean() -> None:
    graph = Graph()
    x, w = graph.input(0), graph.shared(0)
    y = graph.apply(MUL, w, graph.apply(MUL, x, x))
    (dx,) = gradient(graph, y, [x], careful=False)
    np.testing.assert_allclose(evaluated(graph)[dx], 2 * 0.75 * X[:, 0])


@pytest.mark.parametrize('row', [DOT, LOGSUMEXP])
def test_rows_with_any_number_of_arguments(row: Row) -> None:
    graph = Graph()
    xs = [graph.input(0), graph.shared(0), graph.shared(1), graph.input(1)]
    y = graph.mean(graph.apply(row, *xs))
    for k, d in enumerate(gradient(graph, y, xs[1:3], careful=False)):
        assert _number(graph, d) == pytest.approx(_difference(graph, y, k), rel=1e-6)


def test_where_nothing_depends_the_derivative_is_0() -> None:
    graph = Graph()
    y = graph.mean(graph.apply(MUL, graph.shared(0), graph.input(0)))
    later = graph.apply(ADD, graph.shared(1), y)
    for d in gradient(graph, y, [graph.shared(2), graph.input(2), later], careful=False):
        assert graph.nodes[d] == (CONSTANT, 0.0)


def test_by_itself_and_repeated() -> None:
    graph = Graph()
    y = graph.apply(MUL, graph.shared(0), graph.shared(0))
    itself, once, twice = gradient(graph, y, [y, graph.shared(0), graph.shared(0)], careful=False)
    assert graph.nodes[itself] == (CONSTANT, 1.0)
    assert once == twice
    assert _number(graph, once) == 1.5


def _shut_gate(graph: Graph, w: int) -> int:
    """Relu is shut at w / x, whose slope is infinite where x is 0."""
    ratio = graph.apply(DIV, w, graph.input(0))
    return graph.apply(WHERE, graph.input(1), graph.apply(MUL, ratio, graph.constant(1.0)), w)


def test_only_careful_stops_infinities_behind_a_shut_gate() -> None:
    found = {}
    for careful in (False, True):
        graph = Graph()
        w = graph.shared(0)
        y = graph.mean(_shut_gate(graph, w))
        (d,) = gradient(graph, y, [w], careful=careful)
        found[careful] = _number(graph, d, np.array([[0.0, 0.0], [2.0, 1.0]]))
    assert isnan(found[False])
    assert found[True] == 0.75


def test_careful_remembers_a_shut_gate_through_a_mean() -> None:
    graph = Graph()
    w = graph.shared(0)
    mean = graph.mean(graph.apply(DIV, w, graph.input(0)))
    y = graph.apply(RELU, graph.apply(SUB, graph.constant(-inf), mean))
    (d,) = gradient(graph, y, [w], careful=True)
    assert _number(graph, d, np.array([[0.0], [1.0]])) == 0.0


def test_the_derivatives_say_where_they_come_from() -> None:
    graph = Graph()
    graph.origin = graph.source('layer 1')
    y = graph.apply(TANH, graph.apply(MUL, graph.shared(0), graph.input(0)))
    graph.origin = graph.source('loss')
    y = graph.mean(graph.apply(MUL, y, y))
    count, origin = len(graph.nodes), graph.origin
    gradient(graph, y, [graph.shared(0)], careful=False)
    assert {graph.sources[i] for i in graph.origins[count + 1 :]} == {'loss, backwards', 'layer 1, backwards'}
    assert graph.origin == origin


def test_the_same_graph_gives_the_same_nodes() -> None:
    def nodes() -> tuple[list[object], list[int]]:
        graph = Graph()
        y, count = network(graph, [3, 4, 2], TANH)
        return graph.nodes, gradient(graph, y, [graph.shared(k) for k in range(count)], careful=False)

    assert nodes() == nodes()


@pytest.mark.usefixtures('uncounted')
def test_a_deep_chain() -> None:
    graph = Graph()
    y = graph.apply(MUL, graph.shared(0), graph.input(0))
    for _ in range(100_000):
        y = graph.apply(TANH, y)
    (d,) = gradient(graph, graph.mean(y), [graph.shared(0)], careful=False)
    assert graph.nodes[d][0] == 'mean'
