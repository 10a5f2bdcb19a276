"""How few records of one unit tell it from all others, where a link shows them together.

An intruder knows p points of somebody's history: where and when, as far as it is published
(de Montjoye et al. 2013: four points singled out 95 % of 1.5 million people). k over whole
profiles of quasi-identifiers, which the attack demands of every link, makes any p of those
points common to k units; this is checked again here. What else is published may be known too.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations, islice
from math import comb

import numpy as np

from clearance.attack.distributions import Ints
from clearance.attack.published import PublishedMicrodata
from clearance.attack.result import blocked, told, warned
from clearance.attack.rows import codes, numbered, texts_of
from clearance.findings import Finding
from clearance.hierarchy import MISSING

POINTS = (2, 4)
MOST_UNITS = 500  # looked at, evenly spread over all of them
MOST_CHOICES = 30  # of p points of one unit, evenly spread over all of them


@dataclass(frozen=True, slots=True)
class Unicity:
    """What p points tell. ``units`` were looked at.

    ``ever``: units that some choice of their points singles out; ``share``: of all choices
    that were tried, unit by unit (0 to 1). ``fewest``: units that have the points, at least.
    """

    units: int
    ever: int
    share: float
    fewest: int


def unicity(units: Ints, points: Ints, p: int) -> Unicity:
    """How many units are alone with p of their distinct points, or with all if they have fewer.

    One entry for each record: its unit and its point. Where there are many units or choices,
    some are tried, always the same ones; the choice of a unit's rarest points among them.
    """
    held, having = _sets(units, points), _sets(points, units)
    shares, ever, fewest = [], 0, len(held)
    for unit in _spread(sorted(held), MOST_UNITS):
        mine = sorted(held[unit], key=lambda point: (len(having[point]), point))
        sizes = [_common(having, chosen) for chosen in _choices(mine, min(p, len(mine)))]
        alone = sum(size == 1 for size in sizes)
        shares.append(alone / len(sizes))
        ever += alone > 0
        fewest = min(fewest, *sizes)
    return Unicity(len(shares), ever, sum(shares) / max(len(shares), 1), fewest)


def _sets(keys: Ints, members: Ints) -> dict[int, set[int]]:
    found: dict[int, set[int]] = {}
    for key, member in zip(keys.tolist(), members.tolist(), strict=True):
        found.setdefault(key, set()).add(member)
    return found


def _spread(all_of_them: Sequence[int], most: int) -> Sequence[int]:
    return all_of_them[:: max(-(-len(all_of_them) // most), 1)]


def _choices(points: Sequence[int], p: int) -> Iterator[tuple[int, ...]]:
    """Choices of p of a unit's points, the rarest ones first, then evenly spread."""
    step = max(comb(len(points), p) // MOST_CHOICES, 1)
    reach = MOST_CHOICES * 1000  # a walk through all choices of long histories would not end
    return islice(combinations(points, p), 0, reach, min(step, 1000))


def _common(having: dict[int, set[int]], points: Sequence[int]) -> int:
    """Units that have all the points; the rarest come first."""
    first, *others = points
    found = having[first]
    for point in others:
        if len(found) == 1:
            break
        found = found & having[point]
    return len(found)


# ---------------------------------------------------------------- a published link


def check_known_points(published: PublishedMicrodata) -> Iterator[Finding]:
    """For each link that shows several records of a unit, what some of them tell."""
    for link in published.links:
        column = published.frame[link]
        named = np.array([text != MISSING for text in texts_of(column)], dtype=np.bool_)
        rows = np.flatnonzero(named[codes(column)])
        units = codes(column)[rows]
        counts = np.bincount(units, weights=published.records[rows])
        if (counts > 1).any():
            others = [name for name in published.names if name not in published.links]
            quasi = _points(published, published.quasi, rows)
            yield from _below_k(published, link, units, quasi)
            yield from _alone(published, link, units, _points(published, others, rows))


def _points(published: PublishedMicrodata, columns: Sequence[str], rows: Ints) -> Ints:
    return numbered([codes(published.frame[name])[rows] for name in columns], len(rows))


def _below_k(
    published: PublishedMicrodata, link: str, units: Ints, points: Ints
) -> Iterator[Finding]:
    k = published.rules.k
    for p in POINTS:
        found = unicity(units, points, p)
        if found.fewest < k:
            yield blocked(
                "known-points-below-k",
                f"{published.file}: {link}",
                found.units,
                f"{p} known records of a unit, by their quasi-identifiers, are held by fewer than "
                f"k={k} units; recode more coarsely, or leave the link {link} out",
            )


def _alone(
    published: PublishedMicrodata, link: str, units: Ints, points: Ints
) -> Iterator[Finding]:
    for p in POINTS:
        found = unicity(units, points, p)
        say = warned if found.ever else told
        yield say(
            "unique-by-known-points",
            f"{published.file}: {link}",
            found.ever,
            f"with {p} of its records known in all published columns, a unit linked by {link} is "
            f"unique in {found.share:.1%} of the choices tried, for {found.ever} of {found.units} "
            f"units tried; weigh who can know that much",
        )
