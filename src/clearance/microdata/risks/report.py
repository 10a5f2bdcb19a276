"""What a reviewer wants to know of the risk, before and after protection."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from clearance.microdata.classes import Classes, classes_of
from clearance.microdata.decision import Decision
from clearance.microdata.grouping import Booleans, Ints, numbered
from clearance.microdata.histogram import Histogram
from clearance.microdata.risks.drivers import Drivers, drivers
from clearance.microdata.risks.household import household_risk
from clearance.microdata.risks.individual import (
    Floats,
    expected_re_identifications,
    individual_risk,
)
from clearance.microdata.risks.population import (
    UniquesEstimate,
    estimated_uniques,
    size_of_population,
)
from clearance.microdata.risks.re_identification import (
    average_journalist_risk,
    average_prosecutor_risk,
    highest_journalist_risk,
    highest_prosecutor_risk,
    marketer_risk,
    population_uniques,
    sample_uniques,
)
from clearance.microdata.risks.shown import Shown, class_of_profile, published, source
from clearance.microdata.risks.suda import file_dis, suda


@dataclass(frozen=True, slots=True, kw_only=True)
class OfPopulation:
    """Risk against a population table. ``uniques``: of the file and alone there as well."""

    average_journalist: float
    highest_journalist: float
    uniques: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OfWeights:
    """Risk from survey weights.

    ``expected``: units that are expected to be re-identified. ``uniques``: estimated, in the
    whole population.
    """

    highest: float
    expected: float
    uniques: UniquesEstimate


@dataclass(frozen=True, slots=True, kw_only=True)
class OfHouseholds:
    """That at least one member is found, over all units of the ``kind``."""

    kind: str
    average: float
    highest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskReport:
    """The risk of one file. Shares and probabilities are 0 to 1; for reviewers only.

    ``highest_prosecutor`` counts in units of the scarcest kind, all else in units.
    ``file_dis``: the chance that a match with a sample unique is right (Skinner and Elliot).
    What the data do not allow (no population, no weights, no households) is None or empty.
    """

    units: int
    classes: int
    sample_uniques: int
    average_prosecutor: float
    highest_prosecutor: float
    marketer: float
    file_dis: float
    drivers: Drivers
    population: OfPopulation | None
    weights: OfWeights | None
    households: tuple[OfHouseholds, ...]

    @property
    def unique_share(self) -> float:
        return self.sample_uniques / self.units if self.units else 0.0


def risk_report(
    histogram: Histogram,
    decision: Decision | None = None,
    *,
    weights: Floats | None = None,
    max_size: int | None = None,
) -> RiskReport:
    """The risk of the records as they are, or as ``decision`` publishes them.

    Classes are those of units whose records show the same, as often; a blank ("*") and a
    missing value are categories of their own, which never makes a class larger than what
    an intruder can tell apart. Weighted risk is from ``weights``: for each profile of the
    histogram the sum of its units' survey weights. ``max_size``: of SUDA's MSUs.
    """
    shown = source(histogram) if decision is None else published(histogram, decision)
    of_profile = class_of_profile(histogram, shown)
    classes = classes_of(
        histogram, of_profile, None if histogram.population is None else shown.text
    )
    kept = np.zeros(len(classes.units), dtype=bool)
    kept[of_profile[shown.kept]] = True
    units = classes.units[kept]
    size = _population_size(histogram, weights)
    individual = _individual(classes, kept, weights)
    population = None if classes.population is None else classes.population[kept]
    uniques, pairs = sample_uniques(units), int((units == 2).sum())
    return RiskReport(
        units=int(units.sum()),
        classes=len(units),
        sample_uniques=uniques,
        average_prosecutor=average_prosecutor_risk(units),
        highest_prosecutor=highest_prosecutor_risk(classes.strictest[kept]),
        marketer=marketer_risk(units, population),
        file_dis=file_dis(uniques, pairs, min(int(units.sum()) / size, 1.0)),
        drivers=_drivers(histogram, shown, max_size),
        population=None if population is None else _of_population(units, population),
        weights=None if individual is None else _of_weights(units, individual[kept], size),
        households=tuple(_of_households(histogram, classes, shown, individual)),
    )


def _population_size(histogram: Histogram, weights: Floats | None) -> int:
    """Units of the population: of its table, else what weights add up to, else the file's."""
    if histogram.population is not None:
        return max(int(histogram.population.units.sum()), histogram.units)
    return histogram.units if weights is None else size_of_population(weights, histogram.units)


def _individual(classes: Classes, kept: Booleans, weights: Floats | None) -> Floats | None:
    """For each class its individual risk; 0 for those that are not shown."""
    if weights is None:
        return None
    summed = np.bincount(classes.of_profile, weights=weights, minlength=len(kept)).astype(
        np.float64
    )
    risk = np.zeros(len(kept))
    risk[kept] = individual_risk(classes.units[kept], summed[kept])
    return risk


def _drivers(histogram: Histogram, shown: Shown, max_size: int | None) -> Drivers:
    profiles = histogram.profiles
    rows = np.flatnonzero(shown.kept[profiles.entry_profile])
    text = shown.text if shown.kept.all() else shown.text[:, rows]
    found = suda(text, profiles.entry_profile[rows], profiles.units, max_size=max_size)
    return drivers(found, histogram.variables)


def _of_population(units: Ints, population: Ints) -> OfPopulation:
    return OfPopulation(
        average_journalist=average_journalist_risk(units, population),
        highest_journalist=highest_journalist_risk(units, population),
        uniques=population_uniques(units, population),
    )


def _of_weights(units: Ints, risk: Floats, size: int) -> OfWeights:
    return OfWeights(
        highest=float(risk.max(initial=0.0)),
        expected=expected_re_identifications(units, risk),
        uniques=estimated_uniques(units, size),
    )


def _of_households(
    histogram: Histogram, classes: Classes, shown: Shown, individual: Floats | None
) -> Iterator[OfHouseholds]:
    """From the individual risks, or from 1/f where there are no weights."""
    risk = 1 / classes.units if individual is None else individual
    for kind, held in histogram.holders.items():
        rows = shown.kept[held.profile]
        member = classes.of_profile[held.profile[rows]]
        each = household_risk(numbered(held.value[rows]), risk[member], held.units[rows])
        yield OfHouseholds(
            kind=kind,
            average=float(np.sort(each).mean()) if len(each) else 0.0,
            highest=float(each.max(initial=0.0)),
        )
