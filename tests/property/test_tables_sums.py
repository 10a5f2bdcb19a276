"""No contribution to a sum can be estimated more closely than the rules allow."""

from __future__ import annotations

import math
from fractions import Fraction

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.table_oracle import Cell, Intruder, dimension, holdings, rules

from clearance.errors import DisclosureRiskError
from clearance.policy import Concentration
from clearance.tables.protect import protect_table
from clearance.tables.tabulate import tabulate

DIMENSIONS = [
    dimension("sector", ["farm", "mine", "shop", "bank"], ["goods", "goods", "trade", "trade"]),
    dimension("place", ["north", "south", "west"]),
]
P = 15
N = 3

Rows = list[tuple[str, str, str, str]]

rows_of_holdings = st.dictionaries(
    st.tuples(
        st.sampled_from(["farm", "mine", "shop", "bank"]),
        st.sampled_from(["north", "south", "west"]),
        st.sampled_from("ABCDEFGHJK"),
    ),
    st.one_of(st.integers(0, 50), st.integers(100, 100_000)),
    min_size=1,
    max_size=60,
).map(lambda cells: [(*key, str(Fraction(cents, 100).__float__())) for key, cents in cells.items()])


def contributions_by_cell(rows: Rows) -> dict[Cell, list[int]]:
    """Cents of each contributor in each cell of the table, the largest first."""
    groups = {"farm": "goods", "mine": "goods", "shop": "trade", "bank": "trade"}
    cells: dict[Cell, dict[str, int]] = {}
    for sector, place, contributor, amount in rows:
        for cell in [(s, p) for s in (sector, groups[sector], "_T") for p in (place, "_T")]:
            of_cell = cells.setdefault(cell, {})
            of_cell[contributor] = of_cell.get(contributor, 0) + round(100 * float(amount))
    return {cell: sorted(found.values(), reverse=True) for cell, found in cells.items()}


def level_of(amounts: list[int]) -> Fraction | None:
    """Protection level in cents; None for a safe cell."""
    rest, share = sum(amounts[2:]), Fraction(P * amounts[0], 100)
    if rest < share:
        return max(share - rest, Fraction(1))
    return max(share, Fraction(1)) if len(amounts) < N else None


@settings(max_examples=40, deadline=None)
@given(rows=rows_of_holdings, at_most=st.sampled_from([None, 300]))
def test_every_unsafe_sum_stays_uncertain_by_its_level_and_no_blank_is_known_exactly(
    rows: Rows, at_most: int | None
) -> None:
    contributions = holdings(rows, ["sector", "place"])
    table = tabulate(contributions, DIMENSIONS, figure="turnover")
    policy = rules(N, at_most_percent=at_most)
    try:
        published = protect_table(table, policy, Concentration(p_percent=P)).frame()
    except DisclosureRiskError:
        assert at_most is not None
        return
    by_cell = contributions_by_cell(rows)
    true = {cell: sum(amounts) / 100 for cell, amounts in by_cell.items()}
    keys = list(published[["sector", "place"]].itertuples(index=False, name=None))
    shown = dict(zip(keys, published["turnover"], strict=True))
    for cell, text in shown.items():
        if text:
            assert level_of(by_cell.get(cell, [0] * N)) is None
            assert math.isclose(float(text), true.get(cell, 0.0))
    blanks = [cell for cell, text in shown.items() if not text]
    if not blanks:
        return
    most = {cell: 1e6 if at_most is None else true[cell] * at_most / 100 for cell in blanks}
    known = {cell: (0.0, most[cell]) for cell in blanks}
    intruder = Intruder(published, DIMENSIONS, "turnover", known, whole=False)
    for cell in blanks:
        least, highest = intruder.least(cell), intruder.most(cell)
        assert highest - least > 0.0099
        level = level_of(by_cell[cell])
        if level is not None:
            assert highest >= true[cell] + float(level) / 100 - 1e-5
            assert least <= max(true[cell] - float(level) / 100, 0) + 1e-5


@settings(max_examples=20, deadline=None)
@given(rows=rows_of_holdings)
def test_the_same_holdings_in_any_order_give_the_same_table(rows: Rows) -> None:
    frames = [
        protect_table(
            tabulate(holdings(order, ["sector", "place"]), DIMENSIONS, figure="turnover"),
            rules(N),
            Concentration(n=1, k_percent=80),
        ).frame()
        for order in (rows, rows[::-1])
    ]
    assert frames[0].equals(frames[1])
