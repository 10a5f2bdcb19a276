"""The command ``clearance``: verbs are loaded when they are called.

Every `ClearanceError` becomes its message on standard error and its exit code.
"""

from __future__ import annotations

import sys
from importlib import import_module

import click

from clearance.errors import ClearanceError

VERBS = {
    "check": "clearance.cli.check:check",
    "demo": "clearance.cli.flow_verbs:demo",
    "init": "clearance.cli.init:init",
    "people": "clearance.cli.people:people",
    "portal": "clearance.cli.portal:portal",
    "publish": "clearance.cli.publish:publish",
    "release": "clearance.cli.flow_verbs:release",
    "review": "clearance.cli.review:review",
    "serve": "clearance.cli.flow_verbs:serve",
    "status": "clearance.cli.status:status",
    "verify": "clearance.cli.verify:verify",
}
HELP = {
    "check": "Try a dataset: everything but review and publication.",
    "demo": "The whole road on sample datasets, with a real Prefect server.",
    "init": "Make an empty catalog with a commented plan and policy.",
    "people": "Enrol stewards and reviewers, or list them.",
    "portal": "Say what the configured portal lacks.",
    "publish": "Publish what is approved and due; safe to repeat.",
    "release": "Trigger the release flow of a dataset.",
    "review": "See and decide what waits for review.",
    "serve": "Serve the flows, with a Prefect server if none is configured.",
    "status": "Where each release is, what blocks it, who acts next.",
    "verify": "Check published files against their approval record.",
}


class Verbs(click.Group):
    """Verbs whose modules are imported only when they run; their help stands here."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(HELP)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in HELP:
            return None
        module, _, name = VERBS[cmd_name].partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, HELP[name]) for name in sorted(HELP)])


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="clearance")
def cli() -> None:
    """Takes internal datasets to an open-data portal without disclosing anybody in them."""
    from clearance.adapters.settings import keep_kernels

    keep_kernels()


def main() -> None:
    """The entry point of the command."""
    try:
        sys.exit(cli(standalone_mode=False))  # a verb may end with a code of its own
    except ClearanceError as problem:
        click.echo(f"clearance: {problem}", err=True)
        sys.exit(problem.exit_code)
    except click.exceptions.Exit as ended:
        sys.exit(ended.exit_code)
    except click.ClickException as problem:
        problem.show()
        sys.exit(2)
    except (click.Abort, KeyboardInterrupt):
        click.echo("clearance: stopped", err=True)
        sys.exit(130)
    except Exception as problem:  # noqa: BLE001 - whatever it is, its text may quote a value
        failure = _unforeseen(problem)
        click.echo(f"clearance: {failure}", err=True)
        sys.exit(failure.exit_code)


def _unforeseen(problem: Exception) -> ClearanceError:
    from clearance.adapters.failures import unforeseen
    from clearance.adapters.settings import load

    try:
        return unforeseen(problem, load().home.private / "unexpected.txt")
    except ClearanceError as unsettled:
        return unsettled
