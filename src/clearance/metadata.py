"""What is published beside the data: Data Package, dictionary, DCAT, public report, changes.

Everything here is a function of the plan, the policies' public parameters and the
published rows (THREATS 6, 10): no clock, no address of a portal, no number from before
protection.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from clearance.candidate import ReleaseId
from clearance.content import Content, sha256, size_bytes
from clearance.plan import Plan, ValueType
from clearance.policy import Method, Policy, model_document
from clearance.ports import Exported
from clearance.protection import ProtectedCells, ProtectedMicrodata, PublishedColumn

TABLE_SCHEMA_TYPES = {
    ValueType.TEXT: "string",
    ValueType.INTEGER: "integer",
    ValueType.NUMBER: "number",
    ValueType.DATE: "date",
}
METHODS = {
    Method.GLOBAL: "full-domain generalisation and suppression of records",
    Method.LOCAL_SUPPRESSION: "suppression of single values, shown as *",
    Method.LOCAL_RECODING: "generalisation, each group of records by as much as it needs",
}
STATEMENT = (
    "The data were changed before publication so that nobody can be recognised in them. "
    "What was done to each column, and where figures are left out, is listed here."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedOutput:
    """An output with its files: ``rows`` are what its CSV says, as canonical text.

    Of microdata each distinct row once, of a table every row; ``records``: rows of the CSV.
    """

    protected: ProtectedMicrodata | ProtectedCells
    path: str
    content: Content
    parquet: Content | None
    rows: pd.DataFrame
    records: int

    @classmethod
    def of_microdata(
        cls, protected: ProtectedMicrodata, path: str, exported: Exported
    ) -> PublishedOutput:
        return cls(
            protected=protected,
            path=path,
            content=exported.csv,
            parquet=exported.parquet,
            rows=exported.rows.drop(columns="records"),
            records=int(exported.rows["records"].sum()),
        )

    @classmethod
    def of_table(cls, protected: ProtectedCells, path: str) -> PublishedOutput:
        return cls(
            protected=protected,
            path=path,
            content=write_rows(protected.frame),
            parquet=None,
            rows=protected.frame,
            records=len(protected.frame),
        )

    @property
    def files(self) -> dict[str, Content]:
        """Path to content: the CSV and, for microdata, the Parquet file made with it."""
        if self.parquet is None:
            return {self.path: self.content}
        return {self.path: self.content, self.path.removesuffix("csv") + "parquet": self.parquet}

    @property
    def name(self) -> str:
        return self.protected.output.name

    @property
    def columns(self) -> tuple[PublishedColumn, ...]:
        return self.protected.columns

    @property
    def kind(self) -> str:
        return "microdata" if isinstance(self.protected, ProtectedMicrodata) else "table"

    @property
    def blanks(self) -> int:
        """Suppressed cells of a table, or values of microdata where single values are."""
        if isinstance(self.protected, ProtectedMicrodata):
            decision = self.protected.decision
            single = decision.method is Method.LOCAL_SUPPRESSION
            return decision.suppressed_values if single else 0
        return int((self.rows[f"{self.protected.output.figure}_status"] == "c").sum())


def write_rows(frame: pd.DataFrame) -> bytes:
    """A frame of text as CSV: UTF-8, LF, comma, header.

    Carriage returns are quoted as well, which pandas and older versions of `csv` forget.
    """
    rows = [list(frame.columns), *frame.itertuples(index=False, name=None)]
    return "".join(",".join(map(_quoted, row)) + "\n" for row in rows).encode()


def _quoted(text: str) -> str:
    needed = any(each in text for each in ',"\r\n')
    return '"' + text.replace('"', '""') + '"' if needed else text


def public_files(
    plan: Plan,
    release: ReleaseId,
    outputs: Sequence[PublishedOutput],
    policies: Mapping[str, Policy],
    predecessor: ReleaseId | None,
) -> dict[str, bytes]:
    """Every metadata file of the release: path to bytes, deterministic."""
    report = public_report(plan, release, outputs, policies)
    return {
        "datapackage.json": _json(data_package(plan, release, outputs)),
        "dcat.jsonld": _json(dcat(plan, release, outputs)),
        "dictionary.csv": dictionary(plan, outputs),
        "disclosure-report.json": _json(report),
        "disclosure-report.html": report_page(report).encode(),
        "changes.md": changes(plan, release, predecessor).encode(),
    }


def data_package(
    plan: Plan, release: ReleaseId, outputs: Sequence[PublishedOutput]
) -> dict[str, Any]:
    """The release as a Data Package 2, a Table Schema for each data file."""
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": plan.dataset,
        "id": str(release),
        "title": plan.title,
        "description": plan.description,
        "version": f"{release.period}.{release.number}",
        "licenses": [{"name": plan.license}],
        "keywords": list(plan.keywords),
        "contributors": [
            {"title": plan.contact.name, "email": plan.contact.email, "roles": ["contact"]}
        ],
        "clearance": {
            "dataset": plan.dataset,
            "release": str(release),
            "organization": plan.organization,
            "frequency": plan.frequency,
            "period": plan.period,
        },
        "resources": [_resource(plan, output) for output in outputs],
    }


def _resource(plan: Plan, output: PublishedOutput) -> dict[str, Any]:
    missing = "suppressed" if output.kind == "table" else "missing"
    return {
        "name": output.name,
        "path": output.path,
        "title": f"{plan.title}: {output.name}",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": size_bytes(output.content),
        "hash": f"sha256:{sha256(output.content)}",
        "schema": {
            "fields": [_field(plan, column) for column in output.columns],
            "missingValues": [{"value": "", "label": missing}],
        },
    }


def _field(plan: Plan, column: PublishedColumn) -> dict[str, Any]:
    return {
        "name": column.name,
        "type": TABLE_SCHEMA_TYPES[column.type],
        "title": label(plan, column),
        "description": column.text,
    }


def label(plan: Plan, column: PublishedColumn) -> str:
    """The steward's label of the column's variable, or the column's name."""
    labels = {variable.name: variable.label for variable in plan.variables}
    return labels.get(column.name) or column.name


def dictionary(plan: Plan, outputs: Sequence[PublishedOutput]) -> bytes:
    """One row per published column."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["file", "column", "type", "role", "label", "description", "treatment"])
    for output in outputs:
        for column in output.columns:
            kind = TABLE_SCHEMA_TYPES[column.type]
            role, named = column.role.value, label(plan, column)
            writer.writerow(
                [output.path, column.name, kind, role, named, column.text, column.treatment]
            )
    return text.getvalue().encode()


FREQUENCIES = {
    "once": "NEVER",
    "daily": "DAILY",
    "weekly": "WEEKLY",
    "monthly": "MONTHLY",
    "quarterly": "QUARTERLY",
    "annual": "ANNUAL",
    "biennial": "BIENNIAL",
    "irregular": "IRREG",
}


def dcat(plan: Plan, release: ReleaseId, outputs: Sequence[PublishedOutput]) -> dict[str, Any]:
    """The release as DCAT in JSON-LD; addresses are relative to where it is published."""
    frequency = "http://publications.europa.eu/resource/authority/frequency/"
    return {
        "@context": {
            "dcat": "http://www.w3.org/ns/dcat#",
            "dct": "http://purl.org/dc/terms/",
            "foaf": "http://xmlns.com/foaf/0.1/",
            "spdx": "http://spdx.org/rdf/terms#",
            "vcard": "http://www.w3.org/2006/vcard/ns#",
        },
        "@type": "dcat:Dataset",
        "dct:identifier": str(release),
        "dct:title": plan.title,
        "dct:description": plan.description,
        "dct:publisher": {"@type": "foaf:Organization", "foaf:name": plan.organization},
        "dct:accrualPeriodicity": {"@id": frequency + FREQUENCIES[plan.frequency]},
        "dct:license": plan.license,
        "dcat:keyword": list(plan.keywords),
        "dcat:contactPoint": {
            "@type": "vcard:Organization",
            "vcard:fn": plan.contact.name,
            "vcard:hasEmail": f"mailto:{plan.contact.email}",
        },
        "dcat:distribution": [_distribution(output) for output in outputs],
    }


def _distribution(output: PublishedOutput) -> dict[str, Any]:
    return {
        "@type": "dcat:Distribution",
        "dct:title": output.name,
        "dcat:downloadURL": output.path,
        "dcat:mediaType": "text/csv",
        "dcat:byteSize": size_bytes(output.content),
        "spdx:checksum": {
            "spdx:algorithm": "sha256",
            "spdx:checksumValue": sha256(output.content),
        },
    }


# ---------------------------------------------------------------- the public report


def public_report(
    plan: Plan,
    release: ReleaseId,
    outputs: Sequence[PublishedOutput],
    policies: Mapping[str, Policy],
) -> dict[str, Any]:
    """Methods, public parameters and the number of blanks: nothing else (THREATS 6)."""
    return {
        "format": 1,
        "dataset": plan.dataset,
        "release": str(release),
        "title": plan.title,
        "statement": STATEMENT,
        "outputs": [
            _reported(output, policies[output.protected.output.policy]) for output in outputs
        ],
    }


def _reported(output: PublishedOutput, policy: Policy) -> dict[str, Any]:
    shared = {
        "name": output.name,
        "kind": output.kind,
        "file": output.path,
        "policy": policy.id,
        "columns": [
            {
                "name": column.name,
                "role": column.role.value,
                "treatment": column.treatment,
                "level": column.level,
                "text": column.text,
            }
            for column in output.columns
        ],
        "blanks": output.blanks,
        "records": output.records,
    }
    if isinstance(output.protected, ProtectedMicrodata):
        return shared | _microdata_parameters(output.protected)
    return shared | _table_parameters(output.protected)


def _microdata_parameters(protected: ProtectedMicrodata) -> dict[str, Any]:
    rules, decision = protected.rules, protected.decision
    return {
        "method": METHODS[decision.method],
        "method_name": decision.method.value,
        "k": rules.k,
        "models": [model_document(model) for model in rules.models],
        "missing": rules.missing.value,
        "weights": {name: float(weight) for name, weight in rules.weights.items()},
        "loss_measure": rules.loss.value,
        "max_suppressed_share": float(rules.max_suppressed_share),
        "levels": None if decision.levels is None else dict(decision.levels),
    }


def _table_parameters(protected: ProtectedCells) -> dict[str, Any]:
    if protected.rules is None:
        return {"method": f"tabulated from the published file {protected.output.source}"}
    rules = protected.rules
    at_most = rules.attacker.at_most_percent
    return {
        "method": "suppression of cells",
        "minimum_frequency": rules.minimum_frequency,
        "zeros": rules.zeros,
        "attacker": {
            "at_least_percent": rules.attacker.at_least_percent,
            "at_most_percent": "unbounded" if at_most is None else at_most,
        },
    }


def report_page(report: Mapping[str, Any]) -> str:
    """The public report as a page that needs nothing else."""
    from jinja2 import Environment

    environment = Environment(autoescape=True, keep_trailing_newline=True)
    return environment.from_string(REPORT_PAGE).render(report=report)


REPORT_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ report.title }}: how people are protected</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
th, td { border-bottom: 1px solid #999; padding: .3rem .6rem; text-align: left }
</style>
<h1>{{ report.title }}: how people are protected</h1>
<p>Release {{ report.release }}. {{ report.statement }}</p>
{% for output in report.outputs %}
<h2>{{ output.name }}</h2>
<p>Method: {{ output.method }}.
{% if output.k %}At least {{ output.k }} units share each combination of the generalised
columns.{% endif %}
{% if output.minimum_frequency %}Figures of fewer than {{ output.minimum_frequency }} contributors
are left out, and others with them so that they cannot be worked out.{% endif %}
{% if output.kind == "table" %}{{ output.blanks }} figures of {{ output.records }} rows are empty.
{% elif output.blanks %}{{ output.blanks }} values in {{ output.records }} records are shown as *.
{% endif %}</p>
<table>
<thead><tr><th scope="col">Column</th><th scope="col">What was done</th></tr></thead>
<tbody>
{% for column in output.columns %}<tr><td>{{ column.name }}</td><td>{{ column.text }}</td></tr>
{% endfor %}</tbody>
</table>
{% endfor %}
</html>
"""


def changes(plan: Plan, release: ReleaseId, predecessor: ReleaseId | None) -> str:
    """The change note; it gives no counts."""
    if predecessor is None:
        return f"# {plan.title}\n\n{release} is the first release.\n"
    return f"# {plan.title}\n\n{release} follows {predecessor}.\n"


def _json(document: object) -> bytes:
    return (json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()
