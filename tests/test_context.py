"""no_grad: per thread and task, restored however the block ends."""

import asyncio
import threading

import pytest

from micrograd import Value, context, detect_anomaly, no_grad


def records():
    return bool((Value(1.0) * 2.0)._prev)


@pytest.fixture(autouse=True)
def _nothing_is_left_open():
    yield
    assert records()
    assert context.open_contexts == 0


def test_it_nests_and_may_be_entered_again():
    block = no_grad()
    with block:
        with block:
            assert not records()
        assert not records()
    assert records()


def test_it_is_restored_after_an_exception():
    with pytest.raises(ZeroDivisionError), no_grad():
        raise ZeroDivisionError
    assert records()
    with detect_anomaly():  # in another context what had stayed behind would be seen
        assert records()


def test_it_decorates_functions():
    @no_grad()
    def f(x, *, scale):
        """A docstring."""
        return records(), x * scale

    assert f(2.0, scale=3.0) == (False, 6.0)
    assert f.__doc__ == 'A docstring.'


def test_it_decorates_generator_functions_step_by_step():
    log = []

    @no_grad()
    def steps():
        try:
            got = yield records()
            log.append((got, records()))
            try:
                yield records()
            except KeyError:
                log.append(('KeyError', records()))
            yield records()
        finally:
            log.append(('end', records()))
        return 'done'

    generator = steps()
    assert next(generator) is False
    assert records()
    assert generator.send('sent') is False
    assert generator.throw(KeyError()) is False
    assert records()
    with pytest.raises(StopIteration) as stop:
        next(generator)
    assert stop.value.value == 'done'
    assert log == [('sent', False), ('KeyError', False), ('end', False)]


def test_closing_a_decorated_generator_runs_its_end():
    log = []

    @no_grad()
    def steps():
        try:
            yield 1
        finally:
            log.append(records())

    generator = steps()
    next(generator)
    generator.close()
    assert log == [False]


def test_it_decorates_coroutines_and_does_not_leak_between_tasks():
    seen = {}

    @no_grad()
    async def quiet(gate):
        seen['quiet, before'] = records()
        gate.set()
        await asyncio.sleep(0)
        seen['quiet, after'] = records()

    async def loud(gate):
        await gate.wait()
        seen['loud'] = records()

    async def both():
        gate = asyncio.Event()
        await asyncio.gather(quiet(gate), loud(gate))

    asyncio.run(both())
    assert seen == {'quiet, before': False, 'loud': True, 'quiet, after': False}


def test_an_async_generator_is_an_error_that_says_what_to_do():
    async def steps():
        yield 1

    with pytest.raises(TypeError, match='put `with no_grad'):
        no_grad()(steps)


def test_it_does_not_leak_to_another_thread():
    seen = []
    with no_grad():
        thread = threading.Thread(target=lambda: seen.append(records()))
        thread.start()
        thread.join()
        assert not records()
    assert seen == [True]


def test_a_graph_can_be_built_inside_of_no_grad():
    x = Value(2.0)
    with no_grad():
        with context.enable_grad():
            inside = x * x
        after = x * x
    assert inside._prev == (x, x)
    assert after._prev == ()
    assert (x * x)._prev == (x, x)
    with no_grad(), pytest.raises(ZeroDivisionError), context.enable_grad():
        raise ZeroDivisionError
    assert (x * x)._prev == (x, x)
