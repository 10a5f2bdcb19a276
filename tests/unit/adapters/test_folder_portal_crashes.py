"""A folder portal whose process is killed at any step: what is public is whole, always."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.crash_at_each_step import RELEASE
from tests.sample_release import sample_files
from tests.site_check import problems

from clearance.adapters.folder_portal import FolderPortal
from clearance.candidate import ReleaseId, sha256

PROJECT = Path(__file__).parents[3]
OLD = ReleaseId("household-survey", "2026", 1)
WHOLE = {path: sha256(content) for path, content in sample_files(RELEASE).items()}


@pytest.fixture
def world(tmp_path: Path) -> Path:
    """A portal with one public release."""
    portal = FolderPortal(tmp_path / "world")
    portal.stage(OLD, sample_files(OLD))
    portal.flip(OLD)
    return tmp_path / "world"


def crashed_worlds(world: Path, verb: str) -> list[Path]:
    """The world as it was left behind by a crash at each step; in the last there was none."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.crash_at_each_step", str(world), verb],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    return [Path(line) for line in done.stdout.splitlines()]


def contents(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in folder.rglob("*")
        if file.is_file()
    }


def test_a_flip_that_is_killed_anywhere_leaves_a_whole_site_and_can_be_finished(
    world: Path,
) -> None:
    FolderPortal(world).stage(RELEASE, sample_files(RELEASE))

    *crashed, finished = crashed_worlds(world, "flip")

    assert len(crashed) > 20
    seen = set()
    for left_behind in crashed:
        portal = FolderPortal(left_behind)
        assert problems(portal.site) == [], left_behind
        found = portal.find(RELEASE)
        assert found is not None
        assert found.digests == WHOLE
        seen.add(found.public)
        portal.flip(RELEASE)
        assert contents(portal.site) == contents(finished / "site")
    assert seen == {False, True}


def test_a_staging_that_is_killed_anywhere_changes_nothing_public_and_can_be_repeated(
    world: Path,
) -> None:
    portal = FolderPortal(world)
    portal.stage(RELEASE, {**sample_files(RELEASE), "data/persons.csv": b"age\n0-19\n"})
    before, public = portal.find(RELEASE), contents(portal.site)
    assert before is not None

    *crashed, finished = crashed_worlds(world, "stage")

    assert len(crashed) > 20
    for left_behind in crashed:
        portal = FolderPortal(left_behind)
        assert contents(portal.site) == public
        found = portal.find(RELEASE)
        assert found is None or found.digests in (before.digests, WHOLE)
        assert portal.stage(RELEASE, sample_files(RELEASE)).digests == WHOLE
        assert contents(left_behind / "staging") == contents(finished / "staging")
