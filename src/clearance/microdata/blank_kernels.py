"""Which cells of unsafe combinations are blanked: the loops that are compiled.

A *pattern* is what remains of a combination when some cells are blanked. It is safe with
``k`` units. ``of`` holds each atom's pattern, ``load`` each pattern's units; both change.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from clearance.microdata.grouping import Booleans, Floats, Ints
from clearance.microdata.kernels import compiled

Small = npt.NDArray[np.int32]


class Patterns(NamedTuple):
    """What each atom can become.

    Atom a can become ``patterns[first[a] : first[a + 1]]``, cheapest first; pattern p can be
    made of ``atoms[begin[p] : begin[p + 1]]``. ``cost``: of a pattern, per unit. ``units``:
    of each atom.
    """

    first: Ints
    patterns: Small
    begin: Ints
    atoms: Small
    cost: Floats
    units: Ints


@compiled
def begin_with(has: Patterns) -> tuple[Ints, Ints]:
    """Each atom's cheapest pattern; of equally cheap ones that with the most units."""
    possible = np.zeros(len(has.cost), dtype=np.int64)
    for pattern in range(len(has.cost)):
        for atom in has.atoms[has.begin[pattern] : has.begin[pattern + 1]]:
            possible[pattern] += has.units[atom]
    of = np.empty(len(has.units), dtype=np.int64)
    load = np.zeros(len(has.cost), dtype=np.int64)
    for atom in range(len(of)):
        options = has.patterns[has.first[atom] : has.first[atom + 1]]
        best = options[0]
        for pattern in options:
            if has.cost[pattern] > has.cost[best]:
                break
            if possible[pattern] > possible[best]:
                best = pattern
        of[atom] = best
        load[best] += has.units[atom]
    return of, load


@compiled
def fill_or_close(has: Patterns, of: Ints, load: Ints, k: int) -> None:
    """No pattern is left with fewer than ``k`` units, but where an atom has no other choice.

    The emptiest first: atoms are drawn in that lose nothing by it, from patterns that can
    spare them; where that is not enough, all go to their next cheapest pattern.
    """
    closed = np.zeros(len(load), dtype=np.bool_)
    for size in range(1, k):
        again = True
        while again:
            again = False
            for atom in range(len(of)):
                pattern = of[atom]
                if load[pattern] > size or closed[pattern]:
                    continue
                again = True
                fill(has, of, load, pattern, k)
                if load[pattern] < k:
                    closed[pattern] = True
                    leave(has, of, load, pattern, closed)


@compiled
def fill(has: Patterns, of: Ints, load: Ints, pattern: int, k: int) -> None:
    """Draws atoms into the pattern, at no cost, until it is safe."""
    for atom in has.atoms[has.begin[pattern] : has.begin[pattern + 1]]:
        if load[pattern] >= k:
            return
        old, units = of[atom], has.units[atom]
        if old == pattern or has.cost[old] < has.cost[pattern]:
            continue
        unsafe = load[old] < k and load[old] <= load[pattern]
        if unsafe or load[old] - units >= k or load[old] == units:
            load[old] -= units
            load[pattern] += units
            of[atom] = pattern


@compiled
def leave(has: Patterns, of: Ints, load: Ints, pattern: int, closed: Booleans) -> None:
    """Every atom of the pattern goes to its cheapest open one, the fullest of equal cost."""
    for atom in has.atoms[has.begin[pattern] : has.begin[pattern + 1]]:
        if of[atom] != pattern:
            continue
        best = -1
        for other in has.patterns[has.first[atom] : has.first[atom + 1]]:
            if best >= 0 and has.cost[other] > has.cost[best]:
                break
            if not closed[other] and (best < 0 or load[other] > load[best]):
                best = other
        if best >= 0:
            load[pattern] -= has.units[atom]
            load[best] += has.units[atom]
            of[atom] = best


@compiled
def improve(has: Patterns, of: Ints, load: Ints, order: Ints, k: int) -> float:
    """What is saved by opening, one after the other, the patterns in ``order``.

    A safe pattern takes in whoever gains. An empty one is filled on trial: with those who
    gain, then those who lose nothing, then with any that can be spared; all is undone
    unless it saves something.
    """
    saved = 0.0
    trail = np.empty((4 * len(of), 2), dtype=np.int64)
    for pattern in order:
        if 0 < load[pattern] < k:
            continue
        was_empty = load[pattern] == 0
        steps, gain = 0, 0.0
        for phase in range(3 if was_empty else 1):
            steps, gain = draw(has, of, load, pattern, k, phase, trail, steps, gain)
        if was_empty and (load[pattern] < k or gain <= 0):
            undo(has, of, load, trail, steps, 0)
        else:
            saved += gain
    return saved


@compiled
def rescue(has: Patterns, of: Ints, load: Ints, k: int) -> None:
    """Whoever is in an unsafe pattern goes where that costs least, others drawn in as needed."""
    trail = np.empty((4 * len(of), 2), dtype=np.int64)
    for atom in range(len(of)):
        old = of[atom]
        if load[old] >= k:
            continue
        best, most = old, -np.inf
        for pattern in has.patterns[has.first[atom] : has.first[atom + 1]]:
            steps, gain = join(has, of, load, atom, pattern, k, trail)
            if load[pattern] >= k and gain > most:
                best, most = pattern, gain
            undo(has, of, load, trail, steps, 0)
        join(has, of, load, atom, best, k, trail)


@compiled
def join(
    has: Patterns, of: Ints, load: Ints, atom: int, pattern: int, k: int, trail: Ints
) -> tuple[int, float]:
    """The atom goes to the pattern, and as many others as it takes: steps and gain."""
    old, units = of[atom], has.units[atom]
    load[old] -= units
    load[pattern] += units
    of[atom] = pattern
    trail[0, 0], trail[0, 1] = atom, old
    steps, gain = 1, (has.cost[old] - has.cost[pattern]) * units
    for phase in range(1, 3):
        if load[pattern] < k:
            steps, gain = draw(has, of, load, pattern, k, phase, trail, steps, gain)
    return steps, gain


@compiled
def draw(
    has: Patterns,
    of: Ints,
    load: Ints,
    pattern: int,
    k: int,
    phase: int,
    trail: Ints,
    steps: int,
    gain: float,
) -> tuple[int, float]:
    """Atoms go to the pattern; phase 0: who gain, 1: who lose nothing, 2: any, both as needed.

    Answers the steps on the trail and the gain so far.
    """
    for atom in has.atoms[has.begin[pattern] : has.begin[pattern + 1]]:
        if phase and load[pattern] >= k:
            break
        old, units = of[atom], has.units[atom]
        if old == pattern or steps + 1 >= len(trail):
            continue
        more = (has.cost[old] - has.cost[pattern]) * units
        if (phase == 0 and more <= 0) or (phase == 1 and more < 0):
            continue
        if load[old] - units < k and load[old] != units:
            if phase == 2:
                continue
            before = steps
            steps, rest = disband(has, of, load, old, atom, pattern, k, trail, steps)
            more += rest
            if more < 0 or (more == 0 and phase == 0):
                steps = undo(has, of, load, trail, steps, before)
                continue
        load[old] -= units
        load[pattern] += units
        of[atom] = pattern
        trail[steps, 0], trail[steps, 1] = atom, old
        steps += 1
        gain += more
    return steps, gain


@compiled
def disband(
    has: Patterns,
    of: Ints,
    load: Ints,
    old: int,
    but: int,
    new: int,
    k: int,
    trail: Ints,
    steps: int,
) -> tuple[int, float]:
    """All atoms of pattern ``old`` ``but`` one go to ``new`` or to a safe pattern.

    Answers the steps on the trail, and what it gains; -inf where one has nowhere to go.
    """
    gain = 0.0
    for atom in has.atoms[has.begin[old] : has.begin[old + 1]]:
        if of[atom] != old or atom == but:
            continue
        best = -1
        for other in has.patterns[has.first[atom] : has.first[atom + 1]]:
            if other == new or (other != old and load[other] >= k):
                best = other
                break
        if best < 0 or steps + 2 >= len(trail):
            return steps, -np.inf
        load[old] -= has.units[atom]
        load[best] += has.units[atom]
        of[atom] = best
        trail[steps, 0], trail[steps, 1] = atom, old
        steps += 1
        gain += (has.cost[old] - has.cost[best]) * has.units[atom]
    return steps, gain


@compiled
def undo(has: Patterns, of: Ints, load: Ints, trail: Ints, steps: int, back_to: int) -> int:
    """The steps that remain when those from ``back_to`` on were taken back."""
    while steps > back_to:
        steps -= 1
        atom, old = trail[steps]
        load[of[atom]] -= has.units[atom]
        load[old] += has.units[atom]
        of[atom] = old
    return back_to
