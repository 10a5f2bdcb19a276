"""A published file beside one of an earlier release: their rows on the same hierarchies."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from clearance.attack.distributions import Ints
from clearance.attack.levels import Coverage, consistent_levels, settle
from clearance.attack.rows import Rows, codes, numbered, texts_of
from clearance.errors import PlanError
from clearance.hierarchy import MISSING, SUPPRESSED_LABEL, Hierarchy, build, covering
from clearance.plan import DateLevels, HierarchyFile, Intervals, Plan, Prefix, Role, Variable

WRITTEN_BY_HAND = "add the labels of the earlier release to the hierarchy file"
QUARTER = re.compile(r"(\d{4})-Q([1-4])")
LOW_END = re.compile(r"(-?\d+(?:\.\d+)?)(?:-| to )")


class NotComparableError(Exception):
    """Two releases cannot be judged together. Caught inside the attack, which then blocks."""

    def __init__(self, count: int, reason: str) -> None:
        super().__init__(reason)
        self.count = count


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Side:
    """One of two files that meet. ``coverage``: of every published quasi-identifier."""

    rows: Rows
    coverage: Mapping[str, Coverage]

    def labels(self, name: str) -> Ints:
        """The number of each row's label in a column, as its coverage has them."""
        return codes(self.rows.frame[name])

    def classes(self, columns: Sequence[str]) -> Ints:
        """The number of each row's combination of labels in ``columns``."""
        return numbered([self.labels(name) for name in columns], len(self.rows.frame))

    @property
    def names(self) -> list[str]:
        return [str(name) for name in self.rows.frame.columns]


def meet(
    old: Rows,
    new: Rows,
    plan: Plan,
    hierarchies: Mapping[str, Hierarchy],
    stated: Sequence[Mapping[str, int]],
) -> tuple[Side, Side]:
    """Both files with what their labels stand for, on hierarchies that know the labels of both.

    ``stated``: the levels that the report of each says, which decides where labels recur.
    NotComparableError for columns that the plan does not know and labels that no level has.
    """
    strangers = {str(name) for name in old.frame} - {each.name for each in plan.variables}
    if strangers:
        raise NotComparableError(
            len(strangers),
            f"{len(strangers)} columns of the earlier release are no variables of the plan any "
            f"more; put them back into the plan, with the role that they have",
        )
    quasi = [each for each in plan.with_role(Role.QUASI_IDENTIFIER)]
    sides: list[dict[str, Coverage]] = [{}, {}]
    for variable in quasi:
        name = variable.name
        shown = [texts_of(rows.frame[name]) if name in rows.frame else [] for rows in (old, new)]
        hierarchy = extended(hierarchies[name], variable, {*shown[0], *shown[1]})
        for side, labels, rows, levels in zip(sides, shown, (old, new), stated, strict=True):
            if name in rows.frame:
                side[name] = _settled(hierarchy, labels, levels.get(name))
    return Side(rows=old, coverage=sides[0]), Side(rows=new, coverage=sides[1])


def _settled(hierarchy: Hierarchy, labels: Sequence[str], stated: int | None) -> Coverage:
    known = stated if stated in consistent_levels(hierarchy, labels) else None
    found = settle(hierarchy, labels, stated=known, local=True, where=hierarchy.name)
    if found.coverage is None or found.findings:
        raise NotComparableError(
            len(labels),
            f"the labels of {hierarchy.name} in the earlier release do not say what they stand "
            f"for by the hierarchy of today; {WRITTEN_BY_HAND}",
        )
    return found.coverage


# ---------------------------------------------------------------- hierarchies


def extended(hierarchy: Hierarchy, variable: Variable, labels: set[str]) -> Hierarchy:
    """The hierarchy with leaves for those labels that values of earlier data have led to.

    Intervals, prefixes and dates are built over the values of today's data: an age that
    nobody has any more still has its interval. NotComparableError where a label is of no level.
    """
    known = {label for level in hierarchy.levels for label in level}
    unknown = labels - known - {MISSING}
    if unknown:
        leaves = [*hierarchy.leaves, *(leaf for each in unknown for leaf in _below(variable, each))]
        hierarchy = _rebuilt(variable, [leaf for leaf in leaves if leaf != MISSING], unknown)
    return covering(hierarchy, [MISSING]) if MISSING in labels | known else hierarchy


def _rebuilt(variable: Variable, leaves: Sequence[str], unknown: set[str]) -> Hierarchy:
    if not isinstance(variable.hierarchy, HierarchyFile):
        try:
            found = build(variable.name, variable.hierarchy, leaves, kind=variable.type)
        except PlanError:
            raise _of_no_level(variable.name, len(unknown)) from None
        unknown = unknown - {label for level in found.levels for label in level}
        if not unknown:
            return found
    raise _of_no_level(variable.name, len(unknown))


def _below(variable: Variable, label: str) -> Iterator[str]:
    """A value that becomes ``label`` at some level, if the label tells one."""
    match variable.hierarchy:
        case Intervals() if found := LOW_END.match(label):
            yield found.group(1)
        case Prefix() if label.endswith(SUPPRESSED_LABEL):
            yield label[: -len(SUPPRESSED_LABEL)] + "0"
        case DateLevels() if found := QUARTER.fullmatch(label):
            yield f"{found.group(1)}-{int(found.group(2)) * 3 - 2:02}-01"
        case DateLevels():
            yield f"{label}-01-01"[: len("2026-01-01")]
        case _:
            yield label


def _of_no_level(name: str, count: int) -> NotComparableError:
    return NotComparableError(
        count,
        f"{count} labels of {name} in the earlier release are of no level of its hierarchy of "
        f"today; {WRITTEN_BY_HAND}",
    )
