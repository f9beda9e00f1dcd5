"""The exceptions, with messages that teach: what happened, why, the wrong line, the right line."""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # see context.py
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any


class MicrogradError(Exception):
    """The base of every error that micrograd raises on purpose."""


class StaleGraphError(MicrogradError, RuntimeError):
    """A graph's numbers were changed after the forward pass, so its gradients would be wrong.

    Args:
        node: the first node that does not follow from its parents any more.
        data: what it would be, computed from them as they are now.
    """

    def __init__(self, node: Any, data: float):
        super().__init__(
            f'{node!r}{_named(node)}, made by {node._op!r}, would be {data} from its parents as they are now: a number '
            'was changed after the forward pass, and the gradients would be wrong. '
            'Wrong: x.data = 5.0; y.backward(). Right: x.data = 5.0; y.recompute(); y.backward()'
        )


def _named(node: Any) -> str:
    return f' ({node.label!r})' if node.label else ''


class AnomalyError(MicrogradError, ArithmeticError):
    """A number or a gradient is nan or infinite; the message says which, from what, and where it was made.

    Args:
        message: what happened.
        node: what gave it; None where a model was checked.
    """

    def __init__(self, message: str, node: Any = None):
        super().__init__(message)
        self.node = node


class GraphError(MicrogradError, RuntimeError):
    """A graph cannot do what was asked: it has a node made by hand, or it is too large to draw."""


class ShapeError(MicrogradError, ValueError):
    """A network or a loss was given the wrong number of values."""


class DataError(MicrogradError, ValueError):
    """A data set or a file is not what it should be; the message says where."""


class CheckpointError(MicrogradError, ValueError):
    """A model file is damaged, foreign, or does not fit the model; the message names the path inside the file."""


class TrainingError(MicrogradError, ArithmeticError):
    """Training cannot go on: the loss is nan or infinite.

    Args:
        message: what happened, and where.
        history: the History of the training so far, from `fit`.
    """

    def __init__(self, message: str, history: Any = None):
        super().__init__(message)
        self.history = history


class TracingError(MicrogradError, TypeError):
    """A function cannot be compiled; the message shows the line, and what would do."""


class RenderError(MicrogradError, RuntimeError):
    """A picture could not be made; the message says what to do."""


class ExpressionError(MicrogradError, ValueError):
    """A text is not an expression, or did not get the numbers that it needs.

    Args:
        problem: what is wrong, and what would be right.
        text: what was read.
        column: where the fault is, from 0; None where it is in no one place.
    """

    def __init__(self, problem: str, text: str, column: int | None = None):
        super().__init__(problem + ('' if column is None else f' ({_place(text, column)})'))
        self.text = text
        self.column = column


def _place(text: str, column: int) -> str:
    rest = text[column:]
    return f'column {column + 1}: {rest[:30]!r}{"…" if len(rest) > 30 else ""}' if rest else 'at the end'


def interior_pickle_error(node: Any) -> TypeError:
    """Why a node that an operation made is not pickled."""
    return TypeError(
        f'{node!r} was made by {node._op!r} from other Values, and would lose them when pickled or copied alone. '
        'Wrong: pickle.dumps(y), copy.copy(y). Right: pickle.dumps(y.detach()), copy.deepcopy(y)'
    )


def by_hand_error(node: Any, what: str) -> GraphError:
    """Why a node whose operation a program defined itself can take no part in something."""
    return GraphError(
        f'{what} does not know the mathematics of {node!r}{_named(node)}: its operation {node._op!r} was defined by '
        'hand, as Value(data, children, op) with a closure, and a closure only does its step of backward(). '
        'Define the operation with micrograd.primitive() instead'
    )


class MissingDependencyError(MicrogradError, ImportError):
    """An optional package is not installed; the message names the extra that brings it."""


def optional_import(module: str, extra: str) -> ModuleType:
    """Import a module of an optional dependency when it is first needed.

    Args:
        module: the dotted name of the module.
        extra: the extra of this package that installs it.

    Raises:
        MissingDependencyError: it is not installed.

    >>> optional_import('no_such_module', 'plot')
    Traceback (most recent call last):
        ...
    micrograd.errors.MissingDependencyError: no_such_module is not installed. From a checkout: pip install -e '.[plot]'
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingDependencyError(
            f"{module} is not installed. From a checkout: pip install -e '.[{extra}]'",
            name=module,
        ) from error
