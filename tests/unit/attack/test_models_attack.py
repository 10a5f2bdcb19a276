"""The policy's models over what a file shows: in records, in units, beside a population."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Any

import pandas as pd
import pytest
from tests.forge import (
    DIRECT,
    QUASI,
    SENSITIVE,
    STRUCTURAL,
    attacked,
    frame,
    hierarchy,
    plan,
    policy,
    reasons,
    release,
    table,
    variable,
)

from clearance.plan import Plan, TableOutput, Treatment, Unit
from clearance.policy import (
    DeltaPresence,
    Distance,
    DistinctL,
    KMap,
    Method,
    Model,
    Policy,
    TCloseness,
)

AGE, PLACE, ILLNESS = variable("age", QUASI), variable("place", QUASI), variable("ill", SENSITIVE)
ID = variable("id", STRUCTURAL)
PERSON = [Unit("person", "id")]
AGES, PLACES = hierarchy("age", ["31", "42"]), hierarchy("place", ["A", "B"])
HALF = TCloseness("ill", Fraction(1, 4), Distance.EQUAL)


def with_models(*models: Model, **more: Any) -> Policy:
    rules = policy(k=3)
    assert rules.microdata is not None
    return replace(rules, microdata=replace(rules.microdata, models=models, **more))


def blocking(
    published: pd.DataFrame,
    source: pd.DataFrame,
    of: Plan,
    rules: Policy,
    population: pd.DataFrame | None = None,
) -> set[str]:
    shown = published.sort_values(list(published))
    files = release(of, rules, {"persons": shown})
    return reasons(attacked(files, of, rules, source, [AGES, PLACES], population=population))


@pytest.mark.parametrize(
    ("t", "expected"), [(Fraction(1, 6), set()), (Fraction(16, 100), {"class-beyond-t"})]
)
def test_classes_are_compared_with_the_whole_input(t: Fraction, expected: set[str]) -> None:
    """Half of all have the flu, four of six at 31: a distance of one sixth."""
    source = frame("age ill", "31 flu | 4", "31 cold | 2", "42 flu | 2", "42 cold | 4")
    rules = with_models(TCloseness("ill", t, Distance.EQUAL))
    assert blocking(source, source, plan(AGE, ILLNESS), rules) == expected


def test_a_person_with_many_visits_counts_once() -> None:
    """Of the records of 31 five sixths are of flu, of the persons half."""
    of = plan(ID, AGE, ILLNESS, units=PERSON)
    visits = ["a 31 flu | 5", "b 31 flu | 5", "c 31 cold | 5", "d 31 cold | 5"]
    others = ["e 42 flu | 5", "f 42 flu | 5", "g 42 cold | 5", "h 42 cold | 5"]
    source = frame("id age ill", *visits, *others)
    assert blocking(source[["age", "ill"]], source, of, with_models(HALF)) == set()
    one_sided = source.assign(ill=["flu"] * 20 + ["cold"] * 20)
    found = blocking(one_sided[["age", "ill"]], one_sided, of, with_models(HALF))
    assert found == {"class-beyond-t"}


def test_a_published_link_shows_units_whose_profiles_are_all_alike() -> None:
    """Linked, those with a record at 31 and one at 42 are a class: all have the flu."""
    person = variable("id", DIRECT, treatment=Treatment.PSEUDONYM)
    of = plan(person, AGE, ILLNESS)
    both = [f"{each} {age} flu" for each in "abc" for age in ("31", "42")]
    one = [f"{each} {age} cold" for each, age in zip("defghi", ["31", "42"] * 3, strict=True)]
    source = frame("id age ill", *both, *one)
    rules = with_models(HALF, DistinctL("ill", 2))
    found = blocking(source, source, of, rules)
    assert "class-beyond-t" in found
    assert "class-below-l" in found


# ---------------------------------------------------------------- beside a population


POPULATION = frame("age place", "31 A | 6", "42 A | 4", "42 B | 2")


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (KMap(4), set()),
        (KMap(5), {"class-below-k-map"}),
        (DeltaPresence(Fraction(0), Fraction(3, 4)), set()),
        (DeltaPresence(Fraction(0), Fraction(2, 3)), {"class-beyond-presence"}),
        (DeltaPresence(Fraction(1, 10), Fraction(3, 4)), {"class-beyond-presence"}),
    ],
    ids=["k-map", "k-map fails", "presence", "too many are in the file", "nobody of a class is"],
)
def test_published_classes_are_compared_with_the_population(
    model: Model, expected: set[str]
) -> None:
    source = frame("age place", "31 A | 3", "42 A | 3")
    of = plan(AGE, PLACE)
    assert blocking(source, source, of, with_models(model), POPULATION) == expected


def test_the_population_of_mixed_classes_is_all_that_they_cover() -> None:
    source = frame("age place", "31 A | 3", "42 A | 2", "42 B | 1")
    published = frame("age place", "31 A | 3", "42 * | 3")
    of = plan(AGE, PLACE)
    for k, expected in ((6, set()), (7, {"class-below-k-map"})):
        rules = with_models(KMap(k), method=Method.LOCAL_RECODING)
        assert blocking(published, source, of, rules, POPULATION) == expected


def test_without_a_population_nothing_is_compared_and_nothing_published() -> None:
    source = frame("age place", "31 A | 3")
    found = blocking(source, source, plan(AGE, PLACE), with_models(KMap(3)))
    assert found == {"population-missing"}


# ---------------------------------------------------------------- tables


def test_a_table_of_the_source_beside_microdata_of_mixed_levels_blocks() -> None:
    counts = TableOutput(name="counts", policy="open", dimensions=("age",))
    of = plan(AGE, PLACE, outputs=[*plan(AGE).outputs, counts])
    rules = with_models(method=Method.LOCAL_RECODING)
    source = frame("age place", "31 A | 6", "42 A | 2", "42 B | 4")
    published = frame("age place", "31 A | 6", "42 * | 6")
    shown = table(("age",), {"31": "6", "42": "6", "_T": "12"})
    files = release(of, rules, {"persons": published, "counts": shown})
    assert "microdata-and-table" in reasons(attacked(files, of, rules, source, [AGES, PLACES]))
