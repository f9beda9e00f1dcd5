"""The arithmetic of the explorer page, run by Node, against the engine: every row, and how rows become programs."""

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
from micrograd.render.programs import exact, giving, live, operation
from micrograd.straightline import Program
from tests.page import ask, bits, data_of, leaves, node, number
from tests.references import EXACT, nearest
from tests.rounding import BOUNDS, Bounded, UndecidedError, agrees, apply, bounded
from tests.support import require
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
    assert giving(program, [y, x + 0.0, True, nan]) == {
        'steps': [0.0, ['add', 0, 1], ['mul', 2, 2], -0.0, ['add', 3, 4], 1.0, 'nan'],
        'gives': [5, 2, 6, 7],
    }
    assert bits(giving(program, [])['steps'][3]) == '-0.0'


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
def test_conditions_are_joined_as_python_joins_them():
    own_gate()
    xs = [-2.0, -1.0, -0.5, 0.5, 1.0, 2.0]
    page = operation(TABLE['band'], 1)
    values, slopes = node(
        {'do': 'evaluate', 'program': page['value'], 'points': [[x] for x in xs]},
        {'do': 'evaluate', 'program': page['slopes'], 'points': [[x, x] for x in xs]},
    )
    assert [value for (value,) in values] == [TABLE['band'].forward(x) for x in xs] == [0, 0, -0.5, 0.5, 0, 0]
    assert [gate for _, gate in slopes] == [1, 1, 0, 0, 1, 1]


@own_rows
def test_what_a_formula_makes_of_constants_alone_is_a_constant():
    micrograd.primitive('scaled', lambda o, x: o.exp(o.div(1, 2)) * x, lambda o, z, x: o.exp(o.div(1, 2)))
    assert operation(TABLE['scaled'], 1)['value'] == {'steps': [math.exp(0.5), ['mul', 1, 0]], 'gives': [2]}


@own_rows
def test_the_constants_of_a_formula_may_be_numpys():
    numpy = require('numpy')
    half, two = numpy.float64(0.5), numpy.float64(2.0)
    micrograd.primitive('bent', lambda o, x: o.where(half <= x, two * x, x + half), lambda o, z, x: two)
    program = operation(TABLE['bent'], 1)['value']
    (answer,) = node({'do': 'evaluate', 'program': program, 'points': [[0.25], [0.5], [3.0]]})
    assert answer == [[0.75], [1], [6]]


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
