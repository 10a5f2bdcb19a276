"""Forged releases: public files written by hand, to test the attack without protection."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import pandas as pd

from clearance.attack import AttackReport, Truth, attack
from clearance.attack.reading import read_distinct
from clearance.attack.rows import Rows, distinct
from clearance.candidate import SUMS_FILE, ReleaseId, pack
from clearance.content import Content
from clearance.findings import blocking
from clearance.hierarchy import Hierarchy
from clearance.plan import (
    Contact,
    Material,
    MicrodataOutput,
    Output,
    Plan,
    Role,
    TableOutput,
    Unit,
    ValueType,
    Variable,
)
from clearance.policy import (
    Attacker,
    Concentration,
    DistinctL,
    Method,
    MicrodataRules,
    Policy,
    ReviewRules,
    TableRules,
    model_document,
)
from tests.engines import PandasEngine

QUASI = Role.QUASI_IDENTIFIER
SENSITIVE = Role.SENSITIVE_ATTRIBUTE
ATTRIBUTE = Role.ATTRIBUTE
DIRECT = Role.DIRECT_IDENTIFIER
STRUCTURAL = Role.STRUCTURAL
PERSONS = MicrodataOutput(name="persons", policy="open")


def variable(name: str, role: Role, **more: Any) -> Variable:
    return Variable(name=name, role=role, **more)


def plan(
    *variables: Variable, outputs: Sequence[Output] = (PERSONS,), units: Sequence[Unit] = ()
) -> Plan:
    return Plan(
        dataset="survey",
        title="A survey",
        period="2026",
        description="Made-up people.",
        material=Material.PERSONAL_DATA,
        owner="head-of-statistics",
        steward="s.okafor",
        legal_basis="Statistics Act, section 12",
        organization="statistics-office",
        contact=Contact("Open data desk", "opendata@example.org"),
        license="CC-BY-4.0",
        frequency="annual",
        keywords=("people",),
        source_path="survey.csv",
        units=tuple(units),
        variables=variables,
        outputs=tuple(outputs),
    )


def policy(
    *,
    k: int = 3,
    share: str = "1",
    models: Mapping[str, int] | None = None,
    minimum_frequency: int = 5,
    zeros: Any = "safe",
    at_least: int = 0,
    at_most: int | None = None,
) -> Policy:
    return Policy(
        id="open",
        review=ReviewRules(approvals=1, assurance="one-time-code", valid_days=30),
        microdata=MicrodataRules(
            k=k,
            max_suppressed_share=Fraction(share),
            models=tuple(DistinctL(name, least) for name, least in (models or {}).items()),
        ),
        tables=TableRules(
            minimum_frequency=minimum_frequency,
            zeros=zeros,
            attacker=Attacker(at_least_percent=at_least, at_most_percent=at_most),
        ),
    )


def hierarchy(name: str, rows: Mapping[str, Sequence[str]] | Sequence[str]) -> Hierarchy:
    """Leaf to its labels at the coarser levels, or leaves only; the level of all is added."""
    labels = rows if isinstance(rows, Mapping) else {leaf: () for leaf in rows}
    levels = list(zip(*((leaf, *above, "*") for leaf, above in labels.items()), strict=True))
    return Hierarchy(name, tuple(levels))


def frame(header: str, *rows: str) -> pd.DataFrame:
    """Rows of words, each possibly with a number of times: ``A x | 3``; ``.`` is missing."""
    columns = header.split()
    found: list[list[str]] = []
    for row in rows:
        words, _, times = row.partition("|")
        cells = ["" if word == "." else word for word in words.split()]
        found += [cells] * int(times or 1)
    return pd.DataFrame(found, columns=columns, dtype=object)


def csv_bytes(rows: pd.DataFrame) -> bytes:
    text = io.StringIO()
    rows.to_csv(text, index=False, lineterminator="\n")
    return text.getvalue().encode()


def json_bytes(document: Any) -> bytes:
    return json.dumps(document, indent=2, sort_keys=True).encode()


def release(
    of: Plan,
    rules: Policy,
    data: Mapping[str, pd.DataFrame],
    *,
    levels: Mapping[str, int] | None = None,
    types: Mapping[str, str] | None = None,
    reported: Mapping[str, Any] | None = None,
    extra: Mapping[str, bytes] | None = None,
) -> dict[str, bytes]:
    """Every public file of a release with this data, correct in all else.

    ``reported``: what the public report says otherwise of each output. ``extra``: further files,
    or others in their place.
    """
    paths = {name: f"data/{name}.csv" for name in data}
    package = {
        "name": of.dataset,
        "title": of.title,
        "contributors": [{"title": of.contact.name, "email": of.contact.email}],
        "resources": [
            {
                "name": name,
                "path": paths[name],
                "schema": {
                    "fields": [
                        {"name": column, "type": (types or {}).get(column, "string")}
                        for column in rows.columns
                    ]
                },
            }
            for name, rows in data.items()
        ],
    }
    report = {
        "format": 1,
        "dataset": of.dataset,
        "release": f"{of.dataset}/{of.period}/1",
        "title": of.title,
        "statement": "The data were changed before publication.",
        "outputs": [
            _reported(output, of, rules, data[output.name], levels or {}) | dict(reported or {})
            for output in of.outputs
            if output.name in data
        ],
    }
    files = {path: csv_bytes(data[name]) for name, path in paths.items()}
    files |= {
        "datapackage.json": json_bytes(package),
        "dcat.jsonld": json_bytes({"@type": "dcat:Dataset", "dct:title": of.title}),
        "dictionary.csv": b"file,column\n",
        "disclosure-report.json": json_bytes(report),
        "disclosure-report.html": b"<html><h1>A survey</h1></html>",
        "changes.md": b"# A survey\n",
    }
    return repacked({**files, **(extra or {})})


def _reported(
    output: Output, of: Plan, rules: Policy, rows: pd.DataFrame, levels: Mapping[str, int]
) -> dict[str, Any]:
    shared: dict[str, Any] = {
        "name": output.name,
        "kind": "table",
        "file": f"data/{output.name}.csv",
        "policy": output.policy,
        "method": "suppression of cells",
        "records": len(rows),
        "columns": [],
    }
    if isinstance(output, TableOutput):
        return shared | {"blanks": int((rows[output.figure] == "").sum())}
    assert rules.microdata is not None
    quasi = [each.name for each in of.with_role(QUASI) if each.name in rows.columns]
    stars = sum(int((rows[name] == "*").sum()) for name in quasi)
    blanked = rules.microdata.method is Method.LOCAL_SUPPRESSION
    everywhere = rules.microdata.method is Method.GLOBAL
    return shared | {
        "kind": "microdata",
        "method": "full-domain generalisation",
        "blanks": stars if blanked else 0,
        "k": rules.microdata.k,
        "models": [model_document(model) for model in rules.microdata.models],
        "loss_measure": "granularity",
        "max_suppressed_share": float(rules.microdata.max_suppressed_share),
        "levels": {name: levels.get(name, 0) for name in quasi} if everywhere else None,
    }


def repacked(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files with the sums of what they are now."""
    without = {path: content for path, content in files.items() if path != SUMS_FILE}
    return dict(pack(ReleaseId("survey", "2026", 1), without).files)


@dataclass(frozen=True)
class ForgedRows:
    """Reads CSV as it is; every Parquet file holds ``parquet``, of numbers or text."""

    held: pd.DataFrame

    def csv(self, content: Content) -> Rows:
        return read_distinct(content)

    def parquet(self, content: Content) -> Rows:
        return distinct(
            self.held.map(
                lambda value: (
                    ""
                    if pd.isna(value)
                    else f"{value:g}"
                    if isinstance(value, float)
                    else str(value)
                )
            )
        )


def attacked(
    files: Mapping[str, bytes],
    of: Plan,
    rules: Policy,
    source: pd.DataFrame,
    hierarchies: Sequence[Hierarchy],
    *,
    concentration: Concentration | None = None,
    parquet: pd.DataFrame | None = None,
    population: pd.DataFrame | None = None,
) -> AttackReport:
    """The attack on these files, with ``source`` as the truth."""
    engine = PandasEngine()
    truth = Truth(
        engine,
        engine.hold(source),
        {rules.id: concentration} if concentration else {},
        None if population is None else engine.hold(population),
    )
    return attack(
        files,
        plan=of,
        policies={rules.id: rules},
        hierarchies={each.name: each for each in hierarchies},
        truth=truth,
        rows=ForgedRows(pd.DataFrame() if parquet is None else parquet),
    )


def reasons(report: AttackReport) -> set[str]:
    """The rules of the findings that block."""
    return {finding.rule for finding in blocking(report.findings)}


def warnings(report: AttackReport) -> set[str]:
    return {finding.rule for finding in report.findings if finding.severity == "warn"}


def numeric(name: str, role: Role, **more: Any) -> Variable:
    return Variable(name=name, role=role, type=ValueType.INTEGER, **more)


def table(
    dimensions: Sequence[str],
    cells: Mapping[str, str],
    *,
    figure: str = "count",
) -> pd.DataFrame:
    """Codes, divided by spaces, to figures; an empty figure is a suppressed cell."""
    rows = [[*codes.split(), value, "" if value else "c"] for codes, value in sorted(cells.items())]
    return pd.DataFrame(rows, columns=[*dimensions, figure, f"{figure}_status"], dtype=object)
