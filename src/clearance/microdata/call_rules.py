"""The rules of a call, checked as a policy is."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import TypeVar

import pandas as pd

from clearance.errors import PlanError, PolicyError
from clearance.policy import MicrodataRules
from clearance.policy.suitability import LOWEST_FLOOR, REVEALING_LITTLE

Choice = TypeVar("Choice", bound=StrEnum)


def refuse_without_role(frame: pd.DataFrame, named: Sequence[str]) -> None:
    wrong = [str(name) for name in frame if name not in named]
    twice = sorted({name for name in named if named.count(name) > 1})
    if wrong or twice:
        told = [
            f"columns without a role: {', '.join(wrong)}" if wrong else "",
            f"columns with several: {', '.join(twice)}" if twice else "",
        ]
        raise PlanError(
            f"{'; '.join(filter(None, told))}; name each once, in quasi_identifiers, sensitive, "
            "attributes, unit, household or survey_weight, or leave it out of the frame"
        )


def refuse_weak(rules: MicrodataRules, sensitive: Sequence[str], quasi: Sequence[str]) -> None:
    """The floors of a policy for personal data: a call says nothing about its material."""
    problems = []
    if rules.k < LOWEST_FLOOR:
        problems.append(f"k must be at least {LOWEST_FLOOR}")
    if not 0 <= rules.max_suppressed_share <= 1:
        problems.append("max_suppressed_share is a share: from 0 to 1")
    for name in sensitive:
        named = [each for each in rules.of_sensitive if each.variable == name]
        if not any(isinstance(each, REVEALING_LITTLE) for each in named):
            problems.append(
                f"the sensitive attribute '{name}' needs a model that bounds what a class "
                "reveals: DistinctL, EntropyL, RecursiveL or TCloseness"
            )
    for name in sorted(set(rules.weights) - set(quasi)):
        problems.append(f"weights: '{name}' is no quasi-identifier")
    if problems:
        raise PolicyError("\n".join(problems))


def choice(kind: type[Choice], name: str, word: str) -> Choice:
    if word not in list(kind):
        raise PolicyError(f"{name}: expected {', '.join(kind)}")
    return kind(word)
