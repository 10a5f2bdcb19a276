"""Fake names: anonymizedf wrapped so that nobody is merged, drawn at random or left in."""

from __future__ import annotations

import random
import sys
from io import StringIO

import pytest
from anonymizedf import anonymizedf as library

from clearance.adapters import fake_names as adapter
from clearance.adapters.fake_names import fake_names
from clearance.errors import DisclosureRiskError

KEY, OTHER_KEY = b"k" * 32, b"o" * 32
PEOPLE = ["Ann Archer", "Bob Baker", "Cid Cooper"]


def faked(*values: str, key: bytes = KEY, column: str = "name") -> dict[str, str]:
    return fake_names(values, key=key, column=column)


def test_a_hundred_thousand_people_stay_as_many() -> None:
    """The library alone merges one in six: 64 bits of the digest keep them apart."""
    values = [f"Person {number}" for number in range(100_000)]
    made = fake_names(values, key=KEY, column="name")
    assert len(set(made.values())) == len(values)
    assert set(made) == set(values)


def test_fakes_look_like_names() -> None:
    first, last, tag = faked("Ann Archer")["Ann Archer"].split(" ")
    assert first.istitle()
    assert last[0].isupper()
    assert len(tag) == 16


def test_the_same_key_gives_the_same_fakes_in_any_order() -> None:
    assert faked(*PEOPLE) == faked(*reversed(PEOPLE)) == faked(*PEOPLE)


def test_a_fake_does_not_depend_on_who_else_is_there() -> None:
    assert faked("Bob Baker")["Bob Baker"] == faked(*PEOPLE)["Bob Baker"]


@pytest.mark.parametrize(("key", "column"), [(OTHER_KEY, "name"), (KEY, "contact")])
def test_another_key_or_column_gives_other_fakes(key: bytes, column: str) -> None:
    here, there = faked(*PEOPLE), faked(*PEOPLE, key=key, column=column)
    assert not set(here.values()) & set(there.values())


def test_a_missing_value_is_not_made_a_person() -> None:
    assert faked("", "Ann Archer")[""] == ""
    assert faked("") == {"": ""}
    assert faked() == {}


def test_no_fake_is_a_name_of_the_column() -> None:
    """The names that would be drawn are put among the originals, bare and with their tag."""
    drawn = faked("Ann Archer")["Ann Archer"]
    bare = drawn.rsplit(" ", 1)[0]
    made = faked("Ann Archer", bare)
    assert made["Ann Archer"].startswith("Person ")
    assert not set(made.values()) & {"Ann Archer", bare}
    again = faked("Ann Archer", drawn, bare)
    assert not set(again.values()) & {"Ann Archer", drawn, bare}


def test_a_collision_that_cannot_be_avoided_is_refused() -> None:
    tag = faked("Ann Archer")["Ann Archer"].rsplit(" ", 1)[1]
    bare = faked("Ann Archer")["Ann Archer"].rsplit(" ", 1)[0]
    with pytest.raises(DisclosureRiskError) as refused:
        faked("Ann Archer", bare, f"Person {tag}")
    assert "Archer" not in str(refused.value)


def test_the_library_is_left_as_it_was() -> None:
    before = library.fake
    library.fake.seed_instance(7)
    expected = [library.fake.name() for _ in range(3)]
    library.fake.seed_instance(7)
    faked(*PEOPLE)
    assert library.fake is before
    assert [library.fake.name() for _ in range(3)] == expected


def test_the_library_is_restored_when_it_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken:
        def __init__(self, _: object) -> None:
            raise RuntimeError

    before = library.fake
    monkeypatch.setattr(library, "anonymize", Broken)
    with pytest.raises(RuntimeError):
        faked(*PEOPLE)
    assert library.fake is before
    assert not adapter._LOCK.locked()


def test_global_randomness_is_not_touched_and_nothing_is_printed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    printed = StringIO()
    monkeypatch.setattr(sys, "stdout", printed)
    state = random.getstate()
    faked(*PEOPLE)
    assert random.getstate() == state
    assert printed.getvalue() == ""
