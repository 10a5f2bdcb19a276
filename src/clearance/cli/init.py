"""``clearance init``: a catalog to start from."""

from __future__ import annotations

from pathlib import Path

import click


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
def init(folder: Path) -> None:
    """Make a catalog in DIR, with a commented plan and policy, and a schemas folder beside it.

    Nothing that is there already is touched.
    """
    from clearance.adapters.new_catalog import make_catalog

    catalog = make_catalog(folder)
    click.echo(f"Made {catalog}. Next:")
    click.echo(f"  1. describe your dataset in {catalog}/my-dataset/plan.yaml")
    click.echo("     (the folder's name is the dataset's id; put the source where the plan says)")
    click.echo(f"  2. clearance check my-dataset --catalog {catalog} --out my-check")
