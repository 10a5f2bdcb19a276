"""How a plan's perturbations agree with its variables, units and outputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from clearance.plan.perturbation import AreaSwap, Noise, Perturbation, PostRandomisation
from clearance.plan.types import Plan, Role, ValueType, Variable

NUMERIC = (ValueType.INTEGER, ValueType.NUMBER)
OF_UNITS = (Role.STRUCTURAL, Role.DIRECT_IDENTIFIER)
RESERVED = " (before perturbation)"  # what the true values of a column are called beside it
PERTURBED_ROLES = (Role.ATTRIBUTE, Role.SENSITIVE_ATTRIBUTE)


def perturbation_problems(plan: Plan) -> Iterator[str]:
    """What a schema cannot say of ``perturb`` and ``swap``."""
    saying = [variable for variable in plan.variables if variable.perturb is not None]
    for variable in saying:
        where = f"variables.{variable.name}.perturb"
        if variable.perturb is not None:
            problems = _problems(plan, variable, variable.perturb)
            yield from (f"{where}: {problem}" for problem in problems)
    for name in plan.names:
        if name.endswith(RESERVED):
            yield f"variables.{name}: rename it; names that end in '{RESERVED.strip()}' are taken"
    named = Counter(
        name for variable in saying if variable.perturb for name in variable.perturb.together
    )
    for name, times in named.items():
        if times > 1:
            yield f"variables.{name}: {times} variables perturb it; name it in one of them"
    if plan.swap is not None:
        yield from (f"swap: {problem}" for problem in _swap_problems(plan, plan.swap))
    if (saying or plan.swap) and not plan.microdata:
        yield "outputs: perturb and swap are for microdata, and there are none"


def _problems(plan: Plan, variable: Variable, perturb: Perturbation) -> Iterator[str]:
    yield from _key_problems(plan, perturb)
    yield from _together_problems(plan, variable, perturb)
    numbers = not isinstance(perturb.method, PostRandomisation)
    for name in (variable.name, *perturb.together):
        if name not in plan.names:
            continue
        each = plan.variable(name)
        if each.role not in PERTURBED_ROLES:
            yield f"'{name}' is {each.role.value}; only attributes are perturbed"
        if numbers and each.type not in NUMERIC:
            yield f"'{name}' needs type integer or number; categories take pram"
        if not numbers and each.type not in (ValueType.TEXT, ValueType.INTEGER):
            yield f"'{name}' is no category: pram needs type text or integer"
        yield from _decimals_problems(each, perturb)
    if isinstance(perturb.method, Noise) and perturb.together and perturb.method.sd_share is None:
        yield "noise with other variables needs sd_share, not sd"


def _key_problems(plan: Plan, perturb: Perturbation) -> Iterator[str]:
    """Without a stable id, draws could only follow the order of the rows."""
    if perturb.of is None and not plan.units:
        yield (
            "draws are keyed by a stable id, and units are records; "
            "add 'of' with a structural column that names each record for good"
        )
    if perturb.of is not None:
        known = perturb.of in plan.names
        if not known or plan.variable(perturb.of).role not in OF_UNITS:
            yield f"of: '{perturb.of}' must be a variable with role structural or direct-identifier"


def _together_problems(plan: Plan, variable: Variable, perturb: Perturbation) -> Iterator[str]:
    for name in perturb.together:
        if name not in plan.names:
            yield f"with: '{name}' is no variable of this plan"
        elif name == variable.name or plan.variable(name).perturb is not None:
            yield f"with: '{name}' has a perturb of its own; say it in one place"


def _decimals_problems(variable: Variable, perturb: Perturbation) -> Iterator[str]:
    """Published numbers have a fixed number of digits, which no record's value decides."""
    if not perturb.makes_numbers:
        if perturb.decimals is not None:
            yield "decimals are for noise and microaggregate; here values of the source are shown"
    elif variable.type is ValueType.NUMBER and perturb.decimals is None:
        yield f"'{variable.name}' is a number: add 'decimals', how many its published values have"


def _swap_problems(plan: Plan, swap: AreaSwap) -> Iterator[str]:
    quasi = {variable.name for variable in plan.with_role(Role.QUASI_IDENTIFIER)}
    if swap.area not in quasi:
        yield f"area: '{swap.area}' must be a quasi-identifier of this plan"
    for name in swap.similar:
        if name not in quasi - {swap.area}:
            yield f"similar: '{name}' must be a quasi-identifier other than the area"
    if swap.unit not in [unit.kind for unit in plan.units]:
        yield f"unit: the plan's units have no kind '{swap.unit}'"
