"""A dataset's plan: what it is, what each column is, what leaves the house.

Parsed once, by `parse`, into frozen types; nothing here reads a file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal

from clearance.documents import check
from clearance.errors import PlanError
from clearance.schemas import load as load_schema


class Role(StrEnum):
    """What a column is in disclosure control; every column has exactly one."""

    DIRECT_IDENTIFIER = "direct-identifier"
    QUASI_IDENTIFIER = "quasi-identifier"
    SENSITIVE_ATTRIBUTE = "sensitive-attribute"
    ATTRIBUTE = "attribute"
    STRUCTURAL = "structural"


class Treatment(StrEnum):
    """What becomes of a direct identifier."""

    DROP = "drop"
    PSEUDONYM = "pseudonym"
    FAKE = "fake"


class ValueType(StrEnum):
    """How the text of a column is read."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    DATE = "date"


class Material(StrEnum):
    """What kind of material a dataset is; no kind switches protection off."""

    PERSONAL_DATA = "personal-data"
    POLICY_DOCUMENT = "policy-document"
    SECURITY = "security"
    NON_PERSONAL = "non-personal"


@dataclass(frozen=True, slots=True)
class HierarchyFile:
    """A CSV with one row per leaf, one column per level, the leaf first."""

    path: str


@dataclass(frozen=True, slots=True)
class Intervals:
    """Numeric intervals of the given widths, each a multiple of the one before."""

    widths: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True)
class Prefix:
    """The first ``lengths`` characters of a code, longest first."""

    lengths: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class DateLevels:
    """Calendar levels above the day, finest first: month, quarter, year."""

    levels: tuple[Literal["month", "quarter", "year"], ...]


HierarchySource = HierarchyFile | Intervals | Prefix | DateLevels


@dataclass(frozen=True, slots=True)
class CodeAt:
    """Where top or bottom coding begins: a value of the variable, or a percentile (0 to 100)."""

    value: Decimal | None = None
    percentile: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One column of the source."""

    name: str
    role: Role
    type: ValueType = ValueType.TEXT
    treatment: Treatment | None = None
    hierarchy: HierarchySource | None = None
    top_code: CodeAt | None = None
    bottom_code: CodeAt | None = None
    round_to: Decimal | None = None
    reason: str | None = None
    label: str | None = None

    @property
    def published(self) -> bool:
        """Whether microdata carry this column."""
        if self.role is Role.STRUCTURAL:
            return False
        return self.role is not Role.DIRECT_IDENTIFIER or self.treatment is not Treatment.DROP


@dataclass(frozen=True, slots=True)
class Unit:
    """A kind of unit that is protected, e.g. ``person``, and the column that names it."""

    kind: str
    column: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MicrodataOutput:
    """Records of the source, protected."""

    name: str
    policy: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TableOutput:
    """Counts or sums over dimensions, with margins.

    ``sum_of``: the summed variable, or None for counts.
    ``source``: name of the microdata output that it is tabulated from, or None for the source.
    ``holding``: column that names the contributor, or None for the first unit.
    """

    name: str
    policy: str
    dimensions: tuple[str, ...]
    sum_of: str | None = None
    source: str | None = None
    holding: str | None = None

    @property
    def figure(self) -> str:
        """Name of the published figure's column."""
        return self.sum_of or "count"


Output = MicrodataOutput | TableOutput


@dataclass(frozen=True, slots=True)
class Contact:
    name: str
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One dataset's plan, complete and consistent.

    ``units`` is empty where every record is a unit of its own (``units: record``).
    ``source_path`` is as the steward wrote it: absolute or relative to the plan's folder.
    """

    dataset: str
    title: str
    period: str
    description: str
    material: Material
    owner: str
    steward: str
    legal_basis: str
    organization: str
    contact: Contact
    license: str
    frequency: str
    keywords: tuple[str, ...]
    source_path: str
    units: tuple[Unit, ...]
    variables: tuple[Variable, ...]
    outputs: tuple[Output, ...]
    not_before: datetime | None = None
    weight: str | None = None

    def variable(self, name: str) -> Variable:
        """The variable called ``name``; KeyError where there is none."""
        return {variable.name: variable for variable in self.variables}[name]

    def with_role(self, *roles: Role) -> tuple[Variable, ...]:
        """The variables with one of ``roles``, in the plan's order."""
        return tuple(variable for variable in self.variables if variable.role in roles)

    @property
    def microdata(self) -> tuple[MicrodataOutput, ...]:
        return tuple(output for output in self.outputs if isinstance(output, MicrodataOutput))

    @property
    def tables(self) -> tuple[TableOutput, ...]:
        return tuple(output for output in self.outputs if isinstance(output, TableOutput))


def parse(document: Mapping[str, Any], *, dataset: str, where: str) -> Plan:
    """The plan of ``dataset`` in ``document``.

    PlanError names ``where``, the path and what was expected, for every problem at once.
    """
    check(document, load_schema("plan"), where=where)
    plan = Plan(
        dataset=dataset,
        title=document["title"],
        period=document["period"],
        description=document["description"].strip(),
        material=Material(document["material"]),
        owner=document["owner"],
        steward=document["steward"],
        legal_basis=document["legal_basis"],
        organization=document["organization"],
        contact=Contact(**document["contact"]),
        license=document["license"],
        frequency=document["frequency"],
        keywords=tuple(document["keywords"]),
        source_path=document["source"]["path"],
        units=_units(document["units"]),
        variables=tuple(_variable(*item) for item in document["variables"].items()),
        outputs=tuple(_output(item) for item in document["outputs"]),
        not_before=_instant(document.get("not_before"), where),
        weight=document.get("weight"),
    )
    problems = tuple(_problems(plan))
    if problems:
        raise PlanError("\n".join(f"{where}: {problem}" for problem in problems))
    return plan


def _instant(text: str | None, where: str) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError):
        raise PlanError(f"{where}: not_before: expected an instant that exists") from None


def _units(section: str | Mapping[str, str]) -> tuple[Unit, ...]:
    return () if isinstance(section, str) else tuple(Unit(*item) for item in section.items())


def _variable(name: str, section: Mapping[str, Any]) -> Variable:
    role = Role(section["role"])
    treatment = section.get("treatment", "drop" if role is Role.DIRECT_IDENTIFIER else None)
    return Variable(
        name=name,
        role=role,
        type=ValueType(section.get("type", "text")),
        treatment=Treatment(treatment) if treatment else None,
        hierarchy=_hierarchy(section.get("hierarchy")),
        top_code=_code_at(section.get("top_code")),
        bottom_code=_code_at(section.get("bottom_code")),
        round_to=Decimal(str(section["round_to"])) if "round_to" in section else None,
        reason=section.get("reason"),
        label=section.get("label"),
    )


def _hierarchy(section: str | Mapping[str, Any] | None) -> HierarchySource | None:
    match section:
        case None:
            return None
        case str():
            return HierarchyFile(section)
        case {"intervals": widths}:
            return Intervals(tuple(Decimal(str(width)) for width in widths))
        case {"prefix": lengths}:
            return Prefix(tuple(lengths))
        case _:
            return DateLevels(tuple(section["date"]))


def _code_at(section: Mapping[str, Any] | None) -> CodeAt | None:
    if section is None:
        return None
    return CodeAt(**{key: Decimal(str(number)) for key, number in section.items()})


def _output(section: Mapping[str, Any]) -> Output:
    if "microdata" in section:
        return MicrodataOutput(**section["microdata"])
    table = section["table"]
    measure = table["measure"]
    return TableOutput(
        name=table["name"],
        policy=table["policy"],
        dimensions=tuple(table["dimensions"]),
        sum_of=None if measure == "count" else measure["sum"],
        source=table.get("from"),
        holding=table.get("holding"),
    )


def _problems(plan: Plan) -> Iterator[str]:
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
    if variable.hierarchy and not is_quasi:
        yield "a hierarchy is for a quasi-identifier only"
    if variable.role is Role.ATTRIBUTE and not variable.reason:
        yield (
            "an attribute is published as it is and needs a written reason; "
            "without one it is a quasi-identifier"
        )
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
