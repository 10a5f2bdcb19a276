"""What people do in the browser: trigger a release, review it, and find it on the portal."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Page, Request

from clearance.adapters.connections import connect
from clearance.adapters.folder_portal import FolderPortal
from clearance.adapters.folder_server import serving
from tests.browser.conftest import Served

pytestmark = pytest.mark.integration
REVIEWER = "r.lindqvist"
PATIENCE_SECONDS = 60


def test_a_release_is_triggered_reviewed_and_published_in_the_browser(
    served: Served, page: Page, pictures: Path
) -> None:
    outside = listen_for_calls_outside(page)
    run = trigger(served, page, "election-study")
    await_state(served, run, "Suspended")

    page.goto(served.api.run_address(run))
    open_form(page)
    dialog = page.get_by_role("dialog")
    assert dialog.get_by_role("heading", name="Election study 1996").is_visible()
    assert dialog.get_by_role("cell", name="household\\_income").count() == 0  # rendered, not raw
    assert dialog.get_by_role("cell", name="household_income").first.is_visible()
    assert dialog.get_by_text("clearance review show election-study/1996/1").is_visible()
    page.screenshot(path=pictures / "1-report-in-the-form.png")

    fill_in(page, code="000000")
    page.screenshot(path=pictures / "2-form-filled-in.png")
    send(page)
    await_question(served, run, attempt=2)
    page.goto(served.api.run_address(run))
    open_form(page)
    assert dialog.get_by_text("the code is not valid for this reviewer").is_visible()
    page.screenshot(path=pictures / "3-asked-again.png")

    fill_in(page, code=served.code(REVIEWER))
    send(page)
    await_state(served, run, "Approved")
    until(lambda: "published" in kinds(served), "nothing was published")
    page.goto(served.api.run_address(run))
    page.get_by_text("Approved").first.wait_for()
    page.screenshot(path=pictures / "4-approved.png")

    portal = FolderPortal(served.settings.home.portal)
    with serving(portal.site) as address:
        page.goto(address)
        page.get_by_role("link", name="Election study 1996").first.click()
        page.screenshot(path=pictures / "5-dataset-on-the-portal.png", full_page=True)
        page.goto(f"{address}election-study/1996/1/")
        assert page.get_by_text("voters.csv").first.is_visible()
        page.screenshot(path=pictures / "6-release-on-the-portal.png", full_page=True)

    before, told = files(portal), kinds(served)
    retry(served, page, run)
    page.goto(served.api.run_address(run))
    page.get_by_text("Published").first.wait_for()
    page.get_by_role("tab", name="Details").click()
    page.get_by_text("Run Count").first.wait_for()
    page.screenshot(path=pictures / "7-retried.png")
    assert (files(portal), kinds(served)) == (before, told)
    assert outside == []


def listen_for_calls_outside(page: Page) -> list[str]:
    """The addresses of other hosts that answered the page."""
    found: list[str] = []

    def heard(request: Request) -> None:
        if not request.url.startswith(("http://127.0.0.1:", "data:", "blob:")):
            found.append(request.url)

    page.on("requestfinished", heard)
    return found


def trigger(served: Served, page: Page, dataset: str) -> str:
    """Triggers the deployment by its form; the run's id."""
    until(lambda: served.api.serves("release/release"), "the flows are not served")
    deployment = requests.get(
        f"{served.api.url}/deployments/name/release/release", timeout=30
    ).json()["id"]
    page.goto(f"{served.address}/v2/deployments/deployment/{deployment}")
    page.get_by_role("button", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Custom run").click()
    page.get_by_label("Select dataset").click()
    page.get_by_role("option", name=dataset).click()
    page.get_by_role("button", name="Submit").click()
    page.wait_for_url("**tab=Runs")
    return newest_run(served)


def newest_run(served: Served) -> str:
    found: list[str] = []

    def there() -> bool:
        body = {
            "flows": {"name": {"any_": ["release"]}},
            "sort": "EXPECTED_START_TIME_DESC",
            "limit": 1,
        }
        runs = requests.post(f"{served.api.url}/flow_runs/filter", json=body, timeout=30).json()
        found.extend(run["id"] for run in runs)
        return bool(found)

    until(there, "no run was made")
    return found[0]


def open_form(page: Page) -> None:
    open_menu(page)
    page.get_by_role("menuitem", name="Resume").click()
    page.get_by_role("dialog").get_by_label("Select Decision").wait_for()


def open_menu(page: Page) -> None:
    page.locator("button:has(svg.lucide-ellipsis-vertical)").first.click()


def fill_in(page: Page, *, code: str) -> None:
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Select Decision").click()
    page.get_by_role("option", name="approve").click()
    dialog.get_by_label("Reviewer").first.fill(REVIEWER)
    dialog.locator("input[type=password]").fill(code)
    dialog.get_by_label("Reason").first.fill("looked at every column")


def send(page: Page) -> None:
    page.get_by_role("dialog").get_by_role("button", name="Resume").click()
    page.get_by_role("dialog").wait_for(state="hidden")


def retry(served: Served, page: Page, run: str) -> None:
    page.goto(served.api.run_address(run))
    page.get_by_text("Approved").first.wait_for()
    open_menu(page)
    page.get_by_role("menuitem", name="Retry").click()
    page.get_by_role("button", name="Retry").click()
    await_state(served, run, "Published")


def await_state(served: Served, run: str, name: str) -> None:
    until(lambda: served.api.state(run).name == name, f"the run is not {name}")


def await_question(served: Served, run: str, *, attempt: int) -> None:
    def asked() -> bool:
        body = {"prefix": f"suspended-review-{attempt}-schema"}
        address = f"{served.api.url}/flow_runs/{run}/input/filter"
        return bool(requests.post(address, json=body, timeout=30).json())

    until(asked, f"question {attempt} was not asked")


def until(condition: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, otherwise
        time.sleep(0.2)


def kinds(served: Served) -> list[str]:
    return [entry.kind for entry in connect(served.settings).ledger.entries()]


def files(portal: FolderPortal) -> dict[str, bytes]:
    return {
        str(path.relative_to(portal.site)): path.read_bytes()
        for path in portal.site.rglob("*")
        if path.is_file()
    }
