"""SUDA2 against its definition, over every set of attributes."""

from __future__ import annotations

import math
from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clearance.errors import PlanError
from clearance.microdata.risks.drivers import drivers
from clearance.microdata.risks.suda import (
    Suda,
    dis_scores,
    file_dis,
    msu_score,
    searched_size,
    suda,
)

Row = tuple[int, ...]


def found_in(rows: list[Row], **options: int) -> Suda:
    """SUDA of records that are units; the score is one per distinct row, sorted."""
    distinct, counts = np.unique(np.array(rows), axis=0, return_counts=True)
    return suda(distinct.T, np.arange(len(distinct)), counts, **options)


def by_definition(rows: list[Row], owners: list[int], largest: int) -> list[set[Row]]:
    """The MSUs of each row: sets that no other owner shares, without a smaller one."""
    attributes = range(len(rows[0]))
    answers = []
    for row, owner in zip(rows, owners, strict=True):
        msus: list[set[int]] = []
        for size in range(1, largest + 1):
            for chosen in combinations(attributes, size):
                missing = any(row[a] == 0 for a in chosen)
                shared = any(
                    other_owner != owner and all(other[a] == row[a] for a in chosen)
                    for other, other_owner in zip(rows, owners, strict=True)
                )
                if not missing and not shared and not any(m <= set(chosen) for m in msus):
                    msus.append(set(chosen))
        answers.append({tuple(sorted(m)) for m in msus})
    return answers


def test_a_value_that_nobody_shares_is_a_minimal_sample_unique():
    found = found_in([(1, 1, 1), (1, 2, 1), (2, 2, 1)])
    assert found.sets == {(0,): 1, (1,): 1, (0, 1): 1}
    # (1,1,1) by its second attribute, (2,2,1) by its first, (1,2,1) by both together
    assert found.score.tolist() == [2.0, 1.0, 2.0]


@pytest.mark.parametrize(("size", "score"), [(1, 24), (2, 6), (3, 2), (4, 1), (5, 1)])
def test_fewer_attributes_score_more(size: int, score: float):
    assert msu_score(size, 5) == score == math.prod(5 - i for i in range(size, 5))


def test_who_is_twice_in_the_file_has_no_score():
    assert found_in([(1, 2), (1, 2), (1, 3)]).score.tolist() == [0.0, 1.0]


def test_a_missing_value_is_never_unique_and_matches_no_other():
    found = found_in([(0, 1), (2, 1), (2, 1)])
    assert found.sets == {}
    assert found_in([(0, 1), (2, 2), (2, 2)]).sets == {(1,): 1}


def test_two_records_of_one_unit_are_not_two_people():
    codes = np.array([[1, 1, 2], [1, 2, 2]])
    found = suda(codes, np.array([0, 0, 1]), np.array([1, 1]))
    assert found.sets == {(0,): 3, (1,): 1}


def test_an_owner_that_stands_for_two_units_is_never_unique():
    found = suda(np.array([[1, 2]]), np.array([0, 1]), np.array([2, 1]))
    assert found.score.tolist() == [0.0, 1.0]


def test_a_smaller_max_size_gives_lower_bounds_and_says_so():
    rows = [(1, 1, 1), (1, 2, 2), (2, 1, 2), (2, 2, 1)]
    whole, cut = found_in(rows), found_in(rows, max_size=1)
    assert whole.complete and whole.score.tolist() == [3.0] * 4
    assert not cut.complete and cut.score.tolist() == [0.0] * 4


@pytest.mark.parametrize(
    ("attributes", "rows", "size"),
    [
        (3, 10, 3),
        (9, 20_000, 9),
        (9, 1_840_000, 2),
        (20, 10, 6),
        (62, 10, 3),
        (16, 10, 16),
        (17, 10, 8),
        (0, 1, 0),
    ],
)
def test_without_a_max_size_what_can_be_afforded_is_looked_for(attributes, rows, size):
    assert searched_size(attributes, rows) == size


@pytest.mark.parametrize(("attributes", "max_size"), [(63, None), (63, 1), (3, 0), (40, 6)])
def test_what_cannot_be_searched_is_refused(attributes: int, max_size: int | None):
    with pytest.raises(PlanError, match="SUDA"):
        searched_size(attributes, 10, max_size)


def test_no_records_have_no_scores():
    found = suda(np.empty((2, 0), dtype=np.int64), np.array([], int), np.array([], int))
    assert found.score.tolist() == [] and found.sets == {}


def test_no_attributes_make_nobody_unique():
    found = suda(np.empty((0, 2), dtype=np.int64), np.array([0, 1]), np.array([1, 1]))
    assert found.score.tolist() == [0.0, 0.0]


@st.composite
def files(draw: st.DrawFn) -> tuple[list[Row], list[int]]:
    attributes = draw(st.integers(1, 5))
    row = st.tuples(*[st.integers(0, 3)] * attributes)
    rows = draw(st.lists(row, min_size=1, max_size=14))
    return rows, draw(st.lists(st.integers(0, 6), min_size=len(rows), max_size=len(rows)))


@settings(max_examples=200, deadline=None)
@given(files(), st.integers(1, 5))
def test_it_finds_what_the_definition_says(file, largest):
    rows, owners = file
    largest = min(largest, len(rows[0]))
    found = suda(np.array(rows).T, np.array(owners), np.ones(7, dtype=int), max_size=largest)
    expected = by_definition(rows, owners, largest)
    assert found.sets == dict(sorted(Counter(m for msus in expected for m in msus).items()))
    scores = [sum(msu_score(len(m), len(rows[0])) for m in msus) for msus in expected]
    assert found.score.tolist() == scores


@settings(max_examples=50, deadline=None)
@given(files(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(file, source):
    rows, owners = file
    order = list(range(len(rows)))
    source.shuffle(order)
    units = np.ones(7, dtype=int)
    codes, owner = np.array(rows).T, np.array(owners)
    found, other = suda(codes, owner, units), suda(codes[:, order], owner[order], units)
    assert other.sets == found.sets
    assert other.score.tolist() == found.score[order].tolist()


@settings(max_examples=50, deadline=None)
@given(files())
def test_merging_two_values_makes_nobody_unique_who_was_not(file):
    rows, owners = file
    codes = np.array(rows).T
    coarser = codes.copy()
    coarser[0][coarser[0] == 2] = 1
    units = np.ones(7, dtype=int)
    before = suda(codes, np.array(owners), units).score > 0
    after = suda(coarser, np.array(owners), units).score > 0
    assert not (after & ~before).any()


# ---------------------------------------------------------------- DIS


@pytest.mark.parametrize(
    ("uniques", "pairs", "share", "expected"),
    [(0, 5, 0.1, 0.0), (10, 0, 0.1, 1.0), (10, 5, 1.0, 1.0), (10, 5, 0.5, 0.5), (6, 9, 0.25, 0.1)],
)
def test_dis_weighs_uniques_against_pairs(uniques, pairs, share, expected):
    assert file_dis(uniques, pairs, share) == pytest.approx(expected)


def test_dis_is_spread_by_scores():
    spread = dis_scores(np.array([0.0, 1.0, 4.0, 16.0]), 0.1, 8)
    assert spread[0] == 0
    assert spread[1] < spread[2] < spread[3] < 1
    odds = spread[1:] / (1 - spread[1:])
    assert odds / odds[0] == pytest.approx([1, 4, 16])  # q = 1 for eight attributes


def test_equal_scores_share_the_dis_of_the_file():
    assert dis_scores(np.array([7.0, 7.0]), 0.3, 5) == pytest.approx([0.3, 0.3])


@pytest.mark.parametrize("dis", [0.0, 1.0])
def test_a_certain_dis_stays_certain(dis: float):
    assert dis_scores(np.array([2.0, 0.0, 9.0]), dis, 3).tolist() == [dis, 0.0, dis]


@given(st.lists(st.integers(0, 10**6), min_size=1), st.floats(0, 1), st.integers(1, 20))
def test_dis_scores_are_probabilities(scores, dis, attributes):
    spread = dis_scores(np.array(scores, dtype=float), dis, attributes)
    assert ((spread >= 0) & (spread <= 1)).all()


# ---------------------------------------------------------------- drivers


def test_drivers_name_variables_and_sets_the_strongest_first():
    rows = [(1, 1, 1), (2, 1, 1), (3, 1, 1), (4, 1, 2), (4, 2, 2), (4, 2, 1)]
    told = drivers(found_in(rows), ["age", "sex", "place"])
    assert told.records == 6
    assert next(iter(told.shares)) == "age"
    assert told.sets[0] == (("age",), 3)
    assert told.complete


def test_where_nobody_is_unique_nothing_drives_the_risk():
    told = drivers(found_in([(1, 2), (1, 2)]), ["age", "sex"])
    assert (told.records, told.shares, told.sets) == (0, {}, ())
