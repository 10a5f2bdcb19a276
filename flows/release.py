"""The release flow: hand a dataset in, ask its reviewers, ask for its publication.

A run that was suspended, killed or retried starts again from the top; every step first
looks up what was done. The run ends when the ledger holds the decision. It publishes
nothing: that is the publish flow's work, which trusts the ledger alone.
"""

from __future__ import annotations

from itertools import count
from typing import Annotated, Any, Literal
from uuid import UUID

from prefect import flow, get_client, suspend_flow_run
from prefect.client.schemas.objects import State
from prefect.deployments import run_deployment
from prefect.exceptions import ObjectNotFound
from prefect.input import RunInput
from prefect.runtime import flow_run
from prefect.states import Completed
from pydantic import Field, GetJsonSchemaHandler, SecretStr, ValidationError
from pydantic_core import CoreSchema

from clearance.adapters import release_run
from clearance.adapters.catalog import datasets
from clearance.adapters.release_run import Typed
from clearance.adapters.settings import crash_switch, load
from clearance.desk import Outcome
from clearance.review import State as Review

from .steps import shielded_here, step


class ReviewForm(RunInput):
    """Every field is required: with defaults, a plain "resume" would approve."""

    decision: Literal["approve", "return", "reject"] = Field(
        description="Approve these bytes, return them to the steward, or reject them for good."
    )
    reviewer: str = Field(max_length=64, description="Your name as it was enrolled.")
    one_time_code: SecretStr = Field(
        max_length=16, description="From your authenticator app; each is good once."
    )
    reason: str = Field(max_length=4000, description="Kept sealed. To approve, a word will do.")


class Offered:
    """Makes the form offer the catalog's datasets, and Prefect refuse any other."""

    def __get_pydantic_json_schema__(
        self, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(core), "enum": list(datasets(load().catalog))}


@flow(name="release", flow_run_name="{dataset}", persist_result=False, log_prints=False)
def release(dataset: Annotated[str, Offered()]) -> State[Any]:
    """Releases a dataset of the catalog: prepare, attack, review. The publish flow publishes."""
    run = str(flow_run.id)
    candidate = hand_in(dataset, run)
    outcome = standing(candidate)
    for attempt in count(1):
        if outcome.settled:
            break
        ask(candidate, attempt, told="" if attempt == 1 else outcome.message)
        outcome = judge(candidate, run, attempt)
    if outcome.state is Review.APPROVED:
        ask_for_publication()
    return Completed(name=outcome.state.value.capitalize(), message=outcome.message)


@step("prepare, attack and hand in")
def hand_in(dataset: str, run: str) -> str:
    return release_run.hand_in(load(), dataset, run)


@step("look up the review")
def standing(candidate: str) -> Outcome:
    return release_run.standing(load(), candidate)


@step("judge the answer")
def judge(candidate: str, run: str, attempt: int) -> Outcome:
    return release_run.judge(
        load(), candidate, run=run, attempt=attempt, typed=typed_in(run, attempt)
    )


def ask(candidate: str, attempt: int, *, told: str) -> None:
    """Suspends the run until somebody answers; comes back at once where somebody did."""
    refusal = f"**Asked again:** {told}.\n\n---\n\n" if told else ""
    description = refusal + shielded_here(release_run.report_for_prefect)(load(), candidate)
    form = ReviewForm.with_initial_data(description=description)
    try:
        suspend_flow_run(wait_for_input=form, key=key(attempt))
    except ValidationError:
        return  # resumed without a complete form; its judge says so


def typed_in(run: str, attempt: int) -> Typed | None:
    """The answer as Prefect keeps it, which alone says when it was given."""
    with get_client(sync_client=True) as client:
        found = client.filter_flow_run_input(
            UUID(run), key_prefix=f"suspended-{key(attempt)}-response", limit=1, exclude_keys=set()
        )
    if not found or found[0].created is None:
        return None
    try:
        form = ReviewForm(**found[0].decoded_value)
    except (ValidationError, TypeError):
        return None
    return Typed(
        decision=form.decision,
        reviewer=form.reviewer,
        code=form.one_time_code.get_secret_value(),
        reason=form.reason,
        at=found[0].created,
    )


def key(attempt: int) -> str:
    return f"review-{attempt}"


def ask_for_publication() -> None:
    """The publish flow runs soon. Where it is not served, the next reconciler publishes."""
    reached = crash_switch(load())
    reached("before-request")
    try:
        run_deployment("publish/publish", timeout=0, as_subflow=False)
    except ObjectNotFound:
        return
    reached("after-request")
