"""What a schema cannot say of a plan: how its parts agree with each other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from clearance.plan.perturbation_agreement import perturbation_problems
from clearance.plan.types import (
    CodeAt,
    DateLevels,
    Intervals,
    Material,
    Plan,
    Role,
    TableOutput,
    ValueType,
    Variable,
)


def problems(plan: Plan) -> Iterator[str]:
    """What a schema cannot say: how the parts of a plan agree with each other."""
    if not SLUG.fullmatch(plan.dataset):
        yield "the dataset's folder: expected a name of lower-case letters, digits and hyphens"
    if plan.material is Material.SECURITY:
        yield "material: material of class 'security' has no path to a portal"
    if plan.material is Material.POLICY_DOCUMENT and plan.not_before is None:
        yield "not_before: a policy-document needs the instant before which nothing may show"
    for variable in plan.variables:
        yield from (f"variables.{variable.name}: {text}" for text in _variable_problems(variable))
    yield from _unit_problems(plan)
    yield from perturbation_problems(plan)
    yield from _output_problems(plan)


NUMERIC = (ValueType.INTEGER, ValueType.NUMBER)
SLUG = re.compile(r"[a-z0-9][a-z0-9-]{0,59}")
COUNT_COLUMN = "records"  # what engines call the count of records in every frame they answer
CONTRIBUTION_COLUMNS = ("contributor", "amount")


def _variable_problems(variable: Variable) -> Iterator[str]:
    is_quasi = variable.role is Role.QUASI_IDENTIFIER
    coded = variable.top_code or variable.bottom_code or variable.round_to
    if variable.name.casefold() == COUNT_COLUMN:
        yield f"the name '{COUNT_COLUMN}' is taken by counts; rename the column in the source"
    if variable.treatment and variable.role is not Role.DIRECT_IDENTIFIER:
        yield "a treatment is for a direct-identifier only"
    if variable.hierarchy and not is_quasi and variable.role is not Role.SENSITIVE_ATTRIBUTE:
        yield "a hierarchy is for a quasi-identifier, or a sensitive attribute's distances"
    if variable.role is Role.ATTRIBUTE and not variable.reason:
        yield (
            "an attribute is published as it is and needs a written reason; "
            "without one it is a quasi-identifier"
        )
    if variable.changes and (not variable.published or variable.role is Role.DIRECT_IDENTIFIER):
        yield "changes is for published columns other than identifiers"
    if variable.changes and not variable.reason:
        yield "changes needs a written reason: releases are not joined on this column"
    if coded and variable.role not in (Role.ATTRIBUTE, Role.SENSITIVE_ATTRIBUTE):
        yield "top_code, bottom_code and round_to are for attributes; give a hierarchy instead"
    if coded and variable.type not in NUMERIC:
        yield "top_code, bottom_code and round_to need type integer or number"
    yield from _coding_problems(variable)
    if isinstance(variable.hierarchy, Intervals) and variable.type not in NUMERIC:
        yield "hierarchy intervals need type integer or number"
    if isinstance(variable.hierarchy, DateLevels) and variable.type is not ValueType.DATE:
        yield "hierarchy date needs type date"


def _coding_problems(variable: Variable) -> Iterator[str]:
    top, bottom = variable.top_code or CodeAt(), variable.bottom_code or CodeAt()
    numbers = [number for number in (top.value, bottom.value, variable.round_to) if number]
    if variable.type is ValueType.INTEGER and any(number % 1 for number in numbers):
        yield "top_code, bottom_code and round_to of an integer must be whole"
    for least, most in ((bottom.value, top.value), (bottom.percentile, top.percentile)):
        if least is not None and most is not None and least >= most:
            yield "bottom_code must lie below top_code"


def _unit_problems(plan: Plan) -> Iterator[str]:
    roles = {variable.name: variable.role for variable in plan.variables}
    for unit in plan.units:
        if roles.get(unit.column) not in (Role.STRUCTURAL, Role.DIRECT_IDENTIFIER):
            yield (
                f"units.{unit.kind}: '{unit.column}' must be a variable "
                f"with role structural or direct-identifier"
            )
    if len({unit.column for unit in plan.units}) < len(plan.units):
        yield "units: every kind of unit needs a column of its own"
    if plan.weight is not None and roles.get(plan.weight) is not Role.STRUCTURAL:
        yield f"weight: '{plan.weight}' must be a variable with role structural"


def _output_problems(plan: Plan) -> Iterator[str]:
    names = [output.name for output in plan.outputs]
    if len(set(names)) < len(names):
        yield "outputs: every output needs a name of its own"
    if plan.microdata and not any(variable.published for variable in plan.variables):
        yield "outputs: microdata need a variable that is published"
    if len(plan.microdata) > 1:
        yield (
            "outputs: two microdata outputs of one source can be joined; "
            "publish one of them, or take a plan and a source for each"
        )
    from_source = [table for table in plan.tables if table.source is None]
    if plan.microdata and from_source:
        yield (
            f"outputs: '{from_source[0].name}' is tabulated from the source and microdata complete "
            f"its blanks; add 'from: {plan.microdata[0].name}', or drop one of the two"
        )
    if len(from_source) > 1:
        yield (
            "outputs: two tables from one source are linked, also where one counts and the other "
            "sums, and are not protected together yet; publish one of them, or take both from "
            "published microdata"
        )
    for number, table in enumerate(plan.outputs):
        if isinstance(table, TableOutput):
            yield from (f"outputs[{number}].table: {text}" for text in _table_problems(plan, table))


def _table_problems(plan: Plan, table: TableOutput) -> Iterator[str]:
    variables = {variable.name: variable for variable in plan.variables}
    for name in table.dimensions:
        role = variables[name].role if name in variables else None
        if role is Role.SENSITIVE_ATTRIBUTE:
            yield (
                f"the sensitive attribute '{name}' as a dimension needs a group-disclosure rule, "
                f"which is not supported yet"
            )
        elif role is not Role.QUASI_IDENTIFIER:
            yield f"dimension '{name}' must be a quasi-identifier of this plan"
    taken = {name.casefold() for name in (table.figure, f"{table.figure}_status")}
    for name in table.dimensions:
        if name.casefold() in taken.union(CONTRIBUTION_COLUMNS):
            yield f"dimension '{name}' would stand beside a column of the same name; rename it"
    yield from _summed_problems(table, variables)
    if table.source is None:
        if table.holding and table.holding not in variables:
            yield f"holding '{table.holding}' is no variable of this plan"
        if table.holding and table.holding in (*table.dimensions, table.sum_of):
            yield f"holding '{table.holding}' must name who contributes, not what is tabulated"
        return
    if table.source not in [output.name for output in plan.microdata]:
        yield f"from: there is no microdata output '{table.source}' in this plan"
    if table.holding:
        yield "holding is for tables from the source; published microdata hold no contributors"


def _summed_problems(table: TableOutput, variables: Mapping[str, Variable]) -> Iterator[str]:
    if table.sum_of is None:
        return
    summed = variables.get(table.sum_of)
    if summed is None or summed.type not in NUMERIC:
        yield f"the summed variable '{table.sum_of}' must have type integer or number"
    elif not summed.published or summed.role is Role.DIRECT_IDENTIFIER:
        yield f"the summed variable '{table.sum_of}' is {summed.role.value}: it is not published"
    elif table.source is not None and summed.role is Role.QUASI_IDENTIFIER:
        yield (
            f"the summed variable '{table.sum_of}' is generalised in the microdata; "
            f"only attributes can be summed from them"
        )
