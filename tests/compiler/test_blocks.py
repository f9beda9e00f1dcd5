"""Raising: the program computes what the graph does, and a dense layer is three instructions."""

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from micrograd.compiler.blocks import raise_blocks
from micrograd.compiler.differentiate import gradient
from micrograd.compiler.graph import Graph
from micrograd.compiler.instructions import BlockProgram, Dots, Instruction, Product, Scatter
from micrograd.errors import GraphError
from micrograd.primitives import ADD, EQUAL, MUL, NEG, RELU, SELECT, SIGMOID, SUB, TANH, WHERE, Row
from tests.compiler.literal import Literal
from tests.compiler.nodes import BASIC, SHARED_NUMBERS, X, agree, evaluated, grown, kinds, network, raised

STEPS = st.lists(st.tuples(st.sampled_from(BASIC), st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=40)
LINEAR = st.lists(
    st.tuples(st.sampled_from([ADD, MUL, SUB, NEG]), st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=20
)
RANDOM = settings(max_examples=150, deadline=None, derandomize=True, database=None)


@RANDOM
@given(steps=STEPS, last=st.integers(1, 8))
def test_random_graphs(steps: list[tuple[Row, int, int]], last: int) -> None:
    graph = Graph()
    nodes = [i for i in grown(graph, steps) if np.abs(evaluated(graph)[i]).max() < 1e6]
    agree(graph, [*nodes[-last:], nodes[-1]])


@RANDOM
@given(steps=LINEAR)
def test_random_sums_of_products(steps: list[tuple[Row, int, int]]) -> None:
    graph = Graph()
    y = grown(graph, steps)[-1]
    if np.abs(evaluated(graph)[y]).max() < 1e6:
        agree(graph, [y, graph.mean(y)])


@RANDOM
@given(steps=STEPS)
def test_random_gradients(steps: list[tuple[Row, int, int]]) -> None:
    graph = Graph()
    y = graph.mean(graph.apply(TANH, grown(graph, steps)[-1]))
    derivatives = gradient(graph, y, [graph.shared(k) for k in range(4)], careful=False)
    if all(np.abs(evaluated(graph)[d]).max() < 1e6 for d in derivatives):
        agree(graph, [y, *derivatives])


def test_outputs_that_are_leaves_constants_and_one_another() -> None:
    graph = Graph()
    x, w, c = graph.input(1), graph.shared(2), graph.constant(-3.5)
    y = graph.apply(MUL, w, x)
    program = agree(graph, [x, w, c, y, y, x, graph.constant(0.0), graph.constant(-0.0)])
    assert [storage for storage, _ in program.outputs] == list('RUURRRUU')


def test_nothing_to_compute() -> None:
    assert kinds(raised(Graph(), [])) == []


# What instructions come out -------------------------------------------------------------------------------------------


def _trained(sizes: list[int], row: Row) -> tuple[Graph, list[int], int]:
    graph = Graph()
    cost, count = network(graph, sizes, row)
    return graph, [cost, *gradient(graph, cost, [graph.shared(k) for k in range(count)], careful=False)], count


def _raised(sizes: list[int], row: Row) -> tuple[BlockProgram, int]:
    graph, outputs, count = _trained(sizes, row)
    program = raise_blocks(graph, outputs, shared_count=count, inputs=sizes[0] + sizes[-1], bounds={})
    return program, count


@pytest.mark.parametrize(
    ('sizes', 'row', 'most'), [([2, 16, 16, 1], RELU, 22), ([784, 30, 10], SIGMOID, 15)], ids=['moons', 'digits']
)
def test_a_network_is_a_few_instructions(sizes: list[int], row: Row, most: int) -> None:
    program, _ = _raised(sizes, row)
    assert len(kinds(program)) <= most
    assert 'Indexed' not in kinds(program)


def test_a_dense_layer_is_a_product_forward_one_back_and_an_outer_product() -> None:
    program, _ = _raised([5, 4, 3], SIGMOID)
    shapes = [(i.m, len(i.rows)) for i in program.lanes if isinstance(i, Product)]
    assert shapes == [(4, 6), (3, 5), (4, 3)]
    assert kinds(program).count('Outer') == 3  # the cost is a mean, too


def test_the_numbers_of_a_network() -> None:
    graph, outputs, count = _trained([2, 4, 3, 1], TANH)
    shared = np.random.default_rng(0).normal(size=count)
    program = raise_blocks(graph, outputs, shared_count=count, inputs=3, bounds={})
    literal = Literal(program, shared)
    literal.steps(X, np.arange(len(X)), [len(X)])
    right = evaluated(graph, X, shared)
    np.testing.assert_allclose(
        [literal.U[at] for _, at in program.outputs], [right[i][0] for i in outputs], rtol=1e-12, atol=1e-14
    )


def test_gradients_lie_side_by_side_as_the_parameters_do() -> None:
    program, count = _raised([3, 4, 1], TANH)
    places = [at for _, at in program.outputs[1:]]
    assert len(places) == count
    assert np.count_nonzero(np.diff(places) != 1) <= 1  # between the two layers


def test_products_of_varying_numbers_of_one_length_are_one_instruction() -> None:
    graph = Graph()
    rows = [[graph.apply(TANH, graph.apply(MUL, graph.input(k), graph.shared(j))) for k in range(3)] for j in range(4)]
    dots = []
    for xs in rows:
        for ys in rows:
            total = graph.apply(MUL, xs[0], ys[0])
            for x, y in zip(xs[1:], ys[1:], strict=True):
                total = graph.apply(ADD, total, graph.apply(MUL, x, y))
            dots.append(total)
    program = agree(graph, dots)
    (instruction,) = [i for i in program.lanes if isinstance(i, Dots)]
    assert instruction.lefts.shape == (16, 3)


def test_sums_over_the_same_numbers_with_irregular_weights_are_a_product_all_the_same() -> None:
    graph = Graph()
    chosen = [[0, 3, 1], [2, 0, 3]]
    sums = []
    for ks in chosen:
        total = graph.constant(0.0)
        for k, j in zip(ks, range(3), strict=True):
            total = graph.apply(ADD, total, graph.apply(MUL, graph.shared(k), graph.input(j)))
        sums.append(total)
    assert kinds(agree(graph, sums)) == ['Indexed', 'Product']


@pytest.mark.parametrize('index', [[0.0, 1.0, 2.0, 1.0, 1.0], [2.0, 2.0, 2.0, 0.0, 0.0]])
def test_a_choice_and_its_derivatives(index: list[float]) -> None:
    graph = Graph()
    chosen = graph.apply(SELECT, graph.input(1), *(graph.shared(k) for k in range(3)))
    y = graph.mean(graph.apply(MUL, graph.apply(TANH, chosen), graph.input(0)))
    derivatives = gradient(graph, y, [graph.shared(k) for k in range(3)], careful=False)
    examples = X.copy()
    examples[:, 1] = index
    program = agree(graph, [y, *derivatives], examples, x1=3)
    assert {'Take', 'Scatter'} <= set(kinds(program))


def test_an_input_that_is_not_known_to_choose_may_be_anything() -> None:
    graph = Graph()
    equal = graph.apply(EQUAL, graph.input(1), graph.constant(0.0))
    y = graph.mean(graph.apply(WHERE, equal, graph.input(0), graph.constant(0.0)))
    examples = X.copy()
    examples[:, 1] = [0.0, 5.0, 0.5, -1.0, np.nan]
    assert 'Scatter' not in kinds(agree(graph, [y], examples))


def test_a_choice_beyond_those_that_there_are_is_never_made() -> None:
    graph = Graph()
    means = []
    for k in (0.0, 7.0):
        equal = graph.apply(EQUAL, graph.input(1), graph.constant(k))
        means.append(graph.mean(graph.apply(WHERE, equal, graph.input(0), graph.constant(0.0))))
    examples = X.copy()
    examples[:, 1] = [0.0, 1.0, 1.0, 0.0, 1.0]
    program = agree(graph, means, examples, x1=2)
    assert [i.choices for i in program.lanes if isinstance(i, Scatter)] == [2]


def test_what_varies_cannot_depend_on_a_mean() -> None:
    graph = Graph()
    centred = graph.apply(SUB, graph.input(0), graph.mean(graph.input(0)))
    with pytest.raises(GraphError, match='cannot depend on a mean'):
        raised(graph, [centred])


# Where things lie -----------------------------------------------------------------------------------------------------


def _written(instruction: Instruction, literal: Literal) -> tuple[str, range]:
    """The storage that an instruction writes to, and the places."""
    rows, slots = dict(literal.R), literal.U.copy()
    literal.run(instruction)
    new = sorted(set(literal.R) - set(rows))
    if new:
        return 'R', range(new[0], new[-1] + 1)
    changed = np.flatnonzero(np.isnan(slots) & ~np.isnan(literal.U))
    return 'U', range(int(changed[0]), int(changed[-1]) + 1)


def test_no_place_is_written_twice_and_none_of_the_leaves() -> None:
    program, count = _raised([2, 5, 4, 1], SIGMOID)
    literal = Literal(program, np.random.default_rng(0).normal(size=count))
    literal.R = {0: np.ones(5)} | {1 + k: X[:, k] for k in range(3)}
    taken = {('U', i) for i in range(program.shared + count)} | {('R', i) for i in range(4)}
    for instruction in program.instructions():
        storage, places = _written(instruction, literal)
        assert instruction.out == places.start
        fresh = {(storage, i) for i in places}
        assert not fresh & taken
        taken |= fresh
    assert taken == {('U', i) for i in range(program.u_size)} | {('R', i) for i in range(program.r_size)}


def test_the_same_graph_gives_the_same_program() -> None:
    assert repr(_raised([3, 4, 2], SIGMOID)) == repr(_raised([3, 4, 2], SIGMOID))


def test_shared_leaves_that_nothing_uses_have_their_slots() -> None:
    program = raised(Graph(), [])
    assert program.u_size - program.shared == program.shared_count == len(SHARED_NUMBERS)


@pytest.mark.usefixtures('uncounted')
def test_a_deep_chain() -> None:
    graph = Graph()
    y = graph.apply(MUL, graph.shared(0), graph.input(0))
    for _ in range(20_000):
        y = graph.apply(TANH, graph.apply(ADD, y, graph.shared(1)))
    program = raised(graph, [y])
    assert len(kinds(program)) == 40_000
