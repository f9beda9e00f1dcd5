"""Compiled against eager: programs nobody thought of."""

from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings

from tests.compiler.eager import check_costs, check_maps
from tests.compiler.programs import Program, programs

RANDOM = settings(
    max_examples=300, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)
SEEN: Counter[str] = Counter()


@pytest.mark.usefixtures('uncounted')
def test_random_programs() -> None:
    SEEN.clear()
    _maps()
    assert SEEN['decided'] >= 0.8 * SEEN['points']


@RANDOM
@given(programs())
def _maps(program: Program) -> None:
    function = program.function()
    examples = function.decided(program.points)
    SEEN['points'] += len(program.points)
    SEEN['decided'] += len(examples)
    if examples:
        check_maps(function, examples)


@pytest.mark.usefixtures('uncounted')
def test_random_costs() -> None:
    SEEN.clear()
    _costs()
    assert SEEN['decided'] >= 0.8 * SEEN['batches']


@RANDOM
@given(programs())
def _costs(program: Program) -> None:
    function = program.cost()
    examples = function.decided(program.points)
    if examples:
        sizes = (1, 3, 8, 100)
        SEEN['batches'] += len(sizes)
        SEEN['decided'] += check_costs(function, examples, sizes)
