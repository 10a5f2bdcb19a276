"""Information loss of a recoding, from the histogram alone.

Both measures are sums over variables of a term that depends on that variable's level
only, but for what suppressed records add to the granularity. So a lower bound for every
recoding comes from one short table per variable, without any grouping.

Both are weighted: how much a variable's information is worth is 1 where nothing is said.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from operator import add

import numpy as np

from clearance.microdata.grouping import Booleans, Floats, Ints, totals
from clearance.microdata.histogram import Histogram
from clearance.policy import Loss

Weights = Mapping[str, Fraction]
UNWEIGHTED: Weights = {}


def granularity(
    histogram: Histogram,
    levels: Sequence[int],
    suppressed: Booleans,
    weights: Weights = UNWEIGHTED,
) -> float:
    """Mean over records, then weighted over variables, of (s - 1/m) / (1 - 1/m).

    m is the number of the hierarchy's leaves, s the share of them that the published
    value covers: 0 for an unchanged value, 1 for a suppressed record in every variable.
    A hierarchy of one leaf costs 0 unless suppressed. ``suppressed``: one per profile.
    The sums are of integers, so that no order of rows changes a digit.
    Source: Iyengar 2002, "Transforming data to satisfy privacy constraints".
    """
    entry = suppressed[histogram.profiles.entry_profile]
    held = histogram.profiles.entry_combination[entry]
    records = histogram.entry_total[entry]
    charges = charges_of(histogram, weights)
    added = []
    for variable, level in enumerate(levels):
        group = histogram.hierarchies[variable].groups[level]
        price = charges[variable].price[level][group]
        added.append(int((price[histogram.combinations[variable][held]] * records).sum()))
    return charged(charges, levels, added)


@dataclass(frozen=True, eq=False, kw_only=True)
class Charges:
    """What granularity charges for one variable, in integers.

    ``published``: by level, summed over all records. ``price``: by level, what a record in
    each group costs more if it is suppressed. A sum of these is worth ``weight`` / ``whole``.
    """

    published: tuple[int, ...]
    price: tuple[Ints, ...]
    weight: int
    whole: int

    def term(self, level: int, added: int = 0) -> float:
        """This variable's share of the granularity, where suppression adds ``added``."""
        return (self.published[level] + added) * self.weight / self.whole


def charges_of(histogram: Histogram, weights: Weights = UNWEIGHTED) -> tuple[Charges, ...]:
    """One for each variable."""
    whole_weights = _integers([weights.get(name, Fraction(1)) for name in histogram.variables])
    worth = histogram.records * sum(whole_weights)
    return tuple(
        _charges(histogram, variable, weight, worth)
        for variable, weight in enumerate(whole_weights)
    )


def charged(charges: Sequence[Charges], levels: Sequence[int], added: Iterable[int]) -> float:
    """The granularity at ``levels`` where suppression adds ``added`` to the variables."""
    pairs = zip(charges, levels, added, strict=True)
    return _added(charge.term(level, int(more)) for charge, level, more in pairs)


def _integers(weights: Sequence[Fraction]) -> list[int]:
    shared = math.lcm(*(weight.denominator for weight in weights))
    return [int(weight * shared) for weight in weights]


def _charges(histogram: Histogram, variable: int, weight: int, worth: int) -> Charges:
    hierarchy, records = histogram.hierarchies[variable], histogram.leaf_records[variable]
    most = max(len(hierarchy.leaves) - 1, 1)  # what suppression counts as
    published, prices = [], []
    for group in hierarchy.groups:
        others = np.bincount(group) - 1  # leaves that a value covers beside its own
        published.append(int((others[group] * records).sum()))
        prices.append(most - others)
    return Charges(
        published=tuple(published), price=tuple(prices), weight=weight, whole=most * worth
    )


def entropy_bits(
    histogram: Histogram, levels: Sequence[int], weights: Weights = UNWEIGHTED
) -> float:
    """Non-uniform entropy: the weighted sum over variables of -log2 f(v) / f(g(v)), per record.

    f counts all input records with a value v, or with one that is recoded to the same
    g(v). Suppressed records are valued as if they were published (ARX's monotone
    variant), so the measure does not depend on what is suppressed.
    Source: De Waal and Willenborg 1999, "Information loss through global recoding and
    local suppression".
    """
    return _added(
        _bits(histogram, variable, level, weights) for variable, level in enumerate(levels)
    )


def lower_bounds(
    histogram: Histogram, loss: Loss, weights: Weights = UNWEIGHTED
) -> tuple[Floats, ...]:
    """For each variable its share of the loss at each level, where nothing is suppressed.

    Added in the order of the variables they never exceed the loss itself, to the last bit.
    """
    if loss is Loss.ENTROPY:
        return tuple(
            np.array([_bits(histogram, variable, level, weights) for level in range(h.height + 1)])
            for variable, h in enumerate(histogram.hierarchies)
        )
    return tuple(
        np.array([charge.term(level) for level in range(len(charge.published))])
        for charge in charges_of(histogram, weights)
    )


def _added(terms: Iterable[float]) -> float:
    """One by one, as the bounds are: `sum` compensates from Python 3.12 on and may differ."""
    return reduce(add, terms, 0.0)


def _bits(histogram: Histogram, variable: int, level: int, weights: Weights) -> float:
    group = histogram.hierarchies[variable].groups[level]
    records = histogram.leaf_records[variable]
    together = totals(group, records, int(group.max()) + 1)[group]
    present = records > 0
    ratio = records[present] / together[present]
    weight = float(weights.get(histogram.variables[variable], 1))
    return weight * math.fsum(-records[present] * np.log2(ratio))
