"""Generalisation hierarchies: what each value becomes at each level."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

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
