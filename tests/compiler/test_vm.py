"""The vector machine."""

import pytest

from micrograd.compiler.vm import VectorMachine
from tests.compiler.agreement import LANES, compare
from tests.compiler.literal import PROGRAMS


@pytest.mark.parametrize('lanes', LANES)
@pytest.mark.parametrize('dtype', ['float64', 'float32'])
@pytest.mark.parametrize('name', PROGRAMS)
def test_instructions_mean_what_they_say(name: str, lanes: int, dtype: str):
    compare(VectorMachine, PROGRAMS[name](), lanes, dtype)
