"""Local suppression: single values are blanked, as few as can be found, and nothing else.

A blank is published as "*", a category of its own: a blanked record is safe among k units
with the very same blanks and values. No record is left out.
"""

from __future__ import annotations

import numpy as np

from clearance.microdata.atoms import Atoms, atoms_of
from clearance.microdata.blanks import cheapest_patterns
from clearance.microdata.clustering import clustered
from clearance.microdata.decision import Decision
from clearance.microdata.forest import Forest, forest_of
from clearance.microdata.grouping import Booleans, Floats, Ints, numbered
from clearance.microdata.guard import (
    counts_units_only,
    rules_of_each,
    unsafe_alone,
    unsafe_as_published,
)
from clearance.microdata.histogram import Histogram
from clearance.microdata.models import refuse_unfit
from clearance.microdata.rewriting import decision_of
from clearance.policy import Loss, Method, MicrodataRules


def local_suppression(histogram: Histogram, rules: MicrodataRules) -> Decision:
    """The fewest weighted blanks that were found; a value that need not be blanked is shown.

    Heuristic: `Decision.gap` is what the least that must be blanked leaves open.
    Raises `DisclosureRiskError` where not even blanking everything satisfies the rules, and
    `PlanError` where a label would not say by itself what it covers.
    """
    refuse_unfit(rules, histogram)
    forest = forest_of(histogram.hierarchies, only_blanks=True)
    price = _prices(forest, histogram, rules)
    atoms = atoms_of(histogram, forest, price, unsafe_alone(histogram, rules))
    unsafe = unsafe_as_published(histogram, rules, forest, atoms)
    alone = unsafe(np.arange(len(atoms.units)))
    k = rules_of_each(rules).k
    begun = _by_pattern(histogram, rules, atoms, alone, k)
    units_only = counts_units_only(histogram, rules)
    of = clustered(atoms, unsafe, begun, k=k, units_only=units_only)
    bound = _least(histogram, rules, atoms, alone)
    return decision_of(histogram, rules, forest, atoms, of, Method.LOCAL_SUPPRESSION, bound=bound)


def _prices(forest: Forest, histogram: Histogram, rules: MicrodataRules) -> Floats:
    """A blank costs its variable's weight; where there is but one leaf nothing is ever blank."""
    price = np.zeros(len(forest.parent))
    for root, name in zip(forest.root, histogram.variables, strict=True):
        if forest.covered[root] > 1:
            price[root] = float(rules.weight(name))
    return price


def _by_pattern(
    histogram: Histogram, rules: MicrodataRules, atoms: Atoms, alone: Booleans, k: int
) -> Ints:
    """Classes to begin with: who is unsafe alone by what is left of it, the others alone.

    Units of several records all begin alone.
    """
    of = np.arange(len(alone))
    if histogram.entity is not None or not alone.any():
        return of
    can_be_blank = [
        number for number, each in enumerate(histogram.hierarchies) if len(each.leaves) > 1
    ]
    weights = [rules.weight(histogram.variables[number]) for number in can_be_blank]
    pattern = cheapest_patterns(atoms.nodes[alone][:, can_be_blank], atoms.units[alone], weights, k)
    of[alone] = len(alone) + pattern
    return numbered(of)


def _least(histogram: Histogram, rules: MicrodataRules, atoms: Atoms, alone: Booleans) -> float:
    """The least granularity: who is unsafe alone has at least one blank, the cheapest one.

    By entropy a blank costs what its value tells, at least nothing.
    """
    weights = [rules.weight(name) for name in histogram.variables]
    if rules.loss is Loss.ENTROPY or histogram.entity is not None or not sum(weights):
        return 0.0
    share = min(weights) / (sum(weights) * histogram.records)
    return float(share * int(atoms.units[alone].sum()))
