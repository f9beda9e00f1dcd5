"""Joined operations compute the same, in one pass."""

from micrograd.compiler.fuse import FEWEST, LONGEST, MOST
from micrograd.compiler.graph import Graph
from micrograd.compiler.instructions import Map, SharedMap
from micrograd.primitives import ADD, EXP, GELU, MUL, SIN, SUB, TANH
from tests.compiler.nodes import agree, kinds

WIDTH = 2 * FEWEST


def _inputs(graph: Graph, count: int = WIDTH) -> list[int]:
    """That many different rows."""
    return [graph.apply(MUL, graph.input(0), graph.constant(float(k + 2))) for k in range(count)]


def _maps(program: object) -> list[str]:
    return [i.expression.name for i in program.instructions() if isinstance(i, Map | SharedMap)]  # type: ignore[attr-defined]


def test_a_chain_is_one_pass() -> None:
    graph = Graph()
    ys = [graph.apply(TANH, graph.apply(SIN, x)) for x in _inputs(graph)]
    assert _maps(agree(graph, ys)) == ['mul sin tanh']


def test_few_rows_are_left_alone() -> None:
    graph = Graph()
    ys = [graph.apply(TANH, graph.apply(SIN, x)) for x in _inputs(graph, FEWEST - 1)]
    assert _maps(agree(graph, ys)) == ['mul', 'sin', 'tanh']


def test_what_others_read_stays() -> None:
    graph = Graph()
    sines = [graph.apply(SIN, x) for x in _inputs(graph)]
    ys = [graph.apply(TANH, x) for x in sines]
    assert _maps(agree(graph, [*ys, sines[-1]])) == ['mul sin', 'tanh']


def test_what_is_read_twice_by_another_operation_stays() -> None:
    graph = Graph()
    sines = [graph.apply(SIN, x) for x in _inputs(graph)]
    ys = [graph.apply(TANH, x) for x in sines] + [graph.apply(EXP, x) for x in sines]
    assert 'mul sin' in _maps(agree(graph, ys))


def test_an_operand_given_twice_is_one() -> None:
    graph = Graph()
    ys = [graph.apply(MUL, x, x) for x in (graph.apply(SIN, x) for x in _inputs(graph))]
    program = agree(graph, ys)
    (instruction,) = program.lanes
    assert isinstance(instruction, Map)
    assert instruction.expression.name == 'mul sin mul'
    assert len(instruction.operands) == 2


def test_another_order_of_the_rows_is_no_chain() -> None:
    graph = Graph()
    sines = [graph.apply(SIN, x) for x in _inputs(graph)]
    ys = [graph.apply(MUL, x, y) for x, y in zip(sines, sines[::-1], strict=True)]
    agree(graph, ys)


def test_a_rule_over_shared_numbers_is_one_pass() -> None:
    graph = Graph()
    ps = [graph.shared(k) for k in range(FEWEST)]
    squares = [graph.apply(MUL, p, p) for p in ps]
    new = [graph.apply(SUB, p, graph.apply(MUL, graph.constant(0.5), g)) for p, g in zip(ps, squares, strict=True)]
    assert kinds(agree(graph, new)) == ['SharedMap']


def test_a_long_chain_is_several_formulas_of_bounded_length() -> None:
    graph = Graph()
    ys = _inputs(graph)
    for _ in range(60):
        ys = [graph.apply(SIN, y) for y in ys]
    program = agree(graph, ys)
    sizes = [len(i.expression.steps) for i in program.instructions() if isinstance(i, Map)]
    assert sum(sizes) == 61
    assert max(sizes) <= LONGEST
    assert len(sizes) <= 3


def test_formulas_are_not_made_without_end() -> None:
    graph = Graph()
    ys: list[int] = []
    for k in range(2 * MOST):
        chain = _inputs(graph)
        for bit in range(8):
            row = (SIN, TANH)[k >> bit & 1]
            chain = [graph.apply(row, x) for x in chain]
        ys += chain
    program = agree(graph, ys)
    assert len({i.expression for i in program.instructions() if isinstance(i, Map)}) <= MOST + 3


def test_rows_of_several_steps_join_too() -> None:
    graph = Graph()
    ys = [graph.apply(ADD, graph.apply(GELU, x), graph.shared(0)) for x in _inputs(graph)]
    agree(graph, ys)
