"""No count under the threshold can be worked out, whatever the table."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.table_oracle import Cell, Intruder, dimension, people, rules

from clearance.tables.protect import ProtectedTable, protect_table
from clearance.tables.tabulate import Dimension, tabulate

FLAT = [dimension("a", "pqr"), dimension("b", "uvwx")]
NESTED = [
    dimension("a", ["p", "q", "r", "s", "t"], ["P", "P", "R", "R", "t"], "*****"),
    dimension("b", ["u", "v", "w"]),
]
CUBE = [dimension("a", "pqr"), dimension("b", "uv"), dimension("c", "xyz", "XXz")]

Counts = dict[Cell, int]


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[Dimension], Counts]:
    dimensions = draw(st.sampled_from([FLAT, NESTED, CUBE]))
    cells = list(itertools.product(*(dim.hierarchy.leaves for dim in dimensions)))
    counts = st.one_of(st.integers(0, 7), st.sampled_from([0, 0, 1, 2, 30]))
    drawn = draw(st.lists(counts, min_size=len(cells), max_size=len(cells)))
    drawn[0] = max(drawn[0], 1)
    return dimensions, dict(zip(cells, drawn, strict=True))


def protected(
    dimensions: list[Dimension], counts: Counts, n: int, zeros: str
) -> tuple[ProtectedTable, pd.DataFrame]:
    contributions = people(counts, [dim.name for dim in dimensions])
    table = protect_table(
        tabulate(contributions, dimensions, figure="count"), rules(n, zeros=zeros), None
    )
    return table, table.frame()


@settings(max_examples=40, deadline=None)
@given(drawn=tables(), n=st.integers(3, 6), zeros=st.sampled_from(["safe", "unsafe"]))
def test_no_suppressed_count_is_known_to_be_under_the_threshold(
    drawn: tuple[list[Dimension], Counts], n: int, zeros: str
) -> None:
    dimensions, counts = drawn
    _, published = protected(dimensions, counts, n, zeros)
    names = [dim.name for dim in dimensions]
    hidden = published.loc[published["count"] == "", names].itertuples(index=False, name=None)
    known = {cell: (1.0 if zeros == "safe" else 0.0, 1e4) for cell in hidden}
    if known:
        intruder = Intruder(published, dimensions, "count", known, whole=True)
        assert [cell for cell in known if intruder.most(cell) < n] == []


@settings(max_examples=25, deadline=None)
@given(drawn=tables(), n=st.integers(3, 6), zeros=st.sampled_from(["safe", "unsafe"]))
def test_small_counts_are_blank_and_every_other_shown_count_is_the_true_one(
    drawn: tuple[list[Dimension], Counts], n: int, zeros: str
) -> None:
    dimensions, counts = drawn
    table, published = protected(dimensions, counts, n, zeros)
    for row, value in zip(published.to_dict("records"), table.table.cells["value"], strict=True):
        assert value == true_count(row, dimensions, counts)
        small = value < n and not (zeros == "safe" and value == 0)
        assert row["count"] in ({""} if small else {"", str(value)})
        assert row["count_status"] == ("c" if row["count"] == "" else "")
        if zeros == "safe" and value == 0:
            assert row["count"] == "0"


def true_count(row: dict[str, str], dimensions: list[Dimension], counts: Counts) -> int:
    def under(dim: Dimension, leaf: str) -> bool:
        place = dim.hierarchy.leaves.index(leaf)
        return row[dim.name] in {"_T", *(level[place] for level in dim.hierarchy.levels)}

    return sum(
        count
        for leaves, count in counts.items()
        if all(under(dim, leaf) for dim, leaf in zip(dimensions, leaves, strict=True))
    )


@settings(max_examples=25, deadline=None)
@given(drawn=tables(), n=st.integers(3, 6))
def test_a_higher_threshold_never_frees_a_primary_cell(
    drawn: tuple[list[Dimension], Counts], n: int
) -> None:
    lower, _ = protected(*drawn, n, "safe")
    higher, _ = protected(*drawn, n + 1, "safe")
    assert not (lower.unsafe & ~higher.unsafe).any()


@settings(max_examples=15, deadline=None)
@given(drawn=tables(), order=st.randoms(use_true_random=False))
def test_row_order_is_irrelevant_and_the_input_stays_as_it_was(
    drawn: tuple[list[Dimension], Counts], order: np.random.Generator
) -> None:
    dimensions, counts = drawn
    contributions = people(counts, [dim.name for dim in dimensions])
    before = contributions.copy()
    shuffled = list(range(len(contributions)))
    order.shuffle(shuffled)
    frames = [
        protect_table(tabulate(rows, dimensions, figure="count"), rules(), None).frame()
        for rows in (contributions, contributions, contributions.iloc[shuffled])
    ]
    pd.testing.assert_frame_equal(frames[0], frames[1])
    pd.testing.assert_frame_equal(frames[0], frames[2])
    pd.testing.assert_frame_equal(contributions, before)
