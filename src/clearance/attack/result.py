"""What an attack is given beside the public files, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from clearance.findings import Finding, blocking
from clearance.policy import Concentration
from clearance.ports import Dataset, Engine


@dataclass(frozen=True, slots=True)
class Truth:
    """The source as canonical text, before any protection; only the judge looks at it.

    ``concentration``: the secret part of each policy that has one, by the policy's id.
    """

    engine: Engine
    dataset: Dataset
    concentration: Mapping[str, Concentration]


@dataclass(frozen=True, slots=True, kw_only=True)
class MicrodataAttack:
    """What was found out about one published microdata file.

    ``k``: distinct units in the smallest class, the least over all kinds of unit.
    ``l``: for each sensitive attribute, the least number of distinct values in a class.
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
