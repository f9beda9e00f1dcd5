"""Every path from one value to another: counting, listing, the largest, and their sum, which is the gradient."""

import math
import operator
import random
import sys
from itertools import islice

import pytest

import micrograd
from micrograd import Value, gradients, graph, maximum, relu, where
from micrograd.errors import DataError, GraphError, StaleGraphError
from micrograd.node import parents
from micrograd.paths import Path, Paths
from tests import graphs

INF, NAN = math.inf, math.nan


def labelled(**numbers):
    return [Value(number, label=label) for label, number in numbers.items()]


def random_graph(seed, size=9):
    """A small graph of sums, products and gates, with uses side by side and values that nothing uses."""
    generator = random.Random(seed)
    nodes = [Value(float(generator.randint(-3, 3))) for _ in range(3)]
    operations = [operator.add, operator.mul, operator.sub, maximum, lambda x, _: relu(x)]
    for _ in range(size):
        nodes.append(generator.choice(operations)(*generator.choices(nodes, k=2)))
    return nodes


def brute_force(a, b):
    """The nodes of every path, by recursion from the end; an operand used twice counts twice."""
    if a is b:
        return [(a,)]
    return [(*path, b) for p in parents(b) for path in brute_force(a, p)]


def ids(nodes):
    return tuple(map(id, nodes))


def size(path):
    return INF if math.isnan(path.product) else abs(path.product)


# Which paths there are ------------------------------------------------------------------------------------------------


def test_an_operand_used_twice_is_on_two_paths():
    y = graphs.twice()
    [a] = [v for v in graph.topological([y]) if v.label == 'a']
    paths = graph.paths(a, y)
    assert (paths.count, len(paths), len(list(paths))) == (5, 5, 5)
    assert sorted(path.product for path in paths) == [-1.0, 1.0, 1.0, 3.0, 3.0]
    assert paths.total == 7.0 == a.grad


def test_a_path_says_its_nodes_factors_and_product():
    w, x = labelled(w=0.5, x=2.0)
    z = w * x
    c = z.exp()
    [path] = graph.paths(w, c)
    assert ids(path.nodes) == ids((w, z, c))
    assert path.factors == (2.0, math.exp(1.0))
    assert path.product == 2.0 * math.exp(1.0)


@pytest.mark.parametrize('seed', range(60))
def test_they_are_those_that_a_recursion_finds_and_sum_to_the_gradient(seed):
    nodes = random_graph(seed)
    b = nodes[-1]
    for start in nodes:
        paths = graph.paths(start, b)
        found = list(paths)
        expected = brute_force(start, b)
        assert sorted(ids(path.nodes) for path in found) == sorted(ids(path) for path in expected)
        assert paths.count == len(expected)
        assert bool(paths) == bool(expected)
        [derivative] = gradients(b, [start])
        assert paths.total == derivative.data
        assert sum(path.product for path in found) == derivative.data  # small integers: exact
        for k in (1, 3, 1000):
            assert [size(path) for path in paths.largest(k)] == sorted(map(size, found), reverse=True)[:k]
            assert len({path.edges for path in paths.largest(k)}) == min(k, len(found))


def test_the_order_depends_on_the_graph_alone():
    def made():
        x, y = labelled(x=2.0, y=3.0)
        return x, (x * y + x) * (x + x)

    def told(paths):
        return [tuple(v._op for v in path.nodes) for path in paths]

    first, second = graph.paths(*made()), graph.paths(*made())
    assert told(first) == told(second)
    assert told(first.largest(9)) == told(second.largest(9))
    assert str(first) == str(second)


def test_equals_stand_in_the_order_of_iteration():
    x = Value(1.0)
    y = x + x + x + x
    paths = graph.paths(x, y)
    assert [path.edges for path in paths.largest(3)] == [path.edges for path in islice(paths, 3)]


def test_from_a_value_to_itself_there_is_one_path():
    x = Value(3.0)
    y = x * x
    for v in (x, y):
        paths = graph.paths(v, v)
        [path] = paths
        assert (paths.count, paths.total, path.product, path.factors) == (1, 1.0, 1.0, ())
        assert path.nodes == (v,)
        assert [path.product for path in paths.largest()] == [1.0]


def test_where_nothing_depends_on_it_there_is_none():
    x, y = labelled(x=1.0, y=2.0)
    for paths in (graph.paths(x, y), graph.paths(x * 2.0, x)):
        assert (paths.count, len(paths), list(paths), paths.total, paths.largest(3)) == (0, 0, [], 0.0, [])
        assert not paths


# Their sum ------------------------------------------------------------------------------------------------------------


def test_a_shut_gate_passes_0_even_times_infinity():
    x = Value(0.0)
    y = relu(x.sqrt())  # the root's slope is infinite, the gate is shut
    paths = graph.paths(x, y)
    [path] = paths
    assert path.factors == (INF, 0.0)
    assert (path.product, paths.total) == (0.0, 0.0)


def test_what_only_shut_gates_reach_adds_nothing_further_down():
    x = Value(0.0)
    y = relu(x.sqrt() * 1.0) + x
    assert graph.paths(x, y).total == 1.0 == gradients(y, [x])[0].data


def test_the_condition_of_a_where_is_a_path_and_adds_nothing():
    x = Value(2.0)
    y = where(x > 1.0, x * 3.0, 0.0)
    paths = graph.paths(x, y)
    assert sorted(path.product for path in paths) == [0.0, 3.0]
    assert paths.total == 3.0


@pytest.mark.parametrize('number', [INF, -INF, NAN, -0.0, 0.0, 1e308, 5e-324])
def test_odd_factors_make_the_sum_that_gradients_makes(number):
    x, k = Value(2.0), Value(number)
    y = x * k + x * k * k
    y2 = gradients(y, [x])[0].data
    assert graph.paths(x, y).total == y2 or math.isnan(y2)
    assert math.isnan(graph.paths(x, y).total) == math.isnan(y2)


def test_nan_and_infinity_come_first_and_shut_gates_last():
    x = Value(1.0)
    ways = [x * 2.0, x * NAN, relu(x * -1.0), x * -INF, x * 0.0, x * -3.0]
    paths = graph.paths(x, micrograd.sum(ways))
    products = [path.product for path in paths.largest(6)]
    assert math.isnan(products[0])
    assert products[1:] == [-INF, -3.0, 2.0, 0.0, 0.0]
    assert paths.largest(6)[-1].factors == (-1.0, 0.0, 1.0)
    assert math.isnan(paths.total)


def test_a_product_that_underflows_before_infinity_is_not_lost():
    """0 * inf is nan, and counts among the largest: no prefix may be dropped for being small."""
    x = Value(1.0)
    small, large = x * 1e-200 * 1e-200, x * 2.0
    paths = graph.paths(x, (small + large) * INF)
    assert [size(path) for path in paths.largest(2)] == [INF, INF]


@pytest.mark.parametrize('k', [0, -1])
def test_k_counts_something(k):
    with pytest.raises(DataError, match='k should be at least 1'):
        graph.paths(Value(1.0), Value(1.0)).largest(k)


# Large graphs ---------------------------------------------------------------------------------------------------------


def doubled(times):
    x = Value(1.0, label='x')
    y = x
    for _ in range(times):
        y = y + y
    return x, y


def test_more_paths_than_atoms_are_counted_and_summed_at_once():
    paths = graph.paths(*doubled(1000))
    assert paths.count == 2**1000
    assert paths.total == 2.0**1000
    assert [path.product for path in paths.largest(3)] == [1.0] * 3
    assert len({path.edges for path in paths.largest(3)}) == 3
    assert len(list(islice(paths, 5))) == 5
    with pytest.raises(OverflowError, match=r'Right: paths\.count'):
        len(paths)
    assert paths
    assert 'about 1.072 · 10^301' in str(paths)


def test_the_largest_of_exponentially_many_by_their_factors():
    x = y = Value(1.0)
    for i in range(60):
        y = y * (2.0 + i) + y * 0.5
    best, second = graph.paths(x, y).largest(2)
    assert best.product == pytest.approx(math.factorial(61), rel=1e-12)
    assert second.product == pytest.approx(best.product / 4.0, rel=1e-12)  # the first factor, 2, against 0.5


@pytest.mark.usefixtures('uncounted')
def test_no_recursion_in_a_deep_graph():
    x = y = Value(1.0)
    for _ in range(100_000):
        y = y + 1.0
    paths = graph.paths(x, y)
    assert (paths.count, paths.total) == (1, 1.0)
    [path] = paths
    assert len(path.nodes) == 100_001
    assert path.product == 1.0
    [largest] = paths.largest(1)
    assert largest.edges == path.edges
    assert len(str(paths)) < 1000
    assert max(map(len, str(paths).splitlines())) <= 80
    assert repr(path).startswith('x₁ → + → … 99,997 more … → + → +: 1 · 1 · … ')


def test_a_wide_graph():
    x = Value(2.0)
    y = micrograd.sum([x * float(i) for i in range(10_000)])
    paths = graph.paths(x, y)
    assert (paths.count, paths.total) == (10_000, sum(range(10_000)))
    assert [path.product for path in paths.largest(2)] == [9999.0, 9998.0]
    assert len(str(paths).splitlines()) < 20


# By hand, stale, misused ----------------------------------------------------------------------------------------------


def test_of_what_was_made_by_hand_the_paths_are_known_and_their_products_are_not():
    y = graphs.by_hand()
    [a] = [v for v in graph.topological([y]) if v.label == 'a']
    paths = graph.paths(a, y)
    assert paths.count == 3
    assert {len(path.nodes) for path in paths} == {2, 3}
    by_hand = next(path for path in paths if len(path.nodes) == 3)
    for ask in (
        lambda: paths.total,
        lambda: paths.largest(),
        lambda: paths.adjoints,
        lambda: by_hand.factors,
        lambda: by_hand.product,
    ):
        with pytest.raises(GraphError, match=r"its operation 'mine' was defined by hand"):
            ask()
    assert 'a → mine → ×  ? · 1  = ?' in str(paths)
    assert 'is not known' in str(paths)


def test_below_the_start_anything_may_have_been_made_by_hand():
    y = graphs.by_hand()
    assert graph.paths(y._prev[0], y).total == 1.0
    assert graph.paths(y._prev[0], y._prev[0]).total == 1.0


def test_numbers_that_were_changed_are_an_error():
    x = Value(1.0)
    y = x * 2.0
    x.data = 3.0
    with pytest.raises(StaleGraphError):
        graph.paths(x, y)


def test_a_stale_graph_leaves_gradients_alone():
    x, mine = Value(1.0), Value(2.0, (), 'mine')
    y = x * mine
    y.backward()
    x.data = 3.0
    with pytest.raises(StaleGraphError):
        graph.paths(x, y)
    assert (x.grad, mine.grad) == (2.0, 1.0)


def test_paths_are_a_snapshot():
    x, k = labelled(x=1.0, k=2.0)
    y = x * k
    paths = graph.paths(x, y)
    k.data = 5.0
    y.recompute()
    assert paths.total == 2.0
    assert graph.paths(x, y).total == 5.0


@pytest.mark.parametrize(
    ('a', 'b', 'message'),
    [
        ([Value(1.0), Value(2.0)], Value(1.0), r'Right: \[paths\(w, C\) for w in \(w1, w2\)\]'),
        (Value(1.0), (Value(1.0),), r'Wrong: paths\(\[w1, w2\], C\)'),
        ('w', Value(1.0), "not str: 'w'"),
        (Value(1.0), 3.0, 'not float: 3.0'),
    ],
)
def test_what_is_no_value(a, b, message):
    with pytest.raises(TypeError, match=message):
        graph.paths(a, b)


# As text --------------------------------------------------------------------------------------------------------------


def test_the_listing():
    w, x = labelled(w=2.0, x=3.0)
    c = w * x + w**2
    c.label = 'C'
    c.backward()
    paths = graph.paths(w, c)
    assert str(paths).splitlines() == [
        '2 paths from w to C, and the products of their rate factors:',
        '',
        '  w → **2 → C  4 · 1  = 4',
        '  w → × → C    3 · 1  = 3',
        '',
        'the sum over all paths: ∂C/∂w = 7',
    ]
    assert repr(paths) == '<2 paths from w to C>'
    assert [repr(path) for path in paths] == ['w → × → C: 3 · 1 = 3', 'w → **2 → C: 4 · 1 = 4']


def test_the_rest_is_counted():
    x = Value(1.0, label='x')
    y = micrograd.sum([x * float(i) for i in range(1, 15)])
    lines = str(graph.paths(x, y)).splitlines()
    assert lines[2:4] == ['  x → × → Σ  14 · 1  = 14', '  x → × → Σ  13 · 1  = 13']
    assert lines[12:] == ['  … and 4 more', '', 'the sum over all paths: ∂Σ/∂x = 105']


def test_a_gradient_that_is_not_the_sum_is_explained():
    x = Value(1.0, label='x')
    y = x * 2.0
    y.backward()
    y.backward()
    assert str(graph.paths(x, y)).endswith('\nx.grad is 4: calls of backward() add up on a leaf.')


def test_one_and_none():
    x, y = labelled(x=1.0, y=2.0)
    assert str(graph.paths(x, y)) == 'no path from x to y: y does not depend on it, so the derivative is 0'
    assert repr(graph.paths(x, y)) == '<no path from x to y>'
    assert '1 path from x to x, and the product of its rate factors' in str(graph.paths(x, x))
    assert [repr(path) for path in graph.paths(x, x)] == ['x: 1']


def test_hostile_labels_are_inert():
    y = graphs.hostile()
    for v in y._prev:
        text = str(graph.paths(v, y)) + repr(graph.paths(v, y)) + ''.join(map(repr, graph.paths(v, y)))
        assert all(character.isprintable() or character in '\n\u200d' for character in text)
        text.encode()
        assert max(map(len, text.splitlines())) < 300


def test_len_as_far_as_it_goes():
    assert sys.maxsize > len(graph.paths(*doubled(40))) == 2**40


def test_the_class_is_what_the_function_gives():
    x = Value(1.0)
    paths = graph.paths(x, x + 1.0)
    assert isinstance(paths, Paths)
    assert isinstance(next(iter(paths)), Path)
