"""Text becomes one canonical text per value of the declared type, or is answered as unreadable."""

from __future__ import annotations

from decimal import Decimal

import pytest

from clearance.columns import plain, typed
from clearance.plan import ValueType


def canonical(text: str, kind: ValueType) -> str | None:
    """What ``text`` becomes, None where it is unreadable."""
    read = typed([text], kind)
    replacement: str | None = read.lookup["replacement"].tolist()[0]
    assert read.unreadable == ((text,) if replacement is None else ())
    return replacement


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7", "7"),
        ("007", "7"),
        ("+7", "7"),
        ("-7", "-7"),
        ("-0", "0"),
        ("", ""),
        ("9223372036854775807", "9223372036854775807"),
        ("9223372036854775808", None),
        ("-9223372036854775808", "-9223372036854775808"),
        ("-9223372036854775809", None),
        ("7.0", None),
        ("1e3", None),
        ("1,000", None),
        ("1 000", None),
        ("seven", None),
        ("NaN", None),
        ("_7", None),
        ("9" * 5000, None),
    ],
)
def test_integers(text: str, expected: str | None) -> None:
    assert canonical(text, ValueType.INTEGER) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1.50", "1.5"),
        ("007", "7"),
        (".5", "0.5"),
        ("5.", "5"),
        ("-0.0", "0"),
        ("1e3", "1000"),
        ("1e+16", "10000000000000000"),
        ("2.5E-3", "0.0025"),
        ("", ""),
        ("0.30000000000000004", "0.30000000000000004"),
        ("0.100000000000000000000000000001", None),
        ("9007199254740993", None),
        ("0.000000000000000001", "0.000000000000000001"),
        ("1e-19", None),
        ("1e18", None),
        ("1e99", None),
        ("1e999", None),
        ("NaN", None),
        ("Infinity", None),
        ("1,5", None),
        ("1.000,5", None),
        ("5 %", None),
    ],
)
def test_numbers(text: str, expected: str | None) -> None:
    """A number is taken where a double holds it as it is written: CSV and Parquet agree."""
    assert canonical(text, ValueType.NUMBER) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-02-28", "2026-02-28"),
        ("2024-02-29", "2024-02-29"),
        ("2026-02-29", None),
        ("2026-02-28 00:00:00", "2026-02-28"),
        ("2026-02-28T00:00:00.000", "2026-02-28"),
        ("2026-02-28 10:30:00", None),
        ("28.02.2026", None),
        ("20260228", None),
        ("2026-W09-1", None),
        ("", ""),
    ],
)
def test_dates(text: str, expected: str | None) -> None:
    assert canonical(text, ValueType.DATE) == expected


@pytest.mark.parametrize("text", ["NA", "007", "null", "1.50", "-", ""])
def test_text_stays_as_it_is(text: str) -> None:
    assert canonical(text, ValueType.TEXT) == text


def test_a_look_up_covers_every_value_in_its_order() -> None:
    read = typed(["2", "x", "", "01"], ValueType.INTEGER)
    assert read.lookup["value"].tolist() == ["2", "x", "", "01"]
    assert read.lookup["replacement"].tolist() == ["2", None, "", "1"]
    assert read.unreadable == ("x",)


@pytest.mark.parametrize(
    ("values", "changes"),
    [(["7", ""], False), (["7", "007"], True), (["7", "x"], True), ([], False)],
)
def test_whether_any_value_changes_is_known(values: list[str], changes: bool) -> None:
    assert typed(values, ValueType.INTEGER).changes == changes


@pytest.mark.parametrize(
    ("number", "text"),
    [("1E+3", "1000"), ("0E+5", "0"), ("-0.00", "0"), ("12.3400", "12.34"), ("-5", "-5")],
)
def test_a_number_is_written_plainly(number: str, text: str) -> None:
    assert plain(Decimal(number)) == text
