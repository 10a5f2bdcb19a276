"""Equivalence classes counted again from a published file: k, l and published links."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from clearance.hierarchy import MISSING

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Unit:
    """What an intruder sees of one unit: its class, and the sensitive values of its records."""

    belongs_to: Hashable
    values: frozenset[str]


def class_numbers(frame: pd.DataFrame, columns: Sequence[str]) -> Ints:
    """Number of each row's class over ``columns``; without columns all are one class."""
    if not columns:
        return np.zeros(len(frame), dtype=np.int64)
    grouped = frame.groupby(list(columns), sort=False, dropna=False, observed=True)
    return np.asarray(grouped.ngroup(), dtype=np.int64)


def smallest_class(classes: Ints) -> int:
    """Records in the smallest class; 0 where there are no records."""
    return int(np.bincount(classes).min()) if len(classes) else 0


def records_below(classes: Ints, size: int) -> int:
    """Records in classes of fewer than ``size``."""
    counts = np.bincount(classes)
    return int(counts[counts < size].sum())


def unique_records(frame: pd.DataFrame, columns: Sequence[str]) -> int:
    """Records that no other record equals in all of ``columns``."""
    return records_below(class_numbers(frame, columns), 2) if columns else 0


def distinct_values(classes: Ints, values: Sequence[str]) -> dict[int, int]:
    """Distinct values in each class; a missing one is none."""
    held: dict[int, set[str]] = defaultdict(set)
    for number, value in zip(classes.tolist(), values, strict=True):
        held[number].update({value} - {MISSING})
    return {number: len(found) for number, found in held.items()}


def link_profiles(
    classes: Ints, links: Sequence[str]
) -> dict[Hashable, tuple[tuple[int, int], ...]]:
    """What a published link shows of each linked unit: its classes and how often each.

    A record whose link is missing is a unit of its own.
    """
    held: dict[Hashable, Counter[int]] = defaultdict(Counter)
    for row, (number, link) in enumerate(zip(classes.tolist(), links, strict=True)):
        held[link if link != MISSING else row][number] += 1
    return {unit: tuple(sorted(counts.items())) for unit, counts in held.items()}


def linked_units(
    profiles: Mapping[Hashable, Hashable], links: Sequence[str], values: Sequence[str]
) -> list[Unit]:
    """The units that a link shows, each with the sensitive values of all its records."""
    held: dict[Hashable, set[str]] = {unit: set() for unit in profiles}
    for row, (link, value) in enumerate(zip(links, values, strict=True)):
        held[link if link != MISSING else row].update({value} - {MISSING})
    return [Unit(profiles[unit], frozenset(found)) for unit, found in held.items()]


def diversity(units: Iterable[Unit]) -> int:
    """The least l over the classes: so many units of each share no sensitive value.

    With one value per unit it is the number of distinct values. Where units hold several,
    a value that all of them hold makes it 1. Greedy, so it may be too small, never too large.
    """
    classes: dict[Hashable, list[frozenset[str]]] = defaultdict(list)
    for unit in units:
        classes[unit.belongs_to].append(unit.values)
    return min((_disjoint(sets) for sets in classes.values()), default=0)


def _disjoint(sets: Iterable[frozenset[str]]) -> int:
    taken: set[str] = set()
    found = 0
    for values in sorted(set(sets), key=lambda each: (len(each), sorted(each))):
        if values and not values & taken:
            taken |= values
            found += 1
    return found
