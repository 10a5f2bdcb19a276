"""A published file beside the source: what the judgement of its classes begins with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clearance.attack import units
from clearance.attack.compatible import Incidence
from clearance.attack.levels import wildcards
from clearance.attack.placing import lying_in
from clearance.attack.published import PublishedMicrodata
from clearance.attack.recount import Classes
from clearance.attack.rows import totals
from clearance.attack.units import Found
from clearance.hierarchy import MISSING
from clearance.policy import Missing


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Judged:
    """A published file beside the source.

    ``kept``: what `units.whole_units` answers. ``entities``: columns that name units of several
    records, the first one being what the policy counts; none where units are records.
    ``kinds``: those of them that the plan names, with what they are called.
    """

    published: PublishedMicrodata
    classes: Classes
    found: Found
    kept: Found | None
    kinds: Mapping[str, str]
    entities: tuple[str, ...]

    @property
    def shown(self) -> Found:
        """The source's rows that may have been published."""
        if self.kept is not None:
            return self.kept
        return self.found.only(self.found.published[self.found.of_class] > 0)

    @property
    def compatible(self) -> Incidence:
        """Which classes a person of the source may lie in, for all that an intruder knows."""
        published = self.published
        wild = published.rules.missing is Missing.WILDCARD and any(
            MISSING in of.labels for of in published.coverage.values()
        )
        if not wild:
            return self.found.incidence
        coverage = {name: wildcards(of) for name, of in published.coverage.items()}
        return lying_in(published, self.classes, self.found.source, coverage)

    def fewest_compatible(self) -> int | None:
        """Published records that a person of the source may be, at least; None if as classes."""
        found = self.found.incidence
        if self.found.disjoint:
            return None
        records = totals(found.target, self.classes.records[found.of_class], 0)
        return int(records[records > 0].min(initial=units.ALL))
