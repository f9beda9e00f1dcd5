"""Whether tests that are named somewhere are tests that pytest runs, without the seconds that asking it would take."""

import ast
from collections.abc import Iterable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def uncollected(tests: Iterable[str]) -> set[str]:
    """Those of the tests, each named as file::function, that pytest does not find."""
    return {test for test in tests if test.partition('::')[2] not in _collected(test.partition('::')[0])}


@cache
def _collected(file: str) -> frozenset[str]:
    """The functions test_… at the top of a file test_….py below tests/, where nothing later has taken their names."""
    path = ROOT / file
    if not (file.startswith('tests/') and path.name.startswith('test_') and path.is_file()):
        return frozenset()
    found: dict[str, bool] = {}
    for statement in ast.parse(path.read_text(encoding='utf-8')).body:
        found |= dict.fromkeys(_names(statement), isinstance(statement, ast.FunctionDef) and _is_test(statement))
    return frozenset(name for name, is_test in found.items() if is_test)


def _names(statement: ast.stmt) -> list[str]:
    """What a statement at the top of a file binds."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [statement.name]
    nodes = ast.walk(statement)
    return [node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)]


def _is_test(function: ast.FunctionDef) -> bool:
    fixture = any(ast.unparse(d).partition('(')[0].endswith('.fixture') for d in function.decorator_list)
    return function.name.startswith('test_') and not fixture
