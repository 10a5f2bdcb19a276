"""When a one-time code is good, and how wrong ones are stopped."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from tests.fakes import FakeClock
from tests.office import NOON

from clearance.adapters.judge import (
    MAX_WRONG,
    NOT_VALID,
    SEEN_TWICE,
    TOO_MANY,
    TOO_OLD,
    OneTimeCodeJudge,
)
from clearance.adapters.people import People
from clearance.adapters.settings import Home, open_home
from clearance.errors import PlanError, VaultError
from clearance.ports import Verdict


class Bench:
    """A judge with one enrolled reviewer, and that reviewer's codes at any time."""

    def __init__(self, folder: Path) -> None:
        self.home = open_home(Home(folder / "home"))
        self.home.mark_demonstration()
        self.people = People(self.home)
        self.people.enrol("r.first", ["reviewer"])
        self.clock = FakeClock(NOON)

    def code(self, seconds: int = 0) -> str:
        return self.people.demonstration_code("r.first", NOON + timedelta(seconds=seconds))

    def wrong_code(self) -> str:
        near = {self.code(30 * step) for step in range(-20, 20)}
        return next(f"{number:06}" for number in range(100) if f"{number:06}" not in near)

    def ask(self, code: str, context: str, *, seconds: int = 0) -> Verdict:
        judge = OneTimeCodeJudge(self.people, self.home.keys / "people" / "judge.db", self.clock)
        at = NOON + timedelta(seconds=seconds)
        return judge.judge("r.first", code, context=context, at=at)


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.mark.parametrize(
    ("seconds", "accepted"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)]
)
def test_a_code_is_good_one_step_before_and_after_its_time(
    bench: Bench, seconds: int, accepted: bool
) -> None:
    assert bench.ask(bench.code(seconds), "run-1").accepted is accepted


def test_a_code_may_be_typed_with_a_space(bench: Bench) -> None:
    code = bench.code()
    assert bench.ask(f" {code[:3]} {code[3:]}\n", "run-1").accepted


@pytest.mark.parametrize(
    ("waited", "reason"), [(0, ""), (20, ""), (300, ""), (301, TOO_OLD), (-60, ""), (-61, TOO_OLD)]
)
def test_an_answer_is_judged_at_its_own_time_if_that_is_not_long_ago(
    bench: Bench, waited: int, reason: str
) -> None:
    bench.clock.pass_time(seconds=waited)
    assert bench.ask(bench.code(), "run-1") == Verdict(not reason, reason)


def test_a_used_code_is_recognised_when_the_second_answer_comes_late(bench: Bench) -> None:
    assert bench.ask(bench.code(), "thief").accepted
    bench.clock.pass_time(hours=2)
    assert bench.ask(bench.code(), "reviewer") == Verdict(False, SEEN_TWICE, ("thief",))
    assert not bench.ask(bench.code(), "thief").accepted


def test_a_third_answer_with_the_code_voids_all_before_it(bench: Bench) -> None:
    for context in ("one", "two"):
        bench.ask(bench.code(), context)
    assert bench.ask(bench.code(), "three").voids == ("one", "two")


def test_wrong_codes_stop_all_codes_for_an_hour(bench: Bench) -> None:
    for number in range(MAX_WRONG):
        assert bench.ask(bench.wrong_code(), f"guess-{number}").reason == NOT_VALID
    assert bench.ask(bench.code(), "run-1").reason == TOO_MANY
    bench.clock.pass_time(hours=1)
    assert bench.ask(bench.code(3600), "run-2", seconds=3600).accepted


def test_wrong_codes_do_not_hide_that_a_code_was_seen_twice(bench: Bench) -> None:
    assert bench.ask(bench.code(), "thief").accepted
    for number in range(MAX_WRONG):
        bench.ask(bench.wrong_code(), f"guess-{number}")
    assert bench.ask(bench.code(), "reviewer").voids == ("thief",)


def test_another_person_does_not_get_the_verdict_of_a_context(bench: Bench) -> None:
    bench.people.enrol("r.second", ["reviewer"])
    assert bench.ask(bench.code(), "run-1").accepted
    judge = OneTimeCodeJudge(bench.people, bench.home.keys / "people" / "judge.db", bench.clock)
    assert not judge.judge("r.second", bench.code(), context="run-1", at=NOON).accepted


def test_who_is_no_longer_a_reviewer_is_refused(bench: Bench) -> None:
    text = bench.home.people.read_text().replace("reviewer", "steward")
    bench.home.people.write_text(text)
    assert not bench.ask(bench.code(), "run-1").accepted


def test_what_the_judge_has_seen_lies_where_the_keys_lie(bench: Bench) -> None:
    bench.ask(bench.code(), "run-1")
    file = bench.home.keys / "people" / "judge.db"
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_secret_lies_among_the_keys_and_not_in_the_list_of_people(bench: Bench) -> None:
    bench.people.enrol("s.okafor", ["steward", "reviewer"])
    secret = bench.people.secret("s.okafor")
    assert secret not in bench.home.people.read_text()
    assert [person.name for person in bench.people.all()] == ["r.first", "s.okafor"]


def test_a_steward_who_does_not_review_has_no_secret(bench: Bench) -> None:
    assert bench.people.enrol("s.okafor", ["steward"]) is None
    with pytest.raises(VaultError):
        bench.people.secret("s.okafor")


@pytest.mark.parametrize(
    ("name", "roles"),
    [
        ("r.first", ["reviewer"]),
        ("r_first", ["reviewer"]),
        ("rfirst", ["steward"]),
        ("R.Second", ["reviewer"]),
        ("../up", ["reviewer"]),
        ("", ["reviewer"]),
        ("r.second", []),
        ("r.second", ["admin"]),
    ],
)
def test_a_person_is_enrolled_once_under_a_plain_name_with_known_roles(
    bench: Bench, name: str, roles: list[str]
) -> None:
    with pytest.raises(PlanError):
        bench.people.enrol(name, roles)
    assert len(bench.people.all()) == 1


@pytest.mark.parametrize(
    "text",
    [
        "",
        "people: {}",
        "format: 2\npeople: {}",
        "format: 1\npeople: []",
        "format: 1\npeople: {r: {}}",
        "format: 1\npeople: {r: {roles: reviewer}}",
        "format: 1\npeople: {r: {roles: [admin]}}",
        "format: 1\npeople: {r: {roles: []}}",
        "format: 1\npeople: {R: {roles: [reviewer]}}",
        "format: 1\npeople: {r: {roles: [reviewer], more: 1}}",
        "format: 1\npeople: {r: {roles: [reviewer]}, r: {roles: [steward]}}",
    ],
)
def test_a_list_of_people_with_anything_wrong_is_refused(bench: Bench, text: str) -> None:
    bench.home.people.write_text(text)
    with pytest.raises(PlanError, match=r"people\.yaml"):
        bench.people.all()


def test_only_a_demonstration_home_gives_codes_away(tmp_path: Path) -> None:
    home = open_home(Home(tmp_path / "real"))
    people = People(home)
    people.enrol("r.first", ["reviewer"])
    with pytest.raises(VaultError, match="demonstration"):
        people.demonstration_code("r.first", NOON)
