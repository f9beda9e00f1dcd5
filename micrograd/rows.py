"""What a row of the table is, and how formulas are read: the machinery under `primitives.py`."""

from __future__ import annotations

from functools import lru_cache, partial
from keyword import iskeyword
from math import inf
from types import ModuleType

from micrograd import ieee
from micrograd.errors import ShapeError

REALS = (-inf, inf)
POSITIVE = (0.0, inf)

TYPE_CHECKING = False  # see context.py
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    Formula = Callable[..., Any]


class Row:
    """One operation.

    Args:
        name: what Python calls it.
        symbol: what a node and a picture show; the name by default.
        latex: the value as a formula in x and y.
        partials: (o, z, x, …) -> d value / d argument; for several arguments a tuple, one each.
        value: (o, x, …) -> the value as an expression over other rows; absent for a core row.
        blocked: (o, z, x, …) -> where no gradient passes; for several arguments a tuple, one each.
        forward: the value on floats, total; derived from `value` or found in `ieee.py` when absent.
        lists: how many lists of arguments the operation takes, where their number is free; else 0.
        condition: the value is true or false, as 1.0 or 0.0.
        domain: the open interval of each argument (of every argument, if there is one interval only).
        kinks: (x, …) -> quantities that are 0 where the derivative jumps.
    """

    __slots__ = (
        'arity', 'blocked', 'condition', 'domain', 'forward', 'kinks', 'latex', 'lists', 'name', 'partials', 'slope',
        'slopes', 'symbol', 'value',
    )  # fmt: skip

    def __init__(
        self,
        name: str,
        *,
        latex: str,
        partials: Formula,
        value: Formula | None = None,
        blocked: Formula | None = None,
        forward: Formula | None = None,
        symbol: str = '',
        lists: int = 0,
        condition: bool = False,
        domain: tuple[tuple[float, float], ...] = (REALS,),
        kinks: Formula | None = None,
    ):
        self.name = name
        self.symbol = symbol or name
        self.latex = latex
        self.value = value
        self.partials = partials
        self.blocked = blocked
        self.forward: Any = forward or (partial(value, FLOATS) if value else getattr(ieee, name))
        self.lists = lists
        self.condition = condition
        self.domain = domain
        self.kinks = kinks
        self.arity = None if lists else len(_parameters(partials)) - 2  # None: any number
        self._check_formulas()
        never_blocked = blocked is None
        self.slope = partials if never_blocked and self.arity == 1 else None  # what backward() calls without more ado …
        self.slopes = partials if never_blocked and self.arity == 2 else None  # … for one argument, and for two

    def _check_formulas(self) -> None:
        formulas = {'value': (self.value, 'o'), 'partials': (self.partials, 'o, z'), 'blocked': (self.blocked, 'o, z')}
        given = {kind: (_parameters(f), before) for kind, (f, before) in formulas.items() if f and not _is_variadic(f)}
        if any(len(names) - len(before.split()) != self.arity for names, before in given.values()) or self.arity == 0:
            takes = '; '.join(f'{kind} takes ({", ".join(names)})' for kind, (names, _) in given.items())
            raise TypeError(
                f'the formulas of {self.name} do not take the same arguments: {takes}. Right: value (o, x), partials '
                '(o, z, x), blocked (o, z, x), and for two arguments x, y each'
            )

    def edges(self, o: Any, z: Any, *xs: Any) -> Iterator[tuple[Any, Any]]:
        """For each argument the factor and whether it is blocked, as the interpreter `o` has them."""
        factors = self.partials(o, z, *xs)
        blocks = self.blocked(o, z, *xs) if self.blocked else (False,) * len(xs)
        if self.arity == 1:
            return iter(((factors, blocks if self.blocked else False),))
        return zip(factors, blocks, strict=True)


class Family:
    """Rows that differ in constants the operation carries: `x ** 2` is one node with one parent.

    Args:
        make: constants -> Row; its own name is the family's, its defaults are theirs.
        forward: (x, *constants) -> the value on floats, where that is simpler than making the row.
        examples: constants for tests and tables.
    """

    def __init__(self, make: Callable[..., Row], forward: Formula | None, examples: tuple[tuple[float, ...], ...]):
        self.name = make.__name__
        self.constants = _parameters(make)
        defaults = make.__defaults__ or ()
        self.defaults = dict(zip(self.constants[len(self.constants) - len(defaults) :], defaults, strict=True))
        self.examples = examples
        self.forward = forward or (lambda x, *constants: self(*constants).forward(x))
        self._row = lru_cache(maxsize=1024, typed=True)(make)

    def __call__(self, *constants: float, **named: float) -> Row:
        """The row with these constants."""
        return self._row(*(self._in_order(constants, named) if named else constants))

    def _in_order(self, constants: tuple[float, ...], named: dict[str, float]) -> tuple[float, ...]:
        unknown = named.keys() - set(self.constants[len(constants) :])
        if unknown:
            names = ', '.join(self.constants)
            raise TypeError(f'{self.name}() takes the constants {names}, not {", ".join(sorted(unknown))}')
        rest = self.constants[len(constants) :]
        return constants + tuple((self.defaults | named)[name] for name in rest)


def _parameters(function: Formula) -> tuple[str, ...]:
    """The names of a function's positional parameters."""
    code = function.__code__
    return code.co_varnames[: code.co_argcount]


def _is_variadic(function: Formula) -> bool:
    return bool(function.__code__.co_flags & 0x04)  # inspect.CO_VARARGS


class Interpreter:
    """One way to read the formulas: a namespace with a function for every row, which they call `o`.

    Args:
        name: what it is called.
        spell: Row or Family -> the function that stands for it here.

    Attributes:
        functions: the namespace; a module, since that is where Python looks names up fastest.
    """

    def __init__(self, name: str, spell: Callable[[Any], Formula]):
        self.functions: Any = ModuleType(name)
        self._spell = spell
        for entry in TABLE.values():
            self.learn(entry)
        for f in COMPOSITIONS.values():
            self.compose(f)
        INTERPRETERS.append(self)

    def learn(self, entry: Row | Family) -> None:
        """Spell one more entry of the table."""
        setattr(self.functions, entry.name, self._spell(entry))

    def compose(self, f: Formula) -> None:
        """Read one more composition."""
        setattr(self.functions, f.__name__, partial(f, self.functions))


TABLE: dict[str, Row | Family] = {}
COMPOSITIONS: dict[str, Formula] = {}
OURS: set[str] = set()  # the names that users' rows cannot take; a row of their own they may replace
INTERPRETERS: list[Interpreter] = []


def on_lists(entry: Row | Family, call: Formula) -> Formula:
    """How a program calls an operation: with its arguments, or with its lists of arguments."""
    lists = entry.lists if isinstance(entry, Row) else 0
    if lists == 0:
        return call
    if lists == 1:
        return lambda xs: call(*xs)
    return lambda xs, ys: call(*_of_one_length(entry.name, list(xs), list(ys)))


def spelling(apply: Formula) -> Callable[[Row | Family], Formula]:
    """How an interpreter spells entries of the table that it reads all in one way.

    Args:
        apply: (row, x, …) -> the row of these arguments.
    """

    def spell(entry: Row | Family) -> Formula:
        if isinstance(entry, Row):
            return on_lists(entry, partial(apply, entry))
        return lambda x, *constants, **named: apply(entry(*constants, **named), x)

    return spell


def _of_one_length(name: str, xs: list[Any], ys: list[Any]) -> list[Any]:
    if len(xs) != len(ys):
        raise ShapeError(f'{name} pairs the numbers of two lists, and these have {len(xs)} and {len(ys)}')
    return xs + ys


FLOATS = Interpreter('floats', lambda entry: on_lists(entry, entry.forward)).functions


def register(entry: Row | Family) -> None:
    """Add an operation to the table and to every interpreter."""
    TABLE[entry.name] = entry
    for interpreter in INTERPRETERS:
        interpreter.learn(entry)


def row(name: str, **facts: Any) -> Row:
    """Add a row to the table: its name, and the facts that `Row` has fields for."""
    if name in OURS:
        raise ValueError(f'an operation named {name!r} is in the table already; give yours another name')
    if not name.isidentifier() or iskeyword(name):
        raise ValueError(f'{name!r} is not a Python name, so no program could call the operation')
    entry = Row(name, **facts)
    register(entry)
    return entry


def family(*examples: tuple[float, ...], forward: Formula | None = None) -> Callable[[Callable[..., Row]], Family]:
    """Add the family of the rows that the decorated function makes; see `Family`."""

    def decorate(make: Callable[..., Row]) -> Family:
        entry = Family(make, forward, examples)
        register(entry)
        return entry

    return decorate


def composition(f: Formula) -> Formula:
    """Several nodes made at once; not an operation of its own."""
    COMPOSITIONS[f.__name__] = f
    for interpreter in INTERPRETERS:
        interpreter.compose(f)
    return f


def rows() -> Iterator[Row]:
    """Every row of the table, families at their examples."""
    for entry in TABLE.values():
        if isinstance(entry, Row):
            yield entry
        else:
            yield from (entry(*constants) for constants in entry.examples)
