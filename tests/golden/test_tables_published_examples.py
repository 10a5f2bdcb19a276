"""Published tables, protected, and attacked by an independent solver."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.table_oracle import Cell, Intruder, dimension, holdings, people, rules

from clearance.policy import Concentration
from clearance.tables.primary import protection_levels
from clearance.tables.protect import ProtectedTable, protect_table
from clearance.tables.tabulate import Dimension, Table, tabulate

ENOUGH = 1e5  # more than anything in these tables


def nested(frame: pd.DataFrame, *columns: str) -> Dimension:
    """The hierarchy that the columns of a data set hold, the leaf first."""
    distinct = frame[list(columns)].drop_duplicates().sort_values(list(columns))
    levels = [distinct[column].tolist() for column in columns]
    return dimension(columns[0], *levels, ["*"] * len(distinct))


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def count_table(frame: pd.DataFrame, dimensions: list[Dimension]) -> Table:
    names = [dim.name for dim in dimensions]
    keys = frame[names].itertuples(index=False, name=None)
    counts = dict(zip(keys, frame["freq"].astype(int), strict=True))
    return tabulate(people(counts, names), dimensions, figure="freq")


def intruder_of_counts(
    table: ProtectedTable, dimensions: list[Dimension], least: float
) -> Intruder:
    published = table.frame()
    names = [dim.name for dim in dimensions]
    blank = published.loc[published["freq"] == "", names].itertuples(index=False, name=None)
    known = dict.fromkeys(blank, (least, ENOUGH))
    return Intruder(published, dimensions, "freq", known, whole=True)


def figures(table: ProtectedTable) -> tuple[int, int, int, Decimal]:
    return table.cells, table.primary, table.secondary, table.suppressed_value


def test_example_4_of_the_handbook_needs_an_upper_bound_of_353() -> None:
    """SDC Handbook, ch. 4: X = 330 (300, 20, 10) under a (1, 85) rule must reach 352.94."""
    rows = [("mine", "A", "300"), ("mine", "B", "20"), ("mine", "C", "10")]
    rows += [("shop", f"S{number}", "60") for number in range(12)]
    rows += [("farm", f"F{number}", "5") for number in range(12)]
    sector = dimension("sector", ["farm", "mine", "shop"])
    table = tabulate(holdings(rows, ["sector"]), [sector], figure="turnover")
    rule = Concentration(n=1, k_percent=85)
    protected = protect_table(table, rules(3), rule)
    place = table.codes["sector"].tolist().index("mine")
    assert protected.unsafe.tolist() == [code == "mine" for code in table.codes["sector"]]
    assert protection_levels(table, rule)[place] == 23
    blank = protected.frame().query("turnover == ''")["sector"]
    known = {(code,): (0.0, ENOUGH) for code in blank}
    intruder = Intruder(protected.frame(), [sector], "turnover", known, whole=False)
    assert intruder.most(("mine",)) >= 352.94
    assert intruder.least(("mine",)) <= 307.06


@pytest.mark.parametrize(
    ("zeros", "expected"), [("safe", (90, 8, 12, 135)), ("unsafe", (90, 10, 15, 157))]
)
def test_d2_of_ssbtools_by_region_county_and_income(
    shared_data: Path, zeros: str, expected: tuple[int, ...]
) -> None:
    frame = read(shared_data / "ssb" / "d2.csv").assign(county=lambda f: "county-" + f["county"])
    dimensions = [nested(frame, "region", "county"), nested(frame, "main_income")]
    table = protect_table(count_table(frame, dimensions), rules(4, zeros=zeros), None)
    assert figures(table) == expected
    intruder = intruder_of_counts(table, dimensions, 1.0 if zeros == "safe" else 0.0)
    assert [cell for cell in intruder.suppressed if intruder.most(cell) < 4] == []


def test_example1_of_ssbtools_in_three_dimensions(shared_data: Path) -> None:
    frame = read(shared_data / "ssb" / "example1.csv")
    dimensions = [nested(frame, "age"), nested(frame, "geo", "eu"), nested(frame, "year")]
    table = protect_table(count_table(frame, dimensions), rules(3), None)
    assert figures(table) == (72, 6, 20, 200)
    intruder = intruder_of_counts(table, dimensions, 1.0)
    assert [cell for cell in intruder.suppressed if intruder.most(cell) < 3] == []


def p_percent_level(amounts: pd.Series[float], p: float) -> float | None:
    """What the p%-rule asks for, from the contributions themselves; None for a safe cell."""
    ordered = amounts.sort_values(ascending=False)
    missing = p / 100 * ordered.iloc[0] - ordered.iloc[2:].sum()
    return missing if missing > 1e-9 else None


def test_magnitude1_of_ssbtools_with_companies_as_holdings(shared_data: Path) -> None:
    frame = read(shared_data / "ssb" / "magnitude1.csv")
    dimensions = [nested(frame, "sector4", "sector2"), nested(frame, "geo", "eu")]
    rows = frame[["sector4", "geo", "company", "value"]].itertuples(index=False, name=None)
    table = tabulate(holdings(rows, ["sector4", "geo"]), dimensions, figure="value")
    protected = protect_table(table, rules(1), Concentration(p_percent=10))
    assert figures(protected) == (42, 19, 7, Decimal("1284.2"))
    published = protected.frame()
    blank = published.loc[published["value"] == "", ["sector4", "geo"]]
    known = dict.fromkeys(blank.itertuples(index=False, name=None), (0.0, ENOUGH))
    intruder = Intruder(published, dimensions, "value", known, whole=False)
    unsafe = 0
    for cell in intruder.suppressed:
        amounts = contributions_to(frame, cell)
        least, most = intruder.least(cell), intruder.most(cell)
        assert most - least >= 0.1 - 1e-6
        level = p_percent_level(amounts, 10)
        if level is not None:
            unsafe += 1
            assert most >= amounts.sum() + level - 1e-6
            assert least <= max(0.0, amounts.sum() - level) + 1e-6
    assert unsafe == 19


def contributions_to(frame: pd.DataFrame, cell: Cell) -> pd.Series[float]:
    sector, geo = cell
    within = (frame["sector4"] == sector) | (frame["sector2"] == sector) | (sector == "_T")
    within &= (frame["geo"] == geo) | (frame["eu"] == geo) | (geo == "_T")
    amounts = frame["value"].astype(float)[within]
    return amounts.groupby(frame["company"][within]).sum()


def test_a_table_of_625_cells_leaves_no_small_count_within_reach() -> None:
    draw = np.random.default_rng(20).negative_binomial(1, 0.04, (24, 24))
    labels = [f"{number:02d}" for number in range(24)]
    dimensions = [dimension("row", labels), dimension("column", labels)]
    counts = {
        (labels[row], labels[column]): int(count) for (row, column), count in np.ndenumerate(draw)
    }
    contributions = people(counts, ["row", "column"])
    table = protect_table(tabulate(contributions, dimensions, figure="freq"), rules(), None)
    assert (table.cells, table.primary) == (625, int(((draw > 0) & (draw < 5)).sum()))
    intruder = intruder_of_counts(table, dimensions, 1.0)
    small = [cell for cell in intruder.suppressed if counts.get(cell, 5) < 5]
    assert [cell for cell in small if intruder.most(cell) < 5] == []
