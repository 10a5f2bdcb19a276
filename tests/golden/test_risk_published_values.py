"""Risk and information loss against published values.

Sources: the worked example of individual risk in Franconi and Polettini 2004, "Individual risk
estimation in mu-Argus" (data: R package sdcMicro, ``francdat``); UCI Adult over its nine
columns as measured by ARX's and sdcMicro's own tests (SUDA: R package sdcMicro, ``suda2``).
"""

from __future__ import annotations

import csv
from fractions import Fraction
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from clearance import microdata
from clearance.hierarchy import Hierarchy
from clearance.microdata.histogram import Histogram, histogram_of
from clearance.microdata.lattice import search
from clearance.microdata.risks.individual import individual_risk
from clearance.microdata.risks.lines import risk_lines
from clearance.microdata.risks.report import RiskReport, risk_report
from clearance.microdata.risks.suda import suda
from clearance.policy import MicrodataRules


def hierarchy(path: Path, name: str) -> Hierarchy:
    with path.open(encoding="utf-8", newline="") as file:
        return Hierarchy(name, tuple(zip(*csv.reader(file, delimiter=";"), strict=True)))


@pytest.fixture(scope="module")
def rows(shared_data: Path) -> pd.DataFrame:
    return pd.read_csv(
        shared_data / "adult" / "adult.csv", sep=";", dtype=str, keep_default_na=False
    )


@pytest.fixture(scope="module")
def hierarchies(shared_data: Path, rows: pd.DataFrame) -> dict[str, Hierarchy]:
    folder = shared_data / "adult"
    return {name: hierarchy(folder / f"adult_hierarchy_{name}.csv", name) for name in rows}


@pytest.fixture(scope="module")
def adult(rows: pd.DataFrame, hierarchies: dict[str, Hierarchy]) -> Histogram:
    names = list(rows.columns)
    counted = rows.groupby(names).size().rename("records").reset_index()
    return histogram_of(counted, variables=names, hierarchies=hierarchies)


@pytest.fixture(scope="module")
def before(adult: Histogram) -> RiskReport:
    return risk_report(adult)


@pytest.mark.parametrize(
    ("units", "weight", "expected"), [(3, 108.0, 0.01355297), (1, 45.5, 0.08579129)]
)
def test_individual_risk(units: int, weight: float, expected: float):
    found = individual_risk(np.array([units]), np.array([weight]))
    assert found[0] == pytest.approx(expected, abs=5e-9)


def test_the_individual_risks_of_the_eight_records(shared_data: Path):
    records = pd.read_csv(shared_data / "sdcmicro" / "francdat.csv")
    classes = records.groupby(["Key1", "Key2", "Key3", "Key4"])["w"].agg(["size", "sum"])
    assert sorted(classes["size"]) == [1, 1, 1, 1, 2, 2]
    found = individual_risk(classes["size"].to_numpy(), classes["sum"].to_numpy())
    p = (classes["size"] / classes["sum"]).to_numpy()
    odds = p / (1 - p)
    one, two = odds * np.log(1 / p), odds - odds**2 * np.log(1 / p)
    assert found == pytest.approx(np.where(classes["size"] == 1, one, two), rel=1e-12)


def test_average_prosecutor_risk_and_sample_uniques(before: RiskReport):
    assert before.average_prosecutor == 0.6465751607983555
    assert before.unique_share == 0.5142895033485844


def test_suda_scores_15512_records(before: RiskReport):
    """All nine columns and MSUs of every size: each sample unique has one, and nobody else."""
    assert before.drivers.records == 15_512
    assert before.drivers.records == before.sample_uniques
    assert before.drivers.complete and before.drivers.max_size == 9


def test_smaller_minimal_sample_uniques_are_fewer(adult: Histogram):
    scored = []
    for size in (1, 2, 3):
        found = suda(
            adult.combinations + 1,
            np.arange(adult.combinations.shape[1]),
            adult.profiles.units,
            max_size=size,
        )
        scored.append(int((found.score > 0).sum()))
    assert scored == [2, 938, 6_240]


def test_age_drives_the_risk_most(before: RiskReport):
    assert next(iter(before.drivers.shares)) == "age"


def test_protection_leaves_no_unit_easier_to_find_than_one_in_five(
    adult: Histogram, before: RiskReport
):
    decision = search(adult, MicrodataRules(k=5, max_suppressed_share=Fraction(1, 20)))
    after = risk_report(adult, decision)
    assert after.highest_prosecutor <= 1 / 5
    assert after.sample_uniques == after.drivers.records == 0
    assert after.units == 30_162 - decision.suppressed_units
    assert risk_lines(before, after)[4] == "| sample uniques | 15512 (51.43%) | 0 (0.00%) |"


def test_utility_measures_the_granularity_that_the_search_minimised(
    rows: pd.DataFrame, hierarchies: dict[str, Hierarchy]
):
    result = microdata.protect(
        rows, quasi_identifiers=hierarchies, k=5, max_suppressed_share="0.02", method="global"
    )
    found = microdata.utility(rows, result.frame, hierarchies)
    assert round(found.granularity, 6) == 0.357482
    assert found.published_records == len(result.frame)
    assert found.granularity == pytest.approx(result.loss["granularity"], rel=1e-12)
