"""The policy's models on the true values of sensitive attributes that are perturbed.

Five incomes of 1,000 are diverse once noise is added, and everybody knows that all five are
about 1,000. So what holds of published values must hold of the true ones too.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from clearance.attack import units
from clearance.attack.coded import as_published
from clearance.attack.ground import ground_of
from clearance.attack.judged_models import Classes as Seen
from clearance.attack.judged_models import judge_models
from clearance.attack.perturbed_source import Sides, groups
from clearance.attack.published import PublishedMicrodata
from clearance.attack.recount import classes_of
from clearance.attack.result import Truth, blocked
from clearance.attack.rows import codes, summed, texts_of
from clearance.findings import Finding
from clearance.hierarchy import Hierarchy


def check_true_values(
    published: PublishedMicrodata,
    truth: Truth,
    sides: Sides,
    hierarchies: Mapping[str, Hierarchy],
) -> Iterator[Finding]:
    """Models that a published class breaks with its units' true values, coded as the plan says.

    ``truth``: holds the perturbed source, from which the file was taken; ``sides`` knows both.
    """
    keyed_by = {name: of for names, _, of in groups(published.plan) for name in names}
    for model in published.rules.of_sensitive:
        of = keyed_by.get(model.variable)
        if of is None or model.variable not in published.frame.columns:
            continue
        name, where = model.variable, f"{published.file}: {model.variable} before perturbation"
        true = sides.true(of, name)
        if true[of].duplicated().any():
            yield _undefined(where, int(true[of].duplicated().sum()), of)
            continue
        shown = as_published(published.plan.variable(name), true[name].tolist(), ())
        value_of = dict(zip(true[of], shown, strict=True))
        classes = classes_of(published.rows, published.quasi)
        found = units.find(published, classes, truth, also=[of])
        there = found.only(found.published[found.of_class] > 0)
        held, _ = summed([there.of_class, codes(there.held[of])], there.records)
        names = texts_of(there.held[of])
        ground = ground_of(
            shown,
            np.ones(len(shown), dtype=np.int64),
            kind=published.plan.variable(name).type,
            hierarchy=hierarchies.get(name),
        )
        findings = judge_models(
            [model],
            Seen(
                classes=held[0],
                records=np.ones(len(held[0]), dtype=np.int64),
                counted=f"units of {of}",
            ),
            {name: [value_of[names[unit]] for unit in held[1].tolist()]},
            {name: ground},
            where=where,
        )
        yield from (finding for finding in findings if finding.severity == "block")


def _undefined(where: str, several: int, of: str) -> Finding:
    return blocked(
        "models-need-one-value",
        where,
        several,
        f"{several} times a unit of {of} has one more value, and no model is defined for that; "
        f"give one value per unit, or do not publish the attribute",
    )
