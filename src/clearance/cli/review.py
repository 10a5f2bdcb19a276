"""``clearance review``: what waits for review, the full report, a decision."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from clearance.adapters.connections import Connections
    from clearance.review import Case


@click.group()
def review() -> None:
    """Disclosure review: what waits, the full report, a decision."""


@review.command("list")
def list_waiting() -> None:
    """What waits for a reviewer."""
    from clearance.desk import status

    here = _connect()
    waiting = [
        each
        for each in status(here.ledger, now=here.clock.now())
        if each.state == "waiting-for-review"
    ]
    for each in waiting:
        click.echo(f"{each.release}  {each.title}  ({each.blocked_by})")
        click.echo(f"    {each.next}")
    if not waiting:
        click.echo("nothing waits for review")


@review.command()
@click.argument("id_", metavar="ID")
def show(id_: str) -> None:
    """The full report of a release, for reviewers only, and the decisions on it.

    ID is the release, e.g. household-survey/2026/1, or its manifest digest.
    """
    from clearance.desk import full_report

    here = _connect()
    case = _case(here, id_)
    report = full_report(case, vault=here.vault)
    click.echo(_heading(here, case))
    click.echo(report.decode())


@review.command()
@click.argument("id_", metavar="ID")
@click.option("--decision", type=click.Choice(["approve", "return", "reject"]), prompt="Decision")
@click.option("--reviewer", prompt="Reviewer", help="Your name as it was enrolled.")
@click.option("--reason", default="", help="Needed to return or reject; kept sealed.")
def decide(id_: str, decision: str, reviewer: str, reason: str) -> None:
    """Decide on a release; asks for a one-time code."""
    from uuid import uuid4

    from clearance.desk import answer
    from clearance.errors import ReviewError

    here = _connect()
    case = _case(here, id_)
    if decision != "approve" and not reason:
        reason = click.prompt("Reason")
    outcome = answer(
        case.manifest,
        run=f"command-line-{uuid4()}",
        attempt=1,
        reviewer=reviewer,
        code=click.prompt("One-time code", hide_input=True),
        decision=decision,
        reason=reason,
        ledger=here.ledger,
        judge=here.judge,
        vault=here.vault,
        clock=here.clock,
        at=here.clock.now(),
    )
    if not outcome.accepted:
        raise ReviewError(f"{case.release}: {outcome.message}")
    click.echo(f"{case.release}: {outcome.message}")


def _connect() -> Connections:
    from clearance.adapters.connections import connect
    from clearance.adapters.settings import load

    return connect(load())


def _case(here: Connections, id_: str) -> Case:
    from clearance.desk import case_of

    return case_of(id_, ledger=here.ledger, now=here.clock.now())


def _heading(here: Connections, case: Case) -> str:
    from clearance.desk import reasons
    from clearance.review import status

    told = status(case, now=here.clock.now())
    decisions = [
        f"{reviewer}: {choice}" + (f" - {reason}" if reason else "")
        for reviewer, choice, reason in reasons(case, ledger=here.ledger, vault=here.vault)
    ]
    lines = [
        f"{told.release}  {told.title}",
        f"state      {told.state}" + (f": {told.blocked_by}" if told.blocked_by else ""),
        f"next       {told.next}",
        f"manifest   {case.manifest}",
        f"code       {case.bindings.code_version}",
        f"steward    {case.steward}",
        f"policies   {', '.join(case.policies)}",
        *(f"decision   {line}" for line in decisions),
    ]
    return "\n".join(lines) + "\n"
