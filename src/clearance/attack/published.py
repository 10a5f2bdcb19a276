"""A published microdata file, read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from clearance.plan import MicrodataOutput, Plan, Role
from clearance.policy import MicrodataRules


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PublishedMicrodata:
    """One microdata file. ``levels``: of the published quasi-identifiers that have one."""

    output: MicrodataOutput
    file: str
    frame: pd.DataFrame
    levels: Mapping[str, int]
    rules: MicrodataRules
    plan: Plan

    def columns(self, *roles: Role) -> list[str]:
        """The published columns with one of ``roles``, in the plan's order."""
        names = [variable.name for variable in self.plan.with_role(*roles)]
        return [name for name in names if name in self.frame.columns]

    @property
    def names(self) -> list[str]:
        """All columns, in the file's order."""
        return [str(name) for name in self.frame.columns]

    @property
    def links(self) -> list[str]:
        """Made-up values that stand for identifiers: the same value, the same unit."""
        return self.columns(Role.DIRECT_IDENTIFIER)
