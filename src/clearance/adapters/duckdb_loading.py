"""Records read into a table of codes: every text is normalised once, not once a record."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np

from clearance.adapters.coded_columns import MOST_LABELS, Coded, Column, Ints, Text
from clearance.adapters.duckdb_reading import RawColumn, RawRows
from clearance.adapters.duckdb_sql import code_type, text
from clearance.adapters.duckdb_tables import Tables
from clearance.errors import InputError

SAMPLE = 2**16
SPACE = r"[\s\x0B\x1C-\x1F\x85\p{Z}\x{200B}\x{FEFF}]"  # RE2's \s is ASCII, without \x0B
OUTER_SPACE = rf"^{SPACE}+|{SPACE}+$"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A table of the records. ``counts``: for each coded column the records of each code."""

    columns: dict[str, Column]
    records: int
    counts: dict[str, Ints]


@dataclass(frozen=True, slots=True)
class _Dictionary:
    """What the codes of a column mean, and how many records have each."""

    labels: tuple[str, ...]
    counts: Ints
    with_null: bool


def load_rows(tables: Tables, rows: RawRows, table: str) -> Loaded:
    """The records as ``table``. InputError where there are none, or the file is damaged."""
    try:
        return _loaded(tables, rows, table)
    except duckdb.Error:
        raise InputError(f"{rows.file}: is damaged, its records cannot be read") from None


def _loaded(tables: Tables, rows: RawRows, table: str) -> Loaded:
    chosen, joins, columns, counts = [], [], dict[str, Column](), {}
    for number, (raw, wide) in enumerate(zip(rows.columns, _wide(tables, rows), strict=True)):
        sql, name = f"c{number}", f"{table}_{number}"
        found = None if wide else _dictionary(tables, rows.relation, raw, name)
        if found is None:
            chosen.append(f"{_normalised(raw.sql)} AS {sql}")
            columns[raw.column] = Text(sql)
            continue
        equal = "IS NOT DISTINCT FROM" if found.with_null else "="
        chosen.append(f"{name}.code AS {sql}")
        joins.append(f"JOIN {name} ON {raw.sql} {equal} {name}.raw")
        columns[raw.column] = Coded(sql, found.labels)
        counts[sql] = found.counts
    tables.connection.execute(
        f"CREATE TEMP TABLE {table} AS "
        f"SELECT {', '.join(chosen)} FROM {rows.relation} AS base {' '.join(joins)}"
    )
    for number, _ in enumerate(rows.columns):
        tables.connection.execute(f"DROP TABLE IF EXISTS {table}_{number}")
    records = tables.records(table)
    if not records:
        raise InputError(f"{rows.file}: holds a header and no records")
    return Loaded(columns, records, counts)


def _normalised(sql: str) -> str:
    """NFC, without outer white space, the empty text where nothing is there."""
    formed = f"nfc_normalize(CAST({sql} AS VARCHAR))"
    return f"coalesce(regexp_replace({formed}, {text(OUTER_SPACE)}, '', 'g'), '')"


def _wide(tables: Tables, rows: RawRows) -> list[bool]:
    """Which columns have too many texts to number them.

    Only those are counted, roughly, in which the first records hardly repeat a value.
    """
    counts = ", ".join(f"count(DISTINCT {raw.sql})" for raw in rows.columns)
    few = f"(SELECT * FROM {rows.relation} LIMIT {SAMPLE})"
    sampled = tables.connection.execute(f"SELECT {counts} FROM {few} AS base").fetchall()[0]
    return [
        count > SAMPLE / 2 and _distinct(tables, rows, raw) > MOST_LABELS
        for count, raw in zip(sampled, rows.columns, strict=True)
    ]


def _distinct(tables: Tables, rows: RawRows, raw: RawColumn) -> int:
    """About how many distinct values the column has."""
    return tables.count(f"SELECT approx_count_distinct({raw.sql}) FROM {rows.relation} AS base")


def _dictionary(tables: Tables, relation: str, raw: RawColumn, table: str) -> _Dictionary | None:
    """The column's distinct values numbered in ``table`` (raw, code); None where too many."""
    tables.connection.execute(
        f"CREATE TEMP TABLE {table}_found AS "
        f"SELECT raw, {_normalised('raw')} AS label, records "
        f"FROM (SELECT {raw.sql} AS raw, count(*) AS records FROM {relation} AS base GROUP BY 1)"
    )
    try:
        if tables.records(f"{table}_found") > MOST_LABELS:
            return None
        found = tables.answer(
            f"SELECT label, CAST(sum(records) AS BIGINT) AS records, "
            f"bool_or(raw IS NULL) AS with_null FROM {table}_found GROUP BY label ORDER BY label"
        )
        tables.connection.execute(
            f"CREATE TEMP TABLE {table} AS SELECT raw, CAST(dense_rank() OVER (ORDER BY label) - 1 "
            f"AS {code_type(len(found['label']))}) AS code FROM {table}_found"
        )
    finally:
        tables.connection.execute(f"DROP TABLE {table}_found")
    return _Dictionary(
        tuple(found["label"].tolist()),
        np.asarray(found["records"], dtype=np.int64),
        bool(found["with_null"].any()),
    )
