"""Programs written for karpathy/micrograd, run unchanged: operations made by hand, subclasses, and whole programs.

Each was written anew after a pattern that public programs use. Expected losses were measured with the package
micrograd 0.1.0 of the package index (with the lecture's tanh, exp, log and the books' sigmoid added), the rest
is mathematics or was computed with PyTorch.
"""

import functools
import itertools
import math
import random
import re

import pytest
from graphviz import Digraph

from micrograd import draw_dot, nn, trace
from micrograd.engine import Value
from tests.support import require

approx = functools.partial(pytest.approx, rel=1e-12, abs=0)


# Step by step, and operations made by hand


def square_by_hand(x, op='square'):
    """An operation as programs define their own: a node, then a closure."""
    out = Value(x.data * x.data, (x,), op)

    def _backward():
        x.grad += 2 * x.data * out.grad

    out._backward = _backward
    return out


def test_backward_node_by_node():
    a, b, c = Value(2.0), Value(-3.0), Value(10.0)
    e = a * b
    d = e + c
    out = d.tanh()
    out.grad = 1.0
    for node in (out, d, e, c, b, a):
        assert node._backward() is None
    slope = 1 - math.tanh(4.0) ** 2
    assert (d.grad, e.grad, c.grad) == pytest.approx((slope, slope, slope), rel=1e-9)
    assert (a.grad, b.grad) == pytest.approx((-3 * slope, 2 * slope), rel=1e-9)


def test_backward_of_one_node_adds_to_what_is_there():
    x = Value(3.0)
    y = x**2
    y.grad = 2.0
    y._backward()
    y._backward()
    assert x.grad == 24.0


OURS = [
    (lambda x: x + 1, 1.0),
    (lambda x: 5 - x, -1.0),
    (lambda x: x * 4, 4.0),
    (lambda x: x / 2, 0.5),
    (lambda x: -x, -1.0),
    (lambda x: x**2, 6.0),
    (lambda x: x.relu(), 1.0),
    (lambda x: x.exp(), math.exp(3.0)),
]


@pytest.mark.parametrize(('f', 'slope'), OURS)
def test_a_backward_that_is_wrapped_still_does_its_step(f, slope):
    x = Value(3.0)
    y = f(x)
    op, parents, step, seen = y._op, tuple(y._prev), y._backward, []

    def logged():
        seen.append(y.grad)
        step()

    y._backward = logged
    (y * 2).backward()
    assert seen == [2.0]
    assert x.grad == pytest.approx(2 * slope, rel=1e-14)
    assert (y._op, tuple(y._prev)) == (op, parents)


@pytest.mark.parametrize(('f', 'slope'), OURS)
def test_a_backward_that_is_replaced_stops_the_gradient(f, slope):
    x = Value(3.0)
    y = f(x)
    y._backward = lambda: None
    (y + x).backward()
    assert x.grad == 1.0


def test_an_operation_by_hand_between_our_own():
    x = Value(1.5)
    y = square_by_hand(x * 2) + x
    (y * 3).backward()
    assert (y.data, x.grad) == (10.5, 39.0)


def test_an_operation_by_hand_without_a_backward_passes_nothing_on():
    x = Value(0.5)
    y = Value(math.tanh(x.data), (x,), 'tanh')
    (y * 2 + x).backward()
    assert (y.grad, x.grad) == (2.0, 1.0)


@pytest.mark.parametrize('count', [1, 2, 3, 27])
def test_an_operation_by_hand_with_any_number_of_children_and_data_set_afterwards(count):
    leaves = [Value(i + 1.0) for i in range(count)]
    children = [leaf * 0.5 for leaf in leaves]
    inputs = [i - 3.0 for i in range(count)]
    node = Value(0.0, children, 'conv')
    node.data = sum(child.data * x for child, x in zip(children, inputs, strict=True))

    def _backward():
        for child, x in zip(children, inputs, strict=True):
            child.grad += x * node.grad

    node._backward = _backward
    assert (list(node._prev), node._op) == (children, 'conv')
    (node**2 + node).backward()
    slope = 2 * node.data + 1
    assert node.grad == slope
    assert [child.grad for child in children] == [x * slope for x in inputs]
    assert [leaf.grad for leaf in leaves] == [0.5 * x * slope for x in inputs]


def test_a_child_that_is_given_twice():
    x = Value(3.0)
    y = Value(x.data + x.data, (x, x), 'twice')

    def _backward():
        x.grad += y.grad
        x.grad += y.grad

    y._backward = _backward
    (y * y).backward()
    assert x.grad == 24.0


def test_operations_by_hand_run_after_all_that_use_them():
    order = []

    def total(name, *children):
        node = Value(sum(child.data for child in children), children, name)

        def _backward():
            order.append((name, node.grad))
            for child in children:
                child.grad += node.grad

        node._backward = _backward
        return node

    x = Value(1.0)
    a = total('a', x)
    b = total('b', a)
    c = total('c', a, b)
    total('d', b, c, a).backward()
    assert order == [('d', 1.0), ('c', 1.0), ('b', 2.0), ('a', 4.0)]
    assert x.grad == 4.0


def test_a_backward_hung_on_a_leaf_is_called_once_with_the_gradient_complete():
    x, seen = Value(2.0), []
    x._backward = lambda: seen.append(x.grad)
    (x * x + x).backward()
    assert (seen, x.grad, len(x._prev), x._op) == ([5.0], 5.0, 0, '')


def test_methods_are_patched_onto_the_class(monkeypatch):
    def softsign(self):
        scale = 1 / (1 + abs(self.data))
        out = Value(self.data * scale, (self,), 'softsign')

        def _backward():
            self.grad += scale**2 * out.grad

        out._backward = _backward
        return out

    def product(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Value(self.data * other.data, (self, other), 'mine')

        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out._backward = _backward
        return out

    monkeypatch.setattr(Value, 'softsign', softsign, raising=False)
    monkeypatch.setattr(Value, 'tanh', softsign)
    monkeypatch.setattr(Value, '__mul__', product)
    x, w = Value(3.0), Value(2.0)
    y = (x * w).softsign() + x.tanh()
    y.backward()
    assert ((x * w)._op, x.tanh()._op) == ('mine', 'softsign')
    assert (x.grad, w.grad) == pytest.approx((2 / 49 + 1 / 16, 3 / 49))


def test_a_backward_of_the_programs_own(monkeypatch):
    def backward(self):
        order, seen = [], set()

        def visit(v):
            if v not in seen:
                seen.add(v)
                for child in v._prev:
                    visit(child)
                order.append(v)

        visit(self)
        for v in order:
            v.grad = 0.0
        self.grad = 1.0
        for v in reversed(order):
            v._backward()

    monkeypatch.setattr(Value, 'backward', backward)
    x = Value(2.0)
    y = square_by_hand(x * 3) / x - x.relu()
    y.backward()
    y.backward()
    assert x.grad == pytest.approx(8.0)


# Subclasses


class Counted(Value):
    """A subclass that overrides + and * and hands its children on."""

    calls = 0

    def __init__(self, data, _children=(), _op='', tag='none'):
        super().__init__(data, _children, _op)
        self.tag = tag

    def __add__(self, other):
        Counted.calls += 1
        other = other if isinstance(other, Value) else Counted(other)
        out = Counted(self.data + other.data, (self, other), 'plus', tag='sum')

        def _backward():
            self.grad += out.grad
            other.grad += out.grad

        out._backward = _backward
        return out

    __radd__ = __add__

    def cube(self):
        return self * self * self


def test_operators_of_a_subclass_win():
    Counted.calls = 0
    a, b = Counted(2.0), Counted(3.0, tag='b')
    for total in (a + b, a + 1, 1 + a, Value(1.0) + a, sum([a, b])):
        assert (type(total), total.tag, total._op) == (Counted, 'sum', 'plus')
    assert Counted.calls == 6
    y = (a + b) * a - (1 + b) / 2 + a.cube()
    y.backward()
    assert (y.data, a.grad, b.grad) == (16.0, 19.0, 1.5)


class Percent(Value):
    """A subclass that overrides no reflected operator: upstream's reflect to these two."""

    def __init__(self, data, _children=(), _op=''):
        super().__init__(data, _children, _op)

    def __add__(self, other):
        other = other if isinstance(other, Value) else Percent(other)
        return Percent(round(super().__add__(other).data, 2), (self, other), 'cents')

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Percent(other)
        return Percent(round(super().__mul__(other).data, 2), (self, other), 'cents')


@pytest.mark.parametrize(
    ('f', 'data'),
    [
        (lambda p: p + 1, 1.33),
        (lambda p: 1 + p, 1.33),
        (lambda p: sum([p, p]), 0.66),
        (lambda p: p * 0.5, 0.17),
        (lambda p: 0.5 * p, 0.17),
        (lambda p: math.prod([p, 0.5]), 0.17),
    ],
)
def test_reflected_operators_reach_those_that_a_subclass_overrides(f, data):
    result = f(Percent(0.333))
    assert (type(result), result._op, result.data) == (Percent, 'cents', data)


def test_a_subclass_without_operators_mixes_with_values():
    class Input(Value):
        count = 0

        def __init__(self, data=math.inf):
            super().__init__(data)
            self.id = Input.count
            Input.count += 1

        def __hash__(self):
            return self.id

    x, y, w = Input(2.0), Input(), Value(3.0)
    assert (hash(x), hash(y), y.data) == (0, 1, math.inf)
    z = x * w + x
    z.backward()
    assert (z.data, x.grad, w.grad) == (8.0, 4.0, 2.0)
    assert {x: 'x'}[x] == 'x'


class Cut(Value):
    """As found in the wild: the constructor drops its children, so only closures reach them."""

    def __init__(self, data, _children=(), _op=''):
        super().__init__(data, _children=(), _op='')

    def __mul__(self, other):
        other = other if isinstance(other, Value) else Value(other)
        out = Cut(self.data * other.data, (self, other), '*')

        def _backward():
            self.grad += other.data * out.grad
            other.grad += self.data * out.grad

        out._backward = _backward
        return out


def test_a_subclass_that_drops_its_children_has_closures_that_run():
    a, b = Cut(2.0), Cut(5.0)
    y = a * b
    y.backward()
    assert (len(y._prev), y._op, y.data, a.grad, b.grad) == (0, '', 10.0, 5.0, 2.0)
    a, b = Cut(2.0), Cut(5.0)
    (Value(3.0) + (a * b)).relu().backward()
    assert (a.grad, b.grad) == (5.0, 2.0)


def test_a_subclass_made_into_an_operation():
    class Sine(Value):
        def __init__(self, x):
            super().__init__(math.sin(x.data), (x,), 'sin')
            self._backward = self.step

        def step(self):
            (x,) = self._prev
            x.grad += math.cos(x.data) * self.grad

    x = Value(1.0)
    y = Sine(x * 2) * 3
    y.backward()
    assert (y.data, x.grad) == (3 * math.sin(2.0), 6 * math.cos(2.0))


# The repository's README and tests


def readme(a, b):
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    return g


def test_the_example_of_the_readme():
    a, b = Value(-4.0), Value(2.0)
    g = readme(a, b)
    g.backward()
    assert (f'{g.data:.4f}', f'{a.grad:.4f}', f'{b.grad:.4f}') == ('24.7041', '138.8338', '645.5773')
    assert (g.data, a.grad, b.grad) == approx((24.70408163265306, 138.83381924198252, 645.5772594752186))


def test_sanity_check():
    x = Value(-4.0)
    z = 2 * x + 2 + x
    q = z.relu() + z * x
    h = (z * z).relu()
    y = h + q + q * x
    y.backward()
    assert (y.data, x.grad) == (-20.0, 46.0)


# The lecture


def lecture_expression():
    a, b, c = Value(2.0, label='a'), Value(-3.0, label='b'), Value(10.0, label='c')
    e = a * b
    e.label = 'e'
    d = e + c
    d.label = 'd'
    f = Value(-2.0, label='f')
    out = d * f
    out.label = 'L'
    return a, b, c, e, d, f, out


def test_the_lecture_backpropagates_an_expression_by_hand_and_nudges_it():
    a, b, c, e, d, f, out = lecture_expression()
    out.grad = 1.0
    for node in (out, f, d, e, c, b, a):
        node._backward()
    assert [v.grad for v in (a, b, c, e, d, f)] == [6.0, -4.0, -2.0, -2.0, -2.0, 4.0]
    for leaf in (a, b, c, f):
        leaf.data += 0.01 * leaf.grad
    assert ((a * b + c) * f).data == approx(-7.286496)


def test_the_lecture_sets_gradients_by_hand_for_the_picture():
    a, b, c, e, d, f, out = lecture_expression()
    out.grad, d.grad, f.grad, c.grad, e.grad, a.grad, b.grad = 1.0, -2.0, 4.0, -2.0, -2.0, 6.0, -4.0
    by_hand = [v.grad for v in (a, b, c, e, d, f, out)]
    assert notebook_drawing(out).source.count('grad 6.0000') == 1
    again = lecture_expression()
    again[-1].backward()
    assert [v.grad for v in again] == by_hand


def tanh_by_hand(x):
    t = (math.exp(2 * x.data) - 1) / (math.exp(2 * x.data) + 1)
    out = Value(t, (x,), 'tanh')

    def _backward():
        x.grad += (1 - t**2) * out.grad

    out._backward = _backward
    return out


def tanh_of_exponentials(x):
    e = (2 * x).exp()
    return (e - 1) / (e + 1)


@pytest.mark.parametrize('activation', [tanh_by_hand, tanh_of_exponentials, Value.tanh])
@pytest.mark.parametrize('stepwise', [True, False])
def test_the_neuron_of_the_lecture(activation, stepwise):
    x1, x2 = Value(2.0, label='x1'), Value(0.0, label='x2')
    w1, w2 = Value(-3.0, label='w1'), Value(1.0, label='w2')
    b = Value(6.8813735870195432, label='b')
    x1w1, x2w2 = x1 * w1, x2 * w2
    both = x1w1 + x2w2
    n = both + b
    o = activation(n)
    if stepwise:
        o.grad = 1.0
        for node in [*interior_between(o, n), n, b, both, x2w2, x1w1]:
            node._backward()
    else:
        o.backward()
    assert o.data == approx(0.7071067811865477)
    assert [v.grad for v in (n, x1, w1, x2, w2)] == approx([0.5, -1.5, 1.0, 0.5, 0.0])


def interior_between(top, bottom):
    """The nodes from top down to bottom, each before its parents."""
    return [v for v in reversed(topological(top)) if v is not bottom and bottom in topological(v)]


def topological(root):
    """Every program brings this walk: recursive, over _prev, with a set of the visited."""
    order, visited = [], set()

    def build(v):
        if v not in visited:
            visited.add(v)
            for child in v._prev:
                build(child)
            order.append(v)

    build(root)
    return order


def test_a_variable_used_more_than_once():
    a, b = Value(-2.0), Value(3.0)
    f = (a * b) * (a + b)
    f.backward()
    assert (a.grad, b.grad) == (-3.0, -8.0)


LECTURE_XS = [[2.0, 3.0, -1.0], [3.0, -1.0, 0.5], [0.5, 1.0, 1.0], [1.0, 1.0, -1.0]]
LECTURE_YS = [1.0, -1.0, -1.0, 1.0]


class TanhNeuron(nn.Neuron):
    def __call__(self, x):
        return sum((wi * xi for wi, xi in zip(self.w, x, strict=True)), self.b).tanh()


class TanhMLP(nn.MLP):
    """The lecture's network: tanh on every layer, the last one included."""

    def __init__(self, nin, nouts):
        super().__init__(nin, nouts)
        for layer in self.layers:
            layer.neurons = [TanhNeuron(len(n.w)) for n in layer.neurons]


def lecture_training(network, rate):
    random.seed(1337)
    model = network(3, [4, 4, 1])
    losses = []
    for _ in range(8):
        predictions = [model(x) for x in LECTURE_XS]
        loss = sum((out - y) ** 2 for y, out in zip(LECTURE_YS, predictions, strict=True))
        for p in model.parameters():
            p.grad = 0.0
        loss.backward()
        for p in model.parameters():
            p.data += -rate * p.grad
        losses.append(loss.data)
    return losses


RELU_LOSSES = [18.432196474034008, 3.0303889145680563, 2.5020323184907856, 2.1318278081878113]
RELU_LOSSES += [1.8589667170350337, 1.6477425248203519, 1.4760441998047877, 1.3321600431409681]
TANH_LOSSES = [5.657798033116643, 3.1672513945452105, 2.6664956678810867, 3.111661424969144]
TANH_LOSSES += [0.6872465110877267, 0.18196697750406393, 0.12982980732788385, 0.10219190416573094]


@pytest.mark.parametrize(('network', 'rate', 'losses'), [(nn.MLP, 0.01, RELU_LOSSES), (TanhMLP, 0.1, TANH_LOSSES)])
def test_the_training_loop_of_the_lecture(network, rate, losses):
    assert lecture_training(network, rate) == approx(losses)


def test_the_lecture_draws_the_whole_loss():
    model = nn.MLP(3, [4, 4, 1])
    loss = sum((model(x) - y) ** 2 for x, y in zip(LECTURE_XS, LECTURE_YS, strict=True))
    loss.backward()
    assert 300 < len(topological(loss)) == len(trace(loss)[0])
    assert isinstance(draw_dot(loss), Digraph)


def test_the_exercise_on_softmax_and_negative_log_likelihood():
    logits = [Value(0.0), Value(3.0), Value(-2.0), Value(1.0)]
    counts = [logit.exp() for logit in logits]
    denominator = sum(counts)
    probabilities = [c / denominator for c in counts]
    loss = -probabilities[3].log()
    loss.backward()
    assert loss.data == approx(2.1755153626167147)
    expected = [0.041772570515350445, 0.8390245074625319, 0.005653302662216329, -0.8864503806400986]
    assert [v.grad for v in logits] == approx(expected)


# The demo notebook


def moons(n):
    """Two interleaved half circles, with a jitter that needs no generator."""
    points, labels = [], []
    for i in range(n):
        t, jitter = math.pi * i / (n - 1), 0.05 * ((7 * i) % 5 - 2)
        points += [[math.cos(t) + jitter, math.sin(t)], [1 - math.cos(t), 0.5 - math.sin(t) + jitter]]
        labels += [1, -1]
    return points, labels


def max_margin(model, points, labels, alpha=1e-4):
    inputs = [list(map(Value, row)) for row in points]
    scores = list(map(model, inputs))
    losses = [(1 + -yi * score).relu() for yi, score in zip(labels, scores, strict=True)]
    data_loss = sum(losses) * (1.0 / len(losses))
    total = data_loss + alpha * sum(p * p for p in model.parameters())
    accuracy = [(yi > 0) == (score.data > 0) for yi, score in zip(labels, scores, strict=True)]
    return total, sum(accuracy) / len(accuracy)


def demo(points, labels, steps=6):
    random.seed(1337)
    model = nn.MLP(2, [16, 16, 1])
    history = []
    for k in range(steps):
        total, accuracy = max_margin(model, points, labels)
        model.zero_grad()
        total.backward()
        rate = 1.0 - 0.9 * k / 100
        for p in model.parameters():
            p.data -= rate * p.grad
        history.append((total.data, accuracy))
    return history


DEMO_LOSSES = [1.174164539002142, 2.303010421898826, 2.0514448335930613]
DEMO_LOSSES += [1.535585131807886, 0.3556277135996136, 0.36189072954441626]


def test_the_demo_learns_the_losses_that_it_always_learnt():
    history = demo(*moons(12))
    assert [loss for loss, _ in history] == approx(DEMO_LOSSES)
    assert [round(24 * accuracy) for _, accuracy in history] == [12, 19, 12, 12, 19, 20]


def test_the_demo_with_numpy_rows_and_integer_labels():
    np = require('numpy')
    points, labels = moons(12)
    assert demo(np.array(points), np.array(labels)) == demo(points, labels)


def test_multiclass_svm():
    scores, target = [Value(3.0), Value(1.5), Value(2.5), Value(-1.0)], 2
    margins = [(s - scores[target] + 1).relu() for j, s in enumerate(scores) if j != target]
    loss = sum(margins) + 0.5 * sum(s * s for s in scores)
    loss.backward()
    assert loss.data == 1.5 + 0.0 + 0.0 + 0.5 * (9 + 2.25 + 6.25 + 1)
    assert [s.grad for s in scores] == [4.0, 1.5, 1.5, -1.0]


def test_logistic_regression_with_the_sigmoid_of_the_books():
    w, b = [Value(0.5), Value(-0.25)], Value(0.1)
    data = [([1.0, 2.0], 1), ([-1.0, 0.5], 0), ([0.0, -3.0], 1)]
    probabilities = [(sum(wi * xi for wi, xi in zip(w, x, strict=True)) + b).sigmoid() for x, _ in data]
    terms = [-(y * p.log() + (1 - y) * (1 - p).log()) for p, (_, y) in zip(probabilities, data, strict=True)]
    loss = sum(terms) / len(terms)
    loss.backward()
    errors = [(p.data - y) / 3 for p, (_, y) in zip(probabilities, data, strict=True)]
    assert b.grad == approx(sum(errors))
    for i in (0, 1):
        assert w[i].grad == approx(sum(e * x[i] for e, (x, _) in zip(errors, data, strict=True)))
    assert loss.data == approx(0.4883244943962534)


# microgpt


class TinyGPT:
    """One block of a GPT: embeddings, attention, an MLP; lists of lists of Values and nothing else."""

    vocabulary, width, heads, context = 5, 4, 2, 4

    def __init__(self):
        self.rng = random.Random(42)
        w = self.width
        self.token, self.position = self.matrix(self.vocabulary, w), self.matrix(self.context, w)
        self.q, self.k, self.v, self.o = (self.matrix(w, w) for _ in range(4))
        self.up, self.down, self.head = self.matrix(4 * w, w), self.matrix(w, 4 * w), self.matrix(self.vocabulary, w)
        tables = (self.token, self.position, self.q, self.k, self.v, self.o, self.up, self.down, self.head)
        self.parameters = [p for table in tables for row in table for p in row]

    def matrix(self, nout, nin):
        return [[Value(self.rng.gauss(0, 0.3)) for _ in range(nin)] for _ in range(nout)]

    def attend(self, q, keys, values):
        size, out = self.width // self.heads, []
        for start in range(0, self.width, size):
            span = range(start, start + size)
            weights = softmax([sum(q[j] * k[j] for j in span) / size**0.5 for k in keys])
            out += [sum(a * v[j] for a, v in zip(weights, values, strict=True)) for j in span]
        return out

    def __call__(self, token, position, keys, values):
        x = rmsnorm([t + p for t, p in zip(self.token[token], self.position[position], strict=True)])
        normed = rmsnorm(x)
        keys.append(linear(normed, self.k))
        values.append(linear(normed, self.v))
        attended = linear(self.attend(linear(normed, self.q), keys, values), self.o)
        x = [a + b for a, b in zip(attended, x, strict=True)]
        hidden = [h.relu() ** 2 for h in linear(rmsnorm(x), self.up)]
        x = [a + b for a, b in zip(linear(hidden, self.down), x, strict=True)]
        return linear(x, self.head)

    def loss(self, tokens):
        keys, values, losses = [], [], []
        for position, (token, target) in enumerate(itertools.pairwise(tokens)):
            losses.append(-softmax(self(token, position, keys, values))[target].log())
        return (1 / len(losses)) * sum(losses)


def linear(x, w):
    return [sum(wi * xi for wi, xi in zip(row, x, strict=True)) for row in w]


def softmax(logits):
    largest = max(v.data for v in logits)
    exps = [(v - largest).exp() for v in logits]
    total = sum(exps)
    return [e / total for e in exps]


def rmsnorm(x):
    mean_square = sum(xi * xi for xi in x) / len(x)
    scale = (mean_square + 1e-5) ** -0.5
    return [xi * scale for xi in x]


def adam(parameters, step, rate=0.01, beta1=0.9, beta2=0.95):
    """Adam by hand, its state hung on the parameters."""
    for p in parameters:
        if step == 1:
            p.m, p.v = 0.0, 0.0
        p.m = beta1 * p.m + (1 - beta1) * p.grad
        p.v = beta2 * p.v + (1 - beta2) * p.grad**2
        p.data -= rate * (p.m / (1 - beta1**step)) / ((p.v / (1 - beta2**step)) ** 0.5 + 1e-8)
        p.grad = 0


def train_gpt():
    gpt, losses = TinyGPT(), []
    for step, tokens in enumerate([[0, 3, 1, 4, 0], [0, 2, 2, 0], [0, 3, 1, 4, 0]], 1):
        loss = gpt.loss(tokens)
        loss.backward()
        losses.append(loss.data)
        gradient = math.hypot(*(p.grad for p in gpt.parameters))
        adam(gpt.parameters, step)
    return losses, gradient


def test_a_gpt_of_values_trained_with_adam_on_the_parameters():
    losses, gradient = train_gpt()
    assert losses == approx([2.2417562493304546, 2.138764917069523, 1.9262304275358115])
    assert gradient == approx(2.0166855976068114)


def test_sampling_from_a_gpt():
    gpt = TinyGPT()
    probabilities = softmax([logit / 0.5 for logit in gpt(0, 0, [], [])])
    assert sum(p.data for p in probabilities) == approx(1.0)
    weights = [p.data for p in probabilities]
    assert random.Random(0).choices(range(gpt.vocabulary), weights=weights, k=5) == [4, 3, 1, 1, 1]
    assert max(probabilities, key=lambda p: p.data).data == max(weights)


# Programs that read the graph


def notebook_drawing(root):
    """The trace and the drawing that notebooks carry with them."""
    nodes, edges = set(topological(root)), {(child, v) for v in topological(root) for child in v._prev}
    dot = Digraph(format='svg', graph_attr={'rankdir': 'LR'})
    for n in nodes:
        uid = str(id(n))
        label = '{ %s | data %.4f | grad %.4f }' % (n.label, n.data, n.grad)  # noqa: UP031 - as they do
        dot.node(name=uid, label=label, shape='record')
        if n._op:
            dot.node(name=uid + n._op, label=n._op)
            dot.edge(uid + n._op, uid)
    for child, parent in edges:
        dot.edge(str(id(child)), str(id(parent)) + parent._op)
    return dot


def test_the_drawing_that_notebooks_bring():
    random.seed(1337)
    neuron = nn.Neuron(2)
    y = neuron([Value(1.0, label='x0'), Value(-2.0, label='x1')])
    y.backward()
    source = notebook_drawing(y).source
    assert len(topological(y)) == 10
    assert source.count('shape=record') == 10
    assert source.count(' -> ') == 5 + 9
    assert 'x0 | data 1.0000 | grad 0.2355' in source
    assert re.findall(r'label=([^ \]]+)\]', source).count('"+"') == 2
    assert source.count('label=ReLU') == 1


def interpret(root, values):
    """Evaluate a graph once more from _op and _prev, as code generators do."""
    for v in topological(root):
        if v._op == '' or v in values:
            values.setdefault(v, v.data)
            continue
        parents = [values[p] for p in v._prev]
        if v._op == '+':
            values[v] = parents[0] + parents[-1]
        elif v._op == '*':
            values[v] = parents[0] * parents[-1]
        elif v._op == 'ReLU':
            values[v] = max(0.0, parents[0])
        else:
            assert v._op.startswith('**')
            values[v] = parents[0] ** float(v._op[2:])
    return values[root]


def test_a_graph_is_interpreted_anew_from_its_texts():
    random.seed(2)
    model, x = nn.MLP(2, [4, 1]), [Value(math.inf), Value(math.inf)]
    y = (model(x) + 3) ** 2 * 0.5
    expected = (model([0.5, -1.5]) + 3) ** 2 * 0.5
    assert interpret(y, {x[0]: 0.5, x[1]: -1.5}) == approx(expected.data)


def interval_bounds(root, given):
    """Interval bound propagation, as verifiers of networks do it."""
    bounds = dict(given)
    for v in topological(root):
        if v in bounds:
            continue
        below = [bounds[p] for p in v._prev]
        if not below:
            bounds[v] = (v.data, v.data)
        elif v._op == '+':
            bounds[v] = (sum(lo for lo, _ in below), sum(hi for _, hi in below))
        elif v._op == '*':
            ends = [a * b for a in below[0] for b in below[-1]]
            bounds[v] = (min(ends), max(ends))
        else:
            assert v._op == 'ReLU'
            bounds[v] = (max(0.0, below[0][0]), max(0.0, below[0][1]))
    return bounds


def test_bounds_of_a_network_and_a_branch_on_one_of_its_relus():
    random.seed(2)
    model, x = nn.MLP(2, [3, 1]), [Value(0.5), Value(-0.5)]
    score = model(x)
    box = {x[0]: (0.0, 1.0), x[1]: (-1.0, 0.0)}
    bounds = interval_bounds(score, box)
    low, high = bounds[score]
    assert (low, high) == approx((-0.31859171825104077, 0.45178811507098326))
    assert all(low <= model([i / 4, -j / 4]).data <= high for i in range(5) for j in range(5))
    mixed = [v for v in topological(score) if v._op == 'ReLU' and math.prod(bounds[next(iter(v._prev))]) < 0]
    split = next(iter(mixed[0]._prev))
    upper_half = interval_bounds(score, box | {split: (0.0, bounds[split][1])})
    assert low <= upper_half[score][0] <= upper_half[score][1] <= high


# Loops of other kinds


def test_momentum_and_gradients_accumulated_over_mini_batches():
    w, b = Value(0.0), Value(0.0)
    batches = [[(1.0, 3.0), (2.0, 5.0)], [(3.0, 7.0), (4.0, 9.0)]]
    for p in (w, b):
        p.velocity = 0.0
    for _ in range(600):
        for batch in batches:
            (sum((w * x + b - y) ** 2 for x, y in batch) / 4).backward()
        for p in (w, b):
            p.velocity = 0.8 * p.velocity - 0.02 * p.grad
            p.data += p.velocity
            p.grad = 0
    assert (w.data, b.data) == pytest.approx((2.0, 1.0), abs=1e-6)


def test_a_recurrent_network_over_time():
    w, u, h = Value(0.5), Value(1.5), Value(0.0)
    sequence = [0.1 * i for i in range(20)]
    for x in sequence:
        h = (w * x + u * h).tanh()
    h.backward()

    def final(w, u):
        h = 0.0
        for x in sequence:
            h = math.tanh(w * x + u * h)
        return h

    slope = [(final(0.5 + d, 1.5 + e) - final(0.5 - d, 1.5 - e)) / 2e-6 for d, e in ((1e-6, 0), (0, 1e-6))]
    assert h.data == approx(final(0.5, 1.5))
    assert (w.grad, u.grad) == pytest.approx(slope, rel=1e-4)


def test_gradients_are_compared_with_differences_by_building_again():
    point, h = [-4.0, 2.0], 1e-6
    values = [Value(x) for x in point]
    readme(*values).backward()
    for i, v in enumerate(values):
        moved = [[x + step * (i == j) for j, x in enumerate(point)] for step in (h, -h)]
        up, down = (readme(*map(Value, m)).data for m in moved)
        assert v.grad == pytest.approx((up - down) / (2 * h), rel=1e-7)


def test_layers_of_numpy_arrays_of_values():
    np = require('numpy')
    rng = random.Random(9)
    w1 = np.array([[Value(rng.uniform(-1, 1)) for _ in range(2)] for _ in range(3)])
    w2 = np.array([Value(rng.uniform(-1, 1)) for _ in range(3)])
    rows, targets = np.array([[0.5, -1.0], [1.5, 2.0]]), np.array([1, 0])
    hidden = np.tanh(rows @ w1.T)
    loss = np.sum((np.dot(hidden, w2) - targets) ** 2) / len(targets)
    loss.backward()
    a1, a2 = (np.vectorize(lambda v: v.data)(w) for w in (w1, w2))
    h = np.tanh(rows @ a1.T)
    error = 2 * (h @ a2 - targets) / 2
    assert (type(loss), loss.data) == (Value, approx(float(np.sum((h @ a2 - targets) ** 2) / 2)))
    assert [v.grad for v in w2] == approx(list(error @ h))
    expected = ((error[:, None] * a2 * (1 - h**2)).T @ rows).ravel()
    assert [v.grad for v in w1.flat] == pytest.approx(list(expected), rel=1e-12)
