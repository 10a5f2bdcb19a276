"""What is published beside the data is a function of plan, public parameters and public bytes."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pandas as pd
import pytest
from clearance.schemas import load
from tests.protected_outputs import (
    FROM_SOURCE,
    POLICY,
    RELEASE,
    cells,
    microdata,
    outputs,
    plan,
    source_table,
)

from clearance.attack.reading import read_rows
from clearance.candidate import ReleaseId
from clearance.metadata import (
    FREQUENCIES,
    PublishedOutput,
    changes,
    data_package,
    dcat,
    dictionary,
    public_files,
    public_report,
    report_page,
    write_rows,
)
from clearance.policy import MicrodataRules

FILES = {
    "datapackage.json",
    "dcat.jsonld",
    "dictionary.csv",
    "disclosure-report.json",
    "disclosure-report.html",
    "changes.md",
}


def made(*published: PublishedOutput, **changed: Any) -> dict[str, bytes]:
    about = replace(plan(), **changed)
    return public_files(about, RELEASE, published or outputs(), {"open": POLICY}, None)


def all_text(files: dict[str, bytes]) -> str:
    return "\n".join(content.decode() for content in files.values())


def numbers(document: object) -> Iterator[float]:
    """Every number of a JSON document."""
    if isinstance(document, dict):
        document = list(document.values())
    if isinstance(document, list):
        for each in document:
            yield from numbers(each)
    elif isinstance(document, int | float) and not isinstance(document, bool):
        yield document


# ---------------------------------------------------------------- bytes


def test_the_same_release_has_the_same_bytes() -> None:
    assert made() == made()
    assert set(made()) == FILES


def test_no_file_holds_a_clock_time_or_an_address_of_a_portal() -> None:
    text = all_text(made())
    assert not re.search(r"\d{4}-\d{2}-\d{2}T|\d{2}:\d{2}:\d{2}", text)
    addresses = set(re.findall(r"https?://([^/\"]+)", text))
    assert addresses <= {
        "datapackage.org",
        "www.w3.org",
        "purl.org",
        "xmlns.com",
        "spdx.org",
        "publications.europa.eu",
    }


def test_files_end_with_a_line_end_and_have_no_carriage_returns() -> None:
    for content in made().values():
        assert content.endswith(b"\n")
        assert b"\r" not in content


# ---------------------------------------------------------------- what must not be told


def test_what_was_suppressed_and_lost_is_told_nowhere() -> None:
    """THREATS 6: a loss in bits or a count of suppressed records can be solved for them."""
    text = all_text(made(microdata(suppressed_records=3007, suppressed_units=2003), source_table()))
    for secret in (
        "3007",
        "2003",
        "3017",
        "2013",
        "0.31416",
        "4.689956",
        "Suppressedville",
        "4711",
    ):
        assert secret not in text


def test_suppressed_records_change_no_public_byte_but_those_of_the_data() -> None:
    few, many = (microdata(suppressed_records=count) for count in (3, 3007))
    assert made(few) == made(many)


def test_the_split_into_primary_and_secondary_is_not_told() -> None:
    text = all_text(made(source_table()))
    assert "primary" not in text.casefold()
    assert "secondary" not in text.casefold()


def test_the_secret_part_of_the_policy_is_not_even_named() -> None:
    assert "secret" not in all_text(made(source_table()))


def test_the_steward_the_owner_and_where_the_source_lies_are_not_told() -> None:
    text = all_text(made(source_path="/secret/place/people.csv", steward="st.eward"))
    assert "/secret/place" not in text
    assert "st.eward" not in text


def test_columns_that_are_not_published_are_not_described() -> None:
    text = all_text(made())
    assert "person_id" not in text
    assert "direct-identifier" not in text


def test_no_domain_is_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    """THREATS 10: no list of categories, no extent, no largest value."""
    package = json.loads(made()["datapackage.json"])
    for resource in package["resources"]:
        for field in resource["schema"]["fields"]:
            assert set(field) == {"name", "type", "title", "description"}


# ---------------------------------------------------------------- the data package


def package(*published: PublishedOutput) -> Any:
    return data_package(plan(), RELEASE, published or outputs())


def test_a_data_package_has_what_the_standard_asks_for() -> None:
    """Data Package 2.0: names, one path and one schema per resource, licence, version."""
    described = package()
    assert re.fullmatch(r"[a-z0-9._-]+", described["name"])
    assert described["version"] == "2026.1"
    assert described["licenses"] == [{"name": "CC-BY-4.0"}]
    assert described["contributors"][0]["roles"] == ["contact"]
    names = [resource["name"] for resource in described["resources"]]
    assert names == ["persons", "persons-by-place"]
    for resource in described["resources"]:
        assert re.fullmatch(r"[a-z0-9._-]+", resource["name"])
        assert not resource["path"].startswith(("/", ".."))
        kinds = {field["type"] for field in resource["schema"]["fields"]}
        assert kinds <= {"string", "integer", "number", "date"}


def test_a_resource_names_the_bytes_of_its_file() -> None:
    for resource, output in zip(package()["resources"], outputs(), strict=True):
        assert resource["bytes"] == len(output.content)
        assert resource["hash"] == f"sha256:{sha256(output.content).hexdigest()}"


def test_fields_stand_in_the_order_of_the_file() -> None:
    for resource, output in zip(package()["resources"], outputs(), strict=True):
        header = output.content.decode().splitlines()[0]
        assert [field["name"] for field in resource["schema"]["fields"]] == header.split(",")


def test_what_an_empty_field_means_is_labelled() -> None:
    persons, table = package()["resources"]
    assert persons["schema"]["missingValues"] == [{"value": "", "label": "missing"}]
    assert table["schema"]["missingValues"] == [{"value": "", "label": "suppressed"}]


def test_labels_are_the_stewards_or_the_columns_names() -> None:
    labelled = tuple(
        replace(each, label="Self-rated health") if each.name == "health" else each
        for each in plan().variables
    )
    described = data_package(replace(plan(), variables=labelled), RELEASE, outputs())
    fields = described["resources"][0]["schema"]["fields"]
    assert [field["title"] for field in fields] == ["place", "Self-rated health"]


# ---------------------------------------------------------------- dictionary, DCAT, changes


def test_the_dictionary_has_one_row_per_published_column() -> None:
    rows = list(csv.DictReader(io.StringIO(dictionary(plan(), outputs()).decode())))
    assert [(row["file"], row["column"]) for row in rows] == [
        ("data/persons.csv", "place"),
        ("data/persons.csv", "health"),
        ("data/persons-by-place.csv", "place"),
        ("data/persons-by-place.csv", "count"),
        ("data/persons-by-place.csv", "count_status"),
    ]
    assert rows[0]["treatment"] == "generalised"
    assert rows[1]["role"] == "sensitive-attribute"
    assert all(row["description"] for row in rows)


def test_dcat_describes_the_release_with_relative_addresses() -> None:
    described = dcat(plan(), RELEASE, outputs())
    assert described["dct:identifier"] == "people/2026/1"
    assert [each["dcat:downloadURL"] for each in described["dcat:distribution"]] == [
        "data/persons.csv",
        "data/persons-by-place.csv",
    ]
    for each, output in zip(described["dcat:distribution"], outputs(), strict=True):
        assert each["spdx:checksum"]["spdx:checksumValue"] == sha256(output.content).hexdigest()


def test_every_frequency_of_a_plan_is_known_to_dcat() -> None:
    assert set(FREQUENCIES) == set(load("plan")["properties"]["frequency"]["enum"])


@pytest.mark.parametrize(
    ("predecessor", "expected"),
    [
        (None, "people/2026/1 is the first release."),
        (ReleaseId("people", "2025", 2), "people/2026/1 follows people/2025/2."),
    ],
)
def test_a_change_note_names_releases_and_gives_no_counts(
    predecessor: ReleaseId | None, expected: str
) -> None:
    note = changes(plan(), RELEASE, predecessor)
    assert expected in note
    assert not re.search(r"\d", note.replace("2026/1", "").replace("2025/2", ""))


# ---------------------------------------------------------------- the public report


def report(*published: PublishedOutput) -> Any:
    return public_report(plan(), RELEASE, published or outputs(), {"open": POLICY})


def test_every_number_of_the_report_is_a_public_parameter_or_counted_in_public_bytes() -> None:
    found = set(numbers(report(microdata(suppressed_records=3007), source_table())))
    parameters = {1, 5, 2, 0.02, 0}  # format, k and threshold, l, share, what the attacker knows
    levels = {2, 1}
    counted = {10, 0, 4, 2}  # records and blanks of the two files
    assert found <= parameters | levels | counted


def test_blanks_are_those_of_the_published_file() -> None:
    persons, table = report(microdata(), source_table())["outputs"]
    assert (persons["blanks"], table["blanks"]) == (0, 2)
    assert (persons["records"], table["records"]) == (10, 4)


def test_the_report_names_methods_and_public_parameters() -> None:
    persons, table = report(microdata(), source_table())["outputs"]
    assert persons["k"] == 5
    assert persons["models"] == [{"model": "distinct-l", "variable": "health", "l": 2}]
    assert table["method"] == "suppression of cells"
    assert table["attacker"] == {"at_least_percent": 0, "at_most_percent": "unbounded"}


def test_a_table_of_the_microdata_says_where_it_comes_from() -> None:
    table = report()["outputs"][1]
    assert table["method"] == "tabulated from the published file persons"
    assert "minimum_frequency" not in table


def test_the_page_says_what_the_report_says_and_loads_nothing() -> None:
    page = report_page(report(microdata(), source_table()))
    assert "At least 5 units share" in page
    assert "Figures of fewer than 5 contributors" in page
    assert "2 figures of 4 rows are empty" in page
    assert not re.search(r"<(script|img|link|iframe)|src=|url\(", page)


HOSTILE = '<script>alert(1)</script> <img src=x onerror=alert(1)> & "x"'


def test_the_page_escapes_what_people_wrote() -> None:
    hostile = public_report(replace(plan(), title=HOSTILE), RELEASE, outputs(), {"open": POLICY})
    page = report_page(hostile)
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page


def test_a_loss_measure_is_told_and_its_value_is_not() -> None:
    assert POLICY.microdata is not None
    assert isinstance(POLICY.microdata, MicrodataRules)
    persons = report()["outputs"][0]
    assert persons["loss_measure"] == "granularity"
    assert "information_loss" not in persons


# ---------------------------------------------------------------- published bytes and their rows


@pytest.mark.parametrize("text", ["plain", "", "a,b", 'a"b', "a\nb", "a\rb", "a\r\nb", " a ", "é"])
def test_rows_are_written_as_they_are_read(text: str) -> None:
    frame = pd.DataFrame({"place": [text, "x"], "count": ["1", ""]}, dtype=object)
    pd.testing.assert_frame_equal(read_rows(write_rows(frame)), frame)


def test_microdata_are_published_twice_and_tables_once() -> None:
    persons, table = outputs()
    assert set(persons.files) == {"data/persons.csv", "data/persons.parquet"}
    assert set(table.files) == {"data/persons-by-place.csv"}


def test_a_table_is_written_with_line_feeds() -> None:
    table = cells(FROM_SOURCE, {"A, B": "7", "_T": ""})
    assert table.content == b'place,count,count_status\n"A, B",7,\n_T,,c\n'
