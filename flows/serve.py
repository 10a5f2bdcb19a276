"""Serves the flows: the release form with the catalog's datasets, the publisher by the clock."""

from __future__ import annotations

from datetime import timedelta
from typing import cast

from prefect import serve
from prefect.deployments.runner import RunnerDeployment
from prefect.types.entrypoint import EntrypointType

from .publish import publish
from .release import release

QUERY_SECONDS = 2.0
"""How often new work is looked for: somebody waits after having pressed a button."""
RECONCILE_EVERY = timedelta(minutes=5)
TAG = "clearance"


def release_deployment() -> RunnerDeployment:
    deployment = release.to_deployment(
        "release",
        tags=[TAG],
        description=(
            "Prepares, protects and attacks a dataset of the catalog, then waits for its review. "
            "The review form is in the run's menu, under **Resume**."
        ),
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    return cast("RunnerDeployment", deployment)


def publish_deployment() -> RunnerDeployment:
    deployment = publish.to_deployment(
        "publish",
        tags=[TAG],
        interval=RECONCILE_EVERY,
        description="Publishes what the ledger says is approved and due. Safe to repeat.",
        entrypoint_type=EntrypointType.MODULE_PATH,
    )
    return cast("RunnerDeployment", deployment)


def main() -> None:
    """Serves until it is told to end."""
    serve(
        release_deployment(),
        publish_deployment(),
        pause_on_shutdown=False,  # others may serve the same deployments
        query_seconds=QUERY_SECONDS,
        print_starting_message=False,
    )


if __name__ == "__main__":
    main()
