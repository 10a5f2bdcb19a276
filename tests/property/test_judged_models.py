"""Measures over classes equal what the definitions say, worked out in plain Python."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from math import exp, inf, log

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.forge import hierarchy

from clearance.attack.distributions import (
    beyond_beta,
    distinct_l,
    entropy_l,
    equal_distance,
    held,
    hierarchical_distance,
    log_ratio,
    ordered_distance,
    recursive_c,
)
from clearance.attack.ground import ground_of
from clearance.attack.judged_counts import judge_subsets

TREE = hierarchy(
    "ill",
    {
        "a": ("ab", "abc"),
        "b": ("ab", "abc"),
        "c": ("c", "abc"),
        "d": ("de", "de"),
        "e": ("de", "de"),
        "": ("", ""),
    },
)
Rows = list[tuple[int, str, int]]
rows_of = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(["a", "b", "c", "d", "e", ""]), st.integers(1, 9)),
    min_size=1,
    max_size=20,
)


def by_class(rows: Rows) -> dict[int, Counter[str]]:
    found: dict[int, Counter[str]] = {}
    for number, value, records in sorted(rows):
        found.setdefault(number, Counter())[value] += records
    return found


def fractions(above: np.ndarray, below: np.ndarray) -> list[Fraction | float]:
    return [Fraction(int(a), int(b)) if b else inf for a, b in zip(above, below, strict=True)]


def shares(counts: Counter[str], names: tuple[str, ...]) -> list[Fraction]:
    return [Fraction(counts[name], counts.total()) for name in names]


def along_the_tree(q: list[Fraction], p: list[Fraction], names: tuple[str, ...]) -> Fraction:
    """The earth mover's distance as a sum over the tree's edges, each 1 / (2 * height) long."""
    found = Fraction(0)
    for level in range(TREE.height):
        label = TREE.recoding(level)
        for node in set(TREE.levels[level]):
            below = [i for i, name in enumerate(names) if label[name] == node]
            found += abs(sum((q[i] - p[i] for i in below), Fraction(0)))
    return found / (2 * TREE.height)


@settings(max_examples=150, deadline=None)
@given(rows_of, rows_of)
def test_distances_are_those_of_the_definitions(rows: Rows, others: Rows) -> None:
    """The ground holds the file and more, as where units are suppressed."""
    whole = sum(by_class(rows + others).values(), Counter())
    ground = ground_of(list(whole), list(whole.values()), hierarchy=TREE)
    names, classes = ground.names, np.array([number for number, _, _ in rows])
    of = held(classes, ground.codes([v for _, v, _ in rows]), np.array([r for *_, r in rows]))
    p = shares(whole, names)
    equal, ordered, tree = [], [], []
    for counts in by_class(rows).values():
        q = shares(counts, names)
        equal.append(sum(abs(a - b) for a, b in zip(q, p, strict=True)) / 2)
        steps = [abs(sum(q[: i + 1]) - sum(p[: i + 1])) for i in range(len(names))]
        ordered.append(sum(steps) / max(len(names) - 1, 1))
        tree.append(along_the_tree(q, p, names))
    for found, expected in (
        (equal_distance(of, ground.units), equal),
        (ordered_distance(of, ground.units), ordered),
        (hierarchical_distance(of, ground.units, ground.tree), tree),
    ):
        assert len(names) == 1 or fractions(found.numerator, found.denominator) == expected


@settings(max_examples=150, deadline=None)
@given(rows_of, st.integers(1, 4), st.fractions(Fraction(1, 10), 4))
def test_diversity_and_likeness_are_those_of_the_definitions(
    rows: Rows,
    l: int,  # noqa: E741
    bound: Fraction,
) -> None:
    whole = sum(by_class(rows).values(), Counter())
    ground = ground_of(list(whole), list(whole.values()))
    of = held(
        np.array([number for number, _, _ in rows]),
        ground.codes([value for _, value, _ in rows]),
        np.array([records for *_, records in rows]),
    )
    p = dict(zip(ground.names, shares(whole, ground.names), strict=True))
    recursive = recursive_c(of, l)
    for number, counts in enumerate(by_class(rows).values()):
        q = {value: Fraction(count, counts.total()) for value, count in counts.items()}
        falling = sorted(counts.values(), reverse=True)
        assert distinct_l(of)[number] == len(counts)
        assert abs(entropy_l(of)[number] - exp(-sum(s * log(s) for s in q.values()))) < 1e-9
        assert recursive.numerator[number] == falling[0]
        assert recursive.denominator[number] == sum(falling[l - 1 :])
        gains = {value: (share - p[value]) / p[value] for value, share in q.items()}
        basic = any(gain > bound for gain in gains.values())
        beyond = any(gain > 0 and gain > -log(p[value]) for value, gain in gains.items())
        assert beyond_beta(of, ground.units, bound, enhanced=False)[number] == basic
        assert beyond_beta(of, ground.units, bound, enhanced=True)[number] == (basic or beyond)
        lacking = len(counts) < len(whole)
        largest = inf if lacking else max(abs(log(q[value] / p[value])) for value in q)
        assert log_ratio(of, ground.units)[number] == largest or (
            abs(log_ratio(of, ground.units)[number] - largest) < 1e-9
        )


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(*[st.integers(0, 2)] * 3, st.integers(1, 4)), min_size=1, max_size=12))
def test_subsets_are_counted_one_by_one(rows: list[tuple[int, int, int, int]]) -> None:
    columns = {name: np.array([row[i] for row in rows]) for i, name in enumerate("xyz")}
    records = np.array([row[3] for row in rows])
    found = list(judge_subsets(columns, records, size=2, k=5, where="f"))
    below = {}
    for one, other in ((0, 1), (0, 2), (1, 2)):
        counts: Counter[tuple[int, int]] = Counter()
        for row in rows:
            counts[row[one], row[other]] += row[3]
        below[one, other] = sum(count for count in counts.values() if count < 5)
    assert [each.count for each in found] == ([max(below.values())] if any(below.values()) else [])
