"""Prosecutor, journalist and marketer, from class sizes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearance.microdata.risks.re_identification import (
    average_journalist_risk,
    average_prosecutor_risk,
    highest_journalist_risk,
    highest_prosecutor_risk,
    marketer_risk,
    population_uniques,
    sample_uniques,
)

NONE = np.array([], dtype=np.int64)


def sizes(*units: int) -> np.ndarray:
    return np.array(units, dtype=np.int64)


def test_the_average_prosecutor_risk_is_classes_by_units():
    assert average_prosecutor_risk(sizes(1, 2, 5)) == 3 / 8


def test_the_highest_prosecutor_risk_is_that_of_the_smallest_class():
    assert highest_prosecutor_risk(sizes(4, 2, 5)) == 1 / 2


def test_sample_uniques_are_units_alone_in_their_class():
    assert sample_uniques(sizes(1, 2, 1, 5)) == 2


def test_a_journalist_looks_for_one_of_the_population():
    units, population = sizes(1, 4), sizes(10, 20)
    assert highest_journalist_risk(units, population) == 1 / 10
    by_file, by_population = (1 / 10 + 4 / 20) / 5, 2 / 30
    assert average_journalist_risk(units, population) == max(by_file, by_population)


def test_a_marketer_hits_f_of_F_in_every_class():
    assert marketer_risk(sizes(1, 4), sizes(10, 20)) == pytest.approx(0.3 / 5)


def test_without_a_population_the_marketer_is_a_prosecutor():
    assert marketer_risk(sizes(1, 4)) == average_prosecutor_risk(sizes(1, 4))


def test_a_class_is_no_smaller_in_the_population_than_in_the_file():
    assert highest_journalist_risk(sizes(3), sizes(0)) == 1 / 3
    assert marketer_risk(sizes(3), sizes(1)) == 1 / 3


def test_a_sample_unique_is_a_population_unique_only_where_nobody_else_is_like_it():
    assert population_uniques(sizes(1, 1, 2), sizes(1, 7, 1)) == 1


@pytest.mark.parametrize("risk", [average_prosecutor_risk, highest_prosecutor_risk, marketer_risk])
def test_nobody_is_at_no_risk(risk):
    assert risk(NONE) == 0


def test_nobody_is_at_no_risk_of_a_journalist():
    assert average_journalist_risk(NONE, NONE) == highest_journalist_risk(NONE, NONE) == 0


classes = st.lists(st.tuples(st.integers(1, 50), st.integers(0, 100)), min_size=1, max_size=20).map(
    lambda pairs: tuple(np.array(column, dtype=np.int64) for column in zip(*pairs, strict=True))
)


@given(classes)
def test_risks_lie_between_0_and_1(pair):
    units, population = pair
    for risk in (
        average_prosecutor_risk(units),
        highest_prosecutor_risk(units),
        average_journalist_risk(units, population),
        highest_journalist_risk(units, population),
        marketer_risk(units, population),
    ):
        assert 0 < risk <= 1


@given(classes)
def test_merging_two_classes_raises_no_risk(pair):
    units, population = pair
    population = np.maximum(units, population)
    merged = np.array([units[:2].sum(), *units[2:]])
    in_population = np.array([population[:2].sum(), *population[2:]])
    assert average_prosecutor_risk(merged) <= average_prosecutor_risk(units)
    assert highest_prosecutor_risk(merged) <= highest_prosecutor_risk(units)
    assert highest_journalist_risk(merged, in_population) <= highest_journalist_risk(
        units, population
    )
    assert marketer_risk(merged, in_population) <= marketer_risk(units, population) + 1e-12
    assert sample_uniques(merged) <= sample_uniques(units)


@given(classes, st.randoms(use_true_random=False))
def test_the_order_of_classes_changes_no_digit(pair, source):
    units, population = pair
    order = list(range(len(units)))
    source.shuffle(order)
    assert marketer_risk(units[order], population[order]) == marketer_risk(units, population)
    assert average_journalist_risk(units[order], population[order]) == average_journalist_risk(
        units, population
    )
