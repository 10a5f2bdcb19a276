"""The models on the census data of UCI Adult, against what pycanon measures there.

Source: pycanon 1.3.5 on adult.csv, recoded to level 0 of sex and level 2 of education, six
equivalence classes: ``t_closeness``, ``basic_beta_likeness``, ``enhanced_beta_likeness``,
``delta_disclosure``, ``l_diversity`` and ``entropy_l_diversity`` of each attribute.

Where it measures something else than the papers define, the difference is tested too: it
takes the enhanced beta as the minimum of two maxima instead of value by value, leaves
values that a class lacks out of delta-disclosure, and sorts the counts of recursive
(c,l)-diversity the other way round, so that its figure for that is not used.
"""

from __future__ import annotations

import csv
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from clearance.hierarchy import Hierarchy
from clearance.microdata.classes import Classes, Held, classes_at
from clearance.microdata.histogram import histogram_of
from clearance.microdata.models import (
    below_distinct_l,
    below_entropy_l,
    below_recursive_l,
    beyond_beta,
    beyond_delta,
    beyond_t,
)
from clearance.microdata.scales import Nature
from clearance.plan import ValueType
from clearance.policy import Distance, TCloseness

QUASI = ["sex", "education"]
SENSITIVE = ["occupation", "salary-class", "age"]
A_LITTLE = Fraction(1, 10**9)


@pytest.fixture(scope="module")
def classes(shared_data: Path) -> Classes:
    folder = shared_data / "adult"
    rows = pd.read_csv(folder / "adult.csv", sep=";", dtype=str, keep_default_na=False)
    hierarchies = {}
    for name in QUASI:
        with (folder / f"adult_hierarchy_{name}.csv").open(encoding="utf-8", newline="") as file:
            levels = tuple(zip(*csv.reader(file, delimiter=";"), strict=True))
        hierarchies[name] = Hierarchy(name, levels)
    histogram = histogram_of(
        rows.groupby([*QUASI, *SENSITIVE]).size().rename("records").reset_index(),
        variables=QUASI,
        hierarchies=hierarchies,
        sensitive=SENSITIVE,
        natures={"age": Nature(kind=ValueType.INTEGER)},
    )
    return classes_at(histogram, [0, 2])


def test_there_are_six_classes_of_126_records_at_least(classes: Classes):
    assert len(classes.units) == 6
    assert classes.units.min() == 126


@pytest.mark.parametrize(
    ("name", "distance", "t"),
    [
        ("occupation", Distance.EQUAL, "0.6331097786240019"),
        ("salary-class", Distance.EQUAL, "0.23304946937332055"),
        ("age", Distance.ORDERED, "0.08705692146380038"),
    ],
)
def test_t(classes: Classes, name: str, distance: Distance, t: str):
    held = classes.sensitive[name]
    for near, unsafe in [(Fraction(t) + A_LITTLE, 0), (Fraction(t) - A_LITTLE, 1)]:
        assert beyond_t(held, TCloseness(name, near, distance)).sum() == unsafe


@pytest.mark.parametrize(
    ("name", "beta"),
    [
        ("occupation", "44.1978021978022"),
        ("salary-class", "0.7442980729851877"),
        ("age", "17.413919413919412"),
    ],
)
def test_basic_beta(classes: Classes, name: str, beta: str):
    held = classes.sensitive[name]
    assert not beyond_beta(held, Fraction(beta) + A_LITTLE, enhanced=False).any()
    assert beyond_beta(held, Fraction(beta) - A_LITTLE, enhanced=False).any()


def test_enhanced_beta_is_taken_value_by_value(classes: Classes):
    """pycanon's 8.117 is min(44.2, -ln of the rarest share): a bound that most values exceed."""
    held = classes.sensitive["occupation"]
    assert beyond_beta(held, Fraction("8.117"), enhanced=True).any()
    bounds = -np.log(held.whole / held.whole.sum())
    assert bounds.max() == pytest.approx(8.11711355558441)
    table = np.zeros((6, len(held.whole)))
    table[held.group, held.value] = held.units
    gained = table / table.sum(axis=1)[:, None] / (held.whole / held.whole.sum()) - 1
    over = (gained > bounds).any(axis=1)
    assert beyond_beta(held, Fraction(1000), enhanced=True).tolist() == over.tolist()
    salary = classes.sensitive["salary-class"]
    assert not beyond_beta(salary, Fraction("0.7442980729851877") + A_LITTLE, enhanced=False).any()


@pytest.mark.parametrize(
    ("name", "delta", "lacking"),
    [("salary-class", "2.752520991177302", False), ("occupation", "3.811048461713574", True)],
)
def test_delta_disclosure(classes: Classes, name: str, delta: str, lacking: bool):
    """A value that a class lacks has an infinite ratio, where pycanon leaves it out."""
    held = classes.sensitive[name]
    above, below = Fraction(delta) + A_LITTLE, Fraction(delta) - A_LITTLE
    complete = np.bincount(held.group) == len(held.whole)
    assert complete.all() != lacking
    assert not beyond_delta(held, above)[complete].any()
    assert beyond_delta(held, above)[~complete].all()
    assert lacking or beyond_delta(held, below).any()


@pytest.mark.parametrize(
    ("name", "values", "even"), [("occupation", 10, 5), ("salary-class", 2, 1), ("age", 47, 40)]
)
def test_distinct_and_entropy_l(classes: Classes, name: str, values: int, even: int):
    held = classes.sensitive[name]
    assert not below_distinct_l(held, values).any()
    assert below_distinct_l(held, values + 1).any()
    assert not below_entropy_l(held, Fraction(even)).any()
    assert below_entropy_l(held, Fraction(even + 1)).any()


def test_recursive_l_by_its_definition(classes: Classes):
    held = classes.sensitive["occupation"]
    worst = max(_least_c(held, group, 3) for group in range(held.groups))
    assert below_recursive_l(held, worst, 3).sum() == 1
    assert not below_recursive_l(held, worst + A_LITTLE, 3).any()


def _least_c(held: Held, group: int, rank: int) -> Fraction:
    falling = sorted(held.units[held.group == group].tolist(), reverse=True)
    return Fraction(falling[0], sum(falling[rank - 1 :]))
