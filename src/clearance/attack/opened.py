"""The public files of a release, opened: what can be read of them, and what cannot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from clearance.attack.levels import published_levels
from clearance.attack.public_report import FILE as REPORT_FILE
from clearance.attack.public_report import stated_levels
from clearance.attack.published import PublishedMicrodata
from clearance.attack.reading import Reader, UnreadableFileError, read_json, read_rows
from clearance.attack.result import blocked
from clearance.attack.rows import Rows
from clearance.candidate import SUMS_FILE
from clearance.content import Content, whole
from clearance.findings import Finding
from clearance.hierarchy import Hierarchy
from clearance.plan import MicrodataOutput, Plan, Role
from clearance.policy import Method, Policy


def is_data(path: str) -> bool:
    return path == SUMS_FILE or path.startswith("data/")


def read_data(
    files: Mapping[str, Content], plan: Plan, rows: Reader
) -> tuple[dict[str, Rows], dict[str, pd.DataFrame], list[Finding]]:
    """Distinct rows of microdata and all rows of tables by output; what is missing has none."""
    records, frames, findings = {}, {}, []
    for output in plan.outputs:
        path = f"data/{output.name}.csv"
        try:
            if path in files and isinstance(output, MicrodataOutput):
                records[output.name] = rows.csv(files[path])
            elif path in files:
                frames[output.name] = read_rows(whole(files[path]))
        except UnreadableFileError as error:
            findings.append(_unreadable(path, str(error)))
    return records, frames, findings


def read_report(files: Mapping[str, bytes]) -> tuple[Any, list[Finding]]:
    if REPORT_FILE not in files:
        return None, []
    try:
        return read_json(files[REPORT_FILE]), []
    except UnreadableFileError as error:
        return None, [_unreadable(REPORT_FILE, str(error))]


def read_microdata(
    records: Mapping[str, Rows],
    plan: Plan,
    policies: Mapping[str, Policy],
    hierarchies: Mapping[str, Hierarchy],
    report: Any,
) -> tuple[dict[str, PublishedMicrodata], list[Finding]]:
    """The readable microdata outputs that rules apply to, with what their labels stand for."""
    found: dict[str, PublishedMicrodata] = {}
    findings: list[Finding] = []
    quasi = [variable.name for variable in plan.with_role(Role.QUASI_IDENTIFIER)]
    for output in plan.microdata:
        file, rules = f"data/{output.name}.csv", policies[output.policy].microdata
        if rules is None:
            findings.append(_no_rules(file, output))
        elif output.name in records:
            rows = records[output.name]
            labels = {name: [*rows.counts(name)] for name in quasi if name in rows.frame.columns}
            settled = published_levels(
                labels,
                hierarchies,
                stated_levels(report, output.name),
                local=rules.method is not Method.GLOBAL,
                where=file,
            )
            findings += [finding for each in settled.values() for finding in each.findings]
            found[output.name] = PublishedMicrodata(
                output=output,
                file=file,
                rows=rows,
                coverage={n: each.coverage for n, each in settled.items() if each.coverage},
                levels={n: each.level for n, each in settled.items() if each.level is not None},
                rules=rules,
                plan=plan,
            )
    return found, findings


def _no_rules(file: str, output: MicrodataOutput) -> Finding:
    return blocked(
        "no-microdata-rules",
        file,
        1,
        f"policy {output.policy} has no rules for microdata; add a section 'microdata'",
    )


def _unreadable(path: str, reason: str) -> Finding:
    return blocked("unreadable-file", path, 1, f"{reason}; write the file anew")
