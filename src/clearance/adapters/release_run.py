"""What one run of the release flow does, step by step, whatever runs it.

Every step may be repeated after a crash: what is done already is looked up in the ledger
by the run's id. What the steps give back is fit for a place that anybody may read.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from clearance import desk
from clearance.adapters.catalog import load_plan
from clearance.adapters.connections import Connections, connect, portal, publisher
from clearance.adapters.settings import Settings, crash_switch
from clearance.adapters.workshop import prepare_release
from clearance.desk import Outcome
from clearance.errors import DisclosureRiskError, ReviewError
from clearance.findings import blocking
from clearance.publication import Published, publish
from clearance.review import REFUSALS, Refusal, State, cases

PREFECT_REPORT = "prefect-report"
NOT_FILLED_IN = "the form was not filled in; all of its fields are needed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """What a reviewer typed into the form, and when. All of it is hostile text."""

    decision: str
    reviewer: str
    code: str
    reason: str
    at: datetime

    def __repr__(self) -> str:
        return "Typed(hidden)"


def hand_in(settings: Settings, dataset: str, run: str) -> str:
    """Manifest digest of the candidate that this run handed in for review.

    DisclosureRiskError, with the findings, where something blocks the release.
    """
    here, reached = connect(settings), crash_switch(settings)
    known = desk.submitted(run, ledger=here.ledger)
    if known is not None:
        return known
    refuse_unknown_steward(here, load_plan(settings.catalog, dataset)[0].steward)
    reached("before-prepare")
    prepared = prepare_release(settings, dataset)
    reached("after-prepare")
    if prepared.attacked is None:
        raise DisclosureRiskError(
            "findings block the release", findings=blocking(prepared.findings)
        )
    digest = prepared.attacked.sealed.manifest.digest
    here.vault.seal_note(digest, PREFECT_REPORT, prepared.prefect_report.encode())
    reached("before-submit")
    desk.submit(prepared.attacked, run=run, ledger=here.ledger, clock=here.clock)
    reached("after-submit")
    return digest


def refuse_unknown_steward(here: Connections, steward: str) -> None:
    """ReviewError: a name that nobody is enrolled under would hide who may not approve."""
    person = here.people.find(steward)
    if person is None or "steward" not in person.roles:
        raise ReviewError(
            "the plan's steward is not enrolled as one; correct 'steward' in the plan, or run "
            "'clearance people add NAME --role steward'"
        )


def report_for_prefect(settings: Settings, candidate: str) -> str:
    """The disclosure report as far as Prefect may see it, in Markdown."""
    return connect(settings).vault.open_note(candidate, PREFECT_REPORT).decode()


def standing(settings: Settings, candidate: str) -> Outcome:
    """Where the review of the candidate stands in the ledger, before anybody is asked."""
    here = connect(settings)
    known = cases(here.ledger.entries(), now=here.clock.now())
    case = next((case for case in known if case.manifest == candidate), None)
    if case is None:
        message = REFUSALS[Refusal.SUPERSEDED]
        return Outcome(accepted=False, settled=True, state=State.RETURNED, message=message)
    return Outcome(
        accepted=False,
        settled=case.state is not State.WAITING,
        state=case.state,
        message=f"{case.release} is {case.state.value}",
    )


def judge(
    settings: Settings, candidate: str, *, run: str, attempt: int, typed: Typed | None
) -> Outcome:
    """What became of the answer to the run's question number ``attempt``.

    ``typed``: None where the run was resumed without a complete form.
    """
    if typed is None:
        return Outcome(accepted=False, settled=False, state=State.WAITING, message=NOT_FILLED_IN)
    here, reached = connect(settings), crash_switch(settings)
    reached("before-decide")
    outcome = desk.answer(
        candidate,
        run=run,
        attempt=attempt,
        reviewer=typed.reviewer,
        code=typed.code,
        decision=typed.decision,
        reason=typed.reason,
        ledger=here.ledger,
        judge=here.judge,
        vault=here.vault,
        clock=here.clock,
        at=typed.at,
    )
    reached("after-decide")
    return outcome


def due(settings: Settings) -> tuple[str, ...]:
    """Manifest digests of what the ledger allows to be published now."""
    here = connect(settings)
    return desk.due(here.ledger, now=here.clock.now())


def publish_candidate(settings: Settings, candidate: str) -> Published:
    """Publishes what was approved, once; see `clearance.publication`."""
    here: Connections = connect(settings)
    return publish(
        candidate,
        ledger=here.ledger,
        vault=here.vault,
        memory=here.memory,
        portal=portal(settings),
        publisher=publisher(settings),
        clock=here.clock,
        reached=crash_switch(settings),
    )
