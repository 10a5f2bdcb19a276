"""What the attack says of small tables, against counting every table that fits."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.forge import QUASI, attacked, frame, hierarchy, plan, policy, release, table, variable

from clearance.plan import TableOutput

THRESHOLD = 3
LARGEST = 4
ENUMERATED = {2: 10, 3: 8}  # no larger value is needed to tell a cell from its neighbours
COUNTS = TableOutput(name="counts", policy="open", dimensions=("sex", "place"))
OF = plan(variable("sex", QUASI), variable("place", QUASI), outputs=[COUNTS])
Cell = tuple[str, str]


def cells_of(inner: npt.NDArray[np.int64], places: str) -> dict[Cell, npt.NDArray[np.int64]]:
    """Every cell and margin of tables; ``inner``: shape (2, places, tables)."""
    found = {}
    for (s, sex), (p, place) in itertools.product(enumerate("fm"), enumerate(places)):
        found[sex, place] = inner[s, p]
    for s, sex in enumerate("fm"):
        found[sex, "_T"] = inner[s].sum(axis=0)
    for p, place in enumerate(places):
        found["_T", place] = inner[:, p].sum(axis=0)
    found["_T", "_T"] = inner.sum(axis=(0, 1))
    return found


def exposed_by_counting(
    true: dict[Cell, int], blanks: set[Cell], places: str, *, zeros_safe: bool
) -> int:
    """Blank cells that are below the threshold, or the same, in every table that fits."""
    grid = np.indices((ENUMERATED[len(places)] + 1,) * (2 * len(places)), dtype=np.int64)
    candidates = cells_of(grid.reshape(2, len(places), -1), places)
    fits = np.ones(grid[0].size, dtype=bool)
    for cell, values in candidates.items():
        fits &= values >= int(zeros_safe) if cell in blanks else values == true[cell]
    exposed = 0
    for cell in blanks:
        feasible = candidates[cell][fits]
        exposed += bool(feasible.max() < THRESHOLD or feasible.min() == feasible.max())
    return exposed


@st.composite
def tables(draw: st.DrawFn) -> tuple[dict[Cell, int], set[Cell], str]:
    places = draw(st.sampled_from(["AB", "AB", "ABC"]))
    counts = draw(
        st.lists(st.integers(0, LARGEST), min_size=2 * len(places), max_size=2 * len(places))
    )
    inner = np.array(counts, dtype=np.int64).reshape(2, len(places), 1)
    true = {cell: int(values[0]) for cell, values in cells_of(inner, places).items()}
    blanks = draw(st.sets(st.sampled_from(sorted(true)), min_size=1))
    return true, blanks, places


def exposed_by_attack(true: dict[Cell, int], blanks: set[Cell], places: str, zeros: str) -> int:
    leaves = [cell for cell in true if "_T" not in cell and true[cell]]
    source = frame("sex place", *(f"{sex} {place} | {true[sex, place]}" for sex, place in leaves))
    shown = {" ".join(cell): "" if cell in blanks else str(true[cell]) for cell in true}
    rules = policy(minimum_frequency=THRESHOLD, zeros=zeros)
    files = release(OF, rules, {"counts": table(("sex", "place"), shown)})
    hierarchies = [hierarchy("sex", ["f", "m"]), hierarchy("place", list(places))]
    report = attacked(files, OF, rules, source, hierarchies)
    assert report.tables["counts"].attacked == len(blanks)
    return report.tables["counts"].exposed


@settings(max_examples=60, deadline=None)
@given(tables())
def test_the_exposed_cells_are_those_that_counting_finds(
    drawn: tuple[dict[Cell, int], set[Cell], str],
) -> None:
    true, blanks, places = drawn
    positive = {cell for cell in blanks if true[cell]}
    if positive:
        expected = exposed_by_counting(true, positive, places, zeros_safe=True)
        assert exposed_by_attack(true, positive, places, "safe") == expected
    if sum(true.values()):
        expected = exposed_by_counting(true, blanks, places, zeros_safe=False)
        assert exposed_by_attack(true, blanks, places, "unsafe") == expected


@settings(max_examples=30, deadline=None)
@given(tables(), st.data())
def test_showing_a_further_cell_never_protects(
    drawn: tuple[dict[Cell, int], set[Cell], str], data: st.DataObject
) -> None:
    true, blanks, places = drawn
    if len(blanks) < 2 or not sum(true.values()):
        return
    shown = data.draw(st.sampled_from(sorted(blanks)))
    before = exposed_by_attack(true, blanks, places, "unsafe")
    after = exposed_by_attack(true, blanks - {shown}, places, "unsafe")
    assert after >= before - 1
