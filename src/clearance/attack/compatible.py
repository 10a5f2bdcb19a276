"""Which published classes a person of the source may lie in, by the cells' labels (THREATS 15).

A *target* is a combination of leaves that the source has, a *class* a combination of published
labels. A target lies in a class if each label covers its leaf. Where every column stands at
one level that is at most one class; with blanks and local recoding it may be many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from clearance.attack.levels import UNKNOWN, Coverage
from clearance.attack.rows import Ints, compact, first_of, numbered

MOST_PAIRS = 4_000_000  # looked at together, so that memory stays bounded


@dataclass(frozen=True, slots=True, eq=False)
class Incidence:
    """Pair by pair: the target of that number lies in the class of that number; by target."""

    target: Ints
    of_class: Ints

    @property
    def disjoint(self) -> bool:
        """Whether no target lies in two classes."""
        return not (self.target[1:] == self.target[:-1]).any()


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """A column of targets (numbers of leaves) and of classes (numbers of labels)."""

    leaves: Ints
    labels: Ints
    coverage: Coverage


def incidence(
    columns: Sequence[Column], targets: int, classes: int, *, most_pairs: int = MOST_PAIRS
) -> Incidence:
    """Which of the ``targets`` lie in which of the ``classes``.

    Columns of a single level are joined by their labels, all at once. The mixed ones then
    narrow the classes down one by one, for every distinct beginning of a target once.
    """
    exact = [each for each in columns if each.coverage.single]
    mixed = [each for each in columns if not each.coverage.single]
    mixed.sort(key=lambda each: float(each.coverage.shares()[each.labels].sum()))
    of_target = [each.coverage.label_of_leaf()[each.leaves] for each in exact]
    known = np.ones(targets, dtype=np.bool_)
    for label, each in zip(of_target, exact, strict=True):
        known &= (label != UNKNOWN) & (each.leaves != UNKNOWN)
    both = [
        np.concatenate([label + 1, each.labels + 1])
        for label, each in zip(of_target, exact, strict=True)
    ]
    key = numbered(both, targets + classes)
    kept = np.flatnonzero(known)
    parts = [key[:targets][kept], *(each.leaves[kept] for each in mixed)]
    order = np.lexsort(parts[::-1])
    join = _Join(
        parts=[each[order] for each in parts],
        classes=_by_key(key[targets:], int(key.max(initial=-1)) + 1),
        mixed=mixed,
        most_pairs=most_pairs,
    )
    place, of_class = join.pairs()
    target = kept[order[place]]
    by_target = np.argsort(target, kind="stable")
    return Incidence(target[by_target], of_class[by_target])


@dataclass(frozen=True, slots=True, eq=False)
class _Lists:
    """Lists of classes one after another: list ``i`` is ``held[start[i] : start[i + 1]]``."""

    held: Ints
    start: Ints

    def of(self, lists: Ints) -> tuple[Ints, Ints]:
        """The chosen lists one after another: the place of the choice, and what is held."""
        sizes = (self.start[1:] - self.start[:-1])[lists]
        chosen = np.repeat(np.arange(len(lists)), sizes)
        begun = np.cumsum(sizes) - sizes
        inside = np.arange(len(chosen)) - begun[chosen]
        return chosen, self.held[self.start[lists][chosen] + inside]

    def size(self, lists: Ints) -> int:
        return int((self.start[1:] - self.start[:-1])[lists].sum())


def _by_key(key: Ints, keys: int) -> _Lists:
    held = np.argsort(key, kind="stable")
    return _Lists(held, np.concatenate([[0], np.cumsum(np.bincount(key, minlength=keys))]))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Join:
    """``parts``: the columns of the targets, sorted by all of them, the joined key first."""

    parts: Sequence[Ints]
    classes: _Lists
    mixed: Sequence[Column]
    most_pairs: int

    def pairs(self) -> tuple[Ints, Ints]:
        """Places of targets and numbers of classes."""
        waiting, found = [(0, len(self.parts[0]))], []
        while waiting:
            first, last = waiting.pop()
            block = self._block(first, last)
            if block is None:
                middle = (first + last) // 2
                waiting += [(middle, last), (first, middle)]
            else:
                found.append(block)
        places = [place for place, _ in found]
        return np.concatenate(places), np.concatenate([classes for _, classes in found])

    def _block(self, first: int, last: int) -> tuple[Ints, Ints] | None:
        """Of the targets in these places; None where they have too many pairs at once."""
        fresh = _begins(self.parts[0][first:last])
        begins = np.flatnonzero(fresh)
        lists = self.classes
        chosen = self.parts[0][first:last][begins]
        for part, column in zip(self.parts[1:], self.mixed, strict=True):
            inside = part[first:last]
            parent = np.cumsum(fresh) - 1
            fresh = fresh | _begins(inside)
            begins = np.flatnonzero(fresh)
            children = chosen[parent[begins]]
            if lists.size(children) > self.most_pairs and last - first > 1:
                return None
            child, held = lists.of(children)
            lies = column.coverage.covers(column.labels[held], inside[begins][child])
            sizes = np.bincount(child[lies], minlength=len(begins))
            lists = _Lists(held[lies], np.concatenate([[0], np.cumsum(sizes)]))
            chosen = np.arange(len(begins))
        of_place = chosen[np.cumsum(fresh) - 1]
        if lists.size(of_place) > self.most_pairs and last - first > 1:
            return None
        place, held = lists.of(of_place)
        return place + first, held


def _begins(part: Ints) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether each value differs from the one before it."""
    return np.concatenate([np.ones(min(len(part), 1), dtype=np.bool_), part[1:] != part[:-1]])


# ---------------------------------------------------------------- sets


@dataclass(frozen=True, slots=True, eq=False)
class CompatibleSets:
    """The distinct sets of classes that any target lies in, where they are several.

    Pair by pair: the set of that number holds the class of that number; ``count`` sets.
    """

    of_set: Ints
    of_class: Ints
    count: int

    def rows(self, of_row: Ints, classes: int) -> tuple[Ints, Ints]:
        """Set and row, pair by pair, ``of_row`` being the class of each row."""
        held = _by_key(of_row, classes)
        place, row = held.of(self.of_class)
        return self.of_set[place], row


def compatible_sets(found: Incidence) -> CompatibleSets:
    """What a person known to have a target's leaves may be any record of.

    Sets of a single class are that class and are not listed: it is judged anyway.
    """
    number = profile_numbers(found.target, found.of_class)
    target = np.unique(found.target)
    example = target[first_of(number)]
    sizes = np.bincount(found.target, minlength=int(target.max(initial=-1)) + 1)
    several = example[sizes[example] > 1]
    of_target = np.full(len(sizes), UNKNOWN, dtype=np.int64)
    of_target[several] = np.arange(len(several))
    inside = of_target[found.target] != UNKNOWN
    return CompatibleSets(
        of_target[found.target[inside]], found.of_class[inside], count=len(several)
    )


def profile_numbers(unit: Ints, part: Ints) -> Ints:
    """For each distinct unit, in rising order, the number of its profile: the parts it holds.

    Units with the same parts, each as often, have the same number, counted from 0. Cost
    follows the pairs: position by position, units with parts left are told apart.
    """
    order = np.lexsort((part, unit))
    held = compact(part)[order]
    _, start, sizes = np.unique(unit[order], return_index=True, return_counts=True)
    state = np.zeros(len(start), dtype=np.int64)
    active, width = np.arange(len(start)), int(held.max(initial=0)) + 1
    used = 1
    for position in range(int(sizes.max(initial=0))):
        active = active[sizes[active] > position]
        key = state[active] * width + held[start[active] + position]
        state[active] = used + compact(key)
        used = int(state[active].max(initial=used)) + 1
    return compact(state)
