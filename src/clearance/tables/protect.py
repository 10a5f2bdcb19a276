"""A table made safe: unsafe cells suppressed, and others so that they stay unknown.

What the intruder is taken to know:

* the whole published table, with every equation between its cells (each code is the sum of
  its children in one dimension), and which cells are suppressed, but not why;
* of every suppressed count that it is a whole number, at least 0, and at least 1 where zeros
  are safe, because zeros are never suppressed then;
* of every suppressed sum that it lies between the policy's ``at_least_percent`` and
  ``at_most_percent`` of its value (0 and unbounded: that it is not negative).

What must hold against that intruder:

* the feasible values of a suppressed count do not all lie within 1 to n - 1 (0 to n - 1 where
  zeros are unsafe), n being the policy's ``minimum_frequency``: its maximum reaches n;
* the bounds of an unsafe sum, or of an unsafe count in which contributors count several times,
  miss its value by its protection level on both sides, downwards as far as the intruder's own
  prior knowledge leaves room;
* no suppressed sum is known exactly.

Not covered: contributors who pool what they contributed, or one who is alone in a suppressed
cell and subtracts it from an equation.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pandas as pd

from clearance.policy import Concentration, TableRules
from clearance.tables.deviations import UNBOUNDED, Rooms, Target
from clearance.tables.primary import protection_levels, unsafe_cells
from clearance.tables.secondary import Requirements, suppressed_cells
from clearance.tables.tabulate import Table

Booleans = npt.NDArray[np.bool_]
Integers = npt.NDArray[np.int64]

CONFIDENTIAL = "c"  # SDMX: confidential
GRAND_TOTAL_COST = 1e4  # times the dearest other cell: suppressed when nothing else helps


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProtectedTable:
    """A table with its suppression pattern; made by `protect_table` only.

    The split of the pattern into unsafe cells and the cells that protect them is for the
    reviewer: `frame` does not hold it.
    """

    table: Table = field(repr=False)
    unsafe: Booleans = field(repr=False)
    suppressed: Booleans = field(repr=False)

    def frame(self) -> pd.DataFrame:
        """What may be published: dimensions, the figure as text, ``<figure>_status``.

        A suppressed figure is the empty text with status ``c``; every other one has the same
        number of decimals and an empty status. Sorted by the codes.
        """
        return published_frame(self.table, self.suppressed)

    @property
    def cells(self) -> int:
        return len(self.suppressed)

    @property
    def primary(self) -> int:
        return int(self.unsafe.sum())

    @property
    def secondary(self) -> int:
        return int((self.suppressed & ~self.unsafe).sum())

    @property
    def suppressed_value(self) -> Decimal:
        """Sum of the figures of the secondaries: what protection cost beyond the rules."""
        lost = self.table.cells["value"][self.suppressed & ~self.unsafe].sum()
        return Decimal(int(lost)).scaleb(-self.table.scale)


def published_frame(table: Table, suppressed: Booleans) -> pd.DataFrame:
    """``table`` as it is published with these cells suppressed; see `ProtectedTable.frame`."""
    values = [
        "" if hidden else _text(value, table.scale)
        for value, hidden in zip(table.cells["value"].tolist(), suppressed, strict=True)
    ]
    published = table.codes.copy()
    published[table.figure] = pd.Series(values, index=published.index, dtype=object)
    status = np.where(suppressed, CONFIDENTIAL, "")
    published[f"{table.figure}_status"] = pd.Series(status, index=published.index, dtype=object)
    return published


def protect_table(
    table: Table, rules: TableRules, concentration: Concentration | None
) -> ProtectedTable:
    """``table`` with unsafe cells suppressed and as many others as their protection needs.

    The same table and rules give the same pattern. The module says against which intruder.
    Raises `PolicyError` where the rules cannot judge such a table, `DisclosureRiskError`
    where no pattern protects it.
    """
    unsafe = unsafe_cells(table, rules, concentration)
    if not unsafe.any():
        return ProtectedTable(table=table, unsafe=unsafe, suppressed=unsafe)
    rooms = _rooms(table, rules)
    requirements = Requirements(
        figure=table.figure,
        equations=table.equations,
        rooms=rooms,
        primary=unsafe,
        targets=_targets(table, rules, concentration, unsafe, rooms),
        vague=table.kind != "frequency",
        integral=table.kind != "amounts",
        cost=_cost(table),
    )
    return ProtectedTable(table=table, unsafe=unsafe, suppressed=suppressed_cells(requirements))


def _rooms(table: Table, rules: TableRules) -> Rooms:
    """How far the intruder's prior knowledge lets each cell be from its value."""
    value = _column(table, "value")
    least = np.zeros_like(value)
    most_above = np.full_like(value, UNBOUNDED)
    if table.kind == "amounts":
        attacker = rules.attacker
        least = -(-attacker.at_least_percent * value // 100)
        if attacker.at_most_percent is not None:
            most_above = (attacker.at_most_percent - 100) * value // 100
    elif rules.zeros == "safe":
        least += 1
    if rules.zeros == "safe":
        shown = _column(table, "contributors") == 0
        return Rooms(np.where(shown, 0, value - least), np.where(shown, 0, most_above))
    return Rooms(value - least, most_above)


def _targets(
    table: Table,
    rules: TableRules,
    concentration: Concentration | None,
    unsafe: Booleans,
    rooms: Rooms,
) -> tuple[Target, ...]:
    """What must remain possible for the unsafe cells, the widest first."""
    value, level = _column(table, "value"), protection_levels(table, concentration)
    up, down = level, np.minimum(level, rooms.down)
    if table.kind != "amounts":
        up = np.maximum(up, rules.minimum_frequency - value)
    if table.kind == "frequency":
        down = np.zeros_like(down)
    targets = [
        Target(int(cell), sign * int(change[cell]))
        for cell in np.flatnonzero(unsafe)
        for sign, change in ((1, up), (-1, down))
        if change[cell] > 0
    ]
    return tuple(sorted(targets, key=lambda target: (-abs(target.change), target.cell)))


def _cost(table: Table) -> npt.NDArray[np.float64]:
    """Cost of moving a cell by a unit: its value, in multiples of the average cell's."""
    value = _column(table, "value").astype(np.float64) + 1
    cost: npt.NDArray[np.float64] = np.clip(value / value.mean(), 0.01, 100.0)
    cost[table.grand_total] = GRAND_TOTAL_COST * 100.0
    return cost


def _column(table: Table, name: str) -> Integers:
    return table.cells[name].to_numpy(dtype=np.int64)


def _text(value: int, scale: int) -> str:
    return f"{Decimal(value).scaleb(-scale):f}"
