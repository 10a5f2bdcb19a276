"""A demonstration home: sample datasets, sample people, and who approves in their name.

A real home can never be taken for one, and nothing of it goes to a real portal.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from clearance.adapters.connections import connect
from clearance.adapters.flow_server import Office, office
from clearance.adapters.people import People
from clearance.adapters.samples import lay_out
from clearance.adapters.settings import Home, Settings, load, open_home
from clearance.desk import status
from clearance.errors import OperatorError, ReviewError
from clearance.review import Status

STEWARD = "s.okafor"
REVIEWERS = {"election-study": "r.lindqvist", "health-insurance": "r.tanaka"}
"""Who reviews which sample. A code is good once, so each release has a reviewer of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A release that waits for its review: its run and where the form is."""

    dataset: str
    run: str
    address: str

    @property
    def reviewer(self) -> str:
        return REVIEWERS[self.dataset]


def set_up(folder: Path, *, portal_url: str) -> Settings:
    """A marked demonstration home in ``folder`` with catalog, sources and people.

    ``portal_url``: what the environment asks for; OperatorError unless it is a folder portal.
    Safe to repeat in a demonstration home; OperatorError in any other.
    """
    home = Home(folder.absolute())
    if not portal_url.startswith("folder:"):
        raise OperatorError(
            "a demonstration publishes to a folder only; unset CLEARANCE_PORTAL_URL"
        )
    home.path.mkdir(mode=0o700, parents=True, exist_ok=True)
    home.mark_demonstration()
    open_home(home)
    catalog = lay_out(home.path, policies=home.policies)
    people = People(home)
    for name, role in {STEWARD: "steward", **dict.fromkeys(REVIEWERS.values(), "reviewer")}.items():
        if people.find(name) is None:
            people.enrol(name, (role,))
    return load(
        {
            "CLEARANCE_HOME": str(home.path),
            "CLEARANCE_CATALOG": str(catalog),
            "CLEARANCE_PORTAL_URL": f"folder:{home.portal}",
        }
    )


@contextmanager
def demonstration_office(settings: Settings) -> Iterator[Office]:
    """A Prefect server and the served flows, for a demonstration home only."""
    _only_in_a_demonstration(settings)
    with office(settings) as opened:
        yield opened


def hand_in_samples(opened: Office) -> list[Waiting]:
    """Both samples, each triggered as its steward would."""
    runs = {dataset: opened.trigger_release(dataset) for dataset in REVIEWERS}
    return [
        Waiting(dataset=dataset, run=run, address=opened.api.run_address(run))
        for dataset, run in runs.items()
    ]


def code(settings: Settings, waiting: Waiting, at: datetime) -> str:
    """What the sample reviewer's app shows."""
    return People(settings.home).demonstration_code(waiting.reviewer, at)


def approve(settings: Settings, opened: Office, waiting: Waiting) -> None:
    """Answers the review form as the sample reviewer, over the same API as the form."""
    _only_in_a_demonstration(settings)
    opened.api.resume(
        waiting.run,
        {
            "decision": "approve",
            "reviewer": waiting.reviewer,
            "one_time_code": code(settings, waiting, connect(settings).clock.now()),
            "reason": "demonstration without a reviewer",
        },
    )


def releases(settings: Settings) -> dict[str, Status]:
    """By dataset, where the newest release is."""
    here = connect(settings)
    found = status(here.ledger, now=here.clock.now())
    return {each.release.partition("/")[0]: each for each in found}


def _only_in_a_demonstration(settings: Settings) -> None:
    if not settings.home.demonstration:
        raise ReviewError(f"{settings.home.path} is no demonstration home; nobody approves for it")
    if settings.portal_url != f"folder:{settings.home.portal}":
        raise ReviewError("a demonstration publishes to the folder portal in its own home only")
