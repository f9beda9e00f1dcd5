"""The command line: `micrograd draw`, `check`, `ops`, `compile`, `demo`, `digits`, `train` and `predict`.

Exit codes: 0 done; 1 a check failed, or the work could not be done; 2 the command was not understood.
"""

from __future__ import annotations

import codecs
import io
import os
import re
import sys
from typing import TYPE_CHECKING

from micrograd import __version__
from micrograd.cli import expressions, trainings
from micrograd.cli.words import DONE, FAILED, MISUSED, Parser, UsageError, with_examples
from micrograd.errors import ExpressionError, MicrogradError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

INTERRUPTED = 128 + 2  # what a shell reports of a process that SIGINT ended …
PIPE_CLOSED = 128 + 13  # … and SIGPIPE

PLAIN = 'micrograd.plain'  # the name of what writes letters that a terminal lacks
STAND_INS = dict(zip('├└│─−×·→↑…₀₁₂₃₄₅₆₇₈₉', '|`|--*.>^~0123456789', strict=True))

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
    except (UsageError, ExpressionError) as error:
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


def _parser() -> Parser:
    parser = Parser(
        prog='micrograd',
        description='A scalar autograd framework: every number of a network, its gradient, and pictures of both.',
        **with_examples(EXAMPLES),
    )
    parser.add_argument('--version', action='version', version=f'micrograd {__version__}')
    parser.set_defaults(run=lambda words: _help(parser))
    commands = parser.add_subparsers(title='commands', metavar='COMMAND')
    expressions.add_to(commands)
    trainings.add_to(commands)
    return parser


def _help(parser: Parser) -> int:
    parser.print_help()
    return DONE
