"""What holds for a while: `no_grad` and its like, per thread and per task, restored however the block ends."""

from __future__ import annotations

from contextvars import ContextVar
from functools import wraps
from threading import Lock

TYPE_CHECKING = False  # `typing` costs half of what may be spent on `import micrograd`
if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextvars import Token
    from types import TracebackType
    from typing import Any, TypeVar

    F = TypeVar('F', bound=Callable[..., Any])

open_contexts = 0  # in all threads together: while it is 0, an operation need not look any further
observers = 0  # those of them that want to know of every node
_counting = Lock()
recording: ContextVar[bool] = ContextVar('recording', default=True)
watching: ContextVar[Any] = ContextVar('watching', default=None)  # what is told of each node, see anomaly.py
made: ContextVar[dict[int, Any] | None] = ContextVar('made', default=None)  # what operations made during a trace


class no_grad:  # noqa: N801 - written like a function, as in PyTorch
    """Operations in the block, or in the decorated function, give plain numbers: no graph is built.

    It holds for the thread or task that opened it. Decorate a generator function, or a coroutine, and it holds while
    their own code runs. (A bare `with no_grad():` across a `yield` leaks into the code that drives the generator.)

    >>> from micrograd import Value, no_grad
    >>> x = Value(3.0)
    >>> with no_grad():
    ...     y = x * x
    >>> y
    Value(data=9.0, grad=0.0)
    >>> y._prev
    ()
    """

    def __init__(self) -> None:
        self._tokens: list[Token[bool]] = []

    def __enter__(self) -> no_grad:
        self._tokens.append(recording.set(False))
        count(1)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        count(-1)
        recording.reset(self._tokens.pop())

    def __call__(self, function: F) -> F:
        """Decorate a function, a generator function or a coroutine function."""
        import inspect  # slow to load, and decorating is rare

        if inspect.isasyncgenfunction(function):
            raise TypeError(
                f'no_grad cannot decorate the async generator {function.__name__}; put `with no_grad():` inside'
            )
        if inspect.isgeneratorfunction(function):
            return _around_each_step(function)  # type: ignore[return-value]  # the same signature
        if inspect.iscoroutinefunction(function):
            return _around_coroutine(function)  # type: ignore[return-value]  # the same signature
        return _around_call(function)  # type: ignore[return-value]  # the same signature


class enable_grad:  # noqa: N801 - like no_grad
    """Operations in the block build a graph, inside of `no_grad` too."""

    def __enter__(self) -> None:
        self._token = recording.set(True)
        count(1)

    def __exit__(self, *_: object) -> None:
        count(-1)
        recording.reset(self._token)


class tracing:  # noqa: N801 - like no_grad
    """While a function is traced, every node that operations on Values make is noted.

    Args:
        made: id -> the node, and whether gradients pass through it.
    """

    def __init__(self, notes: dict[int, Any]):
        self._made = notes

    def __enter__(self) -> None:
        self._tokens = made.set(self._made), recording.set(True)
        count_observer(1)

    def __exit__(self, *_: object) -> None:
        count_observer(-1)
        made.reset(self._tokens[0])
        recording.reset(self._tokens[1])


class watched_by:  # noqa: N801 - like no_grad
    """In the block something else is told of the nodes that are made, under detect_anomaly too.

    Args:
        watch: see anomaly.py; None is nothing.
    """

    def __init__(self, watch: Any):
        self._watch = watch

    def __enter__(self) -> None:
        self._token = watching.set(self._watch)

    def __exit__(self, *_: object) -> None:
        watching.reset(self._token)


def noting() -> watched_by:
    """While derivatives become nodes: behind a gate that is shut one may be infinite, and does not matter.

    Under detect_anomaly their lines are noted, and they are not looked at: they were before, as numbers.
    """
    watch = watcher()
    return watched_by(watch and watch.without_looking)


def watcher() -> Any:
    """What is told of the numbers of this thread or task, under detect_anomaly; else None."""
    return watching.get() if observers else None


def is_tracing() -> bool:
    """Whether a function is being traced."""
    return observers > 0 and made.get() is not None


def was_traced(v: Any) -> bool:
    """Whether a node was made by the function that is being traced."""
    notes = made.get()
    return notes is not None and id(v) in notes


def count(change: int) -> None:
    """One more context is open, or one less."""
    global open_contexts
    with _counting:
        open_contexts += change


def count_observer(change: int) -> None:
    """One more context that wants to know of every node is open, or one less."""
    global observers
    count(change)
    with _counting:
        observers += change


def _around_call(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with no_grad():
            return function(*args, **kwargs)

    return call


def _around_coroutine(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    async def call(*args: Any, **kwargs: Any) -> Any:
        with no_grad():
            return await function(*args, **kwargs)

    return call


def _around_each_step(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        generator = function(*args, **kwargs)
        step: Callable[[], Any] = lambda: next(generator)  # noqa: E731 - it is replaced below
        while True:
            with no_grad():
                try:
                    item = step()
                except StopIteration as stop:
                    return stop.value
            try:
                sent = yield item
                step = _bind(generator.send, sent)
            except BaseException as error:  # noqa: BLE001 - whatever was thrown in, the generator shall have
                step = _bind(generator.throw, error)

    return call


def _bind(function: Callable[[Any], Any], argument: Any) -> Callable[[], Any]:
    return lambda: function(argument)
