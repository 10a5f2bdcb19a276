"""The embedded `Engine`: DuckDB, out of core, in a private working folder.

A dataset is a table of codes and, for each column, the text that every code stands for. So
texts are recoded without touching a record, and records are grouped, matched and sorted
as whole numbers; only columns of very many texts are kept as text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from clearance.adapters.coded_columns import (
    Coded,
    Column,
    Ints,
    Keyed,
    Text,
    numbered,
    ranked,
)
from clearance.adapters.duckdb_groups import AS_NUMBER, frame_of, grouped, keyed, sample_of
from clearance.adapters.duckdb_loading import load_rows
from clearance.adapters.duckdb_reading import delimited_file, parquet_file
from clearance.adapters.duckdb_sql import text
from clearance.adapters.duckdb_tables import Tables, stored_type
from clearance.adapters.row_files import write_csv, write_parquet
from clearance.adapters.stored import content_of
from clearance.errors import InputError
from clearance.plan import ValueType
from clearance.ports import Dataset, Exported, Sample, SourceFile

NUMERIC = (ValueType.INTEGER, ValueType.NUMBER)
NOT_COVERED = "a look-up does not cover every value of its column"
UNMATCHED = "every record must match exactly one row of the keys"


@dataclass(frozen=True, eq=False)
class _Held:
    """The records of a dataset. ``counts``: of each code of a column of the table, if known."""

    table: str
    columns: Mapping[str, Column]
    records: int
    counts: dict[str, Ints] = field(default_factory=dict)

    @property
    def stored(self) -> dict[str, str]:
        """What the table holds for each column, as SQL selects it."""
        return {name: f"base.{column.sql}" for name, column in self.columns.items()}

    def keyed(self, columns: Iterable[str]) -> dict[str, Keyed]:
        """These columns, to be sorted by code point."""
        found = {name: self.columns[name] for name in columns}
        return {
            name: column if isinstance(column, Text) else column.ranked
            for name, column in found.items()
        }


class DuckDBEngine:
    """Implements `clearance.ports.Engine` in ``folder``, which holds what memory does not.

    ``memory``: what DuckDB may use of it, such as ``1GB``. ``threads``: as many as there are
    cores unless given.
    """

    def __init__(self, folder: Path, *, threads: int | None = None, memory: str = "1GB") -> None:
        self._folder = folder
        self._connection = duckdb.connect()
        self._connection.execute(f"SET temp_directory = {text(str(folder / 'spill'))}")
        self._connection.execute(f"SET memory_limit = {text(memory)}")
        self._connection.execute("SET preserve_insertion_order = true")
        self._connection.execute("SET enable_progress_bar = false")  # it goes to standard output
        self._connection.execute("SET autoinstall_known_extensions = false")
        self._connection.execute("SET autoload_known_extensions = false")
        # Whole numbers of a small range are counted in an array instead of a hash table.
        self._connection.execute("SET perfect_ht_threshold = 20")
        if threads is not None:
            self._connection.execute(f"SET threads = {threads}")
        self._tables = Tables(self._connection)
        self._held: dict[str, _Held] = {}

    def close(self) -> None:
        self._connection.close()

    def load(self, source: SourceFile) -> Dataset:
        table = self._tables.name()
        copy = self._folder / f"{table}.parquet"
        if source.format == "parquet":
            rows = parquet_file(self._connection, source.path)
        else:
            rows = delimited_file(self._connection, source.path, form=source.format, copy=copy)
        loaded = load_rows(self._tables, rows, table)
        copy.unlink(missing_ok=True)
        return self._dataset(_Held(table, loaded.columns, loaded.records, loaded.counts))

    # ------------------------------------------------------------ aggregate

    def values(self, dataset: Dataset, column: str) -> pd.DataFrame:
        held = self._held[dataset.name]
        found = held.columns[column]
        if isinstance(found, Text):
            query = f"SELECT {found.sql} AS value, count(*) AS records FROM {held.table} GROUP BY 1"
            frame = self._connection.execute(f"{query} ORDER BY 1").df()
            return frame.astype({"value": object, "records": "int64"})
        records = np.zeros(len(found.ranked.texts), dtype=np.int64)
        np.add.at(records, found.ranked.ranks, self._counts(held, found))
        there = np.flatnonzero(records)
        values = pd.Series([found.ranked.texts[place] for place in there], dtype=object)
        return pd.DataFrame({"value": values, "records": records[there]})

    def sample(self, dataset: Dataset, column: str, *, most: int) -> Sample:
        held = self._held[dataset.name]
        found = held.columns[column]
        if isinstance(found, Coded):
            frame = self.values(dataset, column)
            with self._tables.holding(frame, {"value": "VARCHAR", "records": "BIGINT"}) as table:
                return sample_of(self._tables, f"SELECT value, records FROM {table}", most=most)
        counting = f"SELECT {found.sql} AS value, count(*) AS records FROM {held.table} GROUP BY 1"
        return sample_of(self._tables, counting, most=most)

    def histogram(self, dataset: Dataset, columns: Sequence[str]) -> pd.DataFrame:
        held = self._held[dataset.name]
        chosen = held.keyed(columns)
        groups = grouped(self._tables, held.table, chosen, records=held.records)
        return frame_of(groups, chosen)

    def sums(self, dataset: Dataset, columns: Sequence[str], amount: str) -> pd.DataFrame:
        held = self._held[dataset.name]
        chosen = held.keyed(columns)
        with self._text(held, amount) as (texts, join):
            quoted = f"nullif({texts}, '')"
            places = self._tables.count(
                f"SELECT coalesce(max(length(split_part({quoted}, '.', 2))), 0) "
                f"FROM {held.table} AS base {join}"
            )
            exact = f"CAST(coalesce({quoted}, '0') AS DECIMAL(38, {places}))"
            try:
                groups = grouped(
                    self._tables, held.table, chosen, records=held.records, amount=exact, join=join
                )
            except (duckdb.ConversionException, duckdb.OutOfRangeException):
                raise InputError(
                    f"{amount}: holds amounts that are no numbers, or too large to be summed "
                    f"exactly"
                ) from None
        sums = pd.Series(map(Decimal, groups.sums), dtype=object)
        return frame_of(groups, chosen).assign(amount=sums)

    @contextmanager
    def _text(self, held: _Held, column: str) -> Iterator[tuple[str, str]]:
        """The column's text over ``base``, and the join that it needs, while the context lasts."""
        found = held.columns[column]
        if isinstance(found, Text):
            yield f"base.{found.sql}", ""
            return
        labels = pd.DataFrame({"code": range(len(found.labels)), "label": found.labels})
        with self._tables.holding(
            labels, {"code": stored_type(found), "label": "VARCHAR"}
        ) as table:
            yield f"{table}.label", f"JOIN {table} ON base.{found.sql} = {table}.code"

    def _counts(self, held: _Held, column: Coded) -> Ints:
        """The records of each code."""
        if column.sql not in held.counts:
            counting = f"SELECT {column.sql} AS code, count(*) AS records FROM {held.table}"
            found = self._tables.answer(f"{counting} GROUP BY 1")
            counts = np.zeros(len(column.labels), dtype=np.int64)
            counts[found["code"]] = found["records"]
            held.counts[column.sql] = counts
        return held.counts[column.sql]

    # ------------------------------------------------------------ apply

    def recode(self, dataset: Dataset, lookups: Mapping[str, pd.DataFrame]) -> Dataset:
        held = self._held[dataset.name]
        for name, lookup in lookups.items():
            if lookup["value"].duplicated().any():
                raise ValueError(f"the look-up of '{name}' holds a value twice")
            column = held.columns[name]
            if isinstance(column, Text):
                keys, new = (lookup[[each]].set_axis([name], axis=1) for each in lookup)
                held = self._rewritten(held, keys, new, refusal=NOT_COVERED)
            else:
                columns = {**held.columns, name: self._relabelled(held, column, lookup)}
                held = replace(held, columns=columns)
        return self._dataset(held)

    def _relabelled(self, held: _Held, column: Coded, lookup: pd.DataFrame) -> Coded:
        """The column with other texts for its codes; a code without records needs none."""
        known = dict(zip(lookup["value"], lookup["replacement"], strict=True))
        absent = [code for code, label in enumerate(column.labels) if label not in known]
        if absent and self._counts(held, column)[absent].any():
            raise ValueError(NOT_COVERED)
        return Coded(column.sql, tuple(known.get(label, label) for label in column.labels))

    def without(self, dataset: Dataset, keys: pd.DataFrame) -> Dataset:
        if keys.empty:
            return dataset
        held = self._held[dataset.name]
        with keyed(self._tables, held.keyed(keys.columns)) as by:
            left_out = by.rows(keys)
            with self._tables.holding(left_out, by.types) as table:
                chosen = ", ".join(dict.fromkeys(held.stored.values()))
                kept = self._tables.make(
                    f"SELECT {chosen} FROM {held.table} AS base {by.joins} "
                    f"ANTI JOIN {table} AS keys ON {by.equal}"
                )
        return self._dataset(_Held(kept, held.columns, self._tables.records(kept)))

    def rewrite(self, dataset: Dataset, keys: pd.DataFrame, published: pd.DataFrame) -> Dataset:
        held = self._held[dataset.name]
        return self._dataset(self._rewritten(held, keys, published, refusal=UNMATCHED))

    def _rewritten(
        self, held: _Held, keys: pd.DataFrame, published: pd.DataFrame, *, refusal: str
    ) -> _Held:
        new = {name: numbered(self._tables.name(), published[name]) for name in published}
        columns = {**held.columns, **{str(name): column for name, (column, _) in new.items()}}
        with keyed(self._tables, held.keyed(keys.columns)) as by:
            rows = by.rows(keys)
            if rows.duplicated().any():
                raise ValueError(refusal)
            rows = rows.assign(
                **{column.sql: numbers[rows.index] for column, numbers in new.values()}
            )
            types = {column.sql: stored_type(column) for column, _ in new.values()}
            with self._tables.holding(rows, by.types | types) as table:
                kept = [sql for name, sql in held.stored.items() if name not in new]
                chosen = ", ".join([*dict.fromkeys(kept), *(f"keys.{sql}" for sql in types)])
                made = self._tables.make(
                    f"SELECT {chosen} FROM {held.table} AS base {by.joins} "
                    f"JOIN {table} AS keys ON {by.equal}"
                )
        records = self._tables.records(made)
        if records != held.records:
            raise ValueError(refusal)
        return _Held(made, columns, records)

    # ------------------------------------------------------------ export

    def export(self, dataset: Dataset, columns: Mapping[str, ValueType]) -> Exported:
        held = self._held[dataset.name]
        chosen = {name: self._as_sorted(held.columns[name], kind) for name, kind in columns.items()}
        numeric = {name for name, kind in columns.items() if kind in NUMERIC}
        groups = grouped(self._tables, held.table, chosen, records=held.records, numeric=numeric)
        rows = frame_of(groups, chosen)
        made = self._folder / self._tables.name()
        csv, parquet = made.with_suffix(".csv"), made.with_suffix(".parquet")
        write_csv(rows, csv)
        write_parquet(self._connection, rows, columns, parquet)
        return Exported(csv=content_of(csv), parquet=content_of(parquet), rows=rows)

    def _as_sorted(self, column: Column, kind: ValueType) -> Keyed:
        """The column with its texts in the order of their type."""
        if isinstance(column, Text) or kind not in NUMERIC:
            return column if isinstance(column, Text) else column.ranked
        texts = pd.DataFrame({"label": column.ranked.texts}, dtype=object)
        with self._tables.holding(texts, {"label": "VARCHAR"}) as table:
            query = f"SELECT label FROM {table} ORDER BY {AS_NUMBER.format('label')}"
            ordered = self._connection.execute(query).fetchall()
        return ranked(column, [label for (label,) in ordered])

    # ------------------------------------------------------------ inside

    def _dataset(self, held: _Held) -> Dataset:
        name = self._tables.name()
        self._held[name] = held
        return Dataset(name, tuple(held.columns), held.records)
