"""Protection parameters and review rules, parsed once into frozen types."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Any, Literal


class Loss(StrEnum):
    """What "least information loss" means."""

    GRANULARITY = "granularity"
    ENTROPY = "entropy"


@dataclass(frozen=True, slots=True)
class DistinctL:
    """At least ``l`` distinct values of ``variable`` in every equivalence class."""

    variable: str
    l: int  # noqa: E741 - the literature's name


@dataclass(frozen=True, slots=True, kw_only=True)
class MicrodataRules:
    """What microdata must satisfy.

    ``k`` counts distinct units. ``max_suppressed_share`` is of the units (0 to 1), exact.
    """

    k: int
    max_suppressed_share: Fraction
    models: tuple[DistinctL, ...] = ()
    loss: Loss = Loss.GRANULARITY


@dataclass(frozen=True, slots=True, kw_only=True)
class Attacker:
    """What the intruder knows of a suppressed cell, in percent of its true value.

    ``at_most_percent`` is None where nothing bounds it from above.
    """

    at_least_percent: int
    at_most_percent: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Concentration:
    """The secret part of a sum's policy: p%-rule, or (n,k) dominance, or both.

    Never written to catalog, log, ledger or public file, not even hashed.
    """

    p_percent: int | None = None
    n: int | None = None
    k_percent: int | None = None

    def __repr__(self) -> str:
        return "Concentration(secret)"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableRules:
    """What tables must satisfy; ``concentration_file`` is the name of the private part."""

    minimum_frequency: int
    zeros: Literal["safe", "unsafe"]
    attacker: Attacker
    concentration_file: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewRules:
    """How many reviewers approve, how they are identified, for how long it holds."""

    approvals: int
    assurance: Literal["one-time-code", "signature"]
    valid_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    id: str
    review: ReviewRules
    microdata: MicrodataRules | None = None
    tables: TableRules | None = None


def parse(document: Mapping[str, Any], *, where: str) -> Policy:
    raise NotImplementedError
