"""What the classes of a local method must satisfy, judged for any partition of the profiles.

Each class is judged by itself, as one that an intruder can tell from all others. That is the
strictest reading of blanks and mixed levels (THREATS 15): a person who may be in several
classes (known as (30, B), published as (30, *) or as (30, B)) is hidden in all of them
together. Such a union has k units if each class has, and it satisfies every model of a
sensitive attribute that each class satisfies, since mixing safe distributions gives a safe
one: they form a convex set (t, beta, delta-disclosure), or mixing does not lower what is
measured (the l-models). So missing values may be wildcards, too; and combinations of fewer
variables, which are unions as well, hold as many units as the smallest class.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from clearance.microdata.atoms import Atoms, Unsafe
from clearance.microdata.classes import Classes, classes_of, label_numbers
from clearance.microdata.cluster_kernels import labels_of
from clearance.microdata.forest import Forest, Nodes
from clearance.microdata.grouping import (
    Booleans,
    Ints,
    combined,
    entries,
    multisets,
    numbered,
    totals,
)
from clearance.microdata.histogram import Histogram
from clearance.microdata.models import needs_labels, violating
from clearance.policy import KOnSubsets, MicrodataRules, Missing


def rules_of_each(rules: MicrodataRules) -> MicrodataRules:
    """Rules that classes satisfy one by one, and that imply ``rules`` for all of them."""
    others = tuple(each for each in rules.models if not isinstance(each, KOnSubsets))
    asked = [each.k for each in rules.models if isinstance(each, KOnSubsets)]
    return replace(rules, k=max([rules.k, *asked]), models=others, missing=Missing.OWN_CATEGORY)


def counts_units_only(histogram: Histogram, rules: MicrodataRules) -> bool:
    """Whether a class is safe if and only if it has k units."""
    return not histogram.holders and not rules_of_each(rules).models


def unsafe_alone(histogram: Histogram, rules: MicrodataRules) -> Unsafe:
    """Judges partitions by everything that does not depend on labels."""
    alone = rules_of_each(rules)
    if needs_labels(alone):
        alone = replace(alone, models=alone.of_sensitive)
    if counts_units_only(histogram, alone):
        units = histogram.profiles.units
        return lambda of: ~(totals(of, units, int(of.max()) + 1) >= alone.k)
    return lambda of: violating(classes_of(histogram, of), alone)


def unsafe_as_published(
    histogram: Histogram, rules: MicrodataRules, forest: Forest, atoms: Atoms
) -> Unsafe:
    """Judges partitions by everything; classes that are published alike are judged as one."""
    alone = rules_of_each(rules)
    if not needs_labels(alone):
        return unsafe_alone(histogram, rules)

    def unsafe(of: Ints) -> Booleans:
        published = published_nodes(histogram, atoms, of)
        classes = classes_published(histogram, forest, published)
        answer = np.empty(int(of.max()) + 1, dtype=bool)
        answer[of] = violating(classes, alone)[classes.of_profile]
        return answer

    return unsafe


def published_nodes(histogram: Histogram, atoms: Atoms, of: Ints) -> Nodes:
    """Shape (variables, entries): the node with which the records of each entry are published."""
    label = np.full((int(of.max()) + 1, atoms.nodes.shape[1]), -1, dtype=np.int32)
    labels_of(atoms.parent, atoms.nodes, of, label)
    of_entry = of[histogram.profiles.entry_profile]
    variables = np.arange(len(histogram.variables))[:, None]
    published: Nodes = label[of_entry[None, :], atoms.column[None, :] + variables]
    return published


def classes_published(histogram: Histogram, forest: Forest, published: Nodes) -> Classes:
    """The classes that an intruder sees, who sees only what is published."""
    profiles = histogram.profiles
    sizes = [len(forest.parent)] * len(published)
    row = numbered(combined(list(published), sizes, length=len(profiles.entry_profile)))
    of_profile = multisets(*entries(profiles.entry_profile, row, profiles.entry_records))
    text = np.empty(published.shape, dtype=np.int64)
    for variable, nodes in enumerate(published):
        text[variable] = _texts(histogram, forest, variable)[nodes - forest.leaf[variable][0]]
    return classes_of(histogram, of_profile, text)


def _texts(histogram: Histogram, forest: Forest, variable: int) -> Ints:
    """For each node of a variable's tree the number of its label (`label_numbers`)."""
    hierarchy = histogram.hierarchies[variable]
    number = {
        text: int(each)
        for level, numbers in zip(hierarchy.levels, label_numbers(hierarchy), strict=True)
        for text, each in zip(level, numbers, strict=True)
    }
    nodes = forest.label[int(forest.leaf[variable][0]) : forest.root[variable] + 1]
    return np.array([number[text] for text in nodes], dtype=np.int64)
