"""How many units are unique in the population, estimated from the file alone.

No estimator is good everywhere, so the decision rule of Dankar et al. chooses: Pitman's
where at most a tenth of the population is in the file, else the lower of Zayatz's and the
slide negative binomial's.
Source: Dankar, El Emam, Neisa and Roffey 2012, "Estimating the re-identification risk of
clinical data sets", BMC Medical Informatics and Decision Making 12:66.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from clearance.errors import InputError
from clearance.microdata.grouping import Ints
from clearance.microdata.risks.individual import Floats

SMALL_SAMPLE = 0.1  # share of the population
GOLDEN = (math.sqrt(5) - 1) / 2
STEPS = 48  # of a search by golden sections: the interval shrinks to 1e-10 of itself
LARGEST_LOG_THETA = 45.0
GRID = 400  # points among which the slide negative binomial's root is looked for
BISECTIONS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class UniquesEstimate:
    """``count`` of units unique in the population; ``estimator`` that gave it."""

    count: float
    estimator: str


def estimated_uniques(units: Ints, population: int) -> UniquesEstimate:
    """How many units of the population are alone with their combination.

    ``units``: size of each class of the file; ``population``: units of the population, at
    least those of the file (`InputError`), of which the file is taken as a random sample.
    """
    sample = int(units.sum())
    if population < sample:
        raise InputError(
            f"a population of {population} units is smaller than the file with {sample}: "
            "give the size of the population, or weights that add up to it"
        )
    uniques = int((units == 1).sum())
    if uniques == 0 or population == sample:
        return UniquesEstimate(count=float(uniques), estimator="count")
    if sample <= SMALL_SAMPLE * population:
        return UniquesEstimate(count=pitman(units, population), estimator="Pitman")
    by_zayatz = zayatz(units, population)
    by_slide = slide_negative_binomial(units, population)
    if by_slide is None or by_zayatz < by_slide:
        return UniquesEstimate(count=by_zayatz, estimator="Zayatz")
    return UniquesEstimate(count=by_slide, estimator="slide negative binomial")


def zayatz(units: Ints, population: int) -> float:
    """Sample uniques times P(F=1 | f=1), scaled up to the population.

    F is distributed as the file's class sizes are, and f given F is hypergeometric.
    Source: Zayatz 1991, "Estimation of the percent of unique population elements".
    """
    sizes, classes = np.unique(units, return_counts=True)
    sample = int(units.sum())
    chance = np.array([_drawn_once(int(size), sample, population) for size in sizes])
    shares = classes * chance
    if sizes[0] != 1:
        return 0.0
    return float(classes[0] * shares[0] / shares.sum() * population / sample)


def _drawn_once(size: int, sample: int, population: int) -> float:
    """The probability that a sample holds exactly one of a class of ``size`` units."""
    rest = population - size
    if rest < sample - 1:
        return 0.0
    logarithm = math.log(size) + _log_binomial(rest, sample - 1) - _log_binomial(population, sample)
    return math.exp(logarithm)


def _log_binomial(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def pitman(units: Ints, population: int) -> float:
    """The expected uniques of the population under Pitman's sampling formula.

    Its two parameters are those of greatest likelihood. All units of the file unique means
    that all of the population are.
    Source: Hoshino 2001, "Applying Pitman's sampling formula to microdata disclosure risk
    assessment"; Pitman 1995, "Exchangeable and partially exchangeable random partitions".
    """
    sizes, classes = np.unique(units, return_counts=True)
    if sizes[-1] == 1:
        return float(population)
    alpha, theta = _most_likely(sizes, classes)
    logarithm = (
        math.lgamma(theta + alpha + population - 1)
        - math.lgamma(theta + alpha)
        - math.lgamma(theta + population)
        + math.lgamma(theta + 1)
    )
    return population * math.exp(min(logarithm, 0.0))


def _most_likely(sizes: Ints, classes: Ints) -> tuple[float, float]:
    """Alpha (0 to 1) and theta (above 0) of greatest likelihood, one search in the other."""

    def best_theta(alpha: float) -> float:
        def of_theta(log_theta: float) -> float:
            return _log_likelihood(sizes, classes, alpha, math.exp(log_theta))

        return _highest(of_theta, -LARGEST_LOG_THETA / 3, LARGEST_LOG_THETA / 2)

    def of_alpha(alpha: float) -> float:
        return _log_likelihood(sizes, classes, alpha, math.exp(best_theta(alpha)))

    alpha = _highest(of_alpha, 1e-6, 1 - 1e-6)
    return alpha, math.exp(best_theta(alpha))


def _log_likelihood(sizes: Ints, classes: Ints, alpha: float, theta: float) -> float:
    """Of the file's class sizes, but for a constant."""
    number, sample = int(classes.sum()), int((sizes * classes).sum())
    opened = (number - 1) * math.log(alpha)
    opened += math.lgamma(theta / alpha + number) - math.lgamma(theta / alpha + 1)
    drawn = math.lgamma(theta + sample) - math.lgamma(theta + 1)
    grown = math.fsum(
        count * (math.lgamma(size - alpha) - math.lgamma(1 - alpha))
        for size, count in zip(sizes.tolist(), classes.tolist(), strict=True)
    )
    return opened - drawn + grown


def _highest(function: Callable[[float], float], low: float, high: float) -> float:
    """Where a function with one maximum between ``low`` and ``high`` has it."""
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_left, at_right = function(left), function(right)
    for _ in range(STEPS):
        if at_left < at_right:
            low, left, at_left = left, right, at_right
            right = low + GOLDEN * (high - low)
            at_right = function(right)
        else:
            high, right, at_right = right, left, at_left
            left = high - GOLDEN * (high - low)
            at_left = function(left)
    return (low + high) / 2


def slide_negative_binomial(units: Ints, population: int) -> float | None:
    """Uniques where F - 1 of each class is negative binomial; None where no such one fits.

    The parameters are those that give the file's number of classes and of uniques, and the
    population's size, as expected under Bernoulli sampling.
    Source: Chen and Keller-McNulty 1998, "Estimation of identification disclosure risk in
    microdata", Journal of Official Statistics 14.
    """
    sample, uniques = int(units.sum()), int((units == 1).sum())
    if population == sample:
        return float(uniques)
    share = sample / population
    # a: mean of F - 1. F = 1 + X has P(f=0) = (1-pi) B with B = (1 + m pi)^-alpha, m = a/alpha.
    low, high = max(sample / len(units) - 1, 0.0), population / len(units) - 1
    means = np.linspace(low, high, GRID + 2)[1:-1]
    found = np.array([_misfit(a, share, len(units), uniques, population)[0] for a in means])
    crossing = np.flatnonzero(np.diff(np.sign(found)) != 0)
    crossing = crossing[np.isfinite(found[crossing]) & np.isfinite(found[crossing + 1])]
    if not len(crossing):
        return None
    at = _root(
        lambda a: _misfit(a, share, len(units), uniques, population)[0],
        float(means[crossing[0]]),
        float(means[crossing[0] + 1]),
    )
    _, spread = _misfit(at, share, len(units), uniques, population)
    classes = population / (1 + at)
    return min(classes * math.exp(-at / spread * math.log1p(spread)), float(population))


def _misfit(
    mean: float, share: float, classes: int, uniques: int, population: int
) -> tuple[float, float]:
    """How far log B is from what its parameters say, and m; NaN where nothing can fit."""
    unseen = (1 - classes * (1 + mean) / population) / (1 - share)  # B
    once = uniques * (1 + mean) / (population * share) - unseen
    if unseen <= 0 or once <= 0:
        return math.nan, math.nan
    growth = (1 - share) * mean * unseen / once  # 1 + m pi
    if growth <= 1:
        return math.nan, math.nan
    spread = (growth - 1) / share
    return math.log(unseen) + mean / spread * math.log(growth), spread


def _root(function: Callable[[float], float], low: float, high: float) -> float:
    sign = function(low)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        if (function(middle) > 0) == (sign > 0):
            low = middle
        else:
            high = middle
    return (low + high) / 2


def size_of_population(weights: Floats, sample: int) -> int:
    """What survey weights add up to, and no less than the file itself."""
    return max(round(float(np.sort(weights).sum())), sample)
