"""The public bytes, read strictly: what is not plain to read is not judged, it is refused."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from typing import Any

import pandas as pd


class UnreadableFileError(Exception):
    """A public file is not what its name says. Caught inside the attack, which then blocks."""


def read_rows(content: bytes) -> pd.DataFrame:
    """The rows of a CSV as text, in the file's order; a missing value is the empty text.

    Raises `UnreadableFileError` unless it is UTF-8 with a header of distinct, non-empty names and
    rows that are all as long as it.
    """
    lines = csv.reader(io.StringIO(_text(content), newline=""), strict=True)
    try:
        header, *rows = list(lines)
    except (csv.Error, ValueError):
        raise UnreadableFileError("is no CSV with a header") from None
    if not header or "" in header or len(set(header)) < len(header):
        raise UnreadableFileError("has columns without a name or with the same name")
    if len(header) == 1:  # a missing value of a single column is an empty line
        rows = [row or [""] for row in rows]
    if any(len(row) != len(header) for row in rows):
        raise UnreadableFileError("has rows that are not as long as the header")
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(header)
    return pd.DataFrame(
        {
            name: pd.Series(list(column), dtype=object)
            for name, column in zip(header, columns, strict=True)
        }
    )


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
