"""The public bytes, read strictly: what is not plain to read is not judged, it is refused."""

from __future__ import annotations

import csv
import io
import json
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any, Protocol

import numpy as np
import pandas as pd

from clearance.attack.rows import Rows, categorical
from clearance.content import Content, chunks
from clearance.hierarchy import MISSING

BUFFER_BYTES = 1 << 20


class UnreadableFileError(Exception):
    """A public file is not what its name says. Caught inside the attack, which then blocks."""


class Reader(Protocol):
    """Reads published data files. Raises `UnreadableFileError` for what is not plain to read."""

    def csv(self, content: Content) -> Rows:
        """The rows of a CSV, as `read_distinct` reads them."""
        ...

    def parquet(self, content: Content) -> Rows:
        """The rows of a Parquet file as canonical text, a missing value being the empty text."""
        ...


def read_rows(content: bytes) -> pd.DataFrame:
    """Every row of a small CSV as text, in the file's order; a missing value is the empty text.

    Raises `UnreadableFileError` unless it is UTF-8 with a header of distinct, non-empty names and
    rows that are all as long as it.
    """
    header, *rows = list(_lines(content))
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(header)
    return _frame(header, columns)


def read_distinct(content: Content) -> Rows:
    """The distinct rows of a CSV of any size, read a record at a time; errors as of `read_rows`."""
    lines = _lines(content)
    header = next(lines)
    counts: dict[tuple[str, ...], int] = {}
    runs, before = 0, None
    for line in map(tuple, lines):
        counts[line] = counts.get(line, 0) + 1
        runs += line != before
        before = line
    return _counted(header, counts, runs)


def read_repeated(content: Content, *, most: int) -> Rows | None:
    """The same as `read_distinct`, much faster where few lines stand in a file over and over.

    None where more than ``most`` lines are distinct, or a line is not a record by itself.
    """
    stream = _bytes_of(content)
    first = next(stream, b"")
    counts: dict[bytes, int] = {}
    runs = 0
    for line, run in groupby(stream):
        counts[line] = counts.get(line, 0) + _length(run)
        runs += 1
        if len(counts) > most:
            return None
    if not all(map(_is_record, [first, *counts])):
        return None
    header, *rows = _lines(b"".join([first, *counts]))
    found: dict[tuple[str, ...], int] = {}
    for row, count in zip(map(tuple, rows), counts.values(), strict=True):
        found[row] = found.get(row, 0) + count
    return _counted(header, found, runs) if len(found) == len(counts) else None


def _is_record(line: bytes) -> bool:
    """Whether a line is sure to be a whole record, wherever it stands."""
    return line.endswith(b"\n") and b"\r" not in line and line.count(b'"') % 2 == 0


def _length(run: Iterator[bytes]) -> int:
    """How many there are, none of them kept."""
    return deque(enumerate(run, start=1), maxlen=1)[0][0]


def _counted(header: Sequence[str], counts: Mapping[tuple[str, ...], int], runs: int) -> Rows:
    columns = list(zip(*counts, strict=True)) if counts else [()] * len(header)
    return Rows(
        frame=categorical(_frame(header, columns)),
        records=np.array(list(counts.values()), dtype=np.int64),
        adjacent=runs == len(counts),
    )


def read_header(content: Content) -> list[str]:
    """The names of a CSV's columns; errors as of `read_rows`."""
    return next(_lines(content))


def checked_header(header: Sequence[str]) -> None:
    """Raises `UnreadableFileError` unless every column has a name of its own."""
    if not header or "" in header or len(set(header)) < len(header):
        raise UnreadableFileError("has columns without a name or with the same name")


def _lines(content: Content) -> Iterator[list[str]]:
    """The header, which is checked, and then every row, as long as it."""
    text = io.TextIOWrapper(_bytes_of(content), encoding="utf-8", newline="")
    lines = csv.reader(text, strict=True)
    try:
        header = next(lines, None)
        if header is None:
            raise UnreadableFileError("is no CSV with a header")
        checked_header(header)
        yield header
        for row in lines:
            if not row and len(header) == 1:  # a missing value of a single column
                yield [MISSING]
            elif len(row) == len(header):
                yield row
            else:
                raise UnreadableFileError("has rows that are not as long as the header")
    except csv.Error:
        raise UnreadableFileError("is no CSV with a header") from None
    except UnicodeDecodeError:
        raise UnreadableFileError("is not UTF-8") from None


def _frame(header: Sequence[str], columns: Sequence[Sequence[str]]) -> pd.DataFrame:
    return pd.DataFrame(
        {
            name: pd.Series(list(column), dtype=object)
            for name, column in zip(header, columns, strict=True)
        }
    )


def _bytes_of(content: Content) -> io.BufferedReader:
    return io.BufferedReader(_Stream(content), BUFFER_BYTES)


class _Stream(io.RawIOBase):
    """The bytes of a content as a stream."""

    def __init__(self, content: Content) -> None:
        self._chunks = chunks(content)
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._rest:
            chunk = next(self._chunks, None)
            if chunk is None:
                return 0
            self._rest = memoryview(chunk)
        taken = min(len(buffer), len(self._rest))
        buffer[:taken] = self._rest[:taken]
        self._rest = self._rest[taken:]
        return taken


def read_json(content: bytes) -> Any:
    """The document; raises `UnreadableFileError` for duplicate keys, NaN and what is no JSON."""
    try:
        return json.loads(
            _text(content), object_pairs_hook=_unique_keys, parse_constant=_no_constant
        )
    except (json.JSONDecodeError, RecursionError):
        raise UnreadableFileError("is no JSON") from None


def _unique_keys(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise UnreadableFileError("has a key twice in one object")
    return found


def _no_constant(name: str) -> Any:
    raise UnreadableFileError(f"holds {name}, which is no JSON")


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise UnreadableFileError("is not UTF-8") from None
