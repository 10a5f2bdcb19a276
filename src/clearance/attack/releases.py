"""This release beside every earlier one of the dataset (THREATS 13).

The intruder has kept every file that ever was public. He knows that a certain person is in
two of them, and at both times what the quasi-identifiers say of that person. Quasi-identifiers
and values that do not change over time are the same in both files; the plan says which
variables change (``changes``, with a reason), and all others are taken not to. A missing
quasi-identifier is known to be missing, or with ``missing: wildcard`` may be anything.

1. The same data files: nothing new is learned.
2. The source gives the classes of both files exactly, so they are two codings of the same
   data: he is assumed to link all records, and the two are judged as one release
   (`joined_release`). This covers the new cell minus the old one, and what one of them left out.
3. Other data of the same period: refused. What differs is what was corrected, and of a few
   people.
4. Another period. A record of his class in the one file whose unchanging values stand in no
   record of his class in the other is not the person's: at least k must be left in both files,
   with l values of each unchanging sensitive attribute. Records that nobody in the other file
   can be are those of people who came or left: none, or as many and as diverse. A class minus
   the classes published of parts of it is 0 or at least k.

What cannot be judged is refused: tables from a source whose figures differ, files and columns
that the plan does not know any more, labels that no level has, units of several records whose
values link. It is not judged how the values of a changing variable depend on earlier ones, and
three files are compared two by two. Linked datasets have one source and are refused before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from clearance.attack.joined_release import join, judge_joined
from clearance.attack.meeting import NotComparableError, meet
from clearance.attack.periods import judge_periods
from clearance.attack.perturbed import check_set
from clearance.attack.public_report import FILE as REPORT_FILE
from clearance.attack.public_report import stated_levels
from clearance.attack.reading import Reader, UnreadableFileError, read_json
from clearance.attack.result import Truth, blocked, told, warned
from clearance.attack.rows import Rows
from clearance.candidate import ReleaseId
from clearance.content import Content, sha256, whole
from clearance.findings import Finding
from clearance.hierarchy import Hierarchy
from clearance.plan import MicrodataOutput, Plan, Role
from clearance.policy import Policy

Files = Mapping[str, Content]
CHANGES_FILE = "changes.md"
FROM_A_FILE = "tabulated from the published file "
DIGIT = re.compile(r"\d")


def check_earlier(
    files: Files,
    earlier: Mapping[ReleaseId, Files],
    *,
    release: ReleaseId,
    plan: Plan,
    policies: Mapping[str, Policy],
    hierarchies: Mapping[str, Hierarchy],
    truth: Truth,
    rows: Reader,
) -> tuple[Finding, ...]:
    """What the public ``files`` of ``release`` give away beside those of each earlier release.

    Every finding names the earlier release. Never raises for what it finds: what cannot be
    judged is a finding that blocks.
    """
    findings = [*_change_note(files, plan, [release, *earlier])]
    compared = False
    for each, known in sorted(earlier.items(), key=lambda item: str(item[0])):
        if not _same_data(files, known):
            compared = True
            findings += _met(
                _Meeting(
                    files=files,
                    known=known,
                    earlier=each,
                    same_period=each.period == release.period,
                    plan=plan,
                    policies=policies,
                    hierarchies=hierarchies,
                    truth=truth,
                    rows=rows,
                )
            )
    if compared:
        findings += [*_assumed(plan), *check_set(plan, len(earlier), plan.dataset)]
    return tuple(findings)


def _same_data(files: Files, known: Files) -> bool:
    """Whether each data file stands in the earlier release as it is; Parquet is as the CSV."""
    return all(
        path in known and sha256(known[path]) == sha256(content)
        for path, content in files.items()
        if _is_data(path)
    )


def _is_data(path: str) -> bool:
    return path.startswith("data/") and path.endswith(".csv")


def _change_note(files: Files, plan: Plan, releases: list[ReleaseId]) -> Iterator[Finding]:
    """A note of what changed holds no number but those of releases and of the title."""
    if CHANGES_FILE not in files:
        return
    text = whole(files[CHANGES_FILE]).decode("utf-8", errors="replace")
    for allowed in sorted({plan.title, *map(str, releases)}, key=len, reverse=True):
        text = text.replace(allowed, "")
    digits = len(DIGIT.findall(text))
    if digits:
        yield blocked(
            "number-in-change-note",
            CHANGES_FILE,
            digits,
            "the note of what changed holds numbers that are of no release; a small count says "
            "who was added or corrected; leave them out",
        )


def _assumed(plan: Plan) -> Iterator[Finding]:
    changing = [each.name for each in plan.variables if each.published and each.changes]
    if changing:
        yield warned(
            "assumed-to-change",
            ", ".join(changing),
            len(changing),
            "the plan says that these variables change over time, so releases were not joined on "
            "them; weigh whether the reasons hold for the people who are in several releases",
        )


# ---------------------------------------------------------------- one earlier release


@dataclass(frozen=True, slots=True, kw_only=True)
class _Meeting:
    """This release's ``files`` and those ``known`` of an ``earlier`` one."""

    files: Files
    known: Files
    earlier: ReleaseId
    same_period: bool
    plan: Plan
    policies: Mapping[str, Policy]
    hierarchies: Mapping[str, Hierarchy]
    truth: Truth
    rows: Reader


def _met(of: _Meeting) -> list[Finding]:
    try:
        return [found for output in _comparable(of) for found in _outputs_met(of, output)]
    except NotComparableError as error:
        count, reason = error.count, str(error)
    except UnreadableFileError as error:
        count, reason = 1, f"a file of the earlier release {error}"
    message = f"the data differ from this earlier release and cannot be judged with it: {reason}"
    return [blocked("releases-not-linked", str(of.earlier), count, message)]


def _comparable(of: _Meeting) -> Iterator[MicrodataOutput]:
    """The microdata that stand in both releases, if nothing else has to be compared."""
    for table in of.plan.tables:
        if table.source is None:
            raise NotComparableError(
                1,
                "tables from a source can be subtracted from each other, and are not attacked "
                "together over releases yet; tabulate from published microdata, or publish once",
            )
    outputs = {_path(output.name): output for output in of.plan.microdata}
    strange = [path for path in of.known if _is_data(path) and path not in outputs]
    strange = [path for path in strange if path not in _tabulated(of.known)]
    if strange:
        raise NotComparableError(
            len(strange),
            f"{len(strange)} of its data files are no microdata of the plan; keep the names of "
            f"outputs, and publish tables from microdata only",
        )
    yield from (output for path, output in outputs.items() if path in of.known)


def _path(name: str) -> str:
    return f"data/{name}.csv"


def _report(files: Files) -> Any:
    return read_json(whole(files[REPORT_FILE])) if REPORT_FILE in files else None


def _tabulated(files: Files) -> set[str]:
    """Tables whose figures are counts of a file beside them: they add nothing to it."""
    report = _report(files)
    outputs = report.get("outputs", []) if isinstance(report, dict) else []
    return {
        _path(str(each.get("name")))
        for each in outputs
        if each.get("kind") == "table"
        and str(each.get("method", "")).startswith(FROM_A_FILE)
        and _path(str(each["method"]).removeprefix(FROM_A_FILE)) in files
    }


def _outputs_met(of: _Meeting, output: MicrodataOutput) -> Iterator[Finding]:
    path, rules = _path(output.name), of.policies[output.policy].microdata
    if path not in of.files or rules is None:
        return  # the attack on this release blocks it for that
    old, new = of.rows.csv(of.known[path]), of.rows.csv(of.files[path])
    if not old.total or not new.total:
        return
    for rows in (old, new):
        _refuse_links(rows, of.plan)
    stated = [stated_levels(_report(files), output.name) for files in (of.known, of.files)]
    sides = meet(old, new, of.plan, of.hierarchies, stated)
    where = f"{path} beside {of.earlier}"
    joined = join(*sides, of.plan, of.truth)
    if joined is not None:
        yield told("same-data-as-earlier", where, 1, "two codings of the same data, judged as one")
        yield from judge_joined(
            joined, of.plan, rules, of.hierarchies, of.truth, sides, where=where
        )
    elif of.same_period:
        raise NotComparableError(
            1,
            "it is of the same period and not a coding of the source as it is now; the "
            "difference shows whose records were corrected; restore the source, or release the "
            "data under a period of their own",
        )
    else:
        yield from judge_periods(*sides, of.plan, rules, of.truth, where=where)


def _refuse_links(rows: Rows, plan: Plan) -> None:
    """Made-up values that repeat show a unit's records together, over its whole history."""
    for variable in plan.with_role(Role.DIRECT_IDENTIFIER):
        if variable.name in rows.frame:
            repeated = sum(
                records > 1 for value, records in rows.counts(variable.name).items() if value
            )
            if repeated:
                raise NotComparableError(
                    repeated,
                    f"{variable.name} links records of one unit, and linked units are not "
                    f"followed over releases yet; leave the link out",
                )
