"""Fixtures that every kind of test uses."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

SHARED_DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real data beside the project; tests that need it are skipped without it."""
    if SHARED_DATA.is_dir():
        return SHARED_DATA
    message = "the folder shared/data beside the project is not there; its tests are left out"
    if os.environ.get("CLEARANCE_REQUIRE_SHARED_DATA") == "1":
        pytest.fail(message)
    pytest.skip(message)


# The session-wide Prefect server; it starts when a test asks for it.
pytest_plugins = ["tests.flow_harness"]
