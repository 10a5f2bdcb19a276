"""Numbers for groups and for multisets: equal exactly where the groups are."""

from __future__ import annotations

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from clearance.microdata.grouping import combined, entries, multisets


def test_combined_keys_keep_the_lexicographic_order():
    key = combined([np.array([1, 0, 1]), np.array([0, 2, 1])], [2, 3], length=3)
    assert np.argsort(key).tolist() == [1, 0, 2]


def test_keys_of_many_wide_columns_do_not_overflow():
    wide = 2**31
    columns = [np.array([0, wide - 1, wide - 1, 0]), np.array([5, 5, 5, 5])] * 4
    key = combined(columns, [wide] * 8, length=4)
    assert key[0] == key[3] < key[1] == key[2]


def test_without_columns_all_rows_are_equal():
    assert combined([], [], length=3).tolist() == [0, 0, 0]


@given(st.lists(st.lists(st.integers(0, 2), min_size=1, max_size=6), min_size=1, max_size=8))
def test_profiles_have_the_same_number_exactly_where_their_multisets_are_equal(
    profiles: list[list[int]],
):
    rows = [(unit, group) for unit, groups in enumerate(profiles) for group in groups]
    unit, group = (np.array(column, dtype=np.int64) for column in zip(*rows, strict=True))
    numbers = multisets(*entries(unit, group, np.ones(len(rows), dtype=np.int64)))
    for i, one in enumerate(profiles):
        for j, other in enumerate(profiles):
            assert (numbers[i] == numbers[j]) == (Counter(one) == Counter(other))
