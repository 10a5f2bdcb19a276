"""What an attack is given beside the public files, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import pandas as pd

from clearance.findings import Finding, blocking
from clearance.policy import Concentration
from clearance.ports import Dataset


class Counts(Protocol):
    """What the judge asks of an `Engine`: its two verbs that count."""

    def values(self, dataset: Dataset, column: str) -> pd.DataFrame: ...

    def histogram(self, dataset: Dataset, columns: Sequence[str]) -> pd.DataFrame: ...


@dataclass(frozen=True, slots=True)
class Truth:
    """The source as canonical text; only the judge looks at it.

    ``dataset``: with the values that the plan has perturbed, which is what is published;
    ``original``: as it was, before any protection, where the plan perturbs.

    ``concentration``: the secret part of each policy that has one, by the policy's id.
    ``population``: the table that the plan names, where it names one.
    """

    engine: Counts
    dataset: Dataset
    concentration: Mapping[str, Concentration]
    population: Dataset | None = None
    original: Dataset | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MicrodataAttack:
    """What was found out about one published microdata file.

    ``k``: distinct units in the smallest class, the least over all kinds of unit and over
    own-category and compatible readings. ``l``: for each sensitive attribute, the least number
    of distinct values in a class.
    ``unique``: records that are unique over all published columns but made-up ones.
    """

    name: str
    file: str
    records: int
    k: int
    l: Mapping[str, int]  # noqa: E741 - the literature's name
    unique: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TableAttack:
    """Suppressed cells of one published table: how many were attacked, how many fell."""

    name: str
    file: str
    attacked: int
    exposed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AttackReport:
    """Every finding of an attack, with the figures of each output by its name."""

    findings: tuple[Finding, ...]
    microdata: Mapping[str, MicrodataAttack]
    tables: Mapping[str, TableAttack]

    @property
    def exposed(self) -> bool:
        """Whether anything found stops the release."""
        return bool(blocking(self.findings))


def blocked(rule: str, where: str, count: int, message: str) -> Finding:
    """A finding that stops the release."""
    return Finding(rule=rule, severity="block", where=where, count=count, message=message)


def warned(rule: str, where: str, count: int, message: str) -> Finding:
    """A finding that the reviewer must weigh."""
    return Finding(rule=rule, severity="warn", where=where, count=count, message=message)


def told(rule: str, where: str, count: int, message: str) -> Finding:
    """A finding that only informs."""
    return Finding(rule=rule, severity="info", where=where, count=count, message=message)
