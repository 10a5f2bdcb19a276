"""Primary rules at their limits."""

from __future__ import annotations

from typing import Literal

import pandas as pd
import pytest
from tests.table_oracle import dimension, holdings, people, rules

from clearance.errors import DisclosureRiskError, PolicyError
from clearance.policy import Concentration
from clearance.tables.primary import (
    dominance_rule,
    p_percent_rule,
    protection_levels,
    threshold_rule,
    unsafe_cells,
)
from clearance.tables.tabulate import LARGEST, Table, tabulate


def cells(*contributions: int) -> pd.DataFrame:
    """One cell with these contributions."""
    largest = [*sorted(contributions, reverse=True), 0, 0, 0, 0, 0][: len(LARGEST)]
    figures = {"value": sum(contributions), "contributors": len(contributions)}
    return pd.DataFrame([figures | dict(zip(LARGEST, largest, strict=True))])


def one_cell(*contributions: int) -> Table:
    """A table whose cells (one place, and the total) have these contributions."""
    rows = [("a", f"holding-{number}", str(amount)) for number, amount in enumerate(contributions)]
    return tabulate(holdings(rows, ["place"]), [dimension("place", ["a"])], figure="turnover")


@pytest.mark.parametrize(
    ("zeros", "contributors", "unsafe"),
    [
        ("safe", 0, False),
        ("safe", 1, True),
        ("safe", 2, True),
        ("safe", 3, False),
        ("unsafe", 0, True),
        ("unsafe", 1, True),
        ("unsafe", 2, True),
        ("unsafe", 3, False),
    ],
)
def test_threshold_of_three(
    zeros: Literal["safe", "unsafe"], contributors: int, unsafe: bool
) -> None:
    assert threshold_rule(cells(*[1] * contributors), 3, zeros=zeros).tolist() == [unsafe]


def test_three_contributors_of_nothing_are_a_zero() -> None:
    assert threshold_rule(cells(0, 0, 0), 3, zeros="unsafe").tolist() == [True]
    assert threshold_rule(cells(0, 0, 0), 3, zeros="safe").tolist() == [False]


def test_a_missing_figure_is_unsafe() -> None:
    missing = cells(9, 9, 9, 9).astype("float64") * float("nan")
    assert threshold_rule(missing, 3, zeros="safe").tolist() == [True]
    assert p_percent_rule(missing, 10).tolist() == [True]
    assert dominance_rule(missing, 1, 85).tolist() == [True]


@pytest.mark.parametrize(
    ("contributions", "unsafe"),
    [
        ((300, 40, 30), False),  # the rest is exactly 10 % of the largest
        ((300, 40, 29), True),
        ((300, 300), True),
        ((300,), True),
        ((), False),
    ],
)
def test_p_of_ten_percent(contributions: tuple[int, ...], unsafe: bool) -> None:
    assert p_percent_rule(cells(*contributions), 10).tolist() == [unsafe]


@pytest.mark.parametrize(
    ("contributions", "n", "unsafe"),
    [
        ((85, 10, 5), 1, False),  # exactly 85 %
        ((86, 9, 5), 1, True),
        ((60, 25, 15), 2, False),
        ((60, 26, 14), 2, True),
        ((1,), 5, True),
        ((), 1, False),
    ],
)
def test_dominance_of_85_percent(contributions: tuple[int, ...], n: int, unsafe: bool) -> None:
    assert dominance_rule(cells(*contributions), n, 85).tolist() == [unsafe]


def test_negative_contributions_have_no_rule() -> None:
    with pytest.raises(DisclosureRiskError, match="1 of 1 cells have negative contributions"):
        p_percent_rule(cells(5, -1), 10)
    with pytest.raises(DisclosureRiskError, match="1 of 1 cells have negative contributions"):
        dominance_rule(cells(5, -1), 1, 85)


@pytest.mark.parametrize(
    ("contributions", "rule", "level"),
    [
        ((300, 20, 10), Concentration(n=1, k_percent=85), 23),  # 22.94, Handbook's example 4
        ((300, 20, 10), Concentration(p_percent=10), 20),
        ((300, 20), Concentration(p_percent=10), 30),
        ((100, 100, 100), Concentration(p_percent=10), 10),  # unsafe by a threshold only
        ((100, 100, 100), Concentration(n=1, k_percent=85), 18),  # 15/85 of the largest
        ((300, 20, 10), Concentration(p_percent=10, n=1, k_percent=85), 23),
        ((0, 0), Concentration(p_percent=10), 1),
        ((3,), Concentration(p_percent=10), 1),
    ],
)
def test_protection_levels(contributions: tuple[int, ...], rule: Concentration, level: int) -> None:
    assert protection_levels(one_cell(*contributions), rule).tolist() == [level, level]


def test_a_sum_without_a_rule_of_concentration_is_refused() -> None:
    with pytest.raises(PolicyError, match="it holds sums"):
        unsafe_cells(one_cell(1, 2, 3), rules(3), None)


def test_a_count_of_records_without_a_rule_of_concentration_is_refused() -> None:
    visits = people({("a",): 2}, ["place"])
    visits["records"] = [40, 1]
    table = tabulate(visits, [dimension("place", ["a"])], figure="visits")
    with pytest.raises(PolicyError, match="several records each"):
        unsafe_cells(table, rules(3), None)


@pytest.mark.parametrize(
    "rule",
    [
        Concentration(),
        Concentration(p_percent=0),
        Concentration(p_percent=101),
        Concentration(n=1),
        Concentration(k_percent=85),
        Concentration(n=1, k_percent=100),
        Concentration(n=6, k_percent=85),
        Concentration(p_percent=10, n=0, k_percent=85),
        Concentration(p_percent=10, n=2),
    ],
)
def test_a_rule_of_concentration_that_cannot_apply_is_refused(rule: Concentration) -> None:
    with pytest.raises(PolicyError, match="rule of concentration needs"):
        unsafe_cells(one_cell(1, 2, 3), rules(3), rule)


def test_a_threshold_of_nothing_is_refused() -> None:
    with pytest.raises(PolicyError, match="at least 1"):
        unsafe_cells(one_cell(1, 2, 3), rules(0), Concentration(p_percent=10))


def test_either_rule_makes_a_cell_unsafe() -> None:
    both = Concentration(p_percent=10, n=2, k_percent=75)
    assert unsafe_cells(one_cell(50, 26, 24), rules(3), both).tolist() == [True, True]
    assert unsafe_cells(one_cell(50, 25, 25), rules(3), both).tolist() == [False, False]
    assert unsafe_cells(one_cell(90, 89, 8), rules(3), Concentration(p_percent=10)).all()
