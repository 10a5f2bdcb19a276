"""Published data files read as distinct rows, whatever their size (`clearance.attack.reading`).

Protected files repeat few distinct lines, which are counted and then read. Large files of
many distinct lines go through DuckDB, out of core; where their bytes hold anything that it
reads more leniently than the format allows, they are read a record at a time, so that the
verdict is the same.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pandas as pd

from clearance.adapters.stored import StoredFile
from clearance.attack.reading import (
    UnreadableFileError,
    checked_header,
    read_distinct,
    read_header,
    read_repeated,
)
from clearance.attack.rows import Rows, categorical, distinct
from clearance.columns import plain
from clearance.content import Content, chunks
from clearance.hierarchy import MISSING

MOST_REPEATED = 250_000  # distinct lines that are held in memory
SAMPLE = 200_000  # rows that tell how much a file repeats itself
LONGEST_LINE_BYTES = 10_000_000
DOUBLES = ("DOUBLE", "FLOAT")
COUNTED, FIRST, LAST = "records", "first", "last"  # beside columns that are named by number


class PublishedRows:
    """Implements `clearance.attack.reading.Reader`."""

    def __init__(
        self,
        *,
        memory: str = "1GB",
        threads: int | None = None,
        most_repeated: int = MOST_REPEATED,
    ) -> None:
        self._most_repeated = most_repeated
        self._memory = memory
        self._threads = threads

    def csv(self, content: Content) -> Rows:
        repeated = read_repeated(content, most=self._most_repeated)
        if repeated is not None:
            return repeated
        if isinstance(content, bytes) or _lenient(content):
            return read_distinct(content)
        header = read_header(content)
        try:
            with self._opened(content) as (connection, path):
                return _rows(connection, _delimited(path, len(header)), header)
        except duckdb.Error:
            return read_distinct(content)  # says what is wrong, if anything is

    def parquet(self, content: Content) -> Rows:
        try:
            with self._opened(content) as (connection, path):
                return _parquet(connection, path)
        except duckdb.Error:
            raise UnreadableFileError("is no Parquet file of plain columns") from None

    @contextmanager
    def _opened(self, content: Content) -> Iterator[tuple[duckdb.DuckDBPyConnection, Path]]:
        """A connection of its own, and the file, in a private folder unless it lies in one."""
        with TemporaryDirectory(prefix="clearance-") as folder:
            connection = duckdb.connect(str(Path(folder) / "rows.duckdb"))
            try:
                connection.execute(f"SET memory_limit = {_text(self._memory)}")
                connection.execute("SET enable_progress_bar = false")  # on standard output
                connection.execute("SET autoinstall_known_extensions = false")
                connection.execute("SET autoload_known_extensions = false")
                if self._threads is not None:
                    connection.execute(f"SET threads = {self._threads}")
                yield connection, _path(content, Path(folder))
            finally:
                connection.close()


def _path(content: Content, folder: Path) -> Path:
    if isinstance(content, StoredFile):
        return content.path
    path = folder / "content"
    with path.open("wb") as copy:
        for chunk in chunks(content):
            copy.write(chunk)
    return path


def _lenient(content: Content) -> bool:
    """Whether the bytes hold anything that DuckDB may read otherwise than line by line."""
    before = b""
    for chunk in chunks(content):
        if any(map(_suspicious, (chunk, before + chunk[:1]))):
            return True
        before = chunk[-1:]
    return False


def _suspicious(piece: bytes) -> bool:
    """Carriage returns, NUL, empty lines, spaces beside quotes, and marks of byte order."""
    if any(each in piece for each in (b"\r", b"\0", b"\n\n", b"\xef\xbb")):
        return True
    return b'"' in piece and (b' "' in piece or b'" ' in piece)


def _delimited(path: Path, columns: int) -> _Query:
    """The rows of a CSV."""
    kinds = _listed(f"c{n}: 'VARCHAR'" for n in range(columns))
    return _Query(
        f"read_csv({_text(str(path))}, sep=',', header=true, auto_detect=false, quote='\"', "
        f"escape='\"', columns={{{kinds}}}, strict_mode=true, null_padding=false, "
        f"encoding='utf-8', max_line_size={LONGEST_LINE_BYTES}, hive_partitioning=false)",
        place="row_number() OVER ()",
        grouped=[f"coalesce(c{n}, '')" for n in range(columns)],
    )


def _parquet(connection: duckdb.DuckDBPyConnection, path: Path) -> Rows:
    rows = f"read_parquet({_text(str(path))}, file_row_number=true, hive_partitioning=false)"
    described = connection.execute(f"DESCRIBE SELECT * EXCLUDE (file_row_number) FROM {rows}")
    kinds = {name: kind for name, kind, *_ in described.fetchall()}
    checked_header(list(kinds))
    columns = [_grouped(_name(name), kind) for name, kind in kinds.items()]
    found = _rows(connection, _Query(rows, place="file_row_number", grouped=columns), list(kinds))
    doubles = [name for name, kind in kinds.items() if kind in DOUBLES]
    plainly = {name: found.frame[name].cat.rename_categories(_plain) for name in doubles}
    return Rows(
        frame=categorical(found.frame.assign(**plainly)),
        records=found.records,
        adjacent=found.adjacent,
    )


@dataclass(frozen=True, slots=True)
class _Query:
    """``rows`` of a file. ``place``: their order in it. ``grouped``: the columns, by what they
    are told apart.
    """

    rows: str
    place: str
    grouped: Sequence[str]

    @property
    def chosen(self) -> str:
        return _listed(f"{each} AS c{n}" for n, each in enumerate(self.grouped))

    @property
    def texts(self) -> list[str]:
        return [f"coalesce(CAST({each} AS VARCHAR), '')" for each in self.grouped]


def _rows(connection: duckdb.DuckDBPyConnection, query: _Query, names: Sequence[str]) -> Rows:
    """The distinct rows, grouped at once where few rows at the beginning are distinct."""
    sample = f"SELECT {query.chosen} FROM {query.rows} LIMIT {SAMPLE}"
    share = f"SELECT count(DISTINCT hash(held)) * 2 > count(*) FROM ({sample}) AS held"
    many = bool(connection.execute(share).fetchall()[0][0])
    return (_one_by_one if many else _together)(connection, query, names)


def _together(connection: duckdb.DuckDBPyConnection, query: _Query, names: Sequence[str]) -> Rows:
    numbers = range(len(names))
    listed = _listed(f"c{n}" for n in numbers)
    texts = _listed(f"coalesce(CAST(c{n} AS VARCHAR), '') AS c{n}" for n in numbers)
    connection.execute(
        f"CREATE TABLE held AS SELECT {texts}, {COUNTED}, {FIRST}, {LAST} FROM "
        f"(SELECT {listed}, count(*) AS {COUNTED}, min(place) AS {FIRST}, max(place) AS {LAST} "
        f"FROM (SELECT {query.chosen}, {query.place} AS place FROM {query.rows}) "
        f"GROUP BY {listed})"
    )
    for n in numbers:
        connection.execute(f"CREATE TYPE e{n} AS ENUM (SELECT DISTINCT c{n} FROM held ORDER BY 1)")
    coded = _listed(f"CAST(c{n} AS e{n}) AS c{n}" for n in numbers)
    found = connection.execute(
        f"SELECT {coded}, {COUNTED}, {LAST} - {FIRST} + 1 = {COUNTED} AS together "
        f"FROM held ORDER BY {FIRST}"
    ).df()
    return Rows(
        frame=categorical(_named(found, names)),
        records=found[COUNTED].to_numpy(dtype="int64"),
        adjacent=bool(found["together"].all()),
    )


def _one_by_one(connection: duckdb.DuckDBPyConnection, query: _Query, names: Sequence[str]) -> Rows:
    """Read twice: for the values of the columns, and for the rows as numbers of values."""
    lists = _listed(f"list(DISTINCT {each})" for each in query.texts)
    values = connection.execute(f"SELECT {lists} FROM {query.rows}").fetchall()[0]
    for n, each in enumerate(values):
        connection.register("handed_over", pd.DataFrame({"value": sorted(each)}, dtype=object))
        connection.execute(f"CREATE TYPE e{n} AS ENUM (SELECT value FROM handed_over)")
        connection.unregister("handed_over")
    coded = _listed(f"CAST({each} AS e{n}) AS c{n}" for n, each in enumerate(query.texts))
    return distinct(_named(connection.execute(f"SELECT {coded} FROM {query.rows}").df(), names))


def _named(found: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame({name: found[f"c{n}"] for n, name in enumerate(names)})


def _grouped(column: str, kind: str) -> str:
    """The same for all values that are written alike: no text and NULL, 0 and -0."""
    if kind in DOUBLES:
        return f"{column} + 0"
    return f"coalesce({column}, '')" if kind == "VARCHAR" else column


def _plain(text: str) -> str:
    """A double as canonical text; NaN and infinity, which we never write, as they are."""
    number = Decimal(text) if text != MISSING else None
    return plain(number) if number is not None and number.is_finite() else text


def _listed(parts: Iterable[str]) -> str:
    return ", ".join(parts)


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
