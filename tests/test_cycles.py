"""The library makes no reference cycle: what it makes is freed at once, with Python's collector off.

The collector is told to keep what it would have freed, and nothing of ours may be among it. What other libraries make
does not count, nor do the parsers of the command line, which argparse ties to themselves; a program's own closure may
hold its own result.
"""

import copy
import gc
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType, FunctionType, GeneratorType

import pytest

import micrograd
from micrograd import Value, data, graph, groups, losses, nn, optim, tabular
from micrograd.errors import (
    AnomalyError,
    CheckpointError,
    DataError,
    ExpressionError,
    GraphError,
    StaleGraphError,
    TracingError,
)
from micrograd.expression import parse
from micrograd.render import plots
from tests.support import require
from tests.test_tabular import FRUIT, QUICK, written

require('matplotlib.style')  # to load it makes cycles, with frames in them
require('llvmlite')

pytestmark = pytest.mark.usefixtures('uncounted')


def refused(error, f, *args, **kwargs):
    try:
        f(*args, **kwargs)
    except error:
        return
    raise AssertionError(f'no {error.__name__}')


def network():
    return nn.MLP(2, [3, 1], activation='tanh', generator=0)


def cost(model):
    return losses.mse([model([0.5, -1.0])], [1.0])


def expression(x):
    return micrograd.logsumexp([x * 2.0, x.tanh(), micrograd.where(x > 0.0, x.log(), 0.0)]) + x**2 / 3.0


def smooth(x, y):
    return (x * y).tanh() + x**2


def learnt(compiled):
    model, points = network(), data.moons(8)
    history = micrograd.fit(
        model, points, loss='bce_with_logits', optimizer=optim.Adam(model.parameters()), epochs=2, compiled=compiled,
        metrics=['accuracy'], validation=points, progress=False,
    )  # fmt: skip
    assert history.compiled is compiled
    return history


# The features ---------------------------------------------------------------------------------------------------------


def building(path):
    expression(Value(2.0))
    with micrograd.no_grad():
        expression(Value(2.0))
    refused(TypeError, Value, None)


def backward(path):
    x = Value(2.0)
    y = expression(x)
    y.backward()
    y.recompute().backward()
    x.data = 3.0
    refused(StaleGraphError, y.backward)


def by_hand(path):
    a = Value(2.0)
    v = Value(4.0, (a,), 'square')
    v._backward = lambda: a.__dict__.update(seen=True)  # it holds its parent, not its result
    v.backward()
    refused(GraphError, v.recompute)
    refused(GraphError, copy.deepcopy, v)


def copying(path):
    y = cost(network())
    copy.deepcopy([y, *y._prev])
    refused(TypeError, pickle.dumps, y)
    pickle.loads(pickle.dumps(Value(2.0)))


def derivatives(path):
    w = Value(2.0)
    y = expression(w)
    micrograd.gradients(micrograd.gradients(y, [w], create_graph=True)[0], [w])
    micrograd.grad(micrograd.grad(expression))(2.0)
    micrograd.value_and_grad(smooth, (0, 1))(w, 3.0)
    micrograd.grad(cost)(network())
    refused(TypeError, micrograd.grad(lambda x: 1.0), 2.0)


def transforms(path):
    micrograd.hessian(smooth, (0, 1))(1.0, 2.0)
    micrograd.jacobian(lambda x: [x[0] * x[1], x[0]])([1.0, 2.0])
    micrograd.jvp(smooth, (1.0, 2.0), (1.0, 0.0))
    micrograd.hvp(smooth, (Value(1.0), 2.0), (1.0, 0.0))
    pull = micrograd.vjp(smooth, 1.0, Value(2.0))[1]
    pull(1.0)


def checking(path):
    str(micrograd.gradcheck(smooth, [1.0, 2.0]))
    micrograd.gradgradcheck(smooth, [1.0, 2.0])
    str(micrograd.gradcheck(network(), 'bce_with_logits', ([0.5, -1.0], 1.0)))


def anomalies(path):
    with micrograd.detect_anomaly():
        refused(AnomalyError, Value(0.0).log)
        y = Value(0.0).sqrt()
        refused(AnomalyError, y.backward)
    micrograd.check_finite(network())


def grouping(path):
    @micrograd.group('attention')
    def attention(x):
        return [x * 2.0, x * 3.0]

    model = network()
    loss = cost(model) + attention(Value(1.0))[1]
    groups.find(graph.topological([loss]))
    micrograd.name(model=model, loss=loss)
    copy.deepcopy((model, loss))


def showing(path):
    x = Value(2.0, label='x')
    y = expression(x)
    y.backward()
    micrograd.tree(y)
    str(graph.paths(x, y))
    micrograd.explain(x, y)
    micrograd.explain(y)._repr_latex_()
    micrograd.trace(y)
    graph.paths(x, y).largest(2)
    y._repr_mimebundle_()


def showing_what_is_too_large(path):
    y = Value(2.0)
    for _ in range(2000):
        y = y.sin()
    y._repr_mimebundle_()


def drawing(path):
    y = cost(network())
    y.backward()
    picture = micrograd.draw(y, collapse='layer')
    picture._repr_svg_()
    picture.save(path / 'y.svg')
    micrograd.draw_dot(y)
    refused(GraphError, micrograd.draw, y, max_nodes=2, collapse=None)


def exploring(path):
    y = cost(network())
    page = micrograd.explore(y)
    page._repr_mimebundle_()
    page.save(path / 'y.html')


def playing(path):
    y = expression(Value(2.0, label='x'))
    micrograd.play(y)._repr_mimebundle_()


def training(path):
    model = network()
    for optimizer in (optim.SGD(model.parameters(), lr=0.1, momentum=0.9), optim.Adam(model.parameters())):
        optimizer.zero_grad()
        cost(model).backward()
        optimizer.step()
        optimizer.load_state_dict(optimizer.state_dict())
    learnt(compiled=False)


def compiling(path):
    learnt(compiled=True)
    model = network()
    micrograd.compile(model)([[0.5, -1.0]])
    micrograd.compile_cost(lambda x: model(x) ** 2)([[0.5, -1.0]]).backward()
    refused(TracingError, micrograd.compile(lambda x: x if x > 0.0 else -x), [2.0])


def files(path):
    model = network()
    micrograd.save(model, path / 'model.json')
    micrograd.load(path / 'model.json')
    (path / 'broken.json').write_text('{"format": 1')
    refused(CheckpointError, micrograd.load, path / 'broken.json')


def expressions(path):
    parse('x * tanh(y) + 1')(x=2.0, y=3.0)
    refused(ExpressionError, parse, 'x +')


def tables(path):
    written(path / 'fruit.csv', FRUIT)
    trained = tabular.train(path / 'fruit.csv', target='fruit', **QUICK)
    str(trained)
    refused(DataError, tabular.train, path / 'fruit.csv', target='price', **QUICK)


def plotting(path):
    plots.loss_curve(learnt(compiled=True))
    plots.decision_boundary(network(), data.moons(8))


FEATURES = [
    building, backward, by_hand, copying, derivatives, transforms, checking, anomalies, grouping, showing,
    showing_what_is_too_large, drawing, exploring, playing, training, compiling, files, expressions, tables, plotting,
]  # fmt: skip


@contextmanager
def keeping_garbage() -> Iterator[list]:
    """The collector rests in the block, and gives then what it would have freed."""
    found = []
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        yield found
        gc.collect()
        found += filter(None, map(ours, gc.garbage))
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def ours(thing):
    """What the library made, in words; else nothing."""
    if isinstance(thing, FunctionType):
        return thing.__qualname__ if str(thing.__module__).startswith('micrograd') else ''
    if isinstance(thing, FrameType):
        return f'frame of {thing.f_code.co_qualname}' if f'{micrograd.__path__[0]}/' in thing.f_code.co_filename else ''
    if isinstance(thing, GeneratorType):
        return thing.__qualname__ if f'{micrograd.__path__[0]}/' in thing.gi_code.co_filename else ''
    kind = type(thing)
    return kind.__qualname__ if kind.__module__.startswith('micrograd') else ''


@pytest.mark.parametrize('feature', FEATURES, ids=lambda feature: feature.__name__)
def test_nothing_of_ours_is_in_a_cycle(feature, tmp_path):
    with keeping_garbage() as found:
        feature(tmp_path)
    assert found == []


def test_a_cycle_would_be_found():
    """A closure of the program's own that holds its own result."""

    def square(x):
        y = Value(x.data * x.data, (x,), 'square')
        y._backward = lambda: x.__dict__.update(seen=y)

    with keeping_garbage() as found:
        square(Value(2.0))
    assert sorted(set(found)) == ['ByHand', 'Value']
