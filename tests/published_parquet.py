"""Published Parquet, read as text: what the tests compare a CSV with."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pandas as pd

from clearance.adapters.duckdb_sql import name as sql_name
from clearance.adapters.duckdb_sql import text
from clearance.columns import plain


def parquet_rows(content: bytes) -> pd.DataFrame:
    """The rows of a published Parquet file as canonical text; missing values are empty."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        path.write_bytes(content)
        return _parquet_rows(path)


def _parquet_rows(path: Path) -> pd.DataFrame:
    rows = f"read_parquet({text(str(path))})"
    connection = duckdb.connect()
    try:
        kinds = connection.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()
        names = [sql_name(column) for column, *_ in kinds]
        chosen = ", ".join(f"coalesce(CAST({each} AS VARCHAR), '') AS {each}" for each in names)
        frame = connection.execute(f"SELECT {chosen} FROM {rows}").df()
    finally:
        connection.close()
    doubles = [name for name, kind, *_ in kinds if kind == "DOUBLE"]
    plainly = {name: [text and plain(Decimal(text)) for text in frame[name]] for name in doubles}
    return frame.assign(**plainly).astype(object)
