"""What lies between the values of a sensitive attribute: an order, a tree, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

import numpy as np
import pandas as pd

from clearance.errors import PlanError
from clearance.hierarchy import MISSING, Hierarchy
from clearance.microdata.grouping import Ints
from clearance.plan import ValueType

NUMERIC = (ValueType.INTEGER, ValueType.NUMBER)


@dataclass(frozen=True, eq=False, kw_only=True)
class Scale:
    """``rank``: place of each value in the attribute's order, from 0; None where it has none.

    ``tree``: shape (levels, values), number of each value's group from the leaves to what
    covers everything; None without a hierarchy. A missing value stands before all others
    and is a leaf of its own, directly below the top.
    """

    rank: Ints | None = None
    tree: Ints | None = None


@dataclass(frozen=True, eq=False, kw_only=True)
class Nature:
    """What the plan says of a sensitive attribute: its type, and its hierarchy if it has one."""

    kind: ValueType = ValueType.TEXT
    hierarchy: Hierarchy | None = None


def scale_of(name: str, values: pd.Index, nature: Nature) -> Scale:
    """The scale of ``values``, the sorted distinct values in canonical text.

    Numbers are ordered as numbers, dates by their text, others as the leaves of their
    hierarchy. PlanError, with counts only, where a value is no number or no leaf.
    """
    rank = _rank(name, values, nature)
    return Scale(
        rank=None if rank is None else _places(rank),
        tree=None if nature.hierarchy is None else _tree(values, nature.hierarchy),
    )


def _rank(name: str, values: pd.Index, nature: Nature) -> list[object] | None:
    if nature.hierarchy is not None:
        _refuse_unknown(name, values, nature.hierarchy)
    if nature.kind in NUMERIC:
        return [(text != MISSING, _number(name, text), text) for text in values]
    if nature.kind is ValueType.DATE:
        return list(values)
    if nature.hierarchy is None:
        return None
    place = {leaf: number for number, leaf in enumerate(nature.hierarchy.leaves)} | {MISSING: -1}
    return [place[text] for text in values]


def _number(name: str, text: str) -> Decimal:
    try:
        return Decimal(text or 0)
    except InvalidOperation:
        raise PlanError(f"'{name}' is declared as a number but holds what is none") from None


def _refuse_unknown(name: str, values: pd.Index, hierarchy: Hierarchy) -> None:
    unknown = set(values) - set(hierarchy.leaves) - {MISSING}
    if unknown:
        raise PlanError(
            f"distinct values that the variable's hierarchy does not have ({name}: "
            f"{len(unknown)}): add them to the hierarchy"
        )


def _places(keys: list[object]) -> Ints:
    order = sorted(range(len(keys)), key=keys.__getitem__)  # type: ignore[arg-type]
    places = np.empty(len(keys), dtype=np.int64)
    places[order] = np.arange(len(keys))
    return places


def _tree(values: pd.Index, hierarchy: Hierarchy) -> Ints:
    leaf = pd.Index(hierarchy.leaves).get_indexer(values)
    tree = hierarchy.groups[:, leaf].astype(np.int64)
    tree[:, np.asarray(values == MISSING)] = len(hierarchy.leaves)
    whole = np.zeros((1, len(values)), dtype=np.int64)
    # A file's own level of everything below the last one must not make distances smaller.
    apart = sum(len(set(level) - {MISSING}) > 1 for level in hierarchy.levels)
    return np.concatenate([tree[: max(apart, 1)], whole])
