"""Judges a protected file with this project: FILE SENSITIVE K L T; prints JSON.

Answers whether it has k, distinct l and t (equal distance) as given, and whether the next
stricter setting of each is violated: then the figures are exactly these.
"""

from __future__ import annotations

import json
import sys
import time
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pandas as pd

from clearance.hierarchy import Hierarchy
from clearance.microdata.classes import Classes, classes_at
from clearance.microdata.histogram import histogram_of
from clearance.microdata.models import violating
from clearance.policy import Distance, DistinctL, MicrodataRules, TCloseness

NEAR = Fraction(1, 10**9)  # pycanon's t is a float


def main(path: Path, sensitive: str, k: int, l: int, t: Fraction) -> None:  # noqa: E741 - its name
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    of_k = rules(k=k, models=())
    of_l = rules(k=1, models=(DistinctL(sensitive, l),))
    of_t = rules(k=1, models=(TCloseness(sensitive, t + NEAR, Distance.EQUAL),))
    stricter = (
        replace(of_k, k=k + 1),
        replace(of_l, models=(DistinctL(sensitive, l + 1),)),
        replace(of_t, models=(TCloseness(sensitive, t - NEAR, Distance.EQUAL),)),
    )
    begun = time.process_time()
    whole = judged(rows, list(rows.columns), ())
    others = judged(rows, [name for name in rows if name != sensitive], (sensitive,))
    held = [
        not violating(whole, of_k).any(),
        *(not violating(others, r).any() for r in (of_l, of_t)),
    ]
    seconds = round(time.process_time() - begun, 3)
    exceeded = [
        violating(classes, each).any()
        for classes, each in zip((whole, others, others), stricter, strict=True)
    ]
    print(json.dumps({"judging_seconds": seconds, "agrees": bool(all(held) and all(exceeded))}))


def rules(*, k: int, models: tuple[DistinctL | TCloseness, ...]) -> MicrodataRules:
    return MicrodataRules(k=k, max_suppressed_share=Fraction(0), models=models)


def judged(rows: pd.DataFrame, names: list[str], sensitive: tuple[str, ...]) -> Classes:
    """The equivalence classes of the file as it is."""
    columns = [*names, *sensitive]
    histogram = histogram_of(
        rows.groupby(columns).size().rename("records").reset_index(),
        variables=names,
        hierarchies={name: as_it_is(rows[name]) for name in names},
        sensitive=sensitive,
    )
    return classes_at(histogram, [0] * len(names))


def as_it_is(column: pd.Series) -> Hierarchy:
    leaves = tuple(sorted(column.unique()))
    return Hierarchy(str(column.name), (leaves, ("*",) * len(leaves)))


main(
    Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), Fraction(float(sys.argv[5]))
)
