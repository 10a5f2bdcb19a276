"""Records whose generalised value another published column gives away (THREATS 3).

A column *determines* a generalised one if the leaf follows from its value together with the
published label. That some values do so is normal: two people who share a value may share a
leaf by chance, and attributes are correlated. What must not be is that the leaf is a
*function* of the column: a birth year beside an age group, a postcode beside a region, a
number per year of marriage beside the years of marriage. So three kinds of function are
looked for, each a series of trials that would rarely succeed if the column and the leaf were
unrelated within a label:

* same value: all units of one label and one value share the leaf. By chance: the sum over
  the label's leaves of (share of the leaf) to the power of the units;
* order: where a label's values are sorted, those of each leaf are in one piece. By chance:
  the number of orders in which they are, among all orders;
* ratio: value times leaf is a whole number, for the true leaf and no other one of the label.
  By chance: the share of that leaf.

A column determines another if the successes are improbable (`IMPROBABLE`) *and* are
`FUNCTIONAL_SHARE` of those that chance leaves to explain; both, because in large files every
correlation is improbable. The second limit is measured: in the Adult census sample the
natural correlations at all recodings of all pairs reach 0.14 (occupation and kind of
employer); real functions lie at 0.7 to 1, also in samples of 200 records. Where every trial
succeeds, `IMPROBABLE_WHOLE` is enough, so that ten to twenty records can show a function.

What this cannot see: a function none of whose values recurs and which is neither monotone
nor a ratio; a function of several columns together; a leaf that few values give away
(improbable, but below the share), which the attack reports as a warning instead.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from math import exp, lgamma
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from clearance.attack.chance import tail
from clearance.attack.coded import number
from clearance.hierarchy import MISSING

IMPROBABLE = 1e-3
IMPROBABLE_WHOLE = 1e-2
FUNCTIONAL_SHARE = 0.25
FEWEST_WHOLE = 3
WHOLE = Decimal("0.05")  # a product this near to a whole number may be one


@dataclass(frozen=True, slots=True)
class Trial:
    """``records`` would be given away; ``chance`` that they are if nothing is related."""

    chance: float
    success: bool
    records: int


@dataclass(frozen=True, slots=True)
class Determined:
    """``records`` whose leaf is given away; ``function``: systematically, not by correlation."""

    records: int
    function: bool


def determined(pairs: pd.DataFrame) -> Determined:
    """What one column gives away of a generalised one.

    ``pairs``: one row per distinct ``label`` and ``leaf`` of the generalised column and
    ``value`` of the other one, as published, with ``units``. Only labels that cover several
    of the leaves that occur can give anything away.
    """
    leaves = pairs.groupby("label")["leaf"].transform("nunique")
    covered = pairs[leaves > 1]
    views = (list(_same_value(covered)), list(_order(covered)), list(_ratio(covered)))
    verdicts = [_judged(trials) for trials in views]
    return max(verdicts, key=lambda each: (each.function, each.records))


def _judged(trials: list[Trial]) -> Determined:
    successes = sum(trial.success for trial in trials)
    if not successes:
        return Determined(0, function=False)
    chances = np.array([trial.chance for trial in trials])
    probability, expected = tail(chances, successes), float(chances.sum())
    whole = successes == len(trials) >= FEWEST_WHOLE and probability < IMPROBABLE_WHOLE
    share = (successes - expected) / max(len(trials) - expected, 1e-12)
    records = sum(trial.records for trial in trials if trial.success)
    function = whole or (probability < IMPROBABLE and share >= FUNCTIONAL_SHARE)
    return Determined(records if probability < IMPROBABLE or whole else 0, function=function)


def _shares(covered: pd.DataFrame) -> dict[str, dict[str, float]]:
    """For each label the share of each of its leaves among its units."""
    counts = covered.groupby(["label", "leaf"])["units"].sum()
    shares = counts / counts.groupby(level="label").transform("sum")
    found: dict[str, dict[str, float]] = {}
    labels, leaves = shares.index.get_level_values(0), shares.index.get_level_values(1)
    for label, leaf, share in zip(labels, leaves, shares.tolist(), strict=True):
        found.setdefault(str(label), {})[str(leaf)] = share
    return found


def _same_value(covered: pd.DataFrame) -> Iterator[Trial]:
    shares = {label: np.array([*each.values()]) for label, each in _shares(covered).items()}
    groups = covered.groupby(["label", "value"], sort=False)
    sizes = groups.agg(units=("units", "sum"), leaves=("leaf", "nunique")).reset_index()
    large = sizes[sizes["units"] > 1]
    for label, units, found in zip(
        large["label"].tolist(), large["units"].tolist(), large["leaves"].tolist(), strict=True
    ):
        yield Trial(float((shares[label] ** units).sum()), found == 1, units)


def _order(covered: pd.DataFrame) -> Iterator[Trial]:
    """One trial per label; a leaf with a single value is in one piece anyway and left out."""
    present = covered[covered["value"] != MISSING]
    values = present.groupby(["label", "leaf"])["value"].transform("nunique")
    for _, label in present[values > 1].groupby("label", sort=False):
        counts = np.asarray(label.groupby("leaf")["value"].nunique(), dtype=np.int64)
        if len(counts) > 1:
            pure = not label["value"].duplicated().any()
            pieces = _pieces(label) if pure else 0
            yield Trial(_chance_of_order(counts), pieces == len(counts), int(label["units"].sum()))


def _pieces(label: pd.DataFrame) -> int:
    """Runs of the same leaf, the values sorted as numbers if all are, else as text."""
    values = label["value"].tolist()
    numbers = [found for value in values if (found := number(value)) is not None]
    keys: list[Any] = numbers if len(numbers) == len(values) else values
    order = sorted(range(len(values)), key=lambda row: keys[row])
    leaves = label["leaf"].to_numpy()[order]
    return 1 + int((leaves[1:] != leaves[:-1]).sum())


def _chance_of_order(counts: npt.NDArray[np.int64]) -> float:
    """That values of ``counts`` by leaf, in random order, lie in one piece for each leaf."""
    pieces = lgamma(len(counts) + 1) + sum(lgamma(int(count) + 1) for count in counts)
    return min(1.0, exp(pieces - lgamma(int(counts.sum()) + 1)))


def _ratio(covered: pd.DataFrame) -> Iterator[Trial]:
    shares = _shares(covered)
    leaves = {
        label: {leaf: found for leaf in each if (found := number(leaf)) is not None}
        for label, each in shares.items()
    }
    columns = (covered[name].tolist() for name in ("label", "leaf", "value", "units"))
    for label, leaf, value, units in zip(*columns, strict=True):
        ratio, candidates = number(value), leaves[label]
        if ratio is None or ratio == ratio.to_integral_value() or not candidates:
            continue
        fitting = [each for each, size in candidates.items() if _whole_product(ratio, size)]
        chance = shares[label][fitting[0]] if len(fitting) == 1 else 0.0
        yield Trial(chance, fitting == [leaf], units)


def _whole_product(ratio: Decimal, leaf: Decimal) -> bool:
    """Whether the ratio may be a whole number divided by the leaf, as far as its digits say."""
    digits = -int(ratio.as_tuple().exponent)
    error = abs(leaf) * Decimal(1).scaleb(-digits)
    product = ratio * leaf
    return error <= WHOLE and abs(product - product.to_integral_value()) <= error
