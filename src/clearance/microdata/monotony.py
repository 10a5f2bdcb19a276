"""What a verdict on one recoding says of finer ones, model by model.

A model is *monotone* where a unit that is safe stays safe under every coarser recoding,
whatever is suppressed: where classes merge, distinct units (k), units of the population
(k-map), units that agree in some variables (k on subsets) and distinct values (distinct-l)
can only become more. For k on subsets: the classes that hold a unit of a set in which all
is safe are themselves such a set, since who joins a class shares its labels.

A model is *kept by merging* where a class made of classes that all satisfy it does too.
That is no help where some are suppressed, but where nothing may be, a node that violates
it rules out every finer one. Entropy and recursive l: Machanavajjhala et al. 2007,
theorems 4.1 and 4.2 (entropy is concave; r1 grows by at most the sum, the rest by at
least). t: Li et al. 2007, "generalization property" (the distances are convex). Beta and
delta-disclosure bound each value's share q in a class by constants, which no mean of
shares can leave. Delta-presence is a ratio of sums as long as only its upper limit
matters; its lower one is broken by units of the population in classes of nobody.

Every model of a sensitive attribute is one or the other. So it holds on whatever published
classes a unit may be in, taken together: also where a missing value may stand for any.
"""

from __future__ import annotations

from dataclasses import replace

from clearance.policy import (
    DeltaPresence,
    DistinctL,
    KMap,
    KOnSubsets,
    MicrodataRules,
)

MONOTONE = (DistinctL, KMap, KOnSubsets)


def monotone_part(rules: MicrodataRules) -> MicrodataRules:
    """What of the rules is monotone: whoever violates it violates the rules."""
    kept = tuple(model for model in rules.models if isinstance(model, MONOTONE))
    return replace(rules, models=kept)


def is_monotone(rules: MicrodataRules) -> bool:
    """Whether all of the rules are."""
    return monotone_part(rules) == rules


def is_kept_by_merging(rules: MicrodataRules) -> bool:
    """Whether coarser classes satisfy all the rules where the finer ones all do."""
    return all(
        not isinstance(model, DeltaPresence) or model.at_least == 0 for model in rules.models
    )
