"""A whole source perturbed through the engine, once for all outputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pandas as pd
import pytest
from tests.engines import PandasEngine
from tests.small_catalog import PLAN

from clearance.adapters.duckdb_engine import DuckDBEngine
from clearance.errors import DisclosureRiskError, InputError
from clearance.hierarchy import build
from clearance.plan import (
    AreaSwap,
    CodeAt,
    Microaggregation,
    MicrodataOutput,
    Noise,
    Perturbation,
    PerturbationMethod,
    Plan,
    PostRandomisation,
    RankSwapping,
    Role,
    Unit,
    ValueType,
    Variable,
)
from clearance.plan import parse as parse_plan
from clearance.policy import DistinctL, MicrodataRules
from clearance.ports import Dataset, Engine, SourceFile
from clearance.protection import protect_microdata, types_of
from clearance.protection.perturbing import change_text, perturb

KEY = b"k" * 32
NOISE = Noise(sd=Decimal(100))
PERSON = Variable(name="person", role=Role.STRUCTURAL)
HOUSEHOLD = Variable(name="household", role=Role.STRUCTURAL)
SEX = Variable(name="sex", role=Role.QUASI_IDENTIFIER)
AREA = Variable(name="area", role=Role.QUASI_IDENTIFIER)


def attribute(name: str, method: PerturbationMethod | None, of: str | None = None) -> Variable:
    kind = ValueType.TEXT if isinstance(method, PostRandomisation) else ValueType.INTEGER
    perturb = None if method is None else Perturbation(method=method, of=of)
    return Variable(name=name, role=Role.ATTRIBUTE, type=kind, reason="x", perturb=perturb)


def plan(*variables: Variable, kinds: tuple[str, ...] = ("person",)) -> Plan:
    base = parse_plan(PLAN, dataset="people", where="people/plan.yaml")
    units = tuple(Unit(kind, kind) for kind in kinds)
    outputs = (MicrodataOutput(name="persons", policy="open"),)
    return replace(base, variables=variables, units=units, outputs=outputs)


def people(count: int = 60) -> pd.DataFrame:
    """Persons in households of two, with an income of their own and a rent in common."""
    return pd.DataFrame(
        {
            "person": [f"P{number:03}" for number in range(count)],
            "household": [f"H{number // 2:03}" for number in range(count)],
            "sex": ["f" if number % 2 else "m" for number in range(count)],
            "area": ["North" if number % 4 < 2 else "South" for number in range(count)],
            "income": [str(1000 + number * 37 % 900) for number in range(count)],
            "wealth": [str(5000 + number * 91 % 3000) for number in range(count)],
            "rent": [str(300 + number // 2 * 10) for number in range(count)],
            "job": ["abc"[number % 3] for number in range(count)],
        },
        dtype=object,
    )


@pytest.fixture(params=["pandas", "duckdb"])
def held(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Engine, Dataset]]:
    """The same people in either engine."""
    if request.param == "pandas":
        engine = PandasEngine()
        yield engine, engine.hold(people())
        return
    path = tmp_path / "people.csv"
    people().to_csv(path, index=False)
    duck = DuckDBEngine(tmp_path)
    try:
        yield duck, duck.load(SourceFile(path, "csv"))
    finally:
        duck.close()


def rows(engine: Engine, dataset: Dataset, *columns: str) -> list[tuple[object, ...]]:
    frame = engine.histogram(dataset, list(columns)).astype({each: object for each in columns})
    return [tuple(row) for row in frame[list(columns)].to_numpy(dtype=object).tolist()]


@pytest.mark.parametrize(
    "method",
    [
        NOISE,
        Noise(sd_share=Decimal("0.3"), together=("wealth",)),
        Microaggregation(k=3, together=("wealth",)),
        RankSwapping(percent=Fraction(20)),
    ],
    ids=lambda method: type(method).__name__,
)
def test_perturbed_columns_change_and_all_others_stay(
    held: tuple[Engine, Dataset], method: PerturbationMethod
) -> None:
    engine, dataset = held
    about = plan(PERSON, attribute("income", method), attribute("wealth", None))
    made = perturb(engine, dataset, about, key=KEY)
    again = perturb(engine, dataset, about, key=KEY)
    before, after = (rows(engine, each, "person", "income") for each in (dataset, made.dataset))
    assert sum(a != b for a, b in zip(before, after, strict=True)) > 40
    assert rows(engine, again.dataset, "person", "income") == after
    for name in ("sex", "rent", "job"):
        columns = ("person", name)
        assert rows(engine, made.dataset, *columns) == rows(engine, dataset, *columns)


def test_both_engines_perturb_alike(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    people().to_csv(path, index=False)
    pandas, duck = PandasEngine(), DuckDBEngine(tmp_path)
    about = plan(
        PERSON,
        attribute("income", NOISE),
        attribute("job", PostRandomisation(stay=Fraction(1, 2))),
    )
    found = []
    for engine in (pandas, duck):
        dataset = engine.load(SourceFile(path, "csv"))
        made = perturb(engine, dataset, about, key=KEY)
        found.append(rows(engine, made.dataset, "person", "income", "job"))
    duck.close()
    assert found[0] == found[1]


def test_what_was_preserved_is_told_with_correlations(held: tuple[Engine, Dataset]) -> None:
    engine, dataset = held
    noise = Noise(sd_share=Decimal("0.2"), together=("wealth",))
    about = plan(PERSON, attribute("income", noise), attribute("wealth", None))
    income, wealth = perturb(engine, dataset, about, key=KEY).preserved
    assert (income.variable, wealth.variable) == ("income", "wealth")
    assert income.records == 60
    assert income.mean is not None
    assert income.mean.after == pytest.approx(income.mean.before, abs=0.5)
    assert income.variance is not None
    assert income.variance.after == pytest.approx(income.variance.before, rel=0.01)
    related = income.correlations["wealth"]
    assert related.after == pytest.approx(related.before, abs=0.01)


def test_areas_are_swapped_between_whole_households(held: tuple[Engine, Dataset]) -> None:
    engine, dataset = held
    swap = AreaSwap(area="area", similar=("sex",), rate=Fraction(1, 5), unit="household")
    about = replace(plan(PERSON, HOUSEHOLD, AREA, SEX, kinds=("person", "household")), swap=swap)
    made = perturb(engine, dataset, about, key=KEY).dataset
    before, after = (rows(engine, each, "household", "area") for each in (dataset, made))
    assert len(after) == 30
    assert sum(a != b for a, b in zip(before, after, strict=True)) == 6
    assert rows(engine, made, "area", "sex") == rows(engine, dataset, "area", "sex")
    assert (
        change_text(about, "area") == "Some units were given the area of similar units elsewhere."
    )


def test_what_a_household_has_in_common_is_not_perturbed_for_each_member() -> None:
    engine = PandasEngine()
    kinds = ("person", "household")
    about = plan(PERSON, HOUSEHOLD, attribute("rent", NOISE), kinds=kinds)
    with pytest.raises(DisclosureRiskError, match="rent: in 30 of 30 units of household"):
        perturb(engine, engine.hold(people()), about, key=KEY)
    keyed = plan(PERSON, HOUSEHOLD, attribute("rent", NOISE, of="household"), kinds=kinds)
    made = perturb(engine, engine.hold(people()), keyed, key=KEY).dataset
    assert len(rows(engine, made, "household", "rent")) == 30


def test_records_without_their_unit_are_refused() -> None:
    engine = PandasEngine()
    nameless = people().assign(person="")
    with pytest.raises(InputError, match="person: 60 records without what keys"):
        perturb(engine, engine.hold(nameless), plan(PERSON, attribute("income", NOISE)), key=KEY)


def test_a_unit_with_two_values_takes_noise_but_no_microaggregation() -> None:
    """Else a group of three could be three visits of one patient."""
    engine = PandasEngine()
    visits = people().assign(person=[f"P{number // 2}" for number in range(60)])
    dataset = engine.hold(visits)
    assert perturb(engine, dataset, plan(PERSON, attribute("income", NOISE)), key=KEY).preserved
    with pytest.raises(DisclosureRiskError, match="income: 30 times a unit of person has one more"):
        perturb(engine, dataset, plan(PERSON, attribute("income", Microaggregation(k=3))), key=KEY)


def test_without_perturbation_the_source_is_what_it_was() -> None:
    engine = PandasEngine()
    dataset = engine.hold(people())
    made = perturb(engine, dataset, plan(PERSON, attribute("income", None)), key=KEY)
    assert (made.dataset, made.preserved) == (dataset, ())


# ---------------------------------------------------------------- on the way to a file


def protected(
    about: Plan, frame: pd.DataFrame, rules: MicrodataRules
) -> tuple[list[tuple[str, ...]], dict[str, str]]:
    engine = PandasEngine()
    truth = engine.hold(frame)
    shown = perturb(engine, truth, about, key=KEY).dataset
    made = protect_microdata(
        engine,
        shown,
        about,
        about.microdata[0],
        rules,
        {"sex": build("sex", None, frame["sex"].tolist())},
        key=KEY,
        fake=lambda values, **_: dict.fromkeys(values, ""),
        true=truth,
    )
    csv = bytes(engine.export(made.dataset, types_of(made.columns)).csv).decode()  # type: ignore[arg-type]
    lines = [tuple(line.split(",")) for line in csv.splitlines()[1:]]
    return lines, {column.name: column.text for column in made.columns}


K3 = MicrodataRules(k=3, max_suppressed_share=Fraction(0))


def test_perturbed_values_are_coded_afterwards_and_the_public_is_told_both() -> None:
    income = replace(attribute("income", NOISE), top_code=CodeAt(value=Decimal(1500)))
    lines, texts = protected(plan(PERSON, SEX, income), people(), K3)
    assert max(int(value) for _, value in lines) == 1500
    assert texts["income"] == (
        "Values were changed by random noise. Values above a threshold are shown as the threshold."
    )


def sensitive(method: PerturbationMethod) -> Variable:
    return replace(attribute("income", method), role=Role.SENSITIVE_ATTRIBUTE, reason=None)


@pytest.mark.parametrize(
    ("incomes", "method", "safe"),
    [
        (["1000"] * 60, Noise(sd=Decimal(100)), False),  # diverse by noise alone
        ([str(number) for number in range(1, 61)], Noise(sd=Decimal(100)), True),
        (["10", "11", "12"] * 20, Microaggregation(k=60), False),  # one mean is published
    ],
)
def test_a_sensitive_attribute_is_diverse_as_it_is_and_as_it_is_shown(
    incomes: list[str], method: PerturbationMethod, safe: bool
) -> None:
    """THREATS 8: five incomes of 1,000 with noise are five people with an income of 1,000."""
    about = plan(PERSON, SEX, sensitive(method))
    rules = replace(K3, models=(DistinctL("income", 3),))
    if safe:
        assert len(protected(about, people().assign(income=incomes), rules)[0]) == 60
    else:
        with pytest.raises(DisclosureRiskError):
            protected(about, people().assign(income=incomes), rules)
