"""Two releases of the same data, as one: who links them perfectly sees both codings at once.

Where the source of today, recoded, gives exactly the classes of both files, the judge knows
which units are in which class of each. Every combination of a class of the one with a class
of the other, or with having been left out of it, is a class of the joined release, and has to
be as safe as a class of one release.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from clearance.attack.coded import as_published
from clearance.attack.distributions import Ints
from clearance.attack.ground import ground_of
from clearance.attack.judged_models import Classes, judge_models
from clearance.attack.levels import UNKNOWN, Coverage
from clearance.attack.meeting import Side
from clearance.attack.result import Truth, blocked
from clearance.attack.rows import categorical, codes, first_of, numbered, texts_of, totals
from clearance.findings import Finding, blocking
from clearance.hierarchy import Hierarchy
from clearance.plan import Plan, Role, Unit, Variable
from clearance.policy import MicrodataRules, SensitiveModel

ABSENT = -1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Joined:
    """``source``: what was published of it in either file; ``classes``: joined, row by row."""

    source: pd.DataFrame
    classes: Ints


def join(old: Side, new: Side, plan: Plan, truth: Truth) -> Joined | None:
    """The joined release; None unless the source gives exactly the classes of both files."""
    of_both = {**old.coverage, **new.coverage}
    if not all(each.single for side in (old, new) for each in side.coverage.values()):
        return None
    also = [*_entities(plan), *_sensitive(plan, old, new)]
    columns = list(dict.fromkeys([*of_both, *also]))
    source = categorical(truth.engine.histogram(truth.dataset, columns))
    there = [source_classes(side, source) for side in (old, new)]
    if there[0] is None or there[1] is None:
        return None
    (of_old, _), (of_new, _) = there[0], there[1]
    if not all(_as_source(side, plan, truth) for side in (old, new)):
        return None
    seen = np.flatnonzero((of_old != ABSENT) | (of_new != ABSENT))
    return Joined(
        source=source.iloc[seen].reset_index(drop=True),
        classes=numbered([of_old[seen] + 1, of_new[seen] + 1], len(seen)),
    )


def _entities(plan: Plan) -> list[str]:
    return [unit.column for unit in plan.units]


def _sensitive(plan: Plan, old: Side, new: Side) -> list[str]:
    shown = {*old.names, *new.names}
    return [each.name for each in plan.with_role(Role.SENSITIVE_ATTRIBUTE) if each.name in shown]


def source_classes(side: Side, source: pd.DataFrame) -> tuple[Ints, Ints] | None:
    """The class of each row of the source in a file, and of each row of the file.

    `ABSENT` where it was left out; None unless a class was published whole or not at all.
    ``source``: combinations of leaves in Categorical columns, with ``records``.
    """
    names, rows = list(side.coverage), len(source)
    labels = {name: _labels(source[name], side.coverage[name]) for name in names}
    both = [np.concatenate([labels[name] + 1, side.labels(name) + 1]) for name in names]
    number = numbered(both, rows + len(side.rows.frame))
    size = int(number.max(initial=-1)) + 1
    there = totals(number[:rows], source["records"].to_numpy(dtype=np.int64), size)
    shown = totals(number[rows:], side.rows.records, size)
    if not ((shown == 0) | (shown == there)).all():
        return None
    return np.where(shown[number[:rows]] > 0, number[:rows], ABSENT), number[rows:]


def _as_source(side: Side, plan: Plan, truth: Truth) -> bool:
    """Whether each published class holds the source's values, coded as the plan says."""
    return all(
        _same_values(side, each, plan, truth)
        for each in plan.with_role(Role.ATTRIBUTE, Role.SENSITIVE_ATTRIBUTE)
        if each.name in side.names
    )


def _same_values(side: Side, variable: Variable, plan: Plan, truth: Truth) -> bool:
    if plan.perturbation(variable.name) is not None:
        return False  # what it was before nobody sees in the file
    name, rows = variable.name, side.rows.frame
    source = truth.engine.histogram(truth.dataset, [*side.coverage, name])
    shown = texts_of(rows[name])
    coded = as_published(variable, [str(each) for each in source[name]], shown)
    values = categorical(pd.DataFrame({name: [*coded, *rows[name].astype(object)]}))[name]
    labels = {each: _labels(categorical(source)[each], of) for each, of in side.coverage.items()}
    both = [np.concatenate([labels[each] + 1, side.labels(each) + 1]) for each in side.coverage]
    number = numbered([*both, codes(values)], len(values))
    size = int(number.max(initial=-1)) + 1
    there = totals(number[: len(source)], source["records"].to_numpy(dtype=np.int64), size)
    here = totals(number[len(source) :], side.rows.records, size)
    return bool(((here == 0) | (here == there)).all())


def _labels(column: pd.Series, of: Coverage) -> Ints:
    """The label of each value of the source; `UNKNOWN` where the file does not show it."""
    leaves = of.leaf_numbers(texts_of(column))
    found = np.where(leaves == UNKNOWN, UNKNOWN, of.label_of_leaf()[leaves])
    return np.asarray(found[codes(column)], dtype=np.int64)


# ---------------------------------------------------------------- judged as one release


def judge_joined(
    joined: Joined,
    plan: Plan,
    rules: MicrodataRules,
    hierarchies: Mapping[str, Hierarchy],
    truth: Truth,
    sides: tuple[Side, Side],
    *,
    where: str,
) -> Iterator[Finding]:
    """k of every kind of unit and the sensitive models, class by joined class."""
    for kind in _kinds(plan):
        counted = _counted(joined, kind, [])
        sizes = totals(counted.classes, counted.records, int(joined.classes.max(initial=-1)) + 1)
        below = int((sizes < rules.k).sum())
        if below:
            yield blocked(
                "joined-class-below-k",
                where,
                below,
                f"{below} classes of this and the earlier release taken together hold fewer than "
                f"k={rules.k}, counted in {counted.counted}; publish the data as they were, or "
                f"recode them so that every class of the earlier release stays whole",
            )
        for model in rules.of_sensitive:
            if model.variable in joined.source:
                yield from _judged(joined, plan, model, kind, hierarchies, truth, sides, where)


def _judged(
    joined: Joined,
    plan: Plan,
    model: SensitiveModel,
    kind: Unit | None,
    hierarchies: Mapping[str, Hierarchy],
    truth: Truth,
    sides: tuple[Side, Side],
    where: str,
) -> Iterator[Finding]:
    name = model.variable
    variable = plan.variable(name)
    counted = _counted(joined, kind, [name])
    shown = next(texts_of(side.rows.frame[name]) for side in sides[::-1] if name in side.names)
    whole = truth.engine.histogram(truth.dataset, [*_columns(kind), name])
    units = whole["records"].tolist() if kind is None else [1] * len(whole)
    ground = ground_of(
        as_published(variable, [str(each) for each in whole[name]], shown),
        units,
        kind=variable.type,
        hierarchy=hierarchies.get(name),
    )
    values = as_published(variable, counted.values, shown)
    seen = Classes(classes=counted.classes, records=counted.records, counted=counted.counted)
    yield from blocking(judge_models([model], seen, {name: values}, {name: ground}, where=where))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Counted:
    """Units of each joined class, or of each class and value; ``counted`` says of what kind."""

    classes: Ints
    records: Ints
    values: list[str]
    counted: str


def _kinds(plan: Plan) -> Sequence[Unit | None]:
    """The kinds of unit that are counted; None for records."""
    return plan.units or (None,)


def _columns(kind: Unit | None) -> list[str]:
    return [] if kind is None else [kind.column]


def _counted(joined: Joined, kind: Unit | None, values: list[str]) -> _Counted:
    """Records, or distinct units of a kind, of each class and combination of ``values``."""
    names = [*_columns(kind), *values]
    parts = [joined.classes, *(codes(joined.source[name]) for name in names)]
    number = numbered(parts, len(joined.classes))
    first = first_of(number)
    records = joined.source["records"].to_numpy(dtype=np.int64)
    return _Counted(
        classes=joined.classes[first],
        records=totals(number, records, len(first)) if kind is None else np.ones_like(first),
        values=[str(each) for name in values for each in joined.source[name].iloc[first]],
        counted="records" if kind is None else f"units of kind {kind.kind}",
    )
