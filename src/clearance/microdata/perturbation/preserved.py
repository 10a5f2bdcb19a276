"""Which statistics a perturbation preserved, and by how much: for reviewers only (THREATS 6)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from clearance.hierarchy import MISSING
from clearance.microdata.perturbation.digits import numbers
from clearance.microdata.perturbation.draws import Floats

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Change:
    """A statistic before and after."""

    before: float
    after: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Preserved:
    """What became of one variable, over all records of the source that hold a value.

    ``changed_share`` (0 to 1): records with another value than before.
    ``distribution_moved`` (0 to 1): half the sum of the absolute differences of the shares of
    its values; 0 where the marginal distribution is the same.
    ``total``, ``mean``, ``variance`` are None for categories. ``correlations``: with other
    variables, by name.
    """

    variable: str
    method: str
    records: int
    changed_share: float
    distribution_moved: float
    total: Change | None = None
    mean: Change | None = None
    variance: Change | None = None
    correlations: Mapping[str, Change] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        moments = {"total": self.total, "mean": self.mean, "variance": self.variance}
        return {
            "variable": self.variable,
            "method": self.method,
            "records": self.records,
            "changed_share": self.changed_share,
            "distribution_moved": self.distribution_moved,
            **{name: _pair(change) for name, change in moments.items() if change is not None},
            "correlations": {name: _pair(change) for name, change in self.correlations.items()},
        }


def preserved(
    variable: str,
    method: str,
    before: Sequence[str],
    after: Sequence[str],
    records: Ints,
    *,
    numeric: bool,
    correlations: Mapping[str, Change],
) -> Preserved:
    """``before`` and ``after``: aligned values, each ``records`` times; missing ones left out."""
    known = np.array([value != MISSING for value in before], dtype=np.bool_)
    old = [value for value in before if value != MISSING]
    new = [value for value, kept in zip(after, known, strict=True) if kept]
    weights = records[known]
    total = max(int(weights.sum()), 1)
    changed = np.array([a != b for a, b in zip(old, new, strict=True)], dtype=np.bool_)
    moments: dict[str, Change] = {}
    if numeric and old:
        first, second = _moments(numbers(old), weights), _moments(numbers(new), weights)
        moments = {name: Change(first[name], second[name]) for name in first}
    return Preserved(
        variable=variable,
        method=method,
        records=int(weights.sum()),
        changed_share=float(weights[changed].sum()) / total,
        distribution_moved=_moved(old, new, weights) / total,
        correlations=correlations,
        **moments,
    )


def correlation(frame: pd.DataFrame, first: str, second: str) -> float:
    """Pearson's, over the records of ``frame`` (text and ``records``) that hold both values.

    NaN where one of them does not vary.
    """
    pairs = np.column_stack([numbers(frame[first].tolist()), numbers(frame[second].tolist())])
    known = ~np.isnan(pairs).any(axis=1)
    weights = frame["records"].to_numpy(np.int64)[known]
    if len(weights) < 2 or (np.ptp(pairs[known], axis=0) == 0).any():
        return float("nan")
    covariance = np.cov(pairs[known].T, fweights=weights, bias=True)
    return float(covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1]))


def _moments(values: Floats, weights: Ints) -> dict[str, float]:
    """Over the records; the variance with their number as its divisor."""
    mean = float(np.average(values, weights=weights))
    return {
        "total": float((values * weights).sum()),
        "mean": mean,
        "variance": float(np.average((values - mean) ** 2, weights=weights)),
    }


def _moved(old: Sequence[str], new: Sequence[str], weights: Ints) -> float:
    """Half the sum of the absolute differences of the values' records."""
    values, codes = np.unique(np.array([*old, *new], dtype=object), return_inverse=True)
    before = np.bincount(codes[: len(old)], weights=weights, minlength=len(values))
    after = np.bincount(codes[len(old) :], weights=weights, minlength=len(values))
    return float(np.abs(before - after).sum()) / 2


def _pair(change: Change) -> dict[str, float | None]:
    """NaN, which JSON has no word for, as None."""
    return {
        name: None if np.isnan(number) else number
        for name, number in (("before", change.before), ("after", change.after))
    }
