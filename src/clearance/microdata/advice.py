"""The settings nearest to those asked for, from what a search has already looked at.

Texts name variables, levels and shares, never a value. They are for the steward and the
reviewer: a share of units below a threshold is not for the public.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction

import numpy as np

from clearance.hierarchy import SUPPRESSED_LABEL, Hierarchy
from clearance.microdata.classes import Classes, classes_at
from clearance.microdata.grouping import Booleans
from clearance.microdata.histogram import Histogram
from clearance.microdata.models import depends_on_others, needs_labels, violating
from clearance.microdata.verdicts import Levels, Verdict
from clearance.policy import Loss, MicrodataRules, Model, model_document

SHARE_DIGITS = 4  # of a limit that is advised, rounded up


def with_more_suppressed(
    found: Iterable[Verdict], best: Verdict, histogram: Histogram, rules: MicrodataRules
) -> tuple[str, ...]:
    """What larger limits would gain beside the ``best`` node: the nearest, and the most.

    ``found``: the nodes that the search has looked at.
    """
    better = [
        each
        for each in found
        if best.suppressed_units < each.suppressed_units < histogram.units and each.loss < best.loss
    ]
    if not better:
        return ()
    nearest = min(better, key=lambda each: (each.suppressed_units, each.loss, each.levels))
    most = min(better, key=lambda each: (each.loss, each.suppressed_units, each.levels))
    return tuple(_of_limit(each, histogram, rules) for each in dict.fromkeys((nearest, most)))


def _of_limit(verdict: Verdict, histogram: Histogram, rules: MicrodataRules) -> str:
    unit = " bits" if rules.loss is Loss.ENTROPY else ""
    return (
        f"max_suppressed_share {_share(verdict.suppressed_units, histogram.units)} would allow a "
        f"{rules.loss} loss of {verdict.loss:.6g}{unit} ({_levels(histogram, verdict.levels)})"
    )


def nearest_settings(
    found: Iterable[Verdict],
    coarsest: Levels,
    limit: int,
    histogram: Histogram,
    rules: MicrodataRules,
) -> tuple[str, ...]:
    """What would satisfy rules that nothing in the lattice does: a limit, a k, a coarser top."""
    possible = [each for each in found if each.suppressed_units < histogram.units]
    texts = []
    if possible:
        least = min(possible, key=lambda each: (each.suppressed_units, each.loss, each.levels))
        texts.append(_of_limit(least, histogram, rules))
    k = reachable_k(classes_at(histogram, coarsest, labelled=needs_labels(rules)), rules, limit)
    if k:
        texts.append(f"k={k} can be reached within the limit")
    for variable in range(len(histogram.variables)):
        units = _with_coarser_top(histogram, rules, coarsest, variable)
        if units is not None and units <= limit:
            name = histogram.variables[variable]
            texts.append(f"a level of '{name}' that covers everything would do")
    return tuple(texts)


def reachable_k(classes: Classes, rules: MicrodataRules, limit: int) -> int:
    """The largest k that these classes satisfy within ``limit`` units, the other rules given.

    0 where there is none, or where it takes more to know it than one look.
    """
    if depends_on_others(rules):
        return 0
    others: Booleans = violating(classes, replace(rules, k=1))
    sizes = classes.strictest
    for k in np.unique(sizes[~others])[::-1]:
        if int(classes.units[others | (sizes < k)].sum()) <= limit:
            return int(k)
    return 0


def _with_coarser_top(
    histogram: Histogram, rules: MicrodataRules, coarsest: Levels, variable: int
) -> int | None:
    """Units suppressed where ``variable`` says nothing; None where its top does that already."""
    hierarchy = histogram.hierarchies[variable]
    if len(set(hierarchy.levels[-1])) == 1:
        return None
    everything = (SUPPRESSED_LABEL,) * len(hierarchy.leaves)
    covered = Hierarchy(hierarchy.name, (*hierarchy.levels, everything))
    others = list(histogram.hierarchies)
    others[variable] = covered
    levels = list(coarsest)
    levels[variable] += 1
    coarser = replace(histogram, hierarchies=tuple(others))
    classes = classes_at(coarser, levels, labelled=needs_labels(rules))
    return int(classes.units[violating(classes, rules)].sum())


def asked(rules: MicrodataRules) -> str:
    """The rules, as their policy writes them."""
    return ", ".join([f"k={rules.k}", *map(_written, rules.models)])


def _written(model: Model) -> str:
    document = model_document(model)
    name = document.pop("model")
    return f"{name} ({', '.join(f'{key}: {value}' for key, value in document.items())})"


def _share(units: int, of_all: int) -> str:
    """Rounded up, so that it is enough."""
    scale = 10**SHARE_DIGITS
    parts = -((-units * scale) // of_all)
    return f"{float(Fraction(parts, scale)):.{SHARE_DIGITS}f}"


def _levels(histogram: Histogram, levels: Levels) -> str:
    pairs = zip(histogram.variables, levels, strict=True)
    return "levels " + ", ".join(f"{name} {level}" for name, level in pairs)
