"""Whether policies suit what a plan publishes: floors, models, rules that outputs need."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from clearance.errors import PolicyError
from clearance.plan import (
    Material,
    MicrodataOutput,
    Output,
    Plan,
    Role,
    TableOutput,
    ValueType,
)
from clearance.policy.models import (
    DeltaPresence,
    Distance,
    DistinctL,
    EntropyL,
    KMap,
    KOnSubsets,
    RecursiveL,
    TCloseness,
)
from clearance.policy.types import Method, MicrodataRules, Policy

REVEALING_LITTLE = (DistinctL, EntropyL, RecursiveL, TCloseness)
LOWEST_FLOOR = 3  # of k and of minimum_frequency, for personal data
OF_PERSONS = (Role.DIRECT_IDENTIFIER, Role.SENSITIVE_ATTRIBUTE)


def check_suits(plan: Plan, policies: Mapping[str, Policy]) -> None:
    """Raises PolicyError, with every reason, unless the policies suit the plan's outputs.

    Floors for personal data (THREATS 9), a section for each kind of output, a model for
    each published sensitive attribute (THREATS 8), a concentration rule for sums.
    """
    problems = [problem for output in plan.outputs for problem in _unsuited(plan, output, policies)]
    if problems:
        raise PolicyError("\n".join(dict.fromkeys(problems)))


def _unsuited(plan: Plan, output: Output, policies: Mapping[str, Policy]) -> Iterator[str]:
    policy = policies.get(output.policy)
    if policy is None:
        yield f"output '{output.name}': there is no policy '{output.policy}' in the catalog"
    elif isinstance(output, MicrodataOutput):
        yield from _unsuited_microdata(plan, policy)
    elif output.source is None:
        yield from _unsuited_table(plan, output, policy)


def _personal(plan: Plan) -> bool:
    """Whether the floors hold: the word ``material`` alone does not lift them (THREATS 9)."""
    return plan.material is Material.PERSONAL_DATA or bool(plan.with_role(*OF_PERSONS))


def _unsuited_microdata(plan: Plan, policy: Policy) -> Iterator[str]:
    rules = policy.microdata
    if rules is None:
        yield f"policy '{policy.id}': microdata need a section 'microdata'"
        return
    if _personal(plan) and rules.k < LOWEST_FLOOR:
        yield f"policy '{policy.id}': k must be at least {LOWEST_FLOOR} for personal data"
    if rules.max_suppressed_share == 1:
        yield f"policy '{policy.id}': a limit of 1 would let everything be suppressed"
    modelled = {model.variable for model in rules.of_sensitive}
    sensitive = {variable.name for variable in plan.with_role(Role.SENSITIVE_ATTRIBUTE)}
    for name in sorted(sensitive - modelled):
        yield (
            f"policy '{policy.id}': the published sensitive attribute '{name}' needs a model; "
            f"k alone does not protect it (add distinct-l, or do not publish it)"
        )
    for name in sorted(modelled - sensitive):
        yield f"policy '{policy.id}': a model names '{name}', which is no sensitive attribute here"
    yield from (f"policy '{policy.id}': {problem}" for problem in _unsuited_models(plan, rules))


def _unsuited_models(plan: Plan, rules: MicrodataRules) -> Iterator[str]:
    """What models need of the plan: orders, hierarchies, a population, enough variables."""
    quasi = [variable.name for variable in plan.with_role(Role.QUASI_IDENTIFIER)]
    for name in sorted(set(rules.weights) - set(quasi)):
        yield f"weights: '{name}' is no quasi-identifier here"
    from_records = [table.name for table in plan.tables if table.source is not None]
    if from_records and rules.method is not Method.GLOBAL:
        yield (
            f"method {rules.method.value}: the table '{from_records[0]}' is tabulated from the "
            f"microdata, which must then stand at one level for each variable; take method global"
        )
    for model in rules.models:
        match model:
            case TCloseness(variable, _, distance) if variable in plan.names:
                yield from _without_distance(plan, variable, distance)
            case KMap() | DeltaPresence() if plan.population_path is None:
                yield "k-map and delta-presence need a population; add 'population' to the plan"
            case KOnSubsets(size, _) if size > len(quasi):
                yield f"k-subsets: {size} is more than the plan's {len(quasi)} quasi-identifiers"
    for sensitive in plan.with_role(Role.SENSITIVE_ATTRIBUTE):
        named = [each for each in rules.of_sensitive if each.variable == sensitive.name]
        if named and not any(isinstance(each, REVEALING_LITTLE) for each in named):
            yield (
                f"'{sensitive.name}' has models that a class of one value can satisfy; "
                f"add distinct-l, entropy-l, recursive-l or t"
            )


def _without_distance(plan: Plan, name: str, distance: Distance) -> Iterator[str]:
    variable = plan.variable(name)
    if distance is Distance.HIERARCHICAL and variable.hierarchy is None:
        yield f"t with distance hierarchical needs a hierarchy of '{name}' in the plan"
    if (
        distance is Distance.ORDERED
        and variable.hierarchy is None
        and variable.type is ValueType.TEXT
    ):
        yield f"t with distance ordered needs an order of '{name}': a type or a hierarchy file"


def _unsuited_table(plan: Plan, output: TableOutput, policy: Policy) -> Iterator[str]:
    rules = policy.tables
    if rules is None:
        yield f"policy '{policy.id}': tables need a section 'tables'"
        return
    if _personal(plan) and rules.minimum_frequency < LOWEST_FLOOR:
        yield (
            f"policy '{policy.id}': minimum_frequency must be at least {LOWEST_FLOOR} "
            f"for personal data"
        )
    if output.sum_of is not None and rules.concentration_file is None:
        yield f"policy '{policy.id}': sums need a concentration rule (table '{output.name}')"
