"""What `import micrograd` gives, and what it costs."""

import ast
import inspect
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import micrograd
from micrograd import Value
from micrograd.primitives import COMPOSITIONS, TABLE

ROOT = Path(__file__).resolve().parents[1]


def test_all_is_what_the_package_module_imports():
    tree = ast.parse(Path(micrograd.__file__).read_text(encoding='utf-8'))
    imported = {a.name for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for a in node.names}
    tables = {name for name in imported if name.isupper()}
    assert set(micrograd.__all__) == imported - tables - {'Any', 'annotations', 'import_module'}
    assert micrograd.__all__ == sorted(micrograd.__all__, key=lambda name: (name.islower(), name))
    for name in micrograd.__all__:
        assert getattr(micrograd, name).__doc__, f'{name} has no docstring'


def test_every_operation_of_the_table_is_a_function_of_the_package():
    for name in [*TABLE, *COMPOSITIONS]:
        assert callable(getattr(micrograd, name))
        assert name in dir(micrograd)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="micrograd has no 'sofmax'"):
        micrograd.sofmax  # noqa: B018 - it raises


def in_a_new_process(program):
    return subprocess.run([sys.executable, '-c', program], capture_output=True, text=True, check=True).stdout


def test_import_loads_the_standard_library_only():
    program = (
        'import sys, json; before = set(sys.modules); import micrograd\n'
        'print(json.dumps(sorted(m.split(".")[0] for m in set(sys.modules) - before)))'
    )
    loaded = set(json.loads(in_a_new_process(program)))
    assert loaded - {'micrograd'} <= sys.stdlib_module_names | {'_distutils_hack'}


def test_there_is_one_version_number():
    assert re.fullmatch(r'\d+\.\d+\.\d+', micrograd.__version__)
    assert '\nversion' not in (ROOT / 'pyproject.toml').read_text(encoding='utf-8')
    assert f'## {micrograd.__version__}' in (ROOT / 'CHANGELOG.md').read_text(encoding='utf-8')


@pytest.mark.parametrize('path', sorted((ROOT / 'micrograd').rglob('*.py')), ids=lambda p: str(p.relative_to(ROOT)))
def test_no_operation_is_evaluated_from_text_and_no_pickle_is_read(path):
    """Security: files and labels are data."""
    tree = ast.parse(path.read_text(encoding='utf-8'))
    called = {node.func.id for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    imported = {a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names}
    assert not called & {'eval', 'exec', '__import__'}
    assert not imported & {'pickle', 'marshal', 'shelve'}


def test_the_engine_stays_readable():
    lines = (ROOT / 'micrograd' / 'engine.py').read_text(encoding='utf-8').splitlines()
    assert len(lines) <= 300
    for method in (Value.__init__, Value.__add__, Value.__mul__, Value.backward):
        source, first = inspect.getsourcelines(method)
        assert first + len(source) - 1 <= 120, f'{method.__name__} is not among what a learner reads first'
