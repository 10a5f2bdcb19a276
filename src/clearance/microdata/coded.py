"""Columns of text as numbers, without a Python object per row."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from clearance.errors import PlanError
from clearance.hierarchy import MISSING, Hierarchy
from clearance.microdata.grouping import Ints, combined

Leaves = npt.NDArray[np.int32]
Coded = tuple[Ints, pd.Index]


def coded(column: pd.Series) -> Coded:
    """For each row the number of its value among the distinct ones, which are sorted.

    Without a Python object per row where the column is a categorical.
    """
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.cat.remove_unused_categories()
        codes, names = column.cat.codes.to_numpy().astype(np.int64), column.cat.categories
    else:
        codes, names = pd.factorize(column)
    whole = bool((codes >= 0).all())
    if whole and names.is_monotonic_increasing:
        return codes, pd.Index(names, dtype=object)
    texts = np.asarray(names, dtype=object)
    if not whole:
        codes = np.where(codes < 0, len(texts), codes)
        texts = np.append(texts, MISSING)
    distinct, place = np.unique(texts.astype(object), return_inverse=True)
    return place.astype(np.int64)[codes], pd.Index(distinct, dtype=object)


def leaves_of(
    frame: pd.DataFrame, variables: Sequence[str], hierarchies: Sequence[Hierarchy]
) -> list[Leaves]:
    """For each variable the number of each row's leaf."""
    columns, wrong = [], []
    for name, hierarchy in zip(variables, hierarchies, strict=True):
        codes, values = coded(frame[name])
        leaf = pd.Index(hierarchy.leaves, dtype=object).get_indexer(values)
        if (leaf < 0).any():
            wrong.append(f"{name}: {int((leaf < 0).sum())}")
        columns.append(leaf.astype(np.int32)[codes])
    if wrong:
        raise PlanError(
            f"distinct values that the variable's hierarchy does not have ({'; '.join(wrong)}): "
            "add them to the hierarchy"
        )
    return columns


def combinations_of(
    columns: Sequence[Leaves], hierarchies: Sequence[Hierarchy], rows: int
) -> tuple[Leaves, Ints]:
    """The distinct rows, sorted, one per column, and for each row the number of its own."""
    sizes = [len(hierarchy.leaves) for hierarchy in hierarchies]
    key = combined(columns, sizes, length=rows)
    _, first, combination = np.unique(key, return_index=True, return_inverse=True)
    table = np.empty((len(columns), len(first)), dtype=np.int32)
    for variable, column in enumerate(columns):
        table[variable] = column[first]
    return table, combination


def pairs_of(group: Ints, column: Coded) -> tuple[Ints, Ints]:
    """Each pair of group and value once, sorted."""
    values, names = column
    pairs = np.unique(group * len(names) + values)
    return pairs // len(names), pairs % len(names)
