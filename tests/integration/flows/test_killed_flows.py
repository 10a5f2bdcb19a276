"""kill -9 before and after every durable effect: the same bytes are published once, or nothing."""

from __future__ import annotations

import signal

import pytest

from clearance.adapters.published_files import read_published
from clearance.candidate import APPROVAL_FILE, manifest_of
from clearance.publication import EFFECTS
from clearance.record.verify import parse_trust, verify
from tests.flow_harness import FlowOffice

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

KILLED = -signal.SIGKILL
BEFORE_REVIEW = ("before-prepare", "after-prepare", "before-submit", "after-submit")
AFTER_REVIEW = ("before-decide", "after-decide", "before-request", "after-request")
PUBLISHING = tuple(f"{when}-{effect}" for effect in EFFECTS for when in ("before", "after"))


def test_a_release_run_killed_at_each_step_hands_in_and_decides_once(office: FlowOffice) -> None:
    run = office.trigger()
    for point in BEFORE_REVIEW:
        assert office.run_apart(run, crash_at=point) == KILLED, (point, office.printed[-1])
        office.retry(run)
    assert office.run(run) == "Suspended"
    office.answer(run)
    for point in AFTER_REVIEW:
        assert office.run_apart(run, crash_at=point) == KILLED, (point, office.printed[-1])
        office.retry(run)
    assert office.run(run) == "Approved"
    assert sorted(office.kinds) == ["candidate", "decision", "run"]
    assert not office.public


def test_a_publish_run_killed_at_each_step_publishes_the_approved_bytes_once(
    office: FlowOffice,
) -> None:
    office.approved()
    (candidate,) = office.here.ledger.entries(kind="candidate")
    flipped = PUBLISHING.index("after-flip")
    for number, point in enumerate(PUBLISHING):
        run = office.api.trigger("publish/publish", {})
        assert office.run_apart(run, crash_at=point) == KILLED, (point, office.printed[-1])
        assert bool(office.public) == (number >= flipped), point
        if office.public:
            assert_whole(office, candidate.payload["manifest"])
    office.publish()
    assert office.kinds.count("published") == 1
    assert office.kinds.count("approval-record") == 1
    assert office.publish() == "nothing is due"
    assert_whole(office, candidate.payload["manifest"])


def assert_whole(office: FlowOffice, manifest: str) -> None:
    """Every file of the approved manifest is public, no other is, and the record holds."""
    folder = office.settings.home.portal / "site" / "people" / "2026" / "1"
    files = read_published(str(folder))
    trust = office.settings.home.trust
    assert verify(files, parse_trust(trust.read_text(), where="trust")).verified
    (case,) = office.here.ledger.entries(kind="candidate")
    assert case.release == "people/2026/1"
    approved = {path: content for path, content in files.items() if path != APPROVAL_FILE}
    from clearance.candidate import ReleaseId

    assert manifest_of(ReleaseId("people", "2026", 1), approved).digest == manifest
