"""Published columns beside the source: coded as planned, and none refines another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pandas as pd

from clearance.attack.coded import as_published, check_coding, is_coded
from clearance.attack.determination import Determined, determined
from clearance.attack.published import PublishedMicrodata
from clearance.attack.result import Truth, blocked, warned
from clearance.findings import Finding
from clearance.hierarchy import Hierarchy
from clearance.plan import Role, Variable


def check_codings(published: PublishedMicrodata, truth: Truth) -> Iterator[Finding]:
    for variable in published.plan.with_role(Role.ATTRIBUTE):
        if is_coded(variable) and variable.name in published.frame.columns:
            yield from check_coding(
                variable,
                published.frame[variable.name],
                truth.engine.values(truth.dataset, variable.name),
                published.rules.k,
                where=f"{published.file}: {variable.name}",
            )


def check_refinements(
    published: PublishedMicrodata, hierarchies: Mapping[str, Hierarchy], truth: Truth
) -> Iterator[Finding]:
    """Every published column against every generalised one."""
    generalised = [name for name, level in published.levels.items() if level > 0]
    others = [name for name in published.names if name not in published.links]
    planned = {variable.name for variable in published.plan.variables}
    for name in generalised:
        for other in others:
            if other != name and other in planned:
                found = _determined(published, name, other, hierarchies, truth)
                yield from _refined(published, name, other, found)


def _determined(
    published: PublishedMicrodata,
    name: str,
    other: str,
    hierarchies: Mapping[str, Hierarchy],
    truth: Truth,
) -> Determined:
    entities = [unit.column for unit in published.plan.units]
    columns = list(dict.fromkeys([name, other, *entities]))
    pairs = truth.engine.histogram(truth.dataset, columns)
    recoding = hierarchies[name].recoding(published.levels[name])
    pairs = pairs.assign(
        leaf=pairs[name],
        label=[recoding.get(leaf, "") for leaf in pairs[name]],
        value=_as_published(published, published.plan.variable(other), pairs[other], hierarchies),
    )
    keys = ["label", "leaf", "value"]
    grouped = pairs.groupby(keys, sort=False, dropna=False)
    counts = [grouped[column].nunique() for column in entities] or [grouped["records"].sum()]
    least = pd.concat(counts, axis=1).min(axis=1)
    return determined(least.rename("units").reset_index())


def _as_published(
    published: PublishedMicrodata,
    variable: Variable,
    values: pd.Series,
    hierarchies: Mapping[str, Hierarchy],
) -> list[str]:
    if variable.name in published.levels:
        recoding = hierarchies[variable.name].recoding(published.levels[variable.name])
        return [recoding.get(value, "") for value in values]
    return as_published(variable, values.tolist(), published.frame[variable.name].unique())


def _refined(
    published: PublishedMicrodata, name: str, other: str, found: Determined
) -> Iterator[Finding]:
    where = f"{published.file}: {other}"
    if found.function:
        yield blocked(
            "value-determined",
            where,
            found.records,
            f"{other} determines the generalised {name} of {found.records} records; "
            f"generalise {other} as coarsely, or leave it out",
        )
    elif found.records:
        yield warned(
            "value-correlated",
            where,
            found.records,
            f"some values of {other} occur with one value of the generalised {name} only, for "
            f"{found.records} records; weigh whether an intruder can use that",
        )
