"""A headless browser, and a demonstration office whose flows are served to it."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from clearance.adapters import demonstration
from clearance.adapters.connections import connect
from clearance.adapters.people import People
from clearance.adapters.prefect_api import PrefectApi
from clearance.adapters.prefect_server import PrefectServer
from clearance.adapters.processes import running
from clearance.adapters.settings import Settings, environment_of

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]


@dataclass(frozen=True)
class Served:
    """A demonstration home whose flows are served on the session's Prefect server."""

    settings: Settings
    address: str
    api: PrefectApi

    def code(self, reviewer: str) -> str:
        now = connect(self.settings).clock.now()
        return People(self.settings.home).demonstration_code(reviewer, now)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if program is None:
        message = "the browser tests need chromium (Debian: chromium)"
        if os.environ.get("CLEARANCE_REQUIRE_SERVERS") == "1":
            pytest.fail(message)
        pytest.skip(message)
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1300, "height": 1500})
    opened.set_default_timeout(20_000)
    yield opened
    opened.close()


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Where screenshots go: the folder that CLEARANCE_SCREENSHOTS names, or the test's own."""
    folder = Path(os.environ.get("CLEARANCE_SCREENSHOTS") or tmp_path / "screenshots")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def served(tmp_path: Path, prefect: PrefectServer) -> Iterator[Served]:
    settings = demonstration.set_up(tmp_path / "home", portal_url="folder:portal")
    environment = environment_of(settings) | dict(prefect.environment)
    command = [sys.executable, "-m", "clearance.flows.serve"]
    log = tmp_path / "flows.log"
    with running(command, environment=environment, folder=tmp_path, log=log):
        yield Served(settings, prefect.address, PrefectApi(prefect.api))
