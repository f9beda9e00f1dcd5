"""The gallery is what `python -m visuals` makes: texts always, pictures under the pinned versions."""

import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from micrograd.render.layout import system_dot

ROOT = Path(__file__).resolve().parents[1]
VISUALS = ROOT / 'visuals'
PINNED = dict(
    line.split('==') for line in (VISUALS / 'requirements.txt').read_text('utf-8').splitlines() if '==' in line
)
SCREENSHOT = 'explorer.png'  # python -m visuals.screenshot: it needs a browser
FORMS = ('.dot', '.svg', '.png', '.gif', '.html')
KEPT = sorted(path.name for path in VISUALS.iterdir() if path.suffix in FORMS and path.name != SCREENSHOT)


@pytest.fixture(scope='module')
def remade(tmp_path_factory):
    folder = tmp_path_factory.mktemp('visuals')
    write = 'import sys, pathlib, visuals.__main__ as v; list(v.write_all(pathlib.Path(sys.argv[1])))'
    subprocess.run([sys.executable, '-c', write, str(folder)], cwd=ROOT, check=True)  # uncounted, it is twice as fast
    return folder


def test_every_picture_is_remade_and_no_other_is_there(remade):
    assert sorted(path.name for path in remade.iterdir()) == KEPT


@pytest.mark.parametrize('name', [name for name in KEPT if name.endswith('.dot')])
def test_texts_are_the_same_bytes_always(name, remade):
    assert (remade / name).read_bytes() == (VISUALS / name).read_bytes()


@pytest.mark.parametrize('name', [name for name in KEPT if not name.endswith('.dot')])
def test_pictures_are_the_same_bytes_under_the_pinned_versions(name, remade):
    other = [f'{package} {version(package)}' for package, pinned in PINNED.items() if version(package) != pinned]
    if other or system_dot():
        pytest.skip(f'the pictures were made with other versions than {", ".join(other) or "the dot on PATH"}')
    assert (remade / name).read_bytes() == (VISUALS / name).read_bytes()


def test_every_picture_is_in_the_gallery():
    page = (VISUALS / 'README.md').read_text('utf-8')
    shown = set(re.findall(r'[("]([\w-]+\.(?:svg|png|gif|html))[)"]', page))
    assert shown <= {*KEPT, SCREENSHOT}
    assert {Path(name).stem for name in KEPT} == {Path(name).stem for name in shown}
