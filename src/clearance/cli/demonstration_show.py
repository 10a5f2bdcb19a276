"""What ``clearance demo`` shows while the road of a release is travelled."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from clearance.adapters import demonstration as demo
from clearance.adapters.demonstration import Waiting
from clearance.adapters.flow_server import Office
from clearance.adapters.processes import ended_by_signals
from clearance.adapters.published_files import read_published
from clearance.adapters.settings import Settings
from clearance.errors import OperatorError, VerificationError
from clearance.record.verify import parse_trust, verify
from clearance.review import State, Status

SUSPENDED = "Suspended"
PREPARE_SECONDS = 120.0
PUBLISH_SECONDS = 120.0
CODE_SECONDS = 30
OVER = (State.PUBLISHED, State.RETURNED, State.REJECTED)


def show(home: Path, *, portal_url: str, unattended: bool) -> None:
    """The whole demonstration; it ends by itself when unattended, else with Ctrl-C."""
    console = Console(highlight=False)
    with ended_by_signals():
        with _told(console, f"making sample datasets in {home}"):
            settings = demo.set_up(home, portal_url=portal_url)
        with _opened(console, settings) as opened:
            console.print(f"Prefect is at [link]{opened.address}/v2/[/link]")
            waiting = _handed_in(console, opened)
            if unattended:
                _approve(console, settings, opened, waiting)
            else:
                _await_reviewers(console, settings, opened, waiting)
            _verify(console, settings, _published(console, settings))
            console.print(f"\nThe portal is in {settings.home.portal / 'site'}", soft_wrap=True)
            if not unattended:
                _serve_portal(console, settings)


@contextmanager
def _told(console: Console, text: str) -> Iterator[None]:
    """Says what goes on, and how long it took."""
    begun = time.monotonic()
    with console.status(f"{escape(text)} ..."):
        yield
    console.print(f"[green]done[/] {escape(text)} ({time.monotonic() - begun:.0f} s)")


@contextmanager
def _opened(console: Console, settings: Settings) -> Iterator[Office]:
    begun = time.monotonic()
    text = "starting a Prefect server of its own and serving the flows"
    status = console.status(f"{text} ...")
    status.start()
    try:
        with demo.demonstration_office(settings) as opened:
            status.stop()
            console.print(f"[green]done[/] {text} ({time.monotonic() - begun:.0f} s)")
            yield opened
    finally:
        status.stop()


def _handed_in(console: Console, opened: Office) -> list[Waiting]:
    text = "both releases: read, classify, protect, validate, pack, attack"
    with _told(console, text):
        waiting = demo.hand_in_samples(opened)
        for each in waiting:
            state = opened.api.await_state(each.run, [SUSPENDED], seconds=PREPARE_SECONDS)
            if state.name != SUSPENDED:
                raise OperatorError(f"the run of {each.dataset} {state.name}: {state.message}")
    return waiting


def _approve(
    console: Console, settings: Settings, opened: Office, waiting: Sequence[Waiting]
) -> None:
    for each in waiting:
        demo.approve(settings, opened, each)
        console.print(f"{each.reviewer} approved {each.dataset} at {each.address}")
    with _told(console, "judging the codes and publishing"):
        _await_publication(settings, opened)


def _await_publication(settings: Settings, opened: Office) -> None:
    deadline = time.monotonic() + PUBLISH_SECONDS
    while not _all_over(demo.releases(settings)):
        opened.check()
        if time.monotonic() > deadline:
            raise OperatorError(f"not published in {PUBLISH_SECONDS:.0f} s; see {opened.log}")
        time.sleep(0.3)


def _await_reviewers(
    console: Console, settings: Settings, opened: Office, waiting: Sequence[Waiting]
) -> None:
    """Where the forms are, and a table that changes until every release is over."""
    console.print(
        "\nReview them in the browser: open an address, choose [bold]Resume[/] in the menu at the "
        "top right, and answer with the reviewer and the code in the table below. Ctrl-C ends it "
        "all.\n"
    )
    for each in waiting:
        console.print(f"{each.dataset}: [link={each.address}]{each.address}[/link]", soft_wrap=True)
    if console.is_terminal:
        with Live(console=console, auto_refresh=False) as live:
            for table in _tables(settings, opened, waiting, each_seconds=1):
                live.update(table, refresh=True)
    else:
        for table in _tables(settings, opened, waiting, each_seconds=CODE_SECONDS):
            console.print(table)


def _tables(
    settings: Settings, opened: Office, waiting: Sequence[Waiting], *, each_seconds: int
) -> Iterator[Table]:
    """How things are, again and again until every release is over."""
    shown_at = 0.0
    while not _all_over(demo.releases(settings)):
        opened.check()
        if time.monotonic() - shown_at >= each_seconds:
            shown_at = time.monotonic()
            yield _table(settings, waiting)
        time.sleep(0.3)
    yield _table(settings, waiting)


def _table(settings: Settings, waiting: Sequence[Waiting]) -> Table:
    """Each release's state, and its reviewer's code for as long as one is asked for."""
    known, now = demo.releases(settings), datetime.now(UTC)
    left = CODE_SECONDS - int(now.timestamp()) % CODE_SECONDS
    table = Table("Dataset", "State", "Reviewer", "One-time code")
    for each in waiting:
        state = known[each.dataset].state
        code = f"{demo.code(settings, each, now)} for {left} s" if state == State.WAITING else ""
        table.add_row(each.dataset, state, each.reviewer, code)
    return table


def _all_over(known: Mapping[str, Status]) -> bool:
    return all(known[each].state in OVER for each in demo.REVIEWERS)


def _published(console: Console, settings: Settings) -> list[Path]:
    """The folders of what is public."""
    known = demo.releases(settings).values()
    for each in known:
        console.print(f"{each.release} is {each.state}")
    site = settings.home.portal / "site"
    return sorted(site / each.release for each in known if each.state == State.PUBLISHED)


def _verify(console: Console, settings: Settings, published: Sequence[Path]) -> None:
    """Runs what any citizen can run. VerificationError where a check fails."""
    trust_file = settings.home.trust
    for folder in published:
        console.print(f"\n[bold]clearance verify {folder} --trust {trust_file}[/]", soft_wrap=True)
        trust = parse_trust(trust_file.read_text(encoding="utf-8"), where=str(trust_file))
        result = verify(read_published(str(folder)), trust)
        for check in result.checks:
            mark = "[green]passed[/]" if check.passed else "[red]FAILED[/]"
            console.print(f"  {check.number} {mark} {escape(check.name)}")
        if not result.verified:
            raise VerificationError(f"{folder}: not verified")
        console.print(f"  [green]{escape(str(result.release))}: verified[/]")


def _serve_portal(console: Console, settings: Settings) -> None:
    from clearance.adapters.folder_portal import FolderPortal
    from clearance.adapters.folder_server import serve

    portal = FolderPortal(settings.home.portal)
    portal.prepare()
    serve(
        portal.site,
        started=lambda address: console.print(f"It is served at {address}; Ctrl-C ends it"),
    )
