"""The histogram: what it counts, what it refuses, and that it forgets the order of rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from clearance.errors import DisclosureRiskError, InputError, PlanError
from clearance.hierarchy import Hierarchy
from clearance.microdata.histogram import Histogram, histogram_of

AGE = Hierarchy("age", (("17", "18", "43"), ("0-17", "18-64", "18-64"), ("*", "*", "*")))
SEX = Hierarchy("sex", (("F", "M", ""), ("*", "*", "*")))
HIERARCHIES = {"age": AGE, "sex": SEX}


def frame(columns: list[str], *rows: tuple[str | int, ...]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=[*columns, "records"])


def people(*rows: tuple[str | int, ...], **options: object) -> Histogram:
    extra = [*options.get("sensitive", ()), *([options["entity"]] if "entity" in options else [])]
    columns = ["age", "sex", *extra, *options.get("holders", ())]
    return histogram_of(
        frame(columns, *rows), variables=["age", "sex"], hierarchies=HIERARCHIES, **options
    )


def test_combinations_are_sorted_by_leaf_whatever_the_order_of_rows():
    rows = [("43", "F", 2), ("17", "M", 1), ("17", "F", 4)]
    for given in (rows, rows[::-1]):
        histogram = people(*given)
        assert histogram.combinations.tolist() == [[0, 0, 2], [0, 1, 0]]
        assert histogram.profiles.units.tolist() == [4, 1, 2]


def test_without_an_entity_every_record_is_a_unit():
    histogram = people(("17", "F", 4), ("43", "M", 3))
    assert (histogram.records, histogram.units) == (7, 7)


def test_records_of_one_entity_are_one_unit():
    histogram = people(("17", "F", "anna", 5), ("43", "M", "bert", 1), entity="patient")
    assert (histogram.records, histogram.units) == (6, 2)


def test_entities_with_the_same_multiset_of_combinations_share_a_profile():
    histogram = people(
        ("17", "F", "anna", 1),
        ("43", "M", "anna", 2),
        ("43", "M", "bert", 2),
        ("17", "F", "bert", 1),
        ("17", "F", "carl", 2),
        ("43", "M", "carl", 1),
        entity="patient",
    )
    assert histogram.profiles.units.tolist() == [2, 1]
    assert histogram.profiles.of_name.tolist() == [0, 0, 1]
    assert histogram.profiles.entry_records.tolist() == [1, 2, 2, 1]
    assert histogram.entry_total.tolist() == [2, 4, 2, 1]


def test_a_missing_value_is_a_leaf_where_the_hierarchy_has_it():
    assert people(("17", "", 4)).combinations.tolist() == [[0], [2]]


def test_values_that_the_hierarchy_lacks_are_counted_and_not_quoted():
    with pytest.raises(PlanError, match=r"\(age: 2\)") as caught:
        people(("secret-1", "F", 4), ("secret-2", "M", 1), ("secret-1", "M", 1))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("options", [{"entity": "unit"}, {"holders": ["unit"]}])
def test_a_missing_unit_is_refused_with_the_number_of_records(options: dict[str, object]):
    with pytest.raises(InputError, match="unit: 3"):
        people(("17", "F", "a", 4), ("18", "F", "", 3), **options)


def test_no_records_are_refused():
    with pytest.raises(InputError, match="no records"):
        people()


@pytest.mark.parametrize("second", ["flu", "", "asthma"])
def test_a_unit_whose_sensitive_values_differ_is_refused(second: str):
    rows = [("17", "F", "flu", "anna", 1), ("18", "F", second, "anna", 1)]
    if second == "flu":
        assert people(*rows, sensitive=["diagnosis"], entity="patient").units == 1
        return
    with pytest.raises(DisclosureRiskError, match="diagnosis: 1") as caught:
        people(*rows, sensitive=["diagnosis"], entity="patient")
    assert "anna" not in str(caught.value)


def test_without_an_entity_sensitive_values_of_a_combination_may_differ():
    histogram = people(("17", "F", "flu", 1), ("17", "F", "asthma", 1), sensitive=["diagnosis"])
    assert histogram.sensitive["diagnosis"].value.tolist() == [0, 1]


def test_a_missing_sensitive_value_is_counted_as_the_empty_text():
    rows = [("17", "F", "flu", 1), ("17", "F", "", 3), ("18", "M", "asthma", 2)]
    counted = people(*rows, sensitive=["diagnosis"]).sensitive["diagnosis"]
    assert counted.names.tolist() == ["", "asthma", "flu"]
    assert (counted.profile.tolist(), counted.value.tolist()) == ([0, 0, 1], [0, 2, 1])
    assert counted.units.tolist() == [3, 1, 2]
    assert counted.whole.tolist() == [3, 2, 1]


def test_a_sensitive_value_counts_units_and_not_their_records():
    rows = [("17", "F", "flu", "anna", 5), ("18", "F", "flu", "anna", 1)]
    more = [("17", "F", "flu", "bert", 5), ("18", "F", "flu", "bert", 1)]
    counted = people(*rows, *more, sensitive=["diagnosis"], entity="patient")
    assert counted.sensitive["diagnosis"].units.tolist() == [2]


def test_households_of_a_profile_are_counted_with_their_persons():
    rows = [
        ("17", "F", "anna", "h1", 1),
        ("17", "F", "bert", "h1", 1),
        ("17", "F", "carl", "h2", 1),
    ]
    counted = people(*rows, entity="patient", holders=["home"]).holders["home"]
    assert (counted.value.tolist(), counted.units.tolist()) == ([0, 1], [2, 1])


def test_categorical_columns_give_the_same_histogram_as_texts():
    rows = [("43", "F", "flu", "anna", 2), ("17", "", "", "bert", 1), ("17", "M", "flu", "carl", 3)]
    columns = ["age", "sex", "diagnosis", "patient"]
    texts = frame(columns, *rows)
    coded = texts.astype(dict.fromkeys(columns, "category"))
    coded["diagnosis"] = coded["diagnosis"].cat.add_categories(["unused"])
    options = {"variables": ["age", "sex"], "hierarchies": HIERARCHIES, "sensitive": ["diagnosis"]}
    for entity in (None, "patient"):
        one, other = (histogram_of(each, entity=entity, **options) for each in (texts, coded))
        assert one.combinations.tolist() == other.combinations.tolist()
        assert one.profiles.names.equals(other.profiles.names)
        for name in ("entry_profile", "entry_combination", "entry_records", "units", "of_name"):
            assert np.array_equal(getattr(one.profiles, name), getattr(other.profiles, name))
        counted, again = one.sensitive["diagnosis"], other.sensitive["diagnosis"]
        assert counted.names.equals(again.names)
        assert np.array_equal(counted.profile, again.profile)


def test_the_population_is_counted_over_the_same_leaves():
    people_there = pd.DataFrame({"age": ["43", "17", "43"], "sex": ["F", "M", "F"], "records": 1})
    histogram = people(("17", "F", 4), population=people_there)
    assert histogram.population.combinations.tolist() == [[0, 2], [1, 0]]
    assert histogram.population.units.tolist() == [1, 2]
    unknown = people_there.replace("43", "99")
    with pytest.raises(PlanError, match=r"\(age: 1\)"):
        people(("17", "F", 4), population=unknown)


def test_keys_without_an_entity_are_leaf_combinations():
    histogram = people(("17", "F", 1), ("43", "", 1))
    keys = histogram.keys(np.array([False, True]))
    assert keys.to_dict("list") == {"age": ["43"], "sex": [""]}


def test_keys_with_an_entity_are_its_values():
    histogram = people(("17", "F", "carl", 1), ("17", "F", "anna", 1), entity="patient")
    assert histogram.keys(histogram.profiles.units > 1).to_dict("list") == {
        "patient": ["anna", "carl"]
    }
    assert histogram.keys(histogram.profiles.units > 2).columns.tolist() == ["patient"]


def test_without_variables_there_is_one_combination():
    histogram = histogram_of(frame([], (7,)), variables=[], hierarchies={})
    assert histogram.combinations.shape == (0, 1)
    assert histogram.units == 7
