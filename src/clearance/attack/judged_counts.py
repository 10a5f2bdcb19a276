"""Models that count units only: against a population table, and on subsets of the columns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np

from clearance.attack.distributions import Ints, Ratio
from clearance.attack.result import blocked
from clearance.findings import Finding
from clearance.policy import DeltaPresence, KMap


def judge_population(
    models: Iterable[KMap | DeltaPresence], file: Ints, population: Ints, *, where: str
) -> Iterator[Finding]:
    """k-map (Sweeney 2002) and delta-presence (Nergiz et al. 2007) over classes of both tables.

    ``file``: published units of each class of the published columns; ``population``: units of
    the population table in it. Classes that only one of the two has are to be among them.
    """
    for model in models:
        match model:
            case KMap(k):
                failing = (file > 0) & (population < k)
                rule, broken = "class-below-k-map", f"hold fewer than {k} units of the population"
            case DeltaPresence(at_least, at_most):
                known = (file > 0) | (population > 0)
                share = Ratio(file, population)
                failing = known & (share.above(at_most) | share.below(at_least))
                rule = "class-beyond-presence"
                broken = (
                    f"tell whether someone is in the file: the share is outside "
                    f"{float(at_least)} to {float(at_most)}"
                )
        if failing.any():
            count = int(failing.sum())
            yield blocked(
                rule, where, count, f"{count} published classes {broken}; recode more coarsely"
            )


def judge_subsets(
    columns: Mapping[str, Ints], records: Ints, *, size: int, k: int, where: str
) -> Iterator[Finding]:
    """Every combination of ``size`` columns has classes of ``k`` units at least.

    Classes over fewer columns are larger, so smaller combinations hold as well (k^m-anonymity,
    Terrovitis et al. 2008, of records). ``columns``: codes of each row's label.
    """
    failing = {
        names: count
        for names in combinations(columns, size)
        if (count := _below([columns[name] for name in names], records, k))
    }
    if failing:
        worst = max(failing, key=lambda names: failing[names])
        yield blocked(
            "subset-below-k",
            f"{where}: {', '.join(worst)}",
            failing[worst],
            f"{len(failing)} combinations of {size} columns have classes smaller than k={k}; the "
            f"one named has most, {failing[worst]} units; recode its columns more coarsely",
        )


def _below(columns: Sequence[Ints], records: Ints, k: int) -> int:
    """Units in classes of fewer than ``k``."""
    classes = np.zeros(len(records), dtype=np.int64)
    for codes in columns:
        pairs = classes * (int(codes.max(initial=0)) + 1) + codes
        classes = np.unique(pairs, return_inverse=True)[1]
    counts = np.zeros(int(classes.max(initial=-1)) + 1, dtype=np.int64)
    np.add.at(counts, classes, records)
    return int(counts[counts < k].sum())
