"""The optimum on the census data of UCI Adult, against the values that ARX's own tests expect.

Source: ARX data anonymisation tool, tests of its optimal algorithm, k=5 over all nine
columns, entropy loss and loss by granularity with the arithmetic mean.
"""

from __future__ import annotations

import csv
import itertools
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest

from clearance.hierarchy import Hierarchy
from clearance.microdata.classes import classes_at
from clearance.microdata.histogram import Histogram, histogram_of
from clearance.microdata.lattice import search
from clearance.microdata.loss import entropy_bits, granularity
from clearance.microdata.models import violating
from clearance.policy import Distance, Loss, MicrodataRules, TCloseness

EQUAL = Distance.EQUAL


def hierarchy(path: Path, name: str) -> Hierarchy:
    with path.open(encoding="utf-8", newline="") as file:
        return Hierarchy(name, tuple(zip(*csv.reader(file, delimiter=";"), strict=True)))


NAMES = "sex age race marital-status education native-country workclass occupation salary-class"


@pytest.fixture(scope="module")
def adult(shared_data: Path) -> Histogram:
    return histogram(shared_data, NAMES.split())


def histogram(shared_data: Path, names: list[str], sensitive: Sequence[str] = ()) -> Histogram:
    folder = shared_data / "adult"
    rows = pd.read_csv(folder / "adult.csv", sep=";", dtype=str, keep_default_na=False)
    return histogram_of(
        rows.groupby([*names, *sensitive]).size().rename("records").reset_index(),
        variables=names,
        hierarchies={n: hierarchy(folder / f"adult_hierarchy_{n}.csv", n) for n in names},
        sensitive=sensitive,
    )


def test_the_histogram_has_every_record(adult: Histogram):
    assert adult.records == 30_162
    assert adult.combinations.shape == (9, 19_502)


@pytest.mark.parametrize(
    ("share", "levels", "bits"),
    [
        ("0", [1, 2, 1, 1, 3, 2, 2, 1, 1], 407289.5388925293),
        ("0.04", [1, 0, 1, 1, 3, 2, 2, 0, 1], 255559.85455731067),
    ],
)
def test_the_optimum_by_entropy(adult: Histogram, share: str, levels: list[int], bits: float):
    rules = MicrodataRules(k=5, max_suppressed_share=Fraction(share), loss=Loss.ENTROPY)
    decision = search(adult, rules)
    assert list(decision.levels.values()) == levels
    assert decision.loss["entropy_bits"] == pytest.approx(bits, rel=1e-12)
    assert decision.nodes == 12_960
    assert decision.k >= 5


@pytest.mark.parametrize(
    ("share", "granularity"),
    [("0", 0.635544), ("0.02", 0.357482), ("0.05", 0.269635), ("1", 0.227700)],
)
def test_the_optimum_by_granularity(adult: Histogram, share: str, granularity: float):
    rules = MicrodataRules(k=5, max_suppressed_share=Fraction(share), loss=Loss.GRANULARITY)
    decision = search(adult, rules)
    assert round(decision.loss["granularity"], 6) == granularity
    assert decision.suppressed_records <= Fraction(share) * 30_162
    assert decision.gap == 0.0
    assert decision.nodes_checked <= 400
    assert decision.k >= 5


@pytest.mark.parametrize("loss", list(Loss))
@pytest.mark.parametrize("share", ["0", "0.02", "0.05", "1"])
@pytest.mark.parametrize("models", [(), (TCloseness("salary-class", Fraction("0.2"), EQUAL),)])
def test_the_optimum_over_four_columns_is_that_of_the_whole_lattice(
    shared_data: Path, loss: Loss, share: str, models: tuple[TCloseness, ...]
):
    data = histogram(shared_data, ["age", "race", "education", "native-country"], ["salary-class"])
    rules = MicrodataRules(k=5, max_suppressed_share=Fraction(share), loss=loss, models=models)
    levels = itertools.product(*(range(each.height + 1) for each in data.hierarchies))
    losses = [found for node in levels if (found := loss_at(data, node, rules)) is not None]
    decision = search(data, rules)
    by = "granularity" if loss is Loss.GRANULARITY else "entropy_bits"
    assert decision.loss[by] == min(losses)
    assert (decision.gap, decision.nodes) == (0.0, 5 * 2 * 4 * 3)


def loss_at(data: Histogram, node: tuple[int, ...], rules: MicrodataRules) -> float | None:
    """The loss at these levels, from the leaves; None where they suppress too much."""
    classes = classes_at(data, node)
    unsafe = violating(classes, rules)
    lost = int(classes.units[unsafe].sum())
    if lost > min(rules.max_suppressed_share * data.units, data.units - 1):
        return None
    if rules.loss is Loss.ENTROPY:
        return entropy_bits(data, node)
    return granularity(data, node, unsafe[classes.of_profile])


def test_without_a_limit_that_bites_2553_records_are_lost(adult: Histogram):
    decision = search(adult, MicrodataRules(k=5, max_suppressed_share=Fraction(1)))
    assert decision.suppressed_records == 2_553
