"""Estimators of population uniques, against populations that are drawn from known laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearance.errors import InputError
from clearance.microdata.risks.population import (
    estimated_uniques,
    pitman,
    size_of_population,
    slide_negative_binomial,
    zayatz,
)


def drawn(classes: np.ndarray, share: float) -> np.ndarray:
    sample = np.random.default_rng(7).binomial(classes, share)
    return sample[sample > 0]


def geometric(classes: int, p: float) -> np.ndarray:
    """A slide geometric is a slide negative binomial."""
    return np.random.default_rng(3).geometric(p, classes)


@pytest.mark.parametrize("share", [0.3, 0.5, 0.8])
@pytest.mark.parametrize("p", [0.1, 0.4])
def test_the_slide_negative_binomial_finds_its_own_law(share: float, p: float):
    population = geometric(30_000, p)
    found = slide_negative_binomial(drawn(population, share), int(population.sum()))
    assert found == pytest.approx((population == 1).sum(), rel=0.08)


def test_pitman_finds_its_own_law():
    alpha, theta, units = 0.5, 200.0, 20_000
    source = np.random.default_rng(5)
    sizes: list[int] = []
    seat: list[int] = []  # the class of each unit that has come (Chinese restaurant process)
    for n in range(units):
        if source.random() < (theta + alpha * len(sizes)) / (theta + n):
            seat.append(len(sizes))
            sizes.append(1)
            continue
        while True:  # an old class, in proportion to its size less alpha
            chosen = seat[source.integers(n)]
            if source.random() < 1 - alpha / sizes[chosen]:
                break
        seat.append(chosen)
        sizes[chosen] += 1
    sample = np.bincount(source.permutation(seat)[: units // 10])
    found = pitman(sample[sample > 0], units)
    assert found == pytest.approx(sizes.count(1), rel=0.2)


def test_zayatz_knows_the_hypergeometric_chances():
    # Of 4 units, 2 drawn; classes of one (one of them) and of two, one each in the file.
    # P(f=1|F=1) = 1/2, P(f=1|F=2) = 2/3; half of the classes each.
    units = np.array([1, 2])
    expected = 1 * (0.5 * 3 / 6) / (0.5 * 3 / 6 + 0.5 * (2 * 4 * 3 / 2 / 20)) * 6 / 3
    assert zayatz(units, 6) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("share", "estimators"),
    [(0.05, {"Pitman"}), (0.1, {"Pitman"}), (0.4, {"Zayatz", "slide negative binomial"})],
)
def test_the_decision_rule_goes_by_the_share_of_the_population(share, estimators):
    sample = drawn(geometric(5_000, 0.3), 0.5)
    population = math.ceil(int(sample.sum()) / share)
    assert estimated_uniques(sample, population).estimator in estimators


def test_beyond_a_tenth_the_lower_estimate_is_taken():
    population = geometric(20_000, 0.3)
    sample, size = drawn(population, 0.4), int(population.sum())
    found = estimated_uniques(sample, size)
    assert found.count == min(zayatz(sample, size), slide_negative_binomial(sample, size))


def test_where_the_slide_fits_nothing_zayatz_is_left():
    sample = np.array([1] * 5 + [2] * 5)
    assert slide_negative_binomial(sample, 30) is None
    assert estimated_uniques(sample, 30).estimator == "Zayatz"


def test_a_whole_population_is_counted():
    found = estimated_uniques(np.array([1, 1, 3]), 5)
    assert (found.count, found.estimator) == (2.0, "count")
    assert slide_negative_binomial(np.array([1, 1, 3]), 5) == 2
    assert zayatz(np.array([1, 1, 3]), 5) == pytest.approx(2)


def test_where_nobody_is_unique_in_the_file_none_is_estimated():
    assert estimated_uniques(np.array([2, 3]), 500).count == 0
    assert zayatz(np.array([2, 3]), 500) == 0


def test_where_everybody_is_unique_pitman_says_all():
    assert pitman(np.ones(10, dtype=np.int64), 1000) == 1000


def test_a_population_smaller_than_the_file_is_refused():
    with pytest.raises(InputError, match="population of 4 units"):
        estimated_uniques(np.array([2, 3]), 4)


def test_weights_add_up_to_the_population_but_never_below_the_file():
    assert size_of_population(np.array([1.2, 2.4]), 2) == 4
    assert size_of_population(np.array([0.2, 0.4]), 2) == 2


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(1, 30), min_size=1, max_size=40), st.integers(0, 10**6))
def test_an_estimate_is_a_number_of_units_of_the_population(sizes, more):
    units = np.array(sizes, dtype=np.int64)
    population = int(units.sum()) + more
    found = estimated_uniques(units, population)
    assert 0 <= found.count <= population * (1 + 1e-6)
    assert estimated_uniques(units[::-1], population) == found
