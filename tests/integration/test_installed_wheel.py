"""The wheel, installed into an empty environment outside the tree, works as the checkout does."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

pytestmark = [pytest.mark.integration, pytest.mark.timeout(900)]


def run(command: list[str | Path], folder: Path) -> str:
    """What the command prints; its end is shown where it fails."""
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith("CLEARANCE_")
    }
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-4000:]
    return done.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs' folder of an environment that holds the wheel and what it needs."""
    folder = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "build", "--outdir", folder, ROOT], folder)
    (wheel,) = folder.glob("*.whl")
    run([sys.executable, "-m", "venv", folder / "empty"], folder)
    programs = folder / "empty" / "bin"
    constraints = ROOT / "constraints.txt"
    run([programs / "pip", "install", "-q", "-c", constraints, f"{wheel}[demo]"], folder)
    return programs


def test_the_wheel_walks_the_whole_road(installed: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shown = run([installed / "clearance", "demo", "--unattended", "--home", home], tmp_path)
    assert shown.count(": verified") == 2, shown
    published = {path.parent.name for path in (home / "portal" / "site").glob("*/index.html")}
    assert {"election-study", "health-insurance"} <= published


def test_the_wheel_says_that_it_is_installed_as_it_was_built(installed: Path) -> None:
    asked = "from clearance.adapters.code_version import code_version; print(code_version())"
    shown = run([installed / "python", "-c", asked], installed)
    assert shown.strip().endswith("(installed)")


def test_the_wheel_makes_a_catalog_to_start_from(installed: Path, tmp_path: Path) -> None:
    run([installed / "clearance", "init", tmp_path / "office"], tmp_path)
    assert (tmp_path / "office" / "catalog" / "my-dataset" / "plan.yaml").is_file()
