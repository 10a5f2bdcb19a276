"""A Parquet file must hold the rows of the CSV beside it, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from clearance.attack.coded import number

Reader = Callable[[bytes], pd.DataFrame]


def same_rows(rows: pd.DataFrame, parquet: pd.DataFrame) -> bool:
    """Whether both have the same columns and rows in the same order.

    Text must be the same; what Parquet holds as a number or date must be what the text
    says. A missing value may be None, NaN, NaT or the empty text.
    """
    if list(rows.columns) != list(parquet.columns) or len(rows) != len(parquet):
        return False
    return all(
        _same(text, value)
        for name in rows
        for text, value in set(zip(rows[name], map(_plain, parquet[name]), strict=True))
    )


def _plain(value: object) -> object:
    """Missing values as the empty text, so that they are equal."""
    return "" if value is None or value is pd.NaT or value != value else value  # noqa: PLR0124


def _same(text: str, value: object) -> bool:
    if isinstance(value, str):
        return text == value
    found = number(text)
    written = str(value)
    if found is not None:
        return found == number(written)
    return text in (written, written.removesuffix(" 00:00:00"))
