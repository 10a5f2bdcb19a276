"""A Prefect server of our own touches nobody's Prefect, and calls nobody."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from clearance.adapters.prefect_api import PrefectApi
from clearance.adapters.prefect_server import environment, free_port
from clearance.adapters.settings import environment_of, load
from clearance.errors import OperatorError


def test_a_users_profile_is_left_alone(tmp_path: Path) -> None:
    users = {
        "PATH": "/bin",
        "PREFECT_API_URL": "https://prefect.example.org/api",
        "PREFECT_API_KEY": "secret",
        "PREFECT_PROFILE": "work",
    }
    own = environment(users, folder=tmp_path, api="http://127.0.0.1:4999/api")
    assert own["PATH"] == "/bin"
    assert own["PREFECT_API_URL"] == "http://127.0.0.1:4999/api"
    assert own["PREFECT_HOME"] == str(tmp_path)
    assert own["PREFECT_PROFILES_PATH"].startswith(str(tmp_path))
    assert not {"PREFECT_API_KEY", "PREFECT_PROFILE"} & set(own)


def test_nobody_is_told_that_it_runs(tmp_path: Path) -> None:
    own = environment({}, folder=tmp_path, api="")
    assert own["PREFECT_SERVER_ANALYTICS_ENABLED"] == "false"
    assert own["DO_NOT_TRACK"] == "1"


def test_a_port_in_use_is_not_taken() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert free_port(port) != port


def test_a_server_that_does_not_answer_is_the_operators(tmp_path: Path) -> None:
    api = PrefectApi(f"http://127.0.0.1:{free_port()}/api")
    with pytest.raises(OperatorError, match="does not answer"):
        api.state("00000000-0000-0000-0000-000000000000")


def test_people_are_sent_to_the_interface_that_renders_the_report() -> None:
    api = PrefectApi("http://127.0.0.1:4200/api")
    assert api.run_address("abc") == "http://127.0.0.1:4200/v2/runs/flow-run/abc"


def test_a_childs_settings_are_the_parents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLEARANCE_PORTAL_TOKEN", "of the shell")
    settings = load({"CLEARANCE_HOME": str(tmp_path), "CLEARANCE_PORTAL_URL": "folder:p"})
    handed_on = environment_of(settings)
    assert load(handed_on) == settings
    assert "CLEARANCE_PORTAL_TOKEN" not in handed_on
