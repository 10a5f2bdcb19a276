"""An office for each test, on the session's Prefect server."""

from __future__ import annotations

from pathlib import Path

import pytest

from clearance.adapters.prefect_server import PrefectServer
from tests.flow_harness import FlowOffice, open_flow_office, write_schema


@pytest.fixture
def office(tmp_path: Path, prefect: PrefectServer, monkeypatch: pytest.MonkeyPatch) -> FlowOffice:
    opened = open_flow_office(tmp_path, prefect, monkeypatch)
    write_schema(opened)
    return opened
