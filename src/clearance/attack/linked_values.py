"""What published values that do not change tell of one person's records in two files.

An intruder knows that somebody is in both files, and his class in each. A record of the one
class whose unchanging values no record of the other has is not his (m-invariance, Xiao and
Tao 2007). What is left must be k records in both files, and hold l sensitive values.
Missing is a value like any other here; it is none where l values are counted.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from clearance.attack.distributions import Booleans, Ints
from clearance.attack.meeting import Side
from clearance.attack.meeting_cells import Pairs
from clearance.attack.rows import categorical, codes, numbered, texts_of, totals
from clearance.hierarchy import MISSING

ENTRIES_AT_ONCE = 2_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Values:
    """The unchanging values of the rows of both files, numbered alike.

    ``old``, ``new``: the number of each row's combination of values; ``count`` of them.
    ``sensitive``: for each sensitive attribute its value in each combination, `NONE` where it
    is missing. ``missing``: combinations that lack a value.
    """

    old: Ints
    new: Ints
    count: int
    sensitive: Mapping[str, Ints]
    missing: Booleans


NONE = -1


def values_of(old: Side, new: Side, columns: Sequence[str], sensitive: Sequence[str]) -> Values:
    """The combinations of ``columns`` in both files; ``sensitive`` are some of them."""
    shown = [side.rows.frame[list(columns)].astype(object) for side in (old, new)]
    both = categorical(pd.concat(shown))
    number = numbered([codes(both[name]) for name in columns], len(both))
    _, first = np.unique(number, return_index=True)
    lacking = {name: _lacking(both[name])[first] for name in columns}
    return Values(
        old=number[: len(old.rows.frame)],
        new=number[len(old.rows.frame) :],
        count=len(first),
        sensitive={
            name: np.where(lacking[name], NONE, codes(both[name])[first]) for name in sensitive
        },
        missing=np.any([lacking[name] for name in columns], axis=0),
    )


def _lacking(column: pd.Series) -> Booleans:
    texts = np.array([text == MISSING for text in texts_of(column)], dtype=np.bool_)
    return texts[codes(column)]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """Records of each part (a class or a cell) with each combination of values, by part."""

    key: Ints
    part: Ints
    value: Ints
    records: Ints
    width: int

    @property
    def starts(self) -> Ints:
        """Where the entries of each part begin, and where the last one's end."""
        return np.searchsorted(self.part, np.arange(int(self.part.max(initial=-1)) + 2))

    def records_of(self, part: Ints, value: Ints) -> Ints:
        """Records of the part with that combination, pair by pair."""
        wanted = part * self.width + value
        place = np.minimum(np.searchsorted(self.key, wanted), max(len(self.key) - 1, 0))
        return np.where(self.key[place] == wanted, self.records[place], 0)


def table(parts: Ints, values: Ints, records: Ints, width: int) -> Table:
    key, entry = np.unique(parts * width + values, return_inverse=True)
    return Table(
        key=key,
        part=key // width,
        value=key % width,
        records=totals(entry, records, len(key)),
        width=width,
    )


# ---------------------------------------------------------------- people in both files


@dataclass(frozen=True, slots=True)
class Linked:
    """Pairs of classes with too few records that can be one person's, and too few values."""

    below_k: int
    below_l: Mapping[str, int]


def linked(
    old: Table, new: Table, pairs: Pairs, values: Values, *, k: int, least: Mapping[str, int]
) -> Linked:
    """``pairs`` of classes that overlap; ``least``: values of each sensitive attribute.

    A pair without any record in common is nobody's, unless a missing value hides that.
    """
    below_k, below_l = 0, dict.fromkeys(least, 0)
    for part in _chunks(pairs, old):
        pair, value, held = _entries(part.old, old)
        there = new.records_of(part.new[pair], value)
        common = there > 0
        pair, value, held, there = pair[common], value[common], held[common], there[common]
        size = len(part)
        ours, theirs = totals(pair, held, size), totals(pair, there, size)
        hidden = _hiding(old, values)[part.old] | _hiding(new, values)[part.new]
        met = ours > 0
        below_k += int(((met | hidden) & ((ours < k) | (theirs < k))).sum())
        for name, wanted in least.items():
            found = _distinct(pair, values.sensitive[name][value], size)
            below_l[name] += int((met & (found < wanted)).sum())
    return Linked(below_k, below_l)


def _hiding(of: Table, values: Values) -> Booleans:
    """Parts with a record that lacks a value."""
    parts = int(of.part.max(initial=-1)) + 1
    return np.bincount(of.part[values.missing[of.value]], minlength=parts) > 0


def _distinct(pair: Ints, codes_of: Ints, size: int) -> Ints:
    known = codes_of != NONE
    width = int(codes_of.max(initial=0)) + 1
    found = np.unique(pair[known] * width + codes_of[known]) // width
    return np.bincount(found, minlength=size).astype(np.int64)


def _chunks(pairs: Pairs, old: Table) -> Iterator[Pairs]:
    """The pairs, a bounded number of their entries at a time."""
    sizes = np.cumsum(np.diff(old.starts)[pairs.old])
    cuts = np.flatnonzero(np.diff(sizes // ENTRIES_AT_ONCE)) + 1
    for one, two in zip(np.split(pairs.old, cuts), np.split(pairs.new, cuts), strict=True):
        yield Pairs(one, two)


def _entries(parts: Ints, of: Table) -> tuple[Ints, Ints, Ints]:
    """The entries of each of ``parts``, one after another: place, value and records."""
    begin = of.starts[parts]
    sizes = of.starts[parts + 1] - begin
    place = np.repeat(np.arange(len(parts)), sizes)
    inside = np.arange(len(place)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    entry = np.repeat(begin, sizes) + inside
    return place, of.value[entry], of.records[entry]


# ---------------------------------------------------------------- people in one of the files


def comers(
    here: Table, there: Table, pairs: Pairs, values: Values, *, k: int, least: Mapping[str, int]
) -> int:
    """Cells with records that nobody of the other file can be, too few or too uniform.

    ``pairs`` of cells that overlap, ``here`` first. An intruder who knows that somebody came
    (or left) between the two looks among these records alone.
    """
    before = np.zeros(len(here.key), dtype=np.int64)
    for part in _chunks(pairs, here):
        begin = here.starts[part.old]
        pair, value, _ = _entries(part.old, here)
        entry = begin[pair] + np.arange(len(pair)) - np.searchsorted(pair, pair)
        np.add.at(before, entry, there.records_of(part.new[pair], value))
    surplus = np.maximum(here.records - before, 0)
    cells = int(here.part.max(initial=-1)) + 1
    left = totals(here.part, surplus, cells)
    unsafe = (left > 0) & (left < k)
    shown = surplus > 0
    for name, wanted in least.items():
        found = _distinct(here.part[shown], values.sensitive[name][here.value[shown]], cells)
        unsafe |= (left > 0) & (found < wanted)
    return int(unsafe.sum())
