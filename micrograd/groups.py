"""Who made which nodes: neurons, layers, networks, and functions that a program groups itself.

A call marks the Values that it returns, and notes what it was given. Nothing else is recorded, so an operation costs
nothing; what lies between is found when it is asked for, by walking from the results down to what the call was given.
A mark leads from a node to the module, never back, and holds no other node: no graph is kept alive by it.
"""

from __future__ import annotations

import copy
import inspect
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial, wraps
from typing import TYPE_CHECKING, Any

from micrograd.engine import Value
from micrograd.graph import when_copied
from micrograd.node import parents
from micrograd.scalars import Condition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence, Set
    from contextvars import Token
    from typing import TypeVar

    F = TypeVar('F', bound=Callable[..., Any])

KINDS = ('neuron', 'layer', 'network', 'group')  # from the finest on; 'group' is a function of the program's own
RESERVED = (*KINDS, 'auto')  # what `collapse` in `draw` can be, beside the names of groups

_current: ContextVar[Call | None] = ContextVar('current', default=None)


current_call = _current.get  # the call of a module or of a grouped function that is under way, the innermost


class Call:
    """One call of a module or of a grouped function; in a `with` block, the one inside which others are made.

    Args:
        maker: the module; of a function, its label.
        inputs: the ids of the Values that it was given. (An id is enough: what is an ancestor of a result is alive.)
        kind: one of KINDS.
        z: of a neuron, the id of its weighted input.
        parts: of a module, those that stand in it one beside the other, as they were then.

    Attributes:
        parent: the call during which this one was made, if there is one.
        outputs: the ids of what it returned, in order.
    """

    __slots__ = ('_numbers', '_token', 'inputs', 'kind', 'maker', 'outputs', 'parent', 'parts', 'z')

    def __init__(self, maker: Any, inputs: Set[int], kind: str, z: int | None = None, parts: tuple[Any, ...] = ()):
        self.maker = maker
        self.inputs = inputs
        self.kind = kind
        self.z = z
        self.parts = parts
        self._numbers: dict[int, int] | None = None
        self.parent = _current.get()
        self.outputs: Sequence[int] = ()

    def __enter__(self) -> Call:
        self._token: Token[Call | None] = _current.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        _current.reset(self._token)

    def mark(self, outputs: Sequence[Any]) -> None:
        """Note on each result that this call returned it: not on leaves, on what it was given, on what others made."""
        self.outputs = tuple(map(id, outputs))
        for v in outputs:
            if getattr(v, '_tracer', None) or getattr(v, '_row', None) is None or id(v) in self.inputs:
                continue
            calls = v._calls
            if not calls or calls[0].is_within(self):
                v._calls = Marks((*calls, self))

    def number_of(self, part: Any) -> int | None:
        """Which of the parts it is, counted from 1; None where it is none of them."""
        if self._numbers is None:  # looked up once for all neurons of a layer, of which there may be many thousands
            self._numbers = {id(each): i for i, each in reversed([*enumerate(self.parts, 1)])}
        return self._numbers.get(id(part))

    def is_within(self, other: Call) -> bool:
        """Whether this is the other call, or was made during it."""
        call: Call | None = self
        while call is not None and call is not other:
            call = call.parent
        return call is other

    def __deepcopy__(self, memo: dict[int, Any]) -> Call:
        """The mark of the copies: `memo` leads from the ids of the nodes to them, and to a copied module if any."""
        around: list[Call] = []
        call: Call | None = self
        while call is not None and id(call) not in memo:
            around.append(call)
            call = call.parent
        for call in reversed(around):
            memo[id(call)] = call._twin(memo)
        twin: Call = memo[id(self)]
        return twin

    def _twin(self, memo: dict[int, Any]) -> Call:
        twin = Call.__new__(Call)
        twin.maker = memo.get(id(self.maker), self.maker)
        twin.parts = tuple(memo.get(id(part), part) for part in self.parts)
        twin.kind, twin._numbers = self.kind, None
        twin.parent = None if self.parent is None else memo[id(self.parent)]
        twin.inputs = inputs = set[int]()
        twin.outputs = outputs = [0] * len(self.outputs)
        twin.z = None
        for i in self.inputs:
            when_copied(memo, i, inputs.add)
        for place, i in enumerate(self.outputs):
            when_copied(memo, i, partial(outputs.__setitem__, place))
        if self.z is not None:
            when_copied(memo, self.z, partial(setattr, twin, 'z'))
        return twin


class Marks(tuple[Call, ...]):
    """The calls that returned a Value, the innermost first."""

    __slots__ = ()

    def __deepcopy__(self, memo: dict[int, Any]) -> Marks:
        """Those of the copy."""
        return Marks(copy.deepcopy(call, memo) for call in self)


def group(label: str) -> Callable[[F], F]:
    """Draw what the decorated function makes as one part, which can be collapsed to one box.

    The function marks the Values that it returns, in lists, tuples, dictionaries and arrays too. Its part is what lies
    between them and what it was given: the Values among its arguments, in containers too, and the results of operations
    that an argument has as attributes, as `self` may. A coroutine function is decorated alike.

    Args:
        label: the name of the part in pictures.

    Raises:
        TypeError: the label is no text, as in `@group` without it; or the function is a generator.
        ValueError: the label is empty, or means something else in `draw(…, collapse=…)`.

    >>> from micrograd import Value, draw
    >>> @group('distance')
    ... def distance(x, y):
    ...     return ((x[0] - y[0]) ** 2 + (x[1] - y[1]) ** 2).sqrt()
    >>> c = distance([Value(0.0), Value(1.0)], [Value(3.0), Value(5.0)])
    >>> draw(c, collapse='distance')
    Drawing of 1 part, 4 values and 4 edges
    """
    if not isinstance(label, str):
        raise TypeError(f"a group has a name. Wrong: @group. Right: @group('attention'); not {label!r:.60}")
    if not label.strip() or label in RESERVED:
        raise ValueError(f'a group cannot be called {label!r}; the names {", ".join(RESERVED)} mean something else')

    def decorate(function: F) -> F:
        if _is_generator(function):
            raise TypeError(
                f'{function.__qualname__} is a generator, and a group is what a function returns. '
                'Right: decorate a function that returns a list'
            )
        return _marking(function, lambda args: (label, 'group'))

    return decorate


def marking_calls(function: F) -> F:
    """The `__call__` of a class of modules, which then marks what it returns; of a generator, itself."""
    if _is_generator(function):
        return function
    return _marking(function, lambda args: (args[0], args[0].kind))


def _marking(function: F, maker: Callable[[tuple[Any, ...]], tuple[Any, str]]) -> F:
    def begun(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call:
        who, kind = maker(args)
        return Call(who, frozenset(map(id, _given([*args, *kwargs.values()]))), kind)

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with begun(args, kwargs) as made:
            result = function(*args, **kwargs)
        made.mark(list(values_in(result)))
        return result

    @wraps(function)
    async def call_later(*args: Any, **kwargs: Any) -> Any:
        with begun(args, kwargs) as made:
            result = await function(*args, **kwargs)
        made.mark(list(values_in(result)))
        return result

    return call_later if inspect.iscoroutinefunction(function) else call  # type: ignore[return-value]  # the same signature


def _is_generator(function: Callable[..., Any]) -> bool:
    return inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function)


def _given(arguments: list[Any]) -> Iterator[Value]:
    """The Values among arguments, and the results of operations among the attributes of those that are objects."""
    yield from values_in(arguments)
    for x in arguments:
        if hasattr(x, '__dict__') and not isinstance(x, Value):
            yield from (v for v in values_in(list(vars(x).values())) if v._tracer is None and v._row is not None)


def values_in(thing: Any) -> Iterator[Value]:
    """The Values in lists, tuples, dictionaries, arrays of objects and conditions, however deep; each once."""
    waiting, met = [thing], set()
    held = []  # what was made on the way, so that no other thing gets its id
    while waiting:
        x = waiting.pop()
        if isinstance(x, Condition):
            x = x.flag
        elif str(getattr(x, 'dtype', '')) == 'object':  # an array of NumPy
            x = x.tolist()
            held.append(x)
        if id(x) in met:
            continue
        if isinstance(x, Value):
            met.add(id(x))
            yield x
        elif isinstance(x, list | tuple | dict):
            met.add(id(x))
            waiting.extend(reversed(list(x.values() if isinstance(x, dict) else x)))


# Finding them in a graph ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The nodes that one call made, as positions in the order of the graph.

    Args:
        name: 'layer 1', 'neuron 1.3', 'attention'.
        kind: one of KINDS.
        maker: the module; of a function, its label.
        parent: the position, among the groups, of the one that it is a part of; None if there is none.
        depth: how many groups are around it.
        members: the nodes in it, leaves that are no inputs among them, and those of its parts.
        outputs: those of them that the call returned.
        z: of a neuron, its weighted input.
    """

    name: str
    kind: str
    maker: Any
    parent: int | None
    depth: int
    members: tuple[int, ...]
    outputs: tuple[int, ...]
    z: int | None


def find(order: Sequence[Value]) -> list[Group]:
    """The groups of a graph, each after the one that it is a part of.

    Args:
        order: all the nodes, parents first: see `graph.topological`.

    >>> from micrograd import graph, nn
    >>> a = nn.MLP(2, [2, 1], activation='tanh')([1.0, 2.0])
    >>> for g in find(graph.topological([a])):
    ...     print(g.depth * '  ' + g.name, len(g.members))
    MLP(2, [2, 1]) 23
      layer 1 16
        neuron 1.1 8
        neuron 1.2 8
      layer 2 7
        neuron 2.1 7
    """
    outputs: dict[Call, list[int]] = {}
    for i, v in enumerate(order):
        for call in v._calls:
            outputs.setdefault(call, []).append(i)
    if not outputs:
        return []
    index = {id(v): i for i, v in enumerate(order)}
    outputs |= {call: [i] for call, i in _unmarked(outputs, order)}
    outputs = {call: positions for call, positions in outputs.items() if not _is_repeated(call, outputs)}
    around = {call: _around(call, outputs) for call in outputs}
    groups: list[Group] = []
    positions: dict[Call, int] = {}
    for call in _outermost_first(outputs, around):
        positions[call] = len(groups)
        groups.append(
            Group(
                name=name_of(call),
                kind=call.kind,
                maker=call.maker,
                parent=positions[around[call][0]] if around[call] else None,
                depth=len(around[call]),
                members=_members(call, outputs[call], order, index),
                outputs=tuple(outputs[call]),
                z=index.get(call.z) if call.z is not None else None,
            )
        )
    return groups


def _unmarked(outputs: dict[Call, list[int]], order: Sequence[Value]) -> Iterator[tuple[Call, int]]:
    """The calls of neurons that only their layer marked, which is quicker; with the position of what each returned."""
    marked = {(call.parent, id(call.maker)) for call in outputs}
    for layer, positions in outputs.items():
        if layer.kind != 'layer' or not layer.parts:  # a class of a program's own may return anything
            continue
        places = {output: place for place, output in reversed([*enumerate(layer.outputs)])}
        for i in positions:
            maker = layer.parts[places[id(order[i])]]
            if (layer, id(maker)) not in marked:
                yield _of_neuron(maker, layer, order[i]), i


def _is_repeated(call: Call, found: dict[Call, list[int]]) -> bool:
    """Whether a class of a program's own called the one that it is made from: that is one call, the outer one."""
    outer = call.parent
    if outer is None or outer not in found or outer.maker is not call.maker or call.kind == 'group':
        return False
    outer.z = call.z if outer.z is None else outer.z
    return True


def _of_neuron(maker: Any, layer: Call, a: Value) -> Call:
    nonlin = getattr(maker, 'nonlin', None)  # None: no Neuron, so what its z is, only its class knows
    call = Call(maker, layer.inputs, 'neuron', None if nonlin is None else id(parents(a)[0] if nonlin else a))
    call.parent = layer
    return call


def _around(call: Call, found: dict[Call, list[int]]) -> list[Call]:
    """The calls, among those found, during which this one was made; the innermost first."""
    around = []
    outer = call.parent
    while outer is not None:
        if outer in found:
            around.append(outer)
        outer = outer.parent
    return around


def _outermost_first(outputs: dict[Call, list[int]], around: dict[Call, list[Call]]) -> list[Call]:
    """In the order in which their results stand in the graph, and each followed by its parts."""
    first = {call: outputs[call][0] for call in outputs}
    for call, outer in around.items():
        for other in outer:
            first[other] = min(first[other], first[call])
    path = {call: tuple((first[c], -len(around[c])) for c in [*reversed(around[call]), call]) for call in outputs}
    return sorted(outputs, key=path.__getitem__)


def _members(call: Call, outputs: list[int], order: Sequence[Value], index: dict[int, int]) -> tuple[int, ...]:
    """What lies between the results of a call and what it was given."""
    met = set(outputs)
    waiting = list(outputs)
    while waiting:
        for p in parents(order[waiting.pop()]):
            i = index[id(p)]
            if i in met or id(p) in call.inputs or (p._calls and not p._calls[0].is_within(call)):
                continue
            met.add(i)
            waiting.append(i)
    return tuple(sorted(met))


# Names ---------------------------------------------------------------------------------------------------------------


def name_of(call: Call) -> str:
    """After the kind and the place in the module around: 'neuron 1.3' is the third of the first layer."""
    if call.kind == 'group':
        return str(call.maker)
    places = _places(call)
    if not places:
        return str(call.maker.brief())
    kind = type(call.maker).__name__ if call.kind == 'network' else call.kind
    return f'{kind} {".".join(places)}'


def _places(call: Call) -> list[str]:
    """Where a module stands in those around it, from the outside in: its number among its like, or its attribute."""
    places: list[str] = []
    while call.parent is not None and call.parent.kind != 'group':
        if call.parent.maker is not call.maker:
            place = _place(call.maker, call.parent)
            if place is None:
                break
            places.insert(0, place)
        call = call.parent
    return places


def _place(module: Any, around: Call) -> str | None:
    number = around.number_of(module)
    if number is not None:
        return str(number)
    for name, thing in vars(around.maker).items():
        if thing is module:
            return str(name)
        if isinstance(thing, list | tuple):
            for i, part in enumerate(thing, 1):
                if part is module:
                    return f'{name}.{i}'
    return None
