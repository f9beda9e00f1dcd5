"""Groups as one box each: which, what the boxes show, and what becomes of the edges."""

import math

import pytest

from micrograd import Value, draw, losses, nn
from micrograd.errors import GraphError
from micrograd.groups import group
from micrograd.render.view import Box, Part, view
from tests.graphs import distance, square


def network():
    model = nn.MLP(2, [3, 2, 1], activation='tanh', generator=0)
    x = [Value(1.0, label='x₁'), Value(-2.0, label='x₂')]
    loss = losses.mse(model(x), 1.0)
    loss.label = 'loss'
    loss.backward()
    return model, loss


def seen(root, collapse=None, depth=None, max_nodes=500):
    return view(root if isinstance(root, list) else [root], max_nodes, collapse, depth)


def known(picture):
    return [box.known_as for box in picture.boxes]


def arrows(picture):
    names = {box.id: box.known_as for box in picture.boxes}
    return [(names[edge.parent], names[edge.child], edge.uses) for edge in picture.edges]


# Which


def test_layers():
    _, loss = network()
    picture = seen(loss, 'layer')
    assert [name for name in known(picture) if name.startswith('layer')] == ['layer 1', 'layer 2', 'layer 3']
    assert arrows(picture)[:4] == [
        ('x₁', 'layer 1', 3), ('x₂', 'layer 1', 3), ('layer 1', 'layer 2', 6), ('layer 2', 'layer 3', 2),
    ]  # fmt: skip
    assert picture.values == seen(loss).values == len(seen(loss).boxes)


def test_neurons():
    _, loss = network()
    picture = seen(loss, 'neuron')
    parts = [box for box in picture.boxes if isinstance(box, Part)]
    assert [part.name for part in parts] == [
        'neuron 1.1', 'neuron 1.2', 'neuron 1.3', 'neuron 2.1', 'neuron 2.2', 'neuron 3.1',
    ]  # fmt: skip
    assert ('neuron 1.2', 'neuron 2.1', 1) in arrows(picture)
    assert ('neuron 1.1', 'neuron 1.2', 1) not in arrows(picture)


def test_networks():
    _, loss = network()
    assert known(seen(loss, 'network'))[:3] == ['x₁', 'x₂', 'MLP(2, [3, 2, 1])']


@pytest.mark.parametrize(
    ('depth', 'parts'),
    [(0, {'network'}), (1, {'layer'}), (2, {'neuron'}), (3, set())],
)
def test_depth_is_how_many_groups_stand_open(depth, parts):
    _, loss = network()
    assert {box.kind for box in seen(loss, depth=depth).boxes if isinstance(box, Part)} == parts


def test_one_group_by_name_or_by_its_module_or_several():
    model, loss = network()
    by_name, by_module = seen(loss, 'layer 2'), seen(loss, model.layers[1])
    assert by_name == by_module
    assert [box.name for box in by_name.boxes if isinstance(box, Part)] == ['layer 2']
    both = seen(loss, ['layer 2', model.layers[0].neurons[0]])
    assert [box.name for box in both.boxes if isinstance(box, Part)] == ['neuron 1.1', 'layer 2']


def test_the_outermost_of_what_is_to_be_collapsed():
    a, b = [Value(0.0, label='a'), Value(1.0)], [Value(3.0), Value(5.0)]
    d = distance(a, b)
    assert [box.name for box in seen(d, 'layer').boxes if isinstance(box, Part)] == ['distance']
    assert [box.name for box in seen(d, 'square').boxes if isinstance(box, Part)] == ['square', 'square']
    assert seen(d, 'neuron') == seen(d)


def test_by_itself_only_what_must():
    _, loss = network()
    size = len(seen(loss).boxes)
    assert seen(loss, 'auto', max_nodes=size) == seen(loss)
    assert seen(loss, 'auto', max_nodes=size - 1) == seen(loss, 'neuron')
    assert seen(loss, 'auto', max_nodes=len(seen(loss, 'neuron').boxes) - 1) == seen(loss, 'layer')
    assert seen(loss, 'auto', max_nodes=len(seen(loss, 'layer').boxes) - 1) == seen(loss, 'network')


def test_too_large_even_then():
    _, loss = network()
    with pytest.raises(GraphError, match=r'has 58 values, 6 boxes even when collapsed; .* more than 2 '):
        seen(loss, 'auto', max_nodes=2)
    with pytest.raises(GraphError, match=r'has 58 values; .* draw\(loss, max_nodes=58\)'):
        seen(loss, max_nodes=2)


@pytest.mark.parametrize(
    ('collapse', 'depth', 'error', 'message'),
    [
        ('layers', None, ValueError, "nothing in this graph is called 'layers'; there is 'MLP"),
        (3, None, TypeError, "collapse is 'neuron', 'layer', 'network', the name"),
        (['layer', None, 2.0], None, TypeError, 'not float: 2.0'),
        (None, -1, ValueError, 'depth counts the groups that stand open around a value, from 0 on; it was -1'),
        (None, 1.5, TypeError, 'depth should be an integer'),
        (nn.MLP(1, [1]), None, ValueError, r'MLP\(1, \[1\]\) made nothing in this graph'),
    ],
)
def test_what_cannot_be_collapsed(collapse, depth, error, message):
    _, loss = network()
    with pytest.raises(error, match=message):
        seen(loss, collapse, depth)


def test_a_graph_without_groups():
    a = Value(1.0) * 2.0
    assert seen(a, 'layer') == seen(a, depth=0) == seen(a)
    with pytest.raises(ValueError, match='there is no group at all'):
        seen(a, 'attention')


# What a box shows


def test_a_part_has_its_name_size_outputs_and_total_gradient():
    model, loss = network()
    part = next(box for box in seen(loss, 'layer').boxes if box.known_as == 'layer 2')
    full = seen(loss)
    inside = [p for neuron in model.layers[1].neurons for p in neuron.parameters()]
    assert part.size == 2 * (4 + 3 + 3 + 1)
    assert part.extent == '22 values'
    assert [data for _, data in part.outputs] == [box.data for box in full.boxes if box.operation == 'tanh'][-2:]
    assert part.total_grad > sum(abs(p.grad) for p in inside)
    assert part.shade == 0


def test_what_is_to_be_drawn_is_the_root_though_it_is_inside():
    d = distance([Value(0.0), Value(1.0)], [Value(3.0), Value(5.0)])
    (part,) = [box for box in seen(d, 'distance').boxes if isinstance(box, Part)]
    assert part.root
    assert draw(d, collapse='distance').dot.source.count('root') == 1


@pytest.mark.parametrize('number', [math.nan, math.inf])
def test_where_something_is_wrong_inside_it_shows(number):
    d = distance([Value(0.0), Value(1.0)], [Value(3.0), Value(5.0)])
    d._prev[0].grad = number
    (part,) = [box for box in seen(d, 'distance').boxes if isinstance(box, Part)]
    assert part.shade is None
    assert 'alarm' in draw(d, collapse='distance').dot.source


def test_names_and_shades_of_what_is_left_are_those_of_the_whole_picture():
    _, loss = network()
    whole = {box.id: box for box in seen(loss).boxes}
    for collapse in ('neuron', 'layer', 'network'):
        for box in seen(loss, collapse).boxes:
            assert isinstance(box, Part) or box == whole[box.id]


# Leaves


def test_parameters_that_several_calls_share_are_in_each_of_them():
    neuron = nn.Neuron(1, activation='tanh')
    loss = neuron([Value(1.0, label='p')]) + neuron([Value(2.0, label='q')])
    picture = seen(loss, 'neuron')
    assert sorted(known(picture)) == ['+', 'TanhNeuron(1)', 'TanhNeuron(1)', 'p', 'q']
    assert [box.size for box in picture.boxes if isinstance(box, Part)] == [5, 5]


def test_a_parameter_that_something_outside_uses_too_is_drawn():
    neuron = nn.Neuron(1, activation='tanh')
    neuron.w[0].label, neuron.b.label = 'w', 'b'
    loss = neuron([Value(1.0, label='x')]) + neuron.w[0] ** 2
    picture = seen(loss, 'neuron')
    assert {'w', 'x'} < set(known(picture))
    assert 'b' not in known(picture)
    assert ('w', 'TanhNeuron(1)', 1) in arrows(picture)


def test_a_leaf_that_two_functions_caught_is_drawn_once():
    k = Value(3.0, label='k')
    scaled = group('scaled')(lambda x: k * x)
    once = seen(scaled(Value(1.0, label='x')), 'scaled')
    assert known(once) == ['x', 'scaled']
    both = seen(scaled(Value(1.0, label='x')) + scaled(Value(2.0, label='y')), 'scaled')
    assert sorted(known(both)) == ['+', 'k', 'scaled', 'scaled', 'x', 'y']
    assert arrows(both).count(('k', 'scaled', 1)) == 2


def test_a_result_that_two_functions_caught_belongs_to_neither():
    h = Value(3.0, label='h0') * 2.0
    h.label = 'h'
    scaled = group('scaled')(lambda x: h * x)
    picture = seen(scaled(Value(1.0, label='x')) + scaled(Value(2.0, label='y')), 'scaled')
    assert {'h', 'h0'} < set(known(picture))
    assert arrows(picture).count(('h', 'scaled', 1)) == 2


# Edges


def test_each_operand_of_a_value_keeps_its_edge_and_its_factor():
    y = square(Value(3.0, label='x'))
    picture = seen(y * y, 'square')
    assert [(edge.factor, edge.uses) for edge in picture.edges] == [(None, 2), (9.0, 0), (9.0, 0)]


def test_a_value_inside_that_something_outside_uses():
    caught = []

    @group('f')
    def f(x):
        caught.append(x * 2.0)
        return caught[0] + 1.0

    x = Value(1.0, label='x')
    picture = seen(f(x) * caught[0], 'f')
    assert sorted(arrows(picture)) == [('f', '×', 0), ('f', '×', 0), ('x', 'f', 1)]


def test_every_edge_joins_two_boxes_and_every_box_is_there_once():
    _, loss = network()
    for collapse in (None, 'neuron', 'layer', 'network', 'layer 2', ['neuron 1.1', 'layer 3']):
        picture = seen(loss, collapse)
        ids = [box.id for box in picture.boxes]
        assert len(ids) == len(set(ids))
        assert {edge.parent for edge in picture.edges} | {edge.child for edge in picture.edges} == set(ids)


# Pictures


def test_a_part_in_dot_and_in_svg():
    _, loss = network()
    drawing = draw(loss, collapse='layer', title='layers')
    assert repr(drawing) == 'Drawing of 3 parts, 5 values and 7 edges'
    assert r'label="{layer 2\lout\lΣ\|grad\|\l|22 values\r' in drawing.dot.source
    assert '6×' in drawing.dot.source
    assert 'layer 2 · 22 values (part), outputs −0.' in drawing.svg
    assert 'from layer 1 to layer 2: 6 uses' in drawing.svg


def test_hostile_names_of_groups_are_text():
    name = '<script>|{"\\</b>\n'
    y = group(name)(lambda x: x * 2.0)(Value(1.0))
    drawing = draw(y, collapse='layer')
    assert '<script' not in drawing.svg
    assert isinstance(drawing.view.boxes[0], Part | Box)
    assert draw(y, collapse=name).view == drawing.view


def test_the_same_graph_gives_the_same_bytes():
    assert draw(network()[1], collapse='neuron').dot.source == draw(network()[1], collapse='neuron').dot.source


def test_where_lines_run_close_together_they_are_thin_and_have_room():
    model = nn.MLP(2, [16, 16, 1], generator=0)
    dense = draw(model([1.0, 2.0]) * 2.0, collapse='neuron').dot.source
    few = draw(network()[1], collapse='neuron').dot.source
    assert 'penwidth=0.5' in dense
    assert 'ranksep=1.6' in dense
    assert 'xlabel=2' in dense
    assert not {'penwidth=0.5', 'ranksep=1.6', 'xlabel'} & set(few.replace(' ', '\n').splitlines())
