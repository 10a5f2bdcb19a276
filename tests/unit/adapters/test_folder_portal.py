"""The folder portal beyond the contract: what a citizen sees, and what nobody may see."""

from __future__ import annotations

import json
import stat
import threading
from itertools import pairwise
from pathlib import Path

import pytest
from tests.sample_release import Words, sample_files
from tests.site_check import Page, pages, problems

from clearance.adapters.folder_portal import FolderPortal
from clearance.candidate import ReleaseId, sha256
from clearance.errors import PortalError

RELEASE = ReleaseId("household-survey", "2026", 1)


@pytest.fixture
def portal(tmp_path: Path) -> FolderPortal:
    return FolderPortal(tmp_path / "portal")


def publish(portal: FolderPortal, release: ReleaseId, words: Words | None = None) -> None:
    portal.stage(release, sample_files(release, words))
    portal.flip(release)


def page(portal: FolderPortal, path: str) -> Page:
    return Page((portal.site / path / "index.html").read_text())


def test_a_prepared_portal_says_that_nothing_has_been_published_yet(portal: FolderPortal) -> None:
    portal.prepare()

    assert "Nothing has been published yet" in page(portal, "").text
    assert json.loads((portal.site / "data.json").read_text())["dataset"] == []
    assert problems(portal.site) == []


def test_what_is_staged_is_not_in_the_served_folder_and_readable_by_its_owner_only(
    portal: FolderPortal, tmp_path: Path
) -> None:
    portal.prepare()
    before = sorted(portal.site.rglob("*"))

    portal.stage(RELEASE, sample_files(RELEASE))

    assert sorted(portal.site.rglob("*")) == before
    assert stat.S_IMODE((tmp_path / "portal" / "staging").stat().st_mode) == 0o700


def test_what_is_public_can_be_read_by_a_web_server(portal: FolderPortal) -> None:
    publish(portal, RELEASE)

    for file in (portal.site, *portal.site.rglob("*")):
        assert stat.S_IMODE(file.stat().st_mode) == (0o755 if file.is_dir() else 0o644)


def test_the_page_of_a_release_shows_all_that_a_citizen_asks_for(portal: FolderPortal) -> None:
    publish(portal, RELEASE)

    text = page(portal, "household-survey/2026/1").text

    for expected in (
        "Household survey",
        "Creative Commons Attribution 4.0",
        "opendata@example.org",
        "20-39 \N{EN DASH} suppressed or missing asthma",
        "Where the person lived on the day of the survey.",
        "Given in groups of 20 years.",
        "shares all the characteristics by which a person could be recognised with at least 4",
        "2 figures are left empty to protect somebody",
        "signed approval record",
        "clearance verify",
        "First release of this period.",
        "approval.dsse.json",
    ):
        assert expected in text


def test_the_page_of_a_release_gives_size_and_sha256_of_every_file(portal: FolderPortal) -> None:
    files = sample_files(RELEASE)
    publish(portal, RELEASE)

    shown = page(portal, "household-survey/2026/1")

    for path, content in files.items():
        assert path in shown.links()
        assert sha256(content) in shown.text
    assert f"{len(files['data/persons.csv'])} bytes" in shown.text


def test_a_new_release_moves_the_dataset_page_and_leaves_the_old_files_alone(
    portal: FolderPortal,
) -> None:
    publish(portal, RELEASE)
    before = portal.find(RELEASE)

    publish(portal, ReleaseId("household-survey", "2026", 2))

    assert portal.find(RELEASE) == before
    assert "2026, release 2" in page(portal, "household-survey").text
    assert "2026/1/" in page(portal, "household-survey").links()
    assert (
        "There is a newer release: 2026, release 2" in page(portal, "household-survey/2026/1").text
    )
    assert "newer release" not in page(portal, "household-survey/2026/2").text
    assert problems(portal.site) == []


def test_the_catalogue_lists_each_dataset_once_by_title(portal: FolderPortal) -> None:
    publish(portal, RELEASE, Words(title="Household survey"))
    publish(portal, ReleaseId("household-survey", "2027", 1), Words(title="Household survey"))
    publish(portal, ReleaseId("election", "1996", 1), Words(title="A study of the election"))

    catalogue = page(portal, "")

    assert [link for link in catalogue.links() if link.endswith("y/") or link.endswith("n/")] == [
        "election/",
        "household-survey/",
    ]
    entries = json.loads((portal.site / "data.json").read_text())["dataset"]
    assert [entry["identifier"] for entry in entries] == ["election", "household-survey"]
    assert entries[1]["distribution"][0]["downloadURL"] == (
        "household-survey/2027/1/data/persons.csv"
    )


HOSTILE = Words(
    title="<script>alert(1)</script>",
    description='"><img src=x onerror=alert(1)> **bold** [a](javascript:alert(1)) {{ 7 * 7 }}',
    keywords=("<b>k</b>",),
    organization="</dd><script src=//evil.example></script>",
    license="<i>mine</i>",
)


def test_texts_of_a_dataset_are_text_on_every_page(portal: FolderPortal) -> None:
    release = ReleaseId("hostile", "2026", 1)
    persons = 'age,municipality,diagnosis\n<script>alert(2)</script>,"<svg onload=x>",&amp;\n'
    portal.stage(release, sample_files(release, HOSTILE, persons=persons))
    portal.flip(release)

    for file, shown in pages(portal.site):
        assert {"script", "img", "svg", "b", "i"}.isdisjoint(tag for tag, _ in shown.elements), file
        assert not any(name.startswith("on") for _, given in shown.elements for name in given)
        assert not any(link.startswith("javascript") for link in shown.links())
        assert HOSTILE.title in shown.text
        assert "{{ 7 * 7 }}" in shown.text
    assert "<script>alert(2)</script>" in page(portal, "hostile/2026/1").text


def test_pages_are_accessible(portal: FolderPortal) -> None:
    publish(portal, RELEASE)
    publish(portal, ReleaseId("household-survey", "2026", 2))

    for file, shown in pages(portal.site):
        levels = [int(tag[1]) for tag, _ in shown.elements if tag in {"h1", "h2", "h3", "h4"}]
        assert levels.count(1) == 1, file
        assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
        assert shown.all("html")[0]["lang"] == "en"
        assert all(cell.get("scope") in {"row", "col"} for cell in shown.all("th"))
        ids = [given["id"] for _, given in shown.elements if "id" in given]
        assert len(ids) == len(set(ids))
        named = {
            given["aria-labelledby"] for _, given in shown.elements if "aria-labelledby" in given
        }
        assert named <= set(ids)
        assert len(shown.all("main")) == 1
        assert len(shown.all("title")) == 1


def test_pages_take_nothing_from_elsewhere_and_hold_no_script(portal: FolderPortal) -> None:
    publish(portal, RELEASE)

    for _, shown in pages(portal.site):
        assert shown.all("script") == []
        assert not any("src" in given or "style" in given for _, given in shown.elements)
        assert all(not str(link["href"]).startswith("http") for link in shown.all("link"))


def test_the_same_releases_give_the_same_site(tmp_path: Path) -> None:
    one, other = FolderPortal(tmp_path / "one"), FolderPortal(tmp_path / "other")
    releases = [RELEASE, ReleaseId("household-survey", "2026", 2), ReleaseId("a", "2026", 1)]
    for release in releases:
        publish(one, release)
    for release in reversed(releases):
        publish(other, release)

    assert contents(one.site) == contents(other.site)


def test_repeating_a_flip_writes_nothing(portal: FolderPortal) -> None:
    publish(portal, RELEASE)
    before = {file: file.stat().st_mtime_ns for file in portal.site.rglob("*")}

    portal.flip(RELEASE)

    assert {file: file.stat().st_mtime_ns for file in portal.site.rglob("*")} == before


def test_a_page_that_was_lost_is_made_again_by_repeating_the_flip(portal: FolderPortal) -> None:
    publish(portal, RELEASE)
    publish(portal, ReleaseId("other", "2026", 1))
    (portal.site / "index.html").unlink()
    (portal.site / "household-survey" / "index.html").unlink()

    portal.flip(ReleaseId("other", "2026", 1))

    assert problems(portal.site) == []
    assert "household-survey/" in page(portal, "").links()


def test_datasets_published_at_the_same_time_are_all_in_the_catalogue(
    portal: FolderPortal,
) -> None:
    releases = [ReleaseId(f"survey-{number}", "2026", 1) for number in range(4)]
    threads = [threading.Thread(target=publish, args=(portal, release)) for release in releases]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {f"{release.dataset}/" for release in releases} <= set(page(portal, "").links())
    assert problems(portal.site) == []


def test_a_byte_changed_in_the_staging_folder_is_seen_by_find(
    portal: FolderPortal, tmp_path: Path
) -> None:
    staged = portal.stage(RELEASE, sample_files(RELEASE))
    file = tmp_path / "portal/staging/household-survey/2026/1/data/persons.csv"
    file.write_bytes(file.read_bytes().replace(b"0-19", b"0-18", 1))

    found = portal.find(RELEASE)

    assert found is not None
    assert found.digests["data/persons.csv"] != staged.digests["data/persons.csv"]


@pytest.mark.parametrize(
    "path",
    [
        "../outside",
        "/etc/passwd",
        "data/../../x",
        ".hidden",
        "data/.x",
        "index.html",
        "a b",
        "",
        "a/",
    ],
)
def test_a_file_name_that_cannot_be_an_address_is_refused(portal: FolderPortal, path: str) -> None:
    with pytest.raises(PortalError, match="cannot be an address"):
        portal.stage(RELEASE, {**sample_files(RELEASE), path: b"x"})

    assert portal.find(RELEASE) is None


@pytest.mark.parametrize(
    "release",
    [
        ReleaseId("..", "2026", 1),
        ReleaseId("a/b", "2026", 1),
        ReleaseId("Survey", "2026", 1),
        ReleaseId("survey", "..", 1),
        ReleaseId("survey", "index.html", 1),
        ReleaseId("survey", "", 1),
    ],
)
def test_a_release_that_cannot_be_an_address_is_refused(
    portal: FolderPortal, release: ReleaseId
) -> None:
    with pytest.raises(PortalError, match="cannot be an address"):
        portal.stage(release, sample_files(RELEASE))


@pytest.mark.parametrize("content", [b"", b"not JSON", b"[]", b"{}", b"\xff"])
def test_a_release_that_does_not_describe_itself_is_refused(
    portal: FolderPortal, content: bytes
) -> None:
    with pytest.raises(PortalError, match=r"datapackage\.json"):
        portal.stage(RELEASE, {**sample_files(RELEASE), "datapackage.json": content})

    assert portal.find(RELEASE) is None


def test_data_that_is_not_utf_8_is_refused_without_quoting_it(portal: FolderPortal) -> None:
    with pytest.raises(PortalError, match=r"data/persons\.csv is not CSV in UTF-8"):
        portal.stage(RELEASE, {**sample_files(RELEASE), "data/persons.csv": b"age\nJos\xe9\n"})


def test_a_folder_that_cannot_be_written_is_the_operators_error(tmp_path: Path) -> None:
    (tmp_path / "portal").write_text("a file where the folder should be")

    with pytest.raises(PortalError, match=r"in the portal's folder: (File exists|Not a directory)"):
        FolderPortal(tmp_path / "portal").stage(RELEASE, sample_files(RELEASE))


def contents(site: Path) -> dict[str, bytes]:
    return {
        file.relative_to(site).as_posix(): file.read_bytes()
        for file in site.rglob("*")
        if file.is_file()
    }
