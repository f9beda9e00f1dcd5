"""A graph as a tree in the terminal."""

import math
import re

import pytest

import micrograd
from micrograd import Value, nn, tree
from micrograd.columns import columns_of
from micrograd.errors import DataError
from micrograd.render.text import Names
from tests import graphs


def lines(v, **limits):
    return tree(v, **limits).splitlines()


def first_column(text):
    """What stands before the numbers."""
    return [re.split(r' {2,}[−\d?(ni]', line)[0].rstrip() for line in text.splitlines()[1:]]


def test_a_neuron():
    assert lines(graphs.neuron()) == [
        '                  value     grad  rate factor',
        'o = tanh         0.7071   1.0000',
        '└─ n = +         0.8814   0.5000   0.5',
        '   ├─ +         −6.0000   0.5000   1',
        '   │  ├─ ×      −6.0000   0.5000   1',
        '   │  │  ├─ x1   2.0000  −1.5000  −3',
        '   │  │  └─ w1  −3.0000   1.0000   2',
        '   │  └─ ×       0.0000   0.5000   1',
        '   │     ├─ x2   0.0000   0.5000   1',
        '   │     └─ w2   1.0000   0.0000   0',
        '   └─ b          6.8814   0.5000   1',
    ]


def test_what_appears_again_is_shown_once():
    a = Value(3.0, label='a')
    b = a * a
    b.label = 'b'
    assert first_column(tree(b + b.exp())) == [
        '+',
        '├─ b = ×',
        '│  ├─ a',
        '│  └─ a ↑ above',
        '└─ exp',
        '   └─ b = × ↑ above',
    ]


def test_a_line_each_for_edges_side_by_side_with_their_factors():
    a = Value(3.0, label='a')
    assert [line.split()[-1] for line in lines(a - a)[2:]] == ['1', '−1']


def test_a_condition_decides_a_closure_is_not_asked_and_a_constant_is_its_number():
    text = tree(graphs.choices())
    assert '├─ <                 1.0000  0.0000  (decides)' in text
    assert '│  └─ 2              2.0000' in text
    assert re.search(r'├─ a .*\?$', tree(graphs.by_hand()), re.MULTILINE)


def test_a_leaf():
    assert lines(Value(2.0, label='x')) == ['    value    grad  rate factor', 'x  2.0000  0.0000']
    assert first_column(tree(Value(2.0)))[0] == 'x₁'


@pytest.mark.parametrize('number', [math.nan, math.inf, -math.inf, -0.0, 1e-300, -1e300])
def test_odd_numbers_stand_in_their_columns(number):
    x = Value(number, label='x')
    y = x * 2.0
    y.backward()
    assert len(lines(y)) == 4
    assert columns_of(max(lines(y), key=columns_of)) <= 80


def test_it_shows_itself_and_is_a_snapshot():
    x = Value(1.0)
    shown = tree(x)
    x.data = 2.0
    assert repr(shown) == str(shown) == shown
    assert '1.0000' in shown


def test_the_same_graph_gives_the_same_text():
    for make in graphs.ALL:
        made = [make() for _ in range(2)]
        first, second = (tree(v[0] if isinstance(v, list) else v) for v in made)
        assert first == second


# Limits ---------------------------------------------------------------------------------------------------------------


def test_depth():
    text = tree(graphs.neuron(), depth=2)
    assert first_column(text)[:4] == ['o = tanh', '└─ n = +', '   ├─ + …', '   └─ b']
    assert text.endswith('\n\n6 of 10 values not shown; to see more of them:\nmicrograd.tree(v, depth=4, lines=160)')
    assert tree(graphs.neuron(), depth=5) == tree(graphs.neuron())
    assert '\n\n1 of 3 values not shown; ' in tree(Value(1.0).exp().exp(), depth=1)


@pytest.mark.parametrize('limit', [1, 2, 3, 5, 12, 40])
def test_the_limit_of_lines_is_kept_and_what_is_hidden_is_counted(limit):
    loss = (nn.MLP(3, [4, 4, 1], generator=0)([1.0, 2.0, 3.0]) - 1.0) ** 2
    text = tree(loss, lines=limit)
    body, _, rest = text.partition('\n\n')
    assert len(body.splitlines()) <= limit + 1
    headings = [heading for heading in first_column(body) if '↑' not in heading and 'operands more' not in heading]
    size = Names(loss).size
    hidden = int(re.match(r'(\d+) of', rest)[1])
    assert hidden == size - len(headings)


def test_what_is_next_to_the_root_comes_first():
    deep, near = graphs.chain(200), Value(1.0, label='near')
    assert any('near' in line for line in lines(deep + near, lines=5))


def test_all_of_a_graph_can_be_seen():
    v = graphs.chain(50)
    text = tree(v, depth=100, lines=1000)
    assert 'more' not in text
    assert len(text.splitlines()) == 102


def test_of_many_operands_a_quarter_of_the_lines():
    v = micrograd.sum([Value(float(i)) for i in range(100)])
    text = tree(v)
    assert len(text.partition('\n\n')[0].splitlines()) == 12
    assert '└─ … 91 operands more' in text
    assert '91 of 101 values not shown' in text
    assert 'not shown' not in tree(v, lines=400)


def test_what_stands_for_the_other_operands_takes_a_line_too():
    v = micrograd.sum([micrograd.sum([Value(float(i)) for i in range(20)]) for _ in range(5)])
    body = tree(v, lines=26).partition('\n\n')[0]
    assert body.count('15 operands more') == 3
    assert body.count('19 operands more') == 1
    assert len(body.splitlines()) == 27  # the headings too


@pytest.mark.usefixtures('uncounted')
def test_a_graph_without_end_in_sight():
    text = tree(graphs.chain(100_000))
    assert len(text.splitlines()) < 45
    assert 'of 200,001 values not shown' in text
    assert max(map(columns_of, text.splitlines())) <= 80


def test_many_ways_to_one_value_are_no_many_lines():
    y = Value(1.0)
    for _ in range(300):
        y = y + y
    text = tree(y, depth=2000, lines=10_000)
    assert len(text.splitlines()) == 602
    assert 'more' not in text


@pytest.mark.parametrize(
    ('limits', 'error', 'message'),
    [
        ({'depth': 0}, DataError, 'depth should be at least 1'),
        ({'lines': 0}, DataError, 'lines should be at least 1'),
        ({'depth': 1.5}, TypeError, 'depth should be an integer'),
    ],
)
def test_limits_are_counts(limits, error, message):
    with pytest.raises(error, match=message):
        tree(Value(1.0), **limits)


@pytest.mark.parametrize('thing', [[Value(1.0)], 1.0, None, nn.Neuron(2)])
def test_what_is_no_value(thing):
    with pytest.raises(TypeError, match=r'Right: tree\(a\)'):
        tree(thing)


# Labels ---------------------------------------------------------------------------------------------------------------


def test_hostile_labels_are_inert():
    text = tree(graphs.hostile(), lines=400)
    assert all(character.isprintable() or character in '\n\u200d' for character in text)
    text.encode()
    assert len(text.splitlines()) == len(graphs.HOSTILE) + 2
    assert max(map(len, text.splitlines())) < 120


def test_wide_letters_keep_the_columns():
    v = Value(1.0, label='日本語') + Value(2.0, label='abcdef') + Value(3.0, label='e\u0301')
    assert [line.index('.') for line in lines(v)[1:]] == [15, 15, 12, 15, 16]  # in letters: two are as wide, one is not
