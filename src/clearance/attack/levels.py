"""At which level of its hierarchy a published column stands, read off its labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from clearance.attack.result import blocked
from clearance.findings import Finding
from clearance.hierarchy import Hierarchy


def consistent_levels(hierarchy: Hierarchy, labels: Iterable[str]) -> tuple[int, ...]:
    """The levels that have all of the labels, finest first; a missing value is a label too."""
    published = set(labels)
    return tuple(level for level, known in enumerate(hierarchy.levels) if published <= set(known))


def published_levels(
    labels: Mapping[str, set[str]],
    hierarchies: Mapping[str, Hierarchy],
    stated: Mapping[str, int],
    *,
    where: str,
) -> tuple[dict[str, int], tuple[Finding, ...]]:
    """The level of each column of ``labels``, and what is wrong with it.

    ``stated``: what the public report says. Where labels recur at several levels it decides,
    as long as the labels bear it out. A column whose labels belong to no level has none.
    """
    levels, findings = {}, []
    for name, published in labels.items():
        possible = consistent_levels(hierarchies[name], published)
        if not possible:
            strangers = min(len(published - set(level)) for level in hierarchies[name].levels)
            findings.append(_no_level(f"{where}: {name}", strangers))
            continue
        levels[name] = stated[name] if stated.get(name) in possible else possible[0]
        if stated.get(name) not in possible:
            findings.append(_not_as_stated(f"{where}: {name}"))
    return levels, tuple(findings)


def _no_level(where: str, count: int) -> Finding:
    return blocked(
        "label-of-no-level",
        where,
        count,
        f"{count} published labels stand at no single level of the column's hierarchy; "
        f"recode the whole column to one level",
    )


def _not_as_stated(where: str) -> Finding:
    return blocked(
        "level-not-as-stated",
        where,
        1,
        "disclosure-report.json states no level that the published labels bear out; "
        "write the report from the published file",
    )
