"""Guarantees of the portal's pages, for any text."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.sample_release import Words, sample_files
from tests.site_check import Page

from clearance.adapters.ckan_metadata import markdown_text
from clearance.adapters.pages import catalogue_page, file_size
from clearance.adapters.release_files import read_package, recency
from clearance.candidate import ReleaseId, canonical_json

RELEASE = ReleaseId("household-survey", "2026", 1)
# Control characters have no place in HTML and none in a plan's texts.
TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1)


@settings(deadline=None)
@given(TEXT, TEXT, TEXT)
def test_no_text_changes_the_elements_of_a_page(title: str, description: str, office: str) -> None:
    plain = read_package(sample_files(RELEASE, Words(keywords=("x",)))["datapackage.json"])
    words = Words(title=title, description=description, organization=office, keywords=("x",))
    package = read_package(sample_files(RELEASE, words)["datapackage.json"])

    shown = Page(catalogue_page([(RELEASE, package)]).decode())

    expected = Page(catalogue_page([(RELEASE, plain)]).decode())
    assert shown.elements == expected.elements
    assert " ".join(title.split()) in shown.text


@settings(deadline=None)
@given(TEXT)
def test_no_address_or_e_mail_makes_a_link_that_runs_something(text: str) -> None:
    package = read_package(
        canonical_json(
            {
                "title": "x",
                "licenses": [{"name": "x", "path": text}],
                "contributors": [{"title": "x", "email": text}],
            }
        ).encode()
    )

    assert package.license_address == "" or package.license_address.startswith("http")
    assert set("\"<>' ").isdisjoint(package.license_address + package.contact_email)


@settings(deadline=None)
@given(TEXT)
def test_no_text_is_active_markdown(text: str) -> None:
    shown = markdown_text(text)

    assert "<" not in shown
    for character in "*_`[]":
        assert shown.count(f"\\{character}") == shown.count(character) == text.count(character)
    assert not any(line.startswith(("#", "-", "+", " ", "=")) for line in shown.splitlines())


PERIODS = st.from_regex(r"[0-9]{1,4}(-(Q[1-4]|[0-9]{2}))?", fullmatch=True)
RELEASES = st.builds(ReleaseId, st.just("d"), PERIODS, st.integers(1, 1000))


@settings(deadline=None)
@given(RELEASES, RELEASES)
def test_releases_have_an_order(one: ReleaseId, other: ReleaseId) -> None:
    if one.period == other.period:
        assert (recency(one) < recency(other)) == (one.number < other.number)
    assert (recency(one) < recency(other)) != (recency(one) >= recency(other))


@settings(deadline=None)
@given(st.integers(0, 10**12))
def test_a_size_is_short_and_right_within_one_in_ten(size: int) -> None:
    number, unit = file_size(size).split()
    factor = {"bytes": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}[unit]

    assert abs(float(number) * factor - size) <= size / 10
