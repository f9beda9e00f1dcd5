"""Who made which nodes: neurons, layers, networks, and functions that a program groups itself.

A call marks the Values that it returns, and notes what it was given. Nothing else is recorded, so an operation costs
nothing; what lies between is found when it is asked for, by walking from the results down to what the call was given.
A mark leads from a node to the module, never back, and holds no other node: no graph is kept alive by it.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from functools import wraps
from typing import TYPE_CHECKING, Any

from micrograd.engine import Value
from micrograd.node import parents

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextvars import Token
    from typing import TypeVar

    F = TypeVar('F', bound=Callable[..., Any])

KINDS = ('neuron', 'layer', 'network', 'group')  # from the finest on; 'group' is a function of the program's own

_current: ContextVar[Call | None] = ContextVar('current', default=None)


class Call:
    """One call of a module or of a grouped function; in a `with` block, the one inside which others are made.

    Args:
        maker: the module; of a function, its label.
        inputs: the ids of the Values that it was given. (An id is enough: what is an ancestor of a result is alive.)
        kind: one of KINDS.
        z: of a neuron, the id of its weighted input.

    Attributes:
        parent: the call during which this one was made, if there is one.
        outputs: the ids of what it returned, in order.
    """

    __slots__ = ('_token', 'inputs', 'kind', 'maker', 'outputs', 'parent', 'z')

    def __init__(self, maker: Any, inputs: frozenset[int], kind: str, z: int | None = None):
        self.maker = maker
        self.inputs = inputs
        self.kind = kind
        self.z = z
        self.parent = _current.get()
        self.outputs: tuple[int, ...] = ()

    def __enter__(self) -> Call:
        self._token: Token[Call | None] = _current.set(self)
        return self

    def __exit__(self, *_: object) -> None:
        _current.reset(self._token)

    def mark(self, outputs: Sequence[Any]) -> None:
        """Note on each result of an operation that this call returned it; a leaf, or what it was given, is not its."""
        self.outputs = tuple(map(id, outputs))
        for v in outputs:
            if getattr(v, '_row', None) is not None and id(v) not in self.inputs:
                v._calls = (*v._calls, self)

    def is_within(self, other: Call) -> bool:
        """Whether this is the other call, or was made during it."""
        call: Call | None = self
        while call is not None and call is not other:
            call = call.parent
        return call is other

    def __deepcopy__(self, memo: dict[int, Any]) -> Call:
        """The mark of the copies: `memo` leads from the ids of the nodes to them, and to a copied module if any."""
        twin = Call.__new__(Call)
        twin.maker = memo.get(id(self.maker), self.maker)
        twin.inputs = frozenset(id(memo[i]) for i in self.inputs if i in memo)
        twin.outputs = tuple(id(memo[i]) if i in memo else 0 for i in self.outputs)
        twin.kind = self.kind
        twin.z = id(memo[self.z]) if self.z in memo else None
        twin.parent = None if self.parent is None else memo.setdefault(id(self.parent), self.parent.__deepcopy__(memo))
        return twin


def group(label: str) -> Callable[[F], F]:
    """Draw what the decorated function makes as one part, which can be collapsed to one box.

    The function marks the Values that it returns, in lists, tuples and dictionaries too. Its part is what lies between
    them and the Values among its arguments.

    Args:
        label: the name of the part in pictures.

    Raises:
        TypeError: the label is no text: `@group` was written without it.

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

    def decorate(function: F) -> F:
        @wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            made = Call(label, frozenset(id(v) for v in values_in([args, kwargs])), 'group')
            with made:
                result = function(*args, **kwargs)
            made.mark(list(values_in(result)))
            return result

        return call  # type: ignore[return-value]  # the same signature

    return decorate


def values_in(thing: Any) -> Iterator[Value]:
    """The Values in lists, tuples and dictionaries, however deep; each once."""
    waiting, met = [thing], set()
    while waiting:
        x = waiting.pop()
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
    index = {id(v): i for i, v in enumerate(order)}
    outputs: dict[Call, list[int]] = {}
    for i, v in enumerate(order):
        for call in v._calls:
            outputs.setdefault(call, []).append(i)
    outputs |= {call: [i] for call, i in _unmarked(outputs, order)}
    around = {call: _around(call, outputs) for call in outputs}
    groups: list[Group] = []
    positions: dict[Call, int] = {}
    for call in _outermost_first(outputs, around):
        positions[call] = len(groups)
        groups.append(
            Group(
                name=_name(call),
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
        if layer.kind != 'layer':
            continue
        for i in positions:
            maker = layer.maker.neurons[layer.outputs.index(id(order[i]))]
            if (layer, id(maker)) not in marked:
                yield _of_neuron(maker, layer, order[i]), i


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


def _name(call: Call) -> str:
    """After the kind and the place in the module around: 'neuron 1.3' is the third of the first layer."""
    if call.kind == 'group':
        return str(call.maker)
    places = _places(call)
    if call.kind == 'network' or not places:
        return str(call.maker.brief())
    return f'{call.kind} {".".join(map(str, places))}'


def _places(call: Call) -> list[int]:
    """Where a module stands among its like in those around it, counted from 1, from the outside in."""
    places: list[int] = []
    while call.parent is not None and call.parent.kind != 'group':
        siblings = [module for part in call.parent.maker._parts().values() for module in part]
        place = next((i for i, module in enumerate(siblings, 1) if module is call.maker), None)
        if place is None:
            break
        places.insert(0, place)
        call = call.parent
    return places
