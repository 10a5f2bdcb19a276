"""Names, texts and paths as they stand in DuckDB's SQL."""

from __future__ import annotations

import re
from pathlib import Path


def name(column: str) -> str:
    return '"' + column.replace('"', '""') + '"'


def text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


def file_path(path: Path) -> str:
    """``path`` as it stands: DuckDB would read brackets and stars as a pattern."""
    return text(re.sub(r"[\[*?]", lambda found: f"[{found[0]}]", str(path)))


def code_type(codes: int) -> str:
    """The smallest type of whole numbers that holds 0 to ``codes`` - 1."""
    if codes <= 2**8:
        return "UTINYINT"
    return "USMALLINT" if codes <= 2**16 else "UINTEGER"
