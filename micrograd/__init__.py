"""A scalar autograd framework: see every number of a network, write it one scalar at a time, draw it."""

from typing import Any

from micrograd.context import no_grad
from micrograd.engine import Value
from micrograd.gradcheck import gradcheck
from micrograd.graph import name
from micrograd.operations import VALUES, primitive
from micrograd.scalars import Condition
from micrograd.transforms import gradients

__version__ = '0.2.0'

__all__ = [
    'Condition',
    'Value',
    'gradcheck',
    'gradients',
    'name',
    'no_grad',
    'primitive',
]


def __getattr__(name: str) -> Any:
    """Every operation of the table is a function here: micrograd.exp, micrograd.where, micrograd.softmax, …"""
    if name in dir(VALUES):
        return getattr(VALUES, name)
    raise AttributeError(
        f'micrograd has no {name!r}, neither as a function of its own nor as an operation of the table'
    )


def __dir__() -> list[str]:
    return sorted({*globals(), *dir(VALUES)})
