"""``clearance verify``: on a folder, over the web, with and without trusted keys."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from tests.home_office import open_office

from clearance.adapters.folder_server import serving
from clearance.cli.publish import publish
from clearance.cli.verify import verify
from clearance.errors import PlanError, PortalError, VerificationError


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home from which survey/2026/1 was published."""
    office = open_office(tmp_path_factory.mktemp("published") / "home")
    office.approve(office.submit())
    assert CliRunner(env=office.environment).invoke(publish, []).exit_code == 0
    return office.path


def call(home: Path, *words: str) -> Result:
    return CliRunner(env={"CLEARANCE_HOME": str(home)}).invoke(verify, words)


def folder_of(home: Path) -> Path:
    return home / "portal" / "site" / "survey" / "2026" / "1"


def test_a_published_folder_is_verified_with_the_keys_of_the_home(published: Path) -> None:
    result = call(published, str(folder_of(published)))
    assert result.exit_code == 0
    assert "survey/2026/1: verified" in result.output
    assert "FAILED" not in result.output


def test_anybody_verifies_with_a_trust_file(published: Path, tmp_path: Path) -> None:
    words = (str(folder_of(published)), "--trust", str(published / "trust.json"))
    assert call(tmp_path / "no-home", *words).exit_code == 0
    assert not (tmp_path / "no-home").exists(), "verification leaves nothing behind"


def test_without_trusted_keys_the_fingerprint_is_printed(published: Path, tmp_path: Path) -> None:
    result = call(tmp_path, str(folder_of(published)))
    assert isinstance(result.exception, VerificationError)
    assert result.exception.exit_code == 7
    keyid = json.loads((published / "trust.json").read_text())["keys"][0]["keyid"]
    assert keyid in result.output
    assert "authenticity is unproven" in result.output


def test_a_release_is_verified_over_the_web(published: Path) -> None:
    with serving(published / "portal" / "site") as address:
        result = call(published, f"{address.rstrip('/')}/survey/2026/1")
        nothing = call(published, f"{address.rstrip('/')}/survey/2027/1/")
    assert result.exit_code == 0
    assert isinstance(nothing.exception, VerificationError)


def test_a_portal_that_does_not_answer_is_said_so(published: Path) -> None:
    result = call(published, "http://127.0.0.1:9/survey/2026/1/")
    assert isinstance(result.exception, PortalError)


def test_a_changed_file_fails_and_one_json_object_is_printed(
    published: Path, tmp_path: Path
) -> None:
    for file in folder_of(published).rglob("*"):
        target = tmp_path / "copy" / file.relative_to(folder_of(published))
        target.parent.mkdir(parents=True, exist_ok=True)
        if file.is_file():
            target.write_bytes(file.read_bytes() + (b"!" if file.name == "persons.csv" else b""))
    result = call(published, str(tmp_path / "copy"), "--json")
    assert isinstance(result.exception, VerificationError)
    told = json.loads(result.stdout)
    assert told["verified"] is False
    failed = [check["number"] for check in told["checks"] if not check["passed"]]
    assert failed == [6, 7, 8]


def test_a_folder_that_is_none_is_a_wrong_use(published: Path) -> None:
    assert isinstance(call(published, str(published / "nothing")).exception, PlanError)
