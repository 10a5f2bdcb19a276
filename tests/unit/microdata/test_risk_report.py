"""The reviewer's figures: before and after, with units, weights, households, a population."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearance.errors import DisclosureRiskError, InputError
from clearance.hierarchy import Hierarchy
from clearance.microdata.decision import Decision, Rewritten
from clearance.microdata.histogram import Histogram, histogram_of
from clearance.microdata.lattice import search
from clearance.microdata.risks.individual import individual_risk
from clearance.microdata.risks.lines import risk_lines
from clearance.microdata.risks.report import risk_report
from clearance.microdata.risks.shown import published
from clearance.microdata.risks.weights import profile_weights
from clearance.policy import Method, MicrodataRules

AGE = Hierarchy("age", (("1", "2", "3", ""), ("1-2", "1-2", "3", ""), ("*",) * 4))
PLACE = Hierarchy("place", (("N", "S"), ("*", "*")))
KNOWN = {"age": AGE, "place": PLACE}


def histogram(rows: list[tuple[str, ...]], *more: str, **options: object) -> Histogram:
    """``rows``: age, place, then the columns ``more``; one record each."""
    columns = ["age", "place", *more]
    frame = pd.DataFrame(rows, columns=columns, dtype=object)
    counted = frame.groupby(columns).size().rename("records").reset_index()
    return histogram_of(counted, variables=["age", "place"], hierarchies=KNOWN, **options)


def decided(
    of: Histogram,
    *,
    levels: dict[str, int] | None = None,
    suppressed: pd.DataFrame | None = None,
    rewritten: Rewritten | None = None,
) -> Decision:
    return Decision(
        method=Method.GLOBAL if rewritten is None else Method.LOCAL_RECODING,
        levels=levels,
        rewritten=rewritten,
        suppressed=pd.DataFrame() if suppressed is None else suppressed,
        suppressed_records=0,
        suppressed_units=0,
        records=of.records,
        units=of.units,
        k=1,
        loss={},
        nodes_checked=1,
        nodes=1,
    )


PEOPLE = [("1", "N"), ("1", "N"), ("2", "N"), ("3", "S"), ("", "S")]


def test_before_protection_classes_are_those_of_the_leaves():
    found = risk_report(histogram(PEOPLE))
    assert (found.units, found.classes, found.sample_uniques) == (5, 4, 3)
    assert found.average_prosecutor == found.marketer == 4 / 5
    assert found.highest_prosecutor == 1
    assert found.population is None and found.weights is None and found.households == ()


def test_a_missing_value_is_a_category_but_drives_no_suda_score():
    found = risk_report(histogram(PEOPLE))
    assert found.drivers.sets == ((("age",), 2),)  # of ages 2 and 3, not of the missing one
    assert found.drivers.records == 2


def test_after_recoding_classes_are_those_of_the_labels():
    of = histogram(PEOPLE)
    found = risk_report(of, decided(of, levels={"age": 1, "place": 0}))
    assert (found.units, found.classes, found.sample_uniques) == (5, 3, 2)


def test_suppressed_records_are_in_no_class():
    of = histogram(PEOPLE)
    gone = pd.DataFrame({"age": ["3", ""], "place": ["S", "S"]})
    found = risk_report(of, decided(of, levels={"age": 1, "place": 0}, suppressed=gone))
    assert (found.units, found.classes, found.highest_prosecutor) == (3, 1, 1 / 3)


def test_where_everything_is_suppressed_nothing_is_at_risk():
    of = histogram(PEOPLE)
    gone = pd.DataFrame(PEOPLE, columns=["age", "place"]).drop_duplicates()
    found = risk_report(of, decided(of, levels={"age": 0, "place": 0}, suppressed=gone))
    assert (found.units, found.average_prosecutor, found.highest_prosecutor) == (0, 0, 0)
    assert found.unique_share == found.file_dis == 0


def rewritten(**labels: list[str]) -> Rewritten:
    keys = pd.DataFrame(PEOPLE, columns=["age", "place"]).drop_duplicates()
    return Rewritten(keys=keys, published=pd.DataFrame(labels))


def test_local_methods_publish_labels_of_their_own():
    of = histogram(PEOPLE)
    local = rewritten(age=["1-2", "1-2", "*", "*"], place=["N", "N", "S", "S"])
    found = risk_report(of, decided(of, rewritten=local))
    assert (found.units, found.classes, found.highest_prosecutor) == (5, 2, 1 / 2)


def test_a_blank_makes_a_class_of_its_own():
    of = histogram(PEOPLE)
    local = rewritten(age=["1", "*", "*", "*"], place=["N", "N", "N", "S"])
    found = risk_report(of, decided(of, rewritten=local))
    assert (found.classes, found.sample_uniques) == (3, 1)


def test_records_without_published_labels_are_an_error():
    of = histogram(PEOPLE)
    local = Rewritten(
        keys=pd.DataFrame({"age": ["1"], "place": ["N"]}),
        published=pd.DataFrame({"age": ["1"], "place": ["N"]}),
    )
    with pytest.raises(DisclosureRiskError, match=r"^3 combinations"):
        published(of, decided(of, rewritten=local))


VISITS = [
    ("1", "N", "ann"),
    ("2", "N", "ann"),
    ("1", "N", "bob"),
    ("2", "N", "bob"),
    ("1", "N", "eve"),
]


def test_units_with_several_records_are_one_each():
    found = risk_report(histogram(VISITS, "person", entity="person"))
    assert (found.units, found.classes, found.sample_uniques) == (3, 2, 1)


def test_suppressed_units_take_their_records_with_them():
    of = histogram(VISITS, "person", entity="person")
    gone = pd.DataFrame({"person": ["eve"]})
    found = risk_report(of, decided(of, levels={"age": 0, "place": 0}, suppressed=gone))
    assert (found.units, found.classes, found.sample_uniques) == (2, 1, 0)


def test_local_labels_of_units_follow_their_records():
    of = histogram(VISITS, "person", entity="person")
    keys = pd.DataFrame(VISITS, columns=["age", "place", "person"])
    labels = pd.DataFrame({"age": ["*", "*", "*", "*", "1"], "place": ["N"] * 5})
    found = risk_report(of, decided(of, rewritten=Rewritten(keys=keys, published=labels)))
    assert (found.units, found.classes) == (3, 2)


def test_the_scarcest_kind_of_unit_is_what_the_highest_risk_counts():
    of = histogram([("1", "N", "p"), ("1", "N", "p"), ("1", "N", "q")], "home", holders=["home"])
    found = risk_report(of)
    assert found.average_prosecutor == 1 / 3
    assert found.highest_prosecutor == 1 / 2


def test_a_household_is_at_the_risk_of_all_its_members():
    rows = [("1", "N", "p"), ("2", "N", "p"), ("2", "N", "q"), ("3", "S", "r")]
    [found] = risk_report(histogram(rows, "home", holders=["home"])).households
    assert found.kind == "home"
    assert found.average == pytest.approx((1 + 0.5 + 1) / 3)
    assert found.highest == 1


def test_a_population_table_makes_journalists_possible():
    table = pd.DataFrame(
        {"age": ["1", "2", "3", ""], "place": ["N", "N", "S", "S"], "records": [10, 1, 4, 5]}
    )
    found = risk_report(histogram(PEOPLE, population=table))
    assert found.population is not None
    assert found.population.highest_journalist == 1
    assert found.population.uniques == 1
    assert found.marketer == pytest.approx((2 / 10 + 1 + 1 / 4 + 1 / 5) / 5)


def test_survey_weights_make_individual_risks():
    of = histogram(PEOPLE)
    sums = pd.DataFrame(
        {
            "age": ["", "1", "2", "3"],
            "place": ["S", "N", "N", "S"],
            "records": [1, 2, 1, 1],
            "amount": [30.0, 90.0, 45.5, 20.0],
        }
    )
    found = risk_report(of, weights=profile_weights(of, sums))
    risks = individual_risk(np.array([1, 2, 1, 1]), np.array([30.0, 90.0, 45.5, 20.0]))
    assert found.weights is not None
    assert found.weights.highest == max(risks)
    assert found.weights.expected == pytest.approx(risks @ [1, 2, 1, 1])
    assert found.weights.uniques.estimator == "Pitman"  # 5 of 185 or so
    assert found.file_dis < 1


def test_a_unit_weighs_the_mean_of_its_records():
    of = histogram(VISITS, "person", entity="person")
    sums = pd.DataFrame(
        {"person": ["ann", "bob", "eve"], "records": [2, 2, 1], "amount": [20.0, 40.0, 7.0]}
    )
    weights = profile_weights(of, sums)
    assert sorted(weights) == [7.0, 30.0]  # ann and bob have the same profile: 10 + 20


def test_units_without_a_weight_are_refused():
    of = histogram(VISITS, "person", entity="person")
    sums = pd.DataFrame({"person": ["ann", "bob"], "records": [2, 2], "amount": [20.0, 40.0]})
    with pytest.raises(InputError, match=r"^1 units or combinations"):
        profile_weights(of, sums)
    with pytest.raises(InputError, match=r"^3 units or combinations"):
        by_leaves = pd.DataFrame({"age": ["1"], "place": ["N"], "records": [2], "amount": [4.0]})
        profile_weights(histogram(PEOPLE), by_leaves)


# ---------------------------------------------------------------- Markdown


def test_the_lines_are_a_table_before_and_after_and_what_drove_the_risk():
    of = histogram(PEOPLE)
    lines = risk_lines(risk_report(of), risk_report(of, decided(of, levels={"age": 2, "place": 1})))
    assert lines[:3] == ["| risk | before | after |", "| --- | ---: | ---: |", "| units | 5 | 5 |"]
    assert "| sample uniques | 3 (60.00%) | 0 (0.00%) |" in lines
    assert "| average prosecutor risk | 0.8000 | 0.2000 |" in lines
    assert lines[-2:] == [
        "- Share of the SUDA score by variable, before: `age` 100%, `place` 0%.",
        "- What most records are unique by, before: `age` (2).",
    ]


def test_where_nobody_was_unique_nothing_is_said_to_drive_the_risk():
    of = histogram([("1", "N"), ("1", "N")])
    assert risk_lines(risk_report(of), risk_report(of))[-1].startswith("|")


def test_a_column_name_cannot_break_the_table():
    name = "a|b`c\nd"
    hierarchy = Hierarchy(name, (("1", "2"), ("*", "*")))
    frame = pd.DataFrame({name: ["1", "2"], "records": [1, 1]})
    of = histogram_of(frame, variables=[name], hierarchies={name: hierarchy})
    lines = risk_lines(risk_report(of), risk_report(of))
    assert lines[-1] == "- What most records are unique by, before: `a/bc d` (2)."


# ---------------------------------------------------------------- properties

leaves = st.tuples(st.sampled_from(AGE.leaves), st.sampled_from(PLACE.leaves))


@settings(max_examples=60, deadline=None)
@given(st.lists(leaves, min_size=1, max_size=20), st.randoms(use_true_random=False))
def test_recoding_raises_no_risk_and_the_order_of_rows_changes_nothing(rows, source):
    of = histogram(rows)
    before = risk_report(of)
    shuffled = list(rows)
    source.shuffle(shuffled)
    assert risk_report(histogram(shuffled)) == before
    for levels in ({"age": 1, "place": 0}, {"age": 1, "place": 1}, {"age": 2, "place": 1}):
        after = risk_report(of, decided(of, levels=levels))
        assert 0 <= after.average_prosecutor <= before.average_prosecutor <= 1
        assert 0 <= after.highest_prosecutor <= before.highest_prosecutor <= 1
        assert after.sample_uniques <= before.sample_uniques
        assert after.drivers.records <= before.drivers.records


@settings(max_examples=40, deadline=None)
@given(st.lists(leaves, min_size=3, max_size=20))
def test_what_a_search_releases_has_no_risk_above_one_in_k(rows):
    of = histogram(rows)
    decision = search(of, MicrodataRules(k=3, max_suppressed_share=Fraction(1, 2)))
    found = risk_report(of, decision)
    assert found.highest_prosecutor <= 1 / 3
    assert found.units == of.units - decision.suppressed_units
