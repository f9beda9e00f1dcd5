"""The pages in docs/ say what the programs print."""

import re
from pathlib import Path

import pytest

from micrograd.cli import main

DOCS = Path(__file__).resolve().parents[1] / 'docs'


def test_the_walk_through_the_compiler_shows_what_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    page = (DOCS / 'compiler.md').read_text(encoding='utf-8')
    assert main(['compile', '--show']) == 0
    printed = capsys.readouterr().out.splitlines()
    shown = [line for block in re.findall(r'```text\n(.*?)```', page, flags=re.DOTALL) for line in block.splitlines()]
    assert len(shown) > 20
    assert [line for line in shown if line not in printed] == []
    (nodes,) = re.findall(r'The ([\d,]+) nodes\n', page)
    assert f'{nodes} nodes' in '\n'.join(printed)
    assert '19 instructions' in page
    assert '19 instructions' in '\n'.join(printed)


def test_the_files_that_pages_name_are_there() -> None:
    root = DOCS.parent
    for page in DOCS.glob('*.md'):
        for name in re.findall(r'`((?:micrograd|tests|benchmarks)/[\w/.]+)`', page.read_text(encoding='utf-8')):
            assert (root / name).exists(), name
        for name in re.findall(r'`(\w+\.py)`', page.read_text(encoding='utf-8')):
            assert (root / 'micrograd' / 'compiler' / name).exists(), name
