"""Every reader keeps its promise for mutated files, for the good ones, and for all that it once read wrongly."""

import gzip
import tracemalloc
from random import Random

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from tests.fuzz.contracts import CONTRACTS, held
from tests.fuzz.material import material
from tests.fuzz.mutations import each_word_replaced, mutated

MEGABYTE = 2**20
LONGEST = 1000  # bytes of a file of which each word is tried


@pytest.fixture(autouse=True)
def _files_need_not_outlast_the_test(monkeypatch):
    """Thousands of model files are saved, and each time the disk would be waited for."""
    monkeypatch.setattr('os.fsync', lambda file: None)


@pytest.fixture(params=CONTRACTS)
def reader(request):
    return request.param


@pytest.fixture
def its_material(reader, tmp_path):
    return material(reader, tmp_path)


def test_good_files_and_former_findings(reader, its_material, tmp_path):
    for content in its_material.seeds:
        held(CONTRACTS[reader], content, tmp_path)


@pytest.mark.usefixtures('uncounted')
@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(number=st.integers(0, 2**64))
def test_mutated_files(reader, its_material, tmp_path, number):
    random = Random(number)
    content = mutated(random.choice(its_material.seeds), its_material, random)
    note(f'{content!r}')
    held(CONTRACTS[reader], content, tmp_path)


@pytest.mark.usefixtures('uncounted')
@pytest.mark.parametrize(
    ('name', 'tokens'), [('checkpoint', [b'0', b'"\\ud800"']), ('expression', [b'x', b',', b'[]', b'9' * 400])]
)
def test_each_word_of_a_good_file_replaced(name, tokens, tmp_path):
    seeds = [seed for seed in material(name, tmp_path).seeds if len(seed) < LONGEST]
    for content in (content for seed in seeds for token in tokens for content in each_word_replaced(seed, token)):
        held(CONTRACTS[name], content, tmp_path)


@pytest.mark.parametrize(
    ('name', 'content'),
    [
        ('checkpoint', b'[' * 100_000),
        ('checkpoint', b'{"format": ' + b'9' * 100_000 + b'}'),
        ('csv', b',' * 20_000),
        ('csv', b'a,b\n' + b'"' * 100_001),
        ('idx', bytes([0, 0, 14, 255]) + b'\xff' * 1020),
        ('idx', bytes([0, 0, 8, 1]) + b'\xff' * 4),
        ('idx', gzip.compress(bytes([0, 0, 14, 2]) + b'\xff' * 8 + bytes(100), mtime=0)),
        ('expression', b'-' * 9_999 + b'x'),
        ('expression', b'9**' * 3_000 + b'9'),
        ('expression', b'x' * MEGABYTE),
    ],
    ids=lambda x: x if isinstance(x, str) else repr(x[:12]),
)
def test_a_small_file_takes_little_memory(name, content, tmp_path):
    tracemalloc.start()
    try:
        held(CONTRACTS[name], content, tmp_path)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 32 * MEGABYTE
