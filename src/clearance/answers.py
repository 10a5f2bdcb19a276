"""Reviewers' answers: judged once, entered as decisions, or refused with a reason.

What a reviewer typed is hostile text: nothing of it is echoed or entered but a reviewer's
enrolled name; a reason is sealed.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime

from clearance.candidate import ReleaseId, sha256
from clearance.errors import ReviewError
from clearance.ports import Clock, Entry, Judge, Ledger, Vault
from clearance.record.commitment import commit
from clearance.review import (
    FINAL,
    NEEDS_REASON,
    REFUSALS,
    Case,
    Kind,
    Refusal,
    State,
    cases,
    read_decision,
    refusal,
    voided_contexts,
)
from clearance.stages import Choice

VOIDED = "the one-time code was seen in two answers; both are void"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of an answer.

    ``accepted``: it is in the ledger as a decision.
    ``settled``: nothing more is asked, the release run ends. Otherwise ask again.
    ``message``: fit for Prefect; never echoes what was typed.
    """

    accepted: bool
    settled: bool
    state: State
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a reviewer typed. ``run`` and ``attempt`` say where; all of it is hostile text."""

    run: str
    attempt: int
    reviewer: str
    code: str
    decision: str
    reason: str

    @property
    def person(self) -> str:
        return self.reviewer.strip().casefold()

    def context(self, case: Case) -> str:
        """What the reviewer's proof is good for: this choice on this candidate, here."""
        return f"{self.run}/{self.attempt}/{self.decision}/{case.entry}"


def review_lock(ledger: Ledger, dataset: str) -> AbstractContextManager[None]:
    """Held while a dataset's decisions change, and while publishing relies on them."""
    return ledger.lock(f"review-{dataset}")


def current(release: ReleaseId, ledger: Ledger, clock: Clock) -> Case | None:
    """The newest candidate of the release, if one was handed in."""
    known = cases(ledger.entries(), now=clock.now())
    return next((case for case in known if case.release == release), None)


def answer(
    manifest_digest: str,
    *,
    run: str,
    attempt: int,
    reviewer: str,
    code: str,
    decision: str,
    reason: str,
    ledger: Ledger,
    judge: Judge,
    vault: Vault,
    clock: Clock,
    at: datetime,
) -> Outcome:
    """Judges a reviewer's answer and enters it as a decision, or says why to ask again.

    Safe to repeat: what became of an answer is looked up by run, candidate and attempt
    first, so that an old answer is never judged anew.
    ``at``: when the answer was given. ReviewError where no such candidate was handed in.
    """
    given = Answer(
        run=run, attempt=attempt, reviewer=reviewer, code=code, decision=decision, reason=reason
    )
    release = _release_of(manifest_digest, ledger)
    with review_lock(ledger, release.dataset):
        case = current(release, ledger, clock)
        if case is None or case.manifest != manifest_digest:
            return _superseded(case)
        known = _looked_up(case, given, ledger)
        if known is not None:
            return known
        objection = _objection(case, given, judge)
        if objection is not None:
            return _refuse(
                case,
                given,
                objection,
                message=REFUSALS[objection],
                ledger=ledger,
                clock=clock,
            )
        return _judge(case, given, ledger=ledger, judge=judge, vault=vault, clock=clock, at=at)


def _release_of(manifest_digest: str, ledger: Ledger) -> ReleaseId:
    for entry in ledger.entries(kind=Kind.CANDIDATE):
        if entry.payload["manifest"] == manifest_digest:
            return ReleaseId.parse(entry.release)
    raise ReviewError("no candidate with this manifest digest was handed in for review")


def _superseded(case: Case | None) -> Outcome:
    return Outcome(
        accepted=False,
        settled=True,
        state=case.state if case else State.WAITING,
        message=REFUSALS[Refusal.SUPERSEDED],
    )


def _looked_up(case: Case, given: Answer, ledger: Ledger) -> Outcome | None:
    """What became of this very answer before; None where it was not judged yet."""
    entries = ledger.entries(release=str(case.release))
    for entry in entries:
        here = (given.run, given.attempt, case.entry)
        if entry.kind not in (Kind.DECISION, Kind.REFUSED):
            continue
        if tuple(entry.payload[key] for key in ("run", "attempt", "candidate")) != here:
            continue
        if entry.kind == Kind.DECISION:
            return _decided(case, entry, ledger)
        final = Refusal(entry.payload["refusal"]) in FINAL
        return _refused(case, str(entry.payload["message"]), settled=final)
    return None


def _decided(case: Case, entry: Entry, ledger: Ledger) -> Outcome:
    if read_decision(entry).context in voided_contexts(ledger.entries(kind=Kind.VOID)):
        return _refused(case, VOIDED, settled=False)
    return Outcome(
        accepted=True,
        settled=case.state is not State.WAITING,
        state=case.state,
        message=_progress(case),
    )


def _progress(case: Case) -> str:
    if case.state is State.WAITING:
        return f"entered; {case.missing_approvals} more approvals by other reviewers are needed"
    return f"entered; the release is {case.state.value}"


def _refused(case: Case, message: str, *, settled: bool) -> Outcome:
    over = settled or case.state is not State.WAITING
    return Outcome(accepted=False, settled=over, state=case.state, message=message)


def _objection(case: Case, given: Answer, judge: Judge) -> Refusal | None:
    """What stands against the answer before any code is looked at, so that none is used up."""
    if given.decision not in [choice.value for choice in Choice]:
        return Refusal.UNKNOWN_CHOICE
    choice = Choice(given.decision)
    objection = refusal(
        case, person=given.person, is_reviewer=judge.is_reviewer(given.person), choice=choice
    )
    if objection is None and choice in NEEDS_REASON and not given.reason.strip():
        return Refusal.NO_REASON
    return objection


def _judge(
    case: Case,
    given: Answer,
    *,
    ledger: Ledger,
    judge: Judge,
    vault: Vault,
    clock: Clock,
    at: datetime,
) -> Outcome:
    verdict = judge.judge(given.person, given.code, context=given.context(case), at=at)
    _enter_voids(case, verdict.voids, ledger, clock)
    if not verdict.accepted:
        return _refuse(
            case,
            given,
            Refusal.NOT_PROVEN,
            message=verdict.reason,
            ledger=ledger,
            clock=clock,
        )
    payload = {
        "manifest": case.manifest,
        "candidate": case.entry,
        "run": given.run,
        "attempt": given.attempt,
        "context": given.context(case),
        "choice": given.decision,
        "reviewer": given.person,
        "assurance": case.rules.assurance,
        **_seal_reason(case, given, vault),
    }
    entry = ledger.append(Kind.DECISION, case.release, payload, at=clock.now())
    return _decided(current(case.release, ledger, clock) or case, entry, ledger)


def _enter_voids(case: Case, voids: tuple[str, ...], ledger: Ledger, clock: Clock) -> None:
    new = sorted(set(voids) - voided_contexts(ledger.entries(kind=Kind.VOID)))
    if new:
        payload = {"contexts": new, "cause": "code-seen-twice"}
        ledger.append(Kind.VOID, case.release, payload, at=clock.now())


def _seal_reason(case: Case, given: Answer, vault: Vault) -> dict[str, str]:
    """People type values into free text: it is sealed, the ledger gets a commitment to it."""
    content = given.reason.strip().encode()
    if not content:
        return {}
    name = f"reason-{sha256(given.context(case).encode())[:16]}"
    vault.seal_note(case.manifest, name, content)
    salt = vault.salt(case.manifest, name)
    return {"reason_note": name, "reason_commitment": commit(content, salt=salt)}


def _refuse(
    case: Case,
    given: Answer,
    objection: Refusal,
    *,
    message: str,
    ledger: Ledger,
    clock: Clock,
) -> Outcome:
    """Enters the refusal, without anything that was typed, so that it is not judged anew."""
    payload = {
        "manifest": case.manifest,
        "candidate": case.entry,
        "run": given.run,
        "attempt": given.attempt,
        "refusal": objection.value,
        "message": message,
    }
    ledger.append(Kind.REFUSED, case.release, payload, at=clock.now())
    return _refused(case, message, settled=objection in FINAL)
