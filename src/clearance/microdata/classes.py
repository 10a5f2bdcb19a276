"""Equivalence classes: the units that a protection leaves indistinguishable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, reduce

import numpy as np

from clearance.hierarchy import MISSING, Hierarchy
from clearance.microdata.grouping import (
    Ints,
    combined,
    entries,
    multisets,
    numbered,
    totals,
)
from clearance.microdata.histogram import Histogram, Incidence
from clearance.microdata.scales import Scale

MISSING_LABEL = 0  # the number of the label of a missing value


@dataclass(frozen=True, eq=False, kw_only=True)
class Held:
    """How many units of which classes hold which values of a sensitive attribute.

    ``group``, ``value``, ``units``: each pair once, sorted by group. ``groups``: how many
    classes there are. ``whole``: units of the whole input with each value. ``missing``:
    the number of the missing value, -1 where none is missing.
    """

    group: Ints
    value: Ints
    units: Ints
    groups: int
    whole: Ints
    missing: int
    scale: Scale

    @classmethod
    def of(cls, pairs: Incidence, group: Ints, value: Ints, units: Ints, *, groups: int) -> Held:
        """The values of ``pairs``, held by classes instead of profiles."""
        return cls(
            group=group,
            value=value,
            units=units,
            groups=groups,
            whole=pairs.whole,
            missing=0 if pairs.names[0] == MISSING else -1,
            scale=pairs.scale,
        )

    @cached_property
    def sizes(self) -> Ints:
        """Units of each class."""
        return totals(self.group, self.units, self.groups)

    @cached_property
    def known(self) -> Held:
        """The same without missing values."""
        if self.missing < 0:
            return self
        kept = self.value != self.missing
        whole = self.whole.copy()
        whole[self.missing] = 0
        return replace(
            self,
            group=self.group[kept],
            value=self.value[kept],
            units=self.units[kept],
            whole=whole,
            missing=-1,
        )


@dataclass(frozen=True, eq=False, kw_only=True)
class Labels:
    """What is published of the classes' units; one row per class and distinct record.

    ``group``: the class, sorted. ``records``: how many such records *one* unit of it has.
    ``text``: shape (variables, rows), a number per label, the same for the same text at any
    level (`label_numbers`).
    """

    group: Ints
    records: Ints
    text: Ints


@dataclass(frozen=True, eq=False, kw_only=True)
class Classes:
    """The equivalence classes of one protection.

    ``of_profile``: number of each profile's class. ``units`` and the distinct ``holders``
    of each kind: one figure per class. ``sensitive``: the values that they hold.
    ``labels``: None where they were not asked for. ``population``: units of the population
    table that would be in the class; None without one.
    """

    of_profile: Ints
    units: Ints
    holders: Mapping[str, Ints]
    sensitive: Mapping[str, Held]
    labels: Labels | None = None
    population: Ints | None = None

    @property
    def strictest(self) -> Ints:
        """Size of each class: the least of its counts of distinct units of any kind."""
        return reduce(np.minimum, self.holders.values(), self.units)


def label_numbers(hierarchy: Hierarchy) -> Ints:
    """Shape (levels, leaves): a number per label text, 0 for a missing value's."""
    number = {MISSING: MISSING_LABEL}
    return np.array(
        [[number.setdefault(text, len(number)) for text in level] for level in hierarchy.levels],
        dtype=np.int64,
    )


def classes_at(histogram: Histogram, levels: Sequence[int], *, labelled: bool = False) -> Classes:
    """The classes where each variable is recoded to its level in ``levels``.

    ``labelled``: with what models of labels or of a population need.
    """
    of_profile = _of_profile(histogram, levels)
    if not labelled:
        return _classes(histogram, of_profile, None, None)
    held = histogram.profiles.entry_combination
    text = np.empty((len(levels), len(held)), dtype=np.int64)
    for variable, level in enumerate(levels):
        numbers = label_numbers(histogram.hierarchies[variable])[level]
        text[variable] = numbers[histogram.combinations[variable]][held]
    labels = _labels(histogram, of_profile, text)
    at = np.broadcast_to(np.array(levels, dtype=np.int64)[:, None], labels.text.shape)
    return _classes(histogram, of_profile, labels, at)


def classes_of(histogram: Histogram, of_profile: Ints, text: Ints | None = None) -> Classes:
    """The classes of any partition of the profiles.

    ``of_profile``: for each profile the number of its class, 0, 1, ... without gaps.
    ``text``: shape (variables, entries of the profiles), the number (`label_numbers`) of
    the label that each record is published with; the same for all profiles of a class.
    Needed only by models of labels or of a population.
    """
    if text is None:
        return _classes(histogram, of_profile, None, None)
    labels = _labels(histogram, of_profile, text)
    at = np.empty(labels.text.shape, dtype=np.int64)
    for variable, hierarchy in enumerate(histogram.hierarchies):
        at[variable] = _level_of(hierarchy)[labels.text[variable]]
    return _classes(histogram, of_profile, labels, at)


def _classes(
    histogram: Histogram, of_profile: Ints, labels: Labels | None, at: Ints | None
) -> Classes:
    count = int(of_profile.max()) + 1
    return Classes(
        of_profile=of_profile,
        units=totals(of_profile, histogram.profiles.units, count),
        holders={
            name: _distinct(of_profile, pairs, count) for name, pairs in histogram.holders.items()
        },
        sensitive={
            name: _held(of_profile, pairs, count) for name, pairs in histogram.sensitive.items()
        },
        labels=labels,
        population=None if labels is None or at is None else in_population(histogram, labels, at),
    )


def _of_profile(histogram: Histogram, levels: Sequence[int]) -> Ints:
    groups = [
        hierarchy.groups[level]
        for hierarchy, level in zip(histogram.hierarchies, levels, strict=True)
    ]
    columns = [group[leaf] for group, leaf in zip(groups, histogram.combinations, strict=True)]
    sizes = [int(group.max()) + 1 for group in groups]
    tuples = numbered(combined(columns, sizes, length=histogram.combinations.shape[1]))
    if histogram.entity is None:
        return tuples
    profiles = histogram.profiles
    recoded = tuples[profiles.entry_combination]
    return multisets(*entries(profiles.entry_profile, recoded, profiles.entry_records))


def _distinct(of_profile: Ints, pairs: Incidence, count: int) -> Ints:
    """For each class the number of distinct values that its profiles hold."""
    width = len(pairs.names)
    held = np.unique(of_profile[pairs.profile] * width + pairs.value)
    return np.bincount(held // width, minlength=count)


def _held(of_profile: Ints, pairs: Incidence, count: int) -> Held:
    merged = entries(of_profile[pairs.profile], pairs.value, pairs.units)
    return Held.of(pairs, *merged, groups=count)


def _labels(histogram: Histogram, of_profile: Ints, text: Ints) -> Labels:
    """Those of the first profile of each class, records with the same labels together."""
    profiles = histogram.profiles
    _, first = np.unique(of_profile, return_index=True)
    shown = np.zeros(len(of_profile), dtype=bool)
    shown[first] = True
    kept = shown[profiles.entry_profile]
    sizes = [int(row.max(initial=0)) + 1 for row in text]
    row = numbered(combined(list(text), sizes, length=text.shape[1]))
    _, example = np.unique(row, return_index=True)
    group, number, records = entries(
        of_profile[profiles.entry_profile[kept]], row[kept], profiles.entry_records[kept]
    )
    return Labels(group=group, records=records, text=text[:, example[number]])


def _level_of(hierarchy: Hierarchy) -> Ints:
    """The finest level at which each label stands, by its number."""
    numbers = label_numbers(hierarchy)
    level_of = np.zeros(int(numbers.max()) + 1, dtype=np.int64)
    for level in range(hierarchy.height, -1, -1):
        level_of[numbers[level]] = level
    return level_of


def in_population(histogram: Histogram, labels: Labels, at: Ints) -> Ints | None:
    """Units of the population that each class's labels cover. ``at``: the labels' levels."""
    population = histogram.population
    if population is None:
        return None
    numbers = [label_numbers(hierarchy) for hierarchy in histogram.hierarchies]
    sizes = [int(each.max()) + 1 for each in numbers]
    found = np.zeros(labels.text.shape[1], dtype=np.int64)
    heights = [hierarchy.height + 1 for hierarchy in histogram.hierarchies]
    _, first, vector = np.unique(
        combined(list(at), heights, length=at.shape[1]), return_index=True, return_inverse=True
    )
    for number, levels in enumerate(at[:, first].T):
        asked = np.flatnonzero(vector == number)
        columns = [
            np.concatenate([text[asked], each[level][leaves]])
            for text, each, level, leaves in zip(
                labels.text, numbers, levels, population.combinations, strict=True
            )
        ]
        key = numbered(combined(columns, sizes, length=len(asked) + len(population.units)))
        counts = totals(key[len(asked) :], population.units, int(key.max()) + 1)
        found[asked] = counts[key[: len(asked)]]
    return found
