"""``clearance verify``: anyone checks a published release against its approval record."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from clearance.record.verify import Trust, VerificationResult


@click.command()
@click.argument("path_or_url")
@click.option(
    "--trust",
    "trust_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Public keys to trust; by default trust.json in CLEARANCE_HOME.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def verify(path_or_url: str, trust_file: Path | None, as_json: bool) -> None:
    """Check the files of a release against its approval record.

    PATH_OR_URL is the release's folder, or its address on a portal. Nothing is sent anywhere
    else, and a folder is checked offline.
    """
    from clearance.adapters.published_files import read_published
    from clearance.errors import VerificationError
    from clearance.record.verify import verify as check

    result = check(read_published(path_or_url), _trust(trust_file))
    click.echo(_json(result) if as_json else _text(result))
    if not result.verified:
        failed = [str(each.number) for each in result.checks if not each.passed]
        raise VerificationError(f"not verified: check {', '.join(failed)} of {path_or_url} failed")


def _trust(file: Path | None) -> Trust:
    """The keys of the file given, else of the home's, else none."""
    from clearance.adapters.settings import load
    from clearance.record.verify import Trust, parse_trust

    chosen = file or load().home.trust
    if not chosen.is_file():
        return Trust(())
    return parse_trust(chosen.read_text(encoding="utf-8"), where=str(chosen))


def _json(result: VerificationResult) -> str:
    return json.dumps(
        {
            "release": result.release,
            "verified": result.verified,
            "keys": list(result.keyids),
            "checks": [asdict(check) for check in result.checks],
        },
        indent=2,
    )


def _text(result: VerificationResult) -> str:
    lines = [
        f"{check.number} {'passed' if check.passed else 'FAILED'}  {check.name}: {check.detail}"
        for check in result.checks
    ]
    keys = [f"signed by the key with the fingerprint {keyid}" for keyid in result.keyids]
    verdict = f"{result.release}: verified" if result.verified else "not verified"
    return "\n".join([*lines, *keys, verdict])
