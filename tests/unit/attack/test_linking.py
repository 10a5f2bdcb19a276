"""A column whose values show who live together makes the household a quasi-identifier."""

from __future__ import annotations

import pandas as pd
import pytest
from tests.forge import (
    ATTRIBUTE,
    QUASI,
    STRUCTURAL,
    attacked,
    hierarchy,
    plan,
    policy,
    reasons,
    release,
    variable,
)

from clearance.plan import Unit

COLUMNS = ["person", "household", "place", "income"]
UNITS = [Unit("person", "person"), Unit("household", "household")]
PLACES = hierarchy("place", ["A", "B"])
HOMES = ["AB", "AB", "AB", "AB", "AA", "BB"]  # where the two members of each household are met


def two_in_each(incomes: list[str], homes: list[str]) -> pd.DataFrame:
    rows = [
        (f"P{number}{place}{member}", f"H{number}", place, incomes[number])
        for number, home in enumerate(homes)
        for member, place in enumerate(home)
    ]
    return pd.DataFrame(rows, columns=COLUMNS, dtype=object)


def blocking_rules(incomes: list[str], homes: list[str]) -> set[str]:
    of = plan(
        variable("person", STRUCTURAL),
        variable("household", STRUCTURAL),
        variable("place", QUASI),
        variable("income", ATTRIBUTE, reason="not known to others"),
        units=UNITS,
    )
    source = two_in_each(incomes, homes)
    shown = source[["place", "income"]].sort_values(["place", "income"], ignore_index=True)
    files = release(of, policy(k=3), {"persons": shown}, levels={"place": 0})
    return reasons(attacked(files, of, policy(k=3), source, [PLACES]))


@pytest.mark.parametrize(
    ("incomes", "homes", "expected"),
    [
        (["1", "2", "3", "4", "5", "6"], HOMES, {"value-links-records"}),
        (["1", "1", "2", "2", "3", "3"], HOMES, set()),
        (["1", "2", "3", "4", "5", "6"], ["AB"] * 6, set()),
        (["", "", "", "", "", ""], HOMES, set()),
    ],
    ids=["one income each", "shared by households", "households made up alike", "missing"],
)
def test_a_value_of_one_household_links_its_members(
    incomes: list[str], homes: list[str], expected: set[str]
) -> None:
    assert blocking_rules(incomes, homes) == expected
