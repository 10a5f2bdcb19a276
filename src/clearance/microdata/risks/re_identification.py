"""Risk of re-identification from the sizes of equivalence classes.

Three intruders. The *prosecutor* knows that a certain person is in the file: the person is
found with probability 1/f, f being the units of the class. The *journalist* does not know it
and must pick one of the F units of the population that look the same: 1/F. The *marketer*
matches everybody and counts hits.
Source: El Emam 2013, "Guide to the De-Identification of Personal Health Information", ch. 16;
Skinner and Elliot 2002, "A measure of disclosure risk for microdata".
"""

from __future__ import annotations

import numpy as np

from clearance.microdata.grouping import Ints


def average_prosecutor_risk(units: Ints) -> float:
    """Mean over units of 1/f, which is classes divided by units; 0 of no class.

    ``units``: size of each class, at least 1.
    """
    return len(units) / int(units.sum()) if len(units) else 0.0


def highest_prosecutor_risk(units: Ints) -> float:
    """1/f of the smallest class; 0 of no class."""
    return 1 / int(units.min()) if len(units) else 0.0


def sample_uniques(units: Ints) -> int:
    """Number of units that are alone in their class."""
    return int((units == 1).sum())


def average_journalist_risk(units: Ints, population: Ints) -> float:
    """The larger of classes / population units and of the mean over units of 1/F.

    ``population``: units of the population that look like each class, in the same order.
    The first is the risk of an intruder who starts from the population, the second of one
    who starts from the file.
    """
    if not len(units):
        return 0.0
    known = _at_least(units, population)
    return max(len(units) / int(known.sum()), marketer_risk(units, population))


def highest_journalist_risk(units: Ints, population: Ints) -> float:
    """1/F of the class that is smallest in the population; 0 of no class."""
    return highest_prosecutor_risk(_at_least(units, population))


def marketer_risk(units: Ints, population: Ints | None = None) -> float:
    """Expected share of the units that are matched rightly: the sum of f/F, over units.

    Without a population the file is one, and this is the average prosecutor risk.
    """
    if population is None or not len(units):
        return average_prosecutor_risk(units)
    # Sorted, so that no order of the classes changes a digit.
    hits = np.sort(units / _at_least(units, population))
    return min(float(hits.sum()) / int(units.sum()), 1.0)


def population_uniques(units: Ints, population: Ints) -> int:
    """Number of units that are alone in the file and in the population as well."""
    return int(((units == 1) & (_at_least(units, population) == 1)).sum())


def _at_least(units: Ints, population: Ints) -> Ints:
    """A file is part of its population, even where the population's table lacks some of it."""
    return np.maximum(units, population)
