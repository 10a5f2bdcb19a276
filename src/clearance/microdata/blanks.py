"""Fewest weighted blanks for combinations that are unsafe as they are: k units per pattern.

A combination with some cells blanked is safe among k units with exactly the same cells
left, since "*" is a category of its own (THREATS 15). So each unsafe combination is given
one of its patterns, such that every pattern that is used has k units.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from itertools import combinations

import numpy as np

from clearance.microdata.blank_kernels import (
    Patterns,
    Small,
    begin_with,
    fill_or_close,
    improve,
    rescue,
)
from clearance.microdata.forest import Nodes
from clearance.microdata.grouping import Floats, Ints, combined, numbered, totals

PAIRS = 20_000_000  # of an atom and a pattern, held at once
LOOKED_AT = 200_000_000  # pairs that are looked at
PASSES = 12  # of improvement

Chosen = tuple[int, ...]  # the variables that are blanked


def cheapest_patterns(nodes: Nodes, units: Ints, weights: Sequence[Fraction], k: int) -> Ints:
    """For each atom the number of its class, the same where the same cells are left.

    ``nodes``: shape (atoms, variables), of atoms that are unsafe by themselves. A class may
    have fewer than ``k`` units where that cannot be helped.
    """
    has = _patterns(nodes, units, weights, k)
    of, load = begin_with(has)
    fill_or_close(has, of, load, k)
    rescue(has, of, load, k)
    possible = np.add.reduceat(units[has.atoms], has.begin[:-1])
    orders = (np.argsort(-possible, kind="stable"), np.lexsort((-possible, has.cost)))
    idle = 0
    for number in range(PASSES):
        saved = improve(has, of, load, orders[number % 2], k)
        idle = 0 if saved > 0 else idle + 1
        if idle == len(orders):
            break
    return of


def _patterns(nodes: Nodes, units: Ints, weights: Sequence[Fraction], k: int) -> Patterns:
    """Patterns that ``k`` units can share, and that in which every cell is blanked."""
    atoms, patterns, costs, found, pairs = [], [], [], 0, 0
    everything = tuple(range(len(weights)))
    for chosen in _choices(weights, len(nodes)):
        number = _alike(nodes, chosen)
        held = totals(number, units, int(number.max()) + 1) >= k
        if chosen == everything:
            held[:] = True
        able = np.flatnonzero(held[number])
        pairs += len(able)
        if pairs > PAIRS and chosen != everything:
            continue
        atoms.append(able.astype(np.int32))
        patterns.append((found + np.cumsum(held) - 1)[number[able]].astype(np.int32))
        costs.append(np.full(int(held.sum()), float(sum(weights[each] for each in chosen))))
        found += int(held.sum())
    return _linked(np.concatenate(atoms), np.concatenate(patterns), np.concatenate(costs), units)


def _choices(weights: Sequence[Fraction], atoms: int) -> list[Chosen]:
    """Choices of variables to blank, the cheapest first; all where they are not too many."""
    variables = range(len(weights))
    allowed = max(LOOKED_AT // atoms, len(weights) + 1)
    chosen = [
        each
        for size in range(1, len(weights))
        if math.comb(len(weights), size) <= allowed
        for each in combinations(variables, size)
    ]
    cheapest = sorted(chosen, key=lambda each: (sum(weights[v] for v in each), each))
    return [*cheapest[:allowed], tuple(variables)]


def _alike(nodes: Nodes, chosen: Chosen) -> Ints:
    """For each atom a number, the same where all cells but the chosen are the same."""
    left = [column for number, column in enumerate(nodes.T) if number not in chosen]
    sizes = [int(column.max()) + 1 for column in left]
    return numbered(combined(left, sizes, length=len(nodes)))


def _linked(atoms: Small, patterns: Small, cost: Floats, units: Ints) -> Patterns:
    by_atom, by_pattern = np.argsort(atoms, kind="stable"), np.argsort(patterns, kind="stable")
    return Patterns(
        first=np.searchsorted(atoms[by_atom], np.arange(len(units) + 1)),
        patterns=patterns[by_atom],
        begin=np.searchsorted(patterns[by_pattern], np.arange(len(cost) + 1)),
        atoms=atoms[by_pattern],
        cost=cost,
        units=units,
    )
