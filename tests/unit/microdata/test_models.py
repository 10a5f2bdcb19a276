"""The models at their limits."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from clearance.errors import PolicyError
from clearance.microdata.classes import Classes
from clearance.microdata.models import below_distinct_l, below_k, refuse_unknown, violating
from clearance.policy import DistinctL, MicrodataRules


def classes(units: list[int], *, households: list[int], diagnoses: list[int]) -> Classes:
    return Classes(
        of_profile=np.arange(len(units)),
        units=np.array(units),
        holders={"household": np.array(households)},
        sensitive={"diagnosis": np.array(diagnoses)},
    )


@pytest.mark.parametrize(("units", "unsafe"), [(1, True), (4, True), (5, False), (6, False)])
def test_a_class_of_fewer_than_k_units_violates_k(units: int, unsafe: bool):
    assert below_k(np.array([units]), 5).tolist() == [unsafe]


@pytest.mark.parametrize(("values", "unsafe"), [(0, True), (1, True), (2, False), (3, False)])
def test_a_class_of_fewer_than_l_values_violates_distinct_l(values: int, unsafe: bool):
    assert below_distinct_l(np.array([values]), 2).tolist() == [unsafe]


def test_what_cannot_be_compared_is_unsafe():
    assert below_k(np.array([np.nan]), 5).tolist() == [True]
    assert below_distinct_l(np.array([np.nan]), 2).tolist() == [True]


def test_a_class_violates_the_rules_if_any_unit_or_model_is_violated():
    given = classes([5, 4, 5, 5], households=[5, 4, 4, 5], diagnoses=[2, 2, 2, 1])
    rules = MicrodataRules(
        k=5, max_suppressed_share=Fraction(0), models=(DistinctL("diagnosis", 2),)
    )
    assert violating(given, rules).tolist() == [False, True, True, True]


def test_a_class_is_as_large_as_its_scarcest_unit():
    given = classes([5, 9], households=[3, 20], diagnoses=[1, 1])
    assert given.strictest.tolist() == [3, 9]


def test_a_model_about_an_uncounted_variable_is_refused():
    with pytest.raises(PolicyError, match="religion"):
        refuse_unknown([DistinctL("religion", 2)], ["diagnosis"])
