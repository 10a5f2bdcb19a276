"""Whether the values that the plan has changed are changed as it says, and still protected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from clearance.attack.perturbed import check_perturbed
from clearance.attack.perturbed_source import Sides, groups
from clearance.attack.published import PublishedMicrodata
from clearance.attack.result import Truth, blocked
from clearance.attack.unperturbed import check_true_values
from clearance.findings import Finding
from clearance.hierarchy import Hierarchy


def check_changes(
    published: PublishedMicrodata, hierarchies: Mapping[str, Hierarchy], truth: Truth
) -> Iterator[Finding]:
    """The judge's findings on ``perturb`` and ``swap``; none where the plan has neither.

    Without the source as it was nothing can be judged, which blocks.
    """
    plan = published.plan
    if plan.swap is None and not any(True for _ in groups(plan)):
        return
    if truth.original is None:
        yield blocked(
            "not-perturbed",
            published.file,
            1,
            "the plan perturbs, but the source from before it is not there; protect the data anew",
        )
        return
    sides = Sides(engine=truth.engine, truth=truth.original, shown=truth.dataset)
    yield from check_perturbed(published, sides)
    yield from check_true_values(published, truth, sides, hierarchies)
