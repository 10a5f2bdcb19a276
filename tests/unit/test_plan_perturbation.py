"""What a plan may say of perturbation, and what is refused, with every reason at once."""

from __future__ import annotations

import copy
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from tests.small_catalog import PLAN

from clearance.errors import PlanError
from clearance.plan import (
    AreaSwap,
    Microaggregation,
    Noise,
    Perturbation,
    Plan,
    PostRandomisation,
    RankSwapping,
    parse,
)

INCOME = {"role": "attribute", "type": "integer", "reason": "not known to others"}
JOB = {"role": "attribute", "reason": "not known to others"}


def parsed(change: Callable[[dict[str, Any]], None]) -> Plan:
    document = copy.deepcopy(PLAN)
    document["variables"] |= {
        "income": dict(INCOME),
        "wealth": dict(INCOME),
        "job": dict(JOB),
    }
    change(document)
    return parse(document, dataset="people", where="people/plan.yaml")


def perturbed(name: str = "income", **section: Any) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        document["variables"][name]["perturb"] = section

    return change


@pytest.mark.parametrize(
    ("section", "method"),
    [
        ({"noise": {"sd": 500}}, Noise(sd=Decimal(500))),
        ({"noise": {"sd_share": 0.1}}, Noise(sd_share=Decimal("0.1"))),
        (
            {"noise": {"sd_share": 0.1, "with": ["wealth"]}},
            Noise(sd_share=Decimal("0.1"), together=("wealth",)),
        ),
        ({"microaggregate": {"k": 3}}, Microaggregation(k=3)),
        (
            {"microaggregate": {"k": 3, "with": ["wealth"]}},
            Microaggregation(k=3, together=("wealth",)),
        ),
        ({"rank-swap": {"percent": 5}}, RankSwapping(percent=Fraction(5))),
        ({"pram": {"stay": 0.8}}, PostRandomisation(stay=Fraction(4, 5))),
    ],
)
def test_each_method_is_read(section: dict[str, Any], method: object) -> None:
    plan = parsed(perturbed(**section))
    assert plan.variable("income").perturb == Perturbation(method=method)  # type: ignore[arg-type]


def test_a_variable_named_by_another_is_perturbed_with_it() -> None:
    plan = parsed(perturbed(microaggregate={"k": 3, "with": ["wealth"]}))
    assert plan.perturbation("wealth") == plan.perturbation("income") is not None
    assert plan.perturbation("job") is None


def test_a_swap_is_read() -> None:
    def change(document: dict[str, Any]) -> None:
        document["swap"] = {"area": "place", "similar": ["age"], "rate": 0.05, "unit": "person"}

    assert parsed(change).swap == AreaSwap(
        area="place", similar=("age",), rate=Fraction(1, 20), unit="person"
    )


@pytest.mark.parametrize(
    "section",
    [
        {},
        {"noise": {"sd": 1}, "pram": {"stay": 0.5}},
        {"noise": {}},
        {"noise": {"sd": 0}},
        {"noise": {"sd": 1, "sd_share": 0.1}},
        {"microaggregate": {"k": 2}},
        {"rank-swap": {"percent": 0}},
        {"rank-swap": {"percent": 101}},
        {"pram": {"stay": 1}},
        {"noise": {"sd": 1}, "seed": 7},
    ],
)
def test_what_protects_nothing_or_is_unknown_is_refused(section: dict[str, Any]) -> None:
    with pytest.raises(PlanError, match=r"variables\.income\.perturb"):
        parsed(perturbed(**section))


def units_are_records(document: dict[str, Any]) -> None:
    document["units"] = "record"
    perturbed(noise={"sd": 5})(document)


def named_by_two(document: dict[str, Any]) -> None:
    document["variables"]["pension"] = dict(INCOME)
    perturbed(microaggregate={"k": 3, "with": ["wealth"]})(document)
    perturbed("pension", microaggregate={"k": 3, "with": ["wealth"]})(document)


def a_table_alone(document: dict[str, Any]) -> None:
    perturbed(noise={"sd": 5})(document)
    table = {"name": "t", "dimensions": ["age"], "measure": "count", "policy": "open"}
    document["outputs"] = [{"table": table}]


def a_number(document: dict[str, Any]) -> None:
    document["variables"]["income"]["type"] = "number"
    perturbed(noise={"sd": 5})(document)


def a_reserved_name(document: dict[str, Any]) -> None:
    document["variables"]["income (before perturbation)"] = dict(JOB)


def swapped(**section: Any) -> Callable[[dict[str, Any]], None]:
    def change(document: dict[str, Any]) -> None:
        given = {"area": "place", "similar": ["age"], "rate": 0.05, "unit": "person"}
        document["swap"] = given | section

    return change


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (units_are_records, "draws are keyed by a stable id, and units are records"),
        (perturbed(noise={"sd": 5}, of="place"), "of: 'place' must be a variable with role"),
        (perturbed(noise={"sd": 5}, of="nothing"), "of: 'nothing' must be a variable with role"),
        (perturbed("age", noise={"sd": 5}), "'age' is quasi-identifier; only attributes"),
        (perturbed("job", noise={"sd": 5}), "'job' needs type integer or number"),
        (perturbed(noise={"sd_share": 1, "with": ["job"]}), "'job' needs type integer or number"),
        (perturbed(noise={"sd_share": 1, "with": ["x"]}), "with: 'x' is no variable"),
        (perturbed(noise={"sd_share": 1, "with": ["income"]}), "has a perturb of its own"),
        (perturbed(noise={"sd": 1, "with": ["wealth"]}), "needs sd_share, not sd"),
        (perturbed(pram={"stay": 0.5}, decimals=2), "decimals are for noise and microaggregate"),
        (a_number, "'income' is a number: add 'decimals'"),
        (named_by_two, "2 variables perturb it"),
        (a_table_alone, "perturb and swap are for microdata"),
        (a_reserved_name, "names that end in"),
        (swapped(area="health"), "area: 'health' must be a quasi-identifier"),
        (swapped(similar=["place"]), "similar: 'place' must be a quasi-identifier other than"),
        (swapped(unit="household"), "the plan's units have no kind 'household'"),
    ],
)
def test_parts_that_do_not_agree_are_refused(
    change: Callable[[dict[str, Any]], None], reason: str
) -> None:
    with pytest.raises(PlanError, match=reason):
        parsed(change)


def test_with_a_stable_id_records_may_be_units() -> None:
    def change(document: dict[str, Any]) -> None:
        document["units"] = "record"
        perturbed(noise={"sd": 5}, of="person_id")(document)

    perturbation = parsed(change).variable("income").perturb
    assert perturbation is not None
    assert perturbation.of == "person_id"


def test_a_number_says_its_decimals() -> None:
    def change(document: dict[str, Any]) -> None:
        document["variables"]["income"]["type"] = "number"
        perturbed(noise={"sd": 5}, decimals=2)(document)

    perturbation = parsed(change).variable("income").perturb
    assert perturbation is not None
    assert perturbation.decimals == 2
