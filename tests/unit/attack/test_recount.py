from __future__ import annotations

import numpy as np
import pytest
from tests.forge import frame

from clearance.attack.recount import (
    Unit,
    class_numbers,
    distinct_values,
    diversity,
    link_profiles,
    records_below,
    smallest_class,
    unique_records,
)


def test_a_missing_value_is_a_class_of_its_own() -> None:
    rows = frame("age place", "30 A | 2", ". A | 2", "30 . | 1")
    classes = class_numbers(rows, ["age", "place"])
    assert np.bincount(classes).tolist() == [2, 2, 1]
    assert smallest_class(classes) == 1


@pytest.mark.parametrize(("k", "below"), [(1, 0), (2, 0), (3, 2), (4, 5)])
def test_records_below_k(k: int, below: int) -> None:
    classes = class_numbers(frame("age", "30 | 2", "40 | 3"), ["age"])
    assert records_below(classes, k) == below


def test_without_quasi_identifiers_all_records_are_one_class() -> None:
    assert smallest_class(class_numbers(frame("income", "1", "2"), [])) == 2


def test_uniqueness_is_over_the_columns_that_are_named() -> None:
    rows = frame("age income", "30 1 | 2", "30 2")
    assert unique_records(rows, ["age", "income"]) == 1
    assert unique_records(rows, ["age"]) == 0


def test_a_missing_sensitive_value_gives_no_diversity() -> None:
    assert distinct_values(np.array([0, 0, 1]), ["flu", "", ""]) == {0: 1, 1: 0}


def test_a_link_shows_a_units_classes_and_a_missing_link_nothing() -> None:
    profiles = link_profiles(np.array([0, 0, 1, 0]), ["p", "p", "p", ""])
    assert profiles == {"p": ((0, 2), (1, 1)), 3: ((0, 1),)}


@pytest.mark.parametrize(
    ("values", "l"),
    [
        ([{"flu"}, {"cold"}, {"hiv"}], 3),
        ([{"flu"}, {"flu"}, {"hiv"}], 2),
        ([{"flu", "hiv"}, {"hiv"}, {"hiv", "cold"}], 1),
        ([{"flu", "hiv"}, {"flu", "hiv"}], 1),
        ([set(), set()], 0),
    ],
)
def test_a_value_that_all_units_hold_leaves_no_doubt(values: list[set[str]], l: int) -> None:  # noqa: E741
    assert diversity(Unit(0, frozenset(each)) for each in values) == l
