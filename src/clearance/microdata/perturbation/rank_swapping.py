"""Rank swapping: each value changes places with another one of a near rank."""

from __future__ import annotations

from fractions import Fraction
from math import floor

import numpy as np
import numpy.typing as npt

from clearance.errors import DisclosureRiskError
from clearance.microdata.perturbation.draws import Floats

Ints = npt.NDArray[np.int64]


def swap_ranks(values: Floats, draws: Floats, percent: Fraction) -> Ints:
    """For each position the position whose value it takes; swaps are mutual.

    ``draws``: shape (values, 2), uniform; the first breaks ties of rank, the second chooses
    the partner. Ranks of partners differ by at most ``percent`` % of the values. The set of
    values is unchanged, so every statistic of the variable alone holds exactly.
    DisclosureRiskError where ``percent`` of so few values is no rank at all.
    Source: Moore (1996), "Controlled data-swapping techniques for masking public use microdata".
    """
    window = floor(percent * len(values) / 100)
    if window < 1:
        raise DisclosureRiskError(
            f"{float(percent):g} % of {len(values)} values is less than one rank; "
            f"swap within a larger percentage"
        )
    order = np.lexsort((draws[:, 0], values))
    partner = np.arange(len(values))
    free = _Free(len(values))
    for rank, draw in enumerate(draws[order, 1].tolist()):
        if not free.has(rank):
            continue
        free.take(rank)
        other = free.near(rank + 1 + floor(draw * window), rank + 1, rank + window)
        if other is not None:
            free.take(other)
            partner[order[rank]], partner[order[other]] = order[other], order[rank]
    return partner


class _Free:
    """Which ranks have no partner yet; the next free one is found in almost constant time."""

    def __init__(self, count: int) -> None:
        self._next = list(range(count + 1))
        self._count = count

    def has(self, rank: int) -> bool:
        return self._next[rank] == rank

    def take(self, rank: int) -> None:
        self._next[rank] = rank + 1

    def near(self, wanted: int, least: int, most: int) -> int | None:
        """The first free rank from ``wanted`` on; if it is beyond ``most``, from ``least`` on."""
        for begin in (wanted, least):
            found = self._first(min(begin, self._count))
            if found <= most and found < self._count:
                return found
        return None

    def _first(self, rank: int) -> int:
        found = rank
        while self._next[found] != found:
            found = self._next[found]
        while self._next[rank] != found:
            self._next[rank], rank = found, self._next[rank]
        return found
