"""Generalisation hierarchies: what each value becomes at each level."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from clearance.documents import check
from clearance.errors import PlanError
from clearance.plan import (
    DateLevels,
    HierarchyFile,
    HierarchySource,
    Intervals,
    Prefix,
    ValueType,
)
from clearance.schemas import load as load_schema

SUPPRESSED_LABEL = "*"  # the label of the level that covers everything
MISSING = ""  # a missing value is the empty text, everywhere


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """``levels[j][i]`` is the label of leaf ``i`` at level ``j``; ``levels[0]`` are the leaves.

    Leaves are unique. Levels are nested: leaves that share a label share it at
    every coarser level too. A missing value (the empty text) is a leaf of its own and
    keeps the empty label until the level that covers everything.
    """

    name: str
    levels: tuple[tuple[str, ...], ...]

    @property
    def leaves(self) -> tuple[str, ...]:
        return self.levels[0]

    @property
    def height(self) -> int:
        """Number of the coarsest level; 0 where there are only leaves."""
        return len(self.levels) - 1

    @cached_property
    def groups(self) -> npt.NDArray[np.int32]:
        """Shape (levels, leaves): number of the leaf's group at each level, by first appearance."""
        return np.stack([_numbered(level) for level in self.levels])

    def labels(self, level: int) -> tuple[str, ...]:
        """The distinct labels of ``level``, in the order of `groups`."""
        return tuple(dict.fromkeys(self.levels[level]))

    def recoding(self, level: int) -> dict[str, str]:
        """Leaf to label at ``level``."""
        return dict(zip(self.leaves, self.levels[level], strict=True))


def _numbered(labels: tuple[str, ...]) -> npt.NDArray[np.int32]:
    number: dict[str, int] = {}
    return np.array([number.setdefault(label, len(number)) for label in labels], dtype=np.int32)


def from_rows(name: str, rows: Sequence[Sequence[str]], *, where: str) -> Hierarchy:
    """The hierarchy in the rows of a CSV: the leaf, then its label at each coarser level.

    A level that covers everything is added where the last column does not. PlanError
    unless it is a real hierarchy: rows of one length, leaves unique, levels nested, no
    empty label.
    """
    check([list(row) for row in rows], load_schema("hierarchy"), where=where)
    lengths = {len(row) for row in rows}
    if len(lengths) > 1:
        raise PlanError(f"{where}: expected rows of one length, found {len(lengths)} lengths")
    if any(_normalised(label) == "" for row in rows for label in row):
        raise PlanError(f"{where}: expected a label in every column, found empty ones")
    levels = tuple(tuple(map(_normalised, level)) for level in zip(*rows, strict=True))
    return _checked(name, _covered(levels), where=where)


def build(
    name: str,
    source: HierarchySource | None,
    leaves: Sequence[str],
    *,
    kind: ValueType = ValueType.TEXT,
) -> Hierarchy:
    """The hierarchy over ``leaves``, the distinct values of a column in canonical text.

    Without ``source``: the values, then everything. A `HierarchyFile` is built by `from_rows`.
    ``kind``: integers are labelled 0-4, numbers "0 to under 5"; the plan's type decides that,
    not the values, which may all be suppressed (THREATS 10).
    PlanError where the widths, lengths or levels are not nested.
    """
    where = f"hierarchy of '{name}'"
    known = tuple(sorted(leaf for leaf in set(leaves) if leaf != MISSING))
    levels: tuple[tuple[str, ...], ...] = (known,)
    match source:
        case None:
            pass
        case Intervals(widths):
            numbers = tuple(_number(leaf) for leaf in known)
            whole = kind is ValueType.INTEGER and all(width % 1 == 0 for width in widths)
            label = _whole_interval if whole else _interval
            levels = (
                known,
                *(
                    tuple(label(number, width) for number in numbers)
                    for width in _multiples(widths, where)
                ),
            )
        case Prefix(lengths):
            levels = (known, *(_by(known, _prefix(length)) for length in _falling(lengths, where)))
        case DateLevels(names):
            levels = (known, *(_by(known, CALENDAR[level]) for level in _calendar(names, where)))
        case HierarchyFile():
            raise PlanError(f"{where}: a hierarchy file is read by from_rows")
    return _checked(name, _covered(levels), where=where)


def covering(hierarchy: Hierarchy, values: Sequence[str]) -> Hierarchy:
    """``hierarchy`` with missing as a leaf of its own where ``values`` hold it.

    PlanError with the number of ``values`` that are no leaf (never the values themselves).
    """
    unknown = set(values) - set(hierarchy.leaves) - {MISSING}
    if unknown:
        raise PlanError(
            f"hierarchy of '{hierarchy.name}': {len(unknown)} distinct values of the column "
            f"are no leaf of it; add them to the hierarchy or repair the data"
        )
    if MISSING not in values or MISSING in hierarchy.leaves:
        return hierarchy
    top = len(hierarchy.levels) - 1
    extended = tuple(
        (*level, SUPPRESSED_LABEL if number == top else MISSING)
        for number, level in enumerate(hierarchy.levels)
    )
    return Hierarchy(hierarchy.name, extended)


def _covered(levels: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
    everything = (SUPPRESSED_LABEL,) * len(levels[0])
    return levels if levels[-1] == everything else (*levels, everything)


def _checked(name: str, levels: tuple[tuple[str, ...], ...], *, where: str) -> Hierarchy:
    if len(set(levels[0])) < len(levels[0]):
        raise PlanError(f"{where}: {len(levels[0]) - len(set(levels[0]))} leaves stand twice")
    for number, (finer, coarser) in enumerate(pairwise(levels), start=1):
        parents: dict[str, set[str]] = {}
        for label, parent in zip(finer, coarser, strict=True):
            parents.setdefault(label, set()).add(parent)
        torn = sum(len(each) > 1 for each in parents.values())
        if torn:
            raise PlanError(
                f"{where}: {torn} labels of level {number - 1} have several labels at "
                f"level {number}; levels must be nested"
            )
    return Hierarchy(name, levels)


def _normalised(label: str) -> str:
    return unicodedata.normalize("NFC", label).strip()


def _by(leaves: tuple[str, ...], label: Callable[[str], str]) -> tuple[str, ...]:
    return tuple(label(leaf) for leaf in leaves)


def _multiples(widths: tuple[Decimal, ...], where: str) -> tuple[Decimal, ...]:
    for finer, coarser in pairwise(widths):
        if coarser <= finer or coarser % finer != 0:
            raise PlanError(f"{where}: each width must be a multiple of the one before")
    return widths


def _falling(lengths: tuple[int, ...], where: str) -> tuple[int, ...]:
    if list(lengths) != sorted(set(lengths), reverse=True):
        raise PlanError(f"{where}: prefix lengths must fall, e.g. [3, 2]")
    return lengths


def _calendar(names: tuple[str, ...], where: str) -> tuple[str, ...]:
    order = [name for name in CALENDAR if name in names]
    if list(names) != order:
        raise PlanError(f"{where}: date levels must rise: month, quarter, year")
    return names


def _number(leaf: str) -> Decimal:
    try:
        return Decimal(leaf)
    except InvalidOperation:
        raise PlanError("intervals need numbers; declare type integer or number") from None


def _low(number: Decimal, width: Decimal) -> Decimal:
    low = (number // width) * width
    return low if low <= number else low - width  # // truncates towards zero


def _whole_interval(number: Decimal, width: Decimal) -> str:
    low = _low(number, width)
    return f"{low:f}-{low + width - 1:f}" if low >= 0 else f"{low:f} to {low + width - 1:f}"


def _interval(number: Decimal, width: Decimal) -> str:
    low = _low(number, width)
    return f"{low:f} to under {low + width:f}"


def _prefix(length: int) -> Callable[[str], str]:
    return lambda leaf: leaf if len(leaf) < length else leaf[:length] + SUPPRESSED_LABEL


def _day(leaf: str) -> date:
    try:
        return date.fromisoformat(leaf)
    except ValueError:
        raise PlanError("date levels need dates; declare type date") from None


CALENDAR: dict[str, Callable[[str], str]] = {
    "month": lambda leaf: _day(leaf).isoformat()[:7],
    "quarter": lambda leaf: f"{_day(leaf).year:04}-Q{(_day(leaf).month + 2) // 3}",
    "year": lambda leaf: f"{_day(leaf).year:04}",
}
