"""The distinct rows of a published file: a file of millions of records has few of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod

import numpy as np
import numpy.typing as npt
import pandas as pd

Ints = npt.NDArray[np.int64]
MOST_NUMBERED = 2**62
MOST_DENSE = 2**21  # numbers that an array may have a place for each of


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """Each distinct row once, in the order in which it first stands in the file.

    ``frame``: Categorical columns of text, the categories of each being its values, sorted by
    code point; a missing value is the empty text. ``records``: how many rows of the file each
    stands for. ``adjacent``: whether equal rows follow each other everywhere in the file.
    """

    frame: pd.DataFrame
    records: Ints
    adjacent: bool
    _counts: dict[str, dict[str, int]] = field(default_factory=dict, repr=False)

    @property
    def total(self) -> int:
        return int(self.records.sum())

    def counts(self, name: str) -> dict[str, int]:
        """Every value of a column, with its records; counted once."""
        if name not in self._counts:
            self._counts[name] = counted(self.frame[name], self.records)
        return self._counts[name]


def distinct(frame: pd.DataFrame) -> Rows:
    """The rows of a frame of text that has one row per record, in the file's order."""
    coded = categorical(frame)
    number = numbered((codes(coded[name]) for name in coded), len(coded))
    first = first_of(number)
    order = np.argsort(first)
    runs = 1 + int((number[1:] != number[:-1]).sum()) if len(number) else 0
    return Rows(
        frame=coded.iloc[first[order]].reset_index(drop=True),
        records=np.bincount(number)[order].astype(np.int64),
        adjacent=runs == len(first),
    )


def categorical(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with every column of text as Categorical, its categories sorted and all held.

    Columns of numbers stay as they are.
    """
    return pd.DataFrame({name: _categorical(frame[name]) for name in frame}, index=frame.index)


def _categorical(column: pd.Series) -> pd.Series:
    if column.dtype.kind in "iuf":
        return column
    if not isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype("category")
    known = column.cat.categories
    held = np.bincount(codes(column), minlength=len(known)) > 0
    if known.is_monotonic_increasing and held.all():
        return column
    return column.cat.set_categories(sorted(known[held]))


def codes(column: pd.Series) -> Ints:
    """The number of each row's category; ``column`` is Categorical."""
    return np.asarray(column.cat.codes, dtype=np.int64)


def texts_of(column: pd.Series) -> list[str]:
    """The categories of a Categorical column, in the order of `codes`."""
    return [str(each) for each in column.cat.categories]


def counted(column: pd.Series, records: Ints) -> dict[str, int]:
    """Every value of a Categorical column that has records, with their number."""
    found = totals(codes(column), records, len(column.cat.categories)).tolist()
    return {text: n for text, n in zip(texts_of(column), found, strict=True) if n}


def totals(number: Ints, records: Ints, size: int) -> Ints:
    """The records of each number from 0 to ``size`` - 1, exact below 2^53."""
    return np.bincount(number, weights=records, minlength=size).astype(np.int64)


def numbered(columns: Iterable[Ints], rows: int) -> Ints:
    """For each of ``rows`` the number of its combination, all numbers from 0 on being used.

    ``columns`` hold numbers of 0 or more; without columns all rows are one combination.
    """
    combined, width = np.zeros(rows, dtype=np.int64), 1
    for each in columns:
        size = int(each.max(initial=0)) + 1
        if width * size > MOST_NUMBERED:
            combined = compact(combined)
            width = int(combined.max(initial=0)) + 1
        combined, width = combined * size + each, width * size
    return compact(combined)


def compact(number: Ints) -> Ints:
    """The same partition, all numbers from 0 on being used; ``number`` is 0 or more."""
    width = int(number.max(initial=-1)) + 1
    if width > max(len(number), MOST_DENSE):
        return pd.factorize(number)[0].astype(np.int64)
    held = np.zeros(width, dtype=np.bool_)
    held[number] = True
    return (np.cumsum(held) - 1)[number]


def first_of(number: Ints) -> Ints:
    """The first row of each part of a partition that `compact` numbers."""
    first = np.empty(int(number.max(initial=-1)) + 1, dtype=np.int64)
    first[number[::-1]] = np.arange(len(number) - 1, -1, -1)  # the last one written stays
    return first


def summed(columns: Sequence[Ints], records: Ints) -> tuple[list[Ints], Ints]:
    """The distinct combinations of numbers of 0 or more, sorted, and the records of each."""
    sizes = [int(each.max(initial=0)) + 1 for each in columns]
    if prod(sizes) > max(len(records), MOST_DENSE):
        number = numbered(columns, len(records))
        first = first_of(number)
        held = [each[first] for each in columns]
        order = np.lexsort(held[::-1])
        return [each[order] for each in held], totals(number, records, len(first))[order]
    key = np.zeros(len(records), dtype=np.int64)
    for each, size in zip(columns, sizes, strict=True):
        key = key * size + each
    counts = np.bincount(key, minlength=1)
    found = np.flatnonzero(counts)
    places = np.unravel_index(found, sizes) if sizes else ()
    return [each.astype(np.int64) for each in places], totals(key, records, len(counts))[found]


def column_counts(frame: pd.DataFrame) -> dict[str, Mapping[str, int]]:
    """Every column of a plain frame of text as its values with their rows."""
    return {str(name): Counter(frame[name].tolist()) for name in frame}
