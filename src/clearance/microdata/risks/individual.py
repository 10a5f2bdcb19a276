"""Individual risk from survey weights, and what it means for households.

The number F of units of the population that look like the f of the file is unknown. Given
f and the weights of the class it is taken as negative binomial, with success probability
p = f / sum of weights; the risk is the expectation of 1/F.
Source: Benedetti and Franconi 1998, "Statistical and technological solutions for controlled
data dissemination"; Franconi and Polettini 2004, "Individual risk estimation in mu-Argus".
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from clearance.errors import InputError
from clearance.microdata.grouping import Ints

Floats = npt.NDArray[np.float64]

LARGEST_RECURSION = 40  # of f; beyond it, and for p over 1/2, the series is short
TERMS = 80  # of the series: the last is below 1e-24 of the first where it is used


def individual_risk(units: Ints, weight: Floats) -> Floats:
    """For each class the probability (0 to 1) that a unit of it is re-identified.

    ``units``: the class's units in the file, at least 1; ``weight``: the sum of their survey
    weights, an estimate of the class's units in the population. A sum below ``units`` counts
    as ``units``, which gives 1/f: a file is no larger than its population.
    Raises `InputError` where a sum is missing, infinite or not positive.
    """
    wrong = int((~(np.isfinite(weight) & (weight > 0))).sum())
    if wrong:
        raise InputError(
            f"{wrong} of {len(weight)} equivalence classes have survey weights that are missing "
            "or do not add up to more than 0; repair the weights"
        )
    p = np.minimum(units / weight, 1.0)
    by_series = (p > 0.5) | (units > LARGEST_RECURSION)
    risk = np.empty(len(p))
    risk[by_series] = _series(units[by_series], p[by_series])
    risk[~by_series] = _recursion(units[~by_series], p[~by_series])
    return np.clip(risk, 0.0, 1.0)


def _series(units: Ints, p: Floats) -> Floats:
    """p * sum over j of (1-p)^j j! (f-1)! / (f+j)!, which is (p^f / f) 2F1(f, f; f+1; 1-p)."""
    term = p / units
    total = np.zeros(len(p))
    for j in range(TERMS):
        total += term
        term = term * (1 - p) * (j + 1) / (units + j + 1)
    return total


def _recursion(units: Ints, p: Floats) -> Floats:
    """r(1) = log(1 + a) / a, r(f) = (1 / (f-1) - r(f-1)) / a with a = (1-p) / p.

    From r(f) = integral over v from 0 to 1 of v^(f-1) / (1 + a v). For a of 1 or more, where
    it is used, an error does not grow from step to step.
    """
    a = (1 - p) / p
    risk = np.log1p(a) / a
    for f in range(2, int(units.max(initial=1)) + 1):
        risk = np.where(units >= f, (1 / (f - 1) - risk) / a, risk)
    return risk


def expected_re_identifications(units: Ints, risk: Floats) -> float:
    """The sum over units of their risks: how many are expected to be found. In any order."""
    return float(np.sort(units * risk).sum())
