"""Local recoding: every equivalence class is published at levels of its own.

Units are put together in classes that satisfy the rules, such that the labels that cover
them lose little; no record is left out. Every published label is the finest that covers
the values of its class.
Sources: LeFevre, DeWitt and Ramakrishnan 2006, "Mondrian multidimensional k-anonymity";
Xu et al. 2006, "Utility-based anonymization using local recoding" (bottom-up).
"""

from __future__ import annotations

import numpy as np

from clearance.microdata.atoms import Atoms, Unsafe, atoms_of
from clearance.microdata.clustering import clustered
from clearance.microdata.decision import Decision
from clearance.microdata.forest import forest_of, prices
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


def local_recoding(histogram: Histogram, rules: MicrodataRules) -> Decision:
    """The recoding of each class by itself; heuristic, so `Decision.gap` bounds what is lost.

    Raises `DisclosureRiskError` where not even all units together satisfy the rules, and
    `PlanError` where a label would not say by itself what it covers.
    """
    refuse_unfit(rules, histogram)
    forest = forest_of(histogram.hierarchies)
    atoms = atoms_of(
        histogram, forest, prices(forest, histogram, rules), unsafe_alone(histogram, rules)
    )
    unsafe = unsafe_as_published(histogram, rules, forest, atoms)
    of = clustered(
        atoms,
        unsafe,
        k=rules_of_each(rules).k,
        units_only=counts_units_only(histogram, rules),
    )
    bound = _least(atoms, unsafe) if histogram.entity is None else 0.0
    if rules.loss is Loss.GRANULARITY:
        bound /= histogram.records
    return decision_of(histogram, rules, forest, atoms, of, Method.LOCAL_RECODING, bound=bound)


def _least(atoms: Atoms, unsafe: Unsafe) -> float:
    """What is lost at least: who is unsafe alone is joined, and so generalised in a column."""
    nodes = atoms.nodes[:, :-1]
    step = atoms.price[atoms.parent[nodes]] - atoms.price[nodes]
    cheapest = step.min(axis=1, initial=np.inf)
    alone = unsafe(np.arange(len(atoms.units))) & np.isfinite(cheapest)
    return float((cheapest[alone] * atoms.units[alone]).sum())
