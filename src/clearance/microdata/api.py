"""The public functions of `clearance.microdata`: pandas frames in and out.

Every column of a frame that is protected has a role, or the call is refused. Values are
compared and published as text, as `frames.text_frame` makes it; a missing value is the empty
text. No argument is changed. Errors tell columns and counts, never a value.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pandas as pd

from clearance.errors import PlanError
from clearance.hierarchy import MISSING, Hierarchy
from clearance.microdata.call_rules import choice, refuse_weak, refuse_without_role
from clearance.microdata.deciding import decide
from clearance.microdata.framed import Levels, hierarchy, histogram_of_frame, weights_of_profiles
from clearance.microdata.frames import applied, counted, released, text_frame
from clearance.microdata.risks.report import RiskReport, risk_report
from clearance.microdata.risks.suda import dis_scores, file_dis
from clearance.microdata.risks.suda import suda as suda_scores
from clearance.microdata.usefulness import Utility, compare
from clearance.policy import Loss, Method, MicrodataRules, Missing, Model

__all__ = [
    "Hierarchy",
    "Result",
    "RiskReport",
    "Utility",
    "hierarchy",
    "protect",
    "risk",
    "suda",
    "utility",
]


@dataclass(frozen=True, eq=False, kw_only=True)
class Result:
    """What to publish, and for the steward's eyes what it cost and what it is worth.

    ``frame``: text, rows sorted by what they show. ``method``: the one used. ``levels``: by
    quasi-identifier; None where records have levels of their own. ``k``: units of the
    smallest published class. ``loss``: by metric. ``proven_optimal``: no recoding of the
    method has less; ``gap``: how much less the loss could be at most otherwise.
    ``advice``: settings near by that lose less.
    """

    frame: pd.DataFrame
    method: str
    levels: Mapping[str, int] | None
    k: int
    suppressed_records: int
    suppressed_units: int
    suppressed_values: int
    loss: Mapping[str, float]
    risk_before: RiskReport
    risk_after: RiskReport
    proven_optimal: bool
    gap: float
    advice: tuple[str, ...]


def protect(
    frame: pd.DataFrame,
    *,
    quasi_identifiers: Mapping[str, Levels],
    k: int,
    sensitive: Sequence[str] | Mapping[str, Levels] = (),
    models: Sequence[Model] = (),
    attributes: Sequence[str] = (),
    unit: str | None = None,
    household: str | None = None,
    survey_weight: str | None = None,
    population: pd.DataFrame | None = None,
    max_suppressed_share: float | str | Fraction = 0,
    method: str = "auto",
    loss: str = "granularity",
    missing: str = "own-category",
    weights: Mapping[str, float] | None = None,
) -> Result:
    """``frame`` so that ``k`` units share every combination and all ``models`` hold.

    Every column needs a role: ``quasi_identifiers`` are recoded; ``sensitive`` ones (with a
    hierarchy where a distance needs it) need a model each; ``attributes`` are published as
    they are; ``unit``, ``household`` and ``survey_weight`` are used and never published.
    ``unit``: whose record it is; k counts distinct ones, and households too.
    ``population``: a table of the population with the quasi-identifiers, one row per unit.
    ``max_suppressed_share``: of the units, 0 to 1. ``method``: global, local-suppression,
    local-recoding or auto, which takes the least ``loss`` (granularity or entropy).
    ``missing``: own-category or wildcard. ``weights``: of quasi-identifiers in the loss.
    Raises `DisclosureRiskError` where it cannot be done within the limit, `PlanError` or
    `PolicyError` where the call is wrong, and `InputError` of an unusable frame.

    >>> from clearance.microdata import DistinctL
    >>> people = pd.DataFrame({
    ...     "age": [31, 33, 35, 38, 52, 54, 55, 59],
    ...     "illness": ["flu", "cold", "flu", "gout", "flu", "cold", "gout", "gout"],
    ... })
    >>> result = protect(
    ...     people,
    ...     quasi_identifiers={"age": [5, 10]},
    ...     sensitive=["illness"],
    ...     models=[DistinctL("illness", 3)],
    ...     k=4,
    ...     method="global",
    ... )
    >>> result.frame["age"].value_counts().to_dict()
    {'30-39': 4, '50-59': 4}
    >>> result.risk_before.sample_uniques, result.risk_after.sample_uniques
    (8, 0)
    """
    structural = [name for name in (unit, household, survey_weight) if name is not None]
    published = [*quasi_identifiers, *sensitive, *attributes]
    refuse_without_role(frame, [*published, *structural])
    rules = MicrodataRules(
        k=k,
        max_suppressed_share=Fraction(str(max_suppressed_share)),
        models=tuple(models),
        loss=choice(Loss, "loss", loss),
        method=choice(Method, "method", method),
        missing=choice(Missing, "missing", missing),
        weights={name: Fraction(str(each)) for name, each in (weights or {}).items()},
    )
    refuse_weak(rules, list(sensitive), list(quasi_identifiers))
    texts = text_frame(frame, [*published, *structural])
    histogram = histogram_of_frame(
        frame, texts, quasi_identifiers, sensitive, unit, household, population
    )
    profile_weights = weights_of_profiles(histogram, texts, survey_weight)
    decision = decide(histogram, rules)
    recoding = {
        known.name: [known.recoding(level) for level in range(known.height + 1)]
        for known in histogram.hierarchies
    }
    return Result(
        frame=released(
            applied(texts, decision, recoding), [str(name) for name in frame if name in published]
        ),
        method=decision.method.value,
        levels=decision.levels,
        k=decision.k,
        suppressed_records=decision.suppressed_records,
        suppressed_units=decision.suppressed_units,
        suppressed_values=decision.suppressed_values,
        loss=decision.loss,
        risk_before=risk_report(histogram, weights=profile_weights),
        risk_after=risk_report(histogram, decision, weights=profile_weights),
        proven_optimal=decision.gap == 0,
        gap=decision.gap,
        advice=decision.advice,
    )


def risk(
    frame: pd.DataFrame,
    columns: Sequence[str],
    *,
    unit: str | None = None,
    household: str | None = None,
    survey_weight: str | None = None,
    population: pd.DataFrame | None = None,
) -> RiskReport:
    """How easily units of ``frame`` are found by what ``columns`` show, as they are.

    A blank ("*") and a missing value are categories of their own. With ``survey_weight`` the
    report has individual risks and estimated population uniques; with ``population``, a table
    of the same columns with one row per unit, journalist risks; with ``household`` the risk
    that one of its members is found.

    >>> people = pd.DataFrame({"age": [30, 30, 41, 52], "sex": ["F", "F", "M", "M"]})
    >>> found = risk(people, ["age", "sex"])
    >>> found.average_prosecutor, found.sample_uniques
    (0.75, 2)
    >>> found.drivers.sets
    ((('age',), 2),)
    """
    structural = [name for name in (unit, household, survey_weight) if name is not None]
    texts = text_frame(frame, [*columns, *structural])
    plain_values: Mapping[str, Levels] = dict.fromkeys(columns)
    histogram = histogram_of_frame(frame, texts, plain_values, (), unit, household, population)
    return risk_report(histogram, weights=weights_of_profiles(histogram, texts, survey_weight))


def suda(
    frame: pd.DataFrame,
    columns: Sequence[str],
    *,
    max_size: int | None = None,
    sampling_share: float | None = None,
) -> pd.DataFrame:
    """SUDA2's ``score`` of each record over ``columns``, indexed like ``frame``.

    0 is no minimal sample unique (MSU). A missing value is never unique. ``max_size`` of the
    MSUs that are looked for makes the scores lower bounds. With ``sampling_share``, the share
    of the population that the file holds (above 0, to 1), a column ``dis`` gives the DIS-SUDA
    probability that a match is right. PlanError where ``columns`` are too many.

    >>> people = pd.DataFrame({"age": [30, 30, 41], "sex": ["F", "M", "M"]})
    >>> suda(people, ["age", "sex"])["score"].tolist()
    [1.0, 1.0, 1.0]
    """
    if sampling_share is not None and not 0 < sampling_share <= 1:
        raise PlanError("sampling_share is a share of the population: above 0, at most 1")
    texts = text_frame(frame, columns)
    codes = np.empty((len(columns), len(texts)), dtype=np.int64)
    for number, name in enumerate(columns):
        codes[number] = pd.factorize(texts[name])[0] + 1
        codes[number][(texts[name] == MISSING).to_numpy()] = 0
    distinct, owner, units = np.unique(codes, axis=1, return_inverse=True, return_counts=True)
    size = len(columns) if max_size is None else max_size
    found = suda_scores(distinct, np.arange(len(units)), units, max_size=size)
    scores = {"score": found.score}
    if sampling_share is not None:
        dis = file_dis(int((units == 1).sum()), int((units == 2).sum()), sampling_share)
        scores["dis"] = dis_scores(found.score, dis, len(columns))
    return pd.DataFrame({name: each[owner] for name, each in scores.items()}, index=frame.index)


def utility(
    before: pd.DataFrame, after: pd.DataFrame, quasi_identifiers: Mapping[str, Levels]
) -> Utility:
    """What recoding and suppression changed in the ``quasi_identifiers``.

    ``after``: labels of any levels of the same hierarchies, as `protect` was given. A label's
    records are spread evenly over the leaves that it covers. Raises `PlanError` where a value
    is no leaf or no label, and `InputError` where ``after`` has more records than ``before``.

    >>> before = pd.DataFrame({"age": [31, 33, 35, 38]})
    >>> after = pd.DataFrame({"age": ["30-34", "30-34", "*", "*"]})
    >>> found = utility(before, after, {"age": [5, 10]})
    >>> round(found.granularity, 3), found.marginals["age"].total_variation
    (0.667, 0.25)
    """
    names = list(quasi_identifiers)
    were, are = text_frame(before, names), _texts_of_what_is_left(after, names)
    known = {
        name: hierarchy(name, levels, were[name]) for name, levels in quasi_identifiers.items()
    }
    return compare(counted(were, names), counted(are, names), known)


def _texts_of_what_is_left(after: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """As text; nothing may be left, which `text_frame` takes for a mistake."""
    return text_frame(after, names) if len(after) else after[list(names)].astype(object)
