"""Graphs worth looking at, each drawn from a few lines."""

import math
from functools import cache

from micrograd import Value, draw, group, losses, nn, primitive, relu, where
from micrograd import dot as inner_product
from micrograd import softmax as shares
from micrograd.chapter import label
from micrograd.data import Dataset
from micrograd.demo import train
from micrograd.history import History
from micrograd.render import Drawing


@cache
def trained() -> tuple[nn.MLP, Dataset[int], History]:
    """The network of the demo, trained on two moons."""
    return train(seed=0, progress=False, compiled=False)  # the same bits on every processor


def neuron() -> Value:
    """The neuron of the README: two inputs, tanh."""
    x1, x2 = Value(2.0, label='x₁'), Value(0.0, label='x₂')
    w1, w2, b = Value(-3.0, label='w₁'), Value(1.0, label='w₂'), Value(6.8813735870195432, label='b')
    for parameter in (w1, w2, b):
        parameter.role = 'parameter'
    z = w1 * x1 + w2 * x2 + b
    z.label = 'z'
    a = z.tanh()
    a.label = 'a'
    a.backward()
    return a


def small_network() -> tuple[nn.MLP, Value]:
    """Three layers of a few neurons, and the loss of one example."""
    model = nn.MLP(2, [4, 3, 1], activation='tanh', initialisation='xavier', generator=3)
    loss = losses.mse(model([Value(1.0, label='x₁'), Value(-0.5, label='x₂')]), 1.0)
    loss.label = 'C'
    loss.backward()
    return model, loss


@group('softmax')
def softmax(scores: list[Value]) -> list[Value]:
    """The composition of the table, as one part."""
    return shares(scores)


@group('scores')
def scores(query: list[Value], keys: list[list[Value]]) -> list[Value]:
    """How well each key answers the query."""
    return [inner_product(query, key) / math.sqrt(len(query)) for key in keys]


@group('attention')
def attention(query: list[Value], keys: list[list[Value]], values: list[list[Value]]) -> list[Value]:
    """One head of attention, for one query (Vaswani et al., 2017, equation 1)."""
    weights = softmax(scores(query, keys))
    return [inner_product(weights, column) for column in zip(*values, strict=True)]


def attention_loss() -> Value:
    """A query, two keys and two values, written one scalar at a time."""
    query = [Value(1.0, label='q₁'), Value(0.5, label='q₂')]
    keys = [[Value(0.8, label='k₁₁'), Value(-0.2, label='k₁₂')], [Value(-0.5, label='k₂₁'), Value(1.5, label='k₂₂')]]
    values = [[Value(1.0, label='v₁₁'), Value(2.0, label='v₁₂')], [Value(-1.0, label='v₂₁'), Value(0.5, label='v₂₂')]]
    out = attention(query, keys, values)
    for i, o in enumerate(out):
        o.label = 'o' + '₁₂'[i]
    loss = (out[0] - 1.0) ** 2 + (out[1] - 1.0) ** 2
    loss.label = 'C'
    loss.backward()
    return loss


def choice() -> Value:
    """Gates: what was not chosen gets no gradient, and the condition only decides."""
    x, y = Value(0.8, label='x'), Value(-0.5, label='y')
    z = where(x > y, x * y, relu(y)) + relu(x)
    z.label = 'z'
    z.backward()
    return z


def trouble() -> Value:
    """Where a nan comes from: 0 times log(0), which is -inf."""
    p, q = Value(0.0, label='p'), Value(0.0, label='q')
    cost = -(q * p.log() + (1.0 - q) * (1.0 - p).log())
    cost.label = 'C'
    cost.backward()
    return cost


def moons_loss() -> Value:
    """The loss of one example in the network of the demo."""
    model, data, _ = trained()
    x = [Value(number, label=name) for number, name in zip(data.inputs[0], ('x₁', 'x₂'), strict=True)]
    loss = losses.bce_with_logits(model(x), data.targets[0])
    loss.label = 'loss'
    model.zero_grad()
    loss.backward()
    return loss


def network_of_the_chapter() -> tuple[nn.MLP, Value]:
    """Two inputs, two hidden neurons and an output, named as in chapter 2 of Nielsen's book, after backward()."""
    model = nn.MLP(2, [2, 1], activation='sigmoid', output='sigmoid', initialisation='gaussian', generator=21)
    output = model([1.0, 0.5])
    label(losses.quadratic(output, 1.0), model).backward()
    return model, output


def last_layer() -> Value:
    """The last layer of a chain of neurons, with an operation for each step that one takes by hand."""
    weighted_input = primitive(
        'weighted_input',
        lambda o, w, a, b: w * a + b,
        partials=lambda o, z, w, a, b: (a, w, 1.0),
        symbol='w·a + b',
    )
    squared_difference = primitive(
        'squared_difference',
        lambda o, a, y: (a - y) * (a - y),
        partials=lambda o, c, a, y: (2.0 * (a - y), -2.0 * (a - y)),
        symbol='(a − y)²',
    )
    w, before, b = Value(1.5, label='w⁽ᴸ⁾'), Value(0.75, label='a⁽ᴸ⁻¹⁾'), Value(-0.4, label='b⁽ᴸ⁾')
    for parameter in (w, b):
        parameter.role = 'parameter'
    z = weighted_input(w, before, b)
    z.label = 'z⁽ᴸ⁾'
    a = z.sigmoid()
    a.label = 'a⁽ᴸ⁾'
    cost = squared_difference(a, Value(0.2, label='y'))
    cost.label = 'C₀'
    cost.backward()
    return cost


def drawings() -> dict[str, Drawing]:
    """Every picture of a graph by the name of its file."""
    model, loss = small_network()
    return {
        'neuron': draw(neuron()),
        'layers': draw(loss, collapse='layer', title='a network, layer by layer'),
        'neurons': draw(loss, collapse='neuron', title='the same network, neuron by neuron'),
        'one_neuron_open': draw(
            loss, collapse=[model.layers[0], *model.layers[1].neurons[1:], model.layers[2]], title='one neuron opened'
        ),
        'attention': draw(attention_loss(), depth=1, title='attention, its two steps closed'),
        'last_layer': draw(last_layer(), title='the last layer of a chain of neurons'),
        'chapter': draw(network_of_the_chapter()[1], title='a network in the notation of a book, up to its output'),
        'choice': draw(choice(), title='gates and conditions'),
        'trouble': draw(trouble(), title='where a nan comes from'),
        'moons': draw(moons_loss(), collapse='neuron', title='the network of the demo'),
    }
