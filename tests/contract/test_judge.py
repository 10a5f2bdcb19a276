"""What every judge does."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from clearance.adapters.judge import OneTimeCodeJudge
from clearance.adapters.people import People
from clearance.adapters.settings import Home, open_home
from clearance.ports import Judge, Verdict
from tests.fakes import FakeClock, FakeJudge
from tests.office import NOON


@dataclass
class Court:
    """A judge, and a good code for each reviewer."""

    judge: Judge
    codes: dict[str, str]

    def ask(self, person: str, context: str, *, code: str = "") -> Verdict:
        return self.judge.judge(person, code or self.codes[person], context=context, at=NOON)


@pytest.fixture(params=["one-time codes", "fake"])
def court(request: pytest.FixtureRequest, tmp_path: Path) -> Court:
    if request.param == "fake":
        codes = {"r.first": "111111", "r.second": "222222"}
        return Court(FakeJudge({name: {code} for name, code in codes.items()}), codes)
    home = open_home(Home(tmp_path / "home"))
    home.mark_demonstration()
    people = People(home)
    for name, role in (("r.first", "reviewer"), ("r.second", "reviewer"), ("s", "steward")):
        people.enrol(name, [role])
    judge = OneTimeCodeJudge(people, tmp_path / "judge.db", FakeClock(NOON))
    names = ("r.first", "r.second")
    return Court(judge, {name: people.demonstration_code(name, NOON) for name in names})


def test_a_good_code_is_accepted(court: Court) -> None:
    assert court.ask("r.first", "run-1") == Verdict(True, "")


def test_only_enrolled_reviewers_are_reviewers(court: Court) -> None:
    known = [court.judge.is_reviewer(name) for name in ("r.first", "r.second", "s", "", "R.First")]
    assert known == [True, True, False, False, False]


@pytest.mark.parametrize("code", ["", "abcdef", "000", "1" * 1000, "{{ 7*7 }}"])
def test_a_wrong_code_is_refused_with_a_reason(court: Court, code: str) -> None:
    verdict = court.judge.judge("r.first", code, context="run-1", at=NOON)
    assert (verdict.accepted, verdict.voids) == (False, ())
    assert verdict.reason and (not code or code not in verdict.reason)


@pytest.mark.parametrize("person", ["s", "nobody", ""])
def test_who_is_no_reviewer_is_refused(court: Court, person: str) -> None:
    assert not court.judge.judge(person, "111111", context="run-1", at=NOON).accepted


def test_another_reviewers_code_is_refused(court: Court) -> None:
    assert not court.ask("r.second", "run-1", code=court.codes["r.first"]).accepted


def test_asked_again_in_the_same_context_it_answers_the_same(court: Court) -> None:
    refused = court.ask("r.first", "run-1", code="not a code")
    accepted = court.ask("r.first", "run-2")
    assert court.ask("r.first", "run-1") == refused
    assert court.ask("r.first", "run-2") == accepted


def test_a_code_seen_in_two_answers_voids_both(court: Court) -> None:
    assert court.ask("r.first", "run-1").accepted
    second = court.ask("r.first", "run-2")
    assert (second.accepted, second.voids) == (False, ("run-1",))
    assert not court.ask("r.first", "run-1").accepted
    assert court.ask("r.first", "run-2") == second
    assert court.ask("r.second", "run-3").accepted
