"""Published columns beside the source: coded as planned, and none refines another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from clearance.attack import units
from clearance.attack.coded import as_published, check_coding, is_coded
from clearance.attack.determination import Determined, determined
from clearance.attack.levels import UNKNOWN
from clearance.attack.published import PublishedMicrodata
from clearance.attack.recount import Classes
from clearance.attack.result import Truth, blocked, warned
from clearance.attack.rows import Ints, codes, summed, texts_of
from clearance.attack.units import Found
from clearance.findings import Finding
from clearance.plan import Role


def check_codings(published: PublishedMicrodata, truth: Truth) -> Iterator[Finding]:
    for variable in published.plan.with_role(Role.ATTRIBUTE):
        if is_coded(variable) and variable.name in published.names:
            yield from check_coding(
                variable,
                published.values(variable.name),
                truth.engine.values(truth.dataset, variable.name)["value"].tolist(),
                published.rules.k,
                where=f"{published.file}: {variable.name}",
            )


def check_refinements(
    published: PublishedMicrodata, classes: Classes, truth: Truth
) -> Iterator[Finding]:
    """Every published column against every generalised one."""
    generalised = [name for name in published.quasi if published.levels.get(name) != 0]
    others = [name for name in published.names if name not in published.links]
    planned = {variable.name for variable in published.plan.variables}
    for other in others:
        if other in planned:
            seen = _seen(published, classes, truth, other) if published.mixed else None
            for name in generalised:
                if name != other:
                    pairs = (
                        _of_levels(published, truth, name, other)
                        if seen is None
                        else _of_classes(published, classes, seen, name, other)
                    )
                    yield from _refined(published, name, other, determined(pairs))


# ---------------------------------------------------------------- label, leaf and value


@dataclass(frozen=True, slots=True, eq=False)
class _Texts:
    """A text for each row: ``texts[codes]``."""

    codes: Ints
    texts: Sequence[str]


def _of_levels(published: PublishedMicrodata, truth: Truth, name: str, other: str) -> pd.DataFrame:
    """The whole source recoded, where every column stands at one level."""
    entities = [unit.column for unit in published.plan.units]
    rows = truth.engine.histogram(truth.dataset, list(dict.fromkeys([name, other, *entities])))
    leaf = _Texts(codes(rows[name]), texts_of(rows[name]))
    return _counted(
        [_at_level(published, rows, name), leaf, _shown(published, rows, other)],
        [codes(rows[entity]) for entity in entities],
        rows["records"].to_numpy(dtype=np.int64),
    )


def _seen(published: PublishedMicrodata, classes: Classes, truth: Truth, other: str) -> Found:
    """The records of the source in every published class that they lie in."""
    entities = [unit.column for unit in published.plan.units]
    also = entities if other in published.coverage else [other, *entities]
    found = units.find(published, classes, truth, also=also)
    return found.only(found.of_class < len(classes.first))


def _of_classes(
    published: PublishedMicrodata, classes: Classes, seen: Found, name: str, other: str
) -> pd.DataFrame:
    """The records of the source as each class that they lie in shows them."""
    value = (
        _of_class(published, classes, seen, other)
        if other in published.coverage
        else _shown(published, seen.held, other)
    )
    leaf = _Texts(codes(seen.held[name]), texts_of(seen.held[name]))
    return _counted(
        [_of_class(published, classes, seen, name), leaf, value],
        [codes(seen.held[unit.column]) for unit in published.plan.units],
        seen.records,
    )


def _of_class(published: PublishedMicrodata, classes: Classes, found: Found, name: str) -> _Texts:
    column = published.frame[name]
    return _Texts(codes(column)[classes.first][found.of_class], texts_of(column))


def _at_level(published: PublishedMicrodata, rows: pd.DataFrame, name: str) -> _Texts:
    """The labels of a column of the source; one that no hierarchy knows is the empty text."""
    of = published.coverage[name]
    leaves = of.leaf_numbers(texts_of(rows[name]))
    groups = of.groups[published.levels[name]]
    labels = ["", *of.of_level[published.levels[name]]]
    return _Texts(np.where(leaves == UNKNOWN, 0, groups[leaves] + 1)[codes(rows[name])], labels)


def _shown(published: PublishedMicrodata, rows: pd.DataFrame, name: str) -> _Texts:
    """A column of the source as it would be published."""
    if name in published.levels:
        return _at_level(published, rows, name)
    texts, values = texts_of(rows[name]), published.values(name)
    shown = pd.Categorical(as_published(published.plan.variable(name), texts, values))
    return _Texts(shown.codes.astype(np.int64)[codes(rows[name])], list(shown.categories))


def _counted(columns: Sequence[_Texts], entities: Sequence[Ints], records: Ints) -> pd.DataFrame:
    """``label``, ``leaf``, ``value`` and ``units``: of the kind that has fewest of them."""
    held, counts = summed([each.codes for each in columns], records)
    for entity in entities:
        once, _ = summed([*(each.codes for each in columns), entity], records)
        _, units_of_kind = summed(once[:-1], np.ones(len(once[-1]), dtype=np.int64))
        counts = np.minimum(counts, units_of_kind)
    texts = {
        name: np.array(each.texts, dtype=object)[code]
        for name, each, code in zip(("label", "leaf", "value"), columns, held, strict=True)
    }
    return pd.DataFrame({**texts, "units": counts})


def _refined(
    published: PublishedMicrodata, name: str, other: str, found: Determined
) -> Iterator[Finding]:
    where = f"{published.file}: {other}"
    if found.function:
        yield blocked(
            "value-determined",
            where,
            found.records,
            f"{other} determines the generalised {name} of {found.records} records; "
            f"generalise {other} as coarsely, or leave it out",
        )
    elif found.records:
        yield warned(
            "value-correlated",
            where,
            found.records,
            f"some values of {other} occur with one value of the generalised {name} only, for "
            f"{found.records} records; weigh whether an intruder can use that",
        )
