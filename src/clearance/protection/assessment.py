"""What protecting microdata gained and cost: risk before and after, and what recoding changed.

For reviewers and stewards only: everything here may hold small numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from clearance.errors import PlanError
from clearance.hierarchy import Hierarchy
from clearance.microdata.decision import Decision
from clearance.microdata.histogram import Histogram
from clearance.microdata.risks.lines import risk_lines
from clearance.microdata.risks.report import RiskReport, risk_report
from clearance.microdata.risks.weights import profile_weights
from clearance.microdata.usefulness import Utility, compare
from clearance.microdata.usefulness_lines import utility_lines
from clearance.plan import Plan
from clearance.ports import Dataset, Engine

MOST_COMPARED = 200_000  # distinct combinations; what pairs of columns lose is not read above


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """``utility`` is None where labels do not say by themselves what they cover, or for files
    of more than `MOST_COMPARED` combinations."""

    before: RiskReport
    after: RiskReport
    utility: Utility | None

    def lines(self) -> Iterator[str]:
        """Markdown for the reviewer."""
        yield from ("", "### Risk", "", *risk_lines(self.before, self.after))
        if self.utility is not None:
            yield from ("", "### What was lost", "", *utility_lines(self.utility))


def assess(
    engine: Engine,
    source: Dataset,
    published: Dataset,
    plan: Plan,
    histogram: Histogram,
    decision: Decision,
    hierarchies: Mapping[str, Hierarchy],
) -> Assessment:
    """Risk and utility of ``published``, made of ``source`` as ``decision`` says."""
    weights = None
    if plan.weight is not None:
        by = list(histogram.variables) if histogram.entity is None else [histogram.entity]
        weights = profile_weights(histogram, engine.sums(source, by, plan.weight))
    return Assessment(
        before=risk_report(histogram, weights=weights),
        after=risk_report(histogram, decision, weights=weights),
        utility=_utility(engine, source, published, histogram, hierarchies),
    )


def _utility(
    engine: Engine,
    source: Dataset,
    published: Dataset,
    histogram: Histogram,
    hierarchies: Mapping[str, Hierarchy],
) -> Utility | None:
    names = list(histogram.variables)
    if not names or histogram.combinations.shape[1] > MOST_COMPARED:
        return None
    try:
        return compare(
            engine.histogram(source, names),
            engine.histogram(published, names),
            {name: hierarchies[name] for name in names},
        )
    except PlanError:
        return None
