"""What a map instruction computes: a small formula over the core of the table, the same for all its rows."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from micrograd.primitives import Row
from micrograd.straightline import Program, Step, apply


@dataclass(frozen=True, slots=True)
class Expression:
    """A formula in steps, each of which fills the next register.

    Args:
        name: what a listing calls it: 'sigmoid', 'where', 'mul add'.
        count: how many operands it takes: the registers 0, 1, …, count - 1.
        steps: each a constant (a float), or a tuple: the name of a core row, then the registers of its arguments.
        result: the register of the result.
    """

    name: str
    count: int
    steps: tuple[Step, ...]
    result: int


@lru_cache(maxsize=1024)
def of_row(row: Row, count: int) -> Expression:
    """A row of the table as an expression over the core.

    Args:
        row: the operation.
        count: how many arguments it is given.

    Raises:
        TypeError: the row has no formula, only a function on floats.

    >>> from micrograd.primitives import RELU
    >>> of_row(RELU, 1)
    Expression(name='relu', count=1, steps=(0.0, ('less_equal', 0, 1), ('where', 2, 1, 0)), result=3)
    """
    program = Program(count)
    result = program.register(apply(row, *program.arguments))
    return Expression(row.name, count, tuple(program.steps), result)


def substituted(outer: Expression, operand: int, inner: Expression) -> Expression:
    """One formula inside another: what `inner` computes in place of an operand of `outer`.

    The operands are those of `outer` without that one, followed by those of `inner`.

    >>> from micrograd.primitives import EXP, MUL
    >>> substituted(of_row(MUL, 2), 1, of_row(EXP, 1))
    Expression(name='exp mul', count=2, steps=(('exp', 1), ('mul', 0, 2)), result=3)
    """
    count = outer.count - 1 + inner.count
    steps: list[Step] = []

    def copied(expression: Expression, registers: list[int]) -> int:
        for step in expression.steps:
            steps.append(renumbered(step, registers))
            registers.append(count + len(steps) - 1)
        return registers[expression.result]

    within = copied(inner, list(range(outer.count - 1, count)))
    registers = [*range(operand), within, *range(operand, outer.count - 1)]
    result = copied(outer, registers)
    return Expression(f'{inner.name} {outer.name}', count, tuple(steps), result)


def needed(steps: Sequence[Step], first: int, result: int, known: Container[int] = ()) -> set[int]:
    """The registers from which one is computed, and itself.

    Args:
        steps: the steps.
        first: the register that the first of them fills; those before are arguments.
        result: the register.
        known: registers whose numbers are there already, so that nobody asks what they are computed from.
    """
    found = {result}
    for register in range(first + len(steps) - 1, first - 1, -1):
        step = steps[register - first]
        if register in found and register not in known and not isinstance(step, float):
            found.update(step[1:])
    return found


def extracted(name: str, steps: Sequence[Step], first: int, result: int, operands: Sequence[int]) -> Expression:
    """The formula of one register alone, of the registers that are its operands; see `needed` for the arguments.

    >>> extracted('half', [2.0, ('exp', 0), ('div', 0, 1)], 1, 3, [0]).steps
    (2.0, ('div', 0, 1))
    """
    registers = {register: place for place, register in enumerate(operands)}
    kept: list[Step] = []
    for register in sorted(needed(steps, first, result, registers) - registers.keys()):
        kept.append(renumbered(steps[register - first], registers))
        registers[register] = len(operands) + len(kept) - 1
    return Expression(name, len(operands), tuple(kept), registers[result])


def renumbered(step: Step, registers: Sequence[int] | Mapping[int, int]) -> Any:
    """A step of other registers: for each of its arguments the new one."""
    return step if isinstance(step, float) else (step[0], *(registers[r] for r in step[1:]))


def merged(expression: Expression, places: Sequence[int]) -> Expression:
    """The formula with operands that are the same given once.

    Args:
        expression: the formula.
        places: for each of its operands the new one.

    >>> from micrograd.primitives import MUL
    >>> merged(of_row(MUL, 2), [0, 0]).steps
    (('mul', 0, 0),)
    """
    count = max(places, default=-1) + 1
    registers = [*places, *range(count, count + len(expression.steps))]
    steps = tuple(renumbered(step, registers) for step in expression.steps)
    return Expression(expression.name, count, steps, registers[expression.result])
