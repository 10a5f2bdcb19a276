"""Secondary suppression that leaves the intruder's intervals wide enough.

Every cell that must be protected is given a *witness*: a deviation within the suppressed
cells that moves it as far as it must be movable. A pattern is accepted only when all of them
have one, so nothing is taken on the word of a heuristic.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from clearance.errors import DisclosureRiskError
from clearance.tables.deviations import TOLERANCE, DeviationModel, Rooms, Target
from clearance.tables.tabulate import Equations

Booleans = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

SUPPRESSED_COST = 1e-3  # of an average cell: nearly free, but no detours
REACHED = 1 - TOLERANCE  # of a target


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Requirements:
    """What the intruder knows of each cell, and what must remain possible.

    ``rooms``: how far each cell may be from its value as far as the intruder knows before the
    table is seen, no room for a cell that cannot be suppressed. ``primary``: suppressed in any
    case. ``figure`` is for messages. ``targets``: deviations that must exist. ``vague``: a
    suppressed cell must never be known exactly. ``integral``: only whole-numbered deviations
    count. ``cost``: of movement by a unit.
    """

    figure: str
    equations: Equations
    rooms: Rooms
    primary: Booleans
    targets: tuple[Target, ...]
    vague: bool
    integral: bool
    cost: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Witness:
    """A deviation, stored by the cells that it moves."""

    cells: Integers
    changes: Floats


Witnesses = dict[Target, Witness]


def suppressed_cells(requirements: Requirements) -> Booleans:
    """The cells to suppress, primaries included, so that every requirement has a witness.

    First each target in turn gets the cheapest witness, and what it moves is suppressed;
    then secondaries are published again, the most costly first, where all targets find
    witnesses without them; then what is still known exactly is given a witness too.
    Raises `DisclosureRiskError` where a target is out of reach with everything suppressed.
    """
    search = _Search(requirements)
    suppressed, witnesses = search.protect(requirements.primary, requirements.targets, {})
    suppressed, witnesses = search.clean(suppressed, witnesses)
    while True:
        exact = search.known_exactly(suppressed, witnesses)
        if not exact:
            return suppressed
        suppressed, witnesses = search.blur(exact, suppressed, witnesses)


class _Search:
    """The steps of `suppressed_cells` over one model; changes no argument."""

    def __init__(self, requirements: Requirements) -> None:
        self._need = requirements
        self._model = DeviationModel(
            requirements.equations, len(requirements.cost), integral=requirements.integral
        )

    def protect(
        self, suppressed: Booleans, targets: tuple[Target, ...], witnesses: Witnesses
    ) -> tuple[Booleans, Witnesses]:
        """More cells suppressed until each of ``targets`` has a witness."""
        suppressed, witnesses = suppressed.copy(), dict(witnesses)
        hopeless = set()
        for target in targets:
            if target in witnesses:
                continue
            found = self._model.find(target, self._need.rooms, self._cost(suppressed))
            if found is None:
                hopeless.add(target.cell)
                continue
            suppressed |= found != 0
            missing = [other for other in targets if other not in witnesses]
            witnesses |= self._witnessed(found, missing)
        if hopeless:
            raise DisclosureRiskError(
                f"table of {self._need.figure}: {len(hopeless)} of {len(suppressed)} cells cannot "
                f"be protected by suppressing others; use coarser dimensions, or check what the "
                f"policy says that an intruder knows (tables: attacker)"
            )
        return suppressed, witnesses

    def clean(self, suppressed: Booleans, witnesses: Witnesses) -> tuple[Booleans, Witnesses]:
        """Secondaries published that no target needs, the most costly first."""
        suppressed = suppressed.copy()
        for cell in self._secondaries(suppressed):
            fewer = suppressed.copy()
            fewer[cell] = False
            found = self._without(cell, fewer, witnesses)
            if found is not None:
                suppressed, witnesses = fewer, found
        return self._used(witnesses), witnesses

    def known_exactly(self, suppressed: Booleans, witnesses: Witnesses) -> list[int]:
        """Suppressed cells that no witness moves by a unit or more, where that matters."""
        if not self._need.vague:
            return []
        open_cells = suppressed.copy()
        for witness in witnesses.values():
            open_cells[witness.cells[np.abs(witness.changes) >= REACHED]] = False
        return [int(cell) for cell in np.flatnonzero(open_cells)]

    def blur(
        self, exact: list[int], suppressed: Booleans, witnesses: Witnesses
    ) -> tuple[Booleans, Witnesses]:
        """``exact`` cells movable by a unit up or down, with what suppression that takes."""
        within = self._need.rooms.only(suppressed)
        for cell in exact:
            for target in (Target(cell, 1), Target(cell, -1)):
                found = self._model.find(target, within, self._need.cost)
                if found is not None:
                    witnesses = witnesses | self._witnessed(found, [target])
                    break
            else:
                suppressed, witnesses = self.protect(suppressed, (Target(cell, 1),), witnesses)
        return suppressed, witnesses

    def _without(self, cell: int, suppressed: Booleans, witnesses: Witnesses) -> Witnesses | None:
        """Witnesses for the same targets that leave ``cell`` alone; None if one has none."""
        rooms = self._need.rooms.only(suppressed)
        affected = [target for target, witness in witnesses.items() if cell in witness.cells]
        replaced: Witnesses = {}
        for target in affected:
            if target in replaced:
                continue
            found = self._model.find(target, rooms, self._need.cost)
            if found is None:
                return None
            missing = [other for other in affected if other not in replaced]
            replaced |= self._witnessed(found, missing)
        return witnesses | replaced

    def _witnessed(self, deviation: Floats, targets: list[Target]) -> Witnesses:
        """Those of ``targets`` that this deviation, or its opposite, moves far enough."""
        witnesses: Witnesses = {}
        both_ways = self._within(-deviation)
        for signed in (deviation, -deviation) if both_ways else (deviation,):
            cells = np.flatnonzero(signed)
            witness = Witness(cells, signed[cells])
            for target in targets:
                if signed[target.cell] / target.change >= REACHED:
                    witnesses.setdefault(target, witness)
        return witnesses

    def _within(self, deviation: Floats) -> bool:
        rooms = self._need.rooms
        return bool(((deviation >= -rooms.down) & (deviation <= rooms.up)).all())

    def _secondaries(self, suppressed: Booleans) -> list[int]:
        cells = np.flatnonzero(suppressed & ~self._need.primary)
        return [int(cell) for cell in cells[np.argsort(-self._need.cost[cells], kind="stable")]]

    def _used(self, witnesses: Witnesses) -> Booleans:
        used = self._need.primary.copy()
        for witness in witnesses.values():
            used[witness.cells] = True
        return used

    def _cost(self, suppressed: Booleans) -> Floats:
        return np.where(suppressed, SUPPRESSED_COST, self._need.cost)
