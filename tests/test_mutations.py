"""The tests of the table can fail: every partial and every gate of every row, spoilt in turn, is noticed.

The rows that are spoilt are those that backward() uses, and what must notice is `disagreements` of test_primitives.py,
which is what stands between the table and mathematics there.
"""

from collections.abc import Callable
from typing import Any

import pytest

from micrograd.primitives import Row
from tests.references import Case
from tests.test_primitives import CASES, disagreements, points

SPOILT: dict[str, Callable[[Any], Any]] = {
    'sign-flipped': lambda factor: -factor,
    'scaled by 1.001': lambda factor: 1.001 * factor,
    'dropped': lambda factor: 0.0,
}
GATES: dict[str, Callable[[Any], Any]] = {
    'inverted': lambda blocked: not blocked,
    'dropped': lambda blocked: False,
}
# Their derivative is 0 and their gate is always shut, so what the partial says is never read.
NEVER_READ = {(name, i) for name in ('less', 'less_equal', 'equal') for i in (0, 1)} | {
    ('sign', 0), ('floor', 0), ('stop_gradient', 0), ('where', 0), ('select', 0), ('power', 0, 0)}  # fmt: skip


def arguments(case: Case) -> range:
    return range(case.row.arity or 4)


def replaced(formula: Callable[..., Any], i: int, change: Callable[[Any], Any]) -> Callable[..., Any]:
    """The formula of a row, with what it says of argument i changed."""

    def spoilt(o: Any, z: Any, *xs: Any) -> Any:
        told = formula(o, z, *xs)
        if not isinstance(told, tuple):
            return change(told)
        return tuple(change(x) if j == i else x for j, x in enumerate(told))

    return spoilt


def spoil(monkeypatch: pytest.MonkeyPatch, row: Row, **facts: Any) -> None:
    """Change facts of the row itself: Values have methods that hold it."""
    for name, fact in facts.items():
        monkeypatch.setattr(row, name, fact)
    monkeypatch.setattr(row, 'slope', row.partials if row.arity == 1 and not row.blocked else None)
    monkeypatch.setattr(row, 'slopes', row.partials if row.arity == 2 and not row.blocked else None)


PARTIALS = [(case, i) for case in CASES for i in arguments(case)]
UNREAD = [(case, i) for case, i in PARTIALS if (case.name, *case.constants, i) in NEVER_READ]


@pytest.mark.parametrize('change', SPOILT)
@pytest.mark.parametrize(('case', 'i'), PARTIALS, ids=[f'{case}-{i}' for case, i in PARTIALS])
def test_a_spoilt_partial_is_noticed(monkeypatch, case, i, change):
    spoil(monkeypatch, case.row, partials=replaced(case.row.partials, i, SPOILT[change]))
    assert bool(disagreements(case)) != ((case, i) in UNREAD)


BLOCKED = [(case, i) for case, i in PARTIALS if case.row.blocked]


@pytest.mark.parametrize('change', GATES)
@pytest.mark.parametrize(('case', 'i'), BLOCKED, ids=[f'{case}-{i}' for case, i in BLOCKED])
def test_a_spoilt_gate_is_noticed(monkeypatch, case, i, change):
    spoil(monkeypatch, case.row, blocked=replaced(case.row.blocked, i, GATES[change]))
    assert disagreements(case)


@pytest.mark.parametrize('case', [case for case in CASES if case.row.blocked], ids=str)
def test_a_row_without_its_gates_is_noticed(monkeypatch, case):
    spoil(monkeypatch, case.row, blocked=None)
    assert disagreements(case)


@pytest.mark.parametrize(('case', 'i'), UNREAD, ids=[f'{case}-{i}' for case, i in UNREAD])
def test_a_partial_that_is_never_read_is_behind_a_gate_that_is_always_shut(case, i):
    assert all(case.blocks(i, case.derivatives(xs).gradient[i]) for xs in points(case))


def test_the_rows_are_afterwards_what_they_were():
    assert [str(case) for case in CASES if disagreements(case)] == []
