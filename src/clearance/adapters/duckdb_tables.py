"""What the engine keeps in DuckDB: tables with names of their own, some only for one query."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import count
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd

from clearance.adapters.coded_columns import Column, Text
from clearance.adapters.duckdb_sql import code_type


class Tables:
    """Makes and drops tables over one connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self._numbers = count(1)

    def name(self) -> str:
        """A name that no table has."""
        return f"t{next(self._numbers)}"

    def count(self, query: str) -> int:
        """The one number that ``query`` answers, its result read to the end."""
        return int(self.connection.execute(query).fetchall()[0][0])

    def answer(self, query: str) -> dict[str, npt.NDArray[Any]]:
        """The columns that ``query`` answers; none of them may be a Categorical or hold NULL."""
        columns = self.connection.execute(query).fetchnumpy()
        return {name: np.asarray(column) for name, column in columns.items()}

    def records(self, table: str) -> int:
        return self.count(f"SELECT count(*) FROM {table}")

    def make(self, query: str) -> str:
        """A table of what ``query`` answers."""
        name = self.name()
        self.connection.execute(f"CREATE TEMP TABLE {name} AS {query}")
        return name

    @contextmanager
    def kept(self, query: str) -> Iterator[str]:
        """A table of what ``query`` answers, while the context lasts."""
        table = self.make(query)
        try:
            yield table
        finally:
            self.connection.execute(f"DROP TABLE {table}")

    @contextmanager
    def holding(self, frame: pd.DataFrame, types: Mapping[str, str]) -> Iterator[str]:
        """A table of ``frame``'s columns in these types, while the context lasts."""
        columns = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in types.items())
        self.connection.register("handed_over", frame)
        with self.kept(f"SELECT {columns} FROM handed_over") as table:
            self.connection.unregister("handed_over")
            yield table


def stored_type(column: Column) -> str:
    """The type of what the table holds for the column."""
    return "VARCHAR" if isinstance(column, Text) else code_type(len(column.labels))
