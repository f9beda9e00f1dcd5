"""Graphs that the tests of pictures share."""

from micrograd import Value, group, maximum, nn, primitive, relu, where
from micrograd.primitives import TABLE

HOSTILE = [
    'a"b',
    '"',
    '\\',
    '\\N \\G \\l',
    'a\\',
    '{a|b}<port>',
    'line\nbreak',
    'tab\tand\rreturn',
    '<b>bold</b>',
    '<script>fired.push(1)</script>',
    '</title></text></svg><img src=x onerror=fired.push(2)>',
    '<!-- -->',
    '<![CDATA[ ]]>',
    '<>',
    'nul\0here',
    '\x1b[31m',
    'half\ud800',
    'abc\u202edef',
    'zero\u200bwidth',
    '&lt;&amp;&#60;',
    '; } digraph { x',
    'javascript:fired.push(3)',
    'https://example.com/',
    '%s %d {0} $x',
    '😀👩\u200d💻',
    'שלום',
    '日本語',
    'x' * 10_000,
    '-2',
    'graph',
    ' ',
]


def neuron():
    """The neuron of the lecture."""
    x1, x2 = Value(2.0, label='x1'), Value(0.0, label='x2')
    w1, w2, b = Value(-3.0, label='w1'), Value(1.0, label='w2'), Value(6.8813735870195432, label='b')
    for parameter in (w1, w2, b):
        parameter.role = 'parameter'
    n = x1 * w1 + x2 * w2 + b
    o = n.tanh()
    n.label, o.label = 'n', 'o'
    o.backward()
    return o


def unlabelled():
    """A neuron of a network, and a loss with constants in it, none of which has a name."""
    model = nn.Neuron(2)
    for parameter, number in zip(model.parameters(), (0.5, -1.25, 0.125), strict=True):
        parameter.data = number
    loss = (model([Value(3.0), Value(1.0)]) - 2) ** 2 / 2
    loss.backward()
    return loss


def twice():
    """Edges that run side by side."""
    a = Value(3.0, label='a')
    y = a * a + a + (a - a)
    y.backward()
    return y


def choices():
    """A condition, gates open and shut."""
    x, y = Value(2.0, label='x'), Value(-1.0, label='y')
    z = where(x > y, maximum(x, y) * 2.0, relu(y))
    z.backward()
    return z


def wrong():
    """Gradients that are nan and infinite, huge and tiny; data that are nan; data that are only infinite."""
    x, k = Value(0.0, label='x'), Value(1e-9, label='k')
    infinite, harmless = Value(float('inf'), label='∞'), Value(1e-30, label='harmless')
    y = x.log() * x + k * 1e200 + harmless * k
    y.backward()
    return [y, infinite]


def by_hand():
    """An operation that a program defined itself, as the lecture does."""
    a = Value(1.0, label='a')
    b = Value(2.0, (a, a), 'mine')
    y = b * a
    y.backward()
    return y


def hostile():
    """Labels and an operation from somebody who means ill."""
    y = Value(0.0, [Value(float(i), label=label) for i, label in enumerate(HOSTILE)], '<i>{|}\\"')
    y.label = '<b>y</b>'
    return y


@group('square')
def square(x):
    return x * x


@group('distance')
def distance(x, y):
    return (square(x[0] - y[0]) + square(x[1] - y[1])).sqrt()


def chain(depth):
    """A graph as deep as that."""
    v = Value(1.0)
    for _ in range(depth):
        v = v + 1.0
    return v


def own(name, value, partials):
    """An operation that a program added, out of the table again so that no other test meets it."""
    function = primitive(name, value, partials)
    del TABLE[name]
    return function


ALL = (neuron, unlabelled, twice, choices, wrong, by_hand, hostile)
