"""Combinations of recoded values as packed keys, and how they become coarser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from clearance.microdata.grouping import Ints
from clearance.microdata.histogram import Histogram
from clearance.microdata.kernels import roll_up

WORD = 62  # bits used of each 64-bit word of a key


@dataclass(frozen=True, eq=False, kw_only=True)
class Packing:
    """Where each variable's number lies in a key, and what it becomes at coarser levels.

    ``steps``: by (variable, finer level, coarser level) the place in ``table`` of the
    groups of the coarser level by number of the group of the finer one.
    """

    words: Ints
    shifts: Ints
    masks: Ints
    table: Ints
    steps: Mapping[tuple[int, int, int], int]

    @property
    def width(self) -> int:
        """Words of a key."""
        return int(self.words.max(initial=0)) + 1

    def numbers(self, keys: Ints, variable: int) -> Ints:
        numbers: Ints = (keys[self.words[variable]] >> self.shifts[variable]) & self.masks[variable]
        return numbers


def packing_of(histogram: Histogram) -> Packing:
    words, shifts, word, used = [], [], 0, 0
    bits = [max((len(h.leaves) - 1).bit_length(), 1) for h in histogram.hierarchies]
    for each in bits:
        if used + each > WORD:
            word, used = word + 1, 0
        words.append(word)
        shifts.append(used)
        used += each
    steps, parts, place = {}, [np.empty(0, dtype=np.int64)], 0
    for variable, hierarchy in enumerate(histogram.hierarchies):
        for finer in range(hierarchy.height + 1):
            for coarser in range(finer + 1, hierarchy.height + 1):
                steps[variable, finer, coarser] = place
                part = np.empty(int(hierarchy.groups[finer].max()) + 1, dtype=np.int64)
                part[hierarchy.groups[finer]] = hierarchy.groups[coarser]
                parts.append(part)
                place += len(part)
    return Packing(
        words=np.array(words, dtype=np.int64),
        shifts=np.array(shifts, dtype=np.int64),
        masks=np.array([(1 << each) - 1 for each in bits], dtype=np.int64),
        table=np.concatenate(parts),
        steps=steps,
    )


class Scratch:
    """Memory for rolling up at most ``rows`` keys, used again and again."""

    def __init__(self, rows: int) -> None:
        self.slots = np.empty(max(2 ** (2 * rows - 1).bit_length(), 16), dtype=np.int32)
        self.distinct, self.number, self.sums = np.empty((3, rows), dtype=np.int64)

    def roll_up(
        self, keys: Ints, units: Ints, table: Ints, offsets: Ints, shifts: Ints, masks: Ints
    ) -> tuple[Ints, Ints, Ints]:
        """As `kernels.roll_up`. The numbers are overwritten the next time."""
        memory = (self.slots, self.distinct, self.number, self.sums)
        found = roll_up(keys, units, table, offsets, shifts, masks, *memory)
        return self.distinct[:found].copy(), self.number[: len(keys)], self.sums[:found].copy()


def rolled(
    keys: Ints, units: Ints, offsets: Ints, changed: Ints, packing: Packing, scratch: Scratch
) -> tuple[Ints, Ints, Ints]:
    """`roll_up` of keys of any number of words: one by one, then the pairs of their numbers."""
    nothing = np.empty(0, dtype=np.int64)
    for word, part in enumerate(keys):
        at = changed[packing.words[changed] == word]
        given = (packing.table, offsets[at], packing.shifts[at], packing.masks[at])
        if word == 0:
            found, number, total = scratch.roll_up(part, units, *given)
            distinct = found[None, :]
            continue
        left = number.copy()
        found, right, _ = scratch.roll_up(part, units, *given)
        both = left * len(found) + right
        pair, number, total = scratch.roll_up(both, units, *(nothing,) * 4)
        first, second = np.divmod(pair, len(found))
        distinct = np.vstack([distinct[:, first], found[second]])
    return distinct, number, total
