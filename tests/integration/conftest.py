"""Real servers for the tests that are marked ``integration``."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import platformdirs
import pytest
from ckanapi import RemoteCKAN
from ckanapi.errors import ValidationError

SCRIPTS = Path(__file__).parent / "ckan"
NEEDED = ("pg_ctlcluster", "redis-server", "curl")


@dataclass(frozen=True, slots=True)
class Ckan:
    """A running CKAN; ``token`` is that of an editor of ``organization``."""

    address: str
    token: str
    admin_token: str
    organization: str


@pytest.fixture(scope="session")
def ckan() -> Iterator[Ckan]:
    """A CKAN of this session's own, or the one that CLEARANCE_TEST_CKAN names and keeps.

    That variable holds a state folder; CLEARANCE_TEST_CACHE the folder for its installation.
    """
    _insist_on_servers()
    cache = os.environ.get("CLEARANCE_TEST_CACHE") or platformdirs.user_cache_dir("clearance-tests")
    kept = os.environ.get("CLEARANCE_TEST_CKAN")
    if kept:
        yield _started(Path(kept), Path(cache))
        return
    state = Path(tempfile.mkdtemp(prefix="clearance-ckan-"))
    state.chmod(0o755)  # the database server runs as a user of its own
    try:
        yield _started(state / "state", Path(cache))
    finally:
        subprocess.run([SCRIPTS / "stop.sh", state / "state"], check=True, timeout=60)
        shutil.rmtree(state)


def _insist_on_servers() -> None:
    missing = [program for program in NEEDED if shutil.which(program) is None]
    if not missing:
        return
    message = f"a real CKAN needs {', '.join(missing)} (Debian: postgresql redis-server curl)"
    if os.environ.get("CLEARANCE_REQUIRE_SERVERS") == "1":
        pytest.fail(message)
    pytest.skip(message)


def _started(state: Path, cache: Path) -> Ckan:
    started = subprocess.run(
        [SCRIPTS / "start.sh", state, cache], stdout=subprocess.PIPE, check=True, text=True
    )
    address, admin_token = started.stdout.splitlines()[-1].split()
    with RemoteCKAN(address, apikey=admin_token) as portal:
        return Ckan(address, _editors_token(portal), admin_token, "statistics-office")


def _editors_token(portal: RemoteCKAN) -> str:
    call = portal.call_action
    try:
        call("organization_create", {"name": "statistics-office", "title": "Statistics office"})
        call(
            "user_create",
            {"name": "editor", "email": "editor@example.org", "password": "editorpass123"},
        )
    except ValidationError:
        pass  # a kept instance has both
    member = {"id": "statistics-office", "username": "editor", "role": "editor"}
    call("organization_member_create", member)
    return str(call("api_token_create", {"user": "editor", "name": "tests"})["token"])
