"""The attack on a release: everything public at once, then the judgement.

The intruder's side (reading, levels, classes, links, intervals, scans) works on public bytes,
plan, public policies and hierarchies. The judge's side compares with the source, and with
requirements that it takes from policy and source itself, never from what protected the data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from clearance.attack.cells import PublishedTable
from clearance.attack.data_package import (
    PublishedColumns,
    check_data_package,
    check_extents,
    stated_types,
)
from clearance.attack.filelist import check_files
from clearance.attack.identifiers import (
    known_identifiers,
    scan_metadata,
    scan_microdata,
    scan_table,
)
from clearance.attack.levels import stars
from clearance.attack.opened import is_data, read_data, read_microdata, read_report
from clearance.attack.perturbation import check_changes
from clearance.attack.public_numbers import Facts
from clearance.attack.public_report import check_report
from clearance.attack.published import PublishedMicrodata
from clearance.attack.reading import Reader
from clearance.attack.records_attack import attack_microdata
from clearance.attack.release_checks import (
    check_floors,
    check_links,
    check_order,
    check_parquet,
)
from clearance.attack.remembered import remembering
from clearance.attack.result import AttackReport, MicrodataAttack, TableAttack, Truth
from clearance.attack.rows import Rows, column_counts, distinct, texts_of
from clearance.attack.splits import check_splits, primary_counts, stated_splits
from clearance.attack.table_attack import Release, attack_tables, read_tables
from clearance.attack.vanished import check_vanished, metadata_segments
from clearance.content import Content, whole
from clearance.findings import Finding
from clearance.hierarchy import MISSING, Hierarchy
from clearance.plan import Plan
from clearance.policy import Policy

PACKAGE_FILE = "datapackage.json"


def attack(
    files: Mapping[str, Content],
    *,
    plan: Plan,
    policies: Mapping[str, Policy],
    hierarchies: Mapping[str, Hierarchy],
    truth: Truth,
    rows: Reader,
) -> AttackReport:
    """What an intruder learns from the public ``files`` of a release, and what that breaks.

    ``files``: every file that will be public, path to content, as they lie in the vault.
    ``policies`` by id; ``hierarchies`` by variable, sensitive ones too where they have one.
    ``rows`` reads data files. Never raises for what it finds: every exposure, and whatever
    cannot be judged, is a finding that blocks.
    """
    truth = remembering(truth)
    records, frames, findings = read_data(files, plan, rows)
    metadata = {path: whole(files[path]) for path in files if not is_data(path)}
    report, unreadable = read_report(metadata)
    findings += [*check_files(files, plan), *check_floors(plan, policies), *unreadable]
    microdata, of_levels = read_microdata(records, plan, policies, hierarchies, report)
    findings += [*of_levels, *check_links(list(microdata.values()))]
    release = Release(
        plan=plan,
        policies=policies,
        hierarchies=hierarchies,
        truth=truth,
        microdata=microdata,
    )
    tables, of_files = read_tables(release, frames)
    splits = stated_splits(metadata, plan)
    primary = primary_counts(splits, {name: len(each.blanks) for name, each in tables.items()})
    on_microdata, of_records = _on_microdata(microdata, hierarchies, truth)
    on_tables, of_cells = attack_tables(release, tables, primary)
    findings += [*of_files, *of_records, *of_cells, *check_splits(splits)]
    findings += check_order(microdata, stated_types(metadata.get(PACKAGE_FILE)))
    all_rows = {**records, **{name: distinct(frame) for name, frame in frames.items()}}
    findings += check_parquet(files, all_rows, rows)
    findings += _scans(release, tables, metadata, all_rows.values())
    facts = {
        **{name: _facts_of_records(each) for name, each in microdata.items()},
        **{name: _facts_of_cells(each) for name, each in tables.items()},
    }
    if report is not None:
        findings += check_report(report, plan, policies, hierarchies, facts)
    findings += _package(files, metadata, release, tables)
    return AttackReport(
        findings=tuple(findings),
        microdata=_all_microdata(plan) | on_microdata,
        tables=_all_tables(plan) | on_tables,
    )


# ---------------------------------------------------------------- attacking


def _on_microdata(
    microdata: Mapping[str, PublishedMicrodata],
    hierarchies: Mapping[str, Hierarchy],
    truth: Truth,
) -> tuple[dict[str, MicrodataAttack], list[Finding]]:
    results: dict[str, MicrodataAttack] = {}
    findings: list[Finding] = []
    for name, each in microdata.items():
        results[name], more = attack_microdata(each, hierarchies, truth)
        findings += [*more, *check_changes(each, hierarchies, truth)]
    return results, findings


def _scans(
    release: Release,
    tables: Mapping[str, PublishedTable],
    metadata: Mapping[str, bytes],
    data: Iterable[Rows],
) -> Iterator[Finding]:
    """Identifiers and vanished values in all public bytes."""
    plan, hierarchies, truth = release.plan, release.hierarchies, release.truth
    known = known_identifiers(plan, truth)
    shown = frozenset(
        value for rows in data for name in rows.frame for value in texts_of(rows.frame[name])
    )
    pieces = metadata_segments(metadata)
    for published in release.microdata.values():
        yield from scan_microdata(published, hierarchies, truth, known)
        yield from check_vanished(published, hierarchies, truth, pieces, shown)
    for table in tables.values():
        yield from scan_table(table, known)
    yield from scan_metadata(metadata, plan, hierarchies, shown, known)
    yield from check_extents(metadata, plan, shown)


def _package(
    files: Mapping[str, Content],
    metadata: Mapping[str, bytes],
    release: Release,
    tables: Mapping[str, PublishedTable],
) -> Iterator[Finding]:
    if PACKAGE_FILE not in metadata:
        return
    data = {
        each.file: PublishedColumns(
            {name: each.values(name) for name in each.names},
            _code_lists(each, release.hierarchies),
        )
        for each in release.microdata.values()
    }
    for table in tables.values():
        codes = {
            name: (frozenset(dimension.members),) for name, dimension in table.categories.items()
        }
        data[table.file] = PublishedColumns(column_counts(table.frame), codes)
    yield from check_data_package(metadata[PACKAGE_FILE], files, data)


def _code_lists(
    published: PublishedMicrodata, hierarchies: Mapping[str, Hierarchy]
) -> dict[str, tuple[frozenset[str], ...]]:
    return {
        name: (frozenset(hierarchies[name].labels(level)),)
        for name, level in published.levels.items()
    }


# ---------------------------------------------------------------- results


def _facts_of_records(published: PublishedMicrodata) -> Facts:
    values = {name: published.values(name) for name in published.names}
    return Facts(
        rows=published.total,
        blanks=sum(each.get(MISSING, 0) for each in values.values()),
        suppressed=sum(stars(values[name]) for name in published.quasi),
        columns=tuple(published.names),
        levels=None if published.mixed else published.levels,
    )


def _facts_of_cells(table: PublishedTable) -> Facts:
    frame = table.frame
    return Facts(
        rows=len(frame),
        blanks=int((frame[table.output.figure] == "").sum()),
        suppressed=0,
        columns=tuple(frame.columns),
        levels={},
    )


def _all_microdata(plan: Plan) -> dict[str, MicrodataAttack]:
    """Results of files that could not be read: nothing was found to hold."""
    return {
        output.name: MicrodataAttack(
            name=output.name, file=f"data/{output.name}.csv", records=0, k=0, l={}, unique=0
        )
        for output in plan.microdata
    }


def _all_tables(plan: Plan) -> dict[str, TableAttack]:
    return {
        output.name: TableAttack(
            name=output.name, file=f"data/{output.name}.csv", attacked=0, exposed=0
        )
        for output in plan.tables
    }
