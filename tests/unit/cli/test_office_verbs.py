"""The verbs of review, publication and people, on a real home."""

from __future__ import annotations

import json
import time
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result
from tests.home_office import HomeOffice, open_office

from clearance.adapters.settings import load
from clearance.cli.people import people
from clearance.cli.publish import publish
from clearance.cli.review import review
from clearance.cli.status import status
from clearance.errors import PlanError, ReviewError, VaultError


@pytest.fixture
def office(tmp_path: Path) -> HomeOffice:
    return open_office(tmp_path / "home")


def call(office: HomeOffice, command: click.Command, *words: str, typed: str = "") -> Result:
    return CliRunner(env=office.environment).invoke(command, words, input=typed)


def test_a_home_without_releases_says_so(office: HomeOffice) -> None:
    assert "no release" in call(office, status).output
    assert "nothing waits" in call(office, review, "list").output
    assert "nothing is due" in call(office, publish).output


def test_what_waits_for_review_is_listed_with_who_acts_next(office: HomeOffice) -> None:
    office.submit()
    output = call(office, review, "list").output
    assert "survey/2026/1" in output and "a reviewer other than s.okafor" in output


def test_the_full_report_is_shown_to_reviewers(office: HomeOffice) -> None:
    case = office.submit()
    output = call(office, review, "show", case.manifest[:12]).output
    assert "# The full report" in output and case.manifest in output


def test_a_report_that_is_not_the_one_handed_in_is_not_shown(office: HomeOffice) -> None:
    case = office.submit()
    office.here.vault.seal_report(case.manifest, b"# All is well\n")
    assert isinstance(call(office, review, "show", case.manifest).exception, VaultError)


def test_a_release_is_approved_and_published_from_the_command_line(office: HomeOffice) -> None:
    office.submit()
    decided = call(
        office,
        review,
        *("decide", "survey/2026/1", "--decision", "approve", "--reviewer", "r.first"),
        typed=f"{office.code()}\n",
    )
    assert (decided.exit_code, "approved" in decided.output) == (0, True)
    published = call(office, publish)
    assert (published.exit_code, "published" in published.output) == (0, True)
    assert "nothing is due" in call(office, publish).output
    assert "public already" in call(office, publish, "survey/2026/1").output


def test_a_one_time_code_is_not_shown_when_it_is_typed(office: HomeOffice) -> None:
    office.submit()
    code = office.code()
    words = ("decide", "survey/2026/1", "--decision", "approve", "--reviewer", "r.first")
    assert code not in call(office, review, *words, typed=f"{code}\n").output


@pytest.mark.parametrize(("reviewer", "code"), [("r.first", "no code"), ("s.okafor", "no code")])
def test_an_answer_that_does_not_count_is_an_error(
    office: HomeOffice, reviewer: str, code: str
) -> None:
    office.submit()
    words = ("decide", "survey/2026/1", "--decision", "approve", "--reviewer", reviewer)
    refused = call(office, review, *words, typed=f"{code}\n")
    assert isinstance(refused.exception, ReviewError)
    assert "approved" not in call(office, status).output


def test_who_returns_a_release_is_asked_why_and_the_steward_can_read_it(
    office: HomeOffice,
) -> None:
    office.submit()
    typed = f"return\nr.first\nexplain the zeros\n{office.code()}\n"
    assert call(office, review, "decide", "survey/2026/1", typed=typed).exit_code == 0
    assert "return - explain the zeros" in call(office, review, "show", "survey-2026-1").output
    assert "the steward, s.okafor" in call(office, status, "survey").output


def test_publishing_what_is_not_approved_is_an_error(office: HomeOffice) -> None:
    office.submit()
    assert isinstance(call(office, publish, "survey/2026/1").exception, ReviewError)


@pytest.mark.parametrize("command", [publish, review])
def test_an_id_that_names_nothing_is_an_error(office: HomeOffice, command: click.Command) -> None:
    words = ("show", "other/2026/1") if command is review else ("other/2026/1",)
    assert isinstance(call(office, command, *words).exception, PlanError)


def test_status_as_json_names_state_and_who_acts_next(office: HomeOffice) -> None:
    case = office.submit()
    (told,) = json.loads(call(office, status, "--json").output)["releases"]
    assert (told["release"], told["state"]) == ("survey/2026/1", "waiting-for-review")
    assert (told["manifest"], told["blocked_by"]) == (case.manifest, "0 of 1 approvals")
    assert json.loads(call(office, status, "other", "--json").output) == {"releases": []}


def test_a_reviewers_secret_is_shown_once(office: HomeOffice) -> None:
    added = call(office, people, "add", "r.third", "--role", "reviewer")
    secret = office.here.people.secret("r.third")
    assert secret in added.output and "otpauth://totp/" in added.output
    listed = call(office, people, "list").output
    assert "r.third  reviewer" in listed and secret not in listed


def test_listing_people_where_nobody_is_enrolled_says_how_to_enrol(tmp_path: Path) -> None:
    environment = {"CLEARANCE_HOME": str(tmp_path / "other")}
    assert "nobody is enrolled" in CliRunner(env=environment).invoke(people, ["list"]).output
    assert load(environment).home.keys.is_dir()


def test_status_is_there_at_once(office: HomeOffice) -> None:
    office.submit()
    began = time.perf_counter()
    call(office, status)
    assert time.perf_counter() - began < 1.0
