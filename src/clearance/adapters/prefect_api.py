"""What Clearance asks of a Prefect server over its REST interface, without importing Prefect.

`import prefect` takes seconds and reads the user's profile; a few calls need neither.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import requests

from clearance.errors import OperatorError, PlanError

TIME_OUT_SECONDS = (5, 30)
POLL_SECONDS = 0.5
ENDED = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")


@dataclass(frozen=True, slots=True)
class RunState:
    """``kind`` is Prefect's type, e.g. PAUSED, ``name`` e.g. Suspended, ``message`` often empty."""

    kind: str
    name: str
    message: str


@dataclass(frozen=True, slots=True)
class PrefectApi:
    """``url`` ends in ``/api``. ``headers`` carry what the server asks for, if anything."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    def run_address(self, run: str) -> str:
        """Where people see a run, in the interface that renders the report."""
        return f"{self.url.removesuffix('/api')}/v2/runs/flow-run/{run}"

    def serves(self, deployment: str) -> bool:
        """Whether ``flow/deployment`` is there and somebody runs it."""
        found = self._call("GET", f"/deployments/name/{deployment}")
        return found is not None and found["status"] == "READY"

    def trigger(self, deployment: str, parameters: Mapping[str, str]) -> str:
        """Id of a new run of ``flow/deployment``.

        OperatorError where nobody serves it; PlanError where its form refuses the parameters.
        """
        found = self._call("GET", f"/deployments/name/{deployment}")
        if found is None:
            raise OperatorError(
                f"Prefect knows no deployment '{deployment}'; 'clearance serve' serves it"
            )
        body = {"parameters": dict(parameters), "state": {"type": "SCHEDULED"}}
        run = self._call(
            "POST", f"/deployments/{found['id']}/create_flow_run", body, refused=(409, 422)
        )
        if run is None:
            raise PlanError(
                f"the deployment '{deployment}' does not offer this dataset; where it is in the "
                "catalog by now, start 'clearance serve' again"
            )
        return str(run["id"])

    def state(self, run: str) -> RunState:
        found = self._call("GET", f"/flow_runs/{run}")
        state = (found or {}).get("state") or {"type": "PENDING", "name": "Pending"}
        return RunState(state["type"], state["name"], state.get("message") or "")

    def await_state(self, run: str, names: Collection[str], *, seconds: float | None) -> RunState:
        """The run's state once it has one of these names, or has ended in any other.

        ``seconds``: how long at most, None for ever. OperatorError when they are over.
        """
        deadline = None if seconds is None else time.monotonic() + seconds
        while True:
            state = self.state(run)
            if state.name in names or state.kind in ENDED:
                return state
            if deadline is not None and time.monotonic() > deadline:
                raise OperatorError(f"the run is still {state.name} after {seconds:.0f} s")
            time.sleep(POLL_SECONDS)

    def resume(self, run: str, answer: Mapping[str, str]) -> None:
        """Answers a suspended run's form. OperatorError where the server refuses it."""
        given = self._call("POST", f"/flow_runs/{run}/resume", {"run_input": dict(answer)})
        if given is None or given["status"] != "ACCEPT":
            raise OperatorError("Prefect did not accept the answer to the review form")

    def _call(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        refused: Collection[int] = (404,),
    ) -> dict[str, Any] | None:
        """The answer; None for a status in ``refused``. A busy SQLite gets a second chance."""
        for patience in (1.0, 3.0, None):
            try:
                answer = requests.request(
                    method,
                    self.url + path,
                    json=body,
                    headers=dict(self.headers),
                    timeout=TIME_OUT_SECONDS,
                )
            except requests.RequestException:
                raise OperatorError(f"Prefect does not answer at {self.url}") from None
            if answer.status_code < 500 or patience is None:
                break
            time.sleep(patience)
        if answer.status_code in refused:
            return None
        if not answer.ok:
            raise OperatorError(f"Prefect answered {answer.status_code} at {self.url}")
        document: dict[str, Any] = answer.json()
        return document
