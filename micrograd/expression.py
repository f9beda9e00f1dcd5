"""An expression in a text -> a function that builds its graph: `tanh(w*x + b)`, read safely.

Python's own parser makes a syntax tree of the text, and nothing of it is ever run as Python: every node of the tree is
looked up here. What is no number, variable, operator, comparison, choice or call of an operation of the table is an
error that says where. Operators between plain numbers give plain numbers, as in Python; everything else makes nodes.

The tree becomes a list of steps in Polish notation, operation first, operands behind: read from its end, each step
takes its operands from a stack and puts its result there. So none is too deep to be evaluated.
"""

from __future__ import annotations

import ast
import re
import warnings
from difflib import get_close_matches
from functools import partial, reduce
from keyword import iskeyword
from math import e, inf, isinf, nan, pi
from operator import and_, invert, or_
from typing import TYPE_CHECKING, Any
from unicodedata import normalize

from micrograd.engine import Value
from micrograd.errors import ExpressionError, ShapeError
from micrograd.operations import VALUES
from micrograd.operators import apply
from micrograd.primitives import COMPOSITIONS, FLOATS, TABLE, Family
from micrograd.scalars import Condition

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Literal

    Kind = Literal['number', 'condition', 'list', 'constant']  # what a part is, and what is needed in its place
    Step = tuple[str | Callable[..., Any], int]  # a variable's name, or a function and the number of its operands
    Reading = tuple[str | Callable[..., Any], list[tuple[ast.expr, Kind]]]  # a step, its operands still to be read

MAX_LENGTH = 10_000  # characters
FEW = 5  # names that a message lists …
LONGEST_NAME = 40  # … and what it shows of each, in characters
SEE_OPS = '; micrograd ops shows those there are'
CONSTANTS = {'pi': pi, 'e': e, 'inf': inf, 'nan': nan}

ACCEPTED: dict[Kind, set[Kind]] = {
    'number': {'number', 'condition', 'constant'},
    'condition': {'condition'},
    'list': {'list'},
    'constant': {'constant'},
}
NEEDED: dict[Kind, str] = {
    'number': 'one number is needed here, not a list',
    'condition': 'a comparison is needed here, such as x > 0',
    'list': 'a list is needed here, such as [x, y]',
    'constant': 'a plain number is needed here: what an operation carries with it depends on no variable',
}
REFUSED: dict[type[ast.AST], str] = {
    ast.BitXor: '^ is no operator here; a power is x**2',
    ast.FloorDiv: '// is no operator here; write floor(x / y)',
    ast.Mod: '% is no operator here; write x - y * floor(x / y)',
    ast.BitAnd: '& is no operator here; comparisons are joined by and',
    ast.BitOr: '| is no operator here; comparisons are joined by or',
    ast.Invert: '~ is no operator here; a comparison is turned round by not',
    ast.MatMult: '@ is no operator here; write dot([a, b], [c, d])',
    ast.Attribute: 'there are no dots behind names here; write sin(x) for math.sin(x) and for x.sin()',
    ast.Subscript: 'there are no indices here; give each number a name of its own: x0, x1',
    ast.NamedExpr: 'nothing can be assigned inside an expression',
    ast.Starred: 'arguments are written one by one here, without *',
    ast.Lambda: 'functions cannot be defined here',
}
TOO_LARGE = 'the number is beyond the largest float, 1.8e308; infinity is written inf'
IN_OTHER_WORDS = {
    'invalid decimal literal': 'a number runs into a name; a product is written with *',
    'Exceeds the limit': TOO_LARGE,
}


class Expression:
    """An expression that was read: a function of its variables.

    Args:
        text: the expression.
        variables: name -> column of its first appearance.
        steps: what to do, in Polish notation.

    >>> neuron = parse('tanh(w*x + b)')
    >>> neuron.variables
    ('w', 'x', 'b')
    >>> neuron(w=-3.0, x=2.0, b=6.0)
    Value(data=0.0, grad=0.0)
    """

    def __init__(self, text: str, variables: dict[str, int], steps: list[Step]):
        self.text = text
        self.variables = tuple(variables)
        self._columns = variables
        self._steps = steps

    def __call__(self, /, **numbers: float | Value) -> Value:
        """Build the graph of the expression.

        Args:
            numbers: for each variable a number, which becomes a leaf labelled with its name, or a Value.

        Returns:
            The result; of a comparison 1.0 or 0.0.

        Raises:
            ExpressionError: a variable has no number, or a number no variable.
            ShapeError: lists that should be of one length are not, or one that should not be is empty.
        """
        self._check(numbers)
        leaves = {name: x if isinstance(x, Value) else Value(x, label=name) for name, x in numbers.items()}
        result = _run(self._steps, leaves)
        if isinstance(result, Condition):
            result = result.flag
        return result if isinstance(result, Value) else Value(result)

    def _check(self, numbers: dict[str, Any]) -> None:
        unused = [name for name in numbers if name not in self.variables]
        missing = [name for name in self.variables if name not in numbers]
        if missing:
            raise ExpressionError(
                f'{_listed(missing)} {"has" if len(missing) == 1 else "have"} no value: '
                f'add {" ".join(f"{name:.{LONGEST_NAME}}=…" for name in missing[:FEW])}'
                f'{near(missing[0], [*unused, *CONSTANTS])}',
                self.text,
                self._columns[missing[0]],
            )
        if unused:
            has = f'which has {_listed(self.variables)}' if self.variables else 'which has no variables'
            raise ExpressionError(
                f'{unused[0]:.{LONGEST_NAME}} has a value, but is not in {self.text!r:.60}, {has}', self.text
            )


def parse(text: str) -> Expression:
    """Read an expression.

    Args:
        text: as in Python: numbers, pi, e, inf, nan, variables, `+ - * / **`, comparisons, `and or not`,
            `a if c else b`, and the operations of the table, with a list where they take one: sum([x, y]) or sum(x, y).

    Raises:
        ExpressionError: it is anything else.

    >>> parse('relu(x) * 2 if x < 1 else -x**2')(x=3.0)
    Value(data=-9.0, grad=0.0)
    >>> parse('2 * Tanh(x)')
    Traceback (most recent call last):
        ...
    micrograd.errors.ExpressionError: there is no function 'Tanh'; did you mean tanh, tan or atan? (column 5: 'Tanh(x)')
    """
    text = _on_one_line(text)
    reader = _Reader(text)
    steps = reader.steps(_tree(text), 'number')
    return Expression(text, reader.variables, steps)


def assignments(texts: Iterable[str]) -> dict[str, float]:
    """Read the numbers for an expression's variables.

    Args:
        texts: of the form `x=-3`; on the right there may be an expression without variables, such as pi/2.

    Raises:
        ExpressionError: one is of another form, or two are for one variable.

    >>> assignments(['x=-3', 'angle=pi/2'])
    {'x': -3.0, 'angle': 1.5707963267948966}
    """
    numbers: dict[str, float] = {}
    for text in texts:
        name, number = _assignment(text)
        if name in numbers:
            raise ExpressionError(f'{name:.{LONGEST_NAME}} has two values; give it one', text, 0)
        numbers[name] = number
    return numbers


def _assignment(text: str) -> tuple[str, float]:
    name, _, number = (part.strip() for part in text.partition('='))
    if not number or not name.isidentifier() or iskeyword(name):
        raise ExpressionError('a variable gets its value as in x=2', text, 0)
    name = normalize('NFKC', name)  # as Python does with names, and only with names: 3² is not 32
    if name in CONSTANTS:
        raise ExpressionError(f'{name} is a constant, {CONSTANTS[name]}; give your variable another name', text, 0)
    if _is_function(name):
        raise ExpressionError(f'{name} is a function; give your variable another name', text, 0)
    expression, behind = parse(number), text.index('=') + 1
    if expression.variables:
        problem = f'the value of {name:.{LONGEST_NAME}} is a number, such as -0.5 or pi/2'
        raise ExpressionError(problem, text, behind)
    try:
        return name, expression().data
    except ShapeError as error:
        raise ExpressionError(str(error), text, behind) from None


def _on_one_line(text: str) -> str:
    """The lines of an expression as one; a remark ends with its line, and nothing that follows becomes part of it."""
    *lines, last = re.split(r'[\r\n]', text)
    return ' '.join(' '.join([*(line.partition('#')[0] for line in lines), last]).split())


def _tree(text: str) -> ast.expr:
    if not text:
        raise ExpressionError('there is no expression; write one such as tanh(w*x + b)', text)
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f'an expression may have {MAX_LENGTH:,} characters, and this one has {len(text):,}', text)
    for column, character in enumerate(text):
        if not character.isprintable():
            raise ExpressionError('no expression has a character that cannot be printed', text, column)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # what Python would warn of is an error further on, or plain: 1or 2
            return ast.parse(text, mode='eval').body
    except SyntaxError as error:
        column = min(max((error.offset or 1) - 1, 0), len(text))
        raise ExpressionError(_in_other_words(error.msg), text, column) from None
    except (RecursionError, MemoryError):
        raise ExpressionError('the expression is nested too deeply to be read', text) from None


def _in_other_words(problem: str) -> str:
    """What Python says of a text it cannot read, said better where a learner is likely to meet it."""
    return next((words for start, words in IN_OTHER_WORDS.items() if problem.startswith(start)), problem)


def _run(steps: list[Step], leaves: dict[str, Value]) -> Any:
    stack: list[Any] = []
    for function, count in reversed(steps):
        operands = [stack.pop() for _ in range(count)]
        stack.append(leaves[function] if isinstance(function, str) else function(*operands))
    return stack.pop()


class _Reader:
    """Reads a syntax tree into steps, the leftmost part first, and collects the variables that it meets."""

    def __init__(self, text: str):
        self.text = text
        self.variables: dict[str, int] = {}

    def steps(self, tree: ast.expr, needed: Kind) -> list[Step]:
        """The steps of an expression that stands where a certain kind of thing is needed."""
        steps: list[Step] = []
        waiting = [(tree, needed)]
        while waiting:
            node, needed = waiting.pop()
            function, operands = self._read(node, needed)
            steps.append((function, len(operands)))
            waiting.extend(reversed(operands))
        return steps

    def _read(self, node: ast.expr, needed: Kind) -> Reading:
        read = _READERS.get(type(node))
        if read is None:
            raise self._error(node, REFUSED.get(type(node), 'this is no part of an expression'))
        return read(self, node, needed)

    def _column(self, node: ast.expr) -> int:
        return len(self.text.encode()[: node.col_offset].decode())  # Python counts bytes

    def _error(self, node: ast.expr, problem: str) -> ExpressionError:
        return ExpressionError(problem, self.text, self._column(node))

    def _check(self, node: ast.expr, kind: Kind, needed: Kind) -> None:
        if kind not in ACCEPTED[needed]:
            raise self._error(node, NEEDED[needed])

    def _literal(self, node: ast.Constant, needed: Kind) -> Reading:
        if type(node.value) not in (int, float):
            raise self._error(node, f'an expression is made of real numbers, and this is {_kind_of(node.value)}')
        self._check(node, 'constant', needed)
        try:
            number = float(node.value)  # type: ignore[arg-type]  # see above
        except OverflowError:
            number = inf
        if isinf(number):
            raise self._error(node, TOO_LARGE)
        return lambda: number, []

    def _name(self, node: ast.Name, needed: Kind) -> Reading:
        name = node.id
        if _is_function(name):
            raise self._error(node, f'{name} is a function; call it: {name}(…)')
        if name in CONSTANTS:
            self._check(node, 'constant', needed)
            return lambda: CONSTANTS[name], []
        self._check(node, 'number', needed)
        if name not in self.variables:
            self.variables[name] = self._column(node)
        return name, []

    def _unary(self, node: ast.UnaryOp, needed: Kind) -> Reading:
        if isinstance(node.op, ast.Not):
            self._check(node, 'condition', needed)
            return invert, [(node.operand, 'condition')]
        return self._operation(node, needed, node.operand)

    def _binary(self, node: ast.BinOp, needed: Kind) -> Reading:
        return self._operation(node, needed, node.left, node.right)

    def _operation(self, node: ast.UnaryOp | ast.BinOp, needed: Kind, *operands: ast.expr) -> Reading:
        function = OPERATORS.get(type(node.op))
        if function is None:
            raise self._error(node, REFUSED.get(type(node.op), 'the operators here are + - * / **'))
        kind: Kind = 'constant' if needed == 'constant' else 'number'
        self._check(node, kind, needed)
        return function, [(operand, kind) for operand in operands]

    def _logic(self, node: ast.BoolOp, needed: Kind) -> Reading:
        self._check(node, 'condition', needed)
        join = and_ if isinstance(node.op, ast.And) else or_
        return lambda *conditions: reduce(join, conditions), [(part, 'condition') for part in node.values]

    def _comparison(self, node: ast.Compare, needed: Kind) -> Reading:
        self._check(node, 'condition', needed)
        if not all(type(op) in COMPARISONS for op in node.ops):
            raise self._error(node, 'the comparisons here are < <= > >= == !=')
        functions = [COMPARISONS[type(op)] for op in node.ops]
        return partial(_compare, functions), [(part, 'number') for part in (node.left, *node.comparators)]

    def _choice(self, node: ast.IfExp, needed: Kind) -> Reading:
        self._check(node, 'number', needed)
        parts: list[tuple[ast.expr, Kind]] = [(node.body, 'number'), (node.test, 'condition'), (node.orelse, 'number')]
        return lambda x, condition, y: VALUES.where(condition, x, y), parts

    def _list(self, node: ast.List | ast.Tuple, needed: Kind) -> Reading:
        self._check(node, 'list', needed)
        return lambda *xs: list(xs), [(x, 'number') for x in node.elts]

    def _call(self, node: ast.Call, needed: Kind) -> Reading:
        name = self._called(node)
        takes, gives = _signature(name)
        self._check(node, gives, needed)
        if isinstance(family := TABLE.get(name), Family):
            return self._call_with_constants(node, family)
        if node.keywords:
            raise self._error(node, f'{name} takes no argument by name')
        function, count = getattr(VALUES, name), len(node.args)
        if takes == ['list'] and count > 1:
            return lambda *xs: function(list(xs)), [(x, 'number') for x in node.args]
        if count != len(takes):
            raise self._error(node, f'{name} takes {_counted(len(takes), takes[0])}, and here it has {count}')
        return function, list(zip(node.args, takes, strict=True))

    def _called(self, node: ast.Call) -> str:
        if not isinstance(node.func, ast.Name):
            problem = 'only functions have arguments; a product is written with *'
            raise self._error(node, REFUSED[ast.Attribute] if isinstance(node.func, ast.Attribute) else problem)
        name = node.func.id
        if not _is_function(name):
            hint = near(name, [*TABLE, *COMPOSITIONS]) or f'{SEE_OPS}; a product is written with *'
            raise self._error(node, f'there is no function {name!r:.40}{hint}')
        return name

    def _call_with_constants(self, node: ast.Call, family: Family) -> Reading:
        constants = [self._constant(constant) for constant in node.args[1:]]
        named = {str(keyword.arg): self._constant(keyword.value) for keyword in node.keywords}
        try:
            row = family(*constants, **named)
        except (TypeError, KeyError):
            row = None
        except ValueError as error:
            raise self._error(node, str(error)) from None
        if row is None or not node.args:
            raise self._error(node, f'{family.name} takes one number, and as constants {_listed(family.constants)}')
        return partial(apply, Value, row), [(node.args[0], 'number')]

    def _constant(self, node: ast.expr) -> float:
        number: float = _run(self.steps(node, 'constant'), {})
        return _whole(number)


_READERS: dict[type[ast.expr], Callable[[_Reader, Any, Kind], Reading]] = {
    ast.Constant: _Reader._literal,
    ast.Name: _Reader._name,
    ast.UnaryOp: _Reader._unary,
    ast.BinOp: _Reader._binary,
    ast.BoolOp: _Reader._logic,
    ast.Compare: _Reader._comparison,
    ast.IfExp: _Reader._choice,
    ast.List: _Reader._list,
    ast.Tuple: _Reader._list,
    ast.Call: _Reader._call,
}


def _signature(name: str) -> tuple[list[Kind], Kind]:
    """What a function takes, and what it gives."""
    if name in COMPOSITIONS:
        return ['list'], 'list' if isinstance(getattr(FLOATS, name)([0.0]), list) else 'number'
    entry = TABLE[name]
    if isinstance(entry, Family):
        return ['number'], 'number'
    takes: list[Kind] = ['list'] * entry.lists if entry.lists else ['number'] * (entry.arity or 0)
    return takes, 'condition' if entry.condition else 'number'


# What the operators do ------------------------------------------------------------------------------------------------


def _operate(name: str, *operands: Any) -> Any:
    """An operation of the table, on plain numbers without a node."""
    o = FLOATS if all(isinstance(x, float) for x in operands) else VALUES
    return getattr(o, name)(*operands)


def _power(x: Any, y: Any) -> Any:
    """One node with one parent where the exponent is a plain number."""
    if isinstance(y, float) and not isinstance(x, float):
        return VALUES.power(x, _whole(y))
    return _operate('pow', x, y)


def _whole(x: float) -> float:
    """As an int where that is the same, so that a picture shows **2 and not **2.0."""
    return int(x) if x.is_integer() and abs(x) < 1e15 else x


def _compare(functions: list[Callable[[Any, Any], Condition]], *numbers: Any) -> Condition:
    """A < b <= c is a < b and b <= c."""
    return reduce(and_, (compare(x, y) for compare, x, y in zip(functions, numbers, numbers[1:], strict=False)))


OPERATORS: dict[type[ast.AST], Callable[..., Any]] = {
    ast.Add: partial(_operate, 'add'),
    ast.Sub: partial(_operate, 'sub'),
    ast.Mult: partial(_operate, 'mul'),
    ast.Div: partial(_operate, 'div'),
    ast.Pow: _power,
    ast.USub: partial(_operate, 'neg'),
    ast.UAdd: lambda x: x,
}
COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Condition]] = {
    ast.Lt: lambda x, y: VALUES.less(x, y),
    ast.LtE: lambda x, y: VALUES.less_equal(x, y),
    ast.Gt: lambda x, y: VALUES.less(y, x),
    ast.GtE: lambda x, y: VALUES.less_equal(y, x),
    ast.Eq: lambda x, y: VALUES.equal(x, y),
    ast.NotEq: lambda x, y: ~VALUES.equal(x, y),
}


# What the messages need -----------------------------------------------------------------------------------------------


def _is_function(name: str) -> bool:
    return name in TABLE or name in COMPOSITIONS


def _kind_of(x: Any) -> str:
    return {str: 'a text', bytes: 'a text', complex: 'a complex one'}.get(type(x), repr(x))


def _counted(count: int, kind: Kind) -> str:
    return f'{count} {kind}{"" if count == 1 else "s"}'


def _listed(names: Sequence[str], word: str = 'and') -> str:
    """Names as a sentence has them: the first few, and how many more there are."""
    shown = [f'{name:.{LONGEST_NAME}}' for name in names[:FEW]]
    *first, last = shown if len(names) <= FEW else [*shown, f'{len(names) - FEW} more']
    return f'{", ".join(first)} {word} {last}' if first else last


def near(name: str, candidates: Iterable[str]) -> str:
    """What may have been meant by a name that is unknown, as the end of a message.

    >>> near('sigmod', ['relu', 'sigmoid'])
    '; did you mean sigmoid?'
    """
    spellings = {candidate.lower(): candidate for candidate in candidates}
    matches = [spellings[spelling] for spelling in get_close_matches(name.lower(), spellings)]
    return f'; did you mean {_listed(matches, "or")}?' if matches else ''
