"""Releases meet: what two of them give away together, with numbers as small as can be."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import pandas as pd
import pytest
from tests.engines import PandasEngine
from tests.forge import (
    ATTRIBUTE,
    DIRECT,
    PERSONS,
    QUASI,
    SENSITIVE,
    STRUCTURAL,
    ForgedRows,
    csv_bytes,
    frame,
    hierarchy,
    json_bytes,
    plan,
    policy,
    variable,
)

from clearance.attack import Truth
from clearance.attack.releases import check_earlier
from clearance.candidate import ReleaseId
from clearance.findings import Finding, blocking
from clearance.hierarchy import Hierarchy
from clearance.plan import (
    DateLevels,
    HierarchyFile,
    Intervals,
    Plan,
    Prefix,
    Role,
    TableOutput,
    Treatment,
    Unit,
    ValueType,
    Variable,
)
from clearance.policy import Policy

AGE = variable("age", QUASI, hierarchy=HierarchyFile("ages.csv"))
PLACE, ILLNESS = variable("place", QUASI), variable("ill", SENSITIVE)
AGES = hierarchy(
    "age", {"31": ("30-34", "30-39"), "36": ("35-39", "30-39"), "42": ("40-44", "40-49")}
)
PLACES = hierarchy("place", ["A", "B"])
OLD, NEW = ReleaseId("survey", "2025", 1), ReleaseId("survey", "2026", 1)
AGAIN = ReleaseId("survey", "2026", 2)
SAME_YEAR = ReleaseId("survey", "2026", 1)
K3 = policy(k=3)
L2 = policy(k=3, models={"ill": 2})


def changing(name: str, role: Role) -> Variable:
    return variable(name, role, changes=True, reason="measured anew every year")


def met(
    old: pd.DataFrame | dict[str, bytes],
    new: pd.DataFrame | dict[str, bytes],
    of: Plan,
    *,
    source: pd.DataFrame | None = None,
    rules: Policy = K3,
    hierarchies: Sequence[Hierarchy] = (AGES, PLACES),
    earlier: ReleaseId = OLD,
    release: ReleaseId = NEW,
) -> tuple[Finding, ...]:
    """The findings about ``new`` beside ``old``, with ``source`` (or new) as today's truth."""
    engine = PandasEngine()
    if source is None:
        assert isinstance(new, pd.DataFrame)
        source = new
    return check_earlier(
        _files(new),
        {earlier: _files(old)},
        release=release,
        plan=of,
        policies={"open": rules},
        hierarchies={each.name: each for each in hierarchies},
        truth=Truth(engine, engine.hold(source), {}),
        rows=ForgedRows(pd.DataFrame()),
    )


def _files(data: pd.DataFrame | dict[str, bytes]) -> dict[str, bytes]:
    return {"data/persons.csv": csv_bytes(data)} if isinstance(data, pd.DataFrame) else data


def rules(findings: Sequence[Finding]) -> set[str]:
    return {each.rule for each in blocking(findings)}


def count(findings: Sequence[Finding], rule: str) -> int:
    (found,) = [each for each in findings if each.rule == rule]
    return found.count


# ---------------------------------------------------------------- the same data


def test_identical_data_teach_nothing():
    rows = frame("age", "31 | 3")
    assert met(rows, rows, plan(AGE)) == ()


def test_two_codings_of_the_same_data_are_one_release():
    """Thirty-somethings and (30-34, 35-39): the finer file holds 5 and 3, both at least k."""
    source = frame("age", "31 | 5", "36 | 3", "42 | 4")
    old = frame("age", "30-39 | 8", "40-49 | 4")
    new = frame("age", "30-34 | 5", "35-39 | 3", "40-44 | 4")
    assert rules(met(old, new, plan(AGE), source=source)) == set()


def test_a_class_minus_a_part_of_it_is_a_class():
    """Old: 8 thirty-somethings. New: 6 of 30-34, the others suppressed: those are 2."""
    source = frame("age", "31 | 6", "36 | 2", "42 | 4")
    old, new = frame("age", "30-39 | 8", "40-49 | 4"), frame("age", "30-34 | 6", "40-44 | 4")
    for each in (SAME_YEAR, OLD):
        found = met(old, new, plan(AGE), source=source, earlier=each, release=AGAIN)
        assert rules(found) == {"joined-class-below-k"}
        assert count(found, "joined-class-below-k") == 1


def test_different_variables_coarsened_cross_each_other():
    """By age and by place apart every class has 4; nobody publishes that (31, A) is one person."""
    source = frame("age place", "31 A | 1", "31 B | 3", "42 A | 3", "42 B | 1")
    old = frame("age place", "31 * | 4", "42 * | 4")
    new = frame("age place", "* A | 4", "* B | 4")
    found = met(old, new, plan(AGE, PLACE), source=source, earlier=SAME_YEAR, release=AGAIN)
    assert rules(found) == {"joined-class-below-k"}
    assert count(found, "joined-class-below-k") == 2


def test_joined_classes_are_judged_by_the_sensitive_models():
    source = frame("age ill", "31 flu | 3", "36 hiv | 3")
    old = frame("age ill", "30-39 flu | 3", "30-39 hiv | 3")
    new = frame("age ill", "30-34 flu | 3", "35-39 hiv | 3")
    found = met(old, new, plan(AGE, ILLNESS), source=source, rules=L2)
    assert rules(found) == {"class-below-l"}


def test_joined_classes_count_units():
    source = frame("id age", "a 31", "b 31", "c 31 | 3", "d 36 | 3", "e 36", "f 36")
    of = plan(variable("id", STRUCTURAL), AGE, units=[Unit("person", "id")])
    old, new = frame("age", "30-39 | 10"), frame("age", "30-34 | 5", "35-39 | 5")
    assert rules(met(old, new, of, source=source)) == set()
    fewer = source.assign(id=source["id"].replace({"b": "a"}))
    assert rules(met(old, new, of, source=fewer)) == {"joined-class-below-k"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (["31 flu | 5"], ["31 flu | 6"]),
        (["31 flu | 5", "31 hiv | 4"], ["31 flu | 4", "31 hiv | 5"]),
        (["31 flu | 5", "36 flu | 4"], ["31 flu | 4", "36 flu | 5"]),
    ],
)
def test_corrected_data_of_the_same_period_are_refused(old: list[str], new: list[str]) -> None:
    rows = frame("age ill", *old), frame("age ill", *new)
    found = met(*rows, plan(AGE, ILLNESS), earlier=SAME_YEAR, release=AGAIN)
    assert rules(found) == {"releases-not-linked"}
    assert "same period" in blocking(found)[0].message


# ---------------------------------------------------------------- another period


def test_a_new_period_with_values_that_change_is_released():
    of = plan(AGE, changing("ill", SENSITIVE))
    old = frame("age ill", "31 flu | 3", "31 hiv | 3", "42 flu | 2", "42 cold | 2")
    new = frame("age ill", "31 flu | 4", "31 cold | 3", "42 flu | 3", "42 hiv | 2")
    found = met(old, new, of, rules=L2)
    assert rules(found) == set()
    assert {each.rule for each in found if each.severity == "warn"} == {"assumed-to-change"}


def test_values_that_do_not_change_single_somebody_out():
    """In both files in a class of 4; only one record of each agrees with any of the other."""
    of, old, new = (
        plan(AGE, ILLNESS),
        frame("age ill", "31 flu | 3", "31 hiv | 1"),
        frame("age ill", "31 cold | 3", "31 hiv | 1"),
    )
    found = met(old, new, of, rules=L2)
    assert {"linked-class-below-k", "linked-class-below-l"} <= rules(found)


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (["flu | 3", "hiv | 3"], ["flu | 3", "hiv | 3", "cold | 3"], {"comers-exposed"}),
        (["flu | 3", "hiv | 3"], ["flu | 6", "hiv | 6"], set()),
        (["flu | 3", "hiv | 3"], ["flu | 4", "hiv | 3"], {"comers-exposed"}),
        (["flu | 3", "hiv | 3"], ["flu | 6", "hiv | 3"], {"comers-exposed"}),
        (["flu | 6", "hiv | 6"], ["flu | 4", "hiv | 4"], set()),
        (["flu | 6", "hiv | 6"], ["flu | 6", "hiv | 5"], {"comers-exposed"}),
        (
            ["flu | 3", "hiv | 3"],
            ["flu | 3", "cold | 3"],
            {"linked-class-below-l", "comers-exposed"},
        ),
        (
            [". | 3", "hiv | 3"],
            ["hiv | 3", ". | 3"],
            {"linked-class-below-l"},
        ),
    ],
)
def test_who_came_or_left_is_many_and_diverse_or_nobody(
    old: list[str], new: list[str], expected: set[str]
) -> None:
    rows = [frame("age ill", *(f"31 {each}" for each in side)) for side in (old, new)]
    other_year = frame("age ill", "31 flu")
    assert rules(met(*rows, plan(AGE, ILLNESS), source=other_year, rules=L2)) == expected


def test_a_missing_value_may_be_any_value():
    """All four whose illness is missing may be the person: no pair is nobody's for that."""
    old, new = frame("age ill", "31 . | 2", "31 flu | 3"), frame("age ill", "31 hiv | 5")
    found = met(old, new, plan(AGE, ILLNESS), source=frame("age ill", "31 flu"), rules=L2)
    assert "linked-class-below-k" in rules(found)


def test_a_person_who_moved_is_looked_for_in_every_class():
    """A place that changes is not joined on: who was in A may be in B, with the same illness."""
    of = plan(AGE, changing("place", QUASI), ILLNESS)
    old = frame("age place ill", "31 A flu | 3", "31 A hiv | 3", "31 B flu | 3", "31 B cold | 3")
    new = frame("age place ill", "31 A flu | 3", "31 A hiv | 3", "31 B flu | 3", "31 B cold | 3")
    source = frame("age place ill", "31 A flu")
    assert rules(met(old, new.iloc[::-1], of, source=source, rules=L2)) == {"linked-class-below-l"}
    stays = plan(AGE, PLACE, ILLNESS)
    assert rules(met(old, new.iloc[::-1], stays, source=source, rules=L2)) == set()


@pytest.mark.parametrize(
    ("part", "unsafe"), [(8, False), (7, True), (6, True), (5, False), (9, False)]
)
def test_a_class_minus_a_published_part_of_it_is_no_small_rest(part: int, unsafe: bool) -> None:
    """k=3: 8 of 30-39 before, so many of 30-34 now, and nobody of 35-39 is published."""
    old, new = frame("age", "30-39 | 8"), frame("age", f"30-34 | {part}", "40-44 | 4")
    of = plan(AGE)
    source = frame("age", "31", "36", "42")
    expected = {"difference-below-k"} if unsafe else set()
    assert rules(met(old, new, of, source=source)) == expected
    assert rules(met(new, old, of, source=source)) == expected


def test_blanks_and_mixed_levels_meet_by_what_they_stand_for():
    of = plan(AGE, ILLNESS)
    source = frame("age ill", "31 flu")
    old = frame("age ill", "30-39 flu | 3", "30-39 cold | 3", "* hiv | 3", "* flu | 3")
    new = frame("age ill", "31 flu | 3", "31 cold | 3", "36 hiv | 3", "36 flu | 3")
    found = met(old, new, of, source=source, rules=L2)
    assert rules(found) == {"linked-class-below-l"}
    assert count(found, "linked-class-below-l") == 2  # (30-39, 36) and (*, 31) share flu alone


def test_units_of_several_records_whose_values_link_are_refused():
    units = [Unit("person", "id")]
    of = plan(variable("id", STRUCTURAL), AGE, ILLNESS, units=units)
    old = frame("age ill", "31 flu | 3", "31 hiv | 3")
    source = frame("id age ill", "a 31 flu | 2")
    found = met(old, old.iloc[1:], of, source=source, rules=L2)
    assert rules(found) == {"releases-not-linked"}
    later = plan(variable("id", STRUCTURAL), AGE, changing("ill", SENSITIVE), units=units)
    assert rules(met(old, old.iloc[1:], later, source=source, rules=L2)) == set()


# ---------------------------------------------------------------- what cannot be judged


def refused(findings: Sequence[Finding]) -> str:
    assert rules(findings) == {"releases-not-linked"}
    (found,) = blocking(findings)
    assert found.where == str(OLD)
    return found.message


def test_an_old_label_that_no_level_has_is_refused():
    message = refused(met(frame("age", "25-29 | 3"), frame("age", "31 | 4"), plan(AGE)))
    assert "labels of age" in message
    assert "25-29" not in message


def test_an_old_column_that_the_plan_does_not_know_is_refused():
    old = frame("age job", "31 nurse | 3")
    assert "columns" in refused(met(old, frame("age", "31 | 4"), plan(AGE)))


def test_an_old_file_that_is_no_microdata_of_the_plan_is_refused():
    new = frame("age", "31 | 4")
    old = {"data/others.csv": csv_bytes(new)}
    assert "data files" in refused(met(old, new, plan(AGE)))


def test_an_unreadable_old_file_is_refused():
    old = {"data/persons.csv": b"age\n31,42\n"}
    assert "earlier release" in refused(met(old, frame("age", "31 | 4"), plan(AGE)))


def test_a_link_between_the_records_of_a_unit_is_refused():
    person = variable("id", DIRECT, treatment=Treatment.PSEUDONYM)
    old, new = frame("id age", "x 31 | 2", "y 31"), frame("id age", "p 31", "q 31", "r 31")
    assert "id links" in refused(met(old, new, plan(person, AGE)))
    single = frame("id age", "x 31", "y 31", "z 31", "v 31")
    assert rules(met(single, new, plan(person, AGE))) == set()


def test_coded_or_perturbed_values_that_do_not_change_are_refused():
    def income(**more: Any) -> Variable:
        return Variable(
            name="income",
            role=ATTRIBUTE,
            type=ValueType.INTEGER,
            round_to=10,  # type: ignore[arg-type]
            reason="of this year",
            **more,
        )

    old, new = frame("age income", "31 10 | 3"), frame("age income", "31 20 | 4")
    assert "coded or perturbed" in refused(met(old, new, plan(AGE, income())))
    assert rules(met(old, new, plan(AGE, income(changes=True)))) == set()


def test_tables_from_a_source_are_refused_where_they_differ():
    table = TableOutput(name="persons", policy="open", dimensions=("age",))
    old, new = frame("age count", "31 6"), frame("age count", "31 7")
    message = refused(met(old, new, plan(AGE, outputs=[table])))
    assert "subtracted" in message
    assert met(old, old, plan(AGE, outputs=[table])) == ()


def test_tables_from_published_microdata_add_nothing():
    table = TableOutput(name="ages", policy="open", dimensions=("age",), source="persons")
    of = plan(AGE, outputs=[PERSONS, table])
    method = "tabulated from the published file persons"
    report = {"outputs": [{"name": "ages", "kind": "table", "method": method}]}
    old = {
        "data/persons.csv": csv_bytes(frame("age", "31 | 3")),
        "data/ages.csv": csv_bytes(frame("age count", "31 3")),
        "disclosure-report.json": json_bytes(report),
    }
    new = {"data/persons.csv": csv_bytes(frame("age", "31 | 4"))}
    source = frame("age", "31 | 4")
    assert rules(met(old, new, of, source=source)) == set()
    del old["disclosure-report.json"]
    assert "data files" in refused(met(old, new, of, source=source))


# ---------------------------------------------------------------- hierarchies and notes


@pytest.mark.parametrize(
    ("source", "kind", "leaf", "labels"),
    [
        (Intervals((5,)), ValueType.INTEGER, "42", ["30-34", "47", "*"]),  # type: ignore[arg-type]
        (Intervals((5,)), ValueType.NUMBER, "4.5", ["5 to under 10"]),  # type: ignore[arg-type]
        (Intervals((5,)), ValueType.INTEGER, "42", ["-5 to -1"]),  # type: ignore[arg-type]
        (Prefix((2, 1)), ValueType.TEXT, "AB1", ["CD*", "C*"]),
        (DateLevels(("month", "quarter", "year")), ValueType.DATE, "2026-01-05", ["2025-Q4"]),
        (DateLevels(("month", "year")), ValueType.DATE, "2026-01-05", ["2025-03", "2024"]),
        (None, ValueType.TEXT, "A", ["B"]),
    ],
)
def test_labels_of_values_that_nobody_has_any_more_are_known(
    source: Any, kind: ValueType, leaf: str, labels: list[str]
) -> None:
    from clearance.hierarchy import build

    quasi = Variable(name="age", role=QUASI, type=kind, hierarchy=source)
    ages = build("age", source, [leaf], kind=kind)
    for label in labels:
        old, new = (frame("age"), frame("age", f"{leaf} | 4"))
        old = pd.DataFrame({"age": [label] * 3}, dtype=object)
        assert rules(met(old, new, plan(quasi), hierarchies=[ages])) == set()


@pytest.mark.parametrize(
    ("text", "blocks"),
    [
        ("survey/2026/2 follows survey/2026/1.", False),
        ("survey/2026/2 follows survey/2026/1; 2 records were corrected.", True),
        ("Two records were corrected.", False),
    ],
)
def test_a_change_note_gives_no_counts(text: str, blocks: bool) -> None:
    rows = csv_bytes(frame("age", "31 | 3"))
    old = {"data/persons.csv": rows}
    new = {"data/persons.csv": rows, "changes.md": f"# A survey\n\n{text}\n".encode()}
    found = met(old, new, plan(AGE), source=frame("age", "31"), earlier=SAME_YEAR, release=AGAIN)
    assert rules(found) == ({"number-in-change-note"} if blocks else set())


def test_the_least_number_of_values_follows_the_policys_models():
    from clearance.attack.periods import _least
    from clearance.policy import EntropyL, MicrodataRules, RecursiveL

    models = (EntropyL("ill", Fraction("2.5")), RecursiveL("job", Fraction(2), 4))
    asked = MicrodataRules(k=3, max_suppressed_share=Fraction(0), models=models)
    assert [_least(asked, name) for name in ("ill", "job", "other")] == [3, 4, 2]
