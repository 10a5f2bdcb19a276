"""The categories of a table's dimension, as sets of leaves, and which add up to which."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from clearance.hierarchy import MISSING, SUPPRESSED_LABEL, Hierarchy

TOTAL = "_T"  # SDMX: the total of a dimension
UNKNOWN = "_U"  # SDMX: unknown, the category of a missing value

Members = frozenset[int]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Categories:
    """What the codes of one dimension stand for.

    ``members``: code to the numbers of its leaves. ``levels``: the categories of each level,
    finest first. ``splits``: categories and the finer ones that add up to each.
    ``ambiguous``: codes that stand for different leaves at different levels.
    """

    name: str
    leaves: tuple[str, ...]
    members: Mapping[str, Members]
    levels: tuple[tuple[Members, ...], ...]
    splits: tuple[tuple[Members, tuple[Members, ...]], ...]
    ambiguous: frozenset[str]

    @property
    def all(self) -> Members:
        return frozenset(range(len(self.leaves)))


def categories(name: str, hierarchy: Hierarchy, *, level: int = 0) -> Categories:
    """The categories of ``hierarchy`` from ``level`` upwards; the labels there are the leaves.

    A missing value is a category of its own and the total covers everything, whether the
    hierarchy says so or not.
    """
    levels = _complete(hierarchy, level)
    grouped = [_grouped(labels) for labels in levels]
    members: dict[str, Members] = {}
    ambiguous = set()
    for groups in grouped:
        for label, leaves in groups.items():
            code = {SUPPRESSED_LABEL: TOTAL, MISSING: UNKNOWN}.get(label, label)
            if members.setdefault(code, leaves) != leaves:
                ambiguous.add(code)
    return Categories(
        name=name,
        leaves=levels[0],
        members=members,
        levels=tuple(tuple(groups.values()) for groups in grouped),
        splits=_splits(grouped),
        ambiguous=frozenset(ambiguous),
    )


def _complete(hierarchy: Hierarchy, level: int) -> list[tuple[str, ...]]:
    """The levels from ``level`` upwards with distinct leaves, a missing one and a total."""
    first = [hierarchy.levels[level].index(label) for label in hierarchy.labels(level)]
    levels = [tuple(labels[leaf] for leaf in first) for labels in hierarchy.levels[level:]]
    everything = all(label == SUPPRESSED_LABEL for label in levels[-1])
    if MISSING not in levels[0]:
        top = len(levels) - 1 if everything else len(levels)
        levels = [
            (*labels, MISSING if number < top else SUPPRESSED_LABEL)
            for number, labels in enumerate(levels)
        ]
    return levels if everything else [*levels, (SUPPRESSED_LABEL,) * len(levels[0])]


def _grouped(labels: tuple[str, ...]) -> dict[str, Members]:
    groups: dict[str, set[int]] = {}
    for leaf, label in enumerate(labels):
        groups.setdefault(label, set()).add(leaf)
    return {label: frozenset(leaves) for label, leaves in groups.items()}


def _splits(grouped: list[dict[str, Members]]) -> tuple[tuple[Members, tuple[Members, ...]], ...]:
    found = []
    for finer, coarser in pairwise(grouped):
        for parent in coarser.values():
            parts = tuple(sorted((each for each in finer.values() if each <= parent), key=min))
            if len(parts) > 1:
                found.append((parent, parts))
    return tuple(found)
