"""``clearance check``: the steward's dry run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from clearance.errors import ClearanceError, DisclosureRiskError
from clearance.findings import Finding

if TYPE_CHECKING:
    from clearance.road import Prepared


@click.command()
@click.argument("dataset")
@click.option("--catalog", type=click.Path(path_type=Path), help="The catalog's folder.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder (made private) for the candidate's files and the full report.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def check(dataset: str, catalog: Path | None, out: Path | None, as_json: bool) -> None:
    """Try DATASET: everything but review and publication.

    Reads the release memory; writes nothing to ledger or vault. Exit code 0: releasable;
    2: plan, policy, hierarchy or roles; 3: disclosure risk or output schema; 4: input.
    """
    try:
        prepared = _prepared(dataset, catalog, out, quietly=as_json)
    except ClearanceError as problem:
        if as_json:
            click.echo(json.dumps(refusal_json(dataset, problem), ensure_ascii=False))
            raise click.exceptions.Exit(problem.exit_code) from None
        raise
    if out is not None:
        from clearance.adapters.check_folder import write_check

        write_check(out, prepared)
    if as_json:
        click.echo(json.dumps(check_json(dataset, prepared), ensure_ascii=False))
    else:
        _show(dataset, prepared, out)
    if not prepared.releasable:
        raise click.exceptions.Exit(DisclosureRiskError.exit_code)


def _prepared(dataset: str, catalog: Path | None, out: Path | None, *, quietly: bool) -> Prepared:
    from dataclasses import replace

    from rich.console import Console

    from clearance.adapters.failures import unforeseen
    from clearance.adapters.settings import load
    from clearance.adapters.workshop import check_dataset

    settings = load()
    if catalog is not None:
        settings = replace(settings, catalog=catalog.expanduser().absolute())
    notes = (out or settings.home.path) / "private"
    console = Console(stderr=True, quiet=quietly)
    try:
        with console.status("read") as status:
            return check_dataset(settings, dataset, notes=notes, stage=status.update)
    except ClearanceError:
        raise
    except Exception as problem:  # noqa: BLE001 - whatever it is, its text may quote a value
        failure = unforeseen(problem, notes / f"{dataset}-unexpected.txt")
    raise failure  # here, and not where it was caught, so that no cause hangs on it


def check_json(dataset: str, prepared: Prepared) -> dict[str, Any]:
    """What ``check --json`` prints of a road that was walked to its end."""
    from clearance.report import output_json

    return {
        "dataset": dataset,
        "release": str(prepared.release),
        "releasable": prepared.releasable,
        "compared_releases": prepared.compared_releases,
        "findings": [finding.as_json() for finding in prepared.findings],
        "outputs": [output_json(output, prepared.attack) for output in prepared.outputs],
        "seconds": dict(prepared.seconds),
    }


def refusal_json(dataset: str, problem: ClearanceError) -> dict[str, Any]:
    """What ``check --json`` prints where the road ended early."""
    found = problem.findings or (
        Finding(
            rule=type(problem).__name__,
            severity="block",
            where=dataset,
            count=1,
            message=str(problem),
        ),
    )
    return {
        "dataset": dataset,
        "release": None,
        "releasable": False,
        "compared_releases": 0,
        "findings": [finding.as_json() for finding in found],
        "outputs": [],
        "seconds": {},
    }


def _show(dataset: str, prepared: Prepared, out: Path | None) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from clearance.report import output_json

    console = Console()
    for output in prepared.outputs:
        facts = output_json(output, prepared.attack)
        table = Table(title=f"{facts.pop('name')} ({facts.pop('kind')})", show_header=False)
        for key, value in facts.items():
            table.add_row(key.replace("_", " "), escape(_told(value)))
        console.print(table)
    for finding in prepared.findings:
        colour = {"block": "red", "warn": "yellow", "info": "blue"}[finding.severity]
        console.print(
            f"[{colour}]{finding.severity}[/] {finding.rule} at {escape(finding.where)} "
            f"({finding.count}): {escape(finding.message)}"
        )
    if out is not None:
        console.print(f"Candidate and full report: {escape(str(out))}")
    verdict = "[green]releasable[/]" if prepared.releasable else "[red]not releasable[/]"
    console.print(f"{escape(dataset)}: {verdict}")


def _told(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {each}" for key, each in value.items())
    return str(value)
