"""play(): sliders for the arguments of a function, or for the leaves of a graph, and the graph as it is then."""

import inspect
import math
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from micrograd import graph
from micrograd.engine import Value
from micrograd.errors import optional_import
from micrograd.render.explorer import MAX_VALUES, explore
from micrograd.render.notebook import page_height
from micrograd.render.view import legible, view
from micrograd.scalars import is_real

MOST = 12  # sliders that a graph gets if nobody says for which leaves
STEPS = 200  # of a slider, at least

_GIVE = 'Give a number, as in w=-3.0; from where to where, as in w=(-5, 5); or the start too, as in w=(-5, 5, 1)'


def play(f: Callable[..., Any] | Value | Sequence[Value], **ranges: Any) -> Any:
    """Sliders for the arguments of a function, or for the leaves of a graph, and the explorer of what they give.

    The function is called again, with a Value for each slider, whenever one moves, and `backward()` is called on what
    it returns. A graph is recomputed in place: its leaves change, so that `w.data` is where the slider is, and all its
    gradients start from 0. It needs a notebook whose kernel runs, and the extra `notebook`.

    Args:
        f: a function of Values that returns a Value, or several; it may branch. Or a Value with a graph, or several.
            Of several the gradients are those of their sum.
        ranges: for each argument of the function, or each label of a leaf, a number for a range around it, (low, high),
            or (low, high, start). An argument that has a number by default needs none. If none of the leaves of a graph
            is named, those with a label come first, and there are MOST at most.

    Returns:
        The widget, which the notebook shows. `result` is what the function returned last, or the Value.

    Raises:
        MissingDependencyError: anywidget is not installed; or there is no Graphviz.
        TypeError: f is something else, or takes other arguments; or a range is none.
        ValueError: a range is empty or not finite; there is no such leaf, or more than one.
        GraphError: the graph is too large, or has an operation that was defined by hand.

    >>> widget = play(lambda w, x: (w * x).tanh(), w=-3.0, x=(-1, 1, 0.5))
    >>> widget.result
    Value(data=-0.9051482536448664, grad=1.0)
    """
    optional_import('anywidget', 'notebook')
    from micrograd.render.widget import Play

    return Play(source(f, ranges))


@dataclass(frozen=True, slots=True, kw_only=True)
class Slider:
    """One number that can be moved.

    Args:
        key: what tells it from the others.
        name: what it is called.
        low: the smallest number, at its left end.
        high: the largest.
        value: the number at the start, which may be between two steps.
        step: how far apart the numbers are that it can be moved to.
    """

    key: str
    name: str
    low: float
    high: float
    value: float
    step: float


def slider(key: str, name: str, given: Any) -> Slider:
    """The slider for a number or a range.

    Args:
        key: what tells it from the others.
        name: what it is called.
        given: a number or a Value, (low, high), or (low, high, start).

    Raises:
        TypeError: it is nothing of that.
        ValueError: there is nothing between low and high, the start is outside, or a number is not finite.

    >>> slider('w', 'w', -3.0)
    Slider(key='w', name='w', low=-9.0, high=3.0, value=-3.0, step=0.05)
    """
    numbers = [x.data if isinstance(x, Value) else x for x in (given if isinstance(given, list | tuple) else [given])]
    if not 1 <= len(numbers) <= 3 or not all(is_real(x) and not isinstance(x, bool) for x in numbers):
        raise TypeError(f'{name} = {given!r:.60} is no number and no range. {_GIVE}')
    low, high, value = _range(*map(float, numbers))
    if not (math.isfinite(low) and math.isfinite(high) and low < high and low <= value <= high):
        raise ValueError(f'{name} = {given!r:.60} has no numbers to move between. {_GIVE}')
    return Slider(key=key, name=legible(name), low=low, high=high, value=value, step=_step(high - low))


def _range(first: float, high: float | None = None, start: float | None = None) -> tuple[float, float, float]:
    if high is None:
        reach = 2.0 * max(abs(first), 1.0)
        return first - reach, first + reach, first
    return first, high, (first + high) / 2.0 if start is None else start


def _step(width: float) -> float:
    """1, 2 or 5 times a power of ten, so that the numbers on the way are short."""
    exponent = math.floor(math.log10(width / STEPS))
    fitting = [digit for digit in (1, 2, 5) if digit * 10.0**exponent * STEPS <= width * (1 + 1e-9)]
    return float(f'{fitting[-1]}e{exponent}')


@dataclass(frozen=True, slots=True)
class Source:
    """What is played with.

    Args:
        sliders: the numbers that can be moved.
        result: from a number for each slider's key to a Value, or several.
    """

    sliders: Sequence[Slider]
    result: Callable[[Mapping[str, float]], Any]


def source(f: Callable[..., Any] | Value | Sequence[Value], ranges: Mapping[str, Any]) -> Source:
    """The sliders of a function or a graph: see play()."""
    if isinstance(f, Value) or (isinstance(f, list | tuple) and f and all(isinstance(v, Value) for v in f)):
        return _of_graph(f, ranges)
    if not callable(f):
        raise TypeError(
            f'play() takes a function of Values, or a Value, not {type(f).__name__}: {f!r:.60}. '
            'Right: play(lambda w: w * w, w=3.0), or play(loss)'
        )
    return _of_function(f, ranges)


def _of_function(f: Callable[..., Any], ranges: Mapping[str, Any]) -> Source:
    given = {**_defaults(f, ranges), **ranges}
    if not given:
        raise TypeError('there is nothing to move: the function has no argument. Right: play(lambda w: w * w, w=3.0)')

    def result(numbers: Mapping[str, float]) -> Any:
        return f(**{name: Value(x, label=name) for name, x in numbers.items()})

    return Source([slider(name, name, x) for name, x in given.items()], result)


def _defaults(f: Callable[..., Any], ranges: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments that are numbers by default, in the order of the function, and with those that were given."""
    try:
        signature = inspect.signature(f)
        signature.bind_partial(**ranges)
    except ValueError:  # a function that does not say what it takes
        return {}
    except TypeError as error:
        raise TypeError(f'{error}; the arguments are {signature}') from None
    named = [p for p in signature.parameters.values() if p.kind in (p.POSITIONAL_OR_KEYWORD, p.KEYWORD_ONLY)]
    missing = [p.name for p in named if p.default is p.empty and p.name not in ranges]
    if missing:
        example = ', '.join(f'{name}=1.0' for name in missing)
        raise TypeError(f'the function takes {", ".join(missing)} too. {_GIVE}. Right: play(f, …, {example})')
    return {p.name: ranges.get(p.name, p.default) for p in named if p.name in ranges or _is_number(p.default)}


def _is_number(x: Any) -> bool:
    return is_real(x) and not isinstance(x, bool)


# Graphs --------------------------------------------------------------------------------------------------------------


def _of_graph(v: Value | Sequence[Value], ranges: Mapping[str, Any]) -> Source:
    roots = _roots(v)
    for root in roots:
        root.recompute()  # an operation defined by hand is found before any leaf is changed
    leaves = dict(_leaves(roots))
    chosen = _named(leaves, ranges) if ranges else {key: v.data for key, (_, v) in _first(leaves).items()}

    def result(numbers: Mapping[str, float]) -> Any:
        for key, x in numbers.items():
            leaves[key][1].data = x
        for root in roots:
            root.recompute()
        return v

    return Source([slider(key, leaves[key][0], x) for key, x in chosen.items()], result)


def _leaves(roots: Sequence[Value]) -> Iterator[tuple[str, tuple[str, Value]]]:
    """For each input and parameter its id in the picture, and its name there."""
    nodes = graph.topological(roots)
    for v, box in zip(nodes, view(roots, MAX_VALUES).boxes, strict=True):
        if v.role in ('input', 'parameter'):
            yield box.id, (box.known_as, v)


def _first(leaves: Mapping[str, tuple[str, Value]]) -> dict[str, tuple[str, Value]]:
    ordered = sorted(leaves.items(), key=lambda leaf: not leaf[1][1].label)
    return dict(ordered[:MOST])


def _named(leaves: Mapping[str, tuple[str, Value]], ranges: Mapping[str, Any]) -> dict[str, Any]:
    chosen = {}
    for name, given in ranges.items():
        keys = [key for key, (shown, v) in leaves.items() if name in (shown, v.label)]
        if len(keys) != 1:
            known = ', '.join(repr(shown) for shown, _ in _first(leaves).values())
            raise ValueError(
                f'{len(keys) or "no"} leaves are called {name!r}. There are {known}. Label it: w.label = "w"'
            )
        chosen[keys[0]] = given
    return chosen


# What they give ------------------------------------------------------------------------------------------------------


class Player:
    """A source, where its sliders are, and the page that shows what it gives.

    Args:
        source: what is played with.

    Attributes:
        result: what the source gave last.
        numbers: where the sliders are: for each key a number.
        page: what the notebook shows: a count of the pages so far, the HTML, and the height in pixels.
        answer: what the page shows: its count; data and gradients of all values, in topological order.
    """

    def __init__(self, source: Source):
        self.source = source
        self.numbers = {slider.key: slider.value for slider in source.sliders}
        self.result: Any = None
        self.page: dict[str, Any] = {'number': 0}
        self.answer: dict[str, Any] = {}
        self._structure: list[Any] = []

    def move(self, numbers: Mapping[str, float]) -> None:
        """Evaluate the source at other numbers; where that fails, result, page and answer stay as they are."""
        self.numbers = {**self.numbers, **numbers}
        result = self.source.result(self.numbers)
        roots = _roots(result)
        nodes = _differentiated(roots)
        found = _structure(nodes)
        if found != self._structure:
            explorer = explore(roots)
            self.page = {'number': self.page['number'] + 1, 'html': explorer.html, 'height': page_height(explorer)}
            self._structure = found
        self.result = result
        self.answer = {
            'page': self.page['number'],
            'data': [_sendable(v.data) for v in nodes],
            'grad': [_sendable(v.grad) for v in nodes],
        }


def _roots(result: Any) -> list[Value]:
    roots = list(result) if isinstance(result, list | tuple) else [result]
    if not roots or not all(isinstance(v, Value) for v in roots):
        raise TypeError(
            f'a function to play with returns a Value, or a list of them, not {type(result).__name__}: {result!r:.60}'
        )
    return roots


def _differentiated(roots: Sequence[Value]) -> list[Value]:
    """All the nodes, parents first, with the gradients of the root, or of the sum of the roots."""
    nodes = graph.topological(roots)
    for v in nodes:
        v.grad = 0.0
    (roots[0] if len(roots) == 1 else sum(roots, start=Value(0.0))).backward()
    return nodes


def _structure(nodes: Sequence[Value]) -> list[Any]:
    """All of a graph but its numbers: where it is the same, so is the picture."""
    index = {id(v): i for i, v in enumerate(nodes)}
    return [(v._op, v.role, v.label, [index[id(p)] for p in v._prev]) for v in nodes]


def _sendable(x: float) -> float | str:
    """JSON has no nan and no infinities."""
    return x if math.isfinite(x) else str(x)


def problem(error: BaseException) -> str:
    """What went wrong in a function, and in which line of it."""
    *_, last = traceback.extract_tb(error.__traceback__)
    what = ''.join(traceback.format_exception_only(error)).strip()
    return f'{what}\nin {last.name}, line {last.lineno}: {last.line}' if last.line else what
