"""What CKAN is told of a release."""

from __future__ import annotations

import pytest
from tests.sample_release import Words, sample_files

from clearance.adapters.ckan_metadata import (
    draft_fields,
    file_fields,
    markdown_text,
    release_fields,
)
from clearance.adapters.release_files import read_package
from clearance.candidate import ReleaseId

RELEASE = ReleaseId("household-survey", "2026", 1)


@pytest.mark.parametrize(
    ("text", "markdown"),
    [
        ("plain, with (brackets) and 3.5 %.", "plain, with (brackets) and 3.5 %."),
        ("**bold** _it_ `code`", r"\*\*bold\*\* \_it\_ \`code\`"),
        ("[a](javascript:x) ![i](y)", r"\[a\](javascript:x) !\[i\](y)"),
        ("<b>&amp;</b>", "&lt;b&gt;&amp;amp;&lt;/b&gt;"),
        ("# one\n- two\n+ three\n4. four\n===", "\\# one\n\\- two\n\\+ three\n4\\. four\n&#61;=="),
        ("    code", "code"),
        ("a\\b", r"a\\b"),
    ],
)
def test_markdown_shows_a_text_as_it_is(text: str, markdown: str) -> None:
    assert markdown_text(text) == markdown


def test_a_draft_says_nothing_of_its_content_and_is_literally_private() -> None:
    fields = draft_fields(RELEASE, "statistics-office")

    assert fields["private"] is True
    assert (fields["title"], fields["notes"], fields["tags"]) == ("Draft release", "", [])


def test_a_public_release_is_literally_public_and_described_by_its_own_package() -> None:
    words = Words(keywords=("health", "a/b", "x"), license="CC0-1.0")
    package = read_package(sample_files(RELEASE, words)["datapackage.json"])

    fields = release_fields(RELEASE, package)

    assert fields["private"] is False
    assert fields["license_id"] == "cc-zero"
    assert fields["tags"] == [{"name": "health"}]
    assert {"key": "license", "value": "CC0-1.0"} in fields["extras"]


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("data/persons.csv", "CSV"),
        ("data/persons.parquet", "PARQUET"),
        ("dcat.jsonld", "JSON-LD"),
        ("changes.md", "Markdown"),
        ("SHA256SUMS", "TXT"),
    ],
)
def test_a_file_has_its_format_size_and_digest(path: str, form: str) -> None:
    package = read_package(sample_files(RELEASE)["datapackage.json"])

    fields = file_fields(path, b"abc", package)

    assert (fields["name"], fields["format"], fields["size"]) == (path, form, "3")
    assert fields["clearance_sha256"] == (
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    )
    assert "id" not in fields
