"""Units whose linked records are known in part."""

from __future__ import annotations

from collections import defaultdict
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.forge import (
    ATTRIBUTE,
    DIRECT,
    PERSONS,
    QUASI,
    frame,
    hierarchy,
    plan,
    policy,
    variable,
)

from clearance.attack.known_points import check_known_points, unicity
from clearance.attack.levels import coverage
from clearance.attack.published import PublishedMicrodata
from clearance.attack.rows import distinct, texts_of
from clearance.findings import Finding
from clearance.plan import Treatment

PLACES = hierarchy("place", ["A", "B", "C", "D"])


def visits(*histories: str) -> tuple[np.ndarray, np.ndarray]:
    """Units and points of histories in letters."""
    pairs = [(unit, "ABCDEFGH".index(each)) for unit, held in enumerate(histories) for each in held]
    return np.array([unit for unit, _ in pairs]), np.array([point for _, point in pairs])


@pytest.mark.parametrize(
    ("histories", "p", "ever", "share", "fewest"),
    [
        (["AB", "AB", "AB"], 2, 0, 0.0, 3),
        (["AB", "AC", "BC"], 1, 0, 0.0, 2),
        (["AB", "AC", "BC"], 2, 3, 1.0, 1),
        (["ABC", "AB", "AB"], 2, 1, 2 / 3 / 3, 1),  # AC and BC of the first, AB of nobody
        (["A", "AB", "AB"], 2, 0, 0.0, 2),  # one point is all there is to know of the first
        (["AAB", "AB", "AB"], 2, 0, 0.0, 3),  # a point is a point, however often
    ],
)
def test_points_single_out_units(
    histories: list[str], p: int, ever: int, share: float, fewest: int
) -> None:
    found = unicity(*visits(*histories), p)
    assert (found.ever, found.share, found.fewest) == (ever, pytest.approx(share), fewest)
    assert found.units == len(histories)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.text("ABCDE", min_size=1, max_size=5), min_size=1, max_size=8), st.integers(1, 3)
)
def test_every_choice_of_points_is_tried_where_they_are_few(histories: list[str], p: int) -> None:
    found = unicity(*visits(*histories), p)
    sizes = defaultdict(list)
    for unit, held in enumerate(histories):
        for chosen in combinations(sorted(set(held)), min(p, len(set(held)))):
            sizes[unit].append(sum(set(chosen) <= set(other) for other in histories))
    alone = [np.mean([size == 1 for size in each]) for each in sizes.values()]
    assert found.share == pytest.approx(np.mean(alone))
    assert found.ever == sum(share > 0 for share in alone)
    assert found.fewest == min(min(each) for each in sizes.values())


def test_long_histories_are_tried_in_part():
    units, points = np.repeat([0, 1], 300), np.tile(np.arange(300), 2)
    assert unicity(units, points, 4).fewest == 2


def findings(*rows: str, attribute: bool = False) -> list[Finding]:
    person = variable("id", DIRECT, treatment=Treatment.PSEUDONYM)
    more = [variable("shop", ATTRIBUTE, reason="wanted")] if attribute else []
    shown = distinct(frame("id place shop" if attribute else "id place", *rows))
    labels = texts_of(shown.frame["place"])
    rules = policy(k=3).microdata
    assert rules is not None
    published = PublishedMicrodata(
        output=PERSONS,
        file="data/persons.csv",
        rows=shown,
        coverage={"place": coverage(PLACES, labels, [0] * len(labels))},
        levels={"place": 0},
        rules=rules,
        plan=plan(person, variable("place", QUASI), *more),
    )
    return list(check_known_points(published))


def test_common_histories_are_only_told():
    found = findings("x A", "x B", "y A", "y B", "z A", "z B")
    assert {(each.rule, each.severity) for each in found} == {("unique-by-known-points", "info")}


def test_points_that_fewer_than_k_units_share_block():
    found = findings("x A", "x B", "y A", "y B", "z A", "z C")
    assert {each.severity for each in found if each.rule == "known-points-below-k"} == {"block"}


def test_other_columns_may_be_known_too():
    rows = ["x A p", "x B q", "y A p", "y B r", "z A r", "z B q"]
    found = findings(*rows, attribute=True)
    assert {(each.rule, each.severity) for each in found} == {("unique-by-known-points", "warn")}
    assert [each.count for each in found] == [3, 3]


def test_a_link_that_shows_one_record_each_tells_nothing():
    assert findings("x A", "y A", "z A", ". B | 3") == []
