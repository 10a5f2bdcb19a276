"""The distribution that sensitive models compare classes with: the whole input's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from clearance.attack.distributions import Ints
from clearance.hierarchy import MISSING, Hierarchy
from clearance.plan import ValueType


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ground:
    """The values of a sensitive attribute in their order, with the units of the input.

    Published values that the input does not have stand among them with no units.
    """

    names: tuple[str, ...]
    units: Ints
    hierarchy: Hierarchy | None

    def codes(self, values: Sequence[str]) -> Ints:
        """Place of each value among the names."""
        place = {name: number for number, name in enumerate(self.names)}
        return np.array([place[value] for value in values], dtype=np.int64)

    @property
    def missing(self) -> int | None:
        """The code of the missing value, where there is one."""
        return self.names.index(MISSING) if MISSING in self.names else None

    @property
    def tree(self) -> Ints:
        """The node over each value, level by level, up to the level where all values meet."""
        return _tree(self.names, self.hierarchy)


def ground_of(
    values: Sequence[str],
    units: Sequence[int] | Ints,
    *,
    published: Iterable[str] = (),
    kind: ValueType = ValueType.TEXT,
    hierarchy: Hierarchy | None = None,
) -> Ground:
    """The whole input's distribution: each of ``values`` with its units, repeats summed.

    Order: numbers by size, dates and text by their text, and by the leaves of ``hierarchy``
    where there is one and the type is text; the missing value before all others. ``values``
    are to be coded and perturbed as the published ones are.
    """
    counted = dict.fromkeys(published, 0)
    for value, count in zip(values, units, strict=True):
        counted[value] = counted.get(value, 0) + int(count)
    names = tuple(sorted(counted, key=_rank(kind, hierarchy)))
    found = np.array([counted[name] for name in names], dtype=np.int64)
    return Ground(names=names, units=found, hierarchy=hierarchy)


def _rank(kind: ValueType, hierarchy: Hierarchy | None) -> _Rank:
    leaves = {leaf: number for number, leaf in enumerate(hierarchy.leaves)} if hierarchy else {}
    numeric = kind in (ValueType.INTEGER, ValueType.NUMBER)
    return _Rank(numeric, leaves if kind is ValueType.TEXT else {})


@dataclass(frozen=True, slots=True)
class _Rank:
    """What values are sorted by; a value outside of the hierarchy comes last."""

    numeric: bool
    leaves: Mapping[str, int]

    def __call__(self, value: str) -> tuple[bool, Decimal | int, str]:
        if self.numeric and value != MISSING:
            return True, Decimal(value), value
        return value != MISSING, self.leaves.get(value, len(self.leaves)), value


def _tree(names: Sequence[str], hierarchy: Hierarchy | None) -> Ints:
    """Values without a hierarchy, and those outside of it, meet the others at the top only."""
    alone = -1 - np.arange(len(names))
    place = {leaf: number for number, leaf in enumerate(hierarchy.leaves)} if hierarchy else {}
    known = np.array([place.get(name, -1) for name in names], dtype=np.int64)
    below = []
    for groups in hierarchy.groups if hierarchy else ():
        real = [group for leaf, group in place.items() if leaf != MISSING]
        if len(set(groups[real].tolist())) <= 1:
            break
        below.append(np.where(known >= 0, groups[known], alone))
    return np.array([*(below or [alone]), np.zeros(len(names))], dtype=np.int64)
