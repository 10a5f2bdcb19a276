"""What the judge finds of columns that are said to be perturbed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from tests.engines import PandasEngine
from tests.small_catalog import PLAN

from clearance.attack.levels import coverage
from clearance.attack.nearest import linked
from clearance.attack.perturbed import check_perturbed, check_set
from clearance.attack.perturbed_source import Sides, check_averages
from clearance.attack.published import PublishedMicrodata
from clearance.attack.result import Truth
from clearance.attack.rows import distinct
from clearance.attack.unperturbed import check_true_values
from clearance.findings import Finding
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
from clearance.protection.perturbing import perturb

Frame = pd.DataFrame

KEY = b"k" * 32
NOISE = Noise(sd=Decimal(100))
GROUPS = Microaggregation(k=3)
SWAP = RankSwapping(percent=Fraction(20))
PRAM = PostRandomisation(stay=Fraction(1, 2))


def attribute(name: str, method: PerturbationMethod | None) -> Variable:
    kind = ValueType.TEXT if name == "job" else ValueType.INTEGER
    perturb = None if method is None else Perturbation(method=method)
    return Variable(name=name, role=Role.ATTRIBUTE, type=kind, reason="x", perturb=perturb)


def plan(method: PerturbationMethod, name: str = "income", swap: AreaSwap | None = None) -> Plan:
    base = parse_plan(PLAN, dataset="people", where="people/plan.yaml")
    said = {name: method}
    variables = (
        Variable(name="person", role=Role.STRUCTURAL),
        Variable(name="household", role=Role.STRUCTURAL),
        Variable(name="area", role=Role.QUASI_IDENTIFIER),
        attribute("income", said.get("income")),
        attribute("wealth", said.get("wealth")),
        attribute("job", said.get("job")),
    )
    return replace(
        base,
        variables=variables,
        units=(Unit("person", "person"), Unit("household", "household")),
        outputs=(MicrodataOutput(name="persons", policy="open"),),
        swap=swap,
    )


def people(count: int = 60) -> Frame:
    return Frame(
        {
            "person": [f"P{number:03}" for number in range(count)],
            "household": [f"H{number // 2:03}" for number in range(count)],
            "area": ["North" if number % 4 < 2 else "South" for number in range(count)],
            "income": [str(1000 + number * 37 % 900) for number in range(count)],
            "wealth": [str(5000 + number * 91 % 3000) for number in range(count)],
            "job": ["abc"[number % 3] for number in range(count)],
        },
        dtype=object,
    )


def found(
    about: Plan,
    change: Callable[[Frame], Frame] = lambda shown: shown,
    publish: Callable[[Frame], Frame] = lambda shown: shown,
    source: Frame | None = None,
) -> list[Finding]:
    """The findings where ``change`` is done to the perturbed source and ``publish`` to the file."""
    engine = PandasEngine()
    truth = engine.hold(people() if source is None else source)
    made = perturb(engine, truth, about, key=KEY).dataset
    shown = change(engine._frames[made.name].copy())
    sides = Sides(engine=engine, truth=truth, shown=engine.hold(shown))
    return list(check_perturbed(file_of(about, publish(shown.copy())), sides))


def file_of(about: Plan, shown: Frame) -> PublishedMicrodata:
    """The file that holds these rows, areas as they are."""
    columns = [variable.name for variable in about.variables if variable.published]
    file = shown[columns]
    hierarchy = build("area", None, ["North", "South"])
    labels = sorted(set(file["area"]))
    return PublishedMicrodata(
        output=about.microdata[0],
        file="data/persons.csv",
        rows=distinct(file),
        coverage={"area": coverage(hierarchy, labels, [0] * len(labels))},
        levels={"area": 0},
        rules=MicrodataRules(k=3, max_suppressed_share=Fraction(0)),
        plan=about,
    )


def blocking(findings: list[Finding]) -> list[tuple[str, int]]:
    return [(each.rule, each.count) for each in findings if each.severity == "block"]


SWAP_AREAS = AreaSwap(area="area", similar=("income",), rate=Fraction(1, 5), unit="household")


@pytest.mark.parametrize(
    ("method", "name"),
    [
        (NOISE, "income"),
        (Noise(sd_share=Decimal("0.3"), together=("wealth",)), "income"),
        (GROUPS, "income"),
        (Microaggregation(k=5, together=("wealth",)), "income"),
        (SWAP, "income"),
        (PRAM, "job"),
    ],
)
def test_what_is_as_planned_passes(method: PerturbationMethod, name: str) -> None:
    holes = people()
    holes.loc[[3, 4, 5, 6, 7, 8], ["income", "job"]] = ""
    holes.loc[[9, 10, 11, 12, 13, 14], "income"] = "0"
    for source in (people(), holes):
        assert blocking(found(plan(method, name), source=source)) == []


# ---------------------------------------------------------------- what is not as planned


def as_it_was(shown: Frame) -> Frame:
    return people()


def first_as_it_was(count: int) -> Callable[[Frame], Frame]:
    def change(shown: Frame) -> Frame:
        shown.loc[: count - 1, "income"] = people()["income"][:count]
        return shown

    return change


def one(name: str, value: str) -> Callable[[Frame], Frame]:
    def change(shown: Frame) -> Frame:
        shown.loc[0, name] = value
        return shown

    return change


@pytest.mark.parametrize(("method", "name"), [(NOISE, "income"), (SWAP, "income"), (PRAM, "job")])
def test_a_column_that_is_in_truth_unchanged_blocks(method: PerturbationMethod, name: str) -> None:
    rules = blocking(found(plan(method, name), as_it_was))
    assert ("hardly-perturbed", 60) in rules


@pytest.mark.parametrize(("count", "blocks"), [(30, False), (31, True)])
def test_half_of_the_values_may_be_unchanged(count: int, blocks: bool) -> None:
    rules = [rule for rule, _ in blocking(found(plan(NOISE), first_as_it_was(count)))]
    assert ("hardly-perturbed" in rules) is blocks


def test_noise_of_less_than_half_the_planned_deviation_blocks() -> None:
    def faint(shown: Frame) -> Frame:
        return shown.assign(income=[str(int(text) + 1) for text in people()["income"]])

    assert ("noise-too-small", 60) in blocking(found(plan(NOISE), faint))


def test_a_mean_of_fewer_units_than_k_blocks() -> None:
    """One of three takes another value: neither he nor the two that are left are three."""
    assert ("group-below-k", 3) in blocking(found(plan(GROUPS), one("income", "1001")))


def test_a_value_that_moved_too_far_in_rank_blocks() -> None:
    assert ("swapped-otherwise", 1) in blocking(found(plan(SWAP), one("income", "1888")))


def test_a_value_of_nobody_blocks_where_values_are_swapped() -> None:
    assert ("swapped-otherwise", 1) in blocking(found(plan(SWAP), one("income", "1001")))


def test_a_missing_value_that_is_made_up_blocks() -> None:
    assert ("missing-perturbed", 1) in blocking(found(plan(NOISE), one("income", "")))


def test_more_decimals_than_planned_block() -> None:
    assert ("more-decimals-than-planned", 1) in blocking(
        found(plan(NOISE), one("income", "1000.5"))
    )


def test_a_column_that_nobody_planned_to_change_blocks() -> None:
    assert ("changed-without-plan", 1) in blocking(found(plan(NOISE), one("wealth", "1")))


def test_a_published_value_that_was_not_perturbed_so_blocks() -> None:
    rules = blocking(found(plan(NOISE), publish=one("income", "987654")))
    assert rules == [("not-as-perturbed", 1)]


def test_published_values_may_be_coded_and_fewer() -> None:
    about = plan(NOISE)
    income = replace(about.variable("income"), top_code=CodeAt(value=Decimal(1500)))
    about = replace(
        about, variables=tuple(income if v.name == "income" else v for v in about.variables)
    )

    def coded(shown: Frame) -> Frame:
        return shown.assign(income=[str(min(int(text), 1500)) for text in shown["income"]])[10:]

    assert blocking(found(about, publish=coded)) == []


def test_a_unit_shown_with_two_perturbations_of_one_value_blocks() -> None:
    """THREATS 14: the mean of many draws is the value."""
    visits = people().assign(person=[f"P{number // 2}" for number in range(60)])
    visits["income"] = [visits["income"][number // 2 * 2] for number in range(60)]

    def apart(shown: Frame) -> Frame:
        return shown.assign(income=[str(int(t) + n % 2) for n, t in enumerate(shown["income"])])

    about = replace(plan(NOISE), units=(Unit("person", "person"),))
    assert ("perturbed-twice", 30) in blocking(found(about, apart, source=visits))


@pytest.mark.parametrize(("common", "blocks"), [(27, True), (26, False)])
def test_a_household_value_with_other_noise_for_each_member_blocks(
    common: int, blocks: bool
) -> None:
    """Where nine in ten of 30 households have one value, it is the household's."""
    engine, rents = PandasEngine(), people()
    rents["income"] = [
        str(number // 2 if number // 2 < common else 1000 + number) for number in range(60)
    ]
    shown = rents.assign(income=[f"{text}{n % 2}" for n, text in enumerate(rents["income"])])
    sides = Sides(engine=engine, truth=engine.hold(rents), shown=engine.hold(shown))
    findings = list(check_averages(plan(NOISE), sides, "person", "income", "here"))
    assert blocking(findings) == ([("noise-averages-away", common)] if blocks else [])


# ---------------------------------------------------------------- swapped areas


def alike() -> Frame:
    """Households of two of three kinds, in both areas."""
    frame = people()
    return frame.assign(
        area=["North" if number % 4 < 2 else "South" for number in range(60)],
        income=[str(number // 4 % 3) for number in range(60)],
    )


def swapping(rate: str) -> Plan:
    swap = replace(SWAP_AREAS, rate=Fraction(rate))
    about = plan(NOISE)
    variables = tuple(
        replace(each, perturb=None, role=Role.QUASI_IDENTIFIER) if each.name == "income" else each
        for each in about.variables
    )
    return replace(about, variables=variables, swap=swap)


def test_areas_swapped_as_planned_pass() -> None:
    assert blocking(found(swapping("0.2"), source=alike())) == []


def test_more_swaps_than_the_rate_block() -> None:
    def all_over(shown: Frame) -> Frame:
        other = {"North": "South", "South": "North"}
        return shown.assign(area=[other[area] for area in alike()["area"]])

    assert ("swapped-otherwise", 30) in blocking(found(swapping("0.2"), all_over, source=alike()))


def test_no_swap_at_all_blocks() -> None:
    back = blocking(found(swapping("0.2"), lambda _: alike(), source=alike()))
    assert back == [("hardly-perturbed", 30)]


def test_a_swap_between_units_that_are_not_alike_blocks() -> None:
    def one_moved(shown: Frame) -> Frame:
        moved = alike()
        moved.loc[:1, "area"] = "South"
        return moved

    assert ("swap-between-unlike", 1) in blocking(found(swapping("0.2"), one_moved, source=alike()))


# ---------------------------------------------------------------- true values


@pytest.mark.parametrize(
    ("incomes", "blocks"),
    [(["1000"] * 60, True), (["10", "20", "30"] * 20, False), (["10", "20"] * 30, True)],
)
def test_models_are_judged_on_true_values_too(incomes: list[str], blocks: bool) -> None:
    """With noise each class of 30 shows many incomes, and holds one, three or two."""
    engine, source = PandasEngine(), people().assign(income=incomes)
    about = plan(NOISE)
    shown = perturb(engine, engine.hold(source), replace(about, units=about.units[:1]), key=KEY)
    published = file_of(about, engine._frames[shown.dataset.name])
    rules = replace(published.rules, models=(DistinctL("income", 3),))
    sides = Sides(engine=engine, truth=engine.hold(source), shown=shown.dataset)
    truth = Truth(engine, shown.dataset, {})
    findings = check_true_values(replace(published, rules=rules), truth, sides, {})
    assert bool(blocking(list(findings))) is blocks


# ---------------------------------------------------------------- linkage


@pytest.mark.parametrize(
    ("shown", "hits"),
    [
        ([[1.0], [2.0], [9.0]], 3.0),  # everybody is nearest to himself
        ([[2.0], [1.0], [9.0]], 1.0),  # two have changed places
        ([[5.0], [5.0], [5.0]], 1.0),  # all alike: one in three by chance
    ],
)
def test_linkage_by_hand(shown: list[list[float]], hits: float) -> None:
    found_, guesses, tried = linked(
        np.array([[1.0], [2.0], [9.0]]), np.array(shown), np.zeros(3, dtype=np.int64)
    )
    assert (found_, guesses, tried) == (pytest.approx(hits), pytest.approx(1.0), 3)


def test_linkage_is_within_classes() -> None:
    true = np.array([[1.0], [2.0]])
    swapped = np.array([[2.0], [1.0]])
    assert linked(true, swapped, np.array([0, 1]))[0] == 2.0
    assert linked(true, swapped, np.array([0, 0]))[0] == 0.0


def test_linkage_looks_at_a_part_of_many_units(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("clearance.attack.nearest.MOST_DISTANCES", 1000)
    monkeypatch.setattr("clearance.attack.nearest.MOST_TOGETHER", 500)
    values = np.arange(100.0)[:, None]
    assert linked(values, values, np.zeros(100, dtype=np.int64))[0::2] == (10.0, 10)


@pytest.mark.parametrize(("sd", "severity"), [(1, "warn"), (1000, "info")])
def test_units_that_are_linked_are_told_and_many_are_a_warning(sd: int, severity: str) -> None:
    findings = found(plan(Noise(sd=Decimal(sd))))
    (linkage,) = [each for each in findings if each.rule == "linked-by-distance"]
    assert linkage.severity == severity
    assert "of 60 units by distance, 2 by guessing" in linkage.message


@pytest.mark.parametrize(
    ("method", "earlier", "warned"), [(GROUPS, 1, True), (GROUPS, 0, False), (NOISE, 1, False)]
)
def test_methods_that_depend_on_all_values_warn_where_there_are_earlier_releases(
    method: PerturbationMethod, earlier: int, warned: bool
) -> None:
    assert bool(list(check_set(plan(method), earlier, "data/persons.csv"))) is warned


def test_no_finding_quotes_a_value() -> None:
    for finding in found(plan(NOISE), one("income", "987654")):
        assert "987654" not in finding.message + finding.where
