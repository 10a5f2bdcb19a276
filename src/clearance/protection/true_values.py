"""Sensitive attributes that are perturbed: judged as they are published and as they are.

Five people of one true income are five incomes once noise is added; five incomes are one once
they are averaged. The models of the policy must hold on both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from clearance.errors import DisclosureRiskError
from clearance.plan import Plan, Role
from clearance.plan.perturbation_agreement import RESERVED
from clearance.policy import MicrodataRules, SensitiveModel
from clearance.ports import Dataset, Engine


def true_name(name: str) -> str:
    """What the column of ``name``'s true values is called."""
    return f"{name}{RESERVED}"


def perturbed_sensitive(plan: Plan) -> dict[str, str]:
    """Each sensitive attribute that is perturbed, and the column that keys its draws."""
    found = {}
    for variable in plan.with_role(Role.SENSITIVE_ATTRIBUTE):
        perturbation = plan.perturbation(variable.name)
        if perturbation is not None:
            found[variable.name] = perturbation.of or plan.units[0].column
    return found


def rules_for_both(rules: MicrodataRules, names: Sequence[str]) -> MicrodataRules:
    """``rules`` with each model of one of ``names`` asked of its true values as well."""
    also = [
        replace(model, variable=true_name(model.variable))
        for model in rules.models
        if isinstance(model, SensitiveModel) and model.variable in names
    ]
    return replace(rules, models=(*rules.models, *also))


def with_true_values(
    engine: Engine, frame: pd.DataFrame, true: Dataset, keyed_by: dict[str, str]
) -> pd.DataFrame:
    """``frame`` (a histogram with the columns that key) and a column of each one's true values.

    ``keyed_by``: as `perturbed_sensitive` answers. ``true``: the source before perturbation.
    DisclosureRiskError where a unit has several values, as no model is defined for that.
    """
    added = {}
    for name, of in keyed_by.items():
        held = engine.histogram(true, [of, name]).astype({of: object, name: object})
        several = int(held[of].duplicated().sum())
        if several:
            raise DisclosureRiskError(
                f"{name}: {several} times a unit of {of} has one more value; the models need one "
                f"value per unit; give one value per unit, or do not publish the attribute"
            )
        added[true_name(name)] = frame[of].astype(object).map(held.set_index(of)[name])
    return frame.assign(**added)
