"""grad() and jvp() on graphs that are large in one direction: every walk is a loop."""

import gc

import pytest

import micrograd
from micrograd import Value, grad, jvp
from micrograd.collector import collector_paused

pytestmark = pytest.mark.usefixtures('uncounted')


def deep(x, depth):
    y = x
    for _ in range(depth):
        y = y * 1.0
    return y


def test_a_million_deep():
    with collector_paused():
        assert grad(lambda x: deep(x, 1_000_000))(3.0).data == 1.0
        assert jvp(lambda x: deep(x, 1_000_000), (3.0,), (2.0,))[1].data == 2.0


def test_a_million_wide():
    wide = [1.0] * 1_000_000
    with collector_paused():
        assert grad(micrograd.sum)(wide)[-1].data == 1.0
        assert jvp(micrograd.sum, (wide,), (wide,))[1].data == 1_000_000.0


def test_derivatives_of_deep_graphs_are_graphs_without_recursion():
    x = Value(3.0)
    with collector_paused():
        slope = grad(lambda t: deep(t, 50_000) ** 2)(x)
        moved = jvp(lambda t: deep(t, 50_000) ** 2, (x,), (1.0,))[1]
        slope.backward()
        moved.backward()
    assert (slope.data, moved.data, x.grad) == (6.0, 6.0, 4.0)


def test_all_is_freed_without_the_collector():
    with collector_paused():
        gc.collect()
        before = len(gc.get_objects())
        for _ in range(3):
            x = Value(3.0)
            slope = grad(lambda t: deep(t, 1000) ** 2)(x)
            moved = jvp(lambda t: deep(t, 1000) ** 2, (x,), (1.0,))[1]
            del x, slope, moved
        assert len(gc.get_objects()) - before < 500
