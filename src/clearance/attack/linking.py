"""Columns whose values show which records are of one unit, as an undeclared link (THREATS 4).

A household's income beside each of its members shows who live together: the composition of
the household becomes a quasi-identifier, also where nobody knows the income. A value *links*
where several records hold it and all of them are of one unit. That a few do is normal; a
column whose values link `LINKING_SHARE` of the records that could be linked is a link, and
then the units' profiles must be as common as k asks for.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from clearance.attack import units
from clearance.attack.coded import as_published
from clearance.attack.published import PublishedMicrodata
from clearance.attack.recount import Classes
from clearance.attack.result import Truth, blocked
from clearance.attack.rows import codes, first_of, numbered, texts_of, totals
from clearance.findings import Finding
from clearance.hierarchy import MISSING
from clearance.plan import Role

LINKING_SHARE = 0.25


def check_links(published: PublishedMicrodata, classes: Classes, truth: Truth) -> Iterator[Finding]:
    """That no column links the records of units whose profiles are rare."""
    for unit in published.plan.units:
        if not units.repeating(truth, [unit.column]):
            continue
        linking = {
            name: records
            for name in published.columns(Role.ATTRIBUTE, Role.SENSITIVE_ATTRIBUTE)
            if (records := _linked_records(published, truth, unit.column, name))
        }
        if linking and _rarest_profile(published, classes, truth, unit.column) < (
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
    texts, shown = texts_of(held[name]), published.values(name)
    value = pd.Categorical(as_published(published.plan.variable(name), texts, shown))
    code = value.codes.astype(np.int64)[codes(held[name])]
    pair = numbered([codes(held[unit]), code], len(held))
    first = first_of(pair)
    of_unit, code = codes(held[unit])[first], code[first]
    records = totals(pair, held["records"].to_numpy(dtype=np.int64), len(first))
    could = np.bincount(of_unit, weights=records)[of_unit] > 1
    alone = np.bincount(code)[code] == 1
    present = np.array([text != MISSING for text in value.categories], dtype=np.bool_)[code]
    linked, most = int(records[alone & (records > 1) & present].sum()), int(records[could].sum())
    return linked if linked >= LINKING_SHARE * most else 0


def _rarest_profile(
    published: PublishedMicrodata, classes: Classes, truth: Truth, unit: str
) -> int:
    """Units that share the classes of all their published records, at least."""
    entities = [each.column for each in published.plan.units]
    sensitive = published.columns(Role.SENSITIVE_ATTRIBUTE)
    found = units.find(published, classes, truth, also=[*entities, *sensitive])
    kept = units.whole_units(found, entities, published.rules)
    return units.rarest_profile(found if kept is None else kept, unit)
