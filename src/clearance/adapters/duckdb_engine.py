"""The embedded `Engine`: DuckDB, out of core, in a private working folder.

Everything is text; the empty text is a missing value. Loaded rows are a table,
what is derived from them are views over look-up joins.
"""

from __future__ import annotations

import codecs
import csv
import re
import unicodedata
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pandas as pd

from clearance.columns import plain
from clearance.errors import InputError
from clearance.plan import ValueType
from clearance.ports import Dataset, Exported, SourceFile

DELIMITERS = (",", ";", "\t", "|")
CHUNK_BYTES = 1 << 20
SPACE = r"[\s\x0B\x1C-\x1F\x85\p{Z}\x{200B}\x{FEFF}]"  # RE2's \s is ASCII, without \x0B
OUTER_SPACE = rf"^{SPACE}+|{SPACE}+$"
BREAKING = ("Cc", "Zl", "Zp")  # control characters, line and paragraph separators


class DuckDBEngine:
    """Implements `clearance.ports.Engine` on a database file in ``folder``."""

    def __init__(self, folder: Path, *, threads: int | None = None, memory: str = "4GB") -> None:
        self._folder = folder
        self._connection = duckdb.connect(str(folder / "engine.duckdb"))
        self._connection.execute(f"SET temp_directory = {_text(str(folder / 'spill'))}")
        self._connection.execute(f"SET memory_limit = {_text(memory)}")
        self._connection.execute("SET preserve_insertion_order = true")
        self._connection.execute("SET autoinstall_known_extensions = false")
        self._connection.execute("SET autoload_known_extensions = false")
        if threads is not None:
            self._connection.execute(f"SET threads = {threads}")
        self._numbers = count(1)

    def close(self) -> None:
        self._connection.close()

    # ------------------------------------------------------------ load

    def load(self, source: SourceFile) -> Dataset:
        if source.format == "parquet":
            columns, rows = self._parquet(source.path)
        else:
            columns, rows = self._delimited(source.path, source.format)
        normalised = ", ".join(
            f"coalesce(regexp_replace(nfc_normalize(CAST({_name(raw)} AS VARCHAR)), "
            f"{_text(OUTER_SPACE)}, '', 'g'), '') AS {_name(column)}"
            for raw, column in columns
        )
        name = f"t{next(self._numbers)}"
        try:
            self._connection.execute(f"CREATE TABLE {name} AS SELECT {normalised} FROM {rows}")
        except duckdb.Error:
            raise InputError(
                f"{source.path.name}: {self._rejected(rows)}; every record must have "
                f"{len(columns)} columns, quotes closed and doubled inside quotes, and the same "
                f"kind of line end"
            ) from None
        dataset = self._dataset(name, [column for _, column in columns])
        if dataset.records == 0:
            raise InputError(f"{source.path.name}: holds a header and no records")
        return dataset

    def _delimited(self, path: Path, form: str) -> tuple[list[tuple[str, str]], str]:
        _check_text(path)
        delimiter = "\t" if form == "tsv" else detect_delimiter(path)
        header = _header(path, delimiter)
        names = [f"c{number}" for number in range(len(header))]
        typed = ", ".join(f"{_text(name)}: 'VARCHAR'" for name in names)
        rows = (
            f"read_csv({_path(path)}, sep={_text(delimiter)}, header=true, auto_detect=false, "
            f"quote='\"', escape='\"', columns={{{typed}}}, strict_mode=true, "
            f"null_padding=false, encoding='utf-8', max_line_size=10000000, "
            f"hive_partitioning=false)"
        )
        return list(zip(names, header, strict=True)), rows

    def _parquet(self, path: Path) -> tuple[list[tuple[str, str]], str]:
        rows = f"read_parquet({_path(path)}, hive_partitioning=false)"
        try:
            described = self._connection.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()
        except duckdb.Error:
            raise InputError(f"{path.name}: is not a readable Parquet file") from None
        nested = [name for name, kind, *_ in described if re.search(r"\[|STRUCT|MAP|BLOB", kind)]
        if nested:
            raise InputError(
                f"{path.name}: {len(nested)} columns hold lists, structures or binary data; "
                f"flatten or drop them"
            )
        header = _checked_header([name for name, *_ in described], path)
        return [(row[0], column) for row, column in zip(described, header, strict=True)], rows

    def _rejected(self, rows: str) -> str:
        """How many records do not fit, told without a value of any."""
        self._connection.execute("DROP TABLE IF EXISTS reject_errors")
        self._connection.execute("DROP TABLE IF EXISTS reject_scans")
        counting = rows.removesuffix(")") + ", store_rejects=true)"
        try:
            self._count(f"SELECT count(*) FROM (SELECT * FROM {counting})")
            number = self._count("SELECT count(DISTINCT line) FROM reject_errors")
        except duckdb.Error:
            number = 0
        return f"{number} records do not fit" if number else "records do not fit"

    # ------------------------------------------------------------ aggregate

    def values(self, dataset: Dataset, column: str) -> pd.DataFrame:
        name = _name(column)
        query = f"SELECT {name} AS value, count(*) AS records FROM {dataset.name}"
        return self._frame(f"{query} GROUP BY {name} ORDER BY {name}")

    def histogram(self, dataset: Dataset, columns: Sequence[str]) -> pd.DataFrame:
        return self._grouped(dataset, columns, "")

    def sums(self, dataset: Dataset, columns: Sequence[str], amount: str) -> pd.DataFrame:
        quoted = f"nullif({_name(amount)}, '')"
        places = self._count(
            f"SELECT coalesce(max(length(split_part({quoted}, '.', 2))), 0) FROM {dataset.name}"
        )
        exact = f"CAST(coalesce({quoted}, '0') AS DECIMAL(38, {places}))"
        try:
            frame = self._grouped(dataset, columns, f", CAST(sum({exact}) AS VARCHAR) AS amount")
        except (duckdb.ConversionException, duckdb.OutOfRangeException):
            raise InputError(
                f"{amount}: holds amounts that are no numbers, or too large to be summed exactly"
            ) from None
        return frame.assign(amount=pd.Series(map(Decimal, frame["amount"]), dtype=object))

    def _grouped(self, dataset: Dataset, columns: Sequence[str], more: str) -> pd.DataFrame:
        names = ", ".join(_name(column) for column in columns)
        keys = f"GROUP BY {names} ORDER BY {names}" if columns else ""
        listed = f"{names}, " if columns else ""
        query = f"SELECT {listed}count(*) AS records{more} FROM {dataset.name} {keys}"
        return self._frame(query)

    def _frame(self, query: str) -> pd.DataFrame:
        result = self._connection.execute(query).df()
        text = [name for name in result.columns if name != "records"]
        return result.astype({**dict.fromkeys(text, object), "records": "int64"})

    # ------------------------------------------------------------ apply

    def recode(self, dataset: Dataset, lookups: Mapping[str, pd.DataFrame]) -> Dataset:
        joins, chosen = [], {column: f"base.{_name(column)}" for column in dataset.columns}
        for number, (column, lookup) in enumerate(sorted(lookups.items())):
            if lookup["value"].duplicated().any():
                raise ValueError(f"the look-up of '{column}' holds a value twice")
            table = self._store(lookup[["value", "replacement"]])
            joins.append(f"JOIN {table} AS l{number} ON base.{_name(column)} = l{number}.value")
            chosen[column] = f"l{number}.replacement"
        selected = ", ".join(f"{what} AS {_name(column)}" for column, what in chosen.items())
        derived = self._view(f"SELECT {selected} FROM {dataset.name} AS base {' '.join(joins)}")
        recoded = self._dataset(derived, dataset.columns)
        if recoded.records != dataset.records:
            raise ValueError("a look-up does not cover every value of its column")
        return recoded

    def without(self, dataset: Dataset, keys: pd.DataFrame) -> Dataset:
        if keys.empty:
            return dataset
        table = self._store(keys)
        matched = " AND ".join(
            f"base.{_name(each)} = keys.{_name(each)}" for each in map(str, keys.columns)
        )
        derived = self._view(
            f"SELECT base.* FROM {dataset.name} AS base ANTI JOIN {table} AS keys ON {matched}"
        )
        return self._dataset(derived, dataset.columns)

    def export(self, dataset: Dataset, columns: Mapping[str, ValueType]) -> Exported:
        order = ", ".join(_order(column, kind) for column, kind in columns.items())
        missing = ", ".join(f"nullif({_name(each)}, '') AS {_name(each)}" for each in columns)
        typed = ", ".join(_typed(column, kind) for column, kind in columns.items())
        ordered = f"SELECT {{}} FROM {dataset.name} AS base ORDER BY {order}"
        delimited = "FORMAT csv, HEADER true, DELIMITER ',', QUOTE '\"', ESCAPE '\"'"
        return Exported(
            csv=self._written(ordered.format(missing), delimited),
            parquet=self._written(ordered.format(typed), "FORMAT parquet, COMPRESSION zstd"),
        )

    def _written(self, query: str, form: str) -> bytes:
        path = self._folder / f"export-{next(self._numbers)}"
        try:
            self._connection.execute(f"COPY ({query}) TO {_text(str(path))} ({form})")
            return path.read_bytes()
        except duckdb.ConversionException:
            raise InputError("a published column holds values of another type") from None
        finally:
            path.unlink(missing_ok=True)

    # ------------------------------------------------------------ inside

    def _store(self, frame: pd.DataFrame) -> str:
        name = f"t{next(self._numbers)}"
        self._connection.register("handed_over", frame.astype(object))
        columns = ", ".join(
            f"CAST({_name(each)} AS VARCHAR) AS {_name(each)}" for each in map(str, frame)
        )
        self._connection.execute(f"CREATE TABLE {name} AS SELECT {columns} FROM handed_over")
        self._connection.unregister("handed_over")
        return name

    def _view(self, query: str) -> str:
        name = f"t{next(self._numbers)}"
        self._connection.execute(f"CREATE VIEW {name} AS {query}")
        return name

    def _dataset(self, name: str, columns: Sequence[str]) -> Dataset:
        records = self._count(f"SELECT count(*) FROM {name}")
        return Dataset(name, tuple(columns), records)

    def _count(self, query: str) -> int:
        """The one number that ``query`` answers, its result read to the end."""
        return int(self._connection.execute(query).fetchall()[0][0])


def parquet_rows(content: bytes) -> pd.DataFrame:
    """The rows of a published Parquet file as canonical text; missing values are empty."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        path.write_bytes(content)
        return _parquet_rows(path)


def _parquet_rows(path: Path) -> pd.DataFrame:
    rows = f"read_parquet({_text(str(path))})"
    connection = duckdb.connect()
    try:
        kinds = connection.execute(f"DESCRIBE SELECT * FROM {rows}").fetchall()
        chosen = ", ".join(
            f"coalesce(CAST({_name(name)} AS VARCHAR), '') AS {_name(name)}" for name, *_ in kinds
        )
        frame = connection.execute(f"SELECT {chosen} FROM {rows}").df()
    finally:
        connection.close()
    doubles = [name for name, kind, *_ in kinds if kind == "DOUBLE"]
    plainly = {name: [text and plain(Decimal(text)) for text in frame[name]] for name in doubles}
    return frame.assign(**plainly).astype(object)


def detect_delimiter(path: Path) -> str:
    """The delimiter that the header of ``path`` uses most; a comma where it uses none."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        line = lines.readline(CHUNK_BYTES)
    unquoted = re.sub(r'"[^"]*"', "", line)
    return max(DELIMITERS, key=unquoted.count)


def _check_text(path: Path) -> None:
    """InputError unless the file is UTF-8 without NUL characters, and not empty."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    empty = True
    with path.open("rb") as content:
        while chunk := content.read(CHUNK_BYTES):
            empty = False
            if b"\0" in chunk:
                raise InputError(f"{path.name}: holds NUL characters; save it as UTF-8 text")
            _decode(decoder, chunk, path, final=False)
    if empty:
        raise InputError(f"{path.name}: is empty; expected a header and records")
    _decode(decoder, b"", path, final=True)


def _decode(decoder: codecs.IncrementalDecoder, chunk: bytes, path: Path, *, final: bool) -> None:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        raise InputError(
            f"{path.name}: is not UTF-8; save it as UTF-8 (it may be Latin-1 or Windows-1252)"
        ) from None


def _header(path: Path, delimiter: str) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        try:
            header = next(csv.reader(lines, delimiter=delimiter, strict=True), [])
        except csv.Error:
            raise InputError(f"{path.name}: the header's quotes are not closed") from None
    return _checked_header(header, path)


def _checked_header(header: Sequence[str], path: Path) -> list[str]:
    names = [unicodedata.normalize("NFC", name).strip() for name in header]
    empty = names.count("")
    if not names or empty:
        raise InputError(f"{path.name}: {max(empty, 1)} columns have no name in the header")
    broken = sum(any(unicodedata.category(each) in BREAKING for each in name) for name in names)
    if broken:
        raise InputError(f"{path.name}: {broken} column names hold line breaks or the like")
    folded = [name.casefold() for name in names]
    twice = sorted({name for name in names if folded.count(name.casefold()) > 1})
    if twice:
        raise InputError(f"{path.name}: {len(twice)} column names stand twice in the header")
    return names


def _order(column: str, kind: ValueType) -> str:
    text = f"base.{_name(column)}"  # not what is selected under the same name, where '' is NULL
    if kind in (ValueType.INTEGER, ValueType.NUMBER):
        number = f"TRY_CAST(nullif({text}, '') AS DECIMAL(38, 18))"
        return f"{number} ASC NULLS FIRST, {text} ASC"
    return f"{text} ASC"


PARQUET_TYPES = {
    ValueType.TEXT: "VARCHAR",
    ValueType.INTEGER: "BIGINT",
    ValueType.NUMBER: "DOUBLE",
    ValueType.DATE: "DATE",
}


def _typed(column: str, kind: ValueType) -> str:
    return f"CAST(nullif({_name(column)}, '') AS {PARQUET_TYPES[kind]}) AS {_name(column)}"


def _path(path: Path) -> str:
    """``path`` as it stands: DuckDB would read brackets and stars as a pattern."""
    return _text(re.sub(r"[\[*?]", lambda found: f"[{found[0]}]", str(path)))


def _name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
