"""A Prefect server with the flows served, as processes that end with the block."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

from clearance.adapters.locks import file_lock
from clearance.adapters.prefect_api import PrefectApi
from clearance.adapters.prefect_server import free_port, prefect_server
from clearance.adapters.processes import running
from clearance.adapters.settings import Home, Settings, environment_of, open_home
from clearance.errors import LedgerError, OperatorError

RELEASE_DEPLOYMENT = "release/release"
SERVE_SECONDS = 60.0
"""Until the flows are served; 3 s are usual, more on a busy machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """Where releases are triggered and reviewed while the block runs."""

    address: str
    api: PrefectApi
    flows: Popen[bytes]
    log: Path

    def trigger_release(self, dataset: str) -> str:
        """Id of the new run."""
        return self.api.trigger(RELEASE_DEPLOYMENT, {"dataset": dataset})

    def check(self) -> None:
        """OperatorError where the flows are not served any more."""
        if self.flows.poll() is not None:
            raise OperatorError(f"the flows are not served any more; see {self.log}")


@contextmanager
def office(settings: Settings, *, port: int = 0) -> Iterator[Office]:
    """Prefect's server and the flows, with all that Prefect keeps in the home's own folder.

    ``port``: the wished one, 0 for any. OperatorError where either does not come up.
    """
    home = open_home(settings.home)
    folder, inherited = home.prefect, environment_of(settings)
    with (
        _alone(home),
        prefect_server(folder, inherited=inherited, port=free_port(port)) as server,
    ):
        log = folder / "flows.log"
        command = [sys.executable, "-m", "clearance.flows.serve"]
        with (
            running(command, environment=server.environment, folder=folder, log=log) as flows,
            _announced(settings.home, server.api),
        ):
            opened = Office(
                address=server.address, api=PrefectApi(server.api), flows=flows, log=log
            )
            _await_deployments(opened)
            yield opened


@contextmanager
def _alone(home: Home) -> Iterator[None]:
    """One office at a time for a home, or the second would end with the first one's address."""
    with ExitStack() as held:
        try:
            held.enter_context(file_lock(home.locks, "serve", wait_seconds=0))
        except LedgerError:
            raise OperatorError(
                "the flows of this home are served already; end that 'clearance serve' first"
            ) from None
        yield


def announced(home: Home) -> PrefectApi | None:
    """The server that `office` runs for this home now, if it does."""
    file = _announcement(home)
    return PrefectApi(file.read_text(encoding="ascii")) if file.is_file() else None


@contextmanager
def _announced(home: Home, api: str) -> Iterator[None]:
    file = _announcement(home)
    file.write_text(api, encoding="ascii")
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def _announcement(home: Home) -> Path:
    return home.prefect / "address"


def _await_deployments(opened: Office) -> None:
    deadline = time.monotonic() + SERVE_SECONDS
    while not opened.api.serves(RELEASE_DEPLOYMENT):
        opened.check()
        if time.monotonic() > deadline:
            raise OperatorError(f"the flows were not served in {SERVE_SECONDS:.0f} s")
        time.sleep(0.2)
