"""A published microdata file, read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from clearance.attack.levels import Coverage
from clearance.attack.rows import Ints, Rows
from clearance.plan import MicrodataOutput, Plan, Role
from clearance.policy import MicrodataRules


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PublishedMicrodata:
    """One microdata file.

    ``coverage``: of the published quasi-identifiers all of whose labels are settled.
    ``levels``: of those of them that stand at a single level; mixed ones have none.
    """

    output: MicrodataOutput
    file: str
    rows: Rows
    coverage: Mapping[str, Coverage]
    levels: Mapping[str, int]
    rules: MicrodataRules
    plan: Plan

    @property
    def frame(self) -> pd.DataFrame:
        """The distinct rows, in the file's order: Categorical columns of text."""
        return self.rows.frame

    @property
    def records(self) -> Ints:
        """How many records of the file each row of `frame` stands for."""
        return self.rows.records

    @property
    def total(self) -> int:
        """All records of the file."""
        return self.rows.total

    @property
    def quasi(self) -> list[str]:
        """The published quasi-identifiers that can be judged."""
        return list(self.coverage)

    @property
    def mixed(self) -> bool:
        """Whether any column holds labels of several levels."""
        return len(self.levels) < len(self.coverage)

    def columns(self, *roles: Role) -> list[str]:
        """The published columns with one of ``roles``, in the plan's order."""
        names = [variable.name for variable in self.plan.with_role(*roles)]
        return [name for name in names if name in self.frame.columns]

    def values(self, name: str) -> dict[str, int]:
        """Every published value of a column, with its records."""
        return self.rows.counts(name)

    @property
    def names(self) -> list[str]:
        """All columns, in the file's order."""
        return [str(name) for name in self.frame.columns]

    @property
    def links(self) -> list[str]:
        """Made-up values that stand for identifiers: the same value, the same unit."""
        return self.columns(Role.DIRECT_IDENTIFIER)
