"""What an expression means, said a second time: by walking Python's own syntax tree with plain floats."""

import ast
import math
import operator
from collections.abc import Callable
from typing import Any

from micrograd.expression import CONSTANTS
from micrograd.primitives import FLOATS

BINARY: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: lambda x, y: FLOATS.div(x, y),
    ast.Pow: lambda x, y: FLOATS.pow(x, y),
}
COMPARISONS: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
DEFAULTS: dict[str, dict[str, float]] = {  # of the constants that an operation carries
    'power': {'exponent': math.nan},  # it has none, and is given always
    'clamp': {'lo': -math.inf, 'hi': math.inf},
    'leaky_relu': {'slope': 0.01},
    'elu': {'alpha': 1.0},
}
LISTS = frozenset({'sum', 'mean', 'max', 'min', 'norm', 'select', 'logsumexp', 'softmax', 'log_softmax'})


def meaning(node: ast.AST, numbers: dict[str, float]) -> Any:
    """The number, the truth or the list that a tree stands for. The tree is one that `parse` accepts.

    Args:
        node: the tree.
        numbers: variable -> its number.

    Raises:
        ShapeError: lists differ in length, or one is empty that should not be.
        RecursionError: the tree is too deep for this walk.
    """

    def of(part: ast.AST) -> Any:
        return meaning(part, numbers)

    def number(part: ast.AST) -> float:
        return float(of(part))

    match node:
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.Name(id=name):
            return CONSTANTS[name] if name in CONSTANTS else numbers[name]
        case ast.List(elts=parts) | ast.Tuple(elts=parts):
            return [number(part) for part in parts]
        case ast.UnaryOp(op=ast.Not(), operand=part):
            return not of(part)
        case ast.UnaryOp(op=ast.USub(), operand=part):
            return -number(part)
        case ast.UnaryOp(op=ast.UAdd(), operand=part):
            return number(part)
        case ast.BinOp(left=left, op=op, right=right):
            return BINARY[type(op)](number(left), number(right))
        case ast.BoolOp(op=op, values=parts):
            return (all if isinstance(op, ast.And) else any)([of(part) for part in parts])
        case ast.Compare(left=left, ops=ops, comparators=others):
            xs = [number(part) for part in (left, *others)]
            return all(COMPARISONS[type(op)](x, y) for op, x, y in zip(ops, xs, xs[1:], strict=False))
        case ast.IfExp(test=test, body=body, orelse=other):
            then, otherwise = number(body), number(other)  # both, as a graph has both
            return then if of(test) else otherwise
        case ast.Call(func=ast.Name(id=name), args=parts, keywords=keywords):
            return _call(name, [of(part) for part in parts], {str(k.arg): number(k.value) for k in keywords})
    raise AssertionError(f'parse accepted {ast.dump(node)}')


def _call(name: str, given: list[Any], named: dict[str, float]) -> Any:
    arguments = [x if isinstance(x, list) else float(x) for x in given]
    if name in LISTS and len(arguments) > 1:
        arguments = [arguments]
    if name in DEFAULTS:
        x, *constants = arguments
        names = list(DEFAULTS[name])
        arguments = [x, *(DEFAULTS[name] | dict(zip(names, constants, strict=False)) | named).values()]
    return getattr(FLOATS, name)(*arguments)
