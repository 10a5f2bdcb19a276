"""A published file's levels, and what an intruder concludes from their being the finest ones.

See `minimality` for what is worked out and what it cannot see.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from clearance.attack.distributions import Held, Ints, below_entropy_l, distinct_l, recursive_c
from clearance.attack.joined_release import ABSENT, source_classes
from clearance.attack.levels import UNKNOWN
from clearance.attack.meeting import Side
from clearance.attack.minimality import Breaks, Finer, told_by_minimality
from clearance.attack.published import PublishedMicrodata
from clearance.attack.result import Truth, told, warned
from clearance.attack.rows import categorical, codes, texts_of, totals
from clearance.findings import Finding
from clearance.hierarchy import MISSING
from clearance.policy import DistinctL, EntropyL, RecursiveL

Diversity = DistinctL | EntropyL | RecursiveL


def check_minimality(published: PublishedMicrodata, truth: Truth) -> Iterator[Finding]:
    """For each diversity rule and each recoded column, what its level gives away."""
    models = [
        model
        for model in published.rules.of_sensitive
        if isinstance(model, Diversity) and model.variable in published.names
    ]
    recoded = [name for name, level in published.levels.items() if level > 0]
    if not models or not recoded:
        return
    judged = not published.mixed and not _repeating(published, truth)
    split = _splits(published, recoded, truth) if judged else None
    if split is None:
        yield told(
            "minimality-not-judged",
            published.file,
            1,
            "classes were not published whole and at single levels, or units have several "
            "records, so what follows from the choice of levels was not worked out",
        )
        return
    for model in models:
        for name in recoded:
            yield from _told(published, model, name, split)


def _repeating(published: PublishedMicrodata, truth: Truth) -> bool:
    """Whether a unit has several records, so that values are not handed out one by one."""
    return any(
        bool((truth.engine.values(truth.dataset, unit.column)["records"] > 1).any())
        for unit in published.plan.units
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Splits:
    """``parts``: for each column and class, how many records each finer class would have.

    ``of_row``: the class of each row of the file.
    """

    parts: Mapping[str, Mapping[int, tuple[int, ...]]]
    of_row: Ints


def _splits(published: PublishedMicrodata, recoded: Sequence[str], truth: Truth) -> _Splits | None:
    source = categorical(truth.engine.histogram(truth.dataset, published.quasi))
    found = source_classes(Side(rows=published.rows, coverage=published.coverage), source)
    if found is None:
        return None
    of_source, of_row = found
    there = of_source != ABSENT
    records = source["records"].to_numpy(dtype=np.int64)[there]
    parts: dict[str, dict[int, tuple[int, ...]]] = {}
    for name in recoded:
        coverage = published.coverage[name]
        leaves = coverage.leaf_numbers(texts_of(source[name]))[codes(source[name])][there]
        if (leaves == UNKNOWN).any():
            return None
        finer = coverage.groups[published.levels[name] - 1][leaves].astype(np.int64)
        parts[name] = _sizes(of_source[there], finer, records)
    return _Splits(parts=parts, of_row=of_row)


def _sizes(
    classes: Ints,
    within: Ints,
    records: Ints,
) -> dict[int, tuple[int, ...]]:
    """For each class the records of each of its parts, falling."""
    width = int(within.max(initial=0)) + 1
    keys, place = np.unique(classes * width + within, return_inverse=True)
    sizes = totals(place, records, len(keys))
    found: dict[int, list[int]] = {}
    for key, size in zip((keys // width).tolist(), sizes.tolist(), strict=True):
        found.setdefault(key, []).append(size)
    return {key: tuple(sorted(held, reverse=True)) for key, held in found.items()}


def _told(
    published: PublishedMicrodata, model: Diversity, name: str, split: _Splits
) -> Iterator[Finding]:
    column = published.frame[model.variable]
    missing = texts_of(column).index(MISSING) if MISSING in texts_of(column) else None
    parts = split.parts[name]
    if any(size < published.rules.k for held in parts.values() for size in held):
        return  # the finer classes were too small: that explains the level without any value
    width = len(texts_of(column))
    counts = totals(
        split.of_row * width + codes(column), published.records, (max(parts) + 1) * width
    ).reshape(-1, width)
    order = [value for value in range(width) if value != missing]
    last = [] if missing is None else [missing]
    classes = [
        Finer(counts=tuple(counts[number, order + last].tolist()), parts=held)
        for number, held in parts.items()
    ]
    concerned, unjudged = told_by_minimality(
        classes, _breaks(model, len(order)), Fraction(1) / Fraction(model.l)
    )
    say = warned if concerned else told
    yield say(
        "level-tells-values",
        f"{published.file}: {name}, {model.variable}",
        concerned,
        f"who knows that {name} is recoded no more than needed believes a value of "
        f"{model.variable} with more than 1/{float(model.l):g} in {concerned} of {len(classes)} "
        f"classes; {unjudged} were too large to be judged; weigh a coarser level of {name}",
    )


def _breaks(model: Diversity, values: int) -> Breaks:
    """Whether a part with these counts breaks the rule; only the first ``values`` are values."""
    known: dict[tuple[int, ...], bool] = {}

    def breaks(counts: tuple[int, ...]) -> bool:
        held = tuple(sorted(count for count in counts[:values] if count))
        if held not in known:
            known[held] = _broken(model, held)
        return known[held]

    return breaks


def _broken(model: Diversity, counts: tuple[int, ...]) -> bool:
    size = len(counts)
    of = Held(
        count=1,
        belongs_to=np.zeros(size, dtype=np.int64),
        value=np.arange(size),
        units=np.array(counts, dtype=np.int64),
    )
    match model:
        case DistinctL(_, l):
            return bool((distinct_l(of) < l)[0])
        case EntropyL(_, l):
            return bool(below_entropy_l(of, l)[0])
        case RecursiveL(_, c, l):
            return not recursive_c(of, l).below(c)[0]
