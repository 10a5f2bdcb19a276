"""Atoms in blocks of neighbours, so that clustering need not compare each atom with all.

Blocks are split from the top, where splitting gains most: along one column, by the nodes
directly below what covers the block (Mondrian along given hierarchies; LeFevre, DeWitt and
Ramakrishnan 2006, "Mondrian multidimensional k-anonymity"). Small parts stay together.
"""

from __future__ import annotations

import numpy as np

from clearance.microdata.atoms import Atoms
from clearance.microdata.cluster_kernels import below, labels_of
from clearance.microdata.forest import Nodes
from clearance.microdata.grouping import Ints, totals

WORK = 400_000_000  # comparisons of an atom with a class, at most about so many in a pass
SMALLEST, LARGEST = 256, 1_024  # atoms in a block
PARTS = 8  # a part smaller than this share of its block is put together with others


def blocks_of(atoms: Atoms) -> Ints:
    """For each atom the number of its block; atoms of different shapes share none."""
    count = len(atoms.nodes)
    largest = min(max(WORK // count, SMALLEST), LARGEST)
    block = np.empty(count, dtype=np.int64)
    waiting, done = [np.arange(count)], 0
    while waiting:
        held = waiting.pop()
        parts = _parts(atoms, held, largest)
        if len(parts) > 1:
            waiting.extend(reversed(parts))
        else:
            block[held] = done
            done += 1
    return block


def _parts(atoms: Atoms, held: Ints, largest: int) -> list[Ints]:
    """The block split once; itself alone where it is small enough and of one shape."""
    nodes = atoms.nodes[held]
    cover = np.full((1, nodes.shape[1]), -1, dtype=np.int32)
    labels_of(atoms.parent, nodes, np.zeros(len(held), dtype=np.int64), cover)
    if atoms.price[cover[0, -1]] == np.inf:
        return _apart(held, _below(atoms, nodes, cover[0], -1), 0)
    if len(held) <= largest:
        return [held]
    beneath = [_below(atoms, nodes, cover[0], each) for each in range(nodes.shape[1])]
    units = atoms.units[held]
    gains = [
        float(((atoms.price[node] - atoms.price[part]) * units).sum())
        for node, part in zip(cover[0], beneath, strict=True)
    ]
    best = int(np.argmax(gains))
    parts = _apart(held, beneath[best], len(held) // PARTS)
    return parts if len(parts) > 1 else _halves(held, beneath[best])


def _below(atoms: Atoms, nodes: Nodes, cover: Nodes, column: int) -> Nodes:
    return below(atoms.parent, nodes[:, column], np.full(len(nodes), cover[column]))


def _apart(held: Ints, part: Nodes, smallest: int) -> list[Ints]:
    """One block for each part; the parts of fewer than ``smallest`` atoms in one together."""
    _, number = np.unique(part, return_inverse=True)
    sizes = np.bincount(number)
    number = np.where(sizes[number] < smallest, -1, number)
    return [held[number == each] for each in np.unique(number)]


def _halves(held: Ints, part: Nodes) -> list[Ints]:
    """Two blocks of about the same size, along the order of the parts."""
    order = held[np.argsort(part, kind="stable")]
    middle = len(order) // 2
    return [np.sort(order[:middle]), np.sort(order[middle:])]


def together(block: Ints, classes: Ints) -> Ints:
    """Neighbouring blocks joined while comparing their atoms with their classes stays cheap.

    ``classes``: for each atom its class, all of whose atoms lie in one block.
    """
    atoms = np.bincount(block)
    _, first = np.unique(classes, return_index=True)
    held = totals(block[first], np.ones(len(first), dtype=np.int64), len(atoms))
    joined = np.empty(len(atoms), dtype=np.int64)
    number, sum_atoms, sum_classes = 0, 0, 0
    allowed = WORK // max(int(np.ceil(len(block) / LARGEST)), 1)
    for each, (more_atoms, more_classes) in enumerate(zip(atoms, held, strict=True)):
        if sum_atoms and (sum_atoms + more_atoms) * (sum_classes + more_classes) > allowed:
            number, sum_atoms, sum_classes = number + 1, 0, 0
        sum_atoms, sum_classes = sum_atoms + more_atoms, sum_classes + more_classes
        joined[each] = number
    return joined[block]
