"""Every reader keeps its promise for mutated files, for the good ones, and for all that it once read wrongly."""

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from tests.fuzz.contracts import CONTRACTS, held
from tests.fuzz.material import material
from tests.fuzz.mutations import mutated


@pytest.fixture(params=CONTRACTS)
def reader(request):
    return request.param


@pytest.fixture
def its_material(reader, tmp_path):
    return material(reader, tmp_path)


def test_good_files_and_former_findings(reader, its_material, tmp_path):
    for content in its_material.seeds:
        held(CONTRACTS[reader], content, tmp_path)


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_mutated_files(reader, its_material, tmp_path, data):
    seed = data.draw(st.sampled_from(its_material.seeds))
    content = mutated(seed, its_material, data.draw(st.randoms(use_true_random=False)))
    note(f'{content!r}')
    held(CONTRACTS[reader], content, tmp_path)
