"""The post-randomisation method: categories drawn anew by a matrix that keeps their shares."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from clearance.errors import DisclosureRiskError
from clearance.microdata.perturbation.draws import Floats, uniforms

Ints = npt.NDArray[np.int64]

MOST_CATEGORIES = 500  # each move draws once for every category


def invariant_matrix(shares: Floats, stay: float) -> Floats:
    """R with t R = t for the ``shares`` t: a category stays, or is drawn from the shares.

    ``R = stay I + (1 - stay) 1 t'``, so that the expected shares after PRAM are the shares
    before it. It is the correction P Q, with Q the matrix that leads back from P, of
    the matrix P that is built alike with the square root of ``stay``.
    Source: Gouweleeuw, Kooiman, Willenborg and de Wolf (1998), "Post randomisation for
    statistical disclosure control: theory and implementation".
    """
    return np.asarray(stay * np.eye(len(shares)) + (1 - stay) * shares[None, :])


def post_randomised(
    key: bytes, parts: Sequence[Sequence[str]], records: Ints, stay: float
) -> list[str]:
    """The values (the last of ``parts``, none missing), some of them drawn anew.

    ``parts``: what names each draw. ``records``: how often each row stands in the file; the
    shares are of records. A target is drawn by weighted rendezvous: each category has a
    draw of its own for each row, so that shares that move a little move few targets.
    DisclosureRiskError for a single category, or more than `MOST_CATEGORIES`.
    """
    values = np.array(parts[-1], dtype=object)
    categories, codes = np.unique(values, return_inverse=True)
    if not 2 <= len(categories) <= MOST_CATEGORIES:
        raise DisclosureRiskError(
            f"pram needs 2 to {MOST_CATEGORIES} categories and found {len(categories)}; "
            f"recode the variable in the source, or publish it as it is"
        )
    shares = np.bincount(codes, weights=records) / records.sum()
    matrix = invariant_matrix(shares, stay)
    leaves = uniforms(key, "pram", parts)[:, 0] >= np.diag(matrix)[codes]
    leaving = [[part[row] for row in np.flatnonzero(leaves).tolist()] for part in parts]
    published = np.array(codes)
    published[leaves] = _targets(key, leaving, categories.tolist(), matrix, codes[leaves])
    return [str(each) for each in categories[published]]


def _targets(
    key: bytes,
    parts: Sequence[Sequence[str]],
    categories: Sequence[str],
    matrix: Floats,
    codes: Ints,
) -> Ints:
    """For each row another category than its own, with the chances of its row of ``matrix``."""
    best = np.full(len(codes), np.inf)
    target = np.array(codes)
    for number, category in enumerate(categories):
        draws = uniforms(key, "pram target", [*parts, [category] * len(codes)])[:, 0]
        score = -np.log(draws) / matrix[codes, number]
        better = (codes != number) & (score < best)
        best[better], target[better] = score[better], number
    return target
