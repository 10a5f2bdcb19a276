"""Equivalence classes counted again from a published file: k, l and published links.

Everything is counted over distinct rows, each with the records that it stands for.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from clearance.attack.compatible import profile_numbers
from clearance.attack.rows import Ints, Rows, codes, compact, first_of, numbered, texts_of, totals
from clearance.hierarchy import MISSING

Booleans = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Classes:
    """A partition of a file's distinct rows.

    ``of_row``: each row's class, counted from 0. ``first``: a row of each class, whose cells in
    the columns of the partition are those of the whole class. ``records``: of each class.
    """

    of_row: Ints
    first: Ints
    records: Ints

    @property
    def smallest(self) -> int:
        """Records in the smallest class; 0 where there are no records."""
        return int(self.records.min()) if len(self.records) else 0

    def below(self, size: int) -> int:
        """Records in classes of fewer than ``size``."""
        return int(self.records[self.records < size].sum())


def classes_of(rows: Rows, columns: Sequence[str]) -> Classes:
    """The rows' classes over ``columns``; without columns all are one class."""
    of_row = numbered((codes(rows.frame[name]) for name in columns), len(rows.frame))
    first = first_of(of_row)
    return Classes(of_row, first, totals(of_row, rows.records, len(first)))


def unique_records(rows: Rows, columns: Sequence[str]) -> int:
    """Records that no other record equals in all of ``columns``."""
    return classes_of(rows, columns).below(2) if columns else 0


def distinct_values(of_row: Ints, values: pd.Series) -> Ints:
    """Distinct values of a Categorical column in each class; a missing one is none."""
    present = np.array([text != MISSING for text in texts_of(values)], dtype=np.bool_)
    code = codes(values)
    size = max(len(present), 1)
    pairs = pd.unique(of_row[present[code]] * size + code[present[code]])
    return np.bincount(pairs // size, minlength=int(of_row.max(initial=-1)) + 1).astype(np.int64)


# ---------------------------------------------------------------- units


@dataclass(frozen=True, slots=True, eq=False)
class Linked:
    """The units that a published link shows.

    ``of_row``: each row's unit, counted from 0; a row whose link is missing is as many units
    as it has records, all alike, and listed as one. ``units``: how many each of them is.
    """

    of_row: Ints
    units: Ints


def linked(links: pd.Series, records: Ints) -> Linked:
    """The units of a Categorical column of links."""
    code, texts = codes(links), texts_of(links)
    missing = texts.index(MISSING) if MISSING in texts else -1
    alone = code == missing
    of_row = compact(np.where(alone, len(texts) + np.arange(len(code)), code))
    units = np.ones(int(of_row.max(initial=-1)) + 1, dtype=np.int64)
    units[of_row[alone]] = records[alone]
    return Linked(of_row, units)


def link_profiles(found: Linked, of_row: Ints, records: Ints) -> Ints:
    """For each linked unit the number of its profile: its classes and how often each.

    A record whose link is missing is a unit of its own, seen once.
    """
    classes = int(of_row.max(initial=-1)) + 1
    pair = compact(found.of_row * max(classes, 1) + of_row)
    first = first_of(pair)
    held = totals(pair, records, len(first))
    unit = found.of_row[first]
    often = np.where(found.units[unit] > 1, 1, held)
    return profile_numbers(unit, numbered([of_row[first], often], len(first)))


def diversity(belongs_to: Ints, unit: Ints, values: pd.Series) -> int:
    """The least l over the classes: so many units of each share no sensitive value.

    Row by row a class, a unit of it and a value (Categorical). With one value per unit it is
    the number of distinct values. Where units hold several, a value that all of them hold
    makes it 1. Greedy, so it may be too small, never too large.
    """
    if not len(unit):
        return 0
    code, texts = codes(values), texts_of(values)
    pair = numbered([belongs_to, unit], len(unit))
    first = first_of(pair)
    sets = profile_numbers(*_once(pair, code))
    distinct = first_of(numbered([belongs_to[first], sets], len(first)))
    held: dict[int, set[str]] = defaultdict(set)
    wanted = np.zeros(len(first), dtype=np.bool_)
    wanted[distinct] = True
    rows = wanted[pair]
    for number, value in zip(pair[rows].tolist(), code[rows].tolist(), strict=True):
        held[number].update({texts[value]} - {MISSING})
    classes: dict[int, list[frozenset[str]]] = defaultdict(list)
    for number, found in zip(belongs_to[first][distinct].tolist(), distinct.tolist(), strict=True):
        classes[number].append(frozenset(held[found]))
    return min(_disjoint(sets_of_class) for sets_of_class in classes.values())


def _once(unit: Ints, part: Ints) -> tuple[Ints, Ints]:
    """The distinct pairs."""
    first = first_of(numbered([unit, part], len(unit)))
    return unit[first], part[first]


def _disjoint(sets: Iterable[frozenset[str]]) -> int:
    taken: set[str] = set()
    found = 0
    for values in sorted(set(sets), key=lambda each: (len(each), sorted(each))):
        if values and not values & taken:
            taken |= values
            found += 1
    return found
