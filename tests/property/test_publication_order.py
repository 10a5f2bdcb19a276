"""Whatever people do, whenever processes die: nothing unapproved is ever made public."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.fakes import FakeJudge, FakePortal, FakePublisher
from tests.office import NOON, Office, candidate

from clearance.candidate import ReleaseId
from clearance.errors import ClearanceError
from clearance.policy import ReviewRules
from clearance.ports import PortalRelease
from clearance.publication import EFFECTS
from clearance.record.verify import verify
from clearance.stages import Choice

RELEASES = (
    ReleaseId("survey", "2026", 1),
    ReleaseId("salaries", "2026", 1),
)
PEOPLE = ("r.first", "r.second", "s.okafor")
CODES = {
    name: {f"{place}{number:05}" for number in range(200)} for place, name in enumerate(PEOPLE)
}
NEEDED = {RELEASES[0]: 2, RELEASES[1]: 1}
EMBARGO = {RELEASES[1]: NOON + timedelta(days=2)}
VALID = timedelta(days=30)
POINTS = [f"{when}-{effect}" for effect in EFFECTS for when in ("before", "after")]


class Died(BaseException):
    """The process ends here."""


@dataclass
class Belief:
    """What this test, on its own, knows of a release's newest candidate."""

    entry: str = ""
    approvals: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    ended_by: set[tuple[str, str]] = field(default_factory=set)


class WatchedPortal(FakePortal):
    """Asks whether it may, at the very moment of the flip."""

    world: World

    def flip(self, release: ReleaseId) -> PortalRelease:
        if release not in self.public:
            self.world.may_become_visible(release)
        return super().flip(release)


class World:
    def __init__(self) -> None:
        self.portal = WatchedPortal()
        self.portal.world = self
        self.office = Office(portal=self.portal, judge=FakeJudge(CODES))
        self.fresh = {name: sorted(codes) for name, codes in CODES.items()}
        self.used: list[tuple[str, str]] = []
        self.beliefs = {release: Belief() for release in RELEASES}
        self.first_seen: dict[ReleaseId, dict[str, bytes]] = {}
        self.runs = self.attempts = 0

    def submit(self, release: ReleaseId, data: str) -> None:
        self.runs += 1
        rules = ReviewRules(approvals=NEEDED[release], assurance="one-time-code", valid_days=30)
        attacked = self.office.attacked(
            of=candidate(release, data=f"age\n{data}\n"),
            review=rules,
            not_before=EMBARGO.get(release),
        )
        try:
            case = self.office.submit(attacked, run=f"run-{self.runs}")
        except ClearanceError:
            return
        if case.entry != self.beliefs[release].entry:
            self.beliefs[release] = Belief(entry=case.entry)

    def decide(self, release: ReleaseId, name: str, choice: Choice) -> None:
        self.attempts += 1
        self.give(release, (name, self.fresh[name].pop()), choice)

    def use_a_code_again(self, release: ReleaseId, steps_back: int) -> None:
        """``steps_back`` of 0: in the very attempt that was judged, as a retried run does."""
        if self.used:
            self.attempts += min(steps_back, 1)
            self.give(release, self.used[-max(steps_back, 1) % len(self.used)], Choice.APPROVE)

    def give(self, release: ReleaseId, who: tuple[str, str], choice: Choice) -> None:
        before = self.office.ledger.head()
        outcome = self.office.answer(
            self.office.case(release),
            reviewer=who[0],
            code=who[1],
            decision=choice,
            reason="why",
            attempt=self.attempts,
        )
        self.used.append(who)
        if "another answer" in outcome.message:
            self.spoil(who)
        elif outcome.accepted and self.office.ledger.head() != before:
            if choice is Choice.APPROVE:
                self.beliefs[release].approvals[who[0]] = (self.office.clock.now(), who[1])
            else:
                self.beliefs[release].ended_by.add(who)

    def spoil(self, who: tuple[str, str]) -> None:
        """A code that came twice takes back everything that it had done."""
        for belief in self.beliefs.values():
            belief.ended_by.discard(who)
            if belief.approvals.get(who[0], (NOON, ""))[1] == who[1]:
                del belief.approvals[who[0]]

    def publish(self, release: ReleaseId, crash_at: str) -> None:
        def reached(point: str) -> None:
            if point == crash_at:
                raise Died

        try:
            self.office.publish(str(release), reached=reached)
        except (ClearanceError, Died):
            return

    def pass_days(self, days: int) -> None:
        self.office.clock.pass_time(days=days)

    def swap_a_staged_file(self, release: ReleaseId) -> None:
        if release in self.portal.staged:
            self.portal.staged[release]["data/persons.csv"] = b"swapped"

    def may_become_visible(self, release: ReleaseId) -> None:
        belief, now = self.beliefs[release], self.office.clock.now()
        valid = [name for name, (at, _) in belief.approvals.items() if now < at + VALID]
        assert len(valid) >= NEEDED[release] and "s.okafor" not in valid
        assert not belief.ended_by
        assert release not in EMBARGO or now >= EMBARGO[release]
        assert release in self.office.memory.releases(release.dataset)

    def check(self) -> None:
        for release, files in self.portal.public.items():
            assert verify(files, FakePublisher().trust()).verified
            assert self.first_seen.setdefault(release, dict(files)) == files
        for release, until in EMBARGO.items():
            assert self.office.clock.now() >= until or release not in self.portal.staged


Step = tuple[Callable[..., None], tuple[object, ...]]


def steps() -> list[Step]:
    """Each as often as it should be tried."""
    found: list[Step] = []
    for release in RELEASES:
        found += [(World.submit, (release, "0-19"))] * 4 + [(World.submit, (release, "20-39"))]
        for name in PEOPLE:
            found += [(World.decide, (release, name, Choice.APPROVE))] * 5
        found += [(World.decide, (release, PEOPLE[0], choice)) for choice in Choice]
        found += [(World.use_a_code_again, (release, back)) for back in range(3)]
        found += [(World.publish, (release, ""))] * 10
        found += [(World.publish, (release, point)) for point in POINTS]
        found += [(World.swap_a_staged_file, (release,))] * 2
    return found + [(World.pass_days, (1,))] * 4 + [(World.pass_days, (20,))] * 2


@given(st.lists(st.sampled_from(steps()), min_size=30, max_size=30))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_nothing_unapproved_becomes_public_and_nothing_public_changes(walk: list[Step]) -> None:
    world = World()
    for release in RELEASES:
        world.submit(release, "0-19")
    for step, arguments in walk:
        step(world, *arguments)
        world.check()
