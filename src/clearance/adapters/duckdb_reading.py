"""Files of records, checked before DuckDB reads them: what is not plain to read is refused."""

from __future__ import annotations

import codecs
import csv
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from clearance.adapters.duckdb_sql import file_path, name, text
from clearance.errors import InputError

DELIMITERS = (",", ";", "\t", "|")
CHUNK_BYTES = 1 << 20
BREAKING = ("Cc", "Zl", "Zp")  # control characters, line and paragraph separators
NESTED = re.compile(r"\[|STRUCT|MAP|BLOB")
# Equal values of these types have the same text, so that they are grouped as they are.
PLAIN_TYPES = re.compile(r"VARCHAR|U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|DATE|BOOLEAN")


@dataclass(frozen=True, slots=True)
class RawColumn:
    """``sql``: the values in the file, equal where their text is; ``column``: its checked name."""

    sql: str
    column: str


@dataclass(frozen=True, slots=True)
class RawRows:
    """What stands in a file: ``relation`` is what SQL selects from."""

    file: str
    relation: str
    columns: tuple[RawColumn, ...]


def parquet_file(connection: duckdb.DuckDBPyConnection, path: Path) -> RawRows:
    """InputError where it is not readable, or holds columns that are no plain values."""
    relation = f"read_parquet({file_path(path)}, hive_partitioning=false)"
    try:
        described = connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()
    except duckdb.Error:
        raise InputError(f"{path.name}: is not a readable Parquet file") from None
    nested = [kind for _, kind, *_ in described if NESTED.search(kind)]
    if nested:
        raise InputError(
            f"{path.name}: {len(nested)} columns hold lists, structures or binary data; "
            f"flatten or drop them"
        )
    header = checked_header([raw for raw, *_ in described], path)
    columns = tuple(
        RawColumn(_as_read(raw, kind), column)
        for (raw, kind, *_), column in zip(described, header, strict=True)
    )
    return RawRows(path.name, relation, columns)


def _as_read(raw: str, kind: str) -> str:
    column = f"base.{name(raw)}"
    return column if PLAIN_TYPES.fullmatch(kind) else f"CAST({column} AS VARCHAR)"


def delimited_file(
    connection: duckdb.DuckDBPyConnection, path: Path, *, form: str, copy: Path
) -> RawRows:
    """The records of a CSV or TSV, parsed once and kept as Parquet in ``copy``.

    InputError: wrong encoding, ragged rows, open quotes, a header that names not every column.
    """
    _check_text(path)
    delimiter = "\t" if form == "tsv" else detect_delimiter(path)
    header = _header(path, delimiter)
    raw = [f"c{number}" for number in range(len(header))]
    typed = ", ".join(f"{text(each)}: 'VARCHAR'" for each in raw)
    rows = (
        f"read_csv({file_path(path)}, sep={text(delimiter)}, header=true, auto_detect=false, "
        f"quote='\"', escape='\"', columns={{{typed}}}, strict_mode=true, "
        f"null_padding=false, encoding='utf-8', max_line_size=10000000, "
        f"hive_partitioning=false)"
    )
    try:
        connection.execute(f"COPY (SELECT * FROM {rows}) TO {text(str(copy))} (FORMAT parquet)")
    except duckdb.Error:
        raise InputError(
            f"{path.name}: {_rejected(connection, rows)}; every record must have "
            f"{len(header)} columns, quotes closed and doubled inside quotes, and the same "
            f"kind of line end"
        ) from None
    columns = tuple(
        RawColumn(f"base.{each}", column) for each, column in zip(raw, header, strict=True)
    )
    return RawRows(path.name, f"read_parquet({file_path(copy)})", columns)


def _rejected(connection: duckdb.DuckDBPyConnection, rows: str) -> str:
    """How many records do not fit, told without a value of any."""
    connection.execute("DROP TABLE IF EXISTS reject_errors")
    connection.execute("DROP TABLE IF EXISTS reject_scans")
    counting = rows.removesuffix(")") + ", store_rejects=true)"
    try:
        connection.execute(f"SELECT count(*) FROM (SELECT * FROM {counting})").fetchall()
        found = connection.execute("SELECT count(DISTINCT line) FROM reject_errors").fetchall()
    except duckdb.Error:
        return "records do not fit"
    number = int(found[0][0])
    return f"{number} records do not fit" if number else "records do not fit"


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
    return checked_header(header, path)


def checked_header(header: Sequence[str], path: Path) -> list[str]:
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
