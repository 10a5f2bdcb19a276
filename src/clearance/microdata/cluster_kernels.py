"""Classes of atoms that are merged and moved one by one: the loops that are compiled.

A class is published with the node that covers all of its atoms, column by column, and
costs its units times the sum of its nodes' prices. Ties go to the class found first.
"""

from __future__ import annotations

import numpy as np

from clearance.microdata.forest import Nodes
from clearance.microdata.grouping import Booleans, Floats, Ints
from clearance.microdata.kernels import compiled

TINY = 1e-12  # a gain below it is a rounding error
MANY = 64  # atoms; losing one of so many rarely narrows what a class is published as
PROBED = 8  # neighbours that are tried first, so that a good bound is known early


@compiled
def joined(parent: Nodes, one: int, other: int) -> int:
    """The lowest node above both; parents have higher numbers. -1 is none yet."""
    if one < 0:
        return other
    while one != other:
        if one < other:
            one = parent[one]
        else:
            other = parent[other]
    return one


@compiled
def added_cost(
    parent: Nodes,
    price: Floats,
    label: Nodes,
    base: Floats,
    units: Ints,
    number: int,
    row: Nodes,
    amount: int,
    best: float,
) -> float:
    """What class ``number`` costs more with ``amount`` units of ``row``; given up at ``best``."""
    whole = units[number] + amount
    before = units[number] * base[number]
    both = base[number]
    for column in range(len(row)):
        held = label[number, column]
        if held != row[column]:
            both += price[joined(parent, held, row[column])] - price[held]
            if whole * both - before >= best:
                return np.inf
    more: float = whole * both - before
    return more


@compiled
def nearest(
    parent: Nodes,
    price: Floats,
    label: Nodes,
    base: Floats,
    units: Ints,
    low: int,
    high: int,
    row: Nodes,
    amount: int,
    skipped: int,
    within: float,
) -> tuple[int, float]:
    """The class from ``low`` to below ``high`` that costs least more with ``row``, and how much.

    -1 where none costs less than ``within``. Classes without units are no classes.
    """
    found, best = -1, within
    for step in range(PROBED + high - low):
        number = step - PROBED + low
        if step < PROBED:
            number = skipped + (step // 2 + 1) * (1 - 2 * (step % 2))
            if number < low or number >= high:
                continue
        if number == skipped or units[number] == 0:
            continue
        cost = added_cost(parent, price, label, base, units, number, row, amount, best)
        if cost < best - TINY or (found < 0 and cost < best):
            found, best = number, cost
    return found, best


@compiled
def add(
    parent: Nodes,
    price: Floats,
    label: Nodes,
    base: Floats,
    units: Ints,
    number: int,
    row: Nodes,
    amount: int,
) -> None:
    """Class ``number`` takes in ``amount`` units of ``row``."""
    units[number] += amount
    base[number] = 0.0
    for column in range(len(row)):
        label[number, column] = joined(parent, label[number, column], row[column])
        base[number] += price[label[number, column]]


@compiled
def merge(
    parent: Nodes,
    price: Floats,
    label: Nodes,
    base: Floats,
    units: Ints,
    start: Ints,
    order: Ints,
    block: Ints,
) -> Ints:
    """For each class the one that took it in, itself where none did.

    The classes in ``order``, which are unsafe, are merged with the nearest class of their
    block (from ``start[b]`` to below ``start[b + 1]``), unless they took in another just now.
    ``label``, ``base`` and ``units`` are changed; classes that are gone have no units.
    """
    into = np.arange(len(units))
    grown = np.zeros(len(units), dtype=np.bool_)
    for number in order:
        if grown[number]:
            continue
        low, high = start[block[number]], start[block[number] + 1]
        row, amount = label[number], units[number]
        other, _ = nearest(
            parent, price, label, base, units, low, high, row, amount, number, np.inf
        )
        if other >= 0:
            units[number] = 0
            add(parent, price, label, base, units, other, row, amount)
            grown[other] = True
            into[number] = other
    return into


@compiled
def labels_of(parent: Nodes, nodes: Nodes, of: Ints, label: Nodes) -> None:
    """``label``, -1 everywhere, becomes the nodes that cover each class's atoms."""
    for atom in range(len(of)):
        for column in range(nodes.shape[1]):
            held = label[of[atom], column]
            label[of[atom], column] = joined(parent, held, nodes[atom, column])


@compiled
def without(
    parent: Nodes, nodes: Nodes, head: int, following: Ints, left_out: int, label: Nodes
) -> None:
    """``label``, -1 everywhere, becomes what covers a class's atoms but for ``left_out``."""
    atom = head
    while atom >= 0:
        if atom != left_out:
            for column in range(len(label)):
                label[column] = joined(parent, label[column], nodes[atom, column])
        atom = following[atom]


@compiled
def move(
    parent: Nodes,
    price: Floats,
    nodes: Nodes,
    amount: Ints,
    of: Ints,
    label: Nodes,
    base: Floats,
    units: Ints,
    start: Ints,
    filled: Ints,
    banned: Booleans,
    k: int,
    once: bool,
) -> tuple[Ints, Ints, Ints]:
    """Atoms that moved to a class of their block (or one of their own), whence and whereto.

    An atom moves to where the loss falls most, if its class keeps ``k`` units or none.
    Block b has its atoms and the slots of its classes from ``start[b]`` to below
    ``start[b + 1]``, those of its classes to below ``filled[b]``. ``once``: no class
    takes part in two moves. ``of``, ``label``, ``base``, ``units`` and ``filled`` change.
    """
    count, columns = nodes.shape
    head = np.full(count, -1)
    following = np.full(count, -1)
    members = np.zeros(count, dtype=np.int64)
    for atom in range(count - 1, -1, -1):
        following[atom] = head[of[atom]]
        head[of[atom]] = atom
        members[of[atom]] += 1
    touched = np.zeros(count, dtype=np.bool_)
    moved = np.empty(count, dtype=np.int64)
    whence = np.empty(count, dtype=np.int64)
    whereto = np.empty(count, dtype=np.int64)
    rest = np.empty(columns, dtype=np.int32)
    found = 0
    for block in range(len(filled)):
        low, high = start[block], start[block + 1]
        for atom in range(low, high):
            old = of[atom]
            left = units[old] - amount[atom]
            if banned[atom] or touched[old] or (0 < left < k):
                continue
            alone = amount[atom] * cost_of(price, nodes[atom])
            rest[:] = label[old]
            if members[old] <= MANY:
                rest[:] = -1
                without(parent, nodes, head[old], following, atom, rest)
            remaining = cost_of(price, rest) if left else 0.0
            saved = units[old] * base[old] - left * remaining
            if saved <= alone + TINY:
                continue
            row = nodes[atom]
            new, cost = nearest(
                parent,
                price,
                label,
                base,
                units,
                low,
                filled[block],
                row,
                amount[atom],
                old,
                saved - TINY,
            )
            if amount[atom] >= k and left and (new < 0 or alone < cost - TINY):
                new = free_slot(units, low, high)
            if new < 0 or touched[new]:
                continue
            detach(head, following, old, atom)
            members[old] -= 1
            members[new] += 1
            following[atom] = head[new]
            head[new] = atom
            units[old], base[old] = left, remaining
            label[old] = rest
            add(parent, price, label, base, units, new, row, amount[atom])
            of[atom] = new
            filled[block] = max(filled[block], new + 1)
            touched[old] = touched[new] = once
            moved[found], whence[found], whereto[found] = atom, old, new
            found += 1
    return moved[:found], whence[:found], whereto[:found]


@compiled
def cost_of(price: Floats, row: Nodes) -> float:
    """What one unit of the row costs."""
    cost = 0.0
    for node in row:
        cost += price[node]
    return cost


@compiled
def free_slot(units: Ints, low: int, high: int) -> int:
    """The first slot without a class; there is one wherever two atoms share a class."""
    for slot in range(low, high):
        if units[slot] == 0:
            return slot
    return -1


@compiled
def detach(head: Ints, following: Ints, number: int, atom: int) -> None:
    """Takes the atom out of its class's chain."""
    if head[number] == atom:
        head[number] = following[atom]
        return
    before = head[number]
    while following[before] != atom:
        before = following[before]
    following[before] = following[atom]


@compiled
def below(parent: Nodes, nodes: Nodes, cover: Nodes) -> Nodes:
    """For each node the one above it, or itself, that lies directly below its ``cover``."""
    found = nodes.copy()
    for number in range(len(found)):
        node = found[number]
        while node != cover[number] and parent[node] != cover[number]:
            node = parent[node]
        found[number] = node
    return found
