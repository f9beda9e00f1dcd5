"""Who made which nodes: marks on what modules and grouped functions return, and the groups found from them."""

import asyncio
import copy
import gc
import threading

import pytest

import micrograd
from micrograd import Value, graph, nn, no_grad
from micrograd.groups import find, group, values_in
from micrograd.passes import passes
from tests.graphs import distance, square


def groups(*roots):
    return find(graph.topological(roots))


def names(*roots):
    return [g.depth * '  ' + g.name for g in groups(*roots)]


def members(root, name):
    order = graph.topological([root])
    (found,) = [g for g in find(order) if g.name == name]
    return {order[i].label or order[i]._op for i in found.members}


# Modules


def test_a_network_its_layers_and_its_neurons():
    model = nn.MLP(2, [3, 2, 1], activation='tanh')
    found = groups(model([1.0, 2.0]))
    assert [g.depth * '  ' + g.name for g in found] == [
        'MLP(2, [3, 2, 1])',
        '  layer 1', '    neuron 1.1', '    neuron 1.2', '    neuron 1.3',
        '  layer 2', '    neuron 2.1', '    neuron 2.2',
        '  layer 3', '    neuron 3.1',
    ]  # fmt: skip
    assert [g.kind for g in found[:3]] == ['network', 'layer', 'neuron']
    assert [g.maker for g in found[:3]] == [model, model.layers[0], model.layers[0].neurons[0]]
    assert [g.parent for g in found] == [None, 0, 1, 1, 1, 0, 5, 5, 0, 8]


def test_each_module_by_itself():
    assert names(nn.Neuron(2)([1.0, 2.0])) == ['ReLUNeuron(2)']
    assert names(*nn.Layer(2, 2)([1.0, 2.0])) == ['Layer(2, 2)', '  neuron 1', '  neuron 2']


def test_a_neuron_holds_its_parameters_but_not_its_inputs():
    neuron = nn.Neuron(2, activation='tanh')
    micrograd.name(w=neuron.w, b=neuron.b)
    x = [Value(1.0, label='x0'), Value(2.0, label='x1')]
    assert members(neuron(x), 'TanhNeuron(2)') == {'w[0]', 'w[1]', 'b', '*', '+', 'tanh'}


@pytest.mark.parametrize(
    ('activation', 'z'), [('relu', '+'), ('linear', '+'), ('leaky_relu', '+'), (lambda z: z.exp() + 1.0, '+')]
)
@pytest.mark.parametrize('make', [nn.Neuron, lambda nin, **more: nn.Layer(nin, 1, **more)])
def test_the_weighted_input_is_known(make, activation, z):
    x = [Value(1.0), Value(2.0)]
    a = make(2, activation=activation)(x)
    order = graph.topological([a])
    (neuron,) = [g for g in find(order) if g.kind == 'neuron']
    bias = neuron.maker.b.data + neuron.maker.w[0].data * 1.0 + neuron.maker.w[1].data * 2.0
    assert order[neuron.z].data == bias
    assert order[neuron.z]._op == z
    assert [order[i] for i in neuron.outputs] == [a]


def test_an_activation_that_is_a_module_or_a_group_is_a_part_of_the_neuron():
    assert names(nn.Neuron(1, activation=square)([1.0])) == ['SquareNeuron(1)', '  square']
    assert names(nn.Layer(1, 1, activation=square)([1.0])) == ['Layer(1, 1)', '  neuron 1', '    square']


def test_a_class_of_a_programs_own_marks_what_the_neuron_in_it_made():
    class Doubled(nn.Neuron):
        def __call__(self, x):
            return super().__call__(x) * 2.0

    layer = nn.Layer(1, 2)
    layer.neurons = [Doubled(1), Doubled(1)]
    assert names(*layer([1.0])) == ['Layer', '  neuron 1', '  neuron 2']
    assert [len(g.members) for g in groups(*layer([Value(1.0)]))] == [14, 7, 7]


def test_a_layer_of_other_things_than_neurons():
    layer = nn.Layer(1, 2)
    layer.neurons = [lambda x: x[0] * 2.0, lambda x: 5.0, lambda x: x[0]]
    x = Value(3.0)
    doubled, number, same = layer([x])
    assert (doubled.data, number, same) == (6.0, 5.0, x)
    assert names(doubled) == ['Layer', '  neuron 1']
    assert x._calls == ()


def test_several_examples_are_several_calls():
    neuron = nn.Neuron(1)
    order = graph.topological([neuron([1.0]) + neuron([2.0])])
    first, second = find(order)
    assert {order[i] for i in first.members} & {order[i] for i in second.members} == set(neuron.parameters())


def test_what_a_part_of_the_graph_shows_keeps_its_names():
    model = nn.MLP(2, [2, 1])
    hidden = model.layers[0]([1.0, 2.0])
    assert names(hidden[1]) == ['Layer(2, 2)', '  neuron 2']
    whole = model([1.0, 2.0])
    below = [v for v in graph.topological([whole]) if v._op == 'ReLU']
    assert names(below[0]) == ['layer 1', '  neuron 1.1']


# Functions


def test_a_function_is_what_lies_between_its_results_and_its_arguments():
    a = [Value(0.0, label='a0'), Value(1.0, label='a1')]
    b = [Value(3.0, label='b0'), Value(5.0, label='b1')]
    d = distance(a, b)
    assert names(d) == ['distance', '  square', '  square']
    assert members(d, 'distance') == {'-', '*', '+', 'sqrt'}
    assert distance.__name__ == 'distance'


@pytest.mark.parametrize('pack', [lambda y: [y], lambda y: (y, 1.0), lambda y: {'y': [(y,)]}, lambda y: [y, y]])
def test_results_in_containers_are_marked_once(pack):
    @group('f')
    def f(x):
        return pack(x * 2.0)

    (y,) = values_in(f(Value(1.0)))
    assert len(y._calls) == 1


def test_arguments_by_name_are_inputs():
    @group('f')
    def f(*, x):
        return x['x'] * 2.0

    x = Value(1.0, label='x') + 1.0
    assert members(f(x={'x': x}), 'f') == {'*', ''}


def test_what_is_given_back_as_it_was_is_not_made_here():
    x = Value(2.0) + 1.0
    assert group('same')(lambda x: x)(x) is x
    assert x._calls == ()


def test_the_state_that_a_function_keeps_is_not_a_part_of_its_next_call():
    h = Value(0.0, label='h0')

    @group('cell')
    def cell(x):
        nonlocal h
        h = (x + h).tanh()
        return h

    for x in (1.0, 2.0, 3.0):
        cell(Value(x))
    assert names(h) == ['cell', 'cell', 'cell']
    assert [len(g.members) for g in groups(h)] == [3, 2, 2]


def test_recursion_is_groups_in_groups():
    @group('power')
    def power(x, n):
        return x if n == 1 else x * power(x, n - 1)

    assert names(power(Value(2.0), 4)) == ['power', '  power', '    power']


def test_a_group_without_a_name_is_an_error_that_says_how():
    with pytest.raises(TypeError, match=r"Wrong: @group. Right: @group\('attention'\)"):
        group(lambda x: x)


def test_a_group_that_raises_leaves_nothing_open():
    with pytest.raises(ZeroDivisionError):
        group('f')(lambda: 1 / 0)()
    assert names(square(Value(1.0))) == ['square']


def test_threads_have_calls_of_their_own():
    inside, go_on = threading.Event(), threading.Event()

    @group('slow')
    def slow(x):
        inside.set()
        assert go_on.wait(10)
        return x * 2.0

    thread = threading.Thread(target=lambda: slow(Value(1.0)))
    thread.start()
    assert inside.wait(10)
    found = names(square(Value(1.0)))
    go_on.set()
    thread.join()
    assert found == ['square']


def test_a_result_that_was_there_before_is_not_marked_again():
    h = Value(2.0) + 1.0
    cached = group('cache')(lambda: h)
    for _ in range(3):
        cached()
    assert [call.maker for call in h._calls] == ['cache']
    made = square(Value(3.0))
    group('other')(lambda: made)()
    assert [call.maker for call in made._calls] == ['square']


def test_what_an_object_held_before_is_no_part_of_what_its_method_makes():
    class Cell:
        def __init__(self):
            self.w = Value(2.0, label='w')
            self.h = [(self.w * 3.0).tanh()]

        @group('step')
        def step(self, x):
            return self.h[0] * x + self.w

    assert members(Cell().step(Value(1.0, label='x')), 'step') == {'*', '+', 'w'}


def test_arrays_and_conditions_are_looked_into():
    np = pytest.importorskip('numpy')
    doubled = group('doubled')(lambda xs: np.array([x * 2.0 for x in xs]))
    xs = np.array([Value(1.0) + 1.0, Value(2.0) + 1.0])
    assert [(g.name, len(g.members)) for g in groups(*doubled(xs))] == [('doubled', 4)]
    condition = group('positive')(lambda x: x > 0.0)(Value(1.0))
    assert names(condition.flag) == ['positive']


def test_a_coroutine_is_a_group_and_a_generator_is_refused():
    @group('later')
    async def later(x):
        return x * 2.0

    assert names(asyncio.run(later(Value(1.0)))) == ['later']
    with pytest.raises(TypeError, match=r'is a generator.*Right: decorate a function that returns a list'):

        @group('some')
        def some(x):
            yield x * 2.0


@pytest.mark.parametrize('label', ['', ' ', 'neuron', 'layer', 'network', 'group', 'auto'])
def test_names_that_mean_something_else(label):
    with pytest.raises(ValueError, match='a group cannot be called'):
        group(label)


# Modules of a program's own


class Net(nn.Module):
    def __init__(self):
        self.hidden = nn.Layer(2, 2, activation='tanh')
        self.heads = [nn.Neuron(2), nn.Neuron(2)]

    def __call__(self, x):
        h = self.hidden(x)
        return {'sum': self.heads[0](h) + self.heads[1](h)}


def test_a_module_of_a_programs_own_is_a_network():
    net = Net()
    assert names(net([1.0, 2.0])['sum']) == [
        'Net',
        '  layer hidden', '    neuron hidden.1', '    neuron hidden.2',
        '  neuron heads.1', '  neuron heads.2',
    ]  # fmt: skip
    assert net.__call__.__name__ == '__call__'


def test_modules_in_modules_are_named_after_where_they_are():
    class Pair(nn.Module):
        def __init__(self):
            self.first = Net()

        def __call__(self, x):
            return self.first(x)['sum'] * 2.0

    assert names(Pair()([1.0, 2.0]))[:3] == ['Pair', '  Net first', '    layer first.hidden']


def test_a_class_that_calls_the_one_that_it_is_made_from_is_one_call():
    class Scaled(nn.MLP):
        def __call__(self, x):
            return super().__call__(x) * 10.0

    found = groups(Scaled(2, [2, 1])([Value(1.0), Value(2.0)]))
    assert [g.depth for g in found] == [0, 1, 2, 2, 1, 2]
    assert found[0].kind == 'network'
    assert len(found[0].members) == 25


def passed_on(change):
    """A class of layers that change what their neurons answered before they pass it on."""

    class Own(nn.Layer):
        def __call__(self, x):
            return change(super().__call__(x))

    return Own


def with_layer(change, inputs_of_next=3, at=0):
    """A network of 2, 3 and 2 neurons, one of whose layers changes what it passes on."""
    model = nn.MLP(2, [3, 2], activation='tanh', output='tanh', generator=0)
    model.layers[1] = nn.Layer(inputs_of_next, 2, activation='tanh', generator=1)
    plain = model.layers[at]
    model.layers[at] = passed_on(change)(len(plain.neurons[0].w), len(plain.neurons), activation='tanh', generator=2)
    return model


CHANGES = {  # what a layer does with what three neurons answered; how many Values it returns, which neurons take part
    'the same': (lambda a: a, 3, [1, 2, 3]),
    'softmax': (micrograd.softmax, 3, [1, 2, 3]),
    'reversed': (lambda a: a[::-1], 3, [1, 2, 3]),
    'the sum': (lambda a: [a[0] + a[1] + a[2]], 1, [1, 2, 3]),
    'the first two': (lambda a: a[:2], 2, [1, 2]),
    'the last two': (lambda a: a[1:], 2, [2, 3]),
    'twice': (lambda a: [*a, *a], 6, [1, 2, 3]),
    'one more': (lambda a: [*a, a[0] * a[1]], 4, [1, 2, 3]),
    'a number': (lambda a: [1.0, a[2]], 2, [3]),
    'no Value': (lambda a: [1.0, 2.0], 2, []),
}


@pytest.mark.parametrize('name', CHANGES)
def test_a_layer_may_pass_on_something_else_than_its_neurons_answered(name):
    change, returned, taking_part = CHANGES[name]
    model = with_layer(change, returned)
    outputs = model([Value(1.0), Value(2.0)])
    found = groups(*outputs)
    assert {g.name for g in found if g.kind == 'neuron'} == {
        *(f'neuron 1.{j}' for j in taking_part), 'neuron 2.1', 'neuron 2.2',
    }  # fmt: skip
    assert [len(seen) for seen in passes(model, outputs)[0]] == [int(j in taking_part) for j in (1, 2, 3)]
    assert ('layer 1' in {g.name for g in found}) == bool(taking_part)
    layers, neurons = (repr(micrograd.draw(outputs, collapse=kind)) for kind in ('layer', 'neuron'))
    assert layers.startswith('Drawing of 2 parts' if taking_part else 'Drawing of 1 part,')
    assert neurons.startswith(f'Drawing of {2 + len(taking_part)} parts')


@pytest.mark.parametrize(
    ('change', 'taking_part'),
    [
        (lambda a: a[0] + a[1], 2),
        (lambda a: {'first': a[0], 'rest': a[1:]}, 2),
        (lambda a: {'first': a[0], 'other': 1.0}, 1),
        (lambda a: (a[1], [a[0]]), 2),
        (lambda a: a[1], 1),
    ],
)
def test_a_last_layer_may_return_anything(change, taking_part):
    outputs = list(values_in(with_layer(change, at=1)([1.0, 2.0])))
    assert [g.kind for g in groups(*outputs)].count('neuron') == 3 + taking_part


def test_a_layer_with_softmax_returns_it_and_its_neurons_keep_their_own_numbers():
    layer = passed_on(micrograd.softmax)(2, 3, activation='tanh', generator=0)
    outputs = layer([Value(1.0), Value(-2.0)])
    order = graph.topological(outputs)
    whole, *neurons = find(order)
    assert (whole.maker, whole.kind, {order[i] for i in whole.outputs}) == (layer, 'layer', {*outputs})
    zs = [n.b.data + n.w[0].data * 1.0 + n.w[1].data * -2.0 for n in layer.neurons]
    assert [order[g.z].data for g in neurons] == zs
    assert [order[i].data for g in neurons for i in g.outputs] == [Value(z).tanh().data for z in zs]
    assert [g.parent for g in neurons] == [0, 0, 0]
    assert {i for g in neurons for i in g.members} < {*whole.members}


def test_a_layer_made_from_a_layer_of_a_programs_own_is_one_layer():
    class Halved(passed_on(micrograd.softmax)):
        def __call__(self, x):
            return [a * 0.5 for a in super().__call__(x)]

    outputs = Halved(2, 2)([1.0, 2.0])
    assert names(*outputs) == ['Halved', '  neuron 1', '  neuron 2']
    assert names(*copy.deepcopy(outputs)) == names(*outputs)


def test_a_module_whose_call_is_a_generator_stays_one():
    class Stream(nn.Module):
        def __call__(self, xs):
            for x in xs:
                yield x * 2.0

    assert [v.data for v in Stream()([Value(1.0), Value(2.0)])] == [2.0, 4.0]


def test_what_was_changed_in_a_layer_afterwards_changes_no_picture():
    model = nn.MLP(2, [3, 1])
    y = model([1.0, 2.0])
    before = names(y)
    model.layers[0].neurons.pop(1)
    assert names(y)[1:] == before[1:]


# What marks cost


def test_without_a_graph_there_is_no_mark():
    with no_grad():
        a = nn.MLP(2, [2, 1])([1.0, 2.0])
    assert a._calls == ()
    assert square(Value(2.0)).detach()._calls == ()


def test_a_mark_keeps_no_graph_alive_and_needs_no_collector():
    class Watched(Value):
        freed = 0

        def __del__(self):
            Watched.freed += 1

    @group('first')
    def first(x, y):
        return x * 2.0

    gc.disable()
    try:
        x, y = Watched(1.0), Watched(2.0) * 1.0
        result = first(x, y)
        del x, y
        before = Watched.freed  # y is not needed for the result
        del result
        assert (before, Watched.freed) == (1, 2)
    finally:
        gc.enable()


@pytest.mark.usefixtures('uncounted')
def test_a_deep_recurrent_network_is_freed_and_copied():
    neuron = nn.Neuron(1, activation='tanh')
    h = Value(0.0)
    for _ in range(100_000):
        h = neuron([h])
    twin = copy.deepcopy(h)
    assert twin.data == h.data
    del h, twin


def test_a_copied_graph_has_groups_of_its_own():
    model = nn.MLP(2, [2, 1], activation='tanh')
    y = model([Value(1.0), Value(2.0)])
    twin = copy.deepcopy(y)
    assert names(twin) == names(y)
    assert [g.members for g in groups(twin)] == [g.members for g in groups(y)]
    assert groups(twin)[0].maker is model
    pair = copy.deepcopy((model, y))
    assert groups(pair[1])[0].maker is pair[0]


def test_a_copied_list_of_results_has_the_same_groups():
    outputs = nn.MLP(2, [3, 2])([Value(1.0), Value(2.0)])
    assert groups(*copy.deepcopy(outputs)) == groups(*outputs)

    @group('apart')
    def apart(x, y):
        return [x * 2.0, y * 2.0]

    found = apart(Value(1.0) + 1.0, Value(2.0) + 1.0)
    assert groups(*copy.deepcopy(found)) == groups(*found)


def test_groups_of_a_large_graph_are_found_in_a_loop():
    neuron = nn.Neuron(1, activation='tanh')
    h = Value(0.0)
    for _ in range(5_000):
        h = neuron([h])
    assert len(groups(h)) == 5_000
