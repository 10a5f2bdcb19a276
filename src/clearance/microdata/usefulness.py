"""What published microdata are still good for, beside their source.

Everything is computed from two frames of distinct rows: the source with its leaves, and what
was published, with labels of any levels, mixed within a column as well. To compare the two, a
label's records are spread evenly over the leaves that it covers: that is what a reader
assumes who knows nothing else. (In proportion to the source no recoding would change
a marginal distribution, which would say nothing.)
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pandas as pd

from clearance.errors import InputError, PlanError
from clearance.hierarchy import Hierarchy
from clearance.microdata.classes import label_numbers
from clearance.microdata.grouping import Ints, combined, numbered, totals

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """How far two distributions are apart, both from 0 (the same) to 1 (disjoint)."""

    total_variation: float
    hellinger: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PairChange:
    """Of the joint distribution, and Cramer's V (0 to 1) of leaves before and labels after."""

    joint: Change
    cramers_v_before: float
    cramers_v_after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Utility:
    """Information loss in terms of uses, over the compared columns.

    ``granularity``: as `loss.granularity`, 0 to 1, a record that was left out costs 1.
    ``discernibility``: the sum over records of what they are confused with, which is the
    size of their class, or the whole file for a record that was left out.
    ``average_class_size``: published records per class.
    """

    records: int
    published_records: int
    granularity: float
    discernibility: int
    average_class_size: float
    marginals: Mapping[str, Change]
    pairs: Mapping[tuple[str, str], PairChange]


@dataclass(frozen=True, eq=False, kw_only=True)
class Column:
    """One variable, before and after.

    ``leaf`` and ``label``: number of each row's value. ``numbers``: shape (levels, leaves),
    the label of each leaf. ``sizes``: leaves that each label covers; ``level``: at which it
    stands first.
    """

    leaf: Ints
    label: Ints
    numbers: Ints
    sizes: Ints
    level: Ints


def compare(
    before: pd.DataFrame, after: pd.DataFrame, hierarchies: Mapping[str, Hierarchy]
) -> Utility:
    """What recoding and suppression changed in the columns of ``hierarchies``.

    ``before`` and ``after``: text columns and ``records``, as `Engine.histogram` answers;
    a missing value is the empty text. Raises `PlanError` where a hierarchy does not have a
    value or a label, or has a label that covers different leaves at different levels, and
    `InputError` of no records before, or more after.
    """
    were, are = (frame["records"].to_numpy(np.int64) for frame in (before, after))
    if not were.sum() or are.sum() > were.sum():
        raise InputError(
            f"{int(are.sum())} records cannot be compared with {int(were.sum())}: "
            "expected what was published of the same records"
        )
    columns = {
        name: _column(name, hierarchy, before[name], after[name])
        for name, hierarchy in hierarchies.items()
    }
    classes = _class_sizes([column.label for column in columns.values()], are)
    return Utility(
        records=int(were.sum()),
        published_records=int(are.sum()),
        granularity=_granularity(list(columns.values()), int(were.sum()), are),
        discernibility=discernibility(classes, int(were.sum())),
        average_class_size=average_class_size(classes),
        marginals={name: _marginal(column, were, are) for name, column in columns.items()},
        pairs={
            (first, second): _pair(columns[first], columns[second], were, are)
            for first, second in combinations(columns, 2)
        },
    )


def discernibility(classes: Ints, records: int) -> int:
    """Sum of squared class sizes, and ``records`` for each of them that is in no class.

    Source: Bayardo and Agrawal 2005, "Data privacy through optimal k-anonymization".
    """
    return int((classes * classes).sum()) + (records - int(classes.sum())) * records


def average_class_size(classes: Ints) -> float:
    """Records per class; 0 of no class. Divided by k it is LeFevre's C_avg (2006)."""
    return float(classes.mean()) if len(classes) else 0.0


def total_variation(p: Floats, q: Floats) -> float:
    """Half the sum of |p - q|, from where p is positive alone: both add up to 1."""
    return min(float(np.maximum(p - q, 0).sum()), 1.0)


def hellinger(p: Floats, q: Floats) -> float:
    """The square root of 1 - sum of sqrt(p q)."""
    return math.sqrt(max(1 - float(np.sqrt(p * q).sum()), 0.0))


def cramers_v(first: Ints, second: Ints, records: Ints) -> float:
    """Association of two columns of numbers, 0 to 1; 0 where one has a single value.

    Source: Cramer 1946, "Mathematical methods of statistics", chapter 21.
    """
    row, column = numbered(first), numbered(second)
    rows, columns = (int(each.max(initial=-1)) + 1 for each in (row, column))
    if min(rows, columns) < 2:
        return 0.0
    cell = np.unique(row * columns + column, return_inverse=True)
    observed = totals(cell[1], records, len(cell[0])).astype(np.float64)
    by_row, by_column = totals(row, records, rows), totals(column, records, columns)
    expected = by_row[cell[0] // columns] * by_column[cell[0] % columns]
    squared = float((observed**2 / expected).sum()) - 1
    return math.sqrt(min(max(squared, 0.0) / (min(rows, columns) - 1), 1.0))


def _column(name: str, hierarchy: Hierarchy, before: pd.Series, after: pd.Series) -> Column:
    numbers = label_numbers(hierarchy)
    flat = dict(zip(np.ravel(hierarchy.levels).tolist(), numbers.ravel().tolist(), strict=True))
    counts = np.stack([np.bincount(level, minlength=numbers.max() + 1) for level in numbers])
    sizes, level = counts.max(axis=0), (counts > 0).argmax(axis=0)
    ambiguous = int(((counts > 0) & (counts != sizes)).any(axis=0).sum())
    if ambiguous:
        raise PlanError(
            f"hierarchy of '{name}': {ambiguous} labels cover different leaves at different "
            "levels; give each its own"
        )
    leaf = {text: number for number, text in enumerate(hierarchy.leaves)}
    return Column(
        leaf=_coded(name, before, leaf),
        label=_coded(name, after, flat),
        numbers=numbers,
        sizes=sizes,
        level=level,
    )


def _coded(name: str, column: pd.Series, number: Mapping[str, int]) -> Ints:
    row, values = pd.factorize(column)
    codes = np.array([number.get(value, -1) for value in values], dtype=np.int64)
    unknown = int((codes < 0).sum()) + int((row < 0).any())
    if unknown:
        raise PlanError(
            f"hierarchy of '{name}': {unknown} distinct values are no label of it; add them"
        )
    coded: Ints = codes[row]
    return coded


def _class_sizes(labels: Sequence[Ints], records: Ints) -> Ints:
    sizes = [int(label.max(initial=0)) + 1 for label in labels]
    group = numbered(combined(list(labels), sizes, length=len(records)))
    return totals(group, records, int(group.max(initial=-1)) + 1)


def _granularity(columns: Sequence[Column], whole: int, records: Ints) -> float:
    """Integers are summed, so that no order of rows changes a digit."""
    terms = []
    for column in columns:
        others = max(column.numbers.shape[1] - 1, 1)
        lost = int(((column.sizes[column.label] - 1) * records).sum())
        lost += (whole - int(records.sum())) * others
        terms.append(lost / (others * whole * len(columns)))
    return math.fsum(terms)


def _marginal(column: Column, were: Ints, are: Ints) -> Change:
    """Of a column, as of its pair with a column of one value."""
    leaves = np.unique(column.leaf)
    p = totals(column.leaf, were, int(column.leaf.max()) + 1)[leaves] / were.sum()
    published = totals(column.label, are, len(column.sizes))
    q = np.zeros(len(leaves))
    for level, labels in enumerate(column.numbers):
        label = labels[leaves]
        q += np.where(column.level[label] == level, published[label] / column.sizes[label], 0)
    q /= max(int(are.sum()), 1)
    return Change(total_variation=total_variation(p, q), hellinger=hellinger(p, q))


def _pair(first: Column, second: Column, were: Ints, are: Ints) -> PairChange:
    width = second.numbers.shape[1]
    cells, cell = np.unique(first.leaf * width + second.leaf, return_inverse=True)
    p = totals(cell, were, len(cells)) / were.sum()
    q = _spread(first, second, are, cells // width, cells % width) / max(int(are.sum()), 1)
    return PairChange(
        joint=Change(total_variation=total_variation(p, q), hellinger=hellinger(p, q)),
        cramers_v_before=cramers_v(first.leaf, second.leaf, were),
        cramers_v_after=cramers_v(first.label, second.label, are),
    )


def _spread(first: Column, second: Column, records: Ints, one: Ints, other: Ints) -> Floats:
    """What of the published pairs of labels falls to each pair of leaves ``one``, ``other``."""
    width = len(second.sizes)
    pairs, pair = np.unique(first.label * width + second.label, return_inverse=True)
    published = totals(pair, records, len(pairs))
    q = np.zeros(len(one))
    for level, labels in enumerate(first.numbers):
        for other_level, other_labels in enumerate(second.numbers):
            a, b = labels[one], other_labels[other]
            place = np.minimum(np.searchsorted(pairs, a * width + b), max(len(pairs) - 1, 0))
            found = (first.level[a] == level) & (second.level[b] == other_level)
            found &= pairs[place] == a * width + b if len(pairs) else False
            share = published[place] / (first.sizes[a] * second.sizes[b]) if len(pairs) else q
            q += np.where(found, share, 0)
    return q
