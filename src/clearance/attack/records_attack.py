"""A published microdata file, attacked and judged: columns, classes, units, links."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from math import floor

from clearance.attack import units
from clearance.attack.judged_file import Judged
from clearance.attack.known_points import check_known_points
from clearance.attack.linking import check_links
from clearance.attack.minimal_levels import check_minimality
from clearance.attack.models_attack import check_models
from clearance.attack.published import PublishedMicrodata
from clearance.attack.recount import (
    Classes,
    classes_of,
    distinct_values,
    diversity,
    link_profiles,
    linked,
    unique_records,
)
from clearance.attack.refinement import check_codings, check_refinements
from clearance.attack.result import MicrodataAttack, Truth, blocked, told
from clearance.attack.rows import totals
from clearance.findings import Finding
from clearance.hierarchy import Hierarchy
from clearance.plan import Role
from clearance.policy import DistinctL


@dataclass(frozen=True, slots=True)
class _Counted:
    """The smallest class in units of ``kind``, and the least l of each sensitive attribute."""

    k: int
    kind: str
    l: Mapping[str, int]  # noqa: E741 - the literature's name

    def least(self, other: _Counted) -> _Counted:
        smaller = other if other.k < self.k else self
        return _Counted(
            smaller.k,
            smaller.kind,
            {name: min(found, other.l.get(name, found)) for name, found in self.l.items()},
        )


def attack_microdata(
    published: PublishedMicrodata, hierarchies: Mapping[str, Hierarchy], truth: Truth
) -> tuple[MicrodataAttack, tuple[Finding, ...]]:
    """k, l and uniqueness of a file, and what blocks it.

    Every count is taken in the own-category reading, where only equal cells are alike, and in
    the compatible one, of what a person known to the intruder may be (THREATS 15).
    """
    classes = classes_of(published.rows, published.quasi)
    judged = _judged(published, classes, truth)
    counted = reduce(
        _Counted.least,
        [
            _by_record(published, classes),
            *_compatible(judged),
            *(_through_link(published, link, classes) for link in published.links),
            *_through_source(judged),
        ],
    )
    unique = unique_records(
        published.rows, [name for name in published.names if name not in published.links]
    )
    result = MicrodataAttack(
        name=published.output.name,
        file=published.file,
        records=published.total,
        k=counted.k,
        l=counted.l,
        unique=unique,
    )
    return result, (
        *_columns(published),
        *_surplus(published, units.surplus(judged.found)),
        *_suppressed(published, judged),
        *_too_small(published, classes, counted),
        *_distinct(published, counted.l),
        *check_models(judged, hierarchies, truth),
        *check_codings(published, truth),
        *check_refinements(published, classes, truth),
        *check_links(published, classes, truth),
        *check_known_points(published),
        *check_minimality(published, truth),
        _uniqueness(published, unique),
    )


def _judged(published: PublishedMicrodata, classes: Classes, truth: Truth) -> Judged:
    """The file's records found in the source, with the units of every kind where they repeat."""
    kinds = {unit.column: unit.kind for unit in published.plan.units}
    entities = [*kinds, *(link for link in published.links if link not in kinds)]
    sensitive = published.columns(Role.SENSITIVE_ATTRIBUTE)
    several = units.repeating(truth, entities)
    also = [*entities, *sensitive] if several else []
    found = units.find(published, classes, truth, also=also)
    kept = units.whole_units(found, entities, published.rules) if several else None
    return Judged(
        published=published,
        classes=classes,
        found=found,
        kept=kept,
        kinds=kinds if several else {},
        entities=tuple(entities) if several else (),
    )


# ---------------------------------------------------------------- columns


def _columns(published: PublishedMicrodata) -> Iterator[Finding]:
    planned = {variable.name for variable in published.plan.variables if variable.published}
    present = set(published.frame.columns)
    for rule, names, action in (
        ("column-not-for-publication", present - planned, "drop them"),
        ("column-missing", planned - present, "publish them, or change their role"),
    ):
        if names:
            yield blocked(
                rule,
                f"{published.file}: {', '.join(sorted(names))}",
                len(names),
                f"{len(names)} columns are not as the plan says; {action}",
            )
    if not published.total:
        yield blocked("no-records", published.file, 1, "the file has no records; publish none")
    unexplained = [
        variable.name
        for variable in published.plan.with_role(Role.ATTRIBUTE)
        if variable.name in present and not variable.reason
    ]
    if unexplained:
        yield blocked(
            "attribute-without-reason",
            f"{published.file}: {', '.join(unexplained)}",
            len(unexplained),
            "an attribute is published as it is and needs a written reason; give one, or make "
            "it a quasi-identifier",
        )
    modelled = {model.variable for model in published.rules.of_sensitive}
    bare = [name for name in published.columns(Role.SENSITIVE_ATTRIBUTE) if name not in modelled]
    if bare:
        yield blocked(
            "sensitive-without-model",
            f"{published.file}: {', '.join(bare)}",
            len(bare),
            "a published sensitive attribute needs a model (distinct-l) in the policy; add one",
        )


# ---------------------------------------------------------------- classes


def _by_record(published: PublishedMicrodata, classes: Classes) -> _Counted:
    sensitive = {
        name: min(distinct_values(classes.of_row, published.frame[name]).tolist(), default=0)
        for name in published.columns(Role.SENSITIVE_ATTRIBUTE)
    }
    return _Counted(classes.smallest, "records", sensitive)


def _compatible(judged: Judged) -> list[_Counted]:
    """Records that each person of the source may be, where the labels overlap."""
    least = judged.fewest_compatible()
    return [] if least is None else [_Counted(least, "records that a person may be", {})]


def _through_link(published: PublishedMicrodata, link: str, classes: Classes) -> _Counted:
    """A link that repeats shows a unit's records together: their profile is its class."""
    found = linked(published.frame[link], published.records)
    profile = link_profiles(found, classes.of_row, published.records)
    sizes = totals(profile, found.units, int(profile.max(initial=-1)) + 1)
    sensitive = {
        name: diversity(profile[found.of_row], found.of_row, published.frame[name])
        for name in published.columns(Role.SENSITIVE_ATTRIBUTE)
    }
    return _Counted(int(sizes.min()) if len(sizes) else 0, f"units linked by {link}", sensitive)


def _through_source(judged: Judged) -> list[_Counted]:
    """The units of every kind, where a unit has several records."""
    sensitive = judged.published.columns(Role.SENSITIVE_ATTRIBUTE)
    found, kept = judged.found, judged.kept
    shown = found.published > 0
    return [
        _Counted(
            int(units.fewest_units(found, kept, column)[shown].min(initial=units.ALL)),
            kind,
            {name: units.least_diversity(found, kept, column, name) for name in sensitive},
        )
        for column, kind in judged.kinds.items()
    ]


def _surplus(published: PublishedMicrodata, surplus: int) -> Iterator[Finding]:
    if surplus:
        yield blocked(
            "record-not-in-source",
            published.file,
            surplus,
            f"{surplus} published records are not in the source at the published levels; "
            f"protect the data anew",
        )


def _suppressed(published: PublishedMicrodata, judged: Judged) -> Iterator[Finding]:
    total = int(judged.found.source.records.sum())
    suppressed = total - published.total
    if judged.entities:
        suppressed, total = units.suppressed_units(judged.found, judged.kept, judged.entities[0])
    limit = floor(published.rules.max_suppressed_share * total)
    if suppressed > limit:
        yield blocked(
            "too-much-suppressed",
            published.file,
            suppressed,
            f"{suppressed} of {total} units are not in the file, the policy allows {limit}; "
            f"recode more coarsely",
        )


def _too_small(
    published: PublishedMicrodata, classes: Classes, least: _Counted
) -> Iterator[Finding]:
    k = published.rules.k
    if least.k >= k:
        return
    records = classes.below(k)
    share = f"{records} of {published.total} records" if records else "at least one class"
    yield blocked(
        "class-below-k",
        published.file,
        records or 1,
        f"{share}: equivalence classes smaller than k={k}, counted in {least.kind}; "
        f"recode {', '.join(published.quasi) or 'the file'} more coarsely",
    )


def _distinct(published: PublishedMicrodata, diverse: Mapping[str, int]) -> Iterator[Finding]:
    for model in published.rules.models:
        if not isinstance(model, DistinctL):
            continue
        found = diverse.get(model.variable)
        if found is not None and found < model.l:
            yield blocked(
                "class-below-l",
                f"{published.file}: {model.variable}",
                1,
                f"a class has fewer than l={model.l} distinct values of {model.variable}; "
                f"recode more coarsely or suppress the class",
            )


def _uniqueness(published: PublishedMicrodata, unique: int) -> Finding:
    return told(
        "unique-records",
        published.file,
        unique,
        f"{unique} of {published.total} records are unique over all published columns; "
        f"weigh whether an intruder can know those that are no quasi-identifiers",
    )
