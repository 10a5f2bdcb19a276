"""Information loss of a recoding, from the histogram alone.

Both measures are sums over variables of a term that depends on that variable's level
only, but for what suppressed records add to the granularity. So a lower bound for every
recoding comes from one short table per variable, without any grouping.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import reduce
from operator import add

import numpy as np
import numpy.typing as npt

from clearance.microdata.grouping import Booleans, Ints, totals
from clearance.microdata.histogram import Histogram
from clearance.policy import Loss

Floats = npt.NDArray[np.float64]


def granularity(histogram: Histogram, levels: Sequence[int], suppressed: Booleans) -> float:
    """Mean over records, then over variables, of (s - 1/m) / (1 - 1/m).

    m is the number of the hierarchy's leaves, s the share of them that the published
    value covers: 0 for an unchanged value, 1 for a suppressed record in every variable.
    A hierarchy of one leaf costs 0 unless suppressed. ``suppressed``: one per profile.
    The sums are of integers, so that no order of rows changes a digit.
    Source: Iyengar 2002, "Transforming data to satisfy privacy constraints".
    """
    entry = suppressed[histogram.profiles.entry_profile]
    held = histogram.profiles.entry_combination[entry]
    records = histogram.entry_total[entry]
    terms = []
    for variable, level in enumerate(levels):
        covered, whole = _covered(histogram, variable, level)
        leaf = histogram.combinations[variable]
        published = int((covered * histogram.leaf_records[variable]).sum())
        added = int(((whole - covered[leaf[held]]) * records).sum())
        terms.append(_mean(published + added, whole, histogram))
    return _added(terms)


def entropy_bits(histogram: Histogram, levels: Sequence[int]) -> float:
    """Non-uniform entropy: the sum over variables and records of -log2 f(v) / f(g(v)).

    f counts all input records with a value v, or with one that is recoded to the same
    g(v). Suppressed records are valued as if they were published (ARX's monotone
    variant), so the measure does not depend on what is suppressed.
    Source: De Waal and Willenborg 1999, "Information loss through global recoding and
    local suppression".
    """
    return _added(_bits(histogram, variable, level) for variable, level in enumerate(levels))


def lower_bounds(histogram: Histogram, loss: Loss) -> tuple[Floats, ...]:
    """For each variable its share of the loss at each level, where nothing is suppressed.

    Added in the order of the variables they never exceed the loss itself, to the last bit.
    """
    return tuple(
        np.array([_term(histogram, loss, variable, level) for level in range(hierarchy.height + 1)])
        for variable, hierarchy in enumerate(histogram.hierarchies)
    )


def _added(terms: Iterable[float]) -> float:
    """One by one, as the bounds are: `sum` compensates from Python 3.12 on and may differ."""
    return reduce(add, terms, 0.0)


def _term(histogram: Histogram, loss: Loss, variable: int, level: int) -> float:
    if loss is Loss.ENTROPY:
        return _bits(histogram, variable, level)
    covered, whole = _covered(histogram, variable, level)
    published = int((covered * histogram.leaf_records[variable]).sum())
    return _mean(published, whole, histogram)


def _mean(numerator: int, whole: int, histogram: Histogram) -> float:
    return numerator / (whole * histogram.records * len(histogram.variables))


def _covered(histogram: Histogram, variable: int, level: int) -> tuple[Ints, int]:
    """How many *other* leaves each leaf's value covers, and what suppression counts as."""
    group = histogram.hierarchies[variable].groups[level]
    return np.bincount(group)[group] - 1, max(len(group) - 1, 1)


def _bits(histogram: Histogram, variable: int, level: int) -> float:
    group = histogram.hierarchies[variable].groups[level]
    records = histogram.leaf_records[variable]
    together = totals(group, records, int(group.max()) + 1)[group]
    present = records > 0
    ratio = records[present] / together[present]
    return math.fsum(-records[present] * np.log2(ratio))
