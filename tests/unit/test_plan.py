"""A plan is complete and consistent, or it is refused with every reason at once."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from tests.small_catalog import PLAN

from clearance.errors import PlanError
from clearance.plan import (
    CodeAt,
    DateLevels,
    HierarchyFile,
    Intervals,
    MicrodataOutput,
    Plan,
    Prefix,
    Role,
    TableOutput,
    Treatment,
    Unit,
    ValueType,
    parse,
)

Change = Callable[[dict[str, Any]], None]


def parsed(*changes: Change, dataset: str = "people") -> Plan:
    document = copy.deepcopy(PLAN)
    for change in changes:
        change(document)
    return parse(document, dataset=dataset, where=f"{dataset}/plan.yaml")


def keys(**values: Any) -> Change:
    return lambda plan: plan.update(values)


def variable(name: str, **values: Any) -> Change:
    return lambda plan: plan["variables"].update({name: values})


def table(**values: Any) -> Change:
    """One more table, tabulated from the microdata unless it says otherwise."""
    made = {"name": "t", "dimensions": ["age"], "measure": "count", "policy": "open"}
    made |= {"from": "persons"} | values
    return lambda plan: plan["outputs"].append({"table": made})


def source_table(**values: Any) -> Change:
    """A table straight from the source as the plan's first output."""
    made = {"name": "t", "dimensions": ["age"], "measure": "count", "policy": "open"} | values

    def change(plan: dict[str, Any]) -> None:
        plan["outputs"] = [each for each in plan["outputs"] if "table" in each]
        plan["outputs"].append({"table": made})

    return change


def income(**values: Any) -> Change:
    described = {"role": "attribute", "type": "number", "reason": "rounded"} | values
    return variable("income", **described)


# ---------------------------------------------------------------- what a plan becomes


def test_a_plan_becomes_frozen_types() -> None:
    plan = parsed(keys(not_before="2026-12-01T10:30:00+01:00"))
    assert plan.dataset == "people"
    assert plan.units == (Unit("person", "person_id"),)
    assert plan.outputs == (MicrodataOutput(name="persons", policy="open"),)
    assert plan.not_before == datetime(2026, 12, 1, 9, 30, tzinfo=UTC)
    with pytest.raises(FrozenInstanceError):
        plan.title = "other"  # type: ignore[misc]


def test_units_may_be_the_records_themselves() -> None:
    assert parsed(keys(units="record")).units == ()


def test_a_direct_identifier_is_dropped_unless_the_plan_says_otherwise() -> None:
    assert parsed().variable("name").treatment is Treatment.DROP
    assert not parsed().variable("name").published


@pytest.mark.parametrize(
    ("described", "published"),
    [
        ({"role": "direct-identifier"}, False),
        ({"role": "direct-identifier", "treatment": "pseudonym"}, True),
        ({"role": "direct-identifier", "treatment": "fake"}, True),
        ({"role": "structural"}, False),
        ({"role": "quasi-identifier"}, True),
        ({"role": "sensitive-attribute"}, True),
        ({"role": "attribute", "reason": "nobody knows it"}, True),
    ],
)
def test_which_roles_microdata_publish(described: dict[str, str], published: bool) -> None:
    assert parsed(variable("more", **described)).variable("more").published is published


def test_variables_do_not_change_over_time_unless_the_plan_says_so() -> None:
    plan = parsed(variable("age", role="quasi-identifier", changes=True, reason="a year a year"))
    assert [each.name for each in plan.variables if each.changes] == ["age"]


@pytest.mark.parametrize(
    ("kind", "written", "expected"),
    [
        ("integer", {"intervals": [5, 10]}, Intervals((Decimal(5), Decimal(10)))),
        ("number", {"intervals": [0.1, 0.5]}, Intervals((Decimal("0.1"), Decimal("0.5")))),
        ("text", {"prefix": [3, 2]}, Prefix((3, 2))),
        ("date", {"date": ["month", "year"]}, DateLevels(("month", "year"))),
        ("text", "places.csv", HierarchyFile("places.csv")),
    ],
)
def test_every_kind_of_hierarchy_is_read(kind: str, written: Any, expected: object) -> None:
    plan = parsed(variable("more", role="quasi-identifier", type=kind, hierarchy=written))
    assert plan.variable("more").hierarchy == expected


def test_numbers_are_taken_as_they_are_written() -> None:
    plan = parsed(income(top_code={"percentile": 99.5}, bottom_code={"value": 0.1}, round_to=0.05))
    read = plan.variable("income")
    assert read.top_code == CodeAt(percentile=Decimal("99.5"))
    assert read.bottom_code == CodeAt(value=Decimal("0.1"))
    assert read.round_to == Decimal("0.05")


def test_a_table_knows_the_name_of_its_figure() -> None:
    plan = parsed(table(), table(name="u", measure={"sum": "income"}), income())
    assert [each.figure for each in plan.tables] == ["count", "income"]
    assert plan.tables[0] == TableOutput(
        name="t", policy="open", dimensions=("age",), source="persons"
    )


def test_variables_are_found_by_name_and_by_role() -> None:
    plan = parsed()
    assert [each.name for each in plan.with_role(Role.QUASI_IDENTIFIER)] == ["age", "place"]
    assert plan.variable("age").type is ValueType.INTEGER
    with pytest.raises(KeyError):
        plan.variable("gone")


# ---------------------------------------------------------------- what is refused

REFUSED = {
    "security material": (
        (keys(material="security"),),
        "material: material of class 'security' has no path to a portal",
    ),
    "a policy document without an instant": (
        (keys(material="policy-document"),),
        "not_before: a policy-document needs the instant",
    ),
    "an instant that does not exist": (
        (keys(not_before="2026-02-30T09:30:00Z"),),
        "not_before: expected an instant that exists",
    ),
    "an instant before all time": (
        (keys(not_before="0001-01-01T00:00:00+10:00"),),
        "not_before: expected an instant that exists",
    ),
    "a treatment of what is no direct identifier": (
        (variable("age", role="quasi-identifier", treatment="fake"),),
        "variables.age: a treatment is for a direct-identifier only",
    ),
    "a hierarchy of an attribute": (
        (variable("health", role="attribute", reason="known to nobody", hierarchy="h.csv"),),
        "variables.health: a hierarchy is for a quasi-identifier, or a sensitive attribute's",
    ),
    "an attribute without a reason": (
        (variable("health", role="attribute"),),
        "variables.health: an attribute is published as it is and needs a written reason",
    ),
    "a variable that changes without a reason": (
        (variable("health", role="sensitive-attribute", changes=True),),
        "variables.health: changes needs a written reason: releases are not joined on this column",
    ),
    "an identifier that changes": (
        (variable("name", role="direct-identifier", changes=True, reason="moves"),),
        "variables.name: changes is for published columns other than identifiers",
    ),
    "a top code of a quasi-identifier": (
        (variable("age", role="quasi-identifier", type="integer", top_code={"value": 90}),),
        "variables.age: top_code, bottom_code and round_to are for attributes",
    ),
    "rounding of text": (
        (income(type="text", round_to=10),),
        "variables.income: top_code, bottom_code and round_to need type integer or number",
    ),
    "an integer rounded to a fraction": (
        (income(type="integer", round_to=2.5),),
        "variables.income: top_code, bottom_code and round_to of an integer must be whole",
    ),
    "an integer coded at a fraction": (
        (income(type="integer", top_code={"value": 99.5}),),
        "variables.income: top_code, bottom_code and round_to of an integer must be whole",
    ),
    "ends that meet": (
        (income(top_code={"value": 10}, bottom_code={"value": 10}),),
        "variables.income: bottom_code must lie below top_code",
    ),
    "percentiles that cross": (
        (income(top_code={"percentile": 1}, bottom_code={"percentile": 99}),),
        "variables.income: bottom_code must lie below top_code",
    ),
    "intervals of text": (
        (variable("age", role="quasi-identifier", hierarchy={"intervals": [5]}),),
        "variables.age: hierarchy intervals need type integer or number",
    ),
    "calendar levels of text": (
        (variable("age", role="quasi-identifier", hierarchy={"date": ["year"]}),),
        "variables.age: hierarchy date needs type date",
    ),
    "a column with the name of the engine's counts": (
        (variable("Records", role="structural"),),
        "variables.Records: the name 'records' is taken by counts",
    ),
    "a unit that is no variable": (
        (keys(units={"person": "gone"}),),
        "units.person: 'gone' must be a variable with role structural or direct-identifier",
    ),
    "a unit that is published as it is": (
        (keys(units={"person": "place"}),),
        "units.person: 'place' must be a variable with role structural or direct-identifier",
    ),
    "two kinds of unit in one column": (
        (keys(units={"person": "person_id", "household": "person_id"}),),
        "units: every kind of unit needs a column of its own",
    ),
    "a weight that is published": (
        (keys(weight="age"),),
        "weight: 'age' must be a variable with role structural",
    ),
    "two outputs of one name": (
        (table(name="persons"),),
        "outputs: every output needs a name of its own",
    ),
    "microdata twice": (
        (lambda plan: plan["outputs"].append({"microdata": {"name": "b", "policy": "open"}}),),
        "outputs: two microdata outputs of one source can be joined",
    ),
    "microdata of which nothing is published": (
        (
            lambda plan: plan["variables"].clear(),
            variable("person_id", role="structural"),
            variable("name", role="direct-identifier"),
        ),
        "outputs: microdata need a variable that is published",
    ),
    "both kinds of output from one source": (
        (
            lambda plan: plan["outputs"].append(
                {
                    "table": {
                        "name": "t",
                        "dimensions": ["age"],
                        "measure": "count",
                        "policy": "open",
                    }
                }
            ),
        ),
        "outputs: 't' is tabulated from the source and microdata complete its blanks; "
        "add 'from: persons', or drop one of the two",
    ),
    "two tables of one figure from one source": (
        (source_table(), source_table(name="u", dimensions=["place"])),
        "outputs: two tables from one source are linked",
    ),
    "a count and a sum from one source, whose blanks differ": (
        (income(), source_table(), source_table(name="u", measure={"sum": "income"})),
        "outputs: two tables from one source are linked",
    ),
    "a sensitive dimension": (
        (table(dimensions=["health"]),),
        "outputs[1].table: the sensitive attribute 'health' as a dimension needs a "
        "group-disclosure rule",
    ),
    "a dimension that is no variable": (
        (table(dimensions=["gone"]),),
        "outputs[1].table: dimension 'gone' must be a quasi-identifier of this plan",
    ),
    "a dimension that is structural": (
        (table(dimensions=["person_id"]),),
        "outputs[1].table: dimension 'person_id' must be a quasi-identifier of this plan",
    ),
    "a sum of text": (
        (income(type="text"), table(measure={"sum": "income"})),
        "outputs[1].table: the summed variable 'income' must have type integer or number",
    ),
    "a sum of what is not there": (
        (table(measure={"sum": "gone"}),),
        "outputs[1].table: the summed variable 'gone' must have type integer or number",
    ),
    "a sum of what is not published": (
        (
            variable("weight", role="structural", type="number"),
            source_table(measure={"sum": "weight"}),
        ),
        "outputs[0].table: the summed variable 'weight' is structural",
    ),
    "a sum of an identifier": (
        (
            variable("tax_id", role="direct-identifier", type="integer", treatment="pseudonym"),
            source_table(measure={"sum": "tax_id"}),
        ),
        "outputs[0].table: the summed variable 'tax_id' is direct-identifier",
    ),
    "a sum of what the microdata generalise": (
        (table(dimensions=["place"], measure={"sum": "age"}),),
        "outputs[1].table: the summed variable 'age' is generalised in the microdata",
    ),
    "a figure with the name of a dimension": (
        (source_table(measure={"sum": "age"}),),
        "outputs[0].table: dimension 'age' would stand beside a column of the same name",
    ),
    "a dimension with the name of the count": (
        (variable("Count", role="quasi-identifier"), table(dimensions=["Count"])),
        "outputs[1].table: dimension 'Count' would stand beside a column of the same name",
    ),
    "a dimension with the name of the status": (
        (
            variable("count_status", role="quasi-identifier"),
            table(dimensions=["count_status"]),
        ),
        "outputs[1].table: dimension 'count_status' would stand beside a column",
    ),
    "a dimension with the name of the contributors": (
        (
            variable("contributor", role="quasi-identifier"),
            source_table(dimensions=["contributor"]),
        ),
        "outputs[0].table: dimension 'contributor' would stand beside a column",
    ),
    "a table from microdata that are not there": (
        (table(**{"from": "gone"}),),
        "outputs[1].table: from: there is no microdata output 'gone' in this plan",
    ),
    "a holding of published microdata": (
        (table(holding="person_id"),),
        "outputs[1].table: holding is for tables from the source",
    ),
    "a holding that is a dimension": (
        (source_table(holding="age"),),
        "outputs[0].table: holding 'age' must name who contributes",
    ),
    "a holding that is what is summed": (
        (income(), source_table(measure={"sum": "income"}, holding="income")),
        "outputs[0].table: holding 'income' must name who contributes",
    ),
    "a holding that is no variable": (
        (source_table(holding="gone"),),
        "outputs[0].table: holding 'gone' is no variable of this plan",
    ),
}


@pytest.mark.parametrize(("changes", "told"), REFUSED.values(), ids=REFUSED.keys())
def test_a_plan_whose_parts_disagree_is_refused(changes: tuple[Change, ...], told: str) -> None:
    with pytest.raises(PlanError) as refused:
        parsed(*changes)
    lines = str(refused.value).splitlines()
    assert any(line.startswith(f"people/plan.yaml: {told}") for line in lines), lines


@pytest.mark.parametrize("dataset", ["..", ".", "People", "a b", "a/b", "a|b", "-a", "a" * 61, ""])
def test_the_id_of_a_dataset_is_a_plain_name(dataset: str) -> None:
    with pytest.raises(PlanError, match="the dataset's folder: expected a name"):
        parsed(dataset=dataset)


def test_every_reason_is_told_at_once() -> None:
    with pytest.raises(PlanError) as refused:
        parsed(keys(material="security", weight="age"), variable("health", role="attribute"))
    assert len(str(refused.value).splitlines()) == 3


ACCEPTED = {
    "a policy document with an instant": (
        keys(material="policy-document", not_before="2026-12-01T09:30:00Z"),
    ),
    "a table of the microdata": (table(),),
    "a sum of an attribute of the microdata": (income(), table(measure={"sum": "income"})),
    "a table from the source with a holding": (source_table(holding="person_id"),),
    "a unit that is a direct identifier": (keys(units={"person": "name"}),),
    "a weight": (variable("w", role="structural", type="number"), keys(weight="w")),
}


@pytest.mark.parametrize("changes", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_a_consistent_plan_is_accepted(changes: tuple[Change, ...]) -> None:
    assert parsed(*changes).outputs
