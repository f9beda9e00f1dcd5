"""The command line: `micrograd draw`, `check`, `ops`, `compile`, `demo`, `digits`, `train` and `predict`.

Exit codes: 0 done; 1 a check failed, or the work could not be done; 2 the command was not understood.
"""

from __future__ import annotations

import argparse
import codecs
import io
import os
import re
import sys
from math import isfinite, nan
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any, NoReturn

from micrograd import __version__, reference
from micrograd.columns import aligned, at_the_point
from micrograd.engine import Value
from micrograd.errors import DataError, ExpressionError, MicrogradError
from micrograd.expression import SEE_OPS, assignments, near, parse
from micrograd.initialisation import INITIALISATIONS
from micrograd.primitives import COMPOSITIONS, TABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from micrograd.expression import Expression
    from micrograd.gradcheck import Entry, GradCheck

DONE, FAILED, MISUSED = 0, 1, 2
INTERRUPTED = 128 + 2  # what a shell reports of a process that SIGINT ended …
PIPE_CLOSED = 128 + 13  # … and SIGPIPE

PLAIN = 'micrograd.plain'  # the name of what writes letters that a terminal lacks
STAND_INS = dict(zip('├└│─−×·→↑…₀₁₂₃₄₅₆₇₈₉', '|`|--*.>^~0123456789', strict=True))

SEE_DATA = 'Right: --data and the folder with the files of MNIST; without --data it takes the digits of scikit-learn'
LONGEST_NAME = 40  # characters of an expression at the head of a line of numbers

EXPRESSIONS = """

An expression is written as in Python: numbers, pi, e, inf, nan, variables, + - * / **,
comparisons, and, or, not, `a if c else b`, and every operation that `micrograd ops`
shows. Quote it, so that the shell leaves it alone.
"""
EXAMPLES = """examples:
  micrograd draw 'tanh(w*x + b)' w=-3 x=2 b=6.88 -o neuron.svg
  micrograd draw 'tanh(w*x + b)' w=-3 x=2 b=6.88 --open
  micrograd check 'tanh(w*x + b)' w=-3 x=2 b=6.88
  micrograd ops sigmoid
  micrograd compile '(tanh(w*x + b) - y)**2' w=-3 b=6.88
  micrograd demo
  micrograd digits
  micrograd train houses.csv --target price --save model.json
  micrograd predict model.json more.csv
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
DEMO_EXAMPLES = """examples:
  micrograd demo
  micrograd demo --out /tmp/moons --seed 3
"""
DIGITS_EXAMPLES = """examples:
  micrograd digits
  micrograd digits --data mnist
  micrograd digits --data mnist --hidden 100 --cost cross-entropy
  micrograd digits --data mnist --hidden 30,30 --epochs 60 --initialisation gaussian
"""
TRAIN_EXAMPLES = """examples:
  micrograd train iris.csv --target species
  micrograd train houses.csv --target price --hidden 32,32 --epochs 100 --save model.json
  micrograd train patients.csv --target stage --task regression --missing mean --ignore name
"""
PREDICT_EXAMPLES = """examples:
  micrograd predict micrograd-train/model.json more.csv
  micrograd predict model.json more.csv --output predictions.csv
"""


class _UsageError(Exception):
    """The command was not understood."""


class _Parser(argparse.ArgumentParser):
    """Leaves it to main() to say what is wrong, in one line."""

    def error(self, message: str) -> NoReturn:
        raise _UsageError(f'{message}; see {self.prog} --help')


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        argv: its words; by default those of the command line.

    Returns:
        The exit code.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        codecs.register_error(PLAIN, _plain)
        sys.stdout.reconfigure(errors=PLAIN)
    try:
        code = _run(sys.argv[1:] if argv is None else list(argv))
        print(end='', flush=True)
    except KeyboardInterrupt:
        code = INTERRUPTED
    except BrokenPipeError:
        _drop_output()
        code = PIPE_CLOSED
    except (_UsageError, ExpressionError) as error:
        code = _report(str(error), MISUSED)
    except MicrogradError as error:
        code = _report(str(error), FAILED)
    except OSError as error:
        code = _report(f'{error.filename}: {error.strerror}' if error.filename else str(error), FAILED)
    _finish_output()
    return code


def _plain(error: UnicodeError) -> tuple[str, int]:
    """What a terminal that has no ├ shows instead; where nothing looks alike, a question mark."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    return ''.join(STAND_INS.get(character, '?') for character in lacking), error.end


def _report(problem: str, code: int) -> int:
    line = ''.join(character if character.isprintable() else '?' for character in ' '.join(problem.split()))
    print(f'micrograd: error: {line}', file=sys.stderr)
    return code


def _finish_output() -> None:
    try:
        print(end='', flush=True)
    except OSError:
        _drop_output()


def _drop_output() -> None:
    """What cannot be written goes nowhere, so that Python does not try it again when it ends, and complain."""
    with open(os.devnull, 'wb') as nothing:
        os.dup2(nothing.fileno(), sys.stdout.fileno())


def _run(argv: list[str]) -> int:
    parser = _parser()
    try:
        words, rest = parser.parse_known_args(_protected(argv))
    except SystemExit:  # after --help and --version
        return DONE
    takes_more = hasattr(words, 'assignments')  # argparse leaves over those that stand behind an option
    unknown = [word for word in rest if word.startswith('-') or not takes_more]
    if unknown:
        parser.error(f'{unknown[0]!r:.60} was not expected')
    if takes_more:
        words.assignments = [*words.assignments, *rest]
    run: Callable[[argparse.Namespace], int] = words.run
    return run(words)


def _protected(argv: list[str]) -> list[str]:
    """An expression may begin with a minus sign; behind a space, argparse does not take it for an option."""
    if argv[:1] not in (['draw'], ['check'], ['compile']):
        return argv
    return [
        f' {word}'
        if re.match('-[^-]', word) and word not in ('-h', '-o') and before not in ('-o', '--output')
        else word
        for before, word in zip(['', *argv], argv, strict=False)
    ]


# The words of a command -----------------------------------------------------------------------------------------------


def _parser() -> _Parser:
    parser = _Parser(
        prog='micrograd',
        description='A scalar autograd framework: every number of a network, its gradient, and pictures of both.',
        **_with_examples(EXAMPLES),
    )
    parser.add_argument('--version', action='version', version=f'micrograd {__version__}')
    parser.set_defaults(run=lambda words: _help(parser))
    commands = parser.add_subparsers(title='commands', metavar='COMMAND')
    _add_draw(commands)
    _add_check(commands)
    _add_ops(commands)
    _add_compile(commands)
    _add_demo(commands)
    _add_digits(commands)
    _add_train(commands)
    _add_predict(commands)
    return parser


def _add(commands: Any, name: str, about: str, examples: str, more: str = '') -> Any:
    description = f'{about[0].upper()}{about[1:]}.{more}'
    return commands.add_parser(name, help=about, description=description, **_with_examples(examples))


def _with_examples(epilog: str) -> dict[str, Any]:
    return {'epilog': epilog, 'formatter_class': argparse.RawDescriptionHelpFormatter}


def _add_draw(commands: Any) -> None:
    about = 'compute an expression and its gradients, and show the graph as a tree, a picture or a page'
    command = _add(commands, 'draw', about, DRAW_EXAMPLES, EXPRESSIONS)
    _add_expression(command)
    command.add_argument(
        '-o', '--output', metavar='FILE', help='save a picture: .svg, .png, .pdf or .dot; or a page: .html'
    )
    command.add_argument('--open', action='store_true', help='explore the graph in the browser, step by step')
    command.set_defaults(run=_draw)


def _add_check(commands: Any) -> None:
    about = 'compare the gradients of an expression with central differences'
    command = _add(commands, 'check', about, CHECK_EXAMPLES, EXPRESSIONS)
    _add_expression(command)
    command.set_defaults(run=_check)


def _add_expression(command: Any) -> None:
    values = 'the value of each variable, such as w=-3 or x=pi/2'
    command.add_argument('expression', metavar='EXPRESSION', help="such as 'tanh(w*x + b)'")
    command.add_argument('assignments', metavar='NAME=NUMBER', nargs='*', default=[], help=values)


def _add_ops(commands: Any) -> None:
    command = _add(commands, 'ops', 'show the operations, their values and local derivatives', OPS_EXAMPLES)
    command.add_argument('name', metavar='NAME', nargs='?', help='only this one, in detail')
    command.set_defaults(run=_ops)


def _add_compile(commands: Any) -> None:
    about = 'show how a cost and its gradients become a few instructions on blocks of examples'
    more = """

Variables that are given a number are parameters; the others are inputs, with a
number for each example. Without an expression it is the cost of a network of 2, 16, 16
and 1 neurons that tells two moons apart.
"""
    command = _add(commands, 'compile', about, COMPILE_EXAMPLES, more + EXPRESSIONS)
    command.add_argument('expression', metavar='EXPRESSION', nargs='?', help="such as '(w*x + b - y)**2'")
    command.add_argument(
        'assignments', metavar='NAME=NUMBER', nargs='*', default=[], help='the parameters, such as w=-3'
    )
    command.add_argument('--show', action='store_true', help='the program after each pass of the compiler')
    command.set_defaults(run=_compile)


def _add_demo(commands: Any) -> None:
    command = _add(commands, 'demo', 'train a small network on two moons, and draw it', DEMO_EXAMPLES)
    command.add_argument('--out', metavar='DIR', default='micrograd-demo', help='where the files go (%(default)s)')
    command.add_argument('--seed', metavar='N', type=int, default=0, help='of every random number (%(default)s)')
    command.set_defaults(run=_demo)


def _add_digits(commands: Any) -> None:
    about = 'train a network to read handwritten digits, and show what it has learnt'
    more = """

Sigmoid neurons, mini-batches and the quadratic cost, as in chapter 1 of Nielsen's book; the
cross-entropy and the better initial weights are those of its chapter 3. After each epoch
it prints how many of the test digits come out right. The book counts epochs from 0, this
from 1. Without --data the digits are the small ones that come with scikit-learn.
"""
    command = _add(commands, 'digits', about, DIGITS_EXAMPLES, more)
    files = (
        'a folder with the files of MNIST, gzipped or not: all four, or those that begin with t10k, of which the '
        'last fifth is for the test'
    )
    command.add_argument('--data', metavar='DIR', help=files)
    sizes = 'how many hidden neurons; 30,20 is two layers of them (30)'
    command.add_argument('--hidden', metavar='N', type=_sizes, default=(30,), help=sizes)
    command.add_argument(
        '--epochs', metavar='N', type=_count, default=30, help='how often each digit is seen (%(default)s)'
    )
    command.add_argument('--batch-size', metavar='N', type=_count, default=10, help='of a mini-batch (%(default)s)')
    rate = 'the learning rate (3.0 with the quadratic cost, 0.5 with the cross-entropy)'
    command.add_argument('--eta', metavar='RATE', type=_rate, help=rate)
    command.add_argument(
        '--cost', choices=['quadratic', 'cross-entropy'], default='quadratic', help='what is made small (%(default)s)'
    )
    command.add_argument('--seed', metavar='N', type=int, default=0, help='of every random number (%(default)s)')
    weights = "(%(default)s); that of the book's chapter 1 is gaussian"
    command.add_argument('--initialisation', choices=[*INITIALISATIONS], default='nielsen', help=weights)
    command.add_argument('--out', metavar='DIR', default='micrograd-digits', help='where the files go (%(default)s)')
    command.set_defaults(run=_digits)


def _add_train(commands: Any) -> None:
    about = 'train a network on a CSV file, and show how good it is'
    more = """

The first line of the file holds the names of the columns. Columns of numbers are
standardised, columns of texts become one-hot. The network is a classifier if the target is
text, or a few different whole numbers, else a regressor. It is tested on rows that it has
not seen. The model file holds all that `micrograd predict` needs.
"""
    command = _add(commands, 'train', about, TRAIN_EXAMPLES, more)
    command.add_argument('file', metavar='FILE', help='a CSV file')
    command.add_argument('--target', metavar='COLUMN', required=True, help='the column to predict')
    sizes = 'how many hidden neurons; 16,16 is two layers of them (16,16)'
    command.add_argument('--hidden', metavar='N', type=_sizes, default=(16, 16), help=sizes)
    command.add_argument(
        '--epochs', metavar='N', type=_count, default=50, help='how often each row is seen (%(default)s)'
    )
    command.add_argument('--batch-size', metavar='N', type=_count, default=16, help='of a mini-batch (%(default)s)')
    command.add_argument(
        '--lr', metavar='RATE', type=_rate, default=0.01, help='the learning rate at the beginning (%(default)s)'
    )
    decay = 'the strength of the weight decay: times the learning rate, by the number of rows (%(default)g)'
    command.add_argument('--lambda', metavar='NUMBER', type=_strength, default=200.0, dest='lmbda', help=decay)
    command.add_argument('--task', choices=['classification', 'regression'], help='(what the target looks like)')
    missing = 'what becomes of a missing cell: it is an error, or becomes the mean of its column (%(default)s)'
    command.add_argument('--missing', choices=['error', 'mean'], default='error', help=missing)
    ignored = 'a column to leave out; for several, say it several times'
    command.add_argument('--ignore', metavar='COLUMN', action='append', default=[], help=ignored)
    command.add_argument(
        '--test', metavar='SHARE', type=_share, default=0.2, help='of the rows that are held out (%(default)s)'
    )
    command.add_argument('--seed', metavar='N', type=int, default=0, help='of every random number (%(default)s)')
    _add_delimiter(command)
    command.add_argument('--out', metavar='DIR', default='micrograd-train', help='where the files go (%(default)s)')
    command.add_argument('--save', metavar='MODEL', help='where the network goes (model.json beside the other files)')
    command.set_defaults(run=_train)


def _add_predict(commands: Any) -> None:
    about = 'predict the target for each row of a CSV file'
    more = """

The columns are found by their names, in any order; those that the network does not know,
the target too, do not matter. It prints CSV: the target and, of a classifier, the
probability that the network gives to this class.
"""
    command = _add(commands, 'predict', about, PREDICT_EXAMPLES, more)
    command.add_argument('model', metavar='MODEL', help='what micrograd train saved')
    command.add_argument('file', metavar='FILE', help='a CSV file')
    command.add_argument('-o', '--output', metavar='FILE', help='write the predictions there, and print nothing')
    _add_delimiter(command)
    command.set_defaults(run=_predict)


def _add_delimiter(command: Any) -> None:
    about = "what stands between two cells: a character such as ';', or the word tab (%(default)s)"
    command.add_argument('--delimiter', metavar='CHARACTER', type=_delimiter, default=',', help=about)


def _count(text: str) -> int:
    if not re.fullmatch('0*[1-9][0-9]{0,17}', text):
        raise argparse.ArgumentTypeError(f'{text!r:.40} is not a whole number above 0')
    return int(text)


def _sizes(text: str) -> tuple[int, ...]:
    return tuple(_count(size.strip()) for size in text.split(','))


def _rate(text: str) -> float:
    try:
        rate = float(text)
    except ValueError:
        rate = nan
    if not (isfinite(rate) and rate > 0):
        raise argparse.ArgumentTypeError(f'{text!r:.40} is not a number above 0')
    return rate


def _strength(text: str) -> float:
    return 0.0 if re.fullmatch(r'0+(\.0*)?', text) else _rate(text)


def _share(text: str) -> float:
    share = _rate(text)
    if share >= 1:
        raise argparse.ArgumentTypeError(f'{text!r:.40} is not between 0 and 1')
    return share


def _delimiter(text: str) -> str:
    if text.lower() == 'tab':
        return '\t'
    if len(text) != 1 or text in '"\r\n':
        raise argparse.ArgumentTypeError(f'{text!r:.40} is not one character that can stand between cells')
    return text


# The commands ---------------------------------------------------------------------------------------------------------


def _help(parser: _Parser) -> int:
    parser.print_help()
    return DONE


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
    differing = sum(not entry.agrees for entry in entries)
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
        return f'{table}\n\n{differing} of {len(entries)} differ; at a jump, such as that of floor(x) at 1, they may'
    return table


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
        raise _UsageError(f'there is no operation {words.name!r:.40}{near(words.name, names) or SEE_OPS}')
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


def _demo(words: argparse.Namespace) -> int:
    from micrograd import demo  # which loads what training and drawing need

    demo.run(out=words.out, seed=words.seed)
    return DONE


def _digits(words: argparse.Namespace) -> int:
    from micrograd import digits  # which loads what training and drawing need
    from micrograd.data.handwriting import MissingDigitsError

    try:
        digits.run(
            words.out,
            data=words.data,
            hidden=words.hidden,
            epochs=words.epochs,
            batch_size=words.batch_size,
            eta=words.eta,
            cost=words.cost,
            seed=words.seed,
            initialisation=words.initialisation,
        )
    except MissingDigitsError as error:
        raise DataError(f'{error.problem}. {SEE_DATA}') from None
    return DONE


def _train(words: argparse.Namespace) -> int:
    from micrograd import tabular  # which loads what training and drawing need

    tabular.run(
        words.file,
        words.target,
        out=words.out,
        save_as=words.save,
        hidden=words.hidden,
        epochs=words.epochs,
        batch_size=words.batch_size,
        lr=words.lr,
        lmbda=words.lmbda,
        task=words.task,
        missing=words.missing,
        ignore=words.ignore,
        test=words.test,
        seed=words.seed,
        delimiter=words.delimiter,
    )
    return DONE


def _predict(words: argparse.Namespace) -> int:
    from micrograd import tabular  # which loads what prediction needs

    tabular.write_predictions(words.model, words.file, words.output, delimiter=words.delimiter)
    return DONE
