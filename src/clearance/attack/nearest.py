"""Distance-based record linkage: whose nearest true neighbour is the unit itself."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

MOST_DISTANCES = 50_000_000  # in all; beyond it units are looked at evenly spaced
MOST_TOGETHER = 4_000_000  # at once, so that memory stays bounded


def linked(true: Floats, shown: Floats, classes: Ints) -> tuple[float, float, int]:
    """Units that an intruder links, those that he would by guessing, and all that he tried.

    ``true``, ``shown``: shape (units, variables), complete. He knows the true values and the
    class of everybody, and takes the nearest published unit to be each one's own record; of
    several equally near he takes one at random, which counts as its chance.
    Source: Domingo-Ferrer and Torra (2001), "A quantitative comparison of disclosure control
    methods for microdata".
    """
    spread = np.where(true.std(axis=0) > 0, true.std(axis=0), 1.0)
    true, shown = true / spread, shown / spread
    order = np.argsort(classes, kind="stable")
    sizes = np.bincount(classes)
    sizes = sizes[sizes > 0]
    every = max(1, int(np.square(sizes.astype(float)).sum() // MOST_DISTANCES))
    hits, guesses, tried = 0.0, 0.0, 0
    for members in np.split(order, np.cumsum(sizes)[:-1]):
        for chosen in _portions(members[::every], len(members)):
            hits += _hits(true[chosen], shown[members], shown[chosen])
            guesses += len(chosen) / len(members)
            tried += len(chosen)
    return hits, guesses, tried


def _portions(chosen: Ints, width: int) -> list[Ints]:
    parts = -(-len(chosen) * width // MOST_TOGETHER)
    return np.array_split(chosen, max(1, parts))


def _hits(true: Floats, shown: Floats, own: Floats) -> float:
    """The sum of the chances with which each of ``true`` is linked to its ``own`` record."""
    apart = np.zeros((len(true), len(shown)))
    for known, published in zip(true.T, shown.T, strict=True):
        apart += (known[:, None] - published[None, :]) ** 2
    nearest = apart.min(axis=1)
    to_own = np.zeros(len(true))
    for known, published in zip(true.T, own.T, strict=True):
        to_own += (known - published) ** 2
    return float(((to_own == nearest) / (apart == nearest[:, None]).sum(axis=1)).sum())
