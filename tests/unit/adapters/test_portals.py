"""Which portal an address names, and what ``clearance portal check`` says of it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

from clearance.adapters.ckan import CkanPortal
from clearance.adapters.folder_portal import FolderPortal
from clearance.adapters.portals import portal_from
from clearance.adapters.settings import Home
from clearance.cli.portal import portal as portal_command
from clearance.errors import PortalError


def test_a_folder_is_relative_to_the_home_whose_folder_stays_private(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")

    portal = portal_from("folder:shown", None, home=home)

    assert isinstance(portal, FolderPortal)
    portal.prepare()
    assert portal.site == tmp_path / "home" / "shown" / "site"
    assert stat.S_IMODE(home.path.stat().st_mode) == 0o700


def test_a_folder_may_be_anywhere(tmp_path: Path) -> None:
    portal = portal_from(f"folder:{tmp_path / 'shown'}", None, home=Home(tmp_path / "home"))

    assert isinstance(portal, FolderPortal)
    assert portal.site == tmp_path / "shown" / "site"


def test_a_web_address_is_a_ckan_portal(tmp_path: Path) -> None:
    assert isinstance(
        portal_from("https://data.example.org", "token", home=Home(tmp_path)), CkanPortal
    )


@pytest.mark.parametrize("url", ["", "folder:", "ftp://data.example.org", "/srv/portal"])
def test_any_other_address_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(PortalError, match="expected folder:PATH or the address of a CKAN portal"):
        portal_from(url, None, home=Home(tmp_path))


@pytest.fixture
def environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("CLEARANCE_HOME", str(tmp_path / "home"))
    return monkeypatch


def test_portal_check_says_what_is_to_be_served(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment.setenv("CLEARANCE_PORTAL_URL", f"folder:{tmp_path / 'portal'}")

    done = CliRunner().invoke(portal_command, ["check"])

    assert done.exit_code == 0
    assert done.output.splitlines() == [
        f"ok       writable: {tmp_path / 'portal'}",
        f"ok       served: let a web server show {tmp_path / 'portal/site'} and nothing beside it",
    ]


@pytest.mark.parametrize("url", ["folder:{taken}", "http://127.0.0.1:9"])
def test_portal_check_fails_with_one_line_where_the_portal_cannot_be_used(
    environment: pytest.MonkeyPatch, tmp_path: Path, url: str
) -> None:
    (tmp_path / "taken").write_text("a file where the folder should be")
    environment.setenv("CLEARANCE_PORTAL_URL", url.format(taken=tmp_path / "taken"))

    done = CliRunner().invoke(portal_command, ["check"])

    assert isinstance(done.exception, PortalError)
    (line,) = done.output.splitlines()
    assert line.startswith("LACKING  ")
