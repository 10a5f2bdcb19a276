"""Household risk: that at least one member of a household is re-identified."""

from __future__ import annotations

import numpy as np

from clearance.microdata.grouping import Ints
from clearance.microdata.risks.individual import Floats


def household_risk(household: Ints, risk: Floats, members: Ints | None = None) -> Floats:
    """For each household 1 - product over its members of (1 - risk).

    ``household``: number of each row's household, 0, 1, ... without gaps; ``risk``: of each
    of the ``members`` that the row stands for (0 to 1; one member where it is not given).
    Members are taken as found independently of each other.
    Source: Hundepool et al. 2012, "Statistical Disclosure Control", section 3.6.
    """
    if not len(household):
        return np.empty(0)
    safe = 1 - risk if members is None else (1 - risk) ** members
    order = np.lexsort((safe, household))  # no order of the members changes a digit
    first = np.flatnonzero(np.diff(household[order], prepend=-1))
    return 1 - np.multiply.reduceat(safe[order], first)
