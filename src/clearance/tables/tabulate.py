"""Counts and sums over dimensions, with margins at every level of their hierarchies."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from clearance.errors import PlanError
from clearance.hierarchy import Hierarchy
from clearance.tables.codes import CodeTree, code_tree
from clearance.tables.contributions import Contributions, Kind, checked

Integers = npt.NDArray[np.int64]

LARGEST = (
    "largest",
    "second_largest",
    "third_largest",
    "fourth_largest",
    "fifth_largest",
)
MOST_CELLS = 1_000_000


@dataclass(frozen=True, slots=True)
class Dimension:
    """A column of ``contributions`` and the hierarchy whose leaves are its values."""

    name: str
    hierarchy: Hierarchy


@dataclass(frozen=True, slots=True, eq=False)
class Equations:
    """Equation ``e``: cell ``totals[e]`` is the sum of ``parts[starts[e]:starts[e + 1]]``.

    Numbers are positions in the table's cells; ``starts`` has one entry more than ``totals``.
    """

    totals: Integers
    parts: Integers
    starts: Integers


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """A table with all its margins, not protected: nothing of it may leave the house.

    ``kind``: see `Contributions`. ``codes``: one row per combination of codes, a text column
    per dimension, sorted. ``cells``: in the same order, int64 ``value``, ``contributors``
    (distinct) and the largest contributions per contributor, as `LARGEST` names them, 0 where
    there are fewer contributors. Values and contributions are in units of the last decimal:
    the figure times ``10**scale``. ``grand_total``: position of the cell that covers everything.
    """

    figure: str
    kind: Kind
    scale: int
    codes: pd.DataFrame = field(repr=False)
    cells: pd.DataFrame = field(repr=False)
    equations: Equations = field(repr=False)
    grand_total: int


def tabulate(contributions: pd.DataFrame, dimensions: Sequence[Dimension], *, figure: str) -> Table:
    """The table of ``figure`` over ``dimensions``, every level of every hierarchy crossed.

    ``contributions``: one row per distinct leaf of each dimension and contributor: text
    columns named as the dimensions and ``contributor``, int64 ``records`` (at least 1) and,
    for sums, ``amount`` (Decimal). Without amounts a contributor contributes its records.
    A missing value of a dimension is the category ``_U``; leaves that do not occur are not
    shown, combinations that do not occur are cells of value 0.
    Raises `InputError` where there are no records, a contributor or an amount is missing or
    the total is too large to be exact, `DisclosureRiskError` where a contribution is negative
    (no rule of concentration is defined then), `PlanError` where the hierarchies do not fit.
    """
    names = tuple(dimension.name for dimension in dimensions)
    amounts = checked(contributions, names, figure)
    trees = [
        code_tree(dimension.name, dimension.hierarchy, contributions[dimension.name].tolist())
        for dimension in dimensions
    ]
    _refuse_too_many_cells(trees)
    grand_total = _cell_numbers(trees, [tree.levels[-1][:1] for tree in trees])
    return Table(
        figure=figure,
        kind=amounts.kind,
        scale=amounts.scale,
        codes=_codes(names, trees),
        cells=_cells(contributions[list(names)], amounts, trees),
        equations=_equations(trees),
        grand_total=int(grand_total[0]),
    )


# ---------------------------------------------------------------- cells


def _refuse_too_many_cells(trees: Sequence[CodeTree]) -> None:
    count = math.prod(len(tree.codes) for tree in trees)
    if count > MOST_CELLS:
        raise PlanError(
            f"the table has {count} cells, more than the {MOST_CELLS} that can be protected; "
            f"use fewer dimensions or coarser ones"
        )


def _cell_numbers(trees: Sequence[CodeTree], codes: Sequence[Integers]) -> Integers:
    """Positions of cells from the numbers of their codes, one array per dimension."""
    shape = tuple(len(tree.codes) for tree in trees)
    return np.ravel_multi_index(tuple(codes), shape).astype(np.int64)


def _codes(names: tuple[str, ...], trees: Sequence[CodeTree]) -> pd.DataFrame:
    rows = list(itertools.product(*(tree.codes for tree in trees)))
    return pd.DataFrame(rows, columns=list(names), dtype=object)


def _cells(
    keys: pd.DataFrame, contributions: Contributions, trees: Sequence[CodeTree]
) -> pd.DataFrame:
    """Every level of each dimension with every level of the others, each counted by itself."""
    count = math.prod(len(tree.codes) for tree in trees)
    value = np.zeros(count, dtype=np.int64)
    contributors = np.zeros(count, dtype=np.int64)
    largest = np.zeros((count, len(LARGEST)), dtype=np.int64)
    leaves = [
        keys[name].map({leaf: number for number, leaf in enumerate(tree.leaves)}).to_numpy()
        for name, tree in zip(keys.columns, trees, strict=True)
    ]
    for depths in itertools.product(*(range(len(tree.levels)) for tree in trees)):
        codes = [
            tree.levels[depth][leaf]
            for tree, depth, leaf in zip(trees, depths, leaves, strict=True)
        ]
        cell, amount = _by_holding(_cell_numbers(trees, codes), contributions)
        found, starts = np.unique(cell, return_index=True)
        value[found] = np.add.reduceat(amount, starts)
        contributors[found] = np.diff(np.append(starts, len(cell)))
        largest[found] = 0
        rank = np.arange(len(cell)) - np.repeat(starts, contributors[found])
        kept = rank < len(LARGEST)
        largest[cell[kept], rank[kept]] = amount[kept]
    columns = {"value": value, "contributors": contributors}
    return pd.DataFrame(columns | dict(zip(LARGEST, largest.T, strict=True)))


def _by_holding(cell: Integers, contributions: Contributions) -> tuple[Integers, Integers]:
    """Cell and amount of each contributor in each cell, by cell, the largest amount first."""
    holdings, amounts = contributions.holdings, contributions.amounts
    order = np.lexsort((holdings, cell))
    cell, holdings, amounts = cell[order], holdings[order], amounts[order]
    new = np.append(True, (np.diff(cell) != 0) | (np.diff(holdings) != 0))
    starts = np.flatnonzero(new)
    cell, amounts = cell[starts], np.add.reduceat(amounts, starts)
    order = np.lexsort((-amounts, cell))
    return cell[order], amounts[order]


# ---------------------------------------------------------------- equations


def _equations(trees: Sequence[CodeTree]) -> Equations:
    """Each code is the sum of its children in one dimension, whatever the others are."""
    totals: list[Integers] = []
    parts: list[Integers] = []
    sizes: list[Integers] = []
    for axis, tree in enumerate(trees):
        for parent, children in tree.children:
            total = _slice(trees, axis, (parent,))
            totals.append(total)
            parts.append(_slice(trees, axis, children))
            sizes.append(np.full(len(total), len(children), dtype=np.int64))
    empty = np.zeros(0, dtype=np.int64)
    size = np.concatenate([empty, *sizes])
    return Equations(
        totals=np.concatenate([empty, *totals]),
        parts=np.concatenate([empty, *parts]),
        starts=np.concatenate([[0], np.cumsum(size)]).astype(np.int64),
    )


def _slice(trees: Sequence[CodeTree], axis: int, codes: tuple[int, ...]) -> Integers:
    """Positions of the cells with ``codes`` on ``axis``, the codes varying fastest."""
    others = [np.arange(len(tree.codes)) for number, tree in enumerate(trees) if number != axis]
    grid = list(np.meshgrid(*others, np.array(codes), indexing="ij"))
    numbers = [numbers.ravel() for numbers in grid]
    along = numbers.pop()
    return _cell_numbers(trees, [*numbers[:axis], along, *numbers[axis:]])
