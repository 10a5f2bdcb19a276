"""The search for levels: small cases that can be followed by hand, and what it refuses."""

from __future__ import annotations

from fractions import Fraction

import pandas as pd
import pytest

from clearance.errors import DisclosureRiskError, PolicyError
from clearance.hierarchy import Hierarchy
from clearance.microdata.budget import Budget
from clearance.microdata.decision import Decision
from clearance.microdata.histogram import Histogram, histogram_of
from clearance.microdata.lattice import search
from clearance.policy import DistinctL, EntropyL, Loss, Method, MicrodataRules

AGES = ("9", "15", "17", "43", "45")
AGE = Hierarchy("age", (AGES, ("0-17",) * 3 + ("18-64",) * 2, ("*",) * 5))
PLACE = Hierarchy("place", (("A", "B"), ("*", "*")))
HIERARCHIES = {"age": AGE, "place": PLACE}


def rules(
    k: int, share: str = "0", *, l_of: dict[str, int] | None = None, loss: Loss = Loss.GRANULARITY
) -> MicrodataRules:
    models = tuple(DistinctL(variable, least) for variable, least in (l_of or {}).items())
    return MicrodataRules(k=k, max_suppressed_share=Fraction(share), models=models, loss=loss)


def decide(
    columns: str, *rows: tuple[str | int, ...], given: MicrodataRules, **options: object
) -> Decision:
    names = columns.split()
    frame = pd.DataFrame(rows, columns=[*names, "records"])
    variables = [name for name in names if name in HIERARCHIES]
    histogram = histogram_of(frame, variables=variables, hierarchies=HIERARCHIES, **options)
    return search(histogram, given)


def test_safe_data_are_published_unchanged():
    decision = decide("age place", ("17", "A", 5), ("45", "B", 6), given=rules(5))
    assert decision.levels == {"age": 0, "place": 0}
    assert decision.loss == {"granularity": 0.0, "entropy_bits": 0.0}
    assert (decision.k, decision.suppressed_records, len(decision.suppressed)) == (5, 0, 0)


def test_only_the_variable_that_needs_it_is_generalised():
    decision = decide("age place", ("15", "A", 2), ("17", "A", 3), ("45", "B", 6), given=rules(5))
    assert decision.levels == {"age": 1, "place": 0}
    assert decision.k == 5


@pytest.mark.parametrize(
    ("share", "levels", "suppressed"),
    [
        ("0", {"age": 1, "place": 0}, []),
        ("1/13", {"age": 1, "place": 0}, []),
        ("2/13", {"age": 0, "place": 0}, ["15"]),
        ("1", {"age": 0, "place": 0}, ["15"]),
    ],
)
def test_the_limit_is_exact_and_counts_units(
    share: str, levels: dict[str, int], suppressed: list[str]
):
    rows = [("15", "A", 2), ("17", "A", 5), ("45", "B", 6)]
    decision = decide("age place", *rows, given=rules(5, share))
    assert decision.levels == levels
    assert decision.suppressed["age"].tolist() == suppressed
    assert decision.suppressed_records == decision.suppressed_units == 2 * len(suppressed)


def test_whole_classes_are_suppressed_with_all_their_leaves():
    rows = [("9", "A", 1), ("15", "A", 2), ("43", "A", 8), ("45", "A", 8)]
    decision = decide("age place", *rows, given=rules(9, "1/5", loss=Loss.ENTROPY))
    assert decision.levels == {"age": 1, "place": 0}
    assert decision.suppressed.to_dict("list") == {"age": ["9", "15"], "place": ["A", "A"]}
    assert (decision.suppressed_records, decision.k) == (3, 16)


def test_everything_is_never_suppressed_even_where_the_limit_is_100_percent():
    with pytest.raises(DisclosureRiskError, match="4 of 4 records"):
        decide("age place", ("15", "A", 4), given=rules(5, "1"))


def test_what_cannot_be_made_safe_says_how_many_records_and_what_to_do():
    short = Hierarchy("age", (AGES, AGE.levels[1]))
    frame = pd.DataFrame({"age": ["9", "43", "45"], "records": [2, 4, 5]})
    histogram = histogram_of(frame, variables=["age"], hierarchies={"age": short})
    with pytest.raises(DisclosureRiskError, match=r"2 of 11 records .* at most 1 of 11 units") as e:
        search(histogram, rules(5, "1/6"))
    assert "coarser hierarchies to age" in str(e.value)
    assert "max_suppressed_share" in str(e.value)


def test_of_two_recodings_with_the_same_loss_the_lower_and_then_the_first_is_taken():
    rows = [("A", "A", 3), ("A", "B", 3), ("B", "A", 3), ("B", "B", 3)]
    frame = pd.DataFrame(rows, columns=["home", "work", "records"])
    histogram = histogram_of(
        frame, variables=["home", "work"], hierarchies={"home": PLACE, "work": PLACE}
    )
    for loss in Loss:
        assert search(histogram, rules(5, loss=loss)).levels == {"home": 0, "work": 1}


def test_without_quasi_identifiers_all_records_are_one_class():
    decision = decide("", (7,), given=rules(5))
    assert (decision.levels, decision.k, decision.nodes) == ({}, 7, 1)
    with pytest.raises(DisclosureRiskError, match="4 of 4 records"):
        decide("", (4,), given=rules(5))


def test_a_model_of_a_variable_that_is_not_there_is_refused():
    with pytest.raises(PolicyError, match="religion"):
        decide("age", ("15", 9), given=rules(5, l_of={"religion": 2}))


def wide(*rows: str) -> Histogram:
    """23 variables of two levels: 8,388,608 nodes, too many to hold."""
    names = [f"v{i:02}" for i in range(23)]
    frame = pd.DataFrame([list(row) for row in rows], columns=names).assign(records=5)
    return histogram_of(frame, variables=names, hierarchies=dict.fromkeys(names, PLACE))


def test_in_a_lattice_too_large_to_hold_an_optimum_can_be_proven():
    decision = search(wide("A" * 23, "B" + "A" * 22), rules(5))
    assert set(decision.levels.values()) == {0}
    assert (decision.gap, decision.nodes, decision.nodes_checked) == (0.0, 8_388_608, 2)
    decision = search(wide("A" * 23, "B" + "A" * 22), rules(10))
    assert decision.levels["v00"] == 1 and sum(decision.levels.values()) == 1
    assert (decision.gap, decision.k) == (0.0, 10)


def test_in_a_lattice_too_large_to_hold_an_answer_that_is_not_proven_says_so(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr("clearance.microdata.wide.MOST_PASSED", 1_000)
    data = wide(*("A" * i + "B" * (23 - i) for i in range(23)))
    decision = search(data, rules(60), budget=Budget(nodes=600))
    assert decision.k >= 60
    assert 0 < decision.gap < decision.loss["granularity"]
    assert decision.nodes_checked <= 600


def test_an_answer_within_a_budget_says_how_far_the_optimum_may_be():
    rows = [(age, place, 1 + i) for i, age in enumerate(AGES) for place in "AB"]
    optimum = decide("age place", *rows, given=rules(9))
    names = ["age", "place"]
    frame = pd.DataFrame(rows, columns=[*names, "records"])
    histogram = histogram_of(frame, variables=names, hierarchies=HIERARCHIES)
    hurried = search(histogram, rules(9), budget=Budget(nodes=1))
    assert hurried.levels == {"age": 2, "place": 1}
    assert hurried.loss["granularity"] - hurried.gap <= optimum.loss["granularity"]
    assert (hurried.nodes_checked, hurried.gap > 0, optimum.gap) == (1, True, 0.0)


def test_a_budget_in_seconds_is_read_from_the_clock_that_is_given():
    clock = iter([0.0, 1.0, 2.0, 3.0, 4.0]).__next__
    rows = [(age, 1 + i) for i, age in enumerate(AGES)]
    histogram = histogram_of(
        pd.DataFrame(rows, columns=["age", "records"]), variables=["age"], hierarchies=HIERARCHIES
    )
    budget = Budget(at_most_seconds=2.0, seconds=clock)
    assert search(histogram, rules(9), budget=budget).nodes_checked == 2
    with pytest.raises(PolicyError, match="clock"):
        search(histogram, rules(9), budget=Budget(at_most_seconds=2.0))


def test_the_decision_names_its_method():
    assert decide("age", ("17", 9), given=rules(5)).method is Method.GLOBAL


# ---------------------------------------------------------------- models that are not monotone


def test_what_is_coarser_can_be_worse_where_something_may_be_suppressed():
    """As they are 20 of 40 are lost; together (17 x, 3 y and 10 + 10) all of them would be."""
    rows = [("9", "x", 20), ("43", "x", 10), ("43", "y", 10)]
    model = EntropyL("d", Fraction("1.95"))
    given = MicrodataRules(k=5, max_suppressed_share=Fraction("1/2"), models=(model,))
    decision = decide("age d", *rows, given=given, sensitive=["d"])
    assert decision.levels == {"age": 0}
    assert decision.suppressed["age"].tolist() == ["9"]
    assert decision.suppressed_units == 20


# ---------------------------------------------------------------- units, not rows


def test_five_visits_of_one_patient_are_one_unit():
    rows = [("43", "anna", 5), *[("17", f"p{i}", 1) for i in range(5)]]
    with pytest.raises(DisclosureRiskError, match="5 of 10 records"):
        decide("age patient", *rows, given=rules(5), entity="patient")
    decision = decide("age patient", *rows, given=rules(5, "1/6"), entity="patient")
    assert decision.suppressed.to_dict("list") == {"patient": ["anna"]}
    assert (decision.suppressed_units, decision.suppressed_records, decision.units) == (1, 5, 6)
    assert decision.k == 5


def test_a_household_is_as_unique_as_its_composition():
    unusual = [(age, "h1", 1) for age in ("45", "43", "17", "15", "9")]
    couples = [(age, f"c{i}", 1) for i in range(5) for age in ("45", "43")]
    children = [(age, f"f{i}", 1) for i in range(5) for age in ("17", "15", "9")]
    rows = [*unusual, *couples, *children]
    alone = [(age, 6) for age in AGES]
    assert decide("age", *alone, given=rules(5)).levels == {"age": 0}
    decision = decide("age household", *rows, given=rules(5, "1/11"), entity="household")
    assert decision.levels == {"age": 0}
    assert decision.suppressed["household"].tolist() == ["h1"]
    with pytest.raises(DisclosureRiskError):
        decide("age household", *rows, given=rules(5), entity="household")


def test_a_class_needs_k_distinct_households_as_well_as_k_persons():
    rows = [("17", f"p{i}", f"h{i % 4}", 1) for i in range(8)]
    rows += [("15", f"q{i}", f"h{i % 4 + 3}", 1) for i in range(8)]  # h3 is in both classes
    decision = decide("age person home", *rows, given=rules(5), entity="person", holders=["home"])
    assert decision.levels == {"age": 1}
    assert decision.k == 7  # not 8: households are counted truly, not added up
    with pytest.raises(DisclosureRiskError):
        decide("age person home", *rows, given=rules(8), entity="person", holders=["home"])


def test_a_decision_and_a_histogram_do_not_print_whom_they_are_about():
    rows = [("43", "anna", 5), *[("17", f"p{i}", 1) for i in range(5)]]
    frame = pd.DataFrame(rows, columns=["age", "patient", "records"])
    histogram = histogram_of(frame, variables=["age"], hierarchies=HIERARCHIES, entity="patient")
    assert "anna" not in repr(histogram)
    assert "anna" not in repr(search(histogram, rules(5, "1/6")))


# ---------------------------------------------------------------- sensitive attributes


FLU = [("17", "flu", 5), ("15", "flu", 3), ("15", "asthma", 3)]


def test_five_people_with_the_same_diagnosis_are_not_published_as_a_class():
    assert decide("age d", *FLU, given=rules(5), sensitive=["d"]).levels == {"age": 0}
    decision = decide("age d", *FLU, given=rules(5, l_of={"d": 2}), sensitive=["d"])
    assert decision.levels == {"age": 1}


def test_five_people_with_the_same_diagnosis_are_suppressed_within_the_limit():
    decision = decide("age d", *FLU, given=rules(5, "5/11", l_of={"d": 2}), sensitive=["d"])
    assert decision.levels == {"age": 0}
    assert decision.suppressed.to_dict("list") == {"age": ["17"]}
    assert decision.loss["granularity"] == pytest.approx(5 / 11)  # generalised: 1/2


def test_five_people_with_the_same_diagnosis_and_nobody_else_are_refused():
    with pytest.raises(
        DisclosureRiskError, match=r"5 of 5 records .* distinct-l \(variable: d, l: 2\)"
    ):
        decide("age d", ("17", "flu", 5), given=rules(5, "1", l_of={"d": 2}), sensitive=["d"])


def test_a_missing_diagnosis_adds_no_diversity():
    rows = [("17", "flu", 4), ("17", "", 4)]
    with pytest.raises(DisclosureRiskError, match="8 of 8 records"):
        decide("age d", *rows, given=rules(5, l_of={"d": 2}), sensitive=["d"])


def test_each_sensitive_attribute_has_its_own_l():
    rows = [("17", d, i, 2) for d, i in [("flu", "x"), ("asthma", "x"), ("burn", "x")]]
    options = {"sensitive": ["d", "i"]}
    assert decide("age d i", *rows, given=rules(5, l_of={"d": 3}), **options).k == 6
    with pytest.raises(DisclosureRiskError):
        decide("age d i", *rows, given=rules(5, l_of={"d": 3, "i": 2}), **options)
