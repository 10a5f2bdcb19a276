"""Published rows as CSV and Parquet: each distinct row once at hand, written as often as it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from clearance.adapters.coded_columns import Codes, Ints
from clearance.adapters.duckdb_sql import name, text
from clearance.errors import InputError
from clearance.plan import ValueType

QUOTED = frozenset(',"\r\n#')
FEW_ROWS = 50_000  # that are written before a compiled loop would have started
ROWS_AT_ONCE = 2**18
PARQUET_TYPES = {
    ValueType.TEXT: "VARCHAR",
    ValueType.INTEGER: "BIGINT",
    ValueType.NUMBER: "DOUBLE",
    ValueType.DATE: "DATE",
}


def write_csv(rows: pd.DataFrame, path: Path) -> None:
    """``rows``, Categoricals and ``records``, in UTF-8 with header, commas and line feeds."""
    columns = [str(column) for column in rows.columns if column != "records"]
    cells = [[quoted(each).encode() for each in rows[column].cat.categories] for column in columns]
    codes = [rows[column].cat.codes.to_numpy() for column in columns]
    records = rows["records"].to_numpy(np.int64)
    lines: Callable[[list[list[bytes]], list[Codes], Ints], Iterator[bytes | memoryview]]
    lines = _lines if len(rows) <= FEW_ROWS else _compiled_lines
    with path.open("wb") as stream:
        stream.write(",".join(map(quoted, columns)).encode() + b"\n")
        for each in lines(cells, codes, records):
            stream.write(each)


def quoted(cell: str) -> str:
    """A cell as DuckDB writes it: in quotes where it holds anything that a CSV could mean."""
    return '"' + cell.replace('"', '""') + '"' if QUOTED.intersection(cell) else cell


def _lines(cells: list[list[bytes]], codes: list[Codes], records: Ints) -> Iterator[bytes]:
    columns = [
        map(each.__getitem__, numbers.tolist()) for each, numbers in zip(cells, codes, strict=True)
    ]
    for row, number in zip(zip(*columns, strict=True), records.tolist(), strict=True):
        yield (b",".join(row) + b"\n") * number


def _compiled_lines(
    cells: list[list[bytes]], codes: list[Codes], records: Ints
) -> Iterator[memoryview]:
    from clearance.adapters.csv_lines import Spelling

    spelling = Spelling(cells)
    for start in range(0, len(records), ROWS_AT_ONCE):
        chosen = slice(start, start + ROWS_AT_ONCE)
        yield from spelling.lines([each[chosen] for each in codes], records[chosen])


def write_parquet(
    connection: duckdb.DuckDBPyConnection,
    rows: pd.DataFrame,
    columns: Mapping[str, ValueType],
    path: Path,
) -> None:
    """``rows``, Categoricals and ``records``, in the columns' types; missing is null.

    InputError where a column holds values of another type.
    """
    at = np.repeat(np.arange(len(rows)), rows["records"])
    whole = pd.DataFrame({column: rows[column].array[at] for column in columns}, copy=False)
    typed = ", ".join(_typed(column, kind) for column, kind in columns.items())
    connection.register("published", whole)
    try:
        connection.execute(
            f"COPY (SELECT {typed} FROM published) TO {text(str(path))} "
            f"(FORMAT parquet, COMPRESSION zstd)"
        )
    except duckdb.ConversionException:
        raise InputError("a published column holds values of another type") from None
    finally:
        connection.unregister("published")


def _typed(column: str, kind: ValueType) -> str:
    present = f"nullif(CAST({name(column)} AS VARCHAR), '')"
    return f"CAST({present} AS {PARQUET_TYPES[kind]}) AS {name(column)}"
