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

from clearance.errors import DisclosureRiskError, InputError
from clearance.hierarchy import MISSING, Hierarchy
from clearance.microdata.coded import Coded, Leaves, combinations_of, leaves_of, pairs_of
from clearance.microdata.coded import coded as coded_column
from clearance.microdata.grouping import Booleans, Ints, entries, multisets, totals
from clearance.microdata.scales import Nature, Scale, scale_of


@dataclass(frozen=True, eq=False, kw_only=True)
class Incidence:
    """How many units of which profiles hold which values: each pair once, sorted.

    ``names``: the distinct values, sorted; ``value`` numbers them. A missing sensitive
    value is the empty text among them.
    """

    profile: Ints
    value: Ints
    units: Ints
    names: pd.Index = field(repr=False)  # kept out of logs
    scale: Scale = field(default_factory=Scale, repr=False)

    @cached_property
    def whole(self) -> Ints:
        """Units of the whole input that hold each value."""
        return totals(self.value, self.units, len(self.names))


@dataclass(frozen=True, eq=False, kw_only=True)
class Population:
    """Distinct combinations of leaves of the population table, and the units with each.

    ``combinations``: shape (variables, combinations), as a histogram's.
    """

    combinations: Leaves
    units: Ints


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
    names: pd.Index = field(repr=False)  # kept out of logs
    of_name: Ints


@dataclass(frozen=True, eq=False, kw_only=True)
class Histogram:
    """Distinct combinations of leaves, sorted, and the profiles of the units that hold them.

    ``combinations``: shape (variables, combinations), numbers of leaves.
    """

    variables: tuple[str, ...]
    hierarchies: tuple[Hierarchy, ...]
    combinations: Leaves
    profiles: Profiles
    sensitive: Mapping[str, Incidence]
    holders: Mapping[str, Incidence]
    entity: str | None
    population: Population | None = None

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
            names = self.profiles.names[chosen[self.profiles.of_name]]
            return pd.DataFrame({self.entity: names}, dtype="str")
        leaves = {
            name: np.array(hierarchy.leaves, dtype=object)[column[chosen]]
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
    natures: Mapping[str, Nature] | None = None,
    entity: str | None = None,
    holders: Sequence[str] = (),
    population: pd.DataFrame | None = None,
) -> Histogram:
    """The histogram of ``frame``: columns of text and ``records``, as `Engine.histogram` answers.

    Columns may be categoricals of text, which is faster. ``entity`` names the unit of each
    record; without it every record is a unit. ``holders`` name further kinds of unit (a
    household) that count towards k as well. ``natures`` give sensitive attributes an order
    or a tree. ``population``: the same variables and ``records`` of a population table,
    one record per unit.
    A missing value is a leaf only where the hierarchy has it; a missing unit or holder is
    an `InputError`. Raises `PlanError` where a hierarchy does not know a value, and
    `DisclosureRiskError` where the records of one unit differ in a sensitive variable: no
    model is defined for that here.
    """
    units = () if entity is None else (entity,)
    coded = {name: coded_column(frame[name]) for name in (*units, *holders, *sensitive)}
    _refuse_missing_units(frame, coded, (*units, *holders))
    known = tuple(hierarchies[name] for name in variables)
    records = frame["records"].to_numpy(np.int64)
    combinations, row = combinations_of(leaves_of(frame, variables, known), known, len(frame))
    if entity is None:
        person, profile, profiles = None, row, _records_as_units(row, records)
    else:
        _refuse_varying(coded, entity, sensitive)
        person = coded[entity][0]
        profiles = _entities_as_units(*coded[entity], row, records)
        profile = profiles.of_name[person]

    def held(name: str, scale: Scale) -> Incidence:
        return _incidence(profile, person, coded[name], records, scale)

    given = natures or {}
    return Histogram(
        variables=tuple(variables),
        hierarchies=known,
        combinations=combinations,
        profiles=profiles,
        sensitive={
            name: held(name, scale_of(name, coded[name][1], given.get(name, Nature())))
            for name in sensitive
        },
        holders={name: held(name, Scale()) for name in holders},
        entity=entity,
        population=None if population is None else _population(population, variables, known),
    )


def _refuse_missing_units(
    frame: pd.DataFrame, coded: Mapping[str, Coded], columns: Sequence[str]
) -> None:
    if not frame["records"].sum():
        raise InputError("there are no records to protect")
    wrong = []
    for name in columns:
        codes, names = coded[name]
        if names[0] == MISSING:
            wrong.append(f"{name}: {int(frame['records'].to_numpy()[codes == 0].sum())}")
    if wrong:
        raise InputError(
            f"records without their unit ({'; '.join(wrong)}): "
            "complete the source, or leave these records out of it"
        )


def _population(
    frame: pd.DataFrame, variables: Sequence[str], hierarchies: Sequence[Hierarchy]
) -> Population:
    columns = leaves_of(frame, variables, hierarchies)
    combinations, combination = combinations_of(columns, hierarchies, len(frame))
    records = frame["records"].to_numpy(np.int64)
    return Population(
        combinations=combinations,
        units=totals(combination, records, combinations.shape[1]),
    )


def _records_as_units(combination: Ints, records: Ints) -> Profiles:
    count = int(combination.max()) + 1
    return Profiles(
        entry_profile=np.arange(count),
        entry_combination=np.arange(count),
        entry_records=np.ones(count, dtype=np.int64),
        units=totals(combination, records, count),
        names=pd.Index([], dtype=object),
        of_name=np.empty(0, dtype=np.int64),
    )


def _entities_as_units(unit: Ints, names: pd.Index, combination: Ints, records: Ints) -> Profiles:
    held = entries(unit, combination, records)
    of_name = multisets(*held)
    _, first = np.unique(of_name, return_index=True)
    one_each = np.zeros(len(names), dtype=bool)
    one_each[first] = True
    kept = one_each[held[0]]
    return Profiles(
        entry_profile=of_name[held[0][kept]],
        entry_combination=held[1][kept],
        entry_records=held[2][kept],
        units=np.bincount(of_name),
        names=names,
        of_name=of_name,
    )


def _refuse_varying(coded: Mapping[str, Coded], entity: str, sensitive: Sequence[str]) -> None:
    wrong = []
    for name in sensitive:
        held, _ = pairs_of(coded[entity][0], coded[name])
        varying = int((np.bincount(held) > 1).sum())
        if varying:
            wrong.append(f"{name}: {varying}")
    if wrong:
        raise DisclosureRiskError(
            f"units whose records differ in a sensitive attribute ({'; '.join(wrong)}): "
            "the models need one value per unit; give one value per unit, "
            "or do not publish the attribute"
        )


def _incidence(
    profile: Ints, person: Ints | None, coded: Coded, records: Ints, scale: Scale
) -> Incidence:
    """``person``: the unit of each row; None where every record is one."""
    group, value, amount = profile, coded[0], records
    if person is not None:
        held, value = pairs_of(person, coded)
        of_person = np.empty(int(person.max()) + 1, dtype=np.int64)
        of_person[person] = profile
        group, amount = of_person[held], np.ones(len(held), dtype=np.int64)
    profiles, values, units = entries(group, value, amount)
    return Incidence(profile=profiles, value=values, units=units, names=coded[1], scale=scale)
