"""What holds for the tests and for the examples in docstrings alike."""

from collections.abc import Iterator

import pytest
from coverage import Coverage  # which pytest-cov brings


@pytest.fixture(autouse=True)
def _the_table_is_as_it_was():
    """Forget the operations that a test, or an example, adds."""
    from micrograd import primitives  # not before coverage is measured

    before = dict(primitives.TABLE)
    yield
    for name in primitives.TABLE.keys() - before.keys():
        for interpreter in primitives.INTERPRETERS:
            delattr(interpreter.functions, name)
    primitives.TABLE.clear()
    primitives.TABLE.update(before)


@pytest.fixture
def uncounted() -> Iterator[None]:
    """Do not count the lines of a test that goes through millions of them: counting takes twice as long as running."""
    stopped: list[Coverage] = []
    while (counting := Coverage.current()) is not None:  # in a process of xdist's there are two, one below the other
        counting.stop()
        stopped.append(counting)
    yield
    for counting in reversed(stopped):
        counting.start()
