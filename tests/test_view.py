"""A graph as boxes and edges."""

from math import inf, nan

import pytest

from micrograd import Value, maximum, primitives, relu, where
from micrograd import sum as total
from micrograd.errors import GraphError
from micrograd.graph import rate_factors
from micrograd.operators import apply
from micrograd.render.view import SHADES, legible, number, short_number, view
from tests import graphs


def picture(*roots, max_nodes=500):
    return view(roots, max_nodes)


def headings(*roots):
    return [box.heading for box in picture(*roots).boxes]


def factors(root):
    return [edge.factor for edge in picture(root).edges]


def shades(*values):
    return [box.shade for box in picture(*values).boxes]


def with_grad(grad, data=1.0):
    v = Value(data)
    v.grad = grad
    return v


def parameter(data, label=''):
    v = Value(data, label=label)
    v.role = 'parameter'
    return v


# Boxes and edges


def test_a_box_holds_what_the_value_holds():
    boxes = picture(graphs.neuron()).boxes
    assert [(box.id, box.heading, box.role, box.data, box.grad) for box in boxes[:5]] == [
        ('v1', 'x1', 'input', 2.0, pytest.approx(-1.5)),
        ('v2', 'w1', 'parameter', -3.0, pytest.approx(1.0)),
        ('v3', '×', 'operation', -6.0, pytest.approx(0.5)),
        ('v4', 'x2', 'input', 0.0, pytest.approx(0.5)),
        ('v5', 'w2', 'parameter', 1.0, 0.0),
    ]
    assert [box.heading for box in boxes[-2:]] == ['n = +', 'o = tanh']
    assert [box.root for box in boxes] == [False] * 9 + [True]


def test_parents_come_before_children_and_edges_in_the_order_of_operands():
    a, b = Value(1.0, label='a'), Value(2.0, label='b')
    drawn = picture(a - b)
    assert [(edge.parent, edge.child, edge.position, edge.factor) for edge in drawn.edges] == [
        ('v1', 'v3', 0, 1.0),
        ('v2', 'v3', 1, -1.0),
    ]
    assert [(edge.parent, edge.position) for edge in picture(b - a).edges] == [('v1', 0), ('v2', 1)]


@pytest.mark.parametrize('make', graphs.ALL)
def test_the_same_graph_gives_the_same_view(make):
    first, second = make(), make()
    roots = lambda made: made if isinstance(made, list) else [made]  # noqa: E731
    assert repr(view(roots(first), 500)) == repr(view(roots(second), 500))


def test_a_view_is_a_snapshot():
    x = Value(1.0)
    drawn = picture(x)
    x.data = 2.0
    assert drawn.boxes[0].data == 1.0


def test_several_roots_share_what_is_below():
    a = Value(1.0, label='a')
    drawn = picture(a * 2.0, a * 3.0)
    assert [box.heading for box in drawn.boxes] == ['a', '', '×', '', '×']
    assert [box.root for box in drawn.boxes] == [False, False, True, False, True]


@pytest.mark.parametrize(
    ('make', 'size'),
    [
        (lambda: Value(1.0), '1 value and 0 edges'),
        (lambda: -Value(1.0), '2 values and 1 edge'),
        (lambda: graphs.chain(1000), '2,001 values and 2,000 edges'),
    ],
)
def test_the_size_in_words(make, size):
    assert picture(make(), max_nodes=5000).size == size


# Local derivatives


def test_an_edge_for_each_use():
    a = Value(3.0)
    assert factors(a + a) == [1.0, 1.0]
    assert factors(a * a) == [3.0, 3.0]
    assert factors(total([a, a, a])) == [1.0, 1.0, 1.0]


def test_a_shut_gate_passes_nothing():
    assert factors(relu(Value(-2.0))) == [0.0]
    assert factors(maximum(Value(1.0), Value(2.0))) == [0.0, 1.0]


def test_a_condition_decides_and_has_no_derivative():
    x = Value(2.0)
    edges = picture(where(x > 1.0, x, 5.0)).edges
    assert [(edge.factor, edge.decides) for edge in edges] == [
        (0.0, False),  # x > 1
        (0.0, False),
        (None, True),  # where
        (1.0, False),
        (0.0, False),
    ]


def test_only_a_closure_knows_the_derivative_of_what_was_made_by_hand():
    assert [(edge.factor, edge.decides) for edge in picture(graphs.by_hand()).edges] == [
        (None, False),
        (None, False),
        (1.0, False),
        (2.0, False),
    ]


@pytest.mark.parametrize('row', list(primitives.rows()), ids=lambda row: row.symbol)
def test_every_operation_of_the_table_has_its_derivatives_on_its_edges(row):
    operands = [Value(0.25 + 0.125 * i) for i in range(row.arity or 2 * row.lists)]
    made = apply(Value, row, *operands)
    v = made.flag if row.condition else made
    drawn = picture(v)
    assert drawn.boxes[-1].operation == {'*': '×', '-': '−', '<=': '≤'}.get(row.symbol, row.symbol)
    assert [edge.factor for edge in drawn.edges if not edge.decides] == rate_factors(v)[row.name == 'where' :]


# Names


def test_names_for_what_has_none():
    x, w, b, y = Value(1.0), parameter(2.0), parameter(3.0), Value(4.0)
    assert headings(x * w + b * y + 5.0) == ['x₁', 'w₁', '×', 'w₂', 'x₂', '×', '+', '', '+']


def test_a_constant_is_known_by_its_number():
    assert picture(Value(1.0) * 0.1).boxes[1].known_as == '0.1'


def test_automatic_names_pass_over_those_that_are_taken():
    assert headings(total([Value(1.0), Value(1.0, label='x2'), Value(1.0), Value(1.0, label='x₃'), Value(1.0)])) == [
        'x₁', 'x2', 'x₄', 'x₃', 'x₅', 'Σ',
    ]  # fmt: skip


def test_a_leaf_with_an_operation_of_its_own_shows_both():
    assert headings(Value(1.0, (), 'given', 'x')) == ['x = given']


def test_a_label_need_not_be_text():
    v = Value(1.0)
    v.label = 7
    assert headings(v) == ['7']


def test_a_blank_label_is_none():
    assert headings(Value(1.0, label=' ') * Value(1.0, (Value(2.0),), ' ')) == ['x₁', 'x₂', '', '×']


@pytest.mark.parametrize(
    ('text', 'shown'),
    [
        ('z', 'z'),
        ('a\nb', r'a\nb'),
        ('a\0b', r'a\x00b'),
        ('\ud800', r'\ud800'),
        ('a\u202eb', r'a\u202eb'),
        ('a\u200bb', r'a\u200bb'),
        ('a\xa0b', r'a\xa0b'),
        ('\x1b[31m', r'\x1b[31m'),
        ('\U000e0041', r'\U000e0041'),
        ('👩\u200d💻', '👩\u200d💻'),
        ('שלום', 'שלום'),
        ('<b>"&|', '<b>"&|'),
        ('y' * 40, 'y' * 40),
        ('a' * 20 + 'b' * 21, 'a' * 20 + '…' + 'b' * 19),
        (None, 'None'),
        (' z ', 'z'),
        (' ', ''),
    ],
)
def test_text_hides_nothing(text, shown):
    assert legible(text) == shown


# Numbers


@pytest.mark.parametrize(
    ('x', 'text'),
    [
        (0.88137, '0.8814'),
        (-6.0, '−6.0000'),
        (0.0, '0.0000'),
        (-0.0, '0.0000'),
        (0.001, '0.0010'),
        (0.000999, '9.9900e−04'),
        (-1.5e-300, '−1.5000e−300'),
        (99999.9, '99999.9000'),
        (100000.0, '1.0000e+05'),
        (1e300, '1.0000e+300'),
        (nan, 'nan'),
        (inf, 'inf'),
        (-inf, '−inf'),
        (3, '3.0000'),
    ],
)
def test_numbers_have_a_fixed_precision(x, text):
    assert number(x) == text


@pytest.mark.parametrize(
    ('x', 'text'),
    [
        (1.0, '1'),
        (-3.0, '−3'),
        (0.41997, '0.42'),
        (1 / 3, '0.3333'),
        (-0.0, '0'),
        (1e-7, '1e−07'),
        (123456.0, '1.235e+05'),
        (nan, 'nan'),
        (-inf, '−inf'),
    ],
)
def test_local_derivatives_are_short(x, text):
    assert short_number(x) == text


# The colour of a gradient


def test_the_shade_is_the_sign_and_the_strength():
    grads = [-1.0, -0.5, -0.05, -1e-9, 0.0, -0.0, 1e-9, 0.05, 0.5, 1.0]
    assert shades(*map(with_grad, grads)) == [-SHADES, -4, -1, -1, 0, 0, 1, 1, 4, SHADES]


def test_the_shade_is_relative_to_the_largest_gradient():
    assert shades(with_grad(1e-200), with_grad(2.5e-201)) == [SHADES, 2]
    assert shades(with_grad(1e308), with_grad(-1e308)) == [SHADES, -SHADES]


def test_before_backward_there_is_no_colour():
    assert shades(Value(1.0) * 2.0) == [0, 0, 0]


@pytest.mark.parametrize('grad', [nan, inf, -inf])
def test_a_gradient_that_is_not_finite_is_marked_and_spoils_no_other(grad):
    assert shades(with_grad(grad), with_grad(-2.0), with_grad(0.0)) == [None, -SHADES, 0]


def test_data_that_are_nan_are_marked_and_infinite_ones_are_not():
    assert shades(with_grad(1.0, nan), with_grad(1.0, inf)) == [None, SHADES]


# The size limit


def test_too_large_a_graph_is_an_error_that_says_what_to_do():
    with pytest.raises(GraphError, match=r'this graph has 501 values; .* more than 500 .*draw\(loss, max_nodes=501\)'):
        picture(graphs.chain(250))
    assert len(picture(graphs.chain(250), max_nodes=501).boxes) == 501
    assert len(picture(graphs.chain(249)).boxes) == 499


@pytest.mark.usefixtures('uncounted')
def test_a_deep_graph_is_too_large_without_recursion():
    with pytest.raises(GraphError, match='this graph has 400,001 values'):
        picture(graphs.chain(200_000))
