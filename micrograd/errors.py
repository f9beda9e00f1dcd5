"""The exceptions, with messages that teach: what happened, why, the wrong line, the right line."""

from importlib import import_module
from types import ModuleType


class MicrogradError(Exception):
    """The base of every error that micrograd raises on purpose."""


class StaleGraphError(MicrogradError, RuntimeError):
    """A graph's numbers were changed after the forward pass, so its gradients would be wrong."""


class GraphError(MicrogradError, RuntimeError):
    """A graph cannot do what was asked: it has a node made by hand, or it is too large to draw."""


class ShapeError(MicrogradError, ValueError):
    """A network or a loss was given the wrong number of values."""


class DataError(MicrogradError, ValueError):
    """A data set or a file is not what it should be; the message says where."""


class CheckpointError(MicrogradError, ValueError):
    """A model file is damaged, foreign, or does not fit the model; the message names the path inside the file."""


class TrainingError(MicrogradError, ArithmeticError):
    """Training cannot go on: the loss is nan or infinite."""


class RenderError(MicrogradError, RuntimeError):
    """A picture could not be made; the message says what to do."""


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
    micrograd.errors.MissingDependencyError: no_such_module is not installed: pip install 'micrograd[plot]', or from a \
checkout: pip install -e '.[plot]'
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingDependencyError(
            f"{module} is not installed: pip install 'micrograd[{extra}]', or from a checkout: pip install -e '.[{extra}]'",
            name=module,
        ) from error
