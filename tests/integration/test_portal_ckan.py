"""The portal contract on a real CKAN, and what only CKAN can get wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner

from clearance.adapters.ckan import CkanPortal
from clearance.adapters.portals import portal_from
from clearance.adapters.settings import Home
from clearance.candidate import ReleaseId, sha256
from clearance.cli.portal import portal as portal_command
from clearance.errors import PortalError
from tests.contract.portal_contract import PortalContract, dataset
from tests.integration.conftest import Ckan
from tests.sample_release import Words, sample_files

__all__ = ["dataset"]

pytestmark = pytest.mark.integration


@pytest.fixture
def portal(ckan: Ckan) -> CkanPortal:
    return CkanPortal(ckan.address, ckan.token)


class TestCkanPortal(PortalContract):
    """The whole contract, with the fixture ``portal`` above."""


def ask(ckan: Ckan, action: str, token: str | None = None, **parameters: object) -> dict[str, Any]:
    """What the API answers to a citizen, or to the owner of ``token``."""
    headers = {"Authorization": token} if token else {}
    answer: dict[str, Any] = requests.post(
        f"{ckan.address}/api/3/action/{action}", json=parameters, headers=headers, timeout=30
    ).json()
    return answer


def test_a_citizen_sees_nothing_of_what_is_staged(
    ckan: Ckan, portal: CkanPortal, dataset: str
) -> None:
    release = ReleaseId(dataset, "2026", 1)
    portal.stage(release, sample_files(release))
    drafted = ask(ckan, "package_show", ckan.token, id=release.slug)["result"]
    url = drafted["resources"][0]["url"]

    assert drafted["title"] == "Draft release"
    assert drafted["notes"] == ""
    assert ask(ckan, "package_show", id=release.slug)["success"] is False
    assert ask(ckan, "package_search", q=dataset)["result"]["count"] == 0
    assert requests.get(url, timeout=30).status_code in {403, 404} or "login" in (
        requests.get(url, timeout=30).url
    )
    assert requests.get(f"{ckan.address}/dataset/{dataset}", timeout=30).status_code == 404


def test_a_citizen_gets_the_published_bytes_and_their_description(
    ckan: Ckan, portal: CkanPortal, dataset: str
) -> None:
    release = ReleaseId(dataset, "2026", 1)
    files = sample_files(release)
    portal.stage(release, files)
    portal.flip(release)

    shown = ask(ckan, "package_show", id=release.slug)["result"]

    assert shown["private"] is False
    assert shown["title"] == "Household survey, 2026, release 1"
    assert shown["license_id"] == "cc-by"
    assert shown["organization"]["name"] == "statistics-office"
    assert shown["maintainer_email"] == "opendata@example.org"
    assert {tag["name"] for tag in shown["tags"]} == {"households", "health", "population"}
    for resource in shown["resources"]:
        content = requests.get(resource["url"], timeout=30).content
        assert content == files[resource["clearance_path"]]
        assert resource["clearance_sha256"] == sha256(content)
        assert resource["size"] == len(content)
    assert len(shown["resources"]) == len(files)


def test_the_stable_dataset_links_to_the_files_of_the_latest_release(
    ckan: Ckan, portal: CkanPortal, dataset: str
) -> None:
    for number in (1, 2):
        release = ReleaseId(dataset, "2026", number)
        portal.stage(release, sample_files(release))
        portal.flip(release)

    stable = ask(ckan, "package_show", id=dataset)["result"]

    released = ask(ckan, "package_show", id=f"{dataset}-2026-2")["result"]
    assert stable["private"] is False
    assert stable["title"] == "Household survey"
    assert [each["url"] for each in stable["resources"]] == [
        each["url"] for each in released["resources"]
    ]
    assert f"/dataset/{dataset}-2026-2" in stable["notes"]
    assert requests.get(f"{ckan.address}/dataset/{dataset}", timeout=30).status_code == 200


def test_a_flip_that_died_before_the_stable_dataset_moved_is_completed_by_another(
    ckan: Ckan, portal: CkanPortal, dataset: str
) -> None:
    release = ReleaseId(dataset, "2026", 1)
    portal.stage(release, sample_files(release))
    portal.flip(release)
    stable = ask(ckan, "package_show", ckan.token, id=dataset)["result"]
    ask(ckan, "package_delete", ckan.token, id=stable["id"])
    assert portal.latest(dataset) is None

    portal.flip(release)

    assert portal.latest(dataset) == release


def test_texts_of_a_dataset_are_text_on_its_page(
    ckan: Ckan, portal: CkanPortal, dataset: str
) -> None:
    words = Words(
        title="<script>alert(1)</script>",
        description="<script>alert(1)</script> **b** [a](javascript:alert(1)) "
        "![i](//evil.example/i)\n# heading\n- item\n1. one",
        keywords=("<b>k</b>", "health"),
    )
    release = ReleaseId(dataset, "2026", 1)
    portal.stage(release, sample_files(release, words))
    portal.flip(release)

    page = requests.get(f"{ckan.address}/dataset/{release.slug}", timeout=30).text

    for active in (
        "<script>alert",
        "<strong>b</strong>",
        'href="javascript',
        'src="//evil',
        "<h1>heading",
        "<li>item",
        "<li>one",
    ):
        assert active not in page
    assert "**b** [a](javascript:alert(1)) ![i]" in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_a_draft_changed_after_it_was_read_back_is_not_made_public(
    ckan: Ckan, portal: CkanPortal, dataset: str
) -> None:
    release = ReleaseId(dataset, "2026", 1)
    portal.stage(release, sample_files(release))
    portal.find(release)
    other = {"id": release.slug, "notes": "changed by somebody else"}
    ask(ckan, "package_patch", ckan.token, **other)

    with pytest.raises(PortalError, match="changed on the portal since it was read back"):
        portal.flip(release)

    assert ask(ckan, "package_show", id=release.slug)["success"] is False


def test_a_second_upload_of_a_file_is_seen_as_a_file_too_many(
    ckan: Ckan, portal: CkanPortal, dataset: str
) -> None:
    release = ReleaseId(dataset, "2026", 1)
    files = sample_files(release)
    portal.stage(release, files)
    requests.post(
        f"{ckan.address}/api/3/action/resource_create",
        data={"package_id": release.slug, "name": "x", "clearance_path": "data/persons.csv"},
        files={"upload": ("persons.csv", files["data/persons.csv"])},
        headers={"Authorization": ckan.token},
        timeout=30,
    ).raise_for_status()

    found = portal.find(release)

    assert found is not None
    assert len(found.digests) == len(files) + 1


def test_the_files_of_a_discarded_draft_cannot_be_reached_even_with_the_token(
    ckan: Ckan, portal: CkanPortal, dataset: str
) -> None:
    release = ReleaseId(dataset, "2026", 1)
    portal.stage(release, sample_files(release))
    drafted = ask(ckan, "package_show", ckan.token, id=release.slug)["result"]

    portal.discard(release)

    for resource in drafted["resources"]:
        answer = requests.get(resource["url"], headers={"Authorization": ckan.token}, timeout=30)
        assert answer.status_code == 404


def test_a_name_that_somebody_else_uses_is_left_alone(
    ckan: Ckan, portal: CkanPortal, dataset: str
) -> None:
    release = ReleaseId(dataset, "2026", 1)
    for name in (release.slug, dataset):
        ask(ckan, "package_create", ckan.token, name=name, owner_org=ckan.organization, title="Own")

    for attempt in (
        lambda: portal.find(release),
        lambda: portal.stage(release, sample_files(release)),
        lambda: portal.flip(release),
        lambda: portal.discard(release),
        lambda: portal.latest(dataset),
    ):
        with pytest.raises(PortalError, match="somebody else"):
            attempt()
    assert ask(ckan, "package_show", id=dataset)["result"]["title"] == "Own"


@pytest.mark.parametrize("token", [None, "not-a-token"])
def test_a_token_that_the_portal_does_not_know_stops_everything(
    ckan: Ckan, token: str | None, dataset: str
) -> None:
    portal, release = CkanPortal(ckan.address, token), ReleaseId(dataset, "2026", 1)

    for attempt in (
        lambda: portal.find(release),
        lambda: portal.stage(release, sample_files(release)),
        lambda: portal.flip(release),
        lambda: portal.discard(release),
        lambda: portal.latest(dataset),
    ):
        with pytest.raises(PortalError, match="does not know the token"):
            attempt()


def test_an_organisation_in_which_the_user_may_not_publish_is_refused_before_anything(
    ckan: Ckan, portal: CkanPortal, dataset: str
) -> None:
    release = ReleaseId(dataset, "2026", 1)

    with pytest.raises(PortalError, match="no organisation 'nobody-here'"):
        portal.stage(release, sample_files(release, Words(organization="nobody-here")))

    assert portal.find(release) is None


def test_portal_check_says_what_is_there(ckan: Ckan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEARANCE_PORTAL_URL", ckan.address)
    monkeypatch.setenv("CLEARANCE_PORTAL_TOKEN", ckan.token)

    done = CliRunner().invoke(portal_command, ["check"])

    assert done.output.splitlines() == [
        f"ok       reachable: {ckan.address}",
        "ok       version: CKAN 2.12.0 (2.12 is needed)",
        "ok       identity: editor",
        "ok       organisation: may publish in statistics-office",
    ]


def test_portal_check_says_that_a_token_is_bad(ckan: Ckan, tmp_path: Path) -> None:
    lines = list(portal_from(ckan.address, "not-a-token", home=Home(tmp_path)).check())

    assert [(line.subject, line.good) for line in lines] == [
        ("reachable", True),
        ("version", True),
        ("identity", False),
        ("organisation", False),
    ]
