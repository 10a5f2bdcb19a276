"""Small tables whose protection can be checked by hand."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pytest
from tests.table_oracle import Cell, dimension, holdings, people, rules

from clearance.errors import DisclosureRiskError, PolicyError
from clearance.policy import Concentration
from clearance.tables.protect import ProtectedTable, protect_table
from clearance.tables.tabulate import tabulate

AB, UV = dimension("row", ["a", "b"]), dimension("column", ["u", "v"])
P10 = Concentration(p_percent=10)


def counts(*inner: int, n: int = 5, zeros: str = "safe") -> ProtectedTable:
    """A 2 x 2 table of people: au, av, bu, bv."""
    keys: list[Cell] = [("a", "u"), ("a", "v"), ("b", "u"), ("b", "v")]
    contributions = people(dict(zip(keys, inner, strict=True)), ["row", "column"])
    table = tabulate(contributions, [AB, UV], figure="count")
    return protect_table(table, rules(n, zeros=zeros), None)


def sums(*rows: tuple[str, str, str], **known: int) -> ProtectedTable:
    """A table of places with (place, holding, amount)."""
    places = dimension("place", sorted({place for place, _, _ in rows}))
    table = tabulate(holdings(rows, ["place"]), [places], figure="turnover")
    return protect_table(table, rules(2, **known), P10)


def shown(table: ProtectedTable) -> dict[str, str]:
    frame = table.frame()
    keys = [" ".join(codes) for codes in frame.iloc[:, :-2].itertuples(index=False)]
    return dict(zip(keys, frame.iloc[:, -2], strict=True))


def blanks(table: ProtectedTable) -> list[str]:
    return [key for key, text in shown(table).items() if text == ""]


def test_a_table_without_small_cells_is_published_whole() -> None:
    table = counts(5, 6, 7, 8)
    assert shown(table)["_T _T"] == "26"
    assert (table.primary, table.secondary, table.suppressed_value) == (0, 0, 0)


def test_one_small_cell_takes_a_second_in_each_row_and_column() -> None:
    table = counts(1, 5, 5, 20)
    assert blanks(table) == ["a u", "a v", "b u", "b v"]
    assert (table.cells, table.primary, table.secondary) == (9, 1, 3)
    assert table.suppressed_value == 30


def test_the_published_frame_says_nothing_of_why_a_cell_is_blank() -> None:
    frame = counts(1, 5, 5, 20).frame()
    assert frame.columns.tolist() == ["row", "column", "count", "count_status"]
    hidden = frame[frame["count"] == ""]
    assert hidden["count_status"].tolist() == ["c", "c", "c", "c"]
    assert frame.loc[frame["count"] != "", "count_status"].unique().tolist() == [""]


def test_two_small_cells_that_could_not_reach_the_threshold_take_more() -> None:
    # With only the four inner cells blank, au and bv are at most 3 + 1 = 4.
    table = counts(3, 2, 2, 3)
    assert blanks(table) == ["_T u", "_T v", "a _T", "a u", "a v", "b _T", "b u", "b v"]


def test_zeros_are_shown_where_they_are_safe_and_blank_where_not() -> None:
    assert shown(counts(0, 9, 9, 9))["a u"] == "0"
    assert shown(counts(0, 9, 9, 9, zeros="unsafe"))["a u"] == ""


def test_a_parent_that_equals_its_only_small_child_is_blank_too() -> None:
    table = counts(2, 0, 9, 9)
    assert blanks(table) == ["a _T", "a u", "b _T", "b u"]
    assert shown(table)["a v"] == "0"


def test_the_grand_total_goes_last() -> None:
    assert shown(counts(1, 1, 9, 9))["_T _T"] == "20"


def test_where_everything_is_small_the_grand_total_is_blank_too() -> None:
    table = counts(1, 1, 1, 1)
    assert len(blanks(table)) == table.cells == 9


@pytest.mark.parametrize(("n", "blank"), [(3, False), (4, True)])
def test_a_count_of_three_at_its_threshold(n: int, blank: bool) -> None:
    assert (shown(counts(3, 50, 50, 50, n=n))["a u"] == "") is blank


def test_sums_keep_their_decimals() -> None:
    table = sums(*[("a", holding, "10.25") for holding in "ABCDEFGHIJKLM"], ("b", "A", "0"))
    assert shown(table) == {"_T": "133.25", "a": "", "b": ""}


def test_a_dominated_sum_is_blank_with_another_that_hides_it() -> None:
    many = [("b", holding, "100") for holding in "ABCDEFGHIJKLM"]
    more = [("c", holding, "200") for holding in "ABCDEFGHIJKLM"]
    table = sums(("a", "Z", "300"), ("a", "Y", "20"), *many, *more)
    assert blanks(table) == ["a", "b"]
    assert shown(table)["c"] == "2600"
    assert table.suppressed_value == Decimal(1300)


def test_prior_knowledge_that_makes_a_sum_unprotectable_is_an_error() -> None:
    rows = [("a", "Z", "300"), *[("b", holding, "100") for holding in "ABCDEFGHIJKLM"]]
    assert blanks(sums(*rows, at_most_percent=120))
    with pytest.raises(DisclosureRiskError, match=r"table of turnover: 1 of 3 cells cannot be"):
        sums(*rows, at_most_percent=105)


def test_a_prior_lower_bound_is_all_that_is_asked_downwards() -> None:
    rows = [("a", "Z", "300"), *[("b", holding, "100") for holding in "ABCDEFGHIJKLM"]]
    assert "a" in blanks(sums(*rows, at_least_percent=95))


def test_sums_without_a_rule_of_concentration_are_refused() -> None:
    table = tabulate(holdings([("a", "X", "1")], ["row"]), [AB], figure="turnover")
    with pytest.raises(PolicyError, match="concentration"):
        protect_table(table, rules(), None)


def test_a_count_of_visits_is_judged_by_patients_and_by_their_share() -> None:
    visits = people({("a",): 5, ("b",): 5}, ["row"])
    visits["records"] = [96, 1, 1, 1, 1, 20, 20, 20, 20, 20]
    table = protect_table(tabulate(visits, [AB], figure="visits"), rules(5), P10)
    assert table.unsafe.tolist() == [False, True, False]
    assert shown(table) == {"_T": "200", "a": "", "b": ""}


def test_a_chain_of_single_children_is_blank_all_the_way_up() -> None:
    deep = dimension("place", ["a", "b"], ["A", "B"], ["AA", "BB"], ["*", "*"])
    table = protect_table(
        tabulate(people({("a",): 2, ("b",): 40}, ["place"]), [deep], figure="n"), rules(), None
    )
    assert blanks(table) == ["A", "AA", "B", "BB", "a", "b"]


def test_nothing_is_printed_by_the_solver(capfd: pytest.CaptureFixture[str]) -> None:
    counts(1, 5, 5, 20)
    assert capfd.readouterr() == ("", "")


def test_the_table_given_stays_as_it_was() -> None:
    table = tabulate(
        people({("a", "u"): 1, ("b", "v"): 9}, ["row", "column"]), [AB, UV], figure="n"
    )
    before, equations = table.cells.copy(), table.equations.parts.copy()
    protect_table(table, rules(), None)
    assert table.cells.equals(before)
    assert np.array_equal(table.equations.parts, equations)


def test_nothing_of_a_protected_table_shows_in_its_repr() -> None:
    assert repr(counts(1, 5, 5, 20)) == "ProtectedTable()"
