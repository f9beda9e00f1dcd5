"""Simplified graphs: the same numbers to the bit, the special ones too, in fewer and simpler nodes."""

from math import inf, nan

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from micrograd.compiler.graph import CONSTANT, INPUT, Graph
from micrograd.compiler.simplify import simplify
from micrograd.primitives import (
    ADD,
    DIV,
    DOT,
    EQUAL,
    LOGSUMEXP,
    MUL,
    NEG,
    SELECT,
    SIN,
    STOP_GRADIENT,
    SUB,
    SUM,
    TANH,
    WHERE,
    Row,
    power,
)
from tests.compiler.nodes import BASIC, evaluated, grown

SPECIAL = np.array([[x, y] for x in (0.0, -0.0, 1.0, -2.5, inf, -inf, nan, 1e308, 5e-324) for y in (0.0, -3.0, inf)])
ROWS = [*BASIC, DIV, WHERE, EQUAL, power(2), power(-1), power(0), power(1)]
STEPS = st.lists(st.tuples(st.sampled_from(ROWS), *[st.integers(0, 9)] * 3), min_size=1, max_size=25)


def _same(graph: Graph, outputs: list[int]) -> Graph:
    """Check that simplifying changes nothing; what comes out."""
    simplified, wanted = simplify(graph, outputs)
    before, after = evaluated(graph, SPECIAL), evaluated(simplified, SPECIAL)
    for i, j in zip(outputs, wanted, strict=True):
        np.testing.assert_array_equal(before[i], after[j])
        number = ~np.isnan(before[i])
        np.testing.assert_array_equal(np.signbit(before[i][number]), np.signbit(after[j][number]))
    return simplified


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(steps=STEPS)
def test_random_graphs_keep_every_special_number(steps: list[tuple[Row, int, int, int]]) -> None:
    graph = Graph()
    _same(graph, grown(graph, steps)[-5:])


@pytest.mark.parametrize('number', [0.0, -0.0, 1.0, -1.0, 2.0, 0.5, 3.0, inf, nan])
@pytest.mark.parametrize('row', [ADD, SUB, MUL, DIV, EQUAL])
def test_each_operation_with_each_constant(row: Row, number: float) -> None:
    graph = Graph()
    x, c = graph.input(0), graph.constant(number)
    _same(graph, [graph.apply(row, x, c), graph.apply(row, c, x), graph.apply(row, x, x)])


def _operations(graph: Graph) -> list[str]:
    return [node[0].name for node in graph.nodes if isinstance(node[0], Row)]


def test_what_is_shorter() -> None:
    graph = Graph()
    x, one = graph.input(0), graph.constant(1.0)
    same = [
        graph.apply(MUL, one, x),
        graph.apply(DIV, x, one),
        graph.apply(NEG, graph.apply(NEG, x)),
        graph.apply(SUB, x, graph.constant(0.0)),
        graph.apply(ADD, x, graph.constant(-0.0)),
        graph.apply(WHERE, one, x, graph.shared(0)),
        graph.apply(WHERE, graph.shared(0), x, x),
        graph.apply(STOP_GRADIENT, x),
        graph.apply(power(1), x),
    ]
    simplified, outputs = simplify(graph, same)
    assert {simplified.nodes[i] for i in outputs} == {(INPUT, 0)}


@pytest.mark.parametrize('row', [SUB, DIV])
def test_what_would_hide_a_nan_stays(row: Row) -> None:
    graph = Graph()
    x = graph.input(0)
    assert _operations(_same(graph, [graph.apply(row, x, x), graph.apply(MUL, x, graph.constant(0.0))])) == [
        row.name,
        'mul',
    ]


def test_constants_are_computed() -> None:
    graph = Graph()
    three = graph.apply(ADD, graph.constant(1.0), graph.constant(2.0))
    simplified, (y,) = simplify(graph, [graph.apply(MUL, three, graph.apply(SIN, graph.constant(0.0)))])
    assert simplified.nodes[y] == (CONSTANT, 0.0)
    assert _operations(simplified) == []


def test_a_third_power_is_right_up_to_its_last_place() -> None:
    graph = Graph()
    cube = graph.apply(power(3), graph.input(0))
    simplified, (y,) = simplify(graph, [cube])
    assert _operations(simplified) == ['mul', 'mul']
    xs = np.array([[x, 0.0] for x in (0.0, -0.0, inf, -inf, nan, 1e200, -1e-200, 1.1, -0.7, 4 / 3)])
    np.testing.assert_allclose(evaluated(simplified, xs)[y], evaluated(graph, xs)[cube], rtol=3e-16)


def test_what_no_output_needs_is_dropped() -> None:
    graph = Graph()
    x = graph.input(0)
    graph.apply(TANH, graph.apply(MUL, x, graph.shared(3)))
    simplified, outputs = simplify(graph, [x, graph.apply(SIN, x), x])
    assert simplified.nodes == [(INPUT, 0), (SIN, 0)]
    assert outputs == [0, 1, 0]


@pytest.mark.parametrize('row', [SUM, DOT, LOGSUMEXP])
def test_rows_with_any_number_of_arguments_are_written_out(row: Row) -> None:
    graph = Graph()
    simplified = _same(graph, [graph.apply(row, graph.input(0), graph.input(1), graph.shared(0), graph.shared(1))])
    assert row.name not in _operations(simplified)


def test_a_choice_by_an_input_among_shared_numbers_stays() -> None:
    graph = Graph()
    kept = graph.apply(SELECT, graph.input(0), graph.shared(0), graph.shared(1))
    varying = graph.apply(SELECT, graph.input(0), graph.shared(0), graph.input(1))
    simplified, (first, second) = simplify(graph, [kept, varying])
    assert simplified.nodes[first][0] is SELECT
    assert simplified.nodes[second][0] is not SELECT


@pytest.mark.parametrize(('true', 'false'), [(0.0, 1.0), (1.0, 0.0), (nan, 0.0), (-0.0, 0.0), (2.0, 3.0)])
def test_a_choice_between_constants_is_no_condition_of_its_own(true: float, false: float) -> None:
    graph = Graph()
    condition = graph.apply(EQUAL, graph.input(0), graph.constant(1.0))
    inner = graph.apply(WHERE, condition, graph.constant(true), graph.constant(false))
    simplified = _same(graph, [graph.apply(WHERE, inner, graph.input(1), graph.shared(0))])
    assert _operations(simplified).count('where') <= 1


def test_origins_are_kept() -> None:
    graph = Graph()
    graph.origin = graph.source('layer 1')
    y = graph.apply(TANH, graph.apply(SUM, graph.input(0), graph.shared(0), graph.shared(1)))
    simplified, _ = simplify(graph, [y])
    assert {simplified.sources[origin] for origin in simplified.origins} == {'layer 1'}


def test_a_row_without_a_formula_is_refused() -> None:
    row = Row(
        name='mystery',
        symbol='mystery',
        latex='m',
        forward=lambda *xs: 0.0,
        partials=lambda o, z, *xs: (0.0,) * len(xs),
        lists=1,
    )
    graph = Graph()
    with pytest.raises(TypeError, match='mystery has no formula'):
        simplify(graph, [graph.apply(row, graph.input(0))])
