"""The review desk: what is handed in, what reviewers answer, what may be published.

Composition over ports; the rules are in `clearance.review`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from clearance.candidate import Manifest
from clearance.ports import Clock, Judge, Ledger, Vault
from clearance.review import Case, Status
from clearance.stages import Approved, Attacked, Bindings


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of an answer.

    ``accepted``: it is in the ledger as a decision.
    ``settled``: nothing more is asked; the release run ends. Otherwise ask again.
    ``message``: fit for Prefect; never echoes what was typed.
    """

    accepted: bool
    settled: bool
    state: str
    message: str


def bind(manifest: Manifest, *, plan: bytes, policies: bytes, report: bytes, code_version: str,
         predecessor: str | None, memory_head: str, vault: Vault) -> Bindings:
    """The bindings of a candidate; the salts of its commitments are kept in the vault."""
    raise NotImplementedError


def submit(attacked: Attacked, *, run: str | None, ledger: Ledger, clock: Clock) -> Case:
    """Hands a candidate in for review. Safe to repeat."""
    raise NotImplementedError


def submitted(run: str, *, ledger: Ledger) -> str | None:
    """Manifest digest of the candidate that this run handed in, if it has."""
    raise NotImplementedError


def answer(manifest_digest: str, *, run: str, attempt: int, reviewer: str, code: str,
           decision: str, reason: str, ledger: Ledger, judge: Judge, vault: Vault,
           clock: Clock, at: datetime) -> Outcome:
    """Judges a reviewer's answer and enters it. Safe to repeat per run, digest and attempt."""
    raise NotImplementedError


def status(ledger: Ledger, *, now: datetime) -> tuple[Status, ...]:
    """Each release's state, what blocks it and who acts next."""
    raise NotImplementedError


def approved(manifest_digest: str, *, ledger: Ledger, vault: Vault, now: datetime) -> Approved:
    """The approved release; ReviewError where the ledger does not allow it."""
    raise NotImplementedError
