"""One perturbation applied to the distinct pairs of unit and value that it concerns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from clearance.errors import DisclosureRiskError, InputError
from clearance.hierarchy import MISSING
from clearance.microdata.perturbation.digits import numbers, written
from clearance.microdata.perturbation.draws import Floats, normals, uniforms
from clearance.microdata.perturbation.microaggregation import centroids, groups_of
from clearance.microdata.perturbation.noise import (
    add_correlated_noise,
    add_noise,
    noise_factor,
    step,
)
from clearance.microdata.perturbation.pram import post_randomised
from clearance.microdata.perturbation.rank_swapping import swap_ranks
from clearance.plan import (
    Microaggregation,
    Noise,
    PerturbationMethod,
    PostRandomisation,
    RankSwapping,
)

Ints = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]
Published = Mapping[str, Sequence[str]]


@dataclass(frozen=True, eq=False, kw_only=True)
class _Entries:
    """Distinct units with their values, sorted. ``of``: the column that names the units."""

    of: str
    units: list[str]
    values: Mapping[str, list[str]]
    records: Ints
    key: bytes

    def draws_for(self, variable: str) -> list[list[str]]:
        """What names a draw: the kind of unit, the unit, the variable and its value."""
        count = len(self.units)
        return [[self.of] * count, self.units, [variable] * count, self.values[variable]]

    def matrix(self) -> Floats:
        """The values as numbers, shape (entries, variables); missing is NaN."""
        return np.column_stack([numbers(values) for values in self.values.values()])


def perturbed(
    frame: pd.DataFrame,
    method: PerturbationMethod,
    *,
    of: str,
    decimals: Mapping[str, int],
    key: bytes,
) -> pd.DataFrame:
    """The values to publish: the variables' columns, aligned with ``frame``.

    ``frame``: text columns ``of`` and the variables, and ``records``, distinct, in any order.
    ``decimals``: of the published values, by variable; zero for integers. Missing values stay,
    zeros as well where numbers are changed. ``key`` belongs to the dataset, for good.
    The same unit, variable and value are published alike whenever noise or PRAM is asked
    again, also with other records beside them; microaggregation and rank swapping
    depend on all values, and are the same for the same data.
    InputError where a unit is missing; DisclosureRiskError where a method cannot protect.
    """
    variables = [str(name) for name in frame.columns if name not in (of, "records")]
    text = pd.DataFrame({name: frame[name].astype(object) for name in (of, *variables)})
    ordered = text.assign(records=frame["records"]).sort_values([of, *variables], kind="stable")
    _refuse_missing(ordered, of)
    entries = _Entries(
        of=of,
        units=ordered[of].tolist(),
        values={name: ordered[name].tolist() for name in variables},
        records=ordered["records"].to_numpy(np.int64),
        key=key,
    )
    published = _published(entries, method, decimals)
    made = pd.DataFrame(published, index=ordered.index, columns=variables, dtype=object)
    return made.loc[frame.index]


def _refuse_missing(frame: pd.DataFrame, of: str) -> None:
    without = int(frame["records"][frame[of] == MISSING].sum())
    if without:
        raise InputError(
            f"{of}: {without} records without what keys their perturbation; complete the source, "
            f"or leave these records out of it"
        )


def _published(
    entries: _Entries, method: PerturbationMethod, decimals: Mapping[str, int]
) -> Published:
    match method:
        case PostRandomisation():
            return {name: _randomised(entries, name, method) for name in entries.values}
        case RankSwapping():
            return {name: _swapped(entries, name, method) for name in entries.values}
        case Microaggregation():
            changed = _aggregated(entries, method)
        case Noise():
            changed = _together(entries, method) if method.together else _noisy(entries, method)
    return {
        name: written(column, decimals[name], variable=name)
        for name, column in zip(entries.values, changed.T, strict=True)
    }


# ---------------------------------------------------------------- noise


def _noisy(entries: _Entries, method: Noise) -> Floats:
    """The single variable with noise of its own."""
    (name,) = entries.values
    values = entries.matrix()[:, 0]
    sd = float(method.sd) if method.sd is not None else _share_of_sd(values, method)
    drawn = normals(entries.key, f"noise {sd!r}", entries.draws_for(name))
    return add_noise(values, drawn, sd)[:, None]


def _share_of_sd(values: Floats, method: Noise) -> float:
    known = values[~np.isnan(values)]
    return step(float(method.sd_share or 0) * float(known.std())) if len(known) else 0.0


def _together(entries: _Entries, method: Noise) -> Floats:
    """Correlated noise for units with a value other than zero in every variable.

    The others have noise of the same covariance, and their missing values and zeros stay.
    """
    values = entries.matrix()
    whole = ((values != 0) & ~np.isnan(values)).all(axis=1)
    if not whole.any():
        raise DisclosureRiskError(
            f"{', '.join(entries.values)}: no unit has a value in all of them, as correlated noise "
            f"needs; give each variable its own"
        )
    factor = noise_factor(values[whole], float(method.sd_share or 0))
    scale = ",".join(f"{each:.4g}" for each in factor.ravel())
    drawn = np.column_stack(
        [normals(entries.key, f"noise {scale}", entries.draws_for(name)) for name in entries.values]
    )
    noisy = np.where(values == 0, 0.0, values + drawn @ factor.T)
    noisy[whole] = add_correlated_noise(values[whole], drawn[whole], factor)
    return np.asarray(noisy)


# ---------------------------------------------------------------- groups, ranks, categories


def _aggregated(entries: _Entries, method: Microaggregation) -> Floats:
    """Group means over the variables that a unit has, within the units that have the same ones."""
    if len(set(entries.units)) < len(entries.units):
        several = len(entries.units) - len(set(entries.units))
        raise DisclosureRiskError(
            f"{', '.join(entries.values)}: {several} times a unit of {entries.of} has one more "
            f"value; microaggregation needs one value per unit, noise does not"
        )
    names = [",".join(entries.values)] * len(entries.units)
    by_chance = np.argsort(
        uniforms(entries.key, "microaggregation order", [names, entries.units])[:, 0]
    )
    values = entries.matrix()[by_chance]
    moved = (values != 0) & ~np.isnan(values)
    aggregated = values.copy()
    for pattern in np.unique(moved, axis=0):
        if pattern.any():
            cells = np.ix_((moved == pattern).all(axis=1), pattern)
            aggregated[cells] = centroids(values[cells], groups_of(values[cells], method.k))
    restored = np.empty_like(aggregated)
    restored[by_chance] = aggregated
    return restored


def _swapped(entries: _Entries, name: str, method: RankSwapping) -> list[str]:
    texts = entries.values[name]
    values = numbers(texts)
    chosen = np.flatnonzero((values != 0) & ~np.isnan(values))
    draws = uniforms(entries.key, "rank swap", entries.draws_for(name), count=2)
    partner = np.arange(len(texts))
    partner[chosen] = chosen[swap_ranks(values[chosen], draws[chosen], method.percent)]
    return [texts[position] for position in partner.tolist()]


def _randomised(entries: _Entries, name: str, method: PostRandomisation) -> list[str]:
    texts = np.array(entries.values[name], dtype=object)
    known = texts != MISSING
    parts = [
        [each for each, kept in zip(part, known, strict=True) if kept]
        for part in entries.draws_for(name)
    ]
    texts[known] = post_randomised(entries.key, parts, entries.records[known], float(method.stay))
    return [str(each) for each in texts]
