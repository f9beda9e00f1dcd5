"""A scalar autograd framework: see every number of a network, write it one scalar at a time, draw it."""

from __future__ import annotations

from importlib import import_module

from micrograd.context import no_grad
from micrograd.engine import Value
from micrograd.gradcheck import gradcheck, gradgradcheck
from micrograd.graph import name
from micrograd.operations import VALUES, primitive, take
from micrograd.primitives import COMPOSITIONS, TABLE
from micrograd.scalars import Condition
from micrograd.transforms import grad, gradients, hessian, hvp, jacobian, jvp, value_and_grad, vjp

__version__ = '0.2.0'

TYPE_CHECKING = False  # see context.py
if TYPE_CHECKING:
    from typing import Any

    from micrograd.anomaly import check_finite, detect_anomaly
    from micrograd.checkpoint import load, save
    from micrograd.compiler.program import compile, compile_cost
    from micrograd.groups import group
    from micrograd.render import draw, draw_dot, trace
    from micrograd.render.explorer import explore
    from micrograd.render.math import explain
    from micrograd.render.play import play
    from micrograd.render.text import tree
    from micrograd.snapshots import Snapshots
    from micrograd.training import fit

__all__ = [
    'Condition',
    'Snapshots',
    'Value',
    'check_finite',
    'compile',
    'compile_cost',
    'detect_anomaly',
    'draw',
    'draw_dot',
    'explain',
    'explore',
    'fit',
    'grad',
    'gradcheck',
    'gradgradcheck',
    'gradients',
    'group',
    'hessian',
    'hvp',
    'jacobian',
    'jvp',
    'load',
    'name',
    'no_grad',
    'play',
    'primitive',
    'save',
    'take',
    'trace',
    'tree',
    'value_and_grad',
    'vjp',
]

_HOMES = {  # what is loaded when it is first asked for
    'Snapshots': 'snapshots',
    'check_finite': 'anomaly',
    'compile': 'compiler.program',
    'compile_cost': 'compiler.program',
    'detect_anomaly': 'anomaly',
    'draw': 'render',
    'draw_dot': 'render',
    'explain': 'render.math',
    'explore': 'render.explorer',
    'fit': 'training',
    'group': 'groups',
    'load': 'checkpoint',
    'play': 'render.play',
    'save': 'checkpoint',
    'trace': 'render',
    'tree': 'render.text',
}
_MODULES = {'checkpoint', 'data', 'losses', 'nn', 'optim', 'render', 'training'}


def __getattr__(name: str) -> Any:
    """Every operation of the table is a function here: micrograd.exp, micrograd.where, micrograd.softmax, …"""
    if name in _HOMES:
        return getattr(import_module(f'micrograd.{_HOMES[name]}'), name)
    if name in _MODULES:
        return import_module(f'micrograd.{name}')
    if name in TABLE or name in COMPOSITIONS:
        return getattr(VALUES, name)
    raise AttributeError(
        f'micrograd has no {name!r}, neither as a function of its own nor as an operation of the table'
    )


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_MODULES, *TABLE, *COMPOSITIONS})
