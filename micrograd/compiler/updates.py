"""An optimiser's rule as instructions: one pass over the parameters and what is remembered of them, in place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from micrograd.compiler.expressions import Expression, extracted, needed
from micrograd.compiler.instructions import Indexed, Instruction, SharedMap, Slots
from micrograd.straightline import PROGRAMS, Program, Step

SOURCE = 'the optimiser'


def instructions(
    rule: Any, constants: Mapping[str, Any], numbers: Sequence[str], slots: Sequence[Slots], scratch: int
) -> list[Instruction]:
    """The instructions that apply a rule to all parameters at once.

    The rule is read once, on symbols, since it is the same for all of them. What it returns is written in place: first
    what is remembered, then the parameters, each formula reading what those before it have made.

    Args:
        rule: (o, p, g, *remembered, **constants, **numbers) -> (new p, *new remembered); see `rules.py`.
        constants: what the rule is given by name, the same at every step.
        numbers: the names of what it is given besides, one slot each.
        slots: of the parameters, of their gradients, of each thing remembered, and of each of the numbers, each as long
            as there are parameters.
        scratch: free slots, as many as there are things written, times the parameters: for a rule whose formulas read
            what an earlier one has overwritten.
    """
    program = Program(len(slots))
    p, g, *rest = program.arguments
    remembered, named = rest[: len(rest) - len(numbers)], rest[len(rest) - len(numbers) :]
    new_p, *new = rule(PROGRAMS, p, g, *remembered, **constants, **dict(zip(numbers, named, strict=True)))
    written = [*range(2, 2 + len(new)), 0]  # the arguments that are replaced, in this order
    registers = [program.register(x) for x in (*new, new_p)]
    maps = []
    made: dict[int, int] = {}  # register -> the argument in whose slots it stands by now
    overwritten: set[int] = set()
    in_place = True
    for argument, register in zip(written, registers, strict=True):
        expression, operands = _extracted(program.steps, len(slots), register, made)
        in_place &= overwritten.isdisjoint(old for old in operands if old < len(slots))
        maps.append((argument, expression, [operand % len(slots) for operand in operands]))
        overwritten.add(argument)
        made[register] = len(slots) + argument
    if in_place:
        return [_map(int(slots[i][0]), expression, operands, slots) for i, expression, operands in maps]
    return _by_scratch(program.steps, written, registers, slots, scratch)


def _by_scratch(
    steps: Sequence[Step], written: Sequence[int], registers: Sequence[int], slots: Sequence[Slots], scratch: int
) -> list[Instruction]:
    """Everything computed from the old numbers first, and put in place afterwards."""
    size = len(slots[0])
    maps: list[Instruction] = []
    copies: list[Instruction] = []
    for i, (argument, register) in enumerate(zip(written, registers, strict=True)):
        out = scratch + i * size
        expression, operands = _extracted(steps, len(slots), register, {})
        maps.append(_map(out, expression, operands, slots))
        moved = np.arange(out, out + size, dtype=np.int32)
        copies.append(Indexed(out=int(slots[argument][0]), slots=moved, source=SOURCE))
    return maps + copies


def _map(out: int, expression: Expression, operands: Sequence[int], slots: Sequence[Slots]) -> SharedMap:
    return SharedMap(
        out=out, expression=expression, operands=tuple(slots[operand] for operand in operands), source=SOURCE
    )


def _extracted(steps: Sequence[Step], count: int, result: int, made: Mapping[int, int]) -> tuple[Expression, list[int]]:
    """The formula of one register alone.

    Returns:
        The formula, and for each of its operands the argument: as it was, or, from `count` on, as it is now.
    """
    operands = sorted(r for r in needed(steps, count, result, made) if r < count or r in made)
    expression = extracted('rule', steps, count, result, operands)
    return expression, [made.get(register, register) for register in operands]
