"""The last stages of a release: attacked, decided, approved.

`Attacked` is made by `clearance.road` after a clean attack on the sealed bytes, and by
`clearance.desk` from the ledger entry that was written for one. `Approved` is made by
`clearance.desk` alone. A test reads the source and holds both to that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from clearance.candidate import ReleaseId
from clearance.policy import ReviewRules
from clearance.ports import SealedCandidate


class Choice(StrEnum):
    """What a reviewer may decide."""

    APPROVE = "approve"
    RETURN = "return"
    REJECT = "reject"


@dataclass(frozen=True, slots=True, kw_only=True)
class Bindings:
    """What an approval is bound to; if one of them changes, it is void.

    ``manifest``: plain digest of the manifest of the public files.
    ``plan``, ``policies``, ``report``: salted commitments, see `clearance.record.commitment`.
    ``code_version``: digest of the program that made and attacked the bytes.
    ``predecessor``: the release of the dataset before this one, if there is one.
    ``memory_head``: head of the dataset's release memory that the attack knew.
    """

    manifest: str
    plan: str
    policies: str
    report: str
    code_version: str
    predecessor: str | None
    memory_head: str

    def as_json(self) -> dict[str, str | None]:
        return asdict(self)

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        return cls(**document)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attacked:
    """A sealed candidate whose bytes withstood the attack, and what its review needs.

    ``policies``: ids of the policies that protected it.
    ``not_before``: nothing is uploaded before this instant.
    """

    sealed: SealedCandidate
    bindings: Bindings
    title: str
    steward: str
    policies: tuple[str, ...]
    review: ReviewRules
    not_before: datetime | None = None

    @property
    def release(self) -> ReleaseId:
        return self.sealed.release


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """One reviewer's decision as the ledger holds it.

    ``candidate``: digest of the ledger entry of the candidate that was decided on.
    ``context``: run, attempt and choice that the reviewer's proof was given for.
    """

    choice: Choice
    reviewer: str
    assurance: str
    decided_at: datetime
    candidate: str
    context: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Approved:
    """An attacked candidate with the approvals that its policy asks for, all valid."""

    attacked: Attacked
    candidate: str
    approvals: tuple[Decision, ...]
