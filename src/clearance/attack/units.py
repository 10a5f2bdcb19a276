"""The records of a published file found again in the source, and their units counted.

A file without unit identifiers does not say whose records it holds. The judge looks which
published classes each record of the source lies in, compares the two class by class and counts
the distinct units of each kind among the records that were published. Where it cannot tell
which of a class's records those are, it assumes the fewest units that they can be of.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from clearance.attack.compatible import Incidence, profile_numbers
from clearance.attack.levels import Booleans
from clearance.attack.placing import Source, placed, source_of
from clearance.attack.published import PublishedMicrodata
from clearance.attack.recount import Classes, distinct_values, diversity
from clearance.attack.result import Truth
from clearance.attack.rows import Ints, codes, first_of, numbered, texts_of, totals
from clearance.hierarchy import MISSING
from clearance.policy import DistinctL, MicrodataRules

ALL = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Found:
    """The source beside a published file.

    Row by row of ``held`` (Categorical columns of the source): ``of_class`` is a class that the
    row lies in, ``records`` how often it stands in the source, ``target`` its combination of
    leaves. A row that lies in several classes is listed once for each; a row that lies in none
    has a class of its kind that is not published. ``published``: records of each class in the
    file, the file's classes first. ``disjoint``: no row lies in several classes.
    """

    held: pd.DataFrame
    records: Ints
    target: Ints
    of_class: Ints
    published: Ints
    disjoint: bool
    incidence: Incidence
    source: Source

    @property
    def in_source(self) -> Ints:
        return totals(self.of_class, self.records, len(self.published))

    def only(self, rows: Booleans) -> Found:
        """The same with some of the source's rows."""
        return replace(
            self,
            held=self.held[rows],
            records=self.records[rows],
            target=self.target[rows],
            of_class=self.of_class[rows],
        )

    def merged(self, classes: Ints) -> Found:
        """The same with classes put together: ``classes`` says which each of them becomes."""
        return replace(
            self,
            of_class=classes[self.of_class],
            published=totals(classes, self.published, int(classes.max(initial=-1)) + 1),
        )


def repeating(truth: Truth, columns: Sequence[str]) -> bool:
    """Whether any of the columns names a unit of several records, or misses one."""
    return any(_repeats(truth.engine.values(truth.dataset, column)) for column in columns)


def find(
    published: PublishedMicrodata, classes: Classes, truth: Truth, *, also: Sequence[str] = ()
) -> Found:
    """The source matched with the ``classes`` of a published file, over its quasi-identifiers.

    ``also``: further columns of the source that the answer keeps, as they are.
    """
    source = source_of(truth.engine, truth.dataset, published.coverage, also)
    place = placed(published, classes, source)
    row, pair = place.rows(source.target)
    known = np.zeros(place.classes, dtype=np.int64)
    known[: len(classes.records)] = classes.records
    return Found(
        held=source.held.iloc[row] if len(row) > len(source.records) else source.held,
        records=source.records[row],
        target=source.target[row],
        of_class=place.of_class[pair],
        published=known,
        disjoint=place.incidence.disjoint,
        incidence=place.incidence,
        source=source,
    )


def surplus(found: Found) -> int:
    """Published records that the source does not have, class by class, or altogether."""
    each = int(np.maximum(found.published - found.in_source, 0).sum())
    return max(each, int(found.published.sum() - found.source.records.sum()))


def whole_units(found: Found, kinds: Sequence[str], rules: MicrodataRules) -> Found | None:
    """The source rows that were published, if whole classes or whole units were suppressed.

    Whole units: those whose profile (the classes of all their records) is too rare or has
    too little diversity. None where the file holds neither exactly what that leaves.
    """
    present = found.only(found.published[found.of_class] > 0)
    if (present.in_source == found.published).all():
        return present
    if found.disjoint:
        for entity in kinds:
            kept = found.only(~_unsafe_profile(found, entity, kinds, rules))
            if (kept.in_source == found.published).all():
                return kept
    return None


def fewest_units(found: Found, kept: Found | None, kind: str) -> Ints:
    """Distinct units of ``kind`` in each class, at least; of classes not published, any number.

    ``kept``: what `whole_units` answers; without it the largest units are taken to be those
    that were published. A missing unit counts as one unit, however many records lack it.
    """
    of = found if kept is None else kept
    unit = codes(of.held[kind])
    pair = numbered([of.of_class, unit], len(unit))
    first = first_of(pair)
    held, of_class = totals(pair, of.records, len(first)), of.of_class[first]
    order = np.lexsort((-held, of_class))
    held, of_class = held[order], of_class[order]
    before = np.cumsum(held) - held
    begins = np.searchsorted(of_class, of_class)
    needed = before - before[begins] < found.published[of_class]
    return np.bincount(of_class[needed], minlength=len(found.published)).astype(np.int64)


def least_diversity(found: Found, kept: Found | None, kind: str, variable: str) -> int:
    """The least l of ``variable`` over the published classes, units of ``kind`` taken whole."""
    of = found if kept is None else kept
    of = of.only(found.published[of.of_class] > 0)
    return diversity(of.of_class, codes(of.held[kind]), of.held[variable])


def suppressed_units(found: Found, kept: Found | None, entity: str) -> tuple[int, int]:
    """Units of which nothing was published (at least), and all units."""
    remaining = found.only(found.published[found.of_class] > 0) if kept is None else kept
    total = _distinct(found.source.held[entity])
    return total - _distinct(remaining.held[entity]), total


def _unsafe_profile(
    found: Found, entity: str, kinds: Sequence[str], rules: MicrodataRules
) -> Booleans:
    """For each row whether its unit's profile is held by too few or too uniform units.

    A missing unit is nobody's: its rows are unsafe.
    """
    of_unit = codes(found.held[entity])
    profile = profile_of_rows(found, entity)
    named = np.array([text != MISSING for text in texts_of(found.held[entity])], dtype=np.bool_)
    safe = named[of_unit]
    profile = np.where(safe, profile, int(profile.max(initial=0)) + 1)
    for kind in kinds:
        first = first_of(numbered([profile, codes(found.held[kind])], len(profile)))
        safe &= (np.bincount(profile[first]) >= rules.k)[profile]
    for model in rules.of_sensitive:
        if isinstance(model, DistinctL):
            safe &= (distinct_values(profile, found.held[model.variable]) >= model.l)[profile]
    return ~safe


def profile_of_rows(found: Found, entity: str) -> Ints:
    """For each row the number of its unit's profile: the classes of its records, how often."""
    of_unit = codes(found.held[entity])
    _, place = np.unique(of_unit, return_inverse=True)
    return _profiles(found, of_unit)[place]


def _profiles(found: Found, of_unit: Ints) -> Ints:
    """For each distinct unit, by rising code, the number of its profile."""
    pair = numbered([of_unit, found.of_class], len(of_unit))
    first = first_of(pair)
    often = totals(pair, found.records, len(first))
    return profile_numbers(of_unit[first], numbered([found.of_class[first], often], len(first)))


def rarest_profile(found: Found, entity: str) -> int:
    """Units that share the classes of all their records, at least; 0 where there are none.

    Records that miss their unit count as one unit of one record, however many they are.
    """
    named = np.array([text != MISSING for text in texts_of(found.held[entity])], dtype=np.bool_)
    of_unit = codes(found.held[entity])
    profile = _profiles(found, of_unit)
    counts = np.bincount(profile[named[np.unique(of_unit)]], minlength=1)
    return int(counts[counts > 0].min(initial=ALL)) if counts.any() else 0


def _distinct(column: pd.Series) -> int:
    return len(np.unique(codes(column)))


def _repeats(values: pd.DataFrame) -> bool:
    return bool((values["records"] > 1).any() or (values["value"] == MISSING).any())
