"""The reviewer sees everything; Prefect sees nothing small, and nothing that could run."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from tests.protected_outputs import POLICY, microdata, outputs, plan, source_table, told

from clearance.findings import Finding
from clearance.policy import MicrodataRules
from clearance.report import Told, escape, number, output_json, prefect_report, reviewers_report

PARAMETERS = {"5", "2", "2.00", "12", "2026", "1"}  # k and threshold, l, share, the act's section


def small_numbers(report: str, floor: int) -> set[str]:
    """Numbers below the floor that are no parameter of plan or policy."""
    lines = [line for line in report.splitlines() if not line.startswith("#")]
    found = re.findall(r"\d+(?:\.\d+)?", "\n".join(lines).replace("fewer than 5", ""))
    return {each for each in found if float(each) < floor} - PARAMETERS


def finding(count: int, message: str = "3 of 340 records") -> Finding:
    return Finding(rule="near-unique", severity="warn", where="age", count=count, message=message)


# ---------------------------------------------------------------- small numbers


@pytest.mark.parametrize(
    ("count", "for_prefect", "for_reviewer"),
    [
        (0, "fewer than 5", "0"),
        (1, "fewer than 5", "1"),
        (4, "fewer than 5", "4"),
        (5, "5", "5"),
        (6, "6", "6"),
    ],
)
def test_a_number_below_the_floor(count: int, for_prefect: str, for_reviewer: str) -> None:
    assert number(count, 5, small_numbers=False) == for_prefect
    assert number(count, 5, small_numbers=True) == for_reviewer


def test_prefect_sees_no_number_below_the_floor() -> None:
    about = told(finding(3), finding(4), made=(microdata(suppressed_records=3), source_table()))
    report = prefect_report(about)
    assert small_numbers(report, about.floor) == set()
    assert "Records suppressed: fewer than 5" in report
    assert "Cells: fewer than 5, suppressed: fewer than 5" in report
    assert "| warn | near-unique | age | fewer than 5 | see the full report |" in report


def test_prefect_sees_counts_at_the_floor() -> None:
    about = told(finding(7), made=(microdata(suppressed_records=6),))
    report = prefect_report(about)
    assert "Records published: 10" in report
    assert "Records suppressed: 6" in report
    assert "| warn | near-unique | age | 7 |" in report


@pytest.mark.parametrize(
    "secret", ["0.31416", "4.689956", "4711", "Records unique", "rimary", "3 of 340"]
)
def test_prefect_sees_no_loss_no_split_and_no_message(secret: str) -> None:
    about = told(finding(3), made=(microdata(), source_table()))
    assert secret not in prefect_report(about)
    assert secret in reviewers_report(about, plan_text="")


def test_prefect_is_not_shown_the_plan() -> None:
    assert "## The plan" not in prefect_report(told())


def test_the_reviewer_sees_every_number() -> None:
    about = told(finding(3), made=(microdata(suppressed_records=3), source_table()))
    report = reviewers_report(about, plan_text="format: 1")
    for line in (
        "Records suppressed: 3",
        "Smallest class found by the attack: 5",
        "Information loss, granularity: 0.31416",
        "Records unique over all published columns: 2",
        "Cells: 4, suppressed: 2",
        "Primary 1, secondary 1",
        "Value suppressed: 4711",
        "2 cells attacked, none exposed",
        "| warn | near-unique | age | 3 | 3 of 340 records |",
    ):
        assert line in report


def test_the_floor_is_the_largest_of_all_policies_and_5() -> None:
    weak = replace(POLICY, microdata=replace(rules(), k=3), tables=None)
    strong = replace(POLICY, microdata=replace(rules(), k=20))
    assert replace(told(), policies={"open": weak}).floor == 5
    assert replace(told(), policies={"a": weak, "b": strong}).floor == 20


def rules() -> MicrodataRules:
    assert POLICY.microdata is not None
    return POLICY.microdata


def test_prefect_is_told_where_the_rest_is() -> None:
    assert "clearance review show people/2026/1" in prefect_report(told())


def test_what_was_done_to_each_column_is_told_to_both() -> None:
    row = "| health | sensitive-attribute | Shown as it is in the source. |"
    assert row in prefect_report(told())
    assert row in reviewers_report(told(), plan_text="")


def test_no_findings_are_said_to_be_none() -> None:
    assert "## Findings\n\nNone." in prefect_report(told())


# ---------------------------------------------------------------- hostile text


HOSTILE = {
    "a script": ("<script>alert(1)</script>", "<script"),
    "an image": ("<img src=x onerror=alert(1)>", "<img"),
    "an entity": ("&lt;img src=x&gt;", "&lt;img src=x&gt;"),
    "a link": ("[approve](https://evil.example)", "[approve]("),
    "a picture": ("![x](https://evil.example/p.png)", "!["),
    "a link by reference": ("[x][1]", "[x]["),
    "a pipe": ("a | b", "a | b"),
    "code": ("`code`", "`code`"),
    "emphasis": ("**Approved**", "**Approved**"),
    "a heading of its own": ("x\n# Approved", "\n# Approved"),
    "a task": ("x\r\n- [x] approved", "- [x]"),
    "a fence": ("```\nx", "```"),
    "a line separator": ("x\u2028# Approved", "\u2028"),
}


def before_the_plan(about: Told) -> str:
    return reviewers_report(about, plan_text="").partition("## The plan")[0]


@pytest.mark.parametrize(("text", "dangerous"), HOSTILE.values(), ids=HOSTILE.keys())
def test_titles_are_shown_as_they_stand(text: str, dangerous: str) -> None:
    about = replace(plan(), title=text, owner=text, steward=text, legal_basis=text)
    report = prefect_report(told(about=about))
    assert dangerous not in report
    assert dangerous not in before_the_plan(told(about=about))


@pytest.mark.parametrize(("text", "dangerous"), HOSTILE.values(), ids=HOSTILE.keys())
def test_names_of_columns_and_places_are_shown_as_they_stand(text: str, dangerous: str) -> None:
    persons = microdata()
    columns = tuple(replace(each, name=text, text=text) for each in persons.columns)
    hostile = replace(persons, protected=replace(persons.protected, columns=columns))
    found = Finding(rule="x", severity="warn", where=text, count=9, message=text)
    about = told(found, made=(hostile,))
    for report in (prefect_report(about), before_the_plan(about)):
        assert dangerous not in report
        tables = [line for line in report.splitlines() if line.startswith("| ")]
        assert {len(re.findall(r"(?<!\\)\|", line)) for line in tables} == {4, 6}


@pytest.mark.parametrize("fence", ["```", "``````", "`" * 40])
def test_a_plan_cannot_leave_its_fence(fence: str) -> None:
    written = f"title: x\n# {fence}\n{fence}\n# Approved by everybody"
    report = reviewers_report(told(), plan_text=written)
    opening = next(line for line in report.splitlines() if line.endswith("yaml"))
    ours = opening.removesuffix("yaml")
    assert set(ours) == {"`"}
    assert len(ours) > len(fence)
    assert report.rstrip().endswith(ours)


def test_escaped_text_reads_the_same() -> None:
    assert escape("Age, in years (2026)") == "Age, in years \\(2026\\)"
    assert escape("a\n b\t c") == "a b c"


# ---------------------------------------------------------------- as JSON


def test_the_json_of_microdata_has_what_the_design_says() -> None:
    about = told()
    assert output_json(outputs()[0], about.attack) == {
        "name": "persons",
        "kind": "microdata",
        "file": "data/persons.csv",
        "records": 10,
        "suppressed_records": 3,
        "suppressed_values": 0,
        "method": "global",
        "levels": {"age": 2, "place": 1},
        "k": 5,
        "information_loss": {"granularity": 0.31416, "entropy_bits": 4.689956},
        "nodes_checked": 7,
        "nodes": 12,
        "gap": 0.0,
        "advice": [],
    }


def test_the_json_of_a_table_has_what_the_design_says() -> None:
    about = told(made=(source_table(),))
    assert output_json(source_table(), about.attack) == {
        "name": "people-by-place",
        "kind": "table",
        "file": "data/people-by-place.csv",
        "cells": 4,
        "primary": 1,
        "secondary": 1,
        "suppressed_value": 4711.0,
        "attack": {"attacked": 2, "exposed": 0},
    }


def test_a_table_of_the_microdata_has_nothing_suppressed() -> None:
    about = told()
    described = output_json(outputs()[1], about.attack)
    assert (described["primary"], described["secondary"], described["suppressed_value"]) == (
        0,
        0,
        0,
    )
