"""Disclosure review: states, transitions, who may decide what.

The state of a release is folded from its ledger entries; nothing here changes anything.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from clearance.candidate import ReleaseId
from clearance.errors import PlanError
from clearance.policy import ReviewRules
from clearance.ports import Entry
from clearance.stages import Attacked, Bindings, Choice, Decision


class Kind(StrEnum):
    """What an entry of the ledger says."""

    CANDIDATE = "candidate"
    RUN = "run"
    DECISION = "decision"
    REFUSED = "refused"
    VOID = "void"
    RECORD = "approval-record"
    REMEMBERED = "remembered"
    PUBLISHED = "published"


class State(StrEnum):
    """Where the newest candidate of a release is."""

    WAITING = "waiting-for-review"
    APPROVED = "approved"
    RETURNED = "returned"
    REJECTED = "rejected"
    PUBLISHED = "published"


TRANSITIONS: Mapping[State, Mapping[Choice, State]] = {
    State.WAITING: {
        Choice.APPROVE: State.APPROVED,
        Choice.RETURN: State.RETURNED,
        Choice.REJECT: State.REJECTED,
    },
    State.APPROVED: {Choice.RETURN: State.RETURNED, Choice.REJECT: State.REJECTED},
    State.RETURNED: {},
    State.REJECTED: {},
    State.PUBLISHED: {},
}
"""What each state allows to decide. A choice takes effect once enough reviewers made it."""

NEEDS_REASON = frozenset({Choice.RETURN, Choice.REJECT})


class Refusal(StrEnum):
    """Why an answer is no decision; the texts of `REFUSALS` say it to people."""

    UNKNOWN_CHOICE = "unknown-choice"
    NO_REASON = "no-reason"
    UNKNOWN_REVIEWER = "unknown-reviewer"
    OWN_RELEASE = "own-release"
    COUNTED_ONCE = "counted-once"
    NOT_PROVEN = "not-proven"
    SUPERSEDED = "superseded"
    CLOSED = "closed"


REFUSALS: Mapping[Refusal, str] = {
    Refusal.UNKNOWN_CHOICE: "the decision must be approve, return or reject",
    Refusal.NO_REASON: "to return or reject, give a reason",
    Refusal.UNKNOWN_REVIEWER: "reviewer and code do not belong together",
    Refusal.OWN_RELEASE: "the steward of a release does not decide on it; another person must",
    Refusal.COUNTED_ONCE: "this reviewer has approved already; another person must",
    Refusal.NOT_PROVEN: "reviewer and code do not belong together",
    Refusal.SUPERSEDED: "a newer candidate of this release has taken the place of this one",
    Refusal.CLOSED: "the review of this candidate is over",
}

FINAL = frozenset({Refusal.SUPERSEDED, Refusal.CLOSED})
"""Refusals after which asking again makes no sense."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """The newest candidate of a release and all that was decided on it.

    ``entry``: digest of the candidate's ledger entry, which decisions name.
    ``approvals``: valid now, one for each reviewer. ``expired_count``: those no longer valid.
    ``ended_by``: who returned or rejected it.
    ``visible``: its bytes are public or were about to be, so the release's number is taken.
    """

    release: ReleaseId
    entry: str
    manifest: str
    bindings: Bindings
    title: str
    steward: str
    policies: tuple[str, ...]
    rules: ReviewRules
    not_before: datetime | None
    state: State
    approvals: tuple[Decision, ...]
    expired_count: int
    ended_by: Decision | None
    visible: bool

    @property
    def missing_approvals(self) -> int:
        return max(self.rules.approvals - len(self.approvals), 0)

    def due(self, now: datetime) -> bool:
        """Approved, and no embargo holds it back."""
        embargoed = self.not_before is not None and now < self.not_before
        return self.state is State.APPROVED and not embargoed


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """One line for people: where a release is, what blocks it, who acts next."""

    release: str
    title: str
    state: str
    manifest: str
    blocked_by: str
    next: str


def candidate_payload(attacked: Attacked) -> dict[str, Any]:
    """What the ledger says of a candidate; no value of a record is in it."""
    not_before = attacked.not_before
    return {
        "manifest": attacked.sealed.manifest.digest,
        "bindings": attacked.bindings.as_json(),
        "title": attacked.title,
        "steward": attacked.steward,
        "policies": list(attacked.policies),
        "approvals": attacked.review.approvals,
        "assurance": attacked.review.assurance,
        "valid_days": attacked.review.valid_days,
        "not_before": not_before.isoformat() if not_before else None,
    }


def cases(entries: Collection[Entry], *, now: datetime) -> tuple[Case, ...]:
    """Every release that was handed in for review, in the order of its first candidate."""
    voided = voided_contexts(entries)
    by_release: dict[str, list[Entry]] = {}
    for entry in entries:
        by_release.setdefault(entry.release, []).append(entry)
    return tuple(
        _fold(own, voided=voided, now=now)
        for own in by_release.values()
        if any(entry.kind == Kind.CANDIDATE for entry in own)
    )


def voided_contexts(entries: Iterable[Entry]) -> frozenset[str]:
    """Contexts of the answers that no longer count, wherever the ledger says so."""
    return frozenset(
        context
        for entry in entries
        if entry.kind == Kind.VOID
        for context in entry.payload["contexts"]
    )


def find(known: Iterable[Case], which: str) -> Case:
    """The case that ``which`` names: a release id or its slug, or a manifest digest's beginning.

    PlanError unless it names exactly one; eight characters of a digest are the least.
    """
    found = [
        case
        for case in known
        if which in (str(case.release), case.release.slug)
        or (len(which) >= 8 and case.manifest.startswith(which))
    ]
    if len(found) != 1:
        raise PlanError(
            f"{len(found)} releases answer to the id given; 'clearance status' lists them all"
        )
    return found[0]


def next_release(entries: Iterable[Entry], dataset: str, period: str) -> ReleaseId:
    """The release id with the first number of the period that never was visible."""
    taken = [
        ReleaseId.parse(entry.release).number
        for entry in entries
        if entry.kind in (Kind.REMEMBERED, Kind.PUBLISHED)
        and entry.release.rpartition("/")[0] == f"{dataset}/{period}"
    ]
    return ReleaseId(dataset, period, max(taken, default=0) + 1)


def refusal(case: Case, *, person: str, is_reviewer: bool, choice: Choice) -> Refusal | None:
    """Why this person may not decide so on this candidate; None where they may."""
    if choice not in TRANSITIONS[case.state]:
        return Refusal.CLOSED
    if not is_reviewer:
        return Refusal.UNKNOWN_REVIEWER
    if same_person(person, case.steward):
        return Refusal.OWN_RELEASE
    counted = any(same_person(person, approval.reviewer) for approval in case.approvals)
    if choice is Choice.APPROVE and counted:
        return Refusal.COUNTED_ONCE
    return None


def same_person(one: str, other: str) -> bool:
    """Whether two spellings may name one person; a doubt counts as yes.

    Case, accents' encoding, spaces and punctuation make no difference.
    """
    return person_key(one) == person_key(other)


def person_key(name: str) -> str:
    """What of a name tells people apart: letters and digits, case folded."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", name)).casefold()


def status(case: Case, *, now: datetime) -> Status:
    """What to tell people about a case."""
    blocked_by, following = _explained(case, now)
    return Status(
        release=str(case.release),
        title=case.title,
        state=case.state.value,
        manifest=case.manifest,
        blocked_by=blocked_by,
        next=following,
    )


def _explained(case: Case, now: datetime) -> tuple[str, str]:
    show = f"clearance review show {case.release}"
    match case.state:
        case State.WAITING:
            expired = f"; {case.expired_count} expired" if case.expired_count else ""
            have = f"{len(case.approvals)} of {case.rules.approvals} approvals{expired}"
            return have, f"a reviewer other than {case.steward}: {show}"
        case State.APPROVED if not case.due(now):
            return f"embargo until {case.not_before}", "the publish flow, when it is over"
        case State.APPROVED:
            return "not published yet", f"the publish flow, or: clearance publish {case.release}"
        case State.RETURNED:
            return f"returned by {_ended_by(case)}", f"the steward, {case.steward}: {show}"
        case State.REJECTED:
            return f"rejected by {_ended_by(case)}", "nobody; these bytes are not released"
        case State.PUBLISHED:
            return "", "nobody; it is public"


def _ended_by(case: Case) -> str:
    return case.ended_by.reviewer if case.ended_by else "a reviewer"


def _fold(entries: list[Entry], *, voided: frozenset[str], now: datetime) -> Case:
    """The case of one release's entries, at least one of them a candidate."""
    opening = [entry for entry in entries if entry.kind == Kind.CANDIDATE][-1]
    payload = opening.payload
    rules = ReviewRules(
        approvals=payload["approvals"],
        assurance=payload["assurance"],
        valid_days=payload["valid_days"],
    )
    decisions = _counted(entries, opening, rules, voided)
    state, ended_by = _state(decisions, rules, now)
    published = any(entry.kind == Kind.PUBLISHED for entry in entries)
    approvals = _approvals(decisions)
    valid = tuple(each for each in approvals if not _expired(each, rules, now))
    return Case(
        release=ReleaseId.parse(opening.release),
        entry=opening.digest,
        manifest=payload["manifest"],
        bindings=Bindings.from_json(payload["bindings"]),
        title=payload["title"],
        steward=payload["steward"],
        policies=tuple(payload["policies"]),
        rules=rules,
        not_before=_instant(payload["not_before"]),
        state=State.PUBLISHED if published else state,
        approvals=valid,
        expired_count=len(approvals) - len(valid),
        ended_by=ended_by,
        visible=any(entry.kind in (Kind.REMEMBERED, Kind.PUBLISHED) for entry in entries),
    )


def _counted(
    entries: Iterable[Entry], opening: Entry, rules: ReviewRules, voided: frozenset[str]
) -> tuple[Decision, ...]:
    """The decisions on this candidate by people who may decide on it, not voided, in order."""
    decisions = (read_decision(entry) for entry in entries if entry.kind == Kind.DECISION)
    return tuple(
        decision
        for decision in decisions
        if decision.candidate == opening.digest
        and decision.context not in voided
        and decision.assurance == rules.assurance
        and not same_person(decision.reviewer, opening.payload["steward"])
    )


def read_decision(entry: Entry) -> Decision:
    """The decision that a ledger entry of that kind holds."""
    payload = entry.payload
    return Decision(
        choice=Choice(payload["choice"]),
        reviewer=payload["reviewer"],
        assurance=payload["assurance"],
        decided_at=entry.at,
        candidate=payload["candidate"],
        context=payload["context"],
    )


def _state(
    decisions: Iterable[Decision], rules: ReviewRules, now: datetime
) -> tuple[State, Decision | None]:
    """Who returns or rejects ends the review; else the approvals that are valid now count."""
    decisions = tuple(decisions)
    for decision in decisions:
        if decision.choice is not Choice.APPROVE:
            return TRANSITIONS[State.WAITING][decision.choice], decision
    valid = [each for each in _approvals(decisions) if not _expired(each, rules, now)]
    return (State.APPROVED if len(valid) >= rules.approvals > 0 else State.WAITING), None


def _approvals(decisions: Iterable[Decision]) -> tuple[Decision, ...]:
    """Each reviewer's newest approval, in order: a person counts once."""
    newest: dict[str, Decision] = {}
    for decision in decisions:
        if decision.choice is Choice.APPROVE:
            newest[person_key(decision.reviewer)] = decision
    return tuple(newest.values())


def _expired(approval: Decision, rules: ReviewRules, now: datetime) -> bool:
    return not now < approval.decided_at + timedelta(days=rules.valid_days)


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
