"""Protects Adult with this project: ADULT_FOLDER SHARE SEARCHES OUT; prints JSON.

The search is done SEARCHES times; the last one finds all kernels loaded.
"""

from __future__ import annotations

import csv
import json
import sys
import time
from fractions import Fraction
from pathlib import Path

import pandas as pd

from clearance.hierarchy import Hierarchy
from clearance.microdata.decision import Decision
from clearance.microdata.histogram import Histogram, histogram_of
from clearance.microdata.lattice import search
from clearance.policy import Loss, MicrodataRules


def main(folder: Path, share: Fraction, searches: int, out: Path) -> None:
    rows = pd.read_csv(folder / "adult.csv", sep=";", dtype=str, keep_default_na=False)
    names = list(rows.columns)
    hierarchies = {name: hierarchy(folder / f"adult_hierarchy_{name}.csv", name) for name in names}
    histogram = histogram_of(
        rows.groupby(names).size().rename("records").reset_index(),
        variables=names,
        hierarchies=hierarchies,
    )
    rules = MicrodataRules(k=5, max_suppressed_share=share, loss=Loss.GRANULARITY)
    done = [searched(histogram, rules) for _ in range(searches)]
    decision = done[-1][1]
    published(rows, decision, hierarchies).to_csv(out, index=False)
    print(
        json.dumps(
            {
                "search_seconds": [seconds for seconds, _ in done],
                "nodes_checked": decision.nodes_checked,
                "nodes": decision.nodes,
                "proven_optimal": decision.gap == 0,
                "granularity_by_itself": round(decision.loss["granularity"], 6),
            }
        )
    )


def hierarchy(path: Path, name: str) -> Hierarchy:
    with path.open(encoding="utf-8", newline="") as file:
        return Hierarchy(name, tuple(zip(*csv.reader(file, delimiter=";"), strict=True)))


def searched(histogram: Histogram, rules: MicrodataRules) -> tuple[float, Decision]:
    begun = time.process_time()
    decision = search(histogram, rules)
    return round(time.process_time() - begun, 3), decision


def published(
    rows: pd.DataFrame, decision: Decision, hierarchies: dict[str, Hierarchy]
) -> pd.DataFrame:
    if decision.levels is None:
        raise SystemExit("one level for each column was expected")
    kept = rows.merge(decision.suppressed, how="left", indicator=True)
    kept = kept[kept["_merge"] == "left_only"].drop(columns="_merge")
    for name, level in decision.levels.items():
        steps = hierarchies[name]
        kept[name] = kept[name].map(dict(zip(steps.leaves, steps.levels[level], strict=True)))
    return kept


main(Path(sys.argv[1]), Fraction(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
