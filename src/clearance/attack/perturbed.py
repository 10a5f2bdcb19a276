"""Perturbed columns: whether they are what the plan says, and what linkage still finds.

Nobody can perturb again without the key, so protect hands over the source as it perturbed it.
The judge believes nothing of it: he compares it with the source unit by unit, and the published
file with it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from clearance.attack.coded import as_published, number
from clearance.attack.nearest import linked
from clearance.attack.perturbed_methods import as_numbers, check_method
from clearance.attack.perturbed_source import (
    Sides,
    check_averages,
    check_rest,
    groups,
    paired,
)
from clearance.attack.published import PublishedMicrodata
from clearance.attack.result import blocked, told, warned
from clearance.findings import Finding
from clearance.plan import Microaggregation, Plan, RankSwapping, ValueType, Variable

NUMERIC = (ValueType.INTEGER, ValueType.NUMBER)
MOST_LINKED = 0.5  # of the units, above which the reviewer is warned


def check_perturbed(published: PublishedMicrodata, sides: Sides) -> Iterator[Finding]:
    """What is wrong with the perturbed columns of a file, and how many of its units are linked."""
    yield from check_rest(published.plan, sides)
    for names, perturb, of in groups(published.plan):
        where = f"{published.file}: {', '.join(names)}"
        pairs, several = paired(sides, of, names)
        yield from _torn(several, where)
        yield from check_method(
            published.plan, names, perturb, pairs, sides.true(of, *names), where
        )
        for name in names:
            yield from check_averages(published.plan, sides, of, name, where)
            yield from _published_otherwise(published, sides, name)
        yield from _linkage(published, sides, of, names, pairs)


def check_set(plan: Plan, earlier: int, where: str) -> Iterator[Finding]:
    """A warning where methods that depend on all values meet ``earlier`` releases."""
    names = [
        name
        for group, perturb, _ in groups(plan)
        if isinstance(perturb.method, Microaggregation | RankSwapping)
        for name in group
    ]
    if names and earlier:
        yield warned(
            "perturbation-depends-on-all-values",
            f"{where}: {', '.join(names)}",
            len(names),
            "earlier releases are public; where the data have changed since, group means and "
            "swapped ranks change as well and can be compared; prefer noise, or release once",
        )


def _torn(several: int, where: str) -> Iterator[Finding]:
    if several:
        yield blocked(
            "perturbed-twice",
            where,
            several,
            f"{several} units have one value that is shown in several ways, or in none; "
            f"perturb once per unit and value",
        )


# ---------------------------------------------------------------- the published file


def _published_otherwise(
    published: PublishedMicrodata, sides: Sides, name: str
) -> Iterator[Finding]:
    """Published values that the perturbed source does not have as often."""
    if name not in published.frame.columns:
        return
    variable, counts = published.plan.variable(name), published.values(name)
    held = sides.shown_values(name)
    shown = as_published(variable, held["value"].tolist(), counts)
    there: Counter[object] = Counter()
    for value, records in zip(shown, held["records"].tolist(), strict=True):
        there[_comparable(variable, value)] += records
    surplus = sum(
        max(0, records - there[_comparable(variable, value)]) for value, records in counts.items()
    )
    if surplus:
        yield blocked(
            "not-as-perturbed",
            f"{published.file}: {name}",
            surplus,
            f"{surplus} published values are not those of the perturbed source; "
            f"publish the column as it was perturbed",
        )


def _comparable(variable: Variable, value: str) -> object:
    found = number(value) if variable.type in NUMERIC else None
    return value if found is None else found


# ---------------------------------------------------------------- linkage


def _linkage(
    published: PublishedMicrodata, sides: Sides, of: str, names: Sequence[str], pairs: pd.DataFrame
) -> Iterator[Finding]:
    """How many units are nearest to themselves within the class that is published of them."""
    numeric = [name for name in names if published.plan.variable(name).type in NUMERIC]
    if len(numeric) < len(names):
        return
    true = np.column_stack([as_numbers(pairs[name]) for name in names])
    shown = np.column_stack([as_numbers(pairs[f"shown {name}"]) for name in names])
    whole = ~np.isnan(true).any(axis=1) & ~np.isnan(shown).any(axis=1)
    if not whole.any():
        return
    classes = _classes(published, sides, of)[pairs.index].to_numpy(np.int64)[whole]
    hits, guesses, tried = linked(true[whole], shown[whole], classes)
    message = (
        f"an intruder who knows {', '.join(names)} and the quasi-identifiers of everybody links "
        f"{hits:.0f} of {tried} units by distance, {guesses:.0f} by guessing"
    )
    say = warned if hits > MOST_LINKED * tried else told
    yield say("linked-by-distance", f"{published.file}: {', '.join(names)}", round(hits), message)


def _classes(published: PublishedMicrodata, sides: Sides, of: str) -> pd.Series:
    """For each unit the number of its published class, all its records taken together.

    Where a column's labels are of several levels its leaves are taken, which tells more.
    """
    covered = list(published.coverage)
    frame = sides.perturbed(*dict.fromkeys([of, *covered]))
    labels = []
    for name, coverage in published.coverage.items():
        leaf = coverage.leaf_numbers(frame[name].tolist())
        labels.append(coverage.label_of_leaf()[leaf] if coverage.single else leaf)
    number_of_row = (
        pd.DataFrame(np.column_stack(labels)).groupby(list(range(len(labels)))).ngroup()
        if labels
        else pd.Series(np.zeros(len(frame), dtype=np.int64))
    )
    texts = number_of_row.astype(str) + "*" + frame["records"].astype(str)
    profile = texts.groupby(frame[of].to_numpy()).agg(lambda held: " ".join(sorted(held)))
    return pd.Series(pd.factorize(profile)[0], index=profile.index)
