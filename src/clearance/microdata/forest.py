"""The trees of the hierarchies, as one forest of nodes: what a label can stand for.

Where records have levels of their own a label must say by itself what it covers. So a
node is a set of leaves with the label of the finest level at which it stands, and a label
that would stand for two different sets is refused.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from clearance.errors import PlanError
from clearance.hierarchy import Hierarchy
from clearance.microdata.grouping import Floats, Ints, totals
from clearance.microdata.histogram import Histogram
from clearance.policy import Loss, MicrodataRules

Nodes = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False, kw_only=True)
class Forest:
    """One tree per variable; the nodes of all are numbered together, children first.

    ``parent``: a root is its own. ``covered``: how many leaves a node covers. ``label``:
    its text. ``leaf``: by variable, the node of each leaf. ``root``: by variable.
    """

    parent: Nodes
    covered: Ints
    label: npt.NDArray[np.object_] = field(repr=False)
    leaf: tuple[Nodes, ...]
    root: tuple[int, ...]


@dataclass(frozen=True, eq=False, kw_only=True)
class _Tree:
    parent: Ints
    covered: Ints
    label: list[str]
    leaves: int


def forest_of(hierarchies: Sequence[Hierarchy], *, only_blanks: bool = False) -> Forest:
    """The forest of the hierarchies; ``only_blanks``: of their leaves and what covers all.

    Raises `PlanError` where a label stands for different sets of leaves at different
    levels, or a hierarchy has no level that covers everything.
    """
    trees = []
    for hierarchy in hierarchies:
        _refuse_unfit(hierarchy)
        tree = _tree(hierarchy, range(1, hierarchy.height + 1))
        _refuse_ambiguous(hierarchy, tree)
        trees.append(_tree(hierarchy, [hierarchy.height]) if only_blanks else tree)
    first = np.cumsum([0, *(len(tree.parent) for tree in trees)])
    starts = first[:-1].tolist()
    return Forest(
        parent=_chained([tree.parent + at for tree, at in zip(trees, starts, strict=True)]),
        covered=np.concatenate([np.empty(0, dtype=np.int64), *(tree.covered for tree in trees)]),
        label=np.array([text for tree in trees for text in tree.label], dtype=object),
        leaf=tuple(
            np.arange(at, at + tree.leaves, dtype=np.int32)
            for tree, at in zip(trees, starts, strict=True)
        ),
        root=tuple(int(last) - 1 for last in first[1:]),
    )


def _chained(parts: Sequence[Ints]) -> Nodes:
    return np.concatenate([np.empty(0, dtype=np.int64), *parts]).astype(np.int32)


def _refuse_unfit(hierarchy: Hierarchy) -> None:
    if len(set(hierarchy.levels[-1])) > 1:
        raise PlanError(
            f"hierarchy of '{hierarchy.name}': local methods need a last level that covers "
            f"everything; add one"
        )


def _tree(hierarchy: Hierarchy, levels: Sequence[int]) -> _Tree:
    """The nodes of level 0 and of ``levels``, sets that stand at several levels once."""
    leaves = len(hierarchy.leaves)
    node = np.arange(leaves)
    parent, covered = np.arange(leaves), np.ones(leaves, dtype=np.int64)
    label = list(hierarchy.leaves)
    for level in levels:
        _, first, group = np.unique(hierarchy.groups[level], return_index=True, return_inverse=True)
        size = np.bincount(group)
        new = covered[node[first]] < size
        of_group = np.where(new, len(parent) + np.cumsum(new) - 1, node[first])
        parent = np.concatenate([parent, of_group[new]])
        covered = np.concatenate([covered, size[new]])
        label += [hierarchy.levels[level][each] for each in first[new]]
        parent[node] = of_group[group]
        node = of_group[group]
    return _Tree(parent=parent, covered=covered, label=label, leaves=leaves)


def _refuse_ambiguous(hierarchy: Hierarchy, tree: _Tree) -> None:
    twice = len(tree.label) - len(set(tree.label))
    if twice:
        raise PlanError(
            f"hierarchy of '{hierarchy.name}': {twice} labels stand for different values at "
            f"different levels; local methods need labels that say by themselves what they cover"
        )


def prices(forest: Forest, histogram: Histogram, rules: MicrodataRules) -> Floats:
    """For each node what a record published with it costs, in the loss of the rules.

    By entropy it is log2 of the records that the node covers: less what the leaf itself
    covers, which no recoding changes, it is the record's bits.
    """
    price = np.zeros(len(forest.parent))
    whole = float(sum((rules.weight(name) for name in histogram.variables), Fraction(0)))
    for variable, name in enumerate(histogram.variables):
        at = slice(int(forest.leaf[variable][0]), forest.root[variable] + 1)
        weight = float(rules.weight(name))
        if rules.loss is Loss.ENTROPY:
            price[at] = weight * np.log2(np.maximum(records_under(forest, histogram, variable), 1))
        else:
            others = forest.covered[at] - 1
            price[at] = weight * others / (max(int(others[-1]), 1) * whole)
    return price


def records_under(forest: Forest, histogram: Histogram, variable: int) -> Ints:
    """For each node of the variable's tree the records whose leaf it covers."""
    first, nodes = int(forest.leaf[variable][0]), forest.leaf[variable].astype(np.int64)
    size = forest.root[variable] + 1 - first
    records = histogram.leaf_records[variable]
    under = totals(nodes - first, records, size)
    above = forest.parent[nodes].astype(np.int64)
    while (moved := above != nodes).any():
        under += totals(above[moved] - first, records[moved], size)
        nodes, above = above, forest.parent[above].astype(np.int64)
    return under
