"""Other tables that an intruder could not tell from the true one, found by linear programs.

A *deviation* is the difference between such a table and the true one: the equations hold for
it with zero on every published cell. It proves a bound by being feasible: a cell that a
deviation moves by +7 has an upper bound of at least its value + 7.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np
import numpy.typing as npt

from clearance.tables.contributions import EXACT_LIMIT
from clearance.tables.tabulate import Equations

Integers = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

UNBOUNDED = 2**62
REACH = 10_000  # no cell moves by more than this many times the target; fewer tables, never more
TOLERANCE = 1e-6  # relative to the target
MIP_GAP = 0.05
MIP_NODES = 20_000  # a search that takes more is given up, and the cell counts as exposed
CONCLUSIVE = (highspy.HighsModelStatus.kOptimal, highspy.HighsModelStatus.kInfeasible)
FEASIBLE = 2  # HiGHS: the solution it holds is feasible


@dataclass(frozen=True, slots=True)
class Target:
    """Cell ``cell`` must be able to differ from its value by ``change`` (not 0, signed)."""

    cell: int
    change: int


@dataclass(frozen=True, slots=True, eq=False)
class Rooms:
    """How far each cell may move, down and up; 0 and 0 for a cell that is published.

    In units of the last decimal; `UNBOUNDED` where nothing limits it.
    """

    down: Integers
    up: Integers

    def only(self, cells: npt.NDArray[np.bool_]) -> Rooms:
        """No room but in ``cells``."""
        return Rooms(np.where(cells, self.down, 0), np.where(cells, self.up, 0))


class DeviationModel:
    """One linear program over a table's equations, solved again for each target.

    The solver starts where the last target left it, on one thread and from a fixed seed, so
    that the same calls in the same order give the same answers.
    ``integral``: only whole-numbered deviations count (counts of people or records).
    """

    def __init__(self, equations: Equations, cells: int, *, integral: bool) -> None:
        self._equations = equations
        self._cells = cells
        self._integral = integral
        self._solver = _solver(equations, cells)
        self._columns = np.arange(2 * cells, dtype=np.int32)

    def find(self, target: Target, rooms: Rooms, cost: Floats) -> Floats | None:
        """The cheapest deviation found that moves the target's cell by exactly its change.

        One number per cell, in units of the last decimal. ``cost`` is per unit of movement of
        each cell. None where there is no such deviation within ``rooms``.
        """
        if _room(target, rooms) < abs(target.change):
            return None
        lower, upper = _bounds(target, rooms, unit=abs(target.change))
        solution = self._solved(lower, upper, cost)
        if solution is None:
            return None
        deviation = solution * abs(target.change)
        rounded = np.rint(deviation)
        if self._holds(rounded, target, rooms):
            return rounded
        if self._integral:
            return self._find_integral(target, rooms, cost)
        return np.where(np.abs(deviation) > TOLERANCE * abs(target.change), deviation, 0.0)

    def _solved(self, lower: Floats, upper: Floats, cost: Floats) -> Floats | None:
        count = len(self._columns)
        self._solver.changeColsBounds(count, self._columns, lower, upper)
        self._solver.changeColsCost(count, self._columns, np.concatenate([cost, cost]))
        self._solver.run()
        if self._solver.getModelStatus() not in CONCLUSIVE:
            self._solver.clearSolver()  # a start from where the last target left it can fail
            self._solver.run()
        if self._solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            return None
        return _net(self._solver, self._cells)

    def _find_integral(self, target: Target, rooms: Rooms, cost: Floats) -> Floats | None:
        """A whole-numbered deviation, where the linear program's was not one."""
        solver = _solver(self._equations, self._cells)
        solver.setOptionValue("mip_rel_gap", MIP_GAP)
        solver.setOptionValue("mip_max_nodes", MIP_NODES)
        lower, upper = _bounds(target, rooms, unit=1)
        count = len(self._columns)
        solver.changeColsBounds(count, self._columns, lower, upper)
        solver.changeColsCost(count, self._columns, np.concatenate([cost, cost]))
        integer = np.full(count, int(highspy.HighsVarType.kInteger), dtype=np.uint8)
        solver.changeColsIntegrality(count, self._columns, integer)
        solver.run()
        if solver.getInfo().primal_solution_status != FEASIBLE:
            return None
        found = np.rint(_net(solver, self._cells))
        return found if self._holds(found, target, rooms) else None

    def _holds(self, deviation: Floats, target: Target, rooms: Rooms) -> bool:
        """Whether a whole-numbered deviation is one, checked in whole numbers."""
        if np.abs(deviation).max(initial=0.0) >= EXACT_LIMIT:
            return False
        change = deviation.astype(np.int64)
        inside = bool(((change >= -rooms.down) & (change <= rooms.up)).all())
        return inside and int(change[target.cell]) == target.change and self._balances(change)

    def _balances(self, change: Integers) -> bool:
        if len(self._equations.totals) == 0:
            return True
        sums = np.add.reduceat(change[self._equations.parts], self._equations.starts[:-1])
        return bool((sums == change[self._equations.totals]).all())


def _room(target: Target, rooms: Rooms) -> int:
    return int((rooms.up if target.change > 0 else rooms.down)[target.cell])


def _bounds(target: Target, rooms: Rooms, *, unit: int) -> tuple[Floats, Floats]:
    """Bounds of the columns (up for every cell, then down), in multiples of ``unit``."""
    limit = min(REACH * abs(target.change), EXACT_LIMIT)
    upper = np.minimum(np.concatenate([rooms.up, rooms.down]), limit) / unit
    lower = np.zeros_like(upper)
    cells = len(rooms.up)
    forth, back = target.cell, target.cell + cells
    if target.change < 0:
        forth, back = back, forth
    lower[forth] = upper[forth] = abs(target.change) / unit
    upper[back] = 0.0
    return lower, upper


def _net(solver: Any, cells: int) -> Floats:
    columns = np.array(solver.getSolution().col_value, dtype=np.float64)
    return columns[:cells] - columns[cells:]


class _QuietHighs(highspy.Highs):
    """HiGHS without callbacks: enabling them, it prints a banner before it can be told not to."""

    def enableCallbacks(self) -> None:
        self.silent()


def _solver(equations: Equations, cells: int) -> Any:
    """HiGHS with the equations: columns are each cell's movement up, then each cell's down."""
    solver = _QuietHighs()  # type: ignore[no-untyped-call]
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.setOptionValue("random_seed", 0)
    solver.passModel(_model(equations, cells))
    return solver


def _model(equations: Equations, cells: int) -> Any:
    rows = len(equations.totals)
    row = np.concatenate([np.arange(rows), np.repeat(np.arange(rows), np.diff(equations.starts))])
    cell = np.concatenate([equations.totals, equations.parts])
    sign = np.where(np.arange(len(cell)) < rows, 1.0, -1.0)
    order = np.argsort(row, kind="stable")
    row, cell, sign = row[order], cell[order], sign[order]
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = 2 * cells, rows
    model.col_cost_ = np.zeros(2 * cells)
    model.col_lower_, model.col_upper_ = np.zeros(2 * cells), np.zeros(2 * cells)
    model.row_lower_, model.row_upper_ = np.zeros(rows), np.zeros(rows)
    model.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    model.a_matrix_.start_ = 2 * np.searchsorted(row, np.arange(rows + 1))
    model.a_matrix_.index_ = np.stack([cell, cell + cells], axis=1).ravel()
    model.a_matrix_.value_ = np.stack([sign, -sign], axis=1).ravel()
    return model
