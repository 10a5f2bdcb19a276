"""Classes over some of the quasi-identifiers only."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from clearance.microdata.classes import Classes, Labels
from clearance.microdata.grouping import (
    Booleans,
    Ints,
    combined,
    entries,
    multisets,
    numbered,
    totals,
)


def below_k_on_subsets(classes: Classes, published: Booleans, size: int, k: int) -> Booleans:
    """Violating: fewer than ``k`` published units agree with the class in some ``size`` variables.

    Classes that are not published count nothing. Units are those of the first kind.
    """
    labels = classes.labels
    violated = np.zeros(len(classes.units), dtype=bool)
    if labels is None:
        return ~violated
    counted = np.where(published, classes.units, 0)
    for chosen in combinations(range(len(labels.text)), size):
        together = projected(labels, chosen)
        units = totals(together, counted, int(together.max()) + 1)
        violated |= ~(units[together] >= k)
    return violated


def projected(labels: Labels, variables: tuple[int, ...]) -> Ints:
    """For each class a number, the same where its units agree in ``variables``."""
    columns = [labels.text[variable] for variable in variables]
    sizes = [int(column.max(initial=0)) + 1 for column in columns]
    row = numbered(combined(columns, sizes, length=len(labels.group)))
    return multisets(*entries(labels.group, row, labels.records))
