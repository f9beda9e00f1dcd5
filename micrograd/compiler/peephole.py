"""Formulas made shorter by what is true of every number, nan and the two zeros included: the same result, bit by bit.

What pays is that the exponential functions within a formula become one: sigmoid and its slope, which the table writes
so that they are right in both tails, take one instead of two and four.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from micrograd.compiler.expressions import Expression, extracted, renumbered
from micrograd.straightline import Program


@lru_cache(maxsize=1024)
def shorter(expression: Expression) -> Expression:
    """The same formula in fewer or quicker steps.

    >>> from micrograd.compiler.expressions import of_row
    >>> from micrograd.primitives import LOGISTIC_PDF
    >>> [str(steps).count('exp') for steps in (of_row(LOGISTIC_PDF, 1).steps, shorter(of_row(LOGISTIC_PDF, 1)).steps)]
    [4, 1]
    """
    steps = _Steps(expression.count)
    registers = list(range(expression.count))
    for step in expression.steps:
        registers.append(steps.shortened(renumbered(step, registers)))
    return extracted(expression.name, steps.steps, steps.count, registers[expression.result], range(steps.count))


class _Steps(Program):
    """The steps of the new formula, none of which is there twice."""

    def shortened(self, step: Any) -> int:
        """Where the number of a step is."""
        if not isinstance(step, float):
            rule = RULES.get(step[0])
            found = rule(self, *step[1:]) if rule else None
            if found is not None:
                return found
        return self.place(step)

    def made_by(self, register: int) -> Any:
        """The step that fills a register; of an operand nothing."""
        return self.steps[register - self.count] if register >= self.count else ('operand',)


def _is(step: Any, name: str) -> bool:
    return not isinstance(step, float) and step[0] == name


def _abs(steps: _Steps, x: int) -> int | None:
    """|-x| and ||x|| are |x|."""
    made = steps.made_by(x)
    return steps.shortened(('abs', made[1])) if _is(made, 'neg') else x if _is(made, 'abs') else None


def _neg(steps: _Steps, x: int) -> int | None:
    """-(-x) is x."""
    made = steps.made_by(x)
    return made[1] if _is(made, 'neg') else None


def _exp(steps: _Steps, x: int) -> int | None:
    """Exp(min(x, 0)) is 1 where 0 <= x, else exp(-|x|), which often is there already."""
    made = steps.made_by(x)
    if not _is(made, 'minimum') or steps.made_by(made[2]) != 0.0:
        return None
    decreasing = steps.place(('exp', steps.shortened(('neg', steps.shortened(('abs', made[1]))))))
    condition = steps.place(('less_equal', steps.place(0.0), made[1]))
    return steps.place(('where', condition, steps.place(1.0), decreasing))


RULES = {'abs': _abs, 'neg': _neg, 'exp': _exp}
