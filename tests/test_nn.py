"""Networks: which parameters a module has, what a neuron computes, what is refused. See also test_compat.py."""

import array
import copy
import gc
import json
import math
import random
import subprocess
import sys
import weakref

import pytest

import micrograd
from micrograd import Value, no_grad
from micrograd.errors import CheckpointError, ShapeError
from micrograd.graph import topological
from micrograd.nn import INITIALISATIONS, MLP, Layer, Module, Neuron
from micrograd.primitives import FLOATS, TABLE, Family
from tests.support import readable, require

WEIGHTS = [0.75, -1.25, 3.0]


def given(weights, bias):
    """An initialisation that does not draw."""
    return lambda nin, nout, generator: (weights, bias)


def holding(**attributes):
    module = Module()
    vars(module).update(attributes)
    return module


def names(module):
    return [name for name, _ in module.named_parameters()]


# Which parameters a module has


def test_leaves_in_attributes_are_parameters_in_the_order_of_definition():
    a, b, c, d, e, f = leaves = [Value(float(i)) for i in range(6)]
    module = holding(z=a, y=[b, (c,)], x={'left': d, 2: [e]}, w=holding(inner=f))
    assert module.parameters() == leaves
    assert names(module) == ['z', 'y.0', 'y.1.0', 'x.left', 'x.2.0', 'w.inner']


def test_names_of_a_network():
    assert names(MLP(1, [1, 1])) == [
        'layers.0.neurons.0.w.0', 'layers.0.neurons.0.b', 'layers.1.neurons.0.w.0', 'layers.1.neurons.0.b'
    ]  # fmt: skip


def test_what_is_no_parameter():
    x = Value(2.0)
    constant = Value(1.0)
    constant.role = 'constant'
    module = holding(x=x, result=x * 3, constant=constant, number=4.0, text='w', nothing=None, data=[[1.0, 'b']])
    assert module.parameters() == [x]


def test_a_leaf_that_a_module_holds_gets_the_role_of_a_parameter():
    x = Value(2.0)
    holding(x=x).parameters()
    assert x.role == 'parameter'
    neuron = Neuron(1)
    assert (neuron.w[0].role, neuron.b.role) == ('parameter', 'parameter')


def test_a_shared_parameter_stands_once_under_its_first_name():
    shared = Value(1.0)
    part = holding(w=shared)
    module = holding(first=part, second=part, third=[shared, shared], own=Value(2.0))
    assert names(module) == ['first.w', 'own']
    assert len(module.parameters()) == 2


def test_a_cyclic_structure_is_walked_once():
    parent = holding(w=Value(1.0))
    parent.child = holding(parent=parent, b=Value(2.0))
    parent.ring = [parent]
    parent.ring.append(parent.ring)
    assert names(parent) == ['w', 'child.b']
    assert names(parent.child) == ['parent.w', 'b']


def test_modules_nested_deeper_than_the_recursion_limit():
    module = innermost = holding(w=Value(1.0))
    for _ in range(20_000):
        module = holding(inner=module)
    assert module.parameters() == [innermost.w]
    module.zero_grad()
    while module is not innermost:  # freed one by one: not what is tested here
        module = module.inner


class Listed(Module):
    """In the style of upstream: the class itself says what its parameters are."""

    def __init__(self, *held, hidden=()):
        self.hidden = list(hidden)
        self.held = list(held)

    def parameters(self):
        return [*self.held]


def test_a_class_that_lists_its_parameters_itself_wins():
    a, b, hidden = Value(1.0), Value(2.0), Value(3.0)
    module = Listed(b, a, hidden=[hidden])
    for v in (a, b, hidden):
        v.grad = 1.0
    module.zero_grad()
    assert (a.grad, b.grad, hidden.grad) == (0.0, 0.0, 1.0)
    assert module.named_parameters() == [('held.0', b), ('held.1', a)]
    assert module.state_dict() == {'held.0': 2.0, 'held.1': 1.0}


def test_a_class_that_lists_its_parameters_counts_inside_others_too():
    kept, hidden = Value(1.0), Value(2.0)
    layer = holding(parts=[Listed(kept, hidden=[hidden]), Neuron(1)])
    assert names(layer) == ['parts.0.held.0', 'parts.1.w.0', 'parts.1.b']
    assert layer.parameters()[0] is kept


def test_a_listed_parameter_that_no_attribute_leads_to_is_named_by_its_place():
    a, b = Value(1.0), Value(2.0)

    class Closed(Module):
        def parameters(self):
            return [a, b, a]

    assert Closed().named_parameters() == [('parameters.0', a), ('parameters.1', b)]


def test_a_class_may_add_to_the_parameters_that_were_found():
    extra = Value(5.0)

    class More(Neuron):
        def parameters(self):
            return [*super().parameters(), extra]

    layer = Layer(1, 1)
    layer.neurons = [More(1)]
    assert layer.parameters() == [*layer.neurons[0].w, layer.neurons[0].b, extra]
    assert names(layer.neurons[0]) == ['w.0', 'b', 'parameters.2']


def test_an_activation_with_parameters_of_its_own():
    class Slope(Module):
        def __init__(self):
            self.slope = Value(0.25)

        def __call__(self, z):
            return micrograd.where(z > 0, z, self.slope * z)

    neuron = Neuron(1, activation=Slope(), initialisation=given([1.0], 0.0))
    neuron(-2.0).backward()
    assert names(neuron) == ['w.0', 'b', 'activation.slope']
    assert neuron.activation.slope.grad == -2.0


@pytest.mark.parametrize(
    ('module', 'text'),
    [
        (Module(), 'Module with 0 parameters'),
        (holding(w=Value(1.0)), 'Module with 1 parameter: w'),
        (holding(w=[Value(1.0) for _ in range(1000)]), 'Module with 1000 parameters: w.0, w.1, w.2, …'),
    ],
    ids=[0, 1, 1000],
)
def test_repr_of_a_module_is_bounded(module, text):
    assert repr(module) == text


# States


NUMBERS = [-0.0, 5e-324, 1.7976931348623157e308, 0.1, math.inf, -math.inf, math.nan]


def test_a_state_survives_json_to_the_last_bit():
    source = Neuron(7, initialisation=given(NUMBERS, 1 / 3))
    target = Neuron(7)
    target.load_state_dict(json.loads(json.dumps(source.state_dict())))
    assert [p.data.hex() for p in target.parameters()] == [p.data.hex() for p in source.parameters()]


def test_a_state_takes_any_real_numbers():
    np = require('numpy')
    neuron = Neuron(1)
    neuron.load_state_dict({'w.0': np.float32(0.5), 'b': 2})
    assert neuron.state_dict() == {'w.0': 0.5, 'b': 2.0}
    assert type(neuron.b.data) is float


@pytest.mark.parametrize(
    ('change', 'faults'),
    [
        ({'b': None}, ["no number in the range of floats: 'b'"]),
        ({'b': True}, ["no number in the range of floats: 'b'"]),
        ({'b': '1.0'}, ["no number in the range of floats: 'b'"]),
        ({'b': [1.0]}, ["no number in the range of floats: 'b'"]),
        ({'b': 1j}, ["no number in the range of floats: 'b'"]),
        ({'b': Value(1.0)}, ["no number in the range of floats: 'b'"]),
        ({'b': 10**400}, ["no number in the range of floats: 'b'"]),
        ({'c': 1.0}, ["unexpected: 'c'"]),
        ({'b': ...}, ["missing: 'b'"]),
        ({'b': ..., 'w.0': 'x', 7: 1.0}, ["missing: 'b'", 'unexpected: 7', "no number in the range of floats: 'w.0'"]),
        (dict.fromkeys([f'w.{i}' for i in range(6)], ...), ["missing: 'w.0', 'w.1', 'w.2', 'w.3', … (6 in all)"]),
    ],
)
def test_a_state_that_does_not_fit_is_refused_and_changes_nothing(change, faults):
    neuron = Neuron(6, generator=0)
    before = neuron.state_dict()
    state = {name: number for name, number in (dict.fromkeys(before, 9.0) | change).items() if number is not ...}
    with pytest.raises(CheckpointError) as error:
        neuron.load_state_dict(state)
    for fault in faults:
        assert fault in str(error.value)
    assert 'ReLUNeuron(6)' in str(error.value)
    assert neuron.state_dict() == before


def test_a_state_is_a_mapping():
    with pytest.raises(TypeError, match='dictionary of numbers by name, not list'):
        Neuron(1).load_state_dict([1.0, 0.0])


def test_two_parameters_of_one_name_are_an_error_not_a_loss():
    module = holding(a={'b.c': Value(1.0), 'b': {'c': Value(2.0)}})
    assert len(module.parameters()) == 2
    for use in (module.state_dict, lambda: module.load_state_dict({'a.b.c': 1.0})):
        with pytest.raises(CheckpointError, match=r"both named 'a\.b\.c'"):
            use()


# What a neuron computes


UNARY = [name for name, entry in TABLE.items() if isinstance(entry, Family) or entry.arity == 1]


@pytest.mark.parametrize('name', sorted(set(UNARY) - {'power'}))
def test_every_operation_on_one_number_is_an_activation(name):
    a = Neuron(1, activation=name, initialisation=given([0.5], 0.125))(0.5)
    assert a.data == getattr(FLOATS, name)(0.375)
    a.backward()


@pytest.mark.parametrize(
    ('activation', 'data'),
    [
        ('linear', -3.0),
        ('leaky_relu', -0.03),
        ('leaky_relu(0.25)', -0.75),
        ('clamp(-1, 1)', -1.0),
        ('clamp( -2 )', -2.0),
        ('clamp(-inf, -4)', -4.0),
        ('power(2)', 9.0),
        (lambda z: z * z, 9.0),
        (Value.tanh, math.tanh(-3.0)),
        (micrograd.tanh, math.tanh(-3.0)),
    ],
    ids=readable,
)
def test_activations(activation, data):
    neuron = Neuron(1, activation=activation, initialisation=given([1.0], 0.0))
    assert neuron(-3.0).data == data


OWN_OPERATION = """
import micrograd
from micrograd.nn import Neuron
micrograd.primitive('softsign', lambda o, x: o.div(x, 1.0 + o.abs(x)), lambda o, z, x: 1.0)
print(Neuron(1, activation='softsign', initialisation=lambda nin, nout, generator: ([1.0], 0.0))(3.0).data)
"""


def test_an_operation_of_ones_own_is_an_activation():
    run = subprocess.run([sys.executable, '-c', OWN_OPERATION], capture_output=True, text=True, check=True)
    assert run.stdout == '0.75\n'


@pytest.mark.parametrize(
    ('activation', 'message'),
    [
        ('tahn', r"no activation 'tahn'; there is .*'tanh'"),
        ('Sigmoid', "'sigmoid'"),
        ('zzz', "'linear', .*'relu'"),
        ('', "no activation ''"),
        ('x' * 10_000, r'x\.\.\.x'),
        ('softmax', r'does not take one number.* Right: micrograd\.softmax\(model\(x\)\)'),
        ('maximum', 'maximum does not take one number'),
        ('sum', 'sum does not take one number'),
        ('tanh(2)', "tanh has no constants. Wrong: 'tanh\\(2\\)'. Right: 'tanh'"),
        ('power', 'the constants exponent'),
        ('leaky_relu(1, 2)', 'the constants slope'),
        ('leaky_relu(', 'numbers in brackets'),
        ('leaky_relu(0.2', 'numbers in brackets'),
        ('leaky_relu()', 'numbers in brackets'),
        ('leaky_relu(a)', 'numbers in brackets'),
        ('leaky_relu(0.2) ', 'numbers in brackets'),
        ('leaky_relu(0.2)(0.3)', 'numbers in brackets'),
    ],
)
def test_names_that_are_no_activation(activation, message):
    for make in (lambda: Neuron(2, activation=activation), lambda: MLP(2, [1], activation=activation)):
        with pytest.raises(ValueError, match=message):
            make()


@pytest.mark.parametrize('activation', [None, 3, ['relu'], {'name': 'relu'}])
def test_things_that_are_no_activation(activation):
    with pytest.raises(TypeError, match='an activation is a name'):
        Neuron(2, activation=activation)


@pytest.mark.parametrize('function', [lambda z: z.data, lambda z: None, lambda z: [z]])
def test_an_activation_that_gives_no_value_is_an_error(function):
    with pytest.raises(TypeError, match='not a Value'):
        Neuron(1, activation=function)(1.0)


@pytest.mark.parametrize('nonlin', ['tanh', math.tanh])
def test_an_activation_in_the_place_of_nonlin_is_an_error(nonlin):
    with pytest.raises(TypeError, match=r"Right: Neuron\(2, activation='tanh'\)"):
        Neuron(2, nonlin)


def test_nonlin_turns_the_activation_off():
    neuron = Neuron(1, False, activation='tanh', initialisation=given([1.0], 0.0))
    assert neuron(3.0).data == 3.0
    neuron.nonlin = True
    assert neuron(3.0).data == math.tanh(3.0)
    assert Neuron(1, activation='linear').nonlin is False


def test_what_hangs_on_a_neuron_layer_or_mlp_is_no_parameter():
    model = MLP(1, [1])
    for part in (model, model.layers[0], model.layers[0].neurons[0]):
        part.alias, part.target, part.spare = model.layers[0].neurons[0].b, Value(1.0), Neuron(1)
    assert names(model) == ['layers.0.neurons.0.w.0', 'layers.0.neurons.0.b']
    assert model.target.role == 'input'


def test_the_sum_starts_at_the_bias_and_goes_from_left_to_right():
    rng = random.Random(4)
    w, x = [[rng.gauss(0, 1) for _ in range(50)] for _ in range(2)]
    z = 0.3
    for wi, xi in zip(w, x, strict=True):
        z += wi * xi
    result = Neuron(50, False, initialisation=given(w, 0.3))(x)
    assert result.data == z
    assert [v._op for v in topological([result]) if v._op] == ['*', '+'] * 50


def test_a_network_agrees_with_pytorch():
    torch = require('torch')
    model = MLP(3, [5, 4, 2], activation=['tanh', 'sigmoid'], output='softplus', generator=1)
    x = [0.5, -1.5, 2.0]
    inputs = [Value(v) for v in x]
    outputs = model(inputs)
    (outputs[0] * 2.0 + outputs[1]).backward()

    h = leaf = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    parts = []
    for layer, f in zip(model.layers, (torch.tanh, torch.sigmoid, torch.nn.functional.softplus), strict=True):
        w = torch.tensor([[v.data for v in n.w] for n in layer.neurons], dtype=torch.float64, requires_grad=True)
        b = torch.tensor([n.b.data for n in layer.neurons], dtype=torch.float64, requires_grad=True)
        h = f(w @ h + b)
        parts.append((w, b))
    (h[0] * 2.0 + h[1]).backward()

    assert [v.data for v in outputs] == pytest.approx(h.tolist(), rel=1e-12)
    assert [v.grad for v in inputs] == pytest.approx(leaf.grad.tolist(), rel=1e-12)
    expected = [g for w, b in parts for row, bias in zip(w.grad, b.grad, strict=True) for g in (*row.tolist(), bias)]
    assert [p.grad for p in model.parameters()] == pytest.approx([float(g) for g in expected], rel=1e-12)


def kinds(model):
    return [neuron.activation if neuron.nonlin else 'linear' for layer in model.layers for neuron in layer.neurons]


@pytest.mark.parametrize(
    ('facts', 'expected'),
    [
        ({}, ['relu', 'relu', 'linear']),
        ({'activation': 'sigmoid', 'output': 'sigmoid'}, ['sigmoid', 'sigmoid', 'sigmoid']),
        ({'activation': ['tanh', 'elu(0.5)']}, ['tanh', 'elu(0.5)', 'linear']),
        ({'activation': ('linear', 'relu'), 'output': 'tanh'}, ['linear', 'relu', 'tanh']),
    ],
)
def test_activations_of_an_mlp(facts, expected):
    assert kinds(MLP(2, [1, 1, 1], **facts)) == expected


def test_the_linear_output_turns_into_relu_as_upstream():
    neuron = MLP(1, [1]).layers[-1].neurons[0]
    neuron.nonlin = True
    assert repr(neuron) == 'ReLUNeuron(1)'


@pytest.mark.parametrize('activation', [[], ['relu'], ['relu', 'relu', 'linear']])
def test_one_activation_for_each_hidden_layer(activation):
    with pytest.raises(ShapeError, match=f'there are {len(activation)} activations for 2 hidden layers'):
        MLP(2, [4, 4, 1], activation=activation)


@pytest.mark.parametrize(
    ('activation', 'text'),
    [
        ('relu', 'ReLUNeuron(2)'),
        ('tanh', 'TanhNeuron(2)'),
        ('linear', 'LinearNeuron(2)'),
        ('leaky_relu(0.2)', 'LeakyReluNeuron(2)'),
        (Value.tanh, 'TanhNeuron(2)'),
        (math.sqrt, 'SqrtNeuron(2)'),
        (lambda z: z, 'LambdaNeuron(2)'),
        (micrograd.tanh, 'PartialNeuron(2)'),
    ],
    ids=readable,
)
def test_reprs_of_neurons(activation, text):
    assert repr(Neuron(2, activation=activation)) == text


# Inputs


class Percent(Value):
    pass


def row_of(kind):
    return lambda: require('numpy').array([1, -2], dtype=kind)


@pytest.mark.parametrize(
    'make',
    [
        lambda: [1.0, -2.0],
        lambda: (1, -2),
        lambda: range(1, -3, -3),
        lambda: (x for x in (1, -2)),
        lambda: map(Value, (1, -2)),
        lambda: [True, Value(-2)],
        lambda: [Value(3.0) > 2.0, -2],
        lambda: [Percent(1.0), -2],
        lambda: array.array('d', [1, -2]),
        row_of('float64'),
        row_of('float32'),
        row_of('int8'),
        row_of('object'),
        lambda: require('numpy').array([Value(1), Value(-2)]),
        lambda: list(require('numpy').array([1.0, -2.0])),
    ],
)
def test_inputs(make):
    model = MLP(2, [3, 1], generator=0)
    expected = model([Value(1.0), Value(-2.0)]).data
    assert model(make()).data == expected
    assert model.layers[0].neurons[0](make()).data == model.layers[0].neurons[0]([1.0, -2.0]).data


@pytest.mark.parametrize('make', [float, Value, lambda x: [x], lambda x: require('numpy').array(x)])
def test_a_single_input_comes_with_or_without_a_list(make):
    model = MLP(1, [2, 1, 1], generator=0)  # and a single activation passes from layer to layer
    assert model(make(0.5)).data == model([0.5]).data
    assert Neuron(1, generator=0)(make(0.5)).data == Neuron(1, generator=0)([0.5]).data


def test_numbers_become_one_input_each_whatever_the_number_of_neurons():
    outputs = Layer(2, 5, activation='tanh')([0.5, -1.5])
    leaves = [v for v in topological(outputs) if not v._prev]
    assert sorted(v.data for v in leaves if v.role == 'input') == [-1.5, 0.5]
    assert [v.role for v in leaves].count('parameter') == 15
    assert len(leaves) == 17


def test_values_are_used_as_they_are():
    x = Value(2.0, label='x')
    MLP(2, [3, 1], activation='tanh', generator=0)([x, 1.0]).backward()
    assert x.grad != 0.0
    assert (x.role, x.label) == ('input', 'x')


MODEL = MLP(2, [16, 1], generator=0)
UNEQUAL = Layer(2, 2)
UNEQUAL.neurons[1] = Neuron(3)
UNFIT = MLP(2, [3, 1])
UNFIT.layers[1] = Layer(4, 1)


@pytest.mark.parametrize(
    ('model', 'x', 'error', 'message'),
    [
        (MODEL, [1, 2, 3], ShapeError, r'^MLP\(2, \[16, 1\]\) takes 2 inputs, and was given 3\. Right: model'),
        (MODEL, [], ShapeError, 'takes 2 inputs, and was given 0'),
        (MODEL, 1.0, ShapeError, 'takes 2 inputs, and was given 1'),
        (MODEL, Value(1.0), ShapeError, 'takes 2 inputs, and was given 1'),
        (MODEL.layers[0], [1], ShapeError, r'Layer\(2, 16\) takes 2 inputs, and was given 1'),
        (Neuron(1), [1, 2], ShapeError, r'ReLUNeuron\(1\) takes 1 input, and was given 2. Right: model\(\[x0\]\)'),
        (Neuron(784), [1], ShapeError, r'takes 784 inputs, .* Right: model\(\[x0, x1, …, x783\]\)'),
        (UNEQUAL, [1, 2], ShapeError, r'ReLUNeuron\(3\) takes 3 inputs'),
        (UNFIT, [1, 2], ShapeError, r'Layer\(4, 1\) takes 4 inputs, and was given 3'),
        (MODEL, [[1, 2], [3, 4]], ShapeError, r'Wrong: model\(rows\)\. Right: \[model\(row\) for row in rows\]'),
        (MODEL, 'ab', TypeError, r'MLP\(2, \[16, 1\]\) takes a list of numbers and Values, in order, not str'),
        (MODEL, {1.0, 2.0}, TypeError, 'in order, not set'),
        (MODEL, {1: 2, 3: 4}, TypeError, 'in order, not dict'),
        (MODEL, None, TypeError, 'in order, not NoneType'),
        (MODEL, 1j, TypeError, 'in order, not complex'),
        (MODEL, ['1', '2'], TypeError, "takes numbers and Values, not str: '1'"),
        (MODEL, [1, None], TypeError, 'not NoneType'),
        (MODEL, [1, 1j], TypeError, 'not complex'),
        (Neuron(2), [1, 1j], TypeError, r'ReLUNeuron\(2\) takes numbers and Values, not complex'),
    ],
)  # fmt: skip
def test_inputs_that_are_refused(model, x, error, message):
    with pytest.raises(error, match=message):
        model(x)


def test_a_matrix_is_refused():
    np = require('numpy')
    with pytest.raises(ShapeError, match='one example a call'):
        MODEL(np.ones((2, 2)))


def test_parts_of_the_programs_own_take_what_they_like():
    class Last(Neuron):
        def __call__(self, x):
            return Value(1.0) * x[-1]

    layer = Layer(5, 2)
    layer.neurons = [Last(5), Last(5)]
    model = MLP(2, [1])
    model.layers = [layer, lambda x: x[0]]
    assert model([1.0, 2.0, 7.0]).data == 7.0
    model.layers, layer.neurons = [], []
    assert (layer(1.0), model([1.0, 2.0])) == ([], [1.0, 2.0])


def test_messages_name_modules_of_the_programs_own():
    class Doubled(Neuron):
        def __call__(self, x):
            return super().__call__(x) * 2.0

    with pytest.raises(ShapeError, match=r'^Doubled takes 2 inputs, and was given 1'):
        Doubled(2)([1.0])
    model = MLP(2, [1, 1])
    model.layers[1] = lambda x: x
    with pytest.raises(ShapeError, match=r"^MLP\(2, \[1, '\?'\]\) takes 2 inputs"):
        model([1.0])


# Shapes


@pytest.mark.parametrize(
    ('make', 'error', 'message'),
    [
        (lambda: Neuron(0), ShapeError, 'nin should be at least 1, not 0'),
        (lambda: Neuron(-1), ShapeError, 'nin should be at least 1'),
        (lambda: Neuron(2.0), TypeError, 'nin should be an integer, not 2.0 of type float'),
        (lambda: Neuron(True), TypeError, 'nin should be an integer, not True'),
        (lambda: Neuron('2'), TypeError, 'nin should be an integer'),
        (lambda: Neuron(2, nout=0), ShapeError, 'nout should be at least 1'),
        (lambda: Layer(2, 0), ShapeError, 'nout should be at least 1'),
        (lambda: Layer(0, 2), ShapeError, 'nin should be at least 1'),
        (lambda: Layer(2, None), TypeError, 'nout should be an integer'),
        (lambda: MLP(0, [1]), ShapeError, 'nin should be at least 1'),
        (lambda: MLP(2, []), ShapeError, r'at least one layer\. Wrong: MLP\(2, \[\]\)\. Right: MLP\(2, \[1\]\)'),
        (lambda: MLP(2, [3, 0]), ShapeError, r'nouts\[1\] should be at least 1, not 0'),
        (lambda: MLP(2, [3, 1.0]), TypeError, r'nouts\[1\] should be an integer'),
        (lambda: MLP(2, [False]), TypeError, r'nouts\[0\] should be an integer, not False'),
        (lambda: MLP(2, 1), TypeError, r'Wrong: MLP\(2, 1\)\. Right: MLP\(2, \[16, 1\]\)'),
        (lambda: MLP(2, {3, 1}), TypeError, 'in order'),
        (lambda: MLP(2, '31'), TypeError, 'in order'),
        (lambda: MLP(2, [1], hidden=3), TypeError, 'hidden'),
    ],
)
def test_shapes_that_are_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_sizes_are_integers_of_any_type():
    np = require('numpy')
    model = MLP(np.int64(2), np.array([3, 1]))
    assert [len(layer.neurons) for layer in model.layers] == [3, 1]
    assert len(MLP(2, (3, 1)).parameters()) == len(MLP(2, iter([3, 1])).parameters()) == 13


# Initialisation


DRAWN = {
    'karpathy': lambda r, nin, nout: ([r.uniform(-1, 1) for _ in range(nin)], 0.0),
    'xavier': lambda r, nin, nout: (
        [r.uniform(-math.sqrt(6 / (nin + nout)), math.sqrt(6 / (nin + nout))) for _ in range(nin)], 0.0),
    'he': lambda r, nin, nout: ([r.gauss(0, math.sqrt(2 / nin)) for _ in range(nin)], 0.0),
    'nielsen': lambda r, nin, nout: ([r.gauss(0, 1 / math.sqrt(nin)) for _ in range(nin)], r.gauss(0, 1)),
    'gaussian': lambda r, nin, nout: ([r.gauss(0, 1) for _ in range(nin)], r.gauss(0, 1)),
}  # fmt: skip


def test_every_initialisation_is_tested():
    assert DRAWN.keys() == INITIALISATIONS.keys()


@pytest.mark.parametrize('name', DRAWN)
def test_initialisations_draw_neuron_by_neuron_weights_first(name):
    model = MLP(3, [4, 2], initialisation=name, generator=5)
    rng, expected = random.Random(5), []
    for nin, nout in [(3, 4)] * 4 + [(4, 2)] * 2:
        weights, bias = DRAWN[name](rng, nin, nout)
        expected += [*weights, bias]
    assert [p.data for p in model.parameters()] == expected


@pytest.mark.parametrize(
    ('name', 'sd'),
    [('karpathy', 1 / 3**0.5), ('xavier', (2 / 300) ** 0.5), ('he', 0.1), ('nielsen', 0.005**0.5), ('gaussian', 1.0)],
)
def test_the_spread_of_the_weights(name, sd):
    nin, nout = 200, 100
    w = [w.data for n in Layer(nin, nout, initialisation=name, generator=0).neurons for w in n.w]
    assert math.fsum(w) / len(w) == pytest.approx(0.0, abs=0.02 * sd)
    assert math.sqrt(math.fsum(x * x for x in w) / len(w)) == pytest.approx(sd, rel=0.02)


@pytest.mark.parametrize('make', [lambda g: MLP(2, [3, 3], generator=g), lambda g: Layer(2, 3, generator=g)])
def test_a_seed_is_a_generator_and_leaves_the_global_one_alone(make):
    random.seed(1)
    before = random.getstate()
    by_seed, by_generator = make(9), make(random.Random(9))
    assert random.getstate() == before
    assert by_seed.state_dict() == by_generator.state_dict()
    assert len(set(by_seed.state_dict().values())) > 6
    assert by_seed.state_dict() != make(10).state_dict()


def test_without_a_generator_the_global_one_draws():
    random.seed(3)
    model = Layer(2, 2, initialisation='nielsen')
    random.seed(3)
    assert model.state_dict() == Layer(2, 2, initialisation='nielsen').state_dict()
    assert model.state_dict() == Layer(2, 2, initialisation='nielsen', generator=3).state_dict()


def test_an_initialisation_of_ones_own():
    seen = []

    def zeros(nin, nout, generator):
        seen.append((nin, nout, type(generator)))
        return (0,) * nin, 1

    model = MLP(2, [3, 1], initialisation=zeros, generator=0)
    assert {p.data for p in model.parameters()} == {0.0, 1.0}
    assert seen == [(2, 3, random.Random)] * 3 + [(3, 1, random.Random)]


@pytest.mark.parametrize(
    ('initialisation', 'error', 'message'),
    [
        ('xavier_uniform', ValueError, "no initialisation 'xavier_uniform'; there is 'xavier'"),
        ('zzz', ValueError, "there is 'karpathy', 'xavier', 'he', 'nielsen', 'gaussian'"),
        (None, TypeError, 'an initialisation is a name'),
        (given([1.0], 0.0), ShapeError, 'gave 1 weights for 2 inputs'),
        (lambda nin, nout, generator: [0.5, 0.5], TypeError, r'gives \(weights, bias\)'),
        (lambda nin, nout, generator: ([0.5, 'x'], 0.0), TypeError, 'one real number, not str'),
    ],
)
def test_initialisations_that_are_refused(initialisation, error, message):
    with pytest.raises(error, match=message):
        MLP(2, [1], initialisation=initialisation)


@pytest.mark.parametrize('generator', ['7', 1.5, random])
def test_generators_that_are_refused(generator):
    for make in (
        MLP,
        lambda nin, nouts, **facts: Layer(nin, 1, **facts),
        lambda nin, nouts, **facts: Neuron(nin, **facts),
    ):
        with pytest.raises(TypeError, match='seed should be an integer'):
            make(2, [1], generator=generator)


# What a network does not keep


def test_a_call_leaves_nothing_behind_in_the_module():
    model = MLP(2, [3, 1], generator=0)
    before = json.dumps(model.state_dict())
    gc.disable()
    try:
        output = weakref.ref(model([1.0, 2.0]))
        assert output() is None
    finally:
        gc.enable()
    assert json.dumps(model.state_dict()) == before
    assert vars(model).keys() == {'layers'}
    assert vars(model.layers[0]).keys() == {'neurons'}
    assert vars(model.layers[0].neurons[0]).keys() == {'w', 'b', 'nonlin', 'activation'}


def test_under_no_grad_a_network_builds_no_graph():
    with no_grad():
        output = MODEL([1.0, 2.0])
    assert output._prev == ()
    assert output.data == MODEL([1.0, 2.0]).data


def test_a_copy_keeps_roles_sharing_and_activations():
    model = MLP(2, [2, 1], activation='leaky_relu(0.2)', output=Value.tanh, generator=0)
    model.layers[0].neurons[1] = model.layers[0].neurons[0]
    twin = copy.deepcopy(model)
    assert names(twin) == names(model)
    assert {p.role for p in twin.parameters()} == {'parameter'}
    assert twin.layers[0].neurons[1] is twin.layers[0].neurons[0]
    assert repr(twin) == repr(model)
    assert twin([1.0, -2.0]).data == model([1.0, -2.0]).data
