"""The policy's models, judged on every reading of a published file's classes.

Sensitive models are judged on own-category classes and on compatible sets (THREATS 15), in
records, or where a unit has several records in units: then a class is the units whose records
lie in the same classes as often, and a unit holds every value of its records (THREATS 4).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from clearance.attack import units
from clearance.attack.coded import as_published
from clearance.attack.compatible import compatible_sets
from clearance.attack.counts_attack import check_population, check_subsets
from clearance.attack.ground import Ground, ground_of
from clearance.attack.judged_file import Judged
from clearance.attack.judged_models import Classes as Seen
from clearance.attack.judged_models import judge_models
from clearance.attack.published import PublishedMicrodata
from clearance.attack.result import Truth
from clearance.attack.rows import Ints, codes, summed, texts_of, totals
from clearance.findings import Finding
from clearance.hierarchy import Hierarchy
from clearance.policy import DistinctL, SensitiveModel


def check_models(
    judged: Judged, hierarchies: Mapping[str, Hierarchy], truth: Truth
) -> Iterator[Finding]:
    """Every model of the policy, but for distinct l in own classes, which is counted apart."""
    published = judged.published
    present = set(published.names)
    models = [each for each in published.rules.of_sensitive if each.variable in present]
    distributional = [each for each in models if not isinstance(each, DistinctL)]
    if judged.entities:
        for entity in _counting(judged):
            yield from _by_unit(judged, entity, distributional, hierarchies, truth)
    else:
        yield from _on(judged, distributional, _own(judged), "records", hierarchies, truth)
    yield from _on_compatible_sets(judged, models, hierarchies, truth)
    yield from check_population(judged, truth)
    yield from check_subsets(judged)


def _counting(judged: Judged) -> list[str]:
    """What the policy counts, and what published links show together."""
    return list(dict.fromkeys([judged.entities[0], *judged.published.links]))


# ---------------------------------------------------------------- sensitive models

Sets = tuple[Ints, Ints]  # pair by pair a set and a distinct row of the file


def _own(judged: Judged) -> Sets:
    return judged.classes.of_row, np.arange(len(judged.classes.of_row))


def _on_compatible_sets(
    judged: Judged,
    models: Sequence[SensitiveModel],
    hierarchies: Mapping[str, Hierarchy],
    truth: Truth,
) -> Iterator[Finding]:
    """Where labels overlap: a person's record is any of the classes that cover what is known."""
    found = judged.compatible
    if models and not found.disjoint:
        sets = compatible_sets(found)
        rows = sets.rows(judged.classes.of_row, len(judged.classes.records))
        yield from _on(judged, models, rows, "records that a person may be", hierarchies, truth)


def _on(
    judged: Judged,
    models: Sequence[SensitiveModel],
    sets: Sets,
    counted_in: str,
    hierarchies: Mapping[str, Hierarchy],
    truth: Truth,
) -> Iterator[Finding]:
    """The models over sets of the file's rows."""
    published, (of_set, row) = judged.published, sets
    for model in models:
        column = published.frame[model.variable]
        held, records = summed([of_set, codes(column)[row]], published.records[row])
        source = truth.engine.values(truth.dataset, model.variable)
        counts = source["records"].to_numpy(dtype=np.int64)
        ground = _ground(judged, model.variable, source["value"].tolist(), counts, hierarchies)
        yield from _judged(model, held, records, texts_of(column), ground, counted_in, published)


def _by_unit(
    judged: Judged,
    entity: str,
    models: Sequence[SensitiveModel],
    hierarchies: Mapping[str, Hierarchy],
    truth: Truth,
) -> Iterator[Finding]:
    """The models over the units of ``entity`` whose records lie in the same classes."""
    published, shown = judged.published, judged.shown
    for model in models:
        of_unit, values = codes(shown.held[entity]), shown.held[model.variable]
        profile = units.profile_of_rows(shown, entity)
        once, _ = summed([of_unit, profile, codes(values)], shown.records)
        held, number = summed(once[1:], np.ones(len(once[0]), dtype=np.int64))
        texts = as_published(
            published.plan.variable(model.variable),
            texts_of(values),
            published.values(model.variable),
        )
        of_source = judged.found.source.held
        pairs, _ = summed(
            [codes(of_source[entity]), codes(of_source[model.variable])],
            judged.found.source.records,
        )
        column = of_source[model.variable]
        source = totals(pairs[1], np.ones(len(pairs[1]), dtype=np.int64), len(texts_of(column)))
        ground = _ground(judged, model.variable, texts_of(column), source, hierarchies)
        counted_in = judged.kinds.get(entity, f"units linked by {entity}")
        yield from _judged(model, held, number, texts, ground, counted_in, published)


def _judged(
    model: SensitiveModel,
    held: Sequence[Ints],
    records: Ints,
    texts: Sequence[str],
    ground: Ground,
    counted_in: str,
    published: PublishedMicrodata,
) -> Iterator[Finding]:
    """``held``: class and value (of ``texts``), pair by pair, with their ``records``."""
    of_class, value = held
    yield from judge_models(
        [model],
        Seen(classes=of_class, records=records, counted=counted_in),
        {model.variable: [texts[each] for each in value.tolist()]},
        {model.variable: ground},
        where=published.file,
    )


def _ground(
    judged: Judged,
    name: str,
    values: Sequence[str],
    records: Ints,
    hierarchies: Mapping[str, Hierarchy],
) -> Ground:
    published = judged.published
    variable, shown = published.plan.variable(name), published.values(name)
    return ground_of(
        as_published(variable, values, shown),
        records,
        published=shown,
        kind=variable.type,
        hierarchy=hierarchies.get(name),
    )
