"""What several test files share."""

import importlib
import os
from functools import partial
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

import pytest

SHARED = Path(__file__).resolve().parents[2] / 'shared' / 'data'


def _absent(reason: str) -> None:
    """Skip with a reason on a user's machine; fail under CI, where everything is installed."""
    if os.environ.get('CI'):
        pytest.fail(f'{reason} (under CI that is an error)')
    pytest.skip(reason, allow_module_level=True)


def require(module: str) -> ModuleType:
    """A module that no extra installs."""
    try:
        return importlib.import_module(module)
    except ImportError:
        _absent(f'{module} is not installed')
        raise


def shared_file(name: str) -> Path:
    """A file of reference data that lies beside the checkout."""
    path = SHARED / name
    if not path.exists():
        _absent(f'{path} is not there')
    return path


def readable(x: Any) -> str | None:
    """A parameter in the name of a test; of a function, whose repr has an address in it, the default."""
    return None if isinstance(x, FunctionType | partial) else str(x)
