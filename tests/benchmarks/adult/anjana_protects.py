"""Protects Adult with anjana: ADULT_FOLDER PERCENT OUT. Runs in the peers' environment."""

from __future__ import annotations

import csv
import sys
from pathlib import Path

import pandas as pd
from anjana.anonymity import k_anonymity


def main(folder: Path, percent: float, out: Path) -> None:
    rows = pd.read_csv(folder / "adult.csv", sep=";", dtype=str, keep_default_na=False)
    names = list(rows.columns)
    hierarchies = {name: levels(folder / f"adult_hierarchy_{name}.csv") for name in names}
    made = k_anonymity(rows, [], names, 5, percent, hierarchies)
    made[names].to_csv(out, index=False)
    print("{}")


def levels(path: Path) -> dict[int, list[str]]:
    with path.open(encoding="utf-8", newline="") as file:
        columns = zip(*csv.reader(file, delimiter=";"), strict=True)
        return {level: list(column) for level, column in enumerate(columns)}


main(Path(sys.argv[1]), float(sys.argv[2]), Path(sys.argv[3]))
