"""How sensitive values are distributed over classes: the measures that models bound.

Every measure is exact where it can be: what is compared with a policy's number is a ratio of
integers. Classes are any sets of units, also overlapping ones: give each pair of a set and a
unit, with the set as the class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from math import gcd

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Booleans = npt.NDArray[np.bool_]

NEAR = 1e-9  # relative distance below which a rounded comparison is made again with integers
LARGEST_POWER = 10_000  # units of a class whose entropy is compared with integers
SAFE_PRODUCT = 2**62
CELLS_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True, eq=False)
class Ratio:
    """One non-negative fraction for each class; over 0 it is infinite."""

    numerator: npt.NDArray[np.generic]
    denominator: npt.NDArray[np.generic]

    @property
    def value(self) -> Floats:
        above, below = self.numerator.astype(np.float64), self.denominator.astype(np.float64)
        found: Floats = np.divide(above, below, out=np.full(len(above), np.inf), where=below > 0)
        return found

    def above(self, limit: Fraction) -> Booleans:
        """Whether each is larger than ``limit``, exactly."""
        return self._compared(limit) > 0

    def below(self, limit: Fraction) -> Booleans:
        """Whether each is smaller than ``limit``, exactly."""
        return self._compared(limit) < 0

    def _compared(self, limit: Fraction) -> npt.NDArray[np.int8]:
        """-1, 0 or 1: each fraction beside ``limit``."""
        found = self.value
        sides = np.where(found < float(limit), -1, 1).astype(np.int8)
        near = np.isfinite(found) & (np.abs(found - float(limit)) <= NEAR * (1 + float(limit)))
        for place in np.flatnonzero(near).tolist():
            exact = Fraction(int(self.numerator[place]), int(self.denominator[place]))
            sides[place] = (exact > limit) - (exact < limit)
        return sides


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Held:
    """Units of each class with each value: one entry for each pair, classes and values rising.

    ``count``: the number of classes; a class without an entry holds no value at all.
    """

    count: int
    belongs_to: Ints
    value: Ints
    units: Ints

    @property
    def ends(self) -> Ints:
        """Where the entries of each class begin, and where the last one's end."""
        return np.searchsorted(self.belongs_to, np.arange(self.count + 1))

    @property
    def sizes(self) -> Ints:
        """Units of each class."""
        return self.summed(self.units)

    def summed(self, figures: npt.NDArray[np.generic]) -> npt.NDArray[np.int64]:
        """Sum of the entries' ``figures`` over each class, without rounding."""
        running = np.concatenate([np.zeros(1, dtype=figures.dtype), np.cumsum(figures)])
        found: npt.NDArray[np.int64] = np.diff(running[self.ends])
        return found

    def largest(self, figures: Floats) -> Floats:
        """The largest of the entries' ``figures`` in each class."""
        found = np.full(self.count, -np.inf)
        np.maximum.at(found, self.belongs_to, figures)
        return found

    def any(self, entries: Booleans) -> Booleans:
        """Whether any entry of each class is marked."""
        found: Booleans = self.summed(entries.astype(np.int64)) > 0
        return found


def held(classes: Ints, values: Ints, records: Ints, *, leaving_out: int | None = None) -> Held:
    """The values (codes from 0) of each class, from rows that stand for ``records`` units each.

    Classes are numbered anew, by their rising numbers. ``leaving_out``: a code that is no value.
    """
    known, numbers = np.unique(classes, return_inverse=True)
    kept = values != leaving_out if leaving_out is not None else np.ones(len(values), dtype=bool)
    width = int(values.max(initial=0)) + 1
    pairs, entry = np.unique(numbers[kept] * width + values[kept], return_inverse=True)
    units = np.zeros(len(pairs), dtype=np.int64)
    np.add.at(units, entry, records[kept])
    return Held(count=len(known), belongs_to=pairs // width, value=pairs % width, units=units)


# ---------------------------------------------------------------- l-diversity


def distinct_l(of: Held) -> Ints:
    """Distinct values of each class (Machanavajjhala et al. 2007)."""
    return np.bincount(of.belongs_to, minlength=of.count).astype(np.int64)


def entropy_l(of: Held) -> Floats:
    """exp of the entropy of each class: the l for which it is entropy l-diverse; 0 if empty."""
    sizes = of.sizes.astype(np.float64)
    weighed = np.zeros(of.count)
    np.add.at(weighed, of.belongs_to, of.units * np.log(of.units))
    filled = np.where(sizes > 0, sizes, 1.0)
    return np.where(sizes > 0, np.exp(np.log(filled) - weighed / filled), 0.0)


def below_entropy_l(of: Held, l: Fraction) -> Booleans:  # noqa: E741 - the literature's name
    """Whether the entropy is smaller than log ``l``. In doubt, beyond what is computed, yes."""
    found = entropy_l(of)
    below = ~(found >= float(l))
    for place in np.flatnonzero(np.abs(found - float(l)) <= NEAR * float(l)).tolist():
        begin, end = of.ends[place : place + 2]
        below[place] = not _entropy_reaches(of.units[begin:end].tolist(), l)
    return below


def _entropy_reaches(counts: Sequence[int], l: Fraction) -> bool:  # noqa: E741
    """n^n >= l^n * product of c^c, which is H >= log l without logarithms."""
    shared = reduce(gcd, counts)
    reduced = [count // shared for count in counts]
    total = sum(reduced)
    if total > LARGEST_POWER:
        return False
    product = reduce(lambda found, count: found * count**count, reduced, 1)
    reached: bool = total**total * l.denominator**total >= l.numerator**total * product
    return reached


def recursive_c(of: Held, l: int) -> Ratio:  # noqa: E741 - the literature's name
    """r1 / (r_l + ... + r_m) of each class, r being its falling counts: it must be below c."""
    order = np.lexsort((-of.units, of.belongs_to))
    units = of.units[order]
    rank = np.arange(len(units)) - of.ends[of.belongs_to]
    return Ratio(
        of.summed(np.where(rank == 0, units, 0)), of.summed(np.where(rank >= l - 1, units, 0))
    )


# ---------------------------------------------------------------- t-closeness


def equal_distance(of: Held, ground: Ints) -> Ratio:
    """Half the sum of |q - p| (Li et al. 2007). ``ground``: units of the file by value."""
    whole, sizes = _room(int(ground.sum()), of, 2)
    expected = sizes[of.belongs_to] * ground[of.value]
    differences = np.abs(of.units.astype(sizes.dtype) * whole - expected) - expected
    return Ratio(of.summed(differences) + sizes * whole, 2 * sizes * whole)


def ordered_distance(of: Held, ground: Ints) -> Ratio:
    """The earth mover's distance between m values in a row, 1 / (m - 1) apart (Li et al. 2007).

    Codes rise with the order. Between two values of a class its cumulated share stays, and
    the file's rises, so that the sum of the differences needs no loop over the file's values.
    """
    values = len(ground)
    whole, sizes = _room(int(ground.sum()), of, 2 * values)
    cumulated = np.cumsum(ground)
    areas = np.concatenate([[0], np.cumsum(cumulated.astype(sizes.dtype))])
    before = np.concatenate([[0], np.cumsum(of.units)])
    share = (before[1:] - before[of.ends][of.belongs_to]).astype(sizes.dtype) * whole
    size = sizes[of.belongs_to]
    entry = np.arange(len(of.value))
    first = entry == of.ends[of.belongs_to]
    last = entry + 1 == of.ends[of.belongs_to + 1]
    begin, end = of.value, np.where(last, values, np.roll(of.value, -1))
    split = np.searchsorted(cumulated, (share // size).astype(np.int64), side="right")
    split = np.clip(split, begin, end)
    below = share * (split - begin) - size * (areas[split] - areas[begin])
    above = size * (areas[end] - areas[split]) - share * (end - split)
    ahead = np.where(first, size * areas[begin], 0)
    return Ratio(of.summed(below + above + ahead), max(values - 1, 1) * sizes * whole)


def hierarchical_distance(of: Held, ground: Ints, tree: Ints) -> Ratio:
    """The earth mover's distance along a hierarchy (Li et al. 2007, section 5.3).

    ``tree``: shape (levels, values): the node that covers each value at each level, the values
    themselves first and one node for all last.
    """
    height = len(tree) - 1
    whole, sizes = _room(int(ground.sum()), of, 2 * max(height, 1))
    costs = np.zeros(of.count, dtype=sizes.dtype)
    step = max(CELLS_AT_ONCE // max(len(ground), 1), 1)
    for begin in range(0, of.count, step):
        end = min(begin + step, of.count)
        entries = slice(*of.ends[[begin, end]].tolist())
        extra = -sizes[begin:end, None] * ground[None, :]
        extra[of.belongs_to[entries] - begin, of.value[entries]] += (
            of.units[entries].astype(sizes.dtype) * whole
        )
        costs[begin:end] = _moved(extra, tree)
    return Ratio(costs, max(height, 1) * sizes * whole)


def _moved(extra: npt.NDArray[np.int64], tree: Ints) -> npt.NDArray[np.int64]:
    """Level of each node times what its children give each other, summed over the nodes."""
    cost = np.zeros(len(extra), dtype=extra.dtype)
    extra, nodes = extra[:, np.argsort(tree[0])], tree[0]  # as `np.unique` numbers them
    for level, coarser in enumerate(tree[1:], start=1):
        _, child = np.unique(nodes, return_inverse=True)
        parent = np.zeros(int(child.max(initial=-1)) + 1, dtype=np.int64)
        parent[child] = coarser
        order = np.argsort(parent, kind="stable")
        starts = np.flatnonzero(np.append(True, np.diff(parent[order]) != 0))
        sorted_extra = extra[:, order]
        surplus = np.add.reduceat(np.maximum(sorted_extra, 0), starts, axis=1)
        extra = np.add.reduceat(sorted_extra, starts, axis=1)
        cost += level * np.minimum(surplus, surplus - extra).sum(axis=1)
        nodes = coarser
    return cost


def _room(whole: int, of: Held, factor: int) -> tuple[int, npt.NDArray[np.int64]]:
    """Units of the file and of each class, in Python's integers where 64 bits are too few."""
    sizes = of.sizes
    if whole * int(sizes.max(initial=0)) * factor < SAFE_PRODUCT:
        return whole, sizes
    return whole, sizes.astype(object)


# ---------------------------------------------------------------- likeness and disclosure


def gains(of: Held, ground: Ints) -> Ratio:
    """q / p of every entry: what a value's share in its class is to its share in the file."""
    whole, sizes = _room(int(ground.sum()), of, 1)
    return Ratio(of.units.astype(sizes.dtype) * whole, sizes[of.belongs_to] * ground[of.value])


def beyond_beta(of: Held, ground: Ints, beta: Fraction, *, enhanced: bool) -> Booleans:
    """Whether a value gains more than ``beta`` * p (Cao, Karras 2012).

    ``enhanced``: or more than -ln p * p, each value by its own p.
    """
    found = gains(of, ground)
    beyond = found.above(1 + beta)
    if enhanced:
        share = (ground / max(int(ground.sum()), 1))[of.value]
        bound = 1 - np.log(np.where(share > 0, share, 1.0))
        beyond |= found.above(Fraction(1)) & ~(found.value <= bound)
    return of.any(beyond)


def log_ratio(of: Held, ground: Ints) -> Floats:
    """The largest |ln(q / p)| of each class over the file's values (Brickell, Shmatikov 2008).

    Infinite where a class lacks a value that the file has, or has one that the file lacks.
    """
    q, p = of.units / of.sizes[of.belongs_to], (ground / ground.sum())[of.value]
    known = p > 0
    ratio = np.where(known, np.abs(np.log(q / np.where(known, p, 1.0))), np.inf)
    found = np.zeros(of.count)
    np.maximum.at(found, of.belongs_to, ratio)
    lacking = of.summed(known.astype(np.int64)) < np.count_nonzero(ground)
    return np.where(lacking, np.inf, found)
