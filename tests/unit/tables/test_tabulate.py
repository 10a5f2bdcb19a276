"""Tables with all margins: values, contributors, largest contributions, equations."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from tests.table_oracle import dimension, holdings, people, sums_of_children

from clearance.errors import DisclosureRiskError, InputError, PlanError
from clearance.tables.tabulate import Table, tabulate

PLACE = dimension("place", ["a", "b", "c"], ["N", "N", "S"])
SEX = dimension("sex", ["f", "m"])


def cell(table: Table, *codes: str) -> dict[str, int]:
    found = (table.codes == list(codes)).all(axis=1)
    assert found.sum() == 1
    return table.cells[found].iloc[0].to_dict()


def test_every_combination_of_codes_is_a_cell_once_and_sorted() -> None:
    table = tabulate(
        people({("a", "f"): 2, ("c", "m"): 3}, ["place", "sex"]), [PLACE, SEX], figure="n"
    )
    assert [" ".join(codes) for codes in table.codes.itertuples(index=False)] == [
        f"{place} {sex}" for place in ["N", "S", "_T", "a", "c"] for sex in ["_T", "f", "m"]
    ]
    assert table.cells["value"].tolist() == [2, 2, 0, 3, 0, 3, 5, 2, 3, 2, 2, 0, 3, 0, 3]
    assert table.grand_total == 6


def test_contributors_are_distinct_at_every_level_and_their_parts_add_up() -> None:
    rows = [("a", "X", "70.5"), ("b", "X", "30"), ("b", "Y", "60.25"), ("c", "Y", "1")]
    table = tabulate(holdings(rows, ["place"]), [PLACE], figure="turnover")
    assert (table.kind, table.scale) == ("amounts", 2)
    north = cell(table, "N")
    assert (north["value"], north["contributors"]) == (16075, 2)
    assert (north["largest"], north["second_largest"]) == (10050, 6025)
    assert (cell(table, "a")["contributors"], cell(table, "a")["second_largest"]) == (1, 0)
    assert cell(table, "_T")["largest"] == 10050


def test_records_are_the_contributions_to_a_count() -> None:
    visits = people({("a",): 1, ("b",): 1}, ["place"])
    visits["records"] = [3, 2]
    table = tabulate(visits, [PLACE], figure="visits")
    assert table.kind == "records"
    assert cell(table, "N") == {"value": 5, "contributors": 2} | dict(
        zip(
            ["largest", "second_largest", "third_largest", "fourth_largest", "fifth_largest"],
            [3, 2, 0, 0, 0],
            strict=True,
        )
    )


def test_a_count_of_people_once_each_is_a_frequency_table() -> None:
    table = tabulate(people({("a",): 2, ("c",): 1}, ["place"]), [PLACE], figure="n")
    assert table.kind == "frequency"
    assert (table.cells["value"] == table.cells["contributors"]).all()


def test_a_missing_dimension_value_is_counted_as_unknown() -> None:
    table = tabulate(people({("a",): 2, ("",): 4}, ["place"]), [PLACE], figure="n")
    assert (cell(table, "_U")["value"], cell(table, "_T")["value"]) == (4, 6)


def test_equations_are_those_of_the_definition() -> None:
    table = tabulate(
        people({("a", "f"): 2, ("b", "m"): 3}, ["place", "sex"]), [PLACE, SEX], figure="n"
    )
    equations = table.equations
    parts = np.split(equations.parts, equations.starts[1:-1])
    got = {(int(t), frozenset(p.tolist())) for t, p in zip(equations.totals, parts, strict=True)}
    cells = list(table.codes.itertuples(index=False, name=None))
    expected = {(t, frozenset(p)) for t, *p in sums_of_children([PLACE, SEX], cells)}
    assert got == expected
    value = table.cells["value"].to_numpy()
    assert all(value[total] == sum(value[part] for part in parts) for total, parts in got)


def test_trailing_zeros_of_amounts_are_no_decimals() -> None:
    table = tabulate(
        holdings([("a", "X", "7.5000"), ("c", "Y", "1E+2")], ["place"]), [PLACE], figure="x"
    )
    assert (table.scale, cell(table, "_T")["value"]) == (1, 1075)


def test_contributions_without_a_contributor_are_refused() -> None:
    rows = people({("a",): 3}, ["place"])
    rows["contributor"] = ["", "A", None]
    with pytest.raises(InputError, match="2 of 3 contributions do not say whose"):
        tabulate(rows, [PLACE], figure="n")


def test_negative_contributions_are_refused_without_being_quoted() -> None:
    with pytest.raises(DisclosureRiskError, match="1 of 2 contributions are negative") as refused:
        tabulate(holdings([("a", "X", "-987"), ("a", "Y", "5")], ["place"]), [PLACE], figure="x")
    assert "987" not in str(refused.value)


@pytest.mark.parametrize(
    ("amounts", "message"),
    [
        (["9007199254740991", "1"], "too large for 0 decimals"),
        (["90071992547409.92"], "too large for 2 decimals"),
        (["1E+999999"], "too large"),
        (["1E-999999"], "too large"),
        (["NaN", "1"], "1 of 2 amounts are missing"),
    ],
)
def test_amounts_that_cannot_be_exact_are_refused(amounts: list[str], message: str) -> None:
    rows = holdings([("a", str(number), text) for number, text in enumerate(amounts)], ["place"])
    with pytest.raises(InputError, match=message):
        tabulate(rows, [PLACE], figure="x")


def test_the_largest_exact_total_is_exact() -> None:
    table = tabulate(holdings([("a", "X", "90071992547409.91")], ["place"]), [PLACE], figure="x")
    assert Decimal(int(cell(table, "_T")["value"])).scaleb(-2) == Decimal("90071992547409.91")


def test_an_empty_table_is_refused() -> None:
    with pytest.raises(InputError, match="no records"):
        tabulate(people({}, ["place"]), [PLACE], figure="n")


def test_contributions_without_records_are_refused() -> None:
    rows = people({("a",): 2}, ["place"])
    rows["records"] = [1, 0]
    with pytest.raises(InputError, match="1 of 2 contributions have no records"):
        tabulate(rows, [PLACE], figure="n")


@pytest.mark.parametrize(
    ("names", "figure"),
    [
        ([], "n"),
        (["place", "place"], "n"),
        (["place"], "place"),
        (["n_status"], "n"),
        (["amount"], "n"),
    ],
)
def test_names_that_clash_are_refused(names: list[str], figure: str) -> None:
    dimensions = [dimension(name, ["a"]) for name in names]
    with pytest.raises(PlanError, match="names differ"):
        tabulate(people({("a",): 1}, ["place"]), dimensions, figure=figure)


def test_a_table_of_more_than_a_million_cells_is_refused() -> None:
    labels = [str(number) for number in range(1000)]
    rows = people({(label, label): 1 for label in labels}, ["x", "y"])
    with pytest.raises(PlanError, match="1002001 cells"):
        tabulate(rows, [dimension("x", labels), dimension("y", labels)], figure="n")


def test_nothing_of_a_table_shows_in_its_repr() -> None:
    table = tabulate(people({("a",): 4321}, ["place"]), [PLACE], figure="n")
    assert "4321" not in repr(table)
    assert isinstance(table.cells, pd.DataFrame)
