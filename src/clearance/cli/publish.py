"""``clearance publish``: publishes what is approved and due."""

from __future__ import annotations

import click


@click.command()
@click.argument("id_", metavar="[ID]", required=False)
def publish(id_: str | None) -> None:
    """Publish a release, or all that is approved and due. Safe to repeat.

    ID is the release, e.g. household-survey/2026/1, or its manifest digest.
    """
    from clearance.adapters import connections
    from clearance.adapters.settings import crash_switch, load
    from clearance.desk import due
    from clearance.errors import ClearanceError
    from clearance.publication import publish as publish_one

    settings = load()
    here = connections.connect(settings)
    wanted = (id_,) if id_ else due(here.ledger, now=here.clock.now())
    failures: list[ClearanceError] = []
    for each in wanted:
        try:
            done = publish_one(
                each,
                ledger=here.ledger,
                vault=here.vault,
                memory=here.memory,
                portal=connections.portal(settings),
                publisher=connections.publisher(settings),
                clock=here.clock,
                reached=crash_switch(settings),
            )
        except ClearanceError as failure:  # one release must not hold up the others
            failures.append(failure)
        else:
            what = "published" if done.new else "was public already"
            click.echo(f"{done.release}: {what}, {done.address}")
    if not wanted:
        click.echo("nothing is due")
    for further in failures[1:]:
        click.echo(f"{further}", err=True)
    if failures:
        raise failures[0]
