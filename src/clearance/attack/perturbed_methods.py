"""Whether perturbed values differ from the true ones as the method of the plan makes them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from clearance.attack.coded import number
from clearance.attack.result import blocked
from clearance.findings import Finding
from clearance.hierarchy import MISSING
from clearance.plan import (
    Microaggregation,
    Noise,
    Perturbation,
    Plan,
    PostRandomisation,
    RankSwapping,
    ValueType,
    Variable,
)

Floats = npt.NDArray[np.float64]

MOST_UNCHANGED = 0.5  # of the values that noise or swapping should have changed
LEAST_NOISE = 0.5  # of the standard deviation that the plan asks for
ENOUGH_FOR_A_DEVIATION = 30  # units, below which chance alone may halve it


def check_method(
    plan: Plan,
    names: Sequence[str],
    perturb: Perturbation,
    pairs: pd.DataFrame,
    source: pd.DataFrame,
    where: str,
) -> Iterator[Finding]:
    """That ``pairs`` (as `paired` answers) differ as the plan's method makes them differ.

    ``source``: every distinct unit and value of the source, where ranks are counted.
    """
    method = perturb.method
    if isinstance(method, Microaggregation):
        yield from _small_groups(names, method, pairs, where)
    for name in names:
        variable = plan.variable(name)
        true, shown = pairs[name], pairs[f"shown {name}"]
        yield from _lost(true, shown, where)
        if isinstance(method, PostRandomisation):
            yield from _as_likely(true, shown, float(method.stay), where)
        elif not isinstance(method, Microaggregation):
            yield from _too_like(true, shown, where)
        if isinstance(method, Noise):
            yield from _too_little(as_numbers(true), as_numbers(shown), method, where)
        if isinstance(method, RankSwapping):
            yield from _too_far(true, shown, source[name], method, where)
        yield from _too_precise(variable, perturb, shown, where)


def _lost(true: pd.Series, shown: pd.Series, where: str) -> Iterator[Finding]:
    wrong = int(((true == MISSING) != (shown == MISSING)).sum())
    if wrong:
        yield blocked(
            "missing-perturbed",
            where,
            wrong,
            f"{wrong} values are missing on one side only; missing values stay as they are",
        )


def _too_like(true: pd.Series, shown: pd.Series, where: str) -> Iterator[Finding]:
    meant = ~true.isin([MISSING, "0"])
    same = int((meant & (true == shown)).sum())
    if same > MOST_UNCHANGED * int(meant.sum()):
        yield _unchanged(where, same, int(meant.sum()))


def _unchanged(where: str, same: int, all_of_them: int) -> Finding:
    return blocked(
        "hardly-perturbed",
        where,
        same,
        f"{same} of {all_of_them} values are as in the source although the column is said to be "
        f"perturbed; perturb it more, or publish it as it is with a reason",
    )


def _as_likely(true: pd.Series, shown: pd.Series, stay: float, where: str) -> Iterator[Finding]:
    """More unchanged values than five standard deviations above what PRAM leaves."""
    known = true != MISSING
    count, same = int(known.sum()), int((known & (true == shown)).sum())
    if not count:
        return
    shares = true[known].value_counts(normalize=True).to_numpy()
    expected = stay + (1 - stay) * float((shares**2).sum())
    if same > count * expected + 5 * float(np.sqrt(count * expected * (1 - expected))) + 1:
        yield _unchanged(where, same, count)


def _too_little(true: Floats, shown: Floats, method: Noise, where: str) -> Iterator[Finding]:
    meant = ~np.isnan(true) & (true != 0)
    if int(meant.sum()) < ENOUGH_FOR_A_DEVIATION:
        return
    spread = float(np.nanstd(true))
    wanted = float(method.sd) if method.sd else min(float(method.sd_share or 0), 1.0) * spread
    if np.std((shown - true)[meant]) < LEAST_NOISE * wanted:
        yield blocked(
            "noise-too-small",
            where,
            int(meant.sum()),
            "the noise is less than half of what the plan says; protect the data anew",
        )


def _too_far(
    true: pd.Series, shown: pd.Series, source: pd.Series, method: RankSwapping, where: str
) -> Iterator[Finding]:
    """Values that moved further in rank than the plan allows, whatever the order of ties."""
    ordered = np.sort(as_numbers(source[~source.isin([MISSING, "0"])]))
    meant = ~true.isin([MISSING, "0"])
    sides = [as_numbers(side[meant]) for side in (true, shown)]
    first = [np.searchsorted(ordered, side, "left") for side in sides]
    last = [np.searchsorted(ordered, side, "right") - 1 for side in sides]
    apart = np.maximum(first[1] - last[0], first[0] - last[1])
    far = int((apart > float(method.percent) * len(ordered) / 100).sum())
    strange = int((~np.isin(sides[1], ordered)).sum())
    if far or strange:
        yield blocked(
            "swapped-otherwise",
            where,
            far + strange,
            f"{far} values moved further than {float(method.percent):g} % of the ranks and "
            f"{strange} are nobody's; protect the data anew",
        )


def _small_groups(
    names: Sequence[str], method: Microaggregation, pairs: pd.DataFrame, where: str
) -> Iterator[Finding]:
    shown = pairs[[f"shown {name}" for name in names]]
    meant = ~shown.isin([MISSING, "0"]).all(axis=1).to_numpy(dtype=bool)
    sizes = shown[meant].value_counts()
    small = int(sizes[sizes < method.k].sum())
    if small:
        yield blocked(
            "group-below-k",
            where,
            small,
            f"{small} units are shown with a mean of fewer than k={method.k}; "
            f"protect the data anew",
        )


def _too_precise(
    variable: Variable, perturb: Perturbation, shown: pd.Series, where: str
) -> Iterator[Finding]:
    if not perturb.makes_numbers:
        return
    allowed = 0 if variable.type is ValueType.INTEGER else perturb.decimals or 0
    strange = sum(len(text.partition(".")[2]) > allowed for text in shown)
    if strange:
        yield blocked(
            "more-decimals-than-planned",
            where,
            strange,
            f"{strange} values have more than {allowed} decimals; round them as the plan says",
        )


def as_numbers(values: pd.Series) -> Floats:
    """Numbers; NaN where a value is missing or none."""
    found = [number(value) for value in values]
    return np.array([np.nan if each is None else float(each) for each in found])
