"""Information loss in terms of uses: distributions, associations, classes."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearance.errors import InputError, PlanError
from clearance.hierarchy import Hierarchy
from clearance.microdata.usefulness import (
    average_class_size,
    compare,
    cramers_v,
    discernibility,
    hellinger,
    total_variation,
)
from clearance.microdata.usefulness_lines import utility_lines

AGE = Hierarchy("age", (("1", "2", "3", "4"), ("1-2", "1-2", "3-4", "3-4"), ("*",) * 4))
SEX = Hierarchy("sex", (("F", "M"), ("*", "*")))
BOTH = {"age": AGE, "sex": SEX}


def rows(*records: tuple[str, ...]) -> pd.DataFrame:
    """Age (and sex) of one record each, as text."""
    names = ["age", "sex"][: len(records[0])] if records else ["age", "sex"]
    frame = pd.DataFrame(list(records), columns=names, dtype=object)
    return frame.assign(records=np.ones(len(frame), dtype=np.int64))


def test_what_is_unchanged_has_lost_nothing():
    before = rows(("1", "F"), ("1", "M"), ("4", "M"))
    found = compare(before, before, BOTH)
    assert found.granularity == 0
    assert all(change.total_variation == 0 for change in found.marginals.values())
    assert all(change.hellinger < 1e-7 for change in found.marginals.values())
    [pair] = found.pairs.values()
    assert pair.joint.total_variation == 0
    assert pair.cramers_v_before == pair.cramers_v_after


def test_a_label_is_spread_evenly_over_its_leaves():
    found = compare(rows(("1",), ("1",), ("1",), ("2",)), rows(*[("1-2",)] * 4), {"age": AGE})
    change = found.marginals["age"]
    assert change.total_variation == 0.25  # 3/4, 1/4 against 1/2, 1/2
    overlap = math.sqrt(0.75 * 0.5) + math.sqrt(0.25 * 0.5)
    assert change.hellinger == pytest.approx(math.sqrt(1 - overlap))


def test_labels_of_several_levels_may_stand_in_one_column():
    after = rows(("1",), ("1-2",), ("*",), ("*",))
    found = compare(rows(("1",), ("2",), ("3",), ("4",)), after, {"age": AGE})
    # 1: 1/4 + 1/8 + 1/8, 2: 1/8 + 1/8, 3 and 4: 1/8 each
    assert found.marginals["age"].total_variation == pytest.approx(0.25)
    assert found.granularity == pytest.approx((0 + 1 / 3 + 1 + 1) / 4)


def test_records_that_are_left_out_cost_everything_and_shift_the_rest():
    found = compare(rows(("1",), ("1",), ("4",), ("4",)), rows(("1",), ("1",)), {"age": AGE})
    assert found.granularity == 0.5
    assert found.marginals["age"].total_variation == 0.5
    assert (found.records, found.published_records) == (4, 2)
    assert found.discernibility == 2 * 2 + 2 * 4


def test_where_nothing_is_published_everything_is_lost():
    found = compare(rows(("1", "F"), ("2", "M")), rows(), BOTH)
    assert found.granularity == 1
    assert found.marginals["age"].total_variation == found.marginals["age"].hellinger == 1
    assert found.pairs["age", "sex"].joint.total_variation == 1
    assert found.pairs["age", "sex"].cramers_v_after == 0
    assert found.average_class_size == 0


def test_a_joint_distribution_can_change_where_no_marginal_does():
    before = rows(("1", "F"), ("2", "M"))
    found = compare(before, rows(("1-2", "F"), ("1-2", "M")), BOTH)
    assert found.marginals["age"].total_variation == 0
    assert found.pairs["age", "sex"].joint.total_variation == 0.5
    assert found.pairs["age", "sex"].cramers_v_before == 1
    assert found.pairs["age", "sex"].cramers_v_after == 0


def test_a_label_that_stands_at_several_levels_counts_once():
    hierarchy = Hierarchy("age", (("1", "2", "3"), ("1", "2-3", "2-3"), ("*",) * 3))
    before = rows(("1",), ("2",), ("3",))
    found = compare(before, rows(("1",), ("2-3",), ("2-3",)), {"age": hierarchy})
    assert found.marginals["age"].total_variation == pytest.approx(0)


def test_a_label_for_different_leaves_at_different_levels_is_refused():
    hierarchy = Hierarchy("age", (("1", "2", "3"), ("low", "low", "3"), ("low",) * 3))
    with pytest.raises(PlanError, match="1 labels cover different leaves"):
        compare(rows(("1",)), rows(("low",)), {"age": hierarchy})


@pytest.mark.parametrize(("before", "after"), [("9", "1"), ("1", "9"), ("1-2", "1")])
def test_what_the_hierarchy_does_not_have_is_refused_without_being_told(before: str, after: str):
    with pytest.raises(PlanError, match="1 distinct values are no label"):
        compare(rows((before,)), rows((after,)), {"age": AGE})


def test_more_records_than_before_are_refused():
    with pytest.raises(InputError, match="2 records cannot be compared with 1"):
        compare(rows(("1",)), rows(("1",), ("1",)), {"age": AGE})
    with pytest.raises(InputError, match="0 records cannot be compared with 0"):
        compare(rows(), rows(), BOTH)


def test_discernibility_adds_up_squares_and_the_whole_for_the_suppressed():
    assert discernibility(np.array([5, 3]), 10) == 25 + 9 + 2 * 10


def test_the_average_class_has_records_by_classes():
    assert average_class_size(np.array([5, 3])) == 4


@pytest.mark.parametrize(
    ("first", "second", "records", "expected"),
    [
        ([0, 1], [0, 1], [5, 5], 1.0),
        ([0, 0, 1, 1], [0, 1, 0, 1], [4, 4, 4, 4], 0.0),
        ([0, 0, 1, 1], [0, 1, 0, 1], [30, 10, 10, 30], 0.5),
        ([0, 0], [0, 1], [3, 4], 0.0),
        ([], [], [], 0.0),
    ],
)
def test_cramers_v_measures_association(first, second, records, expected):
    columns = (np.array(each, dtype=np.int64) for each in (first, second, records))
    assert cramers_v(*columns) == pytest.approx(expected, abs=1e-12)


def test_the_lines_show_columns_and_the_most_changed_pairs():
    found = compare(rows(("1", "F"), ("2", "M")), rows(("1-2", "F"), ("1-2", "M")), BOTH)
    assert utility_lines(found) == [
        "- granularity 0.1667, discernibility 2, 1.0 records per class, 0 records left out",
        "",
        "| column or pair | total variation | Hellinger | Cramer's V before | after |",
        "| --- | ---: | ---: | ---: | ---: |",
        "| `age` | 0.000 | 0.000 | | |",
        "| `sex` | 0.000 | 0.000 | | |",
        "| `age`, `sex` | 0.500 | 0.541 | 1.000 | 0.000 |",
    ]


# ---------------------------------------------------------------- properties

record = st.tuples(
    st.sampled_from(AGE.leaves), st.sampled_from(SEX.leaves), st.integers(0, 2), st.integers(0, 1)
)


def published(age: str, sex: str, level: int, sex_level: int) -> tuple[str, str]:
    return AGE.recoding(level)[age], SEX.recoding(sex_level)[sex]


def spread_pairs(labels: list[tuple[str, str]]) -> dict[tuple[str, str], float]:
    """Leaf pairs, each published record spread evenly over those that it may be of."""
    mass: dict[tuple[str, str], float] = {}
    for age, sex in labels:
        ages = {leaf for leaf in AGE.leaves if age in {AGE.recoding(n)[leaf] for n in range(3)}}
        sexes = {leaf for leaf in SEX.leaves if sex in {SEX.recoding(n)[leaf] for n in range(2)}}
        for a in ages:
            for s in sexes:
                part = 1 / (len(ages) * len(sexes) * len(labels))
                mass[a, s] = mass.get((a, s), 0) + part
    return mass


@settings(max_examples=150, deadline=None)
@given(st.lists(record, min_size=1, max_size=15), st.randoms(use_true_random=False))
def test_distances_are_those_of_the_spread_distributions(drawn, source):
    before = [(age, sex) for age, sex, *_ in drawn]
    labels = [published(*each) for each in drawn]
    found = compare(rows(*before), rows(*labels), BOTH)
    p, q = spread_pairs(before), spread_pairs(labels)
    cells = set(p) | set(q)
    assert found.pairs["age", "sex"].joint.total_variation == pytest.approx(
        sum(abs(p.get(c, 0) - q.get(c, 0)) for c in cells) / 2, abs=1e-12
    )
    squared = 1 - sum(math.sqrt(p.get(c, 0) * q.get(c, 0)) for c in cells)
    assert found.pairs["age", "sex"].joint.hellinger ** 2 == pytest.approx(squared, abs=1e-9)
    for number, name in enumerate(BOTH):
        gone = {c[number]: 0.0 for c in cells}
        for c in cells:
            gone[c[number]] += p.get(c, 0) - q.get(c, 0)
        assert found.marginals[name].total_variation == pytest.approx(
            sum(map(abs, gone.values())) / 2, abs=1e-12
        )
    source.shuffle(labels)
    again = compare(rows(*before), rows(*labels), BOTH)
    assert again.granularity == found.granularity
    assert 0 <= found.granularity <= 1


@given(st.lists(st.integers(1, 50), min_size=1), st.lists(st.integers(0, 50), min_size=1))
def test_distances_lie_between_0_and_1_and_agree_on_equality(first, second):
    size = min(len(first), len(second))
    if not sum(second[:size]):
        return
    p, q = (np.array(each[:size]) / sum(each[:size]) for each in (first, second))
    assert 0 <= total_variation(p, q) <= 1
    assert hellinger(p, q) ** 2 <= total_variation(p, q) + 1e-9
    assert total_variation(p, q) <= math.sqrt(2) * hellinger(p, q) + 1e-6
