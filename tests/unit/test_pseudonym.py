"""Pseudonyms link a unit's records within one output of one release, and nothing else."""

from __future__ import annotations

from clearance.pseudonym import pseudonyms

KEY, OTHER_KEY = b"k" * 32, b"o" * 32


def test_equal_values_have_equal_pseudonyms() -> None:
    first = pseudonyms(["Ann", "Bob"], key=KEY, column="name")
    second = pseudonyms(["Bob", "Cid"], key=KEY, column="name")
    assert first["Bob"] == second["Bob"]


def test_different_values_have_different_pseudonyms() -> None:
    values = [str(number) for number in range(10_000)]
    assert len(set(pseudonyms(values, key=KEY, column="id").values())) == len(values)


def test_another_key_gives_other_pseudonyms() -> None:
    """Outputs and releases have keys of their own, so that they cannot be joined."""
    here = pseudonyms(["Ann"], key=KEY, column="name")
    there = pseudonyms(["Ann"], key=OTHER_KEY, column="name")
    assert here["Ann"] != there["Ann"]


def test_another_column_gives_other_pseudonyms() -> None:
    here = pseudonyms(["Ann"], key=KEY, column="mother")
    there = pseudonyms(["Ann"], key=KEY, column="child")
    assert here["Ann"] != there["Ann"]


def test_column_and_value_are_told_apart() -> None:
    assert pseudonyms(["bc"], key=KEY, column="a") != pseudonyms(["c"], key=KEY, column="ab")
    here = pseudonyms(["bc"], key=KEY, column="a")["bc"]
    assert here != pseudonyms(["c"], key=KEY, column="ab")["c"]


def test_a_missing_value_stays_missing() -> None:
    assert pseudonyms(["", "Ann"], key=KEY, column="name")[""] == ""


def test_a_pseudonym_is_32_hex_digits_and_holds_nothing_of_the_value() -> None:
    (pseudonym,) = pseudonyms(["Ann"], key=KEY, column="name").values()
    assert len(pseudonym) == 32
    assert set(pseudonym) <= set("0123456789abcdef")
