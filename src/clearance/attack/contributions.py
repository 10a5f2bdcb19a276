"""True figures of a table's cells and who contributes to them: the judge's own tabulation."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from clearance.attack.categories import Categories, Members
from clearance.attack.cells import Cell
from clearance.attack.coded import number
from clearance.plan import Plan, TableOutput
from clearance.policy import Concentration

Ints = npt.NDArray[np.int64]
MOST_CONTRIBUTIONS = 8


@dataclass(frozen=True, slots=True)
class TrueCell:
    """``value`` and ``largest`` contributions (falling) in units of the last digit."""

    value: int
    contributors: int
    largest: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrueTable:
    """``scale``: digits after the point. Cells that nobody contributes to are not listed.

    ``several``: a contributor may count more than once. ``negative``: negative contributions.
    ``unknown``: records with a value that no hierarchy knows.
    """

    scale: int
    cells: Mapping[Cell, TrueCell]
    several: bool
    negative: int
    unknown: int


def contributor_of(plan: Plan, output: TableOutput) -> str | None:
    """The column that names who contributes; None where each record does."""
    return output.holding or (plan.units[0].column if plan.units else None)


def columns_needed(output: TableOutput, contributor: str | None) -> list[str]:
    """The columns that a histogram must have for `true_table`."""
    wanted = [*output.dimensions, contributor, output.sum_of]
    return list(dict.fromkeys(name for name in wanted if name is not None))


def true_table(
    records: pd.DataFrame,
    output: TableOutput,
    categories: Mapping[str, Categories],
    axes: Sequence[str],
    contributor: str | None,
) -> TrueTable:
    """The table tabulated again.

    ``records``: distinct rows of the columns that `columns_needed` names, with ``records``.
    A missing amount adds nothing. Records without a contributor are one contributor's.
    """
    places = {name: _places(records[name], categories[name]) for name in output.dimensions}
    inside = np.all([place >= 0 for place in places.values()], axis=0)
    scale, amounts = _amounts(records, output)
    rows = records.loc[inside]
    holding = (
        np.arange(len(rows), dtype=np.int64)
        if contributor is None
        else pd.factorize(rows[contributor])[0].astype(np.int64)
    )
    base = _Rows(
        places={name: place[inside] for name, place in places.items()},
        holding=holding,
        amount=amounts[inside],
        records=rows["records"].to_numpy(dtype=np.int64),
        each=contributor is None,
        sums=output.sum_of is not None,
    )
    cells = dict(_cells(base, categories, axes))
    return TrueTable(
        scale=scale,
        cells=cells,
        several=contributor is not None
        and any(cell.value > cell.contributors for cell in cells.values()),
        negative=int((amounts < 0).sum()),
        unknown=int(records.loc[~inside, "records"].sum()),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Rows:
    """``each``: every record contributes for itself. ``sums``: amounts, not records, count."""

    places: Mapping[str, Ints]
    holding: Ints
    amount: Ints
    records: Ints
    each: bool
    sums: bool


def _places(values: pd.Series, dimension: Categories) -> Ints:
    """Number of each value's leaf; -1 where the hierarchy has none."""
    position = {leaf: place for place, leaf in enumerate(dimension.leaves)}
    return np.array([position.get(value, -1) for value in values], dtype=np.int64)


def _amounts(records: pd.DataFrame, output: TableOutput) -> tuple[int, Ints]:
    """Digits after the point, and each row's amount per record in units of the last one."""
    if output.sum_of is None:
        return 0, np.ones(len(records), dtype=np.int64)
    known = {text: number(text) or Decimal(0) for text in records[output.sum_of].unique()}
    scale = max((-int(each.as_tuple().exponent) for each in known.values()), default=0)
    scale = max(scale, 0)
    whole = {text: int(each.scaleb(scale)) for text, each in known.items()}
    return scale, np.array([whole[text] for text in records[output.sum_of]], dtype=np.int64)


def _cells(
    rows: _Rows, categories: Mapping[str, Categories], axes: Sequence[str]
) -> list[tuple[Cell, TrueCell]]:
    """Every cell of every combination of levels that anybody contributes to."""
    partitions = {name: _partitions(categories[name]) for name in rows.places}
    found = []
    for chosen in itertools.product(*partitions.values()):
        numbered = zip(chosen, rows.places.values(), strict=True)
        keys = np.stack([partition.of_leaf[place] for partition, place in numbered])
        distinct, cell = np.unique(keys, axis=1, return_inverse=True)
        judged = _judged(rows, cell.reshape(-1), distinct.shape[1])
        for position, true_cell in enumerate(judged):
            named = {
                name: partition.members[distinct[row, position]]
                for row, (name, partition) in enumerate(zip(partitions, chosen, strict=True))
            }
            found.append((tuple(named.get(axis, frozenset()) for axis in axes), true_cell))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class _Partition:
    members: tuple[Members, ...]
    of_leaf: Ints


def _partitions(dimension: Categories) -> list[_Partition]:
    """Each level of the hierarchy and the total, as partitions of the leaves."""
    return [_partition(members, dimension) for members in dimension.levels]


def _partition(members: Sequence[Members], dimension: Categories) -> _Partition:
    of_leaf = np.zeros(len(dimension.leaves), dtype=np.int64)
    for place, leaves in enumerate(members):
        of_leaf[list(leaves)] = place
    named = tuple(frozenset() if each == dimension.all else each for each in members)
    return _Partition(named, of_leaf)


def _judged(rows: _Rows, cell: Ints, cells: int) -> list[TrueCell]:
    """Value, contributors and largest contributions of each of the numbered cells."""
    held = pd.DataFrame({"cell": cell, "holding": rows.holding, "records": rows.records})
    held["amount"] = rows.amount * rows.records
    if not rows.each:
        held = held.groupby(["cell", "holding"], sort=False)[["amount"]].sum().reset_index()
        held["records"] = 1
    value = _sums(held["cell"], held["amount"], cells)
    contributors = _sums(held["cell"], held["records"], cells)
    held["one"] = held["amount"] // held["records"]
    largest: list[list[int]] = [[] for _ in range(cells)]
    ordered = held.sort_values(["cell", "one"], ascending=[True, False], kind="stable")
    top = ordered[ordered.groupby("cell").cumcount() < MOST_CONTRIBUTIONS]
    for place, one, records in zip(
        top["cell"].tolist(), top["one"].tolist(), top["records"].tolist(), strict=True
    ):
        room = MOST_CONTRIBUTIONS - len(largest[place])
        largest[place] += [one] * min(room, records)
    return [
        TrueCell(int(value[place]), int(contributors[place]), tuple(largest[place]))
        for place in range(cells)
    ]


def _sums(cell: pd.Series, amount: pd.Series, cells: int) -> Ints:
    found = np.zeros(cells, dtype=np.int64)
    np.add.at(found, cell.to_numpy(dtype=np.int64), amount.to_numpy(dtype=np.int64))
    return found


# ---------------------------------------------------------------- rules


def unsafe(
    cell: TrueCell,
    *,
    minimum_frequency: int,
    zeros: Literal["safe", "unsafe"],
    concentration: Concentration | None,
) -> bool:
    """Whether a cell may not be shown; ``concentration`` is None where it does not apply."""
    if cell.contributors == 0:
        return zeros != "safe"
    enough = cell.contributors >= minimum_frequency and (zeros == "safe" or cell.value != 0)
    spread = concentration is None or needed_above(cell, concentration) <= 0
    return not (enough and spread)


def needed_above(cell: TrueCell, concentration: Concentration) -> float:
    """How far above the value of a concentrated cell the intruder's bound must lie; else <= 0.

    p%-rule: p/100 x1 - (X - x1 - x2); dominance: 100/k (x1 + .. + xn) - X.
    Source: SDC Handbook, ch. 4, "Protection levels".
    """
    levels = [0.0]
    if concentration.p_percent is not None:
        first, second = (*cell.largest, 0, 0)[:2]
        levels.append(concentration.p_percent * first / 100 - (cell.value - first - second))
    if concentration.n is not None and concentration.k_percent is not None:
        most = sum(cell.largest[: concentration.n])
        levels.append(100 * most / concentration.k_percent - cell.value)
    return max(levels)


def without_contributors(cells: Mapping[Cell, TrueCell], cell: Cell) -> TrueCell:
    """The true cell, which is empty where nobody contributes."""
    return cells.get(cell, TrueCell(0, 0, ()))
