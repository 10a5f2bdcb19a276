"""One release, one attack: what the microdata of a release say about its tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product

from clearance.attack.categories import Members
from clearance.attack.cells import Cell, PublishedTable
from clearance.attack.recount import classes_of
from clearance.attack.rows import Rows
from clearance.hierarchy import Hierarchy

LabelGroups = Mapping[str, Members]


def known_from_microdata(
    table: PublishedTable,
    rows: Rows,
    levels: Mapping[str, int],
    hierarchies: Mapping[str, Hierarchy],
    k: int,
) -> dict[Cell, tuple[int, int | None]]:
    """Bounds on the blank cells of a table of counts that a microdata file of the source gives.

    Published records are records of the source, so a cell is at least their number. Records
    go in whole classes: where the table has all quasi-identifiers and a cell is made of
    published labels, each class is an equation if it is published, at most k - 1 if not.
    """
    dimensions = table.output.dimensions
    if any(name not in levels for name in dimensions):
        return {}
    groups = {
        name: _label_groups(table, name, hierarchies[name], levels[name]) for name in dimensions
    }
    classes = classes_of(rows, dimensions)
    shown = rows.frame.iloc[classes.first]
    keys = zip(*(shown[name].tolist() for name in dimensions), strict=True)
    counts = dict(zip(keys, classes.records.tolist(), strict=True))
    complete = set(levels) <= set(dimensions)
    return {
        cell: _bounds(_by_dimension(cell, table), groups, counts, k if complete else None)
        for cell in table.blanks
    }


def _by_dimension(cell: Cell, table: PublishedTable) -> list[Members]:
    named = dict(zip(table.axes, cell, strict=True))
    return [named[name] or table.categories[name].all for name in table.output.dimensions]


def _label_groups(
    table: PublishedTable, name: str, hierarchy: Hierarchy, level: int
) -> LabelGroups:
    """The leaves that each published label covers, numbered as in the table."""
    place = {leaf: number for number, leaf in enumerate(table.categories[name].leaves)}
    groups: dict[str, set[int]] = {}
    for leaf, label in hierarchy.recoding(level).items():
        groups.setdefault(label, set()).add(place[leaf])
    return {label: frozenset(leaves) for label, leaves in groups.items()}


def _bounds(
    cell: Sequence[Members],
    groups: Mapping[str, LabelGroups],
    known: Mapping[tuple[str, ...], int],
    k: int | None,
) -> tuple[int, int | None]:
    """``k`` is None where the table lacks a quasi-identifier, so that classes are not seen."""
    inside = [
        [label for label, leaves in each.items() if leaves <= members]
        for members, each in zip(cell, groups.values(), strict=True)
    ]
    classes = [known.get(labels, 0) for labels in product(*inside)]
    whole = all(
        frozenset().union(*(each[label] for label in labels)) >= _occurring(members, each)
        for members, each, labels in zip(cell, groups.values(), inside, strict=True)
    )
    if k is None or not whole:
        return sum(classes), None
    return sum(classes), sum(count or k - 1 for count in classes)


def _occurring(members: Members, groups: LabelGroups) -> Members:
    """The leaves of a category that any label covers; a table may add a missing one."""
    return members & frozenset().union(*groups.values())
