"""The loops that are compiled. Import this only where records are about to be protected.

Keys are packed: each variable's number has its own bits in one of the key's 64-bit words,
wide enough for its leaves, so that a recoding replaces bits and keeps their places.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numba
import numpy as np
import numpy.typing as npt

from clearance.microdata.grouping import Ints

Function = TypeVar("Function", bound=Callable[..., Any])


def compiled(function: Function) -> Function:
    """The function as machine code, kept on disk for the next process where that can be.

    Where neither the source's folder nor `NUMBA_CACHE_DIR` can be written it is compiled
    anew in each process.
    """
    try:
        kept: Any = numba.njit(cache=True)(function)
    except RuntimeError:  # numba's answer, at once, where it finds no folder to write to
        kept = numba.njit(function)
    return cast(Function, kept)


@compiled
def roll_up(
    keys: Ints,
    units: Ints,
    table: Ints,
    offsets: Ints,
    shifts: Ints,
    masks: Ints,
    slots: npt.NDArray[np.int32],
    distinct: Ints,
    number: Ints,
    sums: Ints,
) -> int:
    """How many distinct keys there are once recoded, in the order of first appearance.

    They are left in ``distinct``, the number of each old key's new one in ``number``, and
    the units of each new one in ``sums``: memory that is used again and again, since asking
    for it took longer than the rest. ``slots``: at least twice as many as keys, a power of 2.
    ``table[offsets[j] + number]`` is what the number of the j-th *changed* variable becomes;
    ``shifts`` and ``masks`` say where it lies. The hash only finds a place: keys are compared.
    """
    count, changed = len(keys), len(offsets)
    bits = 4
    while (1 << bits) < 2 * count:
        bits += 1
    down, last = np.uint64(64 - bits), np.int64((1 << bits) - 1)
    slots[: 1 << bits] = 0  # else the number of a key + 1
    kept = np.int64(-1)
    for j in range(changed):
        kept &= ~(masks[j] << shifts[j])
    found = 0
    for i in range(count):
        old = keys[i]
        key = old & kept
        for j in range(changed):
            key |= table[offsets[j] + ((old >> shifts[j]) & masks[j])] << shifts[j]
        mixed = np.uint64(key) * np.uint64(0x9E3779B97F4A7C15)
        mixed ^= mixed >> np.uint64(32)
        mixed *= np.uint64(0xD6E8FEB86659FD93)
        slot = np.int64(mixed >> down)
        place = slots[slot]
        while place != 0 and distinct[place - 1] != key:
            slot = (slot + 1) & last
            place = slots[slot]
        if place == 0:
            distinct[found] = key
            sums[found] = 0
            found += 1
            slots[slot] = found
            place = found
        number[i] = place - 1
        sums[place - 1] += units[i]
    return found


@compiled
def priced(
    keys: Ints,
    amount: Ints,
    price: Ints,
    offsets: Ints,
    words: Ints,
    shifts: Ints,
    masks: Ints,
) -> Ints:
    """For each variable the sum over keys of ``amount`` times the price of its number."""
    total = np.zeros(len(offsets), dtype=np.int64)
    for i in range(len(amount)):
        if amount[i]:
            for j in range(len(offsets)):
                number = (keys[words[j], i] >> shifts[j]) & masks[j]
                total[j] += price[offsets[j] + number] * amount[i]
    return total


@compiled
def sum_below(table: npt.NDArray[np.int32], sizes: Ints) -> None:
    """Each cell of the flat ``table`` of shape ``sizes`` becomes the sum of those below it.

    Below are, itself included, all cells whose place is not higher in any dimension.
    """
    inner = 1
    for axis in range(len(sizes) - 1, -1, -1):
        size = sizes[axis]
        for outer in range(len(table) // (size * inner)):
            start = outer * size * inner
            for cell in range(start + inner, start + size * inner):
                table[cell] += table[cell - inner]
        inner *= size
