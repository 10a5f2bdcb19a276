"""Models that count units: beside a population, and on subsets of the columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

import numpy as np

from clearance.attack import units
from clearance.attack.judged_counts import judge_population, judge_subsets
from clearance.attack.judged_file import Judged
from clearance.attack.placing import placed, source_of
from clearance.attack.result import Truth, blocked
from clearance.attack.rows import Ints, codes, numbered, totals
from clearance.findings import Finding
from clearance.policy import DeltaPresence, KMap, KOnSubsets


def check_population(judged: Judged, truth: Truth) -> Iterator[Finding]:
    """k-map and delta-presence, over the classes of the file and of the population."""
    published = judged.published
    models = [each for each in published.rules.models if isinstance(each, KMap | DeltaPresence)]
    if not models:
        return
    if truth.population is None:
        yield blocked(
            "population-missing",
            published.file,
            len(models),
            "a model compares with a population table and there is none; name it in the plan",
        )
        return
    table = source_of(truth.engine, truth.population, published.coverage)
    place = placed(published, judged.classes, table)
    row, pair = place.rows(table.target)
    of_class = place.of_class[pair]
    classes = len(judged.classes.records)
    population = totals(of_class, table.records[row], classes)
    file = np.zeros(len(population), dtype=np.int64)
    file[:classes] = _units_published(judged)[:classes]
    yield from judge_population(models, file, population, where=published.file)


def check_subsets(judged: Judged) -> Iterator[Finding]:
    """k on every combination of so many columns."""
    published, classes = judged.published, judged.classes
    labels = {name: codes(published.frame[name])[classes.first] for name in published.quasi}
    for model in published.rules.models:
        if not isinstance(model, KOnSubsets):
            continue
        yield from judge_subsets(
            labels, classes.records, size=model.size, k=model.k, where=published.file
        )
        if judged.entities:
            yield from _subsets_by_unit(judged, labels, model)


def _units_published(judged: Judged) -> Ints:
    """What the policy counts of each class of the file, at least."""
    if not judged.entities:
        return judged.found.published
    return units.fewest_units(judged.found, judged.kept, judged.entities[0])


def _subsets_by_unit(
    judged: Judged, labels: Mapping[str, Ints], model: KOnSubsets
) -> Iterator[Finding]:
    """The same in units of several records, each of which may lie in several classes."""
    classes, found = len(judged.classes.records), judged.found
    absent = len(found.published) - classes
    for names in combinations(labels, model.size):
        part = numbered([labels[name] for name in names], classes)
        parts = int(part.max(initial=-1)) + 1
        onto = np.concatenate([part, parts + np.arange(absent)])
        kept = None if judged.kept is None else judged.kept.merged(onto)
        held = units.fewest_units(found.merged(onto), kept, judged.entities[0])[:parts]
        small = int((held < model.k).sum())
        if small:
            yield blocked(
                "subset-below-k",
                f"{judged.published.file}: {', '.join(names)}",
                small,
                f"{small} classes of these columns hold fewer than k={model.k} units; recode "
                f"them more coarsely",
            )
