"""A plan from the document that a steward wrote."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from clearance.documents import check
from clearance.errors import PlanError
from clearance.plan.agreement import problems
from clearance.plan.perturbation import parse_perturbation, parse_swap
from clearance.plan.types import (
    CodeAt,
    Contact,
    DateLevels,
    HierarchyFile,
    HierarchySource,
    Intervals,
    Material,
    MicrodataOutput,
    Output,
    Plan,
    Prefix,
    Role,
    TableOutput,
    Treatment,
    Unit,
    ValueType,
    Variable,
)
from clearance.schemas import load as load_schema


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
        population_path=document.get("population", {}).get("path"),
        swap=parse_swap(document["swap"]) if "swap" in document else None,
    )
    found = tuple(problems(plan))
    if found:
        raise PlanError("\n".join(f"{where}: {problem}" for problem in found))
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
        perturb=parse_perturbation(section["perturb"]) if "perturb" in section else None,
        reason=section.get("reason"),
        changes=section.get("changes", False),
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
