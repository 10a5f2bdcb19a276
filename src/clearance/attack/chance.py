"""How likely a number of successes is by chance, trials having chances of their own."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

MOST_EXACT_TRIALS = 2000


def tail(chances: npt.NDArray[np.float64], successes: int) -> float:
    """The probability of at least ``successes`` (Poisson-binomial).

    Exact up to `MOST_EXACT_TRIALS` trials; Chernoff's bound, which is never smaller, above.
    """
    if successes <= 0:
        return 1.0
    if len(chances) > MOST_EXACT_TRIALS:
        return _chernoff(float(chances.sum()), successes)
    distribution = np.zeros(len(chances) + 1)
    distribution[0] = 1.0
    for trial, chance in enumerate(chances.tolist(), start=1):
        distribution[1 : trial + 1] = (
            distribution[1 : trial + 1] * (1 - chance) + distribution[:trial] * chance
        )
        distribution[0] *= 1 - chance
    return min(1.0, float(distribution[successes:].sum()))


def _chernoff(expected: float, successes: int) -> float:
    if successes <= expected:
        return 1.0
    if expected == 0:
        return 0.0
    return math.exp(successes - expected - successes * math.log(successes / expected))
