"""From classes to what is published: labels for every record, and what they cost."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pandas as pd

from clearance.errors import DisclosureRiskError
from clearance.microdata.atoms import Atoms
from clearance.microdata.decision import Decision, Rewritten
from clearance.microdata.forest import Forest, Nodes, records_under
from clearance.microdata.grouping import Ints
from clearance.microdata.guard import classes_published, published_nodes, rules_of_each
from clearance.microdata.histogram import Histogram
from clearance.microdata.models import violating
from clearance.policy import Loss, Method, MicrodataRules

METRIC = {Loss.GRANULARITY: "granularity", Loss.ENTROPY: "entropy_bits"}


def decision_of(
    histogram: Histogram,
    rules: MicrodataRules,
    forest: Forest,
    atoms: Atoms,
    of: Ints,
    method: Method,
    *,
    bound: float,
) -> Decision:
    """The decision that publishes the profiles of each class alike; no record is left out.

    ``bound``: a loss, in the metric of the rules, that no such decision undercuts.
    Raises `DisclosureRiskError` where what would be published violates the rules.
    """
    published = published_nodes(histogram, atoms, of)
    classes = classes_published(histogram, forest, published)
    violated = violating(classes, rules_of_each(rules))
    if violated.any():
        raise DisclosureRiskError(
            f"{int(classes.units[violated].sum())} of {histogram.units} units would be published "
            f"in classes that violate the rules (method {method}); use method: global"
        )
    loss = {
        "granularity": granularity_of(histogram, rules, forest, published),
        "entropy_bits": entropy_of(histogram, rules, forest, published),
    }
    return Decision(
        method=method,
        levels=None,
        rewritten=_rewritten(histogram, forest, published),
        suppressed=histogram.keys(np.zeros(len(histogram.profiles.units), dtype=bool)),
        suppressed_records=0,
        suppressed_units=0,
        suppressed_values=_blanks(histogram, forest, published),
        records=histogram.records,
        units=histogram.units,
        k=int(classes.strictest.min()),
        loss=loss,
        nodes_checked=0,
        nodes=0,
        gap=max(loss[METRIC[rules.loss]] - bound, 0.0),
    )


def granularity_of(
    histogram: Histogram, rules: MicrodataRules, forest: Forest, published: Nodes
) -> float:
    """Mean over records, then weighted over variables, of (s - 1/m) / (1 - 1/m), exactly.

    s is the share of the hierarchy's m leaves that the published label covers.
    """
    loss, whole = Fraction(0), Fraction(0)
    for variable, nodes in enumerate(published):
        weight = rules.weight(histogram.variables[variable])
        others = int(((forest.covered[nodes] - 1) * histogram.entry_total).sum())
        most = max(len(forest.leaf[variable]) - 1, 1)
        loss += weight * Fraction(others, most * histogram.records)
        whole += weight
    return float(loss / whole) if whole else 0.0


def entropy_of(
    histogram: Histogram, rules: MicrodataRules, forest: Forest, published: Nodes
) -> float:
    """The weighted sum over variables and records of -log2 f(v) / f(g), in bits.

    f counts all input records with the value v, or with one that the label g covers.
    """
    bits = 0.0
    held = histogram.profiles.entry_combination
    for variable, nodes in enumerate(published):
        under = records_under(forest, histogram, variable)
        first = forest.leaf[variable][0]
        mine = histogram.leaf_records[variable][histogram.combinations[variable][held]]
        terms = np.log2(under[nodes - first] / mine) * histogram.entry_total
        bits += float(rules.weight(histogram.variables[variable])) * math.fsum(terms)
    return bits


def _blanks(histogram: Histogram, forest: Forest, published: Nodes) -> int:
    """Cells whose label covers everything, where that is more than one leaf."""
    found = 0
    for nodes, root in zip(published, forest.root, strict=True):
        blank = (nodes == root) & (forest.covered[root] > 1)
        found += int(histogram.entry_total[blank].sum())
    return found


def _rewritten(histogram: Histogram, forest: Forest, published: Nodes) -> Rewritten:
    entry, of_entity = _rows(histogram)
    held = histogram.profiles.entry_combination[entry]
    keys, labels = {}, {}
    for variable, name in enumerate(histogram.variables):
        leaves = forest.leaf[variable][histogram.combinations[variable][held]]
        keys[name] = _texts(forest, leaves)
        labels[name] = _texts(forest, published[variable][entry])
    if histogram.entity is not None:
        keys[histogram.entity] = pd.Categorical.from_codes(of_entity, histogram.profiles.names)
    rows = pd.RangeIndex(len(entry))
    return Rewritten(
        keys=pd.DataFrame(keys, index=rows), published=pd.DataFrame(labels, index=rows)
    )


def _rows(histogram: Histogram) -> tuple[Ints, Ints]:
    """By distinct combination, and entity where there is one: its entry, and the entity."""
    profiles = histogram.profiles
    if histogram.entity is None:
        return np.arange(len(profiles.entry_profile)), np.empty(0, dtype=np.int64)
    count = np.bincount(profiles.entry_profile)
    first = np.cumsum(count) - count
    often = count[profiles.of_name]
    entity = np.repeat(np.arange(len(profiles.of_name)), often)
    step = np.arange(len(entity)) - np.repeat(np.cumsum(often) - often, often)
    return first[profiles.of_name][entity] + step, entity


def _texts(forest: Forest, nodes: Nodes) -> pd.Categorical[str]:
    """The nodes' labels; no label is a category that is not held."""
    held, code = np.unique(nodes, return_inverse=True)
    labels = forest.label[held]
    order = np.argsort(labels)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    return pd.Categorical.from_codes(place[code], pd.Index(labels[order], dtype=object))
