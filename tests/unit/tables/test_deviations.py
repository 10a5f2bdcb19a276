"""Other tables that fit the published one: found, or known not to exist."""

from __future__ import annotations

import numpy as np
import pytest

from clearance.tables.deviations import UNBOUNDED, DeviationModel, Rooms, Target
from clearance.tables.tabulate import Equations


def equations(*of_cells: list[int]) -> Equations:
    """Each a total and then its parts."""
    return Equations(
        totals=np.array([total for total, *_ in of_cells]),
        parts=np.array([part for _, *parts in of_cells for part in parts]),
        starts=np.cumsum([0, *(len(cells) - 1 for cells in of_cells)]),
    )


def free(cells: int) -> Rooms:
    return Rooms(np.full(cells, UNBOUNDED), np.full(cells, UNBOUNDED))


def find(
    system: Equations, target: Target, cost: list[float], *, integral: bool, rooms: Rooms | None
) -> list[float] | None:
    model = DeviationModel(system, len(cost), integral=integral)
    found = model.find(target, rooms or free(len(cost)), np.array(cost))
    return None if found is None else found.tolist()


ROW = equations([0, 1, 2, 3])  # cell 0 is the sum of 1, 2 and 3
HALVES = equations([0, 1, 2], [0, 2, 3], [0, 1, 3])  # cell 0 moves by 1, the others by 1/2


def test_the_cheapest_way_is_taken() -> None:
    target = Target(1, 4)
    assert find(ROW, target, [9, 1, 3, 2], integral=True, rooms=None) == [0, 4, 0, -4]


def test_a_published_cell_does_not_move() -> None:
    rooms = free(4).only(np.array([False, True, True, False]))
    assert find(ROW, Target(1, -4), [9, 1, 3, 2], integral=True, rooms=rooms) == [0, -4, 4, 0]


@pytest.mark.parametrize(("down", "found"), [(4, [0, 4, -4, 0]), (3, None)])
def test_a_cell_moves_as_far_as_there_is_room(down: int, found: list[float] | None) -> None:
    none = np.zeros(4, dtype=np.int64)
    rooms = Rooms(np.array([0, 0, down, 0]), np.array([0, 4, 0, 0]))
    assert find(ROW, Target(1, 4), [1, 1, 1, 1], integral=True, rooms=rooms) == found
    assert find(ROW, Target(1, 4), [1, 1, 1, 1], integral=True, rooms=Rooms(none, none)) is None


def test_a_target_beyond_its_own_room_does_not_exist() -> None:
    rooms = Rooms(np.full(4, 9), np.array([9, 3, 9, 9]))
    assert find(ROW, Target(1, 4), [1, 1, 1, 1], integral=True, rooms=rooms) is None


def test_people_do_not_come_in_halves() -> None:
    assert find(HALVES, Target(0, 1), [1, 1, 1, 1], integral=False, rooms=None) == [
        1,
        0.5,
        0.5,
        0.5,
    ]
    assert find(HALVES, Target(0, 1), [1, 1, 1, 1], integral=True, rooms=None) is None
    assert find(HALVES, Target(0, 2), [1, 1, 1, 1], integral=True, rooms=None) == [2, 1, 1, 1]


def test_where_halves_are_cheapest_whole_people_are_found_all_the_same() -> None:
    detour = equations([0, 1, 2, 4], [0, 2, 3, 4], [0, 1, 3, 4])
    cost = [1.0, 1.0, 1.0, 1.0, 100.0]
    assert find(detour, Target(0, 1), cost, integral=False, rooms=None) == [1, 0.5, 0.5, 0.5, 0]
    assert find(detour, Target(0, 1), cost, integral=True, rooms=None) == [1, 0, 0, 0, 1]


def test_large_and_small_targets_share_a_model() -> None:
    model = DeviationModel(ROW, 4, integral=False)
    for change in (1, -1, 10**15, -(10**9), 7):
        found = model.find(Target(1, change), free(4), np.ones(4))
        assert found is not None
        assert found[0] == found[1] + found[2] + found[3]
        assert found[1] == change


def test_a_table_without_equations_moves_freely() -> None:
    assert find(equations(), Target(0, 3), [1.0], integral=True, rooms=None) == [3]
