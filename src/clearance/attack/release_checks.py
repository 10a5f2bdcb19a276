"""Checks of a release that are about no single file: floors, links, order, Parquet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

from clearance.attack.order import sorted_by_values
from clearance.attack.parquet import same_rows
from clearance.attack.published import PublishedMicrodata
from clearance.attack.reading import Reader, UnreadableFileError
from clearance.attack.result import blocked
from clearance.attack.rows import Rows
from clearance.content import Content
from clearance.findings import Finding
from clearance.plan import Material, MicrodataOutput, Plan
from clearance.policy import Policy

LEAST_FOR_PERSONAL_DATA = 3
NUMERIC = ("integer", "number")


def check_floors(plan: Plan, policies: Mapping[str, Policy]) -> Iterator[Finding]:
    """No policy may go below the floor for personal data (THREATS 9)."""
    if plan.material is not Material.PERSONAL_DATA:
        return
    for output in plan.outputs:
        policy = policies[output.policy]
        rules = policy.microdata if isinstance(output, MicrodataOutput) else policy.tables
        least = getattr(rules, "k", getattr(rules, "minimum_frequency", LEAST_FOR_PERSONAL_DATA))
        if least < LEAST_FOR_PERSONAL_DATA:
            yield blocked(
                "below-the-floor",
                f"policy {policy.id}",
                1,
                f"personal data need k and a minimum frequency of {LEAST_FOR_PERSONAL_DATA} at "
                f"least; raise it",
            )


def check_links(microdata: list[PublishedMicrodata]) -> Iterator[Finding]:
    """Two microdata files of a release, and made-up values that they share (THREATS 1, 5)."""
    for one, other in combinations(microdata, 2):
        yield blocked(
            "two-microdata-outputs",
            f"{one.file}, {other.file}",
            2,
            "two microdata files of one source can be joined and are not attacked together yet; "
            "publish one of them",
        )
        shared = _made_up(one) & _made_up(other)
        if shared:
            yield blocked(
                "shared-pseudonyms",
                f"{one.file}, {other.file}",
                len(shared),
                f"{len(shared)} made-up values stand in both files and link them; "
                f"take a key for each output",
            )


def _made_up(published: PublishedMicrodata) -> set[str]:
    return {value for link in published.links for value in published.values(link)} - {""}


def check_order(
    microdata: Mapping[str, PublishedMicrodata], types: Mapping[str, Mapping[str, str]]
) -> Iterator[Finding]:
    for each in microdata.values():
        stated = types.get(each.file, {})
        numeric = [name for name in each.names if stated.get(name) in NUMERIC]
        if not sorted_by_values(each.rows, numeric):
            yield blocked(
                "order-of-rows",
                each.file,
                each.total,
                "the rows are not sorted by their published values, so their order may tell "
                "who is who; sort them by all columns",
            )


def check_parquet(
    files: Mapping[str, Content], rows: Mapping[str, Rows], reader: Reader
) -> Iterator[Finding]:
    """That the Parquet file beside each output of ``rows`` holds the same."""
    for name, each in rows.items():
        path = f"data/{name}.parquet"
        if path not in files:
            continue
        try:
            same = same_rows(each, reader.parquet(files[path]))
        except UnreadableFileError:
            same = False
        if not same:
            yield blocked(
                "parquet-differs",
                path,
                1,
                "its rows are not those of the CSV; write it from the published rows",
            )
