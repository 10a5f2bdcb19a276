"""What a policy consists of: frozen types that only parsing makes from a document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Literal

from clearance.policy.models import Model, SensitiveModel


class Loss(StrEnum):
    """What "least information loss" means."""

    GRANULARITY = "granularity"
    ENTROPY = "entropy"


class Method(StrEnum):
    """How microdata are brought to satisfy the rules."""

    GLOBAL = "global"
    LOCAL_SUPPRESSION = "local-suppression"
    LOCAL_RECODING = "local-recoding"
    AUTO = "auto"


class Missing(StrEnum):
    """What a missing value of a quasi-identifier stands for."""

    OWN_CATEGORY = "own-category"
    WILDCARD = "wildcard"


@dataclass(frozen=True, slots=True, kw_only=True)
class MicrodataRules:
    """What microdata must satisfy.

    ``k`` counts distinct units. ``max_suppressed_share`` is of the units (0 to 1), exact; local
    recoding suppresses no unit. ``weights``: how much a variable's information is worth beside
    the others' (1 where it is not named), in the loss and in blanks.
    """

    k: int
    max_suppressed_share: Fraction
    models: tuple[Model, ...] = ()
    loss: Loss = Loss.GRANULARITY
    method: Method = Method.GLOBAL
    missing: Missing = Missing.OWN_CATEGORY
    weights: Mapping[str, Fraction] = field(default_factory=dict)

    @property
    def of_sensitive(self) -> tuple[SensitiveModel, ...]:
        """The models of sensitive attributes, in the policy's order."""
        return tuple(each for each in self.models if isinstance(each, SensitiveModel))

    def weight(self, variable: str) -> Fraction:
        return self.weights.get(variable, Fraction(1))


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
