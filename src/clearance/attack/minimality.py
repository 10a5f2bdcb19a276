"""What follows from data being recoded no more than needed (Wong et al. 2007).

The algorithm is public and takes the finest levels that are safe. An intruder who knows who
is in the file, from elsewhere, knows how a class would split one level finer, and that this
was not safe: some part, here or in another class, would have broken the rule. For each class
his belief in each value is worked out by counting every way to hand out the class's values.

It is exact for classes with few ways; larger ones are counted as not judged. It looks one
level down in one column at a time, at one rule at a time and at single levels; suppression
limits and the search's own ties, which leave more doubt, are not taken into account.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import factorial, prod

MOST_WAYS = 5_000  # tables of values by parts of one class
MOST_IN_ALL = 100_000
Breaks = Callable[[tuple[int, ...]], bool]


@dataclass(frozen=True, slots=True)
class Guess:
    """One class, one level finer.

    ``broken``: how likely some part breaks the rule, before anything is known. ``sure``: for
    the parts and the values, how likely a unit of the part has the value and that happens.
    ``prior``: the values' shares in the class.
    """

    broken: Fraction
    sure: tuple[tuple[Fraction, ...], ...]
    prior: tuple[Fraction, ...]

    def belief(self, elsewhere: Fraction) -> list[tuple[Fraction, Fraction]]:
        """Each prior with the belief that it becomes, part by part and value by value.

        ``elsewhere``: how likely some other class breaks the rule, which explains as much.
        """
        known = self.broken + (1 - self.broken) * elsewhere
        if not known:
            return []
        return [
            (prior, (sure + (prior - sure) * elsewhere) / known)
            for part in self.sure
            for sure, prior in zip(part, self.prior, strict=True)
        ]


def guess(counts: Sequence[int], parts: Sequence[int], breaks: Breaks) -> tuple[Guess, int] | None:
    """What one class gives away: its values' ``counts``, and the sizes of its ``parts``.

    With the number of ways that were gone through; None for more than `MOST_WAYS`.
    """
    total, broken, ways = _ways(counts), 0, 0
    sure = [[0] * len(counts) for _ in parts]
    for table in _tables(tuple(counts), tuple(parts)):
        ways += 1
        if ways > MOST_WAYS:
            return None
        if any(breaks(part) for part in table):
            weight = prod(map(_ways, table))
            broken += weight
            for place, part in enumerate(table):
                for value, count in enumerate(part):
                    sure[place][value] += weight * count
    found = Guess(
        broken=Fraction(broken, total),
        sure=tuple(
            tuple(Fraction(each, total * size) for each in row)
            for row, size in zip(sure, parts, strict=True)
        ),
        prior=tuple(Fraction(count, sum(counts)) for count in counts),
    )
    return found, ways


def _ways(counts: Sequence[int]) -> int:
    """In how many ways the values can be handed out to as many units."""
    return factorial(sum(counts)) // prod(map(factorial, counts))


def _tables(
    counts: tuple[int, ...], parts: tuple[int, ...]
) -> Iterator[tuple[tuple[int, ...], ...]]:
    """Every way in which the parts, of these sizes, share the counts of the values."""
    if len(parts) == 1:
        yield (counts,)
        return
    for first in _shares(counts, parts[0]):
        left = tuple(count - taken for count, taken in zip(counts, first, strict=True))
        for others in _tables(left, parts[1:]):
            yield (first, *others)


def _shares(counts: tuple[int, ...], size: int) -> Iterator[tuple[int, ...]]:
    """Every way to take ``size`` of the values."""
    if len(counts) == 1:
        if size <= counts[0]:
            yield (size,)
        return
    rest = sum(counts[1:])
    for taken in range(max(size - rest, 0), min(counts[0], size) + 1):
        for others in _shares(counts[1:], size - taken):
            yield (taken, *others)


# ---------------------------------------------------------------- all classes


@dataclass(frozen=True, slots=True, kw_only=True)
class Finer:
    """A class as it would split one level finer: ``counts`` of values, sizes of ``parts``."""

    counts: tuple[int, ...]
    parts: tuple[int, ...]


def told_by_minimality(
    classes: Sequence[Finer], breaks: Breaks, bound: Fraction
) -> tuple[int, int]:
    """Classes in which a belief rises above ``bound``, or to certainty, and those not judged.

    A belief that was above it before is what the models are about.
    """
    guesses, unjudged = _guesses(classes, breaks)
    certain = sum(each.broken == 1 for each in guesses)
    safe = prod(1 - float(each.broken) for each in guesses if each.broken < 1)
    concerned = 0
    for each in guesses:
        alone = each.broken == 1
        others = safe if alone else safe / (1 - float(each.broken))
        elsewhere = Fraction(1) if certain > alone else max(Fraction(1 - others), Fraction(0))
        concerned += any(
            before <= bound < after or before < after == 1
            for before, after in each.belief(elsewhere)
        )
    return concerned, unjudged


def _guesses(classes: Sequence[Finer], breaks: Breaks) -> tuple[list[Guess], int]:
    """What is known of the classes, alike ones once, and how many took too many ways."""
    known: dict[Finer, Guess | None] = {}
    spent = 0
    for each in classes:
        if each not in known:
            found = guess(each.counts, each.parts, breaks) if spent < MOST_IN_ALL else None
            known[each], ways = found or (None, MOST_WAYS)
            spent += ways
    judged = [guessed for each in classes if (guessed := known[each]) is not None]
    return judged, len(classes) - len(judged)
