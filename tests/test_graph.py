"""The walks: order, local derivatives, names."""

import pytest

import micrograd
from micrograd import Value
from micrograd.graph import rate_factors, topological


def test_topological_order_has_parents_first_and_each_node_once():
    a, b = Value(1.0), Value(2.0)
    c = a * b
    d = c + a
    e = d * c
    order = topological([e, c, a])
    assert order == [a, b, c, d, e]
    assert topological([a, b]) == [a, b]
    assert topological([]) == []


def test_rate_factors_are_the_local_derivatives():
    x, y = Value(3.0), Value(4.0)
    assert rate_factors(x * y) == [4.0, 3.0]
    assert rate_factors(x * x) == [3.0, 3.0]
    assert rate_factors(micrograd.relu(-x)) == [0.0]
    assert rate_factors(micrograd.maximum(x, y)) == [0.0, 1.0]
    assert rate_factors(micrograd.where(x > y, x, y)) == [0.0, 0.0, 1.0]
    assert rate_factors(x) == []
    assert rate_factors(Value(1.0, (x, y), 'by hand')) == [None, None]
    assert rate_factors(Value(1.0, (), 'by hand')) == []


def test_name_labels_the_values_of_a_scope():
    def program():
        x = Value(2.0)
        ws = [Value(1.0), (Value(2.0), Value(3.0))]
        table = {'a': Value(4.0)}
        y = alias = x * 2.0
        _hidden = Value(5.0)
        number = 3
        micrograd.name(**locals())
        return x, ws, table, y, alias, _hidden, number

    x, ws, table, y, _, hidden, _ = program()
    assert [x.label, ws[0].label, ws[1][0].label, ws[1][1].label] == ['x', 'ws[0]', 'ws[1][0]', 'ws[1][1]']
    assert table['a'].label == "table['a']"
    assert (y.label, hidden.label) == ('y', '')


def test_name_reaches_the_parameters_of_a_module():
    class Model:
        def __init__(self):
            self.w = Value(1.0)

        def named_parameters(self):
            return [('w', self.w)]

    model = Model()
    micrograd.name(model=model)
    assert model.w.label == 'model.w'


def test_name_passes_over_what_a_notebook_keeps_of_its_cells():
    x, y = Value(1.0), Value(2.0)
    micrograd.name(get_ipython=print, In=['x'], Out={1: x}, x=x)
    micrograd.name(Out={1: y})  # a program's own
    assert (x.label, y.label) == ('x', 'Out[1]')


def test_name_survives_lists_that_hold_themselves():
    loop = [Value(1.0)]
    loop.append(loop)
    table = {'v': loop}
    table['self'] = table
    micrograd.name(loop=loop, table=table)
    assert loop[0].label == 'loop[0]'


def test_a_later_call_names_anew():
    x = Value(1.0, label='old')
    micrograd.name(new=x)
    assert x.label == 'new'


@pytest.mark.parametrize('count', [0, 1, 2, 3, 4, 5])
def test_parents_come_back_in_order(count):
    xs = [Value(float(i)) for i in range(count)]
    assert list(micrograd.sum(xs)._prev) == xs


def test_topological_does_not_go_beyond_its_stops():
    x = Value(2.0)
    z = x * 3.0
    a = z.tanh()
    y = a * a
    assert topological([y], stops=[z]) == [a, y]
    assert topological([z], stops=[z]) == [z]
    assert len(topological([y])) == 5
