"""Made-up people in any number: 12 columns, nine of them quasi-identifiers, as skewed as real ones.

Every value is a function of the record's number, so that the same number of records is the
same file. Ten million records have about 1.8 million distinct combinations.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import duckdb

MIXING = 31  # spreads the numbers of records before they are hashed


@dataclass(frozen=True)
class Skewed:
    """``size`` values; the share of the first ``s`` of them is ``(s / size) ** (1 / power)``."""

    size: int
    power: float

    def sql(self, seed: int) -> str:
        uniform = f"((hash(record * {MIXING} + {seed}) // 4294967296) / 4294967296.0)"
        return f"CAST(floor({self.size} * pow({uniform}, {self.power})) AS INTEGER)"


AGE = Skewed(72, 3.0)
CODED = {
    "region": ("R", Skewed(48, 8.0)),
    "occupation": ("O", Skewed(20, 10.0)),
    "birthplace": ("C", Skewed(30, 22.0)),
}
NAMED = {
    "sex": (("female", "male"), 1.0),
    "education": (
        ("upper secondary", "bachelor", "lower secondary", "primary", "master", "other", "doctor"),
        5.0,
    ),
    "marital_status": (("married", "never married", "divorced", "widowed", "separated"), 6.0),
    "ethnicity": (("majority", "minority one", "minority two", "mixed", "other"), 12.0),
    "work": (("employee", "public", "none", "self-employed", "family", "army"), 8.0),
}
QUASI = (
    "age",
    "sex",
    "region",
    "education",
    "marital_status",
    "occupation",
    "ethnicity",
    "birthplace",
    "work",
)
ROUNDED = {"income": 10_000, "hours": 20}  # to multiples of
DIAGNOSES = Skewed(20, 2.0)
INCOME = Skewed(200_000, 3.0)
HOURS = Skewed(60, 0.4)
PARENTS = {  # value to the group above it, the others stay alone there
    "education": {
        "lower secondary": "school",
        "primary": "school",
        "upper secondary": "school",
        "bachelor": "university",
        "master": "university",
        "doctor": "university",
        "other": "other",
    },
    "marital_status": {
        "married": "married",
        "separated": "married",
        "never married": "not married",
        "divorced": "not married",
        "widowed": "not married",
    },
    "work": {
        "employee": "employed",
        "public": "employed",
        "army": "employed",
        "self-employed": "own work",
        "family": "own work",
        "none": "none",
    },
}


def write_source(path: Path, records: int) -> int:
    """Writes the Parquet file at ``path``; how many distinct combinations it has."""
    columns = {"age": f"18 + {AGE.sql(1)}", **_coded(), **_named()}
    sensitive = {"diagnosis": f"printf('D%02d', {DIAGNOSES.sql(40)})"}
    numeric = {"income": INCOME.sql(41), "hours": HOURS.sql(42)}
    chosen = {name: columns[name] for name in QUASI} | sensitive | numeric
    selected = ", ".join(f"{sql} AS {name}" for name, sql in chosen.items())
    connection = duckdb.connect()
    connection.execute("SET memory_limit = '4GB'")
    connection.execute(f"SET temp_directory = '{path.parent / 'spill'}'")
    connection.execute(
        f"COPY (SELECT {selected} FROM range({records}) AS numbers(record)) "
        f"TO '{path}' (FORMAT parquet, COMPRESSION zstd)"
    )
    distinct = f"SELECT DISTINCT {', '.join(QUASI)} FROM read_parquet('{path}')"
    found = connection.execute(f"SELECT count(*) FROM ({distinct})").fetchall()
    connection.close()
    return int(found[0][0])


def _coded() -> dict[str, str]:
    return {
        name: f"printf('{letter}%02d', {skewed.sql(seed)})"
        for seed, (name, (letter, skewed)) in enumerate(CODED.items(), start=10)
    }


def _named() -> dict[str, str]:
    return {
        name: f"list_extract({list(labels)}, 1 + {Skewed(len(labels), power).sql(seed)})"
        for seed, (name, (labels, power)) in enumerate(NAMED.items(), start=20)
    }


# ---------------------------------------------------------------- the catalog

PLAN = {
    "format": 1,
    "title": "Made-up people",
    "period": "2026",
    "description": "Made-up people for measuring.",
    "material": "personal-data",
    "owner": "head-of-statistics",
    "steward": "s.okafor",
    "legal_basis": "Statistics Act, section 12",
    "organization": "statistics-office",
    "contact": {"name": "Open data desk", "email": "opendata@example.org"},
    "license": "CC-BY-4.0",
    "frequency": "annual",
    "keywords": ["people"],
    "units": "record",
    "outputs": [{"microdata": {"name": "people", "policy": "measured"}}],
}
POLICY = {
    "format": 1,
    "id": "measured",
    "microdata": {
        "k": 5,
        "max_suppressed_share": 0.02,
        "models": [{"distinct-l": {"variable": "diagnosis", "l": 3}}],
        "method": "global",
        "loss": "granularity",
    },
    "review": {"approvals": 1, "assurance": "one-time-code", "valid_days": 30},
}
DATASET = "people"


def write_catalog(folder: Path, source: Path) -> None:
    """A catalog whose dataset ``people`` reads ``source``; JSON is YAML."""
    dataset = folder / DATASET
    (dataset / "hierarchies").mkdir(parents=True)
    (folder / "policies").mkdir()
    plan = PLAN | {"source": {"path": str(source)}, "variables": _variables()}
    (dataset / "plan.yaml").write_text(json.dumps(plan))
    (folder / "policies" / "measured.yaml").write_text(json.dumps(POLICY))
    for name in QUASI:
        if name != "age":
            lines = "".join(f"{';'.join(line)}\n" for line in hierarchy_rows(name))
            (dataset / "hierarchies" / f"{name}.csv").write_text(lines)


def _variables() -> dict[str, dict[str, object]]:
    rounded = "known to nobody else, and rounded"
    return {
        "age": {
            "role": "quasi-identifier",
            "type": "integer",
            "hierarchy": {"intervals": [5, 10, 20]},
        },
        **{
            name: {"role": "quasi-identifier", "hierarchy": f"hierarchies/{name}.csv"}
            for name in QUASI
            if name != "age"
        },
        "diagnosis": {"role": "sensitive-attribute"},
        **{
            name: {"role": "attribute", "type": "integer", "round_to": base, "reason": rounded}
            for name, base in ROUNDED.items()
        },
    }


def hierarchy_rows(name: str) -> list[list[str]]:
    """Leaf, group and ``*`` of each value that the column can have."""
    if name in CODED:
        letter, skewed = CODED[name]
        codes = [f"{letter}{number:02}" for number in range(skewed.size)]
        return [[code, f"{code[:2]}0-{code[:2]}9", "*"] for code in codes]
    labels, _ = NAMED[name]
    if name not in PARENTS:
        return [[label, "*"] for label in labels]
    return [[label, PARENTS[name][label], "*"] for label in labels]
