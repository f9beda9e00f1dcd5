"""The surface that programs written for karpathy/micrograd and its lecture rely on.

Whole programs are in test_compat_programs.py. Expected numbers are mathematics, or were measured with the
package micrograd 0.1.0 of the package index.
"""

import copy
import functools
import gc
import hashlib
import math
import operator
import os
import random
import re
import subprocess
import sys
import weakref
from decimal import Decimal
from fractions import Fraction

import pytest
from graphviz import Digraph

from micrograd import draw_dot, nn, trace
from micrograd.engine import Value
from micrograd.errors import StaleGraphError
from micrograd.nn import MLP, Layer, Module, Neuron
from tests.support import require


@pytest.fixture
def np():
    return require('numpy')


# Construction and attributes


def test_a_leaf_has_the_documented_attributes():
    v = Value(2.0)
    assert (v.data, v.grad, v._op, v.label) == (2.0, 0, '', '')
    assert len(v._prev) == 0
    assert not v._prev
    v._backward()
    assert v.grad == 0


def test_the_constructor_takes_its_arguments_by_position_and_by_name():
    a, b = Value(data=1.0), Value(2.0, label='b')
    by_name = Value(3.0, _children=(a, b), _op='+', label='c')
    by_position = Value(3.0, (a, b), '+', 'c')
    for c in (by_name, by_position):
        assert (c.data, c._op, c.label, tuple(c._prev)) == (3.0, '+', 'c', (a, b))
    assert b.label == 'b'


@pytest.mark.parametrize('make', [tuple, list, set, iter], ids=['tuple', 'list', 'set', 'iterator'])
def test_children_come_in_any_iterable(make):
    a, b = Value(1.0), Value(2.0)
    assert set(Value(3.0, make([a, b]), '+')._prev) == {a, b}


def test_children_stay_in_order_and_repeated_ones_are_kept():
    a, b = Value(1.0), Value(2.0)
    for children in ([a, a], [b, a, a], [a, b, a, b, b]):
        assert list(Value(3.0, children, 'own')._prev) == children
    assert list((b * a)._prev) == [b, a]


def test_results_have_an_empty_label_that_can_be_set():
    a = Value(2.0, label='a')
    e = a * 3
    assert (e.label, (e + 1).label) == ('', '')
    e.label = 'e'
    assert (e.label, a.label, (e + 1).label) == ('e', 'a', '')


HUNG = (
    'm v velocity momentum name color _vis_color _label id tag requires_grad exp_avg cache t lower upper bounds layer'
)


@pytest.mark.parametrize('name', HUNG.split())
def test_programs_hang_attributes_of_their_own_on_values(name):
    x = Value(3.0)
    for node in (x, x * x, x.relu(), Value(1.0, (x,), 'own')):
        setattr(node, name, 'mine')
        assert getattr(node, name) == 'mine'


def test_data_and_grad_are_reassigned_before_the_next_forward_pass():
    p = Value(3.0)
    (p * p).backward()
    p.data -= 0.5 * p.grad
    p.grad = 0
    assert p.data == 0.0
    p.data = 4
    y = p * p
    y.backward()
    assert (y.data, p.grad) == (16.0, 8.0)


@pytest.mark.parametrize(
    ('number', 'data'),
    [(2, 2.0), (True, 1.0), (-0.5, -0.5), (Fraction(1, 4), 0.25), (Decimal('1.5'), 1.5), (math.inf, math.inf)],
    ids=str,
)
def test_real_numbers_become_floats(number, data):
    assert (Value(number).data, type(Value(number).data)) == (data, float)


@pytest.mark.parametrize(
    'thing', [2 + 3j, '2', None, [1.0], [1.0, 2.0], (1.0,), {}, object()], ids=lambda thing: type(thing).__name__
)
def test_other_things_are_a_type_error_at_construction(thing):
    with pytest.raises(TypeError):
        Value(thing)


# Operations


@pytest.mark.parametrize(
    ('make', 'op'),
    [
        (lambda x: x + x, '+'),
        (lambda x: x + 1, '+'),
        (lambda x: 1 + x, '+'),
        (lambda x: sum([x]), '+'),
        (lambda x: x * x, '*'),
        (lambda x: x * 2, '*'),
        (lambda x: 2 * x, '*'),
        (lambda x: x**2, '**2'),
        (lambda x: x**2.0, '**2.0'),
        (lambda x: x**0.5, '**0.5'),
        (lambda x: x**-1, '**-1'),
        (lambda x: x**-0.5, '**-0.5'),
        (lambda x: x.relu(), 'ReLU'),
        (lambda x: x.tanh(), 'tanh'),
        (lambda x: x.exp(), 'exp'),
    ],
)
def test_op_texts(make, op):
    assert make(Value(4.0))._op == op


@pytest.mark.parametrize(
    ('f', 'value', 'da', 'db'),
    [
        (lambda a, b: a + b, -2.0, 1.0, 1.0),
        (lambda a, b: a - b, -6.0, 1.0, -1.0),
        (lambda a, b: a * b, -8.0, 2.0, -4.0),
        (lambda a, b: a / b, -2.0, 0.5, 1.0),
        (lambda a, b: -a * b, 8.0, -2.0, 4.0),
        (lambda a, b: a**3 + b**-2, -63.75, 48.0, -0.25),
        (lambda a, b: (a + 2) - (2 + b), -6.0, 1.0, -1.0),
        (lambda a, b: (a - 1) * (1 - b), 5.0, -1.0, 5.0),
        (lambda a, b: (a * 0.5) + (3 * b), 4.0, 0.5, 3.0),
        (lambda a, b: a / 4 + 4 / b, 1.0, 0.25, -1.0),
        (lambda a, b: True * a + b * True, -2.0, 1.0, 1.0),
        (lambda a, b: sum([a, b, a]), -6.0, 2.0, 1.0),
        (lambda a, b: sum([a, b], Value(1.0)), -1.0, 1.0, 1.0),
        (lambda a, b: math.prod([a, b, b]), -16.0, 4.0, -16.0),
        (lambda a, b: functools.reduce(operator.mul, [a, b, a]), 32.0, -16.0, 16.0),
        (lambda a, b: a.relu() + b.relu(), 2.0, 0.0, 1.0),
        (lambda a, b: a.tanh() * b, math.tanh(-4.0) * 2, 2 / math.cosh(4.0) ** 2, math.tanh(-4.0)),
        (lambda a, b: a.exp() + b.log(), math.exp(-4.0) + math.log(2.0), math.exp(-4.0), 0.5),
        (lambda a, b: b.sigmoid() + a, 1 / (1 + math.exp(-2)) - 4, 1.0, math.exp(-2) / (1 + math.exp(-2)) ** 2),
    ],
)
def test_operators_and_methods(f, value, da, db):
    a, b = Value(-4.0), Value(2.0)
    y = f(a, b)
    assert type(y) == Value  # noqa: E721 - programs write it so
    y.backward()
    assert (y.data, a.grad, b.grad) == pytest.approx((value, da, db), rel=1e-14, abs=0)


@pytest.mark.parametrize(
    ('f', 'data'),
    [
        (operator.iadd, 8.0),
        (operator.isub, 4.0),
        (operator.imul, 12.0),
        (operator.itruediv, 3.0),
        (operator.ipow, 36.0),
    ],
)
def test_augmented_assignment_makes_a_new_value(f, data):
    before = after = Value(6.0)
    after = f(after, 2)
    assert after is not before
    assert (before.data, after.data) == (6.0, data)
    assert before in after._prev


def test_constants_are_leaf_parents_of_plus_and_times():
    x = Value(3.0)
    for y in (x + 2, 2 + x, x * 2, 2 * x):
        (constant,) = (p for p in y._prev if p is not x)
        assert (constant.data, constant._op, len(constant._prev)) == (2.0, '', 0)


def test_prev_holds_the_parents():
    a, b = Value(1.0), Value(2.0)
    assert set((a + b)._prev) == {a, b}
    assert set((a + a)._prev) == {a}
    for unary in (a**2, a.relu(), a.tanh(), a.exp()):
        assert list(unary._prev) == [a]


def test_float_of_a_value_is_an_error_so_that_no_gradient_is_lost():
    for convert in (float, math.exp, math.sqrt):
        with pytest.raises(TypeError):
            convert(Value(1.0))


def test_division_rounds_once():
    for n in range(1, 50):
        assert (Value(1.0) / n).data == 1 / n
        assert (7 / Value(n)).data == 7 / n


@pytest.mark.parametrize(
    ('base', 'exponent', 'value', 'slope'),
    [
        (0.0, 0, 1.0, 0.0),
        (math.nan, 0, 1.0, 0.0),
        (math.inf, 0, 1.0, 0.0),
        (0.0, 1, 0.0, 1.0),
        (0.0, 2, 0.0, 0.0),
        (0.0, 0.5, 0.0, math.inf),
        (0.0, -1, math.inf, -math.inf),
        (-2.0, 3, -8.0, 12.0),
        (-2.0, -1, -0.5, -0.25),
        (-8.0, 1 / 3, math.nan, math.nan),
        (1e200, 2, math.inf, 2e200),
    ],
)
def test_powers_at_the_edges_neither_raise_nor_turn_complex(base, exponent, value, slope):
    x = Value(base)
    y = x**exponent
    y.backward()
    assert (y.data, x.grad) == pytest.approx((value, slope), rel=1e-14, abs=0, nan_ok=True)


def test_division_by_zero_is_ieee():
    assert (1 / Value(0.0)).data == math.inf
    assert (Value(-1.0) / 0).data == -math.inf
    assert math.isnan((Value(0.0) / Value(0.0)).data)


def test_a_graph_can_be_built_on_placeholders_of_infinity():
    x, y = Value(math.inf), Value(math.inf)
    z = ((x * y + x * 0.0) - y * 2).relu() + x**2
    assert z._op == '+'


# Identity


def test_equality_and_hash_are_identity():
    a, b = Value(1.0), Value(1.0)
    assert a == a
    assert a != b
    assert a != 1.0
    assert len({a, b}) == 2
    assert [b, a].index(a) == 1
    assert (b in [a], a in {a: 1}) == (False, True)


@pytest.mark.parametrize('data', [0.0, -0.0, 1.0, math.nan])
def test_a_value_is_always_true(data):
    v = Value(data)
    assert v
    assert v * 0
    assert (v or None) is v


# Repr and cycles


def test_repr_shows_data_and_grad():
    x = Value(3.0)
    y = x * x
    y.backward()
    for v in (x, y, Value(-1e-300), Value(0.1)):
        data, grad = re.fullmatch(r'Value\(data=(\S+), grad=(\S+)\)', repr(v)).groups()
        assert (float(data), float(grad)) == (v.data, v.grad)
    assert str([x]) == f'[{x}]'


def test_repr_is_bounded():
    v = Value(1.0)
    for _ in range(5000):
        v = v + v * 0.5 - v * 0.5
    assert len(repr(v)) < 100


def test_parents_are_immutable_so_that_no_cycle_can_be_made():
    a = Value(1.0)
    b = a * 2
    with pytest.raises((AttributeError, TypeError)):
        a._prev = (b,)
    with pytest.raises(AttributeError):
        a._prev.add(b)
    with pytest.raises(AttributeError):
        b._prev.append(b)


# backward()


@pytest.mark.parametrize(
    ('f', 'slope'),
    [
        (lambda a: a + a, 2.0),
        (lambda a: a * a, 6.0),
        (lambda a: a - a, 0.0),
        (lambda a: a / a, 0.0),
        (lambda a: (a + a) + (a + a), 4.0),
        (lambda a: (a * a) * (a * a), 108.0),
        (lambda a: (a * 2 + a) * (a * 2), 36.0),
        (lambda a: sum([a] * 10), 10.0),
    ],
)
def test_repeated_parents_and_diamonds(f, slope):
    a = Value(3.0)
    f(a).backward()
    assert a.grad == slope


def test_a_shared_intermediate_is_finished_before_it_is_passed_on():
    a = Value(3.0)
    b = a + a
    c = b + b
    c.backward()
    assert (c.grad, b.grad, a.grad) == (1.0, 2.0, 4.0)


def test_a_second_backward_counts_no_interior_gradient_again():
    x = Value(3.0)
    y = x * x * x
    y.backward()
    assert x.grad == 27.0
    x.grad = 0
    y.backward()
    assert x.grad == 27.0


def test_leaves_accumulate_and_interior_gradients_restart():
    x = Value(3.0)
    y = x * x
    z = y * y
    z.backward()
    z.backward()
    assert (x.grad, y.grad, z.grad) == (216.0, 18.0, 1.0)


def test_two_losses_over_one_intermediate():
    x = Value(2.0)
    y = x * x
    (y * 3).backward()
    (y * 5).backward()
    assert x.grad == 32.0


def test_gradients_set_before_backward_do_not_enter_it():
    x = Value(2.0)
    y = x * x
    z = y * 3
    y.grad = z.grad = 100.0
    z.backward()
    assert (z.grad, y.grad, x.grad) == (1.0, 3.0, 12.0)


def test_a_leaf_changed_after_the_forward_pass_is_an_error():
    x, w = Value(3.0), Value(2.0)
    y = (w * x) ** 2
    y.backward()
    w.data -= 0.1 * w.grad
    before = (x.grad, w.grad)
    with pytest.raises(StaleGraphError):
        y.backward()
    assert (x.grad, w.grad) == before


def test_a_deep_graph_needs_no_recursion():
    x = Value(1.0)
    y = x
    for _ in range(20_000):
        y = y + x
    y.backward()
    assert (y.data, x.grad) == (20_001.0, 20_001.0)


def test_a_dropped_graph_is_freed_without_the_collector():
    x = Value(1.0)
    gc.disable()
    try:
        interior = weakref.ref(((x * 2) + 1).tanh())
        assert interior() is None
        y = x.exp() * x
        interior = weakref.ref(next(p for p in y._prev if p is not x))
        y.backward()
        assert interior() is not None
        del y
        assert interior() is None
    finally:
        gc.enable()


PROGRAM = """
import random, sys
junk = [object() for _ in range(int(sys.argv[1]))]
from micrograd.nn import MLP
random.seed(7)
model = MLP(3, [8, 8, 1])
points = [[random.gauss(0, 1) for _ in range(3)] for _ in range(10)]
junk = junk[::3]
loss = sum((model(p) - p[0]) ** 2 for p in points) * (1 / 10) + 1e-4 * sum(p * p for p in model.parameters())
loss.backward()
print(loss.data.hex(), *(p.grad.hex() for p in model.parameters()))
"""


def test_the_same_program_gives_the_same_bits_in_every_process():
    def run(hash_seed, junk):
        environment = {**os.environ, 'PYTHONHASHSEED': hash_seed}
        command = [sys.executable, '-c', PROGRAM, junk]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    outputs = {run(*arguments) for arguments in [('0', '0'), ('1', '1001'), ('2', '54321'), ('random', '7')]}
    assert len(outputs) == 1
    assert len(outputs.pop().split()) == 1 + 32 + 72 + 9


# Networks


def test_a_neuron_has_weights_a_bias_and_nonlin():
    random.seed(5)
    drawn = [random.uniform(-1, 1) for _ in range(3)]
    random.seed(5)
    neuron = Neuron(3)
    assert [w.data for w in neuron.w] == drawn
    assert (neuron.b.data, neuron.nonlin, Neuron(3, nonlin=False).nonlin) == (0.0, True, False)
    assert neuron.parameters() == [*neuron.w, neuron.b]


def test_seed_1337_gives_the_network_that_it_always_gave():
    random.seed(1337)
    model = MLP(2, [16, 16, 1])
    data = [p.data for p in model.parameters()]
    assert len(data) == 337
    assert (data[0], data[-2], data[-1]) == (0.23550571390294128, -0.2532524374373504, 0.0)
    assert (
        hashlib.sha256(' '.join(x.hex() for x in data).encode()).hexdigest()
        == '699d1b8af02d4abd73ba7788b403921ed79d974d6bc84b0755b106f9f851b659'
    )
    assert random.random() == 0.2158536848686471


def test_parameters_come_in_the_order_of_layers_neurons_weights_and_bias():
    model = MLP(2, [3, 1])
    expected = [p for layer in model.layers for neuron in layer.neurons for p in (*neuron.w, neuron.b)]
    assert model.parameters() == expected
    assert type(model.parameters()) is list
    assert model.layers[0].parameters() + model.layers[1].parameters() == expected


def test_the_sum_starts_at_the_bias():
    neuron = Neuron(2, nonlin=False)
    neuron.w, neuron.b = [Value(1.0), Value(1.0)], Value(1e16)
    assert neuron([1, 1]).data == 1e16
    assert (1.0 + 1.0) + 1e16 != 1e16


def test_the_last_layer_is_linear_and_a_single_output_comes_unwrapped():
    model = MLP(2, [3, 3, 1])
    assert [{n.nonlin for n in layer.neurons} for layer in model.layers] == [{True}, {True}, {False}]
    assert type(model([1.0, 2.0])) is Value
    several = MLP(2, [3, 2])([1.0, 2.0])
    assert [type(v) for v in several] == [Value, Value]
    assert isinstance(several, list)
    assert type(Layer(2, 1)([1.0, 2.0])) is Value
    assert {n.nonlin for n in Layer(2, 4, nonlin=False).neurons} == {False}


def test_reprs_of_networks():
    assert repr(Neuron(2)) == 'ReLUNeuron(2)'
    assert repr(Neuron(3, nonlin=False)) == 'LinearNeuron(3)'
    assert repr(Layer(2, 2)) == 'Layer of [ReLUNeuron(2), ReLUNeuron(2)]'
    assert str(MLP(2, [2, 1])) == ('MLP of [Layer of [ReLUNeuron(2), ReLUNeuron(2)], Layer of [LinearNeuron(2)]]')


@pytest.mark.parametrize(
    'x', [[1.0, -2.0], [1, -2], (1, -2), [True, -2.0], [Value(1.0), Value(-2.0)], [Value(1.0), -2]], ids=str
)
def test_inputs_are_numbers_or_values(x):
    random.seed(0)
    model = MLP(2, [4, 1])
    expected = model([1.0, -2.0]).data
    y = model(x)
    y.backward()
    assert y.data == expected


def test_zero_grad():
    model = MLP(2, [4, 1])
    model([1.0, 1.0]).backward()
    assert any(p.grad for p in model.parameters())
    model.zero_grad()
    assert [p.grad for p in model.parameters()] == [0] * 17


def test_a_network_is_changed_in_place():
    neuron = Neuron(2)
    neuron.w[0] = Value(2.0)
    neuron.w[1].data = -3.0
    neuron.b = Value(1.0)
    assert neuron([1.0, 2.0]).data == 0.0
    neuron.nonlin = False
    assert neuron([1.0, 2.0]).data == -3.0
    assert repr(neuron) == 'LinearNeuron(2)'
    layer = Layer(2, 1)
    layer.neurons[0] = neuron
    layer.neurons.append(neuron)
    assert [v.data for v in layer([1.0, 2.0])] == [-3.0, -3.0]
    model = MLP(2, [2])
    model.layers.append(Layer(2, 1, nonlin=False))
    assert len(model.parameters()) == 9
    assert type(model([1.0, 2.0])) is Value


class TanhNeuron(Neuron):
    def __call__(self, x):
        return sum((wi * xi for wi, xi in zip(self.w, x, strict=True)), self.b).tanh()


class TanhLayer(Layer):
    def __init__(self, nin, nout):
        self.neurons = [TanhNeuron(nin) for _ in range(nout)]


class TanhMLP(MLP):
    def __init__(self, nin, nouts):
        sizes = [nin, *nouts]
        self.layers = [TanhLayer(a, b) for a, b in zip(sizes, nouts, strict=False)]


def test_subclasses_that_build_their_own_parts():
    random.seed(3)
    model = TanhMLP(2, [3, 1])
    y = model([0.5, -0.25])
    y.backward()
    assert len(model.parameters()) == 13
    assert repr(model.layers[1]) == 'Layer of [ReLUNeuron(3)]'
    assert y._op == 'tanh'
    assert all(p.grad != 0 for p in model.parameters())
    model.zero_grad()
    assert not any(p.grad for p in model.parameters())


class Watched(Neuron):
    """Keeps what it saw, and defines its bias before its weights."""

    def __init__(self, nin):
        self.b = Value(0.5)
        self.w = [Value(float(i)) for i in range(nin)]
        self.nonlin = True

    def __call__(self, x):
        self.seen, self.target = x, Value(1.0)
        self.out = super().__call__(x)
        return self.out


def test_what_programs_hang_on_a_neuron_is_no_parameter():
    neuron = Watched(2)
    neuron([Value(3.0), Value(4.0)])
    assert neuron.parameters() == [*neuron.w, neuron.b]
    layer = Layer(2, 1)
    layer.neurons[0], layer.scale = neuron, Value(2.0)
    model = MLP(2, [1])
    model.layers[0], model.best = layer, Value(0.0)
    assert model.parameters() == layer.parameters() == [*neuron.w, neuron.b]


def test_parameters_that_a_part_defines_itself_are_those_of_the_whole():
    class Frozen(Neuron):
        def parameters(self):
            return [self.b]

    model = MLP(2, [3, 1])
    frozen = model.layers[0].neurons[1] = Frozen(2)
    assert len(model.parameters()) == 3 + 1 + 3 + 4
    frozen.w[0].grad = frozen.b.grad = 5.0
    model.zero_grad()
    assert (frozen.w[0].grad, frozen.b.grad) == (5.0, 0)


def test_a_layer_of_the_programs_own_takes_whatever_it_likes():
    class Flatten(Module):
        def __call__(self, image):
            return [pixel for row in image for pixel in row]

    class Embedding(Module):
        def __init__(self, words):
            self.table = {word: [Value(float(i)), Value(-1.0)] for i, word in enumerate(words)}

        def __call__(self, word):
            return self.table[word]

        def parameters(self):
            return [p for row in self.table.values() for p in row]

    random.seed(0)
    model = MLP(2, [3, 1])
    flat, embedded = model([1.0, 2.0]).data, model([1.0, -1.0]).data
    model.layers.insert(0, Flatten())
    assert model([[1.0], [2.0]]).data == flat
    model.layers[0] = Embedding(['a', 'b'])
    y = model('b')
    y.backward()
    assert y.data == embedded
    assert len(model.parameters()) == 4 + 13


def test_a_module_of_the_programs_own_without_a_constructor_call():
    class Affine(Module):
        def __init__(self):
            self.table = {'scale': Value(2.0), 'shift': Value(1.0)}

        def __call__(self, x):
            return self.table['scale'] * x + self.table['shift']

        def parameters(self):
            return [*self.table.values()]

    class Chain(nn.Module):
        def __init__(self, *parts):
            self.parts = parts

        def parameters(self):
            return [p for part in self.parts for p in part.parameters()]

    affine = Affine()
    chain = Chain(affine, Neuron(1))
    affine(3.0).backward()
    assert [p.grad for p in chain.parameters()[:2]] == [3.0, 1.0]
    chain.zero_grad()
    assert [p.grad for p in chain.parameters()] == [0, 0, 0, 0]
    assert Module().parameters() == []
    assert Module().zero_grad() is None


def test_a_copied_network_is_independent():
    model = MLP(2, [4, 1])
    target = copy.deepcopy(model)
    assert [p.data for p in target.parameters()] == [p.data for p in model.parameters()]
    for p in model.parameters():
        p.data += 1.0
    assert target([1.0, 1.0]).data != model([1.0, 1.0]).data
    assert not {*target.parameters()} & {*model.parameters()}


# Drawing


def lecture_graph():
    a, b, c = Value(2.0, label='a'), Value(-3.0, label='b'), Value(10.0, label='c')
    e = a * b
    d = e + c
    e.label, d.label = 'e', 'd'
    return a, b, c, e, d


def test_trace_gives_nodes_and_edges():
    a, b, c, e, d = lecture_graph()
    nodes, edges = trace(d)
    assert set(nodes) == {a, b, c, d, e}
    assert set(edges) == {(a, e), (b, e), (e, d), (c, d)}
    assert set(trace(a)[0]) == {a}
    assert not trace(a)[1]


def test_draw_dot_gives_a_digraph():
    *_, d = lecture_graph()
    dot = draw_dot(d)
    assert isinstance(dot, Digraph)
    assert dot.format == 'svg'
    assert re.search(r'rankdir="?LR', dot.source)
    upright = draw_dot(d, format='png', rankdir='TB')
    assert upright.format == 'png'
    assert re.search(r'rankdir="?TB', upright.source)
    assert draw_dot(d, 'pdf', 'LR').format == 'pdf'


def test_draw_dot_takes_nodes_made_by_hand():
    x = Value(1.0, label='x')
    y = Value(2.0, (x, x, x), 'mine')
    assert 'mine' in draw_dot(y * 2).source


# numpy


SCALARS = ['float64', 'float32', 'float16', 'int64', 'int32', 'int8', 'uint8']


@pytest.mark.parametrize('kind', SCALARS)
@pytest.mark.parametrize('op', [operator.add, operator.sub, operator.mul, operator.truediv])
def test_numpy_scalars_on_either_side(np, kind, op):
    scalar, v = getattr(np, kind)(4), Value(2.0)
    for result, data in ((op(scalar, v), op(4.0, 2.0)), (op(v, scalar), op(2.0, 4.0))):
        assert type(result) is Value
        assert (result.data, type(result.data)) == (data, float)


@pytest.mark.parametrize('kind', [*SCALARS, 'bool_'])
def test_numpy_scalars_become_floats(np, kind):
    scalar = getattr(np, kind)(1)
    assert (Value(scalar).data, type(Value(scalar).data)) == (1.0, float)
    assert Value(np.float32(0.1)).data == float(np.float32(0.1))


def test_other_numpy_things_are_a_type_error_at_construction(np):
    for thing in (np.array([1.0, 2.0]), np.complex128(1j), np.complex64(1), np.str_('1')):
        with pytest.raises(TypeError):
            Value(thing)


def test_arrays_of_one_number_become_floats(np):
    for array in (np.array(2.0), np.array([2.0]), np.array([[2]])):
        assert (Value(array).data, type(Value(array).data)) == (2.0, float)


def test_numpy_exponents(np):
    assert (Value(3.0) ** np.float64(2)).data == 9.0


def test_an_array_times_a_value_is_an_array_of_values(np):
    v = Value(2.0)
    for make in (lambda a: a * v, lambda a: a + v, lambda a: a - v, lambda a: a / v):
        result = make(np.array([1.0, 2.0, 3.0]))
        assert (result.dtype, result.shape) == (object, (3,))
        assert {type(r) for r in result} == {Value}
    (np.array([1.0, 2.0, 3.0]) * v).sum().backward()
    assert v.grad == 6.0


def test_values_are_objects_to_numpy(np):
    v = Value(2.0)
    for missing in ('__array__', '__len__', '__iter__', '__getitem__'):
        assert not hasattr(v, missing)
    assert np.array([v, v]).shape == (2,)
    assert np.array([[v, 1.0], [v, v]]).dtype == object
    assert np.array(v).shape == ()


def test_arrays_of_values(np):
    w = np.array([[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]])
    x = np.array([10.0, 20.0])
    for product in (np.dot(w, x), w @ x, w.dot(x), (w * x).sum(axis=1)):
        assert [v.data for v in product] == [50.0, 110.0]
    total = np.sum(w @ x) + np.mean(w) + np.square(w).sum() + (w**2).sum() - np.prod(w) / 24
    total.backward()
    assert total.data == 160.0 + 2.5 + 30.0 + 30.0 - 1.0
    assert [v.grad for v in w.flat] == pytest.approx([13.25, 27.75, 22.25 - 1 / 3, 36.0], rel=1e-14)


def test_numpy_functions_call_the_methods_of_values(np):
    x = Value(0.5)
    for f in (np.exp, np.tanh, np.log):
        assert type(f(x)) is Value
        (element,) = f(np.array([x]))
        assert element.data == pytest.approx(f(0.5), rel=1e-15)
    np.exp(x).backward()
    assert x.grad == math.exp(0.5)


def test_vectorize(np):
    table = np.vectorize(Value)(np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert (table.shape, table[1, 0].data) == ((2, 2), 3.0)


def test_numpy_rows_are_inputs(np):
    random.seed(0)
    model = MLP(2, [4, 1])
    expected = model([1.5, -2.0]).data
    rows = np.array([[1.5, -2.0]])
    values = [list(map(Value, row)) for row in rows]
    assert [y.data for y in map(model, values)] == [expected]
    for row in (rows[0], rows[0].astype(np.float32), np.array(values[0])):
        assert model(row).data == expected


def test_numpy_labels_and_rates(np):
    labels = np.array([1, -1])
    p = Value(0.5)
    loss = sum((1 + -y * p).relu() for y in labels) * (1.0 / len(labels))
    assert (type(loss), loss.data) == (Value, 1.0)
    loss.backward()
    p.data -= np.float64(0.1) * p.grad
    assert (p * 2).data == 1.0
