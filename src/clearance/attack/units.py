"""The records of a published file found again in the source, and their units counted.

A file without unit identifiers does not say whose records it holds. The judge recodes the
source to the published levels, compares the two class by class and counts the distinct
units of each kind among the records that were published. Where it cannot tell which of a
class's records those are, it assumes the fewest units that they can be of.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from clearance.attack.recount import Unit, class_numbers, distinct_values, diversity, link_profiles
from clearance.attack.result import Truth
from clearance.hierarchy import MISSING, Hierarchy
from clearance.policy import MicrodataRules

Ints = npt.NDArray[np.int64]

CLASS = "\nclass"  # a name that no column of a source has: headers hold no line breaks


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """The source beside a published file.

    ``source``: distinct combinations of labels, units and sensitive values, with `CLASS`
    (a number) and ``records``. ``published``: records of each class in the file.
    ``strangers``: published records that the source does not have.
    """

    source: pd.DataFrame
    published: Ints
    strangers: int

    @property
    def in_source(self) -> Ints:
        return _totals(self.source, len(self.published))


def repeating(truth: Truth, columns: Sequence[str]) -> bool:
    """Whether any of the columns names a unit of several records, or misses one."""
    return any(_repeats(truth.engine.values(truth.dataset, column)) for column in columns)


def find(
    frame: pd.DataFrame,
    levels: Mapping[str, int],
    hierarchies: Mapping[str, Hierarchy],
    truth: Truth,
    *,
    also: Sequence[str] = (),
) -> Found:
    """The source recoded to ``levels`` and matched with the classes of ``frame``.

    ``also``: further columns of the source that the answer keeps, as they are.
    """
    quasi = list(levels)
    source = truth.engine.histogram(truth.dataset, list(dict.fromkeys([*quasi, *also])))
    labels = {
        f"\nlabel {name}": _recoded(source[name], hierarchies[name], level)
        for name, level in levels.items()
    }
    source = source.assign(**labels)
    source = source.assign(**{CLASS: class_numbers(source, list(labels))})
    classes = source.drop_duplicates(CLASS).set_index(CLASS)[list(labels)].sort_index()
    counts = frame.groupby(quasi, dropna=False).size() if quasi else pd.Series([len(frame)])
    known = {key: number for number, key in enumerate(_tuples(classes, list(labels)))}
    published = np.zeros(len(known), dtype=np.int64)
    strangers = 0
    for key, count in zip(_keys(counts, quasi), counts.tolist(), strict=True):
        if key in known:
            published[known[key]] = count
        else:
            strangers += count
    return Found(source=source, published=published, strangers=strangers)


def surplus(found: Found) -> int:
    """Published records that the source does not have, class by class."""
    return found.strangers + int(np.maximum(found.published - found.in_source, 0).sum())


def whole_units(found: Found, kinds: Sequence[str], rules: MicrodataRules) -> pd.DataFrame | None:
    """The source rows that were published, if whole classes or whole units were suppressed.

    Whole units: those whose profile (the classes of all their records) is too rare or has
    too little diversity. None where the file holds neither exactly what that leaves.
    """
    present = found.source[found.published[found.source[CLASS]] > 0]
    if (_totals(present, len(found.published)) == found.published).all():
        return present
    for entity in kinds:
        kept = found.source[~_unsafe_profile(found.source, entity, kinds, rules)]
        if (_totals(kept, len(found.published)) == found.published).all():
            return kept
    return None


def fewest_units(found: Found, kept: pd.DataFrame | None, kind: str) -> int:
    """Distinct units of ``kind`` in the published class that has fewest.

    ``kept``: what `whole_units` answers; without it the largest units are taken to be those
    that were published. A missing unit counts as one unit, however many records lack it.
    """
    source = found.source if kept is None else kept
    held = source.groupby([CLASS, kind], dropna=False)["records"].sum().reset_index()
    held = held.sort_values([CLASS, "records"], ascending=[True, False], kind="stable")
    before = held.groupby(CLASS)["records"].cumsum() - held["records"]
    needed = before.to_numpy() < found.published[held[CLASS]]
    units = np.bincount(held[CLASS][needed], minlength=len(found.published))
    return int(units[found.published > 0].min(initial=np.iinfo(np.int64).max))


def least_diversity(found: Found, kept: pd.DataFrame | None, kind: str, variable: str) -> int:
    """The least l of ``variable`` over the published classes, units of ``kind`` taken whole."""
    source = found.source if kept is None else kept
    source = source[found.published[source[CLASS]] > 0]
    held: dict[tuple[int, str], set[str]] = defaultdict(set)
    for number, unit, value in zip(
        source[CLASS].tolist(), source[kind], source[variable], strict=True
    ):
        held[number, unit].update({value} - {MISSING})
    return diversity(Unit(number, frozenset(values)) for (number, _), values in held.items())


def suppressed_units(found: Found, kept: pd.DataFrame | None, entity: str) -> tuple[int, int]:
    """Units of which nothing was published (at least), and all units."""
    source = found.source
    remaining = source[found.published[source[CLASS]] > 0] if kept is None else kept
    total = int(source[entity].nunique(dropna=False))
    return total - int(remaining[entity].nunique(dropna=False)), total


def _unsafe_profile(
    source: pd.DataFrame, entity: str, kinds: Sequence[str], rules: MicrodataRules
) -> npt.NDArray[np.bool_]:
    """For each row whether its unit's profile is held by too few or too uniform units."""
    rows = source.loc[np.repeat(source.index.to_numpy(), source["records"])]
    seen = link_profiles(rows[CLASS].to_numpy(dtype=np.int64), rows[entity].tolist())
    numbers: dict[object, int] = {}
    of_unit = {unit: numbers.setdefault(seen[unit], len(numbers)) for unit in seen}
    profile = source[entity].map(of_unit).fillna(-1).astype(np.int64)
    safe = profile >= 0
    for kind in kinds:
        safe &= source.groupby(profile)[kind].transform("nunique") >= rules.k
    for model in rules.models:
        held = distinct_values(np.asarray(profile, dtype=np.int64), source[model.variable].tolist())
        safe &= profile.map(held) >= model.l
    return ~safe.to_numpy(dtype=np.bool_)


def _repeats(values: pd.DataFrame) -> bool:
    return bool((values["records"] > 1).any() or (values["value"] == MISSING).any())


def _recoded(values: pd.Series, hierarchy: Hierarchy, level: int) -> pd.Series:
    """Labels; of a value that the hierarchy does not know, None: no published class has it."""
    recoding: Mapping[str, str | None] = hierarchy.recoding(level)
    return pd.Series([recoding.get(value) for value in values], index=values.index, dtype=object)


def _totals(source: pd.DataFrame, classes: int) -> Ints:
    weights = source["records"].to_numpy(dtype=np.float64)
    return np.bincount(source[CLASS], weights=weights, minlength=classes).astype(np.int64)


def _tuples(frame: pd.DataFrame, columns: Sequence[str]) -> list[tuple[str, ...]]:
    if not columns:
        return [()]
    return list(zip(*(frame[column] for column in columns), strict=True))


def _keys(counts: pd.Series, quasi: Sequence[str]) -> list[tuple[str, ...]]:
    if not quasi:
        return [()]
    if len(quasi) == 1:
        return [(key,) for key in counts.index]
    return list(counts.index)
