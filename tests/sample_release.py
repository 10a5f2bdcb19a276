"""A small release made by hand, in the shape that the road packs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clearance.candidate import (
    APPROVAL_FILE,
    Candidate,
    ReleaseId,
    canonical_json,
    pack,
    sha256,
)
from clearance.content import whole

PERSONS = (
    "age,municipality,diagnosis\n"
    "0-19,North,asthma\n0-19,North,flu\n0-19,North,none\n"
    "20-39,,asthma\n20-39,,flu\n20-39,,none\n"
    "40-59,South,asthma\n40-59,South,flu\n40-59,South,none\n40-59,South,none\n"
    "60+,South,asthma\n60+,South,flu\n60+,South,none\n"
)
TABLE = (
    "age,municipality,count,count_status\n"
    "0-19,North,3,\n0-19,South,,c\n0-19,_T,,c\n_T,North,3,\n_T,_T,13,\n"
)
_TEXTS = {
    "age": ("Age", "Age in completed years, in groups."),
    "municipality": ("Municipality", "Where the person lived on the day of the survey."),
    "diagnosis": ("Diagnosis", "The main complaint that the person reported."),
    "count": ("Persons", "How many persons."),
    "count_status": ("Status of the count", "c: confidential, left empty to protect somebody."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The texts of a sample release that tests vary."""

    title: str = "Household survey"
    description: str = (
        "Households, their members' work and health, one record per person. "
        "Collected every spring from a sample of all households."
    )
    keywords: tuple[str, ...] = ("households", "health", "population")
    organization: str = "statistics-office"
    license: str = "CC-BY-4.0"


def sample_files(
    release: ReleaseId, words: Words | None = None, *, persons: str = PERSONS
) -> Mapping[str, bytes]:
    """All files that go public: those of the candidate, and an approval record beside them."""
    candidate = sample_candidate(release, words, persons=persons)
    public = {path: whole(content) for path, content in candidate.files.items()}
    return {**public, APPROVAL_FILE: _approval(candidate)}


def sample_candidate(
    release: ReleaseId, words: Words | None = None, *, persons: str = PERSONS
) -> Candidate:
    words = words or Words()
    data = {
        "data/persons.csv": persons.encode(),
        "data/persons-by-age.csv": TABLE.encode(),
        "data/persons.parquet": b"PAR1 not really PAR1",
    }
    return pack(
        release,
        {
            **data,
            "datapackage.json": _as_json(_package(release, words, data)),
            "dcat.jsonld": _as_json({"@type": "dcat:Dataset", "dct:title": words.title}),
            "dictionary.csv": _dictionary().encode(),
            "disclosure-report.json": _as_json(_report(release, words)),
            "disclosure-report.html": b"<!doctype html><title>Report</title><h1>Report</h1>",
            "changes.md": b"# Changes\n\n- First release of this period.\n- No columns changed.\n",
        },
    )


def _package(release: ReleaseId, words: Words, data: Mapping[str, bytes]) -> dict[str, Any]:
    titles = {
        "persons": ("Persons", "One record per person.", ("age", "municipality", "diagnosis")),
        "persons-by-age": (
            "Persons by age and municipality",
            "How many persons, with totals.",
            ("age", "municipality", "count", "count_status"),
        ),
    }
    return {
        "name": release.dataset,
        "id": str(release),
        "title": words.title,
        "description": words.description,
        "version": f"{release.period}.{release.number}",
        "licenses": [{"name": words.license}],
        "keywords": list(words.keywords),
        "contributors": [
            {"title": "Open data desk", "email": "opendata@example.org", "roles": ["contact"]}
        ],
        "clearance": {
            "dataset": release.dataset,
            "release": str(release),
            "organization": words.organization,
            "frequency": "annual",
            "period": release.period,
        },
        "resources": [
            {
                "name": name,
                "path": f"data/{name}.csv",
                "title": title,
                "description": description,
                "format": "csv",
                "mediatype": "text/csv",
                "encoding": "utf-8",
                "bytes": len(data[f"data/{name}.csv"]),
                "hash": f"sha256:{sha256(data[f'data/{name}.csv'])}",
                "schema": {
                    "fields": [
                        {
                            "name": column,
                            "type": "integer" if column == "count" else "string",
                            "title": _TEXTS[column][0],
                            "description": _TEXTS[column][1],
                        }
                        for column in columns
                    ],
                    "missingValues": [{"value": "", "label": "suppressed or missing"}],
                },
            }
            for name, (title, description, columns) in titles.items()
        ],
    }


def _dictionary() -> str:
    lines = [
        ("persons", "age", "quasi-identifier", "grouped by 20 years"),
        ("persons", "municipality", "quasi-identifier", "grouped by region, some left empty"),
        ("persons", "diagnosis", "sensitive-attribute", "as reported"),
        ("persons-by-age", "age", "quasi-identifier", "grouped by 20 years"),
        ("persons-by-age", "municipality", "quasi-identifier", "grouped by region"),
        ("persons-by-age", "count", "attribute", "small cells left empty"),
        ("persons-by-age", "count_status", "attribute", "says which cells are left empty"),
    ]
    return "file,column,type,role,label,description,treatment\n" + "".join(
        f'data/{name}.csv,{column},string,{role},{_TEXTS[column][0]},"{_TEXTS[column][1]}",'
        f'"{treatment}"\n'
        for name, column, role, treatment in lines
    )


def _report(release: ReleaseId, words: Words) -> dict[str, Any]:
    return {
        "format": 1,
        "dataset": release.dataset,
        "release": str(release),
        "title": words.title,
        "statement": "Names and addresses were removed. Ages and places were made coarser until "
        "every person looks like at least four others; then the finished files were attacked, "
        "and nobody could be found.",
        "outputs": [_microdata_report(), _table_report()],
    }


def _microdata_report() -> dict[str, Any]:
    return {
        "name": "persons",
        "kind": "microdata",
        "file": "data/persons.csv",
        "policy": "open-2026",
        "method": "full-domain generalisation and suppression of records",
        "k": 5,
        "models": [{"model": "distinct-l", "variable": "diagnosis", "l": 3}],
        "loss_measure": "granularity",
        "max_suppressed_share": 0.02,
        "levels": {"age": 2, "municipality": 1},
        "columns": [
            _column("name", "direct-identifier", "drop", "Removed."),
            _column("age", "quasi-identifier", "generalise", "Given in groups of 20 years."),
            _column("municipality", "quasi-identifier", "generalise", "Given by region."),
            _column("diagnosis", "sensitive-attribute", "keep", "Given as reported."),
        ],
        "minimum_frequency": None,
        "zeros": None,
        "attacker": {},
        "blanks": 0,
        "records": 13,
    }


def _table_report() -> dict[str, Any]:
    return {
        "name": "persons-by-age",
        "kind": "table",
        "file": "data/persons-by-age.csv",
        "policy": "open-2026",
        "method": "suppression of cells",
        "k": None,
        "models": [],
        "loss_measure": None,
        "max_suppressed_share": None,
        "levels": {},
        "columns": [_column("age", "quasi-identifier", "generalise", "Groups of 20 years.")],
        "minimum_frequency": 5,
        "zeros": "safe",
        "attacker": {"at_least_percent": 0, "at_most_percent": "unbounded"},
        "blanks": 2,
        "records": 5,
    }


def _column(name: str, role: str, treatment: str, text: str) -> dict[str, Any]:
    return {"name": name, "role": role, "treatment": treatment, "level": 1, "text": text}


def _approval(candidate: Candidate) -> bytes:
    return _as_json(
        {
            "payloadType": "application/vnd.in-toto+json",
            "payload": candidate.manifest.digest,
            "signatures": [{"keyid": "sample", "sig": "sample"}],
        }
    )


def _as_json(value: object) -> bytes:
    return canonical_json(value).encode()
