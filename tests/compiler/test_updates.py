"""The optimisers' rules as instructions, evaluated step by step, against the optimisers themselves."""

from typing import Any

import numpy as np
import pytest

from micrograd import Value, ieee
from micrograd.compiler.expressions import Expression
from micrograd.compiler.instructions import Indexed, SharedMap
from micrograd.compiler.updates import instructions
from micrograd.optim import SGD, Adam, AdamW, Optimizer

COUNT = 3


class Swapped(Optimizer):
    """Each of two memories becomes what the other was, which cannot be done in place, one after the other."""

    memory = ('first', 'second')

    def rule(self, o: Any, p: Any, g: Any, first: Any, second: Any, *, lr: Any) -> tuple[Any, Any, Any]:
        return p - lr * first, second + g, first


class Fixed(Optimizer):
    """Sets parameters to a constant, and keeps what it remembers."""

    memory = ('kept',)

    def rule(self, o: Any, p: Any, g: Any, kept: Any, *, lr: Any) -> tuple[Any, Any]:
        return 1.5, kept


OPTIMIZERS = {
    'sgd': lambda ps: SGD(ps, lr=0.1),
    'sgd, decayed': lambda ps: SGD(ps, lr=0.1, weight_decay=0.01),
    'momentum': lambda ps: SGD(ps, lr=0.1, momentum=0.9),
    'nesterov, decayed': lambda ps: SGD(ps, lr=0.1, momentum=0.9, nesterov=True, weight_decay=0.01),
    'adam': lambda ps: Adam(ps, lr=0.1),
    'adam, decayed': lambda ps: Adam(ps, lr=0.1, weight_decay=0.1),
    'adamw': lambda ps: AdamW(ps, lr=0.1, weight_decay=0.1),
    'swapped': lambda ps: Swapped(ps, lr=0.1),
    'fixed': lambda ps: Fixed(ps, lr=0.1),
}


def evaluated(expression: Expression, operands: list[float]) -> float:
    registers = list(operands)
    for step in expression.steps:
        if isinstance(step, float):
            registers.append(step)
        else:
            registers.append(getattr(ieee, step[0])(*(registers[i] for i in step[1:])))
    return registers[expression.result]


def run(made: list[Any], U: list[float]) -> None:
    for instruction in made:
        if isinstance(instruction, Indexed):
            new = [U[slot] for slot in instruction.slots]
            U[instruction.out : instruction.out + len(new)] = new
            continue
        assert isinstance(instruction, SharedMap)
        for j in range(COUNT):
            U[instruction.out + j] = evaluated(instruction.expression, [U[slots[j]] for slots in instruction.operands])


@pytest.mark.parametrize('name', OPTIMIZERS)
def test_instructions_make_the_optimisers_step(name: str) -> None:
    parameters = [Value(x) for x in (1.0, -2.0, 0.5)]
    optimizer = OPTIMIZERS[name](parameters)
    numbers = list(optimizer.numbers())
    lanes = 2 + len(optimizer.memory)  # parameters, gradients, memories: then one slot for each of the numbers
    slots = [np.arange(i * COUNT, (i + 1) * COUNT) for i in range(lanes)]
    slots += [np.full(COUNT, lanes * COUNT + i) for i in range(len(numbers))]
    scratch = lanes * COUNT + len(numbers)
    made = instructions(optimizer.rule, optimizer.constants, numbers, slots, scratch)
    U = [0.0] * (scratch + (1 + len(optimizer.memory)) * COUNT)
    U[:COUNT] = [p.data for p in parameters]
    for step in range(3):
        gradients = [0.5 + step, -1.0, 0.25 * step]
        for p, g in zip(parameters, gradients, strict=True):
            p.grad = g
        U[COUNT : 2 * COUNT] = gradients
        U[lanes * COUNT : scratch] = optimizer.numbers().values()
        run(made, U)
        optimizer.step()
        assert U[:COUNT] == [p.data for p in parameters]
        assert U[2 * COUNT : lanes * COUNT] == [x for memory in optimizer.state.values() for x in memory]


def test_what_can_be_is_written_in_place() -> None:
    adam = Adam([Value(1.0)], lr=0.1, weight_decay=0.1)
    slots = [np.array([i]) for i in range(4 + len(adam.numbers()))]
    made = instructions(adam.rule, adam.constants, list(adam.numbers()), slots, 10)
    assert [(type(instruction), instruction.out) for instruction in made] == [
        (SharedMap, 2),
        (SharedMap, 3),
        (SharedMap, 0),
    ]
