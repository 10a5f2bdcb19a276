"""A real home with real adapters, and a release that was handed in there."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from clearance import desk
from clearance.adapters.connections import Connections, connect, publisher
from clearance.adapters.settings import load, open_home
from clearance.candidate import ReleaseId
from clearance.review import Case
from tests.office import REPORT, SURVEY, attacked
from tests.sample_release import sample_candidate


@dataclass(frozen=True)
class HomeOffice:
    """``path``: what CLEARANCE_HOME says."""

    path: Path
    here: Connections

    @property
    def environment(self) -> dict[str, str]:
        return {"CLEARANCE_HOME": str(self.path)}

    def submit(self, release: ReleaseId = SURVEY) -> Case:
        head = self.here.memory.head(release.dataset)
        handed_in = attacked(self.here.vault, head, of=sample_candidate(release))
        self.here.vault.seal_report(handed_in.bindings.manifest, REPORT)
        return desk.submit(handed_in, run="run-1", ledger=self.here.ledger, clock=self.here.clock)

    def code(self, reviewer: str = "r.first") -> str:
        return self.here.people.demonstration_code(reviewer, self.here.clock.now())

    def approve(self, case: Case, reviewer: str = "r.first") -> None:
        now = self.here.clock.now()
        outcome = desk.answer(
            case.manifest,
            run="run-1",
            attempt=1,
            reviewer=reviewer,
            code=self.here.people.demonstration_code(reviewer, now),
            decision="approve",
            reason="",
            ledger=self.here.ledger,
            judge=self.here.judge,
            vault=self.here.vault,
            clock=self.here.clock,
            at=now,
        )
        assert outcome.accepted


def open_office(path: Path) -> HomeOffice:
    """A marked demonstration home with a steward, two reviewers and a publisher's key."""
    settings = load({"CLEARANCE_HOME": str(path)})
    open_home(settings.home).mark_demonstration()
    publisher(settings)
    office = HomeOffice(path, connect(settings))
    office.here.people.enrol("s.okafor", ["steward"])
    office.here.people.enrol("r.first", ["reviewer"])
    office.here.people.enrol("r.second", ["reviewer"])
    return office
