"""Survey weights of a histogram's profiles."""

from __future__ import annotations

import numpy as np
import pandas as pd

from clearance.errors import InputError
from clearance.microdata.grouping import Ints
from clearance.microdata.histogram import Histogram
from clearance.microdata.risks.individual import Floats
from clearance.microdata.risks.shown import combination_numbers

AMOUNT = "amount"  # the column of sums, as `Engine.sums` names it


def profile_weights(histogram: Histogram, sums: pd.DataFrame) -> Floats:
    """For each profile the sum of its units' survey weights.

    ``sums``: as `Engine.sums` answers for the weight over the quasi-identifiers, or over the
    entity where units have several records: then a unit weighs the mean of its records.
    Raises `InputError` where a unit or combination of the histogram is not among them.
    """
    amount = sums[AMOUNT].to_numpy(np.float64)
    profiles = histogram.profiles
    if histogram.entity is not None:
        unit = profiles.names.get_indexer(pd.Index(sums[histogram.entity]))
        _refuse_absent(len(profiles.names) - len(set(unit.tolist()) - {-1}))
        mean = amount / sums["records"].to_numpy(np.float64)
        known = unit >= 0
        return _sums(profiles.of_name[unit[known]], mean[known], len(profiles.units))
    ours, theirs = combination_numbers(histogram, sums)
    _refuse_absent(len(set(ours.tolist()) - set(theirs.tolist())))
    weights: Floats = _sums(theirs, amount, int(max(ours.max(), theirs.max())) + 1)[ours]
    return weights


def _sums(group: Ints, amount: Floats, groups: int) -> Floats:
    return np.bincount(group, weights=amount, minlength=groups).astype(np.float64)


def _refuse_absent(absent: int) -> None:
    if absent:
        raise InputError(f"{absent} units or combinations have no survey weights")
