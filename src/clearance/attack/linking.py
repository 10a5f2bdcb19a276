"""Columns whose values show which records are of one unit, as an undeclared link (THREATS 4).

A household's income beside each of its members shows who live together: the composition of
the household becomes a quasi-identifier, also where nobody knows the income. A value *links*
where several records hold it and all of them are of one unit. That a few do is normal; a
column whose values link `LINKING_SHARE` of the records that could be linked is a link, and
then the units' profiles must be as common as k asks for.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

import numpy as np

from clearance.attack import units
from clearance.attack.coded import as_published
from clearance.attack.published import PublishedMicrodata
from clearance.attack.recount import link_profiles
from clearance.attack.result import Truth, blocked
from clearance.findings import Finding
from clearance.hierarchy import MISSING, Hierarchy
from clearance.plan import Role

LINKING_SHARE = 0.25


def check_links(
    published: PublishedMicrodata, hierarchies: Mapping[str, Hierarchy], truth: Truth
) -> Iterator[Finding]:
    """That no column links the records of units whose profiles are rare."""
    for unit in published.plan.units:
        if not units.repeating(truth, [unit.column]):
            continue
        linking = {
            name: records
            for name in published.columns(Role.ATTRIBUTE, Role.SENSITIVE_ATTRIBUTE)
            if (records := _linked_records(published, truth, unit.column, name))
        }
        if linking and _rarest_profile(published, hierarchies, truth, unit.column) < (
            published.rules.k
        ):
            for name, records in linking.items():
                yield blocked(
                    "value-links-records",
                    f"{published.file}: {name}",
                    records,
                    f"{name} shows of {records} records which are of one {unit.kind}, and "
                    f"fewer than k={published.rules.k} of those are made up alike; round "
                    f"{name}, leave it out, or name {unit.kind} first in units",
                )


def _linked_records(published: PublishedMicrodata, truth: Truth, unit: str, name: str) -> int:
    """Records that a value of ``name`` links; 0 where they are too few to call it a link."""
    held = truth.engine.histogram(truth.dataset, [unit, name])
    shown = published.frame[name].unique()
    value = as_published(published.plan.variable(name), held[name].tolist(), shown)
    pairs = held.assign(**{name: value}).groupby([unit, name], sort=False)
    held = pairs["records"].sum().reset_index()
    could = held.groupby(unit)["records"].transform("sum") > 1
    alone = held.groupby(name)[unit].transform("nunique") == 1
    linked = alone & (held["records"] > 1) & (held[name] != MISSING)
    records, most = int(held["records"][linked].sum()), int(held["records"][could].sum())
    return records if records >= LINKING_SHARE * most else 0


def _rarest_profile(
    published: PublishedMicrodata, hierarchies: Mapping[str, Hierarchy], truth: Truth, unit: str
) -> int:
    """Units that share the classes of all their published records, at least."""
    entities = [each.column for each in published.plan.units]
    sensitive = published.columns(Role.SENSITIVE_ATTRIBUTE)
    also = [*entities, *sensitive]
    found = units.find(published.frame, published.levels, hierarchies, truth, also=also)
    kept = units.whole_units(found, entities, published.rules)
    source = found.source if kept is None else kept
    rows = source.loc[np.repeat(source.index.to_numpy(), source["records"])]
    profiles = link_profiles(rows[units.CLASS].to_numpy(dtype=np.int64), rows[unit].tolist())
    return min(Counter(profiles.values()).values(), default=0)
