"""``clearance demo``, ``serve`` and ``release`` as people start them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from clearance.adapters.flow_server import announced
from clearance.adapters.people import People
from clearance.adapters.settings import Home, load, open_home
from clearance.adapters.workshop import check_dataset
from tests.small_catalog import SmallCatalog, write

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]
COMMAND = [sys.executable, "-c", "from clearance.cli import main; main()"]
PATIENCE_SECONDS = 90


def test_the_unattended_demonstration_publishes_and_verifies_both_samples(tmp_path: Path) -> None:
    begun = time.monotonic()
    ended = clearance("demo", "--unattended", "--home", str(tmp_path / "home"), cwd=tmp_path)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    for release in ("election-study/1996/1", "health-insurance/1982/1"):
        assert f"{release}: verified" in ended.stdout
        assert (tmp_path / "home/portal/site" / release / "approval.dsse.json").is_file()
    assert str(tmp_path / "home/portal/site") in ended.stdout.replace("\n", "")
    assert time.monotonic() - begun < 150
    assert left_behind(tmp_path) == []


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_demonstration_that_is_stopped_leaves_nothing_running(
    tmp_path: Path, ending: signal.Signals
) -> None:
    with started("demo", "--home", str(tmp_path / "home"), cwd=tmp_path) as process:
        until(lambda: announced(Home(tmp_path / "home")) is not None)
        assert left_behind(tmp_path)
        process.send_signal(ending)
        assert process.wait(timeout=30) in (130, 128 + ending)
    assert left_behind(tmp_path) == []


def test_a_release_is_triggered_at_the_server_that_serve_started(tmp_path: Path) -> None:
    catalog = with_schema(write(tmp_path))
    People(open_home(Home(catalog.home))).enrol("s.okafor", ["steward"])
    environment = {
        "CLEARANCE_HOME": str(catalog.home),
        "CLEARANCE_CATALOG": str(catalog.catalog),
    }
    alone = clearance("release", "people", cwd=tmp_path, environment=environment)
    assert alone.returncode == 6
    assert "start 'clearance serve'" in alone.stderr
    with started("serve", cwd=tmp_path, environment=environment) as process:
        until(lambda: announced(Home(catalog.home)) is not None)
        api = announced(Home(catalog.home))
        assert api is not None
        until(lambda: api.serves("release/release"))
        triggered = clearance("release", "people", cwd=tmp_path, environment=environment)
        assert triggered.returncode == 0, triggered.stderr
        address = triggered.stdout.split()[1]
        run = address.rpartition("/")[2]
        assert address == api.run_address(run)
        until(lambda: api.state(run).name == "Suspended")
        unknown = clearance("release", "nobody", cwd=tmp_path, environment=environment)
        assert unknown.returncode == 2
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=30)
    assert left_behind(tmp_path) == []
    assert announced(Home(catalog.home)) is None


def with_schema(catalog: SmallCatalog) -> SmallCatalog:
    settings = load(
        {"CLEARANCE_HOME": str(catalog.home), "CLEARANCE_CATALOG": str(catalog.catalog)}
    )
    drafted = check_dataset(settings, "people", notes=catalog.root / "notes").schema_draft
    file = catalog.root / "schemas" / "datasets" / "people.schema.json"
    file.write_text(json.dumps(drafted))
    return catalog


def clearance(
    *arguments: str, cwd: Path, environment: Mapping[str, str] = {}
) -> subprocess.CompletedProcess[str]:
    """The command as a person runs it, with no Prefect and no home of this session's."""
    return subprocess.run(
        [*COMMAND, *arguments],
        env=_clean(environment, cwd),
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


@contextmanager
def started(
    *arguments: str, cwd: Path, environment: Mapping[str, str] = {}
) -> Iterator[subprocess.Popen[bytes]]:
    with (cwd / "terminal").open("wb") as terminal:
        process = subprocess.Popen(
            [*COMMAND, *arguments],
            env=_clean(environment, cwd),
            cwd=cwd,
            stdout=terminal,
            stderr=subprocess.STDOUT,
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
            process.wait(timeout=30)


def _clean(environment: Mapping[str, str], home: Path) -> dict[str, str]:
    others = {
        name: text
        for name, text in os.environ.items()
        if not name.startswith(("PREFECT_", "CLEARANCE_"))
    }
    return others | {"HOME": str(home)} | dict(environment)


def left_behind(root: Path) -> list[str]:
    """The command lines of running processes whose Prefect home lies below ``root``."""
    found = []
    for process in Path("/proc").iterdir():
        if not process.name.isdigit():
            continue
        try:
            environment = (process / "environ").read_bytes()
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if f"PREFECT_HOME={root}".encode() in environment:
            found.append(command)
    return found


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.2)
