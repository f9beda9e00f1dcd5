"""The arithmetic of the explorer page, run by Node, against the engine: values and gradients."""

import json
import math
import random
import re
from itertools import chain, islice
from math import inf, nan

import pytest
from mpmath import mp, mpf

import micrograd
from micrograd import Value, graph, primitives
from micrograd.primitives import FLOATS, TABLE, Row
from micrograd.render.programs import Program, exact, live, operation
from tests.page import ask, bits, by_hand, data_of, leaves, node, number, random_graph
from tests.references import EXACT, nearest
from tests.rounding import BOUNDS, Bounded, UndecidedError, agrees, apply, bounded
from tests.test_primitives import (
    CASES,
    boundary,
    points,
    table,  # noqa: F401 - a fixture
)

own_rows = pytest.mark.usefixtures('table')
every_row = pytest.mark.parametrize('index', range(len(CASES)), ids=[str(case) for case in CASES])


# Every row ------------------------------------------------------------------------------------------------------------


def sizes(case):
    """How many arguments to try."""
    if case.row.arity is not None:
        return [case.row.arity]
    return [case.row.lists * count for count in (1, 2, 3, 5)]


def cells(case, count):
    """Points of so many arguments: ordinary ones, the whole range, and boundary values."""
    found = [*points(case), *boundary(case)]
    return [tuple(islice(chain.from_iterable(found[i:] + found[:i]), count)) for i in range(len(found))]


@pytest.fixture(scope='module')
def answers():
    """For every row: (points, values, slopes) by JavaScript, for each number of arguments."""
    asked, requests = [], []
    for case in CASES:
        for count in sizes(case):
            page, xss = operation(case.row, count), cells(case, count)
            zss = [(case.row.forward(*xs), *xs) for xs in xss]
            asked.append((str(case), xss))
            for program, args in ((page['value'], xss), (page['slopes'], zss)):
                encoded = [[exact(x) for x in xs] for xs in args]
                requests.append({'do': 'evaluate', 'program': program, 'points': encoded})
    found = iter(node(*requests))
    collected = {}
    for name, xss in asked:
        collected.setdefault(name, []).extend(zip(xss, next(found), next(found), strict=True))
    return collected


def test_javascript_spells_the_core_and_nothing_else():
    core = {row.name for row in TABLE.values() if isinstance(row, Row) and row.value is None}
    assert set(node({'do': 'core'})[0]) == core


@every_row
def test_every_value_is_the_engines_as_far_as_rounding_goes(index, answers):
    case = CASES[index]
    for xs, (value,), _ in answers[str(case)]:
        assert agrees(number(value), apply(case.row, *xs)), (xs, value)


@every_row
def test_every_slope_is_the_engines_and_every_gate_is_shut_where_the_engines_is(index, answers):
    case, undecided = CASES[index], 0
    for xs, _, slopes in answers[str(case)]:
        z = case.row.forward(*xs)
        engines = list(case.row.edges(FLOATS, z, *xs))
        try:
            bounds = list(case.row.edges(BOUNDS, Bounded(z), *map(Bounded, xs)))
        except UndecidedError:
            undecided += 1
            continue
        factors, gates = slopes[: len(xs)], slopes[len(xs) :]
        for factor, gate, (bound, _), (wanted, blocked) in zip(factors, gates, bounds, engines, strict=True):
            assert bits(bounded(bound).number) == bits(wanted)
            assert agrees(number(factor), bounded(bound)), (xs, factor, wanted)
            assert (number(gate) != 0.0) == bool(blocked), xs
    assert undecided <= 0.03 * len(answers[str(case)])


@pytest.mark.parametrize(('name', 'xs', 'expected'), [
    ('pow', (1.0, nan), 1.0), ('pow', (-1.0, inf), 1.0), ('pow', (-1.0, -inf), 1.0), ('pow', (1.0, -inf), 1.0),
    ('pow', (nan, 0.0), 1.0), ('pow', (-0.0, -3.0), -inf), ('pow', (-8.0, 1.5), nan), ('pow', (-inf, 3.0), -inf),
    ('where', (nan, 2.0, 3.0), 2.0), ('where', (-0.0, 2.0, 3.0), 3.0), ('floor', (-0.0,), -0.0),
    ('maximum', (nan, 1.0), nan), ('maximum', (1.0, nan), nan), ('minimum', (nan, 1.0), nan),
    ('maximum', (-0.0, 0.0), -0.0), ('hypot', (nan, inf), inf), ('atan2', (-0.0, -1.0), -math.pi),
    ('erfc', (27.0,), math.erfc(27.0)), ('erfc', (-7.0,), 2.0), ('erfc', (inf,), 0.0), ('erf', (-inf,), -1.0),
    ('erf', (5e-324,), 5e-324), ('erf', (-0.0,), -0.0), ('log', (0.0,), -inf), ('log', (-1.0,), nan),
])  # fmt: skip
def test_what_the_standard_says_where_languages_differ(name, xs, expected):
    page = operation(TABLE[name], len(xs))
    ((answer,),) = node({'do': 'evaluate', 'program': page['value'], 'points': [[exact(x) for x in xs]]})[0]
    assert bits(answer) == bits(expected) == bits(TABLE[name].forward(*xs))


def test_the_error_functions_are_right_to_4_ulp_everywhere():
    rng = random.Random(5)
    near = [rng.uniform(-1.0, 1.0) * 10.0 ** rng.uniform(-12.0, 0.0) for _ in range(500)]
    far = [rng.uniform(-7.0, 27.5) for _ in range(1500)]
    xs = [*near, *far, 0.5, -0.5, math.nextafter(0.5, 0.0), 26.5, 27.2]
    for name in ('erf', 'erfc'):
        program = operation(TABLE[name], 1)['value']
        (found,) = node({'do': 'evaluate', 'program': program, 'points': [[x] for x in xs]})
        with mp.workdps(30):
            wanted = [nearest(EXACT[name](mpf(x))) for x in xs]
        for x, (value,), right in zip(xs, found, wanted, strict=True):
            assert abs(number(value) - right) <= 4.0 * math.ulp(right), (name, x)


# Programs -------------------------------------------------------------------------------------------------------------


def test_a_program_has_no_step_twice_and_tells_the_zeros_apart():
    program = Program(1)
    (x,) = program.arguments
    y = (x + 0.0) * (x + 0.0) + -0.0
    assert program.giving([y, x + 0.0, True, nan]) == {
        'steps': [0.0, ['add', 0, 1], ['mul', 2, 2], -0.0, ['add', 3, 4], 1.0, 'nan'],
        'gives': [5, 2, 6, 7],
    }
    assert bits(program.giving([])['steps'][3]) == '-0.0'


def test_an_operation_stands_once_for_each_number_of_arguments():
    x, y = leaves(1.0, 2.0)
    page = data_of(micrograd.sum([x * y, y * y, x**2, y**2, x**3]) + micrograd.sum([x, y]))
    assert [page['operations'][i]['name'] for i in page['operation'] if i is not None].count('mul') == 2
    assert sorted(op['name'] for op in page['operations']) == ['add', 'mul', 'power', 'power', 'sum', 'sum']


def test_numbers_come_through_json_to_the_last_bit():
    numbers = [0.1, -0.0, 5e-324, 1.7976931348623157e308, nan, inf, -inf, 1e22, 1.0]
    values = leaves(*numbers)
    for v, x in zip(values, reversed(numbers), strict=True):
        v.grad = x
    page = json.loads(json.dumps(live(values), allow_nan=False))
    (loaded,) = node({'do': 'loaded', 'live': page})
    assert [bits(x) for x in loaded['data']] == [bits(x) for x in numbers]
    assert [bits(x) for x in loaded['grad']] == [bits(x) for x in reversed(numbers)]


def test_numbers_that_a_program_assigned_need_not_be_floats():
    x = Value(1.0)
    x.data, x.grad = 3, True
    assert (live([x])['data'], live([x])['grad']) == ([3.0], [1.0])


def test_a_network_of_100_nodes_takes_a_small_part_of_100_kb():
    network = micrograd.nn.MLP(3, [4, 4, 1], generator=0)
    output = network([1.0, -2.0, 3.0])
    loss = micrograd.sigmoid(output if isinstance(output, Value) else output[0]) ** 2
    loss.backward()
    page = data_of(loss)
    assert len(page['data']) >= 60
    assert len(json.dumps(page, separators=(',', ':'))) <= 150 * len(page['data']) + 2000


def test_a_program_of_many_arguments_grows_with_their_number_only():
    few, many = (len(json.dumps(operation(TABLE['logsumexp'], count))) for count in (20, 200))
    assert many <= 12 * few


def test_a_graph_may_be_deep():
    v = Value(1.0)
    for _ in range(5_000):
        v = v + 1.0
    (answer,) = node(ask('pass', v, moved=[(graph.topological([v])[0], 2.0)]))
    assert (answer['data'][-1], answer['grad'][0], answer['total']) == (5_002, 1, 5_000)


# A user's own rows ----------------------------------------------------------------------------------------------------


def own_gate():
    micrograd.primitive(
        'band', lambda o, x: o.where((x > -1.0) & (x < 1.0), x, 0.0), lambda o, z, x: 1.0,
        blocked=lambda o, z, x: (x <= -1.0) | (x >= 1.0),
    )  # fmt: skip


def own_list():
    micrograd.primitive(
        'squares', lambda o, *xs: o.sum([x * x for x in xs]), lambda o, z, *xs: tuple(2 * x for x in xs), lists=1
    )


@own_rows
def test_rows_of_ones_own_are_evaluated_like_the_tables():
    own_gate()
    own_list()
    micrograd.primitive(
        'ratio', lambda o, x, y: abs(x) / (1.0 + o.squares([x, y])) - 2.0**x + (1.0 - y) ** 2,
        lambda o, z, x, y: (o.band(x) * z, 3.0 / (1 + o.exp(y))),
    )  # fmt: skip
    x, y = leaves(0.5, -2.0)
    root = micrograd.squares([micrograd.ratio(x, y), micrograd.band(x), micrograd.band(y)])
    request = ask('pass', root, moved=[(x, 0.25), (y, 0.75)])
    x.data, y.data = 0.25, 0.75
    root.recompute().backward()
    answer = node(request)[0]
    order = graph.topological([root])
    assert answer['data'] == pytest.approx([v.data for v in order], rel=1e-14)
    assert answer['grad'] == pytest.approx([v.grad for v in order], rel=1e-14)


@own_rows
@pytest.mark.parametrize(('formula', 'why'), [
    (lambda o, x: math.exp(x), r'o\.exp\(x\)'),
    (lambda o, x: 1.0 if x > 0.0 else 0.0, r'o\.where'),
    (lambda o, x: o.where(x == 0.0, 1.0, x), r'o\.equal'),
    (lambda o, x: o.where(x != 0.0, 1.0, x), r'o\.equal'),
    (lambda o, x: o.no_such_row(x), 'no_such_row'),
    (lambda o, x: x * Value(2.0), 'Value'),
])  # fmt: skip
def test_a_formula_that_cannot_be_read_is_a_number_nobody_knows_and_says_why(formula, why):
    micrograd.primitive('mine', formula, lambda o, z, x: 1.0)
    page = operation(TABLE['mine'], 1)
    assert (page['name'], page['value'], page['slopes']) == ('mine', None, None)
    assert re.search(why, page['why'])


@own_rows
def test_a_row_with_a_function_on_floats_only_is_one_nobody_knows():
    row = primitives.row('mine', latex='x', partials=lambda o, z, x: 1.0, forward=lambda x: x + 1.0)
    assert 'no formula' in operation(row, 1)['why']


# Whole graphs ---------------------------------------------------------------------------------------------------------


def sweep(root):
    """Values and gradients with their bounds, as the engine computes them."""
    order = graph.topological([root])
    data = {}
    for v in order:
        data[id(v)] = apply(v._row, *[data[id(p)] for p in v._prev]) if v._prev else Bounded(v.data)
    grad = {id(root): Bounded(1.0)}
    for v in reversed(order):
        if id(v) not in grad or not v._prev:
            continue
        edges = v._row.edges(BOUNDS, data[id(v)], *[data[id(p)] for p in v._prev])
        for p, (factor, blocked) in zip(v._prev, edges, strict=True):
            if not (blocked.number if isinstance(blocked, Bounded) else blocked):
                grad[id(p)] = grad.get(id(p), Bounded(0.0)) + grad[id(v)] * factor
    return [(v, data[id(v)], grad.get(id(v), Bounded(0.0))) for v in order]


def is_tight(x):
    return not math.isfinite(x.number) or x.bound <= 1e-11 * abs(x.number)


def test_random_graphs_have_the_engines_values_and_gradients_after_leaves_were_moved():
    rng = random.Random(20)
    graphs = [random_graph(rng) for _ in range(400)]
    changes = [[(x, rng.gauss(0.0, 2.0)) for x in xs] for _, xs in graphs]
    requests = []
    for (root, _), moved in zip(graphs, changes, strict=True):
        under = {id(v) for v in graph.topological([root])}
        requests.append(ask('pass', root, moved=[(x, number) for x, number in moved if id(x) in under]))
    decided, tight, compared = 0, 0, 0
    for (root, _), moved, answer in zip(graphs, changes, node(*requests), strict=True):
        for x, moved_to in moved:
            x.data = moved_to
        root.recompute().backward()
        try:
            expected = sweep(root)
        except UndecidedError:
            continue
        decided += 1
        for (v, data, grad), x, g in zip(expected, answer['data'], answer['grad'], strict=True):
            assert (bits(data.number), bits(grad.number)) == (bits(v.data), bits(v.grad))
            assert agrees(number(x), data)
            assert agrees(number(g), grad)
            tight += is_tight(data) + is_tight(grad)
            compared += 2
    assert decided >= 300
    assert tight >= 0.9 * compared


def test_the_pass_can_be_stepped_and_its_steps_add_up_to_the_gradients():
    x, y = leaves(2.0, -3.0)
    root = (x * y + x).tanh() * x
    whole, none, two = node(*[ask('pass', root, limit=limit) for limit in (99, 0, 2)])
    assert whole['total'] == len(whole['steps']) == 4
    assert whole['untouched']
    assert (none['steps'], none['grad'][-1], sum(none['grad'])) == ([], 1, 1)
    assert two['steps'] == whole['steps'][:2]
    root.backward()
    order = graph.topological([root])
    assert whole['grad'] == [v.grad for v in order]
    passed = [edge for step in whole['steps'] for edge in step['passed']]
    for place, v in enumerate(order[:-1]):
        arriving = [edge for edge in passed if edge['parent'] == place]
        assert sum(edge['gradient'] * edge['factor'] for edge in arriving) == pytest.approx(v.grad, rel=1e-15)
        assert [edge['amount'] for edge in arriving] == [edge['gradient'] * edge['factor'] for edge in arriving]
    for step in whole['steps']:
        assert [edge['position'] for edge in step['passed']] == list(range(len(order[step['node']]._prev)))
        assert {edge['child'] for edge in step['passed']} == {step['node']}


def test_parents_that_are_repeated_and_several_roots():
    x, y = leaves(3.0, 2.0)
    square, product = x * x, x * y
    (answer,) = node(ask('pass', square, product))
    (square + product).backward()
    assert answer['grad'] == [v.grad for v in graph.topological([square, product])]
    inner = x * y
    (answer,) = node(ask('pass', inner * inner, inner))
    assert answer['grad'][:2] == [2.0 * 6.0 * 2.0 + 2.0, 2.0 * 6.0 * 3.0 + 3.0]


def test_what_stands_beside_the_roots_has_no_steps():
    x = Value(3.0)
    first, second = x * x, x.exp()
    request = ask('pass', first, second) | {'roots': [1]}
    (answer,) = node(request)
    assert ([step['node'] for step in answer['steps']], answer['total'], answer['grad']) == ([1], 1, [6, 1, 0])


def test_nothing_passes_a_shut_gate_nor_goes_on_from_a_node_that_nothing_reached():
    x = Value(0.0)
    root = micrograd.relu(micrograd.log(x))  # log(0) is -inf, its slope inf
    (answer,) = node(ask('pass', root))
    root.backward()
    assert [number(g) for g in answer['grad']] == [v.grad for v in graph.topological([root])] == [0.0, 0.0, 1.0]
    assert answer['reached'] == [False, False, True]
    assert [(edge['open'], edge['factor'], edge['amount']) for edge in answer['steps'][0]['passed']] == [(False, 0, 0)]
    assert answer['steps'][1] == {'node': 1, 'gradient': 0, 'reached': False, 'passed': []}


def test_a_gradient_of_0_that_did_arrive_is_passed_on():
    x, zero = leaves(0.0, 0.0)
    root = micrograd.log(x) * zero
    (answer,) = node(ask('pass', root))
    root.backward()
    assert math.isnan(x.grad)
    assert answer['grad'][0] == 'nan'


def test_where_decides_anew():
    x, y = leaves(3.0, 5.0)
    root = micrograd.where(x > y, x * x, y * 7.0)
    request = ask('pass', root, moved=[(x, 6.0)])
    x.data = 6.0
    root.recompute().backward()
    (answer,) = node(request)
    order = graph.topological([root])
    assert (answer['data'], answer['grad']) == ([v.data for v in order], [v.grad for v in order])
    assert answer['grad'][order.index(x)] == 12.0


# Defined by hand ------------------------------------------------------------------------------------------------------


def test_what_was_defined_by_hand_keeps_its_number_until_something_below_it_moves():
    x, y = leaves(2.0, 5.0)
    root = by_hand(x * 1.0) + y
    places = {v: i for i, v in enumerate(graph.topological([root]))}
    moved_y, moved_x, back = node(*[ask('pass', root, moved=[move]) for move in ((y, 7.0), (x, 3.0), (x, 2.0))])
    assert moved_y['data'][-1] == 15.0
    assert moved_x['data'][-1] is None
    assert moved_x['data'][places[y]] == 5.0
    assert back['data'][-1] == 13.0
    for answer in (moved_y, moved_x):
        assert answer['grad'][places[y]] == 1.0
        assert answer['grad'][places[x]] is None
    (edges,) = node(ask('edges', root))
    assert [(edge['factor'], edge['open']) for edge in edges[-1]] == [(1, True), (1, True)]
    assert [(edge['factor'], edge['open']) for edge in edges[places[root._prev[0]]]] == [(None, None)]


def test_what_was_defined_by_hand_is_an_operation_without_programs():
    x = Value(2.0)
    page = data_of(by_hand(x), by_hand(x), Value(3.0, (), 'source'))
    assert page['operation'] == [None, 0, 0, None]
    assert page['operations'] == [{'name': 'cube', 'value': None, 'slopes': None, 'why': 'it was defined by hand'}]


def test_a_gate_that_nobody_can_decide_passes_nobody_knows_what():
    x = Value(2.0)
    root = micrograd.relu(by_hand(x))
    (answer,) = node(ask('pass', root, moved=[(x, 1.0)]))
    assert (answer['data'], answer['grad']) == ([1, None, None], [None, None, 1])
    (edges,) = node(ask('edges', root, moved=[(x, 1.0)]))
    assert [(edge['factor'], edge['open']) for edge in edges[2]] == [(None, None)]
