"""Rows in an order that says nothing about the source (THREATS 5)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from clearance.attack.categories import Categories
from clearance.attack.coded import number
from clearance.attack.rows import Ints, Rows, codes, texts_of
from clearance.hierarchy import MISSING


def sorted_by_values(rows: Rows, numeric: Sequence[str]) -> bool:
    """Whether the rows of the file ascend by all their columns.

    The ``numeric`` columns as numbers, where all their values are, the others by code point;
    missing values all first or all last. Where the distinct rows ascend and equal ones follow
    each other, all rows do.
    """
    columns = [rows.frame[name] for name in rows.frame]
    ranks = [_ranks(column, numeric=column.name in numeric) for column in columns]
    return rows.adjacent and any(
        _rising(
            (each[last][codes(column)] for each, column in zip(ranks, columns, strict=True)),
            len(rows.frame),
        )
        for last in (False, True)
    )


def table_in_public_order(frame: pd.DataFrame, categories: Mapping[str, Categories]) -> bool:
    """Whether the rows of a table ascend by their codes, in the file's order.

    Each dimension in an order that the public hierarchy gives: by code, or by size and
    place of the category; never by the figures.
    """
    columns = [
        [_places(frame[name], key) for key in _public_orders(dimension)]
        for name, dimension in categories.items()
    ]
    return _any_ascending(columns, [()] * len(frame))


def _any_ascending(
    columns: Sequence[Sequence[Sequence[int]]], prefix: Sequence[tuple[int, ...]]
) -> bool:
    """Whether some choice of an order per column makes the rows ascend."""
    if not columns:
        return True
    for places in columns[0]:
        extended = [(*key, place) for key, place in zip(prefix, places, strict=True)]
        if _ascending(extended) and _any_ascending(columns[1:], extended):
            return True
    return False


def _ranks(column: pd.Series, *, numeric: bool) -> dict[bool, Ints]:
    """For each category its rank, a missing value first (False) or last (True)."""
    texts = texts_of(column)
    numbers = {text: number(text) for text in texts if text != MISSING} if numeric else {}
    typed = bool(numbers) and None not in numbers.values()
    order: Callable[[str], Any] = (lambda text: (numbers[text], text)) if typed else str
    present = sorted((text for text in texts if text != MISSING), key=order)
    found = {}
    for last in (False, True):
        ranks = {text: rank for rank, text in enumerate(present)}
        ranks[MISSING] = len(present) if last else -1
        found[last] = np.array([ranks[text] for text in texts], dtype=np.int64)
    return found


def _rising(columns: Iterable[Ints], rows: int) -> bool:
    """Whether each row is not before the one above it, the first column deciding first."""
    tied = np.ones(max(rows - 1, 0), dtype=np.bool_)
    for ranks in columns:
        if (tied & (ranks[1:] < ranks[:-1])).any():
            return False
        tied &= ranks[1:] == ranks[:-1]
    return True


def _public_orders(dimension: Categories) -> tuple[Callable[[str], Hashable], ...]:
    members = dimension.members

    def first(code: str) -> int:
        return min(members[code], default=0)

    return (
        lambda code: code,
        lambda code: (first(code), len(members[code])),
        lambda code: (first(code), -len(members[code])),
        lambda code: (len(members[code]), first(code)),
        lambda code: (-len(members[code]), first(code)),
    )


def _places(column: pd.Series, key: Callable[[str], Any]) -> list[int]:
    ranks = {code: rank for rank, code in enumerate(sorted(set(column), key=key))}
    return [ranks[code] for code in column]


def _ascending(keys: Sequence[tuple[int, ...]]) -> bool:
    return all(before <= after for before, after in pairwise(keys))
