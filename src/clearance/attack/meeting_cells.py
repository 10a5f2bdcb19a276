"""Which cells of two files one person can lie in: their labels stand for a common leaf.

A cell is a combination of labels in the columns that both files have and that do not change.
Levels are nested, so two labels of a column overlap only where one covers the other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clearance.attack.distributions import Booleans, Ints
from clearance.attack.levels import Coverage
from clearance.attack.meeting import NotComparableError, Side
from clearance.attack.rows import first_of, numbered, totals

MOST_PAIRS = 8_000_000  # candidates for pairs of cells or classes that are looked at
ROUNDING = 1e-9  # of shares that are summed up to one


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cells:
    """The cells of one file. ``of_row``: the cell of each row; ``records`` of each cell.

    ``labels``: for each column the label of each cell.
    """

    of_row: Ints
    records: Ints
    labels: Sequence[Ints]
    coverage: Sequence[Coverage]


def cells(side: Side, columns: Sequence[str]) -> Cells:
    of_row = side.classes(columns)
    first = first_of(of_row)
    return Cells(
        of_row=of_row,
        records=totals(of_row, side.rows.records, len(first)),
        labels=[side.labels(name)[first] for name in columns],
        coverage=[side.coverage[name] for name in columns],
    )


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pair by pair: the numbers of an ``old`` and a ``new`` cell (or class) that overlap."""

    old: Ints
    new: Ints

    def __len__(self) -> int:
        return len(self.old)

    @property
    def turned(self) -> Pairs:
        return Pairs(self.new, self.old)


def overlapping(old: Cells, new: Cells) -> Pairs:
    """Every pair of cells that a person can lie in. NotComparableError for too many.

    Columns that stand at one level in each file are joined on the coarser of the two; mixed
    ones narrow down what that leaves.
    """
    both = list(zip(old.labels, new.labels, old.coverage, new.coverage, strict=True))
    exact = [each for each in both if each[2].single and each[3].single]
    keys = [np.concatenate(_joined(one, two, of_one, of_two)) for one, two, of_one, of_two in exact]
    key = numbered(keys, len(old.records) + len(new.records))
    found = joined(key[: len(old.records)], key[len(old.records) :])
    for one, two, of_one, of_two in both:
        if not (of_one.single and of_two.single):
            kept = _overlap(one[found.old], two[found.new], of_one, of_two)
            found = Pairs(found.old[kept], found.new[kept])
    return found


def joined(old: Ints, new: Ints) -> Pairs:
    """Every pair of an old and a new place that have the same key."""
    order = np.argsort(new, kind="stable")
    begin, end = (np.searchsorted(new[order], old, side=side) for side in ("left", "right"))
    sizes = end - begin
    if int(sizes.sum()) > MOST_PAIRS:
        raise NotComparableError(
            int(sizes.sum()),
            "too many classes of the two releases can hold the same person to compare them all; "
            "publish coarser or fewer columns",
        )
    one = np.repeat(np.arange(len(old)), sizes)
    inside = np.arange(len(one)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    return Pairs(one, order[np.repeat(begin, sizes) + inside])


def _joined(one: Ints, two: Ints, of_one: Coverage, of_two: Coverage) -> list[Ints]:
    """The group of each cell of both files at the coarser of two levels."""
    level = max(int(each.level.max(initial=0)) for each in (of_one, of_two))
    return [
        of.groups[level, _leaf(of)].astype(np.int64)[labels]
        for labels, of in ((one, of_one), (two, of_two))
    ]


def _overlap(one: Ints, two: Ints, of_one: Coverage, of_two: Coverage) -> Booleans:
    """Whether the coarser of two labels covers a leaf of the finer one, pair by pair."""
    levels = np.maximum(of_one.level[one], of_two.level[two])
    return np.asarray(
        of_one.groups[levels, _leaf(of_one)[one]] == of_two.groups[levels, _leaf(of_two)[two]]
    )


def _leaf(of: Coverage) -> Ints:
    """A leaf below each label."""
    found = np.zeros(len(of.labels), dtype=np.int64)
    for level in np.unique(of.level).tolist():
        _, first = np.unique(of.groups[level], return_index=True)
        standing = of.level == level
        found[standing] = first[of.group[standing]]
    return found


# ---------------------------------------------------------------- remainders


def remainders(whole: Cells, parts: Cells, pairs: Pairs, k: int) -> int:
    """Cells of ``whole`` that are fewer than k records more than the parts published of them.

    ``pairs``: overlapping cells of both. Only parts that lie within a cell and leave some of
    its leaves out count: the rest of the cell is what an intruder subtracts. A cell whose
    parts cover all of it says how many come and go, which is not about anybody.
    """
    inside, share = np.ones(len(pairs), dtype=np.bool_), np.ones(len(pairs))
    for one, two, of_one, of_two in zip(
        whole.labels, parts.labels, whole.coverage, parts.coverage, strict=True
    ):
        large, small = of_one.shares()[one[pairs.old]], of_two.shares()[two[pairs.new]]
        inside &= small <= large
        share *= small / large
    size = len(whole.records)
    covered = np.bincount(pairs.old[inside], weights=share[inside], minlength=size)
    taken = totals(pairs.old[inside], parts.records[pairs.new[inside]], size)
    left = whole.records - taken
    partly = (covered > 0) & (covered < 1 - ROUNDING)
    return int((partly & (left > 0) & (left < k)).sum())


def class_pairs(old: Ints, new: Ints, old_cells: Ints, new_cells: Ints, of: Pairs) -> Pairs:
    """Pairs of classes whose cells overlap. ``old``: the class of each row, ``old_cells`` its cell.

    The same for ``new``. NotComparableError for too many.
    """
    old_cell, new_cell = old_cells[first_of(old)], new_cells[first_of(new)]
    met = joined(old_cell, of.old)
    again = joined(of.new[met.new], new_cell)
    return Pairs(met.old[again.old], again.new)
