"""A published microdata file, attacked and judged: columns, classes, units, links."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import reduce
from math import floor

import numpy as np

from clearance.attack import units
from clearance.attack.linking import check_links
from clearance.attack.published import PublishedMicrodata
from clearance.attack.recount import (
    Ints,
    class_numbers,
    distinct_values,
    diversity,
    link_profiles,
    linked_units,
    records_below,
    smallest_class,
    unique_records,
)
from clearance.attack.refinement import check_codings, check_refinements
from clearance.attack.result import MicrodataAttack, Truth, blocked, told
from clearance.findings import Finding
from clearance.hierarchy import Hierarchy
from clearance.plan import Role


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
    """k, l and uniqueness of a file, and what blocks it."""
    classes = class_numbers(published.frame, list(published.levels))
    in_source, findings = _through_source(published, hierarchies, truth)
    counted = reduce(
        _Counted.least,
        [
            _by_record(published, classes),
            *(_through_link(published, link, classes) for link in published.links),
            *in_source,
        ],
    )
    unique = unique_records(
        published.frame, [name for name in published.names if name not in published.links]
    )
    result = MicrodataAttack(
        name=published.output.name,
        file=published.file,
        records=len(published.frame),
        k=counted.k,
        l=counted.l,
        unique=unique,
    )
    return result, (
        *_columns(published),
        *findings,
        *_too_small(published, classes, counted),
        *_models(published, counted.l),
        *check_codings(published, truth),
        *check_refinements(published, hierarchies, truth),
        *check_links(published, hierarchies, truth),
        _uniqueness(published, unique),
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
    if not len(published.frame):
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
    modelled = {model.variable for model in published.rules.models}
    bare = [name for name in published.columns(Role.SENSITIVE_ATTRIBUTE) if name not in modelled]
    if bare:
        yield blocked(
            "sensitive-without-model",
            f"{published.file}: {', '.join(bare)}",
            len(bare),
            "a published sensitive attribute needs a model (distinct-l) in the policy; add one",
        )


# ---------------------------------------------------------------- classes


def _by_record(published: PublishedMicrodata, classes: Ints) -> _Counted:
    sensitive = {
        name: min(distinct_values(classes, published.frame[name].tolist()).values(), default=0)
        for name in published.columns(Role.SENSITIVE_ATTRIBUTE)
    }
    return _Counted(smallest_class(classes), "records", sensitive)


def _through_link(published: PublishedMicrodata, link: str, classes: Ints) -> _Counted:
    """A link that repeats shows a unit's records together: their profile is its class."""
    names = published.frame[link].tolist()
    profiles = link_profiles(classes, names)
    numbers: dict[object, int] = {}
    of_unit = [numbers.setdefault(each, len(numbers)) for each in profiles.values()]
    sensitive = {
        name: diversity(linked_units(profiles, names, published.frame[name].tolist()))
        for name in published.columns(Role.SENSITIVE_ATTRIBUTE)
    }
    size = smallest_class(np.array(of_unit, dtype=np.int64))
    return _Counted(size, f"units linked by {link}", sensitive)


def _through_source(
    published: PublishedMicrodata, hierarchies: Mapping[str, Hierarchy], truth: Truth
) -> tuple[list[_Counted], list[Finding]]:
    """The file's records found in the source, and the units of every kind counted there."""
    kinds = {unit.column: unit.kind for unit in published.plan.units}
    entities = [*kinds, *(link for link in published.links if link not in kinds)]
    sensitive = published.columns(Role.SENSITIVE_ATTRIBUTE)
    several = units.repeating(truth, entities)
    also = [*entities, *sensitive] if several else []
    found = units.find(published.frame, published.levels, hierarchies, truth, also=also)
    findings = [*_surplus(published, units.surplus(found))]
    suppressed, total = truth.dataset.records - len(published.frame), truth.dataset.records
    counted = []
    if several:
        kept = units.whole_units(found, entities, published.rules)
        counted = [
            _Counted(
                units.fewest_units(found, kept, column),
                kind,
                {name: units.least_diversity(found, kept, column, name) for name in sensitive},
            )
            for column, kind in kinds.items()
        ]
        suppressed, total = units.suppressed_units(found, kept, entities[0])
    return counted, [*findings, *_suppressed(published, suppressed, total)]


def _surplus(published: PublishedMicrodata, surplus: int) -> Iterator[Finding]:
    if surplus:
        yield blocked(
            "record-not-in-source",
            published.file,
            surplus,
            f"{surplus} published records are not in the source at the published levels; "
            f"protect the data anew",
        )


def _suppressed(published: PublishedMicrodata, suppressed: int, total: int) -> Iterator[Finding]:
    limit = floor(published.rules.max_suppressed_share * total)
    if suppressed > limit:
        yield blocked(
            "too-much-suppressed",
            published.file,
            suppressed,
            f"{suppressed} of {total} units are not in the file, the policy allows {limit}; "
            f"recode more coarsely",
        )


def _too_small(published: PublishedMicrodata, classes: Ints, least: _Counted) -> Iterator[Finding]:
    k = published.rules.k
    if least.k >= k:
        return
    records = records_below(classes, k)
    share = f"{records} of {len(classes)} records" if records else "at least one class"
    yield blocked(
        "class-below-k",
        published.file,
        records or 1,
        f"{share}: equivalence classes smaller than k={k}, counted in {least.kind}; "
        f"recode {', '.join(published.levels) or 'the file'} more coarsely",
    )


def _models(published: PublishedMicrodata, diverse: Mapping[str, int]) -> Iterator[Finding]:
    for model in published.rules.models:
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
        f"{unique} of {len(published.frame)} records are unique over all published columns; "
        f"weigh whether an intruder can know those that are no quasi-identifiers",
    )
