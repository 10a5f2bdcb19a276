"""Histograms of recoded data, each rolled up from a finer one instead of from the leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from clearance.microdata.classes import Classes, Held, Labels, in_population, label_numbers
from clearance.microdata.grouping import Booleans, Ints, entries, multisets, totals
from clearance.microdata.histogram import Histogram
from clearance.microdata.kernels import priced
from clearance.microdata.packing import Packing, Scratch, packing_of, rolled

Levels = tuple[int, ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class Entries:
    """What the units of each class consist of, as `Profiles` says for profiles."""

    group: Ints
    row: Ints
    records: Ints


@dataclass(frozen=True, eq=False, kw_only=True)
class Condensed:
    """The classes at ``levels``.

    ``keys``: the distinct recoded combinations, packed. ``entries``: None where every
    record is a unit, so that each combination is a class. ``sensitive``: class, value and
    units; ``holders``: class and value; each pair once.
    """

    levels: Levels
    keys: Ints
    units: Ints
    entries: Entries | None
    sensitive: Mapping[str, tuple[Ints, Ints, Ints]]
    holders: Mapping[str, tuple[Ints, Ints, Ints]]

    @property
    def size_bytes(self) -> int:
        arrays = [self.keys, self.units]
        if self.entries is not None:
            arrays += [self.entries.group, self.entries.row, self.entries.records]
        pairs = [*self.sensitive.values(), *self.holders.values()]
        return sum(each.nbytes for each in arrays) + sum(e.nbytes for pair in pairs for e in pair)


def leaves_of(histogram: Histogram, packing: Packing) -> Condensed:
    """The histogram itself, where nothing is recoded."""
    profiles = histogram.profiles
    keys = np.zeros((packing.width, histogram.combinations.shape[1]), dtype=np.int64)
    for variable, column in enumerate(histogram.combinations):
        keys[packing.words[variable]] |= column.astype(np.int64) << packing.shifts[variable]
    several = Entries(
        group=profiles.entry_profile,
        row=profiles.entry_combination,
        records=profiles.entry_records,
    )
    return Condensed(
        levels=(0,) * len(histogram.variables),
        keys=keys,
        units=profiles.units,
        entries=None if histogram.entity is None else several,
        sensitive={n: (p.profile, p.value, p.units) for n, p in histogram.sensitive.items()},
        holders={n: (p.profile, p.value, p.units) for n, p in histogram.holders.items()},
    )


def coarser(finer: Condensed, levels: Levels, packing: Packing, scratch: Scratch) -> Condensed:
    """``finer`` recoded to ``levels``, none of which is finer than its own."""
    moves = list(enumerate(zip(finer.levels, levels, strict=True)))
    changed = np.array([j for j, (old, new) in moves if old != new], dtype=np.int64)
    offsets = [packing.steps.get((j, old, new), 0) for j, (old, new) in moves]
    ones = finer.units if finer.entries is None else np.zeros(finer.keys.shape[1], dtype=np.int64)
    keys, row, units = rolled(
        finer.keys, ones, np.array(offsets, dtype=np.int64), changed, packing, scratch
    )
    of_class, several = row, None
    if finer.entries is not None:
        of_class, several = _regrouped(finer.entries, row)
        units = totals(of_class, finer.units, int(of_class.max()) + 1)
    return Condensed(
        levels=levels,
        keys=keys,
        units=units,
        entries=several,
        sensitive={n: _merged(of_class, pairs) for n, pairs in finer.sensitive.items()},
        holders={n: _merged(of_class, pairs) for n, pairs in finer.holders.items()},
    )


def _regrouped(finer: Entries, row: Ints) -> tuple[Ints, Entries]:
    """The coarser class of each finer one, and what the units of one of each consist of."""
    group, rows, records = entries(finer.group, row[finer.row], finer.records)
    of_class = multisets(group, rows, records)
    _, first = np.unique(of_class, return_index=True)
    shown = np.zeros(len(of_class), dtype=bool)
    shown[first] = True
    kept = shown[group]
    return of_class, Entries(group=of_class[group[kept]], row=rows[kept], records=records[kept])


def _merged(of_class: Ints, pairs: tuple[Ints, Ints, Ints]) -> tuple[Ints, Ints, Ints]:
    group, value, units = pairs
    return entries(of_class[group], value, units)


def classes_in(
    condensed: Condensed, histogram: Histogram, packing: Packing, *, labelled: bool
) -> Classes:
    """The classes, numbered as in ``condensed``. ``labelled`` as for `classes_at`."""
    count = len(condensed.units)
    labels, population = None, None
    if labelled:
        labels = _labels(condensed, histogram, packing)
        at = np.array(condensed.levels, dtype=np.int64)[:, None]
        population = in_population(histogram, labels, np.broadcast_to(at, labels.text.shape))
    return Classes(
        of_profile=np.arange(count),
        units=condensed.units,
        holders={
            name: np.bincount(group, minlength=count)
            for name, (group, _, _) in condensed.holders.items()
        },
        sensitive={
            name: Held.of(histogram.sensitive[name], *pairs, groups=count)
            for name, pairs in condensed.sensitive.items()
        },
        labels=labels,
        population=population,
    )


def _labels(condensed: Condensed, histogram: Histogram, packing: Packing) -> Labels:
    several = condensed.entries
    rows = condensed.keys.shape[1]
    row = np.arange(rows) if several is None else several.row
    text = np.empty((len(condensed.levels), len(row)), dtype=np.int64)
    for variable, level in enumerate(condensed.levels):
        hierarchy = histogram.hierarchies[variable]
        of_group = np.empty(int(hierarchy.groups[level].max()) + 1, dtype=np.int64)
        of_group[hierarchy.groups[level]] = label_numbers(hierarchy)[level]
        text[variable] = of_group[packing.numbers(condensed.keys, variable)[row]]
    return Labels(
        group=row if several is None else several.group,
        records=np.ones(rows, dtype=np.int64) if several is None else several.records,
        text=text,
    )


def cost_of(
    condensed: Condensed, suppressed: Booleans, prices: Sequence[Sequence[Ints]], packing: Packing
) -> Ints:
    """For each variable the sum of the prices of the records in the classes of ``suppressed``.

    ``prices[variable][level]``: by number of the group. ``suppressed``: by class.
    """
    keys, amount = condensed.keys, condensed.units * suppressed
    if condensed.entries is not None:
        several = condensed.entries
        keys, amount = keys[:, several.row], amount[several.group] * several.records
    tables = [of_level[level] for of_level, level in zip(prices, condensed.levels, strict=True)]
    sizes = np.array([0, *map(len, tables)], dtype=np.int64)
    price = np.concatenate([np.empty(0, dtype=np.int64), *tables])
    return priced(
        keys, amount, price, np.cumsum(sizes)[:-1], packing.words, packing.shifts, packing.masks
    )


class Memo:
    """Condensed histograms that were made, the latest ones up to a number of bytes."""

    def __init__(self, histogram: Histogram, most_bytes: int) -> None:
        self._packing = packing_of(histogram)
        self._kept = [leaves_of(histogram, self._packing)]
        self._levels = np.zeros((1, len(histogram.variables)), dtype=np.int64)
        self._rows = np.array([self._kept[0].keys.shape[1]])
        self._scratch = Scratch(int(self._rows[0]))
        self._bytes = 0
        self._most_bytes = most_bytes

    @property
    def packing(self) -> Packing:
        return self._packing

    def at(self, levels: Levels) -> Condensed:
        """The classes at ``levels``, rolled up from whatever is finer and smallest.

        By way of the node of which each variable is generalised once where ``levels`` do so
        at all: many other nodes can be rolled up from that one.
        """
        finer = (self._levels <= np.array(levels, dtype=np.int64)).all(axis=1)
        nearest = self._kept[int(np.argmin(np.where(finer, self._rows, np.iinfo(np.int64).max)))]
        pairs = zip(nearest.levels, levels, strict=True)
        shared = tuple(max(old, min(new, 1)) for old, new in pairs)
        for step in dict.fromkeys((shared, levels)):
            if step != nearest.levels:
                nearest = coarser(nearest, step, self._packing, self._scratch)
                self._keep(nearest)
        return nearest

    def _keep(self, made: Condensed) -> None:
        """The leaves are kept always; of the rest the oldest make room."""
        if made.size_bytes > self._most_bytes:
            return
        self._kept.append(made)
        self._bytes += made.size_bytes
        self._levels = np.vstack([self._levels, np.array(made.levels, dtype=np.int64)])
        self._rows = np.append(self._rows, made.keys.shape[1])
        gone = 0
        while self._bytes > self._most_bytes:
            gone += 1
            self._bytes -= self._kept[gone].size_bytes
        if gone:
            del self._kept[1 : gone + 1]
            self._levels = np.delete(self._levels, slice(1, gone + 1), axis=0)
            self._rows = np.delete(self._rows, slice(1, gone + 1))
