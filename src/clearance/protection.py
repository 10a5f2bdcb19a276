"""Protect: what each output publishes, decided on histograms and applied by the engine.

Microdata are recoded and thinned out by look-ups; tables are small frames. What comes out
is not yet packed, attacked or approved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
import pandas as pd

from clearance.coding import code, is_coded
from clearance.errors import DisclosureRiskError, PolicyError
from clearance.hierarchy import MISSING, Hierarchy
from clearance.microdata.histogram import Histogram, histogram_of
from clearance.microdata.lattice import Decision, search
from clearance.plan import (
    DateLevels,
    HierarchyFile,
    Intervals,
    MicrodataOutput,
    Plan,
    Prefix,
    Role,
    TableOutput,
    Treatment,
    ValueType,
    Variable,
)
from clearance.policy import Concentration, MicrodataRules, Policy, TableRules
from clearance.ports import Dataset, Engine
from clearance.pseudonym import pseudonyms
from clearance.tables.other_units import overlooked
from clearance.tables.protect import ProtectedTable, protect_table, published_frame
from clearance.tables.tabulate import Dimension, tabulate

Fake = Callable[..., dict[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedColumn:
    """A column as it is published; ``text`` tells citizens what was done to it.

    ``level``: of the variable's hierarchy, None where it has none.
    """

    name: str
    type: ValueType
    role: Role
    treatment: str
    text: str
    level: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedMicrodata:
    """Recoded records in the engine, without the suppressed ones."""

    output: MicrodataOutput
    rules: MicrodataRules
    dataset: Dataset
    columns: tuple[PublishedColumn, ...]
    decision: Decision


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedCells:
    """A table's published frame; ``protected`` is None where it is a function of microdata."""

    output: TableOutput
    rules: TableRules | None
    frame: pd.DataFrame
    columns: tuple[PublishedColumn, ...]
    protected: ProtectedTable | None


# ---------------------------------------------------------------- microdata


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


# ---------------------------------------------------------------- tables


def protect_source_table(
    engine: Engine,
    dataset: Dataset,
    plan: Plan,
    output: TableOutput,
    policy: Policy,
    hierarchies: Mapping[str, Hierarchy],
    concentration: Concentration | None,
) -> ProtectedCells:
    """A table straight from the source, with unsafe cells and their cover suppressed."""
    rules = policy.tables
    if rules is None:
        raise PolicyError(f"policy '{policy.id}' has no section 'tables'")
    _refuse_sums_that_count(engine, dataset, output)
    dimensions = [Dimension(name, hierarchies[name]) for name in output.dimensions]
    units = [unit.column for unit in plan.units]
    first, *others = dict.fromkeys([*([output.holding] if output.holding else []), *units]) or [
        None
    ]
    table, *other_tables = [
        tabulate(_contributions(engine, dataset, output, column), dimensions, figure=output.figure)
        for column in (first, *others)
    ]
    protected = protect_table(table, rules, concentration)
    small = overlooked(protected, other_tables, rules, concentration)
    if small:
        raise DisclosureRiskError(
            f"table '{output.name}': {small} cells are safe as contributions of {first} and unsafe "
            f"as those of {', '.join(map(str, others))}; name the coarsest kind of unit as its "
            f"holding, or use coarser dimensions"
        )
    frame = protected.frame()
    _refuse_hidden_categories(plan, output, frame)
    return ProtectedCells(
        output=output,
        rules=rules,
        frame=frame,
        columns=_table_columns(plan, output),
        protected=protected,
    )


def _refuse_sums_that_count(engine: Engine, dataset: Dataset, output: TableOutput) -> None:
    """The sum of a yes-or-no variable counts people, whom no threshold would then count."""
    if output.sum_of is None:
        return
    amounts = set(engine.values(dataset, output.sum_of)["value"]) - {MISSING, "0"}
    if len(amounts) < 2:
        raise DisclosureRiskError(
            f"table '{output.name}': every amount of {output.sum_of} is the same or 0, so that its "
            f"sums are counts which no threshold protects; publish a count with it as a dimension"
        )


def _refuse_hidden_categories(plan: Plan, output: TableOutput, frame: pd.DataFrame) -> None:
    """Names of categories come from a public code list or a figure that is shown (THREATS 10).

    Numbers and dates are known to everybody.
    """
    shown = [text != "" and Decimal(text) != 0 for text in frame[output.figure]]
    for name in output.dimensions:
        variable = plan.variable(name)
        if variable.type is not ValueType.TEXT or isinstance(variable.hierarchy, HierarchyFile):
            continue
        hidden = set(frame[name]) - set(frame[name][shown])
        if hidden:
            raise DisclosureRiskError(
                f"table '{output.name}': {len(hidden)} categories of {name} are known from the "
                f"data alone and every figure of them is suppressed, so that their names disclose; "
                f"give {name} a hierarchy file (a public code list) or coarser values"
            )


def table_from_microdata(
    engine: Engine,
    microdata: ProtectedMicrodata,
    plan: Plan,
    output: TableOutput,
    hierarchies: Mapping[str, Hierarchy],
) -> ProtectedCells:
    """A table of the published microdata: it adds nothing to them, so nothing is suppressed."""
    contributions = _contributions(engine, microdata.dataset, output, None)
    dimensions = [
        Dimension(name, from_level(hierarchies[name], microdata.decision.levels[name]))
        for name in output.dimensions
    ]
    table = tabulate(contributions, dimensions, figure=output.figure)
    return ProtectedCells(
        output=output,
        rules=None,
        frame=published_frame(table, np.zeros(len(table.cells), dtype=bool)),
        columns=_table_columns(plan, output),
        protected=None,
    )


def from_level(hierarchy: Hierarchy, level: int) -> Hierarchy:
    """The hierarchy whose leaves are the labels of ``level``."""
    first = pd.Series(hierarchy.levels[level]).drop_duplicates().index
    levels = tuple(tuple(labels[number] for number in first) for labels in hierarchy.levels[level:])
    return replace(hierarchy, levels=levels)


def _contributions(
    engine: Engine, dataset: Dataset, output: TableOutput, contributor: str | None
) -> pd.DataFrame:
    """One row per leaf cell and contributor; each record is one where nobody is named."""
    keys = [*output.dimensions, *([contributor] if contributor else [])]
    if contributor is None:
        wanted = [*keys, output.sum_of] if output.sum_of else keys
        frame = engine.histogram(dataset, list(dict.fromkeys(wanted)))
        return _spread(frame, output)
    if output.sum_of:
        frame = engine.sums(dataset, keys, output.sum_of)
    else:
        frame = engine.histogram(dataset, keys)
    return frame.rename(columns={contributor: "contributor"})


def _spread(frame: pd.DataFrame, output: TableOutput) -> pd.DataFrame:
    """One row per record, numbered, where each record is a contributor of its own."""
    rows = frame.loc[np.repeat(frame.index.to_numpy(), frame["records"])].reset_index(drop=True)
    amounts = [Decimal(text or "0") for text in rows[output.sum_of]] if output.sum_of else []
    rows = rows.assign(records=1, contributor=[str(number) for number in range(len(rows))])
    if output.sum_of:
        rows = rows.assign(amount=pd.Series(amounts, dtype=object))
        rows = rows[[*output.dimensions, "contributor", "records", "amount"]]
    return rows.astype({"records": "int64"})


def _table_columns(plan: Plan, output: TableOutput) -> tuple[PublishedColumn, ...]:
    dimensions = tuple(
        PublishedColumn(
            name=name,
            type=ValueType.TEXT,
            role=Role.QUASI_IDENTIFIER,
            treatment="dimension",
            text="Categories at every level of their hierarchy; _T is the total, _U unknown.",
        )
        for name in output.dimensions
    )
    summed = plan.variable(output.sum_of) if output.sum_of else None
    figure = PublishedColumn(
        name=output.figure,
        type=summed.type if summed else ValueType.INTEGER,
        role=Role.ATTRIBUTE,
        treatment="figure",
        text="Empty where the figure is suppressed.",
    )
    status = PublishedColumn(
        name=f"{output.figure}_status",
        type=ValueType.TEXT,
        role=Role.ATTRIBUTE,
        treatment="status",
        text="c: suppressed, the figure is confidential; empty: the figure is shown.",
    )
    return (*dimensions, figure, status)


def types_of(columns: Sequence[PublishedColumn]) -> dict[str, ValueType]:
    """Column to published type, in the file's order: what `Engine.export` takes."""
    return {column.name: column.type for column in columns}
