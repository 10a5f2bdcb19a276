"""What every ledger does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from clearance.adapters.ledger import SqliteLedger
from clearance.candidate import ReleaseId, sha256
from clearance.errors import LedgerError
from clearance.ports import Ledger
from tests.fakes import FakeLedger
from tests.office import NOON, SURVEY


@pytest.fixture(params=["sqlite", "fake"])
def ledger(request: pytest.FixtureRequest, tmp_path: Path) -> Ledger:
    make: dict[str, Callable[[], Ledger]] = {
        "sqlite": lambda: SqliteLedger(tmp_path / "l.db", tmp_path / "locks", wait_seconds=0.1),
        "fake": FakeLedger,
    }
    return make[request.param]()


def test_the_head_of_an_empty_ledger_is_the_digest_of_nothing(ledger: Ledger) -> None:
    assert ledger.head() == sha256(b"")
    assert ledger.entries() == ()
    ledger.check()


def test_entries_come_back_as_they_were_entered_in_their_order(ledger: Ledger) -> None:
    first = ledger.append("candidate", SURVEY, {"b": [1, "ü"], "a": None}, at=NOON)
    second = ledger.append("decision", SURVEY, {}, at=NOON + timedelta(seconds=1))
    assert ledger.entries() == (first, second)
    assert (first.number, second.number) == (1, 2)
    assert (first.kind, first.release, first.at) == ("candidate", "survey/2026/1", NOON)
    assert first.payload == {"a": None, "b": [1, "ü"]}
    assert ledger.head() == second.digest != first.digest
    ledger.check()


def test_entries_are_found_by_release_and_kind(ledger: Ledger) -> None:
    other = ReleaseId("other", "2026", 1)
    for release in (SURVEY, other):
        for kind in ("candidate", "decision"):
            ledger.append(kind, release, {}, at=NOON)
    assert [entry.number for entry in ledger.entries(release="other/2026/1")] == [3, 4]
    assert [entry.number for entry in ledger.entries(kind="decision")] == [2, 4]
    found = ledger.entries(kind="decision", release="survey/2026/1")
    assert [entry.number for entry in found] == [2]


def test_equal_payloads_give_different_digests(ledger: Ledger) -> None:
    digests = {ledger.append("run", SURVEY, {}, at=NOON).digest for _ in range(3)}
    assert len(digests) == 3


def test_an_entry_is_refused_where_the_head_has_moved(ledger: Ledger) -> None:
    head = ledger.head()
    ledger.append("run", SURVEY, {}, at=NOON, expected_head=head)
    with pytest.raises(LedgerError, match="moved"):
        ledger.append("run", SURVEY, {}, at=NOON, expected_head=head)
    assert len(ledger.entries()) == 1


def test_an_instant_without_time_zone_is_refused(ledger: Ledger) -> None:
    with pytest.raises(LedgerError, match="time zone"):
        ledger.append("run", SURVEY, {}, at=datetime(2026, 11, 23))  # noqa: DTZ001


def test_instants_are_the_same_in_any_zone(ledger: Ledger) -> None:
    elsewhere = NOON.astimezone(timezone(timedelta(hours=5)))
    assert ledger.append("run", SURVEY, {}, at=elsewhere).at == NOON
    assert ledger.entries()[0].at == NOON


def test_a_lock_has_one_holder(ledger: Ledger) -> None:
    with ledger.lock("survey"):
        with ledger.lock("other"):
            pass
        with pytest.raises(LedgerError, match="survey"), ledger.lock("survey"):
            pass
    with ledger.lock("survey"):
        pass
