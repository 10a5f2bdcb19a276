"""Forged tables: which suppressed cells follow from what is public, and what else blocks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pandas as pd
import pytest
from tests.forge import (
    ATTRIBUTE,
    PERSONS,
    QUASI,
    SENSITIVE,
    STRUCTURAL,
    attacked,
    frame,
    hierarchy,
    json_bytes,
    numeric,
    plan,
    policy,
    reasons,
    release,
    repacked,
    table,
    variable,
    warnings,
)

from clearance.attack import AttackReport
from clearance.plan import CodeAt, Plan, TableOutput, Unit
from clearance.policy import Concentration, Policy

SEX, PLACE = variable("sex", QUASI), variable("place", QUASI)
SEXES, PLACES = hierarchy("sex", ["f", "m"]), hierarchy("place", ["A", "B"])
COUNTS = TableOutput(name="counts", policy="open", dimensions=("sex", "place"))
TWO_BY_TWO = plan(SEX, PLACE, outputs=[COUNTS])


def people(cells: Mapping[str, int]) -> pd.DataFrame:
    return frame("sex place", *(f"{codes} | {count}" for codes, count in cells.items() if count))


def two_by_two(inner: Sequence[int], blank: str = "") -> tuple[pd.DataFrame, pd.DataFrame]:
    """A source with these four cells, and its table with the codes of ``blank`` empty."""
    cells = dict(zip(("f A", "f B", "m A", "m B"), inner, strict=True))
    a, b, c, d = inner
    margins = {
        "f _T": a + b,
        "m _T": c + d,
        "_T A": a + c,
        "_T B": b + d,
        "_T _T": a + b + c + d,
    }
    shown = {
        codes: "" if codes in blank.split(",") else str(value)
        for codes, value in (cells | margins).items()
    }
    return people(cells), table(("sex", "place"), shown)


def judged(
    source: pd.DataFrame,
    rows: pd.DataFrame,
    *,
    of: Plan = TWO_BY_TWO,
    rules: Policy | None = None,
    extra: Mapping[str, bytes] | None = None,
    **more: Any,
) -> AttackReport:
    rules = rules or policy()
    files = release(of, rules, {of.tables[0].name: rows})
    files = repacked({**files, **(extra or {})})
    return attacked(files, of, rules, source, [SEXES, PLACES], **more)


INNER = "f A,f B,m A,m B"


def test_a_table_whose_cells_are_all_safe_passes() -> None:
    report = judged(*two_by_two((5, 0, 9, 7)))
    assert reasons(report) == set()
    assert report.tables["counts"].attacked == 0


def test_a_lone_blank_is_the_margin_less_the_rest() -> None:
    report = judged(*two_by_two((3, 9, 8, 7), blank="f A"))
    assert reasons(report) == {"cell-exposed"}
    found = report.tables["counts"]
    assert (found.attacked, found.exposed) == (1, 1)


def test_four_blanks_that_leave_a_wide_interval_are_safe() -> None:
    assert reasons(judged(*two_by_two((3, 9, 8, 7), blank=INNER))) == set()


def test_a_cell_that_is_below_the_threshold_in_every_table_is_exposed() -> None:
    """Margins 4 and 4: the first cell is 1, 2 or 3, never 5."""
    report = judged(*two_by_two((2, 2, 2, 20), blank=INNER))
    assert reasons(report) == {"unsafe-cell-published", "cell-exposed"}
    assert report.tables["counts"].exposed == 3


def test_margins_six_and_twenty_five_are_safe_without_the_split() -> None:
    report = judged(*two_by_two((1, 5, 5, 20), blank=INNER))
    assert reasons(report) == set()
    assert report.tables["counts"].attacked == 4


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("preview/counts.json", json_bytes({"name": "counts", "primary": 1, "secondary": 3})),
        ("preview/counts.json", json_bytes({"counts": {"secondary_cells": 3}})),
        ("disclosure-report.html", b"<p>1 primary and 3 secondary cells</p>"),
        ("changes.md", b"counts: primary suppressions: 1\n"),
    ],
)
def test_the_split_into_primary_and_secondary_gives_all_four_cells(
    path: str, content: bytes
) -> None:
    """Only (1, 5, 5, 20) has one cell below 5 and three that are not."""
    report = judged(*two_by_two((1, 5, 5, 20), blank=INNER), extra={path: content})
    assert reasons(report) == {"split-published", "cell-exposed"}
    assert report.tables["counts"].exposed == 4


def test_a_split_that_does_not_settle_the_cells_blocks_by_itself() -> None:
    extra = {"changes.md": b"3 primary cells\n"}
    report = judged(*two_by_two((2, 4, 4, 21), blank=INNER), extra=extra)
    assert "split-published" in reasons(report)


def test_where_zeros_are_unsafe_a_blank_may_be_zero() -> None:
    source, rows = two_by_two((0, 9, 8, 7), blank=INNER)
    assert reasons(judged(source, rows, rules=policy(zeros="unsafe"))) == set()
    source, rows = two_by_two((0, 9, 8, 7))
    found = reasons(judged(source, rows, rules=policy(zeros="unsafe")))
    assert found == {"unsafe-cell-published"}


def test_an_unsafe_cell_that_is_shown_blocks() -> None:
    report = judged(*two_by_two((4, 9, 8, 7)))
    assert reasons(report) == {"unsafe-cell-published"}


def test_what_the_intruder_knows_beforehand_is_not_held_against_the_table() -> None:
    source, rows = two_by_two((3, 9, 8, 7), blank=INNER)
    assert reasons(judged(source, rows, rules=policy(at_most=150))) == set()
    assert reasons(judged(source, rows, rules=policy(at_least=90, at_most=150))) == {"cell-exposed"}


def test_a_wrong_figure_blocks() -> None:
    source, rows = two_by_two((5, 9, 8, 7))
    rows.loc[0, "count"] = "30"
    assert reasons(judged(source, rows)) == {"wrong-figure"}


def test_a_cell_with_records_that_is_not_listed_blocks() -> None:
    source, rows = two_by_two((5, 9, 8, 7))
    assert reasons(judged(source, rows.iloc[:-1])) == {"cell-not-listed"}


@pytest.mark.parametrize(
    ("figure", "status"), [("", ""), ("5", "c"), ("five", ""), ("", "x")], ids=repr
)
def test_figure_and_status_must_fit(figure: str, status: str) -> None:
    source, rows = two_by_two((5, 9, 8, 7))
    rows.loc[0, ["count", "count_status"]] = [figure, status]
    assert "unreadable-file" in reasons(judged(source, rows))


def test_rows_that_follow_the_figures_block() -> None:
    source, rows = two_by_two((50, 9, 8, 7))
    by_figure = rows.assign(n=rows["count"].astype(int)).sort_values("n").drop(columns="n")
    assert reasons(judged(source, by_figure)) == {"order-of-rows"}


def test_two_tables_are_one_system() -> None:
    """What one table leaves out, the margin of another shows."""
    by_sex = TableOutput(name="by-sex", policy="open", dimensions=("sex",))
    of = plan(SEX, PLACE, outputs=[COUNTS, by_sex])
    source, rows = two_by_two((3, 9, 8, 7), blank="f A,f B,f _T,m A,m B,m _T")
    margin = table(("sex",), {"f": "12", "m": "15", "_T": "27"})
    files = release(of, policy(), {"counts": rows, "by-sex": margin})
    report = attacked(files, of, policy(), source, [SEXES, PLACES])
    assert reasons(report) == {"cell-exposed"}
    assert report.tables["counts"].exposed == 2


def test_a_sensitive_dimension_blocks() -> None:
    of = plan(variable("sex", SENSITIVE), PLACE, outputs=[COUNTS])
    assert reasons(judged(*two_by_two((5, 9, 8, 7)), of=of)) == {"sensitive-dimension"}


def test_thresholds_count_distinct_contributors() -> None:
    of = plan(variable("id", STRUCTURAL), SEX, PLACE, outputs=[COUNTS], units=[Unit("p", "id")])
    _, rows = two_by_two((5, 9, 8, 7))
    counts = {"f A": 5, "f B": 9, "m A": 8, "m B": 7}
    records = [f"{cell}{n} {cell}" for cell, count in counts.items() for n in range(count)]
    each = frame("id sex place", *(line.replace(" ", "", 1) for line in records))
    assert reasons(judged(each, rows, of=of)) == set()
    one = each.copy()
    one.loc[:4, "id"] = "same"
    rule = Concentration(p_percent=10)
    found = reasons(judged(one, rows, of=of, concentration=rule))
    assert found == {"unsafe-cell-published"}


def test_thresholds_count_every_kind_of_unit() -> None:
    kinds = [Unit("person", "id"), Unit("household", "home")]
    of = plan(
        variable("id", STRUCTURAL),
        variable("home", STRUCTURAL),
        SEX,
        PLACE,
        outputs=[COUNTS],
        units=kinds,
    )
    people_of, rows = two_by_two((5, 9, 8, 7))
    apart = people_of.assign(id=[f"p{n}" for n in range(29)], home=[f"h{n}" for n in range(29)])
    assert reasons(judged(apart, rows, of=of)) == set()
    together = apart.assign(home=["h" if n < 5 else f"h{n}" for n in range(29)])
    rule = Concentration(p_percent=10)
    found = reasons(judged(together, rows, of=of, concentration=rule))
    assert found == {"unsafe-cell-published"}


def test_a_count_and_a_sum_of_one_source_are_not_judged_apart() -> None:
    total = TableOutput(name="sums", policy="open", dimensions=("sex",), sum_of="income")
    income = numeric("income", ATTRIBUTE, reason="as sums only")
    of = plan(SEX, PLACE, income, outputs=[COUNTS, total])
    source, counts = two_by_two((5, 9, 8, 7))
    source = source.assign(income="10")
    amounts = table(["sex"], {"f": "140", "m": "150", "_T": "290"}, figure="income")
    files = release(of, policy(), {"counts": counts, "sums": amounts})
    rule = Concentration(p_percent=10)
    report = attacked(files, of, policy(), source, [SEXES, PLACES], concentration=rule)
    assert reasons(report) == {"several-figures"}


# ---------------------------------------------------------------- sums

SUMS = TableOutput(name="sums", policy="open", dimensions=("place",), sum_of="turnover")
OF_SUMS = plan(PLACE, numeric("turnover", STRUCTURAL), outputs=[SUMS])
P_TEN = Concentration(p_percent=10)
DOMINANT = ["A 300", "A 20", "A 10", "A 5", "A 5", *["B 100"] * 6]


def sums(
    rows: Sequence[str], cells: Mapping[str, str], rule: Concentration | None = P_TEN
) -> AttackReport:
    published = table(("place",), cells, figure="turnover")
    return judged(frame("place turnover", *rows), published, of=OF_SUMS, concentration=rule)


@pytest.mark.parametrize(
    ("rule", "unsafe"),
    [
        (Concentration(p_percent=6), False),
        (Concentration(p_percent=7), True),
        (Concentration(n=1, k_percent=89), False),
        (Concentration(n=1, k_percent=88), True),
        (Concentration(n=2, k_percent=94), True),
    ],
    ids=["p 6", "p 7", "(1, 89)", "(1, 88)", "(2, 94)"],
)
def test_a_dominated_sum_is_unsafe(rule: Concentration, *, unsafe: bool) -> None:
    """340 = 300 + 20 + 10 + 5 + 5: 20 remain, 6.7 % of 300; 300 is 88.2 %, 320 is 94.1 %."""
    report = sums(DOMINANT, {"A": "340", "B": "600", "_T": "940"}, rule)
    assert ("unsafe-cell-published" in reasons(report)) == unsafe


def test_a_sum_without_a_rule_of_concentration_blocks() -> None:
    report = sums(DOMINANT, {"A": "340", "B": "600", "_T": "940"}, None)
    assert reasons(report) == {"no-concentration-rule"}


def test_a_sum_must_not_be_known_too_nearly() -> None:
    """340 must be able to reach 350; with 5 beside it, the 945 less 600 leave 345 at most."""
    places = hierarchy("place", ["A", "B", "C"])
    for beside, expected in (("1", {"cell-exposed"}), ("2", set())):
        source = frame("place turnover", *DOMINANT[:5], *[f"B {beside}"] * 5, *["C 100"] * 6)
        cells = {"A": "", "B": "", "C": "600", "_T": str(940 + 5 * int(beside))}
        rows = table(("place",), cells, figure="turnover")
        files = release(OF_SUMS, policy(), {"sums": rows})
        report = attacked(files, OF_SUMS, policy(), source, [places], concentration=P_TEN)
        assert reasons(report) == expected


def test_a_sum_that_is_the_margin_less_the_rest_is_exposed() -> None:
    report = sums(DOMINANT, {"A": "", "B": "600", "_T": "940"})
    assert reasons(report) == {"cell-exposed"}


def test_negative_contributions_block() -> None:
    rows = ["A -5", *["A 100"] * 6]
    assert "negative-contribution" in reasons(sums(rows, {"A": "595", "_T": "595"}))


def test_decimals_are_exact() -> None:
    rows = ["A 0.1", "A 0.2", *["A 0.3"] * 4, *["B 1"] * 6]
    cells = {"A": "1.5", "B": "6.0", "_T": "7.5"}
    assert reasons(sums(rows, cells)) == set()


# ---------------------------------------------------------------- with microdata


def test_microdata_complete_a_table_of_the_same_source() -> None:
    """Row total 20, cells 8 and 3 blank, 9 shown; the records show 8 and 9, so 3 is left."""
    places = hierarchy("place", ["A", "B", "C"])
    counts = TableOutput(name="counts", policy="open", dimensions=("place",))
    source = frame("place", "A | 8", "B | 3", "C | 9")
    data = {
        "persons": frame("place", "A | 8", "C | 9"),
        "counts": table(("place",), {"A": "", "B": "", "C": "9", "_T": "20"}),
    }
    rules = policy(k=5)
    alone = plan(PLACE, outputs=[counts])
    files = release(alone, rules, {"counts": data["counts"]})
    assert reasons(attacked(files, alone, rules, source, [places])) == set()
    both = plan(PLACE, outputs=[PERSONS, counts])
    report = attacked(release(both, rules, data), both, rules, source, [places])
    assert reasons(report) == {"table-beside-microdata", "cell-exposed"}
    assert report.tables["counts"].exposed == 2


def test_a_top_code_and_an_exact_total_give_the_excess_so_both_are_refused() -> None:
    """Incomes shown up to 90, and their total: what the total has more is the top one's."""
    income = numeric("income", ATTRIBUTE, top_code=CodeAt(value=Decimal(90)), reason="coded")
    total = TableOutput(name="sums", policy="open", dimensions=("sex",), sum_of="income")
    of = plan(SEX, income, outputs=[PERSONS, total])
    source = frame("sex income", "f 70 | 9", "f 95 | 3", "f 300")
    published = frame("sex income", "f 70 | 9", "f 90 | 4")
    rows = table(("sex",), {"f": "1215", "_T": "1215"}, figure="income")
    files = release(of, policy(), {"persons": published, "sums": rows})
    report = attacked(files, of, policy(), source, [SEXES], concentration=P_TEN)
    assert "table-beside-microdata" in reasons(report)


FROM = TableOutput(name="counts", policy="open", dimensions=("sex", "place"), source="persons")
OF_FROM = plan(SEX, PLACE, outputs=[PERSONS, FROM])


@pytest.mark.parametrize(
    ("inner", "blank", "expected"),
    [
        ((5, 0, 9, 7), "", set()),
        ((4, 0, 9, 7), "f A,f _T,m A,m _T", {"cell-exposed"}),
        ((4, 0, 9, 7), "", set()),
    ],
    ids=["safe", "blanks that the records fill", "small, as the records are"],
)
def test_a_table_from_published_microdata_adds_nothing(
    inner: Sequence[int], blank: str, expected: set[str]
) -> None:
    source, rows = two_by_two(inner, blank)
    files = release(OF_FROM, policy(), {"persons": source, "counts": rows})
    report = attacked(files, OF_FROM, policy(), source, [SEXES, PLACES])
    assert reasons(report) == expected
    assert ("small-cell-of-microdata" in warnings(report)) == (4 in inner and not blank)


def test_a_table_from_generalised_microdata_has_their_labels_as_leaves() -> None:
    places = hierarchy("place", {"A": ("west",), "B": ("west",), "C": ("east",)})
    table_of = TableOutput(name="counts", policy="open", dimensions=("place",), source="persons")
    of = plan(PLACE, outputs=[PERSONS, table_of])
    source = frame("place", "A | 2", "B | 4", "C | 7")
    published = frame("place", "east | 7", "west | 6")
    rows = table(("place",), {"west": "6", "east": "7", "_T": "13"})
    files = release(of, policy(), {"persons": published, "counts": rows}, levels={"place": 1})
    assert reasons(attacked(files, of, policy(), source, [places])) == set()


def test_a_sum_of_published_records_is_recounted_from_them() -> None:
    income = numeric("income", ATTRIBUTE, reason="rounded")
    total = TableOutput(
        name="sums", policy="open", dimensions=("sex",), sum_of="income", source="persons"
    )
    of = plan(SEX, income, outputs=[PERSONS, total])
    source = frame("sex income", "f 10 | 3", "f 20 | 3", "m . | 3", "m 10 | 2")
    for figure, expected in (("90", set()), ("91", {"wrong-figure"})):
        rows = table(("sex",), {"f": figure, "m": "20", "_T": "110"}, figure="income")
        files = release(of, policy(), {"persons": source, "sums": rows})
        assert reasons(attacked(files, of, policy(), source, [SEXES])) == expected
