"""What follows for blank cells: least and greatest values, by linear and integer programs.

Nothing here knows a true value. A solution that is found for one cell is a possible table
and counts for all cells of its component; a cell whose question it answers costs no program.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import highspy
import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

TOLERANCE = 1e-6
RELATIVE_TOLERANCE = 1e-9
MOST_NODES = 50_000  # of an integer program; what it cannot settle counts as exposed


@dataclass(frozen=True, slots=True)
class Row:
    """``coefficients`` of ``columns`` add up to ``total``."""

    columns: tuple[int, ...]
    coefficients: tuple[float, ...]
    total: float


@dataclass(frozen=True, slots=True)
class Split:
    """Exactly ``below`` of all cells are smaller than ``threshold``."""

    threshold: int
    below: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Unknowns:
    """Blank cells, what is known of each beforehand, and the equations between them."""

    lower: Floats
    upper: Floats
    rows: tuple[Row, ...]
    integral: bool
    split: Split | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Explored:
    """For each cell the least and greatest value of any table found, no further than asked.

    ``consistent`` is False where no table at all fits.
    """

    least: Floats
    greatest: Floats
    consistent: bool


def explore(unknowns: Unknowns, reach: Floats) -> Explored:
    """How far each cell can be from other values.

    A cell whose ``greatest`` stays below its ``reach`` cannot reach it; one whose ``least``
    is its ``greatest`` is known exactly.
    """
    least = np.full(len(unknowns.lower), np.inf)
    greatest = np.full(len(unknowns.lower), -np.inf)
    consistent = True
    for component, rows in _components(unknowns):
        found = _Component(_restricted(unknowns, component, rows), reach[component])
        found.explore()
        consistent &= found.consistent
        least[component], greatest[component] = found.least, found.greatest
    return Explored(least, greatest, consistent)


class _Component:
    """One linear program, asked again for each cell, warm from the last answer."""

    def __init__(self, unknowns: Unknowns, reach: Floats) -> None:
        self._unknowns = unknowns
        self._reach = reach
        self._solver = _model(unknowns, integral=unknowns.split is not None)
        self._cells = len(unknowns.lower)
        self.least = np.full(self._cells, np.inf)
        self.greatest = np.full(self._cells, -np.inf)
        self.consistent = True

    def explore(self) -> None:
        for cell in range(self._cells):
            if not self._reached(cell):
                self._extreme(cell, highspy.ObjSense.kMaximize)
            if self.consistent and self._exact(cell):
                self._extreme(cell, highspy.ObjSense.kMaximize)
                if self._exact(cell):
                    self._extreme(cell, highspy.ObjSense.kMinimize)
            if not self.consistent:
                return

    def _reached(self, cell: int) -> bool:
        return bool(reached(self.greatest[cell : cell + 1], self._reach[cell : cell + 1])[0])

    def _exact(self, cell: int) -> bool:
        return bool(one_value(self.least[cell : cell + 1], self.greatest[cell : cell + 1])[0])

    def _extreme(self, cell: int, sense: highspy.ObjSense) -> None:
        """The table in which the cell is greatest or least, if that can still matter."""
        solution = _solved(self._solver, cell, sense, self._cells)
        if solution is None:
            self.consistent = False
            return
        if not self._unknowns.integral:
            self._harvest(solution)
            return
        bound, whole = solution[cell], np.rint(solution)
        if self._fits(whole):
            self._harvest(whole)
        elif sense is highspy.ObjSense.kMinimize or bound >= self._reach[cell] - TOLERANCE:
            self._whole_extreme(cell, sense)
        else:
            self._no_further(cell, bound)

    def _no_further(self, cell: int, bound: float) -> None:
        """Whole tables reach no further than ``bound``, which is not far enough: exposed."""
        self.greatest[cell] = max(self.greatest[cell], np.floor(bound + TOLERANCE))
        self.least[cell] = min(self.least[cell], self.greatest[cell])

    def _whole_extreme(self, cell: int, sense: highspy.ObjSense) -> None:
        solver = _model(self._unknowns, integral=True)
        solution = _solved(solver, cell, sense, self._cells)
        if solution is not None and self._fits(np.rint(solution)):
            self._harvest(np.rint(solution))

    def _fits(self, whole: Floats) -> bool:
        unknowns = self._unknowns
        within = (whole >= unknowns.lower - TOLERANCE) & (whole <= unknowns.upper + TOLERANCE)
        return bool(within.all()) and all(
            abs(
                sum(c * whole[i] for i, c in zip(row.columns, row.coefficients, strict=True))
                - row.total
            )
            < TOLERANCE * max(1.0, abs(row.total))
            for row in unknowns.rows
        )

    def _harvest(self, solution: Floats) -> None:
        self.least = np.minimum(self.least, solution)
        self.greatest = np.maximum(self.greatest, solution)


def one_value(least: Floats, greatest: Floats) -> npt.NDArray[np.bool_]:
    """Where no two whole numbers lie between the least and the greatest value.

    Cells are in units of the last published digit, so that true values are whole.
    """
    known = np.isfinite(least) & np.isfinite(greatest)
    low, high = np.where(known, least, 0.0), np.where(known, greatest, 0.0)
    return np.floor(high + _slack(high)) <= np.ceil(low - _slack(low))


def reached(greatest: Floats, reach: Floats) -> npt.NDArray[np.bool_]:
    """Where the greatest value comes up to what is asked for."""
    return greatest >= reach - _slack(reach)


def _slack(value: Floats) -> Floats:
    return np.maximum(TOLERANCE, RELATIVE_TOLERANCE * np.abs(value))


def _solved(solver: highspy.Highs, cell: int, sense: highspy.ObjSense, cells: int) -> Floats | None:
    """The first ``cells`` columns of the best solution; None where there is none."""
    solver.changeColCost(cell, 1.0)
    solver.changeObjectiveSense(sense)
    solver.run()
    status = solver.getModelStatus()
    usable = status == highspy.HighsModelStatus.kOptimal
    solution = np.array(solver.getSolution().col_value[:cells]) if usable else None
    solver.changeColCost(cell, 0.0)
    return solution


class _QuietHighs(highspy.Highs):
    """HiGHS that is silent before it says its name, which it does when callbacks are set up."""

    def enableCallbacks(self) -> None:
        self.silent()


def _model(unknowns: Unknowns, *, integral: bool) -> highspy.Highs:
    solver = _QuietHighs()  # type: ignore[no-untyped-call]
    for option, value in (
        ("output_flag", False),
        ("threads", 1),
        ("random_seed", 0),
        ("mip_rel_gap", 0.0),
        ("mip_max_nodes", MOST_NODES),
    ):
        solver.setOptionValue(option, value)
    count = len(unknowns.lower)
    solver.addVars(count, unknowns.lower, unknowns.upper)
    for row in unknowns.rows:
        columns = np.array(row.columns, dtype=np.int32)
        solver.addRow(row.total, row.total, len(columns), columns, np.array(row.coefficients))
    if unknowns.split is not None:
        _add_split(solver, unknowns, unknowns.split)
    if integral:
        total = solver.getNumCol()
        kinds = np.full(total, int(highspy.HighsVarType.kInteger), dtype=np.uint8)
        solver.changeColsIntegrality(total, np.arange(total, dtype=np.int32), kinds)
    return solver


def _add_split(solver: highspy.Highs, unknowns: Unknowns, split: Split) -> None:
    """A binary column for each cell, 1 where it is below the threshold; ``below`` of them are."""
    count = len(unknowns.lower)
    solver.addVars(count, np.zeros(count), np.ones(count))
    for cell in range(count):
        pair = np.array([cell, count + cell], dtype=np.int32)
        room = unknowns.upper[cell] - (split.threshold - 1)
        solver.addRow(-np.inf, unknowns.upper[cell], 2, pair, np.array([1.0, room]))
        drop = split.threshold - unknowns.lower[cell]
        solver.addRow(split.threshold, np.inf, 2, pair, np.array([1.0, drop]))
    binaries = np.arange(count, 2 * count, dtype=np.int32)
    solver.addRow(split.below, split.below, count, binaries, np.ones(count))


def _components(
    unknowns: Unknowns,
) -> list[tuple[npt.NDArray[np.int64], tuple[Row, ...]]]:
    """Cells that equations connect, with the equations; all of them where a split does."""
    count = len(unknowns.lower)
    if unknowns.split is not None:
        return [(np.arange(count), unknowns.rows)]
    root = list(range(count))

    def find(cell: int) -> int:
        while root[cell] != cell:
            root[cell] = root[root[cell]]
            cell = root[cell]
        return cell

    for row in unknowns.rows:
        for column in row.columns[1:]:
            root[find(column)] = find(row.columns[0])
    cells: dict[int, list[int]] = {}
    for cell in range(count):
        cells.setdefault(find(cell), []).append(cell)
    rows: dict[int, list[Row]] = {}
    for row in unknowns.rows:
        rows.setdefault(find(row.columns[0]), []).append(row)
    return [
        (np.array(group, dtype=np.int64), tuple(rows.get(name, ())))
        for name, group in cells.items()
    ]


def _restricted(
    unknowns: Unknowns, component: npt.NDArray[np.int64], rows: Sequence[Row]
) -> Unknowns:
    position = {cell: number for number, cell in enumerate(component.tolist())}
    return Unknowns(
        lower=unknowns.lower[component],
        upper=unknowns.upper[component],
        rows=tuple(
            Row(tuple(position[column] for column in row.columns), row.coefficients, row.total)
            for row in rows
        ),
        integral=unknowns.integral,
        split=unknowns.split,
    )
