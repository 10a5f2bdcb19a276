"""How far the distribution of a sensitive attribute in a class lies from the whole input's.

Each distance answers one float per class, between 0 and 1, and one figure exactly, for
the few classes that lie so near a limit that rounding could decide.
Source: Li, Li and Venkatasubramanian 2007, "t-closeness", section 4.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import numpy.typing as npt

from clearance.errors import PolicyError
from clearance.microdata.classes import Held
from clearance.microdata.grouping import Booleans, Floats, Ints, numbered
from clearance.policy import Distance

AT_A_TIME = 4_000_000  # cells of the table of classes and values that is filled at once
NEAR = 1e-9  # further than this from a limit, rounding errors cannot decide


def farther(held: Held, t: Fraction, distance: Distance) -> Booleans:
    """The classes whose distance exceeds ``t``; a class without units is farther.

    Decided in floats, and exactly within `NEAR` of the limit.
    """
    measure, exactly = _measures(held, distance)
    far = np.ones(held.groups, dtype=bool)
    step = max(AT_A_TIME // max(len(held.whole), 1), 1)
    for start in range(0, held.groups, step):
        counts = _table(held, start, min(start + step, held.groups))
        sizes = counts.sum(axis=1)
        shares = counts / np.maximum(sizes, 1)[:, None]
        apart = measure(shares - held.whole / held.whole.sum())
        beyond = ~(apart <= float(t))
        for near in np.flatnonzero((np.abs(apart - float(t)) < NEAR) & (sizes > 0)):
            beyond[near] = exactly(_differences(counts[near], held.whole)) > t
        far[start : start + step] = beyond | (sizes == 0)
    return far


def _table(held: Held, start: int, stop: int) -> Ints:
    """Shape (classes, values): the units of the classes from ``start`` to below ``stop``."""
    first, last = np.searchsorted(held.group, [start, stop])
    table = np.zeros((stop - start, len(held.whole)), dtype=np.int64)
    table[held.group[first:last] - start, held.value[first:last]] = held.units[first:last]
    return table


def _differences(counts: Ints, whole: Ints) -> list[Fraction]:
    units, of_all = int(counts.sum()), int(whole.sum())
    return [
        Fraction(int(count), units) - Fraction(int(every), of_all)
        for count, every in zip(counts, whole, strict=True)
    ]


Measure = Callable[[Floats], Floats]
Exactly = Callable[[list[Fraction]], Fraction]


def _measures(held: Held, distance: Distance) -> tuple[Measure, Exactly]:
    if distance is Distance.EQUAL:
        return (
            lambda gap: np.abs(gap).sum(axis=1) / 2,
            lambda gap: sum(map(abs, gap)) * Fraction(1, 2),
        )
    if distance is Distance.ORDERED:
        if held.scale.rank is None:
            raise PolicyError("t with distance ordered needs an order: a type or a hierarchy")
        return _ordered(np.argsort(held.scale.rank))
    if held.scale.tree is None:
        raise PolicyError("t with distance hierarchical needs a hierarchy of the attribute")
    return _hierarchical(held.scale.tree)


def _halved(gap: Floats) -> Floats:
    half: Floats = np.abs(gap).sum(axis=1) / 2
    return half


def _ordered(order: Ints) -> tuple[Measure, Exactly]:
    """(1 / (m - 1)) * sum over i of the absolute sum of the first i differences."""
    steps = max(len(order) - 1, 1)

    def measure(gap: Floats) -> Floats:
        carried = np.abs(np.cumsum(gap[:, order], axis=1))
        return np.asarray(carried.sum(axis=1) / steps)

    def exactly(gap: list[Fraction]) -> Fraction:
        carried, total = Fraction(0), Fraction(0)
        for number in order:
            carried += gap[number]
            total += abs(carried)
        return total / steps

    return measure, exactly


def _hierarchical(tree: Ints) -> tuple[Measure, Exactly]:
    """Earth moved between the children of each inner node, times the node's height / H.

    Of what the children of a node have too much and too little, the lesser is moved there;
    the rest is moved higher up.
    """
    levels = [numbered(level) for level in tree]
    height = len(levels) - 1
    joins = [
        (_indicator(levels[level - 1]), _indicator(_parents(levels, level)), level)
        for level in range(1, height + 1)
    ]

    def moved(gap: npt.NDArray[Any]) -> npt.NDArray[Any]:
        total: npt.NDArray[Any] = 0 * gap.sum(axis=1)
        for children, parents, level in joins:
            extra = gap @ children
            more = np.where(extra > 0, extra, extra * 0) @ parents
            less = np.where(extra < 0, -extra, extra * 0) @ parents
            total = total + np.minimum(more, less).sum(axis=1) * level
        return total

    def exactly(gap: list[Fraction]) -> Fraction:
        row = np.array([gap], dtype=object)
        return Fraction(moved(row)[0]) / max(height, 1)

    return lambda gap: np.asarray(moved(gap) / max(height, 1)), exactly


def _parents(levels: list[Ints], level: int) -> Ints:
    """For each group of the level below the number of its group at ``level``."""
    parents = np.empty(int(levels[level - 1].max()) + 1, dtype=np.int64)
    parents[levels[level - 1]] = levels[level]
    return parents


def _indicator(group: Ints) -> Ints:
    """Shape (members, groups): 1 where the member is in the group."""
    table = np.zeros((len(group), int(group.max()) + 1), dtype=np.int64)
    table[np.arange(len(group)), group] = 1
    return table
