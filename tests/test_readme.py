"""The README says what is true: its programs print what stands beside them, its files exist, its table is the table."""

import contextlib
import io
import re
from pathlib import Path

import pytest

from micrograd.reference import markdown_table

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / 'README.md').read_text(encoding='utf-8')
PROGRAMS = re.findall(r'```python\n(.*?)```\n(?:\n```text\n(.*?)```)?', README, flags=re.DOTALL)


@pytest.mark.parametrize(
    ('program', 'printed'), PROGRAMS, ids=lambda text: text.strip().splitlines()[0] if text else ''
)
def test_every_program_prints_what_stands_beside_it(program, printed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    out = io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        exec(compile(program, 'README.md', 'exec'), {'__name__': '__main__'})
    assert out.getvalue() == printed


def test_there_are_programs_and_one_has_ten_lines():
    assert len(PROGRAMS) >= 2
    assert len(PROGRAMS[0][0].strip().splitlines()) <= 10


@pytest.mark.parametrize('target', re.findall(r'\]\((?!http)([^)#]+)\)|(?:src|srcset)="(?!http)([^"]+)"', README))
def test_every_file_it_links_to_exists(target):
    assert (ROOT / ''.join(target)).exists()


def test_its_table_of_operations_is_the_table():
    written = README.split('<!-- operations: begin -->\n')[1].split('<!-- operations: end -->')[0]
    assert written == markdown_table().strip() + '\n'
