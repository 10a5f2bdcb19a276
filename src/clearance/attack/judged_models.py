"""The models of a policy, judged over classes: who is in them is all that is asked.

Written from the papers, apart from the code that protects. Sensitive models take classes,
units and values; a missing value is no value for distinct, entropy and recursive l, and a
value like any other for t, beta and delta-disclosure (before all others, where values have an
order). The distribution that t, beta and delta compare with is the whole input's: the policy
is about that one. An intruder sees the published one, and a finding says how far that is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from clearance.attack.distributions import (
    Booleans,
    Floats,
    Held,
    Ints,
    Ratio,
    below_entropy_l,
    beyond_beta,
    distinct_l,
    entropy_l,
    equal_distance,
    gains,
    held,
    hierarchical_distance,
    log_ratio,
    ordered_distance,
    recursive_c,
)
from clearance.attack.ground import Ground
from clearance.attack.result import blocked, told
from clearance.findings import Finding
from clearance.policy import (
    BetaLikeness,
    DeltaDisclosure,
    Distance,
    DistinctL,
    EntropyL,
    RecursiveL,
    SensitiveModel,
    TCloseness,
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Classes:
    """Rows as an intruder groups them: the class of each, and how many units it stands for.

    For overlapping sets give every pair of a set and a row. ``counted`` says in words what was
    counted, e.g. "units" or "records that a person may be".
    """

    classes: Ints
    records: Ints
    counted: str = "records"


def judge_models(
    models: Iterable[SensitiveModel],
    seen: Classes,
    values: Mapping[str, Sequence[str]],
    grounds: Mapping[str, Ground],
    *,
    where: str,
) -> Iterator[Finding]:
    """What blocks of the sensitive models, and how far the published distributions are.

    ``values``: of each sensitive attribute, one for each row; ``grounds``: `ground_of` each,
    which knows all of ``values``. ``where``: the file.
    """
    for model in models:
        ground = grounds[model.variable]
        codes = ground.codes(values[model.variable])
        failing = violating(model, seen.classes, codes, seen.records, ground)
        if failing.any():
            yield _failed(model, int(failing.sum()), len(failing), seen.counted, where)
        if isinstance(model, TCloseness | BetaLikeness | DeltaDisclosure):
            yield _as_published(model, seen, codes, ground, where)


def violating(
    model: SensitiveModel, classes: Ints, codes: Ints, records: Ints, ground: Ground
) -> Booleans:
    """Whether each class, by rising numbers, breaks ``model``. ``codes``: by `Ground.codes`."""
    if isinstance(model, DistinctL | EntropyL | RecursiveL):
        of = held(classes, codes, records, leaving_out=ground.missing)
    else:
        of = held(classes, codes, records)
    match model:
        case DistinctL(_, l):
            return distinct_l(of) < l
        case EntropyL(_, l):
            return below_entropy_l(of, l)
        case RecursiveL(_, c, l):
            return ~recursive_c(of, l).below(c)
        case TCloseness(_, t, distance):
            return distances(of, ground, distance).above(t)
        case BetaLikeness(_, beta, enhanced):
            return beyond_beta(of, ground.units, beta, enhanced=enhanced)
        case DeltaDisclosure(_, delta):
            return ~(log_ratio(of, ground.units) < float(delta))


def distances(of: Held, ground: Ground, distance: Distance) -> Ratio:
    """How far each class's distribution is from the ground's, between 0 and 1."""
    match distance:
        case Distance.EQUAL:
            return equal_distance(of, ground.units)
        case Distance.ORDERED:
            return ordered_distance(of, ground.units)
        case Distance.HIERARCHICAL:
            return hierarchical_distance(of, ground.units, ground.tree)


def figures(
    model: SensitiveModel, classes: Ints, codes: Ints, records: Ints, ground: Ground
) -> Floats:
    """The figure that ``model`` bounds, for each class by rising numbers, as published ones are.

    Of recursive l it is r1 / (r_l + ... + r_m); of beta the largest (q - p) / p.
    """
    dropped = isinstance(model, DistinctL | EntropyL | RecursiveL)
    of = held(classes, codes, records, leaving_out=ground.missing if dropped else None)
    match model:
        case DistinctL():
            return distinct_l(of).astype(np.float64)
        case EntropyL():
            return entropy_l(of)
        case RecursiveL(_, _, l):
            return recursive_c(of, l).value
        case TCloseness(_, _, distance):
            return distances(of, ground, distance).value
        case BetaLikeness():
            return of.largest(gains(of, ground.units).value - 1)
        case DeltaDisclosure():
            return log_ratio(of, ground.units)


def _failed(model: SensitiveModel, failing: int, classes: int, counted: str, where: str) -> Finding:
    rule, broken = _broken(model)
    return blocked(
        rule,
        f"{where}: {model.variable}",
        failing,
        f"{failing} of {classes} classes, counted in {counted}, {broken}; recode more coarsely "
        f"or suppress the classes",
    )


def _broken(model: SensitiveModel) -> tuple[str, str]:
    """The rule's name, and what classes do that break it."""
    name = model.variable
    match model:
        case DistinctL(_, l):
            return "class-below-l", f"have fewer than l={l} distinct values of {name}"
        case EntropyL(_, l):
            return "class-below-entropy-l", f"have a smaller entropy of {name} than log {float(l)}"
        case RecursiveL(_, c, l):
            return (
                "class-below-recursive-l",
                f"have too frequent a value of {name} for recursive ({float(c)}, {l})-diversity",
            )
        case TCloseness(_, t, distance):
            return (
                "class-beyond-t",
                f"are further than t={float(t)} ({distance.value} distance) from the whole "
                f"input's distribution of {name}",
            )
        case BetaLikeness(_, beta, enhanced):
            kind = "enhanced" if enhanced else "basic"
            return (
                "class-beyond-beta",
                f"make a value of {name} more likely than beta={float(beta)} ({kind}) allows",
            )
        case DeltaDisclosure(_, delta):
            return (
                "class-beyond-delta",
                f"differ from the whole input's distribution of {name} by delta={float(delta)} "
                f"or more in some value",
            )


def _as_published(
    model: SensitiveModel, seen: Classes, codes: Ints, ground: Ground, where: str
) -> Finding:
    """An intruder compares with the file as published: how many classes look worse to him."""
    shown = np.zeros(len(ground.names), dtype=np.int64)
    np.add.at(shown, codes, seen.records)
    published = Ground(names=ground.names, units=shown, hierarchy=ground.hierarchy)
    beyond = int(violating(model, seen.classes, codes, seen.records, published).sum())
    furthest = figures(model, seen.classes, codes, seen.records, published).max(initial=0.0)
    return told(
        "against-published-distribution",
        f"{where}: {model.variable}",
        beyond,
        f"the policy compares with the whole input's distribution; against the published one "
        f"{beyond} classes, counted in {seen.counted}, are beyond the policy's bound and the "
        f"largest figure is {furthest:.6f}; weigh it where much is suppressed",
    )
