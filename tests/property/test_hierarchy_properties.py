"""Whatever the values are: levels are nested, every leaf is covered, labels say what they hold."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import accumulate, pairwise
from operator import mul

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clearance.columns import plain
from clearance.errors import PlanError
from clearance.hierarchy import MISSING, Hierarchy, build, covering, from_rows
from clearance.plan import DateLevels, Intervals, Prefix, ValueType

whole = st.integers(-(10**9), 10**9)
decimals = st.decimals(-(10**6), 10**6, allow_nan=False, places=3)
widths = st.builds(
    lambda first, factors: tuple(accumulate(map(Decimal, factors), mul, initial=first)),
    st.sampled_from([Decimal(each) for each in ("1", "5", "0.5", "0.25", "7", "1000")]),
    st.lists(st.integers(2, 10), max_size=3),
)
codes = st.text(st.characters(codec="utf-8", exclude_categories=("Z", "C")), min_size=1, max_size=8)
dates = st.dates(min_value=date(1, 1, 1)).map(date.isoformat)


def assert_whole(hierarchy: Hierarchy, leaves: Sequence[str]) -> None:
    """Nested, over exactly these leaves, with one label for everything on top."""
    assert set(hierarchy.leaves) == set(leaves)
    assert len(set(hierarchy.leaves)) == len(hierarchy.leaves)
    assert set(hierarchy.levels[-1]) <= {"*"}
    for finer, coarser in pairwise(hierarchy.groups):
        pairs = set(zip(finer.tolist(), coarser.tolist(), strict=True))
        assert len(pairs) == len(set(finer.tolist()))
    for level in range(hierarchy.height + 1):
        assert set(hierarchy.recoding(level)) == set(leaves)
        numbered = [hierarchy.labels(level)[number] for number in hierarchy.groups[level]]
        assert tuple(numbered) == hierarchy.levels[level]


@given(st.sets(whole, min_size=1, max_size=30), widths)
def test_intervals_of_whole_numbers(numbers: set[int], steps: tuple[Decimal, ...]) -> None:
    leaves = [str(number) for number in numbers]
    hierarchy = build("x", Intervals(steps), leaves, kind=ValueType.INTEGER)
    assert_whole(hierarchy, leaves)
    for level, width in enumerate(steps, start=1):
        assert_within(hierarchy, level, width)


@given(st.sets(decimals, min_size=1, max_size=30), widths)
def test_intervals_of_decimals(numbers: set[Decimal], steps: tuple[Decimal, ...]) -> None:
    leaves = sorted({plain(number) for number in numbers})
    hierarchy = build("x", Intervals(steps), leaves, kind=ValueType.NUMBER)
    assert_whole(hierarchy, leaves)
    for level, width in enumerate(steps, start=1):
        assert_within(hierarchy, level, width)


def assert_within(hierarchy: Hierarchy, level: int, width: Decimal) -> None:
    """Two values share a label just where the same multiple of the width lies below them."""
    floors: dict[str, set[int]] = {}
    for leaf, label in hierarchy.recoding(level).items():
        floors.setdefault(label, set()).add((Decimal(leaf) / width).__floor__())
    assert all(len(each) == 1 for each in floors.values())
    assert len(set.union(*floors.values())) == len(floors)


@given(st.sets(codes, min_size=1, max_size=30), st.sets(st.integers(1, 9), min_size=1))
def test_prefixes(leaves: set[str], lengths: set[int]) -> None:
    falling = tuple(sorted(lengths, reverse=True))
    hierarchy = build("x", Prefix(falling), list(leaves))
    assert_whole(hierarchy, list(leaves))
    for level, length in enumerate(falling, start=1):
        labels = hierarchy.recoding(level)
        assert all(label[:length] == leaf[:length] for leaf, label in labels.items())


@given(
    st.sets(dates, min_size=1, max_size=30),
    st.sets(st.sampled_from(["month", "quarter", "year"]), min_size=1),
)
def test_calendar_levels(leaves: set[str], chosen: set[str]) -> None:
    levels = tuple(each for each in ("month", "quarter", "year") if each in chosen)
    hierarchy = build("x", DateLevels(levels), list(leaves))
    assert_whole(hierarchy, list(leaves))
    for level in range(1, len(levels) + 1):
        labels = hierarchy.recoding(level)
        assert all(label[:4] == leaf[:4] for leaf, label in labels.items())


@given(st.sets(codes, min_size=1, max_size=20), st.booleans())
def test_a_column_without_a_hierarchy(leaves: set[str], missing: bool) -> None:
    values = [*leaves, *([MISSING] if missing else [])]
    assert_whole(covering(build("x", None, values), values), values)


trees = st.lists(codes.map(str.strip).filter(bool), min_size=1, max_size=20, unique=True).flatmap(
    lambda leaves: st.tuples(
        st.just(leaves),
        st.lists(st.integers(0, 3), min_size=len(leaves), max_size=len(leaves)),
    )
)


@given(trees)
def test_rows_that_are_nested_are_a_hierarchy(tree: tuple[list[str], list[int]]) -> None:
    leaves, groups = tree
    rows = [
        [leaf, f"g{group}", f"h{group // 2}"] for leaf, group in zip(leaves, groups, strict=True)
    ]
    try:
        hierarchy = from_rows("x", rows, where="x.csv")
    except PlanError as refused:  # two leaves that are the same text once normalised
        assert "leaves stand twice" in str(refused)
        return
    assert len(hierarchy.leaves) == len(leaves)
    assert_whole(hierarchy, hierarchy.leaves)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), min_size=1, max_size=12))
def test_rows_are_refused_just_where_they_are_not_nested(groups: list[tuple[int, int]]) -> None:
    rows = [[f"v{number}", f"g{a}", f"h{b}"] for number, (a, b) in enumerate(groups)]
    nested = len({a for a, _ in groups}) == len(set(groups))
    if nested:
        assert np.array_equal(from_rows("x", rows, where="x").groups[0], np.arange(len(groups)))
    else:
        with pytest.raises(PlanError, match="levels must be nested"):
            from_rows("x", rows, where="x")


@given(st.sets(codes, min_size=1, max_size=20), st.sets(codes, max_size=20))
def test_unknown_values_are_counted_and_not_quoted(known: set[str], values: set[str]) -> None:
    hierarchy = build("x", None, list(known))
    unknown = values - set(hierarchy.leaves)
    if not unknown:
        covering(hierarchy, list(values))
        return
    with pytest.raises(PlanError) as refused:
        covering(hierarchy, list(values))
    assert str(refused.value) == (
        f"hierarchy of 'x': {len(unknown)} distinct values of the column are no leaf of it; "
        f"add them to the hierarchy or repair the data"
    )
