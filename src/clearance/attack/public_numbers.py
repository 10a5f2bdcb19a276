"""Numbers that public texts may hold: those of plan, public policies and published files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from clearance.attack.coded import number
from clearance.attack.public_text import written_by_people
from clearance.hierarchy import Hierarchy
from clearance.plan import Intervals, Plan, Prefix, Variable
from clearance.policy import Model, Policy, model_document

NUMBER = re.compile(r"\d+(?:\.\d+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the public bytes say about one output.

    ``blanks``: empty cells. ``suppressed``: cells of quasi-identifiers with the label of
    everything. ``levels``: empty for a table, None where levels are mixed.
    """

    rows: int
    blanks: int
    suppressed: int
    columns: tuple[str, ...]
    levels: Mapping[str, int] | None


def is_explained(text: Any, explained: set[Decimal]) -> bool:
    """Whether it is a text (or nothing) and all its numbers are explained."""
    if text is None:
        return True
    return isinstance(text, str) and _numbers(text) <= explained


def _numbers(text: str) -> set[Decimal]:
    return {Decimal(match) for match in NUMBER.findall(text)}


def explained_numbers(
    plan: Plan,
    policies: Mapping[str, Policy],
    hierarchies: Mapping[str, Hierarchy],
    facts: Mapping[str, Facts],
) -> set[Decimal]:
    """Every number that plan, public policy and published files give."""
    found = {each for text in written_by_people(plan) for each in _numbers(text)}
    for variable in plan.variables:
        found |= _of_variable(variable)
    for hierarchy in hierarchies.values():
        found |= set(map(Decimal, range(hierarchy.height + 1)))
    for fact in facts.values():
        found |= {Decimal(fact.rows), Decimal(fact.blanks), Decimal(len(fact.columns))}
        found.add(Decimal(fact.suppressed))
    for policy in policies.values():
        found |= _of_policy(policy)
    return found


def _of_variable(variable: Variable) -> set[Decimal]:
    codes = [code for code in (variable.top_code, variable.bottom_code) if code is not None]
    values = [variable.round_to, *(code.value for code in codes), *(c.percentile for c in codes)]
    match variable.hierarchy:
        case Intervals(widths):
            values += widths
        case Prefix(lengths):
            values += map(Decimal, lengths)
    return {value for value in values if value is not None}


def _of_policy(policy: Policy) -> set[Decimal]:
    found: set[Decimal] = set()
    if policy.microdata is not None:
        rules = policy.microdata
        share = _decimal(rules.max_suppressed_share)
        found |= {Decimal(rules.k), share, share * 100}
        found |= set(map(_decimal, rules.weights.values()))
        found |= {number for model in rules.models for number in _of_model(model)}
    if policy.tables is not None:
        attacker = policy.tables.attacker
        found |= {Decimal(policy.tables.minimum_frequency), Decimal(attacker.at_least_percent)}
        found |= {number(str(attacker.at_most_percent)) or Decimal(0)}
    return found


def _of_model(model: Model) -> Iterator[Decimal]:
    """The parameters of a model, shares also in percent."""
    for value in model_document(model).values():
        if not isinstance(value, bool | str):
            yield Decimal(str(value))
            yield Decimal(str(value)) * 100


def _decimal(value: Fraction) -> Decimal:
    return Decimal(value.numerator) / value.denominator
