"""SUDA2: which few attributes make a record unique, and how special that is.

A *minimal sample unique* (MSU) of a record is a set of attributes that nobody else shares
with it, while everybody of its true subsets is shared. The fewer attributes, the more special.
Sources: Manning, Haglin and Keane 2008, "A recursive search algorithm for statistical
disclosure assessment"; Elliot, Manning and Ford 2002, "A computational algorithm for handling
the special uniques problem"; Skinner and Elliot 2002, "A measure of disclosure risk for
microdata".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import accumulate

import numpy as np

from clearance.errors import PlanError
from clearance.microdata.grouping import Booleans, Ints, combined
from clearance.microdata.risks.individual import Floats

MOST_SETS = 2**16  # sets of attributes: all of 16
MOST_CELLS = 2**27  # sets times rows that are looked at unless more is asked for
MOST_ATTRIBUTES = 62  # bits of a set


@dataclass(frozen=True, eq=False, kw_only=True)
class Suda:
    """Scores and minimal sample uniques.

    ``score``: one per row, 0 where it has no MSU. ``sets``: how many rows have each MSU, by
    the numbers of its attributes, in lexicographic order. ``max_size``: of the MSUs that
    were looked for; below the number of ``attributes`` the scores are lower bounds.
    """

    score: Floats
    sets: Mapping[tuple[int, ...], int]
    max_size: int
    attributes: int

    @property
    def complete(self) -> bool:
        """Whether MSUs of every size were looked for."""
        return self.max_size >= self.attributes


def msu_score(size: int, attributes: int) -> float:
    """What an MSU adds to a record's score: the product of (m - i) for i from k to m - 1.

    That is (m-k)!, the number of ways to reach all m attributes by adding one at a time.
    """
    return float(math.factorial(attributes - size))


def searched_size(attributes: int, rows: int, max_size: int | None = None) -> int:
    """The largest MSU that is looked for: ``max_size``, or what about a second allows.

    PlanError where ``max_size`` is less than 1 or means more than `MOST_SETS` sets.
    """
    if attributes > MOST_ATTRIBUTES:
        raise PlanError(f"SUDA takes at most {MOST_ATTRIBUTES} columns, not {attributes}")
    if max_size is None:
        return _affordable(attributes, min(MOST_SETS, max(MOST_CELLS // max(rows, 1), attributes)))
    if max_size < 1:
        raise PlanError("SUDA needs a max_size of 1 or more")
    largest = _affordable(attributes, MOST_SETS)
    if min(max_size, attributes) > largest:
        raise PlanError(
            f"SUDA over {attributes} columns can look for at most {largest} together: "
            "ask for a smaller max_size, or for fewer columns"
        )
    return min(max_size, attributes)


def _affordable(attributes: int, most: int) -> int:
    """The largest size up to which there are at most ``most`` sets of attributes."""
    sets = accumulate(math.comb(attributes, size) for size in range(1, attributes + 1))
    return sum(each <= most for each in sets)


def suda(codes: Ints, owner: Ints, units: Ints, *, max_size: int | None = None) -> Suda:
    """Scores of rows by all their minimal sample uniques.

    ``codes``: shape (attributes, rows), numbers from 0, which is a missing value: that is
    never unique and matches no other value. ``owner``: for each row whose it is, numbers
    from 0. ``units``: how many units each owner stands for. Unique is what only rows of one
    owner share who stands for one unit; where records are units, an owner is a distinct
    combination and ``units`` are its records.
    ``max_size``: of MSUs; without it, all sizes that `searched_size` finds affordable.
    """
    from clearance.microdata.risks import suda_kernels

    attributes, rows = codes.shape
    largest = searched_size(attributes, rows, max_size)
    alone = units[owner] == 1
    search = suda_kernels.Search(
        columns=[np.ascontiguousarray(column, dtype=np.int32) for column in codes],
        owner=owner,
        alone=alone,
        unique=alone & _unique(codes, owner),
        weights=[msu_score(size, attributes) for size in range(1, largest + 1)],
    )
    search.below(np.arange(rows, dtype=np.int32), np.array([0, rows], dtype=np.int64), ())
    return Suda(
        score=search.score,
        sets=dict(sorted(search.sets.items())),
        max_size=largest,
        attributes=attributes,
    )


def _unique(codes: Ints, owner: Ints) -> Booleans:
    """The rows whose combination over all attributes one owner has alone."""
    sizes = [int(column.max(initial=0)) + 1 for column in codes]
    columns = [column.astype(np.int64) for column in codes]
    _, first, key = np.unique(
        combined(columns, sizes, length=len(owner)), return_index=True, return_inverse=True
    )
    shared = np.zeros(len(first), dtype=bool)
    shared[key[owner != owner[first][key]]] = True
    unique: Booleans = ~shared[key]
    return unique


def file_dis(uniques: int, pairs: int, sampling_share: float) -> float:
    """DIS: the probability that a match with a sample unique is right (0 to 1).

    ``pairs``: classes of exactly two units; ``sampling_share``: of the population that the
    file holds (0 to 1). theta = pi u / (pi u + 2 (1 - pi) p); 0 of no unique.
    """
    if not uniques:
        return 0.0
    found = sampling_share * uniques
    return found / (found + 2 * (1 - sampling_share) * pairs)


def dis_scores(score: Floats, dis: float, attributes: int) -> Floats:
    """DIS-SUDA: the file's ``dis`` spread over the rows by their scores (0 to 1 each).

    A row's odds are those of ``dis`` times s^q over the harmonic mean of all s^q, with
    q = 1 + (8 - m) / 20 for m attributes. Rows without a score have 0.
    Source: Elliot and Manning 2003, as computed by sdcMicro's ``suda2``.
    """
    spread = np.zeros(len(score))
    scored = score > 0
    if not scored.any() or dis == 0:
        return spread
    power = (score[scored] / score[scored].max()) ** (1 + (8 - attributes) / 20)
    harmonic = scored.sum() / float(np.sort(1 / power).sum())
    spread[scored] = dis * power / (dis * power + (1 - dis) * harmonic)
    return spread
