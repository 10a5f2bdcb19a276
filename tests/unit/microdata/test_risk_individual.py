"""Individual and household risk."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearance.errors import InputError
from clearance.microdata.risks.household import household_risk
from clearance.microdata.risks.individual import expected_re_identifications, individual_risk


def risk(units: int, weight: float) -> float:
    return float(individual_risk(np.array([units]), np.array([weight]))[0])


def by_summation(units: int, weight: float) -> float:
    """The expectation of 1/F, term by term over the negative binomial's probabilities."""
    p = units / weight
    probability, total, size = p**units, 0.0, units
    while probability > 1e-18 or size < units / p:
        total += probability / size
        probability *= (1 - p) * size / (size - units + 1)
        size += 1
    return total


@pytest.mark.parametrize("units", [1, 2, 3, 7, 39, 40, 41, 60])
@pytest.mark.parametrize("ratio", [1.01, 1.5, 1.99, 2.0, 2.01, 3, 10, 36])
def test_it_is_the_expectation_of_one_by_the_class_in_the_population(units: int, ratio: float):
    assert risk(units, units * ratio) == pytest.approx(by_summation(units, units * ratio), rel=1e-9)


def test_one_unit_has_the_closed_form():
    p = 1 / 45.5
    assert risk(1, 45.5) == pytest.approx(p / (1 - p) * math.log(1 / p), rel=1e-14)


def test_two_units_have_the_closed_form():
    p = 2 / 300
    odds = p / (1 - p)
    assert risk(2, 300) == pytest.approx(odds - odds**2 * math.log(1 / p), rel=1e-12)


@pytest.mark.parametrize("units", [1, 2, 3, 40, 41, 1000])
def test_where_the_file_is_the_population_it_is_one_by_the_class(units: int):
    assert risk(units, units) == pytest.approx(1 / units, rel=1e-14)


def test_weights_below_one_count_as_one():
    assert risk(4, 2.5) == 1 / 4


@pytest.mark.parametrize("units", [2, 5, 40, 41])
def test_a_tiny_share_of_the_population_is_a_tiny_risk(units: int):
    assert risk(units, 1e12) == pytest.approx(units / (units - 1) / 1e12, rel=1e-6)


@pytest.mark.parametrize("weight", [0.0, -3.0, math.nan, math.inf])
def test_weights_that_are_none_are_refused_without_being_told(weight: float):
    with pytest.raises(InputError, match=r"^1 of 2 equivalence classes") as caught:
        individual_risk(np.array([1, 1]), np.array([10.0, weight]))
    assert str(weight) not in str(caught.value)


def test_no_class_has_no_risk():
    assert len(individual_risk(np.array([], dtype=np.int64), np.array([]))) == 0


@given(st.integers(1, 200), st.floats(1.0, 1e6))
def test_it_lies_between_the_two_rough_bounds(units: int, ratio: float):
    found = risk(units, units * ratio)
    assert 1 / (units * ratio) * (1 - 1e-9) <= found <= 1 / units * (1 + 1e-9)  # Jensen; F >= f


@given(st.integers(1, 100), st.floats(1.0, 1e4))
def test_it_has_no_jump_where_the_formula_changes(units: int, ratio: float):
    near = np.nextafter(units * ratio, np.inf)
    assert risk(units, near) == pytest.approx(risk(units, units * ratio), rel=1e-9)
    assert risk(units, 2 * units + 1e-9) == pytest.approx(risk(units, 2 * units - 1e-9), rel=1e-7)


@given(st.integers(1, 100), st.floats(1.0, 1e4))
def test_a_larger_class_is_at_less_risk(units: int, ratio: float):
    assert risk(units + 1, (units + 1) * ratio) <= risk(units, units * ratio) * (1 + 1e-9)


def test_expected_re_identifications_add_up_over_units():
    assert expected_re_identifications(np.array([2, 1]), np.array([0.25, 0.5])) == 1.0


def test_a_household_is_found_where_one_member_is():
    found = household_risk(np.array([1, 0, 0]), np.array([0.3, 0.5, 0.2]))
    assert found == pytest.approx([1 - 0.5 * 0.8, 0.3])


def test_members_alike_may_stand_in_one_row():
    one = household_risk(np.array([0]), np.array([0.25]), np.array([3]))
    assert one == pytest.approx(household_risk(np.array([0, 0, 0]), np.array([0.25] * 3)))


def test_a_member_who_is_surely_found_gives_the_household_away():
    assert household_risk(np.array([0, 0]), np.array([1.0, 0.1])).tolist() == [1.0]


def test_no_household_has_no_risk():
    assert household_risk(np.array([], dtype=np.int64), np.array([])).tolist() == []


members = st.lists(st.tuples(st.integers(0, 3), st.floats(0, 1)), min_size=1, max_size=12)


@given(members, st.randoms(use_true_random=False))
def test_the_order_of_members_changes_no_digit(rows, source):
    shuffled = list(rows)
    source.shuffle(shuffled)

    def found(pairs):
        _, number = np.unique([household for household, _ in pairs], return_inverse=True)
        return household_risk(number, np.array([each for _, each in pairs])).tolist()

    assert found(shuffled) == found(rows)
    assert all(0 <= each <= 1 for each in found(rows))
