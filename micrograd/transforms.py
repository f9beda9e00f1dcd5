"""Derivatives as functions: nothing is written to a graph, and what comes out can be differentiated again.

`grad(f)` is the function that gives the derivatives of f; so are its kin. They never touch a `.grad`, so that they nest
and threads may share parameters. What they give are Values, and these are nodes of a graph of their own wherever
somebody might differentiate by something outside: where an argument is a Value or a Module, or where f uses Values of
its surroundings (also those of another transform around it). Where all is numbers, and inside of `no_grad`, no such
graph is made, which is several times as fast. f itself always runs with gradients on.

A Value among the arguments comes to f as a new Value that depends on it: the derivative by an argument is never mixed
up with that by the same Value elsewhere in f. A Module comes as it is, and the derivatives are those by its own
parameters: a dictionary by their names, as in `state_dict()`. Captured Values are constants of f.
"""

from __future__ import annotations

from micrograd import context, sweeps
from micrograd.engine import Value
from micrograd.identity import by_identity

TYPE_CHECKING = False  # see context.py
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from micrograd.point import Point

    Function = Callable[..., Any]


def gradients(y: Value, xs: Iterable[Value], create_graph: bool = False) -> list[Value]:
    """The derivative of y by each of xs.

    Unlike `y.backward()` it neither reads nor writes any `.grad`, so that calls nest and threads may share a graph.

    Args:
        y: the result to differentiate.
        xs: leaves, or any other nodes; one that y does not depend on has the derivative 0.
        create_graph: make the derivatives nodes of a graph of their own, to be differentiated, drawn or recomputed.

    Returns:
        One Value for each of xs, in order.

    Raises:
        StaleGraphError: numbers were changed after the graph was built from them.
        GraphError: an operation on the way was defined by hand, so its derivative is not known.
        AnomalyError: under `detect_anomaly`, a derivative on the way would not be finite.

    >>> x = Value(2.0)
    >>> (dx,) = gradients(x**3, [x], create_graph=True)
    >>> (ddx,) = gradients(dx, [x])
    >>> dx.data, ddx.data
    (12.0, 12.0)
    """
    xs = _targets(y, xs)
    graph = sweeps.Graph([y])
    graph.verify()
    if watch := context.watcher():
        watch.before_gradients(graph.order, [(y, 1.0)], xs)
    if not create_graph:
        numbers = sweeps.pull_floats(graph, by_identity([(y, 1.0)]), xs)
        return [Value(numbers.get(x, 0.0)) for x in xs]
    adjoints = sweeps.pull_values(graph, {id(y): Value(1.0)}, xs)
    return [adjoints[id(x)] if id(x) in adjoints else Value(0.0) for x in xs]


def grad(f: Function, argnums: int | Sequence[int] = 0) -> Function:
    """The function that gives the derivative of f.

    Args:
        f: gives one Value. Its arguments are numbers, Values, Modules, or lists, tuples and dictionaries of such.
        argnums: by which positional arguments; the others, and those by keyword, may be anything.

    Returns:
        A function of the same arguments: the derivatives, in containers like those of the argument, with a dictionary
        by name for a Module. Where argnums is a sequence, a tuple of such.

    Raises:
        TypeError: by the returned function: f gives no Value, or several; an argument is no number.
        StaleGraphError: likewise: numbers were changed after a graph was built from them.
        GraphError: likewise: an operation was defined by hand, so its derivative is not known.

    >>> grad(lambda x: x**3)(2.0).data
    12.0
    >>> grad(grad(grad(lambda x: x**3)))(2.0).data
    6.0
    >>> slopes = grad(lambda p, x: p['w'] * x + p['b'])({'w': 2.0, 'b': 1.0}, 5.0)
    >>> slopes['w'].data, slopes['b'].data
    (5.0, 1.0)
    """
    both = value_and_grad(f, argnums)
    return lambda *args, **kwargs: both(*args, **kwargs)[1]


def value_and_grad(f: Function, argnums: int | Sequence[int] = 0) -> Function:
    """The function that gives the value of f and its derivative, for the price of one evaluation; see `grad`.

    >>> value, slope = value_and_grad(lambda x: x * x)(3.0)
    >>> value.data, slope.data
    (9.0, 6.0)
    """

    def both(*args: Any, **kwargs: Any) -> tuple[Value, Any]:
        point = _point(f, args, kwargs, argnums)
        y = _single(point.result)
        return point.value(y), point.by_argument(point.pull([(y, 1.0)]))

    return both


def vjp(f: Function, *primals: Any) -> tuple[Any, Function]:
    """Reverse mode: the value of f, and the function that takes derivatives back from its results to its arguments.

    Args:
        f: gives a Value, or lists, tuples and dictionaries of Values.
        primals: the arguments of f, as for `grad`.

    Returns:
        The value; and the pullback: cotangents v, built as the value is -> the products of v with the Jacobian matrix,
        a tuple with one for each argument. A cotangent that is the number 0 leaves its result out.

    Raises:
        ShapeError: by the pullback: the cotangents are not built as the value is.

    >>> y, pullback = vjp(lambda x, w: [x * w, x + w], 2.0, 5.0)
    >>> [v.data for v in pullback([1.0, 10.0])]
    [15.0, 12.0]
    """
    point = _point(f, primals, {}, range(len(primals)))

    def pullback(cotangents: Any) -> Any:
        seeds = point.matched_cotangents(cotangents)
        point.graph.verify()  # it may have been changed since
        return point.by_argument(point.pull(seeds))

    return point.value(point.result), pullback


def jvp(f: Function, primals: Sequence[Any], tangents: Sequence[Any]) -> tuple[Any, Any]:
    """Forward mode: the value of f, and its derivative along a direction, in one sweep whatever the number of results.

    Args:
        f: gives a Value, or lists, tuples and dictionaries of Values.
        primals: a tuple of the arguments of f, as for `grad`.
        tangents: the direction: a tuple of as many, built alike; for a Module a dictionary by name. What has the
            number 0 for a tangent does not move.

    Returns:
        The value, and the derivative, built alike: the product of the Jacobian matrix with the tangents.

    Raises:
        ShapeError: the tangents are not built as the primals are.

    >>> y, dy = jvp(lambda x, w: x * w, (2.0, 5.0), (1.0, 10.0))
    >>> y.data, dy.data
    (10.0, 25.0)
    """
    _check_arguments('jvp', primals, tangents)
    point = _point(f, primals, {}, range(len(primals)))
    moved = point.push(point.matched_tangents(tangents))
    return point.value(point.result), point.by_output(moved)


def jacobian(f: Function, argnums: int | Sequence[int] = 0) -> Function:
    """The function that gives the derivative of each result of f by each number of an argument.

    Reverse mode, a sweep for each result; or forward mode, a sweep for each number, where these are fewer.

    Args:
        f: gives a Value, or lists, tuples and dictionaries of Values.
        argnums: by which positional arguments, as for `grad`.

    Returns:
        A function of the same arguments: containers like the result's, and in the place of each of its Values the
        derivatives of that, as `grad` gives them.

    >>> rows = jacobian(lambda x: [3.0 * x[1], 2.0 * x[0]])([1.0, 1.0])
    >>> [[d.data for d in row] for row in rows]
    [[0.0, 3.0], [2.0, 0.0]]
    """

    def matrix(*args: Any, **kwargs: Any) -> Any:
        point = _point(f, args, kwargs, argnums)
        if len(point.outputs) <= len(point.variables):
            rows = [point.pull([(y, 1.0)]) for y in point.outputs]
        else:
            columns = [point.push([(x, 1.0)]) for x in point.variables]
            rows = [list(row) for row in zip(*columns, strict=True)] if columns else [[] for _ in point.outputs]
        return point.by_output(map(point.by_argument, rows))

    return matrix


def hessian(f: Function, argnums: int | Sequence[int] = 0) -> Function:
    """The function that gives the second derivatives of f.

    Args:
        f: gives one Value.
        argnums: by which positional arguments, as for `grad`.

    Returns:
        A function of the same arguments: the `jacobian` of the `grad`. For a list of n numbers, n lists of n Values.

    >>> rows = hessian(lambda x: x[0] * x[1] * x[1])([1.0, 2.0])
    >>> [[d.data for d in row] for row in rows]
    [[0.0, 4.0], [4.0, 2.0]]
    """
    return jacobian(grad(f, argnums), argnums)


def hvp(f: Function, primals: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """The product of the Hessian matrix of f with a direction: forward mode over reverse mode, without the matrix.

    Args:
        f: gives one Value.
        primals: a tuple of the arguments of f, as for `grad`.
        tangents: the direction: a tuple of as many, built alike, as for `jvp`.

    Returns:
        The product, built as the argument is; for several arguments a tuple with one for each.

    Raises:
        ShapeError: the tangents are not built as the primals are.

    >>> [d.data for d in hvp(lambda x: x[0] * x[1] * x[1], ([1.0, 2.0],), ([1.0, 10.0],))]
    [40.0, 24.0]
    """
    _check_arguments('hvp', primals, tangents)
    argnums = 0 if len(primals) == 1 else range(len(primals))
    return jvp(grad(f, argnums), primals, tangents)[1]


def _targets(y: Any, xs: Any) -> list[Value]:
    if isinstance(xs, Value):
        raise TypeError('gradients() takes a list of Values. Wrong: gradients(y, x). Right: gradients(y, [x])')
    targets: list[Value] = list(xs)
    for v in (y, *targets):
        if not isinstance(v, Value):
            raise TypeError(f'gradients() differentiates a Value by Values, not {type(v).__name__}: {v!r:.60}')
    return targets


def _single(result: Any) -> Value:
    if isinstance(result, Value):
        return result
    raise TypeError(
        f'grad() and value_and_grad() need a function that gives one Value, and this one gave a '
        f'{type(result).__name__}: {result!r:.60}. For several: jacobian(f), vjp(f, x), or grad(lambda x: sum(f(x)))'
    )


def _point(f: Function, args: Sequence[Any], kwargs: dict[str, Any], argnums: int | Sequence[int]) -> Point:
    from micrograd.point import Point  # not before it is needed: `import micrograd` loads this module

    return Point(f, args, kwargs, argnums)


def _check_arguments(name: str, *tuples: Any) -> None:
    for given in tuples:
        if not isinstance(given, list | tuple):
            raise TypeError(
                f'{name}() takes a tuple of the arguments and one of their tangents, not {type(given).__name__}. '
                f'Wrong: {name}(f, 2.0, 1.0). Right: {name}(f, (2.0,), (1.0,))'
            )
