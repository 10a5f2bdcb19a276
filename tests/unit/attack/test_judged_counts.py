"""k-map, delta-presence and k on subsets, at their limits."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from clearance.attack.judged_counts import judge_population, judge_subsets
from clearance.policy import DeltaPresence, KMap


@pytest.mark.parametrize(
    ("file", "population", "expected"),
    [(1, 4, 1), (1, 5, 0), (5, 5, 0), (0, 1, 0), (1, 0, 1)],
)
def test_a_published_class_holds_k_units_of_the_population(
    file: int, population: int, expected: int
) -> None:
    found = list(judge_population([KMap(5)], np.array([file]), np.array([population]), where="f"))
    assert [each.count for each in found] == [expected] * bool(expected)


@pytest.mark.parametrize(
    ("file", "population", "unsafe"),
    [(1, 10, False), (5, 10, False), (6, 10, True), (0, 10, True), (0, 0, False), (1, 0, True)],
)
def test_presence_is_told_by_a_share_outside_of_the_bounds(
    file: int, population: int, unsafe: bool
) -> None:
    """Nobody of a class being in the file tells as much as everybody being in it."""
    rule = DeltaPresence(Fraction("0.1"), Fraction("0.5"))
    found = list(judge_population([rule], np.array([file]), np.array([population]), where="f"))
    assert [each.rule for each in found] == ["class-beyond-presence"] * unsafe


def test_every_pair_of_columns_has_classes_of_k():
    columns = {
        "age": np.array([0, 0, 1, 1]),
        "place": np.array([0, 1, 0, 1]),
        "sex": np.array([0, 0, 0, 0]),
    }
    records = np.array([3, 2, 3, 3])
    (found,) = judge_subsets(columns, records, size=2, k=3, where="f")
    assert (found.rule, found.where, found.count) == ("subset-below-k", "f: age, place", 2)
    assert not list(judge_subsets(columns, records, size=2, k=2, where="f"))
    assert not list(judge_subsets(columns, records, size=1, k=5, where="f"))
