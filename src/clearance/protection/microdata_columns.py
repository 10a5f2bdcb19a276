"""The columns of published microdata, and what citizens are told was done to each."""

from __future__ import annotations

from collections.abc import Mapping

from clearance.coding import is_coded
from clearance.hierarchy import Hierarchy
from clearance.microdata.decision import Decision
from clearance.plan import DateLevels, Intervals, Plan, Prefix, Treatment, ValueType, Variable
from clearance.policy import Method
from clearance.protection.perturbing import change_text
from clearance.protection.published import PublishedColumn

AS_IT_IS = "Shown as it is in the source."


def published_column(plan: Plan, variable: Variable) -> PublishedColumn:
    """The column of a variable that is no quasi-identifier."""
    return PublishedColumn(
        name=variable.name,
        type=ValueType.TEXT if variable.treatment else variable.type,
        role=variable.role,
        treatment=_treatment(plan, variable),
        text=_with_change(plan, variable, _told(variable)),
    )


def generalised_column(
    plan: Plan, variable: Variable, decision: Decision, hierarchies: Mapping[str, Hierarchy]
) -> PublishedColumn:
    """The column of a quasi-identifier; text where any label of it is no value of its own."""
    level = None if decision.levels is None else decision.levels[variable.name]
    changed = bool(level) or _rewritten(decision, variable.name)
    if level is None:
        told = MIXED[decision.method] if changed else AS_IT_IS
    else:
        told = _at_level(variable, level, hierarchies[variable.name].height)
    return PublishedColumn(
        name=variable.name,
        type=ValueType.TEXT if changed else variable.type,
        role=variable.role,
        treatment=_change(decision.method) if changed else "unchanged",
        text=_with_change(plan, variable, told),
        level=level,
    )


MIXED = {
    Method.LOCAL_SUPPRESSION: "Some values are suppressed and shown as *.",
    Method.LOCAL_RECODING: (
        "Shown at several levels of its hierarchy, in each group of records by as much as it "
        "needs; * is every value."
    ),
}


def _change(method: Method) -> str:
    return "suppressed" if method is Method.LOCAL_SUPPRESSION else "generalised"


def _rewritten(decision: Decision, name: str) -> bool:
    """Whether any record's value of the variable is published as a coarser label."""
    rewritten = decision.rewritten
    if rewritten is None:
        return False
    before, after = rewritten.keys[name].astype(object), rewritten.published[name].astype(object)
    return bool((before.to_numpy() != after.to_numpy()).any())


def _treatment(plan: Plan, variable: Variable) -> str:
    if plan.perturbation(variable.name) is not None:
        return "perturbed"
    if variable.treatment:
        return variable.treatment.value
    return "coded" if is_coded(variable) else "unchanged"


def _with_change(plan: Plan, variable: Variable, told: str) -> str:
    changed = change_text(plan, variable.name)
    return " ".join(each for each in (changed, told) if each and (each != AS_IT_IS or not changed))


def _told(variable: Variable) -> str:
    if variable.treatment is Treatment.PSEUDONYM:
        return "Replaced by a pseudonym that holds in this file only."
    if variable.treatment is Treatment.FAKE:
        return "Replaced by a made-up name that holds in this file only."
    parts = []
    if variable.top_code:
        parts.append("values above a threshold are shown as the threshold")
    if variable.bottom_code:
        parts.append("values below a threshold are shown as the threshold")
    if variable.round_to:
        parts.append(f"rounded to the nearest multiple of {variable.round_to:f}")
    return f"{', '.join(parts).capitalize()}." if parts else AS_IT_IS


def _at_level(variable: Variable, level: int, height: int) -> str:
    if level == 0:
        return AS_IT_IS
    if level == height:
        return "Not shown: every value is replaced by *."
    match variable.hierarchy:
        case Intervals(widths):
            return f"Shown in intervals of {widths[level - 1]:f}."
        case Prefix(lengths):
            return f"Shown by the first {lengths[level - 1]} characters."
        case DateLevels(levels):
            return f"Shown by {levels[level - 1]}."
        case _:
            return f"Shown in groups: level {level} of {height} of its hierarchy."
