"""Microdata: direct identifiers replaced, the rest generalised, coded and thinned out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from clearance.coding import code, is_coded
from clearance.errors import DisclosureRiskError
from clearance.hierarchy import MISSING, Hierarchy
from clearance.microdata.histogram import Histogram, histogram_of
from clearance.microdata.lattice import Decision, search
from clearance.plan import (
    DateLevels,
    Intervals,
    MicrodataOutput,
    Plan,
    Prefix,
    Role,
    Treatment,
    ValueType,
    Variable,
)
from clearance.policy import MicrodataRules
from clearance.ports import Dataset, Engine
from clearance.protection.published import PublishedColumn
from clearance.pseudonym import pseudonyms

Fake = Callable[..., dict[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedMicrodata:
    """Recoded records in the engine, without the suppressed ones."""

    output: MicrodataOutput
    rules: MicrodataRules
    dataset: Dataset
    columns: tuple[PublishedColumn, ...]
    decision: Decision


def protect_microdata(
    engine: Engine,
    dataset: Dataset,
    plan: Plan,
    output: MicrodataOutput,
    rules: MicrodataRules,
    hierarchies: Mapping[str, Hierarchy],
    *,
    key: bytes,
    fake: Fake,
) -> ProtectedMicrodata:
    """The microdata of ``output`` under ``rules``, with the least loss that satisfies them.

    ``dataset``: canonical text. ``key``: belongs to this release and output alone.
    DisclosureRiskError where the rules cannot be met within their limit, or a coded end
    holds fewer than k units.
    """
    quasi = [variable.name for variable in plan.with_role(Role.QUASI_IDENTIFIER)]
    decision = search(_histogram(engine, dataset, plan, hierarchies), rules)
    kept = engine.without(dataset, decision.suppressed)
    lookups, columns = {}, []
    for variable in plan.variables:
        if not variable.published:
            continue
        level = decision.levels[variable.name] if variable.name in quasi else None
        values = engine.values(kept, variable.name)
        lookups[variable.name] = _frame(_lookup(variable, values, hierarchies, level, key, fake))
        if is_coded(variable):
            _refuse_small_ends(engine, kept, plan, variable, values, rules.k)
        columns.append(_column(variable, level, hierarchies))
    return ProtectedMicrodata(
        output=output,
        rules=rules,
        dataset=engine.recode(kept, lookups),
        columns=tuple(columns),
        decision=decision,
    )


def _histogram(
    engine: Engine, dataset: Dataset, plan: Plan, hierarchies: Mapping[str, Hierarchy]
) -> Histogram:
    """Distinct combinations; with units named only where records are not units already."""
    quasi = [variable.name for variable in plan.with_role(Role.QUASI_IDENTIFIER)]
    sensitive = [variable.name for variable in plan.with_role(Role.SENSITIVE_ATTRIBUTE)]
    units = _units_that_matter(engine, dataset, plan)
    seen = _as_shown(engine, dataset, plan)
    frame = engine.histogram(seen, list(dict.fromkeys([*quasi, *sensitive, *units])))
    return histogram_of(
        frame,
        variables=quasi,
        hierarchies=hierarchies,
        sensitive=sensitive,
        entity=units[0] if units else None,
        holders=units[1:],
    )


def _as_shown(engine: Engine, dataset: Dataset, plan: Plan) -> Dataset:
    """Sensitive attributes as they are shown: values that rounding makes equal are one."""
    lookups = {
        variable.name: _frame(code(variable, engine.values(dataset, variable.name)).lookup)
        for variable in plan.with_role(Role.SENSITIVE_ATTRIBUTE)
        if is_coded(variable)
    }
    return engine.recode(dataset, lookups) if lookups else dataset


def _frame(lookup: Mapping[str, str]) -> pd.DataFrame:
    return pd.DataFrame({"value": list(lookup), "replacement": list(lookup.values())}, dtype=object)


def _units_that_matter(engine: Engine, dataset: Dataset, plan: Plan) -> list[str]:
    """The units' columns, entity first; none where every record is a unit of every kind.

    A published link (pseudonym or fake) whose values repeat makes its composition the
    profile, so its column becomes the entity. Two such links are refused.
    """
    columns = [unit.column for unit in plan.units]
    links = [
        variable.name
        for variable in plan.with_role(Role.DIRECT_IDENTIFIER)
        if variable.published and _repeats(engine, dataset, variable.name)
    ]
    if len(links) > 1:
        raise DisclosureRiskError(
            f"{', '.join(links)}: {len(links)} published pseudonyms link records in several "
            f"ways; publish one of them at most"
        )
    if links:
        return [*links, *(column for column in columns if column not in links)]
    return columns if any(_repeats(engine, dataset, column) for column in columns) else []


def _repeats(engine: Engine, dataset: Dataset, column: str) -> bool:
    values = engine.values(dataset, column)
    return bool((values["records"] > 1).any()) or MISSING in set(values["value"])


def _lookup(
    variable: Variable,
    values: pd.DataFrame,
    hierarchies: Mapping[str, Hierarchy],
    level: int | None,
    key: bytes,
    fake: Fake,
) -> Mapping[str, str]:
    known = values["value"].tolist()
    if level is not None:
        recoding = hierarchies[variable.name].recoding(level)
        return {value: recoding[value] for value in known}
    if variable.treatment is Treatment.PSEUDONYM:
        return pseudonyms(known, key=key, column=variable.name)
    if variable.treatment is Treatment.FAKE:
        return fake(known, key=key, column=variable.name)
    if is_coded(variable):
        return code(variable, values).lookup
    return {value: value for value in known}


def _refuse_small_ends(
    engine: Engine,
    dataset: Dataset,
    plan: Plan,
    variable: Variable,
    values: pd.DataFrame,
    k: int,
) -> None:
    """DisclosureRiskError where fewer than ``k`` units of a kind, but some, lie at a coded end."""
    coded = code(variable, values)
    for name, end in (("top_code", coded.at_top), ("bottom_code", coded.at_bottom)):
        counts = _units_with(engine, dataset, plan, variable.name, end)
        if end and min(counts) < k:
            raise DisclosureRiskError(
                f"{variable.name}: {min(counts)} units lie at its {name}, fewer than k={k}; "
                f"move the {name} further in"
            )


def _units_with(
    engine: Engine, dataset: Dataset, plan: Plan, column: str, values: Sequence[str]
) -> list[int]:
    """How many distinct units of each kind hold one of ``values``; records where they are units."""
    if not plan.units:
        found = engine.values(dataset, column)
        return [int(found["records"][found["value"].isin(values)].sum())]
    frames = [engine.histogram(dataset, [column, unit.column]) for unit in plan.units]
    return [
        int(frame[unit.column][frame[column].isin(values)].nunique())
        for frame, unit in zip(frames, plan.units, strict=True)
    ]


def _column(
    variable: Variable, level: int | None, hierarchies: Mapping[str, Hierarchy]
) -> PublishedColumn:
    generalised = level is not None and level > 0
    return PublishedColumn(
        name=variable.name,
        type=ValueType.TEXT if generalised or variable.treatment else variable.type,
        role=variable.role,
        treatment=_treatment(variable, level),
        text=_told(variable, level, hierarchies),
        level=level,
    )


def _treatment(variable: Variable, level: int | None) -> str:
    if level is not None:
        return "generalised" if level else "unchanged"
    if variable.treatment:
        return variable.treatment.value
    return "coded" if is_coded(variable) else "unchanged"


def _told(variable: Variable, level: int | None, hierarchies: Mapping[str, Hierarchy]) -> str:
    if level is not None:
        return _generalised(variable, level, hierarchies[variable.name].height)
    if variable.treatment is Treatment.PSEUDONYM:
        return "Replaced by a pseudonym that holds in this file only."
    if variable.treatment is Treatment.FAKE:
        return "Replaced by a made-up name that holds in this file only."
    parts = []
    if variable.top_code:
        parts.append("values above a threshold are shown as the threshold")
    if variable.bottom_code:
        parts.append("values below a threshold are shown as the threshold")
    if variable.round_to:
        parts.append(f"rounded to the nearest multiple of {variable.round_to:f}")
    return f"{', '.join(parts).capitalize()}." if parts else "Shown as it is in the source."


def _generalised(variable: Variable, level: int, height: int) -> str:
    if level == 0:
        return "Shown as it is in the source."
    if level == height:
        return "Not shown: every value is replaced by *."
    match variable.hierarchy:
        case Intervals(widths):
            return f"Shown in intervals of {widths[level - 1]:f}."
        case Prefix(lengths):
            return f"Shown by the first {lengths[level - 1]} characters."
        case DateLevels(levels):
            return f"Shown by {levels[level - 1]}."
        case _:
            return f"Shown in groups: level {level} of {height} of its hierarchy."
