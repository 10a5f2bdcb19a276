"""Rows in an order that says nothing about the source (THREATS 5)."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import pandas as pd

from clearance.attack.categories import Categories
from clearance.attack.coded import number
from clearance.hierarchy import MISSING


def sorted_by_values(frame: pd.DataFrame, numeric: Sequence[str]) -> bool:
    """Whether the rows ascend by all their columns, in the file's order.

    The ``numeric`` columns as numbers, where all their values are, the others by code point;
    missing values all first or all last.
    """
    keys = [_ranks(frame[name], numeric=name in numeric) for name in frame]
    return any(
        _ascending(list(zip(*(column[last] for column in keys), strict=True)))
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


def _ranks(column: pd.Series, *, numeric: bool) -> dict[bool, list[int]]:
    """For each row the rank of its value, missing values first (False) or last (True)."""
    values = column.tolist()
    distinct = set(values) - {MISSING}
    numbers = {value: number(value) for value in distinct} if numeric else {}
    typed = bool(numbers) and None not in numbers.values()
    order: Callable[[str], Any] = (lambda value: (numbers[value], value)) if typed else str
    ranks = {value: rank for rank, value in enumerate(sorted(distinct, key=order))}
    return {
        last: [ranks.get(value, len(ranks) if last else -1) for value in values]
        for last in (False, True)
    }


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
