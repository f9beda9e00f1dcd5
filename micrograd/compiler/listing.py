"""What a compiled program looks like, for people."""

from __future__ import annotations

from collections import Counter
from typing import Any

from micrograd.compiler.accesses import WRITES, written
from micrograd.compiler.instructions import (
    BlockProgram,
    Dots,
    Indexed,
    Instruction,
    Map,
    Outer,
    Product,
    Scatter,
    SharedMap,
    SharedSums,
    SharedTotal,
    Sums,
    Take,
)


def show(program: BlockProgram) -> str:
    """A program, an instruction a line: what it fills, what it computes, and what it was raised from.

    Args:
        program: the program.
    """
    head = (
        f'{sum(1 for _ in program.instructions())} instructions, {program.u_size:,} shared numbers, '
        f'{program.r_size:,} rows, {program.inputs:,} inputs'
    )
    lines = [head]
    for title, instructions in (
        ('before', program.before),
        ('for each block of examples', program.lanes),
        ('after', program.after),
    ):
        if instructions:
            lines.append(f'{title}:')
            lines += [f'  {_line(instruction)}'.rstrip() for instruction in instructions]
    return '\n'.join(lines)


def _line(instruction: Instruction) -> str:
    what = _described(instruction)
    storage, count = WRITES[type(instruction)][0], written(instruction)
    last = instruction.out + count - 1
    filled = f'{storage}[{instruction.out}]' if count == 1 else f'{storage}[{instruction.out}..{last}]'
    return f'{filled:<18} = {what:<44} {instruction.source}'


def _described(instruction: Any) -> str:
    """What an instruction computes."""
    match instruction:
        case Product():
            return f'product, {instruction.m} x {len(instruction.rows)} weights'
        case Sums():
            m, count = instruction.slots.shape
            return f'{_many(m, "sum")} of {_many(count, "term")}'
        case Dots():
            m, count = instruction.lefts.shape
            return f'{_many(m, "dot product")} of {_many(count, "term")}'
        case SharedSums():
            m, count = instruction.lefts.shape
            return f'{_many(m, "sum")} of {_many(count, "term")}'
        case Map():
            return f'{instruction.expression.name}, row by row'
        case SharedMap():
            return f'{instruction.expression.name}, number by number'
        case SharedTotal():
            return f'total of {instruction.expression.name} over {len(instruction.operands[0]):,} numbers'
        case Outer():
            m, count = len(instruction.lefts), len(instruction.rights)
            return f'means of products, {m} x {count}'
        case Take():
            m, count = instruction.table.shape
            return f'{_many(m, "number")} chosen from {count}'
        case Scatter():
            m = len(instruction.rows)
            return f'means by choice, {m} x {instruction.choices}'
        case Indexed():
            return 'numbers put side by side'
    raise TypeError(f'there is no instruction {type(instruction).__name__}')


def _many(count: int, noun: str) -> str:
    return f'{count:,} {noun}{"s" * (count != 1)}'


def explain(program: BlockProgram) -> str:
    """Which parts of a function became matrix products, which did not, and why.

    Args:
        program: the program.
    """
    by_source: dict[str, list[Instruction]] = {}
    for instruction in program.instructions():
        by_source.setdefault(instruction.source or 'the rest', []).append(instruction)
    lines = []
    for source in sorted(by_source, key=lambda source: source.startswith('the rest')):
        lines += [f'{source}:', *(f'  {account}' for account in _accounts(by_source[source]))]
    return '\n'.join(lines) or 'nothing is computed: what comes out are inputs, parameters and constants'


def _accounts(instructions: list[Instruction]) -> list[str]:
    """What became of a part of the program, operations on single rows and numbers taken together."""
    single = [i for i in instructions if isinstance(i, Map | SharedMap) and len(i.operands[0]) == 1]
    alone = set(map(id, single))
    others = [instruction for instruction in instructions if id(instruction) not in alone]
    counted = Counter(_reason(instruction) for instruction in others)
    accounts = [f'{text} ({count} times)' if count > 1 else text for text, count in counted.items()]
    if single:
        names = Counter(name for i in single for name in i.expression.name.split())
        listed = ', '.join(f'{name} ({count})' if count > 1 else name for name, count in names.items())
        accounts.append(f'one by one, since there is nothing like them beside them: {listed}')
    return accounts


def _reason(instruction: Any) -> str:
    """What became of something, and, if that is no matrix product, why."""
    match instruction:
        case Product():
            return f'a matrix product of {instruction.m} x {len(instruction.rows)}'
        case Outer():
            m, count = len(instruction.lefts), len(instruction.rights)
            return f'a matrix product over the examples, {m} x {count}' if m * count > 1 else 'a mean over the examples'
        case Sums():
            m, count = instruction.slots.shape
            if m == 1:
                return f'one sum of {count} terms, since nothing else adds up the same numbers'
            return f'{m} sums of {count} terms, each over numbers of its own, so that they are no matrix product'
        case Dots():
            m, count = instruction.lefts.shape
            return f'{_many(m, "dot product")} of {count} terms, in which both factors differ from example to example'
        case Map() | SharedMap():
            return f'{instruction.expression.name}, for {len(instruction.operands[0])} side by side, element by element'
        case Indexed():
            return 'a copy of the weights, which do not lie at regular distances'
    return _described(instruction)
