"""Which columns give a generalised value away, and which only go with it."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.forge import (
    ATTRIBUTE,
    QUASI,
    attacked,
    frame,
    hierarchy,
    plan,
    policy,
    reasons,
    release,
    variable,
    warnings,
)

from clearance.attack.chance import tail
from clearance.attack.determination import determined
from clearance.hierarchy import Hierarchy, from_rows

PERIODS = {"3": "0-9", "6": "0-9", "9": "0-9", "12": "10-19", "15": "10-19", "18": "10-19"}


def pairs(rows: Sequence[tuple[str, str, str]]) -> pd.DataFrame:
    """Label, leaf and value of each unit, counted."""
    found = pd.DataFrame(rows, columns=["label", "leaf", "value"], dtype=object)
    return found.groupby(["label", "leaf", "value"]).size().rename("units").reset_index()


def test_a_number_per_year_of_marriage_gives_the_years_away() -> None:
    """The marriage survey: years are shown in tens, affairs per year to four places."""
    years = ["3", "3", "6", "6", "9", "9", "12", "12", "15", "15", "18", "18"]
    rows = [(PERIODS[each], each, f"{5 / int(each):.4f}") for each in years]
    found = determined(pairs(rows))
    assert found.function
    assert found.records == 12


def test_ratios_that_never_recur_give_the_divisor_away() -> None:
    cases = [(1, 3), (2, 3), (5, 6), (1, 6), (2, 9), (4, 9), (7, 12), (5, 12), (4, 15), (7, 18)]
    rows = [(PERIODS[str(y)], str(y), f"{count / y:.6f}") for count, y in cases]
    assert determined(pairs(rows)).function


def test_a_birth_year_gives_the_age_away_though_each_is_different() -> None:
    ages = range(20, 40)
    rows = [(f"{age // 10}0s", str(age // 2), str(2026 - age)) for age in ages]
    assert determined(pairs(rows)).function


def test_a_postcode_gives_the_municipality_away() -> None:
    towns = {"1001": "A", "1002": "A", "2001": "B", "2002": "B", "3001": "C", "3002": "C"}
    rows = [("north", town, code) for code, town in towns.items() for _ in range(3)]
    found = determined(pairs(rows))
    assert found.function
    assert found.records == 18


def test_a_date_gives_the_quarter_away() -> None:
    days = [f"2026-{month:02}-{day:02}" for month in range(1, 13) for day in (3, 17)]
    rows = [("2026", f"Q{(int(day[5:7]) + 2) // 3}", day) for day in days]
    assert determined(pairs(rows)).function


def test_what_the_label_says_already_is_not_given_away() -> None:
    rows = [("0-9", each, "young") for each in ("3", "6", "9")] * 4
    rows += [("only", "x", "old")] * 5
    assert determined(pairs(rows)).records == 0


def test_two_people_who_share_a_value_may_share_a_leaf_by_chance() -> None:
    rows = [("0-9", "3", "red"), ("0-9", "3", "red"), ("0-9", "6", "blue"), ("0-9", "9", "blue")]
    assert not determined(pairs(rows * 2)).function


def test_unrelated_columns_never_look_like_a_function() -> None:
    random = np.random.default_rng(1)
    for records in (12, 20, 60, 400):
        for _ in range(40):
            leaves = random.choice(list(PERIODS), records)
            values = random.integers(0, max(4, records // 3), records)
            rows = [(PERIODS[x], x, str(y)) for x, y in zip(leaves, values, strict=True)]
            assert not determined(pairs(rows)).function


@pytest.mark.parametrize(
    ("chances", "successes", "probability"),
    [([0.5, 0.5], 2, 0.25), ([0.5, 0.5], 1, 0.75), ([0.1], 0, 1.0), ([0.0], 1, 0.0)],
)
def test_the_tail_is_the_poisson_binomial_one(
    chances: list[float], successes: int, probability: float
) -> None:
    assert tail(np.array(chances), successes) == pytest.approx(probability)


def test_the_bound_for_many_trials_is_never_below_the_exact_tail() -> None:
    chances = np.full(2001, 0.01)
    exact = tail(chances[:2000], 40)
    assert exact < tail(chances, 40) < 1e-2
    assert tail(chances, 10) == 1.0


# ---------------------------------------------------------------- in files


def test_a_column_that_refines_a_generalised_one_blocks() -> None:
    towns = hierarchy("town", {"A": ("north",), "B": ("north",), "C": ("north",)})
    of = plan(variable("town", QUASI), variable("code", ATTRIBUTE, reason="statistical district"))
    source = frame("town code", *(f"{town} {town}{n} | 3" for town in "ABC" for n in (1, 2)))
    published = source.assign(town="north").sort_values(["town", "code"])
    files = release(of, policy(), {"persons": published}, levels={"town": 1})
    report = attacked(files, of, policy(), source, [towns])
    assert reasons(report) == {"value-determined"}
    (finding,) = [each for each in report.findings if each.rule == "value-determined"]
    assert finding.count == 18


def adult(folder: Path) -> tuple[pd.DataFrame, dict[str, Hierarchy]]:
    rows = pd.read_csv(folder / "adult/adult.csv", sep=";", dtype=str, keep_default_na=False)
    found = {}
    for name in rows.columns:
        text = (folder / f"adult/adult_hierarchy_{name}.csv").read_text()
        found[name] = from_rows(name, list(csv.reader(text.splitlines(), delimiter=";")), where="")
    return rows.astype(object), found


@pytest.mark.parametrize(
    "levels",
    [
        (1, 2, 1, 1, 3, 2, 2, 1, 1),
        (1, 0, 1, 1, 3, 2, 2, 0, 1),
        (0, 3, 0, 2, 2, 1, 1, 2, 0),
    ],
    ids=["entropy, limit 0", "entropy, limit 4 %", "granularity, limit 2 %"],
)
def test_natural_correlations_of_a_census_do_not_block(
    shared_data: Path, levels: tuple[int, ...]
) -> None:
    source, hierarchies = adult(shared_data)
    at = dict(zip(source.columns, levels, strict=True))
    published = pd.DataFrame(
        {name: source[name].map(hierarchies[name].recoding(level)) for name, level in at.items()}
    )
    sizes = published.groupby(list(at))[next(iter(at))].transform("size")
    published = published[sizes >= 5].sort_values(list(at))
    of = plan(*(variable(name, QUASI) for name in at))
    files = release(of, policy(k=5), {"persons": published}, levels=at)
    report = attacked(files, of, policy(k=5), source, list(hierarchies.values()))
    assert reasons(report) == set()
    assert report.microdata["persons"].k >= 5


def test_a_natural_correlation_is_told_to_the_reviewer(shared_data: Path) -> None:
    """All teenagers of the census sample earn less than the limit: a fact, not a function."""
    source, hierarchies = adult(shared_data)
    source = source[["age", "salary-class"]]
    published = source.assign(**{"salary-class": "*"}).sort_values(["age", "salary-class"])
    counts = published.groupby("age")["age"].transform("size")
    of = plan(variable("age", QUASI), variable("salary-class", QUASI))
    rules = policy(k=5)
    files = release(of, rules, {"persons": published[counts >= 5]}, levels={"salary-class": 1})
    report = attacked(files, of, rules, source, list(hierarchies.values()))
    assert reasons(report) == set()
    assert "value-correlated" in warnings(report)
