"""What an equivalence class must satisfy.

A model answers for each class whether it *violates* it: the safe condition is written
and negated, so that what cannot be compared is unsafe. Nothing is changed here.

Sensitive models count units. In the l-models a missing value is no value; in the others,
which compare distributions, it is one of its own.
"""

from __future__ import annotations

import math
from fractions import Fraction
from functools import reduce

import numpy as np

from clearance.errors import PolicyError
from clearance.microdata.classes import Classes, Held
from clearance.microdata.distances import NEAR, farther
from clearance.microdata.grouping import Booleans, Ints, totals
from clearance.microdata.histogram import Histogram
from clearance.microdata.subsets import below_k_on_subsets
from clearance.policy import (
    BetaLikeness,
    DeltaDisclosure,
    DeltaPresence,
    DistinctL,
    EntropyL,
    KMap,
    KOnSubsets,
    MicrodataRules,
    RecursiveL,
    SensitiveModel,
    TCloseness,
)

LARGEST_EXACT = 200_000  # units, in lowest terms, of a class whose entropy is compared exactly


def below_k(units: Ints, k: int) -> Booleans:
    """Violating: fewer than ``k`` distinct units of a kind.

    Source: Samarati and Sweeney 1998, "Protecting privacy when disclosing information".
    """
    return ~(units >= k)


def below_distinct_l(held: Held, l: int) -> Booleans:  # noqa: E741 - the literature's name
    """Violating: fewer than ``l`` distinct values of a sensitive attribute.

    Source: Machanavajjhala et al. 2007, "l-diversity", section 4.
    """
    return ~(np.bincount(held.known.group, minlength=held.groups) >= l)


def below_entropy_l(held: Held, l: Fraction) -> Booleans:  # noqa: E741
    """Violating: entropy below log ``l``. A class without a known value violates.

    Decided in floats, and exactly where rounding could decide.
    Source: Machanavajjhala et al. 2007, "l-diversity", definition 4.1.
    """
    known = held.known
    sizes = known.sizes
    per_pair = known.units * np.log(known.units)
    with np.errstate(divide="ignore", invalid="ignore"):
        bits = np.log(sizes) - np.bincount(known.group, per_pair, known.groups) / sizes
    limit = math.log(l)
    violated = ~(bits >= limit)
    for near in np.flatnonzero(np.abs(bits - limit) < NEAR):
        violated[near] = not _as_diverse(known.units[known.group == near], l)
    return violated


def _as_diverse(counts: Ints, l: Fraction) -> bool:  # noqa: E741
    """Whether n**n >= l**n * prod(c**c), in lowest terms; too large to compare is no."""
    shared = math.gcd(*map(int, counts))
    parts = [int(count) // shared for count in counts]
    units = sum(parts)
    if units > LARGEST_EXACT:
        return False
    spread = math.prod(part**part for part in parts)
    return bool(units**units * l.denominator**units >= l.numerator**units * spread)


def below_recursive_l(held: Held, c: Fraction, l: int) -> Booleans:  # noqa: E741
    """Violating: r1 >= ``c`` * (r_l + ... + r_m), r being the falling counts of the values.

    Source: Machanavajjhala et al. 2007, "l-diversity", definition 4.2.
    """
    known = held.known
    order = np.lexsort((-known.units, known.group))
    group, units = known.group[order], known.units[order]
    place = np.arange(len(group)) - np.searchsorted(group, group)
    largest = totals(group, np.where(place == 0, units, 0), known.groups)
    rest = totals(group, np.where(place >= l - 1, units, 0), known.groups)
    return ~(largest * c.denominator < rest * c.numerator)


def beyond_t(held: Held, model: TCloseness) -> Booleans:
    """Violating: farther than t from the whole input's distribution (`distances`)."""
    return farther(held, model.t, model.distance)


def beyond_beta(held: Held, beta: Fraction, *, enhanced: bool) -> Booleans:
    """Violating: for some value (q - p) / p > ``beta``; enhanced: > min(``beta``, -ln p).

    q is the value's share in the class, p in the whole input. The minimum is taken value
    by value, as in the paper's definition 4 (pycanon takes it of the largest figures).
    Source: Cao and Karras 2012, "Publishing microdata with a robust privacy guarantee".
    """
    all_units = int(held.whole.sum())
    size, whole = held.sizes[held.group], held.whole[held.value]
    largest = int(held.sizes.max(initial=0)) * all_units * max(beta.numerator, beta.denominator)
    exact = np.int64 if largest < 2**63 else object
    expected = (whole.astype(exact)) * size
    gained = held.units.astype(exact) * all_units - expected
    safe = np.asarray(gained * beta.denominator <= expected * beta.numerator, dtype=bool)
    if enhanced:
        limit = -np.log(whole / all_units)
        safe &= gained.astype(float) <= limit * expected.astype(float)
    return _of_any(held, ~safe)


def beyond_delta(held: Held, delta: Fraction) -> Booleans:
    """Violating: for some value |ln(q / p)| >= ``delta``, or a value that the class lacks.

    Source: Brickell and Shmatikov 2008, "The cost of privacy", definition 2 (strict:
    pycanon leaves values with q = 0 out).
    """
    all_units, size = int(held.whole.sum()), held.sizes[held.group]
    ratio = (held.units / size) / (held.whole[held.value] / all_units)
    present = np.bincount(held.group, minlength=held.groups)
    lacking: Booleans = ~(present >= np.count_nonzero(held.whole))
    return _of_any(held, ~(np.abs(np.log(ratio)) < float(delta))) | lacking


def _of_any(held: Held, violated: Booleans) -> Booleans:
    """Classes with a violated pair, and those without any pair."""
    wrong = np.bincount(held.group[violated], minlength=held.groups)
    found: Booleans = (wrong > 0) | (held.sizes == 0)
    return found


def below_k_map(population: Ints, k: int) -> Booleans:
    """Violating: fewer than ``k`` units of the population table would be in the class.

    Source: Sweeney 2001, "Computational disclosure control", k-map.
    """
    return ~(population >= k)


def beyond_delta_presence(units: Ints, population: Ints, model: DeltaPresence) -> Booleans:
    """Violating: units in the class / units of the population in it is outside the limits.

    A class that nobody of the population would be in violates.
    Source: Nergiz, Atzori and Clifton 2007, "Hiding the presence of individuals".
    """
    low, high = model.at_least, model.at_most
    safe: Booleans = (units * low.denominator >= low.numerator * population) & (
        units * high.denominator <= high.numerator * population
    )
    return ~(safe & (population > 0))


def sensitive_violated(held: Held, model: SensitiveModel) -> Booleans:
    """The classes that violate one model of a sensitive attribute."""
    match model:
        case DistinctL(_, l):
            return below_distinct_l(held, l)
        case EntropyL(_, l):
            return below_entropy_l(held, l)
        case RecursiveL(_, c, l):
            return below_recursive_l(held, c, l)
        case TCloseness():
            return beyond_t(held, model)
        case BetaLikeness(_, beta, enhanced):
            return beyond_beta(held, beta, enhanced=enhanced)
        case DeltaDisclosure(_, delta):
            return beyond_delta(held, delta)


def violating(classes: Classes, rules: MicrodataRules) -> Booleans:
    """The classes that violate k, counted in units of any kind, or one of the models.

    k on subsets depends on which other classes are published: it is judged anew without
    those that violate, until none of the rest does.

    Where a missing value may stand for any (`Missing.WILDCARD`), the sensitive models must
    hold on all published classes together that a unit may be in. They do wherever they hold
    on each of these classes: see `monotony`, kept by merging. So nothing more is looked at.
    """
    violated = violating_alone(classes, rules)
    while depends_on_others(rules) and not violated.all():
        more = violated | _among_the_rest(classes, rules, ~violated)
        if (more == violated).all():
            break
        violated = more
    return violated


def violating_alone(classes: Classes, rules: MicrodataRules) -> Booleans:
    """The classes that violate what is asked of each class by itself."""
    violated = [below_k(units, rules.k) for units in (classes.units, *classes.holders.values())]
    for model in rules.models:
        match model:
            case KMap(k):
                violated.append(below_k_map(_population(classes), k))
            case DeltaPresence():
                violated.append(beyond_delta_presence(classes.units, _population(classes), model))
            case KOnSubsets():
                pass
            case _:
                violated.append(sensitive_violated(classes.sensitive[model.variable], model))
    return reduce(np.logical_or, violated)


def depends_on_others(rules: MicrodataRules) -> bool:
    """Whether a class can violate the rules because another one is not published."""
    return any(isinstance(model, KOnSubsets) for model in rules.models)


def needs_labels(rules: MicrodataRules) -> bool:
    """Whether the models look at labels or at a population (see `classes_of`)."""
    of_population = any(isinstance(model, KMap | DeltaPresence) for model in rules.models)
    return of_population or depends_on_others(rules)


def _among_the_rest(classes: Classes, rules: MicrodataRules, published: Booleans) -> Booleans:
    if classes.labels is None:
        raise PolicyError("these models are judged on published labels: give the classes theirs")
    violated = [~published]
    for model in rules.models:
        if isinstance(model, KOnSubsets):
            violated.append(below_k_on_subsets(classes, published, model.size, model.k))
    return reduce(np.logical_or, violated)


def _population(classes: Classes) -> Ints:
    if classes.population is None:
        raise PolicyError("k-map and delta-presence need a population table")
    return classes.population


def refuse_unfit(rules: MicrodataRules, histogram: Histogram) -> None:
    """Raises `PolicyError` where the histogram lacks what a model is about."""
    unknown = sorted({model.variable for model in rules.of_sensitive} - set(histogram.sensitive))
    if unknown:
        raise PolicyError(f"a model names what is no sensitive attribute: {', '.join(unknown)}")
    of_population = any(isinstance(model, KMap | DeltaPresence) for model in rules.models)
    if of_population and histogram.population is None:
        raise PolicyError("k-map and delta-presence need a population table")
    if of_population and histogram.entity is not None:
        raise PolicyError("k-map and delta-presence need a source with one record per unit")
