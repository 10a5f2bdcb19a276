"""What stands in the public files beside the figures: identifiers, domains, statements."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from tests.forge import (
    ATTRIBUTE,
    DIRECT,
    QUASI,
    SENSITIVE,
    STRUCTURAL,
    attacked,
    csv_bytes,
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
)

from clearance.attack import AttackReport
from clearance.plan import TableOutput, Treatment, Unit

AGES = hierarchy("age", {"31": ("30-39",), "35": ("30-39",), "42": ("40-49",), "57": ("50-59",)})
NAMES = ["Ada Byron", "Grace Hopper", "Emmy Noether", "Sofja Kowalewskaja"]
OF = plan(
    variable("name", DIRECT, treatment=Treatment.DROP),
    variable("id", STRUCTURAL),
    variable("age", QUASI),
    variable("ill", SENSITIVE),
    units=[Unit("person", "id")],
)
RULES = policy(k=3, share="0.25", models={"ill": 2})
SOURCE = pd.DataFrame(
    {
        "name": NAMES * 2,
        "id": [str(20417 + number) for number in range(8)],
        "age": ["31", "35"] * 3 + ["57"] * 2,
        "ill": ["flu", "cold"] * 3 + ["hepatitis", "flu"],
    },
    dtype=object,
)
SHOWN = frame("age ill", "30-39 cold | 3", "30-39 flu | 3")


def forged(change: Callable[[dict[str, bytes]], dict[str, bytes]] | None = None) -> AttackReport:
    files = release(OF, RULES, {"persons": SHOWN}, levels={"age": 1})
    if change is not None:
        files = repacked({**files, **change(files)})
    return attacked(files, OF, RULES, SOURCE, [AGES])


def edited(path: str, edit: Callable[[Any], None]) -> Callable[[dict[str, bytes]], Any]:
    """Changes one JSON file."""

    def change(files: dict[str, bytes]) -> dict[str, bytes]:
        document = json.loads(files[path])
        edit(document)
        return {path: json_bytes(document)}

    return change


def replaced(path: str, content: bytes) -> Callable[[dict[str, bytes]], dict[str, bytes]]:
    return lambda _: {path: content}


def updated(path: list[str | int], changes: dict[str, Any]) -> Callable[[Any], None]:
    """Updates the part of a document that ``path`` leads to."""

    def edit(document: Any) -> None:
        for step in path:
            document = document[step]
        document.update(changes)

    return edit


def test_the_untouched_release_passes() -> None:
    assert reasons(forged()) == set()


# ---------------------------------------------------------------- files


def test_a_changed_byte_does_not_match_the_sums() -> None:
    files = release(OF, RULES, {"persons": SHOWN}, levels={"age": 1})
    report = attacked({**files, "changes.md": b"other\n"}, OF, RULES, SOURCE, [AGES])
    assert reasons(report) == {"sums-differ"}


def test_files_that_do_not_belong_to_a_release_block() -> None:
    assert reasons(forged(lambda _: {"data/raw.csv": b"a\n"})) == {"unexpected-file"}
    assert reasons(forged(lambda _: {"preview/persons.html": b"<p>6 rows</p>"})) == set()


def test_a_missing_file_blocks_and_its_output_counts_as_unprotected() -> None:
    files = release(OF, RULES, {"persons": SHOWN}, levels={"age": 1})
    del files["data/persons.csv"]
    report = attacked(repacked(files), OF, RULES, SOURCE, [AGES])
    assert "file-missing" in reasons(report)
    assert report.microdata["persons"].k == 0


def test_unreadable_files_block() -> None:
    for path in ("data/persons.csv", "datapackage.json", "disclosure-report.json"):
        assert "unreadable-file" in reasons(forged(replaced(path, b"\xff")))


@pytest.mark.parametrize(
    ("parquet", "expected"),
    [
        (SHOWN, set()),
        (SHOWN.iloc[:-1], {"parquet-differs"}),
        (SHOWN.assign(id="1"), {"parquet-differs"}),
        (SHOWN.assign(ill="flu"), {"parquet-differs"}),
    ],
    ids=["same", "a row less", "a column more", "other values"],
)
def test_parquet_holds_the_rows_of_the_csv(parquet: pd.DataFrame, expected: set[str]) -> None:
    files = release(OF, RULES, {"persons": SHOWN}, levels={"age": 1})
    files = repacked({**files, "data/persons.parquet": b"PAR1"})
    report = attacked(files, OF, RULES, SOURCE, [AGES], parquet=parquet)
    assert reasons(report) == expected


def test_numbers_and_missing_values_of_parquet_are_those_of_the_text() -> None:
    of = plan(numeric("age", QUASI), numeric("income", ATTRIBUTE, reason="rounded"))
    rows = frame("age income", "31 . | 3", "31 100 | 3")
    files = release(of, policy(), {"persons": rows}, types={"income": "number"})
    files = repacked({**files, "data/persons.parquet": b"PAR1"})
    typed = pd.DataFrame({"age": [31] * 6, "income": [None] * 3 + [100.0] * 3})
    assert reasons(attacked(files, of, policy(), rows, [AGES], parquet=typed)) == set()


# ---------------------------------------------------------------- identifiers


def anywhere(text: str) -> dict[str, bytes]:
    return {"changes.md": f"# Notes\n\n{text}\n".encode()}


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("changes.md", b"Thanks to Ada Byron for the data.\n"),
        ("changes.md", b"- 20417\n"),
        ("dictionary.csv", b'file,example\npersons,"Ada Byron"\n'),
        ("dictionary.csv", b'file,values\npersons,"1, 20417, 3"\n'),
        ("disclosure-report.html", b"<p>Records of Ada&#32;Byron</p>"),
        ("dcat.jsonld", b'{"dct:creator": "Grace Hopper"}'),
        ("preview/20417.html", b"<p>rows</p>"),
        ("preview/persons.json", b'["20418"]'),
    ],
)
def test_a_direct_identifier_anywhere_blocks(path: str, content: bytes) -> None:
    assert "identifier-published" in reasons(forged(lambda _: {path: content}))


@pytest.mark.parametrize(
    "text",
    ["", "Written by 8 people in 2026.", "see https://example.org/20417x", "Open data desk"],
)
def test_ordinary_text_is_no_identifier(text: str) -> None:
    assert reasons(forged(lambda _: anywhere(text))) == set()


def test_only_the_contact_of_the_plan_is_written_to() -> None:
    assert reasons(forged(lambda _: anywhere("Write to opendata@example.org."))) == set()
    found = reasons(forged(lambda _: anywhere("Write to ada@example.org.")))
    assert found == {"contact-data-published"}


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("ada@example.org", {"contact-data-published"}),
        ("call +49 30 901820", {"contact-data-published"}),
        ("(030) 901820", {"contact-data-published"}),
        ("192.168.1.17", {"contact-data-published"}),
        ("2001:db8::17", {"contact-data-published"}),
        ("asked Ada Byron", {"identifier-published"}),
        ("2026-11-23", set()),
        ("01/02/2026", set()),
        ("1990-1999", set()),
        ("12:30", set()),
        ("Ada", set()),
    ],
)
def test_cells_that_look_like_contact_data_block(cell: str, expected: set[str]) -> None:
    of = plan(
        variable("name", DIRECT, treatment=Treatment.DROP),
        variable("age", QUASI),
        variable("note", ATTRIBUTE, reason="free text"),
    )
    source = pd.DataFrame({"name": NAMES, "age": "31", "note": cell}, dtype=object)
    files = release(of, policy(), {"persons": source[["age", "note"]]})
    assert reasons(attacked(files, of, policy(), source, [AGES])) == expected


def test_an_original_value_among_made_up_ones_blocks() -> None:
    of = plan(variable("name", DIRECT, treatment=Treatment.FAKE), variable("age", QUASI))
    source = pd.DataFrame({"name": NAMES, "age": "31"}, dtype=object)
    for first, expected in (("A. Nonym", set()), ("Ada Byron", {"identifier-published"})):
        made_up = source.assign(name=[first, "B. Nonym", "C. Nonym", "D. Nonym"])
        files = release(of, policy(), {"persons": made_up})
        assert reasons(attacked(files, of, policy(), source, [AGES])) == expected


def test_a_number_that_happens_to_be_an_id_is_explained_by_its_column() -> None:
    of = plan(variable("id", DIRECT, treatment=Treatment.DROP), variable("age", QUASI))
    source = pd.DataFrame({"id": ["31", "32", "33"], "age": "31"}, dtype=object)
    files = release(of, policy(), {"persons": source[["age"]]})
    assert reasons(attacked(files, of, policy(), source, [AGES])) == set()


# ---------------------------------------------------------------- domains


def constrained(**constraints: Any) -> Callable[[dict[str, bytes]], Any]:
    def edit(package: Any) -> None:
        field = package["resources"][0]["schema"]["fields"][1]
        field["constraints"] = constraints

    return edited("datapackage.json", edit)


@pytest.mark.parametrize(
    ("constraints", "expected"),
    [
        ({"enum": ["cold", "flu"]}, set()),
        ({"required": True, "unique": False}, set()),
        (
            {"enum": ["cold", "flu", "hepatitis"]},
            {"domain-not-from-published-values", "vanished-value-named"},
        ),
        ({"enum": ["flu"]}, {"domain-not-from-published-values"}),
        ({"unique": True}, {"domain-not-from-published-values"}),
        ({"maxLength": 9}, {"domain-not-from-published-values"}),
        ({"maxLength": 4}, set()),
        ({"pattern": "cold|flu"}, {"domain-not-from-published-values"}),
    ],
)
def test_constraints_follow_from_the_published_column(
    constraints: dict[str, Any], expected: set[str]
) -> None:
    assert reasons(forged(constrained(**constraints))) == expected


def test_a_whole_public_code_list_may_be_named_a_selection_may_not() -> None:
    for listed, expected in (
        (["30-39", "40-49", "50-59"], set()),
        (["30-39", "50-59"], {"domain-not-from-published-values", "vanished-value-named"}),
    ):

        def edit(package: Any, listed: list[str] = listed) -> None:
            package["resources"][0]["schema"]["fields"][0]["constraints"] = {"enum": listed}

        assert reasons(forged(edited("datapackage.json", edit))) == expected


@pytest.mark.parametrize(
    ("maximum", "expected"), [(90, set()), (300, {"domain-not-from-published-values"})]
)
def test_a_maximum_from_before_top_coding_blocks(maximum: int, expected: set[str]) -> None:
    of = plan(variable("age", QUASI), numeric("income", ATTRIBUTE, reason="coded"))
    source = frame("age income", "31 20 | 3", "31 90 | 3", "57 300")
    files = release(
        of,
        policy(),
        {"persons": frame("age income", "31 20 | 3", "31 90 | 3")},
        types={"income": "integer"},
    )

    def edit(package: Any) -> None:
        package["resources"][0]["schema"]["fields"][1]["constraints"] = {"maximum": maximum}

    files = repacked({**files, **edited("datapackage.json", edit)(files)})
    assert reasons(attacked(files, of, policy(), source, [AGES])) == expected


@pytest.mark.parametrize(
    "content",
    [b"file,values\npersons,cold;flu;hepatitis\n", b"file,values\npersons,hepatitis\n"],
)
def test_a_category_that_was_suppressed_everywhere_is_named_nowhere(content: bytes) -> None:
    found = reasons(forged(lambda _: {"dictionary.csv": content}))
    assert found == {"vanished-value-named"}


def test_an_extent_is_not_taken_from_the_raw_data() -> None:
    for end, expected in (("2026", set()), ("2026-03-17", {"extent-not-from-published-values"})):
        record = json_bytes({"dct:temporal": {"@type": "dct:PeriodOfTime", "dcat:endDate": end}})
        assert reasons(forged(replaced("dcat.jsonld", record))) == expected


def test_the_schema_is_that_of_the_published_file() -> None:
    def other_field(package: Any) -> None:
        package["resources"][0]["schema"]["fields"][0]["name"] = "years"

    def other_file(package: Any) -> None:
        package["resources"][0]["path"] = "data/raw.csv"

    def other_hash(package: Any) -> None:
        package["resources"][0]["hash"] = "sha256:00"

    for edit in (other_field, other_file, other_hash):
        assert reasons(forged(edited("datapackage.json", edit))) == {"schema-does-not-fit"}


# ---------------------------------------------------------------- the public report


def output(**changes: Any) -> Callable[[dict[str, bytes]], Any]:
    return edited("disclosure-report.json", lambda report: report["outputs"][0].update(changes))


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"loss_in_bits": 4.689956}, {"not-on-the-closed-list"}),
        ({"suppressed_records": 2}, {"not-on-the-closed-list"}),
        ({"minimum_frequency": 5}, {"not-on-the-closed-list"}),
        ({"records": 8}, {"not-borne-out"}),
        ({"blanks": 2}, {"not-borne-out"}),
        ({"k": 5}, {"not-borne-out"}),
        ({"max_suppressed_share": 0.24}, {"not-borne-out"}),
        ({"models": []}, {"not-borne-out"}),
        ({"kind": "table"}, {"not-borne-out", "not-on-the-closed-list"}),
        ({"levels": {"age": 2}}, {"level-not-as-stated", "not-borne-out"}),
        ({"levels": {"age": True}}, {"level-not-as-stated", "not-borne-out"}),
        ({"method": "2 of 8 records left out"}, {"number-not-public"}),
        ({"method": "k-anonymity with k = 3, 25 % at most"}, set()),
        ({"columns": [{"name": "age", "role": "quasi-identifier", "level": 1}]}, set()),
        ({"columns": [{"name": "age", "role": "attribute", "level": 1}]}, {"not-borne-out"}),
        ({"columns": [{"name": "age", "level": 0}]}, {"not-borne-out"}),
        ({"columns": [{"name": "Ada"}]}, {"not-borne-out"}),
        ({"columns": [{"name": "ill", "text": "17 values"}]}, {"number-not-public"}),
        ({"columns": [{"name": "ill", "distinct": 2}]}, {"not-on-the-closed-list"}),
        ({"name": "other"}, {"not-borne-out", "level-not-as-stated"}),
    ],
    ids=lambda value: "" if isinstance(value, set) else str(value)[:40],
)
def test_the_report_states_what_is_on_the_closed_list(
    changes: dict[str, Any], expected: set[str]
) -> None:
    assert reasons(forged(output(**changes))) == expected


def test_the_head_of_the_report_is_checked_too() -> None:
    for changes, expected in (
        ({"average_risk": 0.1}, {"not-on-the-closed-list"}),
        ({"statement": "For 8 people."}, {"number-not-public"}),
        ({"title": "Another"}, {"not-borne-out"}),
        ({"release": "survey/2026/one"}, {"not-borne-out"}),
        ({"format": 2}, {"not-borne-out"}),
    ):
        change = edited("disclosure-report.json", updated([], changes))
        assert reasons(forged(change)) == expected


def test_the_report_of_a_table_has_its_parameters_and_number_of_blanks() -> None:
    counts = TableOutput(name="counts", policy="open", dimensions=("age",))
    of = plan(variable("age", QUASI), outputs=[counts])
    source = frame("age", "31 | 9", "35 | 9", "42 | 3", "57 | 7")
    cells = {"31": "9", "35": "9", "30-39": "18", "42": "", "40-49": "", "57": "", "50-59": ""}
    rows = table(("age",), cells | {"_T": "28"})
    for changes, expected in (
        ({"minimum_frequency": 5, "zeros": "safe"}, set()),
        ({"minimum_frequency": 4}, {"not-borne-out"}),
        ({"blanks": 3}, {"not-borne-out"}),
        ({"primary": 2}, {"not-on-the-closed-list", "split-published"}),
        ({"k": 3}, {"not-on-the-closed-list"}),
        ({"attacker": {"at_least_percent": 0, "at_most_percent": "unbounded"}}, set()),
        ({"attacker": {"at_least_percent": 0, "at_most_percent": 200}}, {"not-borne-out"}),
    ):
        files = release(of, policy(), {"counts": rows})
        change = edited("disclosure-report.json", updated(["outputs", 0], changes))
        files = repacked({**files, **change(files)})
        assert reasons(attacked(files, of, policy(), source, [AGES])) == expected


def test_rows_are_written_as_the_forge_says() -> None:
    assert csv_bytes(frame("age ill", "31 .")) == b"age,ill\n31,\n"
