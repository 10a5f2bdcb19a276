"""Patterns of suppression over a handful of cells and equations."""

from __future__ import annotations

import numpy as np
import pytest

from clearance.errors import DisclosureRiskError
from clearance.tables.deviations import Rooms, Target
from clearance.tables.secondary import Requirements, suppressed_cells
from clearance.tables.tabulate import Equations

TWO_BY_TWO = Equations(  # 0 1 2 / 3 4 5 / 6 7 8, totals last
    totals=np.array([2, 5, 8, 6, 7, 8]),
    parts=np.array([0, 1, 3, 4, 6, 7, 0, 3, 1, 4, 2, 5]),
    starts=np.array([0, 2, 4, 6, 8, 10, 12]),
)
HALVES = Equations(  # cell 0 moves by 1 where the others move by 1/2
    totals=np.array([0, 0, 0]),
    parts=np.array([1, 2, 2, 3, 1, 3]),
    starts=np.array([0, 2, 4, 6]),
)


def pattern(
    equations: Equations, value: list[int], *targets: Target, up: int = 99, vague: bool = False
) -> list[int]:
    """Suppressed cells; cells of value 0 cannot be, the others may fall to 0."""
    values = np.array(value)
    need = Requirements(
        figure="count",
        equations=equations,
        rooms=Rooms(values, np.where(values > 0, up, 0)),
        primary=np.isin(np.arange(len(value)), [target.cell for target in targets]),
        targets=targets,
        vague=vague,
        integral=not vague,
        cost=values.astype(np.float64),
    )
    return np.flatnonzero(suppressed_cells(need)).tolist()


def test_a_rectangle_of_inner_cells_hides_one_of_them() -> None:
    assert pattern(TWO_BY_TWO, [1, 5, 6, 5, 20, 25, 6, 25, 31], Target(0, 4)) == [0, 1, 3, 4]


def test_cells_too_small_to_give_way_make_the_margins_give_way() -> None:
    # +4 in cell 0 takes 3 from each neighbour and leaves 1 for each of its margins.
    hidden = pattern(TWO_BY_TWO, [1, 3, 4, 3, 20, 23, 4, 23, 27], Target(0, 4))
    assert hidden == [0, 1, 2, 3, 5, 6, 7]


def test_a_zero_cannot_hide_anything() -> None:
    assert pattern(TWO_BY_TWO, [1, 0, 1, 5, 20, 25, 6, 20, 26], Target(0, 4)) == [0, 2, 3, 5]


def test_one_pattern_serves_both_sides_of_an_interval() -> None:
    both = (Target(0, 4), Target(0, -1))
    assert pattern(TWO_BY_TWO, [2, 9, 11, 9, 20, 29, 11, 29, 40], *both) == [0, 1, 3, 4]


def test_where_nothing_can_give_way_there_is_no_pattern() -> None:
    with pytest.raises(DisclosureRiskError, match="table of count: 1 of 9 cells cannot be"):
        pattern(TWO_BY_TWO, [1, 0, 1, 0, 0, 0, 1, 0, 1], Target(0, 4), up=3)


def test_a_secondary_sum_that_could_only_move_by_half_a_unit_is_given_room() -> None:
    assert pattern(HALVES, [8, 4, 4, 4], Target(0, 1), vague=True) == [0, 1, 2, 3]


def test_a_secondary_sum_that_stays_known_exactly_is_refused() -> None:
    with pytest.raises(DisclosureRiskError, match="1 of 4 cells cannot be"):
        pattern(HALVES, [1, 4, 4, 4], Target(0, 1), up=1, vague=True)
