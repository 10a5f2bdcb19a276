"""The codes that stand in a dimension's column: every level of its hierarchy, and the total."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from clearance.errors import PlanError
from clearance.hierarchy import MISSING, SUPPRESSED_LABEL, Hierarchy

TOTAL = "_T"  # SDMX: the total of a dimension
UNKNOWN = "_U"  # SDMX: unknown; a missing value is a category of its own

CODE_OF_LABEL = {SUPPRESSED_LABEL: TOTAL, MISSING: UNKNOWN}


@dataclass(frozen=True, eq=False)
class CodeTree:
    """The codes of one dimension, and which of them add up to which.

    ``codes``: sorted. ``levels[j][i]``: number of the code of leaf ``i`` at level ``j``;
    the last level is the total. ``leaves``: the leaf values, a missing one as the empty text.
    ``children``: (code, codes that add up to it), by number, each code with children once.
    """

    codes: tuple[str, ...]
    leaves: tuple[str, ...]
    levels: npt.NDArray[np.int64]
    children: tuple[tuple[int, tuple[int, ...]], ...]


def code_tree(name: str, hierarchy: Hierarchy, occurring: Iterable[str]) -> CodeTree:
    """The codes of the leaves that occur in the data and of everything above them.

    Raises `PlanError` where a value is no leaf of the hierarchy (a missing one always is),
    or where one code would stand for different leaves at different levels.
    """
    leaves, levels = _with_unknown_and_total(hierarchy)
    _refuse_ambiguous_codes(name, levels)
    position = {leaf: number for number, leaf in enumerate(leaves)}
    values = sorted(set(occurring))
    strangers = sum(value not in position for value in values)
    if strangers:
        raise PlanError(
            f"{strangers} of {len(values)} values of dimension {name} are no leaf of its "
            f"hierarchy; add them to the hierarchy"
        )
    kept = [[level[position[value]] for value in values] for level in levels]
    codes = tuple(sorted({code for level in kept for code in level}))
    number = {code: index for index, code in enumerate(codes)}
    numbered = np.array([[number[code] for code in level] for level in kept], dtype=np.int64)
    return CodeTree(codes, tuple(values), numbered, _children(numbered))


def _with_unknown_and_total(
    hierarchy: Hierarchy,
) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Leaves and codes by level, with the missing value among them and the total above all."""
    leaves = hierarchy.leaves
    levels = [tuple(CODE_OF_LABEL.get(label, label) for label in row) for row in hierarchy.levels]
    if MISSING not in leaves and set(levels[0]) != {TOTAL}:  # else it is among what * covers
        leaves = (*leaves, MISSING)
        levels = [(*level, TOTAL if set(level) == {TOTAL} else UNKNOWN) for level in levels]
    if set(levels[-1]) != {TOTAL}:
        levels.append((TOTAL,) * len(leaves))
    return leaves, levels


def _refuse_ambiguous_codes(name: str, levels: Sequence[Sequence[str]]) -> None:
    """A code may recur at the next level with exactly the same leaves, and nowhere else."""
    seen: dict[str, frozenset[int]] = {}
    before: frozenset[str] = frozenset()
    ambiguous: set[str] = set()
    for depth, level in enumerate(levels):
        leaves_of: dict[str, set[int]] = {}
        for leaf, code in enumerate(level):
            leaves_of.setdefault(code, set()).add(leaf)
        for code, members in leaves_of.items():
            recurs = code in seen and (code not in before or seen[code] != members)
            if recurs or (depth == 0 and len(members) > 1):
                ambiguous.add(code)
        seen.update({code: frozenset(members) for code, members in leaves_of.items()})
        before = frozenset(leaves_of)
    if ambiguous:
        raise PlanError(
            f"{len(ambiguous)} codes of dimension {name} stand for different leaves at different "
            f"levels of its hierarchy; give every category a code of its own "
            f"({TOTAL} and {UNKNOWN} are the total and the missing value)"
        )


def _children(levels: npt.NDArray[np.int64]) -> tuple[tuple[int, tuple[int, ...]], ...]:
    children: dict[int, set[int]] = {}
    for finer, coarser in itertools.pairwise(levels):
        for child, parent in zip(finer.tolist(), coarser.tolist(), strict=True):
            if child != parent:
                children.setdefault(parent, set()).add(child)
    return tuple((parent, tuple(sorted(found))) for parent, found in sorted(children.items()))
