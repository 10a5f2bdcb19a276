"""``clearance status``: where each release is, what blocks it, who acts next."""

from __future__ import annotations

import json
from dataclasses import asdict

import click


@click.command()
@click.argument("dataset", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def status(dataset: str | None, as_json: bool) -> None:
    """Where each release is, what blocks it and who acts next."""
    from clearance.adapters.connections import connect
    from clearance.adapters.settings import load
    from clearance.desk import status as all_releases

    here = connect(load())
    releases = [
        each
        for each in all_releases(here.ledger, now=here.clock.now())
        if dataset in (None, each.release.partition("/")[0])
    ]
    if as_json:
        click.echo(json.dumps({"releases": [asdict(each) for each in releases]}, indent=2))
        return
    for each in releases:
        click.echo(f"{each.release}  {each.title}")
        click.echo(f"    {each.state}" + (f": {each.blocked_by}" if each.blocked_by else ""))
        click.echo(f"    next: {each.next}")
    if not releases:
        click.echo("no release was handed in for review yet")
