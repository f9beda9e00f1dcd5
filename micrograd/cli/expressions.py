"""`micrograd draw`, `check`, `ops` and `compile`: what one expression is, in pictures and numbers."""

from __future__ import annotations

from math import isfinite
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any

from micrograd import reference
from micrograd.cli.words import DONE, FAILED, UsageError, add_command
from micrograd.columns import aligned, at_the_point
from micrograd.engine import Value
from micrograd.errors import ExpressionError
from micrograd.expression import SEE_OPS, assignments, near, parse
from micrograd.primitives import COMPOSITIONS, TABLE

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from micrograd.expression import Expression
    from micrograd.gradcheck import Entry, GradCheck

LONGEST_NAME = 40  # characters of an expression at the head of a line of numbers

EXPRESSIONS = """

An expression is written as in Python: numbers, pi, e, inf, nan, variables, + - * / **,
comparisons, and, or, not, `a if c else b`, and every operation that `micrograd ops`
shows. Quote it, so that the shell leaves it alone.
"""
DRAW_EXAMPLES = """examples:
  micrograd draw 'tanh(w*x + b)' w=-3 x=2 b=6.88 -o neuron.svg
  micrograd draw 'tanh(w*x + b)' w=-3 x=2 b=6.88 --open
  micrograd draw '-log(sigmoid(x))' x=0.5
  micrograd draw 'where(x > 0, x, 0.1*x)' x=-1 -o gate.html
  micrograd draw 'dot([w0, w1], [x0, x1]) + b' w0=1 w1=-2 x0=0.5 x1=pi/2 b=1 -o sum.png
"""
CHECK_EXAMPLES = """examples:
  micrograd check 'tanh(w*x + b)' w=-3 x=2 b=6.88
  micrograd check 'x**2 if x > 0 else exp(x)' x=-1
"""
OPS_EXAMPLES = """examples:
  micrograd ops
  micrograd ops sigmoid
  micrograd ops '**'
"""
COMPILE_EXAMPLES = """examples:
  micrograd compile
  micrograd compile --show
  micrograd compile '(tanh(w*x + b) - y)**2' w=-3 b=6.88 --show
"""


def add_to(commands: Any) -> None:
    """Describe these commands."""
    _add_draw(commands)
    _add_check(commands)
    _add_ops(commands)
    _add_compile(commands)


def _add_draw(commands: Any) -> None:
    about = 'compute an expression and its gradients, and show the graph as a tree, a picture or a page'
    command = add_command(commands, 'draw', about, DRAW_EXAMPLES, EXPRESSIONS)
    _add_expression(command)
    command.add_argument(
        '-o', '--output', metavar='FILE', help='save a picture: .svg, .png, .pdf or .dot; or a page: .html'
    )
    command.add_argument('--open', action='store_true', help='explore the graph in the browser, step by step')
    command.set_defaults(run=_draw)


def _add_check(commands: Any) -> None:
    about = 'compare the gradients of an expression with central differences'
    command = add_command(commands, 'check', about, CHECK_EXAMPLES, EXPRESSIONS)
    _add_expression(command)
    command.set_defaults(run=_check)


def _add_expression(command: Any) -> None:
    values = 'the value of each variable, such as w=-3 or x=pi/2'
    command.add_argument('expression', metavar='EXPRESSION', help="such as 'tanh(w*x + b)'")
    command.add_argument('assignments', metavar='NAME=NUMBER', nargs='*', default=[], help=values)


def _add_ops(commands: Any) -> None:
    command = add_command(commands, 'ops', 'show the operations, their values and local derivatives', OPS_EXAMPLES)
    command.add_argument('name', metavar='NAME', nargs='?', help='only this one, in detail')
    command.set_defaults(run=_ops)


def _add_compile(commands: Any) -> None:
    about = 'show how a cost and its gradients become a few instructions on blocks of examples'
    more = """

Variables that are given a number are parameters; the others are inputs, with a
number for each example. Without an expression it is the cost of a network of 2, 16, 16
and 1 neurons that tells two moons apart.
"""
    command = add_command(commands, 'compile', about, COMPILE_EXAMPLES, more + EXPRESSIONS)
    command.add_argument('expression', metavar='EXPRESSION', nargs='?', help="such as '(w*x + b - y)**2'")
    command.add_argument(
        'assignments', metavar='NAME=NUMBER', nargs='*', default=[], help='the parameters, such as w=-3'
    )
    command.add_argument('--show', action='store_true', help='the program after each pass of the compiler')
    command.set_defaults(run=_compile)


def _draw(words: argparse.Namespace) -> int:
    expression = parse(words.expression)
    leaves = {name: Value(number, label=name) for name, number in assignments(words.assignments).items()}
    result = expression(**leaves)
    result.backward()
    print(_gradients(expression, leaves, result))
    if words.output is None and not words.open:
        from micrograd.render.text import tree  # which loads Graphviz

        print(f'\n{tree(result)}\n\nfor a picture of it, add: -o graph.svg\nto explore it in the browser, add: --open')
    saved = _saved(result, expression.text, words.output)
    if words.open:
        _open(result, expression.text, saved)
    return DONE


def _saved(result: Value, title: str, output: str | None) -> Path | None:
    if output is None:
        return None
    from micrograd.render import draw

    path = draw(result, title=title).save(output)
    print(f'\nsaved {path}')
    return path


def _open(result: Value, title: str, saved: Path | None) -> None:
    """Show the page in the browser: the one that was saved, if it was one."""
    import webbrowser

    from micrograd.render.explorer import explore

    if saved is None or saved.suffix.lower() != '.html':
        print(f'\nopened {explore(result, title=title).open()}')
        return
    webbrowser.open(saved.resolve().as_uri())
    print(f'opened {saved}')


def _gradients(expression: Expression, leaves: dict[str, Value], result: Value) -> str:
    values = [*(leaves[name] for name in expression.variables), result]
    return aligned(
        [
            ('', 'value', 'gradient'),
            *zip(
                [*expression.variables, shorten(expression.text, LONGEST_NAME, placeholder=' …')],
                at_the_point(v.data for v in values),
                at_the_point(v.grad for v in values),
                strict=True,
            ),
        ]
    )


def _check(words: argparse.Namespace) -> int:
    from micrograd.gradcheck import gradcheck

    expression = parse(words.expression)
    numbers = assignments(words.assignments)
    expression(**numbers)  # which says what is missing
    for name, number in numbers.items():
        if not isfinite(number):
            raise ExpressionError(f'{name} is {number}, and there is nothing near to compare with', expression.text)
    if not numbers:
        raise ExpressionError(f'{expression.text!r:.60} has no variable, so there is no gradient', expression.text)
    names = expression.variables
    report = gradcheck(lambda *xs: expression(**dict(zip(names, xs, strict=True))), [numbers[name] for name in names])
    print(_comparison(names, report))
    return DONE if report else FAILED


def _comparison(names: Sequence[str], report: GradCheck) -> str:
    entries = report.entries
    differing = [entry for entry in entries if not entry.agrees]
    table = aligned(
        [
            ('', 'gradient', 'central difference', 'difference', 'tolerance', ''),
            *zip(
                names,
                at_the_point((entry.analytic for entry in entries), precision=10),
                at_the_point((entry.numeric for entry in entries), precision=10),
                (f'{abs(entry.analytic - entry.numeric):.1e}' for entry in entries),
                (f'{entry.tolerance:.1e}' for entry in entries),
                (_verdict(entry) for entry in entries),
                strict=True,
            ),
        ]
    )
    if differing:
        return f'{table}\n\n{len(differing)} of {len(entries)} differ; {_excuse(differing)}'
    return table


def _excuse(differing: Sequence[Entry]) -> str:
    """Where a gradient may be right although it differs."""
    if all(isfinite(entry.numeric) for entry in differing):
        return 'at a jump, such as that of floor(x) at 1, they may'
    return 'where the expression is not finite, or not on both sides, as sqrt(x) at 0, there is nothing to compare with'


def _verdict(entry: Entry) -> str:
    agreement = 'agrees' if entry.agrees else 'DIFFERS'
    return f'{agreement}, at a kink: from {entry.left:.4g} to {entry.right:.4g}' if entry.kink else agreement


def _ops(words: argparse.Namespace) -> int:
    if words.name is None:
        print(reference.table())
        print('\nfor more of one of them: micrograd ops NAME')
        return DONE
    names = {op.row.symbol: op.row.name for op in reference.operations()}
    names |= {name: name for name in (*TABLE, *COMPOSITIONS)}
    if words.name not in names:
        raise UsageError(f'there is no operation {words.name!r:.40}{near(words.name, names) or SEE_OPS}')
    print(reference.details(names[words.name]))
    return DONE


def _compile(words: argparse.Namespace) -> int:
    from micrograd.compiler.walkthrough import passes  # which needs NumPy

    shown = passes(*_cost(words))
    for title, text in shown if words.show else shown[-2:]:
        print(f'{title}\n{text}\n')
    if not words.show:
        print('for the program after each pass, add: --show')
    return DONE


def _cost(words: argparse.Namespace) -> tuple[Callable[..., Any], list[Any]]:
    """The function that is compiled, and its arguments: one number of the example each."""
    from micrograd.compiler.trace import Input
    from micrograd.compiler.walkthrough import moons

    if words.expression is None:
        return moons()
    expression = parse(words.expression)
    parameters = {name: Value(number, label=name) for name, number in assignments(words.assignments).items()}
    inputs = [name for name in expression.variables if name not in parameters]
    return lambda *xs: expression(**parameters, **dict(zip(inputs, xs, strict=True))), [
        Input(i) for i in range(len(inputs))
    ]
