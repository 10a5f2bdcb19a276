"""Protection parameters and review rules, parsed once into frozen types."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Any, Literal

from clearance.documents import check
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
from clearance.schemas import load as load_schema


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


class Distance(StrEnum):
    """How far apart two values of a sensitive attribute are."""

    EQUAL = "equal"
    ORDERED = "ordered"
    HIERARCHICAL = "hierarchical"


@dataclass(frozen=True, slots=True)
class DistinctL:
    """At least ``l`` distinct values of ``variable`` in every equivalence class."""

    variable: str
    l: int  # noqa: E741 - the literature's name


@dataclass(frozen=True, slots=True)
class EntropyL:
    """The entropy of ``variable`` in every class is at least log ``l``."""

    variable: str
    l: Fraction  # noqa: E741 - the literature's name


@dataclass(frozen=True, slots=True)
class RecursiveL:
    """In every class r1 < ``c`` (r_l + ... + r_m), r being the falling counts of the values."""

    variable: str
    c: Fraction
    l: int  # noqa: E741 - the literature's name


@dataclass(frozen=True, slots=True)
class TCloseness:
    """Every class's distribution of ``variable`` is within ``t`` (0 to 1) of the whole file's."""

    variable: str
    t: Fraction
    distance: Distance


@dataclass(frozen=True, slots=True)
class BetaLikeness:
    """In no class does a value's share exceed its share p in the file by more than ``beta`` * p.

    ``enhanced``: nor by more than min(beta, -ln p) * p, value by value.
    """

    variable: str
    beta: Fraction
    enhanced: bool


@dataclass(frozen=True, slots=True)
class DeltaDisclosure:
    """For every value of the file |ln(q / p)| < ``delta``; a value that a class lacks violates."""

    variable: str
    delta: Fraction


@dataclass(frozen=True, slots=True)
class KMap:
    """Every published class holds at least ``k`` units of the population table."""

    k: int


@dataclass(frozen=True, slots=True)
class DeltaPresence:
    """Units of the file in units of the population, class by class: between two shares (0 to 1)."""

    at_least: Fraction
    at_most: Fraction


@dataclass(frozen=True, slots=True)
class KOnSubsets:
    """Every combination of ``size`` quasi-identifiers has classes of at least ``k`` units."""

    size: int
    k: int


SensitiveModel = DistinctL | EntropyL | RecursiveL | TCloseness | BetaLikeness | DeltaDisclosure
Model = SensitiveModel | KMap | DeltaPresence | KOnSubsets


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


def parse(document: Mapping[str, Any], *, where: str) -> Policy:
    """The policy in ``document``. PolicyError names ``where``, the path and what was expected."""
    check(document, load_schema("policy"), where=where, error=PolicyError)
    return Policy(
        id=document["id"],
        review=ReviewRules(**document["review"]),
        microdata=_microdata(document["microdata"]) if "microdata" in document else None,
        tables=_tables(document["tables"]) if "tables" in document else None,
    )


def parse_concentration(document: Mapping[str, Any], *, where: str) -> Concentration:
    """The secret part of a policy. PolicyError names ``where`` and the path, never a number."""
    check(document, load_schema("concentration"), where=where, error=PolicyError)
    dominance = document.get("dominance", {})
    return Concentration(
        p_percent=document.get("p_percent"),
        n=dominance.get("n"),
        k_percent=dominance.get("k_percent"),
    )


def _microdata(section: Mapping[str, Any]) -> MicrodataRules:
    return MicrodataRules(
        k=section["k"],
        max_suppressed_share=Fraction(str(section["max_suppressed_share"])),
        models=tuple(_model(*item) for each in section.get("models", ()) for item in each.items()),
        loss=Loss(section["loss"]),
        method=Method(section["method"]),
        missing=Missing(section.get("missing", "own-category")),
        weights={name: _exact(weight) for name, weight in section.get("weights", {}).items()},
    )


def _exact(number: float) -> Fraction:
    return Fraction(str(number))


def _model(name: str, section: Mapping[str, Any]) -> Model:
    match name:
        case "distinct-l":
            return DistinctL(section["variable"], section["l"])
        case "entropy-l":
            return EntropyL(section["variable"], _exact(section["l"]))
        case "recursive-l":
            return RecursiveL(section["variable"], _exact(section["c"]), section["l"])
        case "t":
            return TCloseness(
                section["variable"], _exact(section["t"]), Distance(section["distance"])
            )
        case "beta":
            enhanced = section["kind"] == "enhanced"
            return BetaLikeness(section["variable"], _exact(section["beta"]), enhanced)
        case "delta-disclosure":
            return DeltaDisclosure(section["variable"], _exact(section["delta"]))
        case "k-map":
            return KMap(section["k"])
        case "delta-presence":
            return DeltaPresence(_exact(section["at_least"]), _exact(section["at_most"]))
        case _:
            return KOnSubsets(section["size"], section["k"])


def _tables(section: Mapping[str, Any]) -> TableRules:
    at_most = section["attacker"]["at_most_percent"]
    return TableRules(
        minimum_frequency=section["minimum_frequency"],
        zeros=section["zeros"],
        attacker=Attacker(
            at_least_percent=section["attacker"]["at_least_percent"],
            at_most_percent=None if at_most == "unbounded" else at_most,
        ),
        concentration_file=section.get("concentration", {}).get("file"),
    )


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
    for model in rules.models:
        match model:
            case TCloseness(variable, _, distance) if variable in plan.names:
                yield from _without_distance(plan, variable, distance)
            case KMap() | DeltaPresence() if plan.population_path is None:
                yield "k-map and delta-presence need a population table; add 'population' to the plan"
            case KOnSubsets(size, _) if size > len(quasi):
                yield f"k-subsets: {size} is more than the plan's {len(quasi)} quasi-identifiers"
    for variable in plan.with_role(Role.SENSITIVE_ATTRIBUTE):
        named = [each for each in rules.of_sensitive if each.variable == variable.name]
        if named and not any(isinstance(each, REVEALING_LITTLE) for each in named):
            yield (
                f"'{variable.name}' has models that a class of one value can satisfy; "
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
