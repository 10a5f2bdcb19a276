"""Full-domain generalisation: the levels of least loss that satisfy the rules, provably.

The recodings form a lattice, one node per combination of levels. Four facts let a
verdict on one node settle many others:

1. The models are monotone (see `models`): a unit suppressed at a node is suppressed at
   every finer one. So where a node suppresses too much, every finer node does.
2. The loss of a node is at least the sum of its variables' shares, known beforehand.
3. What suppression adds to the loss at a node, it adds at every finer one at least.
4. A node whose lower bound exceeds the least loss found so far need not be looked at.

The search ends when no node is left undecided, which proves the optimum.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce

import numpy as np
import numpy.typing as npt
import pandas as pd

from clearance.errors import DisclosureRiskError, PolicyError
from clearance.microdata.classes import classes_at
from clearance.microdata.grouping import Booleans, Ints
from clearance.microdata.histogram import Histogram
from clearance.microdata.loss import Floats, entropy_bits, granularity, lower_bounds
from clearance.microdata.models import refuse_unknown, violating
from clearance.policy import Loss, MicrodataRules

LARGEST_LATTICE = 5_000_000  # nodes; the bounds of all are held in memory
WEIGHED_EVERY = 16  # verdicts; weighing all nodes costs more than a few less telling verdicts
ROUNDING = 1e-12  # more than the rounding errors of a granularity, which is at most 1

Levels = tuple[int, ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class Decision:
    """What is to be done to the records, and what it costs.

    ``levels``: by variable. ``suppressed``: the keys of the records to leave out, for
    `Engine.without`: leaf combinations, or values of the entity where there is one.
    ``k``: size of the smallest class that is published, in units of its scarcest kind.
    ``loss``: ``granularity`` and ``entropy_bits``, whichever was minimised.
    ``nodes_checked`` of ``nodes`` recodings were evaluated; the others were ruled out.
    """

    levels: Mapping[str, int]
    suppressed: pd.DataFrame = field(repr=False)  # names people: kept out of logs
    suppressed_records: int
    suppressed_units: int
    records: int
    units: int
    k: int
    loss: Mapping[str, float]
    nodes_checked: int
    nodes: int


@dataclass(frozen=True, eq=False, kw_only=True)
class Verdict:
    """One node, evaluated. ``suppressed``: one per profile."""

    levels: Levels
    suppressed: Booleans
    suppressed_units: int
    k: int
    loss: float


def search(histogram: Histogram, rules: MicrodataRules) -> Decision:
    """The releasable recoding of least loss under ``rules``.

    Whole classes are suppressed, at most ``max_suppressed_share`` of the units (rounded
    down) and never all. Of recodings with the same loss the one with the smallest sum
    of levels is taken, then the first in lexicographic order of levels.
    Raises `DisclosureRiskError` where even the coarsest levels do not satisfy the rules.
    """
    refuse_unknown(rules.models, histogram.sensitive)
    coarsest = tuple(hierarchy.height for hierarchy in histogram.hierarchies)
    _refuse_too_large(coarsest)
    limit = min(math.floor(rules.max_suppressed_share * histogram.units), histogram.units - 1)
    best = evaluate(histogram, rules, coarsest)
    if best.suppressed_units > limit:
        raise DisclosureRiskError(_unreachable(histogram, rules, best, limit))
    undecided = Undecided(lower_bounds(histogram, rules.loss), best)
    while (levels := undecided.most_telling()) is not None:
        undecided.settle(evaluate(histogram, rules, levels), limit)
    return _decision(histogram, undecided)


def evaluate(histogram: Histogram, rules: MicrodataRules, levels: Levels) -> Verdict:
    """What the rules suppress at these levels, and the loss with it."""
    classes = classes_at(histogram, levels)
    unsafe = violating(classes, rules)
    suppressed = unsafe[classes.of_profile]
    if rules.loss is Loss.ENTROPY:
        loss = entropy_bits(histogram, levels)
    else:
        loss = granularity(histogram, levels, suppressed)
    return Verdict(
        levels=levels,
        suppressed=suppressed,
        suppressed_units=int(classes.units[unsafe].sum()),
        k=0 if unsafe.all() else int(classes.strictest[~unsafe].min()),
        loss=loss,
    )


class Undecided:
    """The nodes that may still be better than the best one known; shrinks until it is empty.

    ``best`` starts as the coarsest node, which must be releasable.
    """

    def __init__(self, shares: tuple[Floats, ...], best: Verdict) -> None:
        self.floor: Floats = reduce(np.add.outer, shares, np.zeros(()))
        self._lower = self.floor.copy()
        self._rank = _ranks(self.floor.shape)
        self._by_floor = np.lexsort((self._rank.ravel(), self.floor.ravel()))
        self.open = np.ones(self.floor.shape, dtype=bool)
        self.best = best
        self.checked = 0
        self._telling = self._weighed()
        self.settle(best, best.suppressed_units)

    def settle(self, verdict: Verdict, limit: int) -> None:
        """Rules out what a verdict on one node rules out."""
        self.checked += 1
        self.open[verdict.levels] = False
        finer = tuple(slice(level + 1) for level in verdict.levels)
        if verdict.suppressed_units > limit:
            self.open[finer] = False
            return
        added = max(verdict.loss - self.floor[verdict.levels] - ROUNDING, 0.0)
        self._lower[finer] = np.maximum(self._lower[finer], self.floor[finer] + added)
        if self._order(verdict) < self._order(self.best):
            self.best = verdict
        loss, rank = self._order(self.best)
        self.open &= (self._lower < loss) | ((self._lower == loss) & (self._rank < rank))

    def most_telling(self) -> Levels | None:
        """An open node that rules out many others whichever way it turns out."""
        if self.checked % WEIGHED_EVERY == 0:
            self._telling = self._weighed()
        telling = np.where(self.open, self._telling, 0)
        node = int(np.argmax(telling))
        if not telling.flat[node]:
            return None
        return tuple(int(level) for level in np.unravel_index(node, telling.shape))

    def _weighed(self) -> npt.NDArray[np.int32]:
        """For each node the least number of open nodes that a verdict on it rules out.

        These are the open nodes below it, if it suppresses too much, or else those whose
        floor is not lower. An open node counts itself, so its weight is positive.
        """
        below = self.open.astype(np.int32)
        for axis in range(below.ndim):
            np.cumsum(below, axis=axis, out=below)
        ordered = self.open.ravel()[self._by_floor]
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


def _refuse_too_large(coarsest: Levels) -> None:
    nodes = math.prod(height + 1 for height in coarsest)
    if nodes > LARGEST_LATTICE:
        raise PolicyError(
            f"{len(coarsest)} quasi-identifiers have {nodes} combinations of levels, and at most "
            f"{LARGEST_LATTICE} can be searched: give the hierarchies fewer levels"
        )


def _unreachable(histogram: Histogram, rules: MicrodataRules, best: Verdict, limit: int) -> str:
    unsafe = int(histogram.entry_total[best.suppressed[histogram.profiles.entry_profile]].sum())
    asked = ", ".join([f"k={rules.k}", *(f"{m.l} values of {m.variable}" for m in rules.models)])
    return (
        f"{unsafe} of {histogram.records} records lie in equivalence classes that do not satisfy "
        f"{asked} even at the coarsest levels, and at most {limit} of {histogram.units} units may "
        f"be suppressed; give coarser hierarchies to {', '.join(histogram.variables) or 'none'} "
        "or allow a larger max_suppressed_share"
    )


def _decision(histogram: Histogram, undecided: Undecided) -> Decision:
    best = undecided.best
    gone = best.suppressed[histogram.profiles.entry_profile]
    return Decision(
        levels=dict(zip(histogram.variables, best.levels, strict=True)),
        suppressed=histogram.keys(best.suppressed),
        suppressed_records=int(histogram.entry_total[gone].sum()),
        suppressed_units=best.suppressed_units,
        records=histogram.records,
        units=histogram.units,
        k=best.k,
        loss={
            "granularity": granularity(histogram, best.levels, best.suppressed),
            "entropy_bits": entropy_bits(histogram, best.levels),
        },
        nodes_checked=undecided.checked,
        nodes=undecided.open.size,
    )
