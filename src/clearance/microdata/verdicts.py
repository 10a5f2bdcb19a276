"""One recoding, evaluated: how many units it suppresses and what is lost."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from clearance.microdata.classes import Classes
from clearance.microdata.condensed import (
    Condensed,
    Levels,
    Memo,
    classes_in,
    cost_of,
)
from clearance.microdata.grouping import Booleans
from clearance.microdata.histogram import Histogram
from clearance.microdata.loss import charged, charges_of, lower_bounds
from clearance.microdata.models import needs_labels, violating
from clearance.microdata.monotony import is_monotone, monotone_part
from clearance.policy import Loss, MicrodataRules

__all__ = ["Evaluator", "Levels", "Verdict"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One node, evaluated.

    ``least_suppressed_units`` and ``least_loss``: by the monotone rules alone. Every finer
    node suppresses at least these units, and they add at least as much to its loss.
    """

    levels: Levels
    suppressed_units: int
    loss: float
    least_suppressed_units: int
    least_loss: float


class Evaluator:
    """Evaluates nodes of one histogram under one set of rules; remembers what it found."""

    def __init__(self, histogram: Histogram, rules: MicrodataRules, *, memo_bytes: int) -> None:
        self._histogram = histogram
        self._rules = rules
        self._monotone = None if is_monotone(rules) else monotone_part(rules)
        self._labelled = needs_labels(rules)
        self._memo = Memo(histogram, memo_bytes)
        self._charges = charges_of(histogram, rules.weights)
        self._prices = [charge.price for charge in self._charges]
        self.shares = lower_bounds(histogram, rules.loss, rules.weights)
        self.found: dict[Levels, Verdict] = {}

    def verdict(self, levels: Levels) -> Verdict:
        """What the rules suppress at these levels, and the loss with it."""
        if levels not in self.found:
            self.found[levels] = self._evaluated(levels)
        return self.found[levels]

    def classes(self, levels: Levels) -> tuple[Classes, Booleans]:
        """The classes at these levels, and which of them the rules suppress."""
        classes = self._classes(self._memo.at(levels))
        return classes, violating(classes, self._rules)

    def _classes(self, condensed: Condensed) -> Classes:
        return classes_in(condensed, self._histogram, self._memo.packing, labelled=self._labelled)

    def _evaluated(self, levels: Levels) -> Verdict:
        condensed = self._memo.at(levels)
        classes = self._classes(condensed)
        suppressed = violating(classes, self._rules)
        units, loss = self._priced(condensed, suppressed)
        least_units, least_loss = units, loss
        if self._monotone is not None:
            least_units, least_loss = self._priced(condensed, violating(classes, self._monotone))
        return Verdict(
            levels=levels,
            suppressed_units=units,
            loss=loss,
            least_suppressed_units=least_units,
            least_loss=least_loss,
        )

    def _priced(self, condensed: Condensed, suppressed: Booleans) -> tuple[int, float]:
        units = int(condensed.units[suppressed].sum())
        if self._rules.loss is Loss.ENTROPY:
            return units, self.floor(condensed.levels)
        added = np.zeros(len(self._charges), dtype=np.int64)
        if units:
            added = cost_of(condensed, suppressed, self._prices, self._memo.packing)
        return units, charged(self._charges, condensed.levels, added)

    def floor(self, levels: Levels) -> float:
        """The loss where nothing is suppressed."""
        total = 0.0
        for share, level in zip(self.shares, levels, strict=True):
            total += float(share[level])
        return total
