"""kill -9 before and after each durable effect, with the real ledger, vault, memory and portal."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.home_office import open_office

from clearance.adapters.connections import connect
from clearance.adapters.published_files import read_published
from clearance.adapters.settings import load
from clearance.cli import publish as cli
from clearance.publication import EFFECTS
from clearance.record.verify import parse_trust, verify
from clearance.review import Kind

POINTS = [f"{when}-{effect}" for effect in EFFECTS for when in ("before", "after")]
RELEASE = "survey/2026/1"
PUBLISH = "from clearance.cli.publish import publish; publish()"


@pytest.fixture(scope="module")
def approved_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each test publishes from a copy of this home: same ledger, same keys, same bytes."""
    office = open_office(tmp_path_factory.mktemp("approved") / "home")
    office.approve(office.submit())
    return office.path


@pytest.fixture(scope="module")
def expected(approved_home: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What an undisturbed publication makes public."""
    home = copy_of(approved_home, tmp_path_factory.mktemp("undisturbed"))
    assert killed(home, crash_at="").returncode == 0
    return shown(home)


def copy_of(home: Path, folder: Path) -> Path:
    return Path(shutil.copytree(home, folder / "home"))


def killed(home: Path, *, crash_at: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "CLEARANCE_HOME": str(home), "CLEARANCE_CRASH_AT": crash_at}
    return subprocess.run(
        [sys.executable, "-c", PUBLISH, RELEASE],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


def shown(home: Path) -> dict[str, bytes]:
    """The files of the release that citizens see."""
    folder = home / "portal" / "site" / RELEASE
    return read_published(str(folder)) if folder.exists() else {}


@pytest.mark.parametrize("point", POINTS)
def test_a_killed_publication_shows_all_or_nothing_and_is_completed_by_the_next(
    approved_home: Path, expected: dict[str, bytes], tmp_path: Path, point: str
) -> None:
    home = copy_of(approved_home, tmp_path)
    assert killed(home, crash_at=point).returncode == -signal.SIGKILL
    flipped = POINTS.index(point) >= POINTS.index("after-flip")
    assert shown(home) == (expected if flipped else {})
    resumed = CliRunner(env={"CLEARANCE_HOME": str(home)}).invoke(cli.publish, [RELEASE])
    assert (resumed.exit_code, resumed.stderr) == (0, "")
    assert shown(home) == expected
    here = connect(load({"CLEARANCE_HOME": str(home)}))
    here.ledger.check()
    kinds = [entry.kind for entry in here.ledger.entries(release=RELEASE)]
    assert [kinds.count(kind) for kind in (Kind.RECORD, Kind.REMEMBERED, Kind.PUBLISHED)] == [1] * 3
    trust = parse_trust((home / "trust.json").read_text(), where="trust.json")
    assert verify(shown(home), trust).verified
