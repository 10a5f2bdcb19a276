"""Microdata: direct identifiers replaced, the rest generalised, blanked, coded, thinned out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from clearance.coding import code, is_coded
from clearance.errors import DisclosureRiskError
from clearance.hierarchy import MISSING, Hierarchy
from clearance.microdata.deciding import decide
from clearance.microdata.decision import Decision
from clearance.microdata.histogram import Histogram, histogram_of
from clearance.microdata.scales import Nature
from clearance.plan import MicrodataOutput, Plan, Role, Treatment, Variable
from clearance.policy import MicrodataRules
from clearance.ports import Dataset, Engine
from clearance.protection.assessment import Assessment, assess
from clearance.protection.microdata_columns import generalised_column, published_column
from clearance.protection.published import PublishedColumn
from clearance.protection.true_values import (
    perturbed_sensitive,
    rules_for_both,
    true_name,
    with_true_values,
)
from clearance.pseudonym import pseudonyms

Fake = Callable[..., dict[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedMicrodata:
    """Recoded records in the engine, without the suppressed ones; what that gained and cost."""

    output: MicrodataOutput
    rules: MicrodataRules
    dataset: Dataset
    columns: tuple[PublishedColumn, ...]
    decision: Decision
    assessment: Assessment


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
    true: Dataset | None = None,
    population: Dataset | None = None,
) -> ProtectedMicrodata:
    """The microdata of ``output`` under ``rules``, with the least loss that satisfies them.

    ``dataset``: canonical text. ``key``: belongs to this release and output alone.
    ``true``: the source as it was, where the plan perturbs and ``dataset`` is what that made.
    ``population``: canonical text of the population table, where the plan names one.
    DisclosureRiskError where the rules cannot be met within their limit, or a coded end
    holds fewer than k units.
    """
    histogram = _histogram(engine, dataset, true or dataset, population, plan, hierarchies)
    decision = decide(histogram, rules_for_both(rules, tuple(perturbed_sensitive(plan))))
    kept = engine.without(dataset, decision.suppressed)
    lookups, columns = {}, []
    for variable in plan.variables:
        if not variable.published:
            continue
        if variable.role is Role.QUASI_IDENTIFIER:
            columns.append(generalised_column(plan, variable, decision, hierarchies))
            continue
        values = engine.values(kept, variable.name)
        lookups[variable.name] = _frame(_lookup(variable, values, key, fake))
        if is_coded(variable):
            _refuse_small_ends(engine, kept, plan, variable, values, rules.k)
        columns.append(published_column(plan, variable))
    made = engine.recode(_generalised(engine, kept, decision, hierarchies), lookups)
    return ProtectedMicrodata(
        output=output,
        rules=rules,
        dataset=made,
        columns=tuple(columns),
        decision=decision,
        assessment=assess(engine, dataset, made, plan, histogram, decision, hierarchies),
    )


def _generalised(
    engine: Engine, dataset: Dataset, decision: Decision, hierarchies: Mapping[str, Hierarchy]
) -> Dataset:
    """``dataset`` with the labels that were decided on, by column or by record."""
    if decision.rewritten is not None:
        return engine.rewrite(dataset, decision.rewritten.keys, decision.rewritten.published)
    lookups = {
        name: _frame(hierarchies[name].recoding(level))
        for name, level in (decision.levels or {}).items()
        if level > 0
    }
    return engine.recode(dataset, lookups) if lookups else dataset


def _histogram(
    engine: Engine,
    dataset: Dataset,
    true: Dataset,
    population: Dataset | None,
    plan: Plan,
    hierarchies: Mapping[str, Hierarchy],
) -> Histogram:
    """Distinct combinations; with units named only where records are not units already."""
    quasi = [variable.name for variable in plan.with_role(Role.QUASI_IDENTIFIER)]
    sensitive = [variable.name for variable in plan.with_role(Role.SENSITIVE_ATTRIBUTE)]
    units = _units_that_matter(engine, dataset, plan)
    seen = _as_shown(engine, dataset, plan)
    both = perturbed_sensitive(plan)
    columns = dict.fromkeys([*quasi, *sensitive, *units, *both.values()])
    frame = engine.histogram(seen, list(columns))
    if both:
        frame = with_true_values(engine, frame, _as_shown(engine, true, plan), both)
    return histogram_of(
        frame,
        variables=quasi,
        hierarchies=hierarchies,
        sensitive=[*sensitive, *map(true_name, both)],
        natures=_natures(plan, hierarchies),
        entity=units[0] if units else None,
        holders=units[1:],
        population=None if population is None else engine.histogram(population, quasi),
    )


def _natures(plan: Plan, hierarchies: Mapping[str, Hierarchy]) -> dict[str, Nature]:
    """What distances of sensitive attributes are measured on; of true values as of shown ones."""
    natures = {
        variable.name: Nature(kind=variable.type, hierarchy=hierarchies.get(variable.name))
        for variable in plan.with_role(Role.SENSITIVE_ATTRIBUTE)
    }
    return natures | {true_name(name): natures[name] for name in perturbed_sensitive(plan)}


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


def _lookup(variable: Variable, values: pd.DataFrame, key: bytes, fake: Fake) -> Mapping[str, str]:
    known = values["value"].tolist()
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
