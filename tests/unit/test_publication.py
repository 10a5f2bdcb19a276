"""The order of effects: what stops a publication, and what an interrupted one leaves."""

from __future__ import annotations

import base64
import json
from datetime import timedelta

import pytest
from tests.fakes import FakePortal, FakePublisher
from tests.office import NOON, SURVEY, TWO_APPROVALS, Office, candidate

from clearance.candidate import APPROVAL_FILE, ReleaseId
from clearance.errors import OperatorError, PlanError, PortalError, ReviewError
from clearance.publication import EFFECTS
from clearance.record.verify import verify
from clearance.review import Kind, State

POINTS = [f"{when}-{effect}" for effect in EFFECTS for when in ("before", "after")]


class Died(BaseException):
    """The process ends here."""


def approved_office() -> tuple[Office, FakePortal]:
    portal = FakePortal()
    office = Office(portal=portal)
    office.answer(office.submit())
    return office, portal


def test_what_is_approved_is_published_with_a_record_that_verifies() -> None:
    office, portal = approved_office()
    done = office.publish()
    assert (done.release, done.new) == ("survey/2026/1", True)
    assert verify(portal.public[SURVEY], FakePublisher().trust()).verified
    assert office.case().state is State.PUBLISHED


def test_the_effects_come_in_the_order_that_was_proven() -> None:
    office, _ = approved_office()
    heard: list[str] = []
    office.publish(reached=heard.append)
    assert heard == POINTS


def test_publishing_again_what_is_public_does_nothing() -> None:
    office, portal = approved_office()
    office.publish()
    head, heard = office.ledger.head(), list[str]()
    again = office.publish(reached=heard.append)
    assert (again.new, heard, office.ledger.head(), portal.flips) == (False, [], head, 1)


@pytest.mark.parametrize("decision", ["", "return", "reject"])
def test_what_is_not_approved_is_not_even_staged(decision: str) -> None:
    portal = FakePortal()
    office = Office(portal=portal)
    case = office.submit()
    if decision:
        office.answer(case, decision=decision, reason="why")
    with pytest.raises(ReviewError):
        office.publish()
    assert (portal.staged, portal.public) == ({}, {})


def test_one_approval_of_two_publishes_nothing() -> None:
    portal = FakePortal()
    office = Office(portal=portal)
    office.answer(office.submit(office.attacked(review=TWO_APPROVALS)))
    with pytest.raises(ReviewError, match="1 of 2 approvals"):
        office.publish()
    assert portal.staged == {}


@pytest.mark.parametrize(("minutes", "published"), [(59, False), (60, True)])
def test_nothing_is_uploaded_before_the_embargo_ends(minutes: int, published: bool) -> None:
    portal = FakePortal()
    office = Office(portal=portal)
    office.answer(office.submit(office.attacked(not_before=NOON + timedelta(hours=1))))
    office.clock.pass_time(minutes=minutes)
    if published:
        assert office.publish().new
    else:
        with pytest.raises(ReviewError, match="embargo"):
            office.publish()
        assert portal.staged == {}


def test_an_expired_approval_publishes_nothing() -> None:
    office, portal = approved_office()
    office.clock.pass_time(days=30)
    with pytest.raises(ReviewError, match="expired"):
        office.publish()
    assert portal.staged == {}


def test_a_superseded_candidate_is_not_published_under_its_digest() -> None:
    office, _ = approved_office()
    older = office.case().manifest
    office.submit(office.attacked(of=candidate(data="age\n20-39\n")), run="run-2")
    with pytest.raises(PlanError):
        office.publish(older)


def test_a_release_that_became_public_meanwhile_asks_for_a_new_attack() -> None:
    office, portal = approved_office()
    office.memory.remember(ReleaseId("survey", "2025", 1), {"data.csv": b"older"})
    with pytest.raises(ReviewError, match="another release of the dataset"):
        office.publish()
    assert portal.staged == {}


@pytest.mark.parametrize("path", ["data/persons.csv", "SHA256SUMS", APPROVAL_FILE])
def test_bytes_that_the_portal_changed_are_never_made_public(path: str) -> None:
    portal = FakePortal(spoil=path)
    office = Office(portal=portal)
    office.answer(office.submit())
    with pytest.raises(PortalError, match="1 files on the portal differ"):
        office.publish()
    assert portal.public == {}


@pytest.mark.parametrize("way", ["returned", "code seen twice", "expired"])
def test_an_approval_that_ends_while_files_are_uploaded_stops_the_flip(way: str) -> None:
    office, portal = approved_office()
    case = office.case()

    def take_back(point: str) -> None:
        if point != "after-stage":
            return
        if way == "returned":
            office.answer(case, code="111112", decision="return", reason="wait", attempt=2)
        elif way == "expired":
            office.clock.pass_time(days=31)
        else:
            other = office.submit(
                office.attacked(of=candidate(ReleaseId("salaries", "2026", 1))), run="run-2"
            )
            office.answer(other, run="run-2")

    with pytest.raises(ReviewError):
        office.publish(reached=take_back)
    assert portal.public == {}
    assert office.memory.releases("survey") == ()


def test_a_public_release_that_nobody_approved_is_not_recorded() -> None:
    office, portal = approved_office()
    portal.public[SURVEY] = {"data/persons.csv": b"other bytes"}
    with pytest.raises(PortalError, match="no approval"):
        office.publish()
    assert office.case().state is State.APPROVED


def test_a_release_that_vanished_from_the_portal_is_not_published_again() -> None:
    office, portal = approved_office()
    office.publish()
    portal.public.clear()
    with pytest.raises(PortalError, match="does not show it"):
        office.publish()


def test_the_bytes_are_remembered_before_anybody_can_see_them() -> None:
    office, portal = approved_office()

    def look(point: str) -> None:
        if point == "before-flip":
            assert office.memory.recall(SURVEY) == candidate().files
            assert portal.public == {}

    office.publish(reached=look)


def test_two_publishers_of_a_dataset_do_not_meet() -> None:
    office, _ = approved_office()
    with office.ledger.lock("publish-survey"), pytest.raises(OperatorError, match="lock"):
        office.publish()


@pytest.mark.parametrize("point", POINTS)
def test_a_publication_that_died_is_completed_with_the_same_bytes_once(point: str) -> None:
    whole, expected = approved_office()
    whole.publish()
    office, portal = approved_office()

    def die(reached: str) -> None:
        if reached == point:
            raise Died

    with pytest.raises(Died):
        office.publish(reached=die)
    office.publish()
    assert portal.public == expected.public
    assert portal.flips == 1
    assert len(office.ledger.entries(kind=Kind.PUBLISHED)) == 1
    assert len(office.ledger.entries(kind=Kind.RECORD)) == 1


def test_what_was_flipped_before_a_crash_is_recorded_although_it_expired_since() -> None:
    office, _ = approved_office()

    def die(reached: str) -> None:
        if reached == "after-flip":
            raise Died

    with pytest.raises(Died):
        office.publish(reached=die)
    office.clock.pass_time(days=365)
    assert office.publish().new
    assert office.case().state is State.PUBLISHED


def test_what_died_before_the_flip_and_expired_is_not_published() -> None:
    office, portal = approved_office()

    def die(reached: str) -> None:
        if reached == "before-flip":
            raise Died

    with pytest.raises(Died):
        office.publish(reached=die)
    office.clock.pass_time(days=365)
    with pytest.raises(ReviewError):
        office.publish()
    assert portal.public == {}


def test_a_new_approval_of_the_same_bytes_makes_a_new_record() -> None:
    office, portal = approved_office()

    def die(reached: str) -> None:
        if reached == "before-flip":
            raise Died

    with pytest.raises(Died):
        office.publish(reached=die)
    office.clock.pass_time(days=31)
    office.answer(office.case(), reviewer="r.second", code="222222", attempt=2)
    office.publish()
    envelope = json.loads(portal.public[SURVEY][APPROVAL_FILE])
    predicate = json.loads(base64.b64decode(envelope["payload"]))["predicate"]
    assert [each["reviewer"] for each in predicate["approvals"]] == ["r.second"]


def test_the_record_names_what_was_approved_and_no_reason() -> None:
    office, portal = approved_office()
    office.publish()
    envelope = json.loads(portal.public[SURVEY][APPROVAL_FILE])
    statement = json.loads(base64.b64decode(envelope["payload"]))
    assert [each["name"] for each in statement["subject"]] == sorted(candidate().files)
    assert statement["predicate"]["approvals"] == [
        {
            "reviewer": "r.first",
            "decided_at": "2026-11-23T12:00:00+00:00",
            "assurance": "one-time-code",
        }
    ]
    assert statement["predicate"]["manifest"] == candidate().manifest.digest
