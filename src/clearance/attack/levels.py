"""Which leaves each published label stands for, read off the labels and the hierarchies.

A column may stand at a single level, or hold labels of any level (local recoding, blanks).
What the public report says of levels settles only labels that recur at several levels.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from clearance.attack.result import blocked
from clearance.attack.rows import Ints
from clearance.findings import Finding
from clearance.hierarchy import MISSING, SUPPRESSED_LABEL, Hierarchy

Booleans = npt.NDArray[np.bool_]
Extent = tuple[int, int]  # first leaf and number of leaves: as levels are nested, they say which
UNKNOWN = -1  # a value that no hierarchy knows: no label covers it


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Coverage:
    """What the labels of one column stand for.

    Label number ``i`` (of ``labels``) stands at ``level[i]`` and covers the leaves whose group
    there is ``group[i]``; ``groups`` has a row per level and a column per leaf, ``of_level`` the
    names of each level's groups.
    """

    leaves: tuple[str, ...]
    labels: tuple[str, ...]
    level: Ints
    group: Ints
    groups: npt.NDArray[np.int32]
    of_level: tuple[tuple[str, ...], ...]

    @property
    def single(self) -> bool:
        """Whether all labels stand at one level, so that no two of them overlap."""
        return len(set(self.level.tolist())) <= 1

    def leaf_numbers(self, values: Sequence[str]) -> Ints:
        """The leaf of each value of the source; `UNKNOWN` where there is none."""
        place = {leaf: number for number, leaf in enumerate(self.leaves)}
        return np.array([place.get(value, UNKNOWN) for value in values], dtype=np.int64)

    def covers(self, labels: Ints, leaves: Ints) -> Booleans:
        """Pair by pair, whether the label stands for the leaf."""
        found: Booleans = self.groups[self.level[labels], leaves] == self.group[labels]
        found &= leaves != UNKNOWN
        return found

    def label_of_leaf(self) -> Ints:
        """For each leaf the number of its label; `UNKNOWN` where none is shown. If `single`."""
        of_group = np.full(int(self.groups.max(initial=0)) + 1, UNKNOWN, dtype=np.int64)
        of_group[self.group] = np.arange(len(self.labels))
        level = int(self.level[0]) if len(self.level) else 0
        found: Ints = of_group[self.groups[level]]
        return found

    def shares(self) -> npt.NDArray[np.float64]:
        """The share of the leaves that each label covers."""
        sizes = [np.bincount(level, minlength=len(self.leaves)) for level in self.groups]
        return np.stack(sizes)[self.level, self.group] / max(len(self.leaves), 1)


def consistent_levels(hierarchy: Hierarchy, labels: Iterable[str]) -> tuple[int, ...]:
    """The levels that have all of the labels, finest first; a missing value is a label too."""
    published = set(labels)
    return tuple(level for level, known in enumerate(hierarchy.levels) if published <= set(known))


def coverage(hierarchy: Hierarchy, labels: Sequence[str], levels: Sequence[int]) -> Coverage:
    """What ``labels`` stand for, where each stands at the given one of the levels."""
    place = [_places(hierarchy, level) for level in range(len(hierarchy.levels))]
    return Coverage(
        leaves=hierarchy.leaves,
        labels=tuple(labels),
        level=np.array(levels, dtype=np.int64),
        group=np.array(
            [place[level][label] for label, level in zip(labels, levels, strict=True)],
            dtype=np.int64,
        ),
        groups=hierarchy.groups,
        of_level=tuple(map(hierarchy.labels, range(len(hierarchy.levels)))),
    )


def wildcards(of: Coverage) -> Coverage:
    """The same labels, a missing value standing for every leaf."""
    missing = np.array([label == MISSING for label in of.labels], dtype=np.bool_)
    top = len(of.groups) - 1
    return Coverage(
        leaves=of.leaves,
        labels=of.labels,
        level=np.where(missing, top, of.level),
        group=np.where(missing, 0, of.group),
        groups=of.groups,
        of_level=of.of_level,
    )


def _places(hierarchy: Hierarchy, level: int) -> dict[str, int]:
    return {label: number for number, label in enumerate(hierarchy.labels(level))}


# ---------------------------------------------------------------- one column


@dataclass(frozen=True, slots=True)
class Settled:
    """``coverage`` is None where the labels of a column are not settled; ``level``: if single."""

    coverage: Coverage | None
    level: int | None
    findings: tuple[Finding, ...]


def settle(
    hierarchy: Hierarchy,
    labels: Sequence[str],
    *,
    stated: int | None,
    local: bool,
    where: str,
) -> Settled:
    """What the labels of a column stand for, and what is wrong with them.

    ``stated``: the level that the public report states. ``local``: the policy lets records have
    levels of their own, and then nothing need be stated.
    """
    possible = consistent_levels(hierarchy, labels)
    if possible:
        level = stated if stated is not None and stated in possible else possible[0]
        findings = tuple(_of_single(hierarchy, labels, possible, stated, local=local, where=where))
        return Settled(coverage(hierarchy, labels, [level] * len(labels)), level, findings)
    known = _of_every_label(hierarchy)
    strangers = sum(label not in known for label in labels)
    if strangers or not local:
        fewest = min(len(set(labels) - set(level)) for level in hierarchy.levels)
        return Settled(None, None, (_no_level(where, strangers or fewest),))
    ambiguous = sum(len({known[label][each] for each in known[label]}) > 1 for label in labels)
    if ambiguous:
        return Settled(None, None, (_ambiguous(where, ambiguous),))
    return Settled(coverage(hierarchy, labels, [min(known[each]) for each in labels]), None, ())


def _of_single(
    hierarchy: Hierarchy,
    labels: Sequence[str],
    possible: Sequence[int],
    stated: int | None,
    *,
    local: bool,
    where: str,
) -> Iterator[Finding]:
    """Findings about a column whose labels all stand at each of the ``possible`` levels."""
    if stated in possible:
        return
    if stated is not None or not local:
        yield _not_as_stated(where)
        return
    known = _of_every_label(hierarchy)
    torn = sum(len({known[label][level] for level in possible}) > 1 for label in labels)
    if torn:
        yield _ambiguous(where, torn)


def _of_every_label(hierarchy: Hierarchy) -> dict[str, dict[int, Extent]]:
    """Every label with the levels at which it stands and its leaves there."""
    found: dict[str, dict[int, Extent]] = {}
    for level, groups in enumerate(hierarchy.groups):
        _, first, sizes = np.unique(groups, return_index=True, return_counts=True)
        extents = zip(hierarchy.labels(level), first.tolist(), sizes.tolist(), strict=True)
        for label, leaf, size in extents:
            found.setdefault(label, {})[level] = (leaf, size)
    return found


def published_levels(
    labels: Mapping[str, Sequence[str]],
    hierarchies: Mapping[str, Hierarchy],
    stated: Mapping[str, int],
    *,
    local: bool,
    where: str,
) -> dict[str, Settled]:
    """For each column of ``labels`` (its distinct values, in their order) what they stand for.

    ``stated``: the levels in the public report; it decides where labels recur at several
    levels, as long as the labels bear it out.
    """
    return {
        name: settle(
            hierarchies[name],
            published,
            stated=stated.get(name),
            local=local,
            where=f"{where}: {name}",
        )
        for name, published in labels.items()
    }


def stars(labels: Mapping[str, int]) -> int:
    """Records of a column that show the label of everything."""
    return labels.get(SUPPRESSED_LABEL, 0)


def _no_level(where: str, count: int) -> Finding:
    return blocked(
        "label-of-no-level",
        where,
        count,
        f"{count} published labels stand at no single level of the column's hierarchy; "
        f"recode the whole column to one level",
    )


def _ambiguous(where: str, count: int) -> Finding:
    return blocked(
        "ambiguous-label",
        where,
        count,
        f"{count} published labels stand for different values at different levels of the "
        f"column's hierarchy; give each level labels of its own",
    )


def _not_as_stated(where: str) -> Finding:
    return blocked(
        "level-not-as-stated",
        where,
        1,
        "disclosure-report.json states no level that the published labels bear out; "
        "write the report from the published file",
    )
