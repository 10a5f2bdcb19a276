"""What the attack says of files of mixed levels, against looking at every record and target."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.forge import QUASI, attacked, hierarchy, plan, policy, reasons, release, variable

from clearance.attack.compatible import (
    Column,
    CompatibleSets,
    compatible_sets,
    incidence,
    profile_numbers,
)
from clearance.attack.levels import settle
from clearance.hierarchy import Hierarchy
from clearance.policy import Method, Policy

AGES = hierarchy(
    "age", {"31": ("30s", "adult"), "35": ("30s", "adult"), "42": ("40s", "adult"), "": ("", "")}
)
PLACES = hierarchy("place", {"A": ("north",), "B": ("north",), "C": ("south",), "D": ("south",)})
SEXES = hierarchy("sex", ["f", "m"])
HIERARCHIES = (AGES, PLACES, SEXES)
NAMES = [each.name for each in HIERARCHIES]
OF = plan(*(variable(name, QUASI) for name in NAMES))
Record = tuple[str, str, str]


def local_policy() -> Policy:
    rules = policy(k=3)
    assert rules.microdata is not None
    return replace(rules, microdata=replace(rules.microdata, method=Method.LOCAL_RECODING))


@st.composite
def released(draw: st.DrawFn) -> list[tuple[Record, Record]]:
    """Records of a source, each with the labels under which it is published."""
    leaves = st.tuples(*(st.sampled_from(each.leaves) for each in HIERARCHIES))
    few = draw(st.lists(leaves, min_size=1, max_size=6))
    records = draw(st.lists(st.sampled_from(few), min_size=1, max_size=14))
    levels = st.tuples(*(st.integers(0, each.height) for each in HIERARCHIES))
    patterns = draw(st.lists(levels, min_size=1, max_size=3))
    return [(each, labelled(each, draw(st.sampled_from(patterns)))) for each in records]


def labelled(record: Record, levels: tuple[int, int, int]) -> Record:
    one, two, three = (
        each.recoding(level)[leaf]
        for each, level, leaf in zip(HIERARCHIES, levels, record, strict=True)
    )
    return one, two, three


def meaning(of: Hierarchy, label: str) -> set[str]:
    """The leaves of an unambiguous label."""
    return {
        leaf
        for level in of.levels
        for leaf, each in zip(of.leaves, level, strict=True)
        if each == label
    }


def covers(labels: Record, leaves: Record) -> bool:
    return all(
        leaf in meaning(of, label)
        for of, label, leaf in zip(HIERARCHIES, labels, leaves, strict=True)
    )


def as_frame(rows: list[Record]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=NAMES, dtype=object)


@settings(max_examples=80, deadline=None)
@given(released())
def test_k_is_the_least_of_both_readings(records: list[tuple[Record, Record]]) -> None:
    source, shown = [leaves for leaves, _ in records], [labels for _, labels in records]
    published = as_frame(shown).sort_values(NAMES)
    rules = local_policy()
    levels = {
        name: min((n for n, level in enumerate(of.levels) if values <= set(level)), default=0)
        for name, of, values in zip(
            NAMES, HIERARCHIES, map(set, zip(*shown, strict=True)), strict=True
        )
    }
    files = release(OF, rules, {"persons": published}, levels=levels)
    report = attacked(files, OF, rules, as_frame(source), list(HIERARCHIES))
    own = min(Counter(shown).values())
    compatible = min(sum(covers(labels, leaves) for labels in shown) for leaves in set(source))
    assert report.microdata["persons"].k == min(own, compatible)
    assert ("class-below-k" in reasons(report)) == (min(own, compatible) < 3)
    assert "record-not-in-source" not in reasons(report)


@settings(max_examples=80, deadline=None)
@given(released(), st.integers(1, 40))
def test_every_target_lies_in_the_classes_that_cover_it(
    records: list[tuple[Record, Record]], most_pairs: int
) -> None:
    targets, classes = [*{leaves for leaves, _ in records}], [*{labels for _, labels in records}]
    columns = []
    for place, of in enumerate(HIERARCHIES):
        labels = sorted({each[place] for each in classes})
        found = settle(of, labels, stated=None, local=True, where="").coverage
        assert found is not None
        leaves = found.leaf_numbers([each[place] for each in targets])
        numbers = np.array([labels.index(each[place]) for each in classes])
        columns.append(Column(leaves, numbers, found))
    expected = {
        (t, c)
        for t, leaves in enumerate(targets)
        for c, labels in enumerate(classes)
        if covers(labels, leaves)
    }
    found = incidence(columns, len(targets), len(classes), most_pairs=most_pairs)
    pairs = list(zip(found.target.tolist(), found.of_class.tolist(), strict=True))
    assert len(pairs) == len(expected)
    assert set(pairs) == expected
    held: dict[int, set[int]] = {}
    for target, of_class in pairs:
        held.setdefault(target, set()).add(of_class)
    several = {frozenset(each) for each in held.values() if len(each) > 1}
    assert sorted(map(sorted, members(compatible_sets(found)))) == sorted(map(sorted, several))
    assert found.disjoint == (not several)


def members(sets: CompatibleSets) -> list[set[int]]:
    found: list[set[int]] = [set() for _ in range(sets.count)]
    for number, of_class in zip(sets.of_set.tolist(), sets.of_class.tolist(), strict=True):
        found[number].add(of_class)
    return found


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), min_size=1, max_size=20))
def test_units_with_the_same_parts_have_one_profile(pairs: list[tuple[int, int]]) -> None:
    unit, part = (np.array(each) for each in zip(*pairs, strict=True))
    found = profile_numbers(unit, part)
    parts = [sorted(p for u, p in pairs if u == each) for each in sorted(set(unit.tolist()))]
    for one in range(len(parts)):
        for other in range(len(parts)):
            assert (found[one] == found[other]) == (parts[one] == parts[other])
