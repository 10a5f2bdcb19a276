"""What a file shows of each unit, before and after a decision, in terms of its histogram."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from clearance.errors import DisclosureRiskError
from clearance.hierarchy import MISSING, SUPPRESSED_LABEL, Hierarchy
from clearance.microdata.classes import MISSING_LABEL, label_numbers
from clearance.microdata.decision import Decision, Rewritten
from clearance.microdata.grouping import Booleans, Ints, combined, entries, multisets, numbered
from clearance.microdata.histogram import Histogram


@dataclass(frozen=True, eq=False, kw_only=True)
class Shown:
    """``text``: shape (variables, entries of the profiles), numbers of labels (0: missing).

    ``kept``: for each profile whether it is shown at all.
    """

    text: Ints
    kept: Booleans


def source(histogram: Histogram) -> Shown:
    """Every record with its leaves: the file before protection."""
    return Shown(
        text=_at(histogram, (0,) * len(histogram.variables)),
        kept=np.ones(len(histogram.profiles.units), dtype=bool),
    )


def published(histogram: Histogram, decision: Decision) -> Shown:
    """What is shown under ``decision``.

    DisclosureRiskError where it gives kept records no labels.
    """
    kept = ~_chosen(histogram, decision.suppressed)
    if decision.rewritten is not None:
        return Shown(text=_rewritten(histogram, decision.rewritten, kept), kept=kept)
    levels = decision.levels or {}
    return Shown(
        text=_at(histogram, tuple(levels[name] for name in histogram.variables)), kept=kept
    )


def class_of_profile(histogram: Histogram, shown: Shown) -> Ints:
    """For each profile its class: same records shown, as often. Left-out ones are apart."""
    profiles = histogram.profiles
    sizes = [int(column.max(initial=0)) + 1 for column in shown.text]
    tuples = numbered(combined(list(shown.text), sizes, length=len(profiles.entry_profile)))
    if histogram.entity is not None:
        tuples = multisets(*entries(profiles.entry_profile, tuples, profiles.entry_records))
    return tuples if shown.kept.all() else numbered(2 * tuples + shown.kept)


def _at(histogram: Histogram, levels: tuple[int, ...]) -> Ints:
    held = histogram.profiles.entry_combination
    text = np.empty((len(levels), len(held)), dtype=np.int64)
    for variable, level in enumerate(levels):
        numbers = label_numbers(histogram.hierarchies[variable])[level]
        text[variable] = numbers[histogram.combinations[variable][held]]
    return text


def _chosen(histogram: Histogram, keys: pd.DataFrame) -> Booleans:
    """The profiles whose records ``keys`` name, as `Histogram.keys` names them."""
    chosen = np.zeros(len(histogram.profiles.units), dtype=bool)
    if not len(keys):
        return chosen
    if histogram.entity is not None:
        named = histogram.profiles.names.isin(keys[histogram.entity])
        chosen[histogram.profiles.of_name[named]] = True
        return chosen
    ours, theirs = combination_numbers(histogram, keys)
    return np.isin(ours, theirs)


def combination_numbers(histogram: Histogram, keys: pd.DataFrame) -> tuple[Ints, Ints]:
    """Numbers of the histogram's combinations and of those in ``keys``, equal where they are."""
    columns, sizes = [], []
    for name, hierarchy, column in zip(
        histogram.variables, histogram.hierarchies, histogram.combinations, strict=True
    ):
        leaves = pd.Index(hierarchy.leaves, dtype=object).get_indexer(pd.Index(keys[name]))
        columns.append(np.concatenate([column, leaves]).astype(np.int64) + 1)
        sizes.append(len(hierarchy.leaves) + 1)
    known = histogram.combinations.shape[1]
    both = numbered(combined(columns, sizes, length=known + len(keys)))
    return both[:known], both[known:]


def _rewritten(histogram: Histogram, rewritten: Rewritten, kept: Booleans) -> Ints:
    """The label numbers of each entry, from the row of ``rewritten`` with its leaves."""
    profiles = histogram.profiles
    ours, theirs = combination_numbers(histogram, rewritten.keys)
    entry = ours[profiles.entry_combination]
    if histogram.entity is not None:
        width = int(max(ours.max(), theirs.max(initial=0))) + 1
        person = profiles.names.get_indexer(pd.Index(rewritten.keys[histogram.entity]))
        theirs = profiles.of_name[person] * width + theirs
        entry = profiles.entry_profile * width + entry
    distinct, row = np.unique(theirs, return_index=True)
    place = np.minimum(np.searchsorted(distinct, entry), len(distinct) - 1)
    found = distinct[place] == entry
    lost = int((kept[profiles.entry_profile] & ~found).sum())
    if lost:
        raise DisclosureRiskError(
            f"{lost} combinations of quasi-identifiers have no labels to be published with"
        )
    columns = [
        _label_codes(hierarchy, rewritten.published[name].to_numpy()[row])[place]
        for name, hierarchy in zip(histogram.variables, histogram.hierarchies, strict=True)
    ]
    return np.stack(columns) if columns else np.empty((0, len(entry)), dtype=np.int64)


def _label_codes(hierarchy: Hierarchy, labels: np.ndarray) -> Ints:
    numbers = label_numbers(hierarchy)
    number = {MISSING: MISSING_LABEL}
    for texts, codes in zip(hierarchy.levels, numbers.tolist(), strict=True):
        number |= zip(texts, codes, strict=True)
    number.setdefault(SUPPRESSED_LABEL, int(numbers.max()) + 1)
    distinct, place = np.unique(labels.astype(object), return_inverse=True)
    return np.array([number[label] for label in distinct], dtype=np.int64)[place]
