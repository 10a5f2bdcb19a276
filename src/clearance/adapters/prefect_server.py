"""A real Prefect server of our own, in a folder of its own, beside any other on the machine."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import requests

from clearance.adapters.processes import running
from clearance.errors import OperatorError

START_SECONDS = 120.0
"""A first start makes the database; 12 to 24 s are usual, more on a busy machine."""
USUAL_PORT = 4200


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefectServer:
    """``environment``: what a process needs to talk to this server and to no other."""

    address: str
    environment: Mapping[str, str]
    folder: Path

    @property
    def api(self) -> str:
        return f"{self.address}/api"


def environment(inherited: Mapping[str, str], *, folder: Path, api: str) -> dict[str, str]:
    """``inherited`` without anybody's Prefect profile, with one that lives in ``folder``.

    Nothing is counted or sent to anybody outside, and no other web page may call it.
    """
    own = {
        "PREFECT_HOME": str(folder),
        "PREFECT_PROFILES_PATH": str(folder / "profiles.toml"),
        "PREFECT_API_URL": api,
        "PREFECT_SERVER_CORS_ALLOWED_ORIGINS": api.removesuffix("/api"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_SERVER_API_BLOCKS_REGISTER_ON_START": "false",
        "PREFECT_LOGGING_LEVEL": "WARNING",
        "PREFECT_LOGGING_SERVER_LEVEL": "WARNING",
        "DO_NOT_TRACK": "1",
    }
    others = {name: text for name, text in inherited.items() if not name.startswith("PREFECT_")}
    return others | own


@contextmanager
def prefect_server(
    folder: Path, *, inherited: Mapping[str, str], port: int | None = None
) -> Iterator[PrefectServer]:
    """A server on 127.0.0.1 with its database in ``folder``, gone when the block is left.

    ``port``: None for a free one. OperatorError where it does not come up.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    number = port or free_port()
    address = f"http://127.0.0.1:{number}"
    server = PrefectServer(
        address=address,
        environment=environment(inherited, folder=folder, api=f"{address}/api"),
        folder=folder,
    )
    command = [sys.executable, "-m", "clearance.flows.server", str(number)]
    log = folder / "server.log"
    with running(command, environment=server.environment, folder=folder, log=log) as process:
        _await_health(server, process, log)
        yield server


def free_port(preferred: int = 0) -> int:
    """``preferred`` where nobody listens on it, else any free port of 127.0.0.1."""
    for number in (preferred, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", number))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OperatorError("no free port on 127.0.0.1")


def _await_health(server: PrefectServer, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise OperatorError(f"the Prefect server ended at once; its log is {log}")
        if _healthy(server):
            return
        time.sleep(0.2)
    raise OperatorError(
        f"the Prefect server did not come up in {START_SECONDS:.0f} s; its log is {log}"
    )


def _healthy(server: PrefectServer) -> bool:
    try:
        return requests.get(f"{server.api}/health", timeout=(2, 5)).ok
    except requests.RequestException:
        return False
