"""Blanks and labels of any level: each reading of a file, with numbers as small as THREATS 15's."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pandas as pd
import pytest
from tests.forge import (
    ATTRIBUTE,
    QUASI,
    SENSITIVE,
    STRUCTURAL,
    attacked,
    frame,
    hierarchy,
    plan,
    policy,
    reasons,
    release,
    variable,
)

from clearance.attack import AttackReport
from clearance.hierarchy import Hierarchy
from clearance.plan import Plan, Unit
from clearance.policy import (
    EntropyL,
    KOnSubsets,
    Method,
    Missing,
    Policy,
    RecursiveL,
)

AGE, PLACE, ILLNESS = variable("age", QUASI), variable("place", QUASI), variable("ill", SENSITIVE)
AGES = hierarchy("age", {"31": ("30s",), "35": ("30s",), "42": ("40s",), "": ("",)})
PLACES = hierarchy("place", ["A", "B", "C"])
OF = plan(AGE, PLACE)


def local(rules: Policy, method: Method = Method.LOCAL_RECODING, **more: Any) -> Policy:
    assert rules.microdata is not None
    return replace(rules, microdata=replace(rules.microdata, method=method, **more))


def judged(
    published: pd.DataFrame,
    source: pd.DataFrame,
    *,
    of: Plan = OF,
    rules: Policy | None = None,
    hierarchies: tuple[Hierarchy, ...] = (AGES, PLACES),
) -> AttackReport:
    rules = rules or local(policy(k=3))
    files = release(of, rules, {"persons": published.sort_values(list(published))}, levels=None)
    return attacked(files, of, rules, source, list(hierarchies))


def test_a_blank_beside_four_of_one_place_is_not_five() -> None:
    """THREATS 15: a person known as (31, B) matches only the record with the blank."""
    source = frame("age place", "31 A | 4", "31 B")
    report = judged(frame("age place", "31 A | 4", "31 *"), source)
    assert report.microdata["persons"].k == 1
    assert reasons(report) == {"class-below-k"}


def test_blanks_are_safe_where_they_are_as_many_as_k_themselves() -> None:
    source = frame("age place", "31 A | 4", "31 B | 3", "31 C | 2")
    report = judged(frame("age place", "31 A | 4", "31 * | 5"), source)
    assert report.microdata["persons"].k == 4
    assert reasons(report) == set()


def test_each_class_may_have_levels_of_its_own() -> None:
    source = frame("age place", "31 A | 3", "35 A | 1", "35 B | 2", "42 B | 1", "42 C | 3")
    published = frame("age place", "31 A | 3", "* B | 3", "42 C | 3", "35 A")
    assert reasons(judged(published, source)) == {"class-below-k"}
    merged = frame("age place", "30s A | 4", "* B | 3", "42 C | 3")
    report = judged(merged, source)
    assert reasons(report) == set()
    assert report.microdata["persons"].k == 3


def test_where_the_policy_is_global_mixed_levels_block() -> None:
    source = frame("age place", "31 A | 4", "31 B | 3", "31 C | 2")
    report = judged(frame("age place", "31 A | 4", "31 * | 5"), source, rules=policy(k=3))
    assert reasons(report) >= {"label-of-no-level"}


def test_a_label_that_stands_for_several_sets_of_leaves_blocks() -> None:
    places = hierarchy("place", {"Zug": ("Zug",), "Chur": ("Chur",), "Thun": ("Zug",)})
    source = frame("age place", "31 Zug | 3", "31 Thun | 3")
    report = judged(
        frame("age place", "31 Thun | 3", "31 Zug | 3"), source, hierarchies=(AGES, places)
    )
    assert reasons(report) == set()  # all of level 0, as no other level has both
    mixed = frame("age place", "31 Thun | 3", "31 Zug | 3", "31 * | 3")
    report = judged(
        mixed, pd.concat([source, frame("age place", "31 Chur | 3")]), hierarchies=(AGES, places)
    )
    assert "ambiguous-label" in reasons(report)


@pytest.mark.parametrize(
    ("published", "expected"),
    [
        (["31 A | 3", "* * | 3"], set()),
        (["31 A | 4", "* * | 3"], {"record-not-in-source"}),
        (["31 A | 3", "* B | 3", "42 * | 3"], {"record-not-in-source"}),
        (["31 A | 3", "42 * | 4"], {"record-not-in-source"}),
        (["31 A | 3", "* * | 4"], {"record-not-in-source"}),
    ],
    ids=["as it is", "a class has more", "overlapping", "one too many", "more than there are"],
)
def test_no_class_holds_more_than_the_source_has_of_it(
    published: list[str], expected: set[str]
) -> None:
    source = frame("age place", "31 A | 3", "42 B | 3")
    assert reasons(judged(frame("age place", *published), source)) == expected


def test_what_is_missing_from_disjoint_classes_was_suppressed() -> None:
    source = frame("age place", "31 A | 98", "35 A | 1", "42 B | 1")
    for share, expected in (("0.02", set()), ("0.019", {"too-much-suppressed"})):
        rules = local(policy(k=3, share=share))
        report = judged(frame("age place", "31 A | 95", "30s * | 3"), source, rules=rules)
        assert reasons(report) == expected


def test_a_report_of_a_local_method_states_no_levels() -> None:
    source = frame("age place", "31 A | 4", "31 B | 3", "31 C | 2")
    published = frame("age place", "31 * | 5", "31 A | 4")
    rules = local(policy(k=3), Method.LOCAL_SUPPRESSION)
    for changes, expected in (
        ({"levels": None, "blanks": 5, "method_name": "local-suppression"}, set()),
        ({"levels": {"age": 0, "place": 0}}, {"not-borne-out"}),
        ({"blanks": 4}, {"not-borne-out"}),
        ({"method_name": "local-recoding"}, {"not-borne-out"}),
    ):
        files = release(OF, rules, {"persons": published}, reported=changes)
        assert reasons(attacked(files, OF, rules, source, [AGES, PLACES])) == expected


@pytest.mark.parametrize("name", ["global", "local-suppression", "local-recoding"])
def test_of_a_policy_that_leaves_the_method_open_the_report_says_which(name: str) -> None:
    source = frame("age place", "31 A | 4", "35 A | 4")
    rules = local(policy(k=3), Method.AUTO)
    reported: dict[str, Any] = {"method_name": name, "levels": None}
    if name == "global":
        reported["levels"] = {"age": 0, "place": 0}
    files = release(OF, rules, {"persons": source}, reported=reported)
    assert reasons(attacked(files, OF, rules, source, [AGES, PLACES])) == set()
    files = release(OF, rules, {"persons": source}, reported=reported | {"method_name": "auto"})
    assert "not-borne-out" in reasons(attacked(files, OF, rules, source, [AGES, PLACES]))


# ---------------------------------------------------------------- units


def test_units_of_overlapping_classes_are_the_fewest_that_they_can_be() -> None:
    """The five visits of p may be all that (31, *) shows."""
    of = plan(variable("id", STRUCTURAL), AGE, PLACE, units=[Unit("person", "id")])
    visits = [f"{person} 31 {place}" for person in "qrs" for place in "AB"]
    source = frame("id age place", "p 31 B | 5", *visits)
    report = judged(frame("age place", "31 A | 3", "31 * | 5"), source, of=of)
    assert report.microdata["persons"].k == 1
    assert "class-below-k" in reasons(report)


def test_units_of_disjoint_classes_are_counted_exactly() -> None:
    of = plan(variable("id", STRUCTURAL), AGE, PLACE, units=[Unit("person", "id")])
    source = frame("id age place", *(f"{p} 31 A" for p in "pqr"), *(f"{p} 42 B" for p in "ppqrs"))
    report = judged(frame("age place", "31 A | 3", "* B | 5"), source, of=of)
    assert report.microdata["persons"].k == 3
    assert reasons(report) == set()


# ---------------------------------------------------------------- sensitive models


def test_models_are_judged_on_classes_of_mixed_levels() -> None:
    of = plan(AGE, PLACE, ILLNESS)
    rules = local(policy(k=3, models={"ill": 2}))
    source = frame("age place ill", "31 A flu | 3", "31 B flu | 3", "31 C hiv | 1")
    published = frame("age place ill", "31 A flu | 3", "31 * flu | 3", "31 * hiv | 1")
    report = judged(published, source, of=of, rules=rules)
    assert reasons(report) == {"class-below-l"}
    assert report.microdata["persons"].l == {"ill": 1}


@pytest.mark.parametrize(
    ("model", "rule"),
    [
        (EntropyL("ill", Fraction(2)), "class-below-entropy-l"),
        (RecursiveL("ill", Fraction(2), 2), "class-below-recursive-l"),
    ],
)
def test_other_models_block_on_own_classes(model: Any, rule: str) -> None:
    of = plan(AGE, PLACE, ILLNESS)
    source = frame("age place ill", "31 A flu | 8", "31 A hiv", "42 * flu | 3", "42 * hiv | 3")
    rules = local(policy(k=3), models=(model,))
    report = judged(
        source,
        source.replace("*", "A"),
        of=of,
        rules=rules,
    )
    assert rule in reasons(report)


@pytest.mark.parametrize(
    ("missing", "readings"),
    [(Missing.OWN_CATEGORY, ["records"]), (Missing.WILDCARD, ["records", "a person may be"])],
)
def test_a_missing_value_as_a_wildcard_is_judged_with_every_class(
    missing: Missing, readings: list[str]
) -> None:
    """Whoever is 31 may be any of (31, A) and of ("", A), nearly all of whom have the flu."""
    of = plan(AGE, PLACE, ILLNESS)
    source = frame("age place ill", ". A flu | 9", ". A cold | 1", "31 A flu | 3", "31 A hiv | 2")
    rules = local(policy(k=3), models=(RecursiveL("ill", Fraction(2), 2),), missing=missing)
    report = judged(source, source, of=of, rules=rules)
    found = [each.message for each in report.findings if each.rule == "class-below-recursive-l"]
    assert len(found) == len(readings)
    assert all(reading in message for reading, message in zip(readings, found, strict=True))


# ---------------------------------------------------------------- other models and columns


def test_every_pair_of_columns_has_large_classes() -> None:
    sex = variable("sex", QUASI)
    of = plan(AGE, PLACE, sex)
    source = frame("age place sex", "31 A f | 3", "31 B m | 3", "42 A m | 3")
    for size, k, expected in (
        (2, 3, set()),
        (2, 4, {"subset-below-k"}),
        (1, 4, {"subset-below-k"}),
    ):
        rules = local(policy(k=3), models=(KOnSubsets(size, k),))
        report = judged(
            source,
            source,
            of=of,
            rules=rules,
            hierarchies=(AGES, PLACES, hierarchy("sex", ["f", "m"])),
        )
        assert reasons(report) == expected


def test_subsets_count_units_where_a_unit_has_several_records() -> None:
    of = plan(variable("id", STRUCTURAL), AGE, PLACE, units=[Unit("person", "id")])
    source = frame("id age place", *(f"{p} 31 A" for p in "abc"), *(f"{p} 31 B" for p in "abcd"))
    for k, expected in ((3, set()), (4, {"subset-below-k"})):
        rules = local(policy(k=3), models=(KOnSubsets(1, k),))
        report = judged(source[["age", "place"]], source, of=of, rules=rules)
        assert reasons(report) == expected


def test_a_column_that_gives_a_locally_recoded_value_away_blocks() -> None:
    towns = hierarchy("town", {each: ("north",) for each in "ABCDEF"})
    of = plan(variable("town", QUASI), variable("code", ATTRIBUTE, reason="statistical district"))
    source = frame("town code", *(f"{town} {town}{n} | 3" for town in "ABCDEF" for n in (1, 2)))
    label = source["town"].where(source["town"] == "A", "north")
    report = judged(source.assign(town=label), source, of=of, hierarchies=(towns,))
    assert reasons(report) == {"value-determined"}


def test_values_that_only_covered_records_have_may_not_be_named() -> None:
    """C is covered by nothing but the blank: no metadata file may say that it occurs."""
    source = frame("age place", "31 A | 3", "31 B | 3", "31 C | 1")
    published = frame("age place", "31 * | 4", "31 A | 3")
    rules = local(policy(k=3))
    files = release(OF, rules, {"persons": published}, extra={"changes.md": b"- C\n"})
    found = attacked(files, OF, rules, source, [AGES, PLACES])
    assert reasons(found) == {"vanished-value-named"}
