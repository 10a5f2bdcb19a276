from __future__ import annotations

import numpy as np
import pytest

from clearance.attack.solver import Row, Split, Unknowns, explore, one_value, reached


def unknowns(count: int, *rows: Row, integral: bool = True, split: Split | None = None) -> Unknowns:
    return Unknowns(
        lower=np.zeros(count),
        upper=np.full(count, 100.0),
        rows=rows,
        integral=integral,
        split=split,
    )


def test_a_sum_bounds_its_parts() -> None:
    found = explore(unknowns(2, Row((0, 1), (1, 1), 7)), np.array([100.0, 100.0]))
    assert found.consistent
    assert found.greatest.tolist() == [7, 7]


def test_a_cell_in_no_equation_can_be_anything() -> None:
    found = explore(unknowns(1), np.array([5.0]))
    assert reached(found.greatest, np.array([5.0])).all()
    assert not one_value(found.least, found.greatest).any()


def test_what_is_determined_has_one_value() -> None:
    rows = (Row((0, 1), (1, 1), 7), Row((0, 1), (1, -1), 3))
    found = explore(unknowns(2, *rows), np.array([1.0, 1.0]))
    assert one_value(found.least, found.greatest).tolist() == [True, True]
    assert found.greatest.tolist() == [5, 2]


# Each two of the first three are at most 3, the slack being the next three; the last is their sum.
ODD = (
    Row((0, 1, 3), (1, 1, 1), 3),
    Row((1, 2, 4), (1, 1, 1), 3),
    Row((0, 2, 5), (1, 1, 1), 3),
    Row((0, 1, 2, 6), (1, 1, 1, -1), 0),
)


@pytest.mark.parametrize(("reach", "possible"), [(4.0, True), (5.0, False)])
def test_only_whole_tables_count(reach: float, *, possible: bool) -> None:
    """Fractions reach 4.5, whole numbers 4."""
    asked = np.array([0.0] * 6 + [reach])
    found = explore(unknowns(7, *ODD), asked)
    assert bool(reached(found.greatest, asked)[6]) == possible


def test_sums_need_not_be_whole() -> None:
    asked = np.array([0.0] * 6 + [4.4])
    assert reached(explore(unknowns(7, *ODD, integral=False), asked).greatest, asked)[6]


def test_equations_that_nothing_fulfils_are_inconsistent() -> None:
    found = explore(unknowns(2, Row((0, 1), (1, 1), -1)), np.array([1.0, 1.0]))
    assert not found.consistent


def test_a_split_is_a_constraint_on_all_cells() -> None:
    rows = (Row((0, 1), (1, 1), 6), Row((2, 3), (1, 1), 25), Row((0, 2), (1, 1), 6))
    split = Split(threshold=5, below=1)
    asked = np.full(4, 5.0)
    positive = Unknowns(
        lower=np.ones(4), upper=np.full(4, 100.0), rows=rows, integral=True, split=split
    )
    found = explore(positive, asked)
    assert found.least.tolist() == found.greatest.tolist() == [1, 5, 5, 20]
