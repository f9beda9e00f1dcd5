"""How the words of a command are described: its help, its options, and what an option may be."""

from __future__ import annotations

import argparse
import re
from math import isfinite, nan
from typing import Any, NoReturn

DONE, FAILED, MISUSED = 0, 1, 2  # exit codes


class UsageError(Exception):
    """The command was not understood."""


class Parser(argparse.ArgumentParser):
    """Leaves it to main() to say what is wrong, in one line."""

    def error(self, message: str) -> NoReturn:
        """What argparse calls when the words do not fit."""
        raise UsageError(f'{message}; see {self.prog} --help')


def add_command(commands: Any, name: str, about: str, examples: str, more: str = '') -> Any:
    """The parser of one more command."""
    description = f'{about[0].upper()}{about[1:]}.{more}'
    return commands.add_parser(name, help=about, description=description, **with_examples(examples))


def with_examples(epilog: str) -> dict[str, Any]:
    """The options of a parser that shows examples below its help."""
    return {'epilog': epilog, 'formatter_class': argparse.RawDescriptionHelpFormatter}


def count(text: str) -> int:
    """A whole number above 0."""
    if not re.fullmatch('0*[1-9][0-9]{0,17}', text):
        raise argparse.ArgumentTypeError(f'{text!r:.40} is not a whole number above 0')
    return int(text)


def sizes(text: str) -> tuple[int, ...]:
    """Whole numbers with commas between them."""
    return tuple(count(size.strip()) for size in text.split(','))


def rate(text: str) -> float:
    """A finite number above 0."""
    try:
        number = float(text)
    except ValueError:
        number = nan
    if not (isfinite(number) and number > 0):
        raise argparse.ArgumentTypeError(f'{text!r:.40} is not a number above 0')
    return number


def strength(text: str) -> float:
    """A finite number that is not below 0."""
    return 0.0 if re.fullmatch(r'0+(\.0*)?', text) else rate(text)


def share(text: str) -> float:
    """A number between 0 and 1."""
    number = rate(text)
    if number >= 1:
        raise argparse.ArgumentTypeError(f'{text!r:.40} is not between 0 and 1')
    return number


def delimiter(text: str) -> str:
    """One character, or the word tab."""
    if text.lower() == 'tab':
        return '\t'
    if len(text) != 1 or text in '"\r\n':
        raise argparse.ArgumentTypeError(f'{text!r:.40} is not one character that can stand between cells')
    return text
