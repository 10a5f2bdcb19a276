"""What every release memory does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from clearance.adapters.keys import KeyRing
from clearance.adapters.memory import SealedMemory
from clearance.candidate import ReleaseId
from clearance.content import whole
from clearance.errors import MemoryMissingError, OperatorError
from clearance.ports import Memory
from tests.elsewhere import Elsewhere
from tests.fakes import FakeClock, FakeLedger, FakeMemory
from tests.office import NOON

FIRST = ReleaseId("survey", "2025", 1)
SECOND = ReleaseId("survey", "2026", 1)
OTHER = ReleaseId("other", "2026", 1)


@pytest.fixture(params=["sealed", "fake"])
def memory(request: pytest.FixtureRequest, tmp_path: Path) -> Memory:
    make: dict[str, Callable[[], Memory]] = {
        "sealed": lambda: SealedMemory(
            tmp_path, KeyRing(tmp_path / "keys"), FakeLedger(), FakeClock(NOON)
        ),
        "fake": FakeMemory,
    }
    return make[request.param]()


def test_remembered_bytes_are_recalled(memory: Memory) -> None:
    memory.remember(FIRST, {"a.csv": b"1", "b/c.csv": b""})
    assert dict(memory.recall(FIRST)) == {"a.csv": b"1", "b/c.csv": b""}


def test_stored_contents_are_remembered_as_their_bytes_are(memory: Memory) -> None:
    memory.remember(FIRST, {"a.csv": Elsewhere(b"1234567"), "b/c.csv": b""})
    memory.remember(FIRST, {"a.csv": b"1234567", "b/c.csv": Elsewhere(b"")})
    assert {path: whole(each) for path, each in memory.recall(FIRST).items()} == {
        "a.csv": b"1234567",
        "b/c.csv": b"",
    }
    with pytest.raises(OperatorError, match="other bytes"):
        memory.remember(FIRST, {"a.csv": Elsewhere(b"1234568"), "b/c.csv": b""})


def test_what_was_never_remembered_is_missing(memory: Memory) -> None:
    with pytest.raises(MemoryMissingError):
        memory.recall(FIRST)


def test_remembering_twice_is_remembering_once(memory: Memory) -> None:
    memory.remember(FIRST, {"a.csv": b"1"})
    head = memory.head("survey")
    memory.remember(FIRST, {"a.csv": b"1"})
    assert (memory.head("survey"), memory.releases("survey")) == (head, (FIRST,))


def test_a_release_never_changes(memory: Memory) -> None:
    memory.remember(FIRST, {"a.csv": b"1"})
    with pytest.raises(OperatorError, match="other bytes"):
        memory.remember(FIRST, {"a.csv": b"2"})
    assert memory.recall(FIRST) == {"a.csv": b"1"}


def test_releases_are_known_by_dataset_in_their_order(memory: Memory) -> None:
    for release in (SECOND, OTHER, FIRST):
        memory.remember(release, {"a.csv": b"1"})
    assert memory.releases("survey") == (SECOND, FIRST)
    assert memory.releases("nothing") == ()


def test_the_head_moves_with_the_datasets_own_releases_only(memory: Memory) -> None:
    empty = memory.head("survey")
    memory.remember(OTHER, {"a.csv": b"1"})
    assert memory.head("survey") == empty
    memory.remember(FIRST, {"a.csv": b"1"})
    assert memory.head("survey") != empty
    assert memory.head("survey", without=FIRST) == empty


def test_the_head_without_a_release_still_holds_those_after_it(memory: Memory) -> None:
    empty = memory.head("survey")
    memory.remember(FIRST, {"a.csv": b"1"})
    one = memory.head("survey")
    memory.remember(SECOND, {"a.csv": b"1"})
    assert memory.head("survey", without=SECOND) == one
    assert memory.head("survey", without=FIRST) not in (empty, one)


def test_the_head_says_the_same_in_every_implementation(memory: Memory) -> None:
    memory.remember(FIRST, {"a.csv": b"1"})
    twin = FakeMemory()
    twin.remember(FIRST, {"a.csv": b"1"})
    assert memory.head("survey") == twin.head("survey")
