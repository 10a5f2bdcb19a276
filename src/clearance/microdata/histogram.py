"""The histogram that every decision on microdata is taken on.

Rows are not looked at after this: k-anonymity, l-diversity and information loss depend
only on the distinct combinations of quasi-identifiers and on the units that hold them.

A *unit* is what is protected, a person for example; its records together are one
*profile*, the multiset of its combinations. Units of the same profile cannot be told
apart by any recoding, so a profile is kept once, with its number of units.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from clearance.errors import DisclosureRiskError, InputError, PlanError
from clearance.hierarchy import MISSING, Hierarchy
from clearance.microdata.grouping import Booleans, Ints, combined, entries, multisets, totals


@dataclass(frozen=True, eq=False, kw_only=True)
class Incidence:
    """Which profiles hold which values: each pair once, missing values left out."""

    profile: Ints
    value: Ints


@dataclass(frozen=True, eq=False, kw_only=True)
class Profiles:
    """What units consist of; one row per profile and combination, sorted by profile.

    ``entry_records``: records of the combination that *one* unit of the profile has.
    ``units``: number of units with each profile.
    ``names`` and ``of_name``: the entity's values, sorted, and the profile of each;
    empty where every record is a unit.
    """

    entry_profile: Ints
    entry_combination: Ints
    entry_records: Ints
    units: Ints
    names: tuple[str, ...] = field(repr=False)  # kept out of logs
    of_name: Ints


@dataclass(frozen=True, eq=False, kw_only=True)
class Histogram:
    """Distinct combinations of leaves, sorted, and the profiles of the units that hold them.

    ``combinations``: shape (variables, combinations), numbers of leaves.
    """

    variables: tuple[str, ...]
    hierarchies: tuple[Hierarchy, ...]
    combinations: Ints
    profiles: Profiles
    sensitive: Mapping[str, Incidence]
    holders: Mapping[str, Incidence]
    entity: str | None

    @cached_property
    def entry_total(self) -> Ints:
        """Records of each entry of the profiles, over all units of its profile."""
        profiles = self.profiles
        return profiles.entry_records * profiles.units[profiles.entry_profile]

    @cached_property
    def leaf_records(self) -> tuple[Ints, ...]:
        """For each variable the number of records with each leaf of its hierarchy."""
        held = self.profiles.entry_combination
        return tuple(
            totals(column[held], self.entry_total, len(hierarchy.leaves))
            for hierarchy, column in zip(self.hierarchies, self.combinations, strict=True)
        )

    @cached_property
    def records(self) -> int:
        return int(self.entry_total.sum())

    @cached_property
    def units(self) -> int:
        return int(self.profiles.units.sum())

    def keys(self, chosen: Booleans) -> pd.DataFrame:
        """What names the records of the chosen profiles: the entity's values or their leaves."""
        if self.entity is not None:
            names = [
                name
                for name, taken in zip(
                    self.profiles.names, chosen[self.profiles.of_name], strict=True
                )
                if taken
            ]
            return pd.DataFrame({self.entity: names}, dtype="str")
        leaves = {
            name: [hierarchy.leaves[leaf] for leaf in column[chosen]]
            for name, hierarchy, column in zip(
                self.variables, self.hierarchies, self.combinations, strict=True
            )
        }
        return pd.DataFrame(leaves, columns=list(self.variables), dtype="str")


def histogram_of(
    frame: pd.DataFrame,
    *,
    variables: Sequence[str],
    hierarchies: Mapping[str, Hierarchy],
    sensitive: Sequence[str] = (),
    entity: str | None = None,
    holders: Sequence[str] = (),
) -> Histogram:
    """The histogram of ``frame``: columns of text and ``records``, as `Engine.histogram` answers.

    ``entity`` names the unit of each record; without it every record is a unit.
    ``holders`` name further kinds of unit (a household) that count towards k as well.
    A missing value is a leaf only where the hierarchy has it; a missing sensitive value
    is no value; a missing unit or holder is an `InputError`. Raises `PlanError` where a
    hierarchy does not know a value, and `DisclosureRiskError` where the records of one
    unit differ in a sensitive variable: l-diversity is not defined for that here.
    """
    units = () if entity is None else (entity,)
    _refuse_missing_units(frame, (*units, *holders))
    known = tuple(hierarchies[name] for name in variables)
    combinations, combination = _combinations(_leaves(frame, variables, known), known, len(frame))
    if entity is None:
        profile, profiles = combination, _records_as_units(frame, combination)
    else:
        _refuse_varying(frame, entity, sensitive)
        profile, profiles = _entities_as_units(frame, entity, combination)
    return Histogram(
        variables=tuple(variables),
        hierarchies=known,
        combinations=combinations,
        profiles=profiles,
        sensitive={name: _incidence(profile, frame[name]) for name in sensitive},
        holders={name: _incidence(profile, frame[name]) for name in holders},
        entity=entity,
    )


def _missing(column: pd.Series) -> pd.Series:
    return column.isna() | (column == MISSING)


def _refuse_missing_units(frame: pd.DataFrame, columns: Sequence[str]) -> None:
    if not frame["records"].sum():
        raise InputError("there are no records to protect")
    counts = {name: int(frame["records"][_missing(frame[name])].sum()) for name in columns}
    wrong = [f"{name}: {count}" for name, count in counts.items() if count]
    if wrong:
        raise InputError(
            f"records without their unit ({'; '.join(wrong)}): "
            "complete the source, or leave these records out of it"
        )


def _leaves(
    frame: pd.DataFrame, variables: Sequence[str], hierarchies: Sequence[Hierarchy]
) -> list[Ints]:
    """For each variable the number of each row's leaf."""
    columns = [
        pd.Index(hierarchy.leaves).get_indexer(pd.Index(frame[name])).astype(np.int64)
        for name, hierarchy in zip(variables, hierarchies, strict=True)
    ]
    wrong = [
        f"{name}: {frame[name][column < 0].nunique(dropna=False)}"
        for name, column in zip(variables, columns, strict=True)
        if (column < 0).any()
    ]
    if wrong:
        raise PlanError(
            f"distinct values that the variable's hierarchy does not have ({'; '.join(wrong)}): "
            "add them to the hierarchy"
        )
    return columns


def _combinations(
    columns: Sequence[Ints], hierarchies: Sequence[Hierarchy], rows: int
) -> tuple[Ints, Ints]:
    """The distinct rows, sorted, one per column, and for each row the number of its own."""
    sizes = [len(hierarchy.leaves) for hierarchy in hierarchies]
    key = combined(columns, sizes, length=rows)
    distinct, first, combination = np.unique(key, return_index=True, return_inverse=True)
    table = np.empty((len(columns), len(distinct)), dtype=np.int64)
    for variable, column in enumerate(columns):
        table[variable] = column[first]
    return table, combination


def _records_as_units(frame: pd.DataFrame, combination: Ints) -> Profiles:
    count = int(combination.max()) + 1
    return Profiles(
        entry_profile=np.arange(count),
        entry_combination=np.arange(count),
        entry_records=np.ones(count, dtype=np.int64),
        units=totals(combination, frame["records"].to_numpy(np.int64), count),
        names=(),
        of_name=np.empty(0, dtype=np.int64),
    )


def _entities_as_units(
    frame: pd.DataFrame, entity: str, combination: Ints
) -> tuple[Ints, Profiles]:
    """For each row the profile of its unit, and all profiles."""
    unit, names = pd.factorize(frame[entity], sort=True)
    held = entries(unit, combination, frame["records"].to_numpy(np.int64))
    of_name = multisets(*held)
    _, first = np.unique(of_name, return_index=True)
    kept = np.isin(held[0], first)
    profiles = Profiles(
        entry_profile=of_name[held[0][kept]],
        entry_combination=held[1][kept],
        entry_records=held[2][kept],
        units=np.bincount(of_name),
        names=tuple(names),
        of_name=of_name,
    )
    return of_name[unit], profiles


def _refuse_varying(frame: pd.DataFrame, entity: str, sensitive: Sequence[str]) -> None:
    counts = {
        name: int((frame.groupby(entity)[name].nunique(dropna=False) > 1).sum())
        for name in sensitive
    }
    wrong = [f"{name}: {count}" for name, count in counts.items() if count]
    if wrong:
        raise DisclosureRiskError(
            f"units whose records differ in a sensitive attribute ({'; '.join(wrong)}): "
            "distinct l-diversity needs one value per unit; give one value per unit, "
            "or do not publish the attribute"
        )


def _incidence(profile: Ints, column: pd.Series) -> Incidence:
    present = ~_missing(column).to_numpy(bool)
    value, distinct = pd.factorize(column[present], sort=True)
    width = len(distinct) + 1
    pairs = np.unique(profile[present] * width + value)
    return Incidence(profile=pairs // width, value=pairs % width)
