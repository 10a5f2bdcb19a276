"""What Prefect is told of a failure: its kind and where the whole story is, never a value."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from clearance.adapters.failures import shielded
from clearance.errors import (
    ClearanceError,
    DisclosureRiskError,
    InputError,
    LedgerError,
    PlanError,
    ReviewError,
    UnexpectedError,
)
from clearance.findings import Finding

CANARY = "Canary Surname"
EXPOSED = Finding(
    rule="cell-exposed", severity="block", where="by-place", count=3, message=f"see {CANARY}"
)
WARNING = Finding(rule="unique-records", severity="warn", where="persons", count=2, message=CANARY)


def failing(problem: Exception) -> Callable[[], None]:
    def step() -> None:
        raise problem

    return step


def failure_of(step: Callable[[], None], notes: Path) -> Exception:
    with pytest.raises(ClearanceError) as caught:
        shielded(step, notes=lambda: notes)()
    return caught.value


@pytest.mark.parametrize("kind", [PlanError, InputError, DisclosureRiskError])
def test_what_stewards_are_told_stays_private(kind: type[ClearanceError], tmp_path: Path) -> None:
    notes = tmp_path / "private" / "run.txt"
    failure = failure_of(failing(kind(f"3 records like {CANARY}")), notes)
    assert type(failure) is kind
    assert str(notes) in str(failure)
    assert CANARY not in str(failure)
    assert CANARY in notes.read_text()
    assert notes.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("kind", [LedgerError, ReviewError])
def test_what_is_about_machinery_or_rules_is_told_as_it_is(
    kind: type[ClearanceError], tmp_path: Path
) -> None:
    failure = failure_of(failing(kind("the ledger is locked")), tmp_path / "run.txt")
    assert (type(failure), str(failure)) == (kind, "the ledger is locked")
    assert not (tmp_path / "run.txt").exists()


def test_blocking_findings_are_told_by_rule_and_place_only(tmp_path: Path) -> None:
    problem = DisclosureRiskError("blocked", findings=(EXPOSED, WARNING))
    failure = failure_of(failing(problem), tmp_path / "run.txt")
    assert "blocked by cell-exposed (by-place)" in str(failure)
    assert CANARY not in str(failure)
    assert "unique-records" not in str(failure)
    assert f"see {CANARY}" in (tmp_path / "run.txt").read_text()


def test_no_cause_hangs_on_what_is_raised(tmp_path: Path) -> None:
    def step() -> None:
        try:
            int(CANARY)
        except ValueError as cause:
            raise KeyError(CANARY) from cause

    failure = failure_of(step, tmp_path / "run.txt")
    assert type(failure) is UnexpectedError
    assert "unexpected KeyError" in str(failure)
    assert CANARY not in str(failure)
    assert failure.__cause__ is None
    assert failure.__context__ is None
    assert CANARY in (tmp_path / "run.txt").read_text()


def test_a_step_that_succeeds_gives_what_it_gives(tmp_path: Path) -> None:
    assert shielded(lambda: 7, notes=lambda: tmp_path / "run.txt")() == 7
