"""Classes made from the top: split as long as every part is safe.

A class is split along one column, into what lies directly below its label there. Parts
that are unsafe stay together, under the label of the class; where that is not safe
either, the smallest safe part joins them. Of the columns the one is taken that saves most.
For models that small classes hardly satisfy (t, beta) this finds what merging does not.
Source: LeFevre, DeWitt and Ramakrishnan 2006, "Mondrian multidimensional k-anonymity".
"""

from __future__ import annotations

import numpy as np

from clearance.microdata.atoms import Atoms, Unsafe
from clearance.microdata.cluster_kernels import TINY, below, labels_of
from clearance.microdata.forest import Nodes
from clearance.microdata.grouping import Booleans, Floats, Ints, numbered, totals


def split(atoms: Atoms, unsafe: Unsafe, of: Ints) -> Ints:
    """The classes ``of``, which are safe, split until no class can be; from 0 without gaps."""
    of = numbered(of)
    open_classes = np.ones(int(of.max()) + 1, dtype=bool)
    while open_classes.any():
        part, gains = _best_split(atoms, unsafe, of, open_classes)
        splits = gains > TINY
        finer = numbered(of * (int(part.max()) + 2) + np.where(splits[of], part + 1, 0))
        if not splits.any() or unsafe(finer).any():
            break
        open_classes = np.zeros(int(finer.max()) + 1, dtype=bool)
        open_classes[finer] = splits[of]
        of = finer
    return of


def _best_split(
    atoms: Atoms, unsafe: Unsafe, of: Ints, open_classes: Booleans
) -> tuple[Ints, Floats]:
    """For each atom its part of its class, and for each class what splitting it saves."""
    label, whole = _costs(atoms, of)
    gains = np.zeros(len(open_classes))
    best = np.zeros(len(of), dtype=np.int64)
    for column in range(atoms.nodes.shape[1] - 1):
        cover = label[of, column]
        if not (open_classes[of] & (atoms.nodes[:, column] != cover)).any():
            continue
        beneath = below(atoms.parent, atoms.nodes[:, column], cover)
        part = _safe_parts(unsafe, of, np.where(open_classes[of], beneath, 0), atoms.units)
        _, costs = _costs(atoms, part)
        class_of = np.empty(len(costs), dtype=np.int64)
        class_of[part] = of
        gain = whole - np.bincount(class_of, costs, len(whole))
        better = gain > gains + TINY
        gains = np.where(better, gain, gains)
        best = np.where(better[of], part, best)
    return best, gains


def _costs(atoms: Atoms, of: Ints) -> tuple[Nodes, Floats]:
    """What covers each class, and what it costs."""
    label = np.full((int(of.max()) + 1, atoms.nodes.shape[1]), -1, dtype=np.int32)
    labels_of(atoms.parent, atoms.nodes, of, label)
    units = totals(of, atoms.units, len(label))
    return label, units * atoms.price[label].sum(axis=1)


def _safe_parts(unsafe: Unsafe, of: Ints, beneath: Ints, units: Ints) -> Ints:
    """For each atom its part; a class that cannot be split safely is one part."""
    span = int(beneath.max()) + 2  # the last number is for what stays together
    key = of * span + beneath
    part = numbered(key)
    key = np.where(unsafe(part)[part], of * span + span - 1, key)
    part = numbered(key)
    wrong = unsafe(part)
    if wrong.any():
        key = _with_smallest(key, part, of, wrong, units, span)
        part = numbered(key)
        unsplit = np.unique(of[unsafe(part)[part]])
        part = numbered(np.where(np.isin(of, unsplit), of * span, key))
    return part


def _with_smallest(
    key: Ints, part: Ints, of: Ints, wrong: Booleans, units: Ints, span: int
) -> Ints:
    """Where what stays together is unsafe, the smallest other part of the class stays, too."""
    size = totals(part, units, len(wrong))
    first = np.unique(part, return_index=True)[1]
    asked = np.zeros(int(of.max()) + 1, dtype=bool)
    asked[of[wrong[part]]] = True
    others = np.flatnonzero(asked[of[first]] & ~wrong)
    order = others[np.lexsort((others, size[others], of[first[others]]))]
    smallest = order[np.unique(of[first[order]], return_index=True)[1]]
    joining = np.isin(part, smallest)
    return np.where(joining, of * span + span - 1, key)
