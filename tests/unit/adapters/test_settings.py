"""What the environment may say, and what a home is."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from clearance.adapters.connections import connect, portal, publisher
from clearance.adapters.settings import (
    KERNELS,
    Home,
    Settings,
    environment_of,
    keep_kernels,
    load,
    open_home,
)
from clearance.errors import OperatorError, PortalError
from clearance.record.verify import parse_trust


def settings_in(folder: Path, **given: str) -> Settings:
    names = {f"CLEARANCE_{name}": value for name, value in given.items()}
    return load({"CLEARANCE_HOME": str(folder / "home"), **names})


def test_without_any_setting_there_are_embedded_defaults(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    assert settings.home.path == tmp_path / "home"
    assert settings.portal_url == f"folder:{tmp_path / 'home' / 'portal'}"
    assert (settings.engine, settings.crash_at, settings.portal_token) == ("duckdb", "", "")
    assert settings.catalog == Path.cwd() / "catalog"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENGINE", "sc://spark:15002"),
        ("LEDGER_URL", "postgresql://localhost/clearance"),
        ("LEDGER_URL", "sqlite:////elsewhere/ledger.db"),
    ],
)
def test_what_is_not_there_yet_is_refused_by_name(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(OperatorError, match=f"CLEARANCE_{name}"):
        settings_in(tmp_path, **{name: value})


def test_the_engine_has_one_gigabyte_and_all_cores_unless_said_otherwise(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    assert (settings.engine_memory, settings.engine_threads) == ("1GB", None)
    said = settings_in(tmp_path, ENGINE_MEMORY="2.5 GiB", ENGINE_THREADS="3")
    assert (said.engine_memory, said.engine_threads) == ("2.5 GiB", 3)
    assert load(environment_of(said)) == said


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ENGINE_MEMORY", "1"),
        ("ENGINE_MEMORY", "80%"),
        ("ENGINE_MEMORY", "much"),
        ("ENGINE_THREADS", "0"),
        ("ENGINE_THREADS", "-1"),
        ("ENGINE_THREADS", "all"),
    ],
)
def test_limits_of_the_engine_that_cannot_be_read_are_refused(
    tmp_path: Path, name: str, value: str
) -> None:
    with pytest.raises(OperatorError, match=f"CLEARANCE_{name}"):
        settings_in(tmp_path, **{name: value})


@pytest.mark.parametrize("url", ["folder:", "ftp://portal", "portal", "/srv/portal"])
def test_an_address_that_is_no_portal_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(PortalError, match="CLEARANCE_PORTAL_URL"):
        portal(settings_in(tmp_path, PORTAL_URL=url))


def test_the_portals_token_is_not_shown(tmp_path: Path) -> None:
    settings = settings_in(tmp_path, PORTAL_TOKEN="t0k3n")  # noqa: S106 - made up
    assert "t0k3n" not in repr(settings)


@pytest.mark.parametrize(("made", "set_before"), [(True, ""), (True, "/elsewhere"), (False, "")])
def test_compiled_code_is_kept_in_a_home_that_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, made: bool, set_before: str
) -> None:
    home = Home(tmp_path / "home")
    if made:
        open_home(home)
    monkeypatch.setenv("CLEARANCE_HOME", str(home.path))
    monkeypatch.setenv(KERNELS, set_before)
    if not set_before:
        monkeypatch.delenv(KERNELS)
    keep_kernels()
    expected = set_before or (str(home.kernels) if made else None)
    assert os.environ.get(KERNELS) == expected
    assert environment_of(load()).get(KERNELS) == expected
    assert home.path.exists() == made


def test_a_home_is_for_its_owner_only(tmp_path: Path) -> None:
    home = open_home(Home(tmp_path / "deep" / "home"))
    for folder in (home.path, home.vault, home.keys, home.policies, home.cache, home.locks):
        assert folder.stat().st_mode & 0o777 == 0o700


def test_a_home_that_cannot_be_made_is_an_operators_matter(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OperatorError, match="file"):
        open_home(Home(tmp_path / "file" / "home"))


def test_a_demonstration_is_marked_in_a_home_without_state_only(tmp_path: Path) -> None:
    fresh = open_home(Home(tmp_path / "fresh"))
    assert not fresh.demonstration
    fresh.mark_demonstration()
    fresh.mark_demonstration()
    assert fresh.demonstration
    used = settings_in(tmp_path)
    connect(used)
    with pytest.raises(OperatorError, match="in use"):
        used.home.mark_demonstration()


def test_the_publishers_key_stays_and_is_in_the_trust_file(tmp_path: Path) -> None:
    settings = settings_in(tmp_path)
    signed = [publisher(settings).sign(b"statement") for _ in range(2)]
    assert signed[0] == signed[1]
    trust = parse_trust(settings.home.trust.read_text(), where="trust.json")
    assert trust.keys[0].keyid in signed[0].decode()


@pytest.mark.parametrize(("reached", "dies"), [("before-flip", True), ("after-flip", False)])
def test_the_switch_for_tests_kills_at_one_effect_only(
    tmp_path: Path, reached: str, dies: bool
) -> None:
    program = (
        "from clearance.adapters.settings import crash_switch, load\n"
        f"crash_switch(load())({reached!r})"
    )
    environment = {
        **os.environ,
        "CLEARANCE_HOME": str(tmp_path),
        "CLEARANCE_CRASH_AT": "before-flip",
    }
    done = subprocess.run([sys.executable, "-c", program], env=environment, check=False)
    assert done.returncode == (-signal.SIGKILL if dies else 0)
