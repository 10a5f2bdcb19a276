"""An office for tests: all ports that a review needs, and releases to hand in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from clearance import desk
from clearance.candidate import Candidate, ReleaseId, pack
from clearance.desk import Outcome
from clearance.policy import ReviewRules
from clearance.ports import Judge, Ledger, Memory, Portal, Publisher, Vault
from clearance.publication import Published, publish
from clearance.review import Case
from clearance.stages import Attacked, Bindings
from tests.fakes import (
    FakeClock,
    FakeJudge,
    FakeLedger,
    FakeMemory,
    FakePortal,
    FakePublisher,
    FakeVault,
)

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SURVEY = ReleaseId("survey", "2026", 1)
ONE_APPROVAL = ReviewRules(approvals=1, assurance="one-time-code", valid_days=30)
TWO_APPROVALS = ReviewRules(approvals=2, assurance="one-time-code", valid_days=30)
REPORT = b"# The full report\n"
CODES = {
    "r.first": {"111111", "111112", "111113"},
    "r.second": {"222222", "222223"},
    "s.okafor": {"333333"},
}


def candidate(release: ReleaseId = SURVEY, *, data: str = "age\n0-19\n") -> Candidate:
    return pack(release, {"data/persons.csv": data.encode(), "changes.md": b"first\n"})


def attacked(
    vault: Vault,
    memory_head: str,
    *,
    of: Candidate | None = None,
    steward: str = "s.okafor",
    review: ReviewRules = ONE_APPROVAL,
    not_before: datetime | None = None,
    plan: bytes = b"plan",
    code_version: str = "0.1.0 sha256:00 (checkout)",
) -> Attacked:
    made = of or candidate()
    sealed = vault.seal(made)
    bindings: Bindings = desk.bind(
        sealed.manifest,
        plan=plan,
        policies=b"policies",
        report=REPORT,
        code_version=code_version,
        predecessor=None,
        memory_head=memory_head,
        vault=vault,
    )
    return Attacked(
        sealed=sealed,
        bindings=bindings,
        title="Survey",
        steward=steward,
        policies=("open-2026",),
        review=review,
        not_before=not_before,
    )


def nothing_happens(name: str) -> None:
    """What publication tells of its effects is not listened to."""


@dataclass(kw_only=True)
class Office:
    clock: FakeClock = field(default_factory=lambda: FakeClock(NOON))
    ledger: Ledger = field(default_factory=FakeLedger)
    vault: Vault = field(default_factory=FakeVault)
    memory: Memory = field(default_factory=FakeMemory)
    judge: Judge = field(default_factory=lambda: FakeJudge(CODES))
    portal: Portal = field(default_factory=FakePortal)
    publisher: Publisher = field(default_factory=FakePublisher)

    def attacked(
        self,
        *,
        of: Candidate | None = None,
        steward: str = "s.okafor",
        review: ReviewRules = ONE_APPROVAL,
        not_before: datetime | None = None,
        plan: bytes = b"plan",
    ) -> Attacked:
        made = of or candidate()
        head = self.memory.head(made.release.dataset)
        return attacked(
            self.vault,
            head,
            of=made,
            steward=steward,
            review=review,
            not_before=not_before,
            plan=plan,
        )

    def submit(self, release: Attacked | None = None, *, run: str | None = "run-1") -> Case:
        return desk.submit(
            release or self.attacked(), run=run, ledger=self.ledger, clock=self.clock
        )

    def answer(
        self,
        case: Case,
        *,
        reviewer: str = "r.first",
        code: str = "111111",
        decision: str = "approve",
        reason: str = "",
        run: str = "run-1",
        attempt: int = 1,
    ) -> Outcome:
        return desk.answer(
            case.manifest,
            run=run,
            attempt=attempt,
            reviewer=reviewer,
            code=code,
            decision=decision,
            reason=reason,
            ledger=self.ledger,
            judge=self.judge,
            vault=self.vault,
            clock=self.clock,
            at=self.clock.now(),
        )

    def case(self, release: ReleaseId = SURVEY) -> Case:
        return desk.case_of(str(release), ledger=self.ledger, now=self.clock.now())

    def publish(
        self, which: str = str(SURVEY), *, reached: Callable[[str], None] = nothing_happens
    ) -> Published:
        return publish(
            which,
            ledger=self.ledger,
            vault=self.vault,
            memory=self.memory,
            portal=self.portal,
            publisher=self.publisher,
            clock=self.clock,
            reached=reached,
        )
