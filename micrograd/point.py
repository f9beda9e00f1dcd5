"""What all transforms stand on: a function at one point, its graph there, and sweeps along it in both directions."""

from __future__ import annotations

from contextlib import nullcontext
from contextvars import ContextVar

from micrograd import context, sweeps, trees
from micrograd.context import enable_grad
from micrograd.engine import Value
from micrograd.identity import by_identity
from micrograd.node import CONSTANT, blank
from micrograd.operations import VALUES
from micrograd.scalars import to_float

TYPE_CHECKING = False  # see context.py
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    Function = Callable[..., Any]
    Seeds = Sequence[tuple[Value, Any]]  # nodes, and the numbers or Values that a sweep starts with there

_by_values: ContextVar[bool] = ContextVar('by_values', default=False)  # a transform around differentiates by Values


class Point:
    """A function evaluated at its arguments, and ready to be differentiated there.

    Args:
        f: the function.
        args: its positional arguments.
        kwargs: those by name.
        argnums: by which positional arguments to differentiate: one, or several.

    Attributes:
        variables: what to differentiate by: the numbers of the chosen arguments, as Values.
        result: what the function gave.
        outputs: the Values in it.
        graph: what is between.
    """

    def __init__(self, f: Function, args: Sequence[Any], kwargs: dict[str, Any], argnums: int | Sequence[int]):
        self._is_one = not hasattr(argnums, '__iter__')
        self._templates: list[Any] = []
        self.variables: list[Value] = []
        self._leaves: list[Value] = []
        self._has_values = _by_values.get()  # those may stand on constants alone, which a walk does not tell
        called = list(args)
        for i in _positions(argnums, len(args)):
            called[i] = self._with_variables(args[i], f'argument {i}')
        if len({*map(id, self.variables)}) < len(self.variables):
            raise _same_twice()
        self.result = self._called(f, called, kwargs)
        for v in self._leaves:
            v._a = CONSTANT  # it is ours: no transform around this one need differentiate by it
        self.outputs = _outputs(self.result)
        self.graph = sweeps.Graph(self.outputs, self.variables)
        self.graph.verify()

    def _called(self, f: Function, args: list[Any], kwargs: dict[str, Any]) -> Any:
        token = _by_values.set(True) if self._has_values else None
        try:
            with nullcontext() if context.recording.get() else enable_grad():
                return f(*args, **kwargs)
        finally:
            if token:
                _by_values.reset(token)

    def _with_variables(self, argument: Any, where: str) -> Any:
        """What f is given for an argument: the same containers, with variables in them."""
        leaves = trees.flatten(argument, where)
        fresh = [Value(x) if type(x) is float else _variable(x) for x in leaves]
        given = trees.rebuild(argument, iter(fresh), modules=True)
        self._leaves += [v for v in fresh if v._row is None]
        self.variables += trees.flatten(given, where)
        self._templates.append(argument)
        self._has_values = self._has_values or _has_values(leaves)
        return given

    def value(self, result: Any) -> Any:
        """The result, or Values in it, as they are handed out."""
        if self._is_tracked(()):
            return result
        return trees.rebuild(result, (Value(v.data) for v in trees.flatten(result, 'the result')))

    def pull(self, cotangents: Seeds) -> list[Value]:
        """The derivatives by the variables, from the cotangents of outputs."""
        if watch := context.watcher():
            watch.before_gradients(self.graph.order, _numbers(cotangents), self.variables)
        if self._is_tracked(cotangents):
            return _in_order(sweeps.pull_values(self.graph, _values(cotangents), self.variables), self.variables)
        numbers = sweeps.pull_floats(self.graph, by_identity(_numbers(cotangents)), self.variables)
        return [Value(numbers.get(x, 0.0)) for x in self.variables]

    def push(self, tangents: Seeds) -> list[Value]:
        """The derivatives of the outputs, from the tangents of variables."""
        if watch := context.watcher():
            watch.before_tangents(self.graph.order, _numbers(tangents), self.outputs)
        if self._is_tracked(tangents):
            return _in_order(sweeps.push_values(self.graph, _values(tangents)), self.outputs)
        numbers = sweeps.push_floats(self.graph, by_identity(_numbers(tangents)))
        return [Value(numbers.get(y, 0.0)) for y in self.outputs]

    def matched_tangents(self, tangents: Any) -> Seeds:
        """The variables with their tangents, which have to be built as the arguments are."""
        numbers = trees.flatten_like(tuple(self._templates), tangents, 'tangents')
        return list(zip(self.variables, numbers, strict=True))

    def matched_cotangents(self, cotangents: Any) -> Seeds:
        """The outputs with their cotangents, built as the result is; one that is there twice has the sum."""
        seeds: dict[int, tuple[Value, Any]] = {}
        for y, number in zip(self.outputs, trees.flatten_like(self.result, cotangents, 'the cotangent'), strict=True):
            seeds[id(y)] = y, seeds[id(y)][1] + number if id(y) in seeds else number
        return list(seeds.values())

    def by_output(self, derivatives: Iterable[Any]) -> Any:
        """What belongs to the outputs, one each, in containers like those of the result."""
        return trees.rebuild(self.result, iter(derivatives))

    def by_argument(self, derivatives: Iterable[Value]) -> Any:
        """The derivatives by the variables, in containers like those of the arguments."""
        leaves = iter(derivatives)
        packed = [trees.rebuild(template, leaves) for template in self._templates]
        return packed[0] if self._is_one else tuple(packed)

    def _is_tracked(self, seeds: Seeds) -> bool:
        """Whether there is anything outside that derivatives may be differentiated by."""
        if not context.recording.get():
            return False
        return self._has_values or self.graph.has_others or _has_values(number for _, number in seeds)


def _positions(argnums: int | Sequence[int], count: int) -> list[int]:
    """The positions of the arguments to differentiate by; as in Python, -1 is the last one."""
    chosen: list[Any] = list(argnums) if hasattr(argnums, '__iter__') else [argnums]
    for i in chosen:
        if not isinstance(i, int):
            raise TypeError(f'argnums is the position of an argument, from 0, or a tuple of such, not {i!r:.60}')
        if not -count <= i < count:
            raise TypeError(
                f'argnums asks for argument {i}, and the function was called with {count} positional arguments. '
                'Wrong: grad(f)(x=3.0), grad(f, argnums=1)(3.0). Right: grad(f)(3.0), grad(f, argnums=1)(3.0, 4.0)'
            )
    positions = [i % count for i in chosen]
    if len({*positions}) < len(positions):
        raise TypeError(f'argnums asks for the same argument twice: {argnums}')
    return positions


def _variable(x: Any) -> Value:
    """What f is given for a number, or for a Value: a node of its own, so that no other use of the Value counts."""
    if not isinstance(x, Value) or not context.recording.get():
        return Value(_number(x))
    variable: Value = VALUES.sum([x])  # of one number, which is the number itself, to the last bit
    return variable


def _same_twice() -> ValueError:
    return ValueError(
        'the derivatives are by the parameters of a Module, and here one is among the arguments twice, or two share a '
        'parameter: which is meant cannot be told. Wrong: grad(f, argnums=(0, 1))(model, model). '
        'Right: grad(lambda m: f(m, m))(model), grad(f, argnums=(0, 1))(model, copy.deepcopy(model))'
    )


def _outputs(result: Any) -> list[Value]:
    outputs = trees.flatten(result, 'the result')
    for y in outputs:
        if not isinstance(y, Value):
            raise _no_value(y)
    return outputs


def _no_value(y: Any) -> TypeError:
    return TypeError(
        f'the function gave a number that is no Value, {y!r:.60}: how it depends on the arguments is lost. '
        'Wrong: lambda x: x.data * 2.0, lambda x: 3.0. Right: lambda x: x * 2.0, lambda x: Value(3.0)'
    )


def _values(seeds: Seeds) -> dict[int, Value]:
    """Seeds as nodes, but for the number 0: nothing of that goes on, not even a product with an infinite factor."""
    return {
        id(v): seed if isinstance(seed, Value) else blank(Value, to_float(seed), CONSTANT)
        for v, seed in seeds
        if isinstance(seed, Value) or seed != 0.0
    }


def _numbers(seeds: Seeds) -> list[tuple[Value, float]]:
    """Seeds as numbers, but for the number 0, likewise."""
    return [(v, seed if type(seed) is float else _number(seed)) for v, seed in seeds if seed != 0.0]


def _number(x: Any) -> float:
    return x.data if isinstance(x, Value) else to_float(x)


def _has_values(xs: Iterable[Any]) -> bool:
    return any(issubclass(kind, Value) for kind in {*map(type, xs)})


def _in_order(derivatives: dict[int, Value], wanted: Iterable[Value]) -> list[Value]:
    return [derivatives[id(v)] if id(v) in derivatives else Value(0.0) for v in wanted]
