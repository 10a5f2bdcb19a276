"""Information loss, computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from clearance.hierarchy import Hierarchy
from clearance.microdata.histogram import Histogram, histogram_of
from clearance.microdata.loss import entropy_bits, granularity, lower_bounds
from clearance.policy import Loss

# Five leaves, of which "e" does not occur; level 1 joins a+b and c+d+e.
PLACE = Hierarchy("place", (tuple("abcde"), ("ab", "ab", "cde", "cde", "cde"), ("*",) * 5))
ONLY = Hierarchy("only", (("x",), ("*",)))


def places(**records: int) -> Histogram:
    frame = pd.DataFrame({"place": list(records), "only": "x", "records": list(records.values())})
    return histogram_of(
        frame, variables=["place", "only"], hierarchies={"place": PLACE, "only": ONLY}
    )


FOUR = places(a=1, b=3, c=4, d=2)
NOBODY = np.zeros(4, dtype=bool)


@pytest.mark.parametrize(
    ("level", "of_place"),
    [
        (0, 0.0),
        (1, (4 * 1 / 4 + 6 * 2 / 4) / 10),  # two leaves: (2/5-1/5)/(1-1/5); three: twice that
        (2, 1.0),
    ],
)
def test_granularity_is_the_share_of_further_leaves_that_a_value_covers(
    level: int, of_place: float
):
    assert granularity(FOUR, [level, 1], NOBODY) == pytest.approx(of_place / 2)


def test_a_suppressed_record_costs_one_in_every_variable():
    gone = np.array([True, False, False, False])
    assert granularity(FOUR, [0, 0], gone) == pytest.approx(1 / 10)
    assert granularity(FOUR, [2, 0], gone) == pytest.approx((1 + 1 / 10) / 2)
    assert granularity(FOUR, [1, 1], ~NOBODY) == 1.0


@pytest.mark.parametrize("level", [0, 1])
def test_a_hierarchy_of_one_leaf_costs_nothing_unless_suppressed(level: int):
    assert granularity(FOUR, [0, level], NOBODY) == 0.0


def test_a_suppressed_unit_costs_all_its_records():
    rows = [("a", "anna", 3), ("b", "anna", 1), ("c", "bert", 4)]
    histogram = histogram_of(
        pd.DataFrame(rows, columns=["place", "unit", "records"]),
        variables=["place"],
        hierarchies={"place": PLACE},
        entity="unit",
    )
    assert granularity(histogram, [0], np.array([True, False])) == pytest.approx(4 / 8)


@pytest.mark.parametrize(
    ("level", "bits"),
    [
        (0, 0.0),
        (1, -math.log2(1 / 4) - 3 * math.log2(3 / 4) - 4 * math.log2(4 / 6) - 2 * math.log2(2 / 6)),
        (2, -sum(n * math.log2(n / 10) for n in (1, 3, 4, 2))),
    ],
)
def test_entropy_is_what_must_be_told_to_find_the_leaf_of_each_record(level: int, bits: float):
    assert entropy_bits(FOUR, [level, 1]) == pytest.approx(bits)


def test_without_variables_nothing_is_lost():
    nothing = histogram_of(pd.DataFrame({"records": [3]}), variables=[], hierarchies={})
    assert granularity(nothing, [], np.array([False])) == 0.0
    assert entropy_bits(nothing, []) == 0.0


@pytest.mark.parametrize("loss", list(Loss))
def test_the_bounds_of_the_variables_add_up_to_the_loss_where_nothing_is_suppressed(loss: Loss):
    place, only = lower_bounds(FOUR, loss)
    for level in range(3):
        known = (
            entropy_bits(FOUR, [level, 1])
            if loss is Loss.ENTROPY
            else granularity(FOUR, [level, 1], NOBODY)
        )
        assert place[level] + only[1] == known
