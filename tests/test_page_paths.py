"""The sum over paths, as the explorer page computes it: against brute force and against gradients."""

import math
import random
from fractions import Fraction
from math import inf, nan

import pytest

import micrograd
from micrograd import Value, gradients, graph
from tests.page import ask, bits, by_hand, data_of, leaves, node, number, random_graph

FACTORS = [0.5, 2.0, -3.0, 1.5, -0.25, 1.0, 0.0, inf, -inf, nan, 2.0**600, -(2.0**-600), 2.0**-1060]
PLAIN = FACTORS[:6]


def random_links(rng, factors):
    """A graph whose rate factors are such numbers, and gates and nodes made by hand: an edge is a product."""
    nodes = [Value(1.0)]
    for _ in range(rng.randint(2, 7)):
        terms = []
        for _ in range(rng.randint(1, 3)):
            v = rng.choice(nodes[-3:])
            term = v * rng.choice(factors)
            kind = rng.random()
            gate = kind < 0.1 and factors is FACTORS
            hand = kind > 0.9 and factors is FACTORS
            terms.append(micrograd.where(term < term, term, 1.0) if gate else by_hand(term) if hand else term)
        nodes.append(micrograd.sum(terms))
    return nodes[0], nodes[-1]


def all_paths(edges, a, b):
    """Every path from b down to a, by brute force."""
    found, waiting = [], [(b, ())]
    while waiting:
        v, path = waiting.pop()
        if v == a:
            found.append(path)
        waiting.extend((edge['parent'], (*path, edge)) for edge in edges[v])
    return found


def rank(path):
    """Where a path is listed: its kind, then its exact size."""
    factors = [number(edge['factor']) for edge in path]
    if any(edge['open'] is False for edge in path):
        return 5, 0
    if None in factors:
        return 0, 0
    if any(map(math.isnan, factors)) or (0.0 in factors and any(map(math.isinf, factors))):
        return 1, 0
    if any(map(math.isinf, factors)):
        return 2, 0
    return (4, 0) if 0.0 in factors else (3, -abs(math.prod(map(Fraction, factors))))


def product_of(path):
    if any(edge['open'] is False for edge in path):
        return 0.0
    factors = [number(edge['factor']) for edge in path]
    return None if None in factors else math.prod(factors, start=1.0)


@pytest.mark.parametrize('factors', [PLAIN, FACTORS], ids=['ordinary', 'any'])
def test_paths_are_those_that_brute_force_finds_the_largest_first(factors):
    rng = random.Random(len(factors))
    graphs = [random_links(rng, factors) for _ in range(100)]
    requests = [
        request
        for a, b in graphs
        for request in (ask('edges', b), ask('paths', b, a=a, b=b, limit=5), ask('paths', b, a=a, b=b, limit=10**6))
    ]
    answers = iter(node(*requests))
    for edges, few, whole in zip(answers, answers, answers, strict=True):
        every = sorted(all_paths(edges, 0, len(edges) - 1), key=rank)
        assert int(whole['count']) == len(every) == len(whole['paths'])
        assert int(whole['open']) == sum(rank(path)[0] != 5 for path in every)
        assert few['paths'] == whole['paths'][:5]
        listed = [tuple(reversed(path['edges'])) for path in whole['paths']]
        assert [rank(path) for path in listed] == [rank(path) for path in every]
        assert sorted(map(repr, listed)) == sorted(map(repr, every))
        for path, found in zip(listed, whole['paths'], strict=True):
            assert bits(found['product']) == bits(product_of(path))
            assert found['open'] == (rank(path)[0] != 5)
            assert found['nodes'] == [0, *[edge['child'] for edge in found['edges']]]


def test_the_sum_over_paths_is_the_gradient():
    rng = random.Random(3)
    graphs = [random_graph(rng) for _ in range(100)]
    asked = [(root, x) for root, xs in graphs for x in xs if id(x) in {id(v) for v in graph.topological([root])}]
    compared = 0
    for (root, x), answer in zip(asked, node(*[ask('paths', r, a=x, b=r, limit=300) for r, x in asked]), strict=True):
        (slope,) = gradients(root, [x])
        products = [number(path['product']) for path in answer['paths']]
        if int(answer['count']) > 300 or not all(map(math.isfinite, [*products, slope.data])):
            continue
        size = max(1.0, *map(abs, products), 0.0)
        assert math.fsum(products) == pytest.approx(slope.data, rel=1e-9, abs=1e-12 * size)
        assert number(answer['sum']) == pytest.approx(slope.data, rel=1e-9, abs=1e-12 * size)
        compared += 1
    assert compared >= 100


def test_two_paths_through_one_operation():
    x = Value(3.0)
    (answer,) = node(ask('paths', x * x, a=x, b=x))
    assert answer == {
        'count': '1',
        'open': '1',
        'sum': 1,
        'paths': [{'nodes': [0], 'edges': [], 'product': 1, 'open': True}],
    }
    (answer,) = node({'do': 'paths', 'live': data_of(x * x), 'a': 0, 'b': 1})
    assert (answer['count'], answer['sum']) == ('2', 6)
    assert [(path['nodes'], path['edges'][0]['position']) for path in answer['paths']] == [([0, 1], 0), ([0, 1], 1)]


def test_there_is_no_path_beside_nor_upwards():
    x, y = leaves(2.0, 3.0)
    page = data_of(x.exp() + y.exp())
    for a, b in ((0, 3), (4, 0)):
        (answer,) = node({'do': 'paths', 'live': page, 'a': a, 'b': b})
        assert answer == {'count': '0', 'open': '0', 'sum': 0, 'paths': []}


def test_any_number_of_paths_is_counted_exactly_and_ties_have_an_order():
    x = Value(1.0)
    y = x
    for _ in range(200):
        y = y + y
    answer, again = node(ask('paths', y, a=x, b=y, limit=4), ask('paths', y, a=x, b=y, limit=4))
    assert answer == again
    assert int(answer['count']) == int(answer['open']) == 2**200
    assert answer['sum'] == 2.0**200
    assert [path['product'] for path in answer['paths']] == [1, 1, 1, 1]
    turns = [[edge['position'] for edge in path['edges']] for path in answer['paths']]
    assert turns == [[0] * 200, [0] * 199 + [1], [0] * 198 + [1, 0], [0] * 198 + [1, 1]]


def test_the_largest_of_more_paths_than_anybody_could_list():
    x = Value(1.0)
    y = x
    for i in range(2000):
        y = y * 0.5 + y * (0.25 if i % 2 else -0.75)
    (answer,) = node(ask('paths', y, a=x, b=y, limit=3))
    assert int(answer['count']) == 2**2000
    sizes_ = [sum(Fraction(edge['factor']) == Fraction(-3, 4) for edge in path['edges']) for path in answer['paths']]
    assert sizes_ == [1000, 999, 999]


@pytest.mark.parametrize('factors', [
    [(2.0**-1060, 2.0**600), (1.5 * 2.0**-460, 1.0), (2.0**-461, 1.0)],  # one that is subnormal by itself
    [(1.5 * 2.0**1023, 0.5), (1.25 * 2.0**1022, 1.0), (2.0**1023, 0.25)],
    [(1.0, 1.0), (1.0 - 2.0**-53, 1.0), (1.0 - 2.0**-52, 1.0)],  # neighbours on both sides of a power of two
    [(2.0**700, 2.0**700), (-(2.0**1000), 2.0**399), (2.0**-700, -(2.0**-700)), (2.0**-1000, 2.0**-401)],
])  # fmt: skip
def test_products_are_in_order_where_doubles_overflow_or_have_few_bits_left(factors):
    x = Value(1.0)
    ways = [(x * first) * second for first, second in factors]
    b = micrograd.sum(ways[::-1])
    (answer,) = node(ask('paths', b, a=x, b=b))
    listed = [tuple(number(edge['factor']) for edge in path['edges'][:2]) for path in answer['paths']]
    assert listed == sorted(factors, key=lambda pair: -abs(Fraction(pair[0]) * Fraction(pair[1])))
