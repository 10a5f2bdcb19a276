"""Publication: the one order of effects in which nothing unapproved becomes visible.

    lock the dataset
    1. find what is there: what is public already is only recorded
    2. approvals, expiry, embargo and release memory, from the ledger alone
    3. the approval record, made once and kept in the ledger
    4. stage as private
    5. read back and hash
    6. under the review's lock: all of 2 again; remember the bytes; flip to public
    7. read back and hash
    8. enter ``published`` in the ledger

A process that dies anywhere is followed by one that starts again from 1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from clearance.answers import review_lock
from clearance.candidate import APPROVAL_FILE, sha256
from clearance.content import Content
from clearance.desk import approved, case_of
from clearance.errors import PortalError, ReviewError
from clearance.ports import (
    Clock,
    Entry,
    Ledger,
    Memory,
    Portal,
    PortalRelease,
    Publisher,
    Vault,
)
from clearance.record.statement import statement, subjects
from clearance.review import Case, Kind
from clearance.stages import Approved

EFFECTS = ("record", "stage", "remember", "flip", "publish")
"""The durable effects in their order; ``reached`` hears before-NAME and after-NAME of each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A public release. ``new``: whether this call is what published it."""

    release: str
    manifest: str
    address: str
    new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Desk:
    """The ports that every step needs."""

    ledger: Ledger
    vault: Vault
    memory: Memory
    portal: Portal
    publisher: Publisher
    clock: Clock
    reached: Callable[[str], None]


def publish(
    which: str,
    *,
    ledger: Ledger,
    vault: Vault,
    memory: Memory,
    portal: Portal,
    publisher: Publisher,
    clock: Clock,
    reached: Callable[[str], None],
) -> Published:
    """Makes the release that ``which`` names public, whole, once. Safe to repeat.

    ``which``: release id or manifest digest. ``reached``: told before and after each effect.
    ReviewError: not approved, expired, embargoed, or another release of the dataset came
    first. PortalError: the portal gave other bytes back than it was given.
    """
    desk = _Desk(
        ledger=ledger,
        vault=vault,
        memory=memory,
        portal=portal,
        publisher=publisher,
        clock=clock,
        reached=reached,
    )
    case = case_of(which, ledger=ledger, now=clock.now())
    with ledger.lock(f"publish-{case.release.dataset}"):
        there = portal.find(case.release)
        if there is not None and there.public:
            return _already_public(case, there, desk)
        if _entry(case, Kind.PUBLISHED, ledger) is not None:
            raise PortalError(
                f"{case.release}: published by the ledger, but the portal does not show it"
            )
        return _publish(case, there, desk)


def _publish(case: Case, there: PortalRelease | None, desk: _Desk) -> Published:
    ready = _checked(case, desk)
    public = desk.vault.open(ready.attacked.sealed).files
    files = {**public, APPROVAL_FILE: _record(ready, desk)}
    _stage(case, there, files, desk)
    with review_lock(desk.ledger, case.release.dataset):
        if _checked(case, desk) != ready:
            raise ReviewError(f"{case.release}: its approvals changed meanwhile; publish again")
        with _effect("remember", desk):
            desk.memory.remember(case.release, public)
        with _effect("flip", desk):
            desk.portal.flip(case.release)
    shown = desk.portal.find(case.release)
    if shown is None or not shown.public:
        raise PortalError(f"{case.release}: the portal does not show it after the flip")
    _same_bytes(case, shown, _digests(files))
    return _enter(case, shown, desk)


def _checked(case: Case, desk: _Desk) -> Approved:
    """The approved release, if ledger and release memory still allow it now."""
    ready = approved(case.manifest, ledger=desk.ledger, vault=desk.vault, now=desk.clock.now())
    bindings = ready.attacked.bindings
    # Its own remembering, by a run that died before the flip, does not count as a move.
    if desk.memory.head(case.release.dataset, without=case.release) != bindings.memory_head:
        raise ReviewError(
            f"{case.release}: another release of the dataset became public after this one was "
            "attacked; run 'clearance release' again"
        )
    return ready


def _record(ready: Approved, desk: _Desk) -> bytes:
    """The approval record of exactly these approvals: made once, then always the same bytes."""
    release = ready.attacked.release
    contexts = [approval.context for approval in ready.approvals]
    for entry in desk.ledger.entries(release=str(release), kind=Kind.RECORD):
        if (entry.payload["candidate"], entry.payload["approvals"]) == (ready.candidate, contexts):
            return str(entry.payload["envelope"]).encode()
    envelope = desk.publisher.sign(statement(ready, ledger_head=desk.ledger.head()))
    payload = {
        "manifest": ready.attacked.bindings.manifest,
        "candidate": ready.candidate,
        "approvals": contexts,
        "envelope": envelope.decode(),
    }
    with _effect("record", desk):
        desk.ledger.append(Kind.RECORD, release, payload, at=desk.clock.now())
    return envelope


def _stage(
    case: Case, there: PortalRelease | None, files: Mapping[str, Content], desk: _Desk
) -> None:
    """The files are on the portal, private, and read back the same."""
    wanted = _digests(files)
    if there is None or dict(there.digests) != wanted:
        with _effect("stage", desk):
            desk.portal.stage(case.release, files)
    back = desk.portal.find(case.release)
    if back is None or back.public:
        raise PortalError(f"{case.release}: the portal does not hold it as private")
    _same_bytes(case, back, wanted)


def _already_public(case: Case, there: PortalRelease, desk: _Desk) -> Published:
    """Enters what a run that died after the flip made public; else nothing happens.

    Whether it is still approved is not asked: at the flip it was.
    """
    release = str(case.release)
    records = desk.ledger.entries(release=release, kind=Kind.RECORD)
    known = [
        entry
        for entry in records
        if _shown_by(str(entry.payload["envelope"]).encode()) == dict(there.digests)
    ]
    if not known:
        raise PortalError(
            f"{release}: the portal shows bytes that no approval in the ledger is about"
        )
    if _entry(case, Kind.PUBLISHED, desk.ledger) is None:
        desk.portal.flip(case.release)  # its pages, or "latest", may have been left behind
        return _enter(case, there, desk)
    return _published(case, there, new=False)


def _shown_by(envelope: bytes) -> dict[str, str]:
    """Path and SHA-256 of every file of the release that this approval record is about."""
    return {**subjects(envelope), APPROVAL_FILE: sha256(envelope)}


def _enter(case: Case, shown: PortalRelease, desk: _Desk) -> Published:
    payload = {
        "manifest": case.manifest,
        "record": shown.digests[APPROVAL_FILE],
        "files": dict(shown.digests),
        "address": shown.address,
    }
    with _effect("publish", desk):
        desk.ledger.append(Kind.PUBLISHED, case.release, payload, at=desk.clock.now())
    return _published(case, shown, new=True)


def _published(case: Case, shown: PortalRelease, *, new: bool) -> Published:
    return Published(
        release=str(case.release), manifest=case.manifest, address=shown.address, new=new
    )


def _same_bytes(case: Case, there: PortalRelease, wanted: Mapping[str, str]) -> None:
    if dict(there.digests) != dict(wanted):
        differing = set(there.digests.items()) ^ set(wanted.items())
        count = len({path for path, _ in differing})
        raise PortalError(f"{case.release}: {count} files on the portal differ from the approved")


def _digests(files: Mapping[str, Content]) -> dict[str, str]:
    return {path: sha256(content) for path, content in files.items()}


def _entry(case: Case, kind: Kind, ledger: Ledger) -> Entry | None:
    found = ledger.entries(release=str(case.release), kind=kind)
    return found[-1] if found else None


@contextmanager
def _effect(name: str, desk: _Desk) -> Iterator[None]:
    desk.reached(f"before-{name}")
    yield
    desk.reached(f"after-{name}")
