"""The source with perturbed values, made once for all outputs of a release.

Every output is taken from what this makes, so they share draws; the key lives with the dataset,
so that releases share them too (THREATS 14). Area swaps come first, before anything is recoded.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from clearance.errors import DisclosureRiskError
from clearance.hierarchy import MISSING
from clearance.microdata.perturbation.apply import perturbed
from clearance.microdata.perturbation.preserved import Change, Preserved, correlation, preserved
from clearance.microdata.perturbation.record_swapping import swapped_areas
from clearance.plan import (
    AreaSwap,
    Microaggregation,
    Noise,
    Perturbation,
    PerturbationMethod,
    Plan,
    PostRandomisation,
    RankSwapping,
    ValueType,
    Variable,
)
from clearance.ports import Dataset, Engine

NUMERIC = (ValueType.INTEGER, ValueType.NUMBER)
MOST_UNIFORM_SHARE = 0.9  # of wider units that hold one value, though they have several units


@dataclass(frozen=True, slots=True, kw_only=True)
class PerturbedSource:
    """``preserved``: which statistics held, for reviewers only."""

    dataset: Dataset
    preserved: tuple[Preserved, ...] = ()


def perturb(engine: Engine, dataset: Dataset, plan: Plan, *, key: bytes) -> PerturbedSource:
    """``dataset`` (canonical text) as the plan's ``swap`` and ``perturb`` change it.

    ``key``: belongs to the dataset, for good; not to a release. DisclosureRiskError where a
    method cannot protect these data, InputError where a unit's name is missing.
    """
    changed = dataset if plan.swap is None else _swapped(engine, dataset, plan, plan.swap, key)
    groups = [
        ((variable.name, *variable.perturb.together), variable.perturb)
        for variable in plan.variables
        if variable.perturb is not None
    ]
    figures: list[Preserved] = []
    for names, perturbation in groups:
        of = perturbation.of or plan.units[0].column
        _refuse_averages(engine, dataset, plan, names, of)
        frame = engine.histogram(dataset, [of, *names])
        made = _made(frame, plan, names, perturbation, of, key)
        changed = engine.rewrite(changed, frame[[of, *names]].astype(object), made)
        figures += _figures(plan, names, perturbation, frame, made)
    related = _related(plan, [name for names, _ in groups for name in names])
    return PerturbedSource(
        dataset=changed,
        preserved=tuple(_with_correlations(engine, dataset, changed, figures, related)),
    )


def change_text(plan: Plan, name: str) -> str:
    """What the public is told of a changed column: what was done, and no number of its outcome."""
    perturbation = plan.perturbation(name)
    if perturbation is not None:
        return f"{_told(perturbation.method)}."
    if plan.swap is not None and plan.swap.area == name:
        return "Some units were given the area of similar units elsewhere."
    return ""


def _told(method: PerturbationMethod) -> str:
    match method:
        case Noise(together=()):
            return "Values were changed by random noise"
        case Noise():
            return "Values were changed by random noise that is correlated between variables"
        case Microaggregation():
            return "Values are means of groups of similar units"
        case RankSwapping():
            return "Values were swapped between units of near rank"
        case PostRandomisation():
            return "Some values were replaced at random (PRAM)"


def _made(
    frame: pd.DataFrame,
    plan: Plan,
    names: Sequence[str],
    perturbation: Perturbation,
    of: str,
    key: bytes,
) -> pd.DataFrame:
    return perturbed(
        frame,
        perturbation.method,
        of=of,
        decimals={name: _decimals(plan.variable(name), perturbation) for name in names},
        key=key,
    )


def _decimals(variable: Variable, perturbation: Perturbation) -> int:
    return 0 if variable.type is ValueType.INTEGER else perturbation.decimals or 0


def _swapped(engine: Engine, dataset: Dataset, plan: Plan, swap: AreaSwap, key: bytes) -> Dataset:
    (unit,) = (each.column for each in plan.units if each.kind == swap.unit)
    frame = engine.histogram(dataset, [unit, swap.area, *swap.similar])
    areas = swapped_areas(
        frame, unit=unit, area=swap.area, similar=swap.similar, rate=swap.rate, key=key
    )
    return engine.rewrite(dataset, areas[[unit]], areas[[swap.area]])


def _refuse_averages(
    engine: Engine, dataset: Dataset, plan: Plan, names: Sequence[str], of: str
) -> None:
    """DisclosureRiskError where members of one household have draws of their own for its value.

    What everybody of a household has in common would be published once for each of them, every time
    with other noise, and the mean of those is the value.
    """
    for unit in plan.units:
        if unit.column == of:
            continue
        for name in names:
            several, uniform = _uniform(engine.histogram(dataset, [unit.column, of, name]), name)
            if several and uniform >= MOST_UNIFORM_SHARE * several:
                raise DisclosureRiskError(
                    f"{name}: in {uniform} of {several} units of {unit.column} that hold several "
                    f"of {of} it is the same for all; noise of its own for each averages "
                    f"away; say 'of: {unit.column}' in its perturb"
                )


def _uniform(frame: pd.DataFrame, name: str) -> tuple[int, int]:
    """How many wider units hold several narrower ones with a value, and how many one value."""
    wide, narrow = frame.columns[0], frame.columns[1]
    known = frame[frame[name] != MISSING]
    counts = known.groupby(wide, observed=True, dropna=False)[[narrow, name]].nunique()
    several = counts[narrow] > 1
    return int(several.sum()), int((several & (counts[name] == 1)).sum())


# ---------------------------------------------------------------- what was preserved


def _figures(
    plan: Plan,
    names: Sequence[str],
    perturbation: Perturbation,
    frame: pd.DataFrame,
    made: pd.DataFrame,
) -> Iterator[Preserved]:
    for name in names:
        yield preserved(
            name,
            _told(perturbation.method),
            frame[name].tolist(),
            made[name].tolist(),
            frame["records"].to_numpy(np.int64),
            numeric=plan.variable(name).type in NUMERIC,
            correlations={},
        )


def _related(plan: Plan, perturbed_names: Sequence[str]) -> dict[str, list[str]]:
    """For each perturbed number the other published numbers that it is correlated with."""
    numeric = [each.name for each in plan.variables if each.published and each.type in NUMERIC]
    return {
        name: [other for other in numeric if other != name]
        for name in perturbed_names
        if name in numeric
    }


def _with_correlations(
    engine: Engine,
    before: Dataset,
    after: Dataset,
    figures: Sequence[Preserved],
    related: dict[str, list[str]],
) -> Iterator[Preserved]:
    for each in figures:
        yield replace(
            each,
            correlations={
                other: Change(
                    *(_correlated(engine, data, each.variable, other) for data in (before, after))
                )
                for other in related.get(each.variable, ())
            },
        )


def _correlated(engine: Engine, dataset: Dataset, first: str, second: str) -> float:
    return correlation(engine.histogram(dataset, [first, second]), first, second)
