"""The tables of a release, attacked together and judged."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from clearance.attack.categories import Categories, categories
from clearance.attack.cells import PublishedTable, read_table
from clearance.attack.contributions import (
    TrueTable,
    columns_needed,
    contributor_of,
    true_table,
)
from clearance.attack.intervals import Asked, exposed_cells
from clearance.attack.joint import known_from_microdata
from clearance.attack.published import PublishedMicrodata
from clearance.attack.reading import UnreadableFileError
from clearance.attack.recount import classes_of
from clearance.attack.result import TableAttack, Truth, blocked
from clearance.attack.table_rules import (
    check_figures,
    check_listed,
    check_order,
    check_plan,
    check_rules,
    check_small,
    check_unsafe,
    completed,
)
from clearance.findings import Finding
from clearance.hierarchy import Hierarchy
from clearance.plan import Plan, TableOutput
from clearance.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """What the attack on the tables of a release is given."""

    plan: Plan
    policies: Mapping[str, Policy]
    hierarchies: Mapping[str, Hierarchy]
    truth: Truth
    microdata: Mapping[str, PublishedMicrodata]


def read_tables(
    release: Release, frames: Mapping[str, pd.DataFrame]
) -> tuple[dict[str, PublishedTable], tuple[Finding, ...]]:
    """The tables of ``frames`` (by output) as cells; what cannot be read as such is a finding."""
    tables: dict[str, PublishedTable] = {}
    findings = []
    axes = sorted({name for each in release.plan.tables for name in each.dimensions})
    for output in release.plan.tables:
        if output.name not in frames:
            continue
        file = f"data/{output.name}.csv"
        try:
            found = {name: _categories(release, output, name) for name in output.dimensions}
            tables[output.name] = read_table(output, file, frames[output.name], found, axes)
        except UnreadableFileError as error:
            findings.append(_unreadable(file, str(error)))
    return tables, tuple(findings)


def attack_tables(
    release: Release, tables: Mapping[str, PublishedTable], splits: Mapping[str, int]
) -> tuple[dict[str, TableAttack], tuple[Finding, ...]]:
    """Figures of every table, by its name, and all findings.

    ``splits``: how many blanks of a table something public calls primary.
    """
    results: dict[str, TableAttack] = {}
    findings: list[Finding] = []
    asked: list[Asked] = []
    for name, table in tables.items():
        findings += check_order(table)
        if table.output.source is None:
            findings += _beside_mixed(release, table)
            each, more = _from_source(release, table, splits.get(name))
            asked += [each] if each else []
        else:
            results[name], more = _from_microdata(release, table)
        findings += more
    more_results, more = _intervals(asked)
    return results | more_results, (*findings, *more)


def _categories(release: Release, output: TableOutput, name: str) -> Categories:
    if output.source is None:
        return categories(name, release.hierarchies[name])
    microdata = release.microdata.get(output.source)
    if microdata is None or name not in microdata.levels:
        raise UnreadableFileError(f"is tabulated from a file whose column {name} cannot be judged")
    return categories(name, release.hierarchies[name], level=microdata.levels[name])


# ---------------------------------------------------------------- from published microdata


def _from_microdata(release: Release, table: PublishedTable) -> tuple[TableAttack, list[Finding]]:
    """Such a table must say what the file says: it adds nothing, and hides nothing."""
    output = table.output
    rows = release.microdata[output.source or ""].rows
    wanted = columns_needed(output, None)
    if output.sum_of is not None and output.sum_of not in rows.frame.columns:
        return _untouched(table), [_unreadable(table.file, "sums what the file does not show")]
    classes = classes_of(rows, wanted)
    records = rows.frame.iloc[classes.first][wanted].assign(records=classes.records)
    recount = true_table(records, output, table.categories, table.axes, None)
    exposed = len(table.blanks)
    findings = [*check_figures(table, recount), *check_listed(table, recount)]
    if exposed:
        findings.append(completed(table, exposed, output.source or ""))
    rules = release.policies[output.policy].tables
    if rules is not None:
        findings += check_small(table, recount, rules)
    attacked = replace(_untouched(table), attacked=exposed, exposed=exposed)
    return attacked, findings


# ---------------------------------------------------------------- from the source


def _true(release: Release, table: PublishedTable, contributor: str | None) -> TrueTable:
    """The table tabulated again from the source, with the contributors that a column names."""
    records = release.truth.engine.histogram(
        release.truth.dataset, columns_needed(table.output, contributor)
    )
    return true_table(records, table.output, table.categories, table.axes, contributor)


def _from_source(
    release: Release, table: PublishedTable, split: int | None
) -> tuple[Asked | None, list[Finding]]:
    output = table.output
    rules = release.policies[output.policy].tables
    if rules is None:
        return None, [_no_rules(table)]
    contributor = contributor_of(release.plan, output)
    true = _true(release, table, contributor)
    concentration = release.truth.concentration.get(output.policy)
    applying = concentration if output.sum_of is not None or true.several else None
    findings = [
        *check_plan(release.plan, table),
        *check_rules(table, true, applying),
        *check_figures(table, true),
        *check_listed(table, true),
        *check_unsafe(table, true, rules, applying),
    ]
    for unit in release.plan.units:
        if unit.column != contributor:
            other = _true(release, table, unit.column)
            judged = concentration if output.sum_of is not None or other.several else None
            findings += check_unsafe(table, other, rules, judged)
    beforehand = {
        cell: bounds
        for microdata in release.microdata.values()
        if output.sum_of is None and contributor is None
        for cell, bounds in known_from_microdata(
            table, microdata.rows, microdata.levels, release.hierarchies, microdata.rules.k
        ).items()
    }
    asked = Asked(
        table=table,
        rules=rules,
        truth=true,
        applying=applying,
        beforehand=beforehand,
        split=split if output.sum_of is None else None,
    )
    return asked, findings


def _beside_mixed(release: Release, table: PublishedTable) -> Iterator[Finding]:
    """What a file of mixed levels says of a table's cells is not worked out."""
    files = [each.file for each in release.microdata.values() if each.mixed]
    if files:
        yield blocked(
            "microdata-and-table",
            f"{table.file}, {', '.join(files)}",
            len(files),
            "microdata whose records have levels of their own and a table of the same source are "
            "not attacked together yet; tabulate from the microdata, or publish one of them",
        )


def _no_rules(table: PublishedTable) -> Finding:
    return blocked(
        "no-table-rules",
        table.file,
        1,
        f"policy {table.output.policy} has no rules for tables; add a section 'tables'",
    )


# ---------------------------------------------------------------- of both kinds


def _intervals(asked: Sequence[Asked]) -> tuple[dict[str, TableAttack], list[Finding]]:
    """Tables of one figure are one system."""
    results: dict[str, TableAttack] = {}
    figures = dict.fromkeys(each.table.output.sum_of for each in asked)
    findings = [_several_figures(asked, len(figures))] if len(figures) > 1 else []
    for figure in figures:
        group = [each for each in asked if each.table.output.sum_of == figure]
        verdict = exposed_cells(group)
        for each in group:
            table, fallen = each.table, len(verdict.exposed[each.table.output.name])
            attacked = replace(_untouched(table), attacked=len(table.blanks), exposed=fallen)
            results[table.output.name] = attacked
            findings += _exposed(table, fallen, consistent=verdict.consistent)
    return results, findings


def _several_figures(asked: Sequence[Asked], count: int) -> Finding:
    """A sum that is shown says that the blank count beside it reaches the threshold."""
    return blocked(
        "several-figures",
        ", ".join(each.table.file for each in asked),
        count,
        "tables of different figures from one source complete each other's blanks and are not "
        "attacked together yet; publish one of them",
    )


def _exposed(table: PublishedTable, fallen: int, *, consistent: bool) -> Iterator[Finding]:
    if not consistent:
        yield blocked(
            "inconsistent-figures",
            table.file,
            len(table.blanks),
            "no table at all fits the published figures and rules; tabulate anew",
        )
    elif fallen:
        yield blocked(
            "cell-exposed",
            table.file,
            fallen,
            f"{fallen} of {len(table.blanks)} suppressed cells follow from what is public, or "
            f"lie below the minimum frequency in every table that fits; suppress further cells",
        )


def _untouched(table: PublishedTable) -> TableAttack:
    return TableAttack(name=table.output.name, file=table.file, attacked=0, exposed=0)


def _unreadable(file: str, reason: str) -> Finding:
    return blocked("unreadable-file", file, 1, f"{reason}; write the file anew")
