"""The same program gives the same bits in every process, for every hash seed, and in every version of Python.

The program is `same_bits.py`, which does everything once. The other versions are the commands in MICROGRAD_PYTHONS, as
many as there are, with `os.pathsep` between them; without it, those of python3.12 and so on that are on PATH. They need
no package but this one, which they find beside the tests.

Functions of the C library are not rounded alike everywhere: glibc 2.43 has another erf than 2.36, and musl, which
WebAssembly has, another exp. So nothing is compared with stored digests, and a part of the program that depends on such
a function, or on NumPy, only where these are the same. What needs only what IEEE 754 rounds correctly, everywhere.
"""

import inspect
import json
import os
import shlex
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pytest

import micrograd
from micrograd import data, optim
from micrograd.primitives import TABLE
from tests import same_bits
from tests.same_bits import EXACT, PARTS, digest, libm

ROOT = Path(__file__).resolve().parents[1]
SEEDS = ('0', '1', 'random')
VERSIONS = ('3.11', '3.12', '3.13', '3.14')


def found() -> list[str]:
    """Commands that start other versions of Python."""
    if named := os.environ.get('MICROGRAD_PYTHONS'):
        return [command for command in named.split(os.pathsep) if command]
    ours = '.'.join(map(str, sys.version_info[:2]))
    return [name for name in (f'python{v}' for v in VERSIONS if v != ours) if _starts(name)]


def _starts(name: str) -> bool:
    """A name on PATH may be a stand-in for a version that is not chosen, which only says so."""
    path = shutil.which(name)
    return path is not None and subprocess.run([path, '-c', ''], capture_output=True).returncode == 0


OTHERS = found()
NONE_FOUND = pytest.param(
    '', '', marks=pytest.mark.skip('there is no other version of Python, neither in MICROGRAD_PYTHONS nor on PATH')
)


def started(command: list[str], seed: str, **more: str) -> subprocess.Popen[str]:
    environment = {**os.environ, 'PYTHONHASHSEED': seed, 'TQDM_DISABLE': '1', **more}  # whose bar shows seconds
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True, encoding='utf-8', stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def finished(process: subprocess.Popen[str]) -> dict[str, Any]:
    output, errors = process.communicate(timeout=300)
    assert process.returncode == 0, f'{process.args}: {errors}'
    printed: dict[str, Any] = json.loads(output)
    return printed


@cache
def ran() -> dict[str, dict[str, Any]]:
    """What is printed for each seed, and by each of the others; they run at the same time."""
    program = ['-W', 'error', '-m', 'tests.same_bits']
    processes = {seed: started([sys.executable, *program], seed) for seed in SEEDS}
    for other in OTHERS:
        processes[other] = started([*shlex.split(other), *program], 'random', PYTHONPATH='')
    return {name: finished(process) for name, process in processes.items()}


def test_every_process_and_hash_seed():
    first, *more = [ran()[seed] for seed in SEEDS]
    assert set(first['digests']) == {name for name, part in PARTS.items() if all(first['facts'][f] for f in part.facts)}
    assert more == [first] * (len(SEEDS) - 1)


@pytest.mark.parametrize(
    ('other', 'part'), [(other, part) for other in OTHERS for part in PARTS] or [NONE_FOUND], ids=str
)
def test_other_versions_of_python(other, part):
    ours, theirs = ran()['0'], ran()[other]
    assert theirs['python'] != ours['python']
    for fact in PARTS[part].facts:
        if theirs['facts'][fact] != ours['facts'][fact]:
            pytest.skip(f'it depends on {fact}, which is {theirs["facts"][fact]} there and {ours["facts"][fact]} here')
    assert theirs['digests'][part] == ours['digests'][part]


# That it can fail, and leaves nothing out


@pytest.mark.parametrize(
    ('one', 'other'),
    [
        (0.1 + 0.2, 0.3),
        (0.0, -0.0),
        (5e-324, 0.0),
        (float('nan'), float('inf')),
        (1, 1.0),
        (1, True),
        ([1.0, 2.0], [2.0, 1.0]),
        ([[1.0], 2.0], [[1.0, 2.0]]),
        ({'a': 1.0, 'b': 2.0}, {'b': 2.0, 'a': 1.0}),
        ('a', b'a'),
    ],
)
def test_a_digest_tells_bits_and_orders_apart(one, other):
    assert digest([one]) == digest([one]) != digest([other])


def test_what_has_no_bits_is_an_error():
    with pytest.raises(TypeError, match='object has no bits to compare'):
        digest([object()])


ORDERS = """
from tests.same_bits import main, part
@part()
def orders():
    return list({f'x{i}' for i in range(40)})
main(['orders'])
"""


def test_what_goes_by_the_order_of_a_set_is_noticed():
    zero, one = [finished(started([sys.executable, '-c', ORDERS], seed)) for seed in '01']
    assert zero['digests'].keys() == one['digests'].keys() == {'orders'}
    assert zero['facts'] == one['facts']
    assert zero['digests'] != one['digests']


def test_another_libm_is_noticed(monkeypatch):
    ours, exp = libm(), same_bits.math.exp
    monkeypatch.setattr(same_bits.math, 'exp', lambda x: exp(x) * (1.0 + 2**-52))
    assert libm() != ours


def test_nothing_is_left_out():
    """Losses, initialisations and rows are gone through by their tables; these are named."""
    source = inspect.getsource(same_bits)
    sets, transforms = (
        {name for name in package.__all__ if getattr(package, name).__module__ == module}
        for package, module in ((data, 'micrograd.data.sets'), (micrograd, 'micrograd.transforms'))
    )
    assert len(sets) > 5 < len(transforms)
    for name in {*optim.__all__, *sets, *transforms} - {'Dataset', 'Optimizer'}:
        assert f'.{name}(' in source or f'.{name},' in source or f'.{name})' in source, name
    assert set(EXACT) < set(TABLE)
