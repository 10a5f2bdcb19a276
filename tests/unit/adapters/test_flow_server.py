"""One office at a time serves the flows of a home."""

from __future__ import annotations

from pathlib import Path

import pytest

from clearance.adapters.flow_server import announced, office
from clearance.adapters.locks import file_lock
from clearance.adapters.settings import load, open_home
from clearance.errors import OperatorError


def test_a_second_office_is_refused_and_leaves_the_first_ones_address(tmp_path: Path) -> None:
    settings = load({"CLEARANCE_HOME": str(tmp_path)})
    home = open_home(settings.home)
    home.prefect.mkdir(exist_ok=True)
    (home.prefect / "address").write_text("http://127.0.0.1:4200/api")
    served = file_lock(home.locks, "serve", wait_seconds=0)
    with served, pytest.raises(OperatorError, match="served already"), office(settings):
        pytest.fail("a second office was opened")
    assert announced(home) is not None
