"""What an intruder can work out of a published table, by other means than the project's own.

Reads only the published frame and the public hierarchies, builds the equations cell by cell,
and solves them with scipy. Slow and plain on purpose.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp

from clearance.hierarchy import Hierarchy
from clearance.policy import Attacker, TableRules
from clearance.tables.tabulate import Dimension

Cell = tuple[str, ...]


def rules(
    minimum_frequency: int = 5,
    *,
    zeros: str = "safe",
    at_least_percent: int = 0,
    at_most_percent: int | None = None,
) -> TableRules:
    attacker = Attacker(at_least_percent=at_least_percent, at_most_percent=at_most_percent)
    return TableRules(minimum_frequency=minimum_frequency, zeros=zeros, attacker=attacker)


def dimension(name: str, *levels: Sequence[str]) -> Dimension:
    return Dimension(name, Hierarchy(name, tuple(tuple(level) for level in levels)))


def people(counts: Mapping[Cell, int], names: Sequence[str]) -> pd.DataFrame:
    """One contributor with one record for each person counted."""
    rows = [leaves for leaves, count in counts.items() for _ in range(count)]
    frame = pd.DataFrame(rows, columns=list(names), dtype=object)
    frame["contributor"] = [f"person-{number}" for number in range(len(rows))]
    frame["records"] = np.ones(len(rows), dtype=np.int64)
    return frame


def holdings(rows: Iterable[tuple[str, ...]], names: Sequence[str]) -> pd.DataFrame:
    """``rows``: leaves, contributor, amount; all as text."""
    frame = pd.DataFrame(list(rows), columns=[*names, "contributor", "amount"], dtype=object)
    frame["amount"] = [Decimal(amount) for amount in frame["amount"]]
    frame["records"] = np.ones(len(frame), dtype=np.int64)
    return frame


def sums_of_children(dimensions: Sequence[Dimension], cells: Sequence[Cell]) -> Iterator[list[int]]:
    """Positions of a total and then of its parts, for every equation among ``cells``."""
    position = {cell: number for number, cell in enumerate(cells)}
    for axis, dim in enumerate(dimensions):
        present = {cell[axis] for cell in cells}
        for parent, children in _children(dim.hierarchy, present).items():
            for cell in cells:
                if cell[axis] == parent:
                    parts = [(*cell[:axis], child, *cell[axis + 1 :]) for child in children]
                    yield [position[cell], *(position[part] for part in parts)]


def _children(hierarchy: Hierarchy, present: set[str]) -> dict[str, set[str]]:
    names = {"*": "_T", "": "_U"}
    levels = [[names.get(label, label) for label in level] for level in hierarchy.levels]
    if set(levels[-1]) != {"_T"}:
        levels.append(["_T"] * len(hierarchy.leaves))
    children: dict[str, set[str]] = {}
    for finer, coarser in itertools.pairwise(levels):
        for child, parent in zip(finer, coarser, strict=True):
            if child in present and parent in present and child != parent:
                children.setdefault(parent, set()).add(child)
    return children


class Intruder:
    """Bounds of the suppressed cells of a published frame.

    ``known``: what is known beforehand of each suppressed cell, least and most.
    """

    def __init__(
        self,
        published: pd.DataFrame,
        dimensions: Sequence[Dimension],
        figure: str,
        known: Mapping[Cell, tuple[float, float]],
        *,
        whole: bool,
    ) -> None:
        names = [dim.name for dim in dimensions]
        cells = list(published[names].itertuples(index=False, name=None))
        hidden = [number for number, text in enumerate(published[figure]) if text == ""]
        self.suppressed = [cells[number] for number in hidden]
        column = {number: place for place, number in enumerate(hidden)}
        rows, sides = [], []
        for total, *parts in sums_of_children(dimensions, cells):
            row, side = np.zeros(len(hidden)), Decimal(0)
            for sign, number in [(1, total), *((-1, part) for part in parts)]:
                if number in column:
                    row[column[number]] += sign
                else:
                    side -= sign * Decimal(published[figure].iloc[number])
            assert row.any() or side == 0, "the published cells contradict each other"
            if row.any():
                rows.append(row)
                sides.append(float(side))
        self._equations = LinearConstraint(np.array(rows), sides, sides) if rows else ()
        least, most = zip(*(known[cell] for cell in self.suppressed), strict=True)
        self._bounds = Bounds(np.array(least), np.array(most))
        self._whole = np.full(len(hidden), int(whole))

    def least(self, cell: Cell) -> float:
        return self._solve(cell, 1.0)

    def most(self, cell: Cell) -> float:
        return -self._solve(cell, -1.0)

    def _solve(self, cell: Cell, direction: float) -> float:
        goal = np.zeros(len(self.suppressed))
        goal[self.suppressed.index(cell)] = direction
        found = milp(
            goal, constraints=self._equations, bounds=self._bounds, integrality=self._whole
        )
        assert found.status == 0, found.message
        return float(found.fun)
