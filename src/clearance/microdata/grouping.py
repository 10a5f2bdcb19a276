"""Numbers for groups of rows and for multisets of groups, exact and independent of row order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

Ints = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

LARGEST_KEY = 2**62
DENSE = 4  # cells that counting may fill for each number counted


def combined(
    columns: Sequence[npt.NDArray[np.integer]], sizes: Sequence[int], *, length: int
) -> Ints:
    """One number per row, equal where all columns are, in their lexicographic order.

    ``columns`` hold numbers from 0 to their ``sizes`` - 1; without any all rows are equal.
    """
    key = np.zeros(length, dtype=np.int64)
    span = 1
    for column, size in zip(columns, sizes, strict=True):
        if span * size > LARGEST_KEY:
            distinct, key = np.unique(key, return_inverse=True)
            span = len(distinct)
        key = key * size + column
        span *= size
    return key


def numbered(key: Ints) -> Ints:
    """The keys as 0, 1, ... by first appearance."""
    return pd.factorize(key)[0].astype(np.int64, copy=False)


def totals(group: Ints, amount: Ints, groups: int) -> Ints:
    """Sum of ``amount`` in each of the groups; exact below 2**53."""
    return np.bincount(group, weights=amount, minlength=groups).astype(np.int64)


def entries(profile: Ints, group: Ints, records: Ints) -> tuple[Ints, Ints, Ints]:
    """Profile, group and records: each pair once, sorted, with the sum of its records.

    Every pair has at least one record. Sorted by counting where the table of all possible
    pairs is not much larger than the pairs.
    """
    width = int(group.max(initial=0)) + 1
    key = profile * width + group
    possible = (int(profile.max(initial=0)) + 1) * width
    if possible <= DENSE * len(key):
        table = totals(key, records, possible)
        pairs = np.flatnonzero(table)
        return pairs // width, pairs % width, table[pairs]
    pairs, pair = np.unique(key, return_inverse=True)
    return pairs // width, pairs % width, totals(pair, records, len(pairs))


def multisets(profile: Ints, group: Ints, records: Ints) -> Ints:
    """For each profile a number, the same where the multisets of groups are the same.

    Takes what `entries` gives; profiles are 0, 1, ... without gaps. Neighbouring entries
    of a profile are replaced by the number of their pair, which is injective, until each
    profile has one number left: exact, where a hash would only be likely to be.
    """
    token = numbered(group * (int(records.max()) + 1) + records)
    count = int(profile[-1]) + 1
    while len(token) > count:
        place = np.arange(len(token)) - np.searchsorted(profile, profile)
        left = np.flatnonzero(place % 2 == 0)
        right = np.minimum(left + 1, len(token) - 1)
        paired = (right > left) & (profile[right] == profile[left])
        partner = np.where(paired, token[right] + 1, 0)
        token = numbered(token[left] * (len(token) + 1) + partner)
        profile = profile[left]
    return token
