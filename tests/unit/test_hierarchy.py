"""Hierarchies are nested, cover every leaf, and say how many values they miss, never which."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from clearance.errors import PlanError
from clearance.hierarchy import MISSING, Hierarchy, build, covering, from_rows
from clearance.plan import (
    DateLevels,
    HierarchyFile,
    HierarchySource,
    Intervals,
    Prefix,
    ValueType,
)

PLACES = [
    ["Aford", "North", "*"],
    ["Beham", "North", "*"],
    ["Cester", "South", "*"],
]


def rows(*lines: str) -> Hierarchy:
    return from_rows("place", [line.split(";") for line in lines], where="people/places.csv")


def intervals(
    *widths: str, leaves: list[str], kind: ValueType = ValueType.INTEGER
) -> tuple[tuple[str, ...], ...]:
    source = Intervals(tuple(Decimal(width) for width in widths))
    return build("age", source, leaves, kind=kind).levels


# ---------------------------------------------------------------- files


def test_the_rows_of_a_file_are_leaves_and_levels() -> None:
    hierarchy = from_rows("place", PLACES, where="x")
    assert hierarchy.leaves == ("Aford", "Beham", "Cester")
    assert hierarchy.height == 2
    assert hierarchy.labels(1) == ("North", "South")
    assert hierarchy.recoding(1) == {"Aford": "North", "Beham": "North", "Cester": "South"}
    assert hierarchy.groups.tolist() == [[0, 1, 2], [0, 0, 1], [0, 0, 0]]


def test_a_level_that_covers_everything_is_added_where_it_is_missing() -> None:
    assert rows("Aford;North", "Cester;South").levels[-1] == ("*", "*")
    assert rows("Aford", "Cester").levels == (("Aford", "Cester"), ("*", "*"))


def test_leaves_are_normalised_as_the_data_are() -> None:
    decomposed = "Orle\u0301ans"
    assert rows(f" {decomposed} ;Centre").leaves == ("Orl\u00e9ans",)


REFUSED = {
    "a leaf that stands twice": (("A;X", "A;X"), "1 leaves stand twice"),
    "a leaf that stands twice after trimming": (("A;X", " A;X"), "1 leaves stand twice"),
    "levels that are not nested": (
        ("A;X;P", "B;X;Q"),
        "1 labels of level 1 have several labels at level 2",
    ),
    "rows of several lengths": (("A;X", "B;X;P"), "expected rows of one length, found 2"),
    "an empty label": (("A;X", "B; "), "expected a label in every column"),
    "an empty leaf": ((";X", "B;X"), "expected a label in every column"),
}


@pytest.mark.parametrize(("lines", "told"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_hierarchy_is_refused(lines: tuple[str, ...], told: str) -> None:
    with pytest.raises(PlanError) as refused:
        rows(*lines)
    assert str(refused.value).startswith("people/places.csv: ")
    assert told in str(refused.value)


def test_no_rows_are_refused() -> None:
    with pytest.raises(PlanError, match=r"people/places\.csv"):
        from_rows("place", [], where="people/places.csv")


def test_the_hierarchies_of_adult_are_read(shared_data: Path) -> None:
    text = (shared_data / "adult" / "adult_hierarchy_age.csv").read_text()
    hierarchy = from_rows("age", [line.split(";") for line in text.splitlines()], where="x")
    assert hierarchy.height == 4
    assert hierarchy.levels[-1] == ("*",) * len(hierarchy.leaves)


# ---------------------------------------------------------------- built ones


def test_without_a_source_a_value_is_shown_or_everything_is_one() -> None:
    assert build("sex", None, ["m", "f", "m"]).levels == (("f", "m"), ("*", "*"))


@pytest.mark.parametrize(
    ("leaf", "five", "ten"),
    [
        ("0", "0-4", "0-9"),
        ("4", "0-4", "0-9"),
        ("5", "5-9", "0-9"),
        ("10", "10-14", "10-19"),
        ("-1", "-5 to -1", "-10 to -1"),
        ("-5", "-5 to -1", "-10 to -1"),
        ("-6", "-10 to -6", "-10 to -1"),
        ("-10", "-10 to -6", "-10 to -1"),
        ("-11", "-15 to -11", "-20 to -11"),
    ],
)
def test_intervals_of_whole_numbers(leaf: str, five: str, ten: str) -> None:
    assert intervals("5", "10", leaves=[leaf]) == ((leaf,), (five,), (ten,), ("*",))


@pytest.mark.parametrize(
    ("leaf", "half", "one"),
    [
        ("0", "0.0 to under 0.5", "0 to under 1"),
        ("0.49", "0.0 to under 0.5", "0 to under 1"),
        ("0.5", "0.5 to under 1.0", "0 to under 1"),
        ("-0.01", "-0.5 to under 0.0", "-1 to under 0"),
        ("-0.5", "-0.5 to under 0.0", "-1 to under 0"),
        ("-1", "-1.0 to under -0.5", "-1 to under 0"),
        ("1", "1.0 to under 1.5", "1 to under 2"),
    ],
)
def test_intervals_of_decimals(leaf: str, half: str, one: str) -> None:
    made = intervals("0.5", "1", leaves=[leaf], kind=ValueType.NUMBER)
    assert made == ((leaf,), (half,), (one,), ("*",))


def test_labels_of_intervals_do_not_tell_whether_a_value_is_whole() -> None:
    """A suppressed record with a fraction must not change the labels of all the others."""
    whole = intervals("10", leaves=["20", "25"], kind=ValueType.NUMBER)
    with_fraction = intervals("10", leaves=["20", "25", "33.3"], kind=ValueType.NUMBER)
    assert set(whole[1]) < set(with_fraction[1])


@pytest.mark.parametrize(
    ("leaf", "labels"),
    [
        ("1234", ("1234", "123*", "12*", "*")),
        ("123", ("123", "123*", "12*", "*")),
        ("12", ("12", "12", "12*", "*")),
        ("1", ("1", "1", "1", "*")),
        ("äöü", ("äöü", "äöü*", "äö*", "*")),
    ],
)
def test_prefixes_of_codes(leaf: str, labels: tuple[str, ...]) -> None:
    assert build("postcode", Prefix((3, 2)), [leaf]).levels == tuple((each,) for each in labels)


@pytest.mark.parametrize(
    ("leaf", "month", "quarter", "year"),
    [
        ("2026-01-01", "2026-01", "2026-Q1", "2026"),
        ("2026-03-31", "2026-03", "2026-Q1", "2026"),
        ("2026-04-01", "2026-04", "2026-Q2", "2026"),
        ("2024-02-29", "2024-02", "2024-Q1", "2024"),
        ("2026-12-31", "2026-12", "2026-Q4", "2026"),
        ("0999-12-31", "0999-12", "0999-Q4", "0999"),
    ],
)
def test_calendar_levels(leaf: str, month: str, quarter: str, year: str) -> None:
    built = build("born", DateLevels(("month", "quarter", "year")), [leaf])
    assert built.levels == ((leaf,), (month,), (quarter,), (year,), ("*",))


def test_calendar_levels_may_be_left_out() -> None:
    built = build("born", DateLevels(("year",)), ["2026-01-01", "2026-12-31"])
    assert built.levels[1:] == (("2026", "2026"), ("*", "*"))


NOT_NESTED: dict[str, tuple[HierarchySource, list[str], str]] = {
    "widths that are no multiples": (
        Intervals((Decimal(5), Decimal(12))),
        ["1"],
        "each width must be a multiple of the one before",
    ),
    "a width twice": (Intervals((Decimal(5), Decimal(5))), ["1"], "each width must be a multiple"),
    "widths that fall": (Intervals((Decimal(10), Decimal(5))), ["1"], "each width must be"),
    "prefixes that rise": (Prefix((2, 3)), ["123"], "prefix lengths must fall"),
    "a prefix twice": (Prefix((2, 2)), ["123"], "prefix lengths must fall"),
    "calendar levels that fall": (DateLevels(("year", "month")), ["2026-01-01"], "must rise"),
    "a file, which has a reader of its own": (HierarchyFile("x.csv"), ["1"], "from_rows"),
}


@pytest.mark.parametrize(("source", "leaves", "told"), NOT_NESTED.values(), ids=NOT_NESTED.keys())
def test_levels_that_cannot_be_nested_are_refused(
    source: HierarchySource, leaves: list[str], told: str
) -> None:
    with pytest.raises(PlanError, match=told):
        build("x", source, leaves)


@pytest.mark.parametrize(
    "source", [Intervals((Decimal(5),)), DateLevels(("year",))], ids=["intervals", "date"]
)
def test_a_value_of_another_type_is_refused_and_not_quoted(source: HierarchySource) -> None:
    with pytest.raises(PlanError) as refused:
        build("x", source, ["Smith"])
    assert "declare type" in str(refused.value)
    assert "Smith" not in str(refused.value)


# ---------------------------------------------------------------- missing values and unknown ones


def test_a_missing_value_is_a_leaf_of_its_own_until_everything_is_one() -> None:
    hierarchy = covering(from_rows("place", PLACES, where="x"), ["Aford", MISSING])
    assert hierarchy.recoding(0)[MISSING] == MISSING
    assert hierarchy.recoding(1)[MISSING] == MISSING
    assert hierarchy.recoding(2)[MISSING] == "*"
    assert hierarchy.groups[1].tolist() == [0, 0, 1, 2]


@pytest.mark.parametrize(
    "source", [None, Intervals((Decimal(5),)), Prefix((1,)), DateLevels(("year",))]
)
def test_built_hierarchies_treat_missing_values_alike(source: HierarchySource | None) -> None:
    leaves = ["2026-01-01" if isinstance(source, DateLevels) else "7", MISSING]
    hierarchy = covering(build("x", source, leaves), leaves)
    assert hierarchy.recoding(0)[MISSING] == MISSING
    assert hierarchy.recoding(hierarchy.height)[MISSING] == "*"


def test_without_missing_values_the_hierarchy_stays_as_it_is() -> None:
    hierarchy = from_rows("place", PLACES, where="x")
    assert covering(hierarchy, ["Aford"]) is hierarchy


def test_values_that_are_no_leaf_are_counted_and_not_quoted() -> None:
    hierarchy = from_rows("place", PLACES, where="x")
    with pytest.raises(PlanError) as refused:
        covering(hierarchy, ["Aford", "Smithville", "Jonestown", "Smithville"])
    assert "hierarchy of 'place': 2 distinct values" in str(refused.value)
    assert "Smith" not in str(refused.value)
    assert "Jones" not in str(refused.value)
