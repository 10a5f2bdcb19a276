from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tests.forge import frame

from clearance.attack.recount import (
    classes_of,
    distinct_values,
    diversity,
    link_profiles,
    linked,
    unique_records,
)
from clearance.attack.rows import distinct


def categorical(*values: str) -> pd.Series:
    return pd.Series(values, dtype="category")


def test_a_missing_value_is_a_class_of_its_own() -> None:
    classes = classes_of(
        distinct(frame("age place", "30 A | 2", ". A | 2", "30 . | 1")), ["age", "place"]
    )
    assert sorted(classes.records.tolist()) == [1, 2, 2]
    assert classes.smallest == 1


@pytest.mark.parametrize(("k", "below"), [(1, 0), (2, 0), (3, 2), (4, 5)])
def test_records_below_k(k: int, below: int) -> None:
    classes = classes_of(distinct(frame("age", "30 | 2", "40 | 3")), ["age"])
    assert classes.below(k) == below


def test_without_quasi_identifiers_all_records_are_one_class() -> None:
    assert classes_of(distinct(frame("income", "1", "2")), []).smallest == 2


def test_a_file_without_records_has_no_class() -> None:
    assert classes_of(distinct(frame("income")), ["income"]).smallest == 0


def test_uniqueness_is_over_the_columns_that_are_named() -> None:
    rows = distinct(frame("age income", "30 1 | 2", "30 2"))
    assert unique_records(rows, ["age", "income"]) == 1
    assert unique_records(rows, ["age"]) == 0


def test_a_missing_sensitive_value_gives_no_diversity() -> None:
    assert distinct_values(np.array([0, 0, 1]), categorical("flu", "", "")).tolist() == [1, 0]


def test_a_link_shows_a_units_classes_and_a_missing_link_nothing() -> None:
    """p has two records of class 0 and one of class 1, q one of class 0; two more are nobody's."""
    found = linked(categorical("p", "p", "q", ""), np.array([2, 1, 1, 2]))
    profiles = link_profiles(found, np.array([0, 1, 0, 0]), np.array([2, 1, 1, 2]))
    p, q, nobody = profiles.tolist()
    assert q == nobody != p
    assert found.units.tolist() == [1, 1, 2]


@pytest.mark.parametrize(
    ("values", "l"),
    [
        ([{"flu"}, {"cold"}, {"hiv"}], 3),
        ([{"flu"}, {"flu"}, {"hiv"}], 2),
        ([{"flu", "hiv"}, {"hiv"}, {"hiv", "cold"}], 1),
        ([{"flu", "hiv"}, {"flu", "hiv"}], 1),
        ([{""}, {""}], 0),
    ],
)
def test_a_value_that_all_units_hold_leaves_no_doubt(values: list[set[str]], l: int) -> None:  # noqa: E741
    held = [(unit, value) for unit, each in enumerate(values) for value in sorted(each)]
    unit = np.array([number for number, _ in held])
    found = diversity(np.zeros(len(held), dtype=np.int64), unit, categorical(*(v for _, v in held)))
    assert found == l
