"""Equivalence classes: the units that a recoding leaves indistinguishable."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np

from clearance.microdata.grouping import Ints, combined, entries, multisets, numbered, totals
from clearance.microdata.histogram import Histogram, Incidence


@dataclass(frozen=True, eq=False, kw_only=True)
class Classes:
    """The equivalence classes of one recoding.

    ``of_profile``: number of each profile's class. All else has one figure per class:
    ``units``, the distinct ``holders`` of each kind, and the number of distinct values
    (missing ones are none) of each ``sensitive`` variable.
    """

    of_profile: Ints
    units: Ints
    holders: Mapping[str, Ints]
    sensitive: Mapping[str, Ints]

    @property
    def strictest(self) -> Ints:
        """Size of each class: the least of its counts of distinct units of any kind."""
        return reduce(np.minimum, self.holders.values(), self.units)


def classes_at(histogram: Histogram, levels: Sequence[int]) -> Classes:
    """The classes where each variable is recoded to its level in ``levels``."""
    of_profile = _of_profile(histogram, levels)
    count = int(of_profile.max()) + 1
    return Classes(
        of_profile=of_profile,
        units=totals(of_profile, histogram.profiles.units, count),
        holders={
            name: _distinct(of_profile, pairs, count) for name, pairs in histogram.holders.items()
        },
        sensitive={
            name: _distinct(of_profile, pairs, count) for name, pairs in histogram.sensitive.items()
        },
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
    width = int(pairs.value.max(initial=0)) + 1
    held = np.unique(of_profile[pairs.profile] * width + pairs.value)
    return np.bincount(held // width, minlength=count)
