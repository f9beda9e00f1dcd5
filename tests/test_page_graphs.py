"""Values and gradients of whole graphs, as the explorer page computes them, against the engine."""

import math
import random
from math import inf

import pytest

import micrograd
from micrograd import Value, graph
from tests.page import ask, bits, by_hand, data_of, leaves, node, number, random_graph
from tests.rounding import BOUNDS, Bounded, UndecidedError, agrees, apply


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
    (answer,) = node(ask('pass', square, square))
    assert answer['grad'] == [12.0, 2.0]
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


def test_not_even_an_infinite_gradient_passes_a_shut_gate():
    x, large = leaves(-1.0, inf)
    (answer,) = node(ask('pass', micrograd.relu(x) * large))
    assert answer['grad'][0] == 0
    assert [(edge['gradient'], edge['amount']) for edge in answer['steps'][1]['passed']] == [('inf', 0)]


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
