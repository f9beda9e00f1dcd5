"""The pages in docs/ say what the programs print."""

import re
from pathlib import Path

import pytest

from micrograd.cli import main
from micrograd.reference import page
from tests.collected import uncollected
from tests.test_faults import FURTHER

DOCS = Path(__file__).resolve().parents[1] / 'docs'


def test_the_walk_through_the_compiler_shows_what_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    walk = (DOCS / 'compiler.md').read_text(encoding='utf-8')
    assert main(['compile', '--show']) == 0
    printed = capsys.readouterr().out.splitlines()
    shown = [line for block in re.findall(r'```text\n(.*?)```', walk, flags=re.DOTALL) for line in block.splitlines()]
    assert len(shown) > 20
    assert [line for line in shown if line not in printed] == []
    (nodes,) = re.findall(r'The ([\d,]+) nodes\n', walk)
    assert f'{nodes} nodes' in '\n'.join(printed)
    assert '19 instructions' in walk
    assert '19 instructions' in '\n'.join(printed)


def test_the_files_that_pages_name_are_there() -> None:
    root = DOCS.parent
    for path in DOCS.glob('*.md'):
        for name in re.findall(r'`((?:micrograd|tests|benchmarks)/[\w/.]+)`', path.read_text(encoding='utf-8')):
            assert (root / name).exists(), name
        for name in re.findall(r'`(\w+\.py)`', path.read_text(encoding='utf-8')):
            assert (root / 'micrograd' / 'compiler' / name).exists(), name


def test_the_page_of_operations_is_what_the_rows_say() -> None:
    written = (DOCS / 'primitives.md').read_text(encoding='utf-8')
    assert written == page(), 'docs/primitives.md is stale. Right: python -m docs'


def test_pages_link_to_files_that_are_there() -> None:
    for path in DOCS.glob('*.md'):
        for target in re.findall(r'\]\((?!http)([^)#]+)\)', path.read_text(encoding='utf-8')):
            assert (DOCS / target).exists(), f'{path.name}: {target}'


PROMISES = re.findall(r'^\| (?!promise |---)(.+) \| (.+) \|$', (DOCS / 'semantics.md').read_text('utf-8'), re.MULTILINE)


@pytest.mark.parametrize(('promise', 'cell'), PROMISES, ids=[promise[:40] for promise, _ in PROMISES])
def test_no_promise_is_without_a_test(promise: str, cell: str) -> None:
    assert promise.endswith(('.', '.)')), promise
    assert re.fullmatch(r'\[`test_\w+`\]\(\.\./tests/[\w/]+\.py\)(<br>(?=\[)|$)' * (cell.count('<br>') + 1), cell), cell


def test_every_line_of_a_table_of_promises_is_read() -> None:
    lines = [line for line in (DOCS / 'semantics.md').read_text('utf-8').splitlines() if line.startswith('|')]
    tables = sum(line.startswith('| ---') for line in lines)
    assert len(PROMISES) == len(lines) - 2 * tables > 50


def test_every_test_that_is_named_as_holding_something_is_run() -> None:
    """Those of the promises, and those that the list of faults points to."""
    links = [link for _, cell in PROMISES for link in re.findall(r'`(\w+)`\]\(\.\./(\S+?)\)', cell)]
    promised = {f'{path}::{name}' for name, path in links}
    further = {f'{path}::{name}' for tests in FURTHER.values() for path, names in tests.items() for name in names}
    assert uncollected(promised | further) == set()


def test_a_test_that_is_not_there_is_noticed() -> None:
    missing = {
        'tests/test_docs.py::test_of_another_name',
        'tests/test_no_such_file.py::test_a',
        'tests/support.py::require',
        'tests/test_docs.py::PROMISES',
        'micrograd/engine.py::Value',
    }
    assert uncollected(missing | {'tests/test_docs.py::test_no_promise_is_without_a_test'}) == missing
