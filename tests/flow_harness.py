"""A real Prefect server for a session of tests, and offices whose flows run on it.

The flows run in this process, as a worker would run them, which takes a second instead of
five; where a test kills one, it runs in a process of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pyotp
import pytest

from clearance.adapters.connections import Connections, connect
from clearance.adapters.folder_portal import FolderPortal
from clearance.adapters.prefect_api import PrefectApi
from clearance.adapters.prefect_server import PrefectServer, prefect_server
from clearance.adapters.settings import Settings, environment_of, load
from clearance.adapters.workshop import check_dataset
from tests.small_catalog import SmallCatalog, write

STEWARD = "s.okafor"
REVIEWERS = ("r.first", "r.second")
DATASET = "people"
NEXT_CODE = timedelta(seconds=30)


@pytest.fixture(scope="session")
def prefect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrefectServer]:
    """The session's server. Prefect is imported after this, so that it knows no other."""
    with prefect_server(tmp_path_factory.mktemp("prefect"), inherited=os.environ) as server:
        before = dict(os.environ)
        os.environ.update(server.environment)
        try:
            yield server
        finally:
            _send_what_is_left()
            os.environ.clear()
            os.environ.update(before)


def _send_what_is_left() -> None:
    """Prefect's background threads end here; at exit they would wait for a server that is gone."""
    if "prefect" not in sys.modules:
        return
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    for worker in (APILogWorker, EventsWorker):
        worker.drain_all(timeout=10)


@dataclass(frozen=True)
class FlowOffice:
    """A home with a releasable dataset, people, and the served flows."""

    catalog: SmallCatalog
    settings: Settings
    here: Connections
    api: PrefectApi
    secrets: Mapping[str, str]
    printed: list[str] = field(default_factory=list)

    # ------------------------------------------------------------ people

    def code(self, reviewer: str = "r.first", *, later: int = 0) -> str:
        """The reviewer's code now, or the one that comes ``later`` codes after it."""
        at = self.here.clock.now() + later * NEXT_CODE
        return pyotp.TOTP(self.secrets[reviewer]).at(at)

    def answer(self, run: str, **changed: str) -> None:
        """Answers the form of a suspended run: an approval, but for what is ``changed``."""
        approval = {
            "decision": "approve",
            "reviewer": "r.first",
            "one_time_code": self.code() if "one_time_code" not in changed else "",
            "reason": "looked at",
        }
        self.api.resume(run, approval | changed)

    # ------------------------------------------------------------ runs

    def trigger(self, dataset: str = DATASET) -> str:
        return self.api.trigger("release/release", {"dataset": dataset})

    def run(self, run: str) -> str:
        """Runs a release here until it ends or is suspended; its state's name."""
        from clearance.flows.release import release
        from prefect import get_client
        from prefect.exceptions import Pause
        from prefect.flow_engine import run_flow

        with get_client(sync_client=True) as client, suppress(Pause):
            found = client.read_flow_run(UUID(run))
            run_flow(release, flow_run=found, parameters=found.parameters, return_type="state")
        return self.api.state(run).name

    def suspended(self) -> str:
        """A run that waits for its review."""
        run = self.trigger()
        assert self.run(run) == "Suspended", self.api.state(run)
        return run

    def approved(self) -> str:
        """A run that ended with an approval; nothing is published yet."""
        run = self.suspended()
        self.answer(run)
        assert self.run(run) == "Approved", self.api.state(run)
        return run

    def publish(self) -> str:
        """Runs the publish flow here; what its state says."""
        from clearance.flows.publish import publish

        return publish(return_state=True).message or ""

    def retry(self, run: str) -> None:
        """What "Retry" in the interface does."""
        from prefect import get_client
        from prefect.states import AwaitingRetry

        with get_client(sync_client=True) as client:
            client.set_flow_run_state(run, AwaitingRetry(), force=True)

    def run_apart(self, run: str, *, crash_at: str = "") -> int:
        """Runs it in a process of its own, killed where ``crash_at`` says; the exit code."""
        environment = environment_of(self.settings) | {
            "PREFECT__FLOW_RUN_ID": run,
            "CLEARANCE_CRASH_AT": crash_at,
        }
        ended = subprocess.run(
            [sys.executable, "-m", "prefect.engine"],
            env=environment,
            cwd=self.settings.home.path,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        self.printed.append(ended.stdout + ended.stderr)
        return ended.returncode

    # ------------------------------------------------------------ what came of it

    @property
    def kinds(self) -> list[str]:
        """What the ledger tells, in order."""
        return [entry.kind for entry in self.here.ledger.entries()]

    @property
    def public(self) -> dict[str, bytes]:
        """Every file of every public release."""
        site = FolderPortal(self.settings.home.portal).site
        folders = [path.parent for path in site.rglob("approval.dsse.json")]
        return {
            str(file.relative_to(site)): file.read_bytes()
            for folder in folders
            for file in folder.rglob("*")
            if file.is_file()
        }

    def form(self, run: str, attempt: int) -> str:
        """What the review form says above its fields."""
        import requests

        found = requests.post(
            f"{self.api.url}/flow_runs/{run}/input/filter",
            json={"prefix": f"suspended-review-{attempt}-description"},
            timeout=30,
        ).json()
        return str(json.loads(found[0]["value"]))


Change = Callable[[dict[str, Any]], None]


def open_flow_office(
    root: Path, server: PrefectServer, monkeypatch: pytest.MonkeyPatch, **varied: Any
) -> FlowOffice:
    """An office in ``root``; ``varied`` as `small_catalog.write` takes it."""
    catalog = write(root, **varied)
    for name, text in _environment(catalog).items():
        monkeypatch.setenv(name, text)
    settings = load()
    here = connect(settings)
    here.people.enrol(STEWARD, ["steward", "reviewer"])
    secrets = {
        name: enrolled.secret
        for name in REVIEWERS
        if (enrolled := here.people.enrol(name, ["reviewer"])) is not None
    }
    secrets[STEWARD] = here.people.secret(STEWARD)
    _apply_deployments()
    return FlowOffice(catalog, settings, here, PrefectApi(server.api), secrets)


def write_schema(office: FlowOffice) -> None:
    """Adopts the drafted schema, as a steward would after having read it."""
    drafted = check_dataset(office.settings, DATASET, notes=office.catalog.root / "notes")
    file = office.catalog.root / "schemas" / "datasets" / f"{DATASET}.schema.json"
    file.write_text(json.dumps(drafted.schema_draft))


def _environment(catalog: SmallCatalog) -> dict[str, str]:
    return {"CLEARANCE_HOME": str(catalog.home), "CLEARANCE_CATALOG": str(catalog.catalog)}


def _apply_deployments() -> None:
    from clearance.flows.serve import publish_deployment, release_deployment

    release_deployment().apply()
    publish_deployment().apply()
