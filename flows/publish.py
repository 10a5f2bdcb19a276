"""The publish flow: publishes what the ledger allows, and nothing else.

It takes no parameters, so nobody can ask it for anything. It runs after each approval and
by the clock, as reconciler: for embargoes that end, and for what a crash left undone.
"""

from __future__ import annotations

from typing import Any

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from clearance.adapters import release_run
from clearance.adapters.settings import load
from clearance.errors import ClearanceError

from .steps import step


@flow(name="publish", persist_result=False, log_prints=False)
def publish() -> State[Any]:
    """Publishes everything that is approved and due. Safe to repeat."""
    done: list[str] = []
    failures: list[Exception] = []
    for candidate in due():
        try:
            done.append(publish_release(candidate))
        except ClearanceError as failure:
            failures.append(failure)  # one release must not hold up the others
    if failures:
        raise failures[0]
    return Completed(message="; ".join(done) or "nothing is due")


@step("look up what is due")
def due() -> tuple[str, ...]:
    return release_run.due(load())


@step("publish")
def publish_release(candidate: str) -> str:
    done = release_run.publish_candidate(load(), candidate)
    return f"published {done.release} at {done.address}"
