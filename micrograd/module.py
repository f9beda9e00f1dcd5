"""Module: what has parameters, knows their names, and can save and restore their numbers."""

from collections.abc import Callable, Iterable, Mapping
from reprlib import repr as short
from typing import Any

from micrograd.engine import Value
from micrograd.errors import CheckpointError
from micrograd.groups import marking_calls
from micrograd.scalars import is_real

Named = Iterable[tuple[Any, Any]]  # things, each with its attribute, index or key


class Module:
    """What has parameters: networks, their parts, and classes of your own.

    Every leaf Value in an attribute is a parameter, and so is every one in the Modules, lists, tuples and
    dictionaries there, however deep. What operations made is none, nor is a leaf whose `role` is 'constant'. A class
    may also say itself what its parameters are, by a method `parameters()` that returns them in a list. (Neuron, Layer
    and MLP have fixed parts; what a program hangs on them besides is none of their parameters.)

    >>> class Affine(Module):
    ...     def __init__(self):
    ...         self.scale, self.shift = Value(2.0), Value(1.0)
    ...     def __call__(self, x):
    ...         return self.scale * x + self.shift
    >>> affine = Affine()
    >>> affine
    Affine with 2 parameters: scale, shift
    >>> affine(3.0).backward()
    >>> [p.grad for p in affine.parameters()]
    [3.0, 1.0]

    Attributes:
        kind: what a picture takes it for, and `draw(…, collapse=…)`: 'network', 'layer' or 'neuron'. What its calls
            return is marked, so that a picture can show all that a call made as one part.
    """

    kind = 'network'

    def __init_subclass__(cls, *, marks_itself: bool = False, **options: Any) -> None:
        super().__init_subclass__(**options)
        if '__call__' in vars(cls) and not marks_itself:
            cls.__call__ = marking_calls(cls.__call__)  # type: ignore[method-assign]  # that is the point

    def parameters(self) -> list[Value]:
        """The parameters, in the order in which they were defined; a shared one stands here once.

        >>> from micrograd.nn import MLP
        >>> len(MLP(2, [16, 16, 1]).parameters())
        337
        """
        parameters = [p for _, p in _leaves(self, self._parts().items(), _members)]
        for p in parameters:
            p.role = 'parameter'  # for pictures, where it may have been an input
        return parameters

    def named_parameters(self) -> list[tuple[str, Value]]:
        """The parameters, each with its name: the attributes, indices and keys that lead to it, joined by dots.

        >>> from micrograd.nn import Layer
        >>> [name for name, p in Layer(1, 2).named_parameters()]
        ['neurons.0.w.0', 'neurons.0.b', 'neurons.1.w.0', 'neurons.1.b']
        """
        paths = {id(p): _dotted(path) for path, p in _leaves(self, _attributes(self), _attributes)}
        distinct = {id(p): p for p in self.parameters()}
        return [(paths.get(key, f'parameters.{i}'), p) for i, (key, p) in enumerate(distinct.items())]

    def zero_grad(self) -> None:
        """Set the gradient of every parameter to 0: backward() adds to what is there."""
        for p in self.parameters():
            p.grad = 0.0

    def state_dict(self) -> dict[str, float]:
        """The parameters' numbers by name: all that training changed. `json.dump` writes it, bit by bit.

        Raises:
            CheckpointError: two parameters have the same name.

        >>> from micrograd.nn import Neuron
        >>> Neuron(2, initialisation=lambda nin, nout, generator: ([0.5, -0.5], 1.0)).state_dict()
        {'w.0': 0.5, 'w.1': -0.5, 'b': 1.0}
        """
        return {name: p.data for name, p in _by_name(self).items()}

    def load_state_dict(self, state: Mapping[str, float]) -> None:
        """Set the parameters to the numbers of a state_dict().

        Args:
            state: a number for the name of every parameter, and nothing else.

        Raises:
            TypeError: `state` is no mapping.
            CheckpointError: it does not fit; the message names what is missing, unexpected, or no number. No parameter
                is changed.

        >>> from micrograd.nn import MLP
        >>> source, target = MLP(2, [4, 1]), MLP(2, [4, 1])
        >>> target.load_state_dict(source.state_dict())
        >>> target([1.0, -1.0]).data == source([1.0, -1.0]).data
        True
        """
        if not isinstance(state, Mapping):
            raise TypeError(f'load_state_dict() takes a dictionary of numbers by name, not {type(state).__name__}')
        parameters = _by_name(self)
        for name, number in _fitting(self, parameters, state).items():
            parameters[name].data = number

    def brief(self) -> str:
        """The module as the call that makes one like it, where that is known: shorter than its repr."""
        return type(self).__name__

    def _parts(self) -> dict[str, Any]:
        """Where the parameters are, by name."""
        return vars(self)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        """What a notebook shows."""
        from micrograd.render import notebook  # when it is shown

        return notebook.of_module(self)

    def __repr__(self) -> str:
        names = [_dotted(path) for path, _ in _leaves(self, _attributes(self), _attributes)]
        shown = ': ' + ', '.join(names[:3] + ['…'] * (len(names) > 3)) if names else ''
        return f'{type(self).__name__} with {len(names)} parameter{"s" * (len(names) != 1)}{shown}'


def _members(module: Module) -> Named:
    """What the class of a module says that its parameters are, or the parts where they are."""
    return module._parts().items() if _finds(module) else enumerate(module.parameters())


def _attributes(module: Module) -> Named:
    """What gives the parameters their names: of a class that lists them itself, every attribute."""
    return module._parts().items() if _finds(module) else vars(module).items()


def _finds(module: Module) -> bool:
    return type(module).parameters is Module.parameters


def _leaves(root: Module, parts: Named, inside: Callable[[Module], Named]) -> list[tuple[Any, Value]]:
    """The leaves in the parts of a module, each once, with the path to it.

    Args:
        root: the module.
        parts: its parts.
        inside: what gives the parts of a module further down.
    """
    leaves: list[tuple[Any, Value]] = []
    met: dict[int, Any] = {id(root): root}  # what was met is held, so that no other thing gets its id
    waiting = _below(None, parts)
    while waiting:
        path, thing = waiting.pop()
        if isinstance(thing, Value):
            if id(thing) not in met and thing.role in ('input', 'parameter'):
                met[id(thing)] = thing
                leaves.append((path, thing))
        elif isinstance(thing, Module | list | tuple | dict) and id(thing) not in met:
            met[id(thing)] = thing
            waiting += _below(path, inside(thing) if isinstance(thing, Module) else _items_of(thing))
    return leaves


def _below(path: Any, parts: Named) -> list[tuple[Any, Any]]:
    """Parts with the paths to them, the last one first. A path is a pair: the path so far, and one name more."""
    return [((path, name), thing) for name, thing in parts][::-1]


def _dotted(path: Any) -> str:
    names = []
    while path:
        path, name = path
        names.append(str(name))
    return '.'.join(reversed(names))


def _items_of(container: list[Any] | tuple[Any, ...] | dict[Any, Any]) -> Named:
    return container.items() if isinstance(container, dict) else enumerate(container)


def _by_name(module: Module) -> dict[str, Value]:
    named = module.named_parameters()
    by_name: dict[str, Value] = {}
    for name, p in named:
        if name in by_name:
            raise CheckpointError(f'two parameters are both named {name!r}; rename an attribute or a key of {module!r}')
        by_name[name] = p
    return by_name


def _fitting(module: Module, parameters: dict[str, Value], state: Mapping[str, Any]) -> dict[str, float]:
    """The numbers of a state that has one for each parameter, and nothing else."""
    faults = {
        'missing': [name for name in parameters if name not in state],
        'unexpected': [name for name in state if name not in parameters],
        'no number in the range of floats': [name for name in parameters if name in state and not _fits(state[name])],
    }
    found = '; '.join(f'{fault}: {_shown(names)}' for fault, names in faults.items() if names)
    if found:
        raise CheckpointError(f'the state does not fit {module!r:.60}, which was left unchanged. {found}')
    return {name: float(state[name]) for name in parameters}


def _fits(x: Any) -> bool:
    if isinstance(x, bool) or not is_real(x):
        return False
    try:
        float(x)
    except OverflowError:  # an integer beyond the floats
        return False
    return True


def _shown(names: list[Any]) -> str:
    shown = ', '.join(short(name) for name in names[:4])
    return shown if len(names) <= 4 else f'{shown}, … ({len(names)} in all)'
