"""Records grouped, matched and sorted by keys: whole numbers that stand for several columns."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from clearance.adapters.coded_columns import (
    Alone,
    Codes,
    Ints,
    Key,
    Keyed,
    Ranked,
    categorical,
    counted,
    keys_of,
    of_texts,
)
from clearance.adapters.duckdb_tables import Tables, stored_type
from clearance.ports import Sample

AS_NUMBER = "TRY_CAST(nullif({0}, '') AS DECIMAL(38, 18)) NULLS FIRST, {0}"
MOST_SORTED = 2**25  # records whose keys are sorted in memory; more are grouped by DuckDB


@dataclass(frozen=True, eq=False)
class Keys:
    """``sql``: an expression over ``base`` for each of ``keys``; ``joins``: what these need."""

    keys: tuple[Key | Alone, ...]
    sql: tuple[str, ...]
    joins: str

    @property
    def types(self) -> dict[str, str]:
        """The names and types of the keys in a table of them."""
        return {
            f"k{number}": "BIGINT" if isinstance(key, Key) else "VARCHAR"
            for number, key in enumerate(self.keys)
        }

    @property
    def equal(self) -> str:
        """That a record has the keys of a row of a table named ``keys``."""
        return " AND ".join(f"{sql} = keys.k{number}" for number, sql in enumerate(self.sql))

    def rows(self, frame: pd.DataFrame) -> pd.DataFrame:
        """The keys of ``frame``'s rows; left out are rows with a text that no record has.

        Indexed by the number of the row.
        """
        known = np.ones(len(frame), dtype=bool)
        found: dict[str, pd.Series | Ints] = {}
        for number, key in enumerate(self.keys):
            if isinstance(key, Alone):
                found[f"k{number}"] = frame[key.name].astype(object).to_numpy()
                continue
            places = {name: column.places(frame[name]) for name, column in key.columns.items()}
            known &= np.all([each >= 0 for each in places.values()], axis=0)
            found[f"k{number}"] = key.of(places)
        return pd.DataFrame(found)[known]


@dataclass(frozen=True, eq=False)
class Groups:
    """The groups in their order.

    ``places`` and ``texts``: of each column of codes and of text; ``sums``: of the amount.
    """

    places: Mapping[str, Codes]
    texts: Mapping[str, pd.Series]
    records: Ints
    sums: tuple[str, ...]


def sample_of(tables: Tables, counting: str, *, most: int) -> Sample:
    """What `Engine.sample` answers; ``counting`` selects every value and its records, once."""
    with tables.kept(f"SELECT * FROM ({counting}) WHERE value <> ''") as table:
        total = tables.answer(
            f"SELECT count(*) AS distinct_values, CAST(coalesce(sum(records), 0) AS BIGINT) "
            f"AS records FROM {table}"
        )
        few = f"SELECT value FROM {table} ORDER BY hash(value), value LIMIT {most}"
        values = tables.answer(f"SELECT value FROM ({few}) ORDER BY value")["value"]
    return Sample(values.tolist(), int(total["distinct_values"][0]), int(total["records"][0]))


@contextmanager
def keyed(tables: Tables, columns: Mapping[str, Keyed]) -> Iterator[Keys]:
    """The keys of ``columns`` over a table named ``base``, while the context lasts."""
    keys = keys_of(columns)
    joins: list[str] = []
    with ExitStack() as needed:
        sql = []
        for key in keys:
            if isinstance(key, Alone):
                sql.append(f"base.{key.column.sql}")
                continue
            terms = []
            for name, factor in key.factors.items():
                column = key.columns[name]
                if column.as_they_are:
                    terms.append(f"CAST(base.{column.column.sql} AS BIGINT) * {factor}")
                    continue
                table = needed.enter_context(_recoded(tables, column, factor))
                joins.append(f"JOIN {table} ON base.{column.column.sql} = {table}.code")
                terms.append(f"{table}.part")
            sql.append(" + ".join(terms))
        yield Keys(keys, tuple(sql), " ".join(joins))


@contextmanager
def _recoded(tables: Tables, column: Ranked, factor: int) -> Iterator[str]:
    """A table of what each code counts in a key."""
    frame = pd.DataFrame({"code": np.arange(len(column.ranks)), "part": column.ranks * factor})
    with tables.holding(frame, {"code": stored_type(column.column), "part": "BIGINT"}) as table:
        yield table


def grouped(
    tables: Tables,
    table: str,
    columns: Mapping[str, Keyed],
    *,
    records: int,
    numeric: Collection[str] = (),
    amount: str | None = None,
    join: str = "",
) -> Groups:
    """The records of ``table`` in groups, sorted by ``columns`` in their order.

    ``numeric``: columns of text that sort as numbers. ``amount``: what is summed in each group,
    over ``base`` and what ``join`` adds.
    """
    with keyed(tables, columns) as found:
        rows = f"FROM {table} AS base {found.joins} {join}"
        sortable = len(found.keys) == 1 and isinstance(found.keys[0], Key)
        if sortable and amount is None and records <= MOST_SORTED:
            query = f"SELECT {found.sql[0]} AS k0 {rows}"
            keys, number = counted(_numbers(tables.answer(query)["k0"]))
            return _groups(found.keys, {"k0": keys}, number, ())
        named = "".join(f"{each} AS k{place}, " for place, each in enumerate(found.sql))
        summed = f", CAST(sum({amount}) AS VARCHAR) AS amount" if amount else ""
        order = ", ".join(_order(place, key, numeric) for place, key in enumerate(found.keys))
        query = f"SELECT {named}count(*) AS records{summed} {rows} GROUP BY ALL"
        sorting = f"ORDER BY {order}" if order else ""
        answer = tables.answer(f"SELECT * FROM ({query}) {sorting}")
    sums = tuple(answer["amount"].tolist()) if amount else ()
    return _groups(found.keys, answer, _numbers(answer["records"]), sums)


def frame_of(groups: Groups, columns: Mapping[str, Keyed]) -> pd.DataFrame:
    """The groups as Categoricals of text with their ``records``."""
    found: dict[str, object] = {}
    for name, column in columns.items():
        if isinstance(column, Ranked):
            found[name] = categorical(groups.places[name], column.texts)
        else:
            found[name] = of_texts(groups.texts[name])
    return pd.DataFrame({**found, "records": groups.records})


def _order(place: int, key: Key | Alone, numeric: Collection[str]) -> str:
    if isinstance(key, Alone) and key.name in numeric:
        return AS_NUMBER.format(f"k{place}")
    return f"k{place}"


def _groups(
    keys: tuple[Key | Alone, ...],
    answer: Mapping[str, npt.NDArray[Any]],
    records: Ints,
    sums: tuple[str, ...],
) -> Groups:
    places: dict[str, Codes] = {}
    texts = {}
    for number, key in enumerate(keys):
        if isinstance(key, Key):
            places |= key.places(_numbers(answer[f"k{number}"]))
        else:
            texts[key.name] = pd.Series(np.asarray(answer[f"k{number}"]), dtype=object)
    return Groups(places, texts, records, sums)


def _numbers(column: npt.NDArray[Any]) -> Ints:
    return np.asarray(column, dtype=np.int64)
