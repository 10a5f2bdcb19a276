"""Tables: from the source with unsafe cells suppressed, or from published microdata."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

import numpy as np
import pandas as pd

from clearance.errors import DisclosureRiskError, PolicyError
from clearance.hierarchy import MISSING, Hierarchy
from clearance.plan import (
    HierarchyFile,
    Plan,
    Role,
    TableOutput,
    ValueType,
)
from clearance.policy import Concentration, Policy, TableRules
from clearance.ports import Dataset, Engine
from clearance.protection.published import PublishedColumn
from clearance.protection.records import ProtectedMicrodata
from clearance.tables.other_units import overlooked
from clearance.tables.protect import ProtectedTable, protect_table, published_frame
from clearance.tables.tabulate import Dimension, tabulate


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectedCells:
    """A table's published frame; ``protected`` is None where it is a function of microdata."""

    output: TableOutput
    rules: TableRules | None
    frame: pd.DataFrame
    columns: tuple[PublishedColumn, ...]
    protected: ProtectedTable | None


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
    """A table of the published microdata: it adds nothing to them, so nothing is suppressed.

    PolicyError where their records have levels of their own.
    """
    levels = microdata.decision.levels
    if levels is None:
        raise PolicyError(f"table '{output.name}': records have levels of their own; take global")
    contributions = _contributions(engine, microdata.dataset, output, None)
    dimensions = [
        Dimension(name, from_level(hierarchies[name], levels[name])) for name in output.dimensions
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
