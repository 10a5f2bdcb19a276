"""Which nodes of a lattice may still be better than the best one known."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce

import numpy as np
import numpy.typing as npt

from clearance.microdata.grouping import Floats, Ints
from clearance.microdata.kernels import sum_below
from clearance.microdata.verdicts import Levels, Verdict

WEIGHED_EVERY = 16  # verdicts; weighing all nodes costs more than a few less telling verdicts
ROUNDING = 1e-12  # more than the rounding errors of a granularity, which is at most 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How many units may be suppressed.

    ``inherited``: where a node exceeds it, so does every finer one, even by what is not
    monotone in itself (see `monotony`).
    """

    units: int
    inherited: bool

    def rules_out_finer(self, verdict: Verdict) -> bool:
        if verdict.least_suppressed_units > self.units:
            return True
        return self.inherited and not self.allows(verdict)

    def allows(self, verdict: Verdict) -> bool:
        return verdict.suppressed_units <= self.units


class Undecided:
    """The nodes that may still be better than the best one known; shrinks until it is empty.

    ``shares``: by variable and level, what it adds to the loss. ``best`` is None until a
    verdict within the limit was settled.
    """

    def __init__(self, shares: tuple[Floats, ...], limit: Limit) -> None:
        self._floor: Floats = reduce(np.add.outer, shares, np.zeros(()))
        self._lower = self._floor.copy()
        self._rank = _ranks(self._floor.shape)
        self._by_floor = np.lexsort((self._rank.ravel(), self._floor.ravel()))
        self._open = np.ones(self._floor.shape, dtype=bool)
        self._limit = limit
        self._settled = 0
        self._telling = self._weighed()
        self._indecisive = False
        self.best: Verdict | None = None

    @property
    def nodes(self) -> int:
        return self._open.size

    @property
    def least_lower_bound(self) -> float:
        """No open node loses less; infinite where none is open."""
        return float(self._lower.min(where=self._open, initial=np.inf))

    def settle(self, verdict: Verdict) -> None:
        """Rules out what a verdict on one node rules out."""
        self._settled += 1
        self._open[verdict.levels] = False
        finer = tuple(slice(level + 1) for level in verdict.levels)
        self._indecisive = False
        if self._limit.rules_out_finer(verdict):
            self._open[finer] = False
            return
        added = max(verdict.least_loss - self._floor[verdict.levels] - ROUNDING, 0.0)
        self._lower[finer] = np.maximum(self._lower[finer], self._floor[finer] + added)
        if self._limit.allows(verdict):
            if self.best is None or self._order(verdict) < self._order(self.best):
                self.best = verdict
                finer = ()
        else:
            self._indecisive = True
        if self.best is not None:
            loss, rank = self._order(self.best)
            lower = self._lower[finer]
            self._open[finer] &= (lower < loss) | ((lower == loss) & (self._rank[finer] < rank))

    def next(self) -> Levels | None:
        """The node to look at; None where all is decided.

        The most telling one; but after a verdict that told of its own node only, which
        models that are not monotone can give, the one that promises the least loss: it
        has to be looked at in any case, or something finer ruled out with it.
        """
        if self._indecisive:
            promised = np.where(self._open, self._lower, np.inf)
            node = int(np.argmin(promised))
            return self._levels(node) if self._open.flat[node] else None
        if self._settled % WEIGHED_EVERY == 0:
            self._telling = self._weighed()
        telling = np.where(self._open, self._telling, 0)
        node = int(np.argmax(telling))
        return self._levels(node) if telling.flat[node] else None

    def _levels(self, node: int) -> Levels:
        return tuple(int(level) for level in np.unravel_index(node, self._open.shape))

    def _weighed(self) -> npt.NDArray[np.int32]:
        """For each node the least number of open nodes that a verdict on it rules out.

        These are the open nodes below it, if it suppresses too much, or else those whose
        floor is not lower. An open node counts itself, so its weight is positive.
        """
        below = self._open.astype(np.int32)
        sum_below(below.ravel(), np.array(below.shape, dtype=np.int64))
        ordered = self._open.ravel()[self._by_floor]
        above = np.empty(ordered.shape, dtype=np.int32)
        above[self._by_floor] = np.cumsum(ordered[::-1], dtype=np.int32)[::-1]
        return np.minimum(below, above.reshape(below.shape))

    def _order(self, verdict: Verdict) -> tuple[float, int]:
        return verdict.loss, int(self._rank[verdict.levels])


def _ranks(shape: tuple[int, ...]) -> Ints:
    """Place of each node by sum of levels, then lexicographically."""
    height = reduce(np.add.outer, [np.arange(size) for size in shape], np.zeros((), dtype=np.int64))
    order = np.argsort(height.ravel(), kind="stable")
    ranks = np.empty(height.size, dtype=np.int64)
    ranks[order] = np.arange(height.size)
    return ranks.reshape(shape)
