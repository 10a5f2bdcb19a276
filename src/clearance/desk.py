"""The review desk: what is handed in, what reviewers answer, what may be published.

Composition over ports; the rules themselves are in `clearance.review`.
"""

from __future__ import annotations

from datetime import datetime

from clearance.answers import Outcome, answer, current, review_lock
from clearance.candidate import Manifest
from clearance.errors import PolicyError, ReviewError, VaultError
from clearance.ports import Clock, Ledger, Vault
from clearance.record.commitment import commit, opens
from clearance.review import Case, Kind, State, Status, candidate_payload, cases, find
from clearance.review import status as explain
from clearance.stages import Approved, Attacked, Bindings

__all__ = [
    "Outcome",
    "answer",
    "approved",
    "bind",
    "case_of",
    "due",
    "full_report",
    "reasons",
    "status",
    "submit",
    "submitted",
]


def bind(
    manifest: Manifest,
    *,
    plan: bytes,
    policies: bytes,
    report: bytes,
    code_version: str,
    predecessor: str | None,
    memory_head: str,
    vault: Vault,
) -> Bindings:
    """The bindings of a candidate; the salts of its commitments are kept in the vault."""

    def committed(name: str, content: bytes) -> str:
        return commit(content, salt=vault.salt(manifest.digest, name))

    return Bindings(
        manifest=manifest.digest,
        plan=committed("plan", plan),
        policies=committed("policies", policies),
        report=committed("report", report),
        code_version=code_version,
        predecessor=predecessor,
        memory_head=memory_head,
    )


def submit(attacked: Attacked, *, run: str | None, ledger: Ledger, clock: Clock) -> Case:
    """Hands a candidate in for review; it takes the place of an older one of its release.

    Safe to repeat: a run hands in once, and the same candidate is not entered twice while
    its review is under way. A returned one may be handed in again by a new run.
    ``run``: what asks, e.g. a flow run's id; None from the command line.
    ReviewError: other bytes of this release are public, or these were rejected.
    """
    if attacked.review.assurance != "one-time-code":
        raise PolicyError(
            f"{attacked.release}: its policy asks for signatures, which cannot be checked yet; "
            "nothing is handed in"
        )
    release = attacked.release
    with review_lock(ledger, release.dataset):
        earlier = current(release, ledger, clock)
        if run is not None and submitted(run, ledger=ledger) is not None and earlier is not None:
            return earlier
        if earlier is None or _opens_anew(earlier, attacked):
            ledger.append(Kind.CANDIDATE, release, candidate_payload(attacked), at=clock.now())
        if run is not None:
            payload = {"run": run, "manifest": attacked.sealed.manifest.digest}
            ledger.append(Kind.RUN, release, payload, at=clock.now())
    return case_of(attacked.sealed.manifest.digest, ledger=ledger, now=clock.now())


def _opens_anew(case: Case, attacked: Attacked) -> bool:
    """Whether a candidate needs an entry of its own beside the release's newest one."""
    same_bytes = case.manifest == attacked.sealed.manifest.digest
    if same_bytes and case.state is State.PUBLISHED:
        return False
    if case.visible and not same_bytes:
        raise ReviewError(
            f"{case.release}: other bytes of this release are public or were about to be; "
            "release under the next number"
        )
    if same_bytes and case.state is State.REJECTED:
        raise ReviewError(f"{case.release}: exactly these bytes were rejected; change the plan")
    return case.state in (State.RETURNED, State.REJECTED) or not _same(case, attacked)


def _same(case: Case, attacked: Attacked) -> bool:
    return (
        case.bindings,
        case.title,
        case.steward,
        case.policies,
        case.rules,
        case.not_before,
    ) == (
        attacked.bindings,
        attacked.title,
        attacked.steward,
        attacked.policies,
        attacked.review,
        attacked.not_before,
    )


def submitted(run: str, *, ledger: Ledger) -> str | None:
    """Manifest digest of the candidate that this run handed in, if it has."""
    found = [e for e in ledger.entries(kind=Kind.RUN) if e.payload["run"] == run]
    return str(found[-1].payload["manifest"]) if found else None


def case_of(which: str, *, ledger: Ledger, now: datetime) -> Case:
    """The case that a release id or a manifest digest names.

    PlanError where there is none, or the digest is of a candidate that was superseded.
    """
    return find(cases(ledger.entries(), now=now), which)


def reasons(case: Case, *, ledger: Ledger, vault: Vault) -> tuple[tuple[str, str, str], ...]:
    """Reviewer, choice and the sealed reason of every decision on the candidate, in order."""
    entries = ledger.entries(release=str(case.release), kind=Kind.DECISION)
    return tuple(
        (
            str(entry.payload["reviewer"]),
            str(entry.payload["choice"]),
            vault.open_note(case.manifest, entry.payload["reason_note"]).decode()
            if "reason_note" in entry.payload
            else "",
        )
        for entry in entries
        if entry.payload["candidate"] == case.entry
    )


def full_report(case: Case, *, vault: Vault) -> bytes:
    """The reviewer's report that an approval binds. VaultError where the vault has another."""
    content = vault.open_report(case.manifest)
    if not opens(case.bindings.report, content, salt=vault.salt(case.manifest, "report")):
        raise VaultError(
            f"{case.release}: the report in the vault is not the one that was handed in; run "
            "'clearance release' again"
        )
    return content


def status(ledger: Ledger, *, now: datetime) -> tuple[Status, ...]:
    """Each release's state, what blocks it and who acts next, in the order of submission."""
    return tuple(explain(case, now=now) for case in cases(ledger.entries(), now=now))


def due(ledger: Ledger, *, now: datetime) -> tuple[str, ...]:
    """Manifest digests of all that is approved, free of embargo and not yet published."""
    return tuple(case.manifest for case in cases(ledger.entries(), now=now) if case.due(now))


def approved(which: str, *, ledger: Ledger, vault: Vault, now: datetime) -> Approved:
    """The release that may be published now, as ledger and vault have it.

    ReviewError where approvals are missing or expired, or before ``not_before``.
    """
    case = case_of(which, ledger=ledger, now=now)
    if not case.due(now):
        blocked = explain(case, now=now)
        raise ReviewError(f"{case.release} is {blocked.state}: {blocked.blocked_by}")
    attacked = Attacked(
        sealed=vault.find(case.manifest),
        bindings=case.bindings,
        title=case.title,
        steward=case.steward,
        policies=case.policies,
        review=case.rules,
        not_before=case.not_before,
    )
    return Approved(attacked=attacked, candidate=case.entry, approvals=case.approvals)
