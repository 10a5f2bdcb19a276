"""Classes made of atoms: merged until all are safe, then improved by moving atoms.

Bottom-up: every atom begins as a class; an unsafe class, the smallest first, is merged
with the one of its block whose loss rises least by it. Then atoms move to where the loss
falls, as long as all classes stay safe. The order of the input's rows does not matter.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from clearance.errors import DisclosureRiskError
from clearance.microdata.atoms import Atoms, Unsafe
from clearance.microdata.blocks import blocks_of, together
from clearance.microdata.cluster_kernels import labels_of, merge, move
from clearance.microdata.forest import Nodes
from clearance.microdata.grouping import Booleans, Floats, Ints, numbered, totals
from clearance.microdata.splitting import split

PASSES = 8  # over all atoms, where only units are counted; fewer once few atoms move
FEW = 500  # one atom in so many
ROUNDS = 40  # of moves that do not touch each other, where the models are judged after each


@dataclass(frozen=True, eq=False, kw_only=True)
class Table:
    """Classes and what they are published as. The kernels change these arrays."""

    label: Nodes
    base: Floats
    units: Ints


def clustered(
    atoms: Atoms, unsafe: Unsafe, of: Ints | None = None, *, k: int, units_only: bool
) -> Ints:
    """For each atom its class, from 0 without gaps; all classes are safe.

    ``of``: the classes to begin with, each atom by itself where they are not given.
    ``units_only``: a class is safe if and only if it has ``k`` units.
    Raises `DisclosureRiskError` where not even all atoms of a shape together are safe.
    """
    block = blocks_of(atoms)
    atoms = replace(atoms, nodes=_telling_first(atoms.nodes))
    found = _merged(atoms, unsafe, block, np.arange(len(block)) if of is None else of)
    if not units_only:
        whole = atoms.nodes[:, -1]
        parted = [split(atoms, unsafe, each.astype(np.int64)) for each in (found, whole)]
        found = min(parted, key=lambda each: _cost(atoms, each))
    return _improved(atoms, unsafe, block, found, k=k, units_only=units_only)


def _telling_first(nodes: Nodes) -> Nodes:
    """Columns of many nodes first: they tell soonest that two atoms are far apart."""
    distinct = np.array([len(np.unique(column)) for column in nodes.T[:-1]], dtype=np.int64)
    order = [*np.argsort(-distinct, kind="stable"), nodes.shape[1] - 1]
    return np.ascontiguousarray(nodes[:, order])


def _cost(atoms: Atoms, of: Ints) -> float:
    table = _table(atoms, of, int(of.max()) + 1)
    return float((table.base * table.units).sum())


def _table(atoms: Atoms, of: Ints, size: int) -> Table:
    """The classes that ``of`` numbers, in ``size`` rows."""
    label = np.full((size, atoms.nodes.shape[1]), -1, dtype=np.int32)
    labels_of(atoms.parent, atoms.nodes, of, label)
    base = np.where(label < 0, 0.0, atoms.price[label]).sum(axis=1)
    return Table(label=label, base=base, units=totals(of, atoms.units, size))


def _block_of_class(block: Ints, of: Ints) -> Ints:
    """The first block that holds an atom of each class."""
    first = np.full(int(of.max()) + 1, len(block))
    np.minimum.at(first, of, block)
    return first


# ---------------------------------------------------------------- merging


def _merged(atoms: Atoms, unsafe: Unsafe, block: Ints, of: Ints) -> Ints:
    block_of = _block_of_class(block, of)
    place = np.empty(len(block_of), dtype=np.int64)
    place[np.argsort(block_of, kind="stable")] = np.arange(len(block_of))
    of, block_of = place[of], np.sort(block_of)
    table = _table(atoms, of, len(block_of))
    while (wrong := unsafe(of)).any():
        into = _merged_into(atoms, table, block_of, wrong)
        kept = into == np.arange(len(into))
        if kept.all():
            if not block_of.any():
                raise DisclosureRiskError(_impossible(atoms, of, wrong))
            block_of = np.zeros_like(block_of)
        of = (np.cumsum(kept) - 1)[into[of]]
        block_of = block_of[kept]
        table = Table(label=table.label[kept], base=table.base[kept], units=table.units[kept])
    return of


def _merged_into(atoms: Atoms, table: Table, block_of: Ints, wrong: Booleans) -> Ints:
    """For each class the one that it is part of after a round of mergers."""
    order = np.flatnonzero(wrong)
    order = order[np.argsort(table.units[order], kind="stable")]
    start = np.searchsorted(block_of, np.arange(int(block_of.max()) + 2))
    into = merge(
        atoms.parent, atoms.price, table.label, table.base, table.units, start, order, block_of
    )
    while (into[into] != into).any():
        into = into[into]
    return into


def _impossible(atoms: Atoms, of: Ints, wrong: Booleans) -> str:
    units = int(atoms.units[wrong[of]].sum())
    return (
        f"{units} of {int(atoms.units.sum())} units do not satisfy the rules, even all together "
        f"under the finest labels that cover them, and local methods leave no unit out; "
        f"ask for less, or use method: global, which may suppress units"
    )


# ---------------------------------------------------------------- moving


@dataclass(frozen=True, eq=False, kw_only=True)
class _Sorted:
    """Atoms in the ``order`` of their blocks; a block's classes have slots where its atoms lie.

    ``of``: the slot of each atom's class. Slots are taken from ``start`` to below ``filled``.
    """

    atoms: Atoms
    order: Ints
    of: Ints
    start: Ints
    filled: Ints

    @property
    def classes(self) -> Ints:
        """For each atom, in the order of the profiles, its class, from 0 without gaps."""
        found = np.empty(len(self.of), dtype=np.int64)
        found[self.order] = self.of
        return numbered(found)


def _improved(
    atoms: Atoms, unsafe: Unsafe, block: Ints, of: Ints, *, k: int, units_only: bool
) -> Ints:
    held = _sorted(atoms, block, of)
    banned = np.zeros(len(of), dtype=bool)
    table = _table(held.atoms, held.of, len(of))
    for _ in range(PASSES if units_only else ROUNDS):
        moved, whence, whereto = _moved(held, table, banned, k=k, once=not units_only)
        if not units_only:
            banned[_undone(held, unsafe, moved, whence, whereto)] = True
            table = _table(held.atoms, held.of, len(of))
        if len(moved) * FEW < len(of):
            break
    return held.classes


def _sorted(atoms: Atoms, block: Ints, of: Ints) -> _Sorted:
    block = together(_block_of_class(block, of)[of], of)
    order = np.argsort(block, kind="stable")
    block_of = _block_of_class(block, of)
    start = np.searchsorted(block[order], np.arange(int(block.max()) + 2))
    used = np.bincount(block_of, minlength=len(start) - 1)
    slot = np.empty(len(block_of), dtype=np.int64)
    slot[np.argsort(block_of, kind="stable")] = np.arange(len(block_of)) + np.repeat(
        start[:-1] - np.cumsum(used) + used, used
    )
    return _Sorted(
        atoms=replace(atoms, nodes=atoms.nodes[order], units=atoms.units[order]),
        order=order,
        of=slot[of[order]],
        start=start,
        filled=start[:-1] + used,
    )


def _moved(
    held: _Sorted, table: Table, banned: Booleans, *, k: int, once: bool
) -> tuple[Ints, Ints, Ints]:
    return move(
        held.atoms.parent,
        held.atoms.price,
        held.atoms.nodes,
        held.atoms.units,
        held.of,
        table.label,
        table.base,
        table.units,
        held.start,
        held.filled,
        banned,
        k,
        once,
    )


def _undone(held: _Sorted, unsafe: Unsafe, moved: Ints, whence: Ints, whereto: Ints) -> Ints:
    """The atoms that were moved back, so that all classes are safe again, as they were before.

    No class takes part in two of the moves. Where a class is unsafe because of what others
    are published as, all moves are taken back.
    """
    back = np.zeros(len(moved), dtype=bool)
    while (wrong := unsafe(held.classes)).any():
        slots = np.unique(held.of[np.isin(held.order, np.flatnonzero(wrong[held.classes]))])
        hit = ~back & (np.isin(whence, slots) | np.isin(whereto, slots))
        hit = hit if hit.any() else ~back
        if not hit.any():
            break
        held.of[moved[hit]] = whence[hit]
        back |= hit
    return moved[back]
