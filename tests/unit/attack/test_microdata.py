"""Forged microdata: each small example of what an intruder tries, and why it is stopped."""

from __future__ import annotations

from decimal import Decimal

from tests.forge import (
    ATTRIBUTE,
    DIRECT,
    QUASI,
    SENSITIVE,
    STRUCTURAL,
    attacked,
    frame,
    hierarchy,
    numeric,
    plan,
    policy,
    reasons,
    release,
    variable,
    warnings,
)

from clearance.plan import CodeAt, MicrodataOutput, Treatment, Unit

AGE, PLACE, ILLNESS = variable("age", QUASI), variable("place", QUASI), variable("ill", SENSITIVE)
AGES = hierarchy("age", {"31": ("30-39",), "35": ("30-39",), "42": ("40-49",)})
PLACES = hierarchy("place", ["A", "B"])
SOURCE = frame("age place ill", "31 A flu | 2", "35 A cold | 2", "42 A flu | 2", "42 A cold | 2")
SAFE = frame(
    "age place ill", "30-39 A cold | 2", "30-39 A flu | 2", "40-49 A cold | 2", "40-49 A flu | 2"
)
RULES = policy(k=3, models={"ill": 2})
LEVELS = {"age": 1}


def test_a_safe_file_passes_and_its_figures_are_reported() -> None:
    of = plan(AGE, PLACE, ILLNESS)
    files = release(of, RULES, {"persons": SAFE}, levels=LEVELS)
    report = attacked(files, of, RULES, SOURCE, [AGES, PLACES])
    assert reasons(report) == set()
    assert not report.exposed
    found = report.microdata["persons"]
    assert (found.records, found.k, found.l, found.unique) == (8, 4, {"ill": 2}, 0)


def test_a_class_below_k_blocks_with_the_number_of_its_records() -> None:
    of = plan(AGE, PLACE)
    source = frame("age place", "31 A | 3", "31 B | 2")
    files = release(of, policy(), {"persons": source}, levels={})
    report = attacked(files, of, policy(), source, [AGES, PLACES])
    assert reasons(report) == {"class-below-k"}
    (finding,) = [each for each in report.findings if each.rule == "class-below-k"]
    assert finding.count == 2
    assert report.microdata["persons"].k == 2


def test_five_people_with_one_diagnosis_are_not_diverse() -> None:
    of = plan(AGE, ILLNESS)
    source = frame("age ill", "31 hiv | 5")
    rules = policy(k=5, models={"ill": 2})
    report = attacked(release(of, rules, {"persons": source}), of, rules, source, [AGES])
    assert reasons(report) == {"class-below-l"}


def test_a_sensitive_attribute_without_a_model_blocks() -> None:
    of = plan(AGE, ILLNESS)
    source = frame("age ill", "31 flu | 3", "31 hiv | 3")
    report = attacked(release(of, policy(), {"persons": source}), of, policy(), source, [AGES])
    assert reasons(report) == {"sensitive-without-model"}


def test_an_attribute_without_a_reason_blocks() -> None:
    of = plan(AGE, variable("income", ATTRIBUTE))
    source = frame("age income", "31 10 | 3")
    report = attacked(release(of, policy(), {"persons": source}), of, policy(), source, [AGES])
    assert reasons(report) == {"attribute-without-reason"}


def test_five_visits_of_one_patient_are_not_five_people() -> None:
    of = plan(variable("id", STRUCTURAL), AGE, units=[Unit("person", "id")])
    source = frame("id age", "p1 31 | 5", "p2 42", "p3 42", "p4 42")
    files = release(of, policy(), {"persons": source[["age"]].sort_values("age")})
    report = attacked(files, of, policy(), source, [AGES])
    assert reasons(report) == {"class-below-k"}
    assert report.microdata["persons"].k == 1


def test_a_published_household_link_makes_its_composition_identifying() -> None:
    ages = ["45", "43", "17", "15", "09"]
    household = variable("household", DIRECT, treatment=Treatment.PSEUDONYM)
    of = plan(household, AGE)
    rows = [f"h0 {age}" for age in ages]
    rows += [f"h{number} {age}" for number, age in enumerate(ages * 3, start=1)]
    source = frame("household age", *rows)
    published = source.assign(household="x" + source["household"]).sort_values(["household", "age"])
    report = attacked(
        release(of, policy(), {"persons": published}),
        of,
        policy(),
        source,
        [hierarchy("age", ages)],
    )
    assert reasons(report) == {"class-below-k", "known-points-below-k"}
    assert report.microdata["persons"].k == 1


def test_whole_units_may_be_suppressed_from_classes_that_others_keep() -> None:
    of = plan(variable("id", STRUCTURAL), AGE, PLACE, units=[Unit("person", "id")])
    source = frame(
        "id age place",
        *(f"p{number} 31 A" for number in range(5)),
        "odd 31 A | 3",
        "odd 42 B",
    )
    published = frame("age place", "31 A | 5")
    files = release(of, policy(k=5), {"persons": published})
    report = attacked(files, of, policy(k=5), source, [AGES, PLACES])
    assert reasons(report) == set()
    assert report.microdata["persons"].k == 5


def test_where_it_is_unknown_whose_records_are_published_the_fewest_units_count() -> None:
    of = plan(variable("id", STRUCTURAL), AGE, units=[Unit("person", "id")])
    source = frame("id age", *(f"p{number} 31 | 2" for number in range(5)), "q 31 | 5")
    published = frame("age", "31 | 6")
    report = attacked(release(of, policy(), {"persons": published}), of, policy(), source, [AGES])
    assert report.microdata["persons"].k == 2
    assert "class-below-k" in reasons(report)


def test_diversity_counts_units_that_share_no_value() -> None:
    of = plan(variable("id", STRUCTURAL), AGE, ILLNESS, units=[Unit("person", "id")])
    rules = policy(models={"ill": 2})
    source = frame("id age ill", "a 31 hiv", "b 31 hiv", "b 31 flu", "c 31 hiv")
    published = source[["age", "ill"]].sort_values("ill")
    report = attacked(release(of, rules, {"persons": published}), of, rules, source, [AGES])
    assert reasons(report) == {"class-below-l"}


def test_more_suppression_than_the_policy_allows_blocks() -> None:
    of, source = plan(AGE), frame("age", "31 | 98", "42 | 2")
    for share, expected in (("0.02", set()), ("0.019", {"too-much-suppressed"})):
        rules = policy(share=share)
        files = release(of, rules, {"persons": frame("age", "31 | 98")})
        assert reasons(attacked(files, of, rules, source, [AGES])) == expected


def test_records_that_the_source_does_not_have_block() -> None:
    of, source = plan(AGE), frame("age", "31 | 3", "42 | 3")
    files = release(of, policy(), {"persons": frame("age", "31 | 4", "42 | 3")})
    assert reasons(attacked(files, of, policy(), source, [AGES])) == {"record-not-in-source"}


def test_columns_that_the_plan_does_not_publish_block() -> None:
    of = plan(variable("id", STRUCTURAL), AGE, PLACE)
    source = frame("id age place", *(f"p{number} 31 A" for number in range(4)))
    files = release(of, policy(), {"persons": source[["id", "age"]]})
    report = attacked(files, of, policy(), source, [AGES, PLACES])
    assert {"column-not-for-publication", "column-missing"} <= reasons(report)


def test_rows_in_the_order_of_the_source_block() -> None:
    of = plan(numeric("age", QUASI))
    ages = hierarchy("age", ["9", "10"])
    as_text, as_numbers = frame("age", "10 | 3", "9 | 3"), frame("age", "9 | 3", "10 | 3")
    for rows, kind, expected in (
        (as_numbers, "integer", set()),
        (as_text, "integer", {"order-of-rows"}),
        (as_text, "string", set()),
        (frame("age", "9", "10 | 3", "9 | 2"), "string", {"order-of-rows"}),
    ):
        files = release(of, policy(), {"persons": rows}, types={"age": kind})
        assert reasons(attacked(files, of, policy(), as_numbers, [ages])) == expected


def test_two_files_with_the_same_pseudonyms_link() -> None:
    person = variable("id", DIRECT, treatment=Treatment.PSEUDONYM)
    outputs = [MicrodataOutput(name=name, policy="open") for name in ("one", "two")]
    of = plan(person, AGE, outputs=outputs)
    source = frame("id age", *(f"p{number} 31" for number in range(4)))
    published = frame("id age", *(f"x{number} 31" for number in range(4)))
    files = release(of, policy(), {"one": published, "two": published})
    found = reasons(attacked(files, of, policy(), source, [AGES]))
    assert found == {"two-microdata-outputs", "shared-pseudonyms"}


def test_policies_below_the_floor_block() -> None:
    of, source = plan(AGE), frame("age", "31 | 5")
    rules = policy(k=2)
    files = release(of, rules, {"persons": source})
    assert reasons(attacked(files, of, rules, source, [AGES])) == {"below-the-floor"}


def test_a_column_is_coded_as_planned_and_its_end_is_no_small_group() -> None:
    income = numeric(
        "income", ATTRIBUTE, top_code=CodeAt(value=Decimal(90)), round_to=Decimal(10), reason="x"
    )
    of = plan(AGE, income)
    source = frame("age income", "31 20 | 3", "31 91", "31 95", "31 500")
    for published, expected in (
        (frame("age income", "31 20 | 3", "31 90 | 3"), set()),
        (frame("age income", "31 20 | 3", "31 90 | 2"), {"coded-end-too-small"}),
        (frame("age income", "31 20 | 3", "31 500 | 3"), {"not-coded-as-planned"}),
        (frame("age income", "31 23 | 3", "31 90 | 3"), {"not-coded-as-planned"}),
    ):
        files = release(of, policy(), {"persons": published}, types={"income": "integer"})
        assert reasons(attacked(files, of, policy(), source, [AGES])) == expected


def test_cells_that_look_like_formulas_are_a_warning() -> None:
    of = plan(AGE, variable("note", ATTRIBUTE, reason="free"))
    source = frame("age note", "31 -5 | 3", "31 =1+1 | 3")
    report = attacked(release(of, policy(), {"persons": source}), of, policy(), source, [AGES])
    assert reasons(report) == set()
    assert "formula-like-cell" in warnings(report)
