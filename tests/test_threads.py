"""Threads and tasks differentiate functions that share parameters: each has the bits of one thread alone.

The interpreter switches between threads as often as it can, so that a race would be likely to show.
"""

import asyncio
import contextvars
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext, suppress
from threading import Barrier

import pytest

import micrograd
from micrograd import Value, detect_anomaly, gradients, no_grad
from micrograd.errors import AnomalyError
from micrograd.nn import MLP
from tests.support import require

pytestmark = pytest.mark.usefixtures('uncounted', 'switching')

THREADS = 8
POINTS = [0.125 * i - 0.4 for i in range(THREADS)]
MODEL = MLP(2, [3, 1], activation='tanh', generator=3)
SHARED = Value(0.75)


@pytest.fixture
def switching():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def numbers(tree):
    """The numbers of Values in containers, as they are to the last bit."""
    if isinstance(tree, Value):
        return tree.data.hex()
    if isinstance(tree, dict):
        return {key: numbers(x) for key, x in tree.items()}
    return [numbers(x) for x in tree]


def cost(model, x):
    return (model([x, 1.0 - x]) * SHARED).exp() + SHARED**3


def bend(x, y):
    """It shares a parameter, and is kinked."""
    return (x * SHARED).sin() * y + micrograd.maximum(x * y, SHARED) + micrograd.logsumexp([x, y, SHARED])


TRANSFORMS = {
    'grad': lambda x: micrograd.grad(cost)(MODEL, x),
    'grad of grad': lambda x: micrograd.grad(micrograd.grad(bend))(x, 0.5),
    'value_and_grad': lambda x: micrograd.value_and_grad(bend, (0, 1))(x, SHARED),
    'jvp': lambda x: micrograd.jvp(bend, (x, 0.5), (1.0, 2.0)),
    'vjp': lambda x: micrograd.vjp(bend, x, 0.5)[1](1.0),
    'hessian': lambda x: micrograd.hessian(bend, (0, 1))(x, 0.5),
    'hvp': lambda x: micrograd.hvp(bend, (x, 0.5), (1.0, 2.0)),
    'gradients': lambda x: gradients(cost(MODEL, x), [SHARED, *MODEL.parameters()]),
    'gradients with a graph': lambda x: gradients(
        gradients(cost(MODEL, x), [SHARED], create_graph=True)[0], [SHARED, *MODEL.parameters()]
    ),
}


def records():
    """Whether operations build a graph here and now."""
    return bool((SHARED * 2.0)._prev)


def in_threads(work):
    """What each of the threads gives; all begin at once."""
    barrier = Barrier(THREADS)

    def run(i):
        barrier.wait(timeout=60)
        return work(i)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(run, range(THREADS)))


@pytest.mark.parametrize('transform', TRANSFORMS.values(), ids=TRANSFORMS)
def test_threads_have_the_bits_of_one_alone(transform):
    alone = [numbers(transform(x)) for x in POINTS]
    before = [p.grad for p in MODEL.parameters()]
    found = in_threads(lambda i: [numbers(transform(POINTS[i])) for _ in range(10)])
    assert found == [[each] * 10 for each in alone]
    assert ([p.grad for p in MODEL.parameters()], SHARED.grad) == (before, 0.0)


def test_all_at_once_each_another_transform():
    work = list(TRANSFORMS.values())[:THREADS]
    alone = [numbers(transform(0.3)) for transform in work]
    assert in_threads(lambda i: numbers(work[i](0.3))) == alone


def test_threads_differentiate_one_graph():
    """Nothing is written to it."""
    x = Value(0.3)
    y = bend(x, x * 2.0) + cost(MODEL, x)
    alone = numbers(gradients(y, [x, SHARED, *MODEL.parameters()]))
    found = in_threads(lambda i: numbers(gradients(y, [x, SHARED, *MODEL.parameters()])))
    assert found == [alone] * THREADS
    assert {v.grad for v in (x, y, SHARED)} == {0.0}


def test_threads_compile_and_call_functions_that_share_parameters():
    """The first call of each shape compiles, while others call."""
    require('numpy')
    rows = [[[x, 1.0 - x]] * (1 + i % 3) for i, x in enumerate(POINTS)]
    alone = [[float(y) for y in micrograd.compile(MODEL)(batch)] for batch in rows]
    one = micrograd.compile(MODEL)
    assert in_threads(lambda i: [float(y) for y in one(rows[i])]) == alone
    assert in_threads(lambda i: [float(y) for y in micrograd.compile(MODEL)(rows[i])]) == alone


def test_threads_with_contexts_of_their_own():
    """While one builds no graph, and another looks for anomalies, the others do neither, whatever fails in them."""
    kinds = (no_grad, detect_anomaly, nullcontext, failing)
    meeting = Barrier(THREADS)

    def work(i):
        with suppress(ZeroDivisionError), kinds[i % 4]():
            meeting.wait(timeout=60)
            inside = state()
            meeting.wait(timeout=60)
        return inside, state()

    bits = [numbers(micrograd.hessian(bend, (0, 1))(x, 0.5)) for x in POINTS]
    as_ever = True, False, bits
    inside = [(False, False, bits), (True, True, bits), as_ever, as_ever]
    assert in_threads(work) == [(each, as_ever) for each in inside] * (THREADS // 4)
    assert state() == as_ever
    assert micrograd.context.open_contexts == 0


@contextmanager
def failing():
    """A block that fails inside of contexts of its own, before it is entered and when it is left."""
    with suppress(ZeroDivisionError), no_grad(), detect_anomaly():
        raise ZeroDivisionError
    yield
    with no_grad(), detect_anomaly():
        raise ZeroDivisionError


def state():
    """Whether graphs are built, whether anomalies are errors, and derivatives, in this thread."""
    try:
        Value(0.0).log()
        watched = False
    except AnomalyError:
        watched = True
    return records(), watched, [numbers(micrograd.hessian(bend, (0, 1))(x, 0.5)) for x in POINTS]


def test_a_context_that_is_handed_to_a_pool_holds_there_and_ends_here():
    with ThreadPoolExecutor(THREADS) as pool:
        with no_grad():
            copies = [contextvars.copy_context() for _ in range(THREADS)]
            inside = [pool.submit(copied.run, records) for copied in copies]
            outside = [pool.submit(records) for _ in range(THREADS)]
            assert [each.result() for each in inside] == [False] * THREADS
            assert [each.result() for each in outside] == [True] * THREADS
        assert records()
        assert [each.result() for each in [pool.submit(records) for _ in range(THREADS)]] == [True] * THREADS


def test_tasks_have_the_bits_of_one_alone_and_contexts_of_their_own():
    async def derived(x):
        found = []
        for transform in TRANSFORMS.values():
            found.append(numbers(transform(x)))
            await asyncio.sleep(0)
        return found

    async def quiet():
        with no_grad():
            for _ in TRANSFORMS:
                assert not bend(Value(0.3), Value(0.5))._prev
                await asyncio.sleep(0)

    async def watched():
        with detect_anomaly():
            for _ in TRANSFORMS:
                with pytest.raises(AnomalyError):
                    Value(0.0).log()
                await asyncio.sleep(0)

    async def to_thread():
        """asyncio copies the context into the thread."""
        with no_grad():
            return await asyncio.to_thread(lambda: (SHARED * 2.0)._prev)

    async def all_of_them():
        return await asyncio.gather(*map(derived, POINTS[:3]), quiet(), watched(), to_thread())

    alone = [[numbers(transform(x)) for transform in TRANSFORMS.values()] for x in POINTS[:3]]
    assert asyncio.run(all_of_them()) == [*alone, None, None, ()]
    assert micrograd.context.open_contexts == 0
