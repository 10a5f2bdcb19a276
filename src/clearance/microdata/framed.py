"""A frame of a call, with what its columns are, as a histogram."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from numbers import Real

import numpy as np
import pandas as pd

from clearance.errors import InputError
from clearance.hierarchy import MISSING, Hierarchy, build, covering, from_rows
from clearance.microdata.frames import RECORDS, counted, kind_of, text_frame
from clearance.microdata.histogram import Histogram, histogram_of
from clearance.microdata.risks.individual import Floats
from clearance.microdata.risks.weights import AMOUNT, profile_weights
from clearance.microdata.scales import Nature
from clearance.plan import Intervals, ValueType

# A hierarchy; the widths of nested intervals; rows of a leaf and its labels at each level; or
# None, which is: the value, or nothing.
Levels = Hierarchy | Sequence[Real] | Sequence[Sequence[str]] | None


def hierarchy(name: str, levels: Levels, values: Iterable[object] = ()) -> Hierarchy:
    """The hierarchy of column ``name`` over ``values``, which may be missing ones as well.

    PlanError where ``levels`` are not nested or lack a value.

    >>> hierarchy("age", [5, 10], [23, 28, 31]).levels
    (('23', '28', '31'), ('20-24', '25-29', '30-34'), ('20-29', '20-29', '30-39'), ('*', '*', '*'))
    >>> rows = [["Oslo", "East"], ["Moss", "East"], ["Bergen", "West"]]
    >>> hierarchy("place", rows).labels(1)
    ('East', 'West')
    """
    column = pd.Series(list(values), dtype=object)
    leaves = (
        list(dict.fromkeys(text_frame(column.to_frame(name), [name])[name])) if len(column) else []
    )
    if levels is None:
        return covering(build(name, None, leaves), leaves)
    if isinstance(levels, Hierarchy):
        return covering(levels, leaves)
    if all(isinstance(each, Real) for each in levels):
        widths = tuple(Decimal(str(each)) for each in levels)
        return covering(build(name, Intervals(widths), leaves, kind=_whole(leaves)), leaves)
    rows = [[str(label) for label in row] for row in levels if not isinstance(row, Real)]
    return covering(from_rows(name, rows, where=f"hierarchy of '{name}'"), leaves)


def _whole(leaves: Sequence[str]) -> ValueType:
    fraction = any("." in leaf for leaf in leaves)
    return ValueType.NUMBER if fraction else ValueType.INTEGER


def histogram_of_frame(
    frame: pd.DataFrame,
    texts: pd.DataFrame,
    quasi: Mapping[str, Levels],
    sensitive: Sequence[str] | Mapping[str, Levels],
    unit: str | None,
    household: str | None,
    population: pd.DataFrame | None,
) -> Histogram:
    """``texts``: ``frame`` as text. Where no unit has two records, records are the units."""
    entity = unit if unit is not None and _repeats(texts[unit]) else None
    holders = [household] if household is not None else []
    people = None if population is None else text_frame(population, quasi)
    known = {
        name: hierarchy(name, levels, _values(name, texts, people))
        for name, levels in quasi.items()
    }
    columns = [*quasi, *sensitive, *([entity] if entity else []), *holders]
    return histogram_of(
        counted(texts, columns),
        variables=list(quasi),
        hierarchies=known,
        sensitive=list(sensitive),
        natures={name: _nature(name, frame, texts, sensitive) for name in sensitive},
        entity=entity,
        holders=holders,
        population=None if people is None else counted(people, list(quasi)),
    )


def _repeats(column: pd.Series) -> bool:
    return bool(column.duplicated().any() or (column == MISSING).any())


def _values(name: str, texts: pd.DataFrame, people: pd.DataFrame | None) -> pd.Series:
    return texts[name] if people is None else pd.concat([texts[name], people[name]])


def _nature(
    name: str,
    frame: pd.DataFrame,
    texts: pd.DataFrame,
    sensitive: Sequence[str] | Mapping[str, Levels],
) -> Nature:
    levels = sensitive[name] if isinstance(sensitive, Mapping) else None
    known = None if levels is None else hierarchy(name, levels, texts[name])
    return Nature(kind=kind_of(frame[name]), hierarchy=known)


def weights_of_profiles(
    histogram: Histogram, texts: pd.DataFrame, column: str | None
) -> Floats | None:
    """For each profile the sum of its units' survey weights."""
    if column is None:
        return None
    numbers = pd.to_numeric(texts[column], errors="coerce")
    if numbers.isna().any():
        raise InputError(
            f"'{column}': {int(numbers.isna().sum())} weights are missing or no numbers"
        )
    keys = list(histogram.variables) if histogram.entity is None else [histogram.entity]
    if not keys:
        return np.array([numbers.sum()])
    weighed = pd.concat([texts[keys], numbers.rename(AMOUNT)], axis=1)
    sums = weighed.groupby(keys, dropna=False)[AMOUNT].agg(["size", "sum"]).reset_index()
    return profile_weights(histogram, sums.rename(columns={"size": RECORDS, "sum": AMOUNT}))
