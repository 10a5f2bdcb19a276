"""How every step of a flow behaves: nothing stored, nothing told, operators' errors retried."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, ParamSpec, TypeVar, cast

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.runtime import flow_run

from clearance.adapters.failures import shielded
from clearance.adapters.settings import load
from clearance.errors import OperatorError

Given = ParamSpec("Given")
Result = TypeVar("Result")

RETRY_AFTER_SECONDS = [2.0, 5.0, 15.0]


def step(name: str) -> Callable[[Callable[Given, Result]], Callable[Given, Result]]:
    """A task of I/O that is safe to repeat. What it is given are identifiers, never data."""

    def made(function: Callable[Given, Result]) -> Callable[Given, Result]:
        as_task = task(
            name=name,
            retries=len(RETRY_AFTER_SECONDS),
            retry_delay_seconds=RETRY_AFTER_SECONDS,
            retry_condition_fn=operator_acts,
            cache_policy=NO_CACHE,
            persist_result=False,
            log_prints=False,
        )
        return cast("Callable[Given, Result]", as_task(shielded_here(function)))

    return made


def shielded_here(function: Callable[Given, Result]) -> Callable[Given, Result]:
    """``function``, whose failures tell Prefect nothing that is private."""
    return shielded(function, notes=_notes)


def operator_acts(_: Task[Any, Any], __: TaskRun, state: State[Any]) -> bool:
    """Whether trying again may help: nobody else's errors go away by themselves."""
    try:
        state.result()
    except OperatorError:
        return True
    except Exception:  # noqa: BLE001 - the question is only whether it is an operator's
        return False
    return False


def _notes() -> Path:
    return load().home.private / f"run-{flow_run.id}.txt"
