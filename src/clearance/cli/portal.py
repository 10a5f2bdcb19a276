"""``clearance portal check``: what the configured portal lacks."""

from __future__ import annotations

import click


@click.group()
def portal() -> None:
    """The portal that CLEARANCE_PORTAL_URL names."""


@portal.command()
def check() -> None:
    """Say what the portal has and lacks, one line each. Publishes nothing."""
    from clearance.adapters.portals import portal_from
    from clearance.adapters.settings import load
    from clearance.errors import PortalError

    settings = load()
    found = portal_from(settings.portal_url, settings.portal_token, home=settings.home)
    lacking = 0
    for line in found.check():
        lacking += not line.good
        click.echo(f"{'ok     ' if line.good else 'LACKING'}  {line.subject}: {line.message}")
    if lacking:
        raise PortalError(f"the portal lacks {lacking} of what it needs, see above")


commands = [portal]
