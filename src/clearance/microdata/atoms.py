"""What local methods put together: the profiles of the histogram, as rows of nodes.

All units of a class must be published alike, those of several records too. So units are
compared record by record, with those of the same *shape* (how many records they have of
each combination), in the order of their entries. Where a shape is too rare for the rules
its units are compared by what covers all records of each, with all that have as many.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from clearance.errors import DisclosureRiskError
from clearance.microdata.cluster_kernels import labels_of
from clearance.microdata.forest import Forest, Nodes
from clearance.microdata.grouping import (
    Booleans,
    Floats,
    Ints,
    entries,
    multisets,
    numbered,
    totals,
)
from clearance.microdata.histogram import Histogram

LONGEST = 8  # records of a unit that is still compared record by record

Unsafe = Callable[[Ints], Booleans]  # for a partition of the profiles: the classes that violate


@dataclass(frozen=True, eq=False, kw_only=True)
class Atoms:
    """One row of ``nodes`` per profile; the last column is the shape, alike in all of a class.

    ``column``: by entry of the profiles, the first of the columns, one per variable, that
    stand for it. ``units``: of each profile. ``parent`` and ``price``: of all nodes, those
    of the forest first.
    """

    nodes: Nodes
    column: Ints
    units: Ints
    parent: Nodes
    price: Floats


def atoms_of(histogram: Histogram, forest: Forest, price: Floats, unsafe: Unsafe) -> Atoms:
    """The atoms of the histogram. ``price``: by node of the forest.

    Raises `DisclosureRiskError` where units of some number of records cannot satisfy the
    rules, not even all together.
    """
    profiles = histogram.profiles
    by_entry = _of_entries(histogram, forest)
    if histogram.entity is None:
        shape = np.zeros(len(profiles.units), dtype=np.int64)
        nodes, column = by_entry, np.zeros(len(by_entry), dtype=np.int64)
    else:
        shape, covered = _shapes(histogram, unsafe)
        column = np.where(covered[profiles.entry_profile], 0, _columns(histogram))
        nodes = _rows(histogram, forest, by_entry, column, covered)
    blank, shapes = len(forest.parent), int(shape.max()) + 1
    apart = blank + 1 + shapes  # above all trees: what joins them costs more than anything
    parent = np.full(apart + 1, apart, dtype=np.int32)
    parent[:blank] = forest.parent
    parent[list(forest.root)] = apart
    of_shape = (blank + 1 + shape)[:, None]
    shown = np.where(nodes < 0, blank, nodes)
    return Atoms(
        nodes=np.concatenate([shown, of_shape], axis=1).astype(np.int32),
        column=column,
        units=profiles.units,
        parent=parent,
        price=np.concatenate([price, np.zeros(1 + shapes), [np.inf]]),
    )


def _of_entries(histogram: Histogram, forest: Forest) -> Nodes:
    """Shape (entries, variables): the node of each entry's leaf."""
    held = histogram.profiles.entry_combination
    nodes = np.empty((len(held), len(histogram.variables)), dtype=np.int32)
    for variable, leaf in enumerate(forest.leaf):
        nodes[:, variable] = leaf[histogram.combinations[variable][held]]
    return nodes


def _shapes(histogram: Histogram, unsafe: Unsafe) -> tuple[Ints, Booleans]:
    """For each profile its shape, and whether only what covers all its records is compared."""
    profiles = histogram.profiles
    count = len(profiles.units)
    records = totals(profiles.entry_profile, profiles.entry_records, count)
    once = np.ones(len(profiles.entry_profile), dtype=np.int64)
    alike = multisets(*entries(profiles.entry_profile, profiles.entry_records, once))
    covered = records > LONGEST
    shape = numbered(np.where(covered, -records, alike))
    for with_the_same_number in (False, True):
        wrong = unsafe(shape)[shape]
        if with_the_same_number:
            wrong = np.isin(records, records[wrong])
        covered = covered | wrong
        shape = numbered(np.where(covered, -records, alike))
    wrong = unsafe(shape)[shape]
    if wrong.any():
        raise DisclosureRiskError(
            f"{int(profiles.units[wrong].sum())} of {histogram.units} units have a number of "
            f"records that too few units have for the rules, and local methods leave no unit out; "
            f"use method: global, which may suppress units, or one record per unit"
        )
    return shape, covered


def _columns(histogram: Histogram) -> Ints:
    """For each entry its first column: entries of more records first, then in their order."""
    profiles = histogram.profiles
    order = np.lexsort(
        (profiles.entry_combination, -profiles.entry_records, profiles.entry_profile)
    )
    before = np.cumsum(profiles.entry_records[order]) - profiles.entry_records[order]
    profile = profiles.entry_profile[order]
    column = np.empty(len(order), dtype=np.int64)
    column[order] = before - before[np.searchsorted(profile, profile)]
    return column * len(histogram.variables)


def _rows(
    histogram: Histogram, forest: Forest, by_entry: Nodes, column: Ints, covered: Booleans
) -> Nodes:
    """Shape (profiles, columns): nodes, -1 where a unit has fewer records."""
    profiles, variables = histogram.profiles, len(histogram.variables)
    apart = ~covered[profiles.entry_profile]
    width = (column + profiles.entry_records * variables)[apart].max(initial=variables)
    rows = np.full((len(profiles.units), width), -1, dtype=np.int32)
    for variable in range(variables):
        for record in range(int(profiles.entry_records[apart].max(initial=0))):
            held = apart & (profiles.entry_records > record)
            at = column[held] + record * variables + variable
            rows[profiles.entry_profile[held], at] = by_entry[held, variable]
    together = np.full((len(profiles.units), variables), -1, dtype=np.int32)
    labels_of(forest.parent, by_entry, profiles.entry_profile, together)
    rows[covered, :variables] = together[covered]
    return rows
