"""``clearance release``, ``serve`` and ``demo``: the verbs that need Prefect."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from clearance.adapters.prefect_api import PrefectApi
    from clearance.adapters.settings import Settings


@click.command()
@click.argument("dataset")
def release(dataset: str) -> None:
    """Trigger the release flow of DATASET and print where its run is."""
    from clearance.adapters.catalog import load_plan
    from clearance.adapters.connections import connect
    from clearance.adapters.flow_server import RELEASE_DEPLOYMENT, announced
    from clearance.adapters.release_run import refuse_unknown_steward
    from clearance.adapters.settings import load
    from clearance.errors import OperatorError

    settings = load()
    plan, _ = load_plan(settings.catalog, dataset)  # a wrong plan is told at once, and here
    refuse_unknown_steward(connect(settings), plan.steward)
    api = announced(settings.home) or _configured_prefect()
    if api is None:
        raise OperatorError(
            "no Prefect server is configured and none is served from this home; "
            "start 'clearance serve' or set PREFECT_API_URL"
        )
    run = api.trigger(RELEASE_DEPLOYMENT, {"dataset": dataset})
    click.echo(f"{dataset}: {api.run_address(run)}")
    click.echo("When it is Suspended, reviewers answer under 'Resume' in its menu.")
    click.echo("If it fails, its page says why; 'clearance status' tells where a review stands.")


@click.command()
def serve() -> None:
    """Serve the flows until Ctrl-C, with a Prefect server where none is configured."""
    from clearance.adapters.settings import load, open_home

    settings = load()
    open_home(settings.home)
    api = _configured_prefect()
    if api is None:
        _serve_alone(settings)
        return
    click.echo(f"serving the flows to Prefect at {api.url}")
    from clearance.flows.serve import main as serve_flows

    serve_flows()


@click.command()
@click.option("--unattended", is_flag=True, help="Approve as the sample reviewers, then end.")
@click.option(
    "--home",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    help="An empty folder, or the home of an earlier demonstration; a new one by default.",
)
def demo(unattended: bool, folder: Path | None) -> None:
    """The whole road on sample datasets, with a real Prefect server and a folder portal.

    Everything is in a home of its own; Ctrl-C leaves nothing running.
    """
    from tempfile import mkdtemp

    from clearance.adapters.settings import load
    from clearance.cli.demonstration_show import show

    home = folder or Path(mkdtemp(prefix="clearance-demo-"))
    show(home, portal_url=load().portal_url, unattended=unattended)


def _serve_alone(settings: Settings) -> None:
    import time

    from clearance.adapters.flow_server import office
    from clearance.adapters.prefect_server import USUAL_PORT
    from clearance.adapters.processes import ended_by_signals

    click.echo("starting a Prefect server ...")
    with ended_by_signals(), office(settings, port=USUAL_PORT) as opened:
        click.echo(f"Prefect is at {opened.address}/v2/deployments; Ctrl-C ends it")
        while True:
            opened.check()
            time.sleep(1)


def _configured_prefect() -> PrefectApi | None:
    """The Prefect server that the user's environment or profile names."""
    from clearance.adapters.prefect_api import PrefectApi
    from clearance.adapters.settings import decline_tracking

    decline_tracking()
    from prefect.settings import get_current_settings

    api = get_current_settings().api
    if not api.url:
        return None
    headers = {}
    if api.auth_string:
        from base64 import b64encode

        word = b64encode(api.auth_string.get_secret_value().encode()).decode()
        headers["Authorization"] = f"Basic {word}"
    elif api.key:
        headers["Authorization"] = f"Bearer {api.key.get_secret_value()}"
    return PrefectApi(api.url, headers)


commands = [release, serve, demo]
