"""``clearance people``: who is enrolled as steward or reviewer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from clearance.adapters.people import People


@click.group()
def people() -> None:
    """Stewards and reviewers."""


@people.command()
@click.argument("name")
@click.option(
    "--role",
    "roles",
    type=click.Choice(["steward", "reviewer"]),
    multiple=True,
    required=True,
    help="May be given twice, for a person who is steward of one dataset and reviews others.",
)
def add(name: str, roles: tuple[str, ...]) -> None:
    """Enrol a person; a reviewer's secret for one-time codes is shown this once."""
    enrolment = _people().enrol(name, roles)
    click.echo(f"{name} is enrolled as {' and '.join(sorted(set(roles)))}")
    if enrolment is not None:
        click.echo("Enter this in an authenticator app now; it is not shown again:")
        click.echo(f"  secret   {enrolment.secret}")
        click.echo(f"  address  {enrolment.uri}")


@people.command("list")
def list_people() -> None:
    """Names and roles."""
    enrolled = _people().all()
    for person in enrolled:
        click.echo(f"{person.name}  {', '.join(sorted(person.roles))}")
    if not enrolled:
        click.echo("nobody is enrolled; 'clearance people add NAME --role reviewer' does it")


def _people() -> People:
    from clearance.adapters.people import People
    from clearance.adapters.settings import load, open_home

    return People(open_home(load().home))
